//! The exchanges' allocations: worked examples of notices and rule books, and the laws that hold for every policy.
//!
//! Vectors: `MATCHING-POLICIES.md` §4.3 and §4.5 of the reference, each from the source named beside it. A book is written
//! as there: `10T,5,20L40` is an order of 10 that is TOP, one of 5, and one of 20 of a lead market maker with 40 %.

mod laws;
mod vectors;

use toprung_book::naive::NaiveBook;
use toprung_book::preview::{Level, PRICE};
use toprung_book::{Book, Command, Event, EventKind, MatchingBook, Participant, Policy, Side};

const AGGRESSOR: u64 = 10_000;

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
    let level = Level::parse(level).unwrap_or_else(|e| panic!("{level}: {e}"));
    let config = level.config(policy, who).expect("valid participants");
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
    let shown = toprung_book::preview::allocate(policy, &level, aggressor, who).expect("a level that fits");
    assert_eq!(shown.fills, totals, "the preview and the book differ");
    (totals, prints)
}
