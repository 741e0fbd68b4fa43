//! A workload as the referee's messages, run through the referee's adapter.

use toprung_book::{CommandKind, TimeInForce};
use toprung_referee::layout::{Body, Message, Modify, NewOrder, Report};
use toprung_referee::{EXPECTED_ORDERS, Engine, Reports};

use crate::{BATCH, Workload};

/// Reports kept: as many as a queue between two threads would hold.
const RING: usize = 4096;

/// A workload's commands as messages.
pub struct Messages(Vec<Message>);

/// Writes every report, 64 bytes each, into a ring.
struct Ring {
    slots: Box<[Report]>,
    written: usize,
}

impl Reports for Ring {
    #[inline(always)]
    fn report(&mut self, report: &Report) {
        self.slots[self.written & (RING - 1)] = *report;
        self.written += 1;
    }
}

impl Messages {
    /// The messages of a workload of limit orders, cancels and replaces.
    pub fn of(workload: &Workload) -> Messages {
        let message = |(i, cmd): (usize, &toprung_book::Command)| {
            let (order_id, sequence_number, side) = (cmd.id, i as u64, cmd.side as u8);
            let (kind, body) = match cmd.kind {
                // Written whole, as the adapter wants it.
                CommandKind::Cancel => {
                    (1, Body { new_order: NewOrder { order_id, sequence_number, ..NewOrder::default() } })
                }
                CommandKind::Replace => {
                    let (new_price_ticks, new_quantity) = (cmd.price, cmd.qty as u32);
                    let reserved = [0; 3];
                    let modify = Modify { order_id, sequence_number, new_price_ticks, new_quantity, side, reserved };
                    (2, Body { modify })
                }
                _ => {
                    let (price_ticks, quantity) = (cmd.price, cmd.qty as u32);
                    let (ioc, reserved) = (u8::from(cmd.tif == TimeInForce::Ioc), [0; 2]);
                    let order = NewOrder { order_id, sequence_number, price_ticks, quantity, side, ioc, reserved };
                    (0, Body { new_order: order })
                }
            };
            Message { kind, reserved: [0; 7], body }
        };
        Messages(workload.preload.iter().chain(&workload.commands).enumerate().map(message).collect())
    }

    /// An engine with an empty book, ready to run.
    pub fn engine() -> Engine<impl Reports> {
        Engine::new(EXPECTED_ORDERS, Ring { slots: vec![Report::default(); RING].into(), written: 0 })
    }

    /// Runs every message through `engine`; returns the number of commands its book has seen.
    pub fn run(&self, engine: &mut Engine<impl Reports>) -> u64 {
        for batch in self.0.chunks(BATCH) {
            engine.batch(batch);
        }
        engine.book().commands()
    }
}
