//! The napi-rs binding of toprung, and nothing else: checks, columns, error codes, cancel flag.
//!
//! Architecture invariant: nothing here decides an event or a metric. Every function checks what JavaScript passes before
//! anything else sees it, no panic leaves the crate, and every error has a code of the table in
//! `packages/toprung/src/errors.ts`. People use the TypeScript package; what is exported here may change with it.

mod arguments;
pub mod book;
mod commands;
mod error;
mod events;
pub mod journal;
mod journaled;
pub mod policies;
pub mod replay;
pub mod simulate;
pub mod task;
pub mod venue;
mod venue_commands;
pub mod view;
