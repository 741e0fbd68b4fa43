//! A trace as spans: what every analysis and every export begins with.
//!
//! A [`Builder`] takes events in any order, as a file has them; [`Builder::finish`] sorts them stably by time, pairs them
//! and says what did not pair. An end closes the innermost open span of its thread whatever its name, as Perfetto does.

use std::collections::HashMap;

use super::bucket::Bucket;

/// No span, no node, no name.
pub(super) const NONE: u32 = u32::MAX;

/// What a trace was made with; it decides what its times mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Written by the program itself: orders and stages, each with its own clock readings.
    Recorder,
    /// Decoded from Intel PT by magic-trace: every call, but times below some 100 ns are interpolated.
    IntelPt,
    /// Anything else with spans.
    Other,
    /// Stack samples: counts, never the length of a call.
    Samples,
}

impl Source {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Source::Recorder => "flight-recorder",
            Source::IntelPt => "intel-pt",
            Source::Other => "spans",
            Source::Samples => "sampling",
        }
    }
}

/// A function or stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// As the trace writes it.
    pub text: String,
    /// As the trace writes it; often empty.
    pub category: String,
    /// What kind of work it is.
    pub bucket: Bucket,
}

/// A value of an argument.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// An integer, a boolean or an address.
    Int(i64),
    /// A number.
    Float(f64),
    /// A text.
    Text(String),
}

/// One call of a function, or one stage of an order.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Index into [`Timeline::names`].
    pub name: u32,
    /// The span it lies in, [`NONE`] at the top.
    pub parent: u32,
    /// The first span behind its descendants: they are `i + 1 .. next`.
    pub next: u32,
    /// Index into [`Timeline::threads`].
    pub thread: u32,
    /// First of its arguments in [`Timeline::args`], and their number.
    pub(super) args: (u32, u32),
    /// Spans above it.
    pub depth: u32,
    /// Its true start or end lies outside the trace: kept in totals, left out of percentiles.
    pub censored: bool,
    /// Start, ns.
    pub start_ns: u64,
    /// End, ns.
    pub end_ns: u64,
    /// Time within its children, ns.
    pub child_ns: u64,
}

impl Span {
    /// Its length, ns.
    pub fn total_ns(&self) -> u64 {
        self.end_ns - self.start_ns
    }

    /// Its length without its children, ns.
    pub fn self_ns(&self) -> u64 {
        self.total_ns().saturating_sub(self.child_ns)
    }
}

/// Something that happened at one time.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// Index into [`Timeline::names`].
    pub name: u32,
    /// Index into [`Timeline::threads`].
    pub thread: u32,
    /// When, ns.
    pub at_ns: u64,
    /// The span it lies in, [`NONE`] outside of any.
    pub span: u32,
}

/// A thread as the trace names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// Name of its process.
    pub process: String,
    /// Its own name.
    pub name: String,
}

/// What did not fit together, and what the trace says of its own gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flaws {
    /// Ends without a begin.
    pub orphan_ends: u64,
    /// Spans still open when the trace ends.
    pub open_at_end: u64,
    /// Spans whose start was inferred by the tool.
    pub inferred_starts: u64,
    /// Spans that reach out of the span they lie in; cut at its end.
    pub overlaps: u64,
    /// Decode errors, of which overflows.
    pub decode_errors: u64,
    /// Decode errors that say the processor could not write fast enough.
    pub overflows: u64,
    /// What the reader had to say.
    pub remarks: Vec<String>,
}

/// A trace as spans.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// What it was made with.
    pub source: Source,
    /// Functions and stages.
    pub names: Vec<Name>,
    /// Threads.
    pub threads: Vec<Thread>,
    /// Spans in preorder, thread by thread.
    pub spans: Vec<Span>,
    /// Things that happened at one time.
    pub marks: Vec<Mark>,
    /// Arguments, (index into [`Timeline::keys`], value).
    pub args: Vec<(u32, Value)>,
    /// Names of arguments.
    pub keys: Vec<String>,
    /// First and last time, ns.
    pub window_ns: (u64, u64),
    /// What did not fit together.
    pub flaws: Flaws,
}

impl Timeline {
    /// The text of a name.
    pub fn text(&self, name: u32) -> &str {
        &self.names[name as usize].text
    }

    /// Whether a thread is the recorder's replay of some orders, which happened once already.
    pub fn is_replay(&self, thread: u32) -> bool {
        self.threads[thread as usize].process.starts_with("replay ")
    }

    /// A span's bucket.
    pub fn bucket(&self, span: &Span) -> Bucket {
        self.names[span.name as usize].bucket
    }

    /// The arguments of a span.
    pub fn args_of(&self, span: &Span) -> impl Iterator<Item = (&str, &Value)> {
        let (first, n) = span.args;
        self.args[first as usize..(first + n) as usize]
            .iter()
            .map(|(key, value)| (self.keys[*key as usize].as_str(), value))
    }

    /// An argument of a span as an integer.
    pub fn int(&self, span: &Span, key: &str) -> Option<i64> {
        self.args_of(span).find(|(k, _)| *k == key).and_then(|(_, value)| match value {
            Value::Int(v) => Some(*v),
            Value::Float(v) => Some(*v as i64),
            Value::Text(_) => None,
        })
    }

    /// An argument of a span as a text.
    pub fn word(&self, span: &Span, key: &str) -> Option<&str> {
        self.args_of(span).find(|(k, _)| *k == key).and_then(|(_, value)| match value {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Begin,
    End,
    /// The end of a complete event, which knows what it closes.
    EndOf(u32),
    Mark,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    at_ns: u64,
    kind: Kind,
    name: u32,
    args: (u32, u32),
    inferred: bool,
    /// Where a complete event ends.
    end_ns: u64,
}

/// Takes events and makes a [`Timeline`] of them.
#[derive(Debug, Default)]
pub struct Builder {
    names: Vec<Name>,
    known_names: HashMap<(String, String), u32>,
    threads: Vec<Thread>,
    entries: Vec<Vec<Entry>>,
    args: Vec<(u32, Value)>,
    keys: Vec<String>,
    known_keys: HashMap<String, u32>,
    completes: u32,
    flaws: Flaws,
}

impl Builder {
    /// Adds a thread.
    pub fn thread(&mut self, process: &str, name: &str) -> u32 {
        self.threads.push(Thread { process: process.to_owned(), name: name.to_owned() });
        self.entries.push(Vec::new());
        self.threads.len() as u32 - 1
    }

    /// The index of a name.
    pub fn name(&mut self, text: &str, category: &str) -> u32 {
        if let Some(&known) = self.known_names.get(&(text.to_owned(), category.to_owned())) {
            return known;
        }
        let index = self.names.len() as u32;
        let bucket = Bucket::of(text, category);
        self.names.push(Name { text: text.to_owned(), category: category.to_owned(), bucket });
        self.known_names.insert((text.to_owned(), category.to_owned()), index);
        index
    }

    /// Adds something that the reader had to say.
    pub fn remark(&mut self, text: impl Into<String>) {
        self.flaws.remarks.push(text.into());
    }

    fn store<'a>(&mut self, args: impl IntoIterator<Item = (&'a str, Value)>) -> ((u32, u32), bool) {
        let first = self.args.len() as u32;
        let mut inferred = false;
        for (key, value) in args {
            match key {
                // What magic-trace says of every call; the name has it.
                "address" | "symbol" | "file" | "line" | "col" => {}
                "inferred_start_time" => inferred = true,
                _ => {
                    let next = self.keys.len() as u32;
                    let key = *self.known_keys.entry(key.to_owned()).or_insert_with(|| {
                        self.keys.push(key.to_owned());
                        next
                    });
                    self.args.push((key, value));
                }
            }
        }
        ((first, self.args.len() as u32 - first), inferred)
    }

    /// A span begins.
    pub fn begin<'a>(&mut self, thread: u32, at_ns: u64, name: u32, args: impl IntoIterator<Item = (&'a str, Value)>) {
        let (args, inferred) = self.store(args);
        self.entries[thread as usize].push(Entry { at_ns, kind: Kind::Begin, name, args, inferred, end_ns: NO_END });
    }

    /// The innermost open span ends; arguments are added to it.
    pub fn end<'a>(&mut self, thread: u32, at_ns: u64, args: impl IntoIterator<Item = (&'a str, Value)>) {
        let (args, _) = self.store(args);
        self.entries[thread as usize].push(Entry {
            at_ns,
            kind: Kind::End,
            name: NONE,
            args,
            inferred: false,
            end_ns: 0,
        });
    }

    /// A whole span.
    pub fn complete<'a>(
        &mut self,
        thread: u32,
        (start_ns, end_ns): (u64, u64),
        name: u32,
        args: impl IntoIterator<Item = (&'a str, Value)>,
    ) {
        let (args, inferred) = self.store(args);
        let end_ns = end_ns.max(start_ns).min(NO_END - 1);
        let text = &self.names[name as usize].text;
        if text.starts_with("[decode error") {
            self.flaws.decode_errors += 1;
            self.flaws.overflows += u64::from(text.contains("Overflow"));
        }
        let id = self.completes;
        self.completes += 1;
        let entries = &mut self.entries[thread as usize];
        entries.push(Entry { at_ns: start_ns, kind: Kind::Begin, name, args, inferred, end_ns });
        entries.push(Entry { at_ns: end_ns, kind: Kind::EndOf(id), name, args: (0, 0), inferred: false, end_ns });
    }

    /// Something happened.
    pub fn mark(&mut self, thread: u32, at_ns: u64, name: u32) {
        let entry = Entry { at_ns, kind: Kind::Mark, name, args: (0, 0), inferred: false, end_ns: 0 };
        self.entries[thread as usize].push(entry);
    }

    /// Sorts, pairs and nests.
    pub fn finish(self, source: Source) -> Timeline {
        let Builder { names, threads, mut entries, args, keys, mut flaws, .. } = self;
        let late = clamp(&mut entries);
        if late > 0 {
            flaws
                .remarks
                .push(format!("{late} events lie weeks behind the first and were moved: their times are damaged"));
        }
        let times =
            || entries.iter().flatten().flat_map(|e| [e.at_ns, if e.end_ns == NO_END { e.at_ns } else { e.end_ns }]);
        let window_ns = (entries.iter().flatten().map(|e| e.at_ns).min().unwrap_or(0), times().max().unwrap_or(0));
        let spans = Vec::with_capacity(entries.iter().map(Vec::len).sum::<usize>() / 2);
        let mut timeline = Timeline { source, names, threads, spans, marks: Vec::new(), args, keys, window_ns, flaws };
        for (thread, mut list) in entries.into_iter().enumerate() {
            list.sort_by_key(|e| e.at_ns);
            if !nest(&mut timeline, thread as u32, &list) {
                nest_intervals(&mut timeline, thread as u32, list);
            }
        }
        timeline
    }
}

/// Longest trace that is taken as it is: 13 days. Sums over any nesting of spans then stay far below 2^64.
const WINDOW_MAX_NS: u64 = 1 << 50;

/// Moves what lies further behind the first event than any trace is long, as only damage does; says how many.
fn clamp(entries: &mut [Vec<Entry>]) -> usize {
    let first = entries.iter().flatten().map(|e| e.at_ns).min().unwrap_or(0);
    let limit = first.saturating_add(WINDOW_MAX_NS).min(NO_END - 1);
    let mut late = 0;
    for e in entries.iter_mut().flatten() {
        late += usize::from(e.at_ns > limit);
        e.at_ns = e.at_ns.min(limit);
        if e.end_ns != NO_END {
            e.end_ns = e.end_ns.min(limit);
        }
    }
    late
}

/// The end of a begin that has none yet.
const NO_END: u64 = u64::MAX;

/// Pairs begins with ends. `false`, with nothing changed, if the end of a complete event is not the innermost span's: then
/// completes were written children first and [`nest_intervals`] has to find out who is in whom.
fn nest(timeline: &mut Timeline, thread: u32, list: &[Entry]) -> bool {
    let (spans_before, marks_before, flaws_before) =
        (timeline.spans.len(), timeline.marks.len(), timeline.flaws.clone());
    let mut open: Vec<u32> = Vec::new();
    let mut closes: Vec<u64> = Vec::new();
    for e in list {
        match e.kind {
            Kind::Begin => {
                let parent = open.last().copied().unwrap_or(NONE);
                push_span(timeline, thread, e, parent, open.len() as u32);
                open.push(timeline.spans.len() as u32 - 1);
                closes.push(e.end_ns);
            }
            Kind::End | Kind::EndOf(_) => {
                let complete = matches!(e.kind, Kind::EndOf(_));
                let fits = closes.last().is_some_and(|&end| if complete { end == e.end_ns } else { end == NO_END });
                if !fits && (complete || !open.is_empty()) {
                    timeline.spans.truncate(spans_before);
                    timeline.marks.truncate(marks_before);
                    timeline.flaws = flaws_before;
                    return false;
                }
                match open.pop() {
                    Some(span) => {
                        closes.pop();
                        close(timeline, span, e.at_ns);
                        if e.args.1 > 0 {
                            append_args(timeline, span, e.args);
                        }
                    }
                    None => timeline.flaws.orphan_ends += 1,
                }
            }
            Kind::Mark => {
                let span = open.last().copied().unwrap_or(NONE);
                timeline.marks.push(Mark { name: e.name, thread, at_ns: e.at_ns, span });
            }
        }
    }
    let end = timeline.window_ns.1;
    while let Some(span) = open.pop() {
        timeline.flaws.open_at_end += 1;
        timeline.spans[span as usize].censored = true;
        close(timeline, span, end);
    }
    true
}

fn push_span(timeline: &mut Timeline, thread: u32, e: &Entry, parent: u32, depth: u32) {
    timeline.flaws.inferred_starts += u64::from(e.inferred);
    timeline.spans.push(Span {
        name: e.name,
        parent,
        next: NONE,
        thread,
        args: e.args,
        depth,
        censored: e.inferred,
        start_ns: e.at_ns,
        end_ns: e.at_ns,
        child_ns: 0,
    });
}

fn close(timeline: &mut Timeline, span: u32, at_ns: u64) {
    let next = timeline.spans.len() as u32;
    let s = &mut timeline.spans[span as usize];
    s.next = next;
    s.end_ns = at_ns.max(s.start_ns);
    let (parent, total) = (s.parent, s.end_ns - s.start_ns);
    if parent != NONE {
        timeline.spans[parent as usize].child_ns += total;
    }
}

/// Arguments of an end go behind those of the begin, which are copied so that both lie together.
fn append_args(timeline: &mut Timeline, span: u32, (first, n): (u32, u32)) {
    let (old, old_n) = timeline.spans[span as usize].args;
    let start = timeline.args.len() as u32;
    for i in (old..old + old_n).chain(first..first + n) {
        let arg = timeline.args[i as usize].clone();
        timeline.args.push(arg);
    }
    timeline.spans[span as usize].args = (start, old_n + n);
}

/// Nests by containment: pairs begins with ends by the stack of begins alone, then sorts all spans, outer before inner.
fn nest_intervals(timeline: &mut Timeline, thread: u32, list: Vec<Entry>) {
    let mut whole: Vec<Entry> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for e in &list {
        match e.kind {
            Kind::Begin => {
                if e.end_ns == NO_END {
                    open.push(whole.len());
                }
                whole.push(*e);
            }
            Kind::End => match open.pop() {
                Some(i) => {
                    whole[i].end_ns = e.at_ns;
                    if e.args.1 > 0 && whole[i].args.1 == 0 {
                        whole[i].args = e.args;
                    }
                }
                None => timeline.flaws.orphan_ends += 1,
            },
            Kind::EndOf(_) => {}
            Kind::Mark => timeline.marks.push(Mark { name: e.name, thread, at_ns: e.at_ns, span: NONE }),
        }
    }
    let window_end = timeline.window_ns.1;
    let mut unclosed = 0;
    for e in whole.iter_mut().filter(|e| e.end_ns == NO_END) {
        e.end_ns = window_end;
        e.inferred = true;
        unclosed += 1;
    }
    whole.sort_by(|a, b| a.at_ns.cmp(&b.at_ns).then(b.end_ns.cmp(&a.end_ns)));
    let mut stack: Vec<(u32, u64)> = Vec::new();
    let inferred_before = timeline.flaws.inferred_starts;
    for e in &whole {
        while stack.last().is_some_and(|&(_, end)| end <= e.at_ns && end < e.end_ns.max(e.at_ns + 1)) {
            let (span, end) = stack.pop().expect("Invariant: there is a last element");
            close(timeline, span, end);
        }
        let limit = stack.last().map_or(NO_END, |&(_, end)| end);
        timeline.flaws.overlaps += u64::from(e.end_ns > limit);
        push_span(timeline, thread, e, stack.last().map_or(NONE, |&(span, _)| span), stack.len() as u32);
        stack.push((timeline.spans.len() as u32 - 1, e.end_ns.min(limit)));
    }
    while let Some((span, end)) = stack.pop() {
        close(timeline, span, end);
    }
    timeline.flaws.open_at_end += unclosed;
    timeline.flaws.inferred_starts = timeline.flaws.inferred_starts.max(inferred_before + unclosed) - unclosed;
}
