//! The verdict on a scenario: its arms over many seeds.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use rayon::prelude::*;
use serde::Serialize;
use toprung_book::CommandKind;
use toprung_trace::LatencySummary;

use super::statistics::{r_squared, sd};
use super::{MarketScenario, Measure, Rule};
use crate::error::SimError;
use crate::kernel::{MarketConfig, MarketLatencies, World};

/// Share of the treatment's seeds that must meet a rule, and share of the control's that may.
const TREATMENT_SHARE: f64 = 0.9;
const CONTROL_SHARE: f64 = 0.05;

/// What a scenario gave.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScenarioReport {
    /// The scenario.
    pub name: String,
    /// Seeds of each arm.
    pub seeds: u32,
    /// Whether it was stopped before all of them: then it says nothing about the rules.
    pub cancelled: bool,
    /// Seeds whose treatment meets every rule.
    pub treatment_meets: u32,
    /// The seeds whose treatment does not.
    pub missed: Vec<u64>,
    /// Seeds whose control meets every rule that it should not.
    pub control_meets: u32,
    /// Whether the scenario does what it claims.
    pub passes: bool,
    /// Rule by rule.
    pub rules: Vec<RuleReport>,
    /// Measure by measure, of every arm.
    pub arms: Vec<ArmReport>,
    /// Time per command over all runs, by kind, of those that were timed
    /// ([`COMMANDS_PER_TIMED`](crate::kernel::COMMANDS_PER_TIMED)). Depends on the machine, as nothing else here does.
    pub latency_by_kind: BTreeMap<&'static str, LatencySummary>,
}

/// One rule.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleReport {
    /// The rule.
    pub rule: Rule,
    /// Mean of what it is about, of the treatment; the t-statistic where that is meant.
    pub treatment: f64,
    /// The same of the control.
    pub control: f64,
    /// Seeds whose treatment meets it; all or none of a rule over all seeds.
    pub treatment_meets: u32,
    /// Seeds whose control meets it.
    pub control_meets: u32,
    /// Whether the treatment meets it often enough.
    pub holds: bool,
}

/// One arm.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ArmReport {
    /// `treatment`, `control` or another.
    pub arm: String,
    /// Mean and standard deviation over the seeds, by measure.
    pub measures: BTreeMap<String, (f64, f64)>,
    /// Digest of the first seed's run.
    pub digest: String,
}

/// What one run of one arm gave.
struct Run {
    digest: String,
    measures: BTreeMap<String, f64>,
}

/// By arm, the measures of one seed.
type Seed = BTreeMap<String, Run>;

/// Runs every arm of a scenario for the seeds from `first` on, on the threads of the pool that it is called in.
///
/// # Errors
///
/// [`SimError::Config`] if an arm is no market; [`SimError::EndlessReaction`] if one was stopped.
pub fn check(
    scenario: &MarketScenario,
    (first, seeds): (u64, u32),
    cancel: &AtomicBool,
    progress: &(dyn Fn(u32, u32) + Sync),
) -> Result<ScenarioReport, SimError> {
    let names: Vec<&str> = std::iter::once("treatment").chain(scenario.arms.keys().map(String::as_str)).collect();
    let markets: Vec<(&str, MarketConfig)> =
        names.iter().map(|name| Ok((*name, scenario.arm(name)?))).collect::<Result<_, SimError>>()?;
    let total = seeds * markets.len() as u32;
    let done = AtomicU32::new(0);
    let jobs: Vec<(u64, &str, &MarketConfig)> =
        (0..seeds).flat_map(|k| markets.iter().map(move |(name, m)| (first + u64::from(k), *name, m))).collect();
    let latencies = MarketLatencies::default();
    let runs: Vec<(u64, &str, Run)> = jobs
        .into_par_iter()
        .filter_map(|(seed, name, market)| {
            let market = MarketConfig { seed, ..market.clone() };
            let run = run_one(scenario, &market, &latencies, cancel).transpose()?;
            progress(done.fetch_add(1, Relaxed) + 1, total);
            Some(run.map(|run| (seed, name, run)))
        })
        .collect::<Result<_, SimError>>()?;
    let mut by_seed: BTreeMap<u64, Seed> = BTreeMap::new();
    for (seed, name, run) in runs {
        by_seed.entry(seed).or_default().insert(name.to_owned(), run);
    }
    by_seed.retain(|_, arms| arms.len() == names.len());
    let (numbers, complete): (Vec<u64>, Vec<Seed>) = by_seed.into_iter().unzip();
    Ok(report(scenario, &names, (numbers, complete), seeds, &latencies))
}

/// Messages and calls between two looks at the cancel flag: some milliseconds.
const CHUNK: u64 = 1 << 16;

fn run_one(
    scenario: &MarketScenario,
    market: &MarketConfig,
    latencies: &MarketLatencies,
    cancel: &AtomicBool,
) -> Result<Option<Run>, SimError> {
    let mut world = World::open(market, 0).expect("Invariant: the arm was checked");
    while !world.run_some_timed(CHUNK, latencies) {
        if cancel.load(Relaxed) {
            return Ok(None);
        }
    }
    world.fault().map_or(Ok(()), |fault| Err(fault.clone()))?;
    let result = world.into_result();
    let take = |m: &Measure| m.take(&scenario.market, (market, &result), cancel);
    let measures = scenario.measures.iter().map(|m| (m.name.clone(), take(m))).collect();
    Ok((!cancel.load(Relaxed)).then(|| Run { digest: result.digest.to_string(), measures }))
}

/// A measure of one seed by its name in a rule. Those of the treatment are those of `arm`.
fn named(seed: &Seed, arm: &str, name: &str) -> f64 {
    let (arm, measure) = name.rsplit_once('.').unwrap_or((arm, name));
    seed[arm].measures[measure]
}

/// The standard deviation over the seeds, over that of another measure.
fn spread(rule: &Rule, seeds: &[Seed], arm: &str) -> f64 {
    let of = |name: &str| sd(seeds.iter().map(|seed| named(seed, arm, name)));
    of(&rule.measure) / rule.over.as_deref().map_or(1.0, of)
}

/// R² of the straight line of the arms' means on the rule's numbers.
fn straightness(rule: &Rule, seeds: &[Seed]) -> f64 {
    let of = |arm: &str| mean(&seeds.iter().map(|seed| named(seed, arm, &rule.measure)).collect::<Vec<f64>>());
    let points: Vec<(f64, f64)> = rule.along.iter().map(|(arm, x)| (*x, of(arm))).collect();
    r_squared(&points)
}

/// The value that a rule is about, of one seed.
fn value(rule: &Rule, seed: &Seed, arm: &str) -> f64 {
    let of = |name: &str| named(seed, arm, name);
    let value = of(&rule.measure) - rule.minus.as_deref().map_or(0.0, of);
    rule.over.as_deref().map_or(value, |over| value / of(over))
}

fn meets(rule: &Rule, value: f64) -> bool {
    !value.is_nan() && rule.at_least.is_none_or(|least| value >= least) && rule.at_most.is_none_or(|most| value <= most)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn t_statistic(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    mean(values) / (sd(values.iter().copied()) / n.sqrt())
}

fn report(
    scenario: &MarketScenario,
    names: &[&str],
    (numbers, seeds): (Vec<u64>, Vec<Seed>),
    wanted: u32,
    latencies: &MarketLatencies,
) -> ScenarioReport {
    let n = seeds.len() as u32;
    let (mut treatment_ok, mut control_ok) = (vec![true; seeds.len()], vec![true; seeds.len()]);
    let mut rules = Vec::new();
    for rule in &scenario.accept {
        let of = |arm: &str| -> Vec<f64> {
            if !rule.along.is_empty() {
                vec![straightness(rule, &seeds); seeds.len()]
            } else if rule.spread {
                vec![spread(rule, &seeds, arm); seeds.len()]
            } else {
                seeds.iter().map(|s| value(rule, s, arm)).collect()
            }
        };
        let (treatment, control) = (of("treatment"), of("control"));
        let shown: fn(&[f64]) -> f64 = if rule.t_statistic { t_statistic } else { mean };
        let meet = [&treatment, &control].map(|values| match rule.t_statistic {
            true => vec![meets(rule, shown(values)); values.len()],
            false => values.iter().map(|v| meets(rule, *v)).collect::<Vec<bool>>(),
        });
        for k in 0..seeds.len() {
            treatment_ok[k] &= meet[0][k];
            control_ok[k] &= rule.any_arm || meet[1][k];
        }
        let count = |list: &[bool]| list.iter().filter(|m| **m).count() as u32;
        rules.push(RuleReport {
            rule: rule.clone(),
            treatment: shown(&treatment),
            control: shown(&control),
            treatment_meets: count(&meet[0]),
            control_meets: count(&meet[1]),
            holds: f64::from(count(&meet[0])) >= TREATMENT_SHARE * f64::from(n),
        });
    }
    let count = |list: &[bool]| list.iter().filter(|m| **m).count() as u32;
    let (treatment_meets, control_meets) = (count(&treatment_ok), count(&control_ok));
    let enough = f64::from(treatment_meets) >= TREATMENT_SHARE * f64::from(n);
    let few = f64::from(control_meets) <= CONTROL_SHARE * f64::from(n);
    let arms = names.iter().map(|arm| {
        let of = |measure: &str| seeds.iter().map(|s| s[*arm].measures[measure]).collect::<Vec<f64>>();
        let summary = |measure: &str| {
            let all = of(measure);
            (all.iter().sum::<f64>() / all.len() as f64, sd(all.iter().copied()))
        };
        let measures = scenario.measures.iter().map(|m| (m.name.clone(), summary(&m.name))).collect();
        let digest = seeds.first().map_or(String::new(), |s| s[*arm].digest.clone());
        ArmReport { arm: (*arm).to_owned(), measures, digest }
    });
    ScenarioReport {
        name: scenario.name.clone(),
        seeds: n,
        cancelled: n < wanted,
        treatment_meets,
        missed: numbers.into_iter().zip(&treatment_ok).filter(|(_, ok)| !**ok).map(|(seed, _)| seed).collect(),
        control_meets,
        passes: n > 0 && enough && few,
        arms: arms.collect(),
        rules,
        latency_by_kind: latencies.so_far().summaries(&CommandKind::NAMES),
    }
}

/// The digest of a market on each of these numbers of threads, and twice on the first: all must agree.
///
/// # Errors
///
/// [`SimError::Config`]; [`SimError::Threads`] if the system gives no threads.
pub fn digests(market: &MarketConfig, threads: &[u32]) -> Result<Vec<(u32, String)>, SimError> {
    let again = threads.first().copied();
    threads
        .iter()
        .copied()
        .chain(again)
        .map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads as usize)
                .build()
                .map_err(|e| SimError::Threads { threads, message: e.to_string() })?;
            let mut world = World::open(market, 0)?;
            pool.install(|| world.run_in_windows());
            world.fault().map_or(Ok(()), |fault| Err(fault.clone()))?;
            Ok((threads, world.digest().to_string()))
        })
        .collect()
}
