//! Million commands per second of every workload, best and median of interleaved rounds: for tuning.
#![expect(clippy::print_stdout, reason = "a command")]

use std::time::Instant;

use toprung_bench::messages::Messages;
use toprung_bench::{Workload, aggressive, balanced, balanced_random_ids, cancel_heavy, collide, deep, referee};
use toprung_book::{Book, BookConfig, EventColumns, ReplacePriority};

fn run(workload: &Workload, batch: usize) -> f64 {
    let config = BookConfig { replace_priority: ReplacePriority::LoseAlways, ..BookConfig::default() };
    let mut book = Book::new(config);
    book.apply_batch(&workload.preload, &mut ());
    let mut columns = EventColumns::with_capacity(4 * batch);
    let start = Instant::now();
    for cmds in workload.commands.chunks(batch) {
        columns.clear();
        book.apply_batch(cmds, &mut columns);
    }
    workload.commands.len() as f64 / start.elapsed().as_secs_f64() / 1e6
}

/// Through the referee's messages and reports.
fn run_referee(workload: &Workload, messages: &Messages) -> f64 {
    let mut engine = Messages::engine();
    let start = Instant::now();
    assert_eq!(messages.run(&mut engine), workload.commands.len() as u64);
    workload.commands.len() as f64 / start.elapsed().as_secs_f64() / 1e6
}

fn main() {
    let only: Vec<String> = std::env::args().skip(1).collect();
    let rounds = std::env::var("ROUNDS").ok().and_then(|r| r.parse().ok()).unwrap_or(9);
    let n = 2_000_000;
    let wanted = |name: &str| only.is_empty() || only.iter().any(|o| o == name);
    let shapes: [(&str, fn(usize) -> Workload); 6] = [
        ("balanced", balanced),
        ("random-ids", balanced_random_ids),
        ("colliding-ids", collide),
        ("cancel-heavy", cancel_heavy),
        ("aggressive", aggressive),
        ("deep", deep),
    ];
    let mut workloads: Vec<Workload> =
        shapes.iter().filter(|(name, _)| wanted(name)).map(|(_, make)| make(n)).collect();
    workloads.extend(referee::SCENARIOS.iter().filter(|s| wanted(s.name)).map(|&s| referee::flow(s, 23, n / 2)));
    let messages: Vec<Messages> = workloads.iter().map(Messages::of).collect();
    let mut results = vec![Vec::new(); workloads.len()];
    for _ in 0..rounds {
        for ((w, m), r) in workloads.iter().zip(&messages).zip(&mut results) {
            let referee = referee::SCENARIOS.iter().any(|s| s.name == w.name);
            r.push(if referee { run_referee(w, m) } else { run(w, 4096) });
        }
    }
    for (w, r) in workloads.iter().zip(&mut results) {
        r.sort_by(f64::total_cmp);
        let mut book = Book::default();
        let mut most = 0;
        for cmd in w.preload.iter().chain(&w.commands) {
            book.apply(cmd, &mut ());
            most = most.max(book.order_count());
        }
        println!(
            "{:26} best {:6.1}  median {:6.1} M/s   most orders {most}  memory {} KiB",
            w.name,
            r[r.len() - 1],
            r[r.len() / 2],
            book.memory_bytes() >> 10
        );
    }
}
