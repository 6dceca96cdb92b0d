//! Words, numbers and keys without quotes that mean something else to another reader.

use super::{Kind, Lint};
use crate::manifest::scalar::{Plain, resolve_plain};
use crate::manifest::{Key, Node, Value};
use crate::source::Span;

/// Walks a document.
pub(super) fn lint(text: &str, root: &Node, found: &mut Vec<Lint>) {
    Walk { text, found }.node(root);
}

struct Walk<'a> {
    text: &'a str,
    found: &'a mut Vec<Lint>,
}

impl Walk<'_> {
    fn node(&mut self, node: &Node) {
        let kind = match &node.value {
            Value::Null => None,
            Value::Bool(value) => self.boolean(node.span, *value),
            Value::Int(0..=9) if node.span.len() == 1 => None,
            Value::Int(_) | Value::UInt(_) | Value::Float(_) => number(self.plain(node.span), &node.value),
            Value::String(_) => self.base_60(node.span),
            Value::Sequence(items) => return items.iter().for_each(|item| self.node(item)),
            Value::Mapping(entries) => {
                return entries.iter().for_each(|entry| {
                    self.key(&entry.key);
                    self.node(&entry.value);
                });
            }
        };
        self.found.extend(kind.map(|kind| Lint { kind, span: node.span }));
    }

    /// A scalar as it is written; nothing if it is quoted, or an alias of one that is looked at in its own place.
    fn plain(&self, span: Span) -> &str {
        let written = self.text.get(span.range()).unwrap_or_default();
        if written.starts_with(['"', '\'', '*', '|', '>']) { "" } else { written }
    }

    fn first(&self, span: Span) -> Option<u8> {
        self.text.as_bytes().get(span.start as usize).copied()
    }

    fn boolean(&self, span: Span, value: bool) -> Option<Kind> {
        if matches!(self.first(span), Some(b't' | b'f')) {
            return None;
        }
        matches!(
            self.plain(span),
            "y" | "Y"
                | "yes"
                | "Yes"
                | "YES"
                | "on"
                | "On"
                | "ON"
                | "n"
                | "N"
                | "no"
                | "No"
                | "NO"
                | "off"
                | "Off"
                | "OFF"
        )
        .then_some(Kind::Boolean(value))
    }

    fn base_60(&self, span: Span) -> Option<Kind> {
        // nearly every text leaves here
        if !matches!(self.first(span), Some(b'0'..=b'9' | b'+' | b'-')) {
            return None;
        }
        (is_base_60(self.plain(span)) && !self.is_tagged(span)).then_some(Kind::Base60)
    }

    fn key(&mut self, key: &Key) {
        let could_be_a_value = match self.first(key.span) {
            Some(b'0'..=b'9' | b'+' | b'-' | b'.') => true,
            Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O') => key.span.len() <= 5,
            _ => false,
        };
        if !could_be_a_value {
            return;
        }
        let written = self.text.get(key.span.range()).unwrap_or_default();
        if matches!(written, "true" | "false") {
            return;
        }
        if matches!(resolve_plain(written), Plain::Value(_)) && !self.is_tagged(key.span) {
            let same = *key.name == *written;
            self.found.push(Lint { kind: Kind::NonStringKey { name: key.name.as_str().into(), same }, span: key.span });
        }
    }

    /// Whether a tag stands before a scalar: `!!str 1`.
    fn is_tagged(&self, span: Span) -> bool {
        let before = self.text.get(..span.start as usize).unwrap_or_default().trim_end();
        before.rsplit(char::is_whitespace).next().is_some_and(|word| word.starts_with('!'))
    }
}

/// What is odd about a number; `written` is empty if it is not written in plain.
fn number(written: &str, value: &Value) -> Option<Kind> {
    let digits = written.strip_prefix(['+', '-']).unwrap_or(written).as_bytes();
    let [first, rest @ ..] = digits else { return None };
    let whole = digits.iter().all(u8::is_ascii_digit);
    if whole && digits.len() <= 15 && (*first != b'0' || rest.is_empty()) {
        return None;
    }
    if digits.contains(&b'_') || matches!(digits, [b'0', b'b' | b'B' | b'o' | b'O', ..]) {
        return Some(Kind::NumberSpelling(value.clone()));
    }
    if whole && *first == b'0' {
        let significant = rest.iter().position(|digit| *digit != b'0').map_or(&[][..], |zeros| &rest[zeros..]);
        // `00` and `07` are the same to every reader
        return (!matches!(significant, [] | [b'0'..=b'7'])).then(|| Kind::LeadingZero(value.clone()));
    }
    if whole { lossy_integer(written, value) } else { lossy_float(written, value) }
}

fn lossy_integer(written: &str, value: &Value) -> Option<Kind> {
    let float = written.parse::<f64>().ok()?;
    // what floating point prints is what such a reader keeps
    let kept = float.to_string() == written.strip_prefix('+').unwrap_or(written);
    (!kept).then_some(Kind::LossyNumber { kubernetes: !matches!(value, Value::Int(_)) || !is_exact(written, value) })
}

fn is_exact(written: &str, value: &Value) -> bool {
    matches!(value, Value::Int(number) if written.parse() == Ok(*number))
}

/// A float of more digits than 64 bits hold. Every reader drops them, so nobody is surprised by another value.
fn lossy_float(written: &str, value: &Value) -> Option<Kind> {
    if matches!(written.as_bytes(), [b'0', b'x' | b'X', ..] | [_, b'0', b'x' | b'X', ..]) {
        return None;
    }
    let digits = significant(written);
    if digits.len() <= 17 {
        return None;
    }
    let kept = match value {
        Value::Float(number) => significant(&number.to_string()),
        Value::Int(number) => significant(&number.to_string()),
        _ => return None,
    };
    (kept != digits).then_some(Kind::LossyNumber { kubernetes: false })
}

/// The digits of a decimal number without zeros around them, sign, point and exponent.
fn significant(written: &str) -> String {
    let mantissa = written.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    digits.trim_matches('0').to_owned()
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`, as readers of YAML 1.1 know it.
fn is_base_60(written: &str) -> bool {
    let digits = written.strip_prefix(['+', '-']).unwrap_or(written);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    // a whole number must not begin with a zero
    let head = first.starts_with(|sign: char| sign.is_ascii_digit()) && number(first);
    let allowed = digits.contains('.') || !first.starts_with('0');
    let mut tail = parts.peekable();
    let part = |part: &str| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    head && allowed && tail.peek().is_some() && tail.all(part) && number(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_to_the_base_60_are_those_of_yaml_1_1() {
        for text in ["22:22", "1:2", "190:20:30", "-1:30", "190:20:30.15", "0:30.", "12:30:45"] {
            assert!(is_base_60(text), "{text}");
        }
        for text in ["1:60", "::1", "1:", ":1", "a:1", "1:2:", "1:2a", "10:61", "01:30", "1.2:3", "2024-01-01", "1", ""]
        {
            assert!(!is_base_60(text), "{text}");
        }
    }

    #[test]
    fn a_number_is_lossy_where_floating_point_prints_another_one() {
        let lossy = |written: &str| {
            let Plain::Value(value) = resolve_plain(written) else { panic!("{written} is no number") };
            match number(written, &value) {
                Some(Kind::LossyNumber { kubernetes }) => Some(kubernetes),
                None => None,
                other => panic!("{written}: {other:?}"),
            }
        };
        for text in
            ["9007199254740992", "1000000000000000000", "0.1", "3.141592653589793", "1e30", "0x7fffffffffffffff"]
        {
            assert_eq!(lossy(text), None, "{text}");
        }
        for text in ["9007199254740993", "-9007199254740993", "9223372036854775807", "3.14159265358979323846"] {
            assert_eq!(lossy(text), Some(false), "{text}");
        }
        for text in ["18446744073709551615", "18446744073709551616", "123456789012345678901234567890"] {
            assert_eq!(lossy(text), Some(true), "{text}");
        }
    }
}
