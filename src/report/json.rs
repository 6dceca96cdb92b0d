//! The report for machines, version 1. These types are frozen: they are not our internals, and change only by addition.
//!
//! The schema is `schemas/report.v1.schema.json`, generated from the types.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::waivers::{WaiverStatus, WaiverUse};
use super::{Accounting, Finding, PolicyCoverage, Report, RuleCoverage, UnjudgedObject, rendered_for};
use crate::diagnostic::{Label, Severity, Waived};
use crate::source::Location;

/// A run of Hydrant.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Hydrant report, version 1")]
pub struct ReportV1 {
    /// The version of this format: 1.
    pub version: u8,
    /// What made the report.
    pub tool: Tool,
    /// The command that ran, such as `check`.
    pub command: String,
    /// Whether nothing was found at or above the threshold.
    pub passed: bool,
    /// From this severity on, a finding refuses.
    pub threshold: SeverityV1,
    /// How many findings there are of each severity, and how many are waived; without those that a policy excepts.
    pub counts: Counts,
    /// Where every input went.
    pub accounting: AccountingV1,
    /// What each policy rule judged, and what none did; absent where there are no policies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policies: Option<PoliciesV1>,
    /// The findings, ordered by file and place.
    pub findings: Vec<FindingV1>,
    /// What became of every waiver.
    pub waivers: Vec<WaiverV1>,
}

/// The program that made a report.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Tool {
    /// `hydrant`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SeverityV1 {
    /// Worth knowing.
    Note,
    /// Refuses only where the threshold says so.
    Warning,
    /// Refuses by default.
    Error,
}

/// Findings by severity.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Counts {
    /// Errors.
    pub error: usize,
    /// Warnings.
    pub warning: usize,
    /// Notes.
    pub note: usize,
    /// Findings that a waiver covers, whatever their severity: they are in none of the other numbers.
    pub waived: usize,
}

/// Where everything went: `inputs = rendered + skipped + failed`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AccountingV1 {
    /// Environments that were built.
    pub environments: usize,
    /// Apps, counted once for each environment.
    pub apps: usize,
    /// Files of apps, counted once for each environment.
    pub inputs: usize,
    /// Inputs that gave a text.
    pub rendered: usize,
    /// Inputs that gave none on purpose, by reason.
    pub skipped: BTreeMap<String, usize>,
    /// Inputs that gave none because of a finding.
    pub failed: usize,
    /// YAML documents in the rendered texts.
    pub documents: usize,
    /// Documents of comments only.
    pub empty_documents: usize,
    /// Documents that gave no object because of a finding.
    pub failed_documents: usize,
    /// Objects left out because the same object was there before; each is a finding.
    pub duplicate_objects: usize,
    /// Objects after Lists are expanded.
    pub objects: usize,
    /// Objects compared with a schema.
    pub validated: usize,
    /// Objects not compared with a schema on purpose, by reason.
    pub skipped_objects: BTreeMap<String, usize>,
    /// Objects that no usable schema could be compared with; each is a finding.
    pub unvalidated: usize,
    /// Objects judged by at least one policy rule.
    pub judged: usize,
    /// Policy rules that were loaded.
    pub policy_rules: usize,
}

/// What the policies did.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PoliciesV1 {
    /// The rules, in the order in which they judge.
    pub rules: Vec<PolicyRuleV1>,
    /// Objects that no rule judged: none is about their kind, or each that is failed.
    pub unjudged: Vec<UnjudgedObjectV1>,
}

/// One policy rule.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PolicyRuleV1 {
    /// The id of its findings, unless a finding names its own.
    pub rule: String,
    /// Its package and name, such as `policies.good_practice.latest_tag.deny`.
    pub path: String,
    /// What runs it.
    pub engine: EngineV1,
    /// Why the interpreter runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_interpreted: Option<String>,
    /// Objects about which it came to a verdict. An object of a kind that it is not about is none of them.
    pub objects: usize,
    /// What it found.
    pub findings: usize,
}

/// What runs a policy rule.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EngineV1 {
    /// The virtual machine.
    Machine,
    /// The interpreter, which is slower and finds the same.
    Interpreter,
}

/// An object that no policy rule judged.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UnjudgedObjectV1 {
    /// Its environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Its app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Its kind.
    pub kind: String,
    /// The object, such as `Deployment shop/web`.
    pub object: String,
}

/// One finding.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FindingV1 {
    /// The rule's stable id.
    pub rule: String,
    /// How bad it is.
    pub severity: SeverityV1,
    /// What is wrong.
    pub message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The environments it was found in.
    pub environments: Vec<String>,
    /// The app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// The object, such as `Deployment shop/web`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Where in the object: a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// What told the place of a policy's finding: `path` or `_loc` of its result, `details` of a violation, the `reads`
    /// of the rule, or only the `object`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placed_by: Option<String>,
    /// Where in the file; absent if no text could be blamed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<LocationV1>,
    /// Other places that matter.
    pub related: Vec<LocationV1>,
    /// The waiver that covers it; absent for a finding that counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waived: Option<WaivedV1>,
    /// The exception of a policy by which it does not count; absent if it counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excepted_by: Option<LocationV1>,
}

/// The waiver that covers a finding.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WaivedV1 {
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds, `YYYY-MM-DD`.
    pub expires: String,
    /// Where it is written.
    pub location: LocationV1,
}

/// A waiver and what became of it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WaiverV1 {
    /// The rule whose findings it covers.
    pub rule: String,
    /// The objects it is for, as its file writes them.
    pub object: String,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds, `YYYY-MM-DD`.
    pub expires: String,
    /// What became of it.
    pub status: WaiverStatus,
    /// How many findings it covers.
    pub findings: usize,
    /// Where it is written.
    pub location: LocationV1,
}

/// A place in a file. Lines and columns count from 1, columns in characters; offsets count bytes from 0.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LocationV1 {
    /// The file's path in the repository.
    pub file: String,
    /// If set, lines count in what was rendered from the file for this environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rendered_for: Option<String>,
    /// First line.
    pub line: u32,
    /// First column.
    pub column: u32,
    /// Last line.
    pub end_line: u32,
    /// The column after the last.
    pub end_column: u32,
    /// First byte.
    pub offset: u32,
    /// Length in bytes.
    pub length: usize,
    /// A few words on what stands there.
    pub label: String,
}

/// The report as JSON, indented, with a line feed at the end.
#[must_use]
pub fn write(report: &Report) -> String {
    pretty(&ReportV1::from(report))
}

/// The JSON schema of [`ReportV1`].
#[must_use]
pub fn schema() -> String {
    pretty(&schemars::schema_for!(ReportV1))
}

/// The JSON schema of a document that is only written.
pub(in crate::report) fn schema_of<T: JsonSchema>() -> String {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    pretty(&settings.into_generator().into_root_schema_for::<T>())
}

pub(in crate::report) fn pretty(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("keys are strings and numbers are finite");
    text.push('\n');
    text
}

impl From<&Report> for ReportV1 {
    fn from(report: &Report) -> Self {
        Self {
            version: 1,
            tool: Tool { name: "hydrant".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            command: report.command.to_owned(),
            passed: report.refusing() == 0,
            threshold: report.threshold.into(),
            counts: Counts {
                error: report.count(Severity::Error),
                warning: report.count(Severity::Warning),
                note: report.count(Severity::Note),
                waived: report.waived().count(),
            },
            accounting: (&report.accounting).into(),
            policies: Some(&report.accounting.policies).filter(|policies| !policies.rules.is_empty()).map(Into::into),
            findings: report.findings.iter().map(FindingV1::from).collect(),
            waivers: report.waivers.iter().map(|waiver| WaiverV1::of(waiver, report)).collect(),
        }
    }
}

impl WaiverV1 {
    fn of(waiver: &WaiverUse, report: &Report) -> Self {
        Self {
            rule: waiver.rule.clone(),
            object: waiver.object.clone(),
            owner: waiver.owner.clone(),
            reason: waiver.reason.clone(),
            expires: waiver.expires.to_string(),
            status: waiver.status,
            findings: waiver.findings(report).count(),
            location: place(&waiver.location, ""),
        }
    }
}

impl From<&Waived> for WaivedV1 {
    fn from(waived: &Waived) -> Self {
        Self {
            owner: waived.owner.clone(),
            reason: waived.reason.clone(),
            expires: waived.expires.to_string(),
            location: place(&waived.location, ""),
        }
    }
}

impl From<Severity> for SeverityV1 {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Note => Self::Note,
            Severity::Warning => Self::Warning,
            Severity::Error => Self::Error,
        }
    }
}

fn by_reason(numbers: &BTreeMap<&'static str, usize>) -> BTreeMap<String, usize> {
    numbers.iter().map(|(reason, number)| ((*reason).to_owned(), *number)).collect()
}

impl From<&Accounting> for AccountingV1 {
    fn from(accounting: &Accounting) -> Self {
        Self {
            environments: accounting.environments,
            apps: accounting.units,
            inputs: accounting.inputs,
            rendered: accounting.rendered,
            skipped: by_reason(&accounting.skipped),
            failed: accounting.failed,
            documents: accounting.documents,
            empty_documents: accounting.empty_documents,
            failed_documents: accounting.failed_documents,
            duplicate_objects: accounting.duplicate_objects,
            objects: accounting.objects,
            validated: accounting.validated,
            skipped_objects: by_reason(&accounting.skipped_objects),
            unvalidated: accounting.unvalidated,
            judged: accounting.judged,
            policy_rules: accounting.policy_rules,
        }
    }
}

impl From<&PolicyCoverage> for PoliciesV1 {
    fn from(coverage: &PolicyCoverage) -> Self {
        let rule = |rule: &RuleCoverage| PolicyRuleV1 {
            rule: rule.id.clone(),
            path: rule.path.clone(),
            engine: if rule.interpreted.is_some() { EngineV1::Interpreter } else { EngineV1::Machine },
            why_interpreted: rule.interpreted.clone(),
            objects: rule.objects,
            findings: rule.findings,
        };
        let unjudged = |object: &UnjudgedObject| UnjudgedObjectV1 {
            environment: object.environment.clone(),
            app: object.app.clone(),
            kind: object.kind.clone(),
            object: object.object.clone(),
        };
        Self {
            rules: coverage.rules.iter().map(rule).collect(),
            unjudged: coverage.unjudged.iter().map(unjudged).collect(),
        }
    }
}

impl From<&Finding> for FindingV1 {
    fn from(finding: &Finding) -> Self {
        let diagnostic = &finding.diagnostic;
        Self {
            rule: diagnostic.rule.to_string(),
            severity: diagnostic.severity.into(),
            message: diagnostic.message.clone(),
            help: diagnostic.help.clone(),
            environments: finding.environments.clone(),
            app: diagnostic.subject.app.clone(),
            object: diagnostic.subject.object.clone(),
            pointer: diagnostic.pointer.clone(),
            placed_by: diagnostic.placed_by.map(|placed| placed.as_str().to_owned()),
            location: diagnostic.primary.as_ref().map(LocationV1::from),
            related: diagnostic.secondary.iter().map(LocationV1::from).collect(),
            waived: diagnostic.waived.as_deref().map(WaivedV1::from),
            excepted_by: diagnostic.excepted_by.as_ref().map(LocationV1::from),
        }
    }
}

impl From<&Label> for LocationV1 {
    fn from(label: &Label) -> Self {
        place(&label.location, &label.text)
    }
}

fn place(location: &Location, label: &str) -> LocationV1 {
    let (start, end) = (location.position(), location.end_position());
    LocationV1 {
        file: location.source.name().to_owned(),
        rendered_for: rendered_for(location).map(str::to_owned),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        offset: location.span.start,
        length: location.span.len(),
        label: label.to_owned(),
    }
}
