//! The call tree: spans of one path merged, or stack samples counted.

use std::collections::HashMap;

use super::timeline::{NONE, Timeline};

/// One path of calls. Times are ns, or samples where the tree is made of samples.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// Index into the names, [`NONE`] for the root of all.
    pub name: u32,
    /// The path without its last name.
    pub parent: u32,
    /// Calls; of samples 0, since they do not tell.
    pub calls: u64,
    /// Time with everything below.
    pub total: u64,
    /// Time without.
    pub own: u64,
}

/// Category of the recorder's own work, which is no part of what is recorded.
const RECORDER: &str = "recorder";

/// A call tree. Node 0 is the root of all; a parent always lies before its children.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Its nodes.
    pub nodes: Vec<Node>,
    known: HashMap<(u32, u32), u32>,
}

impl Default for Tree {
    fn default() -> Tree {
        Tree { nodes: vec![Node { name: NONE, parent: NONE, calls: 0, total: 0, own: 0 }], known: HashMap::new() }
    }
}

impl Tree {
    /// The node below `parent`, made if there is none.
    pub fn child(&mut self, parent: u32, name: u32) -> u32 {
        let next = self.nodes.len() as u32;
        let node = *self.known.entry((parent, name)).or_insert(next);
        if node == next {
            self.nodes.push(Node { name, parent, calls: 0, total: 0, own: 0 });
        }
        node
    }

    /// The tree of every span but those of replays.
    pub fn of_spans(timeline: &Timeline) -> Tree {
        let mut tree = Tree::default();
        // Spans lie thread by thread.
        let mut from = 0;
        for thread in timeline.spans.chunk_by(|a, b| a.thread == b.thread) {
            let to = from + thread.len() as u32;
            if !timeline.is_replay(thread[0].thread) {
                tree.add(timeline, from..to);
            }
            from = to;
        }
        tree
    }

    /// The tree below some spans, each of which becomes a child of the root; and the node of every span of theirs.
    pub fn below(timeline: &Timeline, roots: impl IntoIterator<Item = u32>) -> (Tree, Vec<u32>) {
        let mut tree = Tree::default();
        let mut nodes = vec![NONE; timeline.spans.len()];
        for root in roots {
            let range = root..timeline.spans[root as usize].next;
            let found = tree.add(timeline, range.clone());
            nodes[range.start as usize..range.end as usize].copy_from_slice(&found);
        }
        (tree, nodes)
    }

    /// Adds a range of spans in preorder; those whose parent is outside of it become children of the root.
    fn add(&mut self, timeline: &Timeline, range: std::ops::Range<u32>) -> Vec<u32> {
        let mut found = Vec::with_capacity(range.len());
        for i in range.clone() {
            let span = &timeline.spans[i as usize];
            if timeline.names[span.name as usize].category == RECORDER {
                found.push(0);
                continue;
            }
            let inside = span.parent != NONE && span.parent >= range.start;
            let parent = if inside { found[(span.parent - range.start) as usize] } else { 0 };
            let node = self.child(parent, span.name);
            found.push(node);
            let n = &mut self.nodes[node as usize];
            n.calls += 1;
            n.total += span.total_ns();
            n.own += span.self_ns();
            if !inside {
                self.nodes[0].total += span.total_ns();
            }
        }
        found
    }

    /// Adds a stack, outermost first.
    pub fn add_sample(&mut self, stack: impl IntoIterator<Item = u32>, weight: u64) {
        let mut node = 0;
        self.nodes[0].total += weight;
        for name in stack {
            node = self.child(node, name);
            self.nodes[node as usize].total += weight;
        }
        self.nodes[node as usize].own += weight;
    }

    /// The names of a path, outermost first.
    pub fn path(&self, node: u32) -> Vec<u32> {
        let mut names = Vec::new();
        let mut at = node;
        while at != NONE && self.nodes[at as usize].name != NONE {
            names.push(self.nodes[at as usize].name);
            at = self.nodes[at as usize].parent;
        }
        names.reverse();
        names
    }

    /// The children of every node, the one with the most time first, then in order of appearance.
    pub fn children(&self) -> Vec<Vec<u32>> {
        let mut children = vec![Vec::new(); self.nodes.len()];
        for (i, node) in self.nodes.iter().enumerate().skip(1) {
            children[node.parent as usize].push(i as u32);
        }
        for list in &mut children {
            list.sort_by_key(|&i| std::cmp::Reverse(self.nodes[i as usize].total));
        }
        children
    }

    /// A path as text.
    pub fn path_text(&self, node: u32, text: impl Fn(u32) -> String) -> String {
        self.path(node).into_iter().map(text).collect::<Vec<_>>().join(";")
    }
}
