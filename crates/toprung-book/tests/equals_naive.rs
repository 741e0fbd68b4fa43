//! The fast book equals the naive one event by event, the events alone rebuild both, and a naive venue of plain orders is
//! the naive book.

mod support;

use proptest::collection::vec;
use proptest::prelude::*;
use support::{Prices, command, compare, config};
use toprung_book::naive::{NaiveBook, NaiveVenue};
use toprung_book::{BookConfig, Command, Event, MatchingBook, Side, TradingVenue, VenueCommand, VenueConfig};

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn over_a_few_levels(config in config(), cmds in vec(command(Prices::Narrow), 1..160)) {
        compare(&config, &cmds);
    }

    #[test]
    fn over_a_wide_range_of_prices(config in config(), cmds in vec(command(Prices::Wide), 1..120)) {
        compare(&config, &cmds);
    }

    #[test]
    fn in_the_far_corners_of_the_price_domain(config in config(), cmds in vec(command(Prices::Corners), 1..120)) {
        compare(&config, &cmds);
    }

    #[test]
    fn over_the_whole_price_domain(config in config(), cmds in vec(command(Prices::Any), 1..80)) {
        compare(&config, &cmds);
    }
}

#[test]
fn while_the_price_walks_through_more_than_the_window_and_back() {
    let mut cmds = Vec::new();
    let steps = 900i64;
    for step in (0..steps).chain((0..steps).rev()) {
        let (mid, id) = (step * 1_000, cmds.len() as u64);
        cmds.push(Command::ioc(id, Side::Buy, mid, 25));
        cmds.push(Command::ioc(id + 1, Side::Sell, mid, 25));
        cmds.push(Command::limit(id + 2, Side::Buy, mid - 1 - step % 7, 10));
        cmds.push(Command::limit(id + 3, Side::Sell, mid + 1 + step % 5, 10));
        if step % 3 == 0 {
            cmds.push(Command::cancel(id / 2));
        }
    }
    compare_sparsely(&cmds);
}

#[test]
fn while_orders_far_away_come_and_go() {
    let mut cmds = Vec::new();
    for round in 0..3_000u64 {
        let far = [0, 1 << 30, -(1 << 45), 77][round as usize % 4];
        cmds.push(Command::limit(round, Side::Buy, far + (round as i64 * 37) % 400, 5));
        if round >= 40 {
            cmds.push(Command::cancel(round - 40));
        }
    }
    compare_sparsely(&cmds);
}

/// As `compare`, for long runs: looks at the books every hundred commands.
fn compare_sparsely(cmds: &[Command]) {
    use toprung_book::Book;
    let (mut fast, mut naive) = (Book::default(), NaiveBook::new(BookConfig::default()));
    let (mut got, mut want): (Vec<Event>, Vec<Event>) = (Vec::new(), Vec::new());
    for (i, cmd) in cmds.iter().enumerate() {
        fast.apply(cmd, &mut got);
        naive.apply(cmd, &mut want);
        assert_eq!(got, want, "events of command {i}: {cmd:?}");
        got.clear();
        want.clear();
        if i % 100 == 0 {
            assert_eq!(fast.check_invariants(), Ok(()), "after {i}: {cmd:?}");
            for side in Side::BOTH {
                assert_eq!(fast.queue(side), naive.queue(side), "after {i}: {cmd:?}");
            }
        }
    }
    assert_eq!(fast.digest(), naive.digest());
}

/// A naive venue that gets nothing but plain orders is the naive book.
fn same_as_book(config: &BookConfig, cmds: &[Command]) {
    let mut book = NaiveBook::new(config.clone());
    let mut venue = NaiveVenue::new(VenueConfig { book: config.clone(), ..VenueConfig::default() });
    for (i, cmd) in cmds.iter().enumerate() {
        let (mut got, mut want): (Vec<Event>, Vec<Event>) = (Vec::new(), Vec::new());
        venue.apply(&VenueCommand::from(*cmd), &mut got);
        book.apply(cmd, &mut want);
        assert_eq!(got, want, "events of command {i}: {cmd:?}");
        for side in Side::BOTH {
            assert_eq!(venue.levels(side, usize::MAX), book.levels(side, usize::MAX), "levels after {i}: {cmd:?}");
            assert_eq!(venue.queue(side), book.queue(side), "queue after {i}: {cmd:?}");
        }
    }
    assert_eq!(venue.digest(), book.digest());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn by_a_venue_over_a_few_levels(config in config(), cmds in vec(command(Prices::Narrow), 1..120)) {
        same_as_book(&config, &cmds);
    }

    #[test]
    fn by_a_venue_in_the_far_corners(config in config(), cmds in vec(command(Prices::Corners), 1..80)) {
        same_as_book(&config, &cmds);
    }
}
