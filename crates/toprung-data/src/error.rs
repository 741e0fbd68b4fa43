//! What can go wrong when reading the outside world's files: one type, [`DataError`], with a stable code for each case.
//!
//! A message says which file, which line, which column, what was expected and what came:
//!
//! ```
//! use toprung_data::DataError;
//! let e = DataError::Format {
//!     file: "GOOG.csv.zst".into(),
//!     line: 17,
//!     column: 4,
//!     expected: "a price in ticks (integer)".into(),
//!     got: "\"5x\"".into(),
//! };
//! assert_eq!(e.code(), "ERR_TOPRUNG_DATA_FORMAT");
//! assert_eq!(e.to_string(), "GOOG.csv.zst:17:4: expected a price in ticks (integer), got \"5x\"");
//! ```

use std::borrow::Cow;
use std::io;
use std::path::Path;

use thiserror::Error;

/// Most characters of the offending input that an error repeats.
pub const MAX_QUOTED_CHARS: usize = 40;

/// Why a file could not be read, or not be replayed to its end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// There is no such file, folder, or member of an archive.
    #[error("{file}: not found{hint}")]
    NotFound {
        /// The path, with `!member` behind it when the missing thing is inside an archive.
        file: String,
        /// Empty, or ` (…)` with what is there instead.
        hint: String,
    },
    /// It is there, but the operating system refuses to read it, or it is not a file.
    #[error("{file}: cannot be read: {reason}")]
    Unreadable {
        /// The path.
        file: String,
        /// What the operating system says.
        reason: String,
    },
    /// A line is not what the format says.
    #[error("{file}:{line}:{column}: expected {expected}, got {got}")]
    Format {
        /// The file, with `!member` behind it inside an archive.
        file: String,
        /// Line, from 1, comments and headers counted.
        line: u64,
        /// Field, from 1, counted between the commas.
        column: u32,
        /// What the format asks for.
        expected: Cow<'static, str>,
        /// What was there, quoted, at most [`MAX_QUOTED_CHARS`] characters of it.
        got: String,
    },
    /// The file ends in the middle.
    #[error("{file}: cut off after line {line}: {reason}")]
    Truncated {
        /// The file.
        file: String,
        /// Whole lines that could be read.
        line: u64,
        /// How it is known.
        reason: String,
    },
    /// A compressed file whose content does not decompress or does not match its checksum.
    #[error("{file}: damaged: {reason}")]
    Corrupt {
        /// The file.
        file: String,
        /// What the decompressor says.
        reason: String,
    },
    /// The file is whole, but there is nothing in it to work on.
    #[error("{file}: empty, expected {expected}")]
    Empty {
        /// The file.
        file: String,
        /// What should have been in it.
        expected: &'static str,
    },
    /// It cannot be told which format the file has.
    #[error("{file}: unknown format, expected {expected}, got {got}")]
    UnknownFormat {
        /// The file.
        file: String,
        /// The formats that would have been recognised.
        expected: &'static str,
        /// What was there.
        got: String,
    },
    /// An option has a value that it cannot have.
    #[error("option {option}: expected {expected}, got {got}")]
    Option {
        /// The option's name.
        option: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it was.
        got: String,
    },
    /// The caller's flag asked to stop.
    #[error("{file}: cancelled after {records} records")]
    Cancelled {
        /// The file.
        file: String,
        /// Records applied by then.
        records: u64,
    },
}

impl DataError {
    /// The stable machine code of this kind of error.
    pub const fn code(&self) -> &'static str {
        match self {
            DataError::NotFound { .. } => "ERR_TOPRUNG_DATA_NOT_FOUND",
            DataError::Unreadable { .. } => "ERR_TOPRUNG_DATA_UNREADABLE",
            DataError::Format { .. } => "ERR_TOPRUNG_DATA_FORMAT",
            DataError::Truncated { .. } => "ERR_TOPRUNG_DATA_TRUNCATED",
            DataError::Corrupt { .. } => "ERR_TOPRUNG_DATA_CORRUPT",
            DataError::Empty { .. } => "ERR_TOPRUNG_DATA_EMPTY",
            DataError::UnknownFormat { .. } => "ERR_TOPRUNG_DATA_UNKNOWN_FORMAT",
            DataError::Option { .. } => "ERR_TOPRUNG_DATA_OPTION",
            DataError::Cancelled { .. } => "ERR_TOPRUNG_DATA_CANCELLED",
        }
    }

    /// The file that the error is about; `None` for a wrong option.
    pub fn file(&self) -> Option<&str> {
        match self {
            DataError::NotFound { file, .. }
            | DataError::Unreadable { file, .. }
            | DataError::Format { file, .. }
            | DataError::Truncated { file, .. }
            | DataError::Corrupt { file, .. }
            | DataError::Empty { file, .. }
            | DataError::UnknownFormat { file, .. }
            | DataError::Cancelled { file, .. } => Some(file),
            DataError::Option { .. } => None,
        }
    }

    /// An error from opening `path`.
    pub(crate) fn from_open(path: &Path, e: &io::Error) -> DataError {
        let file = path.display().to_string();
        if e.kind() == io::ErrorKind::NotFound {
            DataError::NotFound { file, hint: String::new() }
        } else {
            DataError::Unreadable { file, reason: e.to_string() }
        }
    }
}

/// A field that is not what it should be: becomes [`DataError::Format`] once file and line are known.
///
/// Boxed where it is returned, so that the parsers' results stay as small as their numbers.
#[derive(Debug)]
pub(crate) struct FieldError {
    pub(crate) column: u32,
    pub(crate) expected: Cow<'static, str>,
    pub(crate) got: String,
}

impl FieldError {
    #[cold]
    pub(crate) fn new(column: u32, expected: impl Into<Cow<'static, str>>, got: &[u8]) -> Box<FieldError> {
        Box::new(FieldError { column, expected: expected.into(), got: quote(got) })
    }

    #[cold]
    pub(crate) fn in_line(self, file: &str, line: u64) -> DataError {
        DataError::Format { file: file.to_owned(), line, column: self.column, expected: self.expected, got: self.got }
    }
}

/// Input as it is shown in an error: quoted, control characters escaped, cut to [`MAX_QUOTED_CHARS`].
pub(crate) fn quote(bytes: &[u8]) -> String {
    // Four bytes are the longest character, so this much input is enough for all that is shown.
    let head = &bytes[..bytes.len().min(4 * (MAX_QUOTED_CHARS + 1))];
    let text = String::from_utf8_lossy(head);
    let mut out = String::from("\"");
    for (shown, c) in text.chars().enumerate() {
        if shown == MAX_QUOTED_CHARS {
            out.push('…');
            break;
        }
        if c == '"' { out.push('"') } else { out.extend(c.escape_debug()) }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_input_is_cut_and_shows_control_characters() {
        assert_eq!(quote(b"5x"), "\"5x\"");
        assert_eq!(quote(b"a\tb\0"), "\"a\\tb\\0\"");
        assert_eq!(quote(&[b'7'; 500]).chars().count(), MAX_QUOTED_CHARS + 3);
        assert_eq!(quote(&[0xff; 3]), "\"\u{fffd}\u{fffd}\u{fffd}\"");
    }

    #[test]
    fn a_missing_file_and_an_unreadable_one_have_different_codes() {
        let missing = DataError::from_open(Path::new("x"), &io::Error::from(io::ErrorKind::NotFound));
        let refused = DataError::from_open(Path::new("x"), &io::Error::from(io::ErrorKind::PermissionDenied));
        assert_eq!(missing.code(), "ERR_TOPRUNG_DATA_NOT_FOUND");
        assert_eq!(refused.code(), "ERR_TOPRUNG_DATA_UNREADABLE");
        assert_eq!(missing.file(), Some("x"));
    }
}
