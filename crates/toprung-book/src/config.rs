//! What a book is built with.

use crate::policy::{Participants, Policy};

/// What a replace does to an order's place in the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplacePriority {
    /// The same price and no more quantity than before keeps the place (CME, Nasdaq and most others).
    #[default]
    KeepOnDecrease,
    /// Every replace goes to the back of the queue.
    LoseAlways,
}

/// The conventions and limits of one book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookConfig {
    /// How an aggressor's quantity is shared among the resting orders of a level.
    pub policy: Policy,
    /// What the policy knows of the owners of orders.
    pub participants: Participants,
    /// What a replace does to priority.
    pub replace_priority: ReplacePriority,
    /// Most orders that may rest at a time; a further one is rejected with `BookFull`.
    pub max_orders: u32,
    /// Resting orders to reserve memory for, so that reaching them does not allocate.
    pub expected_orders: u32,
}

impl BookConfig {
    /// Orders that a book may hold unless told otherwise: about 12 GiB of them.
    pub const DEFAULT_MAX_ORDERS: u32 = 1 << 28;
}

impl Default for BookConfig {
    fn default() -> BookConfig {
        BookConfig {
            policy: Policy::fifo(),
            participants: Participants::default(),
            replace_priority: ReplacePriority::default(),
            max_orders: Self::DEFAULT_MAX_ORDERS,
            expected_orders: 0,
        }
    }
}
