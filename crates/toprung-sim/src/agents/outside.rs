//! Agents whose decisions come from outside: from TypeScript, or from a log of what TypeScript decided.

use super::params::{int, ns};
use super::{KindSpec, forks};
use crate::kernel::{Agent, Context, Notice, NoticeKind};

pub(super) const KINDS: &[KindSpec] = &[KindSpec {
    kind: "outside",
    doc: "Asks whoever runs the market what to do: at regular times, and if wanted on every fill. What is decided takes effect \
          as late as its orders take, so all decisions that fall due meanwhile are asked for at once. Nobody answers in a run \
          without JavaScript: it does nothing.",
    venues: (1, 1),
    params: &[
        ns("everyNs", 1e9, "time between two decisions"),
        int("onFill", 0.0, 0.0, 1.0, "1: a decision on every fill as well"),
    ],
    build: |b| Box::new(Outside { every_ns: b.params.u("everyNs"), on_fill: b.params.u("onFill") == 1 }),
}];

#[derive(Clone, Debug)]
struct Outside {
    every_ns: u64,
    on_fill: bool,
}

impl Agent for Outside {
    fn wake(&mut self, _: u32, ctx: &mut Context<'_>) {
        ctx.ask_outside();
        ctx.wake_in(self.every_ns, 0);
    }

    fn notice(&mut self, notice: &Notice, ctx: &mut Context<'_>) {
        if self.on_fill && matches!(notice.kind, NoticeKind::Maker | NoticeKind::Taker) {
            ctx.ask_outside();
        }
    }

    forks!();
}
