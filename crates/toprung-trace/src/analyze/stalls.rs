//! Pauses of the program's own making: a stage that now and then takes far longer than it usually does, with nothing in
//! the trace to explain it.
//!
//! Interrupts and the scheduler make pauses, too, and on a virtual machine plenty. They fall on stages in proportion to
//! their time and on orders at random. So a group of pauses is reported only if it comes back at a regular order number,
//! or if it is of one size and keeps to one stage beyond chance.

use std::collections::BTreeMap;

use super::bucket::Bucket;
use super::orders::{Order, Orders};
use super::stats::{Period, percentile, period};
use super::timeline::{Span, Timeline};

/// Pauses of one stage.
#[derive(Clone, Debug)]
pub(super) struct StallGroup {
    pub(super) stage: String,
    /// Median of the pauses, and their range, ns.
    pub(super) own_ns: f64,
    pub(super) least_ns: f64,
    pub(super) most_ns: f64,
    /// Median own time of the stage otherwise, ns.
    pub(super) usual_ns: f64,
    /// The stage's share of all order time, and of pauses as long.
    pub(super) time_share: f64,
    pub(super) pause_share: f64,
    pub(super) numbers: Vec<u64>,
    pub(super) period: Option<Period>,
}

/// What is shorter may be a cache miss.
const PAUSE_MIN_NS: u64 = 10_000;
/// So many times the stage's median make a pause.
const TIMES_USUAL: u64 = 20;
/// Pauses of one size differ by at most this factor.
const SIZE_FACTOR: f64 = 1.25;
/// Fewest pauses of one size that prove anything without a period.
const CLUSTER_MIN: usize = 5;
/// An order that trades so many times more than the median may take long by right.
const WORK_FACTOR: u64 = 4;

struct Pause {
    own_ns: u64,
    number: u64,
}

/// Groups of pauses, the one with the most time first.
pub(super) fn stalls(timeline: &Timeline, orders: &Orders, warm: &[&Order]) -> Vec<StallGroup> {
    let mut own: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    // Where only replays have steps, they say what is usual, too: they hold the orders around each hit as well.
    if orders.whole().any(|o| o.detail != o.span) {
        for s in timeline.spans.iter().filter(|s| timeline.is_replay(s.thread)) {
            own.entry(s.name).or_default().push(s.self_ns());
        }
    }
    for o in orders.whole() {
        for s in steps(timeline, o) {
            own.entry(s.name).or_default().push(s.self_ns());
        }
    }
    let usual: BTreeMap<u32, u64> = own
        .iter_mut()
        .map(|(&name, list)| {
            list.sort_unstable();
            (name, percentile(list, 0.5))
        })
        .collect();
    let mut work: Vec<u64> = warm.iter().filter_map(|o| o.events.work).collect();
    work.sort_unstable();
    let much_work = percentile(&work, 0.5).max(1) * WORK_FACTOR;

    let mut pauses: BTreeMap<u32, Vec<Pause>> = BTreeMap::new();
    for o in warm {
        let explained = o.events.allocations > 0 || o.events.page_faults > 0 || o.events.switches > 0;
        if explained || o.ns < PAUSE_MIN_NS || o.events.work.is_some_and(|w| w > much_work) {
            continue;
        }
        // What the same input does not do again was the machine.
        if o.replay_ns.is_some_and(|again| again * 2 < o.ns) {
            continue;
        }
        for s in steps(timeline, o) {
            let core = matches!(timeline.bucket(s), Bucket::Core | Bucket::Order | Bucket::Other);
            if core && s.self_ns() >= PAUSE_MIN_NS.max(TIMES_USUAL * usual[&s.name]) {
                pauses.entry(s.name).or_default().push(Pause { own_ns: s.self_ns(), number: o.number });
            }
        }
    }
    let all_pauses: Vec<u64> = pauses.values().flatten().map(|p| p.own_ns).collect();
    // Time without the pauses: what chance would go by.
    let plain = |name: u32| own[&name].iter().filter(|&&ns| ns < PAUSE_MIN_NS).sum::<u64>() as f64;
    let all_ns: f64 = own.keys().map(|&name| plain(name)).sum();
    let mut found: Vec<StallGroup> = pauses
        .into_iter()
        .filter_map(|(name, list)| {
            let time_share = plain(name) / all_ns.max(1.0);
            group(timeline.text(name), list, usual[&name] as f64, time_share, &all_pauses)
        })
        .collect();
    found.sort_by(|a, b| (b.own_ns * b.numbers.len() as f64).total_cmp(&(a.own_ns * a.numbers.len() as f64)));
    found
}

/// An order and its steps.
fn steps<'a>(timeline: &'a Timeline, o: &Order) -> &'a [Span] {
    &timeline.spans[o.detail as usize..timeline.spans[o.detail as usize].next as usize]
}

fn group(stage: &str, mut list: Vec<Pause>, usual_ns: f64, time_share: f64, all: &[u64]) -> Option<StallGroup> {
    list.sort_by_key(|p| p.number);
    let numbers: Vec<u64> = list.iter().map(|p| p.number).collect();
    let regular = period(&numbers);
    // Of a period, its own pauses; otherwise those of the commonest size.
    let mut chosen: Vec<&Pause> = match regular {
        Some(p) => list.iter().filter(|pause| pause.number % p.every == p.phase).collect(),
        None => cluster(&list),
    };
    chosen.sort_by_key(|p| p.own_ns);
    let sizes: Vec<u64> = chosen.iter().map(|p| p.own_ns).collect();
    let (least, most) = (*sizes.first()?, *sizes.last()?);
    let as_long = all.iter().filter(|&&ns| ns >= least && ns <= most).count();
    let pause_share = sizes.len() as f64 / as_long as f64;
    if regular.is_none() {
        let beyond_chance = is_beyond_chance(sizes.len(), as_long, time_share);
        if sizes.len() < CLUSTER_MIN || !beyond_chance {
            return None;
        }
    }
    let mut numbers: Vec<u64> = chosen.iter().map(|p| p.number).collect();
    numbers.sort_unstable();
    Some(StallGroup {
        stage: stage.to_owned(),
        own_ns: percentile(&sizes, 0.5) as f64,
        least_ns: least as f64,
        most_ns: most as f64,
        usual_ns,
        time_share,
        pause_share,
        numbers,
        period: regular,
    })
}

/// The most pauses that are of one size.
fn cluster(list: &[Pause]) -> Vec<&Pause> {
    let mut sorted: Vec<&Pause> = list.iter().collect();
    sorted.sort_by_key(|p| p.own_ns);
    let (mut best, mut from) = (0..0, 0);
    for to in 0..sorted.len() {
        while sorted[to].own_ns as f64 > sorted[from].own_ns as f64 * SIZE_FACTOR {
            from += 1;
        }
        if to + 1 - from > best.len() {
            best = from..to + 1;
        }
    }
    sorted[best].to_vec()
}

/// Whether `hits` of `n` pauses in a stage with this share of the time are more than one in a million chances.
fn is_beyond_chance(hits: usize, n: usize, share: f64) -> bool {
    let (hits, n) = (hits as f64, n as f64);
    let q = hits / n;
    if q <= share || share <= 0.0 {
        return false;
    }
    // Hoeffding's bound in its relative-entropy form.
    let rest = if q < 1.0 { (1.0 - q) * ((1.0 - q) / (1.0 - share)).ln() } else { 0.0 };
    -n * (q * (q / share).ln() + rest) < 1e-6_f64.ln()
}
