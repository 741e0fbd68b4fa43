//! Two traces against each other: has something become slower?
//!
//! Orders are not independent: a busy machine slows many in a row. So each trace is cut into blocks of consecutive orders
//! and the blocks are resampled. How far two halves of the same trace (every other block) are apart says what the machine
//! does by itself; a change must be larger than that and than 3 %.

use std::collections::BTreeMap;

use serde::Serialize;

use super::orders::{Order, Orders};
use super::perf_script::Profile;
use super::stats::{Interval, bootstrap, mean, percentile};
use super::timeline::Timeline;
use super::tree::Tree;
use super::{AnalyzeError, Subject};

/// How to compare.
#[derive(Clone, Debug)]
pub struct DiffOptions {
    /// Names of the spans that are orders; empty to find them.
    pub roots: Vec<String>,
    /// Seed of the bootstrap.
    pub seed: u64,
    /// Smallest change that counts, as a share.
    pub least_change: f64,
}

impl Default for DiffOptions {
    fn default() -> DiffOptions {
        DiffOptions { roots: Vec::new(), seed: 1, least_change: 0.03 }
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// B is slower.
    Regress,
    /// B is faster.
    Improve,
    /// The difference, if there is any, is too small to count.
    None,
    /// The traces are too short or too uneven to tell.
    Inconclusive,
}

/// Two traces compared, B against A.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// What came of it.
    pub verdict: Verdict,
    /// Why, in one sentence.
    pub why: String,
    /// `ns` for each order, or `share` of samples.
    pub unit: &'static str,
    /// Orders, or samples, of A and B.
    pub count: (u64, u64),
    /// Figures of the orders; empty of samples.
    pub measures: Vec<Measure>,
    /// Paths by how much they changed, largest first.
    pub paths: Vec<PathChange>,
}

/// One figure in both.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Measure {
    /// `median`, `mean` or `p99`.
    pub name: &'static str,
    /// In A, ns.
    pub a: f64,
    /// In B, ns.
    pub b: f64,
    /// (B − A) / A.
    pub change: f64,
    /// Its 95 % interval.
    pub interval: Interval,
    /// What two halves of one trace differ by.
    pub noise: f64,
    /// What this figure says.
    pub verdict: Verdict,
}

/// A path in both.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PathChange {
    /// Names from the order down.
    pub path: String,
    /// Own time for each order but the slowest thousandth, ns (of samples: share of all).
    pub a: f64,
    /// In B.
    pub b: f64,
    /// B − A.
    pub change: f64,
}

/// Blocks of a trace, and fewest orders of one.
const BLOCKS: usize = 64;
const BLOCK_MIN: usize = 25;
const BLOCKS_MIN: usize = 8;
const PATHS_MAX: usize = 25;

/// Compares two traces of the same kind.
///
/// # Errors
/// One has orders or samples where the other has not.
pub fn diff(a: &Subject, b: &Subject, options: &DiffOptions) -> Result<Difference, AnalyzeError> {
    match (a, b) {
        (Subject::Spans(a), Subject::Spans(b)) => diff_spans(a, b, options),
        (Subject::Samples(a), Subject::Samples(b)) => Ok(diff_samples(a, b, options)),
        _ => Err(AnalyzeError::Option("expected two traces of one kind, got spans and samples".to_owned())),
    }
}

/// Median, mean and 99th percentile of the orders of a block.
type Block = [f64; 3];
const MEASURES: [&str; 3] = ["median", "mean", "p99"];

fn blocks(orders: &Orders) -> Vec<Block> {
    let list: Vec<&Order> = orders.whole().collect();
    let size = list.len().div_ceil(BLOCKS).max(BLOCK_MIN);
    list.chunks_exact(size)
        .map(|chunk| {
            let mut ns: Vec<u64> = chunk.iter().map(|o| o.ns).collect();
            ns.sort_unstable();
            // A mean without the pauses of the machine: what lies above the 99.9th percentile counts as that.
            let cap = percentile(&ns, 0.999);
            let mean = mean(&ns.iter().map(|&v| v.min(cap) as f64).collect::<Vec<_>>());
            [percentile(&ns, 0.5) as f64, mean, percentile(&ns, 0.99) as f64]
        })
        .collect()
}

fn middle(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0,
    }
}

fn change(a: &[f64], b: &[f64]) -> f64 {
    let a = middle(a);
    if a > 0.0 { middle(b) / a - 1.0 } else { 0.0 }
}

/// How far the halves of a trace are apart.
fn noise(values: &[f64]) -> f64 {
    let half = |odd: usize| -> Vec<f64> { values.iter().skip(odd).step_by(2).copied().collect() };
    change(&half(0), &half(1)).abs()
}

fn diff_spans(a: &Timeline, b: &Timeline, options: &DiffOptions) -> Result<Difference, AnalyzeError> {
    let (orders_a, orders_b) = (Orders::of(a, &options.roots), Orders::of(b, &options.roots));
    for (orders, which) in [(&orders_a, "first"), (&orders_b, "second")] {
        if orders.whole().next().is_none() {
            return Err(AnalyzeError::Option(format!("expected orders in both traces, got none in the {which}")));
        }
    }
    let (blocks_a, blocks_b) = (blocks(&orders_a), blocks(&orders_b));
    let enough = blocks_a.len() >= BLOCKS_MIN && blocks_b.len() >= BLOCKS_MIN;
    let measures: Vec<Measure> = if enough {
        (0..MEASURES.len()).map(|i| measure(i, &blocks_a, &blocks_b, options)).collect()
    } else {
        Vec::new()
    };
    let (verdict, why) = if enough {
        verdict(&measures)
    } else {
        let fewest = BLOCKS_MIN * BLOCK_MIN;
        let got = orders_a.whole().count().min(orders_b.whole().count());
        (Verdict::Inconclusive, format!("expected at least {fewest} orders in each trace, got {got}"))
    };
    Ok(Difference {
        verdict,
        why,
        unit: "ns",
        count: (orders_a.list.len() as u64, orders_b.list.len() as u64),
        measures,
        paths: paths(PathCosts::of_orders(a, &orders_a).by_path(), PathCosts::of_orders(b, &orders_b).by_path()),
    })
}

fn measure(i: usize, a: &[Block], b: &[Block], options: &DiffOptions) -> Measure {
    let column = |blocks: &[Block]| blocks.iter().map(|block| block[i]).collect::<Vec<f64>>();
    let (a, b) = (column(a), column(b));
    let interval = bootstrap(&a, &b, options.seed ^ i as u64, change);
    let noise = noise(&a).max(noise(&b));
    let least = options.least_change.max(noise);
    let verdict = if interval.low > least {
        Verdict::Regress
    } else if interval.high < -least {
        Verdict::Improve
    } else if interval.low > -least && interval.high < least {
        Verdict::None
    } else {
        Verdict::Inconclusive
    };
    Measure { name: MEASURES[i], a: middle(&a), b: middle(&b), change: change(&a, &b), interval, noise, verdict }
}

/// A regression of any figure is one; an improvement needs that none regressed.
fn verdict(measures: &[Measure]) -> (Verdict, String) {
    let of = |wanted| measures.iter().find(|m| m.verdict == wanted);
    let say = |m: &Measure, what: &str| {
        format!(
            "the {} of an order {what} by {:.1} % ({:.1} to {:.1} %), noise {:.1} %",
            m.name,
            m.change.abs() * 100.0,
            m.interval.low * 100.0,
            m.interval.high * 100.0,
            m.noise * 100.0
        )
    };
    if let Some(m) = of(Verdict::Regress) {
        return (Verdict::Regress, say(m, "rose"));
    }
    if let Some(m) = of(Verdict::Improve) {
        return (Verdict::Improve, say(m, "fell"));
    }
    match measures.iter().find(|m| m.name == "median" && m.verdict == Verdict::Inconclusive) {
        Some(m) => {
            (Verdict::Inconclusive, format!("{}: record more orders, or on a quieter machine", say(m, "differs")))
        }
        None => (Verdict::None, say(&measures[0], "differs")),
    }
}

/// What the paths of a trace cost: for each order but the slowest thousandth, of which one that the machine held up would
/// decide the mean; or as shares of all samples.
pub(super) struct PathCosts {
    pub(super) tree: Tree,
    pub(super) names: Vec<String>,
    /// `ns` for each order, or `share` of samples.
    pub(super) unit: &'static str,
    /// Orders or samples.
    pub(super) count: u64,
}

impl PathCosts {
    fn of_orders(timeline: &Timeline, orders: &Orders) -> PathCosts {
        let limit = percentile(&orders.sorted_ns(), 0.999);
        let plain: Vec<u32> = orders.whole().filter(|o| o.ns <= limit).map(|o| o.span).collect();
        let count = plain.len() as u64;
        let names = timeline.names.iter().map(|n| n.text.clone()).collect();
        PathCosts { tree: Tree::below(timeline, plain).0, names, unit: "ns", count }
    }

    fn of_samples(p: &Profile) -> PathCosts {
        let names = p.names.iter().map(|n| n.text.clone()).collect();
        PathCosts { tree: p.tree.clone(), names, unit: "share", count: p.tree.nodes[0].total }
    }

    /// What a sum over all orders, or samples, is of each.
    pub(super) fn each(&self, sum: u64) -> f64 {
        sum as f64 / self.count.max(1) as f64
    }

    /// The path of every node behind the root, as text.
    pub(super) fn paths(&self) -> Vec<String> {
        let text = |name: u32| self.names[name as usize].clone();
        (1..self.tree.nodes.len()).map(|i| self.tree.path_text(i as u32, text)).collect()
    }

    /// Own cost of every path.
    pub(super) fn by_path(&self) -> BTreeMap<String, f64> {
        self.paths().into_iter().zip(&self.tree.nodes[1..]).map(|(path, n)| (path, self.each(n.own))).collect()
    }
}

/// What the paths of a trace cost; nothing where it has no whole order.
pub(super) fn costs_by_path(subject: &Subject) -> PathCosts {
    match subject {
        Subject::Spans(t) => PathCosts::of_orders(t, &Orders::of(t, &[])),
        Subject::Samples(p) => PathCosts::of_samples(p),
    }
}

fn paths(a: BTreeMap<String, f64>, b: BTreeMap<String, f64>) -> Vec<PathChange> {
    let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let at = |map: &BTreeMap<String, f64>, path: &str| map.get(path).copied().unwrap_or(0.0);
    let mut rows: Vec<PathChange> = names
        .into_iter()
        .map(|path| {
            let (a, b) = (at(&a, path), at(&b, path));
            PathChange { path: path.clone(), a, b, change: b - a }
        })
        .collect();
    rows.sort_by(|x, y| y.change.abs().total_cmp(&x.change.abs()).then_with(|| x.path.cmp(&y.path)));
    rows.truncate(PATHS_MAX);
    rows
}

/// Samples have no length: shares of paths are all that can be compared, and a share is no speed.
fn diff_samples(a: &Profile, b: &Profile, options: &DiffOptions) -> Difference {
    let paths = paths(PathCosts::of_samples(a).by_path(), PathCosts::of_samples(b).by_path());
    let largest = paths.first().map_or(0.0, |p| p.change.abs());
    let (verdict, why) = if largest <= options.least_change {
        (Verdict::None, format!("no path's share of the samples changed by more than {:.1} %", largest * 100.0))
    } else {
        let path = &paths[0];
        (
            Verdict::Inconclusive,
            format!(
                "{} went from {:.1} to {:.1} % of the samples; shares do not say whether orders became slower",
                path.path,
                path.a * 100.0,
                path.b * 100.0
            ),
        )
    };
    Difference { verdict, why, unit: "share", count: (a.samples, b.samples), measures: Vec::new(), paths }
}
