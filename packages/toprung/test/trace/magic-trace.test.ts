/** magic-trace, played by a fake: every line and failure that the wrapper must know. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { TraceToolError } from '../../src/index.js';
import { capture } from '../../src/trace/capture.js';
import { triggerFor } from '../../src/trace/elf.js';
import { hookInfo } from '../../src/trace/hook.js';
import { type CaptureState, type MagicTraceRun, runMagicTrace } from '../../src/trace/magic-trace.js';
import { parseHits } from '../../src/trace/sexp.js';
import { binaries, environment, folder, machine } from './lib.js';

// The tools are processes, and a busy machine takes its time to start one.
vi.setConfig({ testTimeout: 30_000 });
const where = folder('magic');
const bin = binaries(where);
let runs = 0;

/** Plays a part; gives the states as well. */
async function play(part: string, more: Partial<MagicTraceRun> = {}) {
  const states: CaptureState[] = [];
  const workDir = path.join(where, `run-${runs++}`);
  mkdirSync(workDir);
  const out = path.join(workDir, 'trace.fxt');
  let readied = 0;
  const done = runMagicTrace({
    tool: path.join(bin, 'magic-trace'),
    target: { pid: process.pid },
    trigger: 'addr:0x7f01',
    workDir,
    out,
    args: [],
    readyTimeoutMs: 20_000,
    timeoutMs: 20_000,
    decodeTimeoutMs: 20_000,
    patienceMs: 200,
    env: environment(bin, { FAKE_MAGIC: part }),
    signal: undefined,
    onState: (state) => states.push(state),
    onReady: () => {
      readied += 1;
    },
    until: undefined,
    ...more,
  });
  const settled = await done.then(
    (result) => ({ result, error: undefined }),
    (error: TraceToolError) => ({ result: undefined, error }),
  );
  return { ...settled, states, out, readied };
}

describe.concurrent('attaching', () => {
  it('goes through its states, arms once it records, and stops it after the hit', async () => {
    const { result, states, out, readied } = await play('ok');
    expect(states).toEqual([
      'spawned',
      'ready',
      'armed',
      'snapshot',
      'hit',
      'stopping',
      'finished',
      'decoding',
      'decoded',
    ]);
    expect(readied).toBe(1);
    expect(existsSync(out)).toBe(true);
    expect(result?.argv.slice(1, 6)).toEqual(['attach', '-pid', String(process.pid), '-trigger', 'addr:0x7f01']);
    // Oldest first, and exact though the argument is above 2^53.
    expect(result?.hits.map((h) => h.command)).toEqual([4710, 4711]);
    expect(result?.hits[1]).toMatchObject({ name: 'addr:0x7f01', argument: String((1n << 56n) | 4711n) });
  });

  it('sends no signal to one that ends by itself after the hit', async () => {
    const { result, states } = await play('ends-itself');
    expect(result?.hits).toHaveLength(2);
    expect(states).not.toContain('stopping');
  });

  it('ends when the caller says so, and takes a snapshot without a trigger', async () => {
    const { result, states } = await play('ok', {
      trigger: undefined,
      until: new Promise((resolve) => setTimeout(resolve, 200)),
    });
    expect(states).toEqual([
      'spawned',
      'ready',
      'armed',
      'hit',
      'stopping',
      'snapshot',
      'finished',
      'decoding',
      'decoded',
    ]);
    expect(result?.hits).toEqual([]);
  });

  it('gives a trace when its target goes away', async () => {
    const { states } = await play('target-gone', { trigger: undefined });
    expect(states).toContain('decoded');
  });

  it('keeps warnings and counts errors of the decoder', async () => {
    expect((await play('warns')).result?.warnings).toHaveLength(3);
    expect((await play('overflow')).result?.decodeErrors).toBe(3);
  });

  it('stops at the abort signal and leaves no process', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort('enough'), 200);
    const { error } = await play('never', { signal: controller.signal, timeoutMs: 60_000 });
    expect(error).toMatchObject({ name: 'AbortError', cause: 'enough' });
  });
});

describe.concurrent('running a command', () => {
  it('waits for its end', async () => {
    const { result, states } = await play('ok', { target: { command: [process.execPath, '-e', '0'] }, trigger: '.' });
    expect(states).toEqual(['spawned', 'snapshot', 'finished', 'decoding', 'decoded']);
    expect(result?.argv[1]).toBe('run');
    expect(result?.hits[0]).toMatchObject({ name: 'magic_trace_stop_indicator', command: 4711 });
  });

  it('interrupts it when its time is over', async () => {
    const { states } = await play('run-long', {
      target: { command: [process.execPath, '-e', '0'] },
      trigger: undefined,
      timeoutMs: 400,
    });
    expect(states.slice(0, 3)).toEqual(['spawned', 'timeout', 'stopping']);
    expect(states).toContain('decoded');
  });
});

describe.concurrent('failures are told apart, each in the tool’s own words', () => {
  it.each([
    ['no-perf', 'ERR_TOPRUNG_TRACE_PERF_MISSING', 'relies on "perf"'],
    ['stripped', 'ERR_TOPRUNG_TRACE_STRIPPED', 'symbol table'],
    ['no-elf', 'ERR_TOPRUNG_TRACE_STRIPPED', 'No ELF found'],
    ['symbol', 'ERR_TOPRUNG_TRACE_SYMBOL', 'Snapshot symbol not found'],
    ['version', 'ERR_TOPRUNG_TRACE_PERF_OUTPUT', 'unable to interpret'],
    ['duplicate', 'ERR_TOPRUNG_TRACE_OPTION', 'Duplicate PIDs'],
    ['callgraph', 'ERR_TOPRUNG_TRACE_OPTION', 'callgraph-mode'],
    ['lbr', 'ERR_TOPRUNG_TRACE_OPTION', 'Last_branch_record'],
    ['timer', 'ERR_TOPRUNG_TRACE_OPTION', 'timer-resolution Sample'],
    ['timer-custom', 'ERR_TOPRUNG_TRACE_OPTION', 'timer-resolution Custom'],
    ['root', 'ERR_TOPRUNG_TRACE_PERMISSION', 'must be run as root'],
    ['denied', 'ERR_TOPRUNG_TRACE_PERMISSION', 'Permission denied'],
    ['pmu', 'ERR_TOPRUNG_TRACE_NO_INTEL_PT', 'Cannot find PMU'],
    ['gone', 'ERR_TOPRUNG_TRACE_TARGET', 'No such process'],
    ['odd', 'ERR_TOPRUNG_TRACE_TOOL', 'nobody foresaw'],
    ['dies', 'ERR_TOPRUNG_TRACE_TOOL', 'Attached'],
    ['cpu-clock', 'ERR_TOPRUNG_TRACE_PERF_OUTPUT', 'cpu-clock'],
    ['new-perf', 'ERR_TOPRUNG_TRACE_PERF_OUTPUT', 'tr strt jmp'],
    ['unread', 'ERR_TOPRUNG_TRACE_PERF_OUTPUT', 'Not_found'],
    ['start-tick', 'ERR_TOPRUNG_TRACE_DECODE', 'start tick'],
    ['killed', 'ERR_TOPRUNG_TRACE_TOOL', 'Decoding'],
    ['no-file', 'ERR_TOPRUNG_TRACE_DECODE', 'Visit'],
    ['bad-hits', 'ERR_TOPRUNG_TRACE_NEVER_FIRED', 'Snapshot taken'],
  ])('%s: %s', async (part, code, words) => {
    const { error } = await play(part);
    expect(error).toBeInstanceOf(TraceToolError);
    expect(error).toMatchObject({ code, tool: 'magic-trace' });
    expect(error?.output).toContain(words);
  });

  it('a trigger that was never met is no success, though the tool says that it took a snapshot', async () => {
    const { error, states } = await play('never', { timeoutMs: 300 });
    expect(error).toMatchObject({ code: 'ERR_TOPRUNG_TRACE_NEVER_FIRED' });
    expect(error?.output).toContain('[ Snapshot taken. ]');
    expect(states).toContain('timeout');
  });

  it('one that does not attach is ended', async () => {
    const { error, readied } = await play('late', { readyTimeoutMs: 300 });
    expect(error).toMatchObject({ code: 'ERR_TOPRUNG_TRACE_NOT_READY' });
    expect(readied).toBe(0);
  });

  it('one that heeds no signal is ended, too', async () => {
    const { error, states } = await play('deaf', { timeoutMs: 300, decodeTimeoutMs: 800 });
    expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_TOPRUNG_TRACE_/), tool: 'magic-trace' });
    expect(states).toContain('stopping');
    expect(states).not.toContain('decoded');
  });

  it('one that decodes for ever is ended', async () => {
    const { error } = await play('slow-decode', { decodeTimeoutMs: 800 });
    expect(error).toMatchObject({ code: 'ERR_TOPRUNG_TRACE_DECODE' });
  });

  it('one that is not there is an error of its own', async () => {
    const { error } = await play('ok', { tool: path.join(where, 'nowhere') });
    expect(error).toMatchObject({ code: 'ERR_TOPRUNG_TRACE_TARGET' });
  });
});

describe.concurrent('capture, on a machine with Intel PT', () => {
  const root = machine(where, 'pt', { 'sys/bus/event_source/devices/intel_pt/caps/psb_cyc': '1\n' });
  const target = { pid: process.pid };

  it('takes magic-trace, verifies the trace, and writes beside it how it was made', async () => {
    const out = path.join(where, 'captured.fxt');
    const env = environment(bin, { FAKE_MAGIC: 'ok' });
    const done = await capture({ target, trigger: '.', out }, { root, env });
    expect(done).toMatchObject({ mode: 'intel-pt', verification: { sound: true, spans: 1 }, trigger: '.' });
    expect(done.why).toContain('magic-trace');
    expect(done.machine.magicTrace).toBe('1.2.4');
    expect(JSON.parse(readFileSync(`${out}.json`, 'utf8'))).toEqual(JSON.parse(JSON.stringify(done)));
  });

  it('attaches to the thread of a run of toprung, by the address of its hook, and runs it once that records', async () => {
    const out = path.join(where, 'own.fxt');
    const run = {
      scenario: 'zi-baseline',
      events: 20_000,
      every: 1,
      trigger: { everyNth: 5_000 },
      level: 'order',
    } as const;
    const states: CaptureState[] = [];
    const done = await capture(
      { target: { run }, out, onState: (state) => states.push(state) },
      { root, env: environment(bin, { FAKE_MAGIC: 'ok' }) },
    );
    expect(done).toMatchObject({ mode: 'intel-pt', trigger: triggerFor('/proc/self', BigInt(hookInfo()!.address)) });
    expect(done.argv?.slice(1, 3)).toEqual(['attach', '-pid']);
    expect(Number(done.argv?.[3])).not.toBe(process.pid);
    expect(done.report?.hits.length).toBeGreaterThan(0);
    expect(states.slice(0, 3)).toEqual(['spawned', 'ready', 'armed']);
  });

  it('says what is wrong with a trace that is cut, and refuses one without spans', async () => {
    const env = (part: string) => environment(bin, { FAKE_MAGIC: part });
    const cut = await capture({ target, trigger: '.', out: path.join(where, 'cut.fxt') }, { root, env: env('cut') });
    expect(cut.verification.sound).toBe(false);
    expect(cut.verification.problems.join()).toMatch(/ended early|no end/);
    await expect(
      capture({ target, trigger: '.', out: path.join(where, 'empty.fxt') }, { root, env: env('empty') }),
    ).rejects.toMatchObject({ code: 'ERR_TOPRUNG_TRACE_EMPTY' });
  });

  it('removes its own folder, and keeps one that was named', async () => {
    const workDir = path.join(where, 'kept');
    const env = environment(bin, { FAKE_MAGIC: 'ok', TMPDIR: where });
    await capture({ target, trigger: '.', out: path.join(where, 'kept.fxt'), workDir }, { root, env });
    expect(readdirSync(workDir)).toContain('hits.sexp');
  });

  it('what is asked for and not here is refused with what is missing', async () => {
    const out = path.join(where, 'refused.fxt');
    const bare = environment(binaries(where, []));
    const perfOnly = environment(binaries(where, ['perf']));
    const plain = machine(where, 'plain', {});
    const refused = (mode: 'intel-pt' | 'sampling' | 'flight-recorder', env: Record<string, string>, at: string) =>
      capture({ target, mode, out }, { root: at, env }).catch((e: Error & { code: string }) => e.code);
    expect(await refused('intel-pt', perfOnly, root)).toBe('ERR_TOPRUNG_TRACE_MAGIC_MISSING');
    expect(await refused('intel-pt', environment(bin), plain)).toBe('ERR_TOPRUNG_TRACE_NO_INTEL_PT');
    expect(await refused('intel-pt', environment(binaries(where, ['magic-trace'])), root)).toBe(
      'ERR_TOPRUNG_TRACE_PERF_MISSING',
    );
    expect(await refused('sampling', bare, root)).toBe('ERR_TOPRUNG_TRACE_PERF_MISSING');
    expect(await refused('flight-recorder', bare, root)).toBe('ERR_TOPRUNG_TRACE_OPTION');
    await expect(capture({ target, out: '/no/such/folder/t.fxt' })).rejects.toMatchObject({
      code: 'ERR_TOPRUNG_OUTPUT',
    });
    await expect(capture({ target: {} as never, out })).rejects.toMatchObject({ code: 'ERR_TOPRUNG_CONFIG' });
  });
});

describe('hits.sexp', () => {
  it('is read, and nonsense is not taken for no hits', () => {
    expect(parseHits('()')).toEqual([]);
    expect(parseHits('((a ((passed_val 7)(tid 3))))')).toEqual([{ name: 'a', argument: '7', command: 7, tid: 3 }]);
    for (const text of ['', '(', ')', '(()', 'x', '(a)', '((a)) ()']) expect(parseHits(text)).toBeUndefined();
  });
});
