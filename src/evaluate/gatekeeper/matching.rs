//! Match: which objects a constraint is about, decided before any Rego runs.

use std::collections::BTreeMap;

use super::fields::{texts, word};
use crate::manifest::{Manifest, Name, Node};

/// `spec.match` of a constraint. What is left out matches everything.
#[derive(Debug, Default)]
pub(super) struct Match {
    kinds: Vec<Kinds>,
    namespaces: Vec<Wildcard>,
    excluded: Vec<Wildcard>,
    labels: Option<Selector>,
    namespace_labels: Option<Selector>,
    scope: Option<String>,
    name: Option<Wildcard>,
    origin: Option<Origin>,
}

/// Whether an object was written, or generated from one by an `ExpansionTemplate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Original,
    Generated,
}

/// Why it cannot be told whether a constraint is about an object.
#[derive(Debug)]
pub(super) struct NoNamespace {
    pub(super) name: String,
}

/// The labels of namespaces by their names.
pub(super) type Namespaces = BTreeMap<String, BTreeMap<String, String>>;

impl Match {
    /// Reads `spec.match`, which its schema has accepted already.
    pub(super) fn of(node: &Node) -> Self {
        let wildcards = |key: &str| texts(node.get(key)).into_iter().map(Wildcard).collect();
        let kinds = node.get("kinds").and_then(Node::as_sequence).unwrap_or_default();
        Self {
            kinds: kinds
                .iter()
                .map(|kinds| Kinds { groups: texts(kinds.get("apiGroups")), kinds: texts(kinds.get("kinds")) })
                .collect(),
            namespaces: wildcards("namespaces"),
            excluded: wildcards("excludedNamespaces"),
            labels: node.get("labelSelector").and_then(Selector::of),
            namespace_labels: node.get("namespaceSelector").and_then(Selector::of),
            scope: word(node.get("scope")).map(str::to_owned),
            name: word(node.get("name")).filter(|name| !name.is_empty()).map(|name| Wildcard(name.to_owned())),
            origin: match word(node.get("source")) {
                Some("Generated") => Some(Origin::Generated),
                Some("Original") => Some(Origin::Original),
                _ => None,
            },
        }
    }

    /// Whether the constraint is about the object.
    pub(super) fn matches(
        &self,
        manifest: &Manifest,
        origin: Origin,
        namespaces: &Namespaces,
    ) -> Result<bool, NoNamespace> {
        Ok(self.kinds_match(manifest)
            && self.scope_matches(manifest)
            && self.namespaces_match(manifest)
            && self.labels.as_ref().is_none_or(|selector| selector.matches(&labels(&manifest.root)))
            && self.namespace_labels_match(manifest, namespaces)?
            && self.name.as_ref().is_none_or(|name| name.matches_name(&manifest.object.name))
            && self.origin.is_none_or(|wanted| wanted == origin))
    }

    fn kinds_match(&self, manifest: &Manifest) -> bool {
        let gvk = &manifest.object.gvk;
        let has = |list: &[String], word: &str| list.is_empty() || list.iter().any(|item| item == "*" || item == word);
        self.kinds.is_empty()
            || self.kinds.iter().any(|kinds| has(&kinds.kinds, &gvk.kind) && has(&kinds.groups, &gvk.group))
    }

    fn scope_matches(&self, manifest: &Manifest) -> bool {
        let inside = !is_namespace(manifest) && namespace_of(manifest).is_some();
        match self.scope.as_deref() {
            Some("Cluster") => !inside,
            Some("Namespaced") => inside,
            _ => true,
        }
    }

    /// An object without a namespace cannot be disqualified by one.
    fn namespaces_match(&self, manifest: &Manifest) -> bool {
        let Some(namespace) = own_namespace(manifest) else { return true };
        let any = |wildcards: &[Wildcard]| wildcards.iter().any(|wildcard| wildcard.matches(&namespace));
        (self.namespaces.is_empty() || any(&self.namespaces)) && !any(&self.excluded)
    }

    fn namespace_labels_match(&self, manifest: &Manifest, namespaces: &Namespaces) -> Result<bool, NoNamespace> {
        let Some(selector) = &self.namespace_labels else { return Ok(true) };
        if is_namespace(manifest) {
            return Ok(selector.matches(&namespace_labels(manifest)));
        }
        let Some(namespace) = namespace_of(manifest) else { return Ok(true) };
        match namespaces.get(namespace) {
            Some(labels) => Ok(selector.matches(labels)),
            None => Err(NoNamespace { name: namespace.to_owned() }),
        }
    }
}

#[derive(Debug)]
struct Kinds {
    groups: Vec<String>,
    kinds: Vec<String>,
}

/// A name with `*` at its start, its end, or both.
#[derive(Debug)]
struct Wildcard(String);

impl Wildcard {
    fn matches(&self, name: &str) -> bool {
        let Self(pattern) = self;
        match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
            (Some(rest), Some(_)) => name.contains(rest.strip_suffix('*').unwrap_or(rest)),
            (Some(end), None) => name.ends_with(end),
            (None, Some(start)) => name.starts_with(start),
            (None, None) => name == pattern,
        }
    }

    /// Of a generated name only the beginning is known.
    fn matches_name(&self, name: &Name) -> bool {
        match name {
            Name::Fixed(name) => self.matches(name),
            Name::Generated(prefix) => self.0.ends_with('*') && self.matches(prefix),
        }
    }
}

/// A label selector, as Kubernetes has it everywhere.
#[derive(Debug)]
struct Selector(Vec<Requirement>);

#[derive(Debug)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    DoesNotExist(String),
}

impl Selector {
    fn of(node: &Node) -> Option<Self> {
        node.as_mapping()?;
        let equal = node.get("matchLabels").and_then(Node::as_mapping).unwrap_or_default();
        let mut all: Vec<Requirement> = equal
            .iter()
            .map(|entry| {
                Requirement::In(
                    entry.key.name.to_string(),
                    word(Some(&entry.value)).map(str::to_owned).into_iter().collect(),
                )
            })
            .collect();
        for expression in node.get("matchExpressions").and_then(Node::as_sequence).unwrap_or_default() {
            let key = word(expression.get("key")).unwrap_or_default().to_owned();
            let values = texts(expression.get("values"));
            all.push(match word(expression.get("operator")) {
                Some("NotIn") => Requirement::NotIn(key, values),
                Some("Exists") => Requirement::Exists(key),
                Some("DoesNotExist") => Requirement::DoesNotExist(key),
                _ => Requirement::In(key, values),
            });
        }
        Some(Self(all))
    }

    fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let one_of = |key: &str, values: &[String]| labels.get(key).is_some_and(|value| values.contains(value));
        self.0.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => one_of(key, values),
            Requirement::NotIn(key, values) => !one_of(key, values),
            Requirement::Exists(key) => labels.contains_key(key),
            Requirement::DoesNotExist(key) => !labels.contains_key(key),
        })
    }
}

/// The labels of an object.
fn labels(root: &Node) -> BTreeMap<String, String> {
    let labels = root.get("metadata").and_then(|metadata| metadata.get("labels")).and_then(Node::as_mapping);
    let text = |value: &Node| value.as_str().unwrap_or_default().to_owned();
    labels.unwrap_or_default().iter().map(|entry| (entry.key.name.to_string(), text(&entry.value))).collect()
}

/// The labels of a namespace as the cluster has it.
pub(super) fn namespace_labels(manifest: &Manifest) -> BTreeMap<String, String> {
    with_name(&manifest.object.name.to_string(), labels(&manifest.root))
}

/// The label that the API server gives every namespace is added.
pub(super) fn with_name(name: &str, mut labels: BTreeMap<String, String>) -> BTreeMap<String, String> {
    labels.entry("kubernetes.io/metadata.name".to_owned()).or_insert_with(|| name.to_owned());
    labels
}

/// Whether the object is a namespace.
pub(super) fn is_namespace(manifest: &Manifest) -> bool {
    manifest.object.gvk.group.is_empty() && &*manifest.object.gvk.kind == "Namespace"
}

fn namespace_of(manifest: &Manifest) -> Option<&str> {
    manifest.object.namespace.as_deref()
}

/// The namespace that an object lies in, or is.
fn own_namespace(manifest: &Manifest) -> Option<String> {
    if is_namespace(manifest) {
        return match &manifest.object.name {
            Name::Fixed(name) | Name::Generated(name) => Some(name.to_string()),
        };
    }
    namespace_of(manifest).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_have_their_star_at_either_end() {
        let matches = |pattern: &str, name: &str| Wildcard(pattern.to_owned()).matches(name);
        assert!(matches("kube-*", "kube-system") && !matches("kube-*", "my-kube-x"));
        assert!(matches("*-system", "kube-system") && !matches("*-system", "system"));
        assert!(matches("*sys*", "kube-system") && matches("*", "anything"));
        assert!(matches("prod", "prod") && !matches("prod", "production"));
    }
}
