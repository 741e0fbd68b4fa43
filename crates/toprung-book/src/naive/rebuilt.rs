//! A book that knows nothing but events.

use std::collections::{BTreeMap, VecDeque};

use crate::command::Side;
use crate::event::{Event, EventFlags, EventKind};
use crate::sink::EventSink;
use crate::view::{LevelView, OrderView};

/// Rebuilds levels, queues and quantities from the event stream alone.
///
/// It is exact after every command; within a command an aggressor that has not finished trading is shown at its limit.
/// It panics on a stream that contradicts itself: it exists to catch such streams in tests.
#[derive(Clone, Debug, Default)]
pub struct RebuiltBook {
    orders: BTreeMap<u64, OrderView>,
    queues: [BTreeMap<i64, VecDeque<u64>>; 2],
    /// The market order on its way through: it has no price and never rests.
    market: Option<OrderView>,
}

impl RebuiltBook {
    fn join(&mut self, o: OrderView) {
        self.queues[o.side as usize].entry(o.side.key(o.price)).or_default().push_back(o.id);
        assert!(self.orders.insert(o.id, o).is_none(), "order {} entered twice", o.id);
    }

    fn leave(&mut self, id: u64) -> OrderView {
        let o = self.orders.remove(&id).unwrap_or_else(|| panic!("order {id} left without having entered"));
        let queues = &mut self.queues[o.side as usize];
        let queue = queues.get_mut(&o.side.key(o.price)).expect("a live order has a queue");
        queue.retain(|&other| other != id);
        if queue.is_empty() {
            queues.remove(&o.side.key(o.price));
        }
        o
    }

    fn take(&mut self, id: u64, qty: u64) {
        if let Some(market) = self.market.as_mut().filter(|m| m.id == id) {
            market.qty -= qty;
            if market.qty == 0 {
                self.market = None;
            }
            return;
        }
        let o = self.orders.get_mut(&id).unwrap_or_else(|| panic!("order {id} traded without being live"));
        o.qty = o.qty.checked_sub(qty).unwrap_or_else(|| panic!("order {id} traded more than it had"));
        if o.qty == 0 {
            self.leave(id);
        }
    }

    /// The levels of one side, best first.
    pub fn levels(&self, side: Side) -> Vec<LevelView> {
        let qty = |ids: &VecDeque<u64>| ids.iter().map(|id| self.orders[id].qty).sum();
        let levels = self.queues[side as usize].iter().rev();
        levels.map(|(&k, ids)| LevelView { price: side.key(k), qty: qty(ids), orders: ids.len() as u32 }).collect()
    }

    /// Every resting order of one side, best price first, in time order within a level.
    pub fn queue(&self, side: Side) -> Vec<OrderView> {
        let levels = self.queues[side as usize].iter().rev();
        levels.flat_map(|(_, ids)| ids.iter().map(|id| self.orders[id])).collect()
    }
}

impl EventSink for RebuiltBook {
    fn event(&mut self, e: &Event) {
        let order = OrderView { id: e.id, side: e.side, price: e.price, qty: e.qty, owner: e.owner };
        match e.kind {
            EventKind::Rejected | EventKind::Phase | EventKind::Indicative | EventKind::Acknowledged => {}
            EventKind::Triggered | EventKind::Refreshed | EventKind::Repriced => {
                panic!("{:?} comes from a venue only", e.kind)
            }
            EventKind::Accepted if e.flags.has(EventFlags::MARKET) => self.market = Some(order),
            EventKind::Accepted => self.join(order),
            EventKind::Trade => {
                assert!(e.qty > 0, "a trade of nothing");
                assert_eq!(self.orders[&e.maker()].price, e.price, "a trade away from the resting order's price");
                self.take(e.maker(), e.qty);
                self.take(e.taker(), e.qty);
            }
            EventKind::Cancelled => {
                let left = match self.market.take_if(|m| m.id == e.id) {
                    Some(market) => market,
                    None => self.leave(e.id),
                };
                assert_eq!(left.qty, e.qty, "order {} was cancelled with another quantity than it had", e.id);
            }
            EventKind::Reduced if self.market.is_some_and(|m| m.id == e.id) => {
                assert_eq!(self.market.map(|m| m.qty - e.other), Some(e.qty), "order {} was reduced wrongly", e.id);
                self.market = Some(order);
            }
            EventKind::Reduced => {
                let o = self.orders.get_mut(&e.id).expect("a reduced order is live");
                assert_eq!(o.qty - e.other, e.qty, "order {} was reduced to another quantity than it says", e.id);
                o.qty = e.qty;
            }
            EventKind::Replaced if e.flags.has(EventFlags::KEPT_PRIORITY) => {
                self.orders.get_mut(&e.id).expect("a replaced order is live").qty = e.qty;
            }
            EventKind::Replaced => {
                self.leave(e.id);
                self.join(order);
            }
        }
    }
}
