//! Traces for other tools: Chrome's JSON, speedscope, collapsed stacks, flame graphs.

mod chrome;
mod collapsed;
mod differential;
mod flamegraph;
mod speedscope;

use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use differential::Differential;

use super::error::AnalyzeError;
use super::orders::Orders;
use super::timeline::{Span, Timeline};
use super::{Subject, load};
use crate::fxt;

/// What can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A part of the trace as a Fuchsia trace: Perfetto, magic-trace's viewer.
    Fxt,
    /// Trace events as JSON: chrome://tracing, Perfetto.
    Chrome,
    /// <https://www.speedscope.app>.
    Speedscope,
    /// A line for each path: `a;b;c 123`. Made for flamegraph.pl and its kin.
    Collapsed,
    /// A flame graph as an SVG that needs nothing else.
    Svg,
}

impl Format {
    /// The format of a name.
    pub fn of(name: &str) -> Option<Format> {
        Some(match name {
            "fxt" => Format::Fxt,
            "chrome" => Format::Chrome,
            "speedscope" => Format::Speedscope,
            "collapsed" => Format::Collapsed,
            "svg" => Format::Svg,
            _ => return None,
        })
    }
}

/// What to write of a trace.
#[derive(Clone, Debug, Default)]
pub struct ExportOptions {
    /// From so many ns after the first event.
    pub from_ns: Option<u64>,
    /// To so many ns after the first event.
    pub to_ns: Option<u64>,
    /// Only this order, and the 100 µs around it.
    pub order: Option<u64>,
    /// Of flame graphs and collapsed stacks: only orders, not what happens between them.
    pub orders_only: bool,
    /// Title of a flame graph.
    pub title: Option<String>,
    /// Of a flame graph: another trace, from which on its colours say what became slower or faster.
    pub against: Option<PathBuf>,
}

/// Time shown around an order, ns.
const AROUND_NS: u64 = 50_000;

/// Writes `from` to `to`, which appears whole or not at all.
///
/// # Errors
/// `from` cannot be read, `to` not written, an order is not there, samples are asked for as spans, or two traces do not compare.
pub fn export(from: &Path, to: &Path, format: Format, options: &ExportOptions) -> Result<(), AnalyzeError> {
    let subject = load(from)?;
    if let Some(against) = &options.against {
        let is_part = options.from_ns.is_some() || options.to_ns.is_some() || options.order.is_some();
        if format != Format::Svg || is_part {
            let message = "against: expected a flame graph (svg) of whole traces, got another format or a part of one";
            return Err(AnalyzeError::Option(message.to_owned()));
        }
        let differential = Differential::of(&load(against)?, &subject, options.title.as_deref())?;
        return write_whole(to, |out| differential.write(out));
    }
    let window = match &subject {
        Subject::Spans(timeline) => window(timeline, options)?,
        Subject::Samples(p) => {
            let all = ExportOptions { order: None, ..options.clone() };
            if options.order.is_some() {
                return Err(AnalyzeError::Option("order: samples know no orders".to_owned()));
            }
            range(p.window_ns, &all)
        }
    };
    if format == Format::Fxt {
        if matches!(subject, Subject::Samples(_)) {
            return Err(AnalyzeError::Option(
                "format: samples have no spans to write as fxt; take speedscope".to_owned(),
            ));
        }
        return Ok(fxt::write_file(to, &fxt::window(&fxt::read_file(from)?, window.0, window.1)?)?);
    }
    write_whole(to, |out| match format {
        Format::Chrome => chrome::write(&subject, window, out),
        Format::Speedscope => speedscope::write(&subject, window, out),
        Format::Collapsed => collapsed::write(&subject, window, options.orders_only, out),
        Format::Svg => flamegraph::write(&subject, window, options, out),
        Format::Fxt => Ok(()),
    })
}

fn range((first, last): (u64, u64), options: &ExportOptions) -> (u64, u64) {
    let at = |offset: Option<u64>, otherwise| offset.map_or(otherwise, |ns| first.saturating_add(ns).min(last));
    (at(options.from_ns, first), at(options.to_ns, last))
}

fn window(timeline: &Timeline, options: &ExportOptions) -> Result<(u64, u64), AnalyzeError> {
    let Some(number) = options.order else { return Ok(range(timeline.window_ns, options)) };
    let orders = Orders::of(timeline, &[]);
    let order = orders.list.iter().find(|o| o.number == number);
    let order = order.ok_or_else(|| AnalyzeError::Option(format!("order: there is no order {number} in the trace")))?;
    let span = &timeline.spans[order.span as usize];
    Ok((
        span.start_ns.saturating_sub(AROUND_NS).max(timeline.window_ns.0),
        (span.end_ns + AROUND_NS).min(timeline.window_ns.1),
    ))
}

fn write_whole(to: &Path, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), AnalyzeError> {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = to.with_file_name(name);
    let written = File::create(&temporary).and_then(|file| {
        let mut out = BufWriter::new(file);
        write(&mut out)?;
        out.flush()?;
        std::fs::rename(&temporary, to)
    });
    written.map_err(|source| {
        // Nothing half-written stays, as far as the system lets us.
        let _ = std::fs::remove_file(&temporary);
        AnalyzeError::Io { file: to.to_owned(), source }
    })
}

/// A text as a JSON string.
struct Json<'a>(&'a str);

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self.0).map_err(|_| fmt::Error)?)
    }
}

/// A span cut to a window; `None` if it lies outside.
fn cut(span: &Span, (from, to): (u64, u64)) -> Option<(u64, u64)> {
    let (start, end) = (span.start_ns.max(from), span.end_ns.min(to));
    (start <= end && span.end_ns >= from && span.start_ns <= to).then_some((start, end))
}

/// A timeline with only what lies in a window, spans cut to it.
fn windowed(timeline: &Timeline, window: (u64, u64)) -> Timeline {
    if window == timeline.window_ns {
        return timeline.clone();
    }
    let mut part = Timeline { spans: Vec::new(), marks: Vec::new(), window_ns: window, ..timeline.clone() };
    let mut new_index = vec![super::timeline::NONE; timeline.spans.len()];
    for (i, span) in timeline.spans.iter().enumerate() {
        let Some((start_ns, end_ns)) = cut(span, window) else { continue };
        new_index[i] = part.spans.len() as u32;
        let parent = if span.parent == super::timeline::NONE { span.parent } else { new_index[span.parent as usize] };
        part.spans.push(Span { parent, start_ns, end_ns, child_ns: 0, ..*span });
        if parent != super::timeline::NONE {
            part.spans[parent as usize].child_ns += end_ns - start_ns;
        }
    }
    part
}
