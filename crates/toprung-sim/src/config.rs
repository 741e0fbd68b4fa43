//! What a run is asked to be: [`SimConfig`], plain data that can be written as JSON.
//!
//! Together with nothing but its `seed` it determines every event. Names in JSON are camelCase; unknown names are
//! refused, missing ones take the value of [`SimConfig::default`]. Checks are in [`SimConfig::validate`], which names
//! the path of the first parameter that breaks a rule.

use serde::{Deserialize, Serialize};
use toprung_book::{BookConfig, Participant, ReplacePriority, SelfTradeScope};

use crate::error::{ConfigError, SimError};
use crate::flow::{AnyFlow, Background, FlowConfig, SeasonConfig};
use crate::policy_settings::{PolicySettings, participants};
use crate::random::StreamKey;

/// A simulation of independent books under one order-flow model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SimConfig {
    /// Master seed, any `u64`.
    pub seed: u64,
    /// Names the family of random streams: with `seed` it keys every draw. Two runs that are to be compared on common
    /// random numbers carry the same name. At most 128 bytes.
    pub streams: String,
    /// Number of books, 1 to 262,144. A book's events depend on its index, never on how many others there are.
    pub books: u32,
    /// When a book's run ends.
    pub horizon: Horizon,
    /// Commands that fill each book before the measured part starts, 0 to 2⁴⁰. They are in the digest and not in the
    /// metrics, and simulated time starts behind them.
    pub warmup_events: u64,
    /// Worker threads, 0 (one per core) to 1,024. Changes nothing but the time it takes.
    pub threads: u32,
    /// The books' conventions.
    pub book: BookSettings,
    /// The order flow.
    pub flow: FlowConfig,
    /// The day's shape: the flow's clock runs fast at the open and the close.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub season: Option<SeasonConfig>,
    /// What to keep for charts.
    pub samples: SampleSettings,
    /// Measure one command in 2^k with the clock, k from 0 (every command) to 30; `None` measures nothing.
    pub latency_sampling: Option<u8>,
    /// Refuse to start a run that is expected to need more, in MiB, 1 to 2²⁴.
    pub max_memory_mib: u32,
}

impl Default for SimConfig {
    /// One FIFO book, a million events of the default flow.
    fn default() -> SimConfig {
        SimConfig {
            seed: 1,
            streams: "zi".to_owned(),
            books: 1,
            horizon: Horizon::Events(1_000_000),
            warmup_events: 20_000,
            threads: 0,
            book: BookSettings::default(),
            flow: FlowConfig::default(),
            season: None,
            samples: SampleSettings::default(),
            latency_sampling: None,
            max_memory_mib: 4096,
        }
    }
}

/// When a book's run ends. In JSON `{"events": n}` or `{"durationNs": n}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Horizon {
    /// After this many commands per book behind the warm-up, 1 to 2⁴⁰.
    Events(u64),
    /// After this much simulated time in nanoseconds, 1 to 2⁵³ − 1.
    DurationNs(u64),
}

/// The conventions and limits of every book of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BookSettings {
    /// How an aggressor's quantity is shared among the orders of a level.
    pub policy: PolicySettings,
    /// What the policy knows of the owners of orders, at most 65,536.
    pub participants: Vec<Participant>,
    /// Whose orders are one's own, for self-trade prevention.
    pub self_trade_scope: SelfTradeScope,
    /// What a replace does to an order's place in the queue.
    pub replace_priority: ReplacePrioritySetting,
    /// Most orders that may rest at a time, 1 to 2²⁶; a further one is rejected by the book.
    pub max_orders: u32,
}

impl Default for BookSettings {
    fn default() -> BookSettings {
        BookSettings {
            policy: PolicySettings::Fifo {},
            participants: Vec::new(),
            self_trade_scope: SelfTradeScope::Owner,
            replace_priority: ReplacePrioritySetting::KeepOnDecrease,
            max_orders: 1 << 20,
        }
    }
}

impl BookSettings {
    /// The same as the book takes it, with room for `expected_orders` from the start; `at` is where the settings stand:
    /// nothing, or a path with a dot behind it.
    ///
    /// # Errors
    /// The first parameter of the policy or the participants that breaks a rule.
    pub fn to_book_config(&self, expected_orders: u32, at: &str) -> Result<BookConfig, ConfigError> {
        Ok(BookConfig {
            policy: self.policy.policy(&format!("{at}policy"))?,
            participants: participants(&self.participants, &format!("{at}participants"))?,
            self_trade_scope: self.self_trade_scope,
            replace_priority: match self.replace_priority {
                ReplacePrioritySetting::KeepOnDecrease => ReplacePriority::KeepOnDecrease,
                ReplacePrioritySetting::LoseAlways => ReplacePriority::LoseAlways,
            },
            max_orders: self.max_orders,
            expected_orders: expected_orders.min(self.max_orders),
        })
    }
}

/// What a replace does to an order's place. In JSON `"keep-on-decrease"` or `"lose-always"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplacePrioritySetting {
    /// The same price and no more quantity keeps the place.
    KeepOnDecrease,
    /// Every replace goes to the back.
    LoseAlways,
}

/// How much to keep of the book's state over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SampleSettings {
    /// Most rows per book, evenly spaced in simulated time, 0 (none) or 2 to 65,536. With a horizon in events the
    /// spacing doubles whenever the rows are full, so between half of them and all are used.
    pub rows: u32,
    /// Rows are kept for the first this many books, 0 to 262,144.
    pub books: u32,
    /// Depth is summed over this many ticks from the best price, 1 to 64: 1 is the touch itself.
    pub depth_ticks: u32,
}

impl Default for SampleSettings {
    fn default() -> SampleSettings {
        SampleSettings { rows: 1024, books: 1, depth_ticks: 10 }
    }
}

/// Commands that one book may be given: keeps every count and every sum of lots far from its type's limit.
const EVENTS_MAX: u64 = 1 << 40;

/// Books of one run: so many that even the results of a cancelled run are put together within 100 ms.
const BOOKS_MAX: u32 = 1 << 18;

/// Simulated time stays exact in a double.
const TIME_NS_MAX: u64 = (1 << 53) - 1;

/// What a resting order is reckoned to cost, all in.
const ORDER_BYTES: u64 = 64;

pub(crate) fn check(path: &str, ok: bool, rule: impl Into<String>, got: impl ToString) -> Result<(), ConfigError> {
    if ok { Ok(()) } else { Err(ConfigError { path: path.to_owned(), rule: rule.into(), got: got.to_string() }) }
}

pub(crate) fn integer(path: &str, value: impl Into<u64>, from: u64, to: u64) -> Result<(), ConfigError> {
    let value = value.into();
    check(path, (from..=to).contains(&value), format!("an integer from {from} to {to}"), value)
}

impl SimConfig {
    /// Checks every number, then what several of them mean together.
    ///
    /// # Errors
    ///
    /// The first parameter that breaks a rule, by path; or that the run would need more memory than it may use.
    pub fn validate(&self) -> Result<(), SimError> {
        check("streams", self.streams.len() <= 128, "a text of at most 128 bytes", self.streams.len())?;
        integer("books", self.books, 1, BOOKS_MAX.into())?;
        match self.horizon {
            Horizon::Events(n) => integer("horizon.events", n, 1, EVENTS_MAX)?,
            Horizon::DurationNs(t) => integer("horizon.durationNs", t, 1, TIME_NS_MAX)?,
        }
        integer("warmupEvents", self.warmup_events, 0, EVENTS_MAX)?;
        integer("threads", self.threads, 0, 1024)?;
        self.book.to_book_config(0, "book.")?;
        integer("book.maxOrders", self.book.max_orders, 1, 1 << 26)?;
        let rows = self.samples.rows;
        check("samples.rows", rows == 0 || (2..=65_536).contains(&rows), "0 or an integer from 2 to 65536", rows)?;
        integer("samples.books", self.samples.books, 0, BOOKS_MAX.into())?;
        integer("samples.depthTicks", self.samples.depth_ticks, 1, 64)?;
        if let Some(k) = self.latency_sampling {
            integer("latencySampling", k, 0, 30)?;
        }
        integer("maxMemoryMib", self.max_memory_mib, 1, 1 << 24)?;
        self.flow.validate()?;
        self.season.as_ref().map_or(Ok(()), SeasonConfig::validate)?;
        self.validate_length()?;
        self.validate_memory()
    }

    /// Neither the time nor the number of events nor a price may leave its range, by a wide margin.
    fn validate_length(&self) -> Result<(), ConfigError> {
        let per_second = self.flow.events_per_second();
        let events = self.expected_events_per_book();
        match self.horizon {
            Horizon::Events(n) => check(
                "horizon.events",
                events as f64 / per_second * 1e9 <= TIME_NS_MAX as f64,
                format!("so many that warm-up and run take at most {TIME_NS_MAX} ns at {per_second} events per second"),
                n,
            )?,
            Horizon::DurationNs(t) => check(
                "horizon.durationNs",
                events <= EVENTS_MAX,
                format!("so long that a book is given at most {EVENTS_MAX} events at {per_second} events per second"),
                t,
            )?,
        }
        check(
            "horizon",
            u128::from(events) * u128::from(self.flow.reach_ticks()) <= 1 << 60,
            "such that events × flow.windowTicks is at most 2^60, so that no price can leave its range",
            events,
        )
    }

    fn validate_memory(&self) -> Result<(), SimError> {
        let needed_bytes = self.expected_memory_bytes();
        let limit_bytes = u64::from(self.max_memory_mib) << 20;
        if needed_bytes <= limit_bytes { Ok(()) } else { Err(SimError::Memory { needed_bytes, limit_bytes }) }
    }

    /// The flow of one book, of a checked configuration, in clock time.
    pub fn open_flow(&self, book: u32) -> Background<AnyFlow> {
        let key = StreamKey::new(self.seed, &self.streams);
        Background::new(self.flow.open(key, book), self.season.as_ref())
    }

    /// Commands per book, warm-up included: exact for a horizon in events, an expectation for one in time.
    pub fn expected_events_per_book(&self) -> u64 {
        let run = match self.horizon {
            Horizon::Events(n) => n,
            // From float to integer saturates.
            Horizon::DurationNs(t) => (t as f64 / 1e9 * self.flow.events_per_second()) as u64,
        };
        run.saturating_add(self.warmup_events)
    }

    /// Orders that a book will hold, for reserving memory.
    pub(crate) fn expected_orders_per_book(&self) -> u32 {
        let steady = self.flow.resting_orders().unwrap_or(u64::MAX);
        let most = steady.min(self.expected_events_per_book()).min(self.book.max_orders.into());
        u32::try_from(most).unwrap_or(u32::MAX)
    }

    /// Threads that a run will use.
    pub(crate) fn worker_threads(&self) -> u32 {
        let threads = if self.threads == 0 {
            std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1024))
        } else {
            self.threads
        };
        // A book runs on one thread, so further ones would only wait.
        threads.min(self.books).min(1024)
    }

    /// Bytes at the peak: the books that run at a time, with rows and list of ids, and what is kept of every book.
    pub fn expected_memory_bytes(&self) -> u64 {
        let rows = u64::from(self.samples.rows) * size_of::<crate::metrics::L1Row>() as u64;
        let orders = u64::from(self.expected_orders_per_book());
        // Orders and ids are kept in arrays that double.
        let running = rows + 2 * orders * (ORDER_BYTES + 8) + (64 << 10);
        let results = u64::from(self.books) * size_of::<crate::result::BookResult>() as u64;
        let kept_rows = u64::from(self.books.min(self.samples.books)) * rows;
        u64::from(self.worker_threads()) * running + results + kept_rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::SantaFeConfig;

    fn path_of(change: impl FnOnce(&mut SimConfig)) -> String {
        let mut c = SimConfig::default();
        change(&mut c);
        match c.validate() {
            Err(SimError::Config(e)) => e.path,
            other => format!("{other:?}"),
        }
    }

    fn flow_path_of(change: impl FnOnce(&mut SantaFeConfig)) -> String {
        path_of(|c| {
            let FlowConfig::SantaFe(f) = &mut c.flow else { panic!("the default is Santa Fe") };
            change(f);
        })
    }

    #[test]
    fn the_default_is_valid() {
        assert_eq!(SimConfig::default().validate(), Ok(()));
    }

    #[test]
    fn every_number_out_of_range_is_named_by_its_path() {
        assert_eq!(path_of(|c| c.streams = "x".repeat(129)), "streams");
        assert_eq!(path_of(|c| c.books = 0), "books");
        assert_eq!(path_of(|c| c.books = BOOKS_MAX + 1), "books");
        assert_eq!(path_of(|c| c.horizon = Horizon::Events(0)), "horizon.events");
        assert_eq!(path_of(|c| c.horizon = Horizon::Events(u64::MAX)), "horizon.events");
        assert_eq!(path_of(|c| c.horizon = Horizon::DurationNs(0)), "horizon.durationNs");
        assert_eq!(path_of(|c| c.horizon = Horizon::DurationNs(1 << 53)), "horizon.durationNs");
        assert_eq!(path_of(|c| c.warmup_events = u64::MAX), "warmupEvents");
        assert_eq!(path_of(|c| c.threads = 1025), "threads");
        assert_eq!(path_of(|c| c.book.policy = PolicySettings::ProRata { min_lot: u64::MAX }), "book.policy.minLot");
        assert_eq!(path_of(|c| c.book.participants = vec![Participant::default()]), "book.participants[0].owner");
        assert_eq!(path_of(|c| c.book.max_orders = 0), "book.maxOrders");
        assert_eq!(path_of(|c| c.samples.rows = 1), "samples.rows");
        assert_eq!(path_of(|c| c.samples.books = u32::MAX), "samples.books");
        assert_eq!(path_of(|c| c.samples.depth_ticks = 0), "samples.depthTicks");
        assert_eq!(path_of(|c| c.latency_sampling = Some(31)), "latencySampling");
        assert_eq!(path_of(|c| c.max_memory_mib = 0), "maxMemoryMib");
        for bad in [f64::NAN, -1.0, f64::INFINITY, 1e10, 1e-300] {
            assert_eq!(flow_path_of(|f| f.limit_rate = bad), "flow.limitRate");
            assert_eq!(flow_path_of(|f| f.market_rate = bad), "flow.marketRate");
            assert_eq!(flow_path_of(|f| f.cancel_rate = bad), "flow.cancelRate");
        }
        assert_eq!(flow_path_of(|f| f.cancel_rate = 100_001.0), "flow.cancelRate");
        assert_eq!(flow_path_of(|f| f.window_ticks = 0), "flow.windowTicks");
        assert_eq!(flow_path_of(|f| f.order_size = 0), "flow.orderSize");
        assert_eq!(flow_path_of(|f| f.reference_price = i64::MIN), "flow.referencePrice");
        assert_eq!(flow_path_of(|f| (f.limit_rate, f.market_rate) = (0.0, 0.0)), "flow.limitRate");
        assert_eq!(flow_path_of(|f| (f.limit_rate, f.window_ticks) = (1e9, 1_000_000)), "flow.limitRate");
    }

    #[test]
    fn runs_that_would_leave_the_range_of_time_or_price_are_refused() {
        let slow = SantaFeConfig { limit_rate: 1.0, market_rate: 0.0, window_ticks: 1, ..SantaFeConfig::default() };
        let c =
            |flow, horizon| SimConfig { flow: FlowConfig::SantaFe(flow), horizon, ..SimConfig::default() }.validate();
        assert!(matches!(c(slow, Horizon::Events(1 << 40)), Err(SimError::Config(e)) if e.path == "horizon.events"));
        let fast = SantaFeConfig::from_scales(1e7, 0.02, 0.05);
        let long = Horizon::DurationNs(TIME_NS_MAX);
        assert!(matches!(c(fast.clone(), long), Err(SimError::Config(e)) if e.path == "horizon.durationNs"));
        let wide = SantaFeConfig { limit_rate: 1.0, window_ticks: 1_000_000, ..fast };
        let flow = FlowConfig::SantaFe(wide);
        let all = SimConfig { flow, horizon: Horizon::Events(1 << 40), warmup_events: 1 << 40, ..SimConfig::default() };
        assert!(matches!(all.validate(), Err(SimError::Config(e)) if e.path == "horizon"));
    }

    #[test]
    fn a_run_that_would_not_fit_into_memory_does_not_start() {
        let samples = SampleSettings { rows: 65_536, books: BOOKS_MAX, depth_ticks: 1 };
        let c = SimConfig { books: BOOKS_MAX, samples, ..SimConfig::default() };
        let Err(e @ SimError::Memory { .. }) = c.validate() else { panic!("{:?}", c.validate()) };
        assert_eq!(e.code(), "ERR_TOPRUNG_MEMORY");
        assert_eq!(SimConfig { books: 100_000, ..SimConfig::default() }.validate(), Ok(()));
    }

    #[test]
    fn json_is_camel_case_complete_and_refuses_unknown_names() {
        let c = SimConfig {
            book: BookSettings { policy: PolicySettings::ProRata { min_lot: 2 }, ..BookSettings::default() },
            ..SimConfig::default()
        };
        let text = serde_json::to_string(&c).unwrap();
        assert!(text.contains(r#""policy":{"kind":"pro-rata","minLot":2}"#), "{text}");
        assert!(text.contains(r#""flow":{"model":"santa-fe","limitRate":25.0"#), "{text}");
        assert!(text.contains(r#""horizon":{"events":1000000}"#), "{text}");
        assert_eq!(serde_json::from_str::<SimConfig>(&text).unwrap(), c);
        assert_eq!(serde_json::from_str::<SimConfig>("{}").unwrap(), SimConfig::default());
        assert!(serde_json::from_str::<SimConfig>(r#"{"book": {"policy": {"kind": "fifo", "x": 1}}}"#).is_err());
        assert!(serde_json::from_str::<SimConfig>(r#"{"seeed": 1}"#).is_err());
        assert!(serde_json::from_str::<SimConfig>(r#"{"flow": {"model": "santa-fe", "limitrate": 1}}"#).is_err());
    }
}
