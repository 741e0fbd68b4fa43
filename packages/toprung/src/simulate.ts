/**
 * `simulate()`: many books under an order-flow model, on all cores, off the event loop.
 */
import { parseConfig, type SimulationConfig, type SimulationConfigInput, simulationConfigSchema } from './config.js';
import { type DatasetManifest, type RecordOption, recordOption } from './dataset.js';
import { callNative as call } from './errors.js';
import type { COMMAND_KINDS } from './names.js';
import { type NativeSimulation, native } from './native.js';
import { carryOut, type RunOptions } from './run.js';

/** How far a simulation is. */
export interface SimulationProgress {
  /** Commands applied so far in all books, warm-up included. */
  eventsDone: number;
  /** Commands in the whole run: exact for a horizon in events, the expectation for one in time. */
  eventsTotal: number;
  /** Books that are finished. */
  booksDone: number;
  /** Books in the run. */
  booksTotal: number;
  /** Share of the run that is done, 0 to 1. */
  fraction: number;
}

/** The range of the mid price while both sides were there, in half ticks (bid + ask). */
export interface MidRange {
  firstHalfTicks: number;
  highHalfTicks: number;
  lowHalfTicks: number;
  lastHalfTicks: number;
}

/**
 * Counts and sums over the measured part of a run, of one book or of many. Counts are exact; sums past 2^53 are rounded
 * to the nearest number.
 */
export interface SimulationMetrics {
  /** Commands applied. */
  events: number;
  /** Commands that were new limit orders. */
  limitOrders: number;
  /** Commands that were new market orders. */
  marketOrders: number;
  /** Commands that were cancels. */
  cancels: number;
  /** Commands that were reduces or replaces. */
  changes: number;
  /** New orders accepted, both sides. */
  accepted: number;
  /** New orders accepted that were buys. */
  acceptedBuys: number;
  /** Commands that were refused. */
  rejected: number;
  /** Fills. */
  trades: number;
  /** Fills whose aggressor bought. */
  buyTrades: number;
  /** Lots traded. */
  volume: number;
  /** Lots traded by aggressors that bought. */
  buyVolume: number;
  /** Sum of price × quantity over the fills, ticks × lots. */
  notional: number;
  /** Orders, or rests of orders, that ended without trading. */
  cancelled: number;
  /** Lots of those. */
  cancelledVolume: number;
  /** Simulated time, ns; of many books the sum. */
  timeNs: number;
  /** Time with both sides there, ns. */
  twoSidedNs: number;
  /** Time with a spread of one tick, ns. */
  oneTickNs: number;
  /** The range of the mid price; null if both sides were never there. */
  mid: MidRange | null;
  /** Time-weighted mean spread, ticks; 0 if both sides were never there. */
  meanSpreadTicks: number;
  /** Share of the two-sided time with a spread of one tick. */
  oneTickShare: number;
  /** Time-weighted mean quantity at the best bid, lots. */
  meanBidLots: number;
  /** Time-weighted mean quantity at the best ask, lots. */
  meanAskLots: number;
  /** Mean bid quantity within `samples.depthTicks` of the best bid, lots. */
  meanBidDepthLots: number;
  /** Mean ask quantity within `samples.depthTicks` of the best ask, lots. */
  meanAskDepthLots: number;
}

/** Time per command, ns, the clock's own cost included. */
export interface LatencySummary {
  /** Commands measured. */
  count: number;
  meanNs: number;
  minNs: number;
  p50Ns: number;
  p90Ns: number;
  p99Ns: number;
  p999Ns: number;
  p9999Ns: number;
  maxNs: number;
  /** What of each value is the clock's own cost; not subtracted. */
  clockOverheadNs: number;
}

/** {@link LatencySummary} by kind of command; a kind that was not timed is missing. No digest depends on it. */
export type LatencyByKind = Partial<Record<(typeof COMMAND_KINDS)[number], LatencySummary>>;

/** Time per command in one part of a run. */
export interface LatencyInterval extends LatencySummary {
  /** Time at its end, ns: since measuring began in a simulation's first book, the file's own of a replay. */
  untilNs: number;
}

/** A run in numbers, without its single books. */
export interface SimulationSummary {
  /** Digest of every book's events, folded in book order: the same for any number of threads. */
  digest: string;
  /** Commands applied in all books, warm-up included. */
  events: number;
  /** Threads that worked. */
  threads: number;
  /** Wall-clock time of the run, ns. */
  elapsedNs: number;
  /** Commands per second of wall-clock time. */
  eventsPerSecond: number;
  /** Whether the run was stopped: then everything is valid for what was done until then. */
  cancelled: boolean;
  /** Books in the run. */
  bookCount: number;
  /** Every book's metrics added up. */
  metrics: SimulationMetrics;
  /** Time per command, if it was sampled (`latencySampling`). */
  latency: LatencySummary | null;
  /** The same by kind of command; a kind that was not timed is missing. */
  latencyByKind: LatencyByKind | null;
  /** The same in at most 128 parts of the first book's horizon, of 128 values each or more; empty if nothing was sampled. */
  latencyOverTime: readonly LatencyInterval[];
}

/** One book's part of a run. */
export interface BookResult {
  /** Digest of the book's events, warm-up included. */
  digest: string;
  /** Whether the horizon was reached; false only in a run that was stopped. */
  complete: boolean;
  /** Commands applied in the warm-up. */
  warmupEvents: number;
  /** Orders resting at the end. */
  restingOrders: number;
  /** What was measured behind the warm-up. */
  metrics: SimulationMetrics;
  /** Time between two rows of its samples, ns; null if none were kept. */
  sampleIntervalNs: number | null;
}

/** The top of one book over time, as columns of equal length; prices in ticks, quantities in lots. */
export interface BookSamples {
  /** Simulated time, ns behind the end of the warm-up. */
  timeNs: Float64Array;
  /** Best bid; without meaning where `bidQty` is 0. */
  bid: Float64Array;
  /** 0 where there is no bid. */
  bidQty: Float64Array;
  /** Best ask; without meaning where `askQty` is 0. */
  ask: Float64Array;
  /** 0 where there is no ask. */
  askQty: Float64Array;
  /** Bid quantity within `samples.depthTicks` of the best bid. */
  bidDepth: Float64Array;
  /** Ask quantity within `samples.depthTicks` of the best ask. */
  askDepth: Float64Array;
  /** Lots traded since the warm-up. */
  volume: Float64Array;
  /** Price of the last trade, the reference price before the first. */
  lastPrice: Float64Array;
}

const SAMPLE_COLUMNS = [
  'timeNs',
  'bid',
  'bidQty',
  'ask',
  'askQty',
  'bidDepth',
  'askDepth',
  'volume',
  'lastPrice',
] as const satisfies (keyof BookSamples)[];

/** How often each latency was measured. */
export interface LatencyHistogram {
  /** Upper bounds, ns, ascending. */
  ns: Float64Array;
  /** Commands at or below the bound and above the one before. */
  count: Float64Array;
}

/**
 * The result of {@link simulate}. The totals are plain properties; books, samples and histogram are fetched from Rust
 * when asked for, so that many books cost nothing here.
 */
export class SimulationResult implements SimulationSummary {
  /** The complete configuration: with it the run can be repeated. */
  readonly config: SimulationConfig;
  readonly digest: string;
  readonly events: number;
  readonly threads: number;
  readonly elapsedNs: number;
  readonly eventsPerSecond: number;
  readonly cancelled: boolean;
  readonly bookCount: number;
  readonly metrics: SimulationMetrics;
  readonly latency: LatencySummary | null;
  readonly latencyByKind: SimulationSummary['latencyByKind'];
  readonly latencyOverTime: readonly LatencyInterval[];
  /** What was written, if `options.record` asked for it. */
  readonly dataset: DatasetManifest | undefined;
  readonly #native: NativeSimulation;

  /** @internal */
  constructor(config: SimulationConfig, handle: NativeSimulation) {
    const summary = JSON.parse(handle.summary()) as SimulationSummary;
    this.config = config;
    this.digest = summary.digest;
    this.events = summary.events;
    this.threads = summary.threads;
    this.elapsedNs = summary.elapsedNs;
    this.eventsPerSecond = summary.eventsPerSecond;
    this.cancelled = summary.cancelled;
    this.bookCount = summary.bookCount;
    this.metrics = summary.metrics;
    this.latency = summary.latency;
    this.latencyByKind = summary.latencyByKind;
    this.latencyOverTime = summary.latencyOverTime;
    const dataset = handle.dataset();
    this.dataset = typeof dataset === 'string' ? (JSON.parse(dataset) as DatasetManifest) : undefined;
    this.#native = handle;
  }

  /**
   * One book.
   *
   * @param index - 0 to `bookCount` - 1.
   * @throws ToprungError `ERR_TOPRUNG_OUT_OF_RANGE`
   */
  book(index: number): BookResult {
    return JSON.parse(call(() => this.#native.book(index))) as BookResult;
  }

  /** Every book, one by one. */
  *books(): Generator<BookResult, void, undefined> {
    for (let i = 0; i < this.bookCount; i++) yield this.book(i);
  }

  /**
   * The top of one book over time, if it was kept (`config.samples`).
   *
   * @throws ToprungError `ERR_TOPRUNG_OUT_OF_RANGE`
   */
  samples(index = 0): BookSamples | undefined {
    const all = call(() => this.#native.samples(index));
    if (all === null || all === undefined) return undefined;
    const rows = all.length / SAMPLE_COLUMNS.length;
    const columns = SAMPLE_COLUMNS.map((name, i) => [name, all.subarray(i * rows, (i + 1) * rows)]);
    return Object.fromEntries(columns) as BookSamples;
  }

  /** The latencies, if they were sampled. */
  latencyHistogram(): LatencyHistogram | undefined {
    const all = call(() => this.#native.latencyBuckets());
    if (all === null || all === undefined) return undefined;
    return { ns: all.subarray(0, all.length / 2), count: all.subarray(all.length / 2) };
  }

  /** Configuration and totals, for `JSON.stringify`. */
  toJSON(): SimulationSummary & { config: SimulationConfig } {
    const { config, digest, events, threads, elapsedNs, eventsPerSecond, cancelled, bookCount, metrics } = this;
    const totals = { config, digest, events, threads, elapsedNs, eventsPerSecond, cancelled, bookCount, metrics };
    const { latency, latencyByKind, latencyOverTime } = this;
    return { ...totals, latency, latencyByKind, latencyOverTime };
  }
}

/** How a simulation is watched and stopped, and what is written of it. */
export type SimulationOptions = RunOptions<SimulationProgress> & RecordOption;

/**
 * Runs a simulation. (config, seed) determines every event: the digest is the same on every platform and for any number
 * of threads.
 *
 * ```ts
 * const result = await simulate({ books: 8, horizon: { events: 1_000_000 } });
 * console.log(result.metrics.meanSpreadTicks, result.digest);
 * ```
 *
 * It runs on the thread pool of libuv and on threads of its own; the event loop stays free. With `options.record` what
 * happens is written while it runs, as a dataset; see {@link DatasetOptionsInput}.
 *
 * @throws ToprungError `ERR_TOPRUNG_CONFIG`, `ERR_TOPRUNG_MEMORY`, `ERR_TOPRUNG_THREADS`, `ERR_TOPRUNG_NATIVE_MISSING`,
 *   `ERR_TOPRUNG_OUTPUT`, `ERR_TOPRUNG_DATASET_…`
 * @throws AbortError when `options.signal` stops it; its `partial` is a {@link SimulationResult}.
 */
export async function simulate(
  config: SimulationConfigInput = {},
  options: SimulationOptions = {},
): Promise<SimulationResult> {
  const complete = parseConfig(simulationConfigSchema, config);
  const record = recordOption(options, complete.samples.books);
  return await carryOut(
    {
      name: 'the simulation',
      async start(cancel, onProgress) {
        const handle = await native().simulate(JSON.stringify(complete), cancel, onProgress, record);
        return new SimulationResult(complete, handle);
      },
      progress: (eventsDone, eventsTotal, booksDone, booksTotal): SimulationProgress => {
        const fraction = booksDone === booksTotal ? 1 : Math.min(eventsDone / Math.max(eventsTotal, 1), 1);
        return { eventsDone, eventsTotal, booksDone, booksTotal, fraction };
      },
      finalProgress: (r): SimulationProgress => {
        const { events, bookCount } = r;
        return { eventsDone: events, eventsTotal: events, booksDone: bookCount, booksTotal: bookCount, fraction: 1 };
      },
      isPartial: (r) => r.cancelled,
    },
    options,
  );
}
