//! The stream of events: its order, its numbers, and that nothing but the commands decides it.

use toprung_book::EventKind::{Accepted, Cancelled, Reduced, Rejected, Replaced, Trade};
use toprung_book::naive::{NaiveBook, RebuiltBook};
use toprung_book::{Book, Command, Event, EventKind, MatchingBook, Side};

use crate::mirror::{Mirror, claim};

/// What a command was answered with, in order.
fn kinds(m: &mut Mirror, cmd: Command) -> Vec<EventKind> {
    m.send(cmd).iter().map(|e| e.kind).collect()
}

#[test]
fn the_answer_comes_first_then_the_trades_in_match_order_then_the_end() {
    claim(|m| {
        for (id, price) in [(1, 103), (2, 101), (3, 102), (4, 101)] {
            assert_eq!(kinds(m, Command::limit(id, Side::Sell, price, 1)), [Accepted]);
        }
        let events = m.send(Command::ioc(5, Side::Buy, 102, 9));
        assert_eq!(events.iter().map(|e| e.kind).collect::<Vec<_>>(), [Accepted, Trade, Trade, Trade, Cancelled]);
        assert_eq!(events.iter().map(|e| e.other).collect::<Vec<_>>(), [0, 2, 4, 3, 0]);
        assert!(events.iter().all(|e| e.id == 5 && e.side == Side::Buy));
        assert_eq!(kinds(m, Command::fok(6, Side::Buy, 102, 1)), [Accepted, Cancelled]);
        assert_eq!(kinds(m, Command::market(7, Side::Buy, 2)), [Accepted, Trade, Cancelled]);
        assert_eq!(kinds(m, Command::limit(8, Side::Buy, 100, 3)), [Accepted]);
        assert_eq!(kinds(m, Command::limit(9, Side::Sell, 101, 1)), [Accepted]);
        assert_eq!(kinds(m, Command::reduce(8, 1)), [Reduced]);
        assert_eq!(kinds(m, Command::replace(8, 100, 1)), [Replaced]);
        assert_eq!(kinds(m, Command::replace(8, 101, 2)), [Replaced, Trade]);
        assert_eq!(kinds(m, Command::limit(10, Side::Sell, 101, 2)), [Accepted, Trade]);
        assert_eq!(kinds(m, Command::cancel(10)), [Cancelled]);
        assert_eq!(kinds(m, Command::cancel(10)), [Rejected]);
    });
}

#[test]
fn every_command_is_answered_under_its_own_number() {
    claim(|m| {
        let cmds = [
            Command::cancel(1),
            Command::limit(1, Side::Sell, 101, 2),
            Command::ioc(2, Side::Buy, 101, 5),
            Command::market(3, Side::Buy, 0),
            Command::replace(1, 101, 1),
        ];
        for (seq, cmd) in cmds.into_iter().enumerate() {
            let events = m.send(cmd);
            assert!(!events.is_empty() && events.iter().all(|e| e.seq == seq as u64), "{cmd:?}: {events:?}");
        }
    });
}

/// A run that uses every command, over a few levels, without drawing a number.
fn busy_run() -> Vec<Command> {
    let mut cmds = Vec::new();
    for i in 0..2_000u64 {
        let (side, price) = (Side::BOTH[(i * 7 / 3 % 2) as usize], 100 + (i * i % 11) as i64);
        cmds.push(match i % 9 {
            0..5 => Command::limit(i, side, price, 1 + i % 13),
            5 => Command::ioc(i, side, price, 1 + i % 17),
            6 => Command::replace(i.saturating_sub(11), price, i % 5),
            7 => Command::cancel(i.saturating_sub(24)),
            _ => Command::reduce(i.saturating_sub(13), 1 + i % 3),
        });
    }
    cmds
}

/// Applies `cmds` and returns every event.
fn stream<B: MatchingBook>(mut book: B, cmds: &[Command]) -> Vec<Event> {
    let mut events = Vec::new();
    cmds.iter().for_each(|cmd| book.apply(cmd, &mut events));
    events
}

#[test]
fn the_same_commands_give_the_same_events_in_every_book() {
    let cmds = busy_run();
    let events = stream(Book::default(), &cmds);
    for kind in [Accepted, Rejected, Trade, Cancelled, Reduced, Replaced] {
        assert!(events.iter().any(|e| e.kind == kind), "the run has no {kind:?}");
    }
    assert_eq!(events, stream(Book::default(), &cmds));
    assert_eq!(events, stream(NaiveBook::default(), &cmds));
    let mut used = Book::default();
    (0..5_000).for_each(|id| used.apply(&Command::limit(id, Side::Buy, id as i64, 1), &mut ()));
    (0..5_000).for_each(|id| used.apply(&Command::cancel(id), &mut ()));
    let seq = used.commands();
    let later: Vec<Event> = stream(used, &cmds).iter().map(|e| Event { seq: e.seq - seq, ..*e }).collect();
    assert_eq!(events, later, "what a book held before leaves no trace");
}

#[test]
fn no_resting_order_changes_without_an_event() {
    let (mut book, mut rebuilt) = (Book::default(), RebuiltBook::default());
    for cmd in busy_run() {
        book.apply(&cmd, &mut rebuilt);
        for side in Side::BOTH {
            assert_eq!(rebuilt.queue(side), book.queue(side), "after {cmd:?}");
        }
    }
}
