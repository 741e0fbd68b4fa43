//! A book that is watched at work: the same commands and events, with somebody looking at each.
//!
//! Nothing of this is in a run that is not watched: [`simulate`](crate::simulate) drives the bare book, and the watched
//! one is another type.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use toprung_book::{Book, Command, Digest, Event, EventSink, Side};

use crate::book_run::BookRun;
use crate::config::{SimConfig, check};
use crate::error::SimError;
use crate::flow::santa_fe::SantaFe;
use crate::flow::{Flow, FlowConfig};
use crate::random::StreamKey;
use crate::result::BookResult;
use crate::run::{chunk_events, matches_in_time_order};
use crate::venue::SimBook;

/// Looks at every command of a book and at its events. It sees and cannot change them.
pub trait Observer {
    /// The book is about to carry out `cmd`.
    fn before(&mut self, cmd: &Command);

    /// The command gave `e`, which is for `sink`: it must be handed on, once.
    fn event<S: EventSink>(&mut self, e: &Event, sink: &mut S);

    /// The book has carried out `cmd`.
    fn after(&mut self, cmd: &Command);
}

/// Looks at nothing.
impl Observer for () {
    #[inline(always)]
    fn before(&mut self, _: &Command) {}

    #[inline(always)]
    fn event<S: EventSink>(&mut self, e: &Event, sink: &mut S) {
        sink.event(e);
    }

    #[inline(always)]
    fn after(&mut self, _: &Command) {}
}

/// A book and who watches it.
///
/// ```
/// use toprung_book::{Book, Command, Event, EventSink, Side};
/// use toprung_sim::{ObservedBook, Observer};
///
/// #[derive(Default)]
/// struct Longest { events: u32, most: u32 }
///
/// impl Observer for Longest {
///     fn before(&mut self, _: &Command) { self.events = 0; }
///     fn event<S: EventSink>(&mut self, e: &Event, sink: &mut S) { self.events += 1; sink.event(e); }
///     fn after(&mut self, _: &Command) { self.most = self.most.max(self.events); }
/// }
///
/// let mut longest = Longest::default();
/// let mut book = ObservedBook::new(Book::default(), &mut longest);
/// book.apply(&Command::limit(1, Side::Sell, 100, 5), &mut ());
/// book.apply(&Command::limit(2, Side::Buy, 100, 5), &mut ());
/// assert_eq!(longest.most, 2);
/// ```
#[derive(Debug)]
pub struct ObservedBook<'a, O> {
    book: Book,
    observer: &'a mut O,
}

impl<'a, O: Observer> ObservedBook<'a, O> {
    /// `book`, watched from here on.
    pub fn new(book: Book, observer: &'a mut O) -> ObservedBook<'a, O> {
        ObservedBook { book, observer }
    }

    /// Carries out one command.
    #[inline(always)]
    pub fn apply<S: EventSink>(&mut self, cmd: &Command, sink: &mut S) {
        self.observer.before(cmd);
        self.book.apply(cmd, &mut Tap { observer: &mut *self.observer, sink });
        self.observer.after(cmd);
    }

    /// The book.
    pub fn book(&self) -> &Book {
        &self.book
    }
}

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

impl<O: Observer> SimBook for ObservedBook<'_, O> {
    #[inline(always)]
    fn apply<S: EventSink>(&mut self, cmd: &Command, sink: &mut S) {
        ObservedBook::apply(self, cmd, sink);
    }

    #[inline(always)]
    fn best(&self, side: Side) -> Option<(i64, u64)> {
        SimBook::best(&self.book, side)
    }

    #[inline(always)]
    fn contains(&self, id: u64) -> bool {
        self.book.contains(id)
    }

    fn depth_within(&self, side: Side, ticks: u32) -> u64 {
        self.book.depth_within(side, ticks)
    }

    fn order_count(&self) -> usize {
        self.book.order_count()
    }

    fn digest(&self) -> Digest {
        self.book.digest()
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
    let key = StreamKey::new(config.seed, &config.streams);
    Ok(match &config.flow {
        FlowConfig::SantaFe(model) => {
            watch(config, SantaFe::open(model, key, index), index, observer, cancel, progress)
        }
    })
}

fn watch<O: Observer, F: Flow>(
    config: &SimConfig,
    flow: F,
    index: u32,
    observer: &mut O,
    cancel: &AtomicBool,
    progress: &mut dyn FnMut(u64),
) -> BookResult {
    let book = ObservedBook::new(Book::new(config.checked_book_config()), observer);
    let mut run = BookRun::with_book(config, flow, book);
    let (in_time_order, mut done) = (matches_in_time_order(config), 0);
    while !run.is_complete() && !cancel.load(Relaxed) {
        done += run.advance(chunk_events(in_time_order, run.resting_orders()));
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

    #[derive(Default)]
    struct Counts {
        before: u64,
        after: u64,
        events: u64,
    }

    impl Observer for Counts {
        fn before(&mut self, _: &Command) {
            assert_eq!(self.before, self.after);
            self.before += 1;
        }

        fn event<S: EventSink>(&mut self, e: &Event, sink: &mut S) {
            assert_eq!(e.seq, self.after);
            self.events += 1;
            sink.event(e);
        }

        fn after(&mut self, _: &Command) {
            self.after += 1;
        }
    }

    #[test]
    fn a_watched_book_does_what_the_same_book_does_unwatched() {
        for scenario in scenarios::all() {
            let config = SimConfig { books: 3, horizon: Horizon::Events(5_000), warmup_events: 500, ..scenario.config };
            let never = AtomicBool::new(false);
            let all = simulate(&config, &never, &|_| {}).unwrap();
            for (index, expected) in (0..).zip(&all.books) {
                let mut counts = Counts::default();
                let mut told = 0;
                let got = observe(&config, index, &mut counts, &never, &mut |n| told = n).unwrap();
                assert_eq!((got.digest, &got.metrics), (expected.digest, &expected.metrics), "{}", scenario.name);
                assert_eq!((counts.before, counts.after, told), (5_500, 5_500, 5_500));
                assert!(counts.events > 5_500);
            }
        }
    }

    #[test]
    fn a_book_that_is_not_there_is_refused() {
        let e = observe(&SimConfig::default(), 1, &mut (), &AtomicBool::new(false), &mut |_| {}).unwrap_err();
        assert_eq!(e.to_string(), "`book` must be the index of one of 1 books, got 1");
    }
}
