//! A histogram for each kind of thing.

use std::collections::BTreeMap;

use crate::histogram::{LatencyHistogram, LatencySummary};

/// Latencies told apart by a small number, such as a command's kind. A kind without a value takes no memory.
#[derive(Clone, Debug, Default)]
pub struct LatencyByKind {
    kinds: Vec<Option<Box<LatencyHistogram>>>,
}

impl LatencyByKind {
    /// Empty, for kinds below `kinds`.
    pub fn new(kinds: usize) -> LatencyByKind {
        LatencyByKind { kinds: vec![None; kinds] }
    }

    /// Takes one value; of a kind that is out of range, none.
    #[inline]
    pub fn record(&mut self, kind: usize, ns: u64) {
        if let Some(h) = self.kinds.get_mut(kind) {
            h.get_or_insert_default().record(ns);
        }
    }

    /// Adds every value of `other`, kind by kind.
    pub fn merge(&mut self, other: &LatencyByKind) {
        self.kinds.resize(self.kinds.len().max(other.kinds.len()), None);
        for (mine, theirs) in self.kinds.iter_mut().zip(&other.kinds) {
            match (&mut *mine, theirs) {
                (Some(mine), Some(theirs)) => mine.merge(theirs),
                (None, Some(_)) => mine.clone_from(theirs),
                (_, None) => {}
            }
        }
    }

    /// Of one kind; `None` if it has no value.
    pub fn of(&self, kind: usize) -> Option<&LatencyHistogram> {
        self.kinds.get(kind)?.as_deref()
    }

    /// Every value in one histogram.
    pub fn all(&self) -> LatencyHistogram {
        let mut all = LatencyHistogram::new();
        self.kinds.iter().flatten().for_each(|h| all.merge(h));
        all
    }

    /// The kinds that have a value, each in ten numbers; `names` are those of the kinds.
    pub fn summaries(&self, names: &[&'static str]) -> BTreeMap<&'static str, LatencySummary> {
        self.iter().filter_map(|(kind, h)| Some((*names.get(kind)?, h.summary()))).collect()
    }

    /// The kinds that have a value, lowest first.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &LatencyHistogram)> {
        self.kinds.iter().enumerate().filter_map(|(kind, h)| Some((kind, h.as_deref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart_and_add_up() {
        let mut l = LatencyByKind::new(3);
        l.record(0, 100);
        l.record(2, 300);
        l.record(2, 500);
        l.record(3, 9_999);
        assert_eq!(l.of(2).map(LatencyHistogram::count), Some(2));
        assert!(l.of(1).is_none() && l.of(3).is_none());
        assert_eq!(l.iter().map(|(kind, h)| (kind, h.max_ns())).collect::<Vec<_>>(), [(0, 100), (2, 500)]);
        assert_eq!((l.all().count(), l.all().max_ns()), (3, 500));
        let named = l.summaries(&["a", "b", "c"]);
        assert_eq!(named.iter().map(|(name, s)| (*name, s.count)).collect::<Vec<_>>(), [("a", 1), ("c", 2)]);
        let mut sum = LatencyByKind::default();
        sum.merge(&l);
        sum.merge(&l);
        assert_eq!(sum.iter().map(|(kind, h)| (kind, h.count())).collect::<Vec<_>>(), [(0, 2), (2, 4)]);
    }
}
