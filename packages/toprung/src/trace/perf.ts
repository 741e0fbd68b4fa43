/**
 * perf, driven: stacks of native frames, many times a second, on any Linux machine.
 *
 * The event is `cpu-clock`, which every kernel has: on a virtual machine perf takes it in place of cycles without a word.
 * perf starts switched off and is switched on through its control channel, so that it is known when it records.
 */

import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Child, pause } from './child.js';
import { abortion, type CaptureState, type TraceTarget } from './magic-trace.js';
import { TraceToolError, toolError } from './tool-error.js';
import type { Environment } from './tools.js';

/** A recording by perf. */
export interface PerfRun {
  tool: string;
  target: TraceTarget & { wholeProcess?: boolean };
  /** Samples per second. */
  frequency: number;
  /** How callers are found: `dwarf` for release builds, `fp` for builds with frame pointers. */
  callGraph: 'dwarf' | 'fp';
  /** Whether perf can be switched on and off (5.10). */
  hasControl: boolean;
  workDir: string;
  out: string;
  readyTimeoutMs: number;
  timeoutMs: number;
  decodeTimeoutMs: number;
  /** How long it may take to end after each signal. */
  patienceMs: number;
  env: Environment;
  signal: AbortSignal | undefined;
  onState: (state: CaptureState) => void;
  onReady: () => void | Promise<void>;
  until: Promise<unknown> | undefined;
}

/** Records and writes the text of `perf script` to `out`. @throws TraceToolError, AbortError */
export async function runPerf(run: PerfRun): Promise<{ argv: string[] }> {
  const data = path.join(run.workDir, 'perf.data');
  const attached = 'pid' in run.target;
  const control = run.hasControl && attached;
  const argv = [
    'record',
    '-o',
    data,
    '-e',
    'cpu-clock:u',
    '-F',
    String(run.frequency),
    '--call-graph',
    run.callGraph === 'dwarf' ? 'dwarf,8192' : 'fp',
    // The descriptors of the child's further pipes.
    ...(control ? ['--delay=-1', '--control=fd:3,4'] : []),
    ...('pid' in run.target
      ? [run.target.wholeProcess === true ? '-p' : '-t', String(run.target.pid)]
      : ['--', ...run.target.command]),
  ];
  const child = new Child(run.tool, argv, run.env, control ? 2 : 0);
  const stopped = abortion(run.signal);
  try {
    run.onState('spawned');
    if (control) await switchOn(run, child);
    else if (attached) await settle(child);
    run.onState('ready');
    run.onState('armed');
    await run.onReady();
    const end = await Promise.race([
      ...(run.until === undefined ? [] : [run.until.then(() => 'hit' as const)]),
      child.exit.then(() => 'exit' as const),
      pause(run.timeoutMs).then(() => 'timeout' as const),
      stopped.promise,
    ]);
    if (end === 'aborted') throw stopped.error();
    // A command ends by itself, and perf with it.
    if (end !== 'exit') run.onState(end);
    else if (attached) run.onState('target-gone');
    if (child.ended === undefined) run.onState('stopping');
    await child.end(run.patienceMs);
  } finally {
    stopped.release();
    if (child.ended === undefined) await child.end(run.patienceMs);
  }
  // Ended by SIGINT it says 130 or −SIGINT, and by its own command what that said: the file alone tells.
  if (!existsSync(data) || statSync(data).size === 0) {
    throw toolError('perf', child.words, { code: 'ERR_TOPRUNG_TRACE_TOOL', means: 'perf recorded nothing' });
  }
  run.onState('finished');
  run.onState('decoding');
  await script(run, data, child.words);
  run.onState('decoded');
  return { argv: [run.tool, ...argv] };
}

/** Switches perf on and waits until it says that it is. */
async function switchOn(run: PerfRun, child: Child): Promise<void> {
  const [commands, answers] = [child.channel(3), child.channel(4)];
  // When perf ends, so do its pipes; that is told by its exit.
  for (const channel of [commands, answers]) channel.on('error', () => {});
  const answer = new Promise<'ack'>((resolve) => {
    answers.on('data', (bytes: Buffer) => bytes.includes('ack') && resolve('ack'));
  });
  commands.write('enable\n');
  const first = await Promise.race([
    answer,
    child.exit.then(() => 'exit'),
    pause(run.readyTimeoutMs).then(() => 'late'),
  ]);
  if (first === 'ack') return;
  await child.end(run.patienceMs);
  throw toolError('perf', child.words, {
    code: first === 'late' ? 'ERR_TOPRUNG_TRACE_NOT_READY' : 'ERR_TOPRUNG_TRACE_TOOL',
    means: first === 'late' ? `perf did not begin within ${run.readyTimeoutMs} ms` : 'perf ended before it recorded',
  });
}

/** An old perf does not say when it records: it has done so within this time. */
async function settle(child: Child): Promise<void> {
  await Promise.race([child.exit, pause(500)]);
  if (child.ended !== undefined) {
    throw toolError('perf', child.words, { code: 'ERR_TOPRUNG_TRACE_TOOL', means: 'perf ended before it recorded' });
  }
}

/** Writes the samples as text; the file appears whole or not at all. */
async function script(run: PerfRun, data: string, recordingSaid: string): Promise<void> {
  const temporary = `${run.out}.${process.pid}.tmp`;
  const fields = 'pid,tid,time,event,period,ip,sym,symoff,dso';
  const child = spawn(run.tool, ['script', '-i', data, '--ns', '--no-inline', '-F', fields], {
    env: { ...run.env, PAGER: 'cat' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: run.decodeTimeoutMs,
  });
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-8_000);
  });
  const exit = new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(127));
    child.on('close', resolve);
  });
  try {
    await pipeline(child.stdout, createWriteStream(temporary));
    const code = await exit;
    if (code !== 0) {
      // Why there is nothing to decode was said while it was recorded.
      throw toolError('perf', `${recordingSaid}\n${words}`, {
        code: 'ERR_TOPRUNG_TRACE_DECODE',
        means:
          code === null
            ? `perf script took more than ${run.decodeTimeoutMs} ms`
            : `perf script ended with exit code ${code}`,
      });
    }
    if (statSync(temporary).size === 0) {
      throw new TraceToolError('ERR_TOPRUNG_TRACE_EMPTY', 'perf took no sample: the thread did not run', 'perf', words);
    }
    renameSync(temporary, run.out);
  } finally {
    child.kill('SIGKILL');
    rmSync(temporary, { force: true });
  }
}
