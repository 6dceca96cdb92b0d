//! SARIF 2.1.0 (OASIS, 2020-03-27), as code scanning of GitHub and others read it.
//!
//! The types are the part of the format that is written. Fingerprints do not change when lines move.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Place, fingerprints, sentence, waived};
use crate::diagnostic::{self, Severity};
use crate::report::json::pretty;
use crate::report::{Finding, Report};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    automation_details: Automation,
    column_kind: &'static str,
    results: Vec<ResultOf<'a>>,
}

#[derive(Serialize)]
struct Automation {
    id: String,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    version: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    short_description: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_description: Option<Text<'a>>,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct OwnText {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultOf<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: &'static str,
    message: OwnText,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
    properties: Properties<'a>,
}

/// A waiver, or an exception of a policy.
#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    status: &'static str,
    justification: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: Physical,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<Logical>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<OwnText>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Logical {
    fully_qualified_name: String,
    kind: &'static str,
}

#[derive(Serialize)]
struct Properties<'a> {
    environments: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<&'a str>,
}

/// The report as SARIF, indented, with a line feed at the end.
#[must_use]
pub fn write(report: &Report) -> String {
    let names: std::collections::BTreeSet<&str> =
        report.findings.iter().map(|finding| finding.diagnostic.rule.as_str()).collect();
    let index: BTreeMap<&str, usize> = names.iter().enumerate().map(|(index, name)| (*name, index)).collect();
    let results = report.findings.iter().zip(fingerprints(report));
    let version = env!("CARGO_PKG_VERSION");
    pretty(&Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "hydrant",
                    version,
                    semantic_version: version,
                    rules: names.iter().map(|name| rule(name, report)).collect(),
                },
            },
            automation_details: Automation { id: format!("hydrant/{}/", report.command) },
            column_kind: "unicodeCodePoints",
            results: results
                .map(|(finding, fingerprint)| result(finding, fingerprint, index[finding.diagnostic.rule.as_str()]))
                .collect(),
        }],
    })
}

/// A rule of ours has its words; one of a policy has its name, and the level that it has here.
fn rule<'a>(name: &'a str, report: &Report) -> Rule<'a> {
    let known = diagnostic::rules::ALL.iter().find(|rule| rule.id.as_str() == name);
    let severities = report.findings.iter().filter(|finding| finding.diagnostic.rule.as_str() == name);
    let worst = severities.map(|finding| finding.diagnostic.severity).max().unwrap_or(Severity::Warning);
    Rule {
        id: name,
        short_description: known.map(|rule| Text { text: rule.title }),
        full_description: known.map(|rule| Text { text: rule.explanation }),
        default_configuration: Configuration { level: level(worst) },
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn result(finding: &Finding, fingerprint: String, rule_index: usize) -> ResultOf<'_> {
    let diagnostic = &finding.diagnostic;
    let logical = diagnostic.subject.object.as_ref().map(|object| {
        let app = diagnostic.subject.app.as_ref().map(|app| format!("{app}/")).unwrap_or_default();
        Logical { fully_qualified_name: format!("{app}{object}"), kind: "resource" }
    });
    // code scanning drops a result without a place
    let place = Place::of(finding).unwrap_or(Place { file: "hydrant.yaml", range: None });
    let first = Location { logical_locations: logical.into_iter().collect(), ..location(&place, None) };
    let related = diagnostic.secondary.iter().enumerate().map(|(index, label)| {
        let range = crate::report::rendered_for(&label.location)
            .is_none()
            .then(|| (label.location.position(), label.location.end_position()));
        let place = Place { file: label.location.source.name(), range };
        let text = if label.text.is_empty() { "see here".to_owned() } else { label.text.clone() };
        Location { message: Some(OwnText { text }), ..location(&place, Some(index + 1)) }
    });
    ResultOf {
        rule_id: diagnostic.rule.as_str(),
        rule_index,
        level: level(diagnostic.severity),
        message: OwnText { text: sentence(finding) },
        locations: [first],
        related_locations: related.collect(),
        partial_fingerprints: BTreeMap::from([("hydrant/v1", fingerprint)]),
        suppressions: waived(finding)
            .map(|justification| Suppression { kind: "external", status: "accepted", justification })
            .into_iter()
            .collect(),
        properties: Properties {
            environments: &finding.environments,
            app: diagnostic.subject.app.as_deref(),
            pointer: diagnostic.pointer.as_deref(),
        },
    }
}

fn location(place: &Place<'_>, id: Option<usize>) -> Location {
    let region = place.range.map(|(start, end)| Region {
        start_line: start.line,
        start_column: start.column,
        end_line: end.line,
        end_column: end.column,
    });
    Location {
        id,
        physical_location: Physical {
            artifact_location: Artifact { uri: uri(place.file), uri_base_id: "%SRCROOT%" },
            region,
        },
        logical_locations: Vec::new(),
        message: None,
    }
}

/// A relative path as a reference of RFC 3986.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
