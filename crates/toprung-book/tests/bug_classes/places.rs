//! Places in the queue, and levels that come and go: cancels, reductions and partial fills.

use toprung_book::{Command, Reason, Side};

use crate::mirror::{claim, ended};

#[test]
fn a_partially_filled_maker_keeps_its_place() {
    claim(|m| {
        m.sell(1, 101, 5);
        m.sell(2, 101, 5);
        assert_eq!(m.buy(3, 101, 2), [(1, 101, 2)]);
        assert_eq!(m.asks(), [(1, 101, 3), (2, 101, 5)]);
        assert_eq!(m.buy(4, 101, 4), [(1, 101, 3), (2, 101, 1)]);
        assert_eq!(m.asks(), [(2, 101, 4)]);
    });
}

#[test]
fn cancelling_the_head_the_middle_or_the_tail_leaves_the_others_in_order() {
    for (cancelled, left) in [(1, [2, 3, 4]), (2, [1, 3, 4]), (3, [1, 2, 4]), (4, [1, 2, 3])] {
        claim(|m| {
            (1..=4).for_each(|id| _ = m.sell(id, 101, id));
            m.ok(Command::cancel(cancelled));
            assert_eq!(m.asks(), left.map(|id| (id, 101, id)));
            assert_eq!(m.best_ask(), Some((101, 10 - cancelled, 3)));
            assert_eq!(m.buy(9, 101, 10 - cancelled), left.map(|id| (id, 101, id)));
            assert_eq!(m.asks(), []);
        });
    }
}

#[test]
fn an_order_that_joins_after_a_cancel_joins_at_the_back() {
    claim(|m| {
        (1..=3).for_each(|id| _ = m.sell(id, 101, 1));
        m.ok(Command::cancel(1));
        m.sell(4, 101, 1);
        m.ok(Command::cancel(3));
        m.sell(1, 101, 1);
        assert_eq!(m.asks(), [(2, 101, 1), (4, 101, 1), (1, 101, 1)]);
    });
}

#[test]
fn the_best_price_falls_back_however_the_top_level_empties() {
    let ways = [Command::cancel(1), Command::reduce(1, 5), Command::replace(1, 107, 5), Command::replace(1, 101, 0)];
    for way in ways {
        claim(|m| {
            m.sell(1, 101, 5);
            m.sell(2, 105, 7);
            m.ok(way);
            assert_eq!((m.best_ask(), m.asks_at(101)), (Some((105, 7, 1)), 0), "{way:?}");
            assert_eq!(m.buy(3, 104, 1), [], "nothing is left to trade with at 101 after {way:?}");
            assert_eq!(m.buy(4, 105, 1), [(2, 105, 1)]);
        });
    }
    claim(|m| {
        m.sell(1, 101, 5);
        m.sell(2, 105, 7);
        m.buy(3, 101, 5);
        assert_eq!(m.best_ask(), Some((105, 7, 1)));
        m.ok(Command::cancel(2));
        assert_eq!(m.best_ask(), None);
        m.sell(4, 103, 1);
        m.sell(5, 101, 2);
        assert_eq!(m.best_ask(), Some((101, 2, 1)), "an emptied level is used again");
    });
}

#[test]
fn a_level_far_behind_the_touch_can_be_emptied_without_moving_the_best() {
    claim(|m| {
        m.sell(1, 101, 1);
        m.sell(2, 5_000_000, 1);
        m.sell(3, 200, 1);
        m.ok(Command::cancel(2));
        m.ok(Command::cancel(3));
        assert_eq!((m.best_ask(), m.asks()), (Some((101, 1, 1)), vec![(1, 101, 1)]));
    });
}

#[test]
fn a_reduction_keeps_the_place_down_to_the_last_lot_and_removes_at_all_or_more() {
    claim(|m| {
        m.sell(1, 101, 5);
        m.sell(2, 101, 5);
        m.refused(Command::reduce(1, 0), Reason::ZeroQuantity);
        let events = m.ok(Command::reduce(1, 4));
        assert_eq!((events[0].qty, events[0].other), (1, 4));
        assert_eq!((m.asks(), m.asks_at(101)), (vec![(1, 101, 1), (2, 101, 5)], 6));
        assert_eq!(ended(&m.ok(Command::reduce(1, 1))), [(1, 1, Reason::Requested)]);
        assert_eq!(ended(&m.ok(Command::reduce(2, u64::MAX))), [(2, 5, Reason::Requested)]);
        assert_eq!(m.asks(), []);
    });
}

#[test]
fn only_its_owner_or_nobody_changes_an_order() {
    claim(|m| {
        m.ok(Command::limit(1, Side::Sell, 101, 5).with_owner(7));
        for cmd in [Command::cancel(1), Command::reduce(1, 1), Command::replace(1, 101, 1), Command::replace(1, 99, 9)]
        {
            m.refused(cmd.with_owner(8), Reason::NotOwner);
        }
        m.ok(Command::reduce(1, 1).with_owner(7));
        m.ok(Command::reduce(1, 1));
        m.sell(2, 101, 1);
        m.refused(Command::cancel(2).with_owner(7), Reason::NotOwner);
        m.ok(Command::cancel(1).with_owner(7));
        assert_eq!(m.asks(), [(2, 101, 1)]);
    });
}
