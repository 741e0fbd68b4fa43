//! Measures what the project promises of its Rust core and prints one JSON document. `npm run bench` makes the table.
//!
//! Rates are taken in interleaved rounds: every workload once, then every workload again, so that a busy minute of the
//! machine falls on all alike. The document keeps every round.
//!
//! `targets [ROUNDS [NAME...]]`: seven rounds and everything by default; names limit it to those rates, for tuning.
#![expect(clippy::print_stdout, reason = "a command: the document is its output")]

use std::hint::black_box;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use serde_json::{Value, json};
use toprung_bench::messages::Messages;
use toprung_bench::random::Random;
use toprung_bench::{
    BATCH, Workload, aggressive, balanced, balanced_random_ids, cancel_heavy, collide, deep, referee, replays,
    small_book,
};
use toprung_book::{Book, BookConfig, EventColumns, OrderType, Policy, Side, Venue, VenueCommand, VenueConfig};
use toprung_data::dataset::{DatasetOptions, DatasetWriter};
use toprung_data::journal::{JournalConfig, JournalOptions, JournaledBook};
use toprung_sim::{Horizon, SimConfig, scenarios, simulate, simulate_observed};
use toprung_trace::{LatencyHistogram, Stopwatch};

const COMMANDS: usize = 2_000_000;

/// One round: how many things were done, in how many seconds.
type Round = Box<dyn FnMut() -> (usize, f64)>;

/// Something whose rate is measured. Its workload is made only when it is wanted.
struct Subject {
    name: String,
    /// What is counted, per second in millions.
    what: &'static str,
    prepare: Box<dyn FnOnce() -> Round>,
}

fn timed(n: usize, f: impl FnOnce()) -> (usize, f64) {
    let start = Instant::now();
    f();
    (n, start.elapsed().as_secs_f64())
}

fn on_book(name: &str, make: impl FnOnce() -> Workload + 'static, policy: Policy) -> Subject {
    let prepare = move || -> Round {
        let workload = make();
        let config = BookConfig { policy, ..workload.config.clone() };
        let mut columns = EventColumns::with_capacity(8 * BATCH);
        Box::new(move || {
            let mut book = workload.loaded_with(config.clone());
            timed(workload.commands.len(), || {
                for cmds in workload.commands.chunks(BATCH) {
                    columns.clear();
                    book.apply_batch(cmds, &mut columns);
                    black_box(columns.len());
                }
            })
        })
    };
    Subject { name: name.to_owned(), what: "commands", prepare: Box::new(prepare) }
}

/// The same flow through a venue: with nothing but plain orders, or with stops far away that keep it from being quiet.
fn on_venue(name: &str, make: impl FnOnce() -> Workload + 'static, stops: u64) -> Subject {
    let prepare = move || -> Round {
        let workload = make();
        let config = VenueConfig { book: workload.config.clone(), ..VenueConfig::default() };
        let mut columns = EventColumns::with_capacity(8 * BATCH);
        Box::new(move || {
            let mut venue = Venue::new(config.clone());
            venue.apply_plain(&workload.preload, &mut ());
            for id in 0..stops {
                let stop =
                    VenueCommand::enter(OrderType::Stop, u64::MAX - id, Side::Buy, 0, 1).with_stop_price(i64::MAX);
                venue.apply(&stop, &mut ());
            }
            timed(workload.commands.len(), || {
                for cmds in workload.commands.chunks(BATCH) {
                    columns.clear();
                    venue.apply_plain(cmds, &mut columns);
                    black_box(columns.len());
                }
            })
        })
    };
    Subject { name: name.to_owned(), what: "commands", prepare: Box::new(prepare) }
}

/// A journalled book with group fsync: the time includes making the last group durable.
fn journalled() -> Subject {
    let prepare = || -> Round {
        let workload = balanced(COMMANDS);
        let config = JournalConfig { instrument: "balanced".to_owned(), book: workload.config.clone() };
        let dir = std::env::temp_dir().join(format!("toprung-bench-journal-{}", std::process::id()));
        let mut columns = EventColumns::with_capacity(8 * BATCH);
        Box::new(move || {
            let mut book =
                JournaledBook::create(&dir, &config, &JournalOptions::default()).expect("the folder can be written");
            book.apply_batch(&workload.preload, &mut ()).expect("the disk has room");
            book.flush().expect("the disk has room");
            let round = timed(workload.commands.len(), || {
                for cmds in workload.commands.chunks(BATCH) {
                    columns.clear();
                    book.apply_batch(cmds, &mut columns).expect("the disk has room");
                    black_box(columns.len());
                }
                book.flush().expect("the disk has room");
            });
            drop(book);
            std::fs::remove_dir_all(&dir).expect("the folder is the benchmark's own");
            round
        })
    };
    Subject { name: "journalled, group fsync".to_owned(), what: "commands", prepare: Box::new(prepare) }
}

fn on_referee(scenario: referee::Scenario) -> Subject {
    let prepare = move || -> Round {
        let workload = referee::flow(scenario, 23, COMMANDS / 2);
        let messages = Messages::of(&workload);
        Box::new(move || {
            let mut engine = Messages::engine();
            timed(workload.commands.len(), || {
                black_box(messages.run(&mut engine));
            })
        })
    };
    Subject { name: format!("referee {}", scenario.name), what: "messages", prepare: Box::new(prepare) }
}

fn on_simulation(threads: u32) -> Subject {
    let prepare = move || -> Round {
        let base = scenarios::all().into_iter().next().map_or_else(SimConfig::default, |s| s.config);
        let config = SimConfig { threads, books: 64, horizon: Horizon::Events(100_000), ..base };
        Box::new(move || {
            let result = simulate(&config, &AtomicBool::new(false), &|_| {}).expect("the scenarios are valid");
            (result.events as usize, result.elapsed_ns as f64 * 1e-9)
        })
    };
    Subject { name: format!("simulate, {threads} thread(s)"), what: "events", prepare: Box::new(prepare) }
}

/// A run with every table written as Parquet, on all cores: rows per second with the run itself.
fn on_export() -> Subject {
    let prepare = || -> Round {
        let base = scenarios::all().into_iter().next().map_or_else(SimConfig::default, |s| s.config);
        let config = SimConfig { books: 8, horizon: Horizon::Events(250_000), ..base };
        let folder = std::env::temp_dir().join(format!("toprung-bench-export-{}", std::process::id()));
        Box::new(move || {
            let began = Instant::now();
            let options = DatasetOptions { folder: folder.clone(), ..DatasetOptions::default() };
            let writer = DatasetWriter::create(options).expect("the folder can be written");
            let never = AtomicBool::new(false);
            simulate_observed(&config, &never, &|_| {}, &writer).expect("the scenarios are valid");
            let manifest = writer.finish(Value::Null).expect("the disk has room");
            let seconds = began.elapsed().as_secs_f64();
            std::fs::remove_dir_all(&folder).expect("the folder is the benchmark's own");
            (manifest.tables.values().map(|t| t.rows as usize).sum(), seconds)
        })
    };
    Subject { name: "export to Parquet".to_owned(), what: "rows", prepare: Box::new(prepare) }
}

fn subjects() -> Vec<Subject> {
    let fifo = Policy::fifo;
    let mut all = vec![
        on_book("balanced", || balanced(COMMANDS), fifo()),
        on_venue("balanced, quiet venue", || balanced(COMMANDS), 0),
        on_venue("balanced, venue with 1,000 stops", || balanced(COMMANDS), 1000),
        on_book("balanced, random ids", || balanced_random_ids(COMMANDS), fifo()),
        on_book("balanced, colliding ids", || collide(COMMANDS), fifo()),
        on_book("cancel-heavy", || cancel_heavy(COMMANDS), fifo()),
        on_book("aggressive", || aggressive(COMMANDS), fifo()),
        on_book("deep, a million orders", || deep(COMMANDS), fifo()),
        on_venue("deep, quiet venue", || deep(COMMANDS), 0),
        on_book("balanced, pro-rata", || balanced(COMMANDS), Policy::pro_rata(2)),
        journalled(),
    ];
    all.extend(replays().into_iter().map(|w| on_book(&format!("replay {}", w.name), || w, fifo())));
    all.extend(referee::SCENARIOS.map(on_referee));
    all.extend([1, 2].map(on_simulation));
    all.push(on_export());
    all
}

fn rates(rounds: usize, only: &[String]) -> Vec<Value> {
    let mut subjects = subjects();
    subjects.retain(|s| only.is_empty() || only.contains(&s.name));
    let mut running: Vec<(String, &str, Round, Vec<f64>)> =
        subjects.into_iter().map(|s| (s.name, s.what, (s.prepare)(), Vec::new())).collect();
    for _ in 0..rounds {
        for (_, _, round, rates) in &mut running {
            let (n, seconds) = round();
            rates.push(n as f64 / seconds / 1e6);
        }
    }
    let row = |(name, what, _, rounds): (String, &str, Round, Vec<f64>)| {
        let mut sorted = rounds.clone();
        sorted.sort_by(f64::total_cmp);
        let (best, median) = (sorted[sorted.len() - 1], sorted[sorted.len() / 2]);
        json!({ "name": name, "unit": format!("M {what}/s"), "best": best, "median": median, "rounds": rounds })
    };
    running.into_iter().map(row).collect()
}

/// Latency of every command of the balanced flow, one by one, with the clock read before and after.
fn latency() -> Value {
    let workload = balanced(COMMANDS);
    let mut book = workload.loaded();
    let mut columns = EventColumns::with_capacity(8 * BATCH);
    let mut histogram = LatencyHistogram::new();
    for cmds in workload.commands.chunks(BATCH) {
        columns.clear();
        for cmd in cmds {
            let watch = Stopwatch::start();
            book.apply(cmd, &mut columns);
            histogram.record(watch.elapsed_ns());
        }
    }
    let s = histogram.summary();
    json!({
        "workload": workload.name, "count": s.count, "clockOverheadNs": s.clock_overhead_ns, "meanNs": s.mean_ns,
        "p50Ns": s.p50_ns, "p90Ns": s.p90_ns, "p99Ns": s.p99_ns, "p999Ns": s.p999_ns, "p9999Ns": s.p9999_ns, "maxNs": s.max_ns,
        "histogram": histogram.buckets().collect::<Vec<_>>(),
    })
}

/// Bytes that books take, as they report it; `bench/tests/memory.rs` checks the reports against the allocator.
fn memory() -> Value {
    let deep = deep(0).loaded();
    let mut random = Random::new(5);
    let small = (0..100_000).map(|_| small_book(&mut random).memory_bytes());
    json!({
        "emptyBookBytes": Book::default().memory_bytes(),
        "bytesPerOrder": deep.memory_bytes() as f64 / deep.order_count() as f64,
        "hundredThousandBooksOfTenOrdersMiB": small.sum::<usize>() as f64 / f64::from(1 << 20),
    })
}

fn main() {
    let mut args = std::env::args().skip(1);
    let rounds = args.next().and_then(|n| n.parse().ok()).unwrap_or(7).max(1);
    let only: Vec<String> = args.collect();
    let rates = rates(rounds, &only);
    let document = if only.is_empty() {
        json!({ "rates": rates, "latency": latency(), "memory": memory() })
    } else {
        json!({ "rates": rates })
    };
    println!("{document}");
}
