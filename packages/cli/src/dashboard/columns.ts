/**
 * The columns of a run in typed arrays, one per quantity. Shared by the server, which keeps a run's history in it, and the
 * page, which paints from it; uses nothing of Node.
 *
 * Column `k` ends at `(k + 1) * intervalNs` of simulated time: it has the state at its end and the sums over its time.
 * When the Rust core merges its columns two by two, a store does the same with what it has.
 */

/** The quantities of a column, in the order of `LIVE_COLUMN` of the library (a test compares the two). */
export const Field = {
  bid: 0,
  ask: 1,
  depthBase: 2,
  bidQty: 3,
  askQty: 4,
  bidDepth: 5,
  askDepth: 6,
  resting: 7,
  limit: 8,
  market: 9,
  cancel: 10,
  reduce: 11,
  replace: 12,
  rejected: 13,
  trades: 14,
  buyVolume: 15,
  sellVolume: 16,
  buyNotional: 17,
  sellNotional: 18,
  busyNs: 19,
  latencyMaxNs: 20,
} as const;

/** The index of a quantity. */
export type Field = (typeof Field)[keyof typeof Field];

export const FIELDS = 21;
export const LATENCY_BUCKETS = 82;
export const DEPTH_ROWS = 200;
/** Numbers of a column as the library gives them, of a run without tracks. */
export const COLUMN_WIDTH = FIELDS + LATENCY_BUCKETS + DEPTH_ROWS;
/** Groups and agents whose holdings are followed. */
export const TRACKS_MAX = 64;
export const COLUMNS_MAX = 6000;

/** Quantities that add up over time; the longest latency is the larger one, the others are those of the later column. */
const SUMS: readonly number[] = [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19];

/** The columns of one run. */
export class ColumnStore {
  /** Columns there are. */
  length = 0;
  /** How often they were merged two by two. */
  merges = 0;
  /** Simulated time of each. */
  intervalNs = 0;
  /** One array per quantity. */
  fields: Float64Array[];
  /** Counts of the latency classes, `LATENCY_BUCKETS` to a column. */
  latency: Uint32Array;
  /** Open quantities from `depthBase` up, `DEPTH_ROWS` to a column. */
  depth: Uint32Array;
  /** Groups and agents of a market whose holdings are followed. */
  tracks = 0;
  /** Position and value of each track, `2 * tracks` to a column. */
  holdings = new Float64Array(0);

  constructor(capacity = 256) {
    this.fields = Array.from({ length: FIELDS }, () => new Float64Array(capacity));
    this.latency = new Uint32Array(capacity * LATENCY_BUCKETS);
    this.depth = new Uint32Array(capacity * DEPTH_ROWS);
  }

  /** One quantity of every column; those past `length` have no meaning. */
  field(field: Field): Float64Array {
    return this.fields[field]!;
  }

  /** Simulated time at which column `k` ends. */
  endNs(k: number): number {
    return (k + 1) * this.intervalNs;
  }

  /** The column that holds a time, within those there are; -1 if there are none. */
  indexAt(timeNs: number): number {
    if (this.length === 0) return -1;
    return Math.min(this.length - 1, Math.max(0, Math.ceil(timeNs / this.intervalNs) - 1));
  }

  /** Says whose holdings there are, of a store without columns. */
  follow(tracks: number): void {
    if (tracks === this.tracks) return;
    this.tracks = tracks;
    this.holdings = new Float64Array(this.fields[0]!.length * 2 * tracks);
  }

  /** Lots that a track holds at the end of column `k`. */
  position(track: number, k: number): number {
    return this.holdings[2 * (k * this.tracks + track)]!;
  }

  /** Profit and loss of a track at the end of column `k`, ticks × lots. */
  value(track: number, k: number): number {
    return this.holdings[2 * (k * this.tracks + track) + 1]!;
  }

  /** Makes room for one more column and gives its index. */
  push(): number {
    this.#reserve(this.length + 1);
    return this.length++;
  }

  /** Appends columns as the library gives them. */
  appendNumbers(numbers: Float64Array): void {
    const holdings = 2 * this.tracks;
    for (let at = 0; at < numbers.length; at += COLUMN_WIDTH + holdings) {
      const k = this.push();
      for (let f = 0; f < FIELDS; f++) this.fields[f]![k] = numbers[at + f]!;
      const latency = at + FIELDS;
      this.latency.set(numbers.subarray(latency, latency + LATENCY_BUCKETS), k * LATENCY_BUCKETS);
      this.depth.set(numbers.subarray(latency + LATENCY_BUCKETS, at + COLUMN_WIDTH), k * DEPTH_ROWS);
      this.holdings.set(numbers.subarray(at + COLUMN_WIDTH, at + COLUMN_WIDTH + holdings), k * holdings);
    }
  }

  /** Merges the columns two by two; one that is left over goes. */
  merge(): void {
    const pairs = this.length >> 1;
    const { latency, depth } = this;
    const width = 2 * this.tracks;
    for (let f = 0; f < FIELDS; f++) {
      const values = this.fields[f]!;
      const sum = SUMS.includes(f);
      for (let k = 0; k < pairs; k++) {
        const [a, b] = [values[2 * k]!, values[2 * k + 1]!];
        values[k] = sum ? a + b : f === Field.latencyMaxNs ? Math.max(a, b) : b;
      }
    }
    for (let k = 0; k < pairs; k++) {
      depth.copyWithin(k * DEPTH_ROWS, (2 * k + 1) * DEPTH_ROWS, (2 * k + 2) * DEPTH_ROWS);
      this.holdings.copyWithin(k * width, (2 * k + 1) * width, (2 * k + 2) * width);
      const [to, a] = [k * LATENCY_BUCKETS, 2 * k * LATENCY_BUCKETS];
      for (let i = 0; i < LATENCY_BUCKETS; i++) latency[to + i] = latency[a + i]! + latency[a + LATENCY_BUCKETS + i]!;
    }
    this.length = pairs;
    this.merges += 1;
    this.intervalNs *= 2;
  }

  /** As it was when it was made. */
  clear(): void {
    this.length = 0;
    this.merges = 0;
    this.intervalNs = 0;
  }

  #reserve(columns: number): void {
    const capacity = this.fields[0]!.length;
    if (columns <= capacity) return;
    const grown = Math.max(columns, Math.min(2 * capacity, COLUMNS_MAX));
    this.fields = this.fields.map((old) => grow(old, new Float64Array(grown)));
    this.latency = grow(this.latency, new Uint32Array(grown * LATENCY_BUCKETS));
    this.depth = grow(this.depth, new Uint32Array(grown * DEPTH_ROWS));
    this.holdings = grow(this.holdings, new Float64Array(grown * 2 * this.tracks));
  }
}

function grow<T extends Float64Array | Uint32Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}

/** Lower bound of a latency class, ns; that of the class behind the last is the upper bound of all. */
export function latencyBoundNs(bucket: number): number {
  if (bucket === 0) return 0;
  const octave = 4 + Math.floor((bucket - 1) / 4);
  return 2 ** octave * (1 + ((bucket - 1) % 4) / 4);
}

/**
 * The latency at or below which a share of the counts lies, ns, in proportion within its class; `undefined` of none.
 *
 * @param counts - `LATENCY_BUCKETS` counts, their sum `total`.
 */
export function latencyAt(counts: ArrayLike<number>, total: number, share: number): number | undefined {
  if (total === 0) return undefined;
  const wanted = share * total;
  let before = 0;
  for (let i = 0; i < LATENCY_BUCKETS; i++) {
    const count = counts[i]!;
    if (count > 0 && before + count >= wanted) {
      const [low, high] = [latencyBoundNs(i), i === LATENCY_BUCKETS - 1 ? latencyBoundNs(i) : latencyBoundNs(i + 1)];
      return low + ((high - low) * (wanted - before)) / count;
    }
    before += count;
  }
  return latencyBoundNs(LATENCY_BUCKETS - 1);
}
