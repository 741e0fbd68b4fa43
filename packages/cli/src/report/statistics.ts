/**
 * What can be said of a figure from one run, and of the difference of two: bootstrap intervals, with a generator of fixed
 * seed, so that a report is the same whenever it is made.
 */

/** An estimate and the interval that it lies in, 95 %. */
export interface Estimate {
  readonly value: number;
  readonly interval: readonly [low: number, high: number] | null;
  readonly method: string;
}

const resamples = 1000;
/** Fewer values than this say nothing about their spread. */
export const samplesMin = 8;

/** The arithmetic mean, NaN of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}

/** The value below which the share `p` of sorted values lies, interpolated. */
export function quantile(sorted: readonly number[], p: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = p * (sorted.length - 1);
  const low = Math.floor(at);
  const [a, b] = [sorted[low]!, sorted[Math.min(low + 1, sorted.length - 1)]!];
  return a + (b - a) * (at - low);
}

/** Mean of independent values, such as one of every book. */
export function meanOfBooks(values: readonly number[]): Estimate {
  const method = `bootstrap over ${values.length} books`;
  return { value: mean(values), interval: bootstrap(values, 1), method };
}

/** Mean of a series in time: resampled in blocks, since neighbours are alike. */
export function meanOfSeries(values: readonly number[], what: string): Estimate {
  // The usual choice for a mean: the cube root of the length.
  const block = Math.max(1, Math.round(values.length ** (1 / 3)));
  return { value: mean(values), interval: bootstrap(values, block), method: `${what}, in blocks of ${block}` };
}

function bootstrap(values: readonly number[], block: number): readonly [number, number] | null {
  if (values.length < samplesMin) return null;
  const random = generator(values.length);
  const means: number[] = [];
  for (let i = 0; i < resamples; i++) {
    let sum = 0;
    for (let n = 0; n < values.length; n += block) {
      const from = random(values.length);
      const to = Math.min(block, values.length - n);
      for (let k = 0; k < to; k++) sum += values[(from + k) % values.length]!;
    }
    means.push(sum / values.length);
  }
  means.sort((a, b) => a - b);
  return [quantile(means, 0.025), quantile(means, 0.975)];
}

/** Integers below a limit (xorshift32). */
function generator(seed: number): (below: number) => number {
  let state = (seed * 2654435761) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** How often each value was measured, ascending. */
export interface Histogram {
  readonly values: readonly number[];
  readonly counts: readonly number[];
}

/** A quantile of a histogram, with the interval of the ranks that it may have had (binomial). */
export function quantileOf({ values, counts }: Histogram, p: number): Estimate {
  const total = counts.reduce((sum, n) => sum + n, 0);
  const at = (rank: number): number => {
    let left = Math.min(Math.max(rank, 1), total);
    for (const [i, n] of counts.entries()) {
      left -= n;
      if (left <= 0) return values[i]!;
    }
    return values.at(-1) ?? Number.NaN;
  };
  const spread = 1.96 * Math.sqrt(total * p * (1 - p));
  const enough = total * (1 - p) >= samplesMin;
  return {
    value: at(Math.ceil(total * p)),
    interval: enough ? [at(Math.floor(total * p - spread)), at(Math.ceil(total * p + spread))] : null,
    method: 'ranks of the measured times',
  };
}

/** The relative difference of `a` to `b`, with its interval where both have one. */
export function difference(
  a: Estimate,
  b: Estimate,
): { value: number | null; interval: readonly [number, number] | null } {
  if (!Number.isFinite(a.value) || !Number.isFinite(b.value) || b.value === 0) return { value: null, interval: null };
  const value = a.value / b.value - 1;
  if (a.interval === null || b.interval === null) return { value, interval: null };
  const scale = Math.abs(b.value);
  const part = (e: Estimate, side: 0 | 1): number => Math.abs(e.interval![side] - e.value) / scale;
  // What makes `a` small and what makes `b` large are independent: their distances add as sides of a right angle.
  const low = value - Math.hypot(part(a, 0), part(b, 1));
  const high = value + Math.hypot(part(a, 1), part(b, 0));
  return { value, interval: [low, high] };
}

/** Correlation of a series with itself, `lag` rows later. */
export function autocorrelation(values: readonly number[], lag: number): number {
  const m = mean(values);
  let [product, square] = [0, 0];
  for (const [i, v] of values.entries()) {
    square += (v - m) ** 2;
    if (i >= lag) product += (v - m) * (values[i - lag]! - m);
  }
  return square === 0 ? 0 : product / square;
}

/** Fourth moment over the square of the second, minus 3: 0 of a normal distribution. */
export function excessKurtosis(values: readonly number[]): number {
  const m = mean(values);
  const second = mean(values.map((v) => (v - m) ** 2));
  return second === 0 ? 0 : mean(values.map((v) => (v - m) ** 4)) / second ** 2 - 3;
}
