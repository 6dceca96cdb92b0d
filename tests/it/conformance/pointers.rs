//! From a value to where it is written, and back: over generated documents in every style.

use hydrant::manifest::{Node, Pointer, ReadLimits, Value, read};
use hydrant::source::Source;
use proptest::prelude::*;

/// A value and the style it is written in.
#[derive(Debug, Clone)]
enum Written {
    /// A scalar on one line; empty for a value that is left out.
    Scalar(&'static str),
    /// A literal block.
    Literal,
    List(Vec<Written>),
    Map(Vec<(&'static str, Written)>),
    FlowList(Vec<Written>),
    FlowMap(Vec<(&'static str, Written)>),
}

const KEYS: [&str; 11] =
    ["name", "a", "b", "spec", "app.kubernetes.io/name", "'x[0]'", "0", "k=v", "'a]'", "\"q\"", "''"];
const SCALARS: [&str; 9] = ["web", "db", "\"a b\"", "'it''s'", "12", "yes", "~", "1.5", "é😀"];

fn written() -> impl Strategy<Value = Written> {
    let flow_leaf = proptest::sample::select(&SCALARS[..]).prop_map(Written::Scalar);
    let leaf = prop_oneof![6 => flow_leaf.clone(), 1 => Just(Written::Scalar("")), 1 => Just(Written::Literal)];
    let flow = flow_leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Written::FlowList),
            entries(inner).prop_map(Written::FlowMap),
        ]
    });
    prop_oneof![3 => leaf, 1 => flow].prop_recursive(5, 60, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 1..5).prop_map(Written::List),
            entries(inner).prop_map(|entries| match entries.is_empty() {
                true => Written::FlowMap(entries),
                false => Written::Map(entries),
            }),
        ]
    })
}

fn entries(values: impl Strategy<Value = Written>) -> impl Strategy<Value = Vec<(&'static str, Written)>> {
    let keys = Just(KEYS.to_vec()).prop_shuffle();
    (keys, proptest::collection::vec(values, 0..6)).prop_map(|(keys, values)| keys.into_iter().zip(values).collect())
}

impl Written {
    /// Writes the value behind `key:` or `-`; a block goes onto the next lines.
    fn after_sign(&self, indent: usize, text: &mut String) {
        match self {
            Self::Scalar("") => text.push('\n'),
            Self::Literal => {
                let pad = " ".repeat(indent);
                text.push_str(&format!(" |\n{pad}one: 1\n\n{pad}- two\n"));
            }
            Self::List(_) | Self::Map(_) => {
                text.push_str("   # a comment\n");
                self.block(indent, text);
            }
            Self::Scalar(_) | Self::FlowList(_) | Self::FlowMap(_) => {
                text.push_str("  ");
                self.flow(text);
                text.push('\n');
            }
        }
    }

    fn block(&self, indent: usize, text: &mut String) {
        let pad = " ".repeat(indent);
        match self {
            Self::List(items) => {
                for item in items {
                    text.push_str(&format!("{pad}-"));
                    item.after_sign(indent + 2, text);
                }
            }
            Self::Map(entries) => {
                for (key, value) in entries {
                    text.push_str(&format!("{pad}{key}:"));
                    value.after_sign(indent + 2, text);
                }
            }
            Self::Literal | Self::Scalar("") => text.push_str("word\n"),
            other => {
                other.flow(text);
                text.push('\n');
            }
        }
    }

    fn flow(&self, text: &mut String) {
        match self {
            Self::Scalar(scalar) => text.push_str(scalar),
            Self::FlowList(items) => {
                text.push('[');
                for item in items {
                    item.flow(text);
                    text.push_str(" , ");
                }
                text.push(']');
            }
            Self::FlowMap(entries) => {
                text.push('{');
                for (key, value) in entries {
                    text.push_str(&format!("{key} : "));
                    value.flow(text);
                    text.push_str(", ");
                }
                text.push('}');
            }
            Self::Literal | Self::List(_) | Self::Map(_) => unreachable!("no block stands in brackets"),
        }
    }
}

/// Every value below a node, with the way to it.
fn walk<'a>(pointer: &Pointer, node: &'a Node, found: &mut Vec<(Pointer, &'a Node)>) {
    found.push((pointer.clone(), node));
    match &node.value {
        Value::Mapping(entries) => {
            for entry in entries {
                walk(&pointer.child(&*entry.key.name), &entry.value, found);
            }
        }
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(&pointer.child(index.to_string()), item, found);
            }
        }
        _ => {}
    }
}

/// A collection that no key names is pointed at by the first of its values that has a place of its own.
fn is_pointed_at_by_a_value_below(root: &Node, pointer: &Pointer, node: &Node) -> bool {
    let is_item = pointer.parent().is_none_or(|parent| parent.resolve(root).and_then(Node::as_sequence).is_some());
    let is_filled = node.as_mapping().is_some_and(|entries| !entries.is_empty())
        || node.as_sequence().is_some_and(|items| !items.is_empty());
    is_item && is_filled
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_value_is_found_again_at_its_place_and_by_its_field_path(value in written()) {
        let mut text = String::from("# first\n");
        value.block(0, &mut text);
        let stream = read(&Source::file("generated.yaml", text.as_str()), &ReadLimits::default());
        prop_assert!(stream.diagnostics.is_empty(), "{:?}\n{}", stream.diagnostics, &text);
        let root = &stream.documents[0].root;
        let mut values = Vec::new();
        walk(&Pointer::root(), root, &mut values);
        for (pointer, node) in &values {
            let place = pointer.locate(root);
            let Some(found) = Pointer::at(root, place.start as usize) else {
                return Err(TestCaseError::fail(format!("nothing is at {pointer}, {place:?}\n{text}")));
            };
            if is_pointed_at_by_a_value_below(root, pointer, node) {
                prop_assert!(found.parts().starts_with(pointer.parts()), "{} is not below {}\n{}", found, pointer, &text);
            } else {
                prop_assert_eq!(&found, pointer, "{:?}\n{}", place, &text);
            }
            let path = pointer.field_path(root);
            let same = Pointer::parse_field_path(&path).resolve(root).is_some_and(|again| std::ptr::eq(again, *node));
            prop_assert!(same, "`{}` does not name {}\n{}", path, pointer, &text);
        }
        for offset in 0..text.len() + 2 {
            let found = Pointer::at(root, offset);
            prop_assert!(found.is_none_or(|pointer| pointer.resolve(root).is_some()), "offset {}\n{}", offset, &text);
        }
    }
}
