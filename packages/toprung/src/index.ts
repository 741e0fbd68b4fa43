/**
 * toprung: a limit-order-book simulator with a Rust core.
 *
 * - {@link simulate}: many books under an order-flow model; {@link scenarios}: ready-made configurations.
 * - {@link runMarket}: venues and agents that react, some of them in TypeScript; {@link catalogue}: scenarios with a
 *   control arm; {@link VectorEnv}: many books for learning agents.
 * - {@link LiveSession}: one book of a simulation at a chosen speed, to be looked at while it runs.
 * - {@link replay}: a recorded day through a book, every fill checked.
 * - {@link readTable}: what a run wrote down (`options.record`), as Arrow batches.
 * - {@link policies}: the exchanges' matching algorithms, and who gets what under each.
 * - {@link trace}: where the time of an order goes: flight recorder, magic-trace, perf, and what they say.
 * - {@link journal}: what a journal on disk holds, whether it is sound, and the book recovered from it.
 * - {@link OrderBook}: one book; commands in batches, events in columns.
 * - {@link Venue}: a book with every order type, sessions and auctions around it.
 *
 * Prices are integers of ticks, quantities integers of lots, simulated time integers of nanoseconds.
 *
 * @packageDocumentation
 */
export * from './catalogue.js';
export * from './command-batch.js';
export * from './config.js';
export type { Depth, Level, RestingOrder } from './crossing.js';
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
export * from './decision-batch.js';
export * from './errors.js';
export * from './event-batch.js';
export * from './flow-schema.js';
export * from './journal.js';
export * from './live.js';
export * from './live-codes.js';
export * from './market.js';
export * from './market-schema.js';
export * from './names.js';
export { type NativeStatus, nativeStatus } from './native.js';
export * from './order-book.js';
export * from './policies.js';
export * from './policy-schema.js';
export * from './realism.js';
export { type CommandBatchOptions, MAX_BATCH_COMMANDS } from './record-batch.js';
export * from './replay.js';
export type { RunOptions } from './run.js';
export * from './scenarios.js';
export * from './simulate.js';
export * from './trace/index.js';
export * from './vector-env.js';
export * from './venue/orders.js';
export * from './venue/table.js';
export * from './venue/venue.js';
export * from './venue/venue-batch.js';
