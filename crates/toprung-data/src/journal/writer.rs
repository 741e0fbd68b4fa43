//! Writing a journal.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use toprung_book::{Book, COMMANDS_MAX, Digest};

use super::dir::{self, Listing};
use super::engine::Engine;
use super::error::JournalError;
use super::group_sync::GroupSync;
use super::options::{Durability, JournalOptions};
use super::segment::{self, FRAME_COMMANDS_MAX, FRAME_HEAD_BYTES};
use super::stamp::ConfigOf;

/// Appends commands to a journal, in batches.
///
/// A batch is one frame (one per [`FRAME_COMMANDS_MAX`] commands): recovery finds all of it or nothing. It is in the
/// operating system's hands when `append` returns; when the disk has it, the [`Durability`] says.
///
/// An error of the operating system ends the journal: every later call fails too, and says why. What is torn then,
/// recovery cuts.
pub struct Writer<E> {
    engine: PhantomData<fn(E)>,
    dir: PathBuf,
    stamp: String,
    options: JournalOptions,
    path: PathBuf,
    file: Arc<File>,
    /// Number of the segment's first command.
    first: u64,
    /// Bytes in the segment.
    bytes: u64,
    /// Number of the next command.
    next: u64,
    buffer: Vec<u8>,
    durable: Arc<AtomicU64>,
    // Before the lock, so that the last sync is done when the lock goes.
    group: Option<GroupSync>,
    failed: Option<JournalError>,
    /// Gone once the journal is finished.
    lock: Option<dir::Lock>,
}

/// The writer of a book's journal.
pub type JournalWriter = Writer<Book>;

impl<E: Engine> Writer<E> {
    /// Begins a journal in `dir`, which is made if it is not there and must not hold one.
    pub fn create(
        dir: &Path,
        config: &ConfigOf<E::Config>,
        options: &JournalOptions,
    ) -> Result<Writer<E>, JournalError> {
        options.check()?;
        let stamp = config.to_json()?;
        fs::create_dir_all(dir).map_err(|e| JournalError::io(dir, "make the folder", &e))?;
        let lock = dir::lock(dir)?;
        let listing = Listing::of(dir)?;
        if !listing.segments.is_empty() || !listing.snapshots.is_empty() {
            return Err(JournalError::Exists { dir: dir.display().to_string() });
        }
        let (path, file, bytes) = new_segment::<E>(dir, 0, &stamp)?;
        if let Some(parent) = dir.canonicalize().ok().as_deref().and_then(Path::parent) {
            // The folder may be new, and what is in it as durable only as its own name.
            dir::sync_dir(parent)?;
        }
        Writer::over(lock, dir, stamp, options, (path, file, bytes), 0, 0)
    }

    /// Goes on with a recovered journal: the segment `path` begins with command `first`, is whole, and `next` follows.
    pub(crate) fn resume(
        lock: dir::Lock,
        dir: &Path,
        config: &ConfigOf<E::Config>,
        options: &JournalOptions,
        (first, path): (u64, PathBuf),
        next: u64,
    ) -> Result<Writer<E>, JournalError> {
        options.check()?;
        let open = OpenOptions::new().append(true).open(&path);
        let file = open.map_err(|e| JournalError::io(&path, "open for appending", &e))?;
        // The writer before this one may not have synced everything.
        file.sync_all().map_err(|e| JournalError::io(&path, "sync", &e))?;
        let bytes = file.metadata().map_err(|e| JournalError::io(&path, "look at", &e))?.len();
        Writer::over(lock, dir, config.to_json()?, options, (path, file, bytes), first, next)
    }

    fn over(
        lock: dir::Lock,
        dir: &Path,
        stamp: String,
        options: &JournalOptions,
        (path, file, bytes): (PathBuf, File, u64),
        first: u64,
        next: u64,
    ) -> Result<Writer<E>, JournalError> {
        let (dir, file, durable) = (dir.to_owned(), Arc::new(file), Arc::new(AtomicU64::new(next)));
        let group = match options.durability {
            Durability::Group { commands, interval } => {
                Some(GroupSync::start(Arc::clone(&file), path.clone(), &durable, commands, interval)?)
            }
            Durability::OsCache | Durability::EveryBatch => None,
        };
        let (options, buffer, failed, lock) = (*options, Vec::new(), None, Some(lock));
        let engine = PhantomData;
        Ok(Writer { engine, dir, stamp, options, path, file, first, bytes, next, buffer, durable, group, failed, lock })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Commands in the journal; the number of the next.
    pub fn commands(&self) -> u64 {
        self.next
    }

    /// Commands that a machine going down now does not take: the first so many.
    pub fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// Appends a batch; gives the commands that are in the journal then. Once [`durable`](Writer::durable) has
    /// reached that, the batch is durable.
    pub fn append(&mut self, cmds: &[E::Command]) -> Result<u64, JournalError> {
        self.check()?;
        if cmds.is_empty() {
            return Ok(self.next);
        }
        if cmds.len() as u64 > COMMANDS_MAX - self.next {
            let got = format!("{} after {}", cmds.len(), self.next);
            return Err(JournalError::Option { option: "commands", expected: "up to 2^62 in all", got });
        }
        if self.bytes >= self.options.segment_bytes {
            self.rotate()?;
        }
        self.buffer.clear();
        let mut next = self.next;
        for frame in cmds.chunks(FRAME_COMMANDS_MAX) {
            segment::put_commands::<E>(&mut self.buffer, next, frame);
            next += frame.len() as u64;
        }
        self.write()?;
        self.next = next;
        let synced = match &self.group {
            Some(group) => group.written(next),
            None if self.options.durability == Durability::EveryBatch => self.sync(),
            None => Ok(()),
        };
        self.sticky(synced)?;
        Ok(next)
    }

    /// Writes down what the book's digest is after the commands appended so far.
    pub fn append_digest(&mut self, digest: Digest) -> Result<(), JournalError> {
        self.check()?;
        self.buffer.clear();
        segment::put_digest(&mut self.buffer, self.next, digest);
        self.write()
    }

    /// Waits until everything appended is durable.
    pub fn flush(&mut self) -> Result<(), JournalError> {
        self.check()?;
        let flushed = match &self.group {
            Some(group) => group.flush(),
            None => self.sync(),
        };
        self.sticky(flushed)
    }

    /// Begins a new segment, unless the current one is empty of commands. Everything before it is durable then.
    pub fn rotate(&mut self) -> Result<(), JournalError> {
        self.flush()?;
        if self.next == self.first {
            return Ok(());
        }
        // A digest may have been written since the last command; the file is left for good, so all of it is synced.
        let synced = self.file.sync_all().map_err(|e| JournalError::io(&self.path, "sync", &e));
        self.sticky(synced)?;
        let made = new_segment::<E>(&self.dir, self.next, &self.stamp);
        let (path, file, bytes) = self.sticky(made)?;
        (self.path, self.file, self.bytes, self.first) = (path, Arc::new(file), bytes, self.next);
        if let Some(group) = &self.group {
            group.switch(Arc::clone(&self.file), self.path.clone());
        }
        Ok(())
    }

    /// Flushes and ends. Dropping a writer syncs groups too, but has nobody to tell of an error.
    pub fn close(mut self) -> Result<(), JournalError> {
        self.finish()
    }

    /// Flushes, ends and gives the lock back. Nothing more is taken, also after an error.
    pub(crate) fn finish(&mut self) -> Result<(), JournalError> {
        let flushed = self.flush();
        let synced = self.file.sync_all().map_err(|e| JournalError::io(&self.path, "sync", &e));
        self.group = None;
        self.lock = None;
        flushed.and(synced)
    }

    /// The error of an earlier write.
    fn check(&self) -> Result<(), JournalError> {
        match &self.failed {
            None if self.lock.is_none() => Err(JournalError::Closed { dir: self.dir.display().to_string() }),
            None => Ok(()),
            Some(e) => Err(JournalError::Failed { reason: e.to_string() }),
        }
    }

    /// Keeps an error for good.
    fn sticky<T>(&mut self, result: Result<T, JournalError>) -> Result<T, JournalError> {
        result.inspect_err(|e| self.failed = Some(e.clone()))
    }

    /// Hands the buffer to the operating system.
    fn write(&mut self) -> Result<(), JournalError> {
        debug_assert!(self.buffer.len() >= FRAME_HEAD_BYTES);
        let written = (&*self.file).write_all(&self.buffer).map_err(|e| JournalError::io(&self.path, "write", &e));
        self.sticky(written)?;
        self.bytes += self.buffer.len() as u64;
        Ok(())
    }

    fn sync(&self) -> Result<(), JournalError> {
        self.file.sync_data().map_err(|e| JournalError::io(&self.path, "sync", &e))?;
        self.durable.store(self.next, Ordering::Release);
        Ok(())
    }
}

/// A segment with its header and no frame, durable.
fn new_segment<E: Engine>(dir: &Path, first: u64, stamp: &str) -> Result<(PathBuf, File, u64), JournalError> {
    let path = dir::segment_path(dir, first);
    let header = segment::header::<E>(first, stamp);
    let file = dir::write_new(&path, &header)?;
    Ok((path, file, header.len() as u64))
}
