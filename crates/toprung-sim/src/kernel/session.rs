//! Markets whose `outside` agents are decided by somebody else: [`Session`], which asks in batches and keeps a log.
//!
//! All decisions that fall due before any of them can have an effect are asked for at once, over all books; an agent that
//! has been asked hears nothing until it has answered. So the answers are what they would be one by one, and the log of
//! them replays the run without whoever gave them.

use rayon::prelude::*;
use toprung_book::{Digest, Side};
use toprung_trace::LatencyByKind;

use super::config::MarketConfig;
use super::context::{Context, Decision};
use super::feed::Quote;
use super::markets::MarketResult;
use super::queues::{QueuePosition, QueueRow};
use super::record::Trade;
use super::timed::MarketLatencies;
use super::venue::Recording;
use super::world::{Stop, World};
use crate::error::{ConfigError, SimError};

/// What an outside agent does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A limit order that stays.
    Limit {
        /// Which way.
        side: Side,
        /// In ticks.
        price: i64,
        /// Lots.
        qty: u64,
    },
    /// A limit order that is refused if it would trade on entry.
    Post {
        /// Which way.
        side: Side,
        /// In ticks.
        price: i64,
        /// Lots.
        qty: u64,
    },
    /// A limit order whose rest is cancelled.
    Ioc {
        /// Which way.
        side: Side,
        /// In ticks.
        price: i64,
        /// Lots.
        qty: u64,
    },
    /// A market order.
    Market {
        /// Which way.
        side: Side,
        /// Lots.
        qty: u64,
    },
    /// Takes the agent's resting orders on one side off.
    CancelSide {
        /// Which side.
        side: Side,
    },
    /// Takes all of the agent's resting orders off.
    CancelAll,
}

impl Act {
    pub(crate) fn carry_out(self, ctx: &mut Context<'_>) {
        let venue = ctx.home();
        match self {
            Act::Limit { side, price, qty } => drop(ctx.limit(venue, side, price, qty)),
            Act::Post { side, price, qty } => drop(ctx.post(venue, side, price, qty)),
            Act::Ioc { side, price, qty } => drop(ctx.ioc(venue, side, price, qty)),
            Act::Market { side, qty } => drop(ctx.market(venue, side, qty)),
            Act::CancelSide { side } => ctx.cancel_where(|o| o.side == side),
            Act::CancelAll => ctx.cancel_all(),
        }
    }
}

/// An act and whose it is: the row of the batch that asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionRow {
    /// Row of the batch, from 0.
    pub row: u32,
    /// What is done.
    pub act: Act,
}

/// One batch of answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoggedBatch {
    /// Decisions that were asked for.
    pub rows: u32,
    /// What was answered, by row.
    pub actions: Vec<ActionRow>,
}

/// Messages and calls of one book between two looks at anything else.
const CHUNK: u64 = 8192;

/// Books that a thread takes at a time: few enough to stay in its cache.
const TILE: usize = 8;

/// Many markets with outside agents, on their way.
#[derive(Clone, Debug)]
pub struct Session {
    worlds: Vec<Book>,
    /// The decisions that wait, by book and time, and whose book it is.
    waiting: Vec<(u32, Decision)>,
    /// Answers to decisions that the books have not seen yet, by row.
    answers: Vec<ActionRow>,
    log: Vec<LoggedBatch>,
    rows: u64,
    latencies: MarketLatencies,
}

#[derive(Clone, Debug)]
struct Book {
    done: bool,
    /// Nothing more can be done before the waiting decisions are taken.
    ready: bool,
    /// Where its decisions are in the batch.
    rows: std::ops::Range<u32>,
    world: World,
}

impl Book {
    /// Takes its decisions, if they are answered, and runs on, both while it is in the cache; says whether it is ready.
    fn run(&mut self, answers: &[ActionRow], latencies: &MarketLatencies) -> bool {
        if self.done || self.ready {
            return true;
        }
        if !self.rows.is_empty() {
            let mut row = self.rows.start;
            let mut rest = &answers[answers.partition_point(|a| a.row < row)..];
            self.world.decide(|_, ctx| {
                while let [first, after @ ..] = rest
                    && first.row == row
                {
                    first.act.carry_out(ctx);
                    rest = after;
                }
                row += 1;
            });
            self.rows = 0..0;
        }
        match self.world.advance_timed(self.world.duration_ns, CHUNK, latencies) {
            Stop::Reached => {
                self.world.finish_samples();
                self.done = true;
            }
            Stop::Decisions => self.ready = true,
            Stop::Budget => return false,
        }
        true
    }
}

/// How far a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many decisions wait.
    Decisions(usize),
    /// Not yet: call again.
    Working,
    /// Every book is at its end.
    Done,
}

impl Session {
    /// `books` markets of one configuration at time 0.
    ///
    /// # Errors
    ///
    /// [`SimError::Config`] for the first parameter that breaks a rule.
    pub fn open(config: &MarketConfig, books: u32, recordings: &[Recording]) -> Result<Session, SimError> {
        let worlds = (0..books).map(|book| {
            let world = World::open_on(config, book, recordings)?;
            Ok(Book { done: false, ready: false, rows: 0..0, world })
        });
        Ok(Session {
            worlds: worlds.collect::<Result<_, SimError>>()?,
            waiting: Vec::new(),
            answers: Vec::new(),
            log: Vec::new(),
            rows: 0,
            latencies: MarketLatencies::default(),
        })
    }

    /// Runs every book until decisions wait or its end, but no longer than a moment.
    ///
    /// While decisions wait nothing is run.
    pub fn advance(&mut self) -> Progress {
        if !self.waiting.is_empty() {
            return Progress::Decisions(self.waiting.len());
        }
        let (answers, latencies) = (&self.answers, &self.latencies);
        // Every book runs, ready or not.
        let run =
            |tile: &mut [Book]| tile.iter_mut().map(|book| u32::from(!book.run(answers, latencies))).sum::<u32>() == 0;
        let ready = if self.worlds.len() <= TILE {
            run(&mut self.worlds)
        } else {
            self.worlds.par_chunks_mut(TILE).map(run).reduce(|| true, |a, b| a && b)
        };
        if !ready {
            return Progress::Working;
        }
        for (b, book) in self.worlds.iter_mut().enumerate().filter(|(_, book)| book.ready) {
            let start = self.waiting.len() as u32;
            self.waiting.extend(book.world.decisions().iter().map(|d| (b as u32, *d)));
            book.rows = start..self.waiting.len() as u32;
            book.ready = false;
        }
        self.answers.clear();
        if self.waiting.is_empty() { Progress::Done } else { Progress::Decisions(self.waiting.len()) }
    }

    /// What stopped a book before its time, of several the first.
    pub fn fault(&self) -> Option<&SimError> {
        self.worlds.iter().find_map(|book| book.world.fault())
    }

    /// The waiting decisions with the books' numbers, by book and time.
    pub fn decisions(&self) -> &[(u32, Decision)] {
        &self.waiting
    }

    /// Answers the waiting decisions. Several actions of one row are carried out in their order; a row without one does
    /// nothing.
    ///
    /// # Errors
    ///
    /// A row that there is not; then nothing has happened.
    pub fn act(&mut self, actions: &[ActionRow]) -> Result<(), ConfigError> {
        let rows = self.waiting.len();
        if let Some(k) = actions.iter().position(|a| a.row as usize >= rows) {
            let rule = format!("below {rows}, the number of decisions");
            return Err(ConfigError { path: format!("actions[{k}].row"), rule, got: actions[k].row.to_string() });
        }
        self.answers.extend_from_slice(actions);
        // Most answers come row by row. Stable: what one row does stays in order.
        if !self.answers.is_sorted_by_key(|a| a.row) {
            self.answers.sort_by_key(|a| a.row);
        }
        self.log.push(LoggedBatch { rows: self.waiting.len() as u32, actions: actions.to_vec() });
        self.rows += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }

    /// What was answered so far, batch by batch.
    pub fn log(&self) -> &[LoggedBatch] {
        &self.log
    }

    /// Decisions answered so far.
    pub fn decided(&self) -> u64 {
        self.rows
    }

    /// Every book's digest folded in order.
    pub fn digest(&self) -> Digest {
        let mut digest = Digest::EMPTY;
        self.worlds.iter().for_each(|b| digest.combine(b.world.digest()));
        digest
    }

    /// Time per command so far, over all books, of which one in
    /// [`COMMANDS_PER_TIMED`](super::COMMANDS_PER_TIMED) was timed. Not part of any digest.
    pub fn latency_by_kind(&self) -> LatencyByKind {
        self.latencies.so_far()
    }

    /// Where the agents' resting orders of a book stand in their queues, by venue, best price first.
    pub fn queue_positions(&self, book: usize) -> Vec<QueuePosition> {
        self.worlds.get(book).map_or(Vec::new(), |b| b.world.queue_positions())
    }

    /// The kept market data of a venue of a book, so far.
    pub fn samples(&self, book: usize, venue: usize) -> &[Quote] {
        self.worlds.get(book).and_then(|b| b.world.venues.get(venue)).map_or(&[], |v| &v.samples)
    }

    /// The trades of a venue of a book so far, if they are kept.
    pub fn trades(&self, book: usize, venue: usize) -> &[Trade] {
        let venue = self.worlds.get(book).and_then(|b| b.world.venues.get(venue));
        venue.and_then(|v| v.trades.as_deref()).unwrap_or_default()
    }

    /// Where the agents' orders of a venue of a book stood at every sample so far, if that is kept.
    pub fn queue_history(&self, book: usize, venue: usize) -> &[QueueRow] {
        let venue = self.worlds.get(book).and_then(|b| b.world.venues.get(venue));
        venue.and_then(|v| v.queues.as_ref()).map_or(&[], |q| &q.rows)
    }

    /// What the books have left behind so far.
    pub fn into_results(self) -> Vec<MarketResult> {
        self.worlds.into_iter().map(|b| b.world.into_result()).collect()
    }

    /// The run that the log is of, without whoever gave the answers.
    ///
    /// # Errors
    ///
    /// [`SimError::Config`]: the configuration is none, or the log is of another run.
    pub fn replay(
        config: &MarketConfig,
        books: u32,
        recordings: &[Recording],
        log: &[LoggedBatch],
    ) -> Result<Session, SimError> {
        let mut session = Session::open(config, books, recordings)?;
        let mut batches = log.iter();
        loop {
            match session.advance() {
                Progress::Working => {}
                Progress::Done => return Ok(session),
                Progress::Decisions(rows) => {
                    // A log that ends early is of a run that was stopped there.
                    let Some(batch) = batches.next() else { return Ok(session) };
                    let same = batch.rows as usize == rows;
                    crate::config::check("log", same, format!("of {rows} decisions at this point"), batch.rows)?;
                    session.act(&batch.actions)?;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{FlowConfig, SantaFeConfig};
    use crate::kernel::{AgentConfig, Latency, VenueConfig};

    fn config(orders_ns: u64) -> MarketConfig {
        let flow = FlowConfig::SantaFe(SantaFeConfig::from_scales(300.0, 0.05, 0.2));
        let agent = |name: &str, every: f64| AgentConfig {
            name: name.to_owned(),
            kind: "outside".to_owned(),
            count: 2,
            params: [("everyNs".to_owned(), every), ("onFill".to_owned(), 1.0)].into(),
            orders: Latency::Constant { ns: orders_ns },
            data: Latency::Constant { ns: 100_000 },
            ..AgentConfig::default()
        };
        MarketConfig {
            venues: vec![VenueConfig { flow: Some(flow), ..VenueConfig::default() }],
            agents: vec![agent("a", 3e6), agent("b", 7e6)],
            duration_ns: 500_000_000,
            ..MarketConfig::default()
        }
    }

    /// Quotes around the touch, by what it sees.
    fn answer(row: u32, d: &Decision) -> Vec<ActionRow> {
        let act = |act| ActionRow { row, act };
        let q = &d.quote;
        match (d.account.position, d.time_ns / 1_000_000 % 5) {
            (p, _) if p > 3 => vec![act(Act::CancelAll), act(Act::Market { side: Side::Sell, qty: 2 })],
            (_, 0) => {
                vec![act(Act::CancelSide { side: Side::Buy }), act(Act::Post { side: Side::Buy, price: q.bid, qty: 1 })]
            }
            (_, 1) => vec![act(Act::Limit { side: Side::Sell, price: q.ask, qty: 1 })],
            (_, 2) => vec![act(Act::Ioc { side: Side::Buy, price: q.ask, qty: 1 })],
            _ => vec![],
        }
    }

    fn run(config: &MarketConfig, books: u32) -> (Session, usize) {
        let mut session = Session::open(config, books, &[]).unwrap();
        let mut largest = 0;
        loop {
            match session.advance() {
                Progress::Working => {}
                Progress::Done => return (session, largest),
                Progress::Decisions(n) => {
                    largest = largest.max(n);
                    let actions: Vec<ActionRow> = session
                        .decisions()
                        .iter()
                        .enumerate()
                        .flat_map(|(row, (_, d))| answer(row as u32, d))
                        .collect();
                    session.act(&actions).unwrap();
                }
            }
        }
    }

    /// The same market asked one decision at a time, as the kernel would without batches.
    fn one_by_one(config: &MarketConfig, book: u32) -> Digest {
        let mut world = World::open(config, book).unwrap();
        while world.advance_to_one_decision() {
            world.decide(|d, ctx| answer(0, d).into_iter().for_each(|a| a.act.carry_out(ctx)));
        }
        world.digest()
    }

    #[test]
    fn decisions_asked_for_together_give_what_they_give_one_by_one() {
        for orders_ns in [0, 50_000, 5_000_000] {
            let config = config(orders_ns);
            let (session, largest) = run(&config, 3);
            assert!(session.decided() > 1_500, "{}", session.decided());
            assert!(orders_ns < 5_000_000 || largest == 12, "{largest} in one batch: every agent of every book");
            let mut digest = Digest::EMPTY;
            (0..3).for_each(|book| digest.combine(one_by_one(&config, book)));
            assert_eq!(session.digest(), digest, "orders take {orders_ns} ns");
        }
    }

    #[test]
    fn the_log_replays_the_run_without_whoever_answered() {
        let config = config(50_000);
        let (session, _) = run(&config, 4);
        let again = Session::replay(&config, 4, &[], session.log()).unwrap();
        assert_eq!(again.digest(), session.digest());
        let untouched = Session::replay(&config, 4, &[], &[]).unwrap();
        assert_ne!(untouched.digest(), session.digest());
        let other = MarketConfig { duration_ns: 400_000_000, ..config };
        assert!(Session::replay(&other, 3, &[], session.log()).is_err());
    }

    #[test]
    fn an_action_for_nobody_changes_nothing() {
        let config = config(50_000);
        let mut session = Session::open(&config, 1, &[]).unwrap();
        while session.advance() == Progress::Working {}
        let before = session.digest();
        let act = Act::Market { side: Side::Buy, qty: 1 };
        let error = session.act(&[ActionRow { row: 0, act }, ActionRow { row: 999, act }]).unwrap_err();
        assert_eq!(error.path, "actions[1].row");
        assert_eq!((session.digest(), session.log().len()), (before, 0));
        assert!(matches!(session.advance(), Progress::Decisions(_)));
    }
}
