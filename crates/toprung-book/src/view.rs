//! What can be read from a book, and the interface that the fast and the naive book share.

use crate::command::{Command, Side};
use crate::digest::Digest;
use crate::sink::EventSink;

/// One price level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelView {
    /// Price in ticks.
    pub price: i64,
    /// Open quantity in lots.
    pub qty: u64,
    /// Resting orders.
    pub orders: u32,
}

/// One resting order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OrderView {
    /// The order's id.
    pub id: u64,
    /// Its side.
    pub side: Side,
    /// Price in ticks.
    pub price: i64,
    /// Open quantity in lots.
    pub qty: u64,
    /// Its owner, 0 when nobody's.
    pub owner: u32,
}

/// What every book can do: the fast one, and the naive one that specifies it.
pub trait MatchingBook {
    /// Carries out one command and reports what happened.
    fn apply<S: EventSink>(&mut self, cmd: &Command, sink: &mut S);

    /// L2: the levels of one side, best first, at most `max`.
    fn levels(&self, side: Side, max: usize) -> Vec<LevelView>;

    /// The level at a price, if something rests there.
    fn level(&self, side: Side, price: i64) -> Option<LevelView> {
        self.levels(side, usize::MAX).into_iter().find(|level| level.price == price)
    }

    /// L3: every resting order of one side, best price first, in time order within a level.
    fn queue(&self, side: Side) -> Vec<OrderView>;

    /// One resting order.
    fn order(&self, id: u64) -> Option<OrderView>;

    /// Number of resting orders.
    fn order_count(&self) -> usize;

    /// Digest of every event so far.
    fn digest(&self) -> Digest;
}
