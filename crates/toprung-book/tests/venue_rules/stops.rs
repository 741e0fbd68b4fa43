//! Stops: election, entry, activation.

use toprung_book::{
    MarketRemainder, OrderType, Phase, Side, StopEntry, StopTrigger, TimeInForce, VenueCommand, VenueConfig,
};

use crate::desk::{Terms, buy, cancel, each_venue, last, phase, replace, sell, usually};

fn stop(id: u64, side: Side, at: i64, qty: u64) -> VenueCommand {
    VenueCommand::enter(OrderType::Stop, id, side, 0, qty).stop(at)
}

fn by(stop_trigger: StopTrigger, stop_entry: StopEntry) -> VenueConfig {
    VenueConfig { stop_trigger, stop_entry, ..VenueConfig::default() }
}

#[test]
fn a_trade_at_the_stop_price_or_beyond_elects() {
    usually(|v| {
        v.given(&[sell(1, 100, 1), sell(2, 101, 1), sell(3, 102, 5)]);
        v.says(stop(4, Side::Buy, 101, 2), "accepted 4 2@0 market held");
        v.says(buy(5, 100, 1), "accepted 5 1@100; trade 5>1 1@100");
        let want = "accepted 6 1@101; trade 6>2 1@101; triggered 4 2@0 market; trade 4>3 2@102";
        v.says(buy(6, 101, 1), want);
        assert_eq!(v.views().last, Some(102));
    });
}

#[test]
fn a_stop_limit_enters_as_a_limit_order() {
    usually(|v| {
        v.given(&[last(105)]);
        v.says(sell(1, 99, 5).of(OrderType::StopLimit).stop(100), "accepted 1 5@99 held");
        v.says(last(100), "acknowledged 0; triggered 1 5@99");
        assert_eq!(v.views().asks, [1]);
    });
}

#[test]
fn a_stop_whose_price_has_been_reached_is_elected_or_refused() {
    usually(|v| {
        v.given(&[last(100)]);
        let want = "accepted 1 5@0 market held; triggered 1 5@0 market; cancelled 1 5 no-liquidity";
        v.says(stop(1, Side::Buy, 100, 5), want);
        v.says(stop(2, Side::Buy, 101, 5), "accepted 2 5@0 market held");
    });
    each_venue(&by(StopTrigger::LastTrade, StopEntry::Reject), |v| {
        v.given(&[last(100)]);
        v.says(stop(1, Side::Sell, 100, 5), "rejected 1 stop-price");
        v.says(buy(2, 104, 5).of(OrderType::StopLimit).stop(105), "rejected 2 stop-price");
        v.says(buy(2, 105, 5).of(OrderType::StopLimit).stop(105), "accepted 2 5@105 held");
        v.says(sell(3, 91, 5).of(OrderType::StopLimit).stop(90), "rejected 3 stop-price");
    });
    each_venue(&by(StopTrigger::LastTradeAfterEntry, StopEntry::Reject), |v| {
        v.given(&[last(100)]);
        v.says(stop(1, Side::Sell, 100, 5), "accepted 1 5@0 market held");
        v.says(buy(2, 104, 5).of(OrderType::StopLimit).stop(105), "accepted 2 5@104 held");
        let want = "acknowledged 0; triggered 1 5@0 market; cancelled 1 5 no-liquidity";
        v.says(last(100), want);
    });
}

#[test]
fn best_opposite_looks_at_the_displayed_price_after_every_step() {
    each_venue(&by(StopTrigger::BestOpposite, StopEntry::Trigger), |v| {
        v.given(&[sell(1, 100, 5)]);
        v.says(stop(2, Side::Buy, 101, 1), "accepted 2 1@0 market held");
        v.given(&[sell(3, 103, 5)]);
        v.says(cancel(1), "cancelled 1 5 requested; triggered 2 1@0 market; trade 2>3 1@103");
        v.says(stop(4, Side::Buy, 104, 1), "accepted 4 1@0 market held");
        v.says(cancel(3), "cancelled 3 4 requested; triggered 4 1@0 market; cancelled 4 1 no-liquidity");
    });
    each_venue(&VenueConfig { phase: Phase::PreOpen, ..by(StopTrigger::BestOpposite, StopEntry::Reject) }, |v| {
        v.says(stop(1, Side::Buy, 101, 1), "accepted 1 1@0 market held");
        let want = "phase 0>2; triggered 1 1@0 market; cancelled 1 1 no-liquidity";
        v.says(phase(Phase::Continuous), want);
    });
}

#[test]
fn the_queue_is_buys_from_the_lowest_then_sells_from_the_highest() {
    usually(|v| {
        v.given(&[phase(Phase::PreOpen)]);
        v.given(&[stop(1, Side::Buy, 102, 1), stop(2, Side::Buy, 101, 1), stop(3, Side::Buy, 101, 1)]);
        v.given(&[stop(4, Side::Sell, 104, 1), stop(5, Side::Sell, 105, 1)]);
        v.given(&[replace(2, 0, 1), last(103)]);
        assert_eq!(v.views().held, [1, 3, 4, 5, 2]);
        let each = |id| format!("; triggered {id} 1@0 market; cancelled {id} 1 no-liquidity");
        let want: String = [3, 2, 1, 5, 4].map(each).concat();
        v.says(phase(Phase::Continuous), &format!("phase 0>2{want}"));
    });
}

#[test]
fn a_cascade_runs_to_its_end_and_keeps_times_in_force() {
    let config = VenueConfig { market_remainder: MarketRemainder::Rest, ..VenueConfig::default() };
    each_venue(&config, |v| {
        v.given(&[buy(1, 100, 1), buy(2, 99, 1), buy(3, 98, 1)]);
        v.given(&[
            stop(4, Side::Sell, 100, 1),
            stop(5, Side::Sell, 99, 3),
            stop(6, Side::Sell, 98, 3).tif(TimeInForce::Ioc),
        ]);
        let want = "accepted 7 1@100; trade 7>1 1@100; triggered 4 1@0 market; trade 4>2 1@99; \
                    triggered 5 3@0 market; trade 5>3 1@98; triggered 6 3@0 market; cancelled 6 3 no-liquidity";
        v.says(sell(7, 100, 1), want);
    });
}

#[test]
fn what_may_not_enter_when_it_is_triggered_ends_with_that_reason() {
    let mut config = VenueConfig::default();
    config.book.max_orders = 1;
    each_venue(&config, |v| {
        v.given(&[sell(1, 120, 5), buy(2, 105, 5).of(OrderType::StopLimit).stop(104)]);
        v.says(last(104), "acknowledged 0; triggered 2 5@105; cancelled 2 5 book-full");
    });
}
