//! Agents: who trades with a plan, one module per family.
//!
//! Every kind is a row of a table ([`kinds`]): its name, what it does and from where, its parameters with their ranges.
//! The table drives the checks of a configuration, `docs/agents.md` and the TypeScript types.

mod arbitrage;
mod auction;
mod crowd;
mod execution;
mod informed;
mod learning;
mod makers;
mod manipulators;
mod outside;
mod params;
mod sizing;
mod traders;

pub use params::ParamSpec;

use std::collections::BTreeMap;

use self::params::Params;
use crate::error::ConfigError;
use crate::kernel::{Agent, AgentConfig, MarketConfig};

/// A kind of agent.
pub struct KindSpec {
    /// What it is called in a configuration.
    pub kind: &'static str,
    /// What it does, and where that is described.
    pub doc: &'static str,
    /// At how many venues it trades: least and most.
    pub venues: (usize, usize),
    /// Its parameters.
    pub params: &'static [ParamSpec],
    build: fn(&Build<'_>) -> Box<dyn Agent>,
}

/// What an agent is built from.
struct Build<'a> {
    params: Params<'a>,
    market: &'a MarketConfig,
    group: &'a AgentConfig,
}

impl Build<'_> {
    /// When the agent's day ends, ns.
    fn end_ns(&self) -> u64 {
        self.group.stop_ns.unwrap_or(self.market.duration_ns).min(self.market.duration_ns)
    }
}

/// Every kind of agent, by family.
pub fn kinds() -> impl Iterator<Item = &'static KindSpec> {
    [
        traders::KINDS,
        learning::KINDS,
        makers::KINDS,
        sizing::KINDS,
        auction::KINDS,
        execution::KINDS,
        informed::KINDS,
        manipulators::KINDS,
        arbitrage::KINDS,
        crowd::KINDS,
        outside::KINDS,
    ]
    .into_iter()
    .flatten()
}

/// The kind of this name.
pub fn kind(name: &str) -> Option<&'static KindSpec> {
    kinds().find(|k| k.kind == name)
}

impl KindSpec {
    pub(crate) fn check(&self, given: &BTreeMap<String, f64>, path: &str) -> Result<(), ConfigError> {
        params::check(self.params, given, path)
    }
}

/// One agent of a checked group.
pub(crate) fn build(group: &AgentConfig, market: &MarketConfig) -> Box<dyn Agent> {
    let spec = kind(&group.kind).expect("Invariant: the configuration was checked");
    (spec.build)(&Build { params: Params::new(spec.params, &group.params), market, group })
}

/// `fork` of an agent that is plain data.
macro_rules! forks {
    () => {
        fn fork(&self) -> Box<dyn Agent> {
            Box::new(self.clone())
        }
    };
}
use forks;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::FlowConfig;
    use crate::kernel::{VenueConfig, World};

    /// A market of `agent`, of this kind with its defaults, on as many venues as it needs.
    fn alone(spec: &KindSpec, agent: AgentConfig) -> MarketConfig {
        let venues = spec.venues.0 as u16;
        let flow = VenueConfig { flow: Some(FlowConfig::default()), depth_ticks: 5, ..VenueConfig::default() };
        let agent =
            AgentConfig { name: "it".to_owned(), kind: spec.kind.to_owned(), venues: (0..venues).collect(), ..agent };
        MarketConfig {
            venues: vec![flow; usize::from(venues)],
            agents: vec![agent],
            duration_ns: 400_000_000,
            ..MarketConfig::default()
        }
    }

    /// Every kind, with its defaults, on as many venues as it needs: it trades without harm, and the same way twice.
    #[test]
    fn every_kind_runs_is_deterministic_and_forks() {
        let names: std::collections::BTreeSet<_> = kinds().map(|k| k.kind).collect();
        assert_eq!(names.len(), kinds().count());
        for spec in kinds() {
            let config = alone(spec, AgentConfig { count: 2, ..AgentConfig::default() });
            let mut world = World::open(&config, 0).unwrap();
            world.advance(200_000_000, u64::MAX);
            let mut fork = world.clone();
            let mut again = World::open(&config, 0).unwrap();
            for w in [&mut world, &mut fork, &mut again] {
                w.run();
                for v in &w.venues {
                    v.market.book.book().check_invariants().unwrap();
                }
            }
            assert_eq!(world.digest(), fork.digest(), "{}", spec.kind);
            assert_eq!(world.digest(), again.digest(), "{}", spec.kind);
        }
    }

    #[test]
    fn nobody_begins_before_the_start() {
        for spec in kinds() {
            let config = alone(spec, AgentConfig { start_ns: 200_000_000, ..AgentConfig::default() });
            let mut world = World::open(&config, 0).unwrap();
            world.advance(199_999_999, u64::MAX);
            assert_eq!(world.into_result().groups[0].total().orders, 0, "{}", spec.kind);
        }
    }

    #[test]
    fn defaults_lie_in_their_ranges() {
        for spec in kinds() {
            for p in spec.params {
                let given = BTreeMap::from([(p.name.to_owned(), p.default)]);
                assert_eq!(spec.check(&given, "params"), Ok(()), "{} {}", spec.kind, p.name);
            }
        }
    }
}
