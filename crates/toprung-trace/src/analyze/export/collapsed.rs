//! Collapsed stacks: a line for each path, and its own time in ns (or samples).

use std::io::{Result, Write};

use super::windowed;
use crate::analyze::timeline::NONE;
use crate::analyze::tree::Tree;
use crate::analyze::{Orders, Subject};

pub(super) fn write(subject: &Subject, window: (u64, u64), orders_only: bool, out: &mut dyn Write) -> Result<()> {
    let (tree, names) = tree_of(subject, window, orders_only);
    // A semicolon and a line break are the format's own.
    let text = |name: u32| names[name as usize].replace([';', '\n'], ",");
    for (i, node) in tree.nodes.iter().enumerate().filter(|(_, n)| n.name != NONE && n.own > 0) {
        writeln!(out, "{} {}", tree.path_text(i as u32, text), node.own)?;
    }
    Ok(())
}

/// The call tree of a window and its names; of orders only those that lie in it as a whole.
pub(super) fn tree_of(subject: &Subject, window: (u64, u64), orders_only: bool) -> (Tree, Vec<String>) {
    match subject {
        Subject::Spans(t) => {
            let tree = if orders_only {
                let inside = |span: &u32| {
                    let s = &t.spans[*span as usize];
                    s.start_ns >= window.0 && s.end_ns <= window.1
                };
                let orders = Orders::of(t, &[]);
                Tree::below(t, orders.list.iter().map(|o| o.span).filter(inside)).0
            } else {
                Tree::of_spans(&windowed(t, window))
            };
            (tree, t.names.iter().map(|n| n.text.clone()).collect())
        }
        Subject::Samples(p) => {
            let names = p.names.iter().map(|n| n.text.clone()).collect();
            if window == p.window_ns {
                return (p.tree.clone(), names);
            }
            let mut tree = Tree::default();
            for &(_, node) in p.list.iter().filter(|(at, _)| *at >= window.0 && *at <= window.1) {
                tree.add_sample(p.tree.path(node), 1);
            }
            (tree, names)
        }
    }
}
