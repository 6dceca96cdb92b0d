//! Identity: reads who an object is from `apiVersion`, `kind` and `metadata`, and tells what of it is missing or wrong.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, RuleId, rules};
use crate::manifest::{Entry, Gvk, Name, Node, ObjectRef, Value};
use crate::source::{Location, Source, Span};

/// Keys of a `kustomization.yaml`, which needs neither `apiVersion` nor `kind`.
const KUSTOMIZATION: &[&str] =
    &["resources", "bases", "patches", "patchesStrategicMerge", "configMapGenerator", "secretGenerator", "components"];

/// API versions of the kinds people write most, for those who left it out.
const USUAL_VERSIONS: &[(&str, &[&str])] = &[
    ("apps/v1", &["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"]),
    ("batch/v1", &["Job", "CronJob"]),
    ("networking.k8s.io/v1", &["Ingress", "NetworkPolicy", "IngressClass"]),
    ("rbac.authorization.k8s.io/v1", &["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"]),
    ("autoscaling/v2", &["HorizontalPodAutoscaler"]),
    ("policy/v1", &["PodDisruptionBudget"]),
    ("storage.k8s.io/v1", &["StorageClass"]),
    ("apiextensions.k8s.io/v1", &["CustomResourceDefinition"]),
    (
        "v1",
        &[
            "Pod",
            "Service",
            "ConfigMap",
            "Secret",
            "Namespace",
            "ServiceAccount",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "LimitRange",
            "ResourceQuota",
            "ReplicationController",
        ],
    ),
];

/// The identity of an object, or everything that is wrong with it.
pub(super) fn of(source: &Arc<Source>, root: &Node) -> Result<ObjectRef, Vec<Diagnostic>> {
    let mut check = Check { source, root, missing: Vec::new(), wrong: Vec::new() };
    let api_version = check.text(root, "apiVersion", "apiVersion").filter(|entry| check.api_version(entry));
    let kind = check.text(root, "kind", "kind").filter(|entry| check.kind(entry));
    let (name, namespace) = check.metadata();
    match (api_version.and_then(text_of), kind.and_then(text_of), name) {
        (Some(api_version), Some(kind), Some(name)) if check.wrong.is_empty() => {
            Ok(ObjectRef { gvk: Gvk::new(api_version, kind), namespace, name })
        }
        _ => Err(check.into_diagnostics()),
    }
}

/// Where a finding about a whole document points: its first key or item, for an arrow under a whole block says nothing.
pub(super) fn head(root: &Node) -> Span {
    match &root.value {
        Value::Mapping(entries) => entries.first().map_or(root.span, |entry| entry.key.span),
        Value::Sequence(items) => items.first().map_or(root.span, head),
        _ => root.span,
    }
}

struct Check<'a> {
    source: &'a Arc<Source>,
    root: &'a Node,
    /// Paths that are not there, with the key below which they should be.
    missing: Vec<(&'static str, Option<Span>)>,
    wrong: Vec<Diagnostic>,
}

impl<'a> Check<'a> {
    fn metadata(&mut self) -> (Option<Name>, Option<Box<str>>) {
        let Some(metadata) = self.root.entry("metadata").filter(|entry| entry.value.value != Value::Null) else {
            self.missing.push(("metadata.name", self.root.entry("metadata").map(|entry| entry.key.span)));
            return (None, None);
        };
        if metadata.value.as_mapping().is_none() {
            self.not_text("metadata", metadata, "write `metadata` as a mapping with `name`");
            return (None, None);
        }
        let namespace = match optional(&metadata.value, "namespace") {
            None => None,
            Some(entry) => self.is_text("metadata.namespace", entry).then(|| text_of(entry)).flatten(),
        };
        (self.name(metadata), namespace.map(Into::into))
    }

    fn name(&mut self, metadata: &'a Entry) -> Option<Name> {
        if optional(&metadata.value, "name").is_none()
            && let Some(prefix) = optional(&metadata.value, "generateName")
        {
            let valid = self.is_text("metadata.generateName", prefix) && self.path_segment(prefix);
            return valid.then(|| text_of(prefix)).flatten().map(|prefix| Name::Generated(prefix.into()));
        }
        let Some(entry) = optional(&metadata.value, "name") else {
            let place = metadata.value.entry("name").map_or(metadata.key.span, |entry| entry.key.span);
            self.missing.push(("metadata.name", Some(place)));
            return None;
        };
        let valid = self.is_text("metadata.name", entry) && self.path_segment(entry);
        valid.then(|| text_of(entry)).flatten().map(|name| Name::Fixed(name.into()))
    }

    /// A required entry that is text.
    fn text(&mut self, parent: &'a Node, key: &str, path: &'static str) -> Option<&'a Entry> {
        let Some(entry) = optional(parent, key) else {
            self.missing.push((path, parent.entry(key).map(|entry| entry.key.span)));
            return None;
        };
        self.is_text(path, entry).then_some(entry)
    }

    fn is_text(&mut self, path: &str, entry: &Entry) -> bool {
        let text = entry.value.as_str().is_some();
        if !text {
            self.not_text(path, entry, "put it in quotes if it is meant as text");
        }
        text
    }

    fn not_text(&mut self, path: &str, entry: &Entry, help: &str) {
        let collection = matches!(entry.value.value, Value::Mapping(_) | Value::Sequence(_));
        let place = if collection { entry.key.span } else { entry.value.span };
        let label = if path == "metadata" { "must be a mapping" } else { "must be text" };
        let message = format!("`{path}` is {}", entry.value.kind_name());
        self.wrong.push(self.error(rules::INVALID_IDENTITY, message, place, label).help(help));
    }

    /// A group is a DNS name, a version a word: `apps/v1`.
    fn api_version(&mut self, entry: &Entry) -> bool {
        let text = text_of(entry).unwrap_or_default();
        let (group, version) = text.split_once('/').map_or((None, text), |(group, version)| (Some(group), version));
        let valid = is_word(version, |byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && group.is_none_or(|group| {
                is_word(group, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
                    && !group.contains("..")
            });
        valid
            || self.refuse(
                entry,
                "an API version",
                "write `v1` or `group/version`, as `kubectl api-resources` shows it",
            )
    }

    fn kind(&mut self, entry: &Entry) -> bool {
        let text = text_of(entry).unwrap_or_default();
        let valid = text.starts_with(|first: char| first.is_ascii_alphabetic())
            && is_word(text, |byte| byte.is_ascii_alphanumeric() || byte == b'-');
        valid || self.refuse(entry, "a kind", "write a kind such as `Deployment`: letters and digits")
    }

    /// What the API server demands of every name, whatever the kind: it is one part of a URL's path.
    fn path_segment(&mut self, entry: &Entry) -> bool {
        let text = text_of(entry).unwrap_or_default();
        let valid = text != "." && text != ".." && !text.contains(['/', '%']) && !text.contains(char::is_control);
        valid || self.refuse(entry, "a name", "use lower-case letters, digits, `-` and `.`")
    }

    fn refuse(&mut self, entry: &Entry, what: &str, help: &str) -> bool {
        let text: String = text_of(entry).unwrap_or_default().escape_debug().take(60).collect();
        let message = format!("`{text}` cannot be {what}");
        self.wrong.push(self.error(rules::INVALID_IDENTITY, message, entry.value.span, "not accepted").help(help));
        false
    }

    fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        if !self.missing.is_empty() {
            let paths: Vec<&str> = self.missing.iter().map(|(path, _)| *path).collect();
            let place = self.missing.iter().find_map(|(_, place)| *place).unwrap_or_else(|| self.place(&paths));
            let verb = if paths.len() == 1 { "is" } else { "are" };
            let message = format!("{} {verb} missing", enumerate(&paths));
            let diagnostic =
                self.error(rules::MISSING_IDENTITY, message, place, "of this object").help(self.help(&paths));
            self.wrong.insert(0, diagnostic);
        }
        self.wrong
    }

    /// The kind tells best which object lacks its name; anything else is missing at the top.
    fn place(&self, missing: &[&str]) -> Span {
        match self.root.entry("kind") {
            Some(kind) if missing == ["metadata.name"] => kind.key.span,
            _ => head(self.root),
        }
    }

    fn help(&self, missing: &[&str]) -> String {
        let has = |key: &str| self.root.entry(key).is_some();
        let kind = self.root.get("kind").and_then(Node::as_str);
        if missing.contains(&"kind") && KUSTOMIZATION.iter().any(|key| has(key)) {
            return "this looks like a kustomization: name the file `kustomization.yaml`, or keep it out of the app"
                .into();
        }
        if missing.contains(&"kind") && missing.contains(&"apiVersion") && !has("metadata") {
            return "this looks like a values file or other configuration: keep it out of the app's manifests".into();
        }
        match (missing, kind.and_then(usual_version)) {
            (["apiVersion", ..], Some(version)) => format!("add `apiVersion: {version}`"),
            _ => format!("add {}", enumerate(missing)),
        }
    }

    fn error(&self, rule: RuleId, message: String, place: Span, label: &str) -> Diagnostic {
        let diagnostic = Diagnostic::error(rule, message).at(Location::new(self.source, place), label);
        let name = self.root.get("metadata").and_then(|metadata| metadata.get("name")).and_then(Node::as_str);
        match (self.root.get("kind").and_then(Node::as_str), name) {
            (Some(kind), Some(name)) => diagnostic.object(format!("{kind} {name}")),
            _ => diagnostic,
        }
    }
}

/// An entry that says something: `null` and the empty text count as absent, as they do for the API server.
fn optional<'a>(parent: &'a Node, key: &str) -> Option<&'a Entry> {
    parent.entry(key).filter(|entry| entry.value.value != Value::Null && entry.value.as_str() != Some(""))
}

fn text_of(entry: &Entry) -> Option<&str> {
    entry.value.as_str()
}

/// Whether a text consists of allowed signs, and begins and ends with a letter or digit.
fn is_word(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    ends.iter().all(|end| end.is_some_and(u8::is_ascii_alphanumeric))
        && bytes.len() <= 253
        && bytes.iter().all(|byte| allowed(*byte))
}

fn usual_version(kind: &str) -> Option<&'static str> {
    USUAL_VERSIONS.iter().find(|(_, kinds)| kinds.contains(&kind)).map(|(version, _)| *version)
}

/// `` `a`, `b` and `c` ``
fn enumerate(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}
