//! A venue's commands in: records of 112 bytes, all checked before the venue sees the first.
//!
//! The first 32 bytes are those of a book's command ([`crate::commands`]), with more times in force. Behind them:
//!
//! | offset | field | as | valid |
//! |---|---|---|---|
//! | 32 | stop_price | f64 | integer, ±(2⁵³−1) |
//! | 40, 48, 56 | display_qty, display_range, min_qty | f64 | integer, 0..=2⁵³−1 |
//! | 64 | expire_at | f64 | integer, 0..=2⁵³−1, in nanoseconds |
//! | 72, 80 | link, parent | f64 | integer, 0..=2⁵³−1 |
//! | 88 | offset | f64 | integer, ±(2⁵³−1) |
//! | 96 | step | f64 | integer, 0..=2⁵³−1 |
//! | 104 | action | u8 | 0..=11 |
//! | 105 | type | u8 | 0..=9 |
//! | 106 | peg | u8 | 0..=2 |
//! | 107 | reserved | u8 | 0 |
//! | 108 | options | u16 | 0..=16383 |
//! | 110 | reserved | u16 | 0 |
//!
//! Every field is checked, also those that the action does not use. What the numbers of an action mean (the phase in
//! `qty`, say) is for the venue to judge: it refuses with an event.

use toprung_book::{
    Command, CommandFlags, CommandKind, Options, OrderType, Peg, Side, TimeInForce, VenueAction, VenueCommand,
};

use crate::commands::{Decode, MAX_SAFE, check_batch, to_int};
use crate::error::{Code, Result, error_at};
use crate::view::Bytes;

/// Bytes of one record.
const RECORD_BYTES: usize = size_of::<VenueCommand>();
const WORDS: usize = RECORD_BYTES / 8;
const _: () = assert!(RECORD_BYTES == 112);

/// The numbers of a record: name, position in words, and whether it may be negative.
const NUMBERS: [(&str, usize, bool); 12] = [
    ("id", 0, false),
    ("price", 1, true),
    ("qty", 2, false),
    ("stopPrice", 4, true),
    ("displayQty", 5, false),
    ("displayRange", 6, false),
    ("minQty", 7, false),
    ("expireAt", 8, false),
    ("link", 9, false),
    ("parent", 10, false),
    ("offset", 11, true),
    ("step", 12, false),
];

/// Turns records into commands of a venue.
#[derive(Default)]
pub(crate) struct VenueDecoder {
    commands: Vec<VenueCommand>,
}

impl Decode for VenueDecoder {
    type Command = VenueCommand;

    fn commands(&mut self, bytes: Bytes, count: usize) -> Result<&[VenueCommand]> {
        check_batch(bytes.len(), count, RECORD_BYTES)?;
        self.commands.clear();
        self.commands.reserve(count);
        for i in 0..count {
            // SAFETY: record `i` is inside the view, whose length is checked above; words are aligned since views are.
            let words = std::array::from_fn(|w| unsafe { bytes.load_u64(i * RECORD_BYTES + w * 8) });
            let command = decode(&words).ok_or_else(|| explain(i, &words))?;
            self.commands.push(command);
        }
        Ok(&self.commands)
    }

    fn memory_bytes(&self) -> usize {
        self.commands.capacity() * size_of::<VenueCommand>()
    }
}

/// The command of a record, if every field is valid.
#[inline]
fn decode(words: &[u64; WORDS]) -> Option<VenueCommand> {
    let mut numbers = [0i64; WORDS];
    let mut bad = 0;
    // Most orders are plain: of these only the first three numbers are not 0.
    let is_plain = words[4..13].iter().fold(0, |all, w| all | w) == 0;
    for (_, at, may_be_negative) in &NUMBERS[..if is_plain { 3 } else { NUMBERS.len() }] {
        let (at, may_be_negative) = (*at, *may_be_negative);
        let (v, inexact) = to_int(words[at]);
        let lowest = if may_be_negative { -(MAX_SAFE as i64) } else { 0 };
        bad |= inexact | u64::from(v < lowest || v > MAX_SAFE as i64);
        numbers[at] = v;
    }
    let [owner @ .., _, _, _, _] = words[3].to_le_bytes();
    let [_, _, _, _, kind, side, tif, flags] = words[3].to_le_bytes();
    let [action, order_type, peg, reserved, options @ .., _, _] = words[13].to_le_bytes();
    let reserved2 = words[13] >> 48;
    if bad | u64::from(reserved) | reserved2 != 0 {
        return None;
    }
    let positive = |at: usize| numbers[at] as u64;
    Some(VenueCommand {
        order: Command {
            id: positive(0),
            price: numbers[1],
            qty: positive(2),
            owner: u32::from_le_bytes(owner),
            kind: CommandKind::from_u8(kind)?,
            side: Side::from_u8(side)?,
            tif: TimeInForce::from_u8(tif)?,
            flags: CommandFlags::from_u8(flags)?,
        },
        stop_price: numbers[4],
        display_qty: positive(5),
        display_range: positive(6),
        min_qty: positive(7),
        expire_at: positive(8),
        link: positive(9),
        parent: positive(10),
        offset: numbers[11],
        step: positive(12),
        action: VenueAction::from_u8(action)?,
        order_type: OrderType::from_u8(order_type)?,
        peg: Peg::from_u8(peg)?,
        reserved: 0,
        options: Options::from_u16(u16::from_le_bytes(options))?,
        reserved2: 0,
    })
}

/// What is wrong with record `i`.
#[cold]
fn explain(i: usize, words: &[u64; WORDS]) -> napi::Error<Code> {
    let max = MAX_SAFE as f64;
    for (name, at, may_be_negative) in NUMBERS {
        let min = if may_be_negative { -max } else { 0.0 };
        let f = f64::from_bits(words[at]);
        let code = if f.trunc() != f || f.is_infinite() {
            Code::NotInteger
        } else if f < min || f > max {
            Code::OutOfRange
        } else {
            continue;
        };
        return error_at(
            code,
            &format!("commands[{i}].{name}"),
            &format!("expected an integer in {min}..={max}, got {f}"),
        );
    }
    let [_, _, _, _, kind, side, tif, flags] = words[3].to_le_bytes();
    let [action, order_type, peg, reserved, options @ .., _, _] = words[13].to_le_bytes();
    let (options, reserved2) = (u16::from_le_bytes(options), words[13] >> 48);
    let fields: [(&str, &str, u64, bool); 9] = [
        ("kind", "0 to 4, and without a meaning here", kind.into(), CommandKind::from_u8(kind).is_some()),
        ("side", "0 buy or 1 sell", side.into(), Side::from_u8(side).is_some()),
        ("tif", "0 gtc, 1 ioc, 2 fok, 3 gtd, 4 day, 5 at-open or 6 at-close", tif.into(), {
            TimeInForce::from_u8(tif).is_some()
        }),
        (
            "flags",
            "a sum of 1 post-only, 2 keep-price, 4 keep-qty and 8, 16, 24 or 32 for self-trade prevention",
            flags.into(),
            CommandFlags::from_u8(flags).is_some(),
        ),
        ("action", "the code of an action, 0 to 11", action.into(), VenueAction::from_u8(action).is_some()),
        ("type", "the code of an order type, 0 to 9", order_type.into(), OrderType::from_u8(order_type).is_some()),
        ("peg", "0 primary, 1 mid or 2 market", peg.into(), Peg::from_u8(peg).is_some()),
        ("options", "a sum of VenueOptions, at most 16383", options.into(), Options::from_u16(options).is_some()),
        ("reserved", "0", u64::from(reserved) | reserved2, reserved == 0 && reserved2 == 0),
    ];
    match fields.iter().find(|(.., valid)| !valid) {
        Some((name, expected, got, _)) => {
            error_at(Code::UnknownEnum, &format!("commands[{i}].{name}"), &format!("expected {expected}, got {got}"))
        }
        // Not to be reached: a record that is not decoded has a field that is not valid.
        None => error_at(Code::OutOfRange, &format!("commands[{i}]"), "expected a valid record"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::MAX_BATCH;
    use crate::commands::tests::{any_word, draws};

    /// A record in which every field has a value of its own.
    fn words() -> [u64; WORDS] {
        let mut words = [0; WORDS];
        for (i, (_, at, may_be_negative)) in NUMBERS.into_iter().enumerate() {
            let v = 10.0 + i as f64;
            words[at] = (if may_be_negative { -v } else { v }).to_bits();
        }
        words[3] = u64::from_le_bytes([9, 0, 0, 0, 1, 1, 6, 33]);
        words[13] = u64::from_le_bytes([3, 8, 2, 0, 0xff, 0x3f, 0, 0]);
        words
    }

    #[test]
    fn a_record_becomes_the_command_it_describes() {
        let mut memory = words();
        let mut decoder = VenueDecoder::default();
        let [c] = decoder.commands(Bytes::of(&mut memory), 1).unwrap() else { panic!("one record, one command") };
        assert_eq!((c.order.id, c.order.price, c.order.qty, c.order.owner), (10, -11, 12, 9));
        assert_eq!((c.order.side, c.order.tif, c.order.flags.bits()), (Side::Sell, TimeInForce::AtClose, 33));
        assert_eq!((c.stop_price, c.display_qty, c.display_range, c.min_qty), (-13, 14, 15, 16));
        assert_eq!((c.expire_at, c.link, c.parent, c.offset, c.step), (17, 18, 19, -20, 21));
        assert_eq!((c.action, c.order_type, c.peg), (VenueAction::Replace, OrderType::TrailingStopLimit, Peg::Market));
        assert_eq!(c.options.bits(), 16383);
    }

    #[test]
    fn every_number_is_checked_and_named() {
        for (name, at, may_be_negative) in NUMBERS {
            for (f, code) in [
                (f64::NAN, Code::NotInteger),
                (f64::INFINITY, Code::NotInteger),
                (1.5, Code::NotInteger),
                (2f64.powi(53), Code::OutOfRange),
                (-2f64.powi(53), Code::OutOfRange),
                (1e300, Code::OutOfRange),
            ] {
                let mut w = words();
                w[at] = f.to_bits();
                assert_eq!(decode(&w), None, "{name} {f}");
                let e = explain(4, &w);
                assert_eq!(e.status, code, "{name} {f}");
                assert!(e.reason.ends_with(&format!("\nat commands[4].{name}")), "{}", e.reason);
            }
            let mut w = words();
            w[at] = (-1f64).to_bits();
            assert_eq!(decode(&w).is_some(), may_be_negative, "{name}");
        }
    }

    #[test]
    fn every_byte_that_stands_for_nothing_is_refused_and_named() {
        for (word, byte, name, valid) in [
            (3, 4, "kind", 5),
            (3, 5, "side", 2),
            (3, 6, "tif", 7),
            (3, 7, "flags", 40),
            (13, 0, "action", 12),
            (13, 1, "type", 10),
            (13, 2, "peg", 3),
            (13, 3, "reserved", 1),
            (13, 5, "options", 64),
            (13, 6, "reserved", 1),
            (13, 7, "reserved", 1),
        ] {
            for value in 0..=255u8 {
                let mut w = words();
                let mut bytes = w[word].to_le_bytes();
                bytes[byte] = value;
                w[word] = u64::from_le_bytes(bytes);
                assert_eq!(decode(&w).is_some(), value < valid, "{name} {value}");
                if value >= valid {
                    let e = explain(0, &w);
                    assert_eq!(e.status, Code::UnknownEnum);
                    assert!(e.reason.ends_with(&format!("\nat commands[0].{name}")), "{}", e.reason);
                }
            }
        }
    }

    #[test]
    fn the_first_invalid_record_refuses_the_batch() {
        let mut memory = [words(), words(), words()];
        memory[1][2] = 1.5f64.to_bits();
        memory[2][0] = f64::NAN.to_bits();
        let error = VenueDecoder::default().commands(Bytes::of(memory.as_flattened_mut()), 3).unwrap_err();
        assert_eq!(error.reason, "expected an integer in 0..=9007199254740991, got 1.5\nat commands[1].qty");
        let error = VenueDecoder::default().commands(Bytes::of(memory.as_flattened_mut()), 4).unwrap_err();
        assert_eq!(error.status, Code::BufferLength);
        let error = VenueDecoder::default().commands(Bytes::of(memory.as_flattened_mut()), MAX_BATCH + 1).unwrap_err();
        assert_eq!(error.status, Code::BatchTooLarge);
    }

    /// Any memory is commands that mean the same again, or one error; the decoder holds no more than the batch asks for.
    fn fuzz(rounds: u64, seed: u64) {
        let (mut draw, mut decoder, mut valid) = (draws(seed), VenueDecoder::default(), 0);
        for _ in 0..rounds {
            let mut memory = words();
            for _ in 0..draw(4) {
                memory[draw(WORDS as u64) as usize] = any_word(&mut draw);
            }
            memory[3] = draw(1 << 32) | draw(5) << 32 | draw(2) << 40 | draw(7) << 48 | draw(41) << 56;
            memory[13] = draw(13) | draw(10) << 8 | draw(3) << 16 | (draw(20) / 19) << 24 | draw(8200) << 32;
            let words = memory;
            let count = 1 + usize::from(draw(50) == 0);
            match decoder.commands(Bytes::of(&mut memory), count) {
                Ok([c]) => {
                    valid += 1;
                    let o = &c.order;
                    let numbers =
                        [o.id as f64, o.price as f64, o.qty as f64, c.stop_price as f64, c.display_qty as f64];
                    let more = [c.display_range as f64, c.min_qty as f64, c.expire_at as f64, c.link as f64];
                    let last = [c.parent as f64, c.offset as f64, c.step as f64];
                    let read = [&numbers[..], &more, &last].concat();
                    let given: Vec<f64> = NUMBERS.iter().map(|(_, at, _)| f64::from_bits(words[*at])).collect();
                    assert_eq!(read, given, "{words:?}");
                    let [low, high] = c.options.bits().to_le_bytes();
                    let codes = [c.action as u8, c.order_type as u8, c.peg as u8, 0, low, high, 0, 0];
                    assert_eq!(codes, words[13].to_le_bytes(), "{words:?}");
                    let owner = u64::from(o.owner);
                    let codes = [o.kind as u8, o.side as u8, o.tif as u8, o.flags.bits()];
                    assert_eq!(owner | u64::from(u32::from_le_bytes(codes)) << 32, words[3], "{words:?}");
                }
                Ok(more) => panic!("one record gave {} commands", more.len()),
                Err(e) if count == 2 => assert_eq!(e.status, Code::BufferLength),
                Err(e) => {
                    assert!(!e.reason.contains("expected a valid record"), "{words:?}");
                    assert_eq!(e.reason, explain(0, &words).reason);
                }
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
        fuzz(100_000_000, 2);
    }
}
