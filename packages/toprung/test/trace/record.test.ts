/** Runs under the flight recorder: faults that are planted are named, a clean run has none, and two readers agree. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { catalogue, type RecordOptions, runMarket, scenarios, type TraceAnalysis, trace } from '../../src/index.js';
import { folder } from './lib.js';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });
const where = folder('record');
/** Enough for seven faults, one in 4,096. */
const run = { scenario: 'zi-baseline', events: 30_000, every: 1, level: 'everything', ringEntries: 2 ** 20 } as const;

async function recorded(name: string, more: Partial<RecordOptions> = {}): Promise<TraceAnalysis> {
  const output = path.join(where, `${name}.fxt.gz`);
  await trace.record({ ...run, ...more, output });
  return await trace.analyze(output);
}

const warnings = (a: TraceAnalysis) => a.insights.filter((i) => i.severity === 'warning');

describe('insights', () => {
  it('a clean run has no warning, and something true to say', async () => {
    const found = await recorded('clean');
    expect(warnings(found)).toEqual([]);
    expect(found.insights.map((i) => i.rule)).toContain('where-time-goes');
    expect(found).toMatchObject({ source: 'flight-recorder', quality: { orphanEnds: 0, overlaps: 0 } });
  });

  it.each([
    ['alloc', 'allocation', 4095],
    ['stall', 'stall', 2047],
    ['page', 'page-fault', 1023],
  ] as const)('%s is named: %s, in every 4,096th order', async (plant, rule, phase) => {
    const found = warnings(await recorded(plant, { plant: [plant] }));
    const named = found.find((i) => i.rule === rule);
    expect(named?.period).toMatchObject({ every: 4096, phase });
    expect(named?.title).toContain('4,096th');
    expect(named!.orders.every((n) => n % 4096 === phase)).toBe(true);
  });

  it('three at once are three', async () => {
    const found = warnings(await recorded('all', { plant: ['alloc', 'stall', 'page'] }));
    expect(found.map((i) => i.rule).sort()).toEqual(expect.arrayContaining(['allocation', 'page-fault', 'stall']));
  });

  it('what a replay shows is used where the run itself has no steps', async () => {
    const trigger = { latencyOverNs: 40_000, hitsMax: 200 };
    const found = await recorded('replayed', { level: 'order', plant: ['stall'], trigger });
    const stall = warnings(found).find((i) => i.rule === 'stall');
    expect(stall).toMatchObject({ period: { every: 4096, phase: 2047 } });
    const slow = found.slowest.find((o) => o.number % 4096 === 2047);
    expect(slow?.replayNs).toBeGreaterThan(40_000);
    expect(slow?.steps.length).toBeGreaterThan(0);
  });
});

describe('recording', () => {
  let output: string;
  beforeAll(async () => {
    output = path.join(where, 'kept.fxt.gz');
    await trace.record({ ...run, events: 5_000, output });
  });

  it('changes no event: the digest is that of the run without', async () => {
    const digests = await Promise.all(
      (['off', 'order', 'everything'] as const).map(
        async (level) => (await trace.record({ ...run, events: 5_000, level })).digest,
      ),
    );
    expect(new Set(digests).size).toBe(1);
    const { config } = scenarios.get('zi-baseline');
    expect((await trace.record({ config, events: 5_000, level: 'order' })).digest).toBe(digests[0]);
  });

  it('a market of agents is recorded, as it is and by name; its digest is that of the run without', async () => {
    const market = { ...catalogue.get('flash-crash').market, durationNs: 60_000_000_000 };
    const plain = (await runMarket(market)).results[0]!;
    const done = await trace.record({ market, every: 1, level: 'stages', output: path.join(where, 'market.fxt') });
    expect(done).toMatchObject({ digest: plain.digest, commands: plain.venues[0]!.counts.messages });
    expect(done.latency[0]!.count).toBe(done.commands);
    expect(trace.checkup(path.join(where, 'market.fxt'))).toMatchObject({ sound: true });
    const named = { scenario: 'flash-crash', events: 2_000, level: 'order' } as const;
    const [one, same, other] = await Promise.all([
      trace.record(named),
      trace.record(named),
      trace.record({ ...named, seed: 7 }),
    ]);
    expect(same.digest).toBe(one.digest);
    expect(other.digest).not.toBe(one.digest);
  });

  it('a budget that is given holds for a trigger on latency, too', async () => {
    const options = { ...run, every: undefined, level: 'order', trigger: { latencyOverNs: 1, hitsMax: 3 } } as const;
    expect(await trace.record(options)).toMatchObject({ every: 1, adaptive: false });
    expect((await trace.record({ ...options, budgetPercent: 1 })).adaptive).toBe(true);
  });

  it('two readers that share nothing agree on the file', async () => {
    const found = await trace.verify(output);
    const second = trace.checkup(output);
    expect(found).toMatchObject({ sound: true, format: 'fxt', problems: [] });
    expect(second).toMatchObject({ sound: true, events: found.events, spans: found.spans, problems: [] });
  });

  it('the second reader finds what is damaged', () => {
    const bytes = gunzipSync(readFileSync(output));
    const damaged = path.join(where, 'damaged.fxt');
    let found = 0;
    for (const at of [200, 1000, 5001, 20_003, 60_000]) {
      const copy = Buffer.from(bytes);
      copy[at]! ^= 0xff;
      writeFileSync(damaged, copy);
      found += trace.checkup(damaged).sound ? 0 : 1;
    }
    // A flipped bit of a time or a value may be as good as the other.
    expect(found).toBeGreaterThan(2);
    writeFileSync(damaged, bytes.subarray(0, 4001));
    expect(trace.checkup(damaged).problems.join()).toContain('the file ends within');
    writeFileSync(damaged, 'no trace');
    expect(() => trace.checkup(damaged)).toThrow(expect.objectContaining({ code: 'ERR_TOPRUNG_TRACE_FORMAT' }));
    expect(() => trace.checkup(path.join(where, 'absent'))).toThrow(
      expect.objectContaining({ code: 'ERR_TOPRUNG_TRACE_FILE' }),
    );
  });

  it('a trigger fires, is counted, and can be switched off before the run', async () => {
    const options = { ...run, events: 5_000, trigger: { everyNth: 500, hitsMax: 5 } };
    const tracer = trace.arm(options);
    expect(tracer.tid).toBeGreaterThan(0);
    expect(tracer.status()).toMatchObject({ armed: true, hits: 0 });
    const { hits } = await tracer.run();
    expect(hits).toHaveLength(5);
    expect(tracer.status().hits).toBe(5);
    const off = trace.arm(options);
    off.arm(false);
    expect((await off.run()).hits).toEqual([]);
    await expect(off.run()).rejects.toMatchObject({ code: 'ERR_TOPRUNG_CONFIG' });
  });

  it('stops at the abort signal', async () => {
    const controller = new AbortController();
    const running = trace.record({ ...run, events: 1_000_000_000, level: 'order', signal: controller.signal });
    setTimeout(() => controller.abort('enough'), 150);
    await expect(running).rejects.toMatchObject({ name: 'AbortError', cause: 'enough' });
  });

  it('refuses what it cannot run, with the setting', async () => {
    await expect(trace.record({ level: 'order' })).rejects.toMatchObject({ code: 'ERR_TOPRUNG_CONFIG' });
    await expect(trace.record({ scenario: 'zi-baseline', every: 0 })).rejects.toMatchObject({ path: 'every' });
    await expect(trace.record({ scenario: 'nothing' })).rejects.toMatchObject({
      code: expect.stringMatching(/SCENARIO|CONFIG/),
    });
    await expect(trace.record({ ...run, events: 1_000, output: '/nowhere/at/all.fxt' })).rejects.toMatchObject({
      code: 'ERR_TOPRUNG_TRACE_FILE',
    });
  });

  it('is what capture falls back on, with the same words beside the trace', async () => {
    const out = path.join(where, 'captured.fxt.gz');
    const done = await trace.capture({ target: { run: { ...run, events: 5_000 } }, mode: 'flight-recorder', out });
    expect(done).toMatchObject({ mode: 'flight-recorder', argv: null, verification: { sound: true } });
    expect(done.report?.commands).toBeGreaterThan(5_000);
    expect(JSON.parse(readFileSync(`${out}.json`, 'utf8')).schema).toBe('toprung.capture/1');
  });

  it('mark is a call, and refuses what is no argument', () => {
    expect(() => trace.mark(7)).not.toThrow();
    expect(() => trace.mark(-1)).toThrow(expect.objectContaining({ code: 'ERR_TOPRUNG_OUT_OF_RANGE' }));
  });
});

describe('reports', () => {
  it('Markdown has the insight, the tables and no broken row', async () => {
    const text = trace.report(await recorded('report', { plant: ['alloc'] }), 'A title', ['a fact']);
    expect(text).toMatch(/^# A title\n\n- a fact\n/);
    expect(text).toContain('every 4,096th order calls the allocator');
    for (const heading of [
      'Orders',
      'Slowest orders',
      'Functions and stages',
      'Kinds of work',
      'Call tree',
      'How far to trust it',
    ]) {
      expect(text).toContain(`## ${heading}`);
    }
    const columns = (line: string) => line.split(/(?<!\\)\|/).length;
    let head = 0;
    for (const line of text.split('\n')) {
      if (!line.startsWith('|')) head = 0;
      else if (head === 0) head = columns(line);
      else expect(columns(line), line).toBe(head);
    }
  });

  it('a slower run is a regression, the same run is none', async () => {
    const of = (name: string, more: Partial<RecordOptions> = {}) => recorded(name, { ...more, level: 'order' });
    await of('a');
    await of('b', { level: 'order' });
    const file = (name: string) => path.join(where, `${name}.fxt.gz`);
    const same = await trace.diff(file('a'), file('a'));
    // Where the run was noisy, its own halves may be too unlike to tell; never better or worse.
    expect(['none', 'inconclusive']).toContain(same.verdict);
    const slower = await trace.diff(file('a'), file('clean'));
    expect(slower.measures.map((m) => m.name)).toEqual(['median', 'mean', 'p99']);
    expect(trace.diffReport(slower, 'a', 'b')).toContain(`**${slower.verdict}**`);
  });
});
