//! Words for values, types and places, as messages use them.

use jsonschema::JsonType;
use serde_json::Value as JsonValue;

use crate::manifest::{Manifest, Node, Pointer, Value};
use crate::source::Location;

/// Longer texts are cut in messages.
const SHOWN: usize = 40;

/// A value's name: `` `replicas` ``, `` `containers[0]` ``, and the kind for the object itself.
pub(super) fn name(manifest: &Manifest, pointer: &Pointer) -> String {
    let Some((last, before)) = pointer.parts().split_last() else {
        return format!("`{}`", manifest.object.gvk.kind);
    };
    let parent = Pointer::from_parts(before);
    let in_list = parent.resolve(&manifest.root).is_some_and(|parent| parent.as_sequence().is_some());
    match (in_list, before.last()) {
        (true, Some(list)) => format!("`{list}[{last}]`"),
        _ => format!("`{last}`"),
    }
}

/// What stands there: `the string "3"`; only the type for a `Secret`.
pub(super) fn found(manifest: &Manifest, node: &Node) -> String {
    if manifest.is_secret() {
        return node.kind_name().to_owned();
    }
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("the boolean {value}"),
        Value::Int(value) => format!("the integer {value}"),
        Value::UInt(value) => format!("the integer {value}"),
        Value::Float(value) => format!("the number {value}"),
        Value::String(text) => format!("the string {}", quoted(text)),
        Value::Sequence(_) | Value::Mapping(_) => node.kind_name().to_owned(),
    }
}

/// A text in quotes, cut where it is long, on one line.
fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}

/// The types a schema wants, as a phrase. That null would do as well is no help to anybody.
pub(super) fn wanted(types: impl IntoIterator<Item = JsonType>) -> String {
    let names = types.into_iter().filter(|kind| *kind != JsonType::Null).map(|kind| match kind {
        JsonType::Array => "a list",
        JsonType::Boolean => "a boolean",
        JsonType::Integer => "an integer",
        JsonType::Null => "null",
        JsonType::Number => "a number",
        JsonType::Object => "a mapping",
        JsonType::String => "a string",
    });
    let names: Vec<_> = names.map(str::to_owned).collect();
    if names.is_empty() { "null".to_owned() } else { either(&names) }
}

/// `a`, `a or b`, `a, b or c`.
pub(super) fn either(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [name] => name.clone(),
        [before @ .., last] => format!("{} or {last}", before.join(", ")),
    }
}

/// A value of a schema, in backticks.
pub(super) fn literal(value: &JsonValue) -> String {
    match value {
        JsonValue::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

/// `1 item`, `2 items`.
pub(super) fn count(number: u64, singular: &str) -> String {
    let plural = match singular.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{singular}s"),
    };
    if number == 1 { format!("1 {singular}") } else { format!("{number} {plural}") }
}

/// Where a value is written: the value, but the key of a collection or of nothing.
pub(super) fn place(manifest: &Manifest, pointer: &Pointer) -> Location {
    match pointer.resolve(&manifest.root).map(|node| &node.value) {
        Some(Value::Null) => key(manifest, pointer).unwrap_or_else(|| manifest.locate(pointer)),
        _ => manifest.locate(pointer),
    }
}

/// Where the key of a field is written.
pub(super) fn key(manifest: &Manifest, pointer: &Pointer) -> Option<Location> {
    let parent = pointer.parent()?;
    let entry = parent.resolve(&manifest.root)?.entry(pointer.parts().last()?)?;
    Some(manifest.location(entry.key.span))
}
