//! The fast venue equals the naive one event by event and in every view, and the events alone rebuild both.

#[path = "support/draws.rs"]
mod draws;
#[path = "support/venues.rs"]
mod venues;

use draws::Random;
use proptest::collection::vec;
use proptest::prelude::*;
use toprung_book::{Venue, VenueCommand};
use venues::{Market, compare, listed};

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
