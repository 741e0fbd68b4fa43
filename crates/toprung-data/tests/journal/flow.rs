//! A flow whose every command is a function of its number, so that any part of it can be made anew.

use toprung_book::{
    Book, BookConfig, Command, OrderView, Participant, Participants, Policy, Preset, PresetParams, ReplacePriority,
    SelfTrade, Side, TimeInForce,
};
use toprung_data::journal::JournalConfig;

/// Scrambles a number (the finaliser of SplitMix64).
fn scramble(n: u64) -> u64 {
    let mut x = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Command `n` of the flow `seed`.
pub(crate) fn command(seed: u64, n: u64) -> Command {
    let mut bits = scramble(scramble(seed) ^ n);
    let mut draw = |below: u64| {
        let drawn = bits % below;
        bits = scramble(bits);
        drawn
    };
    let (side, owner) = (Side::BOTH[draw(2) as usize], draw(3) as u32);
    let (price, qty) = (1_000 + draw(12) as i64, 1 + draw(50));
    let earlier = n.saturating_sub(1 + draw(300));
    match draw(20) {
        0..=8 => Command::limit(n, side, price, qty).with_owner(owner),
        9 => Command::limit(n, side, price, qty).with_owner(owner).with_self_trade(SelfTrade::Decrement),
        10 => Command::market(n, side, qty).with_owner(owner),
        11 => Command::limit(n, side, price, qty).with_tif(TimeInForce::Ioc),
        12 => Command::limit(n, side, price, qty).with_tif(TimeInForce::Fok),
        13..=15 => Command::cancel(earlier),
        16 => Command::reduce(earlier, qty / 3),
        _ => Command::replace(earlier, price, qty),
    }
}

/// Commands `from..to` of the flow `seed`.
pub(crate) fn commands(seed: u64, from: u64, to: u64) -> Vec<Command> {
    (from..to).map(|n| command(seed, n)).collect()
}

/// A number from 1 to `most` that depends on `n` alone: the size of the batch that begins there.
pub(crate) fn batch(n: u64, most: u64) -> u64 {
    1 + scramble(n ^ 77) % most
}

/// The configuration of flow `seed`: policies with and without TOP, both replace rules, and a book that can be full.
pub(crate) fn config(seed: u64) -> JournalConfig {
    let preset = |name| Preset::find(name).unwrap().policy(PresetParams::default()).unwrap();
    let policy = match seed % 4 {
        0 => Policy::fifo(),
        1 => Policy::pro_rata(1),
        2 => preset("cme.K"),
        _ => preset("cme.A"),
    };
    let maker = Participant { owner: 1, lmm_percent: 20, ..Participant::default() };
    let replace_priority =
        if seed.is_multiple_of(3) { ReplacePriority::LoseAlways } else { ReplacePriority::KeepOnDecrease };
    let participants = Participants::new(&[maker]).unwrap();
    let book = BookConfig { policy, participants, replace_priority, max_orders: 2_000, ..BookConfig::default() };
    JournalConfig { instrument: format!("flow {seed}"), book }
}

/// Everything that two books must agree on.
pub(crate) fn state(book: &Book) -> (u64, String, Vec<OrderView>) {
    let orders = Side::BOTH.into_iter().flat_map(|side| book.orders(side)).collect();
    (book.commands(), book.digest().to_string(), orders)
}
