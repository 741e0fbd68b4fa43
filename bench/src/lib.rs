//! Workloads: streams of commands with the shape of what books meet, the same for every engine and binding.
//!
//! Each is a [`Workload`]: commands that fill the book, and commands to measure. They are made by running a book, so that
//! cancels name orders that live, and depend on nothing but the seed.

pub mod messages;
pub mod random;
pub mod referee;
mod shapes;

use toprung_book::Command;

pub use shapes::{aggressive, balanced, balanced_random_ids, cancel_heavy, collide, deep};

/// A stream of commands to measure.
#[derive(Clone, Debug)]
pub struct Workload {
    /// What it is called in tables and files.
    pub name: &'static str,
    /// Fills the book; not measured.
    pub preload: Vec<Command>,
    /// What is measured.
    pub commands: Vec<Command>,
}
