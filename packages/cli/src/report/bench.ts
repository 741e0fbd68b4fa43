/** The report of the benchmarks: the table of promises of the newest record, and the way there from record to record. */
import type { Chart, FactGroup, Figure, Report, Section, Series } from './document.js';
import { reportSchema } from './document.js';
import { showChange } from './units.js';

/** One file of `bench/record/`, as far as a report reads it; `bench/node/targets.mjs` writes it. */
export interface BenchRecord {
  readonly schema: 'toprung.bench/1';
  readonly date: string;
  readonly commit: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly rows: readonly BenchRow[];
}

/** One line of the table. */
export interface BenchRow {
  readonly name: string;
  readonly unit: string;
  readonly best: number;
  readonly median: number;
  readonly promise?: number;
  /** Whether the promise is a floor; otherwise it is a ceiling. */
  readonly atLeast: boolean;
  readonly holds?: boolean;
}

/** The report of records, oldest first; there must be one. */
export function benchReportOf(records: readonly BenchRecord[], generated: string): Report {
  const newest = records.at(-1)!;
  const before = records.at(-2);
  const figures = newest.rows.map((row) => figureOf(row, before));
  const missed = figures.filter(({ threshold }) => threshold?.holds === false);
  const promised = figures.filter(({ threshold }) => threshold !== null);
  return {
    schema: reportSchema,
    title: `Benchmarks of ${newest.commit}`,
    subtitle: `${newest.date.slice(0, 10)}, ${records.length} record${records.length === 1 ? '' : 's'}`,
    generated,
    verdict:
      missed.length === 0
        ? { state: 'good', word: 'Holds', text: `All ${promised.length} promises.` }
        : { state: 'bad', word: 'Missed', text: `${missed.map(({ name }) => name).join(', ')}.` },
    figures,
    sections: trend(records),
    facts: [factsOf(newest), ...(before === undefined ? [] : [factsOf(before)])],
    notes: [
      'Values are medians of rounds in which Rust and Node take turns on the same workload.',
      'A shared machine’s nanoseconds decide nothing: differences between records may be the machine’s.',
    ],
  };
}

function figureOf(row: BenchRow, before: BenchRecord | undefined): Figure {
  const { name, unit, best, median, promise, atLeast, holds } = row;
  const other = before?.rows.find((r) => r.name === name);
  const [suffix, ...remarks] = unit.split(', ');
  const better = promise === undefined ? null : atLeast ? 'higher' : 'lower';
  return {
    key: name,
    name,
    value: median,
    unit: { suffix: suffix! },
    better,
    remark: [`best ${Number(best.toPrecision(3))}`, ...remarks].join(', '),
    threshold:
      promise === undefined ? null : { text: `${atLeast ? 'at least' : 'at most'} ${promise}`, holds: holds === true },
    against:
      other === undefined || other.median === 0
        ? null
        : {
            value: other.median,
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

function factsOf({ commit, date, machine }: BenchRecord): FactGroup {
  const rows = Object.entries(machine).map(([label, value]): [string, string] => [label, String(value)]);
  return { title: `Record of ${commit}`, rows: [['date', date], ...rows] };
}
