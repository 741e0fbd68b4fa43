//! Reading the frames of a segment: one after the other, and nothing believed that its checksum does not say.

use std::marker::PhantomData;

use toprung_book::{COMMANDS_MAX, Digest};

use super::engine::Engine;
use super::record::{u32_at, u64_at, u128_at};
use super::segment::{DIGEST_BYTES, FRAME_COMMANDS_MAX, FRAME_HEAD_BYTES};

/// What a frame holds.
pub(crate) enum Frame<'a> {
    /// Records of commands.
    Commands(&'a [u8]),
    /// The book's digest at this place.
    Digest(Digest),
}

/// Bytes that are not the frame that belongs there.
#[derive(Debug)]
pub(crate) struct Damage {
    /// Where the frame begins, in bytes from the start of the file.
    pub(crate) offset: usize,
    /// Its place among the frames of the segment, from 0.
    pub(crate) frame: u64,
    pub(crate) expected: String,
    pub(crate) got: String,
    /// Whether a write that did not finish leaves this; otherwise the checksums hold and the content is wrong.
    pub(crate) may_be_torn: bool,
}

/// The head of a frame.
struct Head {
    length: usize,
    count: usize,
    first: u64,
    payload_crc: u32,
}

/// The head at the start of `bytes`, if its checksum and its lengths agree.
fn head(bytes: &[u8]) -> Result<Head, (String, String)> {
    if bytes.len() < FRAME_HEAD_BYTES {
        return Err((format!("a frame head of {FRAME_HEAD_BYTES} bytes"), format!("{} bytes", bytes.len())));
    }
    let (crc, stored) = (crc32c::crc32c(&bytes[..20]), u32_at(bytes, 20));
    if crc != stored {
        return Err((format!("head CRC {stored:08x}"), format!("{crc:08x}")));
    }
    let (length, count) = (u32_at(bytes, 0) as usize, u32_at(bytes, 4) as usize);
    Ok(Head { length, count, first: u64_at(bytes, 8), payload_crc: u32_at(bytes, 16) })
}

/// The payload behind a head at the start of `bytes`, if it is all there and its checksum agrees.
fn payload<'a>(head: &Head, bytes: &'a [u8]) -> Result<&'a [u8], (String, String)> {
    let behind = &bytes[FRAME_HEAD_BYTES..];
    let Some(payload) = behind.get(..head.length) else {
        return Err((format!("{} bytes of payload", head.length), format!("{} bytes", behind.len())));
    };
    let crc = crc32c::crc32c(payload);
    if crc != head.payload_crc {
        return Err((format!("payload CRC {:08x}", head.payload_crc), format!("{crc:08x}")));
    }
    Ok(payload)
}

/// The frames of one segment of `E`, in order.
pub(crate) struct Frames<'a, E> {
    bytes: &'a [u8],
    engine: PhantomData<E>,
    /// Where the next frame begins.
    pub(crate) at: usize,
    /// Frames read.
    pub(crate) frame: u64,
    /// Number of the next command.
    pub(crate) next: u64,
}

impl<'a, E: Engine> Frames<'a, E> {
    /// The frames of a segment whose header ends at `at` and whose first command is `first`.
    pub(crate) fn new(bytes: &'a [u8], at: usize, first: u64) -> Frames<'a, E> {
        Frames { bytes, engine: PhantomData, at, frame: 0, next: first }
    }

    /// The next frame, with where it begins and the number of its first command; `None` at the end of the file.
    pub(crate) fn next_frame(&mut self) -> Result<Option<(usize, u64, Frame<'a>)>, Damage> {
        let rest = &self.bytes[self.at.min(self.bytes.len())..];
        if rest.is_empty() {
            return Ok(None);
        }
        let torn = |(expected, got)| self.damage(expected, got, true);
        let wrong = |expected: String, got: String| self.damage(expected, got, false);
        let head = head(rest).map_err(torn)?;
        let payload = payload(&head, rest).map_err(torn)?;
        if head.first != self.next {
            return Err(wrong(format!("command {}", self.next), format!("command {}", head.first)));
        }
        let frame = if head.count == 0 {
            if head.length != DIGEST_BYTES {
                return Err(wrong(format!("a digest of {DIGEST_BYTES} bytes"), format!("{} bytes", head.length)));
            }
            Frame::Digest(Digest::from_u128(u128_at(payload, 0)))
        } else {
            if head.count > FRAME_COMMANDS_MAX || head.count * E::RECORD_BYTES != head.length {
                let expected = format!("up to {FRAME_COMMANDS_MAX} commands of {} bytes", E::RECORD_BYTES);
                return Err(wrong(expected, format!("{} in {} bytes", head.count, head.length)));
            }
            if head.first.saturating_add(head.count as u64) > COMMANDS_MAX {
                return Err(wrong(format!("numbers up to {COMMANDS_MAX}"), format!("command {}", head.first)));
            }
            Frame::Commands(payload)
        };
        let offset = self.at;
        self.at += FRAME_HEAD_BYTES + head.length;
        self.frame += 1;
        self.next += head.count as u64;
        Ok(Some((offset, head.first, frame)))
    }

    /// The commands of a payload, in place of what `out` held. `offset` is where its frame begins.
    pub(crate) fn decode(&self, offset: usize, payload: &[u8], out: &mut Vec<E::Command>) -> Result<(), Damage> {
        out.clear();
        for (i, record) in payload.chunks_exact(E::RECORD_BYTES).enumerate() {
            match E::command(record) {
                Ok(cmd) => out.push(cmd),
                Err((field, value)) => {
                    let expected = format!("a known {field} in record {i}");
                    let (frame, got) = (self.frame.saturating_sub(1), value.to_string());
                    return Err(Damage { offset, frame, expected, got, may_be_torn: false });
                }
            }
        }
        Ok(())
    }

    /// Whether a whole frame lies anywhere behind the place where the next should begin.
    ///
    /// A write that did not finish has nothing behind it, so then it is not the tail that is torn. Frames begin at
    /// multiples of eight bytes.
    pub(crate) fn whole_frame_behind(&self) -> bool {
        let mut at = self.at + 8;
        while at + FRAME_HEAD_BYTES <= self.bytes.len() {
            let rest = &self.bytes[at..];
            if head(rest).is_ok_and(|head| head.first >= self.next && payload(&head, rest).is_ok()) {
                return true;
            }
            at += 8;
        }
        false
    }

    fn damage(&self, expected: String, got: String, may_be_torn: bool) -> Damage {
        Damage { offset: self.at, frame: self.frame, expected, got, may_be_torn }
    }
}
