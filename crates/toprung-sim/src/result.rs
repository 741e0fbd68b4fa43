//! What a run gives back: [`SimResult`], and what it says while it runs: [`Progress`].

use toprung_book::Digest;
use toprung_trace::{LatencyByKind, LatencyHistogram, LatencyInterval};

use crate::metrics::{L1Samples, Metrics};

/// How far a run is. Reported at most ten times a second, and once at the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Commands applied so far, warm-up included, in all books.
    pub events_done: u64,
    /// Commands in the whole run: exact for a horizon in events, the expectation for one in time.
    pub events_total: u64,
    /// Books that are finished.
    pub books_done: u32,
    /// Books in the run.
    pub books_total: u32,
}

impl Progress {
    /// Share of the run that is done, 0 to 1.
    pub fn fraction(&self) -> f64 {
        if self.books_done == self.books_total {
            1.0
        } else {
            (self.events_done as f64 / self.events_total.max(1) as f64).min(1.0)
        }
    }
}

/// One book's part of a run.
#[derive(Clone, Debug)]
pub struct BookResult {
    /// Digest of the book's events, warm-up included.
    pub digest: Digest,
    /// What was measured behind the warm-up.
    pub metrics: Metrics,
    /// Commands applied in the warm-up.
    pub warmup_events: u64,
    /// Simulated time since the book opened at which the warm-up ended and measuring began, ns.
    pub measured_from_ns: u64,
    /// Orders resting at the end.
    pub resting_orders: u64,
    /// Whether the horizon was reached; `false` only in a cancelled run.
    pub complete: bool,
    /// The top of the book over time, for the first `samples.books` books.
    pub samples: Option<L1Samples>,
}

impl BookResult {
    /// Of a book that a cancelled run never came to.
    pub(crate) fn not_started() -> BookResult {
        BookResult {
            digest: Digest::EMPTY,
            metrics: Metrics::default(),
            warmup_events: 0,
            measured_from_ns: 0,
            resting_orders: 0,
            complete: false,
            samples: None,
        }
    }
}

/// A whole run.
#[derive(Clone, Debug)]
pub struct SimResult {
    /// Whether the run was stopped by its cancel flag. Everything here is valid for what was done until then, but how
    /// much that was depends on the clock.
    pub cancelled: bool,
    /// Every book's digest folded in book order: the same for any number of threads.
    pub digest: Digest,
    /// Every book's metrics added up in book order.
    pub metrics: Metrics,
    /// The books, by index.
    pub books: Vec<BookResult>,
    /// Commands applied in all books, warm-up included.
    pub events: u64,
    /// Threads that worked.
    pub threads: u32,
    /// Wall-clock time of the run in nanoseconds, from the first command to the last. Not part of any digest.
    pub elapsed_ns: u64,
    /// Time per command, if it was sampled. Not part of any digest.
    pub latency: Option<LatencyHistogram>,
    /// The same by kind of command, numbered as in [`CommandKind`](toprung_book::CommandKind).
    pub latency_by_kind: Option<LatencyByKind>,
    /// The same in parts of the first book's horizon ([`LatencyCourse`](toprung_trace::LatencyCourse)), by simulated time
    /// since measuring began; empty where nothing was timed.
    pub latency_over_time: Vec<LatencyInterval>,
}

impl SimResult {
    /// Commands per second of wall-clock time.
    pub fn events_per_second(&self) -> f64 {
        self.events as f64 * 1e9 / self.elapsed_ns.max(1) as f64
    }
}
