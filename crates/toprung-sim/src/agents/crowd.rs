//! Crowds: many small traders of one kind as one agent with Poisson streams, whose rates depend on what the market does.

use toprung_book::Side;

use super::makers::PastMids;
use super::params::{int, lots, ns, real, side};
use super::{KindSpec, forks};
use crate::kernel::{Agent, Context};

pub(super) const KINDS: &[KindSpec] = &[
    KindSpec {
        kind: "maker-crowd",
        doc: "Limit orders on the ticks next to the opposite best price, each cancelled at random. When the mid price has \
              fallen far they withdraw: few new orders, quick cancels, and sales to be rid of what they hold. After a deep \
              fall they come back, some time later (the liquidity spiral of May 2010 in small).",
        venues: (1, 1),
        params: &[
            real("limitRate", 2.0, 0.0, 1e6, "orders per second, per tick and side"),
            int("ticks", 10.0, 1.0, 1000.0, "ticks next to the opposite best price"),
            real("cancelRate", 0.2, 0.0, 1e6, "cancels per second and order"),
            lots("lots", 1.0, "size of an order"),
            real("withdrawShare", 0.0012, 1e-9, 1.0, "fall of the mid price that makes them withdraw, as a share"),
            ns("memoryNs", 3e11, "over which the fall is taken; who has not watched that long does not withdraw"),
            ns("calmNs", 1.0, "how long they stay away after the fall was last so deep"),
            real("stayShare", 0.01, 0.0, 1.0, "share of new orders that still come when they have withdrawn"),
            real("panic", 5.0, 1.0, 1000.0, "factor of the rate of cancels then"),
            real("flattenRate", 0.0, 0.0, 1e6, "market orders per second to sell then"),
            real(
                "bottomShare",
                0.06,
                1e-9,
                1.0,
                "fall from their first look at which the sales stop for good; an interruption of trading counts as well",
            ),
            ns("returnNs", 3.5e10, "after the bottom, how long until they are back"),
        ],
        build: |b| {
            let f = |name| b.params.f(name);
            Box::new(MakerCrowd {
                limit_rate: f("limitRate"),
                ticks: b.params.u("ticks"),
                cancel_rate: f("cancelRate"),
                lots: b.params.u("lots"),
                withdraw_share: f("withdrawShare"),
                memory_ns: b.params.u("memoryNs"),
                calm_ns: b.params.u("calmNs"),
                stay_share: f("stayShare"),
                panic: f("panic"),
                flatten_rate: f("flattenRate"),
                bottom_share: f("bottomShare"),
                return_ns: b.params.u("returnNs"),
                mids: PastMids::default(),
                first: None,
                back_ns: None,
                withdrawn: false,
                away_ns: 0,
            })
        },
    },
    KindSpec {
        kind: "value-crowd",
        doc: "Market orders at a rate that grows with the mispricing beyond a threshold, and grows faster once the mid price has \
              been at the bottom.",
        venues: (1, 1),
        params: &[
            side("1: buys when the price is too low, -1: sells when it is too high"),
            real("value", 10_000.0, -1e15, 1e15, "what they take the instrument to be worth, ticks"),
            real("threshold", 0.02, 0.0, 1.0, "mispricing from which on they trade, as a share of the value"),
            real(
                "rate",
                40.0,
                0.0,
                1e6,
                "market orders per second for a whole of mispricing beyond the threshold, before the bottom",
            ),
            real("rateAfter", 400.0, 0.0, 1e6, "the same, after it"),
            real(
                "bottomShare",
                0.06,
                1e-9,
                1.0,
                "mispricing that is the bottom; an interruption of trading counts as well",
            ),
            ns("pauseNs", 5e9, "how long after the bottom the faster rate begins"),
            lots("lots", 1.0, "size of an order"),
        ],
        build: |b| {
            let f = |name| b.params.f(name);
            Box::new(ValueCrowd {
                side: b.params.side(),
                value: f("value"),
                threshold: f("threshold"),
                rates: (f("rate"), f("rateAfter")),
                bottom_share: f("bottomShare"),
                pause_ns: b.params.u("pauseNs"),
                lots: b.params.u("lots"),
                since_ns: None,
            })
        },
    },
];

/// Least time between two looks, ns: within it a crowd's rates are constant.
const LOOK_NS: u64 = 100_000_000;

/// Timers of a [`MakerCrowd`]: the next order of one of its streams, and its looks at the market.
const LOOK: u32 = 0;
const LIMIT: u32 = 1;
const CANCEL: u32 = 2;
const FLATTEN: u32 = 3;

#[derive(Clone, Debug)]
struct MakerCrowd {
    limit_rate: f64,
    ticks: u64,
    cancel_rate: f64,
    lots: u64,
    withdraw_share: f64,
    memory_ns: u64,
    calm_ns: u64,
    stay_share: f64,
    panic: f64,
    flatten_rate: f64,
    bottom_share: f64,
    return_ns: u64,
    mids: PastMids,
    /// When they looked first, and what they saw.
    first: Option<(u64, f64)>,
    /// When they are back, once there was a bottom.
    back_ns: Option<u64>,
    withdrawn: bool,
    /// Until when they stay away.
    away_ns: u64,
}

impl MakerCrowd {
    fn look(&mut self, ctx: &mut Context<'_>) {
        let venue = ctx.home();
        let (quote, now) = (ctx.quote(venue), ctx.now_ns());
        let mid = quote.mid();
        let before = self.mids.look(now, mid, self.memory_ns);
        let (since, first) = *self.first.get_or_insert((now, mid));
        if self.back_ns.is_none() && (mid < (1.0 - self.bottom_share) * first || !quote.open) {
            self.back_ns = Some(now + self.return_ns);
        }
        // A book that is just filling wanders: only a fall that they have seen in full counts.
        if now - since >= self.memory_ns && mid < (1.0 - self.withdraw_share) * before {
            self.away_ns = now + self.calm_ns;
        }
        self.withdrawn = now < self.back_ns.unwrap_or(self.away_ns);
    }

    /// Candidates come at the greatest rate and are thinned, so that no timer need be moved when a rate changes.
    fn next(&self, stream: u32, ctx: &mut Context<'_>) {
        let rate = match stream {
            LIMIT => 2.0 * self.limit_rate * self.ticks as f64,
            CANCEL => self.cancel_rate * self.panic * ctx.open_orders().len().max(1) as f64,
            _ => self.flatten_rate,
        };
        let wait = ctx.draws().exponential_ns(rate);
        ctx.wake_in(wait, stream);
    }
}

impl Agent for MakerCrowd {
    fn wake(&mut self, tag: u32, ctx: &mut Context<'_>) {
        let venue = ctx.home();
        match tag {
            LOOK => {
                if self.first.is_none() {
                    for stream in [LIMIT, CANCEL, FLATTEN] {
                        self.next(stream, ctx);
                    }
                }
                self.look(ctx);
                ctx.wake_in(LOOK_NS, LOOK);
                return;
            }
            LIMIT => {
                let (at, u) = (ctx.draws().below(2 * self.ticks), ctx.draws().uniform());
                if !self.withdrawn || u < self.stay_share {
                    let quote = ctx.quote(venue);
                    if at < self.ticks {
                        ctx.limit(venue, Side::Buy, quote.ask - 1 - at as i64, self.lots);
                    } else {
                        ctx.limit(venue, Side::Sell, quote.bid + 1 + (at - self.ticks) as i64, self.lots);
                    }
                }
            }
            CANCEL => {
                let (n, u) = (ctx.open_orders().len() as u64, ctx.draws().uniform());
                let at = ctx.draws().below(n) as usize;
                if n > 0 && (self.withdrawn || u * self.panic < 1.0) {
                    let order = ctx.open_orders()[at];
                    ctx.cancel(venue, order.id);
                }
            }
            _ => {
                if self.withdrawn && self.back_ns.is_none() {
                    ctx.market(venue, Side::Sell, self.lots);
                }
            }
        }
        self.next(tag, ctx);
    }

    forks!();
}

#[derive(Clone, Debug)]
struct ValueCrowd {
    side: Side,
    value: f64,
    threshold: f64,
    rates: (f64, f64),
    bottom_share: f64,
    pause_ns: u64,
    lots: u64,
    since_ns: Option<u64>,
}

impl Agent for ValueCrowd {
    fn wake(&mut self, _: u32, ctx: &mut Context<'_>) {
        let venue = ctx.home();
        let (quote, now) = (ctx.quote(venue), ctx.now_ns());
        let mid = quote.mid();
        let sign = if self.side == Side::Buy { 1.0 } else { -1.0 };
        let mispricing = sign * (self.value - mid) / self.value.abs().max(1.0);
        if self.since_ns.is_none() && (mispricing >= self.bottom_share || !quote.open) {
            self.since_ns = Some(now + self.pause_ns);
        }
        let rate = if self.since_ns.is_some_and(|since| now >= since) { self.rates.1 } else { self.rates.0 };
        let expected = rate * (mispricing - self.threshold).max(0.0) * LOOK_NS as f64 / 1e9;
        // A Poisson number by counting exponential times.
        let (mut sum, mut orders) = (ctx.draws().exponential(), 0);
        while sum < expected {
            orders += 1;
            sum += ctx.draws().exponential();
        }
        for _ in 0..orders {
            ctx.market(venue, self.side, self.lots);
        }
        ctx.wake_in(LOOK_NS, 0);
    }

    forks!();
}
