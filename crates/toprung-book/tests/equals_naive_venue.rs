//! A naive venue without anything but plain orders is the naive book.

mod support;

use proptest::collection::vec;
use proptest::prelude::*;
use support::{Prices, command, config};
use toprung_book::naive::{NaiveBook, NaiveVenue};
use toprung_book::{
    BookConfig, Command, CommandFlags, CommandKind, Event, MatchingBook, Side, TradingVenue, VenueCommand, VenueConfig,
};

/// A venue refuses post-only orders that cannot rest; a book takes them.
fn plain(cmd: &Command) -> bool {
    let enters = matches!(cmd.kind, CommandKind::Limit | CommandKind::Market);
    let rests = cmd.kind == CommandKind::Limit && cmd.tif.rests();
    !enters || rests || !cmd.flags.has(CommandFlags::POST_ONLY)
}

fn same(config: &BookConfig, cmds: &[Command]) {
    let mut book = NaiveBook::new(config.clone());
    let mut venue = NaiveVenue::new(VenueConfig { book: config.clone(), ..VenueConfig::default() });
    for (i, cmd) in cmds.iter().filter(|cmd| plain(cmd)).enumerate() {
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
    fn over_a_few_levels(config in config(), cmds in vec(command(Prices::Narrow), 1..120)) {
        same(&config, &cmds);
    }

    #[test]
    fn in_the_far_corners_of_the_price_domain(config in config(), cmds in vec(command(Prices::Corners), 1..80)) {
        same(&config, &cmds);
    }
}
