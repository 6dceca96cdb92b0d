//! The schemas of one Kubernetes minor, from the embedded pack, each compiled when it is first needed.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, OnceLock};

use jsonschema::{Draft, Registry};
use serde_json::{Value, json};

use super::SchemaError;
use super::compile::{Compiled, object};
use super::lifecycle::{self, Ending};
use super::pack::PACK;
use super::rules::Profile;
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
    /// 34 for 1.34.
    pub(super) number: u32,
    definitions: Arc<Value>,
    registry: Registry<'static>,
    /// Sorted.
    kinds: Vec<Kind>,
    /// Where each kind is: asked for every object, and comparing groups costs more than hashing.
    index: HashMap<Gvk, usize>,
}

/// A kind of a minor, with what is known of it, each made when it is first needed.
pub(super) struct Kind {
    gvk: Gvk,
    definition: &'static str,
    compiled: OnceLock<Compiled>,
    ending: OnceLock<Option<Ending>>,
    profile: OnceLock<Profile>,
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

    /// The newest minor of the pack.
    pub(super) fn newest() -> &'static Self {
        let name = PACK.minors().last().expect("the pack holds minors: a test reads all of it");
        Self::find(name).expect("the name is one of the pack's")
    }

    fn load(name: &'static str) -> Self {
        let index = PACK.minors().iter().position(|minor| *minor == name).expect("the name is one of the pack's");
        let mut definitions = serde_json::Map::new();
        let mut kinds = BTreeMap::new();
        for line in PACK.lines_of(index) {
            let schema = serde_json::from_str(line.schema).expect("the pack holds JSON: a test reads all of it");
            definitions.insert(line.name.to_owned(), schema);
            if let Some(gvk) = line.gvk() {
                kinds.insert(gvk.clone(), Kind::new(gvk, line.name));
            }
        }
        let definitions = Arc::new(Value::Object(object([("$defs", Value::Object(definitions))])));
        let registry = Registry::new()
            .add(DEFINITIONS, Arc::clone(&definitions))
            .and_then(|builder| builder.draft(Draft::Draft202012).prepare())
            .expect("the pack refers to nothing outside itself: a test compiles every kind of every minor");
        let number = name.rsplit('.').next().and_then(|part| part.parse().ok());
        let number = number.expect("the pack's minors are numbers: a test reads them");
        let kinds: Vec<Kind> = kinds.into_values().collect();
        let index = kinds.iter().enumerate().map(|(index, kind)| (kind.gvk.clone(), index)).collect();
        Self { name, number, definitions, registry, kinds, index }
    }

    /// A kind, if the minor has it.
    pub(super) fn kind(&self, gvk: &Gvk) -> Option<&Kind> {
        self.index.get(gvk).map(|index| &self.kinds[*index])
    }

    /// The schema of one of its kinds.
    pub(super) fn schema<'a>(&self, kind: &'a Kind) -> &'a Compiled {
        kind.compiled.get_or_init(|| {
            let schema = Arc::new(self.reference(kind.definition));
            self.compile(schema, Draft::Draft202012).expect("the pack compiles: a test compiles every kind")
        })
    }

    /// When one of its kinds comes to its end, if that is known.
    pub(super) fn ending<'a>(&self, kind: &'a Kind) -> Option<&'a Ending> {
        kind.ending.get_or_init(|| lifecycle::ending(&kind.gvk, self)).as_ref()
    }

    /// What the rules know of one of its kinds.
    pub(super) fn profile<'a>(&self, kind: &'a Kind) -> &'a Profile {
        kind.profile.get_or_init(|| Profile::new(&kind.gvk, self.number))
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
        self.kinds.iter().map(|kind| &kind.gvk)
    }
}

impl Kind {
    fn new(gvk: Gvk, definition: &'static str) -> Self {
        let (compiled, ending, profile) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Self { gvk, definition, compiled, ending, profile }
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
            kinds
                .into_iter()
                .filter_map(|gvk| minor.kind(gvk))
                .for_each(|kind| assert!(minor.schema(kind).keyword("").is_some()));
        }
    }

    #[test]
    fn a_version_may_carry_a_patch_and_a_v() {
        for version in ["1.34", "1.34.2", "v1.34.2", "v1.34"] {
            assert_eq!(Minor::find(version).map(|minor| minor.name).ok(), Some("1.34"), "{version}");
        }
    }
}
