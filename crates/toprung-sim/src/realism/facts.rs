//! Numbers for the stylised facts (Cont 2001; Vyetrenko et al. 2019), of one block of a tape.
//!
//! The numbers of the facts are those of SIMULATION.md §3.2. Not here: metaorders (18), which no tape names, so that the
//! impact of large against small market orders stands in; the day's shape (19), which no block has; two assets (20).

use std::collections::HashMap;

use toprung_book::Side;

use super::statistics::{
    autocorrelation, correlation, excess_kurtosis, fano, hill, mean, permutation_entropy, quantile, sorted, variance,
};
use super::tape::{Row, RowKind};

/// A statistic: the number of its fact and its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Number in the list of 24.
    pub number: u8,
    /// What is measured.
    pub name: &'static str,
}

const fn fact(number: u8, name: &'static str) -> Fact {
    Fact { number, name }
}

/// What [`facts`] gives, in its order.
pub const FACTS: [Fact; 38] = [
    fact(1, "autocorrelation of 1 s returns, lag 1"),
    fact(1, "autocorrelation of 10 s returns, lag 1"),
    fact(2, "Hill index of absolute 1 s returns, top 5 %"),
    fact(2, "excess kurtosis of 10 s returns, ln(4 + k)"),
    fact(3, "excess kurtosis of 1 s over 30 s returns, difference of ln(4 + k)"),
    fact(4, "autocorrelation of absolute 1 s returns, lag 1"),
    fact(4, "autocorrelation of absolute 1 s returns, lag 10"),
    fact(5, "Fano factor of extreme 1 s returns over 30 s"),
    fact(6, "correlation of return and next absolute return, 10 s"),
    fact(7, "correlation of absolute return and volume, 10 s"),
    fact(8, "autocorrelation of market-order signs, lag 1"),
    fact(8, "autocorrelation of market-order signs, lag 5"),
    fact(8, "autocorrelation of market-order signs, lag 20"),
    fact(9, "coefficient of variation of inter-arrival times"),
    fact(9, "mean over median inter-arrival time, ln"),
    fact(9, "coefficient of variation of market-order gaps"),
    fact(10, "Fano factor of counts, 1 s, ln"),
    fact(10, "Fano factor of counts, 10 s, ln"),
    fact(10, "autocorrelation of 1 s counts, lag 1"),
    fact(11, "share of limit orders of 100"),
    fact(11, "mean size of market orders, ln"),
    fact(11, "share of market orders that take exactly the best queue"),
    fact(12, "share of limit orders inside the spread"),
    fact(12, "share of limit orders at the best price"),
    fact(13, "median lifetime to cancellation, ln s"),
    fact(13, "share of cancelled orders that lived below 100 ms"),
    fact(14, "cancels per limit order"),
    fact(14, "cancels per market order, ln"),
    fact(15, "mean volume at the best price, ln"),
    fact(16, "R² of order-flow imbalance, 10 s"),
    fact(17, "response after 10 market orders over the spread"),
    fact(17, "realised variance per second, 1 s over 30 s, ln"),
    fact(18, "impact of market orders above the median size over those below"),
    fact(21, "mean spread, ln ticks"),
    fact(21, "share of time at one tick"),
    fact(22, "spread 5 s after a market order that moved the mid over the spread just after, ln"),
    fact(23, "markout of resting orders 1 s after their trade, spreads"),
    fact(24, "permutation entropy of mid moves"),
];

/// One incoming order that traded: all trades at one time on one side.
struct MarketOrder {
    at: usize,
    time_ns: u64,
    sign: f64,
    qty: f64,
    price: f64,
    queue: f64,
    mid_before: f64,
}

fn market_orders(rows: &[Row]) -> Vec<MarketOrder> {
    let mut orders: Vec<MarketOrder> = Vec::new();
    for (at, row) in rows.iter().enumerate().skip(1).filter(|(_, r)| r.kind == RowKind::Trade) {
        let sign = if row.side == Side::Sell { 1.0 } else { -1.0 };
        if let Some(last) = orders.last_mut()
            && last.time_ns == row.time_ns
            && last.sign == sign
        {
            last.qty += row.qty as f64;
            last.at = at;
            continue;
        }
        let before = &rows[at - 1];
        let queue = if sign > 0.0 { before.ask_qty } else { before.bid_qty } as f64;
        let (price, mid_before) = (row.price as f64, before.mid() as f64 / 2.0);
        orders.push(MarketOrder { at, time_ns: row.time_ns, sign, qty: row.qty as f64, price, queue, mid_before });
    }
    orders
}

/// What holds at the end of every interval of `step_ns` from `begin`: the last row's mid, in ticks.
fn mids(rows: &[Row], begin: u64, end: u64, step_ns: u64) -> Vec<f64> {
    let mut at = 0;
    let mut mids = Vec::new();
    let mut due = begin;
    while due <= end {
        while at + 1 < rows.len() && rows[at + 1].time_ns <= due {
            at += 1;
        }
        mids.push(rows[at].mid() as f64 / 2.0);
        due += step_ns;
    }
    mids
}

fn moves(mids: &[f64]) -> Vec<f64> {
    mids.windows(2).map(|w| w[1] - w[0]).collect()
}

/// Sums of `value` in intervals of `step_ns`.
fn sums(rows: &[Row], begin: u64, end: u64, step_ns: u64, value: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut bins = vec![0.0; ((end - begin) / step_ns) as usize];
    for (k, row) in rows.iter().enumerate() {
        if let Some(bin) = bins.get_mut((row.time_ns.saturating_sub(begin) / step_ns) as usize) {
            *bin += value(k);
        }
    }
    bins
}

/// Order-flow imbalance of row `k` (Cont, Kukanov and Stoikov 2014).
pub(super) fn order_flow_imbalance(rows: &[Row], k: usize) -> f64 {
    if k == 0 {
        return 0.0;
    }
    let (a, b) = (&rows[k - 1], &rows[k]);
    let mut e = 0.0;
    if b.bid >= a.bid {
        e += b.bid_qty as f64;
    }
    if b.bid <= a.bid {
        e -= a.bid_qty as f64;
    }
    if b.ask <= a.ask {
        e -= b.ask_qty as f64;
    }
    if b.ask >= a.ask {
        e += a.ask_qty as f64;
    }
    e
}

fn abs(x: &[f64]) -> Vec<f64> {
    x.iter().map(|v| v.abs()).collect()
}

fn share(part: usize, all: usize) -> f64 {
    if all == 0 { f64::NAN } else { part as f64 / all as f64 }
}

const SECOND: u64 = 1_000_000_000;

/// Every statistic of [`FACTS`] of the rows from `begin` to `end` ns; not a number where there is too little to say.
pub fn facts(rows: &[Row], begin: u64, end: u64) -> Vec<f64> {
    if rows.len() < 100 || end <= begin {
        return vec![f64::NAN; FACTS.len()];
    }
    let grid = |step| mids(rows, begin, end, step);
    let (m1, m10, m30) = (grid(SECOND), grid(10 * SECOND), grid(30 * SECOND));
    let (r1, r10, r30) = (moves(&m1), moves(&m10), moves(&m30));
    let kurtosis = |r: &[f64]| (4.0 + excess_kurtosis(r)).ln();
    let sd = variance(&r1).sqrt();
    let extremes: Vec<f64> = r1.chunks(30).map(|c| c.iter().filter(|r| r.abs() > 2.0 * sd).count() as f64).collect();
    let traded = |k: usize| if rows[k].kind == RowKind::Trade { rows[k].qty as f64 } else { 0.0 };
    let volume10 = sums(rows, begin, end, 10 * SECOND, traded);
    let a10 = abs(&r10);
    let n10 = a10.len().min(volume10.len());
    let orders = market_orders(rows);
    let signs: Vec<f64> = orders.iter().map(|o| o.sign).collect();
    let gaps = |times: &[u64]| times.windows(2).map(|w| (w[1] - w[0]) as f64 / 1e9).collect::<Vec<_>>();
    let arrivals = gaps(&rows.iter().map(|r| r.time_ns).collect::<Vec<_>>());
    let order_gaps = gaps(&orders.iter().map(|o| o.time_ns).collect::<Vec<_>>());
    let cv = |x: &[f64]| variance(x).sqrt() / mean(x);
    let median_gap = quantile(&sorted(arrivals.clone()), 0.5).max(1e-9);
    let counts1 = sums(rows, begin, end, SECOND, |_| 1.0);
    let counts10 = sums(rows, begin, end, 10 * SECOND, |_| 1.0);

    let mut entered: HashMap<u64, u64> = HashMap::new();
    let (mut adds, mut hundred, mut inside, mut at_best, mut cancels) = (0, 0, 0, 0, 0);
    let mut lives = Vec::new();
    for (before, row) in rows.iter().zip(&rows[1..]) {
        match row.kind {
            RowKind::Add => {
                entered.insert(row.id, row.time_ns);
                adds += 1;
                hundred += usize::from(row.qty == 100);
                let better = if row.side == Side::Buy { row.price - before.bid } else { before.ask - row.price };
                inside += usize::from(better > 0);
                at_best += usize::from(better == 0);
            }
            RowKind::Cancel => {
                cancels += 1;
                if let Some(since) = entered.remove(&row.id) {
                    lives.push((row.time_ns - since) as f64 / 1e9);
                }
            }
            RowKind::Reduce | RowKind::Trade => {}
        }
    }
    let short = lives.iter().filter(|s| **s < 0.1).count();
    let lives_count = lives.len();
    let median_life = quantile(&sorted(lives), 0.5).max(1e-6).ln();

    let (mut time, mut spread, mut one, mut best) = (0.0, 0.0, 0.0, 0.0);
    for w in rows.windows(2) {
        let dt = (w[1].time_ns - w[0].time_ns) as f64;
        let s = (w[0].ask - w[0].bid) as f64;
        (time, spread, best) = (time + dt, spread + dt * s, best + dt * (w[0].bid_qty + w[0].ask_qty) as f64 / 2.0);
        one += dt * f64::from(u8::from(w[0].ask - w[0].bid == 1));
    }
    let (spread, one, best) = (spread / time, one / time, best / time);

    let imbalance = sums(rows, begin, end, 10 * SECOND, |k| order_flow_imbalance(rows, k));
    let n = imbalance.len().min(r10.len());
    let r_squared = correlation(&imbalance[..n], &r10[..n]).powi(2);
    let response: Vec<f64> =
        orders.windows(11).map(|w| w[0].sign * (w[10].mid_before - w[0].mid_before) / spread).collect();
    let median_size = quantile(&sorted(orders.iter().map(|o| o.qty).collect()), 0.5);
    let impact = |large: bool| {
        let of = orders.iter().filter(|o| (o.qty > median_size) == large);
        mean(&of.map(|o| o.sign * (rows[o.at].mid() as f64 / 2.0 - o.mid_before)).collect::<Vec<_>>())
    };
    // Where the book stands a while after an order: rows are in time order.
    let later = |o: &MarketOrder, ns: u64| {
        let due = o.time_ns + ns;
        let k = rows.partition_point(|r| r.time_ns <= due);
        (due <= end).then(|| &rows[k - 1])
    };
    let healed: Vec<f64> = orders
        .iter()
        .filter(|o| rows[o.at].mid() as f64 / 2.0 != o.mid_before)
        .filter_map(|o| {
            let after = rows[o.at].ask - rows[o.at].bid;
            later(o, 5 * SECOND).map(|r| ((r.ask - r.bid).max(1) as f64 / after.max(1) as f64).ln())
        })
        .collect();
    let markouts: Vec<f64> = orders
        .iter()
        .filter_map(|o| later(o, SECOND).map(|r| -o.sign * (r.mid() as f64 / 2.0 - o.price) / spread))
        .collect();
    let exact = orders.iter().filter(|o| o.qty == o.queue).count();
    let mid_moves: Vec<f64> = rows.windows(2).map(|w| (w[1].mid() - w[0].mid()) as f64).filter(|m| *m != 0.0).collect();

    vec![
        autocorrelation(&r1, 1),
        autocorrelation(&r10, 1),
        hill(abs(&r1), 0.05),
        kurtosis(&r10),
        kurtosis(&r1) - kurtosis(&r30),
        autocorrelation(&abs(&r1), 1),
        autocorrelation(&abs(&r1), 10),
        fano(&extremes),
        correlation(&r10[..r10.len().saturating_sub(1)], &a10[1.min(a10.len())..]),
        correlation(&a10[..n10], &volume10[..n10]),
        autocorrelation(&signs, 1),
        autocorrelation(&signs, 5),
        autocorrelation(&signs, 20),
        cv(&arrivals),
        (mean(&arrivals) / median_gap).ln(),
        cv(&order_gaps),
        fano(&counts1).ln(),
        fano(&counts10).ln(),
        autocorrelation(&counts1, 1),
        share(hundred, adds),
        mean(&orders.iter().map(|o| o.qty).collect::<Vec<_>>()).ln(),
        share(exact, orders.len()),
        share(inside, adds),
        share(at_best, adds),
        median_life,
        share(short, lives_count),
        share(cancels, adds),
        share(cancels, orders.len()).ln(),
        best.ln(),
        r_squared,
        mean(&response),
        (variance(&r1) / (variance(&r30) / 30.0)).ln(),
        impact(true) / impact(false),
        spread.ln(),
        one,
        mean(&healed),
        mean(&markouts),
        permutation_entropy(&mid_moves),
    ]
}
