//! A replace: in place, or as a new entry.

use super::NaiveVenue;
use super::checks::too_many_parts;
use super::order::{Order, Place};
use crate::command::CommandFlags;
use crate::config::ReplacePriority;
use crate::event::{Event, EventFlags, EventKind, Reason};
use crate::venue::{Options, Phase, VenueCommand};

impl NaiveVenue {
    /// Replaces a live order of the owner who asks.
    pub(super) fn replace(&mut self, cmd: &VenueCommand) {
        let old = self.orders[&cmd.order.id].clone();
        let has = |option| cmd.options.has(option);
        let keeps_price = cmd.order.flags.has(CommandFlags::KEEP_PRICE);
        let new_id = if has(Options::NEW_ID) { cmd.link } else { old.id };
        if matches!(self.phase, Phase::Halt | Phase::Closed) {
            return self.reject(cmd, Reason::WrongPhase);
        }
        if !self.applies(cmd, &old) {
            return self.reject(cmd, Reason::Unsupported);
        }
        if new_id != old.id && self.orders.contains_key(&new_id) {
            return self.reject(cmd, Reason::DuplicateId);
        }
        let limited = match old.place {
            Place::Displayed | Place::Hidden => !old.is_peg(),
            _ => old.order_type.has_limit(),
        };
        let mut new = Order { id: new_id, ..old.clone() };
        if limited && !keeps_price {
            new.price = cmd.order.price;
        }
        if old.is_peg() && has(Options::LIMIT) && !keeps_price {
            new.peg_limit = Some(cmd.order.price);
        }
        if has(Options::NEW_SIDE) {
            new.side = cmd.order.side;
        }
        let qty = match cmd.order.qty {
            _ if cmd.order.flags.has(CommandFlags::KEEP_QTY) => old.open,
            total if has(Options::TOTAL_QTY) => total.saturating_sub(old.traded),
            qty => qty,
        };
        if qty == 0 {
            return self.end(old.id, Reason::Requested);
        }
        let display_qty = if has(Options::DISPLAY) { cmd.display_qty } else { old.display_qty };
        if too_many_parts(qty, display_qty, old.display_range) {
            return self.reject(cmd, Reason::Unsupported);
        }
        if limited && !keeps_price && self.outside_band(new.side, new.price) {
            return self.reject(cmd, Reason::OutsideBand);
        }
        let [new_id, new_side, display, limit] =
            [Options::NEW_ID, Options::NEW_SIDE, Options::DISPLAY, Options::LIMIT].map(has);
        let changes = new_id || new_side || display || limit || old.all_or_none;
        let keeps = self.config.book.replace_priority == ReplacePriority::KeepOnDecrease;
        if old.place == Place::Held {
            new.shrink_to(qty);
            self.replace_held(cmd, &old, new);
        } else if keeps && new.price == old.price && qty <= old.open && !changes {
            new.shrink_to(qty);
            self.orders.insert(old.id, new);
            let e = self.about(EventKind::Replaced, old.id);
            self.emit(Event { flags: EventFlags::KEPT_PRIORITY, ..e });
        } else {
            new.open = qty;
            if display {
                new.display_qty = cmd.display_qty;
            }
            if display && cmd.display_qty == 0 {
                new.display_range = 0;
            }
            new.forget_parts();
            self.replace_anew(cmd, &old, new);
        }
    }

    /// Whether the options apply to the order.
    fn applies(&self, cmd: &VenueCommand, old: &Order) -> bool {
        let has = |option| cmd.options.has(option);
        let displayed = old.place == Place::Displayed;
        let limit_order = (displayed || old.place == Place::Hidden) && !old.is_peg();
        let display_fits = cmd.display_qty == 0 || cmd.display_qty > old.display_range;
        (!has(Options::NEW_SIDE) || limit_order)
            && (!has(Options::NEW_ID) || cmd.link != 0)
            && (!has(Options::STOP_PRICE) || old.place == Place::Held && old.order_type.is_stop())
            && (!has(Options::DISPLAY) || displayed && !old.all_or_none && display_fits)
            && (!has(Options::TOTAL_QTY) || self.config.count_fills)
    }

    fn replace_held(&mut self, cmd: &VenueCommand, old: &Order, mut new: Order) {
        let mut reached = false;
        if new.order_type.is_stop() {
            if cmd.options.has(Options::STOP_PRICE) {
                new.stop_price = Some(cmd.stop_price);
            }
            // A child has not come to its entry yet.
            if new.parent.is_none() && new.granted.is_none() {
                match self.stop_entry(&mut new, self.config.stop_entry) {
                    Ok(elected) => reached = elected,
                    Err(reason) => return self.reject(cmd, reason),
                }
                new.elected = false;
                self.elected.retain(|&id| id != old.id);
            }
            new.entry = self.next_entry();
        }
        let id = new.id;
        self.rename(old.id, new);
        let e = self.about(EventKind::Replaced, id);
        self.emit(Event { id: old.id, other: if id == old.id { 0 } else { id }, flags: EventFlags::HELD, ..e });
        if reached {
            self.elect(id);
        }
    }

    fn replace_anew(&mut self, cmd: &VenueCommand, old: &Order, mut new: Order) {
        let mut without = self.clone();
        without.leave(old.id, Place::Entering);
        let limit = match old.place {
            Place::Unpriced => None,
            _ if new.is_peg() => without.peg_price(&new),
            _ => Some(new.price),
        };
        let loses_price = new.is_peg() && limit.is_none();
        let continuous = self.phase == Phase::Continuous;
        let post_only = cmd.order.flags.has(CommandFlags::POST_ONLY);
        if continuous && post_only && !loses_price && without.would_trade(new.side, limit) {
            return self.reject(cmd, Reason::WouldTrade);
        }
        new.price = limit.unwrap_or(0);
        let place = without.resting_place(&new, limit);
        if !loses_price && new.first_part() > without.room(place, new.side, new.price, old.id) {
            return self.reject(cmd, Reason::QuantityOverflow);
        }
        self.leave(old.id, Place::Entering);
        new.place = if loses_price { Place::Held } else { Place::Entering };
        new.self_trade = cmd.order.flags.self_trade();
        new.entry = self.next_entry();
        let id = new.id;
        self.rename(old.id, new);
        let e = self.about(EventKind::Replaced, id);
        let flags = if loses_price { EventFlags::HELD } else { EventFlags::NONE };
        let price = limit.unwrap_or(0);
        self.emit(Event { id: old.id, other: if id == old.id { 0 } else { id }, price, flags, ..e });
        if loses_price {
            return;
        }
        if continuous {
            self.match_and_rest(id, limit, true);
        } else {
            self.rest(id, limit, true);
        }
        // What it came with counts when a peg is priced again.
        if let Some(o) = self.orders.get_mut(&id) {
            o.self_trade = old.self_trade;
        }
    }

    /// Puts an order's new terms in place of the old, under its new id: links stay with it.
    fn rename(&mut self, from: u64, new: Order) {
        let to = new.id;
        self.orders.remove(&from);
        self.orders.insert(to, new);
        for o in self.orders.values_mut() {
            o.partner = o.partner.map(|id| if id == from { to } else { id });
            if let Some(parent) = o.parent.as_mut().filter(|p| p.id == from) {
                parent.id = to;
            }
        }
        self.elected.iter_mut().filter(|id| **id == from).for_each(|id| *id = to);
    }
}
