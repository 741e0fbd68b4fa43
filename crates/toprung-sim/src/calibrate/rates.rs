//! Poisson rates: events over exposure, by distance from the opposite best.

use toprung_book::Side;

use super::ledger::Ledger;
use super::{Estimate, Fit, NoFit, fit, seconds, usual_size};
use crate::flow::{CstConfig, FlowConfig, SantaFeConfig};
use crate::realism::{Row, RowKind, Tape};

/// Counts and exposures of a tape.
struct Counts {
    /// Limit orders at distance i from 1, both sides.
    limits: Vec<f64>,
    /// Cancels there.
    cancels: Vec<f64>,
    /// Orders × seconds there.
    order_seconds: Vec<f64>,
    markets: f64,
    /// Of all distances.
    all_cancels: f64,
    all_order_seconds: f64,
    distances: Vec<i64>,
}

/// Ticks from the opposite best, as it was before the message.
fn distance(row: &Row, before: &Row) -> i64 {
    if row.side == Side::Buy { before.ask - row.price } else { row.price - before.bid }
}

fn count(tape: &Tape, levels: usize) -> Counts {
    let mut ledger = Ledger::default();
    let zeros = || vec![0.0; levels];
    let mut c = Counts {
        limits: zeros(),
        cancels: zeros(),
        order_seconds: zeros(),
        markets: 0.0,
        all_cancels: 0.0,
        all_order_seconds: 0.0,
        distances: Vec::new(),
    };
    let mut last_trade = None;
    for (before, row) in tape.rows.iter().zip(&tape.rows[1..]) {
        let dt = (row.time_ns - before.time_ns) as f64 / 1e9;
        if dt > 0.0 {
            for i in 1..=levels as i64 {
                let n = ledger.orders_at(Side::Buy, before.ask - i) + ledger.orders_at(Side::Sell, before.bid + i);
                c.order_seconds[i as usize - 1] += n as f64 * dt;
            }
            c.all_order_seconds += ledger.len() as f64 * dt;
        }
        let known = ledger.take(row);
        let d = distance(row, before);
        let at = usize::try_from(d - 1).ok().filter(|k| *k < levels);
        match row.kind {
            RowKind::Add => {
                c.distances.push(d.max(1));
                if let Some(k) = at {
                    c.limits[k] += 1.0;
                }
            }
            RowKind::Cancel if known => {
                c.all_cancels += 1.0;
                if let Some(k) = at {
                    c.cancels[k] += 1.0;
                }
            }
            RowKind::Trade => {
                // All trades at one time on one side are one order's.
                let this = (row.time_ns, row.side);
                c.markets += f64::from(u8::from(last_trade != Some(this)));
                last_trade = Some(this);
            }
            RowKind::Cancel | RowKind::Reduce => {}
        }
    }
    c
}

fn poisson(path: String, count: f64, exposure: f64) -> Estimate {
    let exposure = exposure.max(1e-12);
    // A count of nothing still leaves a rate of about one over the exposure open.
    Estimate { path, value: count / exposure, standard_error: count.max(1.0).sqrt() / exposure }
}

/// A rate as a configuration takes it: what is too small to be a rate is none.
fn rate(e: &Estimate) -> f64 {
    if e.value < 1e-9 { 0.0 } else { e.value }
}

/// Fits λ(i), θ(i) for i = 1 … `levels` and μ of Cont, Stoikov and Talreja.
///
/// Counts are of orders, whatever their size; the fitted model's orders have the commonest one. What lies farther out is not
/// counted. Cancels of orders that were there before the tape began are left out, as is their exposure.
///
/// # Errors
///
/// A tape that is too short, or whose fit would not be a valid model.
pub fn fit_cst(tape: &Tape, levels: usize) -> Result<Fit, NoFit> {
    let time = seconds(tape)?;
    let c = count(tape, levels.clamp(1, 1000));
    let limits: Vec<Estimate> =
        c.limits.iter().enumerate().map(|(i, n)| poisson(format!("flow.limitRates[{i}]"), *n, 2.0 * time)).collect();
    let cancels: Vec<Estimate> = c
        .cancels
        .iter()
        .zip(&c.order_seconds)
        .enumerate()
        .map(|(i, (n, exposure))| poisson(format!("flow.cancelRates[{i}]"), *n, *exposure))
        .collect();
    let market = poisson("flow.marketRate".to_owned(), c.markets, time);
    let first = tape.rows[0];
    let config = CstConfig {
        limit_rates: limits.iter().map(rate).collect(),
        market_rate: rate(&market),
        cancel_rates: cancels.iter().map(rate).collect(),
        order_size: usual_size(tape),
        reference_price: first.mid() / 2,
    };
    let estimates = limits.into_iter().chain(cancels).chain([market]).collect();
    fit(FlowConfig::Cst(config), estimates, tape, time)
}

/// Fits α, μ and δ of the Santa Fe model, with a window that holds 95 % of the limit orders.
///
/// # Errors
///
/// A tape that is too short, or whose fit would not be a valid model.
pub fn fit_santa_fe(tape: &Tape) -> Result<Fit, NoFit> {
    let time = seconds(tape)?;
    let mut c = count(tape, 1);
    c.distances.sort_unstable();
    let at = (c.distances.len().saturating_sub(1)) * 95 / 100;
    let window = c.distances.get(at).copied().unwrap_or(1).clamp(1, 1_000_000);
    let inside = c.distances.iter().filter(|d| **d <= window).count() as f64;
    let estimates = vec![
        poisson("flow.limitRate".to_owned(), inside, 2.0 * time * window as f64),
        poisson("flow.marketRate".to_owned(), c.markets, time),
        poisson("flow.cancelRate".to_owned(), c.all_cancels, c.all_order_seconds),
    ];
    let config = SantaFeConfig {
        limit_rate: rate(&estimates[0]),
        market_rate: rate(&estimates[1]),
        cancel_rate: rate(&estimates[2]),
        window_ticks: window as u32,
        order_size: usual_size(tape),
        reference_price: tape.rows[0].mid() / 2,
        splitting: None,
    };
    fit(FlowConfig::SantaFe(config), estimates, tape, time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SimConfig;
    use crate::calibrate::within;

    /// A tape from an empty book on, so that every order is known.
    fn tape(flow: FlowConfig, seconds: u64, seed: u64) -> Tape {
        let config = SimConfig { flow, seed, warmup_events: 0, ..SimConfig::default() };
        Tape::record(&config, 0, seconds * 1_000_000_000).unwrap()
    }

    #[test]
    fn cst_rates_come_back() {
        let truth = CstConfig::default();
        let fit = fit_cst(&tape(FlowConfig::Cst(truth.clone()), 4000, 1), 20).unwrap();
        let theta = |i: usize| truth.cancel_rates[i.min(4)];
        let pairs: Vec<(Estimate, f64)> = fit
            .estimates
            .into_iter()
            .enumerate()
            .map(|(k, e)| match k {
                0..20 => (e, truth.limit_rates[k]),
                20..40 => (e, theta(k - 20)),
                _ => (e, truth.market_rate),
            })
            .collect();
        assert_eq!(pairs.len(), 41);
        within(&pairs);
    }

    #[test]
    fn santa_fe_rates_come_back() {
        let truth = SantaFeConfig::default();
        let truths = [truth.limit_rate, truth.market_rate, truth.cancel_rate];
        let pairs: Vec<(Estimate, f64)> = (1..=8)
            .flat_map(|seed| {
                let fit = fit_santa_fe(&tape(FlowConfig::SantaFe(truth.clone()), 10, seed)).unwrap();
                fit.estimates.into_iter().zip(truths)
            })
            .collect();
        within(&pairs);
        assert!(fit_santa_fe(&Tape::default()).is_err());
    }
}
