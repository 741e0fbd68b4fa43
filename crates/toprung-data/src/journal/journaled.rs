//! A book or a venue that is journalled.

use std::path::{Path, PathBuf};

use toprung_book::{Book, EventSink, Venue};

use super::engine::Engine;
use super::error::JournalError;
use super::options::JournalOptions;
use super::recover::{Recovered, lock_journal, recover_locked, unwatched};
use super::snapshot::Snapshot;
use super::stamp::ConfigOf;
use super::writer::Writer;

/// A book or a venue whose commands are in a journal before they are carried out.
///
/// *Journal first*: were the book first, a write that fails would leave events in the world whose commands no journal has,
/// and the recovered book would contradict what people were told. This way a command that could not be written was not
/// carried out either. The events of a batch are handed over when the operating system has the batch; whoever must not
/// tell the world what a power cut could take back, waits for [`durable`](Journaled::durable) to reach the batch.
///
/// ```
/// use toprung_book::{Command, Side};
/// use toprung_data::journal::{JournalConfig, JournalOptions, JournaledBook, recover};
///
/// let dir = std::env::temp_dir().join(format!("toprung-doc-{}", std::process::id()));
/// let mut book = JournaledBook::create(&dir, &JournalConfig::default(), &JournalOptions::default())?;
/// book.apply_batch(&[Command::limit(1, Side::Buy, 100, 5), Command::limit(2, Side::Sell, 100, 2)], &mut ())?;
/// let digest = book.book().digest();
/// book.close()?;
///
/// let recovered = recover(&dir)?;
/// assert_eq!((recovered.commands, recovered.book.digest()), (2, digest));
/// # std::fs::remove_dir_all(&dir).unwrap();
/// # Ok::<(), toprung_data::journal::JournalError>(())
/// ```
pub struct Journaled<E: Engine> {
    book: E,
    config: ConfigOf<E::Config>,
    writer: Writer<E>,
    digest_every: u64,
    /// Commands at which the digest is written down next.
    digest_at: u64,
}

/// A book that is journalled.
pub type JournaledBook = Journaled<Book>;

/// A venue that is journalled.
pub type JournaledVenue = Journaled<Venue>;

impl<E: Engine> Journaled<E> {
    /// An empty book, and a new journal in `dir`.
    pub fn create(
        dir: &Path,
        config: &ConfigOf<E::Config>,
        options: &JournalOptions,
    ) -> Result<Journaled<E>, JournalError> {
        let writer = Writer::create(dir, config, options)?;
        Ok(Journaled::of(E::empty(config.book.clone()), config, writer, options))
    }

    /// Recovers the journal in `dir` and goes on with it. A journal of another configuration is refused.
    pub fn open(
        dir: &Path,
        config: &ConfigOf<E::Config>,
        options: &JournalOptions,
    ) -> Result<(Journaled<E>, Recovered<E>), JournalError> {
        let lock = lock_journal(dir)?;
        let (recovered, last) = recover_locked::<E>(dir, Some(config), &mut unwatched)?;
        let writer = Writer::resume(lock, dir, config, options, last, recovered.commands)?;
        let mut book = recovered.book.clone();
        book.reserve(&config.book);
        Ok((Journaled::of(book, config, writer, options), recovered))
    }

    fn of(book: E, config: &ConfigOf<E::Config>, writer: Writer<E>, options: &JournalOptions) -> Journaled<E> {
        let (digest_every, digest_at) = (options.digest_every, book.commands().saturating_add(options.digest_every));
        Journaled { book, config: config.clone(), writer, digest_every, digest_at }
    }

    /// The book, or the venue.
    pub fn book(&self) -> &E {
        &self.book
    }

    /// What the journal is of.
    pub fn config(&self) -> &ConfigOf<E::Config> {
        &self.config
    }

    /// Writes a batch to the journal, then carries it out. After an error the book is as it was and takes nothing more;
    /// whether the batch will be found by recovery is then open, as whether the disk has it is.
    pub fn apply_batch<S: EventSink>(&mut self, cmds: &[E::Command], sink: &mut S) -> Result<(), JournalError> {
        self.writer.append(cmds)?;
        self.book.carry_out(cmds, sink);
        if self.book.commands() >= self.digest_at {
            self.digest_at = self.book.commands().saturating_add(self.digest_every);
            // The batch is written and carried out; that the journal has failed since, the next call says.
            let _ = self.writer.append_digest(self.book.digest());
        }
        Ok(())
    }

    /// As a batch of one: a frame and a call of the operating system each, about a microsecond.
    pub fn apply<S: EventSink>(&mut self, cmd: &E::Command, sink: &mut S) -> Result<(), JournalError> {
        self.apply_batch(std::slice::from_ref(cmd), sink)
    }

    /// Commands that a machine going down now does not take.
    pub fn durable(&self) -> u64 {
        self.writer.durable()
    }

    /// Waits until everything carried out is durable.
    pub fn flush(&mut self) -> Result<(), JournalError> {
        self.writer.flush()
    }

    /// Writes the whole state of the book beside the journal, so that recovery begins from here; gives the file.
    ///
    /// A new segment begins here, so the segments before it are no longer needed once this returns, nor are older
    /// snapshots, except to fall back on.
    pub fn snapshot(&mut self) -> Result<PathBuf, JournalError> {
        // The journal first here too: a snapshot of commands that the journal has not is a journal with a gap.
        self.writer.rotate()?;
        Snapshot::write(self.writer.dir(), &self.config, &self.book)
    }

    /// Writes the digest down, makes everything durable and ends.
    pub fn close(mut self) -> Result<(), JournalError> {
        self.finish()
    }

    /// As [`close`](Journaled::close), and the book can still be read. Nothing more is taken, also after an error.
    pub fn finish(&mut self) -> Result<(), JournalError> {
        let digest = self.writer.append_digest(self.book.digest());
        digest.and(self.writer.finish())
    }
}
