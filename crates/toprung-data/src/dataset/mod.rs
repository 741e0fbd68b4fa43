//! Data out: what happens in the books of a run, as tables on disk.
//!
//! [`DatasetWriter`] watches a run (it is [`Observers`](toprung_book::Observers)) and writes one folder: a folder per
//! [`Table`], in it one file per part of the run, and a manifest. Rows go out in batches, so that memory does not grow
//! with the run. What is in a file depends on nothing but the run: the same bytes for any number of threads.
//!
//! The folder appears under its name only when it is whole and durable; until then it is called `NAME.PID.tmp`, which is
//! what a killed process leaves behind and what nothing here ever reads.
//!
//! Formats ([`Format`]): Parquet with zstd, which is the one to keep; Arrow IPC, uncompressed, for programs; NDJSON, for
//! everything else; LOBSTER, for tools of that world, in place of the tables. [`TableReader`] reads the first two back.
//!
//! Every column is defined in [`Table::columns`], with its unit; `docs/data.md` is made from there.

mod changes;
mod error;
mod files;
mod folder;
mod lobster_out;
mod manifest;
mod reader;
mod recorder;
mod rows;
mod snapshots;
mod tables;

pub use error::DatasetError;
pub use folder::{DatasetOptions, DatasetWriter, Part};
pub use manifest::{FileEntry, MANIFEST_FILE, MANIFEST_SCHEMA, Manifest, TableEntry};
pub use reader::TableReader;
pub use rows::Values;
pub use tables::{Column, ColumnType, Format, Table};
