//! Load: finds the apps of a tree and closes the list of what each of them may read.
//!
//! What leaves this stage is a list of [`Unit`]s, one for every environment × app. A unit holds everything its engine
//! will see: input files with their digests, merged values, settings. Engines get no file system.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::manifest::Node;
use crate::source::Source;
use crate::tree::{Digest, RepoPath};

/// Everything there is to do, and what was found wrong while looking for it.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Environment × app, sorted by environment, then app.
    pub units: Vec<Unit>,
    /// Findings about inputs (`app-not-found`, `unreadable-input`, `engine-not-built`).
    pub diagnostics: Vec<Diagnostic>,
}

/// One app in one environment: the unit of parallel work.
#[derive(Debug, Clone)]
pub struct Unit {
    /// The environment's name.
    pub environment: Arc<str>,
    /// The app's name: also its folder on the branch.
    pub app: Arc<str>,
    /// The app's folder in the source tree.
    pub folder: RepoPath,
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
    /// The digest of its bytes.
    pub digest: Digest,
    /// What the file is to the engine.
    pub role: Role,
    /// Its text. For files that are not text ([`Role::Ignored`]), empty.
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
    /// Nothing an engine reads, with the reason: `not a manifest`.
    Ignored(&'static str),
}

/// Template delimiters and whitespace rules; the defaults are Jinja's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateSyntax {
    /// `{{` and `}}`.
    pub variable: (String, String),
    /// `{%` and `%}`.
    pub block: (String, String),
    /// `{#` and `#}`.
    pub comment: (String, String),
    /// Drop the line break after a block tag.
    pub trim_blocks: bool,
    /// Drop the blanks before a block tag on a line of its own.
    pub lstrip_blocks: bool,
}

impl Default for TemplateSyntax {
    fn default() -> Self {
        let pair = |open: &str, close: &str| (open.to_owned(), close.to_owned());
        Self {
            variable: pair("{{", "}}"),
            block: pair("{%", "%}"),
            comment: pair("{#", "#}"),
            trim_blocks: true,
            lstrip_blocks: true,
        }
    }
}
