//! The trace format against files that others wrote, against itself, and against damage.

mod damage;
mod round_trip;
mod samples;
mod windows;

use std::io::Write;
use std::path::{Path, PathBuf};

/// The path of a file of the shared data, or `None` after one line that says so.
fn shared(test: &str, file: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/fxt").join(file);
    if path.exists() {
        return Some(path);
    }
    // Not `eprintln!`, which a test that passes does not show.
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: ../shared/data not present");
    None
}
