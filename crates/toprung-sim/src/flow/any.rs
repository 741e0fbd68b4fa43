//! Any model behind one type, for drivers that hold models of several kinds.

use toprung_book::Command;

use super::correlated::Correlated;
use super::cst::Cst;
use super::hawkes::Hawkes;
use super::imbalance_spread::ImbalanceSpread;
use super::mike_farmer::MikeFarmer;
use super::queue_reactive::QueueReactive;
use super::realistic_day::RealisticDay;
use super::santa_fe::{OrderSplitting, SantaFe};
use super::{Flow, FlowConfig, FlowView};
use crate::random::StreamKey;

/// A running model of any kind.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each variant is the model it is named for")]
pub enum AnyFlow {
    SantaFe(SantaFe),
    OrderSplitting(OrderSplitting),
    Cst(Cst),
    QueueReactive(Box<QueueReactive>),
    ImbalanceSpread(ImbalanceSpread),
    Hawkes(Box<Hawkes>),
    MikeFarmer(MikeFarmer),
    Correlated(Correlated),
    RealisticDay(Box<RealisticDay>),
}

impl FlowConfig {
    /// The model at work on one book, with checked parameters, on the book's own streams.
    pub(crate) fn open(&self, key: StreamKey, book: u32) -> AnyFlow {
        match self {
            FlowConfig::SantaFe(c) => match &c.splitting {
                None => AnyFlow::SantaFe(SantaFe::open(c, key, book)),
                Some(s) => AnyFlow::OrderSplitting(OrderSplitting::open(c, s, key, book)),
            },
            FlowConfig::Cst(c) => AnyFlow::Cst(Cst::open(c, key, book)),
            FlowConfig::QueueReactive(c) => AnyFlow::QueueReactive(Box::new(QueueReactive::open(c, key, book))),
            FlowConfig::ImbalanceSpread(c) => AnyFlow::ImbalanceSpread(ImbalanceSpread::open(c, key, book)),
            FlowConfig::Hawkes(c) => AnyFlow::Hawkes(Box::new(Hawkes::open(c, key, book))),
            FlowConfig::MikeFarmer(c) => AnyFlow::MikeFarmer(MikeFarmer::open(c, key, book)),
            FlowConfig::Correlated(c) => AnyFlow::Correlated(Correlated::open(c, key, book)),
            FlowConfig::RealisticDay(c) => AnyFlow::RealisticDay(Box::new(RealisticDay::open(c, key, book))),
        }
    }
}

/// Calls a method of the model, whichever it is.
macro_rules! each {
    ($any:expr, $flow:ident => $call:expr) => {
        match $any {
            AnyFlow::SantaFe($flow) => $call,
            AnyFlow::OrderSplitting($flow) => $call,
            AnyFlow::Cst($flow) => $call,
            AnyFlow::QueueReactive($flow) => $call,
            AnyFlow::ImbalanceSpread($flow) => $call,
            AnyFlow::Hawkes($flow) => $call,
            AnyFlow::MikeFarmer($flow) => $call,
            AnyFlow::Correlated($flow) => $call,
            AnyFlow::RealisticDay($flow) => $call,
        }
    };
}
pub(crate) use each;

impl Flow for AnyFlow {
    fn arm<V: FlowView>(&mut self, view: &V) -> u64 {
        each!(self, flow => flow.arm(view))
    }

    fn fire<V: FlowView>(&mut self, view: &V) -> Option<Command> {
        each!(self, flow => flow.fire(view))
    }

    fn disturbed<V: FlowView>(&mut self, now_ns: u64, view: &V) -> Option<u64> {
        each!(self, flow => flow.disturbed(now_ns, view))
    }

    fn retune<V: FlowView>(&mut self, config: &FlowConfig, now_ns: u64, view: &V) -> Option<u64> {
        each!(self, flow => flow.retune(config, now_ns, view))
    }
}

impl<F: Flow> Flow for Box<F> {
    #[inline(always)]
    fn arm<V: FlowView>(&mut self, view: &V) -> u64 {
        (**self).arm(view)
    }

    #[inline(always)]
    fn fire<V: FlowView>(&mut self, view: &V) -> Option<Command> {
        (**self).fire(view)
    }

    fn disturbed<V: FlowView>(&mut self, now_ns: u64, view: &V) -> Option<u64> {
        (**self).disturbed(now_ns, view)
    }

    fn retune<V: FlowView>(&mut self, config: &FlowConfig, now_ns: u64, view: &V) -> Option<u64> {
        (**self).retune(config, now_ns, view)
    }
}
