//! The exchange replay format: a day of an exchange as price-time commands, with what the exchange did to check against.
//!
//! One record per line, the first field a time in nanoseconds; lines that begin with `#` are comments:
//!
//! ```text
//! t,N,id,B|S,price,qty,src      a limit order that rests
//! t,C,id,src                    an order is taken off
//! t,R,id,by,src                 an order is reduced and keeps its place
//! t,M,id,price,qty              an order is replaced and loses its place
//! t,X,B|S,limit,qty,id:price:qty;...   an incoming IOC order, and what it must trade, in order
//! t,K,bp:bq;bp:bq...|ap:aq;...  the levels that the book must begin with, best first
//! ```
//!
//! Prices are ticks, quantities lots. [`ReplayReader`] promises that every record it gives is well formed on its own;
//! whether a book agrees with it is for [`replay`](crate::replay()) to say.
//!
//! ```
//! use toprung_data::{ReplayAction, ReplayReader, Source};
//! let text = b"# a comment\n100,N,7,S,1005,30,0\n200,X,B,1005,10,7:1005:10\n".to_vec();
//! let records: Vec<_> = ReplayReader::new(Source::from_bytes("day.csv", text)).collect::<Result<_, _>>().unwrap();
//! assert_eq!((records.len(), records[1].line, records[1].time_ns), (2, 3, 200));
//! assert!(matches!(&records[1].action, ReplayAction::Aggress { qty: 10, fills, .. } if fills[0].maker == 7));
//! ```

use toprung_book::Side;

use crate::error::{DataError, FieldError};
use crate::lines::{Fields, LastLine, Lines, leading_number};
use crate::source::Source;

/// Ids from here up to [`RESERVED_IDS_END`] are given to the aggressive orders of a replay, which have none of their own.
///
/// A file may not use them (it is a format error), so no invented id can ever meet one of the file's. They are below
/// 2⁵³ so that they stay exact as float64 columns, and no venue is known whose ids are there.
pub const RESERVED_IDS_START: u64 = 1 << 52;
/// First id behind the reserved ones, see [`RESERVED_IDS_START`].
pub const RESERVED_IDS_END: u64 = 1 << 53;

/// Where a record of a replay comes from: field `src`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Origin {
    /// 0: a message of the exchange.
    Real = 0,
    /// 1: an order whose entry, or whose end, is outside the data.
    OutsideData = 1,
    /// 2: anonymous quantity that the published book shows, or an execution outside price-time priority done by hand.
    Anonymous = 2,
    /// 3: of a new order the initial book, of a removal self-match prevention.
    Initial = 3,
    /// 4: a replace that would cross.
    Crossing = 4,
}

impl Origin {
    /// Number of origins.
    pub const COUNT: usize = 5;

    fn from_u64(v: u64) -> Option<Origin> {
        [Origin::Real, Origin::OutsideData, Origin::Anonymous, Origin::Initial, Origin::Crossing]
            .get(v as usize)
            .copied()
    }
}

/// One execution against a resting order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The resting order.
    pub maker: u64,
    /// Price in ticks.
    pub price: i64,
    /// Quantity in lots.
    pub qty: u64,
}

/// Price in ticks and aggregated quantity in lots of one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Price in ticks.
    pub price: i64,
    /// Open quantity in lots.
    pub qty: u64,
}

/// What a record asks for, or asks to be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayAction {
    /// `N`: a limit order that rests; it does not cross.
    Add {
        /// Its id.
        id: u64,
        /// Its side.
        side: Side,
        /// Price in ticks.
        price: i64,
        /// Quantity in lots, above zero.
        qty: u64,
        /// Where it comes from.
        origin: Origin,
    },
    /// `C`: an order is taken off.
    Remove {
        /// Its id.
        id: u64,
        /// Where it comes from.
        origin: Origin,
    },
    /// `R`: an order is reduced and keeps its place.
    Reduce {
        /// Its id.
        id: u64,
        /// Lots taken off, above zero.
        by: u64,
        /// Where it comes from.
        origin: Origin,
    },
    /// `M`: an order is replaced and loses its place.
    Replace {
        /// Its id.
        id: u64,
        /// New price in ticks.
        price: i64,
        /// New open quantity in lots, above zero.
        qty: u64,
    },
    /// `X`: an incoming immediate-or-cancel order and what the exchange executed.
    Aggress {
        /// Its side.
        side: Side,
        /// Limit price in ticks.
        limit: i64,
        /// Quantity in lots, above zero.
        qty: u64,
        /// What it must trade, in order; at least one.
        fills: Vec<Fill>,
    },
    /// `K`: the book must begin with these levels, best first.
    Checkpoint {
        /// Bid levels.
        bids: Vec<Level>,
        /// Ask levels.
        asks: Vec<Level>,
    },
}

/// One record of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayRecord {
    /// Where it stands in its source, from 1: the line of a replay file, the message of a LOBSTER day.
    pub line: u64,
    /// Time in nanoseconds; what it counts from is the file's choice.
    pub time_ns: u64,
    /// What to do, or to check.
    pub action: ReplayAction,
}

/// Whatever gives the records of a replay in order.
pub trait ReplaySource {
    /// The next record, or `None` behind the last. After an error there is nothing more to be had.
    fn next_record(&mut self) -> Result<Option<ReplayRecord>, DataError>;

    /// Done so far and in all, for progress: bytes as they are on the disk, or messages of a LOBSTER day.
    fn position(&self) -> (u64, u64);

    /// The file's name, as errors show it.
    fn name(&self) -> &str;
}

/// Reads a replay file; also an iterator over its records.
#[derive(Debug)]
pub struct ReplayReader {
    lines: Lines,
    finished: bool,
}

impl ReplayReader {
    /// Reads records from `source`.
    pub fn new(source: Source) -> ReplayReader {
        ReplayReader { lines: Lines::new(source, LastLine::MustEnd), finished: false }
    }
}

impl ReplaySource for ReplayReader {
    fn next_record(&mut self) -> Result<Option<ReplayRecord>, DataError> {
        loop {
            let Some(line) = self.lines.next_line()? else { return Ok(None) };
            if line.first() == Some(&b'#') {
                continue;
            }
            return match parse(line) {
                Ok((time_ns, action)) => Ok(Some(ReplayRecord { line: self.lines.line(), time_ns, action })),
                Err(e) => Err(self.lines.error(*e)),
            };
        }
    }

    fn position(&self) -> (u64, u64) {
        self.lines.source().position()
    }

    fn name(&self) -> &str {
        self.lines.source().name()
    }
}

impl Iterator for ReplayReader {
    type Item = Result<ReplayRecord, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        let item = self.next_record().transpose();
        self.finished = !matches!(item, Some(Ok(_)));
        item
    }
}

/// Whether a line looks like a replay record: a time and one of the operations.
pub(crate) fn looks_like_record(line: &[u8]) -> bool {
    let mut f = Fields::new(line);
    f.u64("").is_ok() && matches!(f.bytes(""), Ok([b'N' | b'C' | b'R' | b'M' | b'X' | b'K']))
}

const PRICE: &str = "a price in ticks (integer)";
const QTY: &str = "a quantity (integer above 0)";
const ID: &str = "an order id (integer, not from 2^52 up to 2^53)";

fn parse(line: &[u8]) -> Result<(u64, ReplayAction), Box<FieldError>> {
    let f = &mut Fields::new(line);
    let time_ns = f.u64("a time in nanoseconds (integer)")?;
    let action = match f.bytes("an operation (N, C, R, M, X or K)")? {
        b"N" => ReplayAction::Add {
            id: id(f)?,
            side: side(f)?,
            price: f.i64(PRICE)?,
            qty: f.positive(QTY)?,
            origin: origin(f)?,
        },
        b"C" => ReplayAction::Remove { id: id(f)?, origin: origin(f)? },
        b"R" => ReplayAction::Reduce { id: id(f)?, by: f.positive(QTY)?, origin: origin(f)? },
        b"M" => ReplayAction::Replace { id: id(f)?, price: f.i64(PRICE)?, qty: f.positive(QTY)? },
        b"X" => ReplayAction::Aggress { side: side(f)?, limit: f.i64(PRICE)?, qty: f.positive(QTY)?, fills: fills(f)? },
        b"K" => checkpoint(f)?,
        other => return Err(f.wrong("an operation (N, C, R, M, X or K)", other)),
    };
    f.finish()?;
    Ok((time_ns, action))
}

fn id(f: &mut Fields) -> Result<u64, Box<FieldError>> {
    let id = f.u64(ID)?;
    if (RESERVED_IDS_START..RESERVED_IDS_END).contains(&id) {
        return Err(f.wrong(ID, id.to_string().as_bytes()));
    }
    Ok(id)
}

pub(crate) fn side(f: &mut Fields) -> Result<Side, Box<FieldError>> {
    match f.bytes("a side (B or S)")? {
        b"B" => Ok(Side::Buy),
        b"S" => Ok(Side::Sell),
        other => Err(f.wrong("a side (B or S)", other)),
    }
}

fn origin(f: &mut Fields) -> Result<Origin, Box<FieldError>> {
    const SRC: &str = "a source (0 to 4)";
    let v = f.u64(SRC)?;
    Origin::from_u64(v).ok_or_else(|| f.wrong(SRC, v.to_string().as_bytes()))
}

/// The numbers of one item of a list, `:` between them; the whole item goes into the error.
struct Item<'a> {
    item: &'a [u8],
    rest: &'a [u8],
    column: u32,
    expected: &'static str,
}

impl<'a> Item<'a> {
    fn new(item: &'a [u8], column: u32, expected: &'static str) -> Item<'a> {
        Item { item, rest: item, column, expected }
    }

    fn error(&self) -> Box<FieldError> {
        FieldError::new(self.column, self.expected, self.item)
    }

    fn u64(&mut self) -> Result<u64, Box<FieldError>> {
        let (v, n) = match leading_number(self.rest) {
            Some(found) => found,
            None => self.twenty_digits().ok_or_else(|| self.error())?,
        };
        self.rest = &self.rest[n..];
        Ok(v)
    }

    /// A quantity, the last number of an item.
    fn last_positive(&mut self) -> Result<u64, Box<FieldError>> {
        let v = self.u64()?;
        if v == 0 || !self.rest.is_empty() { Err(self.error()) } else { Ok(v) }
    }

    fn i64(&mut self) -> Result<i64, Box<FieldError>> {
        let negative = self.rest.first() == Some(&b'-');
        self.rest = &self.rest[negative as usize..];
        let v = i128::from(self.u64()?);
        i64::try_from(if negative { -v } else { v }).map_err(|_| self.error())
    }

    fn colon(&mut self) -> Result<(), Box<FieldError>> {
        self.rest = self.rest.strip_prefix(b":").ok_or_else(|| self.error())?;
        Ok(())
    }

    #[cold]
    fn twenty_digits(&self) -> Option<(u64, usize)> {
        let n = self.rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let text = std::str::from_utf8(&self.rest[..n]).ok()?;
        Some((text.parse().ok()?, n))
    }
}

fn fills(f: &mut Fields) -> Result<Vec<Fill>, Box<FieldError>> {
    const FILLS: &str = "fills (id:price:qty;...)";
    let list = f.bytes(FILLS)?;
    list.split(|b| *b == b';')
        .map(|item| {
            let mut item = Item::new(item, f.column(), FILLS);
            let maker = item.u64()?;
            item.colon()?;
            let price = item.i64()?;
            item.colon()?;
            Ok(Fill { maker, price, qty: item.last_positive()? })
        })
        .collect()
}

fn checkpoint(f: &mut Fields) -> Result<ReplayAction, Box<FieldError>> {
    const LEVELS: &str = "levels (price:qty;...|price:qty;...)";
    let both = f.bytes(LEVELS)?;
    let mut sides = both.split(|b| *b == b'|');
    let (Some(bids), Some(asks), None) = (sides.next(), sides.next(), sides.next()) else {
        return Err(f.wrong(LEVELS, both));
    };
    let levels = |list: &[u8]| -> Result<Vec<Level>, Box<FieldError>> {
        if list.is_empty() {
            return Ok(Vec::new());
        }
        list.split(|b| *b == b';')
            .map(|item| {
                let mut item = Item::new(item, f.column(), LEVELS);
                let price = item.i64()?;
                item.colon()?;
                Ok(Level { price, qty: item.last_positive()? })
            })
            .collect()
    };
    Ok(ReplayAction::Checkpoint { bids: levels(bids)?, asks: levels(asks)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<ReplayRecord>, DataError> {
        ReplayReader::new(Source::from_bytes("d.csv", text.as_bytes().to_vec())).collect()
    }

    fn message(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn every_operation_is_read() {
        let text = "1,N,7,B,-5,3,2\n2,C,7,1\n3,R,7,2,0\n4,M,7,6,9\n5,X,S,4,8,1:4:3;18446744073709551615:-4:5\n6,K,5:1;4:2|\n7,K,|6:1\n";
        let actions: Vec<_> = read(text).unwrap().into_iter().map(|r| r.action).collect();
        let level = |price, qty| Level { price, qty };
        assert_eq!(
            actions,
            [
                ReplayAction::Add { id: 7, side: Side::Buy, price: -5, qty: 3, origin: Origin::Anonymous },
                ReplayAction::Remove { id: 7, origin: Origin::OutsideData },
                ReplayAction::Reduce { id: 7, by: 2, origin: Origin::Real },
                ReplayAction::Replace { id: 7, price: 6, qty: 9 },
                ReplayAction::Aggress {
                    side: Side::Sell,
                    limit: 4,
                    qty: 8,
                    fills: vec![Fill { maker: 1, price: 4, qty: 3 }, Fill { maker: u64::MAX, price: -4, qty: 5 }],
                },
                ReplayAction::Checkpoint { bids: vec![level(5, 1), level(4, 2)], asks: vec![] },
                ReplayAction::Checkpoint { bids: vec![], asks: vec![level(6, 1)] },
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_line_and_field() {
        assert_eq!(message("# c\n1,N,7,B,5x,3,2\n"), "d.csv:2:5: expected a price in ticks (integer), got \"5x\"");
        assert_eq!(message("1,N,7,B,5,-3,2\n"), "d.csv:1:6: expected a quantity (integer above 0), got \"-3\"");
        assert_eq!(message("1,N,7,B,5,0,2\n"), "d.csv:1:6: expected a quantity (integer above 0), got \"0\"");
        assert_eq!(message("1,N,7,B,5,3\n"), "d.csv:1:7: expected a source (0 to 4), got the end of the line");
        assert_eq!(message("1,N,7,B,5,3,5\n"), "d.csv:1:7: expected a source (0 to 4), got \"5\"");
        assert_eq!(message("1,N,7,B,5,3,0,9\n"), "d.csv:1:8: expected the end of the line, got \"9\"");
        assert_eq!(message("1,N,7,b,5,3,0\n"), "d.csv:1:4: expected a side (B or S), got \"b\"");
        assert_eq!(message("1,Q,7\n"), "d.csv:1:2: expected an operation (N, C, R, M, X or K), got \"Q\"");
        assert_eq!(message("\n"), "d.csv:1:1: expected a time in nanoseconds (integer), got \"\"");
        assert_eq!(message("1,X,B,4,8,1:4\n"), "d.csv:1:6: expected fills (id:price:qty;...), got \"1:4\"");
        assert_eq!(message("1,X,B,4,8,1:4:3;\n"), "d.csv:1:6: expected fills (id:price:qty;...), got \"\"");
        assert_eq!(message("1,K,4:8\n"), "d.csv:1:3: expected levels (price:qty;...|price:qty;...), got \"4:8\"");
        assert_eq!(
            message("1,C,4503599627370496,0\n"),
            "d.csv:1:3: expected an order id (integer, not from 2^52 up to 2^53), got \"4503599627370496\""
        );
    }

    #[test]
    fn nothing_follows_an_error() {
        let mut reader = ReplayReader::new(Source::from_bytes("d", b"x\n1,C,7,1\n".to_vec()));
        assert!(reader.next().unwrap().is_err());
        assert!(reader.next().is_none());
    }
}
