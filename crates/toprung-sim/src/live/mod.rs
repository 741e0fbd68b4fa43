//! One book of a run at a chosen speed, to be looked at while it runs: [`LiveSession`].
//!
//! Books share nothing, so the chosen book alone is run, and its events are those that it has in the whole run. A session
//! has a thread of its own. What viewers see is written to a board whose lock the run only ever tries: whoever looks, and
//! however slowly, the run does not wait. Speed is simulated per wall-clock time; the clock decides when a command is
//! carried out and never which.
//!
//! **Architecture invariant: a run that is looked at, paused, stepped and sped up has the digest of one that is not.**
//!
//! ```
//! use toprung_sim::live::{LiveSession, Phase};
//! use toprung_sim::{Horizon, SimConfig};
//!
//! let config = SimConfig { horizon: Horizon::Events(10_000), ..SimConfig::default() };
//! let session = LiveSession::open(&config, 0).unwrap();
//! session.run(f64::INFINITY);
//! while !session.state().phase.is_over() {
//!     std::thread::sleep(std::time::Duration::from_millis(1));
//! }
//! assert_eq!(session.state().phase, Phase::Complete);
//! assert_eq!(session.state().events, 10_000);
//! ```

mod board;
mod column;
mod drive;
mod recorder;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

pub use board::{Annotation, LADDER_LEVELS, LiveState, Mark, PERCENTILES, Phase};
pub use column::{Column, DEPTH_ROWS, LATENCY_BUCKETS};
pub use recorder::{LiveTrade, TRADES_MAX};

use crate::book_run::BookRun;
use crate::config::{Horizon, SimConfig};
use crate::error::{ConfigError, SimError};
use crate::flow::Flow;
use board::Board;
use drive::{Control, Driver, Order};
use recorder::LiveRecorder;
use toprung_book::Book;

/// Columns of a session: when there are so many, they are merged two by two.
pub const COLUMNS_MAX: usize = 6000;

/// Columns that a run of known length should have at least.
const COLUMNS_WANTED: f64 = 2048.0;

/// Longest step of columns to begin with, where the length of the run and its rate allow: 30 a second at speed 1.
const INTERVAL_NS_MAX: f64 = 1e9 / 30.0;

/// Events to expect in a column at the least, so that taking columns stays a small part of the work.
const EVENTS_PER_COLUMN_MIN: f64 = 32.0;

/// A book that runs on a thread of its own, at a speed, under control. It ends when it is dropped.
#[derive(Debug)]
pub struct LiveSession {
    control: Arc<Control>,
    board: Arc<Mutex<Board>>,
    thread: Option<JoinHandle<()>>,
}

impl LiveSession {
    /// Begins with book `book` of `config`, paused behind its warm-up.
    ///
    /// # Errors
    ///
    /// As [`simulate`](crate::simulate()), and [`SimError::Config`] for a book that the run does not have.
    pub fn open(config: &SimConfig, book: u32) -> Result<LiveSession, SimError> {
        LiveSession::open_with(config, book, COLUMNS_MAX)
    }

    fn open_with(config: &SimConfig, book: u32, columns_max: usize) -> Result<LiveSession, SimError> {
        config.validate()?;
        if book >= config.books {
            let rule = format!("an integer from 0 to {}", config.books - 1);
            return Err(ConfigError { path: "book".to_owned(), rule, got: book.to_string() }.into());
        }
        let interval_ns = interval_ns(config);
        let board = Arc::new(Mutex::new(Board::new(interval_ns)));
        let control = Arc::new(Control::default());
        let config = config.clone();
        let (their_board, their_control) = (Arc::clone(&board), Arc::clone(&control));
        let work = move || {
            let reference = config.flow.reference_price();
            let recorder = LiveRecorder::new(interval_ns, columns_max, reference);
            drive(&config, config.open_flow(book), recorder, their_control, their_board);
        };
        let thread = std::thread::Builder::new()
            .name("toprung-live".to_owned())
            .spawn(work)
            .map_err(|e| SimError::Threads { threads: 1, message: e.to_string() })?;
        Ok(LiveSession { control, board, thread: Some(thread) })
    }

    /// Lets it run at `speed` times real time; infinite is as fast as possible. Anything that is not above 0 pauses it.
    pub fn run(&self, speed: f64) {
        self.control.give(if speed > 0.0 { Order::Run { speed } } else { Order::Pause });
    }

    /// Lets it run as fast as possible up to `events` commands behind the warm-up, then pauses it.
    pub fn run_to(&self, events: u64) {
        self.control.give(Order::RunTo { events });
    }

    /// Makes it wait.
    pub fn pause(&self) {
        self.control.give(Order::Pause);
    }

    /// Ends it where it is.
    pub fn stop(&self) {
        self.control.give(Order::Stop);
    }

    /// The run and its book as they were at most some milliseconds ago.
    pub fn state(&self) -> LiveState {
        self.board().state.clone()
    }

    /// What broke, if the session failed.
    pub fn failure(&self) -> Option<String> {
        self.board().failure.clone()
    }

    /// How the columns lie: their number, their step in ns, and how often they were merged two by two. Column `k` ends at
    /// `(k + 1)` steps; the last of a run that is over may be cut short.
    pub fn columns_now(&self) -> (usize, u64, u32) {
        let board = self.board();
        (board.columns.len(), board.interval_ns, board.merges)
    }

    /// Shows `f` the columns from `from` on, at most `max`, if they have been merged `merges` times and no more.
    pub fn with_columns<T>(&self, merges: u32, from: usize, max: usize, f: impl FnOnce(&[Column]) -> T) -> Option<T> {
        let board = self.board();
        let from = from.min(board.columns.len());
        let to = from.saturating_add(max).min(board.columns.len());
        (board.merges == merges).then(|| f(&board.columns[from..to]))
    }

    /// The fills from number `from` on that are still kept, and the number of the first of them.
    pub fn trades(&self, from: u64) -> (u64, Vec<LiveTrade>) {
        let board = self.board();
        let first = from.max(board.trades_gone);
        let skip = usize::try_from(first - board.trades_gone).unwrap_or(usize::MAX);
        (first, board.trades.iter().skip(skip).copied().collect())
    }

    /// What is marked on the time axis, in order.
    pub fn annotations(&self) -> Vec<Annotation> {
        self.board().annotations.clone()
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for LiveSession {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            // It catches its own panics; there is nothing to learn from how it ended.
            let _ = thread.join();
        }
    }
}

fn drive<F: Flow>(
    config: &SimConfig,
    flow: F,
    recorder: LiveRecorder,
    control: Arc<Control>,
    board: Arc<Mutex<Board>>,
) {
    let run = BookRun::<Book, F, LiveRecorder>::observed(config, flow, recorder);
    Driver::new(config, run, control, board).drive();
}

/// The step of the columns to begin with.
fn interval_ns(config: &SimConfig) -> u64 {
    let event_ns = 1e9 / config.flow.events_per_second();
    let run_ns = match config.horizon {
        Horizon::Events(n) => event_ns * n as f64,
        Horizon::DurationNs(t) => t as f64,
    };
    (run_ns / COLUMNS_WANTED).min(INTERVAL_NS_MAX).max(event_ns * EVENTS_PER_COLUMN_MIN) as u64
}

#[cfg(test)]
mod tests;
