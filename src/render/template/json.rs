//! JSON text of a tree, in the order of its keys and spaced as Jinja and Ansible space it: `{"a": [1, true]}`.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::ser::{Formatter, PrettyFormatter};

use crate::manifest::{Node, Value};

/// One line.
pub(super) fn compact(node: &Node) -> String {
    to_text(node, Spaced)
}

/// Many lines, each level `indent` blanks deeper.
pub(super) fn pretty(node: &Node, indent: usize) -> String {
    let step = " ".repeat(indent);
    to_text(node, PrettyFormatter::with_indent(step.as_bytes()))
}

fn to_text(node: &Node, formatter: impl Formatter) -> String {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    InOrder(node).serialize(&mut serializer).expect("a tree with text keys always has a JSON form");
    String::from_utf8(bytes).expect("serde_json writes UTF-8")
}

/// [`Node::to_json`] would sort the keys; what a person wrote in order should come out in order.
struct InOrder<'a>(&'a Node);

impl Serialize for InOrder<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0.value {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => serializer.serialize_i64(*value),
            Value::UInt(value) => serializer.serialize_u64(*value),
            Value::Float(value) => serializer.serialize_f64(*value),
            Value::String(text) => serializer.serialize_str(text),
            Value::Sequence(items) => {
                let mut sequence = serializer.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| sequence.serialize_element(&InOrder(item)))?;
                sequence.end()
            }
            Value::Mapping(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                entries.iter().try_for_each(|entry| map.serialize_entry(&*entry.key.name, &InOrder(&entry.value)))?;
                map.end()
            }
        }
    }
}

/// A blank after each comma and colon.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}
