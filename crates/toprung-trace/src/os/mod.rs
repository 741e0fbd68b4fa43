//! What the operating system knows of a thread: faults, switches, migrations, breakpoints. Each says why where it cannot.

mod fresh_pages;
#[cfg(target_os = "linux")]
mod perf_event;
mod probe;
mod usage;

pub use fresh_pages::FreshPages;
pub use probe::{BreakpointProbe, Hit, ProbeUnavailable};
pub use usage::{MigrationCounter, Usage};

/// Processor time of the calling thread so far, ns; where the system does not tell, the time since the process first asked.
pub fn thread_cpu_ns() -> u64 {
    #[cfg(unix)]
    {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: The pointer is to a live `timespec`, which is all that the call writes.
        if unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) } == 0 {
            return time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs();
        }
    }
    let clock = crate::TickClock::get();
    clock.ns(clock.now())
}

/// The id of the calling thread as the kernel, perf and magic-trace know it; 0 where there is none.
pub fn thread_id() -> u32 {
    #[cfg(target_os = "linux")]
    // SAFETY: The call has no arguments and cannot fail.
    return unsafe { libc::gettid() }.cast_unsigned();
    #[cfg(not(target_os = "linux"))]
    0
}
