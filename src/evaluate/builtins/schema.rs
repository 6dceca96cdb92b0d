//! JSON schemas as OPA judges them, where there is no doubt how: `json.verify_schema` of the plain words.

use serde_json::{Map, Value as Json};

use regorus::Value;

use super::{Answer, Failure};

const TYPES: [&str; 7] = ["array", "boolean", "integer", "number", "null", "object", "string"];

/// Whether a schema is one, and if not, what is wrong with it.
pub(super) fn verify(given: &[Value]) -> Answer {
    let schema: Json = match given.first() {
        Some(Value::String(text)) => serde_json::from_str(text).map_err(|_| unknown("text that is no JSON"))?,
        Some(object @ Value::Object(_)) => {
            let text = object.to_json_str().map_err(|_| unknown("keys that are no texts"))?;
            serde_json::from_str(&text).map_err(|_| unknown("keys that are no texts"))?
        }
        _ => return Err(Failure::undefined("operand 1 must be one of {string, object}")),
    };
    let Json::Object(mut schema) = schema else { return Err(unknown("a schema that is no object")) };
    let wrong = schema.get("type").and_then(Json::as_str).filter(|name| !TYPES.contains(name)).map(str::to_owned);
    if wrong.is_some() {
        schema.remove("type");
    }
    plain(&schema)?;
    let Some(name) = wrong else { return Ok(Value::from(vec![Value::from(true), Value::Null])) };
    let message = format!(
        "jsonschema: has a primitive type that is NOT VALID -- given: /{name}/ Expected valid values are:[{}]",
        TYPES.join(" ")
    );
    Ok(Value::from(vec![Value::from(false), Value::from(message)]))
}

fn unknown(what: &str) -> Failure {
    Failure::unanswered(format!("Hydrant does not judge schemas with {what}"))
}

/// Whether every word of a schema is a plain one, and used as it is meant to be.
fn plain(schema: &Map<String, Json>) -> Result<(), Failure> {
    for (word, value) in schema {
        match (word.as_str(), value) {
            ("title" | "description", Json::String(_)) | ("additionalProperties", Json::Bool(_)) => {}
            ("type", Json::String(name)) if TYPES.contains(&name.as_str()) => {}
            ("properties", Json::Object(properties)) => properties.values().try_for_each(inner)?,
            ("items" | "additionalProperties", schema @ Json::Object(_)) => inner(schema)?,
            ("required" | "enum", Json::Array(values)) if is_distinct(word, values) => {}
            _ => return Err(unknown(&format!("such a `{word}`"))),
        }
    }
    Ok(())
}

fn inner(schema: &Json) -> Result<(), Failure> {
    schema.as_object().ok_or_else(|| unknown("a schema that is no object")).and_then(plain)
}

/// Texts, at least one, and none twice.
fn is_distinct(word: &str, values: &[Json]) -> bool {
    let mut texts: Vec<&str> = values.iter().filter_map(Json::as_str).collect();
    texts.sort_unstable();
    texts.dedup();
    texts.len() == values.len() && (word != "enum" || !texts.is_empty())
}
