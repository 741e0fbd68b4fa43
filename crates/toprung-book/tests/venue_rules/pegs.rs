//! Pegged orders.

use toprung_book::{Options, OrderType, Peg, Phase, VenueCommand};

use crate::desk::{Terms, buy, cancel, each_venue, in_phase, phase, sell, usually};

fn pegged(cmd: VenueCommand, peg: Peg) -> VenueCommand {
    cmd.of(OrderType::Pegged).with(|c| c.peg = peg)
}

#[test]
fn a_peg_takes_the_price_that_it_names_and_its_offset() {
    usually(|v| {
        v.given(&[buy(1, 100, 5), sell(2, 111, 5)]);
        v.says(pegged(buy(3, 0, 1), Peg::Primary), "accepted 3 1@100 hidden");
        v.says(pegged(buy(4, 0, 1), Peg::Market).offset(-2), "accepted 4 1@109 hidden");
        v.says(pegged(buy(5, 0, 1), Peg::Mid), "accepted 5 1@105 hidden");
        v.says(pegged(sell(6, 0, 1), Peg::Mid), "accepted 6 1@106 hidden; trade 6>4 1@109");
        v.says(pegged(buy(7, 101, 1), Peg::Mid).option(Options::LIMIT), "accepted 7 1@101 hidden");
        v.says(pegged(buy(8, 0, 1), Peg::Market).offset(5), "accepted 8 1@110 hidden");
    });
}

#[test]
fn without_what_it_needs_it_is_held_until_that_comes() {
    usually(|v| {
        v.says(pegged(buy(1, 0, 4), Peg::Market).offset(-1), "accepted 1 4@0 held hidden");
        v.says(sell(2, 100, 5), "accepted 2 5@100; repriced 1 @99");
        v.says(cancel(2), "cancelled 2 5 requested; repriced 1 @0 held");
        assert_eq!(v.views().held, [1]);
    });
    usually(|v| {
        v.given(&[buy(1, i64::MAX, 5)]);
        v.says(pegged(buy(2, 0, 4), Peg::Primary).offset(1), "accepted 2 4@0 held hidden");
    });
}

#[test]
fn it_follows_the_displayed_prices_behind_everybody() {
    usually(|v| {
        v.given(&[buy(1, 100, 5), pegged(buy(2, 0, 1), Peg::Primary), buy(3, 101, 1).option(Options::HIDDEN)]);
        v.says(buy(4, 101, 1), "accepted 4 1@101; repriced 2 @101");
        assert_eq!(v.views().bids, [4, 1, 3, 2]);
        v.says(sell(5, 101, 1), "accepted 5 1@101; trade 5>4 1@101; repriced 2 @100");
    });
}

#[test]
fn one_that_is_repriced_may_trade() {
    usually(|v| {
        v.given(&[buy(1, 100, 5), sell(2, 110, 5), sell(3, 103, 1).option(Options::HIDDEN)]);
        v.given(&[pegged(buy(4, 0, 2), Peg::Primary)]);
        v.says(buy(5, 102, 1), "accepted 5 1@102; repriced 4 @102");
        let want = "accepted 6 1@102; trade 6>5 1@102; repriced 4 @100";
        v.says(sell(6, 102, 1), want);
        v.says(pegged(buy(7, 0, 2), Peg::Mid), "accepted 7 2@105 hidden; trade 7>3 1@103");
    });
}

#[test]
fn pegs_lose_their_price_when_trading_is_not_continuous() {
    usually(|v| {
        v.given(&[buy(1, 100, 5), pegged(buy(2, 0, 1), Peg::Primary)]);
        v.says(phase(Phase::Halt), "phase 2>4; repriced 2 @0 held");
        v.says(phase(Phase::Continuous), "phase 4>2; repriced 2 @100");
    });
    each_venue(&in_phase(Phase::PreOpen), |v| v.says(pegged(buy(1, 0, 1), Peg::Mid), "rejected 1 wrong-phase"));
}
