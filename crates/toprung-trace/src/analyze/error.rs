//! Why a trace cannot be analysed.

use std::path::PathBuf;

use crate::fxt::{ReadError, WriteError};

/// Why a trace cannot be analysed.
#[derive(Debug, thiserror::Error)]
pub enum AnalyzeError {
    /// The trace cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A trace cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The operating system refused.
    #[error("{}: {source}", file.display())]
    Io {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Neither a Fuchsia trace nor the output of `perf script`.
    #[error("{}: expected a Fuchsia trace (.fxt, .fxt.gz) or the text of `perf script`, got something else", file.display())]
    Format {
        /// Which file.
        file: PathBuf,
    },
    /// The trace has nothing in it.
    #[error("{}: the trace holds no {what}", file.display())]
    Empty {
        /// Which file.
        file: PathBuf,
        /// What was looked for.
        what: &'static str,
    },
    /// An option cannot be what it is.
    #[error("{0}")]
    Option(String),
}

impl AnalyzeError {
    /// The code, as TypeScript has it.
    pub fn code(&self) -> &'static str {
        match self {
            AnalyzeError::Read(e) => e.code(),
            AnalyzeError::Write(e) => e.code(),
            AnalyzeError::Io { .. } => "ERR_TOPRUNG_TRACE_FILE",
            AnalyzeError::Format { .. } => "ERR_TOPRUNG_TRACE_FORMAT",
            AnalyzeError::Empty { .. } => "ERR_TOPRUNG_TRACE_EMPTY",
            AnalyzeError::Option(_) => "ERR_TOPRUNG_TRACE_OPTION",
        }
    }
}
