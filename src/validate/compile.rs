//! A compiled schema: the validator, and the JSON it was made of for what messages want to know.

use std::collections::BTreeMap;
use std::sync::Arc;

use jsonschema::{Draft, Keyword, PatternOptions, Registry, Retrieve, ValidationError, Validator};
use serde_json::{Map, Value as JsonValue};

use super::formats;
use super::json::{Tree, View};
use crate::manifest::{Node, Value};

/// The options of a build, for our tree.
pub(super) type Options<'i> = jsonschema::ValidationOptions<'i, Arc<dyn Retrieve>, Tree>;

/// Our keyword for lists whose items are told apart by some of their fields.
pub(super) const LIST_MAP_KEYS: &str = "x-list-map-keys";

/// Beside a `pattern` that was rewritten: the one that was written.
pub(super) const WRITTEN_PATTERN: &str = "x-written-pattern";

/// A schema, ready to judge.
pub(super) struct Compiled {
    validator: Validator<Tree>,
    schema: Arc<JsonValue>,
    definitions: Arc<JsonValue>,
}

impl Compiled {
    /// Compiles `schema`. Its references lead into itself or into `registry`, which holds `definitions`.
    pub(super) fn build(
        schema: Arc<JsonValue>,
        draft: Draft,
        registry: &Registry<'_>,
        definitions: &Arc<JsonValue>,
    ) -> Result<Self, ValidationError<'static>> {
        let options = jsonschema::options_for::<Tree>()
            .with_draft(draft)
            .with_registry(registry)
            // linear time, and the dialect nearest to the API server's RE2
            .with_pattern_options(PatternOptions::regex())
            .with_keyword(LIST_MAP_KEYS, |_, keys, _| Ok(Box::new(ListMapKeys::new(keys))))
            .offline();
        let options = formats::install(options).should_validate_formats(!formats_are_notes(&schema));
        let validator = options.build(&schema)?;
        Ok(Self { validator, schema, definitions: Arc::clone(definitions) })
    }

    /// Whether the schema accepts the value.
    pub(super) fn accepts(&self, root: &Node) -> bool {
        self.validator.is_valid(View::Node(root))
    }

    /// Everything the schema holds against the value.
    pub(super) fn errors<'a>(&'a self, root: &'a Node) -> impl Iterator<Item = ValidationError<'a>> {
        self.validator.iter_errors(View::Node(root))
    }

    /// The keyword an error's schema path names.
    pub(super) fn keyword(&self, path: &str) -> Option<&JsonValue> {
        self.schema.pointer(path).or_else(|| self.definitions.pointer(path))
    }

    /// A keyword beside the one an error's schema path names.
    pub(super) fn beside(&self, path: &str, keyword: &str) -> Option<&JsonValue> {
        self.keyword(path.rsplit_once('/')?.0)?.get(keyword)
    }

    /// The properties declared beside the keyword an error's schema path names.
    pub(super) fn properties(&self, path: &str) -> impl Iterator<Item = &str> {
        let properties = self.beside(path, "properties").and_then(JsonValue::as_object);
        properties.into_iter().flatten().map(|(name, _)| name.as_str())
    }
}

/// The standard's draft 2020-12 makes `format` a note for whoever reads the schema. It counts where a schema file says that
/// it means that draft; everybody else who writes a format into a schema of Kubernetes means it.
fn formats_are_notes(schema: &JsonValue) -> bool {
    let dialect = schema.get("$schema").and_then(JsonValue::as_str).unwrap_or_default();
    dialect.trim_end_matches('#') == "https://json-schema.org/draft/2020-12/schema"
}

/// Items of a list are told apart by these fields, each with the value the API server puts where it is missing.
struct ListMapKeys(Vec<(Box<str>, Option<Value>)>);

impl ListMapKeys {
    /// From names, or mappings of one name to its default.
    fn new(keys: &JsonValue) -> Self {
        let key = |key: &JsonValue| match key {
            JsonValue::String(name) => vec![(name.as_str().into(), None)],
            JsonValue::Object(defaults) => defaults.iter().map(Self::with_default).collect(),
            _ => Vec::new(),
        };
        Self(keys.as_array().into_iter().flatten().flat_map(key).collect())
    }

    fn with_default((name, default): (&String, &JsonValue)) -> (Box<str>, Option<Value>) {
        (name.as_str().into(), Some(Node::from_json(default).value))
    }

    /// The index of the first item whose keys an earlier one has.
    fn duplicate(&self, list: View<'_>) -> Option<usize> {
        let View::Node(node) = list else { return None };
        let items = node.as_sequence()?;
        if items.len() < 2 || self.0.is_empty() {
            return None;
        }
        let mut seen = BTreeMap::new();
        items.iter().enumerate().find_map(|(index, item)| {
            let text: Vec<_> =
                self.0.iter().map(|(name, default)| key_text(item.get(name), default.as_ref())).collect();
            seen.insert(text, ()).is_some().then_some(index)
        })
    }
}

/// A key's value as text that differs where the values do; only scalars are keys.
fn key_text(node: Option<&Node>, default: Option<&Value>) -> Option<String> {
    match node.map(|node| &node.value).filter(|value| **value != Value::Null).or(default)? {
        Value::String(text) => Some(format!("s{text}")),
        Value::Bool(value) => Some(format!("b{value}")),
        Value::Int(value) => Some(format!("n{value}")),
        Value::UInt(value) => Some(format!("n{value}")),
        Value::Float(value) => Some(format!("n{value}")),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) => None,
    }
}

impl<'i> Keyword<'i, Tree> for ListMapKeys {
    fn validate(&self, instance: View<'i>) -> Result<(), ValidationError<'i>> {
        // the message is the index: findings words it
        match self.duplicate(instance) {
            Some(index) => Err(ValidationError::custom(index.to_string())),
            None => Ok(()),
        }
    }

    fn is_valid(&self, instance: View<'i>) -> bool {
        self.duplicate(instance).is_none()
    }
}

/// A mapping of JSON from pairs.
pub(super) fn object<const N: usize>(pairs: [(&str, JsonValue); N]) -> Map<String, JsonValue> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
