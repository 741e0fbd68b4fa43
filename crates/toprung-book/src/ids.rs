//! From an order's id to its slot: a table the size of what is alive.
//!
//! Buckets hold the first order of a chain that runs through the order nodes, so the table costs 8 to 16 bytes per live
//! order and the key is compared in the node that is about to be touched anyway.
//!
//! The bucket of an id is `(id × multiplier) >> shift`, cut to the table. It starts as the id's low bits: that makes the
//! table a direct index for ids issued in sequence and is as good as any hash for random ones. Ids that were made to
//! collide give themselves away by long chains: once looking through them has cost as much as a rebuild, the table is
//! rebuilt with a multiplier drawn from the book's digest, which is universal hashing with a key that depends on the very
//! ids sent. The order of a chain never reaches an event.

use crate::digest::Digest;
use crate::slab::{Handle, NIL, Slab};

const BUCKETS_MIN: usize = 16;

/// Chain length that chance does not explain: at most two orders per four buckets make nine in one a matter of 10⁻⁹.
const CHAIN_USUAL_MAX: u32 = 8;

/// The id table of one book.
#[derive(Clone, Debug)]
pub(crate) struct IdIndex {
    /// A power of two of them, and never none.
    buckets: Box<[Handle]>,
    multiplier: u64,
    shift: u32,
    len: u32,
    /// Steps along chains beyond the usual length since the last rebuild.
    excess: u32,
}

impl Default for IdIndex {
    fn default() -> IdIndex {
        IdIndex { buckets: [NIL].into(), multiplier: 1, shift: 0, len: 0, excess: 0 }
    }
}

impl IdIndex {
    #[inline(always)]
    fn bucket(&self, id: u64) -> usize {
        (id.wrapping_mul(self.multiplier) >> self.shift) as usize & (self.buckets.len() - 1)
    }

    /// The first order of the chain that `id` belongs to: not necessarily the order itself.
    #[inline(always)]
    pub(crate) fn first(&self, id: u64) -> Handle {
        // SAFETY: `bucket` masks with the length less one, and the length is never zero.
        unsafe { *self.buckets.get_unchecked(self.bucket(id)) }
    }

    /// Live orders.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// The order with this id, or `NIL`.
    #[inline(always)]
    pub(crate) fn find(&self, slab: &Slab, id: u64) -> Handle {
        let mut h = self.first(id);
        while h != NIL {
            let slot = slab.get(h);
            if slot.id_or_price == id {
                return h;
            }
            h = slot.chain_or_tag;
        }
        NIL
    }

    /// The order with this id, or `NIL`; takes note of chains that are too long.
    #[inline(always)]
    pub(crate) fn find_counting(&mut self, slab: &Slab, id: u64) -> Handle {
        let mut h = self.first(id);
        let mut steps = 0;
        while h != NIL {
            let slot = slab.get(h);
            if slot.id_or_price == id {
                break;
            }
            h = slot.chain_or_tag;
            steps += 1;
        }
        if steps > CHAIN_USUAL_MAX {
            self.excess = self.excess.saturating_add(steps);
        }
        h
    }

    /// Adds an order whose id is not in the table.
    #[inline(always)]
    pub(crate) fn insert(&mut self, slab: &mut Slab, id: u64, h: Handle, key_source: &Digest) {
        if self.len as usize >= self.buckets.len() / 2 || self.excess > self.len {
            self.rebuild(slab, key_source);
        }
        let b = self.bucket(id);
        slab.get_mut(h).chain_or_tag = self.buckets[b];
        self.buckets[b] = h;
        self.len += 1;
    }

    /// Removes an order that is in the table.
    #[inline(always)]
    pub(crate) fn remove(&mut self, slab: &mut Slab, id: u64, h: Handle) {
        let b = self.bucket(id);
        let after = slab.get(h).chain_or_tag;
        self.len -= 1;
        let mut at = self.buckets[b];
        if at == h {
            self.buckets[b] = after;
            return;
        }
        let mut steps = 0;
        loop {
            debug_assert_ne!(at, NIL, "Invariant: a live order is in its bucket");
            let next = slab.get(at).chain_or_tag;
            if next == h {
                slab.get_mut(at).chain_or_tag = after;
                break;
            }
            at = next;
            steps += 1;
        }
        if steps > CHAIN_USUAL_MAX {
            self.excess = self.excess.saturating_add(steps);
        }
    }

    /// Makes room for `orders` live orders.
    pub(crate) fn reserve(&mut self, slab: &mut Slab, orders: usize) {
        let wanted = (2 * orders + 2).next_power_of_two().max(BUCKETS_MIN);
        if wanted > self.buckets.len() {
            self.resize(slab, wanted);
        }
    }

    #[cold]
    #[inline(never)]
    fn rebuild(&mut self, slab: &mut Slab, key_source: &Digest) {
        if self.excess > self.len && self.len > 0 {
            let key = key_source.to_u128();
            self.multiplier = (key as u64 ^ (key >> 64) as u64) | 1;
        }
        let full = self.len as usize >= self.buckets.len() / 2;
        let buckets = if full { (2 * self.buckets.len()).max(BUCKETS_MIN) } else { self.buckets.len() };
        self.resize(slab, buckets);
    }

    fn resize(&mut self, slab: &mut Slab, buckets: usize) {
        let old = std::mem::replace(&mut self.buckets, vec![NIL; buckets].into());
        self.shift = if self.multiplier == 1 { 0 } else { 64 - buckets.trailing_zeros() };
        self.excess = 0;
        for mut h in old {
            while h != NIL {
                let slot = slab.get_mut(h);
                let next = slot.chain_or_tag;
                let b = self.bucket(slot.id_or_price);
                slot.chain_or_tag = self.buckets[b];
                self.buckets[b] = h;
                h = next;
            }
        }
    }

    /// Asks the processor for the bucket of `id`.
    #[inline(always)]
    pub(crate) fn prefetch(&self, id: u64) {
        crate::prefetch::read(self.buckets.as_ptr().wrapping_add(self.bucket(id)));
    }

    /// The orders of every chain.
    pub(crate) fn handles<'a>(&'a self, slab: &'a Slab) -> impl Iterator<Item = Handle> + 'a {
        self.buckets.iter().flat_map(|&first| chain(slab, first))
    }

    /// Length of the longest chain.
    #[cfg(test)]
    pub(crate) fn longest_chain(&self, slab: &Slab) -> usize {
        self.buckets.iter().map(|&first| chain(slab, first).count()).max().unwrap_or(0)
    }

    /// Bytes on the heap.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.buckets.len() * size_of::<Handle>()
    }
}

/// The orders of one chain.
fn chain(slab: &Slab, first: Handle) -> impl Iterator<Item = Handle> + '_ {
    let some = |h: Handle| (h != NIL).then_some(h);
    std::iter::successors(some(first), move |&h| some(slab.get(h).chain_or_tag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::Book;
    use crate::command::{Command, Side};

    /// The longest chain after entering `ids`.
    fn longest_chain_of(ids: impl Iterator<Item = u64>) -> usize {
        let mut book = Book::default();
        for (i, id) in ids.enumerate() {
            book.apply(&Command::limit(id, Side::Buy, i as i64 % 100, 1), &mut ());
        }
        book.check_invariants().expect("the book is sound");
        book.ids.longest_chain(&book.slab)
    }

    #[test]
    fn ids_in_sequence_never_share_a_bucket() {
        assert_eq!(longest_chain_of(1_000_000..1_050_000), 1);
    }

    #[test]
    fn ids_made_to_collide_end_in_short_chains() {
        let usual = CHAIN_USUAL_MAX as usize + 2;
        for shift in [5, 16, 20, 32, 48] {
            assert!(longest_chain_of((0..20_000).map(|i| i << shift)) <= usual, "multiples of 2^{shift}");
        }
        assert!(longest_chain_of((0..20_000).map(|i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) & !0xffff)) <= usual);
        assert!(longest_chain_of((0..20_000).map(u64::reverse_bits)) <= usual);
    }
}
