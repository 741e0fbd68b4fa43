/** Every example runs, and gives what the guides say that it gives. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tradedVolume } from './batches.js';
import { firstBook } from './first-book.js';
import { fifo, proRata } from './pro-rata.js';
import { readTrades } from './read-trades.js';
import { replayDay } from './replay-day.js';
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
