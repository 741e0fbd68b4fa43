//! The presets as data, and a policy shown at work on one level. Small calls, JSON in and out.

use napi_derive::napi;
use serde::{Deserialize, Serialize};
use toprung_book::preview::{Level, PreviewError, QTY_MAX, allocate};
use toprung_book::{Participant, Preset, PresetParams, Step};
use toprung_sim::PolicySettings;

use crate::error::{Code, Result, config_error, error, error_at, guarded, to_json};

/// Every preset with its usual parameters, as JSON: name, title, usedFor, steps.
#[napi(catch_unwind)]
pub fn policy_presets() -> Result<String> {
    guarded(|| {
        let views = Preset::ALL.iter().map(|preset| {
            let policy = preset.policy(PresetParams::default()).map_err(|e| error(Code::Invariant, e.to_string()))?;
            let Preset { name, title, used_for, .. } = *preset;
            Ok(PresetView { name, title, used_for, steps: policy.steps().to_vec() })
        });
        to_json(&views.collect::<Result<Vec<_>>>()?)
    })
}

/// What each order of a level gets of an aggressor under a policy. The request and the answer are JSON.
#[napi(catch_unwind)]
pub fn preview_allocation(request: String) -> Result<String> {
    guarded(|| {
        let request: Request = serde_json::from_str(&request)
            .map_err(|e| error(Code::Config, format!("expected a preview as JSON, got an error: {e}")))?;
        let policy = request.policy.policy("policy").map_err(|e| config_error(&e))?;
        let level = Level::parse(&request.book).map_err(|e| refused(&e))?;
        // The level's owners are 1 and up, in order: nobody among them.
        let owner = if request.group == 0 { 0 } else { u32::MAX };
        let who = Participant { owner, group: request.group, ..Participant::default() };
        let shown = allocate(&policy, &level, request.aggressor, who).map_err(|e| refused(&e))?;
        let orders = level.sizes.iter().zip(&level.participants).enumerate();
        to_json(&PreviewView {
            orders: orders
                .map(|(i, (&qty, participant))| OrderView { qty, top: level.has_top && i == 0, participant })
                .collect(),
            fills: shown.fills,
            by_step: (policy.steps().iter().copied().zip(shown.by_step))
                .map(|(step, fills)| StepView { step, fills })
                .collect(),
            prints: shown.prints.into_iter().map(|(order, qty)| PrintView { order, qty }).collect(),
            whole_level: shown.whole_level,
        })
    })
}

fn refused(e: &PreviewError) -> napi::Error<Code> {
    match e {
        PreviewError::Aggressor(qty) => {
            error_at(Code::OutOfRange, "aggressor", &format!("expected an integer in 1..={QTY_MAX}, got {qty}"))
        }
        other => error_at(Code::Config, "book", &other.to_string()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    book: String,
    aggressor: u64,
    #[serde(default)]
    group: u32,
    policy: PolicySettings,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PresetView {
    name: &'static str,
    title: &'static str,
    used_for: &'static str,
    steps: Vec<Step>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PreviewView<'a> {
    orders: Vec<OrderView<'a>>,
    fills: Vec<u64>,
    by_step: Vec<StepView>,
    prints: Vec<PrintView>,
    whole_level: bool,
}

#[derive(Serialize)]
struct OrderView<'a> {
    qty: u64,
    top: bool,
    participant: &'a Participant,
}

#[derive(Serialize)]
struct StepView {
    step: Step,
    fills: Vec<u64>,
}

#[derive(Serialize)]
struct PrintView {
    order: usize,
    qty: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_is_the_notices_own_example() {
        let request = r#"{"book":"10T,5,20,50,75","aggressor":60,"policy":{"kind":"preset","name":"cme.A"}}"#;
        let shown: serde_json::Value = serde_json::from_str(&preview_allocation(request.to_owned()).unwrap()).unwrap();
        assert_eq!(shown["fills"], serde_json::json!([10, 3, 6, 16, 25]));
        assert_eq!(shown["byStep"][0]["step"]["kind"], "top");
        assert_eq!(shown["orders"][0]["top"], true);
    }

    #[test]
    fn what_is_refused_has_its_place() {
        let refusal = |request: &str| preview_allocation(request.to_owned()).unwrap_err().reason;
        let fifo = r#""policy":{"kind":"fifo"}"#;
        assert!(refusal(&format!(r#"{{"book":"x","aggressor":1,{fifo}}}"#)).ends_with("at book"));
        assert!(refusal(&format!(r#"{{"book":"1","aggressor":0,{fifo}}}"#)).ends_with("at aggressor"));
        let unknown = r#"{"book":"1","aggressor":1,"policy":{"kind":"preset","name":"x"}}"#;
        assert!(refusal(unknown).ends_with("at policy.name"));
    }
}
