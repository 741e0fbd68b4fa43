//! The public referee's C interface (matching-engine-benchmark) over `toprung-book`.
//!
//! `cargo build --release -p toprung-referee` makes `libtoprung_referee.so`; point the referee at it. Everything here is
//! glue: messages become commands, events become reports, reports cross a thread through a queue of our own that
//! publishes in groups ([`queue`]) or through the referee's.

mod engine;
pub mod layout;
pub mod queue;

use std::cell::UnsafeCell;
use std::ffi::c_void;

use toprung_book::{Command, Side};

pub use engine::{Engine, Reports};
use layout::{Cancel, Message, Modify, NewOrder, Report, Transport};
use queue::{Queue, TRANSPORT};

/// Orders to have room for before the clock starts.
pub const EXPECTED_ORDERS: u32 = 1 << 14;

/// Reports into the queue that the referee handed over.
enum Outlet {
    Own(*const Queue),
    Foreign(Transport, *mut c_void),
}

impl Reports for Outlet {
    #[inline(always)]
    fn report(&mut self, report: &Report) {
        match *self {
            Outlet::Own(queue) => {
                // SAFETY: the referee keeps the queue alive until after `engine_shutdown`.
                let queue = unsafe { &*queue };
                while !queue.push(report) {
                    std::thread::yield_now();
                }
            }
            Outlet::Foreign(transport, sink) => loop {
                // SAFETY: transport and sink come from the referee and belong together.
                if unsafe { (transport.push)(sink, report) } != 0 {
                    break;
                }
                std::thread::yield_now();
            },
        }
    }
}

struct Cell(UnsafeCell<Option<Engine<Outlet>>>);

// SAFETY: the referee calls the engine from one thread at a time; that is its interface.
unsafe impl Sync for Cell {}

static ENGINE: Cell = Cell(UnsafeCell::new(None));

#[inline(always)]
fn with_engine<T>(f: impl FnOnce(&mut Engine<Outlet>) -> T) -> Option<T> {
    // SAFETY: no call of the interface is made while another is running, so this is the only reference.
    unsafe { (*ENGINE.0.get()).as_mut() }.map(f)
}

/// Called once, before any message.
///
/// # Safety
/// `transport` and `sink` are a queue that lives until after [`engine_shutdown`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_init(_nonce: u64, transport: *const Transport, sink: *mut c_void) {
    // SAFETY: the caller's promise.
    let transport = unsafe { *transport };
    let own = std::ptr::fn_addr_eq(transport.push, TRANSPORT.push);
    let outlet = if own { Outlet::Own(sink.cast()) } else { Outlet::Foreign(transport, sink) };
    // SAFETY: as in `with_engine`.
    unsafe { *ENGINE.0.get() = Some(Engine::new(EXPECTED_ORDERS, outlet)) };
}

/// Called once, at the end.
#[unsafe(no_mangle)]
pub extern "C" fn engine_shutdown() {
    // SAFETY: as in `with_engine`.
    unsafe { *ENGINE.0.get() = None };
}

/// A new order.
///
/// # Safety
/// `m` points at a message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_on_new_order(m: *const NewOrder) {
    // SAFETY: the caller's promise.
    let m = unsafe { &*m };
    with_engine(|e| e.message(Command::from(m), m.sequence_number));
}

/// A cancel.
///
/// # Safety
/// `m` points at a message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_on_cancel(m: *const Cancel) {
    // SAFETY: the caller's promise.
    let m = unsafe { &*m };
    with_engine(|e| e.message(Command::from(m), m.sequence_number));
}

/// A modify.
///
/// # Safety
/// `m` points at a message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_on_modify(m: *const Modify) {
    // SAFETY: the caller's promise.
    let m = unsafe { &*m };
    with_engine(|e| e.message(Command::from(m), m.sequence_number));
}

/// A run of messages.
///
/// # Safety
/// `messages` points at `n` messages.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_on_batch(messages: *const Message, n: u32) {
    // SAFETY: the caller's promise.
    let messages = unsafe { std::slice::from_raw_parts(messages, n as usize) };
    with_engine(|e| e.batch(messages));
}

/// Returns when everything delivered is matched and reported.
#[unsafe(no_mangle)]
pub extern "C" fn engine_flush() {
    with_engine(|e| match e.reports {
        // SAFETY: as in `Outlet::report`.
        Outlet::Own(queue) => unsafe { (*queue).flush() },
        // SAFETY: as in `Outlet::report`.
        Outlet::Foreign(transport, sink) => unsafe { (transport.flush)(sink) },
    });
}

fn best(side: Side) -> Option<i64> {
    with_engine(|e| e.book().best(side).map(|level| level.price)).flatten()
}

/// The best bid, `i64::MIN` when there is none.
#[unsafe(no_mangle)]
pub extern "C" fn engine_query_best_bid() -> i64 {
    best(Side::Buy).unwrap_or(i64::MIN)
}

/// The best ask, `i64::MAX` when there is none.
#[unsafe(no_mangle)]
pub extern "C" fn engine_query_best_ask() -> i64 {
    best(Side::Sell).unwrap_or(i64::MAX)
}

/// Open quantity at a price.
#[unsafe(no_mangle)]
pub extern "C" fn engine_query_depth_at(price_ticks: i64, side: u8) -> u64 {
    let side = if side == 0 { Side::Buy } else { Side::Sell };
    with_engine(|e| e.book().qty_at(side, price_ticks)).unwrap_or(0)
}

/// The report queue of our own.
#[unsafe(no_mangle)]
pub extern "C" fn engine_get_transport() -> *const Transport {
    &raw const TRANSPORT
}
