//! A day as one list of messages, whoever made it.

use toprung_book::{Event, EventFlags, EventKind, EventSink, Reason, Side};

use crate::config::SimConfig;
use crate::error::SimError;
use crate::market::Market;

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// A limit order that rests.
    Add,
    /// A resting order loses part of its quantity.
    Reduce,
    /// A resting order is cancelled.
    Cancel,
    /// A resting order trades.
    Trade,
}

/// A message and the best prices behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Time, ns.
    pub time_ns: u64,
    /// The resting order.
    pub id: u64,
    /// Its price in ticks.
    pub price: i64,
    /// Lots that came, went or traded.
    pub qty: u64,
    /// Best bid in ticks; the last there was, if there is none.
    pub bid: i64,
    /// Lots at the best bid, 0 if there is none.
    pub bid_qty: u64,
    /// Best ask in ticks; the last there was, if there is none.
    pub ask: i64,
    /// Lots at the best ask, 0 if there is none.
    pub ask_qty: u64,
    /// What happened.
    pub kind: RowKind,
    /// Side of the resting order: a trade of a sell order was a buyer's.
    pub side: Side,
}

impl Row {
    /// Mid price in half ticks.
    pub fn mid(&self) -> i64 {
        self.bid + self.ask
    }
}

/// Messages in time order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tape {
    /// The messages.
    pub rows: Vec<Row>,
}

/// Turns a command's events into rows; the best prices are put in behind it.
#[derive(Default)]
struct Recorder {
    rows: Vec<Row>,
}

impl EventSink for Recorder {
    fn event(&mut self, e: &Event) {
        let (kind, id, side) = match e.kind {
            EventKind::Accepted if !e.flags.has(EventFlags::MARKET) => (RowKind::Add, e.id, e.side),
            EventKind::Cancelled if e.reason == Reason::Requested => (RowKind::Cancel, e.id, e.side),
            EventKind::Trade => (RowKind::Trade, e.maker(), !e.side),
            _ => return,
        };
        let qty = e.qty;
        let blank = Row { time_ns: 0, id, price: e.price, qty, bid: 0, bid_qty: 0, ask: 0, ask_qty: 0, kind, side };
        self.rows.push(blank);
    }
}

impl Tape {
    /// Records one book of a configuration for `duration_ns`, behind the configuration's warm-up.
    ///
    /// # Errors
    ///
    /// The first parameter that breaks a rule.
    pub fn record(config: &SimConfig, book: u32, duration_ns: u64) -> Result<Tape, SimError> {
        let mut market = Market::open(config, book)?;
        for _ in 0..config.warmup_events {
            market.step(&mut ());
        }
        let end = market.time_ns().saturating_add(duration_ns);
        let mut rows = Vec::new();
        while market.next_ns() <= end {
            let mut recorder = Recorder::default();
            market.step(&mut recorder);
            let t = *market.touch();
            let time_ns = market.time_ns();
            rows.extend(recorder.rows.into_iter().map(|row| Row {
                time_ns,
                bid: t.bid,
                bid_qty: t.bid_qty,
                ask: t.ask,
                ask_qty: t.ask_qty,
                ..row
            }));
        }
        Ok(Tape { rows })
    }
}
