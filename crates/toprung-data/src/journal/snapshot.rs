//! Snapshots: a book's whole state in one file, from which replay can begin.
//!
//! The file is sections after a header, with one checksum over everything. What a section's kind is not known is refused:
//! to leave a part of the state out would restore another book.

use std::path::{Path, PathBuf};

use toprung_book::{Book, BookState, Digest, OrderView, SEMANTICS_VERSION, Side};

use super::dir;
use super::error::JournalError;
use super::record::{ORDER_BYTES, order, put_order, u32_at, u64_at, u128_at};
use super::segment::{FORMAT_VERSION, check_version, padded};
use super::stamp::{JournalConfig, STAMP_BYTES_MAX};

/// The first eight bytes of a snapshot.
const MAGIC: [u8; 8] = *b"TOPRUNGS";

/// Bytes of the header before the stamp.
const FIXED_BYTES: usize = 56;

/// Bytes of a section before its records.
const SECTION_HEAD_BYTES: usize = 16;

/// Section of the resting orders: bids from the best, then asks from the best, in time order within a level.
const SECTION_ORDERS: u32 = 1;

/// Section of the TOP orders: side and id of each. Left out where there is none.
const SECTION_TOP: u32 = 2;

/// Bytes of a TOP order.
const TOP_BYTES: usize = 16;

/// Bytes of the checksum, padded.
const TRAILER_BYTES: usize = 8;

/// A snapshot that was read and found sound.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The file.
    pub file: PathBuf,
    /// What the journal is of.
    pub config: JournalConfig,
    /// The book.
    pub book: Book,
}

impl Snapshot {
    /// Writes the state of `book` into the folder `dir`; gives the file. It is there whole and durable, or not at all. A
    /// segment has to begin where the book is.
    pub(crate) fn write(dir: &Path, config: &JournalConfig, book: &Book) -> Result<PathBuf, JournalError> {
        let path = dir::snapshot_path(dir, book.commands());
        dir::write_new(&path, &encode(&config.to_json()?, book))?;
        Ok(path)
    }

    /// Reads a snapshot. Everything is checked: the checksum, the versions, and that the book can be.
    pub fn read(file: &Path) -> Result<Snapshot, JournalError> {
        decode(file, &dir::read(file)?)
    }
}

fn encode(stamp: &str, book: &Book) -> Vec<u8> {
    let BookState { commands, digest, top } = book.state();
    let (stamp, orders) = (stamp.as_bytes(), book.order_count());
    let top: Vec<(Side, u64)> = Side::BOTH.into_iter().zip(top).filter_map(|(side, id)| Some((side, id?))).collect();
    let top_bytes = if top.is_empty() { 0 } else { SECTION_HEAD_BYTES + top.len() * TOP_BYTES };
    let orders_bytes = SECTION_HEAD_BYTES + orders * ORDER_BYTES;
    let total = FIXED_BYTES + padded(stamp.len()) + orders_bytes + top_bytes + TRAILER_BYTES;
    let mut out = Vec::with_capacity(total);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    out.extend_from_slice(&SEMANTICS_VERSION.to_le_bytes());
    out.extend_from_slice(&(total as u64).to_le_bytes());
    out.extend_from_slice(&(stamp.len() as u32).to_le_bytes());
    out.extend_from_slice(&(1 + u32::from(!top.is_empty())).to_le_bytes());
    out.extend_from_slice(&commands.to_le_bytes());
    out.extend_from_slice(&digest.to_u128().to_le_bytes());
    out.extend_from_slice(stamp);
    out.resize(FIXED_BYTES + padded(stamp.len()), 0);
    put_section(&mut out, SECTION_ORDERS, ORDER_BYTES, orders);
    for side in Side::BOTH {
        for order in book.orders(side) {
            put_order(&mut out, &order);
        }
    }
    if !top.is_empty() {
        put_section(&mut out, SECTION_TOP, TOP_BYTES, top.len());
        for (side, id) in top {
            out.extend_from_slice(&(side as u64).to_le_bytes());
            out.extend_from_slice(&id.to_le_bytes());
        }
    }
    let crc = crc32c::crc32c(&out);
    out.extend_from_slice(&0u32.to_le_bytes());
    out.extend_from_slice(&crc.to_le_bytes());
    out
}

fn put_section(out: &mut Vec<u8>, kind: u32, record_bytes: usize, records: usize) {
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&(record_bytes as u32).to_le_bytes());
    out.extend_from_slice(&(records as u64).to_le_bytes());
}

/// What a section holds, or what it would have to.
fn section<'a>(bytes: &mut &'a [u8], kind: u32, record_bytes: usize) -> Result<&'a [u8], String> {
    let wanted = || format!("section {kind} with records of {record_bytes} bytes in {} bytes", bytes.len());
    let (head, rest) = bytes.split_at_checked(SECTION_HEAD_BYTES).ok_or_else(wanted)?;
    let records = usize::try_from(u64_at(head, 8)).ok().and_then(|n| n.checked_mul(record_bytes));
    let same = (u32_at(head, 0), u32_at(head, 4)) == (kind, record_bytes as u32);
    let (records, rest) = records.filter(|_| same).and_then(|n| rest.split_at_checked(n)).ok_or_else(wanted)?;
    *bytes = rest;
    Ok(records)
}

fn decode(file: &Path, bytes: &[u8]) -> Result<Snapshot, JournalError> {
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
    let config = JournalConfig::from_json(file, &bytes[FIXED_BYTES..FIXED_BYTES + stamp_bytes])?;
    let (count, mut rest) = (u32_at(bytes, 28), &bytes[sections..end]);
    if !(1..=2).contains(&count) {
        return Err(damaged(28, "one section or two".to_owned(), count.to_string()));
    }
    let other = |expected: String| damaged(sections, expected, "another".to_owned());
    let records = section(&mut rest, SECTION_ORDERS, ORDER_BYTES).map_err(other)?;
    let tops = if count == 2 { section(&mut rest, SECTION_TOP, TOP_BYTES).map_err(other)? } else { &[] };
    if !rest.is_empty() {
        return Err(damaged(sections, "nothing behind the sections".to_owned(), format!("{} bytes", rest.len())));
    }
    let mut top = [None; 2];
    for record in tops.as_chunks::<TOP_BYTES>().0 {
        let place = usize::try_from(u64_at(record, 0)).ok().and_then(|side| top.get_mut(side));
        match place {
            Some(place @ None) => *place = Some(u64_at(record, 8)),
            _ => return Err(damaged(sections, "a TOP order for each side at most".to_owned(), "another".to_owned())),
        }
    }
    let (records, _) = records.as_chunks::<ORDER_BYTES>();
    let orders: Result<Vec<OrderView>, _> = records.iter().map(order).collect();
    let orders =
        orders.map_err(|(field, v)| damaged(sections, format!("a known {field} of an order"), v.to_string()))?;
    let state = BookState { commands: u64_at(bytes, 32), digest: Digest::from_u128(u128_at(bytes, 40)), top };
    let book = Book::restore(config.book.clone(), &state, orders)
        .map_err(|e| damaged(sections, "the state of a book".to_owned(), e.to_string()))?;
    Ok(Snapshot { file: file.to_owned(), config, book })
}
