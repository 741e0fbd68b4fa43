//! One limit order book and its matching.
//!
//! A [`Command`] goes in, [`Event`]s come out through an [`EventSink`]; nothing else decides an event. The crate never
//! reads a clock, draws a number, starts a thread or does I/O, and in steady state it does not allocate.
//!
//! ```
//! use toprung_book::{Book, Command, Event, EventKind, Side};
//!
//! let mut book = Book::default();
//! let mut events: Vec<Event> = Vec::new();
//! book.apply(&Command::limit(1, Side::Sell, 10_050, 30), &mut events);
//! book.apply(&Command::limit(2, Side::Buy, 10_050, 10), &mut events);
//!
//! let trade = events.iter().find(|e| e.kind == EventKind::Trade).unwrap();
//! assert_eq!((trade.maker(), trade.taker(), trade.price, trade.qty), (1, 2, 10_050, 10));
//! assert_eq!(book.best(Side::Sell).unwrap().qty, 20);
//! ```
//!
//! Prices are `i64` ticks and quantities `u64` lots; the whole range of both is valid. Ids are any `u64`, unique among
//! live orders and reusable after death.

mod book;
mod changes;
mod columns;
mod command;
mod config;
mod digest;
mod event;
mod ids;
mod ladder;
mod observer;
mod policy;
mod prefetch;
mod prevention;
mod query;
mod restore;
mod semantics;
mod sink;
mod slab;
mod venue;
mod view;

#[cfg(any(test, feature = "naive"))]
pub mod naive;

pub use book::Book;
pub use columns::EventColumns;
pub use command::{Command, CommandFlags, CommandKind, SelfTrade, Side, TimeInForce};
pub use config::{BookConfig, ReplacePriority, SelfTradeScope};
pub use digest::Digest;
pub use event::{Event, EventFlags, EventKind, Reason};
pub use observer::{BookObserver, Observers};
pub use policy::preview;
pub use policy::{
    Class, LevelingOrder, Participant, Participants, Policy, PolicyError, Preset, PresetParams, Rounding, Step, Within,
};
pub use restore::{BookState, COMMANDS_MAX, RestoreError};
pub use semantics::SEMANTICS_VERSION;
pub use sink::{CountingSink, EventSink};
pub use venue::{
    AuctionAllocation, HeldView, Indicative, MarketRemainder, Options, OrderType, Peg, Phase, Scheduled, StopEntry,
    StopTrigger, TradingVenue, Venue, VenueAction, VenueCommand, VenueConfig, VenueState,
};
pub use view::{LevelView, MatchingBook, OrderView};
