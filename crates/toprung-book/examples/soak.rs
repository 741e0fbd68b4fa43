//! The long differential run: random commands over random conventions, fast book against naive book, event by event.
//!
//! `npm run soak [-- COMMANDS [SEED]]`, ten million commands by default. An episode is a book with conventions, a price
//! regime and a flow of its own; a difference prints the episode's seed and commands, and the exit code is 1.
#![expect(clippy::print_stdout, reason = "a command")]

use std::process::ExitCode;
use std::time::Instant;

use toprung_book::naive::{NaiveBook, RebuiltBook};
use toprung_book::{
    Book, BookConfig, Command, CommandFlags, CommandKind, Event, MatchingBook, Policy, ReplacePriority, Side,
    TimeInForce,
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

fn episode(r: &mut Random) -> Episode {
    let policies = [Policy::fifo(), Policy::fifo(), Policy::pro_rata(0), Policy::pro_rata(2), Policy::pro_rata(7)];
    let policy = policies[r.below(policies.len() as u64) as usize].clone();
    Episode {
        config: BookConfig {
            policy,
            replace_priority: r.pick(&[ReplacePriority::KeepOnDecrease, ReplacePriority::LoseAlways]),
            max_orders: r.pick(&[BookConfig::DEFAULT_MAX_ORDERS, BookConfig::DEFAULT_MAX_ORDERS, 1, 30]),
            expected_orders: r.pick(&[0, 0, 100]),
        },
        commands: r.pick(&[50, 500, 5_000]),
        ids: r.pick(&[4, 40, 400, 4_000]),
        centre: r.pick(&[0, 10_000, i64::MAX, i64::MIN, 1 << 40]),
        spread: r.pick(&[1, 5, 20, 200, 5_000, 1 << 20, u64::MAX]),
        qty_max: r.pick(&[1, 10, 100, 1 << 40, u64::MAX]),
        owners: r.pick(&[1, 1, 3]),
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
        flags: CommandFlags::from_u8(r.pick(&[0, 0, 0, 1, 2, 4, 6])).unwrap_or_default(),
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
