//! Changes to resting orders: cancel, reduce, replace.

use crate::book::{Aggressor, Book};
use crate::command::{Command, CommandFlags};
use crate::config::ReplacePriority;
use crate::event::{Event, EventFlags, EventKind, Reason};
use crate::sink::EventSink;
use crate::slab::{Handle, NIL};
use crate::view::OrderView;

impl Book {
    /// The order that a change is about; refuses the command and gives `None` if there is none for its owner.
    #[inline(always)]
    fn find<S: EventSink>(&mut self, cmd: &Command, sink: &mut S) -> Option<(Handle, OrderView)> {
        let h = self.ids.find_counting(&self.slab, cmd.id);
        if h == NIL {
            self.reject(sink, cmd, Reason::UnknownOrder);
            return None;
        }
        let order = self.view(h);
        if cmd.owner != 0 && cmd.owner != order.owner {
            self.reject(sink, cmd, Reason::NotOwner);
            return None;
        }
        Some((h, order))
    }

    #[inline(always)]
    pub(crate) fn cancel<S: EventSink>(&mut self, cmd: &Command, sink: &mut S) {
        let Some((h, order)) = self.find(cmd, sink) else { return };
        self.end(h, &order, sink);
    }

    /// Ends an order on request.
    #[inline(always)]
    fn end<S: EventSink>(&mut self, h: Handle, order: &OrderView, sink: &mut S) {
        self.remove(h);
        self.about(sink, EventKind::Cancelled, order, Reason::Requested, EventFlags::NONE);
    }

    #[inline(never)]
    pub(crate) fn reduce<S: EventSink>(&mut self, cmd: &Command, sink: &mut S) {
        let Some((h, order)) = self.find(cmd, sink) else { return };
        let by = cmd.qty;
        if by == 0 {
            return self.reject(sink, cmd, Reason::ZeroQuantity);
        }
        if by >= order.qty {
            return self.end(h, &order, sink);
        }
        self.set_open(h, &order, order.qty - by);
        let OrderView { id, side, price, qty, owner } = order;
        let e = Event {
            seq: self.seq,
            id,
            other: by,
            price,
            qty: qty - by,
            owner,
            kind: EventKind::Reduced,
            side,
            reason: Reason::None,
            flags: EventFlags::NONE,
        };
        self.emit(sink, &e);
    }

    /// Lowers an order's open quantity in place.
    #[inline(always)]
    pub(crate) fn set_open(&mut self, h: Handle, order: &OrderView, qty: u64) {
        let node = self.slab.get_mut(h);
        node.qty = qty;
        let level = node.level_or_count;
        self.slab.get_mut(level).qty -= order.qty - qty;
    }

    #[inline(never)]
    pub(crate) fn replace<S: EventSink>(&mut self, cmd: &Command, sink: &mut S) {
        let Some((h, old)) = self.find(cmd, sink) else { return };
        let price = if cmd.flags.has(CommandFlags::KEEP_PRICE) { old.price } else { cmd.price };
        let qty = if cmd.flags.has(CommandFlags::KEEP_QTY) { old.qty } else { cmd.qty };
        let mut new = OrderView { price, qty, ..old };
        if qty == 0 {
            return self.end(h, &old, sink);
        }
        let keeps = self.config.replace_priority == ReplacePriority::KeepOnDecrease;
        if keeps && price == old.price && qty <= old.qty {
            self.set_open(h, &old, qty);
            return self.about(sink, EventKind::Replaced, &new, Reason::None, EventFlags::KEPT_PRIORITY);
        }
        let OrderView { id, side, owner, .. } = new;
        let limit_key = (!side).key(price);
        let crosses = self.crosses(side, limit_key);
        if crosses && cmd.flags.has(CommandFlags::POST_ONLY) {
            return self.reject(sink, cmd, Reason::WouldTrade);
        }
        // An order that trades on entry comes to rest on a level of its own.
        let level = if crosses { NIL } else { self.ladders[side as usize].level(side.key(price)) };
        let own = if price == old.price { old.qty } else { 0 };
        if self.overflows(level, qty, own) {
            return self.reject(sink, cmd, Reason::QuantityOverflow);
        }
        self.remove(h);
        self.about(sink, EventKind::Replaced, &new, Reason::None, EventFlags::NONE);
        if crosses {
            let (seq, self_trade) = (self.seq, cmd.flags.self_trade());
            let a = Aggressor { seq, id, side, price, limit_key, qty, owner, self_trade };
            new.qty = self.trade(sink, &a);
            if new.qty == 0 {
                return;
            }
        }
        // Looked up again: taking the old order away may have given the level's memory back.
        let level = self.ladders[side as usize].level(side.key(price));
        self.rest(&new, level);
    }
}
