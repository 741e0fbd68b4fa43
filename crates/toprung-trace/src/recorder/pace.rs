//! One in N, with an N that keeps a promise.

use crate::ticks::TickClock;

/// Recorded orders between two looks at N.
const ADAPT_EVERY: u32 = 256;

/// Largest N.
const EVERY_MAX: u64 = 1 << 20;

/// N to begin with, before anything is known of how long a command takes.
const EVERY_FIRST: u64 = 64;

/// Says which commands are due to be recorded.
///
/// Adaptive, N is the least for which `cost of a recorded order / (N × mean time per command) ≤ budget`, looked at
/// again every 256 recorded orders; the time per command is that of the whole run, whatever else it does.
#[derive(Clone, Debug)]
pub struct Pace {
    /// Commands until the next one that is due; never 0 between calls.
    left: u64,
    every: u64,
    budget: Option<Budget>,
}

#[derive(Clone, Debug)]
struct Budget {
    share: f64,
    cost_ns: f64,
    /// Recorded orders until the next look.
    look_in: u32,
    looked_at: u64,
    /// Commands since then.
    commands: u64,
}

impl Pace {
    /// Nothing is ever due.
    pub fn never() -> Pace {
        // At a billion a second this would come to its end in 584 years.
        Pace { left: u64::MAX, every: u64::MAX, budget: None }
    }

    /// Every `every`-th command is due, at least every one.
    pub fn fixed(every: u64) -> Pace {
        let every = every.max(1);
        Pace { left: every, every, budget: None }
    }

    /// As many as take at most `share` of the time, of which recording one takes `cost_ns`.
    pub fn adaptive(share: f64, cost_ns: f64, clock: &TickClock) -> Pace {
        let budget = Budget { share, cost_ns, look_in: ADAPT_EVERY, looked_at: clock.now(), commands: 0 };
        Pace { left: EVERY_FIRST, every: EVERY_FIRST, budget: Some(budget) }
    }

    /// Commands that are not due before the next one that is.
    #[inline]
    pub fn lets_pass(&self) -> u64 {
        self.left - 1
    }

    /// So many commands, at most what [`lets_pass`](Self::lets_pass) says, went by.
    #[inline]
    pub fn passed(&mut self, commands: u64) {
        self.left -= commands.min(self.left - 1);
    }

    /// Goes on behind a command that was due.
    pub fn recorded(&mut self, clock: &TickClock) {
        if let Some(b) = &mut self.budget {
            b.commands += self.every;
            b.look_in -= 1;
            if b.look_in == 0 {
                let now = clock.now();
                let mean_ns = clock.ns_between(b.looked_at, now) as f64 / b.commands as f64;
                // The time per command contains the recording itself; without it the promise is on the safe side.
                let bare_ns = (mean_ns - b.cost_ns / self.every as f64).max(1.0);
                self.every = ((b.cost_ns / (b.share * bare_ns)).ceil() as u64).clamp(1, EVERY_MAX);
                (b.look_in, b.looked_at, b.commands) = (ADAPT_EVERY, now, 0);
            }
        }
        self.left = self.every;
    }

    /// One in how many is due now; `u64::MAX` if none is.
    pub fn every(&self) -> u64 {
        self.every
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due_of(pace: &mut Pace, commands: u32) -> u32 {
        let clock = TickClock::get();
        (0..commands)
            .map(|_| {
                let due = pace.lets_pass() == 0;
                if due {
                    pace.recorded(&clock);
                } else {
                    pace.passed(1);
                }
                u32::from(due)
            })
            .sum()
    }

    #[test]
    fn a_fixed_pace_takes_every_nth() {
        assert_eq!(due_of(&mut Pace::fixed(1), 100), 100);
        assert_eq!(due_of(&mut Pace::fixed(7), 100), 14);
        assert_eq!(due_of(&mut Pace::fixed(0), 100), 100);
        assert_eq!(due_of(&mut Pace::never(), 100), 0);
    }

    /// Commands here take next to nothing, so that recording one, said to cost 1 µs, must be rare.
    #[test]
    fn an_adaptive_pace_grows_until_the_budget_holds() {
        let clock = TickClock::get();
        let mut pace = Pace::adaptive(0.03, 1_000.0, &clock);
        due_of(&mut pace, 400_000);
        let dear = pace.every();
        assert!(dear > 64, "{dear}");
        let mut pace = Pace::adaptive(0.03, 0.0, &clock);
        due_of(&mut pace, 400_000);
        assert_eq!(pace.every(), 1);
    }
}
