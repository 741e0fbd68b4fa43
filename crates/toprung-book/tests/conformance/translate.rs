//! From a case's words to the book's: names to numbers, steps to commands.
//!
//! What is not a side, a type, a price or a quantity is refused here, at the edge; the book never sees it.

use std::collections::HashMap;

use serde_json::{Map, Value};
use toprung_book::{BookConfig, Command, CommandFlags, Policy, ReplacePriority, Side, Step as PolicyStep, TimeInForce};

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
pub(crate) fn config(case: &Case) -> BookConfig {
    let mut config = BookConfig::default();
    let text = |key: &str| case.config.get(key).and_then(Value::as_str);
    if text("replace_priority") == Some("lose_always") {
        config.replace_priority = ReplacePriority::LoseAlways;
    }
    if text("algo") == Some("pro_rata") {
        config.policy = policy(&case.config["pro_rata"]).unwrap_or_else(|e| panic!("{}: {e}", case.id));
    }
    config
}

fn policy(told: &Value) -> Result<Policy, String> {
    let min_lot = told["min"].as_u64().unwrap_or(0);
    let steps = told["steps"].as_array().ok_or("pro-rata without steps")?;
    let step = |name: &Value| match name.as_str() {
        Some("fifo") => Ok(PolicyStep::Fifo),
        Some("pro_rata") => Ok(PolicyStep::ProRata { min_lot }),
        _ => Err(format!("{name} is not a step that the book has")),
    };
    let steps = steps.iter().map(step).collect::<Result<Vec<_>, _>>()?;
    Policy::new(&steps).map_err(|e| e.to_string())
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
        let owner = self.owner(cmd.get("owner"));
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
        Some(order.with_tif(tif).with_owner(owner).with_flags(flags))
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
