//! The model of Cont, Stoikov and Talreja: Poisson order flow whose rates depend on the distance from the opposite best.
//!
//! Cont, Stoikov and Talreja, *A stochastic model for order book dynamics*, Oper. Res. 58 (2010) 549–563. All orders have
//! one size; a price lies at distance i of a side if it is i ticks from the opposite side's best price.
//!
//! - limit orders arrive at distance i at rate λ(i) per side, i = 1 … K;
//! - market orders arrive at total rate μ, half of them buys (the paper's μ is per side: half of this one);
//! - every resting order at distance i is cancelled at rate θ(i); beyond the last given distance at the last rate.
//!
//! An order keeps its price while the distances move with the opposite best. With a spread of S the two best queues are
//! birth–death processes with birth rate λ(S) and death rate μ/2 + θ(S)n, which gives the probabilities of the next move
//! of the mid price that [`crate::theory`] solves for and the oracle tests compare.
//!
//! The default is the paper's Sky Perfect fit (Tokyo): λ and θ for i = 1 … 5, the power law 1.92 i^−0.52 and θ = 0.47 for
//! i = 6 … 30, and μ = 0.94 per side, in events per second.
//!
//! # How it is drawn
//!
//! The total rate is bounded by 2Σλ + μ + θ_max n over the n entries of the list of orders; what falls on an entry is a
//! cancel with probability θ(i)/θ_max at the distance i that the order has *then* (thinning), so nothing has to be kept
//! up to date when the best prices move.

use serde::{Deserialize, Serialize};
use toprung_book::{Command, Side};

use super::clock::EventClock;
use super::live::{Entry, LiveList, Priced};
use super::{Flow, FlowConfig, FlowView, Rate, component};
use crate::config::check;
use crate::error::ConfigError;
use crate::random::{Alias, Source, StreamKey, Xoshiro256pp, below};

/// The model's parameters; the sides are alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CstConfig {
    /// λ(i), i = 1 …: limit orders per second and side at i ticks from the opposite best, 1 to 1,000 rates.
    pub limit_rates: Vec<f64>,
    /// μ: market orders per second, both sides together, 0 to 10⁹.
    pub market_rate: f64,
    /// θ(i), i = 1 …: cancels per second and order at i ticks from the opposite best, 1 to 1,000 rates up to 100,000; the
    /// last one holds beyond.
    pub cancel_rates: Vec<f64>,
    /// Size of every order in lots, 1 to 2²⁰.
    pub order_size: u64,
    /// Price about which an empty book starts, in ticks, within ±2⁵⁰.
    pub reference_price: i64,
}

impl Default for CstConfig {
    fn default() -> CstConfig {
        // To four decimals, so that TypeScript, with another `pow`, has the same numbers.
        let tail = (6..=30).map(|i| (1.92 * libm::pow(f64::from(i), -0.52) * 1e4).round() / 1e4);
        CstConfig {
            limit_rates: [1.85, 1.51, 1.09, 0.88, 0.77].into_iter().chain(tail).collect(),
            market_rate: 1.88,
            cancel_rates: vec![0.71, 0.81, 0.68, 0.56, 0.47],
            order_size: 1,
            reference_price: 1_000_000,
        }
    }
}

/// As in the Santa Fe model: the sum of all rates stays below 2³¹ per second.
const CANCELS_MAX: u64 = 1_000_000_000;

impl CstConfig {
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        super::rates("flow.limitRates", &self.limit_rates, 1, 1000, Rate::MAX_PER_SECOND)?;
        super::rate("flow.marketRate", self.market_rate)?;
        super::rates("flow.cancelRates", &self.cancel_rates, 1, 1000, 100_000.0)?;
        super::size_and_price(self.order_size, self.reference_price)?;
        let arrivals = self.arrivals_per_second();
        let rule = "such that limit and market orders together are 1 to 500000000 per second";
        check("flow.limitRates", (1.0..=5e8).contains(&arrivals), rule, format!("a sum of {arrivals}"))
    }

    fn limits_per_second(&self) -> f64 {
        2.0 * self.limit_rates.iter().sum::<f64>()
    }

    fn arrivals_per_second(&self) -> f64 {
        self.limits_per_second() + self.market_rate
    }

    pub(crate) fn events_per_second(&self) -> f64 {
        let cancels = if self.cancel_rates.iter().any(|r| *r > 0.0) {
            (self.limits_per_second() - self.market_rate).max(0.0)
        } else {
            0.0
        };
        (self.arrivals_per_second() + cancels).max(1.0)
    }

    pub(crate) fn resting_orders(&self) -> Option<u64> {
        let theta = |i: usize| self.cancel_rates[i.min(self.cancel_rates.len() - 1)];
        let of_level = |(i, rate): (usize, &f64)| if *rate > 0.0 { rate / theta(i) } else { 0.0 };
        let n = 2.0 * self.limit_rates.iter().enumerate().map(of_level).sum::<f64>();
        n.is_finite().then_some(n as u64)
    }

    pub(crate) fn reach_ticks(&self) -> u64 {
        self.limit_rates.len() as u64
    }
}

/// The model at work on one book.
#[derive(Clone, Debug)]
pub struct Cst {
    rng: Xoshiro256pp,
    /// The distance of a limit order, from 0 for i = 1.
    distance: Alias,
    /// Limit orders of both sides, in 32.32 fixed point.
    limits: u64,
    market_side: u64,
    arrivals: u64,
    /// θ_max in fixed point.
    cancel: u64,
    /// θ(i)/θ_max of 2³², from i = 1.
    keep: Vec<u64>,
    rate: u64,
    size: u64,
    next_id: u64,
    orders: LiveList<Priced>,
    clock: EventClock,
}

impl Cst {
    /// The model with checked parameters for one book, on the book's own stream.
    pub(crate) fn open(config: &CstConfig, key: StreamKey, book: u32) -> Cst {
        let mut flow = Cst {
            rng: key.generator(book, component::FLOW),
            distance: Alias::new(&[1.0]).expect("Invariant: one weight of 1"),
            limits: 0,
            market_side: 0,
            arrivals: 0,
            cancel: 0,
            keep: Vec::new(),
            rate: 0,
            size: 0,
            next_id: 1,
            orders: LiveList::new(0),
            clock: EventClock::default(),
        };
        flow.set_rates(config);
        flow
    }

    fn set_rates(&mut self, config: &CstConfig) {
        let bits = |rate: f64| Rate::from_per_second(rate).unwrap_or_default().bits();
        if let Some(distance) = Alias::new(&config.limit_rates) {
            self.distance = distance;
        }
        self.limits = 2 * config.limit_rates.iter().map(|r| bits(*r)).sum::<u64>();
        self.market_side = bits(config.market_rate / 2.0);
        self.arrivals = self.limits + 2 * self.market_side;
        let most = config.cancel_rates.iter().copied().fold(0.0, f64::max);
        self.cancel = bits(most);
        let share = |rate: &f64| if most > 0.0 { (rate / most * (1_u64 << 32) as f64) as u64 } else { 0 };
        self.keep = config.cancel_rates.iter().map(share).collect();
        self.size = config.order_size;
        self.orders.max = ((CANCELS_MAX << 32) / self.cancel.max(1)) as usize;
    }
}

impl Flow for Cst {
    #[inline(always)]
    fn arm<V: FlowView>(&mut self, _view: &V) -> u64 {
        self.rate = self.arrivals + self.cancel * self.orders.len() as u64;
        self.clock.pass(&mut self.rng, self.rate);
        self.clock.now()
    }

    #[inline(always)]
    fn fire<V: FlowView>(&mut self, view: &V) -> Option<Command> {
        let pick = below(&mut self.rng, self.rate);
        if pick < self.limits {
            let distance = self.distance.draw(&mut self.rng) as i64 + 1;
            let touch = view.touch();
            let sell = pick >= self.limits / 2;
            let price = if sell { touch.bid + distance } else { touch.ask - distance };
            let id = self.next_id;
            self.next_id += 1;
            if self.cancel != 0 {
                self.orders.push(Priced::new(id, sell, price), view);
            }
            return Some(Command::limit(id, Side::BOTH[usize::from(sell)], price, self.size));
        }
        if pick < self.arrivals {
            let side = if pick - self.limits < self.market_side { Side::Buy } else { Side::Sell };
            let id = self.next_id;
            self.next_id += 1;
            return Some(Command::market(id, side, self.size));
        }
        // The quotient says which entry, the entry's distance whether the firing counts.
        let at = ((pick - self.arrivals) / self.cancel) as usize;
        let order = self.orders.entries[at];
        let touch = view.touch();
        let distance = if order.is_sell() { order.price - touch.bid } else { touch.ask - order.price };
        let rate = self.keep[(distance.max(1) as usize - 1).min(self.keep.len() - 1)];
        if self.rng.next_u64() >> 32 >= rate {
            return None;
        }
        let id = self.orders.take(at).id();
        view.contains(id).then(|| Command::cancel(id))
    }

    fn retune<V: FlowView>(&mut self, config: &FlowConfig, now_ns: u64, view: &V) -> Option<u64> {
        let FlowConfig::Cst(config) = config else { return None };
        self.set_rates(config);
        self.clock.set(now_ns);
        Some(self.arm(view))
    }
}
