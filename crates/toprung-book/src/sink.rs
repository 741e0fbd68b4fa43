//! Where events go.
//!
//! A sink is a generic parameter of [`Book::apply`](crate::Book::apply), so an output that nobody wants costs nothing:
//! `&mut ()` drops every event, a tuple feeds two sinks, a closure takes each event as it comes.

use crate::event::{Event, EventKind};

/// Takes events in the order in which they happen.
pub trait EventSink {
    /// Takes one event.
    fn event(&mut self, e: &Event);
}

/// Drops everything.
impl EventSink for () {
    #[inline(always)]
    fn event(&mut self, _: &Event) {}
}

/// Keeps everything.
impl EventSink for Vec<Event> {
    #[inline(always)]
    fn event(&mut self, e: &Event) {
        self.push(*e);
    }
}

/// Feeds two sinks, the first first.
impl<A: EventSink, B: EventSink> EventSink for (A, B) {
    #[inline(always)]
    fn event(&mut self, e: &Event) {
        self.0.event(e);
        self.1.event(e);
    }
}

impl<S: EventSink + ?Sized> EventSink for &mut S {
    #[inline(always)]
    fn event(&mut self, e: &Event) {
        (**self).event(e);
    }
}

/// Counts events by kind, and what was traded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CountingSink {
    /// Events of each kind, by the kind's code.
    pub by_kind: [u64; 12],
    /// Lots traded.
    pub volume: u128,
}

impl CountingSink {
    /// Events of `kind`.
    pub fn count(&self, kind: EventKind) -> u64 {
        self.by_kind[kind as usize]
    }

    /// Events of every kind.
    pub fn total(&self) -> u64 {
        self.by_kind.iter().sum()
    }
}

impl EventSink for CountingSink {
    #[inline(always)]
    fn event(&mut self, e: &Event) {
        self.by_kind[e.kind as usize] += 1;
        if e.kind == EventKind::Trade {
            self.volume += u128::from(e.qty);
        }
    }
}
