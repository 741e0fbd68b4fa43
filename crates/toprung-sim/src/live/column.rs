//! One interval of simulated time: the state at its end, and the sums over it.

use super::board::Holding;
use crate::touch::Touch;

/// Price rows of a column's depth, half of them below the middle of the book.
pub const DEPTH_ROWS: usize = 200;

/// Classes of latency: below 16 ns, four to each doubling up to 2²⁴ ns (16.8 ms), and beyond.
pub const LATENCY_BUCKETS: usize = 82;

/// The class of a time in ns.
pub(crate) fn latency_bucket(ns: u64) -> usize {
    if ns < 16 {
        return 0;
    }
    let octave = ns.ilog2() as usize;
    if octave >= 24 {
        return LATENCY_BUCKETS - 1;
    }
    // The two bits below the highest tell the quarter of the octave.
    1 + (octave - 4) * 4 + (ns >> (octave - 2) & 3) as usize
}

/// What happened in one interval of simulated time, and the book at its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Best prices and quantities at the end.
    pub touch: Touch,
    /// Bid quantity within `samples.depthTicks` of the best bid at the end, lots.
    pub bid_depth: u64,
    /// Ask quantity within `samples.depthTicks` of the best ask at the end, lots.
    pub ask_depth: u64,
    /// Orders resting at the end.
    pub resting: u64,
    /// Commands by the kind's code.
    pub commands: [u64; 5],
    /// Commands refused.
    pub rejected: u64,
    /// Fills.
    pub trades: u64,
    /// Lots traded, by the aggressor's side.
    pub volume: [u64; 2],
    /// Sum of price × quantity, ticks × lots, by the aggressor's side.
    pub notional: [i128; 2],
    /// Wall-clock time that the run took for it, ns; waiting and pauses left out.
    pub busy_ns: u64,
    /// Longest latency timed, ns; 0 if none was.
    pub latency_max_ns: u64,
    /// Commands timed, by the class of their latency.
    pub latency: [u32; LATENCY_BUCKETS],
    /// Price of the first row of `depth`.
    pub depth_base: i64,
    /// Open quantity at each price from `depth_base` up, lots; what is above 2³² − 1 counts as that.
    pub depth: [u32; DEPTH_ROWS],
    /// What each track of a market of agents holds at the end; nothing otherwise.
    pub holdings: Box<[Holding]>,
}

impl Column {
    /// Nothing happened, nothing rests.
    pub(crate) fn empty(reference: i64) -> Column {
        Column {
            touch: Touch::empty_at(reference),
            bid_depth: 0,
            ask_depth: 0,
            resting: 0,
            commands: [0; 5],
            rejected: 0,
            trades: 0,
            volume: [0; 2],
            notional: [0; 2],
            busy_ns: 0,
            latency_max_ns: 0,
            latency: [0; LATENCY_BUCKETS],
            depth_base: reference,
            depth: [0; DEPTH_ROWS],
            holdings: Box::default(),
        }
    }

    /// The same interval together with the one before it.
    pub(crate) fn follow(&mut self, before: &Column) {
        for (a, b) in self.commands.iter_mut().zip(before.commands) {
            *a += b;
        }
        self.rejected += before.rejected;
        self.trades += before.trades;
        for side in 0..2 {
            self.volume[side] += before.volume[side];
            self.notional[side] += before.notional[side];
        }
        self.busy_ns += before.busy_ns;
        self.latency_max_ns = self.latency_max_ns.max(before.latency_max_ns);
        for (a, b) in self.latency.iter_mut().zip(before.latency) {
            *a = a.saturating_add(b);
        }
    }
}

/// Merges columns two by two; one that is left over at the end goes.
pub(crate) fn merge_pairs(columns: &mut Vec<Column>) {
    let pairs = columns.len() / 2;
    for k in 0..pairs {
        let (front, back) = columns.split_at_mut(2 * k + 1);
        back[0].follow(&front[2 * k]);
        columns.swap(k, 2 * k + 1);
    }
    columns.truncate(pairs);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_is_in_the_class_that_holds_it() {
        assert_eq!([0, 15].map(latency_bucket), [0, 0]);
        assert_eq!([16, 19, 20, 24, 28, 31, 32].map(latency_bucket), [1, 1, 2, 3, 4, 4, 5]);
        assert_eq!([(1 << 24) - 1, 1 << 24, u64::MAX].map(latency_bucket), [80, 81, 81]);
        let classes: Vec<_> = (0..100_000).map(latency_bucket).collect();
        assert!(classes.is_sorted());
    }

    #[test]
    fn merged_columns_have_the_state_of_the_second_and_the_sums_of_both() {
        let column = |k: u64| Column {
            touch: Touch { bid: k as i64, bid_qty: 1, ask: 1000, ask_qty: 1 },
            commands: [k; 5],
            volume: [k, 1],
            latency_max_ns: 100 - k,
            ..Column::empty(0)
        };
        let mut columns: Vec<_> = (0..7).map(column).collect();
        merge_pairs(&mut columns);
        assert_eq!(columns.iter().map(|c| c.touch.bid).collect::<Vec<_>>(), [1, 3, 5]);
        assert_eq!(columns.iter().map(|c| c.commands[0]).collect::<Vec<_>>(), [1, 5, 9]);
        assert_eq!(columns.iter().map(|c| c.latency_max_ns).collect::<Vec<_>>(), [100, 98, 96]);
        assert_eq!(columns[2].volume, [9, 2]);
    }
}
