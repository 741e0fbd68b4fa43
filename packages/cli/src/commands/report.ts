/** `toprung report`: a page, a Markdown text and a JSON document about a run that was kept. */
import path from 'node:path';
import type { CommandSpec } from '../command-line.js';
import { usageError } from '../errors.js';
import { ExitCode } from '../exit-codes.js';
import { table } from '../format.js';
import type { Arguments } from '../main.js';
import type { Report } from '../report/document.js';
import { parseThreshold } from '../report/thresholds.js';
import { changeText, show } from '../report/units.js';
import { openRun, writeOutput } from '../run-folder.js';
import type { Terminal } from '../terminal.js';

const formats = ['html', 'md', 'json'] as const;
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
      format: {
        type: 'string',
        describe: 'Which of html, md and json to write, with commas between them',
        group: 'Report',
        default: formats.join(','),
        requiresArg: true,
      },
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
  const files = await write(report, out, wanted);
  if (terminal.options.json) terminal.printJson({ ...report, files });
  else print(terminal, report, files);
  return report.figures.some(({ threshold }) => threshold?.holds === false) ? ExitCode.differs : ExitCode.ok;
}

async function write(report: Report, folder: string, wanted: readonly string[]): Promise<string[]> {
  const texts: Readonly<Record<string, () => Promise<string>>> = {
    html: async () => (await import('../report/html.js')).htmlOf(report),
    md: async () => (await import('../report/markdown.js')).markdownOf(report),
    json: async () => `${JSON.stringify(report)}\n`,
  };
  const files: string[] = [];
  for (const format of wanted) {
    const file = path.join(folder, `report.${format}`);
    writeOutput(file, await texts[format]!());
    files.push(file);
  }
  return files;
}

function print(terminal: Terminal, { title, verdict, figures }: Report, files: readonly string[]): void {
  const { paint } = terminal;
  const color = { good: 'green', bad: 'red', neutral: 'cyan', unsure: 'yellow' } as const;
  terminal.print(`${paint('bold', title)}  ${paint(color[verdict.state], verdict.word)}: ${verdict.text}`);
  const rows = figures.map(({ name, value, unit, threshold, against }) => [
    name,
    show(value, unit),
    against === null ? '' : changeText(against),
    threshold === null ? '' : `${threshold.holds ? 'holds' : 'fails'}: ${threshold.text}`,
  ]);
  for (const line of table(rows, new Set([1]))) terminal.print(`  ${line}`);
  for (const file of files) terminal.print(file);
}

function formatsFrom(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !formats.some((format) => format === name));
  if (unknown !== undefined) throw usageError(`--format: expected ${formats.join(', ')}, got "${unknown}"`);
  return [...new Set(names)];
}

function effectFrom(text: string): number {
  const value = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (!(value >= 0 && value < 1)) throw usageError(`--min-effect: expected a share such as 3% or 0.03, got "${text}"`);
  return value;
}
