//! The configuration stamp: what a journal's book was built with, as canonical JSON.
//!
//! A journal holds commands; what they did depends on the configuration. So every segment and snapshot carries all of it,
//! and a journal is never replayed under another. Canonical means: keys in alphabetical order, no white space, every
//! setting written out. Two configurations are the same if and only if their stamps are the same text.
//!
//! `expected_orders` is not part of it: it reserves memory and decides nothing.

use std::path::Path;

use serde::{Deserialize, Serialize};
use toprung_book::{BookConfig, Participant, Participants, Policy, ReplacePriority, SelfTradeScope, Step};

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
    ///     concat!(
    ///         r#"{"book":{"maxOrders":268435456,"participants":[],"policy":[{"kind":"fifo"}],"#,
    ///         r#""replacePriority":"keep-on-decrease","selfTradeScope":"owner"},"instrument":"ZN"}"#
    ///     )
    /// );
    /// ```
    pub fn to_json(&self) -> Result<String, JournalError> {
        let cannot =
            |got: String| JournalError::Option { option: "config", expected: "a configuration with a stamp", got };
        let BookConfig { policy, participants, self_trade_scope, replace_priority, max_orders, .. } = &self.book;
        let book = BookStamp {
            max_orders: *max_orders,
            participants: participants.iter().copied().collect(),
            policy: policy.steps().to_vec(),
            replace_priority: match replace_priority {
                ReplacePriority::KeepOnDecrease => ReplaceStamp::KeepOnDecrease,
                ReplacePriority::LoseAlways => ReplaceStamp::LoseAlways,
            },
            self_trade_scope: *self_trade_scope,
        };
        let stamp = Stamp { book, instrument: self.instrument.clone() };
        // By way of a value, whose keys are in alphabetical order.
        let value = serde_json::to_value(&stamp).map_err(|e| cannot(e.to_string()))?;
        let json = value.to_string();
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
        let book = BookConfig {
            policy: Policy::new(&stamp.book.policy).map_err(|e| refuse(e.to_string()))?,
            participants: Participants::new(&stamp.book.participants).map_err(|e| refuse(e.to_string()))?,
            self_trade_scope: stamp.book.self_trade_scope,
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
    participants: Vec<Participant>,
    policy: Vec<Step>,
    replace_priority: ReplaceStamp,
    self_trade_scope: SelfTradeScope,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ReplaceStamp {
    KeepOnDecrease,
    LoseAlways,
}

#[cfg(test)]
mod tests {
    use toprung_book::{Preset, PresetParams};

    use super::*;

    fn config(policy: Policy, replace_priority: ReplacePriority, max_orders: u32) -> JournalConfig {
        let maker = Participant { owner: 7, lmm_percent: 40, group: 3, ..Participant::default() };
        let participants = Participants::new(&[maker]).unwrap();
        let self_trade_scope = SelfTradeScope::Group;
        let book =
            BookConfig { policy, participants, self_trade_scope, replace_priority, max_orders, expected_orders: 0 };
        JournalConfig { instrument: "a \"b\" €".into(), book }
    }

    #[test]
    fn every_configuration_comes_back_from_its_stamp() {
        let configs = [
            config(Policy::fifo(), ReplacePriority::KeepOnDecrease, 1),
            config(Policy::pro_rata(2), ReplacePriority::LoseAlways, u32::MAX),
            config(Policy::pro_rata(u64::MAX), ReplacePriority::LoseAlways, 0),
        ];
        let presets = Preset::ALL.iter().map(|preset| preset.policy(PresetParams::default()).unwrap());
        let presets = presets.map(|policy| config(policy, ReplacePriority::KeepOnDecrease, 9));
        for config in configs.into_iter().chain(presets) {
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
            ("\"fifo\"", "\"lifo\""),
            ("{\"kind\":\"fifo\"}", ""),
            ("\"fifo\"", "\"fifo\",\"percent\":3"),
            ("\"instrument\"", "\"session\":[],\"instrument\""),
            ("keep-on-decrease", "keep"),
            ("268435456", "4294967296"),
        ] {
            let bad = good.replacen(from, to, 1);
            let e = JournalConfig::from_json(Path::new("x"), bad.as_bytes()).expect_err(&bad);
            assert_eq!(e.code(), "ERR_TOPRUNG_JOURNAL_CONFIG");
        }
    }
}
