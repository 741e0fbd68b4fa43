//! From entries to a trace.

use super::entry::{Entry, EntryKind};
use crate::fxt::record::ARGS_MAX;
use crate::fxt::{FxtWriter, ThreadRef, WriteError, WriteValue};
use crate::ticks::TickClock;

/// A span's category and name.
#[derive(Clone, Copy, Debug)]
pub struct SpanName {
    /// What sort of span, such as `stage`.
    pub category: &'static str,
    /// Which.
    pub name: &'static str,
    /// Number of the field that the payload of its begin is, if it is one.
    pub begin_field: Option<u16>,
    /// Number of the field that the payload of its end is, if it is one.
    pub end_field: Option<u16>,
}

impl SpanName {
    /// A span whose payloads say nothing.
    pub const fn new(category: &'static str, name: &'static str) -> SpanName {
        SpanName { category, name, begin_field: None, end_field: None }
    }
}

/// A field's name, and how its value is shown.
#[derive(Clone, Copy, Debug)]
pub struct FieldName {
    /// Which.
    pub name: &'static str,
    /// If not empty, the value counts these; otherwise it is a number.
    pub texts: &'static [&'static str],
    /// Whether the value is a signed number.
    pub signed: bool,
}

/// What the numbers in entries stand for.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// Spans and marks by their number.
    pub spans: &'static [SpanName],
    /// Fields by their number.
    pub fields: &'static [FieldName],
}

/// Where on the trace's time axis a reading lies.
#[derive(Clone, Copy, Debug)]
pub struct Timeline {
    /// The clock that was read.
    pub clock: TickClock,
    /// The reading that is shown at `base_ns`.
    pub base_ticks: u64,
    /// See `base_ticks`.
    pub base_ns: u64,
}

impl Timeline {
    /// Nanoseconds on the time axis, from 0.
    pub fn ns(&self, ticks: u64) -> u64 {
        if ticks >= self.base_ticks {
            self.base_ns.saturating_add(self.clock.ns(ticks - self.base_ticks))
        } else {
            self.base_ns.saturating_sub(self.clock.ns(self.base_ticks - ticks))
        }
    }
}

/// What became of some entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Spans and marks written.
    pub events: u64,
    /// Entries left out since the span they belong to had been overwritten, or was still open.
    pub partial: u64,
}

struct Node {
    span: u16,
    depth: usize,
    from: u64,
    to: u64,
    is_mark: bool,
    fields: Vec<(u16, u64)>,
}

/// Writes the spans of `entries`, oldest first, to `thread`. A span whose beginning has been overwritten is left out.
///
/// # Errors
/// Those of the writer; times out of order are put in order first.
pub fn write_entries(
    writer: &mut FxtWriter,
    thread: ThreadRef,
    schema: &Schema,
    timeline: &Timeline,
    entries: impl Iterator<Item = Entry>,
) -> Result<Written, WriteError> {
    let mut written = Written::default();
    // Of one root span and what lies in it, in the order of their beginnings.
    let mut nodes: Vec<Node> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut last = 0;
    let name_of = |e: &Entry| schema.spans.get(usize::from(e.id()));
    for e in entries {
        let depth = open.len();
        match e.kind() {
            EntryKind::Begin | EntryKind::Mark => {
                // Two cores' counters may disagree by some ticks; a trace may not go back.
                last = timeline.ns(e.value).max(last);
                let is_mark = e.kind() == EntryKind::Mark;
                if !is_mark {
                    open.push(nodes.len());
                }
                let field = name_of(&e).and_then(|name| name.begin_field);
                let fields = field.map(|f| (f, e.payload())).into_iter().collect();
                nodes.push(Node { span: e.id(), depth, from: last, to: last, is_mark, fields });
            }
            EntryKind::Info => match open.last() {
                Some(at) => nodes[*at].fields.push((e.id(), e.value)),
                None => written.partial += 1,
            },
            EntryKind::End => match open.pop() {
                Some(at) if nodes[at].span == e.id() => {
                    last = timeline.ns(e.value).max(last);
                    nodes[at].to = last;
                    let field = name_of(&e).and_then(|name| name.end_field);
                    nodes[at].fields.extend(field.map(|f| (f, e.payload())));
                }
                _ => {
                    written.partial += 1 + nodes.len() as u64;
                    nodes.clear();
                    open.clear();
                }
            },
        }
        if open.is_empty() {
            written.events += nodes.len() as u64;
            write_tree(writer, thread, schema, &nodes)?;
            nodes.clear();
        }
    }
    written.partial += nodes.len() as u64;
    Ok(written)
}

fn write_tree(writer: &mut FxtWriter, thread: ThreadRef, schema: &Schema, nodes: &[Node]) -> Result<(), WriteError> {
    let mut ends: Vec<u64> = Vec::new();
    for node in nodes {
        while ends.len() > node.depth {
            writer.end(thread, ends.pop().unwrap_or(node.from))?;
        }
        let unknown = SpanName::new("", "unknown");
        let SpanName { category, name, .. } = schema.spans.get(usize::from(node.span)).copied().unwrap_or(unknown);
        let args: Vec<_> = node.fields.iter().take(ARGS_MAX).filter_map(|f| shown(schema, *f)).collect();
        if node.is_mark {
            writer.instant(thread, node.from, category, name, &args)?;
        } else {
            writer.begin(thread, node.from, category, name, &args)?;
            ends.push(node.to);
        }
    }
    while let Some(end) = ends.pop() {
        writer.end(thread, end)?;
    }
    Ok(())
}

fn shown(schema: &Schema, (field, value): (u16, u64)) -> Option<(&'static str, WriteValue<'static>)> {
    let field = schema.fields.get(usize::from(field))?;
    let value = match field.texts.get(usize::try_from(value).unwrap_or(usize::MAX)) {
        Some(text) => WriteValue::Text(text),
        None if field.signed => WriteValue::Int(value as i64),
        None => value.into(),
    };
    Some((field.name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fxt::{ArgValue, Trace, read};
    use crate::recorder::Ring;

    const SCHEMA: Schema = Schema {
        spans: &[
            SpanName { begin_field: Some(2), end_field: Some(3), ..SpanName::new("order", "order") },
            SpanName::new("stage", "match"),
        ],
        fields: &[
            FieldName { name: "kind", texts: &["limit", "market"], signed: false },
            FieldName { name: "price", texts: &[], signed: true },
            FieldName { name: "command", texts: &[], signed: false },
            FieldName { name: "fills", texts: &[], signed: false },
        ],
    };

    fn record(ring: &mut Ring, orders: std::ops::Range<u64>) {
        for n in orders {
            ring.push(Entry::new(EntryKind::Begin, 0, n * 100, n));
            ring.push(Entry::new(EntryKind::Info, 0, n % 2, 0));
            ring.push(Entry::new(EntryKind::Begin, 1, n * 100 + 10, 0));
            ring.push(Entry::new(EntryKind::End, 1, n * 100 + 40, 0));
            ring.push(Entry::new(EntryKind::Info, 1, (-(n as i64)) as u64, 0));
            ring.push(Entry::new(EntryKind::End, 0, n * 100 + 50, n + 1));
        }
    }

    fn trace(ring: &Ring) -> (Trace, Written) {
        let mut writer = FxtWriter::new("test");
        let process = writer.process("p").unwrap();
        let thread = writer.thread(process, "t").unwrap();
        let timeline = Timeline { clock: TickClock::get(), base_ticks: 0, base_ns: 0 };
        let written = write_entries(&mut writer, thread, &SCHEMA, &timeline, ring.since(0)).unwrap();
        (read(&writer.finish().unwrap()).unwrap(), written)
    }

    #[test]
    fn spans_have_their_stages_and_the_fields_that_came_while_they_were_open() {
        let mut ring = Ring::new(64);
        record(&mut ring, 1..4);
        let (trace, written) = trace(&ring);
        assert_eq!(written, Written { events: 6, partial: 0 });
        assert!(trace.nesting().is_clean());
        assert_eq!((trace.events.len(), trace.nesting().depth_max), (12, 2));
        let order = &trace.events[0];
        assert_eq!((trace.text(order.category), trace.text(order.name)), ("order", "order"));
        assert_eq!(trace.arg(order, "price"), Some(ArgValue::Int(-1)));
        assert_eq!(trace.arg(order, "command"), Some(ArgValue::Int(1)));
        assert_eq!(trace.arg(order, "fills"), Some(ArgValue::Int(2)));
        let Some(ArgValue::Text(kind)) = trace.arg(order, "kind") else { panic!() };
        assert_eq!(trace.text(kind), "market");
    }

    #[test]
    fn an_order_whose_beginning_was_overwritten_is_left_out() {
        let mut ring = Ring::new(64);
        record(&mut ring, 1..100);
        let (trace, written) = trace(&ring);
        assert!(trace.nesting().is_clean());
        // 64 entries are ten orders and four entries of an eleventh: its stage is whole, its fields and end are not.
        assert_eq!(written, Written { events: 21, partial: 2 });
        assert_eq!(trace.nesting().spans, 21);
    }

    #[test]
    fn what_is_still_open_and_what_goes_back_in_time_does_no_harm() {
        let mut ring = Ring::new(64);
        record(&mut ring, 5..6);
        record(&mut ring, 1..2);
        ring.push(Entry::new(EntryKind::Begin, 0, 900, 0));
        ring.push(Entry::new(EntryKind::End, 1, 910, 0));
        ring.push(Entry::new(EntryKind::Begin, 77, 920, 0));
        let (trace, written) = trace(&ring);
        assert_eq!(written, Written { events: 4, partial: 3 });
        assert!(trace.nesting().is_clean() && trace.events.is_sorted_by_key(|e| e.time_ns));
    }
}
