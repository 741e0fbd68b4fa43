//! The book: [`Book::apply`] carries out one command, and is the only place that decides an event.
//!
//! The order of the checks and of the events is that of the naive book (feature `naive`), which is the specification.

use crate::command::{Command, CommandFlags, CommandKind, Side, TimeInForce};
use crate::config::{BookConfig, ReplacePriority};
use crate::digest::Digest;
use crate::event::{Event, EventFlags, EventKind, Reason};
use crate::ids::IdIndex;
use crate::ladder::Ladder;
use crate::policy::{Step, pro_rata_share};
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
    config: BookConfig,
    is_fifo: bool,
    pub(crate) seq: u64,
    pub(crate) digest: Digest,
    /// What an allocating policy works on: an order and what it still has open.
    scratch: Vec<(Handle, u64)>,
}

/// An order on its way in.
#[derive(Clone, Copy)]
struct Aggressor {
    id: u64,
    side: Side,
    /// Least key of an opposite level that it trades with.
    limit_key: i64,
    qty: u64,
    owner: u32,
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
            ladders: [Ladder::new(Side::Buy), Ladder::new(Side::Sell)],
            is_fifo: config.policy.is_fifo(),
            seq: 0,
            digest: Digest::EMPTY,
            scratch: Vec::new(),
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
                self.scratch.reserve(orders);
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
                self.slab.prefetch(self.ids.glance(cmds[i + LOOK_AHEAD_NODE].id));
                let near = *self.slab.get(self.ids.glance(cmds[i + LOOK_AHEAD_NEIGHBOURS].id));
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
    fn emit<S: EventSink>(&mut self, sink: &mut S, e: &Event) {
        self.digest.fold(e);
        sink.event(e);
    }

    #[cold]
    #[inline(never)]
    fn reject<S: EventSink>(&mut self, sink: &mut S, cmd: &Command, reason: Reason) {
        let Command { id, price, qty, owner, side, .. } = *cmd;
        let (seq, kind, flags) = (self.seq, EventKind::Rejected, EventFlags::NONE);
        self.emit(sink, &Event { seq, id, other: 0, price, qty, owner, kind, side, reason, flags });
    }

    /// Reports an event about the order `o` itself.
    #[inline(always)]
    fn about<S: EventSink>(&mut self, sink: &mut S, kind: EventKind, o: &OrderView, reason: Reason, flags: EventFlags) {
        let OrderView { id, side, price, qty, owner } = *o;
        self.emit(sink, &Event { seq: self.seq, id, other: 0, price, qty, owner, kind, side, reason, flags });
    }

    /// Whether the opposite side has a level whose key is at least `limit_key`.
    #[inline(always)]
    fn crosses(&self, side: Side, limit_key: i64) -> bool {
        let opposite = &self.ladders[!side as usize];
        opposite.best_key >= limit_key && opposite.best != NIL
    }

    #[inline(always)]
    fn limit<S: EventSink>(&mut self, cmd: &Command, sink: &mut S) {
        let Command { id, price, qty, owner, side, tif, flags, .. } = *cmd;
        if qty == 0 {
            return self.reject(sink, cmd, Reason::ZeroQuantity);
        }
        if self.ids.find_counting(&self.slab, id) != NIL {
            return self.reject(sink, cmd, Reason::DuplicateId);
        }
        let limit_key = (!side).key(price);
        let order = OrderView { id, side, price, qty, owner };
        if self.crosses(side, limit_key) || tif != TimeInForce::Gtc {
            return self.limit_trading(cmd, order, limit_key, flags, sink);
        }
        let level = self.ladders[side as usize].level(side.key(price));
        if let Some(reason) = self.no_room(level, qty) {
            return self.reject(sink, cmd, reason);
        }
        self.about(sink, EventKind::Accepted, &order, Reason::None, EventFlags::NONE);
        self.rest(&order, level);
    }

    /// The rest of [`Book::limit`] for an order that trades on entry or may not rest.
    #[inline(never)]
    fn limit_trading<S: EventSink>(
        &mut self,
        cmd: &Command,
        mut order: OrderView,
        limit_key: i64,
        flags: CommandFlags,
        sink: &mut S,
    ) {
        let OrderView { id, side, qty, owner, .. } = order;
        if flags.has(CommandFlags::POST_ONLY) && self.crosses(side, limit_key) {
            return self.reject(sink, cmd, Reason::WouldTrade);
        }
        self.about(sink, EventKind::Accepted, &order, Reason::None, EventFlags::NONE);
        if cmd.tif == TimeInForce::Fok && !self.can_fill(side, limit_key, qty) {
            return self.about(sink, EventKind::Cancelled, &order, Reason::FillOrKill, EventFlags::NONE);
        }
        order.qty = self.trade(sink, &Aggressor { id, side, limit_key, qty, owner });
        if order.qty == 0 {
            return;
        }
        if cmd.tif == TimeInForce::Gtc {
            let level = self.ladders[side as usize].level(side.key(order.price));
            self.rest(&order, level);
        } else {
            self.about(sink, EventKind::Cancelled, &order, Reason::ImmediateOrCancel, EventFlags::NONE);
        }
    }

    #[inline(never)]
    fn market<S: EventSink>(&mut self, cmd: &Command, sink: &mut S) {
        let Command { id, qty, owner, side, .. } = *cmd;
        if qty == 0 {
            return self.reject(sink, cmd, Reason::ZeroQuantity);
        }
        if self.ids.find_counting(&self.slab, id) != NIL {
            return self.reject(sink, cmd, Reason::DuplicateId);
        }
        let limit_key = i64::MIN;
        if cmd.flags.has(CommandFlags::POST_ONLY) && self.crosses(side, limit_key) {
            return self.reject(sink, cmd, Reason::WouldTrade);
        }
        let mut order = OrderView { id, side, price: 0, qty, owner };
        self.about(sink, EventKind::Accepted, &order, Reason::None, EventFlags::MARKET);
        if cmd.tif == TimeInForce::Fok && !self.can_fill(side, limit_key, qty) {
            return self.about(sink, EventKind::Cancelled, &order, Reason::FillOrKill, EventFlags::NONE);
        }
        order.qty = self.trade(sink, &Aggressor { id, side, limit_key, qty, owner });
        if order.qty > 0 {
            self.about(sink, EventKind::Cancelled, &order, Reason::NoLiquidity, EventFlags::NONE);
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

    /// Whether `qty` more lots, after `own` were taken off, pass what a level's quantity can hold.
    #[inline(always)]
    fn overflows(&self, level: Handle, qty: u64, own: u64) -> bool {
        level != NIL && (self.slab.get(level).qty - own).checked_add(qty).is_none()
    }

    /// Whether the levels from the best to `limit_key` hold `qty` lots.
    fn can_fill(&self, side: Side, limit_key: i64, qty: u64) -> bool {
        let mut missing = qty;
        for (_, level) in self.ladders[!side as usize].levels().take_while(|&(key, _)| key >= limit_key) {
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
        let OrderView { id, side, price, qty, owner } = *order;
        let key = side.key(price);
        if level == NIL {
            level = self.make_level(side, key);
        }
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
        self.ladders[side as usize].occupy(key, level);
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

    /// Trades with everything that crosses; returns what is left.
    #[inline(always)]
    fn trade<S: EventSink>(&mut self, sink: &mut S, a: &Aggressor) -> u64 {
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

    #[inline(always)]
    fn print<S: EventSink>(&mut self, sink: &mut S, a: &Aggressor, maker: u64, price: i64, qty: u64) {
        let e = Event {
            seq: self.seq,
            id: a.id,
            other: maker,
            price,
            qty,
            owner: a.owner,
            kind: EventKind::Trade,
            side: a.side,
            reason: Reason::None,
            flags: EventFlags::NONE,
        };
        self.emit(sink, &e);
    }

    /// Fills the orders of a level in time order; returns what the aggressor has left.
    #[inline(always)]
    fn sweep<S: EventSink>(&mut self, sink: &mut S, a: &Aggressor, level: Handle, mut left: u64) -> u64 {
        let sentinel = *self.slab.get(level);
        let price = sentinel.price();
        let (mut h, mut total, mut count) = (sentinel.next, sentinel.qty, sentinel.level_or_count);
        while left > 0 && h != level {
            let node = *self.slab.get(h);
            let fill = node.qty.min(left);
            left -= fill;
            total -= fill;
            self.print(sink, a, node.id_or_price, price, fill);
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
    fn allocate<S: EventSink>(&mut self, sink: &mut S, a: &Aggressor, level: Handle, quantity: u64) {
        let price = self.slab.get(level).price();
        let mut total = self.slab.get(level).qty;
        let mut left = quantity;
        let mut open = std::mem::take(&mut self.scratch);
        open.clear();
        let mut h = self.slab.get(level).next;
        while h != level {
            let node = self.slab.get(h);
            open.push((h, node.qty));
            h = node.next;
        }
        for i in 0..self.config.policy.steps().len() {
            let step = self.config.policy.steps()[i];
            let (aggressor, level_qty) = (left, total);
            for (h, open) in &mut open {
                let share = match step {
                    Step::Fifo => left.min(*open),
                    Step::ProRata { min_lot } => pro_rata_share(*open, aggressor, level_qty, min_lot),
                };
                if share > 0 {
                    *open -= share;
                    left -= share;
                    total -= share;
                    let maker = self.slab.get(*h).id_or_price;
                    self.print(sink, a, maker, price, share);
                }
            }
            if left == 0 {
                break;
            }
        }
        debug_assert_eq!(left, 0, "Invariant: the last step of a policy takes everything");
        for &(h, open) in &open {
            if open == 0 {
                self.unlink(h);
            } else {
                self.slab.get_mut(h).qty = open;
            }
        }
        self.slab.get_mut(level).qty = total;
        self.scratch = open;
    }

    /// Takes an order's node out of its queue and of the id table. The level's count is kept up, its quantity is not.
    #[inline(always)]
    fn unlink(&mut self, h: Handle) {
        let node = *self.slab.get(h);
        self.slab.get_mut(node.prev).next = node.next;
        self.slab.get_mut(node.next).prev = node.prev;
        self.slab.get_mut(node.level_or_count).level_or_count -= 1;
        self.ids.remove(&mut self.slab, node.id_or_price, h);
        self.slab.give_node(h);
    }

    /// Takes an order off the book.
    #[inline(always)]
    fn remove(&mut self, h: Handle) {
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
    fn cancel<S: EventSink>(&mut self, cmd: &Command, sink: &mut S) {
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
    fn reduce<S: EventSink>(&mut self, cmd: &Command, sink: &mut S) {
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
    fn set_open(&mut self, h: Handle, order: &OrderView, qty: u64) {
        let node = self.slab.get_mut(h);
        node.qty = qty;
        let level = node.level_or_count;
        self.slab.get_mut(level).qty -= order.qty - qty;
    }

    #[inline(never)]
    fn replace<S: EventSink>(&mut self, cmd: &Command, sink: &mut S) {
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
        let level = self.ladders[side as usize].level(side.key(price));
        let own = if price == old.price { old.qty } else { 0 };
        if !crosses && self.overflows(level, qty, own) {
            return self.reject(sink, cmd, Reason::QuantityOverflow);
        }
        self.remove(h);
        self.about(sink, EventKind::Replaced, &new, Reason::None, EventFlags::NONE);
        if crosses {
            new.qty = self.trade(sink, &Aggressor { id, side, limit_key, qty, owner });
            if new.qty == 0 {
                return;
            }
        }
        // Looked up again: taking the old order away may have given the level's memory back.
        let level = self.ladders[side as usize].level(side.key(price));
        self.rest(&new, level);
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
