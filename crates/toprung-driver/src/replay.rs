//! The same commands again, at full detail around each hit.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use toprung_book::{Command, Event, EventSink};
use toprung_sim::Observer;
use toprung_trace::recorder::{Entry, Level, Pace};
use toprung_trace::{TickClock, Usage};

use crate::error::DriverError;
use crate::input::Input;
use crate::plant::{Plant, Planted};
use crate::recording::{Hit, Recording};

/// Entries of the ring of a replay: enough for an order that sweeps a thousand others.
const ENTRIES: usize = 1 << 17;

/// A hit at full detail, with the orders around it.
#[derive(Clone, Debug)]
pub(crate) struct ReplayedHit {
    pub(crate) entries: Vec<Entry>,
    /// Ticks at the beginning of the hit itself, and how long it took.
    pub(crate) start: u64,
    pub(crate) latency_ns: u64,
}

/// Runs `input` again as far as the last of `hits`; gives each of them in order, or nothing where `cancel` came first.
pub(crate) fn replay(
    input: &Input,
    hits: &[Hit],
    context: u64,
    plants: &[Plant],
    cancel: &AtomicBool,
) -> Result<Vec<Option<ReplayedHit>>, DriverError> {
    let windows = windows(hits, context);
    let stop = AtomicBool::new(false);
    let mut watcher = Windows {
        recording: Recording::new(Level::Everything, Pace::fixed(1), ENTRIES),
        clock: TickClock::get(),
        windows: &windows,
        hits,
        at: 0,
        command: 0,
        from: None,
        hit: None,
        found: vec![None; hits.len()],
        stop: &stop,
    };
    // The first calls of the kernel's accounts and of the clock are slower than the later ones.
    let _ = Usage::now();
    let mut poll = |_, _| {
        if cancel.load(Relaxed) {
            stop.store(true, Relaxed);
        }
    };
    if plants.is_empty() {
        input.run(&mut watcher, &stop, &mut poll)?;
    } else {
        input.run(&mut Planted::new(&mut watcher, plants), &stop, &mut poll)?;
    }
    // The input may have ended within a window.
    watcher.close();
    Ok(watcher.found)
}

/// The commands around each hit: `context` on either side, and none twice.
fn windows(hits: &[Hit], context: u64) -> Vec<RangeInclusive<u64>> {
    let command = |i: usize| hits.get(i).map(|hit| hit.order.command);
    (0..hits.len())
        .map(|i| {
            let hit = hits[i].order.command;
            let behind_last = i.checked_sub(1).and_then(command).map_or(0, |last| (last + context + 1).min(hit));
            let before_next = command(i + 1).map_or(u64::MAX, |next| next - 1);
            hit.saturating_sub(context).max(behind_last)..=hit.saturating_add(context).min(before_next)
        })
        .collect()
}

/// Records in the windows only.
struct Windows<'a> {
    recording: Recording,
    clock: TickClock,
    windows: &'a [RangeInclusive<u64>],
    hits: &'a [Hit],
    /// The window that comes, or that we are in.
    at: usize,
    command: u64,
    /// Place in the ring at which the window began, while we are in one.
    from: Option<u64>,
    /// Beginning and length of the hit, once it is done.
    hit: Option<(u64, u64)>,
    found: Vec<Option<ReplayedHit>>,
    stop: &'a AtomicBool,
}

impl Observer for Windows<'_> {
    fn lets_pass(&self) -> u64 {
        self.windows.get(self.at).map_or(u64::MAX, |window| window.start().saturating_sub(self.command))
    }

    fn passed(&mut self, commands: u64) {
        self.command += commands;
    }

    fn before(&mut self, cmd: &Command) {
        if self.command == *self.windows[self.at].start() {
            self.from = Some(self.recording.ring().position());
            self.recording.skip_to(self.command);
        }
        self.recording.before(cmd);
    }

    fn event<S: EventSink>(&mut self, e: &Event, sink: &mut S) {
        self.recording.event(e, sink);
    }

    fn after(&mut self, cmd: &Command) {
        let end = self.clock.now();
        self.recording.after(cmd);
        if self.command == self.hits[self.at].order.command {
            let start = self.recording.last_start();
            self.hit = Some((start, self.clock.ns_between(start, end)));
        }
        if self.command == *self.windows[self.at].end() {
            self.close();
        }
        self.command += 1;
    }
}

impl Windows<'_> {
    /// Takes the window that we are in, if we are in one.
    fn close(&mut self) {
        let Some(from) = self.from.take() else { return };
        let entries = self.recording.ring().since(from).collect();
        self.found[self.at] = self.hit.take().map(|(start, latency_ns)| ReplayedHit { entries, start, latency_ns });
        self.at += 1;
        if self.at == self.windows.len() {
            self.stop.store(true, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use toprung_trace::Observed;

    use super::*;

    fn hit(command: u64) -> Hit {
        Hit { order: Observed { command, ..Observed::default() }, fills: 0, span: (0, 0) }
    }

    #[test]
    fn windows_have_their_hit_and_no_command_twice() {
        let hits = [5, 6, 100, 110, 200].map(hit);
        assert_eq!(windows(&hits, 8), [0..=5, 6..=14, 92..=108, 109..=118, 192..=208]);
        assert_eq!(windows(&hits, 0), [5..=5, 6..=6, 100..=100, 110..=110, 200..=200]);
    }
}
