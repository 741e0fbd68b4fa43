//! The napi-rs binding of toprung, and nothing else: checks, columns, error codes, cancel flag.
//!
//! Architecture invariant: nothing here decides an event or a metric. Every function checks what JavaScript passes before
//! anything else sees it, no panic leaves the crate, and every error has a code of the table in
//! `packages/toprung/src/errors.ts`. People use the TypeScript package; what is exported here may change with it.

pub mod analysis;
mod arguments;
mod batched;
pub mod book;
mod commands;
pub mod dataset;
pub mod environment;
mod error;
mod events;
pub mod journal;
mod journaled;
pub mod live;
pub mod market;
pub mod policies;
pub mod realism;
pub mod replay;
pub mod scenario;
pub mod simulate;
pub mod task;
pub mod trace;
pub mod venue;
mod venue_commands;
pub mod view;

/// Counts allocations for recorded runs; costs two additions each, and the book does not allocate.
#[global_allocator]
static ALLOCATOR: toprung_trace::CountingAllocator = toprung_trace::CountingAllocator;
