//! Looks on at a run and keeps what a person wants to see: columns at even steps of simulated time, and the last trades.
//!
//! It belongs to the run's own thread and asks nobody: what it keeps depends on the events alone, apart from the wall-clock
//! figures. When there are too many columns it merges them two by two and doubles the step, so that memory has a bound
//! and a run of any length is seen from its beginning.

use std::collections::VecDeque;
use std::time::Instant;

use toprung_book::{Event, EventKind, Side};

use super::column::{Column, DEPTH_ROWS, latency_bucket};
use crate::book_run::{Moment, Observer};
use crate::venue::SimBook;

/// Trades that are kept: some seconds of a busy market, a screen many times over.
pub const TRADES_MAX: usize = 4096;

/// One fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveTrade {
    /// Simulated time, ns behind the warm-up.
    pub time_ns: u64,
    /// Price in ticks.
    pub price: i64,
    /// Lots.
    pub qty: u64,
    /// The aggressor's side.
    pub side: Side,
    /// The resting order.
    pub maker: u64,
    /// The aggressor.
    pub taker: u64,
}

/// What the recorder hands on, in this order.
#[derive(Debug)]
pub(crate) enum Recorded {
    Column(Box<Column>),
    /// All columns so far are merged two by two.
    Merge,
}

/// The recorder of one run.
#[derive(Debug)]
pub(crate) struct LiveRecorder {
    /// What has not been handed on.
    pub(crate) ready: Vec<Recorded>,
    /// The last trades that have not been handed on.
    pub(crate) trades: VecDeque<LiveTrade>,
    interval_ns: u64,
    columns_max: usize,
    /// Columns now, and the time at which the next ends.
    count: usize,
    due_ns: u64,
    /// The time of what happens.
    now_ns: u64,
    /// The column in the making: its sums are up to date, its state is the last one's.
    current: Column,
    /// Totals at the end of the last column.
    seen: Totals,
    /// When the run began to work on the column, unless it waits.
    since: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    commands: [u64; 5],
    rejected: u64,
    trades: u64,
}

impl LiveRecorder {
    /// Columns of `interval_ns` (at least 1), at most `columns_max` of them (even).
    pub(crate) fn new(interval_ns: u64, columns_max: usize, reference: i64) -> LiveRecorder {
        let interval_ns = interval_ns.max(1);
        LiveRecorder {
            ready: Vec::new(),
            trades: VecDeque::new(),
            interval_ns,
            columns_max,
            count: 0,
            due_ns: interval_ns,
            now_ns: 0,
            current: Column::empty(reference),
            seen: Totals::default(),
            since: None,
        }
    }

    /// The run waits from now on, or works again.
    pub(crate) fn set_busy(&mut self, busy: bool) {
        if let Some(since) = self.since.take() {
            self.current.busy_ns += since.elapsed().as_nanos() as u64;
        }
        if busy {
            self.since = Some(Instant::now());
        }
    }

    /// The run is over: what is left becomes a last column, cut short.
    pub(crate) fn finish<B: SimBook>(&mut self, moment: &Moment<'_, B>) {
        let partial = moment.tally.commands() != self.seen.commands;
        if partial || moment.time_ns + self.interval_ns > self.due_ns {
            self.take(moment);
        }
    }

    /// Ends the column with the book as it is.
    fn take<B: SimBook>(&mut self, moment: &Moment<'_, B>) {
        self.set_busy(self.since.is_some());
        let Moment { book, touch, tally, .. } = moment;
        let column = &mut self.current;
        let now = Totals { commands: tally.commands(), rejected: tally.rejected(), trades: tally.trades() };
        for ((sum, now), before) in column.commands.iter_mut().zip(now.commands).zip(self.seen.commands) {
            *sum = now - before;
        }
        column.rejected = now.rejected - self.seen.rejected;
        column.trades = now.trades - self.seen.trades;
        self.seen = now;
        column.touch = *touch;
        column.bid_depth = book.depth_within(Side::Buy, moment.depth_ticks);
        column.ask_depth = book.depth_within(Side::Sell, moment.depth_ticks);
        column.resting = book.order_count() as u64;
        column.depth_base = middle(moment) - DEPTH_ROWS as i64 / 2;
        write_depth(*book, column.depth_base, &mut column.depth);
        let next = Column {
            volume: [0; 2],
            notional: [0; 2],
            busy_ns: 0,
            latency_max_ns: 0,
            latency: [0; super::LATENCY_BUCKETS],
            ..column.clone()
        };
        let column = std::mem::replace(&mut self.current, next);
        self.ready.push(Recorded::Column(Box::new(column)));
        self.count += 1;
        if self.count == self.columns_max {
            self.ready.push(Recorded::Merge);
            self.count /= 2;
            self.interval_ns = self.interval_ns.saturating_mul(2);
        }
        self.due_ns = (self.count as u64 + 1).saturating_mul(self.interval_ns);
    }
}

impl Observer for LiveRecorder {
    #[inline(always)]
    fn is_due(&self, time_ns: u64) -> bool {
        self.due_ns < time_ns
    }

    fn see<B: SimBook>(&mut self, moment: &Moment<'_, B>) {
        while self.due_ns < moment.time_ns {
            self.take(moment);
        }
    }

    #[inline(always)]
    fn now(&mut self, time_ns: u64) {
        self.now_ns = time_ns;
    }

    #[inline(always)]
    fn event(&mut self, e: &Event) {
        if e.kind != EventKind::Trade {
            return;
        }
        let side = e.side as usize;
        self.current.volume[side] += e.qty;
        self.current.notional[side] += i128::from(e.price) * i128::from(e.qty);
        if self.trades.len() == TRADES_MAX {
            self.trades.pop_front();
        }
        let (maker, taker) = (e.maker(), e.taker());
        self.trades.push_back(LiveTrade {
            time_ns: self.now_ns,
            price: e.price,
            qty: e.qty,
            side: e.side,
            maker,
            taker,
        });
    }

    fn latency(&mut self, ns: u64) {
        self.current.latency[latency_bucket(ns)] += 1;
        self.current.latency_max_ns = self.current.latency_max_ns.max(ns);
    }
}

/// The price in the middle of the book, of its one side if the other is empty, or the last trade's.
fn middle<B>(moment: &Moment<'_, B>) -> i64 {
    let touch = moment.touch;
    match (touch.has_bid(), touch.has_ask()) {
        (true, true) => touch.bid + (touch.ask - touch.bid) / 2,
        (true, false) => touch.bid,
        (false, true) => touch.ask,
        (false, false) => moment.tally.last_price,
    }
}

/// The open quantities at the prices from `base` up.
fn write_depth<B: SimBook>(book: &B, base: i64, rows: &mut [u32; DEPTH_ROWS]) {
    rows.fill(0);
    for side in Side::BOTH {
        for level in book.ladder(side) {
            let row = level.price - base;
            let beyond = match side {
                Side::Buy => row < 0,
                Side::Sell => row >= DEPTH_ROWS as i64,
            };
            if beyond {
                break;
            }
            // A side may begin beyond the other end.
            if let Some(cell) = usize::try_from(row).ok().and_then(|row| rows.get_mut(row)) {
                *cell = u32::try_from(level.qty).unwrap_or(u32::MAX);
            }
        }
    }
}
