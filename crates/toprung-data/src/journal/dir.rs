//! The folder of a journal: what its files are called, its lock, and writes that are all or nothing.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::error::JournalError;

/// What segment files are called.
pub(crate) const SEGMENT_NAMES: &str = "journal-<first command, 20 digits>.seg";

/// Largest file that is read: far above what is written, and a bound for what a wrong file can take of memory.
pub(crate) const FILE_BYTES_MAX: u64 = 1 << 34;

const LOCK_NAME: &str = "journal.lock";
const SEGMENT: (&str, &str) = ("journal-", ".seg");
const SNAPSHOT: (&str, &str) = ("snapshot-", ".snap");
const TEMPORARY: &str = ".tmp";

/// What lies in a journal's folder, each kind by rising number.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Number of the first command, and the file.
    pub(crate) segments: Vec<(u64, PathBuf)>,
    /// Number of commands, and the file.
    pub(crate) snapshots: Vec<(u64, PathBuf)>,
    /// Left over from writes that did not finish.
    pub(crate) temporary: Vec<PathBuf>,
}

impl Listing {
    /// Looks into `dir`. Files that have other names are nobody's affair.
    pub(crate) fn of(dir: &Path) -> Result<Listing, JournalError> {
        let failed = |e: &io::Error| match e.kind() {
            io::ErrorKind::NotFound => not_found(dir),
            _ => JournalError::io(dir, "list the folder", e),
        };
        let mut listing = Listing::default();
        for entry in fs::read_dir(dir).map_err(|e| failed(&e))? {
            let path = entry.map_err(|e| failed(&e))?.path();
            let Some(name) = path.file_name().and_then(|n| n.to_str()) else { continue };
            if let Some(first) = numbered(name, SEGMENT) {
                listing.segments.push((first, path));
            } else if let Some(commands) = numbered(name, SNAPSHOT) {
                listing.snapshots.push((commands, path));
            } else if let Some(name) = name.strip_suffix(TEMPORARY)
                && (numbered(name, SEGMENT).is_some() || numbered(name, SNAPSHOT).is_some())
            {
                listing.temporary.push(path);
            }
        }
        listing.segments.sort();
        listing.snapshots.sort();
        Ok(listing)
    }

    /// The same, refusing a folder without a segment.
    pub(crate) fn of_journal(dir: &Path) -> Result<Listing, JournalError> {
        let listing = Listing::of(dir)?;
        if listing.segments.is_empty() {
            return Err(not_found(dir));
        }
        Ok(listing)
    }
}

fn not_found(dir: &Path) -> JournalError {
    JournalError::NotFound { dir: dir.display().to_string(), expected: SEGMENT_NAMES }
}

/// The number in a name.
fn numbered(name: &str, (prefix, suffix): (&str, &str)) -> Option<u64> {
    let digits = name.strip_prefix(prefix)?.strip_suffix(suffix)?;
    (digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// The segment that begins with command `first`.
pub(crate) fn segment_path(dir: &Path, first: u64) -> PathBuf {
    dir.join(format!("{}{first:020}{}", SEGMENT.0, SEGMENT.1))
}

/// The snapshot after `commands` commands.
pub(crate) fn snapshot_path(dir: &Path, commands: u64) -> PathBuf {
    dir.join(format!("{}{commands:020}{}", SNAPSHOT.0, SNAPSHOT.1))
}

/// The one writer's lock on a journal. The operating system gives it back when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing alone would not do: a child process that is just being started holds a copy of the file.
        let _ = self.0.unlock();
    }
}

/// Takes the journal's lock.
pub(crate) fn lock(dir: &Path) -> Result<Lock, JournalError> {
    let path = dir.join(LOCK_NAME);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|e| JournalError::io(&path, "open the lock", &e))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(JournalError::InUse { dir: dir.display().to_string() }),
        Err(TryLockError::Error(e)) => Err(JournalError::io(&path, "lock", &e)),
    }
}

/// Bytes of a file; 0 if it is not there.
pub(crate) fn size(file: &Path) -> u64 {
    file.metadata().map_or(0, |m| m.len())
}

/// Reads a whole file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, JournalError> {
    let failed = |e: io::Error| JournalError::io(path, "read", &e);
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let mut bytes = Vec::new();
    if length > FILE_BYTES_MAX || bytes.try_reserve_exact(length as usize).is_err() {
        return Err(failed(io::Error::other(format!("{length} bytes are too many"))));
    }
    file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Writes a file that is there whole and durable, or not at all: under a temporary name first. Gives the open file, at its
/// end.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<File, JournalError> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(TEMPORARY);
    let temporary = PathBuf::from(temporary);
    let write = || -> io::Result<File> {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        Ok(file)
    };
    let file = write().map_err(|e| JournalError::io(path, "write", &e))?;
    sync_dir(path.parent().unwrap_or(Path::new(".")))?;
    Ok(file)
}

/// Makes the names in a folder durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), JournalError> {
    // Windows opens no folders, and keeps names without being asked.
    if cfg!(unix) {
        File::open(dir).and_then(|d| d.sync_all()).map_err(|e| JournalError::io(dir, "sync the folder", &e))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_agree() {
        let of = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        let segment = of(segment_path(Path::new("d"), 42));
        assert_eq!(segment, "journal-00000000000000000042.seg");
        assert_eq!((numbered(&segment, SEGMENT), numbered(&segment, SNAPSHOT)), (Some(42), None));
        assert_eq!(numbered(&of(snapshot_path(Path::new("d"), u64::MAX)), SNAPSHOT), Some(u64::MAX));
        for bad in ["journal-42.seg", "journal-+0000000000000000042.seg", "journal-99999999999999999999.seg"] {
            assert_eq!(numbered(bad, SEGMENT), None);
        }
    }
}
