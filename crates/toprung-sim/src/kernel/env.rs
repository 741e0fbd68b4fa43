//! Many books for learning agents, step by step: [`Env`].
//!
//! Every book has the same market and A `outside` agents of one group, which decide at regular times. A step carries the
//! actions of all of them out, runs every book to its next decision, and gives observations, rewards and ends. A book at
//! its end is reset at once, with the random numbers of its next episode; what it showed last is kept.

use rayon::prelude::*;
use toprung_book::Side;
use toprung_trace::LatencyByKind;

use super::config::MarketConfig;
use super::context::Decision;
use super::latency::Latency;
use super::session::Act;
use super::timed::MarketLatencies;
use super::world::{Stop, World};
use crate::config::{check, integer};
use crate::error::{ConfigError, SimError};

/// Numbers in an observation: bid and ask less the reference price, lots at both, last trade less the mid price, position,
/// resting orders, change of the mid price and lots traded since the last step, and the share of the episode that is left.
pub const OBSERVATION: usize = 10;

/// Numbers in an action: what, ticks from the best price of the side, lots.
pub const ACTION: usize = 3;

/// What an action can be, by its first number.
pub const ACTIONS: [&str; 6] = ["nothing", "bid", "offer", "buy", "sell", "cancel-all"];

/// Books that a thread takes at a time.
const TILE: usize = 8;

/// The books of an environment and what each shows.
#[derive(Debug)]
pub struct Env {
    config: MarketConfig,
    agents: usize,
    /// Position beyond which no further order on that side is valid, lots.
    position_max: i64,
    /// Simulated time before the first decision of an episode, ns.
    warmup_ns: u64,
    books: Vec<EnvBook>,
    /// Views, by book and agent.
    pub observations: Vec<f32>,
    /// Of books that have just ended, what they showed last.
    pub final_observations: Vec<f32>,
    /// Change of what the agent owns at the mid price since the last step, ticks × lots.
    pub rewards: Vec<f32>,
    /// 1 where the episode has just ended, by book.
    pub done: Vec<u8>,
    /// 1 where an action is valid now, by book, agent and kind of action.
    pub mask: Vec<u8>,
    /// Actions so far that were not valid: they were ignored.
    pub invalid: u64,
    latencies: MarketLatencies,
}

#[derive(Debug)]
struct EnvBook {
    world: World,
    seed: u64,
    episode: u32,
    /// Mid price, volume, and by agent what it owned at the last step.
    last_mid: f64,
    last_volume: u64,
    values: Vec<f64>,
    invalid: u64,
}

/// The parts of the views that are one book's.
struct Views<'a> {
    observations: &'a mut [f32],
    finals: &'a mut [f32],
    rewards: &'a mut [f32],
    done: &'a mut [u8],
    mask: &'a mut [u8],
}

impl Env {
    /// `books` books of the market of `config`, whose group `group` decides from outside, at the first decision of their
    /// first episode. An episode lasts as long as the market.
    ///
    /// # Errors
    ///
    /// [`SimError::Config`] for the first parameter that breaks a rule.
    pub fn open(
        config: &MarketConfig,
        group: &str,
        books: u32,
        position_max: i64,
        warmup_ns: u64,
    ) -> Result<Env, SimError> {
        let mut config = config.clone();
        integer("books", books, 1, 1 << 18)?;
        let at = config.agents.iter().position(|a| a.name == group);
        let Some(at) = at else {
            let rule = "the name of a group of agents".to_owned();
            return Err(ConfigError { path: "group".to_owned(), rule, got: format!("{group:?}") }.into());
        };
        for (g, agents) in config.agents.iter().enumerate() {
            let outside = agents.kind == "outside";
            let rule = "`outside` for the group that learns, and for no other";
            check(&format!("agents[{g}].kind"), outside == (g == at), rule, &agents.kind)?;
        }
        check("warmupNs", warmup_ns < config.duration_ns, "less than durationNs", warmup_ns)?;
        let group = &mut config.agents[at];
        group.start_ns = warmup_ns;
        // All agents decide at one time, so nobody's order may take no time at all.
        if group.orders.min_ns() == 0 {
            group.orders = Latency::Constant { ns: 1 };
        }
        let agents = group.count as usize;
        config.validate()?;
        let n = books as usize;
        let worlds = (0..books).map(|b| EnvBook::open(&config, u64::from(b) + config.seed, agents));
        let mut env = Env {
            books: worlds.collect::<Result<_, SimError>>()?,
            config,
            agents,
            position_max,
            warmup_ns,
            observations: vec![0.0; n * agents * OBSERVATION],
            final_observations: vec![0.0; n * agents * OBSERVATION],
            rewards: vec![0.0; n * agents],
            done: vec![0; n],
            mask: vec![0; n * agents * ACTIONS.len()],
            invalid: 0,
            latencies: MarketLatencies::default(),
        };
        let seeds: Vec<u64> = env.books.iter().map(|b| b.seed).collect();
        env.reset(&seeds, &vec![1; n])?;
        Ok(env)
    }

    /// Books.
    pub fn books(&self) -> usize {
        self.books.len()
    }

    /// Agents in each book.
    pub fn agents(&self) -> usize {
        self.agents
    }

    /// Begins the first episode of a seed in every book whose `which` is not 0.
    ///
    /// # Errors
    ///
    /// Lengths that are not the number of books; then nothing has happened.
    pub fn reset(&mut self, seeds: &[u64], which: &[u8]) -> Result<(), ConfigError> {
        let n = self.books.len();
        check("seeds", seeds.len() == n, format!("{n} numbers, one for each book"), seeds.len())?;
        check("which", which.len() == n, format!("{n} bytes, one for each book"), which.len())?;
        let (config, max, agents, latencies) = (&self.config, self.position_max, self.agents, &self.latencies);
        let list = views(
            agents,
            &mut self.observations,
            &mut self.final_observations,
            &mut self.rewards,
            &mut self.done,
            &mut self.mask,
        );
        self.books.par_iter_mut().zip(list).zip(seeds.par_iter().zip(which)).for_each(
            |((book, mut views), (seed, which))| {
                if *which != 0 {
                    (book.seed, book.episode) = (*seed, 0);
                    book.begin(config, latencies);
                    book.show(max, &mut views);
                    views.rewards.fill(0.0);
                    views.done.fill(0);
                }
            },
        );
        Ok(())
    }

    /// Carries out `actions`, by book, agent and [`ACTION`] number, and runs every book to its next decision.
    ///
    /// # Errors
    ///
    /// A length that does not fit: then nothing has happened. [`SimError::EndlessReaction`]: the books cannot go on until they are
    /// reset. Actions that are not valid are ignored and counted.
    pub fn step(&mut self, actions: &[i32]) -> Result<(), SimError> {
        let per_book = self.agents * ACTION;
        let wanted = self.books.len() * per_book;
        check("actions", actions.len() == wanted, format!("{wanted} numbers, {ACTION} for each agent"), actions.len())?;
        let (config, max, agents, latencies) = (&self.config, self.position_max, self.agents, &self.latencies);
        let list = views(
            agents,
            &mut self.observations,
            &mut self.final_observations,
            &mut self.rewards,
            &mut self.done,
            &mut self.mask,
        );
        self.books
            .par_iter_mut()
            .zip(list)
            .zip(actions.par_chunks(per_book))
            .with_min_len(TILE)
            .for_each(|((book, mut views), actions)| book.step(config, max, actions, latencies, &mut views));
        self.invalid = self.books.iter().map(|b| b.invalid).sum();
        self.books.iter().find_map(|book| book.world.fault()).map_or(Ok(()), |fault| Err(fault.clone()))
    }

    /// Simulated time of a book, ns.
    pub fn time_ns(&self, book: usize) -> u64 {
        self.books[book].world.now_ns()
    }

    /// Time per command of all books until now, by kind: one of a book in
    /// [`COMMANDS_PER_TIMED`](super::COMMANDS_PER_TIMED) is timed.
    pub fn latency_by_kind(&self) -> LatencyByKind {
        self.latencies.so_far()
    }

    /// Simulated time before an episode's first decision, ns.
    pub fn warmup_ns(&self) -> u64 {
        self.warmup_ns
    }
}

/// Every book's part of the views.
fn views<'a>(
    agents: usize,
    observations: &'a mut [f32],
    finals: &'a mut [f32],
    rewards: &'a mut [f32],
    done: &'a mut [u8],
    mask: &'a mut [u8],
) -> impl IndexedParallelIterator<Item = Views<'a>> {
    observations
        .par_chunks_mut(agents * OBSERVATION)
        .zip(finals.par_chunks_mut(agents * OBSERVATION))
        .zip(rewards.par_chunks_mut(agents))
        .zip(done.par_chunks_mut(1))
        .zip(mask.par_chunks_mut(agents * ACTIONS.len()))
        .map(|((((observations, finals), rewards), done), mask)| Views { observations, finals, rewards, done, mask })
}

impl EnvBook {
    fn open(config: &MarketConfig, seed: u64, agents: usize) -> Result<EnvBook, SimError> {
        let world = World::open(&MarketConfig { seed, ..config.clone() }, 0)?;
        Ok(EnvBook { world, seed, episode: 0, last_mid: 0.0, last_volume: 0, values: vec![0.0; agents], invalid: 0 })
    }

    /// A new world, run to its first decision. Episodes of a seed are its books 0, 1, …
    fn begin(&mut self, config: &MarketConfig, latencies: &MarketLatencies) {
        let config = MarketConfig { seed: self.seed, ..config.clone() };
        self.world = World::open(&config, self.episode).expect("Invariant: the configuration was checked");
        self.run(latencies);
        self.values.fill(0.0);
        let quote = self.world.decisions().first().map(|d| d.quote);
        (self.last_mid, self.last_volume) = quote.map_or((0.0, 0), |q| (q.mid(), q.volume));
    }

    /// Runs to the next decision; says whether there is one.
    #[inline]
    fn run(&mut self, latencies: &MarketLatencies) -> bool {
        loop {
            match self.world.advance_timed(self.world.duration_ns, u64::MAX, latencies) {
                Stop::Decisions => return true,
                Stop::Reached => return false,
                Stop::Budget => {}
            }
        }
    }

    fn step(
        &mut self,
        config: &MarketConfig,
        max: i64,
        actions: &[i32],
        latencies: &MarketLatencies,
        views: &mut Views<'_>,
    ) {
        let kinds = ACTIONS.len();
        let (mut k, mut invalid) = (0, 0);
        let mask = &*views.mask;
        self.world.decide(|decision, ctx| {
            let action = &actions[k * ACTION..(k + 1) * ACTION];
            let valid = usize::try_from(action[0]).is_ok_and(|kind| kind < kinds && mask[k * kinds + kind] == 1);
            match act_of(action, decision).filter(|_| valid) {
                Some(act) => act.carry_out(ctx),
                None => invalid += u64::from(action[0] != 0),
            }
            k += 1;
        });
        self.invalid += invalid;
        if self.run(latencies) {
            views.done[0] = 0;
            self.reward(views);
            self.show(max, views);
        } else if self.world.fault().is_none() {
            // What is owned at the end counts at the last mid price, and the next episode begins.
            views.done[0] = 1;
            views.finals.copy_from_slice(views.observations);
            let mid = self.world.venues[0].feed.now.mid();
            for (k, reward) in views.rewards.iter_mut().enumerate() {
                *reward = (self.world.outside_account(k).value(mid) - self.values[k]) as f32;
            }
            self.episode += 1;
            self.begin(config, latencies);
            self.show(max, views);
        }
    }

    fn reward(&mut self, views: &mut Views<'_>) {
        for (k, d) in self.world.decisions().iter().enumerate() {
            let value = d.account.value(d.quote.mid());
            views.rewards[k] = (value - self.values[k]) as f32;
            self.values[k] = value;
        }
    }

    fn show(&mut self, max: i64, views: &mut Views<'_>) {
        let duration = self.world.duration_ns as f64;
        let reference = self.world.reference();
        let decisions = self.world.decisions();
        for (k, d) in decisions.iter().enumerate() {
            let Decision { time_ns, quote: q, account, open_orders, .. } = d;
            let row: [f64; OBSERVATION] = [
                (q.bid - reference) as f64,
                (q.ask - reference) as f64,
                q.bid_qty as f64,
                q.ask_qty as f64,
                q.last_price as f64 - q.mid(),
                account.position as f64,
                f64::from(*open_orders),
                q.mid() - self.last_mid,
                (q.volume - self.last_volume) as f64,
                1.0 - *time_ns as f64 / duration,
            ];
            for (to, from) in views.observations[k * OBSERVATION..].iter_mut().zip(row) {
                *to = from as f32;
            }
            let (can_buy, can_sell) = (account.position < max, account.position > -max);
            let valid =
                [true, can_buy, can_sell, can_buy && q.ask_qty > 0, can_sell && q.bid_qty > 0, *open_orders > 0];
            for (to, from) in views.mask[k * ACTIONS.len()..].iter_mut().zip(valid) {
                *to = from.into();
            }
        }
        if let Some(d) = decisions.first() {
            (self.last_mid, self.last_volume) = (d.quote.mid(), d.quote.volume);
        }
    }
}

/// What an action means at a decision: `None` if it is none.
fn act_of(action: &[i32], d: &Decision) -> Option<Act> {
    let (offset, qty) = (i64::from(action[1]), u64::try_from(action[2]).ok()?);
    let order = qty > 0 && offset.abs() <= 1 << 20;
    match action[0] {
        1 if order => Some(Act::Limit { side: Side::Buy, price: d.quote.bid - offset, qty }),
        2 if order => Some(Act::Limit { side: Side::Sell, price: d.quote.ask + offset, qty }),
        3 if order => Some(Act::Market { side: Side::Buy, qty }),
        4 if order => Some(Act::Market { side: Side::Sell, qty }),
        5 => Some(Act::CancelAll),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use toprung_book::CommandKind;

    use super::*;
    use crate::flow::{FlowConfig, SantaFeConfig};
    use crate::kernel::{AgentConfig, VenueConfig};

    fn config(agents: u32) -> MarketConfig {
        let flow = FlowConfig::SantaFe(SantaFeConfig::from_scales(300.0, 0.1, 0.5));
        let learner = AgentConfig {
            name: "learner".to_owned(),
            kind: "outside".to_owned(),
            count: agents,
            params: [("everyNs".to_owned(), 1e6)].into(),
            ..AgentConfig::default()
        };
        MarketConfig {
            venues: vec![VenueConfig { flow: Some(flow), ..VenueConfig::default() }],
            agents: vec![learner],
            duration_ns: 150_000_000,
            ..MarketConfig::default()
        }
    }

    fn env(books: u32, agents: u32) -> Env {
        Env::open(&config(agents), "learner", books, 5, 50_000_000).unwrap()
    }

    /// A policy of the step and the book, valid or not.
    fn actions(env: &Env, step: usize) -> Vec<i32> {
        (0..env.books() * env.agents())
            .flat_map(|k| [((k + step) % 6) as i32, ((k * 7 + step) % 3) as i32, 1])
            .collect()
    }

    #[test]
    fn a_book_shows_the_same_among_any_number_of_books_and_threads() {
        let play = |books: u32, threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let mut e = env(books, 2);
                let mut seen = Vec::new();
                for step in 0..300 {
                    let actions: Vec<i32> = (0..books as usize).flat_map(|_| [step % 6, 0, 1, 3, 0, 1]).collect();
                    e.step(&actions).unwrap();
                    let n = 2 * OBSERVATION;
                    seen.push((
                        e.observations[n..2 * n].to_vec(),
                        e.rewards[2..4].to_vec(),
                        e.done[1],
                        e.mask[12..24].to_vec(),
                    ));
                }
                seen
            })
        };
        let one = play(2, 1);
        assert!(one == play(2, 3) && one == play(9, 2));
        // Episodes of 100 steps, so that there were two ends.
        assert_eq!(one.iter().filter(|s| s.2 == 1).count(), 2);
    }

    #[test]
    fn rewards_add_up_to_what_is_owned_and_ends_reset() {
        let mut e = env(4, 1);
        let mut sums = [0.0; 4];
        for step in 0.. {
            let a = actions(&e, step);
            e.step(&a).unwrap();
            (0..4).for_each(|b| sums[b] += f64::from(e.rewards[b]));
            if e.done[0] == 1 {
                break;
            }
            let now: Vec<f64> = e.books.iter().map(|b| b.values[0]).collect();
            (0..4).for_each(|b| assert!((now[b] - sums[b]).abs() < 0.01 + 1e-4 * now[b].abs(), "{now:?} {sums:?}"));
        }
        assert!(e.done.iter().all(|d| *d == 1), "equal episodes end together");
        assert!(e.final_observations.iter().any(|v| *v != 0.0));
        assert!(e.invalid > 0, "a policy that ignores the mask");
        let timed = e.latency_by_kind();
        assert!(timed.of(CommandKind::Limit as usize).is_some_and(|h| h.count() > 0), "one in so many is timed");
        // The new episode begins behind its warm-up with nothing owned.
        assert!(e.books.iter().all(|b| b.world.decisions()[0].account.position == 0 && b.episode == 1));
        assert!((0..4).all(|b| e.time_ns(b) >= e.warmup_ns()));
    }

    #[test]
    fn a_partial_reset_leaves_the_others_alone() {
        let mut e = env(3, 1);
        let a = actions(&e, 1);
        e.step(&a).unwrap();
        let before = e.observations.clone();
        e.reset(&[7, 7, 7], &[0, 1, 0]).unwrap();
        assert_eq!((&before[..10], &before[20..]), (&e.observations[..10], &e.observations[20..]));
        assert_ne!(before[10..20], e.observations[10..20]);
        e.reset(&[7, 7, 7], &[1, 0, 1]).unwrap();
        assert_eq!(e.observations[..10], e.observations[10..20]);
    }

    #[test]
    fn masked_actions_do_nothing_and_are_counted() {
        let mut e = env(1, 1);
        assert_eq!(e.mask, [1, 1, 1, 1, 1, 0]);
        for _ in 0..10 {
            e.step(&[3, 0, 1]).unwrap();
        }
        // Five lots is the most; the last orders may be under way when the mask is drawn.
        assert!((5..=6).contains(&e.books[0].world.decisions()[0].account.position));
        let invalid = e.invalid;
        assert!(invalid >= 4, "{invalid}");
        e.step(&[99, 0, 1]).unwrap();
        e.step(&[1, 0, -5]).unwrap();
        assert_eq!(e.invalid, invalid + 2);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut e = env(2, 1);
        assert!(matches!(e.step(&[0; 5]), Err(SimError::Config(c)) if c.path == "actions"));
        assert_eq!(e.reset(&[1], &[1, 1]).unwrap_err().path, "seeds");
        let path = |r: Result<Env, SimError>| match r {
            Err(SimError::Config(e)) => e.path,
            other => format!("{other:?}"),
        };
        assert_eq!(path(Env::open(&config(1), "nobody", 1, 1, 0)), "group");
        assert_eq!(path(Env::open(&config(1), "learner", 0, 1, 0)), "books");
        assert_eq!(path(Env::open(&config(1), "learner", 1, 1, u64::MAX)), "warmupNs");
        let mut other = config(1);
        other.agents[0].kind = "noise".to_owned();
        other.agents[0].params.clear();
        assert_eq!(path(Env::open(&other, "learner", 1, 1, 0)), "agents[0].kind");
    }
}
