//! The auction: one price for everybody.

use std::collections::BTreeSet;

use super::NaiveVenue;
use super::places::within;
use crate::command::Side;
use crate::event::EventFlags;
use crate::venue::{AuctionAllocation, Indicative};

/// What a candidate price would bring.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    price: i64,
    buy: u128,
    sell: u128,
}

impl Candidate {
    fn volume(&self) -> u128 {
        self.buy.min(self.sell)
    }

    fn surplus(&self) -> u128 {
        self.buy.abs_diff(self.sell)
    }
}

/// An order in the auction; `None` is unpriced.
#[derive(Clone, Copy, Debug)]
struct Bidder {
    id: u64,
    limit: Option<i64>,
    open: u64,
}

impl NaiveVenue {
    /// The orders of one side that take part, in priority order.
    fn bidders(&self, side: Side) -> Vec<Bidder> {
        let unpriced = self.unpriced[side as usize].iter().map(|&id| (id, None));
        let priced = self.priced(side).into_iter().map(|o| (o.id, Some(o.price)));
        let all = unpriced.chain(priced).filter(|(id, _)| !self.orders[id].all_or_none);
        all.map(|(id, limit)| Bidder { id, limit, open: self.orders[&id].open }).collect()
    }

    /// Those of them that would trade at a price.
    fn bidders_at(&self, side: Side, price: i64) -> Vec<Bidder> {
        let willing = |b: &Bidder| within(side, b.limit, price);
        self.bidders(side).into_iter().filter(willing).collect()
    }

    /// The price that the rules choose.
    fn auction_price(&self) -> Option<Candidate> {
        let [buyers, sellers] = Side::BOTH.map(|side| self.bidders(side));
        let lots = |side, bidders: &[Bidder], price| -> u128 {
            bidders.iter().filter(|b| within(side, b.limit, price)).map(|b| u128::from(b.open)).sum()
        };
        let candidate =
            |price| Candidate { price, buy: lots(Side::Buy, &buyers, price), sell: lots(Side::Sell, &sellers, price) };
        let limits: BTreeSet<i64> =
            buyers.iter().chain(&sellers).filter_map(|b| b.limit).chain(self.reference).collect();
        let mut left: Vec<Candidate> = limits.into_iter().map(candidate).collect();
        let volume = left.iter().map(Candidate::volume).max().filter(|&volume| volume > 0)?;
        left.retain(|c| c.volume() == volume);
        let surplus = left.iter().map(Candidate::surplus).min()?;
        left.retain(|c| c.surplus() == surplus);
        let lowest = left.iter().copied().min_by_key(|c| c.price);
        if left.iter().all(|c| c.buy > c.sell) {
            left.into_iter().max_by_key(|c| c.price)
        } else if left.iter().all(|c| c.buy < c.sell) {
            lowest
        } else if let Some(reference) = self.reference {
            left.into_iter().min_by_key(|c| (c.price.abs_diff(reference), std::cmp::Reverse(c.price)))
        } else {
            lowest
        }
    }

    pub(super) fn auction_outcome(&self) -> Option<Indicative> {
        let lots = |lots: u128| u64::try_from(lots).unwrap_or(u64::MAX);
        let chosen = self.auction_price()?;
        let side = if chosen.sell > chosen.buy { Side::Sell } else { Side::Buy };
        Some(Indicative { price: chosen.price, qty: lots(chosen.volume()), surplus: lots(chosen.surplus()), side })
    }

    /// What each order of a side gets of `volume` lots, in priority order.
    fn fills(&self, side: Side, price: i64, volume: u128) -> Vec<(u64, u64)> {
        let bidders = self.bidders_at(side, price);
        let mut left = volume;
        let mut fills: Vec<(u64, u64)> = Vec::new();
        for level in bidders.chunk_by(|a, b| a.limit == b.limit) {
            let total: u128 = level.iter().map(|b| u128::from(b.open)).sum();
            let by_size = self.config.auction_allocation == AuctionAllocation::ProRata;
            let shared = by_size && level[0].limit.is_some() && left < total;
            // Bit by bit, since the product may need 129 of them: each doubles what has been shared so far.
            let part = |open: u64| {
                (0..64).rev().fold((0u128, 0u128), |(whole, rest), bit| {
                    let sum = rest * 2 + if open >> bit & 1 == 1 { left } else { 0 };
                    (whole * 2 + sum / total, sum % total)
                })
            };
            let share = |b: &Bidder| if shared { part(b.open).0 as u64 } else { 0 };
            let mut level_fills: Vec<u64> = level.iter().map(share).collect();
            left -= level_fills.iter().map(|&lots| u128::from(lots)).sum::<u128>();
            for (b, lots) in level.iter().zip(&mut level_fills) {
                let more = u128::from(b.open - *lots).min(left) as u64;
                *lots += more;
                left -= u128::from(more);
            }
            fills.extend(level.iter().map(|b| b.id).zip(level_fills));
        }
        fills.retain(|&(_, lots)| lots > 0);
        fills
    }

    /// Executes the auction, if anything would trade.
    pub(super) fn auction(&mut self) {
        let Some(chosen) = self.auction_price() else { return };
        let [buyers, sellers] = Side::BOTH.map(|side| self.fills(side, chosen.price, chosen.volume()));
        let ids: Vec<u64> = buyers.iter().chain(&sellers).map(|&(id, _)| id).collect();
        for (buys, sells, lots) in pairs(&buyers, &sellers) {
            self.exchange(buys, sells, chosen.price, lots, EventFlags::AUCTION);
        }
        ids.into_iter().for_each(|id| self.refresh(id));
        self.reference = Some(chosen.price);
    }
}

/// Pairs two sides in their order: each pair with as many lots as both still have.
pub(super) fn pairs<T: Copy>(a: &[(T, u64)], b: &[(T, u64)]) -> Vec<(T, T, u64)> {
    let (mut a, mut b) = (a.iter().copied(), b.iter().copied());
    let (mut one, mut other) = (a.next(), b.next());
    let mut pairs = Vec::new();
    while let (Some((x, wanted)), Some((y, offered))) = (one, other) {
        let lots = wanted.min(offered);
        pairs.push((x, y, lots));
        one = if wanted == lots { a.next() } else { Some((x, wanted - lots)) };
        other = if offered == lots { b.next() } else { Some((y, offered - lots)) };
    }
    pairs
}
