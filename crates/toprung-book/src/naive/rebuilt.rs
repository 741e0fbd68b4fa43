//! A book, or a whole venue, that knows nothing but events.

use std::collections::{BTreeMap, VecDeque};

use crate::command::Side;
use crate::event::{Event, EventFlags, EventKind, Reason};
use crate::sink::EventSink;
use crate::view::{LevelView, OrderView};

/// Where an order is, as far as events tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Displayed,
    Hidden,
    /// Also a market order on its way through.
    Unpriced,
    Held,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    order: OrderView,
    place: Place,
    /// Of a displayed order the lots that are shown.
    shown: u64,
}

/// Rebuilds levels, queues and quantities from the event stream alone.
///
/// It is exact after every command; within a command an aggressor that has not finished trading is shown at its limit.
/// It panics on a stream that contradicts itself: it exists to catch such streams in tests.
#[derive(Clone, Debug, Default)]
pub struct RebuiltBook {
    orders: BTreeMap<u64, Known>,
    displayed: [BTreeMap<i64, VecDeque<u64>>; 2],
    hidden: [BTreeMap<i64, VecDeque<u64>>; 2],
    unpriced: [VecDeque<u64>; 2],
    /// The order that entered and may still trade on: as an aggressor an iceberg gives more than it shows.
    entered: Option<u64>,
    seq: u64,
}

impl RebuiltBook {
    /// An order comes in: new, triggered, repriced or replaced.
    fn enter(&mut self, order: OrderView, place: Place, part: u64) {
        self.join(order, place, part);
        self.entered = Some(order.id);
    }

    /// Puts an order at the back of its place; `part` is what an iceberg will show, otherwise 0.
    fn join(&mut self, order: OrderView, place: Place, part: u64) {
        let OrderView { id, side, price, qty, .. } = order;
        assert!(qty > 0, "order {id} entered with nothing");
        assert!(part <= qty, "order {id} shows more than it has");
        let shown = if part > 0 { part } else { qty };
        if let Some(queue) = self.place(place, side, price) {
            queue.push_back(id);
        }
        assert!(self.orders.insert(id, Known { order, place, shown }).is_none(), "order {id} entered twice");
    }

    fn place(&mut self, place: Place, side: Side, price: i64) -> Option<&mut VecDeque<u64>> {
        let (s, key) = (side as usize, side.key(price));
        match place {
            Place::Displayed => Some(self.displayed[s].entry(key).or_default()),
            Place::Hidden => Some(self.hidden[s].entry(key).or_default()),
            Place::Unpriced => Some(&mut self.unpriced[s]),
            Place::Held => None,
        }
    }

    fn leave(&mut self, id: u64) -> Known {
        let known = self.orders.remove(&id).unwrap_or_else(|| panic!("order {id} left without having entered"));
        if let Some(queue) = self.place(known.place, known.order.side, known.order.price) {
            queue.retain(|&other| other != id);
        }
        for queues in self.displayed.iter_mut().chain(&mut self.hidden) {
            queues.retain(|_, queue| !queue.is_empty());
        }
        known
    }

    fn known(&mut self, id: u64) -> &mut Known {
        self.orders.get_mut(&id).unwrap_or_else(|| panic!("order {id} is not live"))
    }

    /// Takes lots off an order that trades, or is decremented instead.
    fn take(&mut self, id: u64, qty: u64, aggressor: bool) {
        let known = self.known(id);
        assert!(known.place != Place::Held, "order {id} traded while it was held");
        let left = known.order.qty.checked_sub(qty);
        known.order.qty = left.unwrap_or_else(|| panic!("order {id} traded more than it had"));
        known.shown = if aggressor { known.shown.min(known.order.qty) } else { known.shown.saturating_sub(qty) };
        if known.order.qty == 0 {
            self.leave(id);
        }
    }

    fn trade(&mut self, e: &Event) {
        assert!(e.qty > 0, "a trade of nothing");
        let auction = e.flags.has(EventFlags::AUCTION);
        let (taker, maker) = (*self.known(e.taker()), *self.known(e.maker()));
        assert_eq!((taker.order.side, taker.order.owner), (e.side, e.owner), "a trade of somebody else");
        assert_eq!(maker.order.side, !e.side, "a trade between orders of one side");
        for known in [taker, maker].into_iter().filter(|known| known.place != Place::Unpriced) {
            let OrderView { id, side, price, .. } = known.order;
            assert!(side.key(price) >= side.key(e.price), "order {id} traded at {} beyond its limit {price}", e.price);
        }
        if !auction && maker.place != Place::Unpriced {
            assert_eq!(maker.order.price, e.price, "a trade away from the resting order's price");
        }
        let enters = self.entered == Some(e.taker());
        self.take(e.maker(), e.qty, false);
        self.take(e.taker(), e.qty, enters && !auction);
    }

    fn reduced(&mut self, e: &Event) {
        let enters = self.entered == Some(e.id);
        let known = self.known(e.id);
        assert!(e.qty > 0 && e.other > 0, "order {} was reduced by or to nothing", e.id);
        assert_eq!(known.order.qty - e.other, e.qty, "order {} was reduced to another quantity than it says", e.id);
        if e.reason == Reason::SelfTrade {
            self.take(e.id, e.other, enters);
        } else {
            // On request, of an iceberg first what is behind.
            (known.order.qty, known.shown) = (e.qty, known.shown.min(e.qty));
        }
    }

    fn replaced(&mut self, e: &Event, order: OrderView) {
        if e.flags.has(EventFlags::KEPT_PRIORITY) {
            let known = self.known(e.id);
            assert!(e.qty <= known.order.qty && e.price == known.order.price, "order {} kept too much", e.id);
            (known.order.qty, known.shown) = (e.qty, known.shown.min(e.qty));
            return;
        }
        let known = self.leave(e.id);
        let place = if e.flags.has(EventFlags::HELD) { Place::Held } else { known.place };
        assert_eq!(known.order.owner, e.owner, "order {} changed its owner", e.id);
        self.enter(OrderView { id: if e.other == 0 { e.id } else { e.other }, ..order }, place, 0);
    }

    fn refreshed(&mut self, e: &Event) {
        let known = self.leave(e.id);
        assert_eq!(known.place, Place::Displayed, "order {} showed a part without being displayed", e.id);
        assert_eq!(known.order.qty, e.qty + e.other, "order {} has another quantity than it shows and hides", e.id);
        self.join(known.order, Place::Displayed, e.qty);
    }

    fn queue_of<'a>(&'a self, queues: &'a BTreeMap<i64, VecDeque<u64>>) -> impl Iterator<Item = OrderView> + 'a {
        queues.values().rev().flatten().map(|id| self.orders[id].order)
    }

    /// The displayed levels of one side, best first, with the lots that they show.
    pub fn levels(&self, side: Side) -> Vec<LevelView> {
        let shown = |id: &u64| {
            let shown = self.orders[id].shown;
            assert!(shown > 0, "order {id} shows nothing");
            shown
        };
        let levels = self.displayed[side as usize].iter().rev();
        levels
            .map(|(&k, ids)| LevelView {
                price: side.key(k),
                qty: ids.iter().map(shown).sum(),
                orders: ids.len() as u32,
            })
            .collect()
    }

    /// Every displayed order of one side, best price first, in time order within a level.
    pub fn queue(&self, side: Side) -> Vec<OrderView> {
        self.queue_of(&self.displayed[side as usize]).collect()
    }

    /// Every hidden order of one side, best price first, in time order within a price.
    pub fn hidden(&self, side: Side) -> Vec<OrderView> {
        self.queue_of(&self.hidden[side as usize]).collect()
    }

    /// The market orders of one side that rest, in time order.
    pub fn unpriced(&self, side: Side) -> Vec<OrderView> {
        self.unpriced[side as usize].iter().map(|id| self.orders[id].order).collect()
    }

    /// Ids and open quantities of the held orders, by id.
    pub fn held(&self) -> Vec<(u64, u64)> {
        let held = self.orders.values().filter(|known| known.place == Place::Held);
        held.map(|known| (known.order.id, known.order.qty)).collect()
    }
}

/// Where an order is that is accepted or triggered with these flags.
fn place_of(flags: EventFlags) -> Place {
    if flags.has(EventFlags::HELD) {
        Place::Held
    } else if flags.has(EventFlags::MARKET) {
        Place::Unpriced
    } else if flags.has(EventFlags::HIDDEN) {
        Place::Hidden
    } else {
        Place::Displayed
    }
}

impl EventSink for RebuiltBook {
    fn event(&mut self, e: &Event) {
        // What a command or another order begins, finds the last one that entered at rest.
        let goes_on = match e.kind {
            EventKind::Trade => self.entered == Some(e.taker()),
            _ => e.reason != Reason::Linked,
        };
        if self.seq != e.seq || !goes_on {
            (self.seq, self.entered) = (e.seq, None);
        }
        let order = OrderView { id: e.id, side: e.side, price: e.price, qty: e.qty, owner: e.owner };
        match e.kind {
            EventKind::Rejected | EventKind::Phase | EventKind::Indicative | EventKind::Acknowledged => {}
            EventKind::Accepted => self.enter(order, place_of(e.flags), e.other),
            EventKind::Triggered => {
                let known = self.leave(e.id);
                assert_eq!(known.place, Place::Held, "order {} was triggered without being held", e.id);
                assert!(e.qty <= known.order.qty, "order {} was triggered with more than it had", e.id);
                self.enter(order, place_of(e.flags), e.other);
            }
            EventKind::Repriced => {
                let known = self.leave(e.id);
                assert!(matches!(known.place, Place::Hidden | Place::Held), "order {} has no peg", e.id);
                assert_eq!(known.order.qty, e.qty, "order {} was repriced with another quantity than it had", e.id);
                self.enter(order, place_of(e.flags.with(EventFlags::HIDDEN)), 0);
            }
            EventKind::Refreshed => self.refreshed(e),
            EventKind::Trade => self.trade(e),
            EventKind::Cancelled => {
                let left = self.leave(e.id);
                assert_eq!(left.order.qty, e.qty, "order {} was cancelled with another quantity than it had", e.id);
            }
            EventKind::Reduced => self.reduced(e),
            EventKind::Replaced => self.replaced(e, order),
        }
    }
}
