//! Schema files: JSON schemas that were found for one kind each, in the dialect of CRDs or in JSON schema at large.

use std::sync::{Arc, OnceLock};

use jsonschema::Draft;
use serde_json::Value;

use super::compile::Compiled;
use super::convert::Unlisted;
use super::kubernetes::Minor;
use super::{crd, cycles, intern};
use crate::diagnostic::{Diagnostic, rules};
use crate::source::{Location, Source, Span};
use crate::tree::Digest;

/// Keywords that the dialect of CRDs does not have. A schema that uses one is taken as it is.
const GENERAL: [&str; 10] = [
    "$ref",
    "$schema",
    "$defs",
    "definitions",
    "patternProperties",
    "propertyNames",
    "if",
    "const",
    "dependentRequired",
    "unevaluatedProperties",
];

/// A schema file, compiled when its kind is first judged.
pub(super) struct SchemaFile {
    source: Arc<Source>,
    pub(super) digest: Digest,
    compiled: OnceLock<Result<Arc<Compiled>, String>>,
}

impl SchemaFile {
    pub(super) fn new(source: &Arc<Source>) -> Self {
        let digest = Digest::of(source.text().as_bytes());
        Self { source: Arc::clone(source), digest, compiled: OnceLock::new() }
    }

    /// The schema, or what is wrong with the file.
    pub(super) fn schema(&self, minor: &Minor) -> Result<&Compiled, Box<Diagnostic>> {
        match self.compiled.get_or_init(|| self.compile(minor)) {
            Ok(compiled) => Ok(compiled),
            Err(reason) => Err(Box::new(self.broken(reason))),
        }
    }

    fn broken(&self, reason: &str) -> Diagnostic {
        let message = format!("the schema in `{}` cannot be used: {reason}", self.source.name());
        Diagnostic::error(rules::BROKEN_SCHEMA, message)
            .also(self.location(), "nothing can be checked against this")
            .help("correct or remove the file")
    }

    fn compile(&self, minor: &Minor) -> Result<Arc<Compiled>, String> {
        let key = Digest::of(format!("{} {}", minor.name, self.digest).as_bytes());
        intern::find_or_build(key, || compile(self.source.text(), minor))
    }

    fn location(&self) -> Location {
        Location::new(&self.source, Span::at(0))
    }
}

fn compile(text: &str, minor: &Minor) -> Result<Compiled, String> {
    let schema: Value = serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
    if let Some(pointer) = cycles::find(&schema) {
        return Err(format!("`{pointer}` refers to itself and to nothing else, so it never comes to a verdict"));
    }
    let (schema, draft) = if is_general(&schema) {
        let draft = Draft::Draft202012.detect(&schema);
        (schema, if draft == Draft::Unknown { Draft::Draft202012 } else { draft })
    } else {
        (crd::resource(&schema, Unlisted::RefusedBesideListed, minor), Draft::Draft202012)
    };
    minor.compile(Arc::new(schema), draft).map_err(|error| error.to_string())
}

/// Whether a schema is written in JSON schema at large, rather than in the dialect of CRDs.
fn is_general(schema: &Value) -> bool {
    let Value::Object(keywords) = schema else { return true };
    keywords.iter().any(|(keyword, value)| match (keyword.as_str(), value) {
        (keyword, _) if GENERAL.contains(&keyword) => true,
        ("properties", Value::Object(fields)) => fields.values().any(is_general),
        ("additionalProperties", Value::Bool(_)) => false,
        ("items" | "additionalProperties" | "not", schema) => is_general(schema),
        ("allOf" | "anyOf" | "oneOf", Value::Array(branches)) => branches.iter().any(is_general),
        ("exclusiveMinimum" | "exclusiveMaximum", limit) => limit.is_number(),
        _ => false,
    })
}
