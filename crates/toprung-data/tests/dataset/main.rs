//! Datasets: that what is written is what happened, and that nothing half-written ever looks whole.

#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "these tests have no fixtures")]
mod common;
#[path = "../journal/flow.rs"]
#[expect(dead_code, reason = "a flow of the journal's tests, of which these take a part")]
mod flow;
mod folder;
mod lobster;
mod run;
mod tables;
