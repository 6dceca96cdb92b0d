//! Values: from our tree to what Rego evaluates, without a detour through JSON.

use std::collections::BTreeMap;

use regorus::Value as RegoValue;

use crate::manifest::{Node, Value};

/// A node as a Rego value. Integers keep all their digits.
pub(super) fn of_node(node: &Node) -> RegoValue {
    match &node.value {
        Value::Null => RegoValue::Null,
        Value::Bool(value) => RegoValue::from(*value),
        Value::Int(value) => RegoValue::from(*value),
        Value::UInt(value) => RegoValue::from(*value),
        Value::Float(value) => RegoValue::from(*value),
        Value::String(text) => RegoValue::from(text.as_ref()),
        Value::Sequence(items) => RegoValue::from(items.iter().map(of_node).collect::<Vec<_>>()),
        Value::Mapping(entries) => {
            let members = entries.iter().map(|entry| (RegoValue::from(entry.key.name.as_ref()), of_node(&entry.value)));
            RegoValue::from(members.collect::<BTreeMap<_, _>>())
        }
    }
}

/// How many values and signs a result may have. Parts that are the same are stored once: a few statements make a value
/// that would take forever to walk.
const LARGEST: usize = 1_000_000;

/// Whether a value can be walked from end to end.
pub(super) fn is_walkable(value: &RegoValue) -> bool {
    let mut left = LARGEST;
    spend(value, &mut left)
}

fn spend(value: &RegoValue, left: &mut usize) -> bool {
    let cost = text(value).map_or(1, |text| text.len().max(1));
    let Some(rest) = left.checked_sub(cost) else { return false };
    *left = rest;
    match value {
        RegoValue::Array(items) => items.iter().all(|item| spend(item, left)),
        RegoValue::Set(items) => items.iter_sorted().all(|item| spend(item, left)),
        RegoValue::Object(members) => members.iter_sorted().all(|(key, value)| spend(key, left) && spend(value, left)),
        _ => true,
    }
}

/// The member of an object under a text key.
pub(super) fn member<'a>(value: &'a RegoValue, name: &str) -> Option<&'a RegoValue> {
    value.as_object().ok()?.get(&RegoValue::from(name))
}

/// The text of a string.
pub(super) fn text(value: &RegoValue) -> Option<&str> {
    value.as_string().ok().map(|text| text.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_many_equal_parts_is_as_large_as_it_looks() {
        let nested =
            |times| (0..times).fold(RegoValue::from("a"), |value, _| RegoValue::from(vec![value.clone(), value]));
        assert!(is_walkable(&nested(10)));
        assert!(!is_walkable(&nested(60)));
        assert!(!is_walkable(&RegoValue::from("a".repeat(LARGEST + 1))));
    }

    #[test]
    fn large_integers_keep_all_their_digits() {
        let json =
            serde_json::json!({"a": 9_007_199_254_740_993_i64, "b": u64::MAX, "c": -1, "d": 0.5, "e": [null, true]});
        let value = of_node(&Node::from_json(&json));
        let text = value.to_json_str().expect("plain JSON");
        assert_eq!(text.parse::<serde_json::Value>().expect("JSON"), json);
        assert_eq!(member(&value, "a").expect("a").as_i64().expect("an integer"), 9_007_199_254_740_993);
        assert_eq!(member(&value, "b").expect("b").as_u64().expect("an integer"), u64::MAX);
    }
}
