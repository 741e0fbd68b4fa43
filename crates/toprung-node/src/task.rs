//! Long work off the event loop: a cancel flag, progress, and errors that keep their code.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use napi::bindgen_prelude::FnArgs;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, JsError, Status};
use napi_derive::napi;

use crate::error::{Code, Result};

/// Least time between two reports of progress.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// Lets progress be reported at most ten times a second.
#[derive(Clone, Copy, Default)]
pub(crate) struct Pace(Option<Instant>);

impl Pace {
    /// Whether a report is due; if so, the next is due later.
    pub(crate) fn is_due(&mut self) -> bool {
        let is_due = self.0.is_none_or(|last| last.elapsed() >= PROGRESS_EVERY);
        if is_due {
            self.0 = Some(Instant::now());
        }
        is_due
    }
}

/// Stops a run: polled in Rust between pieces of work of a millisecond or less.
#[napi]
#[derive(Default)]
pub struct CancelFlag {
    flag: Arc<AtomicBool>,
    started: Arc<AtomicBool>,
}

#[napi]
impl CancelFlag {
    /// A flag that is not set.
    #[napi(constructor, catch_unwind)]
    pub fn new() -> CancelFlag {
        CancelFlag::default()
    }

    /// Sets the flag, for good.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.flag.store(true, Relaxed);
    }

    /// Whether a thread of the pool has taken the run up. Until then there is nothing to wait for.
    #[napi(catch_unwind)]
    pub fn started(&self) -> bool {
        self.started.load(Relaxed)
    }
}

impl CancelFlag {
    /// The other end, for the thread that does the work.
    pub(crate) fn share(&self) -> Cancel {
        Cancel { flag: Arc::clone(&self.flag), started: Arc::clone(&self.started) }
    }
}

/// A [`CancelFlag`] as the thread that does the work has it.
pub(crate) struct Cancel {
    flag: Arc<AtomicBool>,
    started: Arc<AtomicBool>,
}

impl Cancel {
    /// Says that work begins and gives the flag to poll.
    pub(crate) fn start(&self) -> &AtomicBool {
        self.started.store(true, Relaxed);
        &self.flag
    }
}

/// Four numbers of progress; what they mean is the run's affair.
type Numbers = FnArgs<(f64, f64, f64, f64)>;

/// A JavaScript function that is told of progress. Weak: it does not keep node from exiting.
pub(crate) type ProgressFn = ThreadsafeFunction<Numbers, (), Numbers, Status, false, true>;

/// Tells JavaScript. Never waits; what the event loop cannot take is dropped.
///
/// A call that fails means that JavaScript cannot run any more: the process exits, or the worker was terminated. Node then
/// waits for every task, so the run is stopped.
pub(crate) fn report(to: &ProgressFn, cancel: &Cancel, numbers: (f64, f64, f64, f64)) {
    let flag = Arc::clone(&cancel.flag);
    to.call_with_return_value(numbers.into(), ThreadsafeFunctionCallMode::NonBlocking, move |answer, _| {
        if answer.is_err() {
            flag.store(true, Relaxed);
        }
        Ok(())
    });
}

/// What a task ended with: tasks cannot fail with a code of their own, so `compute` gives this and `resolve` unwraps it.
pub(crate) type Outcome<T> = std::result::Result<T, Failure>;

/// An error on its way from the pool thread to JavaScript.
pub struct Failure {
    code: Code,
    message: String,
}

impl From<napi::Error<Code>> for Failure {
    fn from(e: napi::Error<Code>) -> Failure {
        Failure { code: e.status, message: e.reason }
    }
}

impl From<Failure> for napi::Error<Code> {
    fn from(Failure { code, message }: Failure) -> napi::Error<Code> {
        napi::Error::new(code, message)
    }
}

/// Runs the work of a task; a panic becomes a failure.
pub(crate) fn outcome<T>(work: impl FnOnce() -> Result<T>) -> Outcome<T> {
    crate::error::guarded(work).map_err(Failure::from)
}

/// The value, or an error with which napi rejects the promise: a JavaScript error that has the code.
pub(crate) fn unwrap<T>(env: Env, outcome: Outcome<T>) -> napi::Result<T> {
    outcome.map_err(|Failure { code, message }| {
        napi::Error::from(JsError::from(napi::Error::new(code, message)).into_unknown(env))
    })
}
