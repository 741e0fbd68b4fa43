//! Pegged orders.

use super::NaiveVenue;
use super::order::{Order, Place};
use crate::command::Side;
use crate::event::{Event, EventFlags, EventKind};
use crate::venue::{Peg, Phase};

impl NaiveVenue {
    /// The price that a pegged order has now.
    pub(super) fn peg_price(&self, o: &Order) -> Option<i64> {
        let own = self.best_displayed(o.side).map(i128::from);
        let opposite = self.best_displayed(!o.side).map(i128::from);
        let buys = o.side == Side::Buy;
        let named = match o.peg {
            Peg::Primary => own?,
            Peg::Market => opposite?,
            Peg::Mid => (own? + opposite? + if buys { 0 } else { 1 }).div_euclid(2),
        };
        let bounds = [o.peg_limit.map(i128::from), opposite.map(|p| if buys { p - 1 } else { p + 1 })];
        let wanted = named + i128::from(o.offset);
        let price =
            bounds.into_iter().flatten().fold(wanted, |p, bound| if buys { p.min(bound) } else { p.max(bound) });
        i64::try_from(price).ok()
    }

    fn best_of_both(&self) -> [Option<i64>; 2] {
        Side::BOTH.map(|side| self.best_displayed(side))
    }

    /// Prices all pegged orders anew if the best displayed prices have changed; whether they had.
    pub(super) fn reprice_pegs(&mut self) -> bool {
        let best = self.best_of_both();
        if self.pegged_by == Some(best) {
            return false;
        }
        self.pegged_by = Some(best);
        for id in self.by_entry(|o| o.is_peg() && o.parent.is_none() && !o.elected) {
            if self.phase == Phase::Continuous && self.orders.contains_key(&id) {
                self.reprice(id);
                self.follow_links();
            }
        }
        true
    }

    fn reprice(&mut self, id: u64) {
        let o = &self.orders[&id];
        let (before, now) = ((o.place == Place::Hidden).then_some(o.price), self.peg_price(o));
        if now == before {
            return;
        }
        let Some(price) = now else { return self.unprice(id) };
        self.leave(id, Place::Entering);
        if let Some(o) = self.orders.get_mut(&id) {
            o.price = price;
        }
        let e = self.about(EventKind::Repriced, id);
        self.emit(e);
        match self.shape(&self.orders[&id]).refused {
            Some(reason) => self.end(id, reason),
            None => self.match_and_rest(id, Some(price), false),
        }
    }

    /// A pegged order loses its price.
    fn unprice(&mut self, id: u64) {
        self.leave(id, Place::Held);
        let e = self.about(EventKind::Repriced, id);
        self.emit(Event { price: 0, flags: EventFlags::HELD, ..e });
    }

    /// Trading is continuous no longer.
    pub(super) fn unprice_all(&mut self) {
        self.pegged_by = None;
        self.by_entry(|o| o.is_peg() && o.place == Place::Hidden).into_iter().for_each(|id| self.unprice(id));
    }
}
