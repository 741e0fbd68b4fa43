/** Lines from columns, the depth map's pixels, and two runs compared. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  COLUMN_WIDTH,
  ColumnStore,
  DEPTH_ROWS,
  FIELDS,
  Field,
  LATENCY_BUCKETS,
} from '../../cli/src/dashboard/columns.js';
import { compare } from '../src/compare.js';
import { findCut, paintDepth } from '../src/depth-painter.js';
import { clock, compact, duration } from '../src/format.js';
import { decimate, imbalance, latencyLines, perSecond, rangeOf, spread } from '../src/series.js';

type Values = Partial<Record<keyof typeof Field, number>>;

function storeOf(columns: Values[], more?: (k: number, numbers: Float64Array) => void): ColumnStore {
  const store = new ColumnStore();
  store.intervalNs = 1e9;
  columns.forEach((values, k) => {
    const numbers = new Float64Array(COLUMN_WIDTH);
    for (const [name, value] of Object.entries(values)) numbers[Field[name as keyof typeof Field]] = value;
    more?.(k, numbers);
    store.appendNumbers(numbers);
  });
  return store;
}

const two = (bid: number, ask: number): Values => ({ bid, ask, bidQty: 1, askQty: 1 });

describe('lines', () => {
  it('have every column where there is room, and nothing where a side is missing', () => {
    const store = storeOf([two(99, 101), { bid: 99, bidQty: 1 }, two(98, 103)]);
    expect(decimate(store, { first: 0, last: 2 }, [spread], 100)).toEqual({ times: [1, 2, 3], lines: [[2, null, 5]] });
    expect(decimate(store, { first: 0, last: -1 }, [spread], 100)).toEqual({ times: [], lines: [[]] });
  });

  it('lose no spike however many columns there are for a pixel', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1000), { minLength: 30, maxLength: 300 }),
        fc.integer({ min: 1, max: 14 }),
        (spreads, buckets) => {
          const store = storeOf(spreads.map((s) => two(0, s)));
          const { times, lines } = decimate(store, { first: 0, last: spreads.length - 1 }, [spread], buckets);
          const values = lines[0]!.filter((v): v is number => v !== null);
          expect(Math.max(...values)).toBe(Math.max(...spreads));
          expect(Math.min(...values)).toBe(Math.min(...spreads));
          expect(times.length).toBeLessThanOrEqual(2 * buckets + 2);
          expect(times).toEqual([...times].sort((a, b) => a - b));
          expect(lines[0]).toHaveLength(times.length);
        },
      ),
    );
  });

  it('are per second of simulated time', () => {
    const store = storeOf([{ limit: 10, cancel: 5, bidDepth: 30, askDepth: 10 }]);
    store.intervalNs = 5e8;
    expect(perSecond(Field.limit, Field.cancel)(store, 0)).toBe(30);
    expect(imbalance(store, 0)).toBe(0.5);
    expect(imbalance(storeOf([{}]), 0)).toBeNull();
  });

  it('show what is on the screen and a column more on either side, and nothing later than is allowed', () => {
    const store = storeOf(Array.from({ length: 50 }, () => two(1, 2)));
    expect(rangeOf(store, 10e9, 20e9, Number.POSITIVE_INFINITY)).toEqual({ first: 8, last: 20 });
    expect(rangeOf(store, 10e9, 20e9, 15e9).last).toBe(14);
    expect(rangeOf(store, 0, 1e12, Number.POSITIVE_INFINITY)).toEqual({ first: 0, last: 49 });
  });

  it('of latency never pass the longest that was seen', () => {
    const store = storeOf([{ latencyMaxNs: 130 }, {}], (k, numbers) => {
      if (k === 0) numbers[FIELDS + 13] = 4;
    });
    const { lines } = latencyLines(store, { first: 0, last: 1 }, [0.5, 0.999], 2);
    expect(lines.map((line) => line[1])).toEqual([null, null, null]);
    expect(lines[2]![0]).toBe(130);
    expect(lines[1]![0]).toBeLessThanOrEqual(130);
    expect(lines[0]![0]).toBeGreaterThanOrEqual(128);
  });
});

describe('the depth map', () => {
  const colors = Uint32Array.from({ length: 256 }, (_, i) => i);
  const withDepth = (cells: [k: number, price: number, qty: number][], bases: number[]): ColumnStore =>
    storeOf(
      bases.map((depthBase) => ({ depthBase })),
      (k, numbers) => {
        for (const [at, price, qty] of cells) if (at === k) numbers[FIELDS + LATENCY_BUCKETS + price - bases[k]!] = qty;
      },
    );

  it('puts absolute prices in rows: a middle that moves does not smear them', () => {
    const store = withDepth(
      [
        [0, 105, 8],
        [1, 105, 8],
      ],
      [0, 60],
    );
    const pixels = new Uint32Array(2 * 3);
    paintDepth(store, { first: 0, last: 1, low: 104, high: 106 }, { high: 8 }, colors, pixels, 2, 3);
    expect([...pixels]).toEqual([0, 0, 255, 255, 0, 0]);
  });

  it('prices below zero and quantities of any size are shown', () => {
    const store = withDepth([[0, -3, 2 ** 32 - 1]], [-10]);
    const pixels = new Uint32Array(1);
    const window = { first: 0, last: 0, low: -5, high: -1 };
    const cut = findCut(store, window, 1);
    expect(cut.high).toBe(2 ** 32 - 1);
    paintDepth(store, window, cut, colors, pixels, 1, 1);
    expect(pixels[0]).toBe(255);
  });

  it('the scale ends where the cut says, so that one huge order does not darken the rest', () => {
    const cells = Array.from({ length: DEPTH_ROWS }, (_, i): [number, number, number] => [
      0,
      i,
      i === 7 ? 1_000_000 : 10,
    ]);
    const store = withDepth(cells, [0]);
    const window = { first: 0, last: 0, low: 0, high: DEPTH_ROWS - 1 };
    expect(findCut(store, window, 2)).toEqual({ high: 10 });
    expect(findCut(store, window, 0)).toEqual({ high: 1_000_000 });
    expect(findCut(storeOf([{}]), window, 1)).toEqual({ high: 1 });
  });
});

describe('two runs compared', () => {
  const wave = (mean: number): ColumnStore => storeOf(Array.from({ length: 200 }, (_, k) => two(0, mean + (k % 3))));

  it('a difference is told from chance', () => {
    const of = (a: ColumnStore, b: ColumnStore) => compare(a, b).find((c) => c.name === 'Spread')!;
    expect(of(wave(10), wave(20))).toMatchObject({ verdict: 'higher' });
    expect(of(wave(20), wave(10))).toMatchObject({ verdict: 'lower' });
    expect(of(wave(10), wave(10))).toMatchObject({ verdict: 'no difference seen', delta: 0 });
    expect(of(storeOf([two(0, 1)]), wave(10)).verdict).toBe('too little data');
  });
});

describe('figures', () => {
  it('are written as people read them', () => {
    expect([clock(0), clock(61_500_000_000), clock(3_723_000_000_000, 1e9), clock(1_234_567_890, 1e3)]).toEqual([
      '0:00.000',
      '1:01.500',
      '1:02:03',
      '0:01.234568',
    ]);
    expect([duration(0), duration(999.6), duration(1.5e6), duration(2e9)]).toEqual([
      '0 ns',
      '1.00 µs',
      '1.50 ms',
      '2.00 s',
    ]);
    expect([compact(0), compact(1234), compact(999_999), compact(-5e9), compact(Number.NaN)]).toEqual([
      '0',
      '1.23k',
      '1.00M',
      '-5.00G',
      '–',
    ]);
  });
});
