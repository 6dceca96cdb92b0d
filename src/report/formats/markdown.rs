//! Findings as Markdown for the summary of a CI job or the comment of a pull request, never longer than a number of
//! bytes. What does not fit is counted.

use super::{Place, subject, waived};
use crate::diagnostic::{Severity, count};
use crate::report::markdown::{code, escape};
use crate::report::{Finding, Report, human};

/// The most bytes of a comment on GitHub are 65,536 characters.
pub const BUDGET: usize = 65_000;
/// Kept free for the line that tells what was left out.
const RESERVED: usize = 160;

/// The report in at most `budget` bytes, as far as heading and accounting fit into it. The worst findings go first.
#[must_use]
pub fn write(report: &Report, budget: usize) -> String {
    let sign = if report.refusing() > 0 { "❌" } else { "✅" };
    let mut out = format!("### {sign} hydrant {}: {}\n\n", report.command, human::verdict(report));
    for line in human::accounting(&report.accounting).lines() {
        out.push_str(&format!("{}  \n", escape(line)));
    }
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    findings.sort_by_key(|finding| (!finding.diagnostic.counts(), std::cmp::Reverse(finding.diagnostic.severity)));
    let mut left_out = 0;
    for finding in findings {
        let section = section(finding);
        if left_out > 0 || out.len() + section.len() + RESERVED > budget {
            left_out += 1;
        } else {
            out.push_str(&section);
        }
    }
    if left_out > 0 {
        out.push_str(&format!("\n> [!NOTE]\n> {} more; the log of the job has all.\n", count(left_out, "finding")));
    }
    out
}

fn section(finding: &Finding) -> String {
    let diagnostic = &finding.diagnostic;
    let sign = match diagnostic.severity {
        _ if !diagnostic.counts() => "⚪",
        Severity::Error => "🔴",
        Severity::Warning => "🟡",
        Severity::Note => "🔵",
    };
    let mut out = format!("\n- {sign} **{}** {}\n", escape(&diagnostic.message), code(diagnostic.rule.as_str()));
    let place = Place::of(finding).map(|place| match place.range {
        Some((start, _)) => format!("{}:{}:{}", place.file, start.line, start.column),
        None => place.file.to_owned(),
    });
    let about = subject(finding);
    let mut details: Vec<String> = place.iter().map(|place| code(place)).collect();
    if !about.is_empty() {
        details.push(escape(&about));
    }
    if !details.is_empty() {
        out.push_str(&format!("  {}\n", details.join(" · ")));
    }
    if let Some(waived) = waived(finding) {
        out.push_str(&format!("  {}\n", escape(&waived)));
    } else if let Some(help) = &diagnostic.help {
        out.push_str(&format!("  _help:_ {}\n", escape(help)));
    }
    out
}
