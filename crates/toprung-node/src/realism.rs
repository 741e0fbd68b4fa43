//! Tapes scored and fitted on the libuv pool: `validate` and `calibrate`, requests and answers as JSON.

use std::path::Path;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Task};
use napi_derive::napi;
use serde::Deserialize;
use toprung_book::Side;
use toprung_data::{LobsterDay, LobsterRows, MessageKind};
use toprung_sim::SimConfig;
use toprung_sim::calibrate::{Fit, NoFit, fit_cst, fit_hawkes, fit_queue_reactive, fit_santa_fe};
use toprung_sim::realism::{Row, RowKind, Tape, score};

use crate::error::{Code, Result, error, error_at, guarded, to_json};
use crate::replay::data_error;
use crate::simulate::sim_error;
use crate::task::{Outcome, outcome, unwrap};

/// Where a tape comes from.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields, rename_all_fields = "camelCase")]
enum TapeRequest {
    /// A LOBSTER day with its order book file.
    File { file: String, tick_units: i64 },
    /// A book of a simulation.
    Simulation { config: Box<SimConfig>, book: u32, duration_ns: u64 },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ValidateRequest {
    tape: TapeRequest,
    reference: TapeRequest,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CalibrateRequest {
    tape: TapeRequest,
    model: String,
    levels: usize,
    size_max: usize,
    decay_rates: Vec<f64>,
}

/// Scores a tape against a reference; gives the scorecard, as JSON.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn validate(request: String) -> Result<AsyncTask<TapeTask>> {
    TapeTask::open(request, |request| {
        let r: ValidateRequest = parse(request)?;
        let card = score(&tape(&r.tape)?, &tape(&r.reference)?);
        to_json(&card.map_err(|e| error(Code::Of(e.code()), e.to_string()))?)
    })
}

/// Fits a model to a tape; gives the flow's configuration and the estimates, as JSON.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn calibrate(request: String) -> Result<AsyncTask<TapeTask>> {
    TapeTask::open(request, |request| {
        let r: CalibrateRequest = parse(request)?;
        let tape = tape(&r.tape)?;
        let fit: std::result::Result<Fit, NoFit> = match r.model.as_str() {
            "santa-fe" => fit_santa_fe(&tape),
            "cst" => fit_cst(&tape, r.levels),
            "queue-reactive" => fit_queue_reactive(&tape, r.levels, r.size_max),
            "hawkes" => fit_hawkes(&tape, &r.decay_rates),
            other => {
                let rule = format!("expected santa-fe, cst, queue-reactive or hawkes, got {other:?}");
                return Err(error_at(Code::Config, "model", &rule));
            }
        };
        to_json(&fit.map_err(|e| error(Code::Of(e.code()), e.to_string()))?)
    })
}

fn parse<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T> {
    serde_json::from_str(json)
        .map_err(|e| error(Code::Config, format!("expected a request as JSON, got an error: {e}")))
}

fn tape(request: &TapeRequest) -> Result<Tape> {
    match request {
        TapeRequest::File { file, tick_units } => read(Path::new(file), *tick_units),
        TapeRequest::Simulation { config, book, duration_ns } => {
            Tape::record(config, *book, *duration_ns).map_err(sim_error)
        }
    }
}

/// The displayed messages of a LOBSTER day, each with the best prices of its order book row.
fn read(path: &Path, tick_units: i64) -> Result<Tape> {
    let day = LobsterDay::open(path).map_err(data_error)?;
    let mut pairs = LobsterRows::new(day, tick_units).map_err(data_error)?;
    let mut tape = Tape::default();
    let (mut bid, mut ask) = (0, 0);
    while let Some((m, price, row)) = pairs.next_pair().map_err(data_error)? {
        let best = |side| row.side(side).first().map(|l| (l.price, l.qty));
        let (b, a) = (best(Side::Buy), best(Side::Sell));
        (bid, ask) = (b.map_or(bid, |b| b.0), a.map_or(ask, |a| a.0));
        let kind = match m.kind {
            MessageKind::Submission => RowKind::Add,
            MessageKind::Cancellation => RowKind::Reduce,
            MessageKind::Deletion => RowKind::Cancel,
            MessageKind::Execution => RowKind::Trade,
            MessageKind::HiddenExecution | MessageKind::Cross | MessageKind::Halt => continue,
        };
        tape.rows.push(Row {
            time_ns: m.time_ns,
            id: m.id,
            price,
            qty: m.size,
            bid,
            bid_qty: b.map_or(0, |b| b.1),
            ask,
            ask_qty: a.map_or(0, |a| a.1),
            kind,
            side: m.side,
        });
    }
    Ok(tape)
}

/// Work on tapes that runs on the libuv pool.
pub struct TapeTask {
    request: String,
    work: fn(&str) -> Result<String>,
}

impl TapeTask {
    fn open(request: String, work: fn(&str) -> Result<String>) -> Result<AsyncTask<TapeTask>> {
        guarded(|| Ok(AsyncTask::new(TapeTask { request, work })))
    }
}

impl Task for TapeTask {
    type Output = Outcome<String>;
    type JsValue = String;

    fn compute(&mut self) -> napi::Result<Outcome<String>> {
        Ok(outcome(|| (self.work)(&self.request)))
    }

    fn resolve(&mut self, env: Env, output: Outcome<String>) -> napi::Result<String> {
        unwrap(env, output)
    }
}
