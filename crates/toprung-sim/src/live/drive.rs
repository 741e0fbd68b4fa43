//! The thread of a live session: carries out orders, keeps the pace, and writes on the board.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Release};
use std::sync::{Arc, Condvar, Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use toprung_book::Side;

use super::board::{Annotation, Board, LADDER_LEVELS, LiveState, Mark, PERCENTILES, Phase};
use super::recorder::LiveRecorder;
use crate::book_run::BookRun;
use crate::config::SimConfig;
use crate::flow::Flow;
use crate::venue::SimBook;

/// Most commands between two looks at the orders: well below a millisecond of work.
const CHUNK_EVENTS: u64 = 4096;

/// Resting orders that may be visited between two looks where one command can visit them all.
const CHUNK_VISITS: u64 = 1 << 18;

/// Time between two writings on the board.
const PUBLISH_EVERY: Duration = Duration::from_millis(8);

/// Time between two looks at the latency of the whole run, which takes a tenth of a millisecond.
const PERCENTILES_EVERY: Duration = Duration::from_millis(500);

/// A run that is further behind its speed than this does not try to catch up.
const LATE_MAX: Duration = Duration::from_millis(250);

/// What the user wants.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Order {
    #[default]
    Pause,
    Run {
        speed: f64,
    },
    RunTo {
        events: u64,
    },
    Stop,
}

/// Takes orders for the thread. The newest counts; `Stop` is for good.
#[derive(Debug, Default)]
pub(crate) struct Control {
    order: Mutex<Order>,
    changed: Condvar,
    /// Counts the orders, so that the thread can see a new one without the lock.
    number: AtomicU64,
}

impl Control {
    pub(crate) fn give(&self, order: Order) {
        let mut now = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        if *now != Order::Stop {
            *now = order;
            self.number.fetch_add(1, Release);
            self.changed.notify_all();
        }
    }

    fn number(&self) -> u64 {
        self.number.load(Acquire)
    }

    fn order(&self) -> Order {
        *self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for an order after the `number`-th, at most `time`.
    fn wait(&self, number: u64, time: Duration) {
        let order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = self.changed.wait_timeout_while(order, time, |_| self.number() == number);
    }
}

/// A moment at which wall-clock and simulated time were seen together.
#[derive(Clone, Copy)]
struct Anchor {
    wall: Instant,
    time_ns: u64,
}

pub(crate) struct Driver<B, F> {
    run: BookRun<B, F, LiveRecorder>,
    control: Arc<Control>,
    board: Arc<Mutex<Board>>,
    state: LiveState,
    annotations: Vec<Annotation>,
    /// The order that is carried out, and its number.
    order: Order,
    number: u64,
    anchor: Anchor,
    events_per_second: f64,
    in_time_order: bool,
    published: Instant,
    summarised: Option<Instant>,
    working: Option<Instant>,
}

impl<B: SimBook, F: Flow> Driver<B, F> {
    pub(crate) fn new(
        config: &SimConfig,
        run: BookRun<B, F, LiveRecorder>,
        control: Arc<Control>,
        board: Arc<Mutex<Board>>,
    ) -> Driver<B, F> {
        let now = Instant::now();
        let events_total = config.expected_events_per_book() - config.warmup_events;
        Driver {
            run,
            control,
            board,
            state: LiveState { events_total, ..LiveState::default() },
            annotations: Vec::new(),
            order: Order::Pause,
            number: 0,
            anchor: Anchor { wall: now, time_ns: 0 },
            events_per_second: config.flow.events_per_second(),
            in_time_order: config.book.policy.policy("book.policy").is_ok_and(|policy| policy.is_fifo()),
            published: now,
            summarised: None,
            working: None,
        }
    }

    /// Runs to the end. A panic ends the session as [`Phase::Failed`].
    pub(crate) fn drive(mut self) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| self.until_over())) {
            let text = payload.downcast_ref::<&str>().map(|s| (*s).to_owned());
            let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
            let mut board = self.board.lock().unwrap_or_else(PoisonError::into_inner);
            board.state.phase = Phase::Failed;
            board.failure = Some(text.unwrap_or_else(|| "no message".to_owned()));
        }
    }

    fn until_over(&mut self) {
        self.work(true);
        while self.run.warmup_left() > 0 && self.control.order() != Order::Stop {
            let chunk = self.chunk(CHUNK_EVENTS).min(self.run.warmup_left());
            self.state.warmup_events += self.run.advance(chunk);
            self.publish(false);
        }
        self.mark(Mark::Measuring, self.state.warmup_events as f64);
        self.work(false);
        while !self.run.is_complete() {
            if self.control.number() != self.number {
                self.take_order();
            }
            match self.order {
                Order::Stop => break,
                Order::Pause => {
                    self.state.phase = Phase::Paused;
                    self.work(false);
                    self.publish(true);
                    self.control.wait(self.number, Duration::MAX);
                }
                Order::RunTo { events } => {
                    let left = events.saturating_sub(self.state.events);
                    self.advance(left.min(CHUNK_EVENTS));
                    if self.state.events >= events {
                        self.order = Order::Pause;
                        self.mark(Mark::Paused, self.state.events as f64);
                    }
                }
                Order::Run { speed } => self.keep_pace(speed),
            }
        }
        let complete = self.run.is_complete();
        self.state.phase = if complete { Phase::Complete } else { Phase::Stopped };
        self.mark(if complete { Mark::Complete } else { Mark::Stopped }, self.state.events as f64);
        self.work(false);
        self.flush_last_column();
        self.publish(true);
    }

    fn take_order(&mut self) {
        // The number first: an order given in between is seen again.
        self.number = self.control.number();
        let order = self.control.order();
        let was_waiting = self.order == Order::Pause;
        match order {
            Order::Run { speed } => {
                self.anchor = Anchor { wall: Instant::now(), time_ns: self.run.moment().time_ns };
                if was_waiting || self.state.speed != speed {
                    self.mark(Mark::Running, speed);
                }
                self.state.speed = speed;
            }
            Order::Pause if !was_waiting => self.mark(Mark::Paused, self.state.events as f64),
            _ => {}
        }
        self.order = order;
    }

    /// Goes on to where simulated time should be now, or waits for it.
    fn keep_pace(&mut self, speed: f64) {
        if speed == f64::INFINITY {
            self.state.late_ns = 0;
            self.advance(CHUNK_EVENTS);
            return;
        }
        let elapsed_ns = self.anchor.wall.elapsed().as_nanos() as f64;
        let due_ns = self.anchor.time_ns as f64 + elapsed_ns * speed;
        let behind_ns = due_ns - self.run.moment().time_ns as f64;
        if behind_ns <= 0.0 {
            self.state.late_ns = 0;
            self.work(false);
            self.publish(false);
            let wait_ns = (-behind_ns / speed).clamp(2e5, 4e6);
            self.control.wait(self.number, Duration::from_nanos(wait_ns as u64));
            return;
        }
        self.state.late_ns = (behind_ns / speed) as u64;
        if self.state.late_ns > LATE_MAX.as_nanos() as u64 {
            self.anchor = Anchor { wall: Instant::now() - LATE_MAX / 2, time_ns: self.run.moment().time_ns };
        }
        // Half of what is expected to be due, so that simulated time does not run ahead by more than an event or two.
        let expected = behind_ns * self.events_per_second / 2e9;
        self.advance((expected as u64).clamp(1, CHUNK_EVENTS));
    }

    fn advance(&mut self, events: u64) {
        self.work(true);
        self.state.phase = Phase::Running;
        self.state.events += self.run.advance(self.chunk(events));
        self.publish(false);
    }

    /// At most so many commands that they take less than a millisecond or so.
    fn chunk(&self, events: u64) -> u64 {
        if self.in_time_order {
            events
        } else {
            (CHUNK_VISITS / (self.run.resting_orders() as u64 + 1)).clamp(1, events.max(1))
        }
    }

    /// The run works from now on, or waits.
    fn work(&mut self, works: bool) {
        if works == self.working.is_some() {
            return;
        }
        if let Some(since) = self.working.take() {
            self.state.busy_ns += since.elapsed().as_nanos() as u64;
        }
        if works {
            self.working = Some(Instant::now());
        }
        self.run.observer().set_busy(works);
    }

    fn mark(&mut self, mark: Mark, value: f64) {
        self.annotations.push(Annotation { time_ns: self.run.moment().time_ns, mark, value });
    }

    fn flush_last_column(&mut self) {
        // The recorder is lent out while it looks at the run that it belongs to.
        let mut recorder = std::mem::replace(self.run.observer(), LiveRecorder::new(u64::MAX, 2, 0));
        recorder.finish(&self.run.moment());
        *self.run.observer() = recorder;
    }

    /// Writes on the board if it is time, or `now`; leaves it for later when somebody reads, unless it must be `now`.
    fn publish(&mut self, now: bool) {
        if !now && self.published.elapsed() < PUBLISH_EVERY {
            return;
        }
        self.refresh_state(now);
        let board = Arc::clone(&self.board);
        let mut board = match board.try_lock() {
            Ok(board) => board,
            Err(TryLockError::WouldBlock) if !now => return,
            // The run waits or is over: nothing is kept up.
            Err(_) => board.lock().unwrap_or_else(PoisonError::into_inner),
        };
        self.published = Instant::now();
        board.take(self.run.observer(), self.state.trades);
        board.annotations.append(&mut self.annotations);
        std::mem::swap(&mut board.state, &mut self.state);
        // What the next state goes on from is what was just written.
        self.state.clone_from(&board.state);
    }

    fn refresh_state(&mut self, now: bool) {
        let busy_ns = self.working.map_or(0, |since| since.elapsed().as_nanos() as u64);
        if self.working.is_some() {
            self.working = Some(Instant::now());
        }
        let moment = self.run.moment();
        let s = &mut self.state;
        s.busy_ns += busy_ns;
        s.time_ns = moment.time_ns;
        s.touch = Some(moment.touch);
        s.last_price = moment.tally.last_price;
        s.resting = moment.book.order_count() as u64;
        s.commands = moment.tally.commands();
        s.rejected = moment.tally.rejected();
        s.trades = moment.tally.trades();
        s.volume = moment.tally.volume();
        s.digest = moment.book.digest().to_string();
        for (side, levels) in [(Side::Buy, &mut s.bids), (Side::Sell, &mut s.asks)] {
            levels.clear();
            levels.extend(moment.book.ladder(side).take(LADDER_LEVELS));
        }
        let due = self.summarised.is_none_or(|at| at.elapsed() >= PERCENTILES_EVERY);
        if (due || now)
            && let Some(latency) = self.run.latency()
        {
            self.summarised = Some(Instant::now());
            s.latency_count = latency.count();
            s.latency_ns = PERCENTILES.map(|p| latency.percentile_ns(p));
        }
    }
}
