//! The model of Mike and Farmer: signs with memory, prices from a Student law, cancels by position and imbalance.
//!
//! Mike and Farmer, *An empirical behavioral model of liquidity and volatility*, J. Econ. Dyn. Control 32 (2008) 200–234.
//! Orders of one size arrive at a constant rate:
//!
//! - their signs are those of metaorders ([`SplittingConfig`]), which have the long memory that the paper takes from
//!   fractional noise;
//! - the price of a buy is x ticks above the best bid, of a sell x below the best ask, x/scale Student-t with ν degrees of
//!   freedom (to the nearest tick, cut at ±`offsetMaxTicks`); where x reaches the opposite best the order is an effective
//!   market order;
//! - per order that arrives, every resting order is cancelled with the probability A (1−e^−y)(n_side/n + B)/n, where y is the
//!   ratio of its distance from the opposite best now and when it was placed, n_side and n the orders of its side and of both.
//!
//! Here arrivals and cancels are independent Poisson processes with these rates. A side is never emptied: neither its last
//! order's cancel nor the market order that would take it happens.
//!
//! Returns get a power-law tail only if the placement has one on the passive side, x < 0 (Gu and Zhou, arXiv 0805.3593):
//! `passiveTail: false` replaces it by an exponential one of the same scale, for the control arm.
//!
//! # How it is drawn
//!
//! Candidates for cancels come at the bound A(1+B) per arrival, uniform over the resting orders; one is kept with probability
//! (n_side/n + B)/(1+B), and then if an exponential variate is below y, which has probability 1−e^−y: no exponential
//! function is needed.

use serde::{Deserialize, Serialize};
use toprung_book::{Command, Side};

use super::clock::EventClock;
use super::signs::{Metaorders, Signs, SplittingConfig};
use super::{Flow, FlowView, Rate, component};
use crate::config::{check, integer};
use crate::error::ConfigError;
use crate::random::{Alias, Source, StreamKey, Xoshiro256pp, below, exponential};

/// The model's parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MikeFarmerConfig {
    /// Orders per second, both sides together, 1 to 10⁸.
    pub order_rate: f64,
    /// ν: degrees of freedom of the placement, 0.1 to 100.
    pub degrees_of_freedom: f64,
    /// Scale of the placement in ticks, 0.01 to 100,000.
    pub scale_ticks: f64,
    /// The placement is cut at this many ticks on both sides, 1 to 100,000.
    pub offset_max_ticks: u32,
    /// Whether the passive side of the placement has the power-law tail.
    pub passive_tail: bool,
    /// A: strength of the cancels, above 0 to 100.
    pub cancel_strength: f64,
    /// B: what the cancels do not owe to imbalance, 0 to 100.
    pub cancel_offset: f64,
    /// The signs.
    pub splitting: SplittingConfig,
    /// Size of every order in lots, 1 to 2²⁰.
    pub order_size: u64,
    /// Price about which an empty book starts, in ticks, within ±2⁵⁰.
    pub reference_price: i64,
}

impl Default for MikeFarmerConfig {
    /// ν = 1.3, A = 1.12, B = 0.2 and signs with Hurst exponent 0.75 (α = 1.5), as the paper finds for AstraZeneca.
    fn default() -> MikeFarmerConfig {
        MikeFarmerConfig {
            order_rate: 100.0,
            degrees_of_freedom: 1.3,
            scale_ticks: 6.0,
            offset_max_ticks: 4000,
            passive_tail: true,
            cancel_strength: 1.12,
            cancel_offset: 0.2,
            splitting: SplittingConfig::default(),
            order_size: 1,
            reference_price: 1_000_000,
        }
    }
}

impl MikeFarmerConfig {
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        let within = |name: &str, value: f64, from: f64, to: f64| {
            let rule = format!("a number from {from} to {to}");
            check(&format!("flow.{name}"), (from..=to).contains(&value), rule, value)
        };
        within("orderRate", self.order_rate, 1.0, 1e8)?;
        within("degreesOfFreedom", self.degrees_of_freedom, 0.1, 100.0)?;
        within("scaleTicks", self.scale_ticks, 0.01, 1e5)?;
        integer("flow.offsetMaxTicks", self.offset_max_ticks, 1, 100_000)?;
        within("cancelStrength", self.cancel_strength, 1e-6, 100.0)?;
        within("cancelOffset", self.cancel_offset, 0.0, 100.0)?;
        let rate = self.candidates_per_second();
        let rule = "such that orderRate × (1 + cancelStrength × (1 + cancelOffset)) is at most 1000000000";
        check("flow.orderRate", rate <= Rate::MAX_PER_SECOND, rule, rate)?;
        self.splitting.validate("flow.splitting")?;
        super::size_and_price(self.order_size, self.reference_price)
    }

    /// Arrivals and candidates for cancels.
    fn candidates_per_second(&self) -> f64 {
        self.order_rate * (1.0 + self.cancel_strength * (1.0 + self.cancel_offset))
    }

    /// Every order arrives and leaves, two by trade or one by cancel.
    pub(crate) fn events_per_second(&self) -> f64 {
        1.8 * self.order_rate
    }

    pub(crate) fn resting_orders(&self) -> Option<u64> {
        Some(1000)
    }

    pub(crate) fn reach_ticks(&self) -> u64 {
        u64::from(self.offset_max_ticks)
    }

    /// Weights of x from −max to max.
    fn placement(&self) -> Vec<f64> {
        let (nu, scale, max) = (self.degrees_of_freedom, self.scale_ticks, i64::from(self.offset_max_ticks));
        let density = |x: i64| {
            let z = x as f64 / scale;
            if x < 0 && !self.passive_tail {
                return libm::exp(z);
            }
            libm::pow(1.0 + z * z / nu, -(nu + 1.0) / 2.0)
        };
        (-max..=max).map(density).collect()
    }
}

#[derive(Clone, Copy, Debug)]
struct Placed {
    id: u64,
    price: i64,
    /// Distance from the opposite best when it was placed, negative for a sell.
    signed_distance: i64,
}

/// The model at work on one book.
#[derive(Clone, Debug)]
pub struct MikeFarmer {
    rng: Xoshiro256pp,
    signs: Metaorders,
    placement: Alias,
    offset_max: i64,
    arrivals: u64,
    rate: u64,
    /// B/(1+B) and 1/(1+B) of 2³².
    offset_share: u64,
    imbalance_share: u64,
    size: u64,
    next_id: u64,
    orders: Vec<Placed>,
    /// Orders that rest, by side, as far as the model knows.
    resting: [u64; 2],
    clock: EventClock,
}

impl MikeFarmer {
    /// The model with checked parameters for one book, on the book's own streams.
    pub(crate) fn open(config: &MikeFarmerConfig, key: StreamKey, book: u32) -> MikeFarmer {
        let bits = |rate: f64| Rate::from_per_second(rate).unwrap_or_default().bits();
        let b = config.cancel_offset;
        let share = |x: f64| (x / (1.0 + b) * (1_u64 << 32) as f64) as u64;
        MikeFarmer {
            rng: key.generator(book, component::FLOW),
            signs: Metaorders::open(&config.splitting, key, book),
            placement: Alias::new(&config.placement()).expect("Invariant: a density that is positive at its center"),
            offset_max: config.offset_max_ticks.into(),
            arrivals: bits(config.order_rate),
            rate: bits(config.candidates_per_second()),
            offset_share: share(b),
            imbalance_share: share(1.0),
            size: config.order_size,
            next_id: 1,
            orders: Vec::new(),
            resting: [0, 0],
            clock: EventClock::default(),
        }
    }

    fn arrive<V: FlowView>(&mut self, view: &V) -> Option<Command> {
        let side = self.signs.side(false);
        let x = self.placement.draw(&mut self.rng) as i64 - self.offset_max;
        let touch = view.touch();
        let (price, crosses, opposite) = match side {
            Side::Buy => (touch.bid + x, touch.bid + x >= touch.ask, touch.ask),
            Side::Sell => (touch.ask - x, touch.ask - x <= touch.bid, touch.bid),
        };
        let id = self.next_id;
        self.next_id += 1;
        if crosses {
            if self.resting[!side as usize] > 1 {
                self.resting[!side as usize] -= 1;
                return Some(Command::market(id, side, self.size));
            }
            if self.resting[!side as usize] == 1 {
                return None;
            }
        }
        // Where the other side is empty its last price is no obstacle, but the book must not be placed beyond it.
        let price = match side {
            Side::Buy => price.min(opposite - 1),
            Side::Sell => price.max(opposite + 1),
        };
        self.resting[side as usize] += 1;
        self.orders.push(Placed { id, price, signed_distance: opposite - price });
        Some(Command::limit(id, side, price, self.size))
    }

    fn cancel<V: FlowView>(&mut self, view: &V) -> Option<Command> {
        let (at, order) = loop {
            if self.orders.is_empty() {
                return None;
            }
            let at = below(&mut self.rng, self.orders.len() as u64) as usize;
            let order = self.orders[at];
            if view.contains(order.id) {
                break (at, order);
            }
            self.orders.swap_remove(at);
        };
        let side = if order.signed_distance < 0 { Side::Sell } else { Side::Buy };
        let [n_side, n] = [self.resting[side as usize], self.resting[0] + self.resting[1]];
        if n_side <= 1 {
            return None;
        }
        let keep = self.offset_share + self.imbalance_share * n_side / n;
        if self.rng.next_u64() >> 32 >= keep {
            return None;
        }
        let touch = view.touch();
        let now = if side == Side::Buy { touch.ask - order.price } else { order.price - touch.bid };
        // E < now/then with E in 32.32 fixed point.
        let e = u128::from(exponential(&mut self.rng)) * u128::from(order.signed_distance.unsigned_abs());
        if e >= u128::from(now.max(0) as u64) << 32 {
            return None;
        }
        self.orders.swap_remove(at);
        self.resting[side as usize] -= 1;
        Some(Command::cancel(order.id))
    }

    #[cold]
    fn count<V: FlowView>(&mut self, view: &V) {
        self.orders.retain(|o| view.contains(o.id));
        let sells = self.orders.iter().filter(|o| o.signed_distance < 0).count();
        self.resting = [(self.orders.len() - sells) as u64, sells as u64];
    }
}

impl Flow for MikeFarmer {
    #[inline(always)]
    fn arm<V: FlowView>(&mut self, view: &V) -> u64 {
        // Filled orders wait in the list until they are drawn; it must not grow with them.
        if self.orders.len() as u64 > 2 * (self.resting[0] + self.resting[1]) + 64 {
            self.count(view);
        }
        self.clock.pass(&mut self.rng, self.rate);
        self.clock.now()
    }

    #[inline(always)]
    fn fire<V: FlowView>(&mut self, view: &V) -> Option<Command> {
        if below(&mut self.rng, self.rate) < self.arrivals { self.arrive(view) } else { self.cancel(view) }
    }

    /// Others may have filled orders: they are counted again.
    fn disturbed<V: FlowView>(&mut self, _now_ns: u64, view: &V) -> Option<u64> {
        self.count(view);
        None
    }
}
