//! Traders who know what the instrument is worth.

use toprung_book::Side;

use super::params::{lots, ns, real};
use super::{KindSpec, ParamSpec, forks};
use crate::kernel::{Agent, Context};

pub(super) const DELAY: ParamSpec =
    super::params::int("newsDelayNs", 0.0, 0.0, 3.6e15, "how late it learns what the instrument is worth");

pub(super) const KINDS: &[KindSpec] = &[
    KindSpec {
        kind: "kyle",
        doc: "Trades β·(value − mid) lots in every interval (Kyle 1985, with a book in place of the dealer).",
        venues: (1, 1),
        params: &[
            ns("intervalNs", 1e9, "time between two orders"),
            real("beta", 1.0, 0.0, 1e9, "lots per tick of mispricing"),
            real("maxLots", 1000.0, 1.0, 1e9, "most lots in one order"),
            DELAY,
        ],
        build: |b| {
            let p = &b.params;
            Box::new(Kyle {
                interval_ns: p.u("intervalNs"),
                beta: p.f("beta"),
                max: p.f("maxLots"),
                delay_ns: p.u("newsDelayNs"),
            })
        },
    },
    KindSpec {
        kind: "glosten-milgrom",
        doc: "A stream of market orders: with the given probability from somebody who knows the value and buys below it or \
              sells above it, else from somebody who tosses a coin (Glosten and Milgrom 1985).",
        venues: (1, 1),
        params: &[
            real("ratePerSecond", 1.0, 0.0, 1e6, "orders per second, at exponential times"),
            lots("lots", 1.0, "size of an order"),
            real("informedShare", 0.2, 0.0, 1.0, "probability that the next trader knows the value"),
            DELAY,
        ],
        build: |b| {
            let p = &b.params;
            Box::new(Informed {
                rate: p.f("ratePerSecond"),
                lots: p.u("lots"),
                share: p.f("informedShare"),
                delay_ns: p.u("newsDelayNs"),
            })
        },
    },
    KindSpec {
        kind: "sniper",
        doc: "Looks at exponential times, and when the value is beyond a quote by more than its threshold takes what rests \
              there, up to its size.",
        venues: (1, 1),
        params: &[
            real("ratePerSecond", 10.0, 0.0, 1e6, "looks per second, at exponential times"),
            lots("lots", 1.0, "most lots in one order"),
            real("threshold", 1.0, 0.0, 1e9, "least gain per lot, ticks"),
            real("urgency", 0.0, 0.0, 1e6, "further looks per second and tick of mispricing beyond the threshold"),
            DELAY,
        ],
        build: |b| {
            let p = &b.params;
            Box::new(Sniper {
                rate: p.f("ratePerSecond"),
                lots: p.u("lots"),
                threshold: p.f("threshold"),
                urgency: p.f("urgency"),
                delay_ns: p.u("newsDelayNs"),
            })
        },
    },
];

#[derive(Clone, Debug)]
struct Kyle {
    interval_ns: u64,
    beta: f64,
    max: f64,
    delay_ns: u64,
}

impl Agent for Kyle {
    fn wake(&mut self, _: u32, ctx: &mut Context<'_>) {
        let venue = ctx.home();
        let quote = ctx.quote(venue);
        if quote.is_two_sided() {
            let wanted = self.beta * (ctx.fundamental(self.delay_ns) - quote.mid());
            let lots = wanted.abs().min(self.max).round() as u64;
            if lots > 0 {
                ctx.market(venue, if wanted > 0.0 { Side::Buy } else { Side::Sell }, lots);
            }
        }
        ctx.wake_in(self.interval_ns, 0);
    }

    forks!();
}

#[derive(Clone, Debug)]
struct Informed {
    rate: f64,
    lots: u64,
    share: f64,
    delay_ns: u64,
}

impl Agent for Informed {
    fn wake(&mut self, tag: u32, ctx: &mut Context<'_>) {
        if tag == 1 {
            let venue = ctx.home();
            let quote = ctx.quote(venue);
            let knows = ctx.draws().chance(self.share);
            let coin = Side::BOTH[ctx.draws().below(2) as usize];
            let value = ctx.fundamental(self.delay_ns);
            let side = match knows {
                false => Some(coin),
                true if quote.ask_qty > 0 && value > quote.ask as f64 => Some(Side::Buy),
                true if quote.bid_qty > 0 && value < quote.bid as f64 => Some(Side::Sell),
                true => None,
            };
            if let Some(side) = side {
                ctx.market(venue, side, self.lots);
            }
        }
        let wait = ctx.draws().exponential_ns(self.rate);
        ctx.wake_in(wait, 1);
    }

    forks!();
}

#[derive(Clone, Debug)]
struct Sniper {
    rate: f64,
    lots: u64,
    threshold: f64,
    urgency: f64,
    delay_ns: u64,
}

impl Agent for Sniper {
    fn wake(&mut self, tag: u32, ctx: &mut Context<'_>) {
        let venue = ctx.home();
        let quote = ctx.quote(venue);
        let value = ctx.fundamental(self.delay_ns);
        let gain = |side: Side| {
            let price = quote.best(!side) as f64;
            let gain = if side == Side::Buy { value - price } else { price - value };
            if quote.best_qty(!side) > 0 { gain - self.threshold } else { f64::NEG_INFINITY }
        };
        let side = if gain(Side::Buy) >= gain(Side::Sell) { Side::Buy } else { Side::Sell };
        if tag == 1 && gain(side) > 0.0 {
            ctx.ioc(venue, side, quote.best(!side), self.lots);
        }
        let rate = self.rate + self.urgency * gain(side).max(0.0);
        let wait = ctx.draws().exponential_ns(rate);
        ctx.wake_in(wait, 1);
    }

    forks!();
}
