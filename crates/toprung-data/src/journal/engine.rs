//! What can be journalled: a book, and a venue.

use std::fmt;

use serde_json::Value;
use toprung_book::{
    Book, BookConfig, BookState, Command, Digest, EventSink, LevelView, MatchingBook, OrderView, Side, TradingVenue,
    Venue, VenueCommand, VenueConfig, VenueState,
};

use super::record::{
    COMMAND_BYTES, ORDER_BYTES, Unknown, VENUE_COMMAND_BYTES, command, order, put_command, put_order,
    put_venue_command, u64_at, venue_command,
};
use super::snapshot::{Section, put_section};
use super::stamp::{book_of, book_stamp, venue_of, venue_stamp};

/// What a journal can be of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A [`Book`] and its [`Command`]s.
    Book,
    /// A [`Venue`] and its [`VenueCommand`]s.
    Venue,
}

impl Kind {
    /// The key under which the stamp has the conventions.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Book => "book",
            Kind::Venue => "venue",
        }
    }
}

/// The conventions of an engine, as a stamp has them.
pub trait EngineConfig: Clone + fmt::Debug + Default + PartialEq {
    /// What they are the conventions of.
    const KIND: Kind;

    /// All of them that decide events, as JSON.
    fn to_stamp(&self) -> serde_json::Result<Value>;

    /// The conventions of a stamp, or why there are none: a key or a value that this build does not know.
    fn from_stamp(stamp: Value) -> Result<Self, String>;
}

/// Something that carries out commands, always in the same way: what a journal can be of.
///
/// What it did depends on its conventions and its commands alone, and its whole state can be written down.
pub trait Engine: Clone + fmt::Debug {
    /// Its conventions.
    type Config: EngineConfig;
    /// What it is asked.
    type Command: Copy + fmt::Debug + PartialEq;
    /// Bytes of a command's record, a multiple of eight.
    const RECORD_BYTES: usize;

    /// One that has carried out nothing.
    fn empty(config: Self::Config) -> Self;
    /// Carries out a run of commands.
    fn carry_out<S: EventSink>(&mut self, cmds: &[Self::Command], sink: &mut S);
    /// Commands carried out.
    fn commands(&self) -> u64;
    /// Digest of every event.
    fn digest(&self) -> Digest;
    /// Resting orders.
    fn order_count(&self) -> usize;
    /// Best displayed price of a side, and what is there.
    fn best(&self, side: Side) -> Option<LevelView>;
    /// Makes room for as many orders as `config` expects.
    fn reserve(&mut self, config: &Self::Config);
    /// Appends the record of a command.
    fn put(out: &mut Vec<u8>, cmd: &Self::Command);
    /// The command of a record of [`Engine::RECORD_BYTES`] bytes, or the field that has no meaning.
    fn command(record: &[u8]) -> Result<Self::Command, Unknown>;
    /// Appends the sections of a snapshot; gives their number, or why the state cannot be written down.
    fn put_sections(&self, out: &mut Vec<u8>) -> Result<u32, String>;
    /// One that goes on from the sections of a snapshot; otherwise what was expected and what came.
    fn restore(
        config: Self::Config,
        commands: u64,
        digest: Digest,
        sections: &[Section<'_>],
    ) -> Result<Self, (String, String)>;
    /// Whether it is the same as `other`, queue by queue.
    fn is_same(&self, other: &Self) -> bool;
}

/// Section of the resting orders: bids from the best, then asks from the best, in time order within a level.
const SECTION_ORDERS: u32 = 1;

/// Section of the TOP orders: side and id of each. Left out where there is none.
const SECTION_TOP: u32 = 2;

/// Section of a venue's state, in postcard's encoding.
const SECTION_VENUE: u32 = 3;

/// Bytes of a TOP order.
const TOP_BYTES: usize = 16;

impl EngineConfig for BookConfig {
    const KIND: Kind = Kind::Book;

    fn to_stamp(&self) -> serde_json::Result<Value> {
        serde_json::to_value(book_stamp(self))
    }

    fn from_stamp(stamp: Value) -> Result<BookConfig, String> {
        book_of(serde_json::from_value(stamp).map_err(|e| e.to_string())?)
    }
}

impl Engine for Book {
    type Config = BookConfig;
    type Command = Command;
    const RECORD_BYTES: usize = COMMAND_BYTES;

    fn empty(config: BookConfig) -> Book {
        Book::new(config)
    }

    fn carry_out<S: EventSink>(&mut self, cmds: &[Command], sink: &mut S) {
        self.apply_batch(cmds, sink);
    }

    fn commands(&self) -> u64 {
        Book::commands(self)
    }

    fn digest(&self) -> Digest {
        Book::digest(self)
    }

    fn order_count(&self) -> usize {
        Book::order_count(self)
    }

    fn best(&self, side: Side) -> Option<LevelView> {
        Book::best(self, side)
    }

    fn reserve(&mut self, config: &BookConfig) {
        Book::reserve(self, config.expected_orders as usize);
    }

    fn put(out: &mut Vec<u8>, cmd: &Command) {
        put_command(out, cmd);
    }

    fn command(record: &[u8]) -> Result<Command, Unknown> {
        command(record)
    }

    fn put_sections(&self, out: &mut Vec<u8>) -> Result<u32, String> {
        let top = Side::BOTH.into_iter().zip(self.state().top).filter_map(|(side, id)| Some((side, id?)));
        let top: Vec<(Side, u64)> = top.collect();
        out.reserve(Book::order_count(self) * ORDER_BYTES);
        put_section(out, SECTION_ORDERS, ORDER_BYTES, Book::order_count(self));
        for side in Side::BOTH {
            for order in self.orders(side) {
                put_order(out, &order);
            }
        }
        if top.is_empty() {
            return Ok(1);
        }
        put_section(out, SECTION_TOP, TOP_BYTES, top.len());
        for (side, id) in top {
            out.extend_from_slice(&(side as u64).to_le_bytes());
            out.extend_from_slice(&id.to_le_bytes());
        }
        Ok(2)
    }

    fn restore(
        config: BookConfig,
        commands: u64,
        digest: Digest,
        sections: &[Section<'_>],
    ) -> Result<Book, (String, String)> {
        let (orders, tops) = match sections {
            [orders] => (orders, None),
            [orders, tops] => (orders, Some(tops)),
            _ => return Err(("one section or two".to_owned(), sections.len().to_string())),
        };
        let records = orders.records_of(SECTION_ORDERS, ORDER_BYTES)?;
        let tops = tops.map_or(Ok(&[][..]), |tops| tops.records_of(SECTION_TOP, TOP_BYTES))?;
        let mut top = [None; 2];
        for record in tops.as_chunks::<TOP_BYTES>().0 {
            let place = usize::try_from(u64_at(record, 0)).ok().and_then(|side| top.get_mut(side));
            match place {
                Some(place @ None) => *place = Some(u64_at(record, 8)),
                _ => return Err(("a TOP order for each side at most".to_owned(), "another".to_owned())),
            }
        }
        let orders: Result<Vec<OrderView>, _> = records.as_chunks::<ORDER_BYTES>().0.iter().map(order).collect();
        let orders = orders.map_err(|(field, v)| (format!("a known {field} of an order"), v.to_string()))?;
        Book::restore(config, &BookState { commands, digest, top }, orders)
            .map_err(|e| ("the state of a book".to_owned(), e.to_string()))
    }

    fn is_same(&self, other: &Book) -> bool {
        self.state() == other.state()
            && Side::BOTH.into_iter().all(|side| MatchingBook::queue(self, side) == MatchingBook::queue(other, side))
    }
}

impl EngineConfig for VenueConfig {
    const KIND: Kind = Kind::Venue;

    fn to_stamp(&self) -> serde_json::Result<Value> {
        serde_json::to_value(venue_stamp(self))
    }

    fn from_stamp(stamp: Value) -> Result<VenueConfig, String> {
        venue_of(serde_json::from_value(stamp).map_err(|e| e.to_string())?)
    }
}

impl Engine for Venue {
    type Config = VenueConfig;
    type Command = VenueCommand;
    const RECORD_BYTES: usize = VENUE_COMMAND_BYTES;

    fn empty(config: VenueConfig) -> Venue {
        Venue::new(config)
    }

    fn carry_out<S: EventSink>(&mut self, cmds: &[VenueCommand], sink: &mut S) {
        for cmd in cmds {
            self.apply(cmd, sink);
        }
    }

    fn commands(&self) -> u64 {
        Venue::commands(self)
    }

    fn digest(&self) -> Digest {
        TradingVenue::digest(self)
    }

    fn order_count(&self) -> usize {
        Venue::order_count(self)
    }

    fn best(&self, side: Side) -> Option<LevelView> {
        self.book().best(side)
    }

    fn reserve(&mut self, _config: &VenueConfig) {
        // A venue reserves when it is made, also when it is restored.
    }

    fn put(out: &mut Vec<u8>, cmd: &VenueCommand) {
        put_venue_command(out, cmd);
    }

    fn command(record: &[u8]) -> Result<VenueCommand, Unknown> {
        venue_command(record)
    }

    fn put_sections(&self, out: &mut Vec<u8>) -> Result<u32, String> {
        let state = postcard::to_stdvec(&self.state()).map_err(|e| e.to_string())?;
        put_section(out, SECTION_VENUE, 1, state.len());
        out.extend_from_slice(&state);
        out.resize(out.len().next_multiple_of(8), 0);
        Ok(1)
    }

    fn restore(
        config: VenueConfig,
        commands: u64,
        digest: Digest,
        sections: &[Section<'_>],
    ) -> Result<Venue, (String, String)> {
        let [section] = sections else {
            return Err(("one section".to_owned(), sections.len().to_string()));
        };
        let wrong = |got: String| ("the state of a venue".to_owned(), got);
        let state = section.records_of(SECTION_VENUE, 1)?;
        let (state, rest): (VenueState, &[u8]) = postcard::take_from_bytes(state).map_err(|e| wrong(e.to_string()))?;
        if !rest.is_empty() {
            return Err(wrong(format!("{} bytes behind it", rest.len())));
        }
        let venue = Venue::restore(config, &state).map_err(|e| wrong(e.to_string()))?;
        if (venue.commands(), TradingVenue::digest(&venue)) != (commands, digest) {
            return Err(wrong("another number of commands or digest than the header has".to_owned()));
        }
        Ok(venue)
    }

    fn is_same(&self, other: &Venue) -> bool {
        self.state() == other.state()
    }
}
