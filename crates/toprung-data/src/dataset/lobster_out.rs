//! LOBSTER's files out: a message file, and an order book file with the book after each message.
//!
//! LOBSTER knows submissions, cancellations, deletions and executions of resting orders; so the aggressor of a trade has
//! no message of its own, only its rest that comes to rest has one, and a replace that loses its place is a deletion and
//! a submission. One pair of files a book. (Format: see [`MessageReader`](crate::MessageReader).)

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use toprung_book::{
    BookObserver, Command, CommandKind, Event, EventFlags, EventKind, EventSink, MatchingBook, OrderView, Side,
};

use super::error::DatasetError;
use super::files::{Out, create, finish};
use super::folder::Shared;
use crate::lobster::{DUMMY_PRICE, MessageKind};

/// The two files of a book.
struct Pair {
    messages: Out,
    levels: Out,
    /// Their names in the dataset.
    names: [String; 2],
    rows: u64,
}

/// Watches the books of one part.
pub(crate) struct LobsterRecorder {
    shared: Arc<Shared>,
    pair: Option<Pair>,
    /// Open quantity by price, both sides, as the messages so far left it.
    book: [BTreeMap<i64, u64>; 2],
    /// The command's own order while it looks for a place to rest.
    entering: Option<OrderView>,
    /// The order that a replace is about to change.
    before: Option<OrderView>,
    time_ns: u64,
    market: Option<u64>,
    line: Vec<u8>,
    failed: bool,
}

impl LobsterRecorder {
    pub(crate) fn new(shared: Arc<Shared>) -> LobsterRecorder {
        LobsterRecorder {
            shared,
            pair: None,
            book: [BTreeMap::new(), BTreeMap::new()],
            entering: None,
            before: None,
            time_ns: 0,
            market: None,
            line: Vec::new(),
            failed: false,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.shared.folder.join(name)
    }

    fn open(&mut self, index: u32) -> Result<Pair, DatasetError> {
        let levels = self.shared.options.levels;
        let names = ["message", "orderbook"].map(|what| format!("lobster/book-{index:05}_{what}_{levels}.csv"));
        Ok(Pair { messages: create(&self.path(&names[0]))?, levels: create(&self.path(&names[1]))?, names, rows: 0 })
    }

    fn close(&mut self, pair: Pair) -> Result<(), DatasetError> {
        let Pair { messages, levels, names: [message_name, level_name], rows } = pair;
        let entry = finish(messages, &self.path(&message_name), message_name, rows)?;
        self.shared.add("message", entry);
        let entry = finish(levels, &self.path(&level_name), level_name, rows)?;
        self.shared.add("orderbook", entry);
        Ok(())
    }

    fn fail(&mut self, e: DatasetError) {
        self.shared.fail(e);
        self.failed = true;
    }

    /// Writes one message and the book after it; `change` is what it does to the open quantity at `price`.
    fn message(&mut self, kind: MessageKind, id: u64, size: u64, side: Side, price: i64, change: Change) {
        if size == 0 || self.failed {
            return;
        }
        let levels = &mut self.book[side as usize];
        match change {
            Change::Add => *levels.entry(price).or_default() += size,
            Change::Remove => {
                if let Some(open) = levels.get_mut(&price) {
                    *open -= size.min(*open);
                    if *open == 0 {
                        levels.remove(&price);
                    }
                }
            }
        }
        if let Err(e) = self.write_rows(kind, id, size, side, price) {
            let path = self.pair.as_ref().map_or_else(PathBuf::new, |p| self.path(&p.names[0]));
            self.fail(DatasetError::output(&path, "write", &e));
        }
    }

    fn write_rows(&mut self, kind: MessageKind, id: u64, size: u64, side: Side, price: i64) -> io::Result<()> {
        let Some(pair) = &mut self.pair else { return Ok(()) };
        let units = self.shared.options.tick_units as i64;
        let line = &mut self.line;
        line.clear();
        let (seconds, ns) = (self.time_ns / 1_000_000_000, self.time_ns % 1_000_000_000);
        let direction = if side == Side::Buy { 1 } else { -1 };
        writeln!(line, "{seconds}.{ns:09},{},{id},{size},{},{direction}", kind as u8, price.saturating_mul(units))?;
        pair.messages.write_all(line)?;
        line.clear();
        let [bids, asks] = &self.book;
        let (mut bids, mut asks) = (bids.iter().rev(), asks.iter());
        for k in 0..self.shared.options.levels {
            let (ask, ask_qty) = asks.next().map_or((DUMMY_PRICE, 0), |(p, q)| (p.saturating_mul(units), *q));
            let (bid, bid_qty) = bids.next().map_or((-DUMMY_PRICE, 0), |(p, q)| (p.saturating_mul(units), *q));
            write!(line, "{}{ask},{ask_qty},{bid},{bid_qty}", if k == 0 { "" } else { "," })?;
        }
        line.push(b'\n');
        pair.levels.write_all(line)?;
        pair.rows += 1;
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Change {
    Add,
    Remove,
}

impl EventSink for LobsterRecorder {
    fn event(&mut self, e: &Event) {
        let own = self.entering.is_some_and(|o| o.id == e.id);
        match e.kind {
            EventKind::Rejected => {}
            // A book gives none of these, and LOBSTER has no word for them.
            EventKind::Triggered
            | EventKind::Refreshed
            | EventKind::Repriced
            | EventKind::Phase
            | EventKind::Indicative
            | EventKind::Acknowledged => {}
            EventKind::Accepted => {
                let qty = if self.market.is_some() { 0 } else { e.qty };
                self.entering = Some(OrderView { id: e.id, side: e.side, price: e.price, qty, owner: e.owner });
            }
            EventKind::Trade => {
                if let Some(order) = &mut self.entering {
                    order.qty -= e.qty.min(order.qty);
                }
                self.message(MessageKind::Execution, e.maker(), e.qty, !e.side, e.price, Change::Remove);
            }
            EventKind::Cancelled | EventKind::Reduced if own => {
                if let Some(order) = &mut self.entering {
                    order.qty = if e.kind == EventKind::Reduced { e.qty } else { 0 };
                }
            }
            EventKind::Cancelled => {
                self.message(MessageKind::Deletion, e.id, e.qty, e.side, e.price, Change::Remove);
            }
            EventKind::Reduced => {
                self.message(MessageKind::Cancellation, e.id, e.other, e.side, e.price, Change::Remove);
            }
            EventKind::Replaced => {
                let Some(old) = self.before.take() else { return };
                if e.flags.has(EventFlags::KEPT_PRIORITY) {
                    let less = old.qty.saturating_sub(e.qty);
                    self.message(MessageKind::Cancellation, e.id, less, e.side, e.price, Change::Remove);
                } else {
                    self.message(MessageKind::Deletion, e.id, old.qty, old.side, old.price, Change::Remove);
                    let (id, side, price, qty, owner) = (e.id, e.side, e.price, e.qty, e.owner);
                    self.entering = Some(OrderView { id, side, price, qty, owner });
                }
            }
        }
    }
}

impl BookObserver for LobsterRecorder {
    fn begin(&mut self, index: u32) {
        self.book = [BTreeMap::new(), BTreeMap::new()];
        match self.open(index) {
            Ok(pair) => self.pair = Some(pair),
            Err(e) => self.fail(e),
        }
    }

    fn before<B: MatchingBook>(&mut self, time_ns: u64, cmd: &Command, book: &B) {
        self.time_ns = time_ns;
        self.market = (cmd.kind == CommandKind::Market).then_some(cmd.id);
        self.before = (cmd.kind == CommandKind::Replace).then(|| book.order(cmd.id)).flatten();
    }

    fn after<B: MatchingBook>(&mut self, _: u64, _: &B) {
        if let Some(OrderView { id, side, price, qty, .. }) = self.entering.take() {
            self.message(MessageKind::Submission, id, qty, side, price, Change::Add);
        }
    }

    fn end<B: MatchingBook>(&mut self, _: u64, _: &B) {
        if let Some(pair) = self.pair.take()
            && !self.failed
            && let Err(e) = self.close(pair)
        {
            self.fail(e);
        }
    }

    fn has_failed(&self) -> bool {
        self.failed
    }
}
