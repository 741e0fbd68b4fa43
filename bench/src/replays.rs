//! Real days as workloads: the commands of the exchange replays in `../shared/data`, where they are.
//!
//! The data may not be republished, so it is not in the repository and these workloads are simply absent without it.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use toprung_book::{Book, Command, Digest, EventSink, LevelView, MatchingBook, OrderView, Side};
use toprung_data::{ReplayOptions, ReplayReader, Source, replay, replay_book_config};

use crate::Workload;

/// A book that remembers what it was asked.
struct Recorder {
    book: Book,
    commands: Vec<Command>,
}

impl MatchingBook for Recorder {
    fn apply<S: EventSink>(&mut self, cmd: &Command, sink: &mut S) {
        self.commands.push(*cmd);
        self.book.apply(cmd, sink);
    }

    fn levels(&self, side: Side, max: usize) -> Vec<LevelView> {
        self.book.levels(side, max)
    }

    fn queue(&self, side: Side) -> Vec<OrderView> {
        self.book.queue(side)
    }

    fn order(&self, id: u64) -> Option<OrderView> {
        self.book.order(id)
    }

    fn order_count(&self) -> usize {
        self.book.order_count()
    }

    fn digest(&self) -> Digest {
        self.book.digest()
    }
}

/// Where the verification data lies: beside the repository.
pub fn shared_data() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data")
}

/// The replays that are there.
pub fn replays() -> Vec<Workload> {
    let files =
        [("GOOG day", "goog_2012-06-21_L10.replay.csv.zst"), ("AAPL hour", "aapl_2012-06-21_1h_L50.replay.csv.zst")];
    files.into_iter().filter_map(|(name, file)| load(name, file)).collect()
}

fn load(name: &'static str, file: &str) -> Option<Workload> {
    let source = Source::open(&shared_data().join("replay").join(file)).ok()?;
    let mut records = ReplayReader::new(source);
    let mut recorder = Recorder { book: Book::new(replay_book_config()), commands: Vec::new() };
    let never = AtomicBool::new(false);
    replay(&mut records, &mut recorder, &ReplayOptions::default(), &mut (), &never, |_, _| {}).ok()?;
    Some(Workload { name, config: replay_book_config(), preload: Vec::new(), commands: recorder.commands })
}
