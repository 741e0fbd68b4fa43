//! The parameters of a kind of agent as a table: it drives the checks, the documentation and the TypeScript types.

use std::collections::BTreeMap;

use crate::error::ConfigError;

/// One parameter.
#[derive(Clone, Copy, Debug)]
pub struct ParamSpec {
    /// In camelCase, with its unit.
    pub name: &'static str,
    /// What it is when it is left out.
    pub default: f64,
    /// Least value.
    pub min: f64,
    /// Greatest value.
    pub max: f64,
    /// Whether it must be an integer.
    pub integer: bool,
    /// What it means.
    pub doc: &'static str,
}

/// A number.
pub(crate) const fn real(name: &'static str, default: f64, min: f64, max: f64, doc: &'static str) -> ParamSpec {
    ParamSpec { name, default, min, max, integer: false, doc }
}

/// An integer.
pub(crate) const fn int(name: &'static str, default: f64, min: f64, max: f64, doc: &'static str) -> ParamSpec {
    ParamSpec { name, default, min, max, integer: true, doc }
}

/// A duration in ns, up to an hour times a thousand.
pub(crate) const fn ns(name: &'static str, default: f64, doc: &'static str) -> ParamSpec {
    int(name, default, 1.0, 3.6e15, doc)
}

/// A quantity in lots.
pub(crate) const fn lots(name: &'static str, default: f64, doc: &'static str) -> ParamSpec {
    int(name, default, 1.0, 1e9, doc)
}

/// What the parameter is called that is buy (1) or sell (-1).
const SIDE: &str = "side";

/// Buy (1) or sell (-1).
pub(crate) const fn side(doc: &'static str) -> ParamSpec {
    int(SIDE, -1.0, -1.0, 1.0, doc)
}

/// The values of one agent's parameters.
#[derive(Clone, Debug)]
pub(crate) struct Params<'a> {
    specs: &'static [ParamSpec],
    given: &'a BTreeMap<String, f64>,
}

impl<'a> Params<'a> {
    pub(crate) fn new(specs: &'static [ParamSpec], given: &'a BTreeMap<String, f64>) -> Params<'a> {
        Params { specs, given }
    }

    /// The value of a parameter that the kind has.
    pub(crate) fn f(&self, name: &str) -> f64 {
        let spec = self.specs.iter().find(|s| s.name == name).expect("Invariant: agents read what their table has");
        self.given.get(name).copied().unwrap_or(spec.default)
    }

    pub(crate) fn u(&self, name: &str) -> u64 {
        // From float to integer saturates; the table bounds it anyway.
        self.f(name) as u64
    }

    pub(crate) fn i(&self, name: &str) -> i64 {
        self.f(name) as i64
    }

    pub(crate) fn side(&self) -> toprung_book::Side {
        if self.f(SIDE) > 0.0 { toprung_book::Side::Buy } else { toprung_book::Side::Sell }
    }
}

/// Checks every given value against the table.
pub(crate) fn check(specs: &[ParamSpec], given: &BTreeMap<String, f64>, path: &str) -> Result<(), ConfigError> {
    for (name, value) in given {
        let path = format!("{path}.{name}");
        let Some(spec) = specs.iter().find(|s| s.name == name) else {
            let known = specs.iter().map(|s| s.name).collect::<Vec<_>>().join(", ");
            let rule = if known.is_empty() { "absent".to_owned() } else { format!("one of {known}") };
            return Err(ConfigError { path, rule, got: format!("{name:?}") });
        };
        let fits = (spec.min..=spec.max).contains(value) && (!spec.integer || value.trunc() == *value);
        if !fits {
            let what = if spec.integer { "an integer" } else { "a number" };
            let rule = format!("{what} from {} to {}", spec.min, spec.max);
            return Err(ConfigError { path, rule, got: value.to_string() });
        }
        // Neither buys nor sells.
        if name == SIDE && *value == 0.0 {
            return Err(ConfigError { path, rule: "1 or -1".to_owned(), got: value.to_string() });
        }
    }
    let value = |spec: &ParamSpec| given.get(spec.name).copied().unwrap_or(spec.default);
    for low in specs {
        let high = low.name.strip_suffix("Min").map(|stem| format!("{stem}Max"));
        let Some(high) = specs.iter().find(|s| Some(s.name) == high.as_deref()) else { continue };
        if value(low) > value(high) {
            let rule = format!("at most {} ({})", high.name, value(high));
            let path = format!("{path}.{}", low.name);
            return Err(ConfigError { path, rule, got: value(low).to_string() });
        }
    }
    Ok(())
}
