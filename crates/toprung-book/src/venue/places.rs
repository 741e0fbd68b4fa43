//! Where an order rests: the displayed book, or the ladders of hidden and unpriced orders over the same slab.

use crate::command::Side;
use crate::event::{EventFlags, EventKind, Reason};
use crate::ladder::Ladder;
use crate::sink::EventSink;
use crate::slab::{Handle, NIL};
use crate::venue::{Venue, part};
use crate::view::OrderView;

/// The orders that a ladder is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Class {
    Displayed = 0,
    Hidden = 1,
    /// All in one level, under price 0.
    Unpriced = 2,
}

impl Class {
    pub(crate) const ALL: [Class; 3] = [Class::Displayed, Class::Hidden, Class::Unpriced];
}

/// A resting order that an aggressor may meet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Maker {
    pub(crate) h: Handle,
    pub(crate) class: Class,
    /// The price at which it trades.
    pub(crate) price: i64,
}

impl Venue {
    pub(super) fn ladder(&self, class: Class, side: Side) -> &Ladder {
        match class {
            Class::Displayed => &self.book.ladders[side as usize],
            Class::Hidden => &self.ladders[0][side as usize],
            Class::Unpriced => &self.ladders[1][side as usize],
        }
    }

    fn class_of(&self, level: Handle) -> Class {
        Class::ALL[self.book.slab.get(level).class() as usize]
    }

    pub(super) fn level_of(&self, h: Handle) -> Handle {
        self.book.slab.get(h).level_or_count
    }

    pub(super) fn id_of(&self, h: Handle) -> u64 {
        self.book.slab.get(h).id_or_price
    }

    /// Where the order `id` rests.
    pub(super) fn find_resting(&self, id: u64) -> Option<(Handle, Class)> {
        let h = self.book.ids.find(&self.book.slab, id);
        (h != NIL).then(|| (h, self.class_of(self.level_of(h))))
    }

    /// Whether an order with this id rests or is held.
    pub(super) fn is_live(&self, id: u64) -> bool {
        self.book.contains(id) || self.registry.get(id).is_some()
    }

    /// What an order shows (all it has, unless it is an iceberg).
    pub(super) fn shown(&self, h: Handle) -> u64 {
        self.book.slab.get(h).qty
    }

    /// What an iceberg has behind the part it shows.
    pub(super) fn behind(&self, h: Handle) -> u64 {
        if self.registry.is_empty() {
            return 0;
        }
        self.registry.get(self.id_of(h)).map_or(0, |t| t.behind)
    }

    /// All that an order has open; no order has more than 64 bits of it.
    pub(super) fn open(&self, h: Handle) -> u64 {
        self.shown(h) + self.behind(h)
    }

    /// The order with all that it has open; an unpriced one at price 0.
    pub(super) fn resting_view(&self, h: Handle) -> OrderView {
        let order = self.book.view(h);
        OrderView { qty: self.open(h), ..order }
    }

    pub(super) fn is_all_or_none(&self, h: Handle) -> bool {
        self.registry.get(self.id_of(h)).is_some_and(|t| t.is_all_or_none())
    }

    /// The orders of a level in the order of its queue.
    pub(super) fn queue_of(&self, level: Handle) -> impl Iterator<Item = Handle> + '_ {
        let slab = &self.book.slab;
        std::iter::successors(Some(slab.get(level).next), |&h| Some(slab.get(h).next)).take_while(move |&h| h != level)
    }

    /// Displayed and hidden levels of a side whose key is at least `limit_key`, in order of priority.
    pub(super) fn priced_levels(&self, side: Side, limit_key: i64) -> impl Iterator<Item = (i64, Handle, Class)> + '_ {
        let mut displayed = self.ladder(Class::Displayed, side).levels().peekable();
        let mut hidden = self.ladder(Class::Hidden, side).levels().peekable();
        let next = move || {
            let shown_first = match (displayed.peek(), hidden.peek()) {
                (Some(d), Some(h)) => d.0 >= h.0,
                (d, _) => d.is_some(),
            };
            if shown_first {
                displayed.next().map(|(key, level)| (key, level, Class::Displayed))
            } else {
                hidden.next().map(|(key, level)| (key, level, Class::Hidden))
            }
        };
        std::iter::from_fn(next).take_while(move |&(key, ..)| key >= limit_key)
    }

    /// The first level of a side in order of priority: its key and handle.
    pub(super) fn best_level(&self, side: Side) -> Option<(i64, Handle, Class)> {
        let (displayed, hidden) = (self.ladder(Class::Displayed, side), self.ladder(Class::Hidden, side));
        if displayed.best != NIL && displayed.best_key >= hidden.best_key {
            Some((displayed.best_key, displayed.best, Class::Displayed))
        } else {
            (hidden.best != NIL).then_some((hidden.best_key, hidden.best, Class::Hidden))
        }
    }

    /// The best price of a side, displayed or hidden, as a key.
    pub(super) fn best_key(&self, side: Side) -> Option<i64> {
        self.best_level(side).map(|(key, ..)| key)
    }

    /// The best displayed price of a side.
    pub(super) fn best_displayed(&self, side: Side) -> Option<i64> {
        self.book.best(side).map(|level| level.price)
    }

    pub(super) fn first_unpriced(&self, side: Side) -> Option<Handle> {
        let ladder = self.ladder(Class::Unpriced, side);
        (ladder.best != NIL).then(|| self.book.slab.get(ladder.best).next)
    }

    /// The level where an order of this class, side and price rests, `NIL` if it has no memory yet.
    pub(super) fn level_at(&self, class: Class, side: Side, price: i64) -> Handle {
        self.ladder(class, side).level(side.key(price))
    }

    /// Puts an order at the back of its level's queue, showing `order.qty`.
    pub(super) fn put(&mut self, order: &OrderView, class: Class) {
        let OrderView { id, side, price, .. } = *order;
        let level = self.level_at(class, side, price);
        if class == Class::Displayed {
            if self.registry.get(id).is_some_and(|t| t.is_all_or_none()) {
                self.registry.all_or_none[side as usize] += 1;
            }
            return self.book.rest(order, level);
        }
        let key = side.key(price);
        let ladder = &mut self.ladders[class as usize - 1][side as usize];
        let level = if level == NIL { ladder.make_level(&mut self.book.slab, key) } else { level };
        self.book.join(order, level);
        self.ladders[class as usize - 1][side as usize].occupy(key, level);
    }

    /// Takes an order out of its queue and of the id table; its terms stay.
    pub(super) fn take_out(&mut self, h: Handle) {
        let (id, level) = (self.id_of(h), self.level_of(h));
        let class = self.class_of(level);
        if class == Class::Displayed {
            if self.registry.get(id).is_some_and(|t| t.is_all_or_none()) {
                self.registry.all_or_none[self.book.slab.get(level).side() as usize] -= 1;
            }
            return self.book.remove(h);
        }
        let qty = self.shown(h);
        self.book.unlink(h);
        let slot = self.book.slab.get_mut(level);
        slot.qty -= qty;
        if slot.level_or_count == 0 {
            let (side, price) = (slot.side(), slot.price());
            let ladder = &mut self.ladders[class as usize - 1][side as usize];
            ladder.vacate(&mut self.book.slab, side.key(price));
        }
    }

    /// Takes an order off for good.
    pub(super) fn remove(&mut self, h: Handle) {
        let id = self.id_of(h);
        self.take_out(h);
        self.registry.end(id);
    }

    /// Lowers what an order shows.
    fn lower(&mut self, h: Handle, by: u64) {
        let level = self.level_of(h);
        self.book.slab.get_mut(h).qty -= by;
        self.book.slab.get_mut(level).qty -= by;
    }

    /// Takes `qty` lots from an order, from the part it shows first; at nothing shown the next part comes, or it leaves.
    pub(super) fn consume<S: EventSink>(&mut self, sink: &mut S, h: Handle, qty: u64) {
        if self.take_lots(h, qty) {
            self.show_next(sink, h);
        }
    }

    /// Takes lots from many orders, and shows the next parts when all have given.
    pub(super) fn consume_all<S: EventSink>(&mut self, sink: &mut S, fills: impl Iterator<Item = (Maker, u64)>) {
        let due: Vec<Handle> = fills.filter(|&(maker, qty)| self.take_lots(maker.h, qty)).map(|(m, _)| m.h).collect();
        for h in due {
            self.show_next(sink, h);
        }
    }

    /// As [`Venue::consume`]; says instead of doing it whether the next part has to be shown.
    pub(super) fn take_lots(&mut self, h: Handle, qty: u64) -> bool {
        let shown = self.shown(h);
        if qty < shown {
            self.lower(h, qty);
            return false;
        }
        let id = self.id_of(h);
        let behind = match self.registry.get_mut(id) {
            Some(t) if t.behind > 0 => {
                t.behind -= qty - shown;
                t.behind
            }
            _ => 0,
        };
        if behind == 0 {
            self.remove(h);
            return false;
        }
        self.lower(h, shown);
        true
    }

    /// Lowers an order's open quantity and keeps its place: from behind first.
    pub(super) fn reduce_open(&mut self, h: Handle, by: u64) {
        let id = self.id_of(h);
        let from_behind = self.registry.get_mut(id).map_or(0, |t| {
            let lots = t.behind.min(by);
            t.behind -= lots;
            lots
        });
        self.lower(h, by - from_behind);
    }

    /// The next part of an iceberg that shows nothing, at the back of its queue.
    pub(super) fn show_next<S: EventSink>(&mut self, sink: &mut S, h: Handle) {
        let (id, level) = (self.id_of(h), self.level_of(h));
        let room = self.book.level_qty_max - self.book.slab.get(level).qty;
        let Some(t) = self.registry.get_mut(id) else { return };
        t.part += 1;
        let size = part(t.display_qty, t.display_range, id, t.part).min(t.behind);
        if size > room {
            let order = OrderView { qty: t.behind, ..self.book.view(h) };
            self.remove(h);
            return self.cancelled(sink, &order, Reason::QuantityOverflow, EventFlags::NONE);
        }
        t.behind -= size;
        let behind = t.behind;
        let slab = &mut self.book.slab;
        let (next, prev) = (slab.get(h).next, slab.get(h).prev);
        slab.get_mut(prev).next = next;
        slab.get_mut(next).prev = prev;
        let newest = slab.get(level).prev;
        slab.get_mut(newest).next = h;
        slab.get_mut(level).prev = h;
        slab.get_mut(level).qty += size;
        let node = slab.get_mut(h);
        (node.next, node.prev, node.qty) = (level, newest, size);
        let order = self.book.view(h);
        if self.book.top[order.side as usize] == Some(id) {
            self.book.top[order.side as usize] = None;
        }
        self.about(sink, EventKind::Refreshed, &order, behind, Reason::None, EventFlags::NONE);
    }
}
