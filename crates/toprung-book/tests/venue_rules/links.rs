//! Links between orders.

use toprung_book::{Options, OrderType, Peg, Phase, VenueAction, VenueCommand};

use crate::desk::{Terms, buy, cancel, each_venue, in_phase, last, phase, replace, request, sell, usually};

#[test]
fn when_one_trades_or_ends_the_other_is_cancelled() {
    usually(|v| {
        v.given(&[buy(1, 100, 5), buy(2, 90, 5).or(1)]);
        v.says(sell(3, 100, 1), "accepted 3 1@100; trade 3>1 1@100; cancelled 2 5 linked");
        assert_eq!(v.views().bids, [1]);
        v.given(&[sell(4, 110, 5).or(1)]);
        v.says(cancel(4), "cancelled 4 5 requested; cancelled 1 4 linked");
    });
}

#[test]
fn when_one_is_triggered_by_its_price_the_other_is_cancelled() {
    usually(|v| {
        v.given(&[last(100), sell(1, 110, 5), sell(2, 0, 5).of(OrderType::Stop).stop(95).or(1)]);
        let want = "acknowledged 0; triggered 2 5@0 market; cancelled 2 5 no-liquidity; cancelled 1 5 linked";
        v.says(last(95), want);
    });
}

#[test]
fn if_both_trade_in_one_step_both_are_cancelled() {
    usually(|v| {
        v.given(&[sell(1, 100, 5), sell(2, 100, 5).or(1)]);
        let want = "accepted 3 7@100; trade 3>1 5@100; trade 3>2 2@100; cancelled 2 3 linked";
        v.says(buy(3, 100, 7), want);
    });
}

#[test]
fn a_child_waits_for_its_parent_and_enters_with_what_that_traded() {
    usually(|v| {
        v.given(&[buy(1, 100, 5)]);
        v.says(sell(2, 100, 3), "accepted 2 3@100; trade 2>1 3@100");
        v.says(sell(3, 110, 9).after(1), "accepted 3 9@110 held");
        v.says(sell(4, 0, 9).after(1).of(OrderType::Stop).stop(90), "accepted 4 9@0 market held");
        v.given(&[sell(5, 100, 1)]);
        v.says(cancel(1), "cancelled 1 1 requested; triggered 3 1@110; triggered 4 1@0 market held");
    });
    usually(|v| {
        v.given(&[buy(1, 100, 5), sell(2, 110, 9).after(1)]);
        v.says(cancel(1), "cancelled 1 5 requested; cancelled 2 9 linked held");
    });
}

#[test]
fn a_pegged_child_is_priced_when_it_enters() {
    let peg = |cmd: VenueCommand| cmd.of(OrderType::Pegged).with(|c| c.peg = Peg::Primary);
    usually(|v| {
        v.given(&[buy(1, 100, 5), peg(sell(2, 0, 5)).after(1), peg(buy(3, 0, 5)).after(1), buy(4, 90, 1)]);
        let want = "accepted 5 5@100; trade 5>1 5@100; triggered 2 5@0 held hidden; triggered 3 5@90 hidden";
        v.says(sell(5, 100, 5), want);
    });
}

#[test]
fn children_wait_while_trading_is_not_continuous() {
    usually(|v| {
        v.given(&[buy(1, 100, 5), sell(2, 110, 9).after(1), sell(3, 100, 1), phase(Phase::Halt)]);
        v.says(cancel(1), "cancelled 1 4 requested");
        v.says(phase(Phase::Continuous), "phase 4>2; triggered 2 1@110");
    });
}

#[test]
fn a_bracket_is_an_order_with_two_children_that_cancel_each_other() {
    usually(|v| {
        v.given(&[last(100), buy(1, 100, 5), sell(2, 110, 5).after(1)]);
        v.given(&[sell(3, 0, 5).of(OrderType::Stop).stop(90).after(1).or(2)]);
        let want = "accepted 4 5@100; trade 4>1 5@100; triggered 2 5@110; triggered 3 5@0 market held";
        v.says(sell(4, 100, 5), want);
        v.given(&[buy(5, 80, 9)]);
        v.says(last(90), "acknowledged 0; triggered 3 5@0 market; trade 3>5 5@80; cancelled 2 5 linked");
    });
}

#[test]
fn a_parent_that_came_as_one_counts_what_it_traded_before_its_children_came() {
    usually(|v| {
        v.given(&[sell(9, 100, 4), buy(1, 100, 10).option(Options::PARENT)]);
        v.given(&[sell(2, 110, 10).after(1), buy(3, 99, 10)]);
        v.says(sell(4, 100, 5), "accepted 4 5@100; trade 4>1 5@100");
        v.says(cancel(1), "cancelled 1 1 requested; triggered 2 9@110");
    });
}

#[test]
fn a_child_that_was_let_go_does_not_wait_for_the_next_order_of_that_id() {
    each_venue(&in_phase(Phase::PreOpen), |v| {
        v.given(&[buy(1, 100, 5), sell(2, 0, 5).of(OrderType::Stop).stop(90).after(1), sell(3, 100, 5)]);
        v.says(request(VenueAction::Uncross, 0, 0), "acknowledged 0; trade 1>3 5@100 auction");
        v.given(&[buy(1, 100, 5).option(Options::PARENT)]);
        v.says(cancel(1), "cancelled 1 5 requested");
    });
}

#[test]
fn a_replace_with_a_new_id_keeps_the_links() {
    usually(|v| {
        v.given(&[buy(1, 100, 5), buy(2, 90, 5).or(1), sell(3, 110, 5).after(1)]);
        v.says(replace(1, 101, 5).renamed(7), "replaced 1 5@101 as 7");
        let want = "accepted 8 5@101; trade 8>7 5@101; cancelled 2 5 linked; triggered 3 5@110";
        v.says(sell(8, 101, 5), want);
    });
}
