//! Cont and de Larrard: which of two balanced queues empties first, and how long it takes.
//!
//! *Price dynamics in a Markovian limit order market*, SIAM J. Financ. Math. 4 (2013) 1–25.

use super::{Cell, Effort, blocks, mean, ratio};
use crate::flow::FLOW_IDS_END;
use crate::flow::queue_reactive::QueueRates;
use crate::{FlowConfig, Market, QueueReactiveConfig, SimConfig};
use toprung_book::{Command, Side};

/// φ(n, p): P(the price goes up | n orders at the bid, p at the ask), with λ = μ + θ.
///
/// (1/π) ∫₀^π (2 − cos t − √((2 − cos t)² − 1))^p sin(nt) cos(t/2)/sin(t/2) dt, by the midpoint rule.
pub fn balanced_race(n: u32, p: u32) -> f64 {
    let steps = 200_000;
    let h = std::f64::consts::PI / f64::from(steps);
    let f = |k: i32| {
        let t = (f64::from(k) + 0.5) * h;
        let c = 2.0 - t.cos();
        (c - (c * c - 1.0).sqrt()).powi(p as i32) * (f64::from(n) * t).sin() * (t / 2.0).cos() / (t / 2.0).sin()
    };
    (0..steps).map(f).sum::<f64>() * h / std::f64::consts::PI
}

/// Two queues that take and lose orders at one rate, about a reference price that stands.
fn flow() -> QueueReactiveConfig {
    // The model wants a queue that does not grow for ever; beyond a thousand orders this one shrinks. No race gets there.
    // By trades alone: the orders that a race starts with are not the flow's to cancel.
    let limit = [vec![10.0; 1000], vec![1.0]].concat();
    let rates = QueueRates { limit, cancel: vec![0.0], market: vec![0.0, 10.0] };
    QueueReactiveConfig { levels: vec![rates], moves: 0.0, redraw: 0.0, ..QueueReactiveConfig::default() }
}

/// Steps after which a race is given up: all but one in some thousands are over by then.
const STEPS_MAX: u32 = 20_000;

/// Races from (n, p) on one book: for each who won (1 up, 0 down) and after how many events of the two queues.
fn races(n: u64, p: u64, book: u32, trials: u32) -> Vec<(f64, u32)> {
    let config = SimConfig { seed: 79, flow: FlowConfig::QueueReactive(flow()), ..SimConfig::default() };
    let mut market = Market::open(&config, book * 100 + (n * 10 + p) as u32).expect("Invariant: these rates are valid");
    // The model fills its queues first, at time 0.
    while market.time_ns() == 0 {
        market.step(&mut ());
    }
    let reference = QueueReactiveConfig::default().reference_price;
    let sides = [(Side::Buy, reference, n), (Side::Sell, reference + 1, p)];
    let mut id = FLOW_IDS_END;
    let mut results = Vec::new();
    for _ in 0..trials {
        // Set both queues: whatever rests goes, own orders come.
        for (side, price, size) in sides {
            let resting: Vec<u64> = market.book().orders_from_back(side, price).map(|order| order.id).collect();
            resting.into_iter().for_each(|id| market.submit(&Command::cancel(id), &mut ()));
            for _ in 0..size {
                market.submit(&Command::limit(id, side, price, 1), &mut ());
                id += 1;
            }
        }
        let mut steps = 0;
        let winner = loop {
            market.step(&mut ());
            steps += 1;
            let t = market.touch();
            match (t.has_bid(), t.has_ask()) {
                (true, false) => break Some(1.0),
                (false, _) => break Some(0.0),
                _ if steps == STEPS_MAX => break None,
                _ => {}
            }
        };
        if let Some(winner) = winner {
            results.push((winner, steps));
        }
    }
    results
}

pub(super) fn cells(effort: Effort) -> Vec<Cell> {
    let mut cells = Vec::new();
    let mut times = Vec::new();
    for n in 1..=3 {
        for p in 1..=5 {
            let runs = blocks(16, |book| races(n, p, book, effort.of(60, 2000)));
            let of: Vec<(f64, f64)> =
                runs.iter().map(|r| (r.iter().map(|(won, _)| won).sum(), r.len() as f64)).collect();
            let expected = balanced_race(n as u32, p as u32);
            cells.push(Cell::exact(format!("φ({n},{p})"), expected, ratio(&of)));
            if (n, p) == (1, 1) {
                times = runs;
            }
        }
    }
    // The tail exponent of the duration, in events: P(T > t) ∝ 1/t, so from t to 8t it falls by 8.
    if effort == Effort::Full {
        let survive = |r: &Vec<(f64, u32)>, t: u32| r.iter().filter(|(_, steps)| *steps > t).count() as f64;
        let slopes: Vec<f64> = times
            .chunks(4)
            .map(|c| {
                let at = |t| c.iter().map(|r| survive(r, t)).sum::<f64>();
                (at(25) / at(200)).ln() / 8.0_f64.ln()
            })
            .collect();
        cells.push(Cell::new("tail exponent of the duration", 1.0, 0.05, mean(&slopes)));
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_integral_gives_the_tabulated_probabilities() {
        let table = [
            [0.5, 0.3023, 0.2094, 0.1585, 0.1271],
            [0.6977, 0.5, 0.3767, 0.2975, 0.2440],
            [0.7906, 0.6233, 0.5, 0.4107, 0.3452],
        ];
        for (n, row) in table.iter().enumerate() {
            for (p, expected) in row.iter().enumerate() {
                let phi = balanced_race(n as u32 + 1, p as u32 + 1);
                assert!((phi - expected).abs() < 0.000_06, "φ({}, {}) = {phi}, {expected}", n + 1, p + 1);
            }
        }
    }
}
