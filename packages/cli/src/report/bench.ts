/** The report of the benchmarks: the table of promises of the newest record, and the way there from record to record. */
import { againstFacts, curvesSection, peersFacts, peersSection, timedSections } from './bench-charts.js';
import type { BenchRecord, BenchResults, BenchRow } from './bench-results.js';
import type { Chart, FactGroup, Figure, Report, Section, Series } from './document.js';
import { reportSchema } from './document.js';
import { showChange } from './units.js';

/** The report of what was found: the newest record of each kind, the way there, and what other tools measured. */
export function benchReportOf({ records, peers, curves, against, timed }: BenchResults, generated: string): Report {
  const [newest, before] = [records.at(-1), records.at(-2)];
  const [side, curve, pair] = [peers.at(-1), curves.at(-1), against.at(-1)];
  const figures = newest?.rows.map((row) => figureOf(row, before)) ?? [];
  const all = [...records, ...peers, ...curves, ...against];
  const last = all.reduce<(typeof all)[number] | undefined>(
    (a, b) => (a !== undefined && a.date > b.date ? a : b),
    undefined,
  );
  const counts = [`${all.length} record${all.length === 1 ? '' : 's'}`];
  if (timed.length > 0) counts.push(`${timed.length} benchmarks of criterion and vitest`);
  return {
    schema: reportSchema,
    title: last === undefined ? 'Benchmarks' : `Benchmarks of ${last.commit}`,
    subtitle: [...(last === undefined ? [] : [last.date.slice(0, 10)]), ...counts].join(', '),
    generated,
    verdict: verdictOf(figures),
    figures,
    sections: [
      ...(side === undefined ? [] : [peersSection(side)]),
      ...(curve === undefined ? [] : [curvesSection(curve)]),
      ...timedSections(timed),
      ...trend(records),
    ].filter(({ charts }) => charts.length > 0),
    facts: [
      ...(newest === undefined ? [] : [factsOf('Table of promises', newest)]),
      ...(before === undefined ? [] : [factsOf('The record before', before)]),
      ...(side === undefined ? [] : [factsOf('Engines side by side', side), peersFacts(side)]),
      ...(curve === undefined ? [] : [factsOf('What speed depends on', curve)]),
      ...(pair === undefined ? [] : [againstFacts(pair)]),
    ],
    notes: [
      'Values are medians of rounds in which everything that is compared takes its turn.',
      'A shared machine’s nanoseconds decide nothing: differences between records may be the machine’s.',
    ],
  };
}

function verdictOf(figures: readonly Figure[]): Report['verdict'] {
  const promised = figures.filter(({ threshold }) => threshold !== null);
  const missed = promised.filter(({ threshold }) => threshold?.holds === false);
  if (promised.length === 0) {
    return { state: 'neutral', word: 'Measured', text: 'There is no table of promises among the results.' };
  }
  return missed.length === 0
    ? { state: 'good', word: 'Holds', text: `All ${promised.length} promises.` }
    : { state: 'bad', word: 'Missed', text: `${missed.map(({ name }) => name).join(', ')}.` };
}

function figureOf(row: BenchRow, before: BenchRecord | undefined): Figure {
  const { name, unit, best, median, promise, atLeast, holds } = row;
  const other = before?.rows.find((r) => r.name === name);
  const [suffix, ...remarks] = unit.split(', ');
  // `M commands/s` is shown as other rates are.
  const counted = /^M (\w+)\/s$/.exec(suffix!)?.[1];
  const scale = counted === undefined ? 1 : 1e6;
  const better = promise === undefined ? null : atLeast ? 'higher' : 'lower';
  const shownBest = `best ${Number(best.toPrecision(3))}`;
  return {
    key: name,
    name,
    value: median * scale,
    unit: counted === undefined ? { suffix: suffix! } : 'per second',
    better,
    remark: (counted === undefined ? [shownBest, ...remarks] : [counted, `${shownBest} M/s`, ...remarks]).join(', '),
    threshold:
      promise === undefined
        ? null
        : {
            text: `${atLeast ? 'at least' : 'at most'} ${promise}${counted === undefined ? '' : ' M/s'}`,
            holds: holds === true,
          },
    against:
      other === undefined || other.median === 0
        ? null
        : {
            value: other.median * scale,
            difference: median / other.median - 1,
            interval: null,
            verdict: 'unclear',
            method: 'one record each',
          },
  };
}

/** A line a row of the table that has a promise, over the records. */
function trend(records: readonly BenchRecord[]): Section[] {
  if (records.length < 2) return [];
  const charts = records.at(-1)!.rows.flatMap((row, i): Chart[] => {
    if (row.promise === undefined) return [];
    const points = records.flatMap(({ rows }, at): [number, number][] => {
      const found = rows.find(({ name }) => name === row.name);
      return found === undefined ? [] : [[at + 1, Number(found.median.toPrecision(5))]];
    });
    if (points.length < 2) return [];
    const [first, last] = [points[0]![1], points.at(-1)![1]];
    const series: Series[] = [
      { name: row.name, color: 0, shape: 'line', points },
      { name: 'promised', color: 3, shape: 'dashed', points: points.map(([x]) => [x, row.promise!]) },
    ];
    return [
      {
        kind: 'lines',
        id: `trend-${i}`,
        title: row.name,
        finding: `${showChange(last / first - 1)} since the first of ${points.length} records.`,
        wide: false,
        x: { label: 'record, oldest first', scale: 'linear', zero: false },
        y: { label: row.unit.split(', ')[0]!, scale: 'linear', zero: true },
        series,
        marks: [],
      },
    ];
  });
  const text = 'Every promise over the kept records, oldest first; machines differ and are below.';
  return charts.length === 0 ? [] : [{ title: 'Trend', text, charts }];
}

function factsOf(
  title: string,
  { commit, date, machine }: Pick<BenchRecord, 'commit' | 'date' | 'machine'>,
): FactGroup {
  const rows = Object.entries(machine).map(([label, value]): [string, string] => [label, String(value)]);
  return { title, rows: [['commit', commit], ['date', date], ...rows] };
}
