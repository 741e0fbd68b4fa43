/** The charts of benchmarks, as data: engines side by side, curves, and what criterion and vitest measured. */
import { compact, duration, integer } from '../format.js';
import type { AgainstRecord, CurvesRecord, PeersRecord, Timed } from './bench-results.js';
import { filled } from './charts.js';
import type { Axis, Chart, FactGroup, LineChart, RankingChart, Section, Series } from './document.js';
import { significant } from './series.js';
import { showChange } from './units.js';

/** The middle of the rounds. */
function median(rounds: readonly number[]): number {
  const sorted = [...rounds].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** Millions a second, as a plain number a second. */
function perSecond(millions: number): number {
  return significant(millions * 1e6);
}

function rateText(value: number): string {
  return `${compact(Math.round(value))}/s`;
}

function times(ratio: number): string {
  return ratio >= 100 ? integer(ratio) : ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(1);
}

const log = (label: string): Axis => ({ label, scale: 'log', zero: false });
const linear = (label: string): Axis => ({ label, scale: 'linear', zero: true });

/** Engines of others beside ours. */
export function peersSection({ engines, skipped, workloads }: PeersRecord): Section {
  const charts = workloads.map(({ name, what, results }, i): RankingChart => {
    const sorted = [...results].sort((a, b) => b.median - a.median);
    const isOwn = (engine: string): boolean => engine.startsWith('toprung');
    const [own, next] = [sorted.find((r) => isOwn(r.engine)), sorted.find((r) => !isOwn(r.engine))];
    const others = sorted.filter((r) => !isOwn(r.engine));
    const agree = others.filter((r) => r.agrees).length;
    const out = skipped.filter(({ workload }) => workload === name).map((s) => `${s.name}: ${s.reason}`);
    const beside =
      own === undefined || next === undefined
        ? ''
        : `${own.engine} does ${rateText(own.median * 1e6)}, ${times(own.median / next.median)} times ${next.engine}. `;
    const checked = `${agree} of ${others.length} others traded exactly as toprung did`;
    return {
      kind: 'ranking',
      id: `peers-${i}`,
      title: name,
      finding: `${beside}${checked}${out.length === 0 ? '' : `; left out: ${out.join('; ')}`}. Commands: ${what}.`,
      wide: true,
      x: log('commands per second'),
      rows: sorted.map((r) => ({
        name: r.engine,
        value: perSecond(r.median),
        own: isOwn(r.engine),
        remark: checkText(r),
      })),
    };
  });
  const missing = skipped.filter(({ workload }) => workload === undefined).map((s) => `${s.name} (${s.reason})`);
  const text = [
    `${engines.length} engines on the same commands, in turn, on one thread; commands per second of processor time, since the machine may be shared.`,
    'An engine that is slow had the first part of them, about a second; what it traded is compared with toprung on exactly that part.',
    missing.length === 0 ? '' : `Not here: ${missing.join(', ')}.`,
  ];
  return { title: 'Beside other engines', text: text.filter((part) => part !== '').join(' '), charts };
}

type PeerResult = PeersRecord['workloads'][number]['results'][number];

function checkText({ agrees, lost, commands, volume, expected, refused }: PeerResult): string {
  const parts = [`${integer(commands)} commands`];
  if (lost > 0) parts.push(`${((100 * lost) / commands).toFixed(0)} % not supported`);
  if (refused > 0) parts.push(`${integer(refused)} refused`);
  if (agrees) parts.push('trades as ours');
  else if (volume === expected.volume) parts.push('volume as ours, in other trades');
  else parts.push(`volume ${showChange(volume / expected.volume - 1)}`);
  return parts.join(', ');
}

/** Which engines those are. */
export function peersFacts({ engines }: PeersRecord): FactGroup {
  return {
    title: 'Engines',
    rows: engines.map(({ name, version, language, supports, note }): [string, string] => [
      name,
      `${version}, ${language}: ${supports.join(', ')}. ${note}.`,
    ]),
  };
}

/** How much longer the book of this commit takes than that of another, and than itself. */
export function againstFacts({ commit, against, rows }: AgainstRecord): FactGroup {
  const longer = (a: readonly number[], b: readonly number[]) => showChange(median(a.map((ns, i) => ns / b[i]!)) - 1);
  return {
    title: `The book of ${commit} beside that of ${against}`,
    rows: rows.map(({ workload, commands, there, here, again, sameEvents }): [string, string] => {
      const rates = [there, here].map((rounds) => rateText((1e9 * commands) / median(rounds)));
      const text = `${rates[0]} there, ${rates[1]} here: time ${longer(here, there)}; of this one a second time ${longer(again, here)}`;
      return [workload, sameEvents ? `${text}. The same events.` : `${text}. Other events.`];
    }),
  };
}

function line(
  id: string,
  title: string,
  finding: string,
  [x, y]: readonly [Axis, Axis],
  series: readonly Series[],
): LineChart {
  return { kind: 'lines', id, title, finding, wide: false, x, y, series, marks: [] };
}

function percentileSeries(points: readonly (readonly [number, { p50: number; p99: number; p999: number }])[]) {
  return (['p50', 'p99', 'p999'] as const).map(
    (key, i): Series => ({
      name: key === 'p999' ? 'p99.9' : key,
      color: i,
      shape: 'line',
      points: points.map(([x, latency]) => [x, latency[key]]),
    }),
  );
}

/** How speed depends on depth, load, threads, books and batches. */
export function curvesSection(record: CurvesRecord): Section {
  return {
    title: 'What speed depends on',
    text: 'Medians of rounds. Rates of one thread are per second of its processor time; latency is per command, the clock’s own cost in it.',
    charts: filled([...depthCharts(record), ...loadCharts(record), ...scalingCharts(record)]),
  };
}

function depthCharts({ depth }: CurvesRecord): Chart[] {
  const [first, last] = [depth[0], depth.at(-1)];
  if (first === undefined || last === undefined || depth.length < 2) return [];
  const orders = log('resting orders');
  const rates = depth.map((d): [number, number] => [d.orders, perSecond(median(d.rates))]);
  const bytes = depth.map((d): [number, number] => [d.orders, significant(d.bytesPerOrder)]);
  const words = `${compact(first.orders)} to ${compact(last.orders)} orders`;
  return [
    line(
      'depth-rate',
      'Throughput and depth',
      `From ${words} in batches: ${rateText(rates[0]![1])} to ${rateText(rates.at(-1)![1])}.`,
      [orders, linear('commands per second')],
      [{ name: 'in batches of 4,096', color: 0, shape: 'line', points: rates }],
    ),
    line(
      'depth-latency',
      'Latency and depth',
      `The median command takes ${duration(first.latency.p50)} at ${compact(first.orders)} orders and ${duration(last.latency.p50)} at ${compact(last.orders)}; p99 ${duration(first.latency.p99)} and ${duration(last.latency.p99)}.`,
      [orders, log('ns')],
      percentileSeries(depth.map((d) => [d.orders, d.latency])),
    ),
    line(
      'depth-memory',
      'Memory of an order',
      `${bytes.at(-1)![1].toFixed(0)} bytes an order at ${compact(last.orders)}, everything the book holds counted.`,
      [orders, linear('bytes per resting order')],
      [{ name: 'bytes', color: 0, shape: 'line', points: bytes }],
    ),
  ];
}

function loadCharts({ load: { open, closed, clockOverheadNs } }: CurvesRecord): Chart[] {
  if (open.length < 2) return [];
  const points = open.map((o) => [perSecond(o.due), o.latency] as const);
  const kept = open.filter((o) => median(o.done) >= 0.98 * o.due);
  const most = kept.at(-1);
  const told =
    most === undefined
      ? 'No load was kept up with.'
      : `Kept up with ${rateText(most.due * 1e6)} due at even times, p99 ${duration(most.latency.p99)} from when each was due.`;
  return [
    line(
      'load',
      'Latency under load, open loop',
      `${told} Closed loop: p50 ${duration(closed.p50)}, p99 ${duration(closed.p99)}, ${clockOverheadNs} ns of it the clock.`,
      [log('commands per second that are due'), log('ns')],
      [
        ...percentileSeries(points),
        { name: 'p99, closed loop', color: 3, shape: 'dashed', points: points.map(([x]) => [x, closed.p99]) },
      ],
    ),
  ];
}

function scalingCharts({ threads, books, boundary }: CurvesRecord): Chart[] {
  const charts: Chart[] = [];
  const rate = (rounds: readonly number[]): number => perSecond(median(rounds));
  const [one, many] = [threads[0], threads.at(-1)];
  if (one !== undefined && many !== undefined && threads.length > 1) {
    const points = threads.map((t): [number, number] => [t.threads, rate(t.rates)]);
    charts.push(
      line(
        'threads',
        'Threads',
        `${many.threads} threads do ${times(rate(many.rates) / rate(one.rates))} times what one does, over 64 books.`,
        [log('threads'), linear('events per second')],
        [
          { name: 'measured', color: 0, shape: 'line', points },
          {
            name: 'in proportion',
            color: 3,
            shape: 'dashed',
            points: points.map(([n]) => [n, significant((n / one.threads) * rate(one.rates))]),
          },
        ],
      ),
    );
  }
  const [few, most] = [books[0], books.at(-1)];
  if (few !== undefined && most !== undefined && books.length > 1) {
    charts.push(
      line(
        'books',
        'Books in turn',
        `An order and its cancel to one book after the other: ${rateText(rate(few.rates))} with one book, ${rateText(rate(most.rates))} with ${integer(most.books)} of ten orders and ${compact(Math.round(most.bytesPerBook))} bytes each, which no cache holds.`,
        [log('books'), log('commands per second')],
        [{ name: 'in turn', color: 0, shape: 'line', points: books.map((b) => [b.books, rate(b.rates)]) }],
      ),
    );
  }
  const single = boundary[0];
  if (single !== undefined && boundary.length > 1) {
    const best = boundary.reduce((a, b) => (rate(b.rates) > rate(a.rates) ? b : a));
    charts.push(
      line(
        'boundary',
        'Batches from Node',
        `${duration(1e3 / median(single.rates))} a command in batches of ${single.size}, ${duration(1e3 / median(best.rates))} in batches of ${integer(best.size)}, the fastest.`,
        [log('commands in a batch'), log('commands per second')],
        [{ name: 'from Node', color: 0, shape: 'line', points: boundary.map((b) => [b.size, rate(b.rates)]) }],
      ),
    );
  }
  return charts;
}

/** What criterion and vitest measured: one ranking a group, and the changes that criterion saw. */
export function timedSections(timed: readonly Timed[]): Section[] {
  return (['criterion', 'vitest'] as const).flatMap((by): Section[] => {
    const own = timed.filter((t) => t.by === by);
    if (own.length === 0) return [];
    const charts: Chart[] = [...new Set(own.map(({ group }) => group))].map((group, i) =>
      groupChart(
        `${by}-${i}`,
        group,
        own.filter((t) => t.group === group),
      ),
    );
    const changed = own.filter(({ change }) => change !== undefined);
    if (changed.length > 0) charts.push(changes(changed));
    const text = `Means with their 95 % intervals, by ${by}; a shared machine may shift them all.`;
    return [{ title: `Measured by ${by}`, text, charts }];
  });
}

function groupChart(id: string, title: string, list: readonly Timed[]): RankingChart {
  const counted = list.every(({ elements }) => elements !== undefined);
  const value = ({ elements, meanNs }: Timed): number => significant(counted ? (elements! / meanNs) * 1e9 : meanNs);
  const sorted = [...list].sort((a, b) => (counted ? value(b) - value(a) : value(a) - value(b)));
  const text = (v: number): string => (counted ? rateText(v) : duration(v));
  const [best, worst] = [sorted[0]!, sorted.at(-1)!];
  const finding =
    sorted.length === 1
      ? `${text(value(best))}.`
      : `From ${text(value(best))} (${best.name}) to ${text(value(worst))} (${worst.name}).`;
  return {
    kind: 'ranking',
    id,
    title,
    finding,
    wide: true,
    x: log(counted ? 'per second' : 'ns'),
    rows: sorted.map((t) => ({
      name: t.name,
      value: value(t),
      own: true,
      remark: `± ${((50 * (t.interval[1] - t.interval[0])) / t.meanNs).toFixed(1)} %`,
    })),
  };
}

/** Smaller changes are criterion's own noise threshold. */
const noise = 0.02;

function changes(list: readonly Timed[]): Chart {
  const rows = list.map(({ name, change }) => {
    const { value, interval } = change!;
    const state = interval[0] > noise ? 'bad' : interval[1] < -noise ? 'good' : 'neutral';
    return { name, difference: value, interval, state } as const;
  });
  const moved = rows.filter(({ state }) => state !== 'neutral');
  const told = moved.map(({ name, difference }) => `${name} ${showChange(difference)}`).join(', ');
  return {
    kind: 'forest',
    id: 'criterion-changes',
    title: 'Change of the mean time since the run before, with 95 % intervals',
    finding: moved.length === 0 ? 'Nothing changed for certain.' : `Certain to have changed: ${told}.`,
    wide: true,
    x: linear('change'),
    rows,
    minEffect: noise,
  };
}
