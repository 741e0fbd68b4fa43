//! A part of a trace is a trace.

use toprung_trace::fxt::{ArgValue, EventKind, FxtWriter, Trace, read, read_file, window};

use crate::shared;

fn part(trace: &Trace, from: u64, to: u64) -> Trace {
    let part = read(&window(trace, from, to).unwrap()).unwrap();
    assert!(part.quality.is_clean() && part.nesting().is_clean());
    assert!(part.events.iter().all(|e| e.time_ns >= from && e.end_ns <= to));
    part
}

#[test]
fn spans_that_reach_into_a_window_are_cut_at_its_edges_and_say_so() {
    let mut w = FxtWriter::new("w");
    let process = w.process("p [pid=5] [tid=6]").unwrap();
    let thread = w.thread(process, "main").unwrap();
    w.begin(thread, 0, "c", "outer", &[("k", 1_u64.into())]).unwrap();
    w.complete(thread, (10, 90), "c", "long", &[]).unwrap();
    w.begin(thread, 20, "c", "inner", &[]).unwrap();
    w.end(thread, 60).unwrap();
    w.instant(thread, 65, "c", "point", &[]).unwrap();
    w.end(thread, 100).unwrap();
    let trace = read(&w.finish().unwrap()).unwrap();

    let part = part(&trace, 50, 70);
    let shown: Vec<_> = part.events.iter().map(|e| (part.text(e.name), e.kind, e.time_ns, e.end_ns)).collect();
    let (begin, end) = (EventKind::Begin, EventKind::End);
    assert_eq!(
        shown,
        [
            ("outer", begin, 50, 50),
            ("inner", begin, 50, 50),
            ("long", EventKind::Complete, 50, 70),
            ("inner", end, 60, 60),
            ("point", EventKind::Instant, 65, 65),
            ("outer", end, 70, 70),
        ]
    );
    let outer = &part.events[0];
    assert_eq!(part.arg(outer, "k"), Some(ArgValue::Int(1)));
    let Some(ArgValue::Text(id)) = part.arg(outer, "inferred_start_time") else { panic!() };
    assert_eq!(part.text(id), "true");
    assert_eq!((part.threads[0].pid, part.threads[0].tid), (Some(5), Some(6)));
}

#[test]
fn a_window_of_a_trace_by_magic_trace_nests() {
    let Some(path) = shared("a window of magic-trace's file", "richiesams_trace.fxt") else { return };
    let trace = read_file(&path).unwrap();
    let last = trace.events.last().unwrap().time_ns;
    assert_eq!(part(&trace, 0, last).events.len(), trace.events.len());
    let middle = part(&trace, last / 3, last / 2);
    assert!(middle.events.len() > 100 && middle.events.len() < trace.events.len());
}
