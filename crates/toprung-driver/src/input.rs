//! What is run: a book of a simulation, or the commands of a journal.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use toprung_book::{Book, BookConfig, Command, Digest};
use toprung_data::journal::read_commands;
use toprung_sim::{Horizon, Observer, SimConfig, apply_observed, observe, scenarios};

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
    /// A scenario that there is not, a journal that cannot be read.
    pub fn open(options: &RecordOptions) -> Result<Input, DriverError> {
        if let Some(dir) = &options.journal {
            let (config, mut commands) = read_commands(dir)?;
            let most = options.events.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
            commands.truncate(most);
            return Ok(Input::Commands { config: Box::new(config.book), commands });
        }
        let mut config = match (&options.config, &options.scenario) {
            (Some(config), _) => config.clone(),
            (None, name) => {
                let name = name.as_deref().unwrap_or_default();
                let names = || scenarios::all().iter().map(|s| s.name).collect::<Vec<_>>().join(", ");
                scenarios::find(name)
                    .map(|s| s.config)
                    .ok_or_else(|| option_error("scenario", format!("one of {}", names()), format!("{name:?}")))?
            }
        };
        if let Some(events) = options.events {
            config.horizon = Horizon::Events(events);
        }
        Ok(Input::Simulation { config: Box::new(config), book: options.book })
    }

    /// Commands that fill the book before what counts.
    pub fn warmup(&self) -> u64 {
        match self {
            Input::Simulation { config, .. } => config.warmup_events,
            Input::Commands { .. } => 0,
        }
    }

    /// Commands to expect.
    pub fn expected_commands(&self) -> u64 {
        match self {
            Input::Simulation { config, .. } => config.expected_events_per_book(),
            Input::Commands { commands, .. } => commands.len() as u64,
        }
    }

    /// Runs it on the calling thread under the eyes of `observer` until its end or until `cancel` is set; gives the digest of
    /// the book's events.
    ///
    /// # Errors
    /// A configuration that breaks a rule.
    pub fn run<O: Observer>(
        &self,
        observer: &mut O,
        cancel: &AtomicBool,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Digest, DriverError> {
        match self {
            Input::Simulation { config, book } => Ok(observe(config, *book, observer, cancel, progress)?.digest),
            Input::Commands { config, commands } => {
                let mut book = Book::new(config.as_ref().clone());
                for chunk in commands.chunks(CHUNK) {
                    if cancel.load(Relaxed) {
                        break;
                    }
                    apply_observed(&mut book, chunk, observer);
                    progress(book.commands());
                }
                Ok(book.digest())
            }
        }
    }
}
