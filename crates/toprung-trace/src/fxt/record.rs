//! The format word by word: one [`Record`] in, its bytes out, and back.
//!
//! Everything is little endian and a multiple of eight bytes. Bit ranges are counted from the lowest bit. Reading is
//! lenient where a length says how to go on; writing checks every field.

use std::borrow::Cow;

use super::error::WriteError;

/// The word that a trace begins with.
pub const MAGIC: u64 = 0x0016_5478_4604_0010;

/// Longest text, in bytes.
pub const TEXT_BYTES_MAX: usize = 32_000;

/// Largest index of a registered text.
pub const TEXT_INDEX_MAX: u16 = 0x7fff;

/// Most arguments of one event.
pub const ARGS_MAX: usize = 15;

const WORDS_MAX: u64 = 4095;
const INLINE: u16 = 0x8000;

/// A text, registered or in place. Index 0 is the empty text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text<'a> {
    /// Registered before under this number.
    Index(u16),
    /// In the record itself.
    Inline(Cow<'a, str>),
}

/// A thread, registered or in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadId {
    /// Registered before under this number, from 1.
    Index(u8),
    /// The koids of process and thread, in the record itself.
    Inline(u64, u64),
}

/// What an argument says.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// A signed integer of 32 bits.
    I32(i32),
    /// An integer of 32 bits.
    U32(u32),
    /// A signed integer of 64 bits.
    I64(i64),
    /// An integer of 64 bits.
    U64(u64),
    /// A double.
    F64(f64),
    /// A text.
    Text(Text<'a>),
    /// An address.
    Pointer(u64),
    /// A kernel object's id.
    Koid(u64),
    /// A truth value.
    Bool(bool),
    /// Bytes.
    Blob(Cow<'a, [u8]>),
}

/// A named value.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg<'a> {
    /// Its name.
    pub name: Text<'a>,
    /// Its value.
    pub value: Value<'a>,
}

/// What kind of event, with the word that belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A point in time.
    Instant,
    /// Values at a point in time; the counter's id.
    Counter(u64),
    /// A span begins.
    Begin,
    /// The innermost open span of the thread ends.
    End,
    /// A span as a whole; the time at which it ends, in ticks.
    Complete(u64),
    /// A span that may change threads begins; its id.
    AsyncBegin(u64),
    /// A point of such a span; its id.
    AsyncInstant(u64),
    /// Such a span ends; its id.
    AsyncEnd(u64),
    /// An arrow begins; its id.
    FlowBegin(u64),
    /// A point of an arrow; its id.
    FlowStep(u64),
    /// An arrow ends; its id.
    FlowEnd(u64),
}

impl Kind {
    const fn parts(self) -> (u64, Option<u64>) {
        match self {
            Kind::Instant => (0, None),
            Kind::Counter(w) => (1, Some(w)),
            Kind::Begin => (2, None),
            Kind::End => (3, None),
            Kind::Complete(w) => (4, Some(w)),
            Kind::AsyncBegin(w) => (5, Some(w)),
            Kind::AsyncInstant(w) => (6, Some(w)),
            Kind::AsyncEnd(w) => (7, Some(w)),
            Kind::FlowBegin(w) => (8, Some(w)),
            Kind::FlowStep(w) => (9, Some(w)),
            Kind::FlowEnd(w) => (10, Some(w)),
        }
    }
}

/// An event as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRecord<'a> {
    /// When, in ticks of the provider's clock.
    pub ticks: u64,
    /// Where.
    pub thread: ThreadId,
    /// Category, often empty.
    pub category: Text<'a>,
    /// Name.
    pub name: Text<'a>,
    /// At most 15.
    pub args: Vec<Arg<'a>>,
    /// What.
    pub kind: Kind,
}

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub enum Record<'a> {
    /// The first word.
    Magic,
    /// A provider and its name; it is the current one from here on.
    ProviderInfo {
        /// Its number.
        id: u32,
        /// Its name.
        name: Cow<'a, str>,
    },
    /// Makes a provider the current one.
    ProviderSection {
        /// Its number.
        id: u32,
    },
    /// Something happened to a provider; 0: its buffer was full and records were dropped.
    ProviderEvent {
        /// Its number.
        id: u32,
        /// What, 0 to 15.
        event: u8,
    },
    /// The provider's clock.
    Init {
        /// Ticks per second.
        ticks_per_second: u64,
        /// Ticks and nanoseconds since 1970 of one and the same moment: Jane Street's extension.
        base: Option<[u64; 2]>,
    },
    /// Registers a text.
    Text {
        /// From 1 to [`TEXT_INDEX_MAX`]; what it stood for before is forgotten.
        index: u16,
        /// The text.
        text: Cow<'a, str>,
    },
    /// Registers a thread.
    Thread {
        /// From 1; what it stood for before is forgotten.
        index: u8,
        /// The process's koid.
        process: u64,
        /// The thread's koid.
        thread: u64,
    },
    /// An event.
    Event(EventRecord<'a>),
    /// Names a kernel object.
    Object {
        /// 1 is a process, 2 a thread.
        kind: u8,
        /// Its id.
        koid: u64,
        /// Its name.
        name: Text<'a>,
        /// A thread has its process's koid as `process`.
        args: Vec<Arg<'a>>,
    },
    /// Something this reader has no use for; the number of its type.
    Other(u8),
}

/// Why there is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The bytes end within a record: there is nothing behind it.
    Truncated,
    /// A record says that it has no length: nobody knows where the next one begins.
    NoLength,
    /// A record contradicts itself; the next one can be read.
    Malformed,
}

/// Goes through the records of a trace. After [`Fault::Truncated`] and [`Fault::NoLength`] there is nothing more.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Records<'a> {
    /// The records in `bytes`, the first word included.
    pub fn new(bytes: &'a [u8]) -> Records<'a> {
        Records { bytes, at: 0 }
    }

    /// Bytes behind us.
    pub fn position(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, Fault>;

    fn next(&mut self) -> Option<Result<Record<'a>, Fault>> {
        let rest = &self.bytes[self.at..];
        if rest.is_empty() {
            return None;
        }
        let stop = |records: &mut Records<'a>, fault| {
            records.bytes = &records.bytes[..records.at];
            Some(Err(fault))
        };
        let Some(header) = rest.first_chunk::<8>().map(|b| u64::from_le_bytes(*b)) else {
            return stop(self, Fault::Truncated);
        };
        let words = if field(header, 0, 4) == 15 { field(header, 4, 32) } else { field(header, 4, 12) };
        if words == 0 {
            return stop(self, Fault::NoLength);
        }
        let bytes = usize::try_from(words * 8).unwrap_or(usize::MAX);
        let Some(body) = rest.get(8..bytes) else { return stop(self, Fault::Truncated) };
        self.at += bytes;
        Some(decode(header, Cursor(body)).ok_or(Fault::Malformed))
    }
}

/// `bits` bits of `word`, from bit `from`.
const fn field(word: u64, from: u32, bits: u32) -> u64 {
    (word >> from) & ((1 << bits) - 1)
}

/// What is left of a record.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn word(&mut self) -> Option<u64> {
        let (word, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*word))
    }

    /// `len` bytes and what fills them up to a whole word.
    fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (padded, rest) = self.0.split_at_checked(len.checked_next_multiple_of(8)?)?;
        self.0 = rest;
        padded.get(..len)
    }

    fn string(&mut self, len: u64) -> Option<Cow<'a, str>> {
        self.bytes(len as usize).map(String::from_utf8_lossy)
    }

    fn text(&mut self, reference: u64) -> Option<Text<'a>> {
        let reference = reference as u16;
        if reference & INLINE == 0 {
            return Some(Text::Index(reference));
        }
        self.string(u64::from(reference & !INLINE)).map(Text::Inline)
    }

    /// `count` arguments; those of an unknown type are left out.
    fn args(&mut self, count: u64) -> Option<Vec<Arg<'a>>> {
        let mut args = Vec::with_capacity(count as usize);
        for _ in 0..count {
            let header = u64::from_le_bytes(*self.0.first_chunk::<8>()?);
            let words = field(header, 4, 12) as usize;
            let (arg, rest) = self.0.split_at_checked(words * 8)?;
            self.0 = rest;
            let mut arg = Cursor(arg.get(8..)?);
            let name = arg.text(field(header, 16, 16))?;
            let value = match field(header, 0, 4) {
                0 => Value::Null,
                1 => Value::I32(field(header, 32, 32) as u32 as i32),
                2 => Value::U32(field(header, 32, 32) as u32),
                3 => Value::I64(arg.word()? as i64),
                4 => Value::U64(arg.word()?),
                5 => Value::F64(f64::from_bits(arg.word()?)),
                6 => Value::Text(arg.text(field(header, 32, 16))?),
                7 => Value::Pointer(arg.word()?),
                8 => Value::Koid(arg.word()?),
                9 => Value::Bool(field(header, 32, 1) == 1),
                10 => Value::Blob(arg.bytes(field(header, 32, 32) as usize)?.into()),
                _ => continue,
            };
            args.push(Arg { name, value });
        }
        Some(args)
    }
}

fn decode<'a>(header: u64, mut body: Cursor<'a>) -> Option<Record<'a>> {
    let id = field(header, 20, 32) as u32;
    Some(match field(header, 0, 4) as u8 {
        0 => match field(header, 16, 4) {
            1 => Record::ProviderInfo { id, name: body.string(field(header, 52, 8))? },
            2 => Record::ProviderSection { id },
            3 => Record::ProviderEvent { id, event: field(header, 52, 4) as u8 },
            4 if header == MAGIC => Record::Magic,
            _ => Record::Other(0),
        },
        1 => {
            let ticks_per_second = body.word()?;
            let base = body.word().zip(body.word()).map(|(ticks, ns)| [ticks, ns]);
            Record::Init { ticks_per_second, base }
        }
        2 => {
            let index = field(header, 16, 15) as u16;
            Record::Text { index, text: body.string(field(header, 32, 15))? }
        }
        3 => Record::Thread { index: field(header, 16, 8) as u8, process: body.word()?, thread: body.word()? },
        4 => Record::Event(event(header, &mut body)?),
        7 => {
            let (kind, koid) = (field(header, 16, 8) as u8, body.word()?);
            let name = body.text(field(header, 24, 16))?;
            Record::Object { kind, koid, name, args: body.args(field(header, 40, 4))? }
        }
        other => Record::Other(other),
    })
}

fn event<'a>(header: u64, body: &mut Cursor<'a>) -> Option<EventRecord<'a>> {
    let ticks = body.word()?;
    let thread = match field(header, 24, 8) as u8 {
        0 => ThreadId::Inline(body.word()?, body.word()?),
        index => ThreadId::Index(index),
    };
    let category = body.text(field(header, 32, 16))?;
    let name = body.text(field(header, 48, 16))?;
    let args = body.args(field(header, 20, 4))?;
    let kind = match field(header, 16, 4) {
        0 => Kind::Instant,
        1 => Kind::Counter(body.word()?),
        2 => Kind::Begin,
        3 => Kind::End,
        4 => Kind::Complete(body.word()?),
        5 => Kind::AsyncBegin(body.word()?),
        6 => Kind::AsyncInstant(body.word()?),
        7 => Kind::AsyncEnd(body.word()?),
        8 => Kind::FlowBegin(body.word()?),
        9 => Kind::FlowStep(body.word()?),
        10 => Kind::FlowEnd(body.word()?),
        _ => return None,
    };
    Some(EventRecord { ticks, thread, category, name, args, kind })
}

impl Record<'_> {
    /// Appends the record to `out`, which is left as it was if the record cannot be written.
    ///
    /// # Errors
    /// A text, a number or the record as a whole that does not fit its field; [`Record::Other`].
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), WriteError> {
        let start = out.len();
        let written = self.write_parts(out, start);
        if written.is_err() {
            out.truncate(start);
        }
        written
    }

    fn write_parts(&self, out: &mut Vec<u8>, start: usize) -> Result<(), WriteError> {
        let header = match self {
            Record::Magic => {
                word(out, MAGIC);
                return Ok(());
            }
            Record::ProviderInfo { id, name } => {
                within("a provider's name", 255, name.len() as u64)?;
                word(out, 0);
                padded(out, name.as_bytes());
                1 << 16 | u64::from(*id) << 20 | (name.len() as u64) << 52
            }
            Record::ProviderSection { id } => {
                word(out, 0);
                2 << 16 | u64::from(*id) << 20
            }
            Record::ProviderEvent { id, event } => {
                within("a provider's event", 15, u64::from(*event))?;
                word(out, 0);
                3 << 16 | u64::from(*id) << 20 | u64::from(*event) << 52
            }
            Record::Init { ticks_per_second, base } => {
                word(out, 0);
                word(out, *ticks_per_second);
                base.iter().flatten().for_each(|w| word(out, *w));
                1
            }
            Record::Text { index, text } => {
                within("a text's index", TEXT_INDEX_MAX.into(), u64::from(*index))?;
                within("a text's bytes", TEXT_BYTES_MAX as u64, text.len() as u64)?;
                word(out, 0);
                padded(out, text.as_bytes());
                2 | u64::from(*index) << 16 | (text.len() as u64) << 32
            }
            Record::Thread { index, process, thread } => {
                word(out, 0);
                word(out, *process);
                word(out, *thread);
                3 | u64::from(*index) << 16
            }
            Record::Event(e) => e.write_parts(out)?,
            Record::Object { kind, koid, name, args } => {
                let name_ref = reference(name)?;
                word(out, 0);
                word(out, *koid);
                stream(out, name);
                write_args(out, args)?;
                7 | u64::from(*kind) << 16 | name_ref << 24 | (args.len() as u64) << 40
            }
            Record::Other(kind) => {
                return Err(WriteError::Limit { what: "a record's type", limit: 0, got: u64::from(*kind) });
            }
        };
        finish(out, start, header)
    }
}

impl EventRecord<'_> {
    fn write_parts(&self, out: &mut Vec<u8>) -> Result<u64, WriteError> {
        let (category, name) = (reference(&self.category)?, reference(&self.name)?);
        let (kind, last) = self.kind.parts();
        word(out, 0);
        word(out, self.ticks);
        let thread = match self.thread {
            ThreadId::Index(index) => u64::from(index),
            ThreadId::Inline(process, thread) => {
                word(out, process);
                word(out, thread);
                0
            }
        };
        stream(out, &self.category);
        stream(out, &self.name);
        write_args(out, &self.args)?;
        last.iter().for_each(|w| word(out, *w));
        Ok(4 | kind << 16 | (self.args.len() as u64) << 20 | thread << 24 | category << 32 | name << 48)
    }
}

fn write_args(out: &mut Vec<u8>, args: &[Arg<'_>]) -> Result<(), WriteError> {
    within("an event's arguments", ARGS_MAX as u64, args.len() as u64)?;
    for arg in args {
        let start = out.len();
        let name = reference(&arg.name)?;
        word(out, 0);
        stream(out, &arg.name);
        let (kind, value) = match &arg.value {
            Value::Null => (0, 0),
            Value::I32(v) => (1, u64::from(*v as u32) << 32),
            Value::U32(v) => (2, u64::from(*v) << 32),
            Value::I64(v) => (3, {
                word(out, *v as u64);
                0
            }),
            Value::U64(v) => (4, {
                word(out, *v);
                0
            }),
            Value::F64(v) => (5, {
                word(out, v.to_bits());
                0
            }),
            Value::Text(text) => (6, {
                let r = reference(text)?;
                stream(out, text);
                r << 32
            }),
            Value::Pointer(v) => (7, {
                word(out, *v);
                0
            }),
            Value::Koid(v) => (8, {
                word(out, *v);
                0
            }),
            Value::Bool(v) => (9, u64::from(*v) << 32),
            Value::Blob(bytes) => (10, {
                within("a blob's bytes", TEXT_BYTES_MAX as u64, bytes.len() as u64)?;
                padded(out, bytes);
                (bytes.len() as u64) << 32
            }),
        };
        finish(out, start, kind | name << 16 | value)?;
    }
    Ok(())
}

/// Puts the header, with the length that has come of it, in the place that was left for it.
fn finish(out: &mut [u8], start: usize, header: u64) -> Result<(), WriteError> {
    let words = (out.len() - start) as u64 / 8;
    within("a record's words", WORDS_MAX, words)?;
    out[start..start + 8].copy_from_slice(&(header | words << 4).to_le_bytes());
    Ok(())
}

fn within(what: &'static str, limit: u64, got: u64) -> Result<(), WriteError> {
    if got <= limit { Ok(()) } else { Err(WriteError::Limit { what, limit, got }) }
}

fn word(out: &mut Vec<u8>, word: u64) {
    out.extend_from_slice(&word.to_le_bytes());
}

fn padded(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(bytes);
    out.resize(out.len().next_multiple_of(8), 0);
}

fn reference(text: &Text<'_>) -> Result<u64, WriteError> {
    Ok(match text {
        Text::Index(index) => {
            within("a text's index", TEXT_INDEX_MAX.into(), u64::from(*index))?;
            u64::from(*index)
        }
        Text::Inline(text) => {
            within("a text's bytes", TEXT_BYTES_MAX as u64, text.len() as u64)?;
            text.len() as u64 | u64::from(INLINE)
        }
    })
}

fn stream(out: &mut Vec<u8>, text: &Text<'_>) {
    if let Text::Inline(text) = text {
        padded(out, text.as_bytes());
    }
}
