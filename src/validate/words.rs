//! Words for values, types and places, as messages use them.

use jsonschema::JsonType;
use serde_json::Value as JsonValue;

use crate::manifest::{Manifest, Node, Pointer, Value};
use crate::source::Location;

/// Longer texts are cut in messages.
const SHOWN: usize = 40;

/// A value's name: `` `replicas` ``, `` `args[0]` ``, `` `containers[name=web]` ``, and the kind for the object itself.
pub(super) fn name(manifest: &Manifest, pointer: &Pointer) -> String {
    let parts = pointer.parts();
    // from the last key on: a list in a list has two indices
    let start = (0..parts.len()).rev().find(|depth| !is_item(manifest, &parts[..=*depth]));
    match start.map(|start| parts[start..].split_first()) {
        Some(Some((key, indices))) => {
            let items: String = (1..=indices.len())
                .map(|depth| item_name(manifest, &parts[..parts.len() - indices.len() + depth]))
                .collect();
            format!("`{key}{items}`")
        }
        _ => format!("`{}`", manifest.object.gvk.kind),
    }
}

/// Whether the last part is the index of an item.
fn is_item(manifest: &Manifest, parts: &[String]) -> bool {
    let parent = parts.split_last().map(|(_, parent)| Pointer::from_parts(parent));
    let parent = parent.as_ref().and_then(|parent| parent.resolve(&manifest.root));
    parent.is_some_and(|parent| parent.as_sequence().is_some())
}

/// `[name=web]` where no other item of the list has that name, else `[0]`.
fn item_name(manifest: &Manifest, parts: &[String]) -> String {
    let (list, index) = (Pointer::from_parts(&parts[..parts.len() - 1]), &parts[parts.len() - 1]);
    let items = list.resolve(&manifest.root).and_then(Node::as_sequence).unwrap_or_default();
    let name = |item: &'_ Node| item.get("name").and_then(Node::as_str).map(str::to_owned);
    let own = index.parse::<usize>().ok().and_then(|index| name(items.get(index)?));
    let plain = |text: &String| {
        !manifest.is_secret()
            && (1..=SHOWN).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte))
            && items.iter().filter(|item| name(item).as_ref() == Some(text)).count() == 1
    };
    own.filter(plain).map_or_else(|| format!("[{index}]"), |name| format!("[name={name}]"))
}

/// Whether a text holds what a template or a shell would have replaced.
pub(super) fn placeholder(node: &Node) -> bool {
    let Some(text) = node.as_str() else { return false };
    let holds = |open: &str, close: &str| text.split_once(open).is_some_and(|(_, rest)| rest.contains(close));
    holds("${", "}") || holds("{{", "}}") || text.contains("<no value>")
}

/// What stands there: `the string "3"`; only the type for a `Secret`.
pub(super) fn found(manifest: &Manifest, node: &Node) -> String {
    if manifest.is_secret() {
        return node.kind_name().to_owned();
    }
    match &node.value {
        Value::Null if manifest.source.slice(node.span).is_empty() => "nothing".to_owned(),
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("the boolean {value}"),
        Value::Int(value) => format!("the integer {value}"),
        Value::UInt(value) => format!("the integer {value}"),
        Value::Float(value) => format!("the number {}", float(*value)),
        Value::String(text) => format!("the string {}", quoted(text)),
        Value::Sequence(_) | Value::Mapping(_) => node.kind_name().to_owned(),
    }
}

/// A number with a point or an exponent, without endless zeros.
pub(super) fn float(value: f64) -> String {
    if value != 0.0 && !(1e-7..1e16).contains(&value.abs()) { format!("{value:e}") } else { value.to_string() }
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

/// `a`, `a and b`, `a, b and c`.
pub(super) fn all(names: &[String]) -> String {
    match names {
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        names => names.concat(),
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
