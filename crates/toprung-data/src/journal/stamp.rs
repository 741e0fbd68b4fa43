//! The configuration stamp: what a journal's book was built with, as canonical JSON.
//!
//! A journal holds commands; what they did depends on the configuration. So every segment and snapshot carries all of it,
//! and a journal is never replayed under another. Canonical means: keys in alphabetical order, no white space, every
//! setting written out. Two configurations are the same if and only if their stamps are the same text.
//!
//! `expected_orders` is not part of it: it reserves memory and decides nothing.

use std::path::Path;

use serde::{Deserialize, Serialize};
use toprung_book::{BookConfig, Policy, ReplacePriority, Step};

use super::error::JournalError;

/// Longest stamp that is read or written, in bytes: a bound for what a damaged length can ask for.
pub const STAMP_BYTES_MAX: usize = 1 << 20;

/// What a journal is of: an instrument, and the conventions of its book.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalConfig {
    /// A name that tells the journals of two instruments apart; may be empty.
    pub instrument: String,
    /// The book's conventions.
    pub book: BookConfig,
}

impl JournalConfig {
    /// The canonical JSON.
    ///
    /// ```
    /// use toprung_data::journal::JournalConfig;
    /// let config = JournalConfig { instrument: "ZN".into(), ..JournalConfig::default() };
    /// assert_eq!(
    ///     config.to_json().unwrap(),
    ///     r#"{"book":{"maxOrders":268435456,"policy":[{"step":"fifo"}],"replacePriority":"keep-on-decrease"},"instrument":"ZN"}"#
    /// );
    /// ```
    pub fn to_json(&self) -> Result<String, JournalError> {
        let cannot =
            |got: String| JournalError::Option { option: "config", expected: "a configuration with a stamp", got };
        let steps = self.book.policy.steps().iter();
        let policy = steps.map(|step| StepStamp::of(step).ok_or_else(|| cannot(format!("{step:?}"))));
        let replace_priority = match self.book.replace_priority {
            ReplacePriority::KeepOnDecrease => ReplaceStamp::KeepOnDecrease,
            ReplacePriority::LoseAlways => ReplaceStamp::LoseAlways,
        };
        let book =
            BookStamp { max_orders: self.book.max_orders, policy: policy.collect::<Result<_, _>>()?, replace_priority };
        let stamp = Stamp { book, instrument: self.instrument.clone() };
        let json = serde_json::to_string(&stamp).map_err(|e| cannot(e.to_string()))?;
        if json.len() > STAMP_BYTES_MAX {
            return Err(cannot(format!("{} bytes of JSON, more than {STAMP_BYTES_MAX}", json.len())));
        }
        Ok(json)
    }

    /// The configuration of a stamp found in `file`. A key or a value that this build does not know is refused: what it
    /// stands for would be lost.
    pub(crate) fn from_json(file: &Path, json: &[u8]) -> Result<JournalConfig, JournalError> {
        let refuse = |reason: String| JournalError::Config {
            file: file.display().to_string(),
            expected: "a configuration that this build knows".to_owned(),
            got: format!("{} ({reason})", String::from_utf8_lossy(json)),
        };
        let stamp: Stamp = serde_json::from_slice(json).map_err(|e| refuse(e.to_string()))?;
        let steps: Vec<Step> = stamp.book.policy.iter().map(StepStamp::step).collect();
        let book = BookConfig {
            policy: Policy::new(&steps).map_err(|e| refuse(e.to_string()))?,
            replace_priority: match stamp.book.replace_priority {
                ReplaceStamp::KeepOnDecrease => ReplacePriority::KeepOnDecrease,
                ReplaceStamp::LoseAlways => ReplacePriority::LoseAlways,
            },
            max_orders: stamp.book.max_orders,
            expected_orders: 0,
        };
        Ok(JournalConfig { instrument: stamp.instrument, book })
    }
}

/// The JSON of a [`JournalConfig`]. Fields in alphabetical order.
///
/// A setting that is added later gets a `#[serde(default)]` with the value that it had before it could be set, so that
/// older journals can still be read; journals are compared by what they are decoded to.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Stamp {
    book: BookStamp,
    instrument: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BookStamp {
    max_orders: u32,
    policy: Vec<StepStamp>,
    replace_priority: ReplaceStamp,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ReplaceStamp {
    KeepOnDecrease,
    LoseAlways,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
enum StepStamp {
    Fifo {},
    ProRata { min_lot: u64 },
}

impl StepStamp {
    /// `None` for a step that has no stamp yet: such a book cannot be journalled, rather than be journalled wrongly.
    fn of(step: &Step) -> Option<StepStamp> {
        Some(match *step {
            Step::Fifo => StepStamp::Fifo {},
            Step::ProRata { min_lot } => StepStamp::ProRata { min_lot },
            _ => return None,
        })
    }

    fn step(&self) -> Step {
        match *self {
            StepStamp::Fifo {} => Step::Fifo,
            StepStamp::ProRata { min_lot } => Step::ProRata { min_lot },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(policy: Policy, replace_priority: ReplacePriority, max_orders: u32) -> JournalConfig {
        let book = BookConfig { policy, replace_priority, max_orders, expected_orders: 0 };
        JournalConfig { instrument: "a \"b\" €".into(), book }
    }

    #[test]
    fn every_configuration_comes_back_from_its_stamp() {
        let configs = [
            config(Policy::fifo(), ReplacePriority::KeepOnDecrease, 1),
            config(Policy::pro_rata(2), ReplacePriority::LoseAlways, u32::MAX),
            config(Policy::pro_rata(u64::MAX), ReplacePriority::LoseAlways, 0),
        ];
        for config in configs {
            let json = config.to_json().unwrap();
            assert_eq!(JournalConfig::from_json(Path::new("x"), json.as_bytes()).unwrap(), config, "{json}");
        }
    }

    #[test]
    fn a_reservation_of_memory_is_not_part_of_the_stamp() {
        let mut other = JournalConfig::default();
        other.book.expected_orders = 5;
        assert_eq!(other.to_json().unwrap(), JournalConfig::default().to_json().unwrap());
    }

    #[test]
    fn what_this_build_does_not_know_is_refused() {
        let good = JournalConfig::default().to_json().unwrap();
        for (from, to) in [
            ("\"fifo\"", "\"lmm\""),
            ("{\"step\":\"fifo\"}", ""),
            ("\"fifo\"", "\"fifo\",\"percent\":3"),
            ("\"instrument\"", "\"participants\":[],\"instrument\""),
            ("keep-on-decrease", "keep"),
            ("268435456", "4294967296"),
        ] {
            let bad = good.replacen(from, to, 1);
            let e = JournalConfig::from_json(Path::new("x"), bad.as_bytes()).expect_err(&bad);
            assert_eq!(e.code(), "ERR_TOPRUNG_JOURNAL_CONFIG");
        }
    }
}
