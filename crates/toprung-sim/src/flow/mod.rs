//! Order-flow models: what trades in the background of a market, one module each.
//!
//! A model has one pending event per book. It is asked for the next command and its time, and sees of the book only the
//! touch and whether an order still rests; it never asks for the time and never draws from a stream that is not its own.
//!
//! ```
//! use toprung_sim::{FlowConfig, SantaFeConfig, SimConfig};
//!
//! // 500 market orders a second, granularity 0.05, a tick of a tenth of the natural price scale.
//! let flow = FlowConfig::SantaFe(SantaFeConfig::from_scales(500.0, 0.05, 0.1));
//! assert!(SimConfig { flow, ..SimConfig::default() }.validate().is_ok());
//! ```

mod any;
mod clock;
pub mod correlated;
pub mod cst;
pub mod hawkes;
pub mod imbalance_spread;
mod live;
pub mod mike_farmer;
mod own_orders;
pub mod queue_reactive;
mod rate;
pub mod realistic_day;
pub mod santa_fe;
pub mod season;
pub mod signs;

use serde::{Deserialize, Serialize};
use toprung_book::{Command, Side};

pub use any::AnyFlow;
pub(crate) use any::each;
pub use correlated::CorrelatedConfig;
pub use cst::CstConfig;
pub use hawkes::HawkesConfig;
pub use imbalance_spread::ImbalanceSpreadConfig;
pub use mike_farmer::MikeFarmerConfig;
pub use own_orders::PlacementConfig;
pub use queue_reactive::QueueReactiveConfig;
pub use rate::Rate;
pub use realistic_day::RealisticDayConfig;
pub use santa_fe::SantaFeConfig;
pub use season::{Background, SeasonConfig};
pub use signs::SplittingConfig;

use crate::config::{check, integer};
use crate::error::ConfigError;
use crate::touch::Touch;

/// The streams that a book's flow draws from: the third part of a stream's name, up to 63. Agents and the like have others.
pub mod component {
    /// Times and kinds of events.
    pub const FLOW: u32 = 0;
    /// Signs of market orders.
    pub const SIGNS: u32 = 1;
    /// Prices and the choice of orders, where they have a stream of their own.
    pub const PLACES: u32 = 2;
    /// What depends on the state of the book.
    pub const REACTION: u32 = 3;
    /// An asset's own value.
    pub const VALUE: u32 = 4;
    /// The factor of a group of assets, under the number of its first book.
    pub const FACTOR: u32 = 5;
}

/// A model and its parameters. In JSON `{"model": "santa-fe", "limitRate": …}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "model", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FlowConfig {
    /// Zero intelligence, with order splitting if asked for: see [`santa_fe`] and [`signs`].
    SantaFe(SantaFeConfig),
    /// Cont, Stoikov and Talreja: see [`cst`].
    Cst(CstConfig),
    /// Queue-reactive, models I, IIa and IIb: see [`queue_reactive`].
    QueueReactive(QueueReactiveConfig),
    /// Queue-reactive, projected on imbalance and spread: see [`imbalance_spread`].
    ImbalanceSpread(ImbalanceSpreadConfig),
    /// A Hawkes process of twelve types: see [`hawkes`].
    Hawkes(HawkesConfig),
    /// Mike and Farmer: see [`mike_farmer`].
    MikeFarmer(MikeFarmerConfig),
    /// Assets with a common factor: see [`correlated`].
    Correlated(CorrelatedConfig),
    /// Queue-reactive Hawkes with memory: see [`realistic_day`].
    RealisticDay(RealisticDayConfig),
}

impl Default for FlowConfig {
    fn default() -> FlowConfig {
        FlowConfig::SantaFe(SantaFeConfig::default())
    }
}

impl FlowConfig {
    /// Every model with its default parameters, order splitting beside Santa Fe.
    pub fn defaults() -> Vec<FlowConfig> {
        let splitting = SantaFeConfig { splitting: Some(SplittingConfig::default()), ..SantaFeConfig::default() };
        vec![
            FlowConfig::SantaFe(SantaFeConfig::default()),
            FlowConfig::SantaFe(splitting),
            FlowConfig::Cst(CstConfig::default()),
            FlowConfig::QueueReactive(QueueReactiveConfig::default()),
            FlowConfig::ImbalanceSpread(ImbalanceSpreadConfig::default()),
            FlowConfig::Hawkes(HawkesConfig::default()),
            FlowConfig::MikeFarmer(MikeFarmerConfig::default()),
            FlowConfig::Correlated(CorrelatedConfig::default()),
            FlowConfig::RealisticDay(RealisticDayConfig::default()),
        ]
    }

    /// Checks every parameter.
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        match self {
            FlowConfig::SantaFe(c) => c.validate(),
            FlowConfig::Cst(c) => c.validate(),
            FlowConfig::QueueReactive(c) => c.validate(),
            FlowConfig::ImbalanceSpread(c) => c.validate(),
            FlowConfig::Hawkes(c) => c.validate("flow"),
            FlowConfig::MikeFarmer(c) => c.validate(),
            FlowConfig::Correlated(c) => c.validate(),
            FlowConfig::RealisticDay(c) => c.validate(),
        }
    }

    /// Whether the running model can go on with the parameters of `other`: see [`Flow::retune`].
    pub(crate) fn can_become(&self, other: &FlowConfig) -> bool {
        match (self, other) {
            (FlowConfig::SantaFe(from), FlowConfig::SantaFe(to)) => from.splitting == to.splitting,
            (FlowConfig::Cst(_), FlowConfig::Cst(_)) => true,
            _ => false,
        }
    }

    /// Events per second of simulated time in the long run, at least 1, for estimates only.
    pub(crate) fn events_per_second(&self) -> f64 {
        match self {
            FlowConfig::SantaFe(c) => c.events_per_second(),
            FlowConfig::Cst(c) => c.events_per_second(),
            FlowConfig::QueueReactive(c) => c.events_per_second(),
            FlowConfig::ImbalanceSpread(c) => c.events_per_second(),
            FlowConfig::Hawkes(c) => c.events_per_second(),
            FlowConfig::MikeFarmer(c) => c.events_per_second(),
            FlowConfig::Correlated(c) => c.events_per_second(),
            FlowConfig::RealisticDay(c) => c.excitation.events_per_second(),
        }
    }

    /// Resting orders in the long run, for reserving memory; `None` if they keep growing.
    pub(crate) fn resting_orders(&self) -> Option<u64> {
        match self {
            FlowConfig::SantaFe(c) => c.resting_orders(),
            FlowConfig::Cst(c) => c.resting_orders(),
            FlowConfig::QueueReactive(c) => c.resting_orders(),
            FlowConfig::ImbalanceSpread(_) => Some(1000),
            FlowConfig::Hawkes(c) => c.resting_orders(),
            FlowConfig::MikeFarmer(c) => c.resting_orders(),
            FlowConfig::Correlated(_) => Some(2),
            FlowConfig::RealisticDay(c) => c.excitation.resting_orders(),
        }
    }

    /// The price about which an empty book starts.
    pub(crate) fn reference_price(&self) -> i64 {
        match self {
            FlowConfig::SantaFe(c) => c.reference_price,
            FlowConfig::Cst(c) => c.reference_price,
            FlowConfig::QueueReactive(c) => c.reference_price,
            FlowConfig::ImbalanceSpread(c) => c.reference_price,
            FlowConfig::Hawkes(c) => c.placement.reference_price,
            FlowConfig::MikeFarmer(c) => c.reference_price,
            FlowConfig::Correlated(c) => c.reference_price,
            FlowConfig::RealisticDay(c) => c.excitation.placement.reference_price,
        }
    }

    /// Most ticks by which one event can move a price.
    pub(crate) fn reach_ticks(&self) -> u64 {
        match self {
            FlowConfig::SantaFe(c) => u64::from(c.window_ticks),
            FlowConfig::Cst(c) => c.reach_ticks(),
            FlowConfig::QueueReactive(c) => c.levels.len() as u64,
            FlowConfig::ImbalanceSpread(c) => c.reach_ticks(),
            FlowConfig::Hawkes(c) => c.placement.max_ticks.into(),
            FlowConfig::MikeFarmer(c) => c.reach_ticks(),
            FlowConfig::Correlated(c) => c.reach_ticks(),
            FlowConfig::RealisticDay(c) => c.excitation.placement.max_ticks.into(),
        }
    }
}

/// Checks a rate that stands at `path`.
fn rate(path: &str, value: f64) -> Result<(), ConfigError> {
    let sound = Rate::from_per_second(value).is_some();
    check(path, sound, "0 or a number from 1e-9 to 1000000000 (per second)", value)
}

/// Checks the number of rates in a list and each of them against `most`.
fn rates(path: &str, values: &[f64], from: usize, to: usize, most: f64) -> Result<(), ConfigError> {
    let rule = if from == to { format!("a list of {from} rates") } else { format!("a list of {from} to {to} rates") };
    check(path, (from..=to).contains(&values.len()), rule, values.len())?;
    for (k, value) in values.iter().enumerate() {
        let sound = *value <= most && Rate::from_per_second(*value).is_some();
        let path = if to == 1 { path.to_owned() } else { format!("{path}[{k}]") };
        check(&path, sound, format!("0 or a number from 1e-9 to {most} (per second)"), value)?;
    }
    Ok(())
}

fn size_and_price(order_size: u64, reference_price: i64) -> Result<(), ConfigError> {
    size_and_price_at("flow", order_size, reference_price)
}

/// Checks the size of orders and the reference price of the object at `at`.
fn size_and_price_at(at: &str, order_size: u64, reference_price: i64) -> Result<(), ConfigError> {
    integer(&format!("{at}.orderSize"), order_size, 1, 1 << 20)?;
    let sound = reference_price.unsigned_abs() <= 1 << 50;
    check(&format!("{at}.referencePrice"), sound, "an integer within ±2^50", reference_price)
}

/// What a model sees of its book.
pub trait FlowView {
    /// The best prices now.
    fn touch(&self) -> &Touch;

    /// Whether order `id` rests.
    fn contains(&self, id: u64) -> bool;

    /// Open quantity at a price, 0 where nothing rests.
    fn qty_at(&self, side: Side, price: i64) -> u64;

    /// The last order in the queue at a price that is the flow's own: whose id is below [`FLOW_IDS_END`].
    fn last_order(&self, side: Side, price: i64) -> Option<u64>;
}

/// Ids of a flow's orders are below this; others who trade on its book take theirs from here on.
pub const FLOW_IDS_END: u64 = 1 << 48;

/// A running model: the superposed processes of one book's background flow, with one pending event.
///
/// A driver calls [`arm`](Flow::arm) for the time of the pending event and, once everything before that time has
/// happened, [`fire`](Flow::fire) for what it is: prices, sides and orders are chosen when the event happens, from the
/// book as it then is. Where somebody else changes the book in between, the driver says so with
/// [`disturbed`](Flow::disturbed).
pub trait Flow: Clone {
    /// Draws the time of the next event: once to begin with, then after every [`fire`](Flow::fire).
    ///
    /// Time is in ns from the start of the run and never goes back; it saturates at `u64::MAX`.
    fn arm<V: FlowView>(&mut self, view: &V) -> u64;

    /// What happens at the time that [`arm`](Flow::arm) gave; `None` if nothing does, as when a candidate is thinned out.
    fn fire<V: FlowView>(&mut self, view: &V) -> Option<Command>;

    /// Somebody else changed the book at `now_ns`, which is not later than the pending event.
    ///
    /// Gives the new time of the pending event if the change moved it. A model whose rates do not depend on the book has
    /// nothing to do here.
    fn disturbed<V: FlowView>(&mut self, _now_ns: u64, _view: &V) -> Option<u64> {
        None
    }

    /// Goes on with other parameters from `now_ns`: `None` if this model cannot, or if `config` is of another model;
    /// otherwise the new time of the pending event.
    fn retune<V: FlowView>(&mut self, _config: &FlowConfig, _now_ns: u64, _view: &V) -> Option<u64> {
        None
    }

    /// The next command and its time, for a book that nobody else touches.
    #[inline(always)]
    fn next<V: FlowView>(&mut self, view: &V) -> (u64, Command) {
        loop {
            let time = self.arm(view);
            if let Some(cmd) = self.fire(view) {
                return (time, cmd);
            }
        }
    }
}
