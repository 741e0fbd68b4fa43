//! Real traces of magic-trace and perf, where they are found.

use std::io::Write;
use std::path::{Path, PathBuf};

use toprung_trace::analyze::export::{ExportOptions, Format, export};
use toprung_trace::analyze::{
    Analysis, AnalyzeError, DiffOptions, Options, Severity, Verdict, analyze, diff, load, verify,
};

use crate::{Folder, write_orders};

/// A file of the shared data; `None`, said aloud, where it is not.
fn shared(name: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/fxt").join(name);
    if file.exists() {
        return Some(file);
    }
    // Not `eprintln!`, which a test that passes does not show.
    let _ = writeln!(std::io::stderr(), "SKIPPED {name}: ../shared/data not present");
    None
}

fn analysis(file: &Path) -> Analysis {
    analyze(&load(file).unwrap(), &Options::default())
}

#[test]
fn a_trace_of_magic_trace_is_told_by_its_shape_and_adds_up() {
    let Some(file) = shared("richiesams_trace.fxt") else { return };
    let found = analysis(&file);
    assert_eq!((found.source, found.quality.orphan_ends, found.quality.open_at_end), ("intel-pt", 0, 0));
    assert_eq!(found.quality.spans, 17_296);
    assert!(found.quality.censored > 0, "spans that began before the window are marked");
    // Only the first rows are kept, so the sum of own times is at most the whole.
    assert!(found.functions.iter().map(|f| f.own).sum::<u64>() <= found.total);
    assert!(found.functions.iter().all(|f| f.own <= f.total && f.total <= found.total));
    assert!(found.insights.iter().any(|i| i.rule == "where-time-goes"));
    assert!(found.orders.is_none(), "it is no order book");
    let v = verify(&file).unwrap();
    assert!(v.sound, "{:?}", v.problems);
    assert_eq!((v.events, v.depth_max), (34_592, 26));
}

#[test]
fn every_sample_of_perf_script_is_read() {
    for (name, samples) in [
        ("c_demo_sampling.perf", true),
        ("ocaml_demo_sampling.perf", true),
        ("hello_world_userspace.perf", false),
        ("page_fault.perf", false),
        ("simple_gogo.perf", false),
    ] {
        let Some(file) = shared(&format!("perf_script/{name}")) else { return };
        match load(&file) {
            Ok(subject) => {
                assert!(samples, "{name}");
                let found = analyze(&subject, &Options::default());
                assert_eq!((found.source, found.unit), ("sampling", "samples"));
                assert_eq!(found.functions.iter().take(40).map(|f| f.calls).sum::<u64>(), 0);
                assert_eq!(found.total, found.quality.spans);
            }
            Err(AnalyzeError::Empty { .. }) => {
                assert!(!samples, "{name}");
                assert!(verify(&file).unwrap().events > 10, "its branches are counted");
            }
            Err(e) => panic!("{name}: {e}"),
        }
    }
    let Some(file) = shared("perf_script/c_demo_sampling.perf") else { return };
    let headers = std::fs::read_to_string(file.clone())
        .unwrap()
        .lines()
        .filter(|l| l.starts_with(|c: char| c.is_ascii_digit()))
        .count();
    assert_eq!(analysis(&file).total, headers as u64);
}

#[test]
fn the_allocation_in_a_file_of_the_recorder_is_found() {
    let folder = Folder::new("insight");
    let file = folder.file("a.fxt.gz");
    write_orders(&file, 20_000, 300);
    let found = analysis(&file);
    assert_eq!((found.source, found.quality.remarks.len()), ("flight-recorder", 0));
    let warnings: Vec<_> = found.insights.iter().filter(|i| i.severity == Severity::Warning).collect();
    assert_eq!(warnings.iter().map(|i| i.rule).collect::<Vec<_>>(), ["allocation"]);
    assert_eq!(warnings[0].period.unwrap().every, 512);
    assert_eq!(found.slow_period.unwrap().every, 512);
}

#[test]
fn two_files_are_compared() {
    let folder = Folder::new("diff");
    let (a, b) = (folder.file("a.fxt"), folder.file("b.fxt.gz"));
    write_orders(&a, 5_000, 300);
    write_orders(&b, 5_000, 360);
    let of = |a: &Path, b: &Path| diff(&load(a).unwrap(), &load(b).unwrap(), &DiffOptions::default()).unwrap();
    let found = of(&a, &b);
    assert_eq!(found.verdict, Verdict::Regress, "{}", found.why);
    assert_eq!(found.paths[0].path, "order;match");
    assert_eq!(of(&a, &a).verdict, Verdict::None);
}

#[test]
fn what_is_no_trace_is_refused_with_a_code() {
    let folder = Folder::new("refused");
    let of = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.file(name), bytes).unwrap();
        load(&folder.file(name)).unwrap_err()
    };
    assert_eq!(of("text", b"hello\nworld\n").code(), "ERR_TOPRUNG_TRACE_FORMAT");
    assert_eq!(of("nothing", b"").code(), "ERR_TOPRUNG_TRACE_FORMAT");
    assert_eq!(of("bare", &0x0016_5478_4604_0010_u64.to_le_bytes()).code(), "ERR_TOPRUNG_TRACE_EMPTY");
    assert_eq!(
        of("idle.perf", b"1/1 2.5:  1 page-faults:u: \n\t 1f main+0x1 (/x)\n\n").code(),
        "ERR_TOPRUNG_TRACE_EMPTY"
    );
    assert_eq!(load(&folder.file("absent")).unwrap_err().code(), "ERR_TOPRUNG_TRACE_FILE");
}

#[test]
fn a_trace_cut_anywhere_is_analysed_or_refused() {
    let folder = Folder::new("cut");
    let whole = folder.file("whole.fxt");
    write_orders(&whole, 300, 300);
    let bytes = std::fs::read(&whole).unwrap();
    for cut in (0..bytes.len()).step_by(997) {
        let file = folder.file("cut.fxt");
        std::fs::write(&file, &bytes[..cut]).unwrap();
        match load(&file) {
            Ok(subject) => {
                let found = analyze(&subject, &Options::default());
                assert!(found.orders.is_some_and(|o| o.count <= 300));
            }
            Err(e) => assert!(["ERR_TOPRUNG_TRACE_FORMAT", "ERR_TOPRUNG_TRACE_EMPTY"].contains(&e.code()), "{e}"),
        }
    }
}

#[test]
fn a_damaged_trace_is_analysed_compared_and_exported_or_refused() {
    let folder = Folder::new("damaged");
    let whole = folder.file("whole.fxt");
    write_orders(&whole, 250, 300);
    let (bytes, sound) = (std::fs::read(&whole).unwrap(), load(&whole).unwrap());
    let (file, out) = (folder.file("damaged.fxt"), folder.file("out"));
    for n in 0..60_usize {
        let mut copy = bytes.clone();
        // Times are the words behind the headers of events: all bits of some, one bit of others.
        for k in 0..3 {
            let at = 200 + (n * 7919 + k * 104_729) % (copy.len() - 200);
            copy[at] ^= if n % 2 == 0 { 0xff } else { 1 << (n % 8) };
        }
        std::fs::write(&file, copy).unwrap();
        let Ok(subject) = load(&file) else { continue };
        let found = analyze(&subject, &Options::default());
        assert!(found.total < u64::MAX / 2);
        let _ = diff(&sound, &subject, &DiffOptions::default());
        for format in [Format::Collapsed, Format::Speedscope, Format::Svg, Format::Chrome] {
            export(&file, &out, format, &ExportOptions::default()).unwrap();
        }
    }
}
