//! Replays a file and prints what came of it: `cargo run --release -p toprung-data --example replay -- FILE...`
//!
//! A file is a replay file, or a LOBSTER day (archive, folder, message or order book file).

use std::io::Write;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use toprung_data::{ReplayOptions, replay_file};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    for file in std::env::args().skip(1) {
        let start = Instant::now();
        let report = replay_file(Path::new(&file), &ReplayOptions::default(), &AtomicBool::new(false), |_, _| {})?;
        let ms = start.elapsed().as_secs_f64() * 1e3;
        let (x, k) = (report.aggressive, report.checkpoints);
        writeln!(out, "{file}: {} records in {ms:.1} ms, digest {}", report.records, report.digest)?;
        writeln!(out, "  aggressive orders {}/{} agree, checkpoints {}/{}", x.equal, x.total(), k.equal, k.total())?;
        for d in &report.differences {
            writeln!(out, "  line {}: expected {}, got {}", d.line, d.expected, d.got)?;
        }
        if let Some(counts) = report.lobster {
            writeln!(out, "  {counts:#?}")?;
        }
    }
    Ok(())
}
