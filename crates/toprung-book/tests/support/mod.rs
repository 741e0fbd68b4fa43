//! What the property tests share: strategies for commands, and the comparison of the books.

use proptest::prelude::*;
use toprung_book::naive::{NaiveBook, RebuiltBook};
use toprung_book::{
    Book, BookConfig, Class, Command, CommandFlags, CommandKind, Event, MatchingBook, Participant, Participants,
    Policy, Preset, PresetParams, ReplacePriority, SelfTradeScope, Side, TimeInForce,
};

/// Where prices come from: a few levels, a wide range, far corners, or all of `i64`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Prices {
    Narrow,
    Wide,
    Corners,
    Any,
}

fn price(prices: Prices) -> BoxedStrategy<i64> {
    let corner = prop_oneof![
        Just(i64::MIN),
        Just(i64::MAX),
        Just(0i64),
        Just(1i64 << 40),
        Just(-(1i64 << 40)),
        Just(262_144i64),
        Just(-262_145i64),
    ];
    match prices {
        Prices::Narrow => (95..=105i64).boxed(),
        Prices::Wide => (-200_000..200_000i64).boxed(),
        Prices::Corners => (corner, -70..70i64).prop_map(|(p, d)| p.saturating_add(d)).boxed(),
        Prices::Any => any::<i64>().boxed(),
    }
}

fn qty() -> impl Strategy<Value = u64> {
    prop_oneof![
        20 => 1..=100u64,
        2 => Just(0u64),
        1 => Just(u64::MAX),
        1 => any::<u64>(),
    ]
}

/// One command over few ids, so that ids are reused, unknown and duplicated.
pub(crate) fn command(prices: Prices) -> impl Strategy<Value = Command> {
    let kind = prop_oneof![
        8 => Just(CommandKind::Limit),
        1 => Just(CommandKind::Market),
        4 => Just(CommandKind::Cancel),
        2 => Just(CommandKind::Reduce),
        4 => Just(CommandKind::Replace),
    ];
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let tif = prop_oneof![6 => Just(TimeInForce::Gtc), 1 => Just(TimeInForce::Ioc), 1 => Just(TimeInForce::Fok)];
    let flags = prop_oneof![5 => Just(0u8), 1 => 0..8u8, 3 => 0..40u8];
    let owner = prop_oneof![3 => Just(0u32), 1 => 1..=2u32];
    (0..48u64, price(prices), qty(), owner, kind, side, tif, flags).prop_map(
        |(id, price, qty, owner, kind, side, tif, flags)| Command {
            id,
            price,
            qty,
            owner,
            kind,
            side,
            tif,
            flags: CommandFlags::from_u8(flags).expect("the strategy draws known bits"),
        },
    )
}

/// Two owners as the strategies draw them: a lead market maker and a customer.
fn participants() -> Participants {
    let maker = Participant { owner: 1, class: Class::MarketMaker, lmm_percent: 40, entitled: true, group: 7 };
    let customer = Participant { owner: 2, class: Class::Customer, group: 7, ..Participant::default() };
    Participants::new(&[maker, customer]).expect("forty percent is less than a hundred")
}

/// Every convention a book can be built with.
pub(crate) fn config() -> impl Strategy<Value = BookConfig> {
    let preset = |i: usize| Preset::ALL[i].policy(PresetParams::default()).expect("the usual parameters are valid");
    let policy = prop_oneof![
        2 => Just(Policy::fifo()),
        1 => (0..4u64).prop_map(Policy::pro_rata),
        2 => (0..Preset::ALL.len()).prop_map(preset),
    ];
    let replace = prop_oneof![Just(ReplacePriority::KeepOnDecrease), Just(ReplacePriority::LoseAlways)];
    let max_orders = prop_oneof![4 => Just(BookConfig::DEFAULT_MAX_ORDERS), 1 => 1..20u32];
    let scope = prop_oneof![Just(SelfTradeScope::Owner), Just(SelfTradeScope::Group)];
    (policy, replace, max_orders, scope).prop_map(|(policy, replace_priority, max_orders, self_trade_scope)| {
        BookConfig {
            policy,
            participants: participants(),
            self_trade_scope,
            replace_priority,
            max_orders,
            expected_orders: 0,
        }
    })
}

/// Runs `cmds` over the fast book, the naive book and a book rebuilt from events, and compares everything after each.
pub(crate) fn compare(config: &BookConfig, cmds: &[Command]) {
    let mut fast = Book::new(config.clone());
    let mut naive = NaiveBook::new(config.clone());
    let mut rebuilt = RebuiltBook::default();
    for (i, cmd) in cmds.iter().enumerate() {
        let (mut got, mut want): (Vec<Event>, Vec<Event>) = (Vec::new(), Vec::new());
        fast.apply(cmd, &mut (&mut got, &mut rebuilt));
        naive.apply(cmd, &mut want);
        assert_eq!(got, want, "events of command {i}: {cmd:?}");
        for side in Side::BOTH {
            assert_eq!(fast.levels(side, usize::MAX), naive.levels(side, usize::MAX), "levels after {i}: {cmd:?}");
            assert_eq!(fast.queue(side), naive.queue(side), "queue after {i}: {cmd:?}");
            assert_eq!(rebuilt.levels(side), naive.levels(side, usize::MAX), "rebuilt levels after {i}: {cmd:?}");
            assert_eq!(rebuilt.queue(side), naive.queue(side), "rebuilt queue after {i}: {cmd:?}");
            assert_eq!(fast.best(side), naive.levels(side, 1).first().copied());
        }
        assert_eq!(MatchingBook::order(&fast, cmd.id), naive.order(cmd.id));
        assert_eq!(fast.check_invariants(), Ok(()), "after {i}: {cmd:?}");
    }
    assert_eq!(fast.digest(), naive.digest());
    assert_eq!(fast.order_count(), naive.order_count());
    let mut batched = Book::new(config.clone());
    batched.apply_batch(cmds, &mut ());
    assert_eq!(batched.digest(), fast.digest(), "a batch is its commands one by one");
}
