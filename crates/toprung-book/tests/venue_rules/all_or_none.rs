//! All-or-none orders.

use toprung_book::{Options, VenueCommand};

use crate::desk::{Terms, buy, cancel, sell, usually};

fn whole(cmd: VenueCommand) -> VenueCommand {
    cmd.option(Options::ALL_OR_NONE)
}

#[test]
fn an_aggressor_passes_over_what_it_cannot_take_whole() {
    usually(|v| {
        v.given(&[whole(sell(1, 100, 10)), sell(2, 100, 3)]);
        v.says(buy(3, 100, 5), "accepted 3 5@100; trade 3>2 3@100");
        assert_eq!((v.views().bids, v.views().asks), (vec![3], vec![1]));
        v.says(cancel(3), "cancelled 3 2 requested");
        v.says(buy(4, 100, 12), "accepted 4 12@100; trade 4>1 10@100");
    });
}

#[test]
fn it_waits_without_trading_until_somebody_completes_it() {
    usually(|v| {
        v.given(&[sell(1, 100, 3)]);
        v.says(whole(buy(2, 101, 5)), "accepted 2 5@101");
        v.says(sell(3, 101, 2), "accepted 3 2@101; trade 2>1 3@100; trade 2>3 2@101");
    });
}

#[test]
fn it_trades_at_the_first_order_that_completes_it_with_those_before() {
    usually(|v| {
        v.given(&[sell(1, 100, 3), sell(2, 101, 9)]);
        v.says(whole(buy(3, 101, 5)), "accepted 3 5@101; trade 3>1 3@100; trade 3>2 2@101");
    });
    usually(|v| {
        v.given(&[sell(1, 100, 3), whole(sell(2, 101, 9)), whole(sell(3, 101, 4))]);
        v.says(whole(buy(4, 101, 4)), "accepted 4 4@101; trade 4>3 4@101");
    });
    usually(|v| {
        v.given(&[sell(1, 100, 3), whole(sell(2, 101, 2))]);
        v.says(whole(buy(3, 101, 5)), "accepted 3 5@101; trade 3>1 3@100; trade 3>2 2@101");
    });
}

#[test]
fn an_iceberg_gives_its_lots_in_one_trade() {
    usually(|v| {
        v.given(&[sell(1, 100, 10).shows(2)]);
        v.says(whole(buy(2, 100, 7)), "accepted 2 7@100; trade 2>1 7@100; refreshed 1 2+1");
    });
}

#[test]
fn who_comes_behind_one_rests_without_trading() {
    usually(|v| {
        v.given(&[whole(buy(1, 100, 10)), sell(2, 100, 3)]);
        v.says(buy(3, 99, 3), "accepted 3 3@99");
        v.says(buy(4, 100, 3), "accepted 4 3@100");
        v.says(cancel(1), "cancelled 1 10 requested; trade 4>2 3@100");
    });
}

#[test]
fn both_sides_of_a_crossed_book_complete_each_other() {
    usually(|v| {
        v.given(&[whole(buy(1, 100, 5)), whole(sell(2, 100, 6))]);
        v.says(sell(3, 101, 4), "accepted 3 4@101");
        v.says(buy(4, 100, 3), "accepted 4 3@100; trade 1>2 5@100; trade 4>2 1@100");
        assert_eq!(v.views().bids, [4]);
    });
    usually(|v| {
        v.given(&[sell(2, 99, 3), whole(buy(1, 100, 5))]);
        v.says(sell(3, 100, 4), "accepted 3 4@100; trade 1>2 3@99; trade 1>3 2@100");
    });
}
