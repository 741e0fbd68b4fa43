/** What is on the screen as a file: every column as CSV, a panel's table as CSV, a panel as a picture. */
import { Field } from '../../cli/src/dashboard/columns.js';
import { trackName } from './marks.js';
import { rangeOf } from './series.js';
import { run as info, limitNs, say, shown, view } from './state.js';

/** Offers the columns that are on the screen as a file: one line per column, every quantity, then what each track holds. */
export function exportCsv(): void {
  const run = shown();
  if (run === undefined || run.columns.length === 0) {
    say('There is nothing to export yet.', true);
    return;
  }
  const { columns } = run;
  const { first, last } = rangeOf(columns, view.value.from, view.value.to, limitNs());
  const names = Object.entries(Field) as [string, Field][];
  const tracks = (info.value?.tracks ?? []).slice(0, columns.tracks).map((track) => trackName(track, info.value));
  const held = tracks.flatMap((name) => [`${name} position`, `${name} value`]);
  const lines = [['timeNs', ...names.map(([name]) => name), ...held]];
  for (let k = first; k <= last; k++) {
    const holdings = columns.holdings.subarray(2 * k * columns.tracks, 2 * (k + 1) * columns.tracks);
    const numbers = [columns.endNs(k), ...names.map(([, field]) => columns.field(field)[k]!), ...holdings];
    lines.push(numbers.map(String));
  }
  saveText(`toprung-run-${run.id}.csv`, lines);
  say(`Exported ${last - first + 1} intervals.`);
}

/** Offers a table as a file. */
export function saveCsv(title: string, rows: readonly (readonly string[])[]): void {
  saveText(`${fileName(title)}.csv`, rows);
}

/** Offers what a panel's canvas shows as a picture. `inside` is anything in the panel. */
export function savePicture(title: string, inside: HTMLElement): void {
  const canvas = inside.closest('.panel')?.querySelector('canvas');
  canvas?.toBlob((blob) => {
    if (blob === null) say(`${title} cannot be saved as a picture.`, true);
    else save(`${fileName(title)}.png`, blob);
  });
}

function fileName(title: string): string {
  const of = info.value === undefined ? 'toprung' : `toprung-run-${info.value.id}`;
  return `${of}-${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
}

function saveText(name: string, rows: readonly (readonly string[])[]): void {
  const cell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = rows.map((cells) => cells.map(cell).join(','));
  save(name, new Blob([`${lines.join('\n')}\n`], { type: 'text/csv' }));
}

function save(name: string, blob: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
