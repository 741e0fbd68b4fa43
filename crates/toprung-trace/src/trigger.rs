//! When a snapshot is taken: conditions on one order, and how often they may hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// The conditions; all that are set must hold together. Without any, every order fires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggerConfig {
    /// The order took longer than this, ns.
    pub latency_over_ns: Option<u64>,
    /// It is the n-th of those that meet every other condition.
    pub every_nth: Option<u64>,
    /// It took longer than every one before it behind the warm-up.
    pub slowest_so_far: bool,
    /// Its kind, a bit for each; 0 is any.
    pub kinds: u64,
    /// One of its events is of these kinds, a bit for each; 0 is any.
    pub events: u64,
    /// It traded at so many prices at least.
    pub levels_min: Option<u32>,
    /// Orders that are let pass at the start.
    pub warmup: u64,
    /// Orders that are let pass behind each hit.
    pub cooldown: u64,
    /// Most hits; then it is over.
    pub hits_max: u64,
}

impl Default for TriggerConfig {
    /// Every order, up to 16 hits.
    fn default() -> TriggerConfig {
        TriggerConfig {
            latency_over_ns: None,
            every_nth: None,
            slowest_so_far: false,
            kinds: 0,
            events: 0,
            levels_min: None,
            warmup: 0,
            cooldown: 0,
            hits_max: 16,
        }
    }
}

/// What is known of an order when it is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Its number.
    pub command: u64,
    /// Its kind, below 64.
    pub kind: u8,
    /// How long it took, ns.
    pub latency_ns: u64,
    /// The kinds of its events, a bit for each.
    pub events: u64,
    /// Prices at which it traded.
    pub levels: u32,
}

/// The conditions at work on one thread. Whoever holds the [`armed`](Trigger::armed) flag can switch it on and off.
#[derive(Clone, Debug)]
pub struct Trigger {
    config: TriggerConfig,
    armed: Arc<AtomicBool>,
    slowest_ns: u64,
    /// Orders up to the one that may fire again.
    quiet_until: u64,
    met: u64,
    hits: u64,
}

impl Trigger {
    /// A trigger that is armed if the flag is set.
    pub fn new(config: TriggerConfig, armed: Arc<AtomicBool>) -> Trigger {
        let quiet_until = config.warmup;
        Trigger { config, armed, slowest_ns: 0, quiet_until, met: 0, hits: 0 }
    }

    /// The flag, to be shared.
    pub fn armed(&self) -> &Arc<AtomicBool> {
        &self.armed
    }

    /// Hits so far.
    pub fn hits(&self) -> u64 {
        self.hits
    }

    /// Whether the events of an order must be looked at.
    pub fn wants_events(&self) -> bool {
        self.config.events != 0 || self.config.levels_min.is_some()
    }

    /// Whether an order must be timed.
    pub fn wants_latency(&self) -> bool {
        self.config.latency_over_ns.is_some() || self.config.slowest_so_far
    }

    /// Whether this order fires. Orders are numbered in the order in which they come.
    #[inline]
    pub fn check(&mut self, o: &Observed) -> bool {
        if o.command < self.quiet_until || !self.armed.load(Relaxed) || self.hits >= self.config.hits_max {
            return false;
        }
        self.check_armed(o)
    }

    fn check_armed(&mut self, o: &Observed) -> bool {
        let c = &self.config;
        let meets = (c.kinds == 0 || c.kinds >> o.kind & 1 == 1)
            && (c.events == 0 || c.events & o.events != 0)
            && c.levels_min.is_none_or(|k| o.levels >= k)
            && c.latency_over_ns.is_none_or(|ns| o.latency_ns > ns);
        if !meets {
            return false;
        }
        if c.slowest_so_far {
            if o.latency_ns <= self.slowest_ns {
                return false;
            }
            self.slowest_ns = o.latency_ns;
        }
        self.met += 1;
        if c.every_nth.is_some_and(|n| !self.met.is_multiple_of(n.max(1))) {
            return false;
        }
        self.hits += 1;
        self.quiet_until = o.command.saturating_add(1).saturating_add(c.cooldown);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latency(n: u64) -> u64 {
        // 0 to 96, each once in 97 orders, the longest first at order 60.
        n * 37 % 97
    }

    fn hits(config: TriggerConfig) -> Vec<u64> {
        let mut trigger = Trigger::new(config, Arc::new(AtomicBool::new(true)));
        (0..200)
            .filter(|n| {
                let (events, levels) = (1 << (n % 6), (n % 8) as u32);
                let kind = (n % 5) as u8;
                trigger.check(&Observed { command: *n, kind, latency_ns: latency(*n), events, levels })
            })
            .collect()
    }

    fn all() -> TriggerConfig {
        TriggerConfig { hits_max: u64::MAX, ..TriggerConfig::default() }
    }

    #[test]
    fn without_a_condition_every_order_fires_up_to_the_most_hits() {
        assert_eq!(hits(all()).len(), 200);
        assert_eq!(hits(TriggerConfig::default()), (0..16).collect::<Vec<_>>());
    }

    #[test]
    fn each_condition_holds_by_itself() {
        let over = hits(TriggerConfig { latency_over_ns: Some(90), ..all() });
        assert_eq!(over, (0..200).filter(|n| latency(*n) > 90).collect::<Vec<_>>());
        assert_eq!(hits(TriggerConfig { every_nth: Some(50), ..all() }), [49, 99, 149, 199]);
        assert_eq!(hits(TriggerConfig { kinds: 1 << 4, ..all() }).len(), 40);
        assert_eq!(hits(TriggerConfig { events: 1 << 2 | 1 << 3, ..all() }).len(), 66);
        assert!(hits(TriggerConfig { levels_min: Some(6), ..all() }).iter().all(|n| n % 8 >= 6));
        assert_eq!(hits(TriggerConfig { warmup: 190, ..all() }).len(), 10);
        assert_eq!(hits(TriggerConfig { cooldown: 49, ..all() }), [0, 50, 100, 150]);
    }

    #[test]
    fn the_slowest_so_far_are_ever_slower() {
        let slowest = hits(TriggerConfig { slowest_so_far: true, ..all() });
        assert!(slowest.is_sorted_by(|a, b| latency(*a) < latency(*b)));
        assert_eq!(latency(*slowest.last().unwrap()), 96);
    }

    #[test]
    fn conditions_hold_together() {
        let both = hits(TriggerConfig { kinds: 1, every_nth: Some(2), latency_over_ns: Some(48), ..all() });
        let kind_and_slow: Vec<_> = (0..200).filter(|n| n % 5 == 0 && latency(*n) > 48).collect();
        assert_eq!(both, kind_and_slow.chunks_exact(2).map(|pair| pair[1]).collect::<Vec<_>>());
    }

    #[test]
    fn only_an_armed_trigger_fires() {
        let armed = Arc::new(AtomicBool::new(false));
        let mut trigger = Trigger::new(all(), Arc::clone(&armed));
        let order = Observed::default();
        assert!(!trigger.check(&order));
        armed.store(true, Relaxed);
        assert!(trigger.check(&order));
        assert_eq!(trigger.hits(), 1);
    }

    #[test]
    fn it_says_what_it_needs_to_know() {
        let needs = |config| {
            let t = Trigger::new(config, Arc::default());
            (t.wants_latency(), t.wants_events())
        };
        assert_eq!(needs(all()), (false, false));
        assert_eq!(needs(TriggerConfig { slowest_so_far: true, ..all() }), (true, false));
        assert_eq!(needs(TriggerConfig { latency_over_ns: Some(1), levels_min: Some(1), ..all() }), (true, true));
    }
}
