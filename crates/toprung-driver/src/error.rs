//! Why a run was not recorded.

use thiserror::Error;
use toprung_data::DataError;
use toprung_data::journal::JournalError;
use toprung_sim::{ConfigError, SimError};
use toprung_trace::fxt::WriteError;

/// Why a run was not recorded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DriverError {
    /// An option is out of its range, or two do not fit together.
    #[error(transparent)]
    Option(ConfigError),
    /// The simulation did not start.
    #[error(transparent)]
    Sim(#[from] SimError),
    /// The journal could not be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The recorded day could not be read.
    #[error(transparent)]
    Day(#[from] DataError),
    /// The trace could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl DriverError {
    /// The stable code that TypeScript shows and documents.
    pub const fn code(&self) -> &'static str {
        match self {
            DriverError::Option(_) => "ERR_TOPRUNG_CONFIG",
            DriverError::Sim(e) => e.code(),
            DriverError::Journal(e) => e.code(),
            DriverError::Day(e) => e.code(),
            DriverError::Write(e) => e.code(),
        }
    }
}

pub(crate) fn option_error(path: &str, rule: impl Into<String>, got: impl ToString) -> DriverError {
    DriverError::Option(ConfigError { path: path.to_owned(), rule: rule.into(), got: got.to_string() })
}
