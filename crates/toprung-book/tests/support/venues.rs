//! Random venues and what is asked of them, and the comparison of a venue with the naive one.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use toprung_book::naive::{NaiveVenue, RebuiltBook};
use toprung_book::{
    AuctionAllocation, BookConfig, Command, CommandFlags, CommandKind, Event, EventKind, EventSink, MarketRemainder,
    Options, OrderType, Peg, Phase, Policy, ReplacePriority, Scheduled, SelfTradeScope, Side, StopEntry, StopTrigger,
    TimeInForce, TradingVenue, VenueAction, VenueCommand, VenueConfig,
};

use super::draws::{Random, participants, policy};

/// One venue and the flow that comes to it.
#[derive(Clone, Debug)]
pub(crate) struct Market {
    pub(crate) config: VenueConfig,
    ids: u64,
    centre: i64,
    spread: u64,
    qty_max: u64,
    owners: u64,
    /// Of a hundred commands so many have a field from the ends of its domain.
    odd: u64,
    /// Of a hundred commands so many are neither entries, cancels nor changes of one order.
    venue_wide: u64,
    types: &'static [OrderType],
    /// Of a hundred orders so many are for an option of the venue.
    optional: u64,
}

/// Parts that an iceberg is drawn with: seldom as many as it may have, since each is an event.
fn parts(r: &mut Random) -> u64 {
    let most = if r.below(500) == 0 { 10_100 } else { 30 };
    1 + r.below(most)
}

const PLAIN: &[OrderType] = &[OrderType::Limit, OrderType::Limit, OrderType::Market];
const STOPS: &[OrderType] = &[
    OrderType::Limit,
    OrderType::Limit,
    OrderType::Market,
    OrderType::Stop,
    OrderType::StopLimit,
    OrderType::TrailingStop,
    OrderType::TrailingStopLimit,
];
const PEGS: &[OrderType] = &[OrderType::Limit, OrderType::Limit, OrderType::Pegged];

impl Market {
    pub(crate) fn draw(r: &mut Random) -> Market {
        let owners = r.pick(&[1, 3, 8]);
        let centre = r.pick(&[100, 100, 100, 0, -50, i64::MAX, i64::MIN, 1 << 40]);
        let policy = if r.below(3) == 0 { policy(r) } else { Policy::fifo() };
        let near = |r: &mut Random| centre.saturating_add(r.below(9) as i64 - 4);
        let mut at = 0;
        let mut scheduled = |r: &mut Random| {
            at += r.below(400);
            Scheduled { at, phase: r.pick(&Phase::ALL) }
        };
        let config = VenueConfig {
            book: BookConfig {
                policy,
                participants: participants(r, owners),
                self_trade_scope: r.pick(&[SelfTradeScope::Owner, SelfTradeScope::Group]),
                replace_priority: r.pick(&[
                    ReplacePriority::KeepOnDecrease,
                    ReplacePriority::KeepOnDecrease,
                    ReplacePriority::LoseAlways,
                ]),
                max_orders: r.pick(&[BookConfig::DEFAULT_MAX_ORDERS, BookConfig::DEFAULT_MAX_ORDERS, 1, 6, 30]),
                expected_orders: r.pick(&[0, 0, 100]),
            },
            phase: r.pick(&[
                Phase::Continuous,
                Phase::Continuous,
                Phase::Continuous,
                Phase::PreOpen,
                Phase::OpeningAuction,
                Phase::Halt,
            ]),
            market_remainder: r.pick(&[MarketRemainder::Cancel, MarketRemainder::Rest, MarketRemainder::RestAtWorst]),
            stop_trigger: r.pick(&[
                StopTrigger::LastTrade,
                StopTrigger::LastTradeAfterEntry,
                StopTrigger::BestOpposite,
            ]),
            stop_entry: r.pick(&[StopEntry::Trigger, StopEntry::Reject]),
            auction_allocation: r.pick(&[AuctionAllocation::Fifo, AuctionAllocation::ProRata]),
            reference: if r.below(2) == 0 { Some(near(r)) } else { None },
            band: r.pick(&[None, None, Some(0), Some(3), Some(20)]),
            breaker: r.pick(&[None, None, None, Some(0), Some(2), Some(5)]),
            interruption: r.pick(&[0, 1, 60, u64::MAX]),
            count_fills: r.below(2) == 0,
            schedule: (0..r.pick(&[0, 0, 3, 12])).map(|_| scheduled(r)).collect(),
        };
        Market {
            config,
            ids: r.pick(&[8, 30, 30, 200]),
            centre,
            spread: r.pick(&[1, 4, 4, 10, 60, u64::MAX]),
            qty_max: r.pick(&[1, 5, 20, 100, u64::MAX]),
            owners,
            odd: r.pick(&[0, 0, 2, 10]),
            venue_wide: r.pick(&[0, 3, 12, 30]),
            types: r.pick(&[PLAIN, STOPS, STOPS, PEGS, &OrderType::ALL, &OrderType::ALL]),
            optional: r.pick(&[0, 15, 40, 80]),
        }
    }

    fn price(&self, r: &mut Random) -> i64 {
        let away = r.below(self.spread) as i64;
        if r.bits() & 1 == 0 { self.centre.wrapping_add(away) } else { self.centre.wrapping_sub(away) }
    }

    fn qty(&self, r: &mut Random) -> u64 {
        1 + r.below(self.qty_max)
    }

    /// The command number `index` of a flow.
    pub(crate) fn command(&self, r: &mut Random, index: u64) -> VenueCommand {
        let price = self.price(r);
        let order = Command {
            id: 1 + r.below(self.ids),
            price,
            qty: self.qty(r),
            owner: r.below(self.owners) as u32,
            kind: CommandKind::Limit,
            side: r.pick(&Side::BOTH),
            tif: TimeInForce::Gtc,
            flags: CommandFlags::NONE,
        };
        let mut cmd = if r.below(100) < self.venue_wide {
            self.venue_wide(r, index, order)
        } else {
            match r.below(20) {
                0..=12 => self.entry(r, index, order),
                13 => VenueCommand { action: VenueAction::Cancel, ..VenueCommand::from(order) },
                14 => VenueCommand { action: VenueAction::Reduce, ..VenueCommand::from(order) },
                _ => self.replace(r, order),
            }
        };
        if r.below(100) < self.odd {
            match r.below(8) {
                0 => cmd.order.price = r.pick(&[i64::MIN, i64::MAX, i64::MIN + 1, i64::MAX - 1]),
                1 => cmd.order.qty = r.pick(&[0, 1, u64::MAX, u64::MAX - 1]),
                2 => cmd.order.tif = TimeInForce::from_u8(r.below(7) as u8).unwrap_or(TimeInForce::Gtc),
                3 => cmd.options = Options::from_u16(r.below(16384) as u16).unwrap_or_default(),
                4 => cmd.offset = r.pick(&[i64::MIN, i64::MAX, i64::MIN + 1, 0]),
                5 => (cmd.display_qty, cmd.display_range) = (r.pick(&[0, 1, u64::MAX]), r.pick(&[0, 1, u64::MAX - 1])),
                6 => (cmd.min_qty, cmd.step) = (r.pick(&[0, 1, u64::MAX]), r.pick(&[0, 1, u64::MAX])),
                _ => cmd.stop_price = r.pick(&[i64::MIN, i64::MAX, 0]),
            }
        }
        cmd
    }

    fn venue_wide(&self, r: &mut Random, index: u64, order: Command) -> VenueCommand {
        let request = |action, price, qty| VenueCommand {
            order: Command { qty, price, ..order },
            ..VenueCommand::request(action, price, qty)
        };
        let price = order.price;
        match r.below(20) {
            0 | 1 => {
                let options = r.pick(&[Options::NONE, Options::ONE_SIDE, Options::RANGE]);
                let with = request(VenueAction::MassCancel, price.saturating_sub(2), 0).with_options(options);
                VenueCommand { stop_price: price.saturating_add(2), ..with }
            }
            2 => request(VenueAction::Block, 0, 0),
            3 | 4 => request(VenueAction::Unblock, 0, 0),
            5 => request(VenueAction::SetReference, price, 0),
            6 | 7 => request(VenueAction::SetLast, price, 0),
            8 | 9 => request(VenueAction::SetPhase, 0, Phase::Continuous as u64),
            10..=12 => request(VenueAction::SetPhase, 0, r.below(8)),
            13 => request(VenueAction::Uncross, 0, 0),
            _ => request(VenueAction::Advance, 0, (index * 10).saturating_sub(r.below(12))),
        }
    }

    fn entry(&self, r: &mut Random, index: u64, order: Command) -> VenueCommand {
        let kind = r.pick(self.types);
        let mut cmd = VenueCommand { order, ..VenueCommand::enter(kind, order.id, order.side, order.price, order.qty) };
        let self_trade = r.pick(&[0, 0, 0, 1, 2, 3, 4]) << 3;
        let post_only = u8::from(kind == OrderType::Limit && r.below(100) < self.optional / 4);
        cmd.order.flags = CommandFlags::from_u8(self_trade | post_only).unwrap_or_default();
        if post_only > 0 && r.below(2) == 0 {
            cmd = cmd.with_options(Options::SLIDE);
        }
        let auction = [TimeInForce::AtOpen, TimeInForce::AtClose];
        let optional = |r: &mut Random| r.below(100) < self.optional;
        cmd.order.tif = match kind {
            OrderType::Budget => r.pick(&[TimeInForce::Ioc, TimeInForce::Fok]),
            OrderType::Limit | OrderType::Market if post_only == 0 && r.below(10) == 0 => r.pick(&auction),
            OrderType::Pegged => r.pick(&[TimeInForce::Gtc, TimeInForce::Gtd, TimeInForce::Day]),
            _ if post_only == 0 && r.below(4) == 0 => r.pick(&[TimeInForce::Ioc, TimeInForce::Fok]),
            _ if optional(r) => r.pick(&[TimeInForce::Gtd, TimeInForce::Day]),
            _ => TimeInForce::Gtc,
        };
        cmd.expire_at = index * 10 + r.below(300);
        if kind.is_stop() && (!kind.is_trailing() || r.below(2) == 0) {
            cmd = cmd.with_stop_price(self.price(r));
        }
        cmd.peg = r.pick(&[Peg::Primary, Peg::Mid, Peg::Market]);
        cmd.offset = match kind {
            OrderType::Pegged => r.below(5) as i64 - 2,
            OrderType::TrailingStop | OrderType::TrailingStopLimit => r.pick(&[1, 2, 5, -100, -500]),
            _ => r.below(3) as i64,
        };
        cmd.step = match kind {
            OrderType::Budget => r.below(self.qty_max.saturating_mul(150).max(1)),
            _ => r.pick(&[0, 0, 1, 2, 100]),
        };
        if kind == OrderType::Pegged && r.below(3) == 0 {
            cmd = cmd.with_options(Options::LIMIT);
        }
        if optional(r) {
            self.option(r, &mut cmd);
        }
        if optional(r) && r.below(3) == 0 {
            cmd.link = 1 + r.below(self.ids);
            cmd.parent = 1 + r.below(self.ids);
            let child = Options::ONE_TRIGGERS_OTHER;
            let partner = Options::ONE_CANCELS_OTHER;
            cmd = cmd.with_options(r.pick(&[child, partner, partner, child.with(partner)]));
        }
        if optional(r) && r.below(3) == 0 {
            cmd = cmd.with_options(Options::PARENT);
        }
        cmd
    }

    /// An option that goes with the order's type and time in force.
    fn option(&self, r: &mut Random, cmd: &mut VenueCommand) {
        let limit = cmd.order_type == OrderType::Limit;
        let post_only = cmd.order.flags.has(CommandFlags::POST_ONLY);
        match (cmd.order_type, cmd.order.tif, r.below(4)) {
            (OrderType::Limit | OrderType::Market, TimeInForce::Ioc, _) => cmd.min_qty = 1 + r.below(cmd.order.qty),
            (_, tif, 0 | 1) if limit && tif.rests() => {
                cmd.display_qty = cmd.order.qty / parts(r) + 1;
                cmd.display_range = r.pick(&[0, 0, 1, 3]).min(cmd.display_qty - 1);
            }
            (_, tif, 2) if limit && tif.rests() => *cmd = cmd.with_options(Options::HIDDEN),
            (_, tif, _) if limit && tif.rests() && !post_only => {
                cmd.order.flags = CommandFlags::NONE;
                *cmd = cmd.with_options(Options::ALL_OR_NONE);
            }
            _ => {}
        }
    }

    fn replace(&self, r: &mut Random, order: Command) -> VenueCommand {
        let flags = r.pick(&[0, 0, 0, 1, 2, 4]) | r.pick(&[0, 0, 1, 2, 3, 4]) << 3;
        let mut cmd = VenueCommand { action: VenueAction::Replace, ..VenueCommand::from(order) };
        cmd.order.owner = if r.below(3) == 0 { order.owner } else { 0 };
        cmd.order.flags = CommandFlags::from_u8(flags).unwrap_or_default();
        cmd.order.qty = if r.below(12) == 0 { 0 } else { order.qty };
        cmd.link = 1 + r.below(self.ids);
        cmd.stop_price = self.price(r);
        cmd.display_qty = cmd.order.qty / parts(r) + r.below(2);
        if r.below(100) < self.optional {
            cmd.options = r.pick(&[
                Options::STOP_PRICE,
                Options::LIMIT,
                Options::DISPLAY,
                Options::NEW_ID,
                Options::NEW_SIDE,
                Options::TOTAL_QTY,
                Options::NEW_ID.with(Options::NEW_SIDE),
            ]);
        }
        cmd
    }
}

/// Keeps what a command gives, and stops one that does not end.
struct Limited<'a>(&'a mut Vec<Event>);

impl EventSink for Limited<'_> {
    fn event(&mut self, e: &Event) {
        assert!(self.0.len() < 10_000_000, "a command without end");
        self.0.push(*e);
    }
}

/// What one command did to a venue and to the book rebuilt from its events.
struct Course<V> {
    venue: V,
    rebuilt: RebuiltBook,
    /// Orders that came as all-or-none: these let the book be crossed.
    all_or_none: BTreeSet<u64>,
}

/// The first difference between `a` and `b`, told of by name.
fn same<T: PartialEq + std::fmt::Debug>(what: &str, a: T, b: T) -> Result<(), String> {
    if a == b { Ok(()) } else { Err(format!("{what} differ:\n  {a:?}\n  {b:?}")) }
}

/// All that can be read from two venues is the same.
fn same_views<A: TradingVenue, B: TradingVenue>(a: &A, b: &B) -> Result<(), String> {
    for side in Side::BOTH {
        same("levels", a.levels(side, usize::MAX), b.levels(side, usize::MAX))?;
        same("queues", a.queue(side), b.queue(side))?;
        same("hidden orders", a.hidden(side), b.hidden(side))?;
        same("unpriced orders", a.unpriced(side), b.unpriced(side))?;
    }
    same("held orders", a.held(), b.held())?;
    same("phases", a.phase(), b.phase())?;
    same("times", a.now(), b.now())?;
    same("last prices", a.last_price(), b.last_price())?;
    same("references", a.reference(), b.reference())?;
    same("indicative auctions", a.indicative(), b.indicative())?;
    same("digests", a.digest(), b.digest())
}

impl<V: TradingVenue> Course<V> {
    fn new(venue: V) -> Course<V> {
        Course { venue, rebuilt: RebuiltBook::default(), all_or_none: BTreeSet::new() }
    }

    fn apply(&mut self, cmd: &VenueCommand) -> Vec<Event> {
        let mut events: Vec<Event> = Vec::new();
        self.venue.apply(cmd, &mut (Limited(&mut events), &mut self.rebuilt));
        for e in &events {
            let was = self.all_or_none.contains(&e.id);
            match e.kind {
                EventKind::Accepted if cmd.options.has(Options::ALL_OR_NONE) => drop(self.all_or_none.insert(e.id)),
                EventKind::Accepted => drop(self.all_or_none.remove(&e.id)),
                EventKind::Replaced if was && e.other != 0 => {
                    self.all_or_none.remove(&e.id);
                    self.all_or_none.insert(e.other);
                }
                _ => {}
            }
        }
        events
    }

    /// The book rebuilt from events is the venue, which keeps every order's quantity: what was taken is what has traded,
    /// what was cancelled and what is open.
    fn is_rebuilt(&self) -> Result<(), String> {
        for side in Side::BOTH {
            same("rebuilt levels", self.rebuilt.levels(side), self.venue.levels(side, usize::MAX))?;
            same("rebuilt queues", self.rebuilt.queue(side), self.venue.queue(side))?;
            same("rebuilt hidden orders", self.rebuilt.hidden(side), self.venue.hidden(side))?;
            same("rebuilt unpriced orders", self.rebuilt.unpriced(side), self.venue.unpriced(side))?;
        }
        let mut held: Vec<(u64, u64)> = self.venue.held().iter().map(|h| (h.order.id, h.order.qty)).collect();
        held.sort_unstable();
        same("rebuilt held orders", self.rebuilt.held(), held)
    }

    /// Nothing is open with nothing, and in the continuous phase only an all-or-none order lets the book be crossed.
    fn is_sound(&self) -> Result<(), String> {
        let displayed = Side::BOTH.map(|side| self.venue.queue(side));
        let hidden = Side::BOTH.map(|side| self.venue.hidden(side));
        let unpriced = Side::BOTH.map(|side| self.venue.unpriced(side)).concat();
        if displayed.iter().chain(&hidden).flatten().chain(&unpriced).any(|o| o.qty == 0) {
            return Err("an order has nothing open".to_owned());
        }
        let best = |i: usize| displayed[i].first().into_iter().chain(hidden[i].first()).map(|o| o.price);
        match (best(0).max(), best(1).min()) {
            (Some(bid), Some(ask)) if bid >= ask && self.venue.phase() == Phase::Continuous => {
                let excused = displayed.iter().flatten().any(|o| self.all_or_none.contains(&o.id));
                if excused { Ok(()) } else { Err(format!("crossed: a bid at {bid}, an ask at {ask}")) }
            }
            _ => Ok(()),
        }
    }
}

/// Runs commands over a venue and the naive one; `Err` says after which command what differs or is broken.
pub(crate) fn compare<V: TradingVenue>(venue: V, config: &VenueConfig, cmds: &[VenueCommand]) -> Result<(), String> {
    let mut course = Course::new(venue);
    let mut naive = NaiveVenue::new(config.clone());
    // Reading everything after every command would be most of a long run.
    let stride = if cmds.len() > 128 { 32 } else { 1 };
    for (i, cmd) in cmds.iter().enumerate() {
        let one = AssertUnwindSafe(|| {
            let mut want: Vec<Event> = Vec::new();
            naive.apply(cmd, &mut want);
            let got = course.apply(cmd);
            same("events", got, want)?;
            if i % stride > 0 && i + 1 < cmds.len() {
                return Ok(());
            }
            same_views(&course.venue, &naive)?;
            course.is_rebuilt()?;
            course.is_sound()
        });
        let outcome = catch_unwind(one).unwrap_or_else(|panic| {
            let said = panic.downcast_ref::<String>().cloned();
            Err(said.unwrap_or_else(|| format!("panicked: {:?}", panic.downcast_ref::<&str>())))
        });
        outcome.map_err(|what| format!("command {i} {cmd:?}: {what}"))?;
    }
    Ok(())
}

/// Commands one to a line.
pub(crate) fn listed(cmds: &[VenueCommand]) -> String {
    cmds.iter().map(|cmd| format!("{cmd:?}\n")).collect()
}
