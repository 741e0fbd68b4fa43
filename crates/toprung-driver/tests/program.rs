//! The program as it was built: its symbol, its trigger, its trace.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use object::{Object, ObjectSymbol, SymbolKind};
use toprung_trace::fxt::read_file;

const HOOK: &str = "magic_trace_stop_indicator";

fn driver(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_toprung-trace-driver")).args(args).output().unwrap()
}

fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Whether a table of symbols has the hook, as a function with an address.
fn has_hook<'a>(symbols: impl Iterator<Item = impl ObjectSymbol<'a>>) -> bool {
    // Mach-O puts an underscore before every name.
    let is_hook = |name: &str| name.trim_start_matches('_') == HOOK;
    let mut symbols = symbols.filter(|s| s.name().is_ok_and(is_hook));
    symbols.any(|s| s.is_definition() && s.address() != 0 && (s.kind() == SymbolKind::Text))
}

#[test]
fn the_executable_has_the_hook_in_the_table_that_magic_trace_reads() {
    let bytes = std::fs::read(env!("CARGO_BIN_EXE_toprung-trace-driver")).unwrap();
    assert!(has_hook(object::File::parse(&*bytes).unwrap().symbols()));
}

/// The release builds, where there are any: link-time optimisation and stripping must have left the hook.
#[test]
fn optimised_and_stripped_builds_have_the_hook() {
    let target = Path::new(env!("CARGO_BIN_EXE_toprung-trace-driver")).ancestors().nth(2).unwrap();
    let native = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packages/toprung/native");
    let addons = std::fs::read_dir(native).into_iter().flatten().flatten().map(|entry| entry.path());
    let addons: Vec<_> = addons.filter(|path| path.extension().is_some_and(|e| e == "node")).collect();
    let release = target.join("release/toprung-trace-driver");
    for path in addons.iter().chain(release.exists().then_some(&release)) {
        let bytes = std::fs::read(path).unwrap();
        let file = object::File::parse(&*bytes).unwrap();
        assert!(has_hook(file.symbols()) || has_hook(file.dynamic_symbols()), "{}", path.display());
    }
    if addons.is_empty() && !release.exists() {
        let _ = writeln!(std::io::stderr(), "SKIPPED the hook in optimised builds: there are none");
    }
}

#[test]
fn every_hit_of_the_trigger_is_one_of_the_breakpoint() {
    let out = driver(&[
        "--scenario",
        "zi-baseline",
        "--events",
        "20000",
        "--kinds",
        "market",
        "--every-nth",
        "20",
        "--every",
        "1",
        "--hits-max",
        "50",
        "--no-replay",
        "--probe",
        "--json",
    ]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let report: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(report["hits"].as_array().unwrap().len(), 50);
    match &report["probe"]["skipped"] {
        serde_json::Value::String(why) => {
            let _ = writeln!(std::io::stderr(), "SKIPPED the breakpoint in the driver: {why}");
        }
        _ => assert_eq!(report["probe"]["hits"], 50),
    }
}

#[test]
fn a_market_of_agents_fires_the_hook_and_is_read_from_a_file_too() {
    let fires = ["--kinds", "market", "--every-nth", "20", "--every", "1", "--hits-max", "5", "--probe", "--json"];
    let of = |input: [&str; 2]| {
        let out = driver(&[&input[..], &["--events", "3000"], &fires[..]].concat());
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice::<serde_json::Value>(&out.stdout).unwrap()
    };
    let report = of(["--scenario", "flash-crash"]);
    assert_eq!((report["commands"].as_u64(), report["hits"].as_array().unwrap().len()), (Some(3000), 5));
    assert!(report["probe"]["skipped"].is_string() || report["probe"]["hits"] == 5, "{}", report["probe"]);
    let file = scratch("market.json");
    let market = toprung_sim::catalogue::find("flash-crash").unwrap().market;
    std::fs::write(&file, serde_json::to_string(&market).unwrap()).unwrap();
    assert_eq!(of(["--market", file.to_str().unwrap()])["digest"], report["digest"]);
}

#[test]
fn the_trace_is_written_whole_and_the_report_says_where() {
    let path = scratch("driver.fxt.gz");
    let out = driver(&[
        "--scenario",
        "zi-large-tick",
        "--events",
        "20000",
        "--slowest",
        "--hits-max",
        "3",
        "--plant",
        "stall",
        "--out",
        path.to_str().unwrap(),
    ]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(text.contains("40000 commands in ") && text.contains("hit: command "), "{text}");
    assert!(text.contains("when run again") && text.contains(path.to_str().unwrap()), "{text}");
    let trace = read_file(&path).unwrap();
    assert!(trace.nesting().is_clean() && trace.quality.is_clean());
    assert!(trace.threads.iter().any(|t| t.process.starts_with("toprung-trace-driver [pid=") && t.tid.is_some()));
}

#[test]
fn wrong_options_end_with_status_two_and_a_coded_line() {
    let out = driver(&["--scenario", "nothing"]);
    assert_eq!(out.status.code(), Some(2));
    let text = String::from_utf8(out.stderr).unwrap();
    assert!(text.contains("`scenario` must be one of zi-baseline") && text.contains("(ERR_TOPRUNG_CONFIG)"), "{text}");
    assert_eq!(driver(&["--plant", "fire"]).status.code(), Some(2));
    // What only a trigger heeds is not passed over where there is none.
    for idle in [["--hits-max", "3"], ["--warmup", "9"], ["--cooldown", "9"], ["--context", "4"], ["--hold-ms", "1"]] {
        let out = driver(&["--scenario", "zi-baseline", "--events", "10", idle[0], idle[1]]);
        assert_eq!(out.status.code(), Some(2), "{idle:?}");
        assert!(String::from_utf8(out.stderr).unwrap().contains("--latency-over-ns"), "{idle:?}");
    }
    let out = driver(&["--config", "/nowhere.json"]);
    assert!(String::from_utf8(out.stderr).unwrap().contains("/nowhere.json"));
    let out = driver(&["--scenario", "zi-baseline", "--events", "10", "--out", "/nowhere/a.fxt"]);
    assert!(String::from_utf8(out.stderr).unwrap().contains("(ERR_TOPRUNG_TRACE_FILE)"));
}
