//! The text of `perf script`: stack samples.
//!
//! Written with `-F pid,tid,time,event,period,ip,sym,symoff,dso` (a command name in front is read, too). A sample is a
//! header line and its frames, innermost first, up to an empty line:
//!
//! ```text
//! 825432/825432 339457.446180643:       1 cycles:u:
//!         7f5c0c875a90 dl_open_worker+0x0 (/usr/lib64/ld-2.28.so)
//!              4008de main+0x87 (/usr/local/home/demo)
//! ```
//!
//! Samples of the clock or of cycles make the profile; those of other events (`page-faults`, `context-switches`) are
//! counted. Branch traces of Intel PT are recognised and counted, not decoded: magic-trace does that.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::bucket::Bucket;
use super::timeline::{Flaws, Name, Source, Timeline};
use super::tree::Tree;

/// Stack samples, added up.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// Functions.
    pub names: Vec<Name>,
    /// Samples by path.
    pub tree: Tree,
    /// The samples one by one, in order: when (ns), and the node of the tree.
    pub list: Vec<(u64, u32)>,
    /// Samples in the profile.
    pub samples: u64,
    /// The event that they are of.
    pub event: String,
    /// Samples of other events.
    pub other_events: BTreeMap<String, u64>,
    /// Threads.
    pub threads: usize,
    /// First and last sample, ns.
    pub window_ns: (u64, u64),
    /// Errors of the decoder.
    pub decode_errors: u64,
    /// Those that are overflows.
    pub overflows: u64,
    /// Lines of branch traces.
    pub branches: u64,
    /// What is odd about the text.
    pub remarks: Vec<String>,
}

impl Profile {
    /// The names as a timeline without spans, so that tables take both.
    pub(super) fn frame(&self) -> Timeline {
        Timeline {
            source: Source::Samples,
            names: self.names.clone(),
            threads: Vec::new(),
            spans: Vec::new(),
            marks: Vec::new(),
            args: Vec::new(),
            keys: Vec::new(),
            window_ns: self.window_ns,
            flaws: Flaws::default(),
        }
    }
}

/// Events whose samples are time.
const CLOCKS: &[&str] = &["cycles", "cpu-clock", "task-clock", "cpu_core/cycles", "cpu_atom/cycles", "instructions"];

struct Header<'a> {
    tid: u64,
    time_ns: u64,
    event: &'a str,
    rest: &'a str,
}

/// Whether a text begins as `perf script` writes it.
pub(super) fn is_perf_script(text: &str) -> bool {
    text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')).take(20).any(|l| header(l).is_some())
}

/// Reads the text. Lines that are neither header nor frame are counted, never an error.
pub(super) fn parse(text: &str) -> Profile {
    let mut p = Profile { window_ns: (u64::MAX, 0), ..Profile::default() };
    let mut known: HashMap<String, u32> = HashMap::new();
    let mut threads = BTreeSet::new();
    let mut open: Option<(u64, bool)> = None;
    let mut stack: Vec<u32> = Vec::new();
    let mut odd = 0u64;
    for line in text.lines() {
        if line.trim().is_empty() {
            p.close(&mut open, &mut stack);
            continue;
        }
        if line.starts_with('#') {
            continue;
        }
        if let Some(error) = line.trim_start().strip_prefix("instruction trace error") {
            p.decode_errors += 1;
            p.overflows += u64::from(error.contains("Overflow"));
            continue;
        }
        if open.is_some()
            && let Some(name) = frame(line)
        {
            let next = p.names.len() as u32;
            let index = *known.entry(name.to_owned()).or_insert(next);
            if index == next {
                p.names.push(Name { text: name.to_owned(), category: String::new(), bucket: Bucket::of(name, "") });
            }
            stack.push(index);
            continue;
        }
        let Some(h) = header(line) else {
            odd += 1;
            continue;
        };
        p.close(&mut open, &mut stack);
        if h.event.starts_with("branches") || h.rest.contains("=>") {
            p.branches += 1;
            continue;
        }
        threads.insert(h.tid);
        p.window_ns = (p.window_ns.0.min(h.time_ns), p.window_ns.1.max(h.time_ns));
        let is_time = CLOCKS.contains(&h.event);
        if is_time {
            if p.event.is_empty() {
                h.event.clone_into(&mut p.event);
            }
        } else {
            *p.other_events.entry(h.event.to_owned()).or_default() += 1;
        }
        open = Some((h.time_ns, is_time));
    }
    p.close(&mut open, &mut stack);
    p.threads = threads.len();
    if p.window_ns.0 > p.window_ns.1 {
        p.window_ns = (0, 0);
    }
    if odd > 0 {
        p.remarks.push(format!("{odd} lines are neither a sample nor a frame"));
    }
    if p.branches > 0 {
        p.remarks.push(format!("{} lines are a branch trace of Intel PT: decode it with magic-trace", p.branches));
    }
    for (event, n) in &p.other_events {
        p.remarks.push(format!("{n} samples of {event} are counted, not in the profile"));
    }
    p
}

impl Profile {
    fn close(&mut self, open: &mut Option<(u64, bool)>, stack: &mut Vec<u32>) {
        if let Some((time_ns, true)) = open.take() {
            self.tree.add_sample(stack.iter().rev().copied(), 1);
            let mut node = 0;
            for &name in stack.iter().rev() {
                node = self.tree.child(node, name);
            }
            self.list.push((time_ns, node));
            self.samples += 1;
        }
        stack.clear();
    }
}

/// `[comm] pid/tid time: [period] event:modifiers: rest`; a tid alone is taken, too.
fn header(line: &str) -> Option<Header<'_>> {
    let mut at = 0;
    let mut words = line.split_ascii_whitespace();
    // A command name may hold spaces; the time is the first word that is `seconds.fraction:`.
    let (mut before, mut time_ns) = (None, None);
    for word in words.by_ref() {
        at = word.as_ptr() as usize - line.as_ptr() as usize + word.len();
        if let Some(time) = word.strip_suffix(':').and_then(seconds) {
            time_ns = Some(time);
            break;
        }
        before = Some(word);
    }
    let (time_ns, thread) = (time_ns?, before?);
    let tid = thread.rsplit('/').next()?.parse().ok()?;
    let mut rest = line[at..].trim_start();
    if let Some((period, tail)) = rest.split_once(char::is_whitespace)
        && period.bytes().all(|b| b.is_ascii_digit())
    {
        rest = tail.trim_start();
    }
    let (event, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let event = event.strip_suffix(':')?;
    // `cycles:uH` is the event with its modifiers.
    let event = event.split(':').next()?;
    (!event.is_empty()).then_some(Header { tid, time_ns, event, rest })
}

fn seconds(word: &str) -> Option<u64> {
    let (whole, fraction) = word.split_once('.')?;
    if fraction.is_empty() || fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let ns = fraction.parse::<u64>().ok()? * 10u64.pow(9 - fraction.len() as u32);
    whole.parse::<u64>().ok()?.checked_mul(1_000_000_000)?.checked_add(ns)
}

/// `address name+0xoffset (object)`: the name, or the object where there is none.
fn frame(line: &str) -> Option<&str> {
    let line = line.trim();
    let (address, rest) = line.split_once(' ')?;
    if address.is_empty() || address.len() > 16 || !address.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let rest = rest.trim();
    let (name, object) = match rest.rfind(" (") {
        Some(i) => (rest[..i].trim(), &rest[i + 2..]),
        None if rest.starts_with('(') => ("", &rest[1..]),
        None => (rest, ""),
    };
    let name = match name.rfind("+0x") {
        Some(i) if name[i + 3..].bytes().all(|b| b.is_ascii_hexdigit()) => &name[..i],
        _ => name,
    };
    if name.is_empty() || name == "[unknown]" {
        let object = object.trim_end_matches(')');
        return Some(if object.is_empty() || object == "[unknown]" { "[unknown]" } else { object });
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
825432/825432 339457.446180643:       1 cycles:u: \n\
\t    7f5c0c875a90 dl_open_worker+0x0 (/usr/lib64/ld-2.28.so)\n\
\t          4008de main+0x87 (/usr/local/home/demo)\n\
\n\
node 12/13 10.5: cpu-clock:uH: \n\
\t 1f core::fmt::write (/x y/lob.node)\n\
\t 20 [unknown] (/usr/lib/libc.so.6)\n\
\n\
 instruction trace error type 1 time 24 cpu -1 pid 1 tid 1 ip 0x7 code 7: Overflow packet (foo.so)\n\
12/13 11.000000001:          1 page-faults: \n\
\t 1f main+0x1 (/x)\n";

    #[test]
    fn samples_are_added_up_by_path_and_other_events_counted() {
        let p = parse(TEXT);
        assert!(is_perf_script(TEXT));
        let paths: Vec<String> =
            p.list.iter().map(|&(_, node)| p.tree.path_text(node, |n| p.names[n as usize].text.clone())).collect();
        assert_eq!(paths, ["main;dl_open_worker", "/usr/lib/libc.so.6;core::fmt::write"]);
        assert_eq!((p.samples, p.threads, p.decode_errors, p.overflows), (2, 2, 1, 1));
        assert_eq!(p.other_events.get("page-faults"), Some(&1));
        assert_eq!(p.window_ns, (10_500_000_000, 339_457_446_180_643));
    }

    #[test]
    fn any_text_is_read_without_a_panic() {
        for text in [
            "",
            "\n\n",
            "a:",
            "1/2 3.:",
            "1/2 3.4: x",
            "é 1/2 3.4: :",
            "1/2 99999999999999999999.1: x: y",
            "12 (",
            "0 +0x (",
        ] {
            let _ = parse(text);
            let _ = frame(text);
        }
        for cut in 0..TEXT.len() {
            let _ = parse(&TEXT[..cut]);
        }
    }
}
