//! Traces with planted faults, and what has to be said of them; traces without, of which nothing may be said.

use super::stats::Random;
use super::*;

/// What is planted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Plant {
    /// An allocation in every so many orders.
    alloc_every: Option<u64>,
    /// 50 µs in `match` of every so many orders.
    stall_every: Option<u64>,
    /// 50 µs in `match` of orders at random, one in so many.
    stall_random: Option<usize>,
    /// A page fault in every so many orders.
    page_every: Option<u64>,
}

const KINDS: [&str; 3] = ["limit", "cancel", "market"];

/// A recorder's trace of orders with stages, under interrupts as a busy virtual machine has them.
fn recorded(n: u64, seed: u64, plant: Plant) -> Timeline {
    let mut random = Random::new(seed);
    let mut b = Builder::default();
    let thread = b.thread("toprung-trace-driver [pid=1] [tid=1]", "main");
    let order = b.name("order", "order");
    let [lookup, matching, settle] = ["lookup", "match", "settle"].map(|s| b.name(s, "stage"));
    let mut at = 1000;
    for command in 0..n {
        let kind = KINDS[random.below(3)];
        let every = |p: Option<u64>| p.is_some_and(|p| command % p == 17 % p);
        let (allocates, faults) = (every(plant.alloc_every), every(plant.page_every));
        let stalls = every(plant.stall_every) || plant.stall_random.is_some_and(|p| random.below(p) == 0);
        let mut args = vec![("command", Value::Int(command as i64)), ("kind", Value::Text(kind.into()))];
        if allocates {
            args.extend([("allocations", Value::Int(1)), ("alloc_bytes", Value::Int(65536))]);
        }
        if faults {
            args.push(("page_faults", Value::Int(1)));
        }
        b.begin(thread, at, order, args);
        for (stage, base) in [(lookup, 60), (matching, 120), (settle, 50)] {
            let mut ns = base + random.below(40) as u64;
            // A cache miss or two, now and then; rarer, an interrupt of any size, wherever it falls.
            if random.below(100) == 0 {
                ns += 100 + random.below(900) as u64;
            }
            if random.below(100_000) < base as usize {
                ns += 4_000 + random.below(60_000) as u64;
            }
            if stage == matching {
                ns += if allocates { 2_000 + random.below(500) as u64 } else { 0 };
                ns += if faults { 1_500 + random.below(300) as u64 } else { 0 };
                ns += if stalls { 50_000 + random.below(800) as u64 } else { 0 };
            }
            b.begin(thread, at, stage, []);
            at += ns;
            b.end(thread, at, []);
        }
        b.end(thread, at, []);
        at += 80;
    }
    b.finish(Source::Recorder)
}

fn warnings(timeline: Timeline) -> Vec<Insight> {
    let found = analyze(&timeline.into(), &Options::default());
    found.insights.into_iter().filter(|i| i.severity == Severity::Warning).collect()
}

#[test]
fn a_clean_trace_has_no_warning() {
    for seed in 0..8 {
        let found = warnings(recorded(30_000, seed, Plant::default()));
        assert!(found.is_empty(), "seed {seed}: {found:#?}");
    }
}

#[test]
fn an_allocation_every_4096th_order_is_named() {
    let found = warnings(recorded(60_000, 3, Plant { alloc_every: Some(4096), ..Plant::default() }));
    assert_eq!(found.len(), 1, "{found:#?}");
    let found = &found[0];
    assert_eq!(found.rule, "allocation");
    assert!(found.title.contains("every 4,096th order"), "{}", found.title);
    let period = found.period.unwrap();
    assert_eq!((period.every, period.phase, period.coverage), (4096, 17, 1.0));
}

#[test]
fn a_stall_of_50_us_is_named_with_its_stage_whether_regular_or_not() {
    let found = warnings(recorded(60_000, 4, Plant { stall_every: Some(5000), ..Plant::default() }));
    assert_eq!(found.iter().map(|i| i.rule).collect::<Vec<_>>(), ["stall"], "{found:#?}");
    assert_eq!(found[0].stage.as_deref(), Some("match"));
    assert!(found[0].title.contains("every 5,000th order") && found[0].title.contains("50."), "{}", found[0].title);

    let found = warnings(recorded(60_000, 4, Plant { stall_random: Some(600), ..Plant::default() }));
    assert_eq!(found.iter().map(|i| i.rule).collect::<Vec<_>>(), ["stall"], "{found:#?}");
    assert_eq!((found[0].stage.as_deref(), found[0].period), (Some("match"), None));
}

#[test]
fn page_faults_after_the_warm_up_are_named() {
    let found = warnings(recorded(60_000, 5, Plant { page_every: Some(2000), ..Plant::default() }));
    assert_eq!(found.iter().map(|i| i.rule).collect::<Vec<_>>(), ["page-fault"], "{found:#?}");
    assert_eq!(found[0].period.unwrap().every, 2000);
}

#[test]
fn three_faults_at_once_are_three_warnings() {
    let plant = Plant { alloc_every: Some(4096), stall_every: Some(5003), page_every: Some(1999), ..Plant::default() };
    let mut rules: Vec<_> = warnings(recorded(80_000, 6, plant)).iter().map(|i| i.rule).collect();
    rules.sort_unstable();
    assert_eq!(rules, ["allocation", "page-fault", "stall"]);
}

#[test]
fn slow_against_typical_says_where_the_time_went_and_how_surely() {
    let timeline = recorded(60_000, 7, Plant { stall_every: Some(500), ..Plant::default() });
    let found = analyze(&timeline.into(), &Options::default());
    for c in &found.comparisons {
        let worst = &c.paths[0];
        assert_eq!((worst.path.as_str(), worst.in_slow), ("order;match", 1.0));
        assert!(worst.share > 0.6 && worst.interval.low > 0.0 && worst.interval.low <= worst.excess_ns, "{worst:?}");
    }
    assert_eq!(found.comparisons.len(), 3);
    let slowest = &found.slowest[0];
    assert_eq!(slowest.critical_path.iter().map(|s| s.name.as_str()).collect::<Vec<_>>()[..2], ["order", "match"]);
    assert_eq!(slowest.steps.len(), 3);
}

#[test]
fn an_analysis_repeats_to_the_last_digit() {
    let of = || {
        let timeline = recorded(20_000, 8, Plant { alloc_every: Some(512), ..Plant::default() });
        serde_json::to_string(&analyze(&timeline.into(), &Options::default())).unwrap()
    };
    assert_eq!(of(), of());
}

#[test]
fn tables_and_tree_add_up() {
    let timeline = recorded(5_000, 9, Plant::default());
    let a = analyze(&timeline.into(), &Options::default());
    let orders = a.orders.unwrap();
    assert_eq!((orders.count, orders.whole, orders.kinds.len()), (5_000, 5_000, 3));
    assert_eq!(a.functions.iter().map(|f| f.own).sum::<u64>(), a.total);
    assert_eq!(a.tree[0].total, a.total);
    assert_eq!(a.functions.iter().find(|f| f.name == "order").unwrap().calls, 5_000);
    assert!((a.buckets.iter().map(|b| b.share).sum::<f64>() - 1.0).abs() < 1e-9);
    let order = a.functions.iter().find(|f| f.name == "order").unwrap().lengths.unwrap();
    assert_eq!(order, orders.latency);
    assert!(order.min_ns <= order.p50_ns && order.p50_ns <= order.p99_ns && order.p999_ns <= order.max_ns);
}

#[test]
fn a_recursive_call_counts_once_in_the_total() {
    let mut b = Builder::default();
    let t = b.thread("p", "t");
    let (f, g) = (b.name("f", ""), b.name("g", ""));
    for (at, name) in [(0, f), (10, g), (20, f)] {
        b.begin(t, at, name, []);
    }
    for at in [50, 80, 100] {
        b.end(t, at, []);
    }
    let a = analyze(&b.finish(Source::Other).into(), &Options::default());
    let row = a.functions.iter().find(|r| r.name == "f").unwrap();
    assert_eq!((row.calls, row.total, row.own), (2, 100, 60));
}

#[test]
fn completes_written_children_first_nest_as_they_lie() {
    let mut b = Builder::default();
    let t = b.thread("p", "t");
    let [outer, left, right, point] = ["outer", "left", "right", "point"].map(|n| b.name(n, ""));
    b.complete(t, (5, 20), left, []);
    b.complete(t, (20, 25), right, []);
    b.complete(t, (20, 20), point, []);
    b.complete(t, (5, 30), outer, []);
    let timeline = b.finish(Source::Other);
    let shape: Vec<(&str, u32, u64)> =
        timeline.spans.iter().map(|s| (timeline.text(s.name), s.depth, s.self_ns())).collect();
    assert_eq!(shape, [("outer", 0, 5), ("left", 1, 15), ("right", 1, 5), ("point", 2, 0)]);
    assert_eq!(timeline.flaws.overlaps, 0);
}

#[test]
fn what_does_not_pair_is_counted_and_left_out_of_percentiles() {
    let mut b = Builder::default();
    let t = b.thread("p", "t");
    let f = b.name("f", "");
    b.end(t, 5, []);
    b.begin(t, 0, f, [("inferred_start_time", Value::Text("true".into()))]);
    b.begin(t, 10, f, []);
    b.end(t, 40, []);
    b.begin(t, 50, f, []);
    let a = analyze(&b.finish(Source::Other).into(), &Options::default());
    // The first end closes the inferred span, since it lies behind it in time.
    assert_eq!((a.quality.orphan_ends, a.quality.open_at_end, a.quality.censored), (0, 1, 2));
    assert_eq!(a.functions[0].lengths.unwrap().count, 1);
    assert_eq!(a.functions[0].calls, 3);
}

#[test]
fn the_pauses_of_a_replayed_order_are_the_machines_if_the_replay_has_none() {
    let build = |replay_stalls: bool| {
        let mut b = Builder::default();
        let first = b.thread("toprung-trace-driver [pid=1] [tid=1]", "main");
        let again = b.thread("replay [pid=1] [tid=1]", "main");
        let (order, matching) = (b.name("order", "order"), b.name("match", "stage"));
        for command in 0..40_000u64 {
            let (at, hit) = (command * 100_000, command % 4000 == 9);
            let args = |hit: bool| [("command", Value::Int(command as i64)), ("hit", Value::Int(i64::from(hit)))];
            b.begin(first, at, order, args(hit));
            b.end(first, at + if hit { 50_000 } else { 300 + command % 7 }, []);
            if command % 100 == 9 {
                b.begin(again, at, order, args(hit));
                b.begin(again, at + 10, matching, []);
                let end = at + if hit && replay_stalls { 50_000 } else { 200 };
                b.end(again, end, []);
                b.end(again, end + 10, []);
            }
        }
        b.finish(Source::Recorder)
    };
    let found = warnings(build(true));
    assert_eq!(found.iter().map(|i| (i.rule, i.stage.as_deref())).collect::<Vec<_>>(), [("stall", Some("match"))]);
    assert!(warnings(build(false)).is_empty());
    let a = analyze(&build(true).into(), &Options::default());
    assert_eq!(a.orders.unwrap().count, 40_000);
    assert_eq!((a.slowest[0].replay_ns, a.slowest[0].steps.len()), (Some(50_010), 1));
}

#[test]
fn a_difference_is_a_verdict_only_beyond_the_noise() {
    let scaled = |seed, percent: u64| {
        let mut t = recorded(20_000, seed, Plant::default());
        for s in &mut t.spans {
            (s.start_ns, s.end_ns, s.child_ns) =
                (s.start_ns * percent / 100, s.end_ns * percent / 100, s.child_ns * percent / 100);
        }
        Subject::from(t)
    };
    let of = |a: &Subject, b: &Subject| diff(a, b, &DiffOptions::default()).unwrap();
    let a = scaled(1, 100);
    assert_eq!(of(&a, &scaled(2, 100)).verdict, Verdict::None);
    assert_eq!(of(&a, &a).verdict, Verdict::None);
    let worse = of(&a, &scaled(3, 115));
    assert_eq!(worse.verdict, Verdict::Regress, "{worse:#?}");
    assert_eq!(worse.paths[0].path, "order;match");
    assert_eq!(of(&scaled(3, 115), &a).verdict, Verdict::Improve);
    let short = Subject::from(recorded(50, 1, Plant::default()));
    assert_eq!(of(&a, &short).verdict, Verdict::Inconclusive);
}

#[test]
fn allocator_calls_are_told_by_their_symbols_in_a_trace_of_functions() {
    let mut b = Builder::default();
    let t = b.thread("driver [pid=3]", "main");
    let apply = b.name("toprung_book::book::Book::apply", "");
    let (grow, malloc) = (b.name("alloc::raw_vec::RawVecInner<A>::finish_grow", ""), b.name("malloc", ""));
    let mut random = Random::new(2);
    for n in 0..20_000u64 {
        let at = n * 10_000;
        let grows = n % 1024 == 1000;
        b.begin(t, at, apply, []);
        if grows {
            b.begin(t, at + 100, grow, []);
            b.begin(t, at + 150, malloc, []);
            b.end(t, at + 900, []);
            b.end(t, at + 1000, []);
        }
        b.end(t, at + 200 + random.below(50) as u64 + if grows { 900 } else { 0 }, []);
    }
    let a = analyze(&b.finish(Source::IntelPt).into(), &Options::default());
    assert_eq!(a.orders.as_ref().unwrap().found_by, "function toprung_book::book::Book::apply");
    let found = &a.insights[0];
    assert_eq!((found.rule, found.severity, found.period.unwrap().every), ("allocation", Severity::Warning, 1024));
    assert_eq!(found.stage.as_deref(), Some("toprung_book::book::Book::apply"));
    let worst = &a.comparisons[0].paths[0];
    assert_eq!((worst.bucket, worst.in_typical), (Bucket::Allocator, 0.0));
}
