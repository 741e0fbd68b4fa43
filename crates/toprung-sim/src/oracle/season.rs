//! Intraday seasonality: market orders, a Poisson process, by the hour of the session.

use super::{Cell, Effort, blocks, mean};
use crate::{CstConfig, FlowConfig, Market, SeasonConfig, SimConfig};
use toprung_book::CommandKind;

const BINS: usize = 26;

pub(super) fn cells(effort: Effort) -> Vec<Cell> {
    // A session of ten minutes at 94 market orders per second.
    let season = SeasonConfig { session_ns: 600_000_000_000, open_to_noon: 2.6 };
    let flow =
        CstConfig { market_rate: 94.0, limit_rates: vec![100.0], cancel_rates: vec![1.0], ..CstConfig::default() };
    let sim = SimConfig { seed: 82, flow: FlowConfig::Cst(flow), season: Some(season), ..SimConfig::default() };
    let runs = blocks(effort.of(8, 64), |book| {
        let mut market = Market::open(&sim, book).expect("Invariant: these rates are valid");
        let mut counts = [0.0; BINS];
        loop {
            let cmd = market.step(&mut ());
            let bin = (market.time_ns() as u128 * BINS as u128 / u128::from(season.session_ns)) as usize;
            if bin >= BINS {
                return counts;
            }
            if cmd.kind == CommandKind::Market {
                counts[bin] += 1.0;
            }
        }
    });
    let per_bin = 94.0 * 600.0 / BINS as f64;
    (0..BINS)
        .map(|bin| {
            // u is a parabola: Simpson's rule is exact.
            let at = |x: f64| season.activity((bin as f64 + x) / BINS as f64);
            let u = (at(0.0) + 4.0 * at(0.5) + at(1.0)) / 6.0;
            let of: Vec<f64> = runs.iter().map(|r| r[bin] / per_bin).collect();
            Cell::exact(format!("share of bin {} of {BINS}", bin + 1), u, mean(&of))
        })
        .collect()
}
