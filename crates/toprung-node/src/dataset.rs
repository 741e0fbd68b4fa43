//! Datasets: what is to be written of a run, the tables that are known at its end, and tables read back.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use napi::bindgen_prelude::{AsyncTask, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;
use serde::Deserialize;
use serde_json::{Value, json};
use toprung_data::dataset::{
    DatasetError, DatasetOptions, DatasetWriter, Format, Manifest, Table, TableReader, Values,
};
use toprung_sim::{BookResult, SimConfig, SimResult};
use toprung_trace::LatencyHistogram;

use crate::error::{Code, Result, error, error_at, guarded, to_json};
use crate::task::{Outcome, outcome, unwrap};

pub(crate) fn dataset_error(e: DatasetError) -> napi::Error<Code> {
    match e {
        DatasetError::Option { option, ref expected, ref got } => {
            error_at(Code::Of(e.code()), option, &format!("expected {expected}, got {got}"))
        }
        _ => error(Code::Of(e.code()), e.to_string()),
    }
}

/// What to write, as TypeScript says it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Record {
    folder: PathBuf,
    format: String,
    tables: Vec<String>,
    tick_units: u64,
    levels: u32,
    sample_rows: u32,
    sampled_books: u32,
    expected_digest: Option<String>,
}

/// The options of a dataset, if one is wanted: checked as far as can be without touching the disk.
pub(crate) fn parse(record: Option<String>) -> Result<Option<DatasetOptions>> {
    let Some(record) = record else { return Ok(None) };
    let record: Record = serde_json::from_str(&record)
        .map_err(|e| error(Code::Config, format!("expected the options of a dataset as JSON, got an error: {e}")))?;
    let unknown = |path: &str, name: &str| error_at(Code::Config, path, &format!("there is no {name:?}"));
    let format = Format::from_name(&record.format).ok_or_else(|| unknown("format", &record.format))?;
    let tables = record.tables.iter().map(|t| Table::from_name(t).ok_or_else(|| unknown("tables", t)));
    Ok(Some(DatasetOptions {
        folder: record.folder,
        format,
        tables: tables.collect::<Result<_>>()?,
        tick_units: record.tick_units,
        levels: record.levels,
        sample_rows: record.sample_rows,
        sampled_books: record.sampled_books,
        expected_digest: record.expected_digest,
        ..DatasetOptions::default()
    }))
}

/// Ends the dataset of a simulation.
pub(crate) fn finish_simulation(writer: DatasetWriter, config: &SimConfig, result: &SimResult) -> Result<Manifest> {
    let write = |table, values| writer.write_table(table, values).map_err(dataset_error);
    write(Table::Metrics, metrics(&result.books))?;
    if let Some(latency) = &result.latency {
        write(Table::Latency, latencies(latency))?;
    }
    let run = json!({
        "kind": "simulation",
        "config": config,
        "seed": config.seed,
        "digest": result.digest.to_string(),
        "events": result.events,
        "partial": result.cancelled,
    });
    writer.finish(run).map_err(dataset_error)
}

fn latencies(h: &LatencyHistogram) -> Vec<Values> {
    let (bounds, counts) = h.buckets().unzip();
    vec![Values::U64(bounds), Values::U64(counts)]
}

/// One row a book. Sums of lots and of time that 64 bits cannot hold are as large as they can be.
fn metrics(books: &[BookResult]) -> Vec<Values> {
    let counts = |f: fn(&BookResult) -> u64| Values::U64(books.iter().map(f).collect());
    let sums = |f: fn(&BookResult) -> u128| {
        Values::U64(books.iter().map(|b| u64::try_from(f(b)).unwrap_or(u64::MAX)).collect())
    };
    let ratios = |f: fn(&BookResult) -> f64| Values::F64(books.iter().map(f).collect());
    let mids = |f: fn(&toprung_sim::MidRange) -> i64| {
        Values::MaybeI64(books.iter().map(|b| b.metrics.mid.as_ref().map(f)).collect())
    };
    vec![
        Values::U32((0..books.len() as u32).collect()),
        Values::Text(books.iter().map(|b| b.digest.to_string()).collect()),
        Values::Bool(books.iter().map(|b| b.complete).collect()),
        Values::Time(books.iter().map(|b| b.measured_from_ns as i64).collect()),
        counts(|b| b.warmup_events),
        counts(|b| b.resting_orders),
        counts(|b| b.metrics.events),
        counts(|b| b.metrics.limit_orders),
        counts(|b| b.metrics.market_orders),
        counts(|b| b.metrics.cancels),
        counts(|b| b.metrics.changes),
        counts(|b| b.metrics.accepted),
        counts(|b| b.metrics.accepted_buys),
        counts(|b| b.metrics.rejected),
        counts(|b| b.metrics.trades),
        counts(|b| b.metrics.buy_trades),
        sums(|b| b.metrics.volume),
        sums(|b| b.metrics.buy_volume),
        ratios(|b| b.metrics.notional as f64),
        counts(|b| b.metrics.cancelled),
        sums(|b| b.metrics.cancelled_volume),
        sums(|b| b.metrics.time_ns),
        sums(|b| b.metrics.two_sided_ns),
        ratios(|b| b.metrics.mean_spread_ticks()),
        ratios(|b| b.metrics.one_tick_share()),
        ratios(|b| b.metrics.mean_bid_lots()),
        ratios(|b| b.metrics.mean_ask_lots()),
        ratios(|b| b.metrics.mean_bid_depth_lots()),
        ratios(|b| b.metrics.mean_ask_depth_lots()),
        mids(|m| m.first_half_ticks),
        mids(|m| m.high_half_ticks),
        mids(|m| m.low_half_ticks),
        mids(|m| m.last_half_ticks),
    ]
}

/// The manifest of the dataset in `folder`, as JSON.
#[napi(catch_unwind)]
pub fn dataset_manifest(folder: String) -> Result<String> {
    guarded(|| to_json(&Manifest::read(Path::new(&folder)).map_err(dataset_error)?))
}

/// Every table and its columns, as JSON.
#[napi(catch_unwind)]
pub fn dataset_tables() -> Result<String> {
    guarded(|| {
        let column = |c: &toprung_data::dataset::Column| json!({ "name": c.name, "type": c.kind.name(), "nullable": c.nullable, "description": c.doc });
        let table = |t: Table| {
            let columns: Vec<Value> = t.columns().iter().map(column).collect();
            json!({ "name": t.name(), "columns": columns })
        };
        to_json(&Table::ALL.map(table))
    })
}

/// Reads a table, a batch of rows at a time.
#[napi]
pub struct NativeTableReader {
    reader: Arc<Mutex<TableReader>>,
}

#[napi]
impl NativeTableReader {
    /// Opens `table` of the dataset in `folder`, in batches of at most `batchRows` rows.
    #[napi(constructor, catch_unwind)]
    pub fn new(folder: String, table: String, batch_rows: f64) -> Result<NativeTableReader> {
        guarded(|| {
            let reader = TableReader::open(Path::new(&folder), &table, batch_rows as usize).map_err(dataset_error)?;
            Ok(NativeTableReader { reader: Arc::new(Mutex::new(reader)) })
        })
    }

    /// The next batch as an Arrow IPC stream, in memory that Rust filled and JavaScript owns; nothing behind the last.
    #[napi(catch_unwind, ts_return_type = "Promise<Uint8Array | null>")]
    pub fn next(&self) -> AsyncTask<NextBatch> {
        AsyncTask::new(NextBatch { reader: Arc::clone(&self.reader) })
    }
}

/// The next batch of a table, read on the libuv pool.
pub struct NextBatch {
    reader: Arc<Mutex<TableReader>>,
}

impl Task for NextBatch {
    type Output = Outcome<Option<Vec<u8>>>;
    type JsValue = Option<Uint8Array>;

    fn compute(&mut self) -> napi::Result<Outcome<Option<Vec<u8>>>> {
        Ok(outcome(|| {
            let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
            reader.next_stream().map_err(dataset_error)
        }))
    }

    fn resolve(&mut self, env: Env, output: Outcome<Option<Vec<u8>>>) -> napi::Result<Option<Uint8Array>> {
        Ok(unwrap(env, output)?.map(Uint8Array::new))
    }
}
