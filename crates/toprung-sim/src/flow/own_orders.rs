//! What the models with typed events do on a book: orders inside the spread, at the touch and behind it, and cancels there.

use serde::{Deserialize, Serialize};
use toprung_book::{Command, Side};

use super::clock::EventClock;
use super::live::{Entry, LiveList, Priced};
use super::{FlowView, Rate, component};
use crate::config::{check, integer};
use crate::error::ConfigError;
use crate::random::{Alias, StreamKey, Xoshiro256pp, below, uniform};

/// Where orders go, and how long they last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PlacementConfig {
    /// Orders behind the touch are d ticks from the best price with probability ∝ d^−exponent, 0 to 10.
    pub exponent: f64,
    /// The largest d, 1 to 100,000.
    pub max_ticks: u32,
    /// Orders inside the spread are d ticks better than the best price of their side with probability ∝ (1 − 1/m)^d, as many
    /// as there is room for: m, 1 to 100,000. Without it every price inside the spread is as likely.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inside_mean_ticks: Option<f64>,
    /// δ: cancels per second and resting order beside all others, 0 to 100,000.
    pub cancel_rate: f64,
    /// Size of every order in lots, 1 to 2²⁰.
    pub order_size: u64,
    /// Price about which an empty book starts, in ticks, within ±2⁵⁰.
    pub reference_price: i64,
}

impl Default for PlacementConfig {
    fn default() -> PlacementConfig {
        PlacementConfig {
            exponent: 1.5,
            max_ticks: 200,
            inside_mean_ticks: None,
            cancel_rate: 0.05,
            order_size: 1,
            reference_price: 1_000_000,
        }
    }
}

impl PlacementConfig {
    pub(crate) fn validate(&self, at: &str) -> Result<(), ConfigError> {
        let exponent = self.exponent;
        check(&format!("{at}.exponent"), (0.0..=10.0).contains(&exponent), "a number from 0 to 10", exponent)?;
        integer(&format!("{at}.maxTicks"), self.max_ticks, 1, 100_000)?;
        if let Some(mean) = self.inside_mean_ticks {
            let is_valid = (1.0..=1e5).contains(&mean);
            check(&format!("{at}.insideMeanTicks"), is_valid, "a number from 1 to 100000", mean)?;
        }
        super::rates(&format!("{at}.cancelRate"), &[self.cancel_rate], 1, 1, 100_000.0)?;
        super::size_and_price_at(at, self.order_size, self.reference_price)
    }
}

/// Entries looked at before a cancel behind the touch gives up.
const TRIES: usize = 8;

/// The model's orders on one book.
#[derive(Clone, Debug)]
pub(crate) struct OwnOrders {
    rng: Xoshiro256pp,
    pub(crate) size: u64,
    next_id: u64,
    /// δ in fixed point.
    decay: u64,
    /// Distance behind the best price, from 0 for one tick.
    distance: Alias,
    /// ln(1 − 1/m) of the improvement inside the spread, if that is not uniform; −∞ for m = 1.
    improvement: Option<f64>,
    lists: [LiveList<Priced>; 2],
}

fn best<V: FlowView>(side: Side, view: &V) -> i64 {
    if side == Side::Buy { view.touch().bid } else { view.touch().ask }
}

/// Ticks away from the other side.
fn behind(side: Side, price: i64, ticks: i64) -> i64 {
    if side == Side::Buy { price - ticks } else { price + ticks }
}

impl OwnOrders {
    /// On the book's stream for places.
    pub(crate) fn open(config: &PlacementConfig, key: StreamKey, book: u32) -> OwnOrders {
        let weights: Vec<f64> = (1..=config.max_ticks).map(|d| libm::pow(f64::from(d), -config.exponent)).collect();
        let list = LiveList::new(1 << 26);
        OwnOrders {
            rng: key.generator(book, component::PLACES),
            size: config.order_size,
            next_id: 1,
            decay: Rate::from_per_second(config.cancel_rate).unwrap_or_default().bits(),
            distance: Alias::new(&weights).expect("Invariant: powers of positive numbers are weights"),
            improvement: config.inside_mean_ticks.map(|mean| libm::log(1.0 - 1.0 / mean)),
            lists: [list.clone(), list],
        }
    }

    /// Passes `clock` on to the next cancel at rate δ, if that comes before `end_ns`.
    #[inline(always)]
    pub(crate) fn decays_before(&mut self, clock: &mut EventClock, end_ns: u64) -> bool {
        let rate = self.decay.saturating_mul((self.lists[0].len() + self.lists[1].len()) as u64);
        // Below one in a thousand seconds the wait would leave the clock's range; it matters to nothing.
        if rate < 1 << 22 {
            return false;
        }
        clock.pass(&mut self.rng, rate.min(1 << 62));
        clock.now() < end_ns
    }

    fn id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    pub(crate) fn limit<V: FlowView>(&mut self, side: Side, price: i64, size: u64, view: &V) -> Command {
        let id = self.id();
        self.lists[side as usize].push(Priced::new(id, side == Side::Sell, price), view);
        Command::limit(id, side, price, size)
    }

    /// Ticks better than the best price, of `room` that there are.
    fn improvement(&mut self, room: u64) -> u64 {
        let Some(log_q) = self.improvement else { return 1 + below(&mut self.rng, room) };
        // The geometric law cut off behind `room`, by inversion.
        let reach = 1.0 - libm::exp(log_q * room as f64);
        1 + ((libm::log(1.0 - uniform(&mut self.rng) * reach) / log_q) as u64).min(room - 1)
    }

    /// Inside the spread, at the touch where there is no room.
    pub(crate) fn limit_inside<V: FlowView>(&mut self, side: Side, size: u64, view: &V) -> Command {
        let room = view.touch().ask - view.touch().bid - 1;
        let inside = if room > 0 { self.improvement(room as u64) as i64 } else { 0 };
        self.limit(side, behind(side, best(side, view), -inside), size, view)
    }

    pub(crate) fn limit_at_touch<V: FlowView>(&mut self, side: Side, size: u64, view: &V) -> Command {
        self.limit(side, best(side, view), size, view)
    }

    pub(crate) fn limit_behind<V: FlowView>(&mut self, side: Side, size: u64, view: &V) -> Command {
        let ticks = self.distance.draw(&mut self.rng) as i64 + 1;
        self.limit(side, behind(side, best(side, view), ticks), size, view)
    }

    pub(crate) fn market(&mut self, side: Side, size: u64) -> Command {
        Command::market(self.id(), side, size)
    }

    /// The last of the model's orders at the best price.
    pub(crate) fn cancel_at_touch<V: FlowView>(&mut self, side: Side, view: &V) -> Option<Command> {
        view.last_order(side, best(side, view)).map(Command::cancel)
    }

    /// A uniform one of the model's orders that are not at the best price.
    pub(crate) fn cancel_behind<V: FlowView>(&mut self, side: Side, view: &V) -> Option<Command> {
        let touch = best(side, view);
        let list = &mut self.lists[side as usize];
        for _ in 0..TRIES {
            if list.len() == 0 {
                break;
            }
            let at = below(&mut self.rng, list.len() as u64) as usize;
            let order = list.entries[at];
            if !view.contains(order.id()) {
                list.take(at);
            } else if order.price != touch {
                list.take(at);
                return Some(Command::cancel(order.id()));
            }
        }
        None
    }

    /// A uniform one of all entries: nothing, if its order no longer rests.
    pub(crate) fn cancel_any<V: FlowView>(&mut self, view: &V) -> Option<Command> {
        let bids = self.lists[0].len();
        let at = below(&mut self.rng, (bids + self.lists[1].len()) as u64) as usize;
        let order = if at < bids { self.lists[0].take(at) } else { self.lists[1].take(at - bids) };
        view.contains(order.id()).then(|| Command::cancel(order.id()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(mean: Option<f64>, room: u64) -> Vec<f64> {
        let config = PlacementConfig { inside_mean_ticks: mean, ..PlacementConfig::default() };
        let mut orders = OwnOrders::open(&config, StreamKey::new(1, "santa-fe"), 0);
        let mut counts = vec![0.0; room as usize + 1];
        (0..100_000).for_each(|_| counts[orders.improvement(room) as usize] += 1e-5);
        counts
    }

    #[test]
    fn improvements_inside_the_spread_have_their_law() {
        let uniform = drawn(None, 4);
        assert!(uniform[0] == 0.0 && uniform[1..].iter().all(|p| (p - 0.25).abs() < 0.01), "{uniform:?}");
        // ∝ ½^d over four ticks.
        let halving = drawn(Some(2.0), 4);
        let wanted = [0.0, 8.0, 4.0, 2.0, 1.0].map(|p| p / 15.0);
        assert!(halving.iter().zip(wanted).all(|(p, w)| (p - w).abs() < 0.01), "{halving:?}");
        assert!((drawn(Some(1.0), 3)[1] - 1.0).abs() < 1e-9);
        assert!((drawn(Some(50.0), 1)[1] - 1.0).abs() < 1e-9);
        let wide = drawn(Some(10.0), 100_000);
        let mean: f64 = wide.iter().enumerate().map(|(d, p)| d as f64 * p).sum();
        assert!((mean - 10.0).abs() < 0.2, "{mean}");
    }
}
