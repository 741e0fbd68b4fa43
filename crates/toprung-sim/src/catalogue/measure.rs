//! What is measured of a market: one number by name.

use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};
use toprung_book::Side;

use super::statistics::{
    acf_slope, chi_square_ratio, diffusion, low, median, return_acf, sd, sign_acf, straight_run, trade_fano,
};
use super::surveillance::detector_auc;
use crate::flow::FlowConfig;
use crate::kernel::{Account, MarketConfig, MarketResult, Quote, Trade, VenueConfig, VenueResult};
use crate::oracle::{correlation, epps_correlation};

/// One measure of an arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Measure {
    /// What rules call it.
    pub name: String,
    /// What is measured.
    pub of: Of,
    /// At which venue.
    #[serde(default)]
    pub venue: usize,
    /// Of which group of agents.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// From when on, seconds.
    #[serde(default)]
    pub from: f64,
    /// Until when, seconds; 0 is the end.
    #[serde(default)]
    pub to: f64,
    /// A further number, which [`Of`] explains.
    #[serde(default)]
    pub by: f64,
}

/// What can be measured. "Between" is from `from` to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Of {
    /// Mean spread between, ticks.
    MeanSpread,
    /// Greatest spread between, ticks.
    MaxSpread,
    /// Share of the samples between with a spread of one tick.
    OneTickShare,
    /// Mean lots at the best prices between, of both sides.
    MeanBestQty,
    /// Mean published depth between, of both sides.
    MeanDepth,
    /// Least published depth of bids between.
    MinBidDepth,
    /// Standard deviation between of the imbalance of the published depth.
    DepthImbalanceSd,
    /// Mean between of the imbalance of the published depth, −1 to 1.
    DepthImbalance,
    /// Autocorrelation of the signs of trades at the lag `by`.
    SignAcf,
    /// Variance over mean of the number of trades in bins of `by` seconds.
    TradeFano,
    /// Continuations over twice the alternations of mid moves, of the whole run.
    Eta,
    /// Greatest fall of the mid price between, from `from`, percent.
    DropPercent,
    /// Greatest rise of the mid price between, from `from`, percent.
    RisePercent,
    /// When the mid price was lowest between, seconds after `from`.
    LowAfter,
    /// Of the greatest fall between: what came back within `by` seconds after the low, percent.
    RecoveryPercent,
    /// Mid price at `to` less mid price at `from`, ticks.
    Drift,
    /// Mean mid price between less `by`, ticks.
    MeanMidOff,
    /// Seconds from `from` until the mid price is within a tenth of the jump `by` of its new value, which is the mean mid
    /// price before plus `by`; the length of the stretch if it never is.
    SettlesAfter,
    /// Seconds from `from` until the spread is back at half between its greatest value and its median before `from`.
    SpreadHalfLife,
    /// Seconds between during which the spread was at least `by` times the median before `from`, or a side was empty.
    WideSeconds,
    /// Lots traded between.
    Volume,
    /// Fills between.
    Trades,
    /// Messages of the whole run.
    Messages,
    /// Cancels over fills of the group, whole run.
    CancelsPerFill,
    /// Mean fraction of its lots that the group's resting orders filled: lots filled while resting over orders sent.
    RestingFillRatio,
    /// What the group owns in the end, at the last mid price, ticks × lots.
    Profit,
    /// The group's profit per lot that it traded, ticks.
    ProfitPerLot,
    /// What the group owns at the end, lots.
    Position,
    /// Standard deviation of the group's position over time, lots.
    PositionSd,
    /// Standard deviation over agents of the profit, ticks × lots.
    ProfitSd,
    /// Lots that the group traded.
    GroupVolume,
    /// Lots that the group traded as a share of the volume between, percent.
    ParticipationPercent,
    /// Volume-weighted price of the group against the mid price at `from`, to its disadvantage, ticks.
    Shortfall,
    /// Share of the agent `by` in the lots that the group filled while resting.
    FillShare,
    /// Fills between one agent and itself.
    SelfTrades,
    /// Mean move of the mid price against those who rested, `by` seconds after a fill, ticks. 0 is nobody's group.
    Markout,
    /// Mean time of agents' messages from arrival to execution, ns.
    MeanWait,
    /// 99th percentile of that time, ns.
    P99Wait,
    /// Half-life of the difference of this venue's mid price from the mean of the others', seconds.
    BasisHalfLife,
    /// Standard deviation of that difference, ticks.
    BasisSd,
    /// Share of the group in the lots that all agents filled while resting.
    MakerShare,
    /// Mean time in line of agents' messages over what theory gives for Poisson arrivals at a server of constant service time,
    /// ρs/(2(1 − ρ)) with ρ from the messages that there were.
    WaitOverTheory,
    /// Auctions in which something traded.
    Auctions,
    /// Auctions whose price or volume is not that of trying every price, or that left a crossed book.
    AuctionErrors,
    /// Interruptions by the breaker.
    Interruptions,
    /// First indicative price that was published between, ticks.
    FirstIndicative,
    /// Last indicative price that was published between, ticks.
    LastIndicative,
    /// Mean size of the group's orders, lots.
    MeanSentLots,
    /// Lots that the group sent and that were not filled, per lot that was.
    UnfilledPerFilled,
    /// Lots that filled while resting as a share of the lots that the group sent.
    FilledShare,
    /// χ² of the sizes of queue `by` (1 is the first), both sides, against the stationary law of the flow's rates, over its
    /// 99th percentile: above 1, p < 0.01. Needs `ladderTicks`, and samples that are further apart than queues remember.
    QueueChiSquare,
    /// χ² of the trades in 26 equal parts of the session against the venue's season, or against that of open to noon 2.6
    /// where it has none, over its 99th percentile.
    SeasonChiSquare,
    /// Exponent of the decay of the signs' autocorrelation between the lags 10 and 300.
    SignAcfDecay,
    /// Autocorrelation of the moves of the mid price from sample to sample at the lag `by`.
    ReturnAcf,
    /// Most changes of the trade price in one direction without one in the other, between.
    StraightRun,
    /// Lots that the group's quotes lost to others while more than `by` ticks from the fundamental value at the last.
    SnipedLots,
    /// Mean squared move of the mid price over `by` seconds, per second, ticks²/s.
    Diffusion,
    /// Events of the venue's Hawkes process until `to`, per second, over the stationary rate of the treatment's. Like the next
    /// two it is taken of the very process of the run, which may be followed beyond the run's end.
    HawkesRate,
    /// Variance over mean of the number of those events in bins of `by` seconds, over 1/(1 − n)² of the treatment's process.
    HawkesFano,
    /// Kolmogorov–Smirnov distance of their waits, rescaled by the intensity of the treatment's process, from the exponential
    /// law, over its 99th percentile: above 1, p < 0.01.
    HawkesKs,
    /// Greatest distance, in standard errors over 32 books, of the probabilities that the mid price goes up from those of the
    /// treatment's rates, for 1 to 5 orders at either side and a spread of a tick. Like the next two it is taken of books of
    /// the venue's Cont–Stoikov–Talreja flow beside the run's, `by` events of each.
    CstUpZ,
    /// The same of the probabilities that an own bid fills before the mid price moves.
    CstFillZ,
    /// The same of the probabilities that an own bid and an own offer both fill before it moves.
    CstSpreadZ,
    /// Mean lots between at a price of the kept ladder.
    MeanLadderQty,
    /// Volume-weighted price of what the group, or all agents if none is named, took between against the mid price at the last
    /// sample before, to their disadvantage, ticks.
    Slippage,
    /// Mean over all pairs of the venues with correlated flow of the correlation of their mid prices' moves over `by` seconds.
    PairCorrelation,
    /// What the formula of Epps gives for that, of the venue's flow.
    EppsCorrelation,
    /// What the groups whose names begin with `group` gained by trading: cash, position at the last mid price, and what their
    /// position is worth to each of them beyond the value of the instrument, ticks × lots.
    Surplus,
    /// Area under the curve of a detector that is to tell the group's accounts from all others', by windows of `by` seconds:
    /// lots cancelled per lot traded, times how far the account's own resting lots swing the imbalance of the published depth.
    /// Needs `keepQueues`, `keepTrades` and `depthTicks`.
    DetectorAuc,
}

impl Measure {
    /// The number, of a `market` and what came of it; not a number where there is nothing to measure. Theory is that of
    /// `treatment`, whichever arm the market is of. What takes long ends early, with any number, once `cancel` is set.
    pub fn take(
        &self,
        treatment: &MarketConfig,
        (market, result): (&MarketConfig, &MarketResult),
        cancel: &AtomicBool,
    ) -> f64 {
        let Some(venue) = result.venues.get(self.venue) else { return f64::NAN };
        let inside = |ns: u64| self.covers(ns);
        let rows: Vec<&Quote> = venue.samples.iter().filter(|q| inside(q.time_ns) && q.is_two_sided()).collect();
        let before: Vec<&Quote> =
            venue.samples.iter().filter(|q| (q.time_ns as f64) < self.from * 1e9 && q.is_two_sided()).collect();
        let mean = |f: &dyn Fn(&Quote) -> f64| rows.iter().map(|q| f(q)).sum::<f64>() / rows.len() as f64;
        let spread = |q: &Quote| q.spread() as f64;
        let start = || before.last().or(rows.first()).map_or(f64::NAN, |q| q.mid());
        let account = || result.group(&self.group).map(|g| g.total()).unwrap_or_default();
        let last = venue.last.mid();
        match self.of {
            Of::MeanSpread => mean(&spread),
            Of::MaxSpread => rows.iter().map(|q| spread(q)).fold(f64::NAN, f64::max),
            Of::OneTickShare => mean(&|q| f64::from(u8::from(q.spread() == 1))),
            Of::MeanBestQty => mean(&|q| (q.bid_qty + q.ask_qty) as f64 / 2.0),
            Of::MeanDepth => mean(&|q| (q.bid_depth + q.ask_depth) as f64 / 2.0),
            Of::MinBidDepth => rows.iter().map(|q| q.bid_depth as f64).fold(f64::NAN, f64::min),
            Of::DepthImbalanceSd => sd(rows.iter().map(|q| imbalance(q))),
            Of::DepthImbalance => mean(&imbalance),
            Of::SignAcf => sign_acf(&venue.trades, self.by as usize),
            Of::TradeFano => trade_fano(&venue.trades, self.by, result.time_ns as f64 / 1e9),
            Of::Eta => venue.counts.mid_continuations as f64 / (2 * venue.counts.mid_alternations) as f64,
            Of::DropPercent => 100.0 * (1.0 - rows.iter().map(|q| q.mid()).fold(f64::NAN, f64::min) / start()),
            Of::RisePercent => 100.0 * (rows.iter().map(|q| q.mid()).fold(f64::NAN, f64::max) / start() - 1.0),
            Of::LowAfter => low(&rows).map_or(f64::NAN, |q| q.time_ns as f64 / 1e9 - self.from),
            Of::RecoveryPercent => self.recovery(&rows, start()),
            Of::Drift => rows.last().map_or(f64::NAN, |q| q.mid()) - start(),
            Of::MeanMidOff => mean(&|q| q.mid()) - self.by,
            Of::SettlesAfter => {
                let old = before.iter().rev().take(50).map(|q| q.mid()).sum::<f64>() / before.len().min(50) as f64;
                let near = |q: &&&Quote| (q.mid() - old - self.by).abs() <= 0.1 * self.by.abs();
                rows.iter().find(near).map_or(f64::INFINITY, |q| q.time_ns as f64 / 1e9 - self.from)
            }
            Of::SpreadHalfLife => self.spread_half_life(&rows, median(before.iter().map(|q| spread(q)))),
            Of::WideSeconds => {
                let wide = self.by * median(before.iter().map(|q| spread(q)));
                let step = venue.samples.get(1).map_or(0.0, |q| q.time_ns as f64 / 1e9);
                let all = venue.samples.iter().filter(|q| inside(q.time_ns));
                all.filter(|q| !q.is_two_sided() || spread(q) >= wide).count() as f64 * step
            }
            Of::Volume => volume(venue, &inside),
            Of::Trades => venue.trades.iter().filter(|t| inside(t.time_ns)).count() as f64,
            Of::Messages => venue.counts.messages as f64,
            Of::CancelsPerFill => account().changes as f64 / account().fills.max(1) as f64,
            Of::RestingFillRatio => account().maker_lots as f64 / account().orders as f64,
            Of::Profit => account().value(last),
            Of::ProfitPerLot => account().value(last) / (account().bought + account().sold) as f64,
            Of::Position => account().position as f64,
            Of::PositionSd => self.position_sd(result, venue),
            Of::ProfitSd => sd(accounts(result, &self.group).map(|a| a.value(last))),
            Of::GroupVolume => (account().bought + account().sold) as f64,
            Of::ParticipationPercent => self.participation(result, venue),
            Of::Shortfall => {
                let a = account();
                let lots = a.bought as f64 - a.sold as f64;
                (-(a.cash as f64) - lots * start()) / lots.abs()
            }
            Of::FillShare => {
                let at = self.by as usize;
                accounts(result, &self.group).nth(at).map_or(f64::NAN, |a| a.maker_lots as f64)
                    / account().maker_lots as f64
            }
            Of::SelfTrades => venue.trades.iter().filter(|t| t.taker.is_some() && t.taker == t.maker).count() as f64,
            Of::Markout => self.markout(result, venue),
            Of::MeanWait => venue.waits.as_ref().map_or(f64::NAN, |w| w.mean_ns()),
            Of::P99Wait => venue.waits.as_ref().map_or(f64::NAN, |w| w.p99_ns() as f64),
            Of::BasisHalfLife => self.basis_half_life(result),
            Of::BasisSd => sd(self.basis(result).into_iter()),
            Of::MakerShare => {
                let all: u64 = result.groups.iter().map(|g| g.total().maker_lots).sum();
                account().maker_lots as f64 / all as f64
            }
            Of::WaitOverTheory => {
                let service = market.venues[self.venue].service_ns as f64;
                let load = venue.counts.messages as f64 * service / result.time_ns as f64;
                let wait = venue.waits.as_ref().map_or(f64::NAN, |w| w.mean_ns()) - service;
                wait / (load * service / (2.0 * (1.0 - load)))
            }
            Of::Auctions => venue.sessions.auctions.iter().filter(|a| a.qty > 0).count() as f64,
            Of::AuctionErrors => venue.sessions.auctions.iter().filter(|a| !a.is_right()).count() as f64,
            Of::Interruptions => venue.sessions.interruptions.len() as f64,
            Of::FirstIndicative | Of::LastIndicative => {
                let mut rows = venue.sessions.indicatives.iter().filter(|r| inside(r.time_ns));
                let row = if self.of == Of::FirstIndicative { rows.next() } else { rows.next_back() };
                row.map_or(f64::NAN, |r| r.price as f64)
            }
            Of::MeanSentLots => account().sent_lots as f64 / account().orders as f64,
            Of::UnfilledPerFilled => {
                let filled = (account().bought + account().sold) as f64;
                (account().sent_lots as f64 - filled) / filled
            }
            Of::FilledShare => account().maker_lots as f64 / account().sent_lots as f64,
            Of::QueueChiSquare => self.queue_chi_square(market, venue),
            Of::SeasonChiSquare => self.season_chi_square(market, venue),
            Of::SignAcfDecay => acf_slope(&venue.trades),
            Of::ReturnAcf => return_acf(&rows, self.by as usize),
            Of::StraightRun => straight_run(venue.trades.iter().filter(|t| inside(t.time_ns))),
            Of::Diffusion => diffusion(&rows, self.by),
            Of::HawkesRate | Of::HawkesFano | Of::HawkesKs => self.hawkes(treatment, market, cancel),
            Of::CstUpZ | Of::CstFillZ | Of::CstSpreadZ => self.cst(treatment, market, cancel),
            Of::MeanLadderQty => self.mean_ladder_qty(market, venue),
            Of::Slippage => {
                let group =
                    |agent: Option<u32>| agent.is_some_and(|a| self.group.is_empty() || self.is_in_group(result, a));
                let (mut sum, mut lots) = (0.0, 0.0);
                for t in venue.trades.iter().filter(|t| inside(t.time_ns) && group(t.taker)) {
                    let at = (t.time_ns / market.sample_ns.max(1)) as usize;
                    let mid = venue.samples.get(at).map_or(f64::NAN, Quote::mid);
                    let worse = if t.side == Side::Buy { t.price as f64 - mid } else { mid - t.price as f64 };
                    (sum, lots) = (sum + worse * t.qty as f64, lots + t.qty as f64);
                }
                sum / lots
            }
            Of::PairCorrelation => self.pair_correlation(market, result),
            Of::EppsCorrelation => match self.flow(market) {
                Some(FlowConfig::Correlated(flow)) => epps_correlation(flow, self.by),
                _ => f64::NAN,
            },
            Of::Surplus => {
                let theirs = result.groups.iter().filter(|g| g.name.starts_with(&self.group));
                theirs.map(|g| g.total().value(last) + g.private_worth).sum()
            }
            Of::DetectorAuc => detector_auc(venue, self.by, &|agent| self.is_in_group(result, agent)),
            Of::SnipedLots => {
                let theirs = |t: &&Trade| inside(t.time_ns) && t.maker.is_some_and(|m| self.is_in_group(result, m));
                let far = |t: &&Trade| (last - t.price as f64).abs() > self.by;
                venue.trades.iter().filter(theirs).filter(far).map(|t| t.qty as f64).sum()
            }
        }
    }

    /// Whether the time lies between `from` and `to`.
    fn covers(&self, time_ns: u64) -> bool {
        let end = if self.to > 0.0 { self.to } else { f64::INFINITY };
        (self.from..end).contains(&(time_ns as f64 / 1e9))
    }

    fn is_in_group(&self, result: &MarketResult, agent: u32) -> bool {
        result.group(&self.group).is_some_and(|g| (g.first..g.first + g.accounts.len() as u32).contains(&agent))
    }

    fn queue_chi_square(&self, market: &MarketConfig, venue: &VenueResult) -> f64 {
        let config = &market.venues[self.venue];
        let (Some(FlowConfig::QueueReactive(flow)), ticks) = (&config.flow, config.ladder_ticks as usize) else {
            return f64::NAN;
        };
        let level = (self.by as usize).max(1) - 1;
        let Some(rates) = flow.levels.get(level).filter(|_| level < ticks) else { return f64::NAN };
        let skipped = (self.from * 1e9 / market.sample_ns as f64) as usize;
        let law = rates.stationary();
        let mut counts = vec![0.0; law.len()];
        for row in venue.ladders.chunks_exact(2 * ticks).skip(skipped) {
            for lots in &row[2 * level..2 * level + 2] {
                let n = u64::from(*lots) / flow.order_size;
                counts[(n as usize).min(law.len() - 1)] += 1.0;
            }
        }
        let total: f64 = counts.iter().sum();
        let expected: Vec<f64> = law.iter().map(|p| p * total).collect();
        chi_square_ratio(&counts, &expected)
    }

    fn mean_ladder_qty(&self, market: &MarketConfig, venue: &VenueResult) -> f64 {
        let prices = 2 * market.venues[self.venue].ladder_ticks as usize;
        let rows = venue.samples.iter().zip(venue.ladders.chunks_exact(prices.max(1)));
        let inside = rows.filter(|(q, _)| self.covers(q.time_ns));
        let (sum, n) = inside.fold((0.0, 0.0), |(sum, n), (_, row)| {
            (sum + row.iter().map(|lots| f64::from(*lots)).sum::<f64>(), n + row.len() as f64)
        });
        sum / n
    }

    fn pair_correlation(&self, market: &MarketConfig, result: &MarketResult) -> f64 {
        let lag = ((self.by * 1e9 / market.sample_ns as f64).round() as usize).max(1);
        let skipped = (self.from * 1e9 / market.sample_ns as f64) as usize;
        let moves = |v: &VenueResult| -> Vec<f64> {
            v.samples[skipped..].windows(lag + 1).map(|w| w[lag].mid() - w[0].mid()).collect()
        };
        let is_asset = |v: &VenueConfig| matches!(v.flow, Some(FlowConfig::Correlated(_)));
        let assets: Vec<Vec<f64>> =
            market.venues.iter().zip(&result.venues).filter(|(v, _)| is_asset(v)).map(|(_, v)| moves(v)).collect();
        let pairs = assets.iter().enumerate().flat_map(|(k, a)| assets[..k].iter().map(|b| correlation(a, b)));
        let all: Vec<f64> = pairs.collect();
        all.iter().sum::<f64>() / all.len() as f64
    }

    fn season_chi_square(&self, market: &MarketConfig, venue: &VenueResult) -> f64 {
        const BINS: usize = 26;
        let season = market.venues[self.venue].season.unwrap_or_default();
        let length = market.duration_ns as f64;
        let mut counts = vec![0.0; BINS];
        for trade in &venue.trades {
            counts[((trade.time_ns as f64 / length * BINS as f64) as usize).min(BINS - 1)] += 1.0;
        }
        // Simpson's rule is exact for the parabola.
        let at = |k: usize, x: f64| season.activity((k as f64 + x) / BINS as f64);
        let expected = |k: usize| (at(k, 0.0) + 4.0 * at(k, 0.5) + at(k, 1.0)) / 6.0;
        let whole: f64 = (0..BINS).map(expected).sum();
        let expected: Vec<f64> = (0..BINS).map(|k| expected(k) / whole * venue.trades.len() as f64).collect();
        chi_square_ratio(&counts, &expected)
    }

    fn recovery(&self, rows: &[&Quote], start: f64) -> f64 {
        let Some(low) = low(rows) else { return f64::NAN };
        let until = low.time_ns as f64 + self.by * 1e9;
        let after = rows.iter().filter(|q| q.time_ns > low.time_ns && q.time_ns as f64 <= until);
        let best = after.map(|q| q.mid()).fold(low.mid(), f64::max);
        100.0 * (best - low.mid()) / (start - low.mid())
    }

    fn spread_half_life(&self, rows: &[&Quote], normal: f64) -> f64 {
        let Some(peak) = rows.iter().enumerate().max_by_key(|(k, q)| (q.spread(), usize::MAX - k)) else {
            return f64::NAN;
        };
        let half = normal + (peak.1.spread() as f64 - normal) / 2.0;
        let back = rows[peak.0..].iter().find(|q| q.spread() as f64 <= half);
        back.map_or(f64::INFINITY, |q| q.time_ns as f64 / 1e9 - self.from)
    }

    /// The group's position after each of its trades, weighted by time.
    fn position_sd(&self, result: &MarketResult, venue: &VenueResult) -> f64 {
        let (mut position, mut since, mut sums) = (0.0, 0.0, (0.0, 0.0, 0.0));
        let mut hold = |position: f64, seconds: f64| {
            sums = (sums.0 + seconds, sums.1 + seconds * position, sums.2 + seconds * position * position);
        };
        for t in &venue.trades {
            let of = |agent: Option<u32>, side: Side| match agent.is_some_and(|a| self.is_in_group(result, a)) {
                true if side == Side::Buy => t.qty as f64,
                true => -(t.qty as f64),
                false => 0.0,
            };
            let change = of(t.taker, t.side) + of(t.maker, !t.side);
            if change != 0.0 {
                hold(position, t.time_ns as f64 - since);
                since = t.time_ns as f64;
                position += change;
            }
        }
        hold(position, result.time_ns as f64 - since);
        let mean = sums.1 / sums.0;
        (sums.2 / sums.0 - mean * mean).max(0.0).sqrt()
    }

    /// Of the volume from the group's first trade to its last.
    fn participation(&self, result: &MarketResult, venue: &VenueResult) -> f64 {
        let own = |t: &&Trade| t.taker.is_some_and(|a| self.is_in_group(result, a));
        let (first, last) = (venue.trades.iter().find(own), venue.trades.iter().rev().find(own));
        let (Some(first), Some(last)) = (first, last) else { return f64::NAN };
        let during = |t: &&Trade| (first.time_ns..=last.time_ns).contains(&t.time_ns);
        let (all, own) = venue
            .trades
            .iter()
            .filter(during)
            .fold((0, 0), |sum, t| (sum.0 + t.qty, sum.1 + if own(&t) { t.qty } else { 0 }));
        100.0 * own as f64 / all as f64
    }

    fn markout(&self, result: &MarketResult, venue: &VenueResult) -> f64 {
        let (mut sum, mut lots) = (0.0, 0.0);
        let step = venue.samples.get(1).map_or(1, |q| q.time_ns.max(1));
        let mid_at = |ns: u64| venue.samples.get((ns / step) as usize).map(Quote::mid);
        for t in &venue.trades {
            if !self.group.is_empty() && !t.maker.is_some_and(|m| self.is_in_group(result, m)) {
                continue;
            }
            let later = t.time_ns + (self.by * 1e9) as u64;
            if let Some(mid) = mid_at(later) {
                // The maker sold to a buyer: it gains when the price falls below what it was paid.
                let gain = if t.side == Side::Buy { t.price as f64 - mid } else { mid - t.price as f64 };
                sum += gain * t.qty as f64;
                lots += t.qty as f64;
            }
        }
        sum / lots
    }

    /// This venue's mid price less the mean of the other venues', over time.
    fn basis(&self, result: &MarketResult) -> Vec<f64> {
        let rows = &result.venues[self.venue].samples;
        let others: Vec<&VenueResult> =
            result.venues.iter().enumerate().filter(|(k, _)| *k != self.venue).map(|(_, v)| v).collect();
        let mean = |k: usize| others.iter().map(|v| v.samples[k].mid()).sum::<f64>() / others.len() as f64;
        let inside = |q: &Quote| q.time_ns as f64 >= self.from * 1e9;
        (0..rows.len()).filter(|k| inside(&rows[*k])).map(|k| rows[k].mid() - mean(k)).collect()
    }

    /// From the autocorrelation at the lag of one sample, or of `by` samples.
    fn basis_half_life(&self, result: &MarketResult) -> f64 {
        let basis = self.basis(result);
        let lag = (self.by as usize).max(1);
        let mean = basis.iter().sum::<f64>() / basis.len() as f64;
        let variance: f64 = basis.iter().map(|b| (b - mean) * (b - mean)).sum();
        let covariance: f64 = basis.windows(lag + 1).map(|w| (w[0] - mean) * (w[lag] - mean)).sum();
        let rho = (covariance / variance).clamp(1e-9, 1.0 - 1e-9);
        let step = result.venues[self.venue].samples.get(1).map_or(f64::NAN, |q| q.time_ns as f64 / 1e9);
        step * lag as f64 * -libm::log(2.0) / libm::log(rho)
    }
}

fn accounts<'a>(result: &'a MarketResult, group: &str) -> impl Iterator<Item = &'a Account> + use<'a> {
    result.group(group).into_iter().flat_map(|g| &g.accounts)
}

fn imbalance(q: &Quote) -> f64 {
    let (bid, ask) = (q.bid_depth as f64, q.ask_depth as f64);
    (bid - ask) / (bid + ask).max(1.0)
}

fn volume(venue: &VenueResult, inside: &dyn Fn(u64) -> bool) -> f64 {
    venue.trades.iter().filter(|t| inside(t.time_ns)).map(|t| t.qty as f64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::World;
    use crate::catalogue;
    use crate::kernel::AgentConfig;

    fn measured(market: &MarketConfig, measures: &[Measure]) -> Vec<f64> {
        let mut world = World::open(market, 0).unwrap();
        world.run();
        let result = world.into_result();
        measures.iter().map(|m| m.take(market, (market, &result), &AtomicBool::new(false))).collect()
    }

    fn measure(of: Of, from: f64, to: f64, by: f64) -> Measure {
        Measure { name: "m".to_owned(), of, venue: 0, group: String::new(), from, to, by }
    }

    /// A bid at 999 and offers of three lots at 1,001 and at 1,005, of which five are taken after a second.
    #[test]
    fn slippage_is_against_the_mid_price_before_and_a_ladder_is_counted_price_by_price() {
        let agent = |name: &str, kind: &str, params: &[(&str, f64)]| AgentConfig {
            name: name.to_owned(),
            kind: kind.to_owned(),
            params: params.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect(),
            ..AgentConfig::default()
        };
        let taker = agent("taker", "impulse", &[("side", 1.0), ("lots", 5.0)]);
        let market = MarketConfig {
            venues: vec![VenueConfig {
                reference_price: 1_000,
                ladder_ticks: 2,
                ladder_from_ticks: 4,
                ..VenueConfig::default()
            }],
            agents: vec![
                agent("bid", "resting", &[("side", 1.0), ("lots", 1.0)]),
                agent("near", "resting", &[("side", -1.0), ("lots", 3.0)]),
                agent("far", "resting", &[("side", -1.0), ("lots", 3.0), ("offset", 4.0)]),
                AgentConfig { start_ns: 1_000_000_000, ..taker },
            ],
            duration_ns: 2_000_000_000,
            sample_ns: 100_000_000,
            keep_trades: true,
            ..MarketConfig::default()
        };
        let all = [
            measure(Of::Slippage, 0.0, 0.0, 0.0),
            measure(Of::MeanLadderQty, 0.1, 1.0, 0.0),
            Measure { group: "taker".to_owned(), ..measure(Of::Slippage, 0.0, 0.0, 0.0) },
        ];
        let slippage = (3.0 * 1.0 + 2.0 * 5.0) / 5.0;
        assert_eq!(measured(&market, &all), [slippage, 3.0 / 4.0, slippage]);
    }

    #[test]
    fn the_stocks_of_the_basket_are_correlated_by_the_formula_and_a_market_of_one_is_not() {
        let market = MarketConfig { duration_ns: 600_000_000_000, ..catalogue::find("etf-basket").unwrap().market };
        let both = [Of::PairCorrelation, Of::EppsCorrelation].map(|of| measure(of, 30.0, 0.0, 0.5));
        let found = measured(&market, &both);
        assert!((found[0] - found[1]).abs() < 0.03 && found[1] > 0.2, "{found:?}");
        let alone = MarketConfig { venues: market.venues[8..].to_vec(), agents: Vec::new(), ..market };
        assert!(measured(&alone, &both).iter().all(|value| value.is_nan()));
    }
}
