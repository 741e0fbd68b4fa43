//! Measuring: clocks, latency histograms, the flight recorder, traces. Knows nothing of the other crates.
//!
//! The only place in the Rust core where a clock is read. What is measured here is told to people; it never decides an
//! event and never enters a digest.
//!
//! - [`LatencyHistogram`], [`LatencySampler`], [`LatencyCourse`]: how long things took.
//! - [`recorder`]: what the last orders did; [`Trigger`]: when to keep it; [`fire`]: magic-trace's stop indicator.
//! - [`fxt`]: traces on disk, for Perfetto, magic-trace's viewer and the analyser.
//! - [`Usage`], [`MigrationCounter`], [`BreakpointProbe`], [`CountingAllocator`]: what the system knows.
//!
//! ```
//! use toprung_trace::LatencySampler;
//!
//! let mut sampler = LatencySampler::new(Some(0), 2); // one in 2⁰: every command, of two kinds
//! for _ in 0..100 {
//!     let timer = sampler.start(1);
//!     std::hint::black_box((0..10).sum::<u64>());
//!     sampler.stop(timer);
//! }
//! let latencies = sampler.into_latencies().unwrap();
//! let histogram = latencies.of(1).unwrap();
//! assert_eq!((histogram.count(), latencies.of(0).is_none()), (100, true));
//! assert!(histogram.p50_ns() <= histogram.p99_ns());
//! ```

mod allocations;
pub mod analyze;
mod by_kind;
mod clock;
mod course;
pub mod fxt;
mod histogram;
mod os;
pub mod recorder;
mod sampler;
mod stop_indicator;
mod ticks;
mod trigger;

pub use allocations::{Allocations, CountingAllocator};
pub use by_kind::LatencyByKind;
pub use clock::{Stopwatch, clock_overhead_ns};
pub use course::{LatencyCourse, LatencyInterval};
pub use histogram::{LatencyHistogram, LatencySummary};
pub use os::{BreakpointProbe, FreshPages, Hit, MigrationCounter, ProbeUnavailable, Usage, thread_cpu_ns, thread_id};
pub use sampler::{LatencySampler, Timer};
pub use stop_indicator::{fire, magic_trace_stop_indicator, stop_indicator_address};
pub use ticks::{TickClock, TickSource};
pub use trigger::{Observed, Trigger, TriggerConfig};
