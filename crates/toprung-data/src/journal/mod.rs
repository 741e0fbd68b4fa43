//! The command journal: what a book was asked, in the order in which it was asked, on disk before it was done.
//!
//! A journal is a folder of segment files and snapshots; `docs/journal.md` describes them byte by byte. [`JournaledBook`]
//! writes one, [`recover()`] gives the book back, [`inspect()`] and [`verify()`] look without changing anything.
//!
//! - **What is in it**: commands, not events: with the configuration in the header and the engine's semantics version they
//!   determine every event. The book's digest is written down now and then, so that a replay that goes another way is
//!   found.
//! - **What is durable when**: see [`Durability`].
//! - **What recovery gives**: exactly the book after a prefix of the commands, no shorter than the durable number; or an
//!   error that says what is wrong and where. Never another book.

mod commands;
mod dir;
mod error;
mod frames;
mod group_sync;
mod inspect;
mod journaled_book;
mod options;
mod record;
mod recover;
mod replay;
mod segment;
mod snapshot;
mod stamp;
mod writer;

pub use commands::read_commands;
pub use error::JournalError;
pub use inspect::{Inspection, SegmentInfo, SnapshotInfo, Verification, inspect, verify};
pub use journaled_book::JournaledBook;
pub use options::{Durability, JournalOptions};
pub use recover::{Recovered, RefusedSnapshot, recover};
pub use replay::TornTail;
pub use segment::{FORMAT_VERSION, FRAME_COMMANDS_MAX};
pub use snapshot::Snapshot;
pub use stamp::{JournalConfig, STAMP_BYTES_MAX};
pub use writer::JournalWriter;
