/**
 * One page that looks on: what it has seen of its runs, and what it is sent next.
 *
 * Nothing is kept for a page but its place in each run's history. While more than {@link BUFFER_BYTES_MAX} wait to be
 * sent, its states and trades are dropped and counted; columns are sent when it has caught up, from the history.
 */
import type { WebSocket } from 'ws';
import {
  COLUMNS_PER_FRAME,
  encodeAccounts,
  encodeColumns,
  encodeJson,
  encodeMarks,
  encodeState,
  encodeTrades,
  FrameKind,
  frame,
  type Hello,
  type Reply,
  type RunInfo,
  TRADES_PER_FRAME,
} from './protocol.js';
import type { Run } from './runs.js';

/** Bytes that may wait for a page before frames are dropped. */
export const BUFFER_BYTES_MAX = 2 ** 20;

/** A state is sent so often even if nothing happens: a page that hears nothing knows that something is wrong, ms. */
const HEARTBEAT_MS = 1000;

/** Time between two frames of what agents own: faster than one can read, ms. */
const ACCOUNTS_MS = 100;

/** Frames of columns at a time, so that a long history does not hold up what is new. */
const COLUMN_FRAMES_PER_TICK = 4;

/** What a page has of one run. */
interface Place {
  run: Run;
  merges: number;
  columns: number;
  trades: number;
  marks: number;
  /** The last state that was sent, and when. */
  state: Run['state'] | undefined;
  toldMs: number;
  /** When it was last told what agents own, and of which track's orders. */
  accountsMs: number;
  track: number;
}

/** A page. */
export class Viewer {
  readonly #socket: WebSocket;
  #places: Place[] = [];
  #seq = 0;
  #everyMs = 1000 / 60;
  #nextMs = 0;
  /** The track of the first run whose orders it is shown; -1 for none. */
  #track = -1;
  dropped = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  hello(hello: Hello): void {
    this.#send(FrameKind.hello, undefined, encodeJson(hello));
  }

  runs(runs: RunInfo[]): void {
    this.#send(FrameKind.runs, undefined, encodeJson(runs));
  }

  reply(reply: Reply): void {
    this.#send(FrameKind.reply, undefined, encodeJson(reply));
  }

  /** Looks at these runs from now on, at most `rate` times a second; of those it has, it goes on where it was. */
  watch(runs: Run[], rate: number, track: number): void {
    this.#everyMs = 1000 / rate;
    this.#track = track;
    this.#places = [...new Set(runs)].map((run) => this.#places.find((place) => place.run === run) ?? begin(run));
  }

  /** The page has a gap: it is sent everything again. */
  resync(run: Run): void {
    this.#places = this.#places.map((place) => (place.run === run ? begin(run) : place));
  }

  /** Whether it looks at a run. */
  looksAt(run: Run): boolean {
    return this.#places.some((place) => place.run === run);
  }

  /** Sends what is new, if it is time and the page keeps up. */
  tick(nowMs: number): void {
    // A tick that is early by less than half a step counts: timers are not exact.
    if (nowMs < this.#nextMs - 4) return;
    this.#nextMs = Math.max(this.#nextMs + this.#everyMs, nowMs);
    for (const place of this.#places) this.#tell(place, nowMs);
  }

  #tell(place: Place, nowMs: number): void {
    const { run } = place;
    const { columns, trades, marks, state } = run;
    while (place.merges < columns.merges) {
      place.columns >>= 1;
      place.merges += 1;
    }
    const isDue = nowMs - place.toldMs >= HEARTBEAT_MS && !run.isOver;
    const isNew = isDue || (place.state !== state && !sameMoment(place.state, state));
    const track = place === this.#places[0] ? this.#track : -1;
    const isOwnNew = track !== place.track;
    if (!isNew && !isOwnNew && place.columns === columns.length && place.trades === trades.next) return;
    if (this.#socket.bufferedAmount > BUFFER_BYTES_MAX) {
      this.#drop();
      return;
    }
    if (isNew)
      this.#send(
        FrameKind.state,
        run,
        run.once('state', () => encodeState(state)),
      );
    if (isNew) place.toldMs = nowMs;
    place.state = state;
    for (let n = 0; n < COLUMN_FRAMES_PER_TICK && place.columns < columns.length; n++) {
      const to = Math.min(place.columns + COLUMNS_PER_FRAME, columns.length);
      const { columns: from } = place;
      this.#send(
        FrameKind.columns,
        run,
        run.once(`columns ${from} ${to}`, () => encodeColumns(columns, from, to)),
      );
      place.columns = to;
    }
    if (place.trades < trades.next) {
      const from = Math.max(place.trades, trades.next - TRADES_PER_FRAME);
      this.#send(
        FrameKind.trades,
        run,
        run.once(`trades ${from}`, () => encodeTrades(trades, from)),
      );
      place.trades = trades.next;
    }
    if (isOwnNew || (isNew && (nowMs - place.accountsMs >= ACCOUNTS_MS || run.isOver))) {
      const what = run.accounts(track);
      if (what !== undefined) {
        this.#send(
          FrameKind.accounts,
          run,
          run.once(`accounts ${track}`, () => encodeAccounts(what)),
        );
      }
      place.accountsMs = nowMs;
      place.track = track;
    }
    if (place.marks !== marks.length) this.#send(FrameKind.marks, run, encodeMarks(marks));
    place.marks = marks.length;
  }

  /** Counts a frame that is not sent: the page sees the gap. */
  #drop(): void {
    this.#seq = (this.#seq + 1) >>> 0;
    this.dropped += 1;
  }

  #send(kind: FrameKind, run: Run | undefined, body: Uint8Array): void {
    const { timeNs, events } = run?.state ?? { timeNs: 0, events: 0 };
    const header = {
      kind,
      seq: this.#seq,
      run: run?.id ?? 0,
      dropped: this.dropped,
      wallMs: Date.now(),
      timeNs,
      events,
    };
    this.#seq = (this.#seq + 1) >>> 0;
    this.#socket.send(frame(header, body));
  }
}

function begin(run: Run): Place {
  return {
    run,
    merges: run.columns.merges,
    columns: 0,
    trades: 0,
    marks: -1,
    state: undefined,
    toldMs: Number.NEGATIVE_INFINITY,
    accountsMs: Number.NEGATIVE_INFINITY,
    track: -1,
  };
}

function sameMoment(a: Run['state'] | undefined, b: Run['state']): boolean {
  return (
    a !== undefined &&
    a.phase === b.phase &&
    a.events === b.events &&
    a.timeNs === b.timeNs &&
    a.speed === b.speed &&
    a.warmupEvents === b.warmupEvents &&
    a.latencyCount === b.latencyCount
  );
}
