//! What the recorder costs: the same run with and without it, in interleaved blocks, with an interval for every figure.
//!
//! `npm run overhead [-- ROUNDS [SCENARIO [COMMANDS]]]`: 80 rounds of 400,000 commands of zi-baseline by default.
//!
//! Each round runs every arm once, in an order drawn anew, and compares it with the two runs without a recorder of the same
//! round; time is the thread's own, so that what others do on the machine counts as little as it can. A figure is the median
//! over the rounds with a 95 % bootstrap interval. The second run without a recorder is the null: how far it seems to differ
//! from the first is how far nothing differs. Where an interval reaches beyond what it is held against, or where the null
//! does, the verdict is `inconclusive`.
#![expect(clippy::print_stdout, reason = "an example that reports to a person")]

use std::hint::black_box;
use std::sync::atomic::AtomicBool;

use toprung_driver::{BUDGET_PERCENT, Input, RecordOptions, Recording};
use toprung_trace::recorder::{Level, Pace};
use toprung_trace::{TickClock, thread_cpu_ns};

const RESAMPLES: usize = 4000;

/// What is run in each round.
#[derive(Clone, Copy, PartialEq)]
enum Arm {
    /// The book as every other run has it.
    Without,
    /// The recorder around it, for what it is worth.
    With(Level),
}

/// The arms, what each is called, and the most that it may cost in percent.
const ARMS: [(Arm, &str, f64); 5] = [
    (Arm::Without, "without a recorder", f64::NAN),
    (Arm::Without, "without a recorder again (A/A)", 0.0),
    (Arm::With(Level::Off), "recorder switched off", 0.5),
    (Arm::With(Level::Order), "level order, adaptive", 3.0),
    (Arm::With(Level::Stages), "level stages, adaptive", 5.0),
];

/// Runs once; gives the thread's time in ns and one in how many was recorded at the end.
fn run(input: &Input, arm: Arm, budget: f64, cost: &dyn Fn(Level) -> f64) -> (f64, u64) {
    let never = AtomicBool::new(false);
    let clock = TickClock::get();
    match arm {
        Arm::Without => {
            let start = thread_cpu_ns();
            black_box(input.run(&mut (), &never, &mut |_, _| {}).expect("Invariant: scenarios are valid"));
            ((thread_cpu_ns() - start) as f64, 0)
        }
        Arm::With(level) => {
            let pace = Pace::adaptive(budget, cost(level), &clock);
            let mut recording = Recording::new(level, pace, 1 << 16).with_latencies();
            let start = thread_cpu_ns();
            black_box(input.run(&mut recording, &never, &mut |_, _| {}).expect("Invariant: scenarios are valid"));
            ((thread_cpu_ns() - start) as f64, recording.every())
        }
    }
}

/// A generator of one's own: SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(x ^ (x >> 31)) * n as u128) >> 64) as usize
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let n = values.len();
    (values[(n - 1) / 2] + values[n / 2]) / 2.0
}

/// The median with its 95 % bootstrap interval.
fn with_interval(values: &[f64], random: &mut Random) -> (f64, f64, f64) {
    let mut medians: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let mut drawn: Vec<f64> = values.iter().map(|_| values[random.below(values.len())]).collect();
            median(&mut drawn)
        })
        .collect();
    medians.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| medians[((RESAMPLES - 1) as f64 * share) as usize];
    (median(&mut values.to_vec()), at(0.025), at(0.975))
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, otherwise: u64| args.get(at).and_then(|a| a.parse().ok()).unwrap_or(otherwise);
    let (rounds, commands) = (number(0, 80).max(5), number(2, 400_000));
    let name = args.get(1).map_or("zi-baseline", String::as_str);
    let options = RecordOptions { scenario: Some(name.to_owned()), events: Some(commands), ..RecordOptions::default() };
    let input = match Input::open(&options) {
        Ok(input) => input,
        Err(e) => return println!("{e}"),
    };
    let (order, stages) = (Recording::cost_ns(Level::Order), Recording::cost_ns(Level::Stages));
    let cost = |level| if level == Level::Order { order } else { stages };
    let budget = BUDGET_PERCENT / 100.0;
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu.lines().find_map(|l| l.strip_prefix("model name")).unwrap_or("").trim_matches(['\t', ' ', ':']);
    let clock = TickClock::get();
    println!("{cpu}; clock {}, {:.1} ns a reading", clock.source().name(), clock.read_ns());
    println!("{name}: {rounds} rounds of {commands} commands behind the warm-up, {} arms", ARMS.len());
    println!("budget {:.1} %; a recorded order costs {order:.0} ns, with stages {stages:.0} ns", budget * 100.0);

    let mut random = Random(rounds);
    let mut times = vec![[0.0; ARMS.len()]; rounds as usize];
    let mut every = [0; ARMS.len()];
    // Warms the machine up.
    let mut done = 0;
    input.run(&mut (), &AtomicBool::new(false), &mut |n, _| done = n).expect("Invariant: scenarios are valid");
    for round in &mut times {
        let mut arms: Vec<usize> = (0..ARMS.len()).collect();
        while let Some(last) = arms.len().checked_sub(1) {
            arms.swap(last, random.below(last + 1));
            let arm = arms[last];
            arms.pop();
            (round[arm], every[arm]) = run(&input, ARMS[arm].0, budget, &cost);
        }
    }
    let per_command = |arm: usize| {
        let mut all: Vec<f64> = times.iter().map(|round| round[arm]).collect();
        median(&mut all) / done as f64
    };
    println!("without a recorder: {:.1} ns per command", per_command(0));
    let null: Vec<f64> = times.iter().map(|round| 100.0 * (round[1] / round[0] - 1.0)).collect();
    let null = with_interval(&null, &mut random);
    for (arm, (_, title, limit)) in ARMS.iter().enumerate().skip(1) {
        let extra: Vec<f64> =
            times.iter().map(|round| 100.0 * (2.0 * round[arm] / (round[0] + round[1]) - 1.0)).collect();
        let (at, low, high) = if arm == 1 { null } else { with_interval(&extra, &mut random) };
        let null_reach = null.1.abs().max(null.2.abs());
        let verdict = if arm == 1 {
            if low <= 0.0 && high >= 0.0 {
                "no difference, as it should be"
            } else {
                "biased: read nothing into the rest"
            }
        } else if null_reach > *limit {
            "inconclusive: the null alone reaches further"
        } else if high <= *limit {
            "holds"
        } else if low > *limit {
            "DOES NOT HOLD"
        } else {
            "inconclusive: the interval reaches beyond"
        };
        let held = if arm == 1 { String::new() } else { format!(" (at most {limit} %)") };
        let rate =
            if every[arm] > 0 && every[arm] < u64::MAX { format!(", 1 in {}", every[arm]) } else { String::new() };
        println!("{title:<32} {at:>+6.2} % [{low:+.2}, {high:+.2}]{rate}{held}: {verdict}");
    }
}
