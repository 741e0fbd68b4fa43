//! The command journal: what a book or a venue was asked, in the order in which it was asked, on disk before it was done.
//!
//! A journal is a folder of segment files and snapshots; `docs/journal.md` describes them byte by byte. [`JournaledBook`]
//! writes one, [`recover()`] gives the book back, [`inspect()`] and [`verify()`] look without changing anything.
//!
//! [`JournaledVenue`] is the same for a venue, and so is everything else: an [`Engine`] is what a journal can be of.
//!
//! - **What is in it**: commands, not events: with the configuration in the header and the engine's semantics version they
//!   determine every event. The book's digest is written down now and then, so that a replay that goes another way is
//!   found.
//! - **What is durable when**: see [`Durability`].
//! - **What recovery gives**: exactly the book after a prefix of the commands, no shorter than the durable number; or an
//!   error that says what is wrong and where. Never another book.

mod commands;
mod dir;
mod engine;
mod error;
mod frames;
mod group_sync;
mod inspect;
mod journaled;
mod options;
mod record;
mod recover;
mod replay;
mod segment;
mod snapshot;
mod stamp;
mod writer;

pub use commands::read_commands;
pub use engine::{Engine, EngineConfig, Kind};
pub use error::JournalError;
pub use inspect::{Inspection, SegmentInfo, SnapshotInfo, Verification, inspect, verify, verify_watched};
pub use journaled::{Journaled, JournaledBook, JournaledVenue};
pub use options::{Durability, JournalOptions};
pub use record::Unknown;
pub use recover::{AnyRecovered, Recovered, RefusedSnapshot, recover, recover_any, recover_of, recover_watched};
pub use replay::{TornTail, Watch};
pub use segment::{FORMAT_VERSION, FRAME_COMMANDS_MAX};
pub use snapshot::{Section, Snapshot};
pub use stamp::{AnyConfig, ConfigOf, JournalConfig, STAMP_BYTES_MAX, VenueJournalConfig};
pub use writer::{JournalWriter, Writer};
