//! The steps of a policy, spelled out one order at a time from the exchanges' rules.
//!
//! Written apart from the fast book's allocator, so that the two can be held against each other: everything here works
//! on exact fractions in `u128` and on maps by owner.

use std::collections::BTreeMap;

use crate::policy::{Class, LevelingOrder, Participants, Rounding, Step, Within};

/// The orders of a level while an aggressor is being shared among them.
pub(super) struct Allocation<'a> {
    owners: Vec<u32>,
    open: Vec<u64>,
    participants: &'a Participants,
    aggressor: u32,
    top: Option<usize>,
    passed_over: Vec<bool>,
    /// What an entitlement has served takes no further part by size.
    served: Vec<bool>,
    fills: Vec<(usize, u64)>,
}

impl<'a> Allocation<'a> {
    pub(super) fn new(
        orders: Vec<(u32, u64)>,
        participants: &'a Participants,
        aggressor: u32,
        top: Option<usize>,
    ) -> Allocation<'a> {
        let (owners, open): (Vec<u32>, Vec<u64>) = orders.into_iter().unzip();
        let (passed_over, served) = (vec![false; open.len()], vec![false; open.len()]);
        Allocation { owners, open, participants, aggressor, top, passed_over, served, fills: Vec::new() }
    }

    /// Runs the steps: (position in the queue, lots) in the order of the prints.
    pub(super) fn run(mut self, steps: &[Step], quantity: u64) -> Vec<(usize, u64)> {
        let mut left = quantity;
        for &step in steps {
            left -= self.step(step, left);
        }
        self.fills
    }

    fn count(&self) -> std::ops::Range<usize> {
        0..self.open.len()
    }

    /// What an order takes part with in a step by size.
    fn size(&self, i: usize) -> u64 {
        if self.served[i] { 0 } else { self.open[i] }
    }

    fn total(&self) -> u128 {
        self.count().map(|i| u128::from(self.size(i))).sum()
    }

    /// One step over `a` lots; returns how many it handed out.
    fn step(&mut self, step: Step, a: u64) -> u64 {
        if a == 0 {
            return 0;
        }
        match step {
            Step::Split { fifo_percent, rounding } => {
                let exact = u128::from(a) * u128::from(fifo_percent);
                let up = rounding == Rounding::Nearest && exact % 100 >= 50;
                let part = (exact / 100) as u64 + u64::from(up);
                self.print(&self.open.clone(), part)
            }
            Step::TimeProRata { k, until_exhausted } => {
                let mut given = 0;
                loop {
                    let pass = self.print(&self.time_pro_rata(a - given, k), a - given);
                    given += pass;
                    if pass == 0 || given == a || !until_exhausted {
                        return given;
                    }
                }
            }
            _ => {
                let shares = self.shares(step, a);
                self.print(&shares, a)
            }
        }
    }

    /// Fills in time order, at most what each has open and `budget` in all.
    fn print(&mut self, shares: &[u64], budget: u64) -> u64 {
        let mut left = budget;
        for i in self.count() {
            let fill = shares[i].min(self.open[i]).min(left);
            if fill > 0 {
                self.open[i] -= fill;
                left -= fill;
                self.fills.push((i, fill));
            }
        }
        budget - left
    }

    fn shares(&mut self, step: Step, a: u64) -> Vec<u64> {
        match step {
            Step::ProRata { min_lot, rounding, board_lot } => {
                let shares = self.pro_rata(a, min_lot, rounding, board_lot);
                for i in self.count() {
                    self.passed_over[i] = shares[i] == 0 && self.size(i) > 0;
                }
                shares
            }
            Step::Top { max_qty, percent, .. } => {
                let most = ((u128::from(a) * u128::from(percent) / 100) as u64).min(max_qty);
                self.count().map(|i| if self.top == Some(i) { most } else { 0 }).collect()
            }
            Step::Lmm { min_lot } => self.to_owners(|this, owner, _| match this.participants.get(owner).lmm_percent {
                0 => 0,
                percent => ((u128::from(a) * u128::from(percent) / 100) as u64).max(min_lot),
            }),
            Step::Parity { equal_percent } => {
                let owners = self.by_owner();
                let n = owners.iter().filter(|orders| self.sum(orders) > 0).count() as u128;
                let (w, total) = (u128::from(equal_percent), self.total());
                self.to_owners(|_, _, open| {
                    let numerator = w * total + (100 - w) * u128::from(open) * n;
                    (u128::from(a) * numerator / (100 * n * total)) as u64
                })
            }
            Step::Leveling { order } => self.leveling(order, a),
            Step::PriorityClass { class, within } => self.priority_class(class, within, a),
            Step::Entitlement { percent_by_others, floor_at_pro_rata } => {
                let is_maker = |owner| self.participants.get(owner).class == Class::MarketMaker;
                let owners = self.by_owner();
                let makers = owners.iter().filter(|own| self.sum(own) > 0 && is_maker(self.owners[own[0]])).count();
                let total = self.total();
                let shares = self.to_owners(|this, owner, open| {
                    if !this.participants.get(owner).entitled {
                        return 0;
                    }
                    let others = if is_maker(owner) { makers - 1 } else { makers };
                    let percent = if others == 0 { 100 } else { percent_by_others[others.min(3) - 1] };
                    let by_percent = u128::from(a) * u128::from(percent) / 100;
                    let by_size = u128::from(a) * u128::from(open) / total;
                    (if floor_at_pro_rata { by_percent.max(by_size) } else { by_percent }) as u64
                });
                for i in self.count() {
                    self.served[i] |= self.participants.get(self.owners[i]).entitled;
                }
                shares
            }
            Step::GroupFifo => self.group_fifo(a),
            // Split and time pro-rata are steps of their own kind.
            _ => self.open.clone(),
        }
    }

    fn pro_rata(&self, a: u64, min_lot: u64, rounding: Rounding, board_lot: u64) -> Vec<u64> {
        // The exact share of order i is size × a / total: in board lots a fraction over `whole`.
        let whole = self.total() * u128::from(board_lot);
        if whole == 0 {
            return vec![0; self.open.len()];
        }
        let part = |i: usize| {
            let product = u128::from(self.size(i)) * u128::from(a);
            (product / whole, product % whole)
        };
        let parts: Vec<(u128, u128)> = self.count().map(part).collect();
        let lots = |lots: u128, open: u64| u64::try_from(lots * u128::from(board_lot)).unwrap_or(u64::MAX).min(open);
        let at_least = |share: u64| if share < min_lot { 0 } else { share };
        let mut shares: Vec<u64> = self
            .count()
            .map(|i| {
                let (down, rest) = parts[i];
                let up = match rounding {
                    Rounding::Floor | Rounding::LargestRemainder => false,
                    Rounding::Nearest => rest >= whole - whole / 2,
                    Rounding::CeilFromLargest => rest > 0,
                };
                at_least(lots(down + u128::from(up), self.size(i)))
            })
            .collect();
        if rounding == Rounding::CeilFromLargest {
            let mut left = a;
            for i in self.sorted(|i| std::cmp::Reverse(self.size(i))) {
                shares[i] = shares[i].min(left);
                left -= shares[i];
            }
        }
        if rounding == Rounding::LargestRemainder {
            let mut spare = a.saturating_sub(shares.iter().sum()) / board_lot;
            for i in self.sorted(|i| std::cmp::Reverse(parts[i].1)) {
                if spare > 0 && parts[i].1 > 0 {
                    shares[i] += board_lot;
                }
                spare = spare.saturating_sub(1);
            }
        }
        shares
    }

    fn time_pro_rata(&self, a: u64, k: u8) -> Vec<u64> {
        let from = |i: usize| self.open[i..].iter().map(|&q| u128::from(q)).sum::<u128>().pow(k.into());
        let share = |i: usize| u128::from(a) * (from(i) - from(i + 1)) / from(0);
        self.count().map(|i| share(i) as u64).collect()
    }

    fn leveling(&self, order: LevelingOrder, a: u64) -> Vec<u64> {
        let size = |i: usize| if order == LevelingOrder::Size { self.open[i] } else { 0 };
        let mut shares = vec![0; self.open.len()];
        let waiting = self
            .sorted(|i| std::cmp::Reverse(size(i)))
            .into_iter()
            .filter(|&i| self.passed_over[i] && self.open[i] > 0);
        waiting.take(usize::try_from(a).unwrap_or(usize::MAX)).for_each(|i| shares[i] = 1);
        shares
    }

    fn priority_class(&self, class: Class, within: Within, a: u64) -> Vec<u64> {
        let member = |i: &usize| self.participants.get(self.owners[*i]).class == class;
        let total: u128 = self.count().filter(member).map(|i| u128::from(self.open[i])).sum();
        let mut shares: Vec<u64> = self.count().map(|i| if member(&i) { self.open[i] } else { 0 }).collect();
        if within == Within::ProRata && total > u128::from(a) {
            shares.iter_mut().for_each(|s| *s = (u128::from(*s) * u128::from(a) / total) as u64);
            let mut left = a - shares.iter().sum::<u64>();
            for i in self.count().filter(member) {
                let more = left.min(self.open[i] - shares[i]);
                shares[i] += more;
                left -= more;
            }
        }
        shares
    }

    fn group_fifo(&self, a: u64) -> Vec<u64> {
        let group = |owner: u32| self.participants.get(owner).group;
        let own = group(self.aggressor);
        let first = self.count().filter(|&i| own != 0 && group(self.owners[i]) == own);
        let second = self.count().filter(|&i| group(self.owners[i]) == 0);
        let mut shares = vec![0; self.open.len()];
        let mut left = a;
        for i in first.chain(second) {
            shares[i] = self.open[i].min(left);
            left -= shares[i];
        }
        shares
    }

    /// Positions by a key, ties in time order.
    fn sorted<K: Ord>(&self, key: impl Fn(usize) -> K) -> Vec<usize> {
        let mut positions: Vec<usize> = self.count().collect();
        positions.sort_by_key(|&i| key(i));
        positions
    }

    /// The orders of each owner; an order of nobody stands alone.
    fn by_owner(&self) -> Vec<Vec<usize>> {
        let mut owned: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        let mut groups = Vec::new();
        for i in self.count() {
            match self.owners[i] {
                0 => groups.push(vec![i]),
                owner => owned.entry(owner).or_default().push(i),
            }
        }
        groups.extend(owned.into_values());
        groups
    }

    fn sum(&self, orders: &[usize]) -> u64 {
        orders.iter().map(|&i| self.size(i)).sum()
    }

    /// What `grant(self, owner, open)` says, to each owner that has something open: its orders take it in time order.
    fn to_owners(&self, grant: impl Fn(&Self, u32, u64) -> u64) -> Vec<u64> {
        let mut shares = vec![0; self.open.len()];
        for orders in self.by_owner() {
            let open = self.sum(&orders);
            let mut left = if open > 0 { grant(self, self.owners[orders[0]], open) } else { 0 };
            for i in orders {
                shares[i] = left.min(self.size(i));
                left -= shares[i];
            }
        }
        shares
    }
}
