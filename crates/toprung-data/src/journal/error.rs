//! What can go wrong with a journal: one type, with a stable code for each case.

use std::io;
use std::path::Path;

use thiserror::Error;

/// Why a journal could not be written, read or recovered.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The folder holds no journal.
    #[error("{dir}: no journal: there is no segment file ({expected})")]
    NotFound {
        /// The folder.
        dir: String,
        /// What segment files are called.
        expected: &'static str,
    },
    /// The folder holds a journal where a new one should begin.
    #[error("{dir}: holds a journal already: open it, or take another folder")]
    Exists {
        /// The folder.
        dir: String,
    },
    /// Another writer has the journal.
    #[error("{dir}: in use: another process or book writes this journal")]
    InUse {
        /// The folder.
        dir: String,
    },
    /// The operating system refused something.
    #[error("{file}: cannot {doing}: {reason}")]
    Io {
        /// The file or folder.
        file: String,
        /// What was attempted.
        doing: &'static str,
        /// What the operating system says.
        reason: String,
    },
    /// An earlier write failed. What the file holds behind the last durable command is not known, so nothing more is
    /// written; recovery will cut what is torn.
    #[error("the journal takes nothing more since an earlier write failed: {reason}")]
    Failed {
        /// The error of that write.
        reason: String,
    },
    /// The journal was closed.
    #[error("{dir}: the journal is closed and takes nothing more: open it again")]
    Closed {
        /// The folder.
        dir: String,
    },
    /// Bytes that were never written so, other than a torn tail.
    #[error("{file}: damaged at byte {offset} ({part}): expected {expected}, got {got}")]
    Corrupt {
        /// The file.
        file: String,
        /// Where the damaged part begins, in bytes from the start of the file.
        offset: u64,
        /// Which part: `header`, `frame 17` (counted from 0) or `snapshot`.
        part: String,
        /// What should be there.
        expected: String,
        /// What is there.
        got: String,
    },
    /// Commands are missing: a segment or the snapshot before it is not there.
    #[error("{dir}: commands are missing: expected {expected}, got {got}")]
    Missing {
        /// The folder.
        dir: String,
        /// What should follow.
        expected: String,
        /// What follows.
        got: String,
    },
    /// Written by another version of the format or of the engine.
    #[error("{file}: {what} {got}, this build reads {expected}")]
    Version {
        /// The file.
        file: String,
        /// Which version differs.
        what: &'static str,
        /// The version of this build.
        expected: u64,
        /// The version of the file.
        got: u64,
    },
    /// A journal of another configuration, or of one that this build does not know.
    #[error("{file}: another configuration: expected {expected}, got {got}")]
    Config {
        /// The file.
        file: String,
        /// The configuration asked for, as canonical JSON.
        expected: String,
        /// The configuration found.
        got: String,
    },
    /// Replaying the commands gives another book than the one that wrote them.
    #[error(
        "{file}: at byte {offset}, after {commands} commands, the replayed book differs: expected {expected}, got {got}"
    )]
    Diverged {
        /// The file that says what the book was.
        file: String,
        /// Where it says so.
        offset: u64,
        /// Commands carried out by then.
        commands: u64,
        /// What the writer's book was.
        expected: String,
        /// What the replayed book is.
        got: String,
    },
    /// The caller stopped it. Nothing was changed.
    #[error("{dir}: stopped")]
    Cancelled {
        /// The folder.
        dir: String,
    },
    /// An option or a configuration that cannot be.
    #[error("option {option}: expected {expected}, got {got}")]
    Option {
        /// The option's name.
        option: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it was.
        got: String,
    },
}

impl JournalError {
    /// The stable machine code of this kind of error.
    pub const fn code(&self) -> &'static str {
        match self {
            JournalError::NotFound { .. } => "ERR_TOPRUNG_JOURNAL_NOT_FOUND",
            JournalError::Exists { .. } => "ERR_TOPRUNG_JOURNAL_EXISTS",
            JournalError::InUse { .. } => "ERR_TOPRUNG_JOURNAL_IN_USE",
            JournalError::Io { .. } => "ERR_TOPRUNG_JOURNAL_IO",
            JournalError::Failed { .. } => "ERR_TOPRUNG_JOURNAL_FAILED",
            JournalError::Closed { .. } => "ERR_TOPRUNG_JOURNAL_CLOSED",
            JournalError::Corrupt { .. } => "ERR_TOPRUNG_JOURNAL_CORRUPT",
            JournalError::Missing { .. } => "ERR_TOPRUNG_JOURNAL_MISSING",
            JournalError::Version { .. } => "ERR_TOPRUNG_JOURNAL_VERSION",
            JournalError::Config { .. } => "ERR_TOPRUNG_JOURNAL_CONFIG",
            JournalError::Diverged { .. } => "ERR_TOPRUNG_JOURNAL_DIVERGED",
            JournalError::Cancelled { .. } => "ERR_TOPRUNG_DATA_CANCELLED",
            JournalError::Option { .. } => "ERR_TOPRUNG_JOURNAL_OPTION",
        }
    }

    /// An error of the operating system.
    pub(crate) fn io(path: &Path, doing: &'static str, e: &io::Error) -> JournalError {
        JournalError::Io { file: path.display().to_string(), doing, reason: e.to_string() }
    }
}
