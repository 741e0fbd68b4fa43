/** A flow whose parameters were fitted to a real day is nearer to that day than the defaults are. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSimulationConfig, validate } from 'toprung';
import { expect, test } from 'vitest';
import { hasSharedData, repository, shared } from '../lib/shared-data.js';

const fitted = JSON.parse(readFileSync(path.join(repository, 'examples/small-tick-day.json'), 'utf8')) as object;

test('the fitted configuration is one', () => {
  expect(parseSimulationConfig(fitted).flow.model).toBe('realistic-day');
});

test.skipIf(!hasSharedData('lobster_raw'))('under seeds that it was not fitted with it scores below 1.5', async () => {
  const reference = { file: shared('lobster_raw', 'LOBSTER_SampleFile_GOOG_2012-06-21_10.zip') };
  for (const seed of [11, 12, 13]) {
    const card = await validate({ config: { ...fitted, seed } }, reference);
    expect(card.overall).toBeLessThan(1.5);
    const [a = 0, b = 0] = card.grades;
    expect(a + b).toBeGreaterThanOrEqual(28);
    expect(card.closeFacts[0]).toBeGreaterThanOrEqual(15);
  }
  const plain = await validate({ config: { flow: { model: 'realistic-day' } } }, reference);
  expect(plain.overall).toBeGreaterThan(3);
});
