//! From a case's words to the book's: names to numbers, steps to commands.
//!
//! What is not a side, a type, a price or a quantity is refused here, at the edge; the book never sees it.

use std::collections::HashMap;

use serde_json::{Map, Value};
use toprung_book::{
    BookConfig, Command, CommandFlags, LevelingOrder, Participant, Participants, Policy, ReplacePriority, Rounding,
    SelfTrade, Side, Step as PolicyStep, TimeInForce,
};

use crate::case::{Case, Step};
use crate::support::new_of;

/// What the book is asked for in one step.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Request {
    /// One command.
    One(Command),
    /// A cancel and, if that is carried out, a new order.
    CancelNew(Command, Command),
    /// Nothing: the input has no meaning.
    Refused,
}

/// The conventions that a case asks for; whatever it leaves open is the book's default.
pub(crate) fn config(case: &Case, names: &mut Names) -> BookConfig {
    let mut config = BookConfig::default();
    let text = |key: &str| case.config.get(key).and_then(Value::as_str);
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
    config
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

    /// What a step asks of the book.
    pub(crate) fn request(&mut self, step: &Step) -> Request {
        let wanted = match step.text("op") {
            "new" => self.new_order(&step.cmd),
            "reduce" => self.change(step, |id, cmd| Some(Command::reduce(id, quantity(cmd, "by")?))),
            "replace" => self.change(step, replace),
            "cancel" => self.change(step, |id, _| Some(Command::cancel(id))),
            "cancel_new" => {
                let cancel = self.change(step, |id, _| Some(Command::cancel(id)));
                let new = self.new_order(&new_of(step).cmd);
                return cancel.zip(new).map_or(Request::Refused, |(cancel, new)| Request::CancelNew(cancel, new));
            }
            other => panic!("`{other}` was not to be carried out"),
        };
        wanted.map_or(Request::Refused, Request::One)
    }

    fn new_order(&mut self, cmd: &Map<String, Value>) -> Option<Command> {
        let text = |key: &str| cmd.get(key).and_then(Value::as_str);
        let id = self.order(text("id")?);
        let owner = self.enters(cmd);
        let side = match text("side")? {
            "buy" => Side::Buy,
            "sell" => Side::Sell,
            _ => return None,
        };
        let tif = match text("tif")? {
            "gtc" => TimeInForce::Gtc,
            "ioc" => TimeInForce::Ioc,
            "fok" => TimeInForce::Fok,
            _ => return None,
        };
        let qty = quantity(cmd, "qty")?;
        let order = match text("type")? {
            "limit" => Command::limit(id, side, cmd.get("price")?.as_i64()?, qty),
            "market" => Command::market(id, side, qty),
            _ => return None,
        };
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
        Some(order.with_tif(tif).with_owner(owner).with_flags(flags).with_self_trade(mode))
    }

    fn change(
        &mut self,
        step: &Step,
        command: impl FnOnce(u64, &Map<String, Value>) -> Option<Command>,
    ) -> Option<Command> {
        let id = self.order(step.text("id"));
        let owner = self.owner(step.cmd.get("owner"));
        Some(command(id, &step.cmd)?.with_owner(owner))
    }
}

/// A field that is a whole number from 0; anything else is not a quantity.
fn quantity(cmd: &Map<String, Value>, field: &str) -> Option<u64> {
    cmd.get(field)?.as_u64()
}

/// A replace keeps what it does not name.
fn replace(id: u64, cmd: &Map<String, Value>) -> Option<Command> {
    let mut flags = CommandFlags::NONE;
    let price = match cmd.get("price") {
        Some(price) => price.as_i64()?,
        None => {
            flags |= CommandFlags::KEEP_PRICE;
            0
        }
    };
    let qty = match cmd.get("qty") {
        Some(_) => quantity(cmd, "qty")?,
        None => {
            flags |= CommandFlags::KEEP_QTY;
            0
        }
    };
    Some(Command::replace(id, price, qty).with_flags(flags))
}
