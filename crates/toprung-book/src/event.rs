//! What a book answers: one fixed-size record, [`Event`].
//!
//! Every command gives at least one event, in this order: the answer (`Accepted`, `Replaced`, `Reduced`, `Cancelled` or
//! `Rejected`), then a `Trade` for every fill in match order, then `Cancelled` for a rest that may not stay. What is left
//! of an accepted order that may stay, rests; there is no event for it, since nothing else can happen to it. So the
//! stream alone rebuilds the book: see [`RebuiltBook`](crate::RebuiltBook).

use crate::command::Side;

/// What happened.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A new order was taken: `id`, `side`, `price`, `qty`, `owner`; `flags` tell what kind of order it is.
    Accepted = 0,
    /// A command was refused and changed nothing: `id` and `reason`.
    Rejected = 1,
    /// A fill: `id` is the aggressor, `other` the resting order, `price` the resting order's, `side` the aggressor's.
    Trade = 2,
    /// An order, or what was left of it, ended without trading: `id`, `side`, `price`, `qty` and `reason`.
    Cancelled = 3,
    /// An order has less open quantity and keeps its place: `qty` is what is open now, `other` what was taken off.
    Reduced = 4,
    /// An order has a new price or open quantity; it lost its place unless the flag says otherwise. `other` is its new id
    /// if it got one, otherwise 0.
    Replaced = 5,
    /// A waiting order became active and enters the book now: fields as of `Accepted`.
    Triggered = 6,
    /// An iceberg showed its next part, at the back of the queue: `qty` lots of it, `other` still behind.
    Refreshed = 7,
    /// A pegged order followed its reference to `price`, behind everybody there; with [`EventFlags::HELD`] it has none.
    Repriced = 8,
    /// The trading phase changed from `other` to `qty` (codes of [`Phase`](crate::Phase)).
    Phase = 9,
    /// What an auction would do now: `price`, `qty` lots, and `other` lots too many on `side`.
    Indicative = 10,
    /// A request that concerns no single order was carried out; `qty` tells how much of it.
    Acknowledged = 11,
}

/// Why a command was refused, or why an order ended without trading.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Nothing to explain.
    None = 0,
    /// Refused: no live order has this id.
    UnknownOrder = 1,
    /// Refused: a live order has this id.
    DuplicateId = 2,
    /// Refused: a quantity of zero.
    ZeroQuantity = 3,
    /// Refused: the order belongs to another owner.
    NotOwner = 4,
    /// Refused: a post-only order that would trade.
    WouldTrade = 5,
    /// Refused: the level's total quantity would pass `u64::MAX`, or what the policy can compute with.
    QuantityOverflow = 6,
    /// Refused: the book holds as many orders as its configuration allows.
    BookFull = 7,
    /// Ended: on request.
    Requested = 8,
    /// Ended: the rest of an immediate-or-cancel order.
    ImmediateOrCancel = 9,
    /// Ended: a fill-or-kill order that could not fill whole.
    FillOrKill = 10,
    /// Ended: the rest of a market order.
    NoLiquidity = 11,
    /// Ended or reduced: it would have traded with an order of the same owner.
    SelfTrade = 12,
    /// Refused: no order can have this type, time in force and these options together, or not in this market.
    Unsupported = 13,
    /// Refused: the trading phase does not take it.
    WrongPhase = 14,
    /// Refused: a price outside the band.
    OutsideBand = 15,
    /// Refused: a stop price on the wrong side of the market, or none to be had.
    StopPrice = 16,
    /// Refused: the order named to be linked with is not there, belongs to another owner or is linked already.
    UnknownLink = 17,
    /// Refused: the owner may not enter orders.
    Blocked = 18,
    /// Ended: its time was over. Refused: it is over already, or time would go back.
    Expired = 19,
    /// Ended: an order linked with it traded, became active or ended.
    Linked = 20,
    /// Ended: less than its minimum quantity could trade at once.
    MinimumQuantity = 21,
    /// Ended: by a mass cancel or a kill switch.
    MassCancel = 22,
}

impl Reason {
    /// Every reason, in the order of its code.
    pub const ALL: [Reason; 23] = [
        Reason::None,
        Reason::UnknownOrder,
        Reason::DuplicateId,
        Reason::ZeroQuantity,
        Reason::NotOwner,
        Reason::WouldTrade,
        Reason::QuantityOverflow,
        Reason::BookFull,
        Reason::Requested,
        Reason::ImmediateOrCancel,
        Reason::FillOrKill,
        Reason::NoLiquidity,
        Reason::SelfTrade,
        Reason::Unsupported,
        Reason::WrongPhase,
        Reason::OutsideBand,
        Reason::StopPrice,
        Reason::UnknownLink,
        Reason::Blocked,
        Reason::Expired,
        Reason::Linked,
        Reason::MinimumQuantity,
        Reason::MassCancel,
    ];

    /// The reason's name as it is written in reports and in TypeScript.
    pub const fn name(self) -> &'static str {
        match self {
            Reason::None => "none",
            Reason::UnknownOrder => "unknown-order",
            Reason::DuplicateId => "duplicate-id",
            Reason::ZeroQuantity => "zero-quantity",
            Reason::NotOwner => "not-owner",
            Reason::WouldTrade => "would-trade",
            Reason::QuantityOverflow => "quantity-overflow",
            Reason::BookFull => "book-full",
            Reason::Requested => "requested",
            Reason::ImmediateOrCancel => "immediate-or-cancel",
            Reason::FillOrKill => "fill-or-kill",
            Reason::NoLiquidity => "no-liquidity",
            Reason::SelfTrade => "self-trade",
            Reason::Unsupported => "unsupported",
            Reason::WrongPhase => "wrong-phase",
            Reason::OutsideBand => "outside-band",
            Reason::StopPrice => "stop-price",
            Reason::UnknownLink => "unknown-link",
            Reason::Blocked => "blocked",
            Reason::Expired => "expired",
            Reason::Linked => "linked",
            Reason::MinimumQuantity => "minimum-quantity",
            Reason::MassCancel => "mass-cancel",
        }
    }
}

/// Bits that qualify an [`Event`].
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EventFlags(u8);

impl EventFlags {
    /// No bit set.
    pub const NONE: EventFlags = EventFlags(0);
    /// On `Accepted`: a market order; `price` has no meaning.
    pub const MARKET: EventFlags = EventFlags(1);
    /// On `Replaced`: the order kept its place in the queue.
    pub const KEPT_PRIORITY: EventFlags = EventFlags(2);
    /// The order waits beside the book: a stop, a child of another order, a peg without reference, an order for the close.
    pub const HELD: EventFlags = EventFlags(4);
    /// On `Accepted` and `Triggered`: nothing of the order is shown, and at its price it comes after what is.
    pub const HIDDEN: EventFlags = EventFlags(8);
    /// On `Trade`: in an auction; neither side is the aggressor, `id` is the buyer.
    pub const AUCTION: EventFlags = EventFlags(16);

    /// These bits and those of `other`.
    #[inline]
    pub const fn with(self, other: EventFlags) -> EventFlags {
        EventFlags(self.0 | other.0)
    }

    /// The bits as a byte.
    #[inline]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether every bit of `other` is set.
    #[inline]
    pub const fn has(self, other: EventFlags) -> bool {
        self.0 & other.0 == other.0
    }
}

/// One thing that happened in a book.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Number of the command that caused it, counted by the book from 0.
    pub seq: u64,
    /// The order concerned; of a trade the aggressor.
    pub id: u64,
    /// Of a trade the resting order's id; of a reduction the lots taken off; of an accepted iceberg the lots it shows;
    /// otherwise 0 unless the kind says more.
    pub other: u64,
    /// Price in ticks.
    pub price: i64,
    /// Quantity in lots.
    pub qty: u64,
    /// Owner of the order `id`, 0 when nobody's.
    pub owner: u32,
    /// What happened.
    pub kind: EventKind,
    /// Side of the order `id`.
    pub side: Side,
    /// Why.
    pub reason: Reason,
    /// Qualifiers.
    pub flags: EventFlags,
}

// Written out whole by sinks: no padding may creep in.
const _: () = assert!(size_of::<Event>() == 48 && align_of::<Event>() == 8);

impl Event {
    /// The resting order of a trade.
    #[inline]
    pub const fn maker(&self) -> u64 {
        self.other
    }

    /// The aggressor of a trade.
    #[inline]
    pub const fn taker(&self) -> u64 {
        self.id
    }

    /// The small fields in one word: kind, side, reason and flags from the lowest byte up, then the owner.
    #[inline(always)]
    pub const fn head(&self) -> u64 {
        self.kind as u64
            | (self.side as u64) << 8
            | (self.reason as u64) << 16
            | (self.flags.bits() as u64) << 24
            | (self.owner as u64) << 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_listed_in_the_order_of_their_codes_under_distinct_names() {
        for (code, reason) in Reason::ALL.iter().enumerate() {
            assert_eq!(*reason as usize, code);
        }
        let names: std::collections::BTreeSet<_> = Reason::ALL.iter().map(|r| r.name()).collect();
        assert_eq!(names.len(), Reason::ALL.len());
    }
}
