//! The referee's records, as it defines them: little endian, natural alignment.

use std::ffi::c_void;

/// A new order.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct NewOrder {
    /// The order's id.
    pub order_id: u64,
    /// Number of the message, repeated in every report it causes.
    pub sequence_number: u64,
    /// Limit in ticks.
    pub price_ticks: i64,
    /// Lots.
    pub quantity: u32,
    /// 0 buy, 1 sell.
    pub side: u8,
    /// 1 for immediate-or-cancel.
    pub ioc: u8,
    /// Nothing.
    pub reserved: [u8; 2],
}

/// A cancel.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Cancel {
    /// The order's id.
    pub order_id: u64,
    /// Number of the message.
    pub sequence_number: u64,
}

/// A modify: remove and re-enter.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Modify {
    /// The order's id.
    pub order_id: u64,
    /// Number of the message.
    pub sequence_number: u64,
    /// New limit in ticks.
    pub new_price_ticks: i64,
    /// New lots.
    pub new_quantity: u32,
    /// 0 buy, 1 sell.
    pub side: u8,
    /// Nothing.
    pub reserved: [u8; 3],
}

/// The body of a [`Message`].
#[repr(C)]
#[derive(Clone, Copy)]
pub union Body {
    /// For type 0.
    pub new_order: NewOrder,
    /// For type 1.
    pub cancel: Cancel,
    /// For type 2.
    pub modify: Modify,
}

/// One message of a batch.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Message {
    /// 0 new, 1 cancel, 2 modify.
    pub kind: u8,
    /// Nothing.
    pub reserved: [u8; 7],
    /// What `kind` says.
    pub body: Body,
}

/// What the engine answers.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// 0 order ack, 1 trade, 2 cancel ack, 3 modify ack, 4 cancel reject, 5 modify reject.
    pub kind: u8,
    /// 0 buy, 1 sell.
    pub side: u8,
    /// Nothing.
    pub reserved: [u8; 6],
    /// Number of the message that caused it.
    pub sequence_number: u64,
    /// The order concerned.
    pub order_id: u64,
    /// Ticks.
    pub price_ticks: i64,
    /// Lots.
    pub quantity: u32,
    /// Nothing.
    pub reserved2: u32,
    /// Of a trade: the resting order.
    pub maker_order_id: u64,
    /// Of a trade: the aggressor.
    pub taker_order_id: u64,
    /// Nothing.
    pub reserved3: u64,
}

/// A queue of reports between the engine's thread and the referee's.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Transport {
    /// Makes a queue for at least so many reports.
    pub create: unsafe extern "C" fn(u32) -> *mut c_void,
    /// Adds a report: 1 done, 0 full.
    pub push: unsafe extern "C" fn(*mut c_void, *const Report) -> i32,
    /// Takes up to so many reports out.
    pub drain: unsafe extern "C" fn(*mut c_void, *mut Report, u32) -> u32,
    /// Makes every pushed report visible to the other side.
    pub flush: unsafe extern "C" fn(*mut c_void),
    /// Frees the queue.
    pub destroy: unsafe extern "C" fn(*mut c_void),
}

const _: () = assert!(size_of::<NewOrder>() == 32 && size_of::<Cancel>() == 16 && size_of::<Modify>() == 32);
const _: () = assert!(size_of::<Message>() == 40 && std::mem::offset_of!(Message, body) == 8);
const _: () = assert!(size_of::<Report>() == 64 && std::mem::offset_of!(Report, maker_order_id) == 40);
const _: () = assert!(size_of::<Transport>() == 5 * size_of::<usize>());
