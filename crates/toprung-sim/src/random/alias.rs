//! Draws from any finite distribution with one load and one random word.
//!
//! Walker's alias method in Vose's form (*A linear algorithm for generating random numbers with a given distribution*,
//! IEEE Trans. Softw. Eng. 17 (1991)). The table is built in integers: weights become multiples of 2⁻³² of a cell, so the
//! same weights give the same table everywhere, and a category of weight 0 is never drawn.

use super::Source;

/// One cell: below `threshold` (of 2³²) it is its own category, from there on `alias`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    threshold: u32,
    alias: u32,
}

/// A finite distribution, ready to be drawn from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    cells: Box<[Cell]>,
}

/// Most categories: the share of a cell must stay far above the resolution of a weight.
const CATEGORIES_MAX: usize = 1 << 20;

impl Alias {
    /// The distribution with probabilities in proportion to `weights`, exact to 2⁻³² of the mean weight.
    ///
    /// `None` unless there are 1 to 2²⁰ weights, none of them is negative or no number, and their sum is positive and
    /// finite.
    pub fn new(weights: &[f64]) -> Option<Alias> {
        let n = weights.len();
        let sum: f64 = weights.iter().sum();
        let sound = weights.iter().all(|w| *w >= 0.0) && sum > 0.0 && sum.is_finite();
        if !sound || n == 0 || n > CATEGORIES_MAX {
            return None;
        }
        const FULL: u64 = 1 << 32;
        let total = n as u64 * FULL;
        let mut share: Vec<u64> = weights.iter().map(|w| (w / sum * total as f64) as u64).collect();
        // What rounding took goes to the largest weight, what it gave comes from there.
        let largest = (0..n).max_by_key(|k| share[*k])?;
        let rest: u64 = share.iter().enumerate().filter(|(k, _)| *k != largest).map(|(_, s)| *s).sum();
        share[largest] = total.checked_sub(rest)?;
        let mut cells: Vec<Cell> = (0..n as u32).map(|alias| Cell { threshold: 0, alias }).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) = (0..n).partition(|k| share[*k] < FULL);
        while let (Some(s), Some(&l)) = (small.pop(), large.last()) {
            cells[s] = Cell { threshold: share[s] as u32, alias: l as u32 };
            share[l] -= FULL - share[s];
            if share[l] < FULL {
                large.pop();
                small.push(l);
            }
        }
        Some(Alias { cells: cells.into() })
    }

    /// The category that 64 random bits choose: the upper half the cell, the lower half the side of its threshold.
    #[inline(always)]
    pub fn pick(&self, bits: u64) -> usize {
        let k = ((bits >> 32) * self.cells.len() as u64) >> 32;
        let cell = self.cells[k as usize];
        if (bits as u32) < cell.threshold { k as usize } else { cell.alias as usize }
    }

    /// Draws a category.
    #[inline(always)]
    pub fn draw<G: Source>(&self, rng: &mut G) -> usize {
        self.pick(rng.next_u64())
    }

    /// Number of categories.
    pub fn categories(&self) -> usize {
        self.cells.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::StreamKey;

    /// The table itself holds the distribution: add up what each cell gives to each category.
    fn probabilities(alias: &Alias) -> Vec<f64> {
        let mut p = vec![0.0; alias.categories()];
        for (k, cell) in alias.cells.iter().enumerate() {
            let own = if cell.alias as usize == k { 1.0 } else { f64::from(cell.threshold) / 2f64.powi(32) };
            p[k] += own / alias.categories() as f64;
            p[cell.alias as usize] += (1.0 - own) / alias.categories() as f64;
        }
        p
    }

    #[test]
    fn the_table_holds_the_weights() {
        let power: Vec<f64> = (1..=1000).map(|k| f64::from(k).powf(-2.5)).collect();
        for weights in [vec![1.0], vec![1.0, 0.0, 3.0], vec![0.1; 7], power] {
            let sum: f64 = weights.iter().sum();
            let p = probabilities(&Alias::new(&weights).unwrap());
            for (p, w) in p.iter().zip(&weights) {
                assert!((p - w / sum).abs() < 1e-9, "{p} for a weight of {w}");
            }
        }
    }

    #[test]
    fn draws_have_the_weights_and_what_weighs_nothing_is_never_drawn() {
        let weights = [3.0, 0.0, 1.0, 6.0];
        let alias = Alias::new(&weights).unwrap();
        let mut rng = StreamKey::new(21, "test").generator(0, 0);
        let n = 200_000;
        let mut seen = [0_u32; 4];
        (0..n).for_each(|_| seen[alias.draw(&mut rng)] += 1);
        for (k, w) in weights.into_iter().enumerate() {
            let p = w / 10.0;
            let sd = (f64::from(n) * p * (1.0 - p)).sqrt();
            assert!((f64::from(seen[k]) - f64::from(n) * p).abs() <= 4.5 * sd, "category {k}: {}", seen[k]);
        }
    }

    #[test]
    fn what_is_no_distribution_is_refused() {
        for bad in [&[][..], &[0.0, 0.0], &[1.0, -1.0], &[f64::NAN], &[f64::INFINITY]] {
            assert_eq!(Alias::new(bad), None, "{bad:?}");
        }
    }
}
