//! Keeps the followed book equal to the order book file, row by row.
//!
//! The rule behind every choice: an order about which messages follow is live, so it must be in the book wherever the file
//! shows its level; anonymous quantity, and orders about which nothing follows, give way to it.

use toprung_book::Side;

use super::LobsterReplay;
use crate::error::DataError;
use crate::lobster::{LobsterMessage, MessageKind};
use crate::lobster_book::{FollowedBook, at_least_as_good};
use crate::lobster_orders::Order;
use crate::replay::{Level, Origin, ReplayAction};

impl LobsterReplay {
    /// The book before the first message: the first row with that message undone.
    pub(super) fn start_book(&mut self, m: &LobsterMessage) -> Result<(), DataError> {
        self.read_rows(1)?;
        if self.rows.is_none() {
            return Ok(());
        }
        let first_row = self.shown.clone();
        if m.kind.is_displayed() {
            undo(&mut self.shown.sides[m.side as usize], m, m.price_units / self.tick);
        }
        if !self.shown.is_crossed() {
            self.admit();
            for side in Side::BOTH {
                self.place_waiting(side);
            }
            for side in Side::BOTH {
                self.fill_missing(side, Origin::Initial);
            }
        }
        self.shown = first_row;
        Ok(())
    }

    /// Reads the order book file up to row `n`.
    pub(super) fn read_rows(&mut self, n: usize) -> Result<(), DataError> {
        let Some(rows) = &mut self.rows else { return Ok(()) };
        if rows.rows() >= n as u64 {
            return Ok(());
        }
        while rows.rows() < n as u64 {
            if rows.next_row()?.is_none() {
                return Err(rows.other_count(&self.name, self.messages.len() as u64));
            }
        }
        rows.swap_row(&mut self.shown);
        Ok(())
    }

    pub(super) fn expect_last_row(&mut self) -> Result<(), DataError> {
        let Some(rows) = &mut self.rows else { return Ok(()) };
        if rows.next_row()?.is_some() {
            return Err(rows.other_count(&self.name, self.messages.len() as u64));
        }
        Ok(())
    }

    /// Makes the book agree with the row of the last message.
    pub(super) fn follow_row(&mut self) {
        if self.rows.is_none() {
            return;
        }
        if self.shown.is_crossed() {
            self.counts.rows_crossed += 1;
            return;
        }
        self.counts.rows_compared += 1;
        self.admit();
        let waited = Side::BOTH.iter().any(|s| !self.waiting_prices(*s).is_empty());
        let explained = Side::BOTH.iter().all(|s| agrees(&self.book, self.shown.side(*s), *s));
        self.counts.rows_explained += u64::from(explained);
        if explained && !waited {
            return;
        }
        // What has to go goes first, so that what comes cannot cross.
        Side::BOTH.iter().for_each(|s| self.shed(*s));
        Side::BOTH.iter().for_each(|s| self.place_waiting(*s));
        Side::BOTH.iter().for_each(|s| self.fill_missing(*s, Origin::Anonymous));
    }

    pub(super) fn checkpoint(&mut self) {
        if self.rows.is_none() || self.shown.is_crossed() {
            return;
        }
        let n = self.checkpoint_levels;
        let levels = |s| self.shown.side(s).iter().take(n).copied().collect();
        let (bids, asks) = (levels(Side::Buy), levels(Side::Sell));
        self.emit(ReplayAction::Checkpoint { bids, asks });
    }

    /// Takes off what one side has and the row does not.
    pub(super) fn shed(&mut self, side: Side) {
        let Some(rows) = &self.rows else { return };
        if self.shown.is_crossed() {
            return;
        }
        let row = self.shown.side(side);
        // Behind the last level of a full row the file says nothing; a row with room shows the whole side.
        let last_seen = if row.len() < rows.levels() { None } else { row.last().map(|l| l.price) };
        let seen = |price: &i64| last_seen.is_none_or(|last| at_least_as_good(side, *price, last));
        let mut levels = row.iter().peekable();
        let mut excess: Vec<Level> = Vec::new();
        for (price, queue) in self.book.levels(side).take_while(|(p, _)| seen(p)) {
            while levels.next_if(|l| l.price != price && at_least_as_good(side, l.price, price)).is_some() {}
            let stays = levels.peek().filter(|l| l.price == price).map_or(0, |l| l.qty);
            if queue.total > stays {
                excess.push(Level { price, qty: queue.total - stays });
            }
        }
        for level in excess {
            self.shed_level(side, level.price, level.qty);
        }
    }

    fn shed_level(&mut self, side: Side, price: i64, excess: u64) {
        let mut excess = self.shed_replaceable(side, price, excess);
        let Some(queue) = self.book.level(side, price).filter(|_| excess > 0) else { return };
        let live: Vec<u32> = queue.orders.iter().copied().collect();
        for i in &live {
            let slack = self.orders.all[*i as usize].slack().min(excess);
            if slack > 0 {
                self.counts.left_unseen += 1;
                excess -= self.leave_at_most(*i, slack, Origin::OutsideData);
            }
        }
        // The file contradicts its own messages here: the latest orders go, and come back when they are shown.
        for i in live.into_iter().rev() {
            if excess == 0 {
                break;
            }
            excess -= self.orders.all[i as usize].open.min(excess);
            self.counts.withdrawn += 1;
            self.leave(i, u64::MAX, Origin::OutsideData);
            self.wait(i);
        }
    }

    /// Takes off anonymous quantity, then orders about which nothing follows; gives back what is still to go.
    fn shed_replaceable(&mut self, side: Side, price: i64, mut excess: u64) -> u64 {
        let Some(queue) = self.book.level(side, price) else { return excess };
        let orders = &self.orders.all;
        let of = |anonymous: bool| -> Vec<u32> {
            let fits = |i: &u32| orders[*i as usize].is_replaceable() && orders[*i as usize].anonymous == anonymous;
            queue.orders.iter().copied().filter(fits).collect()
        };
        let (anonymous, ended) = (of(true), of(false));
        for i in anonymous {
            excess -= self.leave_at_most(i, excess, Origin::Anonymous);
        }
        let exact = exact_subset(&ended, excess, |i| self.orders.all[*i as usize].open);
        for i in exact.unwrap_or(ended) {
            let gone = self.leave_at_most(i, excess, Origin::OutsideData);
            self.counts.left_unseen += u64::from(gone > 0);
            excess -= gone;
        }
        excess
    }

    fn leave_at_most(&mut self, order: u32, qty: u64, origin: Origin) -> u64 {
        let qty = qty.min(self.orders.all[order as usize].open);
        if qty > 0 {
            self.leave(order, qty, origin);
        }
        qty
    }

    // --- Orders that are live before the file shows them.

    /// Lets unknown orders wait for being shown once every lower id that the file knows has been given.
    fn admit(&mut self) {
        let next = self.next_highest.last().map_or(u64::MAX, |(id, _)| *id);
        while let Some(i) = self.later.pop_if(|i| self.orders.all[*i as usize].id < next) {
            self.wait(i);
        }
    }

    pub(super) fn wait(&mut self, order: u32) {
        let o = &self.orders.all[order as usize];
        self.absent[o.side as usize].entry(o.price).or_default().push(order);
    }

    /// Prices that the row shows and at which orders wait.
    fn waiting_prices(&self, side: Side) -> Vec<i64> {
        let row = self.shown.side(side);
        let (Some(best), Some(worst)) = (row.first(), row.last()) else { return Vec::new() };
        let range = best.price.min(worst.price)..=best.price.max(worst.price);
        self.absent[side as usize].range(range).map(|(price, _)| *price).collect()
    }

    /// Puts waiting orders where the row shows their level, oldest first, in the place of what is replaceable there.
    fn place_waiting(&mut self, side: Side) {
        for price in self.waiting_prices(side) {
            let Some(mut waiting) = self.absent[side as usize].remove(&price) else { continue };
            waiting.sort_by_key(|i| self.orders.all[*i as usize].id);
            // One that has no room keeps the later ones out: they stand behind it in the queue.
            let mut room = true;
            waiting.retain(|i| {
                let o = self.orders.all[*i as usize];
                let gone = o.in_book || o.future == 0;
                if !gone && room {
                    room = self.place(*i, &o);
                    return !room;
                }
                !gone
            });
            if !waiting.is_empty() {
                self.absent[side as usize].insert(price, waiting);
            }
        }
    }

    fn place(&mut self, index: u32, o: &Order) -> bool {
        if self.next < o.not_before {
            return false;
        }
        let Some(shown) = self.shown.side(o.side).iter().find(|l| l.price == o.price).map(|l| l.qty) else {
            return false;
        };
        let (total, replaceable) = self.book.level(o.side, o.price).map_or((0, 0), |q| {
            let orders = q.orders.iter().map(|i| &self.orders.all[*i as usize]);
            (q.total, orders.filter(|o| o.is_replaceable()).map(|o| o.open).sum())
        });
        let room = shown.saturating_sub(total);
        if o.future > room.saturating_add(replaceable) {
            return false;
        }
        self.shed_replaceable(o.side, o.price, o.future.saturating_sub(room));
        self.enter(index, o.future, Origin::OutsideData);
        true
    }

    /// Adds anonymous quantity where the row shows more than the book has.
    fn fill_missing(&mut self, side: Side, origin: Origin) {
        let lacks = |l: &Level| {
            let has = self.book.level(side, l.price).map_or(0, |q| q.total);
            (has < l.qty).then(|| Level { price: l.price, qty: l.qty - has })
        };
        let missing: Vec<Level> = self.shown.side(side).iter().filter_map(lacks).collect();
        for Level { price, qty } in missing {
            let index = self.orders.all.len() as u32;
            self.orders.all.push(Order::anonymous(self.orders.next_free_id, side, price));
            self.orders.next_free_id += 1;
            self.counts.anonymous_added += 1;
            self.counts.anonymous_shares += qty;
            self.enter(index, qty, origin);
        }
    }
}

/// Takes back what `m` did to its side of the book.
fn undo(levels: &mut Vec<Level>, m: &LobsterMessage, price: i64) {
    let at = levels.partition_point(|l| l.price != price && at_least_as_good(m.side, l.price, price));
    let there = levels.get(at).is_some_and(|l| l.price == price);
    match (m.kind, there) {
        (MessageKind::Submission, true) => {
            levels[at].qty = levels[at].qty.saturating_sub(m.size);
            levels.retain(|l| l.qty > 0);
        }
        (MessageKind::Submission, false) => {}
        (_, true) => levels[at].qty = levels[at].qty.saturating_add(m.size),
        (_, false) => levels.insert(at, Level { price, qty: m.size }),
    }
}

/// Whether the book begins with the row's levels.
fn agrees(book: &FollowedBook, row: &[Level], side: Side) -> bool {
    let mut levels = book.levels(side);
    row.iter().all(|l| levels.next().is_some_and(|(price, q)| price == l.price && q.total == l.qty))
}

/// Some of `items` that add up to exactly `sum`, if there are: one of them, or a few of the first.
fn exact_subset<T: Copy>(items: &[T], sum: u64, size: impl Fn(&T) -> u64) -> Option<Vec<T>> {
    // 2^10 sums at most, on a path that is taken a few thousand times a day.
    const MOST_ITEMS: usize = 10;
    if let Some(one) = items.iter().find(|i| size(i) == sum) {
        return Some(vec![*one]);
    }
    let items = &items[..items.len().min(MOST_ITEMS)];
    (1u32..1 << items.len()).find_map(|mask| {
        let chosen = || items.iter().enumerate().filter(|(n, _)| mask >> n & 1 == 1).map(|(_, i)| i);
        let total = chosen().fold(0u64, |t, i| t.saturating_add(size(i)));
        (total == sum).then(|| chosen().copied().collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subset_is_exact_or_none() {
        let size = |i: &u64| *i;
        assert_eq!(exact_subset(&[5, 7, 11], 7, size), Some(vec![7]));
        assert_eq!(exact_subset(&[5, 7, 11], 16, size), Some(vec![5, 11]));
        assert_eq!(exact_subset(&[5, 7, 11], 13, size), None);
        assert_eq!(exact_subset(&[], 3, size), None);
        assert_eq!(exact_subset(&[u64::MAX, u64::MAX], u64::MAX, size), Some(vec![u64::MAX]));
    }

    #[test]
    fn the_first_message_is_taken_back() {
        let level = |price, qty| Level { price, qty };
        let m = |kind, size| LobsterMessage { time_ns: 0, id: 1, size, price_units: 0, kind, side: Side::Buy };
        let undone = |kind, size, price| {
            let mut levels = vec![level(10, 5), level(8, 3)];
            undo(&mut levels, &m(kind, size), price);
            levels
        };
        assert_eq!(undone(MessageKind::Submission, 5, 10), [level(8, 3)]);
        assert_eq!(undone(MessageKind::Submission, 1, 8), [level(10, 5), level(8, 2)]);
        assert_eq!(undone(MessageKind::Execution, 4, 10), [level(10, 9), level(8, 3)]);
        assert_eq!(undone(MessageKind::Deletion, 4, 11), [level(11, 4), level(10, 5), level(8, 3)]);
        assert_eq!(undone(MessageKind::Deletion, 4, 9), [level(10, 5), level(9, 4), level(8, 3)]);
    }
}
