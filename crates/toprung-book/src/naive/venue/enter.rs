//! How an order comes in: new, or triggered after it was held.

use super::NaiveVenue;
use super::order::{Order, Place};
use crate::command::{Side, TimeInForce};
use crate::event::{Event, EventFlags, EventKind, Reason};
use crate::venue::{MarketRemainder, OrderType, Phase, StopEntry, VenueCommand};

/// As what an order enters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Its limit; `None` takes any price.
    pub(super) limit: Option<i64>,
    /// It needed a price opposite, and there is none.
    without_liquidity: bool,
    /// Why it may not enter.
    pub(super) refused: Option<Reason>,
}

impl NaiveVenue {
    pub(super) fn enter(&mut self, cmd: &VenueCommand) {
        if let Some(reason) = self.refusal(cmd) {
            return self.reject(cmd, reason);
        }
        let mut o = Order::new(cmd, self.entries + 1);
        if let Some(waited) = &mut o.parent {
            waited.traded = self.orders.get(&waited.id).filter(|p| p.is_parent).map_or(0, |p| p.traded);
        }
        let (is_stop, is_child) = (o.order_type.is_stop(), o.parent.is_some());
        let mut elected = false;
        if is_stop && !is_child {
            match self.stop_entry(&mut o, self.config.stop_entry) {
                Ok(reached) => elected = reached,
                Err(reason) => return self.reject(cmd, reason),
            }
        }
        let for_the_close = o.tif == TimeInForce::AtClose && self.phase != Phase::ClosingAuction;
        let unpriced_peg = o.is_peg() && self.peg_price(&o).is_none();
        let (id, is_held) = (o.id, is_stop || is_child || for_the_close || unpriced_peg);
        if is_held {
            let held = self.orders.values().filter(|o| o.place == Place::Held).count();
            if held >= self.config.book.max_orders as usize {
                return self.reject(cmd, Reason::BookFull);
            }
            (o.place, o.elected) = (Place::Held, elected);
            let flags = o.held_flags();
            self.admit(o);
            let e = self.about(EventKind::Accepted, id);
            let price = if unpriced_peg && !is_child { 0 } else { e.price };
            self.emit(Event { price, flags, ..e });
            if elected {
                self.elected_now.push(id);
            }
            return;
        }
        let shape = self.shape(&o);
        if let Some(reason) = shape.refused {
            return self.reject(cmd, reason);
        }
        o.price = shape.limit.unwrap_or(0);
        self.admit(o);
        self.say_entered(EventKind::Accepted, id, shape);
        self.go(id, shape);
    }

    /// Makes a new order known, and its partner know of it.
    fn admit(&mut self, o: Order) {
        self.next_entry();
        if let Some(partner) = o.partner.and_then(|id| self.orders.get_mut(&id)) {
            partner.partner = Some(o.id);
        }
        self.orders.insert(o.id, o);
    }

    /// `Accepted` or `Triggered` of an order that enters now.
    fn say_entered(&mut self, kind: EventKind, id: u64, shape: Shape) {
        let o = &self.orders[&id];
        let market = if shape.limit.is_none() { EventFlags::MARKET } else { EventFlags::NONE };
        let hidden = if o.hidden { EventFlags::HIDDEN } else { EventFlags::NONE };
        // What may not enter shows nothing.
        let other = if o.is_iceberg() && shape.refused.is_none() { o.first_part() } else { 0 };
        let e = self.about(kind, id);
        self.emit(Event { other, flags: market.with(hidden), ..e });
    }

    /// As what an order enters now, and whether it may.
    pub(super) fn shape(&self, o: &Order) -> Shape {
        let opposite = self.best_priced(!o.side);
        let beyond = |price: i64, ticks: i64| match o.side {
            Side::Buy => price.saturating_add(ticks),
            Side::Sell => price.saturating_sub(ticks),
        };
        let at_worst = self.config.market_remainder == MarketRemainder::RestAtWorst && o.tif.rests();
        let worst = self.displayed[!o.side as usize].first_key_value().map(|(&key, _)| (!o.side).key(key));
        let (limit, needs_price) = match o.order_type {
            OrderType::Limit => (Some(o.price), true),
            OrderType::Pegged => (self.peg_price(o), true),
            OrderType::Market if self.phase == Phase::Continuous && at_worst => (worst, true),
            OrderType::MarketToLimit => (opposite, true),
            OrderType::MarketProtected => (opposite.map(|best| beyond(best, o.offset)), true),
            _ => (None, false),
        };
        let mut shape = Shape { limit, without_liquidity: needs_price && limit.is_none(), refused: None };
        if o.post_only && self.would_trade(o.side, limit) {
            match self.slid_price(o) {
                Some(price) => shape.limit = Some(price),
                None => shape.refused = Some(Reason::WouldTrade),
            }
        }
        if shape.refused.is_none() {
            shape.refused = self.no_place(o, shape);
        }
        shape
    }

    /// One tick from the best opposite price, for a post-only order that slides.
    fn slid_price(&self, o: &Order) -> Option<i64> {
        if !o.slide || !self.unpriced[!o.side as usize].is_empty() {
            return None;
        }
        let best = self.best_priced(!o.side)?;
        match o.side {
            Side::Buy => best.checked_sub(1),
            Side::Sell => best.checked_add(1),
        }
    }

    /// Why an order that may rest has no place.
    fn no_place(&self, o: &Order, shape: Shape) -> Option<Reason> {
        let collects = self.phase.collects();
        let may_rest =
            o.tif.rests() && !shape.without_liquidity && (shape.limit.is_some() || collects || self.rests_unpriced(o));
        if !may_rest {
            return None;
        }
        let all_or_none = self.orders.values().any(|r| r.place == Place::Displayed && r.all_or_none);
        let trades = !collects && self.would_trade(o.side, shape.limit) && !all_or_none;
        if self.live() >= self.config.book.max_orders as usize && !trades {
            return Some(Reason::BookFull);
        }
        let price = shape.limit.unwrap_or(0);
        let room = self.room(self.resting_place(o, shape.limit), o.side, price, o.id);
        (o.first_part() > room).then_some(Reason::QuantityOverflow)
    }

    /// Whether what is left of it as a market order rests in the continuous phase.
    fn rests_unpriced(&self, o: &Order) -> bool {
        o.tif.rests() && o.order_type == OrderType::Market && self.config.market_remainder == MarketRemainder::Rest
    }

    /// An order that has been announced goes its way.
    fn go(&mut self, id: u64, shape: Shape) {
        if self.phase.collects() {
            self.join(id, shape.limit);
        } else if shape.without_liquidity {
            self.end(id, Reason::NoLiquidity);
        } else {
            self.match_and_rest(id, shape.limit, false);
        }
    }

    /// Continuous matching of an order that has been announced, and what becomes of the rest.
    pub(super) fn match_and_rest(&mut self, id: u64, limit: Option<i64>, replaced: bool) {
        let o = self.orders[&id].clone();
        let mut tripped = false;
        if self.waits(&o, limit) {
            // Behind an all-or-none order.
        } else if o.all_or_none {
            self.trade_all_or_none(id);
        } else {
            if let Some(reason) = self.too_little(&o, limit) {
                return self.end(id, reason);
            }
            tripped = self.trade(id, limit);
        }
        if self.orders.contains_key(&id) {
            if o.tif.rests() && (limit.is_some() || self.rests_unpriced(&o)) {
                self.rest(id, limit, replaced);
            } else if limit.is_some() || o.order_type == OrderType::Budget {
                self.end(id, Reason::ImmediateOrCancel);
            } else {
                self.end(id, Reason::NoLiquidity);
            }
        }
        if tripped {
            self.go_to(Phase::VolatilityInterruption);
        }
    }

    /// Comes to rest.
    pub(super) fn rest(&mut self, id: u64, limit: Option<i64>, replaced: bool) {
        self.join(id, limit);
        if replaced && self.orders[&id].is_iceberg() {
            self.say_refreshed(id);
        }
    }

    /// A held order leaves for the book. `Triggered` tells its links, unless a parent let it go.
    pub(super) fn trigger(&mut self, id: u64, by_parent: bool) {
        let shape = self.shape(&self.orders[&id]);
        self.leave(id, Place::Entering);
        if let Some(o) = self.orders.get_mut(&id) {
            o.price = shape.limit.unwrap_or(0);
            if !by_parent {
                self.notes.extend(o.partner.map(super::links::Note::Cancel));
            }
        }
        self.say_entered(EventKind::Triggered, id, shape);
        match shape.refused {
            Some(reason) => self.end(id, reason),
            None => self.go(id, shape),
        }
    }

    /// The next elected order enters.
    pub(super) fn activate(&mut self, id: u64) {
        let Some(o) = self.orders.get_mut(&id) else { return };
        o.elected = false;
        let Some(granted) = o.granted.take() else {
            o.order_type = if o.order_type.has_limit() { OrderType::Limit } else { OrderType::Market };
            return self.trigger(id, false);
        };
        o.open = granted.min(o.open);
        o.forget_parts();
        let mut o = o.clone();
        if o.order_type.is_stop() {
            let outcome = self.stop_entry(&mut o, StopEntry::Trigger);
            let flags = o.held_flags();
            self.orders.insert(id, o);
            let e = self.about(EventKind::Triggered, id);
            self.emit(Event { flags, ..e });
            match outcome {
                Ok(true) => self.elect(id),
                Ok(false) => {}
                Err(reason) => self.end(id, reason),
            }
        } else if o.is_peg() && self.peg_price(&o).is_none() {
            let e = self.about(EventKind::Triggered, id);
            self.emit(Event { price: 0, flags: o.held_flags(), ..e });
        } else {
            self.trigger(id, true);
        }
    }
}
