//! How the core's speed depends on what it is given, as one JSON document; `npm run bench -- curves` makes the tables.
//!
//! `curves [ROUNDS [DEEPEST]]`: five rounds and books of up to 10^DEEPEST orders, 7 by default. Every round is kept. Rates of
//! one thread are per second of its processor time, since a machine may be shared.
//!
//! - **depth**: rate in batches, latency one by one and bytes per order on books of 10² orders and more;
//! - **load**: latency of commands that are due at even times, whether or not the one before is done (open loop): its wait
//!   is in it. The closed loop beside it times each command from when it was begun;
//! - **threads** and **books**: a simulation of 64 books on more threads, and commands to ever more books in turn.
#![expect(clippy::print_stdout, reason = "a command: the document is its output")]

use std::hint::black_box;
use std::sync::atomic::AtomicBool;

use serde_json::{Value, json};
use toprung_bench::random::Random;
use toprung_bench::{BATCH, Workload, balanced, of_depth, small_book};
use toprung_book::{Book, Command, EventColumns, Side};
use toprung_sim::{Horizon, SimConfig, scenarios, simulate};
use toprung_trace::{LatencyHistogram, Stopwatch, thread_cpu_ns};

/// Commands of a round.
const COMMANDS: usize = 500_000;
/// Commands a second that are due in the open loop, in millions.
const LOADS: [f64; 9] = [0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 16.0, 24.0];
/// Books that are visited in turn.
const BOOKS: [usize; 6] = [1, 10, 100, 1_000, 10_000, 100_000];

/// Millions of commands per second of this thread's processor time in `f`.
fn rate(commands: usize, f: impl FnOnce()) -> f64 {
    let start = thread_cpu_ns();
    f();
    commands as f64 / (thread_cpu_ns() - start) as f64 * 1e3
}

fn batched(workload: &Workload, book: &mut Book, columns: &mut EventColumns) -> f64 {
    rate(workload.commands.len(), || {
        for cmds in workload.commands.chunks(BATCH) {
            columns.clear();
            book.apply_batch(cmds, columns);
            black_box(columns.len());
        }
    })
}

fn summary(histogram: &LatencyHistogram) -> Value {
    let s = histogram.summary();
    json!({ "p50": s.p50_ns, "p99": s.p99_ns, "p999": s.p999_ns, "max": s.max_ns })
}

/// Every command timed from its own beginning.
fn closed(workload: &Workload) -> LatencyHistogram {
    let (mut book, mut histogram) = (workload.loaded(), LatencyHistogram::new());
    let mut columns = EventColumns::with_capacity(8 * BATCH);
    for cmds in workload.commands.chunks(BATCH) {
        columns.clear();
        for cmd in cmds {
            let watch = Stopwatch::start();
            book.apply(cmd, &mut columns);
            histogram.record(watch.elapsed_ns());
        }
    }
    histogram
}

/// Every command timed from when it was due: `per_second` of them at even times. What was done per second comes with it.
fn open(workload: &Workload, per_second: f64) -> (LatencyHistogram, f64) {
    let (mut book, mut histogram) = (workload.loaded(), LatencyHistogram::new());
    let mut columns = EventColumns::with_capacity(8 * BATCH);
    let (watch, step) = (Stopwatch::start(), 1e9 / per_second);
    for (i, cmd) in workload.commands.iter().enumerate() {
        let due = (i as f64 * step) as u64;
        while watch.elapsed_ns() < due {
            std::hint::spin_loop();
        }
        if i % BATCH == 0 {
            columns.clear();
        }
        book.apply(cmd, &mut columns);
        histogram.record(watch.elapsed_ns() - due);
    }
    (histogram, workload.commands.len() as f64 / watch.elapsed_ns() as f64 * 1e3)
}

fn depth(rounds: usize, deepest: u32) -> Vec<Value> {
    // One after the other, since the deepest takes a gigabyte; the rounds of one are together.
    (2..=deepest)
        .map(|exponent| {
            let workload = of_depth(10usize.pow(exponent), COMMANDS);
            let loaded = workload.loaded();
            let bytes = loaded.memory_bytes() as f64 / loaded.order_count() as f64;
            let mut columns = EventColumns::with_capacity(8 * BATCH);
            let rates: Vec<f64> = (0..rounds).map(|_| batched(&workload, &mut loaded.clone(), &mut columns)).collect();
            json!({
                "orders": loaded.order_count(), "rates": rates, "bytesPerOrder": bytes,
                "latency": summary(&closed(&workload)),
            })
        })
        .collect()
}

fn load(rounds: usize) -> Value {
    let workload = balanced(COMMANDS);
    let alone = closed(&workload);
    let mut found: Vec<(LatencyHistogram, Vec<f64>)> = LOADS.map(|_| (LatencyHistogram::new(), Vec::new())).into();
    for _ in 0..rounds {
        for ((histogram, done), per_second) in found.iter_mut().zip(LOADS) {
            // A fifth of a second at most.
            let count = COMMANDS.min((per_second * 2e5) as usize);
            let part = Workload { commands: workload.commands[..count].to_vec(), ..workload.clone() };
            let (latency, rate) = open(&part, per_second * 1e6);
            histogram.merge(&latency);
            done.push(rate);
        }
    }
    let at: Vec<Value> = found
        .iter()
        .zip(LOADS)
        .map(|((histogram, done), due)| json!({ "due": due, "done": done, "latency": summary(histogram) }))
        .collect();
    json!({ "clockOverheadNs": alone.summary().clock_overhead_ns, "closed": summary(&alone), "open": at })
}

fn threads(rounds: usize) -> Vec<Value> {
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get() as u32);
    let mut counts: Vec<u32> = (0..).map(|k| 1 << k).take_while(|n| *n < cores).collect();
    counts.push(cores);
    let base = scenarios::all().into_iter().next().map_or_else(SimConfig::default, |s| s.config);
    let mut rates = vec![Vec::new(); counts.len()];
    for _ in 0..rounds {
        for (found, threads) in rates.iter_mut().zip(&counts) {
            let config = SimConfig { threads: *threads, books: 64, horizon: Horizon::Events(20_000), ..base.clone() };
            let result = simulate(&config, &AtomicBool::new(false), &|_| {}).expect("the scenarios are valid");
            found.push(result.events_per_second() / 1e6);
        }
    }
    counts.iter().zip(rates).map(|(threads, rates)| json!({ "threads": threads, "rates": rates })).collect()
}

/// An order at the touch and its cancel, to one book after the other.
fn books(rounds: usize) -> Vec<Value> {
    let mut random = Random::new(5);
    BOOKS
        .iter()
        .map(|&count| {
            let mut all: Vec<Book> = (0..count).map(|_| small_book(&mut random)).collect();
            let bytes = all.iter().map(Book::memory_bytes).sum::<usize>() as f64 / count as f64;
            let mut next = 1_000;
            let mut round = || {
                for i in 0..COMMANDS / 2 {
                    let book = &mut all[i % count];
                    next += 1;
                    book.apply(&Command::limit(next, Side::Buy, 9_999, 1), &mut ());
                    book.apply(&Command::cancel(next), &mut ());
                }
            };
            let rates: Vec<f64> = (0..rounds).map(|_| rate(COMMANDS, &mut round)).collect();
            json!({ "books": count, "rates": rates, "bytesPerBook": bytes })
        })
        .collect()
}

fn main() {
    let mut args = std::env::args().skip(1).map(|n| n.parse().ok());
    let rounds = args.next().flatten().unwrap_or(5).max(1);
    let deepest = args.next().flatten().unwrap_or(7).clamp(2, 8);
    let document = json!({
        "depth": depth(rounds, deepest as u32), "load": load(rounds), "threads": threads(rounds), "books": books(rounds),
    });
    println!("{document}");
}
