//! The Hawkes process as order flow: twelve types of events, six to a side, carried out on a book.
//!
//! The types of a side are limit orders inside the spread, at the touch and behind it, cancels at the touch and behind it,
//! and market orders; "side" is the order's own: market buys and bids are of the buy side. Buying and selling are alike,
//! so that the 12×12 branching matrix is two 6×6 blocks: of the same side and of the opposite one.
//!
//! Times and types are the process's own, whatever the book: an event that has no room (no tick inside the spread) is
//! carried out at the touch, and one that has no object (nothing to cancel) does nothing. Beside the process every order
//! is cancelled at the small rate δ, which bounds the book.

use serde::{Deserialize, Serialize};
use toprung_book::{Command, Side};

use super::race::{Events, Race};
use super::{HawkesProcess, spectral_radius};
use crate::config::{check, integer};
use crate::error::ConfigError;
use crate::flow::own_orders::{OwnOrders, PlacementConfig};
use crate::flow::{self, Flow, FlowView};
use crate::random::StreamKey;

/// Types of a side.
pub(crate) const TYPES: usize = 6;

/// One exponential of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KernelTerm {
    /// β: decay rate per second, 10⁻⁴ to 10⁹.
    pub decay_rate: f64,
    /// Share of the kernel's integral, 0 to 1; the shares add up to 1.
    pub weight: f64,
}

/// How the process is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HawkesMethod {
    /// As a branching process, in windows.
    #[default]
    Cluster,
    /// By Ogata's thinning.
    Thinning,
}

/// Who triggers whom, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HawkesConfig {
    /// μ: events per second and side that nothing triggered: limit orders inside the spread, at the touch, behind it;
    /// cancels at the touch, behind it; market orders.
    pub base_rates: Vec<f64>,
    /// Children of each type (row) per event of each type (column) on the same side: 6×6.
    pub same_side: Vec<Vec<f64>>,
    /// The same on the opposite side.
    pub cross_side: Vec<Vec<f64>>,
    /// The kernel's exponentials, 1 to 16.
    pub kernel: Vec<KernelTerm>,
    /// How the process is drawn.
    pub method: HawkesMethod,
    /// Where orders go.
    pub placement: PlacementConfig,
}

/// Checks the terms of a kernel that stands at `path`.
pub(crate) fn validate_kernel(path: &str, kernel: &[KernelTerm]) -> Result<(), ConfigError> {
    integer(path, kernel.len() as u64, 1, 16)?;
    for (p, term) in kernel.iter().enumerate() {
        let (beta, w) = (term.decay_rate, term.weight);
        check(&format!("{path}[{p}].decayRate"), (1e-4..=1e9).contains(&beta), "a number from 1e-4 to 1e9", beta)?;
        check(&format!("{path}[{p}].weight"), (0.0..=1.0).contains(&w), "a share from 0 to 1", w)?;
    }
    let sum: f64 = kernel.iter().map(|t| t.weight).sum();
    check(path, (sum - 1.0).abs() < 1e-6, "terms whose weights add up to 1", sum)
}

impl Default for HawkesConfig {
    /// Branching ratio 0.75 (every column of the two blocks together adds up to it), a kernel over three decades,
    /// about 168 events per second.
    fn default() -> HawkesConfig {
        let rows = |m: [[f64; TYPES]; TYPES]| m.iter().map(|r| r.to_vec()).collect();
        HawkesConfig {
            base_rates: vec![1.5, 5.0, 5.0, 7.0, 5.5, 0.6],
            same_side: rows([
                [0.10, 0.04, 0.02, 0.06, 0.02, 0.12],
                [0.15, 0.25, 0.06, 0.16, 0.04, 0.06],
                [0.05, 0.06, 0.30, 0.05, 0.22, 0.03],
                [0.15, 0.15, 0.04, 0.20, 0.05, 0.03],
                [0.02, 0.04, 0.15, 0.05, 0.22, 0.02],
                [0.03, 0.02, 0.01, 0.02, 0.01, 0.22],
            ]),
            cross_side: rows([
                [0.05, 0.02, 0.01, 0.04, 0.01, 0.06],
                [0.05, 0.08, 0.03, 0.06, 0.03, 0.04],
                [0.02, 0.02, 0.06, 0.02, 0.07, 0.02],
                [0.06, 0.03, 0.02, 0.03, 0.02, 0.11],
                [0.02, 0.02, 0.04, 0.02, 0.05, 0.02],
                [0.05, 0.02, 0.01, 0.04, 0.01, 0.02],
            ]),
            kernel: [(1000.0, 0.4), (100.0, 0.3), (10.0, 0.2), (1.0, 0.1)]
                .map(|(decay_rate, weight)| KernelTerm { decay_rate, weight })
                .to_vec(),
            method: HawkesMethod::Cluster,
            placement: PlacementConfig::default(),
        }
    }
}

impl HawkesConfig {
    /// Checks every parameter; `at` is the path of the configuration.
    pub(crate) fn validate(&self, at: &str) -> Result<(), ConfigError> {
        flow::rates(&format!("{at}.baseRates"), &self.base_rates, TYPES, TYPES, 1e8)?;
        let sum: f64 = 2.0 * self.base_rates.iter().sum::<f64>();
        let rule = "such that both sides together have at least 1 event per second";
        check(&format!("{at}.baseRates"), sum >= 1.0, rule, format!("a sum of {sum}"))?;
        for (name, block) in [("sameSide", &self.same_side), ("crossSide", &self.cross_side)] {
            let path = format!("{at}.{name}");
            integer(&path, block.len() as u64, TYPES as u64, TYPES as u64)?;
            for (i, row) in block.iter().enumerate() {
                integer(&format!("{path}[{i}]"), row.len() as u64, TYPES as u64, TYPES as u64)?;
                for (j, g) in row.iter().enumerate() {
                    check(&format!("{path}[{i}][{j}]"), (0.0..=1e3).contains(g), "a number from 0 to 1000", g)?;
                }
            }
        }
        validate_kernel(&format!("{at}.kernel"), &self.kernel)?;
        let radius = self.branching_ratio();
        let rule = "below 1 in spectral radius together with crossSide: the process is unstable otherwise";
        check(&format!("{at}.sameSide"), radius < 1.0, rule, radius)?;
        let rate = self.events_per_second();
        let rule = "such that the process has at most 100000000 events per second in the long run";
        check(&format!("{at}.baseRates"), rate <= 1e8, rule, rate)?;
        self.placement.validate(&format!("{at}.placement"))
    }

    /// ρ(G) of the 12×12 matrix: that of the sum of the two blocks, whose positive eigenvector is the same on both sides.
    pub fn branching_ratio(&self) -> f64 {
        let sum = |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(x, y)| x + y).collect::<Vec<_>>();
        spectral_radius(&self.same_side.iter().zip(&self.cross_side).map(sum).collect::<Vec<_>>())
    }

    /// The process over both sides, of the buy side first.
    pub fn process(&self) -> HawkesProcess {
        let row = |i: usize| {
            let (same, cross) = (&self.same_side[i % TYPES], &self.cross_side[i % TYPES]);
            let (left, right) = if i < TYPES { (same, cross) } else { (cross, same) };
            [left.as_slice(), right.as_slice()].concat()
        };
        HawkesProcess {
            base: self.base_rates.repeat(2),
            branching: (0..2 * TYPES).map(row).collect(),
            kernel: self.kernel.iter().map(|t| (t.decay_rate, t.weight)).collect(),
        }
    }

    /// Events per second in the long run, without the cancels at rate δ.
    pub(crate) fn events_per_second(&self) -> f64 {
        self.process().stationary_rates().iter().sum::<f64>().max(1.0)
    }

    pub(crate) fn resting_orders(&self) -> Option<u64> {
        let rates = self.process().stationary_rates();
        let of = |k: usize| 2.0 * rates[k];
        let growth = of(0) + of(1) + of(2) - of(3) - of(4) - of(5);
        match (growth > 0.0, self.placement.cancel_rate) {
            (false, _) => Some(1000),
            (true, 0.0) => None,
            (true, delta) => Some((growth / delta) as u64 + 1000),
        }
    }
}

/// The model at work on one book.
#[derive(Clone, Debug)]
pub struct Hawkes {
    race: Race,
    orders: OwnOrders,
}

impl Hawkes {
    /// The model with checked parameters for one book, on the book's own streams.
    pub(crate) fn open(config: &HawkesConfig, key: StreamKey, book: u32) -> Hawkes {
        Hawkes {
            race: Race::new(Events::open(config, key, book)),
            orders: OwnOrders::open(&config.placement, key, book),
        }
    }
}

impl Flow for Hawkes {
    #[inline(always)]
    fn arm<V: FlowView>(&mut self, _view: &V) -> u64 {
        self.race.arm(&mut self.orders)
    }

    #[inline(always)]
    fn fire<V: FlowView>(&mut self, view: &V) -> Option<Command> {
        let orders = &mut self.orders;
        let Some(kind) = self.race.fired() else { return orders.cancel_any(view) };
        let side = Side::BOTH[kind / TYPES];
        let size = orders.size;
        match kind % TYPES {
            0 => Some(orders.limit_inside(side, size, view)),
            1 => Some(orders.limit_at_touch(side, size, view)),
            2 => Some(orders.limit_behind(side, size, view)),
            3 => orders.cancel_at_touch(side, view),
            4 => orders.cancel_behind(side, view),
            _ => Some(orders.market(side, size)),
        }
    }
}
