//! The code quality report of GitLab: a JSON list, of which the merge request shows what is new.

use serde::Serialize;

use super::{Place, fingerprints, sentence, subject};
use crate::diagnostic::Severity;
use crate::report::json::pretty;
use crate::report::{Finding, Report};

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// The report as JSON, with a line feed at the end, without what is waived. A finding without a file stands at `hydrant.yaml`: GitLab knows none
/// without a place.
#[must_use]
pub fn write(report: &Report) -> String {
    let issues = report.findings.iter().zip(fingerprints(report));
    let counted = issues.filter(|(finding, _)| finding.diagnostic.counts());
    pretty(&counted.map(|(finding, fingerprint)| issue(finding, fingerprint)).collect::<Vec<_>>())
}

fn issue(finding: &Finding, fingerprint: String) -> Issue {
    let place = Place::of(finding);
    let begin = place.as_ref().and_then(|place| place.range).map_or(1, |(start, _)| start.line);
    let about = subject(finding);
    let about = if about.is_empty() { String::new() } else { format!("{about}: ") };
    Issue {
        description: format!("{about}{}", sentence(finding)),
        check_name: finding.diagnostic.rule.to_string(),
        fingerprint,
        severity: match finding.diagnostic.severity {
            Severity::Error => "major",
            Severity::Warning => "minor",
            Severity::Note => "info",
        },
        location: Location {
            path: place.map_or("hydrant.yaml", |place| place.file).to_owned(),
            lines: Lines { begin },
        },
    }
}
