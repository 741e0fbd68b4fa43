//! Manipulation: spoofing, layering, quote stuffing. To study what it does and how it is found.

use toprung_book::Side;

use super::params::{int, lots, ns, real, side};
use super::{KindSpec, ParamSpec, forks};
use crate::kernel::{Agent, Context, Notice, NoticeKind};

const SIDE: ParamSpec = side("what the round trip ends with: -1 sells what it bought, 1 buys what it sold");
const GENUINE: ParamSpec = lots("genuineLots", 1.0, "size of the order that is meant");
const GAIN: ParamSpec = int("gainTicks", 2.0, 0.0, 1e6, "ticks of the genuine order beyond the best price of its side");
const CYCLE: ParamSpec = ns("cycleNs", 1e10, "time between two round trips");
const HOLD: ParamSpec = ns("holdNs", 5e9, "longest time that the false orders stay in a round trip");

pub(super) const KINDS: &[KindSpec] = &[
    KindSpec {
        kind: "spoofer",
        doc: "Takes a small position, rests a small genuine order at the best price to get out of it and a large one a tick \
              behind the other side's best that it keeps there as the touch moves; when the genuine order fills, or in the \
              end, it cancels the large one.",
        venues: (1, 1),
        params: &[
            SIDE,
            GENUINE,
            GAIN,
            lots("spoofLots", 50.0, "size of the false order"),
            CYCLE,
            HOLD,
            int("behind", 1.0, 1.0, 1000.0, "ticks behind the best price"),
        ],
        build: |b| {
            let p = &b.params;
            Box::new(Spoofer::new(p, 1, p.u("spoofLots"), p.i("behind"), 0))
        },
    },
    KindSpec {
        kind: "layerer",
        doc: "A spoofer with false orders on several levels, which it cancels within a moment of the fill.",
        venues: (1, 1),
        params: &[
            SIDE,
            GENUINE,
            GAIN,
            lots("layerLots", 20.0, "size of each false order"),
            int("levels", 5.0, 1.0, 100.0, "levels with false orders"),
            CYCLE,
            HOLD,
            ns("cancelNs", 5e7, "how long after the fill it cancels"),
            int("behind", 1.0, 1.0, 1000.0, "ticks of the first of them behind the best price"),
        ],
        build: |b| {
            let p = &b.params;
            Box::new(Spoofer::new(p, p.i("levels"), p.u("layerLots"), p.i("behind"), p.u("cancelNs")))
        },
    },
    KindSpec {
        kind: "stuffer",
        doc: "In bursts sends orders far from the touch and cancels each after a moment.",
        venues: (1, 1),
        params: &[
            real("pairsPerSecond", 1e5, 1e-3, 1e7, "orders per second within a burst, at exponential times"),
            ns("burstNs", 1e9, "length of a burst"),
            ns("pauseNs", 1e9, "time between two bursts"),
            ns("lifeNs", 5e4, "after which an order is cancelled"),
            int("offset", 20.0, 1.0, 1e6, "ticks behind the best price"),
        ],
        build: |b| {
            let p = &b.params;
            Box::new(Stuffer {
                rate: p.f("pairsPerSecond"),
                burst_ns: p.u("burstNs"),
                pause_ns: p.u("pauseNs"),
                life_ns: p.u("lifeNs"),
                offset: p.i("offset"),
                burst_end_ns: 0,
            })
        },
    },
];

/// Timers of a [`Spoofer`].
const BEGIN: u32 = 0;
const GIVE_UP: u32 = 1;
const TAKE_OFF: u32 = 2;

#[derive(Clone, Debug)]
struct Spoofer {
    exit: Side,
    genuine_lots: u64,
    gain: i64,
    false_lots: u64,
    levels: i64,
    behind: i64,
    cycle_ns: u64,
    hold_ns: u64,
    cancel_ns: u64,
    /// The genuine order, while a round trip lasts.
    genuine: Option<u64>,
    /// False orders are out.
    posing: bool,
    round: u32,
}

impl Spoofer {
    fn new(p: &super::Params<'_>, levels: i64, false_lots: u64, behind: i64, cancel_ns: u64) -> Spoofer {
        Spoofer {
            exit: p.side(),
            genuine_lots: p.u("genuineLots"),
            gain: p.i("gainTicks"),
            false_lots,
            levels,
            behind,
            cycle_ns: p.u("cycleNs"),
            hold_ns: p.u("holdNs"),
            cancel_ns,
            genuine: None,
            posing: false,
            round: 0,
        }
    }

    /// Puts the false orders where they belong now.
    fn pose(&self, ctx: &mut Context<'_>) {
        let venue = ctx.home();
        let quote = ctx.quote(venue);
        let side = !self.exit;
        // Where nobody else rests at the best price there is nothing to stand behind: everybody could see who it is.
        let own: u64 =
            ctx.open_orders().iter().filter(|o| o.side == side && o.price == quote.best(side)).map(|o| o.qty).sum();
        if quote.best_qty(side) <= own {
            let genuine = self.genuine;
            ctx.cancel_where(|o| Some(o.id) != genuine);
            return;
        }
        let away = if side == Side::Buy { -1 } else { 1 };
        let wanted: Vec<i64> = (0..self.levels).map(|k| quote.best(side) + away * (self.behind + k)).collect();
        let genuine = self.genuine;
        ctx.cancel_where(|o| Some(o.id) != genuine && !wanted.contains(&o.price));
        for price in wanted {
            if !ctx.open_orders().iter().any(|o| o.side == side && o.price == price) {
                ctx.post(venue, side, price, self.false_lots);
            }
        }
    }

    fn end(&mut self, ctx: &mut Context<'_>) {
        (self.genuine, self.posing) = (None, false);
        ctx.cancel_all();
    }
}

impl Agent for Spoofer {
    fn wake(&mut self, tag: u32, ctx: &mut Context<'_>) {
        match tag & 3 {
            BEGIN => {
                let venue = ctx.home();
                self.round += 1;
                if !ctx.quote(venue).is_two_sided() {
                    ctx.wake_in(self.cycle_ns, BEGIN);
                    return;
                }
                // Whatever an unfinished round left is got out of with this one.
                ctx.market(venue, !self.exit, self.genuine_lots);
                let gain = if self.exit == Side::Sell { self.gain } else { -self.gain };
                let price = ctx.quote(venue).best(self.exit) + gain;
                self.genuine = Some(ctx.limit(venue, self.exit, price, self.genuine_lots));
                self.posing = true;
                self.pose(ctx);
                ctx.wake_in(self.hold_ns.min(self.cycle_ns), GIVE_UP | self.round << 2);
                ctx.wake_in(self.cycle_ns, BEGIN);
            }
            GIVE_UP if self.posing && tag >> 2 == self.round => {
                self.end(ctx);
                let left = ctx.account().position;
                let venue = ctx.home();
                if left != 0 {
                    ctx.market(venue, if left > 0 { Side::Sell } else { Side::Buy }, left.unsigned_abs());
                }
            }
            TAKE_OFF => self.end(ctx),
            _ => {}
        }
    }

    fn notice(&mut self, notice: &Notice, ctx: &mut Context<'_>) {
        let mine = |o: &&crate::kernel::OpenOrder| Some(o.id) == self.genuine;
        if self.posing && Some(notice.order) == self.genuine && ctx.open_orders().iter().find(mine).is_none() {
            self.posing = false;
            if self.cancel_ns == 0 {
                self.end(ctx);
            } else {
                ctx.wake_in(self.cancel_ns, TAKE_OFF);
            }
        } else if notice.kind == NoticeKind::Maker && Some(notice.order) != self.genuine {
            // A false order that filled is got rid of.
            let venue = ctx.home();
            ctx.market(venue, !notice.side, notice.qty);
        }
    }

    fn touch_moved(&mut self, _: u16, ctx: &mut Context<'_>) {
        if self.posing {
            self.pose(ctx);
        }
    }

    fn follows_touch(&self) -> bool {
        true
    }

    forks!();
}

#[derive(Clone, Debug)]
struct Stuffer {
    rate: f64,
    burst_ns: u64,
    pause_ns: u64,
    life_ns: u64,
    offset: i64,
    burst_end_ns: u64,
}

/// Timers of a [`Stuffer`]: the next order, or the end of the oldest one's life.
const NEXT: u32 = 0;
const OLDEST: u32 = 1;

impl Agent for Stuffer {
    fn wake(&mut self, tag: u32, ctx: &mut Context<'_>) {
        let venue = ctx.home();
        if tag == OLDEST {
            if let Some(oldest) = ctx.open_orders().first().copied() {
                ctx.cancel(venue, oldest.id);
            }
            return;
        }
        if ctx.now_ns() >= self.burst_end_ns {
            self.burst_end_ns = ctx.now_ns() + self.burst_ns;
        }
        let quote = ctx.quote(venue);
        let side = Side::BOTH[ctx.draws().below(2) as usize];
        let price = if side == Side::Buy { quote.bid - self.offset } else { quote.ask + self.offset };
        ctx.post(venue, side, price, 1);
        ctx.wake_in(self.life_ns, OLDEST);
        let wait = ctx.draws().exponential_ns(self.rate);
        let next = ctx.now_ns().saturating_add(wait);
        ctx.wake_at(if next < self.burst_end_ns { next } else { self.burst_end_ns + self.pause_ns }, NEXT);
    }

    forks!();
}
