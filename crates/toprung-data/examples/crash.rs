//! Kills a journalling process with SIGKILL, again and again, and checks every recovery against an
//! uninterrupted run: half of the kills over books, half over venues.
//!
//! `cargo run --release -p toprung-data --example crash -- [KILLS [SEED]]`: 200 kills by default. Ends with an error at the
//! first recovery that is not exactly the state after a prefix of the commands, at least the durable ones.
#![expect(clippy::print_stdout, reason = "a command: the report is its output")]

#[path = "../tests/journal/crash_run.rs"]
mod crash_run;
#[expect(dead_code, reason = "the tests look at more")]
#[path = "../tests/journal/flow.rs"]
mod flow;
#[expect(dead_code, reason = "the tests put files there too")]
#[path = "../tests/journal/folder.rs"]
mod folder;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use flow::Flow;
use toprung_book::{Book, Venue};
use toprung_data::journal::EngineConfig;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, otherwise| args.get(at).map_or(otherwise, |a| a.parse().expect("a number"));
    match args.first().map(String::as_str) {
        Some("book") => return crash_run::child::<Book>(Path::new(&args[1]), number(2, 0)),
        Some("venue") => return crash_run::child::<Venue>(Path::new(&args[1]), number(2, 0)),
        _ => {}
    }
    run::<Book>(number(0, 200) / 2, number(1, 1));
    run::<Venue>(number(0, 200).div_ceil(2), number(1, 1));
}

fn run<E: Flow>(kills: u64, seed: u64) {
    let kind = E::Config::KIND.name();
    let spawn = |dir: &Path, seed: u64| {
        let mut command = Command::new(std::env::current_exe().expect("the program has a path"));
        command.arg(kind).arg(dir).arg(seed.to_string());
        command
    };
    let start = Instant::now();
    let report = crash_run::run::<E>(kills, seed, &spawn);
    println!("{kind}: {report:#?}\nin {:.1} s", start.elapsed().as_secs_f64());
}
