//! Simulated time of one model: exponential waits of a fixed-point rate, summed without losing fractions.

use crate::random::{Source, exponential};

/// Time in ns and what that leaves out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EventClock {
    time_ns: u64,
    /// In 2⁻¹⁶ ns.
    fraction: u64,
}

impl EventClock {
    /// Time now, ns.
    #[inline(always)]
    pub(crate) fn now(&self) -> u64 {
        self.time_ns
    }

    /// Goes to `now_ns`, as when a pending event is drawn anew.
    pub(crate) fn set(&mut self, now_ns: u64) {
        *self = EventClock { time_ns: now_ns, fraction: 0 };
    }

    /// Lets an exponential time of total rate `rate` (32.32 fixed point per second, from 2²² to 2⁶³) pass.
    ///
    /// The mean is a quotient in double precision: conversions and one division, each correctly rounded by IEEE 754. (A
    /// table of means by the list's length saved 1.5 % of the cycles of a run; not worth its room.)
    #[inline(always)]
    pub(crate) fn pass<G: Source>(&mut self, rng: &mut G, rate: u64) {
        /// Nanoseconds in 2⁻¹⁶ ns per 2⁻³² s⁻¹.
        const SCALE: f64 = 1e9 * (1_u64 << 48) as f64;
        // Signed, because that conversion is one instruction. The mean is below 2⁵⁶.
        let mean = (SCALE / (rate as i64) as f64) as i64 as u64;
        // Below 2⁶⁴ for variates up to 256 times their mean: beyond are e⁻²⁵⁶ of them.
        let dt = ((u128::from(exponential(rng)) * u128::from(mean)) >> 32) as u64;
        let sum = self.fraction.saturating_add(dt);
        self.time_ns = self.time_ns.saturating_add(sum >> 16);
        self.fraction = sum & 0xffff;
    }
}
