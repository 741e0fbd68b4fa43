//! Statistics of what a market left behind.

use toprung_book::Side;

use crate::kernel::{Quote, Trade};
use crate::oracle::correlation;

pub(super) fn sign_acf(trades: &[Trade], lag: usize) -> f64 {
    let signs: Vec<f64> = trades.iter().map(|t| if t.side == Side::Buy { 1.0 } else { -1.0 }).collect();
    let mean = signs.iter().sum::<f64>() / signs.len() as f64;
    let variance = 1.0 - mean * mean;
    let pairs = signs.windows(lag + 1);
    let n = pairs.len() as f64;
    pairs.map(|w| (w[0] - mean) * (w[lag] - mean)).sum::<f64>() / n / variance
}

pub(super) fn trade_fano(trades: &[Trade], bin: f64, seconds: f64) -> f64 {
    let mut counts = vec![0.0; (seconds / bin) as usize];
    for t in trades {
        if let Some(count) = counts.get_mut((t.time_ns as f64 / 1e9 / bin) as usize) {
            *count += 1.0;
        }
    }
    let spread = sd(counts.iter().copied());
    spread * spread / (counts.iter().sum::<f64>() / counts.len() as f64)
}

pub(super) fn low<'a>(rows: &[&'a Quote]) -> Option<&'a Quote> {
    rows.iter().min_by(|a, b| a.mid().total_cmp(&b.mid())).copied()
}

pub(super) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = values.collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}

pub(super) fn sd(values: impl Iterator<Item = f64>) -> f64 {
    let all: Vec<f64> = values.collect();
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    (all.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (all.len() as f64 - 1.0)).sqrt()
}

/// R² of a straight line through points (x, y).
pub(super) fn r_squared(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |sum, p| (sum.0 + p.0 / n, sum.1 + p.1 / n));
    let (xs, ys): (Vec<f64>, Vec<f64>) = points.iter().map(|p| (p.0 - x, p.1 - y)).unzip();
    correlation(&xs, &ys).powi(2)
}

/// Exponent of the decay of the signs' autocorrelation: the slope of a straight line through its logarithms at four lags.
pub(super) fn acf_slope(trades: &[Trade]) -> f64 {
    let points = [10, 50, 100, 300].map(|lag| (libm::log(lag as f64), libm::log(sign_acf(trades, lag))));
    let mean = |f: fn(&(f64, f64)) -> f64| points.iter().map(f).sum::<f64>() / points.len() as f64;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let (cross, square) =
        points.iter().fold((0.0, 0.0), |sum, p| (sum.0 + (p.0 - x) * (p.1 - y), sum.1 + (p.0 - x) * (p.0 - x)));
    -cross / square
}

/// Autocorrelation of the moves of the mid price from row to row.
pub(super) fn return_acf(rows: &[&Quote], lag: usize) -> f64 {
    let moves: Vec<f64> = rows.windows(2).map(|w| w[1].mid() - w[0].mid()).collect();
    let mean = moves.iter().sum::<f64>() / moves.len() as f64;
    let variance: f64 = moves.iter().map(|r| (r - mean) * (r - mean)).sum();
    let covariance: f64 = moves.windows(lag.max(1) + 1).map(|w| (w[0] - mean) * (w[lag.max(1)] - mean)).sum();
    covariance / variance
}

/// Mean squared move of the mid price over `seconds`, per second, from every row whose later one there is.
pub(super) fn diffusion(rows: &[&Quote], seconds: f64) -> f64 {
    let step = rows.windows(2).next().map_or(f64::NAN, |w| (w[1].time_ns - w[0].time_ns) as f64 / 1e9);
    let lag = ((seconds / step).round() as usize).max(1);
    let (sum, n) = rows.windows(lag + 1).fold((0.0, 0.0), |(sum, n), w| {
        let moved = w[lag].mid() - w[0].mid();
        (sum + moved * moved, n + 1.0)
    });
    sum / n / seconds
}

/// Most changes of the price in one direction without one in the other.
pub(super) fn straight_run<'a>(trades: impl Iterator<Item = &'a Trade>) -> f64 {
    let (mut last, mut up, mut run, mut longest) = (None, true, 0_u32, 0_u32);
    for price in trades.map(|t| t.price) {
        if let Some(before) = last.filter(|before| *before != price) {
            run = if (price > before) == up { run + 1 } else { 1 };
            up = price > before;
            longest = longest.max(run);
        }
        last = Some(price);
    }
    f64::from(longest)
}

/// χ² of counts against what was expected of them, over its 99th percentile. Neighbours are taken together until five are
/// expected.
pub(super) fn chi_square_ratio(counts: &[f64], expected: &[f64]) -> f64 {
    let mut cells: Vec<(f64, f64)> = Vec::new();
    let (mut count, mut mean) = (0.0, 0.0);
    for (c, e) in counts.iter().zip(expected) {
        (count, mean) = (count + c, mean + e);
        if mean >= 5.0 {
            cells.push((count, mean));
            (count, mean) = (0.0, 0.0);
        }
    }
    if let Some(last) = cells.last_mut() {
        *last = (last.0 + count, last.1 + mean);
    }
    if cells.len() < 2 {
        return f64::NAN;
    }
    let statistic: f64 = cells.iter().map(|(c, e)| (c - e) * (c - e) / e).sum();
    statistic / chi_square_99(cells.len() as f64 - 1.0)
}

/// The 99th percentile of χ² by Wilson and Hilferty (1931), within half a per cent from 2 degrees of freedom on.
fn chi_square_99(freedom: f64) -> f64 {
    const NORMAL_99: f64 = 2.326_347_874_040_841;
    let part = 2.0 / (9.0 * freedom);
    let root = 1.0 - part + NORMAL_99 * libm::sqrt(part);
    freedom * root * root * root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_chi_square_are_those_of_the_tables() {
        for (freedom, table) in [(2.0, 9.210), (5.0, 15.086), (10.0, 23.209), (25.0, 44.314)] {
            assert!((chi_square_99(freedom) / table - 1.0).abs() < 0.006, "{freedom}: {}", chi_square_99(freedom));
        }
    }

    #[test]
    fn counts_as_expected_have_no_chi_square_and_others_have() {
        assert_eq!(chi_square_ratio(&[10.0, 20.0, 30.0], &[10.0, 20.0, 30.0]), 0.0);
        assert!(chi_square_ratio(&[30.0, 20.0, 10.0], &[10.0, 20.0, 30.0]) > 1.0);
        // Cells of which little is expected are taken together.
        assert!(chi_square_ratio(&[4.0, 1.0, 5.0, 0.0], &[3.0, 3.0, 4.0, 0.1]).is_nan());
    }

    #[test]
    fn a_straight_line_explains_all_and_a_bend_less() {
        assert!((r_squared(&[(1.0, 5.0), (2.0, 7.0), (4.0, 11.0)]) - 1.0).abs() < 1e-12);
        assert!((r_squared(&[(-1.0, 1.0), (0.0, 0.0), (1.0, 1.0), (2.0, 0.0)]) - 0.2).abs() < 1e-12);
    }

    #[test]
    fn a_steady_price_diffuses_with_the_lag_and_a_bouncing_one_not_at_all() {
        let row = |k: u64, mid: i64| {
            let time_ns = k * 1_000_000;
            Quote { time_ns, bid: mid - 1, ask: mid + 1, ..Quote::start(0) }
        };
        let steady: Vec<Quote> = (0..100).map(|k| row(k, 2 * k as i64)).collect();
        let bouncing: Vec<Quote> = (0..100).map(|k| row(k, k as i64 % 2)).collect();
        let of = |rows: &[Quote], lag| diffusion(&rows.iter().collect::<Vec<_>>(), lag);
        assert!((of(&steady, 0.003) - 36.0 / 0.003).abs() < 1e-6);
        assert_eq!((of(&bouncing, 0.001), of(&bouncing, 0.002)), (1000.0, 0.0));
    }

    #[test]
    fn a_run_is_counted_in_changes_of_the_price() {
        let trade = |price| Trade { time_ns: 0, price, qty: 1, side: Side::Sell, taker: None, maker: None };
        let trades = [5, 5, 4, 3, 3, 2, 3, 4].map(trade);
        assert_eq!(straight_run(trades.iter()), 3.0);
    }
}
