/** `toprung bench`: a report of what lies in folders, whoever measured it. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseHTML } from 'linkedom';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { againstRecord, curvesRecord, peersRecord, tableRecord } from '../lib/bench-records.js';
import { toprung } from '../lib/command.js';

const root = mkdtempSync(path.join(tmpdir(), 'toprung-bench-'));
const results = path.join(root, 'results');
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => {
  rmSync(results, { recursive: true, force: true });
  mkdirSync(results);
});

const put = (name: string, value: unknown): void => {
  const file = path.join(results, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
};
const mean = (value: number, low: number, high: number) => ({
  mean: { point_estimate: value, confidence_interval: { confidence_level: 0.95, lower_bound: low, upper_bound: high } },
});

interface Made {
  verdict: { word: string };
  figures: { name: string; value: number; against: { difference: number } | null }[];
  sections: { title: string; text: string; charts: { title: string; finding: string }[] }[];
  facts: { title: string; rows: [string, string][] }[];
}

async function made(...args: string[]): Promise<{ code: number | null; report: Made }> {
  const { code, stdout } = await toprung(['bench', results, '--json', ...args]);
  return { code, report: JSON.parse(stdout) as Made };
}

describe('of records', () => {
  test('has the newest of each kind, engines side by side, and the trend', async () => {
    const older = { ...tableRecord, date: '2026-11-21T20:00:00.000Z' };
    const slower = older.rows.map((row) => (row.name === 'balanced' ? { ...row, median: 40 } : row));
    put('a.json', { ...older, rows: slower });
    put('b.json', tableRecord);
    put('peers.json', peersRecord);
    put('curves.json', curvesRecord);
    put('against.json', againstRecord);
    put('package.json', { name: 'not a result' });
    const { code, report } = await made();
    expect(code).toBe(0);
    expect(report.verdict.word).toBe('Holds');
    const balanced = report.figures.find(({ name }) => name === 'balanced')!;
    expect(balanced.value).toBe(50e6);
    expect(balanced.against!.difference).toBeCloseTo(0.25);
    const charts = Object.fromEntries(report.sections.map(({ title, charts }) => [title, charts]));
    expect(Object.keys(charts)).toEqual(['Beside other engines', 'What speed depends on', 'Trend']);
    const [side] = charts['Beside other engines']!;
    expect(side!.finding).toContain('toprung does 40.0 M/s, 5.0 times fast.');
    expect(side!.finding).toContain('1 of 2 others traded exactly as toprung did; left out: stuck: no answer in 20 s');
    expect(report.sections[0]!.text).toContain('Not here: absent (not installed)');
    expect(charts['What speed depends on']!.map(({ title }) => title)).toEqual([
      'Throughput and depth',
      'Latency and depth',
      'Memory of an order',
      'Latency under load, open loop',
      'Threads',
      'Books in turn',
      'Batches from Node',
    ]);
    expect(charts['What speed depends on']![3]!.finding).toContain('Kept up with 1.00 M/s');
    expect(report.facts.find(({ title }) => title === 'Engines')!.rows).toHaveLength(3);
    expect(report.facts.find(({ title }) => title === 'The book of abc1234 beside that of def5678')!.rows).toEqual([
      ['balanced', '50.0 M/s there, 66.7 M/s here: time −25.0 %; of this one a second time +2.0 %. Other events.'],
    ]);
    expect(readdirSync(results).filter((name) => name.startsWith('report.'))).toHaveLength(3);
  });

  test('every chart is drawn, with its numbers as a table', async () => {
    put('peers.json', peersRecord);
    put('curves.json', curvesRecord);
    expect((await toprung(['bench', results, '--format', 'html', '--out', root])).code).toBe(0);
    const { document } = parseHTML(readFileSync(path.join(root, 'report.html'), 'utf8'));
    const figures = [...document.querySelectorAll('figure')];
    expect(figures).toHaveLength(8);
    for (const figure of figures) {
      expect(figure.querySelector('svg')!.outerHTML).not.toMatch(/NaN|undefined|Infinity/);
      expect(figure.querySelector('details td')?.textContent).toBeTruthy();
    }
    expect(figures[0]!.querySelector('details')!.textContent).toContain('25 % not supported, volume −3.0 %');
  });

  test('a promise that is missed is exit code 4 where that is asked for', async () => {
    const rows = tableRecord.rows.map((row) => (row.name === 'balanced' ? { ...row, median: 30, holds: false } : row));
    put('a.json', { ...tableRecord, rows });
    expect((await made()).code).toBe(0);
    const { code, report } = await made('--strict');
    expect([code, report.verdict.word]).toEqual([4, 'Missed']);
  });
});

describe('of other tools', () => {
  test('criterion: rates of what counts elements, and changes with their intervals', async () => {
    for (const [name, ns] of [
      ['fast', 1000],
      ['slow', 4000],
    ] as const) {
      const about = { group_id: 'book', function_id: name, value_str: null, throughput: { Elements: 100 } };
      put(`criterion/book/${name}/new/benchmark.json`, about);
      put(`criterion/book/${name}/new/estimates.json`, mean(ns, ns * 0.99, ns * 1.01));
      put(`criterion/book/${name}/base/estimates.json`, mean(ns, ns, ns));
    }
    put('criterion/book/slow/change/estimates.json', mean(0.25, 0.2, 0.3));
    const { report } = await made();
    const [section] = report.sections;
    expect(section!.title).toBe('Measured by criterion');
    expect(section!.charts.map(({ title }) => title)).toEqual(['book', expect.stringContaining('Change')]);
    expect(section!.charts[0]!.finding).toBe('From 100 M/s (fast) to 25.0 M/s (slow).');
    expect(section!.charts[1]!.finding).toBe('Certain to have changed: slow +25.0 %.');
  });

  test('vitest: what it wrote with --outputJson', async () => {
    const benchmarks = [
      { name: 'one by one', mean: 0.002, moe: 0.0001 },
      { name: 'batch', mean: 0.001, moe: 0.0001 },
    ];
    put('vitest.json', { files: [{ groups: [{ fullName: 'node/boundary.bench.ts > one order', benchmarks }] }] });
    const { report } = await made();
    expect(report.sections[0]!.charts[0]).toMatchObject({
      title: 'one order',
      finding: 'From 1.00 µs (batch) to 2.00 µs (one by one).',
    });
    expect(report.verdict.word).toBe('Measured');
  });
});

describe('what goes wrong', () => {
  test.each([
    ['no folder', () => rmSync(results, { recursive: true }), 'there is no such folder'],
    ['nothing in it', () => put('package.json', {}), 'found none'],
    ['a file that is cut', () => put('a.json', '{"schema": "toprung.be'), 'cannot be read'],
    ['a record of another shape', () => put('a.json', { ...tableRecord, rows: 5 }), /rows: .*expected array/],
  ])('%s', async (_, prepare, text) => {
    prepare();
    const { code, stdout, stderr } = await toprung(['bench', results]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain('ERR_TOPRUNG_BENCH_RESULTS (exit 3)');
    expect(stderr).toMatch(text);
  });

  test('a folder that cannot be written to leaves nothing', async () => {
    put('a.json', tableRecord);
    const { code, stderr } = await toprung(['bench', results, '--out', path.join(root, 'nowhere')]);
    expect(code).toBe(3);
    expect(stderr).toContain('ERR_TOPRUNG_OUTPUT');
  });
});
