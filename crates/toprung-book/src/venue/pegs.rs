//! Pegged orders: hidden, at a distance from the displayed book.

use crate::command::Side;
use crate::event::{EventFlags, EventKind, Reason};
use crate::sink::EventSink;
use crate::venue::entry::Entrant;
use crate::venue::places::Class;
use crate::venue::terms::Terms;
use crate::venue::{Options, Peg, Phase, Venue, VenueCommand};
use crate::view::OrderView;

impl Venue {
    /// The price of a pegged order now; `None` if its reference is not there.
    pub(super) fn peg_price(&self, t: &Terms) -> Option<i64> {
        let side = t.order.side;
        let (own, opposite) = (self.best_displayed(side), self.best_displayed(!side));
        let base = match t.peg {
            Peg::Primary => i128::from(own?),
            Peg::Market => i128::from(opposite?),
            Peg::Mid => {
                let sum = i128::from(own?) + i128::from(opposite?);
                match side {
                    Side::Buy => sum.div_euclid(2),
                    Side::Sell => -(-sum).div_euclid(2),
                }
            }
        };
        let mut price = base + i128::from(t.offset);
        let limit = t.options.has(Options::LIMIT).then_some(i128::from(t.order.price));
        match side {
            Side::Buy => {
                price = limit.map_or(price, |limit| price.min(limit));
                price = opposite.map_or(price, |ask| price.min(i128::from(ask) - 1));
            }
            Side::Sell => {
                price = limit.map_or(price, |limit| price.max(limit));
                price = opposite.map_or(price, |bid| price.max(i128::from(bid) + 1));
            }
        }
        i64::try_from(price).ok()
    }

    /// A pegged order enters: hidden at its price, or held without one.
    pub(super) fn enter_peg<S: EventSink>(
        &mut self,
        sink: &mut S,
        mut terms: Terms,
        new: Option<&VenueCommand>,
    ) -> Result<(), Reason> {
        let kind = if new.is_some() { EventKind::Accepted } else { EventKind::Triggered };
        let price = self.peg_price(&terms);
        let order = OrderView { price: price.unwrap_or(0), ..terms.order };
        let entrant = Entrant::limit(order, Class::Hidden, terms.flags.self_trade());
        if price.is_some() {
            if let Err(reason) = self.check_room(&entrant, order.qty) {
                return if new.is_some() { Err(reason) } else { self.turn_away(sink, terms, &entrant, reason) };
            }
        } else if new.is_some() && self.registry.held.len() >= self.config.book.max_orders as usize {
            return Err(Reason::BookFull);
        }
        if let Some(cmd) = new {
            terms.entry = self.registry.next_entry();
            self.link(&mut terms, cmd);
        }
        terms.is_held = price.is_none();
        self.registry.insert(terms);
        let hidden = EventFlags::HIDDEN;
        let flags = if price.is_none() { hidden.with(EventFlags::HELD) } else { hidden };
        self.about(sink, kind, &order, 0, Reason::None, flags);
        if price.is_some() {
            self.match_and_rest(sink, &entrant);
        }
        Ok(())
    }

    /// Gives every pegged order its price anew.
    pub(super) fn reprice_pegs<S: EventSink>(&mut self, sink: &mut S) {
        self.pegged_at = Side::BOTH.map(|side| self.best_displayed(side));
        let ids: Vec<u64> = self.registry.pegs.values().copied().collect();
        for id in ids {
            if self.phase != Phase::Continuous {
                return;
            }
            self.reprice(sink, id);
            self.look_at_events(sink);
        }
    }

    fn reprice<S: EventSink>(&mut self, sink: &mut S, id: u64) {
        let Some(terms) = self.registry.get(id) else { return };
        let self_trade = terms.flags.self_trade();
        let price = self.peg_price(terms);
        let resting = self.find_resting(id).map(|(h, _)| (h, self.resting_view(h)));
        let (now, order) = match resting {
            Some((_, order)) => (Some(order.price), order),
            None => (None, terms.order),
        };
        if price == now {
            return;
        }
        if let Some((h, _)) = resting {
            self.take_out(h);
        }
        match price {
            None => self.unprice(sink, order),
            Some(price) => {
                self.registry.change(id, |t| t.is_held = false);
                let order = OrderView { price, ..order };
                self.about(sink, EventKind::Repriced, &order, 0, Reason::None, EventFlags::NONE);
                let entrant = Entrant::limit(order, Class::Hidden, self_trade);
                if let Err(reason) = self.check_room(&entrant, order.qty) {
                    self.registry.end(id);
                    return self.cancelled(sink, &order, reason, EventFlags::NONE);
                }
                self.match_and_rest(sink, &entrant);
            }
        }
    }

    /// A pegged order that was taken out of the book waits for a price.
    fn unprice<S: EventSink>(&mut self, sink: &mut S, order: OrderView) {
        self.registry.change(order.id, |t| {
            t.is_held = true;
            t.order.qty = order.qty;
        });
        let order = OrderView { price: 0, ..order };
        self.about(sink, EventKind::Repriced, &order, 0, Reason::None, EventFlags::HELD);
    }

    /// Trading is no longer continuous: pegged orders lose their price.
    pub(super) fn unprice_pegs<S: EventSink>(&mut self, sink: &mut S) {
        let ids: Vec<u64> = self.registry.pegs.values().copied().collect();
        for id in ids {
            if let Some((h, _)) = self.find_resting(id) {
                let order = self.resting_view(h);
                self.take_out(h);
                self.unprice(sink, order);
            }
        }
        self.pegged_at = [None; 2];
    }
}
