//! What a recorded run found.

use std::path::PathBuf;

use serde::Serialize;
use toprung_trace::LatencySummary;

use crate::monitor::Interval;

/// A run, and its trace.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// What was found.
    pub report: Report,
    /// The trace in the Fuchsia format, not compressed.
    pub trace: Vec<u8>,
}

/// What a recorded run found.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Where the trace was written.
    pub output: Option<PathBuf>,
    /// The level.
    pub level: &'static str,
    /// One command in so many was recorded at the end; 0 if none was.
    pub every: u64,
    /// Whether that was the recorder's own choice.
    pub adaptive: bool,
    /// What recording a command was reckoned to cost, ns.
    pub cost_ns: f64,
    /// Commands carried out, warm-up included.
    pub commands: u64,
    /// Commands recorded.
    pub recorded: u64,
    /// Digest of the book's events: that of the same run without a recorder.
    pub digest: String,
    /// Whether the run was stopped before its end.
    pub cancelled: bool,
    /// Wall-clock time of the run, without the replay, ns.
    pub elapsed_ns: u64,
    /// What fired, in the order in which it did.
    pub hits: Vec<HitView>,
    /// Time from a command's start to its end, by kind: closed loop.
    pub latency: Vec<KindLatency>,
    /// Time from when a command was due to its end, by kind: open loop. Empty without a rate.
    pub response: Vec<KindLatency>,
    /// The run in intervals.
    pub intervals: Vec<Interval>,
    /// Allocations of the thread; 0 in a program that does not count them.
    pub allocations: u64,
    /// Bytes asked for in them.
    pub alloc_bytes: u64,
    /// Page faults served without a disk.
    pub minor_faults: u64,
    /// Page faults that waited for a disk.
    pub major_faults: u64,
    /// Times the thread gave the processor up.
    pub voluntary_switches: u64,
    /// Times it was taken away.
    pub involuntary_switches: u64,
    /// Moves to another processor; nothing where the system does not tell.
    pub cpu_migrations: Option<u64>,
    /// Where ticks come from: `tsc` or `monotonic`.
    pub clock: &'static str,
    /// Ticks per second.
    pub ticks_per_second: u64,
    /// By how much readings next to each other differ where they do, ns: latencies are told apart to no less.
    pub clock_resolution_ns: u64,
    /// What reading the clock costs, ns.
    pub clock_read_ns: f64,
    /// Spans in the trace, replays included.
    pub trace_events: u64,
    /// Recorder entries that were left out of the trace, since their beginning had been overwritten.
    pub trace_partial: u64,
    /// Bytes of the trace before compression.
    pub trace_bytes: u64,
}

/// An order that fired.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HitView {
    /// Its number in the run, from 0.
    pub command: u64,
    /// Its kind.
    pub kind: &'static str,
    /// How long it took, ns.
    pub latency_ns: u64,
    /// How long it took when it was run again at full detail, which by itself costs some time.
    pub replay_ns: Option<u64>,
    /// Trades; 0 too where the trigger did not ask for events and the level is `order`.
    pub fills: u32,
    /// Prices at which it traded; see `fills`.
    pub levels: u32,
    /// Where it begins in the trace, ns.
    pub start_ns: u64,
}

/// The latencies of one kind of command.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KindLatency {
    /// The kind, or `all`.
    pub kind: &'static str,
    /// Its latencies.
    #[serde(flatten)]
    pub latency: Latency,
}

/// A [`LatencySummary`] as it is written.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Latency {
    /// Commands timed.
    pub count: u64,
    /// Mean, ns.
    pub mean_ns: f64,
    /// Shortest, ns.
    pub min_ns: u64,
    /// Median, ns.
    pub p50_ns: u64,
    /// 90 %, ns.
    pub p90_ns: u64,
    /// 99 %, ns.
    pub p99_ns: u64,
    /// 99.9 %, ns.
    pub p999_ns: u64,
    /// 99.99 %, ns.
    pub p9999_ns: u64,
    /// Longest, ns.
    pub max_ns: u64,
}

impl Latency {
    pub(crate) fn of(s: &LatencySummary) -> Latency {
        Latency {
            count: s.count,
            mean_ns: s.mean_ns,
            min_ns: s.min_ns,
            p50_ns: s.p50_ns,
            p90_ns: s.p90_ns,
            p99_ns: s.p99_ns,
            p999_ns: s.p999_ns,
            p9999_ns: s.p9999_ns,
            max_ns: s.max_ns,
        }
    }
}
