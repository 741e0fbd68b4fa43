//! The specification: a second book in plain safe code, slow on purpose.
//!
//! [`NaiveBook`] says what every command must do. The fast book has to equal it event by event, in every view and in its
//! digest; the shared tests run over both. [`RebuiltBook`] knows only events, and checks that they are enough.

mod rebuilt;
mod steps;
mod venue;

pub use rebuilt::RebuiltBook;
pub use venue::NaiveVenue;

use std::collections::{BTreeMap, VecDeque};

use crate::command::{Command, CommandFlags, CommandKind, SelfTrade, Side, TimeInForce};
use crate::config::{BookConfig, ReplacePriority};
use crate::digest::Digest;
use crate::event::{Event, EventFlags, EventKind, Reason};
use crate::policy::Step;
use crate::sink::EventSink;
use crate::view::{LevelView, MatchingBook, OrderView};

#[derive(Clone, Copy, Debug)]
struct Resting {
    id: u64,
    qty: u64,
    owner: u32,
}

/// Levels of one side under their key: the best level is the last.
type Ladder = BTreeMap<i64, VecDeque<Resting>>;

/// A book of maps and queues.
#[derive(Clone, Debug, Default)]
pub struct NaiveBook {
    config: BookConfig,
    ladders: [Ladder; 2],
    live: BTreeMap<u64, (Side, i64)>,
    /// The TOP order of each side, if its place is taken.
    top: [Option<u64>; 2],
    seq: u64,
    digest: Digest,
}

/// An order on its way in.
#[derive(Clone, Copy)]
struct Aggressor {
    id: u64,
    side: Side,
    /// `None` takes any price.
    limit: Option<i64>,
    qty: u64,
    owner: u32,
    self_trade: SelfTrade,
}

fn level_qty(level: &VecDeque<Resting>) -> u64 {
    level.iter().map(|o| o.qty).sum()
}

impl NaiveBook {
    /// An empty book.
    pub fn new(config: BookConfig) -> NaiveBook {
        NaiveBook { config, ..NaiveBook::default() }
    }

    fn emit<S: EventSink>(&mut self, sink: &mut S, mut e: Event) {
        e.seq = self.seq;
        self.digest.fold(&e);
        sink.event(&e);
    }

    fn reject<S: EventSink>(&mut self, sink: &mut S, cmd: &Command, reason: Reason) {
        let Command { id, price, qty, owner, side, .. } = *cmd;
        let (kind, flags) = (EventKind::Rejected, EventFlags::NONE);
        self.emit(sink, Event { seq: 0, id, other: 0, price, qty, owner, kind, side, reason, flags });
    }

    /// An event about the order `o` itself.
    fn about<S: EventSink>(&mut self, sink: &mut S, kind: EventKind, o: OrderView, reason: Reason, flags: EventFlags) {
        let OrderView { id, side, price, qty, owner } = o;
        self.emit(sink, Event { seq: 0, id, other: 0, price, qty, owner, kind, side, reason, flags });
    }

    /// Key of the best opposite level that an order of `side` at `limit` would trade with.
    fn crossed(&self, side: Side, limit: Option<i64>) -> Option<i64> {
        let (&key, _) = self.ladders[!side as usize].last_key_value()?;
        let price = (!side).key(key);
        let crosses = match (limit, side) {
            (None, _) => true,
            (Some(limit), Side::Buy) => limit >= price,
            (Some(limit), Side::Sell) => limit <= price,
        };
        crosses.then_some(key)
    }

    fn new_order<S: EventSink>(&mut self, cmd: &Command, sink: &mut S) {
        let market = cmd.kind == CommandKind::Market;
        let limit = (!market).then_some(cmd.price);
        let rests = !market && cmd.tif.rests();
        let crosses = self.crossed(cmd.side, limit).is_some();
        if cmd.qty == 0 {
            return self.reject(sink, cmd, Reason::ZeroQuantity);
        }
        if self.live.contains_key(&cmd.id) {
            return self.reject(sink, cmd, Reason::DuplicateId);
        }
        if crosses && cmd.flags.has(CommandFlags::POST_ONLY) {
            return self.reject(sink, cmd, Reason::WouldTrade);
        }
        if rests && !crosses && self.live.len() >= self.config.max_orders as usize {
            return self.reject(sink, cmd, Reason::BookFull);
        }
        if rests && !self.has_room(cmd.side, cmd.price, cmd.qty, 0) {
            return self.reject(sink, cmd, Reason::QuantityOverflow);
        }
        let flags = if market { EventFlags::MARKET } else { EventFlags::NONE };
        let price = limit.unwrap_or(0);
        let mut order = OrderView { id: cmd.id, side: cmd.side, price, qty: cmd.qty, owner: cmd.owner };
        self.about(sink, EventKind::Accepted, order, Reason::None, flags);
        let Command { id, side, qty, owner, .. } = *cmd;
        let aggressor = Aggressor { id, side, limit, qty, owner, self_trade: cmd.flags.self_trade() };
        if cmd.tif == TimeInForce::Fok && !self.can_fill(aggressor) {
            return self.about(sink, EventKind::Cancelled, order, Reason::FillOrKill, EventFlags::NONE);
        }
        order.qty = self.trade(sink, aggressor);
        if order.qty == 0 {
            return;
        }
        if rests {
            self.rest(order);
        } else {
            let reason = if market { Reason::NoLiquidity } else { Reason::ImmediateOrCancel };
            self.about(sink, EventKind::Cancelled, order, reason, EventFlags::NONE);
        }
    }

    /// Whether a level may hold `qty` more lots after `own` are taken off.
    fn has_room(&self, side: Side, price: i64, qty: u64, own: u64) -> bool {
        let level = self.ladders[side as usize].get(&side.key(price)).map_or(0, level_qty);
        (level - own).checked_add(qty).is_some_and(|sum| sum <= self.config.policy.level_qty_max())
    }

    /// Tries it on a copy of the book: a fill-or-kill order fills if it trades all that it wants.
    fn can_fill(&self, a: Aggressor) -> bool {
        let (mut copy, mut events) = (self.clone(), Vec::new());
        copy.trade(&mut events, a);
        let traded = |e: &Event| if e.kind == EventKind::Trade { u128::from(e.qty) } else { 0 };
        events.iter().map(traded).sum::<u128>() == u128::from(a.qty)
    }

    /// Trades with everything that crosses; returns what is left.
    fn trade<S: EventSink>(&mut self, sink: &mut S, a: Aggressor) -> u64 {
        let opposite = !a.side;
        let mut left = a.qty;
        while left > 0 {
            let Some(key) = self.crossed(a.side, a.limit) else { break };
            if let Some(own) = self.own_order(a, key) {
                left = self.prevent(sink, a, key, own, left);
                continue;
            }
            let mut level = self.ladders[opposite as usize].remove(&key).unwrap_or_default();
            let total = level_qty(&level);
            let everything = [Step::Fifo];
            let steps = if left >= total { &everything[..] } else { self.config.policy.steps() };
            let top = self.top[opposite as usize].and_then(|id| level.iter().position(|o| o.id == id));
            let orders = level.iter().map(|o| (o.owner, o.qty)).collect();
            let share = steps::Allocation::new(orders, &self.config.participants, a.owner, top);
            // In a FIFO market the queue is followed up to the first own order: that one is looked at again.
            let is_own = |o: &Resting| a.self_trade != SelfTrade::Allow && self.config.is_self(a.owner, o.owner);
            let reach: u64 = level.iter().take_while(|o| !is_own(o)).map(|o| o.qty).sum();
            for (index, qty) in share.run(steps, left.min(reach)) {
                let maker = &mut level[index];
                maker.qty -= qty;
                left -= qty;
                let other = maker.id;
                if maker.qty == 0 {
                    self.gone(other);
                }
                let e = Event {
                    seq: 0,
                    id: a.id,
                    other,
                    price: opposite.key(key),
                    qty,
                    owner: a.owner,
                    kind: EventKind::Trade,
                    side: a.side,
                    reason: Reason::None,
                    flags: EventFlags::NONE,
                };
                self.emit(sink, e);
            }
            level.retain(|o| o.qty > 0);
            if !level.is_empty() {
                self.ladders[opposite as usize].insert(key, level);
            }
        }
        left
    }

    /// The resting order at this level that the aggressor may not trade with and would have to next: in a FIFO market the
    /// first in the queue, elsewhere any.
    fn own_order(&self, a: Aggressor, key: i64) -> Option<OrderView> {
        let level = self.ladders[!a.side as usize].get(&key)?;
        let reach = if self.config.policy.is_fifo() { 1 } else { level.len() };
        let own = |o: &&Resting| a.self_trade != SelfTrade::Allow && self.config.is_self(a.owner, o.owner);
        self.order(level.iter().take(reach).find(own)?.id)
    }

    /// Applies the aggressor's instruction; returns what it has left.
    fn prevent<S: EventSink>(&mut self, sink: &mut S, a: Aggressor, key: i64, own: OrderView, left: u64) -> u64 {
        let taker = OrderView { id: a.id, side: a.side, price: a.limit.unwrap_or(0), qty: left, owner: a.owner };
        let smaller = own.qty.min(left);
        let (lost_by_own, lost_by_taker) = match a.self_trade {
            SelfTrade::Allow => unreachable!("nothing is prevented"),
            SelfTrade::CancelResting => (own.qty, 0),
            SelfTrade::CancelAggressor => (0, left),
            SelfTrade::CancelBoth => (own.qty, left),
            SelfTrade::Decrement => (smaller, smaller),
        };
        if lost_by_own == own.qty {
            self.remove(own);
        } else if let Some(resting) = self.resting(own.id) {
            resting.qty -= lost_by_own;
        }
        debug_assert_eq!((!a.side).key(own.price), key);
        for (order, lost) in [(own, lost_by_own), (taker, lost_by_taker)] {
            if lost == 0 {
                continue;
            }
            let OrderView { id, side, price, owner, .. } = order;
            let qty = order.qty - lost;
            let e = match qty {
                0 => (EventKind::Cancelled, 0, order.qty),
                _ => (EventKind::Reduced, lost, qty),
            };
            let ((kind, other, qty), reason, flags) = (e, Reason::SelfTrade, EventFlags::NONE);
            self.emit(sink, Event { seq: 0, id, other, price, qty, owner, kind, side, reason, flags });
        }
        left - lost_by_taker
    }

    fn rest(&mut self, o: OrderView) {
        if let Some(min_qty) = self.config.policy.top_min_qty() {
            let best = self.ladders[o.side as usize].last_key_value().map(|(&key, _)| key);
            if best.is_none_or(|best| o.side.key(o.price) > best) {
                self.top[o.side as usize] = (o.qty >= min_qty).then_some(o.id);
            }
        }
        let level = self.ladders[o.side as usize].entry(o.side.key(o.price)).or_default();
        level.push_back(Resting { id: o.id, qty: o.qty, owner: o.owner });
        self.live.insert(o.id, (o.side, o.price));
    }

    fn resting(&mut self, id: u64) -> Option<&mut Resting> {
        let (side, price) = *self.live.get(&id)?;
        self.ladders[side as usize].get_mut(&side.key(price))?.iter_mut().find(|o| o.id == id)
    }

    fn remove(&mut self, o: OrderView) {
        let ladder = &mut self.ladders[o.side as usize];
        let key = o.side.key(o.price);
        if let Some(level) = ladder.get_mut(&key) {
            level.retain(|r| r.id != o.id);
            if level.is_empty() {
                ladder.remove(&key);
            }
        }
        self.gone(o.id);
    }

    /// An order has died: if it was TOP, nobody is.
    fn gone(&mut self, id: u64) {
        self.live.remove(&id);
        for top in &mut self.top {
            top.take_if(|top| *top == id);
        }
    }

    /// The order that a change is about, or the reason why there is none for this owner.
    fn find(&self, cmd: &Command) -> Result<OrderView, Reason> {
        let order = self.order(cmd.id).ok_or(Reason::UnknownOrder)?;
        if cmd.owner != 0 && cmd.owner != order.owner { Err(Reason::NotOwner) } else { Ok(order) }
    }

    fn change<S: EventSink>(&mut self, cmd: &Command, sink: &mut S) {
        let order = match self.find(cmd) {
            Ok(order) => order,
            Err(reason) => return self.reject(sink, cmd, reason),
        };
        match cmd.kind {
            CommandKind::Reduce if cmd.qty == 0 => self.reject(sink, cmd, Reason::ZeroQuantity),
            CommandKind::Reduce if cmd.qty < order.qty => {
                let qty = order.qty - cmd.qty;
                if let Some(resting) = self.resting(cmd.id) {
                    resting.qty = qty;
                }
                let OrderView { id, side, price, owner, .. } = order;
                let (kind, reason, flags) = (EventKind::Reduced, Reason::None, EventFlags::NONE);
                self.emit(sink, Event { seq: 0, id, other: cmd.qty, price, qty, owner, kind, side, reason, flags });
            }
            CommandKind::Replace => self.replace(cmd, order, sink),
            _ => {
                self.remove(order);
                self.about(sink, EventKind::Cancelled, order, Reason::Requested, EventFlags::NONE);
            }
        }
    }

    fn replace<S: EventSink>(&mut self, cmd: &Command, old: OrderView, sink: &mut S) {
        let price = if cmd.flags.has(CommandFlags::KEEP_PRICE) { old.price } else { cmd.price };
        let qty = if cmd.flags.has(CommandFlags::KEEP_QTY) { old.qty } else { cmd.qty };
        let mut new = OrderView { price, qty, ..old };
        if qty == 0 {
            self.remove(old);
            return self.about(sink, EventKind::Cancelled, old, Reason::Requested, EventFlags::NONE);
        }
        let keeps = self.config.replace_priority == ReplacePriority::KeepOnDecrease;
        if keeps && price == old.price && qty <= old.qty {
            if let Some(resting) = self.resting(old.id) {
                resting.qty = qty;
            }
            return self.about(sink, EventKind::Replaced, new, Reason::None, EventFlags::KEPT_PRIORITY);
        }
        let crosses = self.crossed(old.side, Some(price)).is_some();
        if crosses && cmd.flags.has(CommandFlags::POST_ONLY) {
            return self.reject(sink, cmd, Reason::WouldTrade);
        }
        let own = if price == old.price { old.qty } else { 0 };
        if !self.has_room(old.side, price, qty, own) {
            return self.reject(sink, cmd, Reason::QuantityOverflow);
        }
        self.remove(old);
        self.about(sink, EventKind::Replaced, new, Reason::None, EventFlags::NONE);
        let OrderView { id, side, owner, .. } = new;
        let self_trade = cmd.flags.self_trade();
        new.qty = self.trade(sink, Aggressor { id, side, limit: Some(price), qty, owner, self_trade });
        if new.qty > 0 {
            self.rest(new);
        }
    }
}

impl MatchingBook for NaiveBook {
    fn apply<S: EventSink>(&mut self, cmd: &Command, sink: &mut S) {
        match cmd.kind {
            CommandKind::Limit | CommandKind::Market => self.new_order(cmd, sink),
            CommandKind::Cancel | CommandKind::Reduce | CommandKind::Replace => self.change(cmd, sink),
        }
        self.seq += 1;
    }

    fn levels(&self, side: Side, max: usize) -> Vec<LevelView> {
        let view = |(&key, level): (&i64, &VecDeque<Resting>)| LevelView {
            price: side.key(key),
            qty: level_qty(level),
            orders: level.len() as u32,
        };
        self.ladders[side as usize].iter().rev().take(max).map(view).collect()
    }

    fn queue(&self, side: Side) -> Vec<OrderView> {
        let view = |price: i64, o: &Resting| OrderView { id: o.id, side, price, qty: o.qty, owner: o.owner };
        let levels = self.ladders[side as usize].iter().rev();
        levels.flat_map(|(&key, level)| level.iter().map(move |o| view(side.key(key), o))).collect()
    }

    fn order(&self, id: u64) -> Option<OrderView> {
        let (side, price) = *self.live.get(&id)?;
        let level = self.ladders[side as usize].get(&side.key(price))?;
        let o = level.iter().find(|o| o.id == id)?;
        Some(OrderView { id, side, price, qty: o.qty, owner: o.owner })
    }

    fn order_count(&self) -> usize {
        self.live.len()
    }

    fn digest(&self) -> Digest {
        self.digest
    }
}
