//! Replaces.

use toprung_book::{
    CommandFlags, Options, OrderType, Phase, ReplacePriority, SelfTrade, Side, StopEntry, TimeInForce, VenueCommand,
    VenueConfig,
};

use crate::desk::{Terms, buy, each_venue, last, phase, replace, sell, usually};

#[test]
fn the_first_check_that_fails_is_the_reason() {
    let config = VenueConfig { reference: Some(100), band: Some(5), count_fills: false, ..VenueConfig::default() };
    each_venue(&config, |v| {
        v.given(&[
            buy(1, 100, 5).by(7),
            buy(2, 100, 5).option(Options::ALL_OR_NONE),
            buy(3, 100, 9).shows(2).with(|c| c.display_range = 1),
        ]);
        v.given(&[buy(4, 0, 5).of(OrderType::Stop).stop(120)]);
        v.says(replace(9, 1, 1), "rejected 9 unknown-order");
        v.says(replace(1, 1, 1).by(8), "rejected 1 not-owner");
        v.says(replace(1, 1, 1).stop(5), "rejected 1 unsupported");
        v.says(replace(4, 1, 1).option(Options::NEW_SIDE), "rejected 4 unsupported");
        v.says(replace(2, 1, 1).option(Options::DISPLAY), "rejected 2 unsupported");
        v.says(replace(3, 1, 1).option(Options::DISPLAY).shows(1), "rejected 3 unsupported");
        v.says(replace(1, 1, 1).option(Options::TOTAL_QTY), "rejected 1 unsupported");
        v.says(replace(1, 1, 1).renamed(0), "rejected 1 unsupported");
        v.says(replace(1, 106, 1).renamed(2), "rejected 1 duplicate-id");
        v.says(replace(1, 106, 20_000).option(Options::DISPLAY).shows(1), "rejected 1 unsupported");
        v.says(replace(1, 106, 1), "rejected 1 outside-band");
        v.says(replace(1, 106, 0), "cancelled 1 5 requested");
        v.given(&[phase(Phase::Halt)]);
        v.says(replace(2, 106, 0).renamed(3), "rejected 2 wrong-phase");
    });
}

#[test]
fn a_decrease_at_the_same_price_keeps_the_place() {
    usually(|v| {
        v.given(&[buy(1, 100, 10).shows(4), buy(2, 100, 5)]);
        v.says(replace(1, 100, 5), "replaced 1 5@100 kept");
        assert_eq!((v.views().bids, v.views().shown[0]), (vec![1, 2], 9));
        v.says(replace(1, 100, 3), "replaced 1 3@100 kept");
        assert_eq!(v.views().shown[0], 8);
        v.says(replace(1, 100, 3).renamed(8), "replaced 1 3@100 as 8");
        assert_eq!(v.views().bids, [2, 8]);
    });
    let mut config = VenueConfig::default();
    config.book.replace_priority = ReplacePriority::LoseAlways;
    each_venue(&config, |v| {
        v.given(&[buy(1, 100, 5), buy(2, 100, 5)]);
        v.says(replace(1, 100, 5), "replaced 1 5@100");
        assert_eq!(v.views().bids, [2, 1]);
    });
}

#[test]
fn otherwise_it_enters_anew_and_may_trade() {
    usually(|v| {
        v.given(&[sell(1, 105, 3).by(7), buy(2, 100, 9).shows(2).by(7), buy(3, 90, 1).option(Options::HIDDEN)]);
        v.says(replace(2, 105, 9).flag(CommandFlags::POST_ONLY), "rejected 2 would-trade");
        let prevented = replace(2, 105, 9).prevents(SelfTrade::CancelResting);
        v.says(prevented, "replaced 2 9@105; cancelled 1 3 self-trade; refreshed 2 2+7");
        v.says(replace(3, 91, 2), "replaced 3 2@91");
        assert_eq!(v.views().shown[0], 2);
        v.says(replace(3, 106, 2).option(Options::NEW_SIDE).with(|c| c.order.side = Side::Sell), "replaced 3 2@106");
        assert_eq!(v.views().asks, [3]);
        v.says(replace(2, 105, 9).option(Options::DISPLAY).shows(5), "replaced 2 9@105; refreshed 2 5+4");
        v.says(replace(2, 105, 9).option(Options::DISPLAY), "replaced 2 9@105");
        assert_eq!(v.views().shown[0], 9);
    });
}

#[test]
fn its_own_lots_do_not_stand_in_its_way() {
    usually(|v| {
        v.given(&[buy(1, 100, u64::MAX - 5), buy(2, 100, 2)]);
        v.says(replace(1, 100, u64::MAX - 2), "replaced 1 18446744073709551613@100");
        v.says(replace(1, 100, u64::MAX), "rejected 1 quantity-overflow");
    });
}

#[test]
fn kept_and_total_quantities() {
    let config = VenueConfig { count_fills: true, ..VenueConfig::default() };
    each_venue(&config, |v| {
        v.given(&[buy(1, 100, 10), sell(2, 100, 4)]);
        v.says(replace(1, 101, 9).option(Options::TOTAL_QTY), "replaced 1 5@101");
        v.says(replace(1, 50, 50).flag(CommandFlags::KEEP_PRICE), "replaced 1 50@101");
        let kept = replace(1, 102, 9).option(Options::TOTAL_QTY).flag(CommandFlags::KEEP_QTY);
        v.says(kept, "replaced 1 50@102");
        v.says(replace(1, 101, 3).option(Options::TOTAL_QTY), "cancelled 1 50 requested");
    });
}

#[test]
fn a_held_order_is_changed_in_place() {
    let config = VenueConfig { stop_entry: StopEntry::Reject, ..VenueConfig::default() };
    each_venue(&config, |v| {
        v.given(&[
            last(100),
            buy(1, 120, 5).of(OrderType::StopLimit).stop(110),
            buy(2, 130, 5).tif(TimeInForce::AtClose),
        ]);
        v.says(replace(1, 121, 6).stop(99), "rejected 1 stop-price");
        v.says(replace(1, 121, 6).stop(111), "replaced 1 6@121 held");
        assert_eq!((v.views().held, v.views().stop_prices), (vec![2, 1], vec![None, Some(111)]));
        v.says(replace(2, 131, 4).renamed(9), "replaced 2 4@131 as 9 held");
    });
    usually(|v| {
        v.given(&[last(100), buy(1, 120, 5).of(OrderType::StopLimit).stop(110)]);
        v.says(replace(1, 121, 6).stop(100), "replaced 1 6@121 held; triggered 1 6@121");
    });
}

#[test]
fn a_peg_is_priced_again_with_its_new_limit() {
    let peg = |cmd: VenueCommand| cmd.of(OrderType::Pegged);
    usually(|v| {
        v.given(&[buy(1, 100, 5), peg(buy(2, 0, 5))]);
        v.says(replace(2, 50, 4), "replaced 2 4@100 kept");
        v.says(replace(2, 98, 4).option(Options::LIMIT), "replaced 2 4@98");
    });
}

#[test]
fn while_orders_are_collected_it_does_not_trade() {
    usually(|v| {
        v.given(&[buy(1, 100, 5), sell(2, 110, 5), phase(Phase::PreOpen)]);
        v.says(replace(1, 115, 6), "replaced 1 6@115");
        assert_eq!((v.views().bids, v.views().asks), (vec![1], vec![2]));
    });
}
