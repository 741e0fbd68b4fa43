//! Finds the two files of a LOBSTER day: in an archive, in a folder, or one beside the other.

use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::source::{self, Source};

/// The files of one day.
#[derive(Debug)]
pub struct LobsterDay {
    /// The message file.
    pub messages: Source,
    /// The order book file, where there is one.
    pub book: Option<Source>,
}

impl LobsterDay {
    /// Opens the day in `path`: a zip archive or a folder with one message file in it, or a message or order book file.
    ///
    /// Files are recognised by `message` and `orderbook` in their names, as LOBSTER names them; the other of the two is
    /// looked for beside the one that is named. `.zst` and `.gz` behind the name are fine. A day may lack the order book.
    pub fn open(path: &Path) -> Result<LobsterDay, DataError> {
        if path.is_dir() {
            let error = |e| DataError::from_open(path, &e);
            let mut files: Vec<PathBuf> = Vec::new();
            for entry in std::fs::read_dir(path).map_err(error)? {
                files.push(entry.map_err(error)?.path());
            }
            // A folder's order is the file system's choice; errors must not depend on it.
            files.sort();
            let names = files.iter().map(|p| source::bare_name(p)).collect::<Vec<_>>();
            let (messages, book) = pick(path, &names)?;
            return Ok(LobsterDay {
                messages: Source::open(&files[messages])?,
                book: book.map(|i| Source::open(&files[i])).transpose()?,
            });
        }
        if source::is_zip(path)? {
            let names: Vec<_> = source::members(path)?.into_iter().map(|m| m.name).collect();
            let (messages, book) = pick(path, &names)?;
            return Ok(LobsterDay {
                messages: Source::open_member(path, &names[messages])?,
                book: book.map(|i| Source::open_member(path, &names[i])).transpose()?,
            });
        }
        match role(&source::bare_name(path)) {
            Some(Role::Book) => {
                let messages = beside(path, "orderbook", "message").ok_or_else(|| DataError::NotFound {
                    file: path.display().to_string(),
                    hint: " beside it: the message file of this order book file".to_owned(),
                })?;
                Ok(LobsterDay { messages: Source::open(&messages)?, book: Some(Source::open(path)?) })
            }
            _ => {
                let book = beside(path, "message", "orderbook");
                let book = book.map(|p| Source::open(&p)).transpose()?;
                Ok(LobsterDay { messages: Source::open(path)?, book })
            }
        }
    }

    /// Opens the two files by name; `book` may be missing.
    pub fn open_files(messages: &Path, book: Option<&Path>) -> Result<LobsterDay, DataError> {
        Ok(LobsterDay { messages: Source::open(messages)?, book: book.map(Source::open).transpose()? })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Messages,
    Book,
}

/// What a file is, by its name.
fn role(name: &str) -> Option<Role> {
    let name = name.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let mut stem = name.as_str();
    while let Some(shorter) = stem.strip_suffix(".zst").or_else(|| stem.strip_suffix(".gz")) {
        stem = shorter;
    }
    if !stem.ends_with(".csv") || stem.starts_with('.') {
        None
    } else if stem.contains("orderbook") {
        Some(Role::Book)
    } else if stem.contains("message") {
        Some(Role::Messages)
    } else {
        None
    }
}

/// Whether these names could be a LOBSTER day.
pub(crate) fn has_messages<'a>(mut names: impl Iterator<Item = &'a str>) -> bool {
    names.any(|n| role(n) == Some(Role::Messages))
}

/// The message file and the order book file among `names`.
fn pick(path: &Path, names: &[String]) -> Result<(usize, Option<usize>), DataError> {
    let of = |r: Role| -> Vec<usize> { (0..names.len()).filter(|i| role(&names[*i]) == Some(r)).collect() };
    let (messages, books) = (of(Role::Messages), of(Role::Book));
    match (messages.as_slice(), books.as_slice()) {
        ([m], []) => Ok((*m, None)),
        ([m], [b]) => Ok((*m, Some(*b))),
        _ => Err(DataError::UnknownFormat {
            file: path.display().to_string(),
            expected: "one LOBSTER message file (…message….csv) and at most one order book file (…orderbook….csv)",
            got: format!("{} and {}", messages.len(), books.len()),
        }),
    }
}

/// The file beside `path` whose name has `to` in the place of `from`, wrapped in the same way or another.
fn beside(path: &Path, from: &str, to: &str) -> Option<PathBuf> {
    let name = source::bare_name(path);
    let at = name.rfind(from)?;
    let other = format!("{}{to}{}", &name[..at], &name[at + from.len()..]);
    ["", ".zst", ".gz"].iter().map(|ending| path.with_file_name(format!("{other}{ending}"))).find(|p| p.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_lobsters_names() {
        assert!(role("GOOG_2012-06-21_34200000_57600000_message_10.csv") == Some(Role::Messages));
        assert!(role("day/GOOG_orderbook_10.csv.zst") == Some(Role::Book));
        assert!(role("LOBSTER_SampleFiles_ReadMe.txt").is_none());
    }
}
