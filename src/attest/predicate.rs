//! The two predicates: where content comes from, and what it passed.
//!
//! Everything in them is in the record. Fields stand in alphabetical order.

use std::collections::BTreeMap;

use serde::Serialize;

use super::statement::{Statement, write};
use super::{AttestationError, Attested, StatementError, Subject, resource, time};
use crate::hydrate::{CheckedCounts, Record, WaiverRecord};
use crate::tree::Digest;

/// SLSA provenance.
pub const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

/// SLSA's summary of a verification.
pub const SUMMARY: &str = "https://slsa.dev/verification_summary/v1";

/// The one result that is attested.
pub(super) const PASSED: &str = "PASSED";

/// How content comes about: manifests are rendered from a commit, judged, and written as the files of a branch.
const BUILD_TYPE: &str = "urn:hydrant:render:v1";

/// The level that a summary names: admitted by the schemas and policies whose digests it tells.
const ADMITTED: &str = "HYDRANT_ADMITTED";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Provenance<'a> {
    build_definition: BuildDefinition<'a>,
    run_details: RunDetails<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BuildDefinition<'a> {
    build_type: &'static str,
    external_parameters: ExternalParameters<'a>,
    internal_parameters: InternalParameters<'a>,
    resolved_dependencies: Vec<Resource>,
}

/// What somebody chose.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExternalParameters<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<&'a str>,
    branch: &'a str,
    environment: &'a str,
    kubernetes: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proposal: Option<&'a str>,
}

/// What followed from it.
#[derive(Serialize)]
struct InternalParameters<'a> {
    engines: Vec<&'a str>,
    policies: Digests,
    schemas: Digests,
    waivers: Vec<&'a WaiverRecord>,
}

#[derive(Serialize)]
struct RunDetails<'a> {
    builder: Tool<'a>,
    byproducts: Vec<Resource>,
}

/// A program: of a provenance the builder, of a summary the verifier.
#[derive(Serialize)]
struct Tool<'a> {
    id: String,
    version: BTreeMap<&'a str, &'a str>,
}

/// in-toto's descriptor of something by its digest.
#[derive(Serialize)]
struct Resource {
    digest: Digests,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Digests {
    GitCommit(String),
    Sha256(Digest),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary<'a> {
    hydrant: Particulars<'a>,
    input_attestations: [Resource; 1],
    policy: Resource,
    resource_uri: &'a str,
    time_verified: &'a str,
    verification_result: &'static str,
    verified_levels: [&'static str; 1],
    verifier: Tool<'a>,
}

/// What SLSA has no field for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Particulars<'a> {
    /// Of the whole environment.
    checked: CheckedCounts,
    dry_commit: &'a str,
    kubernetes: &'a str,
    schemas: Digests,
    waivers: Vec<&'a WaiverRecord>,
}

/// The statement of where a subject comes from.
pub(super) fn provenance(record: &Record, of: Attested<'_>, subject: &Subject) -> Vec<u8> {
    let attested = record.attested.as_ref();
    let external_parameters = ExternalParameters {
        app: of.app(),
        branch: attested.map_or("", |attested| &attested.branch),
        environment: &record.environment,
        kubernetes: &record.kubernetes,
        project: record.writer.project.as_ref().map(|project| project.as_str()),
        proposal: attested.and_then(|attested| attested.proposal.as_deref()),
    };
    let internal_parameters = InternalParameters {
        engines: engines(record, of),
        policies: Digests::Sha256(record.policies),
        schemas: Digests::Sha256(record.schemas),
        waivers: waivers(record, of),
    };
    let predicate = Provenance {
        build_definition: BuildDefinition {
            build_type: BUILD_TYPE,
            external_parameters,
            internal_parameters,
            resolved_dependencies: dependencies(record, of),
        },
        run_details: RunDetails { builder: tool(record), byproducts: byproducts(record, of) },
    };
    write(subject, PROVENANCE, predicate)
}

/// The statement of what a subject passed.
pub(super) fn summary(record: &Record, of: Attested<'_>, subject: &Subject, time: &str, provenance: Digest) -> Vec<u8> {
    let path = match of {
        Attested::App(app) => record.attestation_path(app),
        Attested::Record => Some(record.own_attestation_path()),
    };
    let input =
        Resource { digest: Digests::Sha256(provenance), name: path.map(|path| format!("{path}, line 1")), uri: None };
    let predicate = Summary {
        hydrant: Particulars {
            checked: record.checked,
            dry_commit: &record.dry_commit,
            kubernetes: &record.kubernetes,
            schemas: Digests::Sha256(record.schemas),
            waivers: waivers(record, of),
        },
        input_attestations: [input],
        policy: Resource { digest: Digests::Sha256(record.policies), name: Some("policies".to_owned()), uri: None },
        resource_uri: &subject.name,
        time_verified: time,
        verification_result: PASSED,
        verified_levels: [ADMITTED],
        verifier: tool(record),
    };
    write(subject, SUMMARY, predicate)
}

impl<'a> Attested<'a> {
    fn app(self) -> Option<&'a str> {
        match self {
            Self::App(app) => Some(app),
            Self::Record => None,
        }
    }
}

fn tool(record: &Record) -> Tool<'_> {
    let (name, version) = (record.tool.name.as_str(), record.tool.version.as_str());
    Tool { id: format!("pkg:generic/{name}@{version}"), version: BTreeMap::from([(name, version)]) }
}

/// Engines are part of the program: its version is theirs.
fn engines<'a>(record: &'a Record, of: Attested<'_>) -> Vec<&'a str> {
    let apps = record.apps.iter().filter(|(name, _)| of.app().is_none_or(|app| app == *name));
    let mut engines: Vec<&str> = apps.map(|(_, app)| app.engine.as_str()).collect();
    engines.sort_unstable();
    engines.dedup();
    engines
}

/// Those that covered a finding of the app, or one that belongs to no app.
fn waivers<'a>(record: &'a Record, of: Attested<'_>) -> Vec<&'a WaiverRecord> {
    let concerns = |waiver: &&WaiverRecord| match (of.app(), &waiver.app) {
        (Some(app), Some(of)) => app == of,
        _ => true,
    };
    record.waivers.iter().filter(concerns).collect()
}

/// The dry commit, then the files of it that the app was rendered from. The record names those of all apps by itself.
fn dependencies(record: &Record, of: Attested<'_>) -> Vec<Resource> {
    let commit = Resource {
        digest: Digests::GitCommit(record.dry_commit.clone()),
        name: None,
        uri: Some(resource(record, &record.dry_commit)),
    };
    let inputs = of.app().and_then(|app| record.apps.get(app)).into_iter().flat_map(|app| &app.inputs);
    let inputs = inputs.map(|(path, digest)| named(path.as_str(), *digest));
    std::iter::once(commit).chain(inputs).collect()
}

/// The files of the subject: they tell which file of a folder differs.
fn byproducts(record: &Record, of: Attested<'_>) -> Vec<Resource> {
    let app = of.app().and_then(|app| record.apps.get(app));
    let files: BTreeMap<_, _> = app.into_iter().flat_map(|app| app.all_files()).collect();
    files.into_iter().map(|(path, digest)| named(path.as_str(), digest)).collect()
}

fn named(name: &str, digest: Digest) -> Resource {
    Resource { digest: Digests::Sha256(digest), name: Some(name.to_owned()), uri: None }
}

/// What counts of a summary that is read.
pub(super) struct Verdict {
    pub(super) resource_uri: String,
    pub(super) result: String,
    pub(super) time: i64,
    /// The provenance it was made for.
    pub(super) input: Option<Digest>,
}

impl Verdict {
    pub(super) fn read(statement: &Statement) -> Result<Self, AttestationError> {
        let text = |name: &'static str| {
            let value = statement.predicate.get(name).and_then(serde_json::Value::as_str);
            value.ok_or(StatementError::Lacks(name))
        };
        let time = time::parse(text("timeVerified")?).ok_or(StatementError::Lacks("timeVerified"))?;
        let input = statement.predicate.pointer("/inputAttestations/0/digest/sha256");
        Ok(Self {
            resource_uri: text("resourceUri")?.to_owned(),
            result: text("verificationResult")?.to_owned(),
            time,
            input: input.and_then(|digest| digest.as_str()?.parse().ok()),
        })
    }
}
