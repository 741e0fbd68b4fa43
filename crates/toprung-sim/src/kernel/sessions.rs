//! The clock of a venue with phases: when they change, when an interruption ends, when the indicative price is published; and
//! what became of its auctions.
//!
//! The phases, the auctions and the breaker are `toprung_book`'s venue's. That has no clock: this is it.

use serde::{Deserialize, Serialize};
use toprung_book::{OrderView, Phase, Side, TradingVenue, Venue};

use super::config::{TIME_NS_MAX, is_zero};
use super::latency::LATENCY_MAX_NS;
use crate::config::{check, integer};
use crate::error::ConfigError;

/// Phases of trading and limits to how far a price may move, by the rules of `docs/venue.md`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SessionRules {
    /// The phase that it begins in.
    pub phase: Phase,
    /// Changes of phase, in order of time.
    pub schedule: Vec<PhaseChange>,
    /// Ticks through the reference price beyond which a limit is refused; none if it is not there.
    pub band_ticks: Option<u64>,
    /// Ticks from the reference price beyond which nothing trades and trading is interrupted; none if it is not there.
    pub breaker_ticks: Option<u64>,
    /// How long an interruption lasts, ns.
    pub interruption_ns: u64,
    /// How often what the auction would give is published while orders are collected, ns; 0: never.
    pub indicative_ns: u64,
    /// A call market: while orders are collected, those that can trade do so this often, at one price, and collecting goes on,
    /// ns; 0: only when the phase ends. Its auctions are not kept.
    #[serde(skip_serializing_if = "is_zero")]
    pub call_ns: u64,
}

/// A change of phase at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PhaseChange {
    /// When, ns.
    pub at_ns: u64,
    /// What begins then.
    pub phase: Phase,
}

impl SessionRules {
    pub(super) fn validate(&self, path: &str) -> Result<(), ConfigError> {
        let at = |name: &str| format!("{path}.{name}");
        for (k, change) in self.schedule.iter().enumerate() {
            let before = if k == 0 { 0 } else { self.schedule[k - 1].at_ns + 1 };
            integer(&at(&format!("schedule[{k}].atNs")), change.at_ns, before, TIME_NS_MAX)?;
        }
        for (name, ticks) in [("bandTicks", self.band_ticks), ("breakerTicks", self.breaker_ticks)] {
            integer(&at(name), ticks.unwrap_or(1), 1, 1 << 50)?;
        }
        integer(&at("interruptionNs"), self.interruption_ns, 0, LATENCY_MAX_NS)?;
        let lasts = self.breaker_ticks.is_none() || self.interruption_ns > 0;
        check(&at("interruptionNs"), lasts, "at least 1 where there is a breaker", self.interruption_ns)?;
        for (name, every_ns) in [("indicativeNs", self.indicative_ns), ("callNs", self.call_ns)] {
            integer(&at(name), every_ns, 0, TIME_NS_MAX)?;
            check(&at(name), every_ns == 0 || every_ns >= 1_000_000, "0 or at least 1000000", every_ns)?;
        }
        Ok(())
    }
}

/// What an auction would give, as published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndicativeRow {
    /// When, ns.
    pub time_ns: u64,
    /// The price, ticks.
    pub price: i64,
    /// Lots that would trade.
    pub qty: u64,
    /// Lots that would like to and could not.
    pub surplus: u64,
    /// The side that has too many.
    pub side: Side,
}

/// An auction, beside what every candidate price was tried for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuctionRow {
    /// When, ns.
    pub time_ns: u64,
    /// The price, ticks.
    pub price: i64,
    /// Lots that traded.
    pub qty: u64,
    /// Price and lots by trying every price.
    pub expected: Option<(i64, u64)>,
    /// Whether a bid was left that reaches an ask.
    pub is_crossed: bool,
}

impl AuctionRow {
    /// Whether it traded what every price tried gives, and left no crossed book.
    pub fn is_right(&self) -> bool {
        let traded = (self.qty > 0).then_some((self.price, self.qty));
        traded == self.expected && !self.is_crossed
    }
}

/// What a venue's sessions left behind.
#[derive(Clone, Debug, Default)]
pub struct SessionRecord {
    /// What was published while orders were collected.
    pub indicatives: Vec<IndicativeRow>,
    /// The auctions.
    pub auctions: Vec<AuctionRow>,
    /// When trading was interrupted, ns.
    pub interruptions: Vec<u64>,
    /// Every phase, and when it began.
    pub phases: Vec<PhaseChange>,
}

/// The clock.
#[derive(Clone, Debug)]
pub(crate) struct Sessions {
    /// Latest first.
    schedule: Vec<PhaseChange>,
    interruption_ns: u64,
    interruption_ends_ns: u64,
    indicative_ns: u64,
    next_indicative_ns: u64,
    pub(crate) call_ns: u64,
    next_call_ns: u64,
    /// Since when trading has not been continuous, and when the background's pending event would have arrived.
    pub(crate) closed: Option<(u64, u64)>,
    pub(crate) record: SessionRecord,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Phase(Phase),
    Indicative,
    Call,
}

impl Sessions {
    pub(crate) fn new(rules: &SessionRules) -> Sessions {
        Sessions {
            schedule: rules.schedule.iter().rev().copied().collect(),
            interruption_ns: rules.interruption_ns,
            interruption_ends_ns: u64::MAX,
            indicative_ns: rules.indicative_ns,
            next_indicative_ns: u64::MAX,
            call_ns: rules.call_ns,
            next_call_ns: u64::MAX,
            closed: None,
            record: SessionRecord::default(),
        }
    }

    pub(crate) fn next_ns(&self) -> u64 {
        let scheduled = self.schedule.last().map_or(u64::MAX, |change| change.at_ns);
        scheduled.min(self.interruption_ends_ns).min(self.next_indicative_ns).min(self.next_call_ns)
    }

    /// Takes what is due at `time_ns`, which [`next_ns`](Self::next_ns) gave.
    pub(crate) fn take(&mut self, time_ns: u64) -> Due {
        if self.next_indicative_ns <= time_ns {
            self.next_indicative_ns = time_ns.saturating_add(self.indicative_ns);
            return Due::Indicative;
        }
        if self.interruption_ends_ns <= time_ns {
            self.interruption_ends_ns = u64::MAX;
            return Due::Phase(Phase::Continuous);
        }
        if self.schedule.last().is_none_or(|change| change.at_ns > time_ns) && self.next_call_ns <= time_ns {
            return Due::Call;
        }
        Due::Phase(self.schedule.pop().map_or(Phase::Continuous, |change| change.phase))
    }

    /// A phase has begun, by the clock or by itself.
    pub(crate) fn begun(&mut self, phase: Phase, time_ns: u64) {
        self.record.phases.push(PhaseChange { at_ns: time_ns, phase });
        let publishes = phase.collects() && self.indicative_ns > 0;
        self.next_indicative_ns = if publishes { time_ns.saturating_add(self.indicative_ns) } else { u64::MAX };
        let calls = phase.collects() && self.call_ns > 0;
        self.next_call_ns = if calls { time_ns.saturating_add(self.call_ns) } else { u64::MAX };
        self.interruption_ends_ns = u64::MAX;
        if phase == Phase::VolatilityInterruption {
            self.record.interruptions.push(time_ns);
            if self.interruption_ns > 0 {
                self.interruption_ends_ns = time_ns.saturating_add(self.interruption_ns);
            }
        }
    }

    pub(crate) fn publish(&mut self, venue: &Venue, time_ns: u64) {
        if let Some(auction) = venue.indicative() {
            let (price, qty, surplus, side) = (auction.price, auction.qty, auction.surplus, auction.side);
            self.record.indicatives.push(IndicativeRow { time_ns, price, qty, surplus, side });
        }
    }
}

/// Price and volume of an auction by trying every candidate on every order: the oracle that the venue is held against.
pub(crate) fn tried_out(venue: &Venue) -> Option<(i64, u64)> {
    let orders = |side: Side| -> Vec<OrderView> { [venue.queue(side), venue.hidden(side)].concat() };
    let unpriced = |side: Side| venue.unpriced(side).iter().map(|o| o.qty).sum::<u64>();
    let [bids, asks] = Side::BOTH.map(orders);
    let [free_bids, free_asks] = Side::BOTH.map(unpriced);
    let demand = |p: i64| free_bids + bids.iter().filter(|o| o.price >= p).map(|o| o.qty).sum::<u64>();
    let supply = |p: i64| free_asks + asks.iter().filter(|o| o.price <= p).map(|o| o.qty).sum::<u64>();
    let mut prices: Vec<i64> = bids.iter().chain(&asks).map(|o| o.price).chain(venue.reference()).collect();
    prices.sort_unstable();
    prices.dedup();
    let rows: Vec<(i64, u64, u64)> = prices.into_iter().map(|p| (p, demand(p), supply(p))).collect();
    let most = rows.iter().map(|r| r.1.min(r.2)).max().filter(|volume| *volume > 0)?;
    let least = rows.iter().filter(|r| r.1.min(r.2) == most).map(|r| r.1.abs_diff(r.2)).min()?;
    let best: Vec<_> = rows.iter().filter(|r| r.1.min(r.2) == most && r.1.abs_diff(r.2) == least).collect();
    let price = match venue.reference() {
        _ if best.iter().all(|r| r.1 > r.2) => best.last()?.0,
        _ if best.iter().all(|r| r.1 < r.2) => best.first()?.0,
        Some(reference) => best.iter().rev().min_by_key(|r| r.0.abs_diff(reference))?.0,
        None => best.first()?.0,
    };
    Some((price, most))
}
