//! Rules in CEL (`x-kubernetes-validations`): counted where a schema is converted, and told wherever an object was
//! judged without them.

use std::collections::BTreeSet;

use serde_json::Value as JsonValue;

use super::compile::Compiled;
use super::{Found, Schemas};
use crate::diagnostic::{Diagnostic, count, rules};
use crate::manifest::{Manifest, Pointer};

/// Beside the keywords of a converted schema: how many rules it had.
pub(super) const RULES: &str = "x-cel-rules";

/// The rules of a CRD's schema. A field that has the keyword's name is no list of rules.
pub(super) fn count_rules(schema: &JsonValue) -> usize {
    match schema {
        JsonValue::Object(keywords) => {
            keywords.iter().map(|(name, value)| own_rules(name, value) + count_rules(value)).sum()
        }
        JsonValue::Array(items) => items.iter().map(count_rules).sum(),
        _ => 0,
    }
}

fn own_rules(keyword: &str, value: &JsonValue) -> usize {
    let rules = value.as_array().filter(|_| keyword == "x-kubernetes-validations");
    rules.into_iter().flatten().filter(|rule| rule.get("rule").is_some()).count()
}

impl Schemas {
    /// A note for each kind among some manifests whose schema has rules in CEL. The API server evaluates them, Hydrant
    /// does not, and nothing may pass in silence.
    #[must_use]
    pub fn unevaluated<'a>(&self, manifests: impl IntoIterator<Item = &'a Manifest>) -> Vec<Diagnostic> {
        let mut told = BTreeSet::new();
        let first_of_kind = manifests.into_iter().filter(|manifest| told.insert(manifest.object.gvk.clone()));
        first_of_kind
            .filter_map(|manifest| match self.find(&manifest.object.gvk, self.minor.kind(&manifest.object.gvk)) {
                Found::Schema(schema) => note(manifest, schema),
                _ => None,
            })
            .collect()
    }
}

fn note(manifest: &Manifest, schema: &Compiled) -> Option<Diagnostic> {
    // a schema file that is more than a CRD's dialect is not converted, and still has its own keywords
    let converted = schema.keyword(&format!("/{RULES}")).and_then(JsonValue::as_u64);
    let number = match converted {
        Some(number) => usize::try_from(number).ok()?,
        None => count_rules(schema.keyword("")?),
    };
    if number == 0 {
        return None;
    }
    let (gvk, rules) = (&manifest.object.gvk, count(number, "rule"));
    let message = format!("`{}` `{}` has {rules} in CEL that were not evaluated", gvk.api_version(), gvk.kind);
    let pointer = Pointer::from_parts(["kind"]);
    Some(
        Diagnostic::note(rules::CEL_NOT_EVALUATED, message)
            .at(manifest.locate(&pointer), "judged by the other keywords of its schema")
            .help("the API server evaluates them: `kubectl apply --dry-run=server` asks it beforehand")
            .pointer(pointer.to_string()),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::count_rules;

    #[test]
    fn rules_are_counted_at_every_depth_and_a_field_of_that_name_is_none() {
        let schema = json!({
            "x-kubernetes-validations": [{"rule": "self.a > 0"}, {"rule": "self.b > 0", "message": "b"}],
            "properties": {
                "list": {"items": {"x-kubernetes-validations": [{"rule": "self != ''"}]}},
                "x-kubernetes-validations": {"type": "array", "items": {"properties": {"rule": {"type": "string"}}}},
            },
        });
        assert_eq!(count_rules(&schema), 3);
    }
}
