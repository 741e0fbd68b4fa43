//! How an aggressor's quantity is shared among the orders of one level.
//!
//! A [`Policy`] is an ordered list of [`Step`]s. Each step allocates part of what the aggressor has left and hands the
//! rest to the next; the last must take everything. An aggressor that takes the whole level fills everybody in time
//! order, whatever the policy (the exchanges' FIFO exception).
//!
//! All arithmetic is in integers; products are taken in `u128`, so no quantity can overflow.

use std::fmt;

/// One step of a [`Policy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Earliest first, each in full. Takes everything that is left.
    Fifo,
    /// `floor(order × aggressor / level)` to each order, over what the aggressor and the level have left when the step
    /// starts; a share below `min_lot` becomes zero. (CME algorithms C, A, O, Q, K; `min_lot` is 2 for A, 1 for options.)
    ProRata {
        /// Least share that is allocated, in lots; 0 and 1 mean the same.
        min_lot: u64,
    },
}

/// Why a list of steps is not a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyError {
    /// No step at all.
    Empty,
    /// The last step may leave quantity unallocated; end with `Fifo`.
    LastStepLeavesQuantity,
    /// A step after one that takes everything can never do anything.
    UnreachableStep {
        /// Position of the unreachable step, from 0.
        index: usize,
    },
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PolicyError::Empty => f.write_str("a policy needs at least one step"),
            PolicyError::LastStepLeavesQuantity => {
                f.write_str("the last step of a policy must be `fifo`: it alone takes everything")
            }
            PolicyError::UnreachableStep { index } => write!(f, "step {index} follows `fifo` and can never be reached"),
        }
    }
}

impl std::error::Error for PolicyError {}

/// An ordered list of allocation steps, checked when built.
///
/// ```
/// use toprung_book::{Policy, Step};
/// let cme_a_without_top = Policy::new(&[Step::ProRata { min_lot: 2 }, Step::Fifo]).unwrap();
/// assert_eq!(cme_a_without_top, Policy::pro_rata(2));
/// assert!(Policy::new(&[Step::ProRata { min_lot: 2 }]).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    steps: Box<[Step]>,
}

impl Policy {
    /// A policy of these steps.
    pub fn new(steps: &[Step]) -> Result<Policy, PolicyError> {
        let Some((last, before)) = steps.split_last() else { return Err(PolicyError::Empty) };
        if let Some(index) = before.iter().position(|s| *s == Step::Fifo) {
            return Err(PolicyError::UnreachableStep { index: index + 1 });
        }
        if *last != Step::Fifo {
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
        Policy { steps: [Step::ProRata { min_lot }, Step::Fifo].into() }
    }

    /// The steps, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether this is plain price-time priority, which has a path of its own.
    pub fn is_fifo(&self) -> bool {
        *self.steps == [Step::Fifo]
    }
}

/// The pro-rata share of one order: `floor(open × aggressor / level)`, or 0 below `min_lot`.
///
/// `aggressor < level` must hold (otherwise the whole level is taken), so the share never exceeds `open`.
#[inline]
pub(crate) fn pro_rata_share(open: u64, aggressor: u64, level: u64, min_lot: u64) -> u64 {
    debug_assert!(aggressor < level, "Invariant: pro-rata only shares what does not take the whole level");
    let share = (u128::from(open) * u128::from(aggressor) / u128::from(level)) as u64;
    if share < min_lot { 0 } else { share }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_must_end_in_a_step_that_takes_everything_and_have_none_behind_it() {
        let pr = Step::ProRata { min_lot: 1 };
        assert_eq!(Policy::new(&[]), Err(PolicyError::Empty));
        assert_eq!(Policy::new(&[pr]), Err(PolicyError::LastStepLeavesQuantity));
        assert_eq!(Policy::new(&[Step::Fifo, pr]), Err(PolicyError::UnreachableStep { index: 1 }));
        assert_eq!(Policy::new(&[Step::Fifo, Step::Fifo]), Err(PolicyError::UnreachableStep { index: 1 }));
        assert!(Policy::new(&[pr, Step::Fifo]).is_ok());
    }

    #[test]
    fn shares_are_exact_at_the_largest_quantities() {
        assert_eq!(pro_rata_share(u64::MAX - 1, u64::MAX - 1, u64::MAX, 0), u64::MAX - 2);
        assert_eq!(pro_rata_share(5, 50, 150, 2), 0);
        assert_eq!(pro_rata_share(20, 50, 150, 2), 6);
    }
}
