//! A Hawkes process and the cancels beside it as one pending event.

use super::{Cluster, HawkesConfig, HawkesMethod, HawkesProcess, Thinning};
use crate::flow::clock::EventClock;
use crate::flow::component;
use crate::flow::own_orders::OwnOrders;
use crate::random::{StreamKey, Xoshiro256pp};

/// The process in either form.
#[derive(Clone, Debug)]
pub(crate) enum Events {
    Cluster(Box<Cluster>),
    Thinning(Box<Thinning>),
}

impl Events {
    /// On the book's stream for the flow.
    pub(crate) fn open(config: &HawkesConfig, key: StreamKey, book: u32) -> Events {
        Events::new(&config.process(), config.method, key.generator(book, component::FLOW))
    }

    /// A process in the form of `method`.
    pub(crate) fn new(process: &HawkesProcess, method: HawkesMethod, rng: Xoshiro256pp) -> Events {
        match method {
            HawkesMethod::Cluster => Events::Cluster(Box::new(Cluster::new(process, rng))),
            HawkesMethod::Thinning => Events::Thinning(Box::new(Thinning::new(process, rng))),
        }
    }

    #[inline(always)]
    pub(crate) fn next_event(&mut self) -> (u64, usize) {
        match self {
            Events::Cluster(process) => process.next_event(),
            Events::Thinning(process) => process.next_event(),
        }
    }
}

/// Two pending events of one flow: of the process, and of the cancels at rate δ. The earlier one is the flow's.
#[derive(Clone, Debug)]
pub(crate) struct Race {
    events: Events,
    /// The process's next event.
    next: (u64, usize),
    decay: EventClock,
    decaying: bool,
    started: bool,
}

impl Race {
    pub(crate) fn new(events: Events) -> Race {
        Race { events, next: (0, 0), decay: EventClock::default(), decaying: false, started: false }
    }

    /// Time of the next event.
    #[inline(always)]
    pub(crate) fn arm(&mut self, orders: &mut OwnOrders) -> u64 {
        if !self.started || !self.decaying {
            // The wait for a cancel starts anew at every event: it has no memory.
            self.decay.set(self.next.0);
            self.next = self.events.next_event();
            self.started = true;
        }
        self.decaying = orders.decays_before(&mut self.decay, self.next.0);
        if self.decaying { self.decay.now() } else { self.next.0 }
    }

    /// The type of the event, or `None` for a cancel at rate δ.
    #[inline(always)]
    pub(crate) fn fired(&self) -> Option<usize> {
        (!self.decaying).then_some(self.next.1)
    }
}
