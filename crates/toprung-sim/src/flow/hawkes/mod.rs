//! Multivariate Hawkes processes with exponential kernels, in cluster form and by thinning.
//!
//! λ_i(t) = μ_i + Σ_j ∫ φ_ij(t−s) dN_j(s) with φ_ij(t) = G_ij Σ_p w_p β_p e^{−β_p t}, Σ w_p = 1: an event of type j has on
//! average G_ij children of type i. Bacry, Mastromatteo and Muzy, *Hawkes processes in finance* (2015). The process is
//! stationary if and only if the spectral radius of G is below 1, with rates Λ = (I−G)⁻¹ μ.
//!
//! - [`Cluster`] draws the branching form: immigrants at rate μ, each event with a Poisson number of children at independent
//!   delays. Exact for linear non-negative kernels; a few ns per event whatever the number of types.
//! - [`Thinning`] is Ogata's method: candidates at the current total intensity, which only falls until the next event, kept
//!   with the ratio of the intensities. Slower; the second opinion of the tests.

mod book;
mod cluster;
mod race;
mod thinning;

pub use book::{Hawkes, HawkesConfig, HawkesMethod, KernelTerm};
pub(crate) use book::{TYPES, validate_kernel};
pub use cluster::Cluster;
pub(crate) use race::{Events, Race};
pub use thinning::Thinning;

/// A process as numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct HawkesProcess {
    /// μ_i: events per second that nothing triggered, by type.
    pub base: Vec<f64>,
    /// G_ij in row i, column j: children of type i per event of type j.
    pub branching: Vec<Vec<f64>>,
    /// (β_p, w_p): decay rates per second and their weights.
    pub kernel: Vec<(f64, f64)>,
}

impl HawkesProcess {
    /// Number of types.
    pub fn types(&self) -> usize {
        self.base.len()
    }

    /// Mean number of children of all types of an event of type `j`.
    pub fn children(&self, j: usize) -> f64 {
        self.branching.iter().map(|row| row[j]).sum()
    }

    /// Λ = (I−G)⁻¹ μ, by the Neumann series: stationary events per second by type, for a spectral radius below 1.
    pub fn stationary_rates(&self) -> Vec<f64> {
        let (mut rates, mut term) = (self.base.clone(), self.base.clone());
        for _ in 0..100_000 {
            term = self.branching.iter().map(|row| row.iter().zip(&term).map(|(g, t)| g * t).sum()).collect();
            rates.iter_mut().zip(&term).for_each(|(r, t)| *r += t);
            if term.iter().sum::<f64>() <= 1e-15 * rates.iter().sum::<f64>() {
                break;
            }
        }
        rates
    }
}

/// The spectral radius of a matrix without negative entries.
///
/// Power iteration on I + G, whose largest eigenvalue is 1 + ρ(G) with no other of the same modulus, from a positive
/// vector; the bounds of Collatz and Wielandt close in on it. A reducible matrix may leave them apart: then the upper one
/// counts after the last round.
pub fn spectral_radius(matrix: &[Vec<f64>]) -> f64 {
    let mut v = vec![1.0; matrix.len()];
    let mut radius = f64::INFINITY;
    for _ in 0..2000 {
        let next: Vec<f64> = matrix
            .iter()
            .enumerate()
            .map(|(i, row)| v[i] + row.iter().zip(&v).map(|(g, x)| g * x).sum::<f64>())
            .collect();
        let ratios = || next.iter().zip(&v).map(|(n, v)| n / v);
        let (low, high) = (ratios().fold(f64::INFINITY, f64::min), ratios().fold(0.0, f64::max));
        radius = high - 1.0;
        if high - low < 1e-12 {
            break;
        }
        let norm: f64 = next.iter().sum();
        // No entry may vanish, or its ratio would lose its meaning.
        v = next.iter().map(|x| (x / norm).max(1e-280)).collect();
    }
    radius
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::StreamKey;
    use crate::random::stats::{ks, moments};

    /// μ = 1.2, α = 0.6, β = 0.8: the test case of SIMULATION.md §1.5.
    fn one() -> HawkesProcess {
        HawkesProcess { base: vec![1.2], branching: vec![vec![0.75]], kernel: vec![(0.8, 1.0)] }
    }

    fn three() -> HawkesProcess {
        let branching = vec![vec![0.3, 0.2, 0.0], vec![0.1, 0.1, 0.4], vec![0.0, 0.3, 0.2]];
        HawkesProcess { base: vec![1.0, 0.5, 2.0], branching, kernel: vec![(50.0, 0.4), (2.0, 0.6)] }
    }

    /// Times in seconds and types up to `end` seconds.
    fn sample(process: &HawkesProcess, thinning: bool, seed: u64, end: f64) -> Vec<(f64, usize)> {
        let rng = StreamKey::new(seed, "hawkes").generator(0, 0);
        let mut events = Vec::new();
        let (mut cluster, mut thin) = (Cluster::new(process, rng), Thinning::new(process, rng));
        loop {
            let (ns, kind) = if thinning { thin.next_event() } else { cluster.next_event() };
            let t = ns as f64 / 1e9;
            if t >= end {
                return events;
            }
            events.push((t, kind));
        }
    }

    #[test]
    fn the_spectral_radius_is_the_largest_eigenvalue() {
        let m = |rows: &[&[f64]]| rows.iter().map(|r| r.to_vec()).collect::<Vec<_>>();
        assert!((spectral_radius(&m(&[&[0.75]])) - 0.75).abs() < 1e-10);
        assert!((spectral_radius(&m(&[&[0.0, 0.5], &[0.5, 0.0]])) - 0.5).abs() < 1e-10);
        // Eigenvalues of [[a, b], [c, d]].
        let (a, b, c, d) = (0.2, 0.7, 0.3, 0.5);
        let exact: f64 = (a + d) / 2.0 + (((a - d) / 2.0f64).powi(2) + b * c).sqrt();
        assert!((spectral_radius(&m(&[&[a, b], &[c, d]])) - exact).abs() < 1e-10);
        assert_eq!(spectral_radius(&m(&[&[0.0, 0.0], &[0.0, 0.0]])), 0.0);
        assert!(spectral_radius(&m(&[&[0.5, 1.0], &[0.0, 0.9]])) < 0.91);
    }

    /// Rates of each type in both forms: blocks of 100 s, 4 standard errors.
    #[test]
    fn both_forms_have_the_stationary_rates() {
        let process = three();
        let exact = process.stationary_rates();
        for thinning in [false, true] {
            let (skip, blocks, width) = (50.0, 60, 100.0);
            let events = sample(&process, thinning, 5, skip + width * f64::from(blocks));
            for (kind, exact) in exact.iter().enumerate() {
                let mut counts = vec![0.0; blocks as usize];
                for (t, _) in events.iter().filter(|(t, k)| *k == kind && *t >= skip) {
                    counts[((t - skip) / width) as usize] += 1.0 / width;
                }
                let (mean, var) = moments(&counts);
                let se = (var / f64::from(blocks)).sqrt();
                assert!((mean - exact).abs() < 4.0 * se, "type {kind}, thinning {thinning}: {mean} ± {se}, {exact}");
                assert!(se < 0.05 * exact);
            }
        }
    }

    /// The count in τ has variance Λ(τκ² + (1−κ²)(1−e^{−γτ})/γ) and neighbouring counts the covariance
    /// μβα(2β−α)(e^{−γτ}−1)²/(2γ⁴) e^{−γd}: to be met at τ = 1 and gaps d = 0, 1, 4.
    #[test]
    fn variance_and_autocovariance_of_counts_are_exact() {
        let (mu, alpha, beta, tau): (f64, f64, f64, f64) = (1.2, 0.6, 0.8, 1.0);
        let (gamma, kappa2) = (beta - alpha, 1.0 / (1.0 - alpha / beta).powi(2));
        let rate = mu / (1.0 - alpha / beta);
        let decay = (-gamma * tau).exp();
        let variance = rate * (tau * kappa2 + (1.0 - kappa2) * (1.0 - decay) / gamma);
        assert!((variance - 11.543).abs() < 0.001, "{variance}");
        let covariance = |d: f64| {
            mu * beta * alpha * (2.0 * beta - alpha) * (decay - 1.0).powi(2) / (2.0 * gamma.powi(4))
                * (-gamma * d).exp()
        };
        for (d, tabulated) in [(0.0, 5.915), (1.0, 4.842), (4.0, 2.658)] {
            assert!((covariance(d) - tabulated).abs() < 0.001, "{}", covariance(d));
        }
        let (skip, blocks, width) = (100, 40, 1500);
        let events = sample(&one(), false, 6, f64::from(skip + blocks * width));
        let mut counts = vec![0.0; (skip + blocks * width) as usize];
        events.iter().for_each(|(t, _)| counts[*t as usize] += 1.0);
        let block = |k: i32| &counts[(skip + k * width) as usize..(skip + (k + 1) * width) as usize];
        for (lag, exact) in [(0, variance), (1, covariance(0.0)), (2, covariance(1.0)), (5, covariance(4.0))] {
            // The mean is known, so that estimates of one block are unbiased.
            let estimates: Vec<f64> = (0..blocks)
                .map(|k| {
                    let b = block(k);
                    b.windows(lag + 1).map(|w| (w[0] - rate) * (w[lag] - rate)).sum::<f64>() / (b.len() - lag) as f64
                })
                .collect();
            let (mean, var) = moments(&estimates);
            let se = (var / f64::from(blocks)).sqrt();
            assert!((mean - exact).abs() < 4.0 * se, "lag {lag}: {mean} ± {se}, exactly {exact}");
            assert!(se < 0.1 * exact, "lag {lag}: {se} is too large to say anything");
        }
    }

    /// Time-rescaling: ∫λ between events is exponential, in both forms and for a kernel of two terms.
    #[test]
    fn rescaled_waiting_times_are_exponential() {
        for (process, thinning) in [(one(), false), (one(), true), (three(), false), (three(), true)] {
            let events = sample(&process, thinning, 7, 4000.0);
            let mut excited = vec![vec![0.0; process.kernel.len()]; process.types()];
            let base: f64 = process.base.iter().sum();
            let mut last = 0.0;
            let mut waits = Vec::new();
            for (t, kind) in events {
                let dt: f64 = t - last;
                let mut integral = base * dt;
                for per_type in &mut excited {
                    for (s, (beta, _)) in per_type.iter_mut().zip(&process.kernel) {
                        let decay = (-beta * dt).exp();
                        integral += *s * (1.0 - decay) / beta;
                        *s *= decay;
                    }
                }
                for (i, per_type) in excited.iter_mut().enumerate() {
                    for (s, (beta, w)) in per_type.iter_mut().zip(&process.kernel) {
                        *s += process.branching[i][kind] * w * beta;
                    }
                }
                last = t;
                waits.push(integral);
            }
            assert!(waits.len() > 10_000);
            let d = ks(&mut waits, |x| 1.0 - (-x).exp());
            assert!(d < 1.95, "KS distance × √n = {d}, thinning {thinning}");
        }
    }

    /// Two mutually exciting types as ±1 ticks: Λ(κ² + (1−κ²)(1−e^{−γτ})/(γτ)), κ = 1/(1+n), γ = α + β.
    #[test]
    fn the_signature_plot_of_mutual_excitement_is_exact() {
        let (mu, alpha, beta): (f64, f64, f64) = (0.16, 0.4, 1.0);
        let branching = vec![vec![0.0, alpha / beta], vec![alpha / beta, 0.0]];
        let process = HawkesProcess { base: vec![mu, mu], branching, kernel: vec![(beta, 1.0)] };
        let n = alpha / beta;
        let (rate, kappa2, gamma) = (2.0 * mu / (1.0 - n), 1.0 / (1.0 + n).powi(2), alpha + beta);
        let (blocks, width) = (40, 2000.0);
        let events = sample(&process, false, 8, 100.0 + width * f64::from(blocks));
        for (tau, tabulated) in [(0.5, 0.4600), (2.0, 0.3597), (10.0, 0.2908)] {
            let exact = rate * (kappa2 + (1.0 - kappa2) * (1.0 - (-gamma * tau).exp()) / (gamma * tau));
            assert!((exact - tabulated).abs() < 1e-4, "{exact}");
            let bins = (width / tau) as usize;
            let mut estimates = Vec::new();
            for b in 0..blocks {
                let from = 100.0 + width * f64::from(b);
                let mut moves = vec![0.0; bins];
                for (t, kind) in events.iter().filter(|(t, _)| (from..from + width).contains(t)) {
                    moves[(((t - from) / tau) as usize).min(bins - 1)] += if *kind == 0 { 1.0 } else { -1.0 };
                }
                estimates.push(moves.iter().map(|m| m * m).sum::<f64>() / width);
            }
            let (mean, var) = moments(&estimates);
            let se = (var / f64::from(blocks)).sqrt();
            assert!((mean - exact).abs() < 4.0 * se, "τ = {tau}: {mean} ± {se}, exactly {exact}");
        }
    }
}
