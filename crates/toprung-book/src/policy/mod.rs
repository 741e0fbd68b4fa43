//! How an aggressor's quantity is shared among the orders of one level.
//!
//! A [`Policy`] is an ordered list of [`Step`]s. Each step allocates part of what the aggressor has left and hands the
//! rest to the next; the last must take everything. An aggressor that takes the whole level fills everybody in time
//! order, whatever the policy: the exchanges' FIFO exception (CME Client Systems Wiki, "Matching Algorithm Steps").
//!
//! In every rule below, *a* is what the aggressor has left and *r* what an order has open when the step starts, and *R* is
//! the sum of all *r* of the level. Everything is computed in integers; [`Policy::level_qty_max`] is the level quantity up
//! to which no product can overflow, and a book refuses an order that would take a level past it.

pub(crate) mod allocate;
mod error;
#[cfg(feature = "serde")]
mod json;
mod participants;
mod presets;
pub mod preview;

pub use error::PolicyError;
pub use participants::{Class, Participant, Participants};
pub use presets::{Preset, PresetParams};

/// How a share that is not a whole number of lots becomes one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Rounding {
    /// Down, for every order.
    #[default]
    Floor,
    /// To the nearest, halves up; an earlier order goes first if that hands out more than there is.
    Nearest,
    /// Up, the largest order first (then the earliest), until nothing is left (Nasdaq PHLX, ISE).
    CeilFromLargest,
    /// Down, then one more to the orders with the largest fractions (then the earliest) until nothing is left (Hamilton).
    LargestRemainder,
}

/// How the orders of one class share what does not suffice for all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Within {
    /// Earliest first.
    #[default]
    Fifo,
    /// In proportion to their size, rounded down, the rest earliest first.
    ProRata,
}

/// The order in which levelling hands out single lots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum LevelingOrder {
    /// Largest open quantity first, then earliest (CME algorithm K).
    #[default]
    Size,
    /// Earliest first.
    Time,
}

/// One step of a [`Policy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)
)]
#[non_exhaustive]
pub enum Step {
    /// Earliest first, each in full. Takes everything that is left.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "json::nothing_more"))]
    Fifo,
    /// `r·a/R` to each order; a share below `min_lot` becomes zero. (CME algorithms C, A, O, Q, K: `min_lot` is 2 for A, 1
    /// for options. TSX: a board lot of 100, to the nearest.)
    ProRata {
        /// Least share that is allocated, in lots; 0 and 1 mean the same.
        #[cfg_attr(feature = "serde", serde(default = "json::one"))]
        min_lot: u64,
        /// What becomes of fractions.
        #[cfg_attr(feature = "serde", serde(default))]
        rounding: Rounding,
        /// Shares are multiples of this many lots, from 1.
        #[cfg_attr(feature = "serde", serde(default = "json::one"))]
        board_lot: u64,
    },
    /// `min(r, a·percent, max_qty)` to the side's TOP order: the latest that bettered its side on entry, if it still
    /// rests. Joining a price never makes an order TOP; a better order takes the place away, and a better one that is
    /// smaller than `min_qty` leaves it empty. (CME algorithms A, O, Q, S, K, Y; ICE with collar and cap.)
    Top {
        /// Least size on entry, in lots.
        #[cfg_attr(feature = "serde", serde(default))]
        min_qty: u64,
        /// Most lots per match.
        #[cfg_attr(feature = "serde", serde(default = "json::no_cap", skip_serializing_if = "json::is_no_cap"))]
        max_qty: u64,
        /// Share of the aggressor, 1 to 100.
        #[cfg_attr(feature = "serde", serde(default = "json::hundred"))]
        percent: u8,
    },
    /// `min(r, a·p)` to each lead market maker, where *r* counts all its orders and *p* is its own percentage
    /// ([`Participant::lmm_percent`]), rounded down, in time order. (CME algorithms Q, S, T, K, Y.)
    Lmm {
        /// Least entitlement, in lots: with 1, the first maker gets a lot where every share rounds to nothing (CME T).
        #[cfg_attr(feature = "serde", serde(default))]
        min_lot: u64,
    },
    /// Earliest first, but only `a·fifo_percent` in all; the rest is for the next steps. (CME algorithm K.)
    Split {
        /// 0 to 100.
        fifo_percent: u8,
        /// Rounding of the first part: `Floor` or `Nearest`.
        #[cfg_attr(feature = "serde", serde(default = "json::nearest"))]
        rounding: Rounding,
    },
    /// With *Q* the quantity from an order to the end of the queue and *Q'* what is behind it, `a·(Q^k − Q'^k)/R^k` to each
    /// order, rounded down, at most *r*. k = 1 is pro-rata, k = 2 Eurex and ICE, large k approaches FIFO.
    TimeProRata {
        /// Exponent, 1 to 16.
        k: u8,
        /// Repeat over what is left until a pass allocates nothing; otherwise one pass.
        #[cfg_attr(feature = "serde", serde(default))]
        until_exhausted: bool,
    },
    /// `a·(w/n + (1−w)·r/R)` to each of *n* participants, rounded down, at most *r*; a participant's orders count together
    /// and fill in time order, an order of nobody stands alone. (Cboe's ultimate matching algorithm: w = 50.)
    Parity {
        /// Weight of the equal part in percent, 0 to 100; the rest goes by size.
        #[cfg_attr(feature = "serde", serde(default = "json::half"))]
        equal_percent: u8,
    },
    /// One lot to each order that the pro-rata step before left with nothing. (CME algorithm K.)
    Leveling {
        /// Who is first.
        #[cfg_attr(feature = "serde", serde(default))]
        order: LevelingOrder,
    },
    /// Everything to the orders of one class, if they take it. (Customer and maker priority on options exchanges.)
    PriorityClass {
        /// Whose orders.
        class: Class,
        /// How they share.
        #[cfg_attr(feature = "serde", serde(default))]
        within: Within,
    },
    /// The larger of its pro-rata share and a percentage of *a* to each entitled participant
    /// ([`Participant::entitled`]), rounded down, at most *r*. The percentage depends on the number of other market makers
    /// at the level: the first entry for one, the second for two, the last for more; 100 for none. It is all that the
    /// participant gets by size: later pro-rata and parity steps pass its orders by. (Nasdaq PHLX, ISE: 60, 40; Cboe: 50,
    /// 40, 30.)
    Entitlement {
        /// Percentages, 0 to 100, for one, two, three and more others.
        #[cfg_attr(feature = "serde", serde(default = "json::primary_maker"))]
        percent_by_others: [u8; 3],
        /// Whether the pro-rata share is the least.
        #[cfg_attr(feature = "serde", serde(default = "json::yes"))]
        floor_at_pro_rata: bool,
    },
    /// Earliest first among the aggressor's own institutional group ([`Participant::group`]), then among the orders
    /// without a group. (CME algorithm V.)
    #[cfg_attr(feature = "serde", serde(deserialize_with = "json::nothing_more"))]
    GroupFifo,
}

impl Step {
    /// The usual pro-rata: rounded down, single lots.
    pub const fn pro_rata(min_lot: u64) -> Step {
        Step::ProRata { min_lot, rounding: Rounding::Floor, board_lot: 1 }
    }

    /// TOP without minimum or cap.
    pub const TOP: Step = Step::Top { min_qty: 0, max_qty: u64::MAX, percent: 100 };

    /// Which parameter is wrong, if one is, and its rule.
    fn check(self) -> Result<(), (&'static str, &'static str)> {
        let percent = |p: u8| p <= 100;
        let (ok, parameter, rule) = match self {
            Step::ProRata { board_lot, .. } => (board_lot >= 1, "boardLot", "at least 1"),
            Step::Top { percent: p, .. } => (percent(p) && p >= 1, "percent", "1 to 100"),
            Step::Split { fifo_percent: p, .. } if !percent(p) => (false, "fifoPercent", "0 to 100"),
            Step::Split { rounding, .. } => {
                (matches!(rounding, Rounding::Floor | Rounding::Nearest), "rounding", "`floor` or `nearest`")
            }
            Step::TimeProRata { k, .. } => ((1..=16).contains(&k), "k", "1 to 16"),
            Step::Parity { equal_percent: p } => (percent(p), "equalPercent", "0 to 100"),
            Step::Entitlement { percent_by_others: p, .. } => {
                (p.into_iter().all(percent), "percentByOthers", "0 to 100 each")
            }
            _ => (true, "", ""),
        };
        if ok { Ok(()) } else { Err((parameter, rule)) }
    }

    /// The level quantity up to which nothing in this step can pass 128 bits.
    fn level_qty_max(self) -> u64 {
        match self {
            // a·(Q^k − Q'^k) < R^(k+1)
            Step::TimeProRata { k, .. } => nth_root(u128::MAX, u32::from(k) + 1),
            // a·(w·R + (100 − w)·r·n) with n below 2^28 orders
            Step::Parity { .. } => (1 << 46) - 1,
            // r·a + R·board_lot/2
            Step::ProRata { rounding: Rounding::Nearest, .. } => u64::MAX >> 1,
            _ => u64::MAX,
        }
    }

    const fn takes_everything(self) -> bool {
        matches!(self, Step::Fifo)
    }
}

/// The largest number whose `n`-th power is at most `v`.
fn nth_root(v: u128, n: u32) -> u64 {
    let fits = |x: u64| u128::from(x).checked_pow(n).is_some_and(|p| p <= v);
    let (mut low, mut high) = (1, u64::MAX);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if fits(middle) { low = middle } else { high = middle - 1 }
    }
    low
}

/// An ordered list of allocation steps, checked when built.
///
/// ```
/// use toprung_book::{Policy, Step};
/// let cme_c = Policy::new(&[Step::pro_rata(2), Step::Fifo]).unwrap();
/// assert_eq!(cme_c, Policy::pro_rata(2));
/// assert!(Policy::new(&[Step::pro_rata(2)]).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    steps: Box<[Step]>,
}

impl Policy {
    /// A policy of these steps.
    ///
    /// # Errors
    /// When there is none, when the last is not `Fifo` or another is, or when a parameter breaks its rule.
    pub fn new(steps: &[Step]) -> Result<Policy, PolicyError> {
        let Some((last, before)) = steps.split_last() else { return Err(PolicyError::Empty) };
        for (index, step) in steps.iter().enumerate() {
            step.check().map_err(|(parameter, rule)| PolicyError::InvalidStep { index, parameter, rule })?;
        }
        if let Some(index) = before.iter().position(|s| s.takes_everything()) {
            return Err(PolicyError::UnreachableStep { index: index + 1 });
        }
        if !last.takes_everything() {
            return Err(PolicyError::LastStepLeavesQuantity);
        }
        Ok(Policy { steps: steps.into() })
    }

    /// Price-time priority.
    pub fn fifo() -> Policy {
        Policy { steps: [Step::Fifo].into() }
    }

    /// Pro-rata with a minimum lot, the rest in time order.
    pub fn pro_rata(min_lot: u64) -> Policy {
        Policy { steps: [Step::pro_rata(min_lot), Step::Fifo].into() }
    }

    /// The steps, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether this is plain price-time priority, which has a path of its own.
    pub fn is_fifo(&self) -> bool {
        *self.steps == [Step::Fifo]
    }

    /// The least size that makes an order TOP, if the policy knows TOP at all.
    pub(crate) fn top_min_qty(&self) -> Option<u64> {
        let min_qty = |s: &Step| if let Step::Top { min_qty, .. } = *s { Some(min_qty) } else { None };
        self.steps.iter().find_map(min_qty)
    }

    /// Most lots that a level may hold under this policy, so that every product fits 128 bits.
    pub fn level_qty_max(&self) -> u64 {
        self.steps.iter().map(|s| s.level_qty_max()).min().unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_must_end_in_a_step_that_takes_everything_and_have_none_behind_it() {
        let pr = Step::pro_rata(1);
        assert_eq!(Policy::new(&[]), Err(PolicyError::Empty));
        assert_eq!(Policy::new(&[pr]), Err(PolicyError::LastStepLeavesQuantity));
        assert_eq!(Policy::new(&[Step::Fifo, pr]), Err(PolicyError::UnreachableStep { index: 1 }));
        assert_eq!(Policy::new(&[Step::Fifo, Step::Fifo]), Err(PolicyError::UnreachableStep { index: 1 }));
        assert!(Policy::new(&[pr, Step::Fifo]).is_ok());
    }

    #[test]
    fn parameters_out_of_range_are_refused_when_the_policy_is_built() {
        let bad = [
            Step::ProRata { min_lot: 1, rounding: Rounding::Floor, board_lot: 0 },
            Step::Top { min_qty: 0, max_qty: 1, percent: 0 },
            Step::Top { min_qty: 0, max_qty: 1, percent: 101 },
            Step::Split { fifo_percent: 101, rounding: Rounding::Floor },
            Step::Split { fifo_percent: 50, rounding: Rounding::LargestRemainder },
            Step::TimeProRata { k: 0, until_exhausted: false },
            Step::TimeProRata { k: 17, until_exhausted: false },
            Step::Parity { equal_percent: 101 },
            Step::Entitlement { percent_by_others: [60, 40, 101], floor_at_pro_rata: true },
        ];
        for step in bad {
            assert!(
                matches!(Policy::new(&[step, Step::Fifo]), Err(PolicyError::InvalidStep { index: 0, .. })),
                "{step:?}"
            );
        }
    }

    #[test]
    fn the_largest_level_is_as_large_as_the_arithmetic_allows() {
        let time_pro_rata = |k| Policy::new(&[Step::TimeProRata { k, until_exhausted: true }, Step::Fifo]).unwrap();
        assert_eq!(Policy::fifo().level_qty_max(), u64::MAX);
        assert_eq!(Policy::pro_rata(2).level_qty_max(), u64::MAX);
        assert_eq!(time_pro_rata(1).level_qty_max(), u64::MAX);
        assert_eq!(time_pro_rata(3).level_qty_max(), u64::from(u32::MAX));
        for k in 2..=16 {
            let max = u128::from(time_pro_rata(k).level_qty_max());
            assert!(max.checked_pow(u32::from(k) + 1).is_some() && (max + 1).checked_pow(u32::from(k) + 1).is_none());
        }
    }
}
