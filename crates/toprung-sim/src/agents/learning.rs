//! Traders who read the order book: heuristic belief learning, and followers of its imbalance.

use toprung_book::Side;

use super::params::{int, lots, real};
use super::traders::PrivateValues;
use super::{KindSpec, forks};
use crate::kernel::{Agent, Context, TapeRow};

pub(super) const KINDS: &[KindSpec] = &[
    KindSpec {
        kind: "hbl",
        doc: "Heuristic belief learning: from the orders and trades it has seen it reckons how likely a bid or offer at each \
              price is to trade, and picks the one with the greatest expected surplus (Gjerstad and Dickhaut 1998; Wang and \
              Wellman 2017). Until it has seen enough it is a `zi` agent.",
        venues: (1, 1),
        params: &[
            real("ratePerSecond", 1.0, 0.0, 1e6, "wakes per second, at exponential times"),
            real("sigmaTicks", 20.0, 0.0, 1e9, "standard deviation of the private values"),
            int("maxPosition", 10.0, 1.0, 1000.0, "most lots long or short"),
            real("surplusMin", 0.0, 0.0, 1e9, "least surplus asked before it has seen enough, ticks"),
            real("surplusMax", 50.0, 0.0, 1e9, "greatest surplus asked before it has seen enough, ticks"),
            real("eagerness", 1.0, 0.0, 1.0, "as of `zi`"),
            real("noiseTicks", 0.0, 0.0, 1e9, "standard deviation of an observation of the fundamental value"),
            super::informed::DELAY,
            int("memory", 100.0, 10.0, 2000.0, "rows of the tape that it looks at"),
        ],
        build: |b| {
            Box::new(BeliefLearner {
                values: PrivateValues::new(b),
                memory: b.params.u("memory") as usize,
                rows: Vec::new(),
            })
        },
    },
    KindSpec {
        kind: "follower",
        doc: "Buys with a probability that rises with the imbalance of the published depth, at the opposite best price: who \
              believes what the book shows.",
        venues: (1, 1),
        params: &[
            real("ratePerSecond", 1.0, 0.0, 1e6, "wakes per second, at exponential times"),
            lots("lots", 1.0, "size of an order"),
            real("strength", 3.0, 0.0, 100.0, "κ in P(buy) = 1 / (1 + e^(−κ·imbalance))"),
        ],
        build: |b| {
            let p = &b.params;
            Box::new(Follower { rate: p.f("ratePerSecond"), lots: p.u("lots"), strength: p.f("strength") })
        },
    },
];

#[derive(Clone, Debug)]
struct BeliefLearner {
    values: PrivateValues,
    memory: usize,
    rows: Vec<TapeRow>,
}

impl BeliefLearner {
    /// The price with the greatest expected surplus, and that surplus; `None` before enough was seen.
    fn best_price(&self, side: Side, worth: f64) -> Option<i64> {
        let trades = self.rows.iter().filter(|r| r.is_trade).count();
        if trades < 4 {
            return None;
        }
        // Mirrored, an offer is a bid.
        let key = |price: i64| if side == Side::Buy { price } else { -price };
        // A trade, or an order of the other side, at this price or worse for it: such a bid would have traded.
        let mut yes: Vec<i64> =
            self.rows.iter().filter(|r| r.is_trade || r.side != side).map(|r| key(r.price)).collect();
        // An order of this side at this price or better that did not trade: such a bid would not have.
        let mut no: Vec<i64> =
            self.rows.iter().filter(|r| !r.is_trade && r.side == side).map(|r| key(r.price)).collect();
        yes.sort_unstable();
        no.sort_unstable();
        let worth = if side == Side::Buy { worth } else { -worth };
        let mut best: Option<(f64, i64)> = None;
        for price in yes.iter().chain(&no).copied().filter(|p| (*p as f64) < worth) {
            let for_it = yes.partition_point(|y| *y <= price) as f64;
            let against = (no.len() - no.partition_point(|n| *n < price)) as f64;
            let expected = (worth - price as f64) * for_it / (for_it + against).max(1.0);
            if best.is_none_or(|b| expected > b.0 || expected == b.0 && price > b.1) {
                best = Some((expected, price));
            }
        }
        best.map(|b| key(b.1))
    }
}

impl Agent for BeliefLearner {
    fn wake(&mut self, tag: u32, ctx: &mut Context<'_>) {
        if tag == 0 {
            self.values.draw(ctx.draws());
        } else {
            ctx.cancel_all();
            if let Some((side, worth)) = self.values.side_and_worth(ctx) {
                let venue = ctx.home();
                self.rows.clear();
                self.rows.extend(ctx.tape(venue, self.memory).copied());
                match self.best_price(side, worth) {
                    Some(price) => drop(ctx.limit(venue, side, price, 1)),
                    None => {
                        let surplus = self.values.ask_surplus(ctx.draws());
                        self.values.trade(ctx, side, worth, surplus);
                    }
                }
            }
        }
        let wait = ctx.draws().exponential_ns(self.values.rate);
        ctx.wake_in(wait, 1);
    }

    fn reads_tape(&self) -> bool {
        true
    }

    forks!();
}

#[derive(Clone, Debug)]
struct Follower {
    rate: f64,
    lots: u64,
    strength: f64,
}

impl Agent for Follower {
    fn wake(&mut self, tag: u32, ctx: &mut Context<'_>) {
        if tag == 1 {
            let venue = ctx.home();
            let quote = ctx.quote(venue);
            let (bid, ask) = if quote.bid_depth + quote.ask_depth > 0 {
                (quote.bid_depth as f64, quote.ask_depth as f64)
            } else {
                (quote.bid_qty as f64, quote.ask_qty as f64)
            };
            if quote.is_two_sided() {
                let imbalance = (bid - ask) / (bid + ask);
                let p = 1.0 / (1.0 + libm::exp(-self.strength * imbalance));
                let side = if ctx.draws().chance(p) { Side::Buy } else { Side::Sell };
                ctx.ioc(venue, side, quote.best(!side), self.lots);
            }
        }
        let wait = ctx.draws().exponential_ns(self.rate);
        ctx.wake_in(wait, 1);
    }

    forks!();
}
