//! Why something is not a policy.

use std::fmt;

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
    /// A step's parameters break a rule.
    InvalidStep {
        /// Position of the step, from 0.
        index: usize,
        /// The parameter, as it is written in JSON.
        parameter: &'static str,
        /// What it must be.
        rule: &'static str,
    },
    /// A participant's percentage is above a hundred.
    ParticipantPercent {
        /// Whose.
        owner: u32,
    },
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PolicyError::Empty => f.write_str("a policy needs at least one step"),
            PolicyError::LastStepLeavesQuantity => {
                f.write_str("the last step of a policy must be `fifo`: it alone takes everything")
            }
            PolicyError::UnreachableStep { index } => {
                write!(f, "step {index} follows `fifo` and can never be reached")
            }
            PolicyError::InvalidStep { index, parameter, rule } => {
                write!(f, "step {index}: {parameter} must be {rule}")
            }
            PolicyError::ParticipantPercent { owner } => {
                write!(f, "the percentage of participant {owner} is above 100")
            }
        }
    }
}

impl std::error::Error for PolicyError {}
