//! Many books and many agents: memory of 10⁵ books, speed of 10⁴ books of 10⁴ events, and a day of RMSC-04.
//!
//! `npm run bench:many [-- ROUNDS]`. Each line has wall-clock and processor time, since on a machine that others use only
//! the second says what the code costs. Memory comes first: the system only tells the most there ever was.
#![expect(clippy::print_stdout, reason = "an example that reports to a person")]

mod measure;

use std::sync::atomic::AtomicBool;

use measure::{peak_mib, processor_seconds};
use toprung_sim::{Horizon, Market, SampleSettings, SimConfig, World, catalogue, scenarios, simulate};
use toprung_trace::Stopwatch;

/// Wall-clock and processor seconds of `work`; the second is the first where the system does not tell.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64, f64) {
    let (watch, before) = (Stopwatch::start(), processor_seconds());
    let result = work();
    let wall = watch.elapsed_ns() as f64 / 1e9;
    let spent = before.zip(processor_seconds()).map_or(wall, |(before, after)| after - before);
    (result, wall, spent)
}

fn books(books: u32, events: u64) -> SimConfig {
    let samples = SampleSettings { rows: 0, books: 0, depth_ticks: 1 };
    SimConfig { books, warmup_events: 0, horizon: Horizon::Events(events), samples, ..SimConfig::default() }
}

/// A line about the most memory so far.
fn print_peak(what: &str, promised: Option<f64>) {
    let Some(mib) = peak_mib() else {
        println!("{what}: this system does not tell");
        return;
    };
    let promise =
        promised.map_or(String::new(), |p| format!(", promised {p}{}", if mib > p { ", NOT MET" } else { "" }));
    println!("{what}: at most {mib:.0} MiB resident{promise}");
}

/// 10⁵ books simulated one after the other on each core, then 10⁵ that are all there at once, each some way into its day.
fn memory() {
    let run = books(100_000, 500);
    simulate(&run, &AtomicBool::new(false), &|_| {}).expect("Invariant: the defaults are valid");
    print_peak("simulate(), 100,000 books of 500 events", Some(2048.0));

    let large_tick = scenarios::find("zi-large-tick").expect("Invariant: it is a scenario").config;
    let held = SimConfig { books: run.books, ..large_tick };
    at_once("of a large tick", &held, Some(2048.0));
    at_once("of many levels", &run, None);
}

/// Every book of a configuration after 500 events each.
fn at_once(which: &str, config: &SimConfig, promised: Option<f64>) {
    let open = |b| Market::open(config, b).expect("Invariant: the defaults are valid");
    let mut all: Vec<Market> = (0..config.books).map(open).collect();
    for market in &mut all {
        (0..500).for_each(|_| {
            market.step(&mut ());
        });
    }
    let resting: usize = all.iter().map(|m| m.book().order_count()).sum();
    let bytes: usize = all.iter().map(|m| m.book().memory_bytes()).sum();
    let (orders, kib) = (resting as f64 / all.len() as f64, bytes as f64 / all.len() as f64 / 1024.0);
    let what = format!("100,000 books {which} at once, {orders:.0} resting orders, {kib:.1} KiB of book each");
    print_peak(&what, promised);
}

/// 10⁴ books of 10⁴ events on all cores.
fn many_books(rounds: u32) {
    let config = books(10_000, 10_000);
    let mut best: Option<(f64, f64)> = None;
    let mut digests = Vec::new();
    for _ in 0..rounds {
        let (result, wall, spent) =
            timed(|| simulate(&config, &AtomicBool::new(false), &|_| {}).expect("Invariant: the defaults are valid"));
        assert_eq!(result.events, 100_000_000);
        digests.push(result.digest);
        best = Some(best.map_or((wall, spent), |(w, s)| (wall.min(w), spent.min(s))));
    }
    assert!(digests.iter().all(|d| *d == digests[0]), "one digest for every round");
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    let (wall, spent) = best.expect("Invariant: there is a round");
    let (rate, per_core) = (100.0 / wall, 100.0 / spent);
    println!(
        "10,000 books of 10,000 events on {cores} cores: {wall:.2} s wall, {spent:.2} s processor: {rate:.1} M events/s, \
         {per_core:.1} M events/s of one core's time, promised 10 on 2 cores{}",
        if per_core * 2.0 < 10.0 { ", NOT MET" } else { "" }
    );
}

/// The catalogue's day of 1,116 agents after ABIDES' RMSC-04.
fn day(rounds: u32) {
    let scenario = catalogue::find("rmsc-04").expect("Invariant: it is in the catalogue");
    let agents: u32 = scenario.market.agents.iter().map(|a| a.count).sum();
    let mut best: Option<(f64, f64)> = None;
    let (mut messages, mut events) = (0, 0);
    for _ in 0..rounds {
        let (world, wall, spent) = timed(|| {
            let mut world = World::open(&scenario.market, 0).expect("Invariant: the catalogue is valid");
            world.run();
            world
        });
        (messages, events) = (world.messages(), world.events());
        best = Some(best.map_or((wall, spent), |(w, s)| (wall.min(w), spent.min(s))));
    }
    let (wall, spent) = best.expect("Invariant: there is a round");
    println!(
        "a day of RMSC-04, {agents} agents, {messages} messages, {events} with agents' calls: {wall:.3} s wall, {spent:.2} s processor, promised \
         0.5{}",
        if wall.min(spent) > 0.5 { ", NOT MET" } else { "" }
    );
}

fn main() {
    let rounds = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(3).max(1);
    memory();
    many_books(rounds);
    day(rounds);
}
