//! Worked examples, each from its source.

use toprung_book::{LevelingOrder, Participant, Policy, Preset, PresetParams, Rounding, Step};

use crate::{allocate, allocate_for};

fn preset(name: &str, params: PresetParams) -> Policy {
    Preset::find(name).unwrap_or_else(|| panic!("no preset {name}")).policy(params).expect("valid parameters")
}

fn usual(name: &str) -> Policy {
    preset(name, PresetParams::default())
}

fn check(policy: &Policy, level: &str, aggressor: u64, totals: &[u64]) {
    assert_eq!(allocate(policy, level, aggressor).0, totals, "{level} against {aggressor} under {policy:?}");
}

fn top(top_min_qty: u64, top_max_qty: u64) -> PresetParams {
    PresetParams { top_min_qty, top_max_qty, ..PresetParams::default() }
}

fn split(fifo_percent: u8) -> PresetParams {
    PresetParams { fifo_percent, ..PresetParams::default() }
}

/// CME notice 2005-11985, step by step.
#[test]
fn cme_a_fills_top_then_pro_rata_of_two_or_more_then_the_oldest() {
    let (totals, prints) = allocate(&usual("cme.A"), "10T,5,20,50,75", 60);
    assert_eq!(totals, [10, 3, 6, 16, 25]);
    assert_eq!(prints, [(0, 10), (2, 6), (3, 16), (4, 25), (1, 3)]);
}

/// CME "Complex example" (Client Systems Wiki 46437563), sources 1, 2 and 5 and the predetermination.
#[test]
fn cme_a_in_the_complex_example() {
    let a = usual("cme.A");
    check(&a, "100T,200,300,400", 291, &[100, 44, 63, 84]);
    check(&a, "50,25,75,50", 42, &[12, 5, 15, 10]);
    check(&a, "10T,40,20,30", 21, &[10, 6, 2, 3]);
    // Sources in place of orders: 1,000 of which 100 are TOP, then 200, 300, 400, 100; the rest goes to the aggressed.
    check(&a, "100T,900,200,300,400,100", 501, &[100, 191, 42, 63, 84, 21]);
}

/// CME-Globex-Replica, MatchingAlgorithmsTest.
#[test]
fn cme_a_and_c_with_small_orders() {
    let least = |min_lot| PresetParams { min_lot: Some(min_lot), ..PresetParams::default() };
    for min_lot in [0, 2] {
        check(&preset("cme.A", least(min_lot)), "2T,56,42", 50, &[2, 28, 20]);
    }
    for min_lot in [0, 1, 2] {
        check(&preset("cme.C", least(min_lot)), "2,42,56", 50, &[1, 21, 28]);
    }
}

/// CME-Globex-Replica; ATAS parts 3 and 4 (corn option, ten-year note option).
#[test]
fn cme_o_and_q_cap_top() {
    check(&preset("cme.O", top(10, 100)), "150T,8,160", 200, &[124, 3, 73]);
    check(&preset("cme.Q", top(0, 250)), "300T,15,160L40", 400, &[278, 8, 114]);
}

/// CME-Globex-Replica.
#[test]
fn cme_k_splits_between_time_and_size_and_levels() {
    check(&preset("cme.K", split(100)), "1T,59L20,40L10", 50, &[1, 9 + 36, 4]);
    check(&preset("cme.K", split(0)), "1T,59L20,40L10", 50, &[1, 9 + 20 + 1, 4 + 15]);
    let k40 = preset("cme.K", PresetParams { min_lot: Some(2), ..split(40) });
    let (totals, prints) = allocate(&k40, "2T,51L10,47L20,100,1,1,1,1", 202);
    assert_eq!(totals, [2, 51, 47, 98, 1, 1, 1, 1]);
    let by_time = [(1, 31), (2, 7), (3, 18)];
    assert_eq!(prints[..3], [(0, 2), (1, 20), (2, 40)]);
    assert_eq!(prints[3..6], by_time);
    assert_eq!(prints[6], (3, 80));
    assert_eq!(prints[7..], [(4, 1), (5, 1), (6, 1), (7, 1)]);
    for min_lot in [1, 2] {
        let k = preset("cme.K", PresetParams { min_lot: Some(min_lot), ..split(40) });
        check(&k, "1T,100,30,80,30,60", 8, &[1, 4, 1, 1, 0, 1]);
    }
}

/// CME-Globex-Replica.
#[test]
fn cme_s_and_t_serve_lead_market_makers_first() {
    check(&usual("cme.S"), "10T,10L10,10L20,10", 40, &[10, 10, 10, 10]);
    let (_, prints) = allocate(&usual("cme.S"), "10T,10L10,10L20,20", 40);
    assert_eq!(prints, [(0, 10), (1, 3), (2, 6), (1, 7), (2, 4), (3, 10)]);
    check(&usual("cme.T"), "100,100L20,100L80", 30, &[0, 6, 24]);
    let (totals, prints) = allocate(&usual("cme.T"), "10,11L20,10L80", 30);
    assert_eq!((totals, prints), (vec![10, 10, 10], vec![(1, 6), (2, 10), (0, 10), (1, 4)]));
    check(&usual("cme.T"), "10L50,10L60", 1, &[1, 0]);
    check(&usual("cme.T"), "10,10L20,10L80", 30, &[10, 10, 10]);
}

/// GitHub file 59730434212 (pricetime tests); docs.derive.xyz, matching algorithms.
#[test]
fn plain_pro_rata_and_split() {
    let pr = usual("pro-rata");
    check(&pr, "7,7,7", 10, &[4, 3, 3]);
    check(&pr, "10,90", 50, &[5, 45]);
    check(&pr, "10,30", 20, &[5, 15]);
    let step = Step::Split { fifo_percent: 40, rounding: Rounding::Floor };
    let policy = Policy::new(&[step, Step::pro_rata(1), Step::Fifo]).expect("a valid policy");
    check(&policy, "100,100,100", 100, &[54, 23, 23]);
}

/// Eurex functional reference, example 7-7.
#[test]
fn time_pro_rata_leans_to_the_oldest_as_k_grows() {
    for (k, totals) in [(1, [7, 5, 13]), (2, [11, 7, 7]), (4, [17, 6, 2])] {
        let step = Step::TimeProRata { k, until_exhausted: false };
        let policy = Policy::new(&[step, Step::Fifo]).expect("a valid policy");
        check(&policy, "20,20,50", 25, &totals);
    }
    check(&usual("eurex.tpr"), "20,20,50", 25, &[11, 7, 7]);
    check(&usual("eurex.pr"), "20,20,50", 25, &[7, 5, 13]);
}

/// For k above 1 an early order's share may exceed its size: what it cannot take is left for a second pass.
#[test]
fn time_pro_rata_repeats_until_nothing_moves() {
    let with = |until_exhausted| {
        Policy::new(&[Step::TimeProRata { k: 4, until_exhausted }, Step::Fifo]).expect("a valid policy")
    };
    let (_, once) = allocate(&with(false), "10,20,30,40", 50);
    assert_eq!(once[..4], [(0, 10), (1, 20), (2, 10), (3, 1)]);
    assert_eq!(once[4..], [(2, 9)]);
    let (_, again) = allocate(&with(true), "10,20,30,40", 50);
    assert_eq!(again[..4], once[..4]);
    assert!(again.len() > 5, "the nine lots left over are shared again: {again:?}");
}

/// Cboe's formula; Nasdaq PHLX's rounding; Hamilton's method (arXiv 2303.09652); TSX order types guide, p. 50.
#[test]
fn parity_and_the_other_roundings() {
    check(&usual("cboe.uma"), "50,30,20", 60, &[25, 19, 16]);
    check(&usual("nasdaq.phlx"), "5,20,50,75", 50, &[1, 7, 17, 25]);
    let rounded = |rounding, board_lot| {
        Policy::new(&[Step::ProRata { min_lot: 0, rounding, board_lot }, Step::Fifo]).expect("a valid policy")
    };
    check(&rounded(Rounding::LargestRemainder, 1), "5,20,50,75", 50, &[2, 7, 16, 25]);
    check(&rounded(Rounding::Nearest, 100), "40000,50000", 75_000, &[33_300, 41_700]);
}

/// The reference's own table: one book, every policy (TOP: order 1; lead market maker: order 4 at 40 %).
#[test]
fn one_book_under_every_policy() {
    let book = "10T,5,20,50,75";
    let with_maker = "10T,5,20,50L40,75";
    check(&usual("cme.F"), book, 60, &[10, 5, 20, 25, 0]);
    check(&preset("cme.C", PresetParams { min_lot: Some(2), ..Default::default() }), book, 60, &[7, 0, 7, 18, 28]);
    check(&preset("cme.C", PresetParams { min_lot: Some(1), ..Default::default() }), book, 60, &[6, 1, 7, 18, 28]);
    check(&usual("cme.A"), book, 60, &[10, 3, 6, 16, 25]);
    check(&preset("cme.O", top(0, 5)), book, 60, &[9, 1, 7, 17, 26]);
    check(&usual("cme.Q"), with_maker, 60, &[10, 3, 4, 26, 17]);
    check(&usual("cme.S"), with_maker, 60, &[10, 5, 20, 25, 0]);
    check(&usual("cme.T"), with_maker, 60, &[10, 5, 20, 25, 0]);
    check(&preset("cme.K", split(40)), book, 60, &[10, 5, 17, 11, 17]);
    check(&preset("cme.K", split(20)), book, 60, &[10, 5, 10, 14, 21]);
    check(&usual("eurex.tpr"), book, 60, &[9, 3, 12, 23, 13]);
    let k4 = Policy::new(&[Step::TimeProRata { k: 4, until_exhausted: false }, Step::Fifo]).expect("a valid policy");
    check(&k4, book, 60, &[10, 5, 20, 23, 2]);
}

#[test]
fn priority_classes_are_served_one_after_the_other() {
    check(&usual("nasdaq.bx"), "10,20m,5c,30m,40", 30, &[0, 10, 5, 15, 0]);
    check(&usual("nasdaq.bx"), "10,20m,5c,30m,40", 80, &[5, 20, 5, 30, 20]);
    check(&usual("cboe.uma"), "50,30c,20", 60, &[19, 30, 11]);
}

#[test]
fn an_entitled_maker_gets_its_percentage_by_the_number_of_others() {
    check(&usual("nasdaq.phlx"), "100m,10e,50", 10, &[3, 6, 1]);
    check(&usual("nasdaq.phlx"), "100m,10e,50m", 10, &[4, 4, 2]);
    check(&usual("nasdaq.phlx"), "100,10e,50", 10, &[0, 10, 0]);
    check(&usual("nasdaq.phlx"), "10m,90e", 50, &[5, 45]);
}

#[test]
fn an_institutional_group_serves_its_own_first_then_those_without_a_group() {
    let of_group_7 = Participant { owner: 99, group: 7, ..Participant::default() };
    let v = usual("cme.V");
    assert_eq!(allocate_for(&v, "5g8,5,5g7,5g7,5", 12, of_group_7).0, [0, 2, 5, 5, 0]);
    assert_eq!(allocate_for(&v, "5g8,5,5g7,5g7,5", 22, of_group_7).0, [2, 5, 5, 5, 5]);
    assert_eq!(allocate(&v, "5g8,5,5g7,5", 12).0, [2, 5, 0, 5]);
}

#[test]
fn leveling_by_time_serves_the_oldest_first() {
    let leveling = Step::Leveling { order: LevelingOrder::Time };
    let policy = Policy::new(&[Step::pro_rata(2), leveling, Step::Fifo]).expect("a valid policy");
    check(&policy, "3,9,3,100,100", 20, &[1, 1, 0, 9, 9]);
    check(&policy, "3,9,3,100,100", 21, &[1, 1, 1, 9, 9]);
}
