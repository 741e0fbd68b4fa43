//! A part of a trace as a trace of its own.

use super::error::WriteError;
use super::model::{ArgValue, Event, EventKind, Trace};
use super::record::{ARGS_MAX, Kind};
use super::write::{FxtWriter, ThreadRef, WriteValue};

/// Writes what happened from `from_ns` to `to_ns`, both included, as a trace. Times are kept.
///
/// A span that reaches into the window is cut at its edge; one that began before says so as magic-trace does, with the
/// argument `inferred_start_time`. Ends that have no begin are left out.
///
/// # Errors
/// A text of more than 32,000 bytes, as only a damaged trace has.
pub fn window(trace: &Trace, from_ns: u64, to_ns: u64) -> Result<Vec<u8>, WriteError> {
    let mut writer = FxtWriter::new("toprung");
    let mut processes = std::collections::HashMap::new();
    let mut threads = Vec::new();
    for t in &trace.threads {
        let process = match processes.get(&t.process_koid) {
            Some(process) => *process,
            None => writer.process(&t.process)?,
        };
        processes.insert(t.process_koid, process);
        threads.push(Lane {
            thread: writer.thread(process, &t.name)?,
            open: Vec::new(),
            reaching_in: Vec::new(),
            begun: false,
        });
    }
    for e in &trace.events {
        if let Some(lane) = threads.get_mut(e.thread as usize) {
            lane.event(trace, &mut writer, e, (from_ns, to_ns))?;
        }
    }
    for lane in &mut threads {
        lane.enter(trace, &mut writer, (from_ns, to_ns))?;
        for _ in &lane.open {
            writer.end(lane.thread, to_ns)?;
        }
    }
    writer.finish()
}

/// A thread on its way through the window.
struct Lane<'a> {
    thread: ThreadRef,
    /// Spans open now.
    open: Vec<&'a Event>,
    /// Whole spans that began before the window and end in it or behind it.
    reaching_in: Vec<&'a Event>,
    /// Whether what reaches into the window has been written.
    begun: bool,
}

impl<'a> Lane<'a> {
    fn event(
        &mut self,
        trace: &'a Trace,
        writer: &mut FxtWriter,
        e: &'a Event,
        (from_ns, to_ns): (u64, u64),
    ) -> Result<(), WriteError> {
        if e.time_ns > to_ns {
            return Ok(());
        }
        let inside = e.time_ns >= from_ns;
        if inside {
            self.enter(trace, writer, (from_ns, to_ns))?;
        }
        let (category, name) = (trace.text(e.category), trace.text(e.name));
        match e.kind {
            EventKind::Begin => {
                self.open.push(e);
                if inside {
                    writer.begin(self.thread, e.time_ns, category, name, &args(trace, e))?;
                }
            }
            EventKind::End => {
                let ends = self.open.pop().is_some();
                if ends && inside {
                    writer.end(self.thread, e.time_ns)?;
                }
            }
            EventKind::Complete if inside => {
                let span = (e.time_ns, e.end_ns.min(to_ns));
                writer.complete(self.thread, span, category, name, &args(trace, e))?;
            }
            EventKind::Complete if e.end_ns >= from_ns => self.reaching_in.push(e),
            _ if inside => writer.put(self.thread, e.time_ns, category, name, &args(trace, e), kind(e))?,
            _ => {}
        }
        Ok(())
    }

    /// Writes what was under way when the window began.
    fn enter(&mut self, trace: &Trace, writer: &mut FxtWriter, (from_ns, to_ns): (u64, u64)) -> Result<(), WriteError> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        for e in self.open.iter().chain(&self.reaching_in) {
            let (category, name) = (trace.text(e.category), trace.text(e.name));
            let mut args = args(trace, e);
            args.truncate(ARGS_MAX - 1);
            args.push(("inferred_start_time", "true".into()));
            if e.kind == EventKind::Begin {
                writer.begin(self.thread, from_ns, category, name, &args)?;
            } else {
                writer.complete(self.thread, (from_ns, e.end_ns.min(to_ns)), category, name, &args)?;
            }
        }
        Ok(())
    }
}

/// The kind of an event that is written as it is.
fn kind(e: &Event) -> Kind {
    match e.kind {
        EventKind::Counter => Kind::Counter(e.id),
        EventKind::AsyncBegin => Kind::AsyncBegin(e.id),
        EventKind::AsyncInstant => Kind::AsyncInstant(e.id),
        EventKind::AsyncEnd => Kind::AsyncEnd(e.id),
        EventKind::FlowBegin => Kind::FlowBegin(e.id),
        EventKind::FlowStep => Kind::FlowStep(e.id),
        EventKind::FlowEnd => Kind::FlowEnd(e.id),
        EventKind::Instant | EventKind::Begin | EventKind::End | EventKind::Complete => Kind::Instant,
    }
}

fn args<'a>(trace: &'a Trace, e: &Event) -> Vec<(&'a str, WriteValue<'a>)> {
    let value = |v| match v {
        ArgValue::Null => WriteValue::Text(""),
        ArgValue::Int(v) => WriteValue::Int(v),
        ArgValue::Unsigned(v) | ArgValue::Pointer(v) => WriteValue::Pointer(v),
        ArgValue::Float(v) => WriteValue::Float(v),
        ArgValue::Text(id) => WriteValue::Text(trace.text(id)),
        ArgValue::Bool(v) => WriteValue::Int(v.into()),
        ArgValue::Blob(bytes) => bytes.into(),
    };
    trace.args_of(e).iter().map(|a| (trace.text(a.name), value(a.value))).collect()
}
