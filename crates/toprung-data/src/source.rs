//! Opens a file of text, however it is wrapped: plain, zstd, gzip, or a member of a zip archive.
//!
//! What a file is, is told by its first bytes and not by its name. Content is streamed, so memory does not grow with the
//! file. A wrapped file that ends early or fails its checksum is an error when its end is read, never a shorter file:
//! zstd and gzip frames must be complete, zip members must have the length and CRC-32 that the directory promises.
//!
//! ```no_run
//! use std::path::Path;
//! use toprung_data::{ReplayReader, Source};
//!
//! let plain = Source::open(Path::new("day.replay.csv.zst"))?;
//! let in_archive = Source::open_member(Path::new("days.zip"), "monday.replay.csv")?;
//! let records = ReplayReader::new(plain).chain(ReplayReader::new(in_archive)).count();
//! # Ok::<(), toprung_data::DataError>(())
//! ```

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::DataError;

/// How a file is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Container {
    /// Not at all: nothing but the last line's end shows that the file is whole.
    Plain,
    /// Zstandard, one or more frames.
    Zstd,
    /// gzip, one or more members.
    Gzip,
    /// A member of a zip archive, stored or deflated.
    ZipMember,
}

/// What the first bytes of a file say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Magic {
    Zstd,
    Gzip,
    Zip,
    Other,
}

impl Magic {
    fn of(head: &[u8]) -> Magic {
        match head {
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Magic::Zstd,
            [0x1f, 0x8b, ..] => Magic::Gzip,
            // A local file header, or the directory of an archive without members.
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Magic::Zip,
            _ => Magic::Other,
        }
    }
}

/// A member of a zip archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its path inside the archive.
    pub name: String,
    /// Its length in bytes, decompressed, as the archive's directory states it.
    pub len: u64,
}

/// An open stream of decompressed bytes.
pub struct Source {
    name: String,
    container: Container,
    reader: Box<dyn Read + Send>,
    done: Arc<AtomicU64>,
    total: u64,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("name", &self.name).field("container", &self.container).finish_non_exhaustive()
    }
}

impl Source {
    /// Opens `path`. An archive must have exactly one member; of several, name one with [`Source::open_member`].
    ///
    /// Fails with `NotFound`, `Unreadable`, or `Truncated` and `Corrupt` for an archive without a usable directory.
    pub fn open(path: &Path) -> Result<Source, DataError> {
        let (mut file, len, magic) = open_file(path)?;
        if magic == Magic::Zip {
            let members = list(path, &mut file)?;
            let [only] = members.as_slice() else {
                return Err(DataError::UnknownFormat {
                    file: path.display().to_string(),
                    expected: "an archive with one member, or the member's name",
                    got: names(&members),
                });
            };
            let name = only.name.clone();
            return member_of(path, file, &name);
        }
        let done = Arc::new(AtomicU64::new(0));
        let counted = Counted { inner: file, done: Arc::clone(&done) };
        let (container, reader): (_, Box<dyn Read + Send>) = match magic {
            Magic::Zstd => (Container::Zstd, Box::new(zstd_decoder(path, counted)?)),
            Magic::Gzip => (Container::Gzip, Box::new(flate2::read::MultiGzDecoder::new(counted))),
            _ => (Container::Plain, Box::new(counted)),
        };
        Ok(Source { name: path.display().to_string(), container, reader, done, total: len })
    }

    /// Opens the member `name` of the zip archive `path`; a member that is not there is `NotFound`, and the error lists
    /// what is.
    pub fn open_member(path: &Path, name: &str) -> Result<Source, DataError> {
        let (file, _, magic) = open_file(path)?;
        if magic != Magic::Zip {
            return Err(DataError::UnknownFormat {
                file: path.display().to_string(),
                expected: "a zip archive",
                got: "something else".to_owned(),
            });
        }
        member_of(path, file, name)
    }

    /// Text that is in memory already, under the name that errors shall show.
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Source {
        let total = bytes.len() as u64;
        let done = Arc::new(AtomicU64::new(0));
        let reader = Box::new(Counted { inner: io::Cursor::new(bytes), done: Arc::clone(&done) });
        Source { name: name.to_owned(), container: Container::Plain, reader, done, total }
    }

    /// The path, with `!member` behind it inside an archive: what errors show.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the file is wrapped.
    pub fn container(&self) -> Container {
        self.container
    }

    /// Bytes read from the disk so far and in all, still compressed: for progress.
    pub fn position(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed).min(self.total), self.total)
    }

    /// Reads at least one byte into `buf`, or 0 at the end; `lines` is how far the caller is, for the error.
    pub(crate) fn read(&mut self, buf: &mut [u8], lines: u64) -> Result<usize, DataError> {
        loop {
            match self.reader.read(buf) {
                Ok(n) => return Ok(n),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(self.read_error(&e, lines)),
            }
        }
    }

    #[cold]
    fn read_error(&self, e: &io::Error, lines: u64) -> DataError {
        let (file, reason) = (self.name.clone(), e.to_string());
        match (self.container, e.kind()) {
            (Container::Plain, _) => DataError::Unreadable { file, reason },
            (_, io::ErrorKind::UnexpectedEof) => DataError::Truncated { file, line: lines, reason },
            // An operating system's error has a number, a decompressor's does not.
            _ if e.raw_os_error().is_some() => DataError::Unreadable { file, reason },
            _ => DataError::Corrupt { file, reason },
        }
    }
}

/// Whether `path` begins like a zip archive.
pub(crate) fn is_zip(path: &Path) -> Result<bool, DataError> {
    Ok(open_file(path)?.2 == Magic::Zip)
}

/// The members of the zip archive `path`, folders left out, in the archive's order.
pub fn members(path: &Path) -> Result<Vec<Member>, DataError> {
    let (mut file, _, _) = open_file(path)?;
    list(path, &mut file)
}

/// Opens a file, tells its length and looks at its first bytes.
fn open_file(path: &Path) -> Result<(File, u64, Magic), DataError> {
    let error = |e: io::Error| DataError::from_open(path, &e);
    let mut file = File::open(path).map_err(error)?;
    let meta = file.metadata().map_err(error)?;
    if meta.is_dir() {
        return Err(DataError::Unreadable {
            file: path.display().to_string(),
            reason: "it is a folder, expected a file".to_owned(),
        });
    }
    let mut head = Vec::with_capacity(4);
    file.by_ref().take(4).read_to_end(&mut head).map_err(error)?;
    file.seek(SeekFrom::Start(0)).map_err(error)?;
    Ok((file, meta.len(), Magic::of(&head)))
}

fn zstd_decoder<R: Read>(
    path: &Path,
    reader: R,
) -> Result<zstd::stream::read::Decoder<'static, io::BufReader<R>>, DataError> {
    zstd::stream::read::Decoder::new(reader).map_err(|e| DataError::from_open(path, &e))
}

fn names(members: &[Member]) -> String {
    let mut out = format!("{} members", members.len());
    for (i, m) in members.iter().take(5).enumerate() {
        out.push_str(if i == 0 { ": " } else { ", " });
        out.push_str(&m.name);
    }
    if members.len() > 5 {
        out.push_str(", …");
    }
    out
}

fn archive(path: &Path, file: File) -> Result<zip::ZipArchive<io::BufReader<File>>, DataError> {
    zip::ZipArchive::new(io::BufReader::new(file)).map_err(|e| zip_error(path, e))
}

/// The directory of an archive stands at its end: without it the file was cut off.
fn zip_error(path: &Path, e: zip::result::ZipError) -> DataError {
    let file = path.display().to_string();
    match e {
        zip::result::ZipError::Io(e) if e.raw_os_error().is_some() => DataError::from_open(path, &e),
        zip::result::ZipError::InvalidArchive(reason) => DataError::Truncated {
            file,
            line: 0,
            reason: format!("the archive has no usable directory at its end ({reason})"),
        },
        e => DataError::Corrupt { file, reason: e.to_string() },
    }
}

fn list(path: &Path, file: &mut File) -> Result<Vec<Member>, DataError> {
    let again = file.try_clone().map_err(|e| DataError::from_open(path, &e))?;
    let mut archive = archive(path, again)?;
    let mut members = Vec::new();
    for i in 0..archive.len() {
        let entry = archive.by_index_raw(i).map_err(|e| zip_error(path, e))?;
        if entry.is_file() {
            members.push(Member { name: entry.name().to_owned(), len: entry.size() });
        }
    }
    Ok(members)
}

/// Streams a member straight from the file: the archive reader would have to be borrowed for as long as the stream lives.
fn member_of(path: &Path, mut file: File, name: &str) -> Result<Source, DataError> {
    let full_name = format!("{}!{name}", path.display());
    let members = list(path, &mut file)?;
    let again = file.try_clone().map_err(|e| DataError::from_open(path, &e))?;
    let mut archive = archive(path, again)?;
    let index = archive.index_for_name(name).filter(|_| members.iter().any(|m| m.name == name));
    let Some(index) = index else {
        return Err(DataError::NotFound { file: full_name, hint: format!(" (the archive has {})", names(&members)) });
    };
    let entry = archive.by_index_raw(index).map_err(|e| zip_error(path, e))?;
    let corrupt = |reason: String| DataError::Corrupt { file: full_name.clone(), reason };
    let start = entry.data_start().ok_or_else(|| corrupt("the member's place in the archive is unknown".to_owned()))?;
    let (packed, len, crc, method) = (entry.compressed_size(), entry.size(), entry.crc32(), entry.compression());
    if entry.encrypted() {
        return Err(corrupt("the member is encrypted".to_owned()));
    }
    drop(entry);
    file.seek(SeekFrom::Start(start)).map_err(|e| DataError::from_open(path, &e))?;
    let done = Arc::new(AtomicU64::new(0));
    let counted = Counted { inner: file.take(packed), done: Arc::clone(&done) };
    let inner: Box<dyn Read + Send> = match method {
        zip::CompressionMethod::Stored => Box::new(counted),
        zip::CompressionMethod::Deflated => {
            Box::new(flate2::read::DeflateDecoder::new_with_buf(counted, vec![0; 64 << 10]))
        }
        other => return Err(corrupt(format!("compression method {other}, expected stored or deflated"))),
    };
    let reader = Box::new(Checked { inner, len, read: 0, expected_crc: crc, crc: flate2::Crc::new() });
    Ok(Source { name: full_name, container: Container::ZipMember, reader, done, total: packed })
}

/// Counts what is read from the disk, for progress.
struct Counted<R> {
    inner: R,
    done: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.done.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// Holds a zip member to the length and the checksum of the archive's directory.
struct Checked {
    inner: Box<dyn Read + Send>,
    len: u64,
    read: u64,
    expected_crc: u32,
    crc: flate2::Crc,
}

impl Read for Checked {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.read += n as u64;
        self.crc.update(&buf[..n]);
        if self.read > self.len {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("the member is longer than {} bytes", self.len),
            ));
        }
        if n == 0 && !buf.is_empty() {
            if self.read < self.len {
                let reason = format!("the member has {} of {} bytes", self.read, self.len);
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, reason));
            }
            if self.crc.sum() != self.expected_crc {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the member does not match its CRC-32"));
            }
        }
        Ok(n)
    }
}

/// The name of `path` without its folders and without the endings that only tell how it is wrapped.
pub(crate) fn bare_name(path: &Path) -> String {
    let mut name = PathBuf::from(path.file_name().unwrap_or_default());
    while name.extension().is_some_and(|e| e == "zst" || e == "gz") {
        name.set_extension("");
    }
    name.display().to_string()
}
