//! The catalogue of scenarios, their check over many seeds, and the check that a market is deterministic.

use std::sync::Mutex;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Task};
use napi_derive::napi;
use toprung_sim::catalogue::{self, MarketScenario};

use crate::error::{Code, Result, config_error, error_at, guarded, to_json};
use crate::market::{parse_market, sim_error};
use crate::task::{Cancel, CancelFlag, Outcome, Pace, ProgressFn, outcome, report, unwrap};

/// Every scenario of the catalogue, as JSON.
#[napi(catch_unwind)]
pub fn catalogue() -> Result<String> {
    guarded(|| to_json(&catalogue::all()))
}

/// The market of an arm of a scenario, as JSON; `treatment` is the market itself.
#[napi(catch_unwind)]
pub fn scenario_arm(name: String, arm: String) -> Result<String> {
    guarded(|| to_json(&scenario(&name)?.arm(&arm).map_err(|e| config_error(&e))?))
}

fn scenario(name: &str) -> Result<MarketScenario> {
    let unknown = || error_at(Code::Of("ERR_TOPRUNG_UNKNOWN_SCENARIO"), "scenario", &format!("got {name:?}"));
    catalogue::find(name).ok_or_else(unknown)
}

/// Runs every arm of a scenario for `seeds` seeds from `first` on; gives the report, as JSON.
///
/// `onProgress` is given runs done and in all, at most ten times a second; the other two numbers are 0.
#[napi(
    catch_unwind,
    ts_args_type = "name: string, first: number, seeds: number, cancel: CancelFlag, onProgress: (done: number, \
                    total: number, unused: number, unusedToo: number) => void",
    ts_return_type = "Promise<string>"
)]
pub fn check_scenario(
    name: String,
    first: f64,
    seeds: f64,
    cancel: &CancelFlag,
    on_progress: ProgressFn,
) -> Result<AsyncTask<CheckTask>> {
    guarded(|| {
        let scenario = scenario(&name)?;
        let range = |name: &str, v: f64, max: f64| {
            let message = format!("must be an integer from 1 to {max}, got {v}");
            if v.trunc() == v && (1.0..=max).contains(&v) {
                Ok(())
            } else {
                Err(error_at(Code::Config, name, &message))
            }
        };
        range("firstSeed", first, 1e15)?;
        range("seeds", seeds, 10_000.0)?;
        Ok(AsyncTask::new(CheckTask {
            scenario,
            seeds: (first as u64, seeds as u32),
            cancel: cancel.share(),
            on_progress,
        }))
    })
}

/// A check on the libuv pool.
pub struct CheckTask {
    scenario: MarketScenario,
    seeds: (u64, u32),
    cancel: Cancel,
    on_progress: ProgressFn,
}

impl Task for CheckTask {
    type Output = Outcome<String>;
    type JsValue = String;

    fn compute(&mut self) -> napi::Result<Outcome<String>> {
        let cancel = self.cancel.start();
        let pace = Mutex::new(Pace::default());
        let tell = |done: u32, total: u32| {
            let Ok(mut pace) = pace.try_lock() else { return };
            if pace.is_due() {
                report(&self.on_progress, &self.cancel, (done.into(), total.into(), 0.0, 0.0));
            }
        };
        Ok(outcome(|| to_json(&catalogue::check(&self.scenario, self.seeds, cancel, &tell).map_err(sim_error)?)))
    }

    fn resolve(&mut self, env: Env, output: Outcome<String>) -> napi::Result<String> {
        unwrap(env, output)
    }
}

/// The digests of a market on each of these numbers of threads, and once more on the first; pairs, as JSON.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn market_digests(config: String, threads: Vec<u32>) -> Result<AsyncTask<DigestsTask>> {
    guarded(|| {
        let config = parse_market(&config)?;
        if threads.is_empty() || threads.iter().any(|t| !(1..=1024).contains(t)) {
            return Err(error_at(Code::Config, "threads", "must be numbers from 1 to 1024"));
        }
        Ok(AsyncTask::new(DigestsTask { config, threads }))
    })
}

/// Runs on several numbers of threads, on the libuv pool.
pub struct DigestsTask {
    config: toprung_sim::MarketConfig,
    threads: Vec<u32>,
}

impl Task for DigestsTask {
    type Output = Outcome<String>;
    type JsValue = String;

    fn compute(&mut self) -> napi::Result<Outcome<String>> {
        Ok(outcome(|| to_json(&catalogue::digests(&self.config, &self.threads).map_err(sim_error)?)))
    }

    fn resolve(&mut self, env: Env, output: Outcome<String>) -> napi::Result<String> {
        unwrap(env, output)
    }
}
