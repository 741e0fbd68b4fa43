//! The trace of a recorded run: hits, what was recorded, and the replays.

use toprung_trace::fxt::{FxtWriter, WriteError};
use toprung_trace::recorder::{Entry, EntryKind, Timeline, Written, write_entries};
use toprung_trace::{TickClock, stop_indicator_address};

use crate::recording::Hit;
use crate::replay::ReplayedHit;
use crate::stages::{self, ORDER, SCHEMA};

/// What a trace is made of.
pub(crate) struct Parts<'a> {
    /// Name of the program.
    pub(crate) program: &'a str,
    pub(crate) tid: u32,
    pub(crate) entries: &'a [Entry],
    pub(crate) hits: &'a [Hit],
    pub(crate) replays: &'a [Option<ReplayedHit>],
}

pub(crate) struct Assembled {
    pub(crate) bytes: Vec<u8>,
    pub(crate) written: Written,
    /// Where each hit begins, ns.
    pub(crate) starts_ns: Vec<u64>,
}

impl Parts<'_> {
    /// Writes the trace, whose time begins with the first thing in it.
    pub(crate) fn assemble(&self) -> Result<Assembled, WriteError> {
        let clock = TickClock::get().refined();
        let begins = self.entries.iter().filter(|e| e.kind() == EntryKind::Begin).map(|e| e.value);
        let base_ticks = begins.chain(self.hits.iter().map(|hit| hit.span.0)).min().unwrap_or(0);
        // Replays show what came before their hit, too.
        let margin = self.replays.iter().flatten().map(|r| clock.ns(r.start.saturating_sub(first_ticks(&r.entries))));
        let timeline = Timeline { clock, base_ticks, base_ns: margin.max().unwrap_or(0) };
        let starts_ns: Vec<u64> = self.hits.iter().map(|hit| timeline.ns(hit.span.0)).collect();

        let mut writer = FxtWriter::new("toprung");
        self.write_hits(&mut writer, &timeline)?;
        let ids = format!("[pid={}] [tid={}]", std::process::id(), self.tid);
        let process = writer.process(&format!("{} {ids}", self.program))?;
        let thread = writer.thread(process, "main")?;
        let mut written = write_entries(&mut writer, thread, &SCHEMA, &timeline, self.entries.iter().copied())?;
        if self.replays.iter().any(Option::is_some) {
            let process = writer.process(&format!("replay {ids}"))?;
            for ((hit, start_ns), replay) in self.hits.iter().zip(&starts_ns).zip(self.replays) {
                let Some(replay) = replay else { continue };
                let command = hit.order.command;
                let thread = writer.thread(process, &format!("command {command}"))?;
                let timeline = Timeline { clock, base_ticks: replay.start, base_ns: *start_ns };
                let entries = marked(&replay.entries, hit);
                let more = write_entries(&mut writer, thread, &SCHEMA, &timeline, entries)?;
                written.events += more.events;
                written.partial += more.partial;
            }
        }
        Ok(Assembled { bytes: writer.finish()?, written, starts_ns })
    }

    /// The hits in the shape in which magic-trace writes its own.
    fn write_hits(&self, writer: &mut FxtWriter, timeline: &Timeline) -> Result<(), WriteError> {
        if self.hits.is_empty() {
            return Ok(());
        }
        let process = writer.process("Snapshot symbol hits")?;
        let thread = writer.thread(process, "hits")?;
        for hit in self.hits {
            let (from, to) = (timeline.ns(hit.span.0), timeline.ns(hit.span.1));
            let args = [
                ("timestamp_passed", from.into()),
                ("arg", (u64::from(hit.order.kind) << 56 | hit.order.command).into()),
                ("timestamp", to.into()),
                ("tid", u64::from(self.tid).into()),
                ("ip", toprung_trace::fxt::WriteValue::Pointer(stop_indicator_address())),
            ];
            writer.complete(thread, (from, to.max(from)), "", "hit magic_trace_stop_indicator", &args)?;
        }
        Ok(())
    }
}

/// The entries of a replay, in which the hit says that it is one and how long it took in the first run.
fn marked<'a>(entries: &'a [Entry], hit: &Hit) -> impl Iterator<Item = Entry> + use<'a> {
    let Hit { order, .. } = *hit;
    entries.iter().flat_map(move |e| {
        let is_hit = e.kind() == EntryKind::Begin && e.id() == ORDER && e.payload() == order.command;
        let more = [(stages::HIT, 1), (stages::MEASURED_NS, order.latency_ns)]
            .map(|(field, value)| Entry::new(EntryKind::Info, field, value, 0));
        std::iter::once(*e).chain(more.into_iter().filter(move |_| is_hit))
    })
}

fn first_ticks(entries: &[Entry]) -> u64 {
    entries.iter().find(|e| e.kind() == EntryKind::Begin).map_or(u64::MAX, |e| e.value)
}
