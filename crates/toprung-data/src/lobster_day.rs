//! Finds the two files of a LOBSTER day: in an archive, in a folder, or one beside the other.

use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::lobster::{BookReader, BookRow, LobsterMessage, MessageReader};
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

/// Reads both files of a day together: every message with the row that it led to.
#[derive(Debug)]
pub struct LobsterRows {
    messages: MessageReader,
    rows: BookReader,
    tick_units: i64,
    read: u64,
}

impl LobsterRows {
    /// Reads a day that has an order book file; `tick_units`, from 1, is the tick in 1/10,000.
    ///
    /// # Errors
    ///
    /// [`DataError::NotFound`] without an order book file.
    pub fn new(day: LobsterDay, tick_units: i64) -> Result<LobsterRows, DataError> {
        let messages = MessageReader::new(day.messages);
        let Some(book) = day.book else {
            let hint = " beside it: its order book file".to_owned();
            return Err(DataError::NotFound { file: messages.name().to_owned(), hint });
        };
        let tick_units = tick_units.max(1);
        Ok(LobsterRows { messages, rows: BookReader::new(book, tick_units), tick_units, read: 0 })
    }

    /// The next message, its price in ticks (0 where it is not of a displayed order) and its row; `None` behind the last.
    ///
    /// # Errors
    ///
    /// A line that is not what the format says, a price between two ticks, files of different lengths.
    pub fn next_pair(&mut self) -> Result<Option<(LobsterMessage, i64, &BookRow)>, DataError> {
        let message = self.messages.next_message()?;
        // How far the rows are tells which file is longer.
        let has_row = self.rows.next_row()?.is_some();
        self.read += u64::from(message.is_some());
        match message {
            None if !has_row => Ok(None),
            Some(m) if has_row => {
                let is_displayed = m.kind.is_displayed();
                let price = if is_displayed { self.messages.price_in_ticks(&m, self.tick_units)? } else { 0 };
                Ok(Some((m, price, self.rows.row())))
            }
            _ => Err(self.rows.other_count(self.messages.name(), self.read)),
        }
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

    fn pairs(messages: &str, rows: &str, tick_units: i64) -> Result<Vec<(i64, usize)>, String> {
        let source = |name: &str, text: &str| Source::from_bytes(name, text.as_bytes().to_vec());
        let day = LobsterDay { messages: source("m.csv", messages), book: Some(source("b.csv", rows)) };
        let mut pairs = LobsterRows::new(day, tick_units).map_err(|e| e.to_string())?;
        let mut all = Vec::new();
        while let Some((_, price, row)) = pairs.next_pair().map_err(|e| e.to_string())? {
            all.push((price, row.sides[0].len()));
        }
        Ok(all)
    }

    #[test]
    fn a_message_comes_with_its_price_in_ticks_and_its_row() {
        let (submission, hidden) = ("1.5,1,7,10,50000,1", "1.6,5,0,10,50050,1");
        let row = "60000,5,50000,10";
        let [messages, rows] = [[submission, hidden], [row, row]].map(|lines| lines.join("\n") + "\n");
        assert_eq!(pairs(&messages, &rows, 100).unwrap(), [(500, 1), (0, 1)]);
        assert_eq!(pairs(&messages, &rows, 10_000).unwrap(), [(5, 1), (0, 1)]);
        let off = pairs(&messages, &rows, 15_000).unwrap_err();
        assert!(off.starts_with("b.csv:1:3: expected a price on the tick"), "{off}");
        // A price beyond the levels that the row shows is looked at, too.
        let off = pairs("1.5,1,7,10,49950,1\n", &format!("{row}\n"), 100).unwrap_err();
        assert!(off.starts_with("m.csv:1:5: expected a price on the tick") && off.ends_with("got \"49950\""), "{off}");
    }

    #[test]
    fn files_of_different_lengths_and_a_day_without_rows_are_refused() {
        let message = "1.5,1,7,10,50000,1\n";
        let row = "60000,5,50000,10\n";
        let fewer = pairs(&message.repeat(2), row, 100).unwrap_err();
        assert_eq!(fewer, "b.csv: cut off after line 1: m.csv has 2 messages, and every message a row");
        let more = pairs(message, &row.repeat(2), 100).unwrap_err();
        assert_eq!(more, "m.csv: cut off after line 1: b.csv has more rows, and every row a message");
        let day = LobsterDay { messages: Source::from_bytes("m.csv", message.into()), book: None };
        let alone = LobsterRows::new(day, 100).unwrap_err();
        assert_eq!(alone.to_string(), "m.csv: not found beside it: its order book file");
    }
}
