//! The signs of market orders on a book under order splitting, against the exact autocorrelation.

use super::{Cell, Effort, blocks, mean};
use crate::flow::signs::sign_autocorrelation;
use crate::{FlowConfig, Market, SantaFeConfig, SimConfig, SplittingConfig};
use toprung_book::{CommandKind, Side};

const LAGS: [u32; 7] = [1, 2, 5, 10, 50, 100, 300];

pub(super) fn cells(effort: Effort) -> Vec<Cell> {
    let mut cells = Vec::new();
    for metaorders in [1, 10] {
        let splitting = SplittingConfig { metaorders, ..SplittingConfig::default() };
        // A large tick and a short window: more of the events are market orders.
        let flow = SantaFeConfig { splitting: Some(splitting.clone()), ..SantaFeConfig::from_scales(1000.0, 0.1, 2.0) };
        let sim = SimConfig { seed: 81, flow: FlowConfig::SantaFe(flow), ..SimConfig::default() };
        let signs_each = effort.of(10_000, 300_000);
        let estimates = blocks(32, |book| {
            let mut market = Market::open(&sim, book).expect("Invariant: these rates are valid");
            let mut signs = Vec::with_capacity(signs_each);
            while signs.len() < signs_each {
                let cmd = market.step(&mut ());
                if cmd.kind == CommandKind::Market {
                    signs.push(if cmd.side == Side::Buy { 1.0 } else { -1.0 });
                }
            }
            LAGS.map(|lag| {
                let products = signs.windows(lag as usize + 1).map(|w| w[0] * w[lag as usize]);
                products.sum::<f64>() / (signs.len() - lag as usize) as f64
            })
        });
        for (k, lag) in LAGS.iter().enumerate() {
            let of: Vec<f64> = estimates.iter().map(|e| e[k]).collect();
            let exact = sign_autocorrelation(&splitting, *lag);
            cells.push(Cell::exact(format!("N = {metaorders}: C({lag})"), exact, mean(&of)));
        }
    }
    cells
}
