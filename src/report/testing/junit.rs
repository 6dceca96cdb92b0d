//! A run of tests as JUnit XML, for the test pages of CI systems. Without times: the same files give the same bytes.

use std::fmt::Write as _;

use super::human::place;
use super::{FailureEntry, Status, SuiteEntry, TestEntry, TestReport, percentage, ranges};
use crate::diagnostic::Severity;
use crate::report::xml::{attribute, text};
use crate::source::Location;

/// One `<testcase>`, written, and how it ended.
struct Case {
    status: Status,
    xml: String,
}

/// The report as XML, with a line feed at the end. A package is a `<testsuite>`, and so is a suite of Gatekeeper.
#[must_use]
pub fn write(report: &TestReport) -> String {
    let mut suites: Vec<(String, Vec<Case>)> = Vec::new();
    let mut add = |suite: &str, case: Case| match suites.iter_mut().find(|(name, _)| name == suite) {
        Some((_, cases)) => cases.push(case),
        None => suites.push((suite.to_owned(), vec![case])),
    };
    for problem in report.diagnostics.iter().filter(|problem| problem.severity == Severity::Error) {
        let at = problem.primary.as_ref().map_or_else(|| "files".to_owned(), |label| place(&label.location));
        add("load", failed("load", &at, "", &problem.message, &problem.message));
    }
    for test in &report.tests {
        add(&test.package, case(test));
    }
    for suite in &report.suites {
        cases_of(suite).into_iter().for_each(|case| add(&suite.file, case));
    }
    add_coverage(report, &mut add);
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites{}{}>",
        attribute("name", "hydrant test"),
        counts(suites.iter().flat_map(|(_, cases)| cases))
    );
    for (name, cases) in &suites {
        let _ = writeln!(out, "  <testsuite{}{}>", attribute("name", name), counts(cases.iter()));
        cases.iter().for_each(|case| out.push_str(&case.xml));
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// What is not reached fails nothing by itself; too little of it does.
fn add_coverage(report: &TestReport, add: &mut dyn FnMut(&str, Case)) {
    let Some(coverage) = report.coverage.as_ref().filter(|coverage| !coverage.is_enough()) else { return };
    let (reached, lines) = coverage.lines();
    let message = match (&coverage.failure, coverage.minimum) {
        (Some(failure), _) => format!("not measured: {failure}"),
        (None, minimum) => {
            let minimum = minimum.unwrap_or_default();
            format!("{} % of lines are reached, {minimum} % are asked for", percentage(reached, lines))
        }
    };
    let missing = coverage.files.iter().filter(|file| !file.missing.is_empty());
    let missing: String = missing.map(|file| format!("{}: {}\n", file.name, ranges(&file.missing))).collect();
    add("coverage", failed("coverage", "coverage", "", &message, &missing));
}

fn counts<'a>(cases: impl Iterator<Item = &'a Case> + Clone) -> String {
    let of = |status: Status| cases.clone().filter(|case| case.status == status).count().to_string();
    [
        attribute("tests", &cases.clone().count().to_string()),
        attribute("failures", &of(Status::Failed)),
        attribute("skipped", &of(Status::Skipped)),
    ]
    .concat()
}

fn case(test: &TestEntry) -> Case {
    let place = attributes_of(&test.location);
    let mut inside = String::new();
    match (&test.failure, test.status) {
        (Some(failure), _) => inside.push_str(&failure_element(&failure.message, &details(test, failure))),
        (None, Status::Skipped) => inside.push_str("      <skipped/>\n"),
        (None, _) => {}
    }
    if !test.prints.is_empty() {
        let lines: String =
            test.prints.iter().map(|(at, words)| format!("{}: {words}\n", super::human::place(at))).collect();
        let _ = writeln!(inside, "      <system-out>{}</system-out>", text(&lines));
    }
    Case { status: test.status, xml: testcase(&test.package, &test.name, &place, &inside) }
}

/// The cases of a suite; one for the whole of it if there are none.
fn cases_of(suite: &SuiteEntry) -> Vec<Case> {
    let case = |name: &str, place: &str, status: Status, failure: Option<&FailureEntry>| {
        let inside = match (failure, status) {
            (Some(failure), _) => failure_element(&failure.message, &blamed("", failure)),
            (None, Status::Skipped) => "      <skipped/>\n".to_owned(),
            (None, _) => String::new(),
        };
        Case { status, xml: testcase(&suite.file, name, place, &inside) }
    };
    if suite.cases.is_empty() {
        return vec![case("suite", &attribute("file", &suite.file), suite.status, suite.failure.as_ref())];
    }
    let written = suite.cases.iter();
    written.map(|one| case(&one.name, &attributes_of(&one.location), one.status, one.failure.as_ref())).collect()
}

fn attributes_of(location: &Location) -> String {
    let line = location.position().line.to_string();
    attribute("file", location.source.name()) + &attribute("line", &line)
}

fn blamed(heading: &str, failure: &FailureEntry) -> String {
    let mut out = format!("{heading}{}: {}\n", place(&failure.location), failure.message);
    for (name, value) in &failure.values {
        let _ = writeln!(out, "  {name} = {value}");
    }
    out
}

fn details(test: &TestEntry, failure: &FailureEntry) -> String {
    let mut out = blamed("", failure);
    for case in &test.cases {
        if let Some(failure) = &case.failure {
            out.push_str(&blamed(&format!("case {}: ", case.name), failure));
        }
    }
    out
}

fn failed(class: &str, name: &str, place: &str, message: &str, details: &str) -> Case {
    Case { status: Status::Failed, xml: testcase(class, name, place, &failure_element(message, details)) }
}

fn failure_element(message: &str, details: &str) -> String {
    format!("      <failure{}>{}</failure>\n", attribute("message", message), text(details))
}

fn testcase(class: &str, name: &str, place: &str, inside: &str) -> String {
    let head = format!("    <testcase{}{}{place}", attribute("classname", class), attribute("name", name));
    if inside.is_empty() { format!("{head}/>\n") } else { format!("{head}>\n{inside}    </testcase>\n") }
}
