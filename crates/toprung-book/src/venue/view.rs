//! What can be read from a venue, and the interface that the fast and the naive venue share.

use crate::command::Side;
use crate::digest::Digest;
use crate::sink::EventSink;
use crate::venue::command::{OrderType, VenueCommand};
use crate::venue::config::Phase;
use crate::view::{LevelView, OrderView};

/// An order that waits beside the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldView {
    /// The order; `price` is its limit, 0 if it has none.
    pub order: OrderView,
    /// Its type.
    pub order_type: OrderType,
    /// Its stop price, if it has one now.
    pub stop_price: Option<i64>,
}

/// What an auction would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Indicative {
    /// The one price of all trades.
    pub price: i64,
    /// Lots that would trade.
    pub qty: u64,
    /// Lots that would like to and could not.
    pub surplus: u64,
    /// The side that has too many.
    pub side: Side,
}

/// What every venue can do: the fast one, and the naive one that specifies it.
pub trait TradingVenue {
    /// Carries out one command and reports what happened.
    fn apply<S: EventSink>(&mut self, cmd: &VenueCommand, sink: &mut S);

    /// Displayed levels of one side, best first, at most `max`.
    fn levels(&self, side: Side, max: usize) -> Vec<LevelView>;

    /// Orders that the displayed levels consist of, best price first, in time order within a level; open quantity with
    /// what an iceberg has behind.
    fn queue(&self, side: Side) -> Vec<OrderView>;

    /// Hidden orders of one side, best price first, in time order within a price.
    fn hidden(&self, side: Side) -> Vec<OrderView>;

    /// Market orders of one side that rest, in time order; their `price` is 0.
    fn unpriced(&self, side: Side) -> Vec<OrderView>;

    /// Orders that wait beside the book, in the order of their entry.
    fn held(&self) -> Vec<HeldView>;

    /// The phase.
    fn phase(&self) -> Phase;

    /// Simulated time in nanoseconds.
    fn now(&self) -> u64;

    /// Price of the last trade.
    fn last_price(&self) -> Option<i64>;

    /// The reference price.
    fn reference(&self) -> Option<i64>;

    /// What an auction would do now; `None` if nothing would trade.
    fn indicative(&self) -> Option<Indicative>;

    /// Digest of every event so far.
    fn digest(&self) -> Digest;
}
