//! Simulated order flow over many books, deterministic: (config, seed) determines every event, for any number of
//! threads.
//!
//! [`simulate`] runs the books of a [`SimConfig`] on threads of its own and gives a [`SimResult`]. The path that decides
//! an event reads no clock and draws no number but from the stream of its own (seed, streams, book, component); it
//! uses integers, and of floating point only single operations that IEEE 754 rounds exactly.
//!
//! - [`random`]: counter-based streams, bounded integers, exponentials, all in integers.
//! - [`flow`]: order-flow models, one module each.
//! - [`scenarios`]: named configurations.

mod book_run;
mod config;
mod error;
pub mod flow;
mod metrics;
mod policy_settings;
pub mod random;
mod result;
mod run;
pub mod scenarios;
mod touch;
mod venue;

pub use config::{BookSettings, Horizon, ReplacePrioritySetting, SampleSettings, SimConfig};
pub use error::{ConfigError, SimError};
pub use flow::{FlowConfig, SantaFeConfig};
pub use metrics::{L1Row, L1Samples, Metrics, MidRange};
pub use policy_settings::{PolicySettings, PresetSettings};
pub use result::{BookResult, Progress, SimResult};
pub use run::{simulate, simulate_observed};
pub use scenarios::Scenario;
pub use touch::Touch;
