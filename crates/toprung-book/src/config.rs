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

/// Whose orders are one's own, for self-trade prevention. In JSON `"owner"` or `"group"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum SelfTradeScope {
    /// Orders of the same owner.
    #[default]
    Owner,
    /// Orders of the same owner or of the same group ([`Participant::group`](crate::Participant::group)).
    Group,
}

/// The conventions and limits of one book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookConfig {
    /// How an aggressor's quantity is shared among the resting orders of a level.
    pub policy: Policy,
    /// What the policy knows of the owners of orders.
    pub participants: Participants,
    /// Whose orders are one's own.
    pub self_trade_scope: SelfTradeScope,
    /// What a replace does to priority.
    pub replace_priority: ReplacePriority,
    /// Most orders that may rest at a time; a further one is rejected with `BookFull`.
    pub max_orders: u32,
    /// Resting orders to reserve memory for, so that reaching them does not allocate.
    pub expected_orders: u32,
}

impl BookConfig {
    /// Whether two owners are one and the same for self-trade prevention. Nobody (0) is never the same as anybody.
    pub(crate) fn is_self(&self, a: u32, b: u32) -> bool {
        let group = |owner| self.participants.get(owner).group;
        a != 0 && (a == b || self.self_trade_scope == SelfTradeScope::Group && group(a) != 0 && group(a) == group(b))
    }

    /// Orders that a book may hold unless told otherwise: about 12 GiB of them.
    pub const DEFAULT_MAX_ORDERS: u32 = 1 << 28;
}

impl Default for BookConfig {
    fn default() -> BookConfig {
        BookConfig {
            policy: Policy::fifo(),
            participants: Participants::default(),
            self_trade_scope: SelfTradeScope::default(),
            replace_priority: ReplacePriority::default(),
            max_orders: Self::DEFAULT_MAX_ORDERS,
            expected_orders: 0,
        }
    }
}
