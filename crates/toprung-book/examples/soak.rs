//! The long differential run: random commands over random conventions, fast book against naive book, event by event.
//!
//! `npm run soak [-- COMMANDS [SEED]]`, ten million commands by default. An episode is a book with conventions, a price
//! regime and a flow of its own; a difference prints the episode's seed and commands, and the exit code is 1.
#![expect(clippy::print_stdout, reason = "a command")]

use std::process::ExitCode;
use std::time::Instant;

use toprung_book::naive::{NaiveBook, RebuiltBook};
use toprung_book::{
    Book, BookConfig, Class, Command, CommandFlags, CommandKind, Event, LevelingOrder, MatchingBook, Participant,
    Participants, Policy, Preset, PresetParams, ReplacePriority, Rounding, SelfTradeScope, Side, Step, TimeInForce,
    Within,
};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }
}

/// What one episode is like.
struct Episode {
    config: BookConfig,
    commands: u64,
    ids: u64,
    centre: i64,
    spread: u64,
    qty_max: u64,
    owners: u64,
    odd: u64,
}

/// Half the time price-time priority, otherwise an exchange's policy or any steps in any order.
fn policy(r: &mut Random) -> Policy {
    let params = PresetParams {
        top_min_qty: r.pick(&[0, 1, 50]),
        top_max_qty: r.pick(&[1, 20, u64::MAX]),
        min_lot: r.pick(&[None, Some(0), Some(2), Some(9)]),
        fifo_percent: r.below(101) as u8,
        split_rounding: r.pick(&[Rounding::Floor, Rounding::Nearest]),
    };
    let built = match r.below(4) {
        0 | 1 => Ok(Policy::fifo()),
        2 => r.pick(&Preset::ALL).policy(params),
        _ => {
            let mut steps: Vec<Step> = (0..r.below(5)).map(|_| step(r)).collect();
            steps.push(Step::Fifo);
            Policy::new(&steps)
        }
    };
    built.expect("parameters are drawn from their ranges")
}

fn step(r: &mut Random) -> Step {
    let roundings = [Rounding::Floor, Rounding::Nearest, Rounding::CeilFromLargest, Rounding::LargestRemainder];
    let within = r.pick(&[Within::Fifo, Within::ProRata]);
    let percents = [r.below(101) as u8, r.below(101) as u8, r.below(101) as u8];
    match r.below(10) {
        0 => Step::ProRata { min_lot: r.below(9), rounding: r.pick(&roundings), board_lot: r.pick(&[1, 1, 7, 100]) },
        1 => Step::Top { min_qty: r.below(30), max_qty: r.pick(&[1, 20, u64::MAX]), percent: 1 + r.below(100) as u8 },
        2 => Step::Lmm { min_lot: r.below(2) },
        3 => Step::Split { fifo_percent: percents[0], rounding: r.pick(&roundings[..2]) },
        4 => Step::TimeProRata { k: 1 + r.below(16) as u8, until_exhausted: r.below(2) == 0 },
        5 => Step::Parity { equal_percent: percents[0] },
        6 => Step::Leveling { order: r.pick(&[LevelingOrder::Size, LevelingOrder::Time]) },
        7 => Step::PriorityClass { class: r.pick(&CLASSES), within },
        8 => Step::Entitlement { percent_by_others: percents, floor_at_pro_rata: r.below(2) == 0 },
        _ => Step::GroupFifo,
    }
}

const CLASSES: [Class; 3] = [Class::Customer, Class::MarketMaker, Class::Other];

fn participants(r: &mut Random, owners: u64) -> Participants {
    let participant = |owner| Participant {
        owner,
        class: r.pick(&CLASSES),
        lmm_percent: r.pick(&[0, 0, 10]),
        entitled: r.below(3) == 0,
        group: r.below(3) as u32,
    };
    let list: Vec<Participant> = (1..owners as u32).map(participant).collect();
    Participants::new(&list).expect("seven makers of ten percent are at most seventy")
}

fn episode(r: &mut Random) -> Episode {
    let owners = r.pick(&[1, 1, 3, 8]);
    Episode {
        config: BookConfig {
            policy: policy(r),
            participants: participants(r, owners),
            self_trade_scope: r.pick(&[SelfTradeScope::Owner, SelfTradeScope::Group]),
            replace_priority: r.pick(&[ReplacePriority::KeepOnDecrease, ReplacePriority::LoseAlways]),
            max_orders: r.pick(&[BookConfig::DEFAULT_MAX_ORDERS, BookConfig::DEFAULT_MAX_ORDERS, 1, 30]),
            expected_orders: r.pick(&[0, 0, 100]),
        },
        commands: r.pick(&[50, 500, 5_000]),
        ids: r.pick(&[4, 40, 400, 4_000]),
        centre: r.pick(&[0, 10_000, i64::MAX, i64::MIN, 1 << 40]),
        spread: r.pick(&[1, 5, 20, 200, 5_000, 1 << 20, u64::MAX]),
        qty_max: r.pick(&[1, 10, 100, 1 << 40, u64::MAX]),
        owners,
        odd: r.pick(&[0, 2, 10]),
    }
}

fn command(r: &mut Random, e: &Episode) -> Command {
    let odd = r.below(100) < e.odd;
    let away = r.below(e.spread) as i64;
    let price = match r.bits() & 1 {
        0 => e.centre.wrapping_add(away),
        _ => e.centre.wrapping_sub(away),
    };
    let kinds = [
        CommandKind::Limit,
        CommandKind::Limit,
        CommandKind::Limit,
        CommandKind::Cancel,
        CommandKind::Reduce,
        CommandKind::Replace,
        CommandKind::Replace,
        CommandKind::Market,
    ];
    Command {
        id: r.below(e.ids),
        price: if odd { r.bits() as i64 } else { price },
        qty: if odd { r.pick(&[0, 1, u64::MAX]) } else { 1 + r.below(e.qty_max) },
        owner: r.below(e.owners) as u32,
        kind: r.pick(&kinds),
        side: r.pick(&Side::BOTH),
        tif: r.pick(&[TimeInForce::Gtc, TimeInForce::Gtc, TimeInForce::Gtc, TimeInForce::Ioc, TimeInForce::Fok]),
        flags: CommandFlags::from_u8(r.pick(&[0, 0, 0, 1, 2, 4, 6]) | (r.pick(&[0, 0, 1, 2, 3, 4]) << 3))
            .unwrap_or_default(),
    }
}

/// Runs one episode; `Err` says where the books differ.
fn run(seed: u64) -> Result<u64, String> {
    let mut r = Random(seed);
    let e = episode(&mut r);
    let (mut fast, mut naive) = (Book::new(e.config.clone()), NaiveBook::new(e.config.clone()));
    let mut rebuilt = RebuiltBook::default();
    let (mut got, mut want): (Vec<Event>, Vec<Event>) = (Vec::new(), Vec::new());
    for i in 0..e.commands {
        let cmd = command(&mut r, &e);
        got.clear();
        want.clear();
        fast.apply(&cmd, &mut (&mut got, &mut rebuilt));
        naive.apply(&cmd, &mut want);
        if got != want {
            return Err(format!("command {i} {cmd:?}\n  fast  {got:?}\n  naive {want:?}"));
        }
        if i % 512 == 0 || i + 1 == e.commands {
            fast.check_invariants().map_err(|broken| format!("after command {i} {cmd:?}: {broken}"))?;
            for side in Side::BOTH {
                if fast.queue(side) != naive.queue(side) || rebuilt.queue(side) != naive.queue(side) {
                    return Err(format!("the {side:?} queues differ after command {i}"));
                }
            }
        }
    }
    if fast.digest() != naive.digest() { Err("the digests differ".to_owned()) } else { Ok(e.commands) }
}

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1).map(|a| a.parse::<u64>());
    let (Ok(wanted), Ok(first)) = (args.next().unwrap_or(Ok(10_000_000)), args.next().unwrap_or(Ok(1))) else {
        eprintln!("usage: soak [COMMANDS [SEED]]");
        return ExitCode::from(2);
    };
    let began = Instant::now();
    let (mut done, mut seed) = (0, first);
    while done < wanted {
        match run(seed) {
            Ok(commands) => done += commands,
            Err(difference) => {
                println!("DIFFERENCE in episode {seed}: {difference}\nagain: npm run soak -- 1 {seed}");
                return ExitCode::FAILURE;
            }
        }
        seed += 1;
    }
    let (episodes, seconds) = (seed - first, began.elapsed().as_secs_f64());
    println!("{done} commands in {episodes} episodes from seed {first}: no difference ({seconds:.1} s)");
    ExitCode::SUCCESS
}
