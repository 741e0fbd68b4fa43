//! Runs a workload through one engine at a time, as asked on stdin: `npm run bench -- peers` is who asks.
//!
//! The first line out says which engines there are. Then every line in is a run, `{"engine", "file", "count"}`, and every
//! line out what came of it: the seconds of processor time of the first `count` commands after the preload, what traded, and how many
//! commands of each kind the engine does not have. The file is that of `bench/src/bin/workload.rs` in its form for peers.

mod engines;
mod workload;

use std::io::{BufRead, Error, Write};

use serde_json::{Value, json};
use toprung_trace::thread_cpu_ns;

use engines::{Entry, Outcome, entries};
use workload::{Command, Kind, read};

fn run(entry: &Entry, commands: &[Command], preload: usize) -> Outcome {
    let mut engine = (entry.open)(commands);
    let (fill, measured) = commands.split_at(preload);
    engine.run(fill);
    let before = engine.outcome();
    // On a shared machine the clock on the wall counts others' work, too.
    let start = thread_cpu_ns();
    engine.run(measured);
    let seconds = (thread_cpu_ns() - start) as f64 / 1e9;
    let after = engine.outcome();
    // A dropped book may take longer than the run, and is nobody's time.
    std::mem::forget(engine);
    Outcome {
        seconds,
        trades: after.trades - before.trades,
        volume: after.volume - before.volume,
        notional: after.notional - before.notional,
        refused: after.refused - before.refused,
    }
}

fn answer(line: &str, all: &[Entry]) -> Result<Value, Error> {
    let request: Value = serde_json::from_str(line)?;
    let text = |key: &str| request[key].as_str().unwrap_or_default();
    let entry = all.iter().find(|e| e.name == text("engine"));
    let entry = entry.ok_or_else(|| Error::other(format!("no engine {}", text("engine"))))?;
    let count = request["count"].as_u64().unwrap_or(0) as usize;
    let (preload, commands) = read(text("file"), count)?;
    let (known, unknown): (Vec<_>, Vec<_>) = commands.into_iter().partition(|c| entry.supports.contains(&c.kind));
    let lost = |kind: Kind| unknown.iter().filter(|c| c.kind == kind).count();
    let outcome = run(entry, &known, preload);
    Ok(json!({
        "seconds": outcome.seconds, "commands": known.len() - preload, "trades": outcome.trades, "volume": outcome.volume,
        "notional": outcome.notional, "refused": outcome.refused,
        "unsupported": { "market": lost(Kind::Market), "cancel": lost(Kind::Cancel), "reduce": lost(Kind::Reduce) },
    }))
}

fn main() -> Result<(), Error> {
    let all = entries();
    let mut out = std::io::stdout();
    let list: Vec<Value> = all
        .iter()
        .map(|e| {
            json!({
                "name": e.name, "version": e.version, "language": "Rust", "note": e.note,
                "supports": e.supports.iter().map(|k| k.name()).collect::<Vec<_>>(),
            })
        })
        .collect();
    writeln!(out, "{}", json!({ "engines": list }))?;
    for line in std::io::stdin().lock().lines() {
        let told = answer(&line?, &all).unwrap_or_else(|e| json!({ "error": e.to_string() }));
        writeln!(out, "{told}")?;
        out.flush()?;
    }
    Ok(())
}
