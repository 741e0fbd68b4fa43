//! The queue-reactive model with a frozen reference: the exact stationary law of every queue, in all three variants' common
//! part, and no memory in its signs.

use super::{Cell, Effort, blocks, ratio};
use crate::flow::queue_reactive::QueueRates;
use crate::{FlowConfig, Market, QueueReactiveConfig, SimConfig};
use toprung_book::Side;

/// Seconds between two looks, above the queues' relaxation time; the first is ten seconds behind the start.
const EVERY_S: f64 = 0.5;

/// Shares of time with n orders in queue `level` of one side, for n = 0 … 8, per book.
fn histograms(config: &QueueReactiveConfig, books: u32, looks: u32) -> Vec<Vec<[(f64, f64); 9]>> {
    let levels = config.levels.len();
    blocks(books, |book| {
        let sim = SimConfig { seed: 80, flow: FlowConfig::QueueReactive(config.clone()), ..SimConfig::default() };
        let mut market = Market::open(&sim, book).expect("Invariant: these rates are valid");
        let mut counts = vec![[(0.0, 0.0); 9]; levels];
        for look in 1..=looks {
            let due = ((10.0 + f64::from(look) * EVERY_S) * 1e9) as u64;
            while market.next_ns() < due {
                market.step(&mut ());
            }
            for (level, row) in counts.iter_mut().enumerate() {
                for (side, price) in [
                    (Side::Buy, config.reference_price - level as i64),
                    (Side::Sell, config.reference_price + 1 + level as i64),
                ] {
                    let n = market.book().qty_at(side, price) as usize;
                    for (k, cell) in row.iter_mut().enumerate() {
                        (cell.0, cell.1) = (cell.0 + f64::from(u8::from(n == k)), cell.1 + 1.0);
                    }
                }
            }
        }
        counts
    })
}

pub(super) fn cells(effort: Effort) -> Vec<Cell> {
    let frozen = QueueReactiveConfig { moves: 0.0, redraw: 0.0, ..QueueReactiveConfig::default() };
    let looks = effort.of(150, 10_000);
    let runs = histograms(&frozen, 32, looks);
    let mut cells = Vec::new();
    for (level, rates) in frozen.levels.iter().enumerate() {
        let law = rates.stationary();
        for (n, p) in law.iter().take(9).enumerate() {
            let of: Vec<(f64, f64)> = runs.iter().map(|r| r[level][n]).collect();
            cells.push(Cell::exact(format!("Model I: π_{}({n})", level + 1), *p, ratio(&of)));
        }
    }
    // IIa: queue 1 never empties alone where nothing drains it, so queue 2 keeps its law; with queue 1 always empty it has
    // the other one. IIb: with one class for all sizes it is Model I with that class's rates.
    let other = QueueRates { limit: vec![10.0], cancel: vec![0.0, 20.0], market: vec![0.0] };
    let hollow = QueueRates { limit: vec![0.0], cancel: vec![0.0, 1e3], market: vec![0.0] };
    let mut two_a = QueueReactiveConfig { behind_empty: Some(other.clone()), ..frozen.clone() };
    two_a.levels[0] = hollow;
    let two_b = QueueReactiveConfig { by_opposite: vec![other.clone()], ..frozen };
    for (name, config, level) in [("IIa: π_2 behind an empty queue", two_a, 1), ("IIb: π_1 of one class", two_b, 0)] {
        let runs = histograms(&config, 32, looks);
        for (n, p) in other.stationary().iter().take(4).enumerate() {
            let of: Vec<(f64, f64)> = runs.iter().map(|r| r[level][n]).collect();
            cells.push(Cell::exact(format!("Model {name}, n = {n}"), *p, ratio(&of)));
        }
    }
    cells
}
