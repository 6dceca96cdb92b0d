//! How the schema validator reads our tree: a view of [`Node`] as JSON, without a copy.

use std::borrow::Cow;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, JsonNumber, Node as JsonNode, NodeIdentity, Object};
use serde_json::{Number, Value as JsonValue};

use crate::manifest::{Entry, Node, Value};

/// The representation: what a validator is generic over.
pub(super) struct Tree;

/// A value of the tree, or a property name that is judged like a value.
#[derive(Clone, Copy)]
pub(super) enum View<'a> {
    Node(&'a Node),
    Name(&'a str),
}

impl Json for Tree {
    type Node<'a> = View<'a>;
    type PreparedKey = Box<str>;
    type StringBuffer = String;

    // Lookups walk the entries, so for more than a few of them one pass over all members is cheaper.
    const KEYS_PER_LOOKUP: usize = 8;
    const ACYCLIC: bool = true;

    fn prepare_key(key: &str) -> Box<str> {
        key.into()
    }

    fn with_string_node<T>(buffer: &mut String, text: &str, f: impl FnOnce(View<'_>) -> T) -> T {
        buffer.clear();
        buffer.push_str(text);
        f(View::Name(buffer))
    }
}

impl<'a> JsonNode<'a, Tree> for View<'a> {
    type Object = Members<'a>;
    type Array = Items<'a>;
    type Number = Numeral;

    fn as_object(&self) -> Option<Members<'a>> {
        match self {
            Self::Node(node) => node.as_mapping().map(Members),
            Self::Name(_) => None,
        }
    }

    fn as_array(&self) -> Option<Items<'a>> {
        match self {
            Self::Node(node) => node.as_sequence().map(Items),
            Self::Name(_) => None,
        }
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        match self {
            Self::Node(node) => node.as_str().map(Cow::Borrowed),
            Self::Name(name) => Some(Cow::Borrowed(name)),
        }
    }

    fn as_number(&self) -> Option<Numeral> {
        let Self::Node(node) = self else { return None };
        match node.value {
            Value::Int(value) => Some(Numeral::Int(value)),
            Value::UInt(value) => Some(Numeral::UInt(value)),
            Value::Float(value) => Some(Numeral::Float(value)),
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self {
            Self::Node(Node { value: Value::Bool(value), .. }) => Some(*value),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        matches!(self, Self::Node(Node { value: Value::Null, .. }))
    }

    fn is_number(&self) -> bool {
        matches!(self.json_type(), JsonType::Number)
    }

    fn json_type(&self) -> JsonType {
        let Self::Node(node) = self else { return JsonType::String };
        match node.value {
            Value::Null => JsonType::Null,
            Value::Bool(_) => JsonType::Boolean,
            Value::Int(_) | Value::UInt(_) | Value::Float(_) => JsonType::Number,
            Value::String(_) => JsonType::String,
            Value::Sequence(_) => JsonType::Array,
            Value::Mapping(_) => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &JsonValue) -> bool {
        // every `kind` and `apiVersion` comes by here: a string is compared where it is
        match (self.as_string(), expected) {
            (Some(text), JsonValue::String(expected)) => text == expected.as_str(),
            (Some(_), _) | (None, JsonValue::String(_)) => false,
            (None, expected) => jsonschema::json::cmp::equal(&self.to_value(), expected),
        }
    }

    fn to_value(&self) -> Cow<'a, JsonValue> {
        Cow::Owned(match self {
            Self::Node(node) => node.to_json(),
            Self::Name(name) => JsonValue::from(*name),
        })
    }

    fn identity(&self) -> Option<NodeIdentity> {
        match self {
            Self::Node(node) => Some(NodeIdentity::new(std::ptr::from_ref(*node) as usize)),
            Self::Name(_) => None,
        }
    }
}

/// The entries of a mapping.
#[derive(Clone, Copy)]
pub(super) struct Members<'a>(&'a [Entry]);

impl<'a> Object<'a, Tree> for Members<'a> {
    type Node = View<'a>;
    type MemberName = &'a str;
    type MembersIter = std::iter::Map<std::slice::Iter<'a, Entry>, fn(&'a Entry) -> (&'a str, View<'a>)>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, key: &Box<str>) -> Option<View<'a>> {
        self.0.iter().find(|entry| *entry.key.name == **key).map(|entry| View::Node(&entry.value))
    }

    fn members(&self) -> Self::MembersIter {
        self.0.iter().map(|entry| (&*entry.key.name, View::Node(&entry.value)))
    }
}

/// The items of a list.
#[derive(Clone, Copy)]
pub(super) struct Items<'a>(&'a [Node]);

impl<'a> Array<'a, Tree> for Items<'a> {
    type Node = View<'a>;
    type ElementsIter = std::iter::Map<std::slice::Iter<'a, Node>, fn(&'a Node) -> View<'a>>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn elements(&self) -> Self::ElementsIter {
        self.0.iter().map(View::Node)
    }
}

/// A number as the tree holds it.
#[derive(Clone, Copy)]
pub(super) enum Numeral {
    Int(i64),
    UInt(u64),
    Float(f64),
}

impl JsonNumber for Numeral {
    fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Int(value) => u64::try_from(*value).ok(),
            Self::UInt(value) => Some(*value),
            Self::Float(_) => None,
        }
    }

    fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::UInt(value) => i64::try_from(*value).ok(),
            Self::Float(_) => None,
        }
    }

    fn as_f64(&self) -> Option<f64> {
        Some(match self {
            Self::Int(value) => *value as f64,
            Self::UInt(value) => *value as f64,
            Self::Float(value) => *value,
        })
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_number().to_string())
    }

    fn to_number(&self) -> Cow<'_, Number> {
        Cow::Owned(match self {
            Self::Int(value) => Number::from(*value),
            Self::UInt(value) => Number::from(*value),
            // the reader lets no infinite number pass
            Self::Float(value) => Number::from_f64(*value).unwrap_or_else(|| Number::from(0)),
        })
    }

    fn is_integer(&self) -> bool {
        // `1.0` and `1e2` are integers to JSON schema and to Kubernetes
        match self {
            Self::Int(_) | Self::UInt(_) => true,
            Self::Float(value) => value.fract() == 0.0,
        }
    }

    fn is_written_as_integer(&self) -> bool {
        !matches!(self, Self::Float(_))
    }
}

#[cfg(test)]
mod tests {
    use jsonschema::json::conformance;

    use super::*;

    #[test]
    fn the_view_keeps_the_contract_of_the_validator() {
        let root = Node::from_json(&conformance::document());
        conformance::assert_conformance::<Tree>(&View::Node(&root));
    }

    #[test]
    fn a_whole_float_is_an_integer() {
        let schema = serde_json::json!({"type": "integer"});
        let validator = jsonschema::options_for::<Tree>().build(&schema).expect("a schema");
        let valid = |value: Value| validator.is_valid(View::Node(&Node::synthetic(value)));
        assert!(valid(Value::Float(1.0)));
        assert!(valid(Value::Int(9_007_199_254_740_993)));
        assert!(valid(Value::UInt(u64::MAX)));
        assert!(!valid(Value::Float(1.5)));
    }
}
