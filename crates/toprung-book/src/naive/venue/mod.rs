//! The specification of the venue: `docs/venue.md` a second time, in plain code.
//!
//! Every order is one struct in one map; the places (levels, queues) are lists of ids. Whatever has to be known before
//! it happens is tried on a copy.

mod all_or_none;
mod auction;
mod changes;
mod checks;
mod enter;
mod links;
mod matching;
mod order;
mod pegs;
mod places;
mod replace;
mod sessions;
mod stops;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::command::Side;
use crate::digest::Digest;
use crate::event::{Event, EventFlags, EventKind, Reason};
use crate::sink::EventSink;
use crate::venue::{HeldView, Indicative, Phase, Scheduled, TradingVenue, VenueAction, VenueCommand, VenueConfig};
use crate::view::{LevelView, OrderView};
use links::Note;
use order::{Order, Place};
use places::Ladder;

/// More events than any command of a test can give: whoever comes to them has not ended.
const EVENTS_MAX: usize = 10_000_000;

/// A venue of maps and queues.
#[derive(Clone, Debug)]
pub struct NaiveVenue {
    config: VenueConfig,
    orders: BTreeMap<u64, Order>,
    displayed: [Ladder; 2],
    hidden: [Ladder; 2],
    unpriced: [VecDeque<u64>; 2],
    /// The TOP order of each side, if its place is taken.
    top: [Option<u64>; 2],
    /// Entries so far.
    entries: u64,
    /// Stops elected by this step, and all that wait to enter, first the next.
    elected_now: Vec<u64>,
    elected: VecDeque<u64>,
    /// Prices of this step's trades, and what links have to do after it.
    traded_at: Vec<i64>,
    notes: VecDeque<Note>,
    /// The best displayed prices that pegs were priced by; `None` if they have to be priced in any case.
    pegged_by: Option<[Option<i64>; 2]>,
    phase: Phase,
    now: u64,
    interruption_ends: Option<u64>,
    /// How long the last interruption with an end was to last, and that end.
    interrupted: Option<(u64, u64)>,
    schedule: VecDeque<Scheduled>,
    reference: Option<i64>,
    last_price: Option<i64>,
    blocked: BTreeSet<u32>,
    seq: u64,
    digest: Digest,
    /// Events of the command at work.
    events: Vec<Event>,
}

impl NaiveVenue {
    /// An empty venue.
    pub fn new(config: VenueConfig) -> NaiveVenue {
        NaiveVenue {
            orders: BTreeMap::new(),
            displayed: Default::default(),
            hidden: Default::default(),
            unpriced: Default::default(),
            top: [None; 2],
            entries: 0,
            elected_now: Vec::new(),
            elected: VecDeque::new(),
            traded_at: Vec::new(),
            notes: VecDeque::new(),
            pegged_by: (config.phase == Phase::Continuous).then_some([None; 2]),
            phase: config.phase,
            now: 0,
            interruption_ends: None,
            interrupted: None,
            schedule: config.schedule.iter().copied().collect(),
            reference: config.reference,
            last_price: None,
            blocked: BTreeSet::new(),
            seq: 0,
            digest: Digest::EMPTY,
            events: Vec::new(),
            config,
        }
    }

    fn emit(&mut self, e: Event) {
        assert!(self.events.len() < EVENTS_MAX, "a command without end");
        self.events.push(Event { seq: self.seq, ..e });
    }

    /// An event about a live order.
    fn about(&self, kind: EventKind, id: u64) -> Event {
        let OrderView { id, side, price, qty, owner } = self.orders[&id].view();
        let flags = if self.orders[&id].place == Place::Held { EventFlags::HELD } else { EventFlags::NONE };
        Event { seq: 0, id, other: 0, price, qty, owner, kind, side, reason: Reason::None, flags }
    }

    /// An event about a command.
    fn answer(&mut self, kind: EventKind, cmd: &VenueCommand, qty: u64, reason: Reason) {
        let crate::command::Command { id, price, owner, side, .. } = cmd.order;
        self.emit(Event { seq: 0, id, other: 0, price, qty, owner, kind, side, reason, flags: EventFlags::NONE });
    }

    fn reject(&mut self, cmd: &VenueCommand, reason: Reason) {
        self.answer(EventKind::Rejected, cmd, cmd.order.qty, reason);
    }

    /// `Acknowledged` with this quantity.
    fn acknowledge(&mut self, cmd: &VenueCommand, qty: u64) {
        self.answer(EventKind::Acknowledged, cmd, qty, Reason::None);
    }

    fn next_entry(&mut self) -> u64 {
        self.entries += 1;
        self.entries
    }

    fn views(&self, ids: impl Iterator<Item = u64>) -> Vec<OrderView> {
        ids.map(|id| self.orders[&id].view()).collect()
    }
}

impl TradingVenue for NaiveVenue {
    fn apply<S: EventSink>(&mut self, cmd: &VenueCommand, sink: &mut S) {
        match cmd.action {
            VenueAction::Enter => self.enter(cmd),
            VenueAction::Cancel | VenueAction::Reduce | VenueAction::Replace => self.change(cmd),
            VenueAction::MassCancel | VenueAction::Block => self.mass_cancel(cmd),
            VenueAction::Unblock => {
                self.blocked.remove(&cmd.order.owner);
                self.acknowledge(cmd, cmd.order.qty);
            }
            VenueAction::SetReference => {
                self.reference = Some(cmd.order.price);
                self.acknowledge(cmd, cmd.order.qty);
            }
            VenueAction::SetLast => {
                self.acknowledge(cmd, cmd.order.qty);
                self.traded_at.push(cmd.order.price);
            }
            VenueAction::SetPhase => self.set_phase(cmd),
            VenueAction::Advance => self.advance(cmd),
            VenueAction::Uncross => self.uncross(cmd),
        }
        self.settle();
        if cmd.action == VenueAction::Advance {
            self.indicate();
        }
        for e in std::mem::take(&mut self.events) {
            self.digest.fold(&e);
            sink.event(&e);
        }
        self.seq += 1;
    }

    fn levels(&self, side: Side, max: usize) -> Vec<LevelView> {
        let view = |(&key, ids): (&i64, &VecDeque<u64>)| LevelView {
            price: side.key(key),
            qty: ids.iter().map(|id| self.orders[id].shows()).sum(),
            orders: ids.len() as u32,
        };
        self.displayed[side as usize].iter().rev().take(max).map(view).collect()
    }

    fn queue(&self, side: Side) -> Vec<OrderView> {
        self.views(places::in_order(&self.displayed[side as usize]))
    }

    fn hidden(&self, side: Side) -> Vec<OrderView> {
        self.views(places::in_order(&self.hidden[side as usize]))
    }

    fn unpriced(&self, side: Side) -> Vec<OrderView> {
        self.views(self.unpriced[side as usize].iter().copied())
    }

    fn held(&self) -> Vec<HeldView> {
        let view = |id| {
            let o = &self.orders[&id];
            HeldView { order: o.view(), order_type: o.order_type, stop_price: o.stop_price }
        };
        self.by_entry(|o| o.place == Place::Held).into_iter().map(view).collect()
    }

    fn phase(&self) -> Phase {
        self.phase
    }

    fn now(&self) -> u64 {
        self.now
    }

    fn last_price(&self) -> Option<i64> {
        self.last_price
    }

    fn reference(&self) -> Option<i64> {
        self.reference
    }

    fn indicative(&self) -> Option<Indicative> {
        self.auction_outcome()
    }

    fn digest(&self) -> Digest {
        self.digest
    }
}
