//! Simulated order flow over many books, deterministic: (config, seed) determines every event, for any number of
//! threads.
//!
//! [`simulate`] runs the books of a [`SimConfig`] on threads of its own and gives a [`SimResult`]. The path that decides
//! an event reads no clock and draws no number but from the stream of its own (seed, streams, book, component); it
//! uses integers, and of floating point only single operations that IEEE 754 rounds exactly.
//!
//! - [`random`]: counter-based streams, bounded integers, exponentials, all in integers.
//! - [`flow`]: order-flow models, one module each.
//! - [`kernel`], [`agents`]: markets of agents that react, on one or more venues.
//! - [`scenarios`]: named configurations; [`catalogue`]: scenarios with a control arm and a verdict.
//! - [`live`]: one book of a run at a chosen speed, to be looked at while it runs.

pub mod agents;
mod book_run;
pub mod calibrate;
pub mod catalogue;
mod config;
mod error;
pub mod flow;
pub mod kernel;
pub mod live;
mod market;
mod metrics;
mod observe;
pub mod oracle;
mod policy_settings;
pub mod random;
pub mod realism;
mod result;
mod run;
pub mod scenarios;
pub mod stress;
mod touch;
mod venue;

pub use config::{BookSettings, Horizon, ReplacePrioritySetting, SampleSettings, SimConfig};
pub use error::{ConfigError, SimError};
pub use flow::{
    CorrelatedConfig, CstConfig, FlowConfig, HawkesConfig, ImbalanceSpreadConfig, MikeFarmerConfig,
    QueueReactiveConfig, RealisticDayConfig, SantaFeConfig, SeasonConfig, SplittingConfig,
};
pub use kernel::{
    Account, AgentConfig, Decision, FundamentalConfig, GroupResult, Latency, MarketConfig, MarketResult, Quote,
    Recording, Retune, SessionRules, Stop, VenueConfig, VenueResult, World, observe_market, run_markets,
};
pub use market::Market;
pub use metrics::{L1Row, L1Samples, Metrics, MidRange};
pub use observe::{Observer, apply_observed, observe};
pub use policy_settings::{PolicySettings, PresetSettings};
pub use result::{BookResult, Progress, SimResult};
pub use run::{simulate, simulate_observed};
pub use scenarios::Scenario;
pub use touch::Touch;
