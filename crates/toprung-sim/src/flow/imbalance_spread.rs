//! The queue-reactive model projected on (imbalance, spread).
//!
//! After Noble, Rosenbaum and Souilmi (arXiv 2603.24137): the state is the imbalance of the best queues
//! Imb = (q_bid − q_ask)/(q_bid + q_ask) and the spread n in ticks.
//!
//! - At n = 1, orders are added to and cancelled from the best queue and the one behind it, and trades take from the best
//!   queue: rates per side by class of imbalance, of the bid side as tabulated and of the ask side mirrored (Imb → −Imb).
//! - At n ≥ 2, orders create a new best bid or ask inside the spread, at a uniform place; nothing else happens.
//!
//! Times between events are exponential at the state's total rate or, with `delayQuantilesNs`, drawn from an empirical law
//! given by equally spaced quantiles, whatever the state: then the rates only share out the events.

use serde::{Deserialize, Serialize};
use toprung_book::{Command, Side};

use super::clock::EventClock;
use super::{Flow, FlowView, Rate, component};
use crate::config::{check, integer};
use crate::error::ConfigError;
use crate::random::{StreamKey, Xoshiro256pp, below};

/// Rates of one side by class of imbalance, events per second; classes divide [−1, 1] evenly, from all on the other side
/// to all on this one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImbalanceRates {
    /// Limit orders at the best price.
    pub add_best: Vec<f64>,
    /// Cancels at the best price.
    pub cancel_best: Vec<f64>,
    /// Market orders against the best queue.
    pub trade: Vec<f64>,
    /// Limit orders one tick behind the best price.
    pub add_behind: Vec<f64>,
    /// Cancels one tick behind the best price.
    pub cancel_behind: Vec<f64>,
}

impl ImbalanceRates {
    fn all(&self) -> [(&'static str, &Vec<f64>); 5] {
        [
            ("addBest", &self.add_best),
            ("cancelBest", &self.cancel_best),
            ("trade", &self.trade),
            ("addBehind", &self.add_behind),
            ("cancelBehind", &self.cancel_behind),
        ]
    }
}

/// The model's parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ImbalanceSpreadConfig {
    /// Rates at a spread of one tick, each list as long as the others, 1 to 64 classes.
    pub rates: ImbalanceRates,
    /// Orders per second and side that create a new best price, by spread from 2 ticks; the last holds beyond.
    pub create: Vec<f64>,
    /// Time between events as equally spaced quantiles of an empirical law, ns, ascending; empty for exponential times.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub delay_quantiles_ns: Vec<u64>,
    /// Size of every order in lots, 1 to 2²⁰.
    pub order_size: u64,
    /// Price about which an empty book starts, in ticks, within ±2⁵⁰.
    pub reference_price: i64,
}

impl Default for ImbalanceSpreadConfig {
    /// Ten classes: the smaller queue is traded against and left, the larger one joined.
    fn default() -> ImbalanceSpreadConfig {
        let line = |from: f64, to: f64| (0..10).map(|k| from + (to - from) * f64::from(k) / 9.0).collect();
        ImbalanceSpreadConfig {
            rates: ImbalanceRates {
                add_best: line(24.0, 42.0),
                cancel_best: line(33.0, 24.0),
                trade: line(15.0, 3.0),
                add_behind: line(18.0, 18.0),
                cancel_behind: line(18.0, 18.0),
            },
            create: vec![60.0, 120.0],
            delay_quantiles_ns: Vec::new(),
            order_size: 1,
            reference_price: 1_000_000,
        }
    }
}

impl ImbalanceSpreadConfig {
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        let classes = self.rates.add_best.len();
        for (name, rates) in self.rates.all() {
            let path = format!("flow.rates.{name}");
            super::rates(&path, rates, 1, 64, 1e6)?;
            let rule = "as many rates as addBest has";
            check(&path, rates.len() == classes, rule, format!("{} and {classes}", rates.len()))?;
        }
        super::rates("flow.create", &self.create, 1, 64, 1e6)?;
        let least = self.create.iter().copied().fold(f64::INFINITY, f64::min);
        check("flow.create", least >= 1.0, "at least 1 per second everywhere, or the spread stays open", least)?;
        let total = |class: usize| self.rates.all().iter().map(|(_, r)| r[class] + r[classes - 1 - class]).sum::<f64>();
        let least = (0..classes).map(total).fold(f64::INFINITY, f64::min);
        check("flow.rates", least >= 1.0, "such that every class has at least 1 event per second", least)?;
        let delays = &self.delay_quantiles_ns;
        let ascending = delays.len() != 1 && delays.len() <= 4097 && delays.is_sorted() && delays.last() != Some(&0);
        let rule = "empty, or 2 to 4097 ascending times, the last above 0";
        check("flow.delayQuantilesNs", ascending, rule, delays.len())?;
        integer("flow.delayQuantilesNs", delays.last().copied().unwrap_or(0), 0, 1 << 50)?;
        super::size_and_price(self.order_size, self.reference_price)
    }

    pub(crate) fn events_per_second(&self) -> f64 {
        let delays = &self.delay_quantiles_ns;
        if delays.is_empty() {
            let classes = self.rates.add_best.len() as f64;
            let sum: f64 = self.rates.all().iter().map(|(_, r)| 2.0 * r.iter().sum::<f64>()).sum();
            (sum / classes).max(1.0)
        } else {
            let mean = delays.iter().map(|d| *d as f64).sum::<f64>() / delays.len() as f64;
            (1e9 / mean.max(1.0)).max(1.0)
        }
    }

    pub(crate) fn reach_ticks(&self) -> u64 {
        2
    }
}

const EVENTS: usize = 5;

/// The model at work on one book.
#[derive(Clone, Debug)]
pub struct ImbalanceSpread {
    rng: Xoshiro256pp,
    /// By class, cumulated over the five events of the bid side and then the ask side, in fixed point.
    one_tick: Box<[[u64; 2 * EVENTS]]>,
    /// Both sides, by spread from 2.
    create: Box<[u64]>,
    delays: Box<[u64]>,
    size: u64,
    next_id: u64,
    clock: EventClock,
}

impl ImbalanceSpread {
    /// The model with checked parameters for one book.
    pub(crate) fn open(config: &ImbalanceSpreadConfig, key: StreamKey, book: u32) -> ImbalanceSpread {
        let bits = |rate: f64| Rate::from_per_second(rate).unwrap_or_default().bits();
        let classes = config.rates.add_best.len();
        let row = |class: usize| {
            let mut row = [0; 2 * EVENTS];
            let mut sum = 0;
            for (k, cell) in row.iter_mut().enumerate() {
                let class = if k < EVENTS { class } else { classes - 1 - class };
                sum += bits(config.rates.all()[k % EVENTS].1[class]);
                *cell = sum;
            }
            row
        };
        ImbalanceSpread {
            rng: key.generator(book, component::FLOW),
            one_tick: (0..classes).map(row).collect(),
            create: config.create.iter().map(|r| 2 * bits(*r)).collect(),
            delays: config.delay_quantiles_ns.clone().into(),
            size: config.order_size,
            next_id: 1,
            clock: EventClock::default(),
        }
    }

    /// Spread in ticks, at least 2 where a side is missing, and the rates that go with the state.
    #[inline(always)]
    fn state<V: FlowView>(&self, view: &V) -> (i64, usize, u64) {
        let touch = view.touch();
        let (bid, ask) = (touch.bid_qty, touch.ask_qty);
        let spread = touch.ask - touch.bid;
        if spread > 1 || bid == 0 || ask == 0 {
            let spread = spread.max(2);
            return (spread, 0, self.create[(spread as usize - 2).min(self.create.len() - 1)]);
        }
        // ⌊classes · bid/(bid + ask)⌋: the class of (Imb + 1)/2.
        let classes = self.one_tick.len() as u64;
        let class = ((bid * classes / (bid + ask)) as usize).min(self.one_tick.len() - 1);
        (1, class, self.one_tick[class][2 * EVENTS - 1])
    }

    fn limit(&mut self, side: Side, price: i64) -> Option<Command> {
        let id = self.next_id;
        self.next_id += 1;
        Some(Command::limit(id, side, price, self.size))
    }

    /// A new best price inside the spread, or on a side that has none.
    fn new_best<V: FlowView>(&mut self, spread: i64, rate: u64, pick: u64, view: &V) -> Option<Command> {
        let touch = *view.touch();
        let side = match (touch.has_bid(), touch.has_ask()) {
            (false, true) => Side::Buy,
            (true, false) => Side::Sell,
            _ if pick < rate / 2 => Side::Buy,
            _ => Side::Sell,
        };
        let place = 1 + below(&mut self.rng, spread as u64 - 1) as i64;
        match side {
            Side::Buy => self.limit(side, (touch.bid + place).min(touch.ask - 1)),
            Side::Sell => self.limit(side, (touch.ask - place).max(touch.bid + 1)),
        }
    }
}

impl Flow for ImbalanceSpread {
    #[inline(always)]
    fn arm<V: FlowView>(&mut self, view: &V) -> u64 {
        if self.delays.is_empty() {
            let (_, _, rate) = self.state(view);
            self.clock.pass(&mut self.rng, rate);
        } else {
            let bin = below(&mut self.rng, self.delays.len() as u64 - 1) as usize;
            let (low, high) = (self.delays[bin], self.delays[bin + 1]);
            self.clock.set(self.clock.now().saturating_add(low + below(&mut self.rng, high - low + 1)));
        }
        self.clock.now()
    }

    #[inline(always)]
    fn fire<V: FlowView>(&mut self, view: &V) -> Option<Command> {
        let (spread, class, rate) = self.state(view);
        let pick = below(&mut self.rng, rate);
        if spread > 1 {
            return self.new_best(spread, rate, pick, view);
        }
        let event = self.one_tick[class].iter().filter(|sum| pick >= **sum).count();
        let touch = view.touch();
        let (side, best, behind) =
            if event < EVENTS { (Side::Buy, touch.bid, touch.bid - 1) } else { (Side::Sell, touch.ask, touch.ask + 1) };
        match event % EVENTS {
            0 => self.limit(side, best),
            1 => view.last_order(side, best).map(Command::cancel),
            2 => {
                let id = self.next_id;
                self.next_id += 1;
                Some(Command::market(id, !side, self.size))
            }
            3 => self.limit(side, behind),
            _ => view.last_order(side, behind).map(Command::cancel),
        }
    }

    fn disturbed<V: FlowView>(&mut self, now_ns: u64, view: &V) -> Option<u64> {
        if !self.delays.is_empty() {
            return None;
        }
        self.clock.set(now_ns);
        Some(self.arm(view))
    }
}
