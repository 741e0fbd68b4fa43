//! A market of agents as the course of a session: one venue is shown, every venue and agent runs.
//!
//! It reads the world between steps of its loop and puts nothing into it, so the events are those of
//! [`World::run`](crate::World::run). What is followed over time are *tracks*: every group, and the agents of small groups.

use std::time::{Duration, Instant};

use toprung_book::Side;
use toprung_trace::{LatencyHistogram, Stopwatch};

use super::board::{Annotation, Holding, LADDER_LEVELS, LiveState, Mark, OwnLevel, Track};
use super::book::write_levels;
use super::drive::Course;
use super::recorder::{LiveRecorder, LiveTrade, Scene, Totals};
use crate::book_run::Observer;
use crate::kernel::{Account, MarketConfig, Stop, World, agent_of};

/// Groups and agents that are followed over time: what a person can tell apart, and some megabytes of history.
pub const TRACKS_MAX: usize = 64;

/// One step in so many is timed: the clock costs as much as a step.
const TIMED_EVERY: u64 = 16;

/// Time between two looks at whose orders rest: the book's best levels order by order.
const OWN_EVERY: Duration = Duration::from_millis(33);

/// Orders of a side that are looked at for that.
const OWN_ORDERS_MAX: usize = 8192;

/// Ticks from the best price that count as near the touch where the venue does not say.
const DEPTH_TICKS: u32 = 10;

pub(crate) struct MarketCourse {
    world: World,
    /// The venue that is shown.
    venue: usize,
    tracks: Vec<Track>,
    recorder: LiveRecorder,
    /// What is to come and when, latest first.
    scheduled: Vec<Annotation>,
    annotations: Vec<Annotation>,
    /// Phases of the venue that have been looked at.
    phases: usize,
    volume: u64,
    complete: bool,
    latency: LatencyHistogram,
    until_timed: u64,
    own: Vec<OwnLevel>,
    own_seen: Option<Instant>,
    /// By agent: the level at which it was last seen in `own`, and its row.
    places: Vec<(u32, u32)>,
}

impl MarketCourse {
    /// `world` is the market of `config`, at time 0, keeping its trades.
    pub(crate) fn new(config: &MarketConfig, world: World, venue: usize, recorder: LiveRecorder) -> MarketCourse {
        MarketCourse {
            venue,
            tracks: tracks(config),
            recorder,
            scheduled: scheduled(config, venue),
            annotations: Vec::new(),
            phases: 0,
            volume: 0,
            complete: false,
            latency: LatencyHistogram::default(),
            until_timed: TIMED_EVERY,
            own: Vec::new(),
            own_seen: None,
            places: vec![(0, 0); world.seats.len()],
            world,
        }
    }

    fn messages(&self) -> u64 {
        self.world.venues.iter().map(|v| v.counts.messages).sum()
    }

    /// Messages and agents' calls up to a time, at most `budget`; one in some is timed if it is a message.
    fn step(&mut self, until_ns: u64, budget: u64) -> Stop {
        if self.until_timed > 1 {
            let burst = budget.min(self.until_timed - 1);
            let before = self.world.events();
            let stop = self.world.advance(until_ns, burst);
            self.until_timed -= self.world.events() - before;
            return stop;
        }
        let before = self.messages();
        let watch = Stopwatch::start();
        let stop = self.world.advance(until_ns, 1);
        let ns = watch.elapsed_ns();
        if self.messages() > before {
            self.latency.record(ns);
            self.recorder.latency(ns);
            self.until_timed = TIMED_EVERY;
        }
        stop
    }

    fn take_trades(&mut self) {
        for (v, venue) in self.world.venues.iter_mut().enumerate() {
            let Some(trades) = &mut venue.trades else { continue };
            let whose = |agent: Option<u32>| agent.map_or(0, |a| u64::from(a) + 1);
            for t in trades.drain(..).filter(|_| v == self.venue) {
                self.volume += t.qty;
                let (maker, taker) = (whose(t.maker), whose(t.taker));
                let (time_ns, price, qty, side) = (t.time_ns, t.price, t.qty, t.side);
                self.recorder.trade(LiveTrade { time_ns, price, qty, side, maker, taker });
            }
        }
    }

    /// Notes what has come to pass by now.
    fn note(&mut self) {
        let now = self.world.now_ns();
        let phases = self.world.venues[self.venue].sessions.as_ref().map_or(&[][..], |s| &s.record.phases);
        let begun = phases[self.phases..].iter();
        self.scheduled.extend(begun.map(|p| Annotation {
            time_ns: p.at_ns,
            mark: Mark::Phase,
            value: f64::from(p.phase as u8),
        }));
        if phases.len() > self.phases {
            self.phases = phases.len();
            self.scheduled.sort_by_key(|a| std::cmp::Reverse(a.time_ns));
        }
        while self.scheduled.last().is_some_and(|a| a.time_ns <= now) {
            self.annotations.extend(self.scheduled.pop());
        }
    }

    fn account(&self, track: &Track) -> Account {
        let mut sum = Account::default();
        for seat in &self.world.seats[track.first as usize..(track.first + track.count) as usize] {
            sum.add(&seat.ledger);
        }
        sum
    }

    fn holdings(&self) -> impl Iterator<Item = Holding> {
        let mid = self.world.venues[0].feed.now.mid();
        self.tracks.iter().map(move |track| {
            let account = self.account(track);
            Holding { position: account.position, value: account.value(mid) }
        })
    }

    fn scene(&self) -> Scene<'_, toprung_book::Book> {
        let venue = &self.world.venues[self.venue];
        let published = self.world.depth_ticks(self.venue);
        Scene {
            time_ns: self.world.now_ns(),
            book: venue.market.book.book(),
            touch: venue.market.touch,
            last_price: venue.feed.now.last_price,
            depth_ticks: if published > 0 { published } else { DEPTH_TICKS },
            totals: self.totals(),
            holdings: self.holdings().collect(),
        }
    }

    fn totals(&self) -> Totals {
        let venue = &self.world.venues[self.venue];
        let c = &venue.counts;
        Totals {
            // Reduces and replaces are counted together.
            commands: [c.limits, c.markets, c.cancels, 0, c.changes],
            rejected: c.rejected,
            trades: venue.feed.now.trades,
        }
    }

    fn end_column(&mut self) {
        let mut recorder = std::mem::replace(&mut self.recorder, LiveRecorder::new(u64::MAX, 2, 0));
        recorder.take(self.scene());
        self.recorder = recorder;
    }

    /// Whose orders rest at the best levels, and where in the queues.
    fn look_at_queues(&mut self) {
        self.own.clear();
        self.places.fill((0, 0));
        let book = self.world.venues[self.venue].market.book.book();
        let mut level = 0;
        for side in Side::BOTH {
            let (mut price, mut levels) = (None, 0);
            let (mut orders, mut lots) = (0, 0);
            for order in book.orders(side).take(OWN_ORDERS_MAX) {
                if price != Some(order.price) {
                    (price, orders, lots) = (Some(order.price), 0, 0);
                    levels += 1;
                    level += 1;
                    if levels > LADDER_LEVELS {
                        break;
                    }
                }
                if let Some(agent) = agent_of(order.id) {
                    let place = &mut self.places[agent as usize];
                    if place.0 == level {
                        let row = &mut self.own[place.1 as usize];
                        row.qty += order.qty;
                        row.orders += 1;
                    } else {
                        *place = (level, self.own.len() as u32);
                        self.own.push(OwnLevel {
                            agent,
                            side,
                            price: order.price,
                            qty: order.qty,
                            orders: 1,
                            orders_ahead: orders,
                            lots_ahead: lots,
                        });
                    }
                }
                orders += 1;
                lots += order.qty;
            }
        }
    }
}

impl Course for MarketCourse {
    fn recorder(&mut self) -> &mut LiveRecorder {
        &mut self.recorder
    }

    fn time_ns(&self) -> u64 {
        self.world.now_ns()
    }

    fn warmup_left(&self) -> u64 {
        0
    }

    fn is_complete(&self) -> bool {
        self.complete
    }

    fn chunk(&self, events: u64) -> u64 {
        events
    }

    fn due(&self, _: f64) -> u64 {
        u64::MAX
    }

    fn advance(&mut self, events: u64, until_ns: u64) -> u64 {
        let before = self.messages();
        let end = until_ns.min(self.world.duration_ns);
        // A step may be an agent's call, which is no command: at most as many commands as steps.
        let mut left = events;
        while left > 0 && !self.complete {
            let due = self.recorder.due_ns().min(end);
            let steps = self.world.events();
            let stop = self.step(due, left);
            left = left.saturating_sub(self.world.events() - steps);
            self.take_trades();
            self.note();
            match stop {
                Stop::Reached if due == self.recorder.due_ns() => self.end_column(),
                Stop::Reached => {
                    self.complete = due == self.world.duration_ns;
                    break;
                }
                // Nobody answers whoever is decided from outside.
                Stop::Decisions => self.world.decide(|_, _| {}),
                Stop::Budget => {}
            }
        }
        self.messages() - before
    }

    fn describe(&mut self, s: &mut LiveState, now: bool) {
        if now || self.own_seen.is_none_or(|at| at.elapsed() >= OWN_EVERY) {
            self.own_seen = Some(Instant::now());
            self.look_at_queues();
        }
        let Totals { commands, rejected, trades } = self.totals();
        let venue = &self.world.venues[self.venue];
        s.touch = Some(venue.market.touch);
        s.last_price = venue.feed.now.last_price;
        s.resting = venue.market.book.book().order_count() as u64;
        (s.commands, s.rejected, s.trades, s.volume) = (commands, rejected, trades, self.volume);
        s.digest = self.world.digest().to_string();
        write_levels(venue.market.book.book(), s);
        s.accounts.clear();
        s.accounts.extend(self.tracks.iter().map(|track| self.account(track)));
        s.holdings.clear();
        s.holdings.extend(self.holdings());
        s.own.clone_from(&self.own);
    }

    fn take_annotations(&mut self, annotations: &mut Vec<Annotation>) {
        annotations.append(&mut self.annotations);
    }

    fn latency(&self) -> Option<LatencyHistogram> {
        Some(self.latency.clone())
    }

    fn finish(&mut self) {
        let mut recorder = std::mem::replace(&mut self.recorder, LiveRecorder::new(u64::MAX, 2, 0));
        recorder.finish(self.scene());
        self.recorder = recorder;
    }
}

/// Every group, then the agents of the smallest groups that have several, as many as there may be.
pub(crate) fn tracks(config: &MarketConfig) -> Vec<Track> {
    let mut first = 0;
    let mut groups: Vec<Track> = Vec::new();
    for agent in &config.agents {
        groups.push(Track { group: agent.name.clone(), first, count: agent.count, is_member: false });
        first += agent.count;
    }
    let mut small: Vec<&Track> = groups.iter().filter(|g| g.count > 1).collect();
    small.sort_by_key(|g| g.count);
    let mut left = TRACKS_MAX.saturating_sub(groups.len());
    let mut members = Vec::new();
    for group in small {
        if group.count as usize > left {
            break;
        }
        left -= group.count as usize;
        members.extend((0..group.count).map(|k| Track {
            first: group.first + k,
            count: 1,
            is_member: true,
            ..group.clone()
        }));
    }
    groups.truncate(TRACKS_MAX);
    groups.extend(members);
    groups
}

/// What the configuration says will happen, latest first.
fn scheduled(config: &MarketConfig, venue: usize) -> Vec<Annotation> {
    let mut list = Vec::new();
    let mut add = |time_ns, mark, value| list.push(Annotation { time_ns, mark, value });
    for (g, agent) in config.agents.iter().enumerate().filter(|(_, a)| !a.absent) {
        if agent.start_ns > 0 {
            add(agent.start_ns, Mark::Starts, g as f64);
        }
        if let Some(at) = agent.stop_ns {
            add(at, Mark::Ends, g as f64);
        }
    }
    for jump in &config.fundamental.jumps {
        add(jump.at_ns, Mark::Shock, jump.ticks);
    }
    for retune in &config.venues[venue].retunes {
        add(retune.at_ns, Mark::Retuned, venue as f64);
    }
    list.sort_by_key(|a| std::cmp::Reverse(a.time_ns));
    list
}
