//! A book that is watched at work: the same commands and events, with somebody looking at some of them.
//!
//! The run that is watched and the one that is not are the same code, compiled twice. Commands that nobody wants to see go
//! through the one that has no observer in it, so what is not looked at costs nothing.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use toprung_book::{Book, BookObserver, Command, Event, EventSink};

use crate::book_run::BookRun;
use crate::config::{SimConfig, check};
use crate::error::SimError;
use crate::flow::Flow;
use crate::result::BookResult;
use crate::run::{chunk_events, matches_in_time_order};
use crate::venue::SimBook;

/// Looks at commands of a book and at their events. It sees and cannot change them.
pub trait Observer {
    /// How many of the commands to come may pass unseen, before the next one that may not.
    fn lets_pass(&self) -> u64 {
        0
    }

    /// So many commands, at most what [`lets_pass`](Self::lets_pass) said, have passed unseen.
    fn passed(&mut self, commands: u64);

    /// The book is about to carry out `cmd`.
    fn before(&mut self, cmd: &Command);

    /// The command gave `e`, which is for `sink`: it must be handed on, once.
    fn event<S: EventSink>(&mut self, e: &Event, sink: &mut S);

    /// The book has carried out `cmd`.
    fn after(&mut self, cmd: &Command);
}

/// Looks at nothing.
impl Observer for () {
    fn lets_pass(&self) -> u64 {
        u64::MAX
    }

    fn passed(&mut self, _: u64) {}

    #[inline(always)]
    fn before(&mut self, _: &Command) {}

    #[inline(always)]
    fn event<S: EventSink>(&mut self, e: &Event, sink: &mut S) {
        sink.event(e);
    }

    #[inline(always)]
    fn after(&mut self, _: &Command) {}
}

/// How a run has its book carry out a command.
pub(crate) trait Watch {
    fn carry_out<B: SimBook, S: EventSink>(&mut self, time_ns: u64, book: &mut B, cmd: &Command, sink: &mut S);

    /// The warm-up is over.
    #[inline(always)]
    fn measured_from(&mut self, _time_ns: u64) {}
}

/// Nobody looks: the events go straight to their sink, with nothing in between that a compiler would have to see through.
pub(crate) struct Unseen;

impl Watch for Unseen {
    #[inline(always)]
    fn carry_out<B: SimBook, S: EventSink>(&mut self, _: u64, book: &mut B, cmd: &Command, sink: &mut S) {
        book.apply(cmd, sink);
    }
}

/// Somebody looks.
pub(crate) struct Seen<'a, O>(pub(crate) &'a mut O);

impl<O: Observer> Watch for Seen<'_, O> {
    #[inline(always)]
    fn carry_out<B: SimBook, S: EventSink>(&mut self, _: u64, book: &mut B, cmd: &Command, sink: &mut S) {
        self.0.before(cmd);
        book.apply(cmd, &mut Tap { observer: &mut *self.0, sink });
        self.0.after(cmd);
    }
}

/// Somebody looks at the commands that they do not let pass, in a run that cannot be told to stop before the next of them.
pub(crate) struct Sometimes<'a, O: Observer> {
    observer: &'a mut O,
    /// Commands that may still pass, and that have passed since the last that was seen.
    left: u64,
    passed: u64,
}

impl<'a, O: Observer> Sometimes<'a, O> {
    pub(crate) fn new(observer: &'a mut O) -> Self {
        let left = observer.lets_pass();
        Sometimes { observer, left, passed: 0 }
    }

    /// Tells the observer what has passed since the last command that it saw.
    pub(crate) fn tell(&mut self) {
        self.observer.passed(std::mem::take(&mut self.passed));
    }
}

impl<O: Observer> Watch for Sometimes<'_, O> {
    #[inline(always)]
    fn carry_out<B: SimBook, S: EventSink>(&mut self, time_ns: u64, book: &mut B, cmd: &Command, sink: &mut S) {
        if self.left > 0 {
            self.left -= 1;
            self.passed += 1;
            Unseen.carry_out(time_ns, book, cmd, sink);
        } else {
            self.tell();
            Seen(&mut *self.observer).carry_out(time_ns, book, cmd, sink);
            self.left = self.observer.lets_pass();
        }
    }
}

/// Somebody keeps what happens in the book, with its time.
pub(crate) struct Kept<'a, O>(pub(crate) &'a mut O);

impl<O: BookObserver> Watch for Kept<'_, O> {
    #[inline(always)]
    fn carry_out<B: SimBook, S: EventSink>(&mut self, time_ns: u64, book: &mut B, cmd: &Command, sink: &mut S) {
        self.0.before(time_ns, cmd, book);
        book.apply(cmd, &mut (&mut *sink, &mut *self.0));
        self.0.after(time_ns, book);
    }

    #[inline(always)]
    fn measured_from(&mut self, time_ns: u64) {
        self.0.measured_from(time_ns);
    }
}

/// A sink behind an observer.
struct Tap<'a, O, S> {
    observer: &'a mut O,
    sink: &'a mut S,
}

impl<O: Observer, S: EventSink> EventSink for Tap<'_, O, S> {
    #[inline(always)]
    fn event(&mut self, e: &Event) {
        self.observer.event(e, self.sink);
    }
}

/// Carries out recorded commands on `book` under the eyes of `observer`, whose events go to nobody else.
///
/// ```
/// use toprung_book::{Book, Command, Event, EventSink, Side};
/// use toprung_sim::{Observer, apply_observed};
///
/// #[derive(Default)]
/// struct Longest { events: u32, most: u32 }
///
/// impl Observer for Longest {
///     fn passed(&mut self, _: u64) {}
///     fn before(&mut self, _: &Command) { self.events = 0; }
///     fn event<S: EventSink>(&mut self, e: &Event, sink: &mut S) { self.events += 1; sink.event(e); }
///     fn after(&mut self, _: &Command) { self.most = self.most.max(self.events); }
/// }
///
/// let mut longest = Longest::default();
/// let commands = [Command::limit(1, Side::Sell, 100, 5), Command::limit(2, Side::Buy, 100, 5)];
/// apply_observed(&mut Book::default(), &commands, &mut longest);
/// assert_eq!(longest.most, 2);
/// ```
pub fn apply_observed<O: Observer>(book: &mut Book, commands: &[Command], observer: &mut O) {
    let mut rest = commands;
    while !rest.is_empty() {
        let unseen = usize::try_from(observer.lets_pass()).unwrap_or(usize::MAX).min(rest.len());
        book.apply_batch(&rest[..unseen], &mut ());
        observer.passed(unseen as u64);
        rest = &rest[unseen..];
        if let Some((cmd, behind)) = rest.split_first() {
            Seen(observer).carry_out(0, book, cmd, &mut ());
            rest = behind;
        }
    }
}

/// Runs book `index` of a configuration on the calling thread, under the eyes of `observer`: the same commands and events as
/// in [`simulate`](crate::simulate), warm-up included.
///
/// `progress` is given the commands so far, some hundred times a second. When `cancel` is set, by whomever, the run stops
/// within milliseconds and the result is partial.
///
/// # Errors
/// [`SimError::Config`] and [`SimError::Memory`] before anything starts.
pub fn observe<O: Observer>(
    config: &SimConfig,
    index: u32,
    observer: &mut O,
    cancel: &AtomicBool,
    progress: &mut dyn FnMut(u64),
) -> Result<BookResult, SimError> {
    config.validate()?;
    check("book", index < config.books, format!("the index of one of {} books", config.books), index)?;
    Ok(watch(config, config.open_flow(index), index, observer, cancel, progress))
}

fn watch<O: Observer, F: Flow>(
    config: &SimConfig,
    flow: F,
    index: u32,
    observer: &mut O,
    cancel: &AtomicBool,
    progress: &mut dyn FnMut(u64),
) -> BookResult {
    let mut run = BookRun::<Book, F>::new(config, flow);
    let (in_time_order, mut done) = (matches_in_time_order(config), 0);
    while !run.is_complete() && !cancel.load(Relaxed) {
        let mut left = chunk_events(in_time_order, run.resting_orders());
        while left > 0 && !run.is_complete() {
            let unseen = run.advance(observer.lets_pass().min(left));
            observer.passed(unseen);
            let seen = run.advance_watched((left - unseen).min(1), &mut Seen(observer));
            left -= unseen + seen;
            done += unseen + seen;
        }
        progress(done);
    }
    run.finish(index < config.samples.books).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Horizon;
    use crate::run::simulate;
    use crate::scenarios;

    /// Looks at one command in `every`.
    struct Counts {
        every: u64,
        seen: u64,
        passed: u64,
        events: u64,
    }

    impl Observer for Counts {
        fn lets_pass(&self) -> u64 {
            self.every - 1 - self.passed % self.every
        }

        fn passed(&mut self, commands: u64) {
            self.passed += commands;
        }

        fn before(&mut self, _: &Command) {
            assert_eq!(self.lets_pass(), 0);
        }

        fn event<S: EventSink>(&mut self, e: &Event, sink: &mut S) {
            assert_eq!(e.seq, self.passed);
            self.events += 1;
            sink.event(e);
        }

        fn after(&mut self, _: &Command) {
            self.passed += 1;
            self.seen += 1;
        }
    }

    #[test]
    fn a_watched_book_does_what_the_same_book_does_unwatched() {
        for scenario in scenarios::all() {
            let config = SimConfig { books: 3, horizon: Horizon::Events(5_000), warmup_events: 500, ..scenario.config };
            let never = AtomicBool::new(false);
            let all = simulate(&config, &never, &|_| {}).unwrap();
            for ((index, expected), every) in (0..).zip(&all.books).zip([1, 7, 11_000]) {
                let mut counts = Counts { every, seen: 0, passed: 0, events: 0 };
                let mut told = 0;
                let got = observe(&config, index, &mut counts, &never, &mut |n| told = n).unwrap();
                assert_eq!((got.digest, &got.metrics), (expected.digest, &expected.metrics), "{}", scenario.name);
                assert_eq!((counts.seen, counts.passed, told), (5_500 / every, 5_500, 5_500));
                assert!(counts.events >= counts.seen && (every > 1 || counts.events > 5_500));
            }
        }
    }

    #[test]
    fn a_book_that_is_not_there_is_refused() {
        let e = observe(&SimConfig::default(), 1, &mut (), &AtomicBool::new(false), &mut |_| {}).unwrap_err();
        assert_eq!(e.to_string(), "`book` must be the index of one of 1 books, got 1");
    }
}
