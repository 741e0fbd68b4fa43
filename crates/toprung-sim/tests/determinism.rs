//! (config, seed) determines every event: for any number of threads, and for every book alone.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use toprung_sim::{
    BookSettings, FlowConfig, Horizon, PolicySettings, Progress, SampleSettings, SantaFeConfig, SeasonConfig,
    SimConfig, SimResult, scenarios, simulate,
};

fn run(config: &SimConfig) -> SimResult {
    simulate(config, &AtomicBool::new(false), &|_| {}).unwrap()
}

fn small() -> SimConfig {
    SimConfig {
        books: 13,
        horizon: Horizon::Events(5_000),
        warmup_events: 500,
        samples: SampleSettings { rows: 64, books: 4, depth_ticks: 5 },
        ..SimConfig::default()
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    for scenario in scenarios::all() {
        let config = SimConfig { books: 13, horizon: Horizon::Events(5_000), warmup_events: 500, ..scenario.config };
        let one = run(&SimConfig { threads: 1, ..config.clone() });
        for threads in [2, 3, 7] {
            let other = run(&SimConfig { threads, ..config.clone() });
            assert_eq!(other.threads, threads);
            assert_eq!(one.digest, other.digest, "{} on {threads} threads", scenario.name);
            assert_eq!(one.metrics, other.metrics);
            for (a, b) in one.books.iter().zip(&other.books) {
                assert_eq!((a.digest, &a.metrics, &a.samples), (b.digest, &b.metrics, &b.samples));
            }
        }
    }
}

#[test]
fn the_number_of_threads_changes_nothing_under_any_model() {
    for flow in FlowConfig::defaults() {
        let season = Some(SeasonConfig { session_ns: 10_000_000_000, open_to_noon: 2.0 });
        let config = SimConfig { flow, season, books: 7, horizon: Horizon::Events(2_000), ..small() };
        let one = run(&SimConfig { threads: 1, ..config.clone() });
        for threads in [2, 3, 7] {
            assert_eq!(one.digest, run(&SimConfig { threads, ..config.clone() }).digest, "{:?}", config.flow);
        }
        let digests: std::collections::HashSet<_> = one.books.iter().map(|b| b.digest).collect();
        assert_eq!(digests.len(), 7, "no two books are alike: {:?}", config.flow);
    }
}

/// What each model gives is part of the product, as Santa Fe's digest is.
#[test]
fn the_digests_of_the_models_are_pinned() {
    let digests: Vec<String> = FlowConfig::defaults()
        .into_iter()
        .map(|flow| run(&SimConfig { flow, books: 2, horizon: Horizon::Events(3_000), ..small() }).digest.to_string())
        .collect();
    assert_eq!(digests, PINNED);
}

const PINNED: [&str; 9] = [
    "98c92141b2f14cb291ffe5e52a60e052",
    "b4ae8a52a9b6a620f8cce32d673a9b97",
    "d0da3ad315077e78284d9625b97fd76e",
    "fcffa33c3e6737fc4c450063d3c6fe58",
    "06c7797ba46969ba2d5cb3ef482aa92b",
    "673b7057de4b6e7a16463a67bb7e17cc",
    "efe2a263e4847cc9fba6c4b935f5cdbf",
    "50a35779a08972377c04b26f5b3ea1a7",
    "0cf171de24515a4de5e78c784dc539e8",
];

#[test]
fn a_book_does_not_depend_on_how_many_others_there_are() {
    let many = run(&small());
    for books in [1, 5, 12] {
        let few = run(&SimConfig { books, ..small() });
        for (a, b) in few.books.iter().zip(&many.books) {
            assert_eq!((a.digest, &a.metrics), (b.digest, &b.metrics));
        }
    }
    let digests: std::collections::HashSet<_> = many.books.iter().map(|b| b.digest).collect();
    assert_eq!(digests.len(), many.books.len(), "no two books are alike");
}

#[test]
fn seed_streams_and_policy_change_the_events_and_measuring_does_not() {
    let base = run(&small());
    let samples = SampleSettings { rows: 0, books: 0, depth_ticks: 1 };
    assert_eq!(run(&SimConfig { samples, latency_sampling: Some(0), ..small() }).digest, base.digest);
    let flow = FlowConfig::SantaFe(SantaFeConfig { order_size: 10, ..SantaFeConfig::default() });
    let pro_rata = BookSettings { policy: PolicySettings::ProRata { min_lot: 1 }, ..BookSettings::default() };
    let fifo_ten = run(&SimConfig { flow: flow.clone(), ..small() }).digest;
    let others = [
        run(&SimConfig { seed: 2, ..small() }).digest,
        run(&SimConfig { streams: "other".to_owned(), ..small() }).digest,
        fifo_ten,
        run(&SimConfig { flow, book: pro_rata, ..small() }).digest,
    ];
    assert!(others.iter().all(|d| *d != base.digest));
    assert_ne!(others[2], others[3]);
}

/// The digest is part of the product: golden runs compare against it on every platform.
#[test]
fn the_digest_of_a_run_is_pinned() {
    assert_eq!(run(&small()).digest.to_string(), "152fbdf9f41022c204871d0e8d3e7394");
}

#[test]
fn a_horizon_in_time_ends_at_that_time() {
    let config = SimConfig { horizon: Horizon::DurationNs(500_000_000), ..small() };
    let r = run(&config);
    assert!(!r.cancelled);
    for b in &r.books {
        assert_eq!(b.metrics.time_ns, 500_000_000);
        // 16,000 events a second, Poisson-like.
        assert!((b.metrics.events as f64 - 8000.0).abs() < 1000.0, "{}", b.metrics.events);
    }
    let s = r.books[0].samples.as_ref().unwrap();
    assert_eq!(s.rows.len(), 64);
    assert!(s.rows.last().unwrap().time_ns <= 500_000_000);
    assert_eq!(r.books[4].samples, None, "rows are kept for the first four books");
}

/// Stopping the run at every possible length must not change what came before.
#[test]
fn a_shorter_run_is_the_beginning_of_a_longer_one() {
    let of = |n| run(&SimConfig { books: 1, horizon: Horizon::Events(n), ..small() }).metrics;
    let (a, b) = (of(1000), of(2000));
    assert_eq!(a.events, 1000);
    assert!(a.time_ns < b.time_ns && a.trades <= b.trades && a.volume <= b.volume);
}

/// Cancels a run of `config` after `run_for` and says how long it took to stop.
fn cancelled_after(config: &SimConfig, run_for: Duration) -> (SimResult, Duration) {
    let cancel = AtomicBool::new(false);
    std::thread::scope(|s| {
        let run = s.spawn(|| (simulate(config, &cancel, &|_| {}).unwrap(), Instant::now()));
        std::thread::sleep(run_for);
        let asked = Instant::now();
        cancel.store(true, Ordering::Relaxed);
        let (result, ended) = run.join().unwrap();
        (result, ended.saturating_duration_since(asked))
    })
}

#[test]
fn a_cancelled_run_stops_at_once_with_a_valid_part_of_the_result() {
    // One level of very many orders that every market order visits: the most work that one command can be.
    let flow = SantaFeConfig {
        limit_rate: 1000.0,
        market_rate: 200.0,
        cancel_rate: 0.0,
        window_ticks: 1,
        order_size: 1 << 20,
        ..SantaFeConfig::default()
    };
    let pro_rata = BookSettings { policy: PolicySettings::ProRata { min_lot: 0 }, ..BookSettings::default() };
    let long = SimConfig { books: 200, horizon: Horizon::Events(1 << 30), threads: 2, ..small() };
    let crowded = SimConfig { flow: FlowConfig::SantaFe(flow), book: pro_rata, warmup_events: 0, ..long.clone() };
    for config in [long, crowded] {
        // A busy machine may take the processor away from one attempt, but not from three.
        let attempts: Vec<_> = (0..3).map(|_| cancelled_after(&config, Duration::from_millis(150))).collect();
        let stopped = attempts.iter().map(|(_, t)| *t).min().unwrap();
        assert!(stopped < Duration::from_millis(100), "stopped after {stopped:?}");
        for (r, _) in attempts {
            assert!(r.cancelled && r.books.len() == 200 && r.books.iter().all(|b| !b.complete));
            assert!(r.events > 0);
            assert_eq!(r.events, r.books.iter().map(|b| b.warmup_events + b.metrics.events).sum::<u64>());
            assert!(r.books[0].samples.as_ref().is_none_or(|s| s.rows.len() <= 64));
        }
    }
}

#[test]
fn a_run_that_is_cancelled_before_it_starts_is_empty_and_valid() {
    let r = simulate(&small(), &AtomicBool::new(true), &|_| {}).unwrap();
    assert!(r.cancelled && r.events == 0 && r.books.len() == 13 && r.metrics == toprung_sim::Metrics::default());
}

#[test]
fn progress_is_rare_grows_and_ends_at_one() {
    let config = SimConfig { books: 4, horizon: Horizon::Events(400_000), threads: 1, ..small() };
    let seen: Mutex<Vec<(Progress, Instant)>> = Mutex::default();
    let began = Instant::now();
    let r = simulate(&config, &AtomicBool::new(false), &|p| seen.lock().unwrap().push((p, Instant::now()))).unwrap();
    let seen = seen.into_inner().unwrap();
    let (last, _) = seen.last().unwrap();
    assert_eq!((last.events_done, last.events_total), (r.events, r.events));
    assert_eq!(last.fraction(), 1.0);
    assert!(seen.is_sorted_by_key(|(p, _)| p.events_done));
    assert!(seen.len() as f64 <= began.elapsed().as_secs_f64() * 10.0 + 2.0, "{} reports", seen.len());
}

#[test]
fn latency_is_sampled_when_asked_for() {
    let r = run(&SimConfig { latency_sampling: Some(2), ..small() });
    let by_kind = r.latency_by_kind.unwrap();
    let s = r.latency.unwrap().summary();
    let counts: Vec<_> = by_kind.iter().map(|(kind, h)| (kind, h.count())).collect();
    // Limit orders, market orders and cancels: what the model sends.
    assert_eq!(counts.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(counts.iter().map(|(_, n)| n).sum::<u64>(), s.count);
    assert_eq!(s.count, 13 * 5_000 / 4);
    assert!(s.p50_ns > 0 && s.p50_ns <= s.p99_ns && s.clock_overhead_ns > 0);
    let unmeasured = run(&small());
    assert!(unmeasured.latency.is_none() && unmeasured.latency_over_time.is_empty());
}

#[test]
fn latency_over_time_is_of_the_first_book_from_the_end_of_its_warm_up() {
    let config = SimConfig { books: 2, warmup_events: 5_000, latency_sampling: Some(3), ..small() };
    for horizon in [Horizon::Events(100_000), Horizon::DurationNs(20_000_000_000)] {
        let r = run(&SimConfig { horizon, ..config.clone() });
        let parts = &r.latency_over_time;
        let first = &r.books[0].metrics;
        assert!(parts.len() > 4, "{horizon:?}: {} parts", parts.len());
        assert_eq!(parts.iter().map(|part| part.latency.count).sum::<u64>(), first.events / 8);
        assert!(parts.is_sorted_by_key(|part| part.until_ns));
        assert_eq!(parts.last().map(|part| part.until_ns), Some(first.time_ns as u64));
    }
}

/// Markets that are mostly or always empty, at the edges of what is allowed.
#[test]
fn odd_markets_run_to_their_end() {
    let flow = SantaFeConfig {
        limit_rate: 100.0,
        market_rate: 50.0,
        cancel_rate: 1.0,
        window_ticks: 10,
        ..SantaFeConfig::default()
    };
    let odd = [
        SantaFeConfig { limit_rate: 0.0, ..flow.clone() },
        SantaFeConfig { market_rate: 0.0, ..flow.clone() },
        SantaFeConfig { cancel_rate: 0.0, ..flow.clone() },
        SantaFeConfig { market_rate: 0.0, cancel_rate: 0.0, ..flow.clone() },
        SantaFeConfig { market_rate: 1e6, ..flow.clone() },
        SantaFeConfig { cancel_rate: 100_000.0, ..flow.clone() },
        SantaFeConfig { cancel_rate: 1e-9, ..flow.clone() },
        SantaFeConfig { limit_rate: 1e-9, ..flow.clone() },
        SantaFeConfig { window_ticks: 1, ..flow.clone() },
        SantaFeConfig { window_ticks: 1_000_000, ..flow.clone() },
        SantaFeConfig { limit_rate: 249.0, window_ticks: 1_000_000, cancel_rate: 100_000.0, ..flow.clone() },
        SantaFeConfig { reference_price: -(1 << 50), order_size: 1 << 20, ..flow.clone() },
        SantaFeConfig { reference_price: 1 << 50, ..flow },
    ];
    for (k, flow) in odd.into_iter().enumerate() {
        for max_orders in [1, 50, 1 << 20] {
            let book = BookSettings { max_orders, ..BookSettings::default() };
            let config = SimConfig { flow: FlowConfig::SantaFe(flow.clone()), book, books: 2, ..small() };
            let r = run(&config);
            assert_eq!(r.metrics.events, 2 * 5_000, "market {k}");
            assert_eq!(r.digest, run(&SimConfig { threads: 1, ..config }).digest);
            assert!(r.books.iter().all(|b| b.resting_orders <= max_orders.into()));
        }
    }
}
