//! How scenarios are written: orders in a few words, and events told in one line.

use toprung_book::naive::NaiveVenue;
use toprung_book::{
    BookConfig, CommandFlags, Event, EventFlags, EventKind, Options, OrderType, Phase, SelfTrade, Side, TimeInForce,
    TradingVenue, Venue, VenueAction, VenueCommand, VenueConfig,
};

/// A venue of some kind.
pub(crate) trait Asked {
    fn ask(&mut self, cmd: &VenueCommand) -> Vec<Event>;
    fn views(&self) -> Views;
}

/// Ids by place, and what else a venue tells of itself.
#[derive(Debug)]
pub(crate) struct Views {
    pub(crate) bids: Vec<u64>,
    pub(crate) asks: Vec<u64>,
    pub(crate) held: Vec<u64>,
    pub(crate) stop_prices: Vec<Option<i64>>,
    pub(crate) last: Option<i64>,
    pub(crate) reference: Option<i64>,
    pub(crate) now: u64,
    pub(crate) phase: Phase,
    /// Lots that the best bid and ask levels show.
    pub(crate) shown: [u64; 2],
}

impl<V: TradingVenue> Asked for V {
    fn ask(&mut self, cmd: &VenueCommand) -> Vec<Event> {
        let mut events: Vec<Event> = Vec::new();
        self.apply(cmd, &mut events);
        events
    }

    fn views(&self) -> Views {
        let ids = |side| self.queue(side).iter().chain(&self.hidden(side)).map(|o| o.id).collect();
        let held = self.held();
        Views {
            bids: ids(Side::Buy),
            asks: ids(Side::Sell),
            held: held.iter().map(|h| h.order.id).collect(),
            stop_prices: held.iter().map(|h| h.stop_price).collect(),
            last: self.last_price(),
            reference: self.reference(),
            now: self.now(),
            phase: self.phase(),
            shown: Side::BOTH.map(|side| self.levels(side, 1).first().map_or(0, |level| level.qty)),
        }
    }
}

/// What a scenario talks to.
pub(crate) struct Desk<'a>(&'a mut dyn Asked);

impl Desk<'_> {
    /// Asks, and expects these events.
    #[track_caller]
    pub(crate) fn says(&mut self, cmd: VenueCommand, want: &str) {
        let told: Vec<String> = self.0.ask(&cmd).iter().map(told).collect();
        assert_eq!(told.join("; "), want, "{cmd:?}");
    }

    /// Asks for what only sets the scene.
    #[track_caller]
    pub(crate) fn given(&mut self, cmds: &[VenueCommand]) {
        for cmd in cmds {
            let events = self.0.ask(cmd);
            assert!(events.iter().all(|e| e.kind != EventKind::Rejected), "{cmd:?}: {events:?}");
        }
    }

    pub(crate) fn views(&self) -> Views {
        self.0.views()
    }
}

/// Runs a scenario over every venue.
#[track_caller]
pub(crate) fn each_venue(config: &VenueConfig, scenario: impl Fn(&mut Desk<'_>)) {
    scenario(&mut Desk(&mut Venue::new(config.clone())));
    scenario(&mut Desk(&mut NaiveVenue::new(config.clone())));
}

/// A scenario over a venue of the usual conventions.
#[track_caller]
pub(crate) fn usually(scenario: impl Fn(&mut Desk<'_>)) {
    each_venue(&VenueConfig::default(), scenario);
}

pub(crate) fn in_phase(phase: Phase) -> VenueConfig {
    VenueConfig { phase, ..VenueConfig::default() }
}

pub(crate) fn of_orders(max_orders: u32) -> VenueConfig {
    VenueConfig { book: BookConfig { max_orders, ..BookConfig::default() }, ..VenueConfig::default() }
}

fn told(e: &Event) -> String {
    let Event { id, other, price, qty, .. } = *e;
    let name = format!("{:?}", e.kind).to_lowercase();
    let said = match e.kind {
        EventKind::Accepted | EventKind::Triggered if other > 0 => format!("{name} {id} {qty}@{price} shows {other}"),
        EventKind::Accepted | EventKind::Triggered => format!("{name} {id} {qty}@{price}"),
        EventKind::Rejected => {
            format!("{name} {id} {}", e.reason.name())
        }
        EventKind::Cancelled => format!("{name} {id} {qty} {}", e.reason.name()),
        EventKind::Trade => format!("{name} {id}>{other} {qty}@{price}"),
        EventKind::Reduced => format!("{name} {id} to {qty}"),
        EventKind::Replaced if other > 0 => format!("{name} {id} {qty}@{price} as {other}"),
        EventKind::Replaced => format!("{name} {id} {qty}@{price}"),
        EventKind::Refreshed => format!("{name} {id} {qty}+{other}"),
        EventKind::Repriced => format!("{name} {id} @{price}"),
        EventKind::Phase => format!("{name} {other}>{qty}"),
        EventKind::Indicative => format!("{name} {qty}@{price} surplus {other}"),
        _ => format!("{name} {qty}"),
    };
    let flags = [
        (EventFlags::MARKET, " market"),
        (EventFlags::KEPT_PRIORITY, " kept"),
        (EventFlags::HELD, " held"),
        (EventFlags::HIDDEN, " hidden"),
        (EventFlags::AUCTION, " auction"),
    ];
    let flags = flags.iter().filter(|(flag, _)| e.flags.has(*flag)).map(|(_, name)| *name);
    said + &flags.collect::<String>()
}

pub(crate) fn buy(id: u64, price: i64, qty: u64) -> VenueCommand {
    VenueCommand::enter(OrderType::Limit, id, Side::Buy, price, qty)
}

pub(crate) fn sell(id: u64, price: i64, qty: u64) -> VenueCommand {
    VenueCommand::enter(OrderType::Limit, id, Side::Sell, price, qty)
}

pub(crate) fn cancel(id: u64) -> VenueCommand {
    VenueCommand { action: VenueAction::Cancel, ..buy(id, 0, 0) }
}

pub(crate) fn reduce(id: u64, by: u64) -> VenueCommand {
    VenueCommand { action: VenueAction::Reduce, ..buy(id, 0, by) }
}

pub(crate) fn replace(id: u64, price: i64, qty: u64) -> VenueCommand {
    VenueCommand { action: VenueAction::Replace, ..buy(id, price, qty) }
}

pub(crate) fn request(action: VenueAction, price: i64, qty: u64) -> VenueCommand {
    VenueCommand::request(action, price, qty)
}

pub(crate) fn phase(phase: Phase) -> VenueCommand {
    request(VenueAction::SetPhase, 0, phase as u64)
}

pub(crate) fn advance(to: u64) -> VenueCommand {
    request(VenueAction::Advance, 0, to)
}

/// Makes a price the last one.
pub(crate) fn last(price: i64) -> VenueCommand {
    request(VenueAction::SetLast, price, 0)
}

/// Further terms, one word each.
pub(crate) trait Terms: Sized {
    fn with(self, change: impl FnOnce(&mut VenueCommand)) -> VenueCommand;

    fn of(self, kind: OrderType) -> VenueCommand {
        self.with(|c| c.order_type = kind)
    }

    fn tif(self, tif: TimeInForce) -> VenueCommand {
        self.with(|c| c.order.tif = tif)
    }

    fn by(self, owner: u32) -> VenueCommand {
        self.with(|c| c.order.owner = owner)
    }

    fn option(self, option: Options) -> VenueCommand {
        self.with(|c| c.options = c.options.with(option))
    }

    fn shows(self, qty: u64) -> VenueCommand {
        self.with(|c| c.display_qty = qty)
    }

    fn offset(self, offset: i64) -> VenueCommand {
        self.with(|c| c.offset = offset)
    }

    fn step(self, step: u64) -> VenueCommand {
        self.with(|c| c.step = step)
    }

    fn stop(self, price: i64) -> VenueCommand {
        self.with(|c| *c = c.with_stop_price(price))
    }

    fn flag(self, flag: CommandFlags) -> VenueCommand {
        self.with(|c| c.order.flags |= flag)
    }

    fn prevents(self, mode: SelfTrade) -> VenueCommand {
        self.with(|c| c.order.flags = c.order.flags.with_self_trade(mode))
    }

    fn until(self, time: u64) -> VenueCommand {
        self.with(|c| (c.order.tif, c.expire_at) = (TimeInForce::Gtd, time))
    }

    /// One cancels the other.
    fn or(self, partner: u64) -> VenueCommand {
        self.with(|c| c.link = partner).option(Options::ONE_CANCELS_OTHER)
    }

    /// Waits for another.
    fn after(self, parent: u64) -> VenueCommand {
        self.with(|c| c.parent = parent).option(Options::ONE_TRIGGERS_OTHER)
    }

    fn renamed(self, id: u64) -> VenueCommand {
        self.with(|c| c.link = id).option(Options::NEW_ID)
    }
}

impl Terms for VenueCommand {
    fn with(mut self, change: impl FnOnce(&mut VenueCommand)) -> VenueCommand {
        change(&mut self);
        self
    }
}
