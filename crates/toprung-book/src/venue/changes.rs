//! Changes to orders: cancel, reduce, replace, mass cancel, block.

use crate::command::{CommandFlags, Side};
use crate::config::ReplacePriority;
use crate::event::{EventFlags, EventKind, Reason};
use crate::sink::EventSink;
use crate::slab::Handle;
use crate::venue::entry::Entrant;
use crate::venue::places::Class;
use crate::venue::terms::Terms;
use crate::venue::{Options, OrderType, Phase, Venue, VenueCommand, has_too_many_parts, part};
use crate::view::OrderView;

/// Where a live order is.
#[derive(Clone, Copy, Debug)]
enum Place {
    Held,
    Resting(Handle, Class),
}

impl Venue {
    /// The order that a change is about, with all it has open, or why there is none for this owner.
    fn find(&self, cmd: &VenueCommand) -> Result<(Place, OrderView), Reason> {
        let (place, order) = self.locate(cmd.order.id).ok_or(Reason::UnknownOrder)?;
        let may = cmd.order.owner == 0 || cmd.order.owner == order.owner;
        if may { Ok((place, order)) } else { Err(Reason::NotOwner) }
    }

    fn locate(&self, id: u64) -> Option<(Place, OrderView)> {
        if let Some((h, class)) = self.find_resting(id) {
            return Some((Place::Resting(h, class), self.resting_view(h)));
        }
        self.registry.get(id).map(|t| (Place::Held, t.order))
    }

    fn end_at<S: EventSink>(&mut self, sink: &mut S, place: Place, order: &OrderView, reason: Reason) {
        let flags = match place {
            Place::Resting(h, _) => {
                self.remove(h);
                EventFlags::NONE
            }
            Place::Held => {
                self.registry.end(order.id);
                EventFlags::HELD
            }
        };
        self.cancelled(sink, order, reason, flags);
    }

    /// Ends an order, if it is live.
    pub(super) fn end_by<S: EventSink>(&mut self, sink: &mut S, id: u64, reason: Reason) {
        if let Some((place, order)) = self.locate(id) {
            self.end_at(sink, place, &order, reason);
        }
    }

    pub(super) fn cancel<S: EventSink>(&mut self, cmd: &VenueCommand, sink: &mut S) {
        match self.find(cmd) {
            Ok((place, order)) => self.end_at(sink, place, &order, Reason::Requested),
            Err(reason) => self.reject(sink, cmd, reason),
        }
    }

    pub(super) fn reduce<S: EventSink>(&mut self, cmd: &VenueCommand, sink: &mut S) {
        let (place, order) = match self.find(cmd) {
            Ok(found) => found,
            Err(reason) => return self.reject(sink, cmd, reason),
        };
        let by = cmd.order.qty;
        if by == 0 {
            return self.reject(sink, cmd, Reason::ZeroQuantity);
        }
        if by >= order.qty {
            return self.end_at(sink, place, &order, Reason::Requested);
        }
        let left = OrderView { qty: order.qty - by, ..order };
        let flags = match place {
            Place::Resting(h, _) => {
                self.reduce_open(h, by);
                EventFlags::NONE
            }
            Place::Held => {
                self.registry.change(order.id, |t| t.order.qty = left.qty);
                EventFlags::HELD
            }
        };
        self.about(sink, EventKind::Reduced, &left, by, Reason::None, flags);
    }

    pub(super) fn replace<S: EventSink>(&mut self, cmd: &VenueCommand, sink: &mut S) {
        if let Err(reason) = self.try_replace(cmd, sink) {
            self.reject(sink, cmd, reason);
        }
    }

    fn try_replace<S: EventSink>(&mut self, cmd: &VenueCommand, sink: &mut S) -> Result<(), Reason> {
        let (place, old) = self.find(cmd)?;
        if matches!(self.phase, Phase::Halt | Phase::Closed) {
            return Err(Reason::WrongPhase);
        }
        if !self.may_change_so(place, &old, cmd) {
            return Err(Reason::Unsupported);
        }
        let has = |option| cmd.options.has(option);
        let new_id = (has(Options::NEW_ID) && cmd.link != old.id).then_some(cmd.link);
        if new_id.is_some_and(|id| self.is_live(id)) {
            return Err(Reason::DuplicateId);
        }
        let terms = self.registry.get(old.id);
        let flags = cmd.order.flags;
        let is_peg = terms.is_some_and(|t| t.order_type == OrderType::Pegged);
        let has_limit = match place {
            Place::Held => terms.is_some_and(|t| t.order_type.has_limit()),
            Place::Resting(_, class) => class != Class::Unpriced && !is_peg,
        };
        let price = if has_limit && !flags.has(CommandFlags::KEEP_PRICE) { cmd.order.price } else { old.price };
        let mut qty = if flags.has(CommandFlags::KEEP_QTY) { old.qty } else { cmd.order.qty };
        if has(Options::TOTAL_QTY) && !flags.has(CommandFlags::KEEP_QTY) {
            let traded = terms.map_or(0, |t| t.traded);
            qty = u128::from(qty).saturating_sub(traded) as u64;
        }
        if qty == 0 {
            self.end_at(sink, place, &old, Reason::Requested);
            return Ok(());
        }
        let (display_qty, range) = self.display_after(cmd);
        if has_too_many_parts(qty, display_qty, range) {
            return Err(Reason::Unsupported);
        }
        let side = if has(Options::NEW_SIDE) { cmd.order.side } else { old.side };
        if has_limit && !flags.has(CommandFlags::KEEP_PRICE) && self.is_outside_band(side, price) {
            return Err(Reason::OutsideBand);
        }
        let new = OrderView { side, price, qty, ..old };
        match place {
            Place::Held => self.replace_held(sink, cmd, &new, new_id),
            Place::Resting(h, class) => self.replace_resting(sink, cmd, (h, class), &old, &new, new_id),
        }
    }

    /// What an order will show of itself after a replace, and its range.
    fn display_after(&self, cmd: &VenueCommand) -> (u64, u64) {
        let (display_qty, range) = self.registry.get(cmd.order.id).map_or((0, 0), |t| (t.display_qty, t.display_range));
        (if cmd.options.has(Options::DISPLAY) { cmd.display_qty } else { display_qty }, range)
    }

    /// Whether the options of a replace apply to the order.
    fn may_change_so(&self, place: Place, order: &OrderView, cmd: &VenueCommand) -> bool {
        let terms = self.registry.get(order.id);
        let is = |kind: fn(OrderType) -> bool| terms.is_some_and(|t| kind(t.order_type));
        let is_peg = is(|kind| kind == OrderType::Pegged);
        let class = if let Place::Resting(_, class) = place { Some(class) } else { None };
        let is_limit = matches!(class, Some(Class::Displayed | Class::Hidden)) && !is_peg;
        let may_show = class == Some(Class::Displayed) && terms.is_none_or(|t| !t.is_all_or_none());
        let range = terms.map_or(0, |t| t.display_range);
        let fails = [
            cmd.options.has(Options::NEW_ID) && cmd.link == 0,
            cmd.options.has(Options::NEW_SIDE) && !is_limit,
            cmd.options.has(Options::STOP_PRICE) && !(class.is_none() && is(OrderType::is_stop)),
            cmd.options.has(Options::DISPLAY) && !(may_show && (cmd.display_qty == 0 || cmd.display_qty > range)),
            cmd.options.has(Options::TOTAL_QTY) && !self.config.count_fills,
        ];
        !fails.contains(&true)
    }

    fn replace_held<S: EventSink>(
        &mut self,
        sink: &mut S,
        cmd: &VenueCommand,
        new: &OrderView,
        new_id: Option<u64>,
    ) -> Result<(), Reason> {
        let Some(mut t) = self.registry.get(new.id).cloned() else { return Err(Reason::UnknownOrder) };
        let is_peg = t.order_type == OrderType::Pegged;
        (t.order.price, t.order.qty) = (new.price, new.qty);
        if is_peg && cmd.options.has(Options::LIMIT) && !cmd.order.flags.has(CommandFlags::KEEP_PRICE) {
            t.options = t.options.with(Options::LIMIT);
            t.order.price = cmd.order.price;
        }
        if cmd.options.has(Options::STOP_PRICE) {
            t.stop_price = Some(cmd.stop_price);
        }
        let mut is_elected = false;
        if t.order_type.is_stop() {
            if t.parent.is_none() {
                t.is_elected = false;
                is_elected = self.set_stop(&mut t, true)?;
            }
            t.entry = self.registry.next_entry();
        }
        let (id, shown) = (t.order.id, t.order);
        self.registry.put_in_place(t);
        let id = self.renamed(id, new_id);
        if is_elected {
            self.registry.elect(id);
        }
        self.about(sink, EventKind::Replaced, &shown, new_id.unwrap_or(0), Reason::None, EventFlags::HELD);
        Ok(())
    }

    /// Gives a live order its new id, if it gets one.
    fn renamed(&mut self, id: u64, new_id: Option<u64>) -> u64 {
        let Some(new_id) = new_id else { return id };
        self.registry.rename(id, new_id);
        new_id
    }

    fn replace_resting<S: EventSink>(
        &mut self,
        sink: &mut S,
        cmd: &VenueCommand,
        (h, class): (Handle, Class),
        old: &OrderView,
        new: &OrderView,
        new_id: Option<u64>,
    ) -> Result<(), Reason> {
        let changes = [Options::NEW_ID, Options::NEW_SIDE, Options::DISPLAY, Options::LIMIT];
        let keeps = self.config.book.replace_priority == ReplacePriority::KeepOnDecrease;
        let is_same = new.price == old.price && new.qty <= old.qty && !changes.iter().any(|&o| cmd.options.has(o));
        if keeps && is_same && !self.is_all_or_none(h) {
            if new.qty < old.qty {
                self.reduce_open(h, old.qty - new.qty);
            }
            self.about(sink, EventKind::Replaced, new, 0, Reason::None, EventFlags::KEPT_PRIORITY);
            return Ok(());
        }
        let terms = self.registry.get(old.id);
        let (is_all_or_none, is_peg) =
            terms.map_or((false, false), |t| (t.is_all_or_none(), t.order_type == OrderType::Pegged));
        if is_peg {
            return self.replace_peg(sink, cmd, h, new, new_id);
        }
        let limit = (class != Class::Unpriced).then_some(new.price);
        let is_continuous = self.phase == Phase::Continuous;
        if is_continuous && cmd.order.flags.has(CommandFlags::POST_ONLY) && self.would_trade_beside(h, new.side, limit)
        {
            return Err(Reason::WouldTrade);
        }
        let (mut display_qty, range) = self.display_after(cmd);
        let id = new_id.unwrap_or(old.id);
        if display_qty >= new.qty {
            display_qty = 0;
        }
        let first = if display_qty == 0 { new.qty } else { part(display_qty, range, id, 0).min(new.qty) };
        let stays = new.side == old.side && new.price == old.price;
        let own = if stays { self.shown(h) } else { 0 };
        self.check_level(class, new.side, new.price, first, own)?;
        self.take_out(h);
        let order = OrderView { id, ..*new };
        self.renamed(old.id, new_id);
        if cmd.options.has(Options::DISPLAY) && self.registry.get(id).is_none() {
            self.give_terms(order);
        }
        self.enter_anew(id, |t| {
            t.order = order;
            (t.display_qty, t.display_range) = (display_qty, if display_qty > 0 { range } else { 0 });
            (t.part, t.behind) = (0, 0);
        });
        self.about(sink, EventKind::Replaced, new, new_id.unwrap_or(0), Reason::None, EventFlags::NONE);
        let self_trade = cmd.order.flags.self_trade();
        let entrant = Entrant { is_all_or_none, limit, enters_anew: true, ..Entrant::limit(order, class, self_trade) };
        self.match_and_rest(sink, &entrant);
        Ok(())
    }

    fn replace_peg<S: EventSink>(
        &mut self,
        sink: &mut S,
        cmd: &VenueCommand,
        h: Handle,
        new: &OrderView,
        new_id: Option<u64>,
    ) -> Result<(), Reason> {
        let Some(mut terms) = self.registry.get(new.id).cloned() else { return Err(Reason::UnknownOrder) };
        if cmd.options.has(Options::LIMIT) && !cmd.order.flags.has(CommandFlags::KEEP_PRICE) {
            terms.options = terms.options.with(Options::LIMIT);
            terms.order.price = cmd.order.price;
        }
        let price = self.peg_price(&terms);
        if let Some(price) = price {
            if cmd.order.flags.has(CommandFlags::POST_ONLY) && self.would_trade(new.side, Some(price)) {
                return Err(Reason::WouldTrade);
            }
            let own = if price == self.book.view(h).price { self.shown(h) } else { 0 };
            self.check_level(Class::Hidden, new.side, price, new.qty, own)?;
        }
        self.take_out(h);
        let id = self.renamed(new.id, new_id);
        self.enter_anew(id, |t| {
            (t.options, t.order.price, t.order.qty) = (terms.options, terms.order.price, new.qty);
            t.is_held = price.is_none();
        });
        let shown = OrderView { price: price.unwrap_or(0), ..*new };
        let flags = if price.is_none() { EventFlags::HELD } else { EventFlags::NONE };
        self.about(sink, EventKind::Replaced, &shown, new_id.unwrap_or(0), Reason::None, flags);
        if price.is_some() {
            let order = OrderView { id, ..shown };
            self.match_and_rest(sink, &Entrant::limit(order, Class::Hidden, cmd.order.flags.self_trade()));
        }
        Ok(())
    }

    /// Changes an order that gives up its place: it counts as entered now.
    fn enter_anew(&mut self, id: u64, change: impl FnOnce(&mut Terms)) {
        let entry = self.registry.next_entry();
        self.registry.change(id, |t| {
            t.entry = entry;
            change(t);
        });
    }

    /// Whether an order of `side` at this limit meets anybody but `own`.
    fn would_trade_beside(&self, own: Handle, side: Side, limit: Option<i64>) -> bool {
        let opposite = !side;
        let limit_key = limit.map_or(i64::MIN, |limit| opposite.key(limit));
        let priced = self.priced_levels(opposite, limit_key).flat_map(|(_, level, _)| self.queue_of(level));
        self.first_unpriced(opposite).is_some() || priced.take(2).any(|h| h != own)
    }

    /// Every order of every class of one side, in order of priority.
    pub(super) fn resting_ids(&self, side: Side, class: Class) -> Vec<u64> {
        let levels = self.ladder(class, side).levels();
        levels.flat_map(|(_, level)| self.queue_of(level)).map(|h| self.id_of(h)).collect()
    }

    /// Orders that a mass cancel concerns, in the order in which they end.
    fn concerned(&self, cmd: &VenueCommand) -> Vec<u64> {
        let has = |option| cmd.options.has(option);
        let mut ids = Vec::new();
        for side in Side::BOTH {
            for class in Class::ALL {
                if !(has(Options::RANGE) && class == Class::Unpriced) {
                    ids.extend(self.resting_ids(side, class));
                }
            }
        }
        if !has(Options::RANGE) {
            ids.extend(self.registry.held.values());
        }
        ids.retain(|&id| {
            self.locate(id).is_some_and(|(_, order)| {
                (cmd.order.owner == 0 || order.owner == cmd.order.owner)
                    && (!has(Options::ONE_SIDE) || order.side == cmd.order.side)
                    && (!has(Options::RANGE) || (cmd.order.price..=cmd.stop_price).contains(&order.price))
            })
        });
        ids
    }

    pub(super) fn mass_cancel<S: EventSink>(&mut self, cmd: &VenueCommand, sink: &mut S) {
        let ids = self.concerned(cmd);
        self.acknowledge(sink, cmd, ids.len() as u64);
        for id in ids {
            self.end_by(sink, id, Reason::MassCancel);
        }
    }

    pub(super) fn block<S: EventSink>(&mut self, cmd: &VenueCommand, sink: &mut S) {
        if cmd.order.owner == 0 {
            return self.reject(sink, cmd, Reason::Unsupported);
        }
        self.blocked.insert(cmd.order.owner);
        self.mass_cancel(&VenueCommand { options: Options::NONE, ..*cmd }, sink);
    }
}
