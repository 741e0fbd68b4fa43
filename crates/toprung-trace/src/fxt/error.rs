//! What can go wrong with a trace file.

use std::path::PathBuf;

use thiserror::Error;

/// Why nothing of a file could be read. A file that is a trace in part is no error: see [`Quality`](super::Quality).
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It is something else.
    #[error("{name}: expected a Fuchsia trace (.fxt or .fxt.gz), got {got}")]
    NotATrace {
        /// The file.
        name: String,
        /// What it begins with.
        got: String,
    },
    /// It is larger than this reader takes.
    #[error("{name}: expected at most {limit} bytes of trace, got more: record a shorter window")]
    TooLarge {
        /// The file.
        name: String,
        /// Most bytes that are read, decompressed.
        limit: u64,
    },
    /// The operating system refused.
    #[error("{}: cannot be read: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
}

impl ReadError {
    /// The stable code that TypeScript shows and documents.
    pub const fn code(&self) -> &'static str {
        match self {
            ReadError::NotATrace { .. } => "ERR_TOPRUNG_TRACE_FORMAT",
            ReadError::TooLarge { .. } => "ERR_TOPRUNG_TRACE_TOO_LARGE",
            ReadError::Io { .. } => "ERR_TOPRUNG_TRACE_FILE",
        }
    }
}

/// Why something was not written: the format, or a reader of it, cannot hold it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A number or a text is longer than its field.
    #[error("expected {what} of at most {limit}, got {got}")]
    Limit {
        /// What it is of.
        what: &'static str,
        /// The most that fits.
        limit: u64,
        /// What came.
        got: u64,
    },
    /// An event lies before the one in front of it on its thread, or ends before it begins.
    #[error("expected events of a thread in the order of time, got {got_ns} ns behind {last_ns} ns")]
    Order {
        /// Time of the event before.
        last_ns: u64,
        /// Time that came.
        got_ns: u64,
    },
    /// An end without a begin.
    #[error("expected a span that is open, got an end at {time_ns} ns on a thread where none is")]
    NothingOpen {
        /// Time of the end.
        time_ns: u64,
    },
    /// A begin without an end.
    #[error("expected every span to have ended, got {count} open ones, the first of them `{name}`")]
    StillOpen {
        /// How many.
        count: usize,
        /// Name of one.
        name: String,
    },
    /// A thread or process of another writer.
    #[error("expected a thread or process of this writer, got number {got}")]
    Unknown {
        /// Its number.
        got: u64,
    },
    /// The operating system refused.
    #[error("{}: cannot be written: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
}

impl WriteError {
    /// The stable code that TypeScript shows and documents.
    pub const fn code(&self) -> &'static str {
        match self {
            WriteError::Io { .. } => "ERR_TOPRUNG_TRACE_FILE",
            _ => "ERR_TOPRUNG_TRACE_WRITE",
        }
    }
}
