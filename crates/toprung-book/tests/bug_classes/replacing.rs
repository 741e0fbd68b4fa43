//! Replaces: what keeps its place, what trades, and what must be left alone.

use toprung_book::{Command, CommandFlags, EventFlags, EventKind, Reason, Side};

use crate::mirror::{claim, claim_losing_places, ended, trades};

#[test]
fn at_the_same_price_only_more_quantity_loses_the_place() {
    claim(|m| {
        m.sell(1, 101, 5);
        m.sell(2, 101, 5);
        for (qty, kept) in [(4, true), (4, true), (1, true), (2, false)] {
            let events = m.ok(Command::replace(1, 101, qty));
            assert_eq!(events[0].flags.has(EventFlags::KEPT_PRIORITY), kept, "to {qty}");
            assert_eq!(m.asks_at(101), 5 + qty);
        }
        assert_eq!(m.asks(), [(2, 101, 5), (1, 101, 2)]);
    });
}

#[test]
fn where_every_replace_loses_the_place_less_and_the_same_quantity_lose_it_too() {
    for qty in [4, 5, 6] {
        claim_losing_places(|m| {
            m.sell(1, 101, 5);
            m.sell(2, 101, 5);
            let events = m.ok(Command::replace(1, 101, qty));
            assert_eq!((events[0].kind, events[0].flags), (EventKind::Replaced, EventFlags::NONE));
            assert_eq!(m.asks(), [(2, 101, 5), (1, 101, qty)]);
        });
    }
}

#[test]
fn another_price_goes_to_the_back_of_its_queue_with_any_quantity() {
    claim(|m| {
        m.sell(1, 101, 5);
        m.sell(2, 102, 5);
        m.ok(Command::replace(1, 102, 1));
        assert_eq!(m.asks(), [(2, 102, 5), (1, 102, 1)]);
        m.ok(Command::replace(2, 101, 5));
        m.ok(Command::replace(2, 102, 5));
        assert_eq!(m.asks(), [(1, 102, 1), (2, 102, 5)], "there and back is not the same place");
    });
}

#[test]
fn a_replace_leaves_its_siblings_at_both_prices_alone() {
    for moved in 1..=3 {
        claim(|m| {
            (1..=3).for_each(|id| _ = m.sell(id, 101, 10 + id));
            m.sell(4, 102, 4);
            m.ok(Command::replace(moved, 102, 1));
            let mut left: Vec<_> = (1..=3).filter(|&id| id != moved).map(|id| (id, 101, 10 + id)).collect();
            left.extend([(4, 102, 4), (moved, 102, 1)]);
            assert_eq!(m.asks(), left);
        });
    }
}

#[test]
fn a_crossing_replace_trades_and_its_rest_rests_at_the_new_price() {
    claim(|m| {
        m.sell(1, 101, 2);
        m.sell(2, 103, 2);
        m.buy(3, 99, 5);
        let events = m.ok(Command::replace(3, 102, 6));
        assert_eq!(trades(&events), [(1, 101, 2)]);
        assert_eq!((events[0].kind, events[0].price, events[0].qty), (EventKind::Replaced, 102, 6));
        assert_eq!((m.bids(), m.asks()), (vec![(3, 102, 4)], vec![(2, 103, 2)]), "the book is not crossed");
        assert_eq!(trades(&m.ok(Command::replace(3, 103, 2))), [(2, 103, 2)]);
        assert_eq!((m.bids(), m.asks()), (vec![], vec![]), "filled whole, nothing rests");
        m.refused(Command::cancel(3), Reason::UnknownOrder);
    });
}

#[test]
fn a_replace_exactly_to_the_touch_crosses() {
    claim(|m| {
        m.sell(1, 101, 1);
        m.buy(2, 99, 1);
        assert_eq!(trades(&m.ok(Command::replace(2, 100, 1))), []);
        assert_eq!(trades(&m.ok(Command::replace(2, 101, 1))), [(1, 101, 1)]);
    });
}

#[test]
fn a_post_only_replace_to_the_touch_is_refused_and_the_order_stays_where_it_was() {
    claim(|m| {
        let post_only = |price| Command::replace(2, price, 1).with_flags(CommandFlags::POST_ONLY);
        m.sell(1, 101, 1);
        m.buy(2, 99, 1);
        m.buy(3, 99, 1);
        m.refused(post_only(101), Reason::WouldTrade);
        assert_eq!(m.bids(), [(2, 99, 1), (3, 99, 1)]);
        m.ok(post_only(100));
        assert_eq!(m.bids(), [(2, 100, 1), (3, 99, 1)]);
    });
}

#[test]
fn a_replace_to_no_quantity_removes_at_whatever_price() {
    for price in [101, 99, 500] {
        claim(|m| {
            m.buy(9, 100, 1);
            m.sell(1, 101, 5);
            assert_eq!(ended(&m.ok(Command::replace(1, price, 0))), [(1, 5, Reason::Requested)]);
            assert_eq!((m.bids(), m.asks()), (vec![(9, 100, 1)], vec![]));
        });
    }
}

#[test]
fn the_new_quantity_is_what_is_open_and_not_what_was_ever_ordered() {
    claim(|m| {
        m.sell(1, 101, 10);
        m.sell(2, 101, 1);
        m.buy(3, 101, 6);
        m.ok(Command::replace(1, 101, 4));
        assert_eq!(m.asks(), [(1, 101, 4), (2, 101, 1)], "as many as are open: the place is kept");
        m.ok(Command::replace(1, 101, 5));
        assert_eq!(m.asks(), [(2, 101, 1), (1, 101, 5)], "one more than is open");
    });
}

#[test]
fn a_replace_keeps_what_it_is_told_to_keep() {
    claim(|m| {
        let keep = |price, qty, flags| Command::replace(1, price, qty).with_flags(flags);
        m.sell(1, 101, 5);
        m.sell(2, 101, 5);
        m.ok(keep(i64::MIN, 3, CommandFlags::KEEP_PRICE));
        assert_eq!(m.asks(), [(1, 101, 3), (2, 101, 5)]);
        m.ok(keep(i64::MIN, 0, CommandFlags::KEEP_PRICE | CommandFlags::KEEP_QTY));
        assert_eq!(m.asks(), [(1, 101, 3), (2, 101, 5)]);
        m.ok(keep(102, 0, CommandFlags::KEEP_QTY));
        assert_eq!(m.asks(), [(2, 101, 5), (1, 102, 3)]);
    });
}

#[test]
fn a_replaced_order_keeps_its_owner_and_its_side() {
    claim(|m| {
        m.ok(Command::limit(1, Side::Sell, 101, 5).with_owner(7));
        let events = m.ok(Command::replace(1, 103, 6));
        assert_eq!((events[0].owner, events[0].side), (7, Side::Sell));
        m.refused(Command::cancel(1).with_owner(8), Reason::NotOwner);
        m.ok(Command::cancel(1).with_owner(7));
    });
}
