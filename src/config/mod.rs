//! Config: `hydrant.yaml` as a file, and what it means once every name in it resolves.
//!
//! [`parse`] reads in three steps, each of which reports all it finds: `shape` compares the text with the JSON schema,
//! `typed` gives it types, `resolve` follows the names. What comes out is a [`Project`], or diagnostics with places.

mod apps;
mod branch;
mod conftest;
mod environments;
mod location;
mod pattern;
mod project;
mod raw;
mod repository;
mod resolve;
mod schema;
mod shape;
mod typed;

use std::sync::Arc;

pub(crate) use branch::{NAME_RULE, is_name};
pub use conftest::{CONFTEST_FILE, CONFTEST_PREFIX, ConftestSettings};
pub use location::{FileLocation, LocationError, SchemaLocation, SchemaRequest, UrlLocation};
pub use pattern::{AppPath, FolderPattern, Globs, PatternError};
pub use project::{
    App, Author, BUILTIN_PACKS, DEFAULT_KUBERNETES, DEFAULT_MAX_DELETE_PERCENT, ENVIRONMENT_PLACEHOLDER, Environment,
    Output, Policies, Project, Schemas, Signing, Spanned, TemplateSyntax, Verify,
};
pub use raw::{Engine, Layout, RegoVersion, SignatureFormat, Style, UnknownKinds, YamlStyle};
pub use repository::RepositoryUrl;
pub use schema::json_schema;

use crate::diagnostic::{Diagnostic, rules};
use crate::manifest::{self, Node, ReadLimits, RepeatedKeys, Value};
use crate::source::{Location, Source, Span};

/// The name of the file.
pub const CONFIG_FILE: &str = "hydrant.yaml";

/// The only version of the file's format.
pub const CONFIG_VERSION: i64 = 1;

/// Far above any file that a person would keep.
const LIMITS: ReadLimits =
    ReadLimits { bytes: 8 * 1024 * 1024, depth: 32, nodes: 500_000, repeated_keys: RepeatedKeys::First };

/// Reads `hydrant.yaml`. What is wrong with it comes in the order of its lines.
pub fn parse(source: &Arc<Source>) -> Result<Project, Vec<Diagnostic>> {
    let root = document(source)?;
    known_version(source, &root)?;
    let mut faults = shape::check(source, &root);
    let config = typed::read(source, &root, &mut faults);
    let mut diagnostics = faults.diagnostics;
    let project = config.map(|config| resolve::resolve(config, source, &root, &mut diagnostics));
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.as_ref().map(|label| label.location.span));
    match project {
        Some(project) if diagnostics.is_empty() => Ok(project),
        _ => Err(diagnostics),
    }
}

/// The one document of the file, which is a mapping.
fn document(source: &Arc<Source>) -> Result<Node, Vec<Diagnostic>> {
    let mut stream = manifest::read(source, &LIMITS);
    if !stream.diagnostics.is_empty() {
        return Err(stream.diagnostics.into_iter().map(as_configuration).collect());
    }
    if let [_, second, ..] = stream.documents.as_slice() {
        return Err(vec![
            Diagnostic::error(rules::CONFIG_SYNTAX, format!("`{}` holds more than one document", source.name()))
                .at(Location::new(source, second.root.span), "the second begins here")
                .help("keep one document, without `---` in between"),
        ]);
    }
    match stream.documents.pop() {
        Some(document) if document.root.as_mapping().is_some() => Ok(document.root),
        Some(document) if document.root.value != Value::Null => Err(vec![
            Diagnostic::error(
                rules::CONFIG_TYPE,
                format!("`{}` must be a mapping, not {}", source.name(), document.root.kind_name()),
            )
            .at(Location::new(source, document.root.span), "this is no mapping")
            .help("begin the file with `version: 1`"),
        ]),
        _ => Err(vec![
            Diagnostic::error(rules::CONFIG_INVALID, format!("`{}` is empty", source.name()))
                .at(Location::new(source, Span::at(0)), "nothing here")
                .help("begin the file with `version: 1`, or delete it to use what the repository holds"),
        ]),
    }
}

/// Trouble that the YAML reader found, as trouble with the configuration: the rule says which exit code follows.
pub(crate) fn as_configuration(mut diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.rule = rules::CONFIG_SYNTAX;
    diagnostic
}

/// A file of another version is not searched for errors: all its keys may mean something else.
fn known_version(source: &Arc<Source>, root: &Node) -> Result<(), Vec<Diagnostic>> {
    match root.get("version") {
        Some(Node { span, value: Value::Int(version) }) if *version != CONFIG_VERSION => Err(vec![
            Diagnostic::error(rules::CONFIG_INVALID, format!("version {version} of `{CONFIG_FILE}` is not known"))
                .at(Location::new(source, *span), "this release reads version 1")
                .help("write `version: 1`, or use a release that knows the version"),
        ]),
        _ => Ok(()),
    }
}
