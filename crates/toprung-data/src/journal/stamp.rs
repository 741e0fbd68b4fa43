//! The configuration stamp: what a journal's book or venue was built with, as canonical JSON.
//!
//! A journal holds commands; what they did depends on the configuration. So every segment and snapshot carries all of it,
//! and a journal is never replayed under another. Canonical means: keys in alphabetical order, no white space, every
//! setting written out. Two configurations are the same if and only if their stamps are the same text.
//!
//! `expected_orders` is not part of it: it reserves memory and decides nothing.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use toprung_book::{
    AuctionAllocation, BookConfig, MarketRemainder, Participant, Participants, Phase, Policy, ReplacePriority,
    Scheduled, SelfTradeScope, Step, StopEntry, StopTrigger, VenueConfig,
};

use super::engine::{EngineConfig, Kind};
use super::error::JournalError;

/// Longest stamp that is read or written, in bytes: a bound for what a damaged length can ask for.
pub const STAMP_BYTES_MAX: usize = 1 << 20;

/// What a journal is of: an instrument, and the conventions of its book, or of its venue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigOf<C> {
    /// A name that tells the journals of two instruments apart; may be empty.
    pub instrument: String,
    /// The conventions.
    pub book: C,
}

/// What the journal of a book is of.
pub type JournalConfig = ConfigOf<BookConfig>;

/// What the journal of a venue is of.
pub type VenueJournalConfig = ConfigOf<VenueConfig>;

impl<C: EngineConfig> ConfigOf<C> {
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
        let conventions = self.book.to_stamp().map_err(|e| cannot(e.to_string()))?;
        // A map of values has its keys in alphabetical order.
        let stamp: Map<String, Value> =
            [(INSTRUMENT.to_owned(), Value::from(self.instrument.as_str())), (C::KIND.name().to_owned(), conventions)]
                .into_iter()
                .collect();
        let json = Value::from(stamp).to_string();
        if json.len() > STAMP_BYTES_MAX {
            return Err(cannot(format!("{} bytes of JSON, more than {STAMP_BYTES_MAX}", json.len())));
        }
        Ok(json)
    }

    /// The configuration of a stamp found in `file`. A key or a value that this build does not know is refused: what it
    /// stands for would be lost. So is the stamp of another kind.
    pub(crate) fn from_json(file: &Path, json: &[u8]) -> Result<ConfigOf<C>, JournalError> {
        let refuse = |expected: String, reason: &str| JournalError::Config {
            file: file.display().to_string(),
            expected,
            got: format!("{} ({reason})", String::from_utf8_lossy(json)),
        };
        let unknown = |reason: &str| refuse("a configuration that this build knows".to_owned(), reason);
        let mut stamp: Map<String, Value> = serde_json::from_slice(json).map_err(|e| unknown(&e.to_string()))?;
        let kind = kind_of(&stamp);
        if let Some(kind) = kind.filter(|kind| *kind != C::KIND) {
            let reason = format!("it is of a {}", kind.name());
            return Err(refuse(format!("the journal of a {}", C::KIND.name()), &reason));
        }
        let conventions = stamp.remove(C::KIND.name());
        let conventions = conventions.ok_or_else(|| unknown(&format!("no {}", C::KIND.name())))?;
        let Some(Value::String(instrument)) = stamp.remove(INSTRUMENT) else {
            return Err(unknown("no instrument that is text"));
        };
        if let Some(key) = stamp.keys().next() {
            return Err(unknown(&format!("unknown key {key}")));
        }
        let book = C::from_stamp(conventions).map_err(|e| unknown(&e))?;
        Ok(ConfigOf { instrument, book })
    }
}

/// Key of the instrument's name.
const INSTRUMENT: &str = "instrument";

/// What a stamp is of, if it says.
fn kind_of(stamp: &Map<String, Value>) -> Option<Kind> {
    [Kind::Book, Kind::Venue].into_iter().find(|kind| stamp.contains_key(kind.name()))
}

/// What a journal is of, whichever it is.
#[derive(Clone, Debug, PartialEq)]
pub enum AnyConfig {
    /// Of a book.
    Book(JournalConfig),
    /// Of a venue.
    Venue(VenueJournalConfig),
}

impl AnyConfig {
    /// The canonical JSON.
    pub fn to_json(&self) -> Result<String, JournalError> {
        match self {
            AnyConfig::Book(config) => config.to_json(),
            AnyConfig::Venue(config) => config.to_json(),
        }
    }

    /// What the journal is of.
    pub const fn kind(&self) -> Kind {
        match self {
            AnyConfig::Book(_) => Kind::Book,
            AnyConfig::Venue(_) => Kind::Venue,
        }
    }

    /// The configuration of a stamp found in `file`.
    pub(crate) fn from_json(file: &Path, json: &[u8]) -> Result<AnyConfig, JournalError> {
        let stamp = serde_json::from_slice(json).ok();
        match stamp.as_ref().and_then(kind_of) {
            Some(Kind::Venue) => ConfigOf::from_json(file, json).map(AnyConfig::Venue),
            _ => ConfigOf::from_json(file, json).map(AnyConfig::Book),
        }
    }
}

/// The JSON of a book's conventions. Fields in alphabetical order.
///
/// A setting that is added later gets a `#[serde(default)]` with the value that it had before it could be set, so that
/// older journals can still be read; journals are compared by what they are decoded to.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct BookStamp {
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

/// The JSON of a venue's conventions, as [`BookStamp`].
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct VenueStamp {
    auction_allocation: AuctionAllocation,
    band: Option<u64>,
    book: BookStamp,
    breaker: Option<u64>,
    count_fills: bool,
    interruption: u64,
    market_remainder: MarketRemainder,
    phase: Phase,
    reference: Option<i64>,
    schedule: Vec<Scheduled>,
    stop_entry: StopEntry,
    stop_trigger: StopTrigger,
}

pub(crate) fn book_stamp(config: &BookConfig) -> BookStamp {
    let BookConfig { policy, participants, self_trade_scope, replace_priority, max_orders, .. } = config;
    BookStamp {
        max_orders: *max_orders,
        participants: participants.iter().copied().collect(),
        policy: policy.steps().to_vec(),
        replace_priority: match replace_priority {
            ReplacePriority::KeepOnDecrease => ReplaceStamp::KeepOnDecrease,
            ReplacePriority::LoseAlways => ReplaceStamp::LoseAlways,
        },
        self_trade_scope: *self_trade_scope,
    }
}

pub(crate) fn book_of(stamp: BookStamp) -> Result<BookConfig, String> {
    Ok(BookConfig {
        policy: Policy::new(&stamp.policy).map_err(|e| e.to_string())?,
        participants: Participants::new(&stamp.participants).map_err(|e| e.to_string())?,
        self_trade_scope: stamp.self_trade_scope,
        replace_priority: match stamp.replace_priority {
            ReplaceStamp::KeepOnDecrease => ReplacePriority::KeepOnDecrease,
            ReplaceStamp::LoseAlways => ReplacePriority::LoseAlways,
        },
        max_orders: stamp.max_orders,
        expected_orders: 0,
    })
}

pub(crate) fn venue_stamp(config: &VenueConfig) -> VenueStamp {
    // By name, so that a setting that is added is not forgotten.
    let VenueConfig {
        ref book,
        phase,
        market_remainder,
        stop_trigger,
        stop_entry,
        auction_allocation,
        reference,
        band,
        breaker,
        interruption,
        count_fills,
        ref schedule,
    } = *config;
    let (book, schedule) = (book_stamp(book), schedule.clone());
    VenueStamp {
        auction_allocation,
        band,
        book,
        breaker,
        count_fills,
        interruption,
        market_remainder,
        phase,
        reference,
        schedule,
        stop_entry,
        stop_trigger,
    }
}

pub(crate) fn venue_of(stamp: VenueStamp) -> Result<VenueConfig, String> {
    Ok(VenueConfig {
        book: book_of(stamp.book)?,
        phase: stamp.phase,
        market_remainder: stamp.market_remainder,
        stop_trigger: stamp.stop_trigger,
        stop_entry: stamp.stop_entry,
        auction_allocation: stamp.auction_allocation,
        reference: stamp.reference,
        band: stamp.band,
        breaker: stamp.breaker,
        interruption: stamp.interruption,
        count_fills: stamp.count_fills,
        schedule: stamp.schedule,
    })
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
    fn every_venue_comes_back_from_its_stamp_and_is_no_book() {
        let config = VenueJournalConfig {
            instrument: "ZN".into(),
            book: VenueConfig {
                book: config(Policy::pro_rata(2), ReplacePriority::LoseAlways, 7).book,
                phase: Phase::PreOpen,
                market_remainder: MarketRemainder::RestAtWorst,
                stop_trigger: StopTrigger::BestOpposite,
                stop_entry: StopEntry::Reject,
                auction_allocation: AuctionAllocation::ProRata,
                reference: Some(i64::MIN),
                band: Some(u64::MAX),
                breaker: Some(0),
                interruption: 5,
                count_fills: true,
                schedule: vec![Scheduled { at: 3, phase: Phase::Closed }],
            },
        };
        for config in [config, VenueJournalConfig::default()] {
            let json = config.to_json().unwrap();
            let read = VenueJournalConfig::from_json(Path::new("x"), json.as_bytes()).unwrap();
            assert_eq!(read, config, "{json}");
            let any = AnyConfig::from_json(Path::new("x"), json.as_bytes()).unwrap();
            assert_eq!(any, AnyConfig::Venue(config));
            let e = JournalConfig::from_json(Path::new("x"), json.as_bytes()).unwrap_err();
            assert_eq!(e.code(), "ERR_TOPRUNG_JOURNAL_CONFIG");
            assert!(e.to_string().contains("expected the journal of a book, got"), "{e}");
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
