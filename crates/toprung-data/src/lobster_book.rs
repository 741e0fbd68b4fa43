//! The book that a LOBSTER day is followed with while it is turned into a replay: levels and queues, without matching.
//!
//! It does what the messages say, whatever the priority, so that a book under test has something to be compared with.

use std::collections::{BTreeMap, VecDeque};

use toprung_book::Side;

use crate::lobster_orders::Order;

/// One price: its orders in time order, and what they add up to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queue {
    pub(crate) total: u64,
    pub(crate) orders: VecDeque<u32>,
}

/// Both sides, best level first.
#[derive(Debug, Default)]
pub(crate) struct FollowedBook {
    sides: [BTreeMap<i64, Queue>; 2],
}

/// Sorts best first on both sides; its own inverse over the prices of a LOBSTER file, which are far from the limits.
fn key(side: Side, price: i64) -> i64 {
    if side == Side::Buy { !price } else { price }
}

impl FollowedBook {
    /// Puts an order behind its level's others.
    pub(crate) fn add(&mut self, orders: &mut [Order], index: u32, qty: u64) {
        let o = &mut orders[index as usize];
        o.open = qty;
        o.in_book = true;
        let queue = self.sides[o.side as usize].entry(key(o.side, o.price)).or_default();
        queue.total += qty;
        queue.orders.push_back(index);
    }

    /// Takes `qty` of an order's open quantity off, the order too if none is left. Says whether it is gone.
    pub(crate) fn take(&mut self, orders: &mut [Order], index: u32, qty: u64) -> bool {
        let o = &mut orders[index as usize];
        let qty = qty.min(o.open);
        let level = key(o.side, o.price);
        let side = &mut self.sides[o.side as usize];
        let Some(queue) = side.get_mut(&level) else { return false };
        queue.total -= qty;
        o.open -= qty;
        if o.open > 0 {
            return false;
        }
        o.in_book = false;
        if let Some(at) = queue.orders.iter().position(|i| *i == index) {
            queue.orders.remove(at);
        }
        if queue.orders.is_empty() {
            side.remove(&level);
        }
        true
    }

    pub(crate) fn best(&self, side: Side) -> Option<(i64, &Queue)> {
        self.levels(side).next()
    }

    pub(crate) fn level(&self, side: Side, price: i64) -> Option<&Queue> {
        self.sides[side as usize].get(&key(side, price))
    }

    /// The levels of a side, best first.
    pub(crate) fn levels(&self, side: Side) -> impl Iterator<Item = (i64, &Queue)> {
        self.sides[side as usize].iter().map(move |(k, q)| (key(side, *k), q))
    }
}

/// Whether `a` is a better price than `b`, or the same.
pub(crate) fn at_least_as_good(side: Side, a: i64, b: i64) -> bool {
    key(side, a) <= key(side, b)
}
