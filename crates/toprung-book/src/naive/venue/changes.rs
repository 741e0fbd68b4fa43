//! Cancels, reductions and mass cancels.

use super::NaiveVenue;
use super::order::{Order, Place};
use super::places::in_order;
use crate::command::Side;
use crate::event::{Event, EventKind, Reason};
use crate::venue::{Options, VenueAction, VenueCommand};

impl NaiveVenue {
    /// Cancel, reduce or replace.
    pub(super) fn change(&mut self, cmd: &VenueCommand) {
        let (id, owner) = (cmd.order.id, cmd.order.owner);
        let Some(o) = self.orders.get(&id) else { return self.reject(cmd, Reason::UnknownOrder) };
        if owner != 0 && owner != o.owner {
            return self.reject(cmd, Reason::NotOwner);
        }
        let open = o.open;
        match cmd.action {
            VenueAction::Replace => self.replace(cmd),
            VenueAction::Reduce if cmd.order.qty == 0 => self.reject(cmd, Reason::ZeroQuantity),
            VenueAction::Reduce if cmd.order.qty < open => {
                if let Some(o) = self.orders.get_mut(&id) {
                    o.shrink_to(open - cmd.order.qty);
                }
                let e = self.about(EventKind::Reduced, id);
                self.emit(Event { other: cmd.order.qty, ..e });
            }
            _ => self.end(id, Reason::Requested),
        }
    }

    /// Mass cancel, or a kill switch.
    pub(super) fn mass_cancel(&mut self, cmd: &VenueCommand) {
        let owner = cmd.order.owner;
        let blocks = cmd.action == VenueAction::Block;
        if blocks && owner == 0 {
            return self.reject(cmd, Reason::Unsupported);
        }
        let has = |option| !blocks && cmd.options.has(option);
        let chosen = |o: &Order| {
            let priced = matches!(o.place, Place::Displayed | Place::Hidden);
            let in_range = priced && cmd.order.price <= o.price && o.price <= cmd.stop_price;
            (owner == 0 || o.owner == owner)
                && (!has(Options::ONE_SIDE) || o.side == cmd.order.side)
                && (!has(Options::RANGE) || in_range)
        };
        let mut ids = Vec::new();
        for side in Side::BOTH {
            let s = side as usize;
            let resting = in_order(&self.displayed[s]).chain(in_order(&self.hidden[s])).chain(self.unpriced[s].clone());
            ids.extend(resting.filter(|id| chosen(&self.orders[id])));
        }
        ids.extend(self.by_entry(|o| o.place == Place::Held && chosen(o)));
        if blocks {
            self.blocked.insert(owner);
        }
        self.acknowledge(cmd, ids.len() as u64);
        ids.into_iter().for_each(|id| self.end(id, Reason::MassCancel));
    }
}
