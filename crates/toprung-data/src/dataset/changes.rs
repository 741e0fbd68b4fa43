//! Which price levels a command changed, told by its events.

use toprung_book::{Event, EventKind, MatchingBook, OrderView, Side};

/// What one command did to the levels of its book.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    touched: Vec<(Side, i64)>,
    /// The command's own order while it looks for a place to rest: id, side, price, open quantity.
    entering: Option<OrderView>,
}

impl Changes {
    /// Takes one event; `before` is the order that a replace changes, as it was.
    #[inline]
    pub(crate) fn event(&mut self, e: &Event, before: Option<&OrderView>) {
        let entered = |qty| OrderView { id: e.id, side: e.side, price: e.price, qty, owner: e.owner };
        match e.kind {
            EventKind::Rejected => {}
            EventKind::Accepted => self.entering = Some(entered(e.qty)),
            EventKind::Replaced => {
                if let Some(old) = before {
                    if (old.price, old.qty) == (e.price, e.qty) {
                        // Only its place in the queue may have changed, which no level shows.
                        return;
                    }
                    self.touch(old.side, old.price);
                }
                self.entering = Some(entered(e.qty));
            }
            EventKind::Trade => {
                if let Some(order) = &mut self.entering {
                    order.qty -= e.qty.min(order.qty);
                }
                self.touch(!e.side, e.price);
            }
            EventKind::Triggered | EventKind::Refreshed | EventKind::Repriced => self.touch(e.side, e.price),
            EventKind::Phase | EventKind::Indicative | EventKind::Acknowledged => {}
            EventKind::Cancelled | EventKind::Reduced => match &mut self.entering {
                Some(order) if order.id == e.id => order.qty = if e.kind == EventKind::Reduced { e.qty } else { 0 },
                _ => self.touch(e.side, e.price),
            },
        }
    }

    #[inline]
    fn touch(&mut self, side: Side, price: i64) {
        // Fills of one level follow each other, so the last is nearly always the one.
        if !self.touched.iter().rev().any(|t| *t == (side, price)) {
            self.touched.push((side, price));
        }
    }

    /// Gives every level that changed, with what is on it now, and begins again.
    #[inline]
    pub(crate) fn drain<B: MatchingBook>(&mut self, book: &B, mut each: impl FnMut(Side, i64, u64, u32)) {
        if let Some(order) = self.entering.take()
            && order.qty > 0
        {
            self.touch(order.side, order.price);
        }
        for (side, price) in self.touched.drain(..) {
            let (qty, orders) = book.level(side, price).map_or((0, 0), |l| (l.qty, l.orders));
            each(side, price, qty, orders);
        }
    }
}
