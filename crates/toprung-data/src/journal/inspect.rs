//! Looking at a journal without changing it: what is in it, and whether it is sound.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use toprung_book::{Book, Digest, SEMANTICS_VERSION, Venue};

use super::dir::{self, Listing};
use super::engine::{Engine, EngineConfig, Kind};
use super::error::JournalError;
use super::recover::{check_segments_of_snapshots, unwatched};
use super::replay::{Content, Reading, Replay, TornTail, Watch, check_config, check_follows, scan};
use super::segment::{FORMAT_VERSION, HEADER_FIXED_BYTES, padded, read_header};
use super::snapshot::Snapshot;
use super::stamp::{AnyConfig, ConfigOf, STAMP_BYTES_MAX};

/// What a journal is of, and its files.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// Version of the format.
    pub format: u32,
    /// Version of the engine's semantics.
    pub semantics: u32,
    /// What the journal is of, as its oldest segment says.
    pub config: AnyConfig,
    /// Number of the first command that is still there.
    pub first: u64,
    /// Number of the command that would follow.
    pub commands: u64,
    /// The segments, oldest first.
    pub segments: Vec<SegmentInfo>,
    /// The snapshots, oldest first.
    pub snapshots: Vec<SnapshotInfo>,
    /// The torn tail that recovery would cut.
    pub torn: Option<TornTail>,
}

/// One segment.
#[derive(Clone, Debug)]
pub struct SegmentInfo {
    /// The file.
    pub file: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Number of its first command.
    pub first: u64,
    /// Commands in it, as far as it can be read.
    pub commands: u64,
    /// Frames, digests among them.
    pub frames: u64,
    /// Frames that hold a digest.
    pub digests: u64,
    /// Why it cannot be read to its end, or does not follow the one before.
    pub damage: Option<String>,
}

/// One snapshot.
#[derive(Clone, Debug)]
pub struct SnapshotInfo {
    /// The file.
    pub file: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Commands after which it was taken, as its name says.
    pub commands: u64,
    /// Resting orders; 0 if it is damaged.
    pub orders: u64,
    /// Digest of the book's events; `None` if it is damaged.
    pub digest: Option<Digest>,
    /// Why it cannot be used.
    pub damage: Option<String>,
}

/// The bytes of a segment file in which its header is.
fn header_bytes(path: &Path) -> Result<Vec<u8>, JournalError> {
    let most = (HEADER_FIXED_BYTES + padded(STAMP_BYTES_MAX)) as u64;
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    read.map_err(|e| JournalError::io(path, "read", &e))?;
    Ok(bytes)
}

/// The configuration in the header of a segment file, without reading the rest.
pub(crate) fn config_of<E: Engine>(path: &Path) -> Result<ConfigOf<E::Config>, JournalError> {
    read_header(path, &header_bytes(path)?)?.config::<E>(path)
}

/// What the journal is of, as its oldest segment says.
fn any_config(listing: &Listing) -> Result<AnyConfig, JournalError> {
    let (_, oldest) = &listing.segments[0];
    read_header(oldest, &header_bytes(oldest)?)?.any_config(oldest)
}

/// Whether the journal is of a book or of a venue.
pub(crate) fn kind(listing: &Listing) -> Result<Kind, JournalError> {
    any_config(listing).map(|config| config.kind())
}

/// Says what lies in the journal `dir`. Damage is told, not an error, as long as the oldest segment has a header. Nothing
/// is changed, and no lock taken: of a journal that is being written, the last frame may be seen as torn.
pub fn inspect(dir: &Path) -> Result<Inspection, JournalError> {
    let listing = Listing::of_journal(dir)?;
    match any_config(&listing)? {
        AnyConfig::Book(config) => inspect_of::<Book>(dir, &listing, &config, AnyConfig::Book),
        AnyConfig::Venue(config) => inspect_of::<Venue>(dir, &listing, &config, AnyConfig::Venue),
    }
}

fn inspect_of<E: Engine>(
    dir: &Path,
    listing: &Listing,
    config: &ConfigOf<E::Config>,
    any: fn(ConfigOf<E::Config>) -> AnyConfig,
) -> Result<Inspection, JournalError> {
    let (first, _) = &listing.segments[0];
    let (mut segments, mut torn, mut end) = (Vec::new(), None, *first);
    for (i, segment) in listing.segments.iter().enumerate() {
        let (first, file) = segment;
        let (mut commands, mut frames, mut digests) = (0, 0, 0);
        let scanned = scan::<E>(segment, i + 1 == listing.segments.len(), |_, _, content| {
            frames += 1;
            match content {
                Content::Commands(cmds) => commands += cmds.len() as u64,
                Content::Digest(_) => digests += 1,
            }
            Ok(())
        });
        let follows = check_follows(dir, end, segment);
        let damage = follows.and(scanned).and_then(|scanned| {
            torn = scanned.torn;
            check_config(file, config, &scanned.config)
        });
        end = first + commands;
        let (bytes, damage) = (dir::size(file), damage.err().map(|e| e.to_string()));
        segments.push(SegmentInfo { file: file.clone(), bytes, first: *first, commands, frames, digests, damage });
    }
    let snapshots = listing.snapshots.iter().map(|(commands, file)| {
        let read = Snapshot::<E>::read(file).and_then(|s| check_config(file, config, &s.config).map(|()| s));
        let (orders, digest) =
            read.as_ref().map_or((0, None), |s| (s.book.order_count() as u64, Some(s.book.digest())));
        let (bytes, damage) = (dir::size(file), read.err().map(|e| e.to_string()));
        SnapshotInfo { file: file.clone(), bytes, commands: *commands, orders, digest, damage }
    });
    let (format, semantics, snapshots) = (FORMAT_VERSION, SEMANTICS_VERSION, snapshots.collect());
    let config = any(config.clone());
    Ok(Inspection { format, semantics, config, first: *first, commands: end, segments, snapshots, torn })
}

/// What a verification found.
#[derive(Clone, Debug)]
pub struct Verification {
    /// Commands carried out in all, those before the oldest segment included.
    pub commands: u64,
    /// Digest of the book after them.
    pub digest: Digest,
    /// Segments read: all of them.
    pub segments: usize,
    /// Digests that the replayed book agreed with.
    pub digests_checked: u64,
    /// Snapshots that are exactly the replayed book.
    pub snapshots_checked: u64,
    /// Snapshots that are damaged or of another book, with what is wrong. Recovery may still work.
    pub problems: Vec<String>,
    /// The torn tail that recovery would cut.
    pub torn: Option<TornTail>,
}

impl Verification {
    /// Whether everything in the folder is what it should be. A torn tail is: it was never durable.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Replays the whole journal and compares every digest and every snapshot in it. Nothing is changed.
///
/// Fails where recovery would fail; damaged snapshots are told, since recovery has others.
pub fn verify(dir: &Path) -> Result<Verification, JournalError> {
    verify_watched(dir, &mut unwatched)
}

/// Verifies as [`verify()`] does, and tells how far it is.
///
/// # Errors
/// Those of [`verify()`], and [`JournalError::Cancelled`] once `watch` breaks off.
pub fn verify_watched(dir: &Path, watch: &mut Watch<'_>) -> Result<Verification, JournalError> {
    let listing = Listing::of_journal(dir)?;
    check_segments_of_snapshots(dir, &listing)?;
    match any_config(&listing)? {
        AnyConfig::Book(config) => verify_of::<Book>(dir, &listing, &config, watch),
        AnyConfig::Venue(config) => verify_of::<Venue>(dir, &listing, &config, watch),
    }
}

fn verify_of<E: Engine>(
    dir: &Path,
    listing: &Listing,
    config: &ConfigOf<E::Config>,
    watch: &mut Watch<'_>,
) -> Result<Verification, JournalError> {
    let mut check = SnapshotCheck { listing, config, at: 0, agreed: 0, problems: Vec::new() };
    let book = if listing.segments[0].0 == 0 { E::empty(config.book.clone()) } else { check.oldest::<E>(dir)? };
    let mut replay = Replay { book, digests: 0 };
    let mut reading = Reading::of(dir, listing, 0, watch);
    let (mut end, mut torn) = (listing.segments[0].0, None);
    for (i, segment) in listing.segments.iter().enumerate() {
        check_follows(dir, end, segment)?;
        let path = &segment.1;
        check_config(path, config, &config_of::<E>(path)?)?;
        let scanned = scan::<E>(segment, i + 1 == listing.segments.len(), |offset, first, content| {
            reading.at(offset)?;
            check.compare(&replay.book);
            replay.frame(path, offset, first, &content)
        })?;
        (end, torn) = (scanned.end, scanned.torn);
        reading.end_of(path);
    }
    check.compare(&replay.book);
    check.leftover();
    let (commands, digest) = (replay.book.commands(), replay.book.digest());
    if commands != end {
        return Err(JournalError::Missing {
            dir: dir.display().to_string(),
            expected: format!("the {commands} commands of the snapshot"),
            got: format!("a journal that ends after {end}"),
        });
    }
    let (digests_checked, snapshots_checked) = (replay.digests, check.agreed);
    let (segments, problems) = (listing.segments.len(), check.problems);
    Ok(Verification { commands, digest, segments, digests_checked, snapshots_checked, problems, torn })
}

/// Compares snapshots with a book that passes by them.
struct SnapshotCheck<'a, C> {
    listing: &'a Listing,
    config: &'a ConfigOf<C>,
    /// The next snapshot to meet.
    at: usize,
    agreed: u64,
    problems: Vec<String>,
}

impl<C: EngineConfig> SnapshotCheck<'_, C> {
    /// The book of the oldest good snapshot that the segments go on from.
    fn oldest<E: Engine<Config = C>>(&mut self, dir: &Path) -> Result<E, JournalError> {
        let first = self.listing.segments[0].0;
        while let Some((commands, file)) = self.listing.snapshots.get(self.at) {
            match Snapshot::<E>::read(file) {
                Ok(s) if *commands >= first && s.book.commands() == *commands => {
                    check_config(file, self.config, &s.config)?;
                    return Ok(s.book);
                }
                // Older than what is kept of the journal: nothing to compare it with.
                Ok(_) => {}
                Err(e) => self.problems.push(e.to_string()),
            }
            self.at += 1;
        }
        Err(JournalError::Missing {
            dir: dir.display().to_string(),
            expected: "the journal from command 0, or a good snapshot".to_owned(),
            got: format!("command {first} as the oldest"),
        })
    }

    /// Compares the snapshots that were taken where the book is now.
    fn compare<E: Engine<Config = C>>(&mut self, book: &E) {
        while let Some((commands, file)) = self.listing.snapshots.get(self.at) {
            if *commands > book.commands() {
                return;
            }
            self.at += 1;
            let problem = match Snapshot::<E>::read(file) {
                Err(e) => e.to_string(),
                Ok(s) if check_config(file, self.config, &s.config).is_err() => "another configuration".to_owned(),
                Ok(s) if s.book.is_same(book) => {
                    self.agreed += 1;
                    continue;
                }
                Ok(_) => format!("not the book that the journal gives after {} commands", book.commands()),
            };
            self.problems.push(format!("{}: {problem}", file.display()));
        }
    }

    /// The snapshots that no place of the journal was found for.
    fn leftover(&mut self) {
        for (commands, file) in &self.listing.snapshots[self.at..] {
            self.problems.push(format!("{}: the journal has no {commands} commands", file.display()));
        }
    }
}
