//! A flame graph as an SVG that needs nothing else: no script, no font, no style sheet from elsewhere.
//!
//! The root is at the bottom; width is time; a colour is a kind of work, so that the allocator or the kernel is seen from
//! afar. It follows the reader's light or dark setting. Every frame has a title that says name, time and share.

use std::collections::BTreeSet;
use std::io::{Result, Write};

use super::ExportOptions;
use super::collapsed::tree_of;
use crate::analyze::bucket::Bucket;
use crate::analyze::text::{duration, grouped, percent};
use crate::analyze::tree::Tree;
use crate::analyze::{Source, Subject};

const WIDTH: f64 = 1200.0;
const MARGIN: f64 = 10.0;
const ROW: f64 = 18.0;
const TOP: f64 = 56.0;
/// Height of the legend below.
const LEGEND: f64 = 30.0;
/// Mean width of a character of the font at this size.
const CHARACTER: f64 = 6.6;
/// Narrower frames are not drawn.
const WIDTH_MIN: f64 = 0.3;
/// Deeper frames are not drawn: a runaway recursion must not make a picture of a mile.
const DEPTH_MAX: usize = 120;

/// A frame that is drawn.
struct Frame {
    node: u32,
    x: f64,
    width: f64,
    depth: usize,
}

/// A colour by the reader's light or dark setting.
pub(super) struct Colour {
    pub(super) class: &'static str,
    pub(super) label: &'static str,
    pub(super) light: &'static str,
    pub(super) dark: &'static str,
}

/// A tree to be drawn.
pub(super) struct Picture<'a> {
    pub(super) tree: &'a Tree,
    pub(super) names: &'a [String],
    pub(super) title: &'a str,
    pub(super) subtitle: &'a str,
    /// Label of the root.
    pub(super) all: &'a str,
    pub(super) colours: &'a [Colour],
    /// Whether the legend has colours too that no frame has.
    pub(super) legend_of_all: bool,
    /// Class of a node, and what its title says behind its name.
    pub(super) look: &'a dyn Fn(u32) -> (&'static str, String),
}

pub(super) fn write(subject: &Subject, window: (u64, u64), options: &ExportOptions, out: &mut dyn Write) -> Result<()> {
    let (tree, names) = tree_of(subject, window, options.orders_only);
    let (buckets, source): (Vec<Bucket>, Source) = match subject {
        Subject::Spans(t) => (t.names.iter().map(|n| n.bucket).collect(), t.source),
        Subject::Samples(p) => (p.names.iter().map(|n| n.bucket).collect(), Source::Samples),
    };
    let amount =
        |n: u64| if source == Source::Samples { format!("{} samples", grouped(n)) } else { duration(n as f64) };
    let all = tree.nodes[0].total;
    let look = |node: u32| {
        let node = &tree.nodes[node as usize];
        let calls = if node.calls > 0 { format!(", {} calls", grouped(node.calls)) } else { String::new() };
        let share = percent(node.total as f64 / all.max(1) as f64);
        let said = format!("{} ({share}), own {}{calls}", amount(node.total), amount(node.own));
        (buckets[node.name as usize].name(), said)
    };
    draw(
        out,
        &Picture {
            tree: &tree,
            names: &names,
            title: options.title.as_deref().unwrap_or("Flame graph"),
            subtitle: &format!(
                "{}, {} on {} paths; width is time, hover for figures",
                source.name(),
                amount(all),
                tree.nodes.len() - 1
            ),
            all: &format!("all: {}", amount(all)),
            colours: &COLOURS.map(|(bucket, light, dark)| Colour {
                class: bucket.name(),
                label: bucket.name(),
                light,
                dark,
            }),
            legend_of_all: false,
            look: &look,
        },
    )
}

/// Draws a tree.
pub(super) fn draw(out: &mut dyn Write, p: &Picture<'_>) -> Result<()> {
    let frames = layout(p.tree);
    let depth = frames.iter().map(|f| f.depth).max().unwrap_or(0);
    let height = TOP + (depth + 1) as f64 * ROW + MARGIN + LEGEND;
    head(out, p, height)?;
    let y = |depth: usize| height - LEGEND - MARGIN - (depth + 1) as f64 * ROW;
    let (all, width) = (escape(p.all), WIDTH - 2.0 * MARGIN);
    writeln!(
        out,
        "<g><title>{all}</title><rect class=\"f all\" x=\"{MARGIN}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{:.1}\"/>",
        y(0),
        ROW - 1.0
    )?;
    writeln!(out, "<text x=\"{:.1}\" y=\"{:.1}\">{all}</text></g>", MARGIN + 4.0, y(0) + 12.5)?;
    let mut seen = BTreeSet::new();
    for f in &frames {
        let name = &p.names[p.tree.nodes[f.node as usize].name as usize];
        let (class, said) = (p.look)(f.node);
        seen.insert(class);
        writeln!(
            out,
            "<g><title>{}: {}</title><rect class=\"f {class}\" x=\"{:.2}\" y=\"{:.1}\" width=\"{:.2}\" height=\"{:.1}\"/>",
            escape(name),
            escape(&said),
            f.x,
            y(f.depth),
            (f.width - 0.4).max(0.2),
            ROW - 1.0
        )?;
        let room = ((f.width - 8.0) / CHARACTER) as usize;
        if room >= 3 {
            writeln!(
                out,
                "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                f.x + 4.0,
                y(f.depth) + 12.5,
                escape(&shortened(name, room))
            )?;
        }
        writeln!(out, "</g>")?;
    }
    legend(out, p.colours.iter().filter(|c| p.legend_of_all || seen.contains(c.class)), height)?;
    writeln!(out, "</svg>")
}

fn layout(tree: &Tree) -> Vec<Frame> {
    let children = tree.children();
    let scale = (WIDTH - 2.0 * MARGIN) / tree.nodes[0].total.max(1) as f64;
    let mut frames = Vec::new();
    let mut stack = vec![(0u32, MARGIN, 0usize)];
    while let Some((node, x, depth)) = stack.pop() {
        if depth > 0 {
            frames.push(Frame { node, x, width: tree.nodes[node as usize].total as f64 * scale, depth });
        }
        if depth >= DEPTH_MAX {
            continue;
        }
        let mut at = x;
        for &child in &children[node as usize] {
            let width = tree.nodes[child as usize].total as f64 * scale;
            if width >= WIDTH_MIN {
                stack.push((child, at, depth + 1));
            }
            at += width;
        }
    }
    frames
}

/// Colours of kinds of work, light and dark: of one lightness, so that none shouts but the allocator, faults and kernel.
const COLOURS: [(Bucket, &str, &str); 11] = [
    (Bucket::Order, "#d9c27a", "#6b5a22"),
    (Bucket::Core, "#f0a868", "#8a5220"),
    (Bucket::Allocator, "#e5707e", "#a03545"),
    (Bucket::PageFault, "#c678c9", "#7d3a80"),
    (Bucket::Kernel, "#8fb0dd", "#34568a"),
    (Bucket::MemoryCopy, "#8ccfc4", "#266a60"),
    (Bucket::Napi, "#a9d18e", "#42702a"),
    (Bucket::Format, "#d3a5e0", "#6c4079"),
    (Bucket::Math, "#bccf6b", "#5c6b1c"),
    (Bucket::Recorder, "#cfcfcf", "#4d4d4d"),
    (Bucket::Other, "#dccfc0", "#5a5045"),
];

fn head(out: &mut dyn Write, p: &Picture<'_>, height: f64) -> Result<()> {
    let rules = |dark: bool| -> String {
        p.colours.iter().map(|c| format!(".{}{{fill:{}}}", c.class, if dark { c.dark } else { c.light })).collect()
    };
    let (title, subtitle) = (escape(p.title), escape(p.subtitle));
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" width=\"{WIDTH}\" height=\"{height:.0}\" role=\"img\" aria-label=\"{title}\">"
    )?;
    writeln!(
        out,
        "<style>svg{{background:#fbfaf8}}.bg{{fill:#fbfaf8}}text{{font:11px ui-monospace,Menlo,Consolas,monospace;fill:#1c1a17;pointer-events:none}}\
         .h{{font:600 16px system-ui,sans-serif}}.s{{font:12px system-ui,sans-serif;fill:#5f5a52}}.f{{stroke:#fbfaf8;stroke-width:.4}}.all{{fill:#e6e1d8}}\
         g:hover>.f{{stroke:#1c1a17;stroke-width:1}}{}\
         @media(prefers-color-scheme:dark){{svg{{background:#171614}}.bg{{fill:#171614}}text{{fill:#f1eee8}}.s{{fill:#a8a298}}.f{{stroke:#171614}}.all{{fill:#37342f}}\
         g:hover>.f{{stroke:#f1eee8}}{}}}</style>",
        rules(false),
        rules(true)
    )?;
    writeln!(out, "<rect class=\"bg\" width=\"100%\" height=\"100%\"/>")?;
    writeln!(out, "<text class=\"h\" x=\"{MARGIN}\" y=\"24\">{title}</text>")?;
    writeln!(out, "<text class=\"s\" x=\"{MARGIN}\" y=\"42\">{subtitle}</text>")
}

fn legend<'a>(out: &mut dyn Write, colours: impl Iterator<Item = &'a Colour>, height: f64) -> Result<()> {
    let (mut x, y) = (MARGIN, height - LEGEND + 6.0);
    for Colour { class, label, .. } in colours {
        writeln!(out, "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"12\" height=\"12\" rx=\"2\"/>")?;
        writeln!(out, "<text class=\"s\" x=\"{:.1}\" y=\"{:.1}\">{label}</text>", x + 17.0, y + 10.5)?;
        x += 17.0 + label.chars().count() as f64 * 6.8 + 18.0;
    }
    Ok(())
}

/// A name that fits: without its generic arguments, then the end of its path, then its beginning.
fn shortened(name: &str, room: usize) -> String {
    if name.chars().count() <= room {
        return name.to_owned();
    }
    let plain = name.split('<').next().filter(|p| !p.is_empty()).unwrap_or(name);
    let last = plain.rsplit("::").next().filter(|l| !l.is_empty()).unwrap_or(plain);
    if last.chars().count() <= room {
        return last.to_owned();
    }
    last.chars().take(room.saturating_sub(1)).chain(['…']).collect()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML knows no other control characters, not even escaped.
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shortened_from_the_least_telling_end() {
        assert_eq!(shortened("toprung_book::book::Book<S>::apply", 40), "toprung_book::book::Book<S>::apply");
        assert_eq!(shortened("toprung_book::book::sweep<S>", 8), "sweep");
        assert_eq!(shortened("averylongname", 5), "aver…");
        assert_eq!(escape("a<b>&\"\u{1}"), "a&lt;b&gt;&amp;&quot;\u{fffd}");
    }
}
