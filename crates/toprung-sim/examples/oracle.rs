//! Every model against the numbers that theory has for it, at length: `npm run oracle [-- GROUP…]`.
//!
//! Prints a line for each cell, and ends with exit code 1 if one does not agree.
#![expect(clippy::print_stdout, reason = "an example that reports to a person")]

use std::process::ExitCode;
use std::time::Instant;

use toprung_sim::oracle::{Effort, GROUPS, SIGMAS};

fn main() -> ExitCode {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let names = GROUPS.map(|g| g.name);
    if let Some(unknown) = asked.iter().find(|name| !names.contains(&name.as_str())) {
        println!("there is no group {unknown}; there are {}", names.join(", "));
        return ExitCode::from(2);
    }
    println!(
        "estimate ± standard error over blocks; agrees within {SIGMAS} of them and the expectation's own accuracy\n"
    );
    let (mut all, mut wrong) = (0, Vec::new());
    for group in GROUPS.iter().filter(|g| asked.is_empty() || asked.iter().any(|name| name == g.name)) {
        let began = Instant::now();
        let cells = (group.cells)(Effort::Full);
        println!("{}: {} cells, {:.1} s", group.name, cells.len(), began.elapsed().as_secs_f64());
        for cell in &cells {
            let accuracy = if cell.accuracy > 0.0 { format!(" (to {:.5})", cell.accuracy) } else { String::new() };
            let verdict = if cell.agrees() { "" } else { "  DOES NOT AGREE" };
            println!(
                "  {:<58} expected {:>10.5}{accuracy}  got {:>10.5} ± {:.5}{verdict}",
                cell.name, cell.expected, cell.estimate, cell.standard_error
            );
            if !cell.agrees() {
                wrong.push(format!("{}: {}", group.name, cell.name));
            }
        }
        all += cells.len();
    }
    println!("\n{} of {all} cells agree", all - wrong.len());
    wrong.iter().for_each(|name| println!("does not agree: {name}"));
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
