/** The runs of a dashboard in Prometheus' text format, version 0.0.4, for shops that have their own Grafana. */
import type { Run } from './runs.js';

/** What is told of each run, and how it is read from it. Counters end in `_total`; times are in seconds, as is the custom. */
const METRICS: readonly [name: string, type: 'counter' | 'gauge', help: string, read: (run: Run) => number][] = [
  ['events_total', 'counter', 'Commands carried out behind the warm-up.', ({ state }) => state.events],
  ['rejected_total', 'counter', 'Commands refused.', ({ state }) => state.rejected],
  ['trades_total', 'counter', 'Fills.', ({ state }) => state.trades],
  ['volume_lots_total', 'counter', 'Lots traded.', ({ state }) => state.volume],
  ['busy_seconds_total', 'counter', 'Wall-clock time that the core has worked.', ({ state }) => state.busyNs / 1e9],
  ['simulated_seconds', 'gauge', 'Simulated time behind the warm-up.', ({ state }) => state.timeNs / 1e9],
  ['resting_orders', 'gauge', 'Orders in the book.', ({ state }) => state.resting],
  ['bid_ticks', 'gauge', 'Best bid, or the last one there was.', ({ state }) => state.bid],
  ['ask_ticks', 'gauge', 'Best ask, or the last one there was.', ({ state }) => state.ask],
  ['late_seconds', 'gauge', 'How far it is behind the speed asked for.', ({ state }) => state.lateNs / 1e9],
  ['running', 'gauge', '1 while it runs.', ({ state }) => (state.phase === 'running' ? 1 : 0)],
];

/** The quantiles that are told of the latency. */
const QUANTILES = [50, 99, 99.9] as const;

/** A page for Prometheus. `percentiles` are those of `latencyNs` of a state, `viewers` the open pages. */
export function prometheus(runs: readonly Run[], viewers: number, percentiles: readonly number[]): string {
  const lines: string[] = [];
  const tell = (name: string, type: string, help: string, values: readonly [labels: string, value: number][]): void => {
    lines.push(`# HELP toprung_${name} ${help}`, `# TYPE toprung_${name} ${type}`);
    for (const [labels, value] of values) lines.push(`toprung_${name}${labels === '' ? '' : `{${labels}}`} ${value}`);
  };
  tell('dashboard_viewers', 'gauge', 'Pages that are open.', [['', viewers]]);
  for (const [name, type, help, read] of METRICS) {
    tell(
      name,
      type,
      help,
      runs.map((run) => [labelsOf(run), read(run)]),
    );
  }
  const measured = runs.filter((run) => run.state.latencyCount > 0);
  const latencies = measured.flatMap((run) =>
    QUANTILES.map((percent): [string, number] => [
      `${labelsOf(run)},quantile="${percent / 100}"`,
      run.state.latencyNs[percentiles.indexOf(percent)]! / 1e9,
    ]),
  );
  tell('latency_seconds', 'gauge', 'Time per command over the whole run, by quantile.', latencies);
  return `${lines.join('\n')}\n`;
}

function labelsOf(run: Run): string {
  const { id, scenario, arm, book, seed } = run.info();
  const text = (value: string): string => value.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`));
  const labels = {
    run: String(id),
    scenario,
    ...(arm === null ? {} : { arm }),
    book: String(book),
    seed: String(seed),
  };
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${text(value)}"`)
    .join(',');
}
