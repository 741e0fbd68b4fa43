//! A recorded run from its options to its trace.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use toprung_trace::fxt::write_file;
use toprung_trace::recorder::{Level, Pace};
use toprung_trace::{LatencyByKind, Stopwatch, TickClock, thread_id};

use crate::assemble::Parts;
use crate::error::DriverError;
use crate::input::Input;
use crate::monitor::Monitor;
use crate::options::{BUDGET_PERCENT, RecordOptions};
use crate::plant::Planted;
use crate::recording::{Hit, Recording, Status};
use crate::replay::{ReplayedHit, replay};
use crate::report::{HitView, KindLatency, Latency, Recorded, Report};
use crate::stages::KIND_NAMES;

/// What others have in hand while a run goes on.
#[derive(Clone, Debug)]
pub struct Controls {
    /// Stops the run within milliseconds; what was recorded until then is kept.
    pub cancel: Arc<AtomicBool>,
    /// Whether the trigger may fire.
    pub armed: Arc<AtomicBool>,
    /// How far the run is.
    pub status: Arc<Status>,
}

impl Default for Controls {
    /// Armed, and not cancelled.
    fn default() -> Controls {
        Controls { cancel: Arc::default(), armed: Arc::new(AtomicBool::new(true)), status: Arc::default() }
    }
}

/// Runs and records on the calling thread.
///
/// `program` is the name under which the trace shows it. `progress` is given commands done and expected, some hundred times a
/// second.
///
/// # Errors
/// An option that breaks a rule or an input that cannot be read, before anything starts; a trace that cannot be written.
pub fn record(
    options: &RecordOptions,
    program: &str,
    controls: &Controls,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Recorded, DriverError> {
    options.validate()?;
    let input = Input::open(options)?;
    let level = options.level()?;
    let warmup = input.warmup();
    let (pace, cost_ns, adaptive) = pace(options, level)?;
    let mut recording = Recording::new(level, pace, options.ring_entries as usize);
    if let Some(trigger) = &options.trigger {
        let trigger = trigger.trigger(warmup, Arc::clone(&controls.armed))?;
        let hold = Duration::from_millis(options.hold_ms.into());
        recording = recording.with_trigger(trigger, options.context as usize, hold);
    }
    let monitor = Monitor::new(options.interval_ms);
    let watch = Stopwatch::start();
    recording = recording.with_monitor(monitor, warmup, Arc::clone(&controls.status));
    if let Some(rate) = options.rate_per_second {
        recording = recording.with_rate(rate);
    }
    let cancel = controls.cancel.as_ref();
    let mut commands = 0;
    let mut tell = |done, expected| {
        commands = done;
        progress(done, expected);
    };
    let digest = match (level, options.plant.as_slice()) {
        // Nobody looks, so the book runs as it does anywhere else.
        (Level::Off, []) => input.run(&mut (), cancel, &mut tell)?,
        (_, []) => input.run(&mut recording, cancel, &mut tell)?,
        (_, plants) => input.run(&mut Planted::new(&mut recording, plants), cancel, &mut tell)?,
    };
    let elapsed_ns = watch.elapsed_ns();
    let (recorded, every) = (recording.recorded(), recording.every());
    let (entries, hits, monitor) = recording.finish();
    let mut monitor = monitor.unwrap_or_else(|| Box::new(Monitor::new(options.interval_ms)));
    let counts = monitor.finish(commands);
    let replays = if options.replay && !hits.is_empty() {
        replay(&input, &hits, options.context.into(), &options.plant, cancel)?
    } else {
        Vec::new()
    };
    let parts = Parts { program, tid: thread_id(), entries: &entries, hits: &hits, replays: &replays };
    let trace = parts.assemble()?;
    if let Some(path) = &options.output {
        write_file(path, &trace.bytes)?;
    }
    let clock = TickClock::get().refined();
    let report = Report {
        output: options.output.clone(),
        level: level.name(),
        every: if level == Level::Off { 0 } else { every },
        adaptive,
        cost_ns,
        commands,
        recorded,
        digest: digest.to_string(),
        cancelled: cancel.load(Relaxed),
        elapsed_ns,
        hits: hit_views(&hits, &replays, &trace.starts_ns),
        latency: kinds(&monitor.service),
        response: kinds(&monitor.response),
        intervals: monitor.intervals,
        allocations: counts.allocations.count,
        alloc_bytes: counts.allocations.bytes,
        minor_faults: counts.usage.minor_faults,
        major_faults: counts.usage.major_faults,
        voluntary_switches: counts.usage.voluntary_switches,
        involuntary_switches: counts.usage.involuntary_switches,
        cpu_migrations: counts.migrations,
        clock: clock.source().name(),
        ticks_per_second: clock.ticks_per_second(),
        clock_resolution_ns: clock.resolution_ns(),
        clock_read_ns: clock.read_ns(),
        trace_events: trace.written.events,
        trace_partial: trace.written.partial,
        trace_bytes: trace.bytes.len() as u64,
    };
    Ok(Recorded { report, trace: trace.bytes })
}

/// Which commands are recorded, what each costs, and whether the recorder chooses.
fn pace(options: &RecordOptions, level: Level) -> Result<(Pace, f64, bool), DriverError> {
    if level == Level::Off {
        return Ok((Pace::never(), 0.0, false));
    }
    let cost_ns = Recording::cost_ns(level);
    let needs_all = level == Level::Everything
        || options.rate_per_second.is_some()
        || options.trigger.as_ref().is_some_and(|t| t.latency_over_ns.is_some() || t.slowest_so_far);
    Ok(match (options.every, options.budget_percent) {
        (Some(every), _) => (Pace::fixed(every), cost_ns, false),
        (None, None) if needs_all => (Pace::fixed(1), cost_ns, false),
        (None, budget) => {
            let share = budget.unwrap_or(BUDGET_PERCENT) / 100.0;
            (Pace::adaptive(share, cost_ns, &TickClock::get()), cost_ns, true)
        }
    })
}

fn hit_views(hits: &[Hit], replays: &[Option<ReplayedHit>], starts_ns: &[u64]) -> Vec<HitView> {
    let view = |(i, hit): (usize, &Hit)| HitView {
        command: hit.order.command,
        kind: KIND_NAMES[usize::from(hit.order.kind)],
        latency_ns: hit.order.latency_ns,
        replay_ns: replays.get(i).and_then(Option::as_ref).map(|r| r.latency_ns),
        fills: hit.fills,
        levels: hit.order.levels,
        start_ns: starts_ns.get(i).copied().unwrap_or(0),
    };
    hits.iter().enumerate().map(view).collect()
}

/// All kinds together, then each; nothing if nothing was timed.
fn kinds(latencies: &LatencyByKind) -> Vec<KindLatency> {
    let all = latencies.all();
    if all.count() == 0 {
        return Vec::new();
    }
    let of = |kind, h: &toprung_trace::LatencyHistogram| KindLatency { kind, latency: Latency::of(&h.summary()) };
    std::iter::once(of("all", &all)).chain(latencies.iter().map(|(kind, h)| of(KIND_NAMES[kind], h))).collect()
}
