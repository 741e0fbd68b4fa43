//! Files by magic-trace and by Jane Street's own writer.

use toprung_trace::fxt::record::{Arg, EventRecord, Kind, Record, Records, Text, ThreadId, Value};
use toprung_trace::fxt::{ArgValue, EventKind, read, read_file};

use crate::shared;

#[test]
fn magic_traces_file_is_read_whole_and_nests() {
    let Some(path) = shared("a trace by magic-trace", "richiesams_trace.fxt") else { return };
    let trace = read_file(&path).unwrap();
    assert_eq!(trace.events.len(), 34_592);
    assert!(trace.quality.is_clean(), "{:?}", trace.quality);
    assert!(trace.quality.skipped.is_empty());
    let nesting = trace.nesting();
    assert!(nesting.is_clean(), "{nesting:?}");
    assert_eq!((nesting.depth_max, nesting.spans), (26, 17_296));
    assert_eq!(trace.threads.len(), 1);
    assert_eq!(trace.threads[0].name, "main");
    assert!(trace.events.is_sorted_by_key(|e| e.time_ns));
    let begin = trace.events.iter().find(|e| e.kind == EventKind::Begin).unwrap();
    assert!(matches!(trace.arg(begin, "address"), Some(ArgValue::Pointer(_))));
}

#[test]
fn in_the_order_of_the_file_magic_traces_spans_do_not_nest() {
    let Some(path) = shared("the order of magic-trace's file", "richiesams_trace.fxt") else { return };
    let bytes = std::fs::read(path).unwrap();
    let (mut open, mut wrong, mut underflows) = (Vec::new(), 0, 0);
    for record in Records::new(&bytes) {
        if let Ok(Record::Event(EventRecord { kind, name, .. })) = record {
            match kind {
                Kind::Begin => open.push(name),
                Kind::End => match open.pop() {
                    Some(begun) => wrong += u32::from(begun != name),
                    None => underflows += 1,
                },
                _ => {}
            }
        }
    }
    assert_eq!((wrong, underflows), (16, 19));
}

/// Each record of a file, written again.
fn rewritten(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for record in Records::new(bytes) {
        record.unwrap().write(&mut out).unwrap();
    }
    out
}

#[test]
fn what_is_read_record_by_record_is_written_byte_for_byte() {
    for file in ["richiesams_trace.fxt", "jane_tracing_demo.fxt"] {
        let Some(path) = shared(file, file) else { return };
        let bytes = std::fs::read(path).unwrap();
        assert!(rewritten(&bytes) == bytes, "{file}");
    }
}

/// What Jane Street's own test writes: every kind of event but the asynchronous ones, every type of argument they use.
fn demo() -> Vec<Record<'static>> {
    let at = |index| Text::Index(index);
    let text = |index, text: &'static str| Record::Text { index, text: text.into() };
    let int = |name, v| Arg { name: at(name), value: Value::I32(v) };
    let long = |name, v| Arg { name: at(name), value: Value::I64(v) };
    let float = |name, v| Arg { name: at(name), value: Value::F64(v) };
    let said = |name, v| Arg { name: at(name), value: Value::Text(at(v)) };
    let pointer = |name, v| Arg { name: at(name), value: Value::Pointer(v) };
    let event = |ticks, kind, args| {
        let (thread, category, name) = (ThreadId::Index(1), at(0x79), at(0x7a));
        Record::Event(EventRecord { ticks, thread, category, name, args, kind })
    };
    let flow = |ticks, kind| {
        let (thread, category, name) = (ThreadId::Index(1), at(0), at(0));
        Record::Event(EventRecord { ticks, thread, category, name, args: Vec::new(), kind })
    };
    let process = Arg { name: at(1), value: Value::Koid(1) };
    vec![
        Record::Magic,
        Record::ProviderInfo { id: 0, name: "jane_tracing".into() },
        Record::ProviderSection { id: 0 },
        text(1, "process"),
        Record::Init { ticks_per_second: 1_000_000_000, base: Some([0, 1]) },
        text(0x77, "myproc"),
        Record::Object { kind: 1, koid: 1, name: at(0x77), args: Vec::new() },
        text(0x78, "mythread"),
        Record::Object { kind: 2, koid: 2, name: at(0x78), args: vec![process] },
        Record::Thread { index: 1, process: 1, thread: 2 },
        text(0x79, "stuff"),
        text(0x7a, "my_funct"),
        event(10_000, Kind::Complete(5_000_000), vec![said(0x7a, 0x79)]),
        text(0x14, "wow"),
        text(0x15, "cool"),
        event(7_000_000, Kind::Complete(15_000_000), vec![said(0x7a, 0x14), said(0x79, 0x15)]),
        flow(2_000_000, Kind::FlowBegin(1)),
        event(17_000_000, Kind::Instant, Vec::new()),
        event(20_000_000, Kind::Begin, Vec::new()),
    ]
    .into_iter()
    .chain([
        flow(15_000_000, Kind::FlowStep(1)),
        event(40_000_000, Kind::End, vec![long(0x7a, i64::MIN >> 1), int(0x79, -1), float(0x77, -1.0)]),
        flow(20_000_000, Kind::FlowEnd(1)),
        event(7_000_000, Kind::Counter(1), vec![int(0x79, 1)]),
        event(20_000_000, Kind::Counter(1), vec![float(0x79, 2.5)]),
        event(20_000_000, Kind::Counter(1), vec![long(0x79, i64::MAX)]),
        event(20_000_000, Kind::Counter(1), vec![pointer(0x79, i64::MAX as u64)]),
    ])
    .collect()
}

#[test]
fn the_writer_reproduces_jane_streets_demo_byte_for_byte() {
    let mut out = Vec::new();
    for record in demo() {
        record.write(&mut out).unwrap();
    }
    assert_eq!(out.len(), 640);
    let trace = read(&out).unwrap();
    assert_eq!((trace.events.len(), trace.threads.len()), (12, 1));
    assert_eq!((trace.threads[0].process.as_str(), trace.threads[0].name.as_str()), ("myproc", "mythread"));
    assert_eq!(trace.clock.base_time_ns, Some(1));
    let Some(path) = shared("Jane Street's demo", "jane_tracing_demo.fxt") else { return };
    assert_eq!(out, std::fs::read(path).unwrap());
}
