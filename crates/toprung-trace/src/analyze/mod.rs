//! What a trace says: one analysis for recorder traces, magic-trace's and stack samples.
//!
//! A trace becomes a [`Timeline`] of spans, or a [`Profile`] of samples. [`analyze`] gives tables, a call tree, the slowest
//! orders, slow against typical, a statement of quality, and [`Insight`]s; [`diff`] compares two traces; [`export`] writes
//! them for other tools. Everything that resamples takes a seed, so the same trace gives the same report.
//!
//! ```
//! use toprung_trace::analyze::{Builder, Options, Source, Value, analyze};
//!
//! let mut b = Builder::default();
//! let thread = b.thread("engine", "main");
//! let (order, stage) = (b.name("limit", "order"), b.name("match", "stage"));
//! for n in 0..10 {
//!     b.begin(thread, n * 1000, order, [("command", Value::Int(n as i64))]);
//!     b.begin(thread, n * 1000 + 100, stage, []);
//!     b.end(thread, n * 1000 + 400, []);
//!     b.end(thread, n * 1000 + 500, []);
//! }
//! let analysis = analyze(&b.finish(Source::Recorder).into(), &Options::default());
//! assert_eq!(analysis.orders.unwrap().latency.p50_ns, 500);
//! assert_eq!((analysis.functions[0].name.as_str(), analysis.functions[0].own), ("match", 3000));
//! ```

mod bucket;
mod diff;
mod error;
pub mod export;
mod from_fxt;
mod insights;
mod load;
mod orders;
mod perf_script;
mod quality;
mod slow;
mod stalls;
mod stats;
mod table;
mod text;
mod timeline;
mod tree;

use serde::Serialize;

pub use bucket::Bucket;
pub use diff::{DiffOptions, Difference, Verdict, diff};
pub use error::AnalyzeError;
pub use from_fxt::timeline as timeline_of;
pub use insights::{Insight, Severity};
pub use load::{Verification, load, verify};
pub use orders::{Order, Orders};
pub use perf_script::Profile;
pub use quality::Quality;
pub use slow::{Comparison, PathExcess, SlowOrder, Step};
pub use stats::{Interval, Period};
pub use table::{BucketRow, FunctionRow, Lengths, TreeRow};
pub use timeline::{Builder, Source, Span, Timeline, Value};
pub use tree::Tree;

use insights::Facts;

/// What is analysed.
#[derive(Clone, Debug)]
pub enum Subject {
    /// Spans.
    Spans(Timeline),
    /// Stack samples.
    Samples(Profile),
}

impl From<Timeline> for Subject {
    fn from(timeline: Timeline) -> Subject {
        Subject::Spans(timeline)
    }
}

/// How to analyse.
#[derive(Clone, Debug)]
pub struct Options {
    /// Names of the spans that are orders; empty to find them.
    pub roots: Vec<String>,
    /// How many of the slowest orders are shown.
    pub slowest: usize,
    /// Rows of the function table.
    pub functions: usize,
    /// Seed of the bootstrap.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options { roots: Vec::new(), slowest: 10, functions: 40, seed: 1 }
    }
}

/// Paths of less than this share of everything are left out of the tree of a report.
const TREE_SHARE_MIN: f64 = 0.002;

/// What was found.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Analysis {
    /// What the trace was made with.
    pub source: &'static str,
    /// `ns`, or `samples`: the unit of `total` and `own`.
    pub unit: &'static str,
    /// Sum of the tree: ns on all threads, or samples.
    pub total: u64,
    /// The orders; `null` where none were found.
    pub orders: Option<OrderSummary>,
    /// Functions and stages by own time.
    pub functions: Vec<FunctionRow>,
    /// Kinds of work; within orders where there are any.
    pub buckets: Vec<BucketRow>,
    /// The call tree in preorder.
    pub tree: Vec<TreeRow>,
    /// The slowest orders.
    pub slowest: Vec<SlowOrder>,
    /// Slow orders against typical ones, by kind.
    pub comparisons: Vec<Comparison>,
    /// The period of the slowest orders, if they have one.
    pub slow_period: Option<Period>,
    /// What is worth knowing.
    pub insights: Vec<Insight>,
    /// How far the trace can be trusted.
    pub quality: Quality,
}

/// The orders of a trace together.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderSummary {
    /// Orders in the trace.
    pub count: u64,
    /// Orders whose start and end are in it; the latencies are theirs.
    pub whole: u64,
    /// How they were found.
    pub found_by: String,
    /// Their latencies.
    pub latency: Lengths,
    /// The same by kind.
    pub kinds: Vec<KindSummary>,
}

/// Orders of a kind.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KindSummary {
    /// The kind.
    pub kind: String,
    /// Its latencies.
    pub latency: Lengths,
}

/// Analyses a trace.
pub fn analyze(subject: &Subject, options: &Options) -> Analysis {
    match subject {
        Subject::Spans(timeline) => analyze_spans(timeline, options),
        Subject::Samples(profile) => analyze_samples(profile, options),
    }
}

fn analyze_spans(timeline: &Timeline, options: &Options) -> Analysis {
    let orders = Orders::of(timeline, &options.roots);
    let tree = Tree::of_spans(timeline);
    let functions = table::functions(timeline, &tree, &orders);
    let buckets = if orders.list.is_empty() {
        table::buckets(timeline, &tree)
    } else {
        table::buckets(timeline, &Tree::below(timeline, orders.list.iter().map(|o| o.span)).0)
    };
    let slowest = slow::slowest(timeline, &orders, options.slowest);
    let comparisons = slow::compare(timeline, &orders, options.seed);
    let quality = quality::quality(timeline, &orders);
    let facts = Facts {
        timeline,
        orders: &orders,
        functions: &functions,
        buckets: &buckets,
        slowest: &slowest,
        comparisons: &comparisons,
        seed: options.seed,
    };
    let insights = insights::insights(&facts);
    Analysis {
        source: timeline.source.name(),
        unit: "ns",
        total: tree.nodes[0].total,
        orders: summary(&orders),
        buckets,
        tree: table::tree_rows(timeline, &tree, TREE_SHARE_MIN),
        functions: functions.into_iter().take(options.functions).collect(),
        slow_period: slow_period(&orders),
        slowest,
        comparisons,
        insights,
        quality,
    }
}

/// Samples have no orders and no lengths: tables and what follows from shares.
fn analyze_samples(profile: &Profile, options: &Options) -> Analysis {
    let timeline = profile.frame();
    let orders = Orders::default();
    let functions = table::functions(&timeline, &profile.tree, &orders);
    let buckets = table::buckets(&timeline, &profile.tree);
    let facts = Facts {
        timeline: &timeline,
        orders: &orders,
        functions: &functions,
        buckets: &buckets,
        slowest: &[],
        comparisons: &[],
        seed: options.seed,
    };
    let insights = insights::insights(&facts);
    Analysis {
        source: Source::Samples.name(),
        unit: "samples",
        total: profile.tree.nodes[0].total,
        orders: None,
        buckets,
        tree: table::tree_rows(&timeline, &profile.tree, TREE_SHARE_MIN),
        functions: functions.into_iter().take(options.functions).collect(),
        slowest: Vec::new(),
        comparisons: Vec::new(),
        slow_period: None,
        insights,
        quality: quality::of_profile(profile),
    }
}

fn summary(orders: &Orders) -> Option<OrderSummary> {
    let sorted = orders.sorted_ns();
    let latency = Lengths::of(&sorted)?;
    let kinds = orders
        .kinds
        .iter()
        .enumerate()
        .filter_map(|(i, kind)| {
            let mut ns: Vec<u64> = orders.whole().filter(|o| o.kind as usize == i).map(|o| o.ns).collect();
            ns.sort_unstable();
            Some(KindSummary { kind: kind.clone(), latency: Lengths::of(&ns)? })
        })
        .collect();
    Some(OrderSummary {
        count: orders.list.len() as u64,
        whole: sorted.len() as u64,
        found_by: orders.found_by.clone(),
        latency,
        kinds,
    })
}

/// Whether the slowest thousandth (of few orders: hundredth) comes back at regular order numbers.
fn slow_period(orders: &Orders) -> Option<Period> {
    let mut list: Vec<(u64, u64)> = orders.whole().map(|o| (o.ns, o.number)).collect();
    list.sort_unstable();
    let n = list.len();
    let slow = if n >= 30_000 { n / 1000 } else { n / 100 };
    let mut numbers: Vec<u64> = list[n - slow..].iter().map(|&(_, number)| number).collect();
    numbers.sort_unstable();
    stats::period(&numbers)
}

#[cfg(test)]
mod tests;
