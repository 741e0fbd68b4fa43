//! Events as columns: what analysis, JavaScript and files want.

use crate::event::Event;
use crate::sink::EventSink;

/// A growing table of events, one array per field.
///
/// Clearing keeps the memory, so a table that is filled batch by batch allocates only until its largest batch.
#[derive(Clone, Debug, Default)]
pub struct EventColumns {
    seq: Vec<u64>,
    id: Vec<u64>,
    other: Vec<u64>,
    price: Vec<i64>,
    qty: Vec<u64>,
    head: Vec<u64>,
}

impl EventColumns {
    /// An empty table with room for `capacity` events.
    pub fn with_capacity(capacity: usize) -> EventColumns {
        let mut columns = EventColumns::default();
        columns.grow(capacity);
        columns
    }

    /// Number of events.
    #[inline]
    pub fn len(&self) -> usize {
        self.seq.len()
    }

    /// Whether there is no event.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.seq.is_empty()
    }

    /// Forgets the events and keeps the memory.
    pub fn clear(&mut self) {
        self.seq.clear();
        self.id.clear();
        self.other.clear();
        self.price.clear();
        self.qty.clear();
        self.head.clear();
    }

    /// Command numbers.
    pub fn seq(&self) -> &[u64] {
        &self.seq
    }

    /// Orders; of trades the aggressors.
    pub fn id(&self) -> &[u64] {
        &self.id
    }

    /// Resting orders of trades, lots taken off by reductions.
    pub fn other(&self) -> &[u64] {
        &self.other
    }

    /// Prices in ticks.
    pub fn price(&self) -> &[i64] {
        &self.price
    }

    /// Quantities in lots.
    pub fn qty(&self) -> &[u64] {
        &self.qty
    }

    /// Kind, side, reason, flags and owner: see [`Event::head`].
    pub fn head(&self) -> &[u64] {
        &self.head
    }

    fn grow(&mut self, additional: usize) {
        self.seq.reserve(additional);
        self.id.reserve(additional);
        self.other.reserve(additional);
        self.price.reserve(additional);
        self.qty.reserve(additional);
        self.head.reserve(additional);
    }
}

impl EventSink for EventColumns {
    #[inline(always)]
    fn event(&mut self, e: &Event) {
        self.seq.push(e.seq);
        self.id.push(e.id);
        self.other.push(e.other);
        self.price.push(e.price);
        self.qty.push(e.qty);
        self.head.push(e.head());
    }
}
