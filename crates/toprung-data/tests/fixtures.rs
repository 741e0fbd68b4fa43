//! The whole way from a file to a verdict, over small inputs of the project's own.

mod common;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{fixture, scratch};
use toprung_book::naive::NaiveBook;
use toprung_book::{Book, BookObserver, CountingSink, Event, EventKind, EventSink, MatchingBook, Side};
use toprung_data::{
    DataError, DifferenceKind, Level, ReplayFormat, ReplayOptions, ReplayReport, Source, detect_format, flow, quantcup,
    replay_book_config, replay_file, replay_file_into, replay_file_observed, run_flow_dir, run_flow_dir_with,
};

const MESSAGES: &str = "lobster/TOY_2020-01-02_34200000_57600000_message_2.csv";
const BOOK: &str = "lobster/TOY_2020-01-02_34200000_57600000_orderbook_2.csv";

fn run(path: &Path, options: &ReplayOptions) -> Result<ReplayReport, DataError> {
    let never = AtomicBool::new(false);
    let mut sink = CountingSink::default();
    let fast = replay_file_into(path, options, &mut Book::new(replay_book_config()), &mut sink, &never, |_, _| {})?;
    let mut naive = NaiveBook::new(replay_book_config());
    assert_eq!(fast, replay_file_into(path, options, &mut naive, &mut (), &never, |_, _| {})?);
    assert_eq!((sink.count(EventKind::Trade), sink.volume), (fast.fills, fast.volume));
    Ok(fast)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(fixture(name)).unwrap()
}

/// Replays a text written to a file of its own.
fn run_text(test: &str, text: &str) -> Result<ReplayReport, DataError> {
    let path = scratch(test).join("day.csv");
    std::fs::write(&path, text).unwrap();
    run(&path, &ReplayOptions::default())
}

#[test]
fn a_replay_agrees_and_says_what_it_did() {
    let report = run(&fixture("tiny.replay.csv"), &ReplayOptions::default()).unwrap();
    assert!(report.agrees(), "{:#?}", report.differences);
    assert_eq!((report.records, report.commands), (12, 10));
    assert_eq!((report.aggressive.total(), report.aggressive.equal), (2, 2));
    assert_eq!((report.checkpoints.total(), report.checkpoints.equal), (2, 2));
    assert_eq!((report.fills, report.volume), (5, 60));
    assert_eq!(report.operations.adds, [1, 1, 1, 2, 0]);
    assert_eq!((report.operations.removes[1], report.operations.reduces[0], report.operations.replaces), (1, 1, 1));
    assert_eq!((report.best, report.levels), ([Some(Level { price: 9998, qty: 17 }), None], [1, 0]));
    assert_eq!((report.first_time_ns, report.last_time_ns, report.resting_orders), (100, 1100, 1));
}

/// Stamps trades with their time, and looks at the book behind every command.
#[derive(Default)]
struct Stamps {
    makers: Vec<u64>,
    stamped: Vec<(u64, u64)>,
    bids: Vec<Option<i64>>,
}

impl EventSink for Stamps {
    fn event(&mut self, e: &Event) {
        if e.kind == EventKind::Trade {
            self.makers.push(e.maker());
        }
    }
}

impl BookObserver for Stamps {
    fn after<B: MatchingBook>(&mut self, time_ns: u64, book: &B) {
        self.stamped.extend(self.makers.drain(..).map(|maker| (time_ns, maker)));
        self.bids.push(book.levels(Side::Buy, 1).first().map(|l| l.price));
    }
}

#[test]
fn trades_can_be_stamped_with_their_time_and_the_book_be_looked_at_behind_every_command() {
    let path = fixture("tiny.replay.csv");
    let mut book = Book::new(replay_book_config());
    let mut seen = Stamps::default();
    let never = AtomicBool::new(false);
    replay_file_observed(&path, &ReplayOptions::default(), &mut book, &mut seen, &never, |_, _| {}).unwrap();
    assert_eq!(seen.stamped, [(500, 2), (500, 3), (500, 4), (900, 5), (900, 1)]);
    assert_eq!((seen.bids.len(), seen.bids[0]), (10, Some(9998)));
}

#[test]
fn what_differs_is_counted_and_the_first_differences_are_told_with_their_line() {
    let changed = text("tiny.replay.csv")
        .replace("2:10002:25;3:10002:10;4:10005:5", "3:10002:10;2:10002:25;4:10005:5")
        .replace("9998:30|10005:15", "9998:30|10005:16")
        .replace("700,M,4,10006,12", "700,M,44,10006,12");
    let report = run_text("what_differs", &changed).unwrap();
    assert!(!report.agrees());
    assert_eq!((report.aggressive.differing, report.checkpoints.differing, report.unexpected), (1, 1, 1));
    let told: Vec<_> =
        report.differences.iter().map(|d| (d.line, d.kind, d.expected.as_str(), d.got.as_str())).collect();
    assert_eq!(
        told,
        [
            (7, DifferenceKind::Fills, "3:10002:10;2:10002:25;4:10005:5", "2:10002:25;3:10002:10;4:10005:5"),
            (8, DifferenceKind::Checkpoint, "9998:30|10005:16", "9998:30|10005:15"),
            (9, DifferenceKind::Unexpected, "neither a trade nor a refusal", "rejected: unknown-order"),
        ]
    );
    let path = scratch("few_differences").join("day.csv");
    std::fs::write(&path, &changed).unwrap();
    let few = run(&path, &ReplayOptions { max_differences: 1, ..ReplayOptions::default() }).unwrap();
    assert_eq!((few.differences.len(), few.aggressive, few.unexpected), (1, report.aggressive, report.unexpected));
}

#[test]
fn an_order_that_should_rest_may_not_trade() {
    let report = run_text("crossing", "1,N,1,S,100,5,0\n2,N,2,B,100,5,0\n").unwrap();
    assert_eq!((report.unexpected, report.agrees()), (1, false));
    assert_eq!(report.differences[0].got, "1:100:5");
}

#[test]
fn the_lobster_day_is_rebuilt_from_its_window() {
    let options = ReplayOptions { checkpoint_every: 1, ..ReplayOptions::default() };
    let report = run(&fixture("lobster"), &options).unwrap();
    assert!(report.agrees(), "{:#?}", report.differences);
    assert_eq!((report.aggressive.equal, report.checkpoints.equal), (4, 12));
    let counts = report.lobster.unwrap();
    assert_eq!((counts.messages, counts.by_kind), (13, [0, 2, 1, 2, 5, 1, 1, 1]));
    assert_eq!((counts.executions_in_priority, counts.executions_by_hand, counts.inconsistent), (5, 0, 0));
    assert_eq!((counts.orders_outside_data, counts.displayed_volume, counts.hidden_volume), (5, 130, 10));
    // Order 3 is shown with 70 and only 20 of it are ever heard of; nobody ever hears of the 20 at 100.05.
    assert_eq!((counts.anonymous_added, counts.anonymous_shares), (2, 70));
    assert_eq!(report.levels, [1, 1]);
}

#[test]
fn a_lobster_day_is_found_by_any_of_its_names() {
    let whole = run(&fixture("lobster"), &ReplayOptions::default()).unwrap();
    assert_eq!(run(&fixture(MESSAGES), &ReplayOptions::default()).unwrap(), whole);
    assert_eq!(run(&fixture(BOOK), &ReplayOptions::default()).unwrap(), whole);
}

#[test]
fn a_lobster_day_without_its_order_book_file_still_runs() {
    let dir = scratch("messages_only");
    let path = dir.join("TOY_message_2.csv");
    std::fs::copy(fixture(MESSAGES), &path).unwrap();
    let report = run(&path, &ReplayOptions::default()).unwrap();
    assert_eq!((report.aggressive.equal, report.aggressive.total(), report.checkpoints.total()), (4, 4, 0));
    assert_eq!(report.lobster.unwrap().executions_in_priority, 5);
}

#[test]
fn lobster_files_of_different_length_were_cut_off() {
    let dir = scratch("unequal");
    let (messages, book) = (text(MESSAGES), text(BOOK));
    let but_last = |s: &str| s[..s.trim_end().rfind('\n').unwrap() + 1].to_owned();
    for (m, b) in [(messages.clone(), but_last(&book)), (but_last(&messages), book.clone())] {
        std::fs::write(dir.join("a_message_2.csv"), m).unwrap();
        std::fs::write(dir.join("a_orderbook_2.csv"), b).unwrap();
        assert_eq!(run(&dir, &ReplayOptions::default()).unwrap_err().code(), "ERR_TOPRUNG_DATA_TRUNCATED");
    }
}

#[test]
fn prices_between_two_ticks_ask_for_a_finer_tick() {
    let dir = scratch("off_tick");
    std::fs::write(dir.join("a_message_1.csv"), "1,1,7,3,1000050,1\n2,5,0,3,1000001,1\n").unwrap();
    std::fs::write(dir.join("a_orderbook_1.csv"), "9999999999,0,1000050,3\n9999999999,0,1000050,3\n").unwrap();
    let error = run(&dir, &ReplayOptions::default()).unwrap_err().to_string();
    assert!(error.ends_with("a_message_1.csv:1:5: expected a price on the tick (100 units are a cent; a finer tick is an option), got \"1000050\""), "{error}");
    let finer = run(&dir, &ReplayOptions { tick_units: 50, ..ReplayOptions::default() }).unwrap();
    assert_eq!(finer.best[0], Some(Level { price: 20_001, qty: 3 }));
    let none = run(&dir, &ReplayOptions { tick_units: 0, ..ReplayOptions::default() }).unwrap_err();
    assert_eq!(none.code(), "ERR_TOPRUNG_DATA_OPTION");
}

#[test]
fn an_aggressor_ends_with_the_order_that_it_leaves_something_of() {
    let path = scratch("two_aggressors").join("a_message_1.csv");
    std::fs::write(&path, "1,1,7,30,100,1\n2,4,7,3,100,1\n2,4,7,16,100,1\n2,4,7,11,100,1\n").unwrap();
    let report = run(&path, &ReplayOptions::default()).unwrap();
    assert_eq!((report.aggressive.equal, report.aggressive.total(), report.unexpected), (3, 3, 0));
    assert_eq!(report.lobster.unwrap().execution_runs, 1);
}

#[test]
fn an_id_that_is_used_again_is_another_order() {
    let path = scratch("used_again").join("a_message_1.csv");
    let messages = "1,1,7,3,100,1\n2,3,7,3,100,1\n3,4,7,5,200,-1\n4,3,7,5,200,-1\n5,1,7,4,300,1\n6,1,7,9,400,1\n";
    std::fs::write(&path, messages).unwrap();
    let report = run(&path, &ReplayOptions::default()).unwrap();
    assert_eq!((report.aggressive.equal, report.unexpected, report.resting_orders), (1, 0, 1));
    assert_eq!(report.best[0], Some(Level { price: 4, qty: 9 }));
    // Entered twice without an end between.
    assert_eq!(report.lobster.unwrap().inconsistent, 1);
}

#[test]
fn messages_that_contradict_each_other_are_told() {
    let dir = scratch("contradiction");
    let path = dir.join("a_message_1.csv");
    for (second, error) in [
        ("2,3,7,3,200,1", ":2:5: expected 100, the price of order 7, got \"200\""),
        ("2,4,7,3,100,-1", ":2:6: expected 1, the direction of order 7, got \"-1\""),
    ] {
        std::fs::write(&path, format!("1,1,7,3,100,1\n{second}\n")).unwrap();
        let got = run(&path, &ReplayOptions::default()).unwrap_err().to_string();
        assert!(got.ends_with(error), "{got}");
    }
}

#[test]
fn flows_agree_with_their_hashes() {
    let fast = run_flow_dir(&fixture("flows")).unwrap();
    assert_eq!((fast.len(), fast[0].agrees(), fast[0].commands, fast[0].trades), (1, true, 9, 2));
    assert_eq!(fast, run_flow_dir_with(&fixture("flows"), || NaiveBook::new(replay_book_config())).unwrap());
}

#[test]
fn a_flow_that_differs_says_in_which_line() {
    let dir = scratch("flow_differs");
    let reports = text("flows/toy.reports.txt").replace("1,5,102,7,2,4", "1,5,102,6,2,4");
    std::fs::write(dir.join("toy.reports.txt.zst"), zstd::encode_all(reports.as_bytes(), 1).unwrap()).unwrap();
    std::fs::copy(fixture("flows/toy.cmds.csv"), dir.join("toy.cmds.csv")).unwrap();
    std::fs::write(dir.join("HASHES.txt"), format!("toy | {} | nobody\n", "0".repeat(64))).unwrap();
    let results = run_flow_dir(&dir).unwrap();
    let difference = results[0].first_difference.as_ref().unwrap();
    assert!(!results[0].agrees());
    assert_eq!(
        (difference.line, difference.expected.as_str(), difference.got.as_str()),
        (8, "1,5,102,6,2,4", "1,5,102,7,2,4")
    );
}

#[test]
fn no_flow_is_skipped_in_silence() {
    let dir = scratch("flow_skipped");
    assert_eq!(run_flow_dir(&dir).unwrap_err().code(), "ERR_TOPRUNG_DATA_NOT_FOUND");
    std::fs::write(dir.join("HASHES.txt"), "nothing here\n").unwrap();
    assert_eq!(run_flow_dir(&dir).unwrap_err().code(), "ERR_TOPRUNG_DATA_EMPTY");
    std::fs::copy(fixture("flows/HASHES.txt"), dir.join("HASHES.txt")).unwrap();
    assert!(run_flow_dir(&dir).unwrap_err().to_string().contains("toy.cmds.csv: not found"));
    std::fs::copy(fixture("flows/toy.cmds.csv"), dir.join("toy.cmds.csv")).unwrap();
    std::fs::copy(fixture("flows/toy.cmds.csv"), dir.join("other.cmds.csv")).unwrap();
    let results = run_flow_dir(&dir).unwrap();
    let told: Vec<_> = results.iter().map(|r| (r.name.as_str(), r.expected.is_some(), r.agrees())).collect();
    assert_eq!(told, [("toy", true, true), ("other", false, false)]);
}

#[test]
fn a_modify_to_the_other_side_is_outside_the_flow_format() {
    let source = Source::from_bytes("f", b"N,1,S,0,10,100\nM,1,B,10,99\n".to_vec());
    let commands = flow::read_commands(source).unwrap();
    let error = flow::run_flow("f", &commands, &mut Book::new(replay_book_config())).unwrap_err();
    assert_eq!(error.code(), "ERR_TOPRUNG_DATA_FORMAT");
}

#[test]
fn the_quantcup_feed_gives_its_trades() {
    let feed = quantcup::read_feed(Source::open(&fixture("quantcup/feed.cmds.csv")).unwrap()).unwrap();
    let trades = quantcup::read_trades(Source::open(&fixture("quantcup/feed.trades.csv")).unwrap()).unwrap();
    let report = quantcup::check_feed(&feed, &trades, &mut Book::default());
    assert!(report.agrees());
    assert_eq!((report.equal, report.messages, report.ignored_cancels), (2, 5, 2));
}

#[test]
fn formats_are_told_by_what_is_inside() {
    let dir = scratch("formats");
    let odd = dir.join("GOOG.bin");
    std::fs::write(&odd, zstd::encode_all(text("tiny.replay.csv").as_bytes(), 1).unwrap()).unwrap();
    assert_eq!(detect_format(&odd).unwrap(), ReplayFormat::Replay);
    assert!(run(&odd, &ReplayOptions::default()).unwrap().agrees());
    std::fs::copy(fixture(MESSAGES), dir.join("day.txt")).unwrap();
    assert_eq!(detect_format(&dir.join("day.txt")).unwrap(), ReplayFormat::Lobster);
    let unknown = detect_format(&fixture("README.md")).unwrap_err();
    assert_eq!(unknown.code(), "ERR_TOPRUNG_DATA_UNKNOWN_FORMAT");
    assert_eq!(detect_format(&fixture("flows")).unwrap_err().code(), "ERR_TOPRUNG_DATA_UNKNOWN_FORMAT");
    assert_eq!(detect_format(&dir.join("none")).unwrap_err().code(), "ERR_TOPRUNG_DATA_NOT_FOUND");
    std::fs::write(dir.join("empty.csv"), "").unwrap();
    assert_eq!(detect_format(&dir.join("empty.csv")).unwrap_err().code(), "ERR_TOPRUNG_DATA_EMPTY");
    std::fs::write(dir.join("comments.csv"), "# only\n").unwrap();
    let forced = ReplayOptions { format: Some(ReplayFormat::Replay), ..ReplayOptions::default() };
    assert_eq!(run(&dir.join("comments.csv"), &forced).unwrap_err().code(), "ERR_TOPRUNG_DATA_EMPTY");
    assert_eq!(run(&fixture("flows"), &forced).unwrap_err().code(), "ERR_TOPRUNG_DATA_UNREADABLE");
    for format in [ReplayFormat::Replay, ReplayFormat::Lobster] {
        assert_eq!(ReplayFormat::from_name(format.name()), Some(format));
    }
}

#[test]
fn a_replay_stops_when_it_is_told_to_and_reports_progress() {
    let many: String = (0..20_000).map(|i| format!("{i},N,{i},B,{},1,0\n", i % 50)).collect();
    let path = scratch("cancel").join("day.csv");
    std::fs::write(&path, &many).unwrap();
    let cancel = AtomicBool::new(false);
    let mut calls = 0;
    let options = ReplayOptions::default();
    let error = replay_file(&path, &options, &cancel, |done, total| {
        calls += 1;
        assert!(done <= total && total == many.len() as u64);
        cancel.store(calls == 2, Ordering::Relaxed);
    });
    assert_eq!(error.unwrap_err().code(), "ERR_TOPRUNG_DATA_CANCELLED");
    assert_eq!(calls, 2);
    let mut last = (0, 0);
    replay_file(&path, &options, &AtomicBool::new(false), |done, total| last = (done, total)).unwrap();
    assert_eq!(last, (many.len() as u64, many.len() as u64));
}
