//! Whether a function is really called: a hardware breakpoint that counts, as magic-trace's own trigger does.

use std::fmt;

/// Why there is no breakpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeUnavailable {
    /// One line for people.
    pub reason: String,
}

impl fmt::Display for ProbeUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no hardware breakpoint: {}", self.reason)
    }
}

impl std::error::Error for ProbeUnavailable {}

/// One execution of the instruction, with the two registers that hold a function's first arguments on x86-64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Where.
    pub address: u64,
    /// By which thread.
    pub tid: u32,
    /// The first argument, RDI.
    pub first: u64,
    /// The second argument, RSI.
    pub second: u64,
}

/// Counts how often one thread executes one instruction.
#[derive(Debug)]
pub struct BreakpointProbe {
    #[cfg(target_os = "linux")]
    event: super::perf_event::PerfEvent,
    #[cfg(target_os = "linux")]
    ring: super::perf_event::SampleRing,
}

impl BreakpointProbe {
    /// Begins to count executions of `address` by the thread `tid` of this or another process; 0 is the calling thread.
    ///
    /// # Errors
    /// The kernel forbids it, the processor has no breakpoint left, or the system has no such thing: with the reason.
    #[cfg(target_os = "linux")]
    pub fn new(address: u64, tid: u32) -> Result<BreakpointProbe, ProbeUnavailable> {
        use super::perf_event::{PerfEvent, SampleRing};
        let opened = PerfEvent::execution(address, tid).and_then(|event| Ok((SampleRing::of(&event)?, event)));
        match opened {
            Ok((ring, event)) => Ok(BreakpointProbe { event, ring }),
            Err(e) => Err(ProbeUnavailable { reason: explain(&e) }),
        }
    }

    /// Not on this system.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(target_os = "linux"))]
    pub fn new(_address: u64, _tid: u32) -> Result<BreakpointProbe, ProbeUnavailable> {
        Err(ProbeUnavailable { reason: format!("{} has no perf_event_open", std::env::consts::OS) })
    }

    /// Executions so far.
    ///
    /// # Errors
    /// The kernel does not give the count.
    pub fn count(&self) -> Result<u64, ProbeUnavailable> {
        #[cfg(target_os = "linux")]
        return self.event.count().map_err(|e| ProbeUnavailable { reason: e.to_string() });
        #[cfg(not(target_os = "linux"))]
        Ok(0)
    }

    /// The executions since the last call, as far as the ring of some 70 held them.
    pub fn hits(&mut self) -> Vec<Hit> {
        #[cfg(target_os = "linux")]
        return self
            .ring
            .drain()
            .iter()
            .map(|s| Hit { address: s.ip, tid: s.tid, first: s.di, second: s.si })
            .collect();
        #[cfg(not(target_os = "linux"))]
        Vec::new()
    }
}

#[cfg(target_os = "linux")]
fn explain(e: &std::io::Error) -> String {
    let level = std::fs::read_to_string("/proc/sys/kernel/perf_event_paranoid").unwrap_or_default();
    let hint = match e.raw_os_error() {
        Some(libc::EACCES | libc::EPERM) => {
            format!(": perf_event_paranoid is {}, or a container's seccomp filter forbids the call", level.trim())
        }
        Some(libc::ENOSPC) => ": every breakpoint register of the processor is in use".to_owned(),
        Some(libc::ENOSYS) => ": the kernel was built without perf events".to_owned(),
        _ => String::new(),
    };
    format!("{e}{hint}")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::os::thread_id;
    use crate::stop_indicator::{fire, stop_indicator_address};

    fn probe(test: &str, tid: u32) -> Option<BreakpointProbe> {
        BreakpointProbe::new(stop_indicator_address(), tid)
            .map_err(|e| writeln!(std::io::stderr(), "SKIPPED {test}: {e}"))
            .ok()
    }

    #[test]
    fn every_fire_is_a_hit_with_both_arguments_tagged_as_ocaml_does() {
        let Some(mut probe) = probe("a breakpoint on the stop indicator", 0) else { return };
        for n in 0..20 {
            fire(1_000 + n, 7_000 + n);
        }
        assert_eq!(probe.count(), Ok(20));
        let hits = probe.hits();
        assert_eq!(hits.len(), 20);
        for (n, hit) in (0..).zip(hits) {
            assert_eq!((hit.address, hit.tid), (stop_indicator_address(), thread_id()));
            if cfg!(target_arch = "x86_64") {
                assert_eq!((hit.first, hit.second), ((1_000 + n) << 1 | 1, (7_000 + n) << 1 | 1));
            }
        }
    }

    #[test]
    fn a_breakpoint_is_of_one_thread() {
        let Some(mine) = probe("a breakpoint of one thread", 0) else { return };
        let (tell, ask) = (std::sync::mpsc::channel(), std::sync::mpsc::channel::<()>());
        let other = std::thread::spawn(move || {
            tell.0.send(thread_id()).unwrap();
            ask.1.recv().unwrap();
            (0..5).for_each(|n| fire(n, n));
        });
        let theirs = probe("a breakpoint of another thread", tell.1.recv().unwrap()).unwrap();
        ask.0.send(()).unwrap();
        other.join().unwrap();
        assert_eq!((mine.count(), theirs.count()), (Ok(0), Ok(5)));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_refusal_says_why() {
        let e = BreakpointProbe::new(stop_indicator_address(), u32::MAX >> 1).unwrap_err();
        assert!(e.to_string().starts_with("no hardware breakpoint: "), "{e}");
    }
}
