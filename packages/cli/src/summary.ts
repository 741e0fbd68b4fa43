/** What a simulation gave, as the JSON document of `--json` and as the summary that a person reads. */
import { createHash } from 'node:crypto';
import type { SimulationConfig, SimulationResult } from 'toprung';
import { compact, decimal, duration, integer, percent } from './format.js';
import type { Paint } from './terminal.js';
import { version } from './version.js';

/** The document of `toprung simulate --json`. */
export interface SimulationDocument {
  readonly schema: 'toprung.simulation/1';
  readonly scenario: string;
  /** Whether the run was interrupted: then everything is valid for what was done, which depends on the clock. */
  readonly partial: boolean;
  /** The command line that gives the same events again. */
  readonly rerun: string;
  /** Version of toprung; another one may give other events, and says so in its changelog. */
  readonly version: string;
  readonly config: SimulationConfig;
  /** SHA-256 of the configuration as JSON: two runs of equal hash and version have equal digests. */
  readonly configSha256: string;
  readonly digest: string;
  /** Commands in all books, warm-up included. */
  readonly events: number;
  readonly elapsedNs: number;
  readonly eventsPerSecond: number;
  readonly threads: number;
  readonly metrics: SimulationResult['metrics'];
  readonly latency: SimulationResult['latency'];
  readonly latencyByKind: SimulationResult['latencyByKind'];
  /** Missing in runs that older versions kept. */
  readonly latencyOverTime?: SimulationResult['latencyOverTime'];
}

/** Puts a run and its result together. */
export function resultDocument(
  scenario: string,
  config: SimulationConfig,
  result: SimulationResult,
  partial: boolean,
  rerun: string,
): SimulationDocument {
  const { digest, events, elapsedNs, eventsPerSecond, threads, metrics, latency, latencyByKind } = result;
  return {
    schema: 'toprung.simulation/1',
    scenario,
    partial,
    rerun,
    version: version(),
    config,
    configSha256: createHash('sha256').update(JSON.stringify(config)).digest('hex'),
    digest,
    events,
    elapsedNs,
    eventsPerSecond,
    threads,
    metrics,
    latency,
    latencyByKind,
    latencyOverTime: result.latencyOverTime,
  };
}

/** The summary, line by line. */
export function summaryLines(paint: Paint, document: SimulationDocument): string[] {
  const { config, metrics, partial } = document;
  const row = (label: string, value: string, remark = ''): string =>
    `  ${label.padEnd(10)}${paint('bold', value.padEnd(25))}${remark === '' ? '' : `  ${paint('dim', remark)}`}`.trimEnd();
  const books = config.books === 1 ? '1 book' : `${integer(config.books)} books`;
  const title = `${document.scenario}, seed ${config.seed}: ${integer(metrics.events)} events in ${books}`;
  const depth = `within ${config.samples.depthTicks} ticks of the best price`;
  const lots = (bid: number, ask: number): string => `${decimal(bid, 1)} | ${decimal(ask, 1)} lots`;
  return [
    (partial ? `${paint('yellow', 'partial')} (interrupted)  ` : '') + paint('bold', title),
    '',
    row(
      'speed',
      `${compact(document.eventsPerSecond)} events/s`,
      `${duration(document.elapsedNs)} on ${threads(document.threads)}; warm-up, order flow and matching`,
    ),
    ...latency(row, document),
    '',
    row(
      'market',
      duration(metrics.timeNs),
      config.books === 1 ? 'simulated time' : 'simulated time, all books together',
    ),
    row(
      'orders',
      integer(metrics.limitOrders + metrics.marketOrders),
      `${integer(metrics.limitOrders)} limit, ${integer(metrics.marketOrders)} market; ${integer(metrics.cancels)} cancels`,
    ),
    row(
      'trades',
      integer(metrics.trades),
      `${percent(metrics.trades, metrics.events)} of the events, ${integer(metrics.volume)} lots`,
    ),
    row(
      'spread',
      `${decimal(metrics.meanSpreadTicks, 2)} ticks`,
      `mean over time; one tick ${percent(metrics.oneTickShare, 1)} of it`,
    ),
    row('touch', lots(metrics.meanBidLots, metrics.meanAskLots), 'bid | ask, mean over time at the best price'),
    // Sampled, so that a run that was cut short may have next to none.
    ...(partial
      ? []
      : [row('depth', lots(metrics.meanBidDepthLots, metrics.meanAskDepthLots), `bid | ask, mean ${depth}`)]),
    ...price(row, document),
    '',
    row('digest', document.digest, partial ? 'of a partial run: not to be compared' : ''),
    ...(partial
      ? []
      : [`  ${''.padEnd(10)}${paint('dim', 'of every event: the same on every machine, for any number of threads')}`]),
    row('again', document.rerun),
    `  ${''.padEnd(10)}${paint('dim', `with toprung ${document.version}; configuration ${document.configSha256.slice(0, 12)}`)}`,
  ];
}

type Row = (label: string, value: string, remark?: string) => string;

function latency(row: Row, { latency: measured, latencyByKind, config }: SimulationDocument): string[] {
  if (measured === null || measured === undefined || measured.count === 0) return [];
  const { p50Ns, p99Ns, p999Ns, maxNs, clockOverheadNs } = measured;
  const every =
    config.latencySampling === 0 ? 'every event' : `1 event in ${integer(2 ** (config.latencySampling ?? 0))}`;
  return [
    row(
      'latency',
      `p50 ${duration(p50Ns)}, p99 ${duration(p99Ns)}`,
      `p99.9 ${duration(p999Ns)}, max ${duration(maxNs)}`,
    ),
    row('', '', `per event, ${every} timed; the clock's own ${duration(clockOverheadNs)} included`),
    ...Object.entries(latencyByKind ?? {}).map(([kind, of]) =>
      row('', '', `${kind}: p50 ${duration(of.p50Ns)}, p99 ${duration(of.p99Ns)}, p99.9 ${duration(of.p999Ns)}`),
    ),
  ];
}

function price(row: Row, { metrics, config }: SimulationDocument): string[] {
  const { mid } = metrics;
  if (mid === null || mid === undefined) return [];
  const range = `${ticks(mid.lowHalfTicks)} to ${ticks(mid.highHalfTicks)}`;
  const path =
    config.books === 1 ? `from ${ticks(mid.firstHalfTicks)} to ${ticks(mid.lastHalfTicks)}` : 'over all books';
  return [row('mid price', range, `ticks; ${path}`)];
}

function ticks(halfTicks: number): string {
  return decimal(halfTicks / 2, halfTicks % 2 === 0 ? 0 : 1);
}

function threads(count: number): string {
  return count === 1 ? '1 thread' : `${count} threads`;
}
