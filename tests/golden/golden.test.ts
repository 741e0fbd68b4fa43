/** (config, seed) determines every event: the digests are the committed ones, on every platform. */
import { expect, test } from 'vitest';
import { goldenConfigs, goldenRun, readGolden } from './golden.js';

test.each(readGolden())('$name gives its golden digest', async (golden) => {
  const { events, trades, digest } = await goldenRun(golden);
  expect({ events, trades, digest }).toEqual({ events: golden.events, trades: golden.trades, digest: golden.digest });
});

test('every scenario is pinned', () => {
  expect(readGolden().map(({ name, config }) => ({ name, config }))).toEqual(goldenConfigs());
});
