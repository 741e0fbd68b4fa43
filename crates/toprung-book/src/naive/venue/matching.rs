//! Continuous matching: one aggressor against one order after another.

use super::NaiveVenue;
use super::links::Note;
use super::order::{Order, Place};
use super::places::Opposite;
use crate::command::{SelfTrade, TimeInForce};
use crate::event::{Event, EventFlags, EventKind, Reason};
use crate::naive::steps::Allocation;
use crate::policy::Step;
use crate::venue::OrderType;

impl NaiveVenue {
    /// Trades with everything that qualifies; whether the breaker stopped it.
    pub(super) fn trade(&mut self, id: u64, limit: Option<i64>) -> bool {
        let o = &self.orders[&id];
        let spends = o.order_type == OrderType::Budget && o.tif == TimeInForce::Ioc;
        let mut purse = spends.then_some(i128::from(o.step));
        while let Some(o) = self.orders.get(&id).cloned() {
            let Some((next, want)) = self.next(&o, limit, purse) else { return false };
            if self.beyond_breaker(next.price) {
                return true;
            }
            if let Some(own) = self.own_order(&o, next.id) {
                self.prevent(&o, own);
                continue;
            }
            let displayed = self.orders[&next.id].place == Place::Displayed;
            if displayed && !self.config.book.policy.is_fifo() && u128::from(want) < self.open_at(next.id) {
                self.allocate(&o, next, want);
            } else {
                let qty = want.min(self.orders[&next.id].shows());
                self.exchange(id, next.id, next.price, qty, EventFlags::NONE);
                self.refresh(next.id);
            }
            let left = self.orders.get(&id).map_or(0, |o| o.open);
            let cost = i128::from(next.price).saturating_mul(i128::from(o.open - left));
            purse = purse.map(|purse| purse.saturating_sub(cost));
        }
        false
    }

    /// The order that is next, and how many lots the aggressor would take at its price.
    fn next(&self, o: &Order, limit: Option<i64>, purse: Option<i128>) -> Option<(Opposite, u64)> {
        let budget = o.order_type == OrderType::Budget;
        for next in self.opposite(o.side, limit) {
            let maker = &self.orders[&next.id];
            if budget && maker.place == Place::Unpriced {
                continue;
            }
            let paid_for = match purse {
                Some(purse) if next.price > 0 => {
                    u64::try_from(purse / i128::from(next.price)).unwrap_or(if purse < 0 { 0 } else { u64::MAX })
                }
                _ => u64::MAX,
            };
            let want = o.open.min(paid_for);
            if want == 0 {
                return None;
            }
            if !maker.all_or_none || maker.open <= want {
                return Some((next, want));
            }
        }
        None
    }

    fn beyond_breaker(&self, price: i64) -> bool {
        let (Some(reference), Some(breaker)) = (self.reference, self.config.breaker) else { return false };
        price.abs_diff(reference) > breaker
    }

    /// All that is open at the displayed level of an order.
    fn open_at(&self, id: u64) -> u128 {
        self.displayed_level(id).iter().map(|id| u128::from(self.orders[id].open)).sum()
    }

    /// Ids at the displayed level of an order, in time order.
    fn displayed_level(&self, id: u64) -> Vec<u64> {
        let o = &self.orders[&id];
        self.displayed[o.side as usize][&o.side.key(o.price)].iter().copied().collect()
    }

    /// The order that the aggressor may not trade with and would have to next: the next one, or under a policy that
    /// allocates any at the displayed level.
    fn own_order(&self, o: &Order, next: u64) -> Option<u64> {
        let own =
            |id: &u64| o.self_trade != SelfTrade::Allow && self.config.book.is_self(o.owner, self.orders[id].owner);
        let allocates = self.orders[&next].place == Place::Displayed && !self.config.book.policy.is_fifo();
        let reach = if allocates { self.displayed_level(next) } else { vec![next] };
        reach.into_iter().find(own)
    }

    /// The policy shares lots among the parts that a displayed level shows.
    fn allocate(&mut self, o: &Order, next: Opposite, want: u64) {
        let level = self.displayed_level(next.id);
        let shown: Vec<(u32, u64)> = level.iter().map(|id| (self.orders[id].owner, self.orders[id].shows())).collect();
        let qty = shown.iter().map(|&(_, qty)| qty).sum::<u64>().min(want);
        let top = self.top[!o.side as usize].and_then(|top| level.iter().position(|&id| id == top));
        let steps: Vec<Step> = self.config.book.policy.steps().to_vec();
        let fills = Allocation::new(shown, &self.config.book.participants, o.owner, top).run(&steps, qty);
        for (position, lots) in fills {
            self.exchange(o.id, level[position], next.price, lots, EventFlags::NONE);
        }
        level.into_iter().for_each(|id| self.refresh(id));
    }

    /// A fill, and what it means to links.
    pub(super) fn exchange(&mut self, taker: u64, maker: u64, price: i64, qty: u64, flags: EventFlags) {
        let e = self.about(EventKind::Trade, taker);
        self.emit(Event { other: maker, price, qty, flags, ..e });
        for id in [taker, maker] {
            for child in self.orders.values_mut() {
                if let Some(parent) = child.parent.as_mut().filter(|p| p.id == id) {
                    parent.traded = parent.traded.saturating_add(qty);
                }
            }
            let Some(o) = self.orders.get_mut(&id) else { continue };
            o.open -= qty;
            o.shown = o.shown.saturating_sub(qty);
            o.traded = o.traded.saturating_add(qty);
            self.notes.extend(o.partner.map(Note::Cancel));
            if o.open == 0 {
                self.remove(id);
            }
        }
        self.traded_at.push(price);
    }

    /// Applies the aggressor's instruction to an order of its own.
    fn prevent(&mut self, taker: &Order, own: u64) {
        let resting = self.orders[&own].clone();
        let smaller = resting.shows().min(taker.open);
        let (lost_by_own, lost_by_taker) = match taker.self_trade {
            SelfTrade::Allow => (0, 0),
            SelfTrade::CancelResting => (resting.open, 0),
            SelfTrade::CancelAggressor => (0, taker.open),
            SelfTrade::CancelBoth => (resting.open, taker.open),
            SelfTrade::Decrement => (smaller, smaller),
        };
        for (o, lost) in [(&resting, lost_by_own), (taker, lost_by_taker)] {
            if lost == o.open {
                self.end(o.id, Reason::SelfTrade);
            } else if lost > 0 {
                if let Some(o) = self.orders.get_mut(&o.id) {
                    o.open -= lost;
                    o.shown = o.shown.saturating_sub(lost);
                }
                let e = self.about(EventKind::Reduced, o.id);
                self.emit(Event { other: lost, reason: Reason::SelfTrade, ..e });
            }
        }
        self.refresh(own);
    }

    /// Why an order is not worth beginning: tries on a copy what would trade.
    pub(super) fn too_little(&self, o: &Order, limit: Option<i64>) -> Option<Reason> {
        if o.tif != TimeInForce::Fok && o.min_qty == 0 {
            return None;
        }
        let mut copy = self.clone();
        copy.events.clear();
        copy.trade(o.id, limit);
        let trades = || copy.events.iter().filter(|e| e.kind == EventKind::Trade);
        let lots: u128 = trades().map(|e| u128::from(e.qty)).sum();
        let cost: i128 = trades().map(|e| i128::from(e.price) * i128::from(e.qty)).sum();
        let pays = match o.side {
            _ if o.order_type != OrderType::Budget => true,
            crate::command::Side::Buy => cost <= i128::from(o.step),
            crate::command::Side::Sell => cost >= i128::from(o.step),
        };
        match o.tif {
            TimeInForce::Fok if lots < u128::from(o.open) || !pays => Some(Reason::FillOrKill),
            TimeInForce::Fok => None,
            _ => (lots < u128::from(o.min_qty)).then_some(Reason::MinimumQuantity),
        }
    }
}
