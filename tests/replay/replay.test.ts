/** Real NASDAQ days: every aggressive order gets exactly the exchange's fills, and every checkpoint is the book's. */
import { readdirSync } from 'node:fs';
import { replay } from 'toprung';
import { describe, expect, test } from 'vitest';
import { toprung } from '../lib/command.js';
import { fixture, hasSharedData, shared } from '../lib/shared-data.js';

test('a day made by hand agrees, fill by fill', async () => {
  expect(await replay(fixture('replay/small.replay.csv'))).toMatchObject({
    agrees: true,
    records: 9,
    fills: 2,
    volume: 12,
    aggressive: { equal: 1, differing: 0 },
    checkpoints: { equal: 2, differing: 0 },
    differences: [],
  });
});

test('a fill that price-time priority cannot give is found, with its line', async () => {
  const report = await replay(fixture('replay/differs.replay.csv'));
  expect(report.agrees).toBe(false);
  expect(report.differences.map(({ line, kind }) => ({ line, kind }))).toEqual([
    { line: 5, kind: 'fills' },
    { line: 6, kind: 'checkpoint' },
  ]);
});

const days = [
  { file: 'goog_2012-06-21_L10.replay.csv.zst', aggressive: 6_079, checkpoints: 611 },
  { file: 'aapl_2012-06-21_1h_L50.replay.csv.zst', aggressive: 3_310, checkpoints: 842 },
];
const present = hasSharedData('replay');
describe.skipIf(!present)('the exchange’s own days', () => {
  test.each(days)(
    '$file: $aggressive aggressive orders, $checkpoints checkpoints',
    async ({ file, aggressive, checkpoints }) => {
      const report = await replay(shared('replay', file));
      expect(report.differences).toEqual([]);
      expect(report).toMatchObject({
        agrees: true,
        unexpected: 0,
        aggressive: { equal: aggressive, differing: 0 },
        checkpoints: { equal: checkpoints, differing: 0 },
      });
    },
  );

  test('no other day is in the folder unseen', () => {
    const seen = readdirSync(shared('replay')).filter((name) => name.includes('.replay.csv'));
    expect(seen.sort()).toEqual(days.map(({ file }) => file).sort());
  });

  test('`toprung replay FILE --verify` says that all fills and checkpoints agree', async () => {
    const { code, stdout } = await toprung(['replay', shared('replay', days[0]!.file), '--verify']);
    expect(code).toBe(0);
    expect(stdout).toContain(
      "agrees: all 6,079 aggressive orders got exactly the exchange's fills, all 611 checkpoints are equal",
    );
  });
});

const raw = hasSharedData('lobster_raw');
describe.skipIf(!raw)('LOBSTER’s own files', () => {
  test('the GOOG archive is replayed as it was bought', async () => {
    const report = await replay(shared('lobster_raw/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip'));
    expect(report).toMatchObject({ agrees: true, unexpected: 0 });
    expect(report.aggressive.total).toBeGreaterThan(5_000);
  });
});
