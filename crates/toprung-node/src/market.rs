//! Markets of agents, with decisions by JavaScript: rows of decisions out, rows of actions in, both in the caller's memory.

use std::path::PathBuf;
use std::sync::Arc;

use napi::bindgen_prelude::{AsyncTask, Float64Array};
use napi::{Env, Task};
use napi_derive::napi;
use serde::Serialize;
use toprung_book::{CommandKind, Side};
use toprung_data::{ReplayOptions, record_day};
use toprung_sim::kernel::{Act, ActionRow, LoggedBatch, QueuePosition, Recording, Session, SessionProgress};
use toprung_sim::{Account, MarketConfig, MarketResult, Quote, SimError};

use crate::commands::MAX_SAFE;
use crate::error::{Code, Result, config_error, error, error_at, guarded, to_json};
use crate::task::{Cancel, CancelFlag, Outcome, outcome, unwrap};
use crate::view::{Bytes, View};

/// Numbers in a row of decisions, one column behind the other.
const DECISION_COLUMNS: usize = 16;

/// Numbers in an action.
const ACTION_NUMBERS: usize = 5;

pub(crate) fn parse_market(json: &str) -> Result<MarketConfig> {
    let config: MarketConfig = serde_json::from_str(json)
        .map_err(|e| error(Code::Config, format!("expected a market's configuration as JSON, got an error: {e}")))?;
    config.validate().map_err(|e| config_error(&e))?;
    Ok(config)
}

pub(crate) fn sim_error(e: SimError) -> napi::Error<Code> {
    match e {
        SimError::Config(c) => config_error(&c),
        other => error(Code::Of(other.code()), other.to_string()),
    }
}

/// Every kind of agent with its parameters, as JSON.
#[napi(catch_unwind)]
pub fn agent_kinds() -> Result<String> {
    #[derive(Serialize)]
    struct Kind {
        kind: &'static str,
        doc: String,
        venues: (usize, usize),
        params: Vec<Param>,
    }
    #[derive(Serialize)]
    struct Param {
        name: &'static str,
        default: f64,
        min: f64,
        max: f64,
        integer: bool,
        doc: &'static str,
    }
    guarded(|| {
        let kinds = toprung_sim::agents::kinds().map(|k| Kind {
            kind: k.kind,
            doc: k.doc.split_whitespace().collect::<Vec<_>>().join(" "),
            venues: k.venues,
            params: k
                .params
                .iter()
                .map(|p| Param {
                    name: p.name,
                    default: p.default,
                    min: p.min,
                    max: p.max,
                    integer: p.integer,
                    doc: p.doc,
                })
                .collect(),
        });
        to_json(&kinds.collect::<Vec<_>>())
    })
}

/// A recorded day, as background of a market.
#[napi]
pub struct NativeRecording {
    commands: Recording,
}

#[napi]
impl NativeRecording {
    /// Commands of the day.
    #[napi(catch_unwind)]
    pub fn length(&self) -> f64 {
        self.commands.len() as f64
    }

    /// Time from the first to the last, ns.
    #[napi(catch_unwind)]
    pub fn duration_ns(&self) -> f64 {
        self.commands.last().map_or(0.0, |c| c.0 as f64)
    }
}

/// Reads a replay file or a LOBSTER day.
#[napi(catch_unwind, ts_return_type = "Promise<NativeRecording>")]
pub fn load_recording(file: String, cancel: &CancelFlag) -> Result<AsyncTask<RecordingTask>> {
    guarded(|| Ok(AsyncTask::new(RecordingTask { file: file.into(), cancel: cancel.share() })))
}

/// Reading of a recorded day on the libuv pool.
pub struct RecordingTask {
    file: PathBuf,
    cancel: Cancel,
}

impl Task for RecordingTask {
    type Output = Outcome<Recording>;
    type JsValue = NativeRecording;

    fn compute(&mut self) -> napi::Result<Outcome<Recording>> {
        let cancel = self.cancel.start();
        Ok(outcome(|| {
            let day = record_day(&self.file, &ReplayOptions::default(), cancel, |_, _| {})
                .map_err(|e| error(Code::Of(e.code()), e.to_string()))?;
            Ok(day.commands.into())
        }))
    }

    fn resolve(&mut self, env: Env, output: Outcome<Recording>) -> napi::Result<NativeRecording> {
        unwrap(env, output).map(|commands| NativeRecording { commands })
    }
}

/// Markets of one configuration on their way.
#[napi]
pub struct NativeMarket {
    session: Session,
    config: MarketConfig,
    actions: Vec<ActionRow>,
}

#[napi]
impl NativeMarket {
    /// `books` markets with the configuration `config`, as JSON, at time 0.
    #[napi(constructor, catch_unwind)]
    pub fn new(config: String, books: f64, recording: Option<&NativeRecording>) -> Result<NativeMarket> {
        guarded(|| {
            let config = parse_market(&config)?;
            let recordings: Vec<Recording> = recording.iter().map(|r| Arc::clone(&r.commands)).collect();
            let session = Session::open(&config, books_of(books)?, &recordings).map_err(sim_error)?;
            Ok(NativeMarket { session, config, actions: Vec::new() })
        })
    }

    /// Runs on, no longer than a moment. Gives the number of decisions that wait, 0 at the end, -1 to be called again.
    #[napi(catch_unwind)]
    pub fn advance(&mut self) -> Result<f64> {
        guarded(|| {
            let progress = self.session.advance();
            if let Some(fault) = self.session.fault() {
                return Err(sim_error(fault.clone()));
            }
            Ok(match progress {
                SessionProgress::Decisions(n) => n as f64,
                SessionProgress::Done => 0.0,
                SessionProgress::Working => -1.0,
            })
        })
    }

    /// Writes the waiting decisions into `out`, sixteen columns of `capacity` numbers: book, agent, group, time, bid, bid
    /// lots, ask, ask lots, bid depth, ask depth, last price, volume, position, cash, resting orders, fills.
    #[napi(catch_unwind, ts_args_type = "out: Uint8Array, capacity: number")]
    pub fn decisions(&self, out: View, capacity: f64) -> Result<()> {
        guarded(|| {
            let bytes = out.bytes("out")?;
            let capacity = capacity as usize;
            let rows = self.session.decisions().len();
            if rows > capacity || bytes.len() < capacity * DECISION_COLUMNS * 8 {
                let message = format!("expected room for {rows} decisions of {DECISION_COLUMNS} numbers");
                return Err(error_at(Code::BufferLength, "out", &message));
            }
            for (row, (book, d)) in self.session.decisions().iter().enumerate() {
                let q = &d.quote;
                let numbers: [f64; DECISION_COLUMNS] = [
                    f64::from(*book),
                    f64::from(d.agent),
                    f64::from(d.group),
                    d.time_ns as f64,
                    q.bid as f64,
                    q.bid_qty as f64,
                    q.ask as f64,
                    q.ask_qty as f64,
                    q.bid_depth as f64,
                    q.ask_depth as f64,
                    q.last_price as f64,
                    q.volume as f64,
                    d.account.position as f64,
                    d.account.cash as f64,
                    f64::from(d.open_orders),
                    d.account.fills as f64,
                ];
                for (column, number) in numbers.into_iter().enumerate() {
                    // SAFETY: row < capacity and column < DECISION_COLUMNS, and the length was checked for both.
                    unsafe { bytes.store_f64(8 * (column * capacity + row), number) };
                }
            }
            Ok(())
        })
    }

    /// Carries out the first `count` actions of `actions`, five numbers each: row, what, side, price, lots.
    #[napi(catch_unwind, ts_args_type = "actions: Uint8Array, count: number")]
    pub fn act(&mut self, actions: View, count: f64) -> Result<()> {
        guarded(|| {
            let count = count as usize;
            self.actions.clear();
            if count > 0 {
                let bytes = actions.bytes("actions")?;
                if bytes.len() < count * ACTION_NUMBERS * 8 {
                    return Err(error_at(Code::BufferLength, "actions", "expected room for the actions"));
                }
                for k in 0..count {
                    self.actions.push(action(bytes, k)?);
                }
            }
            self.session
                .act(&self.actions)
                .map_err(|e| error_at(Code::Agent, &e.path, &format!("expected {}, got {}", e.rule, e.got)))
        })
    }

    /// Every book's digest folded in order.
    #[napi(catch_unwind)]
    pub fn digest(&self) -> String {
        self.session.digest().to_string()
    }

    /// Decisions answered so far.
    #[napi(catch_unwind)]
    pub fn decided(&self) -> f64 {
        self.session.decided() as f64
    }

    /// What was answered, as numbers: of each batch its decisions and actions, then five numbers for each action.
    #[napi(catch_unwind)]
    pub fn log(&self) -> Float64Array {
        let mut numbers = Vec::new();
        for batch in self.session.log() {
            numbers.extend([f64::from(batch.rows), batch.actions.len() as f64]);
            batch.actions.iter().for_each(|a| numbers.extend(action_numbers(a)));
        }
        Float64Array::new(numbers)
    }

    /// Runs a log of the same configuration and books again, from the start to its end, without JavaScript.
    #[napi(catch_unwind)]
    pub fn replay(&self, books: f64, log: Float64Array, recording: Option<&NativeRecording>) -> Result<NativeMarket> {
        guarded(|| {
            let recordings: Vec<Recording> = recording.iter().map(|r| Arc::clone(&r.commands)).collect();
            let log = batches(&log)?;
            let session = Session::replay(&self.config, books_of(books)?, &recordings, &log).map_err(sim_error)?;
            Ok(NativeMarket { session, config: self.config.clone(), actions: Vec::new() })
        })
    }

    /// Where the agents' resting orders of a book stand in their queues, eight numbers each: agent, its order, venue, side,
    /// price, open lots, orders and lots ahead.
    #[napi(catch_unwind)]
    pub fn queue_positions(&self, book: f64) -> Result<Float64Array> {
        guarded(|| {
            let rows = self.session.queue_positions(book as usize);
            Ok(Float64Array::new(rows.iter().flat_map(queue_numbers).collect()))
        })
    }

    /// Where they stood at every sample of a venue, nine numbers each: the time in ns, and those of `queuePositions`.
    #[napi(catch_unwind)]
    pub fn queue_history(&self, book: f64, venue: f64) -> Result<Float64Array> {
        guarded(|| {
            let rows = self.session.queue_history(book as usize, venue as usize);
            let numbers = rows.iter().flat_map(|r| [r.time_ns as f64].into_iter().chain(queue_numbers(&r.position)));
            Ok(Float64Array::new(numbers.collect()))
        })
    }

    /// The kept trades of a venue of a book, six numbers each: time in ns, price, lots, side of the aggressor, the agents that
    /// took and that had rested, -1 where it was the background.
    #[napi(catch_unwind)]
    pub fn trades(&self, book: f64, venue: f64) -> Result<Float64Array> {
        guarded(|| {
            let rows = self.session.trades(book as usize, venue as usize);
            let agent = |a: Option<u32>| a.map_or(-1.0, f64::from);
            let numbers = rows.iter().flat_map(|t| {
                let (side, taker, maker) = (f64::from(t.side as u8), agent(t.taker), agent(t.maker));
                [t.time_ns as f64, t.price as f64, t.qty as f64, side, taker, maker]
            });
            Ok(Float64Array::new(numbers.collect()))
        })
    }

    /// What the books have left behind so far, as JSON. Samples and trades are apart.
    #[napi(catch_unwind)]
    pub fn results(&self) -> Result<String> {
        guarded(|| to_json(&self.session.clone().into_results().iter().map(MarketView::of).collect::<Vec<_>>()))
    }

    /// Time per command over all books so far, by kind, of those that were timed; as JSON.
    #[napi(catch_unwind)]
    pub fn latency_by_kind(&self) -> Result<String> {
        guarded(|| to_json(&self.session.latency_by_kind().summaries(&CommandKind::NAMES)))
    }

    /// The samples of a venue of a book: nine numbers a row, time, bid, bid lots, ask, ask lots, bid and ask depth, last
    /// price, volume.
    #[napi(catch_unwind)]
    pub fn samples(&self, book: f64, venue: f64) -> Result<Float64Array> {
        guarded(|| {
            let rows = self.session.samples(book as usize, venue as usize);
            let numbers = |q: &Quote| {
                [
                    q.time_ns as f64,
                    q.bid as f64,
                    q.bid_qty as f64,
                    q.ask as f64,
                    q.ask_qty as f64,
                    q.bid_depth as f64,
                    q.ask_depth as f64,
                    q.last_price as f64,
                    q.volume as f64,
                ]
            };
            Ok(Float64Array::new(rows.iter().flat_map(numbers).collect()))
        })
    }
}

fn queue_numbers(p: &QueuePosition) -> [f64; 8] {
    [
        f64::from(p.agent),
        f64::from(p.order),
        f64::from(p.venue),
        f64::from(p.side as u8),
        p.price as f64,
        p.qty as f64,
        f64::from(p.orders_ahead),
        p.lots_ahead as f64,
    ]
}

fn books_of(books: f64) -> Result<u32> {
    if books.trunc() == books && (1.0..=262_144.0).contains(&books) {
        Ok(books as u32)
    } else {
        Err(error_at(Code::Config, "books", &format!("must be an integer from 1 to 262144, got {books}")))
    }
}

/// The action at place `k`: five numbers, each checked.
fn action(bytes: Bytes, k: usize) -> Result<ActionRow> {
    // SAFETY: the caller checked the length for `k`, and five numbers are 40 bytes.
    let number = |i: usize| f64::from_bits(unsafe { bytes.load_u64(8 * (k * ACTION_NUMBERS + i)) });
    parse_action(k, [number(0), number(1), number(2), number(3), number(4)])
}

#[cold]
fn no_action(k: usize, name: &str, got: f64, min: f64, max: f64) -> napi::Error<Code> {
    error_at(
        Code::Agent,
        &format!("actions[{k}].{name}"),
        &format!("expected an integer from {min} to {max}, got {got}"),
    )
}

fn parse_action(k: usize, [row, what, side, price, qty]: [f64; ACTION_NUMBERS]) -> Result<ActionRow> {
    let integer = |name: &str, f: f64, min: f64, max: f64| {
        // What is no integer in range does not survive the way there and back; nor does NaN.
        if (f as i64) as f64 == f && (min..=max).contains(&f) {
            return Ok(f);
        }
        Err(no_action(k, name, f, min, max))
    };
    let max = MAX_SAFE as f64;
    let row = integer("row", row, 0.0, f64::from(u32::MAX))? as u32;
    let what = integer("what", what, 0.0, 5.0)? as u8;
    let side = if integer("side", side, 0.0, 1.0)? == 0.0 { Side::Buy } else { Side::Sell };
    let price = if what <= 2 { integer("price", price, -max, max)? as i64 } else { 0 };
    let qty = if what <= 3 { integer("qty", qty, 1.0, max)? as u64 } else { 0 };
    let act = match what {
        0 => Act::Limit { side, price, qty },
        1 => Act::Post { side, price, qty },
        2 => Act::Ioc { side, price, qty },
        3 => Act::Market { side, qty },
        4 => Act::CancelSide { side },
        _ => Act::CancelAll,
    };
    Ok(ActionRow { row, act })
}

fn action_numbers(a: &ActionRow) -> [f64; ACTION_NUMBERS] {
    let (what, side, price, qty) = match a.act {
        Act::Limit { side, price, qty } => (0.0, side, price, qty),
        Act::Post { side, price, qty } => (1.0, side, price, qty),
        Act::Ioc { side, price, qty } => (2.0, side, price, qty),
        Act::Market { side, qty } => (3.0, side, 0, qty),
        Act::CancelSide { side } => (4.0, side, 0, 0),
        Act::CancelAll => (5.0, Side::Buy, 0, 0),
    };
    [f64::from(a.row), what, f64::from(side as u8), price as f64, qty as f64]
}

/// A log from its numbers.
fn batches(numbers: &[f64]) -> Result<Vec<LoggedBatch>> {
    let bad = || error_at(Code::Agent, "log", "expected a log as a run gives it");
    let mut log = Vec::new();
    let mut rest = numbers;
    while let [rows, count, after @ ..] = rest {
        let length = *count as usize * ACTION_NUMBERS;
        let (actions, after) = after.split_at_checked(length).ok_or_else(bad)?;
        let actions = actions
            .chunks_exact(ACTION_NUMBERS)
            .enumerate()
            .map(|(k, a)| parse_action(k, [a[0], a[1], a[2], a[3], a[4]]))
            .collect::<Result<_>>()?;
        log.push(LoggedBatch { rows: *rows as u32, actions });
        rest = after;
    }
    if rest.is_empty() { Ok(log) } else { Err(bad()) }
}

/// A market's result as TypeScript sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MarketView {
    digest: String,
    events: u64,
    time_ns: u64,
    venues: Vec<VenueView>,
    groups: Vec<GroupView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VenueView {
    digest: String,
    counts: toprung_sim::kernel::VenueCounts,
    last: Quote,
    /// Rows of the history of the queues for which there was no room.
    queues_unkept: u64,
    mean_wait_ns: Option<f64>,
    p99_wait_ns: Option<u64>,
    auctions: Vec<AuctionView>,
    interruptions: Vec<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuctionView {
    time_ns: u64,
    price: i64,
    qty: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupView {
    name: String,
    total: AccountView,
    agents: Vec<AccountView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountView {
    #[serde(flatten)]
    account: Account,
    /// At the first venue's last mid price, ticks × lots.
    value: f64,
}

impl MarketView {
    fn of(r: &MarketResult) -> MarketView {
        let mid = r.venues[0].last.mid();
        let account = |a: &Account| AccountView { account: *a, value: a.value(mid) };
        MarketView {
            digest: r.digest.to_string(),
            events: r.events,
            time_ns: r.time_ns,
            venues: r
                .venues
                .iter()
                .map(|v| VenueView {
                    digest: v.digest.to_string(),
                    counts: v.counts,
                    last: v.last,
                    queues_unkept: v.queues_unkept,
                    mean_wait_ns: v.waits.as_ref().map(|w| w.mean_ns()),
                    p99_wait_ns: v.waits.as_ref().map(|w| w.p99_ns()),
                    auctions: v
                        .sessions
                        .auctions
                        .iter()
                        .map(|a| AuctionView { time_ns: a.time_ns, price: a.price, qty: a.qty })
                        .collect(),
                    interruptions: v.sessions.interruptions.clone(),
                })
                .collect(),
            groups: r
                .groups
                .iter()
                .map(|g| GroupView {
                    name: g.name.clone(),
                    total: account(&g.total()),
                    agents: g.accounts.iter().map(account).collect(),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_as_it_was_written_and_nonsense_is_refused_with_its_place() {
        let acts = [
            Act::Limit { side: Side::Sell, price: -5, qty: 7 },
            Act::Post { side: Side::Buy, price: 1, qty: 1 },
            Act::Ioc { side: Side::Buy, price: 2, qty: 3 },
            Act::Market { side: Side::Sell, qty: 9 },
            Act::CancelSide { side: Side::Sell },
            Act::CancelAll,
        ];
        let actions: Vec<ActionRow> =
            acts.iter().enumerate().map(|(k, act)| ActionRow { row: k as u32, act: *act }).collect();
        let mut numbers = vec![6.0, 6.0];
        actions.iter().for_each(|a| numbers.extend(action_numbers(a)));
        assert_eq!(batches(&numbers).unwrap(), [LoggedBatch { rows: 6, actions }]);
        assert!(batches(&numbers[..10]).is_err());
        for (at, bad) in [(0, -1.0), (1, 6.0), (2, 2.0), (3, f64::NAN), (4, 0.0), (4, 1.5)] {
            let mut row = [0.0, 0.0, 0.0, 100.0, 1.0];
            row[at] = bad;
            let e = parse_action(3, row).unwrap_err();
            assert_eq!(e.status, Code::Agent);
            assert!(e.reason.contains("\nat actions[3]."), "{}", e.reason);
        }
    }
}
