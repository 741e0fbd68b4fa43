//! The memory of a book: order nodes and price levels in one index space.
//!
//! A level is the sentinel of its own circular queue: its `next` is the oldest order, its `prev` the newest, and an empty
//! level points at itself. Because nodes and levels are slots of one array, linking and unlinking never ask whether an
//! order is the first or the last.
//!
//! Slots are handed out one by one (orders) or in pages of [`PAGE_LEVELS`] (levels of neighbouring prices). Both kinds
//! are given back to free lists and used again; the array itself only grows. What the common path does not touch (the
//! owner) lives in a parallel array that is not even there until an order has an owner.

use crate::command::Side;

/// Index of a slot. A handle that the slab gave out stays in bounds for ever, since the array never shrinks.
pub(crate) type Handle = u32;

/// No slot. Slot 0 is reserved, so that reading it by mistake or in advance is harmless.
pub(crate) const NIL: Handle = 0;

/// Levels in a page: neighbouring prices, allocated together.
pub(crate) const PAGE_LEVELS: usize = 16;

/// Order nodes taken from the array at a time.
const NODE_CHUNK: u32 = 16;

/// Pages in use below which empty ones are not worth looking for.
const RECLAIM_PAGES_MIN: u32 = 16;

/// An order, or a price level. The two share a layout so that a queue can run through both.
#[repr(C, align(32))]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slot {
    /// Towards newer orders; of a level its oldest order. In a free list the next free slot.
    pub(crate) next: Handle,
    /// Towards older orders; of a level its newest order.
    pub(crate) prev: Handle,
    /// Open quantity; of a level the sum over its orders.
    pub(crate) qty: u64,
    /// The order's id; of a level its price, as bits.
    pub(crate) id_or_price: u64,
    /// The order's level; of a level the number of its orders.
    pub(crate) level_or_count: u32,
    /// The next order in the id bucket; of a level the tag of its ladder.
    pub(crate) chain_or_tag: u32,
}

/// Which ladder a level belongs to: its side in the lowest bit, and above it whose orders these are. 0 is the displayed
/// book, the only one that a plain book has.
pub(crate) type Tag = u32;

// Two slots to a cache line: half a line is what one order costs.
const _: () = assert!(size_of::<Slot>() == 32);

impl Slot {
    #[inline(always)]
    pub(crate) fn price(&self) -> i64 {
        self.id_or_price as i64
    }

    #[inline(always)]
    pub(crate) fn side(&self) -> Side {
        if self.chain_or_tag & 1 == 0 { Side::Buy } else { Side::Sell }
    }

    /// What the level's tag has above the side.
    #[inline(always)]
    pub(crate) fn class(&self) -> u32 {
        self.chain_or_tag >> 1
    }
}

/// The slots of one book.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slab {
    slots: Vec<Slot>,
    owners: Vec<u32>,
    free_nodes: Handle,
    free_pages: Handle,
    pages_in_use: u32,
    reclaim_at: u32,
}

impl Slab {
    /// The slot behind a handle.
    #[inline(always)]
    pub(crate) fn get(&self, h: Handle) -> &Slot {
        debug_assert!((h as usize) < self.slots.len(), "Invariant: handles come from this slab");
        // SAFETY: every handle in a slot, an id bucket or a ladder was returned by `take_node` or `take_page` of this
        // slab, which made the array that long, and the array never shrinks. NIL is slot 0, which the first of those
        // calls creates; no handle is followed before it.
        unsafe { self.slots.get_unchecked(h as usize) }
    }

    /// The slot behind a handle, to write to.
    #[inline(always)]
    pub(crate) fn get_mut(&mut self, h: Handle) -> &mut Slot {
        debug_assert!((h as usize) < self.slots.len(), "Invariant: handles come from this slab");
        // SAFETY: as in `get`.
        unsafe { self.slots.get_unchecked_mut(h as usize) }
    }

    /// Asks the processor to bring a slot near. A handle out of range is harmless.
    #[inline(always)]
    pub(crate) fn prefetch(&self, h: Handle) {
        crate::prefetch::read(self.slots.as_ptr().wrapping_add(h as usize));
    }

    /// Number of slots that exist, used or free.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Makes room for `orders` order nodes beyond what is there.
    pub(crate) fn reserve(&mut self, orders: usize) {
        self.slots.reserve_exact(orders + 4 * PAGE_LEVELS + 1);
    }

    /// A free slot for an order.
    #[inline(always)]
    pub(crate) fn take_node(&mut self) -> Handle {
        if self.free_nodes == NIL {
            self.refill_nodes();
        }
        let h = self.free_nodes;
        self.free_nodes = self.get(h).next;
        h
    }

    /// Gives an order's slot back; the last given is the first taken, since it is still in the cache.
    #[inline(always)]
    pub(crate) fn give_node(&mut self, h: Handle) {
        let first = self.free_nodes;
        self.get_mut(h).next = first;
        self.free_nodes = h;
    }

    #[cold]
    #[inline(never)]
    fn refill_nodes(&mut self) {
        let first = self.extend(NODE_CHUNK as usize);
        // Ascending, so that orders that arrive together lie together.
        for h in first..first + NODE_CHUNK {
            let next = if h + 1 == first + NODE_CHUNK { NIL } else { h + 1 };
            self.get_mut(h).next = next;
        }
        self.free_nodes = first;
    }

    /// Whether so many pages are in use that empty ones should be given back before another is taken.
    pub(crate) fn wants_reclaim(&self) -> bool {
        self.free_pages == NIL && self.pages_in_use >= self.reclaim_at.max(RECLAIM_PAGES_MIN)
    }

    /// Says that every empty page has been given back.
    pub(crate) fn reclaimed(&mut self) {
        self.reclaim_at = self.pages_in_use.saturating_mul(2);
    }

    /// A page of empty levels; `first_key` is the key of its first.
    pub(crate) fn take_page(&mut self, tag: Tag, first_key: i64) -> Handle {
        let side = if tag & 1 == 0 { Side::Buy } else { Side::Sell };
        let page = match self.free_pages {
            NIL => self.extend(PAGE_LEVELS),
            page => {
                self.free_pages = self.get(page).next;
                page
            }
        };
        for i in 0..PAGE_LEVELS as u32 {
            let h = page + i;
            *self.get_mut(h) = Slot {
                next: h,
                prev: h,
                qty: 0,
                id_or_price: side.key(first_key + i64::from(i)) as u64,
                level_or_count: 0,
                chain_or_tag: tag,
            };
        }
        self.pages_in_use += 1;
        page
    }

    /// Gives a page back, all of whose levels are empty.
    pub(crate) fn give_page(&mut self, page: Handle) {
        let first = self.free_pages;
        self.get_mut(page).next = first;
        self.free_pages = page;
        self.pages_in_use -= 1;
    }

    /// Adds `count` slots; slot 0 comes into being with the first.
    fn extend(&mut self, count: usize) -> Handle {
        let first = self.slots.len().max(1);
        let len = first + count;
        assert!(len <= u32::MAX as usize, "Invariant: the book refuses orders before handles run out");
        if len > self.slots.capacity() {
            // By half rather than double: a small book stays small.
            self.slots.reserve_exact((len - self.slots.len()).max(self.slots.len() / 2));
        }
        self.slots.resize(len, Slot::default());
        if !self.owners.is_empty() {
            self.owners.resize(self.slots.capacity(), 0);
        }
        first as Handle
    }

    /// Owner of an order, 0 when nobody's.
    #[inline(always)]
    pub(crate) fn owner(&self, h: Handle) -> u32 {
        if self.owners.is_empty() { 0 } else { self.owners[h as usize] }
    }

    /// Notes the owner of an order.
    #[inline(always)]
    pub(crate) fn set_owner(&mut self, h: Handle, owner: u32) {
        if !self.owners.is_empty() {
            self.owners[h as usize] = owner;
        } else if owner != 0 {
            self.first_owner(h, owner);
        }
    }

    #[cold]
    #[inline(never)]
    fn first_owner(&mut self, h: Handle, owner: u32) {
        self.owners.resize(self.slots.capacity(), 0);
        self.owners[h as usize] = owner;
    }

    /// Number of slots in the two free lists: (nodes, pages). Walks them.
    pub(crate) fn free_counts(&self) -> (usize, usize) {
        let some = |h: Handle| (h != NIL).then_some(h);
        let walk = |first: Handle| std::iter::successors(some(first), |&h| some(self.get(h).next));
        (walk(self.free_nodes).count(), walk(self.free_pages).count())
    }

    /// Pages that are in use.
    pub(crate) fn pages_in_use(&self) -> usize {
        self.pages_in_use as usize
    }

    /// Bytes on the heap.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>() + self.owners.capacity() * size_of::<u32>()
    }
}
