//! A node is one value of a YAML document, with the bytes it was written in.

use super::Text;
use crate::source::Span;

/// A value with its place in the source.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it is written. For a block collection: from its first entry to the end of its last.
    pub span: Span,
    /// What it means to Kubernetes.
    pub value: Value,
}

/// What a node means after Kubernetes' reading of YAML 1.1 (go-yaml v2, as sigs.k8s.io/yaml 1.6 uses it).
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`, `~`, or nothing.
    Null,
    /// `true`, `yes`, `on`, `y`, …
    Bool(bool),
    /// An integer that fits 64 bits with sign.
    Int(i64),
    /// An integer above `i64::MAX` that fits 64 bits.
    UInt(u64),
    /// Anything else numeric; finite.
    Float(f64),
    /// Text.
    String(Text),
    /// A list.
    Sequence(Vec<Node>),
    /// A mapping in the order written, keys unique, merges resolved.
    Mapping(Vec<Entry>),
}

/// One key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// A mapping's key: always text, as in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Where it is written.
    pub span: Span,
    /// The key as Kubernetes sees it: `1` is `"1"`, `on` is `"true"`.
    pub name: Text,
}

impl Node {
    /// A node that stands nowhere: for values made by us.
    #[must_use]
    pub fn synthetic(value: Value) -> Self {
        Self { span: Span::default(), value }
    }

    /// The entries of a mapping.
    #[must_use]
    pub fn as_mapping(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items of a sequence.
    #[must_use]
    pub fn as_sequence(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The entry of a mapping with this key.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.as_mapping()?.iter().find(|entry| entry.key.name == *key)
    }

    /// The value of a mapping under this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// What kind of value this is, in words for people: `an integer`, `a list`.
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        match &self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::UInt(_) => "an integer",
            Value::Float(_) => "a number",
            Value::String(_) => "a string",
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
        }
    }

    /// Whether two values mean the same to Kubernetes: spans and the order of keys do not count.
    #[must_use]
    pub fn same_meaning(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::Sequence(a), Value::Sequence(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same_meaning(b))
            }
            (Value::Mapping(a), Value::Mapping(b)) => {
                a.len() == b.len()
                    && a.iter().zip(b).all(|(left, right)| {
                        // mostly in the same order; looked up only where it is not
                        if left.key.name == right.key.name {
                            left.value.same_meaning(&right.value)
                        } else {
                            other.get(&left.key.name).is_some_and(|value| left.value.same_meaning(value))
                        }
                    })
            }
            // JSON has one kind of number: Go prints `1.0` as 1, and Kubernetes reads that again
            (Value::Float(float), Value::Int(integer)) | (Value::Int(integer), Value::Float(float)) => {
                float.to_string().parse() == Ok(*integer)
            }
            (Value::Float(float), Value::UInt(integer)) | (Value::UInt(integer), Value::Float(float)) => {
                float.to_string().parse() == Ok(*integer)
            }
            (a, b) => a == b,
        }
    }

    /// The value as JSON, for engines that take nothing else. Copies.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Int(value) => (*value).into(),
            Value::UInt(value) => (*value).into(),
            Value::Float(value) => (*value).into(),
            Value::String(text) => text.as_str().into(),
            Value::Sequence(items) => items.iter().map(Self::to_json).collect(),
            Value::Mapping(entries) => {
                entries.iter().map(|entry| (entry.key.name.to_string(), entry.value.to_json())).collect()
            }
        }
    }

    /// A tree without places from JSON.
    #[must_use]
    pub fn from_json(json: &serde_json::Value) -> Self {
        Self::synthetic(match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(*value),
            serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => Value::Int(value),
                (None, Some(value)) => Value::UInt(value),
                (None, None) => Value::Float(number.as_f64().unwrap_or_default()),
            },
            serde_json::Value::String(text) => Value::String(text.as_str().into()),
            serde_json::Value::Array(items) => Value::Sequence(items.iter().map(Self::from_json).collect()),
            serde_json::Value::Object(members) => Value::Mapping(
                members
                    .iter()
                    .map(|(name, value)| Entry {
                        key: Key { span: Span::default(), name: name.as_str().into() },
                        value: Self::from_json(value),
                    })
                    .collect(),
            ),
        })
    }
}
