//! One book of a run, or a market of agents, at a chosen speed, to be looked at while it runs: [`LiveSession`].
//!
//! Books share nothing, so of a run the chosen book alone is run, and its events are those that it has in the whole run; of
//! a market everything runs, and one venue is shown. A session has a thread of its own. What viewers see is written to a board whose lock the run only ever tries: whoever looks, and
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
mod book;
mod column;
mod drive;
mod market;
mod recorder;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

pub use board::{Annotation, Holding, LADDER_LEVELS, LiveState, Mark, OwnLevel, PERCENTILES, Phase, Track};
pub use column::{Column, DEPTH_ROWS, LATENCY_BUCKETS};
pub use market::TRACKS_MAX;
pub use recorder::{LiveTrade, TRADES_MAX};

use crate::config::{Horizon, SimConfig};
use crate::error::{ConfigError, SimError};
use crate::kernel::{MarketConfig, World};
use board::Board;
use book::BookCourse;
use drive::{Control, Driver, Order};
use market::{MarketCourse, tracks};
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

/// A book or a market that runs on a thread of its own, at a speed, under control. It ends when it is dropped.
#[derive(Debug)]
pub struct LiveSession {
    control: Arc<Control>,
    board: Arc<Mutex<Board>>,
    thread: Option<JoinHandle<()>>,
    tracks: Vec<Track>,
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
        let config = config.clone();
        LiveSession::begin(interval_ns, Vec::new(), move |control, board| {
            let recorder = LiveRecorder::new(interval_ns, columns_max, config.flow.reference_price());
            let events_total = config.expected_events_per_book() - config.warmup_events;
            let duration_ns = match config.horizon {
                Horizon::Events(_) => 0,
                Horizon::DurationNs(t) => t,
            };
            let state = LiveState { events_total, duration_ns, ..LiveState::default() };
            let course = BookCourse::<Book, _>::new(&config, config.open_flow(book), recorder);
            Driver::new(course, state, control, board).drive();
        })
    }

    /// Begins with a market of agents, paused at its beginning; `venue` is the one that is shown. Its commands are messages
    /// of all venues, its latencies are of steps of the market that carried out a message.
    ///
    /// # Errors
    ///
    /// As [`World::open`], and [`SimError::Config`] for a venue that the market does not have.
    pub fn open_market(config: &MarketConfig, venue: usize) -> Result<LiveSession, SimError> {
        LiveSession::open_market_with(config, venue, COLUMNS_MAX)
    }

    fn open_market_with(config: &MarketConfig, venue: usize, columns_max: usize) -> Result<LiveSession, SimError> {
        config.validate()?;
        if venue >= config.venues.len() {
            let rule = format!("an integer from 0 to {}", config.venues.len() - 1);
            return Err(ConfigError { path: "venue".to_owned(), rule, got: venue.to_string() }.into());
        }
        let duration_ns = config.duration_ns;
        let interval_ns = (duration_ns as f64 / COLUMNS_WANTED).clamp(1.0, INTERVAL_NS_MAX) as u64;
        // What a session keeps of trades and market data is its own.
        let config = MarketConfig { keep_trades: true, keep_queues: false, sample_ns: 0, ..config.clone() };
        LiveSession::begin(interval_ns, tracks(&config), move |control, board| {
            let recorder = LiveRecorder::new(interval_ns, columns_max, config.venues[venue].reference());
            let world = World::open(&config, 0).expect("Invariant: the configuration was checked");
            let state = LiveState { duration_ns, ..LiveState::default() };
            Driver::new(MarketCourse::new(&config, world, venue, recorder), state, control, board).drive();
        })
    }

    fn begin(
        interval_ns: u64,
        tracks: Vec<Track>,
        work: impl FnOnce(Arc<Control>, Arc<Mutex<Board>>) + Send + 'static,
    ) -> Result<LiveSession, SimError> {
        let board = Arc::new(Mutex::new(Board::new(interval_ns)));
        let control = Arc::new(Control::default());
        let (their_board, their_control) = (Arc::clone(&board), Arc::clone(&control));
        let thread = std::thread::Builder::new()
            .name("toprung-live".to_owned())
            .spawn(move || work(their_control, their_board))
            .map_err(|e| SimError::Threads { threads: 1, message: e.to_string() })?;
        Ok(LiveSession { control, board, thread: Some(thread), tracks })
    }

    /// Whose holdings are followed: nobody's but in a market of agents.
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
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
