//! One call from a path to a verified replay, whatever the file is.
//!
//! ```no_run
//! use std::path::Path;
//! use std::sync::atomic::AtomicBool;
//! use toprung_data::{ReplayOptions, replay_file};
//!
//! let cancel = AtomicBool::new(false);
//! let path = Path::new("GOOG.replay.csv.zst");
//! let report = replay_file(path, &ReplayOptions::default(), &cancel, |done, total| eprintln!("{done}/{total}"))?;
//! println!("{} of {} aggressive orders agree", report.aggressive.equal, report.aggressive.total());
//! # Ok::<(), toprung_data::DataError>(())
//! ```

use std::path::Path;
use std::sync::atomic::AtomicBool;

use toprung_book::{Book, BookObserver, EventSink, MatchingBook};

use crate::error::{DataError, quote};
use crate::lines::{LastLine, Lines};
use crate::lobster::looks_like_message;
use crate::lobster_day::{LobsterDay, has_messages};
use crate::lobster_replay::LobsterReplay;
use crate::replay::{ReplayReader, looks_like_record};
use crate::replay_driver::{EventsOnly, ReplayOptions, ReplayReport, replay_book_config, replay_observed};
use crate::source::{self, Source};

/// The formats that can be replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReplayFormat {
    /// The exchange replay format of [`ReplayReader`].
    Replay,
    /// A LOBSTER day: an archive, a folder, or one of its files.
    Lobster,
}

impl ReplayFormat {
    /// The format's name as it is written on a command line and in TypeScript.
    pub const fn name(self) -> &'static str {
        match self {
            ReplayFormat::Replay => "replay",
            ReplayFormat::Lobster => "lobster",
        }
    }

    /// The format of this name, `None` for anything else.
    pub fn from_name(name: &str) -> Option<ReplayFormat> {
        [ReplayFormat::Replay, ReplayFormat::Lobster].into_iter().find(|f| f.name() == name)
    }
}

const KNOWN: &str =
    "a replay file (t,N,id,B,price,qty,src …) or a LOBSTER day (archive, folder, message or order book file)";

/// Replays `path` through a new [`Book`] and verifies it; see [`replay()`](crate::replay()) for what is checked and how it fails.
///
/// `progress` gets (done, total) every few thousand records: bytes of a replay file, messages of a LOBSTER day. Once
/// `cancel` is set the call returns `Cancelled`, within a few milliseconds.
pub fn replay_file(
    path: &Path,
    options: &ReplayOptions,
    cancel: &AtomicBool,
    progress: impl FnMut(u64, u64),
) -> Result<ReplayReport, DataError> {
    replay_file_into(path, options, &mut Book::new(replay_book_config()), &mut (), cancel, progress)
}

/// Like [`replay_file`], through the caller's empty `book`, with every event going to `sink` as well.
pub fn replay_file_into<B: MatchingBook, S: EventSink>(
    path: &Path,
    options: &ReplayOptions,
    book: &mut B,
    sink: &mut S,
    cancel: &AtomicBool,
    progress: impl FnMut(u64, u64),
) -> Result<ReplayReport, DataError> {
    replay_file_observed(path, options, book, &mut EventsOnly(sink), cancel, progress)
}

/// Like [`replay_file`], through the caller's empty `book`, watched by `observer` as [`replay_observed`] does it.
pub fn replay_file_observed<B: MatchingBook, O: BookObserver>(
    path: &Path,
    options: &ReplayOptions,
    book: &mut B,
    observer: &mut O,
    cancel: &AtomicBool,
    progress: impl FnMut(u64, u64),
) -> Result<ReplayReport, DataError> {
    let format = match options.format {
        Some(format) => format,
        None => detect_format(path)?,
    };
    match format {
        ReplayFormat::Replay => {
            let mut source = ReplayReader::new(Source::open(path)?);
            replay_observed(&mut source, book, options, observer, cancel, progress)
        }
        ReplayFormat::Lobster => {
            let mut source = LobsterReplay::new(LobsterDay::open(path)?, options, cancel)?;
            let mut report = replay_observed(&mut source, book, options, observer, cancel, progress)?;
            report.lobster = Some(source.counts());
            Ok(report)
        }
    }
}

/// Tells what `path` is: by what is in a folder or an archive, and by the first line of a file, never by its ending.
pub fn detect_format(path: &Path) -> Result<ReplayFormat, DataError> {
    let unknown = |got: String| DataError::UnknownFormat { file: path.display().to_string(), expected: KNOWN, got };
    if path.is_dir() {
        let entries = std::fs::read_dir(path).map_err(|e| DataError::from_open(path, &e))?;
        let names: Vec<_> = entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        return if has_messages(names.iter().map(String::as_str)) {
            Ok(ReplayFormat::Lobster)
        } else {
            Err(unknown(format!("a folder of {} files, none a LOBSTER message file", names.len())))
        };
    }
    if source::is_zip(path)? {
        let members = source::members(path)?;
        if has_messages(members.iter().map(|m| m.name.as_str())) {
            return Ok(ReplayFormat::Lobster);
        }
    }
    let mut lines = Lines::new(Source::open(path)?, LastLine::MayEnd);
    let name = source::bare_name(path);
    while let Some(line) = lines.next_line()? {
        if line.first() == Some(&b'#') {
            continue;
        }
        return if looks_like_record(line) {
            Ok(ReplayFormat::Replay)
        } else if looks_like_message(line) || name.contains("message") || name.contains("orderbook") {
            Ok(ReplayFormat::Lobster)
        } else {
            let mut got = quote(line);
            got.insert_str(0, "a first line ");
            Err(unknown(got))
        };
    }
    Err(DataError::Empty { file: path.display().to_string(), expected: KNOWN })
}
