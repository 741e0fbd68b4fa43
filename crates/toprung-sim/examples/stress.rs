//! Everything that strains the engine, at length: `npm run stress [-- SIZE]`, with about SIZE commands each (4,000,000 if not
//! given). Ends with exit code 1 if something does not hold.
#![expect(clippy::print_stdout, reason = "a command")]

use std::process::ExitCode;

use toprung_sim::stress;
use toprung_trace::Stopwatch;

fn main() -> ExitCode {
    let size = std::env::args().nth(1).and_then(|s| s.parse().ok()).unwrap_or(4_000_000);
    let mut wrong = 0;
    for strain in &stress::ALL {
        let watch = Stopwatch::start();
        match strain.run(size) {
            Ok(outcome) => {
                let seconds = watch.elapsed_ns() as f64 / 1e9;
                let rate = outcome.commands as f64 / seconds / 1e6;
                println!("{:<26} {:>10} commands {rate:>7.2} M/s  {}", strain.name, outcome.commands, outcome.digest);
            }
            Err(what) => {
                wrong += 1;
                println!("{:<26} DOES NOT HOLD: {what}", strain.name);
            }
        }
    }
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
