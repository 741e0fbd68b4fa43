//! What a book allocates: nothing per command in steady state, little when it is empty, little per order.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use toprung_bench::{Workload, aggressive, balanced, balanced_random_ids, cancel_heavy, deep, referee, small_book};
use toprung_book::{Book, BookConfig, Command, EventColumns, Policy, Side};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static LIVE_BYTES: Cell<isize> = const { Cell::new(0) };
}

/// The system's allocator, counting for each thread.
struct Counting;

fn count(allocations: usize, bytes: isize) {
    // A thread that is ending has no counters any more, and nobody asks for them.
    let _ = ALLOCATIONS.try_with(|n| n.set(n.get() + allocations));
    let _ = LIVE_BYTES.try_with(|n| n.set(n.get() + bytes));
}

// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as isize);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        count(0, -(layout.size() as isize));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations_in(f: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    f();
    ALLOCATIONS.get() - before
}

/// Allocations during the second half of a workload.
fn steady_state(workload: &Workload, config: BookConfig) -> usize {
    let mut book = workload.loaded_with(config);
    let mut columns = EventColumns::with_capacity(1 << 16);
    let (warm, measured) = workload.commands.split_at(workload.commands.len() / 2);
    book.apply_batch(warm, &mut ());
    allocations_in(|| {
        for cmds in measured.chunks(1024) {
            columns.clear();
            book.apply_batch(cmds, &mut columns);
        }
    })
}

#[test]
fn no_command_allocates_in_steady_state() {
    for workload in [balanced(400_000), balanced_random_ids(400_000), cancel_heavy(400_000), aggressive(400_000)] {
        let fifo = BookConfig { expected_orders: 50_000, ..BookConfig::default() };
        let pro_rata = BookConfig { policy: Policy::pro_rata(2), ..fifo.clone() };
        assert_eq!(steady_state(&workload, fifo), 0, "{}", workload.name);
        assert_eq!(steady_state(&workload, pro_rata), 0, "{} under pro-rata", workload.name);
    }
    let roomy = BookConfig { expected_orders: 1_100_000, ..BookConfig::default() };
    assert_eq!(steady_state(&deep(400_000), roomy), 0, "deep");
}

#[test]
fn a_flow_whose_price_stays_allocates_nothing_once_its_window_is_open() {
    let flow = referee::flow(referee::SCENARIOS[0], 7, 300_000);
    assert_eq!(steady_state(&flow, BookConfig { expected_orders: 100_000, ..BookConfig::default() }), 0);
}

#[test]
fn an_empty_book_takes_less_than_a_kibibyte() {
    let mut book = None;
    assert_eq!(allocations_in(|| book = Some(Book::default())), 2, "the policy's steps and the first id bucket");
    let bytes = book.map_or(0, |b| b.memory_bytes());
    assert!(bytes <= 1024, "an empty book takes {bytes} bytes");
}

#[test]
fn a_resting_order_takes_at_most_64_bytes_all_in() {
    let workload = deep(0);
    let before = LIVE_BYTES.get();
    let book = workload.loaded();
    let heap = (LIVE_BYTES.get() - before) as f64 / book.order_count() as f64;
    assert!(heap <= 64.0, "{heap:.1} bytes per order");
    let reported = book.memory_bytes() as f64 / book.order_count() as f64;
    assert!((reported - heap).abs() < 1.0, "the book reports {reported:.1} bytes per order, the allocator {heap:.1}");
}

#[test]
fn a_hundred_thousand_books_of_ten_orders_fit_in_512_mebibytes() {
    let before = LIVE_BYTES.get();
    let mut random = toprung_bench::random::Random::new(5);
    let books: Vec<Book> = (0..100_000).map(|_| small_book(&mut random)).collect();
    let bytes = (LIVE_BYTES.get() - before) as usize;
    assert_eq!(books.iter().map(Book::order_count).sum::<usize>(), 1_000_000);
    assert!(bytes <= 512 << 20, "{} MiB", bytes >> 20);
}

#[test]
fn a_price_that_walks_for_ever_does_not_leave_its_memory_behind() {
    let mut book = Book::default();
    for step in 0..2_000_000u64 {
        book.apply(&Command::limit(step, Side::Buy, step as i64 * 3, 1), &mut ());
        if step >= 10 {
            book.apply(&Command::cancel(step - 10), &mut ());
        }
    }
    let bytes = book.memory_bytes();
    assert!(bytes <= 256 << 10, "{bytes} bytes for ten orders");
}
