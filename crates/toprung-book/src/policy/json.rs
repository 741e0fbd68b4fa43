//! Steps in JSON: what a step takes for a parameter that is not there. The values are the exchanges' usual ones, so that a
//! step is as short as its name; a cap that is absent is none.

use serde::{Deserialize, Deserializer};

/// serde takes a variant without fields for whatever has its kind; this refuses more, as for other variants.
pub(super) fn nothing_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    Nothing::deserialize(deserializer).map(|Nothing {}| ())
}

pub(super) fn one() -> u64 {
    1
}

/// Not every cap that Rust can write is a number of JavaScript's: this one is written as nothing.
pub(super) fn no_cap() -> u64 {
    u64::MAX
}

// serde passes a reference.
pub(super) fn is_no_cap(cap: &u64) -> bool {
    *cap == no_cap()
}

pub(super) fn hundred() -> u8 {
    100
}

pub(super) fn half() -> u8 {
    50
}

pub(super) fn nearest() -> super::Rounding {
    super::Rounding::Nearest
}

/// Nasdaq PHLX and ISE.
pub(super) fn primary_maker() -> [u8; 3] {
    [60, 40, 40]
}

pub(super) fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use crate::policy::{Preset, PresetParams, Step};

    fn read(json: &str) -> Step {
        serde_json::from_str(json).unwrap_or_else(|e| panic!("{json}: {e}"))
    }

    #[test]
    fn a_step_is_as_short_as_its_name() {
        assert_eq!(read(r#"{"kind":"top"}"#), Step::TOP);
        assert_eq!(read(r#"{"kind":"pro-rata","minLot":2}"#), Step::pro_rata(2));
        let split = Step::Split { fifo_percent: 40, rounding: super::nearest() };
        assert_eq!(read(r#"{"kind":"split","fifoPercent":40}"#), split);
        assert_eq!(read(r#"{"kind":"time-pro-rata","k":2}"#), Step::TimeProRata { k: 2, until_exhausted: false });
        assert_eq!(read(r#"{"kind":"group-fifo"}"#), Step::GroupFifo);
    }

    #[test]
    fn what_a_step_does_not_have_is_refused() {
        for bad in
            [r#"{"kind":"fifo","minLot":1}"#, r#"{"kind":"top","max":1}"#, r#"{"kind":"split"}"#, r#"{"kind":"x"}"#]
        {
            assert!(serde_json::from_str::<Step>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_preset_is_written_and_read_back_and_no_cap_is_written_as_nothing() {
        for preset in &Preset::ALL {
            let policy = preset.policy(PresetParams::default()).unwrap();
            let text = serde_json::to_string(policy.steps()).unwrap();
            assert!(!text.contains("maxQty"), "{text}");
            assert_eq!(serde_json::from_str::<Vec<Step>>(&text).unwrap(), policy.steps());
        }
    }
}
