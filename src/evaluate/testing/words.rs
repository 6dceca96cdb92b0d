//! Words: values as Rego writes them, short enough to be read.

use regorus::Value;

/// How much of one value is shown.
const LONGEST: usize = 400;

/// A value on one line; its end is cut off where it is long.
pub(super) fn shown(value: &Value) -> String {
    shortened(&written(value), LONGEST)
}

/// The argument of a `print`: a text without quotes, anything else as it is written.
pub(super) fn printed(value: &Value) -> String {
    match value.as_string() {
        Ok(text) => text.to_string(),
        Err(_) => written(value),
    }
}

/// A text that is cut off after a number of characters.
pub(super) fn shortened(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn written(value: &Value) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match value {
        Value::Array(items) => format!("[{}]", list(items.iter().map(written).collect())),
        Value::Set(_) => match value.as_set() {
            Ok(items) if items.is_empty() => "set()".to_owned(),
            Ok(items) => format!("{{{}}}", list(items.iter_sorted().map(written).collect())),
            Err(_) => String::new(),
        },
        Value::Object(_) => match value.as_object() {
            Ok(members) => {
                let members = members.iter_sorted().map(|(key, value)| format!("{}: {}", written(key), written(value)));
                format!("{{{}}}", list(members.collect()))
            }
            Err(_) => String::new(),
        },
        Value::Undefined => "undefined".to_owned(),
        plain => plain.to_json_str().unwrap_or_else(|_| "…".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_rego_writes_them() {
        let value = Value::from_json_str("{\"b\": [1, null, \"x\"], \"a\": {\"c\": true}}").expect("JSON");
        assert_eq!(shown(&value), "{\"a\": {\"c\": true}, \"b\": [1, null, \"x\"]}");
        assert_eq!(shown(&Value::new_set()), "set()");
        assert_eq!(shown(&Value::from(std::collections::BTreeSet::from([Value::from(2), Value::from(1)]))), "{1, 2}");
        assert_eq!(printed(&Value::from("a b")), "a b");
    }

    #[test]
    fn a_long_value_is_cut_off_between_two_characters() {
        let text = shown(&Value::from("ä".repeat(500)));
        assert_eq!(text.chars().count(), LONGEST + 1);
        assert!(text.ends_with('…'));
    }
}
