//! Watching books while they run: [`BookObserver`] sees every command with its time and the book around it, which events
//! alone do not tell; [`Observers`] gives one to every part of a run over many books.
//!
//! An observer is a generic parameter, so a run that nobody watches pays nothing: that is `()`.

use crate::command::Command;
use crate::sink::EventSink;
use crate::view::MatchingBook;

/// Watches one book after the other. Of each command it is called with [`before`](Self::before), then with the events,
/// then with [`after`](Self::after); it cannot change anything. What it does not implement it does not look at.
pub trait BookObserver: EventSink {
    /// Book `index` begins, empty.
    #[inline(always)]
    fn begin(&mut self, _index: u32) {}

    /// The warm-up of the book is over; what follows is measured. Not called of a book without warm-up.
    #[inline(always)]
    fn measured_from(&mut self, _time_ns: u64) {}

    /// A command is about to be applied.
    #[inline(always)]
    fn before<B: MatchingBook>(&mut self, _time_ns: u64, _cmd: &Command, _book: &B) {}

    /// The command's events have all come.
    #[inline(always)]
    fn after<B: MatchingBook>(&mut self, _time_ns: u64, _book: &B) {}

    /// The book has reached its end, or was stopped.
    #[inline(always)]
    fn end<B: MatchingBook>(&mut self, _time_ns: u64, _book: &B) {}

    /// Whether the run may as well stop, since the observer has failed. Asked between pieces of work.
    #[inline(always)]
    fn has_failed(&self) -> bool {
        false
    }
}

/// Watches nothing.
impl BookObserver for () {}

/// Observers for the parts of a run: each watches a range of books, one after the other, in the order of their indices.
///
/// Parts may run at the same time on different threads. How books fall into parts must depend on nothing but their
/// number, so that every part sees the same for any number of threads.
pub trait Observers: Sync {
    /// What watches one part.
    type Part: BookObserver;

    /// Books in a part, from 1, of a run over so many.
    fn books_per_part(&self, books: u32) -> u32;

    /// The observer of part `part`.
    fn open(&self, part: u32) -> Self::Part;

    /// Takes the observer of part `part` back when its books are done.
    fn close(&self, part: u32, observer: Self::Part);
}

/// Parts at most, of very many books: few enough to hand out quickly, enough for any machine.
const PARTS_MAX: u32 = 4096;

/// Nobody watches. Single books may be long, so that they are handed out one by one; of very many, some at a time.
impl Observers for () {
    type Part = ();

    fn books_per_part(&self, books: u32) -> u32 {
        (books / PARTS_MAX).max(1)
    }

    fn open(&self, _: u32) {}

    fn close(&self, _: u32, (): ()) {}
}
