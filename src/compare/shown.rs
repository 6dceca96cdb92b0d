//! Shown: a value as a reader may see it. Values of a `Secret` are hidden here, before anything can word them.

use crate::manifest::{Entry, Manifest, Node, Value, write};

/// kubectl keeps a whole copy of the object in this annotation.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A value that may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Canonical YAML without a last line break; one line for a scalar that has one.
    pub yaml: String,
    /// Whether something in it is hidden: `(hidden)` stands in its place.
    pub hidden: bool,
}

impl Shown {
    /// A value at its place in an object.
    pub(super) fn of(node: &Node, manifest: &Manifest, way: &[String]) -> Self {
        let covered = manifest.is_secret().then(|| covered(node, &mut way.to_vec()));
        let hidden = covered.as_ref().is_some_and(|covered| covered != node);
        let mut yaml = String::new();
        // what was read can be written; if not, its kind is all there is to say
        if write(covered.as_ref().unwrap_or(node), &mut yaml).is_err() {
            yaml = node.kind_name().to_owned();
        }
        yaml.truncate(yaml.trim_end_matches('\n').len());
        Self { yaml, hidden }
    }

    /// Whether it is written in one line.
    #[must_use]
    pub fn is_short(&self) -> bool {
        !self.yaml.contains('\n')
    }
}

/// Whether a value at this place is itself hidden.
pub(super) fn is_hidden(manifest: &Manifest, way: &[String]) -> bool {
    manifest.is_secret() && holds_secrets(way)
}

fn holds_secrets(way: &[String]) -> bool {
    match way {
        [first, ..] if first == "data" || first == "stringData" => true,
        [metadata, annotations, key, ..] => {
            metadata == "metadata" && annotations == "annotations" && key == LAST_APPLIED
        }
        _ => false,
    }
}

/// A copy of a value of a Secret without what is secret in it.
fn covered(node: &Node, way: &mut Vec<String>) -> Node {
    let value = match &node.value {
        Value::Mapping(entries) => Value::Mapping(
            entries
                .iter()
                .map(|entry| {
                    way.push(entry.key.name.to_string());
                    let value = covered(&entry.value, way);
                    way.pop();
                    Entry { key: entry.key.clone(), value }
                })
                .collect(),
        ),
        Value::Sequence(items) => Value::Sequence(items.iter().map(|item| covered(item, way)).collect()),
        _ if holds_secrets(way) => Value::String("(hidden)".into()),
        other => other.clone(),
    };
    Node { span: node.span, value }
}
