//! Writes a workload for Node: the same commands as the Rust benchmarks use, in the records of the Node boundary.
//!
//! `workload NAME COMMANDS FILE`. The file: the number of preloading and of measured commands as two little-endian u64,
//! then 32 bytes each: f64 id, price, qty; u32 owner; u8 kind, side, time in force, flags.
//!
//! `workload NAME COMMANDS FILE peers` says the same in words that every engine has: an order priced to trade at any price
//! is a market order, and an order that is lowered has in `price` what is open of it then.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::ExitCode;

use toprung_bench::{Workload, aggressive, amend, balanced, cancel_heavy, deep, of_depth};
use toprung_book::{Command, CommandKind, TimeInForce};

const NAMES: &str = "balanced|deep|aggressive|cancel-heavy|amend|deep-100k";

fn record(c: &Command) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0..8].copy_from_slice(&(c.id as f64).to_le_bytes());
    bytes[8..16].copy_from_slice(&(c.price as f64).to_le_bytes());
    bytes[16..24].copy_from_slice(&(c.qty as f64).to_le_bytes());
    bytes[24..28].copy_from_slice(&c.owner.to_le_bytes());
    bytes[28..].copy_from_slice(&[c.kind as u8, c.side as u8, c.tif as u8, c.flags.bits()]);
    bytes
}

/// The commands in the words of [the module](self)'s second form.
fn for_peers(mut workload: Workload) -> Workload {
    let mut book = workload.loaded();
    for cmd in &mut workload.commands {
        match cmd.kind {
            CommandKind::Limit if cmd.tif == TimeInForce::Ioc => *cmd = Command::market(cmd.id, cmd.side, cmd.qty),
            CommandKind::Reduce => {
                let open = book.order(cmd.id).map_or(0, |order| order.qty);
                cmd.price = open.saturating_sub(cmd.qty) as i64;
            }
            _ => (),
        }
        book.apply(cmd, &mut ());
    }
    workload
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
        [name, count, path] => count.parse().ok().map(|n: usize| (name.as_str(), n, path, false)),
        [name, count, path, form] if form == "peers" => {
            count.parse().ok().map(|n: usize| (name.as_str(), n, path, true))
        }
        _ => None,
    };
    let Some((name, count, path, peers)) = parsed else {
        eprintln!("usage: workload {NAMES} COMMANDS FILE [peers]");
        return ExitCode::from(2);
    };
    let workload = match name {
        "balanced" => balanced(count),
        "deep" => deep(count),
        "aggressive" => aggressive(count),
        "cancel-heavy" => cancel_heavy(count),
        "amend" => amend(count),
        "deep-100k" => of_depth(100_000, count),
        _ => {
            eprintln!("no such workload: {name}; there are {NAMES}");
            return ExitCode::from(2);
        }
    };
    let workload = if peers { for_peers(workload) } else { workload };
    match write(&workload, path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("cannot write {path}: {e}");
            ExitCode::FAILURE
        }
    }
}
