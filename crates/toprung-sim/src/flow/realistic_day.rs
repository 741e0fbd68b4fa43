//! The flagship flow: a queue-reactive Hawkes process with memory.
//!
//! Times and types of events come from the twelve-type Hawkes process ([`hawkes`](super::hawkes)), so that activity clusters
//! and events trigger each other; what an event does depends on the book and on the past of the signed flow, in the spirit
//! of the queue-reactive Hawkes process (Wu, Rambaldi, Muzy and Bacry, arXiv 1901.08938) and of the projection on imbalance
//! and spread with a memory kernel (Noble, Rosenbaum and Souilmi, arXiv 2603.24137):
//!
//! - **Signs.** Market orders are the pieces of metaorders: their signs have long memory.
//! - **Imbalance.** With I the imbalance of the best queues seen from the order's side (1 when all rests on its own side), a
//!   market order goes ahead with probability (1 + rI)/(1 + r) and else waits as a limit order at the touch; a cancel at
//!   the touch goes ahead with probability (1 − rI)/(1 + r) and else takes an order behind it. r is `imbalanceResponse`.
//! - **Spread.** A limit order inside the spread goes ahead with probability min(1, (S − 1)/`spreadTicks`) and else joins the
//!   touch, so the spread returns to a few of those ticks. By how many it betters its side says `placement`.
//! - **Memory.** M = Σ_p w_p Σ_trades ε e^−β_p(t−t_k), of market orders of sign ε, decays like a power law with the terms given.
//!   Limit orders inside the spread are sells with probability ½ (1 + κM/(1 + |κM|)): liquidity comes back against the
//!   flow.
//! - **Sizes.** Limit orders are round lots or uniform odd ones, and rarely several round lots; market orders take exactly the
//!   best queue with a given probability, and otherwise a size of the same law that goes through it only rarely.
//!
//! With a [`SeasonConfig`](super::SeasonConfig) in front this is the scenario `realistic-day`.

use serde::{Deserialize, Serialize};
use toprung_book::{Command, Side};

use super::hawkes::{Events, HawkesConfig, KernelTerm, Race, TYPES, validate_kernel};
use super::own_orders::OwnOrders;
use super::signs::{Metaorders, Signs, SplittingConfig};
use super::{Flow, FlowView, component};
use crate::config::{check, integer};
use crate::error::ConfigError;
use crate::random::{Source, StreamKey, Xoshiro256pp, below};

/// The memory of the signed flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MemoryConfig {
    /// κ: strength, 0 (none) to 100.
    pub strength: f64,
    /// The kernel's terms, 1 to 16; weights from 0 to 1 that add up to 1.
    pub kernel: Vec<KernelTerm>,
}

impl Default for MemoryConfig {
    /// A power law t^−0.5 from a second to a quarter of an hour.
    fn default() -> MemoryConfig {
        let terms = [(1.0, 0.55), (0.1, 0.25), (0.01, 0.13), (0.001, 0.07)];
        MemoryConfig {
            strength: 0.15,
            kernel: terms.map(|(decay_rate, weight)| KernelTerm { decay_rate, weight }).to_vec(),
        }
    }
}

/// The sizes of orders, in lots.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SizesConfig {
    /// The round lot, 1 to 2¹⁶.
    pub round_lot: u64,
    /// Share of limit orders of exactly one round lot, 0 to 1.
    pub round_share: f64,
    /// Share of limit orders of two to ten round lots, 0 to 1; the rest is odd, uniform below the round lot.
    pub multiple_share: f64,
    /// Share of market orders that take exactly the best queue, 0 to 1.
    pub take_share: f64,
    /// Share of the other market orders that may go through the best queue, 0 to 1.
    pub through_share: f64,
}

impl Default for SizesConfig {
    /// As measured on GOOG, 2012-06-21 (`docs/flow-models.md`).
    fn default() -> SizesConfig {
        SizesConfig { round_lot: 100, round_share: 0.49, multiple_share: 0.03, take_share: 0.55, through_share: 0.1 }
    }
}

/// The model's parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RealisticDayConfig {
    /// Times, types and places; `placement.orderSize` is not used.
    pub excitation: HawkesConfig,
    /// Signs of market orders.
    pub splitting: SplittingConfig,
    /// r: how strongly imbalance decides, 0 to 1.
    pub imbalance_response: f64,
    /// Ticks of spread beyond the first at which every order meant for the inside goes there, 0.1 to 100,000.
    pub spread_ticks: f64,
    /// Memory of the signed flow.
    pub memory: MemoryConfig,
    /// Sizes.
    pub sizes: SizesConfig,
}

impl Default for RealisticDayConfig {
    fn default() -> RealisticDayConfig {
        RealisticDayConfig {
            excitation: HawkesConfig::default(),
            splitting: SplittingConfig { metaorders: 4, length_exponent: 1.5, length_max: 1000 },
            imbalance_response: 0.6,
            spread_ticks: 4.0,
            memory: MemoryConfig::default(),
            sizes: SizesConfig::default(),
        }
    }
}

impl RealisticDayConfig {
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        self.excitation.validate("flow.excitation")?;
        self.splitting.validate("flow.splitting")?;
        let within = |name: &str, value: f64, from: f64, to: f64| {
            let rule = format!("a number from {from} to {to}");
            check(&format!("flow.{name}"), (from..=to).contains(&value), rule, value)
        };
        within("imbalanceResponse", self.imbalance_response, 0.0, 1.0)?;
        within("spreadTicks", self.spread_ticks, 0.1, 1e5)?;
        within("memory.strength", self.memory.strength, 0.0, 100.0)?;
        validate_kernel("flow.memory.kernel", &self.memory.kernel)?;
        let sizes = &self.sizes;
        integer("flow.sizes.roundLot", sizes.round_lot, 1, 1 << 16)?;
        within("sizes.roundShare", sizes.round_share, 0.0, 1.0)?;
        within("sizes.multipleShare", sizes.multiple_share, 0.0, 1.0)?;
        let shares = sizes.round_share + sizes.multiple_share;
        let rule = "such that it is at most 1 together with roundShare";
        check("flow.sizes.multipleShare", shares <= 1.0, rule, shares)?;
        within("sizes.takeShare", sizes.take_share, 0.0, 1.0)?;
        within("sizes.throughShare", sizes.through_share, 0.0, 1.0)
    }
}

/// A probability of 2³².
fn share(p: f64) -> u64 {
    (p * (1_u64 << 32) as f64) as u64
}

/// The model at work on one book.
#[derive(Clone, Debug)]
pub struct RealisticDay {
    race: Race,
    orders: OwnOrders,
    signs: Metaorders,
    /// Draws of what depends on the book.
    rng: Xoshiro256pp,
    response: f64,
    spread_ticks: f64,
    strength: f64,
    /// β per ns and w of each term, and its sum over past trades at `remembered_ns`.
    memory: Box<[(f64, f64, f64)]>,
    remembered_ns: u64,
    now_ns: u64,
    round_lot: u64,
    round: u64,
    multiple: u64,
    take: u64,
    through: u64,
}

impl RealisticDay {
    /// The model with checked parameters for one book, on the book's own streams.
    pub(crate) fn open(config: &RealisticDayConfig, key: StreamKey, book: u32) -> RealisticDay {
        let sizes = &config.sizes;
        RealisticDay {
            race: Race::new(Events::open(&config.excitation, key, book)),
            orders: OwnOrders::open(&config.excitation.placement, key, book),
            signs: Metaorders::open(&config.splitting, key, book),
            rng: key.generator(book, component::REACTION),
            response: config.imbalance_response,
            spread_ticks: config.spread_ticks,
            strength: config.memory.strength,
            memory: config.memory.kernel.iter().map(|t| (t.decay_rate * 1e-9, t.weight, 0.0)).collect(),
            remembered_ns: 0,
            now_ns: 0,
            round_lot: sizes.round_lot,
            round: share(sizes.round_share),
            multiple: share(sizes.round_share + sizes.multiple_share),
            take: share(sizes.take_share),
            through: share(sizes.through_share),
        }
    }

    /// Whether something of probability `p` happens.
    #[inline(always)]
    fn happens(&mut self, p: f64) -> bool {
        self.rng.next_u64() >> 32 < share(p)
    }

    /// Imbalance of the best queues from −1 to 1, seen from `side`.
    #[inline(always)]
    fn imbalance<V: FlowView>(side: Side, view: &V) -> f64 {
        let touch = view.touch();
        let (bid, ask) = (touch.bid_qty as f64, touch.ask_qty as f64);
        let sum = bid + ask;
        let bids = if sum > 0.0 { (bid - ask) / sum } else { 0.0 };
        if side == Side::Buy { bids } else { -bids }
    }

    fn forget_until(&mut self, now_ns: u64) {
        let dt = (now_ns - self.remembered_ns) as f64;
        self.memory.iter_mut().for_each(|(beta, _, sum)| *sum *= libm::exp(-*beta * dt));
        self.remembered_ns = now_ns;
    }

    fn remember(&mut self, side: Side) {
        self.forget_until(self.now_ns);
        let sign = if side == Side::Buy { 1.0 } else { -1.0 };
        self.memory.iter_mut().for_each(|(_, _, sum)| *sum += sign);
    }

    /// The side of a limit order inside the spread: against the flow that is remembered.
    fn replenishing_side(&mut self, side: Side) -> Side {
        if self.strength == 0.0 {
            return side;
        }
        self.forget_until(self.now_ns);
        let memory: f64 = self.memory.iter().map(|(_, w, sum)| w * sum).sum();
        let pressure = self.strength * memory;
        let sell = 0.5 * (1.0 + pressure / (1.0 + pressure.abs()));
        if self.happens(sell) { Side::Sell } else { Side::Buy }
    }

    fn limit_size(&mut self) -> u64 {
        let u = self.rng.next_u64() >> 32;
        if u < self.round || self.round_lot == 1 {
            self.round_lot
        } else if u < self.multiple {
            self.round_lot * (2 + below(&mut self.rng, 9))
        } else {
            1 + below(&mut self.rng, self.round_lot - 1)
        }
    }

    fn market_size<V: FlowView>(&mut self, side: Side, view: &V) -> u64 {
        let touch = view.touch();
        let queue = if side == Side::Buy { touch.ask_qty } else { touch.bid_qty };
        let bits = self.rng.next_u64();
        if queue > 0 && bits >> 32 < self.take {
            return queue;
        }
        let size = self.limit_size();
        if queue > 0 && bits & 0xffff_ffff >= self.through { size.min(queue) } else { size }
    }
}

impl Flow for RealisticDay {
    #[inline(always)]
    fn arm<V: FlowView>(&mut self, _view: &V) -> u64 {
        self.now_ns = self.race.arm(&mut self.orders);
        self.now_ns
    }

    #[inline(always)]
    fn fire<V: FlowView>(&mut self, view: &V) -> Option<Command> {
        let Some(kind) = self.race.fired() else { return self.orders.cancel_any(view) };
        let side = Side::BOTH[kind / TYPES];
        let r = self.response;
        match kind % TYPES {
            0 => {
                let side = self.replenishing_side(side);
                let size = self.limit_size();
                let inside = (view.touch().ask - view.touch().bid - 1) as f64;
                if self.happens((inside / self.spread_ticks).min(1.0)) {
                    Some(self.orders.limit_inside(side, size, view))
                } else {
                    Some(self.orders.limit_at_touch(side, size, view))
                }
            }
            1 => {
                let size = self.limit_size();
                Some(self.orders.limit_at_touch(side, size, view))
            }
            2 => {
                let size = self.limit_size();
                Some(self.orders.limit_behind(side, size, view))
            }
            3 => {
                if self.happens((1.0 - r * Self::imbalance(side, view)) / (1.0 + r)) {
                    self.orders.cancel_at_touch(side, view)
                } else {
                    self.orders.cancel_behind(side, view)
                }
            }
            4 => self.orders.cancel_behind(side, view),
            _ => {
                let side = self.signs.side(side == Side::Buy);
                if self.happens((1.0 + r * Self::imbalance(side, view)) / (1.0 + r)) {
                    let size = self.market_size(side, view);
                    self.remember(side);
                    Some(self.orders.market(side, size))
                } else {
                    let size = self.limit_size();
                    Some(self.orders.limit_at_touch(side, size, view))
                }
            }
        }
    }
}
