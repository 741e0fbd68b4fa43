/** What a report needs of a run: its result, and the small tables that were written while it ran. */
import { readTable } from 'toprung';
import { dataFolder, type Run } from '../run-folder.js';
import type { Histogram } from './statistics.js';

/** Columns of a table as numbers; null is NaN. */
export type Columns<Name extends string> = Readonly<Record<Name, readonly number[]>>;

const topColumns = [
  'ts',
  'bid_ticks',
  'bid_lots',
  'ask_ticks',
  'ask_lots',
  'last_ticks',
  'volume_lots',
  'trades',
  'accepted',
  'cancelled',
] as const;
const depthColumns = ['ts', 'price_ticks', 'qty_lots'] as const;
const bookColumns = [
  'mean_spread_ticks',
  'one_tick_share',
  'mean_bid_lots',
  'mean_ask_lots',
  'trades',
  'accepted',
  'cancelled',
  'time_ns',
] as const;

/** A run and its small tables. Of `top` and `depth` the first book. */
export interface RunData extends Run {
  /** What the run is called in the report. */
  readonly name: string;
  readonly top: Columns<(typeof topColumns)[number]> | undefined;
  readonly depth: (Columns<(typeof depthColumns)[number]> & { readonly isBid: readonly boolean[] }) | undefined;
  readonly books: Columns<(typeof bookColumns)[number]> | undefined;
  readonly latency: Histogram | undefined;
}

/** Reads what a report needs. */
export async function collect(run: Run, name: string): Promise<RunData> {
  const [top, depth, books, latency] = await Promise.all([
    numbers(run, 'l1', topColumns, true),
    numbers(run, 'depth', depthColumns, true),
    numbers(run, 'metrics', bookColumns, false),
    numbers(run, 'latency', ['upper_ns', 'count'], false),
  ]);
  return {
    ...run,
    name,
    top,
    depth: depth === undefined ? undefined : { ...depth, isBid: await sides(run) },
    books,
    latency: latency === undefined ? undefined : { values: latency.upper_ns, counts: latency.count },
  };
}

async function* batches(run: Run, table: string) {
  const { tableFromIPC } = await import('apache-arrow');
  for await (const bytes of readTable(dataFolder(run.folder), table)) yield tableFromIPC(bytes);
}

async function numbers<Name extends string>(
  run: Run,
  table: string,
  names: readonly Name[],
  firstBookOnly: boolean,
): Promise<Columns<Name> | undefined> {
  if (!hasTable(run, table)) return undefined;
  const columns = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for await (const batch of batches(run, table)) {
    const rows = firstBookOnly ? rowsOfFirstBook(batch.getChild('book')?.data[0]?.values) : batch.numRows;
    for (const name of names) {
      const data = batch.getChild(name)?.data[0];
      for (let i = 0; i < rows; i++) {
        columns[name].push(data?.getValid(i) === true ? Number(data.values[i] as bigint | number) : Number.NaN);
      }
    }
    if (rows < batch.numRows) break;
  }
  return columns;
}

async function sides(run: Run): Promise<boolean[]> {
  const isBid: boolean[] = [];
  for await (const batch of batches(run, 'depth')) {
    const rows = rowsOfFirstBook(batch.getChild('book')?.data[0]?.values);
    const side = batch.getChild('side');
    for (let i = 0; i < rows; i++) isBid.push(side?.get(i) === 'buy');
    if (rows < batch.numRows) break;
  }
  return isBid;
}

/** Rows are sorted by book. */
function rowsOfFirstBook(books: ArrayLike<number> | undefined): number {
  let rows = 0;
  while (rows < (books?.length ?? 0) && books![rows] === 0) rows += 1;
  return rows;
}

function hasTable({ dataset }: Run, table: string): boolean {
  return dataset?.format === 'parquet' && dataset.tables[table] !== undefined;
}
