//! Where a run's thread writes what is to be seen and viewers read it: one lock, which the run never waits for.

use std::collections::VecDeque;

use toprung_book::{LevelView, Side};

use super::column::{Column, merge_pairs};
use super::recorder::{LiveRecorder, LiveTrade, Recorded, TRADES_MAX};
use crate::kernel::Account;
use crate::touch::Touch;

/// Levels of each side in a [`LiveState`].
pub const LADDER_LEVELS: usize = 64;

/// The percentiles, in percent, at which a [`LiveState`] has the latency of the whole run so far.
pub const PERCENTILES: [f64; 16] =
    [0.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 99.9, 99.95, 99.99, 99.995, 99.999, 99.9999, 100.0];

/// What a session is doing.
#[repr(u8)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Fills the book before the measured part starts.
    #[default]
    WarmUp = 0,
    /// Runs.
    Running = 1,
    /// Waits to be told to go on.
    Paused = 2,
    /// The horizon is reached.
    Complete = 3,
    /// Ended by its user before the horizon.
    Stopped = 4,
    /// Ended by a defect of toprung; see [`LiveSession::failure`](super::LiveSession::failure).
    Failed = 5,
}

impl Phase {
    /// Whether nothing more will happen.
    pub fn is_over(self) -> bool {
        matches!(self, Phase::Complete | Phase::Stopped | Phase::Failed)
    }
}

/// What an [`Annotation`] says.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The warm-up was over; the value is how many commands it had.
    Measuring = 0,
    /// The user paused.
    Paused = 1,
    /// The user let it go on; the value is the speed.
    Running = 2,
    /// The horizon was reached.
    Complete = 3,
    /// The user stopped the run.
    Stopped = 4,
    /// A group of agents starts; the value is its number.
    Starts = 5,
    /// A group of agents stops; the value is its number.
    Ends = 6,
    /// The fundamental value jumps; the value is by how many ticks.
    Shock = 7,
    /// The background flow has other parameters from now on; the value is the venue.
    Retuned = 8,
    /// Another phase of trading begins at the shown venue; the value is its code ([`toprung_book::Phase`]).
    Phase = 9,
}

/// Whose holdings a market's session follows: a whole group, or one of its agents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// The group's name.
    pub group: String,
    /// Number of the first agent.
    pub first: u32,
    /// Agents.
    pub count: u32,
    /// One agent of a group that has several.
    pub is_member: bool,
}

/// What a track holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Holding {
    /// Lots, negative when short, over all venues.
    pub position: i64,
    /// Cash and position at the first venue's mid price, ticks × lots: it starts at 0, so this is profit and loss.
    pub value: f64,
}

/// Resting orders of one agent at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnLevel {
    /// Whose they are.
    pub agent: u32,
    /// Which side.
    pub side: Side,
    /// In ticks.
    pub price: i64,
    /// Lots that are open.
    pub qty: u64,
    /// Orders.
    pub orders: u32,
    /// Orders before the first of them.
    pub orders_ahead: u32,
    /// Lots before the first of them.
    pub lots_ahead: u64,
}

/// Something to be marked on the time axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Annotation {
    /// Simulated time, ns behind the warm-up.
    pub time_ns: u64,
    /// What it says.
    pub mark: Mark,
    /// A number that belongs to it.
    pub value: f64,
}

/// A run and its book at one moment.
#[derive(Clone, Debug, Default)]
pub struct LiveState {
    /// What the session is doing.
    pub phase: Phase,
    /// Simulated time, ns behind the warm-up.
    pub time_ns: u64,
    /// Commands of the measured part so far.
    pub events: u64,
    /// Commands of the measured part to expect in all; 0 if nobody knows.
    pub events_total: u64,
    /// Simulated time of the measured part in all, ns; 0 if it is not a time that ends it.
    pub duration_ns: u64,
    /// Commands of the warm-up so far.
    pub warmup_events: u64,
    /// Simulated per wall-clock time that was asked for; infinite for as fast as possible.
    pub speed: f64,
    /// Wall-clock time that the run has worked, ns; waiting and pauses left out.
    pub busy_ns: u64,
    /// Wall-clock time by which the run is behind the speed asked for, ns: the machine cannot do it.
    pub late_ns: u64,
    /// The best prices.
    pub touch: Option<Touch>,
    /// Price of the last trade, the reference price before the first.
    pub last_price: i64,
    /// Orders resting.
    pub resting: u64,
    /// Commands by the kind's code.
    pub commands: [u64; 5],
    /// Commands refused.
    pub rejected: u64,
    /// Fills.
    pub trades: u64,
    /// Lots traded.
    pub volume: u64,
    /// Digest of every event so far, as 32 hexadecimal digits.
    pub digest: String,
    /// Latency at each of [`PERCENTILES`] over the whole run, ns, and how many commands were timed.
    pub latency_ns: [u64; PERCENTILES.len()],
    /// Commands timed.
    pub latency_count: u64,
    /// The best bids, best first, at most [`LADDER_LEVELS`].
    pub bids: Vec<LevelView>,
    /// The best asks, best first, at most [`LADDER_LEVELS`].
    pub asks: Vec<LevelView>,
    /// The account of each track of a market of agents.
    pub accounts: Vec<Account>,
    /// What each track holds.
    pub holdings: Vec<Holding>,
    /// Agents' resting orders at those levels, by side, price and place in the queue.
    pub own: Vec<OwnLevel>,
}

/// Everything that viewers can read.
#[derive(Debug)]
pub(crate) struct Board {
    pub(crate) state: LiveState,
    /// How often the columns were merged, and their step.
    pub(crate) merges: u32,
    pub(crate) interval_ns: u64,
    pub(crate) columns: Vec<Column>,
    /// Fills that are no longer kept, and those that are.
    pub(crate) trades_gone: u64,
    pub(crate) trades: VecDeque<LiveTrade>,
    pub(crate) annotations: Vec<Annotation>,
    pub(crate) failure: Option<String>,
}

impl Board {
    pub(crate) fn new(interval_ns: u64) -> Board {
        Board {
            state: LiveState::default(),
            merges: 0,
            interval_ns,
            columns: Vec::new(),
            trades_gone: 0,
            trades: VecDeque::new(),
            annotations: Vec::new(),
            failure: None,
        }
    }

    /// Takes what a recorder has ready; `trades` is how many fills there were in all.
    pub(crate) fn take(&mut self, recorder: &mut LiveRecorder, trades: u64) {
        for recorded in recorder.ready.drain(..) {
            match recorded {
                Recorded::Column(column) => self.columns.push(*column),
                Recorded::Merge => {
                    merge_pairs(&mut self.columns);
                    self.merges += 1;
                    self.interval_ns *= 2;
                }
            }
        }
        self.trades.extend(recorder.trades.drain(..));
        let surplus = self.trades.len().saturating_sub(TRADES_MAX);
        self.trades.drain(..surplus);
        self.trades_gone = trades - self.trades.len() as u64;
    }
}
