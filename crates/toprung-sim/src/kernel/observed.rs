//! A market that is watched at work: what [`observe`](crate::observe) is to a book.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use toprung_book::Digest;

use super::config::MarketConfig;
use super::world::World;
use crate::error::SimError;
use crate::observe::{Observer, Sometimes};

/// Messages and calls between two looks at the cancel flag.
const CHUNK: u64 = 4096;

/// Runs the market of `config` with the number `book` among many of one seed, under the eyes of `observer`: the same commands
/// and events as in [`World::run`]. The commands of all venues are one sequence, in the order in which they are carried out.
///
/// It ends with the configured time, behind the first `commands_max` commands, or within a millisecond after `cancel` is set;
/// it gives the digest of what was done. `progress` is given the commands so far and the simulated time, ns. Agents that wait
/// for decisions from outside do nothing.
///
/// ```
/// use std::sync::atomic::AtomicBool;
/// use toprung_book::{Command, Event, EventSink};
/// use toprung_sim::{Observer, catalogue, observe_market};
///
/// #[derive(Default)]
/// struct Count(u64);
///
/// impl Observer for Count {
///     fn passed(&mut self, _: u64) {}
///     fn before(&mut self, _: &Command) { self.0 += 1; }
///     fn event<S: EventSink>(&mut self, e: &Event, sink: &mut S) { sink.event(e); }
///     fn after(&mut self, _: &Command) {}
/// }
///
/// let market = catalogue::find("flash-crash").unwrap().market;
/// let mut count = Count::default();
/// observe_market(&market, 0, 1_000, &mut count, &AtomicBool::new(false), &mut |_, _| {}).unwrap();
/// assert_eq!(count.0, 1_000);
/// ```
///
/// # Errors
/// [`SimError::Config`] before anything starts.
pub fn observe_market<O: Observer>(
    config: &MarketConfig,
    book: u32,
    commands_max: u64,
    observer: &mut O,
    cancel: &AtomicBool,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Digest, SimError> {
    let mut world = World::open(config, book)?;
    let mut watch = Sometimes::new(observer);
    while world.messages() < commands_max && !cancel.load(Relaxed) {
        // A message or a call is one command at most.
        let is_over = world.run_some_watched(CHUNK.min(commands_max - world.messages()), &mut watch);
        progress(world.messages(), world.now_ns());
        if is_over {
            break;
        }
    }
    watch.tell();
    Ok(world.digest())
}

#[cfg(test)]
mod tests {
    use toprung_book::{Command, Event, EventSink};

    use super::*;
    use crate::catalogue;

    /// Looks at one command in `every`.
    struct Counts {
        every: u64,
        seen: u64,
        at: u64,
    }

    impl Observer for Counts {
        fn lets_pass(&self) -> u64 {
            self.every - 1 - self.at % self.every
        }

        fn passed(&mut self, commands: u64) {
            self.at += commands;
        }

        fn before(&mut self, _: &Command) {
            assert_eq!(self.lets_pass(), 0);
        }

        fn event<S: EventSink>(&mut self, e: &Event, sink: &mut S) {
            sink.event(e);
        }

        fn after(&mut self, _: &Command) {
            self.at += 1;
            self.seen += 1;
        }
    }

    #[test]
    fn a_watched_market_does_what_the_same_market_does_unwatched() {
        let never = AtomicBool::new(false);
        for scenario in catalogue::all() {
            let whole = scenario.arm("treatment").unwrap();
            // Seconds or hours: some thousands of commands of each.
            let mut told = 0;
            observe_market(&whole, 3, 4_000, &mut (), &never, &mut |_, now| told = now).unwrap();
            let config = MarketConfig { duration_ns: told, ..whole };
            let mut world = World::open(&config, 3).unwrap();
            world.run();
            for every in [1, 7, 1 << 40] {
                let mut counts = Counts { every, seen: 0, at: 0 };
                let digest = observe_market(&config, 3, u64::MAX, &mut counts, &never, &mut |_, _| {}).unwrap();
                assert_eq!(digest, world.digest(), "{} every {every}", scenario.name);
                assert_eq!((counts.at, counts.seen), (world.messages(), world.messages() / every), "{}", scenario.name);
            }
            assert!(world.messages() > 1_000, "{}: {}", scenario.name, world.messages());
        }
    }

    #[test]
    fn a_market_stops_behind_the_last_command_or_when_it_is_told_to() {
        let market = catalogue::find("rmsc-04").unwrap().market;
        let run = |commands, cancel: &AtomicBool| {
            let mut counts = Counts { every: 1, seen: 0, at: 0 };
            let digest = observe_market(&market, 0, commands, &mut counts, cancel, &mut |_, _| {}).unwrap();
            (counts.seen, digest)
        };
        let never = AtomicBool::new(false);
        assert_eq!(run(5_001, &never).0, 5_001);
        assert_eq!(run(5_001, &never), run(5_001, &never));
        assert_ne!(run(5_001, &never).1, run(5_000, &never).1);
        assert_eq!(run(5_001, &AtomicBool::new(true)).0, 0);
    }
}
