//! Counts how cases went, by suite and by feature, and lists the ones that were not run.

use std::collections::BTreeMap;
use std::fmt;

use crate::case::Case;
use crate::run::Outcome;

/// How many cases went how.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) differs: usize,
    pub(crate) skipped: usize,
}

impl Tally {
    /// Cases that were carried out.
    pub(crate) fn run(&self) -> usize {
        self.passed + self.failed + self.differs
    }

    fn count(&mut self, outcome: &Outcome) {
        *match outcome {
            Outcome::Passed => &mut self.passed,
            Outcome::Failed(_) => &mut self.failed,
            Outcome::Differs(_) => &mut self.differs,
            Outcome::Skipped(_) => &mut self.skipped,
        } += 1;
    }
}

/// What came of a set of cases.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) total: Tally,
    pub(crate) suites: BTreeMap<String, Tally>,
    features: BTreeMap<String, Tally>,
    /// Cases that need a feature, by what is missing.
    missing: BTreeMap<String, usize>,
    skipped: Vec<String>,
    differs: Vec<String>,
    pub(crate) failures: Vec<String>,
}

impl Report {
    /// Takes note of how a case went.
    pub(crate) fn add(&mut self, case: &Case, outcome: &Outcome) {
        self.total.count(outcome);
        self.suites.entry(case.suite.clone()).or_default().count(outcome);
        for feature in &case.features {
            self.features.entry(feature.clone()).or_default().count(outcome);
        }
        match outcome {
            Outcome::Passed => {}
            Outcome::Failed(message) => self.failures.push(message.clone()),
            Outcome::Differs(why) => self.differs.push(format!("{}: {why}", case.id)),
            Outcome::Skipped(missing) => {
                let names: Vec<&str> = missing.iter().map(String::as_str).collect();
                self.skipped.push(format!("{}: {}", case.id, names.join(", ")));
                for name in missing {
                    *self.missing.entry(name.clone()).or_default() += 1;
                }
            }
        }
    }

    /// The totals in one line.
    pub(crate) fn summary(&self) -> String {
        let Tally { passed, failed, differs, skipped } = self.total;
        let run = self.total.run();
        format!("{run} run, {passed} passed, {failed} failed, {differs} differ on purpose, {skipped} skipped")
    }
}

fn table(f: &mut fmt::Formatter<'_>, of: &str, rows: &BTreeMap<String, Tally>) -> fmt::Result {
    writeln!(f, "{of:<24}{:>6}{:>8}{:>8}{:>9}{:>9}", "run", "passed", "failed", "differs", "skipped")?;
    for (name, t) in rows {
        writeln!(f, "{name:<24}{:>6}{:>8}{:>8}{:>9}{:>9}", t.run(), t.passed, t.failed, t.differs, t.skipped)?;
    }
    writeln!(f)
}

fn list(f: &mut fmt::Formatter<'_>, title: &str, lines: &[String]) -> fmt::Result {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(f, "{title}")?;
    lines.iter().try_for_each(|line| writeln!(f, "  {line}"))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        table(f, "suite", &self.suites)?;
        table(f, "feature", &self.features)?;
        let missing: Vec<String> = self.missing.iter().map(|(name, cases)| format!("{name:<22}{cases:>6}")).collect();
        list(f, "missing, and the cases that need it", &missing)?;
        list(f, "skipped", &self.skipped)?;
        list(f, "differs on purpose", &self.differs)?;
        list(f, "failed", &self.failures)
    }
}
