//! A segment file's header, and its frames as they are written.
//!
//! Every number is little-endian. Everything lies at multiples of eight bytes.

use std::path::Path;

use sha2::{Digest as _, Sha256};
use toprung_book::{COMMANDS_MAX, Digest, SEMANTICS_VERSION};

use super::engine::Engine;
use super::error::JournalError;
use super::record::{u32_at, u64_at};
use super::stamp::{AnyConfig, ConfigOf, STAMP_BYTES_MAX};

/// Version of the format of segments and snapshots.
pub const FORMAT_VERSION: u32 = 1;

/// The first eight bytes of a segment.
pub(crate) const SEGMENT_MAGIC: [u8; 8] = *b"TOPRUNGJ";

/// Bytes of the header before the stamp.
pub(crate) const HEADER_FIXED_BYTES: usize = 72;

/// Bytes of a frame before its payload.
pub(crate) const FRAME_HEAD_BYTES: usize = 24;

/// Most commands in a frame: a larger batch takes several frames.
pub const FRAME_COMMANDS_MAX: usize = 1 << 20;

/// Bytes of a digest frame's payload.
pub(crate) const DIGEST_BYTES: usize = 16;

/// What a segment's header says.
#[derive(Clone, Debug)]
pub(crate) struct Header<'a> {
    /// Number of the segment's first command.
    pub(crate) first: u64,
    /// The configuration as canonical JSON.
    stamp: &'a [u8],
    /// Bytes of a command record.
    record: usize,
    /// Bytes of the header: where the first frame begins.
    pub(crate) bytes: usize,
}

impl Header<'_> {
    /// What the journal is of, whichever it is.
    pub(crate) fn any_config(&self, file: &Path) -> Result<AnyConfig, JournalError> {
        AnyConfig::from_json(file, self.stamp)
    }

    /// What the journal is of; one of another kind than `E` is refused.
    pub(crate) fn config<E: Engine>(&self, file: &Path) -> Result<ConfigOf<E::Config>, JournalError> {
        let config = ConfigOf::from_json(file, self.stamp)?;
        if self.record != E::RECORD_BYTES {
            let (expected, got) = (format!("records of {} bytes", E::RECORD_BYTES), self.record.to_string());
            return Err(damaged(file, expected, got));
        }
        Ok(config)
    }
}

fn damaged(file: &Path, expected: String, got: String) -> JournalError {
    JournalError::Corrupt { file: file.display().to_string(), offset: 0, part: "header".to_owned(), expected, got }
}

/// SHA-256 of a stamp.
pub(crate) fn stamp_hash(json: &[u8]) -> [u8; 32] {
    Sha256::digest(json).into()
}

/// `n` rounded up to a multiple of eight.
pub(crate) const fn padded(n: usize) -> usize {
    n.next_multiple_of(8)
}

/// The header of a segment of `E` that begins with command `first`.
pub(crate) fn header<E: Engine>(first: u64, stamp: &str) -> Vec<u8> {
    let json = stamp.as_bytes();
    let total = HEADER_FIXED_BYTES + padded(json.len());
    let mut out = Vec::with_capacity(total);
    out.extend_from_slice(&SEGMENT_MAGIC);
    out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    out.extend_from_slice(&SEMANTICS_VERSION.to_le_bytes());
    out.extend_from_slice(&first.to_le_bytes());
    out.extend_from_slice(&(json.len() as u32).to_le_bytes());
    out.extend_from_slice(&(E::RECORD_BYTES as u32).to_le_bytes());
    out.extend_from_slice(&stamp_hash(json));
    out.extend_from_slice(json);
    out.resize(total - 8, 0);
    let crc = crc32c::crc32c(&out);
    out.extend_from_slice(&0u32.to_le_bytes());
    out.extend_from_slice(&crc.to_le_bytes());
    out
}

/// Reads the header of the segment `file`, whose bytes (at least those of the header) are `bytes`.
pub(crate) fn read_header<'a>(file: &Path, bytes: &'a [u8]) -> Result<Header<'a>, JournalError> {
    let damaged = |expected: String, got: String| damaged(file, expected, got);
    if bytes.len() < HEADER_FIXED_BYTES {
        return Err(damaged(format!("at least {HEADER_FIXED_BYTES} bytes"), format!("{}", bytes.len())));
    }
    if bytes[..8] != SEGMENT_MAGIC {
        return Err(damaged("the magic TOPRUNGJ".to_owned(), format!("{:?}", String::from_utf8_lossy(&bytes[..8]))));
    }
    // The format comes first: how the rest lies, the checksum too, is the format's affair.
    check_version(file, "format version", FORMAT_VERSION, u32_at(bytes, 8))?;
    let stamp_bytes = u32_at(bytes, 24) as usize;
    let total = HEADER_FIXED_BYTES + padded(stamp_bytes.min(STAMP_BYTES_MAX));
    if stamp_bytes > STAMP_BYTES_MAX || bytes.len() < total {
        let expected = format!("a stamp that fits the {} bytes there are", bytes.len());
        return Err(damaged(expected, format!("a stamp of {stamp_bytes} bytes")));
    }
    let (crc, stored) = (crc32c::crc32c(&bytes[..total - 8]), u64_at(bytes, total - 8));
    if u64::from(crc) << 32 != stored {
        return Err(damaged(format!("CRC {:08x}", stored >> 32), format!("{crc:08x}")));
    }
    check_version(file, "engine semantics version", SEMANTICS_VERSION, u32_at(bytes, 12))?;
    let stamp = &bytes[64..64 + stamp_bytes];
    if stamp_hash(stamp) != bytes[32..64] {
        return Err(damaged("the SHA-256 of the configuration".to_owned(), "another".to_owned()));
    }
    let first = u64_at(bytes, 16);
    if first > COMMANDS_MAX {
        return Err(damaged(format!("a first command up to {COMMANDS_MAX}"), first.to_string()));
    }
    Ok(Header { first, stamp, record: u32_at(bytes, 28) as usize, bytes: total })
}

/// Refuses any version but this build's, newer or older.
pub(crate) fn check_version(file: &Path, what: &'static str, expected: u32, got: u32) -> Result<(), JournalError> {
    if expected == got {
        return Ok(());
    }
    let file = file.display().to_string();
    Err(JournalError::Version { file, what, expected: u64::from(expected), got: u64::from(got) })
}

/// Appends a frame of commands, the first of which has number `first`.
pub(crate) fn put_commands<E: Engine>(out: &mut Vec<u8>, first: u64, cmds: &[E::Command]) {
    put_frame(out, first, cmds.len(), |out| {
        out.reserve(cmds.len() * E::RECORD_BYTES);
        for cmd in cmds {
            E::put(out, cmd);
        }
    });
}

/// Appends a frame that says what the book's digest is after `commands` commands.
pub(crate) fn put_digest(out: &mut Vec<u8>, commands: u64, digest: Digest) {
    put_frame(out, commands, 0, |out| out.extend_from_slice(&digest.to_u128().to_le_bytes()));
}

/// Length, count, number, CRC of the payload, CRC of the head, payload.
fn put_frame(out: &mut Vec<u8>, first: u64, count: usize, payload: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.resize(at + FRAME_HEAD_BYTES, 0);
    payload(out);
    let (head, payload) = out[at..].split_at_mut(FRAME_HEAD_BYTES);
    head[0..4].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    head[4..8].copy_from_slice(&(count as u32).to_le_bytes());
    head[8..16].copy_from_slice(&first.to_le_bytes());
    head[16..20].copy_from_slice(&crc32c::crc32c(payload).to_le_bytes());
    let crc = crc32c::crc32c(&head[..20]);
    head[20..24].copy_from_slice(&crc.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::JournalConfig;
    use toprung_book::{Book, Command, Side};

    #[test]
    fn a_header_is_read_as_it_was_written_and_any_flipped_bit_is_refused() {
        let config = JournalConfig { instrument: "ZN".to_owned(), ..JournalConfig::default() };
        let bytes = header::<Book>(77, &config.to_json().unwrap());
        let read = read_header(Path::new("x"), &bytes).unwrap();
        assert_eq!((read.first, read.bytes), (77, bytes.len()));
        assert_eq!(read.config::<Book>(Path::new("x")).unwrap(), config);
        assert_eq!(bytes.len() % 8, 0);
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            read_header(Path::new("x"), &bad).expect_err("a flipped bit is seen");
        }
        for length in 0..bytes.len() {
            read_header(Path::new("x"), &bytes[..length]).expect_err("a cut header is seen");
        }
    }

    #[test]
    fn another_format_and_other_semantics_are_refused_by_name() {
        let good = header::<Book>(0, &JournalConfig::default().to_json().unwrap());
        let with = |at: usize| {
            let mut bytes = good.clone();
            bytes[at] += 1;
            let end = bytes.len();
            let crc = crc32c::crc32c(&bytes[..end - 8]);
            bytes[end - 4..].copy_from_slice(&crc.to_le_bytes());
            read_header(Path::new("x"), &bytes).unwrap_err().to_string()
        };
        assert_eq!(with(8), "x: format version 2, this build reads 1");
        assert_eq!(with(12), "x: engine semantics version 3, this build reads 2");
    }

    #[test]
    fn the_bytes_of_frames_are_pinned() {
        let mut out = Vec::new();
        put_commands::<Book>(&mut out, 5, &[Command::limit(1, Side::Buy, 2, 3)]);
        put_digest(&mut out, 6, Digest::EMPTY);
        let hex: String = out.iter().map(|b| format!("{b:02x}")).collect();
        let [head, command, digest_head, digest] = [
            "200000000100000005000000000000007f75bcd541b0e6d7",
            "0100000000000000020000000000000003000000000000000000000000000000",
            "10000000000000000600000000000000e9d1bb729fbab47f",
            "1f6c3e2b8c68059bd182e6ad7f520e51",
        ];
        assert_eq!(hex, [head, command, digest_head, digest].concat());
        // The check value of CRC-32C (RFC 3720).
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
    }
}
