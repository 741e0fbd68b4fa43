//! The top of a book at even times, in bounded memory however long the run: when there are too many rows, every second
//! one goes and the spacing doubles.

use toprung_book::{Event, EventKind, LevelView, MatchingBook, Side};

use super::rows::{Depth, L1};

/// Counts since the book opened.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    volume: u64,
    buy_volume: u64,
    trades: u64,
    accepted: u64,
    cancelled: u64,
    commands: u64,
    last: Option<i64>,
}

#[derive(Clone, Debug)]
struct Snapshot {
    time_ns: u64,
    levels: [Vec<LevelView>; 2],
    counts: Counts,
}

/// Collects the snapshots of one book.
#[derive(Debug)]
pub(crate) struct Snapshots {
    rows_max: usize,
    levels_max: usize,
    /// Time of the first row; `None` until the first command, or the end of the warm-up, says it.
    start_ns: Option<u64>,
    interval_ns: u64,
    /// When the next row is due.
    due_ns: u64,
    counts: Counts,
    rows: Vec<Snapshot>,
}

impl Snapshots {
    /// At most `rows_max` rows, from 2, of at most `levels_max` levels a side.
    pub(crate) fn new(rows_max: usize, levels_max: usize) -> Snapshots {
        Snapshots {
            rows_max,
            levels_max,
            start_ns: None,
            interval_ns: 1,
            due_ns: 0,
            counts: Counts::default(),
            rows: Vec::new(),
        }
    }

    /// Begins at `time_ns`, and forgets the rows before.
    pub(crate) fn start(&mut self, time_ns: u64) {
        (self.start_ns, self.due_ns, self.interval_ns) = (Some(time_ns), time_ns, 1);
        self.rows.clear();
    }

    /// A command is about to be applied: takes the rows that are due before.
    #[inline]
    pub(crate) fn before<B: MatchingBook>(&mut self, time_ns: u64, book: &B) {
        if self.due_ns < time_ns {
            match self.start_ns {
                Some(_) => self.take(time_ns, book),
                None => self.start(time_ns),
            }
        }
        self.counts.commands += 1;
    }

    #[inline]
    pub(crate) fn event(&mut self, e: &Event) {
        match e.kind {
            EventKind::Trade => {
                self.counts.trades += 1;
                self.counts.volume = self.counts.volume.saturating_add(e.qty);
                let bought = if e.side == Side::Buy { e.qty } else { 0 };
                self.counts.buy_volume = self.counts.buy_volume.saturating_add(bought);
                self.counts.last = Some(e.price);
            }
            EventKind::Accepted => self.counts.accepted += 1,
            EventKind::Cancelled => self.counts.cancelled += 1,
            _ => {}
        }
    }

    /// Takes every row that is due before `time_ns`, all with the state of `book`.
    #[cold]
    pub(crate) fn take<B: MatchingBook>(&mut self, time_ns: u64, book: &B) {
        let Some(start_ns) = self.start_ns else { return };
        let levels = Side::BOTH.map(|side| book.levels(side, self.levels_max));
        while self.due_ns < time_ns {
            if self.rows.len() == self.rows_max {
                let mut k = 0;
                self.rows.retain(|_| {
                    k += 1;
                    k % 2 == 1
                });
                self.interval_ns = self.interval_ns.saturating_mul(2);
            } else {
                self.rows.push(Snapshot { time_ns: self.due_ns, levels: levels.clone(), counts: self.counts });
            }
            let behind = (self.rows.len() as u64).saturating_mul(self.interval_ns);
            self.due_ns = start_ns.saturating_add(behind);
        }
    }

    /// Writes the rows out as those of book `book`, and forgets everything.
    pub(crate) fn write(&mut self, book: u32, l1: &mut L1, depth: &mut Depth) {
        for row in &self.rows {
            let [bid, ask] = [Side::Buy, Side::Sell].map(|side| row.levels[side as usize].first());
            let ts = row.time_ns as i64;
            l1.book.push(book);
            l1.ts.push(ts);
            l1.bid_ticks.push(bid.map(|l| l.price));
            l1.bid_lots.push(bid.map_or(0, |l| l.qty));
            l1.ask_ticks.push(ask.map(|l| l.price));
            l1.ask_lots.push(ask.map_or(0, |l| l.qty));
            l1.last_ticks.push(row.counts.last);
            l1.volume_lots.push(row.counts.volume);
            l1.buy_volume_lots.push(row.counts.buy_volume);
            l1.trades.push(row.counts.trades);
            l1.accepted.push(row.counts.accepted);
            l1.cancelled.push(row.counts.cancelled);
            l1.commands.push(row.counts.commands);
            for side in Side::BOTH {
                for (k, level) in row.levels[side as usize].iter().enumerate() {
                    depth.book.push(book);
                    depth.ts.push(ts);
                    depth.side.push(side as i8);
                    depth.level.push(k as u32);
                    depth.price_ticks.push(level.price);
                    depth.qty_lots.push(level.qty);
                    depth.orders.push(level.orders);
                }
            }
        }
        *self = Snapshots::new(self.rows_max, self.levels_max);
    }
}
