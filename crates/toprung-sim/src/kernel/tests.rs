//! What the kernel promises, of markets with every kind of link.

use std::sync::{Arc, Mutex};

use toprung_book::Side;

use super::*;
use crate::flow::{FlowConfig, SantaFeConfig};
use crate::{BookSettings, SimConfig};

const SECOND: u64 = 1_000_000_000;

fn flow(market_rate: f64) -> VenueConfig {
    let flow = FlowConfig::SantaFe(SantaFeConfig::from_scales(market_rate, 0.05, 0.2));
    VenueConfig { flow: Some(flow), depth_ticks: 3, ..VenueConfig::default() }
}

fn group(name: &str, kind: &str, params: &[(&str, f64)]) -> AgentConfig {
    AgentConfig {
        name: name.to_owned(),
        kind: kind.to_owned(),
        params: params.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect(),
        ..AgentConfig::default()
    }
}

/// Three venues, agents on one and on several of them, every law of latency.
fn coupled() -> MarketConfig {
    let micros = |n: u64| Latency::Constant { ns: n * 1_000 };
    let drawn = Latency::LogNormal { min_ns: 20_000, median_ns: 50_000, sigma: 1.0, max_ns: 10_000_000 };
    let table = Latency::Empirical { ns: vec![15_000, 30_000, 90_000] };
    let agents = vec![
        AgentConfig {
            count: 4,
            orders: micros(50),
            data: drawn.clone(),
            ..group("noise", "noise", &[("ratePerSecond", 50.0)])
        },
        AgentConfig {
            venues: vec![0, 1],
            orders: micros(12),
            data: micros(3),
            ..group("arb", "latency-arbitrageur", &[])
        },
        AgentConfig { venues: vec![2, 0, 1], orders: micros(12), data: table, ..group("fund", "etf-arbitrageur", &[]) },
        AgentConfig { venues: vec![1], orders: drawn, ..group("maker", "avellaneda-stoikov", &[("requoteNs", 2e6)]) },
        AgentConfig {
            venues: vec![2],
            orders: micros(100),
            ..group("spoof", "spoofer", &[("cycleNs", 2e8), ("holdNs", 1e8)])
        },
        AgentConfig {
            venues: vec![2],
            orders: micros(70),
            count: 3,
            ..group("hbl", "hbl", &[("ratePerSecond", 40.0)])
        },
    ];
    MarketConfig {
        venues: vec![flow(300.0), VenueConfig { service_ns: 5_000, ..flow(200.0) }, flow(100.0)],
        agents,
        duration_ns: 2 * SECOND,
        sample_ns: SECOND / 100,
        keep_trades: true,
        ..MarketConfig::default()
    }
}

fn finished(mut world: World) -> MarketResult {
    world.run();
    world.into_result()
}

fn same(a: &MarketResult, b: &MarketResult) {
    assert_eq!(a.digest, b.digest);
    assert_eq!(a.events, b.events);
    for (a, b) in a.venues.iter().zip(&b.venues) {
        assert_eq!((&a.counts, &a.samples, &a.trades), (&b.counts, &b.samples, &b.trades));
    }
    for (a, b) in a.groups.iter().zip(&b.groups) {
        assert_eq!(a.accounts, b.accounts, "{}", a.name);
    }
}

#[test]
fn venues_on_several_threads_give_what_the_one_loop_gives() {
    for fair_ties in [false, true] {
        let config = MarketConfig { fair_ties, ..coupled() };
        let one = finished(World::open(&config, 0).unwrap());
        assert!(one.groups.iter().all(|g| g.total().orders > 0), "everybody trades");
        for threads in [1, 2, 3, 7] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut world = World::open(&config, 0).unwrap();
            let windows = pool.install(|| world.run_in_windows()).unwrap();
            assert!(windows > 1_000, "{windows}");
            same(&one, &world.into_result());
        }
    }
}

#[test]
fn how_far_it_is_run_at_a_time_changes_nothing() {
    let config = coupled();
    let one = finished(World::open(&config, 0).unwrap());
    let mut world = World::open(&config, 0).unwrap();
    let mut until = 0;
    while until < config.duration_ns {
        until = (until + 7_777_777).min(config.duration_ns);
        while world.advance(until, 100) == Stop::Budget {}
        assert_eq!(world.now_ns(), until);
        world = world.clone();
    }
    world.finish_samples();
    same(&one, &world.into_result());
}

#[test]
fn many_markets_are_the_same_on_any_number_of_threads() {
    let config = coupled();
    let of = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| run_markets(&config, &[1, 2, 3, 4, 5], &[], |r| r.digest)).unwrap()
    };
    let one = of(1);
    assert!([2, 3, 7].into_iter().all(|threads| of(threads) == one));
    assert!(one.iter().map(|d| d.to_u128()).collect::<std::collections::BTreeSet<_>>().len() == 5);
}

#[test]
fn a_market_without_agents_is_the_run_of_the_flow_alone() {
    let config = MarketConfig { venues: vec![flow(300.0)], duration_ns: SECOND, ..MarketConfig::default() };
    let market = finished(World::open(&config, 0).unwrap());
    let sim = SimConfig {
        streams: "market/flow".to_owned(),
        flow: flow(300.0).flow.unwrap(),
        horizon: crate::Horizon::DurationNs(SECOND),
        warmup_events: 0,
        ..SimConfig::default()
    };
    let run = crate::simulate(&sim, &std::sync::atomic::AtomicBool::new(false), &|_| {}).unwrap();
    assert_eq!(market.venues[0].digest, run.books[0].digest);
    assert_eq!(market.venues[0].counts.messages, run.metrics.events);
}

/// Takes one group out of a market, on common random numbers.
#[test]
fn the_future_without_somebody_is_everybody_elses() {
    let config = coupled();
    let mut with = World::open(&config, 0).unwrap();
    with.advance(SECOND, u64::MAX);
    let (mut without, same_again) = (with.clone(), with.clone());
    assert!(without.remove("spoof") && !without.remove("nobody"));
    let theirs = |w: &World| {
        let book = w.venues[2].market.book.book();
        Side::BOTH.into_iter().flat_map(|s| book.orders(s)).filter(|o| o.owner == 8).count()
    };
    assert_eq!(theirs(&without), 0);
    let (a, b, c) = (finished(with), finished(without), finished(same_again));
    same(&a, &c);
    assert_ne!(a.venues[2].digest, b.venues[2].digest);
    let orders = |r: &MarketResult, name: &str| r.group(name).unwrap().total().orders;
    assert!(orders(&a, "spoof") > orders(&b, "spoof"));
    // Noise traders come at the same times.
    assert_eq!(orders(&a, "noise"), orders(&b, "noise"));
    // An arm without it from the start: who comes before has the same random numbers as well.
    let mut absent = config;
    absent.agents[4].absent = true;
    let d = finished(World::open(&absent, 0).unwrap());
    assert_eq!((orders(&d, "spoof"), orders(&d, "noise")), (0, orders(&a, "noise")));
    assert_eq!(a.venues[0].samples.first(), d.venues[0].samples.first());
}

/// Writes down what it sees and when, and quotes so as to be filled.
#[derive(Clone, Debug)]
struct Witness {
    data_ns: u64,
    orders_ns: u64,
    seen: Arc<Mutex<Vec<(u64, u64)>>>,
    filled: Arc<Mutex<Vec<(u64, u64)>>>,
    sent: Vec<(u64, u64)>,
}

impl Agent for Witness {
    fn wake(&mut self, _: u32, ctx: &mut Context<'_>) {
        let quote = ctx.quote(0);
        self.seen.lock().unwrap().push((ctx.now_ns(), quote.time_ns));
        let tape = ctx.tape(0, 10).last().map_or(0, |r| r.time_ns);
        self.seen.lock().unwrap().push((ctx.now_ns(), tape));
        let id = ctx.ioc(0, Side::Buy, quote.ask, 1);
        self.sent.push((id, ctx.now_ns()));
        ctx.wake_in(1_234_567, 0);
    }

    fn notice(&mut self, notice: &Notice, ctx: &mut Context<'_>) {
        self.filled.lock().unwrap().push((ctx.now_ns(), notice.time_ns));
        let sent = self.sent.iter().find(|s| s.0 == notice.order).unwrap().1;
        assert!(notice.time_ns >= sent + self.orders_ns, "executed before it can have arrived");
    }

    fn reads_tape(&self) -> bool {
        true
    }

    fn fork(&self) -> Box<dyn Agent> {
        Box::new(self.clone())
    }
}

#[test]
fn nobody_sees_data_early_and_no_order_is_early() {
    let constant = |ns| Latency::Constant { ns };
    let drawn = |min_ns| Latency::LogNormal { min_ns, median_ns: 200_000, sigma: 1.5, max_ns: 50_000_000 };
    for (data, orders) in
        [(constant(0), constant(0)), (constant(700_000), constant(90_000)), (drawn(5_000), drawn(70_000))]
    {
        let agent = AgentConfig { data: data.clone(), orders: orders.clone(), ..group("w", "hbl", &[]) };
        let config = MarketConfig {
            venues: vec![flow(1_000.0)],
            agents: vec![agent],
            duration_ns: SECOND,
            ..MarketConfig::default()
        };
        let mut world = World::open(&config, 0).unwrap();
        let (seen, filled) = (Arc::default(), Arc::default());
        let witness = Witness {
            data_ns: data.min_ns(),
            orders_ns: orders.min_ns(),
            seen: Arc::clone(&seen),
            filled: Arc::clone(&filled),
            sent: Vec::new(),
        };
        let data_ns = witness.data_ns;
        world.replace_agent(0, Box::new(witness));
        world.run();
        let (seen, filled) = (seen.lock().unwrap(), filled.lock().unwrap());
        assert!(seen.len() > 1_000 && filled.len() > 100, "{} {}", seen.len(), filled.len());
        for (now, published) in seen.iter().chain(filled.iter()) {
            assert!(*published == 0 || published + data_ns <= *now, "{published} seen at {now}");
        }
        // And not needlessly late: with a constant delay the newest that has arrived is seen.
        if matches!(data, Latency::Constant { .. }) {
            assert!(filled.iter().all(|(now, at)| now - at == data_ns));
        }
    }
}

/// The wait in front of a server of constant service time under Poisson arrivals: ρs / (2(1 − ρ)).
#[test]
fn a_gateway_makes_messages_wait_as_long_as_theory_says() {
    for rho in [0.3, 0.8] {
        let service_ns = 10_000.0;
        let rate = rho * 1e9 / service_ns;
        let venue = VenueConfig { service_ns: service_ns as u64, reference_price: 1_000, ..VenueConfig::default() };
        let noise = group("n", "glosten-milgrom", &[("ratePerSecond", rate), ("informedShare", 0.0)]);
        let config = MarketConfig {
            venues: vec![venue],
            agents: vec![noise],
            duration_ns: 3 * SECOND,
            ..MarketConfig::default()
        };
        let result = finished(World::open(&config, 0).unwrap());
        let waits = result.venues[0].waits.as_ref().unwrap();
        let wait = waits.mean_ns() - service_ns;
        let theory = rho * service_ns / (2.0 * (1.0 - rho));
        assert!((wait / theory - 1.0).abs() < 0.05, "ρ {rho}: {wait} against {theory}");
    }
}

/// Orders of equal delay arrive at the same time: without fair ties the lower number wins, with them nobody does.
#[test]
fn fair_ties_let_everybody_win_equally_often() {
    let share = |fair_ties| {
        let makers = AgentConfig {
            count: 4,
            orders: Latency::Constant { ns: 1_000 },
            ..group("m", "racer", &[("maxPosition", 1e9)])
        };
        let config = MarketConfig {
            venues: vec![flow(300.0)],
            agents: vec![makers],
            duration_ns: 20 * SECOND,
            fair_ties,
            ..MarketConfig::default()
        };
        let accounts = finished(World::open(&config, 0).unwrap()).groups.remove(0).accounts;
        let total: u64 = accounts.iter().map(|a| a.maker_lots).sum();
        accounts.iter().map(|a| a.maker_lots as f64 / total as f64).collect::<Vec<_>>()
    };
    let unfair = share(false);
    assert!(unfair.windows(2).all(|w| w[0] > w[1] + 0.02), "{unfair:?}");
    assert!(share(true).iter().all(|s| (s - 0.25).abs() < 0.03), "{:?}", share(true));
}

#[test]
fn a_speed_bump_holds_orders_and_may_spare_cancels() {
    let venue = VenueConfig {
        speed_bump_ns: 350_000,
        speed_bump_spares_cancels: true,
        reference_price: 100,
        ..VenueConfig::default()
    };
    let resting = AgentConfig { orders: Latency::Constant { ns: 1_000 }, ..group("r", "resting", &[("lots", 1.0)]) };
    let config =
        MarketConfig { venues: vec![venue], agents: vec![resting], duration_ns: SECOND, ..MarketConfig::default() };
    let mut world = World::open(&config, 0).unwrap();
    world.advance(350_999, u64::MAX);
    assert_eq!(world.venues[0].counts.limits, 0);
    world.advance(351_000, u64::MAX);
    assert_eq!(world.venues[0].counts.limits, 1);
    let cancel = toprung_book::Command::cancel(1);
    assert_eq!(world.venues[0].door(&config.venues[0], 5, &cancel), 5);
}

#[test]
fn accounts_add_up_and_the_book_owns_what_nobody_else_does() {
    let result = finished(World::open(&coupled(), 0).unwrap());
    for group in &result.groups {
        for a in &group.accounts {
            assert_eq!(a.position, a.bought as i64 - a.sold as i64, "{}", group.name);
        }
    }
    // Lots that agents bought at each venue, from the trades.
    let agents: u64 = result.groups.iter().map(|g| g.total().bought).sum();
    let buyer = |t: &Trade| if t.side == Side::Buy { t.taker } else { t.maker };
    let bought: u64 = result.venues.iter().flat_map(|v| &v.trades).filter(|t| buyer(t).is_some()).map(|t| t.qty).sum();
    assert_eq!(agents, bought);
    assert!(bought > 0);
}

#[test]
fn book_settings_reach_the_venue() {
    let ten = SantaFeConfig { order_size: 10, ..SantaFeConfig::from_scales(300.0, 0.05, 0.5) };
    let venue = VenueConfig { flow: Some(FlowConfig::SantaFe(ten)), ..VenueConfig::default() };
    let book = BookSettings { policy: crate::PolicySettings::ProRata { min_lot: 1 }, ..BookSettings::default() };
    let config = MarketConfig { venues: vec![VenueConfig { book, ..venue.clone() }], ..MarketConfig::default() };
    let fifo = MarketConfig { venues: vec![venue], ..config.clone() };
    let of = |c: &MarketConfig| {
        let mut world = World::open(c, 0).unwrap();
        world.advance(5 * SECOND, u64::MAX);
        world.digest()
    };
    assert_ne!(of(&config), of(&fifo));
}

/// Sets itself a timer for now, again and again.
#[derive(Clone, Debug)]
struct Restless;

impl Agent for Restless {
    fn wake(&mut self, _: u32, ctx: &mut Context<'_>) {
        ctx.wake_in(0, 0);
    }

    fn fork(&self) -> Box<dyn Agent> {
        Box::new(self.clone())
    }
}

#[test]
fn an_agent_that_reacts_for_ever_at_one_instant_stops_the_market_and_is_named() {
    let mut world = World::open(&coupled(), 0).unwrap();
    world.replace_agent(3, Box::new(Restless));
    let group = world.groups[world.seats[3].group as usize].clone();
    let mut windows = world.clone();
    world.run();
    windows.run_in_windows();
    for stopped in [&world, &windows] {
        let fault = stopped.fault().unwrap();
        assert_eq!(fault.code(), "ERR_TOPRUNG_ENDLESS_REACTION");
        assert!(fault.to_string().contains(&format!("agent 3 of the group {group:?}")), "{fault}");
    }
    assert!(world.now_ns() < world.duration_ns);
}

#[test]
fn a_market_in_which_nothing_is_left_to_happen_comes_to_its_end() {
    let config = MarketConfig { venues: vec![VenueConfig::default()], duration_ns: SECOND, ..MarketConfig::default() };
    let mut world = World::open(&config, 0).unwrap();
    world.run();
    assert_eq!((world.now_ns(), world.events()), (SECOND, 0));
}

/// Five buyers and five sellers who come for an opening, an imbalance trader, and a flow that begins with trading.
fn opening() -> MarketConfig {
    use crate::kernel::{PhaseChange, SessionRules};
    use toprung_book::Phase;
    let at = |seconds: u64, phase| PhaseChange { at_ns: seconds * SECOND, phase };
    let sessions = SessionRules {
        phase: Phase::OpeningAuction,
        schedule: vec![at(3, Phase::Continuous), at(6, Phase::ClosingAuction), at(8, Phase::Closed)],
        indicative_ns: SECOND / 10,
        ..SessionRules::default()
    };
    let flow =
        FlowConfig::SantaFe(SantaFeConfig { reference_price: 10_000, ..SantaFeConfig::from_scales(100.0, 0.1, 0.2) });
    let venue = VenueConfig { flow: Some(flow), sessions: Some(sessions), ..VenueConfig::default() };
    let window = [("windowNs", 2.9e9), ("session", 1.0), ("noiseTicks", 20.0)];
    let on_open = AgentConfig { count: 60, ..group("on open", "auction-trader", &window) };
    let on_close =
        AgentConfig { count: 60, ..group("on close", "auction-trader", &[("windowNs", 7e9), ("session", 2.0)]) };
    let balancer = group("balancer", "imbalance-trader", &[("ratePerSecond", 5.0)]);
    MarketConfig {
        venues: vec![venue],
        agents: vec![on_open, on_close, balancer],
        fundamental: crate::FundamentalConfig { mean: 10_000.0, ..Default::default() },
        duration_ns: 9 * SECOND,
        keep_trades: true,
        sample_ns: SECOND / 10,
        ..MarketConfig::default()
    }
}

#[test]
fn a_day_of_two_auctions_trades_at_the_prices_that_trying_every_price_gives() {
    let result = finished(World::open(&opening(), 0).unwrap());
    let venue = &result.venues[0];
    assert_eq!(venue.sessions.auctions.len(), 2);
    for auction in &venue.sessions.auctions {
        assert!(auction.is_right() && auction.qty > 0, "{auction:?}");
    }
    // Nothing trades while orders are collected, no quote is published then, and the flow stands still.
    let during = |ns: u64| ns < 3 * SECOND || (ns > 6 * SECOND && ns < 8 * SECOND) || ns > 8 * SECOND;
    assert!(venue.trades.iter().all(|t| !during(t.time_ns)));
    assert!(venue.trades.iter().any(|t| t.time_ns > 3 * SECOND && t.time_ns < 6 * SECOND));
    let closed = venue.samples.iter().filter(|q| during(q.time_ns));
    assert!(closed.clone().count() > 30 && closed.clone().all(|q| !q.open && !q.is_two_sided()));
    assert!(venue.sessions.indicatives.iter().all(|row| during(row.time_ns - 1)));
    assert!(venue.sessions.indicatives.len() > 20);
}

#[test]
fn a_breaker_interrupts_trading_for_its_time() {
    use crate::kernel::SessionRules;
    let mut config = opening();
    let sessions = SessionRules { breaker_ticks: Some(30), interruption_ns: SECOND / 2, ..SessionRules::default() };
    config.venues[0].sessions = Some(sessions);
    let seller = AgentConfig { start_ns: SECOND, ..group("seller", "impulse", &[("side", -1.0), ("lots", 5_000.0)]) };
    config.agents = vec![seller];
    let venue = finished(World::open(&config, 0).unwrap()).venues.remove(0);
    let first = venue.sessions.interruptions[0];
    assert_eq!(first, SECOND);
    assert!(venue.trades.iter().all(|t| (t.price - 10_000).abs() <= 30));
    assert!(venue.trades.iter().all(|t| t.time_ns <= first || t.time_ns >= first + SECOND / 2));
    assert!(venue.trades.iter().any(|t| t.time_ns > first + SECOND / 2));
}

#[test]
fn phases_and_auctions_are_the_same_in_windows_and_on_a_fork() {
    let mut config = opening();
    for agent in &mut config.agents {
        (agent.orders, agent.data) = (Latency::Constant { ns: 200_000 }, Latency::Constant { ns: 100_000 });
    }
    let whole = {
        let mut world = World::open(&config, 0).unwrap();
        world.run();
        world.digest()
    };
    let mut windows = World::open(&config, 0).unwrap();
    assert!(windows.run_in_windows().unwrap() > 100);
    assert_eq!(windows.digest(), whole);
    // From the middle of the first auction, and without those who wait for the close.
    let mut world = World::open(&config, 0).unwrap();
    world.advance(2 * SECOND, u64::MAX);
    let (mut fork, mut without) = (world.clone(), world);
    fork.run();
    assert_eq!(fork.digest(), whole);
    assert!(without.remove("on close"));
    without.run();
    assert_ne!(without.digest(), whole);
}

#[test]
fn a_call_market_trades_at_its_calls_alone_and_quotes_nothing_between_them() {
    let call_ns = 10_000_000;
    let rules = SessionRules { phase: toprung_book::Phase::OpeningAuction, call_ns, ..SessionRules::default() };
    let venue = VenueConfig { sessions: Some(rules), reference_price: 1_000_000, ..VenueConfig::default() };
    let params = [("ratePerSecond", 5.0), ("surplusMax", 5.0)];
    let zi = |name, venues| AgentConfig { count: 40, venues, ..group(name, "zi", &params) };
    let arb = AgentConfig { venues: vec![0, 1], ..group("arb", "latency-arbitrageur", &[]) };
    let config = MarketConfig {
        venues: vec![venue; 2],
        agents: vec![zi("a", vec![0]), zi("b", vec![1]), arb],
        duration_ns: 3 * SECOND,
        sample_ns: 5_123_456,
        keep_trades: true,
        ..MarketConfig::default()
    };
    let mut world = World::open(&config, 0).unwrap();
    world.run();
    let mut windows = World::open(&config, 0).unwrap();
    windows.run_in_windows();
    assert_eq!(windows.digest(), world.digest());
    let result = world.into_result();
    for venue in &result.venues {
        assert!(venue.trades.len() > 20, "{} trades", venue.trades.len());
        assert!(venue.trades.iter().all(|t| t.time_ns % call_ns == 0));
        assert!(venue.samples.len() > 500 && venue.samples.iter().all(|quote| !quote.is_two_sided()));
        assert!(venue.sessions.auctions.is_empty());
    }
    let arb = result.group("arb").unwrap().total();
    assert_eq!(arb.orders, 0, "there is no quote to be faster than");
}

#[test]
fn a_ladder_begins_behind_the_touch_where_it_is_told_to() {
    let venue = VenueConfig { ladder_ticks: 3, ladder_from_ticks: 2, ..flow(500.0) };
    let config =
        MarketConfig { venues: vec![venue], duration_ns: 2 * SECOND, sample_ns: SECOND, ..MarketConfig::default() };
    let mut world = World::open(&config, 0).unwrap();
    world.run();
    let book = world.venues[0].market.book.book();
    let touch = world.venues[0].market.touch;
    let expected = (2..5).flat_map(|k| {
        [book.qty_at(Side::Buy, touch.bid - k), book.qty_at(Side::Sell, touch.ask + k)].map(|lots| lots as u32)
    });
    let expected: Vec<u32> = expected.collect();
    let ladders = &world.venues[0].ladders;
    assert_eq!(ladders[ladders.len() - 6..], expected);
    assert!(expected.iter().any(|lots| *lots > 0));
}
