//! The real exchanges' days and the public referees' flows in `../shared/data`, against the fast and the naive book.
//!
//! The data may not be republished and is not in the repository. Where it is missing each test says that it was skipped;
//! `fixtures.rs` keeps the same code covered with data of the project's own.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use toprung_book::naive::NaiveBook;
use toprung_book::{Book, CountingSink, EventKind, MatchingBook, Side};
use toprung_data::{
    LobsterDay, LobsterReplay, ReplayAction, ReplayOptions, ReplayReader, ReplayReport, ReplaySource, Source, flow,
    quantcup, replay_book_config, replay_file, replay_file_into, run_flow_dir, run_flow_dir_with,
};

/// The path of a file of the shared data, or `None` after one line that says so.
fn shared(test: &str, file: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(file);
    if path.exists() {
        return Some(path);
    }
    // Not `eprintln!`, which a test that passes does not show.
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: ../shared/data not present");
    None
}

fn replay_with<B: MatchingBook>(path: &Path, book: &mut B) -> (ReplayReport, CountingSink) {
    let mut sink = CountingSink::default();
    let never = AtomicBool::new(false);
    let report = replay_file_into(path, &ReplayOptions::default(), book, &mut sink, &never, |_, _| {});
    (report.unwrap_or_else(|e| panic!("{e}")), sink)
}

fn both_books(path: &Path) -> ReplayReport {
    let (fast, sink) = replay_with(path, &mut Book::new(replay_book_config()));
    let (naive, _) = replay_with(path, &mut NaiveBook::new(replay_book_config()));
    assert_eq!(fast, naive);
    assert_eq!((sink.count(EventKind::Trade), sink.volume), (fast.fills, fast.volume));
    fast
}

#[test]
fn every_fill_and_checkpoint_of_the_goog_day_is_reproduced() {
    let Some(path) = shared("goog replay", "replay/goog_2012-06-21_L10.replay.csv.zst") else { return };
    let report = both_books(&path);
    assert!(report.agrees(), "{:#?}", report.differences);
    assert_eq!((report.aggressive.equal, report.checkpoints.equal), (6_079, 611));
    assert_eq!(report.records, 153_561);
}

#[test]
fn every_fill_and_checkpoint_of_the_aapl_hour_is_reproduced() {
    let Some(path) = shared("aapl replay", "replay/aapl_2012-06-21_1h_L50.replay.csv.zst") else { return };
    let report = both_books(&path);
    assert!(report.agrees(), "{:#?}", report.differences);
    assert_eq!((report.aggressive.equal, report.checkpoints.equal), (3_310, 842));
}

#[test]
fn the_lobster_goog_day_is_reproduced_from_the_raw_files() {
    let Some(path) = shared("goog lobster", "lobster_raw/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip") else { return };
    let report = both_books(&path);
    assert!(report.agrees(), "{:#?}", report.differences);
    assert_eq!((report.checkpoints.equal, report.aggressive.equal), (147, 6_080));
    let counts = report.lobster.unwrap();
    assert_eq!((counts.messages, counts.rows_crossed, counts.inconsistent, counts.withdrawn), (147_916, 0, 0, 0));
    // The others contradict the file's own order of entry: an order entered later executed first.
    assert_eq!((counts.executions_in_priority, counts.executions_by_hand), (7_760, 5));
    assert_eq!((counts.execution_runs, counts.runs_in_priority), (6_082, 6_079));
}

#[test]
fn the_lobster_aapl_hour_runs_without_an_order_book_file() {
    let file = "lobster_raw/AAPL_2012-06-21_34200000_37800000_message_50.csv.zst";
    let Some(path) = shared("aapl lobster", file) else { return };
    let report = both_books(&path);
    assert!(report.agrees(), "{:#?}", report.differences);
    let counts = report.lobster.unwrap();
    assert_eq!((report.aggressive.equal, report.checkpoints.total()), (3_313, 0));
    assert_eq!((counts.executions_in_priority, counts.executions_by_hand), (4_043, 24));
    assert_eq!((counts.execution_runs, counts.runs_in_priority), (3_323, 3_310));
}

/// Time, side, and fills as maker, price, quantity.
type Aggressor = (u64, Side, Vec<(u64, i64, u64)>);

/// Every aggressive order.
fn aggressors(mut source: impl ReplaySource) -> BTreeSet<Aggressor> {
    let mut out = BTreeSet::new();
    while let Some(record) = source.next_record().unwrap() {
        if let ReplayAction::Aggress { side, fills, .. } = record.action {
            out.insert((record.time_ns, side, fills.iter().map(|f| (f.maker, f.price, f.qty)).collect()));
        }
    }
    out
}

#[test]
fn the_raw_files_give_every_aggressive_order_of_the_published_replays() {
    let days = [
        ("LOBSTER_SampleFile_GOOG_2012-06-21_10.zip", "goog_2012-06-21_L10.replay.csv.zst", 6_079),
        ("AAPL_2012-06-21_34200000_37800000_message_50.csv.zst", "aapl_2012-06-21_1h_L50.replay.csv.zst", 3_310),
    ];
    for (raw, published, orders) in days {
        let Some(raw) = shared("raw against published", &format!("lobster_raw/{raw}")) else { return };
        let Some(published) = shared("raw against published", &format!("replay/{published}")) else { return };
        let (options, never) = (ReplayOptions::default(), AtomicBool::new(false));
        let raw = aggressors(LobsterReplay::new(LobsterDay::open(&raw).unwrap(), &options, &never).unwrap());
        let published = aggressors(ReplayReader::new(Source::open(&published).unwrap()));
        assert_eq!(published.len(), orders);
        let missing: Vec<_> = published.difference(&raw).collect();
        assert!(missing.is_empty(), "{} missing: {:?}", missing.len(), &missing[..missing.len().min(5)]);
    }
}

#[test]
fn the_six_flows_have_the_hashes_that_independent_engines_agree_on() {
    let Some(dir) = shared("flows", "flow_consensus") else { return };
    let fast = run_flow_dir(&dir).unwrap();
    assert_eq!(fast.len(), 6);
    for flow in &fast {
        assert!(flow.agrees(), "{flow:#?}");
    }
    let naive = run_flow_dir_with(&dir, || NaiveBook::new(replay_book_config())).unwrap();
    assert_eq!(fast, naive);
}

#[test]
fn the_flows_reports_are_the_stored_ones_byte_for_byte() {
    let Some(dir) = shared("flow text", "flow_consensus") else { return };
    let path = dir.join("normal_s101_n1000.cmds.csv.zst");
    let commands = flow::read_commands(Source::open(&path).unwrap()).unwrap();
    let run = flow::run_flow("normal", &commands, &mut Book::new(replay_book_config())).unwrap();
    let stored = std::fs::read(dir.join("normal_s101_n1000.reports.txt.zst")).unwrap();
    assert_eq!(run.text, zstd::decode_all(stored.as_slice()).unwrap());
}

#[test]
fn all_16_887_trades_of_the_quantcup_feed_are_reproduced() {
    let Some(dir) = shared("quantcup", "quantcup_feed") else { return };
    let feed = quantcup::read_feed(Source::open(&dir.join("feed.cmds.csv")).unwrap()).unwrap();
    let trades = quantcup::read_trades(Source::open(&dir.join("feed.trades.csv")).unwrap()).unwrap();
    let fast = quantcup::check_feed(&feed, &trades, &mut Book::default());
    assert_eq!((fast.equal, fast.expected, fast.got), (16_887, 16_887, 16_887), "{:?}", fast.first_difference);
    assert_eq!(fast, quantcup::check_feed(&feed, &trades, &mut NaiveBook::new(Default::default())));
}

#[test]
fn a_real_day_cut_off_in_the_middle_is_an_error() {
    let Some(path) = shared("cut off", "replay/goog_2012-06-21_L10.replay.csv.zst") else { return };
    let bytes = std::fs::read(path).unwrap();
    let cut = std::env::temp_dir().join(format!("toprung-data-cut-{}.zst", std::process::id()));
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let error = replay_file(&cut, &ReplayOptions::default(), &AtomicBool::new(false), |_, _| {}).unwrap_err();
    std::fs::remove_file(&cut).unwrap();
    assert_eq!(error.code(), "ERR_TOPRUNG_DATA_TRUNCATED", "{error}");
}
