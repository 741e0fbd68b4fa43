//! What the operating system knows of a thread: faults, switches, migrations, breakpoints. Each says why where it cannot.

mod fresh_pages;
#[cfg(target_os = "linux")]
mod perf_event;
mod probe;
mod usage;

pub use fresh_pages::FreshPages;
pub use probe::{BreakpointProbe, Hit, ProbeUnavailable};
pub use usage::{MigrationCounter, Usage};

/// The id of the calling thread as the kernel, perf and magic-trace know it; 0 where there is none.
pub fn thread_id() -> u32 {
    #[cfg(target_os = "linux")]
    // SAFETY: The call has no arguments and cannot fail.
    return unsafe { libc::gettid() }.cast_unsigned();
    #[cfg(not(target_os = "linux"))]
    0
}
