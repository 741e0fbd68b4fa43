//! What a market of agents is: [`MarketConfig`], plain data that can be written as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::latency::{LATENCY_MAX_NS, Latency};
use super::sessions::SessionRules;
use crate::agents;
use crate::config::{BookSettings, check, integer};
use crate::error::ConfigError;
use crate::flow::{FlowConfig, SeasonConfig};
use crate::random::StreamKey;

/// Venues, agents and what connects them. With nothing but its `seed` it determines every event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MarketConfig {
    /// Master seed, any `u64` below 2⁵³.
    pub seed: u64,
    /// Names the family of random streams, at most 128 bytes.
    pub streams: String,
    /// Simulated time, ns, 1 to 2⁵³ − 1.
    pub duration_ns: u64,
    /// 1 to 256 venues.
    pub venues: Vec<VenueConfig>,
    /// Groups of agents, at most 65,536 agents in all.
    pub agents: Vec<AgentConfig>,
    /// What the instrument is worth.
    pub fundamental: FundamentalConfig,
    /// Orders that arrive at the same time are taken in random order, reproducibly, instead of by agent.
    pub fair_ties: bool,
    /// Spacing of the kept rows of each venue's market data, ns; 0 keeps none. At most 2²² rows a venue.
    pub sample_ns: u64,
    /// Keep every trade.
    pub keep_trades: bool,
    /// Keep with every sample where the agents' resting orders stand in their queues. At most 2²² rows a venue.
    pub keep_queues: bool,
}

impl Default for MarketConfig {
    fn default() -> MarketConfig {
        MarketConfig {
            seed: 1,
            streams: "market".to_owned(),
            duration_ns: 60_000_000_000,
            venues: vec![VenueConfig::default()],
            agents: Vec::new(),
            fundamental: FundamentalConfig::default(),
            fair_ties: false,
            sample_ns: 0,
            keep_trades: false,
            keep_queues: false,
        }
    }
}

/// One order book and what is in front of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct VenueConfig {
    /// The book's conventions.
    pub book: BookSettings,
    /// The background flow; none if it is not there.
    pub flow: Option<FlowConfig>,
    /// The time of the day in the background flow; none if it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub season: Option<SeasonConfig>,
    /// Price about which an empty book without flow starts, in ticks, within ±2⁵⁰.
    pub reference_price: i64,
    /// Time that the venue takes for one message, ns: messages wait in line. 0 takes none.
    pub service_ns: u64,
    /// Agents' orders wait this long in front of the venue, ns.
    pub speed_bump_ns: u64,
    /// Cancels and reduces do not wait at the speed bump.
    pub speed_bump_spares_cancels: bool,
    /// Publish the depth within this many ticks of the touch, 1 to 64; 0 publishes none.
    pub depth_ticks: u32,
    /// Keep with every sample the lots at this many prices on each side of the reference price, 0 to 16.
    pub ladder_ticks: u32,
    /// The first of those prices is this many ticks behind the best price of its side, up to 65,536; 0: they are counted from
    /// the reference price.
    #[serde(skip_serializing_if = "is_zero")]
    pub ladder_from_ticks: u32,
    /// Other flow parameters from given times on.
    pub retunes: Vec<Retune>,
    /// Phases of trading, auctions and a breaker; trading is continuous throughout if it is not there.
    pub sessions: Option<SessionRules>,
}

/// Whether a setting is left as it is: such ones are not written.
pub(super) fn is_zero<N: Default + PartialEq>(setting: &N) -> bool {
    *setting == N::default()
}

/// Other parameters of the background flow from a time on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Retune {
    /// From when on, ns.
    pub at_ns: u64,
    /// The same model with other parameters.
    pub flow: FlowConfig,
}

/// What the instrument is worth over time, for the agents that know or guess: an Ornstein–Uhlenbeck path with jumps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FundamentalConfig {
    /// Start and long-run mean in ticks.
    pub mean: f64,
    /// Mean reversion per second.
    pub reversion: f64,
    /// Volatility in ticks per √second.
    pub volatility: f64,
    /// Spacing of the path's points, ns.
    pub step_ns: u64,
    /// Jumps at given times.
    pub jumps: Vec<Jump>,
}

impl Default for FundamentalConfig {
    fn default() -> FundamentalConfig {
        FundamentalConfig {
            mean: 1_000_000.0,
            reversion: 0.0,
            volatility: 0.0,
            step_ns: 1_000_000_000,
            jumps: Vec::new(),
        }
    }
}

/// A jump of the fundamental value, which stays.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Jump {
    /// When, ns.
    pub at_ns: u64,
    /// By how many ticks.
    pub ticks: f64,
}

/// A group of agents of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AgentConfig {
    /// What the group is called; keys its random streams, so it must differ from the other groups'.
    pub name: String,
    /// One of [`agents::kinds`].
    pub kind: String,
    /// How many there are, 1 to 65,536.
    pub count: u32,
    /// Indices of the venues where it trades.
    pub venues: Vec<u16>,
    /// The kind's parameters by name; those left out have their default.
    pub params: BTreeMap<String, f64>,
    /// How long its orders take to a venue.
    pub orders: Latency,
    /// How long market data and notices take to it.
    pub data: Latency,
    /// When it starts, ns.
    pub start_ns: u64,
    /// When it stops waking, ns; never if not there.
    pub stop_ns: Option<u64>,
    /// What its orders do when they meet own orders: a number of `SelfTrade`.
    pub self_trade: u8,
    /// It is not there: for a control arm in which everything else has the same numbers.
    pub absent: bool,
}

impl Default for AgentConfig {
    fn default() -> AgentConfig {
        AgentConfig {
            name: String::new(),
            kind: String::new(),
            count: 1,
            venues: vec![0],
            params: BTreeMap::new(),
            orders: Latency::default(),
            data: Latency::default(),
            start_ns: 0,
            stop_ns: None,
            self_trade: 0,
            absent: false,
        }
    }
}

/// Simulated time stays exact in a double.
pub(super) const TIME_NS_MAX: u64 = (1 << 53) - 1;

/// Most rows of market data that a venue keeps.
const ROWS_MAX: u64 = 1 << 22;

/// Agents of one market: what an order's id has room for.
pub(crate) const AGENTS_MAX: u64 = 1 << 16;

impl MarketConfig {
    /// Checks every number, then what several of them mean together.
    ///
    /// # Errors
    ///
    /// The first parameter that breaks a rule, by path.
    pub fn validate(&self) -> Result<(), ConfigError> {
        integer("seed", self.seed, 0, TIME_NS_MAX)?;
        check("streams", self.streams.len() <= 128, "a text of at most 128 bytes", self.streams.len())?;
        integer("durationNs", self.duration_ns, 1, TIME_NS_MAX)?;
        integer("venues", self.venues.len() as u64, 1, 256)?;
        if self.sample_ns > 0 {
            let least = self.duration_ns.div_ceil(ROWS_MAX);
            check("sampleNs", self.sample_ns >= least, format!("0 or at least {least}"), self.sample_ns)?;
        }
        let sampled = self.sample_ns > 0 || !self.keep_queues;
        check("keepQueues", sampled, "false, or sampleNs above 0", self.keep_queues)?;
        for (k, venue) in self.venues.iter().enumerate() {
            venue.validate(&format!("venues[{k}]"))?;
        }
        self.fundamental.validate()?;
        let total: u64 = self.agents.iter().map(|a| u64::from(a.count)).sum();
        integer("agents", total, 0, AGENTS_MAX)?;
        for (k, agent) in self.agents.iter().enumerate() {
            let path = format!("agents[{k}]");
            agent.validate(&path, self.venues.len())?;
            let same = self.agents[..k].iter().any(|a| a.name == agent.name);
            check(&format!("{path}.name"), !same, "unlike the other groups' names", &agent.name)?;
        }
        Ok(())
    }

    /// The key of the streams of a name.
    pub(super) fn streams(&self, name: &str) -> StreamKey {
        StreamKey::new(self.seed, &format!("{}/{name}", self.streams))
    }

    /// The key of the venues' flows, each of which is a book of its own.
    pub(crate) fn flow_streams(&self) -> StreamKey {
        self.streams("flow")
    }
}

impl VenueConfig {
    pub(crate) fn reference(&self) -> i64 {
        self.flow.as_ref().map_or(self.reference_price, FlowConfig::reference_price)
    }

    fn validate(&self, path: &str) -> Result<(), ConfigError> {
        let at = |name: &str| format!("{path}.{name}");
        // A nested path begins with `flow.` or `book.` already.
        let nest = |e: ConfigError| ConfigError { path: at(&e.path), ..e };
        self.book.to_book_config(0, "book.").map_err(nest)?;
        if let Some(flow) = &self.flow {
            flow.validate().map_err(nest)?;
        }
        if let Some(season) = &self.season {
            season.validate().map_err(nest)?;
            check(&at("season"), self.flow.is_some(), "absent where there is no flow", "one")?;
        }
        let price = self.reference_price;
        check(&at("referencePrice"), price.unsigned_abs() <= 1 << 50, "an integer within ±2^50", price)?;
        integer(&at("serviceNs"), self.service_ns, 0, LATENCY_MAX_NS)?;
        integer(&at("speedBumpNs"), self.speed_bump_ns, 0, LATENCY_MAX_NS)?;
        integer(&at("depthTicks"), self.depth_ticks, 0, 64)?;
        integer(&at("ladderTicks"), self.ladder_ticks, 0, 16)?;
        integer(&at("ladderFromTicks"), self.ladder_from_ticks, 0, 1 << 16)?;
        for (k, retune) in self.retunes.iter().enumerate() {
            let at = at(&format!("retunes[{k}]"));
            retune.flow.validate().map_err(|e| ConfigError { path: format!("{at}.{}", e.path), ..e })?;
            let before = if k == 0 { 0 } else { self.retunes[k - 1].at_ns };
            check(&format!("{at}.atNs"), retune.at_ns >= before, format!("at least {before}"), retune.at_ns)?;
            let same = self.flow.as_ref().is_some_and(|f| f.can_become(&retune.flow));
            let rule = "of the venue's own model, santa-fe (with the same splitting) or cst";
            check(&format!("{at}.flow"), same, rule, "another, or one that cannot change")?;
        }
        if let Some(sessions) = &self.sessions {
            sessions.validate(&at("sessions"))?;
        }
        Ok(())
    }
}

impl FundamentalConfig {
    fn validate(&self) -> Result<(), ConfigError> {
        let number = |name: &str, v: f64, from: f64, to: f64| {
            let rule = format!("a number from {from} to {to}");
            check(&format!("fundamental.{name}"), (from..=to).contains(&v), rule, v)
        };
        number("mean", self.mean, -1e15, 1e15)?;
        number("reversion", self.reversion, 0.0, 1e6)?;
        number("volatility", self.volatility, 0.0, 1e9)?;
        integer("fundamental.stepNs", self.step_ns, 1_000, TIME_NS_MAX)?;
        for (k, jump) in self.jumps.iter().enumerate() {
            number(&format!("jumps[{k}].ticks"), jump.ticks, -1e12, 1e12)?;
        }
        Ok(())
    }
}

impl AgentConfig {
    fn validate(&self, path: &str, venues: usize) -> Result<(), ConfigError> {
        let at = |name: &str| format!("{path}.{name}");
        let named = (1..=64).contains(&self.name.len());
        check(&at("name"), named, "a text of 1 to 64 bytes", format!("{:?}", self.name))?;
        let Some(spec) = agents::kind(&self.kind) else {
            let known = agents::kinds().map(|k| k.kind).collect::<Vec<_>>().join(", ");
            return Err(ConfigError {
                path: at("kind"),
                rule: format!("one of {known}"),
                got: format!("{:?}", self.kind),
            });
        };
        integer(&at("count"), self.count, 1, AGENTS_MAX)?;
        let (least, most) = spec.venues;
        let fits = (least..=most).contains(&self.venues.len());
        check(&at("venues"), fits, format!("{least} to {most} venues"), self.venues.len())?;
        for (k, venue) in self.venues.iter().enumerate() {
            let path = at(&format!("venues[{k}]"));
            check(&path, usize::from(*venue) < venues, format!("the index of one of {venues} venues"), venue)?;
            check(&path, !self.venues[..k].contains(venue), "unlike the agent's other venues", venue)?;
        }
        self.orders.validate(&at("orders"))?;
        self.data.validate(&at("data"))?;
        integer(&at("selfTrade"), self.self_trade, 0, 4)?;
        let stop = self.stop_ns.unwrap_or(u64::MAX);
        check(&at("stopNs"), stop > self.start_ns, format!("after startNs ({})", self.start_ns), stop)?;
        spec.check(&self.params, &at("params"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::SantaFeConfig;

    fn path_of(change: impl FnOnce(&mut MarketConfig)) -> String {
        let agent = AgentConfig { name: "n".to_owned(), kind: "noise".to_owned(), ..AgentConfig::default() };
        let mut c = MarketConfig { agents: vec![agent], ..MarketConfig::default() };
        c.validate().unwrap();
        change(&mut c);
        c.validate().unwrap_err().path
    }

    #[test]
    fn what_does_not_fit_is_named_by_its_path() {
        assert_eq!(path_of(|c| c.venues.clear()), "venues");
        assert_eq!(path_of(|c| c.duration_ns = 0), "durationNs");
        assert_eq!(path_of(|c| c.sample_ns = 1), "sampleNs");
        assert_eq!(path_of(|c| c.keep_queues = true), "keepQueues");
        assert_eq!(path_of(|c| c.agents[0].venues = vec![1]), "agents[0].venues[0]");
        assert_eq!(path_of(|c| c.agents[0].venues.clear()), "agents[0].venues");
        assert_eq!(path_of(|c| c.agents[0].stop_ns = Some(0)), "agents[0].stopNs");
        assert_eq!(path_of(|c| c.venues[0].season = Some(SeasonConfig::default())), "venues[0].season");
        assert_eq!(path_of(|c| c.agents[0].kind = "nosie".to_owned()), "agents[0].kind");
        assert_eq!(path_of(|c| c.agents[0].count = 0), "agents[0].count");
        assert_eq!(path_of(|c| c.agents[0].self_trade = 5), "agents[0].selfTrade");
        assert_eq!(path_of(|c| c.agents[0].params.extend([("x".to_owned(), 1.0)])), "agents[0].params.x");
        assert_eq!(
            path_of(|c| c.agents[0].params.extend([("ratePerSecond".to_owned(), -1.0)])),
            "agents[0].params.ratePerSecond"
        );
        assert_eq!(path_of(|c| c.agents.push(c.agents[0].clone())), "agents[1].name");
        assert_eq!(path_of(|c| c.fundamental.reversion = -1.0), "fundamental.reversion");
        let bad = SantaFeConfig { market_rate: -1.0, ..SantaFeConfig::default() };
        assert_eq!(path_of(|c| c.venues[0].flow = Some(FlowConfig::SantaFe(bad))), "venues[0].flow.marketRate");
        let breaker = SessionRules { breaker_ticks: Some(5), ..SessionRules::default() };
        assert_eq!(path_of(|c| c.venues[0].sessions = Some(breaker)), "venues[0].sessions.interruptionNs");
        let calls = SessionRules { call_ns: 5, ..SessionRules::default() };
        assert_eq!(path_of(|c| c.venues[0].sessions = Some(calls)), "venues[0].sessions.callNs");
        assert_eq!(path_of(|c| c.venues[0].ladder_from_ticks = 1 << 17), "venues[0].ladderFromTicks");
        let retune = Retune { at_ns: 5, flow: FlowConfig::default() };
        assert_eq!(path_of(|c| c.venues[0].retunes = vec![retune]), "venues[0].retunes[0].flow");
    }

    #[test]
    fn json_is_camel_case_and_refuses_unknown_names() {
        let text = r#"{"agents": [{"name": "a", "kind": "noise", "data": {"kind": "constant", "ns": 5}}]}"#;
        let c: MarketConfig = serde_json::from_str(text).unwrap();
        assert_eq!(c.agents[0].data, Latency::Constant { ns: 5 });
        assert_eq!(serde_json::from_str::<MarketConfig>(&serde_json::to_string(&c).unwrap()).unwrap(), c);
        assert!(serde_json::from_str::<MarketConfig>(r#"{"agent": []}"#).is_err());
    }
}
