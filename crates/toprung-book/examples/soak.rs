//! The long differential run: random commands over random conventions, fast book against naive book and venue against
//! naive venue, event by event.
//!
//! `npm run soak [-- COMMANDS [SEED]]`, ten million commands by default, half of them over venues. An
//! episode is a book, and venues, with conventions, a price regime and a flow of their own; a difference prints the
//! episode's seed and commands (over a venue the fewest that still show it), and the exit code is 1.
#![expect(clippy::print_stdout, reason = "a command")]

#[path = "../tests/support/draws.rs"]
mod draws;
#[path = "../tests/support/venues.rs"]
mod venues;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use draws::{Random, participants, policy};
use toprung_book::naive::{NaiveBook, RebuiltBook};
use toprung_book::{
    Book, BookConfig, Command, CommandFlags, CommandKind, Event, MatchingBook, ReplacePriority, SelfTradeScope, Side,
    TimeInForce, Venue, VenueCommand,
};
use venues::{Market, compare, listed};

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
        tif: r.pick(&[TimeInForce::Gtc, TimeInForce::Gtc, TimeInForce::Day, TimeInForce::Ioc, TimeInForce::Fok]),
        flags: CommandFlags::from_u8(r.pick(&[0, 0, 0, 1, 2, 4, 6]) | (r.pick(&[0, 0, 1, 2, 3, 4]) << 3))
            .unwrap_or_default(),
    }
}

/// The fewest of these commands that still show a difference: leaves out runs of them, then single ones.
fn shrink(cmds: &[VenueCommand], differs: impl Fn(&[VenueCommand]) -> bool) -> Vec<VenueCommand> {
    let mut left = cmds.to_vec();
    let mut run = left.len() / 2;
    while run > 0 {
        let mut from = 0;
        while from < left.len() {
            let to = left.len().min(from + run);
            let fewer = [&left[..from], &left[to..]].concat();
            if differs(&fewer) {
                left = fewer;
            } else {
                from = to;
            }
        }
        run /= 2;
    }
    left
}

/// Runs one episode: a book, then venues until they have had as many commands.
fn run(seed: u64) -> Result<u64, String> {
    let books = run_book(seed)?;
    let (mut seeds, mut venues) = (Random(!seed), 0);
    while venues < books {
        venues += run_venue(Random(seeds.bits()))?;
    }
    Ok(books + venues)
}

/// Runs a venue; `Err` says where it differs from the naive one.
fn run_venue(mut r: Random) -> Result<u64, String> {
    let market = Market::draw(&mut r);
    let count = r.pick(&[30, 100, 400, 3_000]);
    let cmds: Vec<VenueCommand> = (0..count).map(|index| market.command(&mut r, index)).collect();
    let run = |cmds: &[VenueCommand]| compare(Venue::new(market.config.clone()), &market.config, cmds);
    match run(&cmds) {
        Ok(()) => Ok(count),
        Err(what) => {
            // Told before it is made small, which may take long.
            eprintln!("a difference: {what}");
            let fewest = shrink(&cmds, |fewer| run(fewer).is_err());
            let difference = run(&fewest).err().unwrap_or_default();
            Err(format!("{difference}\n{:#?}\n{}", market.config, listed(&fewest)))
        }
    }
}

/// Runs a book; `Err` says where it differs from the naive one.
fn run_book(seed: u64) -> Result<u64, String> {
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
    // A panic is a difference like any other: it is told with its commands.
    std::panic::set_hook(Box::new(|_| {}));
    let began = Instant::now();
    let (mut done, mut seed) = (0, first);
    let mut told = began;
    while done < wanted {
        // Where it is, so that an episode which does not end can be named.
        if told.elapsed() > Duration::from_secs(5) {
            eprintln!("{done} commands, episode {seed}");
            told = Instant::now();
        }
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
