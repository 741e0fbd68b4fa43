//! Numbers that theory knows, beside what the simulator gives.
//!
//! Every [`Cell`] is one number with its estimate and the standard error over independent blocks. A cell whose expected
//! value is exact must agree within [`SIGMAS`] standard errors; one that was only computed elsewhere, to so many digits, may
//! differ by that accuracy as well. `cargo test -p toprung-sim` runs all groups with [`Effort::Fast`], `npm run oracle` with
//! [`Effort::Full`] and keeps the table in `bench/record/`.
//!
//! Nothing here decides an event, so the platform's mathematics will do.

mod contdelarrard;
mod cst;
mod epps;
mod hawkes;
mod informed;
mod makers;
mod queues;
mod santa_fe;
mod season;
mod splitting;

pub use contdelarrard::balanced_race;
pub(crate) use cst::{Trials, fill_trials, mid_up_trials};
pub use cst::{both_fill, fill_before_move, mid_up};
pub(crate) use epps::{correlation, epps_correlation};
pub(crate) use hawkes::{fano_ratio, rate_ratio, rescaled_ks_ratio};
pub use informed::{glosten_milgrom_quotes, kyle_lambda};

use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

/// Standard errors by which an estimate may miss its cell: with 250 cells, chance alone does so in one run of sixty.
pub const SIGMAS: f64 = 4.0;

/// How much to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Some seconds, unoptimised.
    Fast,
    /// Minutes, optimised.
    Full,
}

impl Effort {
    fn of<T>(self, fast: T, full: T) -> T {
        match self {
            Effort::Fast => fast,
            Effort::Full => full,
        }
    }
}

/// One number of theory and its estimate.
#[derive(Clone, Debug)]
pub struct Cell {
    /// What it is.
    pub name: String,
    /// Its value.
    pub expected: f64,
    /// Accuracy of that value, absolute: 0 for a formula or a solved system.
    pub accuracy: f64,
    /// What the simulation gave.
    pub estimate: f64,
    /// Standard error over blocks.
    pub standard_error: f64,
}

impl Cell {
    fn new(name: impl Into<String>, expected: f64, accuracy: f64, (estimate, standard_error): (f64, f64)) -> Cell {
        Cell { name: name.into(), expected, accuracy, estimate, standard_error }
    }

    fn exact(name: impl Into<String>, expected: f64, estimate: (f64, f64)) -> Cell {
        Cell::new(name, expected, 0.0, estimate)
    }

    /// How many standard errors the estimate is off; infinite if nothing was estimated.
    pub(crate) fn z(&self) -> f64 {
        let z = ((self.estimate - self.expected) / self.standard_error).abs();
        if z.is_nan() { f64::INFINITY } else { z }
    }

    /// How far the estimate may be off.
    pub fn bound(&self) -> f64 {
        SIGMAS * self.standard_error + self.accuracy
    }

    /// Whether estimate and expectation agree.
    pub fn agrees(&self) -> bool {
        (self.estimate - self.expected).abs() <= self.bound()
    }
}

/// The cells of one model.
pub struct Group {
    /// What it is called.
    pub name: &'static str,
    /// Computes the cells.
    pub cells: fn(Effort) -> Vec<Cell>,
}

/// All groups, in the order of `docs/flow-models.md`.
pub const GROUPS: [Group; 14] = [
    Group { name: "santa-fe", cells: santa_fe::table },
    Group { name: "santa-fe-ticks", cells: santa_fe::tick_regimes },
    Group { name: "cst-mid-up", cells: cst::mid_up_cells },
    Group { name: "cst-fills", cells: cst::fill_cells },
    Group { name: "cst-stationary", cells: cst::stationary_cells },
    Group { name: "cont-de-larrard", cells: contdelarrard::cells },
    Group { name: "queue-reactive", cells: queues::cells },
    Group { name: "hawkes", cells: hawkes::cells },
    Group { name: "order-splitting", cells: splitting::cells },
    Group { name: "season", cells: season::cells },
    Group { name: "epps", cells: epps::cells },
    Group { name: "avellaneda-stoikov", cells: makers::cells },
    Group { name: "kyle", cells: informed::kyle_cells },
    Group { name: "glosten-milgrom", cells: informed::glosten_milgrom_cells },
];

/// Runs independent blocks on all cores; the results are in the order of their numbers.
fn blocks<T: Send>(n: u32, run: impl Fn(u32) -> T + Sync + Send) -> Vec<T> {
    (0..n).into_par_iter().map(run).collect()
}

/// Of a comparison that nobody cancels.
static NEVER: AtomicBool = AtomicBool::new(false);

/// Mean of independent values and its standard error.
fn mean(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0) / n).sqrt())
}

/// Σx/Σw over independent blocks (x, w) and its standard error.
fn ratio(blocks: &[(f64, f64)]) -> (f64, f64) {
    let (x, w) = blocks.iter().fold((0.0, 0.0), |(x, w), b| (x + b.0, w + b.1));
    let r = x / w;
    let n = blocks.len() as f64;
    let residuals: f64 = blocks.iter().map(|b| (b.0 - r * b.1).powi(2)).sum();
    (r, (residuals * n / (n - 1.0)).sqrt() / w)
}
