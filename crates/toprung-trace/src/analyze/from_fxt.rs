//! A Fuchsia trace as a [`Timeline`].

use crate::fxt::{ArgValue, EventKind, Quality, Trace};

use super::timeline::{Builder, Source, Timeline, Value};

/// Takes spans and instants; counters, flows and asynchronous events have no place in a call tree.
pub fn timeline(trace: &Trace) -> Timeline {
    let mut b = Builder::default();
    for remark in remarks(&trace.quality) {
        b.remark(remark);
    }
    for t in &trace.threads {
        b.thread(&t.process, &t.name);
    }
    let mut recorder = false;
    let mut magic = trace.threads.iter().any(|t| t.process == "Snapshot symbol hits");
    for e in &trace.events {
        if trace.threads.get(e.thread as usize).is_none_or(|t| t.process == "Snapshot symbol hits") {
            continue;
        }
        let category = trace.text(e.category);
        recorder |= category == "order";
        let args = || {
            trace.args_of(e).iter().filter_map(|a| {
                let value = match a.value {
                    ArgValue::Null | ArgValue::Blob(_) => return None,
                    ArgValue::Int(v) => Value::Int(v),
                    ArgValue::Unsigned(v) | ArgValue::Pointer(v) => Value::Int(i64::try_from(v).unwrap_or(i64::MAX)),
                    ArgValue::Float(v) => Value::Float(v),
                    ArgValue::Text(id) => Value::Text(trace.text(id).to_owned()),
                    ArgValue::Bool(v) => Value::Int(i64::from(v)),
                };
                Some((trace.text(a.name), value))
            })
        };
        match e.kind {
            EventKind::Begin => {
                magic |= !magic && category.is_empty() && trace.arg(e, "symbol").is_some();
                let name = b.name(trace.text(e.name), category);
                b.begin(e.thread, e.time_ns, name, args());
            }
            EventKind::End => b.end(e.thread, e.time_ns, args()),
            EventKind::Complete => {
                let name = b.name(trace.text(e.name), category);
                b.complete(e.thread, (e.time_ns, e.end_ns), name, args());
            }
            EventKind::Instant => {
                let name = b.name(trace.text(e.name), category);
                b.mark(e.thread, e.time_ns, name);
            }
            _ => {}
        }
    }
    b.finish(match (recorder, magic) {
        (true, _) => Source::Recorder,
        (false, true) => Source::IntelPt,
        (false, false) => Source::Other,
    })
}

/// What the reader left out, a sentence each.
fn remarks(q: &Quality) -> Vec<String> {
    let mut found: Vec<String> = q.cut.iter().map(|why| format!("reading ended early: {why}")).collect();
    for (n, what) in [
        (q.malformed, "records contradict themselves and were left out"),
        (q.unknown_texts, "names were never registered and read as empty"),
        (q.unknown_threads, "events of threads that were never registered were left out"),
        (q.dropped_by_writer, "times a full buffer made the writer drop records"),
        (q.negative_spans, "spans end before they begin and were taken as empty"),
    ] {
        if n > 0 {
            found.push(format!("{n} {what}"));
        }
    }
    found
}
