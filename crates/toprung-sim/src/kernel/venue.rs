//! One venue: a book, its background flow, the queue in front of it, and what it publishes.

use std::sync::Arc;

use toprung_book::{
    Book, Command, CommandFlags, CommandKind, Event, EventFlags, EventKind, EventSink, Phase, Reason, Side,
    TradingVenue, VenueAction, VenueCommand,
};
use toprung_trace::LatencyHistogram;

use super::agenda::{Agenda, Key};
use super::config::{Retune, VenueConfig};
use super::exchange::Exchange;
use super::feed::{Feed, Quote, TapeRow};
use super::queues::QueueHistory;
use super::record::{Trade, VenueCounts};
use super::sessions::{AuctionRow, Due, Sessions, tried_out};
use crate::flow::{AnyFlow, Background, FLOW_IDS_END, Flow};
use crate::observe::{Unseen, Watch};
use crate::random::StreamKey;
use crate::touch::{Touch, TouchWatch};
use crate::venue::{SimBook, TouchedBook};

/// Ids from here on are agents': the next 16 bits are the agent's number, the last 32 count its orders.
pub(crate) const AGENT_IDS: u64 = FLOW_IDS_END;

/// The id of an agent's order.
pub(crate) fn order_id(agent: u32, seq: u32) -> u64 {
    AGENT_IDS | u64::from(agent) << 32 | u64::from(seq)
}

/// Whose order it is, if it is an agent's.
#[inline(always)]
pub(crate) fn agent_of(id: u64) -> Option<u32> {
    (id >= AGENT_IDS).then_some((id >> 32) as u32 & 0xffff)
}

/// Something that happened to an agent's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// When, ns.
    pub time_ns: u64,
    /// At which venue.
    pub venue: u16,
    /// The order.
    pub order: u64,
    /// Its side.
    pub side: Side,
    /// Price of the fill in ticks.
    pub price: i64,
    /// Lots filled, or lots that ended.
    pub qty: u64,
    /// What happened.
    pub kind: NoticeKind,
}

/// What a [`Notice`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// The order has arrived and was not refused. Only for agents that asked for it.
    Accepted,
    /// The resting order was filled, wholly or in part.
    Maker,
    /// The order traded on entry.
    Taker,
    /// What was left of the order ended without trading.
    Ended(Reason),
    /// The order was refused.
    Refused(Reason),
}

/// A recorded day as background flow: commands and their times, in order.
pub type Recording = Arc<[(u64, Command)]>;

/// What trades in the background.
#[derive(Clone, Debug)]
enum Source {
    Nothing,
    Model(Box<Background<AnyFlow>>),
    Recorded(Recording, usize),
}

/// One venue.
#[derive(Clone, Debug)]
pub(crate) struct Venue {
    pub(crate) index: u16,
    pub(crate) market: TouchedBook<Exchange>,
    background: Source,
    /// When the background's pending event arrives; never, while trading is not continuous.
    background_ns: u64,
    /// How long the background's own time has stood still: as long as trading was not continuous, ns.
    stood_still_ns: u64,
    retunes: Vec<Retune>,
    pub(crate) sessions: Option<Box<Sessions>>,
    /// When the next of those two is due.
    timer_ns: u64,
    /// Orders on their way, and those that wait in line.
    pub(crate) inbox: Agenda<Command>,
    service_ns: u64,
    /// Until when the venue is busy with the last message.
    busy_ns: u64,
    /// The last mid price in half ticks, and whether it was reached from below.
    last_mid: Option<(i64, bool)>,
    pub(crate) feed: Feed,
    depth_ticks: u32,
    /// What happened to agents' orders and has not been delivered.
    pub(crate) notices: Vec<Notice>,
    /// Somebody wants to be told of orders that were accepted.
    tells_acceptance: bool,
    /// The best prices changed since the last delivery.
    pub(crate) touch_moved: bool,
    pub(crate) counts: VenueCounts,
    /// Time from arrival to execution of agents' messages, where messages take time.
    pub(crate) waits: Option<Box<LatencyHistogram>>,
    sample_ns: u64,
    next_sample_ns: u64,
    pub(crate) samples: Vec<Quote>,
    /// Reference price, ticks behind the touch if the prices are counted from there, and how many are kept on each side.
    ladder_at: (i64, u32, u32),
    pub(crate) ladders: Vec<u32>,
    pub(crate) trades: Option<Vec<Trade>>,
    /// Where agents' orders stood at every sample, if that is kept.
    pub(crate) queues: Option<QueueHistory>,
}

/// Takes a command's events for everything that wants to know of them.
struct Recorder<'a> {
    time_ns: u64,
    venue: u16,
    touch: &'a Touch,
    watch: TouchWatch,
    feed: &'a mut Feed,
    notices: &'a mut Vec<Notice>,
    tells_acceptance: bool,
    counts: &'a mut VenueCounts,
    trades: Option<&'a mut Vec<Trade>>,
    traded: bool,
    /// The phase that has begun.
    phase: Option<Phase>,
}

impl Recorder<'_> {
    #[inline(always)]
    fn notice(&mut self, order: u64, side: Side, e: &Event, kind: NoticeKind) {
        if order >= AGENT_IDS {
            let (time_ns, venue) = (self.time_ns, self.venue);
            self.notices.push(Notice { time_ns, venue, order, side, price: e.price, qty: e.qty, kind });
        }
    }

    #[inline(always)]
    fn trade(&mut self, e: &Event) {
        if !self.traded {
            self.feed.supersede(self.time_ns);
            self.traded = true;
        }
        let now = &mut self.feed.now;
        now.last_price = e.price;
        now.volume += e.qty;
        now.buy_volume += if e.side == Side::Buy { e.qty } else { 0 };
        now.trades += 1;
        if let Some(trades) = &mut self.trades {
            let (taker, maker) = (agent_of(e.taker()), agent_of(e.maker()));
            trades.push(Trade { time_ns: self.time_ns, price: e.price, qty: e.qty, side: e.side, taker, maker });
        }
        self.notice(e.maker(), !e.side, e, NoticeKind::Maker);
        self.notice(e.taker(), e.side, e, NoticeKind::Taker);
    }
}

impl EventSink for Recorder<'_> {
    #[inline(always)]
    fn event(&mut self, e: &Event) {
        self.watch.event(e, self.touch);
        match e.kind {
            EventKind::Accepted => {
                self.counts.accepted += 1;
                if self.tells_acceptance {
                    self.notice(e.id, e.side, e, NoticeKind::Accepted);
                }
            }
            EventKind::Trade => self.trade(e),
            EventKind::Cancelled => {
                self.counts.cancelled += 1;
                if e.reason != Reason::Requested {
                    self.notice(e.id, e.side, e, NoticeKind::Ended(e.reason));
                }
            }
            EventKind::Rejected => {
                self.counts.rejected += 1;
                // Who cancels an order that was filled meanwhile learns so from the fill.
                if e.reason != Reason::UnknownOrder {
                    self.notice(e.id, e.side, e, NoticeKind::Refused(e.reason));
                }
            }
            EventKind::Phase => self.phase = Phase::ALL.get(e.qty as usize).copied(),
            // Agents' orders are plain ones: nothing else comes of them.
            _ => {}
        }
        if self.feed.has_tape()
            && (self.traded && e.kind == EventKind::Trade || e.kind == EventKind::Accepted)
            && !e.flags.has(EventFlags::MARKET)
        {
            let is_trade = e.kind == EventKind::Trade;
            self.feed.write(TapeRow { time_ns: self.time_ns, side: e.side, price: e.price, qty: e.qty, is_trade });
        }
    }
}

impl Venue {
    /// A venue of a checked configuration at time 0. `reach_ns` is how far back its data is read.
    pub(crate) fn open(
        config: &VenueConfig,
        index: u16,
        (key, book): (StreamKey, u32),
        recording: Option<Recording>,
        (reach_ns, with_tape, tells_acceptance): (u64, bool, bool),
        (sample_ns, keep_trades, keep_queues): (u64, bool, bool),
    ) -> Venue {
        let reference = config.reference();
        let settings = config.book.to_book_config(0, "book.").expect("Invariant: the configuration was checked");
        let exchange = match &config.sessions {
            None => Exchange::Book(Book::new(settings)),
            Some(rules) => Exchange::Venue(Box::new(toprung_book::Venue::new(toprung_book::VenueConfig {
                book: settings,
                phase: rules.phase,
                reference: Some(reference),
                band: rules.band_ticks,
                breaker: rules.breaker_ticks,
                ..Default::default()
            }))),
        };
        let market = TouchedBook { book: exchange, touch: Touch::empty_at(reference) };
        let background = match (recording, &config.flow) {
            (Some(recording), _) => Source::Recorded(recording, 0),
            (None, Some(flow)) => {
                let flow = Background::new(flow.open(key, book), config.season.as_ref());
                Source::Model(Box::new(flow))
            }
            (None, None) => Source::Nothing,
        };
        let mut venue = Venue {
            index,
            market,
            background,
            background_ns: u64::MAX,
            stood_still_ns: 0,
            retunes: config.retunes.iter().rev().cloned().collect(),
            sessions: config.sessions.as_ref().map(|rules| Box::new(Sessions::new(rules))),
            timer_ns: u64::MAX,
            inbox: Agenda::default(),
            service_ns: config.service_ns,
            busy_ns: 0,
            last_mid: None,
            feed: Feed::new(reference, reach_ns, with_tape),
            depth_ticks: config.depth_ticks,
            notices: Vec::new(),
            tells_acceptance,
            touch_moved: false,
            counts: VenueCounts::default(),
            waits: (config.service_ns > 0).then(Box::default),
            sample_ns,
            next_sample_ns: if sample_ns == 0 { u64::MAX } else { 0 },
            samples: Vec::new(),
            ladder_at: (reference, config.ladder_from_ticks, config.ladder_ticks),
            ladders: Vec::new(),
            trades: keep_trades.then(Vec::new),
            queues: keep_queues.then(QueueHistory::default),
        };
        venue.arm();
        if let Exchange::Venue(inner) = &venue.market.book {
            let phase = inner.phase();
            venue.phase_begun(phase, 0);
        }
        venue.set_timer();
        venue
    }

    #[inline(always)]
    fn arm(&mut self) {
        let at = match &mut self.background {
            Source::Nothing => u64::MAX,
            Source::Model(flow) => flow.arm(&self.market).saturating_add(self.stood_still_ns),
            Source::Recorded(recording, at) => recording.get(*at).map_or(u64::MAX, |r| r.0),
        };
        self.expect_background(at);
    }

    /// Has the background's next event at `at_ns`, or keeps it until trading is continuous again.
    #[inline(always)]
    fn expect_background(&mut self, at_ns: u64) {
        match self.sessions.as_mut().and_then(|s| s.closed.as_mut()) {
            None => self.background_ns = at_ns,
            Some((_, pending_ns)) => *pending_ns = at_ns,
        }
    }

    fn set_timer(&mut self) {
        let retune = self.retunes.last().map_or(u64::MAX, |r| r.at_ns);
        self.timer_ns = self.sessions.as_ref().map_or(u64::MAX, |s| s.next_ns()).min(retune);
    }

    /// When the venue next does something, `u64::MAX` if never.
    #[inline(always)]
    pub(crate) fn next_ns(&self) -> u64 {
        let arrival = self.background_ns.min(self.inbox.next_ns());
        let at = if arrival == u64::MAX { u64::MAX } else { arrival.max(self.busy_ns).saturating_add(self.service_ns) };
        at.min(self.timer_ns)
    }

    /// Does what is due next: takes one message, one change of the flow's parameters, or what a session brings.
    #[inline(always)]
    pub(crate) fn step<W: Watch>(&mut self, watch: &mut W) {
        let time = self.next_ns();
        if time >= self.next_sample_ns {
            self.sample(time);
        }
        if self.timer_ns <= time {
            self.timer(time);
            return;
        }
        // Of two arrivals at one time the background comes first.
        if self.background_ns <= self.inbox.next_ns() {
            self.occupy(time);
            let cmd = match &mut self.background {
                Source::Nothing => None,
                Source::Model(flow) => flow.fire(&self.market),
                Source::Recorded(recording, at) => {
                    let cmd = recording[*at].1;
                    *at += 1;
                    Some(cmd)
                }
            };
            if let Some(cmd) = cmd {
                self.execute(time, &cmd, watch);
            }
            self.arm();
        } else if let Some((key, cmd)) = self.inbox.pop() {
            self.occupy(time);
            if let Some(waits) = &mut self.waits {
                waits.record(time - key.time_ns);
            }
            self.counts.agent_messages += 1;
            self.execute(time, &cmd, watch);
            self.disturb(time);
        }
    }

    #[inline(always)]
    fn occupy(&mut self, time: u64) {
        if self.service_ns > 0 {
            self.busy_ns = time;
        }
    }

    /// The book changed by somebody else than the background.
    #[inline(always)]
    fn disturb(&mut self, time: u64) {
        let still = self.stood_still_ns;
        if self.background_ns < u64::MAX
            && let Source::Model(flow) = &mut self.background
            && let Some(moved) = flow.disturbed(time.min(self.background_ns) - still, &self.market)
        {
            self.background_ns = moved.saturating_add(still);
        }
    }

    #[cold]
    #[inline(never)]
    fn timer(&mut self, time: u64) {
        if self.retunes.last().is_some_and(|r| r.at_ns <= time) {
            self.retune();
        } else if let Some(sessions) = &mut self.sessions {
            match (sessions.take(time), &self.market.book) {
                (Due::Indicative, Exchange::Venue(venue)) => sessions.publish(venue, time),
                (Due::Phase(phase), _) => self.go_to(phase, time),
                (Due::Call, Exchange::Venue(venue)) => {
                    let collecting = venue.phase();
                    self.go_to(Phase::Continuous, time);
                    self.go_to(collecting, time);
                }
                _ => {}
            }
        }
        self.set_timer();
    }

    fn retune(&mut self) {
        let Some(retune) = self.retunes.pop() else { return };
        let still = self.stood_still_ns;
        if let Source::Model(flow) = &mut self.background
            && let Some(at) = flow.retune(&retune.flow, retune.at_ns.saturating_sub(still), &self.market)
        {
            self.expect_background(at.saturating_add(still));
        }
    }

    /// Changes the phase by the clock, with the auction that this may bring.
    fn go_to(&mut self, phase: Phase, time: u64) {
        let Exchange::Venue(venue) = &self.market.book else { return };
        let from = venue.phase();
        if phase == from {
            return;
        }
        let is_kept = self.sessions.as_ref().is_some_and(|s| s.call_ns == 0);
        let uncrosses = is_kept && from.collects() && matches!(phase, Phase::Continuous | Phase::Closed);
        let expected = if uncrosses { tried_out(venue) } else { None };
        let volume = self.feed.now.volume;
        let request = VenueCommand::request(VenueAction::SetPhase, 0, phase as u64);
        self.record(time, |exchange, recorder| {
            if let Exchange::Venue(venue) = exchange {
                venue.apply(&request, recorder);
            }
        });
        if uncrosses && let Some(sessions) = &mut self.sessions {
            let book = self.market.book.book();
            let [bid, ask] = Side::BOTH.map(|side| SimBook::best(book, side));
            let is_crossed = bid.zip(ask).is_some_and(|(bid, ask)| bid.0 >= ask.0);
            let (price, qty) = (self.feed.now.last_price, self.feed.now.volume - volume);
            sessions.record.auctions.push(AuctionRow { time_ns: time, price, qty, expected, is_crossed });
        }
        self.disturb(time);
    }

    /// After a phase has begun: the background stands still until trading is continuous.
    #[cold]
    #[inline(never)]
    fn phase_begun(&mut self, phase: Phase, time: u64) {
        let Some(sessions) = &mut self.sessions else { return };
        sessions.begun(phase, time);
        self.feed.supersede(time);
        self.feed.now.open = phase == Phase::Continuous;
        match (sessions.closed, phase == Phase::Continuous) {
            (None, false) => sessions.closed = Some((time, std::mem::replace(&mut self.background_ns, u64::MAX))),
            (Some((since, pending_ns)), true) => {
                sessions.closed = None;
                self.background_ns = pending_ns;
                if matches!(self.background, Source::Model(_)) {
                    self.stood_still_ns += time - since;
                    self.background_ns = pending_ns.saturating_add(time - since);
                }
                // A recorded day does not stand still: what arrived meanwhile waits in line.
                self.busy_ns = self.busy_ns.max(time);
            }
            _ => {}
        }
        self.set_timer();
    }

    /// Carries out one command under the eyes of `watch`.
    #[inline(always)]
    fn execute<W: Watch>(&mut self, time_ns: u64, cmd: &Command, watch: &mut W) {
        self.counts.messages += 1;
        match cmd.kind {
            CommandKind::Limit => self.counts.limits += 1,
            CommandKind::Market => self.counts.markets += 1,
            CommandKind::Cancel => self.counts.cancels += 1,
            CommandKind::Reduce | CommandKind::Replace => self.counts.changes += 1,
        }
        self.record(time_ns, |exchange, recorder| watch.carry_out(time_ns, exchange, cmd, recorder));
    }

    /// Does something to the book, and notes and publishes what comes of it.
    #[inline(always)]
    fn record(&mut self, time_ns: u64, act: impl FnOnce(&mut Exchange, &mut Recorder<'_>)) {
        let TouchedBook { book, touch } = &mut self.market;
        let mut recorder = Recorder {
            time_ns,
            venue: self.index,
            touch,
            watch: TouchWatch::default(),
            feed: &mut self.feed,
            notices: &mut self.notices,
            tells_acceptance: self.tells_acceptance,
            counts: &mut self.counts,
            trades: self.trades.as_mut(),
            traded: false,
            phase: None,
        };
        act(book, &mut recorder);
        if recorder.watch.changed {
            if let Some(phase) = recorder.phase {
                self.phase_begun(phase, time_ns);
            }
            self.refresh(time_ns);
        } else if self.depth_ticks > 0 {
            self.publish_depth(time_ns);
        }
    }

    /// Carries out a command that is nobody's message.
    pub(crate) fn withdraw(&mut self, time_ns: u64, cmd: &Command) {
        self.execute(time_ns, cmd, &mut Unseen);
    }

    #[inline(always)]
    fn refresh(&mut self, time_ns: u64) {
        let before = self.market.touch;
        let TouchedBook { book, touch } = &mut self.market;
        touch.refresh(book);
        if *touch != before {
            self.touch_moved |= touch.bid != before.bid || touch.ask != before.ask;
            self.feed.supersede(time_ns);
            self.feed.now.set_touch(&self.market.touch);
            self.watch_mid();
        }
        if self.depth_ticks > 0 {
            self.publish_depth(time_ns);
        }
    }

    fn publish_depth(&mut self, time_ns: u64) {
        let within = |side| self.market.book.depth_within(side, self.depth_ticks);
        let (bid, ask) = (within(Side::Buy), within(Side::Sell));
        if (bid, ask) != (self.feed.now.bid_depth, self.feed.now.ask_depth) {
            self.feed.supersede(time_ns);
            (self.feed.now.bid_depth, self.feed.now.ask_depth) = (bid, ask);
        }
    }

    /// After the touch changed: counts how the mid price moves.
    #[inline(always)]
    fn watch_mid(&mut self) {
        let touch = &self.market.touch;
        let mid = touch.bid + touch.ask;
        if touch.has_bid() && touch.has_ask() {
            match self.last_mid {
                Some((last, _)) if last == mid => {}
                Some((last, was_up)) => {
                    let up = mid > last;
                    self.counts.mid_continuations += u64::from(up == was_up);
                    self.counts.mid_alternations += u64::from(up != was_up);
                    self.last_mid = Some((mid, up));
                }
                None => self.last_mid = Some((mid, true)),
            }
        }
    }

    /// Keeps the rows that are due up to `time`, as the market was before it.
    #[cold]
    #[inline(never)]
    pub(crate) fn sample(&mut self, time: u64) {
        while self.next_sample_ns <= time {
            let mut row = self.feed.now;
            row.time_ns = self.next_sample_ns;
            self.samples.push(row);
            if let Some(mut queues) = self.queues.take() {
                queues.look(row.time_ns, self);
                self.queues = Some(queues);
            }
            let (reference, from, ticks) = self.ladder_at;
            let (bid, ask) = match i64::from(from) {
                0 => (reference, reference + 1),
                behind => (row.bid - behind, row.ask + behind),
            };
            for k in 0..i64::from(ticks) {
                for (side, price) in [(Side::Buy, bid - k), (Side::Sell, ask + k)] {
                    let lots = self.market.book.qty_at(side, price);
                    self.ladders.push(u32::try_from(lots).unwrap_or(u32::MAX));
                }
            }
            self.next_sample_ns = self.next_sample_ns.saturating_add(self.sample_ns);
        }
    }

    /// When an order that reaches the venue's door at `at_ns` is in its line.
    pub(crate) fn door(&self, config: &VenueConfig, at_ns: u64, cmd: &Command) -> u64 {
        let spared = config.speed_bump_spares_cancels
            && (matches!(cmd.kind, CommandKind::Cancel | CommandKind::Reduce)
                || cmd.flags.has(CommandFlags::POST_ONLY));
        if spared { at_ns } else { at_ns.saturating_add(config.speed_bump_ns) }
    }

    /// Puts an order in line.
    #[inline(always)]
    pub(crate) fn receive(&mut self, key: Key, cmd: Command) {
        self.inbox.push(key, cmd);
    }
}
