//! The book: [`Book::apply`] carries out one command, and is the only place that decides an event.
//!
//! The order of the checks and of the events is that of the naive book (feature `naive`), which is the specification.

use crate::command::{Command, CommandFlags, CommandKind, SelfTrade, Side, TimeInForce};
use crate::config::BookConfig;
use crate::digest::Digest;
use crate::event::{Event, EventFlags, EventKind, Reason};
use crate::ids::IdIndex;
use crate::ladder::Ladder;
use crate::policy::allocate::{Bench, Open, Terms};
use crate::sink::EventSink;
use crate::slab::{Handle, NIL, Slab};
use crate::view::{LevelView, OrderView};

/// Commands ahead for which the id bucket is fetched in a batch.
const LOOK_AHEAD_BUCKET: usize = 32;
/// Commands ahead for which the order node is fetched in a batch.
const LOOK_AHEAD_NODE: usize = 24;
/// Commands ahead for which the node's neighbours are fetched in a batch.
const LOOK_AHEAD_NEIGHBOURS: usize = 16;

/// Live orders from which a book is taken not to fit the cache.
const LOOK_AHEAD_ORDERS: usize = 1 << 15;

/// Slots beyond which no order is taken, so that a handle always fits 32 bits.
const SLOTS_MAX: usize = u32::MAX as usize - 1024;

/// A limit order book.
///
/// One thread at a time; books share nothing. Memory grows with the live orders (at most 64 bytes each for a book of many)
/// and with the price range in use, and is used again when orders die.
#[derive(Clone, Debug)]
pub struct Book {
    pub(crate) slab: Slab,
    pub(crate) ids: IdIndex,
    pub(crate) ladders: [Ladder; 2],
    pub(crate) config: BookConfig,
    pub(crate) is_fifo: bool,
    /// Most lots that a level may hold.
    pub(crate) level_qty_max: u64,
    /// Least size of a TOP order, if the policy knows TOP.
    pub(crate) top_min_qty: Option<u64>,
    /// Ids of the TOP orders of both sides. One that has died is not TOP: it is looked up when it matters.
    pub(crate) top: [Option<u64>; 2],
    pub(crate) seq: u64,
    pub(crate) digest: Digest,
    /// What an allocating policy works on.
    pub(crate) bench: Bench,
}

/// An order on its way in.
#[derive(Clone, Copy)]
pub(crate) struct Aggressor {
    pub(crate) seq: u64,
    pub(crate) id: u64,
    pub(crate) side: Side,
    /// Limit in ticks, 0 of a market order.
    pub(crate) price: i64,
    /// Least key of an opposite level that it trades with.
    pub(crate) limit_key: i64,
    pub(crate) qty: u64,
    pub(crate) owner: u32,
    pub(crate) self_trade: SelfTrade,
}

impl Aggressor {
    /// The fill of a resting order.
    #[inline(always)]
    pub(crate) fn trade(&self, maker: u64, price: i64, qty: u64) -> Event {
        let Aggressor { seq, id, side, owner, .. } = *self;
        let (kind, reason, flags) = (EventKind::Trade, Reason::None, EventFlags::NONE);
        Event { seq, id, other: maker, price, qty, owner, kind, side, reason, flags }
    }
}

impl Default for Book {
    fn default() -> Book {
        Book::new(BookConfig::default())
    }
}

impl Book {
    /// An empty book.
    pub fn new(config: BookConfig) -> Book {
        let mut book = Book {
            slab: Slab::default(),
            ids: IdIndex::default(),
            ladders: Side::BOTH.map(|side| Ladder::new(side, 0)),
            is_fifo: config.policy.is_fifo(),
            level_qty_max: config.policy.level_qty_max(),
            top_min_qty: config.policy.top_min_qty(),
            top: [None; 2],
            seq: 0,
            digest: Digest::EMPTY,
            bench: Bench::default(),
            config,
        };
        book.reserve(book.config.expected_orders as usize);
        book
    }

    /// Makes room for `orders` further resting orders, so that they do not allocate one by one.
    pub fn reserve(&mut self, orders: usize) {
        if orders > 0 {
            self.slab.reserve(orders);
            self.ids.reserve(&mut self.slab, self.ids.len() + orders);
            if !self.is_fifo {
                // All of them may rest on one level.
                self.bench.reserve(orders);
            }
        }
    }

    /// What the book was built with.
    pub fn config(&self) -> &BookConfig {
        &self.config
    }

    /// Number of commands carried out so far; the next event's `seq`.
    pub fn commands(&self) -> u64 {
        self.seq
    }

    /// Digest of every event so far.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Carries out a run of commands, exactly as one by one.
    ///
    /// On a book that does not fit the cache, memory that later commands will need is asked for in advance.
    pub fn apply_batch<S: EventSink>(&mut self, cmds: &[Command], sink: &mut S) {
        let mut rest = cmds;
        if self.ids.len() >= LOOK_AHEAD_ORDERS {
            let ahead = cmds.len().saturating_sub(LOOK_AHEAD_BUCKET);
            for i in 0..ahead {
                // For every kind of command alike: a branch here costs more than a fetch that nobody needs.
                self.ids.prefetch(cmds[i + LOOK_AHEAD_BUCKET].id);
                self.slab.prefetch(self.ids.first(cmds[i + LOOK_AHEAD_NODE].id));
                let near = *self.slab.get(self.ids.first(cmds[i + LOOK_AHEAD_NEIGHBOURS].id));
                self.slab.prefetch(near.next);
                self.slab.prefetch(near.prev);
                self.carry_out(&cmds[i], sink);
            }
            rest = &cmds[ahead..];
        }
        for cmd in rest {
            self.carry_out(cmd, sink);
        }
    }

    /// Carries out one command and reports what happened. Cost: 10 to 30 ns in cache, plus the sink's.
    #[inline]
    pub fn apply<S: EventSink>(&mut self, cmd: &Command, sink: &mut S) {
        self.carry_out(cmd, sink);
    }

    #[inline(always)]
    fn carry_out<S: EventSink>(&mut self, cmd: &Command, sink: &mut S) {
        match cmd.kind {
            CommandKind::Limit => self.limit(cmd, sink),
            CommandKind::Cancel => self.cancel(cmd, sink),
            CommandKind::Market => self.market(cmd, sink),
            CommandKind::Reduce => self.reduce(cmd, sink),
            CommandKind::Replace => self.replace(cmd, sink),
        }
        self.seq += 1;
    }

    #[inline(always)]
    pub(crate) fn emit<S: EventSink>(&mut self, sink: &mut S, e: &Event) {
        self.digest.fold(e);
        sink.event(e);
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn reject<S: EventSink>(&mut self, sink: &mut S, cmd: &Command, reason: Reason) {
        let Command { id, price, qty, owner, side, .. } = *cmd;
        let (seq, kind, flags) = (self.seq, EventKind::Rejected, EventFlags::NONE);
        self.emit(sink, &Event { seq, id, other: 0, price, qty, owner, kind, side, reason, flags });
    }

    /// Reports an event about the order `o` itself.
    #[inline(always)]
    pub(crate) fn about<S: EventSink>(
        &mut self,
        sink: &mut S,
        kind: EventKind,
        o: &OrderView,
        reason: Reason,
        flags: EventFlags,
    ) {
        let OrderView { id, side, price, qty, owner } = *o;
        self.emit(sink, &Event { seq: self.seq, id, other: 0, price, qty, owner, kind, side, reason, flags });
    }

    /// Whether the opposite side has a level whose key is at least `limit_key`.
    #[inline(always)]
    pub(crate) fn crosses(&self, side: Side, limit_key: i64) -> bool {
        let opposite = &self.ladders[!side as usize];
        opposite.best_key >= limit_key && opposite.best != NIL
    }

    /// Why a new order cannot be one at all.
    #[inline(always)]
    fn is_no_order(&mut self, cmd: &Command) -> Option<Reason> {
        if cmd.qty == 0 {
            return Some(Reason::ZeroQuantity);
        }
        (self.ids.find_counting(&self.slab, cmd.id) != NIL).then_some(Reason::DuplicateId)
    }

    #[inline(always)]
    fn limit<S: EventSink>(&mut self, cmd: &Command, sink: &mut S) {
        let Command { id, price, qty, owner, side, tif, .. } = *cmd;
        if let Some(reason) = self.is_no_order(cmd) {
            return self.reject(sink, cmd, reason);
        }
        let limit_key = (!side).key(price);
        let order = OrderView { id, side, price, qty, owner };
        if self.crosses(side, limit_key) || !tif.rests() {
            return self.enter_trading::<false, S>(cmd, order, limit_key, sink);
        }
        let level = self.ladders[side as usize].level(side.key(price));
        if let Some(reason) = self.no_room(level, qty) {
            return self.reject(sink, cmd, reason);
        }
        self.about(sink, EventKind::Accepted, &order, Reason::None, EventFlags::NONE);
        self.rest(&order, level);
    }

    #[inline(never)]
    fn market<S: EventSink>(&mut self, cmd: &Command, sink: &mut S) {
        let Command { id, qty, owner, side, .. } = *cmd;
        match self.is_no_order(cmd) {
            Some(reason) => self.reject(sink, cmd, reason),
            None => {
                let order = OrderView { id, side, price: 0, qty, owner };
                self.enter_trading::<true, S>(cmd, order, i64::MIN, sink);
            }
        }
    }

    /// Takes an order that trades on entry or may not rest, a market order or one with a limit.
    #[inline(never)]
    fn enter_trading<const MARKET: bool, S: EventSink>(
        &mut self,
        cmd: &Command,
        mut order: OrderView,
        limit_key: i64,
        sink: &mut S,
    ) {
        let OrderView { id, side, price, qty, owner } = order;
        let rests = !MARKET && cmd.tif.rests();
        if cmd.flags.has(CommandFlags::POST_ONLY) && self.crosses(side, limit_key) {
            return self.reject(sink, cmd, Reason::WouldTrade);
        }
        if rests && self.overflows(NIL, qty, 0) {
            return self.reject(sink, cmd, Reason::QuantityOverflow);
        }
        let flags = if MARKET { EventFlags::MARKET } else { EventFlags::NONE };
        self.about(sink, EventKind::Accepted, &order, Reason::None, flags);
        let (seq, self_trade) = (self.seq, cmd.flags.self_trade());
        let a = Aggressor { seq, id, side, price, limit_key, qty, owner, self_trade };
        if cmd.tif == TimeInForce::Fok && !self.can_fill(&a) {
            return self.about(sink, EventKind::Cancelled, &order, Reason::FillOrKill, EventFlags::NONE);
        }
        order.qty = self.trade(sink, &a);
        if order.qty == 0 {
            return;
        }
        if rests {
            let level = self.ladders[side as usize].level(side.key(price));
            self.rest(&order, level);
        } else {
            let reason = if MARKET { Reason::NoLiquidity } else { Reason::ImmediateOrCancel };
            self.about(sink, EventKind::Cancelled, &order, reason, EventFlags::NONE);
        }
    }

    /// Why a new order of `qty` may not join `level`, `NIL` if that has no memory yet.
    #[inline(always)]
    pub(crate) fn no_room(&self, level: Handle, qty: u64) -> Option<Reason> {
        if self.ids.len() >= self.config.max_orders as usize || self.slab.len() > SLOTS_MAX {
            return Some(Reason::BookFull);
        }
        self.overflows(level, qty, 0).then_some(Reason::QuantityOverflow)
    }

    /// Whether `qty` more lots, after `own` were taken off, pass what a level may hold.
    #[inline(always)]
    pub(crate) fn overflows(&self, level: Handle, qty: u64, own: u64) -> bool {
        let held = if level == NIL { 0 } else { self.slab.get(level).qty - own };
        qty > self.level_qty_max - held
    }

    /// Whether the aggressor would trade its whole quantity.
    fn can_fill(&self, a: &Aggressor) -> bool {
        if a.self_trade != SelfTrade::Allow {
            return self.can_fill_guarded(a);
        }
        let mut missing = a.qty;
        for (_, level) in self.ladders[!a.side as usize].levels().take_while(|&(key, _)| key >= a.limit_key) {
            missing = missing.saturating_sub(self.slab.get(level).qty);
            if missing == 0 {
                return true;
            }
        }
        false
    }

    /// Puts an order at the back of its level's queue.
    #[inline(always)]
    pub(crate) fn rest(&mut self, order: &OrderView, mut level: Handle) {
        let (side, key) = (order.side, order.side.key(order.price));
        if level == NIL {
            level = self.make_level(side, key);
        }
        if let Some(min_qty) = self.top_min_qty {
            self.note_top(order, key, min_qty);
        }
        self.join(order, level);
        self.ladders[side as usize].occupy(key, level);
    }

    /// Puts an order's node at the back of a queue and its id into the table.
    #[inline(always)]
    pub(crate) fn join(&mut self, order: &OrderView, level: Handle) {
        let OrderView { id, qty, owner, .. } = *order;
        let h = self.slab.take_node();
        self.slab.set_owner(h, owner);
        let sentinel = self.slab.get_mut(level);
        let newest = sentinel.prev;
        sentinel.prev = h;
        sentinel.qty += qty;
        sentinel.level_or_count += 1;
        self.slab.get_mut(newest).next = h;
        let node = self.slab.get_mut(h);
        node.next = level;
        node.prev = newest;
        node.qty = qty;
        node.id_or_price = id;
        node.level_or_count = level;
        self.ids.insert(&mut self.slab, id, h, &self.digest);
    }

    /// An order that is about to rest: does it take the TOP place of its side?
    fn note_top(&mut self, order: &OrderView, key: i64, min_qty: u64) {
        let ladder = &self.ladders[order.side as usize];
        let top = &mut self.top[order.side as usize];
        if ladder.best == NIL || key > ladder.best_key {
            *top = (order.qty >= min_qty).then_some(order.id);
        } else if *top == Some(order.id) {
            // Another order under the id of one that was TOP, or the same one having lost its place.
            *top = None;
        }
    }

    #[cold]
    #[inline(never)]
    fn make_level(&mut self, side: Side, key: i64) -> Handle {
        if self.slab.wants_reclaim() {
            for ladder in &mut self.ladders {
                ladder.give_empty_pages(&mut self.slab);
            }
            self.slab.reclaimed();
        }
        self.ladders[side as usize].make_level(&mut self.slab, key)
    }

    /// Trades with everything that crosses; returns what is left, 0 also if self-trade prevention ended the order.
    #[inline(always)]
    pub(crate) fn trade<S: EventSink>(&mut self, sink: &mut S, a: &Aggressor) -> u64 {
        if a.self_trade != SelfTrade::Allow {
            return self.trade_guarded(sink, a);
        }
        let mut left = a.qty;
        while left > 0 && self.crosses(a.side, a.limit_key) {
            let level = self.ladders[!a.side as usize].best;
            // Whoever takes a whole level fills everybody in time order, whatever the policy.
            if self.is_fifo || left >= self.slab.get(level).qty {
                left = self.sweep(sink, a, level, left);
            } else {
                self.allocate(sink, a, level, left);
                left = 0;
            }
        }
        left
    }

    /// Fills the orders of a level in time order; returns what the aggressor has left.
    #[inline(always)]
    pub(crate) fn sweep<S: EventSink>(&mut self, sink: &mut S, a: &Aggressor, level: Handle, mut left: u64) -> u64 {
        let sentinel = *self.slab.get(level);
        let price = sentinel.price();
        let (mut h, mut total, mut count) = (sentinel.next, sentinel.qty, sentinel.level_or_count);
        while left > 0 && h != level {
            let node = *self.slab.get(h);
            let fill = node.qty.min(left);
            left -= fill;
            total -= fill;
            self.emit(sink, &a.trade(node.id_or_price, price, fill));
            if fill < node.qty {
                self.slab.get_mut(h).qty = node.qty - fill;
                break;
            }
            count -= 1;
            self.ids.remove(&mut self.slab, node.id_or_price, h);
            self.slab.give_node(h);
            h = node.next;
        }
        // The oldest order that is left, or the level itself, is now the first.
        self.slab.get_mut(h).prev = level;
        let sentinel = self.slab.get_mut(level);
        sentinel.next = h;
        sentinel.qty = total;
        sentinel.level_or_count = count;
        if count == 0 {
            sentinel.prev = level;
            let maker_side = !a.side;
            self.ladders[maker_side as usize].vacate(&mut self.slab, maker_side.key(price));
        }
        left
    }

    /// Shares `quantity`, which is less than the level holds, among its orders by the policy's steps.
    #[inline(never)]
    pub(crate) fn allocate<S: EventSink>(&mut self, sink: &mut S, a: &Aggressor, level: Handle, quantity: u64) {
        let total = self.slab.get(level).qty;
        let bench = self.share_out(sink, a, level, quantity);
        for order in &bench.orders {
            if order.qty == 0 {
                self.unlink(order.handle);
            } else {
                self.slab.get_mut(order.handle).qty = order.qty;
            }
        }
        self.slab.get_mut(level).qty = total - quantity;
        self.bench = bench;
    }

    /// Prints what the policy gives to the orders of a level. The bench has what each has open then, in the order of the
    /// queue; the book is as before until that is carried over and the bench given back.
    #[inline(always)]
    pub(crate) fn share_out<S: EventSink>(
        &mut self,
        sink: &mut S,
        a: &Aggressor,
        level: Handle,
        quantity: u64,
    ) -> Bench {
        let price = self.slab.get(level).price();
        let mut bench = std::mem::take(&mut self.bench);
        bench.orders.clear();
        let top_id = self.top[!a.side as usize];
        let mut top = None;
        let mut h = self.slab.get(level).next;
        while h != level {
            let node = self.slab.get(h);
            if top_id == Some(node.id_or_price) {
                top = Some(bench.orders.len());
            }
            bench.orders.push(Open::new(h, self.slab.owner(h), node.qty));
            h = node.next;
        }
        let Book { config, slab, digest, .. } = self;
        let (steps, participants) = (config.policy.steps(), &config.participants);
        let terms = Terms { steps, participants, aggressor: a.owner, top };
        bench.allocate(&terms, quantity, |_, order, qty| {
            let e = a.trade(slab.get(order.handle).id_or_price, price, qty);
            digest.fold(&e);
            sink.event(&e);
        });
        bench
    }

    /// Takes an order's node out of its queue and of the id table. The level's count is kept up, its quantity is not.
    #[inline(always)]
    pub(crate) fn unlink(&mut self, h: Handle) {
        let node = *self.slab.get(h);
        self.slab.get_mut(node.prev).next = node.next;
        self.slab.get_mut(node.next).prev = node.prev;
        self.slab.get_mut(node.level_or_count).level_or_count -= 1;
        self.ids.remove(&mut self.slab, node.id_or_price, h);
        self.slab.give_node(h);
    }

    /// Takes an order off the book.
    #[inline(always)]
    pub(crate) fn remove(&mut self, h: Handle) {
        let node = *self.slab.get(h);
        self.unlink(h);
        let level = self.slab.get_mut(node.level_or_count);
        level.qty -= node.qty;
        if level.level_or_count == 0 {
            let (side, price) = (level.side(), level.price());
            self.ladders[side as usize].vacate(&mut self.slab, side.key(price));
        }
    }

    #[inline(always)]
    pub(crate) fn view(&self, h: Handle) -> OrderView {
        let node = self.slab.get(h);
        let level = self.slab.get(node.level_or_count);
        OrderView {
            id: node.id_or_price,
            side: level.side(),
            price: level.price(),
            qty: node.qty,
            owner: self.slab.owner(h),
        }
    }

    /// L1: the best level of one side.
    #[inline]
    pub fn best(&self, side: Side) -> Option<LevelView> {
        let ladder = &self.ladders[side as usize];
        (ladder.best != NIL).then(|| self.level_view(ladder.best))
    }

    #[inline]
    pub(crate) fn level_view(&self, level: Handle) -> LevelView {
        let level = self.slab.get(level);
        LevelView { price: level.price(), qty: level.qty, orders: level.level_or_count }
    }
}
