//! The breaker and the volatility interruption.

use toprung_book::{OrderType, Peg, Phase, TimeInForce, VenueCommand, VenueConfig};

use crate::desk::{Terms, advance, buy, each_venue, phase, sell};

fn guarded(interruption: u64) -> VenueConfig {
    VenueConfig { reference: Some(100), breaker: Some(5), interruption, ..VenueConfig::default() }
}

#[test]
fn nothing_trades_beyond_and_the_interruption_begins() {
    each_venue(&guarded(0), |v| {
        v.given(&[sell(1, 105, 1), sell(2, 106, 1)]);
        v.says(buy(3, 106, 3), "accepted 3 3@106; trade 3>1 1@105; phase 2>3");
        assert_eq!((v.views().bids, v.views().asks), (vec![3], vec![2]));
        v.says(phase(Phase::Continuous), "phase 3>2; trade 3>2 1@106 auction");
        assert_eq!(v.views().reference, Some(106));
    });
    each_venue(&guarded(0), |v| {
        v.given(&[sell(1, 106, 1)]);
        let market = buy(2, 0, 3).of(OrderType::Market);
        v.says(market, "accepted 2 3@0 market; cancelled 2 3 no-liquidity; phase 2>3");
    });
}

#[test]
fn what_is_worked_out_before_counts_within_the_breaker() {
    each_venue(&guarded(0), |v| {
        v.given(&[sell(1, 105, 1), sell(2, 106, 5)]);
        v.says(buy(3, 106, 2).tif(TimeInForce::Fok), "accepted 3 2@106; cancelled 3 2 fill-or-kill");
        let least = buy(4, 106, 9).tif(TimeInForce::Ioc).with(|c| c.min_qty = 2);
        v.says(least, "accepted 4 9@106; cancelled 4 9 minimum-quantity");
        assert_eq!(v.views().phase, Phase::Continuous);
        let want = "accepted 5 9@106; trade 5>1 1@105; cancelled 5 8 immediate-or-cancel; phase 2>3";
        v.says(least.with(|c| (c.order.id, c.min_qty) = (5, 1)), want);
    });
}

#[test]
fn an_interruption_ends_by_itself_after_its_time() {
    each_venue(&guarded(50), |v| {
        v.given(&[advance(10), sell(1, 110, 1), buy(2, 110, 1)]);
        assert_eq!(v.views().phase, Phase::VolatilityInterruption);
        v.says(advance(59), "acknowledged 59; indicative 1@110 surplus 0");
        v.says(advance(60), "acknowledged 60; phase 3>2; trade 2>1 1@110 auction");
        v.given(&[phase(Phase::VolatilityInterruption), phase(Phase::Halt)]);
        v.says(advance(500), "acknowledged 500");
    });
}

/// Two pegged orders that would trade beyond trip the breaker whenever they get their prices, and nothing changes by it.
#[test]
fn an_interruption_that_follows_another_at_once_lasts_twice_as_long() {
    let at_mid = |cmd: VenueCommand| cmd.of(OrderType::Pegged).with(|c| c.peg = Peg::Mid);
    each_venue(&guarded(50), |v| {
        v.given(&[buy(1, 107, 1), sell(2, 113, 1), at_mid(buy(3, 0, 1)), at_mid(sell(4, 0, 1))]);
        assert_eq!(v.views().phase, Phase::VolatilityInterruption);
        let again = "phase 3>2; repriced 3 @110; repriced 4 @110; phase 2>3; repriced 3 @0 held; repriced 4 @0 held";
        v.says(advance(49), "acknowledged 49");
        v.says(advance(50), &format!("acknowledged 50; {again}"));
        v.says(advance(149), "acknowledged 149");
        v.says(advance(150), &format!("acknowledged 150; {again}"));
        v.given(&[advance(u64::MAX)]);
        assert_eq!(v.views().phase, Phase::VolatilityInterruption);
    });
}
