//! What the whole message file tells about each of its orders, before the day is replayed.
//!
//! A LOBSTER file shows a window: orders that were entered before it starts, or behind its last level, appear for the first
//! time when something happens to them. Reading ahead says which those are, and what will still happen to each order; an
//! order to which nothing more happens while it is displayed may have left unseen.

use std::collections::HashMap;

use toprung_book::Side;

use crate::lobster::{LobsterMessage, MessageKind};

/// No order.
pub(crate) const NONE: u32 = u32::MAX;

/// One order of the day, or a piece of anonymous quantity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) id: u64,
    pub(crate) price: i64,
    /// Open quantity while it is in the book.
    pub(crate) open: u64,
    /// Quantity that messages still to come will take off it: it must be there for them.
    pub(crate) future: u64,
    pub(crate) side: Side,
    pub(crate) in_book: bool,
    /// Its entry is in the file.
    pub(crate) entered: bool,
    /// Displayed quantity without an order that the file knows.
    pub(crate) anonymous: bool,
    /// The order before it under the same id, if there was one.
    pub(crate) previous: u32,
    /// Messages that must have been before it may be live: those of the order before it under the same id.
    pub(crate) not_before: usize,
}

impl Order {
    pub(crate) fn anonymous(id: u64, side: Side, price: i64) -> Order {
        Order {
            id,
            price,
            open: 0,
            future: 0,
            side,
            in_book: false,
            entered: false,
            anonymous: true,
            previous: NONE,
            not_before: 0,
        }
    }

    /// Whether no later message needs this order to be there.
    pub(crate) fn is_replaceable(&self) -> bool {
        self.future == 0
    }

    /// Quantity that may vanish without contradicting a later message.
    pub(crate) fn slack(&self) -> u64 {
        self.open.saturating_sub(self.future)
    }
}

/// Every order of a day.
#[derive(Debug)]
pub(crate) struct Orders {
    pub(crate) all: Vec<Order>,
    /// The order of each message, [`NONE`] where it is about no displayed order.
    pub(crate) of_message: Vec<u32>,
    /// An id above every one in the file.
    pub(crate) next_free_id: u64,
}

impl Orders {
    /// Reads ahead; `price_of` gives a message's price in ticks. Messages about one order must agree on its side and price.
    pub(crate) fn of(
        messages: &[LobsterMessage],
        price_of: impl Fn(&LobsterMessage) -> i64,
    ) -> Result<Orders, Contradiction> {
        let mut last: HashMap<u64, Last> = HashMap::with_capacity(messages.len() / 2);
        let mut all: Vec<Order> = Vec::with_capacity(messages.len() / 2);
        let mut of_message = Vec::with_capacity(messages.len());
        let mut next_free_id = 1;
        for (row, m) in messages.iter().enumerate() {
            if !m.kind.is_displayed() {
                of_message.push(NONE);
                continue;
            }
            next_free_id = next_free_id.max(m.id + 1);
            let last = last.entry(m.id).or_insert(Last { order: NONE, live: false, end: 0 });
            let entered = m.kind == MessageKind::Submission;
            if entered || !last.live {
                let (previous, not_before) = (last.order, last.end);
                let order = Order::anonymous(m.id, m.side, price_of(m));
                *last = Last { order: all.len() as u32, live: true, end: 0 };
                all.push(Order { entered, previous, not_before, anonymous: false, ..order });
            }
            let order = &all[last.order as usize];
            if order.price != price_of(m) || order.side != m.side {
                return Err(Contradiction { row, order: *order });
            }
            if !entered {
                let future = &mut all[last.order as usize].future;
                *future = future.saturating_add(m.size);
            }
            if m.kind == MessageKind::Deletion {
                (last.live, last.end) = (false, row + 1);
            }
            of_message.push(last.order);
        }
        Ok(Orders { all, of_message, next_free_id })
    }
}

/// A message that names another side or price than its order has.
#[derive(Debug)]
pub(crate) struct Contradiction {
    /// The message, from 0.
    pub(crate) row: usize,
    pub(crate) order: Order,
}

/// The order that an id was last seen with.
struct Last {
    order: u32,
    live: bool,
    /// Messages up to its deletion.
    end: usize,
}
