/** `toprung policies`: the exchanges' matching algorithms as a table, or what each allocates of one level. */
import { type AllocationPreview, isToprungError, policies } from 'toprung';
import type { CommandSpec } from '../command-line.js';
import { parseNumber } from '../config-input.js';
import { usageError } from '../errors.js';
import { ExitCode } from '../exit-codes.js';
import { table } from '../format.js';
import type { Arguments } from '../main.js';
import { bookOf, type PolicyRow, parseRow, stepWords, usualRows } from '../policy-words.js';
import { callPrefix } from '../rerun.js';
import type { Terminal } from '../terminal.js';

/** The level and the aggressor that the exchanges' references are worked with. */
const example = '--book 10T,5,20,50,75 --aggressor 60';

const notation =
  'sizes, oldest first, with marks: T is TOP (the oldest alone), L40 a lead market maker with 40 %, c a customer, m a ' +
  'market maker, e an entitled market maker, g7 of group 7';

export function spec(): CommandSpec {
  return {
    name: 'policies',
    usage: '',
    summary: 'List the matching policies, or compare what each allocates of one level',
    positionals: {},
    options: {
      book: { describe: `A level: ${notation}`, type: 'string', group: 'Comparison', requiresArg: true },
      aggressor: {
        describe: 'What the aggressor takes of it, in lots',
        type: 'string',
        shownType: 'number',
        group: 'Comparison',
        requiresArg: true,
      },
      group: {
        describe: 'Institutional group of the aggressor (cme.V)',
        type: 'string',
        shownType: 'number',
        group: 'Comparison',
        requiresArg: true,
      },
      policy: {
        describe:
          'Only this: NAME or NAME:PARAMETER=VALUE,… of topMinQty, topMaxQty, minLot, fifoPercent, splitRounding; ' +
          'lmm=4@40 makes order 4 a lead market maker’s. Repeatable',
        type: 'array',
        group: 'Comparison',
        requiresArg: true,
      },
      steps: { describe: 'Show what each step gives', type: 'boolean', group: 'Comparison' },
    },
    examples: [
      ['policies', 'every policy with its steps and where it is used'],
      [`policies ${example}`, 'one level, every policy side by side'],
      [`policies ${example} --policy cme.K:fifoPercent=20 --steps`, 'one policy, step by step'],
      ['policies --book 10T,5,20,50L40,75 --aggressor 60 --policy cme.Q', 'with a lead market maker of 40 %'],
    ],
  };
}

export async function run(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const {
    book,
    aggressor,
    group,
    policy,
    steps = false,
  } = args as {
    book?: string;
    aggressor?: string;
    group?: string;
    policy?: string[];
    steps?: boolean;
  };
  const rows = policy === undefined ? undefined : policy.map(parseRow);
  if (book === undefined && aggressor === undefined) {
    if (steps || group !== undefined || rows !== undefined) {
      throw usageError('a comparison needs a level and an aggressor', [`toprung policies ${example}`]);
    }
    list(terminal);
    return ExitCode.ok;
  }
  if (book === undefined || aggressor === undefined) {
    const missing = book === undefined ? '--book' : '--aggressor';
    throw usageError(`${missing} is missing: a comparison needs a level and an aggressor`, [
      `toprung policies ${example}`,
    ]);
  }
  const taker = { aggressor: number('--aggressor', aggressor), group: number('--group', group ?? '0') };
  const compared = (rows ?? usualRows(book)).map((row) => ({ ...row, shown: preview(row, book, taker) }));
  if (terminal.options.json) {
    const allocations = compared.map(({ label, policy, shown }) => ({ label, policy, ...shown }));
    terminal.printJson({ schema: 'toprung.allocations/1', book, ...taker, allocations });
    return ExitCode.ok;
  }
  compare(terminal, book, taker.aggressor, compared, steps);
  return ExitCode.ok;
}

function number(option: string, text: string): number {
  const value = parseNumber(text);
  if (value === undefined) throw usageError(`expected a number, got ${JSON.stringify(text)}`, [], option);
  return value;
}

/** A preview; whatever the library refuses was typed here, so that it is an error of the command line. */
function preview(row: PolicyRow, book: string, taker: { aggressor: number; group: number }): AllocationPreview {
  try {
    return policies.preview({ book: bookOf(row, book), ...taker, policy: row.policy });
  } catch (error) {
    if (!isToprungError(error) || error.path === undefined) throw error;
    const option = `--${error.path.split('.')[0]}`;
    throw usageError(error.message, option === '--book' ? [`a level is ${notation}`] : [], option);
  }
}

function list(terminal: Terminal): void {
  const all = policies.list();
  if (terminal.options.json) {
    const described = all.map((preset) => ({ ...preset, words: preset.steps.map(stepWords) }));
    terminal.printJson({ schema: 'toprung.policies/1', policies: described });
    return;
  }
  const rows = all.map(({ name, title, steps, usedFor }) => [name, title, steps.map(stepWords).join(' → '), usedFor]);
  printTable(terminal, [['policy', 'title', 'steps', 'used for'], ...rows]);
  terminal.note('');
  terminal.note(`${callPrefix()} policies ${example} shows them at work`);
}

function compare(
  terminal: Terminal,
  book: string,
  aggressor: number,
  compared: readonly (PolicyRow & { shown: AllocationPreview })[],
  steps: boolean,
): void {
  const sizes = book.split(',').map((order) => order.trim());
  const rows = compared.flatMap(({ label, shown }) => [
    [label, ...shown.fills.map(String)],
    ...(steps ? shown.byStep.map(({ step, fills }) => [`  ${stepWords(step)}`, ...fills.map(String)]) : []),
  ]);
  printTable(terminal, [[`${aggressor} against`, ...sizes], ...rows], new Set(sizes.map((_, i) => i + 1)));
  const [first] = compared;
  terminal.note('');
  if (first?.shown.wholeLevel) {
    terminal.note('the whole level is taken: everybody is filled in time order, whatever the policy');
  } else if (!sizes.some((order) => order.includes('L'))) {
    terminal.note(
      'no order is a lead market maker’s, so lmm steps give nothing but where a row says so: 50L40 is one with 40 %',
    );
  }
}

function printTable(terminal: Terminal, rows: readonly (readonly string[])[], right?: ReadonlySet<number>): void {
  const [head, ...lines] = table(rows, right);
  terminal.print(terminal.paint('bold', head ?? ''));
  for (const line of lines) terminal.print(line);
}
