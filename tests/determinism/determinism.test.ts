/** The same answer everywhere: for any number of threads, beside any number of other books, watched or not. */
import { scenarios, simulate } from 'toprung';
import { describe, expect, test } from 'vitest';

const { config } = scenarios.get('zi-baseline');
const small = { ...config, books: 12, horizon: { events: 8_000 }, warmupEvents: 1_000 };

test('1, 2, 3, 8 and 64 threads give the same digests', async () => {
  const runs = await Promise.all([1, 2, 3, 8, 64].map((threads) => simulate({ ...small, threads })));
  const [first, ...others] = runs.map((run) => [run.digest, ...[...run.books()].map((book) => book.digest)]);
  for (const other of others) expect(other).toEqual(first);
});

test('a book’s events do not depend on how many others there are', async () => {
  const [few, many] = await Promise.all([3, 12].map((books) => simulate({ ...small, books })));
  for (let i = 0; i < 3; i++) expect(few!.book(i).digest).toBe(many!.book(i).digest);
});

test('what only watches changes no event', async () => {
  const plain = await simulate({ ...small, latencySampling: null, samples: { rows: 0, books: 0, depthTicks: 1 } });
  const watched = await simulate({ ...small, latencySampling: 0 }, { onProgress: () => {} });
  expect(watched.digest).toBe(plain.digest);
});

const { flow } = config;
if (flow.model !== 'santa-fe') throw new Error(`expected a Santa Fe scenario, got ${flow.model}`);

describe('what does decide', () => {
  test.each([
    ['the seed', { seed: 2 }],
    ['the family of random streams', { streams: 'other' }],
    ['the flow', { flow: { ...flow, limitRate: flow.limitRate * 1.01 } }],
    [
      'the matching policy',
      { flow: { ...flow, orderSize: 10 }, book: { ...config.book, policy: { kind: 'pro-rata' as const } } },
    ],
  ])('%s', async (_what, change) => {
    const [before, after] = await Promise.all([simulate(small), simulate({ ...small, ...change })]);
    expect(after.digest).not.toBe(before.digest);
  });
});
