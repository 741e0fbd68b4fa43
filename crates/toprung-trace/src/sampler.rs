//! Times one command in 2^k.

use crate::by_kind::LatencyByKind;
use crate::clock::Stopwatch;
use crate::course::{LatencyCourse, LatencyInterval};
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
    /// The same in parts, if anybody asked.
    course: Option<Box<LatencyCourse>>,
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
        // At a billion a second the `MAX` would come to its end in 584 years, and then record nothing.
        let every = every_log2.map_or(u64::MAX, |k| 1 << k.min(63));
        let latencies = every_log2.map(|_| LatencyByKind::new(kinds));
        LatencySampler { left: every, every, latencies, course: None, kind: 0 }
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
        if let Some(course) = &mut self.course {
            course.record(ns);
        }
    }

    /// Keeps what is measured from now on in parts, too; a sampler that is off does not.
    pub fn follow(&mut self) {
        self.course = self.latencies.is_some().then(Box::default);
    }

    /// Says how much of the run is over, see [`LatencyCourse::advance`].
    pub fn advance(&mut self, done: f64, now_ns: u64) {
        if let Some(course) = &mut self.course {
            course.advance(done, now_ns);
        }
    }

    /// The parts since [`follow`](Self::follow), the last of which ends at `now_ns`; none if nobody followed.
    pub fn take_course(&mut self, now_ns: u64) -> Vec<LatencyInterval> {
        self.course.take().map_or_else(Vec::new, |course| course.finish(now_ns))
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
    fn parts_are_kept_of_what_is_timed_if_asked_for() {
        let course = |every_log2, follow: bool| {
            let mut s = LatencySampler::new(every_log2, 1);
            if follow {
                s.follow();
            }
            for k in 0..1024_u32 {
                let t = s.start(0);
                s.stop(t);
                s.advance(f64::from(k) / 1024.0, u64::from(k));
            }
            s.take_course(1024).iter().map(|part| part.latency.count).collect::<Vec<_>>()
        };
        assert_eq!(course(Some(2), true), [128, 128]);
        assert!(course(Some(2), false).is_empty());
        assert!(course(None, true).is_empty());
    }

    #[test]
    fn one_in_two_to_the_k_is_timed() {
        assert_eq!(timed(Some(0), 1000), Some(1000));
        assert_eq!(timed(Some(4), 1000), Some(62));
        assert_eq!(timed(Some(30), 1000), Some(0));
        assert_eq!(timed(None, 1000), None);
    }
}
