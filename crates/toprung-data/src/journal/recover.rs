//! Recovery: the newest good snapshot, then the tail of the journal.

use std::fs::{self, OpenOptions};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use toprung_book::{Book, Venue};

use super::dir::{self, Listing};
use super::engine::{Engine, Kind};
use super::error::JournalError;
use super::inspect::{config_of, kind};
use super::replay::{Reading, Replay, TornTail, Watch, check_config, check_follows, scan};
use super::snapshot::Snapshot;
use super::stamp::ConfigOf;

/// A snapshot that could not be used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedSnapshot {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// What came out of a journal.
#[derive(Clone, Debug)]
pub struct Recovered<E: Engine = Book> {
    /// The book, or the venue, after the last whole command of the journal.
    pub book: E,
    /// What the journal is of.
    pub config: ConfigOf<E::Config>,
    /// Commands that the book has carried out.
    pub commands: u64,
    /// The snapshot that replay began from; `None` if it began with the first command.
    pub snapshot_used: Option<PathBuf>,
    /// Newer snapshots that are damaged.
    pub snapshots_refused: Vec<RefusedSnapshot>,
    /// Segments that were read.
    pub segments: usize,
    /// Digests in them that the replayed book agreed with.
    pub digests_checked: u64,
    /// The torn tail that was cut off, if there was one.
    pub cut: Option<TornTail>,
}

/// Recovers the journal in `dir`: reads the newest good snapshot, carries out the commands behind it, and cuts a torn tail
/// off the last segment. Nothing else is changed. Takes the journal's lock: fails while a writer has it.
///
/// Refused: damage anywhere else than in the tail ([`JournalError::Corrupt`], which says where), missing segments, another
/// format or other engine semantics, a replay that does not give the digests written down.
///
/// A journal of a venue is refused ([`JournalError::Config`]): [`recover_of`] takes it, and [`recover_any`] either.
pub fn recover(dir: &Path) -> Result<Recovered, JournalError> {
    recover_of(dir)
}

/// What came out of a journal, whatever it is of.
#[derive(Clone, Debug)]
pub enum AnyRecovered {
    /// A book.
    Book(Box<Recovered>),
    /// A venue.
    Venue(Box<Recovered<Venue>>),
}

/// Recovers the journal in `dir` as [`recover()`] does, whatever it is of.
pub fn recover_any(dir: &Path) -> Result<AnyRecovered, JournalError> {
    recover_watched(dir, &mut unwatched)
}

/// Recovers as [`recover_any`] does, and tells how far it is.
///
/// # Errors
/// Those of [`recover()`], and [`JournalError::Cancelled`] once `watch` breaks off, before anything is cut.
pub fn recover_watched(dir: &Path, watch: &mut Watch<'_>) -> Result<AnyRecovered, JournalError> {
    let _lock = lock_journal(dir)?;
    Ok(match kind(&Listing::of_journal(dir)?)? {
        Kind::Book => AnyRecovered::Book(Box::new(recover_locked(dir, None, watch)?.0)),
        Kind::Venue => AnyRecovered::Venue(Box::new(recover_locked(dir, None, watch)?.0)),
    })
}

/// The watch of a reading that nobody watches.
pub(crate) fn unwatched(_done: u64, _total: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Recovers the journal of a book or of a venue, as the caller knows, and as [`recover()`] does.
pub fn recover_of<E: Engine>(dir: &Path) -> Result<Recovered<E>, JournalError> {
    let _lock = lock_journal(dir)?;
    recover_locked(dir, None, &mut unwatched).map(|(recovered, _)| recovered)
}

/// The lock of an existing journal.
pub(crate) fn lock_journal(dir: &Path) -> Result<dir::Lock, JournalError> {
    Listing::of_journal(dir)?;
    dir::lock(dir)
}

/// Recovers a journal whose lock the caller has; gives the last segment too. Its configuration must be `wanted`, if that is
/// given.
pub(crate) fn recover_locked<E: Engine>(
    dir: &Path,
    wanted: Option<&ConfigOf<E::Config>>,
    watch: &mut Watch<'_>,
) -> Result<(Recovered<E>, (u64, PathBuf)), JournalError> {
    let listing = Listing::of_journal(dir)?;
    check_segments_of_snapshots(dir, &listing)?;
    let (snapshot, refused) = newest_good::<E>(&listing)?;
    let from = snapshot.as_ref().map_or(0, |s| s.book.commands());
    // The segment that the next command belongs to.
    let behind = listing.segments.partition_point(|(first, _)| *first <= from);
    let Some(start) = behind.checked_sub(1) else {
        let oldest = listing.segments.first().map_or(0, |(first, _)| *first);
        return Err(missing(dir, format!("command {from}"), format!("command {oldest} as the oldest"), &refused));
    };
    let snapshot_used = snapshot.as_ref().map(|s| s.file.clone());
    let mut config = match (&snapshot, wanted) {
        (Some(snapshot), Some(wanted)) => {
            check_config(&snapshot.file, wanted, &snapshot.config)?;
            Some(wanted.clone())
        }
        (Some(snapshot), None) => Some(snapshot.config.clone()),
        (None, wanted) => wanted.cloned(),
    };
    let mut replay = snapshot.map(|s| Replay { book: s.book, digests: 0 });
    let (mut end, mut cut) = (listing.segments[start].0, None);
    let count = listing.segments.len();
    let mut reading = Reading::of(dir, &listing, start, watch);
    for (i, segment) in listing.segments.iter().enumerate().skip(start) {
        check_follows(dir, end, segment)?;
        let path = &segment.1;
        // Before the first command of the segment is carried out.
        let found = config_of::<E>(path)?;
        check_config(path, config.get_or_insert_with(|| found.clone()), &found)?;
        let replay = replay.get_or_insert_with(|| Replay { book: E::empty(found.book), digests: 0 });
        let scanned = scan::<E>(segment, i + 1 == count, |offset, first, content| {
            reading.at(offset)?;
            replay.frame(path, offset, first, &content)
        })?;
        (end, cut) = (scanned.end, scanned.torn);
        reading.end_of(path);
    }
    let (Some(Replay { book, digests }), Some(config)) = (replay, config) else {
        // A journal has a segment, and the first that is read sets both.
        return Err(missing(dir, "a segment".to_owned(), "none".to_owned(), &refused));
    };
    if end != book.commands() {
        let expected = format!("the {} commands of the snapshot", book.commands());
        return Err(missing(dir, expected, format!("a journal that ends after {end}"), &refused));
    }
    if let Some(torn) = &cut {
        cut_off(torn)?;
    }
    for file in &listing.temporary {
        // Of no use to anybody, and in nobody's way if it cannot be removed.
        let _ = fs::remove_file(file);
    }
    let recovered = Recovered {
        commands: book.commands(),
        book,
        config,
        snapshot_used,
        snapshots_refused: refused,
        segments: count - start,
        digests_checked: digests,
        cut,
    };
    Ok((recovered, listing.segments[count - 1].clone()))
}

/// Refuses a journal in which no segment begins where a snapshot was taken. The writer begins one there before it writes the
/// snapshot, so commands behind the snapshot are missing.
pub(crate) fn check_segments_of_snapshots(dir: &Path, listing: &Listing) -> Result<(), JournalError> {
    let oldest = listing.segments.first().map_or(0, |(first, _)| *first);
    for (commands, file) in &listing.snapshots {
        if *commands >= oldest && listing.segments.binary_search_by_key(commands, |(first, _)| *first).is_err() {
            let expected = format!("a segment that begins with command {commands}");
            let got = format!("only {}", file.file_name().unwrap_or_default().to_string_lossy());
            return Err(missing(dir, expected, got, &[]));
        }
    }
    Ok(())
}

/// The newest snapshot that is sound, and those before it that are not. One of another version or configuration is an
/// error: it is sound, but what it says cannot be told.
fn newest_good<E: Engine>(listing: &Listing) -> Result<(Option<Snapshot<E>>, Vec<RefusedSnapshot>), JournalError> {
    let mut refused = Vec::new();
    for (commands, file) in listing.snapshots.iter().rev() {
        let reason = match Snapshot::<E>::read(file) {
            Ok(snapshot) if snapshot.book.commands() == *commands => return Ok((Some(snapshot), refused)),
            Ok(snapshot) => format!("it holds the state after {} commands", snapshot.book.commands()),
            Err(e @ (JournalError::Corrupt { .. } | JournalError::Io { .. })) => e.to_string(),
            Err(e) => return Err(e),
        };
        refused.push(RefusedSnapshot { file: file.clone(), reason });
    }
    Ok((None, refused))
}

fn missing(dir: &Path, expected: String, got: String, refused: &[RefusedSnapshot]) -> JournalError {
    let also = match refused {
        [] => String::new(),
        [first, ..] => format!("; {} snapshots are damaged: {}", refused.len(), first.reason),
    };
    JournalError::Missing { dir: dir.display().to_string(), expected, got: got + &also }
}

fn cut_off(torn: &TornTail) -> Result<(), JournalError> {
    let cut = || {
        let file = OpenOptions::new().write(true).open(&torn.file)?;
        file.set_len(torn.offset)?;
        file.sync_all()
    };
    cut().map_err(|e| JournalError::io(&torn.file, "cut the torn tail off", &e))
}
