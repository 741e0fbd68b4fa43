//! A Hawkes process by thinning.
//!
//! Ogata, *On Lewis' simulation method for point processes*, IEEE Trans. Inf. Theory 27 (1981). Between events every
//! intensity falls, so the total at one moment bounds it until the next. Floating point is IEEE operations and the `exp`
//! of the `libm` crate: the same bits everywhere.

use super::HawkesProcess;
use crate::random::{Source, Xoshiro256pp, exponential};

const TWO_32: f64 = (1_u64 << 32) as f64;
const TWO_64: f64 = TWO_32 * TWO_32;

/// The process at work, from an empty past at time 0.
#[derive(Clone, Debug)]
pub struct Thinning {
    rng: Xoshiro256pp,
    base: Vec<f64>,
    base_total: f64,
    decays: Vec<f64>,
    /// What an event of type j adds to the term p of type i: row j, then terms × types.
    jumps: Vec<Vec<f64>>,
    /// Excitement now, terms × types.
    excited: Vec<f64>,
    time_s: f64,
}

impl Thinning {
    /// The process on a stream of its own, with a spectral radius below 1.
    pub fn new(process: &HawkesProcess, rng: Xoshiro256pp) -> Thinning {
        let types = process.types();
        let jump = |j: usize| {
            let of_term =
                |(beta, w): &(f64, f64)| process.branching.iter().map(|row| row[j] * w * beta).collect::<Vec<_>>();
            process.kernel.iter().flat_map(of_term).collect()
        };
        Thinning {
            rng,
            base: process.base.clone(),
            base_total: process.base.iter().sum(),
            decays: process.kernel.iter().map(|(beta, _)| *beta).collect(),
            jumps: (0..types).map(jump).collect(),
            excited: vec![0.0; types * process.kernel.len()],
            time_s: 0.0,
        }
    }

    fn total(&self) -> f64 {
        self.base_total + self.excited.iter().sum::<f64>()
    }

    /// Time in ns and type of the next event; `u64::MAX` if there will never be one.
    pub fn next_event(&mut self) -> (u64, usize) {
        let types = self.base.len();
        loop {
            let bound = self.total();
            if bound <= 0.0 {
                return (u64::MAX, 0);
            }
            let dt = exponential(&mut self.rng) as f64 / TWO_32 / bound;
            self.time_s += dt;
            for (excited, beta) in self.excited.chunks_exact_mut(types).zip(&self.decays) {
                let decay = libm::exp(-beta * dt);
                excited.iter_mut().for_each(|s| *s *= decay);
            }
            let mut pick = self.rng.next_u64() as f64 / TWO_64 * bound;
            for i in 0..types {
                let intensity: f64 = self.base[i] + self.excited.iter().skip(i).step_by(types).sum::<f64>();
                pick -= intensity;
                if pick < 0.0 {
                    self.excited.iter_mut().zip(&self.jumps[i]).for_each(|(s, jump)| *s += jump);
                    return ((self.time_s * 1e9) as u64, i);
                }
            }
        }
    }
}
