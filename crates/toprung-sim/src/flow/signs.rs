//! The signs of market orders: independent, or those of metaorders that are worked in pieces.
//!
//! Lillo, Mike and Farmer, *Theory for long memory in supply and demand*, Phys. Rev. E 71 (2005) 066122. N metaorders are
//! active; every market order is a piece of one of them, picked uniformly, and has its sign; a metaorder that is done is
//! followed by a fresh one with a fair sign and a length from p_L ∝ L^−(1+α), 1 ≤ L ≤ L_max. The signs then remember for
//! as long as metaorders last: C(τ) falls like τ^−(α−1). [`sign_autocorrelation`] has it exactly, for every τ.

use serde::{Deserialize, Serialize};
use toprung_book::Side;

use super::component;
use crate::config::{check, integer};
use crate::error::ConfigError;
use crate::random::{Alias, StreamKey, Xoshiro256pp, below};

/// Where the signs of market orders come from.
pub trait Signs: Clone {
    /// The side of the next market order; `coin` is a fair toss, true for a buy.
    fn side(&mut self, coin: bool) -> Side;
}

/// Independent signs.
#[derive(Clone, Copy, Debug)]
pub struct Coin;

impl Signs for Coin {
    #[inline(always)]
    fn side(&mut self, coin: bool) -> Side {
        if coin { Side::Buy } else { Side::Sell }
    }
}

/// The metaorders whose pieces the market orders are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SplittingConfig {
    /// N: metaorders at work at a time, 1 to 10,000.
    pub metaorders: u32,
    /// α: exponent of the lengths' distribution function, p_L ∝ L^−(1+α), 0.1 to 10.
    pub length_exponent: f64,
    /// The longest metaorder in market orders, 1 to 1,000,000.
    pub length_max: u32,
}

impl Default for SplittingConfig {
    fn default() -> SplittingConfig {
        SplittingConfig { metaorders: 10, length_exponent: 1.5, length_max: 1000 }
    }
}

impl SplittingConfig {
    pub(crate) fn validate(&self, at: &str) -> Result<(), ConfigError> {
        integer(&format!("{at}.metaorders"), self.metaorders, 1, 10_000)?;
        let alpha = self.length_exponent;
        check(&format!("{at}.lengthExponent"), (0.1..=10.0).contains(&alpha), "a number from 0.1 to 10", alpha)?;
        integer(&format!("{at}.lengthMax"), self.length_max, 1, 1_000_000)
    }

    /// p_L for L = 1 … L_max, not normalised.
    fn lengths(&self) -> Vec<f64> {
        (1..=self.length_max).map(|l| libm::pow(f64::from(l), -1.0 - self.length_exponent)).collect()
    }
}

/// One metaorder at work.
#[derive(Clone, Copy, Debug)]
struct Metaorder {
    side: Side,
    left: u32,
}

/// Signs of metaorders.
#[derive(Clone, Debug)]
pub struct Metaorders {
    rng: Xoshiro256pp,
    at_work: Box<[Metaorder]>,
    lengths: Alias,
}

impl Metaorders {
    /// On the book's stream for signs, in the stationary state: what is at work is drawn with a length in proportion to
    /// L·p_L, of which a uniform part is left.
    pub(crate) fn open(config: &SplittingConfig, key: StreamKey, book: u32) -> Metaorders {
        let mut rng = key.generator(book, component::SIGNS);
        let p = config.lengths();
        let biased: Vec<f64> = p.iter().zip(1..).map(|(p, l)| p * f64::from(l)).collect();
        let table = |weights: &[f64]| Alias::new(weights).expect("Invariant: powers of positive numbers are weights");
        let biased = table(&biased);
        let at_work = (0..config.metaorders)
            .map(|_| {
                let length = biased.draw(&mut rng) as u64 + 1;
                Metaorder { side: Side::BOTH[below(&mut rng, 2) as usize], left: below(&mut rng, length) as u32 + 1 }
            })
            .collect();
        Metaorders { rng, at_work, lengths: table(&p) }
    }
}

impl Signs for Metaorders {
    #[inline(always)]
    fn side(&mut self, _coin: bool) -> Side {
        let slot = below(&mut self.rng, self.at_work.len() as u64) as usize;
        let side = self.at_work[slot].side;
        self.at_work[slot].left -= 1;
        if self.at_work[slot].left == 0 {
            let fresh = Side::BOTH[below(&mut self.rng, 2) as usize];
            self.at_work[slot] = Metaorder { side: fresh, left: self.lengths.draw(&mut self.rng) as u32 + 1 };
        }
        side
    }
}

/// The exact autocorrelation of the signs at `lag` ≥ 1, for N metaorders and any truncated length law.
///
/// C(τ) = (1/N) Σ_{k=0}^{τ−1} Bin(k; τ−1, 1/N) g(k+1) with g(j) = Σ_{L>j} (L−j) p_L / E[L]: two market orders τ apart are of
/// the same metaorder if the same slot is picked, and if that slot's metaorder outlives the k picks between them.
pub fn sign_autocorrelation(config: &SplittingConfig, lag: u32) -> f64 {
    let p = config.lengths();
    let mean: f64 = p.iter().zip(1..).map(|(p, l)| p * f64::from(l)).sum();
    // g(j) for j = 0 … L_max from the end: g(j) − g(j+1) is the weight of lengths above j.
    let mut g = vec![0.0; p.len() + 2];
    let mut above = 0.0;
    for j in (0..p.len()).rev() {
        above += p[j];
        g[j] = g[j + 1] + above / mean;
    }
    let n = f64::from(config.metaorders);
    let picks = lag.saturating_sub(1);
    if config.metaorders == 1 {
        return g.get(lag as usize).copied().unwrap_or(0.0);
    }
    let mut binomial = libm::pow(1.0 - 1.0 / n, f64::from(picks));
    let mut sum = 0.0;
    for k in 0..=picks {
        sum += binomial * g.get(k as usize + 1).copied().unwrap_or(0.0);
        binomial *= f64::from(picks - k) / f64::from(k + 1) / (n - 1.0);
    }
    sum / n
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of SIMULATION.md §1.7, to the digits it has.
    #[test]
    fn the_exact_autocorrelation_is_the_tabulated_one() {
        let lags = [1, 2, 5, 10, 50, 100, 300];
        let one = [0.4738, 0.3398, 0.2086, 0.1406, 0.0496, 0.0283, 0.0079];
        let ten = [0.0474, 0.0460, 0.0424, 0.0375, 0.0202, 0.0139, 0.0071];
        for (metaorders, table) in [(1, one), (10, ten)] {
            let config = SplittingConfig { metaorders, ..SplittingConfig::default() };
            for (lag, expected) in lags.into_iter().zip(table) {
                let c = sign_autocorrelation(&config, lag);
                assert!((c - expected).abs() < 0.000_06, "N = {metaorders}, lag {lag}: {c} and {expected}");
            }
        }
    }
}
