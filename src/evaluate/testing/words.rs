//! Words: values as Rego writes them, short enough to be read.

use regorus::Value;

/// How much of one value is shown.
const LONGEST: usize = 400;

/// How many bytes of a value are written before it is cut off: a value can be of a size that nobody could write.
const LONGEST_WRITTEN: usize = 64 * 1024;

/// A value on one line; its end is cut off where it is long.
pub(super) fn shown(value: &Value) -> String {
    shortened(&written(value), LONGEST)
}

/// The argument of a `print`: a text without quotes, anything else as it is written.
pub(super) fn printed(value: &Value) -> String {
    match value.as_string() {
        Ok(text) => shortened(text, LONGEST_WRITTEN),
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
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        _ if out.len() > LONGEST_WRITTEN => {}
        Value::Array(items) => list(("[", "]"), items.iter(), out, &write),
        Value::Set(_) => match value.as_set() {
            Ok(items) if items.is_empty() => out.push_str("set()"),
            Ok(items) => list(("{", "}"), items.iter_sorted(), out, &write),
            Err(_) => {}
        },
        Value::Object(_) => {
            if let Ok(members) = value.as_object() {
                list(("{", "}"), members.iter_sorted(), out, &|(key, value), out| {
                    write(key, out);
                    out.push_str(": ");
                    write(value, out);
                });
            }
        }
        Value::Undefined => out.push_str("undefined"),
        plain => out.push_str(&plain.to_json_str().unwrap_or_else(|_| "…".to_owned())),
    }
}

fn list<T>(
    (open, close): (&str, &str),
    items: impl Iterator<Item = T>,
    out: &mut String,
    write: &dyn Fn(T, &mut String),
) {
    out.push_str(open);
    for (number, item) in items.enumerate() {
        if out.len() > LONGEST_WRITTEN {
            break;
        }
        if number > 0 {
            out.push_str(", ");
        }
        write(item, out);
    }
    out.push_str(close);
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

    #[test]
    fn a_value_that_nobody_could_write_is_cut_off_as_well() {
        let nested = (0..60).fold(Value::from("a"), |value, _| Value::from(vec![value.clone(), value]));
        assert_eq!(shown(&nested).chars().count(), LONGEST + 1);
        assert!(printed(&nested).len() < 2 * LONGEST_WRITTEN);
    }
}
