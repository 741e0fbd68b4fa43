//! Measuring: clocks, latency histograms and sampling recorders. Knows nothing of the other crates.
//!
//! The only place in the Rust core where a clock is read. What is measured here is told to people; it never decides an
//! event and never enters a digest.
//!
//! ```
//! use toprung_trace::LatencySampler;
//!
//! let mut sampler = LatencySampler::new(Some(0)); // one in 2⁰: every command
//! for _ in 0..100 {
//!     let timer = sampler.start();
//!     std::hint::black_box((0..10).sum::<u64>());
//!     sampler.stop(timer);
//! }
//! let histogram = sampler.into_histogram().unwrap();
//! assert_eq!(histogram.count(), 100);
//! assert!(histogram.p50_ns() <= histogram.p99_ns());
//! ```

pub mod analyze;
mod clock;
pub mod fxt;
mod histogram;
mod sampler;

pub use clock::{Stopwatch, clock_overhead_ns};
pub use histogram::{LatencyHistogram, LatencySummary};
pub use sampler::{LatencySampler, Timer};
