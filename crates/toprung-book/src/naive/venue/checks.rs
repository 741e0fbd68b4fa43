//! What a new order is checked for before anything happens.

use super::NaiveVenue;
use crate::command::{CommandFlags, SelfTrade, Side, TimeInForce};
use crate::event::Reason;
use crate::venue::{Options, OrderType, Phase, VenueCommand};

/// Good till cancelled, for the day, or till a date.
fn lasts(tif: TimeInForce) -> bool {
    matches!(tif, TimeInForce::Gtc | TimeInForce::Day | TimeInForce::Gtd)
}

/// For an auction only.
fn for_auction(tif: TimeInForce) -> bool {
    matches!(tif, TimeInForce::AtOpen | TimeInForce::AtClose)
}

/// Most parts that an iceberg may have.
const PARTS_MAX: u128 = 10_000;

/// Whether an iceberg of these terms could come to more parts than it may have.
pub(super) fn too_many_parts(qty: u64, display_qty: u64, display_range: u64) -> bool {
    let least = display_qty.saturating_sub(display_range);
    display_qty > 0 && display_qty < qty && u128::from(qty) > PARTS_MAX * u128::from(least)
}

impl NaiveVenue {
    /// Why a new order is refused, by the checks in their order.
    pub(super) fn refusal(&self, cmd: &VenueCommand) -> Option<Reason> {
        let checks = [
            (cmd.order.qty == 0, Reason::ZeroQuantity),
            (self.orders.contains_key(&cmd.order.id), Reason::DuplicateId),
            (self.blocked.contains(&cmd.order.owner), Reason::Blocked),
            (!self.goes_together(cmd), Reason::Unsupported),
            (!self.phase_takes(cmd), Reason::WrongPhase),
            (cmd.order.tif == TimeInForce::Gtd && cmd.expire_at <= self.now, Reason::Expired),
            (cmd.order_type.has_limit() && self.outside_band(cmd.order.side, cmd.order.price), Reason::OutsideBand),
            (!self.links_exist(cmd), Reason::UnknownLink),
        ];
        checks.into_iter().find_map(|(refused, reason)| refused.then_some(reason))
    }

    /// Whether type, time in force and options go together.
    fn goes_together(&self, cmd: &VenueCommand) -> bool {
        let tif = cmd.order.tif;
        let has = |option| cmd.options.has(option);
        let limit = cmd.order_type == OrderType::Limit;
        let market = cmd.order_type == OrderType::Market;
        let all_or_none = has(Options::ALL_OR_NONE);
        let post_only = cmd.order.flags.has(CommandFlags::POST_ONLY);
        let no_prevention = cmd.order.flags.self_trade() == SelfTrade::Allow;
        let rules = [
            !post_only || (limit || market) && !for_auction(tif) && !all_or_none,
            !has(Options::SLIDE) || post_only && limit && lasts(tif),
            cmd.display_qty == 0
                || limit
                    && tif.rests()
                    && cmd.display_range < cmd.display_qty
                    && cmd.display_qty.checked_add(cmd.display_range).is_some()
                    && !has(Options::HIDDEN)
                    && !all_or_none
                    && !too_many_parts(cmd.order.qty, cmd.display_qty, cmd.display_range),
            cmd.display_range == 0 || cmd.display_qty > 0,
            !has(Options::HIDDEN) || limit && tif.rests() && !all_or_none,
            !all_or_none
                || limit
                    && lasts(tif)
                    && no_prevention
                    && self.config.book.policy.is_fifo()
                    && self.config.breaker.is_none(),
            cmd.min_qty == 0 || (limit || market) && tif == TimeInForce::Ioc && cmd.min_qty <= cmd.order.qty,
            match cmd.order_type {
                OrderType::Limit | OrderType::Market => true,
                OrderType::MarketToLimit | OrderType::MarketProtected => {
                    (lasts(tif) || tif == TimeInForce::Ioc) && cmd.offset >= 0
                }
                OrderType::Budget => !tif.rests() && no_prevention,
                OrderType::Stop | OrderType::StopLimit => !for_auction(tif) && has(Options::STOP_PRICE),
                OrderType::TrailingStop | OrderType::TrailingStopLimit => {
                    !for_auction(tif) && cmd.offset != 0 && cmd.offset > i64::MIN
                }
                OrderType::Pegged => lasts(tif),
            },
            !has(Options::ONE_CANCELS_OTHER) || lasts(tif) && !market && cmd.order_type != OrderType::Budget,
            !has(Options::ONE_TRIGGERS_OTHER) || !for_auction(tif),
        ];
        rules.into_iter().all(|holds| holds)
    }

    fn phase_takes(&self, cmd: &VenueCommand) -> bool {
        let collected = matches!(cmd.order_type, OrderType::Limit | OrderType::Market)
            && lasts(cmd.order.tif)
            && !cmd.order.flags.has(CommandFlags::POST_ONLY)
            && !cmd.options.has(Options::ALL_OR_NONE);
        match (self.phase, cmd.order.tif) {
            (Phase::Halt | Phase::Closed, _) => false,
            (Phase::PreOpen | Phase::OpeningAuction, TimeInForce::AtOpen) => true,
            (_, TimeInForce::AtOpen) => false,
            (_, TimeInForce::AtClose) => true,
            (Phase::Continuous, _) => true,
            _ => collected || cmd.order_type.is_stop() || cmd.options.has(Options::ONE_TRIGGERS_OTHER),
        }
    }

    /// Whether a limit is too far through the reference.
    pub(super) fn outside_band(&self, side: Side, limit: i64) -> bool {
        let (Some(reference), Some(band)) = (self.reference, self.config.band) else { return false };
        let through = match side {
            Side::Buy => i128::from(limit) - i128::from(reference),
            Side::Sell => i128::from(reference) - i128::from(limit),
        };
        through > i128::from(band)
    }

    fn links_exist(&self, cmd: &VenueCommand) -> bool {
        let own = |id| self.orders.get(&id).filter(|o| o.owner == cmd.order.owner);
        let partner = || own(cmd.link).is_some_and(|o| o.partner.is_none());
        let parent = || own(cmd.parent).is_some();
        (!cmd.options.has(Options::ONE_CANCELS_OTHER) || partner())
            && (!cmd.options.has(Options::ONE_TRIGGERS_OTHER) || parent())
    }
}
