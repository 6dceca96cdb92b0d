//! Logging commands of Azure Pipelines: `##vso[task.logissue …]`, a line a finding.

use super::{Place, counted, sentence, subject};
use crate::diagnostic::Severity;
use crate::report::{Finding, Report};

/// The report as logging commands. Azure knows no notes and no waivers: they are left out.
#[must_use]
pub fn write(report: &Report) -> String {
    counted(report).filter_map(command).collect()
}

fn command(finding: &Finding) -> Option<String> {
    let kind = match finding.diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => return None,
    };
    let mut properties = format!("type={kind};");
    if let Some(place) = Place::of(finding) {
        properties += &format!("sourcepath={};", property(place.file));
        if let Some((start, _)) = place.range {
            properties += &format!("linenumber={};columnnumber={};", start.line, start.column);
        }
    }
    properties += &format!("code={};", property(finding.diagnostic.rule.as_str()));
    let about = subject(finding);
    let about = if about.is_empty() { String::new() } else { format!("{about}: ") };
    Some(format!("##vso[task.logissue {properties}]{}\n", data(&format!("{about}{}", sentence(finding)))))
}

/// As the agent's `CommandStringConvertor` escapes them.
fn data(text: &str) -> String {
    text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(';', "%3B").replace(']', "%5D")
}
