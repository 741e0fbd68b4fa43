/**
 * `runMarket()`: venues and agents that react, some of them written in TypeScript.
 */
import { parseConfig } from './config.js';
import { DecisionBatch } from './decision-batch.js';
import { AbortError, fromNative, ToprungError } from './errors.js';
import { type MarketConfig, type MarketConfigInput, marketConfigSchema } from './market-schema.js';
import { type NativeMarket, type NativeRecording, native } from './native.js';
import type { LatencyByKind } from './simulate.js';

/** One parameter of a kind of agent. */
export interface AgentParameter {
  /** In camelCase, with its unit. */
  name: string;
  default: number;
  min: number;
  max: number;
  /** Whether it must be an integer. */
  integer: boolean;
  /** What it means. */
  doc: string;
}

/** A kind of agent. */
export interface AgentKind {
  /** What it is called in a configuration. */
  kind: string;
  /** What it does, and where that is described. */
  doc: string;
  /** Least and greatest number of venues. */
  venues: [number, number];
  params: AgentParameter[];
}

/** What an agent has done and owns. */
export interface Account {
  /** Lots held, negative when short. */
  position: number;
  /** Cash, ticks × lots; it starts at 0. */
  cash: number;
  bought: number;
  sold: number;
  fills: number;
  /** Lots filled while resting. */
  makerLots: number;
  /** Orders sent. */
  orders: number;
  /** Lots in those. */
  sentLots: number;
  /** Cancels sent. */
  changes: number;
  /** Orders refused. */
  refused: number;
  /** Cash and position at the first venue's last mid price. */
  value: number;
}

/** Market data of a venue. */
export interface Quote {
  timeNs: number;
  bid: number;
  bidQty: number;
  ask: number;
  askQty: number;
  bidDepth: number;
  askDepth: number;
  lastPrice: number;
  volume: number;
  buyVolume: number;
  trades: number;
  /** Trading is continuous: no auction, no interruption. */
  open: boolean;
}

/** What one market left behind. */
export interface MarketResult {
  /** Every venue's digest folded in order. */
  digest: string;
  /** Messages carried out and calls of agents. */
  events: number;
  /** Simulated time, ns. */
  timeNs: number;
  venues: {
    digest: string;
    counts: Record<string, number | null>;
    last: Quote;
    /** Rows of {@link MarketRun.queueHistory} for which there was no room. */
    queuesUnkept: number;
    meanWaitNs: number | null;
    p99WaitNs: number | null;
    /** The auctions that there were: when, at which price, how many lots. */
    auctions: { timeNs: number; price: number; qty: number }[];
    /** When the breaker interrupted trading, ns. */
    interruptions: number[];
  }[];
  groups: { name: string; total: Account; agents: Account[] }[];
}

/** Where an agent's resting order stands in its queue. */
export interface QueuePosition {
  agent: number;
  /** Which of the agent's orders it is, counted from 0 in the order in which they were sent. */
  order: number;
  venue: number;
  side: 'buy' | 'sell';
  price: number;
  qty: number;
  /** Orders and lots before it at its price. */
  ordersAhead: number;
  lotsAhead: number;
}

/** Where it stood at a time. */
export interface QueueRow extends QueuePosition {
  timeNs: number;
}

/** How a market is run. */
export interface RunMarketOptions {
  /** Markets of one configuration, each with random numbers of its own. Default 1. */
  books?: number;
  /**
   * Called with all decisions of `outside` agents that are due before any of them can have an effect; writes what they do
   * into the batch, at once: no promise. What it throws stops the run with `ERR_TOPRUNG_AGENT`.
   */
  decide?: (batch: DecisionBatch) => void;
  /** A recorded day as background of the first venue: see {@link loadRecording}. */
  recording?: MarketRecording;
  /** Stops the run; its promise rejects with an {@link AbortError} whose `partial` is what was done until then. */
  signal?: AbortSignal;
}

/** An agent in TypeScript threw, or answered with something that is no action. */
export class AgentError extends ToprungError {
  override readonly name = 'AgentError';
  /** What was done until then: valid, and the same in every run. */
  readonly partial: MarketRun;

  constructor(message: string, partial: MarketRun, options: { path?: string | undefined; cause?: unknown }) {
    super('ERR_TOPRUNG_AGENT', message, options);
    this.partial = partial;
  }
}

/** A recorded day in memory: background for any number of runs. */
export class MarketRecording {
  /** @internal */
  readonly native: NativeRecording;

  /** @internal */
  constructor(recording: NativeRecording) {
    this.native = recording;
  }

  /** Commands of the day. */
  get length(): number {
    return this.native.length();
  }

  /** Time from the first to the last, ns. */
  get durationNs(): number {
    return this.native.durationNs();
  }
}

/**
 * Reads a replay file or a LOBSTER day, for {@link runMarket}. The day's own orders then trade as they did, as far as others
 * leave them what they traded with.
 *
 * @throws ToprungError `ERR_TOPRUNG_DATA_…`
 */
export async function loadRecording(file: string): Promise<MarketRecording> {
  const { CancelFlag, loadRecording: load } = native();
  try {
    return new MarketRecording(await load(file, new CancelFlag()));
  } catch (error) {
    throw fromNative(error);
  }
}

let kinds: AgentKind[] | undefined;

/** Every kind of agent with its parameters. */
export function agentKinds(): AgentKind[] {
  kinds ??= JSON.parse(call(() => native().agentKinds())) as AgentKind[];
  return structuredClone(kinds);
}

/** A run of one or more markets. */
export class MarketRun {
  readonly #native: NativeMarket;
  readonly #books: number;
  readonly #recording: NativeRecording | undefined;
  #results: MarketResult[] | undefined;

  /** @internal */
  constructor(market: NativeMarket, books: number, recording: NativeRecording | undefined) {
    this.#native = market;
    this.#books = books;
    this.#recording = recording;
  }

  /** Every book's digest folded in order: the same for any number of threads, and for the replay of the log. */
  get digest(): string {
    return this.#native.digest();
  }

  /** Decisions that were taken from outside. */
  get decisions(): number {
    return this.#native.decided();
  }

  /** What each book left behind. */
  get results(): MarketResult[] {
    this.#results ??= JSON.parse(call(() => this.#native.results())) as MarketResult[];
    return this.#results;
  }

  /**
   * Time per command over all books: one of a market in 64 is timed. It is no part of {@link results}, which are the
   * same in every run.
   */
  get latencyByKind(): LatencyByKind {
    return JSON.parse(call(() => this.#native.latencyByKind())) as LatencyByKind;
  }

  /** What was decided from outside, as numbers: enough to {@link replay} the run. */
  log(): Float64Array {
    return this.#native.log();
  }

  /**
   * Runs a log again with the same configuration, without calling JavaScript.
   *
   * @param log - Default this run's own.
   */
  replay(log: Float64Array = this.log()): MarketRun {
    const market = call(() => this.#native.replay(this.#books, log, this.#recording));
    return new MarketRun(market, this.#books, this.#recording);
  }

  /** Where the agents' resting orders of a book stand in their queues. */
  queuePositions(book = 0): QueuePosition[] {
    const numbers = call(() => this.#native.queuePositions(book));
    return Array.from({ length: numbers.length / 8 }, (_, k) => queuePosition(numbers, 8 * k));
  }

  /**
   * Where they stood at every sample of a venue: with `keepQueues` and `sampleNs`, empty otherwise. Rows for which there was
   * no room are counted in `results[book].venues[venue].queuesUnkept`.
   */
  queueHistory(book = 0, venue = 0): QueueRow[] {
    const numbers = call(() => this.#native.queueHistory(book, venue));
    const row = (at: number) => ({ timeNs: numbers[at]!, ...queuePosition(numbers, at + 1) });
    return Array.from({ length: numbers.length / 9 }, (_, k) => row(9 * k));
  }

  /**
   * The trades of a venue, with `keepTrades`: rows of six numbers, time (ns), price, lots, the aggressor's side (0 bought, 1
   * sold), the agent that took and the one that had rested, -1 where it was the background.
   */
  trades(book = 0, venue = 0): Float64Array {
    return call(() => this.#native.trades(book, venue));
  }

  /**
   * The kept market data of a venue: rows of nine numbers, time (ns), bid, bid lots, ask, ask lots, bid depth, ask depth,
   * last price, volume.
   */
  samples(book = 0, venue = 0): Float64Array {
    return call(() => this.#native.samples(book, venue));
  }
}

function queuePosition(numbers: Float64Array, at: number): QueuePosition {
  return {
    agent: numbers[at]!,
    order: numbers[at + 1]!,
    venue: numbers[at + 2]!,
    side: numbers[at + 3] === 0 ? 'buy' : 'sell',
    price: numbers[at + 4]!,
    qty: numbers[at + 5]!,
    ordersAhead: numbers[at + 6]!,
    lotsAhead: numbers[at + 7]!,
  };
}

/** Turns between two looks at the event loop, ms. */
const TURN_MS = 20;

/**
 * Runs a market, or many of one configuration.
 *
 * Agents of kind `outside` are decided by `decide`. It is called on the main thread; between its calls the books run on all
 * cores, and the event loop gets its turn several times a second.
 *
 * ```ts
 * const run = await runMarket(
 *   { venues: [{ flow: { model: 'santa-fe' } }], agents: [{ name: 'mine', kind: 'outside' }] },
 *   { decide: (batch) => { for (let i = 0; i < batch.length; i++) batch.post(i, 'buy', batch.bid[i]!, 1); } },
 * );
 * run.results[0].groups[0].total.position;
 * ```
 *
 * @throws ToprungError `ERR_TOPRUNG_CONFIG`; {@link AgentError} when `decide` throws or writes nonsense; {@link AbortError}.
 */
export async function runMarket(config: MarketConfigInput, options: RunMarketOptions = {}): Promise<MarketRun> {
  const { books = 1, decide, recording, signal } = options;
  const market = openMarket(parseConfig(marketConfigSchema, config), books, recording);
  const run = new MarketRun(market, books, recording?.native);
  const batch = new DecisionBatch();
  let turn = performance.now();
  for (;;) {
    const rows = call(() => market.advance());
    // Here, where decisions wait and none is taken: the log replays what there is.
    if (signal?.aborted === true) throw new AbortError('the market was aborted', signal.reason, run);
    if (rows === 0) return run;
    if (rows > 0) answer(market, batch, rows, decide, run);
    if (performance.now() - turn > TURN_MS) {
      await new Promise((resolve) => setImmediate(resolve));
      turn = performance.now();
    }
  }
}

function openMarket(config: MarketConfig, books: number, recording: MarketRecording | undefined): NativeMarket {
  const { NativeMarket } = native();
  return call(() => new NativeMarket(JSON.stringify(config), books, recording?.native));
}

function answer(
  market: NativeMarket,
  batch: DecisionBatch,
  rows: number,
  decide: RunMarketOptions['decide'],
  run: MarketRun,
): void {
  batch.begin(rows);
  if (decide !== undefined) {
    call(() => market.decisions(batch.bytes, batch.capacity));
    let returned: unknown;
    try {
      returned = decide(batch);
    } catch (cause) {
      throw new AgentError(`decide: threw ${cause instanceof Error ? cause.message : String(cause)}`, run, { cause });
    }
    if (returned instanceof Promise) {
      // What becomes of it is nobody's business any more.
      returned.catch(() => {});
      throw new AgentError('decide: expected decisions at once, got a promise', run, {});
    }
  }
  try {
    market.act(batch.actionBytes, batch.actionCount);
  } catch (thrown) {
    const error = fromNative(thrown);
    if (error.code !== 'ERR_TOPRUNG_AGENT') throw error;
    throw new AgentError(`decide: ${error.message}`, run, { path: error.path, cause: error });
  }
}

function call<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fromNative(error);
  }
}
