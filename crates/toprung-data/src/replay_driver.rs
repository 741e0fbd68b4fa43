//! Runs a replay through a book and says whether the book did what the exchange did.
//!
//! Everything is applied in file order. Every aggressive order must trade exactly the file's fills: same makers, prices and
//! quantities, in the same order, and nothing else. Every checkpoint must be what the book begins with. No other record
//! may trade or be refused. What differs is counted, and the first differences are kept with their line.
//!
//! A replay's conventions are price-time priority, and that a replace loses its place: build the book with
//! [`replay_book_config`].
//!
//! ```
//! use std::sync::atomic::AtomicBool;
//! use toprung_book::Book;
//! use toprung_data::{ReplayOptions, ReplayReader, Source, replay, replay_book_config};
//!
//! let text = b"100,N,7,S,1005,30,0\n200,X,B,1005,10,7:1005:10\n300,K,|1005:20\n".to_vec();
//! let mut records = ReplayReader::new(Source::from_bytes("day.csv", text));
//! let mut book = Book::new(replay_book_config());
//! let never = AtomicBool::new(false);
//! let report = replay(&mut records, &mut book, &ReplayOptions::default(), &mut (), &never, |_, _| {}).unwrap();
//! assert!(report.agrees());
//! assert_eq!((report.aggressive.equal, report.checkpoints.equal, report.volume), (1, 1, 10));
//! ```

use std::fmt::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use toprung_book::{
    BookConfig, BookObserver, Command, Digest, Event, EventKind, EventSink, MatchingBook, ReplacePriority, Side,
};

use crate::error::DataError;
use crate::replay::{Fill, Level, Origin, RESERVED_IDS_START, ReplayAction, ReplayRecord, ReplaySource};
use crate::replay_file::ReplayFormat;

/// Records between two looks at the cancel flag and two calls of the progress callback: about a tenth of a millisecond.
pub const RECORDS_PER_POLL: u64 = 4096;

/// How a replay is read and run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayOptions {
    /// What the file is; `None` to tell by looking at it. Used by [`replay_file`](crate::replay_file()) only.
    pub format: Option<ReplayFormat>,
    /// Differences to keep in the report; the others are counted only.
    pub max_differences: usize,
    /// Of a LOBSTER day: price units (1/10,000 of the currency) in a tick, from 1. A cent is 100.
    pub tick_units: u64,
    /// Of a LOBSTER day with an order book file: check the book after every so many messages, from 1.
    pub checkpoint_every: u64,
    /// Of a LOBSTER day: levels per side to check; `usize::MAX` for all that the file has.
    pub checkpoint_levels: usize,
}

impl Default for ReplayOptions {
    fn default() -> ReplayOptions {
        ReplayOptions {
            format: None,
            max_differences: 20,
            tick_units: 100,
            checkpoint_every: 1_000,
            checkpoint_levels: usize::MAX,
        }
    }
}

/// How many of something were checked, and with what outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Agree with the file.
    pub equal: u64,
    /// Do not.
    pub differing: u64,
}

impl Checked {
    /// All that were checked.
    pub fn total(&self) -> u64 {
        self.equal + self.differing
    }

    fn count(&mut self, equal: bool) {
        if equal { self.equal += 1 } else { self.differing += 1 }
    }
}

/// Records by operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OperationCounts {
    /// `N` by [`Origin`].
    pub adds: [u64; Origin::COUNT],
    /// `C` by [`Origin`].
    pub removes: [u64; Origin::COUNT],
    /// `R` by [`Origin`].
    pub reduces: [u64; Origin::COUNT],
    /// `M`.
    pub replaces: u64,
    /// `X`.
    pub aggressive: u64,
    /// `K`.
    pub checkpoints: u64,
}

/// What kind of thing differed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DifferenceKind {
    /// An aggressive order traded something else.
    Fills,
    /// The book does not begin with a checkpoint's levels.
    Checkpoint,
    /// A record that should only rest, remove or change an order was refused, or traded.
    Unexpected,
}

impl DifferenceKind {
    /// The kind's name as it is written in reports and in TypeScript.
    pub const fn name(self) -> &'static str {
        match self {
            DifferenceKind::Fills => "fills",
            DifferenceKind::Checkpoint => "checkpoint",
            DifferenceKind::Unexpected => "unexpected",
        }
    }
}

/// One difference between the file and the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where the record stands in its source, from 1.
    pub line: u64,
    /// What differed.
    pub kind: DifferenceKind,
    /// What the file says, in the format's own notation.
    pub expected: String,
    /// What the book did.
    pub got: String,
}

/// Best price of a side at the end.
pub type Best = Option<Level>;

/// What a replay did, and whether the book agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayReport {
    /// Records read.
    pub records: u64,
    /// Commands given to the book: every record that is not a checkpoint.
    pub commands: u64,
    /// Records by operation.
    pub operations: OperationCounts,
    /// Aggressive orders, by whether their fills are the file's.
    pub aggressive: Checked,
    /// Checkpoints, by whether the book begins with their levels.
    pub checkpoints: Checked,
    /// Records that were refused or traded though they should not.
    pub unexpected: u64,
    /// Executions.
    pub fills: u64,
    /// Lots executed.
    pub volume: u128,
    /// The first differences, in file order.
    pub differences: Vec<Difference>,
    /// Best bid and best ask at the end.
    pub best: [Best; 2],
    /// Price levels at the end, bids and asks.
    pub levels: [usize; 2],
    /// Resting orders at the end.
    pub resting_orders: usize,
    /// Digest of every event.
    pub digest: Digest,
    /// Time of the first record.
    pub first_time_ns: u64,
    /// Time of the last record.
    pub last_time_ns: u64,
    /// What only a LOBSTER day has to tell.
    pub lobster: Option<crate::lobster_replay::LobsterCounts>,
}

impl ReplayReport {
    /// Whether everything that was checked is equal and nothing unexpected happened.
    pub fn agrees(&self) -> bool {
        self.aggressive.differing == 0 && self.checkpoints.differing == 0 && self.unexpected == 0
    }
}

/// The conventions of a replay: price-time priority, and every replace loses its place.
pub fn replay_book_config() -> BookConfig {
    BookConfig { replace_priority: ReplacePriority::LoseAlways, ..BookConfig::default() }
}

/// Applies every record of `source` to `book`, which should be empty, and checks what there is to check.
///
/// Every event goes to `sink`. `progress` is called with (done, total) as the source counts them, every [`RECORDS_PER_POLL`] records and
/// at the end. Aggressive orders get the ids from [`RESERVED_IDS_START`] up, one after the other.
///
/// Fails with the source's errors, with `Empty` when there is no record, and with `Cancelled` once `cancel` is set;
/// differences are not errors, see [`ReplayReport::agrees`].
pub fn replay<R, B, S>(
    source: &mut R,
    book: &mut B,
    options: &ReplayOptions,
    sink: &mut S,
    cancel: &AtomicBool,
    progress: impl FnMut(u64, u64),
) -> Result<ReplayReport, DataError>
where
    R: ReplaySource,
    B: MatchingBook,
    S: EventSink,
{
    replay_observed(source, book, options, &mut EventsOnly(sink), cancel, progress)
}

/// Like [`replay`], watched by `observer`: for what events alone do not tell, such as their time or the book around them.
/// It is told of every command, and stops the replay (with `Cancelled`) once it has failed.
pub fn replay_observed<R, B, O>(
    source: &mut R,
    book: &mut B,
    options: &ReplayOptions,
    observer: &mut O,
    cancel: &AtomicBool,
    mut progress: impl FnMut(u64, u64),
) -> Result<ReplayReport, DataError>
where
    R: ReplaySource,
    B: MatchingBook,
    O: BookObserver,
{
    let mut run = Run { report: empty_report(), max_differences: options.max_differences, next_id: RESERVED_IDS_START };
    let mut watch = Watch { fills: Vec::new(), rejected: None, observer };
    watch.observer.begin(0);
    while let Some(record) = source.next_record()? {
        if run.report.records == 0 {
            run.report.first_time_ns = record.time_ns;
        }
        run.report.last_time_ns = record.time_ns;
        run.report.records += 1;
        run.take(&record, book, &mut watch);
        if run.report.records.is_multiple_of(RECORDS_PER_POLL) {
            let (done, total) = source.position();
            progress(done, total);
            if cancel.load(Ordering::Relaxed) || watch.observer.has_failed() {
                return Err(DataError::Cancelled { file: source.name().to_owned(), records: run.report.records });
            }
        }
    }
    if run.report.records == 0 {
        return Err(DataError::Empty { file: source.name().to_owned(), expected: "at least one record" });
    }
    let (_, total) = source.position();
    progress(total, total);
    watch.observer.end(run.report.last_time_ns, book);
    let mut report = run.report;
    let orders = book.order_count();
    for side in Side::BOTH {
        // There are never more levels than orders, and a book may reserve room for as many levels as it is asked for.
        let levels = book.levels(side, orders);
        report.best[side as usize] = levels.first().map(|l| Level { price: l.price, qty: l.qty });
        report.levels[side as usize] = levels.len();
    }
    report.resting_orders = orders;
    report.digest = book.digest();
    Ok(report)
}

/// Passes events on and keeps what has to be checked.
struct Watch<'a, O> {
    fills: Vec<Fill>,
    rejected: Option<&'static str>,
    observer: &'a mut O,
}

impl<S: EventSink> EventSink for Watch<'_, S> {
    #[inline]
    fn event(&mut self, e: &Event) {
        match e.kind {
            EventKind::Trade => self.fills.push(Fill { maker: e.maker(), price: e.price, qty: e.qty }),
            EventKind::Rejected => self.rejected = Some(e.reason.name()),
            _ => {}
        }
        self.observer.event(e);
    }
}

/// An observer of nothing but the events.
pub(crate) struct EventsOnly<'a, S>(pub(crate) &'a mut S);

impl<S: EventSink> EventSink for EventsOnly<'_, S> {
    #[inline]
    fn event(&mut self, e: &Event) {
        self.0.event(e);
    }
}

impl<S: EventSink> BookObserver for EventsOnly<'_, S> {}

struct Run {
    report: ReplayReport,
    max_differences: usize,
    next_id: u64,
}

impl Run {
    #[inline]
    fn take<B: MatchingBook, O: BookObserver>(&mut self, record: &ReplayRecord, book: &mut B, watch: &mut Watch<O>) {
        let ReplayRecord { line, ref action, time_ns } = *record;
        let ops = &mut self.report.operations;
        let command = match action {
            ReplayAction::Add { id, side, price, qty, origin } => {
                ops.adds[*origin as usize] += 1;
                Command::limit(*id, *side, *price, *qty)
            }
            ReplayAction::Remove { id, origin } => {
                ops.removes[*origin as usize] += 1;
                Command::cancel(*id)
            }
            ReplayAction::Reduce { id, by, origin } => {
                ops.reduces[*origin as usize] += 1;
                Command::reduce(*id, *by)
            }
            ReplayAction::Replace { id, price, qty } => {
                ops.replaces += 1;
                Command::replace(*id, *price, *qty)
            }
            ReplayAction::Aggress { side, limit, qty, .. } => {
                ops.aggressive += 1;
                self.next_id += 1;
                Command::ioc(self.next_id - 1, *side, *limit, *qty)
            }
            ReplayAction::Checkpoint { bids, asks } => {
                ops.checkpoints += 1;
                self.check_levels(line, bids, asks, book);
                return;
            }
        };
        self.report.commands += 1;
        watch.fills.clear();
        watch.rejected = None;
        watch.observer.before(time_ns, &command, book);
        book.apply(&command, watch);
        watch.observer.after(time_ns, book);
        self.report.fills += watch.fills.len() as u64;
        self.report.volume += watch.fills.iter().map(|f| u128::from(f.qty)).sum::<u128>();
        if let ReplayAction::Aggress { fills, .. } = action {
            let equal = watch.fills == *fills;
            self.report.aggressive.count(equal);
            if !equal {
                self.differs(line, DifferenceKind::Fills, || {
                    (show_fills(fills), outcome(&watch.fills, watch.rejected))
                });
            }
        } else if watch.rejected.is_some() || !watch.fills.is_empty() {
            self.report.unexpected += 1;
            self.differs(line, DifferenceKind::Unexpected, || {
                ("neither a trade nor a refusal".to_owned(), outcome(&watch.fills, watch.rejected))
            });
        }
    }

    #[cold]
    fn check_levels<B: MatchingBook>(&mut self, line: u64, bids: &[Level], asks: &[Level], book: &B) {
        let levels = |side, expected: &[Level]| -> Vec<Level> {
            book.levels(side, expected.len()).iter().map(|l| Level { price: l.price, qty: l.qty }).collect()
        };
        let (got_bids, got_asks) = (levels(Side::Buy, bids), levels(Side::Sell, asks));
        let equal = got_bids == bids && got_asks == asks;
        self.report.checkpoints.count(equal);
        if !equal {
            self.differs(line, DifferenceKind::Checkpoint, || {
                (show_levels(bids, asks), show_levels(&got_bids, &got_asks))
            });
        }
    }

    #[cold]
    fn differs(&mut self, line: u64, kind: DifferenceKind, show: impl FnOnce() -> (String, String)) {
        if self.report.differences.len() < self.max_differences {
            let (expected, got) = show();
            self.report.differences.push(Difference { line, kind, expected, got });
        }
    }
}

fn outcome(fills: &[Fill], rejected: Option<&str>) -> String {
    match rejected {
        Some(reason) => format!("rejected: {reason}"),
        None => show_fills(fills),
    }
}

fn show_fills(fills: &[Fill]) -> String {
    let mut out = String::new();
    for (i, f) in fills.iter().enumerate() {
        let _ = write!(out, "{}{}:{}:{}", if i == 0 { "" } else { ";" }, f.maker, f.price, f.qty);
    }
    if out.is_empty() {
        out.push_str("no fill");
    }
    out
}

fn show_levels(bids: &[Level], asks: &[Level]) -> String {
    let mut out = String::new();
    for (levels, end) in [(bids, "|"), (asks, "")] {
        for (i, l) in levels.iter().enumerate() {
            let _ = write!(out, "{}{}:{}", if i == 0 { "" } else { ";" }, l.price, l.qty);
        }
        out.push_str(end);
    }
    out
}

fn empty_report() -> ReplayReport {
    ReplayReport {
        records: 0,
        commands: 0,
        operations: OperationCounts::default(),
        aggressive: Checked::default(),
        checkpoints: Checked::default(),
        unexpected: 0,
        fills: 0,
        volume: 0,
        differences: Vec::new(),
        best: [None; 2],
        levels: [0; 2],
        resting_orders: 0,
        digest: Digest::EMPTY,
        first_time_ns: 0,
        last_time_ns: 0,
        lobster: None,
    }
}
