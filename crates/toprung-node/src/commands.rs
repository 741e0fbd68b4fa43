//! Commands in: records of 32 bytes, all checked before the book sees the first.
//!
//! | offset | field | as | valid |
//! |---|---|---|---|
//! | 0 | id | f64 | integer, 0..=2⁵³−1 |
//! | 8 | price | f64 | integer, ±(2⁵³−1), in ticks |
//! | 16 | qty | f64 | integer, 0..=2⁵³−1, in lots |
//! | 24 | owner | u32 | any, 0 is nobody |
//! | 28 | kind | u8 | 0 limit, 1 market, 2 cancel, 3 reduce, 4 replace |
//! | 29 | side | u8 | 0 buy, 1 sell |
//! | 30 | tif | u8 | 0 gtc, 1 ioc, 2 fok |
//! | 31 | flags | u8 | 1 post-only, 2 keep-price, 4 keep-qty, and from bit 3 on the self-trade prevention, 0..=4 |
//!
//! All little-endian. Every field is checked, also those that the kind does not use.

use std::mem::offset_of;

use toprung_book::{Command, CommandFlags, CommandKind, Side, TimeInForce};

use crate::error::{Code, Result, error, error_at};
use crate::view::Bytes;

/// Bytes of one record.
pub(crate) const RECORD_BYTES: usize = 32;

/// Most commands in a batch: 512 MiB of records. A larger one gains nothing and hints at a defect.
pub(crate) const MAX_BATCH: usize = 1 << 24;

/// The largest integer up to which a float64 holds every integer.
pub(crate) const MAX_SAFE: u64 = (1 << 53) - 1;

/// A record whose bytes have been read but whose enumerations are not yet trusted.
#[repr(C)]
#[derive(Clone, Copy)]
struct Raw {
    id: u64,
    price: i64,
    qty: u64,
    tail: u64,
}

// `Decoder::commands` reads `Raw` as `Command`.
const _: () = {
    assert!(size_of::<Raw>() == size_of::<Command>() && align_of::<Raw>() == align_of::<Command>());
    assert!(offset_of!(Command, id) == 0 && offset_of!(Command, price) == 8 && offset_of!(Command, qty) == 16);
    assert!(offset_of!(Command, owner) == 24 && offset_of!(Command, kind) == 28 && offset_of!(Command, side) == 29);
    assert!(offset_of!(Command, tif) == 30 && offset_of!(Command, flags) == 31);
    assert!(cfg!(target_endian = "little"), "records are little-endian and read as they are");
};

/// What turns records into commands, in memory that is kept from batch to batch.
pub(crate) trait Decode: Default {
    type Command;

    /// The first `count` records of `bytes`, or the first that is not valid.
    fn commands(&mut self, bytes: Bytes, count: usize) -> Result<&[Self::Command]>;

    /// Bytes that it holds.
    fn memory_bytes(&self) -> usize;
}

/// Refuses a batch that is too large, or whose view of `bytes` bytes is too small for its records.
pub(crate) fn check_batch(bytes: usize, count: usize, record_bytes: usize) -> Result<()> {
    if count > MAX_BATCH {
        let message = format!("expected at most {MAX_BATCH} commands in a batch, got {count}");
        return Err(error(Code::BatchTooLarge, message));
    }
    let want = count * record_bytes;
    if bytes < want {
        let message = format!("expected at least {want} bytes for {count} commands, got {bytes}");
        return Err(error_at(Code::BufferLength, "commands", &message));
    }
    Ok(())
}

/// Turns records into commands of a book.
#[derive(Default)]
pub(crate) struct Decoder {
    scratch: Vec<Raw>,
}

impl Decode for Decoder {
    type Command = Command;

    fn commands(&mut self, bytes: Bytes, count: usize) -> Result<&[Command]> {
        check_batch(bytes.len(), count, RECORD_BYTES)?;
        self.scratch.clear();
        self.scratch.reserve(count);
        let mut bad = 0;
        for (i, slot) in self.scratch.spare_capacity_mut()[..count].iter_mut().enumerate() {
            // SAFETY: `count` records fit the view, checked above.
            let words = unsafe { record(bytes, i) };
            let (raw, bad_bits) = decode(words);
            slot.write(raw);
            bad |= bad_bits;
        }
        if bad != 0 {
            return Err(self.culprit(bytes, count));
        }
        // SAFETY: the loop wrote `count` slots.
        unsafe { self.scratch.set_len(count) };
        // SAFETY: same size, alignment and offsets (asserted above); every id, price, qty and owner is any integer, and
        // `decode` let only bytes through that are members of their enumerations.
        Ok(unsafe { std::slice::from_raw_parts(self.scratch.as_ptr().cast(), count) })
    }

    fn memory_bytes(&self) -> usize {
        self.scratch.capacity() * size_of::<Raw>()
    }
}

impl Decoder {
    /// The error of the first record that is not valid.
    #[cold]
    fn culprit(&self, bytes: Bytes, count: usize) -> napi::Error<Code> {
        for i in 0..count {
            // SAFETY: `count` records fit the view, checked by the caller.
            if let Some(error) = explain(i, unsafe { record(bytes, i) }) {
                return error;
            }
        }
        // Only shared memory can look different the second time.
        error_at(Code::OutOfRange, "commands", "a record was not valid and was changed by another thread since")
    }
}

/// The four words of record `i`.
///
/// # Safety
/// The record lies inside the view.
#[inline(always)]
unsafe fn record(bytes: Bytes, i: usize) -> [u64; 4] {
    let at = i * RECORD_BYTES;
    // SAFETY: aligned since views are; inside by the caller.
    unsafe { [bytes.load_u64(at), bytes.load_u64(at + 8), bytes.load_u64(at + 16), bytes.load_u64(at + 24)] }
}

/// The record as integers, and bits that are all 0 if it is valid. Without branches, so that a batch of valid records
/// runs straight through.
#[inline(always)]
fn decode([id, price, qty, tail]: [u64; 4]) -> (Raw, u64) {
    let (id, id_off) = to_int(id);
    let (price, price_off) = to_int(price);
    let (qty, qty_off) = to_int(qty);
    let (id, qty) = (id as u64, qty as u64);
    // From 0 to 2⁵⁴ − 2 where the price is in its range: neither this nor one more has a bit from 2⁵⁴ on.
    let shifted = price.wrapping_add(MAX_SAFE as i64) as u64;
    let out_of_range = (id | qty) >> 53 | (shifted | shifted.wrapping_add(1)) >> 54;
    (Raw { id, price, qty, tail }, id_off | price_off | qty_off | out_of_range | bad_small_fields(tail))
}

/// The integer that a float64 holds, and bits that are 0 if it holds exactly this. Anything that is no integer of 64 bits
/// (NaN, an infinity, 1e300) comes out inexact, or as `i64::MIN` or `i64::MAX`, which are outside every range.
#[inline(always)]
pub(crate) fn to_int(bits: u64) -> (i64, u64) {
    let f = f64::from_bits(bits);
    let v = truncate(f);
    // Equal numbers differ by +0, also when one of them is −0; NaN differs from everything by NaN.
    (v, (v as f64 - f).to_bits())
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn truncate(f: f64) -> i64 {
    use std::arch::x86_64::{_mm_cvttsd_si64, _mm_set_sd};
    // One instruction instead of the six that saturate; what does not fit becomes `i64::MIN`.
    // SAFETY: SSE2 is part of every x86-64.
    unsafe { _mm_cvttsd_si64(_mm_set_sd(f)) }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn truncate(f: f64) -> i64 {
    f as i64
}

/// Kind, side, time in force and flags are the upper four bytes of the tail, at most 4, 1, 2 and 39. 0 if they are.
#[inline(always)]
fn bad_small_fields(tail: u64) -> u64 {
    const HEADROOM: u64 = (0x7f - 39) << 24 | (0x7f - 2) << 16 | (0x7f - 1) << 8 | (0x7f - 4);
    // Adding the headroom sets a byte's top bit when it is past its maximum. A byte of 0x80 and more may carry into the
    // next, but is caught by its own top bit.
    let small = tail >> 32;
    (small.wrapping_add(HEADROOM) | small) & 0x8080_8080
}

/// What is wrong with record `i`, if anything.
fn explain(i: usize, [id, price, qty, tail]: [u64; 4]) -> Option<napi::Error<Code>> {
    let max = MAX_SAFE as f64;
    for (name, bits, min) in [("id", id, 0.0), ("price", price, -max), ("qty", qty, 0.0)] {
        let f = f64::from_bits(bits);
        let path = format!("commands[{i}].{name}");
        if f.trunc() != f || f.is_infinite() {
            return Some(error_at(Code::NotInteger, &path, &format!("expected an integer in {min}..={max}, got {f}")));
        }
        if f < min || f > max {
            return Some(error_at(Code::OutOfRange, &path, &format!("expected an integer in {min}..={max}, got {f}")));
        }
    }
    let [_, _, _, _, kind, side, tif, flags] = tail.to_le_bytes();
    let unknown = |name: &str, expected: &str, got: u8| {
        let message = format!("expected {expected}, got {got}");
        Some(error_at(Code::UnknownEnum, &format!("commands[{i}].{name}"), &message))
    };
    if CommandKind::from_u8(kind).is_none() {
        return unknown("kind", "0 limit, 1 market, 2 cancel, 3 reduce or 4 replace", kind);
    }
    if Side::from_u8(side).is_none() {
        return unknown("side", "0 buy or 1 sell", side);
    }
    // A book alone has no sessions: the times in force beyond these are a venue's.
    if tif > TimeInForce::Fok as u8 {
        return unknown("tif", "0 gtc, 1 ioc or 2 fok", tif);
    }
    if CommandFlags::from_u8(flags).is_none() {
        return unknown(
            "flags",
            "a sum of 1 post-only, 2 keep-price, 4 keep-qty and 8, 16, 24 or 32 for self-trade prevention",
            flags,
        );
    }
    None
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn words(id: f64, price: f64, qty: f64, tail: [u8; 8]) -> [u64; 4] {
        [id.to_bits(), price.to_bits(), qty.to_bits(), u64::from_le_bytes(tail)]
    }

    const LIMIT: [u8; 8] = [9, 0, 0, 0, 0, 1, 2, 1];

    #[test]
    fn a_record_becomes_the_command_it_describes() {
        let max = MAX_SAFE as f64;
        let mut memory = [words(7.0, -max, max, LIMIT), words(0.0, -0.0, 0.0, [0, 0, 0, 0, 4, 0, 0, 6])].concat();
        let mut decoder = Decoder::default();
        let commands = decoder.commands(Bytes::of(&mut memory), 2).unwrap();
        let expected =
            Command::fok(7, Side::Sell, -(MAX_SAFE as i64), MAX_SAFE).with_owner(9).with_flags(CommandFlags::POST_ONLY);
        assert_eq!(commands[0], expected);
        let flags = CommandFlags::KEEP_PRICE | CommandFlags::KEEP_QTY;
        assert_eq!(commands[1], Command::replace(0, 0, 0).with_flags(flags));
    }

    #[test]
    fn the_branchless_check_and_the_explanation_agree_on_every_kind_of_record() {
        let numbers =
            [0.0, -0.0, 1.0, -1.0, 1.5, 0.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300, 5e-324]
                .into_iter()
                .chain([53, 63, 64].into_iter().flat_map(|p| {
                    let f = 2f64.powi(p);
                    [f, -f, f - 1.0, 1.0 - f, f + 2.0, f.next_down(), -f.next_down()]
                }));
        for n in numbers {
            for w in [words(n, 1.0, 1.0, LIMIT), words(1.0, n, 1.0, LIMIT), words(1.0, 1.0, n, LIMIT)] {
                assert_eq!(decode(w).1 == 0, explain(0, w).is_none(), "{n} in {w:?}");
            }
        }
        for position in 4..8 {
            for byte in 0..=255 {
                for before in [0, 0xff] {
                    let mut tail = [0; 8];
                    tail[position] = byte;
                    if position > 4 {
                        tail[position - 1] = before;
                    }
                    let w = words(1.0, 1.0, 1.0, tail);
                    assert_eq!(decode(w).1 == 0, explain(0, w).is_none(), "{tail:?}");
                }
            }
        }
    }

    #[test]
    fn the_first_invalid_record_is_named_by_index_and_field() {
        let mut memory = [words(1.0, 1.0, 1.0, LIMIT), words(1.0, 1.0, 1.5, LIMIT), words(f64::NAN, 1.0, 1.0, LIMIT)];
        let error = Decoder::default().commands(Bytes::of(memory.as_flattened_mut()), 3).unwrap_err();
        assert_eq!(error.status, Code::NotInteger);
        assert_eq!(error.reason, "expected an integer in 0..=9007199254740991, got 1.5\nat commands[1].qty");
    }

    #[test]
    fn a_view_shorter_than_its_records_is_refused() {
        let mut memory = [0; 7];
        let error = Decoder::default().commands(Bytes::of(&mut memory), 2).unwrap_err();
        assert_eq!(error.status, Code::BufferLength);
        let error = Decoder::default().commands(Bytes::of(&mut memory), MAX_BATCH + 1).unwrap_err();
        assert_eq!(error.status, Code::BatchTooLarge);
    }

    /// Words as a caller's memory may hold them: often numbers that are nearly valid, else any bits.
    pub(crate) fn any_word(draw: &mut impl FnMut(u64) -> u64) -> u64 {
        match draw(8) {
            0 => draw(u64::MAX),
            1 => [f64::NAN, f64::INFINITY, 1.5, -0.0, 9_007_199_254_740_992.0, -9_007_199_254_740_991.0]
                [draw(6) as usize]
                .to_bits(),
            _ => (draw(300) as f64 - 20.0).to_bits(),
        }
    }

    /// Numbers below a bound, from a seed.
    pub(crate) fn draws(mut bits: u64) -> impl FnMut(u64) -> u64 {
        move |below| {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((u128::from(bits ^ bits >> 29) * u128::from(below)) >> 64) as u64
        }
    }

    /// Any memory is commands that mean the same again, or one error; the decoder holds no more than the batch asks for.
    fn fuzz(rounds: u64, seed: u64) {
        let (mut draw, mut decoder, mut valid) = (draws(seed), Decoder::default(), 0);
        for _ in 0..rounds {
            let mut memory: Vec<u64> = (0..4).map(|_| any_word(&mut draw)).collect();
            let tail = [draw(6), draw(3), draw(4), draw(42)].map(|b| b as u8);
            memory[3] = draw(1 << 32) | u64::from(u32::from_le_bytes(tail)) << 32;
            let words = [memory[0], memory[1], memory[2], memory[3]];
            let count = 1 + usize::from(draw(50) == 0);
            match decoder.commands(Bytes::of(&mut memory), count) {
                Ok([c]) => {
                    valid += 1;
                    assert!(explain(0, words).is_none(), "{words:?}");
                    let [_, _, _, _, kind, side, tif, flags] = words[3].to_le_bytes();
                    assert_eq!((c.id as f64, c.price as f64, c.qty as f64), {
                        (f64::from_bits(words[0]), f64::from_bits(words[1]), f64::from_bits(words[2]))
                    });
                    let fields = (c.kind as u8, c.side as u8, c.tif as u8, c.flags.bits());
                    assert_eq!(fields, (kind, side, tif, flags), "{words:?}");
                    assert_eq!(c.owner, words[3] as u32);
                }
                Ok(more) => panic!("one record gave {} commands", more.len()),
                Err(e) if count == 2 => assert_eq!(e.status, Code::BufferLength),
                Err(e) => assert_eq!(Some(e.reason), explain(0, words).map(|e| e.reason)),
            }
        }
        assert!(valid > 0 && valid < rounds, "{valid} of {rounds} were valid");
        assert!(decoder.memory_bytes() <= 64 * RECORD_BYTES, "{} bytes", decoder.memory_bytes());
    }

    #[test]
    fn any_memory_is_a_command_or_an_error() {
        fuzz(100_000, 1);
    }

    #[test]
    #[ignore = "long: npm run fuzz"]
    fn long_run_of_any_memory() {
        fuzz(200_000_000, 2);
    }
}
