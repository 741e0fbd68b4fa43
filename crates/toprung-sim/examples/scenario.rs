//! Runs a scenario over many seeds, with time: `cargo run --release --example scenario -- NAME SEEDS FIRST`. The name is one
//! of the catalogue, `all`, or a data file that is being worked on.

use std::sync::atomic::AtomicBool;

use toprung_sim::catalogue;
use toprung_trace::Stopwatch;

#[expect(clippy::print_stdout, reason = "a command")]
fn main() {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_else(|| "flash-crash".to_owned());
    let seeds = args.next().and_then(|s| s.parse().ok()).unwrap_or(4);
    let first = args.next().and_then(|s| s.parse().ok()).unwrap_or(1);
    let scenarios = match std::fs::read_to_string(&name) {
        Ok(text) => vec![serde_json::from_str(&text).expect("the file is no scenario")],
        Err(_) => catalogue::all().into_iter().filter(|s| name == "all" || s.name == name).collect(),
    };
    for scenario in scenarios {
        let watch = Stopwatch::start();
        let report = catalogue::check(&scenario, (first, seeds), &AtomicBool::new(false), &|_, _| {})
            .expect("an arm is refused");
        let seconds = watch.elapsed_ns() as f64 / 1e9;
        let verdict = if report.passes { "passes" } else { "FAILS" };
        println!(
            "{} {verdict}: treatment {}/{seeds}, control {}/{seeds}; {seconds:.2} s; missed {:?}",
            scenario.name, report.treatment_meets, report.control_meets, report.missed
        );
        for r in &report.rules {
            let over = r.rule.over.as_ref().map_or(String::new(), |o| format!(" / {o}"));
            let minus = r.rule.minus.as_ref().map_or(String::new(), |o| format!(" - {o}"));
            println!(
                "  {}{over}{minus} {:?}..{:?}: {:.4} ({}) control {:.4} ({})",
                r.rule.measure,
                r.rule.at_least,
                r.rule.at_most,
                r.treatment,
                r.treatment_meets,
                r.control,
                r.control_meets
            );
        }
        for arm in &report.arms {
            let text: Vec<String> = arm.measures.iter().map(|(k, v)| format!("{k} {:.4}±{:.4}", v.0, v.1)).collect();
            println!("  {:10} {}", arm.arm, text.join("  "));
        }
    }
}
