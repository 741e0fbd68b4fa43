//! Arbitrage: between venues of one instrument, and between a fund and what is in it.

use toprung_book::Side;

use super::params::{int, lots, real};
use super::{KindSpec, forks};
use crate::kernel::{Agent, Context, Notice, Quote};

pub(super) const KINDS: &[KindSpec] = &[
    KindSpec {
        kind: "latency-arbitrageur",
        doc: "Whenever one venue bids more than another asks, it buys there and sells here at once (Wah and Wellman 2013).",
        venues: (2, 16),
        params: &[
            lots("lots", 100.0, "most lots at a time"),
            int("minGain", 1.0, 1.0, 1e9, "least difference of the prices, ticks"),
        ],
        build: |b| Box::new(BetweenVenues { lots: b.params.u("lots"), min_gain: b.params.i("minGain") }),
    },
    KindSpec {
        kind: "etf-arbitrageur",
        doc: "The first venue trades a fund, the others what it holds in equal parts. When the fund's bid is above the mean of \
              their offers it sells the fund and buys them, and the other way round.",
        venues: (2, 64),
        params: &[
            lots("lots", 1.0, "lots of each holding at a time; of the fund as many times that as there are holdings"),
            real("threshold", 0.5, 0.0, 1e9, "least gain per lot of the fund, ticks"),
        ],
        build: |b| Box::new(Fund { lots: b.params.u("lots"), threshold: b.params.f("threshold"), under_way: 0 }),
    },
];

#[derive(Clone, Debug)]
struct BetweenVenues {
    lots: u64,
    min_gain: i64,
}

impl BetweenVenues {
    fn look(&self, ctx: &mut Context<'_>) {
        let venues = ctx.venues();
        let quotes: Vec<Quote> = venues.iter().map(|v| ctx.quote(*v)).collect();
        let bid = (0..venues.len()).filter(|k| quotes[*k].bid_qty > 0).max_by_key(|k| (quotes[*k].bid, usize::MAX - k));
        let ask = (0..venues.len()).filter(|k| quotes[*k].ask_qty > 0).min_by_key(|k| (quotes[*k].ask, *k));
        let (Some(bid), Some(ask)) = (bid, ask) else { return };
        if bid != ask && quotes[bid].bid - quotes[ask].ask >= self.min_gain {
            let lots = quotes[bid].bid_qty.min(quotes[ask].ask_qty).min(self.lots);
            ctx.ioc(venues[ask], Side::Buy, quotes[ask].ask, lots);
            ctx.ioc(venues[bid], Side::Sell, quotes[bid].bid, lots);
        }
    }
}

impl Agent for BetweenVenues {
    fn wake(&mut self, _: u32, ctx: &mut Context<'_>) {
        self.look(ctx);
    }

    fn touch_moved(&mut self, _: u16, ctx: &mut Context<'_>) {
        self.look(ctx);
    }

    fn follows_touch(&self) -> bool {
        true
    }

    forks!();
}

#[derive(Clone, Debug)]
struct Fund {
    lots: u64,
    threshold: f64,
    /// Lots sent and not yet heard of: one deal at a time.
    under_way: u64,
}

impl Fund {
    fn look(&mut self, ctx: &mut Context<'_>) {
        if self.under_way > 0 {
            return;
        }
        let venues = ctx.venues();
        let quotes: Vec<Quote> = venues.iter().map(|v| ctx.quote(*v)).collect();
        if !quotes.iter().all(Quote::is_two_sided) {
            return;
        }
        let (fund, holdings) = (&quotes[0], &quotes[1..]);
        let mean =
            |price: fn(&Quote) -> i64| holdings.iter().map(|q| price(q) as f64).sum::<f64>() / holdings.len() as f64;
        let rich = fund.bid as f64 - mean(|q| q.ask);
        let cheap = mean(|q| q.bid) - fund.ask as f64;
        let side = if rich > self.threshold {
            Side::Sell
        } else if cheap > self.threshold {
            Side::Buy
        } else {
            return;
        };
        let fund_lots = self.lots * holdings.len() as u64;
        self.under_way = 2 * fund_lots;
        ctx.market(venues[0], side, fund_lots);
        for venue in &venues[1..] {
            ctx.market(*venue, !side, self.lots);
        }
    }
}

impl Agent for Fund {
    fn wake(&mut self, _: u32, ctx: &mut Context<'_>) {
        self.look(ctx);
    }

    fn notice(&mut self, notice: &Notice, ctx: &mut Context<'_>) {
        self.under_way = self.under_way.saturating_sub(notice.qty);
        self.look(ctx);
    }

    fn touch_moved(&mut self, _: u16, ctx: &mut Context<'_>) {
        self.look(ctx);
    }

    fn follows_touch(&self) -> bool {
        true
    }

    forks!();
}
