//! Volumes of a Pod, and claims (`pkg/apis/core/validation`, `ValidateVolumes` and `ValidatePersistentVolumeClaimSpec`).

use super::found::{Finding, Findings};
use super::pods::Pods;
use super::quantity::Quantity;
use super::read::{Seen, at, field, integer, items, text, walk};
use super::syntax::Form;
use crate::diagnostic::rules;
use crate::manifest::{Node, Value};
use crate::validate::words;

/// The names of the volumes that containers may mount, sorted.
pub(super) type Known<'a> = Vec<&'a str>;

/// Checks the volumes of Pods.
pub(super) fn check<'a>(pods: &Pods<'a>, findings: &mut Findings<'a>) -> Known<'a> {
    let (mut met, mut known) = (Seen::new(), Known::new());
    for volume in items(pods.spec, "volumes") {
        if let Some(name) = text(volume, "name") {
            named(volume, name, findings);
            known.push(name);
            if !met.is_new(name) {
                findings.push(twice(volume, "name", format!("two volumes are called `{name}`")));
            }
        }
        sources(volume, findings);
    }
    let mut templates = Seen::new();
    for claim in pods.claims {
        let Some(name) = field(claim, "metadata").and_then(|metadata| text(metadata, "name")) else { continue };
        // a claim of a StatefulSet takes the place of a volume with its name
        known.push(name);
        if !templates.is_new(name) {
            let finding =
                Finding::error(rules::DUPLICATE_NAME, claim, format!("two claim templates are called `{name}`"));
            findings.push(finding.label("repeated here").help("remove one of the two, or rename it"));
        }
    }
    for claim in pods.claims {
        if let Some(spec) = field(claim, "spec") {
            self::claim(spec, findings);
        }
    }
    known.sort_unstable();
    known
}

fn named<'a>(volume: &'a Node, name: &str, findings: &mut Findings<'a>) {
    if let Some(trouble) = Form::Label.trouble(name) {
        let message = format!("`{name}` cannot be the name of a volume: {trouble}");
        let help = Form::Label.suggestion(name).map(|near| format!("write `{near}`"));
        let finding = Finding::error(rules::INVALID_NAME, volume, message).field("name").label(Form::Label.describe());
        findings.push(finding.maybe_help(help));
    }
}

/// Something that must be there only once.
pub(super) fn twice<'a>(node: &'a Node, field: &str, message: String) -> Finding<'a> {
    Finding::error(rules::DUPLICATE_NAME, node, message)
        .field(field)
        .label("repeated here")
        .help("remove one of the two, or rename it")
}

/// A volume has one source; without any it is an `emptyDir`.
fn sources<'a>(volume: &'a Node, findings: &mut Findings<'a>) {
    let entries = volume.as_mapping().unwrap_or_default();
    let sources: Vec<_> = entries
        .iter()
        .filter(|entry| &*entry.key.name != "name" && entry.value.value != Value::Null)
        .map(|entry| &*entry.key.name)
        .collect();
    if let [_, second, ..] = sources[..] {
        findings.push(only_one(volume, &sources, second, "a volume"));
    }
    if let Some(secret) = field(volume, "secret")
        && secret.as_mapping().is_some()
        && text(secret, "secretName").is_none()
    {
        findings.push(missing(secret, "secretName", "a `secret` volume"));
    }
    if let Some(map) = field(volume, "configMap")
        && map.as_mapping().is_some()
        && text(map, "name").is_none()
    {
        findings.push(missing(map, "name", "a `configMap` volume"));
    }
    for (index, source) in
        field(volume, "projected").map_or(&[][..], |projected| items(projected, "sources")).iter().enumerate()
    {
        let set = source.as_mapping().unwrap_or_default().iter().filter(|entry| entry.value.value != Value::Null);
        let set: Vec<_> = set.map(|entry| &*entry.key.name).collect();
        match set[..] {
            [] if source.as_mapping().is_some() => {
                let message = format!("`sources[{index}]` of a projected volume names no source");
                findings.push(Finding::error(rules::ONE_OF, source, message).label("needs one source"));
            }
            [_, second, ..] => findings.push(only_one(source, &set, second, "a source of a projected volume")),
            _ => {}
        }
    }
    modes(volume, findings);
    if let Some(spec) = at(volume, &["ephemeral", "volumeClaimTemplate", "spec"]) {
        claim(spec, findings);
    }
}

/// More than one of several fields that exclude each other.
pub(super) fn only_one<'a>(node: &'a Node, set: &[&str], second: &str, what: &str) -> Finding<'a> {
    let names: Vec<_> = set.iter().map(|name| format!("`{name}`")).collect();
    Finding::error(rules::ONE_OF, node, format!("{what} may have only one of {}", words::either(&names)))
        .key(second)
        .label("not both at once")
        .help("remove all but one")
}

/// A field that the API server wants, though the schema does not say so.
pub(super) fn missing<'a>(node: &'a Node, name: &str, owner: &str) -> Finding<'a> {
    Finding::error(rules::REQUIRED_VALUE, node, format!("{owner} needs `{name}`"))
        .field(name)
        .label(format!("needs `{name}`"))
        .help(format!("add `{name}`"))
}

/// File modes: 0 to 0777.
fn modes<'a>(volume: &'a Node, findings: &mut Findings<'a>) {
    for source in ["secret", "configMap", "downwardAPI"] {
        if let Some(source) = field(volume, source) {
            modes_at(source, &["defaultMode", "items/*/mode"], findings);
        }
    }
    if let Some(projected) = field(volume, "projected") {
        let inner = ["sources/*/secret/items/*/mode", "sources/*/configMap/items/*/mode"];
        modes_at(projected, &["defaultMode", inner[0], inner[1], "sources/*/downwardAPI/items/*/mode"], findings);
    }
}

fn modes_at<'a>(source: &'a Node, paths: &[&str], findings: &mut Findings<'a>) {
    for path in paths {
        walk(source, path, &mut |mode| {
            if let Some(number) = integer(mode).filter(|number| !(0..=0o777).contains(number)) {
                let name = path.rsplit('/').next().unwrap_or(path);
                let message = format!("`{name}` must be between 0 and 511 (octal 0777), found {number}");
                let octal = number.to_string();
                let meant = i128::from_str_radix(&octal, 8).is_ok_and(|number| number <= 0o777);
                let help = meant.then(|| format!("write `0{octal}`: without the 0 it is decimal"));
                findings
                    .push(Finding::error(rules::OUT_OF_RANGE, mode, message).label("no file mode").maybe_help(help));
            }
        });
    }
}

/// A claim needs an access mode, and a size above zero.
pub(super) fn claim<'a>(spec: &'a Node, findings: &mut Findings<'a>) {
    if spec.as_mapping().is_none() {
        return;
    }
    if items(spec, "accessModes").is_empty() {
        findings.push(missing(spec, "accessModes", "a claim"));
    }
    let requests = at(spec, &["resources", "requests"]);
    match requests.and_then(|requests| field(requests, "storage")) {
        None => {
            let owner = requests.or_else(|| field(spec, "resources")).unwrap_or(spec);
            let finding = Finding::error(rules::REQUIRED_VALUE, owner, "a claim needs `resources.requests.storage`");
            let name = if requests.is_some() {
                "storage"
            } else if field(spec, "resources").is_some() {
                "requests"
            } else {
                "resources"
            };
            findings.push(finding.field(name).label("says no size").help("add `resources.requests.storage`"));
        }
        Some(size) => {
            if Quantity::read(size).is_some_and(|size| !size.is_positive()) {
                let finding = Finding::error(rules::OUT_OF_RANGE, size, "`storage` must be more than zero");
                findings.push(finding.label("outside the limits"));
            }
        }
    }
}
