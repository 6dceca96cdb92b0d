//! What is known of the value of an expression: a place in the input, or some values that are written out.

use std::collections::BTreeSet;

use regorus::Value;

/// A superset: the expression has no other value than these.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Known {
    /// Nothing.
    Nothing,
    /// What lies at a path of the input.
    Input(Vec<String>),
    /// One of these. A collection stands for each that has no other members.
    OneOf(BTreeSet<Value>),
}

impl Known {
    pub(super) fn value(value: Value) -> Self {
        Self::OneOf(BTreeSet::from([value]))
    }

    /// What the value is if it is either of two.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::OneOf(mut one), Self::OneOf(other)) => {
                one.extend(other);
                Self::OneOf(one)
            }
            (one, other) if one == other => one,
            _ => Self::Nothing,
        }
    }

    /// The value below it: under a key that is written out, or under any.
    pub(super) fn below(self, key: Option<&str>) -> Self {
        match (self, key) {
            (Self::Input(mut path), Some(key)) => {
                path.push(key.to_owned());
                Self::Input(path)
            }
            (Self::OneOf(values), _) => {
                let members = values.iter().flat_map(|value| members_under(value, key));
                Self::OneOf(members.cloned().collect())
            }
            _ => Self::Nothing,
        }
    }

    /// The members of the collection, if they are known.
    pub(super) fn members(&self) -> Option<BTreeSet<Value>> {
        match self {
            Self::OneOf(values) => Some(values.iter().flat_map(|value| members_under(value, None)).cloned().collect()),
            _ => None,
        }
    }

    /// What can stand in brackets after the collection, if that is known: the keys of an object, the members of a set.
    pub(super) fn keys(&self) -> Option<BTreeSet<Value>> {
        let Self::OneOf(values) = self else { return None };
        let mut keys = BTreeSet::new();
        for value in values {
            match value {
                Value::Set(members) => keys.extend(members.iter_sorted().cloned()),
                Value::Object(_) => keys.extend(value.as_object().ok()?.iter().map(|(key, _)| key.clone())),
                _ => {} // of an array they are numbers
            }
        }
        Some(keys)
    }

    /// The values, if all of them are texts.
    pub(super) fn texts(&self) -> Option<BTreeSet<String>> {
        match self {
            Self::OneOf(values) => values.iter().map(text).collect(),
            _ => None,
        }
    }
}

/// Those of some values that are texts: what is compared with a text can be nothing else.
pub(super) fn texts_of(values: &BTreeSet<Value>) -> BTreeSet<String> {
    values.iter().filter_map(text).collect()
}

fn text(value: &Value) -> Option<String> {
    value.as_string().ok().map(|text| text.to_string())
}

fn members_under<'a>(value: &'a Value, key: Option<&str>) -> Vec<&'a Value> {
    match (value, key) {
        (Value::Object(_), Some(key)) => {
            value.as_object().ok().and_then(|object| object.get(&Value::from(key))).into_iter().collect()
        }
        (Value::Object(_), None) => {
            value.as_object().map(|object| object.iter().map(|(_, value)| value).collect()).unwrap_or_default()
        }
        (Value::Array(items), None) => items.iter().collect(),
        (Value::Set(members), None) => members.iter_sorted().collect(),
        (Value::Set(members), Some(key)) => members.get(&Value::from(key)).into_iter().collect(),
        _ => Vec::new(),
    }
}
