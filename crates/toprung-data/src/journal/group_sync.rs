//! The thread that syncs groups of commands while others are appended.

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::error::JournalError;

/// Groups that may be unsynced before `append` waits: a bound on what a machine that goes down can take.
const GROUPS_UNSYNCED_MAX: u64 = 16;

/// What the appending thread and the syncing thread share.
struct Shared {
    state: Mutex<State>,
    /// There may be something to do.
    wake: Condvar,
    /// Something has been done.
    done: Condvar,
    durable: Arc<AtomicU64>,
    group: u64,
    interval: Duration,
}

struct State {
    file: Arc<File>,
    path: PathBuf,
    /// Commands that the operating system has.
    written: u64,
    /// Commands that the disk has.
    synced: u64,
    /// When the oldest unsynced command was written.
    oldest: Option<Instant>,
    flush: bool,
    closing: bool,
    failed: Option<JournalError>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing here panics while it holds the lock; were it so, the numbers would still be true.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The appending thread's end.
pub(crate) struct GroupSync {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl GroupSync {
    /// Starts the thread. `durable` commands are synced already.
    pub(crate) fn start(
        file: Arc<File>,
        path: PathBuf,
        durable: &Arc<AtomicU64>,
        group: u64,
        interval: Duration,
    ) -> Result<GroupSync, JournalError> {
        let synced = durable.load(Ordering::Acquire);
        let state = State {
            file,
            path: path.clone(),
            written: synced,
            synced,
            oldest: None,
            flush: false,
            closing: false,
            failed: None,
        };
        let (state, durable) = (Mutex::new(state), Arc::clone(durable));
        let shared = Arc::new(Shared { state, wake: Condvar::new(), done: Condvar::new(), durable, group, interval });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("journal-sync".to_owned()).spawn(move || run(&theirs));
        let thread = thread.map_err(|e| JournalError::io(&path, "start the thread that syncs", &e))?;
        Ok(GroupSync { shared, thread: Some(thread) })
    }

    /// Says that the operating system has `written` commands; waits if far too many are unsynced.
    pub(crate) fn written(&self, written: u64) -> Result<(), JournalError> {
        let mut state = self.shared.state();
        state.written = written;
        let first = state.oldest.is_none();
        if first {
            state.oldest = Some(Instant::now());
        }
        let unsynced = written - state.synced;
        if first || unsynced >= self.shared.group {
            self.shared.wake.notify_one();
        }
        // A batch may itself be larger than the bound: what counts is that a sync ends before the next is taken.
        let bound = self.shared.group.saturating_mul(GROUPS_UNSYNCED_MAX);
        while state.failed.is_none() && state.written - state.synced > bound {
            state = self.wait(state);
        }
        state.failed.clone().map_or(Ok(()), Err)
    }

    /// Waits until everything written is synced.
    pub(crate) fn flush(&self) -> Result<(), JournalError> {
        let mut state = self.shared.state();
        while state.failed.is_none() && state.written > state.synced {
            state.flush = true;
            self.shared.wake.notify_one();
            state = self.wait(state);
        }
        state.failed.clone().map_or(Ok(()), Err)
    }

    /// Goes on with another file, after a flush.
    pub(crate) fn switch(&self, file: Arc<File>, path: PathBuf) {
        let mut state = self.shared.state();
        (state.file, state.path) = (file, path);
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.shared.done.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for GroupSync {
    /// Syncs what is left and waits for the thread.
    fn drop(&mut self) {
        self.shared.state().closing = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed; there is nobody here to give it to.
            let _ = thread.join();
        }
    }
}

fn run(shared: &Shared) {
    let mut state = shared.state();
    loop {
        let unsynced = state.written - state.synced;
        let age = state.oldest.map(|at| at.elapsed());
        let due =
            unsynced >= shared.group || state.flush || state.closing || age.is_some_and(|age| age >= shared.interval);
        if unsynced > 0 && due {
            let (file, path, target, began) =
                (Arc::clone(&state.file), state.path.clone(), state.written, Instant::now());
            drop(state);
            let result = file.sync_data();
            state = shared.state();
            match result {
                Ok(()) => {
                    state.synced = target;
                    shared.durable.store(target, Ordering::Release);
                    let more = state.written > target;
                    state.flush &= more;
                    // What was written while the disk was busy is at most as old as the sync.
                    state.oldest = more.then_some(began);
                    shared.done.notify_all();
                }
                Err(e) => {
                    // What a failed sync leaves on the disk is unknown, and a second one may succeed without writing it.
                    state.failed = Some(JournalError::io(&path, "sync", &e));
                    shared.done.notify_all();
                    return;
                }
            }
        } else if state.closing {
            return;
        } else {
            let left = age.map_or(Duration::MAX, |age| shared.interval.saturating_sub(age));
            state = if left == Duration::MAX {
                shared.wake.wait(state).unwrap_or_else(PoisonError::into_inner)
            } else {
                shared.wake.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
            };
        }
    }
}
