//! Continuous matching: types, times in force, priority, hidden orders.

use toprung_book::{CommandFlags, MarketRemainder, Options, OrderType, Policy, TimeInForce, VenueConfig};

use crate::desk::{Terms, buy, each_venue, last, sell, usually};

fn with_remainder(market_remainder: MarketRemainder) -> VenueConfig {
    VenueConfig { market_remainder, ..VenueConfig::default() }
}

#[test]
fn post_only_orders_that_would_trade_are_refused_or_slide() {
    usually(|v| {
        v.given(&[sell(1, 100, 5).option(Options::HIDDEN)]);
        let post_only = buy(2, 100, 5).flag(CommandFlags::POST_ONLY);
        v.says(post_only, "rejected 2 would-trade");
        v.says(post_only.of(OrderType::Market), "rejected 2 would-trade");
        v.says(post_only.option(Options::SLIDE), "accepted 2 5@99");
        v.says(buy(3, 99, 5).flag(CommandFlags::POST_ONLY), "accepted 3 5@99");
        let ioc = buy(4, 98, 5).flag(CommandFlags::POST_ONLY).tif(TimeInForce::Ioc);
        v.says(ioc, "accepted 4 5@98; cancelled 4 5 immediate-or-cancel");
    });
    usually(|v| {
        v.given(&[sell(1, i64::MIN, 5)]);
        let slides = buy(2, 100, 5).flag(CommandFlags::POST_ONLY).option(Options::SLIDE);
        v.says(slides, "rejected 2 would-trade");
    });
    each_venue(&with_remainder(MarketRemainder::Rest), |v| {
        v.given(&[sell(1, 0, 5).of(OrderType::Market)]);
        let slides = buy(2, 100, 5).flag(CommandFlags::POST_ONLY).option(Options::SLIDE);
        v.says(slides, "rejected 2 would-trade");
    });
}

#[test]
fn unpriced_orders_are_first_then_displayed_then_hidden_at_each_price() {
    each_venue(&with_remainder(MarketRemainder::Rest), |v| {
        let market = sell(1, 0, 1).of(OrderType::Market);
        v.says(market, "accepted 1 1@0 market");
        v.given(&[sell(2, 100, 1).option(Options::HIDDEN), sell(3, 100, 1), sell(4, 101, 1)]);
        let want = "accepted 5 9@101; trade 5>1 1@101; trade 5>3 1@100; trade 5>2 1@100; trade 5>4 1@101";
        v.says(buy(5, 101, 9), want);
    });
}

#[test]
fn a_market_order_meets_unpriced_ones_at_the_last_price_if_there_is_one() {
    each_venue(&with_remainder(MarketRemainder::Rest), |v| {
        v.given(&[sell(1, 0, 2).of(OrderType::Market), sell(3, 105, 1)]);
        let market = |id, qty| buy(id, 0, qty).of(OrderType::Market).tif(TimeInForce::Ioc);
        v.says(market(2, 2), "accepted 2 2@0 market; trade 2>3 1@105; cancelled 2 1 no-liquidity");
        v.says(market(4, 1), "accepted 4 1@0 market; trade 4>1 1@105");
        v.given(&[last(90)]);
        v.says(market(5, 1), "accepted 5 1@0 market; trade 5>1 1@90");
    });
}

#[test]
fn what_is_left_rests_or_ends_with_its_reason() {
    usually(|v| {
        v.given(&[sell(1, 100, 2)]);
        v.says(buy(2, 100, 3), "accepted 2 3@100; trade 2>1 2@100");
        assert_eq!(v.views().bids, [2]);
        let want = "accepted 3 3@100; trade 3>2 1@100; cancelled 3 2 immediate-or-cancel";
        v.says(sell(3, 100, 3).tif(TimeInForce::Ioc), want);
        v.says(sell(4, 0, 3).of(OrderType::Market), "accepted 4 3@0 market; cancelled 4 3 no-liquidity");
    });
}

#[test]
fn fill_or_kill_and_minimum_quantity_are_worked_out_before() {
    usually(|v| {
        v.given(&[sell(1, 100, 3), sell(2, 101, 3).option(Options::HIDDEN)]);
        let fok = |id, price, qty| buy(id, price, qty).tif(TimeInForce::Fok);
        let least = |id, price, qty| buy(id, price, 9).tif(TimeInForce::Ioc).with(|c| c.min_qty = qty);
        v.says(fok(3, 100, 4), "accepted 3 4@100; cancelled 3 4 fill-or-kill");
        v.says(least(4, 100, 4), "accepted 4 9@100; cancelled 4 9 minimum-quantity");
        let want = "accepted 5 9@101; trade 5>1 3@100; trade 5>2 3@101; cancelled 5 3 immediate-or-cancel";
        v.says(least(5, 101, 6), want);
        v.given(&[sell(6, 100, 4)]);
        v.says(fok(7, 100, 4), "accepted 7 4@100; trade 7>6 4@100");
    });
}

#[test]
fn the_rest_of_a_market_order_goes_the_way_of_the_venue() {
    let market = |id, qty| buy(id, 0, qty).of(OrderType::Market);
    each_venue(&with_remainder(MarketRemainder::Rest), |v| {
        v.given(&[sell(1, 100, 2)]);
        v.says(market(2, 3), "accepted 2 3@0 market; trade 2>1 2@100");
        v.says(market(3, 3).tif(TimeInForce::Ioc), "accepted 3 3@0 market; cancelled 3 3 no-liquidity");
        v.says(sell(4, 101, 1), "accepted 4 1@101; trade 4>2 1@101");
    });
    each_venue(&with_remainder(MarketRemainder::RestAtWorst), |v| {
        v.says(market(1, 3), "accepted 1 3@0 market; cancelled 1 3 no-liquidity");
        v.given(&[sell(2, 100, 2), sell(3, 104, 2), sell(4, 109, 2).option(Options::HIDDEN)]);
        v.says(market(5, 9), "accepted 5 9@104; trade 5>2 2@100; trade 5>3 2@104");
        assert_eq!(v.views().bids, [5]);
    });
}

#[test]
fn market_to_limit_and_protected_orders_take_their_limit_from_the_best_opposite_price() {
    usually(|v| {
        let to_limit = |id| buy(id, 0, 5).of(OrderType::MarketToLimit);
        let protected = |id, offset| buy(id, 0, 5).of(OrderType::MarketProtected).offset(offset);
        v.says(to_limit(1), "accepted 1 5@0 market; cancelled 1 5 no-liquidity");
        v.given(&[sell(2, 100, 1).option(Options::HIDDEN), sell(3, 102, 1), sell(4, 103, 9)]);
        v.says(to_limit(5), "accepted 5 5@100; trade 5>2 1@100");
        v.says(protected(6, 1).tif(TimeInForce::Day), "accepted 6 5@103; trade 6>3 1@102; trade 6>4 4@103");
        v.says(protected(7, i64::MAX).tif(TimeInForce::Ioc), "accepted 7 5@9223372036854775807; trade 7>4 5@103");
        assert_eq!(v.views().bids, [5]);
    });
}

#[test]
fn a_budget_buys_price_by_price_what_it_pays_for() {
    let budget = |id, step, tif| buy(id, 0, 9).of(OrderType::Budget).step(step).tif(tif);
    usually(|v| {
        v.given(&[sell(1, 10, 2), sell(2, 10, 1).option(Options::HIDDEN), sell(3, 20, 5)]);
        let want =
            "accepted 4 9@0 market; trade 4>1 2@10; trade 4>2 1@10; trade 4>3 2@20; cancelled 4 4 immediate-or-cancel";
        v.says(budget(4, 79, TimeInForce::Ioc), want);
        v.says(budget(5, 19, TimeInForce::Ioc), "accepted 5 9@0 market; cancelled 5 9 immediate-or-cancel");
    });
    usually(|v| {
        v.given(&[sell(1, -5, 2), sell(2, 10, 9)]);
        let want = "accepted 3 9@0 market; trade 3>1 2@-5; trade 3>2 1@10; cancelled 3 6 immediate-or-cancel";
        v.says(budget(3, 5, TimeInForce::Ioc), want);
    });
    usually(|v| {
        v.given(&[sell(1, 10, 2), sell(2, 20, 9)]);
        v.says(budget(3, 159, TimeInForce::Fok), "accepted 3 9@0 market; cancelled 3 9 fill-or-kill");
        v.says(budget(3, 160, TimeInForce::Fok), "accepted 3 9@0 market; trade 3>1 2@10; trade 3>2 7@20");
        v.given(&[buy(4, 5, 9)]);
        let sells = |id, step| sell(id, 0, 9).of(OrderType::Budget).step(step).tif(TimeInForce::Fok);
        v.says(sells(5, 46), "accepted 5 9@0 market; cancelled 5 9 fill-or-kill");
        v.says(sells(5, 45), "accepted 5 9@0 market; trade 5>4 9@5");
    });
    each_venue(&with_remainder(MarketRemainder::Rest), |v| {
        v.given(&[last(10), sell(1, 0, 2).of(OrderType::Market)]);
        v.says(budget(2, 99, TimeInForce::Ioc), "accepted 2 9@0 market; cancelled 2 9 immediate-or-cancel");
    });
}

#[test]
fn a_displayed_level_follows_the_policy_and_hidden_orders_time() {
    let mut config = VenueConfig::default();
    config.book.policy = Policy::pro_rata(1);
    each_venue(&config, |v| {
        v.given(&[sell(1, 100, 10), sell(2, 100, 30), sell(3, 100, 4).option(Options::HIDDEN)]);
        v.given(&[sell(4, 100, 4).option(Options::HIDDEN)]);
        v.says(buy(5, 100, 20), "accepted 5 20@100; trade 5>1 5@100; trade 5>2 15@100");
        let want = "accepted 6 25@100; trade 6>1 5@100; trade 6>2 15@100; trade 6>3 4@100; trade 6>4 1@100";
        v.says(buy(6, 100, 25), want);
    });
}
