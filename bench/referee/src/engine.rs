//! From messages to commands and from events to reports. Glue: the matching is `toprung-book`, unmodified.

use toprung_book::{
    Book, BookConfig, Command, CommandKind, Event, EventKind, EventSink, Reason, ReplacePriority, Side, TimeInForce,
};

use crate::layout::{Cancel, Message, Modify, NewOrder, Report};

/// Messages translated at a time: their commands stay in the first-level cache.
const CHUNK: usize = 256;

/// Takes reports; blocks until there is room.
pub trait Reports {
    /// Takes one report.
    fn report(&mut self, report: &Report);
}

/// A book behind the referee's messages.
pub struct Engine<R> {
    book: Book,
    commands: Vec<Command>,
    /// Where reports go.
    pub reports: R,
}

fn side(side: u8) -> Side {
    Side::BOTH[usize::from(side & 1)]
}

impl From<&NewOrder> for Command {
    fn from(m: &NewOrder) -> Command {
        let tif = [TimeInForce::Gtc, TimeInForce::Ioc][usize::from(m.ioc != 0)];
        Command::limit(m.order_id, side(m.side), m.price_ticks, u64::from(m.quantity)).with_tif(tif)
    }
}

impl From<&Cancel> for Command {
    fn from(m: &Cancel) -> Command {
        Command::cancel(m.order_id)
    }
}

impl From<&Modify> for Command {
    fn from(m: &Modify) -> Command {
        Command { side: side(m.side), ..Command::replace(m.order_id, m.new_price_ticks, u64::from(m.new_quantity)) }
    }
}

/// The command of a message.
///
/// The three bodies have their fields at the same places, and a command ignores what its kind does not use. So this needs
/// no branch, which would be guessed wrong as often as the one in the book.
#[inline(always)]
fn translate(m: &Message) -> Command {
    // SAFETY: the largest member is plain data for which every bit pattern is valid, and a message is written whole by
    // whoever makes a batch.
    let body = unsafe { m.body.new_order };
    let kind =
        [CommandKind::Limit, CommandKind::Cancel, CommandKind::Replace, CommandKind::Replace][usize::from(m.kind & 3)];
    Command { kind, ..Command::from(&body) }
}

/// The number of a message.
#[inline(always)]
fn number(m: &Message) -> u64 {
    // SAFETY: every member has its number at the same place.
    unsafe { m.body.cancel.sequence_number }
}

/// Turns the events of a run of commands into reports.
struct Translator<'a, R, N> {
    reports: &'a mut R,
    /// The message number of an event's command.
    number: N,
    /// A modify's ack comes after its trades: it waits here until the next command.
    modify_ack: Option<(u64, Report)>,
    /// The command number whose `Replaced` event asked for that ack.
    is_modify: &'a [Command],
    base: u64,
}

impl<R: Reports, N: Fn(u64) -> u64> Translator<'_, R, N> {
    fn finish(&mut self) {
        if let Some((_, report)) = self.modify_ack.take() {
            self.reports.report(&report);
        }
    }
}

impl<R: Reports, N: Fn(u64) -> u64> EventSink for Translator<'_, R, N> {
    #[inline(always)]
    fn event(&mut self, e: &Event) {
        if self.modify_ack.is_some_and(|(seq, _)| seq != e.seq) {
            self.finish();
        }
        let mut report = Report {
            kind: 0,
            side: e.side as u8,
            sequence_number: (self.number)(e.seq),
            order_id: e.id,
            price_ticks: e.price,
            quantity: e.qty as u32,
            ..Report::default()
        };
        match e.kind {
            EventKind::Accepted => {}
            EventKind::Trade => {
                report.kind = 1;
                report.order_id = 0;
                report.maker_order_id = e.maker();
                report.taker_order_id = e.taker();
            }
            EventKind::Cancelled => report.kind = 2,
            EventKind::Replaced => {
                report.kind = 3;
                self.modify_ack = Some((e.seq, report));
                return;
            }
            EventKind::Rejected if e.reason == Reason::UnknownOrder => {
                let is_modify = self.is_modify[(e.seq - self.base) as usize].kind == CommandKind::Replace;
                report.kind = if is_modify { 5 } else { 4 };
            }
            // The referee's protocol has no word for a refused new order.
            _ => return,
        }
        self.reports.report(&report);
    }
}

impl<R: Reports> Engine<R> {
    /// An empty book with room for `orders` orders.
    pub fn new(orders: u32, reports: R) -> Engine<R> {
        let config = BookConfig {
            replace_priority: ReplacePriority::LoseAlways,
            expected_orders: orders,
            ..BookConfig::default()
        };
        Engine { book: Book::new(config), commands: Vec::with_capacity(CHUNK), reports }
    }

    /// The book.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// Carries out one message.
    pub fn message(&mut self, cmd: Command, number: u64) {
        let base = self.book.commands();
        let commands = [cmd];
        let mut translator =
            Translator { reports: &mut self.reports, number: |_| number, modify_ack: None, is_modify: &commands, base };
        self.book.apply(&cmd, &mut translator);
        translator.finish();
    }

    /// Carries out a run of messages, exactly as one by one.
    pub fn batch(&mut self, messages: &[Message]) {
        for chunk in messages.chunks(CHUNK) {
            self.commands.clear();
            self.commands.extend(chunk.iter().map(translate));
            let base = self.book.commands();
            let mut translator = Translator {
                reports: &mut self.reports,
                number: |seq| number(&chunk[(seq - base) as usize]),
                modify_ack: None,
                is_modify: &self.commands,
                base,
            };
            self.book.apply_batch(&self.commands, &mut translator);
            translator.finish();
        }
    }
}
