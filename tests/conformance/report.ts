/** The report of a conformance run: tables for people, one document for machines. */
import type { CaseResult } from './runner.js';

/** Outcomes counted. `run` is passed + failed. */
export interface Counts {
  run: number;
  passed: number;
  failed: number;
  skipped: number;
}

/** The machine-readable report. */
export interface ConformanceReport {
  readonly schema: 'toprung.conformance/1';
  readonly target: string;
  readonly totals: Counts;
  readonly suites: Readonly<Record<string, Counts>>;
  readonly features: Readonly<Record<string, Counts>>;
  readonly passed: readonly string[];
  readonly failed: readonly CaseResult[];
  readonly skipped: readonly { readonly id: string; readonly source: string; readonly reason: string }[];
}

/** Sums up the results of a run over a file or folder. */
export function summarise(target: string, results: readonly CaseResult[]): ConformanceReport {
  return {
    schema: 'toprung.conformance/1',
    target,
    totals: count(results),
    suites: countBy(results, ({ suite }) => [suite]),
    features: countBy(results, ({ features }) => features),
    passed: results.filter(({ outcome }) => outcome === 'passed').map(({ id }) => id),
    failed: results.filter(({ outcome }) => outcome === 'failed'),
    skipped: results.flatMap(({ outcome, id, source, reason = '' }) =>
      outcome === 'skipped' ? [{ id, source, reason }] : [],
    ),
  };
}

/** The report as text. */
export function render(report: ConformanceReport): string {
  const lines = [
    ...countTable('suite', report.suites),
    '',
    ...countTable('feature', report.features),
    '',
    ...skips(report),
    ...report.failed.flatMap(describeFailure),
  ];
  const { run, passed, failed, skipped } = report.totals;
  lines.push(`conformance: ${run} run, ${passed} passed, ${failed} failed, ${skipped} skipped`);
  return lines.join('\n');
}

function count(results: readonly CaseResult[]): Counts {
  const counts: Counts = { run: 0, passed: 0, failed: 0, skipped: 0 };
  for (const { outcome } of results) {
    counts[outcome] += 1;
    if (outcome !== 'skipped') counts.run += 1;
  }
  return counts;
}

function countBy(
  results: readonly CaseResult[],
  keys: (result: CaseResult) => readonly string[],
): Record<string, Counts> {
  const groups = new Map<string, CaseResult[]>();
  for (const result of results) {
    for (const key of keys(result)) groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  const sorted = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, members]) => [key, count(members)]));
}

function countTable(title: string, counts: Readonly<Record<string, Counts>>): string[] {
  const width = Math.max(title.length, ...Object.keys(counts).map((key) => key.length));
  const row = (name: string, cells: readonly (string | number)[]): string =>
    name.padEnd(width) + cells.map((cell) => String(cell).padStart(9)).join('');
  return [
    row(title, ['run', 'passed', 'failed', 'skipped']),
    ...Object.entries(counts).map(([name, c]) => row(name, [c.run, c.passed, c.failed, c.skipped])),
  ];
}

function skips(report: ConformanceReport): string[] {
  if (report.skipped.length === 0) return [];
  const width = Math.max(...report.skipped.map(({ id }) => id.length));
  return [...report.skipped.map(({ id, reason }) => `SKIPPED ${id.padEnd(width)}  needs ${reason}`), ''];
}

function describeFailure({ id, source, failure }: CaseResult): string[] {
  if (failure === undefined) return [];
  return [
    `FAILED ${id}  (${source})`,
    `  after command ${failure.step}: ${JSON.stringify(failure.cmd)}`,
    ...failure.differences.flatMap(({ key, expected, actual }) => [
      `  ${key}`,
      `    expected ${JSON.stringify(expected)}`,
      `    got      ${JSON.stringify(actual)}`,
    ]),
    '',
  ];
}
