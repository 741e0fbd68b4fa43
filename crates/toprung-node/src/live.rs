//! A live session as JavaScript reads it: control, the state, columns and trades as plain numbers.
//!
//! Nothing here waits for the run: every function reads what the session's thread last wrote on its board.

use napi::bindgen_prelude::Float64Array;
use napi_derive::napi;
use serde::Serialize;
use toprung_book::LevelView;
use toprung_sim::live::{
    Annotation, COLUMNS_MAX, Column, DEPTH_ROWS, Holding, LADDER_LEVELS, LATENCY_BUCKETS, LiveSession, LiveState,
    OwnLevel, PERCENTILES, TRACKS_MAX, TRADES_MAX,
};

use crate::arguments::integer;
use crate::error::{Code, Result, error_at, guarded, to_json};
use crate::market::parse_market;
use crate::simulate::{parse_config, sim_error};

/// Numbers of a column before its latency classes, its depth and its holdings.
const COLUMN_NUMBERS: usize = 21;

/// Numbers of a state before its percentiles and its levels.
const STATE_NUMBERS: usize = 27;

/// Numbers of a track's account.
const ACCOUNT_NUMBERS: usize = 11;

/// A book or a market that runs on a thread of its own, at a speed, under control. It ends when it is collected.
#[napi]
pub struct NativeLive {
    session: LiveSession,
}

#[napi]
impl NativeLive {
    /// Begins with one book of the complete configuration `config`, as JSON; it waits behind its warm-up.
    #[napi(factory, catch_unwind)]
    pub fn open(config: String, book: f64) -> Result<NativeLive> {
        guarded(|| {
            let config = parse_config(&config)?;
            let book = integer("book", book, u32::MAX.into())? as u32;
            Ok(NativeLive { session: LiveSession::open(&config, book).map_err(sim_error)? })
        })
    }

    /// Begins with the market of the complete configuration `config`, as JSON, and shows its venue `venue`; it waits.
    #[napi(factory, catch_unwind)]
    pub fn open_market(config: String, venue: f64) -> Result<NativeLive> {
        guarded(|| {
            let config = parse_market(&config)?;
            let venue = integer("venue", venue, u16::MAX.into())? as usize;
            Ok(NativeLive { session: LiveSession::open_market(&config, venue).map_err(sim_error)? })
        })
    }

    /// Whose holdings a market's session follows, as JSON.
    #[napi(catch_unwind)]
    pub fn tracks(&self) -> Result<String> {
        guarded(|| {
            let tracks = self.session.tracks().iter();
            to_json(
                &tracks
                    .map(|t| Track { group: &t.group, first: t.first, count: t.count, is_member: t.is_member })
                    .collect::<Vec<_>>(),
            )
        })
    }

    /// Eleven numbers for each track: see `LiveAccount` in TypeScript.
    #[napi(catch_unwind)]
    pub fn accounts(&self) -> Result<Float64Array> {
        guarded(|| {
            let LiveState { accounts, holdings, .. } = self.session.state();
            let mut numbers = Vec::with_capacity(ACCOUNT_NUMBERS * accounts.len());
            for (a, h) in accounts.iter().zip(&holdings) {
                let start = numbers.len();
                numbers.extend([a.position as f64, a.cash as f64]);
                numbers.extend([a.bought, a.sold, a.fills, a.maker_lots].map(|n| n as f64));
                numbers.extend([a.orders, a.sent_lots, a.changes, a.refused].map(|n| n as f64));
                numbers.push(h.value);
                debug_assert_eq!(numbers.len() - start, ACCOUNT_NUMBERS);
            }
            Ok(Float64Array::new(numbers))
        })
    }

    /// Seven numbers for each price at which an agent's orders rest: agent, side, price, lots, orders, orders and lots ahead.
    #[napi(catch_unwind)]
    pub fn own_levels(&self) -> Result<Float64Array> {
        guarded(|| {
            let row = |o: &OwnLevel| {
                let numbers = [f64::from(o.agent), f64::from(o.side as u8), o.price as f64, o.qty as f64];
                let queue = [f64::from(o.orders), f64::from(o.orders_ahead), o.lots_ahead as f64];
                numbers.into_iter().chain(queue)
            };
            Ok(Float64Array::new(self.session.state().own.iter().flat_map(row).collect()))
        })
    }

    /// How the numbers below are laid out, as JSON.
    #[napi(catch_unwind)]
    pub fn layout() -> Result<String> {
        guarded(|| {
            to_json(&Layout {
                columns_max: COLUMNS_MAX,
                column_numbers: COLUMN_NUMBERS,
                state_numbers: STATE_NUMBERS,
                depth_rows: DEPTH_ROWS,
                latency_buckets: LATENCY_BUCKETS,
                ladder_levels: LADDER_LEVELS,
                percentiles: &PERCENTILES,
                trades_max: TRADES_MAX,
                tracks_max: TRACKS_MAX,
            })
        })
    }

    /// Runs at `speed` times real time, Infinity as fast as possible.
    #[napi(catch_unwind)]
    pub fn run(&self, speed: f64) -> Result<()> {
        guarded(|| {
            if speed.is_nan() || speed < 1e-6 || (speed > 1e9 && speed.is_finite()) {
                let message = format!("expected a number from 0.000001 to 1e9, or Infinity, got {speed}");
                return Err(error_at(Code::OutOfRange, "speed", &message));
            }
            self.session.run(speed);
            Ok(())
        })
    }

    /// Runs as fast as possible up to `events` commands behind the warm-up, then waits.
    #[napi(catch_unwind)]
    pub fn run_to(&self, events: f64) -> Result<()> {
        guarded(|| {
            self.session.run_to(integer("events", events, (1 << 53) - 1)?);
            Ok(())
        })
    }

    /// Waits until it is told to run.
    #[napi(catch_unwind)]
    pub fn pause(&self) {
        self.session.pause();
    }

    /// Ends for good.
    #[napi(catch_unwind)]
    pub fn stop(&self) {
        self.session.stop();
    }

    /// The state: see `LiveState` in TypeScript for what each number is.
    #[napi(catch_unwind)]
    pub fn state(&self) -> Result<Float64Array> {
        guarded(|| {
            let (columns, interval_ns, merges) = self.session.columns_now();
            Ok(Float64Array::new(state_numbers(&self.session.state(), columns, interval_ns, merges)))
        })
    }

    /// Digest of every event so far, 32 hexadecimal digits.
    #[napi(catch_unwind)]
    pub fn digest(&self) -> String {
        self.session.state().digest
    }

    /// Columns from `from` on, at most `max`, one behind the other; nothing if they were merged more than `merges` times.
    #[napi(catch_unwind)]
    pub fn columns(&self, merges: f64, from: f64, max: f64) -> Result<Option<Float64Array>> {
        guarded(|| {
            let merges = integer("merges", merges, u32::MAX.into())? as u32;
            let from = integer("from", from, u32::MAX.into())? as usize;
            let max = integer("max", max, u32::MAX.into())? as usize;
            let numbers = self.session.with_columns(merges, from, max, |columns| {
                let width = COLUMN_NUMBERS + LATENCY_BUCKETS + DEPTH_ROWS + 2 * self.session.tracks().len();
                let mut numbers = Vec::with_capacity(columns.len() * width);
                columns.iter().for_each(|c| push_column(&mut numbers, c));
                numbers
            });
            Ok(numbers.map(Float64Array::new))
        })
    }

    /// The number of the first fill, then six numbers for each from `from` on that is still kept.
    #[napi(catch_unwind)]
    pub fn trades(&self, from: f64) -> Result<Float64Array> {
        guarded(|| {
            let (first, trades) = self.session.trades(integer("from", from, (1 << 53) - 1)?);
            let mut numbers = Vec::with_capacity(1 + 6 * trades.len());
            numbers.push(first as f64);
            for t in trades {
                let (side, maker, taker) = (f64::from(t.side as u8), t.maker as f64, t.taker as f64);
                numbers.extend([t.time_ns as f64, t.price as f64, t.qty as f64, side, maker, taker]);
            }
            Ok(Float64Array::new(numbers))
        })
    }

    /// What is marked on the time axis: time in ns, code and value of each.
    #[napi(catch_unwind)]
    pub fn annotations(&self) -> Result<Float64Array> {
        guarded(|| {
            let triple = |a: Annotation| [a.time_ns as f64, f64::from(a.mark as u8), a.value];
            Ok(Float64Array::new(self.session.annotations().into_iter().flat_map(triple).collect()))
        })
    }

    /// What broke, if the session failed.
    #[napi(catch_unwind)]
    pub fn failure(&self) -> Option<String> {
        self.session.failure()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Layout {
    columns_max: usize,
    column_numbers: usize,
    state_numbers: usize,
    depth_rows: usize,
    latency_buckets: usize,
    ladder_levels: usize,
    percentiles: &'static [f64],
    trades_max: usize,
    tracks_max: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Track<'a> {
    group: &'a str,
    first: u32,
    count: u32,
    is_member: bool,
}

fn state_numbers(s: &LiveState, columns: usize, interval_ns: u64, merges: u32) -> Vec<f64> {
    let touch = s.touch.map_or([0.0; 4], |t| [t.bid as f64, t.bid_qty as f64, t.ask as f64, t.ask_qty as f64]);
    let mut numbers = vec![
        f64::from(s.phase as u8),
        s.time_ns as f64,
        s.events as f64,
        s.events_total as f64,
        s.duration_ns as f64,
        s.warmup_events as f64,
        s.speed,
        s.busy_ns as f64,
        s.late_ns as f64,
    ];
    numbers.extend(touch);
    numbers.extend([s.last_price as f64, s.resting as f64]);
    numbers.extend(s.commands.map(|n| n as f64));
    numbers.extend([s.rejected as f64, s.trades as f64, s.volume as f64]);
    numbers.extend([columns as f64, interval_ns as f64, f64::from(merges), s.latency_count as f64]);
    debug_assert_eq!(numbers.len(), STATE_NUMBERS);
    numbers.extend(s.latency_ns.map(|ns| ns as f64));
    numbers.extend([s.bids.len() as f64, s.asks.len() as f64]);
    let triple = |l: &LevelView| [l.price as f64, l.qty as f64, f64::from(l.orders)];
    numbers.extend(s.bids.iter().chain(&s.asks).flat_map(triple));
    numbers
}

fn push_column(numbers: &mut Vec<f64>, c: &Column) {
    let start = numbers.len();
    let t = c.touch;
    numbers.extend([t.bid, t.ask, c.depth_base].map(|price| price as f64));
    numbers.extend([t.bid_qty, t.ask_qty, c.bid_depth, c.ask_depth, c.resting].map(|n| n as f64));
    numbers.extend(c.commands.map(|n| n as f64));
    numbers.extend([c.rejected, c.trades, c.volume[0], c.volume[1]].map(|n| n as f64));
    numbers.extend(c.notional.map(|n| n as f64));
    numbers.extend([c.busy_ns, c.latency_max_ns].map(|n| n as f64));
    debug_assert_eq!(numbers.len() - start, COLUMN_NUMBERS);
    numbers.extend(c.latency.map(f64::from));
    numbers.extend(c.depth.map(f64::from));
    numbers.extend(c.holdings.iter().flat_map(|h: &Holding| [h.position as f64, h.value]));
}
