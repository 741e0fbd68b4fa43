//! How far a trace can be trusted.

use serde::Serialize;

use super::orders::Orders;
use super::perf_script::Profile;
use super::timeline::{NONE, Source, Timeline};

/// What is missing or doubtful in a trace.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Quality {
    /// From the first event to the last, ns.
    pub window_ns: u64,
    /// Threads with spans or samples.
    pub threads: usize,
    /// Spans, or samples.
    pub spans: u64,
    /// Spans whose start or end is outside the trace: in totals, not in percentiles.
    pub censored: u64,
    /// Ends without a begin.
    pub orphan_ends: u64,
    /// Spans still open at the end.
    pub open_at_end: u64,
    /// Spans that reach out of the one they lie in.
    pub overlaps: u64,
    /// Errors of the decoder; after each it knows no stack.
    pub decode_errors: u64,
    /// Those that say the processor could not write fast enough.
    pub overflows: u64,
    /// Share of the time in frames that nobody could name, or outside of what was traced.
    pub unknown_share: f64,
    /// Orders at least 20 times the median in which the trace records no cause: a stall of the program, an interrupt, the
    /// scheduler, another machine.
    pub unexplained_pauses: u64,
    /// What the lengths of spans mean.
    pub resolution: &'static str,
    /// What the reader had to say.
    pub remarks: Vec<String>,
}

fn resolution(source: Source) -> &'static str {
    match source {
        Source::Recorder => "each span has its own clock readings; some 20-30 ns of each are the clock's",
        Source::IntelPt => "calls that share a time stamp divide its interval: single spans below 100 ns mean nothing",
        Source::Other => "as the writer of the trace measured it",
        Source::Samples => "counts of samples: shares are good, the length of a single call is not known",
    }
}

fn is_unknown(name: &str) -> bool {
    name.starts_with("[unknown") || name == "[untraced]" || name.starts_with("[decode error")
}

/// The quality of a trace of spans.
pub(super) fn quality(timeline: &Timeline, orders: &Orders) -> Quality {
    let f = &timeline.flaws;
    let (mut all, mut unknown) = (0u64, 0u64);
    for s in &timeline.spans {
        let own = s.self_ns();
        all += own;
        if is_unknown(timeline.text(s.name)) {
            unknown += own;
        }
    }
    let sorted = orders.sorted_ns();
    let limit = 20 * super::stats::percentile(&sorted, 0.5).max(1);
    let mut with_spans: Vec<u32> = timeline.spans.iter().map(|s| s.thread).collect();
    with_spans.dedup();
    with_spans.sort_unstable();
    with_spans.dedup();
    Quality {
        window_ns: timeline.window_ns.1 - timeline.window_ns.0,
        threads: with_spans.len(),
        spans: timeline.spans.len() as u64,
        censored: timeline.spans.iter().filter(|s| s.censored).count() as u64,
        orphan_ends: f.orphan_ends,
        open_at_end: f.open_at_end,
        overlaps: f.overlaps,
        decode_errors: f.decode_errors,
        overflows: f.overflows,
        unknown_share: unknown as f64 / all.max(1) as f64,
        unexplained_pauses: orders
            .whole()
            .filter(|o| {
                let e = o.events;
                o.ns >= limit && o.ns >= 10_000 && e.allocations == 0 && e.page_faults == 0 && e.switches == 0
            })
            .count() as u64,
        resolution: resolution(timeline.source),
        remarks: f.remarks.clone(),
    }
}

/// The quality of a profile.
pub(super) fn of_profile(p: &Profile) -> Quality {
    let all = p.tree.nodes[0].total.max(1);
    let unknown: u64 = p
        .tree
        .nodes
        .iter()
        .filter(|n| n.name != NONE && is_unknown(&p.names[n.name as usize].text))
        .map(|n| n.own)
        .sum();
    Quality {
        window_ns: p.window_ns.1 - p.window_ns.0,
        threads: p.threads,
        spans: p.samples,
        censored: 0,
        orphan_ends: 0,
        open_at_end: 0,
        overlaps: 0,
        decode_errors: p.decode_errors,
        overflows: p.overflows,
        unknown_share: unknown as f64 / all as f64,
        unexplained_pauses: 0,
        resolution: resolution(Source::Samples),
        remarks: p.remarks.clone(),
    }
}
