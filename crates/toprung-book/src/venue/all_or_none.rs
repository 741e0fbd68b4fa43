//! Orders that trade whole or not at all.

use crate::command::SelfTrade;
use crate::sink::EventSink;
use crate::slab::Handle;
use crate::venue::Venue;
use crate::venue::matching::Taker;
use crate::venue::places::{Class, Maker};
use crate::view::OrderView;

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

    /// An order has come to rest: the all-or-none orders opposite that would trade at its price try again.
    pub(super) fn retry_all_or_none<S: EventSink>(&mut self, sink: &mut S, rested: &OrderView) {
        let opposite = !rested.side;
        if self.registry.all_or_none[opposite as usize] == 0 {
            return;
        }
        let levels = self.ladder(Class::Displayed, opposite).levels();
        let within = levels.take_while(|&(key, _)| key >= opposite.key(rested.price));
        let waiting = within.flat_map(|(_, level)| self.queue_of(level)).filter(|&h| self.is_all_or_none(h));
        let waiting: Vec<(u64, Handle)> = waiting.map(|h| (self.id_of(h), h)).collect();
        for (id, h) in waiting {
            // Whoever traded in the meantime has left with its whole quantity.
            if self.find_resting(id).is_none_or(|(now, _)| now != h) {
                continue;
            }
            let OrderView { side, price, qty, owner, .. } = self.resting_view(h);
            let t = Taker {
                id,
                side,
                owner,
                qty,
                limit: Some(price),
                self_trade: SelfTrade::Allow,
                meets_unpriced: true,
                only: None,
            };
            if self.trade_whole(sink, &t) {
                self.remove(h);
            }
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
