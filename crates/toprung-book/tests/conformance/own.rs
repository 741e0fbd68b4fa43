//! The project's own cases, which always run; and the runner itself, which has to notice what is wrong.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use toprung_book::Venue;

use crate::case::{Case, parse, read_file, read_folder};
use crate::report::Report;
use crate::run::{Outcome, outcome, run};
use crate::support::{CONFIG, EXPECT, OPS, TIFS, TYPES, missing};

fn own() -> Vec<Case> {
    read_file(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/own.jsonl"))
}

fn all_pass(report: &Report) {
    assert!(report.failures.is_empty(), "{}", report.failures.join("\n"));
    assert_eq!((report.total.passed, report.total.skipped), (own().len(), 0), "{report}");
}

#[test]
fn every_own_case_runs_and_passes_on_both_venues() {
    all_pass(&crate::report(&own(), Venue::new));
}

#[test]
fn own_cases_use_everything_the_runner_supports() {
    let cases = own();
    let steps = || cases.iter().flat_map(|case| &case.steps);
    let of = |field: &str| steps().map(|s| s.text(field)).collect::<BTreeSet<_>>();
    let config = cases.iter().flat_map(|case| case.config.keys().map(String::as_str)).collect();
    let expect = steps().flat_map(|s| s.expect.keys().map(String::as_str)).collect();
    let supported: [(&[&str], BTreeSet<&str>); 5] =
        [(&OPS, of("op")), (&TYPES, of("type")), (&TIFS, of("tif")), (&CONFIG, config), (&EXPECT, expect)];
    for (supported, used) in supported {
        let unused: Vec<_> = supported.iter().filter(|name| !used.contains(*name)).collect();
        assert!(unused.is_empty(), "no own case uses {unused:?}");
    }
}

/// A value that is wrong wherever `value` is right.
fn spoilt(key: &str, value: &Value) -> Value {
    match (key, value) {
        ("status", v) => json!(if v == "accepted" { "rejected" } else { "accepted" }),
        (_, Value::Bool(b)) => json!(!b),
        (_, Value::Number(n)) => json!(n.as_u64().map_or(1, |n| n + 1)),
        ("levels" | "visible", Value::Array(pair)) => json!([pair[0], pair[1].as_u64().map_or(1, |n| n + 1)]),
        ("allocations", _) => json!({"nobody": 1}),
        ("cancelled" | "fills", Value::Array(list)) => {
            json!([list.as_slice(), &[json!({"id": "nobody", "qty": 1})]].concat())
        }
        (_, Value::Array(list)) if list.is_empty() => json!([["nobody", 1, 1]]),
        (_, Value::Array(list)) => json!(list[1..]),
        (key, value) => panic!("do not know how to spoil `{key}`: {value}"),
    }
}

#[test]
fn an_expectation_that_is_spoilt_fails_its_case_at_its_step() {
    for case in own() {
        for (i, step) in case.steps.iter().enumerate() {
            for (key, value) in step.expect.iter().filter(|(key, _)| *key != "reason") {
                let killed = step.text("tif") == "fok" && step.expect["trades"] == json!([]);
                if key == "status" && killed {
                    continue;
                }
                let mut wrong = case.clone();
                wrong.steps[i].expect.insert(key.clone(), spoilt(key, value));
                let failure =
                    run(&wrong, Venue::new).expect_err(&format!("{} step {i}: `{key}` is not checked", case.id));
                assert_eq!((failure.step, &failure.key), (i, key), "{}: {failure}", case.id);
            }
        }
    }
}

/// A case of one order, `features` and `config`, and a field added to its command.
fn case_of(features: Value, config: Value, field: Option<(&str, Value)>) -> Case {
    let mut cmd = json!({"op": "new", "id": "a", "side": "buy", "type": "limit", "tif": "gtc", "price": 1, "qty": 1});
    if let Some((name, value)) = field {
        cmd[name] = value;
    }
    let steps = json!([{"cmd": cmd, "expect": {}}]);
    let line = json!({"id": "x", "suite": "x", "features": features, "config": config, "steps": steps});
    parse(&line.to_string()).expect("a case of one order")
}

#[test]
fn what_the_runner_does_not_know_is_skipped_under_its_name() {
    let limit = || json!(["limit"]);
    let cases = [
        (case_of(json!(["limit", "teleport"]), json!({}), None), "teleport"),
        (case_of(limit(), json!({"gravity": 9}), None), "config gravity=9"),
        (case_of(limit(), json!({"algo": "lifo"}), None), "config algo=\"lifo\""),
        (case_of(limit(), json!({}), Some(("colour", json!("red")))), "field new.colour"),
        (case_of(limit(), json!({}), Some(("type", json!("guaranteed_stop")))), "guaranteed_stop"),
        (case_of(limit(), json!({}), Some(("tif", json!("day")))), "tif day"),
        (case_of(limit(), json!({}), Some(("op", json!("cross")))), "op cross"),
    ];
    for (case, name) in cases {
        match outcome(&case, Venue::new) {
            Outcome::Skipped(missing) => assert_eq!(missing.into_iter().collect::<Vec<_>>(), [name]),
            other => panic!("{name}: {other:?}"),
        }
    }
    let mut case = case_of(limit(), json!({}), None);
    case.steps[0].expect.insert("mood".into(), json!("good"));
    assert_eq!(missing(&case), BTreeSet::from(["expect mood".to_owned()]));
}

#[test]
fn a_line_that_is_not_a_case_is_an_error_and_a_folder_that_is_not_there_is_none() {
    assert!(parse("{").is_err());
    assert!(parse(r#"{"id":"x","suite":"x","features":[]}"#).is_err());
    let stranger = r#"{"id":"x","suite":"x","features":[],"steps":[{"cmd":{},"expected":{}}]}"#;
    assert!(parse(stranger).is_err_and(|e| e.contains("expected")));
    assert!(read_folder(Path::new("/nowhere/at/all")).is_none());
}
