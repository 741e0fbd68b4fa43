/** `toprung report`: a page, a Markdown text and a JSON document about a run that was kept. */
import type { CommandSpec } from '../command-line.js';
import { usageError } from '../errors.js';
import { ExitCode } from '../exit-codes.js';
import type { Arguments } from '../main.js';
import { failed, formatOption, formatsFrom, giveReport } from '../report/output.js';
import { parseThreshold } from '../report/thresholds.js';
import { openRun } from '../run-folder.js';
import type { Terminal } from '../terminal.js';

/** Differences that are too small to matter, unless somebody says otherwise. */
const minEffectDefault = 0.03;

export function spec(): CommandSpec {
  return {
    name: 'report',
    usage: '<run>',
    summary: 'Make a report of a run that was kept, alone or against another',
    positionals: { run: { describe: 'The folder of a run (simulate --out, replay --out)' } },
    options: {
      against: {
        type: 'string',
        describe: 'The folder of a run to compare it with',
        group: 'Report',
        requiresArg: true,
      },
      threshold: {
        type: 'array',
        describe: "What a figure must be: 'p99<2us', 'throughput>=5M'; exit with 4 if it is not (repeatable)",
        group: 'Report',
        requiresArg: true,
      },
      'min-effect': {
        type: 'string',
        describe: 'Relative differences below this are called none: 3% or 0.03',
        group: 'Report',
        defaultDescription: '3%',
        requiresArg: true,
      },
      format: formatOption,
      out: {
        type: 'string',
        describe: 'The folder to write report.html, report.md and report.json into',
        group: 'Report',
        defaultDescription: 'RUN',
        requiresArg: true,
      },
    },
    examples: [
      ['report runs/a', 'runs/a/report.html, to be opened in any browser, and to be sent as it is'],
      ['report runs/b --against runs/a', 'what differs, with intervals and a verdict'],
      ["report runs/a --threshold 'p99<2us' --json", 'for a pipeline: exit code 4 if it does not hold'],
    ],
  };
}

export async function run(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const found = openRun(String(args.run));
  const against = args.against === undefined ? undefined : openRun(String(args.against));
  const thresholds = ((args.threshold as string[] | undefined) ?? []).map(parseThreshold);
  const wanted = formatsFrom(String(args.format));
  const minEffect = args['min-effect'] === undefined ? minEffectDefault : effectFrom(String(args['min-effect']));
  const { reportOf } = await import('../report/report.js');
  const generated = new Date().toISOString();
  const report = await reportOf(found, { against, thresholds, minEffect, generated });
  const out = args.out === undefined ? found.folder : String(args.out);
  await giveReport(terminal, report, out, wanted);
  return failed(report) ? ExitCode.differs : ExitCode.ok;
}

function effectFrom(text: string): number {
  const value = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (!(value >= 0 && value < 1)) throw usageError(`--min-effect: expected a share such as 3% or 0.03, got "${text}"`);
  return value;
}
