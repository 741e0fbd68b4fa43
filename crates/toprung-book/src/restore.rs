//! A book's state, taken out and put back.
//!
//! What a book will do depends on its configuration, its [`BookState`] and its resting orders in time order, and on
//! nothing else: a restored book gives the same events, and so the same digest, as one that was never interrupted.

use std::fmt;

use crate::book::Book;
use crate::command::Side;
use crate::config::BookConfig;
use crate::digest::Digest;
use crate::event::Reason;
use crate::view::OrderView;

/// Most commands that a book may say it has carried out: counting on from here never overflows.
pub const COMMANDS_MAX: u64 = 1 << 62;

/// What a book knows beside its configuration and its orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BookState {
    /// Commands carried out; the next event's `seq`.
    pub commands: u64,
    /// Digest of every event so far.
    pub digest: Digest,
    /// The resting orders that are TOP on their sides, under a policy that knows TOP.
    pub top: [Option<u64>; 2],
}

/// Why a state cannot be that of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestoreError {
    /// An order with nothing open.
    ZeroQuantity {
        /// The order.
        id: u64,
    },
    /// Two orders have one id.
    DuplicateId {
        /// The id.
        id: u64,
    },
    /// A level's total quantity passes `u64::MAX`.
    QuantityOverflow {
        /// The order that does not fit any more.
        id: u64,
    },
    /// More orders than the configuration allows.
    TooManyOrders {
        /// What the configuration allows.
        max_orders: u32,
    },
    /// The best bid is not below the best ask.
    Crossed {
        /// Best bid in ticks.
        bid: i64,
        /// Best ask in ticks.
        ask: i64,
    },
    /// A TOP order that does not rest on its side, or one under a policy without TOP.
    Top {
        /// The order.
        id: u64,
    },
    /// Something that a venue says of an order, or of itself (0), and that cannot be.
    Venue {
        /// The order.
        id: u64,
        /// What cannot be.
        what: &'static str,
    },
    /// Fewer commands than orders, more than [`COMMANDS_MAX`], or none and yet events.
    Commands {
        /// What the state says.
        commands: u64,
        /// Resting orders.
        orders: u64,
    },
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RestoreError::ZeroQuantity { id } => write!(f, "order {id} has nothing open"),
            RestoreError::DuplicateId { id } => write!(f, "order {id} rests twice"),
            RestoreError::QuantityOverflow { id } => {
                write!(f, "with order {id} its level holds more than {} lots", u64::MAX)
            }
            RestoreError::TooManyOrders { max_orders } => write!(f, "more than the {max_orders} orders allowed"),
            RestoreError::Crossed { bid, ask } => write!(f, "crossed: bid {bid} against ask {ask}"),
            RestoreError::Top { id } => write!(f, "order {id} cannot be the TOP order of its side"),
            RestoreError::Venue { id: 0, what } => write!(f, "{what}"),
            RestoreError::Venue { id, what } => write!(f, "order {id} {what}"),
            RestoreError::Commands { commands, orders } => {
                write!(f, "{commands} commands cannot have left {orders} orders and this digest")
            }
        }
    }
}

impl std::error::Error for RestoreError {}

impl Book {
    /// What the book knows beside its configuration and its orders ([`Book::orders`]).
    pub fn state(&self) -> BookState {
        // One that has died is TOP no more, and whoever comes under its id is not either.
        let top = Side::BOTH.map(|side| self.top[side as usize].filter(|&id| self.rests_on(id, side)));
        BookState { commands: self.commands(), digest: self.digest(), top }
    }

    fn rests_on(&self, id: u64, side: Side) -> bool {
        self.order(id).is_some_and(|order| order.side == side)
    }

    /// A book that goes on from `state`, with `orders` resting: the orders of a level in time order, the levels and sides
    /// in any order.
    ///
    /// ```
    /// use toprung_book::{Book, Command, Side};
    /// let mut book = Book::default();
    /// book.apply(&Command::limit(1, Side::Sell, 105, 30), &mut ());
    /// let orders = Side::BOTH.into_iter().flat_map(|side| book.orders(side));
    /// let mut restored = Book::restore(book.config().clone(), &book.state(), orders).unwrap();
    /// restored.apply(&Command::cancel(1), &mut ());
    /// book.apply(&Command::cancel(1), &mut ());
    /// assert_eq!(restored.digest(), book.digest());
    /// ```
    pub fn restore(
        config: BookConfig,
        state: &BookState,
        orders: impl IntoIterator<Item = OrderView>,
    ) -> Result<Book, RestoreError> {
        let max_orders = config.max_orders;
        let mut book = Book::new(config);
        (book.seq, book.digest) = (state.commands, state.digest);
        for order in orders {
            let OrderView { id, side, price, qty, .. } = order;
            if qty == 0 {
                return Err(RestoreError::ZeroQuantity { id });
            }
            if book.contains(id) {
                return Err(RestoreError::DuplicateId { id });
            }
            let level = book.ladders[side as usize].level(side.key(price));
            match book.no_room(level, qty) {
                None => book.rest(&order, level),
                Some(Reason::BookFull) => return Err(RestoreError::TooManyOrders { max_orders }),
                Some(_) => return Err(RestoreError::QuantityOverflow { id }),
            }
        }
        if let (Some(bid), Some(ask)) = (book.best(Side::Buy), book.best(Side::Sell))
            && bid.price >= ask.price
        {
            return Err(RestoreError::Crossed { bid: bid.price, ask: ask.price });
        }
        for (side, top) in Side::BOTH.into_iter().zip(state.top) {
            if let Some(id) = top.filter(|&id| book.top_min_qty.is_none() || !book.rests_on(id, side)) {
                return Err(RestoreError::Top { id });
            }
        }
        book.top = state.top;
        let (commands, orders) = (state.commands, book.order_count() as u64);
        // Every command gives an event, and every order that rests took one.
        if commands < orders || commands > COMMANDS_MAX || (commands == 0) != (state.digest == Digest::EMPTY) {
            return Err(RestoreError::Commands { commands, orders });
        }
        Ok(book)
    }
}
