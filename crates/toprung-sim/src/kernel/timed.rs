//! How long the venues of a market take for their commands: one in so many is timed.
//!
//! The histograms (some 200 KiB for each kind of command) are shared by all markets of a run. A market that is not timed runs
//! the same code: a second copy of it, without the counting, makes calls in both of what is inlined in one.

use std::sync::{Mutex, MutexGuard, PoisonError};

use toprung_book::{Command, CommandKind, EventSink};
use toprung_trace::{LatencyByKind, Stopwatch};

use super::world::{Stop, World};
use crate::observe::Watch;
use crate::venue::SimBook;

/// Commands of a market of which one is timed.
pub const COMMANDS_PER_TIMED: u64 = 64;

/// Time per command by kind, numbered as in [`CommandKind`], of the markets that are run with it. Not part of any digest.
#[derive(Debug)]
pub struct MarketLatencies(Mutex<LatencyByKind>);

impl Default for MarketLatencies {
    fn default() -> MarketLatencies {
        MarketLatencies(Mutex::new(LatencyByKind::new(CommandKind::NAMES.len())))
    }
}

impl Clone for MarketLatencies {
    fn clone(&self) -> MarketLatencies {
        MarketLatencies(Mutex::new(self.so_far()))
    }
}

impl MarketLatencies {
    /// What was timed until now.
    pub fn so_far(&self) -> LatencyByKind {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, LatencyByKind> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Times what a venue does with a command: the book, and what is noted and published of its events.
pub(super) struct Timed<'a> {
    /// Commands up to the next one that is timed, from 1.
    left: u64,
    latencies: Option<&'a MarketLatencies>,
}

impl Timed<'_> {
    /// Times nothing: at a billion commands a second, for 584 years.
    pub(super) fn never() -> Timed<'static> {
        Timed { left: u64::MAX, latencies: None }
    }

    #[cold]
    fn begin(&mut self) -> Stopwatch {
        self.left = COMMANDS_PER_TIMED;
        Stopwatch::start()
    }

    #[cold]
    fn end(&self, cmd: &Command, ns: u64) {
        if let Some(latencies) = self.latencies {
            latencies.lock().record(cmd.kind as usize, ns);
        }
    }
}

impl Watch for Timed<'_> {
    #[inline(always)]
    fn carry_out<B: SimBook, S: EventSink>(&mut self, _: u64, book: &mut B, cmd: &Command, sink: &mut S) {
        self.left -= 1;
        let watch = if self.left == 0 { Some(self.begin()) } else { None };
        book.apply(cmd, sink);
        if let Some(watch) = watch {
            self.end(cmd, watch.elapsed_ns());
        }
    }
}

impl World {
    /// [`advance`](World::advance), with one command in [`COMMANDS_PER_TIMED`] timed for `latencies`.
    pub fn advance_timed(&mut self, until_ns: u64, budget: u64, latencies: &MarketLatencies) -> Stop {
        let mut timed = Timed { left: self.until_timed, latencies: Some(latencies) };
        let stop = self.advance_watched(until_ns, budget, &mut timed);
        self.until_timed = timed.left;
        stop
    }

    /// [`run_some`](World::run_some), timed.
    pub fn run_some_timed(&mut self, budget: u64, latencies: &MarketLatencies) -> bool {
        let stop = self.advance_timed(self.duration_ns, budget, latencies);
        self.is_over(stop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;
    use crate::kernel::MarketConfig;

    #[test]
    fn a_timed_market_does_what_the_same_market_does_and_one_command_in_so_many_is_timed() {
        for name in ["flash-crash", "rmsc-04"] {
            let market = catalogue::find(name).unwrap().market;
            let mut probe = World::open(&market, 0).unwrap();
            probe.run_some(30_000);
            let market = MarketConfig { duration_ns: probe.now_ns(), ..market };
            let mut plain = World::open(&market, 0).unwrap();
            plain.run();
            for budget in [1, 100, 256, 257, u64::MAX] {
                let (mut timed, latencies) = (World::open(&market, 0).unwrap(), MarketLatencies::default());
                while !timed.run_some_timed(budget, &latencies) {}
                assert_eq!((timed.digest(), timed.events()), (plain.digest(), plain.events()), "{name} by {budget}");
                let count = latencies.so_far().all().count();
                assert_eq!(count, plain.messages() / COMMANDS_PER_TIMED, "{name} by {budget}");
                assert!(latencies.so_far().of(CommandKind::Cancel as usize).is_some(), "{name}");
            }
        }
    }
}
