//! One venue: a book, its background flow, the queue in front of it, and what it publishes.

use std::sync::Arc;

use toprung_book::{Book, Command, CommandFlags, CommandKind, Event, EventFlags, EventKind, EventSink, Reason, Side};
use toprung_trace::LatencyHistogram;

use super::agenda::{Agenda, Key};
use super::config::{Retune, VenueConfig};
use super::feed::{Feed, Quote, TapeRow};
use super::queues::QueueHistory;
use super::record::{Trade, VenueCounts};
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
    pub(crate) market: TouchedBook<Book>,
    background: Source,
    /// When the background's pending event arrives.
    background_ns: u64,
    retunes: Vec<Retune>,
    /// Orders on their way, and those that wait in line.
    pub(crate) inbox: Agenda<Command>,
    service_ns: u64,
    /// Until when the venue is busy with the last message, or paused.
    busy_ns: u64,
    pause: Option<(i64, i64, u64)>,
    /// The last mid price in half ticks, and whether it was reached from below.
    last_mid: Option<(i64, bool)>,
    pub(crate) feed: Feed,
    depth_ticks: u32,
    /// What happened to agents' orders and has not been delivered.
    pub(crate) notices: Vec<Notice>,
    /// The best prices changed since the last delivery.
    pub(crate) touch_moved: bool,
    pub(crate) counts: VenueCounts,
    /// Time from arrival to execution of agents' messages, where messages take time.
    pub(crate) waits: Option<Box<LatencyHistogram>>,
    sample_ns: u64,
    next_sample_ns: u64,
    pub(crate) samples: Vec<Quote>,
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
    counts: &'a mut VenueCounts,
    trades: Option<&'a mut Vec<Trade>>,
    traded: bool,
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
            EventKind::Accepted => self.counts.accepted += 1,
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
        (reach_ns, with_tape): (u64, bool),
        (sample_ns, keep_trades, keep_queues): (u64, bool, bool),
    ) -> Venue {
        let reference = config.reference();
        let settings = config.book.to_book_config(0, "book.").expect("Invariant: the configuration was checked");
        let market = TouchedBook { book: Book::new(settings), touch: Touch::empty_at(reference) };
        let background = match (recording, &config.flow) {
            (Some(recording), _) => Source::Recorded(recording, 0),
            (None, Some(flow)) => {
                let flow = Background::new(flow.open(key, book), config.season.as_ref());
                Source::Model(Box::new(flow))
            }
            (None, None) => Source::Nothing,
        };
        let pause = config.pause.map(|rule| {
            // Half ticks, as the sum of bid and ask.
            let half = (2.0 * reference.unsigned_abs() as f64 * rule.move_share) as i64;
            (2 * reference - half, 2 * reference + half, rule.pause_ns)
        });
        let mut venue = Venue {
            index,
            market,
            background,
            background_ns: u64::MAX,
            retunes: config.retunes.iter().rev().cloned().collect(),
            inbox: Agenda::default(),
            service_ns: config.service_ns,
            busy_ns: 0,
            pause,
            last_mid: None,
            feed: Feed::new(reference, reach_ns, with_tape),
            depth_ticks: config.depth_ticks,
            notices: Vec::new(),
            touch_moved: false,
            counts: VenueCounts::default(),
            waits: (config.service_ns > 0).then(Box::default),
            sample_ns,
            next_sample_ns: if sample_ns == 0 { u64::MAX } else { 0 },
            samples: Vec::new(),
            trades: keep_trades.then(Vec::new),
            queues: keep_queues.then(QueueHistory::default),
        };
        venue.arm();
        venue
    }

    fn arm(&mut self) {
        self.background_ns = match &mut self.background {
            Source::Nothing => u64::MAX,
            Source::Model(flow) => flow.arm(&self.market),
            Source::Recorded(recording, at) => recording.get(*at).map_or(u64::MAX, |r| r.0),
        };
    }

    /// When the venue next does something, `u64::MAX` if never.
    #[inline(always)]
    pub(crate) fn next_ns(&self) -> u64 {
        let arrival = self.background_ns.min(self.inbox.next_ns());
        let at = if arrival == u64::MAX { u64::MAX } else { arrival.max(self.busy_ns).saturating_add(self.service_ns) };
        match self.retunes.last() {
            Some(retune) => at.min(retune.at_ns),
            None => at,
        }
    }

    /// Does what is due next: takes one message, or one change of the flow's parameters.
    #[inline(always)]
    pub(crate) fn step<W: Watch>(&mut self, watch: &mut W) {
        let time = self.next_ns();
        if time >= self.next_sample_ns {
            self.sample(time);
        }
        if self.retunes.last().is_some_and(|r| r.at_ns <= time) {
            self.retune();
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
            if let Source::Model(flow) = &mut self.background
                && let Some(moved) = flow.disturbed(time.min(self.background_ns), &self.market)
            {
                self.background_ns = moved;
            }
        }
    }

    #[inline(always)]
    fn occupy(&mut self, time: u64) {
        if self.service_ns > 0 {
            self.busy_ns = time;
        }
    }

    #[cold]
    fn retune(&mut self) {
        let Some(retune) = self.retunes.pop() else { return };
        if let Source::Model(flow) = &mut self.background
            && let Some(at) = flow.retune(&retune.flow, retune.at_ns, &self.market)
        {
            self.background_ns = at;
        }
    }

    /// Carries out one command under the eyes of `watch`. **This is where a venue slots in**: whatever takes a command and
    /// gives events.
    #[inline(always)]
    fn execute<W: Watch>(&mut self, time_ns: u64, cmd: &Command, watch: &mut W) {
        self.counts.messages += 1;
        match cmd.kind {
            CommandKind::Limit => self.counts.limits += 1,
            CommandKind::Market => self.counts.markets += 1,
            CommandKind::Cancel => self.counts.cancels += 1,
            CommandKind::Reduce | CommandKind::Replace => self.counts.changes += 1,
        }
        let TouchedBook { book, touch } = &mut self.market;
        let mut recorder = Recorder {
            time_ns,
            venue: self.index,
            touch,
            watch: TouchWatch::default(),
            feed: &mut self.feed,
            notices: &mut self.notices,
            counts: &mut self.counts,
            trades: self.trades.as_mut(),
            traded: false,
        };
        watch.carry_out(time_ns, book, cmd, &mut recorder);
        if recorder.watch.changed {
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
            self.watch_mid(time_ns);
        }
        if self.depth_ticks > 0 {
            self.publish_depth(time_ns);
        }
    }

    fn publish_depth(&mut self, time_ns: u64) {
        let within = |side| SimBook::depth_within(&self.market.book, side, self.depth_ticks);
        let (bid, ask) = (within(Side::Buy), within(Side::Sell));
        if (bid, ask) != (self.feed.now.bid_depth, self.feed.now.ask_depth) {
            self.feed.supersede(time_ns);
            (self.feed.now.bid_depth, self.feed.now.ask_depth) = (bid, ask);
        }
    }

    /// After the touch changed: counts how the mid price moves, and pauses trading where it has moved far.
    #[inline(always)]
    fn watch_mid(&mut self, time_ns: u64) {
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
        if let Some((low, high, pause_ns)) = self.pause
            && (mid <= low || mid >= high)
        {
            self.busy_ns = time_ns.saturating_add(pause_ns);
            self.counts.paused_ns = Some(time_ns);
            self.pause = None;
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
