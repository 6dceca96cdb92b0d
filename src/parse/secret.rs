//! Secret: which parts of a text are the values of a core `Secret`, so that no report shows them.

use crate::manifest::{Manifest, Node, Value};
use crate::source::Span;

/// kubectl keeps a whole copy of the object in this annotation.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Adds the spans of every value that must stay hidden.
pub(super) fn spans(manifest: &Manifest, spans: &mut Vec<Span>) {
    if !manifest.is_secret() {
        return;
    }
    for key in ["data", "stringData"] {
        manifest.root.get(key).into_iter().for_each(|node| scalars(node, spans));
    }
    let annotations = manifest.root.get("metadata").and_then(|metadata| metadata.get("annotations"));
    let copy = annotations.and_then(|annotations| annotations.get(LAST_APPLIED));
    copy.into_iter().for_each(|node| scalars(node, spans));
}

fn scalars(node: &Node, spans: &mut Vec<Span>) {
    match &node.value {
        Value::Mapping(entries) => entries.iter().for_each(|entry| scalars(&entry.value, spans)),
        Value::Sequence(items) => items.iter().for_each(|item| scalars(item, spans)),
        _ => spans.push(node.span),
    }
}
