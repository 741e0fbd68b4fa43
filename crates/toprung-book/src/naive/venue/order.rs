//! One order with all its terms.

use crate::command::{CommandFlags, SelfTrade, Side, TimeInForce};
use crate::event::EventFlags;
use crate::venue::{Options, OrderType, Peg, VenueCommand};
use crate::view::OrderView;

/// Where an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// On its way in: trading, not yet anywhere.
    Entering,
    Displayed,
    Hidden,
    Unpriced,
    Held,
}

/// The order that a child waits for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parent {
    pub(super) id: u64,
    /// Lots that it has traded since the child came, or since its own entry where it came as a parent.
    pub(super) traded: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) id: u64,
    pub(super) side: Side,
    pub(super) owner: u32,
    /// A stop becomes a market or limit order when it is triggered.
    pub(super) order_type: OrderType,
    pub(super) tif: TimeInForce,
    pub(super) expire_at: u64,
    pub(super) self_trade: SelfTrade,
    pub(super) post_only: bool,
    pub(super) slide: bool,
    pub(super) hidden: bool,
    pub(super) all_or_none: bool,
    pub(super) min_qty: u64,
    /// Its limit, of a peg that rests the price that it has now; 0 without one.
    pub(super) price: i64,
    pub(super) open: u64,
    /// Of an iceberg, otherwise 0.
    pub(super) display_qty: u64,
    pub(super) display_range: u64,
    /// Number of the part that an iceberg shows, and what is left of that part.
    pub(super) part: u64,
    pub(super) shown: u64,
    pub(super) stop_price: Option<i64>,
    pub(super) offset: i64,
    pub(super) step: u64,
    pub(super) peg: Peg,
    /// What a peg may not go beyond.
    pub(super) peg_limit: Option<i64>,
    pub(super) partner: Option<u64>,
    pub(super) parent: Option<Parent>,
    /// It came as a parent.
    pub(super) is_parent: bool,
    /// A child whose parent has ended: at most so many lots enter.
    pub(super) granted: Option<u64>,
    /// Waits in the queue of those to enter.
    pub(super) elected: bool,
    /// Lots traded since it was accepted.
    pub(super) traded: u64,
    /// Number of its entry.
    pub(super) entry: u64,
    pub(super) place: Place,
}

impl Order {
    pub(super) fn new(cmd: &VenueCommand, entry: u64) -> Order {
        let has = |option| cmd.options.has(option);
        let kind = cmd.order_type;
        let parent = has(Options::ONE_TRIGGERS_OTHER).then_some(Parent { id: cmd.parent, traded: 0 });
        let mut o = Order {
            id: cmd.order.id,
            side: cmd.order.side,
            owner: cmd.order.owner,
            order_type: kind,
            tif: cmd.order.tif,
            expire_at: cmd.expire_at,
            self_trade: cmd.order.flags.self_trade(),
            post_only: cmd.order.flags.has(CommandFlags::POST_ONLY),
            slide: has(Options::SLIDE),
            hidden: has(Options::HIDDEN) || kind == OrderType::Pegged,
            all_or_none: has(Options::ALL_OR_NONE),
            min_qty: cmd.min_qty,
            price: if kind.has_limit() { cmd.order.price } else { 0 },
            open: cmd.order.qty,
            display_qty: cmd.display_qty,
            display_range: cmd.display_range,
            part: 0,
            shown: 0,
            stop_price: has(Options::STOP_PRICE).then_some(cmd.stop_price).filter(|_| kind.is_stop()),
            offset: cmd.offset,
            step: cmd.step,
            peg: cmd.peg,
            peg_limit: has(Options::LIMIT).then_some(cmd.order.price),
            partner: has(Options::ONE_CANCELS_OTHER).then_some(cmd.link),
            parent,
            is_parent: has(Options::PARENT),
            granted: None,
            elected: false,
            traded: 0,
            entry,
            place: Place::Entering,
        };
        o.forget_parts();
        o
    }

    pub(super) fn is_iceberg(&self) -> bool {
        self.display_qty > 0
    }

    pub(super) fn is_peg(&self) -> bool {
        self.order_type == OrderType::Pegged
    }

    /// A stop that waits for its price.
    pub(super) fn watches(&self) -> bool {
        self.place == Place::Held && self.order_type.is_stop() && self.parent.is_none() && !self.elected
    }

    /// Lots that can be reached without a next part.
    pub(super) fn shows(&self) -> u64 {
        if self.is_iceberg() { self.shown } else { self.open }
    }

    /// The part with which an iceberg begins, of any other order all that is open.
    pub(super) fn first_part(&self) -> u64 {
        if self.is_iceberg() { self.nth_part(0).min(self.open) } else { self.open }
    }

    pub(super) fn nth_part(&self, n: u64) -> u64 {
        crate::venue::part(self.display_qty, self.display_range, self.id, n)
    }

    /// What shows at least all of it hides nothing.
    pub(super) fn forget_parts(&mut self) {
        if self.display_qty >= self.open {
            (self.display_qty, self.display_range) = (0, 0);
        }
    }

    /// Takes lots that do not trade: of an iceberg first what is behind.
    pub(super) fn shrink_to(&mut self, open: u64) {
        self.open = open;
        self.shown = self.shown.min(open);
    }

    /// The price that views and events give.
    pub(super) fn quoted(&self) -> i64 {
        match self.place {
            Place::Held if self.is_peg() => self.peg_limit.unwrap_or(0),
            _ => self.price,
        }
    }

    pub(super) fn view(&self) -> OrderView {
        let &Order { id, side, owner, open, .. } = self;
        OrderView { id, side, price: self.quoted(), qty: open, owner }
    }

    /// What `Accepted`, `Triggered` and `Replaced` say of an order that is held.
    pub(super) fn held_flags(&self) -> EventFlags {
        let flags = if self.order_type.has_limit() || self.is_peg() { EventFlags::NONE } else { EventFlags::MARKET };
        let hidden = if self.hidden { EventFlags::HIDDEN } else { EventFlags::NONE };
        flags.with(hidden).with(EventFlags::HELD)
    }
}
