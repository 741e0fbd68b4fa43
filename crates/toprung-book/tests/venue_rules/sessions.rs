//! Phases and the schedule.

use toprung_book::{MarketRemainder, OrderType, Phase, Scheduled, TimeInForce, VenueAction, VenueConfig};

use crate::desk::{Terms, advance, buy, each_venue, in_phase, phase, request, sell, usually};

#[test]
fn a_phase_that_is_there_or_is_none_is_refused() {
    usually(|v| {
        v.says(phase(Phase::Continuous), "rejected 0 wrong-phase");
        v.says(request(VenueAction::SetPhase, 0, 7), "rejected 0 unsupported");
        v.says(phase(Phase::Halt), "phase 2>4");
        assert_eq!(v.views().phase, Phase::Halt);
    });
}

#[test]
fn the_open_executes_the_auction_and_ends_what_was_for_it_only() {
    each_venue(&in_phase(Phase::PreOpen), |v| {
        let market = buy(3, 0, 9).of(OrderType::Market);
        v.given(&[sell(1, 100, 2), buy(2, 99, 5).tif(TimeInForce::AtOpen), market]);
        let want = "phase 0>2; trade 3>1 2@100 auction; cancelled 3 7 no-liquidity; cancelled 2 5 expired";
        v.says(phase(Phase::Continuous), want);
    });
    let config = VenueConfig { market_remainder: MarketRemainder::Rest, ..in_phase(Phase::PreOpen) };
    each_venue(&config, |v| {
        v.given(&[buy(1, 0, 9).of(OrderType::Market)]);
        v.says(phase(Phase::Continuous), "phase 0>2");
        v.says(sell(2, 100, 1), "accepted 2 1@100; trade 2>1 1@100");
    });
}

#[test]
fn orders_for_the_close_join_the_closing_auction() {
    usually(|v| {
        v.says(buy(1, 100, 5).tif(TimeInForce::AtClose), "accepted 1 5@100 held");
        v.says(sell(2, 0, 3).of(OrderType::Market).tif(TimeInForce::AtClose), "accepted 2 3@0 market held");
        v.says(phase(Phase::ClosingAuction), "phase 2>5; triggered 1 5@100; triggered 2 3@0 market");
        let want = "phase 5>6; trade 1>2 3@100 auction; cancelled 1 2 expired";
        v.says(phase(Phase::Closed), want);
        assert_eq!((v.views().reference, v.views().last), (Some(100), Some(100)));
    });
}

#[test]
fn the_close_ends_orders_for_the_day_held_or_not() {
    usually(|v| {
        v.given(&[
            buy(1, 0, 5).of(OrderType::Stop).stop(120).tif(TimeInForce::Day),
            buy(2, 90, 5).tif(TimeInForce::Day),
        ]);
        v.given(&[buy(3, 90, 5), buy(4, 90, 5).tif(TimeInForce::AtClose)]);
        let want = "phase 2>6; cancelled 1 5 expired held; cancelled 2 5 expired; cancelled 4 5 expired held";
        v.says(phase(Phase::Closed), want);
        assert_eq!(v.views().bids, [3]);
    });
}

#[test]
fn the_schedule_changes_the_phase_when_its_time_comes() {
    let at = |at, phase| Scheduled { at, phase };
    let schedule = vec![at(10, Phase::PreOpen), at(10, Phase::OpeningAuction), at(20, Phase::Continuous)];
    each_venue(&VenueConfig { schedule, ..in_phase(Phase::PreOpen) }, |v| {
        v.given(&[buy(1, 100, 5), sell(2, 90, 3)]);
        v.says(advance(5), "acknowledged 5; indicative 3@100 surplus 2");
        v.says(advance(10), "acknowledged 10; phase 0>1; indicative 3@100 surplus 2");
        v.given(&[buy(3, 80, 5).until(20)]);
        let want = "acknowledged 30; cancelled 3 5 expired; phase 1>2; trade 1>2 3@100 auction";
        v.says(advance(30), want);
    });
}
