//! One book's run: its flow, its book and what is measured, in chunks.
//!
//! A run depends on nothing but the configuration and the book's index, so books can be run by anybody in any order.

use toprung_book::{BookObserver, Command, CommandKind, Event, EventKind, EventSink};
use toprung_trace::{LatencyByKind, LatencyHistogram, LatencyInterval, LatencySampler};

use crate::config::{Horizon, SimConfig};
use crate::flow::Flow;
use crate::metrics::{L1Row, Metrics, Sampler, Tally};
use crate::observe::{Unseen, Watch};
use crate::result::BookResult;
use crate::touch::{Touch, TouchWatch};
use crate::venue::{SimBook, TouchedBook};

/// Events to expect between two rows at the least, so that sampling stays a small part of the work.
const EVENTS_PER_ROW_MIN: f64 = 64.0;

/// Who takes every event of the measured part. Together, so that a command has one pointer to both.
struct Seen<O> {
    tally: Tally,
    observer: O,
}

/// Takes a command's events for the counts, for the touch and for who looks on.
struct Recorder<'a, O> {
    seen: &'a mut Seen<O>,
    touch: &'a Touch,
    watch: TouchWatch,
}

impl<O: Observer> EventSink for Recorder<'_, O> {
    #[inline(always)]
    fn event(&mut self, e: &Event) {
        self.seen.tally.event(e);
        self.watch.event(e, self.touch);
        self.seen.observer.event(e);
    }
}

/// A book at one moment, as an [`Observer`] sees it.
pub(crate) struct Moment<'a, B> {
    /// Simulated time behind the warm-up, ns.
    pub(crate) time_ns: u64,
    pub(crate) book: &'a B,
    pub(crate) touch: Touch,
    pub(crate) tally: &'a Tally,
    pub(crate) depth_ticks: u32,
}

/// Looks on at the measured part of a run and decides nothing. `()` does not look, and costs nothing.
pub(crate) trait Observer {
    /// Whether it wants to see the book before what happens at `time_ns`.
    fn is_due(&self, time_ns: u64) -> bool;

    /// The book before what happens at the moment's time.
    fn see<B: SimBook>(&mut self, moment: &Moment<'_, B>);

    /// What follows happens at `time_ns`.
    fn now(&mut self, time_ns: u64);

    /// One event.
    fn event(&mut self, e: &Event);

    /// A command that was timed took so long.
    fn latency(&mut self, ns: u64);
}

impl Observer for () {
    #[inline(always)]
    fn is_due(&self, _: u64) -> bool {
        false
    }

    fn see<B: SimBook>(&mut self, _: &Moment<'_, B>) {}

    #[inline(always)]
    fn now(&mut self, _: u64) {}

    #[inline(always)]
    fn event(&mut self, _: &Event) {}

    #[inline(always)]
    fn latency(&mut self, _: u64) {}
}

/// A book on its way to the horizon.
pub(crate) struct BookRun<B, F, O = ()> {
    venue: TouchedBook<B>,
    flow: F,
    seen: Seen<O>,
    metrics: Metrics,
    sampler: Sampler,
    latency: LatencySampler,
    depth_ticks: u32,
    warmup_events: u64,
    warmup_left: u64,
    /// Commands left of the measured part; without meaning when the horizon is a time.
    events_left: u64,
    /// Simulated time at which the warm-up ended.
    start_ns: u64,
    /// Simulated time at which the run ends, `u64::MAX` when the horizon is in events.
    end_ns: u64,
    duration_ns: u64,
    /// Simulated time up to which the metrics are.
    measured_ns: u64,
    /// Simulated time of the last command.
    now_ns: u64,
    complete: bool,
}

impl<B: SimBook, F: Flow> BookRun<B, F> {
    /// An empty book of a checked configuration with its own flow, at its start.
    pub(crate) fn new(config: &SimConfig, flow: F) -> BookRun<B, F> {
        BookRun::observed(config, flow, ())
    }
}

impl<B: SimBook, F: Flow, O: Observer> BookRun<B, F, O> {
    /// The same with somebody who looks on.
    pub(crate) fn observed(config: &SimConfig, flow: F, observer: O) -> BookRun<B, F, O> {
        let reference = config.flow.reference_price();
        let book = config.book.to_book_config(config.expected_orders_per_book(), "book.");
        let venue = TouchedBook {
            book: B::open(book.expect("Invariant: the configuration was checked")),
            touch: Touch::empty_at(reference),
        };
        let (events_left, duration_ns) = match config.horizon {
            Horizon::Events(n) => (n, u64::MAX),
            Horizon::DurationNs(t) => (u64::MAX, t),
        };
        BookRun {
            flow,
            venue,
            seen: Seen { tally: Tally::new(reference), observer },
            metrics: Metrics::default(),
            sampler: Sampler::new(config.samples.rows, row_interval_ns(config)),
            latency: LatencySampler::new(config.latency_sampling, CommandKind::NAMES.len()),
            depth_ticks: config.samples.depth_ticks,
            warmup_events: 0,
            warmup_left: config.warmup_events,
            events_left,
            start_ns: 0,
            end_ns: if config.warmup_events == 0 { duration_ns } else { u64::MAX },
            duration_ns,
            measured_ns: 0,
            now_ns: 0,
            complete: false,
        }
    }

    /// Applies at most `budget` commands and says how many it were; fewer only if the run is over.
    pub(crate) fn advance(&mut self, budget: u64) -> u64 {
        self.advance_watched(budget, &mut Unseen)
    }

    /// The same under the eyes of `watch`.
    pub(crate) fn advance_watched<W: Watch>(&mut self, budget: u64, watch: &mut W) -> u64 {
        let mut done = 0;
        if self.warmup_left > 0 {
            let n = self.warmup_left.min(budget);
            for _ in 0..n {
                self.warm_up(watch);
            }
            self.warmup_left -= n;
            self.warmup_events += n;
            done = n;
            if self.warmup_left == 0 {
                self.start_measuring();
                watch.measured_from(self.start_ns);
            }
        }
        if self.warmup_left == 0 && !self.complete {
            let n = self.events_left.min(budget - done);
            for k in 0..n {
                // The command goes from the flow to the book in registers: kept in a field, it was written in parts and
                // read back whole, and waiting for that took two thirds of the run.
                let (time, cmd) = self.flow.next(&self.venue);
                if time > self.end_ns {
                    self.complete = true;
                    self.now_ns = self.end_ns;
                    return done + k;
                }
                self.step(time, cmd, watch);
            }
            self.events_left -= n;
            self.complete = self.events_left == 0;
            done += n;
        }
        done
    }

    /// Orders resting now.
    pub(crate) fn resting_orders(&self) -> usize {
        self.venue.book.order_count()
    }

    /// Who looks on.
    pub(crate) fn observer(&mut self) -> &mut O {
        &mut self.seen.observer
    }

    /// The book now, at the last command's time.
    pub(crate) fn moment(&self) -> Moment<'_, B> {
        let time_ns = if self.warmup_left == 0 { self.now_ns - self.start_ns } else { 0 };
        let TouchedBook { book, touch } = &self.venue;
        Moment { time_ns, book, touch: *touch, tally: &self.seen.tally, depth_ticks: self.depth_ticks }
    }

    /// Commands of the warm-up that are still to come.
    pub(crate) fn warmup_left(&self) -> u64 {
        self.warmup_left
    }

    /// What was timed so far, if anything is timed.
    pub(crate) fn latency(&self) -> Option<LatencyHistogram> {
        self.latency.histogram()
    }

    /// Tells latency in parts of the horizon, too, if anything is timed: [`note_progress`](Self::note_progress) ends them.
    pub(crate) fn follow_latency(&mut self) {
        self.latency.follow();
    }

    /// Looks whether a part of the horizon is over.
    pub(crate) fn note_progress(&mut self, horizon: Horizon) {
        let Moment { time_ns, .. } = self.moment();
        let done = match horizon {
            _ if self.complete => 1.0,
            _ if self.warmup_left > 0 => 0.0,
            Horizon::Events(n) => 1.0 - self.events_left as f64 / n as f64,
            Horizon::DurationNs(t) => time_ns as f64 / t as f64,
        };
        self.latency.advance(done, time_ns);
    }

    /// Latency in parts of the measured run up to now; nothing is followed from here on.
    pub(crate) fn take_course(&mut self) -> Vec<LatencyInterval> {
        let Moment { time_ns, .. } = self.moment();
        self.latency.take_course(time_ns)
    }

    /// Tells an observer that the book is at its end.
    pub(crate) fn end<K: BookObserver>(&self, observer: &mut K) {
        observer.end(self.now_ns, &self.venue.book);
    }

    /// Whether the horizon is reached.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }

    /// One command of the warm-up: counted nowhere but in the digest.
    fn warm_up<W: Watch>(&mut self, watch: &mut W) {
        let (time, cmd) = self.flow.next(&self.venue);
        let TouchedBook { book, touch } = &mut self.venue;
        let mut changes = TouchWatch::default();
        let mut watching = Watching { watch: &mut changes, touch, last_price: &mut self.seen.tally.last_price };
        watch.carry_out(time, book, &cmd, &mut watching);
        if changes.changed {
            touch.refresh(book);
        }
        self.now_ns = time;
    }

    fn start_measuring(&mut self) {
        self.start_ns = self.now_ns;
        self.measured_ns = self.now_ns;
        self.end_ns = self.now_ns.saturating_add(self.duration_ns);
    }

    /// One command of the measured part.
    #[inline(always)]
    fn step<W: Watch>(&mut self, time: u64, cmd: Command, watch: &mut W) {
        if self.sampler.is_due(time - self.start_ns) {
            self.sample(time);
        }
        let time_ns = time - self.start_ns;
        if self.seen.observer.is_due(time_ns) {
            self.let_see(time_ns);
        }
        self.seen.observer.now(time_ns);
        self.now_ns = time;
        self.seen.tally.command(cmd.kind);
        let TouchedBook { book, touch } = &mut self.venue;
        let mut recorder = Recorder { seen: &mut self.seen, touch, watch: TouchWatch::default() };
        let timer = self.latency.start(cmd.kind as usize);
        watch.carry_out(time, book, &cmd, &mut recorder);
        let changed = recorder.watch.changed;
        if let Some(ns) = self.latency.stop(timer) {
            self.seen.observer.latency(ns);
        }
        if changed {
            self.metrics.hold(touch, time - self.measured_ns);
            self.measured_ns = time;
            touch.refresh(book);
        }
    }

    #[cold]
    #[inline(never)]
    fn let_see(&mut self, time_ns: u64) {
        let TouchedBook { book, touch } = &self.venue;
        let depth_ticks = self.depth_ticks;
        let Seen { tally, observer } = &mut self.seen;
        observer.see(&Moment { time_ns, book, touch: *touch, tally, depth_ticks });
    }

    /// Takes the rows that are due before `time`.
    #[cold]
    #[inline(never)]
    fn sample(&mut self, time: u64) {
        let Touch { bid, bid_qty, ask, ask_qty } = self.venue.touch;
        let row = L1Row {
            time_ns: 0,
            bid,
            bid_qty,
            ask,
            ask_qty,
            bid_depth: self.venue.book.depth_within(toprung_book::Side::Buy, self.depth_ticks),
            ask_depth: self.venue.book.depth_within(toprung_book::Side::Sell, self.depth_ticks),
            volume: self.seen.tally.volume(),
            last_price: self.seen.tally.last_price,
        };
        self.sampler.take(time - self.start_ns, row);
    }

    /// Ends the run where it is.
    pub(crate) fn finish(mut self, keep_samples: bool) -> (BookResult, Option<LatencyByKind>) {
        if self.warmup_left == 0 {
            let end = self.now_ns;
            self.metrics.hold(&self.venue.touch, end - self.measured_ns);
            // A row at the very end is due now: nothing more happens at this time.
            self.sample(end.saturating_add(1));
        }
        self.seen.tally.write(&mut self.metrics);
        let samples = self.sampler.into_samples();
        self.metrics.take_depths(&samples.rows);
        let result = BookResult {
            measured_from_ns: self.start_ns,
            digest: self.venue.book.digest(),
            metrics: self.metrics,
            warmup_events: self.warmup_events,
            resting_orders: self.venue.book.order_count() as u64,
            complete: self.complete,
            samples: keep_samples.then_some(samples),
        };
        (result, self.latency.into_latencies())
    }
}

/// What is looked at in the warm-up.
struct Watching<'a> {
    watch: &'a mut TouchWatch,
    touch: &'a Touch,
    last_price: &'a mut i64,
}

impl EventSink for Watching<'_> {
    #[inline(always)]
    fn event(&mut self, e: &Event) {
        self.watch.event(e, self.touch);
        if e.kind == EventKind::Trade {
            *self.last_price = e.price;
        }
    }
}

/// The spacing of rows to begin with: of a horizon in time its share, of one in events less than what is to be expected,
/// since it doubles when it proves too fine.
fn row_interval_ns(config: &SimConfig) -> u64 {
    let rows = u64::from(config.samples.rows.max(2));
    let event_ns = 1e9 / config.flow.events_per_second();
    let least = (event_ns * EVENTS_PER_ROW_MIN) as u64;
    match config.horizon {
        Horizon::DurationNs(t) => (t / (rows - 1)).max(least),
        Horizon::Events(n) => ((event_ns * n as f64) as u64 / (2 * rows)).max(least),
    }
}

#[cfg(test)]
mod tests {
    use toprung_book::Book;
    use toprung_book::naive::NaiveBook;

    use super::*;
    use crate::config::BookSettings;
    use crate::flow::{AnyFlow, Background, FlowConfig, SantaFeConfig};
    use crate::policy_settings::{PolicySettings, PresetSettings};

    fn begin<B: SimBook>(config: &SimConfig) -> BookRun<B, Background<AnyFlow>> {
        BookRun::new(config, config.open_flow(0))
    }

    fn finished<B: SimBook>(config: &SimConfig) -> BookResult {
        let mut run = begin::<B>(config);
        while !run.is_complete() {
            run.advance(777);
        }
        run.finish(true).0
    }

    /// The fast book, the cached touch and the chunks on one side, the specification on the other.
    #[test]
    fn the_naive_book_gives_the_same_run() {
        let ten = SantaFeConfig { order_size: 10, ..SantaFeConfig::from_scales(1000.0, 0.02, 0.5) };
        let k = PolicySettings::Preset(PresetSettings { name: "cme.K".to_owned(), ..PresetSettings::default() });
        for policy in [PolicySettings::Fifo {}, PolicySettings::ProRata { min_lot: 2 }, k] {
            let config = SimConfig {
                horizon: Horizon::Events(20_000),
                warmup_events: 1_000,
                flow: FlowConfig::SantaFe(ten.clone()),
                book: BookSettings { policy, ..BookSettings::default() },
                ..SimConfig::default()
            };
            let (fast, naive) = (finished::<Book>(&config), finished::<NaiveBook>(&config));
            assert_eq!(fast.digest, naive.digest);
            assert_eq!(fast.metrics, naive.metrics);
            assert_eq!(fast.samples, naive.samples);
            assert!(fast.metrics.trades > 500);
        }
    }

    /// What a flow sees of its book beyond the touch is the same in both.
    #[test]
    fn the_naive_book_gives_the_same_run_under_every_model() {
        for flow in FlowConfig::defaults() {
            let config = SimConfig {
                horizon: Horizon::Events(3_000),
                warmup_events: 200,
                flow,
                season: Some(crate::SeasonConfig { session_ns: 20_000_000_000, open_to_noon: 3.0 }),
                ..SimConfig::default()
            };
            let (fast, naive) = (finished::<Book>(&config), finished::<NaiveBook>(&config));
            assert_eq!((fast.digest, &fast.metrics), (naive.digest, &naive.metrics), "{:?}", config.flow);
            assert_eq!(fast.metrics.rejected, 0, "{:?}", config.flow);
            assert!(fast.metrics.trades > 20, "{:?}", config.flow);
        }
    }

    /// The touch is asked for only when an event says that it may have changed. It must never be out of date.
    #[test]
    fn the_remembered_touch_is_the_books() {
        for tick in [0.01, 0.2, 1.0, 4.0] {
            let flow = FlowConfig::SantaFe(SantaFeConfig::from_scales(1000.0, 0.3, tick));
            let config =
                SimConfig { horizon: Horizon::Events(20_000), warmup_events: 100, flow, ..SimConfig::default() };
            let mut run = begin::<Book>(&config);
            while run.advance(1) == 1 {
                let mut fresh = run.venue.touch;
                fresh.refresh(&run.venue.book);
                assert_eq!(run.venue.touch, fresh);
            }
        }
    }

    #[test]
    fn the_size_of_the_chunks_does_not_matter() {
        let config = SimConfig { horizon: Horizon::Events(3_000), warmup_events: 1_000, ..SimConfig::default() };
        let of = |budget| {
            let mut run = begin::<Book>(&config);
            let mut events = 0;
            while !run.is_complete() {
                events += run.advance(budget);
            }
            assert_eq!(events, 4_000);
            let r = run.finish(true).0;
            (r.digest, r.metrics, r.samples)
        };
        assert_eq!(of(1), of(8192));
        assert_eq!(of(999), of(1001));
    }
}
