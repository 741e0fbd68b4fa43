//! Every venue equals the naive one event by event and in every view, the events alone rebuild it, and a naive venue
//! without anything but plain orders is the naive book.

mod support;

use proptest::collection::vec;
use proptest::prelude::*;
use support::draws::Random;
use support::venues::{Market, compare, listed};
use support::{Prices, command, config};
use toprung_book::naive::{NaiveBook, NaiveVenue};
use toprung_book::{BookConfig, Command, Event, MatchingBook, Side, TradingVenue, Venue, VenueCommand, VenueConfig};

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
    fn plain_orders_over_a_few_levels(config in config(), cmds in vec(command(Prices::Narrow), 1..120)) {
        same_as_book(&config, &cmds);
    }

    #[test]
    fn plain_orders_in_the_far_corners(config in config(), cmds in vec(command(Prices::Corners), 1..80)) {
        same_as_book(&config, &cmds);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn every_order_type_in_any_market(market in any::<u64>(), draws in vec(any::<u64>(), 1..100)) {
        let market = Market::draw(&mut Random(market));
        let commands = draws.iter().zip(0..).map(|(&seed, index)| market.command(&mut Random(seed), index));
        let cmds: Vec<VenueCommand> = commands.collect();
        let difference = compare(Venue::new(market.config.clone()), &market.config, &cmds).err();
        let told = difference.map(|difference| format!("{difference}\n{:?}\n{}", market.config, listed(&cmds)));
        prop_assert_eq!(told.unwrap_or_default(), "");
    }
}
