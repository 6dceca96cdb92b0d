//! Fields: what the documents of Gatekeeper hold, read without ceremony.

use crate::manifest::{Node, Pointer};

/// The text of a string.
pub(super) fn word(node: Option<&Node>) -> Option<&str> {
    node.and_then(Node::as_str)
}

/// The strings of a list.
pub(super) fn texts(node: Option<&Node>) -> Vec<String> {
    let items = node.and_then(Node::as_sequence).unwrap_or_default();
    items.iter().filter_map(Node::as_str).map(str::to_owned).collect()
}

/// The value under a chain of keys.
pub(super) fn at<'a>(root: &'a Node, path: &[&str]) -> Option<&'a Node> {
    path.iter().try_fold(root, |node, key| node.get(key))
}

/// The same chain as a pointer.
pub(super) fn pointer(path: &[&str]) -> Pointer {
    Pointer::from_parts(path.iter().copied())
}
