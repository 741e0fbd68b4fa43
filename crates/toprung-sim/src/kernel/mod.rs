//! Markets of agents: venues with background flow, agents with links to them, and one loop.
//!
//! A [`MarketConfig`] says what there is; [`World::open`] makes the market of one seed and [`World::run`] runs it. The
//! background flow has one pending event per venue and no place in any list; agents' calls are kept in the total order
//! of [`Key`]. What an agent knows arrives over its links, and what it sends takes its time.
//!
//! ```
//! use toprung_sim::{AgentConfig, FlowConfig, MarketConfig, VenueConfig, World};
//!
//! let noise = AgentConfig { name: "noise".into(), kind: "noise".into(), count: 10, ..AgentConfig::default() };
//! let venue = VenueConfig { flow: Some(FlowConfig::default()), ..VenueConfig::default() };
//! let config = MarketConfig { venues: vec![venue], agents: vec![noise], ..MarketConfig::default() };
//! let mut world = World::open(&config, 0).unwrap();
//! world.advance(1_000_000_000, u64::MAX);
//! let mut other = world.clone();
//! assert!(other.remove("noise"));
//! world.run();
//! other.run(); // The same future without them.
//! assert_ne!(world.digest(), other.digest());
//! ```

mod agenda;
mod config;
mod context;
mod draws;
mod env;
mod exchange;
mod feed;
mod fundamental;
mod latency;
mod markets;
mod observed;
mod queues;
mod record;
mod session;
mod sessions;
#[cfg(test)]
mod tests;
mod timed;
mod venue;
mod windows;
mod world;

pub use agenda::Key;
pub use config::{AgentConfig, FundamentalConfig, Jump, MarketConfig, Retune, VenueConfig};
pub use context::{Agent, Context, Decision, OpenOrder};
pub use draws::Draws;
pub use env::{ACTION, ACTIONS, Env, OBSERVATION};
pub use feed::{Quote, TapeRow};
pub use latency::Latency;
pub use markets::{GroupResult, MarketResult, VenueResult, run_markets};
pub use observed::observe_market;
pub use queues::{QueuePosition, QueueRow};
pub use record::{Account, Trade, VenueCounts};
pub use session::{Act, ActionRow, LoggedBatch, Progress as SessionProgress, Session};
pub use sessions::{AuctionRow, IndicativeRow, PhaseChange, SessionRecord, SessionRules};
pub use timed::{COMMANDS_PER_TIMED, MarketLatencies};
pub(crate) use venue::agent_of;
pub use venue::{Notice, NoticeKind, Recording};
pub use world::{Stop, World};
