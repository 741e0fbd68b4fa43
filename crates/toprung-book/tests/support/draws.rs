//! Random conventions of books, drawn fast from a seed: for the soak and for the tests over venues.

use toprung_book::{
    Class, LevelingOrder, Participant, Participants, Policy, Preset, PresetParams, Rounding, Step, Within,
};

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    pub(crate) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }
}

/// Half the time price-time priority, otherwise an exchange's policy or any steps in any order.
pub(crate) fn policy(r: &mut Random) -> Policy {
    let params = PresetParams {
        top_min_qty: r.pick(&[0, 1, 50]),
        top_max_qty: r.pick(&[1, 20, u64::MAX]),
        min_lot: r.pick(&[None, Some(0), Some(2), Some(9)]),
        fifo_percent: r.below(101) as u8,
        split_rounding: r.pick(&[Rounding::Floor, Rounding::Nearest]),
    };
    let built = match r.below(4) {
        0 | 1 => Ok(Policy::fifo()),
        2 => r.pick(&Preset::ALL).policy(params),
        _ => {
            let mut steps: Vec<Step> = (0..r.below(5)).map(|_| step(r)).collect();
            steps.push(Step::Fifo);
            Policy::new(&steps)
        }
    };
    built.expect("parameters are drawn from their ranges")
}

fn step(r: &mut Random) -> Step {
    let roundings = [Rounding::Floor, Rounding::Nearest, Rounding::CeilFromLargest, Rounding::LargestRemainder];
    let within = r.pick(&[Within::Fifo, Within::ProRata]);
    let percents = [r.below(101) as u8, r.below(101) as u8, r.below(101) as u8];
    match r.below(10) {
        0 => Step::ProRata { min_lot: r.below(9), rounding: r.pick(&roundings), board_lot: r.pick(&[1, 1, 7, 100]) },
        1 => Step::Top { min_qty: r.below(30), max_qty: r.pick(&[1, 20, u64::MAX]), percent: 1 + r.below(100) as u8 },
        2 => Step::Lmm { min_lot: r.below(2) },
        3 => Step::Split { fifo_percent: percents[0], rounding: r.pick(&roundings[..2]) },
        4 => Step::TimeProRata { k: 1 + r.below(16) as u8, until_exhausted: r.below(2) == 0 },
        5 => Step::Parity { equal_percent: percents[0] },
        6 => Step::Leveling { order: r.pick(&[LevelingOrder::Size, LevelingOrder::Time]) },
        7 => Step::PriorityClass { class: r.pick(&CLASSES), within },
        8 => Step::Entitlement { percent_by_others: percents, floor_at_pro_rata: r.below(2) == 0 },
        _ => Step::GroupFifo,
    }
}

const CLASSES: [Class; 3] = [Class::Customer, Class::MarketMaker, Class::Other];

pub(crate) fn participants(r: &mut Random, owners: u64) -> Participants {
    let participant = |owner| Participant {
        owner,
        class: r.pick(&CLASSES),
        lmm_percent: r.pick(&[0, 0, 10]),
        entitled: r.below(3) == 0,
        group: r.below(3) as u32,
    };
    let list: Vec<Participant> = (1..owners as u32).map(participant).collect();
    Participants::new(&list).expect("seven makers of ten percent are at most seventy")
}
