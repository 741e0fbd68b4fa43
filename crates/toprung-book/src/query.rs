//! Reading a book: L1, L2, L3, and whether it is sound.

use std::collections::HashSet;

use crate::book::Book;
use crate::command::{Command, Side};
use crate::digest::Digest;
use crate::sink::EventSink;
use crate::slab::{NIL, PAGE_LEVELS};
use crate::view::{LevelView, MatchingBook, OrderView};

impl Book {
    /// L2: the levels of one side, best first.
    pub fn depth(&self, side: Side) -> impl Iterator<Item = LevelView> + '_ {
        self.ladders[side as usize].levels().map(|(_, level)| self.level_view(level))
    }

    /// L3: every resting order of one side, best price first, in time order within a level.
    pub fn orders(&self, side: Side) -> impl Iterator<Item = OrderView> + '_ {
        self.ladders[side as usize].levels().flat_map(move |(_, level)| {
            let first = self.slab.get(level).next;
            let handles = std::iter::successors(Some(first), |&h| Some(self.slab.get(h).next));
            handles.take_while(move |&h| h != level).map(|h| self.view(h))
        })
    }

    /// The level at a price, if something rests there.
    #[inline]
    pub fn level(&self, side: Side, price: i64) -> Option<LevelView> {
        match self.ladders[side as usize].level(side.key(price)) {
            NIL => None,
            level => Some(self.level_view(level)),
        }
    }

    /// Open quantity at a price, 0 where nothing rests.
    pub fn qty_at(&self, side: Side, price: i64) -> u64 {
        self.level(side, price).map_or(0, |level| level.qty)
    }

    /// The orders at a price from the back of the queue to its front.
    pub fn orders_from_back(&self, side: Side, price: i64) -> impl Iterator<Item = OrderView> + '_ {
        let level = self.ladders[side as usize].level(side.key(price));
        let last = (level != NIL).then(|| self.slab.get(level).prev);
        let handles = std::iter::successors(last, |&h| Some(self.slab.get(h).prev));
        handles.take_while(move |&h| h != level).map(|h| self.view(h))
    }

    /// One resting order.
    pub fn order(&self, id: u64) -> Option<OrderView> {
        match self.ids.find(&self.slab, id) {
            NIL => None,
            h => Some(self.view(h)),
        }
    }

    /// Whether an order with this id rests.
    #[inline]
    pub fn contains(&self, id: u64) -> bool {
        self.ids.find(&self.slab, id) != NIL
    }

    /// What stands before an order in its level's queue: (orders, lots). `None` if it does not rest.
    ///
    /// Walks the queue from the order to its front.
    pub fn ahead_of(&self, id: u64) -> Option<(u32, u64)> {
        let own = self.ids.find(&self.slab, id);
        if own == NIL {
            return None;
        }
        let level = self.slab.get(own).level_or_count;
        let (mut orders, mut lots, mut h) = (0, 0, self.slab.get(own).prev);
        while h != level {
            let node = self.slab.get(h);
            orders += 1;
            lots += node.qty;
            h = node.prev;
        }
        Some((orders, lots))
    }

    /// Number of resting orders.
    #[inline]
    pub fn order_count(&self) -> usize {
        self.ids.len()
    }

    /// Bytes the book takes: its own and those on the heap.
    pub fn memory_bytes(&self) -> usize {
        let ladders: usize = self.ladders.iter().map(|ladder| ladder.memory_bytes()).sum();
        size_of::<Book>() + self.slab.memory_bytes() + self.ids.memory_bytes() + ladders
    }

    /// Looks at everything the book keeps twice and says what does not agree. Takes time in proportion to the book.
    pub fn check_invariants(&self) -> Result<(), String> {
        let mut seen = HashSet::new();
        for side in Side::BOTH {
            let ladder = &self.ladders[side as usize];
            ladder.check().map_err(|e| format!("{side:?}: {e}"))?;
            let mut last_key = None;
            for (key, level) in ladder.levels() {
                self.check_level(side, key, level).map_err(|e| format!("{side:?} {}: {e}", side.key(key)))?;
                if last_key.is_some_and(|last| key >= last) {
                    return Err(format!("{side:?}: levels are not in order at {}", side.key(key)));
                }
                last_key = Some(key);
            }
            for order in self.orders(side) {
                if !seen.insert(order.id) {
                    return Err(format!("order {} rests twice", order.id));
                }
                if self.order(order.id) != Some(order) {
                    return Err(format!("order {} is not what its id finds", order.id));
                }
            }
        }
        if let (Some(bid), Some(ask)) = (self.best(Side::Buy), self.best(Side::Sell))
            && bid.price >= ask.price
        {
            return Err(format!("crossed: bid {} against ask {}", bid.price, ask.price));
        }
        if seen.len() != self.ids.len() || self.ids.handles(&self.slab).count() != self.ids.len() {
            return Err(format!("{} orders rest, the id table counts {}", seen.len(), self.ids.len()));
        }
        self.check_slots(seen.len())
    }

    fn check_level(&self, side: Side, key: i64, level: u32) -> Result<(), String> {
        let sentinel = self.slab.get(level);
        if sentinel.price() != side.key(key) || sentinel.side() != side {
            return Err(format!("the level says {:?} {}", sentinel.side(), sentinel.price()));
        }
        let (mut orders, mut qty, mut previous, mut h) = (0, 0u64, level, sentinel.next);
        while h != level {
            let node = self.slab.get(h);
            if node.qty == 0 || node.level_or_count != level || node.prev != previous {
                return Err(format!("order {} is empty or linked wrongly", node.id_or_price));
            }
            orders += 1;
            qty += node.qty;
            (previous, h) = (h, node.next);
        }
        if orders == 0 || sentinel.prev != previous || (orders, qty) != (sentinel.level_or_count, sentinel.qty) {
            return Err(format!(
                "{orders} orders of {qty}, the level counts {} of {}",
                sentinel.level_or_count, sentinel.qty
            ));
        }
        Ok(())
    }

    /// Every slot is slot 0, an order, a level, or in a free list.
    fn check_slots(&self, orders: usize) -> Result<(), String> {
        let (nodes, pages) = self.slab.free_counts();
        let used: usize = self.ladders.iter().map(|ladder| ladder.pages()).sum();
        if used != self.slab.pages_in_use() {
            return Err(format!("the ladders have {used} pages, the slab counts {}", self.slab.pages_in_use()));
        }
        let counted = orders + nodes + (used + pages) * PAGE_LEVELS + usize::from(self.slab.len() > 0);
        if counted != self.slab.len() {
            return Err(format!("{counted} slots accounted for, {} exist", self.slab.len()));
        }
        Ok(())
    }
}

impl MatchingBook for Book {
    #[inline]
    fn apply<S: EventSink>(&mut self, cmd: &Command, sink: &mut S) {
        Book::apply(self, cmd, sink);
    }

    fn levels(&self, side: Side, max: usize) -> Vec<LevelView> {
        self.depth(side).take(max).collect()
    }

    fn level(&self, side: Side, price: i64) -> Option<LevelView> {
        Book::level(self, side, price)
    }

    fn queue(&self, side: Side) -> Vec<OrderView> {
        self.orders(side).collect()
    }

    fn order(&self, id: u64) -> Option<OrderView> {
        Book::order(self, id)
    }

    fn order_count(&self) -> usize {
        Book::order_count(self)
    }

    fn digest(&self) -> Digest {
        Book::digest(self)
    }
}
