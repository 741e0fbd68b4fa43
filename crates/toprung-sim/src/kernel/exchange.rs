//! What carries out the commands at one place: a plain book, or a venue with phases, auctions and a breaker around one.

use toprung_book::{
    Book, Command, Digest, EventSink, LevelView, MatchingBook, OrderView, Phase, Side, TradingVenue, Venue,
    VenueCommand,
};

use crate::venue::SimBook;

/// A book, or a venue around one. Plain books stay as fast as they are alone.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one for each venue, and a plain book must be no further away")]
pub(crate) enum Exchange {
    Book(Book),
    Venue(Box<Venue>),
}

impl Exchange {
    /// The displayed book.
    #[inline(always)]
    pub(crate) fn book(&self) -> &Book {
        match self {
            Exchange::Book(book) => book,
            Exchange::Venue(venue) => venue.book(),
        }
    }

    /// Whether every order is matched as it comes.
    #[inline(always)]
    pub(crate) fn is_continuous(&self) -> bool {
        match self {
            Exchange::Book(_) => true,
            Exchange::Venue(venue) => venue.phase() == Phase::Continuous,
        }
    }

    /// Every order that is there, displayed or not.
    pub(crate) fn ids(&self) -> Vec<u64> {
        let mut ids: Vec<u64> =
            Side::BOTH.into_iter().flat_map(|side| self.book().orders(side)).map(|o| o.id).collect();
        if let Exchange::Venue(venue) = self {
            let unseen = Side::BOTH.into_iter().flat_map(|side| [venue.hidden(side), venue.unpriced(side)]).flatten();
            ids.extend(unseen.map(|o| o.id));
            ids.extend(venue.held().into_iter().map(|held| held.order.id));
        }
        ids
    }
}

impl MatchingBook for Exchange {
    #[inline(always)]
    fn apply<S: EventSink>(&mut self, cmd: &Command, sink: &mut S) {
        match self {
            Exchange::Book(book) => book.apply(cmd, sink),
            Exchange::Venue(venue) => venue.apply(&VenueCommand::from(*cmd), sink),
        }
    }

    fn levels(&self, side: Side, max: usize) -> Vec<LevelView> {
        self.book().depth(side).take(max).collect()
    }

    fn queue(&self, side: Side) -> Vec<OrderView> {
        self.book().orders(side).collect()
    }

    fn order(&self, id: u64) -> Option<OrderView> {
        self.book().order(id)
    }

    fn order_count(&self) -> usize {
        self.book().order_count()
    }

    fn digest(&self) -> Digest {
        self.book().digest()
    }
}

/// What is published: while orders are collected there is no best price, only what the auction would give.
impl SimBook for Exchange {
    fn open(config: toprung_book::BookConfig) -> Exchange {
        Exchange::Book(Book::new(config))
    }

    #[inline(always)]
    fn best(&self, side: Side) -> Option<(i64, u64)> {
        if self.is_continuous() { SimBook::best(self.book(), side) } else { None }
    }

    #[inline(always)]
    fn contains(&self, id: u64) -> bool {
        self.book().contains(id)
    }

    #[inline(always)]
    fn qty_at(&self, side: Side, price: i64) -> u64 {
        self.book().qty_at(side, price)
    }

    #[inline(always)]
    fn last_below(&self, side: Side, price: i64, end: u64) -> Option<u64> {
        self.book().last_below(side, price, end)
    }

    fn ladder(&self, side: Side) -> impl Iterator<Item = LevelView> {
        self.book().depth(side)
    }

    #[inline(always)]
    fn depth_within(&self, side: Side, ticks: u32) -> u64 {
        if self.is_continuous() { SimBook::depth_within(self.book(), side, ticks) } else { 0 }
    }
}
