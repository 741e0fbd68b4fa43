//! The Santa Fe flow against numbers that were computed elsewhere.
//!
//! The oracle is the table of an independent counted-book simulation of the model (60 M events to a cell; SIMULATION.md
//! §1.1), itself good to about half a percent. Independent books are the blocks of the standard error.

use std::sync::atomic::AtomicBool;

use toprung_sim::{FlowConfig, Horizon, SampleSettings, SantaFeConfig, SimConfig, SimResult, simulate};

/// Relative accuracy of the oracle: what its two implementations differ by.
const ORACLE: f64 = 0.005;

fn run(epsilon: f64, tick: f64, books: u32, events: u64, seed: u64) -> SimResult {
    let config = SimConfig {
        seed,
        books,
        horizon: Horizon::Events(events),
        // At least twelve times 1/δ.
        warmup_events: 20_000,
        flow: FlowConfig::SantaFe(SantaFeConfig::from_scales(1000.0, epsilon, tick)),
        samples: SampleSettings { rows: 0, books: 0, depth_ticks: 1 },
        ..SimConfig::default()
    };
    simulate(&config, &AtomicBool::new(false), &|_| {}).unwrap()
}

/// Mean over the books and its standard error.
fn over_books(r: &SimResult, value: impl Fn(&toprung_sim::Metrics) -> f64) -> (f64, f64) {
    let xs: Vec<f64> = r.books.iter().map(|b| value(&b.metrics)).collect();
    let n = xs.len() as f64;
    let mean = xs.iter().sum::<f64>() / n;
    (mean, (xs.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0) / n).sqrt())
}

#[track_caller]
fn agrees(what: &str, (mean, se): (f64, f64), oracle: f64) {
    let bound = 3.0 * se + ORACLE * oracle;
    eprintln!("{what}: {mean:.5} ± {se:.5}, oracle {oracle}");
    assert!((mean - oracle).abs() <= bound, "{what}: {mean:.5} ± {se:.5}, oracle {oracle}, bound {bound:.5}");
    // A test that could not tell would be no test.
    assert!(se < 0.01 * oracle, "{what}: standard error {se} is too large to say anything");
}

#[test]
fn spread_of_a_small_tick_market() {
    let r = run(0.02, 0.01, 32, 400_000, 1);
    let (mean, se) = over_books(&r, |m| m.mean_spread_ticks() / 100.0);
    agrees("spread / p_c at dp/p_c = 0.01", (mean, se), 0.4970);
}

/// The coarser the orders, the wider the market: the rows of the table that are quick to reach.
#[test]
fn spread_grows_with_granularity_as_tabulated() {
    for (epsilon, oracle) in [(0.05, 0.5543), (0.1, 0.6316), (0.2, 0.7637)] {
        let r = run(epsilon, 0.01, 32, 80_000, 5);
        let (mean, se) = over_books(&r, |m| m.mean_spread_ticks() / 100.0);
        agrees(&format!("spread / p_c at ε = {epsilon}"), (mean, se), oracle);
    }
}

#[test]
fn spread_of_a_medium_tick_market() {
    let r = run(0.02, 0.2, 32, 200_000, 2);
    agrees("spread at dp/p_c = 0.2", over_books(&r, |m| m.mean_spread_ticks()), 2.97);
}

#[test]
fn spread_and_one_tick_share_of_a_large_tick_market() {
    let r = run(0.02, 1.0, 32, 200_000, 3);
    agrees("spread at dp/p_c = 1", over_books(&r, |m| m.mean_spread_ticks()), 1.07);
    agrees("P(S = 1) at dp/p_c = 1", over_books(&r, |m| m.one_tick_share()), 0.929);
}

/// In the long run as many orders leave as arrive, and market orders take their share: counts follow from the rates alone.
#[test]
fn counts_follow_from_the_rates() {
    let r = run(0.02, 0.05, 16, 100_000, 4);
    let m = &r.metrics;
    let seconds = m.time_ns as f64 / 1e9;
    let per_second = |n: u64, rate: f64| {
        let sd = (rate * seconds).sqrt();
        assert!((n as f64 - rate * seconds).abs() < 4.5 * sd, "{n} in {seconds} s, expected {} ± {sd}", rate * seconds);
    };
    per_second(m.limit_orders, 8000.0);
    per_second(m.market_orders, 1000.0);
    per_second(m.accepted_buys, 4500.0);
    assert_eq!(m.trades, m.market_orders, "orders of one size under FIFO: one fill each");
    assert_eq!(m.cancels, m.cancelled);
    assert_eq!((m.rejected, m.changes), (0, 0));
    assert_eq!(m.events, 16 * 100_000);
}
