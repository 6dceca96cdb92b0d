//! The schemas of one Kubernetes minor, from the embedded pack, each compiled when it is first needed.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};

use jsonschema::{Draft, Registry};
use serde_json::{Value, json};

use super::SchemaError;
use super::compile::{Compiled, object};
use super::lifecycle::{self, Ending};
use super::pack::PACK;
use crate::manifest::Gvk;

/// Where the definitions live for references from other schemas.
const DEFINITIONS: &str = "k8s:///definitions";

/// Each minor at most once in a process, whatever number of environments uses it.
static MINORS: LazyLock<BTreeMap<&'static str, OnceLock<Minor>>> =
    LazyLock::new(|| PACK.minors().iter().map(|minor| (*minor, OnceLock::new())).collect());

/// One minor.
pub(super) struct Minor {
    /// Such as `1.34`.
    pub(super) name: &'static str,
    definitions: Arc<Value>,
    registry: Registry<'static>,
    kinds: BTreeMap<Gvk, Kind>,
}

struct Kind {
    definition: &'static str,
    compiled: OnceLock<Compiled>,
    ending: OnceLock<Option<Ending>>,
}

impl Minor {
    /// The minor of a version written `1.34`, `1.34.2` or `v1.34.2`.
    pub(super) fn find(version: &str) -> Result<&'static Self, SchemaError> {
        let unknown = || SchemaError::UnknownMinor { version: version.to_owned(), known: PACK.minors().join(", ") };
        let mut parts = version.strip_prefix('v').unwrap_or(version).splitn(3, '.');
        let (major, minor) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        // a patch changes no schema, but must be one; clusters add who built them: `v1.34.2+k3s1`
        let number = |patch: &str| patch.split(['-', '+']).next().is_some_and(|number| number.parse::<u32>().is_ok());
        if !parts.next().is_none_or(number) {
            return Err(unknown());
        }
        let name = format!("{major}.{minor}");
        let (name, cell) = MINORS.get_key_value(name.as_str()).ok_or_else(unknown)?;
        Ok(cell.get_or_init(|| Self::load(name)))
    }

    fn load(name: &'static str) -> Self {
        let index = PACK.minors().iter().position(|minor| *minor == name).expect("the name is one of the pack's");
        let mut definitions = serde_json::Map::new();
        let mut kinds = BTreeMap::new();
        for line in PACK.lines_of(index) {
            let schema = serde_json::from_str(line.schema).expect("the pack holds JSON: a test reads all of it");
            definitions.insert(line.name.to_owned(), schema);
            if let Some(gvk) = line.gvk() {
                kinds.insert(gvk, Kind { definition: line.name, compiled: OnceLock::new(), ending: OnceLock::new() });
            }
        }
        let definitions = Arc::new(Value::Object(object([("$defs", Value::Object(definitions))])));
        let registry = Registry::new()
            .add(DEFINITIONS, Arc::clone(&definitions))
            .and_then(|builder| builder.draft(Draft::Draft202012).prepare())
            .expect("the pack refers to nothing outside itself: a test compiles every kind of every minor");
        Self { name, definitions, registry, kinds }
    }

    /// The schema of a kind, if the minor has it.
    pub(super) fn schema(&self, gvk: &Gvk) -> Option<&Compiled> {
        let kind = self.kinds.get(gvk)?;
        let compile = || {
            let schema = Arc::new(self.reference(kind.definition));
            self.compile(schema, Draft::Draft202012).expect("the pack compiles: a test compiles every kind")
        };
        Some(kind.compiled.get_or_init(compile))
    }

    /// Whether the minor has a kind.
    pub(super) fn has(&self, gvk: &Gvk) -> bool {
        self.kinds.contains_key(gvk)
    }

    /// Its number: 34 for 1.34.
    pub(super) fn number(&self) -> u32 {
        self.name
            .rsplit('.')
            .next()
            .and_then(|part| part.parse().ok())
            .expect("the pack's minors are numbers: a test reads them")
    }

    /// When a kind of this minor comes to its end, if that is known.
    pub(super) fn ending(&self, gvk: &Gvk) -> Option<&Ending> {
        self.kinds.get(gvk)?.ending.get_or_init(|| lifecycle::ending(gvk, self)).as_ref()
    }

    /// Compiles a schema that may refer to this minor's definitions.
    pub(super) fn compile(
        &self,
        schema: Arc<Value>,
        draft: Draft,
    ) -> Result<Compiled, jsonschema::ValidationError<'static>> {
        Compiled::build(schema, draft, &self.registry, &self.definitions)
    }

    /// A schema that stands for one of the definitions.
    pub(super) fn reference(&self, definition: &str) -> Value {
        json!({ "$ref": format!("{DEFINITIONS}#/$defs/{definition}") })
    }

    /// Every kind, sorted.
    pub(super) fn kinds(&self) -> impl Iterator<Item = &Gvk> {
        self.kinds.keys()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_every_minor_compiles() {
        for minor in PACK.minors() {
            let minor = Minor::find(minor).expect("one of the pack's");
            let kinds: Vec<_> = minor.kinds().collect();
            assert!(kinds.len() > 100, "{} has {} kinds", minor.name, kinds.len());
            assert!(kinds.iter().all(|gvk| minor.schema(gvk).is_some()));
        }
    }

    #[test]
    fn a_version_may_carry_a_patch_and_a_v() {
        for version in ["1.34", "1.34.2", "v1.34.2", "v1.34"] {
            assert_eq!(Minor::find(version).map(|minor| minor.name).ok(), Some("1.34"), "{version}");
        }
    }
}
