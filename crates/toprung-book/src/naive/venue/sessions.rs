//! Phases, simulated time and auctions on request.

use super::NaiveVenue;
use super::order::Place;
use crate::command::{Side, TimeInForce};
use crate::event::{Event, EventFlags, EventKind, Reason};
use crate::venue::{MarketRemainder, Phase, TradingVenue, VenueCommand};

/// What becomes due, in the order in which it happens at equal times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// The order with this number of entry expires.
    Expiry(u64),
    InterruptionEnds,
    Schedule,
}

impl NaiveVenue {
    pub(super) fn set_phase(&mut self, cmd: &VenueCommand) {
        let phase = usize::try_from(cmd.order.qty).ok().and_then(|code| Phase::ALL.get(code));
        match phase {
            None => self.reject(cmd, Reason::Unsupported),
            Some(&phase) if phase == self.phase => self.reject(cmd, Reason::WrongPhase),
            Some(&phase) => self.go_to(phase),
        }
    }

    /// Changes the phase, with all that this brings but what is entered or priced after it.
    pub(super) fn go_to(&mut self, phase: Phase) {
        let before = std::mem::replace(&mut self.phase, phase);
        self.interruption_ends = None;
        if phase == Phase::VolatilityInterruption && self.config.interruption > 0 {
            let again = self.interrupted.filter(|&(_, ended)| ended == self.now);
            let lasts = again.map_or(self.config.interruption, |(lasted, _)| lasted.saturating_mul(2));
            self.interruption_ends = self.now.checked_add(lasts);
            self.interrupted = self.interruption_ends.map(|ends| (lasts, ends));
        }
        let codes = (before as u64, phase as u64);
        self.emit(Event {
            seq: 0,
            id: 0,
            other: codes.0,
            price: 0,
            qty: codes.1,
            owner: 0,
            kind: EventKind::Phase,
            side: Side::Buy,
            reason: Reason::None,
            flags: EventFlags::NONE,
        });
        if before == Phase::Continuous {
            self.unprice_all();
        }
        if matches!(phase, Phase::Continuous | Phase::Closed) {
            self.auction();
            self.follow_links();
            if self.config.market_remainder != MarketRemainder::Rest {
                let left: Vec<u64> = self.unpriced.iter().flatten().copied().collect();
                self.end_each(left, Reason::NoLiquidity);
            }
        }
        if phase == Phase::Continuous {
            let left = self.by_entry(|o| o.tif == TimeInForce::AtOpen);
            self.end_each(left, Reason::Expired);
        }
        if phase == Phase::ClosingAuction {
            for id in self.by_entry(|o| o.tif == TimeInForce::AtClose && o.place == Place::Held) {
                if self.orders.contains_key(&id) {
                    self.trigger(id, false);
                    self.follow_links();
                }
            }
        }
        if phase == Phase::Closed {
            let over = [TimeInForce::Day, TimeInForce::AtOpen, TimeInForce::AtClose];
            let left = self.by_entry(|o| over.contains(&o.tif));
            self.end_each(left, Reason::Expired);
        }
    }

    /// Ends orders one after the other, each a step.
    fn end_each(&mut self, ids: Vec<u64>, reason: Reason) {
        for id in ids {
            if self.orders.contains_key(&id) {
                self.end(id, reason);
                self.follow_links();
            }
        }
    }

    pub(super) fn advance(&mut self, cmd: &VenueCommand) {
        let until = cmd.order.qty;
        if until < self.now {
            return self.reject(cmd, Reason::Expired);
        }
        self.acknowledge(cmd, until);
        while let Some((at, due)) = self.next_due().filter(|&(at, _)| at <= until) {
            self.now = self.now.max(at);
            match due {
                Due::Expiry(entry) => {
                    let over = self.by_entry(|o| o.entry == entry);
                    self.end_each(over, Reason::Expired);
                }
                Due::InterruptionEnds => self.go_to(Phase::Continuous),
                Due::Schedule => {
                    let next = self.schedule.pop_front();
                    if let Some(next) = next.filter(|next| next.phase != self.phase) {
                        self.go_to(next.phase);
                    }
                }
            }
            self.settle();
        }
        self.now = until;
    }

    fn next_due(&self) -> Option<(u64, Due)> {
        let gtd = self.orders.values().filter(|o| o.tif == TimeInForce::Gtd);
        let expiries = gtd.map(|o| (o.expire_at, Due::Expiry(o.entry)));
        let interruption = self.interruption_ends.map(|at| (at, Due::InterruptionEnds));
        let schedule = self.schedule.front().map(|next| (next.at, Due::Schedule));
        expiries.chain(interruption).chain(schedule).min()
    }

    /// After time has gone on: what an auction would do now.
    pub(super) fn indicate(&mut self) {
        let advanced = self.events.first().is_some_and(|e| e.kind == EventKind::Acknowledged);
        let outcome = self.indicative().filter(|_| advanced && self.phase.collects());
        if let Some(outcome) = outcome {
            self.emit(Event {
                seq: 0,
                id: 0,
                other: outcome.surplus,
                price: outcome.price,
                qty: outcome.qty,
                owner: 0,
                kind: EventKind::Indicative,
                side: outcome.side,
                reason: Reason::None,
                flags: EventFlags::NONE,
            });
        }
    }

    pub(super) fn uncross(&mut self, cmd: &VenueCommand) {
        if !self.phase.collects() {
            return self.reject(cmd, Reason::WrongPhase);
        }
        self.acknowledge(cmd, cmd.order.qty);
        self.auction();
    }
}
