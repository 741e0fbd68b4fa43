//! Where agents' resting orders stand in their queues: now ([`QueuePosition`]), and at every sample ([`QueueRow`]).

use toprung_book::Side;

use super::venue::{Venue, agent_of};

/// Where an agent's resting order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueuePosition {
    /// Whose it is.
    pub agent: u32,
    /// Which of the agent's orders it is, counted from 0 in the order in which they were sent.
    pub order: u32,
    /// Where it rests.
    pub venue: u16,
    /// Which way.
    pub side: Side,
    /// In ticks.
    pub price: i64,
    /// Lots that are open.
    pub qty: u64,
    /// Orders before it at its price.
    pub orders_ahead: u32,
    /// Lots before it at its price.
    pub lots_ahead: u64,
}

/// Where it stood at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueRow {
    /// When, ns.
    pub time_ns: u64,
    /// Where it stood.
    pub position: QueuePosition,
}

/// Most rows that a venue keeps: 256 MiB.
const ROWS_MAX: usize = 1 << 22;

/// Where the agents' orders of a venue stood over time.
#[derive(Clone, Debug, Default)]
pub(crate) struct QueueHistory {
    pub(crate) rows: Vec<QueueRow>,
    /// Rows for which there was no room.
    pub(crate) unkept: u64,
}

impl QueueHistory {
    /// Writes down where the orders stand at `time_ns`.
    pub(crate) fn look(&mut self, time_ns: u64, venue: &Venue) {
        for position in venue.queue_positions() {
            if self.rows.len() < ROWS_MAX {
                self.rows.push(QueueRow { time_ns, position });
            } else {
                self.unkept += 1;
            }
        }
    }
}

impl Venue {
    /// Where the agents' resting orders stand, bids first, best price first.
    pub(crate) fn queue_positions(&self) -> impl Iterator<Item = QueuePosition> {
        let book = self.market.book.book();
        Side::BOTH.into_iter().flat_map(|side| book.orders(side)).filter_map(|o| {
            let (agent, (orders_ahead, lots_ahead)) = agent_of(o.id).zip(book.ahead_of(o.id))?;
            let (side, price, qty) = (o.side, o.price, o.qty);
            let order = o.id as u32;
            Some(QueuePosition { agent, order, venue: self.index, side, price, qty, orders_ahead, lots_ahead })
        })
    }
}
