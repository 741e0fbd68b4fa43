//! How many events per second `simulate` does: generation, FIFO matching, metrics and digest, on 1 and on 2 threads.
//!
//! `cargo run --release -p toprung-sim --example throughput [-- SCENARIO [EVENTS_MILLIONS [ROUNDS]]]`
//!
//! Threads take turns round by round, so that a busy machine disturbs both alike; the best round of each counts.
#![expect(clippy::print_stdout, reason = "an example that reports to a person")]

use std::sync::atomic::AtomicBool;

use toprung_sim::{Horizon, SimConfig, SimResult, scenarios, simulate};

fn run(config: &SimConfig, threads: u32) -> SimResult {
    let config = SimConfig { threads, ..config.clone() };
    simulate(&config, &AtomicBool::new(false), &|_| {}).expect("Invariant: scenarios are valid, see their test")
}

fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|l| l.strip_prefix("model name")).unwrap_or("").trim_matches([' ', '\t', ':']);
    let cores = std::thread::available_parallelism().map_or(0, |n| n.get());
    format!("{model}, {cores} cores, {} {}", std::env::consts::ARCH, std::env::consts::OS)
}

fn main() {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_else(|| "zi-baseline".to_owned());
    let millions: u64 = args.next().and_then(|a| a.parse().ok()).unwrap_or(16);
    let rounds: u32 = args.next().and_then(|a| a.parse().ok()).unwrap_or(5);
    let Some(scenario) = scenarios::find(&name) else {
        let names: Vec<_> = scenarios::all().iter().map(|s| s.name).collect();
        println!("no scenario `{name}`; there are {}", names.join(", "));
        return;
    };
    let books = scenario.config.books.max(4);
    let per_book = (millions * 1_000_000 / u64::from(books)).max(1);
    let config = SimConfig { books, horizon: Horizon::Events(per_book), ..scenario.config };

    println!("{}", machine());
    println!("{name}: {books} books of {per_book} events behind {} of warm-up each", config.warmup_events);
    let mut best = [0.0_f64; 2];
    let mut digests = Vec::new();
    for _ in 0..rounds {
        for (k, threads) in [1, 2].into_iter().enumerate() {
            let r = run(&config, threads);
            best[k] = best[k].max(r.events_per_second());
            digests.push(r.digest);
        }
    }
    for (threads, rate) in [1, 2].into_iter().zip(best) {
        println!(
            "{threads} thread(s): {:.2} M events/s, {:.1} ns per event and thread",
            rate / 1e6,
            1e9 * f64::from(threads) / rate
        );
    }
    println!("two threads over one: {:.2}", best[1] / best[0]);
    println!(
        "digest {}, {}",
        digests[0],
        if digests.iter().all(|d| *d == digests[0]) { "the same in every run" } else { "NOT THE SAME" }
    );

    let measured = run(&SimConfig { latency_sampling: Some(6), ..config }, 1);
    let m = &measured.metrics;
    println!(
        "spread {:.3} ticks, one tick {:.1} %, {} trades of {} events, touch {:.2} / {:.2} lots",
        m.mean_spread_ticks(),
        100.0 * m.one_tick_share(),
        m.trades,
        m.events,
        m.mean_bid_lots(),
        m.mean_ask_lots()
    );
    if let Some(l) = measured.latency.map(|h| h.summary()) {
        println!(
            "latency of one command, 1 in 64: p50 {} p99 {} p99.9 {} p99.99 {} max {} ns, of which the clock {} ns",
            l.p50_ns, l.p99_ns, l.p999_ns, l.p9999_ns, l.max_ns, l.clock_overhead_ns
        );
    }
}
