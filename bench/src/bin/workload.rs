//! Writes a workload for Node: the same commands as the Rust benchmarks use, in the records of the Node boundary.
//!
//! `workload NAME COMMANDS FILE`. The file: the number of preloading and of measured commands as two little-endian u64,
//! then 32 bytes each: f64 id, price, qty; u32 owner; u8 kind, side, time in force, flags.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::ExitCode;

use toprung_bench::{Workload, aggressive, balanced, cancel_heavy, deep};
use toprung_book::Command;

fn record(c: &Command) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0..8].copy_from_slice(&(c.id as f64).to_le_bytes());
    bytes[8..16].copy_from_slice(&(c.price as f64).to_le_bytes());
    bytes[16..24].copy_from_slice(&(c.qty as f64).to_le_bytes());
    bytes[24..28].copy_from_slice(&c.owner.to_le_bytes());
    bytes[28..].copy_from_slice(&[c.kind as u8, c.side as u8, c.tif as u8, c.flags.bits()]);
    bytes
}

fn write(workload: &Workload, path: &str) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for n in [workload.preload.len(), workload.commands.len()] {
        out.write_all(&(n as u64).to_le_bytes())?;
    }
    for command in workload.preload.iter().chain(&workload.commands) {
        out.write_all(&record(command))?;
    }
    out.flush()
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let parsed = match args.as_slice() {
        [name, count, path] => count.parse().ok().map(|n: usize| (name.as_str(), n, path)),
        _ => None,
    };
    let Some((name, count, path)) = parsed else {
        eprintln!("usage: workload balanced|deep|aggressive|cancel-heavy COMMANDS FILE");
        return ExitCode::from(2);
    };
    let workload = match name {
        "balanced" => balanced(count),
        "deep" => deep(count),
        "aggressive" => aggressive(count),
        "cancel-heavy" => cancel_heavy(count),
        _ => {
            eprintln!("no such workload: {name}; there are balanced, deep, aggressive and cancel-heavy");
            return ExitCode::from(2);
        }
    };
    match write(&workload, path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("cannot write {path}: {e}");
            ExitCode::FAILURE
        }
    }
}
