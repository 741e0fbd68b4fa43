//! Avellaneda and Stoikov, *High-frequency trading in a limit order book*, Quant. Finance 8 (2008) 217–224: profit and
//! inventory of the maker against the same mean spread around the mid price.

use super::{Cell, Effort, blocks, mean};
use crate::random::{Source, StreamKey, Xoshiro256pp, uniform};

/// One path of T = 1 in steps of 0.005, σ = 2, k = 1.5, A = 140: terminal profit and inventory.
///
/// The maker quotes about r = s − qγσ²(T−t) or about s, in both cases γσ²(T−t) + (2/γ) ln(1 + γ/k) apart on average over time
/// (the symmetric one always the mean); a quote at distance d from s is filled in a step with probability A e^−kd dt.
fn path(rng: &mut Xoshiro256pp, gamma: f64, inventory: bool) -> (f64, f64) {
    let (sigma, k, a, dt, steps) = (2.0_f64, 1.5_f64, 140.0, 0.005_f64, 200);
    let fixed = 2.0 / gamma * (1.0 + gamma / k).ln();
    let (mut s, mut q, mut cash) = (100.0, 0.0, 0.0);
    for step in 0..steps {
        let left = 1.0 - f64::from(step) * dt;
        let (center, spread) = if inventory {
            (s - q * gamma * sigma * sigma * left, gamma * sigma * sigma * left + fixed)
        } else {
            (s, mean_spread(gamma))
        };
        let (bid, ask) = (center - spread / 2.0, center + spread / 2.0);
        let filled = |rng: &mut Xoshiro256pp, distance: f64| uniform(rng) < a * (-k * distance).exp() * dt;
        let (hit, lifted) = (filled(rng, s - bid), filled(rng, ask - s));
        if hit {
            (q, cash) = (q + 1.0, cash - bid);
        }
        if lifted {
            (q, cash) = (q - 1.0, cash + ask);
        }
        s += sigma * dt.sqrt() * if rng.next_u64() >> 63 == 0 { 1.0 } else { -1.0 };
    }
    (cash + q * s, q)
}

/// The spread's mean over the day: the symmetric maker's spread.
fn mean_spread(gamma: f64) -> f64 {
    let steps = 200;
    let risk: f64 = (0..steps).map(|k| gamma * 4.0 * (1.0 - f64::from(k) * 0.005)).sum::<f64>() / f64::from(steps);
    risk + 2.0 / gamma * (1.0 + gamma / 1.5).ln()
}

/// γ; spread; inventory strategy: profit, its deviation, that of the inventory; the same of the symmetric one.
const TABLE: [(f64, f64, [f64; 3], [f64; 3]); 3] = [
    (0.01, 1.349, [68.39, 8.95, 5.22], [68.65, 13.70, 8.73]),
    (0.1, 1.492, [64.89, 6.55, 2.93], [68.20, 13.49, 8.42]),
    (0.5, 2.156, [48.55, 5.90, 1.96], [59.94, 12.32, 6.93]),
];

pub(super) fn cells(effort: Effort) -> Vec<Cell> {
    let paths = effort.of(300, 10_000);
    let mut cells = Vec::new();
    for (row, (gamma, spread, inventory, symmetric)) in TABLE.into_iter().enumerate() {
        cells.push(Cell::new(format!("γ = {gamma}: spread"), spread, 0.0006, (mean_spread(gamma), 0.0)));
        for (name, is_inventory, expected) in [("inventory", true, inventory), ("symmetric", false, symmetric)] {
            let runs = blocks(20, |block| {
                let mut rng = StreamKey::new(86, "makers").generator(block, row as u32 * 2 + u32::from(is_inventory));
                let ends: Vec<(f64, f64)> = (0..paths).map(|_| path(&mut rng, gamma, is_inventory)).collect();
                let n = ends.len() as f64;
                let deviation = |values: &[f64]| {
                    let m = values.iter().sum::<f64>() / n;
                    (values.iter().map(|x| (x - m).powi(2)).sum::<f64>() / (n - 1.0)).sqrt()
                };
                let (profits, inventories): (Vec<f64>, Vec<f64>) = ends.into_iter().unzip();
                [profits.iter().sum::<f64>() / n, deviation(&profits), deviation(&inventories)]
            });
            for (k, what) in ["profit", "its deviation", "deviation of q"].iter().enumerate() {
                let of = mean(&runs.iter().map(|r| r[k]).collect::<Vec<_>>());
                // The table's own 100,000 paths: a standard error of its deviation / 316, and two decimals.
                let accuracy = if k == 0 { 4.0 * expected[1] / 316.0 } else { 4.0 * expected[k] / 447.0 } + 0.005;
                cells.push(Cell::new(format!("γ = {gamma}, {name}: {what}"), expected[k], accuracy, of));
            }
        }
    }
    cells
}
