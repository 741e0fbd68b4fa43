//! A restored venue goes on as if it had never been interrupted, and a state that cannot be is refused.

#[path = "support/draws.rs"]
mod draws;
#[expect(dead_code, reason = "the comparison with the naive venue is for another test")]
#[path = "support/venues.rs"]
mod venues;

use draws::Random;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use toprung_book::{
    Event, Options, OrderType, Phase, RestoreError, Side, TradingVenue, Venue, VenueAction, VenueCommand, VenueConfig,
    VenueState,
};
use venues::Market;

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn a_restored_venue_gives_the_events_of_an_uninterrupted_one(
        market in any::<u64>(), draws in vec(any::<u64>(), 1..150), cut in 0..150usize,
    ) {
        let market = Market::draw(&mut Random(market));
        let commands = draws.iter().zip(0..).map(|(&seed, index)| market.command(&mut Random(seed), index));
        let cmds: Vec<VenueCommand> = commands.collect();
        let (before, after) = cmds.split_at(cut.min(cmds.len()));
        let mut venue = Venue::new(market.config.clone());
        for cmd in before {
            venue.apply(cmd, &mut ());
        }
        let state = venue.state();
        // By way of text, so that what is written is the whole state too.
        let read: VenueState = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
        prop_assert_eq!(&read, &state);
        let restored = Venue::restore(market.config.clone(), &read);
        prop_assert!(restored.is_ok(), "{:?}: {:?}", restored.err(), state);
        let mut restored = restored.unwrap();
        prop_assert_eq!(restored.check_invariants(), Ok(()));
        prop_assert_eq!(&restored.state(), &state);
        for cmd in after {
            let (mut got, mut want): (Vec<Event>, Vec<Event>) = (Vec::new(), Vec::new());
            restored.apply(cmd, &mut got);
            venue.apply(cmd, &mut want);
            prop_assert_eq!(got, want, "{:?}", cmd);
        }
        prop_assert_eq!(restored.check_invariants(), Ok(()));
        prop_assert_eq!(restored.state(), venue.state());
        prop_assert_eq!(restored.digest(), venue.digest());
    }
}

/// A venue with something of everything: a plain bid (1), an iceberg (2), a hidden ask (3), a stop (4), a pair of which
/// each cancels the other (5, 6), and an order (7) that waits for another (1).
fn state() -> Value {
    let mut venue = Venue::default();
    let enter = VenueCommand::enter;
    let cmds = [
        enter(OrderType::Limit, 1, Side::Buy, 100, 5),
        VenueCommand { display_qty: 3, ..enter(OrderType::Limit, 2, Side::Sell, 105, 10) },
        enter(OrderType::Limit, 3, Side::Sell, 104, 10).with_options(Options::HIDDEN),
        enter(OrderType::Stop, 4, Side::Sell, 0, 5).with_stop_price(90),
        enter(OrderType::Limit, 5, Side::Buy, 99, 5),
        VenueCommand { link: 5, ..enter(OrderType::Stop, 6, Side::Buy, 0, 5) }
            .with_stop_price(120)
            .with_options(Options::ONE_CANCELS_OTHER),
        VenueCommand { parent: 1, ..enter(OrderType::Limit, 7, Side::Sell, 110, 5) }
            .with_options(Options::ONE_TRIGGERS_OTHER),
        VenueCommand::request(VenueAction::Block, 0, 0).owned_by(9),
    ];
    for cmd in &cmds {
        venue.apply(cmd, &mut ());
    }
    serde_json::to_value(venue.state()).unwrap()
}

fn restore(state: Value) -> Result<Venue, RestoreError> {
    let state: VenueState = serde_json::from_value(state).expect("the text of a state");
    Venue::restore(VenueConfig::default(), &state)
}

/// The state after `edit`, and why it is refused.
fn refusal(edit: impl FnOnce(&mut Value)) -> RestoreError {
    let mut state = state();
    let whole = state.clone();
    edit(&mut state);
    assert_ne!(state, whole, "something was edited");
    restore(state).expect_err("what cannot be is refused")
}

/// The terms of order `id`.
fn terms(state: &mut Value, id: u64) -> &mut Value {
    let list = state["terms"].as_array_mut().unwrap();
    list.iter_mut().find(|t| t["order"]["id"] == id).expect("the order has terms")
}

/// What rests of order `id`.
fn resting(state: &mut Value, id: u64) -> &mut Value {
    let list = state["resting"].as_array_mut().unwrap();
    list.iter_mut().find(|r| r["order"]["id"] == id).expect("the order rests")
}

#[test]
fn the_state_that_the_others_are_made_from_is_sound() {
    let venue = restore(state()).expect("a venue's state is sound");
    assert_eq!(venue.check_invariants(), Ok(()));
    assert_eq!((venue.order_count(), venue.held().len(), venue.commands()), (4, 3, 8));
}

#[test]
fn resting_orders_that_cannot_be() {
    assert_eq!(refusal(|s| resting(s, 1)["shown"] = json!(0)), RestoreError::ZeroQuantity { id: 1 });
    assert_eq!(refusal(|s| resting(s, 1)["order"]["id"] = json!(5)), RestoreError::DuplicateId { id: 5 });
    let wrong = |id, what| RestoreError::Venue { id, what };
    let open = "does not have open what it shows and has behind";
    assert_eq!(refusal(|s| resting(s, 1)["shown"] = json!(4)), wrong(1, open));
    assert_eq!(refusal(|s| resting(s, 2)["order"]["qty"] = json!(9)), wrong(2, open));
    let under = "rests under the terms of another";
    assert_eq!(refusal(|s| resting(s, 2)["order"]["owner"] = json!(8)), wrong(2, under));
    assert_eq!(refusal(|s| resting(s, 2)["order"]["side"] = json!("Buy")), wrong(2, under));
    let belongs = "rests where it does not belong";
    assert_eq!(refusal(|s| resting(s, 3)["class"] = json!("Displayed")), wrong(3, belongs));
    assert_eq!(refusal(|s| resting(s, 1)["class"] = json!("Hidden")), wrong(1, belongs));
    assert_eq!(refusal(|s| resting(s, 5)["class"] = json!("Unpriced")), wrong(5, belongs));
    let overflow = |s: &mut Value| {
        let mut order = resting(s, 1).clone();
        (order["order"]["id"], order["order"]["qty"], order["shown"]) = (json!(20), json!(u64::MAX), json!(u64::MAX));
        s["resting"].as_array_mut().unwrap().push(order);
    };
    assert_eq!(refusal(overflow), RestoreError::QuantityOverflow { id: 20 });
    let crossed = refusal(|s| resting(s, 1)["order"]["price"] = json!(104));
    assert_eq!(crossed, RestoreError::Crossed { bid: 104, ask: 104 });
}

#[test]
fn terms_that_cannot_be() {
    let says = |id, edit: &dyn Fn(&mut Value)| match refusal(|s| edit(terms(s, id))) {
        RestoreError::Venue { what, .. } => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(says(4, &|t| t["order"]["id"] = json!(6)), "has terms twice");
    for entry in [0, 99] {
        assert_eq!(says(4, &|t| t["entry"] = json!(entry)), "was entered later than the last order");
    }
    assert_eq!(says(4, &|t| t["options"] = json!(65_535)), "has options without a meaning");
    assert_eq!(says(4, &|t| t["flags"] = json!(255)), "has options without a meaning");
    assert_eq!(says(4, &|t| t["behind"] = json!(1)), "has something behind and is no iceberg that rests");
    assert_eq!(says(2, &|t| t["display_range"] = json!(3)), "is an iceberg with more range than it shows");
    let most = |t: &mut Value| (t["display_qty"], t["display_range"]) = (json!(u64::MAX), json!(1));
    assert_eq!(says(2, &most), "is an iceberg that shows too much");
    assert_eq!(says(4, &|t| t["order"]["qty"] = json!(0)), "is held with nothing open");
    assert_eq!(says(2, &|t| t["is_elected"] = json!(true)), "was elected and is not held");
    assert_eq!(says(4, &|t| t["stop_price"] = json!(null)), "is a stop without a price");
    let trailing = |t: &mut Value| (t["order_type"], t["offset"]) = (json!("TrailingStop"), json!(i64::MIN));
    assert_eq!(says(4, &trailing), "trails at no distance");
    assert_eq!(says(4, &|t| t["is_held"] = json!(false)), "rests and is held, or neither");
    assert_eq!(says(6, &|t| t["partner"] = json!(4)), "has a partner that does not know it");
    assert_eq!(says(6, &|t| t["partner"] = json!(6)), "has a partner that does not know it");
    assert_eq!(says(7, &|t| t["parent"] = json!([4, 0])), "waits for an order that does not know it");
    let mut whole = state();
    let entry = terms(&mut whole, 4)["entry"].clone();
    assert_eq!(says(6, &|t| t["entry"] = entry.clone()), "was entered together with another");
}

#[test]
fn venues_that_cannot_be() {
    let wrong = |what| RestoreError::Venue { id: 0, what };
    let queued = "an order is queued to enter and was not elected";
    let entry = |s: &mut Value| terms(s, 4)["entry"].clone();
    assert_eq!(refusal(|s| s["elected"] = json!([[entry(s), 4]])), wrong(queued));
    assert_eq!(refusal(|s| s["scheduled"] = json!(1)), wrong("more phases have begun than are scheduled"));
    for commands in [3, u64::MAX] {
        let refused = refusal(|s| s["book"]["commands"] = json!(commands));
        assert_eq!(refused, RestoreError::Commands { commands, orders: 4 });
    }
    assert_eq!(refusal(|s| s["book"]["top"] = json!([1, null])), RestoreError::Top { id: 1 });
    // What is crossed while orders are collected is not refused.
    let mut state = state();
    resting(&mut state, 1)["order"]["price"] = json!(104);
    state["phase"] = json!(serde_json::to_value(Phase::PreOpen).unwrap());
    restore(state).expect("orders are collected");
}
