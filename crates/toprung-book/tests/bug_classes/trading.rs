//! What trades, at which price, how far, and what becomes of the rest.

use toprung_book::{BookConfig, Command, CommandFlags, Policy, Reason, Side, TimeInForce};

use crate::mirror::{claim, claim_with, ended, trades};

#[test]
fn a_trade_is_at_the_resting_orders_price_on_entry_and_on_replace() {
    claim(|m| {
        m.sell(1, 101, 5);
        m.sell(2, 103, 5);
        assert_eq!(m.buy(3, 110, 7), [(1, 101, 5), (2, 103, 2)]);
        m.buy(4, 90, 1);
        assert_eq!(trades(&m.ok(Command::replace(4, 120, 2))), [(2, 103, 2)]);
        assert_eq!(trades(&m.ok(Command::market(5, Side::Buy, 1))), [(2, 103, 1)]);
    });
}

#[test]
fn an_order_exactly_at_the_touch_crosses_and_one_tick_before_it_does_not() {
    claim(|m| {
        m.sell(1, 101, 1);
        assert_eq!(m.buy(2, 100, 1), []);
        assert_eq!(m.buy(3, 101, 1), [(1, 101, 1)]);
        assert_eq!((m.bids(), m.asks()), (vec![(2, 100, 1)], vec![]));
    });
}

#[test]
fn a_marketable_limit_stops_at_its_own_price_and_rests_there() {
    claim(|m| {
        m.sell(1, 101, 2);
        m.sell(2, 102, 2);
        m.sell(3, 103, 2);
        assert_eq!(m.buy(4, 102, 9), [(1, 101, 2), (2, 102, 2)]);
        assert_eq!((m.bids(), m.asks()), (vec![(4, 102, 5)], vec![(3, 103, 2)]));
    });
}

#[test]
fn an_ioc_order_stops_at_its_own_price_and_its_rest_does_not_stay() {
    claim(|m| {
        m.sell(1, 101, 2);
        m.sell(2, 102, 2);
        let events = m.ok(Command::ioc(3, Side::Buy, 101, 5));
        assert_eq!((trades(&events), ended(&events)), (vec![(1, 101, 2)], vec![(3, 3, Reason::ImmediateOrCancel)]));
        assert_eq!(ended(&m.ok(Command::ioc(4, Side::Buy, 101, 5))), [(4, 5, Reason::ImmediateOrCancel)]);
        assert_eq!((m.bids(), m.asks()), (vec![], vec![(2, 102, 2)]));
    });
}

#[test]
fn a_market_order_sweeps_every_level_and_its_rest_does_not_stay() {
    claim(|m| {
        assert_eq!(ended(&m.ok(Command::market(1, Side::Buy, 5))), [(1, 5, Reason::NoLiquidity)]);
        m.sell(2, 101, 2);
        m.sell(3, i64::MAX, 2);
        let events = m.ok(Command::market(4, Side::Buy, 5));
        assert_eq!(trades(&events), [(2, 101, 2), (3, i64::MAX, 2)]);
        assert_eq!(ended(&events), [(4, 1, Reason::NoLiquidity)]);
        assert_eq!((m.bids(), m.asks()), (vec![], vec![]));
    });
}

#[test]
fn liquidity_is_taken_once() {
    claim(|m| {
        m.sell(1, 101, 5);
        assert_eq!(m.buy(2, 101, 3), [(1, 101, 3)]);
        assert_eq!(m.buy(3, 101, 3), [(1, 101, 2)]);
        assert_eq!((m.bids(), m.asks()), (vec![(3, 101, 1)], vec![]));
    });
}

#[test]
fn nothing_trades_a_quantity_of_zero() {
    for policy in [Policy::fifo(), Policy::pro_rata(0), Policy::pro_rata(3)] {
        claim_with(&BookConfig { policy, ..BookConfig::default() }, |m| {
            for id in 0..20 {
                m.sell(id, 101, 1 + id % 2);
            }
            for id in 20..28 {
                let fills = m.buy(id, 101, 3);
                assert!(fills.iter().all(|&(_, _, qty)| qty > 0), "{fills:?}");
                assert_eq!(fills.iter().map(|&(_, _, qty)| qty).sum::<u64>(), 3);
            }
            m.refused(Command::limit(99, Side::Buy, 101, 0), Reason::ZeroQuantity);
            m.refused(Command::market(99, Side::Buy, 0), Reason::ZeroQuantity);
        });
    }
}

#[test]
fn fill_or_kill_fills_exactly_what_is_there_and_is_killed_by_one_lot_more() {
    claim(|m| {
        m.sell(1, 101, 2);
        m.sell(2, 102, 3);
        m.sell(3, 103, 9);
        let events = m.ok(Command::fok(4, Side::Buy, 102, 6));
        assert_eq!((trades(&events), ended(&events)), (vec![], vec![(4, 6, Reason::FillOrKill)]));
        assert_eq!(m.asks(), [(1, 101, 2), (2, 102, 3), (3, 103, 9)], "a kill moves nothing");
        let events = m.ok(Command::fok(4, Side::Buy, 102, 5));
        assert_eq!((trades(&events), ended(&events)), (vec![(1, 101, 2), (2, 102, 3)], vec![]));
        assert_eq!((m.bids(), m.asks()), (vec![], vec![(3, 103, 9)]));
    });
}

#[test]
fn a_market_order_may_be_fill_or_kill_too() {
    claim(|m| {
        m.sell(1, 101, 2);
        m.sell(2, 999, 3);
        let all_or_nothing = |qty| Command::market(4, Side::Buy, qty).with_tif(TimeInForce::Fok);
        let events = m.ok(all_or_nothing(6));
        assert_eq!((trades(&events), ended(&events)), (vec![], vec![(4, 6, Reason::FillOrKill)]));
        let events = m.ok(all_or_nothing(5));
        assert_eq!((trades(&events), ended(&events)), (vec![(1, 101, 2), (2, 999, 3)], vec![]));
    });
}

#[test]
fn a_post_only_order_is_refused_at_the_touch_and_rests_one_tick_before_it() {
    claim(|m| {
        let post_only = |id, price| Command::limit(id, Side::Buy, price, 1).with_flags(CommandFlags::POST_ONLY);
        m.sell(1, 101, 1);
        m.refused(post_only(2, 102), Reason::WouldTrade);
        m.refused(post_only(2, 101), Reason::WouldTrade);
        assert_eq!(trades(&m.ok(post_only(2, 100))), []);
        assert_eq!(m.bids(), [(2, 100, 1)]);
    });
}

#[test]
fn pro_rata_never_leaves_the_book_crossed_and_keeps_the_places_of_the_partly_filled() {
    claim_with(&BookConfig { policy: Policy::pro_rata(2), ..BookConfig::default() }, |m| {
        m.sell(1, 101, 50);
        m.sell(2, 101, 10);
        m.sell(3, 101, 40);
        m.sell(4, 102, 10);
        // 10·12/100 = 1 is below the least share; the 2 lots left over are the oldest's.
        assert_eq!(m.buy(5, 101, 12), [(1, 101, 6), (3, 101, 4), (1, 101, 2)]);
        assert_eq!(m.asks(), [(1, 101, 42), (2, 101, 10), (3, 101, 36), (4, 102, 10)]);
        // More than a level: that level in time order, the next by shares.
        assert_eq!(m.buy(6, 102, 93), [(1, 101, 42), (2, 101, 10), (3, 101, 36), (4, 102, 5)]);
        assert_eq!((m.bids(), m.asks()), (vec![], vec![(4, 102, 5)]));
    });
}

#[test]
fn whoever_takes_exactly_a_whole_level_fills_everybody_in_time_order_whatever_the_policy() {
    for policy in [Policy::fifo(), Policy::pro_rata(2)] {
        claim_with(&BookConfig { policy, ..BookConfig::default() }, |m| {
            m.sell(1, 101, 1);
            m.sell(2, 101, 50);
            m.sell(3, 101, 49);
            assert_eq!(m.buy(4, 101, 100), [(1, 101, 1), (2, 101, 50), (3, 101, 49)]);
            assert_eq!((m.bids(), m.asks()), (vec![], vec![]));
        });
    }
}

#[test]
fn the_lots_of_every_order_are_traded_cancelled_or_still_open() {
    claim(|m| {
        m.sell(1, 101, 10);
        m.ok(Command::reduce(1, 3));
        let traded: u64 = m.buy(2, 101, 4).iter().map(|&(_, _, qty)| qty).sum();
        let open: u64 = m.asks().iter().map(|&(_, _, qty)| qty).sum();
        let cancelled = ended(&m.ok(Command::cancel(1)))[0].1;
        assert_eq!((traded, open, cancelled), (4, 3, 3));
        assert_eq!(10, 3 + traded + cancelled);
    });
}
