//! The flight recorder: what the last so many orders did, always at hand, written down only when somebody asks.
//!
//! Each thread has a [`Ring`] of its own, so nothing is shared and nothing waits. What goes in are [`Entry`]s of 16 bytes;
//! the oldest is overwritten. A snapshot is a copy that the owner takes itself, and [`write_entries`] makes a trace of it.
//!
//! # Levels
//!
//! | level | what is recorded | what it costs |
//! |---|---|---|
//! | [`Off`](Level::Off) | nothing | a branch |
//! | [`Order`](Level::Order) | begin and end of one order in N, N kept such that a budget holds ([`Pace`]) | the budget |
//! | [`Stages`](Level::Stages) | the same orders with the stages inside | the budget |
//! | [`Everything`](Level::Everything) | every order, every stage, every event | several times the order itself |
//!
//! # Entries
//!
//! Two little-endian words: the first is the time in ticks, or of [`EntryKind::Info`] a value; of the second, bits 0 to 1
//! are the kind, bits 2 to 15 the number of the span or field, bits 16 to 63 a payload. A field belongs to the innermost
//! span that is open.

mod entry;
mod pace;
mod snapshot;

pub use entry::{Entry, EntryKind, PAYLOAD_MAX, Ring};
pub use pace::Pace;
pub use snapshot::{FieldName, Schema, SpanName, Timeline, Written, write_entries};

/// How much is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing.
    Off,
    /// Whole orders.
    Order,
    /// Orders and the stages inside them.
    Stages,
    /// All of it, of every order, without a promise about cost.
    Everything,
}

impl Level {
    /// Every level, least first.
    pub const ALL: [Level; 4] = [Level::Off, Level::Order, Level::Stages, Level::Everything];

    /// The level's name as it is written on the command line and in TypeScript.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Off => "off",
            Level::Order => "order",
            Level::Stages => "stages",
            Level::Everything => "everything",
        }
    }

    /// The level of this name.
    pub fn from_name(name: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.name() == name)
    }
}
