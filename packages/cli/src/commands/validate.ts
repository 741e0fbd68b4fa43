/** `toprung validate`: how real a market looks beside a recorded day, and what that day's halves score against each other. */
import { type Scorecard, validate } from 'toprung';
import type { CommandSpec } from '../command-line.js';
import { usageError } from '../errors.js';
import { ExitCode } from '../exit-codes.js';
import { table } from '../format.js';
import type { Arguments } from '../main.js';
import { recordingOptions, tapeSource } from '../tape-source.js';
import type { Terminal } from '../terminal.js';

export function spec(): CommandSpec {
  return {
    name: 'validate',
    usage: '<market>',
    summary: 'Score how real a market looks beside a recorded day',
    positionals: {
      market: { describe: 'A scenario, a flow model, a .json configuration or result, or a LOBSTER day' },
    },
    options: {
      reference: {
        type: 'string',
        describe: 'The real day: a LOBSTER archive or folder with its order book file (or another market)',
        group: 'Validation',
        requiresArg: true,
      },
      ...recordingOptions,
    },
    examples: [
      ['validate realistic-day --reference LOBSTER_SampleFile_GOOG_2012-06-21_10.zip', 'a model against a NASDAQ day'],
      ['validate run.json --reference GOOG.zip --duration-s 23400 --json', 'a whole session; the scorecard as JSON'],
    ],
  };
}

export async function run(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const { market, reference } = args;
  if (reference === undefined) throw usageError('--reference: the day to compare with is missing');
  const source = (text: unknown) => tapeSource(String(text), args['duration-s'], args.seed);
  const card = await validate(source(market), source(reference));
  if (terminal.options.json) terminal.printJson({ schema: 'toprung.validate/1', market, reference, ...card });
  else print(terminal, String(market), String(reference), card);
  return ExitCode.ok;
}

function print(terminal: Terminal, market: string, reference: string, card: Scorecard): void {
  const { paint } = terminal;
  const figure = (x: number | null, digits = 2) => (x === null ? '–' : x.toFixed(digits));
  terminal.print(`${paint('bold', market)} beside ${reference}`);
  const rows = table(
    [
      ['fact', 'statistic', 'market', 'real', 'z', 'real halves', 'grade'],
      ...card.facts.map((f) => [
        String(f.number),
        f.name,
        figure(f.value, 3),
        figure(f.real, 3),
        figure(f.z, 1),
        figure(f.floorZ, 1),
        f.grade,
      ]),
    ],
    new Set([0, 2, 3, 4, 5]),
  );
  for (const row of rows) terminal.print(`  ${row}`);
  const floors = new Map(card.floorDistances.map((d) => [d.name, d]));
  const distances = table(
    [
      ['distribution', 'L1', 'W1', 'W1 by real range', 'real halves: L1', 'W1'],
      ...card.distances.map((d) => {
        const floor = floors.get(d.name);
        const own = [d.l1, d.wasserstein, d.wassersteinReal].map((x) => figure(x));
        return [d.name, ...own, figure(floor?.l1 ?? null), figure(floor?.wasserstein ?? null)];
      }),
    ],
    new Set([1, 2, 3, 4, 5]),
  );
  terminal.print('');
  for (const row of distances) terminal.print(`  ${row}`);
  const [a, b, c, f] = card.grades;
  terminal.print('');
  terminal.print(
    `${paint('bold', `score ${figure(card.overall)}`)} deviations from the real day; its own halves ${figure(card.floor)}; ` +
      `${a} A, ${b} B, ${c} C, ${f} F; ${card.closeFacts[0]} of ${card.closeFacts[1]} facts A or B`,
  );
}
