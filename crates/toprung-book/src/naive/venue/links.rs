//! Links between orders, and what follows a step.

use super::NaiveVenue;
use crate::event::Reason;
use crate::venue::Phase;

/// What a link has to do after the step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Note {
    /// This order's partner traded, was triggered or ended.
    Cancel(u64),
    /// This order's parent ended.
    ParentEnded(u64),
}

impl NaiveVenue {
    /// The first part of what follows a step: last price, election and trailing, then links.
    pub(super) fn follow_links(&mut self) {
        for price in std::mem::take(&mut self.traded_at) {
            self.last_trade_at(price);
        }
        self.queue_elected();
        while let Some(note) = self.notes.pop_front() {
            match note {
                Note::Cancel(id) => self.cancel_partner(id),
                Note::ParentEnded(id) => self.parent_ended(id),
            }
        }
    }

    fn cancel_partner(&mut self, id: u64) {
        let Some(o) = self.orders.get_mut(&id) else { return };
        // The link has done its work: its end does not cancel the other in turn.
        let partner = o.partner.take();
        if let Some(partner) = partner.and_then(|id| self.orders.get_mut(&id)) {
            partner.partner = None;
        }
        self.end(id, Reason::Linked);
    }

    fn parent_ended(&mut self, id: u64) {
        let Some(o) = self.orders.get_mut(&id) else { return };
        match o.parent.take() {
            Some(parent) if parent.traded > 0 => {
                (o.granted, o.elected) = (Some(parent.traded), true);
                self.elected.push_back(id);
            }
            _ => self.end(id, Reason::Linked),
        }
    }

    /// What follows a step, until nothing is left to do.
    pub(super) fn settle(&mut self) {
        loop {
            self.follow_links();
            if self.phase != Phase::Continuous {
                return;
            }
            if self.complete_crossed() {
                continue;
            }
            self.look_at_best();
            if self.reprice_pegs() {
                continue;
            }
            match self.elected.pop_front() {
                Some(id) => self.activate(id),
                None => return,
            }
        }
    }
}
