//! Kinds without a usable schema: why there is none, and what was probably meant.

use super::crd::Definition;
use super::pack::PACK;
use super::{Coverage, Schemas, UnknownKinds, Verdict, lifecycle};
use crate::diagnostic::{Diagnostic, RuleId, Severity, did_you_mean, rules};
use crate::manifest::{Gvk, Manifest, Pointer};

/// The schema that would judge the object is broken, which is reported at the CRD.
pub(super) fn broken(manifest: &Manifest, definition: &Definition) -> Verdict {
    let message = format!("`{}` cannot be checked: the schema of its CRD is broken", manifest.object.gvk.kind);
    let diagnostic = at(manifest, "kind", Diagnostic::error(rules::BROKEN_SCHEMA, message), "not checked")
        .also(definition.location.clone(), "defined here")
        .help("correct the CRD");
    Verdict { diagnostics: vec![diagnostic], coverage: Coverage::Failed }
}

/// The schema file that would judge the object is broken.
pub(super) fn broken_file(manifest: &Manifest, diagnostic: Diagnostic) -> Verdict {
    Verdict { diagnostics: vec![at(manifest, "kind", diagnostic, "not checked")], coverage: Coverage::Failed }
}

/// A CRD defines the kind, but not in this version.
pub(super) fn not_served(manifest: &Manifest, definition: &Definition) -> Verdict {
    let gvk = &manifest.object.gvk;
    let served: Vec<_> = definition.served().map(|version| format!("`{version}`")).collect();
    let message = match served.is_empty() {
        true => format!("`{}` of `{}` is not served in any version", gvk.kind, gvk.group),
        false => {
            format!("`{}` of `{}` is served as {}, not as `{}`", gvk.kind, gvk.group, served.join(", "), gvk.version)
        }
    };
    let mut diagnostic =
        at(manifest, "apiVersion", Diagnostic::error(rules::CRD_VERSION, message), "not served by its CRD")
            .also(definition.location.clone(), "defined here");
    if let Some(version) = definition.served().max_by_key(|version| stability(version)) {
        diagnostic = diagnostic.help(format!("write `apiVersion: {}/{version}`", gvk.group));
    }
    Verdict { diagnostics: vec![diagnostic], coverage: Coverage::Failed }
}

/// Nothing is known about the kind.
pub(super) fn unknown(schemas: &Schemas, manifest: &Manifest) -> Verdict {
    let gvk = &manifest.object.gvk;
    let (severity, coverage) = match schemas.unknown {
        _ if is_kubernetes(&gvk.group) => (Severity::Error, Coverage::Failed),
        UnknownKinds::Deny => (Severity::Error, Coverage::Failed),
        UnknownKinds::Warn => (Severity::Warning, Coverage::Skipped),
        UnknownKinds::Allow => return Verdict { diagnostics: Vec::new(), coverage: Coverage::Skipped },
    };
    let explanation = explain(schemas, gvk);
    let diagnostic = Diagnostic::new(severity, explanation.rule, explanation.message).help(explanation.help);
    Verdict { diagnostics: vec![at(manifest, explanation.field, diagnostic, explanation.label)], coverage }
}

/// Whether the group is Kubernetes' own, so that no CRD can add a kind to it.
fn is_kubernetes(group: &str) -> bool {
    PACK.has_group(group) || lifecycle::is_former_group(group)
}

fn at(manifest: &Manifest, field: &str, diagnostic: Diagnostic, label: impl Into<String>) -> Diagnostic {
    let pointer = Pointer::from_parts([field]);
    diagnostic.at(manifest.locate(&pointer), label).object(&manifest.object).pointer(pointer.to_string())
}

struct Explanation {
    rule: RuleId,
    message: String,
    field: &'static str,
    label: String,
    help: String,
}

fn explain(schemas: &Schemas, gvk: &Gvk) -> Explanation {
    let known: Vec<Gvk> = schemas.known_kinds().collect();
    misspelt_kind(gvk, &known)
        .or_else(|| other_version(schemas, gvk, &known))
        .or_else(|| other_minor(schemas, gvk))
        .or_else(|| misspelt_group(gvk, &known))
        .unwrap_or_else(|| nowhere(schemas, gvk))
}

/// `kind: deployment`, `kind: Deploymnet`.
fn misspelt_kind(gvk: &Gvk, known: &[Gvk]) -> Option<Explanation> {
    let siblings = known.iter().filter(|other| other.group == gvk.group && other.version == gvk.version);
    let meant = did_you_mean(&gvk.kind, siblings.map(|other| &*other.kind))?;
    Some(Explanation {
        rule: rules::UNKNOWN_KIND,
        message: format!("`{}` is not a kind of `{}`", gvk.kind, gvk.api_version()),
        field: "kind",
        label: format!("did you mean `{meant}`?"),
        help: format!("write `kind: {meant}`"),
    })
}

/// The kind exists in another group or version of Kubernetes' own: `extensions/v1beta1` `Ingress`.
fn other_version(schemas: &Schemas, gvk: &Gvk, known: &[Gvk]) -> Option<Explanation> {
    // `serving.knative.dev` `Service` is not a misplaced `v1` `Service`: only groups without an owner's domain are ours
    let ours = |group: &str| PACK.has_group(group) || !group.contains('.');
    let same_kind = |other: &&Gvk| other.kind.eq_ignore_ascii_case(&gvk.kind);
    let places: Vec<&Gvk> = known
        .iter()
        .filter(same_kind)
        .filter(|other| other.group == gvk.group || (ours(&gvk.group) && ours(&other.group)))
        .collect();
    let meant = places.iter().max_by_key(|other| (other.group == gvk.group, stability(&other.version)))?;
    let names: Vec<_> = places.iter().map(|other| format!("`{}`", other.api_version())).collect();
    let gone = gone_since(schemas, gvk);
    let name = format!("`{}` `{}`", gvk.api_version(), gvk.kind);
    let (rule, message) = match (gone, first_minor(schemas, gvk)) {
        (Some(gone), _) => (rules::REMOVED_API, format!("{name} is gone since Kubernetes {gone}")),
        (None, Some(first)) => (rules::NOT_YET_API, format!("{name} comes with Kubernetes {first}")),
        (None, None) => (rules::UNKNOWN_KIND, format!("`{}` has no kind `{}`", gvk.api_version(), gvk.kind)),
    };
    Some(Explanation {
        rule,
        message,
        field: "apiVersion",
        label: format!("`{}` is known as {}", meant.kind, names.join(", ")),
        help: if meant.kind == gvk.kind {
            format!("write `apiVersion: {}`", meant.api_version())
        } else {
            format!("write `apiVersion: {}` and `kind: {}`", meant.api_version(), meant.kind)
        },
    })
}

/// The kind exists, but not in the environment's Kubernetes.
fn other_minor(schemas: &Schemas, gvk: &Gvk) -> Option<Explanation> {
    let name = format!("`{}` `{}`", gvk.api_version(), gvk.kind);
    let explanation = |rule: RuleId, message: String, help: String| Explanation {
        rule,
        message,
        field: "apiVersion",
        label: format!("not in Kubernetes {}", schemas.minor.name),
        help,
    };
    if let Some(gone) = gone_since(schemas, gvk) {
        let message = format!("{name} is gone since Kubernetes {gone}");
        return Some(explanation(rules::REMOVED_API, message, "remove the object, or replace it".to_owned()));
    }
    let first = first_minor(schemas, gvk)?;
    let help = format!("remove the object, or set `kubernetes: \"{first}\"` for the environment");
    Some(explanation(rules::NOT_YET_API, format!("{name} comes with Kubernetes {first}"), help))
}

/// The minor that no longer served a kind, if the environment's is not older.
fn gone_since(schemas: &Schemas, gvk: &Gvk) -> Option<&'static str> {
    let of_pack = || {
        let last = PACK.minors_with(gvk).into_iter().rfind(|minor| is_older(minor, schemas.minor.name))?;
        next_minor(last)
    };
    lifecycle::removed_before_the_pack(gvk).or_else(of_pack)
}

/// The first minor that serves a kind, if it is newer than the environment's.
fn first_minor(schemas: &Schemas, gvk: &Gvk) -> Option<&'static str> {
    PACK.minors_with(gvk).into_iter().find(|minor| is_older(schemas.minor.name, minor))
}

/// `app/v1` `Deployment`.
fn misspelt_group(gvk: &Gvk, known: &[Gvk]) -> Option<Explanation> {
    let candidates: Vec<_> = known.iter().filter(|other| other.kind == gvk.kind).map(Gvk::api_version).collect();
    let meant = did_you_mean(&gvk.api_version(), candidates.iter().map(String::as_str))?;
    Some(Explanation {
        rule: rules::UNKNOWN_KIND,
        message: format!("`{}` has no kind `{}`", gvk.api_version(), gvk.kind),
        field: "apiVersion",
        label: format!("did you mean `{meant}`?"),
        help: format!("write `apiVersion: {meant}`"),
    })
}

fn nowhere(schemas: &Schemas, gvk: &Gvk) -> Explanation {
    let message = format!("no schema is known for `{}` `{}`", gvk.api_version(), gvk.kind);
    if is_kubernetes(&gvk.group) {
        return Explanation {
            rule: rules::UNKNOWN_KIND,
            message,
            field: "kind",
            label: format!("not a kind of Kubernetes {}", schemas.minor.name),
            help: "correct `apiVersion` and `kind`, or remove the object".to_owned(),
        };
    }
    Explanation {
        rule: rules::MISSING_CRD,
        message,
        field: "kind",
        label: format!("neither Kubernetes {} nor a CRD defines it", schemas.minor.name),
        help: "add its CRD to the rendered manifests or to a folder under `schemas.crds`".to_owned(),
    }
}

/// Orders versions as Kubernetes prefers them: `v1alpha1` < `v1beta2` < `v1` < `v2`.
pub(super) fn stability(version: &str) -> (bool, u32, bool, u32) {
    let rest = version.strip_prefix('v').unwrap_or_default();
    let (major, stage, number) = match (rest.split_once("alpha"), rest.split_once("beta")) {
        (Some((major, number)), _) => (major, 0, number),
        (_, Some((major, number))) => (major, 1, number),
        _ => (rest, 2, ""),
    };
    (stage == 2, major.parse().unwrap_or_default(), stage == 1, number.parse().unwrap_or_default())
}

fn is_older(minor: &str, than: &str) -> bool {
    let number = |minor: &str| minor.rsplit('.').next().and_then(|part| part.parse::<u32>().ok());
    number(minor) < number(than)
}

fn next_minor(minor: &str) -> Option<&'static str> {
    let minors = PACK.minors();
    let index = minors.iter().position(|known| *known == minor)?;
    minors.get(index + 1).copied()
}
