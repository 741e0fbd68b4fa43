//! A recorded day as the background of a market: agents' orders join the real queues, and the day answers to them.
//!
//! Here, since `toprung-sim` knows nothing of files and `toprung-data` nothing of agents. GOOG's day is in `../shared/data`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use toprung_book::Side;
use toprung_data::{RecordedDay, ReplayOptions, record_day};
use toprung_sim::kernel::{QueueRow, Recording};
use toprung_sim::{AgentConfig, MarketConfig, MarketResult, ReplacePrioritySetting, VenueConfig, World};

const SECOND: u64 = 1_000_000_000;

fn read(path: &Path) -> RecordedDay {
    record_day(path, &ReplayOptions::default(), &AtomicBool::new(false), |_, _| {}).unwrap_or_else(|e| panic!("{e}"))
}

/// GOOG on 21 June 2012, read once, or `None` after one line that says so.
fn goog(test: &str) -> Option<&'static RecordedDay> {
    static DAY: OnceLock<Option<RecordedDay>> = OnceLock::new();
    let file = "../../../shared/data/lobster_raw/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip";
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file);
    let day = DAY.get_or_init(|| path.exists().then(|| read(&path))).as_ref();
    if day.is_none() {
        let _ = writeln!(std::io::stderr(), "SKIPPED {test}: ../shared/data not present");
    }
    day
}

fn market(day: &RecordedDay, agents: Vec<AgentConfig>) -> MarketConfig {
    let mut venue = VenueConfig::default();
    venue.book.replace_priority = ReplacePrioritySetting::LoseAlways;
    MarketConfig {
        venues: vec![venue],
        agents,
        duration_ns: day.commands.last().map_or(0, |c| c.0) + 1,
        sample_ns: SECOND,
        keep_trades: true,
        ..MarketConfig::default()
    }
}

fn agent(kind: &str, start_ns: u64, params: &[(&str, f64)]) -> AgentConfig {
    AgentConfig {
        name: "us".to_owned(),
        kind: kind.to_owned(),
        start_ns,
        params: params.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        ..AgentConfig::default()
    }
}

fn recording(day: &RecordedDay) -> Recording {
    Arc::from(day.commands.as_slice())
}

fn run(config: &MarketConfig, day: &Recording) -> MarketResult {
    let mut world = World::open_on(config, 0, std::slice::from_ref(day)).unwrap_or_else(|e| panic!("{e}"));
    world.run();
    world.into_result()
}

#[test]
fn a_day_among_nobody_is_the_day() {
    let tiny = read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../toprung-data/tests/fixtures/tiny.replay.csv")));
    for day in [Some(&tiny), goog("a day among nobody")].into_iter().flatten() {
        let result = run(&market(day, Vec::new()), &recording(day));
        let venue = &result.venues[0];
        assert_eq!(u128::from(venue.last.volume), day.report.volume);
        assert_eq!(venue.last.trades, day.report.fills);
        for (side, best) in Side::BOTH.into_iter().zip(day.report.best) {
            let Some(best) = best else { continue };
            assert_eq!((venue.last.best(side), venue.last.best_qty(side)), (best.price, best.qty));
        }
    }
}

/// An order that joins the touch in the middle of the day stands behind all that rested there, moves up as they leave and
/// never back, and is filled only once nobody is before it.
#[test]
fn an_order_joins_the_real_queue_and_moves_up_in_it() {
    let Some(day) = goog("the queue of an order") else { return };
    let recording = recording(day);
    let (mut filled, mut stood_behind) = (0, 0);
    for k in 0..3 {
        let at = (1800 + 5200 * k) * SECOND;
        let side = [1.0, -1.0][k as usize % 2];
        let agents = vec![agent("resting", at, &[("side", side), ("lots", 25.0)])];
        let with_us = MarketConfig { keep_queues: true, duration_ns: at + 3600 * SECOND, ..market(day, agents) };
        let mut alone = World::open_on(&market(day, Vec::new()), 0, std::slice::from_ref(&recording)).unwrap();
        alone.advance(at, u64::MAX);
        let before = alone.into_result().venues[0].last;
        let result = run(&with_us, &recording);
        let rows = &result.venues[0].queues;
        let side = [Side::Buy, Side::Sell][k as usize % 2];
        let account = result.groups[0].accounts[0];
        let Some(first) = rows.first().map(|r| r.position) else {
            // Filled before the next sample.
            assert_eq!(account.maker_lots, 25);
            filled += 1;
            continue;
        };
        assert_eq!((first.side, first.price, first.order), (side, before.best(side), 0));
        assert!(first.lots_ahead <= before.best_qty(side), "{first:?} {before:?}");
        stood_behind += u64::from(first.lots_ahead > 0);
        for pair in rows.windows(2) {
            let [QueueRow { position: was, .. }, QueueRow { position: is, .. }] = pair else { unreachable!() };
            assert!(is.orders_ahead <= was.orders_ahead && is.lots_ahead <= was.lots_ahead, "{was:?} {is:?}");
            // What was filled in between was filled from the front.
            assert!(is.qty == was.qty || is.lots_ahead == 0, "{was:?} {is:?}");
        }
        let left = rows.last().filter(|r| r.time_ns + SECOND >= with_us.duration_ns).map_or(0, |r| r.position.qty);
        assert_eq!(account.maker_lots + left, 25, "what was not filled rests to the end");
        filled += u64::from(left == 0);
    }
    assert!(filled >= 1 && stood_behind >= 2, "{filled} filled, {stood_behind} stood behind others");
}

/// A large market order takes the levels that were there, at their prices; what the day then sends meets another book.
#[test]
fn a_market_order_has_the_impact_that_the_real_levels_give() {
    let Some(day) = goog("the impact of an order") else { return };
    let recording = recording(day);
    let at = 7200 * SECOND;
    let lots = 1500;
    let agents = vec![agent("impulse", at, &[("side", 1.0), ("lots", lots as f64)])];
    let config = MarketConfig { duration_ns: at + 600 * SECOND, ..market(day, agents) };
    let absent = AgentConfig { absent: true, ..config.agents[0].clone() };
    let alone = run(&MarketConfig { agents: vec![absent], ..config.clone() }, &recording);
    let with_us = run(&config, &recording);

    let ours: Vec<_> = with_us.venues[0].trades.iter().filter(|t| t.taker == Some(0)).collect();
    assert_eq!(ours.iter().map(|t| t.qty).sum::<u64>(), lots);
    assert!(ours.windows(2).all(|w| w[0].price <= w[1].price) && ours[0].price < ours[ours.len() - 1].price);
    // Up to our order it is the same day; afterwards it is another.
    let row = |r: &MarketResult, t: u64| r.venues[0].samples[(t / SECOND) as usize];
    let before = row(&alone, at);
    assert_eq!(before, row(&with_us, at));
    assert!(ours[0].price >= before.ask);
    let impact = |k: u64| row(&with_us, at + k * SECOND).ask - row(&alone, at + k * SECOND).ask;
    assert!((1..10).any(|k| impact(k) > 0), "{:?}", (1..10).map(impact).collect::<Vec<_>>());
    assert_ne!(with_us.digest, alone.digest);
    // Cancels of what we took are refused, and nothing else of the day is.
    let counts = |r: &MarketResult| r.venues[0].counts;
    assert!(counts(&with_us).rejected > counts(&alone).rejected);
    assert_eq!(counts(&with_us).messages, counts(&alone).messages + 1);
}
