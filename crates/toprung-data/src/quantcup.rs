//! The QuantCup feed: orders and cancels of the 2011 contest's own test feed, with the trades that it must give.
//!
//! ```text
//! N,id,B|S,0,qty,price,trader        new limit order (good till cancelled; the fourth field is always 0)
//! C,id                               cancel; an id that is no longer live is ignored
//! ```
//!
//! and the trades, under one heading line: `msg_index,taker_id,maker_id,maker_price,qty,quantcup_reported_price`, where
//! `msg_index` is the line of the feed, from 0. The last column is the incoming order's limit, which the contest printed
//! as the price; here trades are at the resting order's price, as everywhere else, and the column is only read.
//!
//! ```
//! use toprung_book::Book;
//! use toprung_data::{Source, quantcup};
//!
//! let feed = Source::from_bytes("feed.cmds.csv", b"N,1,S,0,10,100,ANN\nN,2,B,0,4,101,BOB\nC,9\n".to_vec());
//! let trades = Source::from_bytes("feed.trades.csv", b"1,2,1,100,4,101\n".to_vec());
//! let (feed, trades) = (quantcup::read_feed(feed).unwrap(), quantcup::read_trades(trades).unwrap());
//! let report = quantcup::check_feed(&feed, &trades, &mut Book::default());
//! assert!(report.agrees());
//! assert_eq!(report.ignored_cancels, 1);
//! ```

use toprung_book::{Command, Event, EventKind, EventSink, MatchingBook};

use crate::error::{DataError, FieldError};
use crate::lines::{Fields, LastLine, Lines};
use crate::replay::side;
use crate::source::Source;

const QTY: &str = "a quantity (integer above 0)";
const PRICE: &str = "a price in ticks (integer)";
const ID: &str = "an order id (integer)";

/// One trade of the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedTrade {
    /// The message that caused it, from 0.
    pub message: u64,
    /// The incoming order.
    pub taker: u64,
    /// The resting order.
    pub maker: u64,
    /// The resting order's price in ticks.
    pub price: i64,
    /// Quantity in lots.
    pub qty: u64,
}

/// What came of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedReport {
    /// Messages in the feed.
    pub messages: u64,
    /// Cancels that named no live order.
    pub ignored_cancels: u64,
    /// Trades that are expected.
    pub expected: u64,
    /// Trades that the book made.
    pub got: u64,
    /// Trades at the head of both lists that are equal; all of them when the feed agrees.
    pub equal: u64,
    /// The first place where the lists part: what is expected, and what the book did.
    pub first_difference: Option<(Option<FeedTrade>, Option<FeedTrade>)>,
}

impl FeedReport {
    /// Whether both lists of trades are the same.
    pub fn agrees(&self) -> bool {
        self.first_difference.is_none()
    }
}

/// Reads the commands of a feed, in order.
pub fn read_feed(source: Source) -> Result<Vec<Command>, DataError> {
    read(source, LastLine::MayEnd, "at least one command", |line| {
        let f = &mut Fields::new(line);
        let command = match f.bytes("an operation (N or C)")? {
            b"N" => {
                let (id, side) = (f.u64(ID)?, side(f)?);
                match f.bytes("0")? {
                    b"0" => {}
                    other => return Err(f.wrong("0", other)),
                }
                let qty = f.positive(QTY)?;
                let price = f.i64(PRICE)?;
                f.bytes("a trader's name")?;
                Command::limit(id, side, price, qty)
            }
            b"C" => Command::cancel(f.u64(ID)?),
            other => return Err(f.wrong("an operation (N or C)", other)),
        };
        f.finish()?;
        Ok(Some(command))
    })
}

/// Reads the trades that a feed must give, in order.
pub fn read_trades(source: Source) -> Result<Vec<FeedTrade>, DataError> {
    let mut first = true;
    read(source, LastLine::MayEnd, "at least one trade", |line| {
        if std::mem::take(&mut first) && line.starts_with(b"msg_index,") {
            return Ok(None);
        }
        let f = &mut Fields::new(line);
        let message = f.u64("a message number (integer)")?;
        let (taker, maker, price, qty) = (f.u64(ID)?, f.u64(ID)?, f.i64(PRICE)?, f.positive(QTY)?);
        f.i64(PRICE)?;
        f.finish()?;
        Ok(Some(FeedTrade { message, taker, maker, price, qty }))
    })
}

fn read<T>(
    source: Source,
    last_line: LastLine,
    expected: &'static str,
    mut parse: impl FnMut(&[u8]) -> Result<Option<T>, Box<FieldError>>,
) -> Result<Vec<T>, DataError> {
    let mut lines = Lines::new(source, last_line);
    let mut out = Vec::new();
    while let Some(line) = lines.next_line()? {
        match parse(line) {
            Ok(item) => out.extend(item),
            Err(e) => return Err(lines.error(*e)),
        }
    }
    if out.is_empty() {
        return Err(DataError::Empty { file: lines.source().name().to_owned(), expected });
    }
    Ok(out)
}

/// Runs a feed through `book`, which should be empty, and compares the trades one by one.
pub fn check_feed<B: MatchingBook>(commands: &[Command], expected: &[FeedTrade], book: &mut B) -> FeedReport {
    let mut watch = Watch { message: 0, trades: Vec::with_capacity(expected.len()), rejected: 0 };
    for (message, command) in commands.iter().enumerate() {
        watch.message = message as u64;
        book.apply(command, &mut watch);
    }
    let got = watch.trades;
    let equal = expected.iter().zip(&got).take_while(|(e, g)| e == g).count();
    let parted = equal < expected.len() || equal < got.len();
    FeedReport {
        messages: commands.len() as u64,
        ignored_cancels: watch.rejected,
        expected: expected.len() as u64,
        got: got.len() as u64,
        equal: equal as u64,
        first_difference: parted.then(|| (expected.get(equal).copied(), got.get(equal).copied())),
    }
}

struct Watch {
    message: u64,
    trades: Vec<FeedTrade>,
    rejected: u64,
}

impl EventSink for Watch {
    fn event(&mut self, e: &Event) {
        match e.kind {
            EventKind::Trade => self.trades.push(FeedTrade {
                message: self.message,
                taker: e.taker(),
                maker: e.maker(),
                price: e.price,
                qty: e.qty,
            }),
            EventKind::Rejected => self.rejected += 1,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use toprung_book::BookConfig;
    use toprung_book::naive::NaiveBook;

    fn source(text: &str) -> Source {
        Source::from_bytes("q.csv", text.as_bytes().to_vec())
    }

    #[test]
    fn a_feed_is_checked_trade_by_trade_and_dead_cancels_are_ignored() {
        let feed = read_feed(source("N,1,S,0,10,100,A\nC,9\nN,2,B,0,4,101,B\nN,3,B,0,9,100,C\nC,1\n")).unwrap();
        let trades = read_trades(source("msg_index,t,m,p,q,r\n2,2,1,100,4,101\n3,3,1,100,6,100\n")).unwrap();
        let report = check_feed(&feed, &trades, &mut NaiveBook::new(BookConfig::default()));
        assert!(report.agrees());
        assert_eq!((report.equal, report.ignored_cancels), (2, 2));
        let report = check_feed(&feed, &trades[..1], &mut NaiveBook::new(BookConfig::default()));
        assert_eq!(report.first_difference, Some((None, Some(trades[1]))));
        assert_eq!(report.equal, 1);
    }

    #[test]
    fn malformed_feeds_name_line_and_field() {
        let message = |text: &str| read_feed(source(text)).unwrap_err().to_string();
        assert_eq!(message("N,1,S,1,10,100,A\n"), "q.csv:1:4: expected 0, got \"1\"");
        assert_eq!(message("N,1,S,0,10,100\n"), "q.csv:1:7: expected a trader's name, got the end of the line");
        assert_eq!(message("C,x\n"), "q.csv:1:2: expected an order id (integer), got \"x\"");
        assert_eq!(message("M,1\n"), "q.csv:1:1: expected an operation (N or C), got \"M\"");
        assert_eq!(read_feed(source("")).unwrap_err().code(), "ERR_TOPRUNG_DATA_EMPTY");
        assert_eq!(read_trades(source("msg_index,\n")).unwrap_err().code(), "ERR_TOPRUNG_DATA_EMPTY");
        assert_eq!(
            read_trades(source("1,2,3,4,-5,6\n")).unwrap_err().to_string(),
            "q.csv:1:5: expected a quantity (integer above 0), got \"-5\""
        );
    }
}
