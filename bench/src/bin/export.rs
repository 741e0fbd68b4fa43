//! How fast a run is written out, and in how much memory: `export [EVENTS_MILLIONS [BOOKS [FOLDER]]]`, one line of JSON.
//!
//! The run is the default scenario, first without and then with every table as Parquet. Rows per second are of the
//! second alone, the simulation included: what somebody waits for; per CPU second, what a machine shared with others hides.
//! Memory is the peak of the resident set, as the system counts it, when a tenth, a half and all of the rows were out, and what
//! it was at each tenth: flat if it does not grow with the rows.
#![expect(clippy::print_stdout, reason = "a program that reports to a person")]

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use toprung_data::dataset::{DatasetOptions, DatasetWriter};
use toprung_sim::{Horizon, Progress, SimConfig, scenarios, simulate, simulate_observed};

/// Resident set of this process, MiB; 0 where the system does not say.
fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap_or("");
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1024.0
}

/// CPU time that this process has taken, seconds, to the hundredth; 0 where the system does not say.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may have spaces: user and system time are the 12th and 13th field.
    let fields = stat.rsplit(") ").next().unwrap_or("").split(' ').skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let millions: u64 = args.next().map_or(Ok(10), |a| a.parse())?;
    let books: u32 = args.next().map_or(Ok(8), |a| a.parse())?;
    let parent = args.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let scenario = scenarios::find("zi-baseline").ok_or("no scenario zi-baseline")?;
    let horizon = Horizon::Events((millions * 1_000_000 / u64::from(books)).max(1));
    let config = SimConfig { books, horizon, ..scenario.config };
    let never = AtomicBool::new(false);

    let plain = simulate(&config, &never, &|_| {})?;
    let folder = parent.join(format!("toprung-export-{}", std::process::id()));
    let writer = DatasetWriter::create(DatasetOptions { folder: folder.clone(), ..DatasetOptions::default() })?;
    let resident: Mutex<Vec<(f64, f64)>> = Mutex::default();
    let watch = |p: Progress| {
        let mut seen = resident.lock().expect("Invariant: nobody panics with it");
        seen.push((p.fraction(), resident_mib()));
    };
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let result = simulate_observed(&config, &never, &watch, &writer)?;
    let manifest = writer.finish(serde_json::Value::Null)?;
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    std::fs::remove_dir_all(&folder)?;

    let rows: u64 = manifest.tables.values().map(|t| t.rows).sum();
    let bytes: u64 = manifest.tables.values().map(|t| t.bytes).sum();
    let resident = resident.into_inner()?;
    let peak = |to: f64| resident.iter().filter(|(at, _)| *at <= to).map(|(_, mib)| *mib).fold(0.0, f64::max);
    let at_tenth = |k: u32| {
        let to = f64::from(k) / 10.0;
        resident.iter().rfind(|(at, _)| *at <= to).map_or(0.0, |(_, mib)| *mib)
    };
    let line = serde_json::json!({
        "events": result.events,
        "books": books,
        "threads": result.threads,
        "rows": rows,
        "bytesPerRow": bytes as f64 / rows as f64,
        "seconds": seconds,
        "rowsPerSecond": rows as f64 / seconds,
        "rowsPerCpuSecond": rows as f64 / cpu,
        "eventsPerSecondWithout": plain.events_per_second(),
        "sameDigest": plain.digest == result.digest,
        "residentMiB": { "atATenth": peak(0.1), "atHalf": peak(0.5), "atTheEnd": peak(1.0) },
        "residentMiBByTenths": (1..=10).map(at_tenth).collect::<Vec<_>>(),
    });
    println!("{line}");
    Ok(())
}
