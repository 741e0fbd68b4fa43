//! Functions, buckets and paths as tables.

use std::collections::BTreeMap;

use serde::Serialize;

use super::bucket::Bucket;
use super::orders::Orders;
use super::stats::percentile;
use super::timeline::{NONE, Source, Timeline};
use super::tree::Tree;

/// A function or stage over the whole trace. Times are ns; of samples, counts.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionRow {
    /// Its name.
    pub name: String,
    /// What kind of work it is.
    pub bucket: Bucket,
    /// Calls; 0 of samples.
    pub calls: u64,
    /// Time with everything below; a recursive call counts once.
    pub total: u64,
    /// Time without.
    pub own: u64,
    /// `own` as a share of everything.
    pub own_share: f64,
    /// `own` for each order; `null` where there are none.
    pub own_per_order: Option<f64>,
    /// Lengths of whole calls; `null` of samples.
    pub lengths: Option<Lengths>,
}

/// Lengths of calls, ns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lengths {
    /// Calls that are whole.
    pub count: u64,
    /// Shortest.
    pub min_ns: u64,
    /// Median.
    pub p50_ns: u64,
    /// 90th percentile.
    pub p90_ns: u64,
    /// 99th percentile.
    pub p99_ns: u64,
    /// 99.9th percentile.
    pub p999_ns: u64,
    /// Longest.
    pub max_ns: u64,
    /// Mean.
    pub mean_ns: f64,
}

impl Lengths {
    /// Of sorted lengths; `None` of none.
    pub fn of(sorted: &[u64]) -> Option<Lengths> {
        let (&min_ns, &max_ns) = (sorted.first()?, sorted.last()?);
        let at = |share| percentile(sorted, share);
        Some(Lengths {
            count: sorted.len() as u64,
            min_ns,
            p50_ns: at(0.5),
            p90_ns: at(0.9),
            p99_ns: at(0.99),
            p999_ns: at(0.999),
            max_ns,
            mean_ns: sorted.iter().map(|&v| v as f64).sum::<f64>() / sorted.len() as f64,
        })
    }
}

/// Functions by own time.
pub(super) fn functions(timeline: &Timeline, tree: &Tree, orders: &Orders) -> Vec<FunctionRow> {
    let totals = totals_without_recursion(tree, timeline.names.len());
    let mut lengths: Vec<Vec<u64>> = vec![Vec::new(); timeline.names.len()];
    for span in timeline.spans.iter().filter(|s| !s.censored && !timeline.is_replay(s.thread)) {
        lengths[span.name as usize].push(span.total_ns());
    }
    let all = tree.nodes[0].total.max(1) as f64;
    let sampled = timeline.source == Source::Samples;
    let mut rows: Vec<FunctionRow> = timeline
        .names
        .iter()
        .zip(totals)
        .zip(&mut lengths)
        .filter(|((_, t), _)| t.seen)
        .map(|((name, t), lengths)| {
            lengths.sort_unstable();
            FunctionRow {
                name: name.text.clone(),
                bucket: name.bucket,
                calls: t.calls,
                total: t.total,
                own: t.own,
                own_share: t.own as f64 / all,
                own_per_order: (!orders.list.is_empty()).then(|| t.own as f64 / orders.list.len() as f64),
                lengths: if sampled { None } else { Lengths::of(lengths) },
            }
        })
        .collect();
    rows.sort_by(|a, b| b.own.cmp(&a.own).then_with(|| a.name.cmp(&b.name)));
    rows
}

#[derive(Clone, Debug, Default)]
struct Totals {
    seen: bool,
    calls: u64,
    total: u64,
    own: u64,
}

/// A node adds to its name's total only where the name is not above it already.
fn totals_without_recursion(tree: &Tree, names: usize) -> Vec<Totals> {
    let mut totals = vec![Totals::default(); names];
    for (i, node) in tree.nodes.iter().enumerate().skip(1) {
        let t = &mut totals[node.name as usize];
        t.seen = true;
        t.calls += node.calls;
        t.own += node.own;
        let mut above = tree.nodes[i].parent;
        while above != NONE && tree.nodes[above as usize].name != node.name {
            above = tree.nodes[above as usize].parent;
        }
        if above == NONE {
            t.total += node.total;
        }
    }
    totals
}

/// One kind of work.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BucketRow {
    /// Which.
    pub bucket: Bucket,
    /// Calls; 0 of samples.
    pub calls: u64,
    /// Own time of everything in it: ns, or samples.
    pub own: u64,
    /// `own` as a share of all.
    pub share: f64,
}

/// Kinds of work by own time. Where there are orders, only what happened within orders.
pub(super) fn buckets(timeline: &Timeline, tree: &Tree) -> Vec<BucketRow> {
    let mut sums: BTreeMap<Bucket, (u64, u64)> = BTreeMap::new();
    for node in tree.nodes.iter().skip(1) {
        let sum = sums.entry(timeline.names[node.name as usize].bucket).or_default();
        sum.0 += node.calls;
        sum.1 += node.own;
    }
    let all = tree.nodes[0].total.max(1) as f64;
    let mut rows: Vec<BucketRow> = sums
        .into_iter()
        .map(|(bucket, (calls, own))| BucketRow { bucket, calls, own, share: own as f64 / all })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.own));
    rows
}

/// A path of the call tree that is worth showing.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TreeRow {
    /// Its last name.
    pub name: String,
    /// Names above it.
    pub depth: usize,
    /// Calls; 0 of samples.
    pub calls: u64,
    /// Time with everything below.
    pub total: u64,
    /// Time without.
    pub own: u64,
    /// `total` as a share of everything.
    pub share: f64,
}

/// The call tree in preorder, without paths below a share of everything.
pub(super) fn tree_rows(timeline: &Timeline, tree: &Tree, least_share: f64) -> Vec<TreeRow> {
    let children = tree.children();
    let all = tree.nodes[0].total.max(1) as f64;
    let mut rows = Vec::new();
    let mut stack: Vec<(u32, usize)> = children[0].iter().rev().map(|&i| (i, 0)).collect();
    while let Some((i, depth)) = stack.pop() {
        let node = &tree.nodes[i as usize];
        let share = node.total as f64 / all;
        if share < least_share {
            continue;
        }
        let name = timeline.text(node.name).to_owned();
        rows.push(TreeRow { name, depth, calls: node.calls, total: node.total, own: node.own, share });
        stack.extend(children[i as usize].iter().rev().map(|&c| (c, depth + 1)));
    }
    rows
}
