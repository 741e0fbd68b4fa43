//! Both books in step, and the market turned over: a claim that is written for a buyer is run for a seller too.
//!
//! Turned over, sides change places and a price becomes its complement, which maps all of `i64` onto itself; what comes
//! back is turned over again, so that a claim sees what it was written for.

use toprung_book::naive::NaiveBook;
use toprung_book::{Book, BookConfig, Command, Event, EventKind, MatchingBook, Reason, ReplacePriority, Side};

/// The fast and the naive book, given the same commands.
pub(crate) struct Mirror {
    fast: Book,
    naive: NaiveBook,
    turned: bool,
}

/// Runs a claim on books with the usual conventions.
pub(crate) fn claim(run: impl Fn(&mut Mirror)) {
    claim_with(&BookConfig::default(), run);
}

/// Runs a claim on books that lose an order's place at every replace.
pub(crate) fn claim_losing_places(run: impl Fn(&mut Mirror)) {
    claim_with(&BookConfig { replace_priority: ReplacePriority::LoseAlways, ..BookConfig::default() }, run);
}

/// Runs a claim on books with a configuration of its own.
pub(crate) fn claim_with(config: &BookConfig, run: impl Fn(&mut Mirror)) {
    for turned in [false, true] {
        let (fast, naive) = (Book::new(config.clone()), NaiveBook::new(config.clone()));
        run(&mut Mirror { fast, naive, turned });
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        if std::thread::panicking() && self.turned {
            eprintln!("with the sides of the market turned over");
        }
    }
}

impl Mirror {
    fn price(&self, price: i64) -> i64 {
        if self.turned { !price } else { price }
    }

    fn side(&self, side: Side) -> Side {
        if self.turned { !side } else { side }
    }

    /// Gives both books a command and returns what they say to it, which must be the same and leave them sound.
    pub(crate) fn send(&mut self, cmd: Command) -> Vec<Event> {
        let sent = Command { price: self.price(cmd.price), side: self.side(cmd.side), ..cmd };
        let (mut events, mut specified): (Vec<Event>, Vec<Event>) = (Vec::new(), Vec::new());
        self.fast.apply(&sent, &mut events);
        self.naive.apply(&sent, &mut specified);
        assert_eq!(events, specified, "the books differ at {cmd:?}");
        assert_eq!(self.fast.digest(), self.naive.digest(), "the digests differ at {cmd:?}");
        assert_eq!(self.fast.order_count(), self.naive.order_count(), "the books differ after {cmd:?}");
        for side in Side::BOTH {
            assert_eq!(self.fast.queue(side), self.naive.queue(side), "the books differ after {cmd:?}");
        }
        assert_eq!(self.fast.check_invariants(), Ok(()), "after {cmd:?}");
        for event in &mut events {
            event.price = self.price(event.price);
            event.side = self.side(event.side);
        }
        events
    }

    /// Gives a command that has to be carried out; returns the events.
    pub(crate) fn ok(&mut self, cmd: Command) -> Vec<Event> {
        let events = self.send(cmd);
        assert_eq!(refusal(&events), None, "{cmd:?} was refused");
        events
    }

    /// Gives a command that has to be refused for `reason` and to change nothing.
    pub(crate) fn refused(&mut self, cmd: Command, reason: Reason) {
        let before = (self.bids(), self.asks());
        let events = self.send(cmd);
        assert_eq!((refusal(&events), events.len()), (Some(reason), 1), "{cmd:?}");
        assert_eq!((self.bids(), self.asks()), before, "{cmd:?} was refused and yet changed the book");
    }

    /// Puts a limit order to buy on the book; returns its trades.
    pub(crate) fn buy(&mut self, id: u64, price: i64, qty: u64) -> Vec<(u64, i64, u64)> {
        trades(&self.ok(Command::limit(id, Side::Buy, price, qty)))
    }

    /// Puts a limit order to sell on the book; returns its trades.
    pub(crate) fn sell(&mut self, id: u64, price: i64, qty: u64) -> Vec<(u64, i64, u64)> {
        trades(&self.ok(Command::limit(id, Side::Sell, price, qty)))
    }

    /// Every bid, best first: (id, price, open quantity).
    pub(crate) fn bids(&self) -> Vec<(u64, i64, u64)> {
        self.orders(Side::Buy)
    }

    /// Every ask, best first: (id, price, open quantity).
    pub(crate) fn asks(&self) -> Vec<(u64, i64, u64)> {
        self.orders(Side::Sell)
    }

    fn orders(&self, side: Side) -> Vec<(u64, i64, u64)> {
        self.fast.queue(self.side(side)).iter().map(|o| (o.id, self.price(o.price), o.qty)).collect()
    }

    /// The best ask: (price, quantity, orders).
    pub(crate) fn best_ask(&self) -> Option<(i64, u64, u32)> {
        self.fast.best(self.side(Side::Sell)).map(|level| (self.price(level.price), level.qty, level.orders))
    }

    /// Open quantity of asks at a price.
    pub(crate) fn asks_at(&self, price: i64) -> u64 {
        self.fast.qty_at(self.side(Side::Sell), self.price(price))
    }
}

/// Why a command was refused, if it was.
pub(crate) fn refusal(events: &[Event]) -> Option<Reason> {
    events.iter().find(|e| e.kind == EventKind::Rejected).map(|e| e.reason)
}

/// The trades among events: (resting order, price, quantity).
pub(crate) fn trades(events: &[Event]) -> Vec<(u64, i64, u64)> {
    events.iter().filter(|e| e.kind == EventKind::Trade).map(|e| (e.maker(), e.price, e.qty)).collect()
}

/// The orders that ended without trading: (id, quantity, why).
pub(crate) fn ended(events: &[Event]) -> Vec<(u64, u64, Reason)> {
    events.iter().filter(|e| e.kind == EventKind::Cancelled).map(|e| (e.id, e.qty, e.reason)).collect()
}
