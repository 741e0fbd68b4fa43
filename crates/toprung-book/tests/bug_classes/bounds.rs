//! The ends of the domains: prices, quantities, and how much a level and a book hold.

use toprung_book::{BookConfig, Command, Reason, Side, TimeInForce};

use crate::mirror::{claim, claim_with, ended, trades};

#[test]
fn every_i64_is_a_price() {
    claim(|m| {
        let prices = [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX];
        for (id, price) in prices.into_iter().enumerate().rev() {
            m.sell(id as u64, price, 1);
        }
        assert_eq!(m.asks().iter().map(|o| o.1).collect::<Vec<_>>(), prices);
        assert_eq!(m.buy(10, i64::MIN, 1), [(0, i64::MIN, 1)]);
        assert_eq!(m.buy(11, 0, 9), [(1, i64::MIN + 1, 1), (2, -1, 1), (3, 0, 1)]);
        m.ok(Command::cancel(11));
        assert_eq!(m.buy(12, i64::MAX, 3), [(4, 1, 1), (5, i64::MAX - 1, 1), (6, i64::MAX, 1)]);
        m.buy(13, i64::MIN, 1);
        m.buy(14, i64::MAX, 1);
        assert_eq!(m.bids(), [(14, i64::MAX, 1), (13, i64::MIN, 1)]);
        m.ok(Command::cancel(14));
        assert_eq!(trades(&m.ok(Command::market(15, Side::Sell, 1))), [(13, i64::MIN, 1)]);
    });
}

#[test]
fn an_order_moves_from_one_end_of_the_prices_to_the_other() {
    claim(|m| {
        m.sell(1, i64::MAX, 2);
        m.ok(Command::replace(1, i64::MIN, 2));
        assert_eq!(m.best_ask(), Some((i64::MIN, 2, 1)));
        m.ok(Command::replace(1, i64::MAX, 2));
        assert_eq!(m.best_ask(), Some((i64::MAX, 2, 1)));
        assert_eq!(m.buy(2, i64::MAX - 1, 1), []);
    });
}

#[test]
fn the_largest_quantity_trades_to_the_lot() {
    claim(|m| {
        m.sell(1, 101, u64::MAX);
        assert_eq!(m.buy(2, 101, u64::MAX - 1), [(1, 101, u64::MAX - 1)]);
        assert_eq!(m.asks(), [(1, 101, 1)]);
        assert_eq!(m.buy(3, 101, u64::MAX), [(1, 101, 1)]);
        assert_eq!(m.bids(), [(3, 101, u64::MAX - 1)]);
    });
}

#[test]
fn a_level_that_would_hold_more_than_u64_refuses_the_order_and_the_replace() {
    claim(|m| {
        m.sell(1, 101, u64::MAX - 5);
        m.sell(2, 101, 5);
        m.sell(3, 102, 7);
        m.refused(Command::limit(4, Side::Sell, 101, 1), Reason::QuantityOverflow);
        m.refused(Command::replace(3, 101, 1), Reason::QuantityOverflow);
        m.refused(Command::replace(2, 101, 6), Reason::QuantityOverflow);
        assert_eq!(m.asks_at(101), u64::MAX);
        m.ok(Command::reduce(1, 1));
        m.ok(Command::replace(2, 101, 6));
        assert_eq!(m.asks_at(101), u64::MAX, "an order's own lots do not stand in its way");
    });
}

#[test]
fn an_order_for_the_day_finds_the_same_limits_as_one_that_stays() {
    claim_with(&BookConfig { max_orders: 2, ..BookConfig::default() }, |m| {
        let day = |id, price, qty| Command::limit(id, Side::Sell, price, qty).with_tif(TimeInForce::Day);
        m.ok(day(1, 101, u64::MAX));
        m.refused(day(2, 101, 1), Reason::QuantityOverflow);
        m.ok(day(2, 102, 1));
        m.refused(day(3, 103, 1), Reason::BookFull);
    });
}

#[test]
fn fill_or_kill_counts_more_than_u64_holds() {
    claim(|m| {
        m.sell(1, 101, u64::MAX - 1);
        assert_eq!(ended(&m.ok(Command::fok(2, Side::Buy, 110, u64::MAX))), [(2, u64::MAX, Reason::FillOrKill)]);
        m.sell(3, 102, u64::MAX);
        let events = m.ok(Command::fok(4, Side::Buy, 110, u64::MAX));
        assert_eq!(trades(&events), [(1, 101, u64::MAX - 1), (3, 102, 1)]);
        assert_eq!(m.asks(), [(3, 102, u64::MAX - 1)]);
    });
}

#[test]
fn a_full_book_refuses_what_would_rest_and_takes_what_trades() {
    claim_with(&BookConfig { max_orders: 2, ..BookConfig::default() }, |m| {
        m.sell(1, 101, 5);
        m.sell(2, 102, 5);
        m.refused(Command::limit(3, Side::Buy, 100, 1), Reason::BookFull);
        assert_eq!(trades(&m.ok(Command::ioc(3, Side::Buy, 101, 1))), [(1, 101, 1)]);
        m.ok(Command::replace(2, 103, 9));
        // Whoever has lots left has emptied what it crossed, and so made room for itself.
        assert_eq!(m.buy(3, 101, 9), [(1, 101, 4)]);
        assert_eq!((m.bids(), m.asks()), (vec![(3, 101, 5)], vec![(2, 103, 9)]));
        m.refused(Command::limit(4, Side::Buy, 100, 1), Reason::BookFull);
        m.ok(Command::cancel(3));
        assert_eq!(m.buy(3, 100, 1), []);
    });
}
