//! A venue as a class: batches in, columns out, and queries. TypeScript wraps it as `Venue`; people do not meet it.

use napi::Env;
use napi::bindgen_prelude::{Float64Array, ObjectFinalize};
use napi_derive::napi;
use serde::Deserialize;
use toprung_book::{
    AuctionAllocation, HeldView, MarketRemainder, OrderView, Phase, Scheduled, StopEntry, StopTrigger, TradingVenue,
    Venue, VenueConfig,
};

use crate::arguments::{exact, fill, index, integer, side_of};
use crate::batched::Batched;
use crate::book::Settings;
use crate::commands::MAX_SAFE;
use crate::error::{Code, Result, error, guarded};
use crate::view::View;

/// One venue behind the boundary.
#[napi(custom_finalize)]
pub struct NativeVenue {
    engine: Batched<Venue>,
}

#[napi]
impl NativeVenue {
    /// A venue with the configuration `config`, as JSON, behind the journal that `journal` describes, as JSON too.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, config: String, journal: Option<String>) -> Result<NativeVenue> {
        guarded(|| Ok(NativeVenue { engine: Batched::new(env, VenueSettings::parse(&config)?, journal.as_deref())? }))
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

    /// L2: price, quantity and number of orders of at most `max` displayed levels of a side, best first, three numbers
    /// each.
    #[napi(catch_unwind)]
    pub fn levels(&self, side: f64, max: f64) -> Result<Float64Array> {
        guarded(|| {
            let mut rows = Vec::new();
            for level in self.engine.alive()?.levels(side_of(side)?, index("max", max)?) {
                rows.extend([level.price as f64, exact("level.qty", level.qty)?, f64::from(level.orders)]);
            }
            Ok(Float64Array::new(rows))
        })
    }

    /// Displayed orders of a side in priority order: id, price, open quantity and owner, four numbers each.
    #[napi(catch_unwind)]
    pub fn queue(&self, side: f64) -> Result<Float64Array> {
        self.orders(|venue| Ok(venue.queue(side_of(side)?)))
    }

    /// Hidden orders of a side, as `queue`.
    #[napi(catch_unwind)]
    pub fn hidden(&self, side: f64) -> Result<Float64Array> {
        self.orders(|venue| Ok(venue.hidden(side_of(side)?)))
    }

    /// Market orders of a side that rest, as `queue`; their price is 0.
    #[napi(catch_unwind)]
    pub fn unpriced(&self, side: f64) -> Result<Float64Array> {
        self.orders(|venue| Ok(venue.unpriced(side_of(side)?)))
    }

    /// Orders beside the book in order of entry: id, limit, quantity, owner, side, type and stop price (NaN: none),
    /// seven numbers each.
    #[napi(catch_unwind)]
    pub fn held(&self) -> Result<Float64Array> {
        guarded(|| {
            let row = |HeldView { order, order_type, stop_price }: HeldView| {
                let [id, price, qty, owner] = numbers(&order);
                let stop_price = stop_price.map_or(f64::NAN, |p| p as f64);
                [id, price, qty, owner, f64::from(order.side as u8), f64::from(order_type as u8), stop_price]
            };
            Ok(Float64Array::new(self.engine.alive()?.held().into_iter().flat_map(row).collect()))
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

    /// Resting orders, displayed or not.
    #[napi(catch_unwind)]
    pub fn order_count(&self) -> f64 {
        self.engine.get().order_count() as f64
    }

    /// Code of the phase.
    #[napi(catch_unwind)]
    pub fn phase(&self) -> f64 {
        f64::from(self.engine.get().phase() as u8)
    }

    /// Simulated time in nanoseconds.
    #[napi(catch_unwind)]
    pub fn now(&self) -> f64 {
        self.engine.get().now() as f64
    }

    /// Price of the last trade.
    #[napi(catch_unwind)]
    pub fn last_price(&self) -> Option<f64> {
        self.engine.get().last_price().map(|p| p as f64)
    }

    /// The reference price.
    #[napi(catch_unwind)]
    pub fn reference(&self) -> Option<f64> {
        self.engine.get().reference().map(|p| p as f64)
    }

    /// What an auction would do: price, lots, lots too many and the side that has them; or none. Fills `out`.
    #[napi(catch_unwind, ts_args_type = "out: Uint8Array")]
    pub fn indicative(&self, out: View) -> Result<bool> {
        guarded(|| {
            let row = match self.engine.alive()?.indicative() {
                Some(i) => {
                    let (qty, surplus) = (exact("indicative.qty", i.qty)?, exact("indicative.surplus", i.surplus)?);
                    Some([i.price as f64, qty, surplus, f64::from(i.side as u8)])
                }
                None => None,
            };
            fill(out, row)
        })
    }

    /// Digest of every event so far, 32 hexadecimal digits.
    #[napi(catch_unwind)]
    pub fn digest(&self) -> String {
        self.engine.get().digest().to_string()
    }

    /// Bytes of memory that the venue and this binding's buffers hold.
    #[napi(catch_unwind)]
    pub fn memory_bytes(&self) -> f64 {
        self.engine.memory_bytes() as f64
    }

    /// Fails when the venue is inconsistent, which would be a defect of toprung. Visits every order.
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

impl ObjectFinalize for NativeVenue {
    fn finalize(self, env: Env) -> napi::Result<()> {
        self.engine.finalize(env)
    }
}

impl NativeVenue {
    fn orders(&self, list: impl FnOnce(&Venue) -> Result<Vec<OrderView>>) -> Result<Float64Array> {
        guarded(|| {
            let orders = list(self.engine.alive()?)?;
            Ok(Float64Array::new(orders.iter().flat_map(numbers).collect()))
        })
    }
}

fn numbers(o: &OrderView) -> [f64; 4] {
    [o.id as f64, o.price as f64, o.qty as f64, f64::from(o.owner)]
}

/// A venue's configuration as TypeScript writes it: that of its book apart. zod has checked the ranges of the rest;
/// none of it has a value that the venue cannot take.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[derive(Default)]
struct VenueSettings {
    book: Settings,
    phase: Phase,
    market_remainder: MarketRemainder,
    stop_trigger: StopTrigger,
    stop_entry: StopEntry,
    auction_allocation: AuctionAllocation,
    reference: Option<i64>,
    band: Option<u64>,
    breaker: Option<u64>,
    interruption: u64,
    count_fills: bool,
    schedule: Vec<Scheduled>,
}

impl VenueSettings {
    fn parse(json: &str) -> Result<VenueConfig> {
        let settings: VenueSettings = serde_json::from_str(json)
            .map_err(|e| error(Code::Config, format!("expected a venue's configuration as JSON, got an error: {e}")))?;
        Ok(VenueConfig {
            book: settings.book.book_config()?,
            phase: settings.phase,
            market_remainder: settings.market_remainder,
            stop_trigger: settings.stop_trigger,
            stop_entry: settings.stop_entry,
            auction_allocation: settings.auction_allocation,
            reference: settings.reference,
            band: settings.band,
            breaker: settings.breaker,
            interruption: settings.interruption,
            count_fills: settings.count_fills,
            schedule: settings.schedule,
        })
    }
}
