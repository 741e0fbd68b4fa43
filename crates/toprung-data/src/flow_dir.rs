//! Checks a folder of order flows against the hashes that stand beside them.
//!
//! `HASHES.txt` has one line per flow, fields separated by spaces, commas or `|`: the first is the flow's name, and one of
//! the others is the SHA-256 of its canonical report, 64 hexadecimal digits. Lines without such a field (headings, rules) and lines that
//! begin with `#` are passed over. The commands of flow `name` are in `name.cmds.csv`, plain or with `.zst` or `.gz` behind
//! it; where `name.reports.txt` exists too, the first line that differs is found.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toprung_book::{Book, MatchingBook};

use crate::error::DataError;
use crate::flow::{FlowRun, read_commands, run_flow};
use crate::lines::{LastLine, Lines};
use crate::replay_driver::replay_book_config;
use crate::source::Source;

/// The file that holds the hashes.
pub const HASHES_FILE: &str = "HASHES.txt";

/// What came of one flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowResult {
    /// Its name: the file without `.cmds.csv`.
    pub name: String,
    /// Commands in it.
    pub commands: u64,
    /// Trades that it made.
    pub trades: u64,
    /// The hash in `HASHES.txt`; `None` of a command file that it does not name.
    pub expected: Option<String>,
    /// The hash of the report of this run.
    pub got: String,
    /// Where the report text is there to compare with and differs: the first line that does.
    pub first_difference: Option<LineDifference>,
}

impl FlowResult {
    /// Whether the hashes are equal; a flow without a hash does not agree.
    pub fn agrees(&self) -> bool {
        self.expected.as_ref() == Some(&self.got)
    }
}

/// A line of a report that differs; an empty text stands for a report that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineDifference {
    /// Its number, from 1.
    pub line: u64,
    /// What the file says.
    pub expected: String,
    /// What this run wrote.
    pub got: String,
}

/// Runs every flow of the folder `dir` through the book and compares the hashes: those of `HASHES.txt` in its order, then
/// command files that it does not name.
///
/// Nothing is skipped in silence: a hash without a command file is an error (`NotFound`).
pub fn run_flow_dir(dir: &Path) -> Result<Vec<FlowResult>, DataError> {
    run_flow_dir_with(dir, || Book::new(replay_book_config()))
}

/// Like [`run_flow_dir`], over any book; `new_book` gives an empty one for each flow.
pub fn run_flow_dir_with<B: MatchingBook>(
    dir: &Path,
    mut new_book: impl FnMut() -> B,
) -> Result<Vec<FlowResult>, DataError> {
    let hashes = read_hashes(&dir.join(HASHES_FILE))?;
    let mut unnamed = command_files(dir)?;
    let mut results = Vec::with_capacity(hashes.len());
    for (name, hash) in hashes {
        unnamed.remove(&name);
        results.push(run_one(dir, name, Some(hash), &mut new_book())?);
    }
    for name in unnamed {
        results.push(run_one(dir, name, None, &mut new_book())?);
    }
    Ok(results)
}

fn run_one<B: MatchingBook>(
    dir: &Path,
    name: String,
    hash: Option<String>,
    book: &mut B,
) -> Result<FlowResult, DataError> {
    let path = find(dir, &format!("{name}.cmds.csv")).ok_or_else(|| DataError::NotFound {
        file: dir.join(format!("{name}.cmds.csv")).display().to_string(),
        hint: format!(" (nor with .zst or .gz, but {HASHES_FILE} names it)"),
    })?;
    let commands = read_commands(Source::open(&path)?)?;
    let run = run_flow(&path.display().to_string(), &commands, book)?;
    let stored = find(dir, &format!("{name}.reports.txt"));
    let first_difference = match stored {
        Some(path) if hash.as_ref() != Some(&run.sha256) => first_difference(&run, &path)?,
        _ => None,
    };
    Ok(FlowResult {
        name,
        commands: commands.len() as u64,
        trades: run.trades,
        expected: hash,
        got: run.sha256,
        first_difference,
    })
}

/// `name`, or with an ending that tells how it is wrapped.
fn find(dir: &Path, name: &str) -> Option<PathBuf> {
    ["", ".zst", ".gz"].iter().map(|ending| dir.join(format!("{name}{ending}"))).find(|p| p.is_file())
}

fn command_files(dir: &Path) -> Result<BTreeSet<String>, DataError> {
    let error = |e| DataError::from_open(dir, &e);
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(dir).map_err(error)? {
        let name = crate::source::bare_name(&entry.map_err(error)?.path());
        if let Some(name) = name.strip_suffix(".cmds.csv") {
            names.insert(name.to_owned());
        }
    }
    Ok(names)
}

fn read_hashes(path: &Path) -> Result<Vec<(String, String)>, DataError> {
    let mut lines = Lines::new(Source::open(path)?, LastLine::MayEnd);
    let mut hashes = Vec::new();
    while let Some(line) = lines.next_line()? {
        let Ok(text) = std::str::from_utf8(line) else { continue };
        let mut fields = text.split([' ', '\t', ',', '|', ';']).filter(|f| !f.is_empty());
        let Some(name) = fields.next().filter(|f| !f.starts_with('#')) else { continue };
        // The name becomes part of a path, and may not lead out of the folder.
        if name.contains(['/', '\\']) {
            continue;
        }
        let is_hash = |f: &&str| f.len() == 64 && f.bytes().all(|b| b.is_ascii_hexdigit());
        if let Some(hash) = fields.find(is_hash) {
            let name = name.strip_suffix(".zst").unwrap_or(name);
            let name = name.strip_suffix(".cmds.csv").unwrap_or(name);
            hashes.push((name.to_owned(), hash.to_ascii_lowercase()));
        }
    }
    if hashes.is_empty() {
        let file = path.display().to_string();
        return Err(DataError::Empty {
            file,
            expected: "lines of a flow's name and a SHA-256 (64 hexadecimal digits)",
        });
    }
    Ok(hashes)
}

fn first_difference(run: &FlowRun, reports: &Path) -> Result<Option<LineDifference>, DataError> {
    let mut expected = Lines::new(Source::open(reports)?, LastLine::MayEnd);
    let mut got = run.text.split(|b| *b == b'\n');
    let text = |line: Option<&[u8]>| String::from_utf8_lossy(line.unwrap_or_default()).into_owned();
    for number in 1.. {
        let (e, g) = (expected.next_line()?, got.next());
        if e != g {
            return Ok(Some(LineDifference { line: number, expected: text(e), got: text(g) }));
        }
        if e.is_none() {
            break;
        }
    }
    Ok(None)
}
