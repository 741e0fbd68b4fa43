//! From a case's words to the venue's: names to numbers, steps to commands.
//!
//! What is not a side, a type, a price or a quantity is refused here, at the edge; the venue never sees it.

use std::collections::HashMap;

use serde_json::{Map, Value};
use toprung_book::{
    CommandFlags, LevelingOrder, MarketRemainder, Options, OrderType, Participant, Participants, Phase, Policy,
    ReplacePriority, Rounding, SelfTrade, Side, Step as PolicyStep, StopEntry, StopTrigger, TimeInForce, VenueAction,
    VenueCommand, VenueConfig,
};

use crate::case::{Case, Step};
use crate::support::new_of;

/// What the venue is asked for in one step.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Request {
    /// One command.
    One(VenueCommand),
    /// A command and, if that is carried out, another.
    Both(VenueCommand, VenueCommand),
    /// Nothing: the input has no meaning.
    Refused,
}

/// The conventions that a case asks for; whatever it leaves open is the venue's default.
pub(crate) fn config(case: &Case, names: &mut Names) -> VenueConfig {
    let mut venue = VenueConfig::default();
    let text = |key: &str| case.config.get(key).and_then(Value::as_str);
    // One case tells its convention in its notes only.
    let in_notes = case.notes.split_once("market_remainder=").map(|(_, rest)| rest.trim_end_matches([')', '.']));
    venue.market_remainder = match text("market_remainder").or(in_notes) {
        Some("rest") => MarketRemainder::Rest,
        Some("rest_at_worst") => MarketRemainder::RestAtWorst,
        _ => MarketRemainder::Cancel,
    };
    // The suite that says "last_trade" refuses stops on the wrong side; those that say nothing let them trade at once.
    (venue.stop_trigger, venue.stop_entry) = match text("stop_trigger") {
        Some("last_trade") => (StopTrigger::LastTrade, StopEntry::Reject),
        Some("last_trade_after_entry") => (StopTrigger::LastTradeAfterEntry, StopEntry::Trigger),
        Some("best_opposite_quote_or_last") => (StopTrigger::BestOpposite, StopEntry::Trigger),
        _ => (StopTrigger::LastTrade, StopEntry::Trigger),
    };
    let uses = |field: &str, value: &Value| case.steps.iter().any(|s| s.cmd.get(field) == Some(value));
    venue.count_fills = uses("inFlightMitigation", &Value::Bool(true));
    if uses("op", &Value::from("uncross")) {
        venue.phase = Phase::OpeningAuction;
    }
    let config = &mut venue.book;
    if text("replace_priority") == Some("lose_always") {
        config.replace_priority = ReplacePriority::LoseAlways;
    }
    let built = match text("algo") {
        Some("pro_rata") => policy(&case.config["pro_rata"]),
        Some("size_pro_rata_board_lot") => board_lot(&case.config["pro_rata"]),
        _ => Ok(Policy::fifo()),
    };
    config.policy = built.unwrap_or_else(|e| panic!("{}: {e}", case.id));
    let makers: Vec<Participant> = case.steps.iter().filter_map(|step| names.maker(&step.cmd)).collect();
    config.participants = Participants::new(&makers).unwrap_or_else(|e| panic!("{}: {e}", case.id));
    venue
}

fn policy(told: &Value) -> Result<Policy, String> {
    let number = |key: &str| told[key].as_u64();
    let min_lot = number("min").unwrap_or(0);
    let names = told["steps"].as_array().ok_or("pro-rata without steps")?;
    let shares = names.iter().any(|name| name == "pro_rata");
    let step = |name: &Value| match name.as_str() {
        Some("fifo") => Ok(PolicyStep::Fifo),
        Some("pro_rata") => Ok(PolicyStep::pro_rata(min_lot)),
        Some("top") => Ok(PolicyStep::Top {
            min_qty: number("top_min").unwrap_or(0),
            max_qty: number("top_max").unwrap_or(u64::MAX),
            percent: 100,
        }),
        // The least lot is the makers' own where no pro-rata step takes it.
        Some("lmm") => Ok(PolicyStep::Lmm { min_lot: if shares { 0 } else { min_lot } }),
        Some("split_fifo") => Ok(PolicyStep::Split {
            fifo_percent: number("fifo_pct")
                .and_then(|p| u8::try_from(p).ok())
                .ok_or("fifo_pct is not a percentage")?,
            rounding: match told["split_round"].as_str() {
                None | Some("nearest") => Rounding::Nearest,
                Some("floor" | "down") => Rounding::Floor,
                Some(other) => return Err(format!("split_round {other} is not known")),
            },
        }),
        Some("leveling") => Ok(PolicyStep::Leveling { order: LevelingOrder::Size }),
        _ => Err(format!("{name} is not a step that the book has")),
    };
    let steps = names.iter().map(step).collect::<Result<Vec<_>, _>>()?;
    Policy::new(&steps).map_err(|e| e.to_string())
}

fn board_lot(told: &Value) -> Result<Policy, String> {
    let board_lot = told["lot"].as_u64().ok_or("a board lot without a size")?;
    let step = PolicyStep::ProRata { min_lot: 0, rounding: Rounding::Nearest, board_lot };
    Policy::new(&[step, PolicyStep::Fifo]).map_err(|e| e.to_string())
}

/// The numbers of a case's orders and owners, in order of first use.
#[derive(Debug, Default)]
pub(crate) struct Names {
    orders: HashMap<String, u64>,
    names: Vec<String>,
    owners: HashMap<String, u32>,
}

impl Names {
    /// The number of an order: from 0.
    pub(crate) fn order(&mut self, name: &str) -> u64 {
        if let Some(&id) = self.orders.get(name) {
            return id;
        }
        let id = self.names.len() as u64;
        self.orders.insert(name.to_owned(), id);
        self.names.push(name.to_owned());
        id
    }

    /// Whether a command named this order.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.orders.contains_key(name)
    }

    /// The name of an order.
    pub(crate) fn name(&self, id: u64) -> &str {
        usize::try_from(id).ok().and_then(|i| self.names.get(i)).map_or("?", String::as_str)
    }

    /// The number of an owner: from 1, and 0 where none is named.
    fn owner(&mut self, name: Option<&Value>) -> u32 {
        let Some(name) = name.and_then(Value::as_str) else { return 0 };
        let next = self.owners.len() as u32 + 1;
        *self.owners.entry(name.to_owned()).or_insert(next)
    }

    /// The number of who enters an order: a lead market maker without a name has one for each of his orders.
    fn enters(&mut self, cmd: &Map<String, Value>) -> u32 {
        let nameless = cmd.get("owner").is_none_or(Value::is_null) && cmd.get("lmmPct").is_some_and(|p| !p.is_null());
        match cmd.get("id").and_then(Value::as_str).filter(|_| nameless) {
            Some(id) => self.owner(Some(&Value::String(format!("the maker of {id}")))),
            None => self.owner(cmd.get("owner")),
        }
    }

    /// The lead market maker that an order speaks of.
    fn maker(&mut self, cmd: &Map<String, Value>) -> Option<Participant> {
        let lmm_percent = u8::try_from(cmd.get("lmmPct")?.as_u64()?).ok()?;
        Some(Participant { owner: self.enters(cmd), lmm_percent, ..Participant::default() })
    }

    /// What a step asks of the venue.
    pub(crate) fn request(&mut self, step: &Step) -> Request {
        let wanted = match step.text("op") {
            "new" if step.text("type") == "oco" => {
                return self.one_cancels_other(&step.cmd).unwrap_or(Request::Refused);
            }
            "new" => self.new_order(&step.cmd),
            "reduce" => self.change(step, VenueAction::Reduce, |reduce, cmd| {
                reduce.order.qty = quantity(cmd, "by")?;
                Some(())
            }),
            "replace" => self.replace(step),
            "cancel" => self.change(step, VenueAction::Cancel, |_, _| Some(())),
            "cancel_new" => {
                let cancel = self.change(step, VenueAction::Cancel, |_, _| Some(()));
                let new = self.new_order(&new_of(step).cmd);
                return cancel.zip(new).map_or(Request::Refused, |(cancel, new)| Request::Both(cancel, new));
            }
            "set_last_price" => {
                let price = step.cmd.get("price").and_then(Value::as_i64);
                price.map(|price| VenueCommand::request(VenueAction::SetLast, price, 0))
            }
            "uncross" => Some(VenueCommand::request(VenueAction::Uncross, 0, 0)),
            other => panic!("`{other}` was not to be carried out"),
        };
        wanted.map_or(Request::Refused, Request::One)
    }

    /// A limit order and a stop-limit order, each of which cancels the other.
    fn one_cancels_other(&mut self, cmd: &Map<String, Value>) -> Option<Request> {
        let mut limit = cmd.clone();
        limit.insert("type".into(), "limit".into());
        let limit = self.new_order(&limit)?;
        let mut stop = cmd.clone();
        let id = format!("{} (stop)", cmd.get("id")?.as_str()?);
        stop.insert("id".into(), id.into());
        stop.insert("type".into(), "stop_limit".into());
        stop.insert("price".into(), cmd.get("stopLimitPrice")?.clone());
        let mut stop = self.new_order(&stop)?.with_options(Options::ONE_CANCELS_OTHER);
        stop.link = limit.order.id;
        Some(Request::Both(limit, stop))
    }

    fn new_order(&mut self, cmd: &Map<String, Value>) -> Option<VenueCommand> {
        let text = |key: &str| cmd.get(key).and_then(Value::as_str);
        let number = |key: &str| cmd.get(key).filter(|v| !v.is_null()).map(Value::as_i64);
        let id = self.order(text("id")?);
        let owner = self.enters(cmd);
        let side = side(text("side")?)?;
        let mut tif = match text("tif")? {
            "gtc" => TimeInForce::Gtc,
            "ioc" => TimeInForce::Ioc,
            "fok" => TimeInForce::Fok,
            _ => return None,
        };
        let order_type = match text("type")? {
            "limit" => OrderType::Limit,
            "market" => OrderType::Market,
            "stop" => OrderType::Stop,
            "stop_limit" => OrderType::StopLimit,
            "market_to_limit" => OrderType::MarketToLimit,
            "market_protected" => OrderType::MarketProtected,
            "fok_budget" => OrderType::Budget,
            "trailing_stop" => OrderType::TrailingStop,
            "trailing_stop_limit" => OrderType::TrailingStopLimit,
            _ => return None,
        };
        let is_market = order_type == OrderType::Market;
        let order_type =
            if is_market && number("maxSlippage").is_some() { OrderType::MarketProtected } else { order_type };
        let price = if order_type.has_limit() { cmd.get("price")?.as_i64()? } else { 0 };
        let mut new = VenueCommand::enter(order_type, id, side, price, quantity(cmd, "qty")?).owned_by(owner);
        if let Some(stop) = number("stopPrice") {
            new = new.with_stop_price(stop?);
        }
        let count = |key: &str| number(key).map_or(Some(0), |n| u64::try_from(n?).ok());
        new.display_qty = count("displayQty")?;
        new.min_qty = count("minQty")?;
        new.step = count(if order_type == OrderType::Budget { "budget" } else { "trailStep" })?;
        for offset in ["maxSlippage", "protectionPoints", "trailDistance"] {
            new.offset += number(offset).unwrap_or(Some(0))?;
        }
        if cmd.get("allOrNone").is_some_and(|v| v == true) {
            if tif == TimeInForce::Gtc {
                new = new.with_options(Options::ALL_OR_NONE);
            } else {
                tif = TimeInForce::Fok;
            }
        }
        let post_only = cmd.get("postOnly").is_some_and(|v| v == true);
        let flags = if post_only { CommandFlags::POST_ONLY } else { CommandFlags::NONE };
        let mode = match cmd.get("stp").and_then(Value::as_str) {
            None | Some("none" | "allow") => SelfTrade::Allow,
            Some("cancel_maker") => SelfTrade::CancelResting,
            Some("cancel_taker") => SelfTrade::CancelAggressor,
            Some("cancel_both") => SelfTrade::CancelBoth,
            Some("decrement") => SelfTrade::Decrement,
            Some(_) => return None,
        };
        new.order = new.order.with_tif(tif).with_flags(flags.with_self_trade(mode));
        Some(new)
    }

    fn change(
        &mut self,
        step: &Step,
        action: VenueAction,
        fill: impl FnOnce(&mut VenueCommand, &Map<String, Value>) -> Option<()>,
    ) -> Option<VenueCommand> {
        let owner = self.owner(step.cmd.get("owner"));
        let mut change = VenueCommand::request(action, 0, 0).owned_by(owner);
        change.order.id = self.order(step.text("id"));
        fill(&mut change, &step.cmd)?;
        Some(change)
    }

    /// A replace keeps what it does not name.
    fn replace(&mut self, step: &Step) -> Option<VenueCommand> {
        let new_id = step.cmd.get("newId").and_then(Value::as_str).map(|name| self.order(name));
        self.change(step, VenueAction::Replace, |replace, cmd| {
            let mut flags = CommandFlags::NONE;
            match cmd.get("price") {
                Some(price) => replace.order.price = price.as_i64()?,
                None => flags |= CommandFlags::KEEP_PRICE,
            }
            match cmd.get("qty") {
                Some(_) => replace.order.qty = quantity(cmd, "qty")?,
                None => flags |= CommandFlags::KEEP_QTY,
            }
            replace.order.flags = flags;
            if let Some(stop) = cmd.get("stopPrice") {
                *replace = replace.with_stop_price(stop.as_i64()?);
            }
            if cmd.contains_key("displayQty") {
                replace.display_qty = quantity(cmd, "displayQty")?;
                replace.options = replace.options.with(Options::DISPLAY);
            }
            if let Some(id) = new_id {
                replace.link = id;
                replace.options = replace.options.with(Options::NEW_ID);
            }
            if let Some(name) = cmd.get("side") {
                replace.order.side = side(name.as_str()?)?;
                replace.options = replace.options.with(Options::NEW_SIDE);
            }
            if cmd.get("inFlightMitigation").is_some_and(|v| v == true) {
                replace.options = replace.options.with(Options::TOTAL_QTY);
            }
            Some(())
        })
    }
}

fn side(name: &str) -> Option<Side> {
    match name {
        "buy" => Some(Side::Buy),
        "sell" => Some(Side::Sell),
        _ => None,
    }
}

/// A field that is a whole number from 0; anything else is not a quantity.
fn quantity(cmd: &Map<String, Value>, field: &str) -> Option<u64> {
    cmd.get(field)?.as_u64()
}
