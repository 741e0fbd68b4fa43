//! Self-trade prevention: an aggressor against the resting orders of its own owner.
//!
//! The aggressor's own instruction decides. In a FIFO market it concerns the orders that *would* trade: whatever the
//! aggressor reaches in the queue. In a market that allocates it concerns every own order that *could* be allocated: all
//! at the price, before anything is shared (CME Client Systems Wiki 457640025 and 46140175).
//!
//! An aggressor without an instruction never comes here.

use crate::book::{Aggressor, Book};
use crate::command::SelfTrade;
use crate::event::{Event, EventFlags, EventKind, Reason};
use crate::sink::EventSink;
use crate::slab::Handle;
use crate::view::OrderView;

impl Book {
    fn is_own(&self, a: &Aggressor, h: Handle) -> bool {
        self.config.is_self(a.owner, self.slab.owner(h))
    }

    /// The first own order of a level from `h` on.
    fn own_order(&self, a: &Aggressor, level: Handle, mut h: Handle) -> Option<Handle> {
        while h != level {
            if self.is_own(a, h) {
                return Some(h);
            }
            h = self.slab.get(h).next;
        }
        None
    }

    /// As [`Book::trade`], for an aggressor with an instruction.
    #[inline(never)]
    pub(crate) fn trade_guarded<S: EventSink>(&mut self, sink: &mut S, a: &Aggressor) -> u64 {
        let mut left = a.qty;
        while left > 0 && self.crosses(a.side, a.limit_key) {
            let level = self.ladders[!a.side as usize].best;
            let first = self.slab.get(level).next;
            let own = if self.is_fifo {
                // Only the order at the front would trade now.
                self.is_own(a, first).then_some(first)
            } else {
                self.own_order(a, level, first)
            };
            left = match own {
                Some(own) => self.prevent(sink, a, own, left),
                None if self.is_fifo => self.fill_first(sink, a, first, left),
                None if left >= self.slab.get(level).qty => self.sweep(sink, a, level, left),
                None => {
                    self.allocate(sink, a, level, left);
                    0
                }
            };
        }
        left
    }

    /// Trades with the order at the front of the best level; returns what is left.
    fn fill_first<S: EventSink>(&mut self, sink: &mut S, a: &Aggressor, h: Handle, left: u64) -> u64 {
        let order = self.view(h);
        let fill = order.qty.min(left);
        self.emit(sink, &a.trade(order.id, order.price, fill));
        self.take_off(h, &order, fill);
        left - fill
    }

    /// Lowers an order's open quantity; at nothing it leaves the book.
    fn take_off(&mut self, h: Handle, order: &OrderView, by: u64) {
        if by == order.qty {
            self.remove(h);
        } else {
            self.set_open(h, order, order.qty - by);
        }
    }

    /// Does what the aggressor's instruction says about an own order; returns what the aggressor has left.
    fn prevent<S: EventSink>(&mut self, sink: &mut S, a: &Aggressor, h: Handle, left: u64) -> u64 {
        let resting = self.view(h);
        let aggressor = OrderView { id: a.id, side: a.side, price: a.price, qty: left, owner: a.owner };
        let (from_resting, from_aggressor) = match a.self_trade {
            SelfTrade::Allow => (0, 0),
            SelfTrade::CancelResting => (resting.qty, 0),
            SelfTrade::CancelAggressor => (0, left),
            SelfTrade::CancelBoth => (resting.qty, left),
            SelfTrade::Decrement => (resting.qty.min(left), resting.qty.min(left)),
        };
        if from_resting > 0 {
            self.take_off(h, &resting, from_resting);
            self.report_prevented(sink, &resting, from_resting);
        }
        if from_aggressor > 0 {
            self.report_prevented(sink, &aggressor, from_aggressor);
        }
        left - from_aggressor
    }

    /// Says that an order lost `by` lots: all of them, or some.
    fn report_prevented<S: EventSink>(&mut self, sink: &mut S, order: &OrderView, by: u64) {
        let (reason, flags) = (Reason::SelfTrade, EventFlags::NONE);
        if by == order.qty {
            return self.about(sink, EventKind::Cancelled, order, reason, flags);
        }
        let OrderView { id, side, price, qty, owner } = *order;
        let (seq, kind, qty) = (self.commands(), EventKind::Reduced, qty - by);
        self.emit(sink, &Event { seq, id, other: by, price, qty, owner, kind, side, reason, flags });
    }

    /// As [`Book::can_fill`], for an aggressor with an instruction: own orders do not count, and unless they are the ones
    /// to go, nothing behind the first of them does.
    pub(crate) fn can_fill_guarded(&self, a: &Aggressor) -> bool {
        let mut missing = a.qty;
        for (_, level) in self.ladders[!a.side as usize].levels().take_while(|&(key, _)| key >= a.limit_key) {
            let first = self.slab.get(level).next;
            let goes_on = a.self_trade == SelfTrade::CancelResting;
            // Where orders are allocated, one own order at the price is enough to end the aggressor before it trades there.
            if !goes_on && !self.is_fifo && self.own_order(a, level, first).is_some() {
                return false;
            }
            let mut h = first;
            while h != level {
                if !self.is_own(a, h) {
                    missing = missing.saturating_sub(self.slab.get(h).qty);
                } else if !goes_on {
                    return false;
                }
                if missing == 0 {
                    return true;
                }
                h = self.slab.get(h).next;
            }
        }
        false
    }
}
