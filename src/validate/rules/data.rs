//! ConfigMaps and Secrets: their keys, their size, and the keys a type of Secret needs (`pkg/apis/core/validation`,
//! `ValidateConfigMap` and `ValidateSecret`).

use super::Context;
use super::found::{Finding, Findings};
use super::read::{at, entries, field, is_encrypted, text};
use super::syntax::Form;
use crate::diagnostic::rules;
use crate::manifest::Node;

/// All values of a ConfigMap or Secret together.
const LARGEST: usize = 1024 * 1024;

/// Types of Secrets, and the keys they need.
const TYPES: [(&str, &[&str]); 4] = [
    ("kubernetes.io/dockerconfigjson", &[".dockerconfigjson"]),
    ("kubernetes.io/dockercfg", &[".dockercfg"]),
    ("kubernetes.io/ssh-auth", &["ssh-privatekey"]),
    ("kubernetes.io/tls", &["tls.crt", "tls.key"]),
];

/// Checks the object, if it is one of the two.
pub(super) fn check<'a>(context: &Context<'a>, findings: &mut Findings<'a>) {
    let gvk = &context.manifest.object.gvk;
    let root = &context.manifest.root;
    let (maps, encoded): ([&str; 2], &str) = match (&*gvk.group, &*gvk.kind) {
        ("", "ConfigMap") => (["data", "binaryData"], "binaryData"),
        ("", "Secret") => (["data", "stringData"], "data"),
        _ => return,
    };
    for map in maps {
        keys(root, map, findings);
    }
    size(root, maps, encoded, &gvk.kind, findings);
    if &*gvk.kind == "Secret" {
        secret_type(root, findings);
    } else {
        twice(root, findings);
    }
}

fn keys<'a>(root: &'a Node, map: &str, findings: &mut Findings<'a>) {
    let Some(owner) = field(root, map) else { return };
    for entry in owner.as_mapping().unwrap_or_default() {
        let key = &*entry.key.name;
        if let Some(trouble) = Form::DataKey.trouble(key) {
            let message = format!("`{key}` cannot be a key of `{map}`: {trouble}");
            let finding = Finding::error(rules::INVALID_KEY, owner, message).key(key);
            findings.push(finding.label(Form::DataKey.describe()).help("rename the key"));
        }
    }
}

fn size<'a>(root: &'a Node, maps: [&str; 2], encoded: &str, kind: &str, findings: &mut Findings<'a>) {
    let mut total = 0;
    for map in maps {
        for entry in entries(root, map) {
            // of a key in both, a Secret keeps the one in `stringData`
            if map == "data"
                && maps.contains(&"stringData")
                && entries(root, "stringData").iter().any(|other| other.key.name == entry.key.name)
            {
                continue;
            }
            let text = entry.value.as_str().unwrap_or_default();
            total += if map == encoded { decoded_length(text) } else { text.len() };
        }
    }
    if total > LARGEST {
        let message = format!("the values of the `{kind}` have {total} bytes, and at most {LARGEST} are allowed");
        let first = maps.into_iter().find(|map| field(root, map).is_some()).unwrap_or(maps[0]);
        let finding = Finding::error(rules::DATA_TOO_LARGE, root, message).key(first);
        findings.push(finding.label("too much in all").help("split it"));
    }
}

/// How many bytes base64 stands for, at most.
fn decoded_length(text: &str) -> usize {
    let padding = text.bytes().rev().take_while(|byte| matches!(byte, b'=' | b'\n' | b'\r')).count();
    let signs = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).count();
    let padding = padding.min(2);
    (signs / 4 * 3).saturating_sub(padding)
}

fn twice<'a>(root: &'a Node, findings: &mut Findings<'a>) {
    let Some(binary) = field(root, "binaryData") else { return };
    for entry in binary.as_mapping().unwrap_or_default() {
        let key = &*entry.key.name;
        if entries(root, "data").iter().any(|other| &*other.key.name == key) {
            let finding = Finding::error(rules::INVALID_KEY, binary, format!("`{key}` is a key of `data` as well"));
            findings.push(finding.key(key).label("in both").help("remove one of the two"));
        }
    }
}

fn secret_type<'a>(root: &'a Node, findings: &mut Findings<'a>) {
    let Some(kind) = text(root, "type").filter(|kind| !is_encrypted(kind)) else { return };
    let has = |key: &str| {
        ["data", "stringData"].iter().any(|map| entries(root, map).iter().any(|entry| &*entry.key.name == key))
    };
    let mut demand = |owner: &'a Node, field: &str, what: &str| {
        let message = format!("a Secret of type `{kind}` needs {what}");
        findings.push(
            Finding::error(rules::REQUIRED_VALUE, owner, message)
                .field(field)
                .label(format!("needs {what}"))
                .help(format!("add {what}, or change `type`")),
        );
    };
    let owner = field(root, "data").or_else(|| field(root, "stringData")).unwrap_or(root);
    for key in TYPES.iter().filter(|(name, _)| *name == kind).flat_map(|(_, keys)| *keys).filter(|key| !has(key)) {
        demand(owner, key, &format!("the key `{key}`"));
    }
    if kind == "kubernetes.io/basic-auth" && !has("username") && !has("password") {
        demand(owner, "username", "the key `username` or `password`");
    }
    let account = "kubernetes.io/service-account.name";
    let annotations = at(root, &["metadata", "annotations"]);
    if kind == "kubernetes.io/service-account-token" && annotations.and_then(|map| text(map, account)).is_none() {
        demand(
            annotations.or_else(|| field(root, "metadata")).unwrap_or(root),
            account,
            &format!("the annotation `{account}`"),
        );
    }
}
