//! `simulate` on the libuv pool, and its result as a handle: a summary at once, each book when it is asked for.

use std::collections::BTreeMap;

use napi::bindgen_prelude::{AsyncTask, Float64Array};
use napi::{Env, Task};
use napi_derive::napi;
use serde::Serialize;
use toprung_book::CommandKind;
use toprung_data::dataset::{DatasetOptions, DatasetWriter, Manifest};
use toprung_sim::{BookResult, Metrics, Progress, SimConfig, SimError, SimResult};
use toprung_trace::{LatencyHistogram, LatencyInterval, LatencySummary};

use crate::dataset::{self, dataset_error};
use crate::error::{Code, Result, config_error, error, error_at, guarded, to_json};
use crate::task::{Cancel, CancelFlag, Outcome, ProgressFn, outcome, report, unwrap};

/// Numbers in a row of `samples`.
const SAMPLE_COLUMNS: usize = 9;

/// Every scenario, as JSON.
#[napi(catch_unwind)]
pub fn scenarios() -> Result<String> {
    guarded(|| to_json(&toprung_sim::scenarios::all()))
}

/// Starts a simulation with the complete configuration `config`, as JSON; with `record`, JSON too, its dataset is written.
///
/// `onProgress` is given commands done and expected, and books done and in all, at most ten times a second.
#[napi(
    catch_unwind,
    ts_args_type = "config: string, cancel: CancelFlag, onProgress: (eventsDone: number, eventsTotal: number, \
                    booksDone: number, booksTotal: number) => void, record?: string",
    ts_return_type = "Promise<NativeSimulation>"
)]
pub fn simulate(
    config: String,
    cancel: &CancelFlag,
    on_progress: ProgressFn,
    record: Option<String>,
) -> Result<AsyncTask<SimulateTask>> {
    guarded(|| {
        let config = parse_config(&config)?;
        config.validate().map_err(sim_error)?;
        let record = dataset::parse(record)?;
        Ok(AsyncTask::new(SimulateTask { config, record, cancel: cancel.share(), on_progress }))
    })
}

/// A simulation that runs on the libuv pool.
pub struct SimulateTask {
    config: SimConfig,
    record: Option<DatasetOptions>,
    cancel: Cancel,
    on_progress: ProgressFn,
}

impl Task for SimulateTask {
    type Output = Outcome<(SimResult, Option<Manifest>)>;
    type JsValue = NativeSimulation;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let cancel = self.cancel.start();
        let tell = |p: Progress| {
            let numbers = (p.events_done as f64, p.events_total as f64, p.books_done.into(), p.books_total.into());
            report(&self.on_progress, &self.cancel, numbers);
        };
        let config = &self.config;
        Ok(outcome(|| {
            let Some(options) = self.record.take() else {
                return Ok((toprung_sim::simulate(config, cancel, &tell).map_err(sim_error)?, None));
            };
            let writer = DatasetWriter::create(options).map_err(dataset_error)?;
            let result = toprung_sim::simulate_observed(config, cancel, &tell, &writer).map_err(sim_error)?;
            let manifest = dataset::finish_simulation(writer, config, &result)?;
            Ok((result, Some(manifest)))
        }))
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> napi::Result<NativeSimulation> {
        unwrap(env, output).map(|(result, dataset)| NativeSimulation { result, dataset })
    }
}

/// A complete configuration; its numbers are not checked yet.
pub(crate) fn parse_config(json: &str) -> Result<SimConfig> {
    serde_json::from_str(json)
        .map_err(|e| error(Code::Config, format!("expected a simulation's configuration as JSON, got an error: {e}")))
}

pub(crate) fn sim_error(e: SimError) -> napi::Error<Code> {
    match e {
        SimError::Config(c) => config_error(&c),
        other => error(Code::Of(other.code()), other.to_string()),
    }
}

/// The result of a simulation, kept in Rust.
#[napi]
pub struct NativeSimulation {
    result: SimResult,
    dataset: Option<Manifest>,
}

#[napi]
impl NativeSimulation {
    /// Everything but the single books, as JSON.
    #[napi(catch_unwind)]
    pub fn summary(&self) -> Result<String> {
        guarded(|| {
            let r = &self.result;
            to_json(&Summary {
                cancelled: r.cancelled,
                digest: r.digest.to_string(),
                events: r.events,
                threads: r.threads,
                elapsed_ns: r.elapsed_ns,
                events_per_second: r.events_per_second(),
                book_count: r.books.len(),
                metrics: MetricsView::of(&r.metrics),
                latency: r.latency.as_ref().map(LatencyHistogram::summary),
                latency_by_kind: r.latency_by_kind.as_ref().map(|all| all.summaries(&CommandKind::NAMES)),
                latency_over_time: &r.latency_over_time,
            })
        })
    }

    /// The manifest of the dataset that was written, as JSON, if one was.
    #[napi(catch_unwind)]
    pub fn dataset(&self) -> Result<Option<String>> {
        guarded(|| self.dataset.as_ref().map(to_json).transpose())
    }

    /// One book, from 0, without its samples, as JSON.
    #[napi(catch_unwind)]
    pub fn book(&self, index: f64) -> Result<String> {
        guarded(|| {
            let b = self.at(index)?;
            to_json(&BookView {
                digest: b.digest.to_string(),
                complete: b.complete,
                warmup_events: b.warmup_events,
                resting_orders: b.resting_orders,
                metrics: MetricsView::of(&b.metrics),
                sample_interval_ns: b.samples.as_ref().map(|s| s.interval_ns),
            })
        })
    }

    /// The samples of one book, if they were kept: nine columns of equal length, one behind the other, in the order of
    /// time, bid, bid quantity, ask, ask quantity, bid depth, ask depth, volume and last price.
    #[napi(catch_unwind)]
    pub fn samples(&self, index: f64) -> Result<Option<Float64Array>> {
        guarded(|| {
            let Some(samples) = &self.at(index)?.samples else { return Ok(None) };
            let n = samples.rows.len();
            let mut columns = vec![0.0; n * SAMPLE_COLUMNS];
            for (i, r) in samples.rows.iter().enumerate() {
                let row: [f64; SAMPLE_COLUMNS] = [
                    r.time_ns as f64,
                    r.bid as f64,
                    r.bid_qty as f64,
                    r.ask as f64,
                    r.ask_qty as f64,
                    r.bid_depth as f64,
                    r.ask_depth as f64,
                    r.volume as f64,
                    r.last_price as f64,
                ];
                for (column, v) in row.into_iter().enumerate() {
                    columns[column * n + i] = v;
                }
            }
            Ok(Some(Float64Array::new(columns)))
        })
    }

    /// How often each latency was measured: upper bounds in nanoseconds, then as many counts; nothing if none was.
    #[napi(catch_unwind)]
    pub fn latency_buckets(&self) -> Result<Option<Float64Array>> {
        guarded(|| {
            let Some(h) = &self.result.latency else { return Ok(None) };
            let (bounds, counts): (Vec<f64>, Vec<f64>) = h.buckets().map(|(ns, n)| (ns as f64, n as f64)).unzip();
            Ok(Some(Float64Array::new([bounds, counts].concat())))
        })
    }
}

impl NativeSimulation {
    fn at(&self, index: f64) -> Result<&BookResult> {
        let books = &self.result.books;
        let found = if index.trunc() == index && index >= 0.0 { books.get(index as usize) } else { None };
        found.ok_or_else(|| {
            let message = format!("expected the index of one of {} books, got {index}", books.len());
            error_at(Code::OutOfRange, "index", &message)
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary<'a> {
    cancelled: bool,
    digest: String,
    events: u64,
    threads: u32,
    elapsed_ns: u64,
    events_per_second: f64,
    book_count: usize,
    metrics: MetricsView<'a>,
    latency: Option<LatencySummary>,
    latency_by_kind: Option<BTreeMap<&'static str, LatencySummary>>,
    latency_over_time: &'a [LatencyInterval],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BookView<'a> {
    digest: String,
    complete: bool,
    warmup_events: u64,
    resting_orders: u64,
    metrics: MetricsView<'a>,
    sample_interval_ns: Option<u64>,
}

/// The metrics with the ratios that Rust knows how to take.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MetricsView<'a> {
    #[serde(flatten)]
    sums: &'a Metrics,
    mean_spread_ticks: f64,
    one_tick_share: f64,
    mean_bid_lots: f64,
    mean_ask_lots: f64,
    mean_bid_depth_lots: f64,
    mean_ask_depth_lots: f64,
}

impl MetricsView<'_> {
    fn of(m: &Metrics) -> MetricsView<'_> {
        MetricsView {
            sums: m,
            mean_spread_ticks: m.mean_spread_ticks(),
            one_tick_share: m.one_tick_share(),
            mean_bid_lots: m.mean_bid_lots(),
            mean_ask_lots: m.mean_ask_lots(),
            mean_bid_depth_lots: m.mean_bid_depth_lots(),
            mean_ask_depth_lots: m.mean_ask_depth_lots(),
        }
    }
}
