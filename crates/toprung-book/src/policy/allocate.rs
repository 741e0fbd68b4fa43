//! The steps at work on one level.
//!
//! Each step writes a share into every order; what was written is then printed in time order. A step never hands out more
//! than the aggressor has left, nor more to an order than it has open.

use super::{Class, LevelingOrder, Participants, Rounding, Step, Within};
use crate::slab::Handle;

/// An order of the level on the allocation bench.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    pub(crate) handle: Handle,
    pub(crate) owner: u32,
    /// What it has open.
    pub(crate) qty: u64,
    /// What the step at work gives it.
    share: u64,
    /// The last pro-rata step left it with nothing.
    passed_over: bool,
    /// An entitlement was all that it gets by size.
    entitled: bool,
}

impl Open {
    /// What takes part in a step by size.
    fn size(&self) -> u64 {
        if self.entitled { 0 } else { self.qty }
    }

    pub(crate) fn new(handle: Handle, owner: u32, qty: u64) -> Open {
        Open { handle, owner, qty, share: 0, passed_over: false, entitled: false }
    }
}

/// What the steps need to know beside the orders.
pub(crate) struct Terms<'a> {
    pub(crate) steps: &'a [Step],
    pub(crate) participants: &'a Participants,
    /// Who takes.
    pub(crate) aggressor: u32,
    /// Position of the TOP order, if it is on this level.
    pub(crate) top: Option<usize>,
}

/// The bench: the orders of a level in time order, and lists of positions for steps that need another order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bench {
    pub(crate) orders: Vec<Open>,
    positions: Vec<usize>,
}

/// `a·b/c` rounded down.
fn part(a: u64, b: u64, c: u64) -> u64 {
    (u128::from(a) * u128::from(b) / u128::from(c)) as u64
}

/// `percent` of `a`, rounded down.
fn percent_of(a: u64, percent: u8) -> u64 {
    part(a, percent.into(), 100)
}

impl Bench {
    /// Makes room for levels of so many orders.
    pub(crate) fn reserve(&mut self, orders: usize) {
        self.orders.reserve(orders);
        self.positions.reserve(orders);
    }

    /// Shares `quantity`, which is less than the orders have open, and prints each fill: (step, order, lots).
    pub(crate) fn allocate(&mut self, terms: &Terms<'_>, quantity: u64, mut print: impl FnMut(usize, &Open, u64)) {
        let mut left = quantity;
        for (index, &step) in terms.steps.iter().enumerate() {
            if left == 0 {
                break;
            }
            // Repeats for time pro-rata alone: every other step is done at once.
            loop {
                let before = left;
                let budget = self.share(step, terms, left);
                left -= self.hand_out(budget, |order, fill| print(index, order, fill));
                if left == before || left == 0 || !matches!(step, Step::TimeProRata { until_exhausted: true, .. }) {
                    break;
                }
            }
        }
        debug_assert_eq!(left, 0, "Invariant: the last step of a policy takes everything");
    }

    /// Prints the shares in time order, at most `budget` in all; returns what was handed out.
    fn hand_out(&mut self, budget: u64, mut print: impl FnMut(&Open, u64)) -> u64 {
        let mut left = budget;
        for order in &mut self.orders {
            let fill = order.share.min(order.qty).min(left);
            order.share = 0;
            if fill > 0 {
                order.qty -= fill;
                left -= fill;
                print(order, fill);
            }
        }
        budget - left
    }

    fn total(&self) -> u64 {
        self.orders.iter().map(|o| o.qty).sum()
    }

    /// Writes the shares of one step; returns the most that it may hand out.
    fn share(&mut self, step: Step, terms: &Terms<'_>, a: u64) -> u64 {
        match step {
            Step::Fifo => self.everything(|_| true),
            Step::ProRata { min_lot, rounding, board_lot } => self.pro_rata(a, min_lot, rounding, board_lot),
            Step::Top { max_qty, percent, .. } => {
                if let Some(top) = terms.top {
                    self.orders[top].share = percent_of(a, percent).min(max_qty);
                }
            }
            Step::Lmm { min_lot } => self.lmm(terms.participants, a, min_lot),
            Step::Split { fifo_percent, rounding } => {
                self.everything(|_| true);
                let doubled = u128::from(a) * u128::from(fifo_percent) * 2;
                let half = if rounding == Rounding::Nearest { 100 } else { 0 };
                return ((doubled + half) / 200) as u64;
            }
            Step::TimeProRata { k, .. } => self.time_pro_rata(a, k.into()),
            Step::Parity { equal_percent } => self.parity(a, equal_percent),
            Step::Leveling { order } => self.leveling(order, a),
            Step::PriorityClass { class, within } => self.priority_class(terms.participants, class, within, a),
            Step::Entitlement { percent_by_others, floor_at_pro_rata } => {
                self.entitlement(terms.participants, percent_by_others, floor_at_pro_rata, a);
            }
            Step::GroupFifo => self.group_fifo(terms, a),
        }
        a
    }

    /// All that an order has, to those that `who` names.
    fn everything(&mut self, who: impl Fn(&Open) -> bool) {
        for order in &mut self.orders {
            order.share = if who(order) { order.qty } else { 0 };
        }
    }

    fn pro_rata(&mut self, a: u64, min_lot: u64, rounding: Rounding, board_lot: u64) {
        let total: u64 = self.orders.iter().map(Open::size).sum();
        // Nobody by size: every share is a fraction of nothing over one.
        let whole = (u128::from(total) * u128::from(board_lot)).max(1);
        for order in &mut self.orders {
            let product = u128::from(order.size()) * u128::from(a);
            let lots = match rounding {
                Rounding::Floor | Rounding::LargestRemainder => product / whole,
                Rounding::Nearest => (product + whole / 2) / whole,
                Rounding::CeilFromLargest => product.div_ceil(whole),
            };
            let share = u64::try_from(lots).unwrap_or(u64::MAX).saturating_mul(board_lot).min(order.size());
            order.share = if share < min_lot { 0 } else { share };
        }
        match rounding {
            Rounding::Floor | Rounding::Nearest => {}
            Rounding::CeilFromLargest => {
                // Whoever comes after the largest may find nothing left.
                let mut left = a;
                self.order_by(|o| std::cmp::Reverse(o.size()));
                for &i in &self.positions {
                    let share = &mut self.orders[i].share;
                    *share = (*share).min(left);
                    left -= *share;
                }
            }
            Rounding::LargestRemainder => {
                let given: u64 = self.orders.iter().map(|o| o.share).sum();
                let remainder = |o: &Open| (u128::from(o.size()) * u128::from(a)) % whole;
                self.order_by(|o| std::cmp::Reverse(remainder(o)));
                let more = a.saturating_sub(given) / board_lot;
                for &i in self.positions.iter().take(more as usize) {
                    if remainder(&self.orders[i]) > 0 {
                        self.orders[i].share += board_lot;
                    }
                }
            }
        }
        for order in &mut self.orders {
            order.passed_over = order.share == 0 && order.size() > 0;
        }
    }

    /// Positions by a key, ties in time order.
    fn order_by<K: Ord>(&mut self, key: impl Fn(&Open) -> K) {
        let orders = &self.orders;
        self.positions.clear();
        self.positions.extend(0..orders.len());
        self.positions.sort_unstable_by_key(|&i| (key(&orders[i]), i));
    }

    /// Goes through the owners that take part with something open: `grant` is told whose orders they are and what they have open
    /// together, and says what they get; they get it in time order. An order of nobody is an owner of its own.
    fn grant_to_owners(&mut self, mut grant: impl FnMut(u32, u64) -> u64) {
        self.order_by(|o| o.owner);
        let orders = &mut self.orders;
        let mut rest = &self.positions[..];
        while let Some(&first) = rest.first() {
            let owner = orders[first].owner;
            let others = rest[1..].iter().take_while(|&&i| owner != 0 && orders[i].owner == owner).count();
            let (own, next) = rest.split_at(1 + others);
            rest = next;
            let open: u64 = own.iter().map(|&i| orders[i].size()).sum();
            let mut left = if open > 0 { grant(owner, open) } else { 0 };
            for &i in own {
                orders[i].share = orders[i].size().min(left);
                left -= orders[i].share;
            }
        }
    }

    fn lmm(&mut self, participants: &Participants, a: u64, min_lot: u64) {
        self.grant_to_owners(|owner, _| match participants.get(owner).lmm_percent {
            0 => 0,
            percent => percent_of(a, percent).max(min_lot),
        });
    }

    fn time_pro_rata(&mut self, a: u64, k: u32) {
        let total = u128::from(self.total());
        let whole = total.pow(k);
        let mut behind = total;
        for order in &mut self.orders {
            let from = behind;
            behind -= u128::from(order.qty);
            let weight = from.pow(k) - behind.pow(k);
            order.share = (u128::from(a) * weight / whole).min(u128::from(order.qty)) as u64;
        }
    }

    fn parity(&mut self, a: u64, equal_percent: u8) {
        let total: u128 = self.orders.iter().map(|o| u128::from(o.size())).sum();
        let mut n = 0;
        self.grant_to_owners(|_, _| {
            n += 1;
            0
        });
        let (equal, by_size) = (u128::from(equal_percent), u128::from(100 - equal_percent));
        let whole = 100 * n * total;
        // The weight is at most the whole; below `Step::level_qty_max` the product fits.
        let share = |open: u64| (equal * total + by_size * u128::from(open) * n) * u128::from(a) / whole;
        self.grant_to_owners(|_, open| share(open) as u64);
    }

    fn leveling(&mut self, order: LevelingOrder, a: u64) {
        match order {
            LevelingOrder::Size => self.order_by(|o| std::cmp::Reverse(o.qty)),
            LevelingOrder::Time => self.order_by(|_| ()),
        }
        let mut left = a;
        for &i in &self.positions {
            let order = &mut self.orders[i];
            if order.passed_over && order.qty > 0 && left > 0 {
                order.share = 1;
                left -= 1;
            }
        }
    }

    fn priority_class(&mut self, participants: &Participants, class: Class, within: Within, a: u64) {
        let of_class = |o: &Open| participants.get(o.owner).class == class;
        self.everything(of_class);
        let total: u64 = self.orders.iter().map(|o| o.share).sum();
        if within == Within::Fifo || total <= a {
            return;
        }
        let mut left = a;
        for order in &mut self.orders {
            order.share = part(order.share, a, total);
            left -= order.share;
        }
        for order in self.orders.iter_mut().filter(|o| of_class(o)) {
            let more = left.min(order.qty - order.share);
            order.share += more;
            left -= more;
        }
    }

    fn entitlement(&mut self, participants: &Participants, percent_by_others: [u8; 3], floor: bool, a: u64) {
        let total = self.orders.iter().map(Open::size).sum();
        let mut makers = 0;
        self.grant_to_owners(|owner, _| {
            makers += usize::from(participants.get(owner).class == Class::MarketMaker);
            0
        });
        self.grant_to_owners(|owner, open| {
            let participant = participants.get(owner);
            if !participant.entitled {
                return 0;
            }
            let percent = match makers - usize::from(participant.class == Class::MarketMaker) {
                0 => 100,
                others => percent_by_others[others.min(3) - 1],
            };
            let own = if floor { part(open, a, total) } else { 0 };
            percent_of(a, percent).max(own)
        });
        // Now, and not before: `size` is what the shares above were reckoned with.
        for order in &mut self.orders {
            order.entitled |= participants.get(order.owner).entitled;
        }
    }

    /// The own group is served before those without a group get what is left.
    fn group_fifo(&mut self, terms: &Terms<'_>, a: u64) {
        let group_of = |owner| terms.participants.get(owner).group;
        let own = group_of(terms.aggressor);
        let mut left = a;
        // An aggressor without a group has no group of its own to begin with.
        for group in [own, 0].into_iter().skip(usize::from(own == 0)) {
            for order in self.orders.iter_mut().filter(|o| group_of(o.owner) == group) {
                order.share = order.qty.min(left);
                left -= order.share;
            }
        }
    }
}
