/** `toprung orders`: which orders a venue takes in which phase, as a venue itself answers. */
import { type OrderTableRow, orderTable, PHASES, type VenueTimeInForce } from 'toprung';
import type { CommandSpec } from '../command-line.js';
import { ExitCode } from '../exit-codes.js';
import { table } from '../format.js';
import type { Arguments } from '../main.js';
import type { Terminal } from '../terminal.js';

/** Rows that are answered alike, as one. */
interface Row extends Omit<OrderTableRow, 'timeInForce'> {
  readonly timesInForce: VenueTimeInForce[];
}

export function spec(): CommandSpec {
  return {
    name: 'orders',
    usage: '',
    summary: 'Show which orders a venue takes: type, time in force and phase',
    positionals: {},
    options: {},
    examples: [
      ['orders', 'every order type with every time in force, in every phase'],
      ['orders --json', 'the same for machines'],
    ],
  };
}

export async function run(_args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const rows = merged(orderTable());
  if (terminal.options.json) {
    terminal.printJson({ schema: 'toprung.orders/1', phases: PHASES, rows });
    return ExitCode.ok;
  }
  const cells = rows.map(({ order, timesInForce, answers }) => [
    order,
    timesInForce.join(', '),
    ...PHASES.map((phase) => answers[phase]),
  ]);
  const [head, ...lines] = table([['order', 'time in force', ...PHASES], ...cells]);
  terminal.print(terminal.paint('bold', head ?? ''));
  for (const line of lines) terminal.print(line);
  terminal.note('');
  terminal.note('held: it waits beside the book; wrong-phase and unsupported are the reasons it is refused with');
  return ExitCode.ok;
}

/** One row for the times in force that a kind of order is answered alike with. */
function merged(all: readonly OrderTableRow[]): Row[] {
  const rows: Row[] = [];
  for (const { order, timeInForce, answers } of all) {
    const same = rows.find((row) => row.order === order && PHASES.every((p) => row.answers[p] === answers[p]));
    if (same === undefined) rows.push({ order, timesInForce: [timeInForce], answers });
    else same.timesInForce.push(timeInForce);
  }
  return rows;
}
