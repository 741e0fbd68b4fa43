//! All-or-none orders as aggressors.

use super::NaiveVenue;
use super::places::{Opposite, in_order, within};
use crate::command::Side;
use crate::event::EventFlags;

/// Most opposite orders that are looked at.
const REACH_MAX: usize = 1_024;

impl NaiveVenue {
    /// Trades whole or not at all, with the first order that completes it and those before.
    pub(super) fn trade_all_or_none(&mut self, id: u64) {
        let o = self.orders[&id].clone();
        let reach = self.opposite(o.side, Some(o.price)).into_iter().take(REACH_MAX);
        let fits = |next: &Opposite| !self.orders[&next.id].all_or_none || self.orders[&next.id].open <= o.open;
        let list: Vec<Opposite> = reach.filter(fits).collect();
        for (position, &last) in list.iter().enumerate() {
            let last_order = &self.orders[&last.id];
            let wanted = if last_order.all_or_none { o.open - last_order.open } else { o.open };
            let mut given = self.gives(&list[..position], wanted);
            let rest = o.open - given.iter().map(|&(_, lots)| lots).sum::<u64>();
            let completes = if last_order.all_or_none { rest == last_order.open } else { rest <= last_order.open };
            if completes {
                given.push((last, rest));
                for (maker, lots) in given.into_iter().filter(|&(_, lots)| lots > 0) {
                    self.exchange(id, maker.id, maker.price, lots, EventFlags::NONE);
                    self.refresh(maker.id);
                }
                return;
            }
        }
    }

    /// What these orders give of `wanted` lots, in order: each as much as fits, all-or-none orders only whole.
    fn gives(&self, list: &[Opposite], wanted: u64) -> Vec<(Opposite, u64)> {
        let mut left = wanted;
        let mut given = Vec::new();
        for &next in list {
            let o = &self.orders[&next.id];
            let lots = if o.all_or_none && o.open > left { 0 } else { o.open.min(left) };
            left -= lots;
            given.push((next, lots));
        }
        given
    }

    /// An order of `side` has come to rest at `price`: the all-or-none orders opposite try again, once each.
    pub(super) fn retry_all_or_none(&mut self, side: Side, price: i64) {
        let waiting: Vec<u64> = in_order(&self.displayed[!side as usize])
            .filter(|id| self.orders[id].all_or_none && within(side, Some(price), self.orders[id].price))
            .collect();
        for id in waiting {
            if self.orders.contains_key(&id) {
                self.trade_all_or_none(id);
            }
        }
    }
}
