//! How rules read a tree: what is null, or an empty text, is not set; what has the wrong type is the schema's business.

use std::collections::BTreeSet;

use crate::manifest::{Entry, Node, Value};

/// A field that is set.
pub(in crate::validate) fn field<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    node.get(name).filter(|value| value.value != Value::Null)
}

/// The value at the end of some fields.
pub(in crate::validate) fn at<'a>(node: &'a Node, path: &[&str]) -> Option<&'a Node> {
    path.iter().try_fold(node, |node, name| field(node, name))
}

/// The items of a list; none if it is not set.
pub(in crate::validate) fn items<'a>(node: &'a Node, name: &str) -> &'a [Node] {
    node.get(name).and_then(Node::as_sequence).unwrap_or_default()
}

/// The entries of a mapping; none if it is not set.
pub(in crate::validate) fn entries<'a>(node: &'a Node, name: &str) -> &'a [Entry] {
    node.get(name).and_then(Node::as_mapping).unwrap_or_default()
}

/// A text that is not empty. To the API server an empty text mostly is an unset one.
pub(in crate::validate) fn text<'a>(node: &'a Node, name: &str) -> Option<&'a str> {
    node.get(name).and_then(Node::as_str).filter(|text| !text.is_empty())
}

/// An integer; `1.0` is one too.
pub(in crate::validate) fn integer(node: &Node) -> Option<i128> {
    match node.value {
        Value::Int(value) => Some(value.into()),
        Value::UInt(value) => Some(value.into()),
        Value::Float(value) if value.fract() == 0.0 && value.abs() < 1e18 => Some(value as i128),
        _ => None,
    }
}

/// Whether a field is `true`.
pub(in crate::validate) fn is_true(node: &Node, name: &str) -> bool {
    matches!(node.get(name), Some(Node { value: Value::Bool(true), .. }))
}

/// Whether SOPS encrypted a text: what it says is not known.
pub(in crate::validate) fn is_encrypted(text: &str) -> bool {
    text.starts_with("ENC[")
}

/// Hands every value at a path to `found`. Steps are parted by `/`; `*` stands for every item of a list.
pub(in crate::validate) fn walk<'a>(node: &'a Node, path: &str, found: &mut dyn FnMut(&'a Node)) {
    if path.is_empty() {
        return found(node);
    }
    // paths are short: a loop over a few bytes is faster than a search
    let (step, rest) = match path.bytes().position(|byte| byte == b'/') {
        Some(end) => (&path[..end], &path[end + 1..]),
        None => (path, ""),
    };
    match step {
        "*" => node.as_sequence().unwrap_or_default().iter().for_each(|item| walk(item, rest, found)),
        name => {
            if let Some(child) = field(node, name) {
                walk(child, rest, found);
            }
        }
    }
}

/// What was met before: a list while it is short, which most are.
pub(super) struct Seen<K> {
    few: Vec<K>,
    many: BTreeSet<K>,
}

impl<K: Ord> Seen<K> {
    pub(super) fn new() -> Self {
        Self { few: Vec::new(), many: BTreeSet::new() }
    }

    /// Notes a key; false if it was met before.
    pub(super) fn is_new(&mut self, key: K) -> bool {
        if self.few.contains(&key) || self.many.contains(&key) {
            return false;
        }
        if self.few.len() < 16 {
            self.few.push(key);
        } else {
            self.many.insert(key);
        }
        true
    }
}
