//! The resting orders of a tape, as far as it tells of them.

use std::collections::HashMap;

use toprung_book::Side;

use crate::realism::{Row, RowKind};

/// An order that rests.
#[derive(Clone, Copy)]
struct Resting {
    side: Side,
    price: i64,
    qty: u64,
}

/// Orders by id, and orders and lots by price.
#[derive(Default)]
pub(super) struct Ledger {
    orders: HashMap<u64, Resting>,
    levels: [HashMap<i64, (u64, u64)>; 2],
}

impl Ledger {
    /// Orders at a price.
    pub(super) fn orders_at(&self, side: Side, price: i64) -> u64 {
        self.levels[side as usize].get(&price).map_or(0, |level| level.0)
    }

    /// Lots at a price.
    pub(super) fn lots_at(&self, side: Side, price: i64) -> u64 {
        self.levels[side as usize].get(&price).map_or(0, |level| level.1)
    }

    /// All orders.
    pub(super) fn len(&self) -> usize {
        self.orders.len()
    }

    /// Takes in a message; says whether it was of an order that the ledger has or now has.
    pub(super) fn take(&mut self, row: &Row) -> bool {
        if row.kind == RowKind::Add {
            let (side, price, qty) = (row.side, row.price, row.qty);
            self.orders.insert(row.id, Resting { side, price, qty });
            let level = self.levels[side as usize].entry(price).or_default();
            *level = (level.0 + 1, level.1 + qty);
            return true;
        }
        let Some(order) = self.orders.get_mut(&row.id) else { return false };
        let gone = if row.kind == RowKind::Cancel { order.qty } else { row.qty.min(order.qty) };
        order.qty -= gone;
        let Resting { side, price, qty } = *order;
        let ends = qty == 0;
        if let Some(level) = self.levels[side as usize].get_mut(&price) {
            *level = (level.0 - u64::from(ends), level.1 - gone);
            if level.0 == 0 {
                self.levels[side as usize].remove(&price);
            }
        }
        if ends {
            self.orders.remove(&row.id);
        }
        true
    }
}
