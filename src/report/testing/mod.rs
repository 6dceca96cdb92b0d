//! The report of a run of tests, ready to be worded: for people ([`human`]), for machines ([`json`]), for CI ([`junit`]).

pub mod human;
pub mod json;
pub mod junit;

use std::time::Duration;

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Location;

/// What a run of tests gave.
#[derive(Debug, Default)]
pub struct TestReport {
    /// What was found wrong with files; what is in them was not tested.
    pub diagnostics: Vec<Diagnostic>,
    /// The tests, in the order of files and lines.
    pub tests: Vec<TestEntry>,
    /// How many tests there are that were not asked for.
    pub left_out: usize,
    /// Gatekeeper suites.
    pub suites: Vec<SuiteEntry>,
    /// What the tests reached, if somebody asked.
    pub coverage: Option<CoverageEntry>,
}

/// One test.
#[derive(Debug)]
pub struct TestEntry {
    /// `policies.owner_test`
    pub package: String,
    /// `test_no_owner`
    pub name: String,
    /// Where it is defined.
    pub location: Location,
    /// How it ended.
    pub status: Status,
    /// Why it failed.
    pub failure: Option<FailureEntry>,
    /// Its cases, if it has some.
    pub cases: Vec<CaseEntry>,
    /// What `print` said, and where.
    pub prints: Vec<(Location, String)>,
    /// How long it took.
    pub time: Duration,
}

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It is true.
    Passed,
    /// It is not.
    Failed,
    /// It was not to be run.
    Skipped,
}

/// Why a test or a case failed.
#[derive(Debug)]
pub struct FailureEntry {
    /// A lower-case phrase.
    pub message: String,
    /// The statement to blame.
    pub location: Location,
    /// Variables and operands with their values.
    pub values: Vec<(String, String)>,
}

/// One case of a test.
#[derive(Debug)]
pub struct CaseEntry {
    /// Its key.
    pub name: String,
    /// Why it failed, if it did.
    pub failure: Option<FailureEntry>,
}

/// One Gatekeeper suite.
#[derive(Debug)]
pub struct SuiteEntry {
    /// Its file.
    pub file: String,
    /// Whether it could be run, and was to be.
    pub status: Status,
    /// Why it could not be run.
    pub failure: Option<FailureEntry>,
    /// Its cases, in the order written; none if it was not run.
    pub cases: Vec<SuiteCaseEntry>,
}

/// One case of a Gatekeeper suite, or a test of it that has none.
#[derive(Debug)]
pub struct SuiteCaseEntry {
    /// `all-must-have-owner/example-allowed`
    pub name: String,
    /// Where it is written.
    pub location: Location,
    /// How it ended.
    pub status: Status,
    /// Why it failed.
    pub failure: Option<FailureEntry>,
}

/// What the tests reached of the policies.
#[derive(Debug)]
pub struct CoverageEntry {
    /// By file, in the order of their names.
    pub files: Vec<CoveredFile>,
    /// The least percentage that is accepted.
    pub minimum: Option<f64>,
    /// Why nothing could be measured.
    pub failure: Option<String>,
}

/// What the tests reached of one file.
#[derive(Debug)]
pub struct CoveredFile {
    /// The file.
    pub name: String,
    /// Lines that were reached, of those that count.
    pub reached: usize,
    /// Lines that count.
    pub lines: usize,
    /// Definitions that came to a value, of all.
    pub held: usize,
    /// All definitions of rules.
    pub definitions: usize,
    /// Lines that were not reached, first and last of each run.
    pub missing: Vec<(u32, u32)>,
}

impl TestReport {
    /// How many tests and cases of suites ended in this way. A suite without cases counts as one.
    #[must_use]
    pub fn count(&self, status: Status) -> usize {
        let in_suites: usize = self.suites.iter().map(|suite| suite.count(status)).sum();
        self.tests.iter().filter(|test| test.status == status).count() + in_suites
    }

    /// Whether everything loaded, no test failed, and enough was reached.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.loaded() && self.count(Status::Failed) == 0 && self.coverage.as_ref().is_none_or(CoverageEntry::is_enough)
    }

    /// Whether every file could be read and does load.
    #[must_use]
    pub fn loaded(&self) -> bool {
        !self.diagnostics.iter().any(|found| found.severity == Severity::Error)
    }

    /// Whether no test was run at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count(Status::Passed) + self.count(Status::Failed) == 0
    }
}

impl SuiteEntry {
    fn count(&self, status: Status) -> usize {
        match self.cases.as_slice() {
            [] => usize::from(self.status == status),
            cases => cases.iter().filter(|case| case.status == status).count(),
        }
    }
}

impl CoverageEntry {
    /// Lines that were reached, and lines that count.
    #[must_use]
    pub fn lines(&self) -> (usize, usize) {
        self.files.iter().fold((0, 0), |(reached, lines), file| (reached + file.reached, lines + file.lines))
    }

    /// Definitions that came to a value, and all.
    #[must_use]
    pub fn definitions(&self) -> (usize, usize) {
        self.files.iter().fold((0, 0), |(held, all), file| (held + file.held, all + file.definitions))
    }

    /// Whether it was measured, and reaches what is asked for. Where there is no line to reach, nothing was shown.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        let (reached, lines) = self.lines();
        let enough = |minimum: f64| minimum <= 0.0 || (lines > 0 && percent(reached, lines) >= minimum);
        self.failure.is_none() && self.minimum.is_none_or(enough)
    }
}

/// A part of a whole in percent; 100 only if nothing is missing.
#[must_use]
pub fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 { 100.0 } else { part as f64 * 100.0 / whole as f64 }
}

/// A percentage with one digit after the point, never rounded up: 99.96 is not 100.
#[must_use]
pub fn percentage(part: usize, whole: usize) -> String {
    let tenths = (part * 1000).checked_div(whole).unwrap_or(1000);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Runs of lines: `3-7, 12`.
#[must_use]
pub fn ranges(runs: &[(u32, u32)]) -> String {
    let words = runs.iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coverage(reached: usize, lines: usize, minimum: f64) -> CoverageEntry {
        let file =
            CoveredFile { name: "a.rego".to_owned(), reached, lines, held: 0, definitions: 0, missing: Vec::new() };
        CoverageEntry { files: vec![file], minimum: Some(minimum), failure: None }
    }

    #[test]
    fn nearly_all_is_not_all() {
        assert_eq!(percentage(2_499, 2_500), "99.9");
        assert_eq!(percentage(2, 3), "66.6");
        assert_eq!(percentage(3, 3), "100.0");
        assert!(!coverage(2_499, 2_500, 100.0).is_enough());
        assert!(coverage(2_500, 2_500, 100.0).is_enough());
        assert!(coverage(2, 3, 66.6).is_enough());
    }

    #[test]
    fn where_nothing_counts_nothing_was_reached() {
        assert!(!coverage(0, 0, 1.0).is_enough());
        assert!(coverage(0, 0, 0.0).is_enough());
    }

    #[test]
    fn runs_of_lines_are_written_short() {
        assert_eq!(ranges(&[(3, 7), (12, 12)]), "3-7, 12");
    }
}
