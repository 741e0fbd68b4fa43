//! Reading a venue.

use std::collections::HashSet;

use crate::book::Book;
use crate::command::Side;
use crate::digest::Digest;
use crate::sink::EventSink;
use crate::venue::places::Class;
use crate::venue::{HeldView, Indicative, OrderType, Phase, TradingVenue, Venue, VenueCommand};
use crate::view::{LevelView, OrderView};

impl Venue {
    fn orders_of(&self, class: Class, side: Side) -> Vec<OrderView> {
        let levels = self.ladder(class, side).levels();
        levels.flat_map(|(_, level)| self.queue_of(level)).map(|h| self.resting_view(h)).collect()
    }

    /// One order that rests, with all it has open.
    pub fn order(&self, id: u64) -> Option<OrderView> {
        self.find_resting(id).map(|(h, _)| self.resting_view(h))
    }

    /// Number of orders that rest, displayed or not.
    pub fn order_count(&self) -> usize {
        self.book.order_count()
    }

    /// Bytes the venue takes: its own and those on the heap, without what orders have beyond plain ones.
    pub fn memory_bytes(&self) -> usize {
        let ladders: usize = self.ladders.iter().flatten().map(|ladder| ladder.memory_bytes()).sum();
        size_of::<Venue>() - size_of::<Book>() + self.book.memory_bytes() + ladders
    }

    /// Looks at everything that is kept twice and says what does not agree. Takes time in proportion to the venue.
    pub fn check_invariants(&self) -> Result<(), String> {
        let mut seen = HashSet::new();
        for (side, class) in Side::BOTH.into_iter().flat_map(|side| Class::ALL.map(|class| (side, class))) {
            self.ladder(class, side).check().map_err(|e| format!("{class:?} {side:?}: {e}"))?;
            for (key, level) in self.ladder(class, side).levels() {
                let shown: u128 = self.queue_of(level).map(|h| u128::from(self.shown(h))).sum();
                let slot = self.book.slab.get(level);
                let orders = self.queue_of(level).count();
                if shown != u128::from(slot.qty) || orders != slot.level_or_count as usize || orders == 0 {
                    return Err(format!(
                        "{class:?} {side:?} {key}: {orders} orders of {shown}, the level says {slot:?}"
                    ));
                }
                for h in self.queue_of(level) {
                    let id = self.id_of(h);
                    if !seen.insert(id) || self.find_resting(id) != Some((h, class)) || self.shown(h) == 0 {
                        return Err(format!("order {id} rests twice, shows nothing or is not what its id finds"));
                    }
                    if self.registry.get(id).is_some_and(|t| t.is_held) {
                        return Err(format!("order {id} rests and is held"));
                    }
                }
            }
        }
        if seen.len() != self.book.order_count() {
            return Err(format!("{} orders rest, the id table counts {}", seen.len(), self.book.order_count()));
        }
        if let Some(t) = self.registry.iter().find(|t| !t.is_held && !seen.contains(&t.order.id)) {
            return Err(format!("order {} has terms and is nowhere", t.order.id));
        }
        for side in Side::BOTH {
            let orders = self.ladder(Class::Displayed, side).levels().flat_map(|(_, level)| self.queue_of(level));
            let counted = orders.filter(|&h| self.is_all_or_none(h)).count();
            if counted != self.registry.all_or_none[side as usize] {
                return Err(format!("{counted} all-or-none orders on {side:?}, counted another number"));
            }
        }
        self.registry.check()
    }
}

impl TradingVenue for Venue {
    #[inline]
    fn apply<S: EventSink>(&mut self, cmd: &VenueCommand, sink: &mut S) {
        Venue::apply(self, cmd, sink);
    }

    fn levels(&self, side: Side, max: usize) -> Vec<LevelView> {
        self.book.depth(side).take(max).collect()
    }

    fn queue(&self, side: Side) -> Vec<OrderView> {
        self.orders_of(Class::Displayed, side)
    }

    fn hidden(&self, side: Side) -> Vec<OrderView> {
        self.orders_of(Class::Hidden, side)
    }

    fn unpriced(&self, side: Side) -> Vec<OrderView> {
        self.orders_of(Class::Unpriced, side)
    }

    fn held(&self) -> Vec<HeldView> {
        let view = |id: &u64| {
            let t = self.registry.get(*id)?;
            let order = if t.order_type == OrderType::Pegged && !t.options.has(crate::Options::LIMIT) {
                OrderView { price: 0, ..t.order }
            } else {
                t.order
            };
            let stop_price = t.stop_price.filter(|_| t.order_type.is_stop());
            Some(HeldView { order, order_type: t.order_type, stop_price })
        };
        self.registry.held.values().filter_map(view).collect()
    }

    fn phase(&self) -> Phase {
        self.phase
    }

    fn now(&self) -> u64 {
        self.now
    }

    fn last_price(&self) -> Option<i64> {
        self.last
    }

    fn reference(&self) -> Option<i64> {
        self.reference
    }

    fn indicative(&self) -> Option<Indicative> {
        self.auction()
    }

    fn digest(&self) -> Digest {
        self.book.digest()
    }
}
