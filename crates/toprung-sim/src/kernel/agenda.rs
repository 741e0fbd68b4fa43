//! What is to happen, in the total order: [`Key`] and [`Agenda`].

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// The place of one happening among all. No two are alike, so nothing depends on the order of insertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Simulated time in ns.
    pub time_ns: u64,
    /// Priority: of two things at one time the lower class comes first.
    pub class: u8,
    /// The venue concerned.
    pub venue: u16,
    /// 0, or a hash of the agent and the time where ties are broken fairly.
    pub tie: u32,
    /// The agent concerned.
    pub agent: u32,
    /// Counted by the agent.
    pub seq: u32,
}

impl Key {
    /// Classes, first come first.
    pub(crate) const NOTICE: u8 = 0;
    pub(crate) const DATA: u8 = 1;
    pub(crate) const WAKE: u8 = 2;
}

#[derive(Clone, Debug)]
struct Entry<T> {
    key: Key,
    item: T,
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

/// A list of future happenings, earliest first.
#[derive(Clone, Debug)]
pub(crate) struct Agenda<T> {
    heap: BinaryHeap<Reverse<Entry<T>>>,
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Agenda { heap: BinaryHeap::new() }
    }
}

impl<T> Agenda<T> {
    pub(crate) fn push(&mut self, key: Key, item: T) {
        self.heap.push(Reverse(Entry { key, item }));
    }

    /// Time of the earliest, `u64::MAX` when there is none.
    #[inline(always)]
    pub(crate) fn next_ns(&self) -> u64 {
        self.heap.peek().map_or(u64::MAX, |e| e.0.key.time_ns)
    }

    /// The agent of the earliest.
    #[inline(always)]
    pub(crate) fn next_agent(&self) -> Option<usize> {
        self.heap.peek().map(|e| e.0.key.agent as usize)
    }

    pub(crate) fn pop(&mut self) -> Option<(Key, T)> {
        self.heap.pop().map(|Reverse(Entry { key, item })| (key, item))
    }

    /// Drops what `keep` does not want.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&Key, &T) -> bool) {
        self.heap.retain(|e| keep(&e.0.key, &e.0.item));
    }
}

/// What breaks ties fairly: a hash of who and when, so that equal arrivals are in random order, and in the same one in
/// every run.
pub(crate) fn fair_tie(seed: u64, agent: u32, time_ns: u64) -> u32 {
    let mut z =
        seed ^ time_ns.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(agent).wrapping_mul(0xd1b5_4a32_d192_ed03);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(time_ns: u64, class: u8, venue: u16, agent: u32, seq: u32) -> Key {
        Key { time_ns, class, venue, tie: 0, agent, seq }
    }

    #[test]
    fn the_order_is_time_priority_venue_agent_sequence_whatever_the_insertion() {
        let sorted = [
            key(1, 2, 9, 9, 9),
            key(2, 0, 9, 9, 9),
            key(2, 1, 0, 9, 9),
            key(2, 1, 1, 0, 9),
            key(2, 1, 1, 1, 0),
            key(2, 1, 1, 1, 1),
        ];
        for shift in 0..sorted.len() {
            let mut agenda = Agenda::default();
            for k in 0..sorted.len() {
                let at = (k * 5 + shift) % sorted.len();
                agenda.push(sorted[at], at);
            }
            let order: Vec<usize> = std::iter::from_fn(|| agenda.pop()).map(|(_, at)| at).collect();
            assert_eq!(order, [0, 1, 2, 3, 4, 5]);
        }
    }

    #[test]
    fn fair_ties_favour_nobody() {
        let n = 20_000_u64;
        let first = (0..n).filter(|t| fair_tie(1, 0, *t) < fair_tie(1, 1, *t)).count() as f64;
        assert!((first / n as f64 - 0.5).abs() < 4.0 * 0.5 / (n as f64).sqrt(), "{first} of {n}");
    }
}
