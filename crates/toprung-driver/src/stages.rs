//! The names in a recorded trace.
//!
//! The book knows nothing of the recorder, so the stages are what can be told apart from outside, by the clock at entry, at
//! each event and at return:
//!
//! - `lookup`: entry to the answer. Checks and the id table; of a cancel, a reduce or a replace the change itself.
//! - `match`: the answer to the last trade. Only of orders that trade.
//! - `settle`: from there to return. The rest is put on the book, or nothing is left to do.
//! - `events`: what the consumer of an event does with it, inside the stage it happens in.
//! - `input`: between two orders. The next command is made or decoded, and the run keeps its own accounts.

use toprung_book::CommandKind;
use toprung_trace::recorder::{FieldName, Schema, SpanName};

pub(crate) const ORDER: u16 = 0;
pub(crate) const LOOKUP: u16 = 1;
pub(crate) const MATCH: u16 = 2;
pub(crate) const SETTLE: u16 = 3;
pub(crate) const EVENTS: u16 = 4;
pub(crate) const INPUT: u16 = 5;
pub(crate) const USAGE: u16 = 6;

pub(crate) const COMMAND: u16 = 0;
pub(crate) const KIND: u16 = 1;
pub(crate) const ID: u16 = 2;
pub(crate) const SIDE: u16 = 3;
pub(crate) const PRICE: u16 = 4;
pub(crate) const QTY: u16 = 5;
pub(crate) const FILLS: u16 = 6;
pub(crate) const LEVELS: u16 = 7;
pub(crate) const ALLOCATIONS: u16 = 8;
pub(crate) const ALLOC_BYTES: u16 = 9;
pub(crate) const PAGE_FAULTS: u16 = 10;
pub(crate) const CTX_SWITCHES: u16 = 11;
pub(crate) const HIT: u16 = 12;
pub(crate) const MEASURED_NS: u16 = 13;
pub(crate) const EVENT: u16 = 14;

/// Kinds of command by their code.
pub(crate) const KIND_NAMES: [&str; 5] = CommandKind::NAMES;

/// Kinds of event by their code.
pub(crate) const EVENT_NAMES: [&str; 6] = ["accepted", "rejected", "trade", "cancelled", "reduced", "replaced"];

const fn number(name: &'static str) -> FieldName {
    FieldName { name, texts: &[], signed: false }
}

const fn one_of(name: &'static str, texts: &'static [&'static str]) -> FieldName {
    FieldName { name, texts, signed: false }
}

/// What the numbers in the recorder's entries stand for.
pub const SCHEMA: Schema = Schema {
    spans: &[
        SpanName { begin_field: Some(COMMAND), end_field: Some(KIND), ..SpanName::new("order", "order") },
        SpanName::new("stage", "lookup"),
        SpanName::new("stage", "match"),
        SpanName::new("stage", "settle"),
        SpanName { begin_field: Some(EVENT), ..SpanName::new("sink", "events") },
        SpanName::new("input", "input"),
        SpanName::new("recorder", "usage"),
    ],
    fields: &[
        number("command"),
        one_of("kind", &KIND_NAMES),
        number("id"),
        one_of("side", &["buy", "sell"]),
        FieldName { name: "price", texts: &[], signed: true },
        number("qty"),
        number("fills"),
        number("levels"),
        number("allocations"),
        number("alloc_bytes"),
        number("page_faults"),
        number("ctx_switches"),
        number("hit"),
        number("measured_ns"),
        one_of("event", &EVENT_NAMES),
    ],
};
