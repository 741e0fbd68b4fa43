//! Trailing stops.

use toprung_book::{OrderType, StopTrigger, VenueConfig};

use crate::desk::{Terms, buy, each_venue, last, sell, usually};

#[test]
fn a_stop_price_follows_the_trades_and_a_limit_moves_as_much() {
    usually(|v| {
        v.given(&[last(100)]);
        v.says(sell(1, 0, 5).of(OrderType::TrailingStop).offset(5), "accepted 1 5@0 market held");
        v.says(sell(2, 90, 5).of(OrderType::TrailingStopLimit).offset(10).stop(85), "accepted 2 5@95 held");
        v.says(buy(3, 0, 5).of(OrderType::TrailingStop).offset(5).stop(130), "accepted 3 5@0 market held");
        assert_eq!(v.views().stop_prices, [Some(95), Some(90), Some(105)]);
        v.given(&[last(103)]);
        assert_eq!(v.views().stop_prices, [Some(98), Some(93), Some(105)]);
        v.given(&[last(99)]);
        assert_eq!(v.views().stop_prices, [Some(98), Some(93), Some(104)]);
    });
}

#[test]
fn it_moves_by_a_step_at_least() {
    usually(|v| {
        v.given(&[last(100), sell(1, 0, 5).of(OrderType::TrailingStop).offset(5).step(3)]);
        v.given(&[last(102)]);
        assert_eq!(v.views().stop_prices, [Some(95)]);
        v.given(&[last(103)]);
        assert_eq!(v.views().stop_prices, [Some(98)]);
    });
}

#[test]
fn a_negative_distance_is_hundredths_of_a_per_cent() {
    usually(|v| {
        let trailing = |id| sell(id, 0, 5).of(OrderType::TrailingStop).offset(-150).step(100);
        v.given(&[last(1_999), trailing(1)]);
        assert_eq!(v.views().stop_prices, [Some(1_999 - 29)]);
        v.given(&[last(2_018)]);
        assert_eq!(v.views().stop_prices, [Some(1_970)]);
        v.given(&[last(2_020)]);
        assert_eq!(v.views().stop_prices, [Some(2_020 - 30)]);
    });
}

#[test]
fn without_a_stop_price_and_a_reference_it_is_refused() {
    usually(|v| {
        v.says(sell(1, 0, 5).of(OrderType::TrailingStop).offset(5), "rejected 1 stop-price");
        v.says(sell(1, 0, 5).of(OrderType::TrailingStop).offset(5).stop(90), "accepted 1 5@0 market held");
    });
}

#[test]
fn stop_prices_stay_within_the_price_range() {
    usually(|v| {
        v.given(&[last(i64::MIN + 3), sell(1, 0, 5).of(OrderType::TrailingStop).offset(5)]);
        assert_eq!(v.views().stop_prices, [Some(i64::MIN)]);
    });
}

#[test]
fn each_trade_first_elects_then_trails() {
    usually(|v| {
        v.given(&[last(100), sell(1, 0, 5).of(OrderType::TrailingStop).offset(1)]);
        v.given(&[last(110)]);
        let want = "acknowledged 0; triggered 1 5@0 market; cancelled 1 5 no-liquidity";
        v.says(last(109), want);
    });
}

#[test]
fn with_best_opposite_it_follows_the_last_price_and_the_displayed_one() {
    let config = VenueConfig { stop_trigger: StopTrigger::BestOpposite, ..VenueConfig::default() };
    each_venue(&config, |v| {
        v.given(&[buy(1, 100, 5)]);
        let trailing = sell(2, 0, 5).of(OrderType::TrailingStop).offset(5);
        v.says(trailing, "rejected 2 stop-price");
        v.given(&[last(110), trailing]);
        assert_eq!(v.views().stop_prices, [Some(95)]);
        v.given(&[buy(3, 104, 5)]);
        assert_eq!(v.views().stop_prices, [Some(99)]);
        v.given(&[buy(4, 120, 5), last(106)]);
        assert_eq!(v.views().stop_prices, [Some(105)]);
    });
}
