/** `toprung report`: one page that needs nothing else, its figures, and what it says of two runs. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseHTML } from 'linkedom';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { toprung } from '../lib/command.js';
import { fixture } from '../lib/shared-data.js';

// Processes and files on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const root = mkdtempSync(path.join(tmpdir(), 'toprung-report-'));
const [a, b, c] = ['a', 'b', 'c'].map((name) => path.join(root, name)) as [string, string, string];

beforeAll(async () => {
  const keep = async (out: string, ...args: string[]): Promise<void> => {
    const common = ['--books', '24', '--events', '20000', '--warmup-events', '2000', '--out', out, '--quiet'];
    expect((await toprung(['simulate', ...common, ...args])).code).toBe(0);
  };
  await keep(a, '--seed', '7');
  await keep(b, '--seed', '7', '--threads', '1');
  await keep(c, '--seed', '8', '--market-rate', '2000');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Figures {
  verdict: { word: string; text: string };
  figures: {
    key: string;
    value: number;
    threshold: { holds: boolean } | null;
    against: { verdict: string; difference: number; interval: [number, number] | null } | null;
  }[];
}

async function report(...args: string[]): Promise<{ code: number | null } & Figures> {
  const { code, stdout } = await toprung(['report', ...args, '--json']);
  return { code, ...(JSON.parse(stdout) as Figures) };
}

describe('the page', () => {
  test('is whole in itself: it asks for nothing, and nothing in it can', async () => {
    expect((await toprung(['report', a])).code).toBe(0);
    const html = readFileSync(path.join(a, 'report.html'), 'utf8');
    const { document } = parseHTML(html);
    const csp = document.querySelector('meta[http-equiv="Content-Security-Policy"]')?.getAttribute('content');
    expect(csp).toBe("default-src 'none'; img-src data:; style-src 'unsafe-inline'");
    expect(document.querySelectorAll('link, iframe, script[src], img[src^="http"]')).toHaveLength(0);
    const addresses = [...html.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, to]) => to!.slice(0, 22));
    expect(new Set(addresses)).toEqual(new Set(['data:image/png;base64,']));
    expect(html).not.toMatch(/url\(|@import/);
    expect(html).toContain('prefers-color-scheme:dark');
  });

  test('has every chart with a title, a sentence and its numbers', () => {
    const { document } = parseHTML(readFileSync(path.join(a, 'report.html'), 'utf8'));
    const titles = [...document.querySelectorAll('figcaption strong')].map((e) => e.textContent);
    expect(titles).toEqual([
      'Depth of the book',
      'Spread',
      'Quantity at the best prices',
      'Orders, cancels and trades',
      'Mean spread, book by book',
      'Latency by percentile',
      'How often each latency',
      ...titles.filter((title) => title === 'Events per second while it ran'),
      'Do returns remember?',
      'Mid-price returns',
    ]);
    for (const figure of document.querySelectorAll('figure')) {
      const svg = figure.querySelector('svg')!;
      expect(svg.getAttribute('role')).toBe('img');
      expect(svg.querySelector('title')?.textContent).not.toBe('');
      expect(figure.querySelector('details table td')?.textContent).not.toBe('');
      // Without this a broken scale draws nothing, and nobody is told.
      expect(svg.outerHTML).not.toMatch(/NaN|undefined|Infinity/);
    }
  });

  test('shows how latency went, where enough of a run was timed', async () => {
    const [long, day] = [path.join(root, 'long'), path.join(root, 'long-day')] as const;
    await toprung(['simulate', '--events', '80000', '--latency-sampling', '2', '--out', long, '--quiet']);
    const orders = Array.from(
      { length: 50_000 },
      (_, i) => `${34_200e9 + i * 1e6},N,${i + 1},B,${1000 - (i % 50)},1,0`,
    );
    const file = path.join(root, 'long.replay.csv');
    writeFileSync(file, `${orders.join('\n')}\n`);
    await toprung(['replay', file, '--out', day, '--quiet']);
    for (const [folder, axis] of [
      [long, 'simulated seconds'],
      [day, 'time of day'],
    ] as const) {
      expect((await toprung(['report', folder])).code).toBe(0);
      const { document } = parseHTML(readFileSync(path.join(folder, 'report.html'), 'utf8'));
      const figures = [...document.querySelectorAll('figure')];
      const figure = figures.find((f) => f.querySelector('strong')?.textContent === 'Latency over the run');
      const { latencyOverTime } = JSON.parse(readFileSync(path.join(folder, 'result.json'), 'utf8'));
      expect(figure?.querySelector('figcaption')?.textContent).toContain(`${latencyOverTime.length} parts`);
      expect(figure?.querySelectorAll('tbody tr').length).toBe(3 * latencyOverTime.length);
      expect(figure?.querySelector('svg')?.textContent).toContain(axis);
    }
  });

  test('shows what people wrote as text', async () => {
    const folder = path.join(root, '<img src=x onerror=alert(1)>');
    expect((await toprung(['simulate', '--events', '5000', '--out', folder, '--streams', '</script><b>'])).code).toBe(
      0,
    );
    expect((await toprung(['report', folder])).code).toBe(0);
    const html = readFileSync(path.join(folder, 'report.html'), 'utf8');
    const { document } = parseHTML(html);
    expect(document.querySelectorAll('[onerror], b, script:not([type="application/json"])')).toHaveLength(0);
    expect(JSON.parse(document.querySelector('#report')!.textContent!)).toMatchObject({ schema: 'toprung.report/1' });
    expect(document.querySelector('.facts')!.textContent).toContain('</script><b>');
  });

  test('of a replay says that the book agreed, by the time of the day', async () => {
    const day = path.join(root, 'day');
    await toprung(['replay', fixture('replay/small.replay.csv'), '--out', day]);
    const { code, verdict, figures } = await report(day);
    expect({ code, word: verdict.word }).toEqual({ code: 0, word: 'Agrees' });
    expect(figures.find(({ key }) => key === 'fills')?.value).toBe(1);
  });
});

describe('the figures', () => {
  test('are those of the run', async () => {
    const result = JSON.parse(readFileSync(path.join(a, 'result.json'), 'utf8'));
    const { figures } = await report(a);
    const value = Object.fromEntries(figures.map((f) => [f.key, f.value]));
    expect(value).toMatchObject({
      throughput: result.eventsPerSecond,
      spread: result.metrics.meanSpreadTicks,
      'one-tick': result.metrics.oneTickShare,
      'orders-per-trade': result.metrics.accepted / result.metrics.trades,
    });
    // The table's buckets and the summary's percentiles are of one histogram.
    expect(value.p50).toBe(result.latency.p50Ns);
    expect(value.p99).toBe(result.latency.p99Ns);
  });

  test('a threshold that does not hold is exit code 4, and marked', async () => {
    const holds = await report(a, '--threshold', 'p50<1s', '--threshold', 'throughput > 0.001M');
    expect([holds.code, holds.verdict.word]).toEqual([0, 'Passes']);
    const fails = await report(a, '--threshold', 'spread<=0', '--threshold', 'p50<1s');
    expect([fails.code, fails.verdict.word]).toEqual([4, 'Fails']);
    expect(fails.figures.filter(({ threshold }) => threshold?.holds === false).map(({ key }) => key)).toEqual([
      'spread',
    ]);
    expect(readFileSync(path.join(a, 'report.md'), 'utf8')).toContain('**fails**: spread&lt;=0');
    const wrong = await toprung(['report', a, '--threshold', 'p9<1']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/no figure p9/);
    expect((await toprung(['report', a, '--threshold', 'p99'])).code).toBe(2);
  });

  test('the same events on another number of threads are the same market', async () => {
    const { verdict, figures } = await report(b, '--against', a);
    expect(verdict.text).toContain('The same events, digest by digest.');
    for (const key of ['spread', 'one-tick', 'touch', 'orders-per-trade', 'cancels-per-trade']) {
      expect(figures.find((f) => f.key === key)?.against).toMatchObject({ verdict: 'same', difference: 0 });
    }
  });

  test('twice as many market orders change the market for certain, and another seed does not', async () => {
    const { figures } = await report(c, '--against', a);
    const against = Object.fromEntries(figures.map((f) => [f.key, f.against!]));
    expect(against['orders-per-trade']).toMatchObject({ verdict: 'lower' });
    expect(against.spread).toMatchObject({ verdict: 'higher' });
    const [low, high] = against.spread!.interval!;
    expect(low).toBeLessThan(against.spread!.difference);
    expect(high).toBeGreaterThan(against.spread!.difference);
    const seed = path.join(root, 'seed');
    const args = ['--books', '24', '--events', '20000', '--warmup-events', '2000', '--seed', '99', '--out', seed];
    await toprung(['simulate', ...args]);
    const other = await report(seed, '--against', a, '--min-effect', '10%');
    expect(other.figures.find((f) => f.key === 'spread')?.against).toMatchObject({ verdict: 'no change' });
  });

  test('only what was asked for is written, where it was asked for', async () => {
    const out = path.join(root, 'only');
    expect((await toprung(['report', a, '--format', 'md', '--out', out])).code).toBe(3);
    rmSync(out, { recursive: true, force: true });
    expect((await toprung(['report', a, '--format', 'pdf'])).code).toBe(2);
    expect((await toprung(['report', a, '--format', 'md', '--out', root])).code).toBe(0);
    expect(readdirSync(root).filter((name) => name.startsWith('report.'))).toEqual(['report.md']);
  });
});
