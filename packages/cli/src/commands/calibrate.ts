/** `toprung calibrate`: a flow model fitted to a recorded day, as a configuration to simulate. */
import { calibrate } from 'toprung';
import type { CommandSpec } from '../command-line.js';
import { parseNumber } from '../config-input.js';
import { usageError } from '../errors.js';
import { ExitCode } from '../exit-codes.js';
import { integer, table } from '../format.js';
import type { Arguments } from '../main.js';
import { recordingOptions, tapeSource } from '../tape-source.js';
import type { Terminal } from '../terminal.js';

const models = ['santa-fe', 'cst', 'queue-reactive', 'hawkes'] as const;

export function spec(): CommandSpec {
  return {
    name: 'calibrate',
    usage: '<day>',
    summary: 'Fit a flow model to a recorded day',
    positionals: { day: { describe: 'A LOBSTER day with its order book file; or a scenario, model or configuration' } },
    options: {
      model: { type: 'string', describe: 'The model', group: 'Fit', choices: models, requiresArg: true },
      levels: {
        type: 'string',
        describe: 'Distances of cst, queues of queue-reactive',
        group: 'Fit',
        shownType: 'number',
        defaultDescription: '30 and 3',
        requiresArg: true,
      },
      ...recordingOptions,
    },
    examples: [
      ['calibrate GOOG.zip --model cst', 'rates by distance, with their errors'],
      ['calibrate GOOG.zip --model hawkes --json > day.json', 'a configuration for `simulate --config day.json`'],
    ],
  };
}

export async function run(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const model = models.find((name) => name === (args.model ?? 'cst'))!;
  const levels = args.levels === undefined ? undefined : parseNumber(String(args.levels));
  if (args.levels !== undefined && levels === undefined) {
    throw usageError(`--levels: expected a number, got "${String(args.levels)}"`);
  }
  const source = tapeSource(String(args.day), args['duration-s'], args.seed);
  const fit = await calibrate(source, { model, ...(levels === undefined ? {} : { levels }) });
  if (terminal.options.json) {
    terminal.printJson({ flow: fit.flow });
    return ExitCode.ok;
  }
  const { paint } = terminal;
  terminal.print(
    `${paint('bold', model)} fitted to ${integer(fit.messages)} messages over ${fit.seconds.toFixed(0)} s of ${args.day}`,
  );
  const rows = table(
    [
      ['setting', 'estimate', 'standard error'],
      ...fit.estimates.map((e) => [e.path, e.value.toPrecision(4), e.standardError.toPrecision(2)]),
    ],
    new Set([1, 2]),
  );
  for (const row of rows) terminal.print(`  ${row}`);
  return ExitCode.ok;
}
