//! Makers who choose how much to show by what it gets them.

use toprung_book::Side;

use super::params::{int, lots, ns, real};
use super::{KindSpec, forks};
use crate::kernel::{Agent, Context, Notice, NoticeKind};

pub(super) const KINDS: &[KindSpec] = &[KindSpec {
    kind: "size-gamer",
    doc: "Wants to be filled for so many lots in every round, at the best price. It learns by trying which size of its order brings \
          it nearest to that: lots that it does not get are missed, lots beyond are a burden. What is left when it has enough, or \
          when the round is over, it cancels. By time, size gets nothing; by size, it pays to show more than one wants.",
    venues: (1, 1),
    params: &[
        lots("wantedLots", 2.0, "lots that it wants in a round"),
        int("sizes", 6.0, 1.0, 16.0, "sizes that it tries: what it wants, twice that, four times that, …"),
        ns("roundNs", 1e9, "length of a round"),
        real("burden", 1.0, 0.0, 1e6, "loss by a lot too many, in gains by a lot that was wanted"),
        real("explore", 0.1, 0.0, 1.0, "probability to try a size at random"),
        real("memory", 0.1, 1e-6, 1.0, "weight of the last round in what it thinks of a size"),
    ],
    build: |b| {
        let p = &b.params;
        let sizes = p.u("sizes") as usize;
        Box::new(SizeGamer {
            wanted: p.u("wantedLots"),
            round_ns: p.u("roundNs"),
            burden: p.f("burden"),
            explore: p.f("explore"),
            memory: p.f("memory"),
            worth: vec![None; sizes],
            size: None,
            before: 0,
        })
    },
}];

#[derive(Clone, Debug)]
struct SizeGamer {
    wanted: u64,
    round_ns: u64,
    burden: f64,
    explore: f64,
    memory: f64,
    /// What a round brought, by size; nothing before it was tried.
    worth: Vec<Option<f64>>,
    /// The size of this round.
    size: Option<usize>,
    /// Lots filled before this round.
    before: u64,
}

impl SizeGamer {
    fn filled(&self, ctx: &Context<'_>) -> u64 {
        ctx.account().maker_lots - self.before
    }

    fn choose(&self, ctx: &mut Context<'_>) -> usize {
        let (tries, at) = (ctx.draws().chance(self.explore), ctx.draws().below(self.worth.len() as u64) as usize);
        if let Some(untried) = self.worth.iter().position(Option::is_none) {
            return untried;
        }
        if tries {
            return at;
        }
        let worth = |k: usize| self.worth[k].unwrap_or(0.0);
        // Of equals the smaller: what brings nothing more is not shown.
        (1..self.worth.len()).fold(0, |best, k| if worth(k) > worth(best) { k } else { best })
    }
}

impl Agent for SizeGamer {
    fn wake(&mut self, _: u32, ctx: &mut Context<'_>) {
        let venue = ctx.home();
        ctx.cancel_all();
        if let Some(size) = self.size.take() {
            let (got, wanted) = (self.filled(ctx) as f64, self.wanted as f64);
            let worth = got.min(wanted) - self.burden * (got - wanted).max(0.0);
            let known = self.worth[size].unwrap_or(worth);
            self.worth[size] = Some(known + self.memory * (worth - known));
        }
        let quote = ctx.quote(venue);
        if quote.is_two_sided() {
            let size = self.choose(ctx);
            let coin = Side::BOTH[ctx.draws().below(2) as usize];
            let side = match ctx.account().position {
                0 => coin,
                long if long > 0 => Side::Sell,
                _ => Side::Buy,
            };
            self.before = ctx.account().maker_lots;
            self.size = Some(size);
            ctx.post(venue, side, quote.best(side), self.wanted << size);
        }
        ctx.wake_in(self.round_ns, 0);
    }

    fn notice(&mut self, notice: &Notice, ctx: &mut Context<'_>) {
        if notice.kind == NoticeKind::Maker && self.filled(ctx) >= self.wanted {
            ctx.cancel_all();
        }
    }

    forks!();
}
