//! What the book cannot do yet, by name: a case that needs any of it is skipped and says so.
//!
//! A case is judged by its `features`, by its `config` and by every field, command and expectation that its steps use.
//! Whatever is not known here is missing under its own name, so that nothing new passes unseen.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::case::{Case, Step};

/// Features that need nothing more than what the book does.
const FEATURES: [&str; 41] = [
    "limit",
    "market",
    "ioc",
    "fok",
    "post_only",
    "cancel",
    "reduce",
    "replace",
    "cancel_new",
    "owner_check",
    "duplicate_id",
    "invalid_input",
    "fifo",
    "pro_rata",
    "top",
    "no_top",
    "top_max",
    "lmm",
    "split",
    "leveling",
    "board_lot",
    "stp",
    "stop",
    "stop_limit",
    "trailing",
    "trailing_stop",
    "trailing_stop_limit",
    "trigger",
    "last_price",
    "oco",
    "market_to_limit",
    "market_protected",
    "fok_budget",
    "iceberg",
    "aon",
    "min_qty",
    "ifm",
    "replace_stop",
    "replace_new_id",
    "replace_side",
    "uncross",
];

/// Commands that the runner carries out.
pub(crate) const OPS: [&str; 7] = ["new", "cancel", "reduce", "replace", "cancel_new", "set_last_price", "uncross"];

/// Order types that the book takes.
pub(crate) const TYPES: [&str; 10] = [
    "limit",
    "market",
    "stop",
    "stop_limit",
    "oco",
    "market_to_limit",
    "market_protected",
    "fok_budget",
    "trailing_stop",
    "trailing_stop_limit",
];

/// Times in force that the book takes.
pub(crate) const TIFS: [&str; 3] = ["gtc", "ioc", "fok"];

/// Keys of `config` that mean something to the runner.
pub(crate) const CONFIG: [&str; 6] =
    ["algo", "replace_priority", "market_remainder", "stop_trigger", "price_convention", "pro_rata"];

/// Keys of `expect` that the runner checks, in this order; `reason` is for the reader only.
pub(crate) const EXPECT: [&str; 15] = [
    "status",
    "trades",
    "fills",
    "allocations",
    "cancelled",
    "triggered",
    "bids",
    "asks",
    "bidQueue",
    "askQueue",
    "stops",
    "visible",
    "levels",
    "ordersTotal",
    "removed",
];

/// Every feature that `case` needs and the book has not.
pub(crate) fn missing(case: &Case) -> BTreeSet<String> {
    let mut missing = BTreeSet::new();
    // A type that is wrong on purpose is listed as a feature too.
    let wrong_types: Vec<&str> = case.steps.iter().filter(|s| s.is_invalid("type")).map(|s| s.text("type")).collect();
    for feature in &case.features {
        let known = FEATURES.contains(&feature.as_str()) || is_least_share(feature);
        if !known && !wrong_types.contains(&feature.as_str()) {
            missing.insert(feature.clone());
        }
    }
    in_config(case, &mut missing);
    for step in &case.steps {
        in_command(step, &mut missing);
        in_expectations(step, &mut missing);
    }
    missing
}

/// `min1`, `min2`: the least share of a pro-rata step, which the configuration tells.
fn is_least_share(feature: &str) -> bool {
    feature.strip_prefix("min").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

fn in_config(case: &Case, missing: &mut BTreeSet<String>) {
    for (key, value) in &case.config {
        match (key.as_str(), value.as_str()) {
            ("algo", Some("fifo" | "pro_rata" | "size_pro_rata_board_lot"))
            | ("replace_priority", Some("keep_on_decrease" | "lose_always"))
            | ("market_remainder", Some("cancel" | "rest" | "rest_at_worst"))
            | ("stop_trigger", Some("last_trade" | "last_trade_after_entry" | "best_opposite_quote_or_last"))
            | ("price_convention", Some("taker_limit")) => {}
            ("pro_rata", _) => in_policy(value, missing),
            _ => _ = missing.insert(format!("config {key}={value}")),
        }
    }
}

fn in_policy(policy: &Value, missing: &mut BTreeSet<String>) {
    let steps: Vec<&str> = policy["steps"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for step in &steps {
        match *step {
            "pro_rata" | "fifo" | "top" | "lmm" | "split_fifo" | "leveling" => {}
            other => _ = missing.insert(other.into()),
        }
    }
    let known = ["steps", "min", "top_min", "top_max", "fifo_pct", "split_round", "lot", "round"];
    let stranger = policy.as_object().and_then(|p| p.keys().find(|k| !known.contains(&k.as_str())));
    if missing.is_empty()
        && let Some(key) = stranger
    {
        missing.insert(format!("config pro_rata.{key}"));
    }
}

/// Fields of a new order that the runner understands.
const NEW_FIELDS: [&str; 22] = [
    "op",
    "id",
    "side",
    "type",
    "tif",
    "price",
    "qty",
    "owner",
    "postOnly",
    "invalidField",
    "lmmPct",
    "stp",
    "displayQty",
    "stopPrice",
    "allOrNone",
    "minQty",
    "maxSlippage",
    "protectionPoints",
    "stopLimitPrice",
    "budget",
    "trailDistance",
    "trailStep",
];

/// Fields of a replace that the runner understands.
const REPLACE_FIELDS: [&str; 10] =
    ["op", "id", "owner", "price", "qty", "newId", "side", "stopPrice", "displayQty", "inFlightMitigation"];

fn in_command(step: &Step, missing: &mut BTreeSet<String>) {
    let op = step.text("op");
    let fields: &[&str] = match op {
        "new" => &NEW_FIELDS,
        "cancel" => &["op", "id", "owner"],
        "reduce" => &["op", "id", "owner", "by"],
        "replace" => &REPLACE_FIELDS,
        "cancel_new" => &["op", "id", "owner", "new"],
        "set_last_price" => &["op", "price"],
        "uncross" => &["op"],
        other => {
            missing.insert(format!("op {other}"));
            return;
        }
    };
    let unused = |value: &Value| value.is_null() || value == false;
    for (field, value) in &step.cmd {
        if !fields.contains(&field.as_str()) && !unused(value) {
            missing.insert(format!("field {op}.{field}"));
        }
    }
    if op == "cancel_new" {
        in_command(&new_of(step), missing);
    }
    if op == "new" {
        let (kind, tif) = (step.text("type"), step.text("tif"));
        if !TYPES.contains(&kind) && !step.is_invalid("type") {
            missing.insert(kind.into());
        }
        if !TIFS.contains(&tif) && !step.is_invalid("tif") {
            missing.insert(format!("tif {tif}"));
        }
    }
}

/// The order that a `cancel_new` enters, as a step of its own.
pub(crate) fn new_of(step: &Step) -> Step {
    let mut cmd = step.cmd.get("new").and_then(Value::as_object).cloned().unwrap_or_default();
    cmd.insert("op".into(), "new".into());
    Step { cmd, expect: serde_json::Map::new() }
}

fn in_expectations(step: &Step, missing: &mut BTreeSet<String>) {
    for key in step.expect.keys() {
        if !EXPECT.contains(&key.as_str()) && key != "reason" {
            missing.insert(format!("expect {key}"));
        }
    }
}
