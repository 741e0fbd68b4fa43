/** The runs that a dashboard shows: each a live session and what was seen of it, which stays when the session is over. */
import {
  type Account,
  LiveMarket,
  type LiveOwnLevel,
  LiveSession,
  type LiveState,
  type LiveTrack,
  type MarketConfig,
  parseSimulationConfig,
  type Scenario,
  type SimulationConfig,
} from 'toprung';
import { ColumnStore } from './columns.js';
import { type Accounts, isOver, type Mark, type OwnLevel, type Phase, type RunInfo, type Speed } from './protocol.js';
import { TRADE_WIDTH, TradeRing } from './trades.js';

/** Runs that may be under way at a time: each has a thread. */
export const RUNS_ACTIVE_MAX = 4;
/** Runs that are kept; the oldest that is over goes first. Each takes some 8 MB. */
export const RUNS_KEPT_MAX = 12;

/** Columns fetched from the core at a time: some 2 MB. */
const COLUMNS_PER_READ = 1024;

/** A run as it is asked for. */
export interface RunRequest {
  scenario: Pick<Scenario, 'name' | 'title'>;
  /** A simulation, or a market of agents. */
  config: SimulationConfig | MarketConfig;
  /** Which arm of a scenario of the catalogue this is. */
  arm?: string;
  /** The book of a simulation, or the venue of a market that is shown. */
  book: number;
  /** 0 to wait. */
  speed: Speed | 0;
}

/** Whether a configuration is of a market of agents. */
export function isMarket(config: SimulationConfig | MarketConfig): config is MarketConfig {
  return 'venues' in config;
}

/** Simulated per wall-clock time as the library takes it. */
export function speedOf(speed: Speed): number {
  return speed === 'max' ? Number.POSITIVE_INFINITY : speed;
}

/** What a market's tracks own, and where every agent's orders rest. */
interface Owned {
  accounts: Account[];
  own: LiveOwnLevel[];
}

/** One run. */
export class Run {
  readonly id: number;
  readonly request: RunRequest;
  readonly columns = new ColumnStore();
  readonly trades = new TradeRing();
  marks: Mark[] = [];
  state: LiveState;
  digest = '';
  failure: string | null = null;
  readonly startedMs = Date.now();
  /** What was written since the last reading: pages that are at the same place are sent the same bytes. */
  readonly #written = new Map<string, Uint8Array>();
  /** Gone when it is over: the core's copy of the columns goes with it. */
  #session: LiveSession | LiveMarket | undefined;
  /** What the tracks owned when it was over. */
  #last: Owned = { accounts: [], own: [] };
  readonly #tracks: readonly LiveTrack[];

  /** @throws ToprungError if the configuration is refused. */
  constructor(id: number, request: RunRequest) {
    this.id = id;
    this.request = request;
    const { config, book } = request;
    this.#session = isMarket(config) ? new LiveMarket(config, book) : new LiveSession(config, book);
    this.#tracks = this.#session instanceof LiveMarket ? this.#session.tracks : [];
    this.columns.follow(this.#tracks.length);
    this.state = this.#session.state();
    if (request.speed !== 0) this.#session.run(speedOf(request.speed));
  }

  get phase(): Phase {
    return this.state.phase;
  }

  get isOver(): boolean {
    return isOver(this.state.phase);
  }

  /** Reads what is new. Never makes the run wait. */
  poll(): void {
    const session = this.#session;
    if (session === undefined) return;
    this.#written.clear();
    // The state first: whatever the phase says is over is in the columns read after it.
    const state = session.state();
    this.#readColumns(session, state);
    const numbers = session.tradeNumbers(this.trades.next);
    for (let at = 1, n = numbers[0]!; at < numbers.length; at += TRADE_WIDTH, n++) {
      this.trades.push(
        n,
        ...(numbers.subarray(at, at + TRADE_WIDTH) as unknown as [number, number, number, number, number, number]),
      );
    }
    this.marks = session.marks();
    this.digest = session.digest();
    this.state = state;
    if (isOver(state.phase)) {
      this.failure = session.failure() ?? null;
      this.#last = ownedBy(session);
      this.#session = undefined;
    }
  }

  /** What the tracks own, and where the orders of one of them stand; `undefined` where nobody owns anything. */
  accounts(track: number): Accounts | undefined {
    if (this.#tracks.length === 0) return undefined;
    const { accounts, own } = this.#session === undefined ? this.#last : ownedBy(this.#session);
    const chosen = this.#tracks[track];
    return {
      accounts,
      track: chosen === undefined ? -1 : track,
      own: chosen === undefined ? [] : ofTrack(own, chosen),
    };
  }

  run(speed: Speed): void {
    this.#session?.run(speedOf(speed));
  }

  /** Runs so many commands further, then waits. */
  step(events: number): void {
    this.#session?.runTo(this.liveEvents() + events);
  }

  /** Commands so far, asked of the run itself: `state` may be a reading old. */
  liveEvents(): number {
    return (this.#session?.state() ?? this.state).events;
  }

  pause(): void {
    this.#session?.pause();
  }

  stop(): void {
    this.#session?.stop();
  }

  /** Bytes that are the same for every page, written once; `what` names them. */
  once(what: string, write: () => Uint8Array): Uint8Array {
    // Whoever comes to a run that is over starts at its beginning; that is not kept for ever.
    if (this.#session === undefined) return write();
    let bytes = this.#written.get(what);
    if (bytes === undefined) {
      bytes = write();
      this.#written.set(what, bytes);
    }
    return bytes;
  }

  info(): RunInfo {
    const { scenario, config, book, arm } = this.request;
    return {
      id: this.id,
      scenario: scenario.name,
      title: scenario.title,
      book,
      arm: arm ?? (isMarket(config) ? 'treatment' : null),
      books: isMarket(config) ? config.venues.length : config.books,
      tracks: [...this.#tracks],
      seed: config.seed,
      phase: this.phase,
      config,
      digest: this.digest,
      failure: this.failure,
      startedMs: this.startedMs,
    };
  }

  #readColumns(session: LiveSession | LiveMarket, first: LiveState): void {
    const { columns } = this;
    let state = first;
    for (;;) {
      while (columns.merges < state.merges) columns.merge();
      columns.intervalNs = state.intervalNs;
      const numbers = session.columns(columns.merges, columns.length, COLUMNS_PER_READ);
      if (numbers === undefined) {
        // Merged once more in between.
        state = session.state();
        continue;
      }
      columns.appendNumbers(numbers);
      if (numbers.length === 0) return;
    }
  }
}

function ownedBy(session: LiveSession | LiveMarket): Owned {
  return session instanceof LiveMarket
    ? { accounts: session.accounts(), own: session.ownLevels() }
    : { accounts: [], own: [] };
}

/** The orders of a track's agents by price; ahead of them is what is ahead of the first. */
function ofTrack(own: LiveOwnLevel[], { first, count }: LiveTrack): OwnLevel[] {
  const levels = new Map<string, OwnLevel>();
  for (const { agent, ...level } of own) {
    if (agent < first || agent >= first + count) continue;
    const key = `${level.side} ${level.price}`;
    const known = levels.get(key);
    if (known === undefined) {
      levels.set(key, level);
      continue;
    }
    // In the order of the queue: the first is the foremost.
    known.qty += level.qty;
    known.orders += level.orders;
  }
  return [...levels.values()];
}

/** Every run of a dashboard. */
export class RunList {
  readonly #runs = new Map<number, Run>();
  #lastId = 0;
  #latencySampling: number;

  /** @param latencySampling - For configurations that measure nothing: one command in 2^k is timed. */
  constructor(latencySampling: number) {
    this.#latencySampling = latencySampling;
  }

  get all(): Run[] {
    return [...this.#runs.values()];
  }

  get(id: number | null): Run | undefined {
    return id === null ? undefined : this.#runs.get(id);
  }

  /** Whether one more may be started. */
  get hasRoom(): boolean {
    return this.all.filter((run) => !run.isOver).length < RUNS_ACTIVE_MAX;
  }

  /** Starts a run. The oldest that is over goes if there are too many. */
  start(request: RunRequest): Run {
    const { config: asked } = request;
    const config = isMarket(asked)
      ? asked
      : parseSimulationConfig({ ...asked, latencySampling: asked.latencySampling ?? this.#latencySampling });
    const run = new Run(this.#lastId + 1, { ...request, config });
    this.#lastId = run.id;
    this.#runs.set(run.id, run);
    const over = this.all.filter((r) => r.isOver);
    for (const old of over.slice(0, Math.max(0, this.#runs.size - RUNS_KEPT_MAX))) this.#runs.delete(old.id);
    return run;
  }

  /** Ends everything that is under way. */
  stopAll(): void {
    for (const run of this.#runs.values()) run.stop();
  }
}
