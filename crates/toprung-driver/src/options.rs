//! What a recorded run is asked to be.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};
use toprung_sim::{MarketConfig, SimConfig};
use toprung_trace::recorder::Level;
use toprung_trace::{Trigger, TriggerConfig};

use crate::error::{DriverError, option_error};
use crate::plant::Plant;
use crate::stages::{EVENT_NAMES, KIND_NAMES};

/// Most hits of a run: each is kept with what came before it, and run again.
const HITS_MAX: u64 = 1_000;

/// Share of the time that recording may take unless somebody says otherwise, percent.
pub const BUDGET_PERCENT: f64 = 2.0;

/// A recorded run. Exactly one of `scenario`, `config`, `market`, `journal` and `day` says what is run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RecordOptions {
    /// A scenario by name; of the catalogue, its treatment.
    pub scenario: Option<String>,
    /// The configuration of a simulation.
    pub config: Option<SimConfig>,
    /// The configuration of a market of agents; those that wait for decisions from outside do nothing.
    pub market: Option<MarketConfig>,
    /// The folder of a command journal.
    pub journal: Option<PathBuf>,
    /// A replay file, or the message file of a LOBSTER day.
    pub day: Option<PathBuf>,
    /// Another seed than the configuration's.
    pub seed: Option<u64>,
    /// Which book of the configuration, from 0; of markets, which of those of one seed.
    pub book: u32,
    /// Commands behind the warm-up instead of the configuration's horizon; of anything else, most commands in all.
    pub events: Option<u64>,
    /// How much is recorded: `off`, `order`, `stages` or `everything`.
    pub level: String,
    /// One command in so many is recorded and timed; nothing: as many as the budget allows, or every one where the trigger
    /// looks at latency, the rate is given, or the level is `everything`.
    pub every: Option<u64>,
    /// Share of the time that recording may take, in percent, above 0 to 50; nothing: 2, and no limit where every command is
    /// recorded. Where it is given, it holds there, too: a trigger then looks at one command in so many.
    pub budget_percent: Option<f64>,
    /// Entries that the recorder keeps, 64 to 2²⁴; 16 bytes each.
    pub ring_entries: u32,
    /// When to keep what was recorded; nothing: at the end of the run.
    pub trigger: Option<TriggerOptions>,
    /// Orders that are kept before a hit, and run again around it, 0 to 1,024.
    pub context: u32,
    /// Whether what fired is run again at full detail.
    pub replay: bool,
    /// How long the thread stops behind each hit, ms, up to 1,000: magic-trace's buffer then stands still.
    pub hold_ms: u32,
    /// Faults to plant, for tests of what finds them.
    pub plant: Vec<Plant>,
    /// Commands per second that are due, whether the book keeps up or not; nothing: as fast as it goes.
    pub rate_per_second: Option<f64>,
    /// Length of the intervals that latency is reported for, ms, 1 to 60,000.
    pub interval_ms: u32,
    /// Where the trace goes, gzipped if the name ends in `.gz`; nothing writes none.
    pub output: Option<PathBuf>,
}

impl Default for RecordOptions {
    fn default() -> RecordOptions {
        RecordOptions {
            scenario: None,
            config: None,
            market: None,
            journal: None,
            day: None,
            seed: None,
            book: 0,
            events: None,
            level: Level::Order.name().to_owned(),
            every: None,
            budget_percent: None,
            ring_entries: 1 << 16,
            trigger: None,
            context: 16,
            replay: true,
            hold_ms: 0,
            plant: Vec::new(),
            rate_per_second: None,
            interval_ms: 100,
            output: None,
        }
    }
}

/// When to keep what was recorded: every condition that is given must hold. See [`TriggerConfig`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TriggerOptions {
    /// Longer than this, ns.
    pub latency_over_ns: Option<u64>,
    /// Every n-th order that meets the rest, from 1.
    pub every_nth: Option<u64>,
    /// Longer than every order before.
    pub slowest_so_far: bool,
    /// One of these kinds of command.
    pub kinds: Vec<String>,
    /// An event of one of these kinds.
    pub events: Vec<String>,
    /// Traded at so many prices at least.
    pub levels_min: Option<u32>,
    /// Commands that are let pass at the start, on top of the configuration's warm-up.
    pub warmup: u64,
    /// Commands that are let pass behind a hit.
    pub cooldown: u64,
    /// Most hits, 1 to 1,000.
    pub hits_max: u64,
    /// Whether the trigger is armed from the start.
    pub armed: bool,
}

impl Default for TriggerOptions {
    fn default() -> TriggerOptions {
        TriggerOptions {
            latency_over_ns: None,
            every_nth: None,
            slowest_so_far: false,
            kinds: Vec::new(),
            events: Vec::new(),
            levels_min: None,
            warmup: 0,
            cooldown: 0,
            hits_max: 16,
            armed: true,
        }
    }
}

fn within(path: &str, value: u64, from: u64, to: u64) -> Result<(), DriverError> {
    if (from..=to).contains(&value) {
        Ok(())
    } else {
        Err(option_error(path, format!("an integer from {from} to {to}"), value))
    }
}

impl RecordOptions {
    /// Checks every option but those of the configuration, which its own run checks.
    ///
    /// # Errors
    /// The first that breaks a rule, by path.
    pub fn validate(&self) -> Result<(), DriverError> {
        let inputs = [
            self.scenario.is_some(),
            self.config.is_some(),
            self.market.is_some(),
            self.journal.is_some(),
            self.day.is_some(),
        ];
        let given = inputs.iter().filter(|given| **given).count();
        if given != 1 {
            return Err(option_error(
                "scenario",
                "one input: `scenario`, `config`, `market`, `journal` or `day`",
                format!("{given} of them"),
            ));
        }
        if self.level()? == Level::Off && self.trigger.is_some() {
            return Err(option_error("level", "above `off` where a trigger is given", format!("{:?}", self.level)));
        }
        if let Some(every) = self.every {
            within("every", every, 1, 1 << 32)?;
        }
        if let Some(budget) = self.budget_percent {
            if !(budget > 0.0 && budget <= 50.0) {
                return Err(option_error("budgetPercent", "a number above 0, up to 50", budget));
            }
            if let Some(every) = self.every {
                let got = format!("{budget} with one command in {every}");
                return Err(option_error("budgetPercent", "alone: `every` leaves nothing to choose", got));
            }
        }
        if let Some(seed) = self.seed
            && (self.journal.is_some() || self.day.is_some())
        {
            return Err(option_error("seed", "left out: what is read from a file has its commands", seed));
        }
        within("ringEntries", self.ring_entries.into(), 64, 1 << 24)?;
        within("context", self.context.into(), 0, 1024)?;
        within("holdMs", self.hold_ms.into(), 0, 1000)?;
        within("intervalMs", self.interval_ms.into(), 1, 60_000)?;
        if let Some(rate) = self.rate_per_second
            && !(1.0..=1e9).contains(&rate)
        {
            return Err(option_error("ratePerSecond", "a number from 1 to 1000000000", rate));
        }
        if let Some(events) = self.events {
            within("events", events, 1, 1 << 40)?;
        }
        self.trigger.as_ref().map_or(Ok(()), TriggerOptions::validate)
    }

    /// The level.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn level(&self) -> Result<Level, DriverError> {
        Level::from_name(&self.level).ok_or_else(|| {
            let names = Level::ALL.map(Level::name).join(", ");
            option_error("level", format!("one of {names}"), format!("{:?}", self.level))
        })
    }
}

impl TriggerOptions {
    fn validate(&self) -> Result<(), DriverError> {
        if let Some(n) = self.every_nth {
            within("trigger.everyNth", n, 1, u64::MAX)?;
        }
        within("trigger.hitsMax", self.hits_max, 1, HITS_MAX)?;
        mask("trigger.kinds", &self.kinds, &KIND_NAMES)?;
        mask("trigger.events", &self.events, &EVENT_NAMES)?;
        Ok(())
    }

    /// The trigger, which looks at nothing before command `warmup` and is switched by `armed`.
    ///
    /// # Errors
    /// A kind that there is not.
    pub(crate) fn trigger(&self, warmup: u64, armed: Arc<AtomicBool>) -> Result<Trigger, DriverError> {
        let config = TriggerConfig {
            latency_over_ns: self.latency_over_ns,
            every_nth: self.every_nth,
            slowest_so_far: self.slowest_so_far,
            kinds: mask("trigger.kinds", &self.kinds, &KIND_NAMES)?,
            events: mask("trigger.events", &self.events, &EVENT_NAMES)?,
            levels_min: self.levels_min,
            warmup: warmup.saturating_add(self.warmup),
            cooldown: self.cooldown,
            hits_max: self.hits_max,
        };
        Ok(Trigger::new(config, armed))
    }
}

/// A bit for each name.
fn mask(path: &str, wanted: &[String], names: &[&str]) -> Result<u64, DriverError> {
    wanted.iter().try_fold(0, |mask, name| match names.iter().position(|n| n == name) {
        Some(at) => Ok(mask | 1 << at),
        None => Err(option_error(path, format!("names out of {}", names.join(", ")), format!("{name:?}"))),
    })
}
