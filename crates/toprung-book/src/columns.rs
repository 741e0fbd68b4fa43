//! Events as columns: what analysis, JavaScript and files want.

use crate::event::Event;
use crate::sink::EventSink;

/// Columns of a table: the words of an event.
const COLUMNS: usize = 6;

/// A growing table of events, one array per field.
///
/// The arrays lie one behind the other in one allocation, so taking an event in costs one comparison and six stores.
/// Clearing keeps the memory: a table that is filled batch by batch allocates only until its largest batch.
#[derive(Clone, Debug, Default)]
pub struct EventColumns {
    words: Vec<u64>,
    capacity: usize,
    len: usize,
}

impl EventColumns {
    /// An empty table with room for `capacity` events.
    pub fn with_capacity(capacity: usize) -> EventColumns {
        EventColumns { words: vec![0; COLUMNS * capacity], capacity, len: 0 }
    }

    /// Number of events.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no event.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Forgets the events and keeps the memory.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    fn column(&self, i: usize) -> &[u64] {
        &self.words[i * self.capacity..][..self.len]
    }

    /// Command numbers.
    pub fn seq(&self) -> &[u64] {
        self.column(0)
    }

    /// Orders; of trades the aggressors.
    pub fn id(&self) -> &[u64] {
        self.column(1)
    }

    /// Resting orders of trades, lots taken off by reductions.
    pub fn other(&self) -> &[u64] {
        self.column(2)
    }

    /// Prices in ticks.
    pub fn price(&self) -> impl ExactSizeIterator<Item = i64> + '_ {
        self.column(3).iter().map(|&bits| bits as i64)
    }

    /// Quantities in lots.
    pub fn qty(&self) -> &[u64] {
        self.column(4)
    }

    /// Kind, side, reason, flags and owner: see [`Event::head`].
    pub fn head(&self) -> &[u64] {
        self.column(5)
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let mut wider = EventColumns::with_capacity((2 * self.capacity).max(64));
        for i in 0..COLUMNS {
            wider.words[i * wider.capacity..][..self.len].copy_from_slice(self.column(i));
        }
        wider.len = self.len;
        *self = wider;
    }
}

impl EventSink for EventColumns {
    #[inline(always)]
    fn event(&mut self, e: &Event) {
        if self.len == self.capacity {
            self.grow();
        }
        let row = [e.seq, e.id, e.other, e.price as u64, e.qty, e.head()];
        for (i, word) in row.into_iter().enumerate() {
            debug_assert!(i * self.capacity + self.len < self.words.len());
            // SAFETY: `words` holds COLUMNS arrays of `capacity` words, `i < COLUMNS`, and `len < capacity` after `grow`.
            unsafe { *self.words.get_unchecked_mut(i * self.capacity + self.len) = word };
        }
        self.len += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Command, Side};
    use crate::{Book, EventKind};

    #[test]
    fn a_table_holds_what_a_list_of_events_holds_however_it_grew() {
        let (mut list, mut table) = (Vec::new(), EventColumns::default());
        let mut book = Book::default();
        for i in 0..500 {
            let side = Side::BOTH[i as usize % 2];
            book.apply(&Command::limit(i, side, -(i as i64 % 7), 1 + i).with_owner(9), &mut (&mut list, &mut table));
        }
        assert!(list.iter().any(|e: &Event| e.kind == EventKind::Trade));
        assert_eq!(table.len(), list.len());
        assert!(table.price().eq(list.iter().map(|e| e.price)));
        let heads = list.iter().map(Event::head);
        assert!(table.seq().iter().copied().eq(list.iter().map(|e| e.seq)));
        assert!(table.id().iter().copied().eq(list.iter().map(|e| e.id)));
        assert!(table.other().iter().copied().eq(list.iter().map(|e| e.other)));
        assert!(table.qty().iter().copied().eq(list.iter().map(|e| e.qty)));
        assert!(table.head().iter().copied().eq(heads));
        table.clear();
        assert!(table.is_empty() && table.id().is_empty());
    }
}
