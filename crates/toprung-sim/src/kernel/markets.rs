//! Many markets on many threads: [`run_markets`]; and what one leaves behind: [`MarketResult`].

use rayon::prelude::*;
use toprung_book::Digest;
use toprung_trace::LatencyHistogram;

use super::config::MarketConfig;
use super::feed::Quote;
use super::queues::QueueRow;
use super::record::{Account, Trade, VenueCounts};
use super::sessions::SessionRecord;
use super::venue::Recording;
use super::world::World;
use crate::error::SimError;

/// What a market left behind.
#[derive(Clone, Debug)]
pub struct MarketResult {
    /// Every venue's digest folded in order.
    pub digest: Digest,
    /// Messages carried out and calls of agents.
    pub events: u64,
    /// Simulated time that was run, ns.
    pub time_ns: u64,
    /// The venues.
    pub venues: Vec<VenueResult>,
    /// The agents' groups.
    pub groups: Vec<GroupResult>,
}

/// One venue's part.
#[derive(Clone, Debug)]
pub struct VenueResult {
    /// Digest of the book's events.
    pub digest: Digest,
    /// Counts.
    pub counts: VenueCounts,
    /// Market data at the end.
    pub last: Quote,
    /// Market data over time.
    pub samples: Vec<Quote>,
    /// By sample, the lots at the first bid price, the first ask price, the second bid price, …, if they were kept.
    pub ladders: Vec<u32>,
    /// The trades, if they were kept.
    pub trades: Vec<Trade>,
    /// Where agents' orders stood over time, if that was kept.
    pub queues: Vec<QueueRow>,
    /// Rows of it for which there was no room.
    pub queues_unkept: u64,
    /// Time of agents' messages from arrival to execution, where messages take time.
    pub waits: Option<LatencyHistogram>,
    /// Auctions and interruptions.
    pub sessions: SessionRecord,
}

/// One group of agents.
#[derive(Clone, Debug)]
pub struct GroupResult {
    /// Its name.
    pub name: String,
    /// The number of its first agent.
    pub first: u32,
    /// The accounts of its agents.
    pub accounts: Vec<Account>,
    /// What their positions are worth to all of them beyond the value of the instrument, ticks × lots.
    pub private_worth: f64,
}

impl GroupResult {
    /// The sum of the accounts.
    pub fn total(&self) -> Account {
        let mut sum = Account::default();
        self.accounts.iter().for_each(|a| sum.add(a));
        sum
    }
}

impl MarketResult {
    /// The group of this name.
    pub fn group(&self, name: &str) -> Option<&GroupResult> {
        self.groups.iter().find(|g| g.name == name)
    }
}

impl World {
    /// What the market has left behind so far.
    pub fn into_result(self) -> MarketResult {
        let (digest, events, time_ns) = (self.digest(), self.events(), self.now_ns());
        let groups = self.groups.iter().enumerate().map(|(g, name)| GroupResult {
            name: name.clone(),
            first: self.seats.iter().position(|s| s.group as usize == g).unwrap_or(0) as u32,
            accounts: self.seats.iter().filter(|s| s.group as usize == g).map(|s| s.ledger).collect(),
            private_worth: self
                .agents
                .iter()
                .zip(&self.seats)
                .filter(|(_, s)| s.group as usize == g)
                .map(|(agent, s)| agent.private_worth(s.ledger.position))
                .sum(),
        });
        let groups = groups.collect();
        let venues = self.venues.into_iter().map(|v| {
            let queues = v.queues.unwrap_or_default();
            VenueResult {
                digest: v.market.book.book().digest(),
                counts: v.counts,
                last: v.feed.now,
                samples: v.samples,
                ladders: v.ladders,
                trades: v.trades.unwrap_or_default(),
                queues: queues.rows,
                queues_unkept: queues.unkept,
                waits: v.waits.map(|w| *w),
                sessions: v.sessions.map(|s| s.record).unwrap_or_default(),
            }
        });
        MarketResult { digest, events, time_ns, venues: venues.collect(), groups }
    }
}

/// Runs a market for each of `seeds`, on the threads of the pool that it is called in, and gives what `look` makes of
/// each, in order.
///
/// # Errors
///
/// [`SimError::Config`] before anything starts; [`SimError::EndlessReaction`] of a market that was stopped.
pub fn run_markets<T: Send>(
    config: &MarketConfig,
    seeds: &[u64],
    recordings: &[Recording],
    look: impl Fn(MarketResult) -> T + Sync,
) -> Result<Vec<T>, SimError> {
    seeds
        .par_iter()
        .map(|seed| {
            let mut world = World::open_on(&MarketConfig { seed: *seed, ..config.clone() }, 0, recordings)?;
            world.run();
            world.fault().map_or(Ok(()), |fault| Err(fault.clone()))?;
            Ok(look(world.into_result()))
        })
        .collect()
}
