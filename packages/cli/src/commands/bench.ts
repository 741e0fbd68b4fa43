/** `toprung bench`: a report of benchmark results that lie in folders. */
import type { CommandSpec } from '../command-line.js';
import { ExitCode } from '../exit-codes.js';
import type { Arguments } from '../main.js';
import { failed, formatOption, formatsFrom, giveReport } from '../report/output.js';
import type { Terminal } from '../terminal.js';

export function spec(): CommandSpec {
  return {
    name: 'bench',
    usage: '<folder..>',
    summary: 'Make a report of benchmark results: records of `npm run bench`, criterion, vitest',
    positionals: {
      folder: { describe: 'Folders with records, a target/criterion, or files of `vitest bench --outputJson`' },
    },
    options: {
      format: formatOption,
      out: {
        type: 'string',
        describe: 'The folder to write report.html, report.md and report.json into',
        group: 'Report',
        defaultDescription: 'the first folder',
        requiresArg: true,
      },
      strict: { type: 'boolean', describe: 'Exit with 4 if a promise is missed', group: 'Report' },
    },
    examples: [
      ['bench bench/record', 'the newest record of each kind, and the trend over all'],
      ['bench bench/record target/criterion --out .', 'with what criterion measured, and its changes'],
      ['bench results --strict --json', 'for a pipeline: exit code 4 if a promise is missed'],
    ],
  };
}

export async function run(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const folders = [args.folder].flat().map(String);
  const wanted = formatsFrom(String(args.format));
  const { readResults } = await import('../report/bench-results.js');
  const { benchReportOf } = await import('../report/bench.js');
  const report = benchReportOf(readResults(folders), new Date().toISOString());
  const out = args.out === undefined ? folders[0]! : String(args.out);
  await giveReport(terminal, report, out, wanted);
  return args.strict === true && failed(report) ? ExitCode.differs : ExitCode.ok;
}
