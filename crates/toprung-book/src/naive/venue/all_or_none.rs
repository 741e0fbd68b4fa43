//! All-or-none orders as aggressors.

use super::NaiveVenue;
use super::auction::pairs;
use super::order::Order;
use super::places::{Opposite, in_order};
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

    /// Whether an order that may rest waits behind an all-or-none order of its own side.
    pub(super) fn waits(&self, o: &Order, limit: Option<i64>) -> bool {
        let Some(limit) = limit.filter(|_| o.tif.rests()) else { return false };
        in_order(&self.displayed[o.side as usize])
            .any(|id| self.orders[&id].all_or_none && o.side.key(self.orders[&id].price) >= o.side.key(limit))
    }

    /// If the book is crossed: its sides try to complete each other. Whether they did.
    pub(super) fn complete_crossed(&mut self) -> bool {
        let [bids, asks] = Side::BOTH.map(|side| self.priced(side));
        let (Some(bid), Some(ask)) = (bids.first(), asks.first()) else { return false };
        let buyers_take = self.orders[&bid.id].all_or_none || !self.orders[&ask.id].all_or_none;
        let Some(hands) = self.equal_hands([&bids, &asks]) else { return false };
        let ids: Vec<u64> = hands.iter().flatten().map(|&(next, _)| next.id).collect();
        let [buyers, sellers] = hands;
        let (takers, makers) = if buyers_take { (buyers, sellers) } else { (sellers, buyers) };
        for (taker, maker, lots) in pairs(&takers, &makers) {
            self.exchange(taker.id, maker.id, maker.price, lots, EventFlags::NONE);
        }
        ids.into_iter().for_each(|id| self.refresh(id));
        true
    }

    /// What each side hands over so that both give the same, if they come to it.
    fn equal_hands(&self, sides: [&[Opposite]; 2]) -> Option<[Vec<(Opposite, u64)>; 2]> {
        let all = |next: &Opposite| (*next, self.orders[&next.id].open);
        let lots = |hand: &[(Opposite, u64)]| hand.iter().map(|&(_, lots)| u128::from(lots)).sum::<u128>();
        let crosses = |bid: &Opposite, ask: &Opposite| bid.price >= ask.price;
        if !crosses(&sides[0][0], &sides[1][0]) {
            return None;
        }
        let mut hands = sides.map(|side| vec![all(&side[0])]);
        loop {
            let sums = [lots(&hands[0]), lots(&hands[1])];
            if sums[0] == sums[1] {
                return Some(hands);
            }
            let (more, fewer) = if sums[0] > sums[1] { (0, 1) } else { (1, 0) };
            let excess = sums[more] - sums[fewer];
            let last = hands[more].last_mut()?;
            if !self.orders[&last.0.id].all_or_none && u128::from(last.1) > excess {
                last.1 -= excess as u64;
                return Some(hands);
            }
            let next = sides[fewer].get(hands[fewer].len()).filter(|_| hands[fewer].len() < REACH_MAX)?;
            let meets = |&(other, _): &(Opposite, u64)| {
                if fewer == 0 { crosses(next, &other) } else { crosses(&other, next) }
            };
            if !hands[more].iter().all(meets) {
                return None;
            }
            hands[fewer].push(all(next));
        }
    }
}
