/** The charts of a run, as data. */
import { compact, decimal, duration, integer } from '../format.js';
import type { RunData } from './collect.js';
import type {
  Axis,
  Chart,
  Figure,
  ForestChart,
  HistogramChart,
  LineChart,
  Section,
  Series,
  State,
} from './document.js';
import { rates } from './figures.js';
import { heatmapOf } from './heatmap.js';
import { returns, secondsOf, significant, spreads, thinned, timeOf } from './series.js';
import { autocorrelation, excessKurtosis, type Histogram, mean, quantile, quantileOf } from './statistics.js';
import { showChange } from './units.js';

/** Points of a line at most: a chart has not many more columns. */
const pointsMax = 256;

const linear = (label: string, zero = false): Axis => ({ label, scale: 'linear', zero });

/** Every section that there is data for. */
export function sectionsOf(run: RunData, against: RunData | undefined): Section[] {
  const sections: Section[] = [
    { title: 'The book', text: bookText(run), charts: bookCharts(run, against) },
    {
      title: 'Latency',
      text: 'Time that one command takes inside the book: matching and writing its events. The clock’s own cost is in it.',
      charts: [...latencyOverTime(run), ...latencyCharts(run, against)],
    },
    {
      title: 'Throughput',
      text: 'Events per second of wall-clock time, order flow and matching together.',
      charts: throughputCharts(run, against),
    },
    {
      title: 'Stylised facts',
      text: 'What prices do everywhere: returns that know nothing of each other, and more large ones than chance allows.',
      charts: returnCharts(run),
    },
  ];
  return sections
    .filter(({ charts }) => charts.length > 0)
    .map((section) => ({ ...section, charts: filled(section.charts) }));
}

/** Of an odd number of narrow charts the last is as wide as two. */
export function filled(charts: readonly Chart[]): Chart[] {
  const narrow = charts.filter(({ wide }) => !wide);
  return charts.map((chart) => (narrow.length % 2 === 1 && chart === narrow.at(-1) ? { ...chart, wide: true } : chart));
}

function bookText({ result }: RunData): string {
  if (result.schema === 'toprung.replay/1') return 'The book at even times of the day, as it was rebuilt.';
  return result.config.books === 1 ? 'The book at even times of the run.' : 'The first book at even times of the run.';
}

function bookCharts(run: RunData, against: RunData | undefined): Chart[] {
  const { top } = run;
  if (top === undefined || top.ts.length < 2) return [];
  const charts: Chart[] = [];
  const heatmap = heatmapOf(run);
  if (heatmap !== undefined) charts.push(heatmap);
  const { axis, xs } = timeOf(run);
  const spread = spreads(top);
  const sorted = spread.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length > 0) {
    charts.push(
      lines(
        'spread',
        'Spread',
        axis,
        linear('ticks', true),
        [{ name: run.name, color: 0, shape: 'line', points: thinned(xs, spread, pointsMax) }, ...overlay(against)],
        `Half of the time at ${decimal(quantile(sorted, 0.5), 0)} ticks or less, and above ${decimal(quantile(sorted, 0.95), 0)} one time in twenty.`,
      ),
    );
  }
  const [bid, ask] = [mean(top.bid_lots), mean(top.ask_lots)];
  charts.push(
    lines(
      'touch',
      'Quantity at the best prices',
      axis,
      linear('lots', true),
      [
        { name: 'bid', color: 0, shape: 'line', points: thinned(xs, top.bid_lots, pointsMax) },
        { name: 'ask', color: 1, shape: 'line', points: thinned(xs, top.ask_lots, pointsMax) },
      ],
      `${decimal(bid, 1)} lots on the bid and ${decimal(ask, 1)} on the ask on average.`,
    ),
  );
  const per = (counts: readonly number[]): number[] =>
    counts.slice(1).map((n, i) => (n - counts[i]!) / (xs[i + 1]! - xs[i]!));
  const later = xs.slice(1);
  const [orders, cancels, trades] = [per(top.accepted), per(top.cancelled), per(top.trades)];
  charts.push(
    lines(
      'activity',
      'Orders, cancels and trades',
      axis,
      linear(run.result.schema === 'toprung.replay/1' ? 'per second' : 'per simulated second', true),
      [
        { name: 'orders', color: 0, shape: 'line', points: thinned(later, orders, pointsMax) },
        { name: 'cancels', color: 2, shape: 'line', points: thinned(later, cancels, pointsMax) },
        { name: 'trades', color: 1, shape: 'line', points: thinned(later, trades, pointsMax) },
      ],
      `${compact(significant(mean(orders)))} orders, ${compact(significant(mean(cancels)))} cancels and ${compact(significant(mean(trades)))} trades a second.`,
    ),
  );
  const many = acrossBooks(run);
  return many === undefined ? charts : [...charts, many];
}

/** The other run's spread, dashed. */
function overlay(against: RunData | undefined): Series[] {
  if (against?.top === undefined || against.top.ts.length < 2) return [];
  const points = thinned(timeOf(against).xs, spreads(against.top), pointsMax);
  return [{ name: against.name, color: 3, shape: 'dashed', points }];
}

function lines(id: string, title: string, x: Axis, y: Axis, series: readonly Series[], finding: string): LineChart {
  return { kind: 'lines', id, title, finding, wide: false, x, y, series, marks: [] };
}

function acrossBooks({ books }: RunData): HistogramChart | undefined {
  if (books === undefined || books.mean_spread_ticks.length < 20) return undefined;
  const sorted = [...books.mean_spread_ticks].sort((a, b) => a - b);
  return {
    kind: 'histogram',
    id: 'books',
    title: 'Mean spread, book by book',
    finding: `${integer(sorted.length)} books: nine in ten between ${decimal(quantile(sorted, 0.05), 2)} and ${decimal(quantile(sorted, 0.95), 2)} ticks.`,
    wide: false,
    x: linear('ticks'),
    y: linear('books', true),
    bins: binned(sorted, 24),
  };
}

function binned(sorted: readonly number[], count: number): [number, number, number][] {
  const [low, high] = [sorted[0]!, sorted.at(-1)!];
  const width = (high - low) / count || 1;
  const bins = Array.from({ length: count }, (_, i): [number, number, number] => [
    significant(low + i * width),
    significant(low + (i + 1) * width),
    0,
  ]);
  for (const v of sorted) bins[Math.min(count - 1, Math.floor((v - low) / width))]![2] += 1;
  return bins;
}

function latencyCharts(run: RunData, against: RunData | undefined): Chart[] {
  const { latency } = run;
  if (latency === undefined || latency.values.length === 0) return [];
  const at = (p: number): string => duration(quantileOf(latency, p).value);
  const series: Series[] = [{ name: run.name, color: 0, shape: 'step', points: percentiles(latency) }];
  if (against?.latency !== undefined) {
    series.push({ name: against.name, color: 3, shape: 'dashed', points: percentiles(against.latency) });
  }
  const ns: Axis = { label: 'ns', scale: 'log', zero: false };
  const total = latency.counts.reduce((a, b) => a + b, 0);
  return [
    {
      kind: 'lines',
      id: 'percentiles',
      title: 'Latency by percentile',
      finding: `Half of the commands take ${at(0.5)} or less, 99 in 100 ${at(0.99)}, 999 in 1000 ${at(0.999)}.`,
      wide: false,
      x: { label: 'percentile', scale: 'nines', zero: false },
      y: ns,
      series,
      marks: [],
    },
    {
      kind: 'histogram',
      id: 'latencies',
      title: 'How often each latency',
      finding: `${integer(total)} commands timed, the longest ${duration(latency.values.at(-1)!)}.`,
      wide: false,
      x: ns,
      y: linear('share of the commands', true),
      bins: logarithmic(latency, total),
    },
  ];
}

/** Percentiles of the parts of a run, where there are enough of them to show a course. */
function latencyOverTime(run: RunData): Chart[] {
  const parts = run.result.latencyOverTime ?? [];
  if (parts.length < 4) return [];
  const ends = parts.map(({ untilNs }) => untilNs);
  const { axis, xs } = secondsOf(run, ends, 0);
  const of = (key: 'p50Ns' | 'p99Ns' | 'maxNs', name: string, color: number): Series => ({
    name,
    color,
    shape: 'line',
    points: parts.map((part, i) => [significant(xs[i]!), part[key]]),
  });
  const p99 = parts.map((part) => part.p99Ns).sort((a, b) => a - b);
  const longest = Math.max(...parts.map(({ maxNs }) => maxNs));
  const whose = run.result.schema === 'toprung.simulation/1' && run.result.config.books > 1 ? ' of the first book' : '';
  return [
    {
      kind: 'lines',
      id: 'latency-time',
      title: 'Latency over the run',
      finding: `p99 between ${duration(p99[0]!)} and ${duration(p99.at(-1)!)} from part to part (${parts.length} parts${whose}); the longest command took ${duration(longest)}.`,
      wide: true,
      x: axis,
      y: { label: 'ns', scale: 'log', zero: false },
      series: [of('p50Ns', 'p50', 0), of('p99Ns', 'p99', 1), of('maxNs', 'longest', 3)],
      marks: [],
    },
  ];
}

/** Points (1 / (1 - p), latency) up to what the number of samples can tell. */
function percentiles({ values, counts }: Histogram): [number, number][] {
  const total = counts.reduce((a, b) => a + b, 0);
  const points: [number, number][] = [];
  let below = 0;
  for (const [i, n] of counts.entries()) {
    const x = total / (total - below);
    const last = points.at(-1);
    // Points nearer than a hundredth of a decade cannot be told apart.
    if (last === undefined || x / last[0] > 1.02 || values[i]! / last[1] > 1.02)
      points.push([significant(x), values[i]!]);
    below += n;
  }
  return points;
}

/** Eight bins a factor of two, from the first to the last that holds something worth a pixel. */
function logarithmic({ values, counts }: Histogram, total: number): [number, number, number][] {
  const share = new Map<number, number>();
  for (const [i, ns] of values.entries()) {
    const bin = Math.floor(Math.log2(Math.max(ns, 1)) * 8);
    share.set(bin, (share.get(bin) ?? 0) + counts[i]! / total);
  }
  return [...share]
    .sort(([a], [b]) => a - b)
    .filter(([, y]) => y > 1e-3)
    .map(([bin, y]) => [significant(2 ** (bin / 8)), significant(2 ** ((bin + 1) / 8)), significant(y)]);
}

function throughputCharts(run: RunData, against: RunData | undefined): Chart[] {
  const line = (data: RunData, color: number, shape: Series['shape']): Series[] => {
    const series = data.result.schema === 'toprung.replay/1' ? [] : rates(data);
    if (series.length < 3) return [];
    const xs = series.map(({ ms }) => ms / 1e3);
    const ys = series.map(({ rate }) => rate);
    return [{ name: data.name, color, shape, points: thinned(xs, ys, pointsMax) }];
  };
  const own = line(run, 0, 'line');
  if (own.length === 0 || run.result.schema === 'toprung.replay/1') return [];
  const sorted = rates(run)
    .map(({ rate }) => rate)
    .sort((a, b) => a - b);
  const [low, high] = [quantile(sorted, 0.05), quantile(sorted, 0.95)];
  const speed = run.result.eventsPerSecond;
  return [
    {
      kind: 'lines',
      id: 'throughput',
      title: 'Events per second while it ran',
      finding: `${compact(Math.round(speed))} events a second over the whole run; nine tenths of it between ${compact(Math.round(low))} and ${compact(Math.round(high))}.`,
      wide: true,
      x: linear('seconds since the start', true),
      y: linear('events per second', true),
      series: [...own, ...(against === undefined ? [] : line(against, 3, 'dashed'))],
      marks: [{ label: 'nine tenths of the time', low, high }],
    },
  ];
}

function returnCharts({ top }: RunData): Chart[] {
  const series = top === undefined ? [] : returns(top);
  if (top === undefined || series.length < 60 || series.every((r) => r === 0)) return [];
  const lags = Array.from({ length: 30 }, (_, i) => i + 1);
  const of = (values: readonly number[]): [number, number][] =>
    lags.map((lag) => [lag, significant(autocorrelation(values, lag))]);
  const noise = 1.96 / Math.sqrt(series.length);
  const outside = of(series).filter(([, y]) => Math.abs(y) > noise).length;
  const step = duration(top.ts[1]! - top.ts[0]!);
  const kurtosis = excessKurtosis(series);
  const shape = kurtosis > 0.5 ? 'fatter tails than' : kurtosis < -0.5 ? 'thinner tails than' : 'about the tails of';
  return [
    {
      kind: 'lines',
      id: 'autocorrelation',
      title: 'Do returns remember?',
      finding: `Mid-price returns over ${step}: ${outside} of 30 lags outside what chance gives one time in twenty.`,
      wide: false,
      x: linear(`lag, in steps of ${step}`, true),
      y: linear('autocorrelation'),
      series: [
        { name: 'returns', color: 0, shape: 'stems', points: of(series) },
        { name: 'their size', color: 1, shape: 'line', points: of(series.map(Math.abs)) },
      ],
      marks: [{ label: '95 % of pure chance', low: -noise, high: noise }],
    },
    {
      kind: 'histogram',
      id: 'returns',
      title: 'Mid-price returns',
      finding: `Excess kurtosis ${decimal(kurtosis, 2)}: ${shape} a normal distribution.`,
      wide: false,
      x: linear(`ticks in ${step}`),
      y: linear('times', true),
      bins: binned(
        [...series].sort((a, b) => a - b),
        31,
      ),
    },
  ];
}

/** The differences of two runs in one chart. */
export function comparison(figures: readonly Figure[], name: string, minEffect: number): Section | undefined {
  const rows = figures.flatMap(({ name, against }) =>
    against?.interval == null || against.difference === null
      ? []
      : [{ name, difference: against.difference, interval: against.interval, state: stateOf(against.verdict) }],
  );
  if (rows.length === 0) return undefined;
  const changed = figures.filter(({ against }) =>
    ['better', 'worse', 'higher', 'lower'].includes(against?.verdict ?? ''),
  );
  const told = changed.map((f) => `${f.name} ${showChange(f.against!.difference!)}`);
  const forest: ForestChart = {
    kind: 'forest',
    id: 'differences',
    title: `Difference to ${name}, with 95 % intervals`,
    finding: told.length === 0 ? 'Nothing differs for certain.' : `Certain to differ: ${told.join(', ')}.`,
    wide: true,
    x: linear('difference'),
    rows,
    minEffect,
  };
  const text = `Differences smaller than ${(100 * minEffect).toFixed(1)} % are called none. The intervals tell how much the figures vary within these two runs; a busy machine can shift a whole run.`;
  return { title: `Against ${name}`, text, charts: [forest] };
}

/** What a verdict looks like. */
export function stateOf(verdict: NonNullable<Figure['against']>['verdict']): State {
  if (verdict === 'better') return 'good';
  if (verdict === 'worse') return 'bad';
  return verdict === 'unclear' ? 'unsure' : 'neutral';
}
