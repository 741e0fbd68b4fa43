//! The observer that records.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use toprung_book::{Command, Event, EventKind, EventSink};
use toprung_sim::Observer;
use toprung_trace::recorder::{Entry, EntryKind, Level, Pace, Ring};
use toprung_trace::{Allocations, Observed, TickClock, Trigger, Usage, fire};

use crate::monitor::Monitor;
use crate::options::RecordOptions;
use crate::stages::{self, EVENTS, INPUT, LOOKUP, MATCH, ORDER, SETTLE, USAGE};

/// Events of one order of which each has a span of its own; of a longer order the later ones have none.
const EVENTS_MAX: usize = 512;

/// Orders in each block, and blocks, by which the cost of recording one is measured.
const COST_BLOCK: u64 = 64;
const COST_BLOCKS: usize = 65;

/// How much more an order costs in a run than in a loop of its own: there the recorder's code, its histogram and the
/// branches are cold. `npm run overhead` has 1.6 to 1.8.
const COLD: f64 = 2.0;

/// An order that fired the trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) order: Observed,
    pub(crate) fills: u32,
    /// Ticks at its beginning and its end.
    pub(crate) span: (u64, u64),
}

/// What others may read while a run goes on.
#[derive(Debug, Default)]
pub struct Status {
    /// Commands done, as of the last one that was recorded.
    pub commands: AtomicU64,
    /// Hits.
    pub hits: AtomicU64,
    /// Latency of the last command that was timed, ns.
    pub last_latency_ns: AtomicU64,
}

/// Commands that are due at given times.
#[derive(Clone, Copy, Debug)]
struct Schedule {
    start: u64,
    ticks_per_command: f64,
    due: u64,
}

/// Records the commands of one thread: times them, keeps them in a ring, looks at the trigger.
///
/// Commands that are not due pass it by: it sees them only as a number.
#[derive(Debug)]
pub struct Recording {
    clock: TickClock,
    level: Level,
    pace: Pace,
    ring: Ring,
    trigger: Option<Trigger>,
    monitor: Option<Box<Monitor>>,
    schedule: Option<Schedule>,
    status: Arc<Status>,
    context: usize,
    hold: Duration,
    /// Commands that are neither timed nor reported at the start.
    warmup: u64,
    command: u64,
    recorded: u64,
    hits: Vec<Hit>,
    /// Copied at the hits.
    kept: Vec<Entry>,
    kept_to: u64,

    /// Whether the events of the command at work are looked at.
    looks: bool,
    start: u64,
    allocations: Allocations,
    usage: Usage,
    answer: Option<u64>,
    last_trade: u64,
    last_price: i64,
    fills: u32,
    levels: u32,
    event_kinds: u64,
    sinks: Vec<(u64, u64, EventKind)>,
    /// Number of the last recorded command, and when the recorder was through with it.
    last: (u64, u64),
}

impl Recording {
    /// A recorder at `level` for what `pace` says is due, keeping `entries` entries.
    pub fn new(level: Level, pace: Pace, entries: usize) -> Recording {
        Recording {
            clock: TickClock::get(),
            level,
            pace: if level == Level::Off { Pace::never() } else { pace },
            ring: Ring::new(entries),
            trigger: None,
            monitor: None,
            schedule: None,
            status: Arc::default(),
            context: 0,
            hold: Duration::ZERO,
            warmup: 0,
            command: 0,
            recorded: 0,
            hits: Vec::new(),
            kept: Vec::new(),
            kept_to: 0,
            looks: false,
            start: 0,
            allocations: Allocations::default(),
            usage: Usage::default(),
            answer: None,
            last_trade: 0,
            last_price: 0,
            fills: 0,
            levels: 0,
            event_kinds: 0,
            sinks: Vec::with_capacity(EVENTS_MAX),
            // No command has the number behind this one.
            last: (u64::MAX - 1, 0),
        }
    }

    /// Keeps what the trigger fires on, with `context` orders before it, and stops for `hold` behind it.
    pub(crate) fn with_trigger(mut self, trigger: Trigger, context: usize, hold: Duration) -> Recording {
        (self.trigger, self.context, self.hold) = (Some(trigger), context, hold);
        self
    }

    /// Keeps the latencies of every command that is recorded.
    pub fn with_latencies(self) -> Recording {
        self.with_monitor(Monitor::new(RecordOptions::default().interval_ms), 0, Arc::default())
    }

    /// Reports latencies behind the first `warmup` commands.
    pub(crate) fn with_monitor(mut self, monitor: Monitor, warmup: u64, status: Arc<Status>) -> Recording {
        (self.monitor, self.warmup, self.status) = (Some(Box::new(monitor)), warmup, status);
        self
    }

    /// Waits before each command until it is due, at `per_second`.
    pub(crate) fn with_rate(mut self, per_second: f64) -> Recording {
        let ticks_per_command = self.clock.ticks_per_second() as f64 / per_second;
        self.schedule = Some(Schedule { start: self.clock.now(), ticks_per_command, due: 0 });
        self
    }

    /// What recording one command at `level` costs in a run, ns: the median over blocks of commands that do nothing, doubled
    /// since in a run the recorder is cold.
    pub fn cost_ns(level: Level) -> f64 {
        let mut recording = Recording::new(level, Pace::fixed(1), 4096).with_latencies();
        let clock = recording.clock;
        let cmd = Command::cancel(1);
        let event = Event {
            seq: 0,
            id: 1,
            other: 0,
            price: 0,
            qty: 1,
            owner: 0,
            kind: EventKind::Cancelled,
            side: toprung_book::Side::Buy,
            reason: toprung_book::Reason::Requested,
            flags: toprung_book::EventFlags::NONE,
        };
        let mut blocks: Vec<u64> = (0..COST_BLOCKS)
            .map(|_| {
                let start = clock.now();
                for _ in 0..COST_BLOCK {
                    recording.before(&cmd);
                    recording.event(&event, &mut ());
                    recording.after(&cmd);
                }
                clock.now().wrapping_sub(start)
            })
            .collect();
        blocks.sort_unstable();
        COLD * clock.ns(blocks[COST_BLOCKS / 2]) as f64 / COST_BLOCK as f64
    }

    /// Takes up at command `command`; what lies between is not seen.
    pub(crate) fn skip_to(&mut self, command: u64) {
        self.command = command;
    }

    /// Commands recorded so far.
    pub fn recorded(&self) -> u64 {
        self.recorded
    }

    /// One command in how many is recorded now.
    pub fn every(&self) -> u64 {
        self.pace.every()
    }

    pub(crate) fn ring(&self) -> &Ring {
        &self.ring
    }

    /// Ticks at the beginning of the command that was recorded last.
    pub(crate) fn last_start(&self) -> u64 {
        self.start
    }

    /// Ends the run: what was kept, which without a trigger is what the ring has, and the monitor.
    pub(crate) fn finish(mut self) -> (Vec<Entry>, Vec<Hit>, Option<Box<Monitor>>) {
        let kept = if self.trigger.is_some() { std::mem::take(&mut self.kept) } else { self.ring.since(0).collect() };
        (kept, self.hits, self.monitor)
    }

    #[inline]
    fn push(&mut self, kind: EntryKind, id: u16, value: u64, payload: u64) {
        self.ring.push(Entry::new(kind, id, value, payload));
    }

    fn begin(&mut self) {
        self.looks = self.level >= Level::Stages || self.trigger.as_ref().is_some_and(Trigger::wants_events);
        (self.answer, self.fills, self.levels, self.event_kinds) = (None, 0, 0, 0);
        if let Some(s) = &mut self.schedule {
            s.due = s.start + (self.command as f64 * s.ticks_per_command) as u64;
            while self.clock.now() < s.due {
                std::hint::spin_loop();
            }
        }
        if self.level >= Level::Stages && self.last.0.wrapping_add(1) == self.command {
            let now = self.clock.now();
            self.push(EntryKind::Begin, INPUT, self.last.1, 0);
            self.push(EntryKind::End, INPUT, now, 0);
        }
        if self.level == Level::Everything {
            self.sinks.clear();
            self.usage = Usage::now();
        }
        self.allocations = Allocations::of_thread();
        self.start = self.clock.now();
    }

    fn look<S: EventSink>(&mut self, e: &Event, sink: &mut S) {
        let staged = self.level >= Level::Stages;
        let entered =
            if staged && (self.answer.is_none() || self.level == Level::Everything) { self.clock.now() } else { 0 };
        if self.answer.is_none() {
            (self.answer, self.last_trade) = (Some(entered), entered);
        }
        sink.event(e);
        self.event_kinds |= 1 << e.kind as u8;
        let trades = e.kind == EventKind::Trade;
        if trades {
            self.levels += u32::from(self.fills == 0 || e.price != self.last_price);
            self.last_price = e.price;
            self.fills += 1;
        }
        if staged && (trades || self.level == Level::Everything) {
            let left = self.clock.now();
            if trades {
                self.last_trade = left;
            }
            if self.level == Level::Everything && self.sinks.len() < EVENTS_MAX {
                self.sinks.push((entered, left, e.kind));
            }
        }
    }

    fn end(&mut self, cmd: &Command) {
        let end = self.clock.now();
        self.recorded += 1;
        let allocated = Allocations::of_thread().since(&self.allocations);
        let usage = if self.level == Level::Everything { Usage::now().since(&self.usage) } else { Usage::default() };
        let latency_ns = self.clock.ns_between(self.start, end);
        let (kind, command) = (cmd.kind as u8, self.command);
        let order = Observed { command, kind, latency_ns, events: self.event_kinds, levels: self.levels };

        self.push(EntryKind::Begin, ORDER, self.start, command);
        if self.level >= Level::Stages {
            self.push_stages(cmd, end);
        }
        let extra = [
            (stages::ALLOCATIONS, allocated.count),
            (stages::ALLOC_BYTES, allocated.bytes),
            (stages::PAGE_FAULTS, usage.faults()),
            (stages::CTX_SWITCHES, usage.switches()),
        ];
        for (field, value) in extra {
            if value > 0 {
                self.push(EntryKind::Info, field, value, 0);
            }
        }
        let fires = self.trigger.as_mut().is_some_and(|t| t.check(&order));
        if fires {
            self.push(EntryKind::Info, stages::HIT, 1, 0);
        }
        self.push(EntryKind::End, ORDER, end, kind.into());
        if let Some(monitor) = &mut self.monitor
            && command >= self.warmup
        {
            monitor.timed(kind.into(), latency_ns, end, command + 1);
            if let Some(s) = &self.schedule {
                monitor.response.record(kind.into(), self.clock.ns_between(s.due, end));
            }
            self.status.last_latency_ns.store(latency_ns, Relaxed);
            self.status.commands.store(command + 1, Relaxed);
        }
        if fires {
            self.keep(order, end);
        }
        let through = if self.level >= Level::Stages { self.clock.now() } else { 0 };
        if self.level == Level::Everything {
            self.push(EntryKind::Begin, USAGE, end, 0);
            self.push(EntryKind::End, USAGE, through, 0);
        }
        self.last = (command, through);
        self.pace.recorded(&self.clock);
    }

    /// The stages of the order at work and what it is, inside its span.
    fn push_stages(&mut self, cmd: &Command, end: u64) {
        for (field, value) in [
            (stages::ID, cmd.id),
            (stages::SIDE, cmd.side as u64),
            (stages::PRICE, cmd.price as u64),
            (stages::QTY, cmd.qty),
            (stages::FILLS, self.fills.into()),
            (stages::LEVELS, self.levels.into()),
        ] {
            self.push(EntryKind::Info, field, value, 0);
        }
        let answer = self.answer.unwrap_or(end);
        self.push(EntryKind::Begin, LOOKUP, self.start, 0);
        self.push(EntryKind::End, LOOKUP, answer, 0);
        let sinks = std::mem::take(&mut self.sinks);
        // Of an order that does not trade, all of them, even if the clock did not move between answer and consumer.
        let in_match = if self.fills > 0 { sinks.partition_point(|(_, left, _)| *left <= self.last_trade) } else { 0 };
        let (matched, settled) = sinks.split_at(in_match);
        if self.fills > 0 {
            self.push(EntryKind::Begin, MATCH, answer, 0);
            self.push_sinks(matched);
            self.push(EntryKind::End, MATCH, self.last_trade, 0);
        }
        self.push(EntryKind::Begin, SETTLE, self.last_trade, 0);
        self.push_sinks(settled);
        self.push(EntryKind::End, SETTLE, end, 0);
        self.sinks = sinks;
    }

    fn push_sinks(&mut self, sinks: &[(u64, u64, EventKind)]) {
        for (entered, left, kind) in sinks {
            self.push(EntryKind::Begin, EVENTS, *entered, *kind as u64);
            self.push(EntryKind::End, EVENTS, *left, 0);
        }
    }

    #[cold]
    fn keep(&mut self, order: Observed, end: u64) {
        self.hits.push(Hit { order, fills: self.fills, span: (self.start, end) });
        self.status.hits.store(self.hits.len() as u64, Relaxed);
        let from = self.ring.last_begins(ORDER, self.context + 1).max(self.kept_to);
        self.kept.extend(self.ring.since(from));
        self.kept_to = self.ring.position();
        fire(self.start, u64::from(order.kind) << 56 | order.command);
        if !self.hold.is_zero() {
            std::thread::sleep(self.hold);
        }
    }
}

impl Observer for Recording {
    #[inline]
    fn lets_pass(&self) -> u64 {
        self.pace.lets_pass()
    }

    #[inline]
    fn passed(&mut self, commands: u64) {
        self.pace.passed(commands);
        self.command += commands;
    }

    #[inline]
    fn before(&mut self, _: &Command) {
        self.begin();
    }

    #[inline(always)]
    fn event<S: EventSink>(&mut self, e: &Event, sink: &mut S) {
        if self.looks { self.look(e, sink) } else { sink.event(e) }
    }

    #[inline]
    fn after(&mut self, cmd: &Command) {
        self.end(cmd);
        self.command += 1;
    }
}
