//! The exchanges' algorithms as lists of steps, by the names that the exchanges use.
//!
//! Sources: CME Client Systems Wiki "CME Globex Matching Algorithm Steps" (FIX tag 1142); CME notices 2004-11219 and
//! 2005-11985; ICE/LIFFE circulars on GTBPR; Eurex functional reference; Cboe rule filings 69 FR 4187 and 82 FR 10524; Nasdaq
//! OTA2012-58 and OTA2017-22.

use super::{Class, LevelingOrder, Policy, PolicyError, Rounding, Step, Within};

/// What an exchange sets per product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresetParams {
    /// Least size of a TOP order, in lots.
    pub top_min_qty: u64,
    /// Most lots that a TOP order gets per match.
    pub top_max_qty: u64,
    /// Least pro-rata share; `None` takes the preset's own.
    pub min_lot: Option<u64>,
    /// Share of the FIFO part of `cme.K`, in percent.
    pub fifo_percent: u8,
    /// Rounding of that part.
    pub split_rounding: Rounding,
}

impl Default for PresetParams {
    fn default() -> PresetParams {
        PresetParams {
            top_min_qty: 0,
            top_max_qty: u64::MAX,
            min_lot: None,
            fifo_percent: 40,
            split_rounding: Rounding::Nearest,
        }
    }
}

/// An exchange's algorithm.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Its name here: the exchange and the exchange's own tag.
    pub name: &'static str,
    /// What the exchange calls it.
    pub title: &'static str,
    /// Where it is used.
    pub used_for: &'static str,
    steps: fn(PresetParams) -> Vec<Step>,
}

fn top(p: PresetParams) -> Step {
    Step::Top { min_qty: p.top_min_qty, max_qty: p.top_max_qty, percent: 100 }
}

fn pro_rata(p: PresetParams, usual: u64) -> Step {
    Step::pro_rata(p.min_lot.unwrap_or(usual))
}

fn time_pro_rata() -> Step {
    Step::TimeProRata { k: 2, until_exhausted: false }
}

const LMM: Step = Step::Lmm { min_lot: 0 };

fn class(class: Class, within: Within) -> Step {
    Step::PriorityClass { class, within }
}

impl Preset {
    /// Every preset.
    pub const ALL: [Preset; 18] = [
        Preset {
            name: "fifo",
            title: "Price-time priority",
            used_for: "most markets; 70 % of CME volume",
            steps: |_| vec![Step::Fifo],
        },
        Preset {
            name: "pro-rata",
            title: "Pro-rata, the rest in time order",
            used_for: "a plain reference",
            steps: |p| vec![pro_rata(p, 1), Step::Fifo],
        },
        Preset {
            name: "cme.F",
            title: "FIFO",
            used_for: "ES, NQ, CL, NG, GC, ZN, ZF, ZB outrights",
            steps: |_| vec![Step::Fifo],
        },
        Preset {
            name: "cme.C",
            title: "Pro-rata without TOP",
            used_for: "FX spreads",
            steps: |p| vec![pro_rata(p, 2), Step::Fifo],
        },
        Preset {
            name: "cme.A",
            title: "Allocation: pro-rata with TOP",
            used_for: "SR3 and SR1 futures",
            steps: |p| vec![Step::TOP, pro_rata(p, 2), Step::Fifo],
        },
        Preset {
            name: "cme.O",
            title: "Threshold pro-rata",
            used_for: "grain options",
            steps: |p| vec![top(p), pro_rata(p, 1), Step::Fifo],
        },
        Preset {
            name: "cme.Q",
            title: "Threshold pro-rata with lead market makers",
            used_for: "rate options",
            steps: |p| vec![top(p), LMM, pro_rata(p, 1), Step::Fifo],
        },
        Preset {
            name: "cme.S",
            title: "FIFO with TOP and lead market makers",
            used_for: "products with lead market makers",
            steps: |p| vec![top(p), LMM, Step::Fifo],
        },
        Preset {
            name: "cme.T",
            title: "FIFO with lead market makers",
            used_for: "products with lead market makers",
            steps: |_| vec![Step::Lmm { min_lot: 1 }, Step::Fifo],
        },
        Preset {
            name: "cme.K",
            title: "Configurable: split FIFO and pro-rata, with leveling",
            used_for: "ZC, ZS, ZW (40 %), ZT, ZQ, treasury spreads (20 %)",
            steps: |p| {
                let split = Step::Split { fifo_percent: p.fifo_percent, rounding: p.split_rounding };
                let leveling = Step::Leveling { order: LevelingOrder::Size };
                vec![top(p), LMM, split, pro_rata(p, 1), leveling, Step::Fifo]
            },
        },
        Preset {
            name: "cme.Y",
            title: "Lead market makers, TOP 25 %, pro-rata",
            used_for: "Eurodollar options (historical)",
            steps: |p| {
                let top = Step::Top { min_qty: p.top_min_qty.max(50), max_qty: p.top_max_qty, percent: 25 };
                vec![LMM, top, pro_rata(p, 1), Step::Fifo]
            },
        },
        Preset {
            name: "cme.V",
            title: "Institutional prioritisation",
            used_for: "two-pass FIFO by institutional group",
            steps: |_| vec![Step::GroupFifo, Step::Fifo],
        },
        Preset {
            name: "ice.gtbpr",
            title: "Gradual time-based pro-rata with priority",
            used_for: "Euribor, SONIA, SOFR, SARON, €STR futures",
            steps: |p| vec![top(p), time_pro_rata(), Step::Fifo],
        },
        Preset {
            name: "eurex.pr",
            title: "Pro-rata",
            used_for: "money market derivatives",
            steps: |p| vec![pro_rata(p, 1), Step::Fifo],
        },
        Preset {
            name: "eurex.tpr",
            title: "Time pro-rata",
            used_for: "money market futures",
            steps: |_| vec![time_pro_rata(), Step::Fifo],
        },
        Preset {
            name: "cboe.uma",
            title: "Ultimate matching algorithm: customers, then half parity and half size",
            used_for: "Cboe options",
            steps: |_| vec![class(Class::Customer, Within::Fifo), Step::Parity { equal_percent: 50 }, Step::Fifo],
        },
        Preset {
            name: "nasdaq.phlx",
            title: "Customers, entitlement, size pro-rata rounded up from the largest",
            used_for: "Nasdaq PHLX, ISE, GEMX, MRX options",
            steps: |p| {
                let entitlement = Step::Entitlement { percent_by_others: [60, 40, 40], floor_at_pro_rata: true };
                let rounding = Rounding::CeilFromLargest;
                let pro_rata = Step::ProRata { min_lot: p.min_lot.unwrap_or(1), rounding, board_lot: 1 };
                vec![class(Class::Customer, Within::Fifo), entitlement, pro_rata, Step::Fifo]
            },
        },
        Preset {
            name: "nasdaq.bx",
            title: "Customers in time, market makers pro-rata, everybody else pro-rata",
            used_for: "Nasdaq BX options",
            steps: |_| {
                vec![
                    class(Class::Customer, Within::Fifo),
                    class(Class::MarketMaker, Within::ProRata),
                    class(Class::Other, Within::ProRata),
                    Step::Fifo,
                ]
            },
        },
    ];

    /// The preset of this name.
    pub fn find(name: &str) -> Option<&'static Preset> {
        const ALL: &[Preset] = &Preset::ALL;
        ALL.iter().find(|p| p.name == name)
    }

    /// The preset as a policy.
    ///
    /// # Errors
    /// When a parameter breaks its step's rule.
    pub fn policy(&self, params: PresetParams) -> Result<Policy, PolicyError> {
        Policy::new(&(self.steps)(params))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_builds_and_is_found_by_its_name() {
        for preset in &Preset::ALL {
            assert!(preset.policy(PresetParams::default()).is_ok(), "{}", preset.name);
            assert_eq!(Preset::find(preset.name).map(|p| p.title), Some(preset.title));
        }
        assert!(Preset::find("cme.F").unwrap().policy(PresetParams::default()).unwrap().is_fifo());
        let bad = PresetParams { fifo_percent: 101, ..PresetParams::default() };
        assert!(Preset::find("cme.K").unwrap().policy(bad).is_err());
        assert!(Preset::find("cme.Z").is_none());
    }
}
