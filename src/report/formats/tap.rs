//! TAP version 14: one test point a finding, after one that says what was checked.

use std::fmt::Write as _;

use super::{Place, sentence, subject, waived};
use crate::report::{Finding, Report, human};

/// The report as TAP.
#[must_use]
pub fn write(report: &Report) -> String {
    let mut out = format!("TAP version 14\n1..{}\n", report.findings.len() + 1);
    out.push_str(match report.accounting.objects {
        0 => "not ok 1 - nothing was checked\n",
        _ => "ok 1 - objects were checked\n",
    });
    human::accounting(&report.accounting).lines().for_each(|line| out.push_str(&format!("# {line}\n")));
    for (index, finding) in report.findings.iter().enumerate() {
        let status = if report.refuses(finding) { "not ok" } else { "ok" };
        let _ = writeln!(out, "{status} {} - {}{}", index + 2, description(finding), directive(finding));
        block(finding, &mut out);
    }
    out
}

/// What is waived is neither passed nor failed.
fn directive(finding: &Finding) -> String {
    waived(finding).map(|waived| format!(" # SKIP {}", waived.replace(['\n', '\r'], " "))).unwrap_or_default()
}

/// One line in which nothing reads as a directive.
fn description(finding: &Finding) -> String {
    let about = subject(finding);
    let about = if about.is_empty() { about } else { format!(" {about}") };
    let text = format!("{}{about}: {}", finding.diagnostic.rule, finding.diagnostic.message);
    text.replace(['\n', '\r'], " ").replace('\\', "\\\\").replace('#', "\\#")
}

fn block(finding: &Finding, out: &mut String) {
    out.push_str("  ---\n");
    let mut line = |key: &str, value: &str| {
        // a JSON string is a YAML string
        let _ = writeln!(out, "  {key}: {}", serde_json::Value::from(value));
    };
    line("severity", &finding.diagnostic.severity.to_string());
    line("message", &sentence(finding));
    if let Some(place) = Place::of(finding) {
        line("file", place.file);
        if let Some((start, _)) = place.range {
            let _ = writeln!(out, "  line: {}\n  column: {}", start.line, start.column);
        }
    }
    out.push_str("  ...\n");
}
