/**
 * toprung: a limit-order-book simulator with a Rust core.
 *
 * - {@link simulate}: many books under an order-flow model; {@link scenarios}: ready-made configurations.
 * - {@link replay}: a recorded day through a book, every fill checked.
 * - {@link readTable}: what a run wrote down (`options.record`), as Arrow batches.
 * - {@link policies}: the exchanges' matching algorithms, and who gets what under each.
 * - {@link journal}: what a journal on disk holds, whether it is sound, and the book recovered from it.
 * - {@link OrderBook}: one book; commands in batches, events in columns.
 *
 * Prices are integers of ticks, quantities integers of lots, simulated time integers of nanoseconds.
 *
 * @packageDocumentation
 */
export * from './command-batch.js';
export * from './config.js';
export {
  type DatasetFile,
  type DatasetManifest,
  type DatasetTable,
  type ReadTableOptions,
  type RecordOption,
  readManifest,
  readTable,
  type TableDefinition,
  tableDefinitions,
} from './dataset.js';
export * from './errors.js';
export * from './event-batch.js';
export * from './journal.js';
export * from './names.js';
export { type NativeStatus, nativeStatus } from './native.js';
export * from './order-book.js';
export * from './policies.js';
export * from './policy-schema.js';
export * from './replay.js';
export type { RunOptions } from './run.js';
export * from './scenarios.js';
export * from './simulate.js';
