/** Lines from columns: what is plotted, and how thousands of columns become as many points as there are pixels. Pure. */
import { type ColumnStore, Field, LATENCY_BUCKETS, latencyAt } from '../../cli/src/dashboard/columns.js';

/** A quantity of column `k`; `null` where there is none. */
export type Quantity = (columns: ColumnStore, k: number) => number | null;

/** Points of several lines over the same times, in seconds. */
export interface Points {
  times: number[];
  lines: (number | null)[][];
}

/** The columns from `first` to `last`, both included. */
export interface Range {
  first: number;
  last: number;
}

/** The columns that a part of time touches, one more on either side so that lines reach the edges. */
export function rangeOf(columns: ColumnStore, fromNs: number, toNs: number, endNs: number): Range {
  const limit = columns.indexAt(Math.min(endNs, columns.endNs(columns.length - 1)));
  const first = Math.max(0, columns.indexAt(fromNs) - 1);
  return { first, last: Math.min(limit, columns.indexAt(toNs) + 1) };
}

/**
 * At most about `2 * buckets` points: where there are more columns, each bucket gives the smallest and the largest value
 * of each line, so that no spike is lost.
 */
export function decimate(columns: ColumnStore, range: Range, quantities: readonly Quantity[], buckets: number): Points {
  const { first, last } = range;
  const count = last - first + 1;
  const points: Points = { times: [], lines: quantities.map(() => []) };
  const { times, lines } = points;
  if (count <= 0) return points;
  if (count <= 2 * buckets) {
    for (let k = first; k <= last; k++) times.push(columns.endNs(k) / 1e9);
    quantities.forEach((quantity, q) => {
      const line = lines[q]!;
      for (let k = first; k <= last; k++) line.push(quantity(columns, k));
    });
    return points;
  }
  // Buckets lie at multiples of their width in columns: when the view moves, points do not dance.
  const width = Math.ceil(count / buckets);
  for (let start = first - (first % width); start <= last; start += width) {
    const [a, b] = [Math.max(start, first), Math.min(start + width - 1, last)];
    times.push(columns.endNs(a) / 1e9, columns.endNs(b) / 1e9);
    quantities.forEach((quantity, q) => {
      let [low, high, lowAt, highAt]: [number | null, number | null, number, number] = [null, null, a, a];
      for (let k = a; k <= b; k++) {
        const value = quantity(columns, k);
        if (value === null) continue;
        if (low === null || value < low) [low, lowAt] = [value, k];
        if (high === null || value > high) [high, highAt] = [value, k];
      }
      lines[q]!.push(...(lowAt <= highAt ? [low, high] : [high, low]));
    });
  }
  return points;
}

/** Latency percentiles over time, each from the counts of at least `least` columns. */
export function latencyLines(columns: ColumnStore, range: Range, shares: readonly number[], buckets: number): Points {
  const points: Points = { times: [], lines: [...shares, 1].map(() => []) };
  const width = Math.max(1, Math.ceil((range.last - range.first + 1) / buckets));
  const counts = new Float64Array(LATENCY_BUCKETS);
  for (let start = range.first - (range.first % width); start <= range.last; start += width) {
    const end = Math.min(start + width, range.last + 1);
    const { total, max } = sumLatency(columns, Math.max(start, range.first), end, counts);
    points.times.push(columns.endNs(end - 1) / 1e9);
    shares.forEach((share, i) => {
      const ns = latencyAt(counts, total, share);
      // The classes are wide: no percentile lies beyond what was seen.
      points.lines[i]!.push(ns === undefined ? null : Math.min(ns, max));
    });
    points.lines[shares.length]!.push(total === 0 ? null : max);
  }
  return points;
}

/** The counts of the latency classes over the columns from `from` to `to` (not included), their sum, and the longest. */
export function sumLatency(
  columns: ColumnStore,
  from: number,
  to: number,
  counts: Float64Array,
): { total: number; max: number } {
  counts.fill(0);
  let total = 0;
  let max = 0;
  const longest = columns.field(Field.latencyMaxNs);
  for (let k = from; k < to; k++) {
    max = Math.max(max, longest[k]!);
    const at = k * LATENCY_BUCKETS;
    for (let i = 0; i < LATENCY_BUCKETS; i++) {
      const n = columns.latency[at + i]!;
      counts[i]! += n;
      total += n;
    }
  }
  return { total, max };
}

const has = (columns: ColumnStore, k: number): boolean =>
  columns.field(Field.bidQty)[k]! > 0 && columns.field(Field.askQty)[k]! > 0;

export const spread: Quantity = (c, k) => (has(c, k) ? c.field(Field.ask)[k]! - c.field(Field.bid)[k]! : null);
export const mid: Quantity = (c, k) => (has(c, k) ? (c.field(Field.ask)[k]! + c.field(Field.bid)[k]!) / 2 : null);
export const bidDepth: Quantity = (c, k) => c.field(Field.bidDepth)[k]!;
export const askDepth: Quantity = (c, k) => c.field(Field.askDepth)[k]!;

/** (bid − ask) / (bid + ask) of the quantity near the touch, −1 to 1. */
export const imbalance: Quantity = (c, k) => {
  const [bid, ask] = [c.field(Field.bidDepth)[k]!, c.field(Field.askDepth)[k]!];
  return bid + ask > 0 ? (bid - ask) / (bid + ask) : null;
};

/** A sum of a column per second of simulated time. */
export function perSecond(...fields: Field[]): Quantity {
  return (c, k) => {
    let sum = 0;
    for (const field of fields) sum += c.field(field)[k]!;
    return (sum * 1e9) / c.intervalNs;
  };
}
