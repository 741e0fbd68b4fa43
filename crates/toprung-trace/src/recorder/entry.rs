//! The ring and what is in it.

/// Largest payload: 48 bits.
pub const PAYLOAD_MAX: u64 = (1 << 48) - 1;

/// What an [`Entry`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A span begins.
    Begin,
    /// The innermost span ends.
    End,
    /// A point in time.
    Mark,
    /// A field of the innermost span.
    Info,
}

/// One thing that was recorded: see the [module](super) for its bits.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Ticks, or of a field its value.
    pub value: u64,
    /// Kind, number and payload.
    pub word: u64,
}

// Four to a cache line, and a store of one cannot straddle two.
const _: () = assert!(size_of::<Entry>() == 16);

impl Entry {
    /// An entry about span or field `id`, of which 14 bits are kept, and of the payload 48.
    #[inline(always)]
    pub const fn new(kind: EntryKind, id: u16, value: u64, payload: u64) -> Entry {
        Entry { value, word: kind as u64 | (id as u64 & 0x3fff) << 2 | payload << 16 }
    }

    /// What it says.
    pub const fn kind(&self) -> EntryKind {
        match self.word & 3 {
            0 => EntryKind::Begin,
            1 => EntryKind::End,
            2 => EntryKind::Mark,
            _ => EntryKind::Info,
        }
    }

    /// Number of the span or field.
    pub const fn id(&self) -> u16 {
        (self.word >> 2 & 0x3fff) as u16
    }

    /// The payload.
    pub const fn payload(&self) -> u64 {
        self.word >> 16
    }
}

/// The last 2^k entries of one thread.
#[derive(Clone, Debug)]
pub struct Ring {
    entries: Box<[Entry]>,
    position: u64,
}

impl Ring {
    /// An empty ring for `entries` entries, rounded up to a power of two from 64 to 2²⁶; its memory is touched here, so
    /// that recording does not fault it in.
    pub fn new(entries: usize) -> Ring {
        let len = entries.clamp(64, 1 << 26).next_power_of_two();
        let mut entries = vec![Entry::default(); len].into_boxed_slice();
        // A vector of zeros is the system's untouched zero page until something is written.
        for e in &mut entries {
            e.word = std::hint::black_box(0);
        }
        Ring { entries, position: 0 }
    }

    /// Takes an entry; the oldest goes.
    #[inline(always)]
    pub fn push(&mut self, e: Entry) {
        let at = self.position as usize & (self.entries.len() - 1);
        self.entries[at] = e;
        self.position += 1;
    }

    /// Entries taken so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Most entries that are kept.
    pub fn capacity(&self) -> usize {
        self.entries.len()
    }

    /// Where the `count`-th last span `id` begins, counted from the newest; the
    /// oldest of them if there are fewer, the ring's end if there is none.
    pub fn last_begins(&self, id: u16, count: usize) -> u64 {
        let oldest = self.position.saturating_sub(self.entries.len() as u64);
        let mask = self.entries.len() - 1;
        let begins = (oldest..self.position).rev().filter(|at| {
            let e = &self.entries[*at as usize & mask];
            e.kind() == EntryKind::Begin && e.id() == id
        });
        begins.take(count).last().unwrap_or(self.position)
    }

    /// What was taken from `position` on, oldest first, as far as it is still here.
    pub fn since(&self, position: u64) -> impl Iterator<Item = Entry> + '_ {
        let oldest = self.position.saturating_sub(self.entries.len() as u64);
        let mask = self.entries.len() - 1;
        (position.max(oldest)..self.position).map(move |at| self.entries[at as usize & mask])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_gives_back_what_was_put_in() {
        for kind in [EntryKind::Begin, EntryKind::End, EntryKind::Mark, EntryKind::Info] {
            for (id, payload) in [(0, 0), (0x3fff, PAYLOAD_MAX), (77, 12_345)] {
                let e = Entry::new(kind, id, u64::MAX, payload);
                assert_eq!((e.kind(), e.id(), e.value, e.payload()), (kind, id, u64::MAX, payload));
            }
        }
    }

    #[test]
    fn the_ring_keeps_the_last_entries_in_order() {
        let mut ring = Ring::new(100);
        assert_eq!(ring.capacity(), 128);
        for n in 0..1000 {
            ring.push(Entry::new(EntryKind::Mark, 1, n, 0));
        }
        let all: Vec<u64> = ring.since(0).map(|e| e.value).collect();
        assert_eq!(all, (872..1000).collect::<Vec<_>>());
        assert_eq!(ring.since(990).count(), 10);
        assert_eq!(ring.since(5000).count(), 0);
        for n in 0..4 {
            ring.push(Entry::new(EntryKind::Begin, 7, n, 0));
            ring.push(Entry::new(EntryKind::End, 7, n, 0));
        }
        assert_eq!([0, 1, 3, 99].map(|count| ring.last_begins(7, count)), [1008, 1006, 1002, 1000]);
        assert_eq!(Ring::new(0).since(0).count(), 0);
    }
}
