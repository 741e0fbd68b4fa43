//! Execution of a large order: along a schedule (TWAP, VWAP, Almgren–Chriss), as a share of the volume (POV), at once.

use std::collections::VecDeque;

use toprung_book::Side;

use super::params::{int, lots, ns, real, side};
use super::{Build, KindSpec, ParamSpec, forks};
use crate::kernel::{Agent, Context, Notice};

const SIDE: ParamSpec = side("1 buys, -1 sells");
const LOTS: ParamSpec = lots("lots", 1000.0, "what is to be executed");
const DURATION: ParamSpec = ns("durationNs", 6e10, "time that it takes, from its start");
const SLICE: ParamSpec = ns("sliceNs", 1e9, "time between two orders");

pub(super) const KINDS: &[KindSpec] = &[
    KindSpec {
        kind: "twap",
        doc: "Equal parts at equal times, as market orders; what did not fill is added to the next.",
        venues: (1, 1),
        params: &[SIDE, LOTS, DURATION, SLICE],
        build: |b| Box::new(Scheduled::new(b, Curve::Even)),
    },
    KindSpec {
        kind: "vwap",
        doc: "Parts in proportion to a U-shaped volume curve, a + b(2t/T − 1)² with a + b/3 = 1.",
        venues: (1, 1),
        params: &[
            SIDE,
            LOTS,
            DURATION,
            SLICE,
            real("floor", 0.65, 0.01, 1.0, "a: volume in the middle of the day against its mean"),
        ],
        build: |b| Box::new(Scheduled::new(b, Curve::UShaped { floor: b.params.f("floor") })),
    },
    KindSpec {
        kind: "almgren-chriss",
        doc: "What is left after t is X·sinh(κ(T − t))/sinh(κT) (Almgren and Chriss 2000).",
        venues: (1, 1),
        params: &[SIDE, LOTS, DURATION, SLICE, real("urgency", 2.0, 1e-6, 50.0, "κT: 0 is TWAP, large is at once")],
        build: |b| Box::new(Scheduled::new(b, Curve::AlmgrenChriss { urgency: b.params.f("urgency") })),
    },
    KindSpec {
        kind: "pov",
        doc: "A share φ of the volume: φ/(1 − φ) of what others traded in the last `lookbackNs`, spread over that time, as \
              market orders and without regard to the price.",
        venues: (1, 1),
        params: &[
            SIDE,
            LOTS,
            SLICE,
            ns("lookbackNs", 6e10, "over which the others' volume is taken"),
            real("share", 0.1, 1e-6, 0.99, "φ"),
        ],
        build: |b| {
            let p = &b.params;
            Box::new(Participation {
                side: p.side(),
                lots: p.u("lots"),
                slice_ns: p.u("sliceNs"),
                lookback_ns: p.u("lookbackNs"),
                share: p.f("share"),
                volumes: VecDeque::new(),
                owed: 0.0,
                sent: 0,
            })
        },
    },
    KindSpec {
        kind: "impulse",
        doc: "One market order, at its start.",
        venues: (1, 1),
        params: &[SIDE, LOTS],
        build: |b| Box::new(Impulse { side: b.params.side(), lots: b.params.u("lots") }),
    },
    KindSpec {
        kind: "resting",
        doc: "One limit order at its start, some ticks from the touch, and nothing more: to see what becomes of it.",
        venues: (1, 1),
        params: &[SIDE, LOTS, int("offset", 0.0, 0.0, 1e9, "ticks behind the best price of its side")],
        build: |b| {
            let p = &b.params;
            Box::new(Resting { side: p.side(), lots: p.u("lots"), offset: p.i("offset") })
        },
    },
];

/// Share of the order that is to be done by a share of the time.
#[derive(Clone, Copy, Debug)]
enum Curve {
    Even,
    UShaped { floor: f64 },
    AlmgrenChriss { urgency: f64 },
}

impl Curve {
    fn done(self, t: f64) -> f64 {
        match self {
            Curve::Even => t,
            Curve::UShaped { floor } => {
                let slope = 3.0 * (1.0 - floor);
                let x = 2.0 * t - 1.0;
                floor * t + slope * (x * x * x + 1.0) / 6.0
            }
            Curve::AlmgrenChriss { urgency } => 1.0 - libm::sinh(urgency * (1.0 - t)) / libm::sinh(urgency),
        }
    }
}

#[derive(Clone, Debug)]
struct Scheduled {
    curve: Curve,
    side: Side,
    lots: u64,
    duration_ns: u64,
    slice_ns: u64,
    start_ns: Option<u64>,
    filled: u64,
    /// Sent and not yet heard of.
    under_way: u64,
}

impl Scheduled {
    fn new(b: &Build<'_>, curve: Curve) -> Scheduled {
        let p = &b.params;
        Scheduled {
            curve,
            side: p.side(),
            lots: p.u("lots"),
            duration_ns: p.u("durationNs"),
            slice_ns: p.u("sliceNs"),
            start_ns: None,
            filled: 0,
            under_way: 0,
        }
    }
}

impl Agent for Scheduled {
    fn wake(&mut self, _: u32, ctx: &mut Context<'_>) {
        let start = *self.start_ns.get_or_insert(ctx.now_ns());
        // The part of a slice is sent at its beginning.
        let t = ((ctx.now_ns() - start + self.slice_ns) as f64 / self.duration_ns as f64).min(1.0);
        let target = (self.lots as f64 * self.curve.done(t)).round() as u64;
        let target = if t >= 1.0 { self.lots } else { target };
        let part = target.saturating_sub(self.filled + self.under_way);
        if part > 0 {
            self.under_way += part;
            let venue = ctx.home();
            ctx.market(venue, self.side, part);
        }
        if self.filled < self.lots {
            ctx.wake_in(self.slice_ns, 0);
        }
    }

    fn notice(&mut self, notice: &Notice, _: &mut Context<'_>) {
        self.under_way = self.under_way.saturating_sub(notice.qty);
        if matches!(notice.kind, crate::kernel::NoticeKind::Taker) {
            self.filled += notice.qty;
        }
    }

    forks!();
}

#[derive(Clone, Debug)]
struct Participation {
    side: Side,
    lots: u64,
    slice_ns: u64,
    lookback_ns: u64,
    share: f64,
    /// Times, and the others' volume up to then.
    volumes: VecDeque<(u64, u64)>,
    owed: f64,
    sent: u64,
}

impl Agent for Participation {
    fn wake(&mut self, _: u32, ctx: &mut Context<'_>) {
        let venue = ctx.home();
        let own = ctx.account().bought + ctx.account().sold;
        let others = ctx.quote(venue).volume.saturating_sub(own);
        let now = ctx.now_ns();
        self.volumes.push_back((now, others));
        while self.volumes.get(1).is_some_and(|v| v.0 + self.lookback_ns <= now) {
            self.volumes.pop_front();
        }
        let (since, before) = self.volumes[0];
        // What was owed and did not fill is not made up for: the share is of what is traded now.
        if now > since {
            let traded = others.saturating_sub(before) as f64;
            self.owed += self.share / (1.0 - self.share) * traded * self.slice_ns as f64 / (now - since) as f64;
        }
        let part = (self.owed as u64).min(self.lots - self.sent);
        if part > 0 {
            self.owed -= part as f64;
            self.sent += part;
            ctx.market(venue, self.side, part);
        }
        if self.sent < self.lots {
            ctx.wake_in(self.slice_ns, 0);
        }
    }

    fn notice(&mut self, notice: &Notice, _: &mut Context<'_>) {
        if matches!(notice.kind, crate::kernel::NoticeKind::Ended(_)) {
            self.sent = self.sent.saturating_sub(notice.qty);
        }
    }

    forks!();
}

#[derive(Clone, Debug)]
struct Impulse {
    side: Side,
    lots: u64,
}

impl Agent for Impulse {
    fn wake(&mut self, _: u32, ctx: &mut Context<'_>) {
        let venue = ctx.home();
        ctx.market(venue, self.side, self.lots);
    }

    forks!();
}

#[derive(Clone, Debug)]
struct Resting {
    side: Side,
    lots: u64,
    offset: i64,
}

impl Agent for Resting {
    fn wake(&mut self, _: u32, ctx: &mut Context<'_>) {
        let venue = ctx.home();
        let best = ctx.quote(venue).best(self.side);
        let price = if self.side == Side::Buy { best - self.offset } else { best + self.offset };
        ctx.limit(venue, self.side, price, self.lots);
    }

    forks!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_begin_and_end_where_they_must_and_have_their_shape() {
        for curve in [Curve::Even, Curve::UShaped { floor: 0.65 }, Curve::AlmgrenChriss { urgency: 3.0 }] {
            assert!(curve.done(0.0).abs() < 1e-12 && (curve.done(1.0) - 1.0).abs() < 1e-12);
            assert!((1..100).all(|k| curve.done(f64::from(k) / 100.0) > curve.done(f64::from(k - 1) / 100.0)));
        }
        // The first tenth of a U-shaped day against the middle one.
        let u = Curve::UShaped { floor: 0.65 };
        let (open, noon) = (u.done(0.1), u.done(0.55) - u.done(0.45));
        assert!((open / noon - (0.65 + 1.05 * 0.813_333) / (0.65 + 1.05 * 0.003_333)).abs() < 1e-3, "{}", open / noon);
        // What Almgren and Chriss have left in the middle.
        let left = 1.0 - Curve::AlmgrenChriss { urgency: 3.0 }.done(0.5);
        assert!((left - 1.5_f64.sinh() / 3.0_f64.sinh()).abs() < 1e-12);
    }
}
