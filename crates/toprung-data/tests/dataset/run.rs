//! A run over a few books, written as a dataset.

use std::path::Path;

use arrow_array::RecordBatch;
use toprung_book::{Book, BookObserver, Event, EventSink, Observers};
use toprung_data::dataset::{DatasetError, DatasetOptions, DatasetWriter, Format, Manifest, TableReader};

use crate::flow;

/// Nanoseconds between two commands.
pub(crate) const STEP_NS: u64 = 1_000_003;

/// What happened in a book, and the book at its end.
pub(crate) struct Happened {
    pub(crate) book: Book,
    pub(crate) events: Vec<Event>,
}

/// Feeds the events to two sinks.
struct Both<'a, O>(&'a mut O, &'a mut Vec<Event>);

impl<O: EventSink> EventSink for Both<'_, O> {
    fn event(&mut self, e: &Event) {
        self.0.event(e);
        self.1.push(*e);
    }
}

/// Runs `commands` commands of flow `seed` through a book that `observer` watches as book `index`.
pub(crate) fn drive<O: BookObserver>(observer: &mut O, index: u32, seed: u64, commands: u64) -> Happened {
    let mut book = Book::new(flow::config(seed).book);
    let mut events = Vec::new();
    observer.begin(index);
    // From 1: LOBSTER knows no order 0.
    for n in 1..=commands {
        let (time_ns, cmd) = (n * STEP_NS, flow::command(seed, n));
        observer.before(time_ns, &cmd, &book);
        book.apply(&cmd, &mut Both(observer, &mut events));
        observer.after(time_ns, &book);
    }
    observer.end(commands * STEP_NS, &book);
    Happened { book, events }
}

/// Writes books of `commands` commands each, of flows `seeds`, into `folder`.
pub(crate) fn write(
    folder: &Path,
    format: Format,
    seeds: &[u64],
    commands: u64,
) -> Result<(Manifest, Vec<Happened>), DatasetError> {
    let options = DatasetOptions { folder: folder.to_owned(), format, sampled_books: 2, ..DatasetOptions::default() };
    let writer = DatasetWriter::create(options)?;
    let mut happened = Vec::new();
    for (index, seed) in seeds.iter().enumerate() {
        let mut part = writer.open(index as u32);
        happened.push(drive(&mut part, index as u32, *seed, commands));
        writer.close(index as u32, part);
    }
    Ok((writer.finish(serde_json::json!({ "kind": "test" }))?, happened))
}

/// Every batch of a table.
pub(crate) fn read(folder: &Path, table: &str) -> Result<Vec<RecordBatch>, DatasetError> {
    let mut reader = TableReader::open(folder, table, 1_000)?;
    let mut batches = Vec::new();
    while let Some(batch) = reader.next_batch()? {
        batches.push(batch);
    }
    Ok(batches)
}
