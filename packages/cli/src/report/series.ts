/** Series over time that charts and figures are made of. */
import type { RunData } from './collect.js';
import type { Axis } from './document.js';

type Top = NonNullable<RunData['top']>;

/** Ask minus bid, NaN where a side is missing. */
export function spreads(top: Top): number[] {
  return top.ask_ticks.map((ask, i) => ask - top.bid_ticks[i]!);
}

/** The middle of bid and ask, NaN where a side is missing. */
export function mids(top: Top): number[] {
  return top.ask_ticks.map((ask, i) => (ask + top.bid_ticks[i]!) / 2);
}

/** Mean of the quantities at the two best prices. */
export function touches(top: Top): number[] {
  return top.bid_lots.map((bid, i) => (bid + top.ask_lots[i]!) / 2);
}

/** The axis of a run's time, and the time of each row: seconds since the first one, or of the day of a replay. */
export function timeOf(run: RunData): { axis: Axis; xs: number[] } {
  const ts = run.top?.ts ?? [];
  return secondsOf(run, ts, ts[0] ?? 0);
}

/** The same of any times: seconds since `start`, or of the day of a replay. */
export function secondsOf({ result }: RunData, ts: readonly number[], start: number): { axis: Axis; xs: number[] } {
  const isReplay = result.schema === 'toprung.replay/1';
  const origin = isReplay ? Math.floor((ts[0] ?? 0) / dayNs) * dayNs : start;
  const axis: Axis = isReplay
    ? { label: 'time of day', scale: 'clock', zero: false }
    : { label: 'simulated seconds', scale: 'linear', zero: false };
  return { axis, xs: ts.map((t) => (t - origin) / 1e9) };
}

const dayNs = 86_400e9;

/** Changes of the mid price from one row to the next, in ticks. */
export function returns(top: Top): number[] {
  const mid = mids(top);
  return mid
    .slice(1)
    .map((m, i) => m - mid[i]!)
    .filter(Number.isFinite);
}

/** Means over groups of neighbours, so that at most `most` points are left. */
export function thinned(xs: readonly number[], ys: readonly number[], most: number): [x: number, y: number][] {
  const group = Math.max(1, Math.ceil(xs.length / most));
  const points: [number, number][] = [];
  for (let i = 0; i < xs.length; i += group) {
    const values = ys.slice(i, i + group).filter(Number.isFinite);
    if (values.length === 0) continue;
    points.push([xs[i]!, significant(values.reduce((a, b) => a + b, 0) / values.length)]);
  }
  return points;
}

/** Nine digits: half a tick of any price that a run has, and still short in JSON. */
export function significant(value: number): number {
  return Number(value.toPrecision(9));
}
