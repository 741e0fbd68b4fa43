//! Page faults, context switches and migrations of the calling thread.

/// Counts since the thread began; of the process where the system does not tell threads apart, 0 where it does not tell
/// at all. Reading them takes a system call, some 0.3 µs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Page faults served without a disk.
    pub minor_faults: u64,
    /// Page faults that waited for a disk.
    pub major_faults: u64,
    /// Times the thread gave the processor up.
    pub voluntary_switches: u64,
    /// Times it was taken away.
    pub involuntary_switches: u64,
}

impl Usage {
    /// The counts now.
    pub fn now() -> Usage {
        #[cfg(unix)]
        {
            #[cfg(target_os = "linux")]
            let who = libc::RUSAGE_THREAD;
            #[cfg(not(target_os = "linux"))]
            let who = libc::RUSAGE_SELF;
            // SAFETY: `rusage` is a C struct of integers, for which zeros are a value.
            let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
            // SAFETY: The pointer is to a live `rusage`, which is all that the call writes.
            if unsafe { libc::getrusage(who, &raw mut usage) } == 0 {
                let count = |n: libc::c_long| u64::try_from(n).unwrap_or(0);
                return Usage {
                    minor_faults: count(usage.ru_minflt),
                    major_faults: count(usage.ru_majflt),
                    voluntary_switches: count(usage.ru_nvcsw),
                    involuntary_switches: count(usage.ru_nivcsw),
                };
            }
        }
        Usage::default()
    }

    /// What came on top since `earlier`.
    pub fn since(&self, earlier: &Usage) -> Usage {
        Usage {
            minor_faults: self.minor_faults.saturating_sub(earlier.minor_faults),
            major_faults: self.major_faults.saturating_sub(earlier.major_faults),
            voluntary_switches: self.voluntary_switches.saturating_sub(earlier.voluntary_switches),
            involuntary_switches: self.involuntary_switches.saturating_sub(earlier.involuntary_switches),
        }
    }

    /// Page faults of both kinds.
    pub fn faults(&self) -> u64 {
        self.minor_faults + self.major_faults
    }

    /// Context switches of both kinds.
    pub fn switches(&self) -> u64 {
        self.voluntary_switches + self.involuntary_switches
    }
}

/// How often the thread that made it moved to another processor since.
#[derive(Debug)]
pub struct MigrationCounter {
    #[cfg(target_os = "linux")]
    source: Source,
}

#[cfg(target_os = "linux")]
#[derive(Debug)]
enum Source {
    /// The kernel's software event.
    Event(super::perf_event::PerfEvent),
    /// `/proc/self/task/TID/sched`, where the kernel keeps it; the thread and the count at the beginning.
    Proc(u32, u64),
    None,
}

impl MigrationCounter {
    /// Begins to count for the calling thread.
    pub fn start() -> MigrationCounter {
        #[cfg(target_os = "linux")]
        {
            use super::perf_event::PerfEvent;
            let tid = super::thread_id();
            let source = match (PerfEvent::cpu_migrations(tid), proc_migrations(tid)) {
                (Ok(event), _) => Source::Event(event),
                (Err(_), Some(n)) => Source::Proc(tid, n),
                (Err(_), None) => Source::None,
            };
            MigrationCounter { source }
        }
        #[cfg(not(target_os = "linux"))]
        MigrationCounter {}
    }

    /// Moves so far; `None` where the system does not say.
    pub fn count(&self) -> Option<u64> {
        #[cfg(target_os = "linux")]
        return match &self.source {
            Source::Event(event) => event.count().ok(),
            Source::Proc(tid, before) => Some(proc_migrations(*tid)?.saturating_sub(*before)),
            Source::None => None,
        };
        #[cfg(not(target_os = "linux"))]
        None
    }
}

#[cfg(target_os = "linux")]
fn proc_migrations(tid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/self/task/{tid}/sched")).ok()?;
    let line = text.lines().find(|l| l.starts_with("se.nr_migrations"))?;
    line.rsplit(':').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_page_that_is_touched_for_the_first_time_is_a_fault() {
        // From the system: what an allocator gives may have been somebody else's, and be there already.
        let mut pages = crate::os::FreshPages::new(16).unwrap();
        let before = Usage::now();
        pages.touch();
        let after = Usage::now().since(&before);
        assert!(after.faults() >= 2, "{after:?}");
        std::thread::sleep(std::time::Duration::from_millis(1));
        assert!(Usage::now().since(&before).voluntary_switches >= 1);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn migrations_are_counted_or_not_known() {
        let counter = MigrationCounter::start();
        let first = counter.count();
        assert_eq!(first.is_some(), counter.count().is_some());
        assert!(counter.count() >= first);
    }
}
