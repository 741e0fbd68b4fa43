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
}
