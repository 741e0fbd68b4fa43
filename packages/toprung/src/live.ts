/**
 * One book of a simulation at a chosen speed, to be looked at while it runs: {@link LiveSession}; or a market of agents:
 * {@link LiveMarket}.
 *
 * It runs on a thread of its own. Reading never makes it wait, so its speed does not depend on who looks; and the clock
 * decides when a command is carried out, never which: the digest is that of the same book in {@link simulate}, or of the
 * same market in {@link runMarket}.
 */
import { parseConfig, type SimulationConfig, type SimulationConfigInput, simulationConfigSchema } from './config.js';
import { callNative as call } from './errors.js';
import { LIVE_ACCOUNT, LIVE_MARKS, LIVE_PHASES, type LivePhase } from './live-codes.js';
import type { Account } from './market.js';
import { type MarketConfig, type MarketConfigInput, marketConfigSchema } from './market-schema.js';
import { type NativeLive, native } from './native.js';

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
  /** Commands of the measured part to expect in all; 0 if nobody knows. */
  eventsTotal: number;
  /** Simulated time of the measured part in all; 0 if it is not a time that ends it. */
  durationNs: number;
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
  /** The resting order; of a market of agents whose it was: 0 for the background, otherwise an agent's number and one. */
  maker: number;
  /** The aggressor, likewise. */
  taker: number;
}

/** Whose holdings a {@link LiveMarket} follows: a whole group, or one agent of a small group. */
export interface LiveTrack {
  group: string;
  /** Number of the first agent. */
  first: number;
  /** Agents. */
  count: number;
  /** One agent of a group that has several. */
  isMember: boolean;
}

/** Resting orders of one agent at one price of the shown venue's best levels. */
export interface LiveOwnLevel {
  agent: number;
  /** 0 buy, 1 sell. */
  side: number;
  price: number;
  /** Lots that are open. */
  qty: number;
  orders: number;
  /** Orders and lots before the first of them. */
  ordersAhead: number;
  lotsAhead: number;
}

/** Something marked on the time axis. */
export interface LiveMark {
  timeNs: number;
  mark: (typeof LIVE_MARKS)[number];
  /**
   * Of `running` the speed; of `starts` and `ends` the number of the group; of `shock` by how many ticks the fundamental
   * value jumps; of `retuned` the venue; of `phase` the code of what begins at the shown venue, see {@link PHASES}; otherwise commands
   * so far.
   */
  value: number;
}

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
  /** Most tracks of a market of agents. */
  tracksMax: number;
}

/** How the numbers of columns and states lie, as the Rust core says. */
export function liveLayout(): LiveLayout {
  return JSON.parse(call(() => native().NativeLive.layout())) as LiveLayout;
}

/** What runs at a speed, under control: see {@link LiveSession} and {@link LiveMarket}. */
export abstract class Live {
  /** @internal */
  protected readonly native: NativeLive;

  /** @internal */
  protected constructor(native: NativeLive) {
    this.native = native;
  }

  /**
   * Runs at `speed` times real time; Infinity is as fast as possible.
   *
   * @throws ToprungError `ERR_TOPRUNG_OUT_OF_RANGE` unless it is 10^-6 to 10^9 or Infinity.
   */
  run(speed = Number.POSITIVE_INFINITY): void {
    call(() => this.native.run(speed));
  }

  /** Runs as fast as possible up to `events` commands behind the warm-up, then waits. */
  runTo(events: number): void {
    call(() => this.native.runTo(events));
  }

  /** Waits until it is told to run. */
  pause(): void {
    this.native.pause();
  }

  /** Ends for good. */
  stop(): void {
    this.native.stop();
  }

  /** Digest of every event so far; at the end that of `simulate()`'s book. */
  digest(): string {
    return this.native.digest();
  }

  /** What broke, if the phase is `failed`. */
  failure(): string | undefined {
    return this.native.failure() ?? undefined;
  }

  /** The run as it was at most some milliseconds ago. */
  state(): LiveState {
    return liveState(call(() => this.native.state()));
  }

  /**
   * Columns from `from` on, at most `max`, one behind the other ({@link LIVE_COLUMN}). Nothing if they were merged more
   * than `merges` times by now: ask for the state and merge what is at hand.
   */
  columns(merges: number, from: number, max: number): Float64Array | undefined {
    return call(() => this.native.columns(merges, from, max)) ?? undefined;
  }

  /** The number of the first fill, then time, price, quantity, side, maker and taker of each from `from` on. */
  tradeNumbers(from: number): Float64Array {
    return call(() => this.native.trades(from));
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
    const numbers = call(() => this.native.annotations());
    return Array.from({ length: numbers.length / 3 }, (_, i) => ({
      timeNs: numbers[3 * i]!,
      mark: LIVE_MARKS[numbers[3 * i + 1]!]!,
      value: numbers[3 * i + 2]!,
    }));
  }
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
export class LiveSession extends Live {
  /** The complete configuration. */
  readonly config: SimulationConfig;
  /** Which of its books this is. */
  readonly book: number;

  /**
   * @param book - 0 to `config.books` - 1.
   * @throws ToprungError `ERR_TOPRUNG_CONFIG`, `ERR_TOPRUNG_MEMORY`, `ERR_TOPRUNG_THREADS`, `ERR_TOPRUNG_NATIVE_MISSING`
   */
  constructor(config: SimulationConfigInput = {}, book = 0) {
    const complete = parseConfig(simulationConfigSchema, config);
    super(call(() => native().NativeLive.open(JSON.stringify(complete), book)));
    this.config = complete;
    this.book = book;
  }
}

/**
 * A market of agents that runs at a speed, under control; one venue is shown. It begins paused at its beginning. Its
 * commands are the messages of all venues; its latencies are of steps of the market that carried out a message. Agents of
 * kind `outside` do nothing.
 *
 * ```ts
 * const session = new LiveMarket(catalogue.get('flash-crash').market);
 * session.run(100); // a hundred simulated seconds a second
 * console.log(session.accounts()[0].position);
 * session.stop();
 * ```
 */
export class LiveMarket extends Live {
  /** The complete configuration. */
  readonly config: MarketConfig;
  /** The venue that is shown. */
  readonly venue: number;
  /** Whose holdings are followed: every group, then the agents of the smallest groups that have several. */
  readonly tracks: readonly LiveTrack[];

  /**
   * @param venue - 0 to `config.venues.length` - 1.
   * @throws ToprungError `ERR_TOPRUNG_CONFIG`, `ERR_TOPRUNG_THREADS`, `ERR_TOPRUNG_NATIVE_MISSING`
   */
  constructor(config: MarketConfigInput, venue = 0) {
    const complete = parseConfig(marketConfigSchema, config);
    super(call(() => native().NativeLive.openMarket(JSON.stringify(complete), venue)));
    this.config = complete;
    this.venue = venue;
    this.tracks = JSON.parse(call(() => this.native.tracks())) as LiveTrack[];
  }

  /** The account of each track; `value` is at the first venue's mid price. */
  accounts(): Account[] {
    const numbers = call(() => this.native.accounts());
    return Array.from({ length: numbers.length / LIVE_ACCOUNT.length }, (_, t) => {
      const of = (k: number): number => numbers[LIVE_ACCOUNT.length * t + k]!;
      return Object.fromEntries(LIVE_ACCOUNT.map((name, k) => [name, of(k)])) as Record<
        (typeof LIVE_ACCOUNT)[number],
        number
      >;
    });
  }

  /** Agents' orders at the shown venue's best levels, by side, price and place in the queue. */
  ownLevels(): LiveOwnLevel[] {
    const n = call(() => this.native.ownLevels());
    return Array.from({ length: n.length / 7 }, (_, k) => ({
      agent: n[7 * k]!,
      side: n[7 * k + 1]!,
      price: n[7 * k + 2]!,
      qty: n[7 * k + 3]!,
      orders: n[7 * k + 4]!,
      ordersAhead: n[7 * k + 5]!,
      lotsAhead: n[7 * k + 6]!,
    }));
  }
}

function liveState(numbers: Float64Array): LiveState {
  let at = 0;
  const next = (): number => numbers[at++]!;
  const several = (n: number): number[] => Array.from({ length: n }, next);
  const [phase, timeNs, events, eventsTotal, durationNs, warmupEvents, speed, busyNs, lateNs] = several(9);
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
    durationNs: durationNs!,
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
