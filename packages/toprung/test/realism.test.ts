/** validate and calibrate: scores and fits through the boundary, and what they refuse. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { calibrate, parseSimulationConfig, simulate, type TapeSource, validate } from '../src/index.js';

const realistic = (seed: number): TapeSource => ({
  config: { seed, flow: { model: 'realistic-day' } },
  durationNs: 300e9,
});

describe('validate', () => {
  it('grades a model under another seed A nearly everywhere, beside the floor', async () => {
    const card = await validate(realistic(1), realistic(2));
    expect(card.overall).toBeLessThan(1);
    expect(card.floor).toBeGreaterThan(0);
    expect(card.grades.reduce((a, b) => a + b)).toBe(card.facts.length);
    expect(card.closeFacts[1]).toBe(new Set(card.facts.map(({ number }) => number)).size);
    expect(card.closeFacts[0]).toBeGreaterThanOrEqual(0.95 * card.closeFacts[1]);
    expect(card.distances.map((d) => d.name)).toEqual(card.floorDistances.map((d) => d.name));
    for (const d of card.distances) expect(d.l1).toBeLessThanOrEqual(1);
  });

  it('tells a Poisson model from one that clusters', async () => {
    const cst: TapeSource = { config: { flow: { model: 'cst' } }, durationNs: 300e9 };
    const card = await validate(cst, realistic(2));
    expect(card.overall).toBeGreaterThan(3);
    expect(card.facts.filter((f) => f.grade === 'F').map((f) => f.number)).toEqual(expect.arrayContaining([9, 10]));
  });

  it('refuses a tape that says nothing', async () => {
    const short: TapeSource = { config: {}, durationNs: 1000 };
    await expect(validate(short, realistic(1))).rejects.toMatchObject({ code: 'ERR_TOPRUNG_TAPE_TOO_SHORT' });
    await expect(validate({ file: '/nowhere.zip' }, realistic(1))).rejects.toMatchObject({
      code: 'ERR_TOPRUNG_DATA_NOT_FOUND',
    });
    await expect(validate({ config: { books: 0 } }, realistic(1))).rejects.toMatchObject({
      code: 'ERR_TOPRUNG_CONFIG',
      path: 'books',
    });
  });
});

describe('calibrate', () => {
  it.each(['santa-fe', 'cst', 'queue-reactive', 'hawkes'] as const)(
    'gives a %s flow that can be simulated',
    async (model) => {
      const { flow, estimates, messages } = await calibrate(
        { config: { flow: { model: 'cst' }, warmupEvents: 0 }, durationNs: 60e9 },
        { model, decayRates: [10] },
      );
      expect(flow.model).toBe(model);
      expect(messages).toBeGreaterThan(1000);
      for (const e of estimates) expect(e.standardError).toBeGreaterThanOrEqual(0);
      expect(parseSimulationConfig({ flow }).flow).toMatchObject({ model });
      const { metrics } = await simulate({ flow, horizon: { events: 2000 }, warmupEvents: 0 });
      expect(metrics.events).toBe(2000);
    },
    60_000,
  );

  it('finds the rates that it was simulated with', async () => {
    const source: TapeSource = { config: { warmupEvents: 0 }, durationNs: 20e9 };
    const { estimates } = await calibrate(source, { model: 'santa-fe' });
    for (const [path, truth] of [['flow.limitRate', 25] as const, ['flow.marketRate', 1000] as const]) {
      const found = estimates.find((e) => e.path === path)!;
      expect(Math.abs(found.value - truth)).toBeLessThan(4 * found.standardError);
    }
  });

  it('refuses a tape of nothing and a model that cannot be fitted', async () => {
    const nothing: TapeSource = { config: {}, durationNs: 1 };
    await expect(calibrate(nothing, { model: 'cst' })).rejects.toMatchObject({ code: 'ERR_TOPRUNG_NO_FIT' });
    await expect(calibrate(nothing, { model: 'mike-farmer' as 'cst' })).rejects.toMatchObject({
      code: 'ERR_TOPRUNG_CONFIG',
      path: 'model',
    });
  });
});

const goog = fileURLToPath(
  new URL('../../../../shared/data/lobster_raw/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip', import.meta.url),
);

describe.skipIf(!existsSync(goog))('a NASDAQ day', () => {
  it('is scored by the code that scores a simulation, and is one with itself', async () => {
    const card = await validate({ file: goog }, { file: goog });
    expect(card.overall).toBe(0);
    const value = (name: string) => card.facts.find((f) => f.name === name)!.value;
    // The day's own figures (stylized_dev): half of the orders are of 100, most market orders take exactly the best queue.
    expect(value('share of limit orders of 100')).toBeCloseTo(0.49, 1);
    expect(value('share of market orders that take exactly the best queue')).toBeCloseTo(0.59, 1);
    expect(Math.exp(value('mean spread, ln ticks'))).toBeGreaterThan(20);
  });

  it('gives models that can be simulated', async () => {
    for (const model of ['santa-fe', 'cst', 'queue-reactive'] as const) {
      const { flow } = await calibrate({ file: goog }, { model });
      const { metrics } = await simulate({ flow, horizon: { events: 2000 } });
      expect(metrics.trades).toBeGreaterThan(0);
    }
  }, 60_000);
});
