//! What the instrument is worth: an exact Ornstein–Uhlenbeck path on a grid of times, with jumps between them.

use std::sync::Arc;

use super::config::{FundamentalConfig, Jump};
use super::draws::Draws;

/// The path of one run. It is drawn once, so it does not depend on who asks for it or when.
#[derive(Clone, Debug)]
pub(crate) struct Fundamental {
    values: Arc<[f64]>,
    step_ns: u64,
    jumps: Arc<[Jump]>,
}

impl Fundamental {
    pub(crate) fn draw(config: &FundamentalConfig, duration_ns: u64, mut draws: Draws) -> Fundamental {
        let FundamentalConfig { mean, reversion, volatility, step_ns, .. } = *config;
        let steps = if volatility > 0.0 { (duration_ns / step_ns).min(1 << 24) } else { 0 };
        let dt = step_ns as f64 / 1e9;
        let decay = libm::exp(-reversion * dt);
        let spread = if reversion > 0.0 {
            volatility * libm::sqrt(-libm::expm1(-2.0 * reversion * dt) / (2.0 * reversion))
        } else {
            volatility * libm::sqrt(dt)
        };
        let mut value = mean;
        let values = std::iter::once(mean)
            .chain((0..steps).map(|_| {
                value = mean + (value - mean) * decay + spread * draws.normal();
                value
            }))
            .collect();
        let mut jumps = config.jumps.clone();
        jumps.sort_by_key(|j| j.at_ns);
        Fundamental { values, step_ns, jumps: jumps.into() }
    }

    /// Value at a time, ticks.
    pub(crate) fn at(&self, time_ns: u64) -> f64 {
        let k = ((time_ns / self.step_ns) as usize).min(self.values.len() - 1);
        self.values[k] + self.jumps.iter().take_while(|j| j.at_ns <= time_ns).map(|j| j.ticks).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::StreamKey;

    #[test]
    fn the_path_has_the_variance_of_its_law_and_jumps_where_it_is_told() {
        let config = FundamentalConfig {
            mean: 1_000.0,
            reversion: 0.5,
            volatility: 3.0,
            step_ns: 1_000_000_000,
            jumps: vec![Jump { at_ns: 30_000_000_000_000, ticks: 500.0 }],
        };
        let draws = Draws::new(StreamKey::new(1, "fundamental").generator(0, 64));
        let path = Fundamental::draw(&config, 30_000_000_000_000, draws);
        let values: Vec<f64> = (0..30_000).map(|s| path.at(s * 1_000_000_000)).collect();
        let (mean, variance) = crate::random::stats::moments(&values);
        // θ²/2κ = 9, and an autocorrelation of e^−κ leaves about 30,000 / 4 independent values.
        assert!((mean - 1_000.0).abs() < 0.15 && (variance / 9.0 - 1.0).abs() < 0.08, "{mean} {variance}");
        assert_eq!(
            path.at(30_000_000_000_000) - path.at(29_999_999_999_999),
            path.values[30_000] - path.values[29_999] + 500.0
        );
    }
}
