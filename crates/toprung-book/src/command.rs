//! What can be asked of a book: one fixed-size record, [`Command`].
//!
//! The record is 32 bytes, two to a cache line, plain data: it can be written to a journal, sent in batches and replayed
//! as it is.

use std::ops::{BitOr, BitOrAssign, Not};

/// The side of an order.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Side {
    /// Bids: a higher price is better.
    Buy = 0,
    /// Asks: a lower price is better.
    Sell = 1,
}

impl Side {
    /// Both sides, bids first.
    pub const BOTH: [Side; 2] = [Side::Buy, Side::Sell];

    /// The side encoded as 0 (buy) or 1 (sell), `None` for anything else.
    #[inline]
    pub const fn from_u8(v: u8) -> Option<Side> {
        match v {
            0 => Some(Side::Buy),
            1 => Some(Side::Sell),
            _ => None,
        }
    }

    /// Maps a price so that a larger key is better on this side: the price for bids, its bitwise complement for asks.
    ///
    /// The complement is its own inverse and covers the whole of `i64`, so `key(key(p)) == p`.
    #[inline(always)]
    pub(crate) const fn key(self, price: i64) -> i64 {
        price ^ -(self as i64)
    }
}

impl Not for Side {
    type Output = Side;

    #[inline(always)]
    fn not(self) -> Side {
        match self {
            Side::Buy => Side::Sell,
            Side::Sell => Side::Buy,
        }
    }
}

/// What a [`Command`] asks for.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CommandKind {
    /// A new limit order: trades at `price` or better, the rest rests, is cancelled (IOC) or forbids the whole (FOK).
    Limit = 0,
    /// A new market order: trades at any price; what finds no counterparty is cancelled.
    Market = 1,
    /// Takes a resting order off the book.
    Cancel = 2,
    /// Lowers a resting order's open quantity by `qty` and keeps its priority; `qty` at or above the open quantity
    /// removes it.
    Reduce = 3,
    /// Gives a resting order a new price and a new *open* quantity (0 removes it). It may trade on re-entry.
    Replace = 4,
}

impl CommandKind {
    /// What the kinds are called, by their code.
    pub const NAMES: [&'static str; 5] = ["limit", "market", "cancel", "reduce", "replace"];

    /// The kind encoded as in the enum, `None` for anything else.
    #[inline]
    pub const fn from_u8(v: u8) -> Option<CommandKind> {
        match v {
            0 => Some(CommandKind::Limit),
            1 => Some(CommandKind::Market),
            2 => Some(CommandKind::Cancel),
            3 => Some(CommandKind::Reduce),
            4 => Some(CommandKind::Replace),
            _ => None,
        }
    }
}

/// How long a new order may live.
///
/// A book alone knows no time and no sessions: to it, whatever is neither `Ioc` nor `Fok` is good till cancelled. A
/// [`Venue`](crate::Venue) ends the others.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum TimeInForce {
    /// Until cancelled.
    Gtc = 0,
    /// What does not trade at once is cancelled.
    Ioc = 1,
    /// All at once or not at all.
    Fok = 2,
    /// Until a given time.
    Gtd = 3,
    /// Until the market closes.
    Day = 4,
    /// For the opening auction only.
    AtOpen = 5,
    /// For the closing auction only.
    AtClose = 6,
}

impl TimeInForce {
    /// The value encoded as in the enum, `None` for anything else.
    #[inline]
    pub const fn from_u8(v: u8) -> Option<TimeInForce> {
        match v {
            0 => Some(TimeInForce::Gtc),
            1 => Some(TimeInForce::Ioc),
            2 => Some(TimeInForce::Fok),
            3 => Some(TimeInForce::Gtd),
            4 => Some(TimeInForce::Day),
            5 => Some(TimeInForce::AtOpen),
            6 => Some(TimeInForce::AtClose),
            _ => None,
        }
    }

    /// Whether what does not trade at once may rest.
    #[inline(always)]
    pub const fn rests(self) -> bool {
        !matches!(self, TimeInForce::Ioc | TimeInForce::Fok)
    }
}

/// What an order does when it would trade with a resting order of the same owner.
#[repr(u8)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SelfTrade {
    /// It trades.
    #[default]
    Allow = 0,
    /// The resting order is cancelled and the aggressor goes on (CME's default; FIX 2964 = 1).
    CancelResting = 1,
    /// What is left of the aggressor is cancelled (FIX 2964 = 2).
    CancelAggressor = 2,
    /// Both are cancelled (FIX 2964 = 3).
    CancelBoth = 3,
    /// Both lose the smaller one's quantity without trading; what has nothing left is cancelled (Coinbase, TSX).
    Decrement = 4,
}

impl SelfTrade {
    /// The value encoded as in the enum, `None` for anything else.
    #[inline]
    pub const fn from_u8(v: u8) -> Option<SelfTrade> {
        match v {
            0 => Some(SelfTrade::Allow),
            1 => Some(SelfTrade::CancelResting),
            2 => Some(SelfTrade::CancelAggressor),
            3 => Some(SelfTrade::CancelBoth),
            4 => Some(SelfTrade::Decrement),
            _ => None,
        }
    }
}

/// Bits that modify a [`Command`]: three switches, and from the fourth bit on its [`SelfTrade`].
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CommandFlags(u8);

impl CommandFlags {
    /// No bit set.
    pub const NONE: CommandFlags = CommandFlags(0);
    /// Refuse the order (or the replace) if it would trade on entry.
    pub const POST_ONLY: CommandFlags = CommandFlags(1);
    /// On [`CommandKind::Replace`]: keep the price, ignore `price`.
    pub const KEEP_PRICE: CommandFlags = CommandFlags(2);
    /// On [`CommandKind::Replace`]: keep the open quantity, ignore `qty`.
    pub const KEEP_QTY: CommandFlags = CommandFlags(4);
    const SWITCHES: u8 = 7;
    const SELF_TRADE_SHIFT: u32 = 3;

    /// The bits as a byte, `None` if they have no meaning.
    #[inline]
    pub const fn from_u8(bits: u8) -> Option<CommandFlags> {
        match SelfTrade::from_u8(bits >> Self::SELF_TRADE_SHIFT) {
            Some(_) => Some(CommandFlags(bits)),
            None => None,
        }
    }

    /// The same switches with this self-trade prevention.
    #[inline]
    pub const fn with_self_trade(self, mode: SelfTrade) -> CommandFlags {
        CommandFlags(self.0 & Self::SWITCHES | (mode as u8) << Self::SELF_TRADE_SHIFT)
    }

    /// The self-trade prevention.
    #[inline(always)]
    pub const fn self_trade(self) -> SelfTrade {
        match SelfTrade::from_u8(self.0 >> Self::SELF_TRADE_SHIFT) {
            Some(mode) => mode,
            // `from_u8` and the constructors let nothing else in.
            None => SelfTrade::Allow,
        }
    }

    /// The bits as a byte.
    #[inline]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether every bit of `other` is set.
    #[inline(always)]
    pub const fn has(self, other: CommandFlags) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Unites switches; of two self-trade preventions the second counts.
impl BitOr for CommandFlags {
    type Output = CommandFlags;

    fn bitor(self, rhs: CommandFlags) -> CommandFlags {
        let switches = CommandFlags((self.0 | rhs.0) & CommandFlags::SWITCHES);
        switches.with_self_trade(if rhs.self_trade() == SelfTrade::Allow {
            self.self_trade()
        } else {
            rhs.self_trade()
        })
    }
}

impl BitOrAssign for CommandFlags {
    fn bitor_assign(&mut self, rhs: CommandFlags) {
        *self = *self | rhs;
    }
}

/// One request to a book. Fields that a kind does not use are ignored.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// The order's id: any value, unique among live orders.
    pub id: u64,
    /// Limit price in ticks.
    pub price: i64,
    /// Quantity in lots: of a new order, to reduce by, or the new open quantity of a replaced order.
    pub qty: u64,
    /// The order's owner, or who asks for a change; 0 is nobody and is never checked.
    pub owner: u32,
    /// What is asked.
    pub kind: CommandKind,
    /// Side of a new order.
    pub side: Side,
    /// Time in force of a new order; a market order is never good till cancelled, whatever this says.
    pub tif: TimeInForce,
    /// Modifiers.
    pub flags: CommandFlags,
}

// Two commands to a cache line; the layout is written to journals.
const _: () = assert!(size_of::<Command>() == 32 && align_of::<Command>() == 8);

impl Command {
    const fn new(kind: CommandKind, id: u64, side: Side, price: i64, qty: u64) -> Command {
        Command { id, price, qty, owner: 0, kind, side, tif: TimeInForce::Gtc, flags: CommandFlags::NONE }
    }

    /// A limit order, good till cancelled.
    pub const fn limit(id: u64, side: Side, price: i64, qty: u64) -> Command {
        Command::new(CommandKind::Limit, id, side, price, qty)
    }

    /// A limit order whose unfilled rest is cancelled.
    pub const fn ioc(id: u64, side: Side, price: i64, qty: u64) -> Command {
        Command::limit(id, side, price, qty).with_tif(TimeInForce::Ioc)
    }

    /// A limit order that fills at once and whole, or not at all.
    pub const fn fok(id: u64, side: Side, price: i64, qty: u64) -> Command {
        Command::limit(id, side, price, qty).with_tif(TimeInForce::Fok)
    }

    /// A market order; what finds no counterparty is cancelled.
    pub const fn market(id: u64, side: Side, qty: u64) -> Command {
        Command::new(CommandKind::Market, id, side, 0, qty)
    }

    /// Takes order `id` off the book.
    pub const fn cancel(id: u64) -> Command {
        Command::new(CommandKind::Cancel, id, Side::Buy, 0, 0)
    }

    /// Lowers the open quantity of order `id` by `by` lots; priority is kept.
    pub const fn reduce(id: u64, by: u64) -> Command {
        Command::new(CommandKind::Reduce, id, Side::Buy, 0, by)
    }

    /// Gives order `id` a new price and a new open quantity.
    pub const fn replace(id: u64, price: i64, open_qty: u64) -> Command {
        Command::new(CommandKind::Replace, id, Side::Buy, price, open_qty)
    }

    /// The same command with a time in force.
    pub const fn with_tif(mut self, tif: TimeInForce) -> Command {
        self.tif = tif;
        self
    }

    /// The same command in the name of `owner`.
    pub const fn with_owner(mut self, owner: u32) -> Command {
        self.owner = owner;
        self
    }

    /// The same command with self-trade prevention; its own owner says what a self-trade is.
    pub const fn with_self_trade(mut self, mode: SelfTrade) -> Command {
        self.flags = self.flags.with_self_trade(mode);
        self
    }

    /// The same command with `flags` in place of its own.
    pub const fn with_flags(mut self, flags: CommandFlags) -> Command {
        self.flags = flags;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_key_is_better_on_both_sides_over_the_whole_price_domain() {
        for (worse, better) in [(i64::MIN, i64::MAX), (-1, 0), (0, 1), (i64::MIN, i64::MIN + 1)] {
            assert!(Side::Buy.key(worse) < Side::Buy.key(better));
            assert!(Side::Sell.key(better) < Side::Sell.key(worse));
        }
        for p in [i64::MIN, -7, 0, 7, i64::MAX] {
            assert_eq!(Side::Sell.key(Side::Sell.key(p)), p);
        }
    }

    #[test]
    fn bytes_without_a_meaning_are_refused() {
        assert_eq!(Side::from_u8(2), None);
        assert_eq!(CommandKind::from_u8(5), None);
        assert_eq!(TimeInForce::from_u8(7), None);
        assert_eq!(CommandFlags::from_u8(5 << 3), None);
        assert_eq!(SelfTrade::from_u8(5), None);
        for v in 0..=4 {
            assert_eq!(CommandKind::from_u8(v).unwrap() as u8, v);
        }
    }

    #[test]
    fn switches_and_self_trade_prevention_do_not_disturb_each_other() {
        let flags = CommandFlags::POST_ONLY.with_self_trade(SelfTrade::Decrement) | CommandFlags::KEEP_QTY;
        assert!(flags.has(CommandFlags::POST_ONLY) && flags.has(CommandFlags::KEEP_QTY));
        assert_eq!(flags.self_trade(), SelfTrade::Decrement);
        assert_eq!(
            (flags | CommandFlags::NONE.with_self_trade(SelfTrade::CancelBoth)).self_trade(),
            SelfTrade::CancelBoth
        );
        assert_eq!(CommandFlags::from_u8(flags.bits()), Some(flags));
    }
}
