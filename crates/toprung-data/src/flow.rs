//! The order-flow consensus format: commands in, one canonical report text out, whose SHA-256 independent engines agree on.
//!
//! A command's number, from 0, is its `seq`:
//!
//! ```text
//! N,order_id,B|S,ioc 0|1,qty,price_ticks     new limit order, immediate-or-cancel if 1
//! C,order_id                                 cancel
//! M,order_id,B|S,new_qty,new_price_ticks     modify: cancel and enter again, so the place in the queue is always lost
//! ```
//!
//! The report has one line per event, sorted by (seq, type) with trades in match order, joined by `\n` without a last one:
//!
//! ```text
//! 0,seq,side,order_id,price,qty              order taken (side 0 buy, 1 sell)
//! 1,seq,price,qty,maker_id,taker_id          trade
//! 2,seq,side,order_id,price                  cancelled, on request or as the rest of an IOC
//! 3,seq,side,order_id,new_price,new_qty      modified
//! 4,seq,order_id                             cancel refused: not resting
//! 5,seq,order_id                             modify refused: not resting
//! ```
//!
//! Two things are outside the format, and are errors instead of silence: a modify that names the other side than the
//! resting order's, and a new order under a live id.
//!
//! ```
//! use toprung_book::Book;
//! use toprung_data::{Source, flow, replay_book_config};
//!
//! let text = b"N,1,S,0,10,100\nN,2,B,1,4,100\n".to_vec();
//! let commands = flow::read_commands(Source::from_bytes("two.cmds.csv", text)).unwrap();
//! let run = flow::run_flow("two.cmds.csv", &commands, &mut Book::new(replay_book_config())).unwrap();
//! assert_eq!(run.text, b"0,0,1,1,100,10\n0,1,0,2,100,4\n1,1,100,4,1,2");
//! assert_eq!(run.sha256.len(), 64);
//! ```

use sha2::{Digest as _, Sha256};
use toprung_book::{Command, CommandKind, Event, EventKind, MatchingBook, Reason, Side, TimeInForce};

use crate::error::{DataError, FieldError};
use crate::lines::{Fields, LastLine, Lines};
use crate::replay::side;
use crate::source::Source;

const QTY: &str = "a quantity (integer above 0)";
const NEW_QTY: &str = "an open quantity (integer, 0 or more)";
const PRICE: &str = "a price in ticks (integer)";
const ID: &str = "an order id (integer)";
const OP: &str = "an operation (N, C or M)";

/// Reads every command of a command file, in order. `M` carries the side that the file states.
///
/// A last line without a line end is accepted: the report's hash shows whether anything is missing.
pub fn read_commands(source: Source) -> Result<Vec<Command>, DataError> {
    let mut lines = Lines::new(source, LastLine::MayEnd);
    let mut commands = Vec::new();
    while let Some(line) = lines.next_line()? {
        if line.first() == Some(&b'#') {
            continue;
        }
        match parse(line) {
            Ok(c) => commands.push(c),
            Err(e) => return Err(lines.error(*e)),
        }
    }
    if commands.is_empty() {
        return Err(DataError::Empty { file: lines.source().name().to_owned(), expected: "at least one command" });
    }
    Ok(commands)
}

fn parse(line: &[u8]) -> Result<Command, Box<FieldError>> {
    let f = &mut Fields::new(line);
    let command = match f.bytes(OP)? {
        b"N" => {
            let (id, side) = (f.u64(ID)?, side(f)?);
            let tif = match f.u64("0 or 1 (immediate or cancel)")? {
                0 => TimeInForce::Gtc,
                1 => TimeInForce::Ioc,
                v => return Err(f.wrong("0 or 1 (immediate or cancel)", v.to_string().as_bytes())),
            };
            let qty = f.positive(QTY)?;
            Command::limit(id, side, f.i64(PRICE)?, qty).with_tif(tif)
        }
        b"C" => Command::cancel(f.u64(ID)?),
        b"M" => {
            let (id, side, qty) = (f.u64(ID)?, side(f)?, f.u64(NEW_QTY)?);
            Command { side, ..Command::replace(id, f.i64(PRICE)?, qty) }
        }
        other => return Err(f.wrong(OP, other)),
    };
    f.finish()?;
    Ok(command)
}

/// What cannot be written as a canonical report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportError {
    /// A modify names the other side than the order rests on.
    OtherSide,
    /// A new order was refused, and why.
    Refused(Reason),
}

/// Appends the canonical report lines of one command, each with its `\n`, to `out`.
///
/// `events` are all the events of this command in the order in which the book gave them; `seq` is the command's number.
pub fn report_command(seq: u64, command: &Command, events: &[Event], out: &mut Vec<u8>) -> Result<(), ReportError> {
    // The event order is answer, trades, end of a rest; only a modify's answer (type 3) has to move behind its trades.
    let (mut replaced, mut ended) = (None, None);
    for e in events {
        match e.kind {
            EventKind::Accepted => line(out, &[0, seq, e.side as u64, e.id], &[e.price], Some(e.qty)),
            EventKind::Trade => {
                begin(out, 1, seq);
                signed(out, e.price);
                rest(out, &[e.qty, e.maker(), e.taker()]);
            }
            EventKind::Cancelled => ended = Some(e),
            EventKind::Replaced if e.side != command.side => return Err(ReportError::OtherSide),
            EventKind::Replaced => replaced = Some(e),
            EventKind::Rejected => match command.kind {
                CommandKind::Cancel => line(out, &[4, seq, e.id], &[], None),
                CommandKind::Replace if e.reason == Reason::UnknownOrder => line(out, &[5, seq, e.id], &[], None),
                _ => return Err(ReportError::Refused(e.reason)),
            },
            // No command of this format reduces, and a book has no other kinds.
            EventKind::Reduced
            | EventKind::Triggered
            | EventKind::Refreshed
            | EventKind::Repriced
            | EventKind::Phase
            | EventKind::Indicative
            | EventKind::Acknowledged => {}
        }
    }
    if let Some(e) = ended {
        line(out, &[2, seq, e.side as u64, e.id], &[e.price], None);
    }
    if let Some(e) = replaced {
        line(out, &[3, seq, e.side as u64, e.id], &[e.price], Some(e.qty));
    }
    Ok(())
}

fn begin(out: &mut Vec<u8>, kind: u64, seq: u64) {
    number(out, kind);
    out.push(b',');
    number(out, seq);
    out.push(b',');
}

fn rest(out: &mut Vec<u8>, values: &[u64]) {
    for v in values {
        out.push(b',');
        number(out, *v);
    }
    out.push(b'\n');
}

fn line(out: &mut Vec<u8>, head: &[u64], price: &[i64], qty: Option<u64>) {
    for (i, v) in head.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        number(out, *v);
    }
    for p in price {
        out.push(b',');
        signed(out, *p);
    }
    rest(out, qty.as_slice());
}

fn signed(out: &mut Vec<u8>, v: i64) {
    if v < 0 {
        out.push(b'-');
    }
    number(out, v.unsigned_abs());
}

/// Decimal digits; `write!` takes several times as long, and a flow has a million numbers.
fn number(out: &mut Vec<u8>, mut v: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (v % 10) as u8;
        v /= 10;
        if v == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// What a flow did to a book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowRun {
    /// The canonical report text, without a last `\n`.
    pub text: Vec<u8>,
    /// Its SHA-256, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Trades in it.
    pub trades: u64,
    /// Lines in it.
    pub lines: u64,
}

/// Runs `commands` through `book`, which should be empty and lose priority on every replace, and writes the report.
///
/// `file` is the name that an error shows; the error's line is the command's, counted from 1.
pub fn run_flow<B: MatchingBook>(file: &str, commands: &[Command], book: &mut B) -> Result<FlowRun, DataError> {
    let mut text = Vec::with_capacity(commands.len().saturating_mul(24));
    let mut events: Vec<Event> = Vec::new();
    let (mut trades, mut lines) = (0, 0);
    for (seq, command) in commands.iter().enumerate() {
        events.clear();
        book.apply(command, &mut events);
        trades += events.iter().filter(|e| e.kind == EventKind::Trade).count() as u64;
        lines += events.len() as u64;
        report_command(seq as u64, command, &events, &mut text).map_err(|e| outside_format(file, seq, command, e))?;
    }
    if text.last() == Some(&b'\n') {
        text.pop();
    }
    let sha256 = hex(&Sha256::digest(&text));
    Ok(FlowRun { text, sha256, trades, lines })
}

#[cold]
fn outside_format(file: &str, seq: usize, command: &Command, e: ReportError) -> DataError {
    let (column, expected, got) = match e {
        ReportError::OtherSide => {
            let got = if command.side == Side::Buy { "\"B\"" } else { "\"S\"" };
            (3, "the side on which the order rests", got.to_owned())
        }
        ReportError::Refused(reason) => {
            (2, "an order that can be taken", format!("order {}, refused: {}", command.id, reason.name()))
        }
    };
    DataError::Format { file: file.to_owned(), line: seq as u64 + 1, column, expected: expected.into(), got }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |v: u8| char::from(if v < 10 { b'0' + v } else { b'a' + v - 10 });
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay_driver::replay_book_config;
    use toprung_book::naive::NaiveBook;

    fn commands(text: &str) -> Result<Vec<Command>, DataError> {
        read_commands(Source::from_bytes("f.csv", text.as_bytes().to_vec()))
    }

    fn report(text: &str) -> Result<String, DataError> {
        let mut book = NaiveBook::new(replay_book_config());
        run_flow("f.csv", &commands(text)?, &mut book).map(|r| String::from_utf8(r.text).unwrap())
    }

    #[test]
    fn every_kind_of_line_is_written_in_canonical_order() {
        let text = "N,1,S,0,10,100\nN,2,S,0,5,101\nN,3,B,1,12,100\nM,2,S,7,102\nN,4,B,0,3,99\nM,4,B,9,102\nC,9\nM,9,B,1,1\nC,4\n";
        let expected = "0,0,1,1,100,10\n0,1,1,2,101,5\n0,2,0,3,100,12\n1,2,100,10,1,3\n2,2,0,3,100\n3,3,1,2,102,7\n\
                        0,4,0,4,99,3\n1,5,102,7,2,4\n3,5,0,4,102,9\n4,6,9\n5,7,9\n2,8,0,4,102";
        assert_eq!(report(text).unwrap(), expected);
    }

    #[test]
    fn what_the_format_cannot_say_is_an_error() {
        let e = report("N,1,S,0,10,100\nM,1,B,10,99\n").unwrap_err();
        assert_eq!(e.to_string(), "f.csv:2:3: expected the side on which the order rests, got \"B\"");
        let e = report("N,1,S,0,10,100\nN,1,S,0,10,100\n").unwrap_err();
        assert_eq!(e.to_string(), "f.csv:2:2: expected an order that can be taken, got order 1, refused: duplicate-id");
    }

    #[test]
    fn malformed_commands_name_line_and_field() {
        let message = |text: &str| commands(text).unwrap_err().to_string();
        assert_eq!(message("N,1,S,2,10,100"), "f.csv:1:4: expected 0 or 1 (immediate or cancel), got \"2\"");
        assert_eq!(message("C,1\nN,1,S,0,-4,100"), "f.csv:2:5: expected a quantity (integer above 0), got \"-4\"");
        assert_eq!(message("C,1,2"), "f.csv:1:3: expected the end of the line, got \"2\"");
        assert_eq!(message("C"), "f.csv:1:2: expected an order id (integer), got the end of the line");
        assert_eq!(message("Z,1"), "f.csv:1:1: expected an operation (N, C or M), got \"Z\"");
        assert_eq!(commands("").unwrap_err().code(), "ERR_TOPRUNG_DATA_EMPTY");
    }

    #[test]
    fn numbers_are_written_over_the_whole_domain() {
        let mut out = Vec::new();
        signed(&mut out, i64::MIN);
        number(&mut out, u64::MAX);
        number(&mut out, 0);
        assert_eq!(out, b"-9223372036854775808184467440737095516150");
    }
}
