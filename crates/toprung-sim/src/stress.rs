//! What strains the engine rather than a market: each with what must come of it. `npm run stress` runs them at length.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use toprung_book::{
    Book, BookConfig, Command, CommandFlags, CommandKind, CountingSink, Digest, Event, EventKind, Phase, Side,
    TimeInForce,
};

use crate::config::{Horizon, SampleSettings, SimConfig};
use crate::flow::{FlowConfig, SantaFeConfig};
use crate::kernel::{AgentConfig, MarketConfig, PhaseChange, SessionRules, VenueConfig, World};
use crate::random::{Source, StreamKey, Xoshiro256pp, below};
use crate::run::simulate;

/// A strain.
pub struct Stress {
    /// What it is called.
    pub name: &'static str,
    /// What it does, and what must hold.
    pub title: &'static str,
    run: fn(u64) -> Result<Outcome, String>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Commands, or messages, that were carried out.
    pub commands: u64,
    /// Digest of all events.
    pub digest: Digest,
}

impl Stress {
    /// Carries it out at a size: about so many commands.
    ///
    /// # Errors
    ///
    /// What does not hold.
    pub fn run(&self, size: u64) -> Result<Outcome, String> {
        (self.run)(size.max(1000))
    }
}

/// Every one of them.
pub const ALL: [Stress; 7] = [
    Stress {
        name: "million-orders-one-level",
        title: "Orders at one price, every third of them cancelled, then swept: filled in the order of their entry, none left.",
        run: one_level,
    },
    Stress {
        name: "cancel-storm",
        title: "Of a hundred commands 99 are cancels, most of orders that are not there: those change nothing.",
        run: cancel_storm,
    },
    Stress {
        name: "price-walk-off-window",
        title: "The market walks away over the whole range of prices: the best prices are where they were put.",
        run: price_walk,
    },
    Stress {
        name: "10^5-books",
        title: "A hundred thousand books: one digest on one thread and on three.",
        run: many_books,
    },
    Stress {
        name: "halt-and-resume",
        title: "A venue is halted, interrupted and opened again all the time: nothing trades in between, no crossed book is left.",
        run: halts,
    },
    Stress {
        name: "malformed-actions",
        title: "Commands of random bits: refused or carried out, and the book is sound after each.",
        run: malformed,
    },
    Stress {
        name: "clock-ties",
        title: "All messages at one instant: one digest however the run is cut up.",
        run: ties,
    },
];

fn holds(what: bool, rule: impl FnOnce() -> String) -> Result<(), String> {
    if what { Ok(()) } else { Err(rule()) }
}

fn book(orders: u64) -> Book {
    let mut book =
        Book::new(BookConfig { max_orders: u32::try_from(orders).unwrap_or(u32::MAX), ..BookConfig::default() });
    book.reserve(orders as usize);
    book
}

fn draws(name: &str) -> Xoshiro256pp {
    StreamKey::new(1, name).generator(0, 0)
}

fn one_level(size: u64) -> Result<Outcome, String> {
    let mut book = book(size);
    let mut none = CountingSink::default();
    for id in 1..=size {
        book.apply(&Command::limit(id, Side::Sell, 1_000, 2), &mut none);
    }
    (1..=size).step_by(3).for_each(|id| book.apply(&Command::cancel(id), &mut none));
    book.check_invariants()?;
    let left = size - size.div_ceil(3);
    let mut events: Vec<Event> = Vec::new();
    book.apply(&Command::market(size + 1, Side::Buy, 2 * left + 5), &mut events);
    let makers: Vec<u64> = events.iter().filter(|e| e.kind == EventKind::Trade).map(|e| e.maker()).collect();
    holds(makers.len() as u64 == left, || format!("{} fills of {left} orders", makers.len()))?;
    holds(makers.windows(2).all(|w| w[0] < w[1]), || "an order was filled before an earlier one".to_owned())?;
    holds(book.order_count() == 0, || format!("{} orders are left", book.order_count()))?;
    Ok(Outcome { commands: book.commands(), digest: book.digest() })
}

fn cancel_storm(size: u64) -> Result<Outcome, String> {
    let mut book = book(1_000);
    let mut none = CountingSink::default();
    let mut rng = draws("cancel-storm");
    for round in 0..size / 100 {
        let id = 1 + round;
        book.apply(&Command::limit(id, Side::Buy, 1_000 - below(&mut rng, 50) as i64, 1), &mut none);
        let before = book.order_count();
        for _ in 0..98 {
            book.apply(&Command::cancel(id + 1 + below(&mut rng, 1 << 40)), &mut none);
        }
        holds(book.order_count() == before, || format!("round {round}: a cancel of nothing took an order"))?;
        // An order lives for a hundred rounds.
        book.apply(&Command::cancel(id.saturating_sub(100).max(1)), &mut none);
        holds(book.order_count() <= 100, || format!("round {round}: {} orders rest", book.order_count()))?;
    }
    book.check_invariants()?;
    Ok(Outcome { commands: book.commands(), digest: book.digest() })
}

fn price_walk(size: u64) -> Result<Outcome, String> {
    let mut book = book(1_000);
    let mut none = CountingSink::default();
    let mut rng = draws("price-walk");
    let (mut mid, mut up) = (0_i64, true);
    for step in 0..size / 4 {
        // From ticks to most of the range of 64 bits.
        let width = below(&mut rng, 60);
        let stride = below(&mut rng, 1 << width) as i64;
        if mid.checked_add(if up { stride } else { -stride }).is_none_or(|next| next.unsigned_abs() >= 1 << 62) {
            up = !up;
        } else {
            mid += if up { stride } else { -stride };
        }
        let id = 2 * step + 1;
        book.apply(&Command::cancel(id.saturating_sub(2)), &mut none);
        book.apply(&Command::cancel(id.saturating_sub(1)), &mut none);
        book.apply(&Command::limit(id, Side::Buy, mid - 1, 1), &mut none);
        book.apply(&Command::limit(id + 1, Side::Sell, mid + 1, 1), &mut none);
        let best = Side::BOTH.map(|side| book.best(side).map(|level| level.price));
        holds(best == [Some(mid - 1), Some(mid + 1)], || format!("step {step}: {best:?} about {mid}"))?;
        holds(book.order_count() == 2, || format!("step {step}: {} orders", book.order_count()))?;
    }
    book.check_invariants()?;
    Ok(Outcome { commands: book.commands(), digest: book.digest() })
}

fn many_books(size: u64) -> Result<Outcome, String> {
    let config = SimConfig {
        books: u32::try_from(size / 40).unwrap_or(u32::MAX).clamp(8, 100_000),
        horizon: Horizon::Events(40),
        warmup_events: 0,
        samples: SampleSettings { books: 0, ..SampleSettings::default() },
        ..SimConfig::default()
    };
    let on = |threads: u32| {
        let config = SimConfig { threads, ..config.clone() };
        simulate(&config, &AtomicBool::new(false), &|_| {}).map_err(|e| e.to_string())
    };
    let (one, three) = (on(1)?, on(3)?);
    holds(one.digest == three.digest, || "one thread and three differ".to_owned())?;
    Ok(Outcome { commands: 2 * 40 * u64::from(config.books), digest: one.digest })
}

fn halts(size: u64) -> Result<Outcome, String> {
    const STEP: u64 = 100_000_000;
    let flow = SantaFeConfig { reference_price: 10_000, ..SantaFeConfig::from_scales(100.0, 0.05, 0.2) };
    let seconds = (size / 5_000).max(2);
    let phases = [Phase::Halt, Phase::Continuous, Phase::VolatilityInterruption, Phase::Continuous];
    let change = |k: u64| PhaseChange { at_ns: (k + 1) * STEP, phase: phases[(k % 4) as usize] };
    let sessions = SessionRules { schedule: (0..10 * seconds).map(change).collect(), ..SessionRules::default() };
    let venue =
        VenueConfig { flow: Some(FlowConfig::SantaFe(flow)), sessions: Some(sessions), ..VenueConfig::default() };
    let noise = AgentConfig {
        name: "noise".to_owned(),
        kind: "noise".to_owned(),
        count: 50,
        params: [("ratePerSecond".to_owned(), 10.0)].into(),
        ..AgentConfig::default()
    };
    let config = MarketConfig {
        venues: vec![venue],
        agents: vec![noise],
        duration_ns: seconds * 10 * STEP,
        keep_trades: true,
        ..MarketConfig::default()
    };
    let mut world = World::open(&config, 0).map_err(|e| e.to_string())?;
    world.run();
    let venue = &world.venues[0];
    venue.market.book.book().check_invariants()?;
    let result = world.into_result();
    let venue = &result.venues[0];
    let open = |ns: u64| ns < STEP || (ns / STEP - 1) % 2 == 1 || ns.is_multiple_of(STEP);
    let early = venue.trades.iter().find(|t| !open(t.time_ns));
    holds(early.is_none(), || format!("a trade while trading was halted: {early:?}"))?;
    let wrong = venue.sessions.auctions.iter().find(|a| !a.is_right());
    holds(wrong.is_none(), || format!("an auction is wrong: {wrong:?}"))?;
    holds(!venue.trades.is_empty() && !venue.sessions.auctions.is_empty(), || "nothing traded".to_owned())?;
    Ok(Outcome { commands: venue.counts.messages, digest: result.digest })
}

fn malformed(size: u64) -> Result<Outcome, String> {
    let mut book = book(4_096);
    let mut none = CountingSink::default();
    let mut rng = draws("malformed");
    let extreme = |rng: &mut Xoshiro256pp| {
        let bits = rng.next_u64();
        match below(rng, 4) {
            0 => bits,
            1 => bits >> 62,
            2 => bits >> 54,
            _ => [0, 1, u64::MAX, i64::MAX as u64, i64::MIN as u64][(bits % 5) as usize],
        }
    };
    for k in 0..size {
        let kinds =
            [CommandKind::Limit, CommandKind::Market, CommandKind::Cancel, CommandKind::Reduce, CommandKind::Replace];
        let price = extreme(&mut rng) as i64;
        let (id, qty) = (extreme(&mut rng), extreme(&mut rng));
        let side = Side::BOTH[below(&mut rng, 2) as usize];
        let cmd = Command {
            kind: kinds[below(&mut rng, 5) as usize],
            flags: CommandFlags::from_u8(rng.next_u64() as u8).unwrap_or(CommandFlags::NONE),
            tif: TimeInForce::from_u8(below(&mut rng, 7) as u8).unwrap_or(TimeInForce::Gtc),
            owner: rng.next_u64() as u32,
            ..Command::limit(id, side, price, qty)
        };
        book.apply(&cmd, &mut none);
        let best = Side::BOTH.map(|side| book.best(side).map(|level| level.price));
        if let [Some(bid), Some(ask)] = best {
            holds(bid < ask, || format!("crossed after command {k}: {bid} against {ask}"))?;
        }
        if k % 1024 == 0 {
            book.check_invariants()?;
        }
    }
    book.check_invariants()?;
    Ok(Outcome { commands: book.commands(), digest: book.digest() })
}

fn ties(size: u64) -> Result<Outcome, String> {
    let mut rng = draws("ties");
    let at_once = 1_000_000;
    let row = |id: u64| {
        let side = Side::BOTH[below(&mut rng, 2) as usize];
        (at_once, Command::limit(id, side, 990 + below(&mut rng, 21) as i64, 1 + below(&mut rng, 9)))
    };
    let recording: Arc<[(u64, Command)]> = (1..=size).map(row).collect();
    let agent = AgentConfig {
        name: "late".to_owned(),
        kind: "impulse".to_owned(),
        count: 100,
        start_ns: at_once,
        params: [("lots".to_owned(), 3.0)].into(),
        ..AgentConfig::default()
    };
    let venue = VenueConfig { reference_price: 1_000, ..VenueConfig::default() };
    let config = MarketConfig {
        venues: vec![venue],
        agents: vec![agent],
        duration_ns: 2 * at_once,
        fair_ties: true,
        ..MarketConfig::default()
    };
    let run = |budget: u64| -> Result<World, String> {
        let mut world = World::open_on(&config, 0, &[Arc::clone(&recording)]).map_err(|e| e.to_string())?;
        while !world.run_some(budget) {}
        Ok(world)
    };
    let (whole, parts) = (run(u64::MAX)?, run(7)?);
    holds(whole.digest() == parts.digest(), || "cut up it gives another digest".to_owned())?;
    let messages = whole.venues[0].counts.messages;
    holds(messages == size + 100, || format!("{messages} messages of {}", size + 100))?;
    Ok(Outcome { commands: 2 * messages, digest: whole.digest() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_strain_is_borne_and_the_same_twice() {
        for stress in &ALL {
            let run = || stress.run(20_000).unwrap_or_else(|e| panic!("{}: {e}", stress.name));
            let outcome = run();
            assert!(outcome.commands >= 1_000, "{}: {outcome:?}", stress.name);
            assert_eq!(outcome, run(), "{}", stress.name);
        }
    }
}
