//! A run of tests for machines, version 1. These types are frozen: they change only by addition.
//!
//! The schema is `schemas/test-report.v1.schema.json`, generated from the types. There are no times in it: the same
//! files give the same bytes.

use schemars::JsonSchema;
use serde::Serialize;

use super::{CoverageEntry, FailureEntry, Status, SuiteCaseEntry, SuiteEntry, TestEntry, TestReport, percent};
use crate::diagnostic::Diagnostic;
use crate::report::json::{SeverityV1, Tool, pretty};
use crate::source::Location;

/// A run of `hydrant test`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Hydrant test report, version 1")]
pub struct TestReportV1 {
    /// The version of this format: 1.
    pub version: u8,
    /// What made the report.
    pub tool: Tool,
    /// Whether everything loaded, no test failed, and enough was reached.
    pub passed: bool,
    /// How many tests and suites ended in which way.
    pub counts: TestCounts,
    /// Files that did not load.
    pub problems: Vec<ProblemV1>,
    /// The tests, in the order of files and lines.
    pub tests: Vec<TestV1>,
    /// Gatekeeper suites.
    pub suites: Vec<SuiteV1>,
    /// What the tests reached; absent if nobody asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<CoverageV1>,
}

/// Tests and suites by how they ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TestCounts {
    /// Passed.
    pub passed: usize,
    /// Failed.
    pub failed: usize,
    /// Skipped: `todo_test_…`.
    pub skipped: usize,
    /// Not asked for.
    pub left_out: usize,
}

/// What is wrong with a file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProblemV1 {
    /// The rule's stable id.
    pub rule: String,
    /// How bad it is.
    pub severity: SeverityV1,
    /// What is wrong.
    pub message: String,
    /// Where; absent if no text could be blamed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<PlaceV1>,
}

/// A line of a file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlaceV1 {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// One test.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TestV1 {
    /// Its package, such as `policies.owner_test`.
    pub package: String,
    /// Its name, such as `test_no_owner`.
    pub name: String,
    /// Where it is defined.
    pub location: PlaceV1,
    /// How it ended.
    pub status: StatusV1,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureV1>,
    /// Its cases, if it has some.
    pub cases: Vec<CaseV1>,
    /// What `print` said.
    pub prints: Vec<PrintV1>,
}

/// How a test ended.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StatusV1 {
    /// It is true.
    Passed,
    /// It is false, undefined, an error, or one of its cases failed.
    Failed,
    /// It was not run.
    Skipped,
}

/// Why a test or a case failed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FailureV1 {
    /// What happened.
    pub message: String,
    /// The statement to blame.
    pub location: PlaceV1,
    /// What its variables and operands were.
    pub values: Vec<ValueV1>,
}

/// One value, as Rego writes it; long ones are cut off.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ValueV1 {
    /// The variable or expression.
    pub expression: String,
    /// Its value.
    pub value: String,
}

/// One case of a test.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CaseV1 {
    /// Its key.
    pub name: String,
    /// Why it failed; absent if it passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureV1>,
}

/// What one call of `print` said.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PrintV1 {
    /// Where it is called.
    pub location: PlaceV1,
    /// What it said.
    pub text: String,
}

/// One Gatekeeper suite.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SuiteV1 {
    /// Its file.
    pub file: String,
    /// Whether it was run; how its cases ended is told with each.
    pub status: StatusV1,
    /// Why it could not be run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureV1>,
    /// Its cases, in the order written; none if it was not run.
    pub cases: Vec<SuiteCaseV1>,
}

/// One case of a Gatekeeper suite, or a test of it that has none.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SuiteCaseV1 {
    /// Test and case, such as `all-must-have-owner/example-allowed`.
    pub name: String,
    /// Where it is written.
    pub location: PlaceV1,
    /// How it ended.
    pub status: StatusV1,
    /// Why it failed. The values are the violations that were found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureV1>,
}

/// What the tests reached of the policies.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CoverageV1 {
    /// Why it could not be measured; the numbers mean nothing then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Lines that were reached, of those that count.
    pub reached: usize,
    /// Lines on which a definition or a statement begins.
    pub lines: usize,
    /// The same in percent.
    pub percent: f64,
    /// The least percentage that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
    /// By file.
    pub files: Vec<CoveredFileV1>,
}

/// What the tests reached of one file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CoveredFileV1 {
    /// The file.
    pub file: String,
    /// Lines that were reached, of those that count.
    pub reached: usize,
    /// Lines on which a definition or a statement begins.
    pub lines: usize,
    /// Definitions of rules that came to a value, of all.
    pub definitions_held: usize,
    /// Definitions of rules.
    pub definitions: usize,
    /// Lines that were not reached.
    pub not_reached: Vec<LinesV1>,
}

/// Lines from the first to the last.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LinesV1 {
    /// First line.
    pub from: u32,
    /// Last line.
    pub to: u32,
}

/// The report as JSON, indented, with a line feed at the end.
#[must_use]
pub fn write(report: &TestReport) -> String {
    pretty(&TestReportV1::from(report))
}

/// The JSON schema of [`TestReportV1`].
#[must_use]
pub fn schema() -> String {
    pretty(&schemars::schema_for!(TestReportV1))
}

impl From<&TestReport> for TestReportV1 {
    fn from(report: &TestReport) -> Self {
        Self {
            version: 1,
            tool: Tool { name: "hydrant".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            passed: report.passed() && !report.is_empty(),
            counts: TestCounts {
                passed: report.count(Status::Passed),
                failed: report.count(Status::Failed),
                skipped: report.count(Status::Skipped),
                left_out: report.left_out,
            },
            problems: report.diagnostics.iter().map(ProblemV1::from).collect(),
            tests: report.tests.iter().map(TestV1::from).collect(),
            suites: report.suites.iter().map(SuiteV1::from).collect(),
            coverage: report.coverage.as_ref().map(CoverageV1::from),
        }
    }
}

impl From<&Diagnostic> for ProblemV1 {
    fn from(diagnostic: &Diagnostic) -> Self {
        Self {
            rule: diagnostic.rule.to_string(),
            severity: diagnostic.severity.into(),
            message: diagnostic.message.clone(),
            location: diagnostic.primary.as_ref().map(|label| PlaceV1::from(&label.location)),
        }
    }
}

impl From<&Location> for PlaceV1 {
    fn from(location: &Location) -> Self {
        let position = location.position();
        Self { file: location.source.name().to_owned(), line: position.line, column: position.column }
    }
}

impl From<&TestEntry> for TestV1 {
    fn from(test: &TestEntry) -> Self {
        let print = |(location, text): &(Location, String)| PrintV1 { location: location.into(), text: text.clone() };
        let case = |case: &super::CaseEntry| CaseV1 {
            name: case.name.clone(),
            failure: case.failure.as_ref().map(FailureV1::from),
        };
        Self {
            package: test.package.clone(),
            name: test.name.clone(),
            location: (&test.location).into(),
            status: test.status.into(),
            failure: test.failure.as_ref().map(FailureV1::from),
            cases: test.cases.iter().map(case).collect(),
            prints: test.prints.iter().map(print).collect(),
        }
    }
}

impl From<&SuiteEntry> for SuiteV1 {
    fn from(suite: &SuiteEntry) -> Self {
        let case = |case: &SuiteCaseEntry| SuiteCaseV1 {
            name: case.name.clone(),
            location: (&case.location).into(),
            status: case.status.into(),
            failure: case.failure.as_ref().map(FailureV1::from),
        };
        Self {
            file: suite.file.clone(),
            status: suite.status.into(),
            failure: suite.failure.as_ref().map(FailureV1::from),
            cases: suite.cases.iter().map(case).collect(),
        }
    }
}

impl From<Status> for StatusV1 {
    fn from(status: Status) -> Self {
        match status {
            Status::Passed => Self::Passed,
            Status::Failed => Self::Failed,
            Status::Skipped => Self::Skipped,
        }
    }
}

impl From<&FailureEntry> for FailureV1 {
    fn from(failure: &FailureEntry) -> Self {
        let value =
            |(expression, value): &(String, String)| ValueV1 { expression: expression.clone(), value: value.clone() };
        Self {
            message: failure.message.clone(),
            location: (&failure.location).into(),
            values: failure.values.iter().map(value).collect(),
        }
    }
}

impl From<&CoverageEntry> for CoverageV1 {
    fn from(coverage: &CoverageEntry) -> Self {
        let (reached, lines) = coverage.lines();
        let file = |file: &super::CoveredFile| CoveredFileV1 {
            file: file.name.clone(),
            reached: file.reached,
            lines: file.lines,
            definitions_held: file.held,
            definitions: file.definitions,
            not_reached: file.missing.iter().map(|(from, to)| LinesV1 { from: *from, to: *to }).collect(),
        };
        Self {
            failure: coverage.failure.clone(),
            reached,
            lines,
            percent: percent(reached, lines),
            minimum: coverage.minimum,
            files: coverage.files.iter().map(file).collect(),
        }
    }
}
