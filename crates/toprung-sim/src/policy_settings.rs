//! A matching policy as people write it, and the one way from there to the book's [`Policy`]: for simulations, for a single
//! book and for the preview alike.

use serde::{Deserialize, Serialize};
use toprung_book::{Participant, Participants, Policy, PolicyError, Preset, PresetParams, Rounding, Step};

use crate::config::{check, integer};
use crate::error::ConfigError;

/// Most lots of a least share or of a board lot.
const LOT_MAX: u64 = 1 << 32;

/// Most lots of a bound on sizes: what a double holds exactly.
const QTY_MAX: u64 = (1 << 53) - 1;

/// Most steps of a policy; no exchange has more than seven.
const STEPS_MAX: usize = 64;

/// Most participants that a book is told of.
const PARTICIPANTS_MAX: usize = 1 << 16;

/// A matching policy. In JSON `{"kind": "fifo"}`, `{"kind": "pro-rata", "minLot": 1}`, `{"kind": "preset", "name": "cme.K",
/// "fifoPercent": 20}` or `{"kind": "steps", "steps": [{"kind": "top"}, {"kind": "fifo"}]}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum PolicySettings {
    /// Price-time priority.
    // With braces, so that serde refuses unknown fields here too.
    Fifo {},
    /// Pro-rata, the rest in time order.
    ProRata {
        /// Least share that is allocated, in lots, 0 to 2³².
        #[serde(default = "one")]
        min_lot: u64,
    },
    /// An exchange's algorithm.
    Preset(PresetSettings),
    /// Any steps.
    Steps {
        /// In order, 1 to 64; the last is `fifo` and no other is.
        steps: Vec<Step>,
    },
}

/// An exchange's algorithm by name, and what the exchange sets per product. A parameter that the preset has no step for
/// changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PresetSettings {
    /// One of [`Preset::ALL`].
    pub name: String,
    /// Least size of a TOP order, in lots, 0 to 2⁵³ − 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_min_qty: Option<u64>,
    /// Most lots that a TOP order gets per match, 0 to 2⁵³ − 1; without it there is no cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_max_qty: Option<u64>,
    /// Least pro-rata share, in lots, 0 to 2³²; without it the preset's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_lot: Option<u64>,
    /// FIFO part of `cme.K` in percent, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fifo_percent: Option<u8>,
    /// Rounding of that part: `floor` or `nearest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_rounding: Option<Rounding>,
}

fn one() -> u64 {
    1
}

impl PolicySettings {
    /// The policy as the book takes it; `at` is where the settings stand, such as `book.policy`.
    ///
    /// # Errors
    /// The first parameter that breaks a rule, by path.
    pub fn policy(&self, at: &str) -> Result<Policy, ConfigError> {
        match self {
            PolicySettings::Fifo {} => Ok(Policy::fifo()),
            PolicySettings::ProRata { min_lot } => {
                integer(&format!("{at}.minLot"), *min_lot, 0, LOT_MAX)?;
                Ok(Policy::pro_rata(*min_lot))
            }
            PolicySettings::Preset(preset) => preset.policy(at),
            PolicySettings::Steps { steps } => of_steps(steps, at),
        }
    }
}

impl PresetSettings {
    fn policy(&self, at: &str) -> Result<Policy, ConfigError> {
        let path = |field: &str| format!("{at}.{field}");
        let Some(preset) = Preset::find(&self.name) else {
            let names: Vec<&str> = Preset::ALL.iter().map(|p| p.name).collect();
            return Err(ConfigError {
                path: path("name"),
                rule: format!("one of {}", names.join(", ")),
                got: format!("{:?}", self.name),
            });
        };
        let usual = PresetParams::default();
        let within = |field: &str, value: Option<u64>, max: u64| match value {
            Some(v) => integer(&path(field), v, 0, max),
            None => Ok(()),
        };
        within("topMinQty", self.top_min_qty, QTY_MAX)?;
        within("topMaxQty", self.top_max_qty, QTY_MAX)?;
        within("minLot", self.min_lot, LOT_MAX)?;
        within("fifoPercent", self.fifo_percent.map(u64::from), 100)?;
        let split_rounding = self.split_rounding.unwrap_or(usual.split_rounding);
        let known = matches!(split_rounding, Rounding::Floor | Rounding::Nearest);
        check(&path("splitRounding"), known, "`floor` or `nearest`", format!("{split_rounding:?}"))?;
        let params = PresetParams {
            top_min_qty: self.top_min_qty.unwrap_or(usual.top_min_qty),
            top_max_qty: self.top_max_qty.unwrap_or(usual.top_max_qty),
            min_lot: self.min_lot,
            fifo_percent: self.fifo_percent.unwrap_or(usual.fifo_percent),
            split_rounding,
        };
        preset.policy(params).map_err(|e| broken(e, at, "the preset's parameters"))
    }
}

fn of_steps(steps: &[Step], at: &str) -> Result<Policy, ConfigError> {
    check(
        &format!("{at}.steps"),
        (1..=STEPS_MAX).contains(&steps.len()),
        format!("a list of 1 to {STEPS_MAX} steps"),
        steps.len(),
    )?;
    for (i, &step) in steps.iter().enumerate() {
        let within = |field: &str, v: u64, from, to| integer(&format!("{at}.steps[{i}].{field}"), v, from, to);
        match step {
            Step::ProRata { min_lot, board_lot, .. } => {
                within("minLot", min_lot, 0, LOT_MAX)?;
                within("boardLot", board_lot, 1, LOT_MAX)?;
            }
            Step::Top { min_qty, max_qty, .. } => {
                within("minQty", min_qty, 0, QTY_MAX)?;
                if max_qty != u64::MAX {
                    within("maxQty", max_qty, 0, QTY_MAX)?;
                }
            }
            Step::Lmm { min_lot } => within("minLot", min_lot, 0, LOT_MAX)?,
            _ => {}
        }
    }
    Policy::new(steps).map_err(|e| {
        let got = |i: usize| steps.get(i).map_or_else(String::new, |step| format!("{step:?}"));
        match e {
            PolicyError::InvalidStep { index, .. } | PolicyError::UnreachableStep { index } => {
                broken(e, at, &got(index))
            }
            _ => broken(e, at, &got(steps.len() - 1)),
        }
    })
}

/// The place and the rule of what the book refuses.
fn broken(e: PolicyError, at: &str, got: &str) -> ConfigError {
    let (path, rule) = match e {
        PolicyError::InvalidStep { index, parameter, rule } => {
            (format!("{at}.steps[{index}].{parameter}"), rule.to_owned())
        }
        PolicyError::UnreachableStep { index } => {
            (format!("{at}.steps[{index}]"), "left out: it follows `fifo` and can never be reached".to_owned())
        }
        PolicyError::LastStepLeavesQuantity => {
            (format!("{at}.steps"), "a list that ends in `fifo`, which alone takes everything".to_owned())
        }
        other => (at.to_owned(), format!("a policy ({other})")),
    };
    ConfigError { path, rule, got: got.to_owned() }
}

/// The participants as the book takes them; `at` is where the list stands, such as `book.participants`.
///
/// # Errors
/// The first parameter that breaks a rule, by path.
pub(crate) fn participants(list: &[Participant], at: &str) -> Result<Participants, ConfigError> {
    check(
        at,
        list.len() <= PARTICIPANTS_MAX,
        format!("a list of at most {PARTICIPANTS_MAX} participants"),
        list.len(),
    )?;
    for (i, p) in list.iter().enumerate() {
        integer(&format!("{at}[{i}].owner"), p.owner, 1, u32::MAX.into())?;
        integer(&format!("{at}[{i}].lmmPercent"), p.lmm_percent, 0, 100)?;
    }
    Participants::new(list).map_err(|e| ConfigError {
        path: at.to_owned(),
        rule: "a list of participants".to_owned(),
        got: e.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Policy, ConfigError> {
        let settings: PolicySettings = serde_json::from_str(json).unwrap_or_else(|e| panic!("{json}: {e}"));
        settings.policy("policy")
    }

    fn refusal(json: &str) -> String {
        read(json).expect_err(json).to_string()
    }

    #[test]
    fn presets_and_steps_say_the_same() {
        let pairs = [
            (r#"{"kind":"fifo"}"#, r#"{"kind":"preset","name":"cme.F"}"#),
            (r#"{"kind":"pro-rata"}"#, r#"{"kind":"preset","name":"eurex.pr"}"#),
            (
                r#"{"kind":"steps","steps":[{"kind":"top","minQty":3,"maxQty":9},{"kind":"pro-rata"},{"kind":"fifo"}]}"#,
                r#"{"kind":"preset","name":"cme.O","topMinQty":3,"topMaxQty":9}"#,
            ),
            (
                r#"{"kind":"steps","steps":[{"kind":"top"},{"kind":"lmm"},{"kind":"split","fifoPercent":20,
                    "rounding":"floor"},{"kind":"pro-rata","minLot":2},{"kind":"leveling"},{"kind":"fifo"}]}"#,
                r#"{"kind":"preset","name":"cme.K","fifoPercent":20,"minLot":2,"splitRounding":"floor"}"#,
            ),
        ];
        for (one, other) in pairs {
            assert_eq!(read(one), read(other), "{one}");
        }
    }

    #[test]
    fn what_breaks_a_rule_is_named_by_its_path() {
        let steps = |list: &str| refusal(&format!(r#"{{"kind":"steps","steps":[{list}]}}"#));
        assert!(steps("").starts_with("`policy.steps` must be a list of 1 to 64 steps, got 0"));
        assert!(
            steps(r#"{"kind":"top","percent":0},{"kind":"fifo"}"#).starts_with("`policy.steps[0].percent` must be 1")
        );
        assert!(steps(r#"{"kind":"pro-rata"}"#).starts_with("`policy.steps` must be a list that ends in `fifo`"));
        assert!(steps(r#"{"kind":"fifo"},{"kind":"fifo"}"#).starts_with("`policy.steps[1]` must be left out"));
        assert!(
            steps(r#"{"kind":"top","maxQty":9007199254740992}"#).starts_with("`policy.steps[0].maxQty` must be an")
        );
        assert!(
            refusal(r#"{"kind":"preset","name":"cme.Z"}"#).starts_with("`policy.name` must be one of fifo, pro-rata")
        );
        let k = r#"{"kind":"preset","name":"cme.K","fifoPercent":101}"#;
        assert!(refusal(k).starts_with("`policy.fifoPercent` must be an integer from 0 to 100"));
        let rounding = r#"{"kind":"preset","name":"cme.K","splitRounding":"largest-remainder"}"#;
        assert!(refusal(rounding).starts_with("`policy.splitRounding` must be"));
    }

    #[test]
    fn participants_that_do_not_fit_are_named_by_their_path() {
        let maker = |owner, lmm_percent| Participant { owner, lmm_percent, ..Participant::default() };
        let path = |list: &[Participant]| participants(list, "participants").expect_err("refused").path;
        assert_eq!(path(&[maker(1, 5), maker(0, 5)]), "participants[1].owner");
        assert_eq!(path(&[maker(1, 101)]), "participants[0].lmmPercent");
        assert!(participants(&[maker(1, 60), maker(2, 60)], "participants").is_ok());
    }

    #[test]
    fn json_names_only_what_differs_from_the_usual() {
        let preset = PolicySettings::Preset(PresetSettings { name: "cme.A".to_owned(), ..PresetSettings::default() });
        assert_eq!(serde_json::to_string(&preset).unwrap(), r#"{"kind":"preset","name":"cme.A"}"#);
        for bad in [r#"{"kind":"preset","name":"cme.A","x":1}"#, r#"{"kind":"fifo","x":1}"#, r#"{"kind":"steps"}"#] {
            assert!(serde_json::from_str::<PolicySettings>(bad).is_err(), "{bad}");
        }
    }
}
