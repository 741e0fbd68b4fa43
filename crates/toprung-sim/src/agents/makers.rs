//! Market makers: Avellaneda–Stoikov, Guéant–Lehalle–Fernandez-Tapia, a ladder, and one that races to improve the price.

use std::collections::VecDeque;

use toprung_book::Side;

use super::params::{int, lots, ns, real};
use super::{KindSpec, forks};
use crate::kernel::{Agent, Context, Notice, NoticeKind};

const REQUOTE: super::ParamSpec = ns("requoteNs", 1e9, "time between two looks at its quotes");
const GAMMA: super::ParamSpec = real("gamma", 0.1, 1e-9, 1e6, "risk aversion γ, per tick and unit of `lots`");
const SIGMA: super::ParamSpec = real("sigma", 1.0, 0.0, 1e6, "volatility σ that it reckons with, ticks per √second");
const K: super::ParamSpec = real("k", 0.3, 1e-6, 1e6, "decay k of the fill rate A·e^(−kδ), per tick");
const MOST: super::ParamSpec = int(
    "maxPosition",
    100.0,
    1.0,
    1e9,
    "no bid at this position and above, no offer at its negative, in units of `lots`",
);

pub(super) const KINDS: &[KindSpec] = &[
    KindSpec {
        kind: "avellaneda-stoikov",
        doc: "Quotes about the reservation price mid − qγσ²τ, at half of γσ²τ + (2/γ)ln(1 + γ/k) to each side (Avellaneda and \
              Stoikov 2008). With `symmetric` it keeps the spread and forgets the inventory.",
        venues: (1, 1),
        params: &[
            REQUOTE,
            lots("lots", 1.0, "size of a quote"),
            GAMMA,
            SIGMA,
            K,
            real("horizonSeconds", 60.0, 0.0, 1e6, "τ; 0 is the time that is left of the run"),
            MOST,
            int("symmetric", 0.0, 0.0, 1.0, "1: quotes about the mid price"),
        ],
        build: |b| {
            let p = &b.params;
            let horizon = p.f("horizonSeconds");
            let law = Law::AvellanedaStoikov { horizon, end_ns: b.end_ns(), symmetric: p.u("symmetric") == 1 };
            Box::new(Quoter::new(b, law))
        },
    },
    KindSpec {
        kind: "glft",
        doc: "Quotes at (1/γ)ln(1 + γ/k) + ((1 ± 2q)/2)·√(σ²γ/(2kA)·(1 + γ/k)^(1 + k/γ)) from the mid price, the long-horizon \
              limit (Guéant, Lehalle and Fernandez-Tapia 2013).",
        venues: (1, 1),
        params: &[
            REQUOTE,
            lots("lots", 1.0, "size of a quote"),
            GAMMA,
            SIGMA,
            K,
            real("a", 1.0, 1e-9, 1e9, "fill rate A at the mid price, per second"),
            MOST,
        ],
        build: |b| Box::new(Quoter::new(b, Law::Glft { a: b.params.f("a") })),
    },
    KindSpec {
        kind: "ladder",
        doc: "Levels on both sides of the mid price, of a size that is a share of what traded of late, as far apart as the \
              spread says, leaning with the imbalance of what traded (the adaptive maker of ABIDES RMSC-04).",
        venues: (1, 1),
        params: &[
            real("ratePerSecond", 1.0 / 60.0, 1e-6, 1e6, "looks per second, at exponential times"),
            real("pov", 0.025, 0.0, 10.0, "size of a level as a share of the volume since the last look"),
            lots("minLots", 1.0, "least size of a level"),
            int("levels", 10.0, 1.0, 100.0, "levels on each side"),
            real("smoothing", 0.75, 0.0, 1.0, "weight of the new spread in the smoothed one"),
            real("levelSpacing", 5.0, 0.0, 1000.0, "ticks from level to level, in smoothed spreads"),
            real("skew", 4.0, 0.0, 1000.0, "ticks by which the mid price leans for the whole imbalance"),
        ],
        build: |b| {
            let f = |name| b.params.f(name);
            Box::new(Ladder {
                rate: f("ratePerSecond"),
                pov: f("pov"),
                min_lots: b.params.u("minLots"),
                levels: b.params.i("levels"),
                smoothing: f("smoothing"),
                spacing: f("levelSpacing"),
                skew: f("skew"),
                spread: None,
                seen: (0, 0),
            })
        },
    },
    KindSpec {
        kind: "racer",
        doc: "Whenever the spread opens it tries to be the first to better both prices by a tick, and takes its quotes off when \
              it was not, or when the market has moved on. While an order of its is under way it waits for the venue's \
              answer.",
        venues: (1, 1),
        params: &[
            lots("lots", 1.0, "size of a quote"),
            int("minSpread", 3.0, 2.0, 1e6, "least spread that it improves, ticks"),
            int("maxPosition", 50.0, 1.0, 1e9, "most lots long or short"),
        ],
        build: |b| {
            let p = &b.params;
            Box::new(Racer { lots: p.u("lots"), min_spread: p.i("minSpread"), max: p.i("maxPosition"), under_way: 0 })
        },
    },
];

#[derive(Clone, Debug)]
enum Law {
    AvellanedaStoikov { horizon: f64, end_ns: u64, symmetric: bool },
    Glft { a: f64 },
}

/// One bid and one offer, by a law of the inventory.
#[derive(Clone, Debug)]
struct Quoter {
    law: Law,
    requote_ns: u64,
    lots: u64,
    gamma: f64,
    sigma: f64,
    k: f64,
    max: i64,
}

impl Quoter {
    fn new(b: &super::Build<'_>, law: Law) -> Quoter {
        let p = &b.params;
        Quoter {
            law,
            requote_ns: p.u("requoteNs"),
            lots: p.u("lots"),
            gamma: p.f("gamma"),
            sigma: p.f("sigma"),
            k: p.f("k"),
            max: p.i("maxPosition"),
        }
    }

    /// How far below and above the mid price it quotes with `q` units of inventory, ticks.
    fn distances(&self, q: f64, now_ns: u64) -> (f64, f64) {
        let (gamma, k, variance) = (self.gamma, self.k, self.sigma * self.sigma);
        match self.law {
            Law::AvellanedaStoikov { horizon, end_ns, symmetric } => {
                let left = if horizon > 0.0 { horizon } else { end_ns.saturating_sub(now_ns) as f64 / 1e9 };
                let half = (gamma * variance * left + 2.0 / gamma * libm::log1p(gamma / k)) / 2.0;
                let lean = if symmetric { 0.0 } else { q * gamma * variance * left };
                (half + lean, half - lean)
            }
            Law::Glft { a } => {
                let base = libm::log1p(gamma / k) / gamma;
                let slope = libm::sqrt(variance * gamma / (2.0 * k * a) * libm::pow(1.0 + gamma / k, 1.0 + k / gamma));
                (base + (1.0 + 2.0 * q) / 2.0 * slope, base + (1.0 - 2.0 * q) / 2.0 * slope)
            }
        }
    }

    fn quote(&self, ctx: &mut Context<'_>) {
        let venue = ctx.home();
        let quote = ctx.quote(venue);
        ctx.cancel_all();
        if !quote.is_two_sided() {
            return;
        }
        let q = ctx.account().position as f64 / self.lots as f64;
        let (below, above) = self.distances(q, ctx.now_ns());
        // A quote beyond the other side's best would take, not make.
        let bid = ((quote.mid() - below).floor() as i64).min(quote.ask - 1);
        let ask = ((quote.mid() + above).ceil() as i64).max(quote.bid + 1).max(bid + 1);
        if (q as i64) < self.max {
            ctx.post(venue, Side::Buy, bid, self.lots);
        }
        if (q as i64) > -self.max {
            ctx.post(venue, Side::Sell, ask, self.lots);
        }
    }
}

impl Agent for Quoter {
    fn wake(&mut self, _: u32, ctx: &mut Context<'_>) {
        self.quote(ctx);
        ctx.wake_in(self.requote_ns, 0);
    }

    fn notice(&mut self, notice: &Notice, ctx: &mut Context<'_>) {
        if notice.kind == NoticeKind::Maker {
            self.quote(ctx);
        }
    }

    forks!();
}

#[derive(Clone, Debug)]
struct Ladder {
    rate: f64,
    pov: f64,
    min_lots: u64,
    levels: i64,
    smoothing: f64,
    spacing: f64,
    skew: f64,
    spread: Option<f64>,
    /// Volume and buy volume at the last look.
    seen: (u64, u64),
}

impl Agent for Ladder {
    fn wake(&mut self, tag: u32, ctx: &mut Context<'_>) {
        if tag == 0 {
            ctx.cancel_all();
            // The cancels take effect before it looks.
            ctx.wake_in(50, 1);
            return;
        }
        let venue = ctx.home();
        let quote = ctx.quote(venue);
        // Of an empty side the last price counts: somebody must begin.
        let now = quote.spread().max(1) as f64;
        let spread = self.spread.map_or(now, |s| self.smoothing * now + (1.0 - self.smoothing) * s);
        self.spread = Some(spread);
        let (volume, bought) = (quote.volume - self.seen.0, quote.buy_volume - self.seen.1);
        self.seen = (quote.volume, quote.buy_volume);
        let imbalance = if volume > 0 { 2.0 * bought as f64 / volume as f64 - 1.0 } else { 0.0 };
        let mid = quote.mid() + self.skew * imbalance;
        let size = ((self.pov * volume as f64).round() as u64).max(self.min_lots);
        let step = ((self.spacing * spread).round() as i64).max(1);
        let bid = (mid - spread / 2.0).floor() as i64;
        let ask = ((mid + spread / 2.0).ceil() as i64).max(bid + 1);
        for level in 0..self.levels {
            ctx.limit(venue, Side::Buy, bid - level * step, size);
            ctx.limit(venue, Side::Sell, ask + level * step, size);
        }
        let wait = ctx.draws().exponential_ns(self.rate);
        ctx.wake_in(wait, 0);
    }

    forks!();
}

#[derive(Clone, Debug)]
struct Racer {
    lots: u64,
    min_spread: i64,
    max: i64,
    /// Orders sent and not yet answered: who is slow would else answer every move of the touch with two more of them.
    under_way: u32,
}

impl Racer {
    fn look(&mut self, ctx: &mut Context<'_>) {
        if self.under_way > 0 {
            return;
        }
        let venue = ctx.home();
        let quote = ctx.quote(venue);
        // Off the touch is out of the race.
        ctx.cancel_where(|o| o.price != quote.best(o.side));
        if !quote.is_two_sided() || quote.spread() < self.min_spread || !ctx.open_orders().is_empty() {
            return;
        }
        let position = ctx.account().position;
        if position < self.max {
            ctx.post(venue, Side::Buy, quote.bid + 1, self.lots);
            self.under_way += 1;
        }
        if position > -self.max {
            ctx.post(venue, Side::Sell, quote.ask - 1, self.lots);
            self.under_way += 1;
        }
    }
}

impl Agent for Racer {
    fn wake(&mut self, _: u32, ctx: &mut Context<'_>) {
        self.look(ctx);
    }

    fn notice(&mut self, notice: &Notice, ctx: &mut Context<'_>) {
        if matches!(notice.kind, NoticeKind::Accepted | NoticeKind::Refused(_)) {
            self.under_way = self.under_way.saturating_sub(1);
            self.look(ctx);
        }
    }

    fn touch_moved(&mut self, _: u16, ctx: &mut Context<'_>) {
        self.look(ctx);
    }

    fn hears_acceptance(&self) -> bool {
        true
    }

    fn follows_touch(&self) -> bool {
        true
    }

    forks!();
}

/// Mids over a time, for those who compare now with before.
#[derive(Clone, Debug, Default)]
pub(super) struct PastMids(VecDeque<(u64, f64)>);

impl PastMids {
    /// Takes in the mid now and gives the one of `ns` ago, or the oldest there is.
    pub(super) fn look(&mut self, now_ns: u64, mid: f64, ns: u64) -> f64 {
        self.0.push_back((now_ns, mid));
        while self.0.get(1).is_some_and(|m| m.0 + ns <= now_ns) {
            self.0.pop_front();
        }
        self.0[0].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::FlowConfig;
    use crate::kernel::{AgentConfig, Latency, MarketConfig, VenueConfig, World};

    fn quoter(law: Law, gamma: f64) -> Quoter {
        Quoter { law, requote_ns: 1, lots: 1, gamma, sigma: 2.0, k: 1.5, max: 10 }
    }

    /// The spreads of the paper's setting at its start (T = 1, σ = 2, k = 1.5), and the reservation price.
    #[test]
    fn avellaneda_stoikov_quotes_are_those_of_the_formula() {
        for (gamma, spread) in
            [(0.01, 0.04 + 200.0 * (1.0_f64 + 0.01 / 1.5).ln()), (0.5, 2.0 + 4.0 * (1.0_f64 + 0.5 / 1.5).ln())]
        {
            let q = quoter(Law::AvellanedaStoikov { horizon: 1.0, end_ns: 0, symmetric: false }, gamma);
            let (below, above) = q.distances(3.0, 0);
            assert!((below + above - spread).abs() < 1e-12);
            assert!(((above - below) / 2.0 + 3.0 * gamma * 4.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_asymptotic_quotes_have_a_constant_sum_and_a_skew_linear_in_the_inventory() {
        let q = quoter(Law::Glft { a: 140.0 }, 0.1);
        let at = |inventory: f64| q.distances(inventory, 0);
        let (sum, slope) = (at(0.0).0 + at(0.0).1, at(1.0).0 - at(0.0).0);
        for inventory in [-5.0, -1.0, 2.0, 7.0] {
            let (below, above) = at(inventory);
            assert!((below + above - sum).abs() < 1e-12);
            assert!((below - above - 2.0 * inventory * slope).abs() < 1e-12);
        }
    }

    fn market(venues: usize, agents: Vec<AgentConfig>) -> World {
        let venue = VenueConfig { flow: Some(FlowConfig::default()), ..VenueConfig::default() };
        let config =
            MarketConfig { venues: vec![venue; venues], agents, duration_ns: 1_000_000_000, ..MarketConfig::default() };
        let mut world = World::open(&config, 0).unwrap();
        world.run();
        world
    }

    fn group(kind: &str, venues: u16, delay_ns: u64) -> AgentConfig {
        AgentConfig {
            name: kind.to_owned(),
            kind: kind.to_owned(),
            venues: (0..venues).collect(),
            orders: Latency::Constant { ns: delay_ns },
            ..AgentConfig::default()
        }
    }

    #[test]
    fn a_racer_waits_for_its_answer_before_it_sends_again() {
        let racer = AgentConfig { count: 3, ..group("racer", 1, 10_000_000) };
        let result = market(1, vec![racer]).into_result();
        for account in &result.groups[0].accounts {
            // Two orders at a time, and a hundred times their way in a second.
            assert!((20..=202).contains(&account.orders), "{} orders", account.orders);
        }
    }

    /// A fund's arbitrageur counts lots in its notices: of orders that were accepted it must hear nothing.
    #[test]
    fn nobody_else_is_told_of_accepted_orders_when_a_racer_is() {
        let fund = group("etf-arbitrageur", 3, 1_000);
        let idle = AgentConfig { params: [("minSpread".to_owned(), 1e6)].into(), ..group("racer", 1, 1_000) };
        let (alone, beside) = (market(3, vec![fund.clone()]), market(3, vec![fund, idle]));
        assert_eq!(alone.digest(), beside.digest());
        assert!(alone.into_result().groups[0].accounts[0].orders > 8, "the arbitrageur never trades");
    }
}
