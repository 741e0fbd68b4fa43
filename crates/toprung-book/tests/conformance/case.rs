//! Conformance cases as they are written: one JSON object per line, its commands and expectations kept as they came.
//!
//! Nothing is interpreted here, since a case may hold values that are wrong on purpose.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

/// One line of a file of cases.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) suite: String,
    /// What an engine must be able to do, by the case's own account.
    pub(crate) features: Vec<String>,
    /// The conventions that the case depends on.
    pub(crate) config: Map<String, Value>,
    pub(crate) steps: Vec<Step>,
    /// Remarks for the reader; one of them tells a convention.
    pub(crate) notes: String,
}

/// A command and what is asserted about it.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) cmd: Map<String, Value>,
    pub(crate) expect: Map<String, Value>,
}

impl Step {
    /// A text field of the command, empty where there is none.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.cmd.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether the case says that this field of the command is wrong on purpose.
    pub(crate) fn is_invalid(&self, field: &str) -> bool {
        let listed = self.cmd.get("invalidField").and_then(Value::as_array);
        listed.is_some_and(|fields| fields.iter().any(|f| f == field))
    }
}

/// Reads every `*.jsonl` of a folder, in the order of the names. `None` when there is no such folder.
///
/// Panics on a file that is not a file of cases: a line that cannot be read must not count as a case that was skipped.
pub(crate) fn read_folder(folder: &Path) -> Option<Vec<Case>> {
    if !folder.is_dir() {
        return None;
    }
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap_or_else(|e| panic!("{}: {e}", folder.display())).path())
        .filter(|path| path.extension().is_some_and(|x| x == "jsonl"))
        .collect();
    files.sort();
    Some(files.iter().flat_map(|file| read_file(file)).collect())
}

/// Reads one file of cases; panics as [`read_folder`] does.
pub(crate) fn read_file(file: &Path) -> Vec<Case> {
    let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(i, line)| parse(line).unwrap_or_else(|e| panic!("{}:{}: {e}", file.display(), i + 1))).collect()
}

/// Reads one case.
pub(crate) fn parse(line: &str) -> Result<Case, String> {
    let value: Value = serde_json::from_str(line).map_err(|e| e.to_string())?;
    let text = |key: &str| value[key].as_str().map(str::to_owned).ok_or(format!("`{key}` is not a text"));
    let list = |key: &str| value[key].as_array().ok_or(format!("`{key}` is not a list"));
    let features = list("features")?.iter().map(|f| f.as_str().map(str::to_owned)).collect::<Option<_>>();
    Ok(Case {
        id: text("id")?,
        suite: text("suite")?,
        features: features.ok_or("a feature is not a text")?,
        config: value["config"].as_object().cloned().unwrap_or_default(),
        steps: list("steps")?.iter().map(parse_step).collect::<Result<_, _>>()?,
        notes: value["notes"].as_str().unwrap_or_default().to_owned(),
    })
}

fn parse_step(step: &Value) -> Result<Step, String> {
    let cmd = step["cmd"].as_object().ok_or("a step has no `cmd`")?.clone();
    let expect = step["expect"].as_object().cloned().unwrap_or_default();
    match step.as_object().and_then(|fields| fields.keys().find(|k| *k != "cmd" && *k != "expect")) {
        Some(stranger) => Err(format!("a step has a `{stranger}`")),
        None => Ok(Step { cmd, expect }),
    }
}
