//! Journals: looked at, verified and recovered on the libuv pool; what was found as JSON.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Task};
use napi_derive::napi;
use serde::Serialize;
use serde_json::Value;
use toprung_book::Side;
use toprung_data::journal::{
    self, AnyConfig, AnyRecovered, ConfigOf, Engine, Inspection, Recovered, SegmentInfo, SnapshotInfo, TornTail,
    Verification, Watch,
};

use crate::error::{Code, Result, error, guarded, to_json};
use crate::journaled::{journal_error, text};
use crate::task::{Cancel, CancelFlag, Outcome, Pace, ProgressFn, outcome, report, unwrap};

/// Says what lies in the journal `dir`, as JSON. Changes nothing.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn journal_inspect(dir: String) -> Result<AsyncTask<JournalTask>> {
    JournalTask::new(dir, |dir| {
        let found = journal::inspect(dir).map_err(journal_error)?;
        to_json(&InspectionView::of(&found)?)
    })
}

/// Replays the journal `dir` and compares every digest and snapshot; gives the outcome, as JSON. Changes nothing.
///
/// `onProgress` is given how many bytes of how many have been read, at most ten times a second; the other two numbers are 0.
#[napi(
    catch_unwind,
    ts_args_type = "dir: string, cancel: CancelFlag, onProgress: (done: number, total: number, unused: number, \
                    unusedToo: number) => void",
    ts_return_type = "Promise<string>"
)]
pub fn journal_verify(dir: String, cancel: &CancelFlag, on_progress: ProgressFn) -> Result<AsyncTask<WatchedTask>> {
    WatchedTask::new(dir, cancel, on_progress, |dir, watch| {
        let start = Instant::now();
        let found = journal::verify_watched(dir, watch).map_err(journal_error)?;
        to_json(&VerificationView::of(&found, start.elapsed()))
    })
}

/// Recovers the journal `dir`, cutting a torn tail off; gives what came out, as JSON. Progress as of `journalVerify`.
#[napi(
    catch_unwind,
    ts_args_type = "dir: string, cancel: CancelFlag, onProgress: (done: number, total: number, unused: number, \
                    unusedToo: number) => void",
    ts_return_type = "Promise<string>"
)]
pub fn journal_recover(dir: String, cancel: &CancelFlag, on_progress: ProgressFn) -> Result<AsyncTask<WatchedTask>> {
    WatchedTask::new(dir, cancel, on_progress, |dir, watch| {
        let start = Instant::now();
        match journal::recover_watched(dir, watch).map_err(journal_error)? {
            AnyRecovered::Book(found) => to_json(&RecoveredView::of(&found, &AnyConfig::Book, start.elapsed())?),
            AnyRecovered::Venue(found) => to_json(&RecoveredView::of(&found, &AnyConfig::Venue, start.elapsed())?),
        }
    })
}

/// Work on a journal that runs on the libuv pool.
pub struct JournalTask {
    dir: PathBuf,
    work: fn(&Path) -> Result<String>,
}

impl JournalTask {
    fn new(dir: String, work: fn(&Path) -> Result<String>) -> Result<AsyncTask<JournalTask>> {
        guarded(|| Ok(AsyncTask::new(JournalTask { dir: dir.into(), work })))
    }
}

/// What a [`WatchedTask`] does in the folder.
type Watched = fn(&Path, &mut Watch<'_>) -> Result<String>;

/// A replay of a journal on the libuv pool, which tells how far it is and can be stopped.
pub struct WatchedTask {
    dir: PathBuf,
    work: Watched,
    cancel: Cancel,
    on_progress: ProgressFn,
}

impl WatchedTask {
    fn new(dir: String, cancel: &CancelFlag, on_progress: ProgressFn, work: Watched) -> Result<AsyncTask<WatchedTask>> {
        guarded(|| Ok(AsyncTask::new(WatchedTask { dir: dir.into(), work, cancel: cancel.share(), on_progress })))
    }
}

impl Task for WatchedTask {
    type Output = Outcome<String>;
    type JsValue = String;

    fn compute(&mut self) -> napi::Result<Outcome<String>> {
        let cancelled = self.cancel.start();
        let mut pace = Pace::default();
        let mut watch = |done: u64, total: u64| {
            if pace.is_due() {
                report(&self.on_progress, &self.cancel, (done as f64, total as f64, 0.0, 0.0));
            }
            if cancelled.load(Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        Ok(outcome(|| (self.work)(&self.dir, &mut watch)))
    }

    fn resolve(&mut self, env: Env, output: Outcome<String>) -> napi::Result<String> {
        unwrap(env, output)
    }
}

impl Task for JournalTask {
    type Output = Outcome<String>;
    type JsValue = String;

    fn compute(&mut self) -> napi::Result<Outcome<String>> {
        Ok(outcome(|| (self.work)(&self.dir)))
    }

    fn resolve(&mut self, env: Env, output: Outcome<String>) -> napi::Result<String> {
        unwrap(env, output)
    }
}

/// The configuration as its stamp writes it.
fn config(config: &AnyConfig) -> Result<Value> {
    let json = config.to_json().map_err(journal_error)?;
    serde_json::from_str(&json).map_err(|e| error(Code::Panic, format!("a stamp is not JSON: {e}")))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TornView<'a> {
    file: String,
    offset: u64,
    bytes: u64,
    reason: &'a str,
}

impl TornView<'_> {
    fn of(t: &TornTail) -> TornView<'_> {
        TornView { file: text(&t.file), offset: t.offset, bytes: t.bytes, reason: &t.reason }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InspectionView<'a> {
    format: u32,
    semantics: u32,
    config: Value,
    first: u64,
    commands: u64,
    segments: Vec<SegmentView<'a>>,
    snapshots: Vec<SnapshotView<'a>>,
    torn: Option<TornView<'a>>,
}

impl InspectionView<'_> {
    fn of(i: &Inspection) -> Result<InspectionView<'_>> {
        Ok(InspectionView {
            format: i.format,
            semantics: i.semantics,
            config: config(&i.config)?,
            first: i.first,
            commands: i.commands,
            segments: i.segments.iter().map(SegmentView::of).collect(),
            snapshots: i.snapshots.iter().map(SnapshotView::of).collect(),
            torn: i.torn.as_ref().map(TornView::of),
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SegmentView<'a> {
    file: String,
    bytes: u64,
    first: u64,
    commands: u64,
    frames: u64,
    digests: u64,
    damage: Option<&'a str>,
}

impl SegmentView<'_> {
    fn of(s: &SegmentInfo) -> SegmentView<'_> {
        let SegmentInfo { ref file, bytes, first, commands, frames, digests, ref damage } = *s;
        SegmentView { file: text(file), bytes, first, commands, frames, digests, damage: damage.as_deref() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SnapshotView<'a> {
    file: String,
    bytes: u64,
    commands: u64,
    orders: u64,
    digest: Option<String>,
    damage: Option<&'a str>,
}

impl SnapshotView<'_> {
    fn of(s: &SnapshotInfo) -> SnapshotView<'_> {
        SnapshotView {
            file: text(&s.file),
            bytes: s.bytes,
            commands: s.commands,
            orders: s.orders,
            digest: s.digest.map(|d| d.to_string()),
            damage: s.damage.as_deref(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VerificationView<'a> {
    sound: bool,
    commands: u64,
    digest: String,
    segments: usize,
    digests_checked: u64,
    snapshots_checked: u64,
    problems: &'a [String],
    torn: Option<TornView<'a>>,
    elapsed_ns: u64,
}

impl VerificationView<'_> {
    fn of(v: &Verification, elapsed: Duration) -> VerificationView<'_> {
        VerificationView {
            sound: v.is_sound(),
            commands: v.commands,
            digest: v.digest.to_string(),
            segments: v.segments,
            digests_checked: v.digests_checked,
            snapshots_checked: v.snapshots_checked,
            problems: &v.problems,
            torn: v.torn.as_ref().map(TornView::of),
            elapsed_ns: elapsed.as_nanos() as u64,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RecoveredView<'a> {
    config: Value,
    commands: u64,
    digest: String,
    resting_orders: usize,
    best_bid: Option<LevelView>,
    best_ask: Option<LevelView>,
    snapshot_used: Option<String>,
    snapshots_refused: Vec<RefusedView<'a>>,
    segments: usize,
    digests_checked: u64,
    cut: Option<TornView<'a>>,
    elapsed_ns: u64,
}

impl RecoveredView<'_> {
    fn of<'a, E: Engine>(
        r: &'a Recovered<E>,
        any: &dyn Fn(ConfigOf<E::Config>) -> AnyConfig,
        elapsed: Duration,
    ) -> Result<RecoveredView<'a>> {
        let best = |side| r.book.best(side).map(|level| LevelView { price: level.price, qty: level.qty });
        Ok(RecoveredView {
            config: config(&any(r.config.clone()))?,
            commands: r.commands,
            digest: r.book.digest().to_string(),
            resting_orders: r.book.order_count(),
            best_bid: best(Side::Buy),
            best_ask: best(Side::Sell),
            snapshot_used: r.snapshot_used.as_deref().map(text),
            snapshots_refused: r
                .snapshots_refused
                .iter()
                .map(|s| RefusedView { file: text(&s.file), reason: &s.reason })
                .collect(),
            segments: r.segments,
            digests_checked: r.digests_checked,
            cut: r.cut.as_ref().map(TornView::of),
            elapsed_ns: elapsed.as_nanos() as u64,
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LevelView {
    price: i64,
    qty: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RefusedView<'a> {
    file: String,
    reason: &'a str,
}
