//! How many events per second each flow model does with FIFO matching, metrics and digest, on one thread.
//!
//! `npm run bench:flows [-- ROUNDS [EVENTS_MILLIONS]]`. Models take turns round by round; the best round counts. Where the
//! system tells (Linux), a rate is per second of processor time, which a busy machine disturbs less than the wall clock's.
#![expect(clippy::print_stdout, reason = "an example that reports to a person")]

mod measure;

use std::sync::atomic::AtomicBool;

use measure::processor_seconds;
use toprung_sim::flow::PlacementConfig;
use toprung_sim::{
    CorrelatedConfig, CstConfig, FlowConfig, HawkesConfig, Horizon, ImbalanceSpreadConfig, MikeFarmerConfig,
    QueueReactiveConfig, RealisticDayConfig, SampleSettings, SantaFeConfig, SeasonConfig, SimConfig, SplittingConfig,
    simulate,
};

/// Name, model, and what it promises in million events per second, if anything.
fn models() -> Vec<(&'static str, FlowConfig, Option<f64>)> {
    let splitting = Some(SplittingConfig::default());
    let thinning = HawkesConfig {
        method: toprung_sim::flow::hawkes::HawkesMethod::Thinning,
        placement: PlacementConfig::default(),
        ..HawkesConfig::default()
    };
    vec![
        ("santa-fe", FlowConfig::default(), Some(12.0)),
        ("santa-fe, splitting", FlowConfig::SantaFe(SantaFeConfig { splitting, ..Default::default() }), Some(12.0)),
        ("cst", FlowConfig::Cst(CstConfig::default()), Some(12.0)),
        ("queue-reactive", FlowConfig::QueueReactive(QueueReactiveConfig::default()), Some(8.0)),
        ("imbalance-spread", FlowConfig::ImbalanceSpread(ImbalanceSpreadConfig::default()), Some(8.0)),
        ("hawkes", FlowConfig::Hawkes(HawkesConfig::default()), Some(8.0)),
        ("hawkes by thinning", FlowConfig::Hawkes(thinning), None),
        ("mike-farmer", FlowConfig::MikeFarmer(MikeFarmerConfig::default()), None),
        ("correlated", FlowConfig::Correlated(CorrelatedConfig::default()), None),
        ("realistic-day", FlowConfig::RealisticDay(RealisticDayConfig::default()), None),
    ]
}

fn main() {
    let mut args = std::env::args().skip(1).filter_map(|a| a.parse::<u64>().ok());
    let (rounds, millions) = (args.next().unwrap_or(5), args.next().unwrap_or(8));
    let samples = SampleSettings { rows: 0, books: 0, depth_ticks: 1 };
    let base =
        SimConfig { horizon: Horizon::Events(millions * 1_000_000), threads: 1, samples, ..SimConfig::default() };
    let models = models();
    let mut best = vec![0.0_f64; models.len() + 1];
    for _ in 0..rounds {
        let runs = models.iter().map(|(_, flow, _)| SimConfig { flow: flow.clone(), ..base.clone() });
        let seasonal = SimConfig { season: Some(SeasonConfig::default()), ..base.clone() };
        for (k, config) in runs.chain([seasonal]).enumerate() {
            let before = processor_seconds();
            let result =
                simulate(&config, &AtomicBool::new(false), &|_| {}).expect("Invariant: the defaults are valid");
            let spent = before.zip(processor_seconds()).map(|(before, after)| after - before).filter(|s| *s > 0.05);
            let seconds = spent.unwrap_or(result.elapsed_ns as f64 / 1e9);
            best[k] = best[k].max(result.events as f64 / seconds / 1e6);
        }
    }
    let clock = if processor_seconds().is_some() { "processor" } else { "wall-clock" };
    println!("{millions} M events on one thread, best of {rounds} rounds: million events per second of {clock} time");
    let names = models.iter().map(|(name, _, promise)| (*name, *promise)).chain([("santa-fe, season", None)]);
    for ((name, promise), rate) in names.zip(best) {
        let promised =
            promise.map_or(String::new(), |p| format!("  promised {p}{}", if rate < p { ", NOT MET" } else { "" }));
        println!("  {name:<22} {rate:>6.2}{promised}");
    }
}
