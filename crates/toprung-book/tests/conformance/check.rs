//! Checks one step: each key of `expect` against what the book reported and what it shows afterwards.
//!
//! What was seen is written in the words of the case and compared as JSON, so that a failure shows both sides alike.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use toprung_book::{Event, EventKind, MatchingBook, Reason, Side};

use crate::translate::Names;

/// What there is to look at after a step.
pub(crate) struct Seen<'a, B> {
    pub(crate) book: &'a B,
    pub(crate) events: &'a [Event],
    /// Whether the input was refused before it reached the book.
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

impl<B: MatchingBook> Seen<'_, B> {
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
            "levels" => same(want, &json!(Side::BOTH.map(|side| self.book.levels(side, usize::MAX).len()))),
            "ordersTotal" => same(want, &json!(self.book.order_count())),
            "removed" => same(want, &json!(!self.rejected() && self.book.order(self.subject).is_none())),
            // There are no stop orders: a case that waits for one is not run.
            "stops" | "triggered" => same(want, &json!([])),
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

    /// L2, with the number of orders where the case tells it.
    fn depth(&self, want: &Value, side: Side) -> Result<(), String> {
        let mut got: Vec<Value> =
            self.book.levels(side, usize::MAX).iter().map(|l| json!([l.price, l.qty, l.orders])).collect();
        for (level, wanted) in got.iter_mut().zip(entries(want)) {
            if let (Some(level), 2) = (level.as_array_mut(), entries(wanted).len()) {
                level.truncate(2);
            }
        }
        same(want, &json!(got))
    }

    fn queue(&self, side: Side) -> Value {
        self.book.queue(side).iter().map(|o| json!([self.names.name(o.id), o.price, o.qty])).collect()
    }

    fn volume(&self, side: Side) -> u64 {
        self.book.levels(side, usize::MAX).iter().map(|level| level.qty).sum()
    }
}
