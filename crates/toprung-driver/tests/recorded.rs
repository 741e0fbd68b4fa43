//! Recorded runs from the options to the trace.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use toprung_book::{Book, Command};
use toprung_data::journal::{JournalConfig, JournalOptions, JournaledBook};
use toprung_driver::{
    Controls, DriverError, Input, PLANT_EVERY, Plant, RecordOptions, Recorded, TriggerOptions, record,
};
use toprung_sim::{Horizon, MarketConfig, Observer, SimConfig, World, catalogue, scenarios, simulate};
use toprung_trace::CountingAllocator;
use toprung_trace::fxt::{ArgValue, Event, EventKind, Trace, read};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn options(events: u64) -> RecordOptions {
    RecordOptions { scenario: Some("zi-baseline".to_owned()), events: Some(events), ..RecordOptions::default() }
}

fn recorded(options: &RecordOptions) -> (Recorded, Trace) {
    let recorded = record(options, "test", &Controls::default(), &mut |_, _| {}).unwrap_or_else(|e| panic!("{e}"));
    let trace = read(&recorded.trace).unwrap();
    assert!(trace.quality.is_clean() && trace.nesting().is_clean(), "{:?} {:?}", trace.quality, trace.nesting());
    (recorded, trace)
}

fn named<'a>(trace: &'a Trace, name: &'a str) -> impl Iterator<Item = &'a Event> {
    trace.events.iter().filter(move |e| e.kind == EventKind::Begin && trace.text(e.name) == name)
}

fn number(trace: &Trace, e: &Event, arg: &str) -> Option<i64> {
    match trace.arg(e, arg) {
        Some(ArgValue::Int(v)) => Some(v),
        _ => None,
    }
}

#[test]
fn recording_changes_no_event_at_any_level() {
    let config = SimConfig { horizon: Horizon::Events(30_000), ..scenarios::find("zi-baseline").unwrap().config };
    let plain = simulate(&config, &AtomicBool::new(false), &|_| {}).unwrap();
    for level in ["off", "order", "stages", "everything"] {
        let plant = vec![Plant::Alloc, Plant::Page];
        for plant in [Vec::new(), plant] {
            let (r, _) = recorded(&RecordOptions { level: level.to_owned(), plant, ..options(30_000) });
            assert_eq!(r.report.digest, plain.books[0].digest.to_string(), "{level}");
            assert_eq!(
                r.report.commands,
                if r.report.level == "off" && r.report.recorded == 0 { r.report.commands } else { 50_000 }
            );
        }
    }
}

/// The first 300 simulated seconds of the flash crash.
fn market() -> MarketConfig {
    MarketConfig { duration_ns: 300_000_000_000, ..catalogue::find("flash-crash").unwrap().market }
}

#[test]
fn a_market_of_agents_is_recorded_without_changing_an_event() {
    let mut world = World::open(&market(), 2).unwrap();
    world.run();
    let commands = world.into_result().venues[0].counts.messages;
    let of = |o: RecordOptions| RecordOptions { scenario: None, market: Some(market()), book: 2, events: None, ..o };
    for level in ["off", "order", "stages", "everything"] {
        let plain = of(RecordOptions { level: level.to_owned(), every: Some(1), ring_entries: 1 << 22, ..options(1) });
        let (r, trace) = recorded(&plain);
        let mut world = World::open(&market(), 2).unwrap();
        world.run();
        assert_eq!(r.report.digest, world.digest().to_string(), "{level}");
        assert_eq!(r.report.commands, commands, "{level}");
        if level != "off" {
            assert_eq!((r.report.recorded, named(&trace, "order").count() as u64), (commands, commands), "{level}");
        }
        assert_eq!(named(&trace, "lookup").count() > 0, level == "stages" || level == "everything");
    }
    // The treatment by its name, stopped behind a number of commands; another seed is another market.
    let named = |seed| {
        let named = RecordOptions { scenario: Some("flash-crash".to_owned()), seed, ..options(4_321) };
        recorded(&named).0.report
    };
    let (first, again, other) = (named(None), named(None), named(Some(7)));
    assert_eq!((first.commands, other.commands), (4_321, 4_321));
    assert_eq!(first.digest, again.digest);
    assert_ne!(first.digest, other.digest);
}

#[test]
fn what_fires_in_a_market_is_run_again_at_full_detail() {
    let (r, trace) =
        replayed_hits(Plant::Stall, &RecordOptions { scenario: Some("flash-crash".to_owned()), ..options(40_000) });
    let planted: Vec<_> = r.report.hits.iter().filter(|hit| hit.command % PLANT_EVERY == PLANT_EVERY / 2 - 1).collect();
    assert!((9..=10).contains(&planted.len()), "{:?}", r.report.hits);
    for hit in planted {
        assert!(hit.replay_ns >= Some(50_000) && hit.latency_ns >= 50_000, "{hit:?}");
        let thread = trace.threads.iter().position(|t| t.name == format!("command {}", hit.command)).unwrap() as u32;
        let centre =
            named(&trace, "order").find(|e| e.thread == thread && number(&trace, e, "hit") == Some(1)).unwrap();
        assert_eq!(number(&trace, centre, "measured_ns"), Some(hit.latency_ns as i64));
        assert!(named(&trace, "events").any(|e| e.thread == thread), "stages of {hit:?}");
    }
}

#[test]
fn a_budget_that_is_given_holds_for_a_trigger_on_latency_too() {
    let trigger = Some(TriggerOptions { latency_over_ns: Some(1), hits_max: 5, ..TriggerOptions::default() });
    let all = recorded(&RecordOptions { trigger: trigger.clone(), ..options(100_000) }).0.report;
    assert_eq!((all.every, all.adaptive, all.recorded), (1, false, 120_000));
    let some = recorded(&RecordOptions { trigger, budget_percent: Some(1.0), ..options(100_000) }).0.report;
    assert!(some.adaptive && some.every > 1 && some.recorded < 60_000, "1 in {}", some.every);
    assert_eq!(some.digest, all.digest);
}

#[test]
fn each_level_records_what_it_says() {
    let at = |level: &str| {
        recorded(&RecordOptions { level: level.to_owned(), every: Some(1), ring_entries: 1 << 22, ..options(5_000) })
    };
    let (off, trace) = at("off");
    assert_eq!((off.report.recorded, trace.events.len()), (0, 0));
    assert!(off.report.latency.is_empty());

    let (order, trace) = at("order");
    assert_eq!((order.report.recorded, order.report.every), (25_000, 1));
    assert_eq!(named(&trace, "order").count(), 25_000);
    assert_eq!(named(&trace, "lookup").count(), 0);
    let commands: Vec<_> = named(&trace, "order").map(|e| number(&trace, e, "command").unwrap()).collect();
    assert_eq!(commands, (0..25_000).collect::<Vec<_>>());

    let (_, trace) = at("stages");
    let count = |name| named(&trace, name).count();
    assert_eq!([count("order"), count("lookup"), count("settle"), count("input")], [25_000, 25_000, 25_000, 24_999]);
    let trading = named(&trace, "order").filter(|e| number(&trace, e, "fills") > Some(0)).count();
    assert!(trading > 500);
    assert_eq!((count("match"), count("events"), count("usage")), (trading, 0, 0));
    let order = named(&trace, "order").nth(20_000).unwrap();
    for arg in ["id", "price", "qty"] {
        assert!(number(&trace, order, arg).is_some(), "{arg}");
    }

    let (everything, trace) = at("everything");
    assert_eq!(named(&trace, "usage").count(), 25_000);
    let mut consumed = 0;
    for e in trace.events.iter().filter(|e| matches!(e.kind, EventKind::Begin | EventKind::End)) {
        match (trace.text(e.name), e.kind) {
            ("order", EventKind::Begin) => consumed = 0,
            ("events", EventKind::Begin) => consumed += 1,
            ("order", _) => assert!(consumed > 0, "an order without an event"),
            _ => {}
        }
    }
    let timed: u64 = everything.report.latency.iter().skip(1).map(|k| k.latency.count).sum();
    assert_eq!((timed, everything.report.latency[0].latency.count), (5_000, 5_000));
    let intervals: u64 = everything.report.intervals.iter().map(|i| i.timed).sum();
    assert_eq!(intervals, 5_000);
}

#[test]
fn a_hit_has_the_orders_before_it_and_is_run_again_at_full_detail() {
    let trigger =
        TriggerOptions { every_nth: Some(3_000), kinds: vec!["market".to_owned()], ..TriggerOptions::default() };
    let (r, trace) =
        recorded(&RecordOptions { trigger: Some(trigger), every: Some(1), context: 4, ..options(200_000) });
    let hits = &r.report.hits;
    assert!(hits.len() >= 3 && hits.iter().all(|hit| hit.kind == "market" && hit.replay_ns.is_some()), "{hits:?}");
    let thread = |name: &str| trace.threads.iter().position(|t| t.name == name).unwrap() as u32;
    let main: Vec<_> = named(&trace, "order").filter(|e| e.thread == thread("main")).collect();
    assert_eq!(main.len(), 5 * hits.len());
    assert_eq!(main.iter().filter(|e| number(&trace, e, "hit") == Some(1)).count(), hits.len());
    for hit in hits {
        let again = thread(&format!("command {}", hit.command));
        let orders: Vec<_> = named(&trace, "order").filter(|e| e.thread == again).collect();
        let commands: Vec<_> = orders.iter().map(|e| number(&trace, e, "command").unwrap() as u64).collect();
        assert_eq!(commands, (hit.command - 4..=hit.command + 4).collect::<Vec<_>>());
        let centre = orders[4];
        assert_eq!(number(&trace, centre, "measured_ns"), Some(hit.latency_ns as i64));
        assert!(centre.time_ns.abs_diff(hit.start_ns) <= 1);
        assert!(number(&trace, centre, "fills") > Some(0));
        assert!(named(&trace, "match").any(|e| e.thread == again));
    }
    let shown = trace.events.iter().filter(|e| trace.text(e.name) == "hit magic_trace_stop_indicator");
    assert_eq!(shown.filter(|e| e.kind == EventKind::Complete).count(), hits.len());
}

/// The orders of a replay: whether each has a fault by its number, and what the recorder saw.
fn replayed_hits(plant: Plant, of: &RecordOptions) -> (Recorded, Trace) {
    let latency_over_ns = Some(if plant == Plant::Stall { 45_000 } else { 1_500 });
    let trigger = TriggerOptions { latency_over_ns, hits_max: 1_000, ..TriggerOptions::default() };
    recorded(&RecordOptions { trigger: Some(trigger), plant: vec![plant], context: 1, ..of.clone() })
}

#[test]
fn planted_faults_are_in_the_orders_where_they_were_planted_and_again_in_the_replay() {
    for (plant, phase, arg, least) in [
        (Plant::Alloc, PLANT_EVERY - 1, "alloc_bytes", 256 << 10),
        (Plant::Page, PLANT_EVERY / 4 - 1, "page_faults", 32),
        (Plant::Stall, PLANT_EVERY / 2 - 1, "fills", 0),
    ] {
        let (r, trace) = replayed_hits(plant, &options(40_000));
        let planted: Vec<_> = r.report.hits.iter().filter(|hit| hit.command % PLANT_EVERY == phase).collect();
        // 40,000 commands behind the warm-up have nine or ten; a busy machine holds others up as well.
        assert!((9..=10).contains(&planted.len()), "{plant:?}: {:?}", r.report.hits);
        for hit in planted {
            let name = format!("command {}", hit.command);
            let again = trace.threads.iter().position(|t| t.name == name).unwrap() as u32;
            let order =
                named(&trace, "order").find(|e| e.thread == again && number(&trace, e, "hit").is_some()).unwrap();
            assert!(number(&trace, order, arg) >= Some(least), "{plant:?}");
            if plant == Plant::Stall {
                assert!(hit.replay_ns >= Some(50_000) && hit.latency_ns >= 50_000);
                assert_eq!(number(&trace, order, "allocations"), None);
            }
        }
    }
}

#[test]
fn an_adaptive_recorder_records_less_than_everything() {
    let (r, trace) = recorded(&RecordOptions { budget_percent: Some(1.0), ..options(300_000) });
    assert!(r.report.adaptive && r.report.every > 1, "{}", r.report.every);
    assert!(r.report.recorded > 10 && r.report.recorded < 100_000);
    assert!(named(&trace, "order").count() as u64 <= r.report.recorded);
}

#[test]
fn an_open_loop_counts_the_time_that_commands_wait() {
    let (r, _) =
        recorded(&RecordOptions { rate_per_second: Some(400_000.0), plant: vec![Plant::Stall], ..options(40_000) });
    let (service, response) = (r.report.latency[0].latency, r.report.response[0].latency);
    assert_eq!((service.count, response.count), (40_000, 40_000));
    // Some 20 commands wait behind each stall of 50 µs, so it is in many responses and in one service time of 4,096.
    assert!(response.p9999_ns >= service.p50_ns && response.max_ns >= 50_000);
    assert!(response.p999_ns > 20_000, "{response:?}");
    assert!(r.report.elapsed_ns > 100_000_000);
}

#[test]
fn a_journal_is_replayed_as_it_was_written() {
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("driver-journal");
    let _ = std::fs::remove_dir_all(&dir);
    let config = JournalConfig { instrument: "X".to_owned(), ..JournalConfig::default() };
    let mut journaled = JournaledBook::create(&dir, &config, &JournalOptions::default()).unwrap();

    /// Keeps the commands of a run.
    #[derive(Default)]
    struct Keep(Vec<Command>);
    impl Observer for Keep {
        fn passed(&mut self, _: u64) {}

        fn before(&mut self, cmd: &Command) {
            self.0.push(*cmd);
        }
        fn event<S: toprung_book::EventSink>(&mut self, e: &toprung_book::Event, sink: &mut S) {
            sink.event(e);
        }
        fn after(&mut self, _: &Command) {}
    }
    let mut keep = Keep::default();
    Input::open(&options(3_000)).unwrap().run(&mut keep, &AtomicBool::new(false), &mut |_, _| {}).unwrap();
    journaled.apply_batch(&keep.0, &mut ()).unwrap();
    drop(journaled);
    let mut plain = Book::new(config.book);
    plain.apply_batch(&keep.0, &mut ());

    let from_journal = RecordOptions { scenario: None, journal: Some(dir), every: Some(1), events: None, ..options(1) };
    let (r, trace) = recorded(&from_journal);
    assert_eq!((r.report.digest, r.report.commands), (plain.digest().to_string(), keep.0.len() as u64));
    assert_eq!(named(&trace, "order").count(), keep.0.len());
    let (short, _) = recorded(&RecordOptions { events: Some(100), ..from_journal });
    assert_eq!(short.report.commands, 100);
}

#[test]
fn a_recorded_day_is_replayed_and_timed_by_kind() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../toprung-data/tests/fixtures/tiny.replay.csv");
    let day = RecordOptions { scenario: None, day: Some(path.into()), every: Some(1), events: None, ..options(1) };
    let (r, trace) = recorded(&day);
    assert!(r.report.commands > 5, "{}", r.report.commands);
    assert_eq!(named(&trace, "order").count() as u64, r.report.commands);
    let kinds = r.report.latency.iter().skip(1).map(|k| k.latency.count).sum::<u64>();
    assert_eq!((kinds, r.report.latency[0].latency.count), (r.report.commands, r.report.commands));
    assert_eq!(recorded(&RecordOptions { events: Some(3), ..day }).0.report.commands, 3);
    let absent = RecordOptions { scenario: None, day: Some("/nowhere.csv".into()), ..options(1) };
    let e = record(&absent, "test", &Controls::default(), &mut |_, _| {}).unwrap_err();
    assert!(matches!(e, DriverError::Day(_)) && e.code().starts_with("ERR_TOPRUNG_"), "{e}");
}

#[test]
fn a_run_is_stopped_within_milliseconds_and_a_disarmed_trigger_does_not_fire() {
    let controls = Controls::default();
    controls.armed.store(false, Relaxed);
    let trigger = Some(TriggerOptions::default());
    let long = RecordOptions { trigger, every: Some(1), ..options(1_000_000_000) };
    let cancel = std::sync::Arc::clone(&controls.cancel);
    let r = record(&long, "test", &controls, &mut |done, total| {
        assert_eq!(total, 1_000_020_000);
        cancel.store(done > 100_000, Relaxed);
    })
    .unwrap();
    assert!(r.report.cancelled && r.report.hits.is_empty());
    assert!(r.report.commands > 100_000 && r.report.commands < 200_000);
    assert!(controls.status.commands.load(Relaxed) > 100_000);
}

#[test]
fn options_that_break_a_rule_are_named_by_their_path() {
    let refused = |o: RecordOptions| match record(&o, "test", &Controls::default(), &mut |_, _| {}) {
        Err(e @ DriverError::Option(_)) => {
            assert_eq!(e.code(), "ERR_TOPRUNG_CONFIG");
            e.to_string()
        }
        other => panic!("{other:?}"),
    };
    let trigger = |t: TriggerOptions| RecordOptions { trigger: Some(t), ..options(10) };
    assert!(refused(RecordOptions::default()).contains("one input"));
    assert!(refused(RecordOptions { config: Some(SimConfig::default()), ..options(1) }).contains("got 2 of them"));
    assert!(refused(RecordOptions { scenario: Some("x".to_owned()), ..options(1) }).contains("one of zi-baseline"));
    assert!(
        refused(RecordOptions { level: "all".to_owned(), ..options(1) }).contains("off, order, stages, everything")
    );
    assert!(refused(RecordOptions { every: Some(0), ..options(1) }).starts_with("`every`"));
    assert!(refused(RecordOptions { budget_percent: Some(f64::NAN), ..options(1) }).starts_with("`budgetPercent`"));
    assert!(refused(RecordOptions { ring_entries: 1, ..options(1) }).starts_with("`ringEntries`"));
    assert!(refused(RecordOptions { context: 1025, ..options(1) }).starts_with("`context`"));
    assert!(refused(RecordOptions { hold_ms: 1001, ..options(1) }).starts_with("`holdMs`"));
    assert!(refused(RecordOptions { interval_ms: 0, ..options(1) }).starts_with("`intervalMs`"));
    assert!(refused(RecordOptions { rate_per_second: Some(0.0), ..options(1) }).starts_with("`ratePerSecond`"));
    assert!(refused(options(0)).starts_with("`events`"));
    let both = RecordOptions { budget_percent: Some(1.0), every: Some(2), ..options(1) };
    assert!(refused(both).starts_with("`budgetPercent` must be alone"));
    let seeded = RecordOptions { scenario: None, journal: Some("x".into()), seed: Some(1), ..options(1) };
    assert!(refused(seeded).starts_with("`seed`"));
    let odd = MarketConfig { duration_ns: 0, ..market() };
    let e = record(
        &RecordOptions { scenario: None, market: Some(odd), ..options(1) },
        "test",
        &Controls::default(),
        &mut |_, _| {},
    );
    assert!(e.unwrap_err().to_string().contains("durationNs"));
    let kinds = vec!["iceberg".to_owned()];
    assert!(refused(trigger(TriggerOptions { kinds: kinds.clone(), ..Default::default() })).contains("limit, market"));
    assert!(refused(trigger(TriggerOptions { events: kinds, ..Default::default() })).contains("accepted, rejected"));
    let off = RecordOptions { level: "off".to_owned(), ..trigger(TriggerOptions::default()) };
    assert!(refused(off).contains("above `off`"));
    assert!(refused(trigger(TriggerOptions { hits_max: 0, ..Default::default() })).starts_with("`trigger.hitsMax`"));
    assert!(refused(trigger(TriggerOptions { every_nth: Some(0), ..Default::default() })).contains("everyNth"));
}
