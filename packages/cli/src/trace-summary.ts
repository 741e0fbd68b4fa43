/** What a trace says, as a person reads it on a terminal. */
import {
  type Capture,
  type Insight,
  type RecordReport,
  type SlowOrder,
  type TraceAnalysis,
  type TraceDifference,
  type TraceDoctor,
  timeline,
} from 'toprung';
import { compact, duration, integer, percent, table } from './format.js';
import type { Paint, Terminal } from './terminal.js';

/** Functions that are shown, and how much of a long name. */
const FUNCTIONS = 8;
const NAME_LENGTH = 60;

/** An analysis: insights first. */
export function analysisLines(paint: Paint, a: TraceAnalysis, slowShown: number): string[] {
  const amount = (v: number) => (a.unit === 'ns' ? duration(v) : `${integer(v)} samples`);
  const lines = a.insights.flatMap((i) => [...insightLines(paint, i), '']);
  if (a.orders !== null) {
    const rows = [{ kind: 'all', latency: a.orders.latency }, ...a.orders.kinds].map(({ kind, latency: l }) => [
      kind,
      integer(l.count),
      ...[l.p50Ns, l.p99Ns, l.p999Ns, l.maxNs].map(duration),
    ]);
    lines.push(...headed(paint, ['orders', 'count', 'p50', 'p99', 'p99.9', 'longest'], rows), '');
  }
  lines.push(...slowLines(paint, a.slowest.slice(0, slowShown)));
  const functions = a.functions
    .slice(0, FUNCTIONS)
    .map((f) => [
      shortened(f.name),
      f.bucket,
      a.unit === 'ns' ? integer(f.calls) : '',
      amount(f.own),
      percent(f.own, a.total),
      f.lengths === null ? '' : duration(f.lengths.p50Ns),
      f.lengths === null ? '' : duration(f.lengths.p99Ns),
    ]);
  lines.push(...headed(paint, ['own time', 'work', 'calls', 'own', 'share', 'p50', 'p99'], functions));
  const q = a.quality;
  const doubts = [
    ...(q.decodeErrors > 0 ? [`${integer(q.decodeErrors)} decode errors`] : []),
    ...(q.orphanEnds + q.openAtEnd + q.overlaps > 0 ? ['spans that do not nest'] : []),
    ...q.remarks,
  ];
  const unit = a.unit === 'ns' ? 'spans' : 'samples';
  lines.push(
    '',
    paint('dim', `${a.source}: ${compact(q.spans)} ${unit} over ${duration(q.windowNs)}; ${q.resolution}`),
  );
  lines.push(...doubts.map((doubt) => `${paint('yellow', 'doubt')}: ${doubt}`));
  return lines;
}

/** One insight with its evidence. */
export function insightLines(paint: Paint, i: Insight): string[] {
  const mark = i.severity === 'warning' ? paint(['bold', 'yellow'], 'warning') : paint('cyan', 'note');
  return [
    `${mark}  ${paint('bold', i.title)}`,
    ...i.evidence.map((e) => `  ${e}`),
    ...(i.severity === 'warning' && i.orders.length > 0 ? [`  orders ${i.orders.join(', ')}`] : []),
    ...(i.severity === 'warning' ? [`  ${paint('dim', 'next')}  ${i.next}`] : []),
  ];
}

/** The slowest orders, the first with its steps. */
export function slowLines(paint: Paint, list: readonly SlowOrder[]): string[] {
  if (list.length === 0) return [];
  const rows = list.map((o) => [
    integer(o.number),
    o.kind,
    duration(o.ns),
    `${o.timesTypical.toFixed(0)}×`,
    o.replayNs === null ? '' : duration(o.replayNs),
    met(o),
    o.criticalPath.map((s) => s.name).join(' > '),
  ]);
  const lines = headed(paint, ['slowest', 'kind', 'took', 'typical', 'again', 'met with', 'longest chain'], rows);
  const first = list.find((o) => o.steps.length > 1);
  if (first !== undefined)
    lines.push('', `order ${integer(first.number)}`, ...timeline(first).map((line) => `  ${line}`));
  return [...lines, ''];
}

function shortened(name: string): string {
  return name.length > NAME_LENGTH ? `${name.slice(0, NAME_LENGTH - 1)}…` : name;
}

function met(o: SlowOrder): string {
  const of = (n: number, what: string) => (n === 0 ? [] : [`${integer(n)} ${what}`]);
  return (
    [...of(o.allocations, 'alloc'), ...of(o.pageFaults, 'faults'), ...of(o.switches, 'switches')].join(', ') || '-'
  );
}

/** A recorded run. */
export function recordLines(paint: Paint, r: RecordReport): string[] {
  const of = (n: number, what: string) => `${integer(n)} ${what}`;
  const lines = [
    `${paint('bold', of(r.commands, 'commands'))} in ${duration(r.elapsedNs)}, ${of(r.recorded, 'recorded')} (1 in ${integer(Math.max(1, r.every))})`,
    `  ${of(r.allocations, 'allocations')}, ${of(r.minorFaults + r.majorFaults, 'page faults')}, ` +
      `${of(r.voluntarySwitches + r.involuntarySwitches, 'context switches')}${r.cpuMigrations === null ? '' : `, ${of(r.cpuMigrations, 'migrations')}`}`,
  ];
  const row = (name: string) => (l: RecordReport['latency'][number]) => [
    `${name}${l.kind}`,
    integer(l.count),
    ...[l.p50Ns, l.p99Ns, l.p999Ns, l.p9999Ns, l.maxNs].map(duration),
  ];
  const rows = [...r.latency.map(row('')), ...r.response.map(row('due: '))];
  if (rows.length > 0)
    lines.push('', ...headed(paint, ['latency', 'count', 'p50', 'p99', 'p99.9', 'p99.99', 'longest'], rows));
  if (r.hits.length > 0) {
    const hits = r.hits
      .slice(0, 10)
      .map((h) => [integer(h.command), h.kind, duration(h.latencyNs), h.replayNs === null ? '' : duration(h.replayNs)]);
    lines.push('', ...headed(paint, [`${r.hits.length} hits`, 'kind', 'took', 'again'], hits));
  }
  lines.push('', `digest ${r.digest}`);
  return lines;
}

/** A capture by whatever was best. */
export function captureLines(paint: Paint, c: Capture): string[] {
  const v = c.verification;
  return [
    `${paint('bold', c.mode)}  ${c.why}`,
    `  ${integer(v.spans)} ${v.format === 'fxt' ? 'spans' : 'samples'} on ${integer(v.threads)} threads in ${c.out}`,
    ...(c.hits.length === 0
      ? []
      : [
          `  trigger met at ${c.hits
            .map((h) => h.command ?? h.name)
            .slice(0, 10)
            .join(', ')}`,
        ]),
    ...(c.decodeErrors === 0 ? [] : [`  ${paint('yellow', `${integer(c.decodeErrors)} decode errors`)}`]),
    ...c.warnings.map((warning) => `  ${paint('yellow', warning)}`),
    ...v.problems.map((problem) => `  ${paint('yellow', 'problem')}: ${problem}`),
  ];
}

/** Two traces compared. */
export function diffLines(paint: Paint, d: TraceDifference): string[] {
  const styles = { regress: 'red', improve: 'green', none: 'green', inconclusive: 'yellow' } as const;
  const sign = (share: number) => `${share >= 0 ? '+' : '-'}${Math.abs(share * 100).toFixed(1)} %`;
  const amount = (v: number) => (d.unit === 'ns' ? duration(Math.abs(v)) : `${(Math.abs(v) * 100).toFixed(1)} %`);
  const lines = [`${paint(['bold', styles[d.verdict]], d.verdict)}: ${d.why}`, ''];
  if (d.measures.length > 0) {
    const rows = d.measures.map((m) => [
      m.name,
      duration(m.a),
      duration(m.b),
      sign(m.change),
      `${sign(m.interval.low)} to ${sign(m.interval.high)}`,
      percent(m.noise, 1),
      m.verdict,
    ]);
    lines.push(...headed(paint, ['orders', 'A', 'B', 'change', '95 % interval', 'noise', 'verdict'], rows), '');
  }
  const rows = d.paths
    .slice(0, 10)
    .map((p) => [p.path, amount(p.a), amount(p.b), `${p.change < 0 ? '-' : '+'}${amount(p.change)}`]);
  return [
    ...lines,
    ...headed(paint, [`own time ${d.unit === 'ns' ? 'per order' : 'share'}`, 'A', 'B', 'change'], rows),
  ];
}

/** What of tracing works here. */
export function printDoctor(terminal: Terminal, d: TraceDoctor): void {
  const { paint } = terminal;
  const rows = table(d.checks.map(({ id, value }) => [id, value]));
  d.checks.forEach(({ ok, fix }, i) => {
    terminal.print(`${ok ? paint('green', 'ok  ') : paint('yellow', 'no  ')}  ${rows[i]}`);
    if (fix !== undefined) terminal.print(`      ${paint('dim', 'fix')}  ${fix}`);
  });
  terminal.print('');
  terminal.print(`${paint('bold', d.mode)}  ${d.why}`);
}

/** A table under a head; columns of figures are aligned to the right. */
function headed(paint: Paint, head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const right = new Set(head.map((_, i) => i).filter((i) => i > 0 && !TEXTS.has(head[i]!)));
  const [first, ...others] = table([head, ...rows], right);
  return [paint('dim', first!), ...others];
}

/** Columns of text. */
const TEXTS = new Set(['kind', 'work', 'met with', 'longest chain', 'verdict']);
