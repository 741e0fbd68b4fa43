//! Trade with the informed: Kyle's single auction and the quotes of Glosten and Milgrom.
//!
//! Kyle, *Continuous auctions and insider trading*, Econometrica 53 (1985); Glosten and Milgrom, *Bid, ask and transaction
//! prices*, J. Financ. Econ. 14 (1985).

use super::{Cell, Effort, blocks, mean};
use crate::random::{Source, StreamKey, Xoshiro256pp};

fn uniform(rng: &mut Xoshiro256pp) -> f64 {
    ((rng.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

/// A standard normal variate, by Box and Muller.
fn normal(rng: &mut Xoshiro256pp) -> f64 {
    (-2.0 * uniform(rng).ln()).sqrt() * (2.0 * std::f64::consts::PI * uniform(rng)).cos()
}

/// λ = σ_v/(2σ_u): the price's move per unit of signed flow.
pub fn kyle_lambda(sigma_v: f64, sigma_u: f64) -> f64 {
    sigma_v / (2.0 * sigma_u)
}

/// Bid and ask of a competitive dealer who gives the high value the probability `p` and expects a share `m` of informed
/// traders; the value is 0 or 1.
pub fn glosten_milgrom_quotes(p: f64, m: f64) -> (f64, f64) {
    (p * (1.0 - m) / (1.0 - m * (2.0 * p - 1.0)), p * (1.0 + m) / (1.0 + m * (2.0 * p - 1.0)))
}

/// The informed trader sends β = σ_u/σ_v times the value, the noise traders their normal flow. The regression of the value on
/// the flow is the price rule of an efficient market, and must be λ.
pub(super) fn kyle_cells(effort: Effort) -> Vec<Cell> {
    let (sigma_v, sigma_u) = (2.0, 5.0);
    let lambda = kyle_lambda(sigma_v, sigma_u);
    let auctions = effort.of(2_000, 100_000);
    let runs = blocks(32, |block| {
        let mut rng = StreamKey::new(87, "kyle").generator(block, 0);
        let (mut vy, mut yy, mut profit, mut residual) = (0.0, 0.0, 0.0, 0.0);
        for _ in 0..auctions {
            let v = sigma_v * normal(&mut rng);
            let x = sigma_u / sigma_v * v;
            let y = x + sigma_u * normal(&mut rng);
            vy += v * y;
            yy += y * y;
            profit += x * (v - lambda * y);
            residual += (v - lambda * y).powi(2);
        }
        let n = f64::from(auctions);
        [vy / yy, profit / n, residual / n]
    });
    let of = |k: usize| mean(&runs.iter().map(|r| r[k]).collect::<Vec<_>>());
    vec![
        Cell::exact("λ by regression", lambda, of(0)),
        Cell::exact("profit of the informed", sigma_v * sigma_u / 2.0, of(1)),
        Cell::exact("variance of the value given the price", sigma_v * sigma_v / 2.0, of(2)),
    ]
}

/// A dealer who quotes by the formulas and updates by Bayes' rule, against traders of whom a share m knows the value.
pub(super) fn glosten_milgrom_cells(effort: Effort) -> Vec<Cell> {
    let m = 0.3;
    let (bid, ask) = glosten_milgrom_quotes(0.5, m);
    let mut cells = vec![Cell::exact("spread at p = ½ is m", m, (ask - bid, 1e-15))];
    let days = effort.of(500, 20_000);
    let runs = blocks(32, |block| {
        let mut rng = StreamKey::new(88, "glosten-milgrom").generator(block, 0);
        let (mut profit, mut high_given_buy, mut buys, mut last, mut step) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for _ in 0..days {
            let high = uniform(&mut rng) < 0.5;
            let value = f64::from(u8::from(high));
            let mut p = 0.5;
            for trade in 0..20 {
                let (bid, ask) = glosten_milgrom_quotes(p, m);
                let buy = if uniform(&mut rng) < m { high } else { uniform(&mut rng) < 0.5 };
                profit += if buy { ask - value } else { value - bid };
                if trade == 0 && buy {
                    (buys, high_given_buy) = (buys + 1.0, high_given_buy + value);
                }
                let odds = |p: f64| (p / (1.0 - p)).ln();
                let next = if buy { ask } else { bid };
                if trade == 0 {
                    step += (odds(next) - odds(p)).abs();
                }
                p = next;
            }
            last += p;
        }
        let n = f64::from(days);
        [high_given_buy / buys, profit / n, last / n, step / n]
    });
    let of = |k: usize| mean(&runs.iter().map(|r| r[k]).collect::<Vec<_>>());
    cells.push(Cell::exact("P(high | the first trade is a buy) is the ask", ask, of(0)));
    cells.push(Cell::exact("dealer's profit per day", 0.0, of(1)));
    cells.push(Cell::exact("price after 20 trades, a martingale", 0.5, of(2)));
    let (odds, se) = of(3);
    cells.push(Cell::exact("step of the log-odds", ((1.0 + m) / (1.0 - m)).ln(), (odds, se.max(1e-12))));
    cells
}
