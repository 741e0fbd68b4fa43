//! What is worth doing something about, each with its evidence.
//!
//! A warning says that something costs orders time and what it is; it needs more than chance. An information says what is
//! true of any trace: where the time goes, what the slowest order met with.

use serde::Serialize;

use super::bucket::Bucket;
use super::orders::{Order, Orders};
use super::slow::{Comparison, SlowOrder};
use super::stalls::{StallGroup, stalls};
use super::stats::{Interval, Period, bootstrap, mean, percentile, period};
use super::table::{BucketRow, FunctionRow};
use super::text::{Plural, duration, grouped, percent};
use super::timeline::{Source, Timeline};

/// How much an insight matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It costs time that need not be spent.
    Warning,
    /// It is so.
    Info,
}

/// One thing that the trace shows.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Insight {
    /// Which rule found it: `allocation`, `page-fault`, `stall`, `preemption`, `sweep`, `napi`, `format`, `slowest`,
    /// `where-time-goes`, `sampled-allocator`.
    pub rule: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What is so, in one sentence.
    pub title: String,
    /// The figures it rests on, a line each.
    pub evidence: Vec<String>,
    /// Whether it is certain (`high`) or what fits best (`medium`).
    pub confidence: &'static str,
    /// What to do next.
    pub next: String,
    /// The orders in question, at most ten.
    pub orders: Vec<u64>,
    /// The stage or function in question.
    pub stage: Option<String>,
    /// Every how many orders it comes back.
    pub period: Option<Period>,
}

/// Share of the orders that are warm-up and prove nothing.
const WARM_UP: f64 = 0.02;
/// Fewest orders with the same trouble that are worth a warning.
const ORDERS_MIN: usize = 3;
/// So many are often, whatever their share.
const OFTEN: usize = 20;
/// Orders named by an insight.
const NAMED_MAX: usize = 10;

/// Everything that an insight may rest on.
pub(super) struct Facts<'a> {
    pub(super) timeline: &'a Timeline,
    pub(super) orders: &'a Orders,
    pub(super) functions: &'a [FunctionRow],
    pub(super) buckets: &'a [BucketRow],
    pub(super) slowest: &'a [SlowOrder],
    pub(super) comparisons: &'a [Comparison],
    pub(super) seed: u64,
}

/// All of them, warnings first.
pub(super) fn insights(facts: &Facts<'_>) -> Vec<Insight> {
    let whole: Vec<&Order> = facts.orders.whole().collect();
    let warm = &whole[(whole.len() as f64 * WARM_UP).ceil() as usize..];
    let mut found = Vec::new();
    found.extend(allocation(facts, warm));
    found.extend(page_faults(facts, warm));
    found.extend(stalls(facts.timeline, facts.orders, warm).iter().map(stall));
    found.extend(preemption(facts, warm));
    found.extend(boundary(facts));
    found.extend(formatting(facts));
    found.extend(sampled_allocator(facts));
    found.extend(sweep(warm));
    found.extend(slowest(facts));
    found.extend(where_time_goes(facts));
    found.sort_by_key(|i| i.severity);
    found
}

fn numbers(list: &[&Order]) -> Vec<u64> {
    let mut numbers: Vec<u64> = list.iter().map(|o| o.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// The first few, of a period those that fit.
fn named(numbers: &[u64], found: Option<Period>) -> Vec<u64> {
    let fits = |n: &u64| found.is_none_or(|p| n % p.every == p.phase);
    numbers.iter().copied().filter(fits).take(NAMED_MAX).collect()
}

fn how_often(found: Option<Period>, n: usize) -> String {
    found.map_or_else(|| format!("{} orders", grouped(n as u64)), |p| format!("every {} order", ordinal(p.every)))
}

fn ordinal(n: u64) -> String {
    let suffix = match (n % 10, n % 100) {
        (1, x) if x != 11 => "st",
        (2, x) if x != 12 => "nd",
        (3, x) if x != 13 => "rd",
        _ => "th",
    };
    format!("{}{suffix}", grouped(n))
}

fn period_line(found: &Period) -> String {
    format!(
        "order numbers: {} of {} are {} modulo {}, {} of the places where one is due",
        grouped(found.fitting as u64),
        grouped(found.of as u64),
        grouped(found.phase),
        grouped(found.every),
        percent(found.coverage)
    )
}

/// Orders that have something against those of the same kinds that have not.
struct Contrast {
    with_ns: f64,
    without_ns: f64,
    difference: Interval,
}

fn contrast(with: &[&Order], all: &[&Order], has: impl Fn(&Order) -> bool, seed: u64) -> Contrast {
    let kinds: std::collections::BTreeSet<u32> = with.iter().map(|o| o.kind).collect();
    let ns = |list: &[&Order]| list.iter().map(|o| o.ns as f64).collect::<Vec<_>>();
    let (a, b) = (ns(with), {
        let rest: Vec<&Order> = all.iter().filter(|o| !has(o) && kinds.contains(&o.kind)).copied().collect();
        ns(&rest)
    });
    // The middle, not the mean: one order that the machine held up would decide a mean.
    let middle = |v: &[f64]| {
        let mut v = v.to_vec();
        v.sort_by(f64::total_cmp);
        v.get(v.len() / 2).copied().unwrap_or(0.0)
    };
    Contrast {
        with_ns: middle(&a),
        without_ns: middle(&b),
        difference: bootstrap(&b, &a, seed, |b, a| middle(a) - middle(b)),
    }
}

fn contrast_line(c: &Contrast, n: usize) -> String {
    let interval = if c.difference.low.is_nan() {
        String::new()
    } else {
        format!(" (difference {} to {})", duration(c.difference.low), duration(c.difference.high))
    };
    format!(
        "median latency {} in {} of them, {} in the other orders of their kinds{interval}",
        duration(c.with_ns),
        grouped(n as u64),
        duration(c.without_ns)
    )
}

/// Orders that met with something countable: the shape shared by allocations, page faults and switches.
struct Met {
    numbers: Vec<u64>,
    orders: usize,
    /// How often, all orders together.
    times: u64,
    contrast: Contrast,
    period: Option<Period>,
}

fn met_with(facts: &Facts<'_>, warm: &[&Order], count: impl Fn(&Order) -> u64) -> Option<Met> {
    let with: Vec<&Order> = warm.iter().filter(|o| count(o) > 0).copied().collect();
    if with.len() < ORDERS_MIN {
        return None;
    }
    let numbers = numbers(&with);
    // What nearly every order does comes back every order: no period to speak of.
    let period = if with.len() * 4 < warm.len() { period(&numbers) } else { None };
    let contrast = contrast(&with, warm, |o| count(o) > 0, facts.seed);
    Some(Met { numbers, orders: with.len(), times: with.iter().map(|o| count(o)).sum(), contrast, period })
}

/// A few orders among many that met with something now and then are no more than worth knowing.
fn severity(met: &Met, all: usize) -> Severity {
    let often = met.period.is_some() || met.orders >= OFTEN || met.orders * 100 >= all;
    // Either they are slower, or most do it and there is nothing to compare with.
    let matters = met.contrast.difference.low > 0.0 || met.orders * 2 > all;
    if often && matters { Severity::Warning } else { Severity::Info }
}

fn allocation(facts: &Facts<'_>, warm: &[&Order]) -> Option<Insight> {
    let met = met_with(facts, warm, |o| o.events.allocations)?;
    let (n, calls, found) = (met.orders, met.times, met.period);
    let total: u64 = warm.iter().map(|o| o.ns).sum();
    let spent: u64 = warm.iter().map(|o| o.events.allocator_ns).sum();
    let mut evidence = vec![
        format!(
            "{} allocator {} in {} of {} orders",
            grouped(calls),
            calls.of("call", "calls"),
            grouped(n as u64),
            grouped(warm.len() as u64)
        ),
        contrast_line(&met.contrast, n),
    ];
    if spent > 0 {
        evidence.push(format!(
            "{} in the allocator, {} of all order time",
            duration(spent as f64),
            percent(spent as f64 / total.max(1) as f64)
        ));
    }
    evidence.extend(found.as_ref().map(period_line));
    let grows = found.is_some_and(|p| p.every.is_power_of_two());
    Some(Insight {
        rule: "allocation",
        severity: severity(&met, warm.len()),
        title: format!("{} {} the allocator", how_often(found, n), if found.is_some() { "calls" } else { "call" }),
        evidence,
        confidence: "high",
        next: if grows {
            "something grows by doubling or in chunks of a power of two: give it its final capacity before the first order".into()
        } else {
            "find the call in the slowest orders' timelines, and make room before the first order or reuse a buffer"
                .into()
        },
        orders: named(&met.numbers, met.period),
        stage: stage_with(facts, Bucket::Allocator),
        period: found,
    })
}

/// The core stage in which most spans of a bucket lie.
fn stage_with(facts: &Facts<'_>, bucket: Bucket) -> Option<String> {
    let t = facts.timeline;
    let mut counts: std::collections::BTreeMap<u32, u64> = std::collections::BTreeMap::new();
    for s in t.spans.iter().filter(|s| t.bucket(s) == bucket && s.parent != super::timeline::NONE) {
        let parent = &t.spans[s.parent as usize];
        if t.bucket(parent) != bucket {
            *counts.entry(parent.name).or_default() += 1;
        }
    }
    counts.into_iter().max_by_key(|&(name, n)| (n, std::cmp::Reverse(name))).map(|(name, _)| t.text(name).to_owned())
}

fn page_faults(facts: &Facts<'_>, warm: &[&Order]) -> Option<Insight> {
    let met = met_with(facts, warm, |o| o.events.page_faults)?;
    let (n, faults, found) = (met.orders, met.times, met.period);
    let mut evidence = vec![
        format!(
            "{} page {} in {} of {} orders",
            grouped(faults),
            faults.of("fault", "faults"),
            grouped(n as u64),
            grouped(warm.len() as u64)
        ),
        contrast_line(&met.contrast, n),
    ];
    evidence.extend(found.as_ref().map(period_line));
    Some(Insight {
        rule: "page-fault",
        severity: severity(&met, warm.len()),
        title: format!(
            "{} {} memory that is not there yet: page faults after the warm-up",
            how_often(found, n),
            if found.is_some() { "touches" } else { "touch" }
        ),
        evidence,
        confidence: "high",
        next: "touch the memory before the first order, or take huge pages (madvise, transparent_hugepage)".into(),
        orders: named(&met.numbers, met.period),
        stage: stage_with(facts, Bucket::PageFault),
        period: found,
    })
}

fn stall(group: &StallGroup) -> Insight {
    let n = group.numbers.len();
    let size = duration(group.own_ns);
    let mut evidence = vec![
        format!(
            "{} orders spend {} to {} in {} itself, where it usually takes {}",
            grouped(n as u64),
            duration(group.least_ns),
            duration(group.most_ns),
            group.stage,
            duration(group.usual_ns)
        ),
        "none of them allocates, faults or leaves the processor there, as far as the trace records it".to_owned(),
        format!(
            "{} has {} of all order time, and {} of pauses as long",
            group.stage,
            percent(group.time_share),
            percent(group.pause_share)
        ),
    ];
    evidence.extend(group.period.as_ref().map(period_line));
    Insight {
        rule: "stall",
        severity: Severity::Warning,
        title: format!("{} stalls for about {size} on {}", group.stage, how_often(group.period, n)),
        evidence,
        confidence: if group.period.is_some() { "high" } else { "medium" },
        next: format!(
            "look for a wait, a lock, a sleep or a loop in {}: it is in the code, since it keeps to this stage",
            group.stage
        ),
        orders: named(&group.numbers, group.period),
        stage: Some(group.stage.clone()),
        period: group.period,
    }
}

fn preemption(facts: &Facts<'_>, warm: &[&Order]) -> Option<Insight> {
    let Met { numbers, contrast: c, times: switches, orders: n, .. } = met_with(facts, warm, |o| o.events.switches)?;
    Some(Insight {
        rule: "preemption",
        severity: Severity::Info,
        title: format!("the operating system took the thread off the processor during {} orders", grouped(n as u64)),
        evidence: vec![format!("{} context switches or migrations", grouped(switches)), contrast_line(&c, n)],
        confidence: "high",
        next:
            "pin the thread (taskset) to a processor that others leave alone (isolcpus, cpusets), or measure when idle"
                .into(),
        orders: numbers.into_iter().take(NAMED_MAX).collect(),
        stage: None,
        period: None,
    })
}

fn share_of(buckets: &[BucketRow], bucket: Bucket) -> f64 {
    buckets.iter().find(|b| b.bucket == bucket).map_or(0.0, |b| b.share)
}

fn boundary(facts: &Facts<'_>) -> Option<Insight> {
    let (napi, core) = (
        share_of(facts.buckets, Bucket::Napi),
        share_of(facts.buckets, Bucket::Core) + share_of(facts.buckets, Bucket::Order),
    );
    (core > 0.0 && napi > core && napi > 0.1).then(|| Insight {
        rule: "napi",
        severity: Severity::Warning,
        title: "crossing between JavaScript and the core costs more than the core".into(),
        evidence: vec![format!("{} of the time in napi, V8 and node, {} in the core", percent(napi), percent(core))],
        confidence: "high",
        next: "send commands in batches of a thousand or more (CommandBatch, OrderBook.submit)".into(),
        orders: Vec::new(),
        stage: None,
        period: None,
    })
}

fn formatting(facts: &Facts<'_>) -> Option<Insight> {
    let share = share_of(facts.buckets, Bucket::Format);
    (share > 0.01).then(|| {
        let worst = facts.functions.iter().find(|f| f.bucket == Bucket::Format).map(|f| f.name.clone());
        Insight {
            rule: "format",
            severity: Severity::Warning,
            title: "text is formatted or printed on the hot path".into(),
            evidence: vec![format!(
                "{} of the time, most of it in {}",
                percent(share),
                worst.as_deref().unwrap_or("?")
            )],
            confidence: "high",
            next: "keep numbers and make text of them after the run".into(),
            orders: Vec::new(),
            stage: worst,
            period: None,
        }
    })
}

/// Samples know no orders; a share of them is all there is.
fn sampled_allocator(facts: &Facts<'_>) -> Option<Insight> {
    let share = share_of(facts.buckets, Bucket::Allocator);
    (facts.orders.list.is_empty() && share > 0.01).then(|| {
        let worst = facts.functions.iter().find(|f| f.bucket == Bucket::Allocator).map(|f| f.name.clone());
        Insight {
            rule: "sampled-allocator",
            severity: if share > 0.05 { Severity::Warning } else { Severity::Info },
            title: format!("{} of the time is spent in the allocator", percent(share)),
            evidence: vec![format!("most of it in {}", worst.as_deref().unwrap_or("?"))],
            confidence: "medium",
            next: "see who calls it in the flame graph; preallocate, or reuse buffers".into(),
            orders: Vec::new(),
            stage: worst,
            period: None,
        }
    })
}

/// Slow because there was more to do.
fn sweep(warm: &[&Order]) -> Option<Insight> {
    let mut list: Vec<&Order> = warm.iter().filter(|o| o.events.work.is_some()).copied().collect();
    if list.len() < 1000 {
        return None;
    }
    list.sort_by_key(|o| o.ns);
    let work = |group: &[&Order]| mean(&group.iter().map(|o| o.events.work.unwrap_or(0) as f64).collect::<Vec<_>>());
    let n = list.len();
    let (typical, slow) = (work(&list[n * 2 / 5..n * 3 / 5]), work(&list[n * 99 / 100..]));
    (slow >= 2.0 && slow > 3.0 * typical.max(0.5)).then(|| Insight {
        rule: "sweep",
        severity: Severity::Info,
        title: "slow orders are slow because they trade more".into(),
        evidence: vec![format!("{slow:.1} fills or levels in the slowest percent, {typical:.1} in typical orders")],
        confidence: "medium",
        next: "this is work that the market asks for; compare orders of equal size before changing code".into(),
        orders: Vec::new(),
        stage: None,
        period: None,
    })
}

fn slowest(facts: &Facts<'_>) -> Option<Insight> {
    let o = facts.slowest.first()?;
    let last = o.critical_path.last()?;
    let mut met = Vec::new();
    for (n, one, many) in [
        (o.allocations, "allocator call", "allocator calls"),
        (o.page_faults, "page fault", "page faults"),
        (o.switches, "context switch", "context switches"),
    ] {
        if n > 0 {
            met.push(format!("{} {}", grouped(n), n.of(one, many)));
        }
    }
    let path: Vec<&str> = o.critical_path.iter().map(|s| s.name.as_str()).collect();
    Some(Insight {
        rule: "slowest",
        severity: Severity::Info,
        title: format!(
            "the slowest order, {} ({}), took {}: {:.0} times the median of its kind",
            grouped(o.number),
            o.kind,
            duration(o.ns as f64),
            o.times_typical
        ),
        evidence: vec![
            format!("its longest chain: {} ({})", path.join(" > "), duration(last.total_ns as f64)),
            if met.is_empty() {
                "no allocation, page fault or context switch is recorded in it".into()
            } else {
                met.join(", ")
            },
        ],
        confidence: "high",
        next: "its timeline is in the report".into(),
        orders: vec![o.number],
        stage: Some(last.name.clone()),
        period: None,
    })
}

/// Of orders, the quickest 99 %: one that the machine held up would say where it was just then, not where time goes.
fn where_time_goes(facts: &Facts<'_>) -> Option<Insight> {
    let t = facts.timeline;
    let ns = facts.orders.sorted_ns();
    let mut own: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    if ns.is_empty() {
        own.extend(facts.functions.iter().map(|f| (f.name.as_str(), f.own)));
    } else {
        let limit = percentile(&ns, 0.99);
        for o in facts.orders.whole().filter(|o| o.ns <= limit) {
            for s in &t.spans[o.span as usize..t.spans[o.span as usize].next as usize] {
                *own.entry(t.text(s.name)).or_default() += s.self_ns();
            }
        }
    }
    let all = own.values().sum::<u64>().max(1) as f64;
    let mut rows: Vec<(&str, f64)> = own.into_iter().map(|(name, ns)| (name, ns as f64 / all)).collect();
    rows.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    let &(name, share) = rows.first().filter(|r| r.1 > 0.0)?;
    let of = match (ns.is_empty(), t.source) {
        (false, _) => "the time of orders, the slowest percent left out",
        (true, Source::Samples) => "the samples",
        (true, _) => "the recorded time",
    };
    let top: Vec<String> = rows.iter().take(4).map(|(name, share)| format!("{name} {}", percent(*share))).collect();
    let mut evidence = vec![format!("own time: {}", top.join(", "))];
    if let Some(c) = facts.comparisons.first().filter(|c| !c.paths.is_empty()) {
        let p = &c.paths[0];
        evidence.push(format!(
            "slow {} orders spend most of their extra time in {}: {} to {} more than typical ones",
            c.kind,
            p.path,
            duration(p.interval.low),
            duration(p.interval.high)
        ));
    }
    if let Some(&max) = ns.last() {
        let at = |share| duration(percentile(&ns, share) as f64);
        let (p50, p99, p999) = (at(0.5), at(0.99), at(0.999));
        evidence.push(format!("orders: median {p50}, p99 {p99}, p99.9 {p999}, longest {}", duration(max as f64)));
    }
    Some(Insight {
        rule: "where-time-goes",
        severity: Severity::Info,
        title: format!("{name} takes most: {} of {of}", percent(share)),
        evidence,
        confidence: "high",
        next: "the flame graph shows it in its place".into(),
        orders: Vec::new(),
        stage: Some(name.to_owned()),
        period: None,
    })
}
