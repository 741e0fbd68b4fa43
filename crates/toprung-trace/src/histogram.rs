//! How long things took: an HDR histogram of nanoseconds.

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::clock::clock_overhead_ns;

/// Shortest and longest time that is told apart; what lies outside counts as the nearer bound.
const RANGE_NS: (u64, u64) = (1, 10_000_000_000);

/// Times in nanoseconds from 1 ns to 10 s to three significant digits, in some 200 KiB whatever their number.
///
/// What is longer counts as 10 s, what is shorter as 1 ns. The clock's own cost is in every value.
#[derive(Clone, Debug)]
pub struct LatencyHistogram {
    h: Histogram<u64>,
}

/// A [`LatencyHistogram`] in ten numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LatencySummary {
    /// Values recorded.
    pub count: u64,
    /// Mean, ns.
    pub mean_ns: f64,
    /// Half of the values are at most this, ns.
    pub p50_ns: u64,
    /// 90 % are at most this, ns.
    pub p90_ns: u64,
    /// 99 %, ns.
    pub p99_ns: u64,
    /// 99.9 %, ns.
    pub p999_ns: u64,
    /// 99.99 %, ns.
    pub p9999_ns: u64,
    /// Largest value, ns.
    pub max_ns: u64,
    /// Smallest value, ns; 0 if there is none.
    pub min_ns: u64,
    /// What of each value is the clock's own cost, ns; not subtracted.
    pub clock_overhead_ns: u64,
}

impl Default for LatencyHistogram {
    fn default() -> LatencyHistogram {
        LatencyHistogram::new()
    }
}

impl LatencyHistogram {
    /// An empty histogram.
    pub fn new() -> LatencyHistogram {
        let h = Histogram::new_with_bounds(RANGE_NS.0, RANGE_NS.1, 3)
            .expect("Invariant: low ≥ 1, high ≥ 2 × low and 0 to 5 digits are all the library asks");
        LatencyHistogram { h }
    }

    /// Takes one value.
    #[inline]
    pub fn record(&mut self, ns: u64) {
        self.h.saturating_record(ns.clamp(RANGE_NS.0, RANGE_NS.1));
    }

    /// Forgets every value.
    pub fn clear(&mut self) {
        self.h.reset();
    }

    /// Adds every value of `other`.
    pub fn merge(&mut self, other: &LatencyHistogram) {
        self.h.add(&other.h).expect("Invariant: both have the same bounds, so every value of one fits into the other");
    }

    /// Values recorded.
    pub fn count(&self) -> u64 {
        self.h.len()
    }

    /// The value at or below which `percent` % of the values lie, ns; 0 of an empty histogram.
    pub fn percentile_ns(&self, percent: f64) -> u64 {
        if self.h.is_empty() { 0 } else { self.h.value_at_percentile(percent).min(self.max_ns()) }
    }

    /// Median, ns.
    pub fn p50_ns(&self) -> u64 {
        self.percentile_ns(50.0)
    }

    /// 90th percentile, ns.
    pub fn p90_ns(&self) -> u64 {
        self.percentile_ns(90.0)
    }

    /// 99th percentile, ns.
    pub fn p99_ns(&self) -> u64 {
        self.percentile_ns(99.0)
    }

    /// 99.9th percentile, ns.
    pub fn p999_ns(&self) -> u64 {
        self.percentile_ns(99.9)
    }

    /// 99.99th percentile, ns.
    pub fn p9999_ns(&self) -> u64 {
        self.percentile_ns(99.99)
    }

    /// Largest value, ns, to three digits; 0 of an empty histogram.
    pub fn max_ns(&self) -> u64 {
        self.h.max()
    }

    /// Mean, ns; 0 of an empty histogram.
    pub fn mean_ns(&self) -> f64 {
        self.h.mean()
    }

    /// The usual numbers, with the clock's own cost beside them.
    pub fn summary(&self) -> LatencySummary {
        LatencySummary {
            count: self.count(),
            mean_ns: self.mean_ns(),
            p50_ns: self.p50_ns(),
            p90_ns: self.p90_ns(),
            p99_ns: self.p99_ns(),
            p999_ns: self.p999_ns(),
            p9999_ns: self.p9999_ns(),
            max_ns: self.max_ns(),
            min_ns: if self.h.is_empty() { 0 } else { self.h.min() },
            clock_overhead_ns: clock_overhead_ns(),
        }
    }

    /// The filled buckets in rising order: (highest value of the bucket in ns, values in it). For charts.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.h.iter_recorded().map(|b| (b.value_iterated_to(), b.count_at_value()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_to_three_digits() {
        let mut h = LatencyHistogram::new();
        (1..=100_000).for_each(|ns| h.record(ns));
        for (percent, exact) in
            [(50.0, 50_000.0), (90.0, 90_000.0), (99.0, 99_000.0), (99.9, 99_900.0), (99.99, 99_990.0)]
        {
            let got = h.percentile_ns(percent) as f64;
            assert!((got / exact - 1.0).abs() < 1e-3, "p{percent}: {got}");
        }
        assert!((h.mean_ns() / 50_000.5 - 1.0).abs() < 1e-3);
        assert_eq!(h.buckets().map(|(_, n)| n).sum::<u64>(), 100_000);
    }

    #[test]
    fn values_outside_the_range_count_as_its_bounds() {
        let mut h = LatencyHistogram::new();
        h.record(0);
        h.record(u64::MAX);
        let s = h.summary();
        assert_eq!((s.count, s.min_ns), (2, 1));
        assert!((s.max_ns as f64 / 1e10 - 1.0).abs() < 1e-3);
    }

    #[test]
    fn an_empty_histogram_is_all_zeros() {
        let s = LatencyHistogram::new().summary();
        assert_eq!((s.count, s.p50_ns, s.p9999_ns, s.max_ns, s.min_ns, s.mean_ns), (0, 0, 0, 0, 0, 0.0));
    }

    #[test]
    fn merging_is_recording_everything_in_one() {
        let (mut a, mut b, mut all) = (LatencyHistogram::new(), LatencyHistogram::new(), LatencyHistogram::new());
        for ns in 1..5000_u64 {
            if ns % 3 == 0 {
                a.record(ns * 7);
            } else {
                b.record(ns * 7);
            }
            all.record(ns * 7);
        }
        a.merge(&b);
        assert_eq!(a.summary(), all.summary());
    }
}
