//! Load: finds the apps of a tree and closes the list of what each of them may read.
//!
//! What leaves this stage is a list of [`Unit`]s, one for every environment × app. A unit holds everything its engine
//! will see: input files with their digests, merged values, settings. Engines get no file system.

mod apps;
mod checks;
mod discover;
mod inputs;
mod kustomize;
mod listing;
mod loose;
mod network;
mod roles;
mod schemas;
mod snapshot;
mod tested;
mod units;
mod values;
mod worktree;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, RuleId, rules};
use crate::manifest::Node;
use crate::source::Source;
use crate::tree::{Digest, PathError, RepoPath, TreeError};

pub use crate::config::TemplateSyntax;
pub use checks::{Checks, PlacedData, read_checks, read_loose_checks, read_loose_data};
pub use discover::discover;
pub use loose::{LooseError, LooseFile, LooseInput, LooseRole, Other, find_loose};
pub use network::{Network, NetworkError, Patience};
pub use roles::is_wanted;
pub use schemas::{PlaceError, SchemaPlace, loose_schema_place, schema_places};
pub use snapshot::Snapshot;
pub use tested::{SuiteFile, TestFiles};
pub use units::load;
pub use values::merge;
pub use worktree::{MAX_FILE_BYTES, WorkTree};

/// Why the inputs could not be gathered.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The tree could not be read. The environment's move.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A schema could not be fetched. The environment's move.
    #[error(transparent)]
    Network(#[from] NetworkError),
}

/// Whether a finding is about the configuration and not about an app's content: it ends a run before anything is rendered.
#[must_use]
pub fn is_configuration(rule: &RuleId) -> bool {
    rule.as_str().starts_with("config-") || *rule == rules::APP_NOT_FOUND || *rule == rules::ENGINE_NOT_BUILT
}

/// Everything there is to do, and what was found wrong while looking for it.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Environment × app, sorted by environment, then app.
    pub units: Vec<Unit>,
    /// Findings about inputs: `unreadable-input`, and those that [`is_configuration`] tells.
    pub diagnostics: Vec<Diagnostic>,
}

/// One app in one environment: the unit of parallel work.
#[derive(Debug, Clone)]
pub struct Unit {
    /// The environment's name.
    pub environment: Arc<str>,
    /// The app's name: also its folder on the branch.
    pub app: Arc<str>,
    /// The app's folder in the source tree; `None` for an app whose folder is the repository itself.
    pub folder: Option<RepoPath>,
    /// The folder of templates that all apps share, whether or not it exists.
    pub templates: RepoPath,
    /// How the folder is turned into manifests.
    pub engine: EngineKind,
    /// The closed list of files the engine sees.
    pub inputs: Arc<Inputs>,
    /// The merged values of environment and app: always a mapping.
    pub values: Arc<Node>,
    /// The digests of the values files that `values` was merged from, in merge order.
    pub values_files: Arc<[(RepoPath, Digest)]>,
    /// Delimiters and whitespace rules of this app's templates.
    pub syntax: Arc<TemplateSyntax>,
    /// The Kubernetes minor of the environment, such as `1.34`.
    pub kubernetes: Arc<str>,
}

impl Unit {
    /// The path of a file that this app names relative to its own folder.
    pub fn resolve(&self, name: &str) -> Result<RepoPath, PathError> {
        resolve(self.folder.as_ref(), name)
    }

    /// Whether a path lies in the app's own folder, and not in the shared `templates/`.
    #[must_use]
    pub fn owns(&self, path: &RepoPath) -> bool {
        self.inputs.files.get(path).is_some_and(|input| !input.shared)
    }
}

/// `name` relative to a folder, or to the repository for `None`.
pub(crate) fn resolve(folder: Option<&RepoPath>, name: &str) -> Result<RepoPath, PathError> {
    match folder {
        Some(folder) => folder.join(name),
        None => RepoPath::parse(name),
    }
}

/// How a folder is turned into manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EngineKind {
    /// minijinja templates, and plain YAML beside them.
    Template,
    /// YAML and JSON as they are.
    Plain,
}

/// The closed list of files of an app: its own folder, then the shared `templates/`.
#[derive(Debug, Default)]
pub struct Inputs {
    /// By path in the repository.
    pub files: BTreeMap<RepoPath, Input>,
}

/// One file an engine may read.
#[derive(Debug, Clone)]
pub struct Input {
    /// The digest of `source`.
    pub digest: Digest,
    /// Whether it comes from the shared `templates/` folder.
    pub shared: bool,
    /// What the file is to the engine.
    pub role: Role,
    /// Its text. Files that no engine reads ([`Role::Ignored`]) are not read here either: theirs is empty.
    pub source: Arc<Source>,
}

/// What a file is to the engine, decided by its name (see `load::roles`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// YAML or JSON, taken as it is.
    Manifest,
    /// `name.yaml.j2`: rendered to a manifest.
    Template,
    /// A template that only others include: `_helpers.yaml.j2`, `macros.j2`, everything in the shared `templates/`.
    Partial,
    /// A values file of this app.
    Values,
    /// A file that an engine would read if it could be read: a finding says why not.
    Unreadable,
    /// Nothing an engine reads, with the reason: `not a manifest`, `excluded`.
    Ignored(&'static str),
}
