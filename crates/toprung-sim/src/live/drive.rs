//! The thread of a live session: carries out orders, keeps the pace, and writes on the board.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Release};
use std::sync::{Arc, Condvar, Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use toprung_trace::LatencyHistogram;

use super::board::{Annotation, Board, LiveState, Mark, PERCENTILES, Phase};
use super::recorder::LiveRecorder;

/// Most commands between two looks at the orders: well below a millisecond of work.
pub(crate) const CHUNK_EVENTS: u64 = 4096;

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

/// What a driver runs: one book, or a market of agents. It decides every event; the driver decides when.
pub(crate) trait Course {
    /// Who keeps what is to be seen.
    fn recorder(&mut self) -> &mut LiveRecorder;

    /// Simulated time, ns behind the warm-up.
    fn time_ns(&self) -> u64;

    /// Commands of the warm-up that are still to come.
    fn warmup_left(&self) -> u64;

    /// Whether the horizon is reached.
    fn is_complete(&self) -> bool;

    /// At most so many commands that they take less than a millisecond or so.
    fn chunk(&self, events: u64) -> u64;

    /// Commands to carry out when simulated time is behind by so much.
    fn due(&self, behind_ns: f64) -> u64;

    /// Carries out at most `events` commands and gives how many. Who can, ends at `until_ns`; who cannot, a command later.
    fn advance(&mut self, events: u64, until_ns: u64) -> u64;

    /// Writes what it is into a state: all but phase, speed, commands and wall-clock times. What is slow to find out may be a
    /// moment old, unless it must be as it is `now`.
    fn describe(&mut self, state: &mut LiveState, now: bool);

    /// What happened that is to be marked on the time axis.
    fn take_annotations(&mut self, _: &mut Vec<Annotation>) {}

    /// What was timed so far, if anything is timed.
    fn latency(&self) -> Option<LatencyHistogram>;

    /// It is over: the last column ends here.
    fn finish(&mut self);
}

pub(crate) struct Driver<C> {
    run: C,
    control: Arc<Control>,
    board: Arc<Mutex<Board>>,
    state: LiveState,
    annotations: Vec<Annotation>,
    /// The order that is carried out, and its number.
    order: Order,
    number: u64,
    anchor: Anchor,
    published: Instant,
    summarised: Option<Instant>,
    working: Option<Instant>,
}

impl<C: Course> Driver<C> {
    /// `state` says what is known before anything has happened.
    pub(crate) fn new(run: C, state: LiveState, control: Arc<Control>, board: Arc<Mutex<Board>>) -> Driver<C> {
        let now = Instant::now();
        Driver {
            run,
            control,
            board,
            state,
            annotations: Vec::new(),
            order: Order::Pause,
            number: 0,
            anchor: Anchor { wall: now, time_ns: 0 },
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
            let chunk = self.run.chunk(CHUNK_EVENTS).min(self.run.warmup_left());
            self.state.warmup_events += self.run.advance(chunk, u64::MAX);
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
                    self.advance(left.min(CHUNK_EVENTS), u64::MAX);
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
        self.run.finish();
        self.publish(true);
    }

    fn take_order(&mut self) {
        // The number first: an order given in between is seen again.
        self.number = self.control.number();
        let order = self.control.order();
        let was_waiting = self.order == Order::Pause;
        match order {
            Order::Run { speed } => {
                self.anchor = Anchor { wall: Instant::now(), time_ns: self.run.time_ns() };
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
            self.advance(CHUNK_EVENTS, u64::MAX);
            return;
        }
        let elapsed_ns = self.anchor.wall.elapsed().as_nanos() as f64;
        let due_ns = self.anchor.time_ns as f64 + elapsed_ns * speed;
        let behind_ns = due_ns - self.run.time_ns() as f64;
        if behind_ns <= 0.0 {
            self.state.late_ns = 0;
            self.work(false);
            self.publish(false);
            let wait_ns = (-behind_ns / speed).clamp(5e5, 4e6);
            self.control.wait(self.number, Duration::from_nanos(wait_ns as u64));
            return;
        }
        self.state.late_ns = (behind_ns / speed) as u64;
        if self.state.late_ns > LATE_MAX.as_nanos() as u64 {
            self.anchor = Anchor { wall: Instant::now() - LATE_MAX / 2, time_ns: self.run.time_ns() };
        }
        self.advance(self.run.due(behind_ns).clamp(1, CHUNK_EVENTS), due_ns as u64);
    }

    fn advance(&mut self, events: u64, until_ns: u64) {
        self.work(true);
        self.state.phase = Phase::Running;
        self.state.events += self.run.advance(self.run.chunk(events), until_ns);
        self.publish(false);
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
        self.run.recorder().set_busy(works);
    }

    fn mark(&mut self, mark: Mark, value: f64) {
        // What happened before it comes first.
        self.run.take_annotations(&mut self.annotations);
        self.annotations.push(Annotation { time_ns: self.run.time_ns(), mark, value });
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
        board.take(self.run.recorder(), self.state.trades);
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
        self.state.busy_ns += busy_ns;
        self.run.take_annotations(&mut self.annotations);
        let s = &mut self.state;
        s.time_ns = self.run.time_ns();
        self.run.describe(s, now);
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
