//! LOB-Bench's distributions of two tapes, and how far apart they are.
//!
//! Nagy et al., *LOB-Bench* (2025). As published: L1 on Freedman–Diaconis bins, and Wasserstein-1 after scaling by the pooled
//! standard deviation, which makes the measure depend on the generator under test. Corrected: bins and scale are the
//! real tape's alone.

use std::collections::HashMap;

use serde::Serialize;

use super::facts::order_flow_imbalance;
use super::statistics::{quantile, sorted, variance};
use super::tape::{Row, RowKind};

/// The names of the distributions.
pub const DISTRIBUTIONS: [&str; 10] = [
    "spread",
    "imbalance of the best queues",
    "log inter-arrival time",
    "log time to cancellation",
    "volume at the best bid",
    "volume at the best ask",
    "distance of limit orders from the mid",
    "distance of cancels from the mid",
    "volume per minute",
    "order-flow imbalance",
];

/// How far two samples of one distribution are apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Distance {
    /// What is distributed.
    pub name: &'static str,
    /// ½ Σ |p − q| on bins of the pooled sample, 0 to 1: as published.
    pub l1: f64,
    /// Wasserstein-1 in pooled standard deviations: as published.
    pub wasserstein: f64,
    /// Wasserstein-1 in interquartile ranges of the real sample (its standard deviation where that is 0).
    pub wasserstein_real: f64,
}

/// A sample of each distribution, sorted.
fn samples(rows: &[Row]) -> Vec<Vec<f64>> {
    let mut out: Vec<Vec<f64>> = vec![Vec::new(); DISTRIBUTIONS.len()];
    let mut entered: HashMap<u64, u64> = HashMap::new();
    let mut per_second: Vec<f64> = Vec::new();
    let begin = rows.first().map_or(0, |r| r.time_ns);
    let mut rolling = 0.0;
    for (k, row) in rows.iter().enumerate() {
        let sum = (row.bid_qty + row.ask_qty) as f64;
        out[0].push((row.ask - row.bid) as f64);
        if sum > 0.0 {
            out[1].push((row.bid_qty as f64 - row.ask_qty as f64) / sum);
        }
        if k > 0 {
            let ms = (row.time_ns - rows[k - 1].time_ns) as f64 / 1e6;
            out[2].push(if ms == 0.0 { 1e-9_f64.ln() } else { ms.ln() });
        }
        out[4].push(row.bid_qty as f64);
        out[5].push(row.ask_qty as f64);
        let from_mid = (row.price as f64 - row.mid() as f64 / 2.0).abs();
        match row.kind {
            RowKind::Add => {
                entered.insert(row.id, row.time_ns);
                out[6].push(from_mid);
            }
            RowKind::Cancel | RowKind::Reduce => {
                if let Some(since) = entered.remove(&row.id) {
                    out[3].push(((row.time_ns - since) as f64 / 1e9).max(1e-9).ln());
                }
                out[7].push(from_mid);
            }
            RowKind::Trade => {
                let second = ((row.time_ns - begin) / 1_000_000_000) as usize;
                per_second.resize(per_second.len().max(second + 1), 0.0);
                per_second[second] += 60.0 * row.qty as f64;
            }
        }
        rolling += order_flow_imbalance(rows, k);
        if k >= 100 {
            rolling -= order_flow_imbalance(rows, k - 100);
            out[9].push(rolling / 100.0);
        }
    }
    out[8] = per_second;
    out.into_iter().map(sorted).collect()
}

/// ∫ |F − G| of two sorted samples.
fn wasserstein(a: &[f64], b: &[f64]) -> f64 {
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    let mut last = a[0].min(b[0]);
    while i < a.len() || j < b.len() {
        let next = match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) => x.min(*y),
            (Some(x), None) | (None, Some(x)) => *x,
            (None, None) => break,
        };
        sum += (i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs() * (next - last);
        last = next;
        while a.get(i).is_some_and(|x| *x <= next) {
            i += 1;
        }
        while b.get(j).is_some_and(|x| *x <= next) {
            j += 1;
        }
    }
    sum
}

/// ½ Σ |p − q| on bins as wide as Freedman and Diaconis say for the pooled sample, at most 10,000.
fn l1(a: &[f64], b: &[f64]) -> f64 {
    let pooled = sorted([a, b].concat());
    let (low, high) = (pooled[0], pooled[pooled.len() - 1]);
    let iqr = quantile(&pooled, 0.75) - quantile(&pooled, 0.25);
    let width = (2.0 * iqr / (pooled.len() as f64).cbrt()).max((high - low) / 10_000.0);
    if width <= 0.0 {
        return 0.0;
    }
    let bins = ((high - low) / width) as usize + 1;
    let histogram = |x: &[f64]| {
        let mut p = vec![0.0; bins];
        x.iter().for_each(|v| p[(((v - low) / width) as usize).min(bins - 1)] += 1.0 / x.len() as f64);
        p
    };
    histogram(a).iter().zip(histogram(b)).map(|(p, q)| (p - q).abs()).sum::<f64>() / 2.0
}

/// Every distribution of `generated` against `real`; those of which one tape has fewer than ten values are left out.
pub fn distances(generated: &[Row], real: &[Row]) -> Vec<Distance> {
    let (a, b) = (samples(generated), samples(real));
    let mut out = Vec::new();
    for ((name, a), b) in DISTRIBUTIONS.into_iter().zip(a).zip(b) {
        if a.len() < 10 || b.len() < 10 {
            continue;
        }
        let w = wasserstein(&a, &b);
        let pooled = [a.as_slice(), b.as_slice()].concat();
        let over = |scale: f64| {
            if scale > 0.0 {
                w / scale
            } else if w == 0.0 {
                0.0
            } else {
                f64::INFINITY
            }
        };
        let iqr = quantile(&b, 0.75) - quantile(&b, 0.25);
        let scale = if iqr > 0.0 { iqr } else { variance(&b).sqrt() };
        out.push(Distance {
            name,
            l1: l1(&a, &b),
            wasserstein: over(variance(&pooled).sqrt()),
            wasserstein_real: over(scale),
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_of_known_samples() {
        let a = sorted((0..1000).map(f64::from).collect());
        let shifted: Vec<f64> = a.iter().map(|x| x + 50.0).collect();
        assert!((wasserstein(&a, &shifted) - 50.0).abs() < 1e-9);
        assert_eq!(wasserstein(&a, &a), 0.0);
        assert_eq!(l1(&a, &a), 0.0);
        assert!((l1(&[0.0; 50], &[1.0; 50]) - 1.0).abs() < 1e-9);
        // A sample twice as long of the same law is as near.
        let twice = sorted([a.clone(), a.clone()].concat());
        assert!(wasserstein(&a, &twice) < 1e-9);
    }
}
