//! Turns a LOBSTER day into the records of a replay, so that [`replay`](crate::replay()) can run and verify it.
//!
//! | message | becomes |
//! |---|---|
//! | 1 submission | `N` |
//! | 2 cancellation, 3 deletion | `R`, `C` |
//! | 4 execution | consecutive rows of one time and direction become one `X`, limited at its last fill; it ends with an order that is left with something |
//! | 5 hidden execution, 6 cross, 7 halt | nothing: the displayed book does not change; they are counted |
//!
//! A LOBSTER file is a window on the book. What it does not say is filled in, and marked with an [`Origin`]:
//!
//! - The book before the first message is the first row with that message undone.
//! - An order whose entry is not in the file is live once every lower id that the file knows has been given. It enters when
//!   the order book file first shows its level, the oldest first, or else before its first execution, with the quantity
//!   that its later messages take off (`OutsideData`).
//! - Displayed quantity that no order accounts for is `Anonymous` (`Initial` at the start). It never executes, since
//!   executions name their orders; where it would be in an execution's way it steps behind.
//! - Where the file shows less than the book has, quantity left while it was out of sight: first anonymous quantity, then
//!   orders to which nothing more happens, then what an order has beyond its later messages (`OutsideData`).
//! - An execution that price-time priority does not give is carried out by hand (`Anonymous`) and counted, never hidden.
//!
//! Without an order book file there is nothing to fill in from: orders unknown at the start enter in the order of their
//! ids, and orders that would cross are taken off.
//!
//! Every `checkpoint_every` messages the order book row becomes a checkpoint. Since the records follow the order book file
//! this shows that the book under test does what the records say; how well the messages alone explain the file is what
//! [`LobsterCounts`] tells.

mod follow;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};

use toprung_book::Side;

use crate::error::DataError;
use crate::lobster::{BookReader, BookRow, LobsterMessage, MessageKind, MessageReader};
use crate::lobster_book::{FollowedBook, at_least_as_good};
use crate::lobster_day::LobsterDay;
use crate::lobster_orders::{Contradiction, NONE, Order, Orders};
use crate::replay::{Fill, Origin, ReplayAction, ReplayRecord, ReplaySource};
use crate::replay_driver::{RECORDS_PER_POLL, ReplayOptions};

/// What a LOBSTER day had in it, and what had to be filled in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LobsterCounts {
    /// Messages in all.
    pub messages: u64,
    /// Messages by type, 1 to 7; index 0 is not used.
    pub by_kind: [u64; 8],
    /// Shares executed against displayed orders.
    pub displayed_volume: u64,
    /// Shares executed against hidden orders.
    pub hidden_volume: u64,
    /// Runs of executions of one time and direction: what aggressive orders were before some had to be split.
    pub execution_runs: u64,
    /// Of these, runs whose every execution is in price-time priority.
    pub runs_in_priority: u64,
    /// Executions in price-time priority: they are fills of an `X`.
    pub executions_in_priority: u64,
    /// Executions that are not, and were carried out by hand.
    pub executions_by_hand: u64,
    /// Orders whose entry is not in the file.
    pub orders_outside_data: u64,
    /// Times that anonymous quantity was added, and its shares.
    pub anonymous_added: u64,
    /// Shares of anonymous quantity added.
    pub anonymous_shares: u64,
    /// Times that anonymous quantity stepped behind an order that executed.
    pub anonymous_requeued: u64,
    /// Orders that left, or shrank, out of sight.
    pub left_unseen: u64,
    /// Orders taken off though messages about them follow; they come back with the next.
    pub withdrawn: u64,
    /// Messages about a displayed order that do not fit what is known of it.
    pub inconsistent: u64,
    /// Order book rows compared with the book, one per step (a run of executions is one step).
    pub rows_compared: u64,
    /// Of these, rows that agreed before anything was filled in.
    pub rows_explained: u64,
    /// Rows that are crossed, and therefore not compared.
    pub rows_crossed: u64,
}

/// The records of a LOBSTER day.
///
/// ```
/// use std::sync::atomic::AtomicBool;
/// use toprung_data::{LobsterDay, LobsterReplay, ReplayAction, ReplayOptions, ReplaySource, Source};
///
/// let text = b"34200,1,7,100,1234500,1\n34201,4,7,30,1234500,1\n34201,4,7,9,1234500,1\n".to_vec();
/// let day = LobsterDay { messages: Source::from_bytes("message.csv", text), book: None };
/// let mut records = LobsterReplay::new(day, &ReplayOptions::default(), &AtomicBool::new(false)).unwrap();
/// let first = records.next_record().unwrap().unwrap();
/// assert!(matches!(first.action, ReplayAction::Add { id: 7, price: 12_345, qty: 100, .. }));
/// let second = records.next_record().unwrap().unwrap();
/// assert!(matches!(second.action, ReplayAction::Aggress { limit: 12_345, qty: 30, .. }));
/// ```
///
/// Holds the messages in memory (about 100 bytes each, orders included); the order book file is streamed.
#[derive(Debug)]
pub struct LobsterReplay {
    name: String,
    messages: Vec<LobsterMessage>,
    tick: i64,
    checkpoint_every: u64,
    checkpoint_levels: usize,
    orders: Orders,
    rows: Option<BookReader>,
    /// The row of the last message.
    shown: BookRow,
    book: FollowedBook,
    /// Orders that are live at the exchange but not in the book, by side and price: they enter once they are displayed.
    absent: [BTreeMap<i64, Vec<u32>>; 2],
    /// With an order book file: unknown orders that are not live yet, the lowest id last.
    later: Vec<u32>,
    /// Without one: unknown orders by the message before which they enter, the next one last.
    entries: Vec<(usize, u32)>,
    /// Ids that were the highest so far when they were given, with their message, the next one last: the file's clock of
    /// ids. Many orders that enter at the open have old ids; they tell nothing about the time.
    next_highest: Vec<(u64, usize)>,
    next: usize,
    out: VecDeque<ReplayRecord>,
    now: (u64, u64),
    counts: LobsterCounts,
}

impl LobsterReplay {
    /// Reads the messages of `day` and prepares to turn them into records.
    ///
    /// Fails with the errors of the files, with `Option` for options out of range, and with `Cancelled`.
    pub fn new(day: LobsterDay, options: &ReplayOptions, cancel: &AtomicBool) -> Result<LobsterReplay, DataError> {
        let tick = i64::try_from(options.tick_units).ok().filter(|t| *t > 0).ok_or_else(|| DataError::Option {
            option: "tick_units",
            expected: "a number of 1/10,000 from 1",
            got: options.tick_units.to_string(),
        })?;
        if options.checkpoint_every == 0 {
            let (option, expected) = ("checkpoint_every", "a number of messages from 1");
            return Err(DataError::Option { option, expected, got: "0".to_owned() });
        }
        let mut counts = LobsterCounts::default();
        let (name, messages) = read_messages(day.messages, tick, cancel, &mut counts)?;
        let orders =
            Orders::of(&messages, |m| m.price_units / tick).map_err(|c| contradiction(&name, &messages, tick, &c))?;
        let mut this = LobsterReplay {
            name,
            tick,
            checkpoint_every: options.checkpoint_every,
            checkpoint_levels: options.checkpoint_levels,
            rows: day.book.map(|b| BookReader::new(b, tick)),
            book: FollowedBook::default(),
            shown: BookRow::default(),
            absent: Default::default(),
            later: Vec::new(),
            entries: Vec::new(),
            next_highest: Vec::new(),
            next: 0,
            out: VecDeque::new(),
            now: (1, messages[0].time_ns),
            counts,
            orders,
            messages,
        };
        this.place_unknown_orders();
        Ok(this)
    }

    /// What has been counted so far; complete behind the last record.
    pub fn counts(&self) -> LobsterCounts {
        self.counts
    }

    fn place_unknown_orders(&mut self) {
        for (i, _) in self.orders.all.iter().enumerate().filter(|(_, o)| !o.entered) {
            self.counts.orders_outside_data += 1;
            if self.rows.is_some() {
                self.later.push(i as u32);
            } else {
                self.entries.push((0, i as u32));
            }
        }
        let mut highest: Vec<(u64, usize)> = Vec::new();
        for (row, m) in self.messages.iter().enumerate().filter(|(_, m)| m.kind == MessageKind::Submission) {
            if highest.last().is_none_or(|(id, _)| m.id > *id) {
                highest.push((m.id, row));
            }
        }
        // Ids are given in the order of entry, so an unknown order enters behind the last known one with a lower id.
        for (row, i) in &mut self.entries {
            let lower = highest.partition_point(|(id, _)| *id < self.orders.all[*i as usize].id);
            let not_before = self.orders.all[*i as usize].not_before;
            *row = if lower == 0 { 0 } else { highest[lower - 1].1 + 1 }.max(not_before);
        }
        highest.reverse();
        self.next_highest = highest;
        let orders = &self.orders.all;
        self.entries.sort_by_key(|(row, i)| std::cmp::Reverse((*row, orders[*i as usize].id)));
        self.later.sort_by_key(|i| std::cmp::Reverse(orders[*i as usize].id));
    }

    /// Turns the next message, or run of executions, into records.
    fn step(&mut self) -> Result<(), DataError> {
        let first = self.next;
        let m = self.messages[first];
        let mut end = first + 1;
        if m.kind == MessageKind::Execution {
            let same = |n: &&LobsterMessage| n.kind == m.kind && n.time_ns == m.time_ns && n.side == m.side;
            end += self.messages[end..].iter().take_while(same).count();
        }
        self.now = (first as u64 + 1, m.time_ns);
        if first == 0 {
            self.start_book(&m)?;
        }
        self.read_rows(end)?;
        while let Some((_, i)) = self.entries.pop_if(|(row, _)| *row <= first) {
            let o = self.orders.all[i as usize];
            if !o.in_book && o.future > 0 && !self.crosses(o.side, o.price) {
                self.enter(i, o.future, Origin::OutsideData);
            }
        }
        for k in first..end {
            self.counts.by_kind[self.messages[k].kind as usize] += 1;
        }
        self.next = end;
        self.counts.messages = end as u64;
        let order = self.orders.of_message[first];
        match m.kind {
            MessageKind::Submission => self.submit(order, m.size),
            MessageKind::Cancellation => self.cancel(order, m.size),
            MessageKind::Deletion => self.delete(order, m.size),
            MessageKind::Execution => self.execute(first, end, m.side),
            MessageKind::HiddenExecution => self.counts.hidden_volume += m.size,
            MessageKind::Cross | MessageKind::Halt => {}
        }
        self.now.0 = end as u64;
        self.follow_row();
        if first as u64 / self.checkpoint_every != end as u64 / self.checkpoint_every {
            self.checkpoint();
        }
        if end == self.messages.len() {
            self.expect_last_row()?;
        }
        Ok(())
    }

    // --- Messages.

    fn submit(&mut self, order: u32, size: u64) {
        let o = self.orders.all[order as usize];
        self.next_highest.pop_if(|(id, _)| *id <= o.id);
        // A displayed order does not cross: what stands in its way has left, as the row shows.
        self.shed(!o.side);
        self.enter(order, size, Origin::Real);
    }

    fn cancel(&mut self, order: u32, size: u64) {
        let o = &mut self.orders.all[order as usize];
        o.future -= size.min(o.future);
        if o.in_book {
            // Of an order that entered unseen only what its messages take off is known; there may have been more.
            self.counts.inconsistent += u64::from(o.entered && size >= o.open);
            self.leave(order, size, Origin::Real);
        } else {
            self.counts.inconsistent += 1;
        }
    }

    fn delete(&mut self, order: u32, size: u64) {
        let o = &mut self.orders.all[order as usize];
        o.future -= size.min(o.future);
        if o.in_book {
            self.counts.inconsistent += u64::from(size != o.open);
            self.leave(order, u64::MAX, Origin::Real);
        } else {
            self.counts.inconsistent += 1;
        }
    }

    fn execute(&mut self, first: usize, end: usize, side: Side) {
        self.counts.execution_runs += 1;
        for k in first..end {
            let order = self.orders.of_message[k];
            let o = self.orders.all[order as usize];
            if !o.in_book {
                self.enter(order, o.future, Origin::OutsideData);
            }
        }
        let mut fills: Vec<Fill> = Vec::new();
        let by_hand_before = self.counts.executions_by_hand;
        for k in first..end {
            let (order, size) = (self.orders.of_message[k], self.messages[k].size);
            self.counts.displayed_volume += size;
            let in_priority = self.has_priority(order, size) || self.give_way(order, size, side, &mut fills);
            let o = &mut self.orders.all[order as usize];
            o.future -= size.min(o.future);
            if in_priority {
                self.counts.executions_in_priority += 1;
                fills.push(Fill { maker: o.id, price: o.price, qty: size });
                if !self.book.take(&mut self.orders.all, order, size) {
                    // An aggressor that leaves something of an order is used up: what follows is another's.
                    self.flush(side, &mut fills);
                }
            } else {
                self.counts.executions_by_hand += 1;
                self.flush(side, &mut fills);
                if self.orders.all[order as usize].in_book {
                    self.leave(order, size, Origin::Anonymous);
                }
            }
        }
        self.flush(side, &mut fills);
        self.counts.runs_in_priority += u64::from(self.counts.executions_by_hand == by_hand_before);
    }

    /// Whether price-time priority gives this execution.
    fn has_priority(&self, order: u32, size: u64) -> bool {
        let o = &self.orders.all[order as usize];
        let front = self.book.best(o.side).and_then(|(_, q)| q.orders.front());
        o.in_book && o.open >= size && front == Some(&order)
    }

    /// Lets anonymous quantity step out of an execution's way, if there is nothing else in it.
    fn give_way(&mut self, order: u32, size: u64, side: Side, fills: &mut Vec<Fill>) -> bool {
        let o = self.orders.all[order as usize];
        if !o.in_book || o.open < size {
            return false;
        }
        let mut ahead: Vec<u32> = Vec::new();
        for (price, queue) in self.book.levels(o.side) {
            ahead.extend(queue.orders.iter().take_while(|i| **i != order));
            if price == o.price {
                break;
            }
        }
        if ahead.iter().any(|i| !self.orders.all[*i as usize].anonymous) {
            return false;
        }
        self.flush(side, fills);
        for i in ahead {
            let Order { open, price, .. } = self.orders.all[i as usize];
            self.leave(i, u64::MAX, Origin::Anonymous);
            if price == o.price {
                self.counts.anonymous_requeued += 1;
                self.enter(i, open, Origin::Anonymous);
            }
        }
        true
    }

    /// Writes the aggressive order that made these fills.
    fn flush(&mut self, side: Side, fills: &mut Vec<Fill>) {
        let Some(last) = fills.last() else { return };
        let (limit, qty) = (last.price, fills.iter().map(|f| f.qty).sum());
        self.emit(ReplayAction::Aggress { side: !side, limit, qty, fills: std::mem::take(fills) });
    }

    // --- Records.

    fn crosses(&self, side: Side, price: i64) -> bool {
        self.book.best(!side).is_some_and(|(best, _)| at_least_as_good(!side, best, price))
    }

    /// Puts an order into the book and writes it down; whatever it would cross has left unseen.
    fn enter(&mut self, order: u32, qty: u64, origin: Origin) {
        let Order { id, side, price, previous, .. } = self.orders.all[order as usize];
        if previous != NONE && self.orders.all[previous as usize].in_book {
            self.counts.inconsistent += 1;
            self.leave(previous, u64::MAX, Origin::OutsideData);
        }
        while let Some((best, queue)) = self.book.best(!side)
            && at_least_as_good(!side, best, price)
        {
            for i in queue.orders.iter().copied().collect::<Vec<_>>() {
                let o = self.orders.all[i as usize];
                if o.future > 0 {
                    self.counts.withdrawn += 1;
                    self.wait(i);
                } else {
                    self.counts.left_unseen += 1;
                }
                self.leave(i, u64::MAX, Origin::OutsideData);
            }
        }
        self.emit(ReplayAction::Add { id, side, price, qty, origin });
        self.book.add(&mut self.orders.all, order, qty);
    }

    /// Takes `qty` of an order off, or all that is left, and writes it down.
    fn leave(&mut self, order: u32, qty: u64, origin: Origin) {
        let id = self.orders.all[order as usize].id;
        if self.book.take(&mut self.orders.all, order, qty) {
            self.emit(ReplayAction::Remove { id, origin });
        } else {
            self.emit(ReplayAction::Reduce { id, by: qty, origin });
        }
    }

    fn emit(&mut self, action: ReplayAction) {
        self.out.push_back(ReplayRecord { line: self.now.0, time_ns: self.now.1, action });
    }
}

impl ReplaySource for LobsterReplay {
    fn next_record(&mut self) -> Result<Option<ReplayRecord>, DataError> {
        while self.out.is_empty() && self.next < self.messages.len() {
            self.step()?;
        }
        Ok(self.out.pop_front())
    }

    /// Messages done and in all.
    fn position(&self) -> (u64, u64) {
        (self.next as u64, self.messages.len() as u64)
    }

    fn name(&self) -> &str {
        &self.name
    }
}

#[cold]
fn contradiction(file: &str, messages: &[LobsterMessage], tick: i64, c: &Contradiction) -> DataError {
    let (m, o) = (&messages[c.row], &c.order);
    let (column, expected, got) = if o.price * tick != m.price_units {
        (5, format!("{}, the price of order {}", o.price * tick, o.id), m.price_units)
    } else {
        let direction = |s: Side| if s == Side::Buy { 1 } else { -1 };
        (6, format!("{}, the direction of order {}", direction(o.side), o.id), direction(m.side))
    };
    let got = format!("\"{got}\"");
    DataError::Format { file: file.to_owned(), line: c.row as u64 + 1, column, expected: expected.into(), got }
}

fn read_messages(
    source: crate::source::Source,
    tick: i64,
    cancel: &AtomicBool,
    counts: &mut LobsterCounts,
) -> Result<(String, Vec<LobsterMessage>), DataError> {
    let mut reader = MessageReader::new(source);
    let mut messages = Vec::new();
    while let Some(m) = reader.next_message()? {
        messages.push(m);
        let line = messages.len() as u64;
        if m.kind.is_displayed() {
            reader.price_in_ticks(&m, tick)?;
        }
        if line.is_multiple_of(RECORDS_PER_POLL) && cancel.load(Ordering::Relaxed) {
            return Err(DataError::Cancelled { file: reader.name().to_owned(), records: 0 });
        }
    }
    counts.messages = 0;
    let name = reader.name().to_owned();
    if messages.is_empty() {
        return Err(DataError::Empty { file: name, expected: "at least one message" });
    }
    Ok((name, messages))
}
