//! The orders of a trace: which spans they are, and what is known of each.

use std::collections::HashMap;

use super::bucket::Bucket;
use super::timeline::{NONE, Timeline};

/// One order on its way through the book.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    /// Its span.
    pub span: u32,
    /// Where its steps are: its own span, or that of its replay if only that has steps.
    pub detail: u32,
    /// How long its replay took, ns, if it was replayed: what takes long both times is the input's doing.
    pub replay_ns: Option<u64>,
    /// Its number in the sequence: argument `command`, else its place in the trace.
    pub number: u64,
    /// Its own identity, argument `id`.
    pub id: Option<i64>,
    /// Index into [`Orders::kinds`].
    pub kind: u32,
    /// Its latency, ns.
    pub ns: u64,
    /// Whether its start or end is in the trace.
    pub whole: bool,
    /// What happened on the way.
    pub events: Events,
}

/// What an order met with on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// Calls of the allocator.
    pub allocations: u64,
    /// Time in it, ns, where it is a span.
    pub allocator_ns: u64,
    /// Page faults.
    pub page_faults: u64,
    /// Times that the thread was taken off the processor.
    pub switches: u64,
    /// Fills, or levels swept: how much there was to do. `None` where the trace does not say.
    pub work: Option<u64>,
}

/// The orders of a trace, in order of time.
#[derive(Clone, Debug, Default)]
pub struct Orders {
    /// The orders.
    pub list: Vec<Order>,
    /// Kinds of order.
    pub kinds: Vec<String>,
    /// How they were found.
    pub found_by: String,
}

/// Functions that carry out one command, for traces that were not written by the recorder.
const APPLY: &[&str] = &["toprung_book::book::Book::apply", "Book::apply", "apply_one"];

const ALLOCATIONS: &[&str] = &["allocations", "allocs"];
const PAGE_FAULTS: &[&str] = &["page_faults", "minor_faults", "major_faults"];
const SWITCHES: &[&str] = &["ctx_switches", "switches", "migrations"];
const WORK: &[&str] = &["fills", "levels", "trades"];

impl Orders {
    /// Finds the orders: the spans of the names that are asked for, else of category `order`, else those of a function
    /// that applies a command. An order within an order is not one of its own.
    pub fn of(timeline: &Timeline, roots: &[String]) -> Orders {
        let names: Vec<bool>;
        let found_by;
        if roots.is_empty() {
            let orders: Vec<bool> = timeline.names.iter().map(|n| n.bucket == Bucket::Order).collect();
            if orders.contains(&true) {
                (names, found_by) = (orders, "category order".to_owned());
            } else {
                names = timeline.names.iter().map(|n| APPLY.iter().any(|apply| is_function(&n.text, apply))).collect();
                let first = timeline.names.iter().zip(&names).find(|(_, is)| **is);
                found_by = first.map_or_else(String::new, |(n, _)| format!("function {}", n.text));
            }
        } else {
            names = timeline.names.iter().map(|n| roots.contains(&n.text)).collect();
            found_by = format!("name {}", roots.join(", "));
        }
        let mut orders = Orders { list: Vec::new(), kinds: Vec::new(), found_by };
        let mut kinds: HashMap<String, u32> = HashMap::new();
        let mut i = 0;
        while i < timeline.spans.len() {
            let span = &timeline.spans[i];
            if timeline.is_replay(span.thread) || !names[span.name as usize] {
                i += 1;
                continue;
            }
            let kind = timeline.word(span, "kind").unwrap_or_else(|| timeline.text(span.name));
            let known = kinds.len() as u32;
            let kind = *kinds.entry(kind.to_owned()).or_insert_with(|| {
                orders.kinds.push(kind.to_owned());
                known
            });
            orders.list.push(Order {
                span: i as u32,
                detail: i as u32,
                replay_ns: None,
                number: timeline.int(span, "command").map_or(orders.list.len() as u64, |n| n.max(0) as u64),
                id: timeline.int(span, "id"),
                kind,
                ns: span.total_ns(),
                whole: !span.censored,
                events: events(timeline, i as u32),
            });
            i = span.next as usize;
        }
        orders.add_marks(timeline);
        orders.add_replays(timeline, &names);
        orders.list.sort_by_key(|o| timeline.spans[o.span as usize].start_ns);
        orders
    }

    /// Allocations, faults and switches that the trace has as marks.
    fn add_marks(&mut self, timeline: &Timeline) {
        if timeline.marks.is_empty() || self.list.is_empty() {
            return;
        }
        let mut order_of = vec![NONE; timeline.spans.len()];
        for (i, order) in self.list.iter().enumerate() {
            order_of[order.span as usize..timeline.spans[order.span as usize].next as usize].fill(i as u32);
        }
        for mark in timeline.marks.iter().filter(|m| m.span != NONE) {
            let Some(order) = self.list.get_mut(order_of[mark.span as usize] as usize) else { continue };
            let name = &timeline.names[mark.name as usize];
            match name.bucket {
                Bucket::Allocator => order.events.allocations += 1,
                Bucket::PageFault => order.events.page_faults += 1,
                Bucket::Kernel => order.events.switches += 1,
                _ => {}
            }
        }
    }

    /// What replays of orders show that the first run did not: its steps, and events that are counted only there.
    fn add_replays(&mut self, timeline: &Timeline, names: &[bool]) {
        let replays: HashMap<u64, u32> = (0..timeline.spans.len() as u32)
            .filter(|&i| {
                let s = &timeline.spans[i as usize];
                timeline.is_replay(s.thread) && names[s.name as usize] && timeline.int(s, "hit") == Some(1)
            })
            .filter_map(|i| Some((timeline.int(&timeline.spans[i as usize], "command")?.max(0) as u64, i)))
            .collect();
        for o in &mut self.list {
            let Some(&replay) = replays.get(&o.number) else { continue };
            let again = &timeline.spans[replay as usize];
            o.replay_ns = Some(again.total_ns());
            if timeline.spans[o.span as usize].next == o.span + 1 && again.next > replay + 1 {
                o.detail = replay;
            }
            let seen = events(timeline, replay);
            o.events.allocations = o.events.allocations.max(seen.allocations);
            o.events.allocator_ns = o.events.allocator_ns.max(seen.allocator_ns);
            o.events.page_faults = o.events.page_faults.max(seen.page_faults);
            o.events.work = o.events.work.or(seen.work);
        }
    }

    /// The whole ones.
    pub fn whole(&self) -> impl Iterator<Item = &Order> {
        self.list.iter().filter(|o| o.whole)
    }

    /// Their latencies, sorted.
    pub fn sorted_ns(&self) -> Vec<u64> {
        let mut ns: Vec<u64> = self.whole().map(|o| o.ns).collect();
        ns.sort_unstable();
        ns
    }
}

/// A function's name with or without its path and its generic arguments.
fn is_function(name: &str, function: &str) -> bool {
    name == function
        || name.strip_prefix(function).is_some_and(|rest| rest.starts_with("::<") || rest.starts_with("::h"))
}

/// What the arguments and the spans below say.
fn events(timeline: &Timeline, root: u32) -> Events {
    let mut events = Events::default();
    for i in root..timeline.spans[root as usize].next {
        let span = &timeline.spans[i as usize];
        for (key, value) in timeline.args_of(span) {
            let super::timeline::Value::Int(v) = *value else { continue };
            let v = v.max(0) as u64;
            if ALLOCATIONS.contains(&key) {
                events.allocations += v;
            } else if PAGE_FAULTS.contains(&key) {
                events.page_faults += v;
            } else if SWITCHES.contains(&key) {
                events.switches += v;
            } else if WORK.contains(&key) && i == root {
                events.work = Some(events.work.unwrap_or(0).max(v));
            }
        }
        let parent = (i > root).then(|| timeline.bucket(&timeline.spans[span.parent as usize]));
        match timeline.bucket(span) {
            Bucket::Allocator if parent != Some(Bucket::Allocator) => {
                events.allocations += 1;
                events.allocator_ns += span.total_ns();
            }
            Bucket::PageFault if parent != Some(Bucket::PageFault) => events.page_faults += 1,
            _ => {}
        }
    }
    events
}
