//! Traders without a market to make: noise, value, momentum, zero intelligence with private values.

use std::collections::VecDeque;

use toprung_book::Side;

use super::params::{int, lots, real};
use super::{Build, KindSpec, forks};
use crate::kernel::{Agent, Context, Draws};

const RATE: super::ParamSpec = real("ratePerSecond", 1.0, 0.0, 1e6, "wakes per second, at exponential times");
const SIZES: super::ParamSpec = int(
    "drawnSizes",
    0.0,
    0.0,
    1.0,
    "1: sizes from the mixture of ABIDES (a fifth log-normal, most of the rest 100 lots) instead of `lots`",
);

pub(super) const KINDS: &[KindSpec] = &[
    KindSpec {
        kind: "noise",
        doc: "Buys or sells by the toss of a coin at the opposite best price. With rate 0 it wakes once, early or late in the \
              day rather than in the middle (ABIDES RMSC-04).",
        venues: (1, 1),
        params: &[RATE, lots("lots", 1.0, "size of an order"), SIZES],
        build: |b| Box::new(Noise { rate: b.params.f("ratePerSecond"), size: Size::of(b), end_ns: b.end_ns() }),
    },
    KindSpec {
        kind: "value",
        doc: "Observes what the instrument is worth, with noise, filters what it saw and projects it to the end of the day; \
              buys below and sells above, near the opposite best price (ABIDES RMSC-04, with the variance propagated in time).",
        venues: (1, 1),
        params: &[
            RATE,
            lots("lots", 1.0, "size of an order"),
            SIZES,
            real("noiseTicks", 30.0, 1e-6, 1e9, "standard deviation of an observation"),
            real("meanTicks", 1e6, -1e15, 1e15, "where it believes the value to revert to"),
            real("reversion", 0.0, 0.0, 1e3, "mean reversion per second that it believes in"),
            real("volatility", 1.0, 0.0, 1e9, "volatility in ticks per √second that it believes in"),
            real("atTouch", 0.1, 0.0, 1.0, "probability to take the opposite best price without offset"),
        ],
        build: |b| Box::new(Value::new(b)),
    },
    KindSpec {
        kind: "momentum",
        doc: "Compares the mean of the last 20 mids that it polled with that of the last 50, and goes with the shorter \
              (ABIDES RMSC-04).",
        venues: (1, 1),
        params: &[RATE, lots("lots", 1.0, "size of an order"), SIZES],
        build: |b| {
            Box::new(Momentum {
                rate: b.params.f("ratePerSecond"),
                size: Size::of(b),
                mids: VecDeque::with_capacity(50),
            })
        },
    },
    KindSpec {
        kind: "zi",
        doc: "Zero intelligence with private values: bids or offers at what one lot more or less is worth to it, less a \
              random surplus. With two venues it takes the better one if it can trade there at once, by the quotes that it \
              sees (Gode and Sunder 1993; Wah and Wellman 2013).",
        venues: (1, 2),
        params: &[
            RATE,
            real("sigmaTicks", 20.0, 0.0, 1e9, "standard deviation of the private values"),
            int("maxPosition", 10.0, 1.0, 1000.0, "most lots long or short"),
            real("surplusMin", 0.0, 0.0, 1e9, "least surplus asked, ticks"),
            real("surplusMax", 50.0, 0.0, 1e9, "greatest surplus asked, ticks"),
            real("eagerness", 1.0, 0.0, 1.0, "takes the opposite best price if that gives this share of the surplus"),
            real("noiseTicks", 0.0, 0.0, 1e9, "standard deviation of an observation of the fundamental value"),
            super::informed::DELAY,
        ],
        build: |b| Box::new(ZeroIntelligence(PrivateValues::new(b))),
    },
];

/// Size of an order.
#[derive(Clone, Debug)]
pub(super) struct Size {
    lots: u64,
    drawn: bool,
}

impl Size {
    fn of(b: &Build<'_>) -> Size {
        Size { lots: b.params.u("lots"), drawn: b.params.u("drawnSizes") == 1 }
    }

    fn draw(&self, draws: &mut Draws) -> u64 {
        if !self.drawn {
            return self.lots;
        }
        let u = draws.uniform();
        let lots = if u < 0.2 {
            libm::exp(2.9 + 1.2 * draws.normal())
        } else {
            let hundreds = [(0.9, 1.0), (0.96, 2.0), (0.9929, 4.0), (0.9971, 5.0), (0.9988, 10.0)];
            let round = hundreds.iter().find(|h| u < h.0).map_or(6.0, |h| h.1);
            100.0 * round + 0.15 * draws.normal()
        };
        // From float to integer saturates.
        (lots.round() as u64).clamp(1, 100_000)
    }
}

#[derive(Clone, Debug)]
struct Noise {
    rate: f64,
    size: Size,
    end_ns: u64,
}

impl Agent for Noise {
    fn wake(&mut self, tag: u32, ctx: &mut Context<'_>) {
        if tag == 0 && self.rate <= 0.0 {
            // A U-quadratic time of the day, by inversion.
            let x = 0.5 + libm::cbrt(ctx.draws().uniform() / 4.0 - 0.125);
            let left = self.end_ns.saturating_sub(ctx.now_ns()) as f64;
            ctx.wake_in((left * x) as u64, 1);
            return;
        }
        if tag == 1 {
            let venue = ctx.home();
            let side = Side::BOTH[ctx.draws().below(2) as usize];
            let size = self.size.draw(ctx.draws());
            let quote = ctx.quote(venue);
            if quote.best_qty(!side) > 0 {
                ctx.limit(venue, side, quote.best(!side), size);
            }
        }
        let wait = ctx.draws().exponential_ns(self.rate);
        ctx.wake_in(wait, 1);
    }

    forks!();
}

#[derive(Clone, Debug)]
struct Value {
    rate: f64,
    size: Size,
    noise: f64,
    mean: f64,
    reversion: f64,
    volatility: f64,
    at_touch: f64,
    end_ns: u64,
    /// What it believes: value, its variance, and as of when.
    belief: Option<(f64, f64, u64)>,
}

impl Value {
    fn new(b: &Build<'_>) -> Value {
        let f = |name| b.params.f(name);
        Value {
            rate: f("ratePerSecond"),
            size: Size::of(b),
            noise: f("noiseTicks"),
            mean: f("meanTicks"),
            reversion: f("reversion"),
            volatility: f("volatility"),
            at_touch: f("atTouch"),
            end_ns: b.end_ns(),
            belief: None,
        }
    }

    /// Mean and variance after a time in which nothing was observed.
    fn propagate(&self, value: f64, variance: f64, ns: u64) -> (f64, f64) {
        let dt = ns as f64 / 1e9;
        let decay = libm::exp(-self.reversion * dt);
        let grown = if self.reversion > 0.0 {
            self.volatility * self.volatility * (1.0 - decay * decay) / (2.0 * self.reversion)
        } else {
            self.volatility * self.volatility * dt
        };
        (self.mean + (value - self.mean) * decay, variance * decay * decay + grown)
    }

    /// The value at the end of the day, as believed after a look now.
    fn estimate(&mut self, ctx: &mut Context<'_>) -> f64 {
        let noise = self.noise * ctx.draws().normal();
        let seen = ctx.fundamental(0) + noise;
        let now = ctx.now_ns();
        let (value, variance) = match self.belief {
            None => (seen, self.noise * self.noise),
            Some((value, variance, at)) => {
                let (value, variance) = self.propagate(value, variance, now - at);
                let (n, sum) = (self.noise * self.noise, self.noise * self.noise + variance);
                ((n * value + variance * seen) / sum, n * variance / sum)
            }
        };
        self.belief = Some((value, variance, now));
        self.propagate(value, variance, self.end_ns.saturating_sub(now)).0
    }
}

impl Agent for Value {
    fn wake(&mut self, tag: u32, ctx: &mut Context<'_>) {
        if tag == 1 {
            ctx.cancel_all();
            let estimate = self.estimate(ctx);
            let venue = ctx.home();
            let quote = ctx.quote(venue);
            let size = self.size.draw(ctx.draws());
            let (side, price) = if quote.is_two_sided() {
                let reach = (2 * quote.spread()).max(1) as u64;
                let offset = if ctx.draws().chance(self.at_touch) { 0 } else { ctx.draws().below(reach) as i64 };
                if estimate >= quote.mid() { (Side::Buy, quote.ask - offset) } else { (Side::Sell, quote.bid + offset) }
            } else {
                // Somebody must begin: at what it believes the value to be.
                (Side::BOTH[ctx.draws().below(2) as usize], estimate.round() as i64)
            };
            ctx.limit(venue, side, price, size);
        }
        let wait = ctx.draws().exponential_ns(self.rate);
        ctx.wake_in(wait, 1);
    }

    forks!();
}

#[derive(Clone, Debug)]
struct Momentum {
    rate: f64,
    size: Size,
    mids: VecDeque<f64>,
}

impl Agent for Momentum {
    fn wake(&mut self, tag: u32, ctx: &mut Context<'_>) {
        if tag == 1 {
            let venue = ctx.home();
            let quote = ctx.quote(venue);
            if quote.is_two_sided() {
                if self.mids.len() == 50 {
                    self.mids.pop_front();
                }
                self.mids.push_back(quote.mid());
                if self.mids.len() >= 20 {
                    let mean = |n: usize| self.mids.iter().rev().take(n).sum::<f64>() / n.min(self.mids.len()) as f64;
                    let side = if mean(20) >= mean(50) { Side::Buy } else { Side::Sell };
                    let size = self.size.draw(ctx.draws());
                    ctx.limit(venue, side, quote.best(!side), size);
                }
            }
        }
        let wait = ctx.draws().exponential_ns(self.rate);
        ctx.wake_in(wait, 1);
    }

    forks!();
}

/// What one lot more or less is worth to a trader, and what it asks for it.
#[derive(Clone, Debug)]
pub(super) struct PrivateValues {
    pub(super) rate: f64,
    sigma: f64,
    max: i64,
    surplus: (f64, f64),
    eagerness: f64,
    noise: f64,
    delay_ns: u64,
    /// Of the lot from position −max up to max, falling; drawn at the start.
    values: Vec<f64>,
}

impl PrivateValues {
    pub(super) fn new(b: &Build<'_>) -> PrivateValues {
        let f = |name| b.params.f(name);
        PrivateValues {
            rate: f("ratePerSecond"),
            sigma: f("sigmaTicks"),
            max: b.params.i("maxPosition"),
            surplus: (f("surplusMin"), f("surplusMax")),
            eagerness: f("eagerness"),
            noise: f("noiseTicks"),
            delay_ns: b.params.u("newsDelayNs"),
            values: Vec::new(),
        }
    }

    pub(super) fn draw(&mut self, draws: &mut Draws) {
        self.values = (0..2 * self.max).map(|_| self.sigma * draws.normal()).collect();
        self.values.sort_by(|a, b| b.total_cmp(a));
    }

    /// What the lots from none to `position` are worth beyond the value, those sold being lost.
    pub(super) fn worth(&self, position: i64) -> f64 {
        let at = |position: i64| ((self.max + position).max(0) as usize).min(self.values.len());
        let lots = self.values.get(at(position.min(0))..at(position.max(0))).unwrap_or_default();
        lots.iter().sum::<f64>() * if position < 0 { -1.0 } else { 1.0 }
    }

    /// A side by the toss of a coin, and what the next lot on it is worth in ticks; `None` if the position is full.
    pub(super) fn side_and_worth(&self, ctx: &mut Context<'_>) -> Option<(Side, f64)> {
        let side = Side::BOTH[ctx.draws().below(2) as usize];
        let seen =
            ctx.fundamental(self.delay_ns) + if self.noise > 0.0 { self.noise * ctx.draws().normal() } else { 0.0 };
        let at = ctx.account().position + self.max;
        let lot = match side {
            Side::Buy => at,
            Side::Sell => at - 1,
        };
        let worth = usize::try_from(lot).ok().and_then(|lot| self.values.get(lot))?;
        Some((side, seen + worth))
    }

    pub(super) fn ask_surplus(&self, draws: &mut Draws) -> f64 {
        self.surplus.0 + (self.surplus.1 - self.surplus.0).max(0.0) * draws.uniform()
    }

    /// Sends a limit order of one lot that leaves `surplus`, or takes the opposite best where that leaves enough.
    pub(super) fn trade(&self, ctx: &mut Context<'_>, side: Side, worth: f64, surplus: f64) {
        let venues = ctx.venues();
        let sign = if side == Side::Buy { 1.0 } else { -1.0 };
        // The best opposite price of all venues, home first.
        let mut best: Option<(u16, f64, i64)> = None;
        for venue in &venues {
            let quote = ctx.quote(*venue);
            let gain = sign * (worth - quote.best(!side) as f64);
            if quote.best_qty(!side) > 0 && best.is_none_or(|b| gain > b.1) {
                best = Some((*venue, gain, quote.best(!side)));
            }
        }
        if let Some((venue, gain, price)) = best
            && gain >= self.eagerness * surplus
            && gain >= 0.0
        {
            ctx.limit(venue, side, price, 1);
            return;
        }
        let price = worth - sign * surplus;
        let price = if side == Side::Buy { price.floor() } else { price.ceil() };
        ctx.limit(venues[0], side, price as i64, 1);
    }
}

#[derive(Clone, Debug)]
struct ZeroIntelligence(PrivateValues);

impl Agent for ZeroIntelligence {
    fn wake(&mut self, tag: u32, ctx: &mut Context<'_>) {
        if tag == 0 {
            self.0.draw(ctx.draws());
        } else {
            ctx.cancel_all();
            if let Some((side, worth)) = self.0.side_and_worth(ctx) {
                let surplus = self.0.ask_surplus(ctx.draws());
                self.0.trade(ctx, side, worth, surplus);
            }
        }
        let wait = ctx.draws().exponential_ns(self.0.rate);
        ctx.wake_in(wait, 1);
    }

    fn private_worth(&self, position: i64) -> f64 {
        self.0.worth(position)
    }

    forks!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_worth_the_values_of_its_lots() {
        let values = PrivateValues {
            rate: 1.0,
            sigma: 1.0,
            max: 2,
            surplus: (0.0, 0.0),
            eagerness: 1.0,
            noise: 0.0,
            delay_ns: 0,
            values: vec![9.0, 5.0, -1.0, -4.0],
        };
        assert_eq!([-2, -1, 0, 1, 2].map(|position| values.worth(position)), [-14.0, -5.0, 0.0, -1.0, -5.0]);
    }
}
