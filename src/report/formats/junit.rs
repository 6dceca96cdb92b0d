//! Findings as JUnit XML, for the test pages of CI systems: a `<testsuite>` for every file, a `<testcase>` for every
//! finding. Without times: the same input gives the same bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Place, sentence, subject, waived};
use crate::report::xml::{attribute, text};
use crate::report::{Finding, Report, human};

/// The report as XML, with a line feed at the end.
#[must_use]
pub fn write(report: &Report) -> String {
    let mut suites: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        let file = Place::of(finding).map_or("(no file)", |place| place.file);
        suites.entry(file).or_default().push(finding);
    }
    let refuses = |finding: &&&Finding| report.refuses(finding);
    // a run without findings is a passed test, not no test; one without objects is no passed test
    let nothing = report.accounting.objects == 0;
    let failures = report.refusing() + usize::from(nothing);
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let name = attribute("name", &format!("hydrant {}", report.command));
    let _ = writeln!(out, "<testsuites{name}{}>", numbers(report.findings.len() + 1, failures));
    let _ = writeln!(out, "  <testsuite{name}{}>", numbers(1, usize::from(nothing)));
    let all = attribute("name", "objects were checked");
    let _ = writeln!(out, "    <testcase{}{all}>", attribute("classname", report.command));
    if nothing {
        let _ = writeln!(out, "      <failure{}/>", attribute("message", "nothing was checked"));
    }
    let _ = writeln!(out, "      <system-out>{}</system-out>", text(&human::accounting(&report.accounting)));
    out.push_str("    </testcase>\n  </testsuite>\n");
    for (file, findings) in &suites {
        let failures = findings.iter().filter(refuses).count();
        let _ = writeln!(out, "  <testsuite{}{}>", attribute("name", file), numbers(findings.len(), failures));
        findings.iter().for_each(|finding| case(report, finding, &mut out));
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn numbers(tests: usize, failures: usize) -> String {
    [attribute("tests", &tests.to_string()), attribute("failures", &failures.to_string())].concat()
}

fn case(report: &Report, finding: &Finding, out: &mut String) {
    let diagnostic = &finding.diagnostic;
    let rule = diagnostic.rule.as_str();
    let about = subject(finding);
    let name = if about.is_empty() { rule.to_owned() } else { format!("{rule}: {about}") };
    let place = Place::of(finding);
    let lines = place.as_ref().and_then(|place| place.range.map(|(start, _)| (place.file, start)));
    let mut attributes = attribute("classname", rule) + &attribute("name", &name);
    if let Some((file, start)) = lines {
        attributes += &(attribute("file", file) + &attribute("line", &start.line.to_string()));
    }
    let at = lines.map(|(file, start)| format!("{file}:{}:{}: ", start.line, start.column)).unwrap_or_default();
    let told = format!("{at}{}", sentence(finding));
    let _ = writeln!(out, "    <testcase{attributes}>");
    if report.refuses(finding) {
        let kind = attribute("type", &diagnostic.severity.to_string());
        let _ = writeln!(
            out,
            "      <failure{}{kind}>{}</failure>",
            attribute("message", &diagnostic.message),
            text(&told)
        );
    } else if let Some(waived) = waived(finding) {
        let _ = writeln!(out, "      <skipped{}/>", attribute("message", &waived));
        let _ = writeln!(out, "      <system-out>{}: {}</system-out>", diagnostic.severity, text(&told));
    } else {
        let _ = writeln!(out, "      <system-out>{}: {}</system-out>", diagnostic.severity, text(&told));
    }
    out.push_str("    </testcase>\n");
}
