//! Looks on at a run and keeps what a person wants to see: columns at even steps of simulated time, and the last trades.
//!
//! It belongs to the run's own thread and asks nobody: what it keeps depends on the events alone, apart from the wall-clock
//! figures. When there are too many columns it merges them two by two and doubles the step, so that memory has a bound
//! and a run of any length is seen from its beginning.

use std::collections::VecDeque;
use std::time::Instant;

use toprung_book::{Event, EventKind, Side};

use super::board::Holding;
use super::column::{Column, DEPTH_ROWS, latency_bucket};
use crate::book_run::{Moment, Observer};
use crate::touch::Touch;
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
    /// The resting order; of a market of agents whose it was: 0 for the background, otherwise an agent's number and one.
    pub maker: u64,
    /// The aggressor, likewise.
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

/// Counts since the beginning.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    /// By the kind's code.
    pub(crate) commands: [u64; 5],
    pub(crate) rejected: u64,
    pub(crate) trades: u64,
}

/// A book at the end of a column.
pub(crate) struct Scene<'a, B> {
    pub(crate) time_ns: u64,
    pub(crate) book: &'a B,
    pub(crate) touch: Touch,
    pub(crate) last_price: i64,
    pub(crate) depth_ticks: u32,
    pub(crate) totals: Totals,
    /// What each track of a market of agents holds.
    pub(crate) holdings: Box<[Holding]>,
}

impl<'a, B> From<&Moment<'a, B>> for Scene<'a, B> {
    fn from(moment: &Moment<'a, B>) -> Scene<'a, B> {
        let Moment { time_ns, book, touch, tally, depth_ticks } = *moment;
        let totals = Totals { commands: tally.commands(), rejected: tally.rejected(), trades: tally.trades() };
        Scene { time_ns, book, touch, last_price: tally.last_price, depth_ticks, totals, holdings: Box::default() }
    }
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
    pub(crate) fn finish<B: SimBook>(&mut self, scene: Scene<'_, B>) {
        let partial = scene.totals.commands != self.seen.commands;
        if partial || scene.time_ns + self.interval_ns > self.due_ns {
            self.take(scene);
        }
    }

    /// When the column in the making ends, ns.
    pub(crate) fn due_ns(&self) -> u64 {
        self.due_ns
    }

    /// One fill.
    #[inline(always)]
    pub(crate) fn trade(&mut self, trade: LiveTrade) {
        let side = trade.side as usize;
        self.current.volume[side] += trade.qty;
        self.current.notional[side] += i128::from(trade.price) * i128::from(trade.qty);
        if self.trades.len() == TRADES_MAX {
            self.trades.pop_front();
        }
        self.trades.push_back(trade);
    }

    /// Ends the column with the book as it is.
    pub(crate) fn take<B: SimBook>(&mut self, scene: Scene<'_, B>) {
        self.set_busy(self.since.is_some());
        let depth_base = middle(&scene) - DEPTH_ROWS as i64 / 2;
        let Scene { book, touch, totals: now, depth_ticks, holdings, .. } = scene;
        let column = &mut self.current;
        for ((sum, now), before) in column.commands.iter_mut().zip(now.commands).zip(self.seen.commands) {
            *sum = now - before;
        }
        column.rejected = now.rejected - self.seen.rejected;
        column.trades = now.trades - self.seen.trades;
        self.seen = now;
        column.touch = touch;
        column.bid_depth = book.depth_within(Side::Buy, depth_ticks);
        column.ask_depth = book.depth_within(Side::Sell, depth_ticks);
        column.resting = book.order_count() as u64;
        column.depth_base = depth_base;
        write_depth(book, depth_base, &mut column.depth);
        column.holdings = holdings;
        let next = Column {
            volume: [0; 2],
            notional: [0; 2],
            busy_ns: 0,
            latency_max_ns: 0,
            latency: [0; super::LATENCY_BUCKETS],
            holdings: Box::default(),
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
            self.take(moment.into());
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
        let (time_ns, maker, taker) = (self.now_ns, e.maker(), e.taker());
        self.trade(LiveTrade { time_ns, price: e.price, qty: e.qty, side: e.side, maker, taker });
    }

    fn latency(&mut self, ns: u64) {
        self.current.latency[latency_bucket(ns)] += 1;
        self.current.latency_max_ns = self.current.latency_max_ns.max(ns);
    }
}

/// The price in the middle of the book, of its one side if the other is empty, or the last trade's.
fn middle<B>(scene: &Scene<'_, B>) -> i64 {
    let touch = scene.touch;
    match (touch.has_bid(), touch.has_ask()) {
        (true, true) => touch.bid + (touch.ask - touch.bid) / 2,
        (true, false) => touch.bid,
        (false, true) => touch.ask,
        (false, false) => scene.last_price,
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
