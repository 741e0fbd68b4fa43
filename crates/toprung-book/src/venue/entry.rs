//! New orders: the checks, the way of each type, and coming to rest.

use crate::command::{CommandFlags, SelfTrade, Side, TimeInForce};
use crate::event::{EventFlags, EventKind, Reason};
use crate::sink::EventSink;
use crate::slab::NIL;
use crate::venue::matching::{Left, Taker};
use crate::venue::places::Class;
use crate::venue::terms::Terms;
use crate::venue::{MarketRemainder, Options, OrderType, Phase, Venue, VenueCommand, has_too_many_parts, part};
use crate::view::OrderView;

/// An order that enters the book, after its type has been worked out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entrant {
    /// `price` is 0 without a limit.
    pub(super) order: OrderView,
    pub(super) limit: Option<i64>,
    /// Where what is left rests; `None`: nowhere.
    pub(super) class: Option<Class>,
    pub(super) self_trade: SelfTrade,
    pub(super) is_all_or_none: bool,
    pub(super) is_fok: bool,
    pub(super) min_qty: u64,
    pub(super) budget: Option<u64>,
    /// What is left ends for want of a counterparty, not of time.
    pub(super) is_market: bool,
    /// It ends at once, without a price to go to.
    pub(super) is_lost: bool,
    /// It was there before: an iceberg says what it shows now.
    pub(super) enters_anew: bool,
}

impl Entrant {
    pub(super) fn taker(&self) -> Taker {
        let OrderView { id, side, qty, owner, .. } = self.order;
        let (self_trade, meets_unpriced) = (self.self_trade, self.budget.is_none());
        Taker { id, side, owner, qty, limit: self.limit, self_trade, meets_unpriced, only: None }
    }

    /// A limit order that may rest.
    pub(super) fn limit(order: OrderView, class: Class, self_trade: SelfTrade) -> Entrant {
        Entrant {
            order,
            limit: Some(order.price),
            class: Some(class),
            self_trade,
            is_all_or_none: false,
            is_fok: false,
            min_qty: 0,
            budget: None,
            is_market: false,
            is_lost: false,
            enters_anew: false,
        }
    }

    fn flags(&self) -> EventFlags {
        let hidden = if self.class == Some(Class::Hidden) { EventFlags::HIDDEN } else { EventFlags::NONE };
        if self.limit.is_none() { hidden.with(EventFlags::MARKET) } else { hidden }
    }
}

/// What a phase does with a new order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reception {
    Enter,
    Hold,
}

impl Venue {
    pub(super) fn enter<S: EventSink>(&mut self, cmd: &VenueCommand, sink: &mut S) {
        let reception = match self.receive(cmd) {
            Ok(reception) => reception,
            Err(reason) => return self.reject(sink, cmd, reason),
        };
        let mut terms = Terms::of(cmd);
        let refused = if reception == Reception::Hold {
            self.hold(sink, &mut terms, cmd)
        } else if terms.order_type.is_stop() {
            self.hold_stop(sink, &mut terms, cmd)
        } else {
            self.enter_book(sink, terms, Some(cmd))
        };
        if let Err(reason) = refused {
            self.reject(sink, cmd, reason);
        }
    }

    fn receive(&self, cmd: &VenueCommand) -> Result<Reception, Reason> {
        let c = &cmd.order;
        let fails = [
            (c.qty == 0, Reason::ZeroQuantity),
            (self.is_live(c.id), Reason::DuplicateId),
            (c.owner != 0 && self.blocked.contains(&c.owner), Reason::Blocked),
            (!self.goes_together(cmd), Reason::Unsupported),
        ];
        if let Some(&(_, reason)) = fails.iter().find(|(fails, _)| *fails) {
            return Err(reason);
        }
        let reception = self.reception(cmd).ok_or(Reason::WrongPhase)?;
        if c.tif == TimeInForce::Gtd && cmd.expire_at <= self.now {
            return Err(Reason::Expired);
        }
        if cmd.order_type.has_limit() && self.is_outside_band(c.side, c.price) {
            return Err(Reason::OutsideBand);
        }
        self.check_links(cmd)?;
        Ok(reception)
    }

    pub(super) fn is_outside_band(&self, side: Side, price: i64) -> bool {
        let (Some(band), Some(reference)) = (self.config.band, self.reference) else { return false };
        let through = match side {
            Side::Buy => i128::from(price) - i128::from(reference),
            Side::Sell => i128::from(reference) - i128::from(price),
        };
        through > i128::from(band)
    }

    /// Whether type, time in force and options can be those of one order in this market.
    fn goes_together(&self, cmd: &VenueCommand) -> bool {
        let (c, kind, options) = (&cmd.order, cmd.order_type, cmd.options);
        let (is_limit, tif) = (kind == OrderType::Limit, c.tif);
        let for_auction = matches!(tif, TimeInForce::AtOpen | TimeInForce::AtClose);
        let lasts = matches!(tif, TimeInForce::Gtc | TimeInForce::Day | TimeInForce::Gtd);
        let at_once = !tif.rests();
        let post_only = c.flags.has(CommandFlags::POST_ONLY);
        let all_or_none = options.has(Options::ALL_OR_NONE);
        let hidden = options.has(Options::HIDDEN);
        let no_prevention = c.flags.self_trade() == SelfTrade::Allow;
        let iceberg = cmd.display_qty > 0;
        let rules = [
            post_only && !(matches!(kind, OrderType::Limit | OrderType::Market) && !for_auction && !all_or_none),
            options.has(Options::SLIDE) && !(post_only && is_limit && lasts),
            iceberg && !(is_limit && !at_once && !hidden && !all_or_none),
            iceberg
                && (cmd.display_range >= cmd.display_qty || cmd.display_qty.checked_add(cmd.display_range).is_none()),
            has_too_many_parts(c.qty, cmd.display_qty, cmd.display_range),
            cmd.display_range > 0 && !iceberg,
            hidden && !(is_limit && !at_once && !all_or_none),
            all_or_none && !(is_limit && lasts && no_prevention && self.book.is_fifo && self.config.breaker.is_none()),
            cmd.min_qty > 0
                && !(matches!(kind, OrderType::Limit | OrderType::Market)
                    && tif == TimeInForce::Ioc
                    && cmd.min_qty <= c.qty),
            matches!(kind, OrderType::MarketToLimit | OrderType::MarketProtected)
                && (tif == TimeInForce::Fok || for_auction || cmd.offset < 0),
            kind == OrderType::Budget && !(at_once && no_prevention),
            kind.is_stop() && for_auction,
            kind.is_stop() && !kind.is_trailing() && !options.has(Options::STOP_PRICE),
            kind.is_trailing() && (cmd.offset == 0 || cmd.offset == i64::MIN),
            kind == OrderType::Pegged && !lasts,
            for_auction && !matches!(kind, OrderType::Limit | OrderType::Market),
            options.has(Options::ONE_CANCELS_OTHER)
                && (!lasts || matches!(kind, OrderType::Market | OrderType::Budget)),
            options.has(Options::ONE_TRIGGERS_OTHER) && for_auction,
        ];
        !rules.contains(&true)
    }

    /// What the phase does with the order; `None` if it does not take it.
    fn reception(&self, cmd: &VenueCommand) -> Option<Reception> {
        let phase = self.phase;
        if matches!(phase, Phase::Halt | Phase::Closed) {
            return None;
        }
        let opens = matches!(phase, Phase::PreOpen | Phase::OpeningAuction);
        if cmd.options.has(Options::ONE_TRIGGERS_OTHER) {
            return Some(Reception::Hold);
        }
        match cmd.order.tif {
            TimeInForce::AtOpen => return opens.then_some(Reception::Enter),
            TimeInForce::AtClose if phase == Phase::ClosingAuction => return Some(Reception::Enter),
            TimeInForce::AtClose => return Some(Reception::Hold),
            _ => {}
        }
        if phase == Phase::Continuous || cmd.order_type.is_stop() {
            return Some(Reception::Enter);
        }
        let is_collected = matches!(cmd.order_type, OrderType::Limit | OrderType::Market)
            && cmd.order.tif.rests()
            && !cmd.order.flags.has(CommandFlags::POST_ONLY)
            && !cmd.options.has(Options::ALL_OR_NONE);
        is_collected.then_some(Reception::Enter)
    }

    /// Takes an order beside the book.
    fn hold<S: EventSink>(&mut self, sink: &mut S, terms: &mut Terms, cmd: &VenueCommand) -> Result<(), Reason> {
        if self.registry.held.len() >= self.config.book.max_orders as usize {
            return Err(Reason::BookFull);
        }
        terms.is_held = true;
        terms.entry = self.registry.next_entry();
        self.link(terms, cmd);
        let mut flags = EventFlags::HELD;
        if matches!(terms.order_type, OrderType::Market | OrderType::MarketToLimit | OrderType::MarketProtected)
            || matches!(terms.order_type, OrderType::Budget | OrderType::Stop | OrderType::TrailingStop)
        {
            flags = flags.with(EventFlags::MARKET);
        }
        if terms.is_hidden() {
            flags = flags.with(EventFlags::HIDDEN);
        }
        let order = terms.order;
        self.registry.insert(terms.clone());
        self.about(sink, EventKind::Accepted, &order, 0, Reason::None, flags);
        Ok(())
    }

    fn hold_stop<S: EventSink>(&mut self, sink: &mut S, terms: &mut Terms, cmd: &VenueCommand) -> Result<(), Reason> {
        let elected = self.set_stop(terms, true)?;
        self.hold(sink, terms, cmd)?;
        if elected {
            self.registry.elect(terms.order.id);
        }
        Ok(())
    }

    /// Enters an order into the book: a new one, or one that was held.
    pub(super) fn enter_book<S: EventSink>(
        &mut self,
        sink: &mut S,
        mut terms: Terms,
        new: Option<&VenueCommand>,
    ) -> Result<(), Reason> {
        let kind = if new.is_some() { EventKind::Accepted } else { EventKind::Triggered };
        if terms.order_type == OrderType::Pegged {
            return self.enter_peg(sink, terms, new);
        }
        let entrant = self.entrant(&terms)?;
        let first_part = if terms.display_qty > 0 { self.first_part(&terms) } else { 0 };
        if let Err(reason) = self.check_room(&entrant, if first_part > 0 { first_part } else { terms.order.qty }) {
            return if new.is_some() { Err(reason) } else { self.turn_away(sink, terms, &entrant, reason) };
        }
        terms.entry = if new.is_some() { self.registry.next_entry() } else { terms.entry };
        if let Some(cmd) = new {
            self.link(&mut terms, cmd);
        }
        if terms.matter() || self.config.count_fills {
            self.registry.insert(terms);
        }
        self.about(sink, kind, &entrant.order, first_part, Reason::None, entrant.flags());
        self.match_and_rest(sink, &entrant);
        Ok(())
    }

    /// Ends an order that was held and finds no room.
    pub(super) fn turn_away<S: EventSink>(
        &mut self,
        sink: &mut S,
        terms: Terms,
        e: &Entrant,
        reason: Reason,
    ) -> Result<(), Reason> {
        self.registry.ended.push(terms);
        self.about(sink, EventKind::Triggered, &e.order, 0, Reason::None, e.flags());
        self.cancelled(sink, &e.order, reason, EventFlags::NONE);
        Ok(())
    }

    /// Lots that an iceberg shows first.
    pub(super) fn first_part(&self, terms: &Terms) -> u64 {
        part(terms.display_qty, terms.display_range, terms.order.id, 0).min(terms.order.qty)
    }

    /// Works out limit and resting place of an order by its type.
    fn entrant(&self, terms: &Terms) -> Result<Entrant, Reason> {
        let order = terms.order;
        let tif = terms.tif;
        let class = if terms.is_hidden() { Class::Hidden } else { Class::Displayed };
        let rests = tif.rests();
        let mut e = Entrant {
            is_all_or_none: terms.is_all_or_none(),
            is_fok: tif == TimeInForce::Fok,
            min_qty: terms.min_qty,
            class: rests.then_some(class),
            ..Entrant::limit(order, class, terms.flags.self_trade())
        };
        let market = Entrant { order: OrderView { price: 0, ..order }, limit: None, class: None, is_market: true, ..e };
        let opposite = !order.side;
        let post_only = terms.flags.has(CommandFlags::POST_ONLY);
        let best = || self.best_key(opposite).map(|key| opposite.key(key));
        let at = |price: Option<i64>| match price {
            Some(price) => Entrant { order: OrderView { price, ..order }, limit: Some(price), ..e },
            None => Entrant { is_lost: true, ..market },
        };
        Ok(match terms.order_type {
            OrderType::Limit | OrderType::StopLimit | OrderType::TrailingStopLimit => {
                if post_only && self.would_trade(order.side, e.limit) {
                    let price = self.slide(terms).ok_or(Reason::WouldTrade)?;
                    e.order.price = price;
                    e.limit = Some(price);
                }
                e
            }
            OrderType::Market if post_only && self.would_trade(order.side, None) => return Err(Reason::WouldTrade),
            OrderType::Market | OrderType::Stop | OrderType::TrailingStop => match self.config.market_remainder {
                _ if self.phase.collects() => Entrant { class: Some(Class::Unpriced), ..market },
                MarketRemainder::Rest if rests => Entrant { class: Some(Class::Unpriced), ..market },
                MarketRemainder::RestAtWorst if rests => {
                    at(self.ladder(Class::Displayed, opposite).levels().last().map(|(key, _)| opposite.key(key)))
                }
                _ => market,
            },
            OrderType::MarketToLimit => at(best()),
            OrderType::MarketProtected => at(best().map(|price| match order.side {
                Side::Buy => price.saturating_add(terms.offset),
                Side::Sell => price.saturating_sub(terms.offset),
            })),
            OrderType::Budget => Entrant { budget: Some(terms.step), is_market: false, ..market },
            // Priced elsewhere.
            OrderType::Pegged => e,
        })
    }

    /// Where a post-only order that would trade rests instead.
    fn slide(&self, terms: &Terms) -> Option<i64> {
        let (side, opposite) = (terms.order.side, !terms.order.side);
        if !terms.options.has(Options::SLIDE) || self.first_unpriced(opposite).is_some() {
            return None;
        }
        let best = opposite.key(self.best_key(opposite)?);
        match side {
            Side::Buy => best.checked_sub(1),
            Side::Sell => best.checked_add(1),
        }
    }

    /// Whether there is room for what may rest of an order, which will show `shows` lots.
    pub(super) fn check_room(&self, e: &Entrant, shows: u64) -> Result<(), Reason> {
        let Some(class) = e.class else { return Ok(()) };
        let OrderView { side, price, .. } = e.order;
        let trades =
            self.phase == Phase::Continuous && self.would_trade(side, e.limit) && self.registry.all_or_none == [0; 2];
        if !trades && self.book.order_count() >= self.config.book.max_orders as usize {
            return Err(Reason::BookFull);
        }
        self.check_level(class, side, price, shows, 0)
    }

    /// Whether a level can take `qty` more lots after `own` were taken off.
    pub(super) fn check_level(&self, class: Class, side: Side, price: i64, qty: u64, own: u64) -> Result<(), Reason> {
        let level = self.level_at(class, side, price);
        let held = if level == NIL { 0 } else { self.book.slab.get(level).qty - own };
        if qty > self.book.level_qty_max - held { Err(Reason::QuantityOverflow) } else { Ok(()) }
    }

    /// Matches an order that was announced, and puts what is left where it belongs.
    pub(super) fn match_and_rest<S: EventSink>(&mut self, sink: &mut S, e: &Entrant) {
        let id = e.order.id;
        if e.is_lost {
            return self.lose(sink, e, e.order.qty, Reason::NoLiquidity);
        }
        if self.phase.collects() {
            if let Some(class) = e.class {
                self.come_to_rest(sink, e, e.order.qty, class);
            }
            return;
        }
        if let (Some(class), Some(limit)) = (e.class, e.limit)
            && self.waits_behind(e.order.side, limit)
        {
            return self.come_to_rest(sink, e, e.order.qty, class);
        }
        let t = e.taker();
        if e.is_all_or_none {
            if self.trade_whole(sink, &t) {
                self.registry.end(id);
            } else if let Some(class) = e.class {
                self.come_to_rest(sink, e, e.order.qty, class);
            }
            return;
        }
        if e.is_fok || e.min_qty > 0 {
            let seen = self.foresee(&t);
            let is_paid = e.budget.is_none_or(|budget| match e.order.side {
                Side::Buy => seen.notional <= i128::from(budget),
                Side::Sell => seen.notional >= i128::from(budget),
            });
            if e.is_fok && (seen.qty < e.order.qty || !is_paid) {
                return self.lose(sink, e, e.order.qty, Reason::FillOrKill);
            }
            if seen.qty < e.min_qty {
                return self.lose(sink, e, e.order.qty, Reason::MinimumQuantity);
            }
        }
        let left = match e.budget {
            Some(budget) if !e.is_fok => self.spend(sink, &t, budget),
            _ => self.trade(sink, &t),
        };
        self.place_rest(sink, e, left);
    }

    fn place_rest<S: EventSink>(&mut self, sink: &mut S, e: &Entrant, left: Left) {
        match e.class {
            _ if left.qty == 0 => self.registry.end(e.order.id),
            Some(class) => self.come_to_rest(sink, e, left.qty, class),
            None if e.is_market => self.lose(sink, e, left.qty, Reason::NoLiquidity),
            None => self.lose(sink, e, left.qty, Reason::ImmediateOrCancel),
        }
        if left.breaks {
            self.interrupt(sink);
        }
    }

    /// Ends what is left of an order that may not rest.
    fn lose<S: EventSink>(&mut self, sink: &mut S, e: &Entrant, qty: u64, reason: Reason) {
        self.registry.end(e.order.id);
        self.cancelled(sink, &OrderView { qty, ..e.order }, reason, EventFlags::NONE);
    }

    /// Puts `qty` lots of an order at the back of its queue; an iceberg shows its first part.
    fn come_to_rest<S: EventSink>(&mut self, sink: &mut S, e: &Entrant, qty: u64, class: Class) {
        let order = OrderView { qty, ..e.order };
        let mut shows = order.qty;
        if let Some(t) = self.registry.get_mut(order.id) {
            t.is_held = false;
            if t.display_qty > 0 {
                shows = part(t.display_qty, t.display_range, order.id, 0).min(order.qty);
                (t.part, t.behind) = (0, order.qty - shows);
            }
        }
        let shown = OrderView { qty: shows, ..order };
        self.put(&shown, class);
        if e.enters_anew && self.registry.get(order.id).is_some_and(|t| t.display_qty > 0) {
            self.about(sink, EventKind::Refreshed, &shown, qty - shows, Reason::None, EventFlags::NONE);
        }
    }
}
