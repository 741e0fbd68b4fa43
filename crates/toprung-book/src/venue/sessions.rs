//! Phases, and what simulated time brings.

use crate::command::Side;
use crate::event::{Event, EventFlags, EventKind, Reason};
use crate::sink::EventSink;
use crate::venue::places::Class;
use crate::venue::{MarketRemainder, Phase, Venue, VenueCommand};

/// Something that is due at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// The end of an order.
    Expiry {
        entry: u64,
        id: u64,
    },
    InterruptionEnds,
    Scheduled,
}

/// A volatility interruption with an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Interruption {
    lasts: u64,
    ends: u64,
}

impl Venue {
    pub(super) fn set_phase<S: EventSink>(&mut self, cmd: &VenueCommand, sink: &mut S) {
        let phase = usize::try_from(cmd.order.qty).ok().and_then(|code| Phase::ALL.get(code));
        match phase {
            None => self.reject(sink, cmd, Reason::Unsupported),
            Some(&phase) if phase == self.phase => self.reject(sink, cmd, Reason::WrongPhase),
            Some(&phase) => self.begin(sink, phase),
        }
    }

    /// Begins a phase, with what that brings.
    fn begin<S: EventSink>(&mut self, sink: &mut S, phase: Phase) {
        let from = std::mem::replace(&mut self.phase, phase);
        if phase == Phase::VolatilityInterruption {
            self.interruption = self.next_interruption();
        }
        let e = Event {
            seq: self.book.commands(),
            id: 0,
            other: from as u64,
            price: 0,
            qty: phase as u64,
            owner: 0,
            kind: EventKind::Phase,
            side: Side::Buy,
            reason: Reason::None,
            flags: EventFlags::NONE,
        };
        self.emit(sink, e);
        if from == Phase::Continuous {
            self.unprice_pegs(sink);
        }
        if matches!(phase, Phase::Continuous | Phase::Closed) {
            self.execute_auction(sink);
            self.look_at_events(sink);
            self.end_unpriced(sink);
            self.end_session_orders(sink, phase);
        }
        if phase == Phase::ClosingAuction {
            self.enter_at_close(sink);
        }
    }

    /// Unpriced orders that are left, unless the remainder of a market order rests.
    fn end_unpriced<S: EventSink>(&mut self, sink: &mut S) {
        if self.config.market_remainder == MarketRemainder::Rest {
            return;
        }
        for side in Side::BOTH {
            for id in self.resting_ids(side, Class::Unpriced) {
                self.end_by(sink, id, Reason::NoLiquidity);
                self.look_at_events(sink);
            }
        }
    }

    fn end_session_orders<S: EventSink>(&mut self, sink: &mut S, phase: Phase) {
        let ends = |id: &u64| self.registry.get(*id).is_some_and(|t| t.ends_with(phase));
        let ids: Vec<u64> = self.registry.sessions.values().copied().filter(ends).collect();
        for id in ids {
            self.end_by(sink, id, Reason::Expired);
            self.look_at_events(sink);
        }
    }

    fn enter_at_close<S: EventSink>(&mut self, sink: &mut S) {
        let held = self.registry.sessions.values().copied();
        let is_for_close = |id: &u64| {
            let at_close = |tif| tif == crate::TimeInForce::AtClose;
            self.registry.get(*id).is_some_and(|t| t.is_held && at_close(t.tif))
        };
        let ids: Vec<u64> = held.filter(is_for_close).collect();
        for id in ids {
            self.activate(sink, id);
            self.look_at_events(sink);
        }
    }

    /// The interruption that begins now. One that follows the last at once lasts twice as long: where nothing changes
    /// in between, simulated time would otherwise never come to its end.
    fn next_interruption(&self) -> Option<Interruption> {
        let lasts = match self.interruption {
            Some(last) if last.ends == self.now => last.lasts.saturating_mul(2),
            _ => self.config.interruption,
        };
        let ends = self.now.checked_add(lasts).filter(|_| lasts > 0)?;
        Some(Interruption { lasts, ends })
    }

    /// A price moved too far: trading is interrupted.
    pub(super) fn interrupt<S: EventSink>(&mut self, sink: &mut S) {
        self.begin(sink, Phase::VolatilityInterruption);
    }

    pub(super) fn advance<S: EventSink>(&mut self, cmd: &VenueCommand, sink: &mut S) {
        let to = cmd.order.qty;
        if to < self.now {
            return self.reject(sink, cmd, Reason::Expired);
        }
        self.acknowledge(sink, cmd, to);
        while let Some((at, due)) = self.next_due().filter(|&(at, _)| at <= to) {
            self.now = self.now.max(at);
            match due {
                Due::Expiry { id, .. } => self.end_by(sink, id, Reason::Expired),
                Due::InterruptionEnds => self.begin(sink, Phase::Continuous),
                Due::Scheduled => {
                    let phase = self.config.schedule[self.scheduled].phase;
                    self.scheduled += 1;
                    if phase != self.phase {
                        self.begin(sink, phase);
                    }
                }
            }
            self.settle(sink);
        }
        self.now = to;
        if self.phase.collects()
            && let Some(auction) = self.auction()
        {
            let (seq, side) = (self.book.commands(), auction.side);
            let (price, qty, other) = (auction.price, auction.qty, auction.surplus);
            let (kind, reason, flags) = (EventKind::Indicative, Reason::None, EventFlags::NONE);
            self.emit(sink, Event { seq, id: 0, other, price, qty, owner: 0, kind, side, reason, flags });
        }
    }

    /// What is due next, and when; of things due together the first.
    fn next_due(&self) -> Option<(u64, Due)> {
        let expiry = self.registry.dates.first_key_value().map(|(&(at, entry), &id)| (at, Due::Expiry { entry, id }));
        let running = self.interruption.filter(|_| self.phase == Phase::VolatilityInterruption);
        let end = running.map(|i| (i.ends, Due::InterruptionEnds));
        let scheduled = self.config.schedule.get(self.scheduled).map(|s| (s.at, Due::Scheduled));
        [expiry, end, scheduled].into_iter().flatten().min()
    }
}
