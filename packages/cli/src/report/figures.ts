/** The key figures of a run, and of two runs side by side. */
import { integer } from '../format.js';
import type { RunData } from './collect.js';
import type { Comparison, Figure, Unit } from './document.js';
import { spreads, touches } from './series.js';
import { difference, type Estimate, meanOfBooks, meanOfSeries, quantileOf, samplesMin } from './statistics.js';

interface Measured {
  readonly key: string;
  readonly name: string;
  readonly unit: Unit;
  readonly better: Figure['better'];
  readonly remark: string;
  readonly estimate: Estimate;
  /** Whether it is determined by the events alone: the same for runs of the same digest. */
  readonly ofEvents: boolean;
}

/** The figures of a run, compared with `against` if there is one; differences below `minEffect` are called none. */
export function figuresOf(run: RunData, against: RunData | undefined, minEffect: number): Figure[] {
  const others = new Map((against === undefined ? [] : measure(against)).map((m) => [m.key, m]));
  const sameEvents = against?.result.digest === run.result.digest;
  return measure(run).map((m) => {
    const { key, name, unit, better, remark, estimate, ofEvents } = m;
    const other = others.get(key);
    const comparison = other === undefined ? null : compare(m, other, ofEvents && sameEvents, minEffect);
    return { key, name, value: estimate.value, unit, better, remark, threshold: null, against: comparison };
  });
}

function compare(a: Measured, b: Measured, same: boolean, minEffect: number): Comparison {
  const { value, interval } = difference(a.estimate, b.estimate);
  const other = b.estimate.value;
  if (same) return { value: other, difference: 0, interval: [0, 0], verdict: 'same', method: 'the same events' };
  const method = interval === null ? 'too few samples for an interval' : a.estimate.method;
  return { value: other, difference: value, interval, verdict: verdictOf(a.better, interval, minEffect), method };
}

function verdictOf(
  better: Figure['better'],
  interval: Comparison['interval'],
  minEffect: number,
): Comparison['verdict'] {
  if (interval === null) return 'unclear';
  const [low, high] = interval;
  if (low > -minEffect && high < minEffect) return 'no change';
  // Zero must be outside, and so must what is too small to matter.
  if (low > 0 && high > minEffect) return better === null ? 'higher' : better === 'higher' ? 'better' : 'worse';
  if (high < 0 && low < -minEffect) return better === null ? 'lower' : better === 'lower' ? 'better' : 'worse';
  return 'unclear';
}

function measure(run: RunData): Measured[] {
  const { result } = run;
  return [
    ...speed(run),
    ...latencies(run),
    ...(result.schema === 'toprung.replay/1' ? agreement(run) : []),
    ...market(run),
  ];
}

/** Commands per second between two points of the timeline, with the time of the second, ms. */
export function rates({ result }: RunData): { ms: number; rate: number }[] {
  const points = result.timeline;
  const all = points.slice(1).map(([ms, done], i) => {
    const [msBefore, doneBefore] = points[i]!;
    return { ms, rate: ((done - doneBefore) / (ms - msBefore)) * 1e3 };
  });
  // The first and the last are parts of a tenth of a second: with threads that start, and threads that wait for others.
  return all.length < 6 ? all : all.slice(1, -1);
}

function speed(run: RunData): Measured[] {
  const { result } = run;
  const isReplay = result.schema === 'toprung.replay/1';
  const value = isReplay ? (result.records / result.elapsedNs) * 1e9 : result.eventsPerSecond;
  // What the timeline of a replay counts are bytes or messages.
  const series = isReplay ? [] : rates(run).map(({ rate }) => rate);
  const remark = isReplay
    ? `${integer(result.records)} records, reading included`
    : `${integer(result.events)} events on ${result.threads} thread${result.threads === 1 ? '' : 's'}`;
  const estimate = centred(value, meanOfSeries(series, 'tenths of a second of this one run'));
  return [
    { key: 'throughput', name: 'Throughput', unit: 'per second', better: 'higher', remark, estimate, ofEvents: false },
  ];
}

function latencies({ latency, result }: RunData): Measured[] {
  if (latency === undefined || latency.values.length === 0) return [];
  const clock = result.schema === 'toprung.simulation/1' ? (result.latency?.clockOverheadNs ?? 0) : 0;
  const remark = `per command, ${clock} ns of it the clock`;
  const at = (key: string, name: string, p: number): Measured => ({
    key,
    name,
    unit: 'ns',
    better: 'lower',
    remark,
    estimate: quantileOf(latency, p),
    ofEvents: false,
  });
  return [at('p50', 'Latency p50', 0.5), at('p99', 'Latency p99', 0.99), at('p999', 'Latency p99.9', 0.999)];
}

function agreement({ result }: RunData): Measured[] {
  if (result.schema !== 'toprung.replay/1') return [];
  const checked = (key: string, name: string, { equal, total }: { equal: number; total: number }): Measured[] =>
    total === 0
      ? []
      : [
          {
            key,
            name,
            unit: 'share',
            better: 'higher',
            remark: `${integer(equal)} of ${integer(total)}`,
            estimate: { value: equal / total, interval: null, method: 'counted' },
            ofEvents: true,
          },
        ];
  return [
    ...checked('fills', 'Fills as the exchange’s', result.aggressive),
    ...checked('checkpoints', 'Checkpoints equal', result.checkpoints),
  ];
}

function market(run: RunData): Measured[] {
  const { result, books, top } = run;
  const found: Measured[] = [];
  const add = (key: string, name: string, unit: Unit, remark: string, estimate: Estimate): void => {
    if (Number.isFinite(estimate.value))
      found.push({ key, name, unit, better: null, remark, estimate, ofEvents: true });
  };
  const series = top === undefined ? [] : spreads(top).filter(Number.isFinite);
  const touch = top === undefined ? [] : touches(top);
  if (result.schema === 'toprung.simulation/1') {
    const { metrics } = result;
    // Of many books each is a sample; of few the times are.
    const many = books !== undefined && books.trades.length >= samplesMin ? books : undefined;
    const of = (value: number, perBook: (i: number) => number, inTime: readonly number[]): Estimate =>
      centred(
        value,
        many === undefined
          ? meanOfSeries(inTime, `${inTime.length} times of the first book`)
          : meanOfBooks(many.trades.map((_, i) => perBook(i))),
      );
    const { meanSpreadTicks, oneTickShare, meanBidLots, meanAskLots, trades, accepted, cancelled } = metrics;
    const oneTick = series.map((s) => (s === 1 ? 1 : 0));
    add(
      'spread',
      'Spread',
      'ticks',
      'mean over time',
      of(meanSpreadTicks, (i) => many!.mean_spread_ticks[i]!, series),
    );
    add(
      'one-tick',
      'At one tick',
      'share',
      'of the time',
      of(oneTickShare, (i) => many!.one_tick_share[i]!, oneTick),
    );
    const lots = (i: number) => (many!.mean_bid_lots[i]! + many!.mean_ask_lots[i]!) / 2;
    add('touch', 'Best price', 'lots', 'mean quantity, both sides', of((meanBidLots + meanAskLots) / 2, lots, touch));
    const perTrade = (count: number): Estimate => ({ value: count / trades, interval: null, method: 'counted' });
    if (many === undefined) {
      add('orders-per-trade', 'Orders per trade', 'ratio', `${integer(trades)} trades`, perTrade(accepted));
      add('cancels-per-trade', 'Cancels per trade', 'ratio', `${integer(cancelled)} cancels`, perTrade(cancelled));
    } else {
      const ratio = (of: 'accepted' | 'cancelled') =>
        meanOfBooks(many.trades.map((n, i) => many[of][i]! / Math.max(n, 1)));
      const remark = `${integer(trades)} trades`;
      add('orders-per-trade', 'Orders per trade', 'ratio', remark, centred(accepted / trades, ratio('accepted')));
      add('cancels-per-trade', 'Cancels per trade', 'ratio', remark, centred(cancelled / trades, ratio('cancelled')));
    }
    return found;
  }
  const remark = `mean of ${integer(series.length)} times`;
  add('spread', 'Spread', 'ticks', remark, meanOfSeries(series, `${series.length} times`));
  add('touch', 'Best price', 'lots', 'mean quantity, both sides', meanOfSeries(touch, `${touch.length} times`));
  add('trades', 'Fills', 'count', `${integer(result.volume)} lots`, {
    value: result.fills,
    interval: null,
    method: '',
  });
  return found;
}

/** The figure as it was measured over everything, with the interval that samples of it gave. */
function centred(value: number, { value: at, interval, method }: Estimate): Estimate {
  const shift = value - at;
  return { value, interval: interval === null ? null : [interval[0] + shift, interval[1] + shift], method };
}
