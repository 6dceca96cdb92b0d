//! A List is a document that carries objects: `kind: List`, or `RoleList` and its like as `kubectl get -o yaml` prints.

use std::sync::Arc;

use super::identity::head;
use crate::diagnostic::{Diagnostic, rules};
use crate::manifest::{Entry, Node, Value};
use crate::source::{Location, Source};

/// What a mapping turns out to be.
pub(super) enum Opened {
    /// No List.
    Object(Node),
    /// The items of a List.
    Items(Vec<Node>),
    /// It would be a List, but its items are none.
    Invalid(Box<Diagnostic>),
}

/// Takes the items out of a List; leaves everything else as it is.
pub(super) fn open(source: &Arc<Source>, root: Node) -> Opened {
    let kind = root.get("kind").and_then(Node::as_str).unwrap_or_default();
    let Some(items) = root.entry("items") else {
        if kind == "List" {
            return Opened::Invalid(Box::new(without_items(source, &root)));
        }
        return Opened::Object(root);
    };
    // without a kind it may be anything, and its missing identity tells more
    if kind.is_empty() {
        return Opened::Object(root);
    }
    if !kind.ends_with("List") {
        return Opened::Invalid(Box::new(items_outside_list(source, kind, items)));
    }
    match items.value.value {
        Value::Sequence(_) | Value::Null => Opened::Items(items_of(root)),
        _ => Opened::Invalid(Box::new(items_are_no_list(source, items))),
    }
}

/// The items, each with the identity that a typed List implies.
fn items_of(mut list: Node) -> Vec<Node> {
    let inherited = inherited(&list);
    let Value::Mapping(entries) = &mut list.value else { return Vec::new() };
    let items = entries.iter_mut().find(|entry| &*entry.key.name == "items");
    let Some(Value::Sequence(mut items)) = items.map(|entry| std::mem::replace(&mut entry.value.value, Value::Null))
    else {
        return Vec::new();
    };
    for item in &mut items {
        inherit(item, &inherited);
    }
    items
}

/// `apiVersion` and `kind` of the items of a `RoleList`; nothing for a plain `List`.
fn inherited(list: &Node) -> Vec<Entry> {
    let (Some(api_version), Some(kind)) = (list.entry("apiVersion"), list.entry("kind")) else { return Vec::new() };
    let Some(item_kind) =
        kind.value.as_str().and_then(|kind| kind.strip_suffix("List")).filter(|kind| !kind.is_empty())
    else {
        return Vec::new();
    };
    let mut kind = kind.clone();
    kind.value.value = Value::String(item_kind.into());
    vec![api_version.clone(), kind]
}

/// Adds what an item does not say, unless it says something else than its List: kubectl would override that in silence.
fn inherit(item: &mut Node, inherited: &[Entry]) {
    let Value::Mapping(entries) = &mut item.value else { return };
    let own = |entry: &Entry| entries.iter().find(|own| own.key.name == entry.key.name);
    let agrees = |entry: &Entry| own(entry).is_none_or(|own| own.value.same_meaning(&entry.value));
    if inherited.iter().all(agrees) {
        let missing: Vec<Entry> = inherited.iter().filter(|entry| own(entry).is_none()).cloned().collect();
        entries.extend(missing);
    }
}

fn without_items(source: &Arc<Source>, root: &Node) -> Diagnostic {
    let place = root.get("kind").map_or(head(root), |kind| kind.span);
    Diagnostic::error(rules::INVALID_LIST, "a List has no `items`")
        .at(Location::new(source, place), "nothing is listed")
        .help("add `items`, or remove the document")
}

fn items_outside_list(source: &Arc<Source>, kind: &str, items: &Entry) -> Diagnostic {
    Diagnostic::error(rules::INVALID_LIST, format!("`{kind}` has `items` at its top, but is no List"))
        .at(Location::new(source, items.key.span), "kubectl applies these items, and not the object around them")
        .help("move `items` to where it belongs, or make the kind a List")
}

fn items_are_no_list(source: &Arc<Source>, items: &Entry) -> Diagnostic {
    Diagnostic::error(rules::INVALID_LIST, format!("`items` is {}, not a list", items.value.kind_name()))
        .at(Location::new(source, items.key.span), "should be a list of objects")
        .help("begin each object with `- `")
}
