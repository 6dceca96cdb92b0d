//! Workflow commands of GitHub Actions: a line a finding, shown beside the changed lines of a pull request.

use super::{Place, counted, sentence, subject};
use crate::diagnostic::Severity;
use crate::report::{Finding, Report};

/// The report as workflow commands, without what is waived. GitHub shows ten of each severity for a step; the worst go first.
#[must_use]
pub fn write(report: &Report) -> String {
    let mut findings: Vec<&Finding> = counted(report).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.diagnostic.severity));
    findings.into_iter().map(command).collect()
}

fn command(finding: &Finding) -> String {
    let name = match finding.diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = Vec::new();
    if let Some(place) = Place::of(finding) {
        properties.push(format!("file={}", property(place.file)));
        if let Some((start, end)) = place.range {
            properties.push(format!("line={}", start.line));
            properties.push(format!("endLine={}", end.line.max(start.line)));
            // columns of a range over several lines mean nothing to GitHub
            if start.line == end.line {
                properties.push(format!("col={}", start.column));
                properties.push(format!("endColumn={}", end.column));
            }
        }
    }
    let about = subject(finding);
    let title = if about.is_empty() { String::new() } else { format!(" {about}") };
    properties.push(format!("title={}", property(&format!("{}{title}", finding.diagnostic.rule))));
    format!("::{name} {}::{}\n", properties.join(","), data(&sentence(finding)))
}

/// As `@actions/core` escapes the text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As `@actions/core` escapes a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
