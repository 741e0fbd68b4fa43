//! A market: venues, agents, and the one loop that runs them.
//!
//! The loop takes what is earliest: a venue's next message, or an agent's next call. At one time venues come first. What
//! an agent sends is put into a venue's line with the time of its arrival; what a venue publishes is kept with its time
//! and read as late as the reader's link is slow; so the result does not depend on how far a venue has been run ahead.

use toprung_book::{Command, Digest, SelfTrade};

use super::agenda::{Agenda, Key, fair_tie};
use super::config::{MarketConfig, VenueConfig};
use super::context::{Agent, Context, Decision, Desk, Occasion, Seat};
use super::draws::Draws;
use super::fundamental::Fundamental;
use super::latency::{LATENCY_MAX_NS, Link};
use super::queues::QueuePosition;
use super::record::Account;
use super::timed::{COMMANDS_PER_TIMED, Timed};
use super::venue::{Notice, NoticeKind, Recording, Venue, agent_of};
use crate::agents;
use crate::config::{check, integer};
use crate::error::SimError;
use crate::observe::Watch;

/// First component of the streams that are not the flow's: those below are the models'.
const COMPONENTS: u32 = 64;

/// Calls of one agent at one instant from which on it is taken to react to itself for ever.
const CALLS_AT_ONCE_MAX: u32 = 1 << 20;

/// Why [`World::advance`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The time asked for is reached.
    Reached,
    /// Decisions wait: see [`World::decisions`].
    Decisions,
    /// As much was done as was allowed at a time.
    Budget,
}

/// A market on its way. A clone goes on exactly as the original would.
#[derive(Clone, Debug)]
pub struct World {
    pub(crate) venues: Vec<Venue>,
    configs: Vec<VenueConfig>,
    pub(super) agents: Vec<Box<dyn Agent>>,
    pub(crate) seats: Vec<Seat>,
    pub(crate) groups: Vec<String>,
    pub(crate) agenda: Agenda<Occasion>,
    pub(crate) fundamental: Fundamental,
    desk: Desk,
    fair: Option<u64>,
    /// The group that is decided from outside, if there is one.
    outside: Option<u32>,
    /// By venue, the agents that follow its touch.
    followers: Vec<Vec<u32>>,
    now_ns: u64,
    pub(crate) duration_ns: u64,
    /// Calls of agents so far.
    calls: u64,
    /// Commands up to the next one that is timed, from 1, where they are.
    pub(super) until_timed: u64,
    /// What stopped the market for good.
    fault: Option<SimError>,
}

impl World {
    /// The market of `config` at time 0. `book` is the number of this market among many of one seed: it keys its random
    /// streams.
    ///
    /// # Errors
    ///
    /// [`SimError::Config`] for the first parameter that breaks a rule.
    pub fn open(config: &MarketConfig, book: u32) -> Result<World, SimError> {
        World::open_on(config, book, &[])
    }

    /// The same, with recorded days as the background flow of the first venues, which must not have another.
    ///
    /// # Errors
    ///
    /// The same, and [`SimError::Config`] for a venue that has a flow of its own.
    pub fn open_on(config: &MarketConfig, book: u32, recordings: &[Recording]) -> Result<World, SimError> {
        config.validate()?;
        integer("recordings", recordings.len() as u64, 0, config.venues.len() as u64)?;
        for (v, venue) in config.venues.iter().take(recordings.len()).enumerate() {
            let rule = "null where a recorded day is the background";
            check(&format!("venues[{v}].flow"), venue.flow.is_none(), rule, "a flow")?;
        }
        let key = |name: &str| config.streams(name);
        let agents = config.agents.iter().enumerate().flat_map(|(g, group)| (0..group.count).map(move |k| (g, k)));
        let mut world = World {
            venues: Vec::new(),
            configs: config.venues.clone(),
            agents: Vec::new(),
            seats: Vec::new(),
            groups: config.agents.iter().map(|a| a.name.clone()).collect(),
            agenda: Agenda::default(),
            fundamental: Fundamental::draw(
                &config.fundamental,
                config.duration_ns,
                Draws::new(key("fundamental").generator(book, COMPONENTS)),
            ),
            desk: Desk::default(),
            fair: config.fair_ties.then(|| Draws::new(key("ties").generator(book, COMPONENTS)).below(u64::MAX)),
            outside: config.agents.iter().position(|a| a.kind == "outside").map(|g| g as u32),
            followers: vec![Vec::new(); config.venues.len()],
            now_ns: 0,
            duration_ns: config.duration_ns,
            calls: 0,
            until_timed: COMMANDS_PER_TIMED,
            fault: None,
        };
        for (g, k) in agents {
            let group = &config.agents[g];
            let streams = key(&group.name);
            let draws = |part: u32| Draws::new(streams.generator(book, COMPONENTS + 8 * k + part));
            let agent = agents::build(group, config);
            let id = world.agents.len() as u32;
            if agent.follows_touch() && !group.absent {
                group.venues.iter().for_each(|v| world.followers[usize::from(*v)].push(id));
            }
            world.agents.push(agent);
            world.seats.push(Seat {
                group: g as u32,
                venues: group.venues.clone(),
                orders: Link::new(group.orders.clone(), draws(1)),
                quotes: Link::new(group.data.clone(), draws(2)),
                notices: Link::new(group.data.clone(), draws(3)),
                touches: Link::new(group.data.clone(), draws(4)),
                draws: draws(0),
                next_order: 0,
                next_event: 1,
                known: Account::default(),
                ledger: Account::default(),
                open: Vec::new(),
                self_trade: SelfTrade::from_u8(group.self_trade).unwrap_or_default(),
                start_ns: group.start_ns,
                stop_ns: group.stop_ns.unwrap_or(u64::MAX),
                absent: group.absent,
                asked: false,
                called: (0, 0),
            });
            if !group.absent {
                let key = Key { time_ns: group.start_ns, class: Key::WAKE, venue: 0, tie: 0, agent: id, seq: 0 };
                world.agenda.push(key, Occasion::Wake(0));
            }
        }
        // A venue may be ahead of its readers by as much as the fastest order needs, and they look back from where they are.
        let ahead_ns = world.window_ns().min(LATENCY_MAX_NS);
        let reach_ns = config.agents.iter().map(|a| a.data.max_ns()).max().unwrap_or(0) + ahead_ns;
        for (v, venue) in config.venues.iter().enumerate() {
            let anybody = |wants: fn(&dyn Agent) -> bool| {
                let mut all = world.agents.iter().zip(&world.seats);
                all.any(|(agent, seat)| wants(agent.as_ref()) && seat.venues.contains(&(v as u16)))
            };
            let (tape, acceptance) = (anybody(|a| a.reads_tape()), anybody(|a| a.hears_acceptance()));
            world.venues.push(Venue::open(
                venue,
                v as u16,
                // Every venue is a book of its own among those of all markets.
                (config.flow_streams(), book.wrapping_mul(config.venues.len() as u32).wrapping_add(v as u32)),
                recordings.get(v).cloned(),
                (reach_ns, tape, acceptance),
                (config.sample_ns, config.keep_trades, config.keep_queues),
            ));
        }
        Ok(world)
    }

    /// What stopped the market before its time: an agent that reacts to itself for ever at one instant. What has happened
    /// until then is whole.
    pub fn fault(&self) -> Option<&SimError> {
        self.fault.as_ref()
    }

    /// Simulated time up to which everything has happened, ns.
    pub fn now_ns(&self) -> u64 {
        self.now_ns
    }

    /// The shortest time that an order takes, ns: so long nothing that an agent decides can have an effect.
    pub(crate) fn window_ns(&self) -> u64 {
        self.seats.iter().filter(|s| !s.absent).map(|s| s.orders.min_ns()).min().unwrap_or(u64::MAX >> 1)
    }

    /// The venue whose next message is earliest, and when; of two at one time the first.
    #[inline(always)]
    fn earliest(&self) -> (usize, u64) {
        let mut best = (0, u64::MAX);
        for (v, venue) in self.venues.iter().enumerate() {
            let at = venue.next_ns();
            if at < best.1 {
                best = (v, at);
            }
        }
        best
    }

    /// Runs until everything up to and including `until_ns` has happened, decisions wait, or `budget` messages and calls
    /// are done.
    pub fn advance(&mut self, until_ns: u64, budget: u64) -> Stop {
        self.advance_watched(until_ns, budget, &mut Timed::never())
    }

    /// [`advance`](World::advance) with `watch` looking on as the venues carry out commands.
    pub(super) fn advance_watched<W: Watch>(&mut self, until_ns: u64, mut budget: u64, watch: &mut W) -> Stop {
        loop {
            let (venue, at) = self.earliest();
            let call = self.agenda.next_ns();
            let next = at.min(call);
            if self.fault.is_some() {
                return Stop::Reached;
            }
            // Where nothing is to come any more, nothing waits either.
            if next >= self.desk.until_ns && !self.desk.waiting.is_empty() {
                return Stop::Decisions;
            }
            if next > until_ns {
                // A decision that is taken at the very end still belongs to the run.
                if self.desk.waiting.is_empty() {
                    self.now_ns = self.now_ns.max(until_ns);
                    return Stop::Reached;
                }
                return Stop::Decisions;
            }
            // An agent decides on what it knew when it was asked, so it hears nothing new until it has.
            if call < at
                && !self.desk.waiting.is_empty()
                && self.agenda.next_agent().is_some_and(|a| self.seats[a].asked)
            {
                return Stop::Decisions;
            }
            if budget == 0 {
                return Stop::Budget;
            }
            budget -= 1;
            self.now_ns = next;
            if at <= call {
                self.venues[venue].step(watch);
                self.deliver(venue);
            } else {
                self.call_next();
            }
        }
    }

    /// The decisions that wait, in the order of their times.
    pub fn decisions(&self) -> &[Decision] {
        &self.desk.waiting
    }

    /// The price about which the first venue started, ticks.
    pub(crate) fn reference(&self) -> i64 {
        self.configs[0].reference()
    }

    /// Ticks within which a venue publishes its depth, 0 if it publishes none.
    pub(crate) fn depth_ticks(&self, venue: usize) -> u32 {
        self.configs[venue].depth_ticks
    }

    /// The account of the k-th agent that is decided from outside.
    pub(crate) fn outside_account(&self, k: usize) -> Account {
        let is_outside = |g: u32| self.outside == Some(g);
        self.seats.iter().filter(|s| is_outside(s.group)).nth(k).map_or(Account::default(), |s| s.ledger)
    }

    /// Runs until one decision waits, however many could be asked for together; `false` at the end.
    #[cfg(test)]
    pub(crate) fn advance_to_one_decision(&mut self) -> bool {
        while self.desk.waiting.is_empty() {
            if self.advance(self.duration_ns, 1) == Stop::Reached {
                return false;
            }
        }
        true
    }

    /// Takes the waiting decisions: each is carried out by `act`, in order, at its own time.
    pub fn decide(&mut self, mut act: impl FnMut(&Decision, &mut Context<'_>)) {
        let waiting = std::mem::take(&mut self.desk.waiting);
        self.desk.until_ns = u64::MAX;
        for decision in &waiting {
            self.seats[decision.agent as usize].asked = false;
            let (mut ctx, _) = self.context(decision.agent, decision.time_ns);
            act(decision, &mut ctx);
        }
        // The memory is used again.
        self.desk.waiting = waiting;
        self.desk.waiting.clear();
    }

    fn context(&mut self, agent: u32, now_ns: u64) -> (Context<'_>, &mut Box<dyn Agent>) {
        let World { venues, configs, agents, seats, agenda, fundamental, desk, fair, .. } = self;
        let at = agent as usize;
        let fair = *fair;
        let seat = &mut seats[at];
        (Context { now_ns, agent, seat, venues, configs, agenda, fundamental, desk, fair }, &mut agents[at])
    }

    /// Calls the agent that is next.
    #[inline(always)]
    fn call_next(&mut self) {
        let Some((key, occasion)) = self.agenda.pop() else { return };
        self.calls += 1;
        let seat = &mut self.seats[key.agent as usize];
        if seat.absent {
            return;
        }
        seat.called = if seat.called.0 == key.time_ns { (key.time_ns, seat.called.1 + 1) } else { (key.time_ns, 1) };
        if seat.called.1 > CALLS_AT_ONCE_MAX {
            let group = self.groups[seat.group as usize].clone();
            self.fault = Some(SimError::EndlessReaction { group, agent: key.agent, time_ns: key.time_ns });
            return;
        }
        let (mut ctx, agent) = self.context(key.agent, key.time_ns);
        match occasion {
            Occasion::Wake(tag) => agent.wake(tag, &mut ctx),
            // Whoever follows the touch does not begin before the others.
            Occasion::TouchMoved(_) if key.time_ns < ctx.seat.start_ns => {}
            Occasion::TouchMoved(venue) => agent.touch_moved(venue, &mut ctx),
            Occasion::Notice(notice) => {
                take_in(ctx.seat, &notice);
                agent.notice(&notice, &mut ctx);
            }
        }
    }

    /// Sends what happened at a venue on its way to the agents.
    #[inline(always)]
    pub(crate) fn deliver(&mut self, venue: usize) {
        if self.venues[venue].notices.is_empty() && !self.venues[venue].touch_moved {
            return;
        }
        let notices = std::mem::take(&mut self.venues[venue].notices);
        for notice in &notices {
            self.deliver_notice(notice);
        }
        // The memory is used again.
        self.venues[venue].notices = notices;
        self.venues[venue].notices.clear();
        if std::mem::take(&mut self.venues[venue].touch_moved) {
            let at = self.venues[venue].feed.now.time_ns;
            self.deliver_touch(venue, at);
        }
    }

    pub(crate) fn deliver_notice(&mut self, notice: &Notice) {
        let Some(agent) = agent_of(notice.order) else { return };
        if notice.kind == NoticeKind::Accepted && !self.agents[agent as usize].hears_acceptance() {
            return;
        }
        let seat = &mut self.seats[agent as usize];
        enter(&mut seat.ledger, notice);
        let at = seat.notices.arrival(notice.time_ns);
        let key = self.key(agent, at, Key::NOTICE, notice.venue);
        self.agenda.push(key, Occasion::Notice(*notice));
    }

    pub(crate) fn deliver_touch(&mut self, venue: usize, time_ns: u64) {
        for k in 0..self.followers[venue].len() {
            let agent = self.followers[venue][k];
            let at = self.seats[agent as usize].touches.arrival(time_ns);
            let key = self.key(agent, at, Key::DATA, venue as u16);
            self.agenda.push(key, Occasion::TouchMoved(venue as u16));
        }
    }

    fn key(&mut self, agent: u32, time_ns: u64, class: u8, venue: u16) -> Key {
        let seat = &mut self.seats[agent as usize];
        let seq = seat.next_event;
        seat.next_event += 1;
        let tie = self.fair.map_or(0, |seed| fair_tie(seed, agent, time_ns));
        Key { time_ns, class, venue, tie, agent, seq }
    }

    pub(crate) fn set_now(&mut self, now_ns: u64) {
        self.now_ns = now_ns;
    }

    pub(crate) fn call_until(&mut self, end_ns: u64) {
        while self.fault.is_none() && self.agenda.next_ns() < end_ns && self.agenda.next_ns() <= self.duration_ns {
            self.call_next();
        }
    }

    /// Takes a group out of the market: its orders are cancelled, those on their way are lost, and it is not called any
    /// more. Everybody else keeps their random numbers: on a clone, this gives the same future without the group.
    ///
    /// Says whether there is a group of this name.
    pub fn remove(&mut self, group: &str) -> bool {
        let Some(at) = self.groups.iter().position(|name| name == group) else { return false };
        for seat in self.seats.iter_mut().filter(|s| s.group as usize == at) {
            seat.absent = true;
            seat.open.clear();
        }
        let gone: Vec<bool> = self.seats.iter().map(|s| s.absent).collect();
        let is_gone = |agent: u32| gone[agent as usize];
        self.agenda.retain(|key, _| !is_gone(key.agent));
        self.followers.iter_mut().for_each(|list| list.retain(|agent| !is_gone(*agent)));
        let now = self.now_ns;
        for venue in 0..self.venues.len() {
            self.venues[venue].inbox.retain(|key, _| !is_gone(key.agent));
            let ids = self.venues[venue].market.book.ids();
            let theirs: Vec<u64> = ids.into_iter().filter(|id| agent_of(*id).is_some_and(is_gone)).collect();
            for id in theirs {
                self.venues[venue].withdraw(now, &Command::cancel(id));
            }
            self.deliver(venue);
        }
        true
    }

    #[cfg(test)]
    pub(crate) fn replace_agent(&mut self, at: usize, agent: Box<dyn Agent>) {
        self.agents[at] = agent;
    }

    /// Where the agents' resting orders stand in their queues, by venue, best price first.
    pub fn queue_positions(&self) -> Vec<QueuePosition> {
        self.venues.iter().flat_map(Venue::queue_positions).collect()
    }

    /// Every venue's digest folded in order.
    pub fn digest(&self) -> Digest {
        let mut digest = Digest::EMPTY;
        for venue in &self.venues {
            digest.combine(venue.market.book.book().digest());
        }
        digest
    }

    /// Commands that the venues have carried out.
    pub fn messages(&self) -> u64 {
        self.venues.iter().map(|v| v.counts.messages).sum()
    }

    /// Messages that the venues have carried out and calls of agents.
    pub fn events(&self) -> u64 {
        self.calls + self.messages()
    }

    /// Runs to the end of the configured time.
    ///
    /// Decisions from outside are taken by nobody: agents that wait for them do nothing.
    pub fn run(&mut self) {
        while !self.run_some(u64::MAX) {}
    }

    /// [`run`](World::run) in parts of at most `budget` messages and calls; says whether it is at the end.
    pub fn run_some(&mut self, budget: u64) -> bool {
        self.run_some_watched(budget, &mut Timed::never())
    }

    pub(crate) fn run_some_watched<W: Watch>(&mut self, budget: u64, watch: &mut W) -> bool {
        let stop = self.advance_watched(self.duration_ns, budget, watch);
        self.is_over(stop)
    }

    /// What follows a stop in a market whose decisions from outside are taken by nobody; whether it is at its end.
    pub(super) fn is_over(&mut self, stop: Stop) -> bool {
        match stop {
            Stop::Reached => {
                self.finish_samples();
                return true;
            }
            Stop::Decisions => self.decide(|_, _| {}),
            Stop::Budget => {}
        }
        false
    }

    pub(crate) fn finish_samples(&mut self) {
        let end = self.duration_ns;
        self.venues.iter_mut().for_each(|v| v.sample(end));
    }
}

/// A notice in an account.
fn enter(account: &mut Account, notice: &Notice) {
    match notice.kind {
        NoticeKind::Maker => account.fill(notice.side, notice.price, notice.qty, true),
        NoticeKind::Taker => account.fill(notice.side, notice.price, notice.qty, false),
        NoticeKind::Refused(_) => account.refused += 1,
        NoticeKind::Accepted | NoticeKind::Ended(_) => {}
    }
}

/// A notice in what an agent knows.
fn take_in(seat: &mut Seat, notice: &Notice) {
    enter(&mut seat.known, notice);
    if let Some(k) = seat.open.iter().position(|o| o.id == notice.order) {
        let left = match notice.kind {
            NoticeKind::Accepted => seat.open[k].qty,
            NoticeKind::Maker | NoticeKind::Taker => seat.open[k].qty.saturating_sub(notice.qty),
            NoticeKind::Ended(_) | NoticeKind::Refused(_) => 0,
        };
        if left == 0 {
            seat.open.remove(k);
        } else {
            seat.open[k].qty = left;
        }
    }
}
