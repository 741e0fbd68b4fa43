//! How real a market looks: the same statistics of a simulated run and of a recorded day, and a score.
//!
//! A [`Tape`] is a day's messages with the best prices that each leaves, from a [`Market`](crate::Market) or from a file
//! (LOBSTER's schema). [`facts`] are numbers per stylised fact of SIMULATION.md §3.2, [`distances`] the distributions of
//! LOB-Bench (§3.1), both as published and corrected. [`score`] puts a tape beside a real one: z of every fact in standard
//! deviations over the real day's blocks, a grade, and beside it what the real day's two halves score against each other.
//!
//! ```
//! use toprung_sim::SimConfig;
//! use toprung_sim::realism::{Tape, score};
//!
//! let tape = |seed| Tape::record(&SimConfig { seed, ..SimConfig::default() }, 0, 120_000_000_000).unwrap();
//! let card = score(&tape(1), &tape(2)).unwrap();
//! // The same model under another seed is hard to tell apart.
//! assert!(card.overall < 1.0);
//! ```

mod distances;
mod facts;
mod scorecard;
mod statistics;
mod tape;

pub use distances::{DISTRIBUTIONS, Distance, distances};
pub use facts::{FACTS, Fact, facts};
pub use scorecard::{BLOCKS, FactScore, Grade, Scorecard, TooShort, score};
pub use tape::{Row, RowKind, Tape};
