//! Flows with the shape of the public referee's (matching-engine-benchmark): random ids, new, cancel and modify.
//!
//! Mid price: geometric Brownian motion, one step per new order, tick 0.005, start at 33,504 ticks. Distance from the
//! mid: power law with exponent 2.23 and a hump at 8 ticks; quantity uniform 1 to 100; 15 % immediate-or-cancel; 20 % of
//! the others modified once; 95 % cancelled after an exponential lifetime with median 0.431 ms; about 2 % duplicate
//! cancels and stale modifies. A cancel follows its order's previous message in the order's own time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use toprung_book::{BookConfig, Command, ReplacePriority, Side};

use crate::Workload;
use crate::random::Random;

/// Volatility and swing of one scenario.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Name as the referee has it.
    pub name: &'static str,
    /// Standard deviation of a step of the log mid price.
    volatility: f64,
    /// Relative size of one slow swing over the run.
    swing: f64,
    /// Median lifetime in units of the time between two new orders.
    median_life: f64,
}

/// The five scenarios.
///
/// The mean time between new orders is not stated by the referee; lifetimes are set so that the resting counts come near
/// its own (20,900, 2,700, 1,300, 700 and 240), which is what decides the cache behaviour.
pub const SCENARIOS: [Scenario; 5] = [
    Scenario { name: "static", volatility: 0.0, swing: 0.0, median_life: 431.0 },
    Scenario { name: "normal", volatility: 2.0e-5, swing: 0.02, median_life: 431.0 },
    Scenario { name: "swing-25", volatility: 2.0e-5, swing: 0.25, median_life: 431.0 },
    Scenario { name: "swing-40", volatility: 3.0e-5, swing: 0.40, median_life: 431.0 },
    Scenario { name: "flash-crash", volatility: 3.0e-5, swing: 0.60, median_life: 120.0 },
];

const START_TICKS: f64 = 33_504.0;
const EXPONENT: f64 = 2.23;
const HUMP_TICKS: f64 = 8.0;

enum Later {
    Cancel,
    Modify,
}

fn distance(random: &mut Random) -> i64 {
    if random.percent(30) {
        return (HUMP_TICKS + random.normal() * 2.0).max(0.0) as i64;
    }
    let u = 1.0 - random.unit();
    u.powf(-1.0 / (EXPONENT - 1.0)).min(2_000.0) as i64
}

/// A flow of `new_orders` new orders, about twice as many messages.
pub fn flow(scenario: Scenario, seed: u64, new_orders: usize) -> Workload {
    let mut random = Random::new(seed ^ scenario.name.len() as u64);
    // Ids in random order over as many values as there are orders.
    let mut ids: Vec<u64> = (1..=new_orders as u64).collect();
    for i in (1..ids.len()).rev() {
        ids.swap(i, random.below(i as u64 + 1) as usize);
    }
    let mut due: BinaryHeap<Reverse<(u64, u64, usize)>> = BinaryHeap::new();
    let mut orders: Vec<(u64, Side, u64, i64)> = Vec::with_capacity(new_orders);
    let mut later: Vec<Later> = Vec::new();
    let mut commands = Vec::with_capacity(2 * new_orders);
    let mut walk = 0.0;
    for (i, &id) in ids.iter().enumerate() {
        let now = (i as u64) << 20;
        while due.peek().is_some_and(|Reverse((t, ..))| *t <= now) {
            let Some(Reverse((t, order, what))) = due.pop() else { break };
            let (id, side, qty, price) = orders[order as usize];
            match later[what] {
                Later::Cancel => {
                    commands.push(Command::cancel(id));
                    if random.percent(2) {
                        commands.push(Command::cancel(id));
                    }
                }
                Later::Modify => {
                    let tick = if random.percent(80) { [1, -1][(t & 1) as usize] } else { 0 };
                    commands.push(Command { side, ..Command::replace(id, price + tick, qty + 1) });
                }
            }
        }
        walk += random.normal() * scenario.volatility;
        let phase = i as f64 / new_orders as f64;
        let swing = 1.0 - scenario.swing * (phase * std::f64::consts::PI).sin();
        let mid = START_TICKS * swing * f64::exp(walk);
        let side = if random.bits() & 1 == 0 { Side::Buy } else { Side::Sell };
        let away = distance(&mut random);
        let price = if side == Side::Buy { mid as i64 - away } else { mid as i64 + 1 + away };
        let qty = 1 + random.below(100);
        orders.push((id, side, qty, price));
        if random.percent(15) {
            commands.push(Command::ioc(id, side, price + if side == Side::Buy { 2 } else { -2 }, qty));
            continue;
        }
        commands.push(Command::limit(id, side, price, qty));
        let mut at = now;
        let mut live_for = |random: &mut Random| {
            let life = -(1.0 - random.unit()).ln() / std::f64::consts::LN_2 * scenario.median_life;
            at += (life * (1u64 << 20) as f64) as u64 + 1;
            at
        };
        if random.percent(20) {
            later.push(Later::Modify);
            due.push(Reverse((live_for(&mut random), i as u64, later.len() - 1)));
        }
        if random.percent(95) {
            later.push(Later::Cancel);
            due.push(Reverse((live_for(&mut random), i as u64, later.len() - 1)));
        }
    }
    let config = BookConfig { replace_priority: ReplacePriority::LoseAlways, ..BookConfig::default() };
    Workload { name: scenario.name, config, preload: Vec::new(), commands }
}
