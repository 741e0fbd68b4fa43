//! What an order has beyond a plain one, and where it is found: stops by price, pegs and sessions by entry, dates by time.

use std::collections::{BTreeMap, VecDeque};

use crate::command::{CommandFlags, Side, TimeInForce};
use crate::venue::command::{Options, OrderType, Peg, VenueCommand};
use crate::view::OrderView;

/// An order that is more than a plain good-till-cancelled limit order, or that others refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Terms {
    /// Number of its entry: what came earlier is smaller.
    pub(crate) entry: u64,
    /// The order as it was entered; of a held one as it is. Of one that rests only `id`, `side` and `owner` are kept up.
    pub(crate) order: OrderView,
    pub(crate) order_type: OrderType,
    pub(crate) tif: TimeInForce,
    /// Post-only and self-trade prevention.
    pub(crate) flags: CommandFlags,
    pub(crate) options: Options,
    pub(crate) is_held: bool,
    /// Held, and in the queue of those that enter next.
    pub(crate) is_elected: bool,
    pub(crate) display_qty: u64,
    pub(crate) display_range: u64,
    /// Number of the part that an iceberg shows now.
    pub(crate) part: u64,
    /// What an iceberg has behind the part it shows.
    pub(crate) behind: u64,
    pub(crate) min_qty: u64,
    pub(crate) expire_at: u64,
    pub(crate) stop_price: Option<i64>,
    pub(crate) offset: i64,
    pub(crate) step: u64,
    pub(crate) peg: Peg,
    /// The order that it cancels and is cancelled by.
    pub(crate) partner: Option<u64>,
    /// The order it waits for, and what that had traded already that this one does not count.
    pub(crate) parent: Option<(u64, u128)>,
    /// What its parent traded, once that has ended: the most that it enters with.
    pub(crate) granted: Option<u64>,
    /// Others wait for it, or will.
    pub(crate) is_parent: bool,
    /// Lots traded since it was accepted.
    pub(crate) traded: u128,
}

impl Terms {
    /// Those of a new order.
    pub(crate) fn of(cmd: &VenueCommand) -> Terms {
        let c = &cmd.order;
        let has_price =
            cmd.order_type.has_limit() || cmd.order_type == OrderType::Pegged && cmd.options.has(Options::LIMIT);
        let price = if has_price { c.price } else { 0 };
        let mut terms = Terms {
            entry: 0,
            order: OrderView { id: c.id, side: c.side, price, qty: c.qty, owner: c.owner },
            order_type: cmd.order_type,
            tif: c.tif,
            flags: c.flags,
            options: cmd.options,
            is_held: false,
            is_elected: false,
            display_qty: cmd.display_qty,
            display_range: cmd.display_range,
            part: 0,
            behind: 0,
            min_qty: cmd.min_qty,
            expire_at: if c.tif == TimeInForce::Gtd { cmd.expire_at } else { 0 },
            stop_price: cmd.options.has(Options::STOP_PRICE).then_some(cmd.stop_price),
            offset: cmd.offset,
            step: cmd.step,
            peg: cmd.peg,
            partner: None,
            parent: None,
            granted: None,
            is_parent: cmd.options.has(Options::PARENT),
            traded: 0,
        };
        terms.judge_display();
        terms
    }

    /// An order that would show all it has is no iceberg.
    pub(crate) fn judge_display(&mut self) {
        if self.display_qty >= self.order.qty {
            (self.display_qty, self.display_range) = (0, 0);
        }
    }

    /// Those of an order that has none, for others to refer to.
    pub(crate) fn plain(order: OrderView) -> Terms {
        Terms::of(
            &VenueCommand::enter(OrderType::Limit, order.id, order.side, order.price, order.qty).owned_by(order.owner),
        )
    }

    /// Whether the order is more than a plain one.
    pub(crate) fn matter(&self) -> bool {
        self.display_qty > 0
            || self.is_hidden()
            || self.is_all_or_none()
            || !matches!(self.tif, TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Fok)
            || self.partner.is_some()
            || self.is_parent
            || self.order_type == OrderType::Market
    }

    pub(crate) fn is_hidden(&self) -> bool {
        self.options.has(Options::HIDDEN) || self.order_type == OrderType::Pegged
    }

    pub(crate) fn is_all_or_none(&self) -> bool {
        self.options.has(Options::ALL_OR_NONE)
    }

    /// Whether a stop that waits for its price, and for nothing else.
    pub(crate) fn is_waiting_stop(&self) -> bool {
        self.is_held && !self.is_elected && self.parent.is_none() && self.order_type.is_stop()
    }

    /// The key under which a stop is found: the one reached first is the smallest.
    fn stop_key(&self) -> Option<(i64, u64)> {
        let stop = self.stop_price.filter(|_| self.is_waiting_stop())?;
        Some((self.order.side.key(stop), self.entry))
    }
}

/// A stop that a step has elected; in the order in which they enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Elected {
    side: Side,
    key: i64,
    pub(crate) entry: u64,
    pub(crate) id: u64,
}

/// Every order with terms, and the indices into them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registry {
    terms: BTreeMap<u64, Terms>,
    /// Entry to id.
    pub(crate) held: BTreeMap<u64, u64>,
    pub(crate) trailing: BTreeMap<u64, u64>,
    pub(crate) pegs: BTreeMap<u64, u64>,
    /// Orders that a session ends: for the day, at the open, at the close.
    pub(crate) sessions: BTreeMap<u64, u64>,
    /// Good-till-date orders by the end of their time and entry.
    pub(crate) dates: BTreeMap<(u64, u64), u64>,
    /// Waiting stops of each side.
    stops: [BTreeMap<(i64, u64), u64>; 2],
    /// Orders that enter next.
    pub(crate) elected: VecDeque<(u64, u64)>,
    /// Orders that ended in this step.
    pub(crate) ended: Vec<Terms>,
    entries: u64,
    /// Displayed all-or-none orders of each side.
    pub(crate) all_or_none: [usize; 2],
}

impl Registry {
    pub(crate) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Terms> {
        self.terms.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut Terms> {
        self.terms.get_mut(&id)
    }

    /// Live, or ended in this step.
    pub(crate) fn find_mut(&mut self, id: u64) -> Option<&mut Terms> {
        let Registry { terms, ended, .. } = self;
        terms.get_mut(&id).or_else(|| ended.iter_mut().find(|t| t.order.id == id))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Terms> {
        self.terms.values()
    }

    /// Numbers of entries that were given out.
    pub(crate) fn entries(&self) -> u64 {
        self.entries
    }

    /// Goes on counting entries from here.
    pub(crate) fn count_from(&mut self, entries: u64) {
        self.entries = entries;
    }

    /// The number of the next entry.
    pub(crate) fn next_entry(&mut self) -> u64 {
        self.entries += 1;
        self.entries
    }

    /// Takes an order in, under the entry number that it has.
    pub(crate) fn insert(&mut self, t: Terms) {
        self.index(&t);
        self.terms.insert(t.order.id, t);
    }

    /// Takes an order out.
    pub(crate) fn remove(&mut self, id: u64) -> Option<Terms> {
        let t = self.terms.remove(&id)?;
        self.unindex(&t);
        Some(t)
    }

    /// Notes that an order has ended.
    pub(crate) fn end(&mut self, id: u64) {
        if let Some(t) = self.remove(id) {
            self.ended.push(t);
        }
    }

    /// Changes an order and the indices with it.
    pub(crate) fn change(&mut self, id: u64, change: impl FnOnce(&mut Terms)) {
        if let Some(mut t) = self.remove(id) {
            change(&mut t);
            self.insert(t);
        }
    }

    fn index(&mut self, t: &Terms) {
        let (entry, id) = (t.entry, t.order.id);
        if t.is_held {
            self.held.insert(entry, id);
        }
        if let Some(key) = t.stop_key() {
            self.stops[t.order.side as usize].insert(key, id);
        }
        if t.is_waiting_stop() && t.order_type.is_trailing() {
            self.trailing.insert(entry, id);
        }
        if t.order_type == OrderType::Pegged && t.parent.is_none() {
            self.pegs.insert(entry, id);
        }
        match t.tif {
            TimeInForce::Gtd => _ = self.dates.insert((t.expire_at, entry), id),
            TimeInForce::Day | TimeInForce::AtOpen | TimeInForce::AtClose => _ = self.sessions.insert(entry, id),
            TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Fok => {}
        }
    }

    fn unindex(&mut self, t: &Terms) {
        let entry = t.entry;
        self.held.remove(&entry);
        if let Some(key) = t.stop_key() {
            self.stops[t.order.side as usize].remove(&key);
        }
        self.trailing.remove(&entry);
        self.pegs.remove(&entry);
        self.sessions.remove(&entry);
        self.dates.remove(&(t.expire_at, entry));
    }

    /// Takes the waiting stops of `side` that a price has reached (`None`: all) out of the index.
    pub(crate) fn take_reached(&mut self, side: Side, price: Option<i64>, into: &mut Vec<Elected>) {
        let stops = &mut self.stops[side as usize];
        while let Some(first) = stops.first_entry() {
            let &(key, entry) = first.key();
            if price.is_some_and(|price| key > side.key(price)) {
                break;
            }
            let id = first.remove();
            self.trailing.remove(&entry);
            into.push(Elected { side, key, entry, id });
        }
    }

    pub(crate) fn has_stops(&self) -> bool {
        self.stops.iter().any(|stops| !stops.is_empty())
    }

    /// Puts an order into the queue of those that enter next.
    pub(crate) fn elect(&mut self, id: u64) {
        self.change(id, |t| t.is_elected = true);
        if let Some(t) = self.terms.get(&id) {
            self.elected.push_back((t.entry, id));
        }
    }

    /// The next order to enter, if it still waits.
    pub(crate) fn next_elected(&mut self) -> Option<u64> {
        while let Some((entry, id)) = self.elected.pop_front() {
            if self.terms.get(&id).is_some_and(|t| t.entry == entry && t.is_elected) {
                return Some(id);
            }
        }
        None
    }

    /// Children that wait for an order, in order of entry. One that has been let go may still be held, and the id of its
    /// parent be another order's.
    pub(crate) fn children(&self, parent: u64) -> Vec<u64> {
        let waits = |t: &Terms| !t.is_elected && t.parent.is_some_and(|(id, _)| id == parent);
        self.held.values().copied().filter(|id| self.terms.get(id).is_some_and(waits)).collect()
    }

    /// Gives an order another id, everywhere.
    pub(crate) fn rename(&mut self, old: u64, new: u64) {
        let children = self.children(old);
        for child in children {
            self.change(child, |t| t.parent = t.parent.map(|(_, traded)| (new, traded)));
        }
        let Some(mut t) = self.remove(old) else { return };
        t.order.id = new;
        if let Some(partner) = t.partner {
            self.change(partner, |p| p.partner = Some(new));
        }
        if t.is_elected {
            self.elected.iter_mut().filter(|(_, id)| *id == old).for_each(|(_, id)| *id = new);
        }
        self.insert(t);
    }

    /// Puts changed terms in the place of those that an order has; one that was elected keeps its place in that queue.
    pub(crate) fn put_in_place(&mut self, t: Terms) {
        let id = t.order.id;
        if let Some(old) = self.remove(id)
            && let Some(place) = self.elected.iter_mut().find(|place| **place == (old.entry, id) && t.is_elected)
        {
            place.0 = t.entry;
        }
        self.insert(t);
    }

    /// Dissolves the pair that an order is part of; gives the other.
    pub(crate) fn part_company(&mut self, id: u64) -> Option<u64> {
        let partner = self.find_mut(id)?.partner.take()?;
        if let Some(other) = self.find_mut(partner) {
            other.partner = None;
        }
        Some(partner)
    }
}

impl Registry {
    /// Whether the indices agree with the orders.
    pub(crate) fn check(&self) -> Result<(), String> {
        let mut rebuilt = Registry::default();
        for t in self.terms.values() {
            rebuilt.index(t);
        }
        let agree = rebuilt.held == self.held
            && rebuilt.trailing == self.trailing
            && rebuilt.pegs == self.pegs
            && rebuilt.sessions == self.sessions
            && rebuilt.dates == self.dates
            && rebuilt.stops == self.stops;
        if agree { Ok(()) } else { Err("the indices of the orders with terms do not agree with them".into()) }
    }
}
