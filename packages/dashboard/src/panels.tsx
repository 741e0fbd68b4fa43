/** The panels that are lines over time: the market, latency, throughput. */
import { Field } from '../../cli/src/dashboard/columns.js';
import { compact, decimal, duration, integer } from './format.js';
import { askDepth, bidDepth, imbalance, latencyLines, perSecond, type Quantity, spread } from './series.js';
import { shown, stats } from './state.js';
import { type Line, TimeChart } from './time-chart.js';

const nothing: Quantity = () => null;

const spreadLines: Line[] = [{ label: 'spread', color: (c) => c.accent, quantity: spread }];
const depthLines: Line[] = [
  { label: 'bid', color: (c) => c.buy, quantity: bidDepth },
  { label: 'ask', color: (c) => c.sell, quantity: askDepth },
];
const imbalanceLines: Line[] = [{ label: 'imbalance', color: (c) => c.other, quantity: imbalance }];

/** Spread, depth near the touch, and which side has more of it. */
export function MarketPanels() {
  return (
    <>
      <TimeChart
        name="market"
        title="Spread"
        lines={spreadLines}
        format={(v) => decimal(v, Number.isInteger(v) ? 0 : 1)}
        include={[0]}
        note={() => 'ticks'}
      />
      <TimeChart title="Depth near the touch" lines={depthLines} format={compact} include={[0]} note={() => 'lots'} />
      <TimeChart title="Imbalance" lines={imbalanceLines} format={(v) => decimal(v, 2)} include={[-1, 0, 1]} />
    </>
  );
}

const SHARES = [0.5, 0.99, 0.999];
const latencyKeys: Line[] = [
  ...['p50', 'p99', 'p99.9'].map((label, i): Line => ({ label, color: (c) => c.lines[i]!, quantity: nothing })),
  { label: 'max', color: (c) => c.dim, quantity: nothing },
];

/** Time per command, by percentile. */
export function LatencyPanel() {
  return (
    <TimeChart
      name="latency"
      title="Latency"
      lines={latencyKeys}
      format={duration}
      isLog
      points={(columns, range, buckets) => latencyLines(columns, range, SHARES, buckets)}
    />
  );
}

const throughputLines: Line[] = [
  { label: 'limit', color: (c) => c.lines[0]!, quantity: perSecond(Field.limit) },
  { label: 'market', color: (c) => c.lines[1]!, quantity: perSecond(Field.market) },
  { label: 'cancel', color: (c) => c.lines[2]!, quantity: perSecond(Field.cancel) },
  { label: 'change', color: (c) => c.lines[3]!, quantity: perSecond(Field.reduce, Field.replace) },
  { label: 'refused', color: (c) => c.lines[4]!, quantity: perSecond(Field.rejected) },
];

/** Commands by kind, per second of simulated time; what the core does in a second of real time, and what was dropped. */
export function ThroughputPanel() {
  return (
    <TimeChart
      name="throughput"
      title="Commands / s"
      lines={throughputLines}
      format={compact}
      include={[0]}
      note={() => {
        const state = shown()?.state;
        const core =
          state === undefined || state.busyNs === 0 ? '–' : `${compact((state.events / state.busyNs) * 1e9)}/s`;
        return `core ${core} · ${integer(stats.dropped)} frames dropped`;
      }}
    />
  );
}
