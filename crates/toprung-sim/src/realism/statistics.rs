//! Moments, correlations and the like, of plain slices; not a number where there is too little to say.

pub(super) fn mean(x: &[f64]) -> f64 {
    if x.is_empty() { f64::NAN } else { x.iter().sum::<f64>() / x.len() as f64 }
}

/// Variance over n.
pub(super) fn variance(x: &[f64]) -> f64 {
    let m = mean(x);
    mean(&x.iter().map(|v| (v - m).powi(2)).collect::<Vec<_>>())
}

pub(super) fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let (mx, my) = (mean(x), mean(y));
    let products: Vec<f64> = x.iter().zip(y).map(|(a, b)| (a - mx) * (b - my)).collect();
    let scale = (variance(x) * variance(y)).sqrt();
    if scale > 0.0 { mean(&products) / scale } else { f64::NAN }
}

pub(super) fn autocorrelation(x: &[f64], lag: usize) -> f64 {
    if x.len() <= lag + 2 { f64::NAN } else { correlation(&x[..x.len() - lag], &x[lag..]) }
}

pub(super) fn excess_kurtosis(x: &[f64]) -> f64 {
    let (m, v) = (mean(x), variance(x));
    if v > 0.0 { mean(&x.iter().map(|a| (a - m).powi(4)).collect::<Vec<_>>()) / (v * v) - 3.0 } else { f64::NAN }
}

pub(super) fn fano(counts: &[f64]) -> f64 {
    let m = mean(counts);
    if m > 0.0 { variance(counts) / m } else { f64::NAN }
}

/// The q-quantile of sorted values.
pub(super) fn quantile(sorted: &[f64], q: f64) -> f64 {
    if sorted.is_empty() {
        return f64::NAN;
    }
    let at = q * (sorted.len() - 1) as f64;
    let low = at.floor() as usize;
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + (sorted[high] - sorted[low]) * (at - low as f64)
}

pub(super) fn sorted(mut x: Vec<f64>) -> Vec<f64> {
    x.sort_by(f64::total_cmp);
    x
}

/// Hill's estimate of the tail index of positive values, from the top `share` of them.
pub(super) fn hill(x: Vec<f64>, share: f64) -> f64 {
    let x = sorted(x.into_iter().filter(|v| *v > 0.0).collect());
    let k = (x.len() as f64 * share) as usize;
    if k < 5 {
        return f64::NAN;
    }
    let threshold = x[x.len() - k - 1];
    let sum: f64 = x[x.len() - k..].iter().map(|v| (v / threshold).ln()).sum();
    if sum > 0.0 { k as f64 / sum } else { f64::NAN }
}

/// Shannon entropy of the ordinal patterns of three neighbours, over its greatest value.
pub(super) fn permutation_entropy(x: &[f64]) -> f64 {
    let mut seen = [0.0; 6];
    for w in x.windows(3) {
        let below = |i: usize, j: usize| usize::from(w[i] > w[j] || (w[i] == w[j] && i > j));
        let rank = [below(0, 1) + below(0, 2), below(1, 0) + below(1, 2)];
        // The first two ranks name the pattern: (0..3) × the rest.
        seen[rank[0] * 2 + usize::from(rank[1] > (rank[0] + 1) % 3)] += 1.0;
    }
    let n: f64 = seen.iter().sum();
    if n < 20.0 {
        return f64::NAN;
    }
    -seen.iter().filter(|c| **c > 0.0).map(|c| c / n * (c / n).ln()).sum::<f64>() / 6f64.ln()
}
