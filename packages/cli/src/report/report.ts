/** Puts the report of a run together, alone or against another. */
import { integer } from '../format.js';
import type { Environment, Run } from '../run-folder.js';
import { comparison, sectionsOf } from './charts.js';
import { collect, type RunData } from './collect.js';
import { type FactGroup, type Figure, type Report, reportSchema } from './document.js';
import { figuresOf } from './figures.js';
import { applyThresholds, type Threshold } from './thresholds.js';

/** What a report may be told. */
export interface ReportOptions {
  readonly against: Run | undefined;
  readonly thresholds: readonly Threshold[];
  /** Relative differences below this are called none. */
  readonly minEffect: number;
  /** ISO 8601. */
  readonly generated: string;
}

/** The report of a run. */
export async function reportOf(
  run: Run,
  { against, thresholds, minEffect, generated }: ReportOptions,
): Promise<Report> {
  const [ownName, otherName] = names(run, against);
  const own = await collect(run, ownName);
  const other = against === undefined ? undefined : await collect(against, otherName);
  const figures = applyThresholds(figuresOf(own, other, minEffect), thresholds);
  const differences = other === undefined ? undefined : comparison(figures, other.name, minEffect);
  const sections = sectionsOf(own, other);
  return {
    schema: reportSchema,
    title: titleOf(run),
    subtitle: subtitleOf(run, against),
    generated,
    verdict: verdictOf(own, other, figures),
    figures,
    sections: differences === undefined ? sections : [differences, ...sections],
    facts: other === undefined ? factsOf(own) : [...factsOf(own), ...factsOf(other)],
    notes: notesOf(own, other),
  };
}

/** The runs' folders by their last part, or whole where those are equal. */
function names(run: Run, against: Run | undefined): [string, string] {
  const last = (folder: string): string =>
    folder
      .replace(/[\\/]+$/, '')
      .split(/[\\/]/)
      .at(-1) || folder;
  const [own, other] = [last(run.folder), last(against?.folder ?? '')];
  return own === other && against !== undefined ? [run.folder, against.folder] : [own, other];
}

function titleOf({ result }: Run): string {
  if (result.schema === 'toprung.replay/1') return `Replay of ${result.file.split(/[\\/]/).at(-1)}`;
  return `${result.scenario}, seed ${result.config.seed}`;
}

function subtitleOf({ result }: Run, against: Run | undefined): string {
  const versus = against === undefined ? '' : `, against ${titleOf(against)}`;
  if (result.schema === 'toprung.replay/1') return `${integer(result.records)} records${versus}`;
  const books = result.config.books === 1 ? 'one book' : `${integer(result.config.books)} books`;
  const policy = result.config.book.policy;
  const name = policy.kind === 'preset' ? policy.name : policy.kind;
  return `${integer(result.events)} events in ${books}, ${name} matching${versus}`;
}

function verdictOf(own: RunData, other: RunData | undefined, figures: readonly Figure[]): Report['verdict'] {
  const { result } = own;
  const failed = figures.filter(({ threshold }) => threshold?.holds === false);
  const held = figures.filter(({ threshold }) => threshold?.holds === true);
  const list = (of: readonly Figure[]): string => of.map(({ name }) => name).join(', ');
  if (result.schema === 'toprung.simulation/1' && result.partial) {
    return {
      state: 'unsure',
      word: 'Partial',
      text: 'The run was interrupted: how much was done depends on the clock.',
    };
  }
  if (failed.length > 0) {
    return {
      state: 'bad',
      word: 'Fails',
      text: `${failed.length} of ${failed.length + held.length} thresholds: ${list(failed)}.`,
    };
  }
  if (result.schema === 'toprung.replay/1' && !result.agrees) {
    return { state: 'bad', word: 'Differs', text: 'The book did not do everywhere what the exchange did.' };
  }
  if (other !== undefined) return comparedVerdict(own, other, figures);
  if (held.length > 0) return { state: 'good', word: 'Passes', text: `All thresholds hold: ${list(held)}.` };
  if (result.schema === 'toprung.replay/1') {
    const text = 'Every fill and every checkpoint that could be compared is the exchange’s.';
    return { state: 'good', word: 'Agrees', text };
  }
  return {
    state: 'neutral',
    word: 'Complete',
    text: 'No threshold was set, and there is no other run to hold it against.',
  };
}

function comparedVerdict(own: RunData, other: RunData, figures: readonly Figure[]): Report['verdict'] {
  const of = (...verdicts: string[]): Figure[] =>
    figures.filter(({ against }) => against !== null && verdicts.includes(against.verdict));
  const list = (found: readonly Figure[]): string => found.map(({ name }) => name).join(', ');
  const [worse, better, unclear] = [of('worse'), of('better'), of('unclear')];
  const [moved, equal] = [of('higher', 'lower'), of('no change', 'same')];
  const told = [
    worse.length > 0 ? `Worse: ${list(worse)}.` : '',
    better.length > 0 ? `Better: ${list(better)}.` : '',
    moved.length > 0 ? `Higher or lower: ${list(moved)}.` : '',
    equal.length > 0 ? `No change: ${list(equal)}.` : '',
    unclear.length > 0 ? `Unclear: ${list(unclear)}.` : '',
  ].filter((text) => text !== '');
  const same = own.result.digest === other.result.digest ? 'The same events, digest by digest. ' : '';
  const text = same + told.join(' ');
  if (worse.length > 0) return { state: 'bad', word: 'Worse', text };
  if (better.length > 0) return { state: 'good', word: 'Better', text };
  if (moved.length > 0) return { state: 'neutral', word: 'Changed', text };
  if (unclear.length > 0) return { state: 'unsure', word: 'Unclear', text };
  return { state: 'good', word: 'No change', text };
}

function factsOf({ result, folder, name, dataset }: RunData): FactGroup[] {
  const { environment: e } = result;
  const tables = dataset === undefined ? 'none' : Object.keys(dataset.tables).join(', ');
  const common: [string, string][] = [
    ['digest', result.digest],
    ['ended', result.date],
    ['folder', folder],
    ['tables', tables],
  ];
  if (result.schema === 'toprung.replay/1') {
    return [{ title: `Run ${name}`, rows: [['file', result.file], ...common] }, machine(name, e, result.version)];
  }
  const { config } = result;
  const rows: [string, string][] = [
    ['scenario', result.scenario],
    ['seed', `${config.seed}, streams ${config.streams}`],
    ['books', integer(config.books)],
    ['horizon', JSON.stringify(config.horizon)],
    ['policy', JSON.stringify(config.book.policy)],
    ['flow', JSON.stringify(config.flow)],
    ['configuration', `SHA-256 ${result.configSha256.slice(0, 16)}…`],
    ['again', result.rerun],
  ];
  return [{ title: `Run ${name}`, rows: [...rows, ...common] }, machine(name, e, result.version)];
}

function machine(name: string, e: Environment, version: string): FactGroup {
  const title = `Machine of ${name}`;
  const rows: [string, string][] = [
    ['processor', `${e.cpu}, ${e.cores} cores`],
    ['memory', `${e.memoryGiB} GiB`],
    ['system', e.kernel],
    ['node', e.node],
    ['load', `${e.load} at the end of the run`],
    ['toprung', e.commit === null ? version : `${version}, commit ${e.commit}`],
  ];
  return { title, rows };
}

function notesOf(own: RunData, other: RunData | undefined): string[] {
  const notes: string[] = [];
  const { result } = own;
  if (result.schema === 'toprung.simulation/1' && own.latency !== undefined) {
    const k = result.config.latencySampling ?? 0;
    const share = k === 0 ? 'Every command was' : `One command in ${integer(2 ** k)} was`;
    notes.push(
      `${share} timed, one after the other (closed loop): waiting behind a slow command is not in the latencies.`,
    );
    notes.push('Latencies behind the warm-up alone; throughput with the warm-up and the order flow.');
  }
  for (const { name, result } of other === undefined ? [own] : [own, other]) {
    const { load, cores } = result.environment;
    if (load > cores)
      notes.push(`The machine of ${name} was busy (load ${load} on ${cores} cores): its speeds say little.`);
  }
  if (other !== undefined && own.result.environment.cpu !== other.result.environment.cpu) {
    notes.push('The two runs were made on different processors: their speeds cannot be compared.');
  }
  if (own.top === undefined) notes.push('No tables were kept with this run, so there is nothing over time to show.');
  return notes;
}
