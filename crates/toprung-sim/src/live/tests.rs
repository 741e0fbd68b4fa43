//! What is looked at is what would have happened anyway.

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::*;
use crate::config::{BookSettings, SampleSettings};
use crate::flow::{FlowConfig, SantaFeConfig};
use crate::policy_settings::PolicySettings;

fn config(events: u64) -> SimConfig {
    SimConfig {
        horizon: Horizon::Events(events),
        warmup_events: 2_000,
        latency_sampling: Some(2),
        books: 3,
        ..SimConfig::default()
    }
}

fn simulated(config: &SimConfig, book: usize) -> crate::BookResult {
    let mut result = crate::simulate(config, &AtomicBool::new(false), &|_| {}).unwrap();
    result.books.swap_remove(book)
}

fn wait(session: &LiveSession, until: impl Fn(&LiveState) -> bool) -> LiveState {
    let began = Instant::now();
    loop {
        let state = session.state();
        if until(&state) {
            return state;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "waited in vain: {state:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn over(session: &LiveSession) -> LiveState {
    wait(session, |s| s.phase.is_over())
}

#[test]
fn a_run_under_the_eyes_of_viewers_has_the_digest_of_one_without() {
    let pro_rata = SimConfig {
        book: BookSettings { policy: PolicySettings::ProRata { min_lot: 2 }, ..BookSettings::default() },
        flow: FlowConfig::SantaFe(SantaFeConfig { order_size: 100, ..SantaFeConfig::from_scales(1000.0, 0.02, 1.0) }),
        ..config(20_000)
    };
    for config in [config(60_000), pro_rata] {
        let session = LiveSession::open(&config, 1).unwrap();
        session.run_to(17);
        wait(&session, |s| s.phase == Phase::Paused && s.events == 17);
        session.run(0.5);
        std::thread::sleep(Duration::from_millis(20));
        session.pause();
        let paused = wait(&session, |s| s.phase == Phase::Paused);
        session.run_to(paused.events + 1);
        wait(&session, |s| s.phase == Phase::Paused && s.events == paused.events + 1);
        session.run(f64::INFINITY);
        // A reader that hardly lets go of the board.
        while !session.state().phase.is_over() {
            let (n, _, merges) = session.columns_now();
            let last = session.with_columns(merges, n.saturating_sub(10), 10, <[Column]>::len);
            assert!(last.is_none_or(|columns| columns <= 10));
        }
        let state = over(&session);
        let plain = simulated(&config, 1);
        assert_eq!(state.phase, Phase::Complete);
        assert_eq!(state.digest, plain.digest.to_string());
        assert_eq!((state.trades, state.commands[0]), (plain.metrics.trades, plain.metrics.limit_orders));
        assert_eq!(state.resting, plain.resting_orders);
        assert!(state.latency_count > 0);
    }
}

#[test]
fn columns_add_up_to_the_run_however_often_they_are_merged() {
    let config = config(50_000);
    let plain = simulated(&config, 0).metrics;
    for columns_max in [8, 100, COLUMNS_MAX] {
        let session = LiveSession::open_with(&config, 0, columns_max).unwrap();
        session.run(f64::INFINITY);
        let end = over(&session);
        let (n, interval_ns, merges) = session.columns_now();
        assert!(n <= columns_max && (merges > 0) == (columns_max < 1000), "{n} columns, merged {merges} times");
        let all = session.with_columns(merges, 0, usize::MAX, <[Column]>::to_vec).unwrap();
        assert_eq!(session.with_columns(merges + 1, 0, 1, <[Column]>::len), None);
        let sum = |f: fn(&Column) -> u64| all.iter().map(f).sum::<u64>();
        assert_eq!(sum(|c| c.commands.iter().sum()), 50_000);
        assert_eq!(sum(|c| c.trades), plain.trades);
        assert_eq!(u128::from(sum(|c| c.volume[0])), plain.buy_volume);
        assert_eq!(all.iter().map(|c| c.notional[0] + c.notional[1]).sum::<i128>(), plain.notional);
        assert_eq!(sum(|c| c.latency.iter().map(|n| u64::from(*n)).sum()), end.latency_count);
        // The last column ends at or behind the end of the run, the one before it ahead of it.
        assert!(n as u64 * interval_ns >= end.time_ns && (n as u64 - 1) * interval_ns <= end.time_ns);
        let last = all.last().unwrap();
        assert_eq!(Some(last.touch), end.touch);
        let row = |price: i64| last.depth[(price - last.depth_base) as usize];
        assert_eq!(u64::from(row(last.touch.bid)), last.touch.bid_qty);
        assert_eq!(u64::from(row(last.touch.ask)), last.touch.ask_qty);
        assert!(((last.touch.bid + 1)..last.touch.ask).all(|price| row(price) == 0));
    }
}

/// The columns are the rows that `samples` keeps, where both fall on the same times.
#[test]
fn columns_hold_the_state_at_their_end() {
    let interval_ns = interval_ns(&config(50_000));
    // As many rows as columns, and a row at time 0.
    let horizon = Horizon::DurationNs(interval_ns * 99);
    let config = SimConfig {
        horizon,
        samples: SampleSettings { rows: 100, books: 3, ..SampleSettings::default() },
        ..config(50_000)
    };
    let samples = simulated(&config, 0).samples.unwrap();
    let session = LiveSession::open(&config, 0).unwrap();
    session.run(f64::INFINITY);
    over(&session);
    let (n, step, merges) = session.columns_now();
    let columns = session.with_columns(merges, 0, n, <[Column]>::to_vec).unwrap();
    let mut compared = 0;
    for row in &samples.rows {
        if row.time_ns == 0 || row.time_ns % step != 0 {
            continue;
        }
        let c = &columns[(row.time_ns / step) as usize - 1];
        assert_eq!((c.touch.bid, c.touch.ask_qty, c.bid_depth), (row.bid, row.ask_qty, row.bid_depth));
        compared += 1;
    }
    assert!(compared > 10, "{compared} rows fall on the end of a column of {step} ns, of {}", samples.interval_ns);
}

#[test]
fn the_pace_is_kept_and_can_be_changed() {
    let session = LiveSession::open(&config(10_000_000), 0).unwrap();
    session.run(2.0);
    wait(&session, |s| s.time_ns > 0);
    let (began, first) = (Instant::now(), session.state().time_ns);
    std::thread::sleep(Duration::from_millis(200));
    let (elapsed, now) = (began.elapsed().as_nanos() as f64, session.state().time_ns);
    let speed = (now - first) as f64 / elapsed;
    assert!((1.2..2.8).contains(&speed), "ran at {speed} times real time");
    session.run(f64::INFINITY);
    wait(&session, |s| s.time_ns > now + 1_000_000_000);
    session.stop();
    let state = over(&session);
    assert_eq!(state.phase, Phase::Stopped);
    let marks: Vec<_> = session.annotations().iter().map(|a| a.mark).collect();
    assert_eq!(marks, [Mark::Measuring, Mark::Running, Mark::Running, Mark::Stopped]);
    // For good.
    session.run(1.0);
    assert_eq!(session.state().phase, Phase::Stopped);
}

#[test]
fn the_last_trades_are_kept_and_counted() {
    let session = LiveSession::open(&config(200_000), 0).unwrap();
    session.run(f64::INFINITY);
    let trades = over(&session).trades;
    let (first, kept) = session.trades(0);
    assert_eq!((first + kept.len() as u64, kept.len()), (trades, TRADES_MAX));
    assert!(kept.is_sorted_by_key(|t| t.time_ns));
    assert_eq!(session.trades(trades - 3).1, kept[TRADES_MAX - 3..]);
    assert_eq!(session.trades(trades + 5), (trades + 5, vec![]));
}

#[test]
fn a_book_that_is_not_there_is_refused_and_a_session_that_is_dropped_ends() {
    let refused = LiveSession::open(&config(1000), 3).unwrap_err();
    assert_eq!(refused.to_string(), "`book` must be an integer from 0 to 2, got 3");
    let began = Instant::now();
    for speed in [0.0, 1.0, f64::INFINITY] {
        let session = LiveSession::open(&config(1 << 33), 0).unwrap();
        session.run(speed);
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(began.elapsed() < Duration::from_secs(5));
}

mod markets {
    use toprung_book::Phase as TradingPhase;

    use super::*;
    use crate::catalogue;
    use crate::kernel::{MarketConfig, SessionRules, World};

    /// The flash crash from just before its seller starts.
    fn crash(seconds: u64) -> MarketConfig {
        let mut config = catalogue::find("flash-crash").unwrap().market;
        config.duration_ns = seconds * 1_000_000_000;
        config.agents[2].start_ns = 20_000_000_000;
        config
    }

    #[test]
    fn a_market_that_is_looked_at_has_the_digest_and_accounts_of_one_that_is_not() {
        let mut worlds = vec![crash(120)];
        for name in ["latency-race", "etf-basket", "news-shock", "layering"] {
            let mut config = catalogue::find(name).unwrap().market;
            config.duration_ns = config.duration_ns.min(3_000_000_000);
            worlds.push(config);
        }
        for config in worlds {
            let mut plain = World::open(&config, 0).unwrap();
            plain.run();
            let session = LiveSession::open_market_with(&config, 0, 64).unwrap();
            session.run_to(100);
            wait(&session, |s| s.phase == Phase::Paused && s.events == 100);
            session.run(0.5);
            std::thread::sleep(Duration::from_millis(20));
            session.run(f64::INFINITY);
            let state = over(&session);
            assert_eq!((state.phase, state.time_ns), (Phase::Complete, config.duration_ns));
            assert_eq!(state.digest, plain.digest().to_string());
            assert_eq!(state.trades, plain.venues[0].feed.now.trades);
            assert_eq!((state.volume, state.last_price), (plain.venues[0].feed.now.volume, state.last_price));
            assert!(state.latency_count > 0);
            let result = plain.into_result();
            for (track, account) in session.tracks().iter().zip(&state.accounts) {
                if !track.is_member {
                    assert_eq!(*account, result.group(&track.group).unwrap().total(), "{}", track.group);
                }
            }
        }
    }

    #[test]
    fn columns_hold_what_the_tracks_hold_and_add_up_however_often_they_are_merged() {
        let config = crash(120);
        for columns_max in [8, COLUMNS_MAX] {
            let session = LiveSession::open_market_with(&config, 0, columns_max).unwrap();
            session.run(f64::INFINITY);
            let end = over(&session);
            let (n, interval_ns, merges) = session.columns_now();
            assert!(n as u64 * interval_ns >= end.time_ns && (n as u64 - 1) * interval_ns <= end.time_ns);
            let all = session.with_columns(merges, 0, usize::MAX, <[Column]>::to_vec).unwrap();
            assert_eq!(all.iter().map(|c| c.volume[0] + c.volume[1]).sum::<u64>(), end.volume);
            assert_eq!(all.iter().map(|c| c.trades).sum::<u64>(), end.trades);
            assert_eq!(all.iter().flat_map(|c| c.commands).sum::<u64>(), end.events);
            assert!(all.iter().all(|c| c.holdings.len() == session.tracks().len()));
            assert_eq!(*all.last().unwrap().holdings, *end.holdings);
            assert!(end.holdings.iter().any(|h| h.position != 0 && h.value != 0.0));
        }
    }

    #[test]
    fn agents_orders_stand_where_the_queue_has_them() {
        let config = crash(60);
        let session = LiveSession::open_market(&config, 0).unwrap();
        session.run_to(2_000);
        let state = wait(&session, |s| s.phase == Phase::Paused && s.events == 2_000 && !s.own.is_empty());
        let mut plain = World::open(&config, 0).unwrap();
        while plain.venues[0].counts.messages < 2_000 {
            plain.advance(config.duration_ns, 1);
        }
        assert_eq!(plain.digest().to_string(), state.digest);
        let positions = plain.queue_positions();
        // The state's own levels may be some milliseconds old while it runs, but not of one that waits.
        for own in &state.own {
            let at: Vec<_> =
                positions.iter().filter(|p| (p.agent, p.side, p.price) == (own.agent, own.side, own.price)).collect();
            assert_eq!(own.qty, at.iter().map(|p| p.qty).sum::<u64>());
            assert_eq!(own.orders as usize, at.len());
            assert_eq!(own.lots_ahead, at.iter().map(|p| p.lots_ahead).min().unwrap());
            assert_eq!(own.orders_ahead, at.iter().map(|p| p.orders_ahead).min().unwrap());
        }
    }

    #[test]
    fn what_happens_is_marked_when_it_happens() {
        let mut config = crash(150);
        let (breaker_ticks, interruption_ns) = (Some(5), 5_000_000_000);
        config.venues[0].sessions = Some(SessionRules { breaker_ticks, interruption_ns, ..SessionRules::default() });
        config.fundamental.jumps.push(crate::kernel::Jump { at_ns: 1_000_000_000, ticks: -3.0 });
        config.agents[0].stop_ns = Some(110_000_000_000);
        let session = LiveSession::open_market(&config, 0).unwrap();
        session.run(f64::INFINITY);
        over(&session);
        let marks = session.annotations();
        assert!(marks.is_sorted_by_key(|a| a.time_ns));
        let of = |mark: Mark| marks.iter().filter(|a| a.mark == mark).map(|a| (a.time_ns, a.value)).collect::<Vec<_>>();
        assert_eq!(of(Mark::Shock), [(1_000_000_000, -3.0)]);
        assert_eq!(of(Mark::Starts), [(20_000_000_000, 2.0)]);
        assert_eq!(of(Mark::Ends), [(110_000_000_000, 0.0)]);
        let phases = of(Mark::Phase);
        assert_eq!(phases[0], (0, f64::from(TradingPhase::Continuous as u8)));
        assert!(phases.len() > 2, "{phases:?}");
        for pair in phases[1..].chunks_exact(2) {
            assert_eq!(pair[0].1, f64::from(TradingPhase::VolatilityInterruption as u8));
            assert_eq!(pair[1], (pair[0].0 + 5_000_000_000, f64::from(TradingPhase::Continuous as u8)));
        }
    }

    #[test]
    fn every_phase_of_a_day_is_marked_at_its_beginning() {
        let mut config = catalogue::find("closing-auction").unwrap().market;
        let sessions = config.venues[0].sessions.as_mut().unwrap();
        sessions.schedule.iter_mut().for_each(|change| change.at_ns /= 100);
        config.duration_ns = 13_000_000_000;
        let session = LiveSession::open_market(&config, 0).unwrap();
        session.run(f64::INFINITY);
        over(&session);
        let marks = session.annotations();
        let phases = marks.iter().filter(|a| a.mark == Mark::Phase).map(|a| (a.time_ns, a.value as u8));
        let expected = [
            (0, TradingPhase::Continuous as u8),
            (9_000_000_000, TradingPhase::ClosingAuction as u8),
            (12_000_000_000, TradingPhase::Closed as u8),
        ];
        assert_eq!(phases.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn groups_come_first_and_agents_of_small_groups_as_far_as_there_is_room() {
        let tracks = tracks(&catalogue::find("rmsc-04").unwrap().market);
        let names: Vec<_> = tracks.iter().map(|t| (t.group.as_str(), t.count, t.is_member)).collect();
        assert_eq!(
            names[..4],
            [("noise", 1000, false), ("value", 102, false), ("momentum", 12, false), ("makers", 2, false)]
        );
        assert_eq!(names[4..6], [("makers", 1, true); 2]);
        assert_eq!((names.len(), names[17]), (18, ("momentum", 1, true)));
        assert_eq!((tracks[4].first, tracks[6].first), (1114, 1102));
    }

    #[test]
    fn a_venue_that_is_not_there_is_refused() {
        let refused = LiveSession::open_market(&crash(1), 1).unwrap_err();
        assert_eq!(refused.to_string(), "`venue` must be an integer from 0 to 0, got 1");
    }
}
