//! LOBSTER: reconstructed NASDAQ days for research, as a message file and an order book file of as many rows.
//!
//! A message row is `time,type,order id,size,price,direction`; the order book row beside it is the book after that
//! message, `ask price,ask size,bid price,bid size` for each level. Times are seconds after midnight, prices 1/10,000 of
//! the currency. Levels that do not exist are filled with ±9999999999 and size 0, and are left out here. (Source:
//! LOBSTER's own sample files' readme, 2013.)
//!
//! The readers promise that every field is in range and that book rows are sorted, best level first. That the two files
//! have as many rows is for whoever reads both, see [`LobsterReplay`](crate::LobsterReplay).
//!
//! ```
//! use toprung_data::{MessageKind, MessageReader, Source};
//!
//! let mut reader = MessageReader::new(Source::from_bytes("message.csv", b"34200.05,1,17,100,1234500,1\n".to_vec()));
//! let m = reader.next_message().unwrap().unwrap();
//! assert_eq!((m.time_ns, m.kind, m.price_units), (34_200_050_000_000, MessageKind::Submission, 1_234_500));
//! ```

use toprung_book::Side;

use crate::error::{DataError, FieldError};
use crate::lines::{Fields, LastLine, Lines};
use crate::replay::{Level, RESERVED_IDS_START};
use crate::source::Source;

/// Price of a level that does not exist: this on the ask side, its negative on the bid side.
pub const DUMMY_PRICE: i64 = 9_999_999_999;
/// Most shares in a message or a level, so that sums over a day cannot overflow.
pub const MAX_SHARES: u64 = 1 << 40;
/// Most levels per side that a book file may have.
pub const MAX_LEVELS: usize = 1_000;

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum MessageKind {
    /// 1: a new limit order.
    Submission = 1,
    /// 2: an order is reduced by `size`.
    Cancellation = 2,
    /// 3: an order of `size` is taken off.
    Deletion = 3,
    /// 4: a displayed order executes.
    Execution = 4,
    /// 5: a hidden order executes; the displayed book does not change.
    HiddenExecution = 5,
    /// 6: a cross trade, an auction for instance; the displayed book does not change.
    Cross = 6,
    /// 7: a trading halt or its end; the displayed book does not change.
    Halt = 7,
}

impl MessageKind {
    /// Whether the message changes the displayed book.
    pub fn is_displayed(self) -> bool {
        self as u8 <= MessageKind::Execution as u8
    }

    fn from_u64(v: u64) -> Option<MessageKind> {
        use MessageKind::{Cancellation, Cross, Deletion, Execution, Halt, HiddenExecution, Submission};
        let kinds = [Submission, Cancellation, Deletion, Execution, HiddenExecution, Cross, Halt];
        kinds.get(usize::try_from(v).ok()?.checked_sub(1)?).copied()
    }
}

/// One row of a message file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LobsterMessage {
    /// Nanoseconds after midnight.
    pub time_ns: u64,
    /// The order's id; 0 where there is none (hidden executions, crosses, halts).
    pub id: u64,
    /// Shares; above zero for what changes the displayed book.
    pub size: u64,
    /// Price in 1/10,000; of a halt −1 (halted), 0 (quoting) or 1 (trading).
    pub price_units: i64,
    /// What it says.
    pub kind: MessageKind,
    /// Side of the resting order: the execution of a sell order is a buyer's trade.
    pub side: Side,
}

/// Reads a message file.
#[derive(Debug)]
pub struct MessageReader {
    lines: Lines,
}

impl MessageReader {
    /// Reads messages from `source`.
    pub fn new(source: Source) -> MessageReader {
        MessageReader { lines: Lines::new(source, LastLine::MustEnd) }
    }

    /// The next message, or `None` behind the last.
    pub fn next_message(&mut self) -> Result<Option<LobsterMessage>, DataError> {
        let Some(line) = self.lines.next_line()? else { return Ok(None) };
        match parse_message(line) {
            Ok(m) => Ok(Some(m)),
            Err(e) => Err(self.lines.error(*e)),
        }
    }

    /// The price in ticks of the displayed message `m`, which was read last.
    pub(crate) fn price_in_ticks(&self, m: &LobsterMessage, tick: i64) -> Result<i64, DataError> {
        let wrong = || self.lines.error(*FieldError::new(PRICE_COLUMN, OFF_TICK, m.price_units.to_string().as_bytes()));
        to_ticks(m.price_units, tick).ok_or_else(wrong)
    }

    /// The file's name, as errors show it.
    pub fn name(&self) -> &str {
        self.lines.source().name()
    }
}

/// Whether a line looks like a message.
pub(crate) fn looks_like_message(line: &[u8]) -> bool {
    parse_message(line).is_ok()
}

/// Field of a message that has its price, from 1.
const PRICE_COLUMN: u32 = 5;

const TIME: &str = "a time in seconds after midnight (like 34200.012345678)";
const KIND: &str = "a message type (1 to 7)";
const ID: &str = "an order id (integer from 1, below 2^52)";
const SIZE: &str = "a number of shares (integer above 0, at most 2^40)";

fn parse_message(line: &[u8]) -> Result<LobsterMessage, Box<FieldError>> {
    let f = &mut Fields::new(line);
    let time = f.bytes(TIME)?;
    let time_ns = parse_time(time).ok_or_else(|| f.wrong(TIME, time))?;
    let kind = f.u64(KIND)?;
    let Some(kind) = MessageKind::from_u64(kind) else { return Err(f.wrong(KIND, kind.to_string().as_bytes())) };
    let (id, size) = if kind.is_displayed() {
        let id = f.u64(ID)?;
        if !(1..RESERVED_IDS_START).contains(&id) {
            return Err(f.wrong(ID, id.to_string().as_bytes()));
        }
        let size = f.positive(SIZE)?;
        if size > MAX_SHARES {
            return Err(f.wrong(SIZE, size.to_string().as_bytes()));
        }
        (id, size)
    } else {
        // Rows about no displayed order carry 0 or -1 here, depending on the year of the file.
        (f.i64("an order id (integer)")?.max(0) as u64, f.u64("a number of shares (integer)")?)
    };
    let price_units = f.i64("a price in 1/10,000 (integer)")?;
    let side = match f.i64("a direction (1 or -1)")? {
        1 => Side::Buy,
        -1 => Side::Sell,
        // Crosses and halts have no direction.
        0 if !kind.is_displayed() => Side::Sell,
        other => return Err(f.wrong("a direction (1 or -1)", other.to_string().as_bytes())),
    };
    f.finish()?;
    Ok(LobsterMessage { time_ns, id, size, price_units, kind, side })
}

/// Seconds with up to nine decimals as nanoseconds; further decimals are below the clock and are dropped.
fn parse_time(field: &[u8]) -> Option<u64> {
    let (mut seconds, mut i) = (0u64, 0);
    while let Some(d) = digit(field, i) {
        seconds = seconds.checked_mul(10)?.checked_add(d)?;
        i += 1;
    }
    if i == 0 {
        return None;
    }
    let mut ns = seconds.checked_mul(1_000_000_000)?;
    if i < field.len() {
        if field[i] != b'.' || i + 1 == field.len() {
            return None;
        }
        i += 1;
        let mut unit = 100_000_000;
        while let Some(d) = digit(field, i) {
            ns = ns.checked_add(d * unit)?;
            unit /= 10;
            i += 1;
        }
    }
    if i == field.len() { Some(ns) } else { None }
}

fn digit(field: &[u8], i: usize) -> Option<u64> {
    field.get(i).map(|b| u64::from(b.wrapping_sub(b'0'))).filter(|d| *d <= 9)
}

/// One row of an order book file: the levels that exist, best first, prices in ticks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BookRow {
    /// Bids and asks, indexed by [`Side`].
    pub sides: [Vec<Level>; 2],
}

impl BookRow {
    /// The levels of one side.
    pub fn side(&self, side: Side) -> &[Level] {
        &self.sides[side as usize]
    }

    /// Whether the best bid is at or above the best ask, as can be while trading is halted.
    pub fn is_crossed(&self) -> bool {
        match (self.side(Side::Buy).first(), self.side(Side::Sell).first()) {
            (Some(bid), Some(ask)) => bid.price >= ask.price,
            _ => false,
        }
    }
}

/// Reads an order book file.
#[derive(Debug)]
pub struct BookReader {
    lines: Lines,
    tick_units: i64,
    levels: Option<usize>,
    row: BookRow,
}

impl BookReader {
    /// Reads book rows from `source`; `tick_units`, from 1, is the tick in 1/10,000: 100 is a cent.
    pub fn new(source: Source, tick_units: i64) -> BookReader {
        BookReader {
            lines: Lines::new(source, LastLine::MustEnd),
            tick_units: tick_units.max(1),
            levels: None,
            row: BookRow::default(),
        }
    }

    /// The next row, or `None` behind the last.
    pub fn next_row(&mut self) -> Result<Option<&BookRow>, DataError> {
        let Some(line) = self.lines.next_line()? else { return Ok(None) };
        match parse_row(line, self.tick_units, &mut self.levels, &mut self.row) {
            Ok(()) => Ok(Some(&self.row)),
            Err(e) => Err(self.lines.error(*e)),
        }
    }

    /// The row that was read last.
    pub(crate) fn row(&self) -> &BookRow {
        &self.row
    }

    /// Hands the row that was read last over, and takes another's memory for the next.
    pub(crate) fn swap_row(&mut self, with: &mut BookRow) {
        std::mem::swap(&mut self.row, with);
    }

    /// What is wrong where the message file `messages` has `count` messages and this file another number of rows.
    pub(crate) fn other_count(&self, messages: &str, count: u64) -> DataError {
        let (file, line, reason) = if self.rows() < count {
            (self.name(), self.rows(), format!("{messages} has {count} messages, and every message a row"))
        } else {
            (messages, count, format!("{} has more rows, and every row a message", self.name()))
        };
        DataError::Truncated { file: file.to_owned(), line, reason }
    }

    /// Levels per side that every row has, existing or not; 0 before the first row.
    pub fn levels(&self) -> usize {
        self.levels.unwrap_or(0)
    }

    /// Rows read so far.
    pub fn rows(&self) -> u64 {
        self.lines.line()
    }

    /// The file's name, as errors show it.
    pub fn name(&self) -> &str {
        self.lines.source().name()
    }
}

fn parse_row(line: &[u8], tick: i64, levels: &mut Option<usize>, row: &mut BookRow) -> Result<(), Box<FieldError>> {
    let f = &mut Fields::new(line);
    row.sides.iter_mut().for_each(Vec::clear);
    let mut here = 0;
    // The first row tells how many levels there are, and every other must have as many.
    while levels.map_or_else(|| f.has_more(), |n| here < n) {
        level(f, Side::Sell, tick, here, &mut row.sides[1])?;
        level(f, Side::Buy, tick, here, &mut row.sides[0])?;
        here += 1;
        if here > MAX_LEVELS {
            return Err(FieldError::new(f.column(), format!("at most {MAX_LEVELS} levels"), b"more"));
        }
    }
    f.finish()?;
    *levels = Some(here);
    Ok(())
}

#[inline]
fn level(f: &mut Fields, side: Side, tick: i64, index: usize, out: &mut Vec<Level>) -> Result<(), Box<FieldError>> {
    let units = f.i64("a price in 1/10,000 (integer)")?;
    let price_column = f.column();
    let qty = f.u64("a number of shares (integer)")?;
    if qty > MAX_SHARES {
        return Err(f.wrong("at most 2^40 shares", qty.to_string().as_bytes()));
    }
    if qty == 0 {
        let dummy = if side == Side::Sell { DUMMY_PRICE } else { -DUMMY_PRICE };
        if units != dummy {
            return Err(f.wrong("a number of shares above 0, as the level exists", b"0"));
        }
        return Ok(());
    }
    let wrong = |expected: &'static str| FieldError::new(price_column, expected, units.to_string().as_bytes());
    if out.len() < index {
        return Err(wrong("no level behind one that does not exist"));
    }
    if units.unsigned_abs() >= DUMMY_PRICE as u64 {
        return Err(f.wrong("0 shares, as the level does not exist", qty.to_string().as_bytes()));
    }
    let price = to_ticks(units, tick).ok_or_else(|| wrong(OFF_TICK))?;
    if let Some(last) = out.last() {
        let sorted = if side == Side::Sell { last.price < price } else { last.price > price };
        if !sorted {
            return Err(wrong("a price that is worse than the level before it"));
        }
    }
    out.push(Level { price, qty });
    Ok(())
}

/// What an error says about a price between two ticks.
pub(crate) const OFF_TICK: &str = "a price on the tick (100 units are a cent; a finer tick is an option)";

/// A price in ticks, unless it is between two.
#[inline]
pub(crate) fn to_ticks(units: i64, tick: i64) -> Option<i64> {
    // The usual tick is a constant to the compiler, which saves a division of some 20 cycles per level.
    let ticks = if tick == 100 { units / 100 } else { units / tick };
    (ticks * tick == units).then_some(ticks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(line: &str) -> Result<LobsterMessage, String> {
        let mut reader = MessageReader::new(Source::from_bytes("m.csv", format!("{line}\n").into_bytes()));
        reader.next_message().map(Option::unwrap).map_err(|e| e.to_string())
    }

    fn rows(text: &str) -> Result<Vec<BookRow>, String> {
        let mut reader = BookReader::new(Source::from_bytes("b.csv", text.as_bytes().to_vec()), 100);
        let mut rows = Vec::new();
        while let Some(row) = reader.next_row().map_err(|e| e.to_string())? {
            rows.push(row.clone());
        }
        Ok(rows)
    }

    #[test]
    fn times_have_up_to_nine_decimals() {
        for (field, ns) in [
            ("34200", Some(34_200_000_000_000)),
            ("34200.01234567", Some(34_200_012_345_670)),
            ("34200.012345678", Some(34_200_012_345_678)),
            ("34200.0123456789", Some(34_200_012_345_678)),
            ("0.5", Some(500_000_000)),
            ("34200.", None),
            (".5", None),
            ("-1", None),
            ("1e4", None),
            ("99999999999999999999", None),
            ("18446744073.9", None),
            ("", None),
        ] {
            assert_eq!(parse_time(field.as_bytes()), ns, "{field}");
        }
    }

    #[test]
    fn messages_are_checked_field_by_field() {
        let m = message("34200.5,4,17,3,1234500,-1").unwrap();
        assert_eq!(
            (m.id, m.size, m.price_units, m.kind, m.side),
            (17, 3, 1_234_500, MessageKind::Execution, Side::Sell)
        );
        assert_eq!(message("36023,7,0,0,-1,-1").unwrap().kind, MessageKind::Halt);
        assert_eq!(message("36023,6,-1,0,-1,0").unwrap().kind, MessageKind::Cross);
        for (line, error) in [
            ("x,4,17,3,1,-1", "m.csv:1:1: expected a time in seconds after midnight (like 34200.012345678), got \"x\""),
            ("1,8,17,3,1,-1", "m.csv:1:2: expected a message type (1 to 7), got \"8\""),
            ("1,0,17,3,1,-1", "m.csv:1:2: expected a message type (1 to 7), got \"0\""),
            ("1,1,0,3,1,-1", "m.csv:1:3: expected an order id (integer from 1, below 2^52), got \"0\""),
            ("1,1,7,-3,1,-1", "m.csv:1:4: expected a number of shares (integer above 0, at most 2^40), got \"-3\""),
            ("1,1,7,3,1.5,-1", "m.csv:1:5: expected a price in 1/10,000 (integer), got \"1.5\""),
            ("1,1,7,3,1,0", "m.csv:1:6: expected a direction (1 or -1), got \"0\""),
            ("1,1,7,3,1", "m.csv:1:6: expected a direction (1 or -1), got the end of the line"),
            ("1,1,7,3,1,1,9", "m.csv:1:7: expected the end of the line, got \"9\""),
        ] {
            assert_eq!(message(line).unwrap_err(), error);
        }
    }

    #[test]
    fn book_rows_leave_out_levels_that_do_not_exist() {
        let text = "200,1,100,2,300,3,-9999999999,0\n9999999999,0,100,2,9999999999,0,-9999999999,0\n";
        let got = rows(text).unwrap();
        let level = |price, qty| Level { price, qty };
        assert_eq!(got[0].sides, [vec![level(1, 2)], vec![level(2, 1), level(3, 3)]]);
        assert_eq!(got[1].sides, [vec![level(1, 2)], vec![]]);
    }

    #[test]
    fn book_rows_are_checked_field_by_field() {
        for (text, error) in [
            (
                "250,1,100,2\n",
                "b.csv:1:1: expected a price on the tick (100 units are a cent; a finer tick is an option), got \"250\"",
            ),
            (
                "200,1,100,2,200,1,0,1\n",
                "b.csv:1:5: expected a price that is worse than the level before it, got \"200\"",
            ),
            ("200,0,100,2\n", "b.csv:1:2: expected a number of shares above 0, as the level exists, got \"0\""),
            ("9999999999,4,100,2\n", "b.csv:1:2: expected 0 shares, as the level does not exist, got \"4\""),
            ("200,1,100\n", "b.csv:1:4: expected a number of shares (integer), got the end of the line"),
            (
                "200,1,100,2\n200,1,100,2,300,1,-100,1\n",
                "b.csv:2:5: expected the end of the line, got \"300,1,-100,1\"",
            ),
            (
                "200,1,-9999999999,0,300,1,100,1\n",
                "b.csv:1:7: expected no level behind one that does not exist, got \"100\"",
            ),
        ] {
            assert_eq!(rows(text).unwrap_err(), error);
        }
    }
}
