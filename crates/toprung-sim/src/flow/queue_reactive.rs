//! The queue-reactive model: 2K queues about a reference price, each fed and drained at rates that depend on its size.
//!
//! Huang, Lehalle and Rosenbaum, *Simulating and analyzing order book data: the queue-reactive model*, J. Am. Stat. Assoc.
//! 110 (2015) 107–122. Sizes are in orders of one size. While the reference price stands, queue i (i = 1 … K from the
//! reference, both sides alike) is a birth–death process: limit orders at rate λ_i(n), cancels at c_i(n), market orders
//! at m_i(n).
//!
//! - **Model I**: the queues are independent; in the long run π_i(n) ∝ Π_{k=1..n} λ_i(k−1)/(c_i(k)+m_i(k)), exactly.
//! - **Model IIa**: with `behindEmpty`, queue 2 has those rates while queue 1 of its side is empty.
//! - **Model IIb**: with `byOpposite`, queue 1 has the rates of the class that the opposite queue 1 belongs to.
//! - **The reference price** moves by a tick with probability θ (`move`) when the mid price moved and the queue that the
//!   reference passes is empty; then, with probability θ_reinit (`redraw`), the whole book is drawn anew from its
//!   stationary law, and otherwise only the queue that comes into sight. 0 and 0 freeze it.
//!
//! A cancel takes the last of the model's orders in its queue. A market order that falls on a queue which is not the best
//! one is carried out as a cancel there, so that the law above holds for every queue.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use toprung_book::{Command, Side};

use super::clock::EventClock;
use super::{Flow, FlowView, Rate, component};
use crate::config::{check, integer};
use crate::error::ConfigError;
use crate::random::{Alias, Source, StreamKey, Xoshiro256pp, below};

/// Most queues per side.
const LEVELS_MAX: usize = 16;

/// Largest queue that the stationary law is worked out for, in orders.
const SIZE_MAX: usize = 1024;

/// Rates of one queue by its size, events per second: entry n holds for n orders, the last one beyond.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QueueRates {
    /// λ(n): limit orders.
    pub limit: Vec<f64>,
    /// c(n): cancels; c(0) is 0.
    pub cancel: Vec<f64>,
    /// m(n): market orders; m(0) is 0.
    pub market: Vec<f64>,
}

fn at(rates: &[f64], n: usize) -> f64 {
    rates[n.min(rates.len() - 1)]
}

impl QueueRates {
    fn validate(&self, path: &str) -> Result<(), ConfigError> {
        for (name, rates) in [("limit", &self.limit), ("cancel", &self.cancel), ("market", &self.market)] {
            super::rates(&format!("{path}.{name}"), rates, 1, SIZE_MAX, 1e6)?;
        }
        for (name, rates) in [("cancel", &self.cancel), ("market", &self.market)] {
            check(&format!("{path}.{name}[0]"), rates[0] == 0.0, "0: an empty queue has nothing to lose", rates[0])?;
        }
        let (limit, drain) = (at(&self.limit, SIZE_MAX), at(&self.cancel, SIZE_MAX) + at(&self.market, SIZE_MAX));
        let rule = "below cancel + market for large queues, or the queue grows for ever";
        check(&format!("{path}.limit"), limit < drain, rule, format!("{limit} against {drain}"))
    }

    /// π(n), n = 0 …, until what is left is below 10⁻¹² of the largest weight.
    pub fn stationary(&self) -> Vec<f64> {
        let mut law = vec![1.0];
        let (mut largest, mut weight) = (1.0_f64, 1.0);
        for n in 1..SIZE_MAX {
            let drain = at(&self.cancel, n) + at(&self.market, n);
            weight = if drain > 0.0 { weight * at(&self.limit, n - 1) / drain } else { 0.0 };
            law.push(weight);
            largest = largest.max(weight);
            if weight < largest * 1e-12 {
                break;
            }
        }
        let sum: f64 = law.iter().sum();
        law.iter().map(|w| w / sum).collect()
    }

    fn largest_total(&self) -> f64 {
        let most = |rates: &[f64]| rates.iter().copied().fold(0.0, f64::max);
        most(&self.limit) + most(&self.cancel) + most(&self.market)
    }
}

/// The model's parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct QueueReactiveConfig {
    /// Rates of queue i = 1 … K, 1 to 16 queues.
    pub levels: Vec<QueueRates>,
    /// Model IIa: rates of queue 2 while queue 1 of its side is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behind_empty: Option<QueueRates>,
    /// Model IIb: rates of queue 1 by class of the opposite queue 1, in place of `levels[0]`; at most 16 classes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by_opposite: Vec<QueueRates>,
    /// Model IIb: the largest size of every class but the last, in orders, ascending.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub opposite_classes: Vec<u32>,
    /// θ: probability that the reference price follows the mid price, 0 to 1.
    #[serde(rename = "move")]
    pub moves: f64,
    /// θ_reinit: probability that the whole book is redrawn when the reference price moves, 0 to 1.
    pub redraw: f64,
    /// Size of every order in lots, 1 to 2²⁰.
    pub order_size: u64,
    /// Reference price at the start, in ticks: the highest price on the bid side, within ±2⁵⁰.
    pub reference_price: i64,
}

impl Default for QueueReactiveConfig {
    /// Three queues of the shape that the paper finds for France Telecom and this project's measurements of ES have:
    /// limit orders at nearly one rate, cancels rising with the queue and then flat, market orders on small queues.
    fn default() -> QueueReactiveConfig {
        let drain = |top: f64, per: f64, n: i32| -> Vec<f64> { (0..=n).map(|k| top.min(per * f64::from(k))).collect() };
        let level = |limit: f64, cancel: f64, market: f64| QueueRates {
            limit: vec![limit],
            cancel: drain(cancel, cancel / 8.0, 8),
            market: [0.0].into_iter().chain((1..=6).map(|k| market / f64::from(k))).collect(),
        };
        QueueReactiveConfig {
            levels: vec![level(40.0, 36.0, 30.0), level(32.0, 40.0, 0.0), level(28.0, 32.0, 0.0)],
            behind_empty: None,
            by_opposite: Vec::new(),
            opposite_classes: Vec::new(),
            moves: 0.7,
            redraw: 0.85,
            order_size: 1,
            reference_price: 1_000_000,
        }
    }
}

impl QueueReactiveConfig {
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        integer("flow.levels", self.levels.len() as u64, 1, LEVELS_MAX as u64)?;
        for (i, level) in self.levels.iter().enumerate() {
            level.validate(&format!("flow.levels[{i}]"))?;
        }
        if let Some(rates) = &self.behind_empty {
            check("flow.behindEmpty", self.levels.len() > 1, "left out where there is only one queue", "rates")?;
            rates.validate("flow.behindEmpty")?;
        }
        integer("flow.byOpposite", self.by_opposite.len() as u64, 0, 16)?;
        for (i, rates) in self.by_opposite.iter().enumerate() {
            rates.validate(&format!("flow.byOpposite[{i}]"))?;
        }
        let classes = &self.opposite_classes;
        let fits = classes.len() == self.by_opposite.len().saturating_sub(1) && classes.is_sorted_by(|a, b| a < b);
        check("flow.oppositeClasses", fits, "ascending, one fewer than byOpposite", format!("{classes:?}"))?;
        for (name, p) in [("move", self.moves), ("redraw", self.redraw)] {
            check(&format!("flow.{name}"), (0.0..=1.0).contains(&p), "a probability from 0 to 1", p)?;
        }
        super::size_and_price(self.order_size, self.reference_price)?;
        let refill: f64 = self.tables().map(|t| t.limit[0]).sum();
        check("flow.levels", refill >= 0.01, "such that an empty book gets at least 0.01 orders per second", refill)
    }

    fn tables(&self) -> impl Iterator<Item = &QueueRates> {
        self.levels.iter().chain(&self.behind_empty).chain(&self.by_opposite)
    }

    pub(crate) fn events_per_second(&self) -> f64 {
        self.levels.iter().map(|t| 2.0 * t.largest_total()).sum::<f64>().max(1.0)
    }

    pub(crate) fn resting_orders(&self) -> Option<u64> {
        let mean = |t: &QueueRates| t.stationary().iter().zip(0..).map(|(p, n)| p * f64::from(n)).sum::<f64>();
        Some(self.levels.iter().map(|t| 2.0 * mean(t)).sum::<f64>() as u64 + 1)
    }
}

/// Rates in fixed point by size: limit, limit + cancel, and all three together.
#[derive(Clone, Debug)]
struct Table(Box<[[u64; 3]]>);

impl Table {
    fn new(rates: &QueueRates) -> Table {
        let rows = rates.limit.len().max(rates.cancel.len()).max(rates.market.len());
        let bits = |rates: &[f64], n| Rate::from_per_second(at(rates, n)).unwrap_or_default().bits();
        let row = |n| {
            let (limit, cancel, market) = (bits(&rates.limit, n), bits(&rates.cancel, n), bits(&rates.market, n));
            [limit, limit + cancel, limit + cancel + market]
        };
        Table((0..rows).map(row).collect())
    }

    #[inline(always)]
    fn row(&self, n: u32) -> &[u64; 3] {
        &self.0[(n as usize).min(self.0.len() - 1)]
    }
}

/// A command that is worked out when its turn comes.
#[derive(Clone, Copy, Debug)]
enum Step {
    Add(Side, i64),
    Trim(Side, i64),
}

/// Which queues may no longer be as they are remembered.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stale {
    Nothing,
    One(usize),
    All,
}

/// The model at work on one book.
#[derive(Clone, Debug)]
pub struct QueueReactive {
    rng: Xoshiro256pp,
    levels: Vec<Table>,
    laws: Vec<Alias>,
    behind_empty: Option<Table>,
    by_opposite: Vec<Table>,
    classes: Vec<u32>,
    /// θ and θ_reinit of 2³².
    moves: u64,
    redraw: u64,
    size: u64,
    next_id: u64,
    /// The highest price of the bid side.
    center: i64,
    /// Sizes in orders: K queues of bids from the best place outwards, then K of asks.
    sizes: Vec<u32>,
    rates: Vec<[u64; 3]>,
    total: u64,
    stale: Stale,
    /// Bid + ask when the mid price was last looked at.
    mid: i64,
    steps: VecDeque<Step>,
    clock: EventClock,
}

impl QueueReactive {
    /// The model with checked parameters for one book; the first commands fill it from the stationary law.
    pub(crate) fn open(config: &QueueReactiveConfig, key: StreamKey, book: u32) -> QueueReactive {
        let k = config.levels.len();
        let share = |p: f64| (p * (1_u64 << 32) as f64) as u64;
        let law =
            |rates: &QueueRates| Alias::new(&rates.stationary()).expect("Invariant: the law starts with weight 1");
        let mut flow = QueueReactive {
            rng: key.generator(book, component::FLOW),
            levels: config.levels.iter().map(Table::new).collect(),
            laws: config.levels.iter().map(law).collect(),
            behind_empty: config.behind_empty.as_ref().map(Table::new),
            by_opposite: config.by_opposite.iter().map(Table::new).collect(),
            classes: config.opposite_classes.clone(),
            moves: share(config.moves),
            redraw: share(config.redraw),
            size: config.order_size,
            next_id: 1,
            center: config.reference_price,
            sizes: vec![0; 2 * k],
            rates: vec![[0; 3]; 2 * k],
            total: 0,
            stale: Stale::All,
            mid: 0,
            steps: VecDeque::new(),
            clock: EventClock::default(),
        };
        flow.redraw_all();
        flow
    }

    fn queue(&self, index: usize) -> (Side, i64) {
        let k = self.levels.len();
        if index < k {
            (Side::Buy, self.center - index as i64)
        } else {
            (Side::Sell, self.center + 1 + (index - k) as i64)
        }
    }

    /// Plans what brings every queue from its remembered size to one drawn from the stationary law.
    fn redraw_all(&mut self) {
        for index in 0..self.sizes.len() {
            self.redraw_queue(index);
        }
        self.stale = Stale::All;
    }

    fn redraw_queue(&mut self, index: usize) {
        let target = self.laws[index % self.levels.len()].draw(&mut self.rng) as u32;
        let (side, price) = self.queue(index);
        let size = self.sizes[index];
        self.steps.extend((size..target).map(|_| Step::Add(side, price)));
        self.steps.extend((target..size).map(|_| Step::Trim(side, price)));
    }

    fn read<V: FlowView>(&self, index: usize, view: &V) -> u32 {
        let (side, price) = self.queue(index);
        view.qty_at(side, price).div_ceil(self.size).min(u32::MAX.into()) as u32
    }

    fn refresh_all<V: FlowView>(&mut self, view: &V) {
        for index in 0..self.sizes.len() {
            self.sizes[index] = self.read(index, view);
        }
        for index in 0..self.sizes.len() {
            self.set_rate(index);
        }
        self.total = self.rates.iter().map(|r| r[2]).sum();
    }

    #[inline]
    fn refresh_one<V: FlowView>(&mut self, index: usize, view: &V) {
        let size = self.read(index, view);
        if size == self.sizes[index] {
            return;
        }
        self.sizes[index] = size;
        self.update_rate(index);
        let k = self.levels.len();
        if index.is_multiple_of(k) {
            if self.behind_empty.is_some() {
                self.update_rate(index + 1);
            }
            if !self.by_opposite.is_empty() {
                self.update_rate(k - index);
            }
        }
    }

    #[inline]
    fn update_rate(&mut self, index: usize) {
        let before = self.rates[index][2];
        self.set_rate(index);
        self.total = self.total - before + self.rates[index][2];
    }

    #[inline]
    fn set_rate(&mut self, index: usize) {
        let k = self.levels.len();
        let level = index % k;
        let table = match (level, &self.behind_empty) {
            (1, Some(table)) if self.sizes[index - 1] == 0 => table,
            (0, _) if !self.by_opposite.is_empty() => {
                let opposite = self.sizes[k - index];
                &self.by_opposite[self.classes.iter().filter(|bound| opposite > **bound).count()]
            }
            _ => &self.levels[level],
        };
        self.rates[index] = *table.row(self.sizes[index]);
    }

    /// Looks whether the mid price moved, and lets the reference price follow.
    #[inline]
    fn follow<V: FlowView>(&mut self, view: &V) {
        let touch = view.touch();
        let mid = touch.bid + touch.ask;
        if mid == self.mid {
            return;
        }
        let (up, k) = (mid > self.mid, self.levels.len());
        self.mid = mid;
        // The queue that the reference would pass.
        if self.sizes[if up { k } else { 0 }] == 0 && self.rng.next_u64() >> 32 < self.moves {
            self.shift(up);
        }
    }

    #[cold]
    fn shift(&mut self, up: bool) {
        let k = self.levels.len();
        // The outermost queue on the side that is left behind goes out of sight.
        let outer = if up { k - 1 } else { 2 * k - 1 };
        let (side, price) = self.queue(outer);
        self.steps.extend((0..self.sizes[outer]).map(|_| Step::Trim(side, price)));
        let (bids, asks) = self.sizes.split_at_mut(k);
        let (back, forth) = if up { (bids, asks) } else { (asks, bids) };
        back.rotate_right(1);
        back[0] = 0;
        forth.rotate_left(1);
        forth[k - 1] = 0;
        self.center += if up { 1 } else { -1 };
        self.stale = Stale::All;
        if self.rng.next_u64() >> 32 < self.redraw {
            self.redraw_all();
        } else {
            self.redraw_queue(if up { 2 * k - 1 } else { k - 1 });
        }
    }

    fn add(&mut self, side: Side, price: i64) -> Command {
        let id = self.next_id;
        self.next_id += 1;
        Command::limit(id, side, price, self.size)
    }
}

impl Flow for QueueReactive {
    #[inline(always)]
    fn arm<V: FlowView>(&mut self, view: &V) -> u64 {
        if !self.steps.is_empty() {
            return self.clock.now();
        }
        match std::mem::replace(&mut self.stale, Stale::Nothing) {
            Stale::Nothing => {}
            Stale::One(index) => {
                self.refresh_one(index, view);
                self.follow(view);
            }
            Stale::All => {
                self.refresh_all(view);
                self.mid = view.touch().bid + view.touch().ask;
            }
        }
        if !self.steps.is_empty() {
            return self.clock.now();
        }
        self.clock.pass(&mut self.rng, self.total);
        self.clock.now()
    }

    #[inline(always)]
    fn fire<V: FlowView>(&mut self, view: &V) -> Option<Command> {
        if let Some(step) = self.steps.pop_front() {
            return match step {
                Step::Add(side, price) => Some(self.add(side, price)),
                Step::Trim(side, price) => view.last_order(side, price).map(Command::cancel),
            };
        }
        let mut pick = below(&mut self.rng, self.total);
        let mut index = 0;
        while pick >= self.rates[index][2] {
            pick -= self.rates[index][2];
            index += 1;
        }
        self.stale = Stale::One(index);
        let [limit, cancel, _] = self.rates[index];
        let (side, price) = self.queue(index);
        if pick < limit {
            return Some(self.add(side, price));
        }
        let touch = view.touch();
        let best = if side == Side::Buy { touch.bid } else { touch.ask };
        if pick >= cancel && price == best {
            let id = self.next_id;
            self.next_id += 1;
            return Some(Command::market(id, !side, self.size));
        }
        view.last_order(side, price).map(Command::cancel)
    }

    /// Rates are memoryless: everything is read anew and the pending event drawn from `now_ns`.
    fn disturbed<V: FlowView>(&mut self, now_ns: u64, view: &V) -> Option<u64> {
        if !self.steps.is_empty() {
            return None;
        }
        self.refresh_all(view);
        self.stale = Stale::Nothing;
        self.follow(view);
        self.clock.set(now_ns);
        Some(self.arm(view))
    }
}
