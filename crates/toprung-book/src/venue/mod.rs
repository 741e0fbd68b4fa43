//! A venue: a book with every order type, sessions and auctions around it. `docs/venue.md` has the rules.
//!
//! A venue that holds nothing but plain orders while trading is continuous is *quiet*: its plain commands go straight to the
//! book, which is the same code at the same speed. Everything else is here: hidden and unpriced orders have ladders of
//! their own over the book's slab and id table, and what an order has beyond a plain one lies in the [`terms::Registry`].

mod all_or_none;
mod auction;
mod changes;
mod command;
mod config;
mod entry;
mod matching;
mod pegs;
mod places;
mod query;
mod restore;
mod sessions;
mod settle;
mod terms;
mod view;

use std::collections::{BTreeSet, VecDeque};

use crate::book::Book;
use crate::command::{Command, Side};
use crate::event::{Event, EventFlags, EventKind, Reason};
use crate::ladder::Ladder;
use crate::sink::EventSink;
use crate::view::OrderView;

pub use command::{Options, OrderType, Peg, VenueAction, VenueCommand};
pub(crate) use command::{has_too_many_parts, part};
pub use config::{AuctionAllocation, MarketRemainder, Phase, Scheduled, StopEntry, StopTrigger, VenueConfig};
use places::Class;
pub use restore::VenueState;
use sessions::Interruption;
use settle::Consequence;
use terms::{Elected, Registry};
pub use view::{HeldView, Indicative, TradingVenue};

/// A venue for one instrument.
///
/// One thread at a time; venues share nothing.
///
/// ```
/// use toprung_book::{Event, EventKind, OrderType, Side, TradingVenue, Venue, VenueCommand};
///
/// let mut venue = Venue::default();
/// let mut events: Vec<Event> = Vec::new();
/// venue.apply(&VenueCommand::enter(OrderType::Stop, 1, Side::Buy, 0, 5).with_stop_price(101), &mut events);
/// venue.apply(&VenueCommand::enter(OrderType::Limit, 2, Side::Sell, 101, 10), &mut events);
/// venue.apply(&VenueCommand::enter(OrderType::Market, 3, Side::Buy, 0, 1), &mut events);
/// assert_eq!(venue.levels(Side::Sell, 1)[0].qty, 4);
/// assert!(events.iter().any(|e| e.kind == EventKind::Triggered && e.id == 1));
/// ```
#[derive(Clone, Debug)]
pub struct Venue {
    book: Book,
    /// Hidden orders, then unpriced ones; of each the bids and the asks.
    ladders: [[Ladder; 2]; 2],
    registry: Registry,
    config: VenueConfig,
    phase: Phase,
    now: u64,
    last: Option<i64>,
    reference: Option<i64>,
    blocked: BTreeSet<u32>,
    /// Scheduled phases that have begun.
    scheduled: usize,
    /// The last volatility interruption, if it ends by itself.
    interruption: Option<Interruption>,
    /// Best displayed bid and ask at the last pass over the pegs.
    pegged_at: [Option<i64>; 2],
    /// Events of the command, and how many of them have been looked at.
    log: Vec<Event>,
    seen: usize,
    newly_elected: Vec<Elected>,
    consequences: VecDeque<Consequence>,
    /// Whether the conventions alone keep the venue from being quiet.
    is_watchful: bool,
}

impl Default for Venue {
    fn default() -> Venue {
        Venue::new(VenueConfig::default())
    }
}

/// Passes events on, and notes the last price.
struct LastPrice<'a, S>(&'a mut S, &'a mut Option<i64>);

impl<S: EventSink> EventSink for LastPrice<'_, S> {
    #[inline(always)]
    fn event(&mut self, e: &Event) {
        if e.kind == EventKind::Trade {
            *self.1 = Some(e.price);
        }
        self.0.event(e);
    }
}

impl Venue {
    /// An empty venue.
    pub fn new(config: VenueConfig) -> Venue {
        let ladders = |class: Class| Side::BOTH.map(|side| Ladder::new(side, class as u32));
        let rests = config.market_remainder != MarketRemainder::Cancel;
        Venue {
            book: Book::new(config.book.clone()),
            ladders: [ladders(Class::Hidden), ladders(Class::Unpriced)],
            registry: Registry::default(),
            phase: config.phase,
            now: 0,
            last: None,
            reference: config.reference,
            blocked: BTreeSet::new(),
            scheduled: 0,
            interruption: None,
            pegged_at: [None; 2],
            log: Vec::new(),
            seen: 0,
            newly_elected: Vec::new(),
            consequences: VecDeque::new(),
            is_watchful: rests || config.count_fills || config.band.is_some() || config.breaker.is_some(),
            config,
        }
    }

    /// What the venue was built with.
    pub fn config(&self) -> &VenueConfig {
        &self.config
    }

    /// The displayed book; an iceberg is in it with the part that it shows.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// Number of commands carried out so far; the next event's `seq`.
    pub fn commands(&self) -> u64 {
        self.book.commands()
    }

    #[inline(always)]
    fn is_quiet(&self) -> bool {
        self.registry.is_empty() && self.phase == Phase::Continuous && !self.is_watchful && self.blocked.is_empty()
    }

    /// Carries out one command and reports what happened.
    #[inline]
    pub fn apply<S: EventSink>(&mut self, cmd: &VenueCommand, sink: &mut S) {
        if self.is_quiet()
            && let Some(plain) = cmd.plain()
        {
            return self.book.apply(&plain, &mut LastPrice(sink, &mut self.last));
        }
        self.carry_out(cmd, sink);
    }

    /// Carries out a run of plain commands, exactly as one by one; a quiet venue does it at the speed of its book.
    pub fn apply_plain<S: EventSink>(&mut self, cmds: &[Command], sink: &mut S) {
        if self.is_quiet() {
            // Plain commands leave a quiet venue quiet.
            return self.book.apply_batch(cmds, &mut LastPrice(sink, &mut self.last));
        }
        for &cmd in cmds {
            self.carry_out(&cmd.into(), sink);
        }
    }

    #[inline(never)]
    fn carry_out<S: EventSink>(&mut self, cmd: &VenueCommand, sink: &mut S) {
        match cmd.action {
            VenueAction::Enter => self.enter(cmd, sink),
            VenueAction::Cancel => self.cancel(cmd, sink),
            VenueAction::Reduce => self.reduce(cmd, sink),
            VenueAction::Replace => self.replace(cmd, sink),
            VenueAction::MassCancel => self.mass_cancel(cmd, sink),
            VenueAction::Block => self.block(cmd, sink),
            VenueAction::Unblock => {
                self.blocked.remove(&cmd.order.owner);
                self.acknowledge(sink, cmd, cmd.order.qty);
            }
            VenueAction::SetReference => {
                self.reference = Some(cmd.order.price);
                self.acknowledge(sink, cmd, cmd.order.qty);
            }
            VenueAction::SetLast => {
                self.acknowledge(sink, cmd, cmd.order.qty);
                self.note_price(cmd.order.price);
            }
            VenueAction::SetPhase => self.set_phase(cmd, sink),
            VenueAction::Advance => self.advance(cmd, sink),
            VenueAction::Uncross => self.uncross(cmd, sink),
        }
        self.settle(sink);
        self.log.clear();
        self.seen = 0;
        self.book.seq += 1;
    }

    fn emit<S: EventSink>(&mut self, sink: &mut S, e: Event) {
        self.book.emit(sink, &e);
        self.log.push(e);
    }

    fn reject<S: EventSink>(&mut self, sink: &mut S, cmd: &VenueCommand, reason: Reason) {
        self.book.reject(sink, &cmd.order, reason);
    }

    /// An event about one order.
    fn about<S: EventSink>(
        &mut self,
        sink: &mut S,
        kind: EventKind,
        o: &OrderView,
        other: u64,
        reason: Reason,
        flags: EventFlags,
    ) {
        let OrderView { id, side, price, qty, owner } = *o;
        let seq = self.book.commands();
        self.emit(sink, Event { seq, id, other, price, qty, owner, kind, side, reason, flags });
    }

    fn cancelled<S: EventSink>(&mut self, sink: &mut S, o: &OrderView, reason: Reason, flags: EventFlags) {
        self.about(sink, EventKind::Cancelled, o, 0, reason, flags);
    }

    /// Says that a request that concerns no single order is carried out, and how much of it.
    fn acknowledge<S: EventSink>(&mut self, sink: &mut S, cmd: &VenueCommand, qty: u64) {
        let Command { id, side, price, owner, .. } = cmd.order;
        let request = OrderView { id, side, price, qty, owner };
        self.about(sink, EventKind::Acknowledged, &request, 0, Reason::None, EventFlags::NONE);
    }
}
