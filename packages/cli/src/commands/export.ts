/**
 * `toprung export`: what happened in a run that was kept, in the format that somebody needs.
 *
 * A run is determined by its configuration, so it is simply run again, watched this time; its digest says whether it was
 * the same. So nothing has to be kept for later but the configuration.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  DATASET_FORMATS,
  type DatasetManifest,
  type DatasetOptionsInput,
  isToprungError,
  type ReplayRunOptions,
  readManifest,
  replay,
  type SimulationConfig,
  simulate,
} from 'toprung';
import type { CommandSpec } from '../command-line.js';
import { parseNumber } from '../config-input.js';
import { CliError, usageError } from '../errors.js';
import { ExitCode } from '../exit-codes.js';
import { bytes, compact, duration, integer, table } from '../format.js';
import { listenForInterrupt } from '../interrupt.js';
import type { Arguments } from '../main.js';
import { startProgress } from '../progress.js';
import {
  dataFolder,
  type ReplayConfig,
  type ResultDocument,
  readResult,
  smallTables,
  tablesFrom,
} from '../run-folder.js';
import type { Terminal } from '../terminal.js';
import { version } from '../version.js';

export function spec(): CommandSpec {
  return {
    name: 'export',
    usage: '<run>',
    summary: 'Write what happened in a run: Parquet, Arrow, NDJSON or LOBSTER files',
    positionals: { run: { describe: 'The folder of a run (simulate --out, replay --out)' } },
    options: {
      format: {
        type: 'string',
        describe: 'parquet to keep and query, arrow for programs, ndjson for anything, lobster for its tools',
        group: 'Export',
        choices: DATASET_FORMATS,
        default: 'parquet',
        requiresArg: true,
      },
      tables: {
        type: 'string',
        describe: 'Names with commas between them (orders, trades, l2, l1, depth, latency, metrics), all or small',
        group: 'Export',
        default: 'all',
        requiresArg: true,
      },
      out: {
        type: 'string',
        describe: 'The folder to make; an older export there is replaced',
        group: 'Export',
        defaultDescription: 'RUN/data for parquet, RUN/FORMAT otherwise',
        requiresArg: true,
      },
      levels: {
        type: 'string',
        shownType: 'number',
        describe: 'Levels per side in depth, and in LOBSTER’s order book files',
        group: 'Export',
        defaultDescription: '50; 10 for lobster',
        requiresArg: true,
      },
      'tick-units': {
        type: 'string',
        shownType: 'number',
        describe: 'A tick in 1/10,000 of the currency; a cent is 100',
        group: 'Export',
        defaultDescription: '100, or what the replay was read with',
        requiresArg: true,
      },
    },
    examples: [
      ['export runs/a', 'every table as Parquet into runs/a/data, for `toprung query runs/a`'],
      ['export runs/a --format lobster --levels 10', 'message and order book files'],
      ['export runs/a --tables trades --format ndjson --out trades', 'trades, one JSON object a line'],
    ],
  };
}

export async function run(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const folder = String(args.run);
  const result = readResult(folder);
  if (result.schema === 'toprung.simulation/1' && result.partial) {
    throw new CliError('ERR_TOPRUNG_RUN_PARTIAL', ExitCode.invalid, 'the run was interrupted: it cannot be repeated', {
      where: folder,
      fix: ['run it to its end; or record while it runs: `toprung simulate --out DIR --tables all`'],
    });
  }
  const record = recordFrom(args, folder, result);
  const interrupt = listenForInterrupt(terminal);
  const progress = startProgress(terminal, 'exporting', '', 0);
  const began = performance.now();
  let manifest: DatasetManifest;
  try {
    manifest = await repeat(folder, result, record, interrupt.signal, (done, total) => progress.update(done, total));
  } catch (error) {
    throw explain(error, result, folder);
  } finally {
    progress.stop();
    interrupt.release();
  }
  const elapsedNs = (performance.now() - began) * 1e6;
  if (terminal.options.json) {
    terminal.printJson({ schema: 'toprung.export/1', run: folder, out: record.folder, elapsedNs, manifest });
  } else {
    for (const line of lines(manifest, record.folder, elapsedNs)) terminal.print(line);
  }
  return ExitCode.ok;
}

function recordFrom(args: Arguments, run: string, result: ResultDocument): DatasetOptionsInput {
  const format = String(args.format) as NonNullable<DatasetOptionsInput['format']>;
  const ownData = args.out === undefined && format === 'parquet';
  // The run's own tables replace what is there, and the report must find what it needs.
  const tables = [...new Set([...(tablesFrom(String(args.tables)) ?? []), ...(ownData ? smallTables : [])])];
  const levels = numberFrom(args, 'levels') ?? (format === 'lobster' ? 10 : undefined);
  const tickUnits = numberFrom(args, 'tick-units') ?? earlierTickUnits(run);
  return {
    folder: args.out === undefined ? (ownData ? dataFolder(run) : path.join(run, format)) : String(args.out),
    format,
    tables,
    ...(levels === undefined ? {} : { levels }),
    ...(tickUnits === undefined ? {} : { tickUnits }),
    expectedDigest: result.digest,
  };
}

/** What the run's own tables were written with: they may be about to be replaced. */
function earlierTickUnits(run: string): number | undefined {
  const data = dataFolder(run);
  return existsSync(data) ? readManifest(data).tickUnits : undefined;
}

function numberFrom(args: Arguments, name: string): number | undefined {
  if (args[name] === undefined) return undefined;
  const value = parseNumber(String(args[name]));
  if (value === undefined) throw usageError(`--${name}: expected a number, got "${String(args[name])}"`);
  return value;
}

async function repeat(
  folder: string,
  result: ResultDocument,
  record: DatasetOptionsInput,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<DatasetManifest> {
  if (result.schema === 'toprung.simulation/1') {
    const again = await simulate(result.config as SimulationConfig, {
      signal,
      record,
      onProgress: ({ eventsDone, eventsTotal }) => onProgress(eventsDone, eventsTotal),
    });
    return again.dataset!;
  }
  const { file, options } = JSON.parse(readFileSync(path.join(folder, 'config.json'), 'utf8')) as ReplayConfig;
  const watched: ReplayRunOptions = {
    ...options,
    signal,
    record,
    onProgress: ({ done, total }) => onProgress(done, total),
  };
  return (await replay(file, watched)).dataset!;
}

/** Another digest under another version is no fault, but a run of that version. */
function explain(error: unknown, result: ResultDocument, folder: string): unknown {
  if (!isToprungError(error) || error.code !== 'ERR_TOPRUNG_DATASET_DIVERGED' || result.version === version()) {
    return error;
  }
  const message = `the run was made by toprung ${result.version} and gives other events with ${version()}`;
  return new CliError('ERR_TOPRUNG_RUN_VERSION', ExitCode.invalid, message, {
    where: folder,
    fix: [`export it with toprung ${result.version}, or run it again`],
    cause: error,
  });
}

function lines(manifest: DatasetManifest, folder: string, elapsedNs: number): string[] {
  const entries = Object.entries(manifest.tables);
  const rows = entries.reduce((sum, [, t]) => sum + t.rows, 0);
  const shown = table(
    entries.map(([name, t]) => [
      name,
      integer(t.rows),
      'rows',
      bytes(t.bytes),
      t.files.length === 1 ? '1 file' : `${t.files.length} files`,
    ]),
    new Set([1, 3]),
  );
  const speed = `${compact(rows / (elapsedNs / 1e9))} rows/s, the run itself included`;
  return [...shown.map((line) => `  ${line}`), `${folder}  ${manifest.format}, ${duration(elapsedNs)}, ${speed}`];
}
