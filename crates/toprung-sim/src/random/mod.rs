//! Random numbers of which every bit is determined by (seed, streams, book, component).
//!
//! A [`StreamKey`] hashes the master seed and the name of a family of streams; a [`Philox`] stream or a
//! [`Xoshiro256pp`] generator is then opened for one component of one book. Nothing is drawn from a shared generator
//! and no seed is drawn in sequence, so adding a book or a component changes no other's numbers. Everything is integer
//! arithmetic: the same bits on every platform.
//!
//! ```
//! use toprung_sim::random::{StreamKey, below, exponential};
//!
//! let key = StreamKey::new(7, "zi");
//! let mut rng = key.generator(/* book */ 3, /* component */ 0);
//! assert!(below(&mut rng, 6) < 6);
//! let e = exponential(&mut rng); // mean 1 in 32.32 fixed point
//! assert_eq!(exponential(&mut { let mut r = key.generator(3, 0); below(&mut r, 6); r }), e);
//! ```

mod alias;
mod exponential;
mod philox;
mod xoshiro;

pub use alias::Alias;
pub use exponential::exponential;
pub use philox::{Philox, philox4x32};
pub use xoshiro::Xoshiro256pp;

/// A source of 64 random bits at a time.
pub trait Source {
    /// The next 64 bits.
    fn next_u64(&mut self) -> u64;
}

/// A uniform number in `[0, n)`, exactly unbiased; 0 when `n` is 0.
///
/// Lemire, *Fast random integer generation in an interval*, ACM TOMACS 29 (2019): one multiplication, and a division
/// only with probability below `n / 2⁶⁴`.
#[inline(always)]
pub fn below<R: Source>(rng: &mut R, n: u64) -> u64 {
    let m = u128::from(rng.next_u64()) * u128::from(n);
    if (m as u64) < n { below_slow(rng, n, m) } else { (m >> 64) as u64 }
}

/// Uniform in [0, 1), a multiple of 2⁻⁵³.
#[inline(always)]
pub fn uniform<R: Source>(rng: &mut R) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

#[cold]
fn below_slow<R: Source>(rng: &mut R, n: u64, mut m: u128) -> u64 {
    let threshold = n.wrapping_neg().checked_rem(n).unwrap_or(0);
    while (m as u64) < threshold {
        m = u128::from(rng.next_u64()) * u128::from(n);
    }
    (m >> 64) as u64
}

/// 64-bit FNV-1a, for names.
const fn fnv1a(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut h = 0xcbf2_9ce4_8422_2325_u64;
    let mut k = 0;
    while k < bytes.len() {
        h = (h ^ bytes[k] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        k += 1;
    }
    h
}

/// The key of a family of streams: a hash of the master seed and the family's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StreamKey([u32; 2]);

impl StreamKey {
    /// The key of `seed` and `streams`: the first half of the Philox block whose counter they are.
    pub fn new(seed: u64, streams: &str) -> StreamKey {
        let name = fnv1a(streams);
        // Any fixed key will do; this one spells the name.
        let block = philox4x32(
            [seed as u32, (seed >> 32) as u32, name as u32, (name >> 32) as u32],
            [u32::from_le_bytes(*b"topr"), u32::from_le_bytes(*b"ung\0")],
        );
        StreamKey([block[0], block[1]])
    }

    /// The stream of one component of one book, with access to any draw by its number.
    pub fn stream(self, book: u32, component: u32) -> Philox {
        Philox::new(self.0, book, component)
    }

    /// A fast sequential generator for one component of one book, seeded from the first draws of its stream.
    pub fn generator(self, book: u32, component: u32) -> Xoshiro256pp {
        let stream = self.stream(book, component);
        Xoshiro256pp::from_state([stream.at(0), stream.at(1), stream.at(2), stream.at(3)])
    }
}

#[cfg(test)]
pub(crate) mod stats {
    //! What the statistical tests share.

    /// The largest distance between the empirical distribution of `xs` and `cdf`, times √n (Kolmogorov–Smirnov).
    ///
    /// Above 1.95 with probability 0.1 % under the null.
    pub(crate) fn ks(xs: &mut [f64], cdf: impl Fn(f64) -> f64) -> f64 {
        xs.sort_by(f64::total_cmp);
        let n = xs.len() as f64;
        let distance = xs.iter().enumerate().map(|(k, x)| {
            let f = cdf(*x);
            (f - k as f64 / n).abs().max(((k + 1) as f64 / n - f).abs())
        });
        distance.fold(0.0, f64::max) * n.sqrt()
    }

    /// Mean and variance.
    pub(crate) fn moments(xs: &[f64]) -> (f64, f64) {
        let n = xs.len() as f64;
        let mean = xs.iter().sum::<f64>() / n;
        (mean, xs.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv1a_gives_its_published_values() {
        assert_eq!(fnv1a(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn streams_differ_in_every_part_of_their_name() {
        let key = StreamKey::new(1, "zi");
        let first = |k: StreamKey, b, c| k.generator(b, c).next_u64();
        let all = [
            first(key, 0, 0),
            first(key, 1, 0),
            first(key, 0, 1),
            first(StreamKey::new(2, "zi"), 0, 0),
            first(StreamKey::new(1 << 32, "zi"), 0, 0),
            first(StreamKey::new(1, "iz"), 0, 0),
        ];
        assert_eq!(all.iter().collect::<std::collections::HashSet<_>>().len(), all.len());
    }

    #[test]
    fn neighbouring_books_are_uncorrelated() {
        let key = StreamKey::new(1, "zi");
        let n = 4000;
        let firsts: Vec<f64> = (0..n).map(|b| key.generator(b, 0).next_u64() as f64 / 2f64.powi(64) - 0.5).collect();
        let r = firsts.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / f64::from(n - 1) * 12.0;
        assert!(r.abs() < 4.0 / f64::from(n).sqrt(), "lag-one correlation over books {r}");
    }

    #[test]
    fn bounded_integers_stay_in_bounds_and_are_uniform() {
        let mut rng = StreamKey::new(3, "test").generator(0, 0);
        assert_eq!(below(&mut rng, 0), 0);
        assert_eq!(below(&mut rng, 1), 0);
        for n in [2_u64, 3, 7, 10, 1000] {
            let draws = 100_000;
            let mut seen = vec![0_u32; n as usize];
            for _ in 0..draws {
                seen[below(&mut rng, n) as usize] += 1;
            }
            let expected = f64::from(draws) / n as f64;
            let chi2 = seen.iter().map(|c| (f64::from(*c) - expected).powi(2) / expected).sum::<f64>();
            let dof = (n - 1) as f64;
            assert!(chi2 < dof + 4.0 * (2.0 * dof).sqrt() + 4.0, "chi² {chi2} for n = {n}");
        }
    }

    /// For n = 3·2⁶² the product alone gives the residues 0, 1, 2 modulo 3 the shares ½, ¼, ¼.
    #[test]
    fn bounded_integers_are_unbiased_where_a_plain_product_is_not() {
        let mut rng = StreamKey::new(4, "test").generator(0, 0);
        let n = 3_u64 << 62;
        let draws = 60_000;
        let zeros = (0..draws).filter(|_| below(&mut rng, n).is_multiple_of(3)).count() as f64 / f64::from(draws);
        assert!((zeros - 1.0 / 3.0).abs() < 4.0 * (2.0 / 9.0 / f64::from(draws)).sqrt(), "share {zeros}");
    }
}
