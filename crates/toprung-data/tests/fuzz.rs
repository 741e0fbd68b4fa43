//! No content of any file may panic: random bytes, random fields, and fixtures with random damage, through every reader.

use std::sync::atomic::AtomicBool;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use toprung_book::Book;
use toprung_data::{
    BookReader, LobsterDay, LobsterReplay, MessageReader, ReplayOptions, ReplayReader, Source, flow, quantcup, replay,
    replay_book_config,
};

const MESSAGES: &[u8] = include_bytes!("fixtures/lobster/TOY_2020-01-02_34200000_57600000_message_2.csv");
const BOOK: &[u8] = include_bytes!("fixtures/lobster/TOY_2020-01-02_34200000_57600000_orderbook_2.csv");

fn source(bytes: &[u8]) -> Source {
    Source::from_bytes("fuzz", bytes.to_vec())
}

fn run_replay(bytes: &[u8]) {
    let mut book = Book::new(replay_book_config());
    let never = AtomicBool::new(false);
    let _ =
        replay(&mut ReplayReader::new(source(bytes)), &mut book, &ReplayOptions::default(), &mut (), &never, |_, _| {});
}

fn run_lobster(messages: &[u8], rows: Option<&[u8]>) {
    let day = LobsterDay { messages: source(messages), book: rows.map(source) };
    let never = AtomicBool::new(false);
    let options = ReplayOptions { checkpoint_every: 1, ..ReplayOptions::default() };
    let Ok(mut day) = LobsterReplay::new(day, &options, &never) else { return };
    let mut book = Book::new(replay_book_config());
    // Whatever a day says, what is made of it must be a replay that a price-time book agrees with.
    if let Ok(report) = replay(&mut day, &mut book, &options, &mut (), &never, |_, _| {}) {
        assert!(report.agrees(), "{:#?}", report.differences);
    }
}

fn run_all(bytes: &[u8]) {
    run_replay(bytes);
    run_lobster(bytes, None);
    run_lobster(bytes, Some(bytes));
    let mut rows = BookReader::new(source(bytes), 100);
    while let Ok(Some(_)) = rows.next_row() {}
    let mut messages = MessageReader::new(source(bytes));
    while let Ok(Some(_)) = messages.next_message() {}
    if let Ok(commands) = flow::read_commands(source(bytes)) {
        let _ = flow::run_flow("fuzz", &commands, &mut Book::new(replay_book_config()));
    }
    if let Ok(commands) = quantcup::read_feed(source(bytes)) {
        quantcup::check_feed(&commands, &[], &mut Book::default());
    }
    let _ = quantcup::read_trades(source(bytes));
}

/// Fields that are near something: limits, separators, signs.
fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|v| v.to_string()),
        (-3i64..30).prop_map(|v| v.to_string()),
        prop::sample::select(
            [
                "N",
                "C",
                "R",
                "M",
                "X",
                "K",
                "B",
                "S",
                "",
                "-",
                "1:2:3;4:5:6",
                "5:1|6:1",
                "|",
                ";",
                ":",
                "34200.5",
                "1.",
                "\r"
            ]
            .as_slice()
        )
        .prop_map(str::to_owned),
        prop::sample::select(
            [
                "9223372036854775807",
                "-9223372036854775808",
                "18446744073709551615",
                "9999999999",
                "-9999999999",
                "4503599627370496"
            ]
            .as_slice()
        )
        .prop_map(str::to_owned),
    ]
}

fn damaged(bytes: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let edit = (
        any::<prop::sample::Index>(),
        prop_oneof![any::<u8>(), prop::sample::select(b"0123456789,;:|-\n".as_slice())],
        0..3u8,
    );
    prop::collection::vec(edit, 0..6).prop_map(move |edits| {
        let mut out = bytes.to_vec();
        for (at, byte, how) in edits {
            let at = at.index(out.len());
            match how {
                0 => out[at] = byte,
                1 => out.insert(at, byte),
                _ => drop(out.remove(at)),
            }
        }
        out
    })
}

/// Messages that are well formed and make no sense, but for each order's side and price.
fn messages() -> impl Strategy<Value = String> {
    let message = (1..6u8, 1..12u64, 1..20u64);
    prop::collection::vec(message, 1..60).prop_map(|all| {
        let line = |(i, (kind, id, size)): (usize, (u8, u64, u64))| {
            let (price, direction) = if id % 2 == 0 { (id / 2, 1) } else { (2 + id / 2, -1) };
            format!("{},{kind},{id},{size},{},{direction}\n", i / 3, price * 100)
        };
        all.into_iter().enumerate().map(line).collect()
    })
}

/// One well-formed row of two levels, perhaps crossed, perhaps with levels missing.
fn row() -> impl Strategy<Value = String> {
    let side = || (1..5i64, 1..4i64, 1..20u64, 1..20u64, 0..3usize);
    (side(), side()).prop_map(|(ask, bid)| {
        let level = |(p, step, q1, q2, n): (i64, i64, u64, u64, usize), sign: i64, base: i64, index: usize| {
            if index >= n {
                return format!("{},0", sign * 9_999_999_999);
            }
            format!("{},{}", (base + sign * (p + step * index as i64)) * 100, if index == 0 { q1 } else { q2 })
        };
        let levels = [level(ask, 1, 3, 0), level(bid, -1, 7, 0), level(ask, 1, 3, 1), level(bid, -1, 7, 1)];
        levels.join(",") + "\n"
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("proptest-regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn random_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        run_all(&bytes);
    }

    #[test]
    fn random_fields_do_not_panic(
        rows in prop::collection::vec(prop::collection::vec(field(), 1..9), 1..12),
    ) {
        let text: String = rows.iter().map(|r| r.join(",") + "\n").collect();
        run_all(text.as_bytes());
    }

    #[test]
    fn damaged_replays_do_not_panic(bytes in damaged(include_bytes!("fixtures/tiny.replay.csv"))) {
        run_all(&bytes);
    }

    #[test]
    fn damaged_flows_and_feeds_do_not_panic(
        flow in damaged(include_bytes!("fixtures/flows/toy.cmds.csv")),
        feed in damaged(include_bytes!("fixtures/quantcup/feed.cmds.csv")),
        trades in damaged(include_bytes!("fixtures/quantcup/feed.trades.csv")),
    ) {
        run_all(&flow);
        run_all(&feed);
        run_all(&trades);
    }

    #[test]
    fn damaged_lobster_days_do_not_panic(messages in damaged(MESSAGES), rows in damaged(BOOK)) {
        run_lobster(&messages, Some(&rows));
        run_lobster(&messages, None);
        run_lobster(&messages, Some(BOOK));
        run_lobster(MESSAGES, Some(&rows));
    }

    #[test]
    fn nonsense_lobster_days_still_become_replays(
        messages in messages(),
        rows in prop::collection::vec(row(), 60),
    ) {
        let n = messages.lines().count();
        run_lobster(messages.as_bytes(), Some(rows[..n].concat().as_bytes()));
        run_lobster(messages.as_bytes(), None);
    }
}
