/** The statistics of reports, their thresholds and their pictures. */
import { inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Figure } from '../src/report/document.js';
import { pngOf } from '../src/report/heatmap.js';
import {
  autocorrelation,
  difference,
  excessKurtosis,
  meanOfBooks,
  meanOfSeries,
  quantile,
  quantileOf,
} from '../src/report/statistics.js';
import { applyThresholds, parseThreshold } from '../src/report/thresholds.js';
import { show, showChange } from '../src/report/units.js';

/** Numbers from 0 to 1 that look random. */
function noise(count: number, salt = 1): number[] {
  return Array.from({ length: count }, (_, i) => {
    const x = Math.sin((i + 1) * 12.9898 + salt * 78.233) * 43758.5453;
    return x - Math.floor(x);
  });
}

describe('statistics', () => {
  test('quantiles are interpolated', () => {
    expect([0, 0.25, 0.5, 1].map((p) => quantile([1, 2, 3, 4], p))).toEqual([1, 1.75, 2.5, 4]);
    expect(quantile([], 0.5)).toBeNaN();
  });

  test('an interval holds the mean, narrows with more samples, and is the same whenever it is asked for', () => {
    const width = (count: number): number => {
      const { value, interval } = meanOfBooks(noise(count));
      expect(interval![0]).toBeLessThan(value);
      expect(interval![1]).toBeGreaterThan(value);
      return interval![1] - interval![0];
    };
    expect(width(400)).toBeLessThan(width(40));
    // The mean of 400 numbers from 0 to 1 has a deviation of 1 / sqrt(12 * 400).
    expect(width(400)).toBeGreaterThan((3.92 * 0.8) / Math.sqrt(4800));
    expect(width(400)).toBeLessThan((3.92 * 1.2) / Math.sqrt(4800));
    expect(meanOfBooks(noise(40))).toEqual(meanOfBooks(noise(40)));
    expect(meanOfBooks(noise(7)).interval).toBeNull();
  });

  test('neighbours that are alike widen the interval', () => {
    const slow = noise(100).flatMap((v) => Array<number>(10).fill(v));
    const span = ([low, high]: readonly [number, number]): number => high - low;
    expect(span(meanOfSeries(slow, 'x').interval!)).toBeGreaterThan(1.5 * span(meanOfBooks(slow).interval!));
  });

  test('a quantile of a histogram has the ranks around it as interval, where there are enough', () => {
    const histogram = { values: [10, 20, 30, 1000], counts: [500, 400, 90, 10] };
    expect(quantileOf(histogram, 0.5)).toMatchObject({ value: 10, interval: [10, 20] });
    expect(quantileOf(histogram, 0.999)).toMatchObject({ value: 1000, interval: null });
  });

  test('a difference without intervals has none, and none to nothing', () => {
    const estimate = (value: number, interval: [number, number] | null) => ({ value, interval, method: '' });
    expect(difference(estimate(11, null), estimate(10, null))).toEqual({ value: 11 / 10 - 1, interval: null });
    expect(difference(estimate(1, null), estimate(0, null))).toEqual({ value: null, interval: null });
    const { interval } = difference(estimate(12, [11.7, 12.3]), estimate(10, [9.6, 10.4]));
    expect(interval![0]).toBeCloseTo(0.15);
    expect(interval![1]).toBeCloseTo(0.25);
  });

  test('what is known of correlations and tails', () => {
    expect(autocorrelation([1, -1, 1, -1, 1, -1], 1)).toBeCloseTo(-5 / 6);
    expect(autocorrelation([2, 2, 2], 1)).toBe(0);
    // The uniform distribution has a fourth moment of 9/5.
    expect(excessKurtosis(Array.from({ length: 10_000 }, (_, i) => i))).toBeCloseTo(-1.2, 2);
  });
});

describe('thresholds', () => {
  const figure = (key: string, value: number): Figure => ({
    key,
    name: key,
    value,
    unit: 'ns',
    better: null,
    remark: '',
    threshold: null,
    against: null,
  });

  test.each([
    ['p99<2us', '<', 2000],
    ['p99 <= 1.5 ms', '<=', 1.5e6],
    ['throughput>=5M/s', '>=', 5e6],
    ['one-tick>12%', '>', 0.12],
  ])('%s', (text, operator, value) => {
    const parsed = parseThreshold(text);
    expect(parsed.operator).toBe(operator);
    expect(parsed.value).toBeCloseTo(value, 9);
  });

  test.each(['p99', 'p99=5', '<5', 'p99<fast', 'p99<5 kg'])('%s is refused', (text) => {
    expect(() => parseThreshold(text)).toThrow(/expected FIGURE<VALUE/);
  });

  test('a figure may have several, and all must hold', () => {
    const [p99] = applyThresholds([figure('p99', 100)], [parseThreshold('p99<200'), parseThreshold('p99>=100')]);
    expect(p99!.threshold).toEqual({ text: 'p99<200, p99>=100', holds: true });
    const [other] = applyThresholds([figure('p99', 100)], [parseThreshold('p99<200'), parseThreshold('p99>100')]);
    expect(other!.threshold!.holds).toBe(false);
    expect(() => applyThresholds([figure('p99', 1)], [parseThreshold('p98<1')])).toThrow(/no figure p98/);
  });
});

test('figures are written with their unit', () => {
  expect(show(1234, 'ns')).toBe('1.23 µs');
  expect(show(12_345_678, 'per second')).toBe('12.3 M/s');
  expect(show(0.0541, 'share')).toBe('5.4 %');
  expect(show(3.4567, 'ticks')).toBe('3.46 ticks');
  expect(show(Number.NaN, 'ticks')).toBe('n/a');
  expect([showChange(0.031), showChange(-0.155), showChange(2)]).toEqual(['+3.1 %', '−15.5 %', '+200 %']);
});

test('the picture is a PNG of the grid', () => {
  const cells = Buffer.from([0, 1, 127, 129, 255, 0]);
  const png = pngOf({ columns: 3, rows: 2, cells: cells.toString('base64') });
  expect(png.subarray(0, 8)).toEqual(Buffer.from('89504e470d0a1a0a', 'hex'));
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([3, 2]);
  const at = png.indexOf('IDAT');
  const data = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)));
  expect([...data]).toEqual([0, 0, 1, 127, 0, 129, 255, 0]);
});
