//! A book or a venue behind the boundary: what the classes over them have in common. Batches in, columns out, the journal,
//! and what the garbage collector is told.

use napi::Env;
use toprung_book::{Book, Venue};
use toprung_data::journal::Engine;

use crate::arguments::{TELL_GC_FROM, index};
use crate::commands::{Decode, Decoder};
use crate::error::{Code, Result, error};
use crate::events::{ColumnSink, Columns, Spill};
use crate::journaled::Slot;
use crate::venue_commands::VenueDecoder;
use crate::view::View;

/// An engine that takes batches of records.
pub(crate) trait Batchable: Engine {
    /// What reads its records.
    type Decoder: Decode<Command = Self::Command>;
    /// What messages call it.
    const NAME: &'static str;

    /// Bytes of memory that it holds.
    fn bytes(&self) -> usize;
}

impl Batchable for Book {
    type Decoder = Decoder;
    const NAME: &'static str = "book";

    fn bytes(&self) -> usize {
        self.memory_bytes()
    }
}

impl Batchable for Venue {
    type Decoder = VenueDecoder;
    const NAME: &'static str = "venue";

    fn bytes(&self) -> usize {
        self.memory_bytes()
    }
}

pub(crate) struct Batched<E: Batchable> {
    slot: Slot<E>,
    decoder: E::Decoder,
    spill: Spill,
    /// A panic interrupted a batch: the engine may be inconsistent and takes no more.
    lost: bool,
    /// Bytes that the garbage collector knows of.
    told_gc: i64,
}

impl<E: Batchable> Batched<E> {
    /// An engine with the conventions `config`, behind the journal that `journal` describes as JSON, if there is one.
    pub(crate) fn new(env: Env, config: E::Config, journal: Option<&str>) -> Result<Batched<E>> {
        let slot = Slot::new(config, journal)?;
        let (decoder, spill) = (E::Decoder::default(), Spill::default());
        let mut this = Batched { slot, decoder, spill, lost: false, told_gc: 0 };
        this.tell_gc(env);
        Ok(this)
    }

    /// The engine, whatever state it is in.
    #[inline]
    pub(crate) fn get(&self) -> &E {
        self.slot.get()
    }

    /// The engine, unless a panic interrupted it.
    #[inline]
    pub(crate) fn alive(&self) -> Result<&E> {
        self.check_alive()?;
        Ok(self.slot.get())
    }

    /// What carries out its journal's requests.
    pub(crate) fn slot(&mut self) -> &mut Slot<E> {
        &mut self.slot
    }

    /// Writes a snapshot into its journal; gives the file.
    pub(crate) fn snapshot(&mut self) -> Result<String> {
        self.check_alive()?;
        self.slot.snapshot()
    }

    /// Applies the first `count` records of `commands` in order and writes what happened into `events`, columns for
    /// `capacity` events. Gives the number of events; those past the capacity wait for `drain`.
    #[inline]
    pub(crate) fn submit(&mut self, env: Env, commands: View, count: f64, events: View, capacity: f64) -> Result<f64> {
        self.check_alive()?;
        if self.spill.len() > 0 {
            let message = format!("expected `drain` first: {} events of the last batch wait", self.spill.len());
            return Err(error(Code::EventsPending, message));
        }
        let columns = Columns::new(events.bytes("events")?, index("capacity", capacity)?)?;
        let count = index("count", count)?;
        let commands = self.decoder.commands(commands.bytes("commands")?, count)?;
        let mut sink = ColumnSink::new(columns, &mut self.spill, self.slot.get().commands());
        self.lost = true;
        let applied = self.slot.apply(commands, &mut sink);
        self.lost = false;
        applied?;
        let total = sink.total();
        self.tell_gc(env);
        Ok(total as f64)
    }

    /// Moves waiting events into `events` from row `from` on; gives the number moved.
    pub(crate) fn drain(&mut self, events: View, capacity: f64, from: f64) -> Result<f64> {
        let columns = Columns::new(events.bytes("events")?, index("capacity", capacity)?)?;
        Ok(self.spill.drain(columns, index("from", from)?) as f64)
    }

    /// Events that wait for `drain`.
    pub(crate) fn pending(&self) -> f64 {
        self.spill.len() as f64
    }

    /// Bytes of memory that the engine and the buffers around it hold.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.slot.get().bytes() + self.decoder.memory_bytes() + self.spill.memory_bytes()
    }

    /// Takes back what the garbage collector was told.
    pub(crate) fn finalize(self, env: Env) -> napi::Result<()> {
        env.adjust_external_memory(-self.told_gc)?;
        Ok(())
    }

    /// Tells the garbage collector if memory has changed by much since it was last told.
    #[inline]
    fn tell_gc(&mut self, env: Env) {
        let change = self.memory_bytes() as i64 - self.told_gc;
        // Should it fail, the collector merely knows less.
        if change.abs() >= TELL_GC_FROM && env.adjust_external_memory(change).is_ok() {
            self.told_gc += change;
        }
    }

    fn check_alive(&self) -> Result<()> {
        if self.lost {
            let name = E::NAME;
            let message =
                format!("an earlier batch made the native core panic; the {name}'s state is unknown: make a new one");
            return Err(error(Code::Panic, message));
        }
        Ok(())
    }
}
