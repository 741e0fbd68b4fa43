//! Auctions: price, allocation, icebergs.

use toprung_book::{AuctionAllocation, Options, OrderType, Phase, VenueAction, VenueConfig};

use crate::desk::{Desk, Terms, buy, each_venue, in_phase, phase, request, sell, usually};

fn collecting(config: VenueConfig, scenario: impl Fn(&mut Desk<'_>)) {
    each_venue(&VenueConfig { phase: Phase::OpeningAuction, ..config }, scenario);
}

fn uncross() -> toprung_book::VenueCommand {
    request(VenueAction::Uncross, 0, 0)
}

#[test]
fn only_a_phase_that_collects_can_uncross() {
    usually(|v| v.says(uncross(), "rejected 0 wrong-phase"));
    each_venue(&in_phase(Phase::PreOpen), |v| v.says(uncross(), "acknowledged 0"));
}

#[test]
fn the_price_has_the_largest_volume_then_the_smallest_surplus() {
    usually(|v| {
        v.given(&[phase(Phase::PreOpen), buy(1, 102, 5), buy(2, 101, 5), sell(3, 100, 6), sell(4, 101, 4)]);
        let want = "acknowledged 0; trade 1>3 5@101 auction; trade 2>3 1@101 auction; trade 2>4 4@101 auction";
        v.says(uncross(), want);
        assert_eq!(v.views().reference, Some(101));
    });
}

#[test]
fn among_equals_the_surplus_then_the_reference_decides() {
    let none = VenueConfig::default;
    collecting(none(), |v| {
        v.given(&[buy(1, 104, 9), sell(2, 100, 5)]);
        v.says(uncross(), "acknowledged 0; trade 1>2 5@104 auction");
    });
    collecting(none(), |v| {
        v.given(&[buy(1, 104, 5), sell(2, 100, 9)]);
        v.says(uncross(), "acknowledged 0; trade 1>2 5@100 auction");
    });
    collecting(none(), |v| {
        v.given(&[buy(1, 104, 5), sell(2, 100, 5)]);
        v.says(uncross(), "acknowledged 0; trade 1>2 5@100 auction");
    });
    for (reference, want) in [(103, 103), (99, 100), (102, 102), (200, 104)] {
        collecting(VenueConfig { reference: Some(reference), ..none() }, |v| {
            v.given(&[buy(1, 104, 5), sell(2, 100, 5)]);
            v.says(uncross(), &format!("acknowledged 0; trade 1>2 5@{want} auction"));
        });
    }
}

#[test]
fn unpriced_orders_are_first_and_trade_at_the_reference_if_nobody_has_a_limit() {
    collecting(VenueConfig { reference: Some(50), ..VenueConfig::default() }, |v| {
        v.given(&[buy(1, 0, 5).of(OrderType::Market), sell(2, 0, 4).of(OrderType::Market)]);
        v.says(uncross(), "acknowledged 0; trade 1>2 4@50 auction");
        v.given(&[buy(3, 60, 5), sell(4, 55, 3)]);
        v.says(uncross(), "acknowledged 0; trade 1>4 1@60 auction; trade 3>4 2@60 auction");
    });
}

#[test]
fn displayed_orders_are_before_hidden_ones_and_all_or_none_take_no_part() {
    usually(|v| {
        v.given(&[buy(1, 100, 5).option(Options::ALL_OR_NONE), phase(Phase::PreOpen)]);
        v.given(&[buy(2, 100, 5).option(Options::HIDDEN), buy(3, 100, 5), sell(4, 100, 7)]);
        v.says(uncross(), "acknowledged 0; trade 3>4 5@100 auction; trade 2>4 2@100 auction");
    });
}

#[test]
fn the_last_price_may_be_shared_by_size() {
    let config = VenueConfig { auction_allocation: AuctionAllocation::ProRata, ..VenueConfig::default() };
    collecting(config, |v| {
        v.given(&[buy(1, 101, 2), buy(2, 100, 5), buy(3, 100, 10), sell(4, 100, 9)]);
        let want = "acknowledged 0; trade 1>4 2@100 auction; trade 2>4 3@100 auction; trade 3>4 4@100 auction";
        v.says(uncross(), want);
    });
}

#[test]
fn icebergs_take_part_with_everything_and_show_the_next_part_after_the_trades() {
    usually(|v| {
        v.given(&[phase(Phase::PreOpen), buy(1, 100, 10).shows(3), buy(2, 100, 5), sell(3, 100, 8)]);
        v.says(uncross(), "acknowledged 0; trade 1>3 8@100 auction; refreshed 1 2+0");
        assert_eq!(v.views().bids, [2, 1]);
    });
}
