//! The exchanges' allocations: worked examples of notices and rule books, and the laws that hold for every policy.
//!
//! Vectors: `MATCHING-POLICIES.md` §4.3 and §4.5 of the reference, each from the source named beside it. A book is written
//! as there: `10T,5,20L40` is an order of 10 that is TOP, one of 5, and one of 20 of a lead market maker with 40 %.

mod laws;
mod vectors;

use toprung_book::naive::NaiveBook;
use toprung_book::{
    Book, BookConfig, Class, Command, Event, EventKind, MatchingBook, Participant, Participants, Policy, Side,
};

const PRICE: i64 = 100;
const AGGRESSOR: u64 = 1_000;
const FILLER: u64 = 1_001;

/// A level as the reference writes it.
pub(crate) struct Level {
    pub(crate) sizes: Vec<u64>,
    has_top: bool,
    pub(crate) participants: Vec<Participant>,
}

impl Level {
    /// Reads `10T,5,20L40`; order *i* belongs to owner *i* from 1. `c`, `m`, `e` make it a customer's, a market maker's, an
    /// entitled market maker's; `g7` puts it in group 7.
    pub(crate) fn parse(text: &str) -> Level {
        let mut level = Level { sizes: Vec::new(), has_top: false, participants: Vec::new() };
        for (i, order) in text.split(',').enumerate() {
            let digits = order.find(|c: char| !c.is_ascii_digit()).unwrap_or(order.len());
            let (size, mut marks) = order.split_at(digits);
            let mut who = Participant { owner: i as u32 + 1, ..Participant::default() };
            while let Some(mark) = marks.chars().next() {
                marks = &marks[1..];
                let end = marks.find(|c: char| !c.is_ascii_digit()).unwrap_or(marks.len());
                let (number, rest) = marks.split_at(end);
                marks = rest;
                match mark {
                    'T' => level.has_top = true,
                    'L' => who.lmm_percent = number.parse().expect("a percentage"),
                    'c' => who.class = Class::Customer,
                    'm' => who.class = Class::MarketMaker,
                    'e' => (who.class, who.entitled) = (Class::MarketMaker, true),
                    'g' => who.group = number.parse().expect("a group"),
                    other => panic!("{text}: no such mark: {other}"),
                }
            }
            level.sizes.push(size.parse().expect("a size"));
            level.participants.push(who);
        }
        level
    }

    fn config(&self, policy: &Policy, others: &[Participant]) -> BookConfig {
        let participants = Participants::new(&[&self.participants, others].concat()).expect("valid participants");
        BookConfig { policy: policy.clone(), participants, ..BookConfig::default() }
    }

    /// Enters the orders on the buy side of a book.
    fn enter<B: MatchingBook>(&self, book: &mut B) {
        if !self.has_top {
            book.apply(&Command::limit(FILLER, Side::Buy, PRICE + 1, 1), &mut ());
        }
        for (i, &qty) in self.sizes.iter().enumerate() {
            let order = Command::limit(i as u64, Side::Buy, PRICE, qty).with_owner(i as u32 + 1);
            book.apply(&order, &mut ());
        }
        if !self.has_top {
            book.apply(&Command::cancel(FILLER), &mut ());
        }
    }
}

/// What each order of `level` gets of `aggressor` lots, on both books; and the prints, in order.
pub(crate) fn allocate(policy: &Policy, level: &str, aggressor: u64) -> (Vec<u64>, Vec<(u64, u64)>) {
    allocate_for(policy, level, aggressor, Participant::default())
}

/// As [`allocate`], with an aggressor who is somebody.
pub(crate) fn allocate_for(
    policy: &Policy,
    level: &str,
    aggressor: u64,
    who: Participant,
) -> (Vec<u64>, Vec<(u64, u64)>) {
    let level = Level::parse(level);
    let config = level.config(policy, &[who]);
    let (mut fast, mut naive) = (Book::new(config.clone()), NaiveBook::new(config));
    level.enter(&mut fast);
    level.enter(&mut naive);
    let order = Command::ioc(AGGRESSOR, Side::Sell, PRICE, aggressor).with_owner(who.owner);
    let (mut got, mut want): (Vec<Event>, Vec<Event>) = (Vec::new(), Vec::new());
    fast.apply(&order, &mut got);
    naive.apply(&order, &mut want);
    assert_eq!(got, want, "the fast and the naive book differ");
    assert_eq!(fast.check_invariants(), Ok(()));
    let prints: Vec<(u64, u64)> =
        got.iter().filter(|e| e.kind == EventKind::Trade).map(|e| (e.maker(), e.qty)).collect();
    let mut totals = vec![0; level.sizes.len()];
    for &(maker, qty) in &prints {
        totals[maker as usize] += qty;
    }
    (totals, prints)
}
