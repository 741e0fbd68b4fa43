//! What a venue is built with, beside its book.

use crate::config::BookConfig;

/// What the venue does with orders at a time.
#[repr(u8)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Phase {
    /// Collects orders.
    PreOpen = 0,
    /// Collects orders for the opening auction.
    OpeningAuction = 1,
    /// Matches every order as it comes.
    #[default]
    Continuous = 2,
    /// Collects orders after a price moved too far.
    VolatilityInterruption = 3,
    /// Takes cancels and reductions only.
    Halt = 4,
    /// Collects orders for the closing auction.
    ClosingAuction = 5,
    /// Takes cancels and reductions only; orders for the day are over.
    Closed = 6,
}

impl Phase {
    /// Every phase, in the order of its code.
    pub const ALL: [Phase; 7] = [
        Phase::PreOpen,
        Phase::OpeningAuction,
        Phase::Continuous,
        Phase::VolatilityInterruption,
        Phase::Halt,
        Phase::ClosingAuction,
        Phase::Closed,
    ];

    /// Whether orders are collected without being matched.
    pub const fn collects(self) -> bool {
        matches!(self, Phase::PreOpen | Phase::OpeningAuction | Phase::VolatilityInterruption | Phase::ClosingAuction)
    }
}

/// What becomes of the rest of a market order. In JSON `"cancel"`, `"rest"` or `"rest-at-worst"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum MarketRemainder {
    /// It is cancelled.
    #[default]
    Cancel,
    /// It rests without a price, ahead of all prices.
    Rest,
    /// The order is a limit order at the worst opposite price there is.
    RestAtWorst,
}

/// What makes a stop active. In JSON `"last-trade"`, `"last-trade-after-entry"` or `"best-opposite"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum StopTrigger {
    /// A trade at the stop price or beyond it, also the last one before the stop was entered.
    #[default]
    LastTrade,
    /// A trade at the stop price or beyond it after the stop was entered.
    LastTradeAfterEntry,
    /// The best price it would trade with being at the stop price or beyond it, or there being none.
    BestOpposite,
}

/// What a stop whose price has been reached already does on entry. In JSON `"trigger"` or `"reject"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum StopEntry {
    /// It becomes active at once.
    #[default]
    Trigger,
    /// It is refused; so is a stop-limit order whose limit is on the near side of its stop price.
    Reject,
}

/// How the price level that an auction fills in part is shared. In JSON `"fifo"` or `"pro-rata"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum AuctionAllocation {
    /// In time order.
    #[default]
    Fifo,
    /// By size, rounded down; what is left in time order.
    ProRata,
}

/// A change of phase at a simulated time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Scheduled {
    /// Nanoseconds of simulated time.
    pub at: u64,
    /// The phase that begins then.
    pub phase: Phase,
}

/// The conventions and limits of one venue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VenueConfig {
    /// Those of its book.
    pub book: BookConfig,
    /// The phase it begins in.
    pub phase: Phase,
    /// What becomes of the rest of a market order.
    pub market_remainder: MarketRemainder,
    /// What makes a stop active.
    pub stop_trigger: StopTrigger,
    /// What a stop does whose price has been reached already.
    pub stop_entry: StopEntry,
    /// How an auction shares its last level.
    pub auction_allocation: AuctionAllocation,
    /// Reference price of bands, breaker and auctions, in ticks.
    pub reference: Option<i64>,
    /// Ticks through the reference beyond which a limit is refused.
    pub band: Option<u64>,
    /// Ticks from the reference beyond which nothing trades and the volatility interruption begins.
    pub breaker: Option<u64>,
    /// Nanoseconds after which a volatility interruption ends by itself; 0: never.
    pub interruption: u64,
    /// Whether fills are counted for every order, so that a replace can be told a total quantity.
    pub count_fills: bool,
    /// Changes of phase to come, in order of time.
    pub schedule: Vec<Scheduled>,
}
