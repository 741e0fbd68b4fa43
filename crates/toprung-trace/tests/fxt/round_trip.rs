//! What is written is what is read.

use std::borrow::Cow;

use proptest::prelude::*;
use toprung_trace::fxt::record::{Arg, EventRecord, Kind, Record, Records, Text, ThreadId, Value};
use toprung_trace::fxt::{ArgValue, EventKind, FxtWriter, WriteError, read};

fn text() -> impl Strategy<Value = Text<'static>> {
    prop_oneof![(0..0x8000_u16).prop_map(Text::Index), ".{0,20}".prop_map(|s| Text::Inline(Cow::Owned(s)))]
}

fn value() -> impl Strategy<Value = Value<'static>> {
    prop_oneof![
        Just(Value::Null),
        any::<i32>().prop_map(Value::I32),
        any::<u32>().prop_map(Value::U32),
        any::<i64>().prop_map(Value::I64),
        any::<u64>().prop_map(Value::U64),
        any::<f64>().prop_filter("NaN is not equal to itself", |v| !v.is_nan()).prop_map(Value::F64),
        text().prop_map(Value::Text),
        any::<u64>().prop_map(Value::Pointer),
        any::<u64>().prop_map(Value::Koid),
        any::<bool>().prop_map(Value::Bool),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(|b| Value::Blob(Cow::Owned(b))),
    ]
}

fn args() -> impl Strategy<Value = Vec<Arg<'static>>> {
    prop::collection::vec((text(), value()).prop_map(|(name, value)| Arg { name, value }), 0..16)
}

fn kind() -> impl Strategy<Value = Kind> {
    (0..11, any::<u64>()).prop_map(|(n, w)| match n {
        0 => Kind::Instant,
        1 => Kind::Counter(w),
        2 => Kind::Begin,
        3 => Kind::End,
        4 => Kind::Complete(w),
        5 => Kind::AsyncBegin(w),
        6 => Kind::AsyncInstant(w),
        7 => Kind::AsyncEnd(w),
        8 => Kind::FlowBegin(w),
        9 => Kind::FlowStep(w),
        _ => Kind::FlowEnd(w),
    })
}

fn event() -> impl Strategy<Value = Record<'static>> {
    let thread = prop_oneof![
        (1..=255_u8).prop_map(ThreadId::Index),
        (any::<u64>(), any::<u64>()).prop_map(|(p, t)| ThreadId::Inline(p, t))
    ];
    (any::<u64>(), thread, text(), text(), args(), kind()).prop_map(|(ticks, thread, category, name, args, kind)| {
        Record::Event(EventRecord { ticks, thread, category, name, args, kind })
    })
}

fn record() -> impl Strategy<Value = Record<'static>> {
    let object = (any::<u8>(), any::<u64>(), text(), args());
    let base = prop::option::of(any::<[u64; 2]>());
    prop_oneof![
        Just(Record::Magic),
        (any::<u32>(), ".{0,60}").prop_map(|(id, name)| Record::ProviderInfo { id, name: Cow::Owned(name) }),
        any::<u32>().prop_map(|id| Record::ProviderSection { id }),
        (any::<u32>(), 0..16_u8).prop_map(|(id, event)| Record::ProviderEvent { id, event }),
        (any::<u64>(), base).prop_map(|(ticks_per_second, base)| Record::Init { ticks_per_second, base }),
        (1..0x8000_u16, ".{0,60}").prop_map(|(index, s)| Record::Text { index, text: Cow::Owned(s) }),
        (1..=255_u8, any::<u64>(), any::<u64>()).prop_map(|(index, process, thread)| Record::Thread {
            index,
            process,
            thread
        }),
        event(),
        object.prop_map(|(kind, koid, name, args)| Record::Object { kind, koid, name, args }),
    ]
}

proptest! {
    #[test]
    fn records_are_read_as_they_were_written(records in prop::collection::vec(record(), 0..20)) {
        let mut bytes = Vec::new();
        for r in &records {
            r.write(&mut bytes).unwrap();
        }
        prop_assert_eq!(bytes.len() % 8, 0);
        let back: Vec<_> = Records::new(&bytes).map(Result::unwrap).collect();
        prop_assert_eq!(back, records);
    }

    /// Begins and ends in any order that nests, on several threads, with texts enough to use places again.
    #[test]
    fn spans_come_back_with_their_times_names_and_arguments(
        steps in prop::collection::vec((0..3_usize, any::<bool>(), 0..50_u64, 0..100_u32, any::<i64>(), ".{0,8}"), 0..200),
    ) {
        let mut w = FxtWriter::new("round trip");
        let process = w.process("p").unwrap();
        let threads: Vec<_> = (0..3).map(|i| w.thread(process, &format!("t{i}")).unwrap()).collect();
        let (mut now, mut open, mut expected) = (0, [0, 0, 0], Vec::new());
        for (t, begins, dt, name, number, said) in steps {
            now += dt;
            if begins {
                let name = format!("f{name}");
                w.begin(threads[t], now, "c", &name, &[("n", number.into()), ("said", said.as_str().into())]).unwrap();
                open[t] += 1;
                expected.push((t, now, EventKind::Begin, Some((name, number, said))));
            } else if open[t] > 0 {
                w.end(threads[t], now).unwrap();
                open[t] -= 1;
                expected.push((t, now, EventKind::End, None));
            }
        }
        for (t, n) in open.into_iter().enumerate() {
            for _ in 0..n {
                w.end(threads[t], now).unwrap();
                expected.push((t, now, EventKind::End, None));
            }
        }
        let trace = read(&w.finish().unwrap()).unwrap();
        prop_assert!(trace.quality.is_clean() && trace.nesting().is_clean());
        prop_assert_eq!(trace.events.len(), expected.len());
        for (e, (t, at, kind, begun)) in trace.events.iter().zip(&expected) {
            prop_assert_eq!((e.time_ns, e.kind), (*at, *kind));
            prop_assert_eq!(&trace.threads[e.thread as usize].name, &format!("t{t}"));
            if let Some((name, number, said)) = begun {
                prop_assert_eq!(trace.text(e.name), name);
                prop_assert_eq!(trace.arg(e, "n"), Some(ArgValue::Int(*number)));
                let Some(ArgValue::Text(id)) = trace.arg(e, "said") else { panic!() };
                prop_assert_eq!(trace.text(id), said);
            }
        }
    }
}

#[test]
fn places_of_texts_and_threads_are_used_again_when_they_run_out() {
    let mut w = FxtWriter::new("many");
    let process = w.process("p").unwrap();
    let threads: Vec<_> = (0..300).map(|i| w.thread(process, &format!("thread {i}")).unwrap()).collect();
    for i in 0..40_000_u64 {
        let name = format!("name {i}");
        w.complete(threads[i as usize % 300], (i, i + 1), "c", &name, &[("i", i.into())]).unwrap();
    }
    let trace = read(&w.finish().unwrap()).unwrap();
    assert_eq!((trace.events.len(), trace.threads.len()), (40_000, 300));
    for (i, e) in trace.events.iter().enumerate() {
        assert_eq!(trace.text(e.name), format!("name {i}"));
        assert_eq!(trace.threads[e.thread as usize].name, format!("thread {}", i % 300));
        assert_eq!(trace.arg(e, "i"), Some(ArgValue::Int(i as i64)));
    }
    assert!(trace.quality.is_clean());
}

#[test]
fn what_does_not_fit_is_refused_and_leaves_the_trace_as_it_was() {
    let mut w = FxtWriter::new(&"é".repeat(300));
    let process = w.process("p").unwrap();
    let thread = w.thread(process, "t").unwrap();
    w.begin(thread, 100, "", "a", &[]).unwrap();
    assert!(matches!(w.begin(thread, 99, "", "b", &[]), Err(WriteError::Order { last_ns: 100, got_ns: 99 })));
    assert!(matches!(w.complete(thread, (200, 199), "", "b", &[]), Err(WriteError::Order { .. })));
    let long = "x".repeat(32_001);
    assert!(matches!(w.begin(thread, 100, "", &long, &[]), Err(WriteError::Limit { limit: 32_000, got: 32_001, .. })));
    let many: Vec<_> = (0..16).map(|_| ("n", 1_u64.into())).collect();
    assert!(matches!(w.instant(thread, 100, "", "i", &many), Err(WriteError::Limit { limit: 15, got: 16, .. })));
    w.end(thread, 100).unwrap();
    assert!(matches!(w.end(thread, 100), Err(WriteError::NothingOpen { time_ns: 100 })));
    w.begin(thread, 100, "", "c", &[]).unwrap();
    assert_eq!(
        w.finish().unwrap_err().to_string(),
        "expected every span to have ended, got 1 open ones, the first of them `c`"
    );
}

#[test]
fn a_file_appears_whole_under_its_name_and_is_packed_if_the_name_says_so() {
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("fxt-files");
    std::fs::create_dir_all(&dir).unwrap();
    let bytes = FxtWriter::new("file").finish().unwrap();
    for name in ["a.fxt", "a.fxt.gz"] {
        let path = dir.join(name);
        toprung_trace::fxt::write_file(&path, &bytes).unwrap();
        assert!(toprung_trace::fxt::read_file(&path).unwrap().events.is_empty());
        assert_eq!(std::fs::read(&path).unwrap().starts_with(&[0x1f, 0x8b]), name.ends_with("gz"));
    }
    let e = toprung_trace::fxt::write_file(&dir.join("no/such/folder/a.fxt"), &bytes).unwrap_err();
    assert_eq!(e.code(), "ERR_TOPRUNG_TRACE_FILE");
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 2);
}
