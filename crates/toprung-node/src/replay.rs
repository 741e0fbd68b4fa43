//! `replay` of a file on the libuv pool, and its report as JSON.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Task};
use napi_derive::napi;
use serde::{Deserialize, Serialize};
use serde_json::json;
use toprung_book::{Book, BookObserver, CommandKind, Observers, Side};
use toprung_data::dataset::{DatasetOptions, DatasetWriter, Manifest};
use toprung_data::{
    Checked, DataError, Difference, Level, LobsterCounts, OperationCounts, ReplayFormat, ReplayLatencies,
    ReplayOptions, ReplayReport, replay_book_config, replay_file_observed,
};
use toprung_trace::{LatencyByKind, LatencyInterval, LatencySummary};

use crate::dataset::{self, dataset_error};
use crate::error::{Code, Result, error, error_at, guarded, to_json};
use crate::task::{Cancel, CancelFlag, Outcome, Pace, ProgressFn, outcome, report, unwrap};

/// Starts a replay of `file` with `options`, as JSON; gives the report, as JSON. With `record`, JSON too, its dataset is
/// written, and its manifest is in the report.
///
/// `onProgress` is given how much of how much is done, at most ten times a second; the other two numbers are 0.
#[napi(
    catch_unwind,
    ts_args_type = "file: string, options: string, cancel: CancelFlag, onProgress: (done: number, total: number, \
                    unused: number, unusedToo: number) => void, record?: string",
    ts_return_type = "Promise<string>"
)]
pub fn replay(
    file: String,
    options: String,
    cancel: &CancelFlag,
    on_progress: ProgressFn,
    record: Option<String>,
) -> Result<AsyncTask<ReplayTask>> {
    guarded(|| {
        let options = Options::parse(&options)?;
        let record = dataset::parse(record)?;
        Ok(AsyncTask::new(ReplayTask { file: file.into(), options, record, cancel: cancel.share(), on_progress }))
    })
}

/// A replay that runs on the libuv pool.
pub struct ReplayTask {
    file: PathBuf,
    options: ReplayOptions,
    record: Option<DatasetOptions>,
    cancel: Cancel,
    on_progress: ProgressFn,
}

impl Task for ReplayTask {
    type Output = Outcome<String>;
    type JsValue = String;

    fn compute(&mut self) -> napi::Result<Outcome<String>> {
        let start = Instant::now();
        let cancel = self.cancel.start();
        let mut pace = Pace::default();
        let tell = |done: u64, total: u64| {
            if pace.is_due() {
                report(&self.on_progress, &self.cancel, (done as f64, total as f64, 0.0, 0.0));
            }
        };
        Ok(outcome(|| {
            let (report, latencies, dataset) = match self.record.take() {
                None => {
                    let (replayed, _, latencies) = timed_replay(&self.file, &self.options, (), cancel, tell);
                    (replayed.map_err(data_error)?, latencies, None)
                }
                Some(options) => record_replay(&self.file, &self.options, options, cancel, tell)?,
            };
            let (by_kind, latency_over_time) = latencies;
            let latency_by_kind = by_kind.summaries(&CommandKind::NAMES);
            to_json(&Report { dataset, latency_by_kind, latency_over_time, ..Report::of(&report, start.elapsed()) })
        }))
    }

    fn resolve(&mut self, env: Env, output: Outcome<String>) -> napi::Result<String> {
        unwrap(env, output)
    }
}

/// Latency by kind of command and over the file.
type Latencies = (LatencyByKind, Vec<LatencyInterval>);

/// Replays a file through a new book, watched by `observer`, and times it.
fn timed_replay<O: BookObserver>(
    file: &Path,
    options: &ReplayOptions,
    observer: O,
    cancel: &AtomicBool,
    mut tell: impl FnMut(u64, u64),
) -> (std::result::Result<ReplayReport, DataError>, O, Latencies) {
    let part = Cell::new(0.0);
    let mut timed = ReplayLatencies::new(observer, &part);
    let mut book = Book::new(replay_book_config());
    let replayed = replay_file_observed(file, options, &mut book, &mut timed, cancel, |done, total| {
        part.set(done as f64 / total.max(1) as f64);
        tell(done, total);
    });
    let (observer, by_kind, over_time) = timed.into_parts();
    (replayed, observer, (by_kind, over_time))
}

/// Replays a file and writes its dataset.
fn record_replay(
    file: &Path,
    options: &ReplayOptions,
    record: DatasetOptions,
    cancel: &AtomicBool,
    tell: impl FnMut(u64, u64),
) -> Result<(ReplayReport, Latencies, Option<Manifest>)> {
    let writer = DatasetWriter::create(record).map_err(dataset_error)?;
    let (replayed, observer, latencies) = timed_replay(file, options, writer.open(0), cancel, tell);
    writer.close(0, observer);
    if let Some(e) = writer.error() {
        // The replay stopped because of this.
        return Err(dataset_error(e));
    }
    let report = replayed.map_err(data_error)?;
    let run = json!({
        "kind": "replay",
        "file": file.display().to_string(),
        "digest": report.digest.to_string(),
        "events": report.commands,
        "partial": false,
    });
    Ok((report, latencies, Some(writer.finish(run).map_err(dataset_error)?)))
}

pub(crate) fn data_error(e: DataError) -> napi::Error<Code> {
    match e {
        DataError::Option { option, expected, ref got } => {
            error_at(Code::Of(e.code()), option, &format!("expected {expected}, got {got}"))
        }
        _ => error(Code::Of(e.code()), e.to_string()),
    }
}

/// The options as TypeScript writes them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    format: Option<String>,
    max_differences: usize,
    tick_units: u64,
    checkpoint_every: u64,
    checkpoint_levels: Option<usize>,
}

impl Options {
    fn parse(json: &str) -> Result<ReplayOptions> {
        let o: Options = serde_json::from_str(json)
            .map_err(|e| error(Code::Config, format!("expected the options of a replay as JSON, got an error: {e}")))?;
        let format = match o.format {
            None => None,
            Some(name) => Some(ReplayFormat::from_name(&name).ok_or_else(|| {
                error_at(Code::Config, "format", &format!("expected \"replay\" or \"lobster\", got {name:?}"))
            })?),
        };
        for (path, value) in [("tickUnits", o.tick_units), ("checkpointEvery", o.checkpoint_every)] {
            if value == 0 {
                return Err(error_at(Code::Config, path, "expected an integer from 1, got 0"));
            }
        }
        Ok(ReplayOptions {
            format,
            max_differences: o.max_differences,
            tick_units: o.tick_units,
            checkpoint_every: o.checkpoint_every,
            checkpoint_levels: o.checkpoint_levels.unwrap_or(usize::MAX),
        })
    }
}

/// The report as TypeScript reads it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    agrees: bool,
    records: u64,
    commands: u64,
    operations: Operations,
    aggressive: Counts,
    checkpoints: Counts,
    unexpected: u64,
    fills: u64,
    volume: u128,
    differences: Vec<DifferenceView<'a>>,
    best_bid: Option<LevelView>,
    best_ask: Option<LevelView>,
    bid_levels: usize,
    ask_levels: usize,
    resting_orders: usize,
    digest: String,
    first_time_ns: u64,
    last_time_ns: u64,
    elapsed_ns: u64,
    latency_by_kind: BTreeMap<&'static str, LatencySummary>,
    latency_over_time: Vec<LatencyInterval>,
    lobster: Option<Lobster>,
    dataset: Option<Manifest>,
}

impl Report<'_> {
    fn of(r: &ReplayReport, elapsed: Duration) -> Report<'_> {
        let (buy, sell) = (Side::Buy as usize, Side::Sell as usize);
        Report {
            agrees: r.agrees(),
            records: r.records,
            commands: r.commands,
            operations: Operations::of(&r.operations),
            aggressive: Counts::of(r.aggressive),
            checkpoints: Counts::of(r.checkpoints),
            unexpected: r.unexpected,
            fills: r.fills,
            volume: r.volume,
            differences: r.differences.iter().map(DifferenceView::of).collect(),
            best_bid: r.best[buy].map(LevelView::of),
            best_ask: r.best[sell].map(LevelView::of),
            bid_levels: r.levels[buy],
            ask_levels: r.levels[sell],
            resting_orders: r.resting_orders,
            digest: r.digest.to_string(),
            first_time_ns: r.first_time_ns,
            last_time_ns: r.last_time_ns,
            elapsed_ns: elapsed.as_nanos() as u64,
            latency_by_kind: BTreeMap::new(),
            latency_over_time: Vec::new(),
            lobster: r.lobster.as_ref().map(Lobster::of),
            dataset: None,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    equal: u64,
    differing: u64,
    total: u64,
}

impl Counts {
    fn of(c: Checked) -> Counts {
        Counts { equal: c.equal, differing: c.differing, total: c.total() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Operations {
    adds: u64,
    removes: u64,
    reduces: u64,
    replaces: u64,
    aggressive: u64,
    checkpoints: u64,
}

impl Operations {
    fn of(o: &OperationCounts) -> Operations {
        Operations {
            adds: o.adds.iter().sum(),
            removes: o.removes.iter().sum(),
            reduces: o.reduces.iter().sum(),
            replaces: o.replaces,
            aggressive: o.aggressive,
            checkpoints: o.checkpoints,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LevelView {
    price: i64,
    qty: u64,
}

impl LevelView {
    fn of(l: Level) -> LevelView {
        LevelView { price: l.price, qty: l.qty }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DifferenceView<'a> {
    line: u64,
    kind: &'static str,
    expected: &'a str,
    got: &'a str,
}

impl DifferenceView<'_> {
    fn of(d: &Difference) -> DifferenceView<'_> {
        DifferenceView { line: d.line, kind: d.kind.name(), expected: &d.expected, got: &d.got }
    }
}

/// [`LobsterCounts`], whose fields say what they are.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Lobster {
    messages: u64,
    displayed_volume: u64,
    hidden_volume: u64,
    execution_runs: u64,
    executions_in_priority: u64,
    executions_by_hand: u64,
    orders_outside_data: u64,
    anonymous_added: u64,
    anonymous_shares: u64,
    anonymous_requeued: u64,
    left_unseen: u64,
    withdrawn: u64,
    inconsistent: u64,
    rows_compared: u64,
    rows_explained: u64,
    rows_crossed: u64,
}

impl Lobster {
    fn of(c: &LobsterCounts) -> Lobster {
        Lobster {
            messages: c.messages,
            displayed_volume: c.displayed_volume,
            hidden_volume: c.hidden_volume,
            execution_runs: c.execution_runs,
            executions_in_priority: c.executions_in_priority,
            executions_by_hand: c.executions_by_hand,
            orders_outside_data: c.orders_outside_data,
            anonymous_added: c.anonymous_added,
            anonymous_shares: c.anonymous_shares,
            anonymous_requeued: c.anonymous_requeued,
            left_unseen: c.left_unseen,
            withdrawn: c.withdrawn,
            inconsistent: c.inconsistent,
            rows_compared: c.rows_compared,
            rows_explained: c.rows_explained,
            rows_crossed: c.rows_crossed,
        }
    }
}
