//! Chrome's trace event format, as far as viewers of today read it: complete events, instants, names of threads.

use std::io::{Result, Write};

use super::{Json, cut};
use crate::analyze::Subject;
use crate::analyze::timeline::Value;

/// Times are µs after the first event, since a viewer's numbers are doubles.
pub(super) fn write(subject: &Subject, window: (u64, u64), out: &mut dyn Write) -> Result<()> {
    write!(out, "{{\"displayTimeUnit\":\"ns\",\"traceEvents\":[")?;
    let mut separator = "";
    let us = |ns: u64| ns as f64 / 1000.0;
    match subject {
        Subject::Spans(t) => {
            let mut processes: Vec<&str> = Vec::new();
            for (tid, thread) in t.threads.iter().enumerate() {
                let pid = processes.iter().position(|p| *p == thread.process).unwrap_or_else(|| {
                    processes.push(&thread.process);
                    processes.len() - 1
                });
                for (what, name) in [("process_name", &thread.process), ("thread_name", &thread.name)] {
                    let name = Json(name);
                    write!(
                        out,
                        "{separator}\n{{\"ph\":\"M\",\"name\":\"{what}\",\"pid\":{pid},\"tid\":{tid},\"args\":{{\"name\":{name}}}}}"
                    )?;
                    separator = ",";
                }
            }
            let pid = |tid: u32| processes.iter().position(|p| *p == t.threads[tid as usize].process).unwrap_or(0);
            for s in &t.spans {
                let Some((start, end)) = cut(s, window) else { continue };
                let name = &t.names[s.name as usize];
                write!(
                    out,
                    "{separator}\n{{\"ph\":\"X\",\"name\":{},\"cat\":{},\"pid\":{},\"tid\":{},\"ts\":{},\"dur\":{},\"args\":{{",
                    Json(&name.text),
                    Json(&name.category),
                    pid(s.thread),
                    s.thread,
                    us(start - window.0),
                    us(end - start)
                )?;
                for (i, (key, value)) in t.args_of(s).enumerate() {
                    let comma = if i == 0 { "" } else { "," };
                    match value {
                        Value::Int(v) => write!(out, "{comma}{}:{v}", Json(key))?,
                        Value::Float(v) if v.is_finite() => write!(out, "{comma}{}:{v}", Json(key))?,
                        Value::Float(v) => write!(out, "{comma}{}:\"{v}\"", Json(key))?,
                        Value::Text(v) => write!(out, "{comma}{}:{}", Json(key), Json(v))?,
                    }
                }
                write!(out, "}}}}")?;
                separator = ",";
            }
            for m in t.marks.iter().filter(|m| m.at_ns >= window.0 && m.at_ns <= window.1) {
                let name = &t.names[m.name as usize];
                write!(
                    out,
                    "{separator}\n{{\"ph\":\"i\",\"s\":\"t\",\"name\":{},\"cat\":{},\"pid\":{},\"tid\":{},\"ts\":{}}}",
                    Json(&name.text),
                    Json(&name.category),
                    pid(m.thread),
                    m.thread,
                    us(m.at_ns - window.0)
                )?;
                separator = ",";
            }
        }
        // Every sample is an instant that carries its stack.
        Subject::Samples(p) => {
            for &(at, node) in p.list.iter().filter(|(at, _)| *at >= window.0 && *at <= window.1) {
                let stack = p.tree.path_text(node, |n| p.names[n as usize].text.clone());
                let name = stack.rsplit(';').next().unwrap_or("");
                write!(
                    out,
                    "{separator}\n{{\"ph\":\"i\",\"s\":\"t\",\"name\":{},\"cat\":\"sample\",\"pid\":0,\"tid\":0,\"ts\":{},\"args\":{{\"stack\":{}}}}}",
                    Json(name),
                    us(at - window.0),
                    Json(&stack)
                )?;
                separator = ",";
            }
        }
    }
    writeln!(out, "\n]}}")
}
