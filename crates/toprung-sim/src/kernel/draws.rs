//! What agents and links draw: floating-point variates whose bits are the same on every platform.
//!
//! Transcendental functions come from the `libm` crate, a port in plain Rust; the platform's own may differ in the last
//! place.

use crate::random::{Xoshiro256pp, below, uniform};

/// One stream of random numbers.
#[derive(Clone, Debug)]
pub struct Draws {
    rng: Xoshiro256pp,
    /// The second normal variate of a pair.
    spare: Option<f64>,
}

impl Draws {
    pub(crate) fn new(rng: Xoshiro256pp) -> Draws {
        Draws { rng, spare: None }
    }

    /// Uniform in [0, 1), a multiple of 2⁻⁵³.
    pub fn uniform(&mut self) -> f64 {
        uniform(&mut self.rng)
    }

    /// Uniform in `0..n`; 0 when `n` is 0.
    #[inline(always)]
    pub fn below(&mut self, n: u64) -> u64 {
        below(&mut self.rng, n)
    }

    /// Whether a coin of this probability shows heads.
    pub fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// Standard normal (Box and Muller, Ann. Math. Stat. 29 (1958) 610).
    pub fn normal(&mut self) -> f64 {
        if let Some(z) = self.spare.take() {
            return z;
        }
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform()));
        let angle = std::f64::consts::TAU * self.uniform();
        self.spare = Some(radius * libm::sin(angle));
        radius * libm::cos(angle)
    }

    /// Exponential with mean 1.
    pub fn exponential(&mut self) -> f64 {
        -libm::log(1.0 - self.uniform())
    }

    /// An exponential time of this rate per second, ns; for ever when the rate is not positive.
    pub fn exponential_ns(&mut self, per_second: f64) -> u64 {
        if per_second > 0.0 {
            // From float to integer saturates; a wait takes at least a nanosecond, so that time goes on.
            ((self.exponential() * 1e9 / per_second) as u64).max(1)
        } else {
            u64::MAX
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::StreamKey;
    use crate::random::stats::{ks, moments};

    #[test]
    fn variates_have_their_laws() {
        let mut d = Draws::new(StreamKey::new(9, "draws").generator(0, 64));
        let mut normal: Vec<f64> = (0..20_000).map(|_| d.normal()).collect();
        let (mean, variance) = moments(&normal);
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.04, "{mean} {variance}");
        assert!(ks(&mut normal, |x| 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)) < 1.95);
        let mut waits: Vec<f64> = (0..20_000).map(|_| d.exponential()).collect();
        assert!(ks(&mut waits, |x| 1.0 - (-x).exp()) < 1.95);
        assert_eq!(d.exponential_ns(0.0), u64::MAX);
    }
}
