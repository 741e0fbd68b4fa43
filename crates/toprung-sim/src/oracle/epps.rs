//! The correlation of two assets over Δ, looked at at Poisson times.

use super::{Cell, Effort, blocks, mean};
use crate::flow::correlated;
use crate::{CorrelatedConfig, FlowConfig, Market, SimConfig};

/// ρ(Δ) of two assets' mid prices. Values are rounded to a tick, which takes 1/(1 + (1/6)/(ν J²Δ)) of the formula's.
pub(crate) fn epps_correlation(config: &CorrelatedConfig, delta_s: f64) -> f64 {
    let variance = config.jump_rate * config.jump_ticks * config.jump_ticks * delta_s;
    correlated::epps_correlation(config.correlation, config.quote_rate, delta_s) / (1.0 + 1.0 / 6.0 / variance)
}

/// The correlation of two lists of moves, whose mean is 0.
pub(crate) fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let product = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    product(a, b) / (product(a, a) * product(b, b)).sqrt()
}

/// Mid prices of one book at the ends of intervals of `delta_s`, in half ticks.
fn mids(sim: &SimConfig, book: u32, delta_s: f64, intervals: usize) -> Vec<f64> {
    let mut market = Market::open(sim, book).expect("Invariant: the defaults are valid");
    let mut mids = Vec::with_capacity(intervals + 1);
    // Quotes are moved in four commands at one time: what is seen is what they leave.
    for k in 0..=intervals {
        let due = ((10.0 + k as f64 * delta_s) * 1e9) as u64;
        while market.next_ns() <= due {
            market.step(&mut ());
        }
        mids.push((market.touch().bid + market.touch().ask) as f64);
    }
    mids
}

pub(super) fn cells(effort: Effort) -> Vec<Cell> {
    let config = CorrelatedConfig::default();
    let intervals = effort.of(400, 20_000);
    let mut cells = Vec::new();
    for looks in [0.5, 1.0, 2.0, 5.0] {
        let delta = looks / config.quote_rate;
        let sim = SimConfig { seed: 83, flow: FlowConfig::Correlated(config.clone()), ..SimConfig::default() };
        let correlations = blocks(32, |pair| {
            let [a, b] = [0, 1].map(|k| mids(&sim, 2 * pair + k, delta, intervals));
            let moves = |x: &[f64]| x.windows(2).map(|w| w[1] - w[0]).collect::<Vec<_>>();
            correlation(&moves(&a), &moves(&b))
        });
        let exact = epps_correlation(&config, delta);
        cells.push(Cell::exact(format!("ρ(Δ) at λΔ = {looks}"), exact, mean(&correlations)));
    }
    cells
}
