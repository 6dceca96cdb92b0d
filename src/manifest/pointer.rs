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

    /// The way to the deepest key or value that is written at a byte: the inverse of [`locate`](Self::locate). `None`
    /// outside the document. What an alias or a merge copied is found where it is written, at its anchor.
    #[must_use]
    pub fn at(root: &Node, offset: usize) -> Option<Self> {
        if !holds(root, offset) {
            return None;
        }
        let mut parts = Vec::new();
        let mut node = root;
        while let Some((part, child)) = child_at(node, offset) {
            parts.push(part);
            if !holds(child, offset) {
                break; // on the key, or between key and value
            }
            node = child;
        }
        Some(Self(parts))
    }

    /// The pointer as people write it, `spec.containers[name=web].image`: items by their `name` where no other item of
    /// the list has it, else by their index. [`parse_field_path`](Self::parse_field_path) reads it back. A path with a
    /// key that cannot be written so (empty, or with `]`) is a JSON pointer.
    #[must_use]
    pub fn field_path(&self, root: &Node) -> String {
        if self.0.iter().any(|part| part.is_empty() || part.contains(']')) {
            return self.to_string();
        }
        let mut path = String::new();
        let mut node = Some(root);
        for part in &self.0 {
            let items = node.and_then(Node::as_sequence);
            match items {
                Some(items) => match unique_name(items, part) {
                    Some(name) => path.push_str(&format!("[name={name}]")),
                    None => path.push_str(&format!("[{part}]")),
                },
                None if part.contains(['.', '[', '/']) => path.push_str(&format!("[{part}]")),
                None if path.is_empty() => path.push_str(part),
                None => path.push_str(&format!(".{part}")),
            }
            node = match items {
                Some(items) => select(items, part),
                None => node.and_then(|node| node.get(part)),
            };
        }
        path
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

/// The `name` of the item at an index, if it has one that names no other item.
fn unique_name<'a>(items: &'a [Node], index: &str) -> Option<&'a str> {
    let name_of = |item: &'a Node| item.get("name").and_then(Node::as_str);
    let name = name_of(items.get(index.parse::<usize>().ok()?)?)?;
    let is_unique = items.iter().filter(|item| name_of(item) == Some(name)).count() == 1;
    (is_unique && !name.contains(']')).then_some(name)
}

/// The child whose key or value is written at a byte. Of two, which only a merge can give, the one written in place.
fn child_at(node: &Node, offset: usize) -> Option<(String, &Node)> {
    match &node.value {
        Value::Mapping(entries) => {
            let on_key = entries.iter().find(|entry| entry.key.span.range().contains(&offset));
            let in_entry = || {
                entries.iter().find(|entry| {
                    let whole = Span { start: entry.key.span.start, end: entry.value.span.end };
                    whole.range().contains(&offset) || holds(&entry.value, offset)
                })
            };
            on_key.or_else(in_entry).map(|entry| (entry.key.name.to_string(), &entry.value))
        }
        Value::Sequence(items) => {
            let index = items.iter().position(|item| holds(item, offset))?;
            Some((index.to_string(), &items[index]))
        }
        _ => None,
    }
}

/// Whether a byte lies in a value. A value that is not written holds the byte it stands before, and so does what ends
/// with it.
fn holds(node: &Node, offset: usize) -> bool {
    node.span.range().contains(&offset) || ends_unwritten(node, offset)
}

fn ends_unwritten(node: &Node, offset: usize) -> bool {
    if node.span.end as usize != offset {
        return false;
    }
    match &node.value {
        _ if node.span.is_empty() => true,
        Value::Mapping(entries) => entries.iter().any(|entry| ends_unwritten(&entry.value, offset)),
        Value::Sequence(items) => items.iter().any(|item| ends_unwritten(item, offset)),
        _ => false,
    }
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
    use crate::manifest::ReadLimits;
    use crate::source::Source;

    #[test]
    fn field_paths_read_as_people_write_them() {
        let show = |text: &str| Pointer::parse_field_path(text).to_string();
        assert_eq!(show("spec.template.spec.containers[0].image"), "/spec/template/spec/containers/0/image");
        assert_eq!(show("metadata.labels[app.kubernetes.io/name]"), "/metadata/labels/app.kubernetes.io~1name");
        assert_eq!(show("/a~1b/0"), "/a~1b/0");
        assert_eq!(show(""), "");
    }

    fn read_text(text: &str) -> Node {
        let stream = crate::manifest::read(&Source::file("test.yaml", text), &ReadLimits::default());
        assert!(stream.diagnostics.is_empty(), "{:?}", stream.diagnostics);
        stream.documents.into_iter().next().unwrap().root
    }

    #[test]
    fn a_byte_leads_back_to_what_is_written_there() {
        let text = "a:   &x\n  b: [1, {c: }]   # note\nd: *x\ne:\n  <<: *x\n  f: |\n    text\n\n";
        let root = read_text(text);
        let at = |needle: &str| Pointer::at(&root, text.find(needle).unwrap()).map(|pointer| pointer.to_string());
        assert_eq!(at("a:").as_deref(), Some("/a"));
        assert_eq!(at("&x").as_deref(), Some("/a"), "between key and value");
        assert_eq!(at("b:").as_deref(), Some("/a/b"));
        assert_eq!(at("1,").as_deref(), Some("/a/b/0"));
        assert_eq!(at(", {").as_deref(), Some("/a/b"));
        assert_eq!(at("c:").as_deref(), Some("/a/b/1/c"));
        assert_eq!(at("*x\ne").as_deref(), Some("/d"), "an alias is the value it stands for");
        assert_eq!(at("<<").as_deref(), Some("/e"), "what is merged is written elsewhere");
        assert_eq!(at("ext").as_deref(), Some("/e/f"));
        assert_eq!(Pointer::at(&root, text.len() - 1), None);
    }

    #[test]
    fn values_that_are_not_written_are_found_where_they_would_stand() {
        for (text, pointer) in [
            ("k:\n-\nb: 1\n", "/k/0"),
            ("k:\n- a\n-\nb: 1\n", "/k/1"),
            ("-\n- a\n", "/0"),
            ("- a\n-\n", "/1"),
            ("a:\nb: 1\n", "/a"),
            ("a: {b: , c: 1}\n", "/a/b"),
            ("a: &x\nb: 1\n", "/a"),
            ("- &x\n- b\n", "/0"),
            ("- - \n  - a\n- b\n", "/0/0"),
        ] {
            let root = read_text(text);
            let place = Pointer::parse(pointer).locate(&root);
            let found = Pointer::at(&root, place.start as usize).map(|found| found.to_string());
            assert_eq!(found.as_deref(), Some(pointer), "{place:?} {text}");
        }
    }

    #[test]
    fn field_paths_name_items_where_the_name_is_unique() {
        let root = read_text(concat!(
            "spec: {containers: [{name: web, image: x}, {name: a, image: y}, {name: a}, {name: 'x]'}]}\n",
            "labels: {app.kubernetes.io/name: web, '': 1, 'x]': 2}\n",
        ));
        let show = |text: &str| Pointer::parse(text).field_path(&root);
        assert_eq!(show("/spec/containers/0/image"), "spec.containers[name=web].image");
        assert_eq!(show("/spec/containers/1/image"), "spec.containers[1].image", "two are called a");
        assert_eq!(show("/spec/containers/3"), "spec.containers[3]");
        assert_eq!(show("/spec/containers/9/image"), "spec.containers[9].image");
        assert_eq!(show("/labels/app.kubernetes.io~1name"), "labels[app.kubernetes.io/name]");
        assert_eq!(show("/labels/x]"), "/labels/x]");
        assert_eq!(show(""), "");
    }
}
