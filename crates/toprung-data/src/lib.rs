//! The outside world's formats: reads recorded markets and turns them into commands, and checks a book against them.
//!
//! This crate may do I/O; it decides no event. What an exchange did is in its files, what a book does is in `toprung-book`;
//! here they are only brought together and compared.
//!
//! | format | reader | check |
//! |---|---|---|
//! | exchange replay (`*.replay.csv`) | [`ReplayReader`] | [`replay()`]: every fill, every checkpoint |
//! | LOBSTER message and order book files | [`MessageReader`], [`BookReader`] | [`LobsterReplay`], then [`replay()`] |
//! | order flow with a report hash (`*.cmds.csv`) | [`flow::read_commands`] | [`run_flow_dir`]: SHA-256 of the report |
//! | QuantCup feed | [`quantcup::read_feed`] | [`quantcup::check_feed`]: every trade |
//!
//! [`dataset`] is the way out: what happens in the books of a run, as Parquet, Arrow, NDJSON or LOBSTER files.
//!
//! [`journal`] is the one format that is ours: a book's commands on disk, and the book recovered from them.
//!
//! [`replay_file`] goes from a path to a [`ReplayReport`]. Every file may be plain, zstd, gzip or in a zip archive
//! ([`Source`]). Every error is a [`DataError`] (of the
//! journal a [`JournalError`](journal::JournalError)) with a stable code; no content of any file can cause a panic.

pub mod dataset;
mod error;
pub mod flow;
mod flow_dir;
pub mod journal;
mod lines;
mod lobster;
mod lobster_book;
mod lobster_day;
mod lobster_orders;
mod lobster_replay;
pub mod quantcup;
mod recording;
mod replay;
mod replay_driver;
mod replay_file;
mod replay_latency;
mod source;

pub use error::{DataError, MAX_QUOTED_CHARS};
pub use flow_dir::{FlowResult, HASHES_FILE, LineDifference, run_flow_dir, run_flow_dir_with};
pub use lines::MAX_LINE_BYTES;
pub use lobster::{
    BookReader, BookRow, DUMMY_PRICE, LobsterMessage, MAX_LEVELS, MAX_SHARES, MessageKind, MessageReader,
};
pub use lobster_day::{LobsterDay, LobsterRows};
pub use lobster_replay::{LobsterCounts, LobsterReplay};
pub use recording::{RecordedDay, record_day};
pub use replay::{
    Fill, Level, Origin, RESERVED_IDS_END, RESERVED_IDS_START, ReplayAction, ReplayReader, ReplayRecord, ReplaySource,
};
pub use replay_driver::{
    Best, Checked, Difference, DifferenceKind, OperationCounts, RECORDS_PER_POLL, ReplayOptions, ReplayReport, replay,
    replay_book_config, replay_observed,
};
pub use replay_file::{ReplayFormat, detect_format, replay_file, replay_file_into, replay_file_observed};
pub use replay_latency::ReplayLatencies;
pub use source::{Container, Member, Source, members};
