//! Percentiles, resampling with a seed, and periods in sequences of numbers.

use std::collections::HashMap;

use serde::Serialize;

/// Resamples of a bootstrap. Enough for 95 % intervals; a percent of their width is noise.
const RESAMPLES: usize = 1000;
/// Values of a group that are resampled; a larger group is thinned evenly.
const GROUP_MAX: usize = 1000;

/// The value at or below which a share of the values lie (nearest rank); 0 of none.
pub(super) fn percentile(sorted: &[u64], share: f64) -> u64 {
    if sorted.is_empty() {
        return 0;
    }
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// The mean; 0 of none.
pub(super) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// SplitMix64: small, and the same everywhere.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// A stream of its own for every seed.
    pub(super) fn new(seed: u64) -> Random {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// An index below `n`.
    pub(super) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }
}

/// A 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The bootstrap interval of `statistic(a, b)` where both groups are resampled; empty groups give an interval of nothing.
pub(super) fn bootstrap<T: Copy>(a: &[T], b: &[T], seed: u64, statistic: impl Fn(&[T], &[T]) -> f64) -> Interval {
    let (a, b) = (thinned(a), thinned(b));
    if a.is_empty() || b.is_empty() {
        return Interval { low: f64::NAN, high: f64::NAN };
    }
    let mut random = Random::new(seed);
    let draw = |from: &[T], random: &mut Random| -> Vec<T> {
        (0..from.len()).map(|_| from[random.below(from.len())]).collect()
    };
    let mut found: Vec<f64> =
        (0..RESAMPLES).map(|_| statistic(&draw(&a, &mut random), &draw(&b, &mut random))).collect();
    found.sort_by(f64::total_cmp);
    Interval { low: found[RESAMPLES / 40], high: found[RESAMPLES - 1 - RESAMPLES / 40] }
}

fn thinned<T: Copy>(values: &[T]) -> Vec<T> {
    let step = values.len().div_ceil(GROUP_MAX).max(1);
    values.iter().step_by(step).copied().collect()
}

/// A period in a sequence of order numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Period {
    /// Every so many orders.
    pub every: u64,
    /// The remainder of the order numbers.
    pub phase: u64,
    /// Numbers that fit.
    pub fitting: usize,
    /// All of them.
    pub of: usize,
    /// Share of the places where the period says that one must be, which have one.
    pub coverage: f64,
}

/// Fewest numbers that make a period.
const PERIOD_HITS_MIN: usize = 4;
/// Most of a sequence that is looked at.
const PERIOD_NUMBERS_MAX: usize = 4096;

/// The period of a rising sequence of numbers, if it is not chance (one in a million for any period and phase).
///
/// Every distance that occurs twice is tried, and its halves and thirds, since numbers may be missing. Of periods that
/// explain as much, the longest wins: whatever happens every 4,096th time also happens every 2,048th.
pub(super) fn period(numbers: &[u64]) -> Option<Period> {
    let numbers = &numbers[..numbers.len().min(PERIOD_NUMBERS_MAX)];
    let (first, last) = (*numbers.first()?, *numbers.last()?);
    if numbers.len() < PERIOD_HITS_MIN || last == first {
        return None;
    }
    let mut best: Option<Period> = None;
    for every in candidates(numbers) {
        let mut phases: HashMap<u64, usize> = HashMap::new();
        for n in numbers {
            *phases.entry(n % every).or_default() += 1;
        }
        let (phase, fitting) = phases.into_iter().max_by_key(|&(phase, hits)| (hits, std::cmp::Reverse(phase)))?;
        let at = || numbers.iter().filter(|&n| n % every == phase);
        let places = (at().next_back()? - at().next()?) / every + 1;
        let found = Period { every, phase, fitting, of: numbers.len(), coverage: fitting as f64 / places as f64 };
        let better = best.is_none_or(|b| (fitting, every) > (b.fitting, b.every));
        if better && is_no_chance(fitting, numbers.len(), every, last - first) && found.coverage > 0.5 {
            best = Some(found);
        }
    }
    best
}

/// Distances worth trying, each once.
fn candidates(numbers: &[u64]) -> Vec<u64> {
    let mut gaps: HashMap<u64, usize> = HashMap::new();
    for span in [1, 2, 3] {
        for pair in numbers.windows(span + 1) {
            *gaps.entry(pair[span] - pair[0]).or_default() += 1;
        }
    }
    let mut common: Vec<(u64, usize)> = gaps.into_iter().filter(|&(gap, n)| gap > 1 && n > 1).collect();
    common.sort_by_key(|&(gap, n)| (std::cmp::Reverse(n), gap));
    common.truncate(32);
    let mut all: Vec<u64> = common
        .into_iter()
        .flat_map(|(gap, _)| [1, 2, 3].into_iter().filter(move |d| gap % d == 0).map(move |d| gap / d))
        .filter(|&p| p > 1)
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Chernoff's bound on so many hits of one phase, times the phases and periods that could have been.
fn is_no_chance(hits: usize, of: usize, every: u64, range: u64) -> bool {
    if hits < PERIOD_HITS_MIN || range / every + 1 < PERIOD_HITS_MIN as u64 {
        return false;
    }
    let (hits, expected) = (hits as f64, of as f64 / every as f64);
    if hits <= expected {
        return false;
    }
    let log_p = hits - expected - hits * (hits / expected).ln();
    log_p + (every as f64).ln() + 96.0_f64.ln() < 1e-6_f64.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let v: Vec<u64> = (1..=1000).collect();
        assert_eq!([0.0, 0.5, 0.99, 0.999, 1.0].map(|p| percentile(&v, p)), [1, 500, 990, 999, 1000]);
        assert_eq!(percentile(&[], 0.5), 0);
    }

    #[test]
    fn a_bootstrap_covers_the_difference_and_repeats_with_its_seed() {
        let a: Vec<f64> = (0..500).map(|i| f64::from(i % 10)).collect();
        let b: Vec<f64> = a.iter().map(|x| x + 3.0).collect();
        let of = |seed| bootstrap(&a, &b, seed, |a, b| mean(b) - mean(a));
        let ci = of(7);
        assert!(ci.low < 3.0 && 3.0 < ci.high && ci.high - ci.low < 1.0, "{ci:?}");
        assert_eq!(of(7), ci);
        assert_ne!(of(8), ci);
    }

    #[test]
    fn a_period_is_found_among_noise_and_with_gaps() {
        let mut numbers: Vec<u64> = (0..24).filter(|i| i % 7 != 3).map(|i| 100 + i * 4096).collect();
        let mut random = Random::new(1);
        numbers.extend((0..60).map(|_| random.below(24 * 4096) as u64));
        numbers.sort_unstable();
        let found = period(&numbers).unwrap();
        assert_eq!((found.every, found.phase), (4096, 100));
        assert!(found.coverage > 0.8);
    }

    #[test]
    fn chance_is_no_period() {
        for seed in 0..200 {
            let mut random = Random::new(seed);
            let mut numbers: Vec<u64> = (0..100).map(|_| random.below(100_000) as u64).collect();
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!(period(&numbers), None, "seed {seed}");
        }
        assert_eq!(period(&[]), None);
        assert_eq!(period(&[5, 5, 5, 5, 5]), None);
    }
}
