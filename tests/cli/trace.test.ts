/** `toprung trace` and `toprung profile` as people meet them: files, figures, exit codes. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { toprung } from '../lib/command.js';
import { hasSharedData, shared } from '../lib/shared-data.js';

// A command is a process of its own, and a busy machine takes its time to start one.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const folder = mkdtempSync(path.join(tmpdir(), 'toprung-trace-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string): string => path.join(folder, name);
const kept = file('kept.fxt.gz');
const json = (stdout: string) => JSON.parse(stdout);

beforeAll(async () => {
  const args = ['--events', '25k', '--every', '1', '--level', 'everything', '--ring', '1M', '--plant', 'alloc'];
  const { code } = await toprung(['trace', 'record', 'zi-baseline', ...args, '--out', kept]);
  expect(code).toBe(0);
});

describe('trace', () => {
  test('doctor explains this machine in one line and a list', async () => {
    const { code, stdout } = await toprung(['trace', 'doctor']);
    expect(code).toBe(0);
    expect(stdout.trim().split('\n').at(-1)).toMatch(/^(intel-pt|sampling|flight-recorder) {2}\S/);
    const found = json((await toprung(['trace', 'doctor', '--json'])).stdout);
    expect(found.schema).toBe('toprung.trace.doctor/1');
    expect(stdout).toContain(found.why);
  });

  test('record shows latencies, hits and the digest', async () => {
    const args = [
      '--events',
      '5k',
      '--every-nth',
      '500',
      '--hits',
      '3',
      '--seed',
      '7',
      '--kinds',
      'limit',
      '--every',
      '1',
    ];
    const { code, stdout } = await toprung(['trace', 'record', 'zi-baseline', ...args]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^3 hits/m);
    expect(stdout).toMatch(/digest [0-9a-f]{32}/);
    const found = json((await toprung(['trace', 'record', 'zi-baseline', ...args, '--json'])).stdout);
    expect(stdout).toContain(found.digest);
  });

  test('record takes a recorded day, with latencies by kind and what the system counted', async () => {
    const day = fileURLToPath(new URL('../fixtures/replay/small.replay.csv', import.meta.url));
    const found = json((await toprung(['trace', 'record', '--day', day, '--every', '1', '--json'])).stdout);
    expect(found.latency.slice(1).reduce((n: number, l: { count: number }) => n + l.count, 0)).toBe(found.commands);
    expect(found.intervals.at(-1)).toMatchObject({ pageFaults: expect.any(Number), allocations: expect.any(Number) });
    expect(found).toMatchObject({ day, response: [], minorFaults: expect.any(Number) });
    expect(found.cpuMigrations === null || found.cpuMigrations >= 0).toBe(true);
  });

  test('analyze names the planted fault first, and writes the report', async () => {
    const { code, stdout } = await toprung(['trace', 'analyze', kept, '--report', file('report.md')]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^warning {2}every 4,096th order calls the allocator$/m);
    expect(stdout).toContain('modulo 4,096');
    expect(readFileSync(file('report.md'), 'utf8')).toContain('every 4,096th order calls the allocator');
    expect(json((await toprung(['trace', 'analyze', kept, '--json'])).stdout).insights[0].rule).toBe('allocation');
  });

  test('verify has two readers agree, and exits with 4 where one does not', async () => {
    expect((await toprung(['trace', 'verify', kept])).stdout).toContain('sound: both readers agree');
    writeFileSync(file('cut.fxt'), gunzipSync(readFileSync(kept)).subarray(0, 80_001));
    const cut = await toprung(['trace', 'verify', file('cut.fxt')]);
    expect(cut.code).toBe(4);
    expect(cut.stdout).toContain('problem');
  });

  test('a trace of magic-trace is sound to both readers, and analysed', async () => {
    if (!hasSharedData('fxt')) return;
    const real = shared('fxt', 'richiesams_trace.fxt');
    const found = json((await toprung(['trace', 'verify', real, '--json'])).stdout);
    expect(found).toMatchObject({
      sound: true,
      events: 34_592,
      spans: 17_296,
      second: { sound: true, events: 34_592 },
    });
    expect((await toprung(['trace', 'analyze', real])).stdout).toContain('intel-pt');
  });

  test.concurrent.each([
    ['svg', /^<svg[\s\S]*<\/svg>\n$/],
    ['collapsed', /^order(;\w+)* \d+$/m],
    ['speedscope', /"\$schema":"https:\/\/www\.speedscope\.app/],
    ['chrome', /"traceEvents":\[/],
  ] as const)('export --format %s', async (format, pattern) => {
    const out = file(`export.${format}`);
    const window = ['--from', '0ns', '--to', '200us'];
    expect((await toprung(['trace', 'export', kept, '--format', format, '--out', out, ...window])).code).toBe(0);
    expect(readFileSync(out, 'utf8')).toMatch(pattern);
  });

  test('one order as a trace of its own', async () => {
    const [order] = json((await toprung(['trace', 'analyze', kept, '--json'])).stdout).insights[0].orders;
    const out = file('order.fxt.gz');
    const { code } = await toprung([
      'trace',
      'export',
      kept,
      '--format',
      'fxt',
      '--order',
      String(order),
      '--out',
      out,
    ]);
    expect(code).toBe(0);
    const found = json((await toprung(['trace', 'analyze', out, '--json'])).stdout);
    expect(found.slowest.map((o: { number: number }) => o.number)).toContain(order);
  });

  test('diff of a trace with itself finds nothing; its exit code tells; its flame graph has one colour', async () => {
    const { code, stdout } = await toprung(['trace', 'diff', kept, kept, '--out', file('diff.svg')]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^none: /);
    const svg = readFileSync(file('diff.svg'), 'utf8');
    expect(svg).toMatch(/class="f same"/);
    expect(svg).not.toMatch(/class="f (more|less)/);
  });

  test('capture records a scenario by itself where nothing better is', async () => {
    const out = file('captured.fxt.gz');
    const { code, stdout } = await toprung([
      'trace',
      'capture',
      'zi-baseline',
      '--events',
      '2k',
      '--mode',
      'flight-recorder',
      '--out',
      out,
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain('flight-recorder');
    expect(existsSync(`${out}.json`)).toBe(true);
  });

  test('a command behind -- is not read as options, and one that is not there is said to be', async () => {
    const { code, stderr } = await toprung([
      'trace',
      'capture',
      '--out',
      file('x.perf'),
      '--mode',
      'sampling',
      '--',
      '/no/such',
      '--help',
    ]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/ERR_TOPRUNG_TRACE_(TARGET|PERF_MISSING|PERMISSION|TOOL)/);
  });

  test.concurrent.each([
    [['trace', 'analyze'], 2, 'a trace file'],
    [['trace', 'capture', '--out', 'x'], 2, 'one of a scenario, --pid and a command'],
    [['trace', 'record', 'zi-basline'], 2, 'did you mean zi-baseline?'],
    [['trace', 'record', 'zi-baseline', '--day', 'x'], 2, 'one of a scenario, --journal and --day'],
    [['trace', 'record', '--day', '/no/such.csv'], 3, 'ERR_TOPRUNG_'],
    [['trace', 'record', 'zi-baseline', '--latency-over', '20'], 2, '20us'],
    [['trace', 'record', 'zi-baseline', '--every', 'many'], 2, '--every'],
    [['trace', 'record', 'zi-baseline', '--hits', '3'], 2, '--hits needs something to fire on'],
    [['trace', 'record', 'zi-baseline', '--every', '2', '--budget', '1'], 3, 'budgetPercent'],
    [['trace', 'analyze', '/no/such.fxt'], 3, 'ERR_TOPRUNG_TRACE_FILE'],
    [['trace', 'analyze', process.execPath], 3, 'ERR_TOPRUNG_TRACE_FORMAT'],
    [['trace', 'analyze', kept, '--report', '/no/such/folder/r.md'], 3, 'ERR_TOPRUNG_OUTPUT'],
    [['profile', 'zi-baseline', '--out', '/proc/nowhere'], 3, 'ERR_TOPRUNG_OUTPUT'],
  ])('%j: exit %i', async (args, exit, words) => {
    const { code, stderr } = await toprung(args as string[]);
    expect(code).toBe(exit);
    expect(stderr).toContain(words);
  });
});

describe('profile', () => {
  test('one command: trace, report, flame graph, the slowest orders and the fault', async () => {
    const out = file('profile');
    const { code, stdout } = await toprung([
      'profile',
      'zi-pro-rata',
      '--events',
      '25k',
      '--plant',
      'stall',
      '--out',
      out,
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/stalls for about \S+ µs on every 4,096th order/);
    expect(stdout).toMatch(/^slowest +kind/m);
    expect(stdout).toContain('both times');
    expect(readdirSync(out).sort()).toEqual(['flame.svg', 'profile.json', 'report.md', 'trace.fxt.gz']);
    expect(json(readFileSync(path.join(out, 'profile.json'), 'utf8')).check.sound).toBe(true);
    expect(readFileSync(path.join(out, 'flame.svg'), 'utf8')).toContain('<title>order: ');
    expect((await toprung(['trace', 'verify', path.join(out, 'trace.fxt.gz')])).code).toBe(0);
  });

  test.concurrent.each([
    ['alloc', /^warning {2}every 4,096th order calls the allocator$/m, 'allocation'],
    ['stall', /^warning {2}\w+ stalls for about \S+ µs on every 4,096th order$/m, 'stall'],
    ['page', /^warning {2}every 4,096th order touches memory that is not there yet/m, 'page-fault'],
  ])(
    'flash-crash, with %s planted: a sound trace, a flame graph, and the fault by its name',
    async (plant, says, rule) => {
      const out = file(`crash-${plant}`);
      const args = ['profile', 'flash-crash', '--events', '40k', '--plant', plant, '--out', out];
      const { code, stdout, stderr } = await toprung(args);
      expect(stderr).not.toContain('error');
      expect(code).toBe(0);
      expect(stdout).toMatch(says);
      expect(stdout).toContain('both times');
      const profile = json(readFileSync(path.join(out, 'profile.json'), 'utf8'));
      expect(profile.plain.commands).toBe(40_000);
      // Not the first perhaps: the market's own record of trades grows, and that is found, too.
      const named = profile.analysis.insights.find((i: { rule: string }) => i.rule === rule);
      expect(named).toMatchObject({ severity: 'warning', period: { every: 4096 } });
      expect(profile.check).toMatchObject({ sound: true, problems: [] });
      const verified = json((await toprung(['trace', 'verify', path.join(out, 'trace.fxt.gz'), '--json'])).stdout);
      expect(verified).toMatchObject({ sound: true, second: { sound: true, events: verified.events } });
      expect(readFileSync(path.join(out, 'flame.svg'), 'utf8')).toMatch(/^<svg[\s\S]*<title>lookup: [\s\S]*<\/svg>\n$/);
    },
  );

  test('scenarios of every kind can be profiled, and have something true to say', async () => {
    const all = json((await toprung(['scenarios', '--json'])).stdout);
    const names: string[] = [...all.scenarios, ...all.catalogue].map((s: { name: string }) => s.name);
    const some = [...new Set([names[0], all.scenarios.at(-1).name, 'etf-basket', names.at(-1)!])];
    for (const name of some) {
      const { code, stdout } = await toprung(['profile', name, '--events', '3k', '--out', file(name), '--json']);
      expect(code, name).toBe(0);
      expect(json(stdout).analysis.insights.length, name).toBeGreaterThan(0);
    }
  });
});
