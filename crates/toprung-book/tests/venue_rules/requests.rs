//! Requests that concern many orders or none.

use toprung_book::{Options, OrderType, Phase, Side, VenueAction};

use crate::desk::{Terms, advance, buy, cancel, last, phase, reduce, request, sell, usually};

#[test]
fn cancel_and_reduce_work_in_every_phase() {
    for at in Phase::ALL.into_iter().filter(|&at| at != Phase::Continuous) {
        usually(|v| {
            v.given(&[buy(1, 100, 5).by(7), buy(2, 0, 5).of(OrderType::Stop).stop(120), phase(at)]);
            v.says(reduce(1, 0), "rejected 1 zero-quantity");
            v.says(reduce(1, 2).by(8), "rejected 1 not-owner");
            v.says(reduce(1, 2).by(7), "reduced 1 to 3");
            v.says(reduce(2, 1), "reduced 2 to 4 held");
            v.says(cancel(2), "cancelled 2 4 requested held");
            v.says(reduce(1, 3), "cancelled 1 3 requested");
            v.says(cancel(1), "rejected 1 unknown-order");
        });
    }
}

#[test]
fn a_mass_cancel_ends_everything_in_its_order() {
    usually(|v| {
        v.given(&[sell(1, 111, 1), sell(2, 110, 1), buy(3, 0, 1).of(OrderType::Stop).stop(120), buy(4, 99, 1)]);
        v.given(&[buy(5, 100, 1), buy(6, 105, 1).option(Options::HIDDEN)]);
        let each = |id| format!("; cancelled {id} 1 mass-cancel");
        let want = format!("acknowledged 6{} held", [5, 4, 6, 2, 1, 3].map(each).concat());
        v.says(request(VenueAction::MassCancel, 0, 0), &want);
    });
}

#[test]
fn a_mass_cancel_may_choose_owner_side_and_prices() {
    let mass = || request(VenueAction::MassCancel, 99, 0);
    usually(|v| {
        v.given(&[buy(1, 100, 1).by(7), buy(2, 99, 1), sell(3, 110, 1).by(7), sell(4, 111, 1)]);
        v.given(&[buy(5, 0, 1).of(OrderType::Stop).stop(120)]);
        v.says(mass().option(Options::RANGE).with(|c| c.stop_price = 99), "acknowledged 1; cancelled 2 1 mass-cancel");
        v.says(mass().by(7).option(Options::ONE_SIDE), "acknowledged 1; cancelled 1 1 mass-cancel");
        let sells = mass().option(Options::ONE_SIDE).with(|c| c.order.side = Side::Sell);
        v.says(sells, "acknowledged 2; cancelled 3 1 mass-cancel; cancelled 4 1 mass-cancel");
        v.says(mass(), "acknowledged 1; cancelled 5 1 mass-cancel held");
    });
}

#[test]
fn a_block_ends_and_refuses_an_owners_orders_until_it_is_lifted() {
    usually(|v| {
        v.given(&[buy(1, 100, 1).by(7), buy(2, 100, 1)]);
        v.says(request(VenueAction::Block, 0, 0), "rejected 0 unsupported");
        let block = request(VenueAction::Block, 0, 0).by(7).option(Options::RANGE);
        v.says(block, "acknowledged 1; cancelled 1 1 mass-cancel");
        v.says(buy(3, 100, 1).by(7), "rejected 3 blocked");
        v.says(request(VenueAction::Unblock, 3, 4).by(7), "acknowledged 4");
        v.says(buy(3, 100, 1).by(7), "accepted 3 1@100");
    });
}

#[test]
fn setting_the_last_price_elects_like_a_trade() {
    usually(|v| {
        v.given(&[buy(1, 0, 5).of(OrderType::Stop).stop(120)]);
        let want = "acknowledged 0; triggered 1 5@0 market; cancelled 1 5 no-liquidity";
        v.says(last(120), want);
        assert_eq!(v.views().last, Some(120));
    });
}

#[test]
fn time_ends_orders_in_its_order() {
    usually(|v| {
        v.given(&[
            buy(1, 100, 1).until(30),
            buy(2, 100, 1).until(20),
            buy(3, 99, 1).until(20),
            buy(4, 99, 1).until(41),
        ]);
        let want = "acknowledged 40; cancelled 2 1 expired; cancelled 3 1 expired; cancelled 1 1 expired";
        v.says(advance(40), want);
        assert_eq!(v.views().now, 40);
        v.says(advance(39), "rejected 0 expired");
        v.says(buy(5, 100, 1).until(40), "rejected 5 expired");
    });
}
