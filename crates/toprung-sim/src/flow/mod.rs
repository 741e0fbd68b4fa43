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

mod rate;
pub mod santa_fe;

use serde::{Deserialize, Serialize};
use toprung_book::{Command, Side};

pub use rate::Rate;
pub use santa_fe::SantaFeConfig;

use crate::error::ConfigError;
use crate::touch::Touch;

/// A model and its parameters. In JSON `{"model": "santa-fe", "limitRate": …}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "model", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FlowConfig {
    /// Zero intelligence: see [`santa_fe`].
    SantaFe(SantaFeConfig),
}

impl Default for FlowConfig {
    fn default() -> FlowConfig {
        FlowConfig::SantaFe(SantaFeConfig::default())
    }
}

impl FlowConfig {
    /// Checks every parameter.
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        match self {
            FlowConfig::SantaFe(c) => c.validate(),
        }
    }

    /// Events per second of simulated time in the long run, at least 1, for estimates only.
    pub(crate) fn events_per_second(&self) -> f64 {
        match self {
            FlowConfig::SantaFe(c) => c.events_per_second(),
        }
    }

    /// Resting orders in the long run, for reserving memory; `None` if they keep growing.
    pub(crate) fn resting_orders(&self) -> Option<u64> {
        match self {
            FlowConfig::SantaFe(c) => c.resting_orders(),
        }
    }

    /// The price about which an empty book starts.
    pub(crate) fn reference_price(&self) -> i64 {
        match self {
            FlowConfig::SantaFe(c) => c.reference_price,
        }
    }

    /// Most ticks by which one event can move a price.
    pub(crate) fn reach_ticks(&self) -> u64 {
        match self {
            FlowConfig::SantaFe(c) => u64::from(c.window_ticks),
        }
    }
}

/// What a model sees of its book.
pub(crate) trait FlowView {
    /// The best prices now.
    fn touch(&self) -> &Touch;

    /// Whether order `id` rests.
    fn contains(&self, id: u64) -> bool;

    /// Open quantity at a price, 0 where nothing rests.
    fn qty_at(&self, side: Side, price: i64) -> u64;
}

/// A running model: the superposed processes of one book's background flow, with one pending event.
///
/// A driver calls [`arm`](Flow::arm) for the time of the pending event and, once everything before that time has
/// happened, [`fire`](Flow::fire) for what it is: prices, sides and orders are chosen when the event happens, from the
/// book as it then is. Where somebody else changes the book in between, the driver says so with
/// [`disturbed`](Flow::disturbed).
pub(crate) trait Flow {
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
