//! A Hawkes process by expectation and maximisation, on a given set of decay rates.
//!
//! Veen and Schoenberg, J. Am. Stat. Assoc. 103 (2008); Lewis and Mohler (2011): every event is an immigrant or the child of an
//! earlier one with probabilities that follow from the intensities; rates and branching are then counts over exposures.
//! With exponentials the sums over earlier events are recursions, so a round takes events × types × terms steps.
//! Buying and selling are taken to be alike.

use super::{Estimate, Fit, NoFit, fit, seconds, usual_size};
use crate::flow::hawkes::{HawkesConfig, KernelTerm, TYPES};
use crate::flow::{FlowConfig, PlacementConfig};
use crate::realism::{RowKind, Tape};
use toprung_book::Side;

/// Most rounds of the iteration.
const ROUNDS: usize = 1000;

/// The iteration ends when no branching number moves by more.
const SETTLED: f64 = 2e-6;

/// Blocks over which standard errors are taken.
const BLOCKS: usize = 12;

/// Most spectral radius of a fit: a day that is critical on paper still has to be simulated.
const RADIUS_MAX: f64 = 0.98;

/// A fitted process: μ by type of a side, children on the same and on the opposite side, and shares of the kernel's terms.
#[derive(Clone, Debug)]
pub struct HawkesFit {
    /// μ, per second and side.
    pub base: Vec<f64>,
    /// Children of type i (row) per event of type j (column) on the same side.
    pub same: Vec<Vec<f64>>,
    /// The same on the opposite side.
    pub cross: Vec<Vec<f64>>,
    /// Share of each decay rate.
    pub weights: Vec<f64>,
}

/// Fits events (seconds from 0, type from 0 to 11, of the buy side first) over `time` seconds to the decay rates `decays`.
pub fn fit_events(events: &[(f64, usize)], time: f64, decays: &[f64]) -> HawkesFit {
    let terms = decays.len();
    let mut of_type = [0.0; 2 * TYPES];
    events.iter().for_each(|(_, k)| of_type[*k] += 1.0);
    let pooled = |e: usize| of_type[e] + of_type[e + TYPES];
    let mut base: Vec<f64> = (0..TYPES).map(|e| 0.5 * pooled(e) / (2.0 * time)).collect();
    // g[block][i][j][p]: children on the same (0) or the opposite (1) side.
    let at = |block: usize, i: usize, j: usize, p: usize| ((block * TYPES + i) * TYPES + j) * terms + p;
    let mut g = vec![0.5 / (2 * TYPES * terms) as f64; 2 * TYPES * TYPES * terms];
    let mut decayed = vec![0.0; 2 * TYPES * terms];
    for _ in 0..ROUNDS {
        let mut immigrants = [0.0; TYPES];
        let mut children = vec![0.0; g.len()];
        decayed.fill(0.0);
        let mut last = 0.0;
        let mut parts = vec![0.0; 2 * TYPES * terms];
        for (t, kind) in events {
            let dt = t - last;
            last = *t;
            let factors: Vec<f64> = decays.iter().map(|b| (-b * dt).exp()).collect();
            for chunk in decayed.chunks_exact_mut(terms) {
                chunk.iter_mut().zip(&factors).for_each(|(s, f)| *s *= f);
            }
            let (i, side) = (kind % TYPES, kind / TYPES);
            let mut total = base[i];
            for j in 0..2 * TYPES {
                let block = usize::from(j / TYPES != side);
                for p in 0..terms {
                    let part = g[at(block, i, j % TYPES, p)] * decays[p] * decayed[j * terms + p];
                    parts[j * terms + p] = part;
                    total += part;
                }
            }
            immigrants[i] += base[i] / total;
            for j in 0..2 * TYPES {
                let block = usize::from(j / TYPES != side);
                for p in 0..terms {
                    children[at(block, i, j % TYPES, p)] += parts[j * terms + p] / total;
                }
            }
            for p in 0..terms {
                decayed[kind * terms + p] += 1.0;
            }
        }
        for e in 0..TYPES {
            base[e] = immigrants[e] / (2.0 * time);
        }
        let mut moved = 0.0_f64;
        for (k, (g, children)) in g.iter_mut().zip(&children).enumerate() {
            let value = children / pooled(k / terms % TYPES).max(1.0);
            moved = moved.max((value - *g).abs());
            *g = value;
        }
        if moved < SETTLED {
            break;
        }
    }
    let block = |b: usize| -> Vec<Vec<f64>> {
        let cell = |i, j| (0..terms).map(|p| g[at(b, i, j, p)]).sum();
        (0..TYPES).map(|i| (0..TYPES).map(|j| cell(i, j)).collect()).collect()
    };
    // Shares of the terms by the events that they explain.
    let mut weights = vec![0.0; terms];
    for b in 0..2 {
        for i in 0..TYPES {
            for j in 0..TYPES {
                for (p, w) in weights.iter_mut().enumerate() {
                    *w += g[at(b, i, j, p)] * pooled(j);
                }
            }
        }
    }
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w = if sum > 0.0 { *w / sum } else { 1.0 / terms as f64 });
    HawkesFit { base, same: block(0), cross: block(1), weights }
}

/// The tape's events as types: limit orders inside the spread, at the touch, behind it; cancels at the touch, behind it;
/// market orders.
fn typed(tape: &Tape) -> Vec<(f64, usize)> {
    let begin = tape.rows[0].time_ns;
    let mut last_trade = None;
    let mut events = Vec::new();
    for (before, row) in tape.rows.iter().zip(&tape.rows[1..]) {
        let (best, better) = match row.side {
            Side::Buy => (before.bid, row.price - before.bid),
            Side::Sell => (before.ask, before.ask - row.price),
        };
        let (kind, side) = match row.kind {
            RowKind::Add if better > 0 => (0, row.side),
            RowKind::Add if better == 0 => (1, row.side),
            RowKind::Add => (2, row.side),
            RowKind::Cancel | RowKind::Reduce if row.price == best => (3, row.side),
            RowKind::Cancel | RowKind::Reduce => (4, row.side),
            RowKind::Trade => {
                let this = (row.time_ns, row.side);
                if last_trade == Some(this) {
                    continue;
                }
                last_trade = Some(this);
                (5, !row.side)
            }
        };
        events.push(((row.time_ns - begin) as f64 / 1e9, kind + TYPES * side as usize));
    }
    events
}

/// Fits the Hawkes flow on the given decay rates per second; standard errors are over blocks of the tape.
///
/// # Errors
///
/// A tape that is too short, or whose fit would not be a valid model.
pub fn fit_hawkes(tape: &Tape, decays: &[f64]) -> Result<Fit, NoFit> {
    let time = seconds(tape)?;
    let events = typed(tape);
    let whole = fit_events(&events, time, decays);
    let blocks = block_fits(&events, time, decays);
    let mut estimates = Vec::new();
    let mut add = |path: String, value: f64, of: &dyn Fn(&HawkesFit) -> f64| {
        let standard_error = spread(&blocks.iter().map(of).collect::<Vec<_>>());
        estimates.push(Estimate { path, value, standard_error });
    };
    for (i, value) in whole.base.iter().enumerate() {
        add(format!("flow.baseRates[{i}]"), *value, &|f| f.base[i]);
    }
    for i in 0..TYPES {
        for j in 0..TYPES {
            add(format!("flow.sameSide[{i}][{j}]"), whole.same[i][j], &|f| f.same[i][j]);
            add(format!("flow.crossSide[{i}][{j}]"), whole.cross[i][j], &|f| f.cross[i][j]);
        }
    }
    let tiny = |x: f64| if x < 1e-9 { 0.0 } else { x };
    let kernel = decays.iter().zip(&whole.weights).map(|(b, w)| KernelTerm { decay_rate: *b, weight: *w }).collect();
    let mut config = HawkesConfig {
        base_rates: whole.base.iter().map(|x| tiny(*x)).collect(),
        same_side: whole.same,
        cross_side: whole.cross,
        kernel,
        placement: PlacementConfig {
            order_size: usual_size(tape),
            reference_price: tape.rows[0].mid() / 2,
            ..PlacementConfig::default()
        },
        ..HawkesConfig::default()
    };
    let radius = config.branching_ratio();
    if radius > RADIUS_MAX {
        let shrink = RADIUS_MAX / radius;
        for block in [&mut config.same_side, &mut config.cross_side] {
            block.iter_mut().flatten().for_each(|g| *g *= shrink);
        }
    }
    fit(FlowConfig::Hawkes(config), estimates, tape, time)
}

fn block_fits(events: &[(f64, usize)], time: f64, decays: &[f64]) -> Vec<HawkesFit> {
    let width = time / BLOCKS as f64;
    (0..BLOCKS)
        .map(|k| {
            let (from, to) = (width * k as f64, width * (k + 1) as f64);
            let within = events.iter().filter(|(t, _)| (from..to).contains(t));
            let block: Vec<(f64, usize)> = within.map(|(t, kind)| (t - from, *kind)).collect();
            fit_events(&block, width, decays)
        })
        .collect()
}

/// Standard error of the mean over blocks.
fn spread(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    (x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0) / n).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::within;
    use crate::flow::hawkes::Cluster;
    use crate::random::StreamKey;

    /// The twelve types, simulated and fitted: base rates and the 72 branching numbers, with errors over blocks.
    #[test]
    fn a_hawkes_process_comes_back() {
        let truth =
            HawkesConfig { kernel: vec![KernelTerm { decay_rate: 100.0, weight: 1.0 }], ..HawkesConfig::default() };
        let mut process = Cluster::new(&truth.process(), StreamKey::new(41, "fit").generator(0, 0));
        let time = 600.0;
        let mut events = Vec::new();
        loop {
            let (ns, kind) = process.next_event();
            let t = ns as f64 / 1e9 - 20.0;
            if t >= time {
                break;
            }
            if t >= 0.0 {
                events.push((t, kind));
            }
        }
        let decays = [100.0];
        let (whole, blocks) = (fit_events(&events, time, &decays), block_fits(&events, time, &decays));
        let mut pairs = Vec::new();
        let mut add = |value: f64, truth: f64, of: &dyn Fn(&HawkesFit) -> f64| {
            let standard_error = spread(&blocks.iter().map(of).collect::<Vec<_>>());
            pairs.push((Estimate { path: String::new(), value, standard_error }, truth));
        };
        for i in 0..TYPES {
            add(whole.base[i], truth.base_rates[i], &|f| f.base[i]);
            for j in 0..TYPES {
                add(whole.same[i][j], truth.same_side[i][j], &|f| f.same[i][j]);
                add(whole.cross[i][j], truth.cross_side[i][j], &|f| f.cross[i][j]);
            }
        }
        within(&pairs);
        assert_eq!(whole.weights, [1.0]);
    }
}
