//! Runs the books of a configuration on a pool of threads: [`simulate`].
//!
//! Books share nothing, so the pool may take them in any order; results are put together by the books' indices. The
//! calling thread waits, reports progress and does no other work.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use rayon::prelude::*;
use toprung_book::{Book, BookObserver, Digest, Observers};
use toprung_trace::{LatencyByKind, LatencyInterval, Stopwatch};

use crate::book_run::BookRun;
use crate::config::SimConfig;
use crate::error::SimError;
use crate::flow::{AnyFlow, Background, Flow, each};
use crate::metrics::Metrics;
use crate::observe::Kept;
use crate::random::StreamKey;
use crate::result::{BookResult, Progress, SimResult};

/// Most commands between two looks at the cancel flag: well below a millisecond of work.
const CHUNK_EVENTS: u64 = 8192;

/// Resting orders that may be visited between two looks where one command can visit them all: some 10 ms of work.
const CHUNK_VISITS: u64 = 1 << 20;

/// Least time between two reports of progress.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// Runs a simulation to its horizon, or until `cancel` is set.
///
/// Blocks the calling thread. `progress` is called on it, at most ten times a second and once at the end. When `cancel`
/// is set (by another thread or by `progress`), every book stops within some milliseconds of work, and the result is
/// partial, valid and marked [`cancelled`](SimResult::cancelled).
///
/// ```
/// use std::sync::atomic::AtomicBool;
/// use toprung_sim::{Horizon, SimConfig, simulate};
///
/// let config = SimConfig { books: 2, horizon: Horizon::Events(10_000), ..SimConfig::default() };
/// let one = simulate(&SimConfig { threads: 1, ..config.clone() }, &AtomicBool::new(false), &|_| {}).unwrap();
/// let two = simulate(&SimConfig { threads: 2, ..config }, &AtomicBool::new(false), &|_| {}).unwrap();
/// assert_eq!(one.digest, two.digest);
/// assert!(one.metrics.mean_spread_ticks() > 1.0);
/// ```
///
/// # Errors
///
/// [`SimError::Config`] and [`SimError::Memory`] before anything starts; [`SimError::Threads`] if the system gives no
/// threads.
pub fn simulate(
    config: &SimConfig,
    cancel: &AtomicBool,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<SimResult, SimError> {
    simulate_observed(config, cancel, progress, &())
}

/// Like [`simulate`], with every book watched by an observer of `observers`, from its first command on, warm-up included.
///
/// A part whose observer has failed stops as if it was cancelled.
///
/// # Errors
///
/// Those of [`simulate`].
pub fn simulate_observed<O: Observers>(
    config: &SimConfig,
    cancel: &AtomicBool,
    progress: &(dyn Fn(Progress) + Sync),
    observers: &O,
) -> Result<SimResult, SimError> {
    config.validate()?;
    let threads = config.worker_threads();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads as usize)
        .thread_name(|k| format!("toprung-{k}"))
        .build()
        .map_err(|e| SimError::Threads { threads, message: e.to_string() })?;
    let shared = Shared {
        cancel,
        events: AtomicU64::new(0),
        books: AtomicU32::new(0),
        latency: Mutex::new(None),
        latency_over_time: Mutex::default(),
        done: Done::default(),
    };
    let watch = Stopwatch::start();
    let outcome: Mutex<(Vec<BookResult>, u64)> = Mutex::default();
    pool.in_place_scope(|scope| {
        scope.spawn(|_| {
            // However this ends, the calling thread must not wait for ever.
            let _done = shared.done.when_dropped();
            let books = run_books(config, &shared, observers);
            *outcome.lock().unwrap_or_else(PoisonError::into_inner) = (books, watch.elapsed_ns());
        });
        while !shared.done.wait(PROGRESS_EVERY) {
            progress(shared.progress(config));
        }
    });
    progress(shared.progress(config));
    let latency_by_kind = shared.latency.into_inner().unwrap_or_else(PoisonError::into_inner);
    let (books, elapsed_ns) = outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
    let latency = latency_by_kind.as_ref().map(LatencyByKind::all);
    let latency_over_time = shared.latency_over_time.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(SimResult { threads, elapsed_ns, latency, latency_by_kind, latency_over_time, ..put_together(books) })
}

/// What the workers and the calling thread both see.
struct Shared<'a> {
    cancel: &'a AtomicBool,
    events: AtomicU64,
    books: AtomicU32,
    /// Of all finished books: the order of adding does not matter, and a histogram per book would be too large to keep.
    latency: Mutex<Option<LatencyByKind>>,
    /// Of the first book.
    latency_over_time: Mutex<Vec<LatencyInterval>>,
    done: Done,
}

impl Shared<'_> {
    fn progress(&self, config: &SimConfig) -> Progress {
        Progress {
            events_done: self.events.load(Relaxed),
            events_total: config.expected_events_per_book().saturating_mul(config.books.into()),
            books_done: self.books.load(Relaxed),
            books_total: config.books,
        }
    }
}

/// Tells one thread that another is through.
#[derive(Default)]
struct Done {
    flag: Mutex<bool>,
    changed: Condvar,
}

struct SetWhenDropped<'a>(&'a Done);

impl Drop for SetWhenDropped<'_> {
    fn drop(&mut self) {
        *self.0.flag.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.changed.notify_all();
    }
}

impl Done {
    fn when_dropped(&self) -> SetWhenDropped<'_> {
        SetWhenDropped(self)
    }

    /// Waits until it is done, at most `time`, and says whether it is.
    fn wait(&self, time: Duration) -> bool {
        let flag = self.flag.lock().unwrap_or_else(PoisonError::into_inner);
        *self.changed.wait_timeout_while(flag, time, |done| !*done).unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Runs every book, one at a time on each thread: its working set then stays in the core's caches.
fn run_books<O: Observers>(config: &SimConfig, shared: &Shared<'_>, observers: &O) -> Vec<BookResult> {
    let books = config.books;
    let per_part = observers.books_per_part(books).max(1);
    let parts = (0..books.div_ceil(per_part)).into_par_iter().with_max_len(1);
    let run_part = |part: u32| {
        let mut observer = observers.open(part);
        let indices = part * per_part..books.min((part + 1) * per_part);
        let results: Vec<_> = indices.map(|index| run_book(config, index, shared, &mut observer)).collect();
        observers.close(part, observer);
        results
    };
    parts.flat_map_iter(run_part).collect()
}

fn run_book<O: BookObserver>(config: &SimConfig, index: u32, shared: &Shared<'_>, observer: &mut O) -> BookResult {
    if shared.cancel.load(Relaxed) {
        // There may be very many of these: not even an empty book is built.
        return BookResult::not_started();
    }
    let key = StreamKey::new(config.seed, &config.streams);
    each!(config.flow.open(key, index), flow => drive(config, flow, index, shared, observer))
}

fn drive<F: Flow, O: BookObserver>(
    config: &SimConfig,
    flow: F,
    index: u32,
    shared: &Shared<'_>,
    observer: &mut O,
) -> BookResult {
    let mut run = BookRun::<Book, _>::new(config, Background::new(flow, config.season.as_ref()));
    observer.begin(index);
    let in_time_order = matches_in_time_order(config);
    if index == 0 {
        run.follow_latency();
    }
    while !run.is_complete() && !shared.cancel.load(Relaxed) && !observer.has_failed() {
        let chunk = chunk_events(in_time_order, run.resting_orders());
        shared.events.fetch_add(run.advance_watched(chunk, &mut Kept(observer)), Relaxed);
        run.note_progress(config.horizon);
    }
    if index == 0 {
        *shared.latency_over_time.lock().unwrap_or_else(PoisonError::into_inner) = run.take_course();
    }
    if run.is_complete() {
        shared.books.fetch_add(1, Relaxed);
    }
    run.end(observer);
    let (result, latencies) = run.finish(index < config.samples.books);
    if let Some(l) = latencies {
        let mut all = shared.latency.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *all {
            Some(all) => all.merge(&l),
            none => *none = Some(l),
        }
    }
    result
}

/// Whether a command visits no more orders than it fills.
pub(crate) fn matches_in_time_order(config: &SimConfig) -> bool {
    config.book.policy.policy("book.policy").is_ok_and(|policy| policy.is_fifo())
}

/// Commands to the next look at the cancel flag, of a book in which so many orders rest.
pub(crate) fn chunk_events(in_time_order: bool, resting_orders: usize) -> u64 {
    if in_time_order { CHUNK_EVENTS } else { (CHUNK_VISITS / (resting_orders as u64 + 1)).clamp(1, CHUNK_EVENTS) }
}

/// Adds the books up in their order.
fn put_together(books: Vec<BookResult>) -> SimResult {
    let mut digest = Digest::EMPTY;
    let mut metrics = Metrics::default();
    let mut events = 0;
    let mut cancelled = false;
    for book in &books {
        digest.combine(book.digest);
        if book.metrics.events > 0 {
            metrics.add(&book.metrics);
        }
        events += book.warmup_events + book.metrics.events;
        cancelled |= !book.complete;
    }
    SimResult {
        cancelled,
        digest,
        metrics,
        books,
        events,
        threads: 0,
        elapsed_ns: 0,
        latency: None,
        latency_by_kind: None,
        latency_over_time: Vec::new(),
    }
}
