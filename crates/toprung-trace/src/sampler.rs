//! Times one command in 2^k.

use crate::by_kind::LatencyByKind;
use crate::clock::Stopwatch;
use crate::histogram::LatencyHistogram;

/// Records how long one in 2^k of the things takes that are put between [`start`](Self::start) and
/// [`stop`](Self::stop); the first is the 2^k-th.
///
/// What is timed is told apart by its kind, a small number. Switched off it holds no histogram, and `start` is a decrement and a branch that is never taken.
#[derive(Debug)]
pub struct LatencySampler {
    /// Things until the next one that is timed, never 0 between calls.
    left: u64,
    every: u64,
    latencies: Option<LatencyByKind>,
    /// Kind of the thing that is being timed.
    kind: usize,
}

/// A measurement that has begun, or none. Give it back to [`LatencySampler::stop`].
#[derive(Clone, Copy, Debug)]
#[must_use = "a timer that is not stopped records nothing"]
pub struct Timer(Option<Stopwatch>);

impl LatencySampler {
    /// Times one in 2^k, k from 0 (everything) to 63, of kinds below `kinds`; `None` times nothing.
    pub fn new(every_log2: Option<u8>, kinds: usize) -> LatencySampler {
        match every_log2 {
            Some(k) => {
                let every = 1 << k.min(63);
                LatencySampler { left: every, every, latencies: Some(LatencyByKind::new(kinds)), kind: 0 }
            }
            // At a billion a second this would come to its end in 584 years, and then record nothing.
            None => LatencySampler { left: u64::MAX, every: u64::MAX, latencies: None, kind: 0 },
        }
    }

    /// Begins a measurement of a thing of `kind` if one is due.
    ///
    /// The kind is asked for here and not at the end, so that nobody has to remember it over the work that is timed.
    #[inline(always)]
    pub fn start(&mut self, kind: usize) -> Timer {
        self.left -= 1;
        if self.left == 0 { self.begin(kind) } else { Timer(None) }
    }

    #[cold]
    fn begin(&mut self, kind: usize) -> Timer {
        self.left = self.every;
        self.kind = kind;
        Timer(self.latencies.is_some().then(Stopwatch::start))
    }

    /// Ends the measurement, if there was one, and says how many ns it took.
    #[inline(always)]
    pub fn stop(&mut self, timer: Timer) -> Option<u64> {
        let Timer(Some(watch)) = timer else { return None };
        let ns = watch.elapsed_ns();
        self.record(ns);
        Some(ns)
    }

    #[cold]
    fn record(&mut self, ns: u64) {
        if let Some(l) = &mut self.latencies {
            l.record(self.kind, ns);
        }
    }

    /// What was measured so far; `None` if the sampler is off.
    pub fn histogram(&self) -> Option<LatencyHistogram> {
        self.latencies.as_ref().map(LatencyByKind::all)
    }

    /// What was measured; `None` if the sampler was off.
    pub fn into_latencies(self) -> Option<LatencyByKind> {
        self.latencies
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timed(every_log2: Option<u8>, n: u32) -> Option<u64> {
        let mut s = LatencySampler::new(every_log2, 1);
        for _ in 0..n {
            let t = s.start(0);
            s.stop(t);
        }
        s.into_latencies().map(|l| l.all().count())
    }

    #[test]
    fn one_in_two_to_the_k_is_timed() {
        assert_eq!(timed(Some(0), 1000), Some(1000));
        assert_eq!(timed(Some(4), 1000), Some(62));
        assert_eq!(timed(Some(30), 1000), Some(0));
        assert_eq!(timed(None, 1000), None);
    }
}
