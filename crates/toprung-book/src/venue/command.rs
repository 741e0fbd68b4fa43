//! What can be asked of a venue: one fixed-size record, [`VenueCommand`].

use crate::command::{Command, CommandKind, Side};

/// What a [`VenueCommand`] asks for.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VenueAction {
    /// A new order of type [`VenueCommand::order_type`].
    Enter = 0,
    /// Ends an order, resting or held.
    Cancel = 1,
    /// Lowers an order's open quantity by `qty` and keeps its place.
    Reduce = 2,
    /// Gives an order a new price, open quantity, id, side, stop price or display quantity.
    Replace = 3,
    /// Ends every order of `owner` (0: of everybody) on the sides and at the prices that the options choose.
    MassCancel = 4,
    /// Ends every order of `owner` and refuses its new ones until [`VenueAction::Unblock`].
    Block = 5,
    /// Lets `owner` enter orders again.
    Unblock = 6,
    /// Makes `price` the reference of bands, breaker and auctions.
    SetReference = 7,
    /// Makes `price` the last traded price, as if a trade had been there.
    SetLast = 8,
    /// Goes to the phase whose code is `qty`.
    SetPhase = 9,
    /// Lets simulated time come to `qty` nanoseconds: what is due until then happens.
    Advance = 10,
    /// Executes the auction now, in a phase that collects orders.
    Uncross = 11,
}

impl VenueAction {
    /// Every action, in the order of its code.
    pub const ALL: [VenueAction; 12] = [
        VenueAction::Enter,
        VenueAction::Cancel,
        VenueAction::Reduce,
        VenueAction::Replace,
        VenueAction::MassCancel,
        VenueAction::Block,
        VenueAction::Unblock,
        VenueAction::SetReference,
        VenueAction::SetLast,
        VenueAction::SetPhase,
        VenueAction::Advance,
        VenueAction::Uncross,
    ];

    /// The action encoded as in the enum, `None` for anything else.
    #[inline]
    pub fn from_u8(v: u8) -> Option<VenueAction> {
        VenueAction::ALL.get(usize::from(v)).copied()
    }
}

/// How a new order finds its price and its time.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum OrderType {
    /// At `price` or better.
    Limit = 0,
    /// At any price; the rest goes the way of [`MarketRemainder`](crate::MarketRemainder).
    Market = 1,
    /// At the best opposite price, where the rest becomes a limit order.
    MarketToLimit = 2,
    /// At most `offset` ticks through the best opposite price, where the rest becomes a limit order.
    MarketProtected = 3,
    /// As many lots, up to `qty`, as `step` ticks times lots pay for.
    Budget = 4,
    /// A market order once the market has come to `stop_price`.
    Stop = 5,
    /// A limit order once the market has come to `stop_price`.
    StopLimit = 6,
    /// A stop that follows the market at a distance of `offset`, in moves of at least `step`.
    TrailingStop = 7,
    /// As [`OrderType::TrailingStop`], with a limit that moves along.
    TrailingStopLimit = 8,
    /// Hidden, at `offset` ticks from what [`Peg`] names, never through the limit `price` if it has one.
    Pegged = 9,
}

impl OrderType {
    /// Every type, in the order of its code.
    pub const ALL: [OrderType; 10] = [
        OrderType::Limit,
        OrderType::Market,
        OrderType::MarketToLimit,
        OrderType::MarketProtected,
        OrderType::Budget,
        OrderType::Stop,
        OrderType::StopLimit,
        OrderType::TrailingStop,
        OrderType::TrailingStopLimit,
        OrderType::Pegged,
    ];

    /// The type encoded as in the enum, `None` for anything else.
    #[inline]
    pub fn from_u8(v: u8) -> Option<OrderType> {
        OrderType::ALL.get(usize::from(v)).copied()
    }

    /// Whether it waits for the market to come to a price.
    pub const fn is_stop(self) -> bool {
        matches!(self, OrderType::Stop | OrderType::StopLimit | OrderType::TrailingStop | OrderType::TrailingStopLimit)
    }

    /// Whether its stop price follows the market.
    pub const fn is_trailing(self) -> bool {
        matches!(self, OrderType::TrailingStop | OrderType::TrailingStopLimit)
    }

    /// Whether `price` is a limit that must be given.
    pub const fn has_limit(self) -> bool {
        matches!(self, OrderType::Limit | OrderType::StopLimit | OrderType::TrailingStopLimit)
    }
}

/// What a pegged order follows: a price of the displayed book.
#[repr(u8)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Peg {
    /// The best price of its own side.
    #[default]
    Primary = 0,
    /// The middle of both best prices, rounded away from the opposite one.
    Mid = 1,
    /// The best price of the opposite side.
    Market = 2,
}

impl Peg {
    /// The value encoded as in the enum, `None` for anything else.
    #[inline]
    pub const fn from_u8(v: u8) -> Option<Peg> {
        match v {
            0 => Some(Peg::Primary),
            1 => Some(Peg::Mid),
            2 => Some(Peg::Market),
            _ => None,
        }
    }
}

/// Bits that modify a [`VenueCommand`].
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Options(u16);

impl Options {
    /// No bit set.
    pub const NONE: Options = Options(0);
    /// Rests unseen, behind what is displayed at its price.
    pub const HIDDEN: Options = Options(1);
    /// Trades whole or not at all, and waits in the book for it.
    pub const ALL_OR_NONE: Options = Options(2);
    /// A post-only order that would trade rests one tick away from the opposite side instead of being refused.
    pub const SLIDE: Options = Options(4);
    /// `stop_price` is given; on a replace it is the new one.
    pub const STOP_PRICE: Options = Options(8);
    /// `price` limits a pegged order.
    pub const LIMIT: Options = Options(16);
    /// On a replace: `display_qty` is the new one.
    pub const DISPLAY: Options = Options(32);
    /// On a replace: `link` is the order's new id.
    pub const NEW_ID: Options = Options(64);
    /// On a replace: `side` of the command is the new side.
    pub const NEW_SIDE: Options = Options(128);
    /// On a replace: `qty` counts what the order has already traded (in-flight mitigation).
    pub const TOTAL_QTY: Options = Options(256);
    /// On a mass cancel: only the side of the command.
    pub const ONE_SIDE: Options = Options(512);
    /// On a mass cancel: only resting orders with `price <= limit <= stop_price`.
    pub const RANGE: Options = Options(1024);
    /// `link` names an order: when one of the two trades, becomes active or ends, the other is cancelled.
    pub const ONE_CANCELS_OTHER: Options = Options(2048);
    /// `parent` names an order: this one waits until that has ended, and enters with at most what it traded.
    pub const ONE_TRIGGERS_OTHER: Options = Options(4096);
    /// Others will name this order as their `parent`: what it trades counts from its entry, not from theirs.
    pub const PARENT: Options = Options(8192);
    const ALL: u16 = 16383;

    /// The bits as a number, `None` if some have no meaning.
    #[inline]
    pub const fn from_u16(bits: u16) -> Option<Options> {
        if bits <= Options::ALL { Some(Options(bits)) } else { None }
    }

    /// The bits as a number.
    #[inline]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Whether every bit of `other` is set.
    #[inline(always)]
    pub const fn has(self, other: Options) -> bool {
        self.0 & other.0 == other.0
    }

    /// These bits and those of `other`.
    #[inline]
    pub const fn with(self, other: Options) -> Options {
        Options(self.0 | other.0)
    }
}

/// One request to a venue. Fields that an action or a type does not use are ignored.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VenueCommand {
    /// Id, limit price, quantity, owner, side, time in force, post-only, keep-price, keep-quantity and self-trade
    /// prevention, as in a book. Its `kind` is ignored: [`VenueCommand::action`] counts.
    pub order: Command,
    /// Where a stop becomes active, in ticks; of a mass cancel with a range the highest price.
    pub stop_price: i64,
    /// Lots that an iceberg shows at a time; 0: everything is shown.
    pub display_qty: u64,
    /// An iceberg shows between `display_qty - display_range` and `display_qty + display_range` lots, at random by its id.
    pub display_range: u64,
    /// Least lots that must trade at once.
    pub min_qty: u64,
    /// Simulated time in nanoseconds from which a good-till-date order is over.
    pub expire_at: u64,
    /// The order that it cancels and is cancelled by; of a replace its new id.
    pub link: u64,
    /// The order that has to end before it enters.
    pub parent: u64,
    /// Distance of a trailing stop (negative: in hundredths of a per cent of the price), offset of a peg, protection points.
    pub offset: i64,
    /// Least move of a trailing stop, in the unit of its distance; the notional of a budget.
    pub step: u64,
    /// What is asked.
    pub action: VenueAction,
    /// Type of a new order.
    pub order_type: OrderType,
    /// What a pegged order follows.
    pub peg: Peg,
    /// Must be 0.
    pub reserved: u8,
    /// Modifiers.
    pub options: Options,
    /// Must be 0.
    pub reserved2: u16,
}

// Written to journals as it is.
const _: () = assert!(size_of::<VenueCommand>() == 112 && align_of::<VenueCommand>() == 8);

impl VenueCommand {
    const fn new(action: VenueAction, order: Command) -> VenueCommand {
        VenueCommand {
            order,
            stop_price: 0,
            display_qty: 0,
            display_range: 0,
            min_qty: 0,
            expire_at: 0,
            link: 0,
            parent: 0,
            offset: 0,
            step: 0,
            action,
            order_type: OrderType::Limit,
            peg: Peg::Primary,
            reserved: 0,
            options: Options::NONE,
            reserved2: 0,
        }
    }

    /// A new order of a type; `price` counts where the type has a limit.
    pub const fn enter(order_type: OrderType, id: u64, side: Side, price: i64, qty: u64) -> VenueCommand {
        let order = Command::limit(id, side, price, qty);
        VenueCommand { order_type, ..VenueCommand::new(VenueAction::Enter, order) }
    }

    /// A request that needs nothing but a price and a quantity.
    pub const fn request(action: VenueAction, price: i64, qty: u64) -> VenueCommand {
        VenueCommand::new(action, Command::limit(0, Side::Buy, price, qty))
    }

    /// The same command in the name of `owner`.
    pub const fn owned_by(mut self, owner: u32) -> VenueCommand {
        self.order.owner = owner;
        self
    }

    /// The same command with a stop price.
    pub const fn with_stop_price(mut self, stop_price: i64) -> VenueCommand {
        self.stop_price = stop_price;
        self.options = self.options.with(Options::STOP_PRICE);
        self
    }

    /// The same command with further options.
    pub const fn with_options(mut self, options: Options) -> VenueCommand {
        self.options = self.options.with(options);
        self
    }

    /// The command that a plain book would take for this one, if it is one of those.
    pub fn plain(&self) -> Option<Command> {
        let kind = match (self.action, self.order_type) {
            (VenueAction::Enter, OrderType::Limit) => CommandKind::Limit,
            (VenueAction::Enter, OrderType::Market) => CommandKind::Market,
            (VenueAction::Cancel, _) => CommandKind::Cancel,
            (VenueAction::Reduce, _) => CommandKind::Reduce,
            (VenueAction::Replace, _) => CommandKind::Replace,
            _ => return None,
        };
        let enters = self.action == VenueAction::Enter;
        let lives = !enters || (self.order.tif as u8) <= crate::TimeInForce::Fok as u8;
        let is_plain = self.options == Options::NONE
            && self.display_qty == 0
            && self.display_range == 0
            && self.min_qty == 0
            && lives;
        is_plain.then_some(Command { kind, ..self.order })
    }
}

impl From<Command> for VenueCommand {
    fn from(order: Command) -> VenueCommand {
        let (action, order_type) = match order.kind {
            CommandKind::Limit => (VenueAction::Enter, OrderType::Limit),
            CommandKind::Market => (VenueAction::Enter, OrderType::Market),
            CommandKind::Cancel => (VenueAction::Cancel, OrderType::Limit),
            CommandKind::Reduce => (VenueAction::Reduce, OrderType::Limit),
            CommandKind::Replace => (VenueAction::Replace, OrderType::Limit),
        };
        VenueCommand { order_type, ..VenueCommand::new(action, order) }
    }
}

/// Parts that an iceberg may come to: an aggressor that takes all of them must come to an end.
const PARTS_MAX: u128 = 10_000;

/// Whether an iceberg of `qty` lots would come to too many parts. One that shows all it has is none.
pub(crate) fn has_too_many_parts(qty: u64, display_qty: u64, display_range: u64) -> bool {
    display_qty > 0
        && display_qty < qty
        && u128::from(qty) > PARTS_MAX * u128::from(display_qty.saturating_sub(display_range))
}

/// Lots that an iceberg shows in its `nth` part (from 0): around `display_qty`, the same on every machine.
pub(crate) fn part(display_qty: u64, display_range: u64, id: u64, nth: u64) -> u64 {
    if display_range == 0 {
        return display_qty;
    }
    // The finaliser of SplitMix64 over the id and the number of the part.
    let mut z = id.wrapping_add(nth.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    let spread = u128::from(display_range) * 2 + 1;
    let low = u128::from(display_qty - display_range);
    u64::try_from(low + u128::from(z) % spread).unwrap_or(u64::MAX)
}
