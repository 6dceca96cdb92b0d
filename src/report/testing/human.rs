//! Tests for people: a line for each that failed, then why; what was not reached; and a last line that counts.

use std::fmt::Write as _;

use super::{CoverageEntry, FailureEntry, Status, SuiteEntry, TestEntry, TestReport, percentage, ranges};
use crate::diagnostic::count;
use crate::source::Location;

/// Words the tests: those that failed; all of them, with times and everything that was printed, if `verbose`.
#[must_use]
pub fn tests(report: &TestReport, verbose: bool) -> String {
    let mut out = String::new();
    for test in report.tests.iter().filter(|test| verbose || test.status == Status::Failed) {
        entry(test, verbose, &mut out);
    }
    for suite in &report.suites {
        of_suite(suite, verbose, &mut out);
    }
    out
}

fn of_suite(suite: &SuiteEntry, verbose: bool, out: &mut String) {
    if let Some(failure) = &suite.failure {
        let _ = writeln!(out, "{}: suite failed: {}", place(&failure.location), failure.message);
    } else if verbose && suite.status == Status::Skipped {
        let _ = writeln!(out, "{}: suite skipped", suite.file);
    }
    for case in suite.cases.iter().filter(|case| verbose || case.status == Status::Failed) {
        match &case.failure {
            Some(failure) => {
                let _ = writeln!(out, "{}: {} failed: {}", place(&failure.location), case.name, failure.message);
                values(failure, "    ", out);
            }
            None => _ = writeln!(out, "{}: {} {}", place(&case.location), case.name, word(case.status)),
        }
    }
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Passed => "passed",
        Status::Failed => "failed",
        Status::Skipped => "skipped",
    }
}

/// Words what was reached: every file of which something is missing; all files if `verbose`.
#[must_use]
pub fn coverage(coverage: &CoverageEntry, verbose: bool) -> String {
    if let Some(failure) = &coverage.failure {
        return format!("coverage: not measured: {failure}\n");
    }
    let mut out = String::new();
    let shown: Vec<_> = coverage.files.iter().filter(|file| verbose || !file.missing.is_empty()).collect();
    let width = shown.iter().map(|file| file.name.chars().count()).max().unwrap_or_default();
    for file in shown {
        let _ = write!(out, "  {:width$}  {:>5} %", file.name, percentage(file.reached, file.lines));
        if !file.missing.is_empty() {
            let noun =
                if matches!(file.missing.as_slice(), [(first, last)] if first == last) { "line" } else { "lines" };
            let _ = write!(out, "  not reached: {noun} {}", ranges(&file.missing));
        }
        out.push('\n');
    }
    let ((reached, lines), (held, definitions)) = (coverage.lines(), coverage.definitions());
    let _ = write!(
        out,
        "coverage: {} % ({reached} of {}), {held} of {} came to a value; measured on the interpreter",
        percentage(reached, lines),
        count(lines, "line"),
        count(definitions, "definition"),
    );
    if let (Some(minimum), false) = (coverage.minimum, coverage.is_enough()) {
        let _ = write!(out, "\ncoverage is below the {minimum} % that are asked for");
    }
    out.push('\n');
    out
}

/// `3 passed, 1 failed, 0 skipped`
#[must_use]
pub fn verdict(report: &TestReport) -> String {
    let [passed, failed, skipped] =
        [Status::Passed, Status::Failed, Status::Skipped].map(|status| report.count(status));
    let mut out = format!("{passed} passed, {failed} failed, {skipped} skipped");
    if report.left_out > 0 {
        let _ = write!(out, ", {} left out by `--run`", report.left_out);
    }
    out
}

fn entry(test: &TestEntry, verbose: bool, out: &mut String) {
    let name = format!("{}.{}", test.package, test.name);
    let time = if verbose { format!(" ({:.2} ms)", test.time.as_secs_f64() * 1000.0) } else { String::new() };
    match (&test.failure, test.status) {
        (Some(failure), _) => {
            let _ = writeln!(out, "{}: {name} failed{time}: {}", place(&failure.location), failure.message);
            values(failure, "    ", out);
        }
        (None, status) => {
            let _ = writeln!(out, "{}: {name} {}{time}", place(&test.location), word(status));
        }
    }
    for case in &test.cases {
        match &case.failure {
            Some(failure) => {
                let _ = writeln!(out, "    case `{}`: {}: {}", case.name, place(&failure.location), failure.message);
                values(failure, "        ", out);
            }
            None if verbose => _ = writeln!(out, "    case `{}`: passed", case.name),
            None => {}
        }
    }
    for (location, text) in &test.prints {
        let text = text.replace('\n', "\n      ");
        let _ = writeln!(out, "    print {}: {text}", place(location));
    }
}

fn values(failure: &FailureEntry, indent: &str, out: &mut String) {
    for (name, value) in &failure.values {
        let _ = writeln!(out, "{indent}{name} = {value}");
    }
}

/// `policies/owner_test.rego:12`
pub(super) fn place(location: &Location) -> String {
    format!("{}:{}", location.source.name(), location.position().line)
}
