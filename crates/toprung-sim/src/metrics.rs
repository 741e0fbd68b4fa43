//! What a run measures: sums and extremes in integers, so that adding books up gives the same for any order and any
//! number of threads.
//!
//! Ratios are taken only when somebody asks ([`Metrics::mean_spread_ticks`] and the like) and decide nothing.

use serde::Serialize;
use toprung_book::{CommandKind, Event, EventKind, Side};

use crate::touch::Touch;

/// Mid prices of one book while both sides were there, in half ticks (bid + ask).
///
/// In the totals of several books, high and low are over all of them, and first and last are the first book's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MidRange {
    /// The first mid price.
    pub first_half_ticks: i64,
    /// The highest.
    pub high_half_ticks: i64,
    /// The lowest.
    pub low_half_ticks: i64,
    /// The last.
    pub last_half_ticks: i64,
}

/// Counts and sums over the measured part of a run, of one book or of many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metrics {
    /// Commands applied.
    pub events: u64,
    /// Commands that were new limit orders.
    pub limit_orders: u64,
    /// Commands that were new market orders.
    pub market_orders: u64,
    /// Commands that were cancels.
    pub cancels: u64,
    /// Commands that were reduces or replaces.
    pub changes: u64,
    /// New orders accepted, both sides.
    pub accepted: u64,
    /// New orders accepted that were buys.
    pub accepted_buys: u64,
    /// Commands that were refused.
    pub rejected: u64,
    /// Fills.
    pub trades: u64,
    /// Fills whose aggressor bought.
    pub buy_trades: u64,
    /// Lots traded.
    pub volume: u128,
    /// Lots traded by aggressors that bought.
    pub buy_volume: u128,
    /// Sum of price × quantity over the fills, ticks × lots.
    pub notional: i128,
    /// Orders, or rests of orders, that ended without trading.
    pub cancelled: u64,
    /// Lots of those.
    pub cancelled_volume: u128,
    /// Simulated time, ns; of many books the sum.
    pub time_ns: u128,
    /// Time with both sides there, ns.
    pub two_sided_ns: u128,
    /// Spread × time over the time with both sides there, ticks × ns.
    pub spread_tick_ns: u128,
    /// Time with a spread of one tick, ns.
    pub one_tick_ns: u128,
    /// Time with a bid, ns.
    pub bid_ns: u128,
    /// Time with an ask, ns.
    pub ask_ns: u128,
    /// Quantity at the best bid × time, lots × ns.
    pub bid_lot_ns: u128,
    /// Quantity at the best ask × time, lots × ns.
    pub ask_lot_ns: u128,
    /// Samples of the depth near the touch: the rows of [`L1Samples`], whether kept or not.
    pub depth_samples: u64,
    /// Sum over the samples of the bid quantity within `samples.depthTicks` of the best bid, lots.
    pub bid_depth_lots: u128,
    /// Sum over the samples of the ask quantity within `samples.depthTicks` of the best ask, lots.
    pub ask_depth_lots: u128,
    /// The range of the mid price, if both sides were ever there.
    pub mid: Option<MidRange>,
}

/// `a / b` for people to read; 0 when there is nothing to divide by.
fn ratio(a: u128, b: u128) -> f64 {
    if b == 0 { 0.0 } else { a as f64 / b as f64 }
}

impl Metrics {
    /// Time-weighted mean spread in ticks, 0 if both sides were never there.
    pub fn mean_spread_ticks(&self) -> f64 {
        ratio(self.spread_tick_ns, self.two_sided_ns)
    }

    /// Share of the two-sided time with a spread of one tick.
    pub fn one_tick_share(&self) -> f64 {
        ratio(self.one_tick_ns, self.two_sided_ns)
    }

    /// Time-weighted mean quantity at the best bid, lots, over the time with a bid.
    pub fn mean_bid_lots(&self) -> f64 {
        ratio(self.bid_lot_ns, self.bid_ns)
    }

    /// Time-weighted mean quantity at the best ask, lots, over the time with an ask.
    pub fn mean_ask_lots(&self) -> f64 {
        ratio(self.ask_lot_ns, self.ask_ns)
    }

    /// Mean quantity near the best bid, lots: see `bid_depth_lots`.
    pub fn mean_bid_depth_lots(&self) -> f64 {
        ratio(self.bid_depth_lots, u128::from(self.depth_samples))
    }

    /// Mean quantity near the best ask, lots: see `ask_depth_lots`.
    pub fn mean_ask_depth_lots(&self) -> f64 {
        ratio(self.ask_depth_lots, u128::from(self.depth_samples))
    }

    /// Adds another book's metrics.
    pub fn add(&mut self, o: &Metrics) {
        self.events += o.events;
        self.limit_orders += o.limit_orders;
        self.market_orders += o.market_orders;
        self.cancels += o.cancels;
        self.changes += o.changes;
        self.accepted += o.accepted;
        self.accepted_buys += o.accepted_buys;
        self.rejected += o.rejected;
        self.trades += o.trades;
        self.buy_trades += o.buy_trades;
        self.volume += o.volume;
        self.buy_volume += o.buy_volume;
        self.notional += o.notional;
        self.cancelled += o.cancelled;
        self.cancelled_volume += o.cancelled_volume;
        self.time_ns += o.time_ns;
        self.two_sided_ns += o.two_sided_ns;
        self.spread_tick_ns += o.spread_tick_ns;
        self.one_tick_ns += o.one_tick_ns;
        self.bid_ns += o.bid_ns;
        self.ask_ns += o.ask_ns;
        self.bid_lot_ns += o.bid_lot_ns;
        self.ask_lot_ns += o.ask_lot_ns;
        self.depth_samples += o.depth_samples;
        self.bid_depth_lots += o.bid_depth_lots;
        self.ask_depth_lots += o.ask_depth_lots;
        self.mid = match (self.mid, o.mid) {
            (Some(a), Some(b)) => Some(MidRange {
                high_half_ticks: a.high_half_ticks.max(b.high_half_ticks),
                low_half_ticks: a.low_half_ticks.min(b.low_half_ticks),
                ..a
            }),
            (a, b) => a.or(b),
        };
    }

    /// Takes in that `touch` held for `dt_ns`.
    #[inline]
    pub(crate) fn hold(&mut self, touch: &Touch, dt_ns: u64) {
        let dt = u128::from(dt_ns);
        self.time_ns += dt;
        if touch.has_bid() {
            self.bid_ns += dt;
            self.bid_lot_ns += u128::from(touch.bid_qty) * dt;
        }
        if touch.has_ask() {
            self.ask_ns += dt;
            self.ask_lot_ns += u128::from(touch.ask_qty) * dt;
        }
        if let Some(spread) = touch.spread_ticks() {
            self.two_sided_ns += dt;
            self.spread_tick_ns += u128::from(spread) * dt;
            if spread == 1 {
                self.one_tick_ns += dt;
            }
            self.see_mid(touch.bid.wrapping_add(touch.ask));
        }
    }

    /// Takes in a mid price. Prices of a run stay far from the limits of `i64` (see `SimConfig::validate`).
    #[inline]
    fn see_mid(&mut self, mid: i64) {
        match &mut self.mid {
            Some(m) => {
                m.high_half_ticks = m.high_half_ticks.max(mid);
                m.low_half_ticks = m.low_half_ticks.min(mid);
                m.last_half_ticks = mid;
            }
            none => {
                *none = Some(MidRange {
                    first_half_ticks: mid,
                    high_half_ticks: mid,
                    low_half_ticks: mid,
                    last_half_ticks: mid,
                });
            }
        }
    }

    /// Takes in the samples of the depth.
    pub(crate) fn take_depths(&mut self, rows: &[L1Row]) {
        self.depth_samples += rows.len() as u64;
        for r in rows {
            self.bid_depth_lots += u128::from(r.bid_depth);
            self.ask_depth_lots += u128::from(r.ask_depth);
        }
    }
}

/// Counts while a book runs: arrays indexed by code, without branches, turned into [`Metrics`] at the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    commands: [u64; 5],
    events: [[u64; 2]; 12],
    volume: [u64; 2],
    cancelled_volume: u128,
    notional: i128,
    pub(crate) last_price: i64,
}

impl Tally {
    /// Nothing counted; the last price is `reference`.
    pub(crate) fn new(reference: i64) -> Tally {
        Tally { last_price: reference, ..Tally::default() }
    }

    #[inline(always)]
    pub(crate) fn command(&mut self, kind: CommandKind) {
        self.commands[kind as usize] += 1;
    }

    #[inline(always)]
    pub(crate) fn event(&mut self, e: &Event) {
        self.events[e.kind as usize][e.side as usize] += 1;
        match e.kind {
            EventKind::Trade => {
                self.volume[e.side as usize] += e.qty;
                self.notional += i128::from(e.price) * i128::from(e.qty);
                self.last_price = e.price;
            }
            EventKind::Cancelled => self.cancelled_volume += u128::from(e.qty),
            _ => {}
        }
    }

    /// Commands so far, by the kind's code.
    pub(crate) fn commands(&self) -> [u64; 5] {
        self.commands
    }

    /// Commands refused so far.
    pub(crate) fn rejected(&self) -> u64 {
        self.events[EventKind::Rejected as usize].iter().sum()
    }

    /// Fills so far.
    pub(crate) fn trades(&self) -> u64 {
        self.events[EventKind::Trade as usize].iter().sum()
    }

    /// Lots traded so far.
    pub(crate) fn volume(&self) -> u64 {
        self.volume[0] + self.volume[1]
    }

    /// Writes the counts into `m`.
    pub(crate) fn write(&self, m: &mut Metrics) {
        let both = |k: EventKind| self.events[k as usize].iter().sum::<u64>();
        let buys = |k: EventKind| self.events[k as usize][Side::Buy as usize];
        let [limit, market, cancel, reduce, replace] = self.commands;
        m.events = self.commands.iter().sum();
        m.limit_orders = limit;
        m.market_orders = market;
        m.cancels = cancel;
        m.changes = reduce + replace;
        m.accepted = both(EventKind::Accepted);
        m.accepted_buys = buys(EventKind::Accepted);
        m.rejected = both(EventKind::Rejected);
        m.trades = both(EventKind::Trade);
        m.buy_trades = buys(EventKind::Trade);
        m.volume = self.volume.iter().map(|v| u128::from(*v)).sum();
        m.buy_volume = u128::from(self.volume[Side::Buy as usize]);
        m.notional = self.notional;
        m.cancelled = both(EventKind::Cancelled);
        m.cancelled_volume = self.cancelled_volume;
    }
}

/// The top of one book at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct L1Row {
    /// Simulated time, ns behind the end of the warm-up; the row holds what every event up to and at this time left.
    pub time_ns: u64,
    /// Best bid in ticks; without meaning when `bid_qty` is 0.
    pub bid: i64,
    /// Quantity at the best bid, lots; 0 when there is no bid.
    pub bid_qty: u64,
    /// Best ask in ticks; without meaning when `ask_qty` is 0.
    pub ask: i64,
    /// Quantity at the best ask, lots; 0 when there is no ask.
    pub ask_qty: u64,
    /// Bid quantity within `samples.depthTicks` of the best bid, lots.
    pub bid_depth: u64,
    /// Ask quantity within `samples.depthTicks` of the best ask, lots.
    pub ask_depth: u64,
    /// Lots traded since the warm-up.
    pub volume: u64,
    /// Price of the last trade in ticks, of the warm-up too; the reference price before the first.
    pub last_price: i64,
}

/// Rows evenly spaced in simulated time: row `k` is at `k × interval_ns`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct L1Samples {
    /// Time between two rows, ns.
    pub interval_ns: u64,
    /// The rows, from time 0.
    pub rows: Vec<L1Row>,
}

/// Takes rows as simulated time goes on, and halves them whenever there are too many.
#[derive(Debug)]
pub(crate) struct Sampler {
    samples: L1Samples,
    rows_max: usize,
    /// When the next row is due; `u64::MAX` when none ever is.
    due_ns: u64,
}

impl Sampler {
    /// At most `rows_max` rows (0 none), the first spacing `interval_ns`.
    pub(crate) fn new(rows_max: u32, interval_ns: u64) -> Sampler {
        let due_ns = if rows_max == 0 { u64::MAX } else { 0 };
        let samples = L1Samples { interval_ns: interval_ns.max(1), rows: Vec::new() };
        Sampler { samples, rows_max: rows_max as usize, due_ns }
    }

    /// Whether a row is due before something happens at `time_ns`.
    #[inline(always)]
    pub(crate) fn is_due(&self, time_ns: u64) -> bool {
        self.due_ns < time_ns
    }

    /// Takes every row that is due before `time_ns`, all of them with the state of `row`.
    #[cold]
    pub(crate) fn take(&mut self, time_ns: u64, row: L1Row) {
        while self.due_ns < time_ns {
            if self.samples.rows.len() == self.rows_max {
                let mut k = 0;
                self.samples.rows.retain(|_| {
                    k += 1;
                    k % 2 == 1
                });
                self.samples.interval_ns = self.samples.interval_ns.saturating_mul(2);
            } else {
                self.samples.rows.push(L1Row { time_ns: self.due_ns, ..row });
            }
            self.due_ns = (self.samples.rows.len() as u64).saturating_mul(self.samples.interval_ns);
        }
    }

    pub(crate) fn into_samples(self) -> L1Samples {
        self.samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stay_evenly_spaced_from_zero_however_long_the_run() {
        for rows_max in [2, 3, 7, 64] {
            let mut s = Sampler::new(rows_max, 3);
            let mut t = 0;
            for step in 1..2000 {
                t += step % 11;
                if s.is_due(t) {
                    s.take(t, L1Row { volume: step, ..L1Row::default() });
                }
            }
            let out = s.into_samples();
            assert!(out.rows.len() <= rows_max as usize && out.rows.len() * 2 >= rows_max as usize);
            assert!(out.rows.iter().enumerate().all(|(k, r)| r.time_ns == k as u64 * out.interval_ns));
            assert!(out.rows.last().unwrap().time_ns + out.interval_ns >= t);
        }
    }

    #[test]
    fn a_gap_of_any_length_ends() {
        let mut s = Sampler::new(16, 1);
        s.take(u64::MAX - 1, L1Row::default());
        assert!(!s.is_due(u64::MAX - 1));
        assert!(s.into_samples().rows.len() <= 16);
        assert!(!Sampler::new(0, 1).is_due(u64::MAX));
    }

    #[test]
    fn time_weights_are_exact_and_a_missing_side_counts_for_neither_spread_nor_mid() {
        let mut m = Metrics::default();
        let two = Touch { bid: 99, bid_qty: 5, ask: 100, ask_qty: 7 };
        m.hold(&two, 10);
        m.hold(&Touch { ask: 102, ..two }, 30);
        m.hold(&Touch { ask_qty: 0, ..two }, 60);
        assert_eq!((m.time_ns, m.two_sided_ns, m.spread_tick_ns, m.one_tick_ns), (100, 40, 100, 10));
        assert_eq!((m.bid_lot_ns, m.ask_lot_ns, m.ask_ns), (500, 280, 40));
        let mid = m.mid.unwrap();
        assert_eq!((mid.first_half_ticks, mid.high_half_ticks, mid.last_half_ticks), (199, 201, 201));
        assert_eq!(m.mean_spread_ticks(), 2.5);
    }
}
