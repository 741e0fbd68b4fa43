//! A restored book goes on as if it had never been interrupted, and nonsense is not restored.

#[expect(dead_code, reason = "the comparison of books is for another test")]
mod support;

use proptest::collection::vec;
use proptest::prelude::*;
use support::{Prices, command, config};
use toprung_book::{
    Book, BookConfig, BookState, COMMANDS_MAX, Command, Digest, Event, OrderView, Preset, PresetParams, RestoreError,
    Side,
};

fn orders(book: &Book) -> Vec<OrderView> {
    Side::BOTH.into_iter().flat_map(|side| book.orders(side)).collect()
}

/// Interrupts the run after `cut` commands, and compares what follows.
fn goes_on(config: &BookConfig, cmds: &[Command], cut: usize) {
    let (before, after) = cmds.split_at(cut.min(cmds.len()));
    let mut book = Book::new(config.clone());
    book.apply_batch(before, &mut ());
    let mut restored = Book::restore(config.clone(), &book.state(), orders(&book)).expect("a book's state is sound");
    assert_eq!(restored.check_invariants(), Ok(()));
    assert_eq!((restored.state(), orders(&restored)), (book.state(), orders(&book)));
    let (mut got, mut want): (Vec<Event>, Vec<Event>) = (Vec::new(), Vec::new());
    for cmd in after {
        restored.apply(cmd, &mut got);
        book.apply(cmd, &mut want);
        assert_eq!(got, want, "{cmd:?}");
    }
    assert_eq!(restored.check_invariants(), Ok(()));
    assert_eq!((restored.state(), orders(&restored)), (book.state(), orders(&book)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn a_restored_book_gives_the_events_of_an_uninterrupted_one(
        config in config(), cmds in vec(command(Prices::Narrow), 1..200), cut in 0..200usize,
    ) {
        goes_on(&config, &cmds, cut);
    }

    #[test]
    fn also_in_the_far_corners_of_the_price_domain(
        config in config(), cmds in vec(command(Prices::Corners), 1..120), cut in 0..120usize,
    ) {
        goes_on(&config, &cmds, cut);
    }
}

#[test]
fn nonsense_is_refused_with_a_reason() {
    let order = |id, side, price, qty| OrderView { id, side, price, qty, owner: 0 };
    let state = |commands| BookState { commands, digest: Digest::from_u128(7), top: [None; 2] };
    let config = || BookConfig { max_orders: 3, ..BookConfig::default() };
    let refused = |commands, orders: &[OrderView]| {
        Book::restore(config(), &state(commands), orders.iter().copied()).expect_err("nonsense is refused")
    };
    let bid = order(1, Side::Buy, 100, 5);
    assert_eq!(refused(9, &[order(1, Side::Buy, 100, 0)]), RestoreError::ZeroQuantity { id: 1 });
    assert_eq!(refused(9, &[bid, order(1, Side::Sell, 101, 5)]), RestoreError::DuplicateId { id: 1 });
    assert_eq!(refused(9, &[bid, order(2, Side::Buy, 100, u64::MAX)]), RestoreError::QuantityOverflow { id: 2 });
    assert_eq!(refused(9, &[bid, order(2, Side::Sell, 100, 1)]), RestoreError::Crossed { bid: 100, ask: 100 });
    let four: Vec<_> = (0..4).map(|id| order(id, Side::Buy, 1, 1)).collect();
    assert_eq!(refused(9, &four), RestoreError::TooManyOrders { max_orders: 3 });
    for (commands, orders) in [(1, &four[..2]), (COMMANDS_MAX + 1, &four[..1]), (0, &[])] {
        let error = RestoreError::Commands { commands, orders: orders.len() as u64 };
        assert_eq!(refused(commands, orders), error);
    }
    let none = BookState { commands: 1, digest: Digest::EMPTY, top: [None; 2] };
    assert!(Book::restore(config(), &none, []).is_err(), "a command gives an event");
    // Nobody is TOP in a FIFO market, and under a policy with TOP only an order of that side.
    let with_top = |policy: &str, top| {
        let policy = Preset::find(policy).expect("a preset").policy(PresetParams::default()).expect("valid");
        let config = BookConfig { policy, ..BookConfig::default() };
        Book::restore(config, &BookState { top, ..state(9) }, [bid])
    };
    assert_eq!(with_top("fifo", [Some(1), None]).expect_err("no TOP"), RestoreError::Top { id: 1 });
    assert_eq!(with_top("cme.A", [None, Some(1)]).expect_err("a bid"), RestoreError::Top { id: 1 });
    assert!(with_top("cme.A", [Some(1), None]).is_ok());
}
