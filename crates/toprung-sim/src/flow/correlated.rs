//! Assets whose values have a factor in common, each quoted at random times: where the Epps effect comes from.
//!
//! The books of a run form groups of `assets`. The value of each asset is a compound Poisson process of jumps ±`jumpTicks`:
//! those of the group's factor come at rate ρν, the asset's own at rate (1−ρ)ν, so that the increments of two assets of a
//! group have the correlation ρ over any time. A dealer looks at the value at Poisson times of rate λ and then moves his two
//! quotes about it, of which trades take at rate μ. What can be measured is the value at the last look; over a time Δ its
//! increments have the correlation
//!
//! ρ(Δ) = ρ (1 − (1 − e^−λΔ)/(λΔ)),
//!
//! which rises from nothing to ρ (Epps, J. Am. Stat. Assoc. 74 (1979) 291–298; for Poisson sampling Hayashi and Yoshida,
//! Bernoulli 11 (2005) 359–379).
//!
//! Books share nothing: each opens the stream of its group's factor itself and draws the same path from it.

use serde::{Deserialize, Serialize};
use toprung_book::{Command, Side};

use super::clock::EventClock;
use super::{Flow, FlowView, Rate, component};
use crate::config::{check, integer};
use crate::error::ConfigError;
use crate::random::{Source, StreamKey, Xoshiro256pp, below};

/// The model's parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CorrelatedConfig {
    /// Books to a group: book k belongs to group ⌊k/assets⌋; 1 to 262,144.
    pub assets: u32,
    /// ρ: correlation of the values of two assets of a group, 0 to 1.
    pub correlation: f64,
    /// ν: jumps of a value per second, 1 to 10⁷.
    pub jump_rate: f64,
    /// Size of a jump in ticks, 0.001 to 1,000.
    pub jump_ticks: f64,
    /// λ: looks of the dealer per second, 0.001 to 10⁷.
    pub quote_rate: f64,
    /// μ: market orders per second, both sides together, 0 to 10⁷.
    pub market_rate: f64,
    /// Distance of the quotes from the value in ticks, 1 to 1,000,000.
    pub half_spread_ticks: u32,
    /// Size of a quote in lots, 1 to 2²⁰; market orders are for one lot.
    pub order_size: u64,
    /// Value at the start, in ticks, within ±2⁵⁰.
    pub reference_price: i64,
}

impl Default for CorrelatedConfig {
    fn default() -> CorrelatedConfig {
        CorrelatedConfig {
            assets: 2,
            correlation: 0.8,
            jump_rate: 1000.0,
            jump_ticks: 2.0,
            quote_rate: 10.0,
            market_rate: 5.0,
            half_spread_ticks: 2,
            order_size: 1000,
            reference_price: 1_000_000,
        }
    }
}

impl CorrelatedConfig {
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        integer("flow.assets", self.assets, 1, 1 << 18)?;
        let within = |name: &str, value: f64, from: f64, to: f64| {
            let rule = format!("a number from {from} to {to}");
            check(&format!("flow.{name}"), (from..=to).contains(&value), rule, value)
        };
        within("correlation", self.correlation, 0.0, 1.0)?;
        within("jumpRate", self.jump_rate, 1.0, 1e7)?;
        within("jumpTicks", self.jump_ticks, 0.001, 1000.0)?;
        within("quoteRate", self.quote_rate, 0.001, 1e7)?;
        within("marketRate", self.market_rate, 0.0, 1e7)?;
        integer("flow.halfSpreadTicks", self.half_spread_ticks, 1, 1_000_000)?;
        super::size_and_price(self.order_size, self.reference_price)?;
        let sum = self.quote_rate + self.market_rate;
        let rule = "such that looks and market orders together are at least 0.001 per second";
        check("flow.quoteRate", sum >= 0.001, rule, sum)
    }

    pub(crate) fn events_per_second(&self) -> f64 {
        (4.0 * self.quote_rate + self.market_rate).max(1.0)
    }

    /// The value's own jumps between two events, in ticks, at the most that is to be expected.
    pub(crate) fn reach_ticks(&self) -> u64 {
        (self.jump_ticks * (64.0 + self.jump_rate / self.quote_rate)) as u64 + u64::from(self.half_spread_ticks)
    }
}

/// ρ(Δ) for Poisson looks at rate `quote_rate`, Δ in seconds.
pub fn epps_correlation(correlation: f64, quote_rate: f64, delta_s: f64) -> f64 {
    let x = quote_rate * delta_s;
    if x > 0.0 { correlation * (1.0 + libm::expm1(-x) / x) } else { 0.0 }
}

/// A compound Poisson path of jumps ±1, to be read at times that never go back.
#[derive(Clone, Debug)]
struct Walk {
    rng: Xoshiro256pp,
    rate: u64,
    next: EventClock,
    position: i64,
}

impl Walk {
    fn new(mut rng: Xoshiro256pp, per_second: f64) -> Walk {
        let rate = Rate::from_per_second(per_second).unwrap_or_default().bits();
        // A rate too small for the clock is none at all.
        let rate = if rate < 1 << 22 { 0 } else { rate };
        let mut next = EventClock::default();
        if rate > 0 {
            next.pass(&mut rng, rate);
        }
        Walk { rng, rate, next, position: 0 }
    }

    fn at(&mut self, time_ns: u64) -> i64 {
        while self.rate > 0 && self.next.now() <= time_ns {
            self.position += (self.rng.next_u64() >> 63) as i64 * 2 - 1;
            self.next.pass(&mut self.rng, self.rate);
        }
        self.position
    }
}

/// The model at work on one book.
#[derive(Clone, Debug)]
pub struct Correlated {
    rng: Xoshiro256pp,
    factor: Walk,
    own: Walk,
    /// Jump in 2⁻¹⁶ ticks.
    jump: i64,
    quotes: u64,
    rate: u64,
    half_spread: i64,
    size: u64,
    reference: i64,
    next_id: u64,
    resting: [u64; 2],
    /// What is left of a move of the quotes: 4 cancel the bid, 3 cancel the ask, 2 new bid, 1 new ask.
    steps: u8,
    value: i64,
    clock: EventClock,
}

impl Correlated {
    /// The model with checked parameters for one book.
    pub(crate) fn open(config: &CorrelatedConfig, key: StreamKey, book: u32) -> Correlated {
        let bits = |rate: f64| Rate::from_per_second(rate).unwrap_or_default().bits();
        let group = book - book % config.assets;
        let (rho, nu) = (config.correlation, config.jump_rate);
        let quotes = bits(config.quote_rate);
        Correlated {
            rng: key.generator(book, component::FLOW),
            factor: Walk::new(key.generator(group, component::FACTOR), rho * nu),
            own: Walk::new(key.generator(book, component::VALUE), (1.0 - rho) * nu),
            jump: (config.jump_ticks * 65_536.0) as i64,
            quotes,
            rate: quotes + bits(config.market_rate),
            half_spread: config.half_spread_ticks.into(),
            size: config.order_size,
            reference: config.reference_price,
            next_id: 1,
            resting: [0, 0],
            // The book opens with quotes about the first value.
            steps: 2,
            value: config.reference_price,
            clock: EventClock::default(),
        }
    }

    fn look(&mut self) {
        let now = self.clock.now();
        let jumps = self.factor.at(now) + self.own.at(now);
        self.value = self.reference + ((jumps * self.jump + (1 << 15)) >> 16);
    }

    fn quote(&mut self, side: Side) -> Command {
        let id = self.next_id;
        self.next_id += 1;
        self.resting[side as usize] = id;
        let price = if side == Side::Buy { self.value - self.half_spread } else { self.value + self.half_spread };
        Command::limit(id, side, price, self.size)
    }
}

impl Flow for Correlated {
    #[inline(always)]
    fn arm<V: FlowView>(&mut self, _view: &V) -> u64 {
        if self.steps == 0 {
            self.clock.pass(&mut self.rng, self.rate);
        }
        self.clock.now()
    }

    #[inline(always)]
    fn fire<V: FlowView>(&mut self, view: &V) -> Option<Command> {
        if self.steps == 0 {
            if below(&mut self.rng, self.rate) >= self.quotes {
                let side = Side::BOTH[(self.rng.next_u64() >> 63) as usize];
                let id = self.next_id;
                self.next_id += 1;
                return Some(Command::market(id, side, 1));
            }
            self.look();
            self.steps = 4;
        }
        self.steps -= 1;
        match self.steps {
            3 => view.contains(self.resting[0]).then(|| Command::cancel(self.resting[0])),
            2 => view.contains(self.resting[1]).then(|| Command::cancel(self.resting[1])),
            1 => Some(self.quote(Side::Buy)),
            _ => Some(self.quote(Side::Sell)),
        }
    }
}
