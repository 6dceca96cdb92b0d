//! Helpers for structured values: to and from YAML and JSON, merging, and turning mappings into lists and back.

use std::borrow::Cow;

use minijinja::value::{Kwargs, Rest, Value, ValueKind, ValueOrKwargs, from_args};
use minijinja::{Environment, Error, State};

use crate::manifest::{self, ReadLimits};
use crate::render::template::json;
use crate::render::template::value::{from_node, pairs, refuse, to_node, undefined};
use crate::source::Source;

/// How deep two mappings are merged.
const MAX_MERGE_DEPTH: usize = 64;

/// The canonical writer's own step; every other is refused rather than ignored.
const YAML_INDENT: usize = 2;

/// The widest step of `to_json(indent=…)`: enough for every reader, too little to fill memory with blanks.
const MAX_JSON_INDENT: usize = 16;

/// How many bytes are read for one unit of fuel.
const BYTES_PER_STEP: u64 = 4;

pub(super) fn register(environment: &mut Environment) {
    environment.add_filter("to_yaml", to_yaml);
    environment.add_filter("to_nice_yaml", to_yaml);
    environment.add_filter("to_json", to_json);
    environment.add_filter("tojson", to_json);
    environment.add_filter("to_nice_json", to_nice_json);
    environment.add_filter("from_yaml", from_yaml);
    environment.add_filter("from_json", from_json);
    environment.add_filter("combine", combine);
    environment.add_filter("dict2items", dict2items);
    environment.add_filter("items2dict", items2dict);
    environment.add_filter("flatten", flatten);
}

fn to_yaml(state: &State, value: &Value, indent: Option<usize>, options: Kwargs) -> Result<String, Error> {
    let indent = option(indent, &options, "indent")?;
    if let Some(indent) = indent.filter(|indent| *indent != YAML_INDENT) {
        return Err(refuse(format!("YAML is always indented by {YAML_INDENT}; drop `indent={indent}`")));
    }
    let node = to_node(state, value)?;
    let mut text = String::new();
    manifest::write(&node, &mut text).map_err(|error| refuse(error.to_string()))?;
    text.truncate(text.trim_end_matches('\n').len());
    Ok(text)
}

fn to_json(state: &State, value: &Value, indent: Option<usize>, options: Kwargs) -> Result<String, Error> {
    let indent = option(indent, &options, "indent")?;
    let node = to_node(state, value)?;
    match indent {
        None => Ok(json::compact(&node)),
        Some(indent) => pretty_json(&node, indent),
    }
}

fn to_nice_json(state: &State, value: &Value, indent: Option<usize>, options: Kwargs) -> Result<String, Error> {
    let indent = option(indent, &options, "indent")?.unwrap_or(4);
    pretty_json(&to_node(state, value)?, indent)
}

fn pretty_json(node: &manifest::Node, indent: usize) -> Result<String, Error> {
    if indent > MAX_JSON_INDENT {
        return Err(refuse(format!("an indent of {indent} is more than {MAX_JSON_INDENT}")));
    }
    Ok(json::pretty(node, indent))
}

/// An argument that may be given by place or by name.
fn option(positional: Option<usize>, options: &Kwargs, name: &str) -> Result<Option<usize>, Error> {
    let named = options.get::<Option<usize>>(name)?;
    options.assert_all_used()?;
    Ok(positional.or(named))
}

fn from_yaml(state: &State, text: Cow<'_, str>) -> Result<Value, Error> {
    state.consume_fuel(text.len() as u64 / BYTES_PER_STEP)?;
    let stream = manifest::read(&Source::file("from_yaml", text), &ReadLimits::default());
    if let Some(diagnostic) = stream.diagnostics.first() {
        return Err(refuse(format!("the text is not YAML: {}", diagnostic.message)));
    }
    match stream.documents.as_slice() {
        [] => Ok(Value::from(())),
        [document] => Ok(from_node(&document.root)),
        documents => Err(refuse(format!("the text holds {} YAML documents, and one is wanted", documents.len()))),
    }
}

fn from_json(state: &State, text: Cow<'_, str>) -> Result<Value, Error> {
    state.consume_fuel(text.len() as u64 / BYTES_PER_STEP)?;
    let json: OrderedJson = serde_json::from_str(&text)
        .map_err(|error| refuse(format!("the text is not JSON (line {}, column {})", error.line(), error.column())))?;
    Ok(json.0)
}

/// JSON as an engine value, members in the order written; `serde_json::Value` would sort them.
struct OrderedJson(Value);

impl<'de> serde::Deserialize<'de> for OrderedJson {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OrderedJsonVisitor)
    }
}

struct OrderedJsonVisitor;

impl<'de> serde::de::Visitor<'de> for OrderedJsonVisitor {
    type Value = OrderedJson;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<OrderedJson, E> {
        Ok(OrderedJson(Value::from(())))
    }

    fn visit_bool<E>(self, value: bool) -> Result<OrderedJson, E> {
        Ok(OrderedJson(Value::from(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<OrderedJson, E> {
        Ok(OrderedJson(Value::from(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<OrderedJson, E> {
        Ok(OrderedJson(Value::from(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<OrderedJson, E> {
        Ok(OrderedJson(Value::from(value)))
    }

    fn visit_str<E>(self, text: &str) -> Result<OrderedJson, E> {
        Ok(OrderedJson(Value::from(text)))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut sequence: A) -> Result<OrderedJson, A::Error> {
        let mut items = Vec::new();
        while let Some(OrderedJson(item)) = sequence.next_element()? {
            items.push(item);
        }
        Ok(OrderedJson(Value::from_iter(items)))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<OrderedJson, A::Error> {
        let mut members = Vec::new();
        while let Some((name, OrderedJson(value))) = map.next_entry::<String, _>()? {
            members.push((name, value));
        }
        Ok(OrderedJson(Value::from_pairs(members)))
    }
}

fn combine(state: &State, arguments: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    let arguments = arguments.into_values();
    let (maps, options): (Rest<Value>, Kwargs) = from_args(&arguments)?;
    let recursive = options.get::<Option<bool>>("recursive")?.unwrap_or(false);
    options.assert_all_used()?;
    let mut maps = maps.0.into_iter();
    let first = maps.next().ok_or_else(|| refuse("nothing to combine"))?;
    maps.try_fold(mapping(first)?, |merged, map| merge(state, &merged, &mapping(map)?, recursive, 0))
}

fn mapping(value: Value) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::Map => Ok(value),
        ValueKind::Undefined => Err(undefined(&value)),
        kind => Err(refuse(format!("a mapping is wanted, not a {kind}"))),
    }
}

/// The entries of both; `over` wins. Keys keep the place where they first stood.
fn merge(state: &State, base: &Value, over: &Value, recursive: bool, depth: usize) -> Result<Value, Error> {
    if depth > MAX_MERGE_DEPTH {
        return Err(refuse(format!("the mappings nest deeper than {MAX_MERGE_DEPTH} levels")));
    }
    let mut merged: Vec<(Value, Value)> = Vec::new();
    for (key, value) in pairs(base) {
        state.consume_fuel(1)?;
        merged.push((key, value));
    }
    for (key, value) in pairs(over) {
        state.consume_fuel(1)?;
        let below = base.get_item(&key)?;
        let both_map = value.kind() == ValueKind::Map && below.kind() == ValueKind::Map;
        let value = if recursive && both_map { merge(state, &below, &value, true, depth + 1)? } else { value };
        merged.push((key, value));
    }
    Ok(Value::from_pairs(merged))
}

fn dict2items(state: &State, map: Value, options: Kwargs) -> Result<Value, Error> {
    let (key_name, value_name) = item_names(&options)?;
    let mut items = Vec::new();
    for (key, value) in pairs(&mapping(map)?) {
        state.consume_fuel(2)?;
        items.push(Value::from_pairs([(key_name.as_str(), key), (value_name.as_str(), value)]));
    }
    Ok(Value::from_iter(items))
}

fn items2dict(state: &State, items: &Value, options: Kwargs) -> Result<Value, Error> {
    let (key_name, value_name) = item_names(&options)?;
    let mut entries = Vec::new();
    for item in list(items)?.checked() {
        state.consume_fuel(2)?;
        let item = item?;
        let (key, value) = (item.get_attr(&key_name)?, item.get_attr(&value_name)?);
        if key.is_undefined() || value.is_undefined() {
            return Err(refuse(format!("an item has no `{key_name}` or no `{value_name}`")));
        }
        entries.push((key, value));
    }
    Ok(Value::from_pairs(entries))
}

fn item_names(options: &Kwargs) -> Result<(String, String), Error> {
    let name = |option: &'static str, default: &str| {
        options.get::<Option<String>>(option).map(|name| name.unwrap_or_else(|| default.to_owned()))
    };
    let names = (name("key_name", "key")?, name("value_name", "value")?);
    options.assert_all_used()?;
    Ok(names)
}

fn list(value: &Value) -> Result<minijinja::value::ValueIter, Error> {
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => value.try_iter(),
        ValueKind::Undefined => Err(undefined(value)),
        kind => Err(refuse(format!("a list is wanted, not a {kind}"))),
    }
}

fn flatten(state: &State, items: &Value, levels: Option<usize>, options: Kwargs) -> Result<Value, Error> {
    let levels = option(levels, &options, "levels")?.unwrap_or(MAX_MERGE_DEPTH);
    let mut flat = Vec::new();
    flatten_into(state, items, levels.min(MAX_MERGE_DEPTH), &mut flat)?;
    Ok(Value::from_iter(flat))
}

fn flatten_into(state: &State, items: &Value, levels: usize, flat: &mut Vec<Value>) -> Result<(), Error> {
    for item in list(items)?.checked() {
        state.consume_fuel(1)?;
        let item = item?;
        let nested = matches!(item.kind(), ValueKind::Seq | ValueKind::Iterable);
        if nested && levels > 0 {
            flatten_into(state, &item, levels - 1, flat)?;
        } else {
            flat.push(item);
        }
    }
    Ok(())
}
