//! One order book as a class: batches in, columns out, and queries.
//!
//! The class checks every argument before the book sees any, so an error leaves the book as it was. TypeScript wraps it as
//! `OrderBook`; people do not meet it.

use napi::Env;
use napi::bindgen_prelude::{Float64Array, ObjectFinalize};
use napi_derive::napi;
use serde::Deserialize;
use toprung_book::{Book, BookConfig, OrderView, Participant, SelfTradeScope};
use toprung_sim::{BookSettings, PolicySettings, ReplacePrioritySetting};

use crate::arguments::{exact, fill, index, integer, side_of};
use crate::batched::Batched;
use crate::commands::MAX_SAFE;
use crate::error::{Code, Result, config_error, error, error_at, guarded};
use crate::view::View;

/// One order book behind the boundary.
#[napi(custom_finalize)]
pub struct NativeBook {
    engine: Batched<Book>,
}

#[napi]
impl NativeBook {
    /// A book with the configuration `config`, as JSON, behind the journal that `journal` describes, as JSON too.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, config: String, journal: Option<String>) -> Result<NativeBook> {
        guarded(|| Ok(NativeBook { engine: Batched::new(env, Settings::parse(&config)?, journal.as_deref())? }))
    }

    /// Applies the first `count` records of `commands` in order and writes what happened into `events`, columns for
    /// `capacity` events. Gives the number of events; those past the capacity wait for `drain`.
    #[napi(catch_unwind, ts_args_type = "commands: Uint8Array, count: number, events: Uint8Array, capacity: number")]
    pub fn submit(&mut self, env: Env, commands: View, count: f64, events: View, capacity: f64) -> Result<f64> {
        guarded(|| self.engine.submit(env, commands, count, events, capacity))
    }

    /// Moves waiting events into `events` from row `from` on; gives the number moved.
    #[napi(catch_unwind, ts_args_type = "events: Uint8Array, capacity: number, from: number")]
    pub fn drain(&mut self, events: View, capacity: f64, from: f64) -> Result<f64> {
        guarded(|| self.engine.drain(events, capacity, from))
    }

    /// Events that wait for `drain`.
    #[napi(catch_unwind)]
    pub fn pending(&self) -> f64 {
        self.engine.pending()
    }

    /// L2: price, quantity and number of orders of at most `max` levels of a side, best first, three numbers each.
    #[napi(catch_unwind)]
    pub fn levels(&self, side: f64, max: f64) -> Result<Float64Array> {
        guarded(|| {
            let mut rows = Vec::new();
            for level in self.engine.alive()?.depth(side_of(side)?).take(index("max", max)?) {
                rows.extend([level.price as f64, exact("level.qty", level.qty)?, f64::from(level.orders)]);
            }
            Ok(Float64Array::new(rows))
        })
    }

    /// The best level of a side in the same form as `levels`: three numbers, or none. Fills `out`.
    #[napi(catch_unwind, ts_args_type = "side: number, out: Uint8Array")]
    pub fn best(&self, side: f64, out: View) -> Result<bool> {
        guarded(|| {
            let row = match self.engine.alive()?.best(side_of(side)?) {
                Some(best) => Some([best.price as f64, exact("level.qty", best.qty)?, f64::from(best.orders)]),
                None => None,
            };
            fill(out, row)
        })
    }

    /// L3: id, price, open quantity and owner of every order of a side, best price first, in time order within a level;
    /// four numbers each.
    #[napi(catch_unwind)]
    pub fn queue(&self, side: f64) -> Result<Float64Array> {
        guarded(|| {
            let orders = self.engine.alive()?.orders(side_of(side)?);
            let row = |o: OrderView| [o.id as f64, o.price as f64, o.qty as f64, f64::from(o.owner)];
            Ok(Float64Array::new(orders.flat_map(row).collect()))
        })
    }

    /// Side, price, open quantity and owner of one resting order, or none. Fills `out`.
    #[napi(catch_unwind, ts_args_type = "id: number, out: Uint8Array")]
    pub fn order(&self, id: f64, out: View) -> Result<bool> {
        guarded(|| {
            let order = self.engine.alive()?.order(integer("id", id, MAX_SAFE)?);
            let row = order.map(|o| [f64::from(o.side as u8), o.price as f64, o.qty as f64, f64::from(o.owner)]);
            fill(out, row)
        })
    }

    /// Resting orders.
    #[napi(catch_unwind)]
    pub fn order_count(&self) -> f64 {
        self.engine.get().order_count() as f64
    }

    /// Digest of every event so far, 32 hexadecimal digits.
    #[napi(catch_unwind)]
    pub fn digest(&self) -> String {
        self.engine.get().digest().to_string()
    }

    /// Bytes of memory that the book and this binding's buffers hold.
    #[napi(catch_unwind)]
    pub fn memory_bytes(&self) -> f64 {
        self.engine.memory_bytes() as f64
    }

    /// Fails when the book is inconsistent, which would be a defect of toprung. Visits every order.
    #[napi(catch_unwind)]
    pub fn check_invariants(&self) -> Result<()> {
        guarded(|| self.engine.alive()?.check_invariants().map_err(|broken| error(Code::Invariant, broken)))
    }

    /// Commands that a machine going down now does not take; fails without a journal.
    #[napi(catch_unwind)]
    pub fn durable(&mut self) -> Result<f64> {
        guarded(|| self.engine.slot().durable())
    }

    /// Waits until everything carried out is durable.
    #[napi(catch_unwind)]
    pub fn flush_journal(&mut self) -> Result<()> {
        guarded(|| self.engine.slot().flush())
    }

    /// Writes the whole state beside the journal, so that recovery begins here; gives the file.
    #[napi(catch_unwind)]
    pub fn snapshot_journal(&mut self) -> Result<String> {
        guarded(|| self.engine.snapshot())
    }

    /// Makes everything durable and frees the journal. What it was of can be read, and takes nothing more.
    #[napi(catch_unwind)]
    pub fn close_journal(&mut self) -> Result<()> {
        guarded(|| self.engine.slot().close())
    }

    /// Commands carried out.
    #[napi(catch_unwind)]
    pub fn commands(&self) -> f64 {
        self.engine.get().commands() as f64
    }
}

impl ObjectFinalize for NativeBook {
    fn finalize(self, env: Env) -> napi::Result<()> {
        self.engine.finalize(env)
    }
}

/// A book's configuration as TypeScript writes it: a simulation's book settings, and room to reserve.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Settings {
    policy: PolicySettings,
    participants: Vec<Participant>,
    self_trade_scope: SelfTradeScope,
    replace_priority: ReplacePrioritySetting,
    max_orders: u32,
    expected_orders: u32,
}

impl Default for Settings {
    fn default() -> Settings {
        let BookSettings { policy, participants, self_trade_scope, replace_priority, .. } = BookSettings::default();
        let max_orders = BookConfig::DEFAULT_MAX_ORDERS;
        Settings { policy, participants, self_trade_scope, replace_priority, max_orders, expected_orders: 0 }
    }
}

impl Settings {
    fn parse(json: &str) -> Result<BookConfig> {
        let settings: Settings = serde_json::from_str(json)
            .map_err(|e| error(Code::Config, format!("expected a book's configuration as JSON, got an error: {e}")))?;
        settings.book_config()
    }

    /// The same as the book takes it, checked.
    pub(crate) fn book_config(self) -> Result<BookConfig> {
        let Settings { policy, participants, self_trade_scope, replace_priority, max_orders, expected_orders } = self;
        let out_of_range = |path: &str, from: u64, to: u64, got: u32| {
            Err(error_at(Code::Config, path, &format!("expected an integer in {from}..={to}, got {got}")))
        };
        if !(1..=BookConfig::DEFAULT_MAX_ORDERS).contains(&max_orders) {
            return out_of_range("maxOrders", 1, BookConfig::DEFAULT_MAX_ORDERS.into(), max_orders);
        }
        if expected_orders > max_orders {
            return out_of_range("expectedOrders", 0, max_orders.into(), expected_orders);
        }
        let book = BookSettings { policy, participants, self_trade_scope, replace_priority, max_orders };
        book.to_book_config(expected_orders, "").map_err(|e| config_error(&e))
    }
}
