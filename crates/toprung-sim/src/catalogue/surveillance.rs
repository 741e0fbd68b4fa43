//! A plain detector of orders that are not meant, and how well it tells whose they are.

use std::collections::BTreeMap;

use toprung_book::Side;

use crate::kernel::VenueResult;

/// What an account did in a window.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    /// Lots that were gone from its resting orders from sample to sample.
    gone: u64,
    /// Lots that it traded, and of those lots while resting.
    traded: u64,
    made: u64,
    /// Least and greatest of its own part in the imbalance of the book.
    least: f64,
    most: f64,
}

impl Window {
    /// Lots cancelled per lot traded, times the swing.
    fn score(&self) -> f64 {
        self.gone.saturating_sub(self.made) as f64 / (self.traded + 1) as f64 * (self.most - self.least)
    }
}

/// Area under the curve of the detector over the accounts and the whole windows of `seconds` in which an account had an order in the
/// book or traded; `is_guilty` says which accounts are to be found.
pub(super) fn detector_auc(venue: &VenueResult, seconds: f64, is_guilty: &dyn Fn(u32) -> bool) -> f64 {
    let window = |ns: u64| (ns as f64 / 1e9 / seconds) as u64;
    let mut windows: BTreeMap<(u64, u32), Window> = BTreeMap::new();
    for t in &venue.trades {
        for (agent, made) in [(t.taker, 0), (t.maker, t.qty)] {
            if let Some(agent) = agent {
                let w = windows.entry((window(t.time_ns), agent)).or_default();
                (w.traded, w.made) = (w.traded + t.qty, w.made + made);
            }
        }
    }
    // By order, what was open of it at the sample before.
    let mut open: BTreeMap<(u32, u32), u64> = BTreeMap::new();
    let mut rows = venue.queues.iter().peekable();
    for quote in &venue.samples {
        let (mut now, mut lots) = (BTreeMap::new(), BTreeMap::<u32, i64>::new());
        while let Some(row) = rows.next_if(|row| row.time_ns <= quote.time_ns) {
            let p = row.position;
            now.insert((p.agent, p.order), p.qty);
            *lots.entry(p.agent).or_default() += if p.side == Side::Buy { p.qty as i64 } else { -(p.qty as i64) };
        }
        for ((agent, order), before) in &open {
            let left = now.get(&(*agent, *order)).copied().unwrap_or(0);
            windows.entry((window(quote.time_ns), *agent)).or_default().gone += before.saturating_sub(left);
            lots.entry(*agent).or_default();
        }
        let depth = (quote.bid_depth + quote.ask_depth).max(1) as f64;
        for (agent, net) in lots {
            let w = windows.entry((window(quote.time_ns), agent)).or_default();
            let part = (net as f64 / depth).clamp(-1.0, 1.0);
            (w.least, w.most) = (w.least.min(part), w.most.max(part));
        }
        open = now;
    }
    let whole = venue.samples.last().map_or(0, |quote| window(quote.time_ns));
    let scores =
        windows.iter().filter(|((at, _), _)| *at < whole).map(|((_, agent), w)| (w.score(), is_guilty(*agent)));
    area_under_curve(scores.collect())
}

/// Probability that one of the guilty has a higher score than one of the others, by the rank sum; a tie counts half.
fn area_under_curve(mut scores: Vec<(f64, bool)>) -> f64 {
    scores.sort_by(|a, b| a.0.total_cmp(&b.0));
    let guilty = scores.iter().filter(|s| s.1).count() as f64;
    let others = scores.len() as f64 - guilty;
    let (mut below, mut sum) = (0.0, 0.0);
    for equal in scores.chunk_by(|a, b| a.0 == b.0) {
        let found = equal.iter().filter(|s| s.1).count() as f64;
        let rest = equal.len() as f64 - found;
        sum += found * (below + rest / 2.0);
        below += rest;
    }
    sum / (guilty * others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::World;
    use crate::catalogue;
    use crate::kernel::MarketConfig;

    #[test]
    fn the_area_is_the_share_of_pairs_in_the_right_order() {
        assert_eq!(area_under_curve(vec![(3.0, true), (1.0, false), (2.0, false)]), 1.0);
        assert_eq!(area_under_curve(vec![(0.0, true), (1.0, false), (2.0, false)]), 0.0);
        assert_eq!(area_under_curve(vec![(1.0, true), (1.0, false), (2.0, true), (3.0, false)]), 0.375);
        assert!(area_under_curve(vec![(1.0, false)]).is_nan());
    }

    #[test]
    fn a_layerer_is_told_from_makers_and_followers_and_these_not_from_each_other() {
        let market = catalogue::find("layering").unwrap().market;
        let mut world = World::open(&MarketConfig { duration_ns: 100_000_000_000, ..market }, 0).unwrap();
        world.run();
        let result = world.into_result();
        let auc = |group: &str| {
            let first = result.group(group).unwrap().first;
            let last = first + result.group(group).unwrap().accounts.len() as u32;
            detector_auc(&result.venues[0], 20.0, &|agent| (first..last).contains(&agent))
        };
        assert!(auc("layerer") > 0.95, "{}", auc("layerer"));
        assert!(auc("victims") < 0.6, "{}", auc("victims"));
    }
}
