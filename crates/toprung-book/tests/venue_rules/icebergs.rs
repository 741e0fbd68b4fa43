//! Icebergs.

use toprung_book::{Policy, SelfTrade, TimeInForce, VenueConfig};

use crate::desk::{Terms, buy, each_venue, reduce, replace, sell, usually};

#[test]
fn an_iceberg_shows_part_after_part_at_the_back_of_the_queue() {
    usually(|v| {
        v.says(sell(1, 100, 10).shows(4), "accepted 1 10@100 shows 4");
        v.given(&[sell(2, 100, 3)]);
        assert_eq!(v.views().shown[1], 7);
        v.says(buy(3, 100, 2), "accepted 3 2@100; trade 3>1 2@100");
        v.says(buy(4, 100, 3), "accepted 4 3@100; trade 4>1 2@100; refreshed 1 4+2; trade 4>2 1@100");
        assert_eq!(v.views().asks, [2, 1]);
        v.says(buy(5, 100, 9), "accepted 5 9@100; trade 5>2 2@100; trade 5>1 4@100; refreshed 1 2+0; trade 5>1 2@100");
    });
}

#[test]
fn on_entry_it_trades_with_all_it_has_and_shows_a_part_of_the_rest() {
    usually(|v| {
        v.given(&[sell(1, 100, 5)]);
        v.says(buy(2, 100, 10).shows(3), "accepted 2 10@100 shows 3; trade 2>1 5@100");
        assert_eq!(v.views().shown[0], 3);
        v.says(buy(3, 99, 10).shows(10), "accepted 3 10@99");
        v.given(&[sell(4, 100, 3), sell(5, 100, 1)]);
        assert_eq!(v.views().shown[0], 1);
    });
}

#[test]
fn parts_with_a_range_stay_within_it() {
    usually(|v| {
        v.given(&[sell(1, 100, 1_000).shows(10).with(|c| c.display_range = 3)]);
        let mut seen = Vec::new();
        for id in 2..30 {
            let shown = v.views().shown[1];
            seen.push(shown);
            assert!((7..=13).contains(&shown));
            v.given(&[buy(id, 100, shown)]);
        }
        seen.sort_unstable();
        seen.dedup();
        assert!(seen.len() > 3, "parts differ: {seen:?}");
    });
}

#[test]
fn a_part_that_the_level_cannot_hold_ends_the_order() {
    usually(|v| {
        v.given(&[sell(1, 100, 20).shows(5), sell(2, 100, u64::MAX - 5)]);
        v.given(&[reduce(2, 1), replace(1, 100, 20).shows(6).option(toprung_book::Options::DISPLAY)]);
        v.given(&[buy(3, 100, u64::MAX - 6)]);
        assert_eq!(v.views().asks, [1]);
        v.given(&[sell(4, 100, u64::MAX - 6)]);
        v.says(buy(5, 100, 2), "accepted 5 2@100; trade 5>1 2@100");
        v.given(&[sell(6, 100, 2)]);
        v.says(
            buy(7, 100, 4),
            "accepted 7 4@100; trade 7>1 4@100; refreshed 1 6+8"
                .replace("; refreshed 1 6+8", "; cancelled 1 14 quantity-overflow")
                .as_str(),
        );
    });
}

#[test]
fn under_another_policy_parts_are_shared_and_refreshed_after_all_trades() {
    let mut config = VenueConfig::default();
    config.book.policy = Policy::pro_rata(1);
    each_venue(&config, |v| {
        v.given(&[sell(1, 100, 30).shows(10), sell(2, 100, 10)]);
        let want = "accepted 3 20@100; trade 3>1 10@100; trade 3>2 10@100; refreshed 1 10+10";
        v.says(buy(3, 100, 20), want);
        v.says(buy(4, 100, 20), "accepted 4 20@100; trade 4>1 10@100; refreshed 1 10+0; trade 4>1 10@100");
    });
}

#[test]
fn a_reduction_takes_first_what_is_behind() {
    usually(|v| {
        v.given(&[sell(1, 100, 10).shows(4)]);
        v.says(reduce(1, 5), "reduced 1 to 5");
        assert_eq!(v.views().shown[1], 4);
        v.says(reduce(1, 2), "reduced 1 to 3");
        assert_eq!(v.views().shown[1], 3);
    });
}

#[test]
fn self_trade_prevention_concerns_the_part_shown_and_cancelling_the_whole() {
    let own = |mode| buy(2, 100, 9).by(7).tif(TimeInForce::Ioc).prevents(mode);
    usually(|v| {
        v.given(&[sell(1, 100, 10).shows(4).by(7)]);
        let want = "accepted 2 9@100; reduced 1 to 6; reduced 2 to 5; refreshed 1 4+2; reduced 1 to 2; reduced 2 to 1; \
                    refreshed 1 2+0; reduced 1 to 1; cancelled 2 1 self-trade";
        v.says(own(SelfTrade::Decrement), want);
    });
    usually(|v| {
        v.given(&[sell(1, 100, 10).shows(4).by(7)]);
        let want = "accepted 2 9@100; cancelled 1 10 self-trade; cancelled 2 9 immediate-or-cancel";
        v.says(own(SelfTrade::CancelResting), want);
    });
    let mut config = VenueConfig::default();
    config.book.policy = Policy::pro_rata(1);
    each_venue(&config, |v| {
        v.given(&[sell(1, 100, 10), sell(3, 100, 10).by(7)]);
        let want = "accepted 2 9@100; cancelled 3 10 self-trade; trade 2>1 9@100";
        v.says(own(SelfTrade::CancelResting), want);
    });
}
