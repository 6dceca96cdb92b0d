//! Reports in the formats that other programs read: one file a format, each from the same [`Report`](super::Report).

pub mod azure;
pub mod github;
pub mod gitlab;
pub mod html;
pub mod junit;
pub mod markdown;
pub mod sarif;
pub mod tap;

use super::{Finding, Report, rendered_for};
use crate::source::Position;
use crate::tree::Digest;

/// Where a finding is, as far as a line of a file in the repository can say it.
struct Place<'a> {
    file: &'a str,
    /// First place and the one after the last; `None` where lines are those of a rendered text, which no file has.
    range: Option<(Position, Position)>,
}

impl<'a> Place<'a> {
    fn of(finding: &'a Finding) -> Option<Self> {
        let location = &finding.diagnostic.primary.as_ref()?.location;
        let range = rendered_for(location).is_none().then(|| (location.position(), location.end_position()));
        Some(Self { file: location.source.name(), range })
    }
}

/// The message with everything that a reader without a snippet needs: where in a rendered text, what to do.
fn sentence(finding: &Finding) -> String {
    let diagnostic = &finding.diagnostic;
    let mut out = diagnostic.message.clone();
    if let Some(label) = &diagnostic.primary
        && let Some(environment) = rendered_for(&label.location)
    {
        let position = label.location.position();
        out.push_str(&format!(" (line {} as rendered for {environment})", position.line));
    }
    if let Some(help) = &diagnostic.help {
        out.push_str(&format!("; help: {help}"));
    }
    if let Some(waived) = waived(finding) {
        out.push_str(&format!("; {waived}"));
    }
    out
}

/// By whom it is waived, how long and why, or where it is excepted; `None` where it counts.
fn waived(finding: &Finding) -> Option<String> {
    if let Some(label) = &finding.diagnostic.excepted_by {
        let position = label.location.position();
        return Some(format!("excepted by a policy at {}:{}", label.location.source.name(), position.line));
    }
    let waived = finding.diagnostic.waived.as_ref()?;
    Some(format!("waived by {} until {}: {}", waived.owner, waived.expires, waived.reason))
}

/// The findings that no waiver covers and no policy excepts, for formats that cannot say so.
fn counted(report: &Report) -> impl Iterator<Item = &Finding> {
    report.findings.iter().filter(|finding| finding.diagnostic.counts())
}

/// What the finding is about: `Deployment shop/web · app web · dev, prod`.
fn subject(finding: &Finding) -> String {
    let subject = &finding.diagnostic.subject;
    let mut parts: Vec<String> = Vec::new();
    parts.extend(subject.object.clone());
    parts.extend(subject.app.as_ref().map(|app| format!("app {app}")));
    if !finding.environments.is_empty() {
        parts.push(finding.environments.join(", "));
    }
    parts.join(" · ")
}

/// A name for every finding that stays when lines move: of its rule, file, object and message, and its number among
/// those that share all of these.
fn fingerprints(report: &Report) -> Vec<String> {
    let mut seen = std::collections::BTreeMap::new();
    let name = |finding: &Finding| {
        let diagnostic = &finding.diagnostic;
        let file = diagnostic.primary.as_ref().map_or("", |label| label.location.source.name());
        let parts = [
            diagnostic.rule.as_str(),
            file,
            diagnostic.subject.app.as_deref().unwrap_or_default(),
            diagnostic.subject.object.as_deref().unwrap_or_default(),
            diagnostic.pointer.as_deref().unwrap_or_default(),
            &diagnostic.message,
        ];
        Digest::of(parts.join("\0").as_bytes()).to_string()
    };
    let mut number = |name: String| {
        let count = seen.entry(name.clone()).or_insert(0);
        *count += 1;
        let text = Digest::of(format!("{name} {count}").as_bytes()).to_string();
        let hex = text.rsplit(':').next().unwrap_or_default();
        hex.chars().take(32).collect()
    };
    report.findings.iter().map(|finding| number(name(finding))).collect()
}
