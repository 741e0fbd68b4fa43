/** replay(): what is compared, and what damaged files say. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { type ReplayProgress, replay } from '../src/index.js';

const folder = mkdtempSync(path.join(tmpdir(), 'toprung-replay-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const full = path.join(folder, name);
  writeFileSync(full, content);
  return full;
}

const day = [
  '100,N,7,S,1005,30,0',
  '150,N,8,S,1006,5,0',
  '200,X,B,1005,10,7:1005:10',
  '300,K,|1005:20;1006:5',
  '',
].join('\n');
const long = Array.from({ length: 50_000 }, (_, i) => `${i},N,${i + 1},B,${1000 - (i % 50)},10,0\n`).join('');

describe('a replay', () => {
  it('times one command in 64, by kind and over the file', async () => {
    const { latencyByKind, latencyOverTime } = await replay(file('timed.csv', long));
    expect(Object.keys(latencyByKind)).toEqual(['limit']);
    const { count, minNs, p99Ns, maxNs } = latencyByKind.limit!;
    expect(count).toBe(Math.floor(50_000 / 64));
    expect(minNs).toBeGreaterThan(0);
    expect(p99Ns).toBeLessThanOrEqual(maxNs);
    expect(latencyOverTime.reduce((sum, part) => sum + part.count, 0)).toBe(count);
    expect(latencyOverTime.length).toBeGreaterThan(1);
    expect(latencyOverTime.at(-1)!.untilNs).toBe(49_999);
    expect(await replay(file('untimed.csv', day))).toMatchObject({ latencyByKind: {}, latencyOverTime: [] });
  });

  it('agrees when every fill and every checkpoint is the file’s', async () => {
    const report = await replay(file('day.csv', day));
    expect(report).toMatchObject({
      agrees: true,
      records: 4,
      aggressive: { equal: 1, differing: 0, total: 1 },
      checkpoints: { equal: 1, differing: 0, total: 1 },
      volume: 10,
      bestBid: null,
      bestAsk: { price: 1005, qty: 20 },
      lobster: null,
    });
    expect(report.digest).toMatch(/^[0-9a-f]{32}$/);
  });

  it('says where it differs, and that is no error', async () => {
    const report = await replay(file('wrong.csv', day.replace('7:1005:10', '7:1005:9')), { maxDifferences: 1 });
    expect(report).toMatchObject({ agrees: false, aggressive: { differing: 1 } });
    expect(report.differences).toMatchObject([{ line: 3, kind: 'fills', expected: '7:1005:9', got: '7:1005:10' }]);
  });

  it('takes file URLs and gzip, and tells how far it is', async () => {
    const seen: ReplayProgress[] = [];
    const url = pathToFileURL(file('long.csv.gz', gzipSync(long)));
    const report = await replay(url, { onProgress: (p) => seen.push(p) });
    expect(report).toMatchObject({ agrees: true, records: 50_000, restingOrders: 50_000 });
    expect(seen.at(-1)).toEqual({ done: 50_000, total: 50_000, fraction: 1 });
    expect(seen.filter((p) => p.fraction === 1)).toHaveLength(1);
  });

  it('stops on an AbortSignal', async () => {
    const controller = new AbortController();
    controller.abort('no');
    await expect(replay(file('d.csv', day), { signal: controller.signal })).rejects.toMatchObject({
      name: 'AbortError',
      cause: 'no',
    });
    const running = new AbortController();
    const run = replay(file('l.csv', long), { signal: running.signal });
    running.abort();
    await expect(run).rejects.toMatchObject({ name: 'AbortError', code: 'ERR_TOPRUNG_ABORTED' });
  });
});

describe('a file that cannot be replayed', () => {
  const cut = gzipSync(long);
  it.each([
    ['missing', () => path.join(folder, 'nothing.csv'), 'ERR_TOPRUNG_DATA_NOT_FOUND'],
    [
      'cut off in the middle of a line',
      () => file('cut.csv', day.slice(0, -12)),
      /ERR_TOPRUNG_DATA_(TRUNCATED|FORMAT)/,
    ],
    [
      'cut off while compressed',
      () => file('cut.csv.gz', cut.subarray(0, cut.length / 2)),
      /ERR_TOPRUNG_DATA_(TRUNCATED|CORRUPT)/,
    ],
    ['empty', () => file('empty.csv', ''), 'ERR_TOPRUNG_DATA_EMPTY'],
    ['something else', () => file('else.csv', 'hello, world\n'), 'ERR_TOPRUNG_DATA_UNKNOWN_FORMAT'],
    ['a folder of other things', () => folder, 'ERR_TOPRUNG_DATA_UNKNOWN_FORMAT'],
    ['wrong in one field', () => file('field.csv', day.replace('1006,5', '1006,x')), 'ERR_TOPRUNG_DATA_FORMAT'],
  ])('because it is %s has a code and names the file', async (_, make, code) => {
    const name = make();
    const error = await replay(name).catch((e: unknown) => e as { code: string; message: string });
    expect(error).toMatchObject({ code: expect.stringMatching(code), message: expect.stringContaining(name) });
  });

  it('because the call is wrong has a code as well', async () => {
    await expect(replay('')).rejects.toMatchObject({ code: 'ERR_TOPRUNG_ARGUMENT' });
    await expect(replay(7 as unknown as string)).rejects.toMatchObject({ code: 'ERR_TOPRUNG_ARGUMENT' });
    await expect(replay('x', { tickUnits: 0 })).rejects.toMatchObject({
      code: 'ERR_TOPRUNG_CONFIG',
      path: 'tickUnits',
    });
    await expect(replay('x', { format: 'csv' as never })).rejects.toMatchObject({
      code: 'ERR_TOPRUNG_CONFIG',
      path: 'format',
    });
    await expect(replay('a\0b')).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_TOPRUNG_DATA_/) });
  });
});
