//! A tape beside a real one: z and grade of every fact, distances of every distribution, and the real day against itself.
//!
//! With one real day, its deviation from block to block stands for that from day to day. z is the difference of the means over
//! blocks in those deviations; the overall number is the mean |z| without the tenth at either end.

use serde::Serialize;

use super::distances::{Distance, distances};
use super::facts::{FACTS, Fact, facts};
use super::tape::{Row, Tape};

/// Blocks of equal time that a tape is cut into.
pub const BLOCKS: usize = 12;

/// How near a statistic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Grade {
    /// Within one deviation.
    A,
    /// Within two.
    B,
    /// Within three.
    C,
    /// Beyond.
    F,
}

impl Grade {
    fn of(z: f64) -> Grade {
        match z.abs() {
            z if z < 1.0 => Grade::A,
            z if z < 2.0 => Grade::B,
            z if z < 3.0 => Grade::C,
            _ => Grade::F,
        }
    }
}

/// One statistic.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FactScore {
    /// Number of the stylised fact.
    pub number: u8,
    /// What is measured.
    pub name: &'static str,
    /// Mean over the blocks of the tape under test.
    pub value: f64,
    /// Mean over the real tape's blocks.
    pub real: f64,
    /// Standard deviation over the real tape's blocks.
    pub deviation: f64,
    /// (value − real)/deviation.
    pub z: f64,
    /// The real tape's odd blocks against its even ones.
    pub floor_z: f64,
    /// Of z.
    pub grade: Grade,
}

/// What a tape scores.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scorecard {
    /// Trimmed mean |z|.
    pub overall: f64,
    /// The same of the real tape's odd blocks against its even ones: what no generator can be asked to better.
    pub floor: f64,
    /// Statistics graded A, B, C and F.
    pub grades: [usize; 4],
    /// Stylised facts, of those that both tapes have, that grade A or B by the mean |z| of their statistics; and how many there
    /// are.
    pub close_facts: [usize; 2],
    /// Every statistic that both tapes have.
    pub facts: Vec<FactScore>,
    /// Every distribution against the real one.
    pub distances: Vec<Distance>,
    /// The real tape's odd blocks against its even ones.
    pub floor_distances: Vec<Distance>,
}

/// A tape that cannot be scored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooShort {
    /// Messages that it has.
    pub rows: usize,
    /// Its length, ns.
    pub duration_ns: u64,
}

/// Messages that a tape must have, and the time that it must take.
const ROWS_MIN: usize = 5000;
const DURATION_MIN_NS: u64 = 60_000_000_000;

impl TooShort {
    /// The stable code that TypeScript shows and documents.
    pub const fn code(&self) -> &'static str {
        "ERR_TOPRUNG_TAPE_TOO_SHORT"
    }
}

impl std::fmt::Display for TooShort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (rows, s) = (self.rows, self.duration_ns as f64 / 1e9);
        write!(f, "expected a tape of at least {ROWS_MIN} messages over 60 s, got {rows} over {s} s")
    }
}

impl std::error::Error for TooShort {}

/// The rows of a block, when it begins and when it ends, ns.
type Block<'a> = (&'a [Row], u64, u64);

fn blocks(tape: &Tape) -> Result<Vec<Block<'_>>, TooShort> {
    let rows = tape.rows.as_slice();
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return Err(TooShort { rows: 0, duration_ns: 0 });
    };
    let duration_ns = last.time_ns - first.time_ns;
    if rows.len() < ROWS_MIN || duration_ns < DURATION_MIN_NS {
        return Err(TooShort { rows: rows.len(), duration_ns });
    }
    let at = |k: usize| first.time_ns + (u128::from(duration_ns) * k as u128 / BLOCKS as u128) as u64;
    let cut = |k: usize| rows.partition_point(|r| r.time_ns < at(k));
    Ok((0..BLOCKS).map(|k| (&rows[cut(k)..cut(k + 1)], at(k), at(k + 1))).collect())
}

fn mean_and_deviation(values: &[f64]) -> Option<(f64, f64)> {
    let sound: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    if sound.len() < 4 {
        return None;
    }
    let n = sound.len() as f64;
    let mean = sound.iter().sum::<f64>() / n;
    Some((mean, (sound.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt()))
}

/// Mean of |z| without the tenth at either end.
fn trimmed(z: impl Iterator<Item = f64>) -> f64 {
    let mut z: Vec<f64> = z.map(f64::abs).collect();
    z.sort_by(f64::total_cmp);
    let cut = z.len() / 10;
    let kept = &z[cut..z.len() - cut];
    kept.iter().sum::<f64>() / kept.len().max(1) as f64
}

/// Scores `tape` against `real`.
///
/// # Errors
///
/// Either tape has too few messages or takes too little time to say anything.
pub fn score(tape: &Tape, real: &Tape) -> Result<Scorecard, TooShort> {
    let of = |tape| -> Result<Vec<Vec<f64>>, TooShort> {
        Ok(blocks(tape)?.into_iter().map(|(rows, begin, end)| facts(rows, begin, end)).collect())
    };
    let (mine, theirs) = (of(tape)?, of(real)?);
    let mut scores = Vec::new();
    for (k, fact) in FACTS.iter().enumerate() {
        let column = |blocks: &[Vec<f64>]| blocks.iter().map(|b| b[k]).collect::<Vec<_>>();
        let parity = |odd: usize| column(&theirs).into_iter().skip(odd).step_by(2).collect::<Vec<_>>();
        let (Some((value, _)), Some((mean, deviation))) =
            (mean_and_deviation(&column(&mine)), mean_and_deviation(&column(&theirs)))
        else {
            continue;
        };
        // A statistic that never moves (no spread of one tick, ever) is off by more than any deviation or not at all.
        let deviation = deviation.max(1e-3 * mean.abs()).max(1e-9);
        let z = (value - mean) / deviation;
        let halves = mean_and_deviation(&parity(0)).zip(mean_and_deviation(&parity(1)));
        let floor_z = halves.map_or(0.0, |(even, odd)| (odd.0 - even.0) / deviation);
        let Fact { number, name } = *fact;
        scores.push(FactScore { number, name, value, real: mean, deviation, z, floor_z, grade: Grade::of(z) });
    }
    let half = |odd: usize| -> Result<Vec<Row>, TooShort> {
        Ok(blocks(real)?.into_iter().skip(odd).step_by(2).flat_map(|(rows, _, _)| rows.iter().copied()).collect())
    };
    let grade = |g: Grade| scores.iter().filter(|s| s.grade == g).count();
    // The statistics of a fact stand together.
    let by_fact = scores.chunk_by(|a, b| a.number == b.number);
    let means: Vec<f64> = by_fact.map(|f| f.iter().map(|s| s.z.abs()).sum::<f64>() / f.len() as f64).collect();
    let close = means.iter().filter(|z| matches!(Grade::of(**z), Grade::A | Grade::B)).count();
    Ok(Scorecard {
        overall: trimmed(scores.iter().map(|s| s.z)),
        floor: trimmed(scores.iter().map(|s| s.floor_z)),
        grades: [Grade::A, Grade::B, Grade::C, Grade::F].map(grade),
        close_facts: [close, means.len()],
        distances: distances(&tape.rows, &real.rows),
        floor_distances: distances(&half(1)?, &half(0)?),
        facts: scores,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realism::RowKind;
    use crate::{CstConfig, FlowConfig, RealisticDayConfig, SimConfig};

    fn realistic(seed: u64) -> Tape {
        let flow = FlowConfig::RealisticDay(RealisticDayConfig::default());
        Tape::record(&SimConfig { seed, flow, ..SimConfig::default() }, 0, 600_000_000_000).unwrap()
    }

    fn grade(card: &Scorecard, number: u8) -> Vec<Grade> {
        card.facts.iter().filter(|f| f.number == number).map(|f| f.grade).collect()
    }

    #[test]
    fn a_model_against_itself_is_nearly_all_a() {
        let card = score(&realistic(1), &realistic(2)).unwrap();
        let all: usize = card.grades.iter().sum();
        assert!(all >= 30, "{all} statistics");
        assert!(card.grades[0] * 100 >= all * 95, "{:?} of {all}: {:#?}", card.grades, card.facts);
        let numbers: std::collections::BTreeSet<u8> = card.facts.iter().map(|f| f.number).collect();
        assert_eq!(card.close_facts, [numbers.len(); 2]);
        assert!(card.overall < 1.0 && card.floor < 1.5, "{} beside {}", card.overall, card.floor);
    }

    /// Poisson flow cannot cluster, remember or have round lots, and the score must say so.
    #[test]
    fn a_poisson_model_fails_what_it_cannot_have() {
        let flow = FlowConfig::Cst(CstConfig::default());
        let tape = Tape::record(&SimConfig { flow, ..SimConfig::default() }, 0, 600_000_000_000).unwrap();
        let card = score(&tape, &realistic(2)).unwrap();
        for number in [8, 9, 10, 11] {
            assert!(grade(&card, number).contains(&Grade::F), "fact {number}: {:#?}", card.facts);
        }
        assert!(card.overall > 3.0, "{}", card.overall);
    }

    /// The same messages in another order keep their sizes and lose their memory.
    #[test]
    fn shuffled_messages_fail_memory_and_clustering_alone() {
        let real = realistic(2);
        let mut tape = realistic(1);
        // Times are spread evenly, and signs drawn anew from the order's id.
        let (first, last) = (tape.rows[0].time_ns, tape.rows[tape.rows.len() - 1].time_ns);
        let n = tape.rows.len() as u64;
        for (k, row) in tape.rows.iter_mut().enumerate() {
            row.time_ns = first + (last - first) / n * k as u64;
            if row.kind == RowKind::Trade {
                let coin = row.id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 63;
                row.side = toprung_book::Side::BOTH[coin as usize];
            }
        }
        let card = score(&tape, &real).unwrap();
        for number in [8, 9, 10] {
            assert!(grade(&card, number).contains(&Grade::F), "fact {number}: {:#?}", card.facts);
        }
        assert_eq!(card.facts.iter().find(|f| f.name == "share of limit orders of 100").unwrap().grade, Grade::A);
    }

    /// Twice the sizes fail the rows about sizes, and leave times, signs and prices as they are.
    #[test]
    fn doubled_sizes_fail_sizes_alone() {
        let real = realistic(2);
        let mut tape = realistic(1);
        for row in &mut tape.rows {
            (row.qty, row.bid_qty, row.ask_qty) = (2 * row.qty, 2 * row.bid_qty, 2 * row.ask_qty);
        }
        let (plain, card) = (score(&realistic(1), &real).unwrap(), score(&tape, &real).unwrap());
        for (a, b) in plain.facts.iter().zip(&card.facts) {
            if ![11, 15].contains(&a.number) {
                assert!((a.z - b.z).abs() < 1e-6, "{}", a.name);
            }
        }
        for number in [11, 15] {
            assert!(grade(&card, number).contains(&Grade::F), "fact {number}");
        }
    }

    #[test]
    fn a_tape_that_says_nothing_is_refused() {
        assert_eq!(score(&Tape::default(), &Tape::default()).unwrap_err(), TooShort { rows: 0, duration_ns: 0 });
    }
}
