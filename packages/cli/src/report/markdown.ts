/** A report as Markdown, for a pull request or a wiki: everything but the pictures. */
import type { Report } from './document.js';
import { changeText, show, showChange } from './units.js';

/** The text. */
export function markdownOf({ title, subtitle, verdict, figures, sections, facts, notes, generated }: Report): string {
  const compared = figures.some(({ against }) => against !== null);
  const held = figures.some(({ threshold }) => threshold !== null);
  const head = [
    'figure',
    'value',
    ...(compared ? ['the other', 'difference', '95 % interval'] : []),
    ...(held ? ['threshold'] : []),
    '',
  ];
  const rows = figures.map(({ name, value, unit, against, threshold, remark }) => {
    const range = against?.interval == null ? '' : against.interval.map(showChange).join(' to ');
    const other = against === null ? ['', '', ''] : [show(against.value, unit), changeText(against), range];
    const limit = threshold === null ? '' : `${threshold.holds ? 'holds' : '**fails**'}: ${threshold.text}`;
    return [name, show(value, unit), ...(compared ? other : []), ...(held ? [limit] : []), remark];
  });
  const lines = [
    `# ${title}`,
    '',
    subtitle,
    '',
    `**${verdict.word}**: ${verdict.text}`,
    '',
    ...tableLines(head, rows),
    '',
    ...sections.flatMap((section) => [
      `## ${section.title}`,
      '',
      ...section.charts.map((chart) => `- ${chart.title}: ${chart.finding}`),
      '',
    ]),
    '## What was run',
    '',
    ...facts.flatMap((group) => [`**${group.title}**`, '', ...tableLines(['', ''], group.rows), '']),
    ...notes.map((note) => `- ${note}`),
    '',
    `Made ${generated} by toprung.`,
  ];
  return `${lines.join('\n')}\n`;
}

function tableLines(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

function cell(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ');
}
