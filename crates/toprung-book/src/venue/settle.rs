//! What follows from a step: stops are elected and enter, linked orders act, pegs follow.

use crate::command::{Side, TimeInForce};
use crate::event::{Event, EventFlags, EventKind, Reason};
use crate::sink::EventSink;
use crate::venue::terms::{Elected, Terms};
use crate::venue::{Options, OrderType, Phase, StopEntry, StopTrigger, Venue, VenueCommand};
use crate::view::OrderView;

/// What a link makes of an event.
#[derive(Clone, Copy, Debug)]
pub(super) enum Consequence {
    /// The partner of an order that traded, became active or ended is cancelled.
    Cancel(u64),
    /// An order has ended for which others wait.
    Release(u64),
}

impl Venue {
    /// Works off everything that the events so far bring about.
    pub(super) fn settle<S: EventSink>(&mut self, sink: &mut S) {
        loop {
            self.look_at_events(sink);
            if self.phase != Phase::Continuous {
                break;
            }
            if self.is_crossed() && self.complete(sink) {
                continue;
            }
            if self.config.stop_trigger == StopTrigger::BestOpposite && self.registry.has_stops() {
                self.trail_by_quotes();
                self.elect_by_quotes();
            }
            if !self.registry.pegs.is_empty() && self.pegged_at != Side::BOTH.map(|side| self.best_displayed(side)) {
                self.reprice_pegs(sink);
                continue;
            }
            match self.registry.next_elected() {
                Some(id) => self.activate(sink, id),
                None => break,
            }
        }
        self.registry.ended.clear();
    }

    /// Looks at the events that have not been looked at, then lets links act, until they have nothing to do.
    pub(super) fn look_at_events<S: EventSink>(&mut self, sink: &mut S) {
        loop {
            while let Some(&e) = self.log.get(self.seen) {
                self.seen += 1;
                self.look_at(&e);
            }
            self.queue_elected();
            match self.consequences.pop_front() {
                None => return,
                Some(Consequence::Cancel(id)) => {
                    self.registry.part_company(id);
                    self.end_by(sink, id, Reason::Linked);
                }
                Some(Consequence::Release(parent)) => self.release_children(sink, parent),
            }
        }
    }

    fn look_at(&mut self, e: &Event) {
        match e.kind {
            EventKind::Trade => {
                self.note_price(e.price);
                for id in [e.id, e.other] {
                    if let Some(t) = self.registry.find_mut(id) {
                        t.traded = t.traded.saturating_add(u128::from(e.qty));
                        self.note_links(id);
                    }
                }
            }
            EventKind::Cancelled => self.note_links(e.id),
            _ => {}
        }
    }

    /// An order traded, became active or ended.
    fn note_links(&mut self, id: u64) {
        if let Some(partner) = self.registry.find_mut(id).and_then(|t| t.partner) {
            self.consequences.push_back(Consequence::Cancel(partner));
        }
        if !self.registry.find_mut(id).is_some_and(|t| t.is_parent) || self.is_live(id) {
            return;
        }
        // It ended with the last event about it.
        let is_about = |e: &Event| match e.kind {
            EventKind::Trade => e.id == id || e.other == id,
            kind => kind == EventKind::Cancelled && e.id == id,
        };
        if !self.log[self.seen..].iter().any(is_about)
            && let Some(t) = self.registry.find_mut(id)
        {
            t.is_parent = false;
            self.consequences.push_back(Consequence::Release(id));
        }
    }

    /// The parent has ended: its children enter with at most what it traded, or end.
    fn release_children<S: EventSink>(&mut self, sink: &mut S, parent: u64) {
        let traded = self.registry.find_mut(parent).map_or(0, |t| t.traded);
        for child in self.registry.children(parent) {
            let Some(before) = self.registry.get(child).and_then(|t| t.parent).map(|(_, before)| before) else {
                continue;
            };
            let share = u64::try_from(traded - before).unwrap_or(u64::MAX);
            if share == 0 {
                self.end_by(sink, child, Reason::Linked);
                continue;
            }
            self.registry.change(child, |t| t.granted = Some(share));
            self.registry.elect(child);
        }
    }

    /// Stops elected by the step come behind those elected before.
    fn queue_elected(&mut self) {
        let mut newly = std::mem::take(&mut self.newly_elected);
        newly.sort_unstable();
        for Elected { id, .. } in newly.drain(..) {
            self.registry.elect(id);
        }
        self.newly_elected = newly;
    }

    /// A price has been traded, or is taken as traded.
    pub(super) fn note_price(&mut self, price: i64) {
        self.last = Some(price);
        if self.config.stop_trigger == StopTrigger::BestOpposite || !self.registry.has_stops() {
            return;
        }
        for side in Side::BOTH {
            self.registry.take_reached(side, Some(price), &mut self.newly_elected);
        }
        let trailing: Vec<u64> = self.registry.trailing.values().copied().collect();
        for id in trailing {
            self.trail(id, price);
        }
    }

    /// Moves a trailing stop after its reference.
    fn trail(&mut self, id: u64, reference: i64) {
        let moved = self.registry.get(id).is_some_and(|t| trailed(t, reference).is_some());
        if moved {
            self.registry.change(id, |t| follow(t, reference));
        }
    }

    /// What a trailing stop of `side` follows where quotes count.
    fn quote_reference(&self, side: Side) -> Option<i64> {
        let (last, quote) = (self.last?, self.best_displayed(!side)?);
        Some(match side {
            Side::Buy => last.max(quote),
            Side::Sell => last.min(quote),
        })
    }

    fn trail_by_quotes(&mut self) {
        let trailing: Vec<u64> = self.registry.trailing.values().copied().collect();
        for id in trailing {
            let side = self.registry.get(id).map(|t| t.order.side);
            if let Some(reference) = side.and_then(|side| self.quote_reference(side)) {
                self.trail(id, reference);
            }
        }
    }

    fn elect_by_quotes(&mut self) {
        for side in Side::BOTH {
            let quote = self.best_displayed(!side);
            self.registry.take_reached(side, quote, &mut self.newly_elected);
        }
        self.queue_elected();
    }

    /// Gives a stop its price on entry; says whether it is elected at once. `rejects`: as the venue's conventions say.
    pub(super) fn set_stop(&self, t: &mut Terms, rejects: bool) -> Result<bool, Reason> {
        let (side, trigger) = (t.order.side, self.config.stop_trigger);
        let by_quotes = trigger == StopTrigger::BestOpposite;
        if t.order_type.is_trailing() {
            let reference = match by_quotes {
                true if self.phase == Phase::Continuous => self.quote_reference(side),
                true => None,
                false => self.last,
            };
            match (t.stop_price, reference) {
                (None, None) => return Err(Reason::StopPrice),
                (None, Some(reference)) => t.stop_price = Some(candidate(t, reference)),
                (Some(_), Some(reference)) => follow(t, reference),
                (Some(_), None) => {}
            }
        }
        let Some(stop) = t.stop_price else { return Err(Reason::StopPrice) };
        let key = |price| side.key(price);
        let is_reached = match trigger {
            StopTrigger::LastTradeAfterEntry => return Ok(false),
            StopTrigger::LastTrade => self.last.is_some_and(|last| key(last) >= key(stop)),
            StopTrigger::BestOpposite if self.phase != Phase::Continuous => return Ok(false),
            StopTrigger::BestOpposite => self.best_displayed(!side).is_none_or(|quote| key(quote) >= key(stop)),
        };
        if rejects && self.config.stop_entry == StopEntry::Reject {
            let has_limit = t.order_type.has_limit();
            if is_reached || has_limit && key(t.order.price) < key(stop) {
                return Err(Reason::StopPrice);
            }
        }
        Ok(is_reached)
    }

    /// A held order that was elected enters.
    pub(super) fn activate<S: EventSink>(&mut self, sink: &mut S, id: u64) {
        let Some(mut t) = self.registry.remove(id) else { return };
        t.is_elected = false;
        let is_child = t.parent.take().is_some();
        if let Some(granted) = t.granted.take() {
            t.order.qty = t.order.qty.min(granted);
            t.judge_display();
        }
        if !is_child && let Some(partner) = t.partner {
            self.consequences.push_back(Consequence::Cancel(partner));
        }
        if is_child && t.order_type.is_stop() {
            return self.hold_released_stop(sink, t);
        }
        t.is_held = false;
        let copy = t.clone();
        if let Err(reason) = self.enter_book(sink, t, None) {
            let (order, flags) = (copy.order, held_flags(&copy));
            self.registry.ended.push(copy);
            self.about(sink, EventKind::Triggered, &order, 0, Reason::None, flags);
            self.cancelled(sink, &order, reason, EventFlags::NONE);
        }
    }

    /// A stop whose parent has ended waits for its price from now on.
    fn hold_released_stop<S: EventSink>(&mut self, sink: &mut S, mut t: Terms) {
        let flags = held_flags(&t).with(EventFlags::HELD);
        let entry = self.set_stop(&mut t, false);
        // Where its market is: a limit has moved along.
        let order = t.order;
        self.about(sink, EventKind::Triggered, &order, 0, Reason::None, flags);
        match entry {
            Ok(is_elected) => {
                self.registry.insert(t);
                if is_elected {
                    self.registry.elect(order.id);
                }
            }
            Err(reason) => {
                self.registry.ended.push(t);
                self.cancelled(sink, &order, reason, EventFlags::HELD);
            }
        }
    }

    pub(super) fn check_links(&self, cmd: &VenueCommand) -> Result<(), Reason> {
        let may_link = |id: u64, alone: bool| {
            let owner = match (self.registry.get(id), self.book.order(id)) {
                (Some(t), _) if alone && t.partner.is_some() => return false,
                (Some(t), _) => t.order.owner,
                (None, Some(order)) => order.owner,
                (None, None) => return false,
            };
            owner == cmd.order.owner
        };
        let with = |option| cmd.options.has(option);
        if with(Options::ONE_CANCELS_OTHER) && !may_link(cmd.link, true)
            || with(Options::ONE_TRIGGERS_OTHER) && !may_link(cmd.parent, false)
        {
            return Err(Reason::UnknownLink);
        }
        Ok(())
    }

    /// Ties a new order to those that it names.
    pub(super) fn link(&mut self, t: &mut Terms, cmd: &VenueCommand) {
        if cmd.options.has(Options::ONE_CANCELS_OTHER) {
            self.make_terms(cmd.link);
            if let Some(partner) = self.registry.get_mut(cmd.link) {
                partner.partner = Some(t.order.id);
                t.partner = Some(cmd.link);
            }
        }
        if cmd.options.has(Options::ONE_TRIGGERS_OTHER) {
            self.make_terms(cmd.parent);
            if let Some(parent) = self.registry.get_mut(cmd.parent) {
                parent.is_parent = true;
                let before = if parent.options.has(Options::PARENT) { 0 } else { parent.traded };
                t.parent = Some((cmd.parent, before));
            }
        }
    }

    /// Gives a plain order terms, so that others can refer to it.
    fn make_terms(&mut self, id: u64) {
        if self.registry.get(id).is_none()
            && let Some(order) = self.book.order(id)
        {
            self.give_terms(order);
        }
    }

    /// Gives terms to an order that has none.
    pub(super) fn give_terms(&mut self, order: OrderView) {
        let entry = self.registry.next_entry();
        self.registry.insert(Terms { entry, ..Terms::plain(order) });
    }
}

/// The flags of an order that leaves its place beside the book.
fn held_flags(t: &Terms) -> EventFlags {
    let mut flags = EventFlags::NONE;
    if !t.order_type.has_limit() && t.order_type != OrderType::Pegged {
        flags = flags.with(EventFlags::MARKET);
    }
    if t.is_hidden() {
        flags = flags.with(EventFlags::HIDDEN);
    }
    flags
}

/// Distance and step of a trailing stop at a reference price, in ticks.
fn distance(t: &Terms, reference: i64) -> (i128, i128) {
    let step = i128::from(t.step);
    if t.offset > 0 {
        return (i128::from(t.offset), step);
    }
    let part = |hundredths: i128| hundredths * i128::from(reference.unsigned_abs()) / 10_000;
    (part(-i128::from(t.offset)), part(step))
}

fn clamp(price: i128) -> i64 {
    price.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

/// The stop price that a trailing stop would have at a reference price.
fn candidate(t: &Terms, reference: i64) -> i64 {
    let (distance, _) = distance(t, reference);
    clamp(match t.order.side {
        Side::Buy => i128::from(reference) + distance,
        Side::Sell => i128::from(reference) - distance,
    })
}

/// The better stop price at a reference price, if the step is reached.
fn trailed(t: &Terms, reference: i64) -> Option<i64> {
    let (stop, new) = (t.stop_price?, candidate(t, reference));
    let (_, step) = distance(t, reference);
    let gain = match t.order.side {
        Side::Buy => i128::from(stop) - i128::from(new),
        Side::Sell => i128::from(new) - i128::from(stop),
    };
    (gain >= step.max(1)).then_some(new)
}

/// Moves stop price and limit of a trailing stop after its reference.
fn follow(t: &mut Terms, reference: i64) {
    if let (Some(stop), Some(new)) = (t.stop_price, trailed(t, reference)) {
        if t.order_type.has_limit() {
            t.order.price = clamp(i128::from(t.order.price) + i128::from(new) - i128::from(stop));
        }
        t.stop_price = Some(new);
    }
}

impl Terms {
    /// Whether a session ends the order when it comes to `phase`.
    pub(super) fn ends_with(&self, phase: Phase) -> bool {
        match self.tif {
            TimeInForce::AtOpen => matches!(phase, Phase::Continuous | Phase::Closed),
            TimeInForce::Day | TimeInForce::AtClose => phase == Phase::Closed,
            _ => false,
        }
    }
}
