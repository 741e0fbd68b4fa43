//! The best prices of a book, kept up to date without asking the book after every command.
//!
//! Most commands do nothing near the best prices. [`TouchWatch`] sees from a command's events whether they may have
//! changed the touch; only then is the book asked.

use toprung_book::{Event, EventFlags, EventKind, Side};

use crate::venue::SimBook;

/// The best price of each side and the quantity there. A side without orders has quantity 0 and keeps its last price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Best bid, or the last one there was.
    pub bid: i64,
    /// Lots at the best bid, 0 when there is none.
    pub bid_qty: u64,
    /// Best ask, or the last one there was.
    pub ask: i64,
    /// Lots at the best ask, 0 when there is none.
    pub ask_qty: u64,
}

impl Touch {
    /// An empty book whose last prices were one tick on either side of `reference`.
    pub fn empty_at(reference: i64) -> Touch {
        Touch { bid: reference - 1, bid_qty: 0, ask: reference + 1, ask_qty: 0 }
    }

    /// Whether there is a bid.
    #[inline(always)]
    pub fn has_bid(&self) -> bool {
        self.bid_qty != 0
    }

    /// Whether there is an ask.
    #[inline(always)]
    pub fn has_ask(&self) -> bool {
        self.ask_qty != 0
    }

    /// Ask minus bid in ticks, if both are there.
    #[inline(always)]
    pub fn spread_ticks(&self) -> Option<u64> {
        (self.has_bid() && self.has_ask()).then(|| self.ask.wrapping_sub(self.bid) as u64)
    }

    /// Asks the book.
    #[inline]
    pub(crate) fn refresh<B: SimBook>(&mut self, book: &B) {
        match book.best(Side::Buy) {
            Some((price, qty)) => (self.bid, self.bid_qty) = (price, qty),
            None => self.bid_qty = 0,
        }
        match book.best(Side::Sell) {
            Some((price, qty)) => (self.ask, self.ask_qty) = (price, qty),
            None => self.ask_qty = 0,
        }
    }
}

/// Notices events that may change the touch.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TouchWatch {
    pub(crate) changed: bool,
}

impl TouchWatch {
    /// Takes one event of a book whose touch was `touch` before the command.
    ///
    /// An empty side's last price says nothing, so everything on an empty side counts.
    #[inline(always)]
    pub(crate) fn event(&mut self, e: &Event, touch: &Touch) {
        let near = match e.side {
            Side::Buy => e.price >= touch.bid || !touch.has_bid(),
            Side::Sell => e.price <= touch.ask || !touch.has_ask(),
        };
        self.changed |= match e.kind {
            EventKind::Accepted => near && !e.flags.has(EventFlags::MARKET),
            EventKind::Cancelled => near,
            EventKind::Rejected | EventKind::Indicative | EventKind::Acknowledged => false,
            EventKind::Trade | EventKind::Reduced | EventKind::Replaced => true,
            EventKind::Triggered | EventKind::Refreshed | EventKind::Repriced | EventKind::Phase => true,
        };
    }
}
