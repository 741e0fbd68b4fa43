//! Counts what a thread allocates: a wrapper around the system's allocator.
//!
//! A program that wants the counts makes it its allocator; it then costs two additions per allocation, and nothing
//! anywhere else.
//!
//! ```
//! use toprung_trace::{Allocations, CountingAllocator};
//!
//! #[global_allocator]
//! static ALLOCATOR: CountingAllocator = CountingAllocator;
//!
//! let before = Allocations::of_thread();
//! let kept = std::hint::black_box(vec![0_u8; 1000]);
//! let after = Allocations::of_thread();
//! assert_eq!((after.count - before.count, after.bytes - before.bytes), (1, kept.len() as u64));
//! ```

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    // Without a destructor and with a constant start, so that the allocator may use it at any time of a thread's life.
    static COUNT: Cell<u64> = const { Cell::new(0) };
    static BYTES: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, counting.
#[derive(Clone, Copy, Debug, Default)]
pub struct CountingAllocator;

/// What the calling thread has asked for so far; zeros in a program with another allocator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allocations {
    /// Allocations, and reallocations.
    pub count: u64,
    /// Bytes asked for in them.
    pub bytes: u64,
}

impl Allocations {
    /// The counts now.
    #[inline]
    pub fn of_thread() -> Allocations {
        Allocations { count: COUNT.get(), bytes: BYTES.get() }
    }

    /// What came on top since `earlier`.
    pub fn since(&self, earlier: &Allocations) -> Allocations {
        Allocations { count: self.count - earlier.count, bytes: self.bytes - earlier.bytes }
    }
}

#[inline]
fn note(bytes: usize) {
    COUNT.set(COUNT.get() + 1);
    BYTES.set(BYTES.get() + bytes as u64);
}

// SAFETY: Everything is handed to the system's allocator as it came; counting touches nothing but two integers.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: The caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: The caller keeps the contract, which is the same.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        note(new_size);
        // SAFETY: The caller keeps the contract, which is the same.
        unsafe { System.realloc(ptr, layout, new_size) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: The caller keeps the contract, which is the same.
        unsafe { System.dealloc(ptr, layout) }
    }
}
