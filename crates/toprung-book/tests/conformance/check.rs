//! Checks one step: each key of `expect` against what the venue reported and what it shows afterwards.
//!
//! What was seen is written in the words of the case and compared as JSON, so that a failure shows both sides alike.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use toprung_book::{Event, EventKind, OrderView, Reason, Side, TradingVenue};

use crate::translate::Names;

/// What there is to look at after a step.
pub(crate) struct Seen<'a, V> {
    pub(crate) venue: &'a V,
    pub(crate) events: &'a [Event],
    /// Whether the input was refused before it reached the venue.
    pub(crate) refused: bool,
    pub(crate) names: &'a Names,
    /// The order that the step is about.
    pub(crate) subject: u64,
    /// Whether the prices of trades are asserted.
    pub(crate) prices: bool,
    /// Whether the step asks for self-trade prevention.
    pub(crate) prevents: bool,
}

/// Holds a wanted value against the one that was got.
fn same(want: &Value, got: &Value) -> Result<(), String> {
    if want == got { Ok(()) } else { Err(format!("expected {want}, got {got}")) }
}

fn entries(want: &Value) -> &[Value] {
    want.as_array().map_or(&[], Vec::as_slice)
}

impl<V: TradingVenue> Seen<'_, V> {
    /// Checks one expectation.
    pub(crate) fn check(&self, key: &str, want: &Value) -> Result<(), String> {
        match key {
            "status" => self.status(want),
            "trades" => self.trades(want),
            "fills" => self.fills(want),
            "allocations" => self.allocations(want),
            "cancelled" => self.cancelled(want),
            "bids" => self.depth(want, Side::Buy),
            "asks" => self.depth(want, Side::Sell),
            "bidQueue" => same(want, &self.queue(Side::Buy)),
            "askQueue" => same(want, &self.queue(Side::Sell)),
            "visible" => same(want, &json!(Side::BOTH.map(|side| self.volume(side)))),
            "levels" => same(want, &json!(Side::BOTH.map(|side| self.venue.levels(side, usize::MAX).len()))),
            "ordersTotal" => same(want, &json!(Side::BOTH.map(|side| self.resting(side).len()).iter().sum::<usize>())),
            "removed" => {
                let rests = Side::BOTH.iter().any(|&side| self.resting(side).iter().any(|o| o.id == self.subject));
                same(want, &json!(!self.rejected() && !rests))
            }
            "stops" => self.named(want, &self.stops()),
            "triggered" => self.named(want, &self.triggered()),
            other => Err(format!("`{other}` cannot be checked")),
        }
    }

    fn of_kind(&self, kind: EventKind) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(move |e| e.kind == kind)
    }

    fn rejected(&self) -> bool {
        self.refused || self.of_kind(EventKind::Rejected).next().is_some()
    }

    /// Whether a fill-or-kill order was killed, which engines report as a refusal or as a cancel.
    fn killed(&self) -> bool {
        let no_trades = self.of_kind(EventKind::Trade).next().is_none();
        no_trades && self.of_kind(EventKind::Cancelled).any(|e| e.reason == Reason::FillOrKill)
    }

    /// Whether self-trade prevention ended the aggressor before it traded, which engines report as a refusal or a cancel.
    fn turned_away(&self) -> bool {
        let no_trades = self.of_kind(EventKind::Trade).next().is_none();
        let own = |e: &Event| e.id == self.subject && e.reason == Reason::SelfTrade;
        no_trades && self.of_kind(EventKind::Cancelled).any(own)
    }

    fn status(&self, want: &Value) -> Result<(), String> {
        if (self.killed() || self.turned_away()) && want == "rejected" {
            return Ok(());
        }
        same(want, &json!(if self.rejected() { "rejected" } else { "accepted" }))
    }

    fn trades(&self, want: &Value) -> Result<(), String> {
        let row = |e: &Event| {
            let (taker, maker) = (self.names.name(e.taker()), self.names.name(e.maker()));
            json!({"taker": taker, "maker": maker, "price": e.price, "qty": e.qty})
        };
        let mut want = want.clone();
        let mut got: Vec<Value> = self.of_kind(EventKind::Trade).map(row).collect();
        if !self.prices {
            let wanted = want.as_array_mut().into_iter().flatten();
            wanted.chain(&mut got).filter_map(Value::as_object_mut).for_each(|trade| _ = trade.remove("price"));
        }
        same(&want, &Value::Array(got))
    }

    /// Totals of every order that traded, by price where the case tells every price.
    fn fills(&self, want: &Value) -> Result<(), String> {
        let priced = self.prices && entries(want).iter().all(|fill| fill["price"].is_i64());
        let name = |id: &str, price: &Value| if priced { format!("{id} at {price}") } else { id.to_owned() };
        let (mut wanted, mut got) = (BTreeMap::new(), BTreeMap::new());
        for fill in entries(want) {
            let qty = fill["qty"].as_u64().ok_or(format!("not a quantity: {fill}"))?;
            *wanted.entry(name(fill["id"].as_str().unwrap_or_default(), &fill["price"])).or_insert(0) += qty;
        }
        for trade in self.of_kind(EventKind::Trade) {
            for id in [trade.taker(), trade.maker()] {
                *got.entry(name(self.names.name(id), &json!(trade.price))).or_insert(0) += trade.qty;
            }
        }
        same(&json!(wanted), &json!(got))
    }

    /// What each resting order gave.
    fn allocations(&self, want: &Value) -> Result<(), String> {
        let mut got = Map::new();
        for trade in self.of_kind(EventKind::Trade) {
            let share = got.entry(self.names.name(trade.maker())).or_insert(json!(0));
            *share = json!(share.as_u64().unwrap_or_default() + trade.qty);
        }
        same(want, &Value::Object(got))
    }

    /// What ended without trading, in any order; a quantity of `null` stands for any.
    fn cancelled(&self, want: &Value) -> Result<(), String> {
        if self.killed() && entries(want).is_empty() {
            return Ok(());
        }
        let ended = self.of_kind(EventKind::Cancelled).map(|e| (self.names.name(e.id), e.qty));
        // Lots that a reduction takes off end without trading too.
        let reduced = self.of_kind(EventKind::Reduced).map(|e| (self.names.name(e.id), e.other));
        let got: Vec<_> = ended.chain(reduced).map(|(id, qty)| json!({"id": id, "qty": qty})).collect();
        let mut open = got.clone();
        if self.prevents {
            // Engines list what prevention took off the book; the aggressor's own end is told by its status.
            let own = self.names.name(self.subject);
            open.retain(|e| e["id"] != own || entries(want).iter().any(|wanted| wanted["id"] == own));
        }
        for wanted in entries(want) {
            let fits = |e: &Value| e["id"] == wanted["id"] && (wanted["qty"].is_null() || e["qty"] == wanted["qty"]);
            match open.iter().position(fits) {
                Some(i) => _ = open.swap_remove(i),
                None => return same(want, &json!(got)),
            }
        }
        if open.is_empty() { Ok(()) } else { same(want, &json!(got)) }
    }

    /// Every resting order of a side, unpriced ones first.
    fn resting(&self, side: Side) -> Vec<OrderView> {
        [self.venue.unpriced(side), self.venue.queue(side), self.venue.hidden(side)].concat()
    }

    /// The price of an order of [`Seen::resting`] in the words of a case.
    fn price(&self, o: &OrderView) -> Value {
        if self.venue.unpriced(o.side).contains(o) { Value::Null } else { json!(o.price) }
    }

    /// L2 with all that is open, and with the number of orders where the case tells it.
    fn depth(&self, want: &Value, side: Side) -> Result<(), String> {
        let mut levels: Vec<(Value, u64, u64)> = Vec::new();
        for order in self.resting(side) {
            let price = self.price(&order);
            match levels.last_mut() {
                Some(level) if level.0 == price => (level.1, level.2) = (level.1 + order.qty, level.2 + 1),
                _ => levels.push((price, order.qty, 1)),
            }
        }
        let mut got: Vec<Value> = levels.into_iter().map(|level| json!(level)).collect();
        for (level, wanted) in got.iter_mut().zip(entries(want)) {
            if let (Some(level), 2) = (level.as_array_mut(), entries(wanted).len()) {
                level.truncate(2);
            }
        }
        same(want, &json!(got))
    }

    fn queue(&self, side: Side) -> Value {
        self.resting(side).iter().map(|o| json!([self.names.name(o.id), self.price(o), o.qty])).collect()
    }

    fn volume(&self, side: Side) -> u64 {
        self.venue.levels(side, usize::MAX).iter().map(|level| level.qty).sum()
    }

    /// Waiting stops, by name.
    fn stops(&self) -> Value {
        let held = self.venue.held();
        let stops = held.iter().filter_map(|held| Some((held, held.stop_price?)));
        let mut rows: Vec<(&str, i64, u64)> =
            stops.map(|(held, stop)| (self.names.name(held.order.id), stop, held.order.qty)).collect();
        rows.sort_unstable();
        json!(rows)
    }

    fn triggered(&self) -> Value {
        self.of_kind(EventKind::Triggered).map(|e| json!(self.names.name(e.id))).collect()
    }

    /// As [`same`], where an order that no command named (an id that the peer made up) stands for any.
    fn named(&self, want: &Value, got: &Value) -> Result<(), String> {
        let is_made_up = |v: &Value| v.as_str().is_some_and(|name| !self.names.knows(name));
        let mut want = want.clone();
        for (wanted, got) in want.as_array_mut().into_iter().flatten().zip(entries(got)) {
            if is_made_up(wanted) {
                *wanted = got.clone();
            } else if wanted.get(0).is_some_and(is_made_up) {
                wanted[0] = got[0].clone();
            }
        }
        same(&want, got)
    }
}
