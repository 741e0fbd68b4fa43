/**
 * An analysis as Markdown: the report that a person reads.
 */
import type { Comparison, Insight, SlowOrder, TraceAnalysis, TraceDifference } from './analysis.js';

const FUNCTIONS = 15;
const SLOW_WITH_STEPS = 3;
const TREE_ROWS = 30;

/** The report. `title` stands at its top; `facts` are lines on where the trace comes from. */
export function report(analysis: TraceAnalysis, title = 'Trace report', facts: readonly string[] = []): string {
  const { orders, unit } = analysis;
  const lines = [`# ${title}`, '', ...facts.map((fact) => `- ${fact}`), ''];
  lines.push('## What it shows', '', ...analysis.insights.flatMap(insight));
  if (orders !== null) {
    lines.push(
      '## Orders',
      '',
      `${count(orders.count)} orders, found by ${orders.foundBy}; ${count(orders.whole)} of them whole.`,
      '',
    );
    const row = (name: string, l: typeof orders.latency) => [
      name,
      count(l.count),
      ...[l.p50Ns, l.p90Ns, l.p99Ns, l.p999Ns, l.maxNs].map(ns),
    ];
    lines.push(
      ...table(
        ['kind', 'orders', 'p50', 'p90', 'p99', 'p99.9', 'longest'],
        [row('all', orders.latency), ...orders.kinds.map((k) => row(cell(k.kind), k.latency))],
      ),
    );
  }
  if (analysis.slowest.length > 0) lines.push(...slowest(analysis.slowest));
  lines.push(...analysis.comparisons.flatMap(comparison));
  const amount = unit === 'ns' ? ns : count;
  lines.push('## Functions and stages', '', `By own time, in ${unit === 'ns' ? 'all threads' : 'samples'}.`, '');
  lines.push(
    ...table(
      ['name', 'kind of work', 'calls', 'total', 'own', 'own share', 'p50', 'p99', 'longest'],
      analysis.functions
        .slice(0, FUNCTIONS)
        .map((f) => [
          code(f.name),
          f.bucket,
          unit === 'ns' ? count(f.calls) : '',
          amount(f.total),
          amount(f.own),
          percent(f.ownShare),
          ...(f.lengths === null ? ['', '', ''] : [f.lengths.p50Ns, f.lengths.p99Ns, f.lengths.maxNs].map(ns)),
        ]),
    ),
  );
  lines.push('## Kinds of work', '', orders === null ? 'Of the whole trace.' : 'Within orders.', '');
  lines.push(
    ...table(
      ['kind', 'own', 'share'],
      analysis.buckets.map((b) => [b.bucket, amount(b.own), percent(b.share)]),
    ),
  );
  lines.push('## Call tree', '', '```text');
  for (const t of analysis.tree.slice(0, TREE_ROWS)) {
    lines.push(`${percent(t.share).padStart(8)} ${amount(t.total).padStart(10)}  ${'  '.repeat(t.depth)}${t.name}`);
  }
  lines.push('```', '', ...quality(analysis));
  return `${lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trimEnd()}\n`;
}

/** A comparison of two traces. */
export function diffReport(d: TraceDifference, a: string, b: string): string {
  const lines = ['# Two traces compared', '', `**${d.verdict}**: ${d.why}.`, '', `A is ${a}, B is ${b}.`, ''];
  if (d.measures.length > 0) {
    lines.push(
      ...table(
        ['orders', 'A', 'B', 'change', '95 % interval', 'noise', 'verdict'],
        d.measures.map((m) => [
          m.name,
          ns(m.a),
          ns(m.b),
          signed(m.change),
          `${signed(m.interval.low)} to ${signed(m.interval.high)}`,
          percent(m.noise),
          m.verdict,
        ]),
      ),
    );
  }
  const amount = (v: number) => (d.unit === 'ns' ? ns(v) : percent(v));
  lines.push(
    `Own time by path, ${d.unit === 'ns' ? 'for each order' : 'as a share of the samples'}; the largest changes first.`,
    '',
  );
  lines.push(
    ...table(
      ['path', 'A', 'B', 'change'],
      d.paths.map((p) => [code(p.path), amount(p.a), amount(p.b), amount(p.change)]),
    ),
  );
  return `${lines.join('\n').trimEnd()}\n`;
}

function insight(i: Insight): string[] {
  const mark = i.severity === 'warning' ? '**Warning**' : 'Note';
  return [
    `- ${mark} (${i.rule}, ${i.confidence} confidence): ${i.title}.`,
    ...i.evidence.map((e) => `  - ${e}`),
    ...(i.orders.length === 0 ? [] : [`  - orders ${i.orders.map(count).join(', ')}`]),
    `  - next: ${i.next}`,
    '',
  ];
}

function slowest(list: readonly SlowOrder[]): string[] {
  const lines = ['## Slowest orders', ''];
  lines.push(
    ...table(
      ['order', 'kind', 'took', 'times typical', 'again', 'allocations', 'page faults', 'longest chain'],
      list.map((o) => [
        count(o.number),
        cell(o.kind),
        ns(o.ns),
        `${o.timesTypical.toFixed(0)}×`,
        o.replayNs === null ? '' : ns(o.replayNs),
        String(o.allocations),
        String(o.pageFaults),
        code(o.criticalPath.map((s) => s.name).join(' > ')),
      ]),
    ),
  );
  if (list.some((o) => o.replayNs !== null)) {
    lines.push(
      '“Again” is the same order, run a second time: what is slow both times is the input’s doing, not the machine’s.',
      '',
    );
  }
  for (const o of list.slice(0, SLOW_WITH_STEPS).filter((one) => one.steps.length > 0)) {
    lines.push(`Order ${count(o.number)}, step by step:`, '', '```text', ...timeline(o), '```', '');
  }
  return lines;
}

/** Steps as bars over the order's length. */
export function timeline(o: SlowOrder): string[] {
  const width = 50;
  const whole = Math.max(1, ...o.steps.map((s) => s.atNs + s.totalNs));
  const names = o.steps.map((s) => '  '.repeat(s.depth - 1) + s.name);
  const longest = Math.min(40, Math.max(...names.map((n) => n.length)));
  return o.steps.map((s, i) => {
    const from = Math.min(width - 1, Math.floor((s.atNs / whole) * width));
    const length = Math.max(1, Math.min(width - from, Math.round((s.totalNs / whole) * width)));
    const bar = ' '.repeat(from) + '█'.repeat(length);
    return `${names[i]!.slice(0, longest).padEnd(longest)} ${ns(s.totalNs).padStart(9)} |${bar.padEnd(width)}|`;
  });
}

function comparison(c: Comparison): string[] {
  if (c.paths.length === 0) return [];
  return [
    `## Slow against typical: ${c.kind}`,
    '',
    `${count(c.slow)} slow orders (from the ${(c.slowFrom * 100).toFixed(1)}th percentile, ${ns(c.slowNs)} on average) against ` +
      `${count(c.typical)} typical ones (${ns(c.typicalNs)}).`,
    '',
    ...table(
      ['path', 'slow', 'typical', 'more by', '95 % interval', 'of the difference', 'in slow', 'in typical'],
      c.paths.map((p) => [
        code(p.path),
        ns(p.slowNs),
        ns(p.typicalNs),
        ns(p.excessNs),
        `${ns(p.interval.low)} to ${ns(p.interval.high)}`,
        percent(p.share),
        percent(p.inSlow),
        percent(p.inTypical),
      ]),
    ),
  ];
}

function quality({ quality: q, source, slowPeriod, unit }: TraceAnalysis): string[] {
  return [
    '## How far to trust it',
    '',
    `- made by: ${source}; ${q.resolution}`,
    `- ${count(q.spans)} ${unit === 'ns' ? 'spans' : 'samples'} over ${ns(q.windowNs)} on ${q.threads} threads`,
    `- ${count(q.censored)} spans begin or end outside; ${count(q.orphanEnds)} ends without a begin, ${count(q.overlaps)} overlaps`,
    `- ${count(q.decodeErrors)} decode errors, ${count(q.overflows)} of them overflows; ${percent(q.unknownShare)} of the time in frames without a name`,
    `- ${count(q.unexplainedPauses)} orders 20 times as long as the median without a cause that is recorded: a stall, interrupts, other work on this machine`,
    ...(slowPeriod === null ? [] : [`- the slowest orders come back every ${count(slowPeriod.every)} orders`]),
    ...q.remarks.map((remark) => `- ${remark}`),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line), ''];
}

function cell(text: string): string {
  return text.replace(/\|/g, '\\|').replace(/[\r\n]+/g, ' ');
}

function code(text: string): string {
  return `\`${cell(text).replace(/`/g, '’')}\``;
}

function count(n: number): string {
  return n.toLocaleString('en-US');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function signed(share: number): string {
  return `${share >= 0 ? '+' : '−'}${Math.abs(share * 100).toFixed(1)} %`;
}

/** A duration: `45 ns`, `1.23 µs`. */
function ns(value: number): string {
  if (!Number.isFinite(value)) return 'n/a';
  const size = Math.abs(value);
  for (const [scale, unit] of [
    [1e9, 's'],
    [1e6, 'ms'],
    [1e3, 'µs'],
  ] as const) {
    if (size >= scale) {
      const scaled = value / scale;
      return `${scaled.toFixed(Math.abs(scaled) >= 99.95 ? 0 : Math.abs(scaled) >= 9.995 ? 1 : 2)} ${unit}`;
    }
  }
  return `${value.toFixed(0)} ns`;
}
