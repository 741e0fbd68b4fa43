//! Traces: analysed, compared, exported and verified on the libuv pool; what was found as JSON.

use std::path::PathBuf;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Task};
use napi_derive::napi;
use serde::Deserialize;
use toprung_trace::analyze::export::{ExportOptions, Format, export};
use toprung_trace::analyze::{self, AnalyzeError, DiffOptions, Options};

use crate::error::{Code, Result, error, guarded, to_json};
use crate::task::{Outcome, outcome, unwrap};

/// Analyses the trace `path`; gives the analysis as JSON. `options` is JSON: `roots`, `slowest`, `functions`, `seed`.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn trace_analyze(path: String, options: String) -> Result<AsyncTask<TraceTask>> {
    TraceTask::new(move || {
        let given: AnalyzeInput = parse(&options)?;
        let plain = Options::default();
        let options = Options {
            roots: given.roots,
            slowest: given.slowest.map_or(plain.slowest, |n| n as usize),
            functions: given.functions.map_or(plain.functions, |n| n as usize),
            seed: given.seed.unwrap_or(plain.seed),
        };
        let subject = analyze::load(&PathBuf::from(path)).map_err(trace_error)?;
        to_json(&analyze::analyze(&subject, &options))
    })
}

/// Compares the trace `b` with the trace `a`; gives the difference as JSON. `options` is JSON: `roots`, `seed`, `leastChange`.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn trace_diff(a: String, b: String, options: String) -> Result<AsyncTask<TraceTask>> {
    TraceTask::new(move || {
        let given: DiffInput = parse(&options)?;
        let plain = DiffOptions::default();
        let options = DiffOptions {
            roots: given.roots,
            seed: given.seed.unwrap_or(plain.seed),
            least_change: given.least_change.unwrap_or(plain.least_change),
        };
        let load = |path: String| analyze::load(&PathBuf::from(path)).map_err(trace_error);
        let (a, b) = (load(a)?, load(b)?);
        to_json(&analyze::diff(&a, &b, &options).map_err(trace_error)?)
    })
}

/// Writes the trace `from` to `to` in another format: `fxt`, `chrome`, `speedscope`, `collapsed` or `svg`. `options` is
/// JSON: `fromNs`, `toNs`, `order`, `ordersOnly`, `title`, `against`.
#[napi(catch_unwind, ts_return_type = "Promise<void>")]
pub fn trace_export(from: String, to: String, format: String, options: String) -> Result<AsyncTask<TraceTask>> {
    TraceTask::new(move || {
        let format = Format::of(&format).ok_or_else(|| {
            let message = format!("expected fxt, chrome, speedscope, collapsed or svg, got {format}\nat format");
            error(Code::Of("ERR_TOPRUNG_TRACE_OPTION"), message)
        })?;
        let given: ExportInput = parse(&options)?;
        let ExportInput { from_ns, to_ns, order, orders_only, title, against } = given;
        let options = ExportOptions { from_ns, to_ns, order, orders_only, title, against };
        export(&PathBuf::from(from), &PathBuf::from(to), format, &options).map_err(trace_error)?;
        Ok(String::new())
    })
}

/// Reads the trace `path` to its end and says, as JSON, what is wrong with it.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn trace_verify(path: String) -> Result<AsyncTask<TraceTask>> {
    TraceTask::new(move || to_json(&analyze::verify(&PathBuf::from(path)).map_err(trace_error)?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnalyzeInput {
    #[serde(default)]
    roots: Vec<String>,
    slowest: Option<u32>,
    functions: Option<u32>,
    seed: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DiffInput {
    #[serde(default)]
    roots: Vec<String>,
    seed: Option<u64>,
    least_change: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExportInput {
    from_ns: Option<u64>,
    to_ns: Option<u64>,
    order: Option<u64>,
    #[serde(default)]
    orders_only: bool,
    title: Option<String>,
    against: Option<PathBuf>,
}

fn parse<'a, T: Deserialize<'a>>(options: &'a str) -> Result<T> {
    serde_json::from_str(options)
        .map_err(|e| error(Code::Of("ERR_TOPRUNG_TRACE_OPTION"), format!("expected the options of a trace, got: {e}")))
}

fn trace_error(e: AnalyzeError) -> napi::Error<Code> {
    error(Code::Of(e.code()), e.to_string())
}

/// Work to be done once.
type Work = Box<dyn FnOnce() -> Result<String> + Send>;

/// Work on traces that runs on the libuv pool.
pub struct TraceTask {
    work: Option<Work>,
}

impl TraceTask {
    fn new(work: impl FnOnce() -> Result<String> + Send + 'static) -> Result<AsyncTask<TraceTask>> {
        guarded(|| Ok(AsyncTask::new(TraceTask { work: Some(Box::new(work)) })))
    }
}

impl Task for TraceTask {
    type Output = Outcome<String>;
    type JsValue = String;

    fn compute(&mut self) -> napi::Result<Outcome<String>> {
        let work = self.work.take();
        Ok(outcome(|| work.map_or_else(|| Ok(String::new()), |work| work())))
    }

    fn resolve(&mut self, env: Env, output: Outcome<String>) -> napi::Result<String> {
        unwrap(env, output)
    }
}
