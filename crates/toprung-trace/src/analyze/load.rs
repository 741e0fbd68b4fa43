//! From a file to what is analysed.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Serialize;

use super::Subject;
use super::error::AnalyzeError;
use super::from_fxt;
use super::perf_script::{self, Profile};
use super::timeline::Timeline;
use crate::fxt;

/// Reads a Fuchsia trace, gzipped or not, or the text of `perf script`.
///
/// # Errors
/// The file cannot be read, is something else, or holds neither spans nor samples.
pub fn load(path: &Path) -> Result<Subject, AnalyzeError> {
    let subject = match perf_text(path)? {
        Some(text) => Subject::Samples(perf_script::parse(&text)),
        None => Subject::Spans(from_fxt::timeline(&fxt::read_file(path)?)),
    };
    let (is_empty, what) = match &subject {
        Subject::Spans(timeline) => (timeline.spans.is_empty(), "spans"),
        Subject::Samples(profile) => (profile.samples == 0, "samples of a clock or of cycles"),
    };
    if is_empty { Err(AnalyzeError::Empty { file: path.to_owned(), what }) } else { Ok(subject) }
}

/// The text, if the file is that of `perf script`; `None` if its bytes say that it is something else.
fn perf_text(path: &Path) -> Result<Option<String>, AnalyzeError> {
    let io = |source| AnalyzeError::Io { file: path.to_owned(), source };
    let mut file = File::open(path).map_err(io)?;
    let mut head = vec![0; 4096];
    let n = file.read(&mut head).map_err(io)?;
    head.truncate(n);
    let start = String::from_utf8_lossy(&head);
    if head.starts_with(&[0x1f, 0x8b]) || !perf_script::is_perf_script(&start) {
        return Ok(None);
    }
    let mut bytes = head;
    file.take(fxt::TRACE_BYTES_MAX).read_to_end(&mut bytes).map_err(io)?;
    Ok(Some(String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())))
}

/// Whether a trace file is sound.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// Nothing is missing, damaged or wrongly nested.
    pub sound: bool,
    /// `fxt` or `perf-script`.
    pub format: &'static str,
    /// Events, or samples.
    pub events: u64,
    /// Spans, or samples.
    pub spans: u64,
    /// Threads.
    pub threads: usize,
    /// Deepest nesting.
    pub depth_max: usize,
    /// What is wrong, a sentence each.
    pub problems: Vec<String>,
}

/// Reads a trace to its end and says what is wrong with it.
///
/// # Errors
/// As [`load`], but for an empty trace, which is a problem and no error.
pub fn verify(path: &Path) -> Result<Verification, AnalyzeError> {
    if let Some(text) = perf_text(path)? {
        let p = perf_script::parse(&text);
        return Ok(of_profile(&p));
    }
    let trace = fxt::read_file(path)?;
    let timeline = from_fxt::timeline(&trace);
    Ok(of_trace(&trace, &timeline))
}

fn of_trace(trace: &fxt::Trace, timeline: &Timeline) -> Verification {
    let (nesting, flaws) = (trace.nesting(), &timeline.flaws);
    let mut problems = flaws.remarks.clone();
    for (n, what) in [
        (nesting.wrong_pairs, "spans end under another name than they began"),
        (nesting.underflows, "ends have no begin"),
        (nesting.open, "spans have no end"),
        (flaws.overlaps, "spans reach out of the span they lie in"),
        (flaws.decode_errors, "decode errors, after each of which stacks are unknown"),
    ] {
        if n > 0 {
            problems.push(format!("{n} {what}"));
        }
    }
    if trace.events.is_empty() {
        problems.push("there are no events in it".to_owned());
    }
    Verification {
        sound: problems.is_empty(),
        format: "fxt",
        events: trace.events.len() as u64,
        spans: timeline.spans.len() as u64,
        threads: trace.threads.len(),
        depth_max: timeline.spans.iter().map(|s| s.depth as usize + 1).max().unwrap_or(0),
        problems,
    }
}

fn of_profile(p: &Profile) -> Verification {
    let mut problems = Vec::new();
    if p.samples == 0 {
        problems.push("there are no samples of a clock or of cycles in it".to_owned());
    }
    if p.decode_errors > 0 {
        problems.push(format!("{} decode errors", p.decode_errors));
    }
    Verification {
        sound: problems.is_empty(),
        format: "perf-script",
        events: p.samples + p.other_events.values().sum::<u64>() + p.branches,
        spans: p.samples,
        threads: p.threads,
        depth_max: p.list.iter().map(|&(_, node)| p.tree.path(node).len()).max().unwrap_or(0),
        problems,
    }
}
