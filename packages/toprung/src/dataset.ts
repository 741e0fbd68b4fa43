/**
 * Datasets: what a run writes down (`options.record` of `simulate()` and `replay()`), and how it is read back.
 */
import { type DatasetOptionsInput, datasetOptionsSchema, parseConfig } from './config.js';
import { fromNative, ToprungError } from './errors.js';
import { native } from './native.js';
import { toPath } from './paths.js';

/** What is written of a run. */
export interface RecordOption {
  /** Write what happens as a dataset. Its folder appears when the run is over, whole, and not at all if it fails. */
  record?: DatasetOptionsInput | undefined;
}

/** One file of a table. */
export interface DatasetFile {
  /** Its path inside the dataset, with `/`. */
  path: string;
  rows: number;
  bytes: number;
  /** SHA-256 of its content. */
  sha256: string;
}

/** What there is of one table. */
export interface DatasetTable {
  rows: number;
  bytes: number;
  /** Its files, in the order of their rows. */
  files: DatasetFile[];
}

/** What is in a dataset: its `_manifest.json`. */
export interface DatasetManifest {
  schema: 'toprung.dataset/1';
  /** The version of toprung that wrote it. */
  version: string;
  /** The version of the engine's semantics: the same one gives the same events. */
  semantics: number;
  format: 'parquet' | 'arrow' | 'ndjson' | 'lobster';
  /** Price units (1/10,000 of the currency) in a tick. */
  tickUnits: number;
  /** The tick in the currency, as a decimal. */
  tickSize: string;
  /** What ran: its kind, configuration or file, seed, digest, and whether it was stopped. */
  run: { kind: 'simulation' | 'replay'; digest: string; events: number; partial: boolean } & Record<string, unknown>;
  /** By name; of LOBSTER files `message` and `orderbook`. */
  tables: Record<string, DatasetTable>;
}

/** A table and its columns. */
export interface TableDefinition {
  name: string;
  columns: { name: string; type: string; nullable: boolean; description: string }[];
}

/** How {@link readTable} reads. */
export interface ReadTableOptions {
  /** Rows of a batch at most, 1 to 2^24. */
  batchRows?: number;
}

const BATCH_ROWS_MAX = 2 ** 24;

/**
 * What is in the dataset in `folder`. Every file that it names is there and as long as it should be.
 *
 * @throws ToprungError `ERR_TOPRUNG_DATASET_NOT_FOUND`, `ERR_TOPRUNG_DATASET_VERSION`, `ERR_TOPRUNG_DATASET_CORRUPT`
 */
export function readManifest(folder: string | URL): DatasetManifest {
  const path = toPath('folder', folder);
  return call(() => JSON.parse(native().datasetManifest(path)) as DatasetManifest);
}

/** Every table that a dataset can hold, with its columns. */
export function tableDefinitions(): TableDefinition[] {
  return call(() => JSON.parse(native().datasetTables()) as TableDefinition[]);
}

/**
 * Reads a table of a dataset (Parquet or Arrow), a batch of rows at a time, in the order in which they were written.
 *
 * Each batch is an Arrow IPC stream of its own, in memory that Rust filled and that is handed over, not copied;
 * `tableFromIPC` of apache-arrow looks at it without copying either:
 *
 * ```ts
 * import { tableFromIPC } from 'apache-arrow';
 * for await (const bytes of readTable('runs/a/data', 'trades')) {
 *   const trades = tableFromIPC(bytes);
 *   console.log(trades.numRows, trades.getChild('price_ticks')?.get(0));
 * }
 * ```
 *
 * @throws ToprungError those of {@link readManifest}; `ERR_TOPRUNG_DATASET_NO_TABLE`
 */
export async function* readTable(
  folder: string | URL,
  table: string,
  { batchRows = 65_536 }: ReadTableOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const path = toPath('folder', folder);
  if (!Number.isInteger(batchRows) || batchRows < 1 || batchRows > BATCH_ROWS_MAX) {
    throw new ToprungError(
      'ERR_TOPRUNG_OUT_OF_RANGE',
      `batchRows: expected an integer from 1 to ${BATCH_ROWS_MAX}, got ${batchRows}`,
      { path: 'batchRows' },
    );
  }
  const { NativeTableReader } = native();
  const reader = call(() => new NativeTableReader(path, String(table), batchRows));
  for (;;) {
    const batch = await reader.next().catch((thrown: unknown) => {
      throw fromNative(thrown);
    });
    if (batch === null) return;
    yield batch;
  }
}

/**
 * The options of a dataset for Rust, complete, as JSON.
 *
 * @param sampledBooks - What `sampledBooks` is where it is not said.
 * @internal
 */
export function recordOption({ record }: RecordOption, sampledBooks: number): string | undefined {
  if (record === undefined) return undefined;
  return JSON.stringify(parseConfig(datasetOptionsSchema, { sampledBooks, ...record }));
}

function call<T>(f: () => T): T {
  try {
    return f();
  } catch (error) {
    throw fromNative(error);
  }
}
