//! The auction: one price for everybody.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::command::Side;
use crate::event::{Event, EventFlags, EventKind, Reason};
use crate::sink::EventSink;
use crate::slab::Handle;
use crate::venue::places::{Class, Maker};
use crate::venue::{AuctionAllocation, Indicative, Venue, VenueCommand};

/// Orders that share a price in an auction (`None`: unpriced), with the lots they take part with.
type Group = (Option<i64>, Vec<(Maker, u64)>);

/// Lots of one side by price, and without one.
struct Interest {
    /// (key, lots at this key or a better one), best key first.
    cumulated: Vec<(i64, u128)>,
    unpriced: u128,
}

impl Interest {
    /// What would trade at a key or a better one.
    fn at(&self, key: i64) -> u128 {
        let better = self.cumulated.partition_point(|&(k, _)| k >= key);
        self.unpriced + better.checked_sub(1).map_or(0, |i| self.cumulated[i].1)
    }
}

fn lots(n: u128) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

impl Venue {
    pub(super) fn uncross<S: EventSink>(&mut self, cmd: &VenueCommand, sink: &mut S) {
        if !self.phase.collects() {
            return self.reject(sink, cmd, Reason::WrongPhase);
        }
        self.acknowledge(sink, cmd, cmd.order.qty);
        self.execute_auction(sink);
    }

    /// Lots of an order that take part: all that is open, unless it is all-or-none.
    fn part_in_auction(&self, h: Handle) -> u64 {
        if self.is_all_or_none(h) { 0 } else { self.open(h) }
    }

    fn interest(&self, side: Side) -> Interest {
        let sum = |level: Handle| -> u128 { self.queue_of(level).map(|h| u128::from(self.part_in_auction(h))).sum() };
        let unpriced = self.ladder(Class::Unpriced, side).levels().map(|(_, level)| sum(level)).sum();
        let mut cumulated: Vec<(i64, u128)> = Vec::new();
        let mut total = 0;
        for (key, level, _) in self.priced_levels(side, i64::MIN) {
            let here = sum(level);
            if here == 0 {
                continue;
            }
            total += here;
            match cumulated.last_mut() {
                Some(last) if last.0 == key => last.1 = total,
                _ => cumulated.push((key, total)),
            }
        }
        Interest { cumulated, unpriced }
    }

    /// Price and volumes of the auction, if anything would trade.
    pub(super) fn auction(&self) -> Option<Indicative> {
        let [buys, sells] = Side::BOTH.map(|side| self.interest(side));
        let mut candidates: BTreeSet<i64> = self.reference.into_iter().collect();
        for (side, interest) in [(Side::Buy, &buys), (Side::Sell, &sells)] {
            candidates.extend(interest.cumulated.iter().map(|&(key, _)| side.key(key)));
        }
        let wants = |price: i64| (buys.at(Side::Buy.key(price)), sells.at(Side::Sell.key(price)));
        let rank = |price: i64| {
            let (b, s) = wants(price);
            (b.min(s), Reverse(b.abs_diff(s)))
        };
        let best = candidates.iter().map(|&price| rank(price)).max()?;
        if best.0 == 0 {
            return None;
        }
        let equal: Vec<i64> = candidates.iter().copied().filter(|&price| rank(price) == best).collect();
        let (lowest, highest) = (*equal.first()?, *equal.last()?);
        let all =
            |too_many: fn(u128, u128) -> bool| equal.iter().all(|&price| too_many(wants(price).0, wants(price).1));
        let price = if all(|b, s| b > s) {
            highest
        } else if all(|b, s| b < s) {
            lowest
        } else if let Some(reference) = self.reference {
            equal.iter().copied().min_by_key(|&price| (price.abs_diff(reference), Reverse(price)))?
        } else {
            lowest
        };
        let (b, s) = wants(price);
        let side = if b >= s { Side::Buy } else { Side::Sell };
        Some(Indicative { price, qty: lots(b.min(s)), surplus: lots(b.abs_diff(s)), side })
    }

    /// Executes the auction, if anything trades.
    pub(super) fn execute_auction<S: EventSink>(&mut self, sink: &mut S) {
        let Some(Indicative { price, .. }) = self.auction() else { return };
        let [buys, sells] = Side::BOTH.map(|side| self.interest(side).at(side.key(price)));
        let volume = buys.min(sells);
        let [bought, sold] = Side::BOTH.map(|side| self.fills(side, price, volume));
        self.print_pairs(sink, Side::Buy, &bought, &sold, Some(price));
        self.consume_all(sink, bought.into_iter().chain(sold));
        self.reference = Some(price);
    }

    /// Who gets how much of `volume` on one side, in order of priority.
    fn fills(&self, side: Side, price: i64, volume: u128) -> Vec<(Maker, u64)> {
        let unpriced = self.ladder(Class::Unpriced, side).levels().map(|(_, level)| (None, level, Class::Unpriced));
        let priced = self.priced_levels(side, side.key(price)).map(|(key, level, class)| (Some(key), level, class));
        // Displayed and hidden orders of one price are one group.
        let mut groups: Vec<Group> = Vec::new();
        for (key, level, class) in unpriced.chain(priced) {
            let order = |h| (Maker { h, class, price }, self.part_in_auction(h));
            let orders = self.queue_of(level).map(order).filter(|&(_, qty)| qty > 0);
            match groups.last_mut() {
                Some((last, group)) if *last == key => group.extend(orders),
                _ => groups.push((key, orders.collect())),
            }
        }
        let (mut left, mut fills) = (volume, Vec::new());
        for (key, group) in groups {
            let total: u128 = group.iter().map(|&(_, qty)| u128::from(qty)).sum();
            let by_size = self.config.auction_allocation == AuctionAllocation::ProRata && key.is_some() && left < total;
            let mut shares: Vec<u64> =
                group.iter().map(|&(_, qty)| if by_size { share(qty, left, total) } else { 0 }).collect();
            let mut rest = left - shares.iter().map(|&s| u128::from(s)).sum::<u128>();
            for (share, &(_, qty)) in shares.iter_mut().zip(&group) {
                let more = lots(rest.min(u128::from(qty - *share)));
                *share += more;
                rest -= u128::from(more);
            }
            left = rest;
            fills.extend(group.iter().zip(shares).map(|(&(maker, _), qty)| (maker, qty)).filter(|&(_, qty)| qty > 0));
        }
        fills
    }

    /// Trades of the orders of both sides, both in their order: in an auction at its price, otherwise at the makers'.
    pub(super) fn print_pairs<S: EventSink>(
        &mut self,
        sink: &mut S,
        side: Side,
        takers: &[(Maker, u64)],
        makers: &[(Maker, u64)],
        auction: Option<i64>,
    ) {
        let flags = if auction.is_some() { EventFlags::AUCTION } else { EventFlags::NONE };
        let (mut takers, mut makers) = (takers.iter().copied(), makers.iter().copied());
        let (mut taker, mut maker) = (takers.next(), makers.next());
        while let (Some((t, wanted)), Some((m, offered))) = (taker, maker) {
            let qty = wanted.min(offered);
            let e = Event {
                seq: self.book.commands(),
                id: self.id_of(t.h),
                other: self.id_of(m.h),
                price: auction.unwrap_or(m.price),
                qty,
                owner: self.book.slab.owner(t.h),
                kind: EventKind::Trade,
                side,
                reason: Reason::None,
                flags,
            };
            self.emit(sink, e);
            taker = if wanted == qty { takers.next() } else { Some((t, wanted - qty)) };
            maker = if offered == qty { makers.next() } else { Some((m, offered - qty)) };
        }
    }
}

/// `qty` over `total` of `volume`, rounded down; `volume` is less than `total`.
fn share(qty: u64, volume: u128, total: u128) -> u64 {
    if let Some(product) = u128::from(qty).checked_mul(volume) {
        return lots(product / total);
    }
    // The product needs more bits: it is divided while it is added up, from the highest bit down.
    let (whole, _) = (0..64).rev().fold((0u128, 0u128), |(whole, rest), bit| {
        let sum = rest * 2 + if qty >> bit & 1 == 1 { volume } else { 0 };
        (whole * 2 + sum / total, sum % total)
    });
    lots(whole)
}
