//! Schema files: JSON schemas named as the CRDs catalog names them, `<group>/<kind>_<version>.json`.

use std::sync::{Arc, OnceLock};

use jsonschema::Draft;
use serde_json::Value;

use super::compile::Compiled;
use super::convert::Unlisted;
use super::kubernetes::Minor;
use super::{crd, intern};
use crate::diagnostic::{Diagnostic, rules};
use crate::manifest::Gvk;
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

/// The kind a file describes. File names are in lower case, so the case of the kind is not known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileKey {
    pub(super) group: Box<str>,
    pub(super) version: Box<str>,
    pub(super) kind: Box<str>,
}

/// A schema file, read and compiled when its kind is first met: catalogs hold thousands.
pub(super) struct SchemaFile {
    source: Arc<Source>,
    pub(super) digest: Digest,
    compiled: OnceLock<Result<Arc<Compiled>, String>>,
}

impl FileKey {
    /// The key of a kind.
    pub(super) fn of(gvk: &Gvk) -> Self {
        Self { group: gvk.group.clone(), version: gvk.version.clone(), kind: gvk.kind.to_lowercase().into() }
    }

    /// The key in the last two parts of a path. The core group has the folder `core`.
    pub(super) fn of_path(path: &str) -> Option<Self> {
        let mut parts = path.rsplit('/');
        let (kind, version) = parts.next()?.strip_suffix(".json")?.rsplit_once('_')?;
        let group = parts.next()?;
        let group = if group == "core" { "" } else { group };
        Some(Self { group: group.into(), version: version.into(), kind: kind.into() })
    }
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

/// A file whose name says no kind: it would lie there unused, and nobody would know.
pub(super) fn misnamed(source: &Arc<Source>) -> Diagnostic {
    let message = format!("`{}` names no kind, so its schema is not used", source.name());
    Diagnostic::warning(rules::BROKEN_SCHEMA, message)
        .at(Location::new(source, Span::at(0)), "")
        .help("name it `<group>/<kind>_<version>.json`, in lower case")
}

fn compile(text: &str, minor: &Minor) -> Result<Compiled, String> {
    let schema: Value = serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_group_kind_and_version() {
        let key = FileKey::of_path("schemas/crds/cert-manager.io/certificate_v1.json");
        assert_eq!(key, Some(FileKey::of(&Gvk::new("cert-manager.io/v1", "Certificate"))));
        assert_eq!(FileKey::of_path("core/pod_v1.json"), Some(FileKey::of(&Gvk::new("v1", "Pod"))));
        assert_eq!(FileKey::of_path("certificate_v1.json"), None);
        assert_eq!(FileKey::of_path("cert-manager.io/certificate.json"), None);
        assert_eq!(FileKey::of_path("cert-manager.io/README.md"), None);
    }
}
