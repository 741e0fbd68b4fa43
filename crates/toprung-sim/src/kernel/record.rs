//! What a market of agents leaves behind: trades, accounts, counts.

use serde::Serialize;
use toprung_book::Side;

/// One fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// When, ns.
    pub time_ns: u64,
    /// In ticks.
    pub price: i64,
    /// Lots.
    pub qty: u64,
    /// The aggressor's side.
    pub side: Side,
    /// The aggressor, if an agent.
    pub taker: Option<u32>,
    /// Who had rested, if an agent.
    pub maker: Option<u32>,
}

/// Counts of one venue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VenueCounts {
    /// Commands carried out.
    pub messages: u64,
    /// Of those, agents'.
    pub agent_messages: u64,
    /// New limit orders.
    pub limits: u64,
    /// New market orders.
    pub markets: u64,
    /// Cancels.
    pub cancels: u64,
    /// Reduces and replaces.
    pub changes: u64,
    /// New orders accepted.
    pub accepted: u64,
    /// Commands refused.
    pub rejected: u64,
    /// Orders, or rests of orders, that ended without trading.
    pub cancelled: u64,
    /// Moves of the mid price in the direction of the move before.
    pub mid_continuations: u64,
    /// Moves of the mid price against the direction of the move before.
    pub mid_alternations: u64,
}

/// What an agent has done and owns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Lots held, negative when short, over all venues.
    pub position: i64,
    /// Cash in ticks × lots; it starts at 0.
    pub cash: i128,
    /// Lots bought.
    pub bought: u64,
    /// Lots sold.
    pub sold: u64,
    /// Fills.
    pub fills: u64,
    /// Lots filled while resting.
    pub maker_lots: u64,
    /// Orders sent.
    pub orders: u64,
    /// Lots in those.
    pub sent_lots: u64,
    /// Cancels, reduces and replaces sent.
    pub changes: u64,
    /// Orders refused.
    pub refused: u64,
}

impl Account {
    #[inline]
    pub(crate) fn fill(&mut self, side: Side, price: i64, qty: u64, is_maker: bool) {
        let (lots, value) = (qty as i64, i128::from(price) * i128::from(qty));
        match side {
            Side::Buy => {
                self.position += lots;
                self.cash -= value;
                self.bought += qty;
            }
            Side::Sell => {
                self.position -= lots;
                self.cash += value;
                self.sold += qty;
            }
        }
        self.fills += 1;
        self.maker_lots += if is_maker { qty } else { 0 };
    }

    /// Adds another account to it.
    pub fn add(&mut self, other: &Account) {
        self.position += other.position;
        self.cash += other.cash;
        self.bought += other.bought;
        self.sold += other.sold;
        self.fills += other.fills;
        self.maker_lots += other.maker_lots;
        self.orders += other.orders;
        self.sent_lots += other.sent_lots;
        self.changes += other.changes;
        self.refused += other.refused;
    }

    /// Cash and position at a price, ticks × lots.
    pub fn value(&self, mid: f64) -> f64 {
        self.cash as f64 + self.position as f64 * mid
    }
}
