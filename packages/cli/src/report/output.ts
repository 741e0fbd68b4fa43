/** What every command that makes a report does with it: files, and a summary on the terminal. */
import path from 'node:path';
import type { OptionSpec } from '../command-line.js';
import { usageError } from '../errors.js';
import { table } from '../format.js';
import { writeOutput } from '../run-folder.js';
import type { Terminal } from '../terminal.js';
import type { Report } from './document.js';
import { changeText, show } from './units.js';

const formats = ['html', 'md', 'json'] as const;

/** The option that says which files are wanted. */
export const formatOption: OptionSpec = {
  type: 'string',
  describe: 'Which of html, md and json to write, with commas between them',
  group: 'Report',
  default: formats.join(','),
  requiresArg: true,
};

/** What that option was given. @throws a usage error for a format that there is not */
export function formatsFrom(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !formats.some((format) => format === name));
  if (unknown !== undefined) throw usageError(`--format: expected ${formats.join(', ')}, got "${unknown}"`);
  return [...new Set(names)];
}

/** Whether a figure is not what it must be. */
export function failed({ figures }: Report): boolean {
  return figures.some(({ threshold }) => threshold?.holds === false);
}

/** Writes the report into a folder, and prints what it says. */
export async function giveReport(
  terminal: Terminal,
  report: Report,
  folder: string,
  wanted: readonly string[],
): Promise<void> {
  const files = await write(report, folder, wanted);
  if (terminal.options.json) terminal.printJson({ ...report, files });
  else print(terminal, report, files);
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
