//! An aggressor against displayed, hidden and unpriced orders, one maker after another.

use crate::book::Aggressor;
use crate::command::{SelfTrade, Side};
use crate::event::{Event, EventFlags, EventKind, Reason};
use crate::sink::EventSink;
use crate::slab::{Handle, NIL};
use crate::venue::Venue;
use crate::venue::places::{Class, Maker};
use crate::view::OrderView;

/// An order on its way in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taker {
    pub(super) id: u64,
    pub(super) side: Side,
    pub(super) owner: u32,
    pub(super) qty: u64,
    /// `None` takes any price.
    pub(super) limit: Option<i64>,
    pub(super) self_trade: SelfTrade,
    /// Whether unpriced orders are among its makers.
    pub(super) meets_unpriced: bool,
    /// It trades at this price alone.
    pub(super) only: Option<i64>,
}

/// What an aggressor left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) qty: u64,
    /// It would have traded further than the breaker allows.
    pub(super) breaks: bool,
}

/// What an aggressor would trade.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Foresight {
    pub(super) qty: u64,
    /// Sum of price times lots.
    pub(super) notional: i128,
}

impl Taker {
    /// Least key of the opposite levels that it trades with.
    pub(super) fn limit_key(&self) -> i64 {
        self.limit.map_or(i64::MIN, |limit| (!self.side).key(limit))
    }

    fn trade(&self, seq: u64, maker: u64, price: i64, qty: u64) -> Event {
        let Taker { id, side, owner, .. } = *self;
        let (kind, reason, flags) = (EventKind::Trade, Reason::None, EventFlags::NONE);
        Event { seq, id, other: maker, price, qty, owner, kind, side, reason, flags }
    }
}

impl Venue {
    /// Displayed and hidden orders within the taker's limit, in order of priority, after the unpriced ones.
    pub(super) fn makers(&self, t: &Taker) -> impl Iterator<Item = Maker> + '_ {
        let opposite = !t.side;
        let price = t.limit.or(self.last).filter(|_| t.meets_unpriced);
        let unpriced = self.ladder(Class::Unpriced, opposite).levels().flat_map(|(_, level)| self.queue_of(level));
        let unpriced = price.into_iter().flat_map({
            let all: Vec<Handle> = if price.is_some() { unpriced.collect() } else { Vec::new() };
            move |price| all.clone().into_iter().map(move |h| Maker { h, class: Class::Unpriced, price })
        });
        let only = t.only;
        let priced = self
            .priced_levels(opposite, t.limit_key())
            .map(move |(key, level, class)| (opposite.key(key), level, class));
        let priced = priced.filter(move |&(price, ..)| only.is_none_or(|only| only == price));
        unpriced.chain(
            priced.flat_map(|(price, level, class)| self.queue_of(level).map(move |h| Maker { h, class, price })),
        )
    }

    /// The maker that the taker, with `left` lots, trades with next.
    fn next_maker(&self, t: &Taker, left: u64) -> Option<Maker> {
        let opposite = !t.side;
        if self.registry.all_or_none[opposite as usize] > 0 {
            return self.makers(t).find(|m| !(self.is_all_or_none(m.h) && self.shown(m.h) > left));
        }
        if t.meets_unpriced
            && let Some(h) = self.first_unpriced(opposite)
            && let Some(price) = t.limit.or(self.last)
        {
            return Some(Maker { h, class: Class::Unpriced, price });
        }
        let (key, level, class) = self.best_level(opposite).filter(|&(key, ..)| key >= t.limit_key())?;
        let price = opposite.key(key);
        let maker = Maker { h: self.book.slab.get(level).next, class, price };
        t.only.is_none_or(|only| only == price).then_some(maker)
    }

    /// Whether a price is further from the reference than the breaker allows.
    fn is_beyond_breaker(&self, price: i64) -> bool {
        match (self.config.breaker, self.reference) {
            (Some(breaker), Some(reference)) => price.abs_diff(reference) > breaker,
            _ => false,
        }
    }

    fn is_own(&self, t: &Taker, h: Handle) -> bool {
        t.self_trade != SelfTrade::Allow && self.book.config.is_self(t.owner, self.book.slab.owner(h))
    }

    /// Trades with everything that qualifies.
    pub(super) fn trade<S: EventSink>(&mut self, sink: &mut S, t: &Taker) -> Left {
        let mut left = t.qty;
        while left > 0 {
            let Some(maker) = self.next_maker(t, left) else { break };
            if self.is_beyond_breaker(maker.price) {
                return Left { qty: left, breaks: true };
            }
            let level = self.level_of(maker.h);
            let allocates = maker.class == Class::Displayed && !self.book.is_fifo;
            let own = if allocates && t.self_trade != SelfTrade::Allow {
                self.queue_of(level).find(|&h| self.is_own(t, h))
            } else {
                self.is_own(t, maker.h).then_some(maker.h)
            };
            if let Some(own) = own {
                left = self.prevent(sink, t, own, left);
                continue;
            }
            if allocates {
                let open: u128 = self.queue_of(level).map(|h| u128::from(self.open(h))).sum();
                if u128::from(left) < open {
                    let quantity = left.min(self.book.slab.get(level).qty);
                    self.allocate(sink, t, level, quantity);
                    left -= quantity;
                    continue;
                }
            }
            let fill = self.shown(maker.h).min(left);
            left -= fill;
            self.fill(sink, t, &maker, fill);
        }
        Left { qty: left, breaks: false }
    }

    /// One trade; the maker then has `qty` lots less.
    pub(super) fn fill<S: EventSink>(&mut self, sink: &mut S, t: &Taker, maker: &Maker, qty: u64) {
        let e = t.trade(self.book.commands(), self.id_of(maker.h), maker.price, qty);
        self.emit(sink, e);
        self.consume(sink, maker.h, qty);
    }

    /// Shares `quantity` among the orders of a displayed level by the policy, over what they show.
    fn allocate<S: EventSink>(&mut self, sink: &mut S, t: &Taker, level: Handle, quantity: u64) {
        let Taker { id, side, owner, self_trade, .. } = *t;
        let seq = self.book.commands();
        let a = Aggressor { seq, id, side, price: 0, limit_key: 0, qty: quantity, owner, self_trade };
        let bench = self.book.share_out(&mut (&mut *sink, &mut self.log), &a, level, quantity);
        let mut emptied = Vec::new();
        for order in &bench.orders {
            let traded = self.shown(order.handle) - order.qty;
            if traded > 0 && self.take_lots(order.handle, traded) {
                emptied.push(order.handle);
            }
        }
        self.book.bench = bench;
        for h in emptied {
            self.show_next(sink, h);
        }
    }

    /// Does what the taker's instruction says about an own order; returns what the taker has left.
    fn prevent<S: EventSink>(&mut self, sink: &mut S, t: &Taker, h: Handle, left: u64) -> u64 {
        let resting = self.resting_view(h);
        let price = t.limit.unwrap_or(0);
        let taker = OrderView { id: t.id, side: t.side, price, qty: left, owner: t.owner };
        let smaller = self.shown(h).min(left);
        let (from_resting, from_taker) = match t.self_trade {
            SelfTrade::Allow => (0, 0),
            SelfTrade::CancelResting => (resting.qty, 0),
            SelfTrade::CancelAggressor => (0, left),
            SelfTrade::CancelBoth => (resting.qty, left),
            SelfTrade::Decrement => (smaller, smaller),
        };
        let mut is_next_due = false;
        if from_resting == resting.qty {
            self.remove(h);
        } else if from_resting > 0 {
            is_next_due = self.take_lots(h, from_resting);
        }
        for (order, by) in [(&resting, from_resting), (&taker, from_taker)] {
            if by > 0 {
                self.report_prevented(sink, order, by);
            }
        }
        if is_next_due {
            self.show_next(sink, h);
        }
        left - from_taker
    }

    /// Says that an order lost `by` lots: all of them, or some.
    fn report_prevented<S: EventSink>(&mut self, sink: &mut S, order: &OrderView, by: u64) {
        let (reason, flags) = (Reason::SelfTrade, EventFlags::NONE);
        if by == order.qty {
            return self.cancelled(sink, order, reason, flags);
        }
        let left = OrderView { qty: order.qty - by, ..*order };
        self.about(sink, EventKind::Reduced, &left, by, reason, flags);
    }

    /// What the taker would trade now.
    pub(super) fn foresee(&self, t: &Taker) -> Foresight {
        self.foresee_plainly(t).unwrap_or_else(|| self.foresee_by_trial(t))
    }

    /// Adds up what is there; `None` where the order in which makers come could matter: with own or all-or-none orders, or
    /// an iceberg whose next part might not fit its level.
    fn foresee_plainly(&self, t: &Taker) -> Option<Foresight> {
        if self.registry.all_or_none[!t.side as usize] > 0 {
            return None;
        }
        let (mut seen, mut last_level) = (Foresight::default(), NIL);
        for maker in self.makers(t) {
            if seen.qty == t.qty || self.is_beyond_breaker(maker.price) {
                break;
            }
            let level = self.level_of(maker.h);
            // One own order anywhere at the price matters: where orders are allocated, and before an iceberg's next part.
            let is_new = std::mem::replace(&mut last_level, level) != level;
            if is_new && t.self_trade != SelfTrade::Allow && self.queue_of(level).any(|h| self.is_own(t, h)) {
                return None;
            }
            if let Some(terms) = self.registry.get(self.id_of(maker.h))
                && terms.behind > 0
            {
                let shown = u128::from(self.book.slab.get(level).qty);
                let most = u128::from(terms.display_qty) + u128::from(terms.display_range);
                if shown + most > u128::from(self.book.level_qty_max) {
                    return None;
                }
            }
            let lots = self.open(maker.h).min(t.qty - seen.qty);
            seen.qty += lots;
            seen.notional = seen.notional.saturating_add(i128::from(maker.price).saturating_mul(i128::from(lots)));
        }
        Some(seen)
    }

    /// Trades on a copy of the venue.
    fn foresee_by_trial(&self, t: &Taker) -> Foresight {
        let mut copy = self.clone();
        copy.log.clear();
        copy.trade(&mut (), t);
        let mut seen = Foresight::default();
        for e in copy.log.iter().filter(|e| e.kind == EventKind::Trade) {
            seen.qty += e.qty;
            seen.notional = seen.notional.saturating_add(i128::from(e.price).saturating_mul(i128::from(e.qty)));
        }
        seen
    }

    /// Trades for as long as `budget` pays.
    pub(super) fn spend<S: EventSink>(&mut self, sink: &mut S, t: &Taker, budget: u64) -> Left {
        let (mut left, mut budget) = (t.qty, i128::from(budget));
        while let Some((price, lots)) = self.affordable(t, left, budget) {
            let here = self.trade(sink, &Taker { qty: lots, only: Some(price), ..*t });
            let traded = lots - here.qty;
            left -= traded;
            budget -= i128::from(price) * i128::from(traded);
            if here.breaks {
                return Left { qty: left, breaks: true };
            }
        }
        Left { qty: left, breaks: false }
    }

    /// The price at which the taker trades next, and the lots that the budget pays for there; `None` once it pays for none.
    fn affordable(&self, t: &Taker, left: u64, budget: i128) -> Option<(i64, u64)> {
        for maker in self.makers(t) {
            let paid_for = if maker.price > 0 {
                u64::try_from(budget.max(0) / i128::from(maker.price)).unwrap_or(u64::MAX)
            } else {
                u64::MAX
            };
            let lots = left.min(paid_for);
            if lots == 0 {
                return None;
            }
            if !(self.is_all_or_none(maker.h) && self.shown(maker.h) > lots) {
                return Some((maker.price, lots));
            }
        }
        None
    }

    /// Whether an order of `side` at this limit (`None`: any) meets anybody.
    pub(super) fn would_trade(&self, side: Side, limit: Option<i64>) -> bool {
        let limit_key = limit.map_or(i64::MIN, |limit| (!side).key(limit));
        self.first_unpriced(!side).is_some() || self.best_key(!side).is_some_and(|key| key >= limit_key)
    }
}
