//! Conformance: cases from other engines' tests and exchanges' notices, run on the fast and on the naive book.
//!
//! The cases are shared data, `shared/data/conformance/*.jsonl` beside the repository; `TOPRUNG_CONFORMANCE_DIR` names
//! another folder, and without one only the project's own cases (`tests/fixtures/own.jsonl`) run. A case that needs what
//! the book has not is skipped under the name of what is missing. For the tables:
//!
//! ```text
//! cargo test -p toprung-book --test conformance -- --nocapture
//! ```

mod case;
mod check;
mod own;
mod report;
mod run;
mod support;
mod translate;

use std::env;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use case::{Case, read_folder};
use report::Report;
use run::outcome;
use toprung_book::naive::NaiveBook;
use toprung_book::{Book, BookConfig, MatchingBook};

/// Names the folder of cases.
const FOLDER_VARIABLE: &str = "TOPRUNG_CONFORMANCE_DIR";

/// Cases of the shared data that have to run, by suite: a reader that loses cases must not look like success.
const RUN_MIN: [(&str, usize); 10] = [
    ("cme-replica", 3),
    ("cpptrader", 2),
    ("exchange-core", 25),
    ("flash1-conformance", 22),
    ("lightmatchingengine", 6),
    ("liquibook", 50),
    ("nodejs-order-book", 15),
    ("pro-rata", 11),
    ("quantcup", 8),
    ("tzadiko", 3),
];

#[test]
fn the_book_does_what_other_engines_and_exchanges_do() {
    conform("Book", Book::new);
}

#[test]
fn the_naive_book_does_what_other_engines_and_exchanges_do() {
    conform("NaiveBook", NaiveBook::new);
}

/// Runs every shared case on one kind of book.
fn conform<B: MatchingBook>(book: &str, make: impl Fn(BookConfig) -> B) {
    let named = env::var_os(FOLDER_VARIABLE).map(PathBuf::from);
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/conformance");
    let folder = named.as_ref().unwrap_or(&shared);
    let Some(cases) = read_folder(folder) else {
        return say(&format!("SKIPPED conformance: {} not present", folder.display()));
    };
    let report = report(&cases, make);
    print_tables(book, &report);
    say(&format!("conformance of {book}: {}", report.summary()));
    assert!(report.failures.is_empty(), "{}", report.failures.join("\n"));
    assert!(report.total.run() > 0, "no case of {} was run", folder.display());
    if named.is_none() {
        for (suite, min) in RUN_MIN {
            let run = report.suites.get(suite).map_or(0, |tally| tally.run());
            assert!(run >= min, "{suite}: {run} cases run, {min} are known to be supported");
        }
    }
}

/// Runs cases and counts how they went.
fn report<B: MatchingBook>(cases: &[Case], make: impl Fn(BookConfig) -> B) -> Report {
    let mut report = Report::default();
    for case in cases {
        report.add(case, &outcome(case, &make));
    }
    report
}

/// Says a line that is seen although the test passes: the test harness holds back what is printed, but not this.
fn say(line: &str) {
    // Where nobody listens, nothing is lost.
    _ = writeln!(std::io::stderr(), "{line}");
}

#[expect(clippy::print_stdout, reason = "shown with --nocapture and when the test fails")]
fn print_tables(book: &str, report: &Report) {
    println!("{book}\n{report}");
}
