//! What is no configuration is refused before anything runs, with the parameter's path and the rule: for every number of
//! every flow model, and every parameter and venue of every kind of agent.

use serde_json::{Value, json};
use toprung_sim::agents::kinds;
use toprung_sim::{FlowConfig, MarketConfig};

/// Why a market is refused: the path, or that JSON cannot even say it.
fn refusal(market: Value) -> Result<(), String> {
    let config: MarketConfig = serde_json::from_value(market).map_err(|e| format!("JSON: {e}"))?;
    config.validate().map_err(|e| {
        assert!(!e.rule.is_empty() && !e.got.is_empty(), "{e}");
        e.path
    })
}

fn with_flow(flow: &Value) -> Value {
    json!({ "venues": [{ "flow": flow }] })
}

/// Every number in a document, by its path.
fn numbers(value: &Value, path: &str, found: &mut Vec<(String, String)>) {
    let dotted = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, v)| numbers(v, &dotted(key), found)),
        Value::Array(list) => list.iter().enumerate().for_each(|(k, v)| numbers(v, &format!("{path}[{k}]"), found)),
        Value::Number(_) => {
            let pointer = format!("/{}", path.replace(['.', '['], "/").replace(']', ""));
            found.push((path.to_owned(), pointer));
        }
        _ => {}
    }
}

/// A list is refused as a whole where its rule is about all of it.
fn names(refused: &str, path: &str) -> bool {
    let list = path.rsplit_once('[').map_or(path, |(list, _)| list);
    let matrix = list.rsplit_once('[').map_or(list, |(matrix, _)| matrix);
    [path, list, matrix].into_iter().any(|p| refused == format!("venues[0].flow.{p}"))
}

#[test]
fn every_number_of_every_flow_model_has_a_range() {
    let mut tried = 0;
    for flow in FlowConfig::defaults() {
        let flow = serde_json::to_value(flow).unwrap();
        assert_eq!(refusal(with_flow(&flow)), Ok(()), "{flow}");
        let mut found = Vec::new();
        numbers(&flow, "", &mut found);
        assert!(found.len() >= 5, "{flow}");
        for (path, pointer) in found {
            for bad in [json!(-1e18), json!(1e300), json!(-9_000_000_000_000_000_i64), json!(9_000_000_000_000_000_i64)]
            {
                let mut changed = flow.clone();
                *changed.pointer_mut(&pointer).unwrap() = bad.clone();
                let refused = refusal(with_flow(&changed)).expect_err(&path);
                assert!(
                    names(&refused, &path) || refused.starts_with("JSON: "),
                    "{} {path} = {bad}: {refused}",
                    flow["model"]
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 1000, "{tried}");
}

#[test]
fn what_several_numbers_break_together_is_refused_where_it_is_said() {
    let six =
        |g: f64| -> Vec<Vec<f64>> { (0..6).map(|i| (0..6).map(|j| if i == j { g } else { 0.0 }).collect()).collect() };
    let queue = |limit: f64| json!({ "limit": [limit], "cancel": [0.0, 3.0], "market": [0.0, 1.0] });
    let delays = |ns: &[u64]| json!({ "model": "imbalance-spread", "delayQuantilesNs": ns });
    let table = [
        // ρ(G) = 1 and above: explosive.
        (json!({ "model": "hawkes", "sameSide": six(0.5), "crossSide": six(0.5) }), "sameSide", "spectral radius"),
        (json!({ "model": "hawkes", "sameSide": six(2.0), "crossSide": six(0.0) }), "sameSide", "spectral radius"),
        (
            json!({ "model": "realistic-day", "excitation": { "sameSide": six(0.6), "crossSide": six(0.6) } }),
            "excitation.sameSide",
            "spectral radius",
        ),
        (json!({ "model": "hawkes", "sameSide": [[0.1]] }), "sameSide", "6"),
        (json!({ "model": "hawkes", "baseRates": [1.0, 1.0, 1.0, 1.0, 1.0, -1.0] }), "baseRates[5]", "from 1e-9"),
        (json!({ "model": "hawkes", "kernel": [{ "decayRate": 1.0, "weight": 0.5 }] }), "kernel", "add up to 1"),
        (json!({ "model": "hawkes", "kernel": [] }), "kernel", "1 to 16"),
        (
            json!({ "model": "santa-fe", "splitting": { "lengthExponent": -0.5 } }),
            "splitting.lengthExponent",
            "0.1 to 10",
        ),
        (json!({ "model": "santa-fe", "splitting": { "metaorders": 0 } }), "splitting.metaorders", "1 to 10000"),
        (json!({ "model": "santa-fe", "limitRate": 0.0, "marketRate": 0.0 }), "limitRate", "such that"),
        (json!({ "model": "cst", "limitRates": [] }), "limitRates", "1 to 1000"),
        (json!({ "model": "cst", "cancelRates": [0.5, -0.1] }), "cancelRates[1]", "from 1e-9"),
        (json!({ "model": "queue-reactive", "levels": [] }), "levels", "1 to 16"),
        (json!({ "model": "queue-reactive", "levels": [queue(5.0)] }), "levels[0].limit", "for ever"),
        (json!({ "model": "queue-reactive", "behindEmpty": queue(5.0) }), "behindEmpty.limit", "for ever"),
        (json!({ "model": "queue-reactive", "oppositeClasses": [3] }), "oppositeClasses", "one fewer"),
        (
            json!({ "model": "queue-reactive", "byOpposite": [queue(1.0), queue(1.0), queue(1.0)], "oppositeClasses": [3, 3] }),
            "oppositeClasses",
            "ascending",
        ),
        (json!({ "model": "imbalance-spread", "create": [0.5] }), "create", "at least 1"),
        (delays(&[5]), "delayQuantilesNs", "ascending"),
        (delays(&[5, 4]), "delayQuantilesNs", "ascending"),
        (delays(&[0, 0]), "delayQuantilesNs", "above 0"),
        (
            json!({ "model": "mike-farmer", "orderRate": 1e8, "cancelStrength": 100.0 }),
            "orderRate",
            "at most 1000000000",
        ),
        (json!({ "model": "mike-farmer", "splitting": { "lengthMax": 0 } }), "splitting.lengthMax", "1 to 1000000"),
        (json!({ "model": "correlated", "correlation": 1.0001 }), "correlation", "0 to 1"),
        (
            json!({ "model": "realistic-day", "sizes": { "roundShare": 0.8, "multipleShare": 0.3 } }),
            "sizes.multipleShare",
            "together with roundShare",
        ),
        (json!({ "model": "realistic-day", "memory": { "kernel": [] } }), "memory.kernel", "1 to 16"),
    ];
    let mut models: Vec<String> = table.iter().map(|(flow, ..)| flow["model"].as_str().unwrap().to_owned()).collect();
    for (flow, path, rule) in table {
        let config: MarketConfig = serde_json::from_value(with_flow(&flow)).unwrap();
        let e = config.validate().expect_err(path);
        assert_eq!(e.path, format!("venues[0].flow.{path}"), "{flow}: {e}");
        assert!(e.rule.contains(rule), "{flow}: {e}");
    }
    models.dedup();
    let all: std::collections::BTreeSet<_> = FlowConfig::defaults()
        .iter()
        .map(|f| serde_json::to_value(f).unwrap()["model"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(models.into_iter().collect::<std::collections::BTreeSet<_>>(), all, "every model is in the table");
}

#[test]
fn every_parameter_and_venue_of_every_kind_of_agent_is_checked() {
    let mut tried = 0;
    for spec in kinds() {
        let venues = spec.venues.0;
        let market = |venues: usize, change: Value| {
            let mut agent = json!({ "name": "a", "kind": spec.kind, "venues": (0..venues).collect::<Vec<_>>() });
            agent.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            json!({ "venues": vec![json!({}); venues.max(1)], "agents": [agent] })
        };
        let refused =
            |change: Value| refusal(market(venues, change.clone())).expect_err(&format!("{} {change}", spec.kind));
        assert_eq!(refusal(market(venues, json!({}))), Ok(()), "{}", spec.kind);
        assert_eq!(refused(json!({ "venues": [] })), "agents[0].venues");
        assert_eq!(refusal(market(spec.venues.1 + 1, json!({}))), Err("agents[0].venues".to_owned()));
        let beyond: Vec<usize> = (1..=venues).collect();
        assert_eq!(refused(json!({ "venues": beyond })), format!("agents[0].venues[{}]", venues - 1));
        if venues > 1 {
            assert_eq!(refused(json!({ "venues": vec![0; venues] })), "agents[0].venues[1]");
        }
        assert_eq!(refused(json!({ "params": { "nothing": 1.0 } })), "agents[0].params.nothing");
        for p in spec.params {
            let range = p.max - p.min;
            let mut bad = vec![p.min - range.max(1.0), p.max + range.max(1.0), f64::MAX, f64::MIN];
            bad.extend(p.integer.then_some(p.min + 0.5));
            bad.extend((p.name == "side").then_some(0.0));
            for value in bad {
                let path = format!("agents[0].params.{}", p.name);
                assert_eq!(refused(json!({ "params": { p.name: value } })), path, "{} = {value}", spec.kind);
                tried += 1;
            }
        }
    }
    assert!(tried > 400, "{tried}");
    let surplus = json!({ "agents": [{ "name": "a", "kind": "zi", "params": { "surplusMin": 60.0 } }] });
    assert_eq!(refusal(surplus), Err("agents[0].params.surplusMin".to_owned()));
}

#[test]
fn flow_parameters_change_only_where_the_model_can() {
    let market =
        |from: Value, to: Value| json!({ "venues": [{ "flow": from, "retunes": [{ "atNs": 5, "flow": to }] }] });
    let model = |name: &str| json!({ "model": name });
    for name in ["santa-fe", "cst"] {
        assert_eq!(refusal(market(model(name), model(name))), Ok(()));
    }
    let splitting = json!({ "model": "santa-fe", "splitting": {} });
    for (from, to) in [
        (model("hawkes"), model("hawkes")),
        (model("santa-fe"), model("cst")),
        (model("santa-fe"), splitting),
        (Value::Null, model("santa-fe")),
    ] {
        assert_eq!(refusal(market(from, to)), Err("venues[0].retunes[0].flow".to_owned()));
    }
}
