//! speedscope's file format: spans as evented profiles, one for each thread; samples as a sampled profile.

use std::io::{Result, Write};

use super::{Json, cut};
use crate::analyze::Subject;
use crate::analyze::perf_script::Profile;
use crate::analyze::timeline::{Span, Timeline};

const SCHEMA: &str = "https://www.speedscope.app/file-format-schema.json";

pub(super) fn write(subject: &Subject, window: (u64, u64), out: &mut dyn Write) -> Result<()> {
    let names = match subject {
        Subject::Spans(t) => &t.names,
        Subject::Samples(p) => &p.names,
    };
    write!(out, "{{\"$schema\":\"{SCHEMA}\",\"exporter\":\"toprung\",\"shared\":{{\"frames\":[")?;
    for (i, name) in names.iter().enumerate() {
        write!(out, "{}\n{{\"name\":{}}}", if i == 0 { "" } else { "," }, Json(&name.text))?;
    }
    write!(out, "\n]}},\"profiles\":[")?;
    match subject {
        Subject::Spans(t) => spans(t, window, out)?,
        Subject::Samples(p) => samples(p, window, out)?,
    }
    writeln!(out, "\n]}}")
}

fn spans(t: &Timeline, window: (u64, u64), out: &mut dyn Write) -> Result<()> {
    let mut separator = "";
    for list in t.spans.chunk_by(|a, b| a.thread == b.thread) {
        let thread = &t.threads[list[0].thread as usize];
        let name = format!("{} {}", thread.process, thread.name);
        write!(
            out,
            "{separator}\n{{\"type\":\"evented\",\"name\":{},\"unit\":\"nanoseconds\",\"startValue\":0,\"endValue\":{},\"events\":[",
            Json(name.trim()),
            window.1 - window.0
        )?;
        separator = ",";
        events(list, window, out)?;
        write!(out, "]}}")?;
    }
    Ok(())
}

/// Opens and closes, strictly nested: spans are in preorder, so whatever the next one does not lie in is closed before it.
fn events(list: &[Span], window: (u64, u64), out: &mut dyn Write) -> Result<()> {
    let mut open: Vec<(u32, u32, u64)> = Vec::new();
    let mut separator = "";
    let mut put = |out: &mut dyn Write, kind: char, frame: u32, at: u64| {
        let line = write!(out, "{separator}\n{{\"type\":\"{kind}\",\"frame\":{frame},\"at\":{}}}", at - window.0);
        separator = ",";
        line
    };
    for s in list {
        let Some((start, end)) = cut(s, window) else { continue };
        while open.last().is_some_and(|&(_, depth, _)| depth >= s.depth) {
            let (frame, _, at) = open.pop().unwrap_or_default();
            put(out, 'C', frame, at)?;
        }
        put(out, 'O', s.name, start)?;
        open.push((s.name, s.depth, end));
    }
    while let Some((frame, _, at)) = open.pop() {
        put(out, 'C', frame, at)?;
    }
    Ok(())
}

fn samples(p: &Profile, window: (u64, u64), out: &mut dyn Write) -> Result<()> {
    let list: Vec<u32> =
        p.list.iter().filter(|(at, _)| *at >= window.0 && *at <= window.1).map(|&(_, node)| node).collect();
    write!(
        out,
        "\n{{\"type\":\"sampled\",\"name\":{},\"unit\":\"none\",\"startValue\":0,\"endValue\":{},\"samples\":[",
        Json(&format!("samples of {}", p.event)),
        list.len()
    )?;
    for (i, &node) in list.iter().enumerate() {
        let path: Vec<String> = p.tree.path(node).iter().map(u32::to_string).collect();
        write!(out, "{}\n[{}]", if i == 0 { "" } else { "," }, path.join(","))?;
    }
    write!(out, "\n],\"weights\":[{}]}}", vec!["1"; list.len()].join(","))
}
