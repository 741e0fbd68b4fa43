//! Exponential variates in fixed point, by an integer ziggurat.
//!
//! Marsaglia and Tsang, *The ziggurat method for generating random variables*, J. Stat. Soft. 5 (2000), with 256 layers.
//! The tables are worked out by the compiler in integer arithmetic (Taylor series on 60-bit fractions), and the rare
//! comparison with e⁻ˣ is such a series as well: no floating point takes part, so no platform's `exp` or `ln` can decide
//! an event.

use super::Source;

/// Fraction bits of the tables and of the arithmetic in this module.
const Q: u32 = 60;
const ONE: u64 = 1 << Q;

/// Right edge of the lowest full layer: the root of the closing condition f(x₂₅₅) + v/x₂₅₅ = 1 for 256 layers of area v,
/// 7.69711747013104971404… (worked out with 60 decimal digits).
const R: u64 = 0x7b27_64a5_faee_0a5e;

/// `a × b` for fractions.
const fn mul(a: u64, b: u64) -> u64 {
    ((a as u128 * b as u128) >> Q) as u64
}

/// e⁻ˣ for `x` from 0 to 16, absolute error below 2⁻⁵⁵.
const fn exp_neg(x: u64) -> u64 {
    // e⁻ˣ = (e^(−x/16))¹⁶ with x/16 < 1: Horner's scheme, then four squarings. The argument keeps its low four bits by
    // being split: the series takes x >> 4, and what was shifted out is below 2⁻⁵⁶.
    let y = x >> 4;
    let mut sum = ONE;
    let mut k = 22;
    while k > 0 {
        sum = ONE - mul(y, sum) / k;
        k -= 1;
    }
    let mut squarings = 0;
    while squarings < 4 {
        sum = mul(sum, sum);
        squarings += 1;
    }
    sum
}

/// −ln(y) for `y` from e⁻⁸ to 1, by Newton's method from `guess`.
const fn neg_ln(y: u64, guess: u64) -> u64 {
    let mut x = guess;
    let mut round = 0;
    // x ← x + 1 − y·eˣ would need eˣ; with e⁻ˣ in its place the step is (e⁻ˣ − y)/e⁻ˣ. Quadratic, so eight rounds are plenty.
    while round < 8 {
        let e = exp_neg(x);
        if e >= y {
            x += (((e - y) as u128) * (ONE as u128) / e as u128) as u64;
        } else {
            let step = (((y - e) as u128) * (ONE as u128) / e as u128) as u64;
            x = x.saturating_sub(step);
        }
        round += 1;
    }
    x
}

/// The layers: `x` their right edges from the widest (the base with the tail, 0) to 0 (256), `f` the density there.
struct Layers {
    x: [u64; 257],
    f: [u64; 257],
}

const fn layers() -> Layers {
    let mut x = [0; 257];
    let mut f = [ONE; 257];
    // The base strip's area v = (r + 1)·e⁻ʳ, as a rectangle of height e⁻ʳ, is r + 1 wide.
    x[0] = R + ONE;
    f[0] = 0;
    x[1] = R;
    f[1] = exp_neg(R);
    let mut k = 1;
    while k < 255 {
        // f(x') = f(x) + v/x, with v = f(r)·(r + 1).
        let v_over_x = (f[1] as u128 * (R + ONE) as u128 / x[k] as u128) as u64;
        f[k + 1] = f[k] + v_over_x;
        x[k + 1] = neg_ln(f[k + 1], x[k]);
        k += 1;
    }
    Layers { x, f }
}

static LAYERS: Layers = layers();

/// An exponential variate of mean 1 in 32.32 fixed point (rounded down, so the mean is lower by 2⁻³³).
///
/// One draw of 64 bits in 98.9 % of the calls.
#[inline(always)]
pub fn exponential<G: Source>(rng: &mut G) -> u64 {
    let bits = rng.next_u64();
    let layer = (bits & 0xff) as usize;
    // The other 56 bits are a uniform fraction of the layer's width.
    let x = ((u128::from(bits & !0xff) * u128::from(LAYERS.x[layer])) >> 64) as u64;
    if x < LAYERS.x[layer + 1] { x >> (Q - 32) } else { beyond(rng, layer, x) }
}

/// The draws that fall outside the part of a layer that is wholly under the density.
#[cold]
#[inline(never)]
fn beyond<G: Source>(rng: &mut G, mut layer: usize, mut x: u64) -> u64 {
    // What lies beyond R is again exponential.
    let mut shift = 0_u64;
    loop {
        if layer == 0 {
            shift = shift.saturating_add(R >> (Q - 32));
        } else {
            let (low, high) = (LAYERS.f[layer], LAYERS.f[layer + 1]);
            let y = low + ((u128::from(rng.next_u64()) * u128::from(high - low)) >> 64) as u64;
            if y < exp_neg(x) {
                return shift.saturating_add(x >> (Q - 32));
            }
        }
        let bits = rng.next_u64();
        layer = (bits & 0xff) as usize;
        x = ((u128::from(bits & !0xff) * u128::from(LAYERS.x[layer])) >> 64) as u64;
        if x < LAYERS.x[layer + 1] {
            return shift.saturating_add(x >> (Q - 32));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::StreamKey;
    use crate::random::stats::{ks, moments};

    const UNIT: f64 = (1_u64 << 60) as f64;

    #[test]
    fn the_series_agree_with_the_platforms_functions() {
        for k in 0..=1000_u64 {
            let x = (ONE / 1000 * 8) * k / 1000 * 1000;
            let expected = (-(x as f64 / UNIT)).exp();
            assert!((exp_neg(x) as f64 / UNIT - expected).abs() < 1e-15, "e^-{}", x as f64 / UNIT);
        }
        assert_eq!(exp_neg(0), ONE);
        assert!((neg_ln(ONE / 2, ONE) as f64 / UNIT - std::f64::consts::LN_2).abs() < 1e-15);
    }

    /// The recursion of the paper in floating point, step by step from our own edges: each edge and density within a few
    /// units of the last place that an `f64` has.
    #[test]
    fn the_layers_are_those_of_the_paper() {
        let r = R as f64 / UNIT;
        assert!((r - 7.697_117_470_131_05).abs() < 1e-14);
        let v = (r + 1.0) * (-r).exp();
        assert!((v - 0.003_949_659_822_581_557).abs() < 1e-17);
        for k in 1..255 {
            let x = LAYERS.x[k] as f64 / UNIT;
            let f = (-x).exp() + v / x;
            assert!((LAYERS.x[k + 1] as f64 / UNIT + f.ln()).abs() < 2e-15, "edge {}", k + 1);
            assert!((LAYERS.f[k + 1] as f64 / UNIT - f).abs() < 4e-16, "density {}", k + 1);
        }
        assert_eq!((LAYERS.x[256], LAYERS.f[256]), (0, ONE));
        assert!(LAYERS.x.is_sorted_by(|a, b| a > b));
    }

    /// Equal areas are what makes the method exact: every layer's must be v, the closing one's too.
    #[test]
    fn all_layers_have_the_same_area() {
        let v = LAYERS.f[1] as f64 / UNIT * (LAYERS.x[0] as f64 / UNIT);
        for k in 1..256 {
            let area = LAYERS.x[k] as f64 / UNIT * ((LAYERS.f[k + 1] - LAYERS.f[k]) as f64 / UNIT);
            assert!((area / v - 1.0).abs() < 1e-12, "layer {k}: {area} and {v}");
        }
    }

    #[test]
    fn variates_are_exponential() {
        let mut rng = StreamKey::new(6, "test").generator(0, 0);
        let n = 400_000;
        let mut xs: Vec<f64> = (0..n).map(|_| exponential(&mut rng) as f64 / 2f64.powi(32)).collect();
        let (mean, var) = moments(&xs);
        // Standard errors: 1/√n of the mean, √8/√n of the variance.
        assert!((mean - 1.0).abs() < 4.0 / f64::from(n).sqrt(), "mean {mean}");
        assert!((var - 1.0).abs() < 4.0 * (8.0 / f64::from(n)).sqrt(), "variance {var}");
        let d = ks(&mut xs, |x| 1.0 - (-x).exp());
        assert!(d < 1.95, "KS distance {d}");
        // The tail beyond R is reached through a branch of its own: e^-7.697 of the draws.
        let tail = xs.iter().filter(|x| **x > 7.697).count() as f64;
        let expected = f64::from(n) * (-7.697_f64).exp();
        assert!((tail - expected).abs() < 4.0 * expected.sqrt(), "{tail} beyond R, {expected} expected");
    }

    #[test]
    fn the_first_variates_are_pinned() {
        let mut rng = StreamKey::new(1, "zi").generator(0, 0);
        let first: Vec<u64> = (0..4).map(|_| exponential(&mut rng)).collect();
        assert_eq!(first, PINNED);
    }

    const PINNED: [u64; 4] = [4_630_195_629, 2_063_349_651, 2_039_669_362, 16_060_853_713];
}
