//! Hawkes processes in both forms: rates, counts in windows, rescaled waiting times, and the twelve types on a book.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::{Cell, Effort, NEVER, blocks, mean};
use crate::flow::hawkes::{Events, HawkesMethod, HawkesProcess};
use crate::random::StreamKey;
use crate::{FlowConfig, HawkesConfig, Market, SimConfig};

/// Events between two looks at a cancel flag: a millisecond or two.
const CHUNK: u64 = 1 << 16;

/// Gives times in seconds and types until `to` seconds, or until it is cancelled.
fn each_event(mut events: Events, to: f64, cancel: &AtomicBool, mut see: impl FnMut(f64, usize)) {
    for k in 0_u64.. {
        if k.is_multiple_of(CHUNK) && cancel.load(Relaxed) {
            return;
        }
        let (ns, kind) = events.next_event();
        let t = ns as f64 / 1e9;
        if t >= to {
            return;
        }
        see(t, kind);
    }
}

/// Times in seconds and types from `from` to `to` seconds.
fn sample(process: &HawkesProcess, thinning: bool, block: u32, from: f64, to: f64) -> Vec<(f64, usize)> {
    let method = if thinning { HawkesMethod::Thinning } else { HawkesMethod::Cluster };
    let mut events = Vec::new();
    each_event(
        Events::new(process, method, StreamKey::new(84, "hawkes").generator(block, 0)),
        to,
        &NEVER,
        |t, kind| {
            if t >= from {
                events.push((t - from, kind));
            }
        },
    );
    events
}

/// μ = 1.2, α = 0.6, β = 0.8: the test case of SIMULATION.md §1.5.
fn one() -> HawkesProcess {
    HawkesProcess { base: vec![1.2], branching: vec![vec![0.75]], kernel: vec![(0.8, 1.0)] }
}

fn counts(effort: Effort, thinning: bool, cells: &mut Vec<Cell>) {
    let (mu, alpha, beta): (f64, f64, f64) = (1.2, 0.6, 0.8);
    let (gamma, kappa) = (beta - alpha, 1.0 / (1.0 - alpha / beta));
    let rate = mu * kappa;
    let variance =
        |tau: f64| rate * (tau * kappa * kappa + (1.0 - kappa * kappa) * (1.0 - (-gamma * tau).exp()) / gamma);
    let covariance = |tau: f64, gap: f64| {
        mu * beta * alpha * (2.0 * beta - alpha) * ((-gamma * tau).exp() - 1.0).powi(2) / (2.0 * gamma.powi(4))
            * (-gamma * gap).exp()
    };
    let seconds = effort.of(1500.0, 40_000.0);
    let events = blocks(32, |block| sample(&one(), thinning, block, 100.0, 100.0 + seconds));
    // The mean is known, so that what a block gives is unbiased.
    let product = |tau: f64, lag: usize| {
        let of_block = |events: &Vec<(f64, usize)>| {
            let mut bins = vec![0.0; (seconds / tau) as usize];
            let last = bins.len() - 1;
            events.iter().for_each(|(t, _)| bins[((t / tau) as usize).min(last)] += 1.0);
            let m = rate * tau;
            bins.windows(lag + 1).map(|w| (w[0] - m) * (w[lag] - m)).sum::<f64>() / (bins.len() - lag) as f64
        };
        mean(&events.iter().map(of_block).collect::<Vec<_>>())
    };
    let form = if thinning { "thinning" } else { "cluster" };
    let mean_rate = mean(&events.iter().map(|e| e.len() as f64 / seconds).collect::<Vec<_>>());
    cells.push(Cell::exact(format!("{form}: rate"), rate, mean_rate));
    for tau in [1.0, 10.0] {
        cells.push(Cell::exact(format!("{form}: variance of counts, τ = {tau}"), variance(tau), product(tau, 0)));
    }
    for (lag, gap) in [(1, 0.0), (2, 1.0), (5, 4.0)] {
        let name = format!("{form}: autocovariance of counts, gap {gap}");
        cells.push(Cell::exact(name, covariance(1.0, gap), product(1.0, lag)));
    }
    // Fano at 100 s is within 1.3 % of 1/(1−n)² = 16, and exact by the formula above.
    let fano = product(100.0, 0);
    let expected = variance(100.0) / (rate * 100.0);
    let estimate = (fano.0 / (rate * 100.0), fano.1 / (rate * 100.0));
    cells.push(Cell::exact(format!("{form}: Fano factor, τ = 100"), expected, estimate));
}

/// The intensity of all types together, followed from event to event.
struct Intensity<'a> {
    process: &'a HawkesProcess,
    /// By type and term of the kernel.
    excited: Vec<Vec<f64>>,
    base: f64,
    last: f64,
}

impl Intensity<'_> {
    fn new(process: &HawkesProcess) -> Intensity<'_> {
        let excited = vec![vec![0.0; process.kernel.len()]; process.types()];
        Intensity { process, excited, base: process.base.iter().sum(), last: 0.0 }
    }

    /// Its integral from the last event to this one: exponential of mean 1 if the events are the process's.
    fn wait(&mut self, t: f64, kind: usize) -> f64 {
        let dt: f64 = t - self.last;
        let mut integral = self.base * dt;
        let decays: Vec<f64> = self.process.kernel.iter().map(|(beta, _)| (-beta * dt).exp()).collect();
        for (i, per_type) in self.excited.iter_mut().enumerate() {
            for ((s, (beta, w)), decay) in per_type.iter_mut().zip(&self.process.kernel).zip(&decays) {
                integral += *s * (1.0 - decay) / beta;
                *s = *s * decay + self.process.branching[i][kind] * w * beta;
            }
        }
        self.last = t;
        integral
    }
}

/// The largest distance of waits from the exponential law of mean 1, × √n.
fn ks_distance(waits: impl Iterator<Item = f64>) -> f64 {
    let mut shares: Vec<f64> = waits.map(|wait| 1.0 - (-wait).exp()).collect();
    shares.sort_by(f64::total_cmp);
    let n = shares.len() as f64;
    let distance = shares.iter().enumerate().map(|(k, u)| (u - k as f64 / n).abs().max(((k + 1) as f64 / n - u).abs()));
    distance.fold(0.0, f64::max) * n.sqrt()
}

/// The largest distance of rescaled waiting times from the exponential law, × √n, per block: below 1.95 in 999 of 1,000.
fn rescaled(process: &HawkesProcess, thinning: bool, block: u32, seconds: f64) -> f64 {
    let mut intensity = Intensity::new(process);
    ks_distance(sample(process, thinning, block, 0.0, seconds).into_iter().map(|(t, kind)| intensity.wait(t, kind)))
}

/// Events of a flow's process until `seconds`, per second, over the stationary rate Λ of `theory`.
pub(crate) fn rate_ratio(theory: &HawkesConfig, events: Events, seconds: f64, cancel: &AtomicBool) -> f64 {
    let mut n = 0_u64;
    each_event(events, seconds, cancel, |_, _| n += 1);
    n as f64 / seconds / theory.process().stationary_rates().iter().sum::<f64>()
}

/// Variance over mean of the number of events in bins of `bin` seconds until `seconds`, over 1/(1 − n)² of `theory`: what it
/// tends to with the length of the bins where every type has n children on average.
pub(crate) fn fano_ratio(theory: &HawkesConfig, events: Events, bin: f64, seconds: f64, cancel: &AtomicBool) -> f64 {
    let mut bins = vec![0.0; (seconds / bin) as usize];
    each_event(events, bin * bins.len() as f64, cancel, |t, _| {
        let last = bins.len() - 1;
        bins[((t / bin) as usize).min(last)] += 1.0;
    });
    let n = bins.len() as f64;
    let mean = bins.iter().sum::<f64>() / n;
    let variance = bins.iter().map(|c| (c - mean) * (c - mean)).sum::<f64>() / (n - 1.0);
    let left = 1.0 - theory.branching_ratio();
    variance / mean * left * left
}

/// The 99th percentile of the Kolmogorov distribution.
const KOLMOGOROV_99: f64 = 1.627_624;

/// The largest distance of the waits until `seconds`, rescaled by the intensity of `theory`, from the exponential law, over its
/// 99th percentile: above 1, p < 0.01.
pub(crate) fn rescaled_ks_ratio(theory: &HawkesConfig, events: Events, seconds: f64, cancel: &AtomicBool) -> f64 {
    let process = theory.process();
    let mut intensity = Intensity::new(&process);
    let mut waits = Vec::new();
    each_event(events, seconds, cancel, |t, kind| waits.push(intensity.wait(t, kind)));
    ks_distance(waits.into_iter()) / KOLMOGOROV_99
}

/// Mean of the Kolmogorov distribution: what KS distances × √n of many blocks must have.
const KOLMOGOROV_MEAN: f64 = 0.868_731;

pub(super) fn cells(effort: Effort) -> Vec<Cell> {
    let mut cells = Vec::new();
    let twelve = HawkesConfig::default().process();
    for thinning in [false, true] {
        counts(effort, thinning, &mut cells);
        let form = if thinning { "thinning" } else { "cluster" };
        let blocks_of = effort.of(24, 200);
        for (name, process, seconds) in [("one type", one(), 300.0), ("twelve types", twelve.clone(), 20.0)] {
            let distances = blocks(blocks_of, |block| rescaled(&process, thinning, 1000 + block, seconds));
            // At some thousand waits the distance is still a little below its limit law's.
            let cell = Cell::new(
                format!("{form}: rescaled waits of {name}, mean KS distance × √n"),
                KOLMOGOROV_MEAN,
                0.02,
                mean(&distances),
            );
            cells.push(cell);
        }
        let (exact, seconds) = (twelve.stationary_rates(), effort.of(60.0, 1000.0));
        let runs = blocks(32, |block| sample(&twelve, thinning, 2000 + block, 20.0, 20.0 + seconds));
        for kind in [0, 3, 5, 11] {
            let count = |e: &Vec<(f64, usize)>| e.iter().filter(|(_, k)| *k == kind).count() as f64 / seconds;
            let estimate = mean(&runs.iter().map(count).collect::<Vec<_>>());
            cells.push(Cell::exact(format!("{form}: rate of type {kind} of twelve"), exact[kind], estimate));
        }
    }
    signature(effort, &mut cells);
    on_a_book(effort, &mut cells);
    cells
}

/// Two types that excite each other as ±1 ticks: Λ(κ² + (1−κ²)(1−e^−γτ)/(γτ)), κ = 1/(1+n), γ = α + β.
fn signature(effort: Effort, cells: &mut Vec<Cell>) {
    let (mu, alpha, beta): (f64, f64, f64) = (0.16, 0.4, 1.0);
    let n = alpha / beta;
    let process =
        HawkesProcess { base: vec![mu, mu], branching: vec![vec![0.0, n], vec![n, 0.0]], kernel: vec![(beta, 1.0)] };
    let (rate, kappa2, gamma) = (2.0 * mu / (1.0 - n), 1.0 / (1.0 + n).powi(2), alpha + beta);
    let seconds = effort.of(2000.0, 50_000.0);
    let runs = blocks(32, |block| sample(&process, false, 3000 + block, 100.0, 100.0 + seconds));
    for tau in [0.5, 2.0, 10.0] {
        let exact = rate * (kappa2 + (1.0 - kappa2) * (1.0 - (-gamma * tau).exp()) / (gamma * tau));
        let of_block = |events: &Vec<(f64, usize)>| {
            let mut moves = vec![0.0; (seconds / tau) as usize];
            let last = moves.len() - 1;
            for (t, kind) in events {
                moves[((t / tau) as usize).min(last)] += if *kind == 0 { 1.0 } else { -1.0 };
            }
            moves.iter().map(|m| m * m).sum::<f64>() / seconds
        };
        let estimate = mean(&runs.iter().map(of_block).collect::<Vec<_>>());
        cells.push(Cell::exact(format!("signature plot, τ = {tau}"), exact, estimate));
    }
}

/// Market orders that reach the book come at the process's rate.
fn on_a_book(effort: Effort, cells: &mut Vec<Cell>) {
    let config = HawkesConfig::default();
    let exact: f64 = config.process().stationary_rates().iter().skip(5).step_by(6).sum();
    let sim = SimConfig { seed: 85, flow: FlowConfig::Hawkes(config), ..SimConfig::default() };
    let seconds = effort.of(100.0, 2000.0);
    let rates = blocks(32, |book| {
        let mut market = Market::open(&sim, book).expect("Invariant: the defaults are valid");
        let mut orders = 0.0;
        while market.time_ns() < ((20.0 + seconds) * 1e9) as u64 {
            let cmd = market.step(&mut ());
            if market.time_ns() > 20_000_000_000 && cmd.kind == toprung_book::CommandKind::Market {
                orders += 1.0 / seconds;
            }
        }
        orders
    });
    cells.push(Cell::exact("market orders per second on a book", exact, mean(&rates)));
}
