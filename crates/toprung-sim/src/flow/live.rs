//! The list of a model's own orders from which cancels are drawn: dense, with filled ones left in until they are met.
//!
//! An entry that is drawn and whose order no longer rests is dropped and *nothing* happens: whoever draws entries at a
//! rate per entry thereby cancels each live order at that rate, whatever the number of dead ones (see
//! [`santa_fe`](super::santa_fe)).

use super::FlowView;

/// What the list keeps of an order.
pub(crate) trait Entry: Copy {
    /// The order's id.
    fn id(self) -> u64;
}

impl Entry for u64 {
    #[inline(always)]
    fn id(self) -> u64 {
        self
    }
}

/// An order with its price, and its side in the lowest bit of the tag.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Priced {
    tag: u64,
    pub(crate) price: i64,
}

impl Priced {
    #[inline(always)]
    pub(crate) fn new(id: u64, sell: bool, price: i64) -> Priced {
        Priced { tag: id << 1 | u64::from(sell), price }
    }

    #[inline(always)]
    pub(crate) fn is_sell(self) -> bool {
        self.tag & 1 == 1
    }
}

impl Entry for Priced {
    #[inline(always)]
    fn id(self) -> u64 {
        self.tag >> 1
    }
}

/// Entries in no particular order that means anything; the order depends on the run's own past alone.
#[derive(Clone, Debug)]
pub(crate) struct LiveList<E> {
    pub(crate) entries: Vec<E>,
    /// Length at which the list is swept: kept apart from the vector's capacity, which may depend on the platform.
    pub(crate) room: usize,
    /// Most entries; an order beyond is left out and never drawn.
    pub(crate) max: usize,
}

impl<E: Entry> LiveList<E> {
    /// An empty list of at most `max` entries.
    pub(crate) fn new(max: usize) -> LiveList<E> {
        LiveList { entries: Vec::new(), room: 0, max }
    }

    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Remembers an order that is about to rest.
    #[inline(always)]
    pub(crate) fn push<V: FlowView>(&mut self, entry: E, view: &V) {
        if self.entries.len() >= self.room {
            self.sweep(view);
        }
        if self.entries.len() < self.room {
            self.entries.push(entry);
        }
    }

    /// Takes the entry at `at` out.
    #[inline(always)]
    pub(crate) fn take(&mut self, at: usize) -> E {
        self.entries.swap_remove(at)
    }

    /// Before the list grows: drops dead entries, and doubles the room only if live ones fill most of it.
    ///
    /// Any list that holds all live orders is as good as any other, so when this happens does not matter to the law.
    #[cold]
    #[inline(never)]
    fn sweep<V: FlowView>(&mut self, view: &V) {
        self.entries.retain(|e| view.contains(e.id()));
        self.room = (2 * self.entries.len()).max(64).min(self.max);
        self.entries.reserve_exact(self.room.saturating_sub(self.entries.len()));
    }
}
