//! Levels and queues: who is where, and in which order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::NaiveVenue;
use super::links::Note;
use super::order::{Order, Place};
use crate::command::Side;
use crate::event::{Event, EventKind, Reason};

/// Ids by price key: the best level is the last.
pub(super) type Ladder = BTreeMap<i64, VecDeque<u64>>;

/// All ids, best price first.
pub(super) fn in_order(ladder: &Ladder) -> impl Iterator<Item = u64> {
    ladder.values().rev().flatten().copied()
}

/// Whether an order of `side` may trade at `price`.
pub(super) fn within(side: Side, limit: Option<i64>, price: i64) -> bool {
    limit.is_none_or(|limit| side.key(limit) >= side.key(price))
}

/// An order that an aggressor could trade with, and the price at which it would.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opposite {
    pub(super) id: u64,
    pub(super) price: i64,
}

impl NaiveVenue {
    /// Ids of the orders for which something holds, in order of entry.
    pub(super) fn by_entry(&self, holds: impl Fn(&Order) -> bool) -> Vec<u64> {
        let mut list: Vec<&Order> = self.orders.values().filter(|o| holds(o)).collect();
        list.sort_by_key(|o| o.entry);
        list.into_iter().map(|o| o.id).collect()
    }

    /// Number of displayed, hidden and unpriced orders.
    pub(super) fn live(&self) -> usize {
        let resting = [Place::Displayed, Place::Hidden, Place::Unpriced];
        self.orders.values().filter(|o| resting.contains(&o.place)).count()
    }

    /// Best displayed price of a side.
    pub(super) fn best_displayed(&self, side: Side) -> Option<i64> {
        self.displayed[side as usize].last_key_value().map(|(&key, _)| side.key(key))
    }

    /// Best price of a side, displayed or hidden.
    pub(super) fn best_priced(&self, side: Side) -> Option<i64> {
        let hidden = self.hidden[side as usize].last_key_value().map(|(&key, _)| side.key(key));
        self.best_displayed(side).into_iter().chain(hidden).max_by_key(|&price| side.key(price))
    }

    /// Prices with displayed or hidden orders, best first, as keys.
    fn keys(&self, side: Side) -> impl Iterator<Item = i64> {
        let ladders = [&self.displayed[side as usize], &self.hidden[side as usize]];
        let keys: BTreeSet<i64> = ladders.into_iter().flat_map(|l| l.keys().copied()).collect();
        keys.into_iter().rev()
    }

    /// All priced orders of a side in priority order.
    pub(super) fn priced(&self, side: Side) -> Vec<Opposite> {
        let of = |ladder: &Ladder, key: i64| ladder.get(&key).cloned().unwrap_or_default();
        let both = |key| [of(&self.displayed[side as usize], key), of(&self.hidden[side as usize], key)];
        let at = |key: i64| both(key).into_iter().flatten().map(move |id| Opposite { id, price: side.key(key) });
        self.keys(side).flat_map(at).collect()
    }

    /// What an order of `side` with this limit could trade with, in priority order.
    pub(super) fn opposite(&self, side: Side, limit: Option<i64>) -> Vec<Opposite> {
        let unpriced = self.unpriced[!side as usize].iter();
        let at_limit = limit.or(self.last_price);
        let first = unpriced.filter_map(|&id| at_limit.map(|price| Opposite { id, price }));
        first.chain(self.priced(!side).into_iter().filter(|o| within(side, limit, o.price))).collect()
    }

    /// Whether there is anything opposite, whether or not it could trade.
    pub(super) fn would_trade(&self, side: Side, limit: Option<i64>) -> bool {
        !self.unpriced[!side as usize].is_empty() || self.priced(!side).iter().any(|o| within(side, limit, o.price))
    }

    /// The list that an order in `place` at `price` is in.
    fn list(&mut self, place: Place, side: Side, price: i64) -> Option<&mut VecDeque<u64>> {
        let (s, key) = (side as usize, side.key(price));
        match place {
            Place::Displayed => Some(self.displayed[s].entry(key).or_default()),
            Place::Hidden => Some(self.hidden[s].entry(key).or_default()),
            Place::Unpriced => Some(&mut self.unpriced[s]),
            Place::Held | Place::Entering => None,
        }
    }

    /// Lots that a place holds at a price, without those of the order `own`.
    pub(super) fn lots_at(&self, place: Place, side: Side, price: i64, own: u64) -> u128 {
        let there = |o: &&Order| o.place == place && o.side == side && o.id != own;
        let same = |o: &&Order| place == Place::Unpriced || o.price == price;
        self.orders.values().filter(there).filter(same).map(|o| u128::from(o.shows())).sum()
    }

    /// Lots that a place can still take.
    pub(super) fn room(&self, place: Place, side: Side, price: i64, own: u64) -> u64 {
        let most = u128::from(self.config.book.policy.level_qty_max());
        u64::try_from(most.saturating_sub(self.lots_at(place, side, price, own))).unwrap_or(u64::MAX)
    }

    /// Where an order with this limit comes to rest.
    pub(super) fn resting_place(&self, o: &Order, limit: Option<i64>) -> Place {
        match limit {
            None => Place::Unpriced,
            Some(_) if o.hidden => Place::Hidden,
            Some(_) => Place::Displayed,
        }
    }

    /// Puts an order at the back of where it belongs.
    pub(super) fn join(&mut self, id: u64, limit: Option<i64>) {
        let place = self.resting_place(&self.orders[&id], limit);
        let best = self.orders.get(&id).and_then(|o| self.best_displayed(o.side));
        let Some(o) = self.orders.get_mut(&id) else { return };
        (o.place, o.part, o.shown) = (place, 0, o.first_part());
        let (side, price, shows) = (o.side, o.price, o.shows());
        let betters = place == Place::Displayed && best.is_none_or(|best| side.key(price) > side.key(best));
        if let Some(min_qty) = self.config.book.policy.top_min_qty().filter(|_| betters) {
            self.top[side as usize] = (shows >= min_qty).then_some(id);
        }
        if let Some(list) = self.list(place, side, price) {
            list.push_back(id);
        }
    }

    /// Takes an order out of its place, to hold it or to enter it again.
    pub(super) fn leave(&mut self, id: u64, to: Place) {
        let Some(o) = self.orders.get_mut(&id) else { return };
        let (from, side, price) = (o.place, o.side, o.price);
        o.place = to;
        if let Some(list) = self.list(from, side, price) {
            list.retain(|&other| other != id);
        }
        for ladder in self.displayed.iter_mut().chain(&mut self.hidden) {
            ladder.retain(|_, ids| !ids.is_empty());
        }
        self.top.iter_mut().for_each(|top| *top = top.filter(|&t| t != id));
    }

    /// An order is over: links take note.
    pub(super) fn remove(&mut self, id: u64) {
        self.leave(id, Place::Entering);
        self.elected.retain(|&other| other != id);
        self.elected_now.retain(|&other| other != id);
        let Some(o) = self.orders.remove(&id) else { return };
        self.notes.extend(o.partner.map(Note::Cancel));
        let children = self.by_entry(|c| c.parent.is_some_and(|p| p.id == id));
        self.notes.extend(children.into_iter().map(Note::ParentEnded));
    }

    /// Ends an order with everything that it has open.
    pub(super) fn end(&mut self, id: u64, reason: Reason) {
        let e = self.about(EventKind::Cancelled, id);
        self.emit(Event { reason, ..e });
        self.remove(id);
    }

    /// Shows an iceberg's next part, if the last is gone.
    pub(super) fn refresh(&mut self, id: u64) {
        let Some(o) = self.orders.get(&id) else { return };
        if !o.is_iceberg() || o.place != Place::Displayed || o.shown > 0 {
            return;
        }
        let (side, price, n) = (o.side, o.price, o.part + 1);
        let part = o.nth_part(n).min(o.open);
        if part > self.room(Place::Displayed, side, price, id) {
            return self.end(id, Reason::QuantityOverflow);
        }
        self.leave(id, Place::Displayed);
        if let Some(list) = self.list(Place::Displayed, side, price) {
            list.push_back(id);
        }
        if let Some(o) = self.orders.get_mut(&id) {
            (o.part, o.shown) = (n, part);
        }
        self.say_refreshed(id);
    }

    pub(super) fn say_refreshed(&mut self, id: u64) {
        let shown = self.orders[&id].shown;
        let e = self.about(EventKind::Refreshed, id);
        self.emit(Event { qty: shown, other: e.qty - shown, ..e });
    }
}
