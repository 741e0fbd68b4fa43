//! Reading a segment whole, and carrying its commands out.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use toprung_book::Digest;

use super::dir::{self, Listing};
use super::engine::{Engine, EngineConfig};
use super::error::JournalError;
use super::frames::{Damage, Frame, Frames};
use super::segment::read_header;
use super::stamp::ConfigOf;

/// The end of a journal that a write did not finish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The segment.
    pub file: PathBuf,
    /// Where the tail begins: the length of what is whole, in bytes.
    pub offset: u64,
    /// Bytes of the tail.
    pub bytes: u64,
    /// How it is known that the tail is torn.
    pub reason: String,
}

/// Is told how many bytes of how many have been read, batch by batch, and may stop it.
pub type Watch<'a> = dyn FnMut(u64, u64) -> ControlFlow<()> + 'a;

/// How far a watched reading of segments is.
pub(crate) struct Reading<'a, 'w> {
    dir: &'a Path,
    watch: &'a mut Watch<'w>,
    /// Bytes of the segments before the one at hand.
    before: u64,
    total: u64,
}

impl<'a, 'w> Reading<'a, 'w> {
    /// Of the segments from number `start`.
    pub(crate) fn of(dir: &'a Path, listing: &Listing, start: usize, watch: &'a mut Watch<'w>) -> Reading<'a, 'w> {
        let total = listing.segments[start..].iter().map(|(_, file)| dir::size(file)).sum();
        Reading { dir, watch, before: 0, total }
    }

    /// At byte `offset` of the segment at hand.
    pub(crate) fn at(&mut self, offset: u64) -> Result<(), JournalError> {
        match (self.watch)(self.before + offset, self.total) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(JournalError::Cancelled { dir: self.dir.display().to_string() }),
        }
    }

    /// The segment has been read.
    pub(crate) fn end_of(&mut self, segment: &Path) {
        self.before += dir::size(segment);
    }
}

/// What a frame holds, decoded.
pub(crate) enum Content<'a, C> {
    Commands(&'a [C]),
    Digest(Digest),
}

/// A segment that was read to its end, or to where it is torn.
#[derive(Debug)]
pub(crate) struct Scanned<C> {
    pub(crate) config: ConfigOf<C>,
    /// Number of the command that follows.
    pub(crate) end: u64,
    pub(crate) torn: Option<TornTail>,
}

/// Reads the segment `path`, whose name says that it begins with command `first`, and gives every frame to `on_frame`
/// with its place in the file and the number of its first command. Only the last segment may be torn.
pub(crate) fn scan<E: Engine>(
    (first, path): &(u64, PathBuf),
    is_last: bool,
    mut on_frame: impl FnMut(u64, u64, Content<'_, E::Command>) -> Result<(), JournalError>,
) -> Result<Scanned<E::Config>, JournalError> {
    let bytes = dir::read(path)?;
    let header = read_header(path, &bytes)?;
    let config = header.config::<E>(path)?;
    if header.first != *first {
        let (expected, got) = (format!("command {first}, as the name says"), format!("command {}", header.first));
        return Err(corrupt(path, "header".to_owned(), 0, expected, got));
    }
    let mut frames = Frames::<E>::new(&bytes, header.bytes, header.first);
    let (mut commands, mut torn) = (Vec::new(), None);
    loop {
        match frames.next_frame() {
            Ok(None) => break,
            Ok(Some((offset, number, Frame::Commands(payload)))) => {
                frames.decode(offset, payload, &mut commands).map_err(|d| damaged(path, d))?;
                on_frame(offset as u64, number, Content::Commands(&commands))?;
            }
            Ok(Some((offset, number, Frame::Digest(digest)))) => {
                on_frame(offset as u64, number, Content::Digest(digest))?;
            }
            Err(d) if is_last && d.may_be_torn && !frames.whole_frame_behind() => {
                let (offset, reason) = (d.offset as u64, format!("expected {}, got {}", d.expected, d.got));
                torn = Some(TornTail { file: path.clone(), offset, bytes: bytes.len() as u64 - offset, reason });
                break;
            }
            Err(d) => return Err(damaged(path, d)),
        }
    }
    Ok(Scanned { config, end: frames.next, torn })
}

fn damaged(path: &Path, d: Damage) -> JournalError {
    corrupt(path, format!("frame {}", d.frame), d.offset, d.expected, d.got)
}

fn corrupt(path: &Path, part: String, offset: usize, expected: String, got: String) -> JournalError {
    JournalError::Corrupt { file: path.display().to_string(), offset: offset as u64, part, expected, got }
}

/// A book or venue that follows a journal.
#[derive(Debug)]
pub(crate) struct Replay<E> {
    pub(crate) book: E,
    /// Digest frames that agreed.
    pub(crate) digests: u64,
}

impl<E: Engine> Replay<E> {
    /// Carries out what the book has not carried out yet, and compares digests.
    pub(crate) fn frame(
        &mut self,
        file: &Path,
        offset: u64,
        first: u64,
        content: &Content<'_, E::Command>,
    ) -> Result<(), JournalError> {
        let done = self.book.commands();
        match *content {
            Content::Commands(cmds) => {
                let skip = done.saturating_sub(first).min(cmds.len() as u64) as usize;
                self.book.carry_out(&cmds[skip..], &mut ());
            }
            Content::Digest(digest) if first == done => {
                if digest != self.book.digest() {
                    return Err(JournalError::Diverged {
                        file: file.display().to_string(),
                        offset,
                        commands: done,
                        expected: format!("digest {digest}"),
                        got: format!("digest {}", self.book.digest()),
                    });
                }
                self.digests += 1;
            }
            // Of a time before the snapshot.
            Content::Digest(_) => {}
        }
        Ok(())
    }
}

/// Refuses `got` unless it is the same configuration as `expected`.
pub(crate) fn check_config<C: EngineConfig>(
    file: &Path,
    expected: &ConfigOf<C>,
    got: &ConfigOf<C>,
) -> Result<(), JournalError> {
    let (expected, got) = (expected.to_json()?, got.to_json()?);
    if expected == got {
        return Ok(());
    }
    Err(JournalError::Config { file: file.display().to_string(), expected, got })
}

/// Refuses a segment that does not follow where the one before ended.
pub(crate) fn check_follows(dir: &Path, end: u64, (first, path): &(u64, PathBuf)) -> Result<(), JournalError> {
    if *first == end {
        return Ok(());
    }
    Err(JournalError::Missing {
        dir: dir.display().to_string(),
        expected: format!("a segment that begins with command {end}"),
        got: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    })
}
