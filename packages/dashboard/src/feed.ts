/** The connection to the server: frames in, messages out, and coming back when it was lost. */
import { ProtocolError } from '../../cli/src/dashboard/codec.js';
import {
  type ClientMessage,
  decodeAccounts,
  decodeColumns,
  decodeJson,
  decodeMarks,
  decodeState,
  decodeTrades,
  FrameKind,
  type Hello,
  isOver,
  type Reply,
  type RunInfo,
  type RunState,
  readFrame,
  type Speed,
} from '../../cli/src/dashboard/protocol.js';
import { markDirty } from './paint.js';
import {
  againstId,
  connection,
  data,
  form,
  frozenNs,
  hello,
  playheadNs,
  prices,
  RunData,
  runId,
  runs,
  say,
  stats,
  trackId,
  view,
} from './state.js';
import { followed, initialView } from './view.js';

/** A message without its number. */
type Message = ClientMessage extends infer M ? (M extends { id: number } ? Omit<M, 'id'> : never) : never;

const RETRY_MS = [250, 500, 1000, 2000, 4000];

let socket: WebSocket | undefined;
let lastId = 0;
let nextSeq: number | undefined;
let attempts = 0;
const waiting = new Map<number, (reply: Reply) => void>();

/** Connects, and again whenever the connection is lost. */
export function connect(): void {
  const ws = new WebSocket(`ws://${location.host}/feed`);
  ws.binaryType = 'arraybuffer';
  socket = ws;
  nextSeq = undefined;
  let opened = false;
  ws.onopen = () => {
    opened = true;
    attempts = 0;
    connection.value = { status: 'open' };
  };
  ws.onmessage = (event) => {
    try {
      receive(new Uint8Array(event.data as ArrayBuffer));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      say(`The server sent what this page does not understand: ${error.message}. Reload the page.`, true);
      ws.close();
    }
  };
  ws.onclose = () => {
    waiting.clear();
    void lost(opened);
  };
}

async function lost(wasOpen: boolean): Promise<void> {
  if (wasOpen) say('The connection to the server was lost.', true);
  else if (await isRefused()) {
    connection.value = { status: 'refused' };
    setTimeout(connect, RETRY_MS.at(-1)!);
    return;
  }
  const retryMs = RETRY_MS[Math.min(attempts, RETRY_MS.length - 1)]!;
  attempts += 1;
  connection.value = { status: 'lost', retryMs };
  setTimeout(connect, retryMs);
}

/** Whether there is a server that does not let this page in. */
async function isRefused(): Promise<boolean> {
  try {
    const answer = await fetch('/session', { cache: 'no-store' });
    return answer.status === 401;
  } catch {
    return false;
  }
}

/** Sends a message; gives the reply, or `undefined` when the connection is lost before it comes. */
export function send(message: Message): Promise<Reply> {
  return new Promise((resolve) => {
    if (socket?.readyState !== WebSocket.OPEN) {
      resolve({ to: 0, error: { code: 'ERR_TOPRUNG_ABORTED', message: 'there is no connection to the server' } });
      return;
    }
    lastId += 1;
    waiting.set(lastId, resolve);
    socket.send(JSON.stringify({ id: lastId, ...message }));
  });
}

/** Sends a message and tells the person if it was refused. */
export async function order(message: Message): Promise<Reply> {
  const reply = await send(message);
  if (reply.error !== undefined) say(`${reply.error.message} (${reply.error.code})`, true);
  return reply;
}

/** Starts a run and shows it. */
export async function startRun(what: {
  scenario: string;
  arm?: string;
  book: number;
  seed?: number;
  events?: number;
  speed: Speed;
  like?: number;
}): Promise<number | undefined> {
  const reply = await order({ type: 'start', ...what });
  if (reply.run !== undefined) showRun(reply.run);
  return reply.run;
}

/** Shows a run from its newest moment. */
export function showRun(id: number | null): void {
  runId.value = id;
  frozenNs.value = null;
  playheadNs.value = null;
  prices.value = null;
  trackId.value = null;
  view.value = initialView(durationOf(id));
  watch();
}

/** Simulated time of a market of agents; 0 of a simulation, which is as long as its commands. */
function durationOf(id: number | null): number {
  const duration = runs.value.find((r) => r.id === id)?.config.durationNs;
  return typeof duration === 'number' ? duration : 0;
}

/** Shows the orders of a group or an agent in the ladder, or nobody's. */
export function watchTrack(track: number | null): void {
  trackId.value = track;
  watch();
}

/** Compares with a run, or with none. */
export function compareWith(id: number | null): void {
  againstId.value = id === runId.value ? null : id;
  watch();
}

/** Tells the server which runs this page looks at. */
function watch(): void {
  for (const id of [runId.value, againstId.value]) {
    if (id !== null && !data.has(id)) data.set(id, new RunData(id));
  }
  // What nobody looks at any more is given up; the server still has it.
  for (const id of data.keys()) if (id !== runId.value && id !== againstId.value) data.delete(id);
  const track = trackId.value === null ? {} : { track: trackId.value };
  void send({ type: 'watch', run: runId.value, against: againstId.value, rate: 60, ...track });
  markDirty();
}

function receive(bytes: Uint8Array): void {
  const { header, body } = readFrame(bytes);
  stats.frames += 1;
  stats.bytes += bytes.length;
  stats.dropped = header.dropped;
  stats.lagMs = Date.now() - header.wallMs;
  if (nextSeq !== undefined && header.seq !== nextSeq) stats.gaps += (header.seq - nextSeq) >>> 0;
  nextSeq = (header.seq + 1) >>> 0;
  switch (header.kind) {
    case FrameKind.hello:
      welcome(decodeJson<Hello>(body));
      return;
    case FrameKind.runs:
      learn(decodeJson<RunInfo[]>(body));
      return;
    case FrameKind.reply: {
      const reply = decodeJson<Reply>(body);
      waiting.get(reply.to)?.(reply);
      waiting.delete(reply.to);
      return;
    }
    default:
  }
  const of = data.get(header.run);
  // A run that is not looked at any more.
  if (of === undefined) return;
  of.heardMs = performance.now();
  if (header.kind === FrameKind.state) learnState(of, decodeState(body));
  else if (header.kind === FrameKind.trades) decodeTrades(body, of.trades);
  else if (header.kind === FrameKind.marks) of.marks = decodeMarks(body);
  else if (header.kind === FrameKind.accounts) of.accounts = decodeAccounts(body);
  else if (!decodeColumns(body, of.columns)) {
    stats.resyncs += 1;
    of.columns.clear();
    void send({ type: 'resync', run: of.id });
  }
  if (of.id === runId.value && frozenNs.value === null) {
    const next = followed(view.value, of.extent);
    if (next !== view.value) view.value = next;
  }
  markDirty();
}

function learnState(of: RunData, state: RunState): void {
  // The form begins with what the run is: its scenario and its speed.
  if (of.state === undefined && of.id === runId.value) {
    const info = runs.value.find((r) => r.id === of.id);
    const name = info?.scenario;
    const scenario = hello.value?.scenarios.some((s) => s.name === name) ? name! : form.value.scenario;
    const speed = state.speed === Number.POSITIVE_INFINITY ? 'max' : String(state.speed);
    const arm = info?.arm ?? 'treatment';
    form.value = { ...form.value, scenario, arm, speed: state.speed > 0 ? speed : form.value.speed };
  }
  of.state = state;
  stats.states += 1;
}

/** The server's first frame. It may be another server than before: nothing of what was here is taken for granted. */
function welcome(first: Hello): void {
  const isAgain = hello.value !== undefined;
  hello.value = first;
  data.clear();
  runs.value = first.runs;
  const known = (id: number | null): number | null => (first.runs.some((r) => r.id === id) ? id : null);
  runId.value = known(runId.value) ?? first.show;
  againstId.value = known(againstId.value) ?? (isAgain ? null : first.against);
  // Of a run whose length is known, as much as it takes to see what it is about.
  if (view.value.follow && !isAgain) view.value = initialView(durationOf(runId.value));
  if (isAgain) {
    frozenNs.value = null;
    say(first.runs.length === 0 ? 'Connected again. The server was started anew and has no runs.' : 'Connected again.');
  }
  watch();
}

function learn(list: RunInfo[]): void {
  for (const now of list) {
    const before = runs.value.find((r) => r.id === now.id);
    if (before !== undefined && before.phase !== now.phase && now.id === runId.value) {
      say(`Run ${now.id} ${now.phase}.`, now.phase === 'failed');
    }
    if (before !== undefined && !isOver(before.phase) && now.failure !== null)
      say(`Run ${now.id}: ${now.failure}`, true);
  }
  runs.value = list;
  // A figure of the run (its digest) may be all that is new.
  markDirty();
  if (runId.value !== null && !list.some((r) => r.id === runId.value)) showRun(list.at(-1)?.id ?? null);
}
