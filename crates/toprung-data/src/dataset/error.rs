//! What can go wrong with a dataset: one type, with a stable code for each case.

use std::io;
use std::path::Path;

use thiserror::Error;

/// Why a dataset could not be written or read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// The operating system refused to write something: a full disk, a folder that may not be written to.
    #[error("{file}: cannot {doing}: {reason}")]
    Output {
        /// The file or folder.
        file: String,
        /// What was attempted.
        doing: &'static str,
        /// What the operating system says.
        reason: String,
    },
    /// The name is taken by something that is not a dataset, and is left alone.
    #[error("{folder}: is there already and is no dataset of toprung: choose another folder")]
    Taken {
        /// The folder.
        folder: String,
    },
    /// There is no dataset.
    #[error("{folder}: no dataset: there is no {expected}")]
    NotFound {
        /// The folder.
        folder: String,
        /// The file that makes a folder a dataset.
        expected: &'static str,
    },
    /// The dataset is there, but has no such table.
    #[error("{folder}: no table {table}: there are {has}")]
    NoTable {
        /// The folder.
        folder: String,
        /// What was asked for.
        table: String,
        /// The tables that it has, with commas between them.
        has: String,
    },
    /// A dataset of another version, or in a format that is not read back.
    #[error("{folder}: expected {expected}, got {got}")]
    Version {
        /// The folder.
        folder: String,
        /// What can be read.
        expected: &'static str,
        /// What it is.
        got: String,
    },
    /// A file is not what the manifest says, or not what its format asks for.
    #[error("{file}: damaged: {reason}")]
    Corrupt {
        /// The file.
        file: String,
        /// What does not fit.
        reason: String,
    },
    /// A run that should be the same as an earlier one was another.
    #[error("{folder}: not written: expected a run of digest {expected}, got {got}")]
    Diverged {
        /// The folder.
        folder: String,
        /// The digest of the earlier run.
        expected: String,
        /// The digest of this one.
        got: String,
    },
    /// An option has a value that it cannot have.
    #[error("option {option}: expected {expected}, got {got}")]
    Option {
        /// The option's name.
        option: &'static str,
        /// What it may be.
        expected: String,
        /// What it was.
        got: String,
    },
}

impl DatasetError {
    /// The stable machine code of this kind of error.
    pub const fn code(&self) -> &'static str {
        match self {
            DatasetError::Output { .. } => "ERR_TOPRUNG_OUTPUT",
            DatasetError::Taken { .. } => "ERR_TOPRUNG_DATASET_TAKEN",
            DatasetError::NotFound { .. } => "ERR_TOPRUNG_DATASET_NOT_FOUND",
            DatasetError::NoTable { .. } => "ERR_TOPRUNG_DATASET_NO_TABLE",
            DatasetError::Version { .. } => "ERR_TOPRUNG_DATASET_VERSION",
            DatasetError::Corrupt { .. } => "ERR_TOPRUNG_DATASET_CORRUPT",
            DatasetError::Diverged { .. } => "ERR_TOPRUNG_DATASET_DIVERGED",
            DatasetError::Option { .. } => "ERR_TOPRUNG_DATASET_OPTION",
        }
    }

    /// The operating system refused to do `doing` with `file`.
    pub(crate) fn output(file: &Path, doing: &'static str, e: &io::Error) -> DatasetError {
        DatasetError::Output { file: file.display().to_string(), doing, reason: e.to_string() }
    }

    /// `file` is not what it should be.
    pub(crate) fn corrupt(file: &Path, reason: impl ToString) -> DatasetError {
        DatasetError::Corrupt { file: file.display().to_string(), reason: reason.to_string() }
    }
}
