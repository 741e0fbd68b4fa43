//! A trace in memory.

use std::collections::BTreeMap;

/// Number of a text in [`Trace::texts`]; 0 is the empty one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextId(pub u32);

/// Everything a trace file holds.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Every text once; [`TextId`] counts them.
    pub texts: Vec<Box<str>>,
    /// The threads, in the order in which they were first mentioned.
    pub threads: Vec<Thread>,
    /// The events, sorted by time; events of one time are in the order of the file.
    pub events: Vec<Event>,
    /// The arguments of all events; [`Trace::args_of`] finds an event's.
    pub args: Vec<Arg>,
    /// The clock of the provider whose initialisation came last.
    pub clock: Clock,
    /// What was left out, and why.
    pub quality: Quality,
}

/// A thread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// Koid of the process: in magic-trace's files a counter, not a pid.
    pub process_koid: u64,
    /// Koid of the thread.
    pub thread_koid: u64,
    /// Name of the process, empty if it was never said. magic-trace writes `COMMAND [pid=P] [tid=T]`.
    pub process: String,
    /// Name of the thread.
    pub name: String,
    /// Process id, from the process's name.
    pub pid: Option<u64>,
    /// Thread id, from the process's name.
    pub tid: Option<u64>,
}

/// How ticks became nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Ticks per second; 10⁹ where the file does not say.
    pub ticks_per_second: u64,
    /// Nanoseconds since 1970 at tick `base_ticks`, where the file says so.
    pub base_time_ns: Option<u64>,
    /// See `base_time_ns`.
    pub base_ticks: u64,
}

impl Default for Clock {
    fn default() -> Clock {
        Clock { ticks_per_second: 1_000_000_000, base_time_ns: None, base_ticks: 0 }
    }
}

/// What an event is.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A point in time.
    Instant = 0,
    /// Values at a point in time.
    Counter = 1,
    /// A span begins.
    Begin = 2,
    /// The innermost open span of the thread ends, whatever its name.
    End = 3,
    /// A span as a whole, to [`Event::end_ns`].
    Complete = 4,
    /// A span that may change threads begins.
    AsyncBegin = 5,
    /// A point of such a span.
    AsyncInstant = 6,
    /// Such a span ends.
    AsyncEnd = 7,
    /// An arrow begins.
    FlowBegin = 8,
    /// A point of an arrow.
    FlowStep = 9,
    /// An arrow ends.
    FlowEnd = 10,
}

/// One event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When, in ns on the file's own clock.
    pub time_ns: u64,
    /// Of [`EventKind::Complete`] its end; of every other kind its time once more.
    pub end_ns: u64,
    /// Of counters, asynchronous and flow events their id, otherwise 0.
    pub id: u64,
    /// Index in [`Trace::threads`].
    pub thread: u32,
    /// Category.
    pub category: TextId,
    /// Name.
    pub name: TextId,
    /// Index of the first argument in [`Trace::args`].
    pub args_start: u32,
    /// Number of arguments.
    pub args_len: u8,
    /// What.
    pub kind: EventKind,
}

/// A named value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arg {
    /// Name.
    pub name: TextId,
    /// Value.
    pub value: ArgValue,
}

/// What an argument says. Integers of every width are one; koids are integers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ArgValue {
    /// Nothing.
    Null,
    /// An integer.
    Int(i64),
    /// An integer above `i64::MAX`.
    Unsigned(u64),
    /// A double.
    Float(f64),
    /// A text.
    Text(TextId),
    /// An address.
    Pointer(u64),
    /// A truth value.
    Bool(bool),
    /// Bytes that were not kept; how many.
    Blob(u64),
}

/// What a reader found wrong, and what it had no use for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quality {
    /// Bytes of the trace, decompressed.
    pub bytes: u64,
    /// Records read, the useless ones included.
    pub records: u64,
    /// Why reading ended before the end, if it did. What came before is here.
    pub cut: Option<String>,
    /// Records that contradict themselves, left out.
    pub malformed: u64,
    /// Records of types without a meaning here, left out, by the type's number.
    pub skipped: BTreeMap<u8, u64>,
    /// Texts that were referred to and never registered; they read as empty.
    pub unknown_texts: u64,
    /// Events left out since their thread was never registered.
    pub unknown_threads: u64,
    /// How often a provider says that its buffer was full and records were dropped.
    pub dropped_by_writer: u64,
    /// Spans of [`EventKind::Complete`] that end before they begin, taken as empty.
    pub negative_spans: u64,
}

impl Quality {
    /// Whether everything was read and understood.
    pub fn is_clean(&self) -> bool {
        let counts = [self.malformed, self.unknown_texts, self.unknown_threads, self.dropped_by_writer];
        self.cut.is_none() && self.negative_spans == 0 && counts.iter().all(|n| *n == 0)
    }
}

/// How the spans of a trace lie in each other, thread by thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nesting {
    /// Ends whose name is not that of the span they end.
    pub wrong_pairs: u64,
    /// Ends with no span open.
    pub underflows: u64,
    /// Spans that never end.
    pub open: u64,
    /// Most spans open at a time on one thread.
    pub depth_max: usize,
    /// Spans that end.
    pub spans: u64,
}

impl Nesting {
    /// Whether every span has its end and every end its span.
    pub fn is_clean(&self) -> bool {
        self.wrong_pairs == 0 && self.underflows == 0 && self.open == 0
    }
}

impl Trace {
    /// The text of a number; empty if there is none.
    pub fn text(&self, id: TextId) -> &str {
        self.texts.get(id.0 as usize).map_or("", |t| t)
    }

    /// An event's arguments.
    pub fn args_of(&self, e: &Event) -> &[Arg] {
        let start = e.args_start as usize;
        self.args.get(start..start + usize::from(e.args_len)).unwrap_or(&[])
    }

    /// An event's argument of this name.
    pub fn arg(&self, e: &Event, name: &str) -> Option<ArgValue> {
        self.args_of(e).iter().find(|a| self.text(a.name) == name).map(|a| a.value)
    }

    /// Pairs begins and ends, thread by thread.
    pub fn nesting(&self) -> Nesting {
        let mut found = Nesting::default();
        let mut open: Vec<Vec<TextId>> = vec![Vec::new(); self.threads.len()];
        for e in &self.events {
            let Some(stack) = open.get_mut(e.thread as usize) else { continue };
            match e.kind {
                EventKind::Begin => {
                    stack.push(e.name);
                    found.depth_max = found.depth_max.max(stack.len());
                }
                EventKind::End => match stack.pop() {
                    Some(name) => {
                        found.spans += 1;
                        found.wrong_pairs += u64::from(name != e.name);
                    }
                    None => found.underflows += 1,
                },
                _ => {}
            }
        }
        found.open = open.iter().map(|stack| stack.len() as u64).sum();
        found
    }
}
