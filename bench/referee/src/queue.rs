//! A single-producer single-consumer queue of reports that publishes in groups.
//!
//! The producer writes reports into the ring and moves its public index once per [`GROUP`] reports or on `flush`, so the
//! line that both sides share changes hands rarely.

use std::cell::{Cell, UnsafeCell};
use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::layout::{Report, Transport};

/// Reports published together.
const GROUP: usize = 64;

/// One side's index on cache lines of its own.
#[repr(align(128))]
struct Line<T>(T);

/// What only the producer touches.
struct Producer {
    /// Reports written, published or not.
    written: Cell<usize>,
    /// The consumer's index as last seen.
    seen: Cell<usize>,
}

/// The queue. One thread pushes, one thread drains.
pub struct Queue {
    published: Line<AtomicUsize>,
    drained: Line<AtomicUsize>,
    producer: Line<Producer>,
    ring: Box<[UnsafeCell<Report>]>,
}

// SAFETY: `producer` and the slots from `published` to `written` belong to the one pushing thread, the slots from `drained`
// to `published` to the one draining thread; the two indices order the hand-over.
unsafe impl Sync for Queue {}

impl Queue {
    /// A queue for at least `capacity` reports.
    pub fn new(capacity: u32) -> Queue {
        let slots = (capacity as usize).max(4 * GROUP).next_power_of_two();
        Queue {
            published: Line(AtomicUsize::new(0)),
            drained: Line(AtomicUsize::new(0)),
            producer: Line(Producer { written: Cell::new(0), seen: Cell::new(0) }),
            ring: (0..slots).map(|_| UnsafeCell::new(Report::default())).collect(),
        }
    }

    /// Adds a report; false when the ring is full. Only the producing thread may call this.
    #[inline(always)]
    pub fn push(&self, report: &Report) -> bool {
        let producer = &self.producer.0;
        let written = producer.written.get();
        if written - producer.seen.get() == self.ring.len() && !self.make_room(written) {
            return false;
        }
        // SAFETY: the slot is not published (it lies less than a ring's length past `drained`), so it is the producer's.
        unsafe { *self.ring[written & (self.ring.len() - 1)].get() = *report };
        producer.written.set(written + 1);
        if (written + 1).is_multiple_of(GROUP) {
            self.flush();
        }
        true
    }

    #[cold]
    fn make_room(&self, written: usize) -> bool {
        // What is not published can never be drained.
        self.flush();
        let drained = self.drained.0.load(Ordering::Acquire);
        self.producer.0.seen.set(drained);
        written - drained < self.ring.len()
    }

    /// Publishes everything that was pushed. Only the producing thread may call this.
    #[inline]
    pub fn flush(&self) {
        self.published.0.store(self.producer.0.written.get(), Ordering::Release);
    }

    /// Takes reports out, oldest first; returns how many. Only the consuming thread may call this.
    pub fn drain(&self, out: &mut [Report]) -> usize {
        let from = self.drained.0.load(Ordering::Relaxed);
        let n = (self.published.0.load(Ordering::Acquire) - from).min(out.len());
        for (i, place) in out[..n].iter_mut().enumerate() {
            // SAFETY: the slot is published and not drained, so it is the consumer's.
            *place = unsafe { *self.ring[(from + i) & (self.ring.len() - 1)].get() };
        }
        self.drained.0.store(from + n, Ordering::Release);
        n
    }
}

unsafe extern "C" fn create(capacity: u32) -> *mut c_void {
    Box::into_raw(Box::new(Queue::new(capacity))).cast()
}

unsafe extern "C" fn push(queue: *mut c_void, report: *const Report) -> i32 {
    // SAFETY: the referee passes what `create` returned, and a report that lives through the call.
    i32::from(unsafe { (*queue.cast::<Queue>()).push(&*report) })
}

unsafe extern "C" fn drain(queue: *mut c_void, out: *mut Report, max: u32) -> u32 {
    // SAFETY: the referee passes what `create` returned, and room for `max` reports.
    unsafe { (*queue.cast::<Queue>()).drain(std::slice::from_raw_parts_mut(out, max as usize)) as u32 }
}

unsafe extern "C" fn flush(queue: *mut c_void) {
    // SAFETY: the referee passes what `create` returned.
    unsafe { (*queue.cast::<Queue>()).flush() }
}

unsafe extern "C" fn destroy(queue: *mut c_void) {
    // SAFETY: the referee passes what `create` returned, once, when nobody uses it any more.
    drop(unsafe { Box::from_raw(queue.cast::<Queue>()) });
}

/// The queue's functions, as the referee wants them.
pub static TRANSPORT: Transport = Transport { create, push, drain, flush, destroy };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_cross_a_thread_whole_and_in_order() {
        let queue = Queue::new(256);
        let n = 100_000u64;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for i in 0..n {
                    let report = Report { sequence_number: i, taker_order_id: !i, ..Report::default() };
                    while !queue.push(&report) {
                        std::thread::yield_now();
                    }
                }
                queue.flush();
            });
            let mut out = [Report::default(); 100];
            let mut next = 0;
            while next < n {
                let got = queue.drain(&mut out);
                for report in &out[..got] {
                    assert_eq!((report.sequence_number, report.taker_order_id), (next, !next));
                    next += 1;
                }
                if got == 0 {
                    std::thread::yield_now();
                }
            }
        });
    }

    #[test]
    fn a_full_ring_refuses_and_a_drained_one_takes_again() {
        let queue = Queue::new(1);
        let mut taken = 0;
        while queue.push(&Report::default()) {
            taken += 1;
        }
        assert_eq!(taken, 4 * GROUP);
        assert_eq!(queue.drain(&mut [Report::default(); 3]), 3);
        assert!(queue.push(&Report::default()));
    }
}
