//! Reading: takes what is there.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::error::ReadError;
use super::model::{Arg, ArgValue, Clock, Event, EventKind, Quality, TextId, Thread, Trace};
use super::record::{self, EventRecord, Fault, Kind, Record, Records, Text, ThreadId, Value};

/// Most bytes of a trace that are read, decompressed: in memory it takes up to four times as much, and what a viewer can show
/// is far below.
pub const TRACE_BYTES_MAX: u64 = 1 << 29;

/// Reads the trace `path`, gzipped or not.
///
/// # Errors
/// As [`read`]; and that the file cannot be read.
pub fn read_file(path: &Path) -> Result<Trace, ReadError> {
    let io = |source| ReadError::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(io)?;
    file.take(TRACE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(io)?;
    read_named(&bytes, &path.display().to_string())
}

/// Reads a trace, gzipped or not.
///
/// A trace that ends early or is damaged gives what was read up to there, and [`Trace::quality`] says so.
///
/// # Errors
/// [`ReadError::NotATrace`] if not even the first word is that of a trace, [`ReadError::TooLarge`].
pub fn read(bytes: &[u8]) -> Result<Trace, ReadError> {
    read_named(bytes, "trace")
}

fn read_named(bytes: &[u8], name: &str) -> Result<Trace, ReadError> {
    let too_large = || ReadError::TooLarge { name: name.to_owned(), limit: TRACE_BYTES_MAX };
    let (unpacked, damage);
    let (bytes, cut) = if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut out = Vec::new();
        let gzip = flate2::read::MultiGzDecoder::new(bytes);
        damage = gzip.take(TRACE_BYTES_MAX + 1).read_to_end(&mut out).err();
        unpacked = out;
        (unpacked.as_slice(), damage.map(|e| format!("the gzip stream is damaged: {e}")))
    } else {
        (bytes, None)
    };
    if bytes.len() as u64 > TRACE_BYTES_MAX {
        return Err(too_large());
    }
    if !bytes.starts_with(&record::MAGIC.to_le_bytes()) {
        return Err(ReadError::NotATrace { name: name.to_owned(), got: describe(bytes, cut) });
    }
    let mut reader = Reader::default();
    reader.trace.quality = Quality { bytes: bytes.len() as u64, cut, ..Quality::default() };
    reader.all(bytes);
    Ok(reader.finish())
}

fn describe(bytes: &[u8], cut: Option<String>) -> String {
    if let Some(cut) = cut {
        return cut;
    }
    match bytes {
        [] => "no bytes".to_owned(),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "a zstd file: decompress it first (`zstd -d`)".to_owned(),
        _ => format!("bytes that begin with {:02x?}", &bytes[..bytes.len().min(8)]),
    }
}

/// What a provider has registered.
#[derive(Default)]
struct Provider {
    texts: HashMap<u16, TextId>,
    threads: HashMap<u8, u32>,
    clock: Clock,
}

#[derive(Default)]
struct Reader {
    trace: Trace,
    interned: HashMap<Box<str>, TextId>,
    providers: HashMap<u32, Provider>,
    current: u32,
    /// Index in `trace.threads` by koids of process and thread.
    threads: HashMap<(u64, u64), u32>,
    process_names: HashMap<u64, TextId>,
    thread_names: HashMap<(u64, u64), TextId>,
}

impl Reader {
    fn all(&mut self, bytes: &[u8]) {
        self.intern("");
        let mut records = Records::new(bytes);
        while let Some(next) = records.next() {
            self.trace.quality.records += 1;
            match next {
                Ok(record) => self.record(record),
                Err(Fault::Malformed) => self.trace.quality.malformed += 1,
                Err(fault) => {
                    let why = if fault == Fault::Truncated { "ends within a record" } else { "has no length" };
                    let cut = format!("the record at byte {} {why}", records.position());
                    self.trace.quality.cut.get_or_insert(cut);
                }
            }
        }
    }

    fn finish(mut self) -> Trace {
        let Trace { texts, threads, .. } = &mut self.trace;
        let text = |id: Option<&TextId>| id.map_or(String::new(), |id| texts[id.0 as usize].to_string());
        for thread in threads {
            thread.process = text(self.process_names.get(&thread.process_koid));
            thread.name = text(self.thread_names.get(&(thread.process_koid, thread.thread_koid)));
            thread.pid = bracketed(&thread.process, "pid");
            thread.tid = bracketed(&thread.process, "tid");
        }
        // magic-trace writes the begins that it had to infer at the end of the file, with the time of the window's start.
        self.trace.events.sort_by_key(|e| e.time_ns);
        self.trace
    }

    fn intern(&mut self, text: &str) -> TextId {
        if let Some(id) = self.interned.get(text) {
            return *id;
        }
        let id = TextId(self.trace.texts.len() as u32);
        self.trace.texts.push(text.into());
        self.interned.insert(text.into(), id);
        id
    }

    fn provider(&mut self) -> &mut Provider {
        self.providers.entry(self.current).or_default()
    }

    fn record(&mut self, record: Record<'_>) {
        match record {
            Record::Magic => {}
            Record::ProviderInfo { id, .. } | Record::ProviderSection { id } => self.current = id,
            Record::ProviderEvent { event, .. } => self.trace.quality.dropped_by_writer += u64::from(event == 0),
            Record::Init { ticks_per_second: 0, .. } => self.trace.quality.malformed += 1,
            Record::Init { ticks_per_second, base } => {
                let clock = Clock {
                    ticks_per_second,
                    base_time_ns: base.map(|[_, ns]| ns),
                    base_ticks: base.map_or(0, |[ticks, _]| ticks),
                };
                self.provider().clock = clock;
                self.trace.clock = clock;
            }
            Record::Text { index, text } => {
                let id = self.intern(&text);
                self.provider().texts.insert(index, id);
            }
            Record::Thread { index, process, thread } => {
                let thread = self.thread(process, thread);
                self.provider().threads.insert(index, thread);
            }
            Record::Event(event) => self.event(event),
            Record::Object { kind, koid, name, args } => self.object(kind, koid, &name, &args),
            Record::Other(kind) => *self.trace.quality.skipped.entry(kind).or_default() += 1,
        }
    }

    fn thread(&mut self, process_koid: u64, thread_koid: u64) -> u32 {
        let threads = &mut self.trace.threads;
        *self.threads.entry((process_koid, thread_koid)).or_insert_with(|| {
            threads.push(Thread { process_koid, thread_koid, ..Thread::default() });
            threads.len() as u32 - 1
        })
    }

    fn text(&mut self, text: &Text<'_>) -> TextId {
        match text {
            Text::Index(0) => TextId(0),
            Text::Index(index) => self.provider().texts.get(index).copied().unwrap_or_else(|| {
                self.trace.quality.unknown_texts += 1;
                TextId(0)
            }),
            Text::Inline(text) => self.intern(text),
        }
    }

    fn value(&mut self, value: &Value<'_>) -> ArgValue {
        match value {
            Value::Null => ArgValue::Null,
            Value::I32(v) => ArgValue::Int((*v).into()),
            Value::U32(v) => ArgValue::Int((*v).into()),
            Value::I64(v) => ArgValue::Int(*v),
            Value::U64(v) | Value::Koid(v) => i64::try_from(*v).map_or(ArgValue::Unsigned(*v), ArgValue::Int),
            Value::F64(v) => ArgValue::Float(*v),
            Value::Text(text) => ArgValue::Text(self.text(text)),
            Value::Pointer(v) => ArgValue::Pointer(*v),
            Value::Bool(v) => ArgValue::Bool(*v),
            Value::Blob(bytes) => ArgValue::Blob(bytes.len() as u64),
        }
    }

    fn object(&mut self, kind: u8, koid: u64, name: &Text<'_>, args: &[record::Arg<'_>]) {
        let name = self.text(name);
        match kind {
            1 => drop(self.process_names.insert(koid, name)),
            2 => {
                for arg in args {
                    let (Value::Koid(process), id) = (&arg.value, self.text(&arg.name)) else { continue };
                    if self.trace.text(id) == "process" {
                        self.thread_names.insert((*process, koid), name);
                    }
                }
            }
            _ => {}
        }
    }

    fn event(&mut self, e: EventRecord<'_>) {
        let thread = match e.thread {
            ThreadId::Inline(process, thread) => self.thread(process, thread),
            ThreadId::Index(index) => {
                let Some(thread) = self.provider().threads.get(&index).copied() else {
                    self.trace.quality.unknown_threads += 1;
                    return;
                };
                thread
            }
        };
        let clock = self.provider().clock;
        let time_ns = nanoseconds(e.ticks, clock);
        let (category, name) = (self.text(&e.category), self.text(&e.name));
        let args_start = self.trace.args.len() as u32;
        for arg in &e.args {
            let arg = Arg { name: self.text(&arg.name), value: self.value(&arg.value) };
            self.trace.args.push(arg);
        }
        let (kind, word) = match e.kind {
            Kind::Instant => (EventKind::Instant, 0),
            Kind::Counter(id) => (EventKind::Counter, id),
            Kind::Begin => (EventKind::Begin, 0),
            Kind::End => (EventKind::End, 0),
            Kind::Complete(end) => (EventKind::Complete, end),
            Kind::AsyncBegin(id) => (EventKind::AsyncBegin, id),
            Kind::AsyncInstant(id) => (EventKind::AsyncInstant, id),
            Kind::AsyncEnd(id) => (EventKind::AsyncEnd, id),
            Kind::FlowBegin(id) => (EventKind::FlowBegin, id),
            Kind::FlowStep(id) => (EventKind::FlowStep, id),
            Kind::FlowEnd(id) => (EventKind::FlowEnd, id),
        };
        let (mut end_ns, mut id) = (time_ns, word);
        if kind == EventKind::Complete {
            (end_ns, id) = (nanoseconds(word, clock), 0);
            if end_ns < time_ns {
                self.trace.quality.negative_spans += 1;
                end_ns = time_ns;
            }
        }
        let args_len = e.args.len() as u8;
        self.trace.events.push(Event { time_ns, end_ns, id, thread, category, name, args_start, args_len, kind });
    }
}

/// Ticks of a provider's clock in ns, saturating at `u64::MAX`.
fn nanoseconds(ticks: u64, clock: Clock) -> u64 {
    if clock.ticks_per_second == 1_000_000_000 {
        return ticks;
    }
    let ns = u128::from(ticks) * 1_000_000_000 / u128::from(clock.ticks_per_second);
    u64::try_from(ns).unwrap_or(u64::MAX)
}

/// The number in `[KEY=NUMBER]`.
fn bracketed(name: &str, key: &str) -> Option<u64> {
    name.split('[').filter_map(|part| part.split_once(']')).find_map(|(inside, _)| {
        let (k, v) = inside.split_once('=')?;
        if k == key { v.parse().ok() } else { None }
    })
}
