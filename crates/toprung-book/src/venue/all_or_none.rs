//! Orders that trade whole or not at all.

use crate::command::Side;
use crate::sink::EventSink;
use crate::venue::Venue;
use crate::venue::matching::Taker;
use crate::venue::places::{Class, Maker};

/// Opposite orders that an all-or-none order looks at.
const LOOKED_AT_MAX: usize = 1024;

/// What one opposite order would give.
#[derive(Clone, Copy)]
struct Gift {
    maker: Maker,
    open: u64,
    /// It gives all or nothing.
    whole: bool,
}

impl Venue {
    /// Trades all of the order if its opposite orders can complete it; says whether it did.
    pub(super) fn trade_whole<S: EventSink>(&mut self, sink: &mut S, t: &Taker) -> bool {
        let Some(plan) = self.plan_whole(t) else { return false };
        for (maker, lots) in plan {
            self.fill(sink, t, &maker, lots);
        }
        true
    }

    /// Who gives how much: up to the first order that completes it.
    fn plan_whole(&self, t: &Taker) -> Option<Vec<(Maker, u64)>> {
        let gift = |maker: Maker| Gift { maker, open: self.open(maker.h), whole: self.is_all_or_none(maker.h) };
        let mut before: Vec<Gift> = Vec::new();
        let mut sum = 0u128;
        for last in self.makers(t).take(LOOKED_AT_MAX).map(gift) {
            if last.whole && last.open > t.qty {
                continue;
            }
            let (least, most) = if last.whole {
                (t.qty - last.open, t.qty - last.open)
            } else {
                (t.qty.saturating_sub(last.open), t.qty)
            };
            if sum >= u128::from(least) {
                let (mut plan, given) = give_up_to(&before, most);
                if given >= least {
                    if given < t.qty {
                        plan.push((last.maker, t.qty - given));
                    }
                    return Some(plan);
                }
            }
            sum += u128::from(last.open);
            before.push(last);
        }
        None
    }

    /// Whether an order of `side` at this price waits behind an all-or-none order of its own side.
    pub(super) fn waits_behind(&self, side: Side, price: i64) -> bool {
        if self.registry.all_or_none[side as usize] == 0 {
            return false;
        }
        let better = self.ladder(Class::Displayed, side).levels().take_while(|&(key, _)| key >= side.key(price));
        better.flat_map(|(_, level)| self.queue_of(level)).any(|h| self.is_all_or_none(h))
    }

    /// Whether the best bid, displayed or hidden, is at or above the best ask.
    pub(super) fn is_crossed(&self) -> bool {
        match Side::BOTH.map(|side| self.best_key(side).map(|key| side.key(key))) {
            [Some(bid), Some(ask)] => bid >= ask,
            _ => false,
        }
    }

    /// Lets the sides of a crossed book complete each other; says whether they did.
    pub(super) fn complete<S: EventSink>(&mut self, sink: &mut S) -> bool {
        let Some([bids, asks]) = self.plan_completion() else { return false };
        let first = |gifts: &[Gift]| gifts.first().is_some_and(|gift| gift.whole);
        let taking = if first(&asks) && !first(&bids) { Side::Sell } else { Side::Buy };
        let (takers, makers) = if taking == Side::Buy { (&bids, &asks) } else { (&asks, &bids) };
        let fills =
            |gifts: &[Gift]| -> Vec<(Maker, u64)> { gifts.iter().map(|gift| (gift.maker, gift.open)).collect() };
        self.print_pairs(sink, taking, &fills(takers), &fills(makers), None);
        self.consume_all(sink, bids.into_iter().chain(asks).map(|gift| (gift.maker, gift.open)));
        true
    }

    /// What each side hands over, in order of priority and with the lots that each order gives, if that comes out even.
    fn plan_completion(&self) -> Option<[Vec<Gift>; 2]> {
        let all = Side::BOTH.map(|side| {
            let levels = self.priced_levels(side, i64::MIN);
            let orders = levels.flat_map(move |(key, level, class)| {
                self.queue_of(level).map(move |h| Maker { h, class, price: side.key(key) })
            });
            let gift = |maker: Maker| Gift { maker, open: self.open(maker.h), whole: self.is_all_or_none(maker.h) };
            orders.take(LOOKED_AT_MAX).map(gift)
        });
        let [mut bids, mut asks] = all;
        let mut handed = [vec![bids.next()?], vec![asks.next()?]];
        let sum = |gifts: &[Gift]| -> u128 { gifts.iter().map(|gift| u128::from(gift.open)).sum() };
        let mut sums = [sum(&handed[0]), sum(&handed[1])];
        loop {
            let [bid, ask] = [handed[0].last()?.maker.price, handed[1].last()?.maker.price];
            if bid < ask {
                return None;
            }
            if sums[0] == sums[1] {
                return Some(handed);
            }
            let more = usize::from(sums[1] > sums[0]);
            let surplus = sums[more] - sums[1 - more];
            let last = handed[more].last_mut()?;
            if !last.whole && u128::from(last.open) > surplus {
                last.open -= surplus as u64;
                return Some(handed);
            }
            let next = if more == 1 { bids.next() } else { asks.next() }?;
            sums[1 - more] += u128::from(next.open);
            handed[1 - more].push(next);
        }
    }
}

/// As much as fits from each, in order; what is whole only whole.
fn give_up_to(from: &[Gift], most: u64) -> (Vec<(Maker, u64)>, u64) {
    let (mut plan, mut given) = (Vec::new(), 0);
    for gift in from {
        let lots = if gift.open <= most - given {
            gift.open
        } else if gift.whole {
            0
        } else {
            most - given
        };
        if lots > 0 {
            plan.push((gift.maker, lots));
            given += lots;
        }
    }
    (plan, given)
}
