//! Ids: unique while alive, free after death, and never the way to another order.

use toprung_book::{Command, CommandFlags, Reason, Side};

use crate::mirror::claim;

#[test]
fn a_duplicate_of_a_live_id_is_refused_whatever_it_asks() {
    claim(|m| {
        m.sell(1, 101, 5);
        m.sell(2, 102, 5);
        for side in Side::BOTH {
            m.refused(Command::limit(1, side, 100, 1), Reason::DuplicateId);
            m.refused(Command::limit(2, side, 103, 9), Reason::DuplicateId);
            m.refused(Command::ioc(1, side, 103, 1), Reason::DuplicateId);
            m.refused(Command::fok(1, side, 103, 1), Reason::DuplicateId);
            m.refused(Command::market(1, side, 1), Reason::DuplicateId);
        }
        m.buy(3, 101, 2);
        m.refused(Command::limit(1, Side::Buy, 90, 1), Reason::DuplicateId);
    });
}

#[test]
fn a_dead_order_can_be_neither_cancelled_nor_reduced_nor_replaced() {
    claim(|m| {
        m.sell(1, 101, 5);
        m.buy(2, 101, 5);
        m.ok(Command::ioc(3, Side::Buy, 101, 5));
        m.ok(Command::fok(4, Side::Buy, 101, 5));
        m.ok(Command::market(5, Side::Buy, 5));
        m.sell(6, 101, 5);
        m.ok(Command::cancel(6));
        for id in 1..=7 {
            m.refused(Command::cancel(id), Reason::UnknownOrder);
            m.refused(Command::reduce(id, 1), Reason::UnknownOrder);
            m.refused(Command::reduce(id, 0), Reason::UnknownOrder);
            m.refused(Command::replace(id, 101, 5), Reason::UnknownOrder);
            m.refused(Command::replace(id, 101, 0), Reason::UnknownOrder);
        }
    });
}

#[test]
fn an_id_is_free_again_after_every_kind_of_death() {
    claim(|m| {
        let mut free = |deaths: &[Command]| {
            deaths.iter().for_each(|&cmd| _ = m.ok(cmd));
            assert_eq!((m.bids(), m.asks()), (vec![], vec![]), "after {deaths:?}");
            assert_eq!(m.sell(1, 105, 2), [], "after {deaths:?}");
            m.ok(Command::cancel(1));
        };
        let (sell, buy) = (Command::limit(1, Side::Sell, 101, 5), Command::limit(2, Side::Buy, 101, 5));
        free(&[sell, Command::cancel(1)]);
        free(&[sell, buy]);
        free(&[Command { id: 2, ..sell }, Command { id: 1, ..buy }]);
        free(&[sell, Command::reduce(1, 5)]);
        free(&[sell, Command::replace(1, 101, 0)]);
        free(&[Command::ioc(1, Side::Sell, 101, 5)]);
        free(&[Command::fok(1, Side::Sell, 101, 5)]);
        free(&[Command::market(1, Side::Sell, 5)]);
        free(&[buy, Command { price: 102, ..sell }, Command::replace(1, 101, 5)]);
    });
}

#[test]
fn a_refused_order_does_not_take_its_id() {
    claim(|m| {
        m.buy(1, 100, 1);
        m.refused(Command::limit(2, Side::Sell, 100, 1).with_flags(CommandFlags::POST_ONLY), Reason::WouldTrade);
        m.refused(Command::limit(2, Side::Sell, 100, 0), Reason::ZeroQuantity);
        m.refused(Command::cancel(2), Reason::UnknownOrder);
        assert_eq!(m.sell(2, 101, 1), []);
    });
}

#[test]
fn an_id_used_again_reaches_the_new_order_and_nothing_of_the_old_one() {
    claim(|m| {
        m.ok(Command::limit(1, Side::Sell, 101, 5).with_owner(7));
        m.sell(2, 101, 5);
        m.buy(3, 101, 5);
        m.buy(1, 99, 3);
        m.sell(4, 101, 1);
        m.refused(Command::cancel(1).with_owner(7), Reason::NotOwner);
        m.ok(Command::reduce(1, 1));
        assert_eq!((m.bids(), m.asks()), (vec![(1, 99, 2)], vec![(2, 101, 5), (4, 101, 1)]));
        m.ok(Command::cancel(1));
        assert_eq!((m.bids(), m.asks()), (vec![], vec![(2, 101, 5), (4, 101, 1)]));
        m.refused(Command::cancel(1), Reason::UnknownOrder);
    });
}

#[test]
fn ids_are_told_apart_over_all_of_u64() {
    claim(|m| {
        let ids = [0, u64::MAX, 1 << 32, 1 << 63, u64::from(u32::MAX), (1 << 32) - 2, u64::MAX - 1, 1];
        for id in ids {
            m.sell(id, 101, 1);
        }
        assert_eq!(m.asks(), ids.map(|id| (id, 101, 1)));
        m.refused(Command::cancel(2), Reason::UnknownOrder);
        m.refused(Command::limit(u64::MAX, Side::Sell, 101, 1), Reason::DuplicateId);
        m.ok(Command::cancel(u64::MAX));
        m.ok(Command::reduce(0, 1));
        let left: Vec<_> = ids[2..].iter().map(|&id| (id, 101, 1)).collect();
        assert_eq!(m.asks(), left);
        assert_eq!(m.buy(u64::MAX, 101, 6), left);
    });
}

#[test]
fn ids_that_share_their_low_bits_stay_apart() {
    claim(|m| {
        let id = |i: u64| i << 20;
        for i in 0..200 {
            m.sell(id(i), 101, 1 + i);
        }
        for i in (0..200).step_by(2) {
            m.ok(Command::cancel(id(i)));
        }
        for i in 0..200 {
            if i % 2 == 0 {
                m.refused(Command::cancel(id(i)), Reason::UnknownOrder);
            } else {
                m.refused(Command::limit(id(i), Side::Sell, 101, 1), Reason::DuplicateId);
            }
        }
        assert_eq!(m.asks(), (0..200).filter(|i| i % 2 == 1).map(|i| (id(i), 101, 1 + i)).collect::<Vec<_>>());
    });
}
