//! Scenarios do what they claim: the quick ones over a few seeds. All of them over 32 is `toprung scenarios check`.

use std::sync::atomic::{AtomicBool, Ordering};

use toprung_sim::catalogue::{self, ScenarioReport};

fn check(name: &str, seeds: u32) -> ScenarioReport {
    let scenario = catalogue::find(name).unwrap();
    catalogue::check(&scenario, (1, seeds), &AtomicBool::new(false), &|_, _| {}).unwrap()
}

fn passes(name: &str, seeds: u32) {
    let report = check(name, seeds);
    assert!(report.passes, "{report:#?}");
}

#[test]
fn quick_scenarios_pass() {
    for name in [
        "self-match",
        "informed-flow",
        "market-maker-duel",
        "etf-basket",
        "execution-shootout",
        "layering",
        "pro-rata-gaming",
        "opening-auction",
        "closing-auction",
    ] {
        passes(name, 6);
    }
}

#[test]
fn a_flash_crash_happens_with_the_seller_and_not_without() {
    let report = check("flash-crash", 2);
    assert!(report.passes, "{report:#?}");
    let drop = &report.rules[0];
    assert!(drop.treatment > 5.0 && drop.control < 0.5, "{drop:?}");
}

#[test]
fn a_check_that_is_stopped_says_so_and_passes_nothing() {
    let stop = AtomicBool::new(false);
    let scenario = catalogue::find("flash-crash").unwrap();
    let report = catalogue::check(&scenario, (1, 8), &stop, &|_, _| stop.store(true, Ordering::Relaxed)).unwrap();
    assert!(report.cancelled && report.seeds < 8);
    assert!(!report.passes || report.seeds > 0);
}

#[test]
fn every_scenario_gives_one_digest_on_any_number_of_threads() {
    for scenario in catalogue::all() {
        let (duration_ns, sample_ns, keep_queues) = (2_000_000_000, 0, false);
        let market = toprung_sim::MarketConfig { duration_ns, sample_ns, keep_queues, ..scenario.market };
        let digests = catalogue::digests(&market, &[1, 2, 3, 7]).unwrap();
        assert!(digests.iter().all(|d| d.1 == digests[0].1), "{}: {digests:?}", scenario.name);
    }
}
