//! A clock that costs as little as the machine allows: the time-stamp counter where it can be trusted.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How long the two ends of the first calibration lie apart: the clock is then right to some 10 ppm.
const CALIBRATION: Duration = Duration::from_millis(10);

/// Where ticks come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TickSource {
    /// The processor's time-stamp counter, which runs at one rate whatever the core does.
    Tsc,
    /// The operating system's monotonic clock, in nanoseconds.
    Monotonic,
}

impl TickSource {
    /// The source's name as it is written in reports.
    pub const fn name(self) -> &'static str {
        match self {
            TickSource::Tsc => "tsc",
            TickSource::Monotonic => "monotonic",
        }
    }
}

/// Reads ticks and turns them into nanoseconds.
///
/// ```
/// use toprung_trace::TickClock;
///
/// let clock = TickClock::get();
/// let (a, b) = (clock.now(), clock.now());
/// assert!(clock.ns_between(a, b) < 1_000_000_000);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TickClock {
    source: TickSource,
    origin: Instant,
    origin_ticks: u64,
    /// Nanoseconds per tick, times 2³².
    multiplier: u64,
    ticks_per_second: u64,
    read_ns: f64,
    resolution_ns: u64,
}

impl TickClock {
    /// The process's clock, calibrated when it is first asked for, which takes 10 ms.
    pub fn get() -> TickClock {
        static CLOCK: OnceLock<TickClock> = OnceLock::new();
        *CLOCK.get_or_init(|| {
            TickClock::calibrated(if has_invariant_tsc() { TickSource::Tsc } else { TickSource::Monotonic })
        })
    }

    fn calibrated(source: TickSource) -> TickClock {
        let mut clock = TickClock {
            source,
            origin: Instant::now(),
            origin_ticks: 0,
            multiplier: 1 << 32,
            ticks_per_second: 1_000_000_000,
            read_ns: 0.0,
            resolution_ns: 1,
        };
        if source == TickSource::Tsc {
            (clock.origin, clock.origin_ticks) = clock.both();
            while clock.origin.elapsed() < CALIBRATION {
                std::hint::spin_loop();
            }
        }
        clock = clock.refined();
        clock.read_ns = clock.measure_read();
        clock.resolution_ns = clock.measure_resolution();
        clock
    }

    /// One moment on the system's clock and on this one: of several readings the one in which least time passed, so that a
    /// thread that is interrupted between the two does not spoil the rate.
    fn both(&self) -> (Instant, u64) {
        let read = |_| {
            let (before, system, after) = (self.now(), Instant::now(), self.now());
            (after.wrapping_sub(before), system, before.wrapping_add(after.wrapping_sub(before) / 2))
        };
        let (_, system, ticks) = (0..16).map(read).min_by_key(|r| r.0).expect("Invariant: there are 16");
        (system, ticks)
    }

    /// The same clock with its rate taken over the whole time since it was first calibrated: right to less than 1 ppm
    /// after a second.
    pub fn refined(mut self) -> TickClock {
        if self.source == TickSource::Tsc {
            let (system, ticks) = self.both();
            let (ns, ticks) = ((system - self.origin).as_nanos(), ticks.wrapping_sub(self.origin_ticks));
            let multiplier = (ns << 32) / u128::from(ticks.max(1));
            let per_second = u128::from(ticks) * 1_000_000_000 / ns.max(1);
            if let (Ok(m), Ok(p)) = (u64::try_from(multiplier), u64::try_from(per_second)) {
                (self.multiplier, self.ticks_per_second) = (m, p);
            }
        }
        self
    }

    /// The median cost of a reading over blocks of 64.
    fn measure_read(&self) -> f64 {
        let mut blocks: Vec<u64> = (0..65)
            .map(|_| {
                let start = self.now();
                for _ in 0..64 {
                    std::hint::black_box(self.now());
                }
                self.now().wrapping_sub(start)
            })
            .collect();
        blocks.sort_unstable();
        self.ns(blocks[blocks.len() / 2]) as f64 / 65.0
    }

    /// The median step between readings that differ: a virtual machine's counter may go in tens of nanoseconds.
    fn measure_resolution(&self) -> u64 {
        let readings: Vec<u64> = (0..4096).map(|_| self.now()).collect();
        let steps = readings.windows(2).map(|w| w[1].wrapping_sub(w[0])).filter(|step| *step > 0);
        let mut steps: Vec<u64> = steps.collect();
        steps.sort_unstable();
        steps.get(steps.len() / 2).map_or(1, |step| self.ns(*step).max(1))
    }

    /// Ticks now. Not ordered with the instructions around it: some 10 ns may be counted on either side.
    #[inline(always)]
    pub fn now(&self) -> u64 {
        #[cfg(target_arch = "x86_64")]
        if self.source == TickSource::Tsc {
            // SAFETY: Every x86-64 processor has the instruction, and `has_invariant_tsc` saw that it may be used.
            return unsafe { core::arch::x86_64::_rdtsc() };
        }
        self.origin.elapsed().as_nanos() as u64
    }

    /// A number of ticks in ns.
    #[inline(always)]
    pub fn ns(&self, ticks: u64) -> u64 {
        ((u128::from(ticks) * u128::from(self.multiplier)) >> 32) as u64
    }

    /// From one reading to a later one, in ns; 0 if they are the wrong way round, as two cores may show it.
    #[inline(always)]
    pub fn ns_between(&self, from: u64, to: u64) -> u64 {
        self.ns(to.saturating_sub(from))
    }

    /// Nanoseconds as ticks, saturating.
    pub fn ticks(&self, ns: u64) -> u64 {
        let ticks = (u128::from(ns) << 32) / u128::from(self.multiplier.max(1));
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }

    /// Where ticks come from.
    pub fn source(&self) -> TickSource {
        self.source
    }

    /// Ticks per second, as far as it has been measured.
    pub fn ticks_per_second(&self) -> u64 {
        self.ticks_per_second
    }

    /// By how much readings next to each other differ where they do, ns: times are told apart to no less.
    pub fn resolution_ns(&self) -> u64 {
        self.resolution_ns
    }

    /// What a reading costs, ns.
    pub fn read_ns(&self) -> f64 {
        self.read_ns
    }
}

/// Whether the counter runs at one rate in every state of the processor (CPUID 8000_0007h, EDX bit 8).
fn has_invariant_tsc() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::__cpuid;
        __cpuid(0x8000_0000).eax >= 0x8000_0007 && __cpuid(0x8000_0007).edx & 1 << 8 != 0
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sources_agree_with_the_systems_clock() {
        for source in [TickSource::Monotonic, TickClock::get().source()] {
            let clock = TickClock::calibrated(source);
            // Whatever interrupts this thread: the clock's interval lies between an inner and an outer one.
            let (outer, from, inner) = (Instant::now(), clock.now(), Instant::now());
            std::thread::sleep(Duration::from_millis(20));
            let (inner, to, outer) = (inner.elapsed(), clock.now(), outer.elapsed());
            let ns = clock.ns_between(from, to) as f64;
            let (least, most) = (inner.as_nanos() as f64 * 0.99, outer.as_nanos() as f64 * 1.01);
            assert!(least <= ns && ns <= most, "{source:?}: {ns} is not from {least} to {most}");
            assert!(clock.resolution_ns() >= 1);
            assert!(clock.read_ns() > 0.0 && clock.read_ns() < 10_000.0);
        }
    }

    #[test]
    fn ticks_and_nanoseconds_are_each_others_inverse() {
        let clock = TickClock::get().refined();
        for ns in [0, 1_000, 50_000, 1_000_000_000, 86_400_000_000_000] {
            let back = clock.ns(clock.ticks(ns));
            assert!(ns.abs_diff(back) <= 2 + ns / 1_000_000_000, "{ns} {back}");
        }
        assert_eq!(clock.ns_between(10, 5), 0);
    }
}
