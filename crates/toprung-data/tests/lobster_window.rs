//! LOBSTER files written from markets whose whole truth is known, and read back.
//!
//! A random market runs through the naive book; what a window of a few levels shows of it is written as LOBSTER would. What
//! the reader makes of the files must give the displayed book after every message, and with a window as deep as the book,
//! everything: every execution, every order, every place in the queue.

use std::fmt::Write;
use std::sync::atomic::AtomicBool;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use toprung_book::naive::NaiveBook;
use toprung_book::{Book, Command, Event, EventKind, MatchingBook, OrderView, Side};
use toprung_data::{LobsterDay, LobsterReplay, ReplayOptions, ReplayReport, Source, replay, replay_book_config};

const DEEP: usize = 40;

/// One thing that somebody does: what, where, how much, to which order.
type Deed = (u8, bool, i64, u64, prop::sample::Index);

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    prop::collection::vec((0..10u8, any::<bool>(), 0..8i64, 1..30u64, any::<prop::sample::Index>()), 20..150)
}

/// A market, and the files that are written about it.
struct Market {
    book: NaiveBook,
    window: usize,
    open: bool,
    time: u64,
    next_id: u64,
    messages: String,
    rows: String,
}

impl Market {
    fn new(window: usize) -> Market {
        let book = NaiveBook::new(replay_book_config());
        Market { book, window, open: false, time: 0, next_id: 1, messages: String::new(), rows: String::new() }
    }

    fn live(&self) -> Vec<OrderView> {
        let mut live = [self.book.queue(Side::Buy), self.book.queue(Side::Sell)].concat();
        live.sort_by_key(|o| o.id);
        live
    }

    fn shows(&self, side: Side, price: i64) -> bool {
        self.book.levels(side, self.window).iter().any(|l| l.price == price)
    }

    fn act(&mut self, (kind, buy, away, qty, which): Deed) {
        self.time += 1;
        let live = self.live();
        match kind {
            0..=5 => {
                let side = if buy { Side::Buy } else { Side::Sell };
                // Both sides overlap by two ticks, so that one order in a few trades.
                let price = if buy { 101 - away } else { 100 + away };
                self.enter(side, price, qty);
            }
            6 | 7 if !live.is_empty() => {
                let o = live[which.index(live.len())];
                self.change(&o, Command::cancel(o.id), 3, o.qty);
            }
            8 if !live.is_empty() => {
                let o = live[which.index(live.len())];
                let by = qty.min(o.qty - 1);
                if by > 0 {
                    self.change(&o, Command::reduce(o.id, by), 2, by);
                }
            }
            _ => self.write(5, 0, qty, 100, Side::Buy),
        }
    }

    fn enter(&mut self, side: Side, price: i64, qty: u64) {
        let id = self.next_id;
        self.next_id += 1;
        let mut events: Vec<Event> = Vec::new();
        self.book.apply(&Command::ioc(id, side, price, qty), &mut events);
        let mut rest = qty;
        for e in events.iter().filter(|e| e.kind == EventKind::Trade) {
            rest -= e.qty;
            self.write(4, e.maker(), e.qty, e.price, !side);
        }
        if rest > 0 {
            self.book.apply(&Command::limit(id, side, price, rest), &mut ());
            if self.shows(side, price) {
                self.write(1, id, rest, price, side);
            }
        }
    }

    fn change(&mut self, o: &OrderView, command: Command, kind: u8, qty: u64) {
        let shown = self.shows(o.side, o.price);
        self.book.apply(&command, &mut ());
        if shown {
            self.write(kind, o.id, qty, o.price, o.side);
        }
    }

    fn write(&mut self, kind: u8, id: u64, qty: u64, price: i64, side: Side) {
        if !self.open {
            return;
        }
        let direction = if side == Side::Buy { 1 } else { -1 };
        writeln!(self.messages, "{}.{:09},{kind},{id},{qty},{},{direction}", 34_200, self.time, price * 100).unwrap();
        let [bids, asks] = Side::BOTH.map(|s| self.book.levels(s, self.window));
        let mut fields = Vec::new();
        for i in 0..self.window {
            for (levels, dummy) in [(&asks, 9_999_999_999), (&bids, -9_999_999_999i64)] {
                let (units, qty) = levels.get(i).map_or((dummy, 0), |l| (l.price * 100, l.qty));
                fields.push(format!("{units},{qty}"));
            }
        }
        writeln!(self.rows, "{}", fields.join(",")).unwrap();
    }
}

/// Runs a market, `before` of it before the files start, and reads the files back.
fn run(deeds: &[Deed], window: usize, before: usize) -> Option<(Market, Book, ReplayReport)> {
    let mut market = Market::new(window);
    for (i, deed) in deeds.iter().enumerate() {
        market.open = i >= before;
        market.act(*deed);
    }
    if market.messages.is_empty() {
        return None;
    }
    let source = |text: &str| Source::from_bytes("market", text.as_bytes().to_vec());
    let day = LobsterDay { messages: source(&market.messages), book: Some(source(&market.rows)) };
    let options = ReplayOptions { checkpoint_every: 1, ..ReplayOptions::default() };
    let never = AtomicBool::new(false);
    let mut day = LobsterReplay::new(day, &options, &never).unwrap();
    let mut book = Book::new(replay_book_config());
    let mut report = replay(&mut day, &mut book, &options, &mut (), &never, |_, _| {}).unwrap();
    report.lobster = Some(day.counts());
    Some((market, book, report))
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("proptest-regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_window_on_everything_from_the_start_gives_the_market_back(deeds in deeds()) {
        let Some((market, book, report)) = run(&deeds, DEEP, 0) else { return Ok(()) };
        prop_assert!(report.agrees(), "{:#?}", report.differences);
        let counts = report.lobster.unwrap();
        prop_assert_eq!((counts.executions_by_hand, counts.anonymous_added, counts.inconsistent), (0, 0, 0));
        prop_assert_eq!((counts.left_unseen, counts.rows_explained), (0, counts.rows_compared));
        for side in Side::BOTH {
            prop_assert_eq!(book.queue(side), market.book.queue(side));
        }
    }

    #[test]
    fn a_window_on_everything_explains_every_execution_wherever_the_file_starts(deeds in deeds(), before in 0..60usize) {
        let Some((market, book, report)) = run(&deeds, DEEP, before) else { return Ok(()) };
        prop_assert!(report.agrees(), "{:#?}", report.differences);
        prop_assert_eq!(report.lobster.unwrap().executions_by_hand, 0);
        for side in Side::BOTH {
            let levels = |all: Vec<toprung_book::LevelView>| -> Vec<_> { all.iter().map(|l| (l.price, l.qty)).collect() };
            prop_assert_eq!(levels(book.levels(side, DEEP)), levels(market.book.levels(side, DEEP)));
        }
    }

    #[test]
    fn a_narrow_window_gives_the_displayed_book_after_every_message(
        deeds in deeds(),
        window in 1..5usize,
        before in 0..60usize,
    ) {
        let Some((_, _, report)) = run(&deeds, window, before) else { return Ok(()) };
        prop_assert!(report.agrees(), "{:#?}", report.differences);
        let counts = report.lobster.unwrap();
        prop_assert_eq!((counts.rows_crossed, counts.messages), (0, counts.by_kind.iter().sum()));
    }
}
