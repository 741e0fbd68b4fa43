/** The native half of tracing: magic-trace's hook in the addon, recorded runs, trace files as columns. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { native } from '../src/native.js';

const folder = mkdtempSync(path.join(tmpdir(), 'toprung-tracer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { CancelFlag, NativeTracer, traceInfo, traceMark, traceProbe, traceRead } = native();
const json = (text: string) => JSON.parse(text);
const tracer = (options: object) => new NativeTracer(JSON.stringify(options));
const quiet = () => {};

describe('the hook in the addon', () => {
  it('has an address, and the thread an id', () => {
    const info = json(traceInfo());
    expect(info.address).toMatch(/^0x[0-9a-f]+$/);
    expect(info).toMatchObject({ pid: process.pid, clock: { ticksPerSecond: expect.any(Number) } });
    expect(() => traceMark(-1)).toThrow(expect.objectContaining({ code: 'ERR_TOPRUNG_OUT_OF_RANGE' }));
    traceMark(7);
  });

  it('is hit once for each call, and by nobody else’s calls', (context) => {
    const probe = json(traceProbe(25));
    context.skip(typeof probe.skipped === 'string', probe.skipped);
    expect(probe).toEqual({ hits: 25, otherThreadHits: 0, lastArg: 24 });
  });

  it('is the same in a worker, whose thread has another id', async () => {
    const addon = JSON.stringify(new URL('../native/index.cjs', import.meta.url).pathname);
    const code = `require('node:worker_threads').parentPort.postMessage(require(${addon}).traceInfo())`;
    const worker = new Worker(code, { eval: true });
    const there = json(await new Promise<string>((resolve) => worker.once('message', resolve)));
    const here = json(traceInfo());
    expect(there.address).toBe(here.address);
    if (process.platform === 'linux') expect(there.tid).not.toBe(here.tid);
  });
});

describe('a recorded run', () => {
  it('has the events of the same run without a recorder, fires, and writes a trace that nests', async () => {
    const output = path.join(folder, 'run.fxt.gz');
    const run = tracer({
      scenario: 'zi-baseline',
      events: 40_000,
      trigger: { latencyOverNs: 45_000, hitsMax: 100 },
      plant: ['stall'],
      output,
    });
    expect(json(run.status())).toEqual({ armed: true, commands: 0, hits: 0, lastLatencyNs: 0 });
    const report = json(await run.run(new CancelFlag(), quiet));
    const plain = json(
      await tracer({ scenario: 'zi-baseline', events: 40_000, level: 'off' }).run(new CancelFlag(), quiet),
    );
    expect(report.digest).toBe(plain.digest);
    expect(plain).toMatchObject({ recorded: 0, hits: [], commands: 60_000 });
    const planted = report.hits.filter((hit: { command: number }) => hit.command % 4096 === 2047);
    expect(planted.length).toBeGreaterThanOrEqual(9);
    expect(json(run.status()).hits).toBe(report.hits.length);

    const trace = await traceRead(output);
    const header = json(trace.header());
    expect(header).toMatchObject({ quality: { clean: true, cut: null }, nesting: { clean: true } });
    const columns = [
      trace.times(),
      trace.ends(),
      trace.ids(),
      trace.threads(),
      trace.categories(),
      trace.names(),
      trace.kinds(),
    ];
    for (const column of columns) expect(column.length).toBe(header.eventCount);
    expect(trace.argStarts().at(-1)).toBe(trace.argValues().length);
    expect([trace.argNames().length, trace.argTypes().length]).toEqual([header.argCount, header.argCount]);
    const hit = header.texts.indexOf('hit magic_trace_stop_indicator');
    expect(trace.names().filter((name) => name === hit).length).toBe(report.hits.length);
    expect(header.threads.some((t: { tid: number }) => t.tid === run.tid)).toBe(true);

    const part = path.join(folder, 'part.fxt');
    const times = trace.times();
    await trace.window(part, times[0] ?? 0, times[100] ?? 0);
    expect(json((await traceRead(part)).header()).nesting.clean).toBe(true);
    expect(() => trace.window(part, -1, 0)).toThrow(expect.objectContaining({ code: 'ERR_TOPRUNG_OUT_OF_RANGE' }));
  });

  it('stops when it is told to, with what it has', async () => {
    const flag = new CancelFlag();
    const run = tracer({ scenario: 'zi-baseline', events: 1e9, every: 1 });
    const done = run.run(flag, () => flag.cancel());
    const report = json(await done);
    expect(report.cancelled).toBe(true);
    expect(() => run.run(flag, quiet)).toThrow(expect.objectContaining({ code: 'ERR_TOPRUNG_CONFIG' }));
  });

  it('fires only while it is armed', async () => {
    const run = tracer({ scenario: 'zi-baseline', events: 20_000, every: 1, trigger: { armed: false }, replay: false });
    expect(json(run.status()).armed).toBe(false);
    const other = tracer({
      scenario: 'zi-baseline',
      events: 20_000,
      every: 1,
      trigger: { armed: false },
      replay: false,
    });
    other.arm(true);
    const hits = async (t: typeof run) => json(await t.run(new CancelFlag(), quiet)).hits.length;
    expect([await hits(run), await hits(other)]).toEqual([0, 16]);
  });

  it('refuses what it cannot do, with a code', async () => {
    expect(() => tracer({ scenario: 'zi-baseline', colour: 'red' })).toThrow(
      expect.objectContaining({ code: 'ERR_TOPRUNG_CONFIG', message: expect.stringContaining('colour') }),
    );
    expect(() => tracer({ level: 'order' })).toThrow(expect.objectContaining({ code: 'ERR_TOPRUNG_CONFIG' }));
    const failing = (options: object) => tracer(options).run(new CancelFlag(), quiet);
    await expect(failing({ scenario: 'none' })).rejects.toMatchObject({ code: 'ERR_TOPRUNG_CONFIG' });
    await expect(failing({ journal: '/nowhere' })).rejects.toMatchObject({ code: 'ERR_TOPRUNG_JOURNAL_NOT_FOUND' });
    const output = path.join(folder, 'no/such/folder.fxt');
    await expect(failing({ scenario: 'zi-baseline', events: 10, output })).rejects.toMatchObject({
      code: 'ERR_TOPRUNG_TRACE_FILE',
    });
    await expect(traceRead(path.join(folder, 'none.fxt'))).rejects.toMatchObject({ code: 'ERR_TOPRUNG_TRACE_FILE' });
    await expect(traceRead(new URL(import.meta.url).pathname)).rejects.toMatchObject({
      code: 'ERR_TOPRUNG_TRACE_FORMAT',
    });
  });
});
