//! What an agent is, and what it can see and do: [`Agent`] and [`Context`].

use std::fmt::Debug;

use toprung_book::{Command, CommandFlags, SelfTrade, Side, TimeInForce};

use super::agenda::{Agenda, Key, fair_tie};
use super::config::VenueConfig;
use super::draws::Draws;
use super::feed::{Quote, TapeRow};
use super::fundamental::Fundamental;
use super::latency::Link;
use super::record::Account;
use super::sessions::IndicativeRow;
use super::venue::{Notice, Venue, order_id};

/// Somebody who trades. All it knows comes through its [`Context`], as late as its link is slow.
pub trait Agent: Debug + Send + Sync {
    /// A timer that the agent set, or its start; `tag` is the timer's.
    fn wake(&mut self, tag: u32, ctx: &mut Context<'_>);

    /// A notice of one of its orders arrived. The account in the context has taken it in.
    fn notice(&mut self, _notice: &Notice, _ctx: &mut Context<'_>) {}

    /// The best prices of a venue moved, as far as the agent can know. Only if it asked for it.
    fn touch_moved(&mut self, _venue: u16, _ctx: &mut Context<'_>) {}

    /// Whether [`touch_moved`](Agent::touch_moved) is to be called.
    fn follows_touch(&self) -> bool {
        false
    }

    /// Whether the venues must keep an order tape for it.
    fn reads_tape(&self) -> bool {
        false
    }

    /// Whether it is told of each of its orders that the venue has accepted it.
    fn hears_acceptance(&self) -> bool {
        false
    }

    /// What a position is worth to the agent beyond the value of the instrument, ticks × lots.
    fn private_worth(&self, _position: i64) -> f64 {
        0.0
    }

    /// A copy in the same state.
    fn fork(&self) -> Box<dyn Agent>;
}

impl Clone for Box<dyn Agent> {
    fn clone(&self) -> Self {
        self.fork()
    }
}

/// A resting order of an agent, as far as it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenOrder {
    /// Its id.
    pub id: u64,
    /// Where.
    pub venue: u16,
    /// Which way.
    pub side: Side,
    /// Limit in ticks.
    pub price: i64,
    /// Lots that are open.
    pub qty: u64,
}

/// An agent's place in a market.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub(crate) group: u32,
    pub(crate) venues: Vec<u16>,
    pub(crate) orders: Link,
    pub(crate) quotes: Link,
    pub(crate) notices: Link,
    pub(crate) touches: Link,
    pub(crate) draws: Draws,
    pub(crate) next_order: u32,
    pub(crate) next_event: u32,
    /// What the agent knows of its account.
    pub(crate) known: Account,
    /// The account itself.
    pub(crate) ledger: Account,
    pub(crate) open: Vec<OpenOrder>,
    pub(crate) self_trade: SelfTrade,
    pub(crate) start_ns: u64,
    pub(crate) stop_ns: u64,
    pub(crate) absent: bool,
    /// A decision of its waits for somebody outside.
    pub(crate) asked: bool,
    /// The instant of its last call, and calls at that instant.
    pub(crate) called: (u64, u32),
}

/// Why an agent is called.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Occasion {
    Wake(u32),
    Notice(Notice),
    TouchMoved(u16),
}

/// A decision that somebody outside is to take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// When it is taken, ns.
    pub time_ns: u64,
    /// Who takes it.
    pub agent: u32,
    /// That agent's group.
    pub group: u32,
    /// The market as that agent sees it then.
    pub quote: Quote,
    /// Its account as it knows it then.
    pub account: Account,
    /// Its resting orders.
    pub open_orders: u32,
}

/// Decisions that wait for somebody outside.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    pub(crate) waiting: Vec<Decision>,
    /// Nothing that they decide can have an effect before this time, ns.
    pub(crate) until_ns: u64,
}

impl Default for Desk {
    fn default() -> Desk {
        Desk { waiting: Vec::new(), until_ns: u64::MAX }
    }
}

/// What an agent can see and do, when it is called.
pub struct Context<'a> {
    pub(crate) now_ns: u64,
    pub(crate) agent: u32,
    pub(crate) seat: &'a mut Seat,
    pub(crate) venues: &'a mut [Venue],
    pub(crate) configs: &'a [VenueConfig],
    pub(crate) agenda: &'a mut Agenda<Occasion>,
    pub(crate) fundamental: &'a Fundamental,
    pub(crate) desk: &'a mut Desk,
    pub(crate) fair: Option<u64>,
}

impl Context<'_> {
    /// Simulated time, ns.
    pub fn now_ns(&self) -> u64 {
        self.now_ns
    }

    /// The agent's own random numbers.
    pub fn draws(&mut self) -> &mut Draws {
        &mut self.seat.draws
    }

    /// The first of the agent's venues.
    pub fn home(&self) -> u16 {
        self.seat.venues[0]
    }

    /// The agent's venues.
    pub fn venues(&self) -> Vec<u16> {
        self.seat.venues.clone()
    }

    /// A venue's market data, as old as the agent's link makes it.
    pub fn quote(&mut self, venue: u16) -> Quote {
        let upto = self.seat.quotes.visible(self.now_ns);
        self.venues[usize::from(venue)].feed.as_of(upto)
    }

    /// The newest `rows` rows of a venue's order tape, oldest first, as old as the agent's link makes them.
    pub fn tape(&mut self, venue: u16, rows: usize) -> impl Iterator<Item = &TapeRow> {
        let upto = self.seat.quotes.visible(self.now_ns);
        self.venues[usize::from(venue)].feed.tape(upto, rows)
    }

    /// What the venue's auction would give, as last published to the agent; nothing while orders are not collected.
    pub fn indicative(&mut self, venue: u16) -> Option<IndicativeRow> {
        let upto = self.seat.quotes.visible(self.now_ns);
        let venue = &self.venues[usize::from(venue)];
        let rows = &venue.sessions.as_ref()?.record.indicatives;
        let last = rows[..rows.partition_point(|r| r.time_ns <= upto)].last().copied()?;
        let quote = venue.feed.as_of(upto);
        (!quote.open && last.time_ns >= quote.time_ns).then_some(last)
    }

    /// What the instrument was worth `delay_ns` ago, ticks.
    pub fn fundamental(&self, delay_ns: u64) -> f64 {
        self.fundamental.at(self.now_ns.saturating_sub(delay_ns))
    }

    /// The agent's account, as far as it knows.
    pub fn account(&self) -> &Account {
        &self.seat.known
    }

    /// The agent's resting orders, as far as it knows, oldest first.
    pub fn open_orders(&self) -> &[OpenOrder] {
        &self.seat.open
    }

    /// Calls [`Agent::wake`] in `ns`.
    pub fn wake_in(&mut self, ns: u64, tag: u32) {
        self.wake_at(self.now_ns.saturating_add(ns), tag);
    }

    /// Calls [`Agent::wake`] at a time; never, if that is past the agent's end.
    pub fn wake_at(&mut self, time_ns: u64, tag: u32) {
        let time_ns = time_ns.max(self.now_ns);
        if time_ns < self.seat.stop_ns {
            let key = self.key(time_ns, Key::WAKE, 0);
            self.agenda.push(key, Occasion::Wake(tag));
        }
    }

    fn key(&mut self, time_ns: u64, class: u8, venue: u16) -> Key {
        let seq = self.seat.next_event;
        self.seat.next_event += 1;
        let tie = self.fair.map_or(0, |seed| fair_tie(seed, self.agent, time_ns));
        Key { time_ns, class, venue, tie, agent: self.agent, seq }
    }

    /// Sends a command, in the agent's name. Gives the time at which it reaches the venue.
    fn send(&mut self, venue: u16, cmd: Command) -> u64 {
        let cmd = cmd.with_owner(self.agent + 1);
        let sent = self.seat.orders.arrival(self.now_ns);
        let at = self.venues[usize::from(venue)].door(&self.configs[usize::from(venue)], sent, &cmd);
        let key = self.key(at, 0, venue);
        self.venues[usize::from(venue)].receive(key, cmd);
        at
    }

    fn count_order(&mut self, qty: u64) -> u64 {
        for account in [&mut self.seat.known, &mut self.seat.ledger] {
            account.orders += 1;
            account.sent_lots += qty;
        }
        let id = order_id(self.agent, self.seat.next_order);
        self.seat.next_order = self.seat.next_order.wrapping_add(1);
        id
    }

    fn count_change(&mut self) {
        self.seat.known.changes += 1;
        self.seat.ledger.changes += 1;
    }

    /// Sends a limit order that stays; gives its id.
    pub fn limit(&mut self, venue: u16, side: Side, price: i64, qty: u64) -> u64 {
        self.limit_for(venue, side, price, qty, TimeInForce::Gtc)
    }

    /// Sends a limit order that is refused if it would trade on entry.
    pub fn post(&mut self, venue: u16, side: Side, price: i64, qty: u64) -> u64 {
        self.rest(venue, Command::limit(0, side, price, qty).with_flags(CommandFlags::POST_ONLY))
    }

    /// Sends a limit order that stays for the day, or takes part in one auction only.
    pub fn limit_for(&mut self, venue: u16, side: Side, price: i64, qty: u64, tif: TimeInForce) -> u64 {
        self.rest(venue, Command::limit(0, side, price, qty).with_tif(tif))
    }

    fn rest(&mut self, venue: u16, cmd: Command) -> u64 {
        let Command { side, price, qty, flags, .. } = cmd;
        let id = self.count_order(qty);
        self.send(venue, Command { id, ..cmd }.with_flags(flags.with_self_trade(self.seat.self_trade)));
        self.seat.open.push(OpenOrder { id, venue, side, price, qty });
        id
    }

    /// Sends a limit order whose unfilled rest is cancelled.
    pub fn ioc(&mut self, venue: u16, side: Side, price: i64, qty: u64) -> u64 {
        let id = self.count_order(qty);
        self.send(venue, Command::ioc(id, side, price, qty).with_self_trade(self.seat.self_trade));
        id
    }

    /// Sends a market order.
    pub fn market(&mut self, venue: u16, side: Side, qty: u64) -> u64 {
        self.market_for(venue, side, qty, TimeInForce::Gtc)
    }

    /// Sends a market order, which may be for one auction only.
    pub fn market_for(&mut self, venue: u16, side: Side, qty: u64, tif: TimeInForce) -> u64 {
        let id = self.count_order(qty);
        self.send(venue, Command::market(id, side, qty).with_tif(tif).with_self_trade(self.seat.self_trade));
        id
    }

    /// Sends a cancel of one of the agent's orders. One that has ended is refused by the venue, and nothing happens.
    pub fn cancel(&mut self, venue: u16, id: u64) {
        self.count_change();
        self.seat.open.retain(|o| o.id != id);
        self.send(venue, Command::cancel(id));
    }

    /// Cancels every resting order that `which` picks.
    pub fn cancel_where(&mut self, which: impl Fn(&OpenOrder) -> bool) {
        let mut k = 0;
        while k < self.seat.open.len() {
            let order = self.seat.open[k];
            if which(&order) {
                self.seat.open.remove(k);
                self.count_change();
                self.send(order.venue, Command::cancel(order.id));
            } else {
                k += 1;
            }
        }
    }

    /// Cancels everything.
    pub fn cancel_all(&mut self) {
        self.cancel_where(|_| true);
    }

    /// Leaves the decision to somebody outside, who sees what the agent sees now.
    pub fn ask_outside(&mut self) {
        let quote = self.quote(self.home());
        self.seat.asked = true;
        let (time_ns, agent, account) = (self.now_ns, self.agent, self.seat.known);
        self.desk.waiting.push(Decision {
            time_ns,
            agent,
            group: self.seat.group,
            quote,
            account,
            open_orders: self.seat.open.len() as u32,
        });
        self.desk.until_ns = self.desk.until_ns.min(self.now_ns.saturating_add(self.seat.orders.min_ns()));
    }
}
