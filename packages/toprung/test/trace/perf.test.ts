/** perf, played by a fake and, where it is, by itself. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { trace } from '../../src/index.js';
import { capture } from '../../src/trace/capture.js';
import type { CaptureState } from '../../src/trace/magic-trace.js';
import { type PerfRun, runPerf } from '../../src/trace/perf.js';
import { askTool } from '../../src/trace/tools.js';
import { binaries, environment, folder, machine } from './lib.js';

// The tools are processes, and a busy machine takes its time to start one.
vi.setConfig({ testTimeout: 30_000 });
const where = folder('perf');
const bin = binaries(where);
let runs = 0;

async function play(part: string, more: Partial<PerfRun> = {}) {
  const states: CaptureState[] = [];
  const workDir = path.join(where, `run-${runs++}`);
  mkdirSync(workDir);
  const out = path.join(workDir, 'trace.perf');
  const settled = await runPerf({
    tool: path.join(bin, 'perf'),
    target: { pid: process.pid },
    frequency: 997,
    callGraph: 'dwarf',
    hasControl: true,
    workDir,
    out,
    readyTimeoutMs: 20_000,
    timeoutMs: 300,
    decodeTimeoutMs: 20_000,
    patienceMs: 200,
    env: environment(bin, { FAKE_PERF: part }),
    signal: undefined,
    onState: (state) => states.push(state),
    onReady: () => {},
    until: undefined,
    ...more,
  }).then(
    (result) => ({ result, error: undefined }),
    (error: Error & { code: string; output: string }) => ({ result: undefined, error }),
  );
  return { ...settled, states, out };
}

describe.concurrent('perf', () => {
  it('is switched on through its control channel, stopped, and its samples written', async () => {
    const { result, states, out } = await play('ok');
    expect(states).toEqual(['spawned', 'ready', 'armed', 'timeout', 'stopping', 'finished', 'decoding', 'decoded']);
    expect(result?.argv).toContain('--control=fd:3,4');
    const analysis = await trace.analyze(out);
    expect(analysis).toMatchObject({ source: 'sampling', unit: 'samples', total: 3 });
    expect(analysis.functions.map((f) => [f.name, f.own])).toEqual([
      ['toprung_book::book::Book::apply', 2],
      ['malloc', 1],
      ['main', 0],
    ]);
  });

  it('records a command to its end, and an old perf without a control channel', async () => {
    expect(
      (await play('ok', { target: { command: [process.execPath, '-e', '0'] }, timeoutMs: 10_000 })).states,
    ).toEqual(['spawned', 'ready', 'armed', 'finished', 'decoding', 'decoded']);
    const old = await play('ok', { hasControl: false });
    expect(old.result?.argv.some((a) => a.startsWith('--control'))).toBe(false);
    expect(old.states.at(-1)).toBe('decoded');
  });

  it('ends when the caller says so, or its target is gone; one that hesitates is asked again', async () => {
    expect((await play('ok', { until: Promise.resolve(), timeoutMs: 60_000 })).states).toContain('hit');
    expect((await play('target-gone', { timeoutMs: 60_000 })).states).toContain('target-gone');
    expect((await play('slow-to-stop')).states.at(-1)).toBe('decoded');
  });

  it.each([
    ['denied', 'ERR_TOPRUNG_TRACE_PERMISSION', 'perf_event_paranoid'],
    ['gone', 'ERR_TOPRUNG_TRACE_TARGET', 'No such process'],
    ['odd', 'ERR_TOPRUNG_TRACE_TOOL', 'Segmentation fault'],
    ['no-data', 'ERR_TOPRUNG_TRACE_TOOL', 'Captured'],
    ['script-fails', 'ERR_TOPRUNG_TRACE_DECODE', 'incompatible'],
    ['no-samples', 'ERR_TOPRUNG_TRACE_EMPTY', ''],
  ])('%s: %s', async (part, code, words) => {
    const { error, out } = await play(part);
    expect(error).toMatchObject({ name: 'TraceToolError', tool: 'perf', code });
    expect(error?.output).toContain(words);
    expect(existsSync(out)).toBe(false);
  });

  it('one that says nothing, does not stop, or decodes for ever is ended', async () => {
    expect((await play('mute', { readyTimeoutMs: 300 })).error).toMatchObject({ code: 'ERR_TOPRUNG_TRACE_NOT_READY' });
    expect((await play('deaf')).error).toMatchObject({ code: 'ERR_TOPRUNG_TRACE_TOOL' });
    expect((await play('script-hangs', { decodeTimeoutMs: 400 })).error).toMatchObject({
      code: 'ERR_TOPRUNG_TRACE_DECODE',
    });
  });

  it('a command that does not exist is said to be', async () => {
    const { error } = await play('ok', { target: { command: ['/no/such/program'] }, timeoutMs: 5_000 });
    expect(error).toMatchObject({ code: 'ERR_TOPRUNG_TRACE_TARGET' });
  });
});

describe('capture without Intel PT', () => {
  it('samples other processes, and says why', async () => {
    const out = path.join(where, 'captured.perf');
    const root = machine(where, 'plain', {});
    const done = await capture({ target: { pid: process.pid }, out, timeoutMs: 200 }, { root, env: environment(bin) });
    expect(done).toMatchObject({ mode: 'sampling', why: 'no Intel PT: perf samples stacks', hits: [], trigger: null });
    expect(done.verification).toMatchObject({ sound: true, format: 'perf-script', spans: 3 });
    expect(JSON.parse(readFileSync(`${out}.json`, 'utf8')).machine.perf).toBe('perf version 6.1.187');
  });
});

it('a run of toprung is sampled while it lasts', async () => {
  const out = path.join(where, 'own.perf');
  const run = { scenario: 'zi-baseline', events: 20_000, level: 'order' } as const;
  const place = { root: machine(where, 'plain', {}), env: environment(bin) };
  const done = await capture({ target: { run }, mode: 'sampling', out, timeoutMs: 60_000 }, place);
  expect(done).toMatchObject({ mode: 'sampling', verification: { spans: 3 } });
  expect(done.argv).toContain('-t');
  expect(done.report?.commands).toBeGreaterThan(20_000);
});

describe('the perf of this machine', async () => {
  const perf = await askTool('perf', process.env);
  const busy = spawn(process.execPath, ['-e', 'for (let x = 0; ; x += Math.sqrt(x)) if (x < 0) break;']);
  afterAll(() => void busy.kill('SIGKILL'));
  const works =
    perf?.version !== undefined && (await trace.doctor()).checks.find((c) => c.id === 'perf-live')?.ok === true;

  it.skipIf(!works)('samples a process that is busy', async () => {
    const out = path.join(where, 'real.perf');
    const done = await trace.capture({
      target: { pid: busy.pid! },
      mode: 'sampling',
      out,
      timeoutMs: 700,
      frequency: 499,
      callGraph: 'fp',
    });
    expect(done.verification.spans).toBeGreaterThan(20);
    expect((await trace.analyze(out)).functions.length).toBeGreaterThan(0);
  });
});
