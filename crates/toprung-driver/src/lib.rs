//! Recorded runs: a book, a market of agents or a journal through the core, with the flight recorder around every command.
//!
//! [`record`] runs an input once with the recorder at the level that was asked for, and, where a trigger fired, once more at
//! full detail around each hit: the input is the same to the last bit, so an order that is slow again is slow for a reason
//! that lies in the input, and one that is not was held up by the machine.
//!
//! ```
//! use std::sync::atomic::AtomicBool;
//! use toprung_driver::{Controls, RecordOptions, TriggerOptions, record};
//!
//! let options = RecordOptions {
//!     scenario: Some("zi-baseline".to_owned()),
//!     events: Some(50_000),
//!     trigger: Some(TriggerOptions { slowest_so_far: true, hits_max: 3, ..TriggerOptions::default() }),
//!     ..RecordOptions::default()
//! };
//! let recorded = record(&options, "example", &Controls::default(), &mut |_, _| {}).unwrap();
//! assert_eq!(recorded.report.hits.len(), 3);
//! assert!(recorded.report.hits.iter().all(|hit| hit.replay_ns.is_some()));
//! let trace = toprung_trace::fxt::read(&recorded.trace).unwrap();
//! assert!(trace.nesting().is_clean());
//! ```
//!
//! It stands above `toprung-sim`, `toprung-data` and `toprung-trace`, none of which knows of another, and below the Node
//! binding and the program `toprung-trace-driver`, which both are little more than [`record`].

mod assemble;
mod error;
mod input;
mod monitor;
mod options;
mod plant;
mod recording;
mod replay;
mod report;
mod session;
mod stages;

pub use error::DriverError;
pub use input::Input;
pub use monitor::Interval;
pub use options::{BUDGET_PERCENT, RecordOptions, TriggerOptions};
pub use plant::{PLANT_EVERY, Plant, Planted};
pub use recording::{Recording, Status};
pub use report::{HitView, KindLatency, Latency, Recorded, Report};
pub use session::{Controls, record};
pub use stages::SCHEMA;
