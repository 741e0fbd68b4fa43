//! How long a replay's commands take: one in so many is timed.

use std::cell::Cell;

use toprung_book::{BookObserver, Command, CommandKind, Event, EventSink, MatchingBook};
use toprung_trace::{LatencyByKind, LatencyInterval, LatencySampler, Timer};

/// Commands of which one is timed, as a power of two: next to reading 64 records, two looks at the clock are nothing.
const SAMPLING_LOG2: u8 = 6;

/// Times the commands that an observer watches, for [`replay_observed`](crate::replay_observed): the book, the check's own
/// notes and what the observer does with each event. What it does before and after a command is not in it.
///
/// ```
/// use std::cell::Cell;
/// use std::sync::atomic::AtomicBool;
/// use toprung_book::Book;
/// use toprung_data::{ReplayLatencies, ReplayOptions, ReplayReader, Source, replay_book_config, replay_observed};
///
/// let text: String = (1..=16_384).map(|k| format!("{k},N,{k},S,1005,30,0\n")).collect();
/// let mut records = ReplayReader::new(Source::from_bytes("day.csv", text.into_bytes()));
/// let mut book = Book::new(replay_book_config());
/// let done = Cell::new(0.0);
/// let mut timed = ReplayLatencies::new((), &done);
/// let never = AtomicBool::new(false);
/// let tell = |read, total| done.set(read as f64 / total as f64);
/// replay_observed(&mut records, &mut book, &ReplayOptions::default(), &mut timed, &never, tell).unwrap();
/// let (_, latencies, over_time) = timed.into_parts();
/// assert_eq!(latencies.all().count(), 256);
/// assert_eq!(over_time.last().unwrap().until_ns, 16_384);
/// ```
#[derive(Debug)]
pub struct ReplayLatencies<'a, O> {
    observer: O,
    done: &'a Cell<f64>,
    now_ns: u64,
    sampler: LatencySampler,
    timer: Option<Timer>,
}

impl<'a, O> ReplayLatencies<'a, O> {
    /// For a replay that `observer` watches, `()` for one that nobody does, of which `done` says how much is over, 0 to 1.
    pub fn new(observer: O, done: &'a Cell<f64>) -> ReplayLatencies<'a, O> {
        let mut sampler = LatencySampler::new(Some(SAMPLING_LOG2), CommandKind::NAMES.len());
        sampler.follow();
        ReplayLatencies { observer, done, now_ns: 0, sampler, timer: None }
    }

    /// The observer, and what was timed: by kind as numbered in [`CommandKind`], and in parts of the file by its own time.
    pub fn into_parts(mut self) -> (O, LatencyByKind, Vec<LatencyInterval>) {
        let over_time = self.sampler.take_course(self.now_ns);
        (self.observer, self.sampler.into_latencies().unwrap_or_default(), over_time)
    }
}

impl<O: EventSink> EventSink for ReplayLatencies<'_, O> {
    #[inline(always)]
    fn event(&mut self, e: &Event) {
        self.observer.event(e);
    }
}

impl<O: BookObserver> BookObserver for ReplayLatencies<'_, O> {
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
        self.now_ns = time_ns;
        if let Some(timer) = self.timer.take()
            && self.sampler.stop(timer).is_some()
        {
            self.sampler.advance(self.done.get(), time_ns);
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
