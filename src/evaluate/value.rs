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
