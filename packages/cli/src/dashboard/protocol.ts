/**
 * The dashboard's protocol, one module for both ends: what a frame looks like, and what each side may say.
 *
 * Server to page: binary frames, a header of 48 bytes and a body (docs/dashboard.md). Page to server: JSON texts, see
 * {@link ClientMessage}. Uses nothing of Node.
 */
import type { Account, LiveLevel, LiveMark, LiveOwnLevel, LivePhase, LiveState, LiveTrack } from 'toprung';
import { LIVE_ACCOUNT, LIVE_MARKS, LIVE_PHASES } from 'toprung/live-codes';
import { ProtocolError, Reader, Writer } from './codec.js';
import { COLUMNS_MAX, type ColumnStore, DEPTH_ROWS, FIELDS, Field, LATENCY_BUCKETS, TRACKS_MAX } from './columns.js';
import { TRADE_WIDTH, type TradeRing } from './trades.js';

/** The phases of trading, by the value of a `phase` mark. */
export { PHASES } from 'toprung/live-codes';

/** "TPRD", lowest byte first. */
export const MAGIC = 0x44525054;
export const VERSION = 3;
export const HEADER_BYTES = 48;

/** Most columns of one frame. */
export const COLUMNS_PER_FRAME = 256;
/** Most fills of one frame: more than anybody can read. Of what comes faster the newest are sent. */
export const TRADES_PER_FRAME = 512;
/** Most bytes of a message from the page. */
export const CLIENT_MESSAGE_BYTES = 4096;

/** What a frame's body is. */
export const FrameKind = {
  hello: 1,
  runs: 2,
  state: 3,
  columns: 4,
  trades: 5,
  marks: 6,
  reply: 7,
  accounts: 8,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** What every frame begins with. */
export interface FrameHeader {
  kind: FrameKind;
  /** Counts the frames made for this page; a gap is a frame that was dropped because the page was slow. */
  seq: number;
  /** The run that it is about, 0 for none. */
  run: number;
  /** Frames dropped for this page so far. */
  dropped: number;
  /** Wall-clock time of sending, ms since 1970. */
  wallMs: number;
  /** Simulated time and commands of the run when it was made. */
  timeNs: number;
  events: number;
}

/** A scenario as the page offers it. */
export interface ScenarioInfo {
  name: string;
  title: string;
  purpose: string;
  lookAt: string[];
  /** Books of a simulation, venues of a market of agents. */
  books: number;
  /** Other arms of a market of agents than its treatment; nothing of a simulation. */
  arms: string[] | null;
  /** Agents of a market, the background left out; 0 of a simulation. */
  agents: number;
  /** At which speed it is worth watching. */
  speed: number;
}

/** A run as the page lists it. */
export interface RunInfo {
  id: number;
  scenario: string;
  title: string;
  /** The arm of a market of agents; `null` of a simulation. */
  arm: string | null;
  /** The book of a simulation, or the venue of a market that is shown; and how many there are. */
  book: number;
  books: number;
  /** Whose holdings are followed. */
  tracks: LiveTrack[];
  seed: number;
  phase: Phase;
  /** The whole configuration. */
  config: Record<string, unknown>;
  digest: string;
  /** What broke, if it failed. */
  failure: string | null;
  startedMs: number;
}

/** The first frame. */
export interface Hello {
  version: string;
  scenarios: ScenarioInfo[];
  runs: RunInfo[];
  /** The run to look at first, and the one to compare it with. */
  show: number | null;
  against: number | null;
  percentiles: number[];
}

/** The answer to a message from the page. */
export interface Reply {
  /** The message's number. */
  to: number;
  /** The run that was started, if one was. */
  run?: number;
  error?: { code: string; message: string };
}

/** What a run is doing. */
export type Phase = LivePhase;

/** Whether nothing more will happen. */
export function isOver(phase: Phase): boolean {
  return phase === 'complete' || phase === 'stopped' || phase === 'failed';
}

export type { Account };

/** What is marked on the time axis. */
export type Mark = LiveMark;

/** One price level. */
export type Level = LiveLevel;

/** A run and its book at one moment; see `LiveState` of the library for the units. */
export type RunState = Omit<LiveState, 'columns' | 'intervalNs' | 'merges'>;

/** Resting orders of a track at one price. */
export type OwnLevel = Omit<LiveOwnLevel, 'agent'>;

/** What the tracks of a market own, and where the orders of the one that was asked for stand. */
export interface Accounts {
  accounts: Account[];
  /** The track whose orders these are; -1 for none. */
  track: number;
  own: OwnLevel[];
}

/** What the page may say; every message has a number of its own, `id`, that the reply names. */
export type ClientMessage = { id: number } & (
  | { type: 'watch'; run: number | null; against: number | null; rate: number; track?: number }
  | {
      type: 'start';
      scenario: string;
      arm?: string;
      book: number;
      seed?: number;
      events?: number;
      speed: Speed;
      like?: number;
    }
  | { type: 'control'; run: number; action: 'pause' | 'stop' }
  | { type: 'control'; run: number; action: 'run'; speed: Speed }
  | { type: 'control'; run: number; action: 'step'; events: number }
  | { type: 'resync'; run: number }
);

/** Simulated per wall-clock time, or as fast as possible. */
export type Speed = number | 'max';

/** Puts a header before a body. */
export function frame(header: FrameHeader, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint8(4, VERSION);
  view.setUint8(5, header.kind);
  view.setUint32(8, header.seq, true);
  view.setUint32(12, header.run, true);
  view.setUint32(16, header.dropped, true);
  view.setFloat64(24, header.wallMs, true);
  view.setFloat64(32, header.timeNs, true);
  view.setFloat64(40, header.events, true);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

/** Takes a frame apart. */
export function readFrame(bytes: Uint8Array): { header: FrameHeader; body: Uint8Array } {
  if (bytes.length < HEADER_BYTES) {
    throw new ProtocolError(`expected a frame of at least ${HEADER_BYTES} bytes, got ${bytes.length}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [magic, version, kind] = [view.getUint32(0, true), view.getUint8(4), view.getUint8(5)];
  if (magic !== MAGIC) throw new ProtocolError(`expected a frame of toprung, got one that begins ${magic}`);
  if (version !== VERSION) throw new ProtocolError(`expected protocol version ${VERSION}, got ${version}`);
  if (kind < 1 || kind > 8) throw new ProtocolError(`expected a frame kind from 1 to 8, got ${kind}`);
  const header: FrameHeader = {
    kind: kind as FrameKind,
    seq: view.getUint32(8, true),
    run: view.getUint32(12, true),
    dropped: view.getUint32(16, true),
    wallMs: view.getFloat64(24, true),
    timeNs: view.getFloat64(32, true),
    events: view.getFloat64(40, true),
  };
  return { header, body: bytes.subarray(HEADER_BYTES) };
}

/** A value as JSON. */
export function encodeJson(value: Hello | RunInfo[] | Reply): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

export function decodeJson<T>(body: Uint8Array): T {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as T;
}

/** Columns `from` to `to` (not included) of a store. */
export function encodeColumns(store: ColumnStore, from: number, to: number): Uint8Array {
  const out = new Writer(64 + (to - from) * 400);
  for (const n of [store.merges, store.intervalNs, from, to - from, store.tracks]) out.number(n);
  const width = 2 * store.tracks;
  const base = store.field(Field.depthBase);
  let lastBase = 0;
  for (let k = from; k < to; k++) {
    // Prices lie close together: each is written as its distance from the one before.
    const depthBase = base[k]!;
    out.number(depthBase - lastBase);
    lastBase = depthBase;
    out.number(store.field(Field.bid)[k]! - depthBase);
    out.number(store.field(Field.ask)[k]! - depthBase);
    for (let f = Field.bidQty; f < FIELDS; f++) out.number(store.fields[f]![k]!);
    out.sparse(store.latency, k * LATENCY_BUCKETS, (k + 1) * LATENCY_BUCKETS);
    out.sparse(store.depth, k * DEPTH_ROWS, (k + 1) * DEPTH_ROWS);
    // Values are multiples of half a tick and change slowly.
    for (let i = k * width; i < (k + 1) * width; i++) {
      out.number(2 * (store.holdings[i]! - (k === from ? 0 : store.holdings[i - width]!)));
    }
  }
  return out.finish();
}

/**
 * Appends the columns of a frame to a store, merged as often as they are. Gives whether they fit on: otherwise a frame
 * is missing and the page has to ask for a new snapshot.
 */
export function decodeColumns(body: Uint8Array, store: ColumnStore): boolean {
  const input = new Reader(body);
  const [merges, intervalNs] = [input.count(64), input.number()];
  const [from, count] = [input.count(COLUMNS_MAX), input.count(COLUMNS_PER_FRAME)];
  const tracks = input.count(TRACKS_MAX);
  if (store.length === 0) {
    store.merges = merges;
    store.follow(tracks);
  }
  while (store.merges < merges) store.merge();
  if (store.merges !== merges || store.tracks !== tracks || from > store.length) return false;
  store.intervalNs = intervalNs;
  store.length = from;
  let depthBase = 0;
  for (let n = 0; n < count; n++) {
    const k = store.push();
    depthBase += input.number();
    store.field(Field.depthBase)[k] = depthBase;
    store.field(Field.bid)[k] = depthBase + input.number();
    store.field(Field.ask)[k] = depthBase + input.number();
    for (let f = Field.bidQty; f < FIELDS; f++) store.fields[f]![k] = input.number();
    input.sparse(store.latency, k * LATENCY_BUCKETS, (k + 1) * LATENCY_BUCKETS);
    input.sparse(store.depth, k * DEPTH_ROWS, (k + 1) * DEPTH_ROWS);
    for (let i = 2 * k * tracks; i < 2 * (k + 1) * tracks; i++) {
      store.holdings[i] = input.number() / 2 + (n === 0 ? 0 : store.holdings[i - 2 * tracks]!);
    }
  }
  return true;
}

/** Fills `from` on of a ring, or the newest of them. */
export function encodeTrades(ring: TradeRing, from: number): Uint8Array {
  const first = Math.min(Math.max(from, ring.first, ring.next - TRADES_PER_FRAME), ring.next);
  const out = new Writer(64 + (ring.next - first) * 12);
  out.number(first);
  out.number(ring.next - first);
  const last = new Float64Array(TRADE_WIDTH);
  for (let n = first; n < ring.next; n++) {
    for (let c = 0; c < TRADE_WIDTH; c++) {
      const value = ring.at(n, c);
      out.number(value - last[c]!);
      last[c] = value;
    }
  }
  return out.finish();
}

export function decodeTrades(body: Uint8Array, ring: TradeRing): void {
  const input = new Reader(body);
  const first = input.count(Number.MAX_SAFE_INTEGER);
  const count = input.count(TRADES_PER_FRAME);
  const row = new Float64Array(TRADE_WIDTH);
  for (let n = 0; n < count; n++) {
    for (let c = 0; c < TRADE_WIDTH; c++) row[c]! += input.number();
    ring.push(first + n, row[0]!, row[1]!, row[2]!, row[3]!, row[4]!, row[5]!);
  }
}

export function encodeMarks(marks: readonly Mark[]): Uint8Array {
  const out = new Writer();
  out.number(marks.length);
  for (const { timeNs, mark, value } of marks) {
    out.number(timeNs);
    out.number(LIVE_MARKS.indexOf(mark));
    out.number(value);
  }
  return out.finish();
}

export function decodeMarks(body: Uint8Array): Mark[] {
  const input = new Reader(body);
  return Array.from({ length: input.count(body.length) }, () => {
    const timeNs = input.number();
    return { timeNs, mark: LIVE_MARKS[input.count(LIVE_MARKS.length - 1)]!, value: input.number() };
  });
}

/** The single numbers of a state, in their order on the wire. */
const STATE_NUMBERS = [
  'timeNs',
  'events',
  'eventsTotal',
  'durationNs',
  'warmupEvents',
  'speed',
  'busyNs',
  'lateNs',
  'bid',
  'bidQty',
  'ask',
  'askQty',
  'lastPrice',
  'resting',
  'rejected',
  'trades',
  'volume',
  'latencyCount',
] as const satisfies (keyof RunState)[];

const LEVELS_MAX = 64;

export function encodeState(state: RunState): Uint8Array {
  const out = new Writer();
  out.number(LIVE_PHASES.indexOf(state.phase));
  for (const name of STATE_NUMBERS) out.number(state[name]);
  for (const list of [state.commands, state.latencyNs]) {
    out.number(list.length);
    for (const n of list) out.number(n);
  }
  for (const levels of [state.bids, state.asks]) {
    out.number(Math.min(levels.length, LEVELS_MAX));
    let last = 0;
    for (const { price, qty, orders } of levels.slice(0, LEVELS_MAX)) {
      out.number(price - last);
      out.number(qty);
      out.number(orders);
      last = price;
    }
  }
  return out.finish();
}

export function decodeState(body: Uint8Array): RunState {
  const input = new Reader(body);
  const phase = LIVE_PHASES[input.count(LIVE_PHASES.length - 1)]!;
  const numbers = Object.fromEntries(STATE_NUMBERS.map((name) => [name, input.number()])) as Record<
    (typeof STATE_NUMBERS)[number],
    number
  >;
  const list = (): number[] => Array.from({ length: input.count(64) }, () => input.number());
  const [commands, latencyNs] = [list(), list()];
  const levels = (): Level[] => {
    let price = 0;
    return Array.from({ length: input.count(LEVELS_MAX) }, () => {
      price += input.number();
      return { price, qty: input.number(), orders: input.number() };
    });
  };
  return { phase, ...numbers, commands, latencyNs, bids: levels(), asks: levels() };
}

const OWN_NUMBERS = [
  'side',
  'price',
  'qty',
  'orders',
  'ordersAhead',
  'lotsAhead',
] as const satisfies (keyof OwnLevel)[];

/** Most prices of one track's orders in a frame. */
const OWN_MAX = 128;

export function encodeAccounts({ accounts, track, own }: Accounts): Uint8Array {
  const out = new Writer();
  out.number(accounts.length);
  for (const account of accounts) for (const name of LIVE_ACCOUNT) out.number(account[name]);
  const levels = own.slice(0, OWN_MAX);
  out.number(track);
  out.number(levels.length);
  for (const level of levels) for (const name of OWN_NUMBERS) out.number(level[name]);
  return out.finish();
}

export function decodeAccounts(body: Uint8Array): Accounts {
  const input = new Reader(body);
  const rows = <N extends string>(most: number, names: readonly N[]): Record<N, number>[] =>
    Array.from(
      { length: input.count(most) },
      () => Object.fromEntries(names.map((name) => [name, input.number()])) as Record<N, number>,
    );
  const accounts = rows(TRACKS_MAX, LIVE_ACCOUNT);
  const track = input.number();
  return { accounts, track, own: rows(OWN_MAX, OWN_NUMBERS) };
}
