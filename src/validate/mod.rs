//! Validate: judges one manifest by the schema of its kind, and says what is wrong at the place where it is written.
//!
//! [`Schemas`] is everything one environment is validated against. A kind's schema is looked for in this order:
//!
//! 1. CRDs, those of the render before those under `schemas.crds`;
//! 2. schema files, which the caller looked up for the kinds it met;
//! 3. the embedded definitions of the environment's Kubernetes minor.
//!
//! A CRD never replaces a kind that Kubernetes itself serves: the API server would not let it either. Schemas are as
//! strict as `kubectl --validate=strict`: a field nobody knows is an error. Nothing is ever fetched.
//!
//! What no schema says, rules say: the syntax of names and labels, choices that Kubernetes lists in prose, what must
//! fit together in one object, and APIs that come and go. [`changes()`] says what cannot be changed on an object that is
//! already in the cluster. Rules of CRDs in CEL (`x-kubernetes-validations`) are not evaluated: [`Schemas::unevaluated`]
//! says where there are any. How objects relate to each other is not judged.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::rules::{DUPLICATE_MOUNT, DUPLICATE_NAME};
use crate::manifest::{Gvk, Manifest};
use crate::source::Source;
use crate::tree::Digest;

mod addresses;
mod branches;
mod cel;
mod changes;
mod compile;
mod convert;
mod crd;
mod cycles;
mod fields;
mod files;
mod findings;
mod formats;
mod intern;
mod json;
mod kubernetes;
mod lifecycle;
mod pack;
mod re2;
mod rules;
mod same;
mod shape;
#[cfg(test)]
mod tests;
mod unknown;
mod values;
mod words;

pub use changes::changes;
use compile::Compiled;
use crd::Definition;
pub use crd::is_crd;
use files::SchemaFile;
use kubernetes::{Kind, Minor};
pub use same::is_same;

/// What to do with a kind for which there is no schema.
///
/// The setting is about kinds that a CRD may define. A kind missing from a group of Kubernetes' own (`apps`, `batch`, …)
/// does not exist, and is an error whatever is set here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnknownKinds {
    /// It is an error: the default.
    Deny,
    /// It is a warning, and the object counts as skipped.
    Warn,
    /// The object counts as skipped.
    Allow,
}

/// Why there are no schemas to validate with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// The Kubernetes version of the environment is not embedded. The user's move.
    #[error("there are no schemas for Kubernetes `{version}`; embedded are {known}")]
    UnknownMinor {
        /// As it was given.
        version: String,
        /// The embedded minors, from old to new.
        known: String,
    },
}

/// Everything one environment is validated against. Shared between threads.
pub struct Schemas {
    minor: &'static Minor,
    unknown: UnknownKinds,
    crds: Vec<Definition>,
    /// Where in `crds` a version of a kind is defined: the first definition wins.
    versions: BTreeMap<Gvk, (usize, usize)>,
    files: BTreeMap<Gvk, SchemaFile>,
}

/// Who defines a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Definer {
    /// The Kubernetes minor.
    Kubernetes,
    /// A CRD, if not necessarily in this version.
    Crd,
    /// Nobody, as far as is known.
    Nobody,
}

/// What came of one manifest.
#[derive(Debug)]
pub struct Verdict {
    /// What is wrong with it, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether a schema judged it.
    pub coverage: Coverage,
}

/// Whether a schema judged a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Coverage {
    /// A schema judged it.
    Checked,
    /// No schema is known, and [`UnknownKinds`] lets it pass.
    Skipped,
    /// No usable schema is known, and the diagnostics say so.
    Failed,
}

impl Schemas {
    /// The embedded schemas of a Kubernetes version: `1.34`, `1.34.2` or `v1.34.2`.
    pub fn new(version: &str, unknown: UnknownKinds) -> Result<Self, SchemaError> {
        Ok(Self {
            minor: Minor::find(version)?,
            unknown,
            crds: Vec::new(),
            versions: BTreeMap::new(),
            files: BTreeMap::new(),
        })
    }

    /// The embedded schemas of the newest Kubernetes, for objects that no environment deploys.
    #[must_use]
    pub fn newest(unknown: UnknownKinds) -> Self {
        let minor = Minor::newest();
        Self { minor, unknown, crds: Vec::new(), versions: BTreeMap::new(), files: BTreeMap::new() }
    }

    /// Adds the CRDs among some manifests, with what is wrong with them. A kind that is already defined stays as it is,
    /// so the CRDs of the render are given first.
    #[must_use]
    pub fn with_crds<'a>(mut self, manifests: impl IntoIterator<Item = &'a Manifest>) -> (Self, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        for manifest in manifests.into_iter().filter(|manifest| crd::is_crd(manifest)) {
            if let Some(definition) = crd::read(manifest, self.minor, &mut diagnostics) {
                self.define(definition);
            }
        }
        (self, diagnostics)
    }

    fn define(&mut self, definition: Definition) {
        let index = self.crds.len();
        for (version_index, version) in definition.versions.iter().enumerate() {
            self.versions.entry(definition.gvk(version)).or_insert((index, version_index));
        }
        self.crds.push(definition);
    }

    /// Adds schema files, each for the kind it was looked up for. The first file of a kind wins.
    #[must_use]
    pub fn with_schema_files(mut self, files: impl IntoIterator<Item = (Gvk, Arc<Source>)>) -> Self {
        for (gvk, source) in files {
            self.files.entry(gvk).or_insert_with(|| SchemaFile::new(&source));
        }
        self
    }

    /// Who defines a kind, before any schema file is asked.
    #[must_use]
    pub fn definer(&self, gvk: &Gvk) -> Definer {
        if self.minor.kind(gvk).is_some() {
            Definer::Kubernetes
        } else if self.find_crd(gvk).is_some() {
            Definer::Crd
        } else {
            Definer::Nobody
        }
    }

    /// Judges one manifest: by its schema, then by the rules that no schema holds.
    #[must_use]
    pub fn validate(&self, manifest: &Manifest) -> Verdict {
        let kind = self.minor.kind(&manifest.object.gvk);
        let mut verdict = self.validate_by_schema(manifest, kind);
        if verdict.coverage != Coverage::Failed {
            let found = rules::check(&self.context(manifest, kind));
            let deprecated = kind.and_then(|kind| self.minor.ending(kind)).map(|ending| ending.report(manifest));
            merge(&mut verdict.diagnostics, found.into_iter().chain(deprecated));
        }
        verdict
    }

    /// Judges one manifest by its schema alone.
    fn validate_by_schema(&self, manifest: &Manifest, kind: Option<&Kind>) -> Verdict {
        match self.find(&manifest.object.gvk, kind) {
            Found::Schema(schema) if schema.accepts(&manifest.root) => {
                Verdict { diagnostics: Vec::new(), coverage: Coverage::Checked }
            }
            Found::Schema(schema) => {
                Verdict { diagnostics: findings::findings(manifest, schema), coverage: Coverage::Checked }
            }
            Found::BrokenCrd(definition) => unknown::broken(manifest, definition),
            Found::BrokenFile(diagnostic) => unknown::broken_file(manifest, *diagnostic),
            Found::NotServed(definition) => unknown::not_served(manifest, definition),
            Found::Nothing => unknown::unknown(self, manifest),
        }
    }

    fn context<'a>(&self, manifest: &'a Manifest, kind: Option<&'a Kind>) -> rules::Context<'a> {
        match kind {
            Some(kind) => rules::Context::built_in(manifest, self.minor.number, self.minor.profile(kind)),
            None => {
                let crd = self.versions.get(&manifest.object.gvk).map(|(index, _)| &self.crds[*index]);
                rules::Context::custom(manifest, self.minor.number, crd.and_then(|crd| crd.scope))
            }
        }
    }

    fn find<'a>(&'a self, gvk: &Gvk, kind: Option<&'a Kind>) -> Found<'a> {
        match kind {
            Some(kind) => self.find_file(gvk).unwrap_or_else(|| Found::Schema(self.minor.schema(kind))),
            None => self.find_crd(gvk).or_else(|| self.find_file(gvk)).unwrap_or(Found::Nothing),
        }
    }

    fn find_crd(&self, gvk: &Gvk) -> Option<Found<'_>> {
        if let Some((definition, version)) = self.versions.get(gvk) {
            let definition = &self.crds[*definition];
            let version = &definition.versions[*version];
            return Some(match &version.schema {
                _ if !version.served => Found::NotServed(definition),
                Some(schema) => Found::Schema(schema),
                None => Found::BrokenCrd(definition),
            });
        }
        let same_kind = |crd: &&Definition| crd.group == gvk.group && crd.kind == gvk.kind;
        self.crds.iter().find(same_kind).map(Found::NotServed)
    }

    fn find_file(&self, gvk: &Gvk) -> Option<Found<'_>> {
        // file names lost the case of the kind; every kind begins with a capital
        if !gvk.kind.starts_with(|first: char| first.is_ascii_uppercase()) {
            return None;
        }
        Some(match self.files.get(gvk)?.schema(self.minor) {
            Ok(schema) => Found::Schema(schema),
            Err(diagnostic) => Found::BrokenFile(diagnostic),
        })
    }

    /// Every kind that CRDs or the Kubernetes minor define, served versions only.
    fn known_kinds(&self) -> impl Iterator<Item = Gvk> {
        let defined = self
            .crds
            .iter()
            .flat_map(|crd| crd.versions.iter().filter(|version| version.served).map(|version| crd.gvk(version)));
        self.minor.kinds().cloned().chain(defined)
    }

    /// A digest of everything that can influence a verdict: equal digests, equal verdicts.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut list = vec![
            ("kubernetes.pack".to_owned(), Digest::of(pack::BYTES)),
            (format!("kubernetes {}", self.minor.name), Digest::of(b"")),
            (format!("unknown {:?}", self.unknown), Digest::of(b"")),
        ];
        list.extend(self.crds.iter().map(|crd| (format!("crd {}/{}", crd.group, crd.kind), crd.digest)));
        list.extend(self.files.iter().map(|(gvk, file)| (format!("file {gvk}"), file.digest)));
        Digest::of_list(list.iter().map(|(name, digest)| (name.as_str(), *digest)))
    }
}

impl std::fmt::Debug for Schemas {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Schemas")
            .field("minor", &self.minor.name)
            .field("unknown", &self.unknown)
            .field("crds", &self.crds.len())
            .field("files", &self.files.len())
            .finish()
    }
}

/// Adds findings of rules to those of a schema, in the order of the text. What a schema said of a value is not said again.
fn merge(diagnostics: &mut Vec<Diagnostic>, more: impl Iterator<Item = Diagnostic>) {
    let by_schema = diagnostics.len();
    for found in more {
        if !diagnostics[..by_schema].iter().any(|known| says_the_same(known, &found)) {
            diagnostics.push(found);
        }
    }
    let span = |diagnostic: &Diagnostic| diagnostic.primary.as_ref().map(|label| label.location.span);
    diagnostics.sort_by_key(span);
}

/// Whether a schema's finding covers a rule's: it is about the same value, or calls the item a repetition whose name does.
fn says_the_same(by_schema: &Diagnostic, by_rule: &Diagnostic) -> bool {
    let (Some(known), Some(found)) = (&by_schema.pointer, &by_rule.pointer) else { return false };
    let repeated = [DUPLICATE_NAME, DUPLICATE_MOUNT].contains(&by_rule.rule);
    known == found || (repeated && found.rsplit_once('/').is_some_and(|(item, _)| item == known))
}

/// What is known about a kind.
enum Found<'a> {
    Schema(&'a Compiled),
    BrokenCrd(&'a Definition),
    BrokenFile(Box<Diagnostic>),
    /// A CRD defines the kind, but does not serve this version.
    NotServed(&'a Definition),
    Nothing,
}
