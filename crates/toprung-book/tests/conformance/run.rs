//! Runs a case on a book, and says how it went.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;
use toprung_book::{BookConfig, Event, EventKind, MatchingBook};

use crate::case::Case;
use crate::check::Seen;
use crate::support::{EXPECT, missing};
use crate::translate::{Names, Request, config};

/// Cases that ask for what the book does otherwise on purpose.
///
/// They are run, and have to fail exactly here: one that passes or fails elsewhere is a failure.
const DIFFERENCES: [Difference; 2] = [
    Difference {
        case: "nodejs/orderbook/test_modify",
        step: 13,
        key: "status",
        why: "refuses a price of 0, which is a price here (later steps: refuses a replace that changes nothing)",
    },
    Difference {
        case: "tzadiko/Match_Market",
        step: 10,
        key: "levels",
        why: "lets the rest of a market order rest (market_remainder rest_at_worst, told by the notes only)",
    },
];

/// A case, the first expectation (step from 0) that does not come true, and why not.
#[derive(Debug)]
struct Difference {
    case: &'static str,
    step: usize,
    key: &'static str,
    why: &'static str,
}

/// How a case went.
#[derive(Debug)]
pub(crate) enum Outcome {
    Passed,
    Failed(String),
    /// It differs where it is known to differ.
    Differs(&'static str),
    /// Not run: what is missing.
    Skipped(BTreeSet<String>),
}

/// An expectation that did not come true.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) step: usize,
    pub(crate) key: String,
    /// The command, and what was expected and got.
    message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}, `{}`: {}", self.step, self.key, self.message)
    }
}

/// Runs a case if the book has everything that it needs.
pub(crate) fn outcome<B: MatchingBook>(case: &Case, make: impl FnOnce(BookConfig) -> B) -> Outcome {
    let missing = missing(case);
    if !missing.is_empty() {
        return Outcome::Skipped(missing);
    }
    let known = DIFFERENCES.iter().find(|d| d.case == case.id);
    match (run(case, make), known) {
        (Ok(()), None) => Outcome::Passed,
        (Err(failure), Some(known)) if (failure.step, failure.key.as_str()) == (known.step, known.key) => {
            Outcome::Differs(known.why)
        }
        (Err(failure), _) => Outcome::Failed(format!("{} / {}: {failure}", case.suite, case.id)),
        (Ok(()), Some(known)) => Outcome::Failed(format!(
            "{} / {}: no longer differs at step {}, take it off the list",
            case.suite, case.id, known.step
        )),
    }
}

/// Runs a case on an empty book, up to the first expectation that does not come true.
pub(crate) fn run<B: MatchingBook>(case: &Case, make: impl FnOnce(BookConfig) -> B) -> Result<(), Failure> {
    let mut names = Names::default();
    let mut book = make(config(case, &mut names));
    let prices = case.config.get("price_convention").and_then(Value::as_str) != Some("taker_limit");
    for (i, step) in case.steps.iter().enumerate() {
        let mut events: Vec<Event> = Vec::new();
        let request = names.request(step);
        match request {
            Request::Refused => {}
            Request::One(cmd) => book.apply(&cmd, &mut events),
            Request::CancelNew(cancel, new) => {
                book.apply(&cancel, &mut events);
                // One step to the case: without the order to cancel there is no new one.
                if events.iter().all(|e| e.kind != EventKind::Rejected) {
                    book.apply(&new, &mut events);
                }
            }
        }
        let refused = matches!(request, Request::Refused);
        let subject = names.order(step.text("id"));
        let prevents = step.cmd.get("stp").is_some_and(|v| !v.is_null());
        let seen = Seen { book: &book, events: &events, refused, names: &names, subject, prices, prevents };
        // In the order of the format, so that the first failure is the most telling one.
        for (key, want) in EXPECT.iter().filter_map(|key| step.expect.get_key_value(*key)) {
            seen.check(key, want).map_err(|message| Failure {
                step: i,
                key: key.clone(),
                message: format!("{message} after {}", Value::Object(step.cmd.clone())),
            })?;
        }
    }
    Ok(())
}
