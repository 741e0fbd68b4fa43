//! Traders who come for an auction: those who want its price, and those who trade against its imbalance.

use toprung_book::{Side, TimeInForce};

use super::params::{int, lots, ns, real};
use super::{KindSpec, forks};
use crate::kernel::{Agent, Context};

pub(super) const KINDS: &[KindSpec] = &[
    KindSpec {
        kind: "auction-trader",
        doc: "Sends one order at a random time of its window: to buy or to sell by the toss of a coin, at the price of the auction \
              or with its own estimate of the value as the limit (market and limit on open or on close).",
        venues: (1, 1),
        params: &[
            ns("windowNs", 6e10, "within which it sends its order, from its start"),
            lots("lots", 1.0, "size of its order"),
            real("marketShare", 0.3, 0.0, 1.0, "probability that it takes any price"),
            real("noiseTicks", 30.0, 0.0, 1e9, "standard deviation of its estimate of the value"),
            int(
                "session",
                0.0,
                0.0,
                2.0,
                "0: a plain order, 1: for the opening auction only, 2: for the closing auction only",
            ),
        ],
        build: |b| {
            let p = &b.params;
            let tif = [TimeInForce::Gtc, TimeInForce::AtOpen, TimeInForce::AtClose][p.u("session") as usize];
            Box::new(AuctionTrader {
                window_ns: p.u("windowNs"),
                lots: p.u("lots"),
                market_share: p.f("marketShare"),
                noise: p.f("noiseTicks"),
                tif,
            })
        },
    },
    KindSpec {
        kind: "imbalance-trader",
        doc: "Reads what the auction would give, and offers the side that is short of lots what it lacks, at that price, where \
              that is not worse than the value by its own estimate.",
        venues: (1, 1),
        params: &[
            real("ratePerSecond", 1.0, 0.0, 1e6, "looks per second, at exponential times"),
            lots("lots", 10.0, "most lots in one order"),
            real("noiseTicks", 10.0, 0.0, 1e9, "standard deviation of its estimate of the value"),
        ],
        build: |b| {
            let p = &b.params;
            Box::new(ImbalanceTrader {
                rate: p.f("ratePerSecond"),
                lots: p.u("lots"),
                noise: p.f("noiseTicks"),
                error: None,
            })
        },
    },
];

#[derive(Clone, Debug)]
struct AuctionTrader {
    window_ns: u64,
    lots: u64,
    market_share: f64,
    noise: f64,
    tif: TimeInForce,
}

impl Agent for AuctionTrader {
    fn wake(&mut self, tag: u32, ctx: &mut Context<'_>) {
        if tag == 0 {
            let wait = ctx.draws().below(self.window_ns);
            return ctx.wake_in(wait, 1);
        }
        let venue = ctx.home();
        let side = Side::BOTH[ctx.draws().below(2) as usize];
        let (takes_any, error) = (ctx.draws().chance(self.market_share), self.noise * ctx.draws().normal());
        if takes_any {
            ctx.market_for(venue, side, self.lots, self.tif);
        } else {
            let price = (ctx.fundamental(0) + error).round() as i64;
            ctx.limit_for(venue, side, price, self.lots, self.tif);
        }
    }

    forks!();
}

#[derive(Clone, Debug)]
struct ImbalanceTrader {
    rate: f64,
    lots: u64,
    noise: f64,
    /// Of its estimate; drawn once.
    error: Option<f64>,
}

impl Agent for ImbalanceTrader {
    fn wake(&mut self, _: u32, ctx: &mut Context<'_>) {
        let venue = ctx.home();
        let error = match self.error {
            Some(error) => error,
            None => *self.error.insert(self.noise * ctx.draws().normal()),
        };
        if let Some(auction) = ctx.indicative(venue).filter(|a| a.surplus > 0) {
            let value = ctx.fundamental(0) + error;
            let side = !auction.side;
            let price = auction.price as f64;
            let gains = if side == Side::Buy { price <= value } else { price >= value };
            if gains {
                ctx.limit(venue, side, auction.price, auction.surplus.min(self.lots));
            }
        }
        let wait = ctx.draws().exponential_ns(self.rate);
        ctx.wake_in(wait, 0);
    }

    forks!();
}
