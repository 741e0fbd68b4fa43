//! Stops: reaching their price, trailing, election.

use super::NaiveVenue;
use super::order::Order;
use crate::command::Side;
use crate::event::Reason;
use crate::venue::{Phase, StopEntry, StopTrigger};

/// The number between the ends of the price domain that is nearest.
fn clamp(price: i128) -> i64 {
    price.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

/// Ticks that a distance or a step is at a reference: itself, or hundredths of a per cent.
fn ticks(magnitude: u64, relative: bool, reference: i64) -> u128 {
    let magnitude = u128::from(magnitude);
    if relative { magnitude * u128::from(reference.unsigned_abs()) / 10_000 } else { magnitude }
}

impl Order {
    /// The stop price that a trailing stop would have at a reference.
    fn candidate(&self, reference: i64) -> i64 {
        let distance = ticks(self.offset.unsigned_abs(), self.offset < 0, reference) as i128;
        match self.side {
            Side::Buy => clamp(i128::from(reference) + distance),
            Side::Sell => clamp(i128::from(reference) - distance),
        }
    }

    /// Moves a trailing stop, and its limit as much, if the candidate is better by a step.
    fn trail(&mut self, reference: i64) {
        let (Some(stop_price), candidate) = (self.stop_price, self.candidate(reference)) else { return };
        let moved = i128::from(candidate) - i128::from(stop_price);
        let better = if self.side == Side::Sell { moved } else { -moved };
        let step = ticks(self.step, self.offset < 0, reference).max(1);
        if better > 0 && better as u128 >= step {
            self.stop_price = Some(candidate);
            if self.order_type.has_limit() {
                self.price = clamp(i128::from(self.price) + moved);
            }
        }
    }
}

impl NaiveVenue {
    /// What a new stop, or one whose terms are new, does at once: whether it is elected, or why it is refused.
    pub(super) fn stop_entry(&self, o: &mut Order, entry: StopEntry) -> Result<bool, Reason> {
        let trigger = self.config.stop_trigger;
        let looks = trigger != StopTrigger::BestOpposite || self.phase == Phase::Continuous;
        if o.order_type.is_trailing() {
            match (o.stop_price, self.trailing_reference(o.side).filter(|_| looks)) {
                (None, None) => return Err(Reason::StopPrice),
                (None, Some(reference)) => o.stop_price = Some(o.candidate(reference)),
                (Some(_), Some(reference)) => o.trail(reference),
                (Some(_), None) => {}
            }
        }
        let stop_price = o.stop_price.unwrap_or(0);
        if trigger == StopTrigger::LastTradeAfterEntry || !looks {
            return Ok(false);
        }
        let near = o.order_type.has_limit() && o.side.key(o.price) < o.side.key(stop_price);
        let reached = match trigger {
            StopTrigger::BestOpposite => self.opposite_reaches(o.side, stop_price),
            _ => self.last_price.is_some_and(|last| reaches(o.side, stop_price, last)),
        };
        match entry {
            StopEntry::Reject if near || reached => Err(Reason::StopPrice),
            _ => Ok(reached),
        }
    }

    /// What a trailing stop follows, outside of trades.
    fn trailing_reference(&self, side: Side) -> Option<i64> {
        if self.config.stop_trigger != StopTrigger::BestOpposite {
            return self.last_price;
        }
        match side {
            Side::Buy => Some(self.last_price?.max(self.best_displayed(Side::Sell)?)),
            Side::Sell => Some(self.last_price?.min(self.best_displayed(Side::Buy)?)),
        }
    }

    fn opposite_reaches(&self, side: Side, stop_price: i64) -> bool {
        self.best_displayed(!side).is_none_or(|best| reaches(side, stop_price, best))
    }

    pub(super) fn elect(&mut self, id: u64) {
        if let Some(o) = self.orders.get_mut(&id) {
            o.elected = true;
            self.elected_now.push(id);
        }
    }

    /// A trade at this price: first elects, then moves the trailing stops.
    pub(super) fn last_trade_at(&mut self, price: i64) {
        self.last_price = Some(price);
        if self.config.stop_trigger == StopTrigger::BestOpposite {
            return;
        }
        let reached = |o: &Order| o.watches() && o.stop_price.is_some_and(|stop| reaches(o.side, stop, price));
        self.by_entry(reached).into_iter().for_each(|id| self.elect(id));
        self.orders.values_mut().filter(|o| o.watches() && o.order_type.is_trailing()).for_each(|o| o.trail(price));
    }

    /// With `best-opposite`, after every step: trailing stops, then election.
    pub(super) fn look_at_best(&mut self) {
        if self.config.stop_trigger != StopTrigger::BestOpposite {
            return;
        }
        for id in self.by_entry(|o| o.watches() && o.order_type.is_trailing()) {
            let reference = self.orders.get(&id).and_then(|o| self.trailing_reference(o.side));
            if let (Some(o), Some(reference)) = (self.orders.get_mut(&id), reference) {
                o.trail(reference);
            }
        }
        let reached = |o: &Order| o.watches() && o.stop_price.is_some_and(|stop| self.opposite_reaches(o.side, stop));
        self.by_entry(reached).into_iter().for_each(|id| self.elect(id));
        self.queue_elected();
    }

    /// Queues what this step has elected: buys from the lowest stop price, then sells from the highest.
    pub(super) fn queue_elected(&mut self) {
        let mut elected = std::mem::take(&mut self.elected_now);
        elected.sort_by_key(|id| {
            let o = &self.orders[id];
            let stop_price = o.stop_price.unwrap_or(0);
            (o.side, if o.side == Side::Buy { stop_price } else { !stop_price }, o.entry)
        });
        self.elected.extend(elected);
    }
}

/// Whether a price elects a stop: a buy at its stop price or above, a sell at it or below.
fn reaches(side: Side, stop_price: i64, price: i64) -> bool {
    match side {
        Side::Buy => price >= stop_price,
        Side::Sell => price <= stop_price,
    }
}
