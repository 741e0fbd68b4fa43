//! A differential flame graph: the paths of one trace, coloured by what each costs more or less than in another.
//!
//! Width is the time of the second trace, colour the change of a path's own time for each order (of samples, of its share of
//! all), so that what grew stands out at the place where it grew. The slowest thousandth of the orders is left out of both, as
//! in [`diff`](super::super::diff). After B. Gregg, "Differential Flame Graphs" (2014).

use std::io::{Result, Write};

use super::flamegraph::{Colour, Picture, draw};
use crate::analyze::diff::{PathCosts, costs_by_path};
use crate::analyze::text::{duration, percent};
use crate::analyze::{AnalyzeError, Subject};

/// Changes below this share of what a path cost have no colour: it is what `diff` takes for noise.
const LEAST: f64 = 0.03;
/// Nor have those below this share of all.
const LEAST_OF_ALL: f64 = 0.001;

/// From much less to much more.
const COLOURS: [Colour; 7] = [
    Colour { class: "less3", label: "−30 % and less", light: "#5b8fd0", dark: "#2f67ad" },
    Colour { class: "less2", label: "−10 %", light: "#93b6e2", dark: "#30507c" },
    Colour { class: "less1", label: "−3 %", light: "#c4d6ee", dark: "#35455c" },
    Colour { class: "same", label: "no change", light: "#dedad2", dark: "#4a4741" },
    Colour { class: "more1", label: "+3 %", light: "#f2cfc6", dark: "#5c3f37" },
    Colour { class: "more2", label: "+10 %", light: "#eba591", dark: "#84452f" },
    Colour { class: "more3", label: "+30 % and more", light: "#df6f52", dark: "#b4492c" },
];
const SAME: usize = 3;

/// Where a path stands on the scale.
fn step(a: f64, b: f64, all: f64) -> usize {
    let change = if a > 0.0 { (b - a) / a } else { f64::INFINITY };
    if (b - a).abs() < LEAST_OF_ALL * all || change.abs() < LEAST {
        return SAME;
    }
    let size = 1 + usize::from(change.abs() >= 0.1) + usize::from(change.abs() >= 0.3);
    if change > 0.0 { SAME + size } else { SAME - size }
}

/// Two traces of one kind, ready to be drawn.
pub(super) struct Differential {
    a: PathCosts,
    b: PathCosts,
    title: String,
}

impl Differential {
    /// The second trace against the first.
    pub(super) fn of(a: &Subject, b: &Subject, title: Option<&str>) -> std::result::Result<Differential, AnalyzeError> {
        let (a, b) = (costs_by_path(a), costs_by_path(b));
        if a.unit != b.unit {
            let message = "against: expected two traces of one kind, got spans and samples";
            return Err(AnalyzeError::Option(message.to_owned()));
        }
        for (costs, which) in [(&a, "in `against`"), (&b, "in the trace")] {
            if costs.count == 0 {
                let message = format!("against: expected orders in both traces, got none {which}");
                return Err(AnalyzeError::Option(message));
            }
        }
        Ok(Differential { a, b, title: title.unwrap_or("Differential flame graph").to_owned() })
    }

    pub(super) fn write(&self, out: &mut dyn Write) -> Result<()> {
        let Differential { a, b, title } = self;
        let amount = |x: f64| if b.unit == "ns" { duration(x) } else { percent(x) };
        let each = if b.unit == "ns" { " for each order" } else { " of the samples" };
        let (all_a, all_b) = (a.each(a.tree.nodes[0].total), b.each(b.tree.nodes[0].total));
        let (before, now, paths) = (a.by_path(), b.by_path(), b.paths());
        let gone = before.keys().filter(|path| !now.contains_key(*path)).count();
        let gone = if gone > 0 { format!("; {gone} paths of the first are gone") } else { String::new() };
        let look = |node: u32| {
            let n = &b.tree.nodes[node as usize];
            let path = &paths[node as usize - 1];
            let (own, was) = (b.each(n.own), before.get(path).copied());
            let said = match was {
                Some(was) => format!("own {} before, {} now", amount(was), amount(own)),
                None => format!("own {}, not there before", amount(own)),
            };
            let colour = step(was.unwrap_or(0.0), own, all_b);
            (COLOURS[colour].class, format!("{} with what is below; {said}", amount(b.each(n.total))))
        };
        draw(
            out,
            &Picture {
                tree: &b.tree,
                names: &b.names,
                title,
                subtitle: &format!(
                    "width is the second trace, colour the change of own time{each} against the first{gone}"
                ),
                all: &format!("all: {} before, {} now{each}", amount(all_a), amount(all_b)),
                colours: &COLOURS,
                legend_of_all: true,
                look: &look,
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_small_has_no_colour_and_what_is_new_the_strongest() {
        assert_eq!([step(100.0, 102.0, 1e3), step(100.0, 98.0, 1e3), step(0.0, 0.5, 1e3)], [SAME; 3]);
        assert_eq!([100.0, 104.0, 111.0, 131.0].map(|b| step(100.0, b, 1e3)), [3, 4, 5, 6]);
        assert_eq!([96.0, 89.0, 69.0, 0.0].map(|b| step(100.0, b, 1e3)), [2, 1, 0, 0]);
        assert_eq!(step(0.0, 5.0, 1e3), 6);
    }
}
