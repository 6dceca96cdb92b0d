//! Conversion: the OpenAPI 3.0 dialect of CRDs to JSON Schema 2020-12, as strict as the API server.

use serde_json::{Map, Value, json};

use super::compile::{LIST_MAP_KEYS, WRITTEN_PATTERN, object};
use super::{cel, formats, re2};

/// Keywords that mean the same in both dialects and hold no schema.
const PLAIN: [&str; 12] = [
    "type",
    "enum",
    "pattern",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "multipleOf",
];

/// What happens to fields that a schema does not list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unlisted {
    /// They are errors, also below a mapping that lists no field at all: the rule of `apiextensions.k8s.io/v1`.
    Refused,
    /// They are errors only beside listed ones: for schemas whose author may have left a mapping open by saying nothing.
    RefusedBesideListed,
    /// They are kept: `preserveUnknownFields` of the old CRDs.
    Kept,
}

/// The schema of a whole custom resource. `metadata` is the schema of an object's metadata.
pub(super) fn resource(schema: &Value, unlisted: Unlisted, metadata: &Value) -> Value {
    let converter = Converter { unlisted, metadata };
    let Value::Object(source) = schema else { return schema.clone() };
    let mut result = converter.structural(source);
    converter.add_identity(source, &mut result);
    let rules = cel::count_rules(schema);
    if rules > 0 {
        result.insert(cel::RULES.to_owned(), json!(rules));
    }
    Value::Object(result)
}

struct Converter<'a> {
    unlisted: Unlisted,
    metadata: &'a Value,
}

impl Converter<'_> {
    /// A schema that says which fields exist.
    fn structural(&self, source: &Map<String, Value>) -> Map<String, Value> {
        let mut result = plain(source);
        for (keyword, value) in source {
            match (keyword.as_str(), value) {
                ("properties", Value::Object(fields)) => {
                    let fields = fields.iter().map(|(name, field)| (name.clone(), self.field(source, name, field)));
                    result.insert(keyword.clone(), fields.collect());
                }
                ("additionalProperties", Value::Object(values)) => {
                    result.insert(keyword.clone(), Value::Object(accept_null(self.structural(values))));
                }
                ("items", Value::Object(items)) => {
                    result.insert(keyword.clone(), Value::Object(self.structural(items)));
                }
                ("properties" | "additionalProperties" | "items", value) => {
                    result.insert(keyword.clone(), value.clone());
                }
                ("required", value) => {
                    result.insert(keyword.clone(), without_defaulted(value, source));
                }
                _ => {}
            }
        }
        list_type(source, &mut result);
        int_or_string(source, &mut result);
        if is_set(source, "x-kubernetes-embedded-resource") {
            self.add_identity(source, &mut result);
        }
        if self.refuses_unlisted(source) {
            result.insert("additionalProperties".to_owned(), Value::Bool(false));
        }
        if is_set(source, "nullable") { accept_null(result) } else { result }
    }

    /// A field. The API server drops a null before it looks at the schema, unless the field is required.
    fn field(&self, parent: &Map<String, Value>, name: &str, field: &Value) -> Value {
        let Value::Object(source) = field else { return field.clone() };
        let required =
            parent.get("required").and_then(Value::as_array).is_some_and(|names| names.contains(&json!(name)));
        let converted = self.structural(source);
        let keeps_null = required && !source.contains_key("default");
        Value::Object(if keeps_null { converted } else { accept_null(converted) })
    }

    fn refuses_unlisted(&self, source: &Map<String, Value>) -> bool {
        if source.contains_key("additionalProperties") || is_set(source, "x-kubernetes-preserve-unknown-fields") {
            return false;
        }
        match self.unlisted {
            Unlisted::Refused => source.contains_key("properties") || source.get("type") == Some(&json!("object")),
            Unlisted::RefusedBesideListed => source.contains_key("properties"),
            Unlisted::Kept => false,
        }
    }

    /// `apiVersion`, `kind` and `metadata`, which a CRD need not list. It may narrow the names in `metadata`.
    fn add_identity(&self, source: &Map<String, Value>, result: &mut Map<String, Value>) {
        let mut metadata = match self.metadata {
            Value::Object(reference) => reference.clone(),
            _ => Map::new(),
        };
        let narrowed = source.get("properties").and_then(|fields| fields.pointer("/metadata/properties"));
        if let Some(Value::Object(fields)) = narrowed {
            metadata.insert(
                "properties".to_owned(),
                fields.iter().map(|(name, field)| (name.clone(), value_rule(field))).collect(),
            );
        }
        metadata.insert("type".to_owned(), json!("object"));
        let fields = result.entry("properties").or_insert_with(|| json!({}));
        if let Value::Object(fields) = fields {
            fields.insert("apiVersion".to_owned(), json!({"type": "string"}));
            fields.insert("kind".to_owned(), json!({"type": "string"}));
            fields.insert("metadata".to_owned(), Value::Object(metadata));
        }
        let required = result.entry("required").or_insert_with(|| json!([]));
        if let Value::Array(required) = required {
            for name in ["apiVersion", "kind"] {
                if !required.contains(&json!(name)) {
                    required.push(json!(name));
                }
            }
        }
    }
}

/// The keywords that hold no fields, converted.
fn plain(source: &Map<String, Value>) -> Map<String, Value> {
    let mut result = Map::new();
    for (keyword, value) in source {
        match (keyword.as_str(), value) {
            ("pattern", Value::String(text)) => pattern(text, &mut result),
            (name, value) if PLAIN.contains(&name) => {
                result.insert(keyword.clone(), value.clone());
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(branches)) => {
                result.insert(keyword.clone(), branches.iter().map(value_rule).collect());
            }
            ("not", value) => {
                result.insert(keyword.clone(), value_rule(value));
            }
            // kept as written: whatever is wrong with it, the compiler says so
            ("allOf" | "anyOf" | "oneOf" | "uniqueItems", value) => {
                result.insert(keyword.clone(), value.clone());
            }
            _ => {}
        }
    }
    exclusive(source, &mut result, "exclusiveMinimum", "minimum");
    exclusive(source, &mut result, "exclusiveMaximum", "maximum");
    if let Some(format) = source.get("format").and_then(Value::as_str) {
        match formats::bounds(format) {
            Some(bounds) => bounds.into_iter().for_each(|(name, limit)| {
                result.entry(name).or_insert(limit);
            }),
            None => {
                result.insert("format".to_owned(), json!(format));
            }
        }
    }
    result
}

/// A pattern in the validator's dialect, beside the one that people know. One that RE2 refuses becomes one that the
/// compiler refuses: whoever reports that asks [`re2`] for the reason.
fn pattern(text: &str, result: &mut Map<String, Value>) {
    let translated = re2::translate(text).unwrap_or_else(|_| "(".to_owned());
    if translated != text {
        result.insert(WRITTEN_PATTERN.to_owned(), json!(text));
    }
    result.insert("pattern".to_owned(), json!(translated));
}

/// A schema inside `allOf`, `anyOf`, `oneOf` or `not`: it judges values, and says nothing about which fields exist.
fn value_rule(schema: &Value) -> Value {
    let Value::Object(source) = schema else { return schema.clone() };
    let mut result = plain(source);
    for (keyword, value) in source {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(fields)) => {
                let fields = fields.iter().map(|(name, field)| (name.clone(), value_rule(field)));
                result.insert(keyword.clone(), fields.collect());
            }
            ("items" | "additionalProperties", value) => {
                result.insert(keyword.clone(), value_rule(value));
            }
            ("properties" | "required", value) => {
                result.insert(keyword.clone(), value.clone());
            }
            _ => {}
        }
    }
    Value::Object(result)
}

/// OpenAPI 3.0 says `exclusiveMinimum: true` beside `minimum: 1`; JSON schema says `exclusiveMinimum: 1`.
fn exclusive(source: &Map<String, Value>, result: &mut Map<String, Value>, exclusive: &str, inclusive: &str) {
    match source.get(exclusive) {
        Some(Value::Bool(true)) => {
            if let Some(limit) = result.remove(inclusive) {
                result.insert(exclusive.to_owned(), limit);
            }
        }
        Some(Value::Bool(false)) | None => {}
        Some(limit) => {
            result.insert(exclusive.to_owned(), limit.clone());
        }
    }
}

/// Required fields without those that have a default: the API server fills them in before it looks.
fn without_defaulted(required: &Value, source: &Map<String, Value>) -> Value {
    let Value::Array(names) = required else { return required.clone() };
    let has_default = |name: &Value| {
        let field = name.as_str().and_then(|name| source.get("properties")?.get(name));
        field.is_some_and(|field| field.get("default").is_some_and(|default| !default.is_null()))
    };
    names.iter().filter(|name| !has_default(name)).cloned().collect()
}

fn list_type(source: &Map<String, Value>, result: &mut Map<String, Value>) {
    match source.get("x-kubernetes-list-type").and_then(Value::as_str) {
        Some("set") => {
            result.insert("uniqueItems".to_owned(), Value::Bool(true));
        }
        Some("map") => {
            let keys = source.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
            let keys = keys.into_iter().flatten().filter_map(Value::as_str);
            let items = source.get("items").and_then(|items| items.get("properties"));
            let with_default = |name: &str| match items.and_then(|fields| fields.get(name)?.get("default")) {
                Some(default) => Value::Object(object([(name, default.clone())])),
                None => json!(name),
            };
            result.insert(LIST_MAP_KEYS.to_owned(), keys.map(with_default).collect());
        }
        _ => {}
    }
}

/// `x-kubernetes-int-or-string` stands for both types; CRDs repeat that in an `anyOf` whose errors would say it twice.
fn int_or_string(source: &Map<String, Value>, result: &mut Map<String, Value>) {
    if !is_set(source, "x-kubernetes-int-or-string") {
        return;
    }
    let only_types = |branch: &Value| branch.as_object().is_some_and(|branch| branch.keys().all(|key| key == "type"));
    let branches = result.get("anyOf").and_then(Value::as_array);
    if branches.is_some_and(|branches| branches.iter().all(only_types)) {
        result.remove("anyOf");
    }
    result.insert("type".to_owned(), json!(["integer", "string"]));
}

/// The same schema for a field that the API server drops where it is null, before it applies any rule.
fn accept_null(mut schema: Map<String, Value>) -> Map<String, Value> {
    let null = json!("null");
    match schema.get_mut("type") {
        Some(Value::Array(types)) if !types.contains(&null) => types.push(null),
        Some(single @ Value::String(_)) if *single != null => *single = Value::Array(vec![single.take(), null]),
        _ => {}
    }
    if let Some(Value::Array(options)) = schema.get_mut("enum")
        && !options.contains(&Value::Null)
    {
        options.push(Value::Null);
    }
    let rules: Map<_, _> = ["allOf", "anyOf", "oneOf", "not"]
        .into_iter()
        .filter_map(|keyword| schema.remove(keyword).map(|rule| (keyword.to_owned(), rule)))
        .collect();
    if !rules.is_empty() {
        schema.insert("if".to_owned(), json!({"type": "null"}));
        schema.insert("else".to_owned(), Value::Object(rules));
    }
    schema
}

fn is_set(schema: &Map<String, Value>, keyword: &str) -> bool {
    schema.get(keyword) == Some(&Value::Bool(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convert(schema: &Value) -> Value {
        resource(schema, Unlisted::Refused, &json!({"$ref": "#/metadata"}))
    }

    #[test]
    fn fields_are_closed_except_where_unknown_ones_are_preserved() {
        let converted = convert(&json!({"type": "object", "properties": {
            "spec": {"type": "object", "properties": {
                "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {
                    "closed": {"type": "object", "properties": {"a": {"type": "string"}}}}},
                "map": {"type": "object", "additionalProperties": {"type": "string"}},
                "empty": {"type": "object"}}}}}));
        let at = |path: &str| converted.pointer(path).cloned();
        assert_eq!(at("/additionalProperties"), Some(json!(false)));
        assert_eq!(at("/properties/spec/additionalProperties"), Some(json!(false)));
        assert_eq!(at("/properties/spec/properties/open/additionalProperties"), None);
        assert_eq!(at("/properties/spec/properties/open/properties/closed/additionalProperties"), Some(json!(false)));
        assert_eq!(at("/properties/spec/properties/map/additionalProperties/type"), Some(json!(["string", "null"])));
        assert_eq!(at("/properties/spec/properties/empty/additionalProperties"), Some(json!(false)));
        assert_eq!(at("/properties/metadata/$ref"), Some(json!("#/metadata")));
    }

    #[test]
    fn a_rule_on_values_closes_nothing() {
        let converted = convert(&json!({"type": "object", "properties": {"spec": {"type": "object",
            "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
            "oneOf": [{"required": ["a"]}, {"properties": {"b": {"enum": ["x"]}}}]}}}));
        let branches = converted.pointer("/properties/spec/else/oneOf");
        assert_eq!(branches, Some(&json!([{"required": ["a"]}, {"properties": {"b": {"enum": ["x"]}}}])));
    }

    #[test]
    fn openapi_words_become_json_schema_words() {
        let converted = convert(&json!({"properties": {"spec": {"required": ["port", "mode"], "properties": {
            "port": {"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]},
            "mode": {"type": "string", "default": "a", "enum": ["a", "b"]},
            "size": {"type": "integer", "format": "int32", "minimum": 0, "exclusiveMinimum": true}}}}}));
        let at = |path: &str| converted.pointer(&format!("/properties/spec{path}")).cloned();
        assert_eq!(at("/properties/port"), Some(json!({"type": ["integer", "string"]})));
        assert_eq!(at("/required"), Some(json!(["port"])), "`mode` has a default");
        assert_eq!(at("/properties/mode"), Some(json!({"type": ["string", "null"], "enum": ["a", "b", null]})));
        assert_eq!(
            at("/properties/size"),
            Some(
                json!({"type": ["integer", "null"], "exclusiveMinimum": 0, "minimum": -2147483648_i64, "maximum": 2147483647})
            )
        );
    }

    #[test]
    fn a_null_that_is_dropped_meets_no_rule() {
        let converted = convert(&json!({"properties": {"source": {"type": "object", "oneOf": [{"required": ["a"]}]}}}));
        let source = converted.pointer("/properties/source").expect("converted");
        assert_eq!(source["else"], json!({"oneOf": [{"required": ["a"]}]}));
        assert_eq!(source.get("oneOf"), None);
    }

    #[test]
    fn the_keys_of_a_list_carry_their_defaults() {
        let converted = convert(&json!({"properties": {"ports": {"type": "array",
            "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port", "protocol"],
            "items": {"type": "object", "properties": {
                "port": {"type": "integer"}, "protocol": {"type": "string", "default": "TCP"}}}}}}));
        let keys = converted.pointer("/properties/ports/x-list-map-keys");
        assert_eq!(keys, Some(&json!(["port", {"protocol": "TCP"}])));
    }
}
