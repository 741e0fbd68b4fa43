//! How latency went over a run.

use serde::Serialize;

use crate::histogram::{LatencyHistogram, LatencySummary};

/// Parts of a run that are told apart, at most: the columns of a chart.
const PARTS: f64 = 128.0;

/// Values of a part, at least, but for the last one: below this its 99th percentile is its longest value.
const VALUES_MIN: u64 = 128;

/// The times of a part of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LatencyInterval {
    /// Simulated time at its end, ns; what it counts from is whoever ran it to say.
    pub until_ns: u64,
    /// What was measured in it.
    #[serde(flatten)]
    pub latency: LatencySummary,
}

/// Latency in parts of a run: at most 128, even in what is done of it, of at least 128 values each.
///
/// ```
/// use toprung_trace::LatencyCourse;
///
/// let mut course = LatencyCourse::default();
/// for k in 0..1000_u64 {
///     course.record(if k < 500 { 100 } else { 900 });
///     course.advance((k + 1) as f64 / 1000.0, k);
/// }
/// let parts = course.finish(1000);
/// assert_eq!((parts.len(), parts[0].until_ns, parts[0].latency.p99_ns), (8, 127, 100));
/// assert_eq!((parts[7].until_ns, parts[7].latency.p99_ns), (1000, 900));
/// ```
#[derive(Clone, Debug, Default)]
pub struct LatencyCourse {
    current: LatencyHistogram,
    /// Parts that were over when the last one ended.
    passed: f64,
    parts: Vec<LatencyInterval>,
}

impl LatencyCourse {
    /// Takes one value.
    pub fn record(&mut self, ns: u64) {
        self.current.record(ns);
    }

    /// Says that `done` (0 to 1, never less than before) of the run is over at `now_ns`.
    pub fn advance(&mut self, done: f64, now_ns: u64) {
        let passed = (done * PARTS).floor();
        if passed > self.passed && self.current.count() >= VALUES_MIN {
            self.passed = passed;
            self.end_part(now_ns);
        }
    }

    /// The parts, the last of which ends at `now_ns`.
    pub fn finish(mut self, now_ns: u64) -> Vec<LatencyInterval> {
        if self.current.count() > 0 {
            self.end_part(now_ns);
        }
        self.parts
    }

    fn end_part(&mut self, until_ns: u64) {
        self.parts.push(LatencyInterval { until_ns, latency: self.current.summary() });
        self.current.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ends and counts of the parts of a run of `n` values that says how far it is after every `step` of them.
    fn parts(n: u64, step: u64) -> Vec<(u64, u64)> {
        let mut course = LatencyCourse::default();
        for k in 1..=n {
            course.record(k);
            if k % step == 0 {
                course.advance(k as f64 / n as f64, k);
            }
        }
        course.finish(n).iter().map(|part| (part.until_ns, part.latency.count)).collect()
    }

    #[test]
    fn parts_are_even_and_not_too_many() {
        let long = parts(1 << 20, 1);
        assert_eq!(long.len(), 128);
        assert!(long.iter().all(|(_, count)| *count == 8192));
        assert_eq!(long[1].0, 2 * 8192);
    }

    #[test]
    fn a_part_has_values_enough_but_the_last() {
        assert_eq!(parts(300, 1), [(128, 128), (256, 128), (300, 44)]);
        assert_eq!(parts(40_000, 25_000), [(25_000, 25_000), (40_000, 15_000)]);
        assert_eq!(parts(5, 1), [(5, 5)]);
        assert_eq!(parts(0, 1), []);
    }

    #[test]
    fn nothing_of_a_part_is_in_the_next() {
        let mut course = LatencyCourse::default();
        (0..VALUES_MIN).for_each(|_| course.record(1_000));
        course.advance(0.5, 7);
        course.record(10);
        let parts = course.finish(9);
        assert_eq!((parts[0].latency.min_ns, parts[0].latency.max_ns), (1_000, 1_000));
        assert_eq!((parts[1].until_ns, parts[1].latency.count, parts[1].latency.max_ns), (9, 1, 10));
    }
}
