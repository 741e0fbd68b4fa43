//! One book under its flow, a command at a time: for who wants to look at every step, or to trade in between.
//!
//! ```
//! use toprung_book::{Command, Side};
//! use toprung_sim::flow::FLOW_IDS_END;
//! use toprung_sim::{Market, SimConfig};
//!
//! let mut market = Market::open(&SimConfig::default(), 0).unwrap();
//! while !(market.touch().has_bid() && market.touch().has_ask()) {
//!     market.step(&mut ());
//! }
//! // An order of one's own joins the queue at the best bid.
//! let bid = market.touch().bid;
//! market.submit(&Command::limit(FLOW_IDS_END, Side::Buy, bid, 1), &mut ());
//! assert_eq!(market.book().order(FLOW_IDS_END).unwrap().price, bid);
//! ```

use toprung_book::{Book, Command, Event, EventSink};

use crate::config::SimConfig;
use crate::error::SimError;
use crate::flow::{AnyFlow, Background, Flow};
use crate::touch::{Touch, TouchWatch};
use crate::venue::TouchedBook;

/// Hands events on, and notices those that may change the touch.
struct Watched<'a, S> {
    sink: &'a mut S,
    touch: &'a Touch,
    watch: TouchWatch,
}

impl<S: EventSink> EventSink for Watched<'_, S> {
    #[inline(always)]
    fn event(&mut self, e: &Event) {
        self.watch.event(e, self.touch);
        self.sink.event(e);
    }
}

/// One book under its flow.
#[derive(Debug)]
pub struct Market {
    venue: TouchedBook<Book>,
    flow: Background<AnyFlow>,
    /// Time of the pending event, once it is drawn.
    pending: Option<u64>,
    time_ns: u64,
}

impl Market {
    /// Book number `book` of a configuration, empty, at time 0: the same that [`simulate`](crate::simulate) runs.
    ///
    /// # Errors
    ///
    /// The first parameter that breaks a rule.
    pub fn open(config: &SimConfig, book: u32) -> Result<Market, SimError> {
        config.validate()?;
        let settings = config.book.to_book_config(config.expected_orders_per_book(), "book.")?;
        Ok(Market {
            venue: TouchedBook { book: Book::new(settings), touch: Touch::empty_at(config.flow.reference_price()) },
            flow: config.open_flow(book),
            pending: None,
            time_ns: 0,
        })
    }

    /// Lets the next command of the flow happen; its events go to `sink`.
    #[inline]
    pub fn step<S: EventSink>(&mut self, sink: &mut S) -> Command {
        loop {
            self.time_ns = match self.pending.take() {
                Some(time) => time,
                None => self.flow.arm(&self.venue),
            };
            if let Some(cmd) = self.flow.fire(&self.venue) {
                self.apply(&cmd, sink);
                return cmd;
            }
        }
    }

    /// When the flow's next event is due, ns; it may turn out to be nothing.
    pub fn next_ns(&mut self) -> u64 {
        match self.pending {
            Some(time) => time,
            None => *self.pending.insert(self.flow.arm(&self.venue)),
        }
    }

    /// Carries out a command of somebody else now. Its new orders have ids from [`FLOW_IDS_END`] on.
    pub fn submit<S: EventSink>(&mut self, cmd: &Command, sink: &mut S) {
        let pending = self.next_ns();
        self.apply(cmd, sink);
        self.pending = Some(self.flow.disturbed(self.time_ns, &self.venue).unwrap_or(pending));
    }

    #[inline]
    fn apply<S: EventSink>(&mut self, cmd: &Command, sink: &mut S) {
        let TouchedBook { book, touch } = &mut self.venue;
        let mut watched = Watched { sink, touch, watch: TouchWatch::default() };
        book.apply(cmd, &mut watched);
        if watched.watch.changed {
            touch.refresh(book);
        }
    }

    /// The best prices.
    #[inline]
    pub fn touch(&self) -> &Touch {
        &self.venue.touch
    }

    /// The book.
    pub fn book(&self) -> &Book {
        &self.venue.book
    }

    /// Time of the last event, ns.
    #[inline]
    pub fn time_ns(&self) -> u64 {
        self.time_ns
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::config::Horizon;
    use crate::{FlowConfig, QueueReactiveConfig, RealisticDayConfig, simulate};

    /// Step by step or all at once, the events are the same.
    #[test]
    fn a_market_is_the_book_that_simulate_runs() {
        for flow in [
            FlowConfig::default(),
            FlowConfig::QueueReactive(QueueReactiveConfig::default()),
            FlowConfig::RealisticDay(RealisticDayConfig::default()),
        ] {
            let config = SimConfig {
                flow,
                books: 2,
                warmup_events: 100,
                horizon: Horizon::Events(5000),
                ..SimConfig::default()
            };
            let all = simulate(&config, &AtomicBool::new(false), &|_| {}).unwrap();
            for (index, book) in all.books.iter().enumerate() {
                let mut market = Market::open(&config, index as u32).unwrap();
                for _ in 0..5100 {
                    market.step(&mut ());
                }
                assert_eq!(market.book().digest(), book.digest, "{:?}", config.flow);
            }
        }
    }

    /// Asking for the next time decides nothing, and orders of others that change nothing for the flow do not either.
    #[test]
    fn looking_ahead_changes_nothing() {
        let mut plain = Market::open(&SimConfig::default(), 0).unwrap();
        let mut asked = Market::open(&SimConfig::default(), 0).unwrap();
        for _ in 0..2000 {
            let due = asked.next_ns();
            assert_eq!(plain.step(&mut ()), asked.step(&mut ()));
            assert!(due <= asked.time_ns());
        }
    }
}
