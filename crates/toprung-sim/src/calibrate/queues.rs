//! Queue-reactive tables: events over exposure, by queue and by size.
//!
//! The reference price is followed as Huang, Lehalle and Rosenbaum do: the mid price where the spread is odd, and where it is
//! even whichever of the two prices half a tick from it is nearer to the last reference.

use toprung_book::Side;

use super::ledger::Ledger;
use super::{Estimate, Fit, NoFit, fit, seconds, usual_size};
use crate::flow::FlowConfig;
use crate::flow::QueueReactiveConfig;
use crate::flow::queue_reactive::QueueRates;
use crate::realism::{Row, RowKind, Tape};

/// The highest price of the bid side.
fn follow(center: i64, row: &Row) -> i64 {
    let sum = row.bid + row.ask;
    // An odd spread is an odd sum: the mid lies between two ticks.
    if sum.rem_euclid(2) == 1 {
        sum.div_euclid(2)
    } else if center >= sum / 2 {
        sum / 2
    } else {
        sum / 2 - 1
    }
}

/// Seconds in a state below which its rates are taken from smaller queues.
const EXPOSURE_MIN: f64 = 1.0;

/// Counts of limit orders, cancels and market orders, and seconds, by size.
type States = Vec<([f64; 3], f64)>;

/// Fits the tables of the `levels` queues next to the reference price, for sizes up to `size_max` orders of the commonest
/// size; larger queues count as that size. Probabilities of the reference are left at their defaults.
///
/// # Errors
///
/// A tape that is too short, or whose fit would not be a valid model.
pub fn fit_queue_reactive(tape: &Tape, levels: usize, size_max: usize) -> Result<Fit, NoFit> {
    let time = seconds(tape)?;
    let (levels, size_max) = (levels.clamp(1, 16), size_max.clamp(2, 1000));
    let unit = usual_size(tape);
    let mut ledger = Ledger::default();
    let mut states: Vec<States> = vec![vec![([0.0; 3], 0.0); size_max + 1]; levels];
    let mut center = follow(tape.rows[0].mid() / 2, &tape.rows[0]);
    let price = |center: i64, side: Side, level: usize| match side {
        Side::Buy => center - level as i64,
        Side::Sell => center + 1 + level as i64,
    };
    for (before, row) in tape.rows.iter().zip(&tape.rows[1..]) {
        center = follow(center, before);
        let size = |ledger: &Ledger, side, level| {
            (ledger.lots_at(side, price(center, side, level)).div_ceil(unit) as usize).min(size_max)
        };
        let dt = (row.time_ns - before.time_ns) as f64 / 1e9;
        if dt > 0.0 {
            for (level, state) in states.iter_mut().enumerate() {
                for side in Side::BOTH {
                    state[size(&ledger, side, level)].1 += dt;
                }
            }
        }
        let level = match row.side {
            Side::Buy => center - row.price,
            Side::Sell => row.price - center - 1,
        };
        let level = usize::try_from(level).ok().filter(|k| *k < levels);
        let n = level.map(|level| size(&ledger, row.side, level));
        let known = ledger.take(row);
        if let (Some(level), Some(n), true) = (level, n, known) {
            let kind = match row.kind {
                RowKind::Add => 0,
                RowKind::Cancel => 1,
                RowKind::Trade => 2,
                RowKind::Reduce => continue,
            };
            states[level][n].0[kind] += 1.0;
        }
    }
    let mut estimates = Vec::new();
    let tables = states.iter().enumerate().map(|(level, s)| table(level, s, &mut estimates)).collect();
    let config = QueueReactiveConfig {
        levels: tables,
        order_size: unit,
        reference_price: center,
        ..QueueReactiveConfig::default()
    };
    fit(FlowConfig::QueueReactive(config), estimates, tape, time)
}

fn table(level: usize, states: &States, estimates: &mut Vec<Estimate>) -> QueueRates {
    let mut rates = QueueRates::default();
    // States between the smallest and the largest that were there for long enough; smaller ones have the smallest's rates.
    let enough = |n: &usize| states[*n].1 >= EXPOSURE_MIN;
    let smallest = (0..states.len()).find(enough).unwrap_or(0);
    let beyond = (smallest..states.len()).find(|n| !enough(n)).unwrap_or(states.len());
    for n in 0..beyond.max(1) {
        let (counts, exposure) = states[n.max(smallest)];
        let exposure = exposure.max(EXPOSURE_MIN);
        let lists = [&mut rates.limit, &mut rates.cancel, &mut rates.market];
        for ((kind, name), list) in ["limit", "cancel", "market"].into_iter().enumerate().zip(lists) {
            let value = if n == 0 && kind > 0 { 0.0 } else { counts[kind] / exposure };
            list.push(if value < 1e-9 { 0.0 } else { value });
            if n >= smallest && (n > 0 || kind == 0) {
                let standard_error = counts[kind].max(1.0).sqrt() / exposure;
                estimates.push(Estimate { path: format!("flow.levels[{level}].{name}[{n}]"), value, standard_error });
            }
        }
    }
    // The last entry holds for all larger queues, which must not grow for ever: where the data say otherwise, or nothing, the
    // limit orders stop there.
    let last = |list: &[f64]| list[list.len() - 1];
    let drain = last(&rates.cancel) + last(&rates.market);
    if last(&rates.limit) >= drain {
        rates.limit.push(0.0);
        let (cancel, market) = (last(&rates.cancel).max(1.0), last(&rates.market));
        rates.cancel.push(cancel);
        rates.market.push(market);
    }
    rates
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SimConfig;
    use crate::calibrate::within;

    /// Best queues that are never empty for long, so that the reference is where the mid says; every state's rates come back.
    #[test]
    fn queue_tables_come_back() {
        let level = |limit: f64, per: f64, market: f64| QueueRates {
            limit: vec![limit],
            cancel: (0..=30).map(|n| per * f64::from(n)).collect(),
            market: vec![0.0, market],
        };
        let truth = QueueReactiveConfig {
            levels: vec![level(60.0, 5.0, 6.0), level(40.0, 5.0, 0.0)],
            moves: 0.0,
            redraw: 0.0,
            ..QueueReactiveConfig::default()
        };
        let flow = FlowConfig::QueueReactive(truth.clone());
        let config = SimConfig { flow, warmup_events: 0, ..SimConfig::default() };
        let tape = Tape::record(&config, 0, 600_000_000_000).unwrap();
        let fit = fit_queue_reactive(&tape, 2, 25).unwrap();
        let at = |list: &[f64], n: usize| list[n.min(list.len() - 1)];
        let pairs: Vec<(Estimate, f64)> = fit
            .estimates
            .iter()
            .filter_map(|e| {
                let number = |s: &str| s.trim_end_matches(']').parse::<usize>().ok();
                let mut parts = e.path.split('[');
                let level = number(parts.nth(1)?.split(']').next()?)?;
                let n = number(parts.next()?)?;
                let name = e.path.split('.').nth(2)?.split('[').next()?.to_owned();
                let of = &truth.levels[level];
                let rates = match name.as_str() {
                    "limit" => &of.limit,
                    "cancel" => &of.cancel,
                    _ => &of.market,
                };
                (1..20).contains(&n).then(|| (e.clone(), at(rates, n)))
            })
            .filter(|(e, _)| e.value > 0.0)
            .collect();
        assert!(pairs.len() > 60, "{} states", pairs.len());
        within(&pairs);
    }
}
