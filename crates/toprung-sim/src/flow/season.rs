//! Intraday seasonality: any model in a time that runs fast at the open and the close and slowly at noon.
//!
//! Activity over a session of length T is u(t) = a + b (2t/T − 1)², a + b/3 = 1, so that a session has as many events as
//! without it; b follows from the ratio of open to noon, (a + b)/a. The model runs at its own rates in operational time s,
//! and what it does at s happens at the time t with ∫₀ᵗ u = s. The integral is tabulated at 256 knots and linear between them.
//! Sessions follow one another without a gap.

use serde::{Deserialize, Serialize};
use toprung_book::Command;

use super::{Flow, FlowConfig, FlowView};
use crate::config::{check, integer};
use crate::error::ConfigError;

/// The day's shape.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SeasonConfig {
    /// T: length of a session in ns, 2²⁰ to 2⁵⁰.
    pub session_ns: u64,
    /// Activity at the open and the close in units of that at noon, 1 to 1,000.
    pub open_to_noon: f64,
}

impl Default for SeasonConfig {
    /// Six and a half hours, 2.6 times as busy at both ends as at noon.
    fn default() -> SeasonConfig {
        SeasonConfig { session_ns: 23_400_000_000_000, open_to_noon: 2.6 }
    }
}

impl SeasonConfig {
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        integer("season.sessionNs", self.session_ns, 1 << 20, 1 << 50)?;
        let ratio = self.open_to_noon;
        check("season.openToNoon", (1.0..=1000.0).contains(&ratio), "a number from 1 to 1000", ratio)
    }

    /// u at the share `x` of the session, 0 to 1.
    pub fn activity(&self, x: f64) -> f64 {
        let (a, b) = self.coefficients();
        let z = 2.0 * x - 1.0;
        a + b * z * z
    }

    fn coefficients(&self) -> (f64, f64) {
        let a = 3.0 / (self.open_to_noon + 2.0);
        (a, a * (self.open_to_noon - 1.0))
    }
}

const KNOTS: usize = 256;

/// The clock of a session: from operational to clock time, and back.
#[derive(Clone, Debug)]
pub struct Season {
    session: u64,
    /// ∫u up to each knot, ns, and the time of the knot.
    knots: Box<[(u64, u64)]>,
    /// Knot below the time asked for last.
    at: usize,
}

impl Season {
    pub(crate) fn new(config: &SeasonConfig) -> Season {
        let (a, b) = config.coefficients();
        let session = config.session_ns;
        let knot = |k: usize| {
            let x = k as f64 / KNOTS as f64;
            let z = 2.0 * x - 1.0;
            // ∫₀ˣ a + b(2y−1)² dy = a x + b (z³ + 1)/6.
            let integral = a * x + b * (z * z * z + 1.0) / 6.0;
            ((integral * session as f64) as u64, (x * session as f64) as u64)
        };
        let mut knots: Vec<(u64, u64)> = (0..=KNOTS).map(knot).collect();
        knots[0] = (0, 0);
        knots[KNOTS] = (session, session);
        Season { session, knots: knots.into(), at: 0 }
    }

    /// The clock time of operational time `s`, ns.
    #[inline]
    pub(crate) fn clock_time(&mut self, s: u64) -> u64 {
        let (day, within) = (s / self.session, s % self.session);
        // Time goes on by little steps, so the knot is nearly always the one it was.
        while within < self.knots[self.at].0 {
            self.at -= 1;
        }
        while within >= self.knots[self.at + 1].0 {
            self.at += 1;
        }
        let ((s0, t0), (s1, t1)) = (self.knots[self.at], self.knots[self.at + 1]);
        let t = t0 + (u128::from(within - s0) * u128::from(t1 - t0) / u128::from(s1 - s0)) as u64;
        day.saturating_mul(self.session).saturating_add(t)
    }

    /// The operational time of clock time `t`, ns, such that [`clock_time`](Self::clock_time) does not give less than `t`.
    fn operational_time(&self, t: u64) -> u64 {
        let (day, within) = (t / self.session, t % self.session);
        let k = self.knots.partition_point(|(_, time)| *time <= within) - 1;
        let ((s0, t0), (s1, t1)) = (self.knots[k], self.knots[k + 1]);
        let s = s0 + (u128::from(within - t0) * u128::from(s1 - s0)).div_ceil(u128::from(t1 - t0)) as u64;
        day * self.session + s
    }
}

/// A model in clock time: with a season in front of it, if there is one.
#[derive(Clone, Debug)]
pub struct Background<F> {
    flow: F,
    season: Option<Season>,
}

impl<F: Flow> Background<F> {
    /// `flow` in the time of `season`.
    pub(crate) fn new(flow: F, season: Option<&SeasonConfig>) -> Background<F> {
        Background { flow, season: season.map(Season::new) }
    }

    #[inline(always)]
    fn clock_time(&mut self, s: u64) -> u64 {
        match &mut self.season {
            None => s,
            Some(season) => season.clock_time(s),
        }
    }

    fn operational_time(&self, t: u64) -> u64 {
        self.season.as_ref().map_or(t, |season| season.operational_time(t))
    }
}

impl<F: Flow> Flow for Background<F> {
    #[inline(always)]
    fn arm<V: FlowView>(&mut self, view: &V) -> u64 {
        let s = self.flow.arm(view);
        self.clock_time(s)
    }

    #[inline(always)]
    fn fire<V: FlowView>(&mut self, view: &V) -> Option<Command> {
        self.flow.fire(view)
    }

    fn disturbed<V: FlowView>(&mut self, now_ns: u64, view: &V) -> Option<u64> {
        let s = self.flow.disturbed(self.operational_time(now_ns), view)?;
        Some(self.clock_time(s).max(now_ns))
    }

    fn retune<V: FlowView>(&mut self, config: &FlowConfig, now_ns: u64, view: &V) -> Option<u64> {
        let s = self.flow.retune(config, self.operational_time(now_ns), view)?;
        Some(self.clock_time(s).max(now_ns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activity_has_mean_one_and_the_ratio_asked_for() {
        for open_to_noon in [1.0, 2.6, 10.0] {
            let config = SeasonConfig { open_to_noon, ..SeasonConfig::default() };
            let mean = (0..10_000).map(|k| config.activity((f64::from(k) + 0.5) / 1e4)).sum::<f64>() / 1e4;
            assert!((mean - 1.0).abs() < 1e-6, "{mean}");
            assert!((config.activity(0.0) / config.activity(0.5) - open_to_noon).abs() < 1e-12);
        }
    }

    #[test]
    fn the_two_directions_agree_and_never_go_back() {
        let config = SeasonConfig { session_ns: 1_000_000_007, open_to_noon: 5.0 };
        let mut season = Season::new(&config);
        let mut last = 0;
        for k in 0..30_000_u64 {
            let s = k * 123_457;
            let t = season.clock_time(s);
            assert!(t >= last, "time goes back at {s}");
            last = t;
            let back = season.operational_time(t);
            assert!(back.abs_diff(s) <= 8, "{s} → {t} → {back}");
            assert!(season.clock_time(back) >= t);
        }
    }
}
