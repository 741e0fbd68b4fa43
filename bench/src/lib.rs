//! Workloads: streams of commands with the shape of what books meet, the same for every engine and binding.
//!
//! Each is a [`Workload`]: commands that fill the book, and commands to measure. They are made by running a book, so that
//! cancels name orders that live, and depend on nothing but the seed.

pub mod messages;
pub mod random;
pub mod referee;
mod replays;
mod shapes;

use toprung_book::{Book, BookConfig, Command};

pub use replays::{replays, shared_data};
pub use shapes::{aggressive, amend, balanced, balanced_random_ids, cancel_heavy, collide, deep, of_depth, small_book};

/// Commands handed over at a time, here and through Node.
pub const BATCH: usize = 4096;

/// A stream of commands to measure.
#[derive(Clone, Debug)]
pub struct Workload {
    /// What it is called in tables and files.
    pub name: &'static str,
    /// The conventions of its book.
    pub config: BookConfig,
    /// Fills the book; not measured.
    pub preload: Vec<Command>,
    /// What is measured.
    pub commands: Vec<Command>,
}

impl Workload {
    /// A book of the workload's conventions, filled.
    pub fn loaded(&self) -> Book {
        self.loaded_with(self.config.clone())
    }

    /// A book of other conventions, filled.
    pub fn loaded_with(&self, config: BookConfig) -> Book {
        let mut book = Book::new(config);
        book.apply_batch(&self.preload, &mut ());
        book
    }
}
