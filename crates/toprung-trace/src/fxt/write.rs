//! Writing: refuses what a reader might stumble over.
//!
//! What comes out is of the shape magic-trace writes: registered texts and threads only, argument types that every reader
//! knows, time in nanoseconds, spans as begins and ends that nest.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::error::WriteError;
use super::record::{Arg, EventRecord, Kind, Record, TEXT_INDEX_MAX, Text, ThreadId, Value};

/// The first text, as in magic-trace's files.
const PROCESS_TEXT: u16 = 1;

/// Most threads registered at a time.
const THREAD_INDEX_MAX: usize = 255;

/// A process of one [`FxtWriter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessRef(u64);

/// A thread of one [`FxtWriter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadRef(usize);

/// What an argument says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WriteValue<'a> {
    /// An integer; written in 32 bits if it fits.
    Int(i64),
    /// A double.
    Float(f64),
    /// A text of at most [`TEXT_BYTES_MAX`](super::record::TEXT_BYTES_MAX) bytes.
    Text(&'a str),
    /// An address, or an integer above `i64::MAX`.
    Pointer(u64),
}

impl From<u64> for WriteValue<'_> {
    fn from(v: u64) -> Self {
        i64::try_from(v).map_or(WriteValue::Pointer(v), WriteValue::Int)
    }
}

impl From<i64> for WriteValue<'_> {
    fn from(v: i64) -> Self {
        WriteValue::Int(v)
    }
}

impl From<f64> for WriteValue<'_> {
    fn from(v: f64) -> Self {
        WriteValue::Float(v)
    }
}

impl<'a> From<&'a str> for WriteValue<'a> {
    fn from(v: &'a str) -> Self {
        WriteValue::Text(v)
    }
}

struct ThreadState {
    process: u64,
    koid: u64,
    last_ns: u64,
    open: Vec<Box<str>>,
}

/// Builds a trace in memory, event by event. Times are in nanoseconds from where the caller likes.
///
/// Events of a thread come in the order of time and its spans nest; otherwise nothing is written and there is an error.
pub struct FxtWriter {
    out: Vec<u8>,
    texts: HashMap<Box<str>, u16>,
    text_next: u16,
    threads: Vec<ThreadState>,
    /// Number of the thread in each registered place, from 1.
    registered: HashMap<usize, u8>,
    koid_next: u64,
}

impl FxtWriter {
    /// An empty trace by `provider`, of which the first 255 bytes are kept.
    pub fn new(provider: &str) -> FxtWriter {
        let mut end = provider.len().min(255);
        while !provider.is_char_boundary(end) {
            end -= 1;
        }
        let mut out = Vec::new();
        for record in [
            Record::Magic,
            Record::ProviderInfo { id: 0, name: provider[..end].into() },
            Record::ProviderSection { id: 0 },
            Record::Text { index: PROCESS_TEXT, text: "process".into() },
            Record::Init { ticks_per_second: 1_000_000_000, base: Some([0, 0]) },
        ] {
            record
                .write(&mut out)
                .expect("Invariant: the name was cut to length, and nothing else here can be too long");
        }
        FxtWriter {
            out,
            texts: HashMap::new(),
            text_next: PROCESS_TEXT + 1,
            threads: Vec::new(),
            registered: HashMap::new(),
            koid_next: 1,
        }
    }

    /// A new process. Viewers show its name; magic-trace's convention is `COMMAND [pid=P] [tid=T]`.
    ///
    /// # Errors
    /// A name of more than 32,000 bytes.
    pub fn process(&mut self, name: &str) -> Result<ProcessRef, WriteError> {
        self.make_room(1);
        let (koid, name) = (self.koid_next, self.text(name)?);
        Record::Object { kind: 1, koid, name, args: Vec::new() }.write(&mut self.out)?;
        self.koid_next += 1;
        Ok(ProcessRef(koid))
    }

    /// A new thread of `process`.
    ///
    /// # Errors
    /// A name of more than 32,000 bytes; a process of another writer.
    pub fn thread(&mut self, process: ProcessRef, name: &str) -> Result<ThreadRef, WriteError> {
        if process.0 >= self.koid_next {
            return Err(WriteError::Unknown { got: process.0 });
        }
        self.make_room(1);
        let (koid, name) = (self.koid_next, self.text(name)?);
        let args = vec![Arg { name: Text::Index(PROCESS_TEXT), value: Value::Koid(process.0) }];
        Record::Object { kind: 2, koid, name, args }.write(&mut self.out)?;
        self.koid_next += 1;
        self.threads.push(ThreadState { process: process.0, koid, last_ns: 0, open: Vec::new() });
        Ok(ThreadRef(self.threads.len() - 1))
    }

    /// A span begins. [`FxtWriter::end`] ends it.
    ///
    /// # Errors
    /// A time before that of the thread's last event, more than 15 arguments, a text of more than 32,000 bytes.
    pub fn begin(
        &mut self,
        thread: ThreadRef,
        time_ns: u64,
        category: &str,
        name: &str,
        args: &[(&str, WriteValue<'_>)],
    ) -> Result<(), WriteError> {
        self.put(thread, time_ns, category, name, args, Kind::Begin)?;
        self.threads[thread.0].open.push(name.into());
        Ok(())
    }

    /// The innermost open span of the thread ends.
    ///
    /// # Errors
    /// There is none, or a time before that of the thread's last event.
    pub fn end(&mut self, thread: ThreadRef, time_ns: u64) -> Result<(), WriteError> {
        let name = self.state(thread)?.open.last().cloned().ok_or(WriteError::NothingOpen { time_ns })?;
        self.put(thread, time_ns, "", &name, &[], Kind::End)?;
        self.threads[thread.0].open.pop();
        Ok(())
    }

    /// A span as a whole: one with nothing in it.
    ///
    /// # Errors
    /// As [`FxtWriter::begin`]; and an end before the beginning.
    pub fn complete(
        &mut self,
        thread: ThreadRef,
        (time_ns, end_ns): (u64, u64),
        category: &str,
        name: &str,
        args: &[(&str, WriteValue<'_>)],
    ) -> Result<(), WriteError> {
        if end_ns < time_ns {
            return Err(WriteError::Order { last_ns: time_ns, got_ns: end_ns });
        }
        self.put(thread, time_ns, category, name, args, Kind::Complete(end_ns))
    }

    /// A point in time.
    ///
    /// # Errors
    /// As [`FxtWriter::begin`].
    pub fn instant(
        &mut self,
        thread: ThreadRef,
        time_ns: u64,
        category: &str,
        name: &str,
        args: &[(&str, WriteValue<'_>)],
    ) -> Result<(), WriteError> {
        self.put(thread, time_ns, category, name, args, Kind::Instant)
    }

    /// Values at a point in time: each argument is a curve.
    ///
    /// # Errors
    /// As [`FxtWriter::begin`].
    pub fn counter(
        &mut self,
        thread: ThreadRef,
        time_ns: u64,
        name: &str,
        args: &[(&str, WriteValue<'_>)],
    ) -> Result<(), WriteError> {
        self.put(thread, time_ns, "", name, args, Kind::Counter(0))
    }

    /// An event of any kind but the begin and end of a span, which [`FxtWriter::begin`] and [`FxtWriter::end`] pair.
    pub(super) fn put(
        &mut self,
        thread: ThreadRef,
        time_ns: u64,
        category: &str,
        name: &str,
        args: &[(&str, WriteValue<'_>)],
        kind: Kind,
    ) -> Result<(), WriteError> {
        let last_ns = self.state(thread)?.last_ns;
        if time_ns < last_ns {
            return Err(WriteError::Order { last_ns, got_ns: time_ns });
        }
        self.make_room(2 + 2 * args.len());
        let index = self.register(thread)?;
        let (category, name) = (self.text(category)?, self.text(name)?);
        let args = args.iter().map(|(name, value)| self.arg(name, *value)).collect::<Result<Vec<_>, _>>()?;
        let record = EventRecord { ticks: time_ns, thread: ThreadId::Index(index), category, name, args, kind };
        Record::Event(record).write(&mut self.out)?;
        self.threads[thread.0].last_ns = time_ns;
        Ok(())
    }

    fn state(&mut self, thread: ThreadRef) -> Result<&mut ThreadState, WriteError> {
        self.threads.get_mut(thread.0).ok_or(WriteError::Unknown { got: thread.0 as u64 })
    }

    /// Sees to it that the next `count` texts get places of their own.
    fn make_room(&mut self, count: usize) {
        if usize::from(self.text_next) + count > usize::from(TEXT_INDEX_MAX) {
            self.texts.clear();
            self.text_next = PROCESS_TEXT + 1;
        }
    }

    fn text(&mut self, text: &str) -> Result<Text<'static>, WriteError> {
        if text.is_empty() {
            return Ok(Text::Index(0));
        }
        if let Some(index) = self.texts.get(text) {
            return Ok(Text::Index(*index));
        }
        let index = self.text_next;
        Record::Text { index, text: text.into() }.write(&mut self.out)?;
        self.texts.insert(text.into(), index);
        self.text_next += 1;
        Ok(Text::Index(index))
    }

    fn register(&mut self, thread: ThreadRef) -> Result<u8, WriteError> {
        if let Some(index) = self.registered.get(&thread.0) {
            return Ok(*index);
        }
        if self.registered.len() == THREAD_INDEX_MAX {
            self.registered.clear();
        }
        let index = self.registered.len() as u8 + 1;
        let ThreadState { process, koid, .. } = self.threads[thread.0];
        Record::Thread { index, process, thread: koid }.write(&mut self.out)?;
        self.registered.insert(thread.0, index);
        Ok(index)
    }

    fn arg(&mut self, name: &str, value: WriteValue<'_>) -> Result<Arg<'static>, WriteError> {
        let value = match value {
            WriteValue::Int(v) => i32::try_from(v).map_or(Value::I64(v), Value::I32),
            WriteValue::Float(v) => Value::F64(v),
            WriteValue::Text(v) => Value::Text(self.text(v)?),
            WriteValue::Pointer(v) => Value::Pointer(v),
        };
        Ok(Arg { name: self.text(name)?, value })
    }

    /// The trace, not compressed.
    ///
    /// # Errors
    /// A span is still open.
    pub fn finish(self) -> Result<Vec<u8>, WriteError> {
        let open: Vec<_> = self.threads.iter().flat_map(|t| &t.open).collect();
        match open.first() {
            None => Ok(self.out),
            Some(name) => Err(WriteError::StillOpen { count: open.len(), name: name.to_string() }),
        }
    }
}

/// The same as gzip, at the level that magic-trace uses.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    let done = encoder.write_all(bytes).and_then(|()| encoder.finish());
    done.expect("Invariant: writing to memory does not fail")
}

/// Writes a trace to `path`, gzipped if that ends in `.gz`. The file appears whole or not at all.
///
/// # Errors
/// [`WriteError::Io`].
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let packed;
    let bytes = if path.extension().is_some_and(|e| e == "gz") {
        packed = gzip(bytes);
        &packed
    } else {
        bytes
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    written.map_err(|source| {
        // Nothing half-written stays, as far as the system lets us.
        let _ = fs::remove_file(&temporary);
        WriteError::Io { path: path.to_owned(), source }
    })
}
