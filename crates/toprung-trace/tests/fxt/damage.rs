//! No content of any file may panic, and what is whole before the damage is kept.

use proptest::prelude::*;
use toprung_trace::fxt::{FxtWriter, ReadError, gzip, read, read_file, window};

use crate::shared;

/// A small trace with one of everything.
fn sample() -> Vec<u8> {
    let mut w = FxtWriter::new("damage");
    let process = w.process("p [pid=1] [tid=2]").unwrap();
    let thread = w.thread(process, "main").unwrap();
    for i in 0..20_u64 {
        w.begin(thread, i * 100, "lob", "order", &[("seq", i.into()), ("kind", "limit".into())]).unwrap();
        w.complete(thread, (i * 100 + 10, i * 100 + 20), "lob", "match", &[("price", 1.5.into())]).unwrap();
        w.instant(thread, i * 100 + 30, "", "trade", &[("far", (u64::MAX - i).into())]).unwrap();
        w.counter(thread, i * 100 + 40, "depth", &[("bids", i.into())]).unwrap();
        w.end(thread, i * 100 + 50).unwrap();
    }
    w.finish().unwrap()
}

/// Reads, and uses everything that was read.
fn use_all(bytes: &[u8]) {
    let Ok(trace) = read(bytes) else { return };
    trace.nesting();
    for e in &trace.events {
        assert!(e.end_ns >= e.time_ns);
        assert!((e.thread as usize) < trace.threads.len());
        assert_eq!(trace.args_of(e).len(), usize::from(e.args_len));
        std::hint::black_box((trace.text(e.name), trace.text(e.category)));
    }
    let middle = trace.events.get(trace.events.len() / 2).map_or(0, |e| e.time_ns);
    for (from, to) in [(0, u64::MAX), (middle, middle), (middle, u64::MAX)] {
        if let Ok(part) = window(&trace, from, to) {
            assert!(read(&part).unwrap().nesting().is_clean());
        }
    }
}

/// A generator of one's own: which damage is done must not depend on a library's version.
struct Damage(u64);

impl Damage {
    fn next(&mut self, below: usize) -> usize {
        // Knuth's MMIX constants.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }

    fn apply(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.next(4) {
            let at = self.next(bytes.len());
            match self.next(5) {
                0 => bytes[at] ^= 1 << self.next(8),
                1 => bytes[at] = self.next(256) as u8,
                2 => bytes[at] = [0, 0xff, 0x7f, 0x80][self.next(4)],
                3 => bytes.truncate(at.max(8)),
                _ => {
                    let len = (self.next(64)).min(bytes.len() - at);
                    bytes.drain(at..at + len);
                }
            }
            if bytes.is_empty() {
                return;
            }
        }
    }
}

#[test]
fn thousands_of_damaged_traces_do_not_panic() {
    let mut damage = Damage(7);
    let sample = sample();
    let demo = shared("damage to the demo", "jane_tracing_demo.fxt").map(|p| std::fs::read(p).unwrap());
    for _ in 0..5_000 {
        for original in [Some(&sample), demo.as_ref()].into_iter().flatten() {
            let mut bytes = original.clone();
            damage.apply(&mut bytes);
            use_all(&bytes);
        }
    }
}

#[test]
fn damage_to_a_trace_by_magic_trace_does_not_panic() {
    let Some(path) = shared("damage to magic-trace's file", "richiesams_trace.fxt") else { return };
    let original = std::fs::read(path).unwrap();
    let mut damage = Damage(8);
    // Its first part holds texts, objects and events of every kind that it has.
    let head = &original[..96 << 10];
    for _ in 0..400 {
        let mut bytes = head.to_vec();
        damage.apply(&mut bytes);
        use_all(&bytes);
    }
}

#[test]
fn a_trace_cut_anywhere_gives_what_came_before() {
    let whole = sample();
    let all = read(&whole).unwrap().events.len();
    let mut most = 0;
    for len in 8..whole.len() {
        let trace = read(&whole[..len]).unwrap();
        assert!(trace.events.len() >= most && trace.events.len() <= all);
        assert!(trace.quality.cut.is_some() || len % 8 == 0, "{len}");
        most = trace.events.len();
    }
    assert!(most + 1 >= all);
}

#[test]
fn a_cut_gzip_file_gives_what_came_before_and_says_so() {
    let packed = gzip(&sample());
    let trace = read(&packed).unwrap();
    assert!(trace.quality.is_clean());
    let trace = read(&packed[..packed.len() - packed.len() / 3]).unwrap();
    assert!(trace.quality.cut.unwrap().contains("gzip"));
    assert!(!trace.events.is_empty());
}

#[test]
fn what_is_no_trace_is_named() {
    let message = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
    assert_eq!(message(b""), "trace: expected a Fuchsia trace (.fxt or .fxt.gz), got no bytes");
    assert!(message(b"PK\x03\x04").contains("bytes that begin with [50, 4b, 03, 04]"));
    assert!(message(&[0x28, 0xb5, 0x2f, 0xfd, 1]).contains("zstd"));
    assert!(message(&[0x1f, 0x8b, 8]).contains("gzip"));
    let e = read_file("/nowhere.fxt".as_ref()).unwrap_err();
    assert_eq!(e.code(), "ERR_TOPRUNG_TRACE_FILE");
    assert_eq!(read(b"x").map_err(|e: ReadError| e.code()).unwrap_err(), "ERR_TOPRUNG_TRACE_FORMAT");
}

proptest! {
    #[test]
    fn random_bytes_do_not_panic(words in prop::collection::vec(any::<u64>(), 0..200)) {
        let mut bytes = 0x0016_5478_4604_0010_u64.to_le_bytes().to_vec();
        bytes.extend(words.iter().flat_map(|w| w.to_le_bytes()));
        use_all(&bytes);
    }

    /// Records with a likely type and length, and whatever in them.
    #[test]
    fn random_records_do_not_panic(
        records in prop::collection::vec((0..12u64, 1..8u64, any::<u64>(), prop::collection::vec(any::<u64>(), 8)), 0..60),
    ) {
        let mut bytes = 0x0016_5478_4604_0010_u64.to_le_bytes().to_vec();
        for (kind, words, fields, body) in records {
            bytes.extend((kind | words << 4 | fields << 16).to_le_bytes());
            bytes.extend(body[..words as usize - 1].iter().flat_map(|w| (w % 300).to_le_bytes()));
        }
        use_all(&bytes);
    }
}
