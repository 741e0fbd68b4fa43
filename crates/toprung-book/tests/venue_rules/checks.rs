//! The checks of a new order, in their order, and what goes together.

use toprung_book::{
    CommandFlags, Options, OrderType, Phase, SelfTrade, TimeInForce, VenueAction, VenueCommand, VenueConfig,
};

use crate::desk::{Terms, buy, each_venue, in_phase, of_orders, phase, request, sell, usually};

#[test]
fn the_first_check_that_fails_is_the_reason() {
    let config = VenueConfig { reference: Some(100), band: Some(5), ..VenueConfig::default() };
    each_venue(&config, |v| {
        v.given(&[buy(1, 100, 5).by(7), request(VenueAction::Block, 0, 0).by(9)]);
        let wrong = buy(1, 106, 0).by(9).until(0).or(88).option(Options::ALL_OR_NONE).prevents(SelfTrade::CancelBoth);
        v.says(wrong, "rejected 1 zero-quantity");
        let wrong = wrong.with(|c| c.order.qty = 5);
        v.says(wrong, "rejected 1 duplicate-id");
        let wrong = wrong.with(|c| c.order.id = 2);
        v.says(wrong, "rejected 2 blocked");
        let wrong = wrong.by(8);
        v.says(wrong, "rejected 2 unsupported");
        let wrong = wrong.prevents(SelfTrade::Allow);
        v.says(wrong, "rejected 2 expired");
        let wrong = wrong.until(10);
        v.says(wrong, "rejected 2 outside-band");
        let wrong = wrong.with(|c| c.order.price = 105);
        v.says(wrong, "rejected 2 unknown-link");
        v.says(wrong.or(1), "rejected 2 unknown-link");
        v.says(wrong.or(1).by(7), "accepted 2 5@105");
        v.says(buy(3, 100, 1).or(1).by(7), "rejected 3 unknown-link");
        v.says(buy(3, 100, 1).after(1).by(8), "rejected 3 unknown-link");
        v.given(&[phase(Phase::Halt)]);
        v.says(buy(3, 106, 1), "rejected 3 wrong-phase");
    });
}

#[test]
fn a_band_refuses_limits_too_far_through_the_reference() {
    let config = VenueConfig { reference: Some(100), band: Some(5), ..VenueConfig::default() };
    each_venue(&config, |v| {
        v.says(buy(1, 106, 1), "rejected 1 outside-band");
        v.says(buy(1, 105, 1), "accepted 1 1@105");
        v.says(sell(2, 94, 1), "rejected 2 outside-band");
        v.says(sell(3, 900, 1), "accepted 3 1@900");
        v.says(buy(4, 106, 1).of(OrderType::StopLimit).stop(100), "rejected 4 outside-band");
        v.says(buy(4, 106, 1).of(OrderType::TrailingStopLimit).stop(100).offset(1), "rejected 4 outside-band");
        v.given(&[request(VenueAction::SetReference, 200, 0)]);
        v.says(buy(5, 106, 1), "accepted 5 1@106");
        assert_eq!(v.views().reference, Some(200));
    });
}

#[test]
fn parts_that_do_not_go_together_are_unsupported() {
    let post_only = |c: VenueCommand| c.flag(CommandFlags::POST_ONLY);
    let all_or_none = |c: VenueCommand| c.option(Options::ALL_OR_NONE);
    let o = buy(1, 100, 20);
    let stop = |kind| o.of(kind).stop(100).offset(1);
    let unsupported = [
        post_only(o.of(OrderType::MarketToLimit)),
        post_only(o.tif(TimeInForce::AtOpen)),
        post_only(all_or_none(o)),
        o.option(Options::SLIDE),
        post_only(o.option(Options::SLIDE).tif(TimeInForce::Ioc)),
        o.of(OrderType::Market).shows(5),
        o.shows(5).tif(TimeInForce::Ioc),
        o.shows(5).with(|c| c.display_range = 5),
        o.shows(u64::MAX).with(|c| c.display_range = 1),
        o.shows(5).option(Options::HIDDEN),
        all_or_none(o.shows(5)),
        o.with(|c| c.display_range = 1),
        o.shows(1).with(|c| c.order.qty = 10_001),
        o.of(OrderType::Market).option(Options::HIDDEN),
        o.option(Options::HIDDEN).tif(TimeInForce::Fok),
        all_or_none(o.option(Options::HIDDEN)),
        all_or_none(o.of(OrderType::Market)),
        all_or_none(o.tif(TimeInForce::Ioc)),
        all_or_none(o.tif(TimeInForce::AtClose)),
        all_or_none(o.prevents(SelfTrade::Decrement)),
        o.with(|c| c.min_qty = 1),
        o.tif(TimeInForce::Ioc).with(|c| c.min_qty = 21),
        stop(OrderType::Stop).tif(TimeInForce::Ioc).with(|c| c.min_qty = 1),
        o.of(OrderType::MarketToLimit).tif(TimeInForce::Fok),
        o.of(OrderType::MarketProtected).tif(TimeInForce::AtClose),
        o.of(OrderType::MarketProtected).offset(-1),
        o.of(OrderType::Budget),
        o.of(OrderType::Budget).tif(TimeInForce::Ioc).prevents(SelfTrade::CancelBoth),
        o.of(OrderType::Stop),
        stop(OrderType::StopLimit).tif(TimeInForce::AtOpen),
        stop(OrderType::TrailingStop).offset(0),
        stop(OrderType::TrailingStopLimit).offset(i64::MIN),
        o.of(OrderType::Pegged).tif(TimeInForce::Ioc),
        o.of(OrderType::Pegged).tif(TimeInForce::AtOpen),
        o.of(OrderType::Market).or(9),
        o.tif(TimeInForce::Ioc).or(9),
        o.tif(TimeInForce::AtOpen).or(9),
        o.of(OrderType::Budget).tif(TimeInForce::Ioc).or(9),
        o.tif(TimeInForce::AtClose).after(9),
    ];
    usually(|v| {
        for cmd in unsupported {
            v.says(cmd, "rejected 1 unsupported");
        }
    });
    let breaker = VenueConfig { reference: Some(100), breaker: Some(9), ..VenueConfig::default() };
    each_venue(&breaker, |v| v.says(all_or_none(o), "rejected 1 unsupported"));
    let mut pro_rata = VenueConfig::default();
    pro_rata.book.policy = toprung_book::Policy::pro_rata(1);
    each_venue(&pro_rata, |v| v.says(all_or_none(o), "rejected 1 unsupported"));
}

#[test]
fn each_phase_takes_what_it_takes() {
    use Phase::{Closed, ClosingAuction, Continuous, Halt, OpeningAuction, PreOpen, VolatilityInterruption};
    let o = buy(2, 90, 20);
    let all = [PreOpen, OpeningAuction, VolatilityInterruption, ClosingAuction, Continuous, Halt, Closed];
    let accepted = "accepted 2 20@90";
    let (collected, yes) = (accepted, accepted);
    let (no, held, market) = ("rejected 2 wrong-phase", "accepted 2 20@90 held", "accepted 2 20@0 market");
    let stop = "accepted 2 20@0 market held";
    let rows: [(VenueCommand, [&str; 7]); 9] = [
        (o, [collected, collected, collected, collected, yes, no, no]),
        (o.of(OrderType::Market).tif(TimeInForce::Day), [market, market, market, market, "", no, no]),
        (o.tif(TimeInForce::AtOpen), [collected, collected, no, no, no, no, no]),
        (o.tif(TimeInForce::AtClose), [held, held, held, collected, held, no, no]),
        (o.of(OrderType::Stop).stop(120), [stop, stop, stop, stop, stop, no, no]),
        (o.after(1), [held, held, held, held, held, no, no]),
        (o.flag(CommandFlags::POST_ONLY), [no, no, no, no, yes, no, no]),
        (o.option(Options::ALL_OR_NONE), [no, no, no, no, yes, no, no]),
        (o.of(OrderType::MarketToLimit), [no, no, no, no, "", no, no]),
    ];
    for (cmd, answers) in rows {
        for (at, want) in all.into_iter().zip(answers) {
            let market = "accepted 2 20@0 market; cancelled 2 20 no-liquidity";
            usually(|v| {
                v.given(&[buy(1, 50, 5)]);
                if at != Continuous {
                    v.given(&[phase(at)]);
                }
                v.says(cmd, if want.is_empty() { market } else { want });
            });
        }
    }
}

#[test]
fn a_full_venue_refuses_what_would_have_to_wait() {
    each_venue(&of_orders(1), |v| {
        v.says(buy(1, 90, 5).of(OrderType::Stop).stop(120), "accepted 1 5@0 market held");
        v.says(buy(2, 90, 5).of(OrderType::Stop).stop(120), "rejected 2 book-full");
        v.says(sell(3, 100, 5), "accepted 3 5@100");
        v.says(sell(4, 101, 5), "rejected 4 book-full");
        v.says(buy(4, 100, 9), "accepted 4 9@100; trade 4>3 5@100");
    });
    each_venue(&of_orders(1), |v| {
        v.given(&[sell(3, 100, 5).option(Options::ALL_OR_NONE)]);
        v.says(buy(4, 100, 9), "rejected 4 book-full");
        v.says(buy(4, 100, 5).tif(TimeInForce::Ioc), "accepted 4 5@100; trade 4>3 5@100");
    });
    each_venue(&VenueConfig { phase: Phase::PreOpen, ..of_orders(1) }, |v| {
        v.given(&[sell(3, 100, 5)]);
        v.says(buy(4, 100, 9), "rejected 4 book-full");
    });
}

#[test]
fn a_place_takes_no_more_lots_than_it_can_hold() {
    usually(|v| {
        v.given(&[buy(1, 90, u64::MAX)]);
        v.says(buy(2, 90, 1), "rejected 2 quantity-overflow");
        v.says(buy(2, 90, 1).option(Options::HIDDEN), "accepted 2 1@90 hidden");
        v.given(&[buy(3, 91, u64::MAX - 2)]);
        v.says(buy(4, 91, 9).shows(2), "accepted 4 9@91 shows 2");
        v.says(buy(5, 91, 9).shows(2), "rejected 5 quantity-overflow");
    });
    each_venue(&in_phase(Phase::PreOpen), |v| {
        v.given(&[buy(1, 0, u64::MAX).of(OrderType::Market)]);
        v.says(buy(2, 0, 1).of(OrderType::Market), "rejected 2 quantity-overflow");
    });
}
