//! The slowest orders one by one, and the slow ones against the typical.

use serde::Serialize;

use super::bucket::Bucket;
use super::orders::{Order, Orders};
use super::stats::{Interval, bootstrap, mean, percentile};
use super::timeline::{NONE, Timeline};
use super::tree::Tree;

/// Spans of an order's timeline that are shown; the longest are kept.
const TIMELINE_MAX: usize = 64;

/// A step of an order.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Function or stage.
    pub name: String,
    /// What kind of work it is.
    pub bucket: Bucket,
    /// Steps above it.
    pub depth: u32,
    /// Start after the order's own, ns.
    pub at_ns: u64,
    /// Length, ns.
    pub total_ns: u64,
    /// Length without what is below, ns.
    pub own_ns: u64,
}

/// One of the slowest orders.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SlowOrder {
    /// Its number.
    pub number: u64,
    /// Its identity.
    pub id: Option<i64>,
    /// Its kind.
    pub kind: String,
    /// Its latency, ns.
    pub ns: u64,
    /// Start after the trace's own, ns.
    pub at_ns: u64,
    /// Its latency over the median of its kind.
    pub times_typical: f64,
    /// How long its replay took, ns; the steps are then the replay's if the first run has none.
    pub replay_ns: Option<u64>,
    /// Calls of the allocator.
    pub allocations: u64,
    /// Page faults.
    pub page_faults: u64,
    /// Times off the processor.
    pub switches: u64,
    /// From the order down, at each level the child that took longest; ends with `(own)` where that is longer.
    pub critical_path: Vec<Step>,
    /// Its steps in order of time.
    pub steps: Vec<Step>,
}

/// The slowest orders, slowest first.
pub(super) fn slowest(timeline: &Timeline, orders: &Orders, count: usize) -> Vec<SlowOrder> {
    let mut list: Vec<&Order> = orders.whole().collect();
    list.sort_by_key(|o| (std::cmp::Reverse(o.ns), o.number));
    list.truncate(count);
    let medians = medians_by_kind(orders);
    list.into_iter()
        .map(|o| {
            let root = &timeline.spans[o.span as usize];
            SlowOrder {
                number: o.number,
                id: o.id,
                kind: orders.kinds[o.kind as usize].clone(),
                ns: o.ns,
                at_ns: root.start_ns - timeline.window_ns.0,
                times_typical: o.ns as f64 / medians[o.kind as usize].max(1) as f64,
                replay_ns: o.replay_ns,
                allocations: o.events.allocations,
                page_faults: o.events.page_faults,
                switches: o.events.switches,
                critical_path: critical_path(timeline, o.detail),
                steps: steps(timeline, o.detail),
            }
        })
        .collect()
}

fn medians_by_kind(orders: &Orders) -> Vec<u64> {
    let mut ns: Vec<Vec<u64>> = vec![Vec::new(); orders.kinds.len()];
    for o in orders.whole() {
        ns[o.kind as usize].push(o.ns);
    }
    ns.into_iter()
        .map(|mut list| {
            list.sort_unstable();
            percentile(&list, 0.5)
        })
        .collect()
}

fn step(timeline: &Timeline, span: u32, root: u32) -> Step {
    let (s, r) = (&timeline.spans[span as usize], &timeline.spans[root as usize]);
    Step {
        name: timeline.text(s.name).to_owned(),
        bucket: timeline.bucket(s),
        depth: s.depth - r.depth,
        at_ns: s.start_ns - r.start_ns,
        total_ns: s.total_ns(),
        own_ns: s.self_ns(),
    }
}

fn steps(timeline: &Timeline, root: u32) -> Vec<Step> {
    let mut spans: Vec<u32> = (root + 1..timeline.spans[root as usize].next).collect();
    if spans.len() > TIMELINE_MAX {
        spans.sort_by_key(|&i| std::cmp::Reverse(timeline.spans[i as usize].total_ns()));
        spans.truncate(TIMELINE_MAX);
        spans.sort_unstable();
    }
    spans.into_iter().map(|i| step(timeline, i, root)).collect()
}

fn critical_path(timeline: &Timeline, root: u32) -> Vec<Step> {
    let mut path = vec![step(timeline, root, root)];
    let mut at = root;
    loop {
        let span = &timeline.spans[at as usize];
        let mut longest = NONE;
        let mut child = at + 1;
        while child < span.next {
            let c = &timeline.spans[child as usize];
            if longest == NONE || c.total_ns() > timeline.spans[longest as usize].total_ns() {
                longest = child;
            }
            child = c.next;
        }
        if longest == NONE {
            return path;
        }
        if span.self_ns() > timeline.spans[longest as usize].total_ns() {
            let mut own = step(timeline, at, root);
            (own.name, own.total_ns) = ("(own)".to_owned(), own.own_ns);
            own.depth += 1;
            path.push(own);
            return path;
        }
        path.push(step(timeline, longest, root));
        at = longest;
    }
}

/// Slow orders of a kind against its typical ones.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The kind; `all` where no single kind has enough orders.
    pub kind: String,
    /// The percentile from which an order is slow, as a share.
    pub slow_from: f64,
    /// Slow orders.
    pub slow: usize,
    /// Typical orders: from the 40th to the 60th percentile.
    pub typical: usize,
    /// Mean latency of the slow, ns.
    pub slow_ns: f64,
    /// Mean latency of the typical, ns.
    pub typical_ns: f64,
    /// Where the difference lies, largest first.
    pub paths: Vec<PathExcess>,
}

/// What a path adds to slow orders.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PathExcess {
    /// Names from the order down, joined by `;`.
    pub path: String,
    /// What kind of work its last name is.
    pub bucket: Bucket,
    /// Mean own time in slow orders, ns.
    pub slow_ns: f64,
    /// Mean own time in typical orders, ns.
    pub typical_ns: f64,
    /// The difference, ns, and its 95 % interval.
    pub excess_ns: f64,
    /// The interval.
    pub interval: Interval,
    /// The difference as a share of that of whole orders.
    pub share: f64,
    /// Share of slow orders that take this path.
    pub in_slow: f64,
    /// Share of typical orders that do.
    pub in_typical: f64,
}

/// Fewest orders of a kind to be compared.
const ORDERS_MIN: usize = 200;
/// Slow orders that are enough for the 99.9th percentile.
const SLOW_MIN: usize = 30;
/// Paths of a comparison.
const PATHS_MAX: usize = 12;
/// Typical orders that are looked at; more are thinned evenly.
const TYPICAL_MAX: usize = 2000;

/// Compares by kind. Orders during which the thread was taken off the processor are left out: that has no place in the code.
pub(super) fn compare(timeline: &Timeline, orders: &Orders, seed: u64) -> Vec<Comparison> {
    let mut kinds: Vec<Vec<&Order>> = vec![Vec::new(); orders.kinds.len()];
    for o in orders.whole().filter(|o| o.events.switches == 0) {
        kinds[o.kind as usize].push(o);
    }
    let enough: Vec<(String, Vec<&Order>)> = kinds
        .into_iter()
        .zip(&orders.kinds)
        .filter(|(list, _)| list.len() >= ORDERS_MIN)
        .map(|(list, kind)| (kind.clone(), list))
        .collect();
    let groups = if enough.is_empty() && orders.whole().count() >= ORDERS_MIN {
        vec![("all".to_owned(), orders.whole().filter(|o| o.events.switches == 0).collect())]
    } else {
        enough
    };
    let mut found: Vec<Comparison> =
        groups.into_iter().map(|(kind, list)| compare_kind(timeline, kind, list, seed)).collect();
    found.sort_by(|a, b| (b.slow_ns * b.slow as f64).total_cmp(&(a.slow_ns * a.slow as f64)));
    found
}

fn compare_kind(timeline: &Timeline, kind: String, mut list: Vec<&Order>, seed: u64) -> Comparison {
    list.sort_by_key(|o| (o.ns, o.number));
    let n = list.len();
    let slow_from = if n / 1000 >= SLOW_MIN { 0.999 } else { 0.99 };
    let slow = &list[(n as f64 * slow_from) as usize..];
    let typical: Vec<&Order> = {
        let middle = &list[n * 2 / 5..n * 3 / 5];
        middle.iter().step_by(middle.len().div_ceil(TYPICAL_MAX).max(1)).copied().collect()
    };
    let (tree, node_of) = Tree::below(timeline, slow.iter().chain(&typical).map(|o| o.span));
    let own = |group: &[&Order]| -> Vec<Vec<f64>> {
        let mut table = vec![vec![0.0; group.len()]; tree.nodes.len()];
        for (column, o) in group.iter().enumerate() {
            for i in o.span..timeline.spans[o.span as usize].next {
                table[node_of[i as usize] as usize][column] += timeline.spans[i as usize].self_ns() as f64;
            }
        }
        table
    };
    let visits = |group: &[&Order]| -> Vec<usize> {
        let mut table = vec![0; tree.nodes.len()];
        let mut last = vec![usize::MAX; tree.nodes.len()];
        for (column, o) in group.iter().enumerate() {
            for i in o.span..timeline.spans[o.span as usize].next {
                let node = node_of[i as usize] as usize;
                table[node] += usize::from(last[node] != column);
                last[node] = column;
            }
        }
        table
    };
    let (slow_own, typical_own) = (own(slow), own(&typical));
    let (slow_visits, typical_visits) = (visits(slow), visits(&typical));
    let latency = |group: &[&Order]| mean(&group.iter().map(|o| o.ns as f64).collect::<Vec<_>>());
    let (slow_ns, typical_ns) = (latency(slow), latency(&typical));
    let mut nodes: Vec<(usize, f64)> =
        (1..tree.nodes.len()).map(|i| (i, mean(&slow_own[i]) - mean(&typical_own[i]))).collect();
    nodes.sort_by(|a, b| b.1.total_cmp(&a.1));
    nodes.truncate(PATHS_MAX);
    let paths = nodes
        .into_iter()
        .filter(|&(_, excess)| excess > 0.0)
        .map(|(i, excess_ns)| PathExcess {
            path: tree.path_text(i as u32, |name| timeline.text(name).to_owned()),
            bucket: timeline.names[tree.nodes[i].name as usize].bucket,
            slow_ns: mean(&slow_own[i]),
            typical_ns: mean(&typical_own[i]),
            excess_ns,
            interval: bootstrap(&typical_own[i], &slow_own[i], seed ^ i as u64, |a, b| mean(b) - mean(a)),
            share: excess_ns / (slow_ns - typical_ns).max(1.0),
            in_slow: slow_visits[i] as f64 / slow.len() as f64,
            in_typical: typical_visits[i] as f64 / typical.len().max(1) as f64,
        })
        .collect();
    Comparison { kind, slow_from, slow: slow.len(), typical: typical.len(), slow_ns, typical_ns, paths }
}
