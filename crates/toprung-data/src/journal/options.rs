//! How a journal is written: durability, sizes.

use std::time::Duration;

use super::error::JournalError;

/// What must have happened before a command is reported durable, and with it what a crash can take.
///
/// At every level a command that was appended survives the end of the *process* (a panic, SIGKILL), since every batch is
/// handed to the operating system at once. The levels differ in what survives the end of the *machine* (power, kernel).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Nothing is synced but on request ([`flush`](super::JournalWriter::flush)), at the end of a segment, at a snapshot
    /// and on closing. A machine that goes down takes what the operating system had not written, some 30 s on Linux.
    OsCache,
    /// Another thread syncs once so many commands or so much time is unsynced, whichever comes first. A machine that goes
    /// down takes at most what came after the durable number: about one group and what arrived while it was synced.
    Group {
        /// Unsynced commands from which a sync begins, from 1.
        commands: u64,
        /// Age of the oldest unsynced command at which a sync begins, 1 ms to a minute.
        interval: Duration,
    },
    /// Every batch is synced before `append` returns. A machine that goes down takes nothing that was appended.
    EveryBatch,
}

impl Durability {
    /// Groups of 65,536 commands or 10 ms: a sync costs some milliseconds, whatever it holds.
    pub const GROUP: Durability = Durability::Group { commands: 1 << 16, interval: Duration::from_millis(10) };
}

/// How a journal is written. None of it is needed to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalOptions {
    /// When commands are durable.
    pub durability: Durability,
    /// Size in bytes from which a new segment is begun, up to 1 GiB.
    pub segment_bytes: u64,
    /// Commands after which the book's digest is written down, so that a replay that goes another way is noticed within
    /// so many; from 1.
    pub digest_every: u64,
}

impl Default for JournalOptions {
    fn default() -> JournalOptions {
        JournalOptions { durability: Durability::GROUP, segment_bytes: 64 << 20, digest_every: 1 << 16 }
    }
}

impl JournalOptions {
    /// Refuses what cannot be meant.
    pub(crate) fn check(&self) -> Result<(), JournalError> {
        let refuse = |option, expected, got: String| Err(JournalError::Option { option, expected, got });
        if let Durability::Group { commands, interval } = self.durability {
            if commands == 0 {
                return refuse("durability.commands", "an integer from 1", commands.to_string());
            }
            if !(Duration::from_millis(1)..=Duration::from_mins(1)).contains(&interval) {
                return refuse("durability.interval", "1 ms to a minute", format!("{interval:?}"));
            }
        }
        if !(1..=1 << 30).contains(&self.segment_bytes) {
            return refuse("segment_bytes", "1 to 2^30", self.segment_bytes.to_string());
        }
        if self.digest_every == 0 {
            return refuse("digest_every", "an integer from 1", self.digest_every.to_string());
        }
        Ok(())
    }
}
