//! What can go wrong: [`SimError`], each with a code.
//!
//! A run that has started ends, or it is cancelled with a valid partial result; only a market in which an agent reacts for
//! ever at one instant is stopped.

use std::fmt;

/// A number in a configuration that may not be what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The parameter's path as it is written in JSON, such as `flow.limitRate`.
    pub path: String,
    /// What must hold, such as `a finite number from 0 to 1000000000`.
    pub rule: String,
    /// What was given.
    pub got: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` must be {}, got {}", self.path, self.rule, self.got)
    }
}

impl std::error::Error for ConfigError {}

/// Why a simulation did not start, or a market was stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SimError {
    /// A parameter is out of its range, or two do not fit together.
    Config(ConfigError),
    /// The run would need more memory than `maxMemoryMib` allows.
    Memory {
        /// Bytes that the run is expected to need at its peak.
        needed_bytes: u64,
        /// Bytes that it may use.
        limit_bytes: u64,
    },
    /// The operating system gave no threads.
    Threads {
        /// How many were asked for.
        threads: u32,
        /// What the system said.
        message: String,
    },
    /// An agent of a running market reacted to itself for ever, without time going on.
    EndlessReaction {
        /// Its group.
        group: String,
        /// Its number.
        agent: u32,
        /// The instant, ns of simulated time.
        time_ns: u64,
    },
}

impl SimError {
    /// The stable code that TypeScript shows and documents.
    pub const fn code(&self) -> &'static str {
        match self {
            SimError::Config(_) => "ERR_TOPRUNG_CONFIG",
            SimError::Memory { .. } => "ERR_TOPRUNG_MEMORY",
            SimError::Threads { .. } => "ERR_TOPRUNG_THREADS",
            SimError::EndlessReaction { .. } => "ERR_TOPRUNG_ENDLESS_REACTION",
        }
    }
}

impl fmt::Display for SimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SimError::Config(e) => e.fmt(f),
            SimError::Memory { needed_bytes, limit_bytes } => write!(
                f,
                "the run is expected to need {} MiB and `maxMemoryMib` allows {}: use fewer books, fewer samples or a \
                 smaller resting book, or raise the limit",
                needed_bytes.div_ceil(1 << 20),
                limit_bytes >> 20,
            ),
            SimError::EndlessReaction { group, agent, time_ns } => write!(
                f,
                "agent {agent} of the group {group:?} reacts for ever at {time_ns} ns: give its `orders` or its `data` a \
                 delay, or let it wait before it acts again",
            ),
            SimError::Threads { threads, message } => write!(f, "could not start {threads} threads: {message}"),
        }
    }
}

impl std::error::Error for SimError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SimError::Config(e) => Some(e),
            _ => None,
        }
    }
}

impl From<ConfigError> for SimError {
    fn from(e: ConfigError) -> SimError {
        SimError::Config(e)
    }
}
