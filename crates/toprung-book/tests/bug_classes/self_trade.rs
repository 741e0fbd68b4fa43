//! Self-trade prevention: what each instruction does, in markets that would and markets that could trade.

use toprung_book::{
    BookConfig, Command, Participant, Participants, Policy, Reason, SelfTrade, SelfTradeScope, Side, TimeInForce,
};

use crate::mirror::{claim, claim_with, ended, trades};

const OWN: u32 = 7;
const OTHER: u32 = 8;

fn buy(id: u64, price: i64, qty: u64, mode: SelfTrade) -> Command {
    Command::limit(id, Side::Buy, price, qty).with_owner(OWN).with_self_trade(mode)
}

fn sell(id: u64, price: i64, qty: u64, owner: u32) -> Command {
    Command::limit(id, Side::Sell, price, qty).with_owner(owner)
}

#[test]
fn cancel_resting_takes_own_orders_out_of_the_way() {
    claim(|m| {
        m.ok(sell(1, 101, 5, OWN));
        m.ok(sell(2, 101, 5, OTHER));
        let events = m.ok(buy(3, 101, 8, SelfTrade::CancelResting));
        assert_eq!(trades(&events), [(2, 101, 5)]);
        assert_eq!(ended(&events), [(1, 5, Reason::SelfTrade)]);
        assert_eq!((m.bids(), m.asks()), (vec![(3, 101, 3)], vec![]));
    });
}

#[test]
fn cancel_aggressor_trades_up_to_its_own_order_and_no_further() {
    claim(|m| {
        m.ok(sell(1, 101, 5, OTHER));
        m.ok(sell(2, 101, 5, OWN));
        m.ok(sell(3, 102, 5, OTHER));
        let events = m.ok(buy(4, 102, 12, SelfTrade::CancelAggressor));
        assert_eq!((trades(&events), ended(&events)), (vec![(1, 101, 5)], vec![(4, 7, Reason::SelfTrade)]));
        assert_eq!((m.bids(), m.asks()), (vec![], vec![(2, 101, 5), (3, 102, 5)]));
    });
}

#[test]
fn cancel_both_ends_both() {
    claim(|m| {
        m.ok(sell(1, 101, 5, OWN));
        let events = m.ok(buy(2, 101, 3, SelfTrade::CancelBoth));
        assert_eq!(
            (trades(&events), ended(&events)),
            (vec![], vec![(1, 5, Reason::SelfTrade), (2, 3, Reason::SelfTrade)])
        );
        assert_eq!((m.bids(), m.asks()), (vec![], vec![]));
    });
}

#[test]
fn decrement_takes_the_smaller_from_both_without_a_trade() {
    claim(|m| {
        m.ok(sell(1, 101, 5, OWN));
        let events = m.ok(buy(2, 101, 3, SelfTrade::Decrement));
        assert_eq!((trades(&events), ended(&events)), (vec![], vec![(2, 3, Reason::SelfTrade)]));
        assert_eq!(m.asks(), [(1, 101, 2)]);
        let events = m.ok(buy(2, 101, 6, SelfTrade::Decrement));
        assert_eq!((trades(&events), ended(&events)), (vec![], vec![(1, 2, Reason::SelfTrade)]));
        assert_eq!((m.bids(), m.asks()), (vec![(2, 101, 4)], vec![]));
        m.ok(sell(3, 105, 4, OWN));
        m.ok(buy(4, 105, 4, SelfTrade::Decrement));
        assert_eq!((m.bids(), m.asks()), (vec![(2, 101, 4)], vec![]), "equal ones are both gone");
    });
}

#[test]
fn a_market_that_allocates_cancels_what_could_trade_and_a_fifo_market_what_would() {
    let own_is_last = |policy: Policy, left: &'static [(u64, i64, u64)]| {
        claim_with(&BookConfig { policy, ..BookConfig::default() }, |m| {
            m.ok(sell(1, 101, 50, OTHER));
            m.ok(sell(2, 101, 50, OWN));
            let events = m.ok(buy(3, 101, 10, SelfTrade::CancelResting));
            assert_eq!(trades(&events), [(1, 101, 10)]);
            assert_eq!(m.asks(), left);
        });
    };
    own_is_last(Policy::fifo(), &[(1, 101, 40), (2, 101, 50)]);
    own_is_last(Policy::pro_rata(1), &[(1, 101, 40)]);
}

#[test]
fn the_aggressors_instruction_decides_and_nobody_is_nobodys_own() {
    claim(|m| {
        m.ok(sell(1, 101, 5, OWN).with_self_trade(SelfTrade::CancelResting));
        let events = m.ok(buy(2, 101, 2, SelfTrade::Allow));
        assert_eq!(trades(&events), [(1, 101, 2)]);
        m.ok(sell(3, 101, 5, 0));
        let nobodys = Command::limit(4, Side::Buy, 101, 8).with_self_trade(SelfTrade::CancelAggressor);
        assert_eq!(trades(&m.ok(nobodys)), [(1, 101, 3), (3, 101, 5)]);
    });
}

#[test]
fn firms_prevent_trades_between_their_accounts() {
    let account = |owner| Participant { owner, group: 1, ..Participant::default() };
    let participants = Participants::new(&[account(OWN), account(OTHER)]).expect("valid participants");
    let config = BookConfig { participants, self_trade_scope: SelfTradeScope::Group, ..BookConfig::default() };
    claim_with(&config, |m| {
        m.ok(sell(1, 101, 5, OTHER));
        m.ok(sell(2, 101, 5, 99));
        let events = m.ok(buy(3, 101, 5, SelfTrade::CancelResting));
        assert_eq!((trades(&events), ended(&events)), (vec![(2, 101, 5)], vec![(1, 5, Reason::SelfTrade)]));
    });
}

#[test]
fn fill_or_kill_counts_only_what_it_may_trade_with_and_a_kill_moves_nothing() {
    claim(|m| {
        m.ok(sell(1, 101, 5, OWN));
        m.ok(sell(2, 101, 5, OTHER));
        let fok = |qty, mode| buy(3, 101, qty, mode).with_tif(TimeInForce::Fok);
        for mode in [SelfTrade::CancelAggressor, SelfTrade::CancelBoth, SelfTrade::Decrement] {
            let events = m.ok(fok(2, mode));
            assert_eq!((trades(&events), ended(&events)), (vec![], vec![(3, 2, Reason::FillOrKill)]));
        }
        assert_eq!(ended(&m.ok(fok(6, SelfTrade::CancelResting))), [(3, 6, Reason::FillOrKill)]);
        assert_eq!(m.asks(), [(1, 101, 5), (2, 101, 5)]);
        let events = m.ok(fok(5, SelfTrade::CancelResting));
        assert_eq!((trades(&events), ended(&events)), (vec![(2, 101, 5)], vec![(1, 5, Reason::SelfTrade)]));
    });
}

#[test]
fn a_replace_that_crosses_its_own_order_is_prevented_too() {
    claim(|m| {
        m.ok(sell(1, 101, 5, OWN));
        m.ok(Command::limit(2, Side::Buy, 100, 5).with_owner(OWN));
        let events = m.ok(Command::replace(2, 101, 5).with_self_trade(SelfTrade::CancelAggressor));
        assert_eq!((trades(&events), ended(&events)), (vec![], vec![(2, 5, Reason::SelfTrade)]));
        assert_eq!((m.bids(), m.asks()), (vec![], vec![(1, 101, 5)]));
    });
}
