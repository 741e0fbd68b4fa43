//! A recorded day as plain commands with their times: background for a market in which others trade as well.
//!
//! The day is replayed once, and every command that its book is given is kept. Whoever trades among them joins the real
//! queues; an aggressor of the day may then find other makers than it did. What an order of the day lost to somebody new it
//! keeps, and since the day has no message for it any more it rests until the end: a replay reacts, history does not.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use toprung_book::{Book, BookObserver, Command, CommandKind, Event, EventSink, MatchingBook};

use crate::error::DataError;
use crate::replay_driver::{ReplayOptions, ReplayReport, replay_book_config};
use crate::replay_file::replay_file_observed;

/// Keeps what a book is given, and when.
#[derive(Default)]
struct Given(Vec<(u64, Command)>);

impl EventSink for Given {
    fn event(&mut self, _: &Event) {}
}

impl BookObserver for Given {
    fn before<B: MatchingBook>(&mut self, time_ns: u64, cmd: &Command, _: &B) {
        self.0.push((time_ns, *cmd));
    }
}

/// A day's commands in order, with the nanoseconds since its first record, and what the replay said of it.
#[derive(Debug)]
pub struct RecordedDay {
    /// Times and commands. Ids count from 1 in the order of their first use, and no order has an owner.
    pub commands: Vec<(u64, Command)>,
    /// The replay alone, with nobody else trading.
    pub report: ReplayReport,
}

/// Reads a replay file or a LOBSTER day.
///
/// # Errors
///
/// Those of [`replay_file`](crate::replay_file::replay_file).
pub fn record_day(
    path: &Path,
    options: &ReplayOptions,
    cancel: &AtomicBool,
    progress: impl FnMut(u64, u64),
) -> Result<RecordedDay, DataError> {
    let (mut book, mut given) = (Book::new(replay_book_config()), Given::default());
    let report = replay_file_observed(path, options, &mut book, &mut given, cancel, progress)?;
    let mut ids: HashMap<u64, u64> = HashMap::new();
    let mut commands = Vec::with_capacity(given.0.len());
    for (time_ns, cmd) in given.0 {
        let next = ids.len() as u64 + 1;
        let id = *ids.entry(cmd.id).or_insert(next);
        debug_assert!(cmd.owner == 0 || cmd.kind == CommandKind::Cancel);
        commands.push((time_ns.saturating_sub(report.first_time_ns), Command { id, owner: 0, ..cmd }));
    }
    Ok(RecordedDay { commands, report })
}

#[cfg(test)]
mod tests {
    use super::*;
    use toprung_book::Side;

    #[test]
    fn the_commands_alone_give_the_day_again() {
        let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tiny.replay.csv"));
        let day = record_day(path, &ReplayOptions::default(), &AtomicBool::new(false), |_, _| {}).unwrap();
        let mut book = Book::new(replay_book_config());
        day.commands.iter().for_each(|(_, cmd)| book.apply(cmd, &mut ()));
        assert_eq!(book.order_count(), day.report.resting_orders);
        for side in Side::BOTH {
            assert_eq!(
                book.best(side).map(|l| (l.price, l.qty)),
                day.report.best[side as usize].map(|l| (l.price, l.qty))
            );
        }
        assert!(day.commands.windows(2).all(|w| w[0].0 <= w[1].0));
        assert!(day.commands.iter().all(|c| c.1.id < 1 << 48 && c.1.id > 0));
        assert_eq!(day.commands[0].0, 0);
    }
}
