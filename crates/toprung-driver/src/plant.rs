//! Faults on purpose, in the consumer of an order's first event, for tests and for the guide.

use std::hint::black_box;

use serde::{Deserialize, Serialize};
use toprung_book::{Command, Event, EventSink};
use toprung_sim::Observer;
use toprung_trace::{FreshPages, TickClock};

/// One order in so many has a fault.
pub const PLANT_EVERY: u64 = 4096;

/// Bytes of a planted allocation, all of them written.
const ALLOC_BYTES: usize = 256 << 10;
/// Length of a planted stall.
const STALL_NS: u64 = 50_000;
/// Pages that a planted touch faults in.
const PAGES: usize = 32;

/// A fault to plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Plant {
    /// 256 KiB are allocated, written and freed.
    Alloc,
    /// The thread spins for 50 µs.
    Stall,
    /// 32 pages are touched that are not there.
    Page,
}

impl Plant {
    /// Where in each [`PLANT_EVERY`] commands the fault lies: no two faults meet in one order.
    const fn phase(self) -> u64 {
        match self {
            Plant::Alloc => PLANT_EVERY - 1,
            Plant::Stall => PLANT_EVERY / 2 - 1,
            Plant::Page => PLANT_EVERY / 4 - 1,
        }
    }
}

/// An observer under which faults are planted: by a command's number only, so that a replay has the same.
#[derive(Debug)]
pub struct Planted<'a, O> {
    inner: &'a mut O,
    plants: Vec<Plant>,
    clock: TickClock,
    pages: Option<FreshPages>,
    command: u64,
    due: Option<Plant>,
    /// Whether the inner observer looks at the command at work.
    seen: bool,
    touched: bool,
}

impl<'a, O> Planted<'a, O> {
    /// `inner` with faults from command 0 on.
    pub fn new(inner: &'a mut O, plants: &[Plant]) -> Planted<'a, O> {
        let pages = if plants.contains(&Plant::Page) { FreshPages::new(PAGES) } else { None };
        Planted {
            inner,
            plants: plants.to_vec(),
            clock: TickClock::get(),
            pages,
            command: 0,
            due: None,
            seen: false,
            touched: false,
        }
    }
}

fn commit(plant: Plant, clock: &TickClock, pages: &mut Option<FreshPages>) {
    match plant {
        Plant::Alloc => drop(black_box(vec![1_u8; ALLOC_BYTES])),
        Plant::Stall => {
            let start = clock.now();
            while clock.ns_between(start, clock.now()) < STALL_NS {
                std::hint::spin_loop();
            }
        }
        Plant::Page => pages.iter_mut().for_each(FreshPages::touch),
    }
}

/// A consumer of events that does something else first.
struct Faulty<'a, S, F> {
    sink: &'a mut S,
    fault: F,
}

impl<S: EventSink, F: FnMut()> EventSink for Faulty<'_, S, F> {
    fn event(&mut self, e: &Event) {
        (self.fault)();
        self.sink.event(e);
    }
}

impl<O: Observer> Observer for Planted<'_, O> {
    fn lets_pass(&self) -> u64 {
        let to_next = |p: &Plant| (p.phase() + PLANT_EVERY - self.command % PLANT_EVERY) % PLANT_EVERY;
        self.plants.iter().map(to_next).min().unwrap_or(u64::MAX).min(self.inner.lets_pass())
    }

    fn passed(&mut self, commands: u64) {
        self.inner.passed(commands);
        self.command += commands;
    }

    fn before(&mut self, cmd: &Command) {
        let phase = self.command % PLANT_EVERY;
        self.due = self.plants.iter().copied().find(|p| p.phase() == phase);
        self.seen = self.inner.lets_pass() == 0;
        if self.seen {
            self.inner.before(cmd);
        }
    }

    fn event<S: EventSink>(&mut self, e: &Event, sink: &mut S) {
        match self.due.take() {
            None if self.seen => self.inner.event(e, sink),
            None => sink.event(e),
            Some(plant) => {
                let (clock, pages) = (&self.clock, &mut self.pages);
                let mut faulty = Faulty { sink, fault: || commit(plant, clock, pages) };
                if self.seen {
                    self.inner.event(e, &mut faulty);
                } else {
                    faulty.event(e);
                }
                self.touched = plant == Plant::Page;
            }
        }
    }

    fn after(&mut self, cmd: &Command) {
        if self.seen {
            self.inner.after(cmd);
        } else {
            self.inner.passed(1);
        }
        self.command += 1;
        if std::mem::take(&mut self.touched) {
            // Behind the order, which shall have the faults and not this.
            self.pages.iter_mut().for_each(FreshPages::discard);
        }
    }
}
