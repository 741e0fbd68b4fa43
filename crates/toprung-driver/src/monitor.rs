//! Latency as it goes: by kind, open and closed loop, and interval by interval.

use serde::Serialize;
use toprung_trace::{Allocations, LatencyByKind, LatencyHistogram, MigrationCounter, TickClock, Usage};

use crate::stages::KIND_NAMES;

/// Most intervals that are kept; what comes later is in the whole run's figures only.
const INTERVALS_MAX: usize = 10_000;

/// One interval of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Interval {
    /// Its end, in ns from the start of the run.
    pub end_ns: u64,
    /// Commands in it.
    pub commands: u64,
    /// Commands that were timed.
    pub timed: u64,
    /// Median, ns; 0 if none was timed, as all that follow.
    pub p50_ns: u64,
    /// 99 %, ns.
    pub p99_ns: u64,
    /// 99.9 %, ns.
    pub p999_ns: u64,
    /// Longest, ns.
    pub max_ns: u64,
    /// Allocations of the thread.
    pub allocations: u64,
    /// Page faults of the thread, with and without a disk.
    pub page_faults: u64,
    /// Context switches of the thread.
    pub ctx_switches: u64,
    /// Moves to another processor, where the system tells.
    pub cpu_migrations: Option<u64>,
}

/// What was counted in a run or an interval.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) allocations: Allocations,
    pub(crate) usage: Usage,
    pub(crate) migrations: Option<u64>,
}

/// Takes every timed command.
#[derive(Debug)]
pub(crate) struct Monitor {
    clock: TickClock,
    /// From the start of a command to its end: closed loop.
    pub(crate) service: LatencyByKind,
    /// From when a command was due to its end: open loop.
    pub(crate) response: LatencyByKind,
    pub(crate) intervals: Vec<Interval>,
    interval: LatencyHistogram,
    interval_ticks: u64,
    start: u64,
    next: u64,
    commands: u64,
    first: Counts,
    last: Counts,
    migrations: MigrationCounter,
}

impl Monitor {
    /// Of a run of the calling thread that begins now.
    pub(crate) fn new(interval_ms: u32) -> Monitor {
        let clock = TickClock::get();
        let migrations = MigrationCounter::start();
        let first = counts(&migrations);
        let (start, interval_ticks) = (clock.now(), clock.ticks(u64::from(interval_ms) * 1_000_000));
        Monitor {
            clock,
            service: LatencyByKind::new(KIND_NAMES.len()),
            response: LatencyByKind::new(KIND_NAMES.len()),
            intervals: Vec::new(),
            interval: LatencyHistogram::new(),
            interval_ticks,
            start,
            next: start.saturating_add(interval_ticks),
            commands: 0,
            first,
            last: first,
            migrations,
        }
    }

    /// A command of `kind` that took `ns` and ended at `now`, when `commands` were done.
    #[inline]
    pub(crate) fn timed(&mut self, kind: usize, ns: u64, now: u64, commands: u64) {
        self.service.record(kind, ns);
        self.interval.record(ns);
        if now >= self.next {
            self.close_interval(now, commands);
        }
    }

    #[cold]
    fn close_interval(&mut self, now: u64, commands: u64) {
        let now_counts = counts(&self.migrations);
        let (h, usage) = (&self.interval, now_counts.usage.since(&self.last.usage));
        if self.intervals.len() < INTERVALS_MAX {
            self.intervals.push(Interval {
                end_ns: self.clock.ns_between(self.start, now),
                commands: commands - self.commands,
                timed: h.count(),
                p50_ns: h.p50_ns(),
                p99_ns: h.p99_ns(),
                p999_ns: h.p999_ns(),
                max_ns: h.max_ns(),
                allocations: now_counts.allocations.since(&self.last.allocations).count,
                page_faults: usage.faults(),
                ctx_switches: usage.switches(),
                cpu_migrations: now_counts.migrations.zip(self.last.migrations).map(|(b, a)| b.saturating_sub(a)),
            });
        }
        self.interval.clear();
        (self.last, self.commands) = (now_counts, commands);
        self.next = self.clock.now().saturating_add(self.interval_ticks);
    }

    /// Ends the run after `commands`; gives what was counted in all of it.
    pub(crate) fn finish(&mut self, commands: u64) -> Counts {
        if commands > self.commands {
            self.close_interval(self.clock.now(), commands);
        }
        let last = counts(&self.migrations);
        Counts {
            allocations: last.allocations.since(&self.first.allocations),
            usage: last.usage.since(&self.first.usage),
            migrations: last.migrations,
        }
    }
}

fn counts(migrations: &MigrationCounter) -> Counts {
    Counts { allocations: Allocations::of_thread(), usage: Usage::now(), migrations: migrations.count() }
}
