//! A pointer is the way from the top of a document to one of its values (JSON pointer, RFC 6901).

use std::fmt;

use super::{Key, Node, Value};
use crate::source::Span;

/// A path of keys and indices. Prints as a JSON pointer: `/spec/containers/0/image`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pointer(Vec<String>);

impl Pointer {
    /// The top of the document.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// Reads a JSON pointer; text before the first `/` is ignored, as is a missing one.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self(text.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect())
    }

    /// Reads a list of keys and indices.
    #[must_use]
    pub fn from_parts(parts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self(parts.into_iter().map(Into::into).collect())
    }

    /// Reads what policy authors write: a JSON pointer, or keys with dots and `[index]` or `[key=value]`
    /// (`spec.template.spec.containers[name=web].image`). A `[key=value]` part needs [`resolve`](Self::resolve).
    #[must_use]
    pub fn parse_field_path(text: &str) -> Self {
        if text.is_empty() || text.starts_with('/') {
            return Self::parse(text);
        }
        let mut parts = Vec::new();
        let mut part = String::new();
        let mut inside = false;
        for sign in text.chars() {
            match sign {
                '[' if !inside => {
                    push_part(&mut parts, &mut part);
                    inside = true;
                }
                ']' if inside => {
                    push_part(&mut parts, &mut part);
                    inside = false;
                }
                '.' if !inside => push_part(&mut parts, &mut part),
                sign => part.push(sign),
            }
        }
        push_part(&mut parts, &mut part);
        Self(parts)
    }

    /// The keys and indices.
    #[must_use]
    pub fn parts(&self) -> &[String] {
        &self.0
    }

    /// The pointer one level deeper.
    #[must_use]
    pub fn child(&self, part: impl Into<String>) -> Self {
        let mut parts = self.0.clone();
        parts.push(part.into());
        Self(parts)
    }

    /// The pointer one level up; `None` at the top.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0.split_last().map(|(_, parts)| Self(parts.to_vec()))
    }

    /// The node it names; `None` if there is none.
    #[must_use]
    pub fn resolve<'a>(&self, root: &'a Node) -> Option<&'a Node> {
        let (found, rest) = self.follow(root);
        rest.is_empty().then_some(found.value)
    }

    /// Where a finding about this path should point: the key if the value exists under one, else the value,
    /// else the deepest part of the path that exists.
    #[must_use]
    pub fn locate(&self, root: &Node) -> Span {
        let (found, rest) = self.follow(root);
        match (found.key, &found.value.value) {
            // a scalar is pointed at itself; a collection, or the place where something is missing, by its key
            (Some(_), value) if rest.is_empty() && !matches!(value, Value::Mapping(_) | Value::Sequence(_)) => {
                found.value.span
            }
            (Some(key), _) => key.span,
            (None, _) => first_line(found.value),
        }
    }

    fn follow<'a>(&self, root: &'a Node) -> (Found<'a>, &[String]) {
        let mut found = Found { key: None, value: root };
        for (depth, part) in self.0.iter().enumerate() {
            let next = match &found.value.value {
                Value::Mapping(_) => {
                    found.value.entry(part).map(|entry| Found { key: Some(&entry.key), value: &entry.value })
                }
                Value::Sequence(items) => select(items, part).map(|value| Found { key: None, value }),
                _ => None,
            };
            match next {
                Some(next) => found = next,
                None => return (found, &self.0[depth..]),
            }
        }
        (found, &[])
    }
}

struct Found<'a> {
    key: Option<&'a Key>,
    value: &'a Node,
}

/// The item at an index, or the one whose `key` has the value, for a part written `key=value`.
fn select<'a>(items: &'a [Node], part: &str) -> Option<&'a Node> {
    if let Ok(index) = part.parse::<usize>() {
        return items.get(index);
    }
    let (key, value) = part.split_once('=')?;
    items.iter().find(|item| item.get(key).and_then(Node::as_str) == Some(value))
}

/// A collection is pointed at by its first entry: an arrow under a whole block says nothing.
fn first_line(node: &Node) -> Span {
    match &node.value {
        Value::Mapping(entries) => entries.first().map_or(node.span, |entry| entry.key.span),
        Value::Sequence(items) => items.first().map_or(node.span, first_line),
        _ => node.span,
    }
}

fn push_part(parts: &mut Vec<String>, part: &mut String) {
    if !part.is_empty() {
        parts.push(std::mem::take(part));
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| write!(f, "/{}", part.replace('~', "~0").replace('/', "~1")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_paths_read_as_people_write_them() {
        let show = |text: &str| Pointer::parse_field_path(text).to_string();
        assert_eq!(show("spec.template.spec.containers[0].image"), "/spec/template/spec/containers/0/image");
        assert_eq!(show("metadata.labels[app.kubernetes.io/name]"), "/metadata/labels/app.kubernetes.io~1name");
        assert_eq!(show("/a~1b/0"), "/a~1b/0");
        assert_eq!(show(""), "");
    }
}
