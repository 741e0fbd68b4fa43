//! A venue's state, taken out and put back, as that of a book is.

use std::collections::{BTreeSet, VecDeque};

use crate::command::{CommandFlags, Side};
use crate::restore::{BookState, COMMANDS_MAX, RestoreError};
use crate::slab::NIL;
use crate::venue::places::Class;
use crate::venue::sessions::Interruption;
use crate::venue::terms::Terms;
use crate::venue::{Options, Phase, Venue, VenueConfig};
use crate::view::OrderView;

/// An order that rests, and what it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct RestingState {
    class: Class,
    /// With all that is open.
    order: OrderView,
    shown: u64,
}

/// What a venue knows beside its configuration. It is opaque: what it has is checked when it is put back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct VenueState {
    book: BookState,
    /// Every class and side, best price first, in the order of the queue.
    resting: Vec<RestingState>,
    terms: Vec<Terms>,
    entries: u64,
    elected: Vec<(u64, u64)>,
    blocked: BTreeSet<u32>,
    phase: Phase,
    now: u64,
    last: Option<i64>,
    reference: Option<i64>,
    scheduled: usize,
    interruption: Option<Interruption>,
    pegged_at: [Option<i64>; 2],
}

impl VenueState {
    /// Commands carried out; the next event's `seq`.
    pub fn commands(&self) -> u64 {
        self.book.commands
    }
}

fn wrong(id: u64, what: &'static str) -> RestoreError {
    RestoreError::Venue { id, what }
}

impl Venue {
    /// What the venue knows beside its configuration.
    pub fn state(&self) -> VenueState {
        let mut resting = Vec::with_capacity(self.book.order_count());
        for (class, side) in Class::ALL.into_iter().flat_map(|class| Side::BOTH.map(|side| (class, side))) {
            let orders = self.ladder(class, side).levels().flat_map(|(_, level)| self.queue_of(level));
            resting.extend(orders.map(|h| RestingState { class, order: self.resting_view(h), shown: self.shown(h) }));
        }
        let book = self.book.state();
        // The id of one that was TOP and has died may be that of an order which is not displayed.
        let top = Side::BOTH.map(|side| book.top[side as usize].filter(|&id| self.is_displayed(id, side)));
        VenueState {
            book: BookState { top, ..book },
            resting,
            terms: self.registry.iter().cloned().collect(),
            entries: self.registry.entries(),
            elected: self.registry.elected.iter().copied().collect(),
            blocked: self.blocked.clone(),
            phase: self.phase,
            now: self.now,
            last: self.last,
            reference: self.reference,
            scheduled: self.scheduled,
            interruption: self.interruption,
            pegged_at: self.pegged_at,
        }
    }

    /// A venue that goes on from `state`, exactly as the one that it was taken from.
    ///
    /// ```
    /// use toprung_book::{OrderType, Side, TradingVenue, Venue, VenueCommand};
    /// let mut venue = Venue::default();
    /// venue.apply(&VenueCommand::enter(OrderType::Stop, 1, Side::Buy, 0, 5).with_stop_price(101), &mut ());
    /// let restored = Venue::restore(venue.config().clone(), &venue.state()).unwrap();
    /// assert_eq!((restored.digest(), restored.held()), (venue.digest(), venue.held()));
    /// ```
    pub fn restore(config: VenueConfig, state: &VenueState) -> Result<Venue, RestoreError> {
        let mut venue = Venue::new(config);
        let BookState { commands, digest, top } = state.book;
        (venue.book.seq, venue.book.digest) = (commands, digest);
        venue.registry.count_from(state.entries);
        for terms in &state.terms {
            venue.take_back(terms, state.entries)?;
        }
        for resting in &state.resting {
            venue.put_back(resting)?;
        }
        let orders = venue.book.order_count() as u64;
        // Not held against `max_orders`: room is looked for on entry, and an order that was to trade may be left over.
        for (side, top) in Side::BOTH.into_iter().zip(top) {
            let is_top = |id: u64| venue.book.top_min_qty.is_some() && venue.is_displayed(id, side);
            if let Some(id) = top.filter(|&id| !is_top(id)) {
                return Err(RestoreError::Top { id });
            }
        }
        venue.book.top = top;
        venue.check_terms()?;
        let is_waiting =
            |&(entry, id): &(u64, u64)| venue.registry.get(id).is_none_or(|t| t.entry != entry || t.is_elected);
        if !state.elected.iter().all(is_waiting) {
            return Err(wrong(0, "an order is queued to enter and was not elected"));
        }
        if state.scheduled > venue.config.schedule.len() {
            return Err(wrong(0, "more phases have begun than are scheduled"));
        }
        venue.registry.elected = VecDeque::from(state.elected.clone());
        venue.blocked = state.blocked.clone();
        (venue.phase, venue.now, venue.scheduled) = (state.phase, state.now, state.scheduled);
        (venue.last, venue.reference) = (state.last, state.reference);
        (venue.interruption, venue.pegged_at) = (state.interruption, state.pegged_at);
        if venue.phase == Phase::Continuous && venue.is_crossed() && venue.registry.all_or_none == [0; 2] {
            let [bid, ask] = Side::BOTH.map(|side| venue.best_key(side).map_or(0, |key| side.key(key)));
            return Err(RestoreError::Crossed { bid, ask });
        }
        if commands < orders || commands > COMMANDS_MAX || (commands == 0) != (digest == crate::Digest::EMPTY) {
            return Err(RestoreError::Commands { commands, orders });
        }
        Ok(venue)
    }

    fn is_displayed(&self, id: u64, side: Side) -> bool {
        let found = self.find_resting(id);
        found.is_some_and(|(h, class)| class == Class::Displayed && self.book.view(h).side == side)
    }

    fn take_back(&mut self, t: &Terms, entries: u64) -> Result<(), RestoreError> {
        let id = t.order.id;
        let is_known = CommandFlags::from_u8(t.flags.bits()).is_some() && Options::from_u16(t.options.bits()).is_some();
        let fails = [
            (self.registry.get(id).is_some(), "has terms twice"),
            (t.entry == 0 || t.entry > entries, "was entered later than the last order"),
            (!is_known, "has options without a meaning"),
            (t.behind > 0 && (t.is_held || t.display_qty == 0), "has something behind and is no iceberg that rests"),
            (t.display_range >= t.display_qty.max(1), "is an iceberg with more range than it shows"),
            (t.display_qty.checked_add(t.display_range).is_none(), "is an iceberg that shows too much"),
            (t.is_held && t.order.qty == 0, "is held with nothing open"),
            (t.is_elected && !t.is_held, "was elected and is not held"),
            (t.is_waiting_stop() && t.stop_price.is_none(), "is a stop without a price"),
            (t.order_type.is_trailing() && t.offset == i64::MIN, "trails at no distance"),
            (t.is_all_or_none() && !self.book.is_fifo, "is all-or-none in a market that allocates"),
        ];
        if let Some(&(_, what)) = fails.iter().find(|(fails, _)| *fails) {
            return Err(wrong(id, what));
        }
        self.registry.insert(t.clone());
        Ok(())
    }

    fn put_back(&mut self, resting: &RestingState) -> Result<(), RestoreError> {
        let RestingState { class, order, shown } = *resting;
        let OrderView { id, side, price, qty, owner } = order;
        if shown == 0 {
            return Err(RestoreError::ZeroQuantity { id });
        }
        if self.find_resting(id).is_some() {
            return Err(RestoreError::DuplicateId { id });
        }
        let terms = self.registry.get(id);
        let has_terms_of = |t: &Terms| (t.order.side, t.order.owner, t.is_held) == (side, owner, false);
        let is_hidden = terms.is_some_and(Terms::is_hidden);
        let belongs = match class {
            Class::Displayed => !is_hidden,
            Class::Hidden => is_hidden,
            Class::Unpriced => !is_hidden && price == 0,
        };
        let fails = [
            (terms.is_some_and(|t| !has_terms_of(t)), "rests under the terms of another"),
            (!belongs, "rests where it does not belong"),
            (
                shown.checked_add(terms.map_or(0, |t| t.behind)) != Some(qty),
                "does not have open what it shows and has behind",
            ),
        ];
        if let Some(&(_, what)) = fails.iter().find(|(fails, _)| *fails) {
            return Err(wrong(id, what));
        }
        let level = self.level_at(class, side, price);
        let held = if level == NIL { 0 } else { self.book.slab.get(level).qty };
        if shown > self.book.level_qty_max - held {
            return Err(RestoreError::QuantityOverflow { id });
        }
        self.put(&OrderView { qty: shown, ..order }, class);
        Ok(())
    }

    /// Whether the terms of orders agree with what rests and with each other.
    fn check_terms(&self) -> Result<(), RestoreError> {
        let mut entries = BTreeSet::new();
        for t in self.registry.iter() {
            let id = t.order.id;
            let is_partner_of = |p: &Terms| p.partner == Some(id) && p.order.id != id;
            let fails = [
                (!entries.insert(t.entry), "was entered together with another"),
                (t.is_held == self.find_resting(id).is_some(), "rests and is held, or neither"),
                (
                    t.partner.is_some_and(|p| !self.registry.get(p).is_some_and(is_partner_of)),
                    "has a partner that does not know it",
                ),
                (
                    t.parent.is_some_and(|(p, _)| !t.is_elected && !self.registry.get(p).is_some_and(|p| p.is_parent)),
                    "waits for an order that does not know it",
                ),
            ];
            if let Some(&(_, what)) = fails.iter().find(|(fails, _)| *fails) {
                return Err(wrong(id, what));
            }
        }
        Ok(())
    }
}
