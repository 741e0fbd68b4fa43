/** What is on the screen as a CSV file: one line per column, every quantity. */
import { Field } from '../../cli/src/dashboard/columns.js';
import { rangeOf } from './series.js';
import { limitNs, say, shown, view } from './state.js';

/** Offers the columns that are on the screen as a file. */
export function exportCsv(): void {
  const run = shown();
  if (run === undefined || run.columns.length === 0) {
    say('There is nothing to export yet.', true);
    return;
  }
  const { columns } = run;
  const { first, last } = rangeOf(columns, view.value.from, view.value.to, limitNs());
  const names = Object.entries(Field) as [string, Field][];
  const lines = [['timeNs', ...names.map(([name]) => name)].join(',')];
  for (let k = first; k <= last; k++) {
    lines.push([columns.endNs(k), ...names.map(([, field]) => columns.field(field)[k])].join(','));
  }
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([`${lines.join('\n')}\n`], { type: 'text/csv' }));
  link.download = `toprung-run-${run.id}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
  say(`Exported ${last - first + 1} intervals.`);
}
