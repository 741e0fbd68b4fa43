//! Cont–Stoikov–Talreja: the next move of the mid price, fills and making the spread, solved exactly and simulated.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::{Cell, Effort, NEVER, blocks, mean, ratio};
use crate::flow::FLOW_IDS_END;
use crate::{CstConfig, FlowConfig, Market, SimConfig};
use toprung_book::{Command, Side};

/// Queues longer than this are left out of the solved systems.
const CAP: usize = 60;

/// The rates that matter at a spread of `spread` ticks: λ, θ, μ per side, and improvements per side.
fn rates(config: &CstConfig, spread: usize) -> (f64, f64, f64, f64) {
    let at = |rates: &[f64]| rates[(spread - 1).min(rates.len() - 1)];
    let improve = config.limit_rates[..spread - 1].iter().sum();
    (at(&config.limit_rates), at(&config.cancel_rates), config.market_rate / 2.0, improve)
}

/// Solves v = f(v) by sweeps until nothing moves.
fn relax(values: &mut [f64], mut update: impl FnMut(&[f64], usize) -> f64) {
    for _ in 0..20_000 {
        let mut moved = 0.0_f64;
        for k in 0..values.len() {
            let value = update(values, k);
            moved = moved.max((value - values[k]).abs());
            values[k] = value;
        }
        if moved < 1e-12 {
            break;
        }
    }
}

/// P(the mid price's next move is up | b orders at the bid, a at the ask) for b, a from 1 to 5, at a spread of 1 to 3 ticks.
///
/// Two birth–death queues race, against improvements inside the spread; a linear system on 60 × 60 states.
pub fn mid_up(config: &CstConfig, spread: usize) -> [[f64; 5]; 5] {
    let (birth, theta, mu, improve) = rates(config, spread);
    let mut values = vec![0.5; CAP * CAP];
    relax(&mut values, |v, k| {
        let (b, a) = (k / CAP + 1, k % CAP + 1);
        let at = |b: usize, a: usize| v[(b - 1) * CAP + a - 1];
        let (die_b, die_a) = (mu + theta * b as f64, mu + theta * a as f64);
        let mut sum = improve + die_a * if a == 1 { 1.0 } else { at(b, a - 1) };
        let mut total = 2.0 * improve + die_a + die_b;
        if b > 1 {
            sum += die_b * at(b - 1, a);
        }
        if b < CAP {
            (sum, total) = (sum + birth * at(b + 1, a), total + birth);
        }
        if a < CAP {
            (sum, total) = (sum + birth * at(b, a + 1), total + birth);
        }
        sum / total
    });
    std::array::from_fn(|b| std::array::from_fn(|a| values[b * CAP + a]))
}

/// P(a bid that is b-th in its queue and never cancelled fills before the mid price moves | a orders at the ask), at a spread
/// of one tick.
pub fn fill_before_move(config: &CstConfig) -> [[f64; 5]; 5] {
    let (birth, theta, mu, _) = rates(config, 1);
    let mut values = vec![0.5; 5 * CAP];
    relax(&mut values, |v, k| {
        let (place, a) = (k / CAP + 1, k % CAP + 1);
        let at = |place: usize, a: usize| v[(place - 1) * CAP + a - 1];
        let (ahead, die_a) = (mu + theta * (place - 1) as f64, mu + theta * a as f64);
        let mut sum = ahead * if place == 1 { 1.0 } else { at(place - 1, a) };
        let mut total = ahead + die_a;
        if a > 1 {
            sum += die_a * at(place, a - 1);
        }
        if a < CAP {
            (sum, total) = (sum + birth * at(place, a + 1), total + birth);
        }
        sum / total
    });
    std::array::from_fn(|b| std::array::from_fn(|a| values[b * CAP + a]))
}

/// One side while the spread is being made: the own order with its place and what is behind it, or what is left once it
/// is filled.
#[derive(Clone, Copy, PartialEq)]
enum SideState {
    Own { place: usize, behind: usize },
    Filled { left: usize },
}

const BEHIND: usize = 24;
const LEFT: usize = 30;
const SIDE_STATES: usize = 5 * (BEHIND + 1) + LEFT;

impl SideState {
    fn of(index: usize) -> SideState {
        if index < 5 * (BEHIND + 1) {
            SideState::Own { place: index / (BEHIND + 1) + 1, behind: index % (BEHIND + 1) }
        } else {
            SideState::Filled { left: index - 5 * (BEHIND + 1) + 1 }
        }
    }

    fn index(self) -> usize {
        match self {
            SideState::Own { place, behind } => (place - 1) * (BEHIND + 1) + behind,
            SideState::Filled { left } => 5 * (BEHIND + 1) + left - 1,
        }
    }

    /// Where it can go and how fast; `Filled { left: 0 }` is an empty queue.
    fn moves(self, birth: f64, theta: f64, mu: f64) -> Vec<(SideState, f64)> {
        match self {
            SideState::Own { place, behind } => {
                let ahead = if place == 1 {
                    (SideState::Filled { left: behind }, mu)
                } else {
                    (SideState::Own { place: place - 1, behind }, mu + theta * (place - 1) as f64)
                };
                let mut moves = vec![ahead];
                if behind < BEHIND {
                    moves.push((SideState::Own { place, behind: behind + 1 }, birth));
                }
                if behind > 0 {
                    moves.push((SideState::Own { place, behind: behind - 1 }, theta * behind as f64));
                }
                moves
            }
            SideState::Filled { left } => {
                let mut moves = vec![(SideState::Filled { left: left - 1 }, mu + theta * left as f64)];
                if left < LEFT {
                    moves.push((SideState::Filled { left: left + 1 }, birth));
                }
                moves
            }
        }
    }
}

/// P(own orders, b-th at the bid and a-th at the ask and never cancelled, both fill before the mid price moves), at a spread
/// of one tick.
pub fn both_fill(config: &CstConfig) -> [[f64; 5]; 5] {
    let (birth, theta, mu, _) = rates(config, 1);
    let filled = |s: SideState| matches!(s, SideState::Filled { .. });
    let empty = |s: SideState| s == SideState::Filled { left: 0 };
    let moves: Vec<_> = (0..SIDE_STATES).map(|k| SideState::of(k).moves(birth, theta, mu)).collect();
    let mut values = vec![0.25; SIDE_STATES * SIDE_STATES];
    relax(&mut values, |v, k| {
        let (i, j) = (k / SIDE_STATES, k % SIDE_STATES);
        let (bid, ask) = (SideState::of(i), SideState::of(j));
        if filled(bid) && filled(ask) {
            return 1.0;
        }
        let worth = |bid: SideState, ask: SideState| {
            if filled(bid) && filled(ask) {
                1.0
            } else if empty(bid) || empty(ask) {
                0.0
            } else {
                v[bid.index() * SIDE_STATES + ask.index()]
            }
        };
        let (mut sum, mut total) = (0.0, 0.0);
        for (to, rate) in &moves[i] {
            (sum, total) = (sum + rate * worth(*to, ask), total + rate);
        }
        for (to, rate) in &moves[j] {
            (sum, total) = (sum + rate * worth(bid, *to), total + rate);
        }
        sum / total
    });
    let at = |place: usize| SideState::Own { place, behind: 0 }.index();
    std::array::from_fn(|b| std::array::from_fn(|a| values[at(b + 1) * SIDE_STATES + at(a + 1)]))
}

/// Books of a flow, from the first on, so many events of each.
#[derive(Clone, Debug)]
pub(crate) struct Trials<'a> {
    pub(crate) flow: &'a CstConfig,
    pub(crate) seed: u64,
    pub(crate) books: u32,
    pub(crate) events: u32,
    /// Once it is set, books are left out and the cells say nothing.
    pub(crate) cancel: &'a AtomicBool,
}

impl Trials<'_> {
    /// One of the books, with a spread and queues that have forgotten how it began.
    fn market(&self, book: u32) -> Market {
        let sim = SimConfig { seed: self.seed, flow: FlowConfig::Cst(self.flow.clone()), ..SimConfig::default() };
        let mut market = Market::open(&sim, book).expect("Invariant: the flow was checked");
        for _ in 0..20_000 {
            market.step(&mut ());
        }
        market
    }
}

/// Bid queue, ask queue and spread where all are small, from 0.
fn state(market: &Market) -> Option<(usize, usize, usize)> {
    let t = market.touch();
    let (b, a) = (t.bid_qty as usize, t.ask_qty as usize);
    let spread = t.spread_ticks()? as usize;
    ((1..=5).contains(&b) && (1..=5).contains(&a) && spread <= 3).then(|| (b - 1, a - 1, spread - 1))
}

type Grid = [[[(f64, f64); 5]; 5]; 3];

/// Turns one grid of (successes, trials) per block into cells.
fn cells_of(name: &str, expected: &[[f64; 5]; 5], grids: &[Grid], layer: usize) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (b, row) in expected.iter().enumerate() {
        for (a, p) in row.iter().enumerate() {
            let of: Vec<(f64, f64)> = grids.iter().map(|g| g[layer][b][a]).collect();
            cells.push(Cell::exact(format!("{name} b={} a={}", b + 1, a + 1), *p, ratio(&of)));
        }
    }
    cells
}

/// The direction of the next move of the mid price, by the queues before it, against what is expected at spreads from one tick
/// on.
pub(crate) fn mid_up_trials(expected: &[[[f64; 5]; 5]], trials: &Trials<'_>) -> Vec<Cell> {
    let grids = blocks(trials.books, |book| {
        let mut grid: Grid = Default::default();
        if trials.cancel.load(Relaxed) {
            return grid;
        }
        let mut market = trials.market(book);
        let mut waiting: Vec<(usize, usize, usize)> = Vec::new();
        let mut seen = None;
        for _ in 0..trials.events {
            let before = market.touch().bid + market.touch().ask;
            market.step(&mut ());
            let moved = market.touch().bid + market.touch().ask - before;
            if moved != 0 {
                for (b, a, s) in waiting.drain(..) {
                    let cell = &mut grid[s][b][a];
                    (cell.0, cell.1) = (cell.0 + f64::from(u8::from(moved > 0)), cell.1 + 1.0);
                }
            }
            // A state counts once when it is entered: all that follows depends on nothing else.
            let now = state(&market);
            if now != seen || moved != 0 {
                waiting.extend(now);
                seen = now;
            }
        }
        grid
    });
    let of_spread = |(s, p): (usize, &[[f64; 5]; 5])| cells_of(&format!("S={}: P(up)", s + 1), p, &grids, s);
    expected.iter().enumerate().flat_map(of_spread).collect()
}

pub(super) fn mid_up_cells(effort: Effort) -> Vec<Cell> {
    let flow = &CstConfig::default();
    let trials =
        Trials { flow, seed: 78, books: effort.of(16, 32), events: effort.of(150_000, 4_000_000), cancel: &NEVER };
    mid_up_trials(&[1, 2, 3].map(|spread| mid_up(flow, spread)), &trials)
}

/// The own bid's place in its queue and the orders at the ask, from 0, where both are small.
fn place(market: &Market, own: u64) -> Option<(usize, usize)> {
    let (ahead, _) = market.book().ahead_of(own)?;
    let (b, a) = (ahead as usize, (market.touch().ask_qty as usize).checked_sub(1)?);
    (b < 5 && a < 5).then_some((b, a))
}

/// The places of both own orders, from 0, where they are small and nothing stands behind them.
fn both_places(market: &Market, own: [u64; 2]) -> Option<(usize, usize)> {
    let last = |side, id: u64| {
        let order = market.book().order(id)?;
        let is_last = market.book().orders_from_back(side, order.price).next()?.id == id;
        let (ahead, _) = market.book().ahead_of(id)?;
        (is_last && ahead < 5).then_some(ahead as usize)
    };
    Some((last(Side::Buy, own[0])?, last(Side::Sell, own[1])?))
}

/// What becomes of own orders at the touch, against what is expected of one bid or, with `both`, of a bid and an offer.
pub(crate) fn fill_trials(expected: &[[f64; 5]; 5], trials: &Trials<'_>, both: bool) -> Vec<Cell> {
    let grids = blocks(trials.books, |book| {
        let mut grid: Grid = Default::default();
        if trials.cancel.load(Relaxed) {
            return grid;
        }
        let mut market = trials.market(book + if both { 1000 } else { 0 });
        let mut done = 0;
        let mut next_id = FLOW_IDS_END;
        while done < trials.events {
            let touch = *market.touch();
            if touch.spread_ticks() != Some(1) || touch.bid_qty > 6 || touch.ask_qty > 6 {
                market.step(&mut ());
                done += 1;
                continue;
            }
            let own = [next_id, next_id + 1];
            next_id += 2;
            market.submit(&Command::limit(own[0], Side::Buy, touch.bid, 1), &mut ());
            if both {
                market.submit(&Command::limit(own[1], Side::Sell, touch.ask, 1), &mut ());
            }
            // Every state on the way counts once it is entered: what follows depends on nothing else.
            let mut visited = Vec::new();
            let success = loop {
                let state = if both { both_places(&market, own) } else { place(&market, own[0]) };
                if visited.last() != Some(&state) {
                    visited.push(state);
                }
                market.step(&mut ());
                done += 1;
                if own.iter().all(|id| !market.book().contains(*id)) {
                    break true;
                }
                if market.touch().bid + market.touch().ask != touch.bid + touch.ask {
                    break false;
                }
            };
            own.iter().for_each(|id| market.submit(&Command::cancel(*id), &mut ()));
            for (b, a) in visited.into_iter().flatten() {
                let cell = &mut grid[0][b][a];
                (cell.0, cell.1) = (cell.0 + f64::from(u8::from(success)), cell.1 + 1.0);
            }
        }
        grid
    });
    cells_of(if both { "P(both fill)" } else { "P(fill)" }, expected, &grids, 0)
}

pub(super) fn fill_cells(effort: Effort) -> Vec<Cell> {
    let flow = &CstConfig::default();
    let trials =
        Trials { flow, seed: 78, books: effort.of(16, 32), events: effort.of(600_000, 4_000_000), cancel: &NEVER };
    let mut cells = fill_trials(&fill_before_move(flow), &trials, false);
    cells.extend(fill_trials(&both_fill(flow), &trials, true));
    cells
}

/// Time means of one book, its events per second, and the correlation of neighbouring market orders' signs.
type Stationary = ([f64; 5], f64, f64);

/// Against values computed elsewhere (SIMULATION.md §1.2), to half a unit of their last digit and half a percent.
pub(super) fn stationary_cells(effort: Effort) -> Vec<Cell> {
    let flow = &CstConfig::default();
    let trials =
        Trials { flow, seed: 78, books: effort.of(16, 32), events: effort.of(100_000, 4_000_000), cancel: &NEVER };
    let runs = blocks(trials.books, |book| {
        let mut market = trials.market(book + 2000);
        let begin = market.time_ns();
        let mut sums = [0.0; 5];
        let mut signs: Vec<f64> = Vec::new();
        let mut at = begin;
        for _ in 0..trials.events {
            let touch = *market.touch();
            let cmd = market.step(&mut ());
            let dt = (market.time_ns() - at) as f64;
            at = market.time_ns();
            let spread = touch.ask - touch.bid;
            sums[0] += dt * spread as f64;
            for (s, sum) in sums[1..4].iter_mut().enumerate() {
                *sum += dt * f64::from(u8::from(spread == s as i64 + 1));
            }
            sums[4] += dt * (touch.bid_qty + touch.ask_qty) as f64 / 2.0;
            if cmd.kind == toprung_book::CommandKind::Market {
                signs.push(if cmd.side == Side::Buy { 1.0 } else { -1.0 });
            }
        }
        let time = (at - begin) as f64;
        let acf = signs.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / (signs.len() - 1) as f64;
        (sums.map(|s| s / time), f64::from(trials.events) / time * 1e9, acf)
    });
    let of = |value: &dyn Fn(&Stationary) -> f64| mean(&runs.iter().map(value).collect::<Vec<_>>());
    let mut cells = vec![Cell::new("events per second", 70.67, 0.1, of(&|r| r.1))];
    let names = ["mean spread", "P(S=1)", "P(S=2)", "P(S=3)", "mean best queue"];
    for (k, (name, expected)) in names.iter().zip([1.356, 0.742, 0.188, 0.050, 2.09]).enumerate() {
        cells.push(Cell::new(*name, expected, 0.0005 + 0.005 * expected, of(&|r| r.0[k])));
    }
    cells.push(Cell::exact("market-order sign ACF, lag 1", 0.0, of(&|r| r.2)));
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published tables, to their four digits.
    #[test]
    fn the_solved_systems_give_the_tabulated_probabilities() {
        let config = CstConfig::default();
        let row = |table: [[f64; 5]; 5], b: usize, expected: [f64; 5]| {
            for (value, expected) in table[b].into_iter().zip(expected) {
                assert!((value - expected).abs() < 0.000_06, "{value} and {expected}");
            }
        };
        row(mid_up(&config, 1), 0, [0.5, 0.3352, 0.2590, 0.2158, 0.1878]);
        row(mid_up(&config, 1), 4, [0.8122, 0.6928, 0.6094, 0.5477, 0.5]);
        row(mid_up(&config, 2), 1, [0.5960, 0.5, 0.4706, 0.4599, 0.4554]);
        row(mid_up(&config, 3), 2, [0.5838, 0.5150, 0.5, 0.4960, 0.4948]);
        row(fill_before_move(&config), 0, [0.5025, 0.6980, 0.7939, 0.8483, 0.8824]);
        row(fill_before_move(&config), 4, [0.2243, 0.3691, 0.4716, 0.5480, 0.6071]);
        row(both_fill(&config), 0, [0.2658, 0.3080, 0.3089, 0.2996, 0.2880]);
        row(both_fill(&config), 3, [0.2996, 0.4063, 0.4518, 0.4715, 0.4785]);
    }
}
