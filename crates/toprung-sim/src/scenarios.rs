//! Named configurations with a purpose: data, to be listed, read, changed and run.
//!
//! ```
//! use toprung_sim::{Horizon, SimConfig, scenarios};
//!
//! let scenario = scenarios::find("zi-large-tick").unwrap();
//! let shorter = SimConfig { horizon: Horizon::Events(1_000), ..scenario.config };
//! assert!(shorter.validate().is_ok());
//! ```

use serde::Serialize;

use crate::config::{BookSettings, Horizon, SampleSettings, SimConfig};
use crate::flow::{FlowConfig, SantaFeConfig};
use crate::policy_settings::PolicySettings;

/// A configuration with a name and a reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scenario {
    /// What it is called on the command line, in lower case with hyphens.
    pub name: &'static str,
    /// One line.
    pub title: &'static str,
    /// Why one would run it.
    pub purpose: &'static str,
    /// What to look at in the result, and what to expect.
    pub look_at: &'static [&'static str],
    /// The configuration.
    pub config: SimConfig,
}

/// The Santa Fe flow at 1,000 market orders per second.
fn flow(epsilon: f64, tick: f64) -> FlowConfig {
    FlowConfig::SantaFe(SantaFeConfig::from_scales(1000.0, epsilon, tick))
}

/// Every scenario, in the order in which they should be read.
pub fn all() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "zi-baseline",
            title: "A zero-intelligence market",
            purpose: "The background market to compare everything else with: limit orders, market orders and cancels \
                      arrive at random, and a spread, a depth profile and price moves come of it.",
            look_at: &[
                "mean spread 10.35 ticks, one tick 5.4 % of the time (granularity 0.02, tick 0.05 p_c)",
                "trades are 6 % of the commands, the rest places and cancels orders",
                "the mid price wanders, though nobody knows anything",
            ],
            config: SimConfig { horizon: Horizon::Events(5_000_000), ..SimConfig::default() },
        },
        Scenario {
            name: "zi-large-tick",
            title: "The same market with a large tick",
            purpose: "What a coarse price grid does: the spread is pinned at one tick and queues form.",
            look_at: &[
                "mean spread 1.07 ticks, one tick 93 % of the time (tick = p_c)",
                "some 13 orders wait at each of the best prices, against 1.4 in zi-baseline",
            ],
            config: SimConfig { flow: flow(0.02, 1.0), horizon: Horizon::Events(5_000_000), ..SimConfig::default() },
        },
        Scenario {
            name: "zi-small-tick",
            title: "The same market with a small tick",
            purpose: "The limit of continuous prices, where theory has the spread as a number: 0.497 p_c.",
            look_at: &["mean spread 49.7 ticks (tick = 0.01 p_c)", "about one order at each of the best prices"],
            config: SimConfig { flow: flow(0.02, 0.01), horizon: Horizon::Events(5_000_000), ..SimConfig::default() },
        },
        Scenario {
            name: "zi-many-books",
            title: "A thousand books at once",
            purpose: "Many independent markets on all cores, each with random streams of its own.",
            look_at: &[
                "the digest: the same for any number of threads",
                "events per second against a run with `threads` 1",
                "the spread of single books about the mean of all",
            ],
            config: SimConfig {
                books: 1000,
                horizon: Horizon::Events(20_000),
                warmup_events: 10_000,
                samples: SampleSettings { books: 8, ..SampleSettings::default() },
                ..SimConfig::default()
            },
        },
        Scenario {
            name: "zi-pro-rata",
            title: "The large-tick market under pro-rata matching",
            purpose: "The same order flow with fills shared in proportion to size instead of by time, on the same random \
                      numbers as zi-large-tick.",
            look_at: &[
                "some 19 fills for each market order, where FIFO has one",
                "spread and depth are nearly those of zi-large-tick: matching changes who is filled, not how much",
            ],
            config: SimConfig {
                flow: FlowConfig::SantaFe(SantaFeConfig {
                    order_size: 100,
                    ..SantaFeConfig::from_scales(1000.0, 0.02, 1.0)
                }),
                book: BookSettings { policy: PolicySettings::ProRata { min_lot: 2 }, ..BookSettings::default() },
                horizon: Horizon::Events(2_000_000),
                ..SimConfig::default()
            },
        },
    ]
}

/// The scenario of this name.
pub fn find(name: &str) -> Option<Scenario> {
    all().into_iter().find(|s| s.name == name)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::run::simulate;

    #[test]
    fn every_scenario_is_valid_distinct_and_runs() {
        let names: std::collections::BTreeSet<_> = all().iter().map(|s| s.name).collect();
        assert_eq!(names.len(), all().len());
        for s in all() {
            s.config.validate().unwrap();
            assert_eq!(find(s.name), Some(s.clone()));
            let short = SimConfig { books: 2, horizon: Horizon::Events(20_000), warmup_events: 1000, ..s.config };
            let result = simulate(&short, &AtomicBool::new(false), &|_| {}).unwrap();
            assert!(result.metrics.trades > 0 && result.metrics.rejected == 0, "{}", s.name);
        }
    }

    #[test]
    fn scenarios_are_written_as_data_and_read_back() {
        let text = serde_json::to_string(&all()).unwrap();
        let values: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        for (v, s) in values.iter().zip(all()) {
            assert_eq!(v["name"], s.name);
            assert_eq!(serde_json::from_value::<SimConfig>(v["config"].clone()).unwrap(), s.config);
        }
    }
}
