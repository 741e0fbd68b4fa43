//! How long a replay's commands take: one in so many is timed.

use toprung_book::{BookObserver, Command, CommandKind, Event, EventSink, MatchingBook};
use toprung_trace::{LatencyByKind, LatencySampler, Timer};

/// Commands of which one is timed, as a power of two: next to reading 64 records, two looks at the clock are nothing.
const SAMPLING_LOG2: u8 = 6;

/// Times the commands that an observer watches, for [`replay_observed`](crate::replay_observed): the book, the check's own
/// notes and what the observer does with each event. What it does before and after a command is not in it.
///
/// ```
/// use std::sync::atomic::AtomicBool;
/// use toprung_book::Book;
/// use toprung_data::{ReplayLatencies, ReplayOptions, ReplayReader, Source, replay_book_config, replay_observed};
///
/// let text: String = (1..=128).map(|k| format!("{k},N,{k},S,1005,30,0\n")).collect();
/// let mut records = ReplayReader::new(Source::from_bytes("day.csv", text.into_bytes()));
/// let mut book = Book::new(replay_book_config());
/// let mut timed = ReplayLatencies::new(());
/// let never = AtomicBool::new(false);
/// replay_observed(&mut records, &mut book, &ReplayOptions::default(), &mut timed, &never, |_, _| {}).unwrap();
/// let (_, latencies) = timed.into_parts();
/// assert_eq!(latencies.all().count(), 2);
/// ```
#[derive(Debug)]
pub struct ReplayLatencies<O> {
    observer: O,
    sampler: LatencySampler,
    timer: Option<Timer>,
}

impl<O> ReplayLatencies<O> {
    /// For a replay that `observer` watches; `()` for one that nobody does.
    pub fn new(observer: O) -> ReplayLatencies<O> {
        let sampler = LatencySampler::new(Some(SAMPLING_LOG2), CommandKind::NAMES.len());
        ReplayLatencies { observer, sampler, timer: None }
    }

    /// The observer, and what was timed, by kind as numbered in [`CommandKind`].
    pub fn into_parts(self) -> (O, LatencyByKind) {
        (self.observer, self.sampler.into_latencies().unwrap_or_default())
    }
}

impl<O: EventSink> EventSink for ReplayLatencies<O> {
    #[inline(always)]
    fn event(&mut self, e: &Event) {
        self.observer.event(e);
    }
}

impl<O: BookObserver> BookObserver for ReplayLatencies<O> {
    fn begin(&mut self, index: u32) {
        self.observer.begin(index);
    }

    fn measured_from(&mut self, time_ns: u64) {
        self.observer.measured_from(time_ns);
    }

    #[inline(always)]
    fn before<B: MatchingBook>(&mut self, time_ns: u64, cmd: &Command, book: &B) {
        self.observer.before(time_ns, cmd, book);
        self.timer = Some(self.sampler.start(cmd.kind as usize));
    }

    #[inline(always)]
    fn after<B: MatchingBook>(&mut self, time_ns: u64, book: &B) {
        if let Some(timer) = self.timer.take() {
            self.sampler.stop(timer);
        }
        self.observer.after(time_ns, book);
    }

    fn end<B: MatchingBook>(&mut self, time_ns: u64, book: &B) {
        self.observer.end(time_ns, book);
    }

    fn has_failed(&self) -> bool {
        self.observer.has_failed()
    }
}
