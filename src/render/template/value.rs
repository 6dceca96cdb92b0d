//! Values cross the border between our YAML tree and the template engine here, exactly and in the order written.

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind, State};

use crate::manifest::{Entry, Key, Node, Value as Yaml};
use crate::source::Span;

/// How deep a value made by a template may nest before it is refused; deeper than anything Kubernetes reads.
const MAX_DEPTH: usize = 128;

/// What one node costs in fuel: it takes that many times 64 bytes.
const NODE_COST: u64 = 4;

/// A tree of ours as the engine's value.
pub(super) fn from_node(node: &Node) -> Value {
    match &node.value {
        Yaml::Null => Value::from(()),
        Yaml::Bool(value) => Value::from(*value),
        Yaml::Int(value) => Value::from(*value),
        Yaml::UInt(value) => Value::from(*value),
        Yaml::Float(value) => Value::from(*value),
        Yaml::String(text) => Value::from(&**text),
        Yaml::Sequence(items) => items.iter().map(from_node).collect(),
        Yaml::Mapping(entries) => {
            Value::from_pairs(entries.iter().map(|entry| (&*entry.key.name, from_node(&entry.value))))
        }
    }
}

/// A value of the engine as our tree. Every visited item costs fuel, so that lazy and repeated values stay bounded.
pub(super) fn to_node(state: &State, value: &Value) -> Result<Node, Error> {
    convert(state, value, 0)
}

fn convert(state: &State, value: &Value, depth: usize) -> Result<Node, Error> {
    state.consume_fuel(NODE_COST)?;
    if depth > MAX_DEPTH {
        return Err(refuse(format!("the value nests deeper than {MAX_DEPTH} levels")));
    }
    let yaml = match value.kind() {
        ValueKind::Undefined => return Err(undefined(value)),
        ValueKind::None => Yaml::Null,
        ValueKind::Bool => Yaml::Bool(value.is_true()),
        ValueKind::Number => number(value)?,
        ValueKind::String | ValueKind::Bytes => Yaml::String(text(value)?.into()),
        ValueKind::Seq | ValueKind::Iterable => Yaml::Sequence(
            value.try_iter()?.checked().map(|item| convert(state, &item?, depth + 1)).collect::<Result<_, _>>()?,
        ),
        ValueKind::Map if is_macro(value) => return Err(refuse("a macro is not a value; call it with `(…)`")),
        ValueKind::Plain => return Err(refuse("a function is not a value; call it with `(…)`")),
        ValueKind::Map => Yaml::Mapping(entries(state, value, depth)?),
        _ => return Err(refuse(format!("{value} is neither text, number, list nor mapping"))),
    };
    Ok(Node::synthetic(yaml))
}

/// A macro looks like a mapping of its own description; the engine tells it apart only by how it prints.
fn is_macro(map: &Value) -> bool {
    map.len() == Some(3) && map.to_string().starts_with("<macro ")
}

fn entries(state: &State, map: &Value, depth: usize) -> Result<Vec<Entry>, Error> {
    pairs(map)
        .map(|(key, value)| {
            let name = key_name(&key)?.into();
            Ok(Entry { key: Key { span: Span::default(), name }, value: convert(state, &value, depth + 1)? })
        })
        .collect()
}

/// The entries of a mapping; none for anything else.
pub(super) fn pairs(map: &Value) -> impl Iterator<Item = (Value, Value)> {
    map.as_object().and_then(|object| object.try_iter_pairs()).into_iter().flatten()
}

fn key_name(key: &Value) -> Result<String, Error> {
    match key.kind() {
        ValueKind::String | ValueKind::Number | ValueKind::Bool | ValueKind::None => scalar_text(key),
        kind => Err(refuse(format!("a key of a mapping must be text, not {kind}"))),
    }
}

fn number(value: &Value) -> Result<Yaml, Error> {
    if !value.is_integer() {
        return match f64::try_from(value.clone()) {
            Ok(float) if float.is_finite() => Ok(Yaml::Float(float)),
            _ => Err(refuse("a number is not finite")),
        };
    }
    match (i64::try_from(value.clone()), u64::try_from(value.clone())) {
        (Ok(value), _) => Ok(Yaml::Int(value)),
        (_, Ok(value)) => Ok(Yaml::UInt(value)),
        _ => Err(refuse(format!("the integer {value} does not fit 64 bits"))),
    }
}

fn text(value: &Value) -> Result<&str, Error> {
    value.as_str().ok_or_else(|| refuse("bytes are not UTF-8 text"))
}

/// How a scalar stands in rendered text: `true`, `null`, `1.5`, the text itself. Refuses collections and undefined.
pub(super) fn scalar_text(value: &Value) -> Result<String, Error> {
    Ok(match value.kind() {
        ValueKind::None => "null".to_owned(),
        ValueKind::Bool => value.is_true().to_string(),
        ValueKind::Number if value.is_integer() => value.to_string(),
        ValueKind::Number => float_text(f64::try_from(value.clone())?),
        ValueKind::String | ValueKind::Bytes => text(value)?.to_owned(),
        ValueKind::Undefined => return Err(undefined(value)),
        ValueKind::Plain => return Err(refuse("a function is not a value; call it with `(…)`")),
        kind => return Err(refuse(format!("cannot use a {kind} as text"))),
    })
}

/// A float that every YAML reader takes for the same number: short, with a point, and with a sign in the exponent.
fn float_text(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-5..1e16).contains(&magnitude) {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').expect("`{:e}` always writes an exponent");
        let point = if digits.contains('.') { "" } else { ".0" };
        let sign = if exponent.starts_with('-') { "" } else { "+" };
        return format!("{digits}{point}e{sign}{exponent}");
    }
    let text = value.to_string();
    if text.contains('.') { text } else { format!("{text}.0") }
}

/// An error of a filter: what it was given cannot be used.
pub(super) fn refuse(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

/// The error of using an undefined value. The engine's own names where the value came from; an attribute access is
/// the way to get it.
pub(super) fn undefined(value: &Value) -> Error {
    value.get_attr("").err().unwrap_or_else(|| ErrorKind::UndefinedError.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_read_as_the_same_number_in_every_yaml_reader() {
        assert_eq!(float_text(1.0), "1.0");
        assert_eq!(float_text(-0.25), "-0.25");
        assert_eq!(float_text(1e300), "1.0e+300");
        assert_eq!(float_text(1.5e-9), "1.5e-9");
        assert_eq!(float_text(f64::INFINITY), ".inf");
    }

    #[test]
    fn integers_keep_every_digit() {
        let value = from_node(&Node::synthetic(Yaml::UInt(u64::MAX)));
        assert_eq!(scalar_text(&value).expect("a scalar"), "18446744073709551615");
        assert_eq!(number(&value).expect("fits"), Yaml::UInt(u64::MAX));
    }
}
