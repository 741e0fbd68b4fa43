//! Hawkes processes in both forms: rates, counts in windows, rescaled waiting times, and the twelve types on a book.

use super::{Cell, Effort, blocks, mean};
use crate::flow::hawkes::{Cluster, HawkesProcess, Thinning};
use crate::random::StreamKey;
use crate::{FlowConfig, HawkesConfig, Market, SimConfig};

/// Times in seconds and types from `from` to `to` seconds.
fn sample(process: &HawkesProcess, thinning: bool, block: u32, from: f64, to: f64) -> Vec<(f64, usize)> {
    let rng = StreamKey::new(84, "hawkes").generator(block, 0);
    let (mut cluster, mut thinned) = (Cluster::new(process, rng), Thinning::new(process, rng));
    let mut events = Vec::new();
    loop {
        let (ns, kind) = if thinning { thinned.next_event() } else { cluster.next_event() };
        let t = ns as f64 / 1e9;
        if t >= to {
            return events;
        }
        if t >= from {
            events.push((t - from, kind));
        }
    }
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

/// The largest distance of rescaled waiting times from the exponential law, × √n, per block: below 1.95 in 999 of 1,000.
fn rescaled(process: &HawkesProcess, thinning: bool, block: u32, seconds: f64) -> f64 {
    let events = sample(process, thinning, block, 0.0, seconds);
    let mut excited = vec![vec![0.0; process.kernel.len()]; process.types()];
    let base: f64 = process.base.iter().sum();
    let mut last = 0.0;
    let mut waits = Vec::with_capacity(events.len());
    for (t, kind) in events {
        let dt: f64 = t - last;
        let mut integral = base * dt;
        for (i, per_type) in excited.iter_mut().enumerate() {
            for (s, (beta, w)) in per_type.iter_mut().zip(&process.kernel) {
                let decay = (-beta * dt).exp();
                integral += *s * (1.0 - decay) / beta;
                *s = *s * decay + process.branching[i][kind] * w * beta;
            }
        }
        last = t;
        waits.push(1.0 - (-integral).exp());
    }
    waits.sort_by(f64::total_cmp);
    let n = waits.len() as f64;
    let distance = waits.iter().enumerate().map(|(k, u)| (u - k as f64 / n).abs().max(((k + 1) as f64 / n - u).abs()));
    distance.fold(0.0, f64::max) * n.sqrt()
}

/// Mean and variance of the Kolmogorov distribution: what KS distances × √n of many blocks must have.
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
