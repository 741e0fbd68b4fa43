//! Conformance: cases from other engines' tests and exchanges' notices, run on the fast and on the naive venue.
//!
//! The cases are shared data, `shared/data/conformance/*.jsonl` beside the repository; `TOPRUNG_CONFORMANCE_DIR` names
//! another folder, and without one only the project's own cases (`tests/fixtures/own.jsonl`) run. A case that needs what
//! the venue has not is skipped under the name of what is missing. For the tables:
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
use toprung_book::{TradingVenue, Venue, VenueConfig};

/// Names the folder of cases.
const FOLDER_VARIABLE: &str = "TOPRUNG_CONFORMANCE_DIR";

/// Cases of the shared data, all of which run, by suite: a reader that loses cases must not look like success.
const RUN_MIN: [(&str, usize); 10] = [
    ("cme-replica", 11),
    ("cpptrader", 10),
    ("exchange-core", 28),
    ("flash1-conformance", 22),
    ("lightmatchingengine", 6),
    ("liquibook", 69),
    ("nodejs-order-book", 19),
    ("pro-rata", 11),
    ("quantcup", 8),
    ("tzadiko", 3),
];

#[test]
fn the_venue_does_what_other_engines_and_exchanges_do() {
    conform("Venue", Venue::new);
}

/// Runs every shared case on one kind of venue.
fn conform<V: TradingVenue>(kind: &str, make: impl Fn(VenueConfig) -> V) {
    let named = env::var_os(FOLDER_VARIABLE).map(PathBuf::from);
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/conformance");
    let folder = named.as_ref().unwrap_or(&shared);
    let Some(cases) = read_folder(folder) else {
        return say(&format!("SKIPPED conformance: {} not present", folder.display()));
    };
    let report = report(&cases, make);
    print_tables(kind, &report);
    say(&format!("conformance of {kind}: {}", report.summary()));
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
fn report<V: TradingVenue>(cases: &[Case], make: impl Fn(VenueConfig) -> V) -> Report {
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
fn print_tables(kind: &str, report: &Report) {
    println!("{kind}\n{report}");
}
