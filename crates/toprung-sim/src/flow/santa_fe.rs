//! The zero-intelligence "Santa Fe" model: limit orders, market orders and cancels as independent Poisson processes.
//!
//! Daniels, Farmer, Gillemot, Iori and Smith, Phys. Rev. Lett. 90 (2003) 108102; Smith, Farmer, Gillemot and
//! Krishnamurthy, Quant. Finance 3 (2003) 481–514. All orders have the same size σ:
//!
//! - limit orders arrive at rate α per tick and side: buys uniform on the `window` prices below the best ask, sells on those
//!   above the best bid, so that none trades on entry;
//! - market orders arrive at total rate μ, half of them buys;
//! - every resting order is cancelled at rate δ.
//!
//! Rates count *orders* per second, whatever their size. The model is then described by ε = 2δ/μ (granularity),
//! p_c = μ/2α ticks (the scale of prices, so that dp/p_c = 2α/μ) and t_c = 1/δ; its spread in units of p_c depends on ε
//! and dp/p_c alone. [`SantaFeConfig::from_scales`] goes that way round.
//!
//! A side that is empty keeps the last best price it had as the reference for the other side's placements, and to begin
//! with one tick on either side of `reference_price`. A market order that meets an empty side finds no liquidity; the
//! book says so.
//!
//! # How it is drawn
//!
//! The processes are superposed: with n entries in the list of orders, the total rate is R = 2αW + μ + δn, the next event
//! is an exponential time of mean 1/R away, and one uniform number in [0, R) says what it is. As the rates are integers,
//! the same number's quotient by α is the tick and side, uniform over 2W, and by δ the entry, uniform over n: nothing
//! else need be drawn.
//!
//! **Cancels are uniform over the resting orders, though the list keeps filled ones.** Orders that were filled stay in
//! the list until they are drawn; then the entry is dropped and *no* event happens, but the time has passed. This is
//! thinning: each entry, dead or live, fires at rate δ independently of all else, and only the firings of live entries
//! count. So each live order is cancelled at rate δ, exactly, whatever the number of dead entries; and given that one of
//! them fires, it is each of them with the same probability. Dropping a dead entry only lowers the rate of firings that
//! count for nothing.

use serde::{Deserialize, Serialize};
use toprung_book::{Command, Side};

use super::clock::EventClock;
use super::live::LiveList;
use super::signs::{Coin, Metaorders, Signs, SplittingConfig};
use super::{Flow, FlowConfig, FlowView, Rate, component};
use crate::config::{check, integer};
use crate::error::ConfigError;
use crate::random::{StreamKey, Xoshiro256pp, below};

/// The model's parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SantaFeConfig {
    /// α: limit orders per second, per tick and side, 0 to 10⁹.
    pub limit_rate: f64,
    /// μ: market orders per second, both sides together, 0 to 10⁹.
    pub market_rate: f64,
    /// δ: cancels per second and resting order, 0 to 100,000.
    pub cancel_rate: f64,
    /// W: limit orders are placed up to this many ticks from the opposite best price, 1 to 1,000,000.
    pub window_ticks: u32,
    /// σ: size of every order in lots, 1 to 2²⁰.
    pub order_size: u64,
    /// Price about which an empty book starts, in ticks, within ±2⁵⁰.
    pub reference_price: i64,
    /// Signs of market orders from metaorders (Lillo–Mike–Farmer) instead of independent ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub splitting: Option<SplittingConfig>,
}

impl Default for SantaFeConfig {
    /// ε = 0.02, dp/p_c = 0.05 at 1,000 market orders per second.
    fn default() -> SantaFeConfig {
        SantaFeConfig::from_scales(1000.0, 0.02, 0.05)
    }
}

/// Largest δ: with it the list may still hold 5,000 entries before the sum of all rates reaches [`CANCELS_MAX`].
const CANCEL_RATE_MAX: f64 = 100_000.0;

/// Most cancels per second over the whole list, so that the sum of all rates stays below 2³¹ per second.
///
/// The list's length is Poisson with mean 2αW/δ, at most 5·10⁸/δ, and this is twice as much: with at least 5,000 entries
/// to spare, no run will see the list full. If one did, the next order would be left out of it and never be cancelled.
const CANCELS_MAX: u64 = 1_000_000_000;

impl SantaFeConfig {
    /// The model with `market_rate` market orders per second, granularity `epsilon` = 2δ/μ and tick `tick` = dp/p_c =
    /// 2α/μ; a window of 8 p_c (at least 4 ticks), size 1, reference price 10⁶.
    pub fn from_scales(market_rate: f64, epsilon: f64, tick: f64) -> SantaFeConfig {
        SantaFeConfig {
            limit_rate: market_rate * tick / 2.0,
            market_rate,
            cancel_rate: market_rate * epsilon / 2.0,
            window_ticks: ((8.0 / tick) as u32).max(4),
            order_size: 1,
            reference_price: 1_000_000,
            splitting: None,
        }
    }

    /// Checks every parameter on its own.
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        super::rate("flow.limitRate", self.limit_rate)?;
        super::rate("flow.marketRate", self.market_rate)?;
        super::rate("flow.cancelRate", self.cancel_rate)?;
        integer("flow.windowTicks", self.window_ticks, 1, 1_000_000)?;
        super::size_and_price(self.order_size, self.reference_price)?;
        let arrivals = self.arrivals_per_second();
        check(
            "flow.limitRate",
            (1.0..=5e8).contains(&arrivals),
            "such that limit and market orders together (2 × limitRate × windowTicks + marketRate) are 1 to 500000000 per \
             second",
            format!("{} and a sum of {arrivals}", self.limit_rate),
        )?;
        let cancels = self.cancel_rate;
        let rule = "0 or a number from 1e-9 to 100000 (per second)";
        check("flow.cancelRate", cancels <= CANCEL_RATE_MAX, rule, cancels)?;
        self.splitting.as_ref().map_or(Ok(()), |s| s.validate("flow.splitting"))
    }

    fn arrivals_per_second(&self) -> f64 {
        2.0 * self.limit_rate * f64::from(self.window_ticks) + self.market_rate
    }

    /// Limit orders, market orders, and the cancels of those limit orders that no market order takes.
    pub(crate) fn events_per_second(&self) -> f64 {
        let limits = 2.0 * self.limit_rate * f64::from(self.window_ticks);
        let cancels = if self.cancel_rate > 0.0 { (limits - self.market_rate).max(0.0) } else { 0.0 };
        (limits + self.market_rate + cancels).max(1.0)
    }

    pub(crate) fn resting_orders(&self) -> Option<u64> {
        let limits = 2.0 * self.limit_rate * f64::from(self.window_ticks);
        if limits <= self.market_rate {
            Some(self.window_ticks.into())
        } else if self.cancel_rate > 0.0 {
            Some((limits / self.cancel_rate) as u64)
        } else {
            None
        }
    }
}

/// `n / d` and the remainder's sign settled without a division instruction: `reciprocal` is ⌊2⁶⁴/d⌋.
///
/// The estimate ⌊n·reciprocal/2⁶⁴⌋ falls short of the quotient by at most 1 for every `n` and `d` ≥ 2.
#[derive(Clone, Copy, Debug)]
struct Divisor {
    d: u64,
    reciprocal: u64,
}

impl Divisor {
    /// For `d` ≥ 2; a `d` of 0 or 1 gives a divisor that must not be used.
    fn new(d: u64) -> Divisor {
        Divisor { d, reciprocal: ((1_u128 << 64) / u128::from(d.max(2))) as u64 }
    }

    #[inline(always)]
    fn quotient(self, n: u64) -> u64 {
        let q = ((u128::from(n) * u128::from(self.reciprocal)) >> 64) as u64;
        q + u64::from(n - q * self.d >= self.d)
    }
}

/// The model at work on one book, with independent signs of market orders.
pub type SantaFe = ZeroIntelligence<Coin>;

/// The model at work on one book, its market orders the pieces of metaorders.
pub type OrderSplitting = ZeroIntelligence<Metaorders>;

/// The model at work on one book, with any signs of market orders.
#[derive(Clone, Debug)]
pub struct ZeroIntelligence<S> {
    rng: Xoshiro256pp,
    signs: S,
    /// Rates in 32.32 fixed point: a limit order at one of the 2W places, all of them, and all market orders.
    place: Divisor,
    limits: u64,
    market_side: u64,
    /// Limit and market orders together.
    arrivals: u64,
    /// The sum of all rates when the pending event was drawn.
    rate: u64,
    cancel: Divisor,
    window: u64,
    size: u64,
    next_id: u64,
    /// Ids of all resting orders and of some that were filled.
    orders: LiveList<u64>,
    clock: EventClock,
}

impl SantaFe {
    /// The model for one book, on the book's own stream.
    pub(crate) fn open(config: &SantaFeConfig, key: StreamKey, book: u32) -> SantaFe {
        ZeroIntelligence::new(config, key.generator(book, component::FLOW), Coin)
    }
}

impl OrderSplitting {
    /// The model for one book, on the book's own streams.
    pub(crate) fn open(
        config: &SantaFeConfig,
        splitting: &SplittingConfig,
        key: StreamKey,
        book: u32,
    ) -> OrderSplitting {
        let signs = Metaorders::open(splitting, key, book);
        ZeroIntelligence::new(config, key.generator(book, component::FLOW), signs)
    }
}

impl<S: Signs> ZeroIntelligence<S> {
    /// The model with checked parameters, ids from 1, at time 0.
    fn new(config: &SantaFeConfig, rng: Xoshiro256pp, signs: S) -> ZeroIntelligence<S> {
        let mut flow = ZeroIntelligence {
            rng,
            signs,
            place: Divisor::new(0),
            limits: 0,
            market_side: 0,
            arrivals: 0,
            rate: 0,
            cancel: Divisor::new(0),
            window: 0,
            size: 0,
            next_id: 1,
            orders: LiveList::new(0),
            clock: EventClock::default(),
        };
        flow.set_rates(config);
        flow
    }

    /// Takes over the rates, window and size of `config`.
    fn set_rates(&mut self, config: &SantaFeConfig) {
        let bits = |rate: f64| Rate::from_per_second(rate).unwrap_or_default().bits();
        let place = bits(config.limit_rate);
        let cancel = bits(config.cancel_rate);
        self.window = u64::from(config.window_ticks);
        self.place = Divisor::new(place);
        self.limits = 2 * self.window * place;
        self.market_side = bits(config.market_rate / 2.0);
        self.arrivals = self.limits + 2 * self.market_side;
        self.cancel = Divisor::new(cancel);
        self.size = config.order_size;
        self.orders.max = ((CANCELS_MAX << 32) / cancel.max(1)) as usize;
    }

    /// Takes a new id, and remembers the order for cancelling if it is ever to be.
    #[inline(always)]
    fn enter<V: FlowView>(&mut self, view: &V) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        if self.cancel.d != 0 {
            self.orders.push(id, view);
        }
        id
    }
}

impl<S: Signs> Flow for ZeroIntelligence<S> {
    #[inline(always)]
    fn arm<V: FlowView>(&mut self, _view: &V) -> u64 {
        self.rate = self.arrivals + self.cancel.d * self.orders.len() as u64;
        self.clock.pass(&mut self.rng, self.rate);
        self.clock.now()
    }

    #[inline(always)]
    fn fire<V: FlowView>(&mut self, view: &V) -> Option<Command> {
        let pick = below(&mut self.rng, self.rate);
        if pick < self.limits {
            let at = self.place.quotient(pick);
            let touch = view.touch();
            // The side is a coin's toss: no branch on it. `sell` is 0 or 1, its negative a mask.
            let sell = i64::from(at >= self.window);
            let (above, below) = (touch.bid + 1 - self.window as i64, touch.ask - 1);
            let price = (below - at as i64) & (sell - 1) | (above + at as i64) & -sell;
            let side = Side::BOTH[sell as usize];
            return Some(Command::limit(self.enter(view), side, price, self.size));
        }
        if pick >= self.arrivals {
            let at = self.cancel.quotient(pick - self.arrivals) as usize;
            let id = self.orders.take(at);
            // A filled order's entry: nothing happens, time has passed.
            return view.contains(id).then(|| Command::cancel(id));
        }
        let side = self.signs.side(pick - self.limits < self.market_side);
        let id = self.next_id;
        self.next_id += 1;
        Some(Command::market(id, side, self.size))
    }

    /// Every process is memoryless, so the pending event is drawn anew from `now_ns` with the new rates.
    fn retune<V: FlowView>(&mut self, config: &FlowConfig, now_ns: u64, view: &V) -> Option<u64> {
        let FlowConfig::SantaFe(config) = config else { return None };
        self.set_rates(config);
        self.clock.set(now_ns);
        Some(self.arm(view))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::touch::Touch;

    /// A market without matching: the touch stands still, and a set says who lives.
    struct Still {
        touch: Touch,
        dead: std::collections::HashSet<u64>,
    }

    impl FlowView for Still {
        fn touch(&self) -> &Touch {
            &self.touch
        }

        fn contains(&self, id: u64) -> bool {
            !self.dead.contains(&id)
        }

        fn qty_at(&self, _side: Side, _price: i64) -> u64 {
            0
        }

        fn last_order(&self, _side: Side, _price: i64) -> Option<u64> {
            None
        }
    }

    fn still() -> Still {
        Still { touch: Touch { bid: 90, bid_qty: 1, ask: 110, ask_qty: 1 }, dead: Default::default() }
    }

    fn model(config: &SantaFeConfig, seed: u64) -> SantaFe {
        ZeroIntelligence::new(config, StreamKey::new(seed, "test").generator(0, component::FLOW), Coin)
    }

    #[test]
    fn division_by_a_reciprocal_is_exact() {
        let mut rng = StreamKey::new(8, "test").generator(0, 0);
        let edges = [2, 3, 5, 7, 1 << 32, (1 << 32) + 1, 107_374_182_400, u64::MAX - 1, u64::MAX];
        for d in edges {
            let by = Divisor::new(d);
            for n in [0, 1, d - 1, d, d.wrapping_add(1), d.wrapping_mul(3).wrapping_sub(1), u64::MAX, u64::MAX - 1] {
                assert_eq!(by.quotient(n), n / d, "{n} / {d}");
            }
            for _ in 0..1000 {
                let n = below(&mut rng, u64::MAX) >> below(&mut rng, 64);
                assert_eq!(by.quotient(n), n / d, "{n} / {d}");
            }
        }
    }

    /// With a fixed number of orders the flow is Poisson: counts and times have known means and deviations.
    #[test]
    fn events_come_at_their_rates_and_places_are_uniform() {
        let c = SantaFeConfig {
            limit_rate: 2.0,
            market_rate: 30.0,
            cancel_rate: 0.0,
            window_ticks: 5,
            ..SantaFeConfig::default()
        };
        let (mut flow, view) = (model(&c, 11), still());
        let n = 100_000;
        let mut markets = [0_u32; 2];
        let mut places = std::collections::BTreeMap::<(Side, i64), u32>::new();
        let mut end = 0;
        for _ in 0..n {
            let (time, cmd) = flow.next(&view);
            assert!(time >= end);
            end = time;
            match cmd.kind {
                toprung_book::CommandKind::Market => markets[cmd.side as usize] += 1,
                _ => *places.entry((cmd.side, cmd.price)).or_default() += 1,
            }
        }
        let within = |count: u32, share: f64| {
            let sd = (f64::from(n) * share * (1.0 - share)).sqrt();
            assert!(
                (f64::from(count) - f64::from(n) * share).abs() < 4.5 * sd,
                "{count} of {n}, expected share {share}"
            );
        };
        within(markets[0], 15.0 / 50.0);
        within(markets[1], 15.0 / 50.0);
        let expected: Vec<_> = (105..110).map(|p| (Side::Buy, p)).chain((91..96).map(|p| (Side::Sell, p))).collect();
        assert_eq!(places.keys().copied().collect::<Vec<_>>(), expected);
        places.values().for_each(|count| within(*count, 2.0 / 50.0));
        let mean = end as f64 / 1e9 / f64::from(n);
        assert!((mean * 50.0 - 1.0).abs() < 4.5 / f64::from(n).sqrt(), "mean time {mean}");
    }

    /// Ten orders, of which the even ones were filled: each live one must be the first to be cancelled equally often,
    /// and at the rate of five orders, not of ten.
    #[test]
    fn cancels_are_uniform_over_live_orders_and_at_their_rate_whatever_dead_entries_there_are() {
        let c = SantaFeConfig { limit_rate: 0.0, market_rate: 1.0, cancel_rate: 1000.0, ..SantaFeConfig::default() };
        let trials = 40_000;
        let mut first = [0_u32; 11];
        let mut times = 0.0;
        for seed in 0..trials {
            let mut flow = model(&c, seed);
            flow.next_id = 11;
            flow.orders.entries = (1..=10).collect();
            flow.orders.room = 10;
            let mut view = still();
            view.dead = (1..=10).filter(|id| id % 2 == 0).collect();
            let (time, cmd) = loop {
                let next = flow.next(&view);
                if next.1.kind == toprung_book::CommandKind::Cancel {
                    break next;
                }
            };
            first[cmd.id as usize] += 1;
            times += time as f64 / 1e9;
        }
        let n = trials as f64;
        for (id, times) in first.into_iter().enumerate().skip(1) {
            let share = if id % 2 == 0 { 0.0 } else { 0.2 };
            let sd = (n * share * (1.0 - share)).sqrt();
            assert!((f64::from(times) - n * share).abs() <= 4.5 * sd, "order {id} went first {times} times");
        }
        let mean = times / n;
        assert!((mean * 5000.0 - 1.0).abs() < 4.5 / n.sqrt(), "mean time to the first cancel {mean} s");
    }

    #[test]
    fn the_list_of_orders_stays_in_proportion_to_the_live_ones() {
        let c = SantaFeConfig { limit_rate: 100.0, market_rate: 0.0, cancel_rate: 1e-9, ..SantaFeConfig::default() };
        let (mut flow, mut view) = (model(&c, 12), still());
        for _ in 0..100_000 {
            let (_, cmd) = flow.next(&view);
            // Everything that is older than a hundred orders was filled.
            view.dead.insert(cmd.id.saturating_sub(100));
        }
        assert!(flow.orders.room <= 256, "room for {} entries with 100 orders", flow.orders.room);
    }
}
