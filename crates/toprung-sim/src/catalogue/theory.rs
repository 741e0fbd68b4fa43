//! Measures that compare an arm's flow with what theory knows of the treatment's, by the code of the oracle.

use std::sync::atomic::AtomicBool;

use super::measure::{Measure, Of};
use crate::flow::FlowConfig;
use crate::flow::hawkes::Events;
use crate::kernel::MarketConfig;
use crate::oracle::{self, Cell, Trials};

impl Measure {
    pub(super) fn flow<'a>(&self, market: &'a MarketConfig) -> Option<&'a FlowConfig> {
        market.venues.get(self.venue)?.flow.as_ref()
    }

    /// Of the events of the venue's process, drawn again from its own stream: times and types do not depend on the book.
    pub(super) fn hawkes(&self, treatment: &MarketConfig, market: &MarketConfig, cancel: &AtomicBool) -> f64 {
        let (Some(FlowConfig::Hawkes(theory)), Some(FlowConfig::Hawkes(flow))) =
            (self.flow(treatment), self.flow(market))
        else {
            return f64::NAN;
        };
        let events = Events::open(flow, market.flow_streams(), self.venue as u32);
        let seconds = if self.to > 0.0 { self.to } else { market.duration_ns as f64 / 1e9 };
        match self.of {
            Of::HawkesRate => oracle::rate_ratio(theory, events, seconds, cancel),
            Of::HawkesFano => oracle::fano_ratio(theory, events, self.by, seconds, cancel),
            _ => oracle::rescaled_ks_ratio(theory, events, seconds, cancel),
        }
    }

    /// Greatest distance from the solved probabilities, in standard errors.
    pub(super) fn cst(&self, treatment: &MarketConfig, market: &MarketConfig, cancel: &AtomicBool) -> f64 {
        let (Some(FlowConfig::Cst(theory)), Some(FlowConfig::Cst(flow))) = (self.flow(treatment), self.flow(market))
        else {
            return f64::NAN;
        };
        let trials = Trials { flow, seed: market.seed, books: 32, events: self.by as u32, cancel };
        let cells = match self.of {
            Of::CstUpZ => oracle::mid_up_trials(&[oracle::mid_up(theory, 1)], &trials),
            Of::CstFillZ => oracle::fill_trials(&oracle::fill_before_move(theory), &trials, false),
            _ => oracle::fill_trials(&oracle::both_fill(theory), &trials, true),
        };
        cells.iter().map(Cell::z).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::World;
    use crate::catalogue;

    fn measure(of: Of, by: f64, to: f64) -> Measure {
        Measure { name: "m".to_owned(), of, venue: 0, group: String::new(), from: 0.0, to, by }
    }

    #[test]
    fn the_events_of_a_process_are_those_of_the_run() {
        let scenario = catalogue::find("hawkes-clustered").unwrap();
        let market = MarketConfig { duration_ns: 60_000_000_000, ..scenario.market };
        let Some(FlowConfig::Hawkes(flow)) = &market.venues[0].flow else { panic!("a Hawkes flow") };
        let mut world = World::open(&market, 0).unwrap();
        world.run();
        let mut events = Events::open(flow, market.flow_streams(), 0);
        let kinds = std::iter::from_fn(|| Some(events.next_event()).filter(|e| e.0 <= market.duration_ns));
        let orders = kinds.filter(|(_, kind)| kind % 6 == 5).count() as u64;
        assert_eq!(world.into_result().venues[0].counts.markets, orders);
        assert!(orders > 300, "{orders} market orders");
    }

    #[test]
    fn a_process_agrees_with_itself_and_its_poisson_twin_does_not() {
        let scenario = catalogue::find("hawkes-clustered").unwrap();
        let twin = scenario.arm("control").unwrap();
        let take = |market: &MarketConfig, of, by, to| {
            measure(of, by, to).hawkes(&scenario.market, market, &AtomicBool::new(false))
        };
        for market in [&scenario.market, &twin] {
            let rate = take(market, Of::HawkesRate, 0.0, 3000.0);
            assert!((rate - 1.0).abs() < 0.03, "{rate}");
        }
        assert!(take(&scenario.market, Of::HawkesKs, 0.0, 100.0) < 1.0);
        assert!(take(&twin, Of::HawkesKs, 0.0, 100.0) > 10.0);
        let fano = [&scenario.market, &twin].map(|market| take(market, Of::HawkesFano, 20.0, 6000.0));
        assert!((0.7..1.3).contains(&fano[0]) && fano[1] < 0.1, "{fano:?}");
    }

    /// Ten million seconds would take minutes.
    #[test]
    fn what_is_cancelled_ends_at_once() {
        let market = catalogue::find("hawkes-clustered").unwrap().market;
        let value = measure(Of::HawkesFano, 100.0, 1e7).hawkes(&market, &market, &AtomicBool::new(true));
        assert!(value.is_nan(), "{value}");
    }

    #[test]
    fn cells_of_the_treatments_rates_are_met_by_its_own_flow_alone() {
        let scenario = catalogue::find("cst-tokyo").unwrap();
        let control = scenario.arm("control").unwrap();
        let take = |market: &MarketConfig| {
            measure(Of::CstUpZ, 20_000.0, 0.0).cst(&scenario.market, market, &AtomicBool::new(false))
        };
        let (own, other) = (take(&scenario.market), take(&control));
        assert!(own < 5.0 && other > 10.0, "{own} and {other}");
    }
}
