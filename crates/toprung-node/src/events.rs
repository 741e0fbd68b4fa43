//! Events out: columns in the caller's memory, and a spill for what does not fit.
//!
//! For a capacity of `C` events the memory is, one column behind the other:
//!
//! | offset | column | as |
//! |---|---|---|
//! | 0 | id | f64\[C\] |
//! | 8·C | other | f64\[C\] |
//! | 16·C | price | f64\[C\] |
//! | 24·C | qty | f64\[C\] |
//! | 32·C | command: index of the command within its batch | u32\[C\] |
//! | 36·C | owner | u32\[C\] |
//! | 40·C | kind | u8\[C\] |
//! | 41·C | side | u8\[C\] |
//! | 42·C | reason | u8\[C\] |
//! | 43·C | flags | u8\[C\] |
//!
//! What the fields mean is said at [`Event`]. A book's numbers are exact: every id, price and quantity came in through
//! a float64, and no event carries a sum. A venue computes prices (pegs, protection, trailing limits) and sums (what an
//! auction would trade): where one of these passes ±2⁵³ the column has the nearest float64.

use toprung_book::{Event, EventSink};

use crate::error::{Code, Result, error_at};
use crate::view::Bytes;

/// Bytes of one event over all columns.
pub(crate) const EVENT_BYTES: usize = 44;

/// Columns in the caller's memory.
#[derive(Clone, Copy)]
pub(crate) struct Columns {
    bytes: Bytes,
    capacity: usize,
}

impl Columns {
    /// Columns for `capacity` events; the view must have exactly their length.
    pub(crate) fn new(bytes: Bytes, capacity: usize) -> Result<Columns> {
        if capacity == 0 || !capacity.is_multiple_of(2) || Some(bytes.len()) != capacity.checked_mul(EVENT_BYTES) {
            let message = format!(
                "expected {EVENT_BYTES} bytes for each of an even number of events, got {} bytes for {capacity} events",
                bytes.len()
            );
            return Err(error_at(Code::BufferLength, "events", &message));
        }
        Ok(Columns { bytes, capacity })
    }

    /// Events that fit.
    pub(crate) fn capacity(self) -> usize {
        self.capacity
    }

    /// Writes one event to row `i`.
    ///
    /// # Safety
    /// `i` is below the capacity.
    #[inline(always)]
    unsafe fn write(self, i: usize, e: &Event, first_seq: u64) {
        let (b, c) = (self.bytes, self.capacity);
        // Below 2⁶³ all of them, so the signed conversion, which is one instruction, does what it says.
        // SAFETY: the view is exactly 44·C bytes (`Columns::new`) and `i < C` by the caller, so each offset is inside
        // its column; the columns start at multiples of 8, or of 4 for the u32s.
        unsafe {
            b.store_f64(8 * i, e.id as i64 as f64);
            b.store_f64(8 * (c + i), e.other as i64 as f64);
            b.store_f64(8 * (2 * c + i), e.price as f64);
            b.store_f64(8 * (3 * c + i), e.qty as i64 as f64);
            b.store_u32(32 * c + 4 * i, e.seq.wrapping_sub(first_seq) as u32);
            b.store_u32(36 * c + 4 * i, e.owner);
            b.store_u8(40 * c + i, e.kind as u8);
            b.store_u8(41 * c + i, e.side as u8);
            b.store_u8(42 * c + i, e.reason as u8);
            b.store_u8(43 * c + i, e.flags.bits());
        }
    }
}

/// Events that did not fit their columns, in order.
#[derive(Default)]
pub(crate) struct Spill {
    events: Vec<Event>,
    taken: usize,
    first_seq: u64,
}

impl Spill {
    /// Events that wait.
    pub(crate) fn len(&self) -> usize {
        self.events.len() - self.taken
    }

    /// Bytes that the spill holds.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.events.capacity() * size_of::<Event>()
    }

    /// Moves events into `columns` from row `from` on; the number moved.
    pub(crate) fn drain(&mut self, columns: Columns, from: usize) -> usize {
        let moved = self.len().min(columns.capacity().saturating_sub(from));
        for (i, e) in self.events[self.taken..][..moved].iter().enumerate() {
            // SAFETY: `from + i < from + moved <= capacity`.
            unsafe { columns.write(from + i, e, self.first_seq) };
        }
        self.taken += moved;
        if self.len() == 0 {
            self.taken = 0;
            self.events.clear();
            // One huge batch must not hold its memory for the rest of the book's life.
            self.events.shrink_to(1 << 16);
        }
        moved
    }
}

/// Writes events to columns as they come, and to the spill once the columns are full.
pub(crate) struct ColumnSink<'a> {
    columns: Columns,
    spill: &'a mut Spill,
    len: usize,
    first_seq: u64,
}

impl<'a> ColumnSink<'a> {
    /// A sink for a batch whose first command has the number `first_seq`. The spill must be empty.
    pub(crate) fn new(columns: Columns, spill: &'a mut Spill, first_seq: u64) -> ColumnSink<'a> {
        debug_assert_eq!(spill.len(), 0);
        spill.first_seq = first_seq;
        ColumnSink { columns, spill, len: 0, first_seq }
    }

    /// Events so far, in the columns and in the spill.
    pub(crate) fn total(&self) -> usize {
        self.len + self.spill.len()
    }
}

impl EventSink for ColumnSink<'_> {
    #[inline(always)]
    fn event(&mut self, e: &Event) {
        if self.len < self.columns.capacity {
            // SAFETY: just checked.
            unsafe { self.columns.write(self.len, e, self.first_seq) };
            self.len += 1;
        } else {
            spill(self.spill, e);
        }
    }
}

#[cold]
#[inline(never)]
fn spill(spill: &mut Spill, e: &Event) {
    spill.events.push(*e);
}

#[cfg(test)]
mod tests {
    use toprung_book::{EventFlags, EventKind, Reason, Side};

    use super::*;

    fn event(seq: u64) -> Event {
        Event {
            seq,
            id: 10 + seq,
            other: 20 + seq,
            price: -(seq as i64),
            qty: 30 + seq,
            owner: 40 + seq as u32,
            kind: EventKind::Trade,
            side: Side::Sell,
            reason: Reason::Requested,
            flags: EventFlags::KEPT_PRIORITY,
        }
    }

    #[test]
    fn events_past_the_capacity_spill_and_are_drained_in_order() {
        let mut memory = [0u64; 11];
        let mut bytes = || Columns::new(Bytes::of(&mut memory), 2).unwrap();
        let (mut spill, columns) = (Spill::default(), bytes());
        let mut sink = ColumnSink::new(columns, &mut spill, 100);
        (100..105).for_each(|seq| sink.event(&event(seq)));
        assert_eq!((sink.total(), spill.len()), (5, 3));
        assert_eq!(spill.drain(columns, 1), 1);
        assert_eq!((spill.drain(columns, 2), spill.drain(columns, 9)), (0, 0));
        assert_eq!((spill.drain(columns, 0), spill.len()), (2, 0));
        assert_eq!(memory[..2], [(113f64).to_bits(), (114f64).to_bits()]);
        assert_eq!(memory[4..6], [(-103f64).to_bits(), (-104f64).to_bits()]);
        assert_eq!(memory[8], 3 | 4 << 32);
        assert_eq!(memory[9], 143 | 144 << 32);
        assert_eq!(memory[10].to_le_bytes(), [2, 2, 1, 1, 8, 8, 2, 2]);
    }

    #[test]
    fn a_view_of_another_size_than_its_capacity_says_is_refused() {
        let mut memory = [0u64; 11];
        for capacity in [0, 1, 3, 4, usize::MAX, usize::MAX - 1] {
            assert!(Columns::new(Bytes::of(&mut memory), capacity).is_err(), "{capacity}");
        }
    }
}
