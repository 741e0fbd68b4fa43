/**
 * magic-trace, driven: started, waited for, armed, stopped and read.
 *
 * The states, as the tool's own lines tell them: `spawned`, `ready` (it is attached and recording), `armed` (the caller
 * was told), `hit` or `timeout` or `target-gone`, `stopping` (SIGINT), `snapshot`, `finished`, `decoding`, `decoded`.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { AbortError } from '../errors.js';
import { Child, pause } from './child.js';
import { parseHits, type TriggerHit } from './sexp.js';
import { TraceToolError, toolError } from './tool-error.js';
import type { Environment } from './tools.js';

/** Where a recording by magic-trace or perf is. */
export type CaptureState =
  | 'spawned'
  | 'ready'
  | 'armed'
  | 'hit'
  | 'timeout'
  | 'target-gone'
  | 'stopping'
  | 'snapshot'
  | 'finished'
  | 'decoding'
  | 'decoded';

/** What is traced: a thread or process that runs, or a command. */
export type TraceTarget = { pid: number } | { command: readonly [string, ...string[]] };

/** A recording by magic-trace. */
export interface MagicTraceRun {
  tool: string;
  target: TraceTarget;
  /** magic-trace's own selector: `.`, a symbol, `addr:0x…`; `undefined` for a snapshot at the end. */
  trigger: string | undefined;
  workDir: string;
  out: string;
  /** Further arguments, such as `-timer-resolution`. */
  args: readonly string[];
  readyTimeoutMs: number;
  timeoutMs: number;
  decodeTimeoutMs: number;
  /** How long it may take to end after each signal. */
  patienceMs: number;
  env: Environment;
  signal: AbortSignal | undefined;
  onState: (state: CaptureState) => void;
  /** Called once it records: the caller arms its trigger, or starts its load. */
  onReady: () => void | Promise<void>;
  /** Settles when the caller knows that enough was recorded; e.g. its own trigger fired. */
  until: Promise<unknown> | undefined;
}

/** What came of it. */
export interface MagicTraceResult {
  argv: string[];
  hits: TriggerHit[];
  /** What it warned of. */
  warnings: string[];
  /** Errors of the decoder that it reported. */
  decodeErrors: number;
}

/** Time for it to stop by itself after a hit, before it is told to. */
const OWN_END_MS = 300;
const READY = '[ Attached. Press Ctrl-C to stop recording. ]';

/** Records. @throws TraceToolError with what magic-trace said; AbortError */
export async function runMagicTrace(run: MagicTraceRun): Promise<MagicTraceResult> {
  const argv = arguments_(run);
  const child = new Child(run.tool, argv, run.env);
  const warnings: string[] = [];
  let decodeErrors = 0;
  const said = new Set<CaptureState>();
  const waiting = new Map<CaptureState, () => void>();
  const enter = (state: CaptureState): void => {
    if (said.has(state)) return;
    said.add(state);
    run.onState(state);
    waiting.get(state)?.();
  };
  const reached = (state: CaptureState): Promise<void> =>
    said.has(state) ? Promise.resolve() : new Promise((resolve) => waiting.set(state, resolve));
  child.onLine((line) => {
    if (line.includes(READY)) enter('ready');
    else if (line.includes('[ Snapshot taken. ]')) enter('snapshot');
    else if (line.includes('[ Finished recording. ]')) enter('finished');
    else if (line.includes('[ Decoding, this takes a while... ]')) enter('decoding');
    else if (line.startsWith('Warning: perf reported an error decoding')) decodeErrors += 1;
    else if (line.startsWith('Warning:') || line.startsWith('Intel PT support not found')) warnings.push(line);
  });
  const stopped = abortion(run.signal);
  const progress: Progress = { enter, reached, has: (state) => said.has(state) };
  try {
    enter('spawned');
    if ('pid' in run.target) await attach(run, child, progress, stopped);
    else await watch(run, child, progress, stopped);
    await decoded(run, child, stopped);
    enter('decoded');
  } finally {
    stopped.release();
    if (child.ended === undefined) await child.end(run.patienceMs);
  }
  return { argv: [run.tool, ...argv], hits: readHits(run, child.words), warnings, decodeErrors };
}

function arguments_(run: MagicTraceRun): string[] {
  const common = [
    ...(run.trigger === undefined ? [] : ['-trigger', run.trigger]),
    '-working-directory',
    run.workDir,
    '-output',
    run.out,
    ...run.args,
  ];
  if ('pid' in run.target) return ['attach', '-pid', String(run.target.pid), ...common];
  const [command, ...rest] = run.target.command;
  return ['run', ...common, command, ...(rest.length === 0 ? [] : ['--', ...rest])];
}

interface Abortion {
  /** Settles when the signal fires. */
  promise: Promise<'aborted'>;
  error(): AbortError;
  release(): void;
}

/** An AbortSignal as a promise that can be let go of. */
export function abortion(signal: AbortSignal | undefined): Abortion {
  let listener: (() => void) | undefined;
  const promise = new Promise<'aborted'>((resolve) => {
    listener = () => resolve('aborted');
    if (signal?.aborted === true) listener();
    else signal?.addEventListener('abort', listener, { once: true });
  });
  return {
    promise,
    error: () => new AbortError('the recording was aborted', signal?.reason),
    release: () => listener !== undefined && signal?.removeEventListener('abort', listener),
  };
}

/** The states so far. */
interface Progress {
  enter(state: CaptureState): void;
  reached(state: CaptureState): Promise<void>;
  has(state: CaptureState): boolean;
}

/** A process that runs: ready, armed, hit or timeout, SIGINT. */
async function attach(
  run: MagicTraceRun,
  child: Child,
  { enter, reached, has }: Progress,
  stopped: Abortion,
): Promise<void> {
  const ready = await Promise.race([
    reached('ready').then(() => 'ready' as const),
    child.exit.then(() => 'exit' as const),
    pause(run.readyTimeoutMs).then(() => 'late' as const),
    stopped.promise,
  ]);
  if (ready === 'aborted') throw stopped.error();
  if (ready === 'exit') throw failure(child);
  if (ready === 'late') {
    await child.end(run.patienceMs);
    throw new TraceToolError(
      'ERR_TOPRUNG_TRACE_NOT_READY',
      `magic-trace did not say within ${run.readyTimeoutMs} ms that it is attached`,
      'magic-trace',
      child.words,
    );
  }
  enter('armed');
  await run.onReady();
  const end = await Promise.race([
    reached('snapshot').then(() => 'hit' as const),
    ...(run.until === undefined ? [] : [run.until.then(() => 'hit' as const)]),
    child.exit.then(() => 'exit' as const),
    pause(run.timeoutMs).then(() => 'timeout' as const),
    stopped.promise,
  ]);
  if (end === 'aborted') throw stopped.error();
  if (end === 'exit') {
    // It ends by itself when its target does; a trace may still have come of it.
    if (!existsSync(run.out)) throw failure(child);
    enter('target-gone');
    return;
  }
  enter(end);
  if (end === 'hit') await Promise.race([reached('finished'), child.exit, pause(OWN_END_MS)]);
  if (child.ended === undefined && !has('finished')) {
    enter('stopping');
    child.kill('SIGINT');
  }
}

/** A command: it ends by itself, or is interrupted when its time is over. */
async function watch(run: MagicTraceRun, child: Child, { enter, reached }: Progress, stopped: Abortion): Promise<void> {
  await run.onReady();
  const end = await Promise.race([
    reached('finished'),
    child.exit,
    pause(run.timeoutMs).then(() => 'timeout' as const),
    stopped.promise,
  ]);
  if (end === 'aborted') throw stopped.error();
  if (end === 'timeout') {
    enter('timeout');
    enter('stopping');
    // magic-trace passes it on to the command.
    child.kill('SIGINT');
  }
}

/** Waits for the trace. */
async function decoded(run: MagicTraceRun, child: Child, stopped: Abortion): Promise<void> {
  const end = await Promise.race([child.exit, pause(run.decodeTimeoutMs).then(() => 'late' as const), stopped.promise]);
  if (end === 'aborted') throw stopped.error();
  if (end === 'late') {
    await child.end(run.patienceMs);
    throw new TraceToolError(
      'ERR_TOPRUNG_TRACE_DECODE',
      `magic-trace did not finish decoding within ${run.decodeTimeoutMs} ms`,
      'magic-trace',
      child.words,
    );
  }
  if (end.code !== 0 || /^BUG: exception raised/m.test(child.words)) throw failure(child);
  if (!existsSync(run.out)) {
    throw new TraceToolError('ERR_TOPRUNG_TRACE_DECODE', 'magic-trace wrote no trace', 'magic-trace', child.words);
  }
}

function failure(child: Child): TraceToolError {
  const { code, signal } = child.ended ?? { code: null, signal: null };
  const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
  return toolError('magic-trace', child.words, {
    code: 'ERR_TOPRUNG_TRACE_TOOL',
    means: `magic-trace ended ${how} without a trace`,
  });
}

/** magic-trace says that it took a snapshot even when the trigger was never met: the file alone tells. */
function readHits(run: MagicTraceRun, words: string): TriggerHit[] {
  if (run.trigger === undefined) return [];
  const file = path.join(run.workDir, 'hits.sexp');
  const hits = existsSync(file) ? parseHits(readFileSync(file, 'utf8')) : [];
  if (hits === undefined || hits.length === 0) {
    throw new TraceToolError(
      'ERR_TOPRUNG_TRACE_NEVER_FIRED',
      `the trigger ${run.trigger} was not met: nothing of interest was recorded`,
      'magic-trace',
      words,
    );
  }
  return hits;
}
