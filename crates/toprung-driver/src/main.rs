//! `toprung-trace-driver`: replays a scenario or a journal through the core, with magic-trace's hook in the executable.
//!
//! magic-trace finds a trigger by its symbol only in the main executable, never in a shared library; so this is the way to
//! `magic-trace run -trigger . -- toprung-trace-driver --scenario zi-baseline --latency-over-ns 20000`. The trigger is called
//! on the main thread. Without magic-trace the flight recorder writes a trace of the same format.
#![expect(clippy::print_stdout, reason = "a command: the report is its output")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{ArgGroup, Parser};
use serde::de::DeserializeOwned;
use toprung_driver::{Controls, DriverError, Plant, RecordOptions, Report, TriggerOptions, record};
use toprung_sim::ConfigError;
use toprung_trace::{BreakpointProbe, CountingAllocator, stop_indicator_address};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Replays a scenario or a journal with the flight recorder around every command.
#[derive(Debug, Parser)]
#[command(name = "toprung-trace-driver", version, group = ArgGroup::new("condition").multiple(true))]
struct Args {
    /// A scenario by name; of the catalogue, its treatment.
    #[arg(long)]
    scenario: Option<String>,
    /// A file with a simulation's configuration as JSON.
    #[arg(long)]
    config: Option<PathBuf>,
    /// A file with the configuration of a market of agents as JSON.
    #[arg(long)]
    market: Option<PathBuf>,
    /// The folder of a command journal.
    #[arg(long)]
    journal: Option<PathBuf>,
    /// A replay file, or the message file of a LOBSTER day.
    #[arg(long)]
    day: Option<PathBuf>,
    /// Another seed than the configuration's.
    #[arg(long)]
    seed: Option<u64>,
    /// Which book of the configuration, from 0.
    #[arg(long, default_value_t = 0)]
    book: u32,
    /// Commands behind the warm-up; of a market, in all.
    #[arg(long)]
    events: Option<u64>,
    /// off, order, stages or everything.
    #[arg(long, default_value = "order")]
    level: String,
    /// Record one command in so many; left out, as many as the budget allows, or all where the trigger needs all.
    #[arg(long)]
    every: Option<u64>,
    /// Share of the time that recording may take, in percent; left out, 2, and no limit where the trigger needs all.
    #[arg(long)]
    budget: Option<f64>,
    /// Entries that the recorder keeps, 16 bytes each.
    #[arg(long, default_value_t = RecordOptions::default().ring_entries)]
    ring_entries: u32,
    /// Fire on commands that take longer than this.
    #[arg(long, group = "condition")]
    latency_over_ns: Option<u64>,
    /// Fire on every N-th command that meets the other conditions.
    #[arg(long, group = "condition")]
    every_nth: Option<u64>,
    /// Fire on commands that take longer than every one before.
    #[arg(long, group = "condition")]
    slowest: bool,
    /// Fire on these kinds: limit,market,cancel,reduce,replace.
    #[arg(long, group = "condition", value_delimiter = ',')]
    kinds: Vec<String>,
    /// Fire on commands with these events: accepted,rejected,trade,cancelled,reduced,replaced.
    #[arg(long, group = "condition", value_delimiter = ',')]
    event_kinds: Vec<String>,
    /// Fire on commands that trade at so many prices.
    #[arg(long, group = "condition")]
    levels_min: Option<u32>,
    /// Let so many commands pass at the start, on top of the configuration's warm-up.
    #[arg(long, requires = "condition", default_value_t = 0)]
    warmup: u64,
    /// Let so many commands pass behind a hit.
    #[arg(long, requires = "condition", default_value_t = 0)]
    cooldown: u64,
    /// Most hits.
    #[arg(long, requires = "condition", default_value_t = TriggerOptions::default().hits_max)]
    hits_max: u64,
    /// Orders kept before a hit, and run again around it.
    #[arg(long, requires = "condition", default_value_t = RecordOptions::default().context)]
    context: u32,
    /// Do not run what fired again at full detail.
    #[arg(long, requires = "condition")]
    no_replay: bool,
    /// Stop so long behind each hit, so that magic-trace's buffer stands still.
    #[arg(long, requires = "condition", default_value_t = 0)]
    hold_ms: u32,
    /// Commands per second that are due, whether the book keeps up or not.
    #[arg(long)]
    rate: Option<f64>,
    /// Length of the reported intervals.
    #[arg(long, default_value_t = RecordOptions::default().interval_ms)]
    interval_ms: u32,
    /// Plant faults: alloc,stall,page, each in one command of 4,096.
    #[arg(long, value_delimiter = ',', value_parser = parse_plant)]
    plant: Vec<Plant>,
    /// Count the hits of the hook with a hardware breakpoint, as magic-trace sets it.
    #[arg(long)]
    probe: bool,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
    /// Write the trace here; gzipped if the name ends in .gz.
    #[arg(long)]
    out: Option<PathBuf>,
}

fn parse_plant(name: &str) -> Result<Plant, String> {
    serde_json::from_value(name.into()).map_err(|_| "expected alloc, stall or page".to_owned())
}

/// The configuration in a file of JSON.
fn configuration<T: DeserializeOwned>(option: &str, path: Option<&Path>) -> Result<Option<T>, DriverError> {
    let Some(path) = path else { return Ok(None) };
    let wrong = |got: String| {
        let (path, rule) = (format!("{option} {}", path.display()), "a configuration as JSON".into());
        DriverError::Option(ConfigError { path, rule, got })
    };
    let text = std::fs::read_to_string(path).map_err(|e| wrong(e.to_string()))?;
    serde_json::from_str(&text).map(Some).map_err(|e| wrong(e.to_string()))
}

impl Args {
    /// Whether any condition is given; without one nothing fires.
    fn has_condition(&self) -> bool {
        self.latency_over_ns.is_some()
            || self.every_nth.is_some()
            || self.slowest
            || self.levels_min.is_some()
            || !self.kinds.is_empty()
            || !self.event_kinds.is_empty()
    }

    fn options(&self) -> Result<RecordOptions, DriverError> {
        let trigger = self.has_condition().then(|| TriggerOptions {
            latency_over_ns: self.latency_over_ns,
            every_nth: self.every_nth,
            slowest_so_far: self.slowest,
            kinds: self.kinds.clone(),
            events: self.event_kinds.clone(),
            levels_min: self.levels_min,
            warmup: self.warmup,
            cooldown: self.cooldown,
            hits_max: self.hits_max,
            armed: true,
        });
        Ok(RecordOptions {
            scenario: self.scenario.clone(),
            config: configuration("--config", self.config.as_deref())?,
            market: configuration("--market", self.market.as_deref())?,
            journal: self.journal.clone(),
            day: self.day.clone(),
            seed: self.seed,
            book: self.book,
            events: self.events,
            level: self.level.clone(),
            every: self.every,
            budget_percent: self.budget,
            ring_entries: self.ring_entries,
            trigger,
            context: self.context,
            replay: !self.no_replay,
            hold_ms: self.hold_ms,
            plant: self.plant.clone(),
            rate_per_second: self.rate,
            interval_ms: self.interval_ms,
            output: self.out.clone(),
        })
    }
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            // Nobody is left to tell if that fails.
            let _ = writeln!(std::io::stderr(), "toprung-trace-driver: {e} ({})", e.code());
            ExitCode::from(2)
        }
    }
}

fn run(args: &Args) -> Result<(), DriverError> {
    let options = args.options()?;
    let probe = args.probe.then(|| BreakpointProbe::new(stop_indicator_address(), 0));
    let recorded = record(&options, "toprung-trace-driver", &Controls::default(), &mut |_, _| {})?;
    let report = &recorded.report;
    let probed = probe.map(|p| p.and_then(|p| p.count()));
    if args.json {
        let mut value = serde_json::to_value(report).expect("Invariant: a report has text keys and numbers only");
        value["probe"] = match probed {
            None => serde_json::Value::Null,
            Some(Ok(hits)) => serde_json::json!({ "hits": hits }),
            Some(Err(e)) => serde_json::json!({ "skipped": e.reason }),
        };
        println!("{value}");
    } else {
        print_report(report);
        match probed {
            None => {}
            Some(Ok(hits)) => println!("breakpoint: {hits} hits of magic_trace_stop_indicator"),
            Some(Err(e)) => println!("breakpoint: skipped, {}", e.reason),
        }
    }
    Ok(())
}

fn print_report(r: &Report) {
    let seconds = r.elapsed_ns as f64 / 1e9;
    println!("{} commands in {seconds:.3} s, digest {}", r.commands, r.digest);
    let chosen = if r.adaptive { ", chosen for the budget" } else { "" };
    println!("level {}: {} recorded, 1 in {}{chosen}, {:.0} ns each", r.level, r.recorded, r.every, r.cost_ns);
    println!("clock {}, {:.1} ns a reading, steps of {} ns", r.clock, r.clock_read_ns, r.clock_resolution_ns);
    for (title, rows) in [("latency", &r.latency), ("response", &r.response)] {
        for k in rows {
            let l = &k.latency;
            println!(
                "{title:<8} {:<8} {:>10} timed  p50 {:>6}  p99 {:>6}  p99.9 {:>7}  p99.99 {:>7}  max {:>9} ns",
                k.kind, l.count, l.p50_ns, l.p99_ns, l.p999_ns, l.p9999_ns, l.max_ns
            );
        }
    }
    let migrations = r.cpu_migrations.map_or("unknown".to_owned(), |n| n.to_string());
    println!(
        "{} allocations ({} bytes), {} + {} page faults, {} + {} context switches, {migrations} migrations",
        r.allocations, r.alloc_bytes, r.minor_faults, r.major_faults, r.voluntary_switches, r.involuntary_switches
    );
    for hit in &r.hits {
        let again = hit.replay_ns.map_or(String::new(), |ns| format!(", {ns} ns when run again"));
        println!("hit: command {} ({}) took {} ns{again}", hit.command, hit.kind, hit.latency_ns);
    }
    if let Some(path) = &r.output {
        println!("trace: {} ({} spans)", path.display(), r.trace_events);
    }
}
