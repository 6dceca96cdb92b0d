//! Verdicts for machines, version 1. These types are frozen: they change only by addition.
//!
//! The schema is `schemas/verdict.v1.schema.json`, generated from the types.

use schemars::JsonSchema;
use serde::Serialize;

use super::json::pretty;
use crate::verify::{Claim, Outcome, Verdict};

/// What was found out about a published branch.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Hydrant verdict, version 1")]
pub struct VerdictV1 {
    /// The version of this format: 1.
    pub version: u8,
    /// The revision as it was asked for.
    pub revision: String,
    /// The branch it was judged as, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The commit that was judged.
    pub commit: String,
    /// Whether every claim holds.
    pub passed: bool,
    /// Every claim, in a fixed order.
    pub claims: Vec<ClaimV1>,
    /// What the branch says of itself; one for each project that writes there.
    pub records: Vec<RecordV1>,
}

/// One claim.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ClaimV1 {
    /// What it is about: `signature`, `record`, `files`, `attestations`, `metadata`, `note`, `history`, `other files`,
    /// `dry commit`, `rebuild`. Later versions may have more.
    pub subject: String,
    /// What became of it.
    pub outcome: OutcomeV1,
    /// What was seen, or what differs, one line each.
    pub details: Vec<String>,
    /// One action that helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OutcomeV1 {
    /// It holds.
    Holds,
    /// It does not.
    Fails,
    /// It could not be checked: no pass.
    Unchecked,
    /// Nothing that could fail.
    Note,
}

/// What a branch says of itself.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RecordV1 {
    /// Where the record stands.
    pub path: String,
    /// The environment.
    pub environment: String,
    /// The commit that everything was rendered from.
    pub dry_commit: String,
    /// The tool that wrote it, with its version.
    pub tool: String,
    /// The apps that have files, in order of their names.
    pub apps: Vec<String>,
}

/// A verdict as JSON with a line break at the end.
#[must_use]
pub fn write(verdict: &Verdict) -> String {
    let records = verdict.records.iter().map(|record| RecordV1 {
        path: record.path().to_string(),
        environment: record.environment.clone(),
        dry_commit: record.dry_commit.clone(),
        tool: format!("{} {}", record.tool.name, record.tool.version),
        apps: record.apps.iter().filter(|(_, app)| !app.files.is_empty()).map(|(name, _)| name.clone()).collect(),
    });
    pretty(&VerdictV1 {
        version: 1,
        revision: verdict.revision.clone(),
        branch: verdict.branch.clone(),
        commit: verdict.commit().to_string(),
        passed: verdict.is_good(),
        claims: verdict.claims.iter().map(claim).collect(),
        records: records.collect(),
    })
}

/// The JSON schema of [`VerdictV1`].
#[must_use]
pub fn schema() -> String {
    pretty(
        &schemars::generate::SchemaSettings::draft2020_12()
            .for_serialize()
            .into_generator()
            .into_root_schema_for::<VerdictV1>(),
    )
}

fn claim(claim: &Claim) -> ClaimV1 {
    let (outcome, details, help) = match &claim.outcome {
        Outcome::Holds(evidence) => (OutcomeV1::Holds, vec![evidence.clone()], None),
        Outcome::Fails { differences, help } => (OutcomeV1::Fails, differences.clone(), Some(help.clone())),
        Outcome::Unchecked(reason) => (OutcomeV1::Unchecked, vec![reason.clone()], None),
        Outcome::Note(lines) => (OutcomeV1::Note, lines.clone(), None),
    };
    ClaimV1 { subject: claim.subject.to_string(), outcome, details, help }
}
