//! The JSON schema of `hydrant.yaml`, derived from the raw types: what editors complete from, and what `shape` checks by.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema as _, Schema};
use serde_json::{Value, json};

use super::raw::Config;

/// The JSON schema of `hydrant.yaml`: pretty, always the same bytes, with a line feed at the end.
#[must_use]
pub fn json_schema() -> String {
    format!("{:#}\n", schema())
}

/// The same as a value.
pub(super) fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().with_transform(ForEditors).into_generator();
    debug_assert_eq!(Config::schema_name(), "Config");
    generator.into_root_schema_for::<Config>().to_value()
}

/// What schemars derives, as an author of the file sees it. An optional key is left out and never `null`: a key without
/// a value is more often a slip than a wish.
#[derive(Debug, Clone)]
struct ForEditors;

impl Transform for ForEditors {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(object) = schema.as_object_mut() else { return };
        if let Some(Value::String(description)) = object.get_mut("description") {
            // where our source wraps a line is nothing to an editor
            *description = description.replace('\n', " ");
        }
        if object.get("default").is_some_and(Value::is_null) {
            object.remove("default");
        }
        if let Some(Value::Array(types)) = object.get_mut("type") {
            types.retain(|name| name != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                object.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
            choices.retain(|choice| *choice != json!({ "type": "null" }));
            if let [Value::Object(only)] = choices.as_slice() {
                let only = only.clone();
                object.remove("anyOf");
                object.extend(only);
            }
        }
    }
}
