/** Two runs in figures: what differs, by how much, and whether that is more than chance. Pure. */
import { type ColumnStore, Field, LATENCY_BUCKETS, latencyAt } from '../../cli/src/dashboard/columns.js';
import { imbalance, type Quantity, spread, sumLatency } from './series.js';

/** One figure of two runs. */
export interface Comparison {
  name: string;
  unit: string;
  digits: number;
  a: number;
  b: number;
  /** b − a with the half width of its 95 % interval; `null` of a figure that each run has once. */
  delta: number;
  margin: number | null;
  verdict: 'higher' | 'lower' | 'equal' | 'no difference seen' | 'too little data';
}

/** Batches that a run is cut into: means of long batches hardly depend on each other. */
const BATCHES = 20;
/** Student's t at 97.5 % for 2 × 19 degrees of freedom. */
const T_975 = 2.024;
/** Columns of a batch at the least. */
const COLUMNS_PER_BATCH_MIN = 4;

const volume: Quantity = (c, k) =>
  ((c.field(Field.buyVolume)[k]! + c.field(Field.sellVolume)[k]!) / c.intervalNs) * 1e9;
const trades: Quantity = (c, k) => (c.field(Field.trades)[k]! / c.intervalNs) * 1e9;
const depth: Quantity = (c, k) => c.field(Field.bidDepth)[k]! + c.field(Field.askDepth)[k]!;
const resting: Quantity = (c, k) => c.field(Field.resting)[k]!;

type Batch = (columns: ColumnStore, from: number, to: number) => number | null;

function meanOf(quantity: Quantity): Batch {
  return (columns, from, to) => {
    let [sum, n] = [0, 0];
    for (let k = from; k < to; k++) {
      const value = quantity(columns, k);
      if (value === null) continue;
      sum += value;
      n += 1;
    }
    return n === 0 ? null : sum / n;
  };
}

function latencyOf(share: number): Batch {
  const counts = new Float64Array(LATENCY_BUCKETS);
  return (columns, from, to) => {
    const { total, max } = sumLatency(columns, from, to, counts);
    const ns = latencyAt(counts, total, share);
    return ns === undefined ? null : Math.min(ns, max);
  };
}

const FIGURES: readonly [name: string, unit: string, digits: number, batch: Batch][] = [
  ['Spread', 'ticks', 2, meanOf(spread)],
  ['Depth near the touch', 'lots', 1, meanOf(depth)],
  ['Imbalance', '', 3, meanOf(imbalance)],
  ['Resting orders', '', 0, meanOf(resting)],
  ['Trades', '/s', 1, meanOf(trades)],
  ['Volume', 'lots/s', 1, meanOf(volume)],
  ['Latency p50', 'ns', 0, latencyOf(0.5)],
  ['Latency p99', 'ns', 0, latencyOf(0.99)],
];

/** The figures of two runs. Intervals are from the means of batches. */
export function compare(a: ColumnStore, b: ColumnStore): Comparison[] {
  return FIGURES.map(([name, unit, digits, batch]) => {
    const [left, right] = [batches(a, batch), batches(b, batch)];
    const [one, two] = [estimate(left), estimate(right)];
    const delta = two.mean - one.mean;
    const margin = T_975 * Math.sqrt(one.variance + two.variance);
    const enough = left.length === BATCHES && right.length === BATCHES;
    let verdict: Comparison['verdict'] = 'no difference seen';
    if (!enough) verdict = 'too little data';
    else if (Math.abs(delta) > margin) verdict = delta > 0 ? 'higher' : 'lower';
    return { name, unit, digits, a: one.mean, b: two.mean, delta, margin, verdict };
  });
}

/** What the groups that both runs have hold and have won at their ends: one path each, so there is no interval. */
export function compareGroups(a: ColumnStore, b: ColumnStore, groups: readonly Pair[]): Comparison[] {
  const end = (of: 'position' | 'value', columns: ColumnStore, track: number): number =>
    columns.length === 0 || track >= columns.tracks ? Number.NaN : columns[of](track, columns.length - 1);
  return groups.flatMap(({ name, first, second }) =>
    (['position', 'value'] as const).map((of): Comparison => {
      const [one, two] = [end(of, a, first), end(of, b, second)];
      const delta = two - one;
      const verdict = Number.isNaN(delta) ? 'too little data' : delta === 0 ? 'equal' : delta > 0 ? 'higher' : 'lower';
      const what = of === 'position' ? 'position now' : 'P&L now';
      const unit = of === 'position' ? 'lots' : 'ticks × lots';
      return { name: `${name}: ${what}`, unit, digits: 0, a: one, b: two, delta, margin: null, verdict };
    }),
  );
}

/** A group by its number in one run and in the other. */
export interface Pair {
  name: string;
  first: number;
  second: number;
}

function batches(columns: ColumnStore, batch: Batch): number[] {
  const width = Math.floor(columns.length / BATCHES);
  if (width < COLUMNS_PER_BATCH_MIN) return [];
  const means: number[] = [];
  for (let i = 0; i < BATCHES; i++) {
    const mean = batch(columns, i * width, (i + 1) * width);
    if (mean !== null) means.push(mean);
  }
  return means;
}

/** The mean, and the variance of the mean. */
function estimate(values: readonly number[]): { mean: number; variance: number } {
  const n = values.length;
  const mean = n === 0 ? Number.NaN : values.reduce((sum, v) => sum + v, 0) / n;
  const squares = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  return { mean, variance: n < 2 ? Number.NaN : squares / (n - 1) / n };
}
