//! A Hawkes process as a branching process, drawn in windows of time.
//!
//! Every event, immigrant or child, has a Poisson number of children, each of an independent type and delay. Events are
//! bucketed by windows; a window is complete once its immigrants and all their children in it are drawn, is then sorted
//! and handed out. Types and delay terms come from one alias table per parent, counts from another, delays from the
//! ziggurat: no exponential function, no logarithm, no floating point after the tables are made.

use super::HawkesProcess;
use crate::flow::Rate;
use crate::flow::clock::EventClock;
use crate::random::{Alias, Xoshiro256pp, exponential};

/// Windows ahead that have a bucket of their own.
const RING: u64 = 64;

/// Events to expect in a window.
const WINDOW_EVENTS: f64 = 256.0;

/// An event as one sortable number: time in ns, then the type in the lowest byte.
type Packed = u64;

/// Types must fit a byte, times 55 bits (more than a year).
const TYPE_BITS: u32 = 8;

/// The process at work, from an empty past at time 0.
#[derive(Clone, Debug)]
pub struct Cluster {
    rng: Xoshiro256pp,
    immigrants: Option<(u64, Alias)>,
    next_immigrant: EventClock,
    /// By parent type: the number of children, and type × terms + term of each.
    offspring: Vec<(Alias, Option<Alias>)>,
    /// Mean delay of each term in 2⁻¹⁶ ns.
    delays: Vec<u64>,
    window_ns: u64,
    /// The window that is handed out, its events in time order.
    current: Vec<Packed>,
    at: usize,
    /// Number of the window after the current one.
    next_window: u64,
    /// Known events of the windows from the next one on, by number modulo [`RING`].
    ring: Vec<Vec<Packed>>,
    /// Known events beyond the ring.
    later: Vec<Packed>,
}

impl Cluster {
    /// The process on a stream of its own; at most 256 types and a spectral radius below 1.
    pub fn new(process: &HawkesProcess, mut rng: Xoshiro256pp) -> Cluster {
        let terms = process.kernel.len();
        let total: f64 = process.stationary_rates().iter().sum();
        let base: f64 = process.base.iter().sum();
        let rate = Rate::from_per_second(base).unwrap_or_default().bits();
        let mut next_immigrant = EventClock::default();
        let immigrants = Alias::new(&process.base).map(|kinds| (rate.max(1 << 22), kinds));
        if let Some((rate, _)) = immigrants {
            next_immigrant.pass(&mut rng, rate);
        }
        let offspring = (0..process.types())
            .map(|j| {
                let counts =
                    Alias::new(&poisson(process.children(j))).expect("Invariant: e^-m and its like are weights");
                let mut weights = Vec::with_capacity(process.types() * terms);
                for row in &process.branching {
                    weights.extend(process.kernel.iter().map(|(_, w)| row[j] * w));
                }
                (counts, Alias::new(&weights))
            })
            .collect();
        Cluster {
            rng,
            immigrants,
            next_immigrant,
            offspring,
            delays: process.kernel.iter().map(|(beta, _)| (65_536e9 / beta) as u64).collect(),
            window_ns: ((WINDOW_EVENTS / total.max(1e-3) * 1e9) as u64).max(1),
            current: Vec::new(),
            at: 0,
            next_window: 0,
            ring: vec![Vec::new(); RING as usize],
            later: Vec::new(),
        }
    }

    /// Time in ns and type of the next event.
    #[inline(always)]
    pub fn next_event(&mut self) -> (u64, usize) {
        while self.at == self.current.len() {
            self.fill();
        }
        let packed = self.current[self.at];
        self.at += 1;
        (packed >> TYPE_BITS, (packed & 0xff) as usize)
    }

    /// Completes the next window.
    #[cold]
    #[inline(never)]
    fn fill(&mut self) {
        let window = self.next_window;
        self.next_window += 1;
        let end = (window + 1).saturating_mul(self.window_ns);
        self.current.clear();
        self.at = 0;
        std::mem::swap(&mut self.current, &mut self.ring[(window % RING) as usize]);
        if let Some((rate, kinds)) = &self.immigrants {
            while self.next_immigrant.now() < end {
                let kind = kinds.draw(&mut self.rng) as u64;
                self.current.push(self.next_immigrant.now() << TYPE_BITS | kind);
                self.next_immigrant.pass(&mut self.rng, *rate);
            }
        }
        // Children are appended to the list that is walked, so that this ends when the last generation has none.
        let mut k = 0;
        while k < self.current.len() {
            self.breed(self.current[k], end, window);
            k += 1;
        }
        self.current.sort_unstable();
        if self.next_window.is_multiple_of(RING) {
            self.sort_later();
        }
    }

    #[inline(always)]
    fn breed(&mut self, parent: Packed, end: u64, window: u64) {
        let (counts, kinds) = &self.offspring[(parent & 0xff) as usize];
        let children = counts.draw(&mut self.rng);
        let Some(kinds) = kinds else { return };
        let terms = self.delays.len();
        for _ in 0..children {
            let drawn = kinds.draw(&mut self.rng);
            let (kind, term) = (drawn / terms, drawn % terms);
            let delay = ((u128::from(exponential(&mut self.rng)) * u128::from(self.delays[term])) >> 48) as u64;
            let time = (parent >> TYPE_BITS) + delay;
            let child = time << TYPE_BITS | kind as u64;
            if time < end {
                self.current.push(child);
            } else {
                let number = time / self.window_ns;
                if number < window + RING {
                    self.ring[(number % RING) as usize].push(child);
                } else {
                    self.later.push(child);
                }
            }
        }
    }

    /// Moves what has come within reach from the far list into the ring.
    fn sort_later(&mut self) {
        let (ring, window_ns, next) = (&mut self.ring, self.window_ns, self.next_window);
        self.later.retain(|event| {
            let number = (event >> TYPE_BITS) / window_ns;
            let near = number < next + RING;
            if near {
                ring[(number % RING) as usize].push(*event);
            }
            !near
        });
    }
}

/// Probabilities of 0, 1, … events where `mean` are expected, until they vanish.
fn poisson(mean: f64) -> Vec<f64> {
    let mut law = vec![libm::exp(-mean)];
    while law.len() < 1000 {
        let k = law.len() as f64;
        let p = law[law.len() - 1] * mean / k;
        if k > mean && p < 1e-12 {
            break;
        }
        law.push(p);
    }
    law
}
