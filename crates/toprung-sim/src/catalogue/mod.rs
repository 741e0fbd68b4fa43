//! The catalogue of scenarios: each a data file with its purpose, its market, its arms and what must come of it.
//!
//! A scenario has a treatment and a control arm on common random numbers, and rules that the treatment must meet and the
//! control must not: [`check`] runs both over many seeds and gives the verdict. The files are in `scenarios/` of this
//! crate; `docs/scenarios.md` is made from them.

mod check;
mod measure;
mod statistics;
mod surveillance;
mod theory;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use check::{ArmReport, RuleReport, ScenarioReport, check, digests};
pub use measure::Measure;

use crate::error::ConfigError;
use crate::kernel::MarketConfig;

/// A scenario of the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MarketScenario {
    /// In lower case with hyphens.
    pub name: String,
    /// One line.
    pub title: String,
    /// Why one would run it.
    pub purpose: String,
    /// What to look at, and what to expect.
    pub look_at: Vec<String>,
    /// The market of the treatment arm.
    pub market: MarketConfig,
    /// The other arms: what of the market's JSON is different, by JSON pointer. One is called `control`.
    pub arms: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
    /// What is measured of each arm.
    pub measures: Vec<Measure>,
    /// What must hold.
    pub accept: Vec<Rule>,
}

/// One thing that must hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// The measure, `name` of the treatment or `arm.name` of another arm.
    pub measure: String,
    /// A measure that it is divided by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<String>,
    /// A measure that is taken from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minus: Option<String>,
    /// Least value that meets the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// Greatest value that meets the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// Taken over all seeds together: R² of the straight line of the means of the measure in these arms on these numbers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub along: BTreeMap<String, f64>,
    /// Taken over all seeds together: the mean over its standard error, instead of seed by seed.
    #[serde(default)]
    pub t_statistic: bool,
    /// Taken over all seeds together: the standard deviation of the measure over that of the one it is divided by.
    #[serde(default)]
    pub spread: bool,
    /// Holds of this run alone, and the control need not fail it.
    #[serde(default)]
    pub any_arm: bool,
}

const FILES: &[&str] = &[
    include_str!("../../scenarios/zi-baseline.json"),
    include_str!("../../scenarios/large-tick.json"),
    include_str!("../../scenarios/small-tick.json"),
    include_str!("../../scenarios/cst-tokyo.json"),
    include_str!("../../scenarios/queue-reactive.json"),
    include_str!("../../scenarios/hawkes-clustered.json"),
    include_str!("../../scenarios/order-splitting.json"),
    include_str!("../../scenarios/realistic-day.json"),
    include_str!("../../scenarios/intraday-u.json"),
    include_str!("../../scenarios/flash-crash.json"),
    include_str!("../../scenarios/mini-flash-crash.json"),
    include_str!("../../scenarios/liquidity-drought.json"),
    include_str!("../../scenarios/news-shock.json"),
    include_str!("../../scenarios/spoofing.json"),
    include_str!("../../scenarios/layering.json"),
    include_str!("../../scenarios/quote-stuffing.json"),
    include_str!("../../scenarios/latency-arbitrage.json"),
    include_str!("../../scenarios/latency-race.json"),
    include_str!("../../scenarios/pro-rata-gaming.json"),
    include_str!("../../scenarios/self-match.json"),
    include_str!("../../scenarios/opening-auction.json"),
    include_str!("../../scenarios/closing-auction.json"),
    include_str!("../../scenarios/execution-shootout.json"),
    include_str!("../../scenarios/market-maker-duel.json"),
    include_str!("../../scenarios/etf-basket.json"),
    include_str!("../../scenarios/informed-flow.json"),
    include_str!("../../scenarios/rmsc-04.json"),
];

/// Every scenario, in the order in which they should be read.
pub fn all() -> Vec<MarketScenario> {
    FILES.iter().map(|text| serde_json::from_str(text).expect("Invariant: a test reads every file")).collect()
}

/// The scenario of this name.
pub fn find(name: &str) -> Option<MarketScenario> {
    all().into_iter().find(|s| s.name == name)
}

impl MarketScenario {
    /// The market of an arm; `treatment` is the market itself.
    ///
    /// # Errors
    ///
    /// The pointer that leads nowhere, or the first parameter that breaks a rule.
    pub fn arm(&self, name: &str) -> Result<MarketConfig, ConfigError> {
        let mut json = serde_json::to_value(&self.market).expect("Invariant: a configuration can be written");
        let fail = |path: String, rule: &str| ConfigError { path, rule: rule.to_owned(), got: name.to_owned() };
        if name != "treatment" {
            let arm = self.arms.get(name).ok_or_else(|| fail("arms".to_owned(), "an arm of the scenario"))?;
            for (pointer, value) in arm {
                let path = format!("arms.{name}.{pointer}");
                let (parent, key) = pointer.rsplit_once('/').ok_or_else(|| fail(path.clone(), "a JSON pointer"))?;
                let place = match json.pointer_mut(parent) {
                    Some(serde_json::Value::Object(map)) => map.entry(key).or_insert(serde_json::Value::Null),
                    Some(other) => other
                        .get_mut(key.parse::<usize>().unwrap_or(usize::MAX))
                        .ok_or_else(|| fail(path.clone(), "a place in the market"))?,
                    None => return Err(fail(path, "a place in the market")),
                };
                *place = value.clone();
            }
        }
        let market: MarketConfig = serde_json::from_value(json).map_err(|e| ConfigError {
            path: format!("arms.{name}"),
            rule: "a market's configuration".to_owned(),
            got: e.to_string(),
        })?;
        market.validate()?;
        Ok(market)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_read_has_a_control_arm_and_measures_what_its_rules_say() {
        let names: std::collections::BTreeSet<_> = all().into_iter().map(|s| s.name).collect();
        assert_eq!(names.len(), FILES.len());
        for text in FILES {
            let s: MarketScenario = serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {}", &text[..60]));
            assert!(s.arms.contains_key("control"), "{}", s.name);
            for arm in s.arms.keys() {
                let market = s.arm(arm).unwrap_or_else(|e| panic!("{}: {e}", s.name));
                assert_ne!(market, s.market, "{} {arm}", s.name);
            }
            s.arm("treatment").unwrap_or_else(|e| panic!("{}: {e}", s.name));
            for rule in &s.accept {
                for name in [Some(&rule.measure), rule.over.as_ref(), rule.minus.as_ref()].into_iter().flatten() {
                    let (arm, measure) = name.rsplit_once('.').unwrap_or(("treatment", name));
                    assert!(arm == "treatment" || s.arms.contains_key(arm), "{}: {name}", s.name);
                    assert!(s.measures.iter().any(|m| m.name == measure), "{}: {name}", s.name);
                }
                for arm in rule.along.keys() {
                    assert!(arm == "treatment" || s.arms.contains_key(arm), "{}: {arm}", s.name);
                }
                assert!(rule.at_least.is_some() || rule.at_most.is_some(), "{}", s.name);
            }
        }
    }

    #[test]
    fn an_arm_that_changes_nothing_that_is_there_is_refused() {
        let mut s = find("flash-crash").unwrap();
        s.arms.insert("odd".to_owned(), BTreeMap::from([("/agents/99/absent".to_owned(), true.into())]));
        assert_eq!(s.arm("odd").unwrap_err().path, "arms.odd./agents/99/absent");
        assert_eq!(s.arm("none").unwrap_err().path, "arms");
    }
}
