/** `toprung query`: SQL over the tables of a run, by DuckDB, which whoever wants this installs beside the command. */
import path from 'node:path';
import type { CommandSpec } from '../command-line.js';
import { CliError } from '../errors.js';
import { ExitCode } from '../exit-codes.js';
import { integer, table } from '../format.js';
import type { Arguments } from '../main.js';
import { dataFolder, openRun, type Run } from '../run-folder.js';
import type { Terminal } from '../terminal.js';

/** Rows that are shown to a person; all of them are there in the other formats. */
const shownRows = 100;

const formats = ['table', 'json', 'ndjson', 'csv', 'markdown'] as const;

export function spec(): CommandSpec {
  return {
    name: 'query',
    usage: '<run> <sql>',
    summary: 'Ask SQL of what a run wrote (needs DuckDB)',
    positionals: {
      run: { describe: 'The folder of a run (simulate --out, replay --out)' },
      sql: { describe: 'A query; its tables are those of the run, see docs/data.md' },
    },
    options: {
      format: {
        type: 'string',
        describe: 'How the answer is printed; --json is the same as --format json',
        group: 'Query',
        choices: formats,
        default: 'table',
        requiresArg: true,
      },
    },
    examples: [
      ["query runs/a 'select count(*), sum(qty_lots) from trades'", 'how much was traded'],
      [
        "query runs/a 'select time_bucket(interval 1 minute, ts) as t, avg(ask_ticks - bid_ticks) from l1 group by t' --format csv",
        'the mean spread of every minute',
      ],
    ],
  };
}

type Cell = string | number | boolean | null;

export async function run(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const found = openRun(String(args.run));
  const { names, rows } = await ask(found, String(args.sql));
  const format = terminal.options.json ? 'json' : String(args.format);
  if (format === 'json') {
    terminal.printJson({ schema: 'toprung.query/1', run: found.folder, columns: names, rows });
  } else if (format === 'ndjson') {
    for (const row of rows) terminal.print(JSON.stringify(Object.fromEntries(names.map((name, i) => [name, row[i]]))));
  } else if (format === 'csv') {
    for (const row of [names, ...rows]) terminal.print(row.map(csvCell).join(','));
  } else if (format === 'markdown') {
    for (const row of [names, names.map(() => '---'), ...rows])
      terminal.print(`| ${row.map(markdownCell).join(' | ')} |`);
  } else {
    print(terminal, names, rows);
  }
  return ExitCode.ok;
}

function print(terminal: Terminal, names: readonly string[], rows: readonly Cell[][]): void {
  const shown = rows.slice(0, shownRows).map((row) => row.map((cell) => (cell === null ? '' : String(cell))));
  const numeric = names.flatMap((_, i) => (rows.some((row) => typeof row[i] === 'number') ? [i] : []));
  const [head, ...lines] = table([[...names], ...shown], new Set(numeric));
  terminal.print(terminal.paint('bold', head ?? ''));
  for (const line of lines) terminal.print(line);
  const more = rows.length - shown.length;
  if (more > 0) terminal.note(`… ${integer(more)} more rows (--format csv prints all)`);
}

async function ask(found: Run, sql: string): Promise<{ names: string[]; rows: Cell[][] }> {
  const { folder, dataset } = found;
  if (dataset === undefined || dataset.format !== 'parquet') {
    throw new CliError('ERR_TOPRUNG_QUERY', ExitCode.invalid, 'the run has no tables to ask', {
      where: folder,
      fix: [`\`toprung export ${folder}\` writes them`],
    });
  }
  const { DuckDBInstance } = await loadEngine();
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    for (const [name, { files }] of Object.entries(dataset.tables)) {
      const list = files.map((file) => quoted(path.join(dataFolder(folder), file.path)));
      await connection.run(`create view ${name} as select * from read_parquet([${list.join(', ')}])`);
    }
    const reader = await connection.runAndReadAll(sql);
    return { names: reader.columnNames(), rows: reader.getRows().map((row) => row.map(cellOf)) };
  } catch (error) {
    const missing = ['orders', 'trades', 'l2'].filter((name) => !(name in dataset.tables));
    throw new CliError('ERR_TOPRUNG_QUERY', ExitCode.invalid, (error as Error).message.trim(), {
      fix: [
        `the tables of this run: ${Object.keys(dataset.tables).join(', ')}; docs/data.md has their columns`,
        ...(missing.length === 0 ? [] : [`\`toprung export ${folder}\` adds ${missing.join(', ')}`]),
      ],
      cause: error,
    });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function loadEngine(): Promise<typeof import('@duckdb/node-api')> {
  try {
    return await import('@duckdb/node-api');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new CliError('ERR_TOPRUNG_QUERY_ENGINE', ExitCode.invalid, 'queries need DuckDB, which is not installed', {
      fix: [
        'npm install @duckdb/node-api   (where @toprung/cli is installed; some 70 MB)',
        'or ask any other program: the tables are Parquet files in RUN/data',
      ],
      cause: error,
    });
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A value of DuckDB for people and JSON: integers that a number cannot hold exactly become text, as do times. */
function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string') return value;
  return String(value);
}

function csvCell(cell: Cell): string {
  const text = cell === null ? '' : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function markdownCell(cell: Cell): string {
  return cell === null ? '' : String(cell).replaceAll('|', '\\|').replaceAll('\n', ' ');
}
