//! A flow whose every command is a function of its number, so that any part of it can be made anew.

use std::fmt::Debug;

use toprung_book::{
    Book, BookConfig, Command, MarketRemainder, Options, OrderType, OrderView, Participant, Participants, Peg, Phase,
    Policy, Preset, PresetParams, ReplacePriority, Scheduled, SelfTrade, Side, StopTrigger, TimeInForce, Venue,
    VenueAction, VenueCommand, VenueConfig, VenueState,
};
use toprung_data::journal::{ConfigOf, Engine, JournalConfig, VenueJournalConfig};

/// A flow of commands for what can be journalled.
pub(crate) trait Flow: Engine {
    type State: Clone + Debug + PartialEq;

    /// Commands `from..to` of the flow `seed`.
    fn flow(seed: u64, from: u64, to: u64) -> Vec<Self::Command>;
    /// The configuration of flow `seed`.
    fn flow_config(seed: u64) -> ConfigOf<Self::Config>;
    /// Everything that two of a kind must agree on.
    fn flow_state(&self) -> Self::State;
    /// Whether it is consistent.
    fn check(&self) -> Result<(), String>;
}

impl Flow for Book {
    type State = (u64, String, Vec<OrderView>);

    fn flow(seed: u64, from: u64, to: u64) -> Vec<Command> {
        commands(seed, from, to)
    }

    fn flow_config(seed: u64) -> JournalConfig {
        config(seed)
    }

    fn flow_state(&self) -> Self::State {
        state(self)
    }

    fn check(&self) -> Result<(), String> {
        self.check_invariants()
    }
}

impl Flow for Venue {
    type State = VenueState;

    fn flow(seed: u64, from: u64, to: u64) -> Vec<VenueCommand> {
        (from..to).map(|n| venue_command(seed, n)).collect()
    }

    fn flow_config(seed: u64) -> VenueJournalConfig {
        let JournalConfig { instrument, book } = config(seed);
        let book = VenueConfig {
            book,
            market_remainder: [MarketRemainder::Cancel, MarketRemainder::Rest][(seed / 2 % 2) as usize],
            stop_trigger: [StopTrigger::LastTrade, StopTrigger::BestOpposite][(seed / 4 % 2) as usize],
            reference: Some(1_005),
            breaker: (seed % 5 == 3).then_some(4),
            interruption: 100,
            count_fills: seed.is_multiple_of(2),
            schedule: vec![
                Scheduled { at: 5_000, phase: Phase::Halt },
                Scheduled { at: 5_100, phase: Phase::Continuous },
            ],
            ..VenueConfig::default()
        };
        VenueJournalConfig { instrument, book }
    }

    fn flow_state(&self) -> VenueState {
        self.state()
    }

    fn check(&self) -> Result<(), String> {
        self.check_invariants()
    }
}

/// Scrambles a number (the finaliser of SplitMix64).
fn scramble(n: u64) -> u64 {
    let mut x = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Numbers below a bound, drawn for command `n` of the flow `seed`.
fn draws(seed: u64, n: u64) -> impl FnMut(u64) -> u64 {
    let mut bits = scramble(scramble(seed) ^ n);
    move |below| {
        let drawn = bits % below;
        bits = scramble(bits);
        drawn
    }
}

/// Command `n` of the flow `seed` of a venue: every type of order among plain ones, sessions and auctions.
fn venue_command(seed: u64, n: u64) -> VenueCommand {
    let mut draw = draws(!seed, n);
    let (side, price, qty) = (Side::BOTH[draw(2) as usize], 1_000 + draw(12) as i64, 1 + draw(50));
    let (stop_price, link) = (1_000 + draw(12) as i64, n.saturating_sub(1 + draw(20)));
    let enter = |order_type| VenueCommand::enter(order_type, n, side, price, qty).owned_by(n as u32 % 3);
    let request = |action, qty| VenueCommand::request(action, price, qty);
    let good_till = |cmd: VenueCommand| VenueCommand {
        order: cmd.order.with_tif(TimeInForce::Gtd),
        expire_at: (n + 40) * 10,
        ..cmd
    };
    match draw(32) {
        0 => enter(OrderType::Stop).with_stop_price(stop_price),
        1 => good_till(enter(OrderType::StopLimit).with_stop_price(stop_price)),
        2 => VenueCommand { offset: 2, ..enter(OrderType::TrailingStop) },
        3 => good_till(VenueCommand { offset: 1, peg: Peg::Primary, ..enter(OrderType::Pegged) }),
        4 => VenueCommand { display_qty: qty.div_ceil(4), ..enter(OrderType::Limit) },
        5 => enter(OrderType::Limit).with_options(Options::HIDDEN),
        6 => enter(OrderType::Market),
        7 => VenueCommand { link, ..enter(OrderType::Limit) }.with_options(Options::ONE_CANCELS_OTHER),
        8 => VenueCommand { parent: link, ..enter(OrderType::Limit) }.with_options(Options::ONE_TRIGGERS_OTHER),
        9 => request(VenueAction::Advance, n * 10),
        10 if draw(8) == 0 => request(VenueAction::SetPhase, Phase::PreOpen as u64),
        10 => request(VenueAction::SetPhase, Phase::Continuous as u64),
        11 if draw(4) == 0 => request(VenueAction::MassCancel, 0).owned_by(draw(3) as u32),
        11 => request(VenueAction::Block, 0).owned_by(2),
        12 => request(VenueAction::Unblock, 0).owned_by(2),
        _ => command(seed, n).into(),
    }
}

/// Command `n` of the flow `seed`.
pub(crate) fn command(seed: u64, n: u64) -> Command {
    let mut draw = draws(seed, n);
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
