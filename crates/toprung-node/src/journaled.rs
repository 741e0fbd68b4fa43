//! A book or a venue that may be journalled: what every class over one does with its journal.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use toprung_book::EventSink;
use toprung_data::journal::{ConfigOf, Durability, Engine, JournalError, JournalOptions, Journaled};

use crate::error::{Code, Result, error};

/// Where the engine of a class lives.
pub(crate) enum Slot<E: Engine> {
    /// By itself.
    Plain(E),
    /// Behind a journal.
    Journaled(Box<Journaled<E>>),
}

/// A journal as TypeScript asks for it; zod has checked it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Settings {
    dir: PathBuf,
    instrument: String,
    /// Whether an existing journal is recovered and gone on with, or a new one begun.
    resume: bool,
    durability: DurabilitySettings,
    segment_bytes: u64,
    digest_every: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum DurabilitySettings {
    OsCache,
    Group,
    EveryBatch,
}

impl<E: Engine> Slot<E> {
    /// An engine with the conventions `config`, behind the journal that `journal` describes as JSON, if there is one.
    pub(crate) fn new(config: E::Config, journal: Option<&str>) -> Result<Slot<E>> {
        let Some(json) = journal else { return Ok(Slot::Plain(E::empty(config))) };
        let settings: Settings = serde_json::from_str(json)
            .map_err(|e| error(Code::Config, format!("expected a journal's settings as JSON, got an error: {e}")))?;
        let Settings { dir, instrument, resume, durability, segment_bytes, digest_every } = settings;
        let durability = match durability {
            DurabilitySettings::OsCache => Durability::OsCache,
            DurabilitySettings::Group => Durability::Group { commands: 1 << 16, interval: Duration::from_millis(10) },
            DurabilitySettings::EveryBatch => Durability::EveryBatch,
        };
        let options = JournalOptions { durability, segment_bytes, digest_every };
        let config = ConfigOf { instrument, book: config };
        let journaled = if resume {
            Journaled::open(&dir, &config, &options).map(|(journaled, _)| journaled)
        } else {
            Journaled::create(&dir, &config, &options)
        };
        Ok(Slot::Journaled(Box::new(journaled.map_err(journal_error)?)))
    }

    /// The engine.
    #[inline]
    pub(crate) fn get(&self) -> &E {
        match self {
            Slot::Plain(engine) => engine,
            Slot::Journaled(journaled) => journaled.book(),
        }
    }

    /// Writes a batch to the journal, if there is one, then carries it out.
    #[inline]
    pub(crate) fn apply<S: EventSink>(&mut self, cmds: &[E::Command], sink: &mut S) -> Result<()> {
        match self {
            Slot::Plain(engine) => {
                engine.carry_out(cmds, sink);
                Ok(())
            }
            _ => self.journaled()?.apply_batch(cmds, sink).map_err(journal_error),
        }
    }

    /// The journal.
    fn journaled(&mut self) -> Result<&mut Journaled<E>> {
        match self {
            Slot::Journaled(journaled) => Ok(journaled),
            Slot::Plain(_) => {
                let (option, expected, got) = ("journal", "a journal", "none".to_owned());
                Err(journal_error(JournalError::Option { option, expected, got }))
            }
        }
    }

    /// Commands that a machine going down now does not take.
    pub(crate) fn durable(&mut self) -> Result<f64> {
        Ok(self.journaled()?.durable() as f64)
    }

    /// Waits until everything carried out is durable.
    pub(crate) fn flush(&mut self) -> Result<()> {
        self.journaled()?.flush().map_err(journal_error)
    }

    /// Writes a snapshot; gives the file.
    pub(crate) fn snapshot(&mut self) -> Result<String> {
        let file = self.journaled()?.snapshot().map_err(journal_error)?;
        Ok(text(&file))
    }

    /// Makes everything durable and frees the journal.
    pub(crate) fn close(&mut self) -> Result<()> {
        self.journaled()?.finish().map_err(journal_error)
    }
}

pub(crate) fn journal_error(e: JournalError) -> napi::Error<Code> {
    error(Code::Of(e.code()), e.to_string())
}

pub(crate) fn text(file: &Path) -> String {
    file.display().to_string()
}
