//! A venue's market data, and who may see how much of it: [`Feed`].
//!
//! A venue writes down what it publishes with the time; whoever looks gives the time up to which data has reached them and
//! is shown the last thing published by then. So delays cost nothing until somebody looks, and nobody can see more than
//! has arrived.

use std::collections::VecDeque;

use serde::Serialize;
use toprung_book::Side;

use crate::touch::Touch;

/// What a venue publishes: the touch, and sums since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Quote {
    /// When it was published, ns.
    pub time_ns: u64,
    /// Best bid in ticks, or the last one there was.
    pub bid: i64,
    /// Lots at the best bid, 0 when there is none.
    pub bid_qty: u64,
    /// Best ask in ticks, or the last one there was.
    pub ask: i64,
    /// Lots at the best ask, 0 when there is none.
    pub ask_qty: u64,
    /// Bid lots within the venue's `depthTicks` of the best bid; 0 where that is not published.
    pub bid_depth: u64,
    /// Ask lots within the venue's `depthTicks` of the best ask; 0 where that is not published.
    pub ask_depth: u64,
    /// Price of the last trade, or the reference price.
    pub last_price: i64,
    /// Lots traded since the start.
    pub volume: u64,
    /// Of those, lots whose aggressor bought.
    pub buy_volume: u64,
    /// Fills since the start.
    pub trades: u64,
    /// Trading is continuous: no auction, no interruption.
    pub open: bool,
}

impl Quote {
    pub(crate) fn start(reference: i64) -> Quote {
        let Touch { bid, ask, .. } = Touch::empty_at(reference);
        Quote {
            time_ns: 0,
            bid,
            bid_qty: 0,
            ask,
            ask_qty: 0,
            bid_depth: 0,
            ask_depth: 0,
            last_price: reference,
            volume: 0,
            buy_volume: 0,
            trades: 0,
            open: true,
        }
    }

    /// Whether both sides are there.
    pub fn is_two_sided(&self) -> bool {
        self.bid_qty > 0 && self.ask_qty > 0
    }

    /// Middle of the touch in ticks; of an empty side the last price counts.
    pub fn mid(&self) -> f64 {
        (self.bid + self.ask) as f64 / 2.0
    }

    /// Ask minus bid in ticks.
    pub fn spread(&self) -> i64 {
        self.ask - self.bid
    }

    /// The best price of a side, or the last one there was.
    pub fn best(&self, side: Side) -> i64 {
        match side {
            Side::Buy => self.bid,
            Side::Sell => self.ask,
        }
    }

    /// Lots at the best price of a side.
    pub fn best_qty(&self, side: Side) -> u64 {
        match side {
            Side::Buy => self.bid_qty,
            Side::Sell => self.ask_qty,
        }
    }

    pub(crate) fn set_touch(&mut self, touch: &Touch) {
        (self.bid, self.bid_qty, self.ask, self.ask_qty) = (touch.bid, touch.bid_qty, touch.ask, touch.ask_qty);
    }
}

/// One line of the public order tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TapeRow {
    /// When, ns.
    pub time_ns: u64,
    /// Side of the order, or of the aggressor.
    pub side: Side,
    /// Limit, or price of the trade, in ticks.
    pub price: i64,
    /// Lots.
    pub qty: u64,
    /// A trade, not a new limit order.
    pub is_trade: bool,
}

/// Rows that the tape goes back.
const TAPE_ROWS: usize = 1 << 14;

/// What a venue has published.
#[derive(Clone, Debug)]
pub(crate) struct Feed {
    /// As of now.
    pub(crate) now: Quote,
    /// Superseded quotes that somebody may still see, oldest first.
    past: VecDeque<Quote>,
    /// How far back anybody looks, ns.
    reach_ns: u64,
    tape: Option<VecDeque<TapeRow>>,
}

impl Feed {
    pub(crate) fn new(reference: i64, reach_ns: u64, with_tape: bool) -> Feed {
        Feed { now: Quote::start(reference), past: VecDeque::new(), reach_ns, tape: with_tape.then(VecDeque::new) }
    }

    /// Before `now` is changed at `time_ns`: what it was is the past of whoever sees late.
    #[inline(always)]
    pub(crate) fn supersede(&mut self, time_ns: u64) {
        if self.reach_ns > 0 && self.now.time_ns < time_ns {
            self.past.push_back(self.now);
            let oldest = time_ns.saturating_sub(self.reach_ns);
            // The last one published by then must stay.
            while self.past.get(1).is_some_and(|next| next.time_ns <= oldest) {
                self.past.pop_front();
            }
        }
        self.now.time_ns = time_ns;
    }

    /// What had been published by `upto_ns`.
    #[inline]
    pub(crate) fn as_of(&self, upto_ns: u64) -> Quote {
        if self.now.time_ns <= upto_ns {
            return self.now;
        }
        // The past reaches as far back as any link is slow, and begins with the quote of time 0.
        let at = self.past.partition_point(|q| q.time_ns <= upto_ns);
        let seen = self.past[at - 1];
        debug_assert!(seen.time_ns <= upto_ns, "nobody sees data early");
        seen
    }

    pub(crate) fn has_tape(&self) -> bool {
        self.tape.is_some()
    }

    pub(crate) fn write(&mut self, row: TapeRow) {
        if let Some(tape) = &mut self.tape {
            if tape.len() == TAPE_ROWS {
                tape.pop_front();
            }
            tape.push_back(row);
        }
    }

    /// The newest `rows` rows of the tape that were published by `upto_ns`, oldest first.
    pub(crate) fn tape(&self, upto_ns: u64, rows: usize) -> impl Iterator<Item = &TapeRow> {
        self.tape.iter().flat_map(move |tape| {
            let end = tape.partition_point(|r| r.time_ns <= upto_ns);
            tape.range(end.saturating_sub(rows)..end)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sees_the_last_thing_published_by_the_time_asked_for() {
        let mut feed = Feed::new(1_000, 50, true);
        for t in [10_u64, 20, 20, 35, 90, 91] {
            feed.supersede(t);
            feed.now.volume += 1;
            feed.write(TapeRow { time_ns: t, side: Side::Buy, price: 1_000, qty: 1, is_trade: true });
            let oldest = t.saturating_sub(50);
            for upto in oldest..=t {
                let expected = [10_u64, 20, 20, 35, 90, 91].iter().filter(|p| **p <= upto && **p <= t).count() as u64;
                // Two changes at one instant are seen together, once both have happened.
                if upto != t {
                    assert_eq!(feed.as_of(upto).volume, expected, "at {t} up to {upto}");
                }
                assert!(feed.as_of(upto).time_ns <= upto);
            }
        }
        assert_eq!(feed.as_of(u64::MAX).volume, 6);
        assert_eq!(feed.tape(34, 2).map(|r| r.time_ns).collect::<Vec<_>>(), [20, 20]);
    }
}
