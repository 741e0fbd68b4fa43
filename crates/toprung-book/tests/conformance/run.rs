//! Runs a case on a venue, and says how it went.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;
use toprung_book::{Event, EventKind, TradingVenue, VenueConfig};

use crate::case::Case;
use crate::check::Seen;
use crate::support::{EXPECT, missing};
use crate::translate::{Names, Request, config};

/// Cases that ask for what the venue does otherwise on purpose: `tests/conformance/README.md` has the reasons.
///
/// They are run, and have to fail exactly here: one that passes or fails elsewhere is a failure.
const DIFFERENCES: [Difference; 3] = [
    Difference {
        case: "nodejs/orderbook/test_modify",
        step: 13,
        key: "status",
        why: "refuses a price of 0, which is a price here (later steps: refuses a replace that changes nothing)",
    },
    Difference {
        case: "nodejs/orderbook/test_stop_limit_order",
        step: 17,
        key: "bids",
        why: "lets an immediate-or-cancel order rest after its stop was triggered, which no such order does elsewhere",
    },
    Difference {
        case: "cpptrader/Automatic_matching_stop_limit_order",
        step: 7,
        key: "status",
        why: "takes a second live order under an id, which the duplicate_id cases refuse",
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

/// Runs a case if the venue has everything that it needs.
pub(crate) fn outcome<V: TradingVenue>(case: &Case, make: impl FnOnce(VenueConfig) -> V) -> Outcome {
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

/// Runs a case on an empty venue, up to the first expectation that does not come true.
pub(crate) fn run<V: TradingVenue>(case: &Case, make: impl FnOnce(VenueConfig) -> V) -> Result<(), Failure> {
    let mut names = Names::default();
    let mut venue = make(config(case, &mut names));
    let prices = case.config.get("price_convention").and_then(Value::as_str) != Some("taker_limit");
    for (i, step) in case.steps.iter().enumerate() {
        let mut events: Vec<Event> = Vec::new();
        let request = names.request(step);
        match request {
            Request::Refused => {}
            Request::One(cmd) => venue.apply(&cmd, &mut events),
            Request::Both(first, second) => {
                venue.apply(&first, &mut events);
                // One step to the case: what the first does not allow, the second does not do.
                if events.iter().all(|e| e.kind != EventKind::Rejected) {
                    venue.apply(&second, &mut events);
                }
            }
        }
        let refused = matches!(request, Request::Refused);
        let subject = names.order(step.text("id"));
        let prevents = step.cmd.get("stp").is_some_and(|v| !v.is_null());
        let seen = Seen { venue: &venue, events: &events, refused, names: &names, subject, prices, prevents };
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
