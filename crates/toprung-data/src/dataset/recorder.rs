//! Turns what happens in the books of one part of a run into rows.

use std::sync::Arc;

use toprung_book::{
    BookObserver, Command, CommandKind, Event, EventFlags, EventKind, EventSink, MatchingBook, OrderView,
};

use super::changes::Changes;
use super::error::DatasetError;
use super::files::TableFile;
use super::folder::Shared;
use super::rows::{Depth, L1, L2, Orders, Rows, Trades};
use super::snapshots::Snapshots;

/// Rows collected before they are written.
const BATCH_ROWS: usize = 1 << 16;

/// Collects rows of one table and writes them to files, a batch at a time. A file is made with its first batch.
struct Output<R> {
    rows: R,
    file: Option<TableFile>,
    /// Files begun so far.
    files: u32,
}

impl<R: Rows> Output<R> {
    /// An output for `R`'s table if it is wanted.
    fn wanted(shared: &Shared) -> Option<Output<R>> {
        shared.options.tables.contains(&R::TABLE).then(|| Output { rows: R::default(), file: None, files: 0 })
    }

    #[inline]
    fn flush_full(&mut self, shared: &Shared, part: u32) -> Result<(), DatasetError> {
        if self.rows.len() >= BATCH_ROWS { self.flush(shared, part) } else { Ok(()) }
    }

    #[cold]
    fn flush(&mut self, shared: &Shared, part: u32) -> Result<(), DatasetError> {
        if let Some(full) = self.file.take_if(|file| file.rows() >= shared.options.file_rows) {
            shared.add(R::TABLE.name(), full.finish()?);
        }
        if self.file.is_none() {
            self.file = Some(shared.table_file(R::TABLE, (part, self.files))?);
            self.files += 1;
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write(self.rows.take())
    }

    fn finish(mut self, shared: &Shared, part: u32) -> Result<(), DatasetError> {
        // The first part is always there, so that a table without rows is one.
        if self.rows.len() > 0 || (part == 0 && self.file.is_none()) {
            self.flush(shared, part)?;
        }
        if let Some(file) = self.file {
            shared.add(R::TABLE.name(), file.finish()?);
        }
        Ok(())
    }
}

/// Watches the books of one part.
pub(crate) struct Recorder {
    shared: Arc<Shared>,
    part: u32,
    orders: Option<Output<Orders>>,
    trades: Option<Output<Trades>>,
    l2: Option<Output<L2>>,
    l1: Option<Output<L1>>,
    depth: Option<Output<Depth>>,
    changes: Changes,
    /// Of the book that runs, if it is one whose snapshots are wanted.
    snapshots: Option<Snapshots>,
    book: u32,
    /// Number of the next event of the book.
    next_event: u64,
    /// Number and time of the command under way, and its id if it is a market order.
    seq: u64,
    time_ns: u64,
    market: Option<u64>,
    /// The order that a replace is about to change.
    before: Option<OrderView>,
    failed: bool,
}

impl Recorder {
    pub(crate) fn new(shared: Arc<Shared>, part: u32) -> Recorder {
        Recorder {
            part,
            orders: Output::wanted(&shared),
            trades: Output::wanted(&shared),
            l2: Output::wanted(&shared),
            l1: Output::wanted(&shared),
            depth: Output::wanted(&shared),
            changes: Changes::default(),
            snapshots: None,
            book: 0,
            next_event: 0,
            seq: 0,
            time_ns: 0,
            market: None,
            before: None,
            failed: false,
            shared,
        }
    }

    /// Writes what is left and ends the files.
    pub(crate) fn finish(self) {
        let Recorder { shared, part, orders, trades, l2, l1, depth, failed, .. } = self;
        if failed {
            return;
        }
        let finish = || {
            orders.map_or(Ok(()), |o| o.finish(&shared, part))?;
            trades.map_or(Ok(()), |o| o.finish(&shared, part))?;
            l2.map_or(Ok(()), |o| o.finish(&shared, part))?;
            l1.map_or(Ok(()), |o| o.finish(&shared, part))?;
            depth.map_or(Ok(()), |o| o.finish(&shared, part))
        };
        if let Err(e) = finish() {
            shared.fail(e);
        }
    }

    #[inline]
    fn keep(&mut self, result: Result<(), DatasetError>) {
        if let Err(e) = result {
            self.shared.fail(e);
            self.failed = true;
        }
    }

    #[inline]
    fn flush_full(&mut self) -> Result<(), DatasetError> {
        let (shared, part) = (&*self.shared, self.part);
        self.orders.as_mut().map_or(Ok(()), |o| o.flush_full(shared, part))?;
        self.trades.as_mut().map_or(Ok(()), |o| o.flush_full(shared, part))?;
        self.l2.as_mut().map_or(Ok(()), |o| o.flush_full(shared, part))
    }
}

impl EventSink for Recorder {
    #[inline]
    fn event(&mut self, e: &Event) {
        let event = self.next_event;
        self.next_event += 1;
        self.seq = e.seq;
        let ts = self.time_ns as i64;
        if let Some(snapshots) = &mut self.snapshots {
            snapshots.event(e);
        }
        if self.l2.is_some() {
            self.changes.event(e, self.before.as_ref());
        }
        if e.kind == EventKind::Trade {
            let Some(Output { rows, .. }) = &mut self.trades else { return };
            rows.book.push(self.book);
            rows.event.push(event);
            rows.seq.push(e.seq);
            rows.ts.push(ts);
            rows.price_ticks.push(e.price);
            rows.qty_lots.push(e.qty);
            rows.aggressor_side.push(e.side as i8);
            rows.taker_id.push(e.taker());
            rows.maker_id.push(e.maker());
            rows.taker_owner.push(e.owner);
        } else {
            let Some(Output { rows, .. }) = &mut self.orders else { return };
            let refused = e.kind == EventKind::Rejected;
            // A market order has no price, and neither does what is left of it.
            let priced = !refused && self.market != Some(e.id);
            rows.book.push(self.book);
            rows.event.push(event);
            rows.seq.push(e.seq);
            rows.ts.push(ts);
            rows.kind.push(e.kind as i8);
            rows.order_id.push(e.id);
            rows.side.push((!refused).then_some(e.side as i8));
            rows.price_ticks.push(priced.then_some(e.price));
            rows.qty_lots.push(e.qty);
            rows.removed_lots.push(if e.kind == EventKind::Reduced { e.other } else { 0 });
            rows.owner.push(e.owner);
            rows.reason.push(e.reason as i8);
            rows.kept_place.push(e.flags.has(EventFlags::KEPT_PRIORITY));
        }
    }
}

impl BookObserver for Recorder {
    fn begin(&mut self, index: u32) {
        self.book = index;
        self.next_event = 0;
        let options = &self.shared.options;
        let wanted = self.l1.is_some() || self.depth.is_some();
        self.snapshots = (wanted && index < options.sampled_books)
            .then(|| Snapshots::new(options.sample_rows as usize, options.levels as usize));
    }

    fn measured_from(&mut self, time_ns: u64) {
        if let Some(snapshots) = &mut self.snapshots {
            snapshots.start(time_ns);
        }
    }

    #[inline]
    fn before<B: MatchingBook>(&mut self, time_ns: u64, cmd: &Command, book: &B) {
        self.time_ns = time_ns;
        self.market = (cmd.kind == CommandKind::Market).then_some(cmd.id);
        if cmd.kind == CommandKind::Replace {
            self.before = book.order(cmd.id);
        }
        if let Some(snapshots) = &mut self.snapshots {
            snapshots.before(time_ns, book);
        }
    }

    #[inline]
    fn after<B: MatchingBook>(&mut self, _: u64, book: &B) {
        if let Some(Output { rows, .. }) = &mut self.l2 {
            let (index, seq, ts) = (self.book, self.seq, self.time_ns as i64);
            self.changes.drain(book, |side, price, qty, orders| {
                rows.book.push(index);
                rows.seq.push(seq);
                rows.ts.push(ts);
                rows.side.push(side as i8);
                rows.price_ticks.push(price);
                rows.qty_lots.push(qty);
                rows.orders.push(orders);
            });
        }
        if !self.failed {
            let flushed = self.flush_full();
            self.keep(flushed);
        }
    }

    fn end<B: MatchingBook>(&mut self, time_ns: u64, book: &B) {
        let Some(mut snapshots) = self.snapshots.take() else { return };
        // A row at the very end is due now: nothing more happens at this time.
        snapshots.take(time_ns.saturating_add(1), book);
        let (mut l1, mut depth) = (L1::default(), Depth::default());
        snapshots.write(
            self.book,
            self.l1.as_mut().map_or(&mut l1, |o| &mut o.rows),
            self.depth.as_mut().map_or(&mut depth, |o| &mut o.rows),
        );
        let (shared, part) = (&*self.shared, self.part);
        let mut flushed = self.l1.as_mut().map_or(Ok(()), |o| o.flush_full(shared, part));
        if flushed.is_ok() {
            flushed = self.depth.as_mut().map_or(Ok(()), |o| o.flush_full(shared, part));
        }
        self.keep(flushed);
    }

    fn has_failed(&self) -> bool {
        self.failed
    }
}
