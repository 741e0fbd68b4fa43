//! Snapshots: the whole state of a book or a venue in one file, from which replay can begin.
//!
//! The file is sections after a header, with one checksum over everything. What a section's kind is not known is refused:
//! to leave a part of the state out would restore another book.

use std::io;
use std::path::{Path, PathBuf};

use toprung_book::{Book, Digest, SEMANTICS_VERSION};

use super::dir;
use super::engine::Engine;
use super::error::JournalError;
use super::record::{u32_at, u64_at, u128_at};
use super::segment::{FORMAT_VERSION, check_version, padded};
use super::stamp::{ConfigOf, STAMP_BYTES_MAX};

/// The first eight bytes of a snapshot.
const MAGIC: [u8; 8] = *b"TOPRUNGS";

/// Bytes of the header before the stamp.
const FIXED_BYTES: usize = 56;

/// Bytes of a section before its records.
const SECTION_HEAD_BYTES: usize = 16;

/// Most sections that a snapshot of either kind has.
const SECTIONS_MAX: u32 = 2;

/// Bytes of the checksum, padded.
const TRAILER_BYTES: usize = 8;

/// A snapshot that was read and found sound.
#[derive(Clone, Debug)]
pub struct Snapshot<E: Engine = Book> {
    /// The file.
    pub file: PathBuf,
    /// What the journal is of.
    pub config: ConfigOf<E::Config>,
    /// The book, or the venue.
    pub book: E,
}

impl<E: Engine> Snapshot<E> {
    /// Writes the state of `book` into the folder `dir`; gives the file. It is there whole and durable, or not at all. A
    /// segment has to begin where the book is.
    pub(crate) fn write(dir: &Path, config: &ConfigOf<E::Config>, book: &E) -> Result<PathBuf, JournalError> {
        let path = dir::snapshot_path(dir, book.commands());
        let bytes = encode(&config.to_json()?, book);
        let bytes = bytes.map_err(|e| JournalError::io(&path, "write the state down", &io::Error::other(e)))?;
        dir::write_new(&path, &bytes)?;
        Ok(path)
    }

    /// Reads a snapshot. Everything is checked: the checksum, the versions, and that the book can be.
    pub fn read(file: &Path) -> Result<Snapshot<E>, JournalError> {
        decode(file, &dir::read(file)?)
    }
}

fn encode<E: Engine>(stamp: &str, book: &E) -> Result<Vec<u8>, String> {
    let stamp = stamp.as_bytes();
    let mut out = Vec::with_capacity(FIXED_BYTES + padded(stamp.len()) + TRAILER_BYTES);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    out.extend_from_slice(&SEMANTICS_VERSION.to_le_bytes());
    // The size of the file, once it is known.
    out.extend_from_slice(&0u64.to_le_bytes());
    out.extend_from_slice(&(stamp.len() as u32).to_le_bytes());
    // The number of sections, as well.
    out.extend_from_slice(&0u32.to_le_bytes());
    out.extend_from_slice(&book.commands().to_le_bytes());
    out.extend_from_slice(&book.digest().to_u128().to_le_bytes());
    out.extend_from_slice(stamp);
    out.resize(FIXED_BYTES + padded(stamp.len()), 0);
    let sections = book.put_sections(&mut out)?;
    let total = (out.len() + TRAILER_BYTES) as u64;
    out[16..24].copy_from_slice(&total.to_le_bytes());
    out[28..32].copy_from_slice(&sections.to_le_bytes());
    let crc = crc32c::crc32c(&out);
    out.extend_from_slice(&0u32.to_le_bytes());
    out.extend_from_slice(&crc.to_le_bytes());
    Ok(out)
}

/// One part of a snapshot: records of one kind.
pub struct Section<'a> {
    kind: u32,
    record_bytes: usize,
    records: &'a [u8],
}

impl<'a> Section<'a> {
    /// The records, if they are of this kind and size; otherwise what was expected and what came.
    pub(crate) fn records_of(&self, kind: u32, record_bytes: usize) -> Result<&'a [u8], (String, String)> {
        let told = |kind: u32, bytes: usize| format!("section {kind} with records of {bytes} bytes");
        if (self.kind, self.record_bytes) == (kind, record_bytes) {
            return Ok(self.records);
        }
        Err((told(kind, record_bytes), told(self.kind, self.record_bytes)))
    }

    /// Takes a section off the front of `bytes`; `None` if they do not hold a whole one.
    fn take(bytes: &mut &'a [u8]) -> Option<Section<'a>> {
        let (head, rest) = bytes.split_at_checked(SECTION_HEAD_BYTES)?;
        let (kind, record_bytes) = (u32_at(head, 0), u32_at(head, 4) as usize);
        let length = usize::try_from(u64_at(head, 8)).ok()?.checked_mul(record_bytes)?;
        let (records, rest) = rest.split_at_checked(length)?;
        let (padding, rest) = rest.split_at_checked(length.checked_next_multiple_of(8)? - length)?;
        *bytes = rest;
        padding.iter().all(|&b| b == 0).then_some(Section { kind, record_bytes, records })
    }
}

/// Appends the head of a section. Its records follow, then zeros up to a multiple of eight.
pub(crate) fn put_section(out: &mut Vec<u8>, kind: u32, record_bytes: usize, records: usize) {
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&(record_bytes as u32).to_le_bytes());
    out.extend_from_slice(&(records as u64).to_le_bytes());
}

fn decode<E: Engine>(file: &Path, bytes: &[u8]) -> Result<Snapshot<E>, JournalError> {
    let damaged = |offset: usize, expected: String, got: String| JournalError::Corrupt {
        file: file.display().to_string(),
        offset: offset as u64,
        part: "snapshot".to_owned(),
        expected,
        got,
    };
    let least = FIXED_BYTES + TRAILER_BYTES;
    if bytes.len() < least {
        return Err(damaged(0, format!("at least {least} bytes"), bytes.len().to_string()));
    }
    if bytes[..8] != MAGIC {
        return Err(damaged(0, "the magic TOPRUNGS".to_owned(), format!("{:?}", String::from_utf8_lossy(&bytes[..8]))));
    }
    // The last four bytes are the checksum of all before them in every version, so that a damaged version is damage.
    let end = bytes.len() - TRAILER_BYTES;
    let (crc, stored) = (crc32c::crc32c(&bytes[..end]), u64_at(bytes, end));
    if u64::from(crc) << 32 != stored {
        return Err(damaged(end, format!("CRC {:08x}", stored >> 32), format!("{crc:08x}")));
    }
    check_version(file, "format version", FORMAT_VERSION, u32_at(bytes, 8))?;
    check_version(file, "engine semantics version", SEMANTICS_VERSION, u32_at(bytes, 12))?;
    if u64_at(bytes, 16) != bytes.len() as u64 {
        return Err(damaged(16, format!("{} bytes", u64_at(bytes, 16)), bytes.len().to_string()));
    }
    let stamp_bytes = u32_at(bytes, 24) as usize;
    let sections = FIXED_BYTES + padded(stamp_bytes.min(STAMP_BYTES_MAX));
    if stamp_bytes > STAMP_BYTES_MAX || sections > end {
        return Err(damaged(24, "a stamp that fits the file".to_owned(), format!("{stamp_bytes} bytes")));
    }
    let config = ConfigOf::<E::Config>::from_json(file, &bytes[FIXED_BYTES..FIXED_BYTES + stamp_bytes])?;
    let (count, mut rest) = (u32_at(bytes, 28), &bytes[sections..end]);
    if !(1..=SECTIONS_MAX).contains(&count) {
        return Err(damaged(28, format!("1 to {SECTIONS_MAX} sections"), count.to_string()));
    }
    let found: Option<Vec<Section<'_>>> = (0..count).map(|_| Section::take(&mut rest)).collect();
    let found = found.ok_or_else(|| damaged(sections, format!("{count} whole sections"), "less".to_owned()))?;
    if !rest.is_empty() {
        return Err(damaged(sections, "nothing behind the sections".to_owned(), format!("{} bytes", rest.len())));
    }
    let (commands, digest) = (u64_at(bytes, 32), Digest::from_u128(u128_at(bytes, 40)));
    let book = E::restore(config.book.clone(), commands, digest, &found)
        .map_err(|(expected, got)| damaged(sections, expected, got))?;
    Ok(Snapshot { file: file.to_owned(), config, book })
}
