/** Every example runs, and gives what the guides say that it gives. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PHASES } from 'toprung';
import { expect, test } from 'vitest';
import { tradedVolume } from './batches.js';
import { bracket } from './bracket.js';
import { firstBook } from './first-book.js';
import { flashCrash } from './flash-crash.js';
import { gymLoop } from './gym-loop.js';
import { marketMaker } from './market-maker.js';
import { openingAuction } from './opening-auction.js';
import { fifo, proRata } from './pro-rata.js';
import { readTrades } from './read-trades.js';
import { replayDay } from './replay-day.js';
import { replayWithImpact } from './replay-with-impact.js';
import { slowOrders } from './slow-orders.js';
import { stopCascade } from './stop-cascade.js';
import { thousandBooks } from './thousand-books.js';

const fixture = (name: string): string => fileURLToPath(new URL(`../tests/fixtures/replay/${name}`, import.meta.url));

test('a book in twenty lines: the better price first, the rest at its limit', () => {
  const { trades, best, queue } = firstBook();
  expect(trades).toEqual([
    { maker: 2, price: 10_049, qty: 10 },
    { maker: 1, price: 10_050, qty: 15 },
  ]);
  expect(best).toEqual({ price: 10_050, qty: 15, orders: 1 });
  expect(queue).toEqual([{ id: 1, side: 'sell', price: 10_050, qty: 15, owner: 0 }]);
});

test('batches in, columns out: trading volume, read from the columns', () => {
  expect(tradedVolume(10_000)).toBe(tradedVolume(10_000));
  expect(tradedVolume(10_000)).toBeGreaterThan(10_000);
});

test('a thousand books: each has a spread of its own', async () => {
  const { narrowest, meanSpread, widest, trades } = await thousandBooks();
  expect(trades).toBeGreaterThan(50_000);
  expect(narrowest).toBeLessThan(meanSpread);
  expect(widest).toBeGreaterThan(meanSpread);
});

test('a day that agrees, and one that does not', async () => {
  expect(await replayDay(fixture('small.replay.csv'))).toBe('1 orders traded exactly as at the exchange, 2 fills');
  expect(await replayDay(fixture('differs.replay.csv'))).toBe('line 5: expected 3:102:5;2:102:7, got 2:102:10;3:102:2');
});

test('first come, first served against a share for everybody', () => {
  expect(fifo()).toEqual({ 1: 20, 2: 30 });
  expect(proRata()).toEqual({ 1: 5, 2: 15, 3: 30 });
});

test('stops that trigger each other: one lot sold sets off twelve', () => {
  const { triggered, prices, last, bids } = stopCascade();
  expect(triggered).toEqual([10, 11, 12]);
  expect(prices).toEqual([100, 100, 99, 99, 98, 97, 96]);
  expect(last).toBe(96);
  expect(bids[0]).toEqual({ price: 96, qty: 2, orders: 1 });
});

test('an opening auction: one price for all, and the rest of the order for the open ends', () => {
  const { expected, trades, phase, left } = openingAuction();
  expect(expected).toEqual({ price: 100, qty: 12, surplus: 3, side: 'buy' });
  expect(trades).toEqual([
    { buyer: 1, seller: 4, price: 100, qty: 4 },
    { buyer: 1, seller: 3, price: 100, qty: 6 },
    { buyer: 2, seller: 3, price: 100, qty: 2 },
  ]);
  expect([phase, left]).toEqual(['continuous', []]);
});

test('a bracket: the profit that is taken ends the loss that was to be stopped', () => {
  const { waiting, exits, last, orders } = bracket();
  expect(waiting).toEqual([2, 3]);
  expect(exits.profit).toMatchObject({ side: 'sell', price: 110, qty: 10 });
  expect(exits.loss).toMatchObject([{ id: 3, type: 'stop', stopPrice: 95 }]);
  expect(last).toMatchObject({ kind: 'cancelled', id: 3, reason: 'linked' });
  expect(orders).toBe(0);
});

test('a trigger on p99.9 finds the order that stalls', { timeout: 30_000 }, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'toprung-example-'));
  try {
    const run = { scenario: 'zi-baseline', events: 50_000, plant: ['stall' as const] };
    const { p999, hits, slowAgain, warnings } = await slowOrders(run, path.join(folder, 'slow.fxt.gz'));
    expect(hits.every(({ latencyNs }) => latencyNs > p999)).toBe(true);
    expect(slowAgain).toBeGreaterThan(5);
    expect(warnings.find(({ rule }) => rule === 'stall')?.period?.every).toBe(4096);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a market maker in TypeScript: it trades, minds what it holds, and its run is had again from the log', async () => {
  const { fills, positions, digest, replayed, decisions } = await marketMaker();
  expect(fills.every((n) => n > 50)).toBe(true);
  expect(positions.every((lots) => Math.abs(lots) <= 12)).toBe(true);
  expect(decisions).toBeGreaterThan(8 * 1000);
  expect(replayed).toBe(digest);
});

test('a loop of a learning agent: episodes end and begin again, and a policy that reads the mask is never refused', () => {
  const { reward, episodes, invalid } = gymLoop(250);
  expect(episodes).toBe(200);
  expect(invalid).toBe(0);
  expect(gymLoop(250).reward).toBe(reward);
});

test('a recorded day reacts to orders that were not there', async () => {
  const small = await replayWithImpact(fixture('small.replay.csv'));
  expect(small.takes.bought).toBe(4);
  expect(small.queue[0]).toMatchObject({ side: 'sell', price: 102, qty: 3, ordersAhead: 1, lotsAhead: 6 });
  expect(small.rests.makerLots).toBe(3);
  // Without anybody else 12 lots are traded.
  expect(small.traded).toEqual([12, 16]);
  // Somebody who takes all that there is leaves nothing for the order that came at 3,000 ns.
  const large = await replayWithImpact(fixture('small.replay.csv'), { takeLots: 13 });
  expect(large.impact.filter(({ timeNs }) => timeNs < 1000).every(({ ticks }) => ticks === 0)).toBe(true);
  expect(Math.max(...large.impact.map(({ ticks }) => ticks))).toBe(0.5);
});

test('a market written as Parquet, and read back', async () => {
  const root = mkdtempSync(path.join(tmpdir(), 'toprung-example-'));
  try {
    const { trades, lots, meanTicks } = await readTrades(path.join(root, 'data'));
    expect(trades).toBeGreaterThan(5_000);
    expect(lots).toBe(trades);
    expect(Math.abs(meanTicks - 1_000_000)).toBeLessThan(1_000);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('a flash crash: the seller starts, trading pauses for five seconds, the makers lose', async () => {
  const { groups, story, lastPrice } = await flashCrash();
  expect(story.map(({ mark, value }) => (mark === 'phase' ? PHASES[value] : mark))).toEqual([
    'continuous',
    'starts',
    'volatility-interruption',
    'continuous',
  ]);
  const [, starts, halted, resumed] = story.map(({ timeNs }) => timeNs / 1e9);
  expect(starts).toBe(1200);
  expect(halted).toBeGreaterThan(1200);
  expect(resumed! - halted!).toBeCloseTo(5, 6);
  expect(lastPrice).toBeLessThan(10_000);
  const [seller, makers] = ['seller', 'makers'].map((name) => groups.find(({ group }) => group === name)!);
  expect(seller!.position).toBe(-seller!.sold);
  expect(seller!.sold).toBeGreaterThan(1000);
  // Somebody bought what was sold; the makers did not win by it.
  expect(makers!.value).toBeLessThan(0);
});
