//! What the simulator asks of a book: the same of the fast book, which runs, and of the naive one, which the tests hold
//! it against.

use toprung_book::{Book, BookConfig, LevelView, MatchingBook, Side};

use crate::flow::{FLOW_IDS_END, FlowView};
use crate::touch::Touch;

/// A book as the simulator drives it: what every book does, and what a flow or a viewer asks at every command.
pub(crate) trait SimBook: MatchingBook {
    /// An empty book.
    fn open(config: BookConfig) -> Self;

    /// Price and open quantity of the best level.
    fn best(&self, side: Side) -> Option<(i64, u64)>;

    /// Whether order `id` rests.
    fn contains(&self, id: u64) -> bool;

    /// Open quantity at a price, 0 where nothing rests.
    fn qty_at(&self, side: Side, price: i64) -> u64;

    /// The last order in the queue at a price whose id is below `end`.
    fn last_below(&self, side: Side, price: i64, end: u64) -> Option<u64>;

    /// The levels of one side, best first.
    fn ladder(&self, side: Side) -> impl Iterator<Item = LevelView>;

    /// Open quantity at the best price and the `ticks - 1` prices behind it.
    fn depth_within(&self, side: Side, ticks: u32) -> u64;
}

/// A book and its touch, as a flow sees them.
#[derive(Clone, Debug)]
pub(crate) struct TouchedBook<B> {
    pub(crate) book: B,
    pub(crate) touch: Touch,
}

impl<B: SimBook> FlowView for TouchedBook<B> {
    #[inline(always)]
    fn touch(&self) -> &Touch {
        &self.touch
    }

    #[inline(always)]
    fn contains(&self, id: u64) -> bool {
        self.book.contains(id)
    }

    #[inline(always)]
    fn qty_at(&self, side: Side, price: i64) -> u64 {
        self.book.qty_at(side, price)
    }

    #[inline(always)]
    fn last_order(&self, side: Side, price: i64) -> Option<u64> {
        self.book.last_below(side, price, FLOW_IDS_END)
    }
}

/// The quantity of the levels, best first, that lie less than `ticks` from the first of them.
fn within(levels: impl Iterator<Item = (i64, u64)>, ticks: u32) -> u64 {
    let mut best = None;
    levels
        .take_while(|(price, _)| price.abs_diff(*best.get_or_insert(*price)) < u64::from(ticks))
        .map(|(_, qty)| qty)
        .sum()
}

impl SimBook for Book {
    fn open(config: BookConfig) -> Book {
        Book::new(config)
    }

    #[inline(always)]
    fn best(&self, side: Side) -> Option<(i64, u64)> {
        Book::best(self, side).map(|l| (l.price, l.qty))
    }

    #[inline(always)]
    fn contains(&self, id: u64) -> bool {
        Book::contains(self, id)
    }

    #[inline(always)]
    fn qty_at(&self, side: Side, price: i64) -> u64 {
        Book::qty_at(self, side, price)
    }

    #[inline(always)]
    fn last_below(&self, side: Side, price: i64, end: u64) -> Option<u64> {
        self.orders_from_back(side, price).map(|o| o.id).find(|id| *id < end)
    }

    fn ladder(&self, side: Side) -> impl Iterator<Item = LevelView> {
        self.depth(side)
    }

    fn depth_within(&self, side: Side, ticks: u32) -> u64 {
        within(self.depth(side).map(|l| (l.price, l.qty)), ticks)
    }
}

#[cfg(test)]
impl SimBook for toprung_book::naive::NaiveBook {
    fn open(config: BookConfig) -> Self {
        Self::new(config)
    }

    fn best(&self, side: Side) -> Option<(i64, u64)> {
        toprung_book::MatchingBook::levels(self, side, 1).first().map(|l| (l.price, l.qty))
    }

    fn contains(&self, id: u64) -> bool {
        toprung_book::MatchingBook::order(self, id).is_some()
    }

    fn qty_at(&self, side: Side, price: i64) -> u64 {
        let levels = toprung_book::MatchingBook::levels(self, side, usize::MAX);
        levels.into_iter().find(|l| l.price == price).map_or(0, |l| l.qty)
    }

    fn last_below(&self, side: Side, price: i64, end: u64) -> Option<u64> {
        let queue = toprung_book::MatchingBook::queue(self, side);
        queue.into_iter().rev().find(|o| o.price == price && o.id < end).map(|o| o.id)
    }

    fn ladder(&self, side: Side) -> impl Iterator<Item = LevelView> {
        toprung_book::MatchingBook::levels(self, side, usize::MAX).into_iter()
    }

    fn depth_within(&self, side: Side, ticks: u32) -> u64 {
        let levels = toprung_book::MatchingBook::levels(self, side, usize::MAX);
        within(levels.into_iter().map(|l| (l.price, l.qty)), ticks)
    }
}
