//! Models fitted to a day: rates by distance, queue tables, and a Hawkes process.
//!
//! A [`Tape`] goes in, from a simulation or from a LOBSTER file; a [`Fit`] comes out, the model's configuration with the
//! standard error of every number that was estimated. What is simulated and then fitted comes back within its errors: the
//! tests of the three estimators.

mod hawkes;
mod ledger;
mod queues;
mod rates;

pub use hawkes::{HawkesFit, fit_events, fit_hawkes};
pub use queues::fit_queue_reactive;
pub use rates::{fit_cst, fit_santa_fe};

use serde::Serialize;

use crate::flow::FlowConfig;
use crate::realism::Tape;

/// One estimated number.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Estimate {
    /// Where it stands in the configuration: `flow.limitRates[0]`.
    pub path: String,
    /// The estimate.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
}

/// A model fitted to a tape.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fit {
    /// The configuration: valid, to be simulated as it is.
    pub flow: FlowConfig,
    /// Every number that was estimated.
    pub estimates: Vec<Estimate>,
    /// Messages that were looked at.
    pub messages: usize,
    /// Time that they took, s.
    pub seconds: f64,
}

/// Why a tape has no fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoFit {
    /// What a fit needs.
    pub expected: &'static str,
    /// What the tape has.
    pub got: String,
}

impl NoFit {
    /// The stable code that TypeScript shows and documents.
    pub const fn code(&self) -> &'static str {
        "ERR_TOPRUNG_NO_FIT"
    }
}

impl std::fmt::Display for NoFit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "expected {}, got {}", self.expected, self.got)
    }
}

impl std::error::Error for NoFit {}

/// Seconds that a tape takes, if there is enough of it.
fn seconds(tape: &Tape) -> Result<f64, NoFit> {
    let expected = "a tape of at least 1,000 messages over a second";
    let rows = &tape.rows;
    let got = || format!("{} messages", rows.len());
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Err(NoFit { expected, got: got() }) };
    let seconds = (last.time_ns - first.time_ns) as f64 / 1e9;
    if rows.len() >= 1000 && seconds >= 1.0 { Ok(seconds) } else { Err(NoFit { expected, got: got() }) }
}

/// The model with its estimates, if it is valid.
fn fit(flow: FlowConfig, estimates: Vec<Estimate>, tape: &Tape, seconds: f64) -> Result<Fit, NoFit> {
    match flow.validate() {
        Ok(()) => Ok(Fit { flow, estimates, messages: tape.rows.len(), seconds }),
        Err(e) => Err(NoFit { expected: "a tape whose fit is a valid model", got: e.to_string() }),
    }
}

/// The commonest size of limit orders, in lots.
fn usual_size(tape: &Tape) -> u64 {
    let mut counts = std::collections::BTreeMap::<u64, u64>::new();
    for row in tape.rows.iter().filter(|r| r.kind == crate::realism::RowKind::Add) {
        *counts.entry(row.qty).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, n)| *n).map_or(1, |(size, _)| size.clamp(1, 1 << 20))
}

#[cfg(test)]
fn within(estimates: &[(Estimate, f64)]) {
    let sigma = |(e, truth): &(Estimate, f64)| (e.value - truth).abs() / e.standard_error;
    let two = estimates.iter().filter(|e| sigma(e) <= 2.0).count();
    for e in estimates {
        assert!(sigma(e) < 4.5, "{:?}, simulated with {}", e.0, e.1);
    }
    // One in twenty is expected beyond.
    assert!(two * 100 >= estimates.len() * 88, "{two} of {} within two standard errors", estimates.len());
}
