//! One book as the course of a session.

use toprung_book::Side;
use toprung_trace::LatencyHistogram;

use super::board::{LADDER_LEVELS, LiveState};
use super::drive::Course;
use super::recorder::LiveRecorder;
use crate::book_run::BookRun;
use crate::config::SimConfig;
use crate::flow::Flow;
use crate::venue::SimBook;

/// Resting orders that may be visited between two looks at the orders where one command can visit them all.
const CHUNK_VISITS: u64 = 1 << 18;

pub(crate) struct BookCourse<B, F> {
    run: BookRun<B, F, LiveRecorder>,
    events_per_second: f64,
    in_time_order: bool,
}

impl<B: SimBook, F: Flow> BookCourse<B, F> {
    pub(crate) fn new(config: &SimConfig, flow: F, recorder: LiveRecorder) -> BookCourse<B, F> {
        BookCourse {
            run: BookRun::observed(config, flow, recorder),
            events_per_second: config.flow.events_per_second(),
            in_time_order: config.book.policy.policy("book.policy").is_ok_and(|policy| policy.is_fifo()),
        }
    }
}

impl<B: SimBook, F: Flow> Course for BookCourse<B, F> {
    fn recorder(&mut self) -> &mut LiveRecorder {
        self.run.observer()
    }

    fn time_ns(&self) -> u64 {
        self.run.moment().time_ns
    }

    fn warmup_left(&self) -> u64 {
        self.run.warmup_left()
    }

    fn is_complete(&self) -> bool {
        self.run.is_complete()
    }

    fn chunk(&self, events: u64) -> u64 {
        if self.in_time_order {
            events
        } else {
            (CHUNK_VISITS / (self.run.resting_orders() as u64 + 1)).clamp(1, events.max(1))
        }
    }

    /// Half of what is expected, so that simulated time does not run ahead by more than an event or two.
    fn due(&self, behind_ns: f64) -> u64 {
        (behind_ns * self.events_per_second / 2e9) as u64
    }

    fn advance(&mut self, events: u64, _: u64) -> u64 {
        self.run.advance(events)
    }

    fn describe(&mut self, s: &mut LiveState, _: bool) {
        let moment = self.run.moment();
        s.touch = Some(moment.touch);
        s.last_price = moment.tally.last_price;
        s.resting = moment.book.order_count() as u64;
        s.commands = moment.tally.commands();
        s.rejected = moment.tally.rejected();
        s.trades = moment.tally.trades();
        s.volume = moment.tally.volume();
        s.digest = moment.book.digest().to_string();
        write_levels(moment.book, s);
    }

    fn latency(&self) -> Option<LatencyHistogram> {
        self.run.latency()
    }

    fn finish(&mut self) {
        // The recorder is lent out while it looks at the run that it belongs to.
        let mut recorder = std::mem::replace(self.run.observer(), LiveRecorder::new(u64::MAX, 2, 0));
        recorder.finish((&self.run.moment()).into());
        *self.run.observer() = recorder;
    }
}

/// The best levels of both sides.
pub(crate) fn write_levels<B: SimBook>(book: &B, s: &mut LiveState) {
    for (side, levels) in [(Side::Buy, &mut s.bids), (Side::Sell, &mut s.asks)] {
        levels.clear();
        levels.extend(book.ladder(side).take(LADDER_LEVELS));
    }
}
