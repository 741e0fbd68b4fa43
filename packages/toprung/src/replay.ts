/**
 * `replay()`: a recorded day through a book, checked against what the exchange did.
 */
import { parseConfig, type ReplayOptionsInput, replayOptionsSchema } from './config.js';
import { type DatasetManifest, type RecordOption, recordOption } from './dataset.js';
import { native } from './native.js';
import { toPath } from './paths.js';
import { carryOut, type RunOptions } from './run.js';
import type { LatencyByKind, LatencyInterval } from './simulate.js';

/** How far a replay is. */
export interface ReplayProgress {
  /** Bytes of a replay file, messages of a LOBSTER day. */
  done: number;
  /** All of them. */
  total: number;
  /** Share that is done, 0 to 1. */
  fraction: number;
}

/** How many of something were checked, and with what outcome. */
export interface Checked {
  /** Agree with the file. */
  equal: number;
  /** Do not. */
  differing: number;
  /** All that were checked. */
  total: number;
}

/** One difference between the file and the book. */
export interface ReplayDifference {
  /** Where the record stands in its file, from 1. */
  line: number;
  /** An aggressive order traded something else; the book is not a checkpoint's; a record was refused or traded. */
  kind: 'fills' | 'checkpoint' | 'unexpected';
  /** What the file says, in the format's own notation. */
  expected: string;
  /** What the book did. */
  got: string;
}

/** Records by operation. */
export interface ReplayOperations {
  adds: number;
  removes: number;
  reduces: number;
  replaces: number;
  aggressive: number;
  checkpoints: number;
}

/** What a LOBSTER day had in it, and what had to be filled in. */
export interface LobsterCounts {
  messages: number;
  /** Shares executed against displayed orders. */
  displayedVolume: number;
  /** Shares executed against hidden orders. */
  hiddenVolume: number;
  /** Runs of executions of one time and direction. */
  executionRuns: number;
  /** Executions in price-time priority. */
  executionsInPriority: number;
  /** Executions that are not, and were carried out by hand. */
  executionsByHand: number;
  /** Orders whose entry is not in the file. */
  ordersOutsideData: number;
  /** Times that anonymous quantity was added. */
  anonymousAdded: number;
  anonymousShares: number;
  /** Times that anonymous quantity stepped behind an order that executed. */
  anonymousRequeued: number;
  /** Orders that left, or shrank, out of sight. */
  leftUnseen: number;
  /** Orders taken off though messages about them follow. */
  withdrawn: number;
  /** Messages about a displayed order that do not fit what is known of it. */
  inconsistent: number;
  /** Order book rows compared with the book. */
  rowsCompared: number;
  /** Of these, rows that agreed before anything was filled in. */
  rowsExplained: number;
  /** Rows that are crossed, and therefore not compared. */
  rowsCrossed: number;
}

/** What a replay did, and whether the book agreed; prices in ticks, quantities in lots. */
export interface ReplayReport {
  /** Whether everything that was checked is equal and nothing unexpected happened. */
  agrees: boolean;
  /** Records read. */
  records: number;
  /** Commands given to the book: every record that is not a checkpoint. */
  commands: number;
  operations: ReplayOperations;
  /** Aggressive orders, by whether their fills are exactly the file's. */
  aggressive: Checked;
  /** Checkpoints, by whether the book begins with their levels. */
  checkpoints: Checked;
  /** Records that were refused or traded though they should not. */
  unexpected: number;
  /** Executions. */
  fills: number;
  /** Lots executed. */
  volume: number;
  /** The first differences, in file order. */
  differences: ReplayDifference[];
  /** Best bid at the end. */
  bestBid: { price: number; qty: number } | null;
  /** Best ask at the end. */
  bestAsk: { price: number; qty: number } | null;
  /** Price levels at the end. */
  bidLevels: number;
  askLevels: number;
  /** Resting orders at the end. */
  restingOrders: number;
  /** Digest of every event. */
  digest: string;
  /** Time of the first record, ns. */
  firstTimeNs: number;
  /** Time of the last record, ns. */
  lastTimeNs: number;
  /** Wall-clock time, reading included, ns. */
  elapsedNs: number;
  /** Time per command: one in 64 is timed. */
  latencyByKind: LatencyByKind;
  /** The same in at most 128 parts of the file, of 128 values each or more; times are the file's own. */
  latencyOverTime: readonly LatencyInterval[];
  /** What only a LOBSTER day has to tell. */
  lobster: LobsterCounts | null;
  /** What was written, if `options.record` asked for it. */
  dataset: DatasetManifest | null;
}

/** {@link ReplayOptionsInput}, how the run is watched and stopped, and what is written of it. */
export type ReplayRunOptions = ReplayOptionsInput & RunOptions<ReplayProgress> & RecordOption;

/**
 * Replays a file through a new book and checks every fill and every checkpoint. A difference is not an error: see
 * `report.agrees`.
 *
 * ```ts
 * const report = await replay('GOOG.replay.csv.zst');
 * console.log(`${report.aggressive.equal} of ${report.aggressive.total} aggressive orders agree`);
 * ```
 *
 * @param file - A replay file or a LOBSTER day (archive, folder, or one of its files); plain, zstd, gzip or zip.
 * @throws ToprungError `ERR_TOPRUNG_CONFIG`, `ERR_TOPRUNG_DATA_…`, `ERR_TOPRUNG_NATIVE_MISSING`, `ERR_TOPRUNG_OUTPUT`
 * @throws AbortError when `options.signal` stops it, without a partial report.
 */
export async function replay(file: string | URL, options: ReplayRunOptions = {}): Promise<ReplayReport> {
  const { onProgress, signal, record: wanted, ...rest } = options;
  const complete = parseConfig(replayOptionsSchema, rest);
  const record = recordOption({ record: wanted }, 1);
  const path = toPath('file', file);
  return await carryOut(
    {
      name: 'the replay',
      async start(cancel, tell) {
        return JSON.parse(await native().replay(path, JSON.stringify(complete), cancel, tell, record)) as ReplayReport;
      },
      progress: (done, total): ReplayProgress => ({
        done,
        total,
        fraction: total === 0 ? 0 : Math.min(done / total, 1),
      }),
      finalProgress: (r): ReplayProgress => ({ done: r.records, total: r.records, fraction: 1 }),
      isPartial: () => false,
    },
    { onProgress, signal },
  );
}
