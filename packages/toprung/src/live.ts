/**
 * One book of a simulation at a chosen speed, to be looked at while it runs: {@link LiveSession}.
 *
 * It runs on a thread of its own. Reading never makes it wait, so its speed does not depend on who looks; and the clock
 * decides when a command is carried out, never which: the digest is that of the same book in {@link simulate}.
 */
import { parseConfig, type SimulationConfig, type SimulationConfigInput, simulationConfigSchema } from './config.js';
import { callNative as call } from './errors.js';
import { type NativeLive, native } from './native.js';

/** What a session is doing, by code. */
export const LIVE_PHASES = ['warm-up', 'running', 'paused', 'complete', 'stopped', 'failed'] as const;

/** What a session is doing. `complete`, `stopped` and `failed` are for good. */
export type LivePhase = (typeof LIVE_PHASES)[number];

/** What is marked on the time axis, by code. */
export const LIVE_MARKS = ['measuring', 'paused', 'running', 'complete', 'stopped'] as const;

/** One price level. */
export interface LiveLevel {
  price: number;
  /** Lots. */
  qty: number;
  orders: number;
}

/** A run and its book at one moment. Prices in ticks, quantities in lots, times in ns. */
export interface LiveState {
  phase: LivePhase;
  /** Simulated time behind the warm-up. */
  timeNs: number;
  /** Commands of the measured part so far. */
  events: number;
  /** Commands of the measured part to expect in all. */
  eventsTotal: number;
  /** Commands of the warm-up so far. */
  warmupEvents: number;
  /** Simulated per wall-clock time that was asked for; Infinity for as fast as possible, 0 before the first. */
  speed: number;
  /** Wall-clock time that the run has worked, without waiting and pauses. */
  busyNs: number;
  /** Wall-clock time by which it is behind the speed asked for: the machine cannot do it. */
  lateNs: number;
  /** Best bid, or the last one there was. */
  bid: number;
  /** 0 when there is no bid. */
  bidQty: number;
  /** Best ask, or the last one there was. */
  ask: number;
  /** 0 when there is no ask. */
  askQty: number;
  lastPrice: number;
  /** Orders resting. */
  resting: number;
  /** Commands by kind, in the order of `COMMAND_KINDS`. */
  commands: number[];
  rejected: number;
  trades: number;
  volume: number;
  /** Columns recorded, the simulated time that each covers, and how often they were merged two by two. */
  columns: number;
  intervalNs: number;
  merges: number;
  /** Commands timed. */
  latencyCount: number;
  /** Latency at each of `layout.percentiles` over the whole run. */
  latencyNs: number[];
  /** Best first. */
  bids: LiveLevel[];
  asks: LiveLevel[];
}

/** One fill. */
export interface LiveTrade {
  timeNs: number;
  price: number;
  qty: number;
  /** The aggressor's side: 0 buy, 1 sell. */
  side: number;
  /** The resting order. */
  maker: number;
  /** The aggressor. */
  taker: number;
}

/** Something marked on the time axis. */
export interface LiveMark {
  timeNs: number;
  mark: (typeof LIVE_MARKS)[number];
  /** Of `running` the speed, otherwise commands so far. */
  value: number;
}

/**
 * The first numbers of a column in their order: the state at its end, and sums over its time. Behind them are the counts
 * of the latency classes, then the open quantity at each price from `depthBase` up.
 */
export const LIVE_COLUMN = [
  'bid',
  'ask',
  'depthBase',
  'bidQty',
  'askQty',
  'bidDepth',
  'askDepth',
  'resting',
  'limit',
  'market',
  'cancel',
  'reduce',
  'replace',
  'rejected',
  'trades',
  'buyVolume',
  'sellVolume',
  'buyNotional',
  'sellNotional',
  'busyNs',
  'latencyMaxNs',
] as const;

/** How the numbers of columns and states lie. */
export interface LiveLayout {
  /** Most columns: when there are so many, they are merged two by two. */
  columnsMax: number;
  /** Numbers of a column before its latency classes. */
  columnNumbers: number;
  stateNumbers: number;
  /** Price rows of a column's depth. */
  depthRows: number;
  /** Latency classes: below 16 ns, four to each doubling up to 2^24 ns, and beyond. */
  latencyBuckets: number;
  /** Most levels of a side in a state. */
  ladderLevels: number;
  /** Percentiles, in percent, of `latencyNs`. */
  percentiles: number[];
  /** Fills that are kept. */
  tradesMax: number;
}

/** How the numbers of columns and states lie, as the Rust core says. */
export function liveLayout(): LiveLayout {
  return JSON.parse(call(() => native().NativeLive.layout())) as LiveLayout;
}

/**
 * A book that runs at a speed, under control. It begins paused behind its warm-up.
 *
 * ```ts
 * const session = new LiveSession({ horizon: { events: 1_000_000 } });
 * session.run(10); // ten simulated seconds a second
 * console.log(session.state().timeNs);
 * session.stop();
 * ```
 */
export class LiveSession {
  /** The complete configuration. */
  readonly config: SimulationConfig;
  /** Which of its books this is. */
  readonly book: number;
  readonly #native: NativeLive;

  /**
   * @param book - 0 to `config.books` - 1.
   * @throws ToprungError `ERR_TOPRUNG_CONFIG`, `ERR_TOPRUNG_MEMORY`, `ERR_TOPRUNG_THREADS`, `ERR_TOPRUNG_NATIVE_MISSING`
   */
  constructor(config: SimulationConfigInput = {}, book = 0) {
    this.config = parseConfig(simulationConfigSchema, config);
    this.book = book;
    this.#native = call(() => native().NativeLive.open(JSON.stringify(this.config), book));
  }

  /**
   * Runs at `speed` times real time; Infinity is as fast as possible.
   *
   * @throws ToprungError `ERR_TOPRUNG_OUT_OF_RANGE` unless it is 10^-6 to 10^9 or Infinity.
   */
  run(speed = Number.POSITIVE_INFINITY): void {
    call(() => this.#native.run(speed));
  }

  /** Runs as fast as possible up to `events` commands behind the warm-up, then waits. */
  runTo(events: number): void {
    call(() => this.#native.runTo(events));
  }

  /** Waits until it is told to run. */
  pause(): void {
    this.#native.pause();
  }

  /** Ends for good. */
  stop(): void {
    this.#native.stop();
  }

  /** Digest of every event so far; at the end that of `simulate()`'s book. */
  digest(): string {
    return this.#native.digest();
  }

  /** What broke, if the phase is `failed`. */
  failure(): string | undefined {
    return this.#native.failure() ?? undefined;
  }

  /** The run as it was at most some milliseconds ago. */
  state(): LiveState {
    return liveState(call(() => this.#native.state()));
  }

  /**
   * Columns from `from` on, at most `max`, one behind the other ({@link LIVE_COLUMN}). Nothing if they were merged more
   * than `merges` times by now: ask for the state and merge what is at hand.
   */
  columns(merges: number, from: number, max: number): Float64Array | undefined {
    return call(() => this.#native.columns(merges, from, max)) ?? undefined;
  }

  /** The number of the first fill, then time, price, quantity, side, maker and taker of each from `from` on. */
  tradeNumbers(from: number): Float64Array {
    return call(() => this.#native.trades(from));
  }

  /** The fills from number `from` on that are still kept. */
  trades(from = 0): LiveTrade[] {
    const numbers = this.tradeNumbers(from);
    return Array.from({ length: (numbers.length - 1) / 6 }, (_, i) => {
      const [timeNs, price, qty, side, maker, taker] = numbers.subarray(1 + 6 * i, 7 + 6 * i);
      return { timeNs: timeNs!, price: price!, qty: qty!, side: side!, maker: maker!, taker: taker! };
    });
  }

  /** What is marked on the time axis, in order. */
  marks(): LiveMark[] {
    const numbers = call(() => this.#native.annotations());
    return Array.from({ length: numbers.length / 3 }, (_, i) => ({
      timeNs: numbers[3 * i]!,
      mark: LIVE_MARKS[numbers[3 * i + 1]!]!,
      value: numbers[3 * i + 2]!,
    }));
  }
}

function liveState(numbers: Float64Array): LiveState {
  let at = 0;
  const next = (): number => numbers[at++]!;
  const several = (n: number): number[] => Array.from({ length: n }, next);
  const [phase, timeNs, events, eventsTotal, warmupEvents, speed, busyNs, lateNs] = several(8);
  const [bid, bidQty, ask, askQty, lastPrice, resting] = several(6);
  const commands = several(5);
  const [rejected, trades, volume, columns, intervalNs, merges, latencyCount] = several(7);
  const latencyNs = several(16);
  const [bids, asks] = several(2);
  const levels = (n: number): LiveLevel[] =>
    Array.from({ length: n }, () => ({ price: next(), qty: next(), orders: next() }));
  return {
    phase: LIVE_PHASES[phase!]!,
    timeNs: timeNs!,
    events: events!,
    eventsTotal: eventsTotal!,
    warmupEvents: warmupEvents!,
    speed: speed!,
    busyNs: busyNs!,
    lateNs: lateNs!,
    bid: bid!,
    bidQty: bidQty!,
    ask: ask!,
    askQty: askQty!,
    lastPrice: lastPrice!,
    resting: resting!,
    commands,
    rejected: rejected!,
    trades: trades!,
    volume: volume!,
    columns: columns!,
    intervalNs: intervalNs!,
    merges: merges!,
    latencyCount: latencyCount!,
    latencyNs,
    bids: levels(bids!),
    asks: levels(asks!),
  };
}
