//! What holds for every policy, level and aggressor.

use proptest::collection::vec;
use proptest::prelude::*;
use toprung_book::preview::Level;
use toprung_book::{LevelingOrder, Policy, Preset, PresetParams, Rounding, Step};

use crate::allocate;

/// Levels of a few orders with every mark.
fn level() -> impl Strategy<Value = String> {
    let order = (1..60u64, prop_oneof![4 => Just(""), 1 => Just("c"), 2 => Just("m"), 1 => Just("e"), 1 => Just("g7")]);
    (vec(order, 1..9), any::<bool>(), 0..=100u8, 0..=100u8).prop_map(|(orders, top, l1, l2)| {
        let order = |(i, (size, mark)): (usize, &(u64, &str))| {
            let t = if i == 0 && top { "T" } else { "" };
            let lmm = match i {
                1 => format!("L{l1}"),
                3 => format!("L{l2}"),
                _ => String::new(),
            };
            format!("{size}{t}{mark}{lmm}")
        };
        orders.iter().enumerate().map(order).collect::<Vec<_>>().join(",")
    })
}

fn presets() -> impl Strategy<Value = Policy> {
    let params = (0..30u64, 1..60u64, prop_oneof![Just(None), (0..5u64).prop_map(Some)], 0..=100u8);
    (0..Preset::ALL.len(), params).prop_map(|(i, (top_min_qty, top_max_qty, min_lot, fifo_percent))| {
        let params =
            PresetParams { top_min_qty, top_max_qty, min_lot, fifo_percent, split_rounding: Rounding::Nearest };
        Preset::ALL[i].policy(params).expect("valid parameters")
    })
}

fn steps(list: &[Step]) -> Policy {
    Policy::new(list).expect("a valid policy")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn everything_is_allocated_and_nobody_gets_more_than_he_has(policy in presets(), level in level(), a in 1..300u64) {
        let sizes = Level::parse(&level).expect("a level").sizes;
        let (totals, prints) = allocate(&policy, &level, a);
        prop_assert_eq!(totals.iter().sum::<u64>(), a.min(sizes.iter().sum()));
        prop_assert!(totals.iter().zip(&sizes).all(|(got, has)| got <= has));
        prop_assert!(prints.iter().all(|&(_, qty)| qty > 0));
    }

    #[test]
    fn a_whole_level_is_filled_in_time_order(policy in presets(), level in level(), more in 0..10u64) {
        let sizes = Level::parse(&level).expect("a level").sizes;
        let (_, prints) = allocate(&policy, &level, sizes.iter().sum::<u64>() + more);
        prop_assert!(prints.iter().map(|&(maker, _)| maker).eq(0..sizes.len() as u64));
    }

    #[test]
    fn k_at_a_hundred_percent_is_fifo_after_its_makers(level in level(), a in 1..300u64) {
        let k = steps(&[Step::Split { fifo_percent: 100, rounding: Rounding::Nearest }, Step::pro_rata(1),
            Step::Leveling { order: LevelingOrder::Size }, Step::Fifo]);
        prop_assert_eq!(allocate(&k, &level, a).0, allocate(&Policy::fifo(), &level, a).0);
    }

    #[test]
    fn k_at_nothing_without_leveling_is_c(level in level(), a in 1..300u64, min_lot in 0..4u64) {
        let k = steps(&[Step::Split { fifo_percent: 0, rounding: Rounding::Nearest }, Step::pro_rata(min_lot), Step::Fifo]);
        prop_assert_eq!(allocate(&k, &level, a), allocate(&Policy::pro_rata(min_lot), &level, a));
    }

    #[test]
    fn time_pro_rata_of_one_is_pro_rata(level in level(), a in 1..300u64) {
        let tpr = steps(&[Step::TimeProRata { k: 1, until_exhausted: false }, Step::Fifo]);
        prop_assert_eq!(allocate(&tpr, &level, a), allocate(&Policy::pro_rata(0), &level, a));
    }

    #[test]
    fn time_pro_rata_of_many_comes_to_fifo(sizes in vec(5..20u64, 2..6), a in 1..100u64) {
        // With k = 16 an order's weight falls at least 30-fold per fifth of the level: the last gets what rounding left.
        let level = sizes.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
        let far = |k| {
            let tpr = steps(&[Step::TimeProRata { k, until_exhausted: true }, Step::Fifo]);
            let (by_weight, by_time) = (allocate(&tpr, &level, a).0, allocate(&Policy::fifo(), &level, a).0);
            by_weight.iter().zip(&by_time).map(|(x, y)| x.abs_diff(*y)).sum::<u64>()
        };
        prop_assert!(far(16) <= far(1), "{} against {}", far(16), far(1));
    }

    #[test]
    fn fifo_as_a_second_step_behind_nothing_is_the_fast_path(level in level(), a in 1..300u64) {
        // A split of nothing never allocates: the rest goes the way of the steps instead of the queue's.
        let slow = steps(&[Step::Split { fifo_percent: 0, rounding: Rounding::Floor }, Step::Fifo]);
        prop_assert!(!slow.is_fifo());
        prop_assert_eq!(allocate(&slow, &level, a), allocate(&Policy::fifo(), &level, a));
    }
}
