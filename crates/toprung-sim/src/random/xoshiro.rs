//! xoshiro256++: the fast sequential generator of the order flows.
//!
//! Blackman and Vigna, *Scrambled linear pseudorandom number generators*, ACM TOMS 47 (2021). Period 2²⁵⁶ − 1.

use super::Source;

/// The generator's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Xoshiro256pp {
    s: [u64; 4],
}

impl Xoshiro256pp {
    /// A generator in this state. The one state that it could never leave, all zeros, is replaced by `[1, 0, 0, 0]`.
    pub const fn from_state(s: [u64; 4]) -> Xoshiro256pp {
        if s[0] | s[1] | s[2] | s[3] == 0 { Xoshiro256pp { s: [1, 0, 0, 0] } } else { Xoshiro256pp { s } }
    }
}

impl Source for Xoshiro256pp {
    #[inline(always)]
    fn next_u64(&mut self) -> u64 {
        let s = &mut self.s;
        let out = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::StreamKey;
    use crate::random::stats::{ks, moments};

    /// The first ten outputs of the authors' C code from the state [1, 2, 3, 4], as published with `rand_xoshiro`.
    #[test]
    fn known_answers() {
        let mut rng = Xoshiro256pp::from_state([1, 2, 3, 4]);
        let expected = [
            41_943_041,
            58_720_359,
            3_588_806_011_781_223,
            3_591_011_842_654_386,
            9_228_616_714_210_784_205,
            9_973_669_472_204_895_162,
            14_011_001_112_246_962_877,
            12_406_186_145_184_390_807,
            15_849_039_046_786_891_736,
            10_450_023_813_501_588_000,
        ];
        for (k, e) in expected.iter().enumerate() {
            assert_eq!(rng.next_u64(), *e, "output {k}");
        }
    }

    #[test]
    fn the_state_of_zeros_is_replaced() {
        let mut rng = Xoshiro256pp::from_state([0; 4]);
        assert!((0..8).any(|_| rng.next_u64() != 0));
    }

    #[test]
    fn outputs_are_uniform() {
        let mut rng = StreamKey::new(5, "test").generator(0, 0);
        let mut xs: Vec<f64> = (0..200_000).map(|_| rng.next_u64() as f64 / 2f64.powi(64)).collect();
        let (mean, var) = moments(&xs);
        assert!((mean - 0.5).abs() < 4.0 * (1.0 / 12.0 / xs.len() as f64).sqrt());
        assert!((var - 1.0 / 12.0).abs() < 0.001);
        assert!(ks(&mut xs, |x| x) < 1.95);
    }
}
