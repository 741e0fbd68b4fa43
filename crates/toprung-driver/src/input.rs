//! What is run: a book of a simulation, a market of agents, or the commands of a journal or of a recorded day.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use toprung_book::{Book, BookConfig, Command, Digest};
use toprung_data::journal::read_commands;
use toprung_data::{ReplayOptions, record_day, replay_book_config};
use toprung_sim::{
    Horizon, MarketConfig, Observer, SimConfig, apply_observed, catalogue, observe, observe_market, scenarios,
};

use crate::error::{DriverError, option_error};
use crate::options::RecordOptions;

/// Commands of a journal between two looks at the cancel flag.
const CHUNK: usize = 8192;

/// An input that can be run as often as one likes, with the same commands and events each time.
#[derive(Clone, Debug)]
pub enum Input {
    /// One book of a simulation.
    Simulation {
        /// Of all the books.
        config: Box<SimConfig>,
        /// Which, from 0.
        book: u32,
    },
    /// One market of agents.
    Market {
        /// Of all the markets of a seed.
        config: Box<MarketConfig>,
        /// Which, from 0.
        book: u32,
        /// Most commands, of all its venues together.
        commands_max: u64,
    },
    /// Recorded commands.
    Commands {
        /// What the book is built with.
        config: Box<BookConfig>,
        /// The commands.
        commands: Vec<Command>,
    },
}

impl Input {
    /// What the options ask for.
    ///
    /// # Errors
    /// A scenario that there is not, a journal or a day that cannot be read.
    pub fn open(options: &RecordOptions) -> Result<Input, DriverError> {
        let most = options.events.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
        if let Some(dir) = &options.journal {
            let (config, mut commands) = read_commands(dir)?;
            commands.truncate(most);
            return Ok(Input::Commands { config: Box::new(config.book), commands });
        }
        if let Some(file) = &options.day {
            let day = record_day(file, &ReplayOptions::default(), &AtomicBool::new(false), |_, _| {})?;
            let commands = day.commands.into_iter().map(|(_, cmd)| cmd).take(most).collect();
            return Ok(Input::Commands { config: Box::new(replay_book_config()), commands });
        }
        let mut input = match (&options.config, &options.market, &options.scenario) {
            (Some(config), _, _) => Input::of_simulation(config.clone(), options),
            (_, Some(market), _) => Input::of_market(market.clone(), options),
            (_, _, name) => Input::of_scenario(name.as_deref().unwrap_or_default(), options)?,
        };
        if let Some(seed) = options.seed {
            match &mut input {
                Input::Simulation { config, .. } => config.seed = seed,
                Input::Market { config, .. } => config.seed = seed,
                Input::Commands { .. } => {}
            }
        }
        Ok(input)
    }

    /// The scenario of this name: one of a flow, or the treatment of one of the catalogue.
    fn of_scenario(name: &str, options: &RecordOptions) -> Result<Input, DriverError> {
        if let Some(scenario) = scenarios::find(name) {
            return Ok(Input::of_simulation(scenario.config, options));
        }
        if let Some(scenario) = catalogue::find(name) {
            return Ok(Input::of_market(scenario.market, options));
        }
        let mut names: Vec<String> = scenarios::all().iter().map(|s| s.name.to_owned()).collect();
        names.extend(catalogue::all().into_iter().map(|s| s.name).filter(|name| scenarios::find(name).is_none()));
        Err(option_error("scenario", format!("one of {}", names.join(", ")), format!("{name:?}")))
    }

    fn of_simulation(mut config: SimConfig, options: &RecordOptions) -> Input {
        if let Some(events) = options.events {
            config.horizon = Horizon::Events(events);
        }
        Input::Simulation { config: Box::new(config), book: options.book }
    }

    fn of_market(config: MarketConfig, options: &RecordOptions) -> Input {
        let commands_max = options.events.unwrap_or(u64::MAX);
        Input::Market { config: Box::new(config), book: options.book, commands_max }
    }

    /// Commands that fill the book before what counts.
    pub fn warmup(&self) -> u64 {
        match self {
            Input::Simulation { config, .. } => config.warmup_events,
            Input::Market { .. } | Input::Commands { .. } => 0,
        }
    }

    /// Runs it on the calling thread under the eyes of `observer` until its end or until `cancel` is set; gives the digest of
    /// the book's events. `progress` is given commands done and commands to expect, which of a market is a guess by its time.
    ///
    /// # Errors
    /// A configuration that breaks a rule.
    pub fn run<O: Observer>(
        &self,
        observer: &mut O,
        cancel: &AtomicBool,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Digest, DriverError> {
        match self {
            Input::Simulation { config, book } => {
                let expected = config.expected_events_per_book();
                Ok(observe(config, *book, observer, cancel, &mut |done| progress(done, expected))?.digest)
            }
            Input::Market { config, book, commands_max } => {
                let mut tell = |done: u64, now_ns: u64| {
                    let in_all = u128::from(done) * u128::from(config.duration_ns) / u128::from(now_ns.max(1));
                    progress(done, u64::try_from(in_all).unwrap_or(u64::MAX).clamp(done, *commands_max));
                };
                Ok(observe_market(config, *book, *commands_max, observer, cancel, &mut tell)?)
            }
            Input::Commands { config, commands } => {
                let mut book = Book::new(config.as_ref().clone());
                for chunk in commands.chunks(CHUNK) {
                    if cancel.load(Relaxed) {
                        break;
                    }
                    apply_observed(&mut book, chunk, observer);
                    progress(book.commands(), commands.len() as u64);
                }
                Ok(book.digest())
            }
        }
    }
}
