//! How long an order or a piece of market data is on its way.

use serde::{Deserialize, Serialize};

use super::draws::Draws;
use crate::error::ConfigError;

/// Longest delay that a link may have, ns: an hour.
pub(crate) const LATENCY_MAX_NS: u64 = 3_600_000_000_000;

/// The law of a delay. In JSON `{"kind": "constant", "ns": 1000}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Latency {
    /// Always the same.
    Constant {
        /// The delay, ns.
        ns: u64,
    },
    /// `minNs` plus a log-normal delay, cut off at `maxNs`.
    LogNormal {
        /// What no message undercuts, ns.
        min_ns: u64,
        /// Median of what comes on top, ns.
        median_ns: u64,
        /// Standard deviation of its logarithm.
        sigma: f64,
        /// Longest delay altogether, ns.
        max_ns: u64,
    },
    /// Drawn from measured delays, each as likely as the others.
    Empirical {
        /// The delays, ns.
        ns: Vec<u64>,
    },
}

impl Default for Latency {
    fn default() -> Latency {
        Latency::Constant { ns: 0 }
    }
}

impl Latency {
    pub(crate) fn validate(&self, path: &str) -> Result<(), ConfigError> {
        let fail =
            |name: &str, rule: String, got: String| Err(ConfigError { path: format!("{path}.{name}"), rule, got });
        let ns = |name: &str, ns: u64| {
            if ns <= LATENCY_MAX_NS {
                Ok(())
            } else {
                fail(name, format!("at most {LATENCY_MAX_NS} ns"), ns.to_string())
            }
        };
        match self {
            Latency::Constant { ns: v } => ns("ns", *v),
            Latency::LogNormal { min_ns, median_ns, sigma, max_ns } => {
                ns("minNs", *min_ns)?;
                ns("medianNs", *median_ns)?;
                ns("maxNs", *max_ns)?;
                if !(0.0..=5.0).contains(sigma) {
                    return fail("sigma", "a number from 0 to 5".to_owned(), sigma.to_string());
                }
                if max_ns < min_ns {
                    return fail("maxNs", format!("at least minNs ({min_ns})"), max_ns.to_string());
                }
                Ok(())
            }
            Latency::Empirical { ns: all } => {
                if all.is_empty() || all.len() > 1 << 16 {
                    return fail("ns", "1 to 65536 delays".to_owned(), all.len().to_string());
                }
                all.iter().try_for_each(|v| ns("ns", *v))
            }
        }
    }

    /// What no delay undercuts, ns.
    pub(crate) fn min_ns(&self) -> u64 {
        match self {
            Latency::Constant { ns } => *ns,
            Latency::LogNormal { min_ns, .. } => *min_ns,
            Latency::Empirical { ns } => ns.iter().copied().min().unwrap_or(0),
        }
    }

    /// What no delay exceeds, ns.
    pub(crate) fn max_ns(&self) -> u64 {
        match self {
            Latency::Constant { ns } => *ns,
            Latency::LogNormal { max_ns, .. } => *max_ns,
            Latency::Empirical { ns } => ns.iter().copied().max().unwrap_or(0),
        }
    }

    #[inline(always)]
    pub(crate) fn draw(&self, draws: &mut Draws) -> u64 {
        match self {
            Latency::Constant { ns } => *ns,
            Latency::LogNormal { min_ns, median_ns, sigma, max_ns } => {
                let on_top = *median_ns as f64 * libm::exp(sigma * draws.normal());
                // From float to integer saturates.
                min_ns.saturating_add(on_top as u64).min(*max_ns)
            }
            Latency::Empirical { ns } => ns[draws.below(ns.len() as u64) as usize],
        }
    }
}

/// One way of one agent, to the venues or from them.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    latency: Latency,
    draws: Draws,
    /// Nothing overtakes: no message arrives before one that was sent earlier.
    last_ns: u64,
}

impl Link {
    pub(crate) fn new(latency: Latency, draws: Draws) -> Link {
        Link { latency, draws, last_ns: 0 }
    }

    /// When a message sent at `now_ns` arrives.
    #[inline(always)]
    pub(crate) fn arrival(&mut self, now_ns: u64) -> u64 {
        let at = now_ns.saturating_add(self.latency.draw(&mut self.draws));
        self.last_ns = at.max(self.last_ns);
        self.last_ns
    }

    /// Up to which time somebody who looks at `now_ns` sees: what was published by then has arrived.
    #[inline(always)]
    pub(crate) fn visible(&mut self, now_ns: u64) -> u64 {
        let upto = now_ns.saturating_sub(self.latency.draw(&mut self.draws));
        self.last_ns = upto.max(self.last_ns);
        self.last_ns
    }

    pub(crate) fn min_ns(&self) -> u64 {
        self.latency.min_ns()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::StreamKey;

    fn draws() -> Draws {
        Draws::new(StreamKey::new(5, "latency").generator(0, 64))
    }

    #[test]
    fn a_log_normal_delay_has_its_median_and_quantiles_and_keeps_its_bounds() {
        let law = Latency::LogNormal { min_ns: 1_000, median_ns: 10_000, sigma: 0.5, max_ns: 100_000 };
        law.validate("orders").unwrap();
        let mut draws = draws();
        let mut all: Vec<u64> = (0..40_000).map(|_| law.draw(&mut draws)).collect();
        all.sort_unstable();
        assert!(all[0] >= 1_000 && all[all.len() - 1] <= 100_000);
        let at = |q: f64| all[(q * all.len() as f64) as usize] as f64;
        // The normal quantile of 0.9 is 1.2816.
        assert!((at(0.5) / 11_000.0 - 1.0).abs() < 0.02, "median {}", at(0.5));
        assert!((at(0.9) / (1_000.0 + 10_000.0 * (0.5_f64 * 1.2816).exp()) - 1.0).abs() < 0.03, "p90 {}", at(0.9));
    }

    #[test]
    fn an_empirical_delay_takes_every_value_equally_often() {
        let law = Latency::Empirical { ns: vec![10, 20, 40] };
        assert_eq!((law.min_ns(), law.max_ns()), (10, 40));
        let mut draws = draws();
        let n = 30_000;
        let forty = (0..n).filter(|_| law.draw(&mut draws) == 40).count() as f64 / f64::from(n);
        assert!((forty - 1.0 / 3.0).abs() < 0.012, "{forty}");
    }

    #[test]
    fn nothing_overtakes_and_sight_never_goes_back() {
        let law = Latency::LogNormal { min_ns: 0, median_ns: 1_000, sigma: 2.0, max_ns: 1_000_000 };
        let (mut to, mut from) = (Link::new(law.clone(), draws()), Link::new(law, draws()));
        let (mut last, mut seen) = (0, 0);
        for now in (0..100_000).step_by(100) {
            let (at, upto) = (to.arrival(now), from.visible(now));
            assert!(at >= last && at >= now && upto >= seen && upto <= now);
            (last, seen) = (at, upto);
        }
    }

    #[test]
    fn laws_that_are_none_are_refused_with_their_place() {
        let path = |l: Latency| l.validate("agents[0].orders").unwrap_err().path;
        assert_eq!(path(Latency::Constant { ns: u64::MAX }), "agents[0].orders.ns");
        assert_eq!(path(Latency::Empirical { ns: vec![] }), "agents[0].orders.ns");
        let bad = Latency::LogNormal { min_ns: 0, median_ns: 1, sigma: f64::NAN, max_ns: 2 };
        assert_eq!(path(bad), "agents[0].orders.sigma");
        let bad = Latency::LogNormal { min_ns: 3, median_ns: 1, sigma: 1.0, max_ns: 2 };
        assert_eq!(path(bad), "agents[0].orders.maxNs");
    }
}
